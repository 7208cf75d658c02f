//! Who pushes is proven over the raw body.

use crate::shared::{contracts, setting};
use dopo_connect::couriers::hooks::CourierHook;
use dopo_connect::signature::{Refused, Secrets};
use serde_json::Value;

fn check(
    hook: CourierHook,
    name: &str,
    value: &str,
    body: &[u8],
    secret: &str,
) -> Result<String, Refused> {
    let header = |asked: &str| (asked == name).then_some(value);
    let secrets = Secrets {
        current: Some("another secret"),
        previous: Some(secret),
    };
    hook.verify(header, body, secrets)
        .map(|v| format!("{} {}", v.topic, v.delivery_id))
}

#[test]
fn the_vectors_of_the_collectors_hold_and_a_changed_byte_does_not() {
    let Some(folder) = contracts("_vectors") else {
        return;
    };
    let text = std::fs::read(folder.join("signatures.json")).unwrap();
    let vectors: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let mut seen = 0;
    for vector in &vectors {
        let of = |key: &str| vector[key].as_str().unwrap_or_default();
        let Some(hook) = CourierHook::parse(of("vendor")) else {
            continue;
        };
        seen += 1;
        let name = of("header").to_ascii_lowercase();
        assert!(CourierHook::HEADERS.contains(&name.as_str()), "{name}");
        let (signature, body, secret) = (of("signature"), of("body"), of("secret"));
        let good = check(hook, &name, signature, body.as_bytes(), secret);
        assert!(good.is_ok(), "{name}: {good:?}");
        let changed = format!("{body} ");
        let bad = check(hook, &name, signature, changed.as_bytes(), secret);
        assert_eq!(bad, Err(Refused::WrongSignature), "{name}");
        let bad = check(hook, &name, signature, body.as_bytes(), "a third");
        assert_eq!(bad, Err(Refused::WrongSignature), "{name}");
        assert!(check(hook, "x", signature, body.as_bytes(), secret).is_err());
        assert!(matches!(
            check(hook, &name, "no signature at all", body.as_bytes(), secret),
            Err(Refused::BadHeader(_))
        ));
        let none = hook.verify(|_| Some(signature), body.as_bytes(), Secrets::default());
        assert_eq!(none, Err(Refused::NoSecret));
    }
    assert_eq!(seen, 3);
}

#[test]
fn sendclouds_own_delivery_is_proven_and_named_by_its_body() {
    let Some(folder) = contracts("sendcloud/webhook-examples") else {
        return;
    };
    let meta = std::fs::read(folder.join("parcel_status_changed.meta.json")).unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    let body = std::fs::read(folder.join("parcel_status_changed.raw.json")).unwrap();
    let (secret, signature) = (
        meta["secret"].as_str().unwrap(),
        meta["signature"].as_str().unwrap(),
    );
    let told = check(
        CourierHook::Sendcloud,
        "sendcloud-signature",
        signature,
        &body,
        secret,
    )
    .unwrap();
    assert!(told.starts_with("parcel_status_changed body-"), "{told}");
}

#[test]
fn aftership_names_its_delivery() {
    let body =
        br#"{"event":"tracking_update","event_id":"e1","msg":{"id":"t1","tag":"Delivered"}}"#;
    let signature = "7P/7u3PwM2T5rxJQq1LKRzEbJmYLQ3JieXR7c+ATRns=";
    let told = check(
        CourierHook::AfterShip,
        "aftership-hmac-sha256",
        signature,
        body,
        "as_secret",
    );
    assert_eq!(told, Ok("tracking_update e1".to_owned()));
}

#[test]
fn every_name_is_in_an_address_and_all_bodies_are_survived() {
    for hook in CourierHook::ALL {
        assert_eq!(CourierHook::parse(hook.as_str()), Some(hook));
        for body in ["", "[]", "null", "{}", "{\"event\":1}", "\u{0}"] {
            let told = hook.translate(body.as_bytes(), &setting());
            assert!(
                told.events.is_empty() && told.note.is_some(),
                "{hook:?} {body}"
            );
        }
    }
    assert_eq!(CourierHook::parse("brt"), None);
}

#[test]
fn qapla_is_proven_by_the_key_in_the_body_which_is_not_kept() {
    let body =
        br#"{"shipment":{"trackingNumber":"1"},"apiKey":"the key","more":[{"apiKey":"the key"}]}"#;
    let secrets = |key| Secrets {
        current: Some(key),
        previous: None,
    };
    assert!(
        CourierHook::Qapla
            .verify(|_| None, body, secrets("the key"))
            .is_ok()
    );
    assert_eq!(
        CourierHook::Qapla.verify(|_| None, body, secrets("another")),
        Err(Refused::WrongSignature)
    );
    let kept = String::from_utf8(CourierHook::Qapla.kept(body)).unwrap();
    assert!(
        !kept.contains("the key") && kept.contains("trackingNumber"),
        "{kept}"
    );
    assert_eq!(CourierHook::Qapla.answer(), Some(r#"{"result":"OK"}"#));
    assert_eq!(CourierHook::Sendcloud.kept(b"as it is"), b"as it is");
}

#[test]
fn ups_is_proven_by_the_credential_that_we_gave() {
    let check = |value: Option<&'static str>| {
        let header = move |name: &str| value.filter(|_| name == "credential");
        let secrets = Secrets {
            current: Some("ours"),
            previous: None,
        };
        CourierHook::Ups
            .verify(header, b"{}", secrets)
            .map(|v| v.topic)
    };
    assert_eq!(check(Some("ours")), Ok("parcel".to_owned()));
    assert_eq!(check(Some("theirs")), Err(Refused::WrongSignature));
    assert_eq!(check(None), Err(Refused::MissingHeader("credential")));
}
