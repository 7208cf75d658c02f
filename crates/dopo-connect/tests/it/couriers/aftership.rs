//! AfterShip.

use super::fake::Fake;
use super::lines;
use crate::shared::{at, setting};
use dopo_connect::couriers::VendorDesks;
use dopo_connect::couriers::aftership::translate;
use dopo_core::event::Event;
use dopo_core::parcel::{Courier, Direction, Related, Relation, Telling};
use dopo_engine::ports::{Ask, Couriers, Found, Looked};
use serde_json::{Value, json};

fn message(tracking: Value) -> Vec<u8> {
    json!({ "event": "tracking_update", "event_id": "e1", "msg": tracking })
        .to_string()
        .into_bytes()
}

fn telling(tracking: Value) -> Telling {
    let told = translate(&message(tracking), &setting());
    let Event::ParcelTracked { telling, .. } = told.events[0].1.clone() else {
        panic!("{told:?}");
    };
    *telling
}

fn scan(time: &str, subtag: &str, message: &str) -> Value {
    json!({ "checkpoint_time": time, "subtag": subtag, "tag": subtag.split('_').next(), "message": message,
        "location": "MILANO, ITA", "city": null, "hash": "h", "source": "carrier" })
}

#[test]
fn a_webhook_holds_the_whole_way_and_its_subtags_are_states() {
    let body = message(json!({
        "id": "t1", "tracking_number": "080010017684806", "slug": "brt-it", "tag": "Delivered",
        "shipment_direction": "forward",
        "latest_estimated_delivery": { "type": "specific", "datetime": "2026-11-21", "datetime_min": null, "datetime_max": null },
        "return_shipment": { "tracking_number": "R1" },
        "multi_piece_info": { "type": "master", "pieces": [{ "tracking_number": "080010017684806" }, { "tracking_number": "S2" }] },
        "shipment_weight": { "unit": "kg", "value": 1.25 },
        "customers": [{ "name": "Mario Rossi", "email": "m@posta.example" }],
        "checkpoints": [
            scan("2026-11-20T16:02:00+01:00", "Delivered_002", "Ritirata"),
            scan("2026-11-19T18:00:00", "InTransit_002", "Ritirata dal corriere"),
            scan("2026-11-20T09:00:00+01:00", "OutForDelivery_001", "In consegna"),
        ],
    }));
    let told = translate(&body, &setting());
    let [(when, Event::ParcelTracked { parcel, telling })] = told.events.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*when, at("2026-11-20T15:02:00Z"));
    assert_eq!(parcel.number.as_deref(), Some("080010017684806"));
    assert_eq!(parcel.carrier.as_deref(), Some("BRT"));
    assert_eq!(
        lines(telling),
        [
            // A time without a zone is the courier's, in Italy.
            "2026-11-19T17:00:00Z picked_up #InTransit_002 @ MILANO, ITA",
            "2026-11-20T08:00:00Z out_for_delivery #OutForDelivery_001 @ MILANO, ITA",
            "2026-11-20T15:02:00Z collected #Delivered_002 @ MILANO, ITA",
        ]
    );
    assert!(telling.complete);
    assert_eq!((telling.weight_g, telling.direction), (Some(1_250), None));
    let expected = telling.expected.unwrap();
    assert_eq!(
        (expected.days, expected.until),
        (true, at("2026-11-21T22:59:59Z"))
    );
    let related = |relation, number: &str| Related {
        relation,
        number: number.to_owned(),
    };
    assert_eq!(
        telling.related,
        [
            related(Relation::Return, "R1"),
            related(Relation::Sibling, "S2")
        ]
    );
    assert!(!format!("{told:?}").contains("Rossi"), "no people");
}

#[test]
fn a_generic_exception_is_a_hold_only_where_the_courier_says_so() {
    let one = |subtag: &str, text: &str| {
        let told = telling(json!({ "tracking_number": "1", "checkpoints": [
            scan("2026-11-19T09:00:00+01:00", "InTransit_001", "x"),
            scan("2026-11-20T09:00:00+01:00", subtag, text),
        ]}));
        let scan = told.scans[1].checkpoint.clone();
        (scan.state.as_str(), scan.reason)
    };
    let because = |reason: &str| Some(reason.to_owned());
    assert_eq!(
        one("Exception_001", "SPEDIZIONE IN GIACENZA"),
        ("held_at_depot", None)
    );
    assert_eq!(
        one("Exception_001", "Problema"),
        ("in_transit", because("carrier_failure"))
    );
    assert_eq!(
        one("Exception_012", ""),
        ("in_transit", because("carrier_damaged"))
    );
    assert_eq!(
        one("Exception_007", ""),
        ("in_transit", because("consignee_wrong_address"))
    );
    assert_eq!(one("Exception_013", ""), ("lost", because("carrier_lost")));
    assert_eq!(one("Exception_010", ""), ("returning", None));
    assert_eq!(
        one("AttemptFail_002", ""),
        ("attempt_failed", because("consignee_absent"))
    );
    // A subtag that nobody documents falls back to its tag.
    assert_eq!(one("Delivered_999", ""), ("delivered", None));
    let told = telling(
        json!({ "tracking_number": "1", "shipment_direction": "return",
        "checkpoints": [scan("2026-11-20T09:00:00+01:00", "Delivered_001", "")] }),
    );
    assert_eq!(told.direction, Some(Direction::Return));
}

#[test]
fn what_tells_nothing_of_a_way_is_no_event() {
    for (body, failed) in [
        (r#"{"event":"edd_update","msg":{}}"#, false),
        (
            r#"{"event":"tracking_update","event_id":"e1","msg":{"id":"t1","tag":"Delivered"}}"#,
            true,
        ),
        (
            r#"{"event":"tracking_update","msg":{"tracking_number":"1","checkpoints":null}}"#,
            false,
        ),
        (r#"{"event":"tracking_update"}"#, true),
    ] {
        let told = translate(body.as_bytes(), &setting());
        assert_eq!((told.events.len(), told.failed), (0, failed), "{body}");
    }
}

#[tokio::test]
async fn an_unknown_number_is_registered_and_a_duplicate_is_fetched() {
    let delivered = |number: &str| {
        json!({ "id": "t9", "tracking_number": number,
            "checkpoints": [scan("2026-11-20T09:00:00+01:00", "Delivered_001", "")] })
    };
    let fake = Fake::start(move |request| {
        let of =
            |code: u32, data: Value| json!({ "meta": { "code": code }, "data": data }).to_string();
        if request.starts_with("GET /tracking/2026-07/trackings?") {
            return (
                200,
                of(
                    200,
                    json!({ "trackings": [delivered("KNOWN")], "pagination": {} }),
                ),
            );
        }
        if request.starts_with("POST") && request.contains("TWICE") {
            return (
                400,
                of(4003, json!({ "id": "t9", "tracking_number": "TWICE" })),
            );
        }
        if request.starts_with("POST") && request.contains("WRONG") {
            return (400, of(4005, json!({})));
        }
        if request.starts_with("POST") {
            return (
                201,
                of(
                    201,
                    json!({ "id": "t8", "tracking_number": "NEW", "checkpoints": [] }),
                ),
            );
        }
        (200, of(200, delivered("TWICE")))
    })
    .await;
    let fields = [("api_key", "key"), ("base_url", &fake.url)];
    let fields = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let desk = VendorDesks::new(true).open("aftership", &fields).unwrap();
    let asks = ["KNOWN", "NEW", "TWICE", "WRONG"].map(|number| Ask {
        courier: Courier::GlsItaly,
        number: number.to_owned(),
        shipped_on: None,
        postal_code: Some("20121".to_owned()),
        country: Some("IT".to_owned()),
    });
    let Looked::Answered(found) = desk.look(&asks).await else {
        panic!("an answer");
    };
    assert!(matches!(&found[0], Found::Told(_)));
    assert_eq!(found[1], Found::Unknown, "registered, and not scanned yet");
    assert!(
        matches!(&found[2], Found::Told(_)),
        "a duplicate is a success"
    );
    assert!(matches!(&found[3], Found::Unreadable(_)));
    assert_eq!(
        fake.lines(),
        [
            "GET /tracking/2026-07/trackings?tracking_numbers=KNOWN%2CNEW%2CTWICE%2CWRONG&limit=20",
            "POST /tracking/2026-07/trackings",
            "POST /tracking/2026-07/trackings",
            "GET /tracking/2026-07/trackings/t9",
            "POST /tracking/2026-07/trackings",
        ]
    );
    let asked = fake.asked();
    assert!(
        asked
            .iter()
            .all(|request| request.to_lowercase().contains("as-api-key: key"))
    );
    assert!(asked[1].contains(r#""slug":"gls-italy""#) && asked[1].contains(r#""ITA""#));
}
