//! InPost: its ShipX description, a payload of the group's tracking, and answers written by us in their shapes.

use super::calls::{ask, heard, open};
use super::fake::Fake;
use super::{all_known, lines, payload};
use crate::shared::{at, contracts};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::inpost::tables;
use dopo_connect::couriers::inpost::translate::translate;
use dopo_core::parcel::{Courier, ParcelState, Relation};
use dopo_engine::ports::{Found, Looked};
use jiff::civil::date;
use serde_json::{Value, json};

const NUMBER: &str = "520000010001000100010001";

fn example() -> Option<Value> {
    let file = contracts("inpost-italy")?.join("shipx-tracking.openapi.json");
    let spec: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let example = "/paths/~1v1~1tracking~1{tracking_number}/get/responses/200/content/application~1json/example";
    Some(spec.pointer(example).unwrap().clone())
}

#[test]
fn out_of_a_locker_a_parcel_is_collected() {
    let Some(example) = example() else { return };
    let told = translate(example.to_string().as_bytes(), NUMBER).unwrap();
    // ShipX says delivered when the person opened the locker.
    assert_eq!(
        lines(&told),
        [
            "2026-11-19T17:02:00Z ready_for_pickup #ready_to_pickup",
            "2026-11-20T09:42:11Z collected #delivered",
        ]
    );
    assert_eq!(told.scans[1].checkpoint.zone.as_deref(), Some("+01:00"));
    assert_eq!(told.scans[1].checkpoint.text.as_deref(), Some("DOR"));
    assert_eq!(told.pickup_point, None);
}

#[test]
fn the_groups_tracking_is_read() {
    all_known("inpost_sdk", ".json", &["track-parcels.json"]);
    let Some(body) = payload("inpost_sdk", "track-parcels.json") else {
        return;
    };
    let told = translate(&body, "6340012345678901234").unwrap();
    // "delivered to locker" stands beside the status delivered: the exact code goes before the words.
    assert_eq!(
        lines(&told),
        [
            "2026-03-05T08:00:00Z in_transit #in_transit @ Sorting Hub Warsaw",
            "2026-03-05T14:30:00Z delivered #delivered @ WAW02B",
        ]
    );
}

#[test]
fn three_vocabularies_mean_the_same_states() {
    use ParcelState::{
        Announced, AttemptFailed, InTransit, OutForDelivery, ReadyForPickup, Returning,
    };
    for (state, names) in [
        (Announced, ["created", "at_the_origin", "CRE.1001"]),
        (
            InTransit,
            ["sent_from_sorting_center", "in_transit", "MMD.1004"],
        ),
        (
            OutForDelivery,
            [
                "out_for_delivery",
                "in_transit_last_mile",
                "OUT_FOR_DELIVERY",
            ],
        ),
        (
            ReadyForPickup,
            ["ready_to_pickup", "awaiting_collection", "LMD.1005"],
        ),
        (AttemptFailed, ["undelivered", "not_delivered", "LMD.9018"]),
        (Returning, ["not_collected", "return", "RTS.1001"]),
    ] {
        for name in names {
            let found = tables()[0]
                .find(&[name], None)
                .unwrap_or_else(|| panic!("{name}"));
            assert_eq!(found.state, Some(state), "{name}");
        }
    }
}

#[test]
fn a_locker_is_named_with_the_last_day_on_which_it_can_be_opened() {
    let body = json!({
        "tracking_number": NUMBER, "status": "ready_to_pickup",
        "custom_attributes": {"target_machine_id": "ITBO01", "expiry_date": "2026-11-22T18:00:00.000+01:00",
            "target_machine_detail": {"name": "ITBO01", "opening_hours": "24/7", "location_description": "Nel parcheggio",
                "address": {"line1": "Via Emilia 1", "line2": "40126 Bologna"}}},
        "tracking_details": [{"status": "ready_to_pickup", "origin_status": "AVI", "agency": null, "location": "ITBO01", "datetime": "2026-11-19T18:02:00.000+01:00"}],
    });
    let told = translate(body.to_string().as_bytes(), NUMBER).unwrap();
    let point = told.pickup_point.clone().unwrap();
    assert_eq!(point.name.as_deref(), Some("ITBO01"));
    assert_eq!(point.street.as_deref(), Some("Via Emilia 1"));
    assert_eq!(
        (point.postal_code.as_deref(), point.city.as_deref()),
        (Some("40126"), Some("Bologna"))
    );
    assert_eq!(point.hours, ["24/7", "Nel parcheggio"]);
    assert_eq!(point.until, Some(date(2026, 11, 22)));
    assert_eq!(told.scans[0].checkpoint.place.as_deref(), Some("ITBO01"));
    let parcel = heard(&told);
    assert_eq!(parcel.act_deadline, Some(at("2026-11-22T17:00:00Z")));
}

#[test]
fn an_event_of_the_group_names_point_and_return() {
    let location = json!({"id": "IT_X", "type": "PUDO_POINT", "name": "Edicola Rossi", "address": "Via Roma 1",
        "postalCode": "20121", "city": "Milano", "country": "IT", "description": "accanto al bar"});
    let event = |code: &str, time: &str, location: &Value, back: &Value| json!({"eventCode": code, "timestamp": time, "location": location, "returnToSender": back, "delivery": {"recipientName": "Mario"}});
    let body = json!({"parcels": [{"trackingNumber": "62", "status": "LMD.1004", "events": [
        event("LMD.1004", "2026-11-19T09:00:00Z", &location, &Value::Null),
        event("CRE.1001", "2026-11-17T09:00:00Z", &Value::Null, &json!({"trackingNumber": "99"})),
    ]}]});
    let told = translate(body.to_string().as_bytes(), "62").unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-17T09:00:00Z announced #CRE.1001",
            "2026-11-19T09:00:00Z ready_for_pickup #LMD.1004 @ Edicola Rossi",
        ]
    );
    assert_eq!(told.pickup_point.unwrap().city.as_deref(), Some("Milano"));
    assert_eq!(
        (told.related[0].relation, told.related[0].number.as_str()),
        (Relation::Return, "99")
    );
}

#[test]
fn an_answer_without_a_parcel_is_unknown() {
    let error = json!({"status": 404, "error": "resource_not_found", "message": "The resource was not found", "details": {}});
    assert_eq!(
        translate(error.to_string().as_bytes(), NUMBER),
        Err(Trouble::Unknown)
    );
    assert_eq!(
        translate(b"{\"parcels\":[]}", NUMBER),
        Err(Trouble::Unknown)
    );
    assert!(matches!(
        translate(b"[]", NUMBER),
        Err(Trouble::Unreadable(_))
    ));
}

#[tokio::test]
async fn inpost_404_on_the_italian_host_then_the_polish_one() {
    let answer = json!({"tracking_number": NUMBER, "tracking_details": [{"status": "out_for_delivery", "datetime": "2026-11-19T08:00:00.000+01:00"}]});
    let unknown = json!({"status": 404, "error": "resource_not_found"}).to_string();
    let no = unknown.clone();
    let italy = Fake::start(move |_| (404, no.clone())).await;
    let poland = Fake::start(move |_| (200, answer.to_string())).await;
    let desk = open(
        "inpost_it",
        &[("base_url", &italy.url), ("second_url", &poland.url)],
    );
    let Looked::Answered(found) = desk.look(&[ask(Courier::InpostItaly, NUMBER)]).await else {
        panic!()
    };
    let Found::Told(told) = &found[0] else {
        panic!("{found:?}")
    };
    assert_eq!(
        lines(told),
        ["2026-11-19T07:00:00Z out_for_delivery #out_for_delivery"]
    );
    let path = format!("GET /v1/tracking/{NUMBER}");
    assert_eq!(
        (italy.lines(), poland.lines()),
        (vec![path.clone()], vec![path])
    );
    // Another trouble of the first host is no reason to ask the second.
    let ill = Fake::start(|_| (503, String::new())).await;
    let desk = open(
        "inpost_it",
        &[("base_url", &ill.url), ("second_url", &poland.url)],
    );
    assert!(matches!(
        desk.look(&[ask(Courier::InpostItaly, NUMBER)]).await,
        Looked::Later { .. }
    ));
    assert_eq!(poland.lines().len(), 1);
    // What neither knows is unknown.
    let neither = Fake::start(move |_| (404, unknown.clone())).await;
    let desk = open(
        "inpost_it",
        &[("base_url", &neither.url), ("second_url", &neither.url)],
    );
    let Looked::Answered(found) = desk.look(&[ask(Courier::InpostItaly, NUMBER)]).await else {
        panic!()
    };
    assert_eq!(found, [Found::Unknown]);
    assert_eq!(neither.lines().len(), 2);
}
