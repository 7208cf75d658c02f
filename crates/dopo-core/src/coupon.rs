//! Discount codes with one true expiry (CONS-11).

use crate::id::{CustomerId, EffectId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A discount code for one person. Its expiry is fixed when it is issued and never moves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Coupon {
    /// The code the person types.
    pub code: String,
    /// For whom.
    pub customer_id: CustomerId,
    /// What issued it.
    pub effect: EffectId,
    /// Campaign: the journey and step; the same one is not reissued to a person within 30 days.
    pub campaign: String,
    /// Percent off.
    pub percent: u8,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The one true expiry.
    pub expires_at: Timestamp,
    /// When an order used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_at: Option<Timestamp>,
}

/// Days within which one person gets one campaign's coupon once (CONS-11).
pub const REISSUE_DAYS_MIN: i64 = 30;

/// A code of eight unambiguous letters and digits (Crockford's base 32) from secret entropy and the effect's id.
///
/// The entropy comes in with the batch, because a code is worth money and must not be guessed from an id.
pub fn code(prefix: &str, entropy: u128, effect: EffectId) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = Sha256::new()
        .chain_update(entropy.to_be_bytes())
        .chain_update(effect.to_bytes())
        .finalize();
    let mut bits = digest
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let mut out = String::with_capacity(prefix.len() + 9);
    out.push_str(prefix);
    out.push('-');
    for _ in 0..8 {
        out.push(char::from(ALPHABET[(bits & 31) as usize]));
        bits >>= 5;
    }
    out
}
