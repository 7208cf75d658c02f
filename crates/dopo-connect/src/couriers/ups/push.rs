//! UPS Track Alert: UPS posts an activity to our address with a `credential` header that we gave it.

use super::{CODES, translate};
use crate::signature::Secrets;
use crate::translation::{Setting, Translation};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::Courier;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The header, by its lower-case name.
pub const CREDENTIAL: &str = "credential";

/// Whether a credential is one of ours. Compared by digest in constant time, so that neither content nor length shows.
pub fn is_ours(credential: &str, secrets: Secrets<'_>) -> bool {
    let given = Sha256::digest(credential.trim().as_bytes());
    let ours = [secrets.current, secrets.previous].into_iter().flatten();
    ours.map(str::trim)
        .filter(|secret| !secret.is_empty())
        .fold(false, |hit, secret| {
            let right = Sha256::digest(secret.as_bytes());
            hit | bool::from(given.ct_eq(&right))
        })
}

/// Translates a proven alert.
pub fn translate(body: &[u8], setting: &Setting<'_>) -> Translation {
    let (number, telling) = match translate::alert(body, &CODES) {
        Ok(told) => told,
        Err(why) => return Translation::failure(why),
    };
    let Some(number) = crate::tidy::id(&number) else {
        return Translation::failure("the alert has no number");
    };
    let at = telling.scans.last().map(|scan| scan.checkpoint.at);
    Translation {
        note: telling.note.clone(),
        events: vec![(
            at.unwrap_or(setting.received_at),
            Event::ParcelTracked {
                parcel: ParcelRef {
                    number: Some(number),
                    carrier: Some(Courier::Ups.title().to_owned()),
                    ..ParcelRef::default()
                },
                telling: Box::new(telling),
            },
        )],
        failed: false,
    }
}
