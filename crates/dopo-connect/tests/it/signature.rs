//! Signatures of incoming hooks (SEC-04).

use std::collections::BTreeMap;

use dopo_connect::signature::{Refused, Secrets, Source, Verified, sign_standard, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::shared;

fn check(
    source: Source,
    headers: &[(&str, &str)],
    body: &str,
    secrets: (Option<&str>, Option<&str>),
    now: Timestamp,
) -> Result<Verified, Refused> {
    let headers: BTreeMap<&str, &str> = headers.iter().copied().collect();
    let secrets = Secrets {
        current: secrets.0,
        previous: secrets.1,
    };
    verify(
        source,
        |name| headers.get(name).copied(),
        body.as_bytes(),
        secrets,
        now,
    )
}

fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

fn vectors() -> Option<Vec<Value>> {
    let folder = shared::contracts("_vectors")?;
    let text = std::fs::read(folder.join("signatures.json")).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn the_vendors_own_vectors_hold_and_a_changed_byte_does_not() {
    let Some(vectors) = vectors() else { return };
    let mut seen = 0;
    for vector in &vectors {
        let text = |key: &str| vector[key].as_str().unwrap_or_default();
        let signature = text("signature");
        let seconds = vector["timestamp"].to_string();
        let (source, headers) = match text("vendor") {
            "shopify" => (
                Source::Shopify,
                vec![
                    ("x-shopify-hmac-sha256", signature),
                    ("x-shopify-topic", "orders/create"),
                ],
            ),
            "woocommerce" => (
                Source::WooCommerce,
                vec![
                    ("x-wc-webhook-signature", signature),
                    ("x-wc-webhook-topic", "order.updated"),
                ],
            ),
            "standard-webhooks" => (
                Source::Events,
                vec![
                    ("webhook-id", text("id")),
                    ("webhook-timestamp", seconds.as_str()),
                    ("webhook-signature", signature),
                ],
            ),
            _ => continue,
        };
        seen += 1;
        let secret = (Some(text("secret")), None);
        check(source, &headers, text("body"), secret, now()).unwrap();
        let changed = format!("{} ", text("body"));
        assert_eq!(
            check(source, &headers, &changed, secret, now()),
            Err(Refused::WrongSignature)
        );
        let other = (Some("another secret"), None);
        assert_eq!(
            check(source, &headers, text("body"), other, now()),
            Err(Refused::WrongSignature)
        );
        // While a secret is replaced, both may sign.
        let replaced = (Some("another secret"), Some(text("secret")));
        check(source, &headers, text("body"), replaced, now()).unwrap();
        for (name, _) in &headers {
            let without: Vec<_> = headers
                .iter()
                .copied()
                .filter(|(other, _)| other != name)
                .collect();
            let refused = check(source, &without, text("body"), secret, now());
            assert!(matches!(refused, Err(Refused::MissingHeader(_))), "{name}");
        }
    }
    assert_eq!(seen, 3);
}

/// HMAC-SHA256 of `{}` with the key `s`, computed with an independent tool.
const OF_EMPTY_OBJECT: &str = "FDyo1Re6GxgQJdcysc8nXZAQT8pXuwKlZVQpeKoYxLY=";

#[test]
fn both_header_families_of_shopify_are_read() {
    for prefix in ["x-", ""] {
        let name = |n: &str| format!("{prefix}shopify-{n}");
        let (hmac, topic, id, shop) = (
            name("hmac-sha256"),
            name("topic"),
            name("webhook-id"),
            name("shop-domain"),
        );
        let headers = [
            (hmac.as_str(), OF_EMPTY_OBJECT),
            (topic.as_str(), "orders/create"),
            (id.as_str(), "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
            (shop.as_str(), "Negozio.myshopify.com"),
        ];
        let verified = check(Source::Shopify, &headers, "{}", (Some("s"), None), now()).unwrap();
        assert_eq!(
            verified,
            Verified {
                delivery_id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043".to_owned(),
                topic: "orders/create".to_owned(),
                shop_domain: Some("negozio.myshopify.com".to_owned()),
            }
        );
    }
}

#[test]
fn a_hook_without_a_secret_is_closed_whatever_is_sent() {
    for secrets in [(None, None), (Some(""), None), (Some(" "), Some(""))] {
        for source in [Source::Shopify, Source::WooCommerce, Source::Events] {
            let headers = [("x-shopify-hmac-sha256", ""), ("webhook-signature", "")];
            let refused = check(source, &headers, "{}", secrets, now());
            assert_eq!(refused, Err(Refused::NoSecret));
        }
    }
    let refused = check(
        Source::Events,
        &[
            ("webhook-id", "1"),
            ("webhook-timestamp", "1700000000"),
            ("webhook-signature", "v1,AAAA"),
        ],
        "{}",
        (Some("whsec_!!!"), None),
        now(),
    );
    assert_eq!(refused, Err(Refused::BadSecret));
}

#[test]
fn a_repeat_without_a_delivery_id_is_recognised_by_its_body() {
    let id = |body: &str, signature: &str| {
        let headers = [
            ("x-wc-webhook-signature", signature),
            ("x-wc-webhook-topic", "order.updated"),
            ("x-wc-webhook-source", "https://negozio.example/shop/"),
        ];
        let verified = check(
            Source::WooCommerce,
            &headers,
            body,
            (Some("s"), None),
            now(),
        )
        .unwrap();
        assert_eq!(verified.shop_domain.as_deref(), Some("negozio.example"));
        verified.delivery_id
    };
    let first = id("{}", OF_EMPTY_OBJECT);
    assert!(first.starts_with("body-") && first.len() == 37, "{first}");
    assert_eq!(first, id("{}", OF_EMPTY_OBJECT));
}

#[test]
fn our_generic_hook_accepts_five_minutes_either_way() {
    for secret in ["plain secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        let signature = sign_standard(secret, "evt_1", now().as_second(), b"[]").unwrap();
        let several = format!("v1,AAAA v1a,BBBB {signature}");
        let headers = [
            ("webhook-id", "evt_1"),
            ("webhook-timestamp", "1700000000"),
            ("webhook-signature", several.as_str()),
        ];
        for (offset, expected) in [
            (0, Ok("events".to_owned())),
            (300, Ok("events".to_owned())),
            (-300, Ok("events".to_owned())),
            (301, Err(Refused::TooOld(301))),
            (-301, Err(Refused::TooNew(301))),
        ] {
            let then = now() + SignedDuration::from_secs(offset);
            let told = check(Source::Events, &headers, "[]", (Some(secret), None), then);
            assert_eq!(told.map(|v| v.topic), expected, "{offset}");
        }
    }
}

#[test]
fn a_time_that_is_no_time_is_refused_and_not_a_panic() {
    for time in ["", "x", "-1", "1700000000.5", "99999999999999999999", "１"] {
        let signature = sign_standard("s", "1", 0, b"").unwrap();
        let headers = [
            ("webhook-id", "1"),
            ("webhook-timestamp", time),
            ("webhook-signature", signature.as_str()),
        ];
        assert!(check(Source::Events, &headers, "", (Some("s"), None), now()).is_err());
    }
}

#[test]
fn no_error_shows_a_secret_or_a_signature() {
    let headers = [("x-shopify-hmac-sha256", "c2lnbmF0dXJl")];
    let refused = check(
        Source::Shopify,
        &headers,
        "{}",
        (Some("hidden"), None),
        now(),
    );
    let words = refused.unwrap_err().to_string();
    assert!(
        !words.contains("hidden") && !words.contains("c2lnbmF0dXJl"),
        "{words}"
    );
    let secrets = Secrets {
        current: Some("hidden"),
        previous: None,
    };
    assert!(!format!("{secrets:?}").contains("hidden"));
}
