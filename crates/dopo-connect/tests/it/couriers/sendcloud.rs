//! Sendcloud.

use super::fake::Fake;
use super::lines;
use crate::shared::{at, contracts, setting};
use dopo_connect::couriers::VendorDesks;
use dopo_connect::couriers::sendcloud::{code_of_id, ids, meaning, tracking, translate};
use dopo_core::event::Event;
use dopo_core::parcel::{Courier, Direction, ParcelState, ScanSource};
use dopo_engine::ports::{Ask, Couriers, Found, Looked};
use serde_json::json;

/// The v3 codes of Sendcloud's own description (`/returns`, parameter status).
const V3: &str = "ready-to-send announced to-sorting delayed sorted unsorted sorting delivery-failed delivery-forced \
    delivered awaiting-customer-pickup announced-uncollected collect-error unsorted2 undeliverable shipment-on-route \
    driver-on-route picked-up-by-driver collected-by-customer no-label announcing cancelling-upstream cancelling \
    cancelled cancelled-upstream unknown announcement-failed at-customs at-sorting-centre refused-by-recipient \
    returned-to-sender delivery-method-changed delivery-date-changed delivery-address-changed exception address-invalid";

/// What the message of an id says, by API v2, and the state that follows from the words alone.
const V2: &[(u32, Option<ParcelState>)] = &[
    (1, Some(ParcelState::Announced)),
    (3, Some(ParcelState::InTransit)),
    (4, None),
    (5, Some(ParcelState::InTransit)),
    (6, Some(ParcelState::InTransit)),
    (7, Some(ParcelState::InTransit)),
    (8, Some(ParcelState::AttemptFailed)),
    (11, Some(ParcelState::Delivered)),
    (12, Some(ParcelState::ReadyForPickup)),
    (13, Some(ParcelState::Announced)),
    (15, Some(ParcelState::Announced)),
    (22, Some(ParcelState::PickedUp)),
    (80, Some(ParcelState::Returning)),
    (91, Some(ParcelState::InTransit)),
    (92, Some(ParcelState::OutForDelivery)),
    (93, Some(ParcelState::Collected)),
    (999, Some(ParcelState::Unknown)),
    (1000, Some(ParcelState::Announced)),
    (1001, Some(ParcelState::Announced)),
    (1002, Some(ParcelState::Announced)),
    (1337, Some(ParcelState::Unknown)),
    (1998, Some(ParcelState::Cancelled)),
    (1999, Some(ParcelState::Announced)),
    (2000, Some(ParcelState::Cancelled)),
    (2001, Some(ParcelState::Announced)),
    (62989, Some(ParcelState::Customs)),
    (62990, Some(ParcelState::InTransit)),
    (62991, Some(ParcelState::Refused)),
    (62992, Some(ParcelState::Returned)),
    (62993, None),
    (62994, None),
    (62995, None),
    (62996, None),
    (62997, None),
];

fn hook(status: serde_json::Value, time: i64) -> Vec<u8> {
    json!({
        "action": "parcel_status_changed",
        "timestamp": time,
        "parcel": {
            "tracking_number": "080010017684806",
            "status": status,
            "carrier": { "code": "brt" },
            "weight": "2.500",
            "is_return": false,
        },
    })
    .to_string()
    .into_bytes()
}

#[test]
fn sendcloud_ids_and_codes_agree() {
    for code in V3.split_ascii_whitespace() {
        assert!(meaning(code).is_some(), "{code}");
        assert_eq!(
            meaning(code),
            meaning(&code.to_uppercase().replace('-', "_"))
        );
    }
    assert_eq!(
        ids().collect::<Vec<_>>(),
        V2.iter().map(|(id, _)| *id).collect::<Vec<_>>()
    );
    for (id, state) in V2 {
        let code = code_of_id(*id).unwrap();
        assert!(
            V3.split_ascii_whitespace().any(|known| known == code),
            "{id}"
        );
        assert_eq!(meaning(code).unwrap().state, *state, "{id} {code}");
        // The webhook of v2 tells the id, that of v3 the code: the same checkpoint but for what is kept raw.
        let told = |status| {
            let told = translate(&hook(status, 1_763_800_000), &setting());
            let Event::ParcelTracked { telling, .. } = told.events[0].1.clone() else {
                panic!("{id}");
            };
            let scan = telling.scans[0].checkpoint.clone();
            (scan.state, scan.reason, scan.act_by)
        };
        assert_eq!(
            told(json!({ "id": id })),
            told(json!({ "code": code })),
            "{id} {code}"
        );
    }
}

#[test]
fn the_vendors_own_webhook_is_read_and_its_milliseconds_too() {
    let Some(folder) = contracts("sendcloud/webhook-examples") else {
        return;
    };
    let body = std::fs::read(folder.join("parcel_status_changed.raw.json")).unwrap();
    let told = translate(&body, &setting());
    assert!(!told.failed);
    let [(when, Event::ParcelTracked { parcel, telling })] = told.events.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(*when, at("2018-05-02T14:38:05.993Z"));
    assert_eq!(parcel.number.as_deref(), Some("S0M3TR4Ck1NgNumB3r"));
    // The id 0 of the sample is in no list; its message is.
    assert_eq!(lines(telling), ["2018-05-02T14:38:05.993Z announced #0"]);
    let scan = &telling.scans[0].checkpoint;
    assert_eq!(scan.source, ScanSource::Aggregator);
    assert_eq!(scan.text.as_deref(), Some("Ready to send"));
    assert!(!telling.complete, "one status is not all of them");
    assert!(!format!("{told:?}").contains("Insulindelaan"), "no address");
}

#[test]
fn seconds_and_milliseconds_are_the_same_moment() {
    let one = |time| translate(&hook(json!({ "id": 11 }), time), &setting()).events[0].0;
    assert_eq!(one(1_763_800_000), one(1_763_800_000_000));
    let told = translate(
        &hook(json!({ "id": 11, "code": "delivered" }), 1),
        &setting(),
    );
    let Event::ParcelTracked { parcel, telling } = &told.events[0].1 else {
        panic!("{told:?}");
    };
    assert_eq!(parcel.carrier.as_deref(), Some("BRT"));
    assert_eq!((telling.weight_g, telling.direction), (Some(2_500), None));
}

#[test]
fn an_id_and_a_code_that_disagree_are_noted_and_unknown_ones_change_nothing() {
    let told = translate(
        &hook(json!({ "id": 3, "code": "delivered" }), 1),
        &setting(),
    );
    assert!(told.note.unwrap().contains("disagree"));
    let told = translate(&hook(json!({ "id": 77, "message": "???" }), 1), &setting());
    assert_eq!(
        told.note.as_deref(),
        Some("1 scan has a code that is not known yet")
    );
    for (body, failed) in [
        (r#"{"action":"integration_connected"}"#, false),
        (r#"{"action":"parcel_status_changed"}"#, true),
        (
            r#"{"action":"parcel_status_changed","parcel":{"status":{"id":1}}}"#,
            false,
        ),
        ("[]", true),
    ] {
        let told = translate(body.as_bytes(), &setting());
        assert_eq!((told.events.len(), told.failed), (0, failed), "{body}");
    }
}

#[test]
fn a_tracking_is_whole_and_what_sendcloud_reckons_is_no_scan() {
    let body = json!({
        "details": { "expected_delivery_date": "2026-11-23", "is_return": true },
        "events": [
            { "event_at": "2026-11-22T09:00:00Z", "event_type": "carrier", "status_code": "driver-on-route", "status_description": "In consegna", "sub_status_code": "none" },
            { "event_at": "2026-11-21T09:00:00Z", "event_type": "carrier", "status_code": "accepted", "sub_status_code": "none" },
            { "event_at": "2026-11-21T10:00:00Z", "event_type": "calculated", "status_code": "delayed" },
            { "event_at": "", "event_type": "carrier", "status_code": "sorted" }
        ],
    });
    let told = tracking(body.to_string().as_bytes()).unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-21T09:00:00Z picked_up #accepted",
            "2026-11-22T09:00:00Z out_for_delivery #driver-on-route",
        ]
    );
    assert_eq!(
        (told.complete, told.direction),
        (true, Some(Direction::Return))
    );
    assert_eq!(told.expected.unwrap().from, at("2026-11-22T23:00:00Z"));
    assert_eq!(told.note.as_deref(), Some("1 scan could not be read"));
}

#[tokio::test]
async fn a_number_is_asked_for_with_the_integrations_keys() {
    let fake = Fake::start(|request| {
        if request.contains("/parcels/tracking/A%2F1 ") {
            (200, r#"{"events":[{"event_at":"2026-11-22T09:00:00Z","event_type":"carrier","status_code":"delivered"}]}"#.to_owned())
        } else {
            (404, r#"{"detail":"Parcel does not exist"}"#.to_owned())
        }
    })
    .await;
    let fields = [
        ("public_key", "pk"),
        ("secret_key", "sk"),
        ("base_url", &fake.url),
    ];
    let fields = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let desk = VendorDesks::new(true).open("sendcloud", &fields).unwrap();
    let ask = |number: &str| Ask {
        courier: Courier::Brt,
        number: number.to_owned(),
        shipped_on: None,
        postal_code: None,
        country: None,
    };
    let Looked::Answered(found) = desk.look(&[ask("A/1"), ask("2")]).await else {
        panic!("an answer");
    };
    assert!(matches!(&found[0], Found::Told(told) if told.scans.len() == 1));
    assert_eq!(found[1], Found::Unknown);
    assert!(
        fake.asked()[0]
            .to_lowercase()
            .contains("authorization: basic cgs6c2s=")
    );
}
