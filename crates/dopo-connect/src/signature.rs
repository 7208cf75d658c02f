//! Signatures of incoming hooks, checked over the raw bytes and in constant time (SEC-04).
//!
//! Nothing is parsed before the signature holds. Two secrets may be active while one is being replaced. A missing or
//! empty secret refuses everything: a hook without a secret is a closed hook. Errors name headers, never their values.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// How far the time of a Standard Webhooks message may lie from ours, in seconds, in both directions.
pub const TIMESTAMP_TOLERANCE_SECONDS: i64 = 300;
/// Longest signature header that is looked at, in bytes.
pub const SIGNATURE_HEADER_BYTES_MAX: usize = 2_048;
/// Longest delivery id, in bytes.
pub const DELIVERY_ID_BYTES_MAX: usize = 200;

/// Base64 with or without padding, as people paste secrets.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who signs, and so by which scheme.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Shopify: base64 of HMAC-SHA256 with the app's client secret.
    Shopify,
    /// WooCommerce: base64 of HMAC-SHA256 with the webhook's secret.
    WooCommerce,
    /// Our generic hook: Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`).
    Events,
}

impl Source {
    /// The name in the hook's address and in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Shopify => "shopify",
            Source::WooCommerce => "woocommerce",
            Source::Events => "events",
        }
    }

    /// The source with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Source::Shopify, Source::WooCommerce, Source::Events]
            .into_iter()
            .find(|s| s.as_str() == name)
    }
}

/// The secrets that may sign now.
///
/// Shopify and WooCommerce secrets are used as they are. A Standard Webhooks secret may be written `whsec_` and base64,
/// or plainly.
#[derive(Clone, Copy, Default)]
pub struct Secrets<'a> {
    /// The secret in use.
    pub current: Option<&'a str>,
    /// The one it replaced, for as long as the sender may still use it (Shopify: up to an hour).
    pub previous: Option<&'a str>,
}

impl std::fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// What a hook's headers say once the signature holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// The sender's id of the delivery, for recognising repeats; made from the body where the sender gave none.
    pub delivery_id: String,
    /// What it is about (`orders/create`, `order.updated`); `events` for our generic hook.
    pub topic: String,
    /// The shop that the sender names, to be compared with the one that the hook belongs to.
    pub shop_domain: Option<String>,
}

/// Why a hook is refused. The answer is 401 for every reason; the words are for the operator.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// No secret is set for this source.
    #[error("this hook is closed: no secret is set for it; set one with `dopo shop connect`")]
    NoSecret,
    /// The secret in our settings cannot be used.
    #[error(
        "the stored secret is not readable: after `whsec_` comes base64; set it again with `dopo shop connect`"
    )]
    BadSecret,
    /// A header that the scheme needs is not there.
    #[error("the header {0} is missing; send it, or check that no proxy removes it")]
    MissingHeader(&'static str),
    /// A header is there but cannot be what it should be.
    #[error("the header {0} is not readable")]
    BadHeader(&'static str),
    /// The signature does not fit the body with any active secret.
    #[error(
        "the signature does not fit the body; check the secret, and that nothing rewrites the body on the way"
    )]
    WrongSignature,
    /// The message was signed too long ago.
    #[error(
        "the message was signed {0} s ago; at most 300 s are accepted, so that an old message cannot be sent again"
    )]
    TooOld(i64),
    /// The message was signed in the future.
    #[error(
        "the message was signed {0} s in the future; at most 300 s are accepted; check the sender's clock"
    )]
    TooNew(i64),
}

/// Checks a hook's signature over the raw body.
///
/// `header` looks a header up by its lower-case name. `now` is compared only with schemes that carry a time.
///
/// # Errors
/// [`Refused`] saying why; nothing of the secrets or the signature is in it.
pub fn verify<'h>(
    source: Source,
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    secrets: Secrets<'_>,
    now: Timestamp,
) -> Result<Verified, Refused> {
    let active: Vec<&str> = [secrets.current, secrets.previous]
        .into_iter()
        .flatten()
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .collect();
    if active.is_empty() {
        return Err(Refused::NoSecret);
    }
    match source {
        Source::Shopify => shopify(header, body, &active),
        Source::WooCommerce => woocommerce(header, body, &active),
        Source::Events => standard(header, body, &active, now),
    }
}

/// Signs a Standard Webhooks message: the value of `webhook-signature` for the id, the time in seconds and the body.
///
/// # Errors
/// [`Refused::NoSecret`] or [`Refused::BadSecret`] when the secret cannot be used.
pub fn sign_standard(secret: &str, id: &str, seconds: i64, body: &[u8]) -> Result<String, Refused> {
    let key = standard_key(secret.trim())?;
    let seconds = seconds.to_string();
    let mac = mac(&key, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]);
    Ok(format!("v1,{}", STANDARD.encode(mac)))
}

pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so this cannot fail; an all-zero code would match nothing that is signed.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Whether any of the codes equals any of the expected ones; looks at all of them, each in constant time.
pub(crate) fn any_equal(given: &[Vec<u8>], expected: &[[u8; 32]]) -> bool {
    let mut hit = subtle::Choice::from(0);
    for code in given {
        for right in expected {
            hit |= code.as_slice().ct_eq(right.as_slice());
        }
    }
    hit.into()
}

fn simple(value: &str, name: &'static str, body: &[u8], secrets: &[&str]) -> Result<(), Refused> {
    if value.len() > SIGNATURE_HEADER_BYTES_MAX {
        return Err(Refused::BadHeader(name));
    }
    let given = STANDARD
        .decode(value.trim())
        .map_err(|_| Refused::BadHeader(name))?;
    let expected: Vec<[u8; 32]> = secrets.iter().map(|s| mac(s.as_bytes(), &[body])).collect();
    if any_equal(&[given], &expected) {
        Ok(())
    } else {
        Err(Refused::WrongSignature)
    }
}

/// The first of the names that has a value.
pub(crate) fn first<'h>(
    header: &impl Fn(&str) -> Option<&'h str>,
    names: &[&str],
) -> Option<&'h str> {
    names
        .iter()
        .find_map(|n| header(n).map(str::trim).filter(|v| !v.is_empty()))
}

/// A delivery id fit to be stored, or one made from the body.
pub(crate) fn delivery_id(told: Option<&str>, body: &[u8]) -> String {
    let fits =
        |id: &&str| id.len() <= DELIVERY_ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_graphic());
    told.filter(fits).map_or_else(
        || {
            let digest = Sha256::digest(body);
            let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
            format!("body-{hex}")
        },
        ToOwned::to_owned,
    )
}

fn shopify<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    secrets: &[&str],
) -> Result<Verified, Refused> {
    const NAME: &str = "X-Shopify-Hmac-Sha256";
    // The Events product of Shopify uses the same headers without X-.
    let signature = first(&header, &["x-shopify-hmac-sha256", "shopify-hmac-sha256"])
        .ok_or(Refused::MissingHeader(NAME))?;
    simple(signature, NAME, body, secrets)?;
    let topic = first(&header, &["x-shopify-topic", "shopify-topic"])
        .ok_or(Refused::MissingHeader("X-Shopify-Topic"))?;
    let id = first(&header, &["x-shopify-webhook-id", "shopify-webhook-id"]);
    let shop = first(&header, &["x-shopify-shop-domain", "shopify-shop-domain"]);
    Ok(Verified {
        delivery_id: delivery_id(id, body),
        topic: topic.to_owned(),
        shop_domain: shop.and_then(host),
    })
}

fn woocommerce<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    secrets: &[&str],
) -> Result<Verified, Refused> {
    const NAME: &str = "X-WC-Webhook-Signature";
    let signature =
        first(&header, &["x-wc-webhook-signature"]).ok_or(Refused::MissingHeader(NAME))?;
    simple(signature, NAME, body, secrets)?;
    let topic = first(&header, &["x-wc-webhook-topic"])
        .ok_or(Refused::MissingHeader("X-WC-Webhook-Topic"))?;
    Ok(Verified {
        delivery_id: delivery_id(first(&header, &["x-wc-webhook-delivery-id"]), body),
        topic: topic.to_owned(),
        shop_domain: first(&header, &["x-wc-webhook-source"]).and_then(host),
    })
}

/// The host of an address or a bare host name, lower-case.
fn host(value: &str) -> Option<String> {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let fits = !host.is_empty()
        && host.len() <= 253
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:_".contains(&b));
    fits.then_some(host)
}

fn standard_key(secret: &str) -> Result<Vec<u8>, Refused> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => LENIENT.decode(encoded).map_err(|_| Refused::BadSecret)?,
        None => secret.as_bytes().to_vec(),
    };
    if key.is_empty() {
        Err(Refused::NoSecret)
    } else {
        Ok(key)
    }
}

fn standard<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    secrets: &[&str],
    now: Timestamp,
) -> Result<Verified, Refused> {
    let id = first(&header, &["webhook-id"]).ok_or(Refused::MissingHeader("webhook-id"))?;
    let time = first(&header, &["webhook-timestamp"])
        .ok_or(Refused::MissingHeader("webhook-timestamp"))?;
    let signatures = first(&header, &["webhook-signature"])
        .ok_or(Refused::MissingHeader("webhook-signature"))?;
    if id.len() > DELIVERY_ID_BYTES_MAX || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Refused::BadHeader("webhook-id"));
    }
    let plain = time.len() <= 15 && time.bytes().all(|b| b.is_ascii_digit());
    let seconds: i64 = if plain { time.parse().ok() } else { None }
        .ok_or(Refused::BadHeader("webhook-timestamp"))?;
    if signatures.len() > SIGNATURE_HEADER_BYTES_MAX {
        return Err(Refused::BadHeader("webhook-signature"));
    }
    // Several signatures stand beside each other while the sender replaces its secret; other versions are passed over.
    let given: Vec<Vec<u8>> = signatures
        .split_ascii_whitespace()
        .filter_map(|s| s.strip_prefix("v1,"))
        .filter_map(|s| STANDARD.decode(s).ok())
        .collect();
    let keys = secrets
        .iter()
        .map(|s| standard_key(s))
        .collect::<Result<Vec<_>, _>>()?;
    let signed: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    let expected: Vec<[u8; 32]> = keys.iter().map(|k| mac(k, &signed)).collect();
    if !any_equal(&given, &expected) {
        return Err(Refused::WrongSignature);
    }
    let age = now.as_second() - seconds;
    if age > TIMESTAMP_TOLERANCE_SECONDS {
        return Err(Refused::TooOld(age));
    }
    if age < -TIMESTAMP_TOLERANCE_SECONDS {
        return Err(Refused::TooNew(-age));
    }
    Ok(Verified {
        delivery_id: id.to_owned(),
        topic: "events".to_owned(),
        shop_domain: None,
    })
}
