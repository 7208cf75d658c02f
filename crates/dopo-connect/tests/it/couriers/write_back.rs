//! What shops' platforms are told.

use super::fake::Fake;
use crate::shared::{at, contracts};
use dopo_connect::couriers::VendorDesks;
use dopo_connect::write_back::{is_ours, shopify, woocommerce, words};
use dopo_core::italy::Locale;
use dopo_core::parcel::ParcelState;
use dopo_engine::ports::{CourierDesk, Couriers, ShopWord, Written};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn word(state: ParcelState, reason: Option<&str>) -> ShopWord {
    ShopWord {
        order: "723".to_owned(),
        fulfilment: Some("255858046".to_owned()),
        carrier: Some("bartolini".to_owned()),
        number: Some("080010017684".to_owned()),
        state,
        reason: reason.map(str::to_owned),
        at: at("2026-11-22T09:30:15.250Z"),
        expected_until: None,
        locale: Locale::It,
    }
}

fn desk(vendor: &str, url: &str) -> Arc<dyn CourierDesk> {
    let fields = [
        ("shop_url", "https://negozio.example"),
        ("base_url", url),
        ("access_token", "shpat"),
        ("consumer_key", "ck"),
        ("consumer_secret", "cs"),
    ];
    let fields = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    VendorDesks::new(true).open(vendor, &fields).unwrap()
}

#[test]
fn every_state_is_news_or_silence_and_every_status_is_shopifys() {
    let mut statuses = std::collections::BTreeSet::new();
    for state in ParcelState::ALL {
        let word = word(state, None);
        assert!(
            words(&word).is_some() || shopify::status(&word).is_none(),
            "{state:?}"
        );
        statuses.extend(shopify::status(&word));
    }
    let late = word(ParcelState::InTransit, Some("weather_delayed"));
    statuses.extend(shopify::status(&late));
    assert_eq!(words(&late).unwrap(), "BRT: In viaggio (in ritardo)");
    // FulfillmentEventStatus of the Admin API 2026-07.
    let stable = "ATTEMPTED_DELIVERY CARRIER_PICKED_UP CONFIRMED DELAYED DELIVERED FAILURE IN_TRANSIT LABEL_PRINTED \
        LABEL_PURCHASED OUT_FOR_DELIVERY READY_FOR_PICKUP";
    for status in statuses {
        assert!(
            stable.split_ascii_whitespace().any(|s| s == status),
            "{status}"
        );
    }
}

#[test]
fn an_event_of_shopify_names_fulfilment_state_and_time() {
    let event = shopify::event(&word(ParcelState::HeldAtDepot, None)).unwrap();
    assert_eq!(
        event,
        json!({ "fulfillmentEvent": {
            "fulfillmentId": "gid://shopify/Fulfillment/255858046",
            "status": "DELAYED",
            "happenedAt": "2026-11-22T09:30:15Z",
            "message": "BRT: In giacenza: attende istruzioni · Dopo",
        }})
    );
    assert!(is_ours(
        event["fulfillmentEvent"]["message"].as_str().unwrap()
    ));
    assert!(!is_ours("Item is now in transit"));
    let without = ShopWord {
        fulfilment: None,
        ..word(ParcelState::Delivered, None)
    };
    assert_eq!(shopify::event(&without), None);
}

#[test]
fn what_we_wrote_comes_back_and_is_no_scan() {
    let event = shopify::event(&word(ParcelState::Delivered, None)).unwrap();
    let echo = |message: &str| {
        json!({ "id": 1, "fulfillment_id": 255_858_046, "order_id": 723, "status": "delivered",
            "happened_at": "2026-11-22T09:30:15Z", "message": message })
        .to_string()
    };
    let message = event["fulfillmentEvent"]["message"].as_str().unwrap();
    let told = |message: &str| {
        let body = echo(message);
        dopo_connect::shopify::translate(
            "fulfillment_events/create",
            body.as_bytes(),
            &crate::shared::setting(),
        )
    };
    assert_eq!(told(message).events.len(), 0);
    assert_eq!(told("Delivered").events.len(), 1);
}

#[test]
fn a_note_of_woocommerce_is_private_and_found_again() {
    let note = woocommerce::note(&word(ParcelState::Delivered, None)).unwrap();
    assert!(
        note.starts_with("BRT: Consegnato – 080010017684, 22/11/2026 10:30 ["),
        "{note}"
    );
    assert!(is_ours(&note));
    assert_eq!(woocommerce::body(&note)["customer_note"], false);
    let english = ShopWord {
        locale: Locale::En,
        ..word(ParcelState::Collected, None)
    };
    assert!(
        woocommerce::note(&english)
            .unwrap()
            .contains("Collected by the customer")
    );
    assert_eq!(woocommerce::note(&word(ParcelState::Unknown, None)), None);
    let Some(folder) = contracts("woocommerce/rest-v3") else {
        return;
    };
    let text = std::fs::read(folder.join("order-notes.create-an-order-note.json")).unwrap();
    let sample: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        sample["request"]["path"],
        "/wp-json/wc/v3/orders/<id>/notes"
    );
    for (key, _) in woocommerce::body(&note).as_object().unwrap() {
        assert!(sample["body"].get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn a_word_is_written_once_to_shopify_however_often_it_is_tried() {
    let held: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = held.clone();
    let fake = Fake::start(move |request| {
        let body: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        let event = &body["variables"]["fulfillmentEvent"];
        let data = if event.is_object() {
            kept.lock().unwrap().push(json!({ "status": event["status"], "happenedAt": event["happenedAt"] }));
            json!({ "fulfillmentEventCreate": { "fulfillmentEvent": { "id": "gid://shopify/FulfillmentEvent/1" }, "userErrors": [] } })
        } else {
            json!({ "fulfillment": { "events": { "nodes": *kept.lock().unwrap() } } })
        };
        (200, json!({ "data": data }).to_string())
    })
    .await;
    let desk = desk("shopify", &fake.url);
    let write = desk.write_back().unwrap();
    for state in [
        ParcelState::OutForDelivery,
        ParcelState::Delivered,
        ParcelState::Delivered,
    ] {
        assert_eq!(write.write(&word(state, None)).await, Written::Done);
    }
    assert_eq!(held.lock().unwrap().len(), 2);
    assert!(matches!(
        write.write(&word(ParcelState::Unknown, None)).await,
        Written::Nothing(_)
    ));
    assert_eq!(fake.lines().len(), 5);
    assert_eq!(fake.lines()[0], "POST /admin/api/2026-07/graphql.json");
    assert!(
        fake.asked()[0]
            .to_lowercase()
            .contains("x-shopify-access-token: shpat")
    );
}

#[tokio::test]
async fn what_shopify_objects_to_is_said() {
    for (body, refused) in [
        (
            json!({ "errors": [{ "message": "m", "extensions": { "code": "THROTTLED" } }] }),
            false,
        ),
        (
            json!({ "errors": [{ "message": "m", "extensions": { "code": "ACCESS_DENIED" } }] }),
            true,
        ),
        (json!({ "data": { "fulfillment": null } }), true),
    ] {
        let fake = Fake::start(move |_| (200, body.to_string())).await;
        let desk = desk("shopify", &fake.url);
        let written = desk
            .write_back()
            .unwrap()
            .write(&word(ParcelState::Delivered, None))
            .await;
        assert_eq!(
            matches!(written, Written::Refused(_)),
            refused,
            "{written:?}"
        );
        assert_eq!(
            matches!(written, Written::Later { .. }),
            !refused,
            "{written:?}"
        );
    }
}

#[tokio::test]
async fn a_word_is_written_once_to_woocommerce_however_often_it_is_tried() {
    let held: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = held.clone();
    let fake = Fake::start(move |request| {
        let body = request.split("\r\n\r\n").nth(1).unwrap();
        match serde_json::from_str::<Value>(body) {
            Ok(note) => {
                kept.lock().unwrap().push(note.clone());
                (201, note.to_string())
            }
            Err(_) => (200, json!(*kept.lock().unwrap()).to_string()),
        }
    })
    .await;
    let desk = desk("woocommerce", &fake.url);
    for _ in 0..3 {
        let written = desk
            .write_back()
            .unwrap()
            .write(&word(ParcelState::Delivered, None))
            .await;
        assert_eq!(written, Written::Done);
    }
    assert_eq!(held.lock().unwrap().len(), 1);
    assert_eq!(
        fake.lines()[..2],
        [
            "GET /wp-json/wc/v3/orders/723/notes?type=internal",
            "POST /wp-json/wc/v3/orders/723/notes",
        ]
    );
    assert!(
        fake.asked()[0]
            .to_lowercase()
            .contains("authorization: basic y2s6y3m=")
    );
}
