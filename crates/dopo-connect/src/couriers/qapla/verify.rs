//! The proof of a webhook: the channel's private key stands in its body.

use super::wire::Proof;
use crate::signature::{Refused, Secrets, Verified, delivery_id};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What Qapla' must be answered, to the letter: anything else is sent again, and after 100 failures the hook is off.
pub const ANSWER: &str = "{\"result\":\"OK\"}";

/// Checks the key in a webhook's body against the active ones, in constant time.
///
/// # Errors
/// [`Refused`] saying why; the key is in no error.
pub fn verify(body: &[u8], secrets: Secrets<'_>) -> Result<Verified, Refused> {
    let active = [secrets.current, secrets.previous];
    let active: Vec<&str> = active
        .into_iter()
        .flatten()
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .collect();
    if active.is_empty() {
        return Err(Refused::NoSecret);
    }
    let proof: Proof = serde_json::from_slice(body).map_err(|_| Refused::WrongSignature)?;
    let given = Sha256::digest(proof.key().as_bytes());
    let mut hit = subtle::Choice::from(0);
    for key in active {
        hit |= given
            .as_slice()
            .ct_eq(Sha256::digest(key.as_bytes()).as_slice());
    }
    if !bool::from(hit) {
        return Err(Refused::WrongSignature);
    }
    Ok(Verified {
        delivery_id: delivery_id(None, body),
        topic: proof.topic().to_owned(),
        shop_domain: None,
    })
}
