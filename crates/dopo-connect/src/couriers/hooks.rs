//! What couriers and collectors push to us: whose it is, whether it is theirs, and what it means.
//!
//! Each has its own proof over the raw body; nothing is parsed before it holds, but for Qapla', whose proof stands in the
//! body.

use super::{aftership, qapla, sendcloud, track17, ups};
use crate::signature::{
    Refused, SIGNATURE_HEADER_BYTES_MAX, Secrets, Verified, any_equal, delivery_id, first, mac,
};
use crate::tidy;
use crate::translation::{Setting, Translation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_core::parcel::Courier;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Who pushes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CourierHook {
    /// Sendcloud: hex of HMAC-SHA256 with the integration's key.
    Sendcloud,
    /// AfterShip: base64 of HMAC-SHA256 with the webhook's secret.
    AfterShip,
    /// 17TRACK: hex of SHA-256 over the body, a slash and the API key.
    Track17,
    /// Qapla': the channel's private key stands in the body.
    Qapla,
    /// UPS Track Alert: the credential that we gave with the subscription stands in a header.
    Ups,
}

impl CourierHook {
    /// All of them.
    pub const ALL: [CourierHook; 5] = [
        CourierHook::Sendcloud,
        CourierHook::AfterShip,
        CourierHook::Track17,
        CourierHook::Qapla,
        CourierHook::Ups,
    ];
    /// Headers that their proofs stand in, by lower-case name.
    pub const HEADERS: [&'static str; 4] = [
        "sendcloud-signature",
        "aftership-hmac-sha256",
        "sign",
        "credential",
    ];

    /// The name in the hook's address and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            CourierHook::Sendcloud => "sendcloud",
            CourierHook::AfterShip => "aftership",
            CourierHook::Track17 => "17track",
            CourierHook::Qapla => "qapla",
            CourierHook::Ups => "ups",
        }
    }

    /// The name people know it by.
    pub fn title(self) -> &'static str {
        match self {
            CourierHook::Sendcloud => "Sendcloud",
            CourierHook::AfterShip => "AfterShip",
            CourierHook::Track17 => "17TRACK",
            CourierHook::Qapla => "Qapla'",
            CourierHook::Ups => "UPS Track Alert",
        }
    }

    /// The one with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == name)
    }

    /// Proves the sender over the raw body.
    ///
    /// `header` looks a header up by its lower-case name.
    ///
    /// # Errors
    /// [`Refused`] saying why; nothing of the secrets or the signature is in it.
    pub fn verify<'h>(
        self,
        header: impl Fn(&str) -> Option<&'h str>,
        body: &[u8],
        secrets: Secrets<'_>,
    ) -> Result<Verified, Refused> {
        let active: Vec<&str> = [secrets.current, secrets.previous]
            .into_iter()
            .flatten()
            .map(str::trim)
            .filter(|secret| !secret.is_empty())
            .collect();
        if active.is_empty() {
            return Err(Refused::NoSecret);
        }
        match self {
            CourierHook::Sendcloud => {
                let given = proof(&header, "sendcloud-signature", from_hex)?;
                let right = active.iter().map(|key| mac(key.as_bytes(), &[body]));
                fits(given, right.collect())?;
            }
            CourierHook::AfterShip => {
                let base64 = |text: &str| STANDARD.decode(text).ok();
                let given = proof(&header, "aftership-hmac-sha256", base64)?;
                let right = active.iter().map(|key| mac(key.as_bytes(), &[body]));
                fits(given, right.collect())?;
            }
            CourierHook::Track17 => {
                let given = proof(&header, "sign", from_hex)?;
                let right = active.iter().map(|key| {
                    let mut digest = Sha256::new();
                    for part in [body, b"/", key.as_bytes()] {
                        digest.update(part);
                    }
                    digest.finalize().into()
                });
                fits(given, right.collect())?;
            }
            CourierHook::Qapla => return qapla::verify(body, secrets),
            CourierHook::Ups => {
                const NAME: &str = "credential";
                let given = first(&header, &[NAME]).ok_or(Refused::MissingHeader(NAME))?;
                if !ups::push::is_ours(given, secrets) {
                    return Err(Refused::WrongSignature);
                }
            }
        }
        let head: Head = serde_json::from_slice(body).unwrap_or_default();
        let topic = head
            .action
            .or(head.event)
            .and_then(|topic| tidy::id(&topic));
        Ok(Verified {
            delivery_id: delivery_id(head.event_id.as_deref(), body),
            topic: topic.unwrap_or_else(|| "parcel".to_owned()),
            shop_domain: None,
        })
    }

    /// What it must be answered to the letter, where anything else is taken for a failure.
    pub fn answer(self) -> Option<&'static str> {
        match self {
            CourierHook::Qapla => Some(qapla::ANSWER),
            CourierHook::Sendcloud
            | CourierHook::AfterShip
            | CourierHook::Track17
            | CourierHook::Ups => None,
        }
    }

    /// The body as it may be kept: without a key that proves the sender.
    pub fn kept(self, body: &[u8]) -> Vec<u8> {
        match self {
            CourierHook::Qapla => without_keys(body),
            CourierHook::Sendcloud
            | CourierHook::AfterShip
            | CourierHook::Track17
            | CourierHook::Ups => body.to_vec(),
        }
    }

    /// Translates a proven delivery.
    pub fn translate(self, body: &[u8], setting: &Setting<'_>) -> Translation {
        match self {
            CourierHook::Sendcloud => sendcloud::translate(body, setting),
            CourierHook::AfterShip => aftership::translate(body, setting),
            CourierHook::Track17 => track17::translate(body, setting),
            CourierHook::Qapla => qapla::translate(body, setting),
            CourierHook::Ups => ups::push::translate(body, setting),
        }
    }
}

/// What a delivery is about, and its id where it has one.
#[derive(Deserialize, Default)]
struct Head {
    action: Option<String>,
    event: Option<String>,
    event_id: Option<String>,
}

fn proof<'h>(
    header: &impl Fn(&str) -> Option<&'h str>,
    name: &'static str,
    decode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Vec<u8>, Refused> {
    let value = first(header, &[name]).ok_or(Refused::MissingHeader(name))?;
    if value.len() > SIGNATURE_HEADER_BYTES_MAX {
        return Err(Refused::BadHeader(name));
    }
    decode(value).ok_or(Refused::BadHeader(name))
}

fn fits(given: Vec<u8>, right: Vec<[u8; 32]>) -> Result<(), Refused> {
    if any_equal(&[given], &right) {
        Ok(())
    } else {
        Err(Refused::WrongSignature)
    }
}

/// A body whose `apiKey`s are empty.
fn without_keys(body: &[u8]) -> Vec<u8> {
    fn empty(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    if name.eq_ignore_ascii_case("apikey") {
                        *value = "".into();
                    } else {
                        empty(value);
                    }
                }
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(empty),
            _ => {}
        }
    }
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(mut value) => {
            empty(&mut value);
            value.to_string().into_bytes()
        }
        Err(_) => Vec::new(),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|c| char::from(c).to_digit(16));
    let digits: Option<Vec<u32>> = digits.collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let bytes = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => (high * 16 + low) as u8,
        _ => 0,
    });
    Some(bytes.collect())
}

/// A courier as collectors name it, as ours where it is known.
pub(crate) fn carrier_title(told: &str) -> Option<String> {
    let told = tidy::text(told)?;
    Some(match Courier::named(&told) {
        Some(courier) => courier.title().to_owned(),
        None => told,
    })
}
