//! Qapla': webhooks, shipments and stock release, by its own examples.

use super::calls::{ask, call, open};
use super::fake::Fake;
use super::lines;
use crate::shared::{contracts, setting};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::qapla::shipments::translate as shipment;
use dopo_connect::couriers::qapla::{ANSWER, release, tables, translate, verify};
use dopo_connect::signature::{Refused, Secrets};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Courier, Direction, HoldAction, ParcelState, Relation, Telling};
use dopo_engine::ports::{Found, Looked, Released};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const KEY: &str = "YOUR_CHANNEL_PRIVATE_KEY";

fn example(path: &str) -> Option<Value> {
    let body = std::fs::read(contracts("qapla")?.join(path)).unwrap();
    Some(serde_json::from_slice(&body).unwrap())
}

fn pushed(body: &Value) -> Vec<(String, ParcelRef, Telling)> {
    let told = translate(body.to_string().as_bytes(), &setting());
    let events = told.events.into_iter().map(|(at, event)| match event {
        Event::ParcelTracked { parcel, telling } => (at.to_string(), parcel, *telling),
        event => panic!("{event:?}"),
    });
    events.collect()
}

#[test]
fn the_key_in_the_body_is_the_proof() {
    let secrets = |current| Secrets {
        current,
        previous: Some("old"),
    };
    for file in ["shipment.status_changed", "return_shipments", "orders"] {
        let Some(body) = example(&format!("webhook-examples/{file}.json")) else {
            return;
        };
        let bytes = body.to_string().into_bytes();
        let verified = verify(&bytes, secrets(Some(KEY))).unwrap();
        assert!(
            file.starts_with(&verified.topic),
            "{file} {}",
            verified.topic
        );
        // A repeat is recognised by its body.
        assert_eq!(verified, verify(&bytes, secrets(Some(KEY))).unwrap());
        assert_eq!(
            verify(&bytes, secrets(Some("another"))),
            Err(Refused::WrongSignature),
            "{file}"
        );
        let closed = Secrets {
            current: Some(" "),
            previous: None,
        };
        assert_eq!(verify(&bytes, closed), Err(Refused::NoSecret));
    }
    let old = json!({"apiKey": "old"}).to_string();
    assert!(verify(old.as_bytes(), secrets(Some(KEY))).is_ok());
    for body in [
        "",
        "{}",
        "[]",
        "{\"apiKey\":\"\"}",
        "{\"apiKey\":[\"old\"]}",
    ] {
        assert_eq!(
            verify(body.as_bytes(), secrets(Some(KEY))),
            Err(Refused::WrongSignature),
            "{body}"
        );
    }
    assert_eq!(ANSWER, r#"{"result":"OK"}"#);
}

#[test]
fn a_change_of_status_is_one_scan() {
    let Some(mut body) = example("webhook-examples/shipment.status_changed.json") else {
        return;
    };
    let told = pushed(&body);
    let [(at, parcel, telling)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(at, "2024-03-15T09:22:00Z");
    assert_eq!(parcel.number.as_deref(), Some("XX580104809"));
    assert_eq!(parcel.carrier.as_deref(), Some(Courier::GlsItaly.title()));
    assert_eq!(
        lines(telling),
        ["2024-03-15T09:22:00Z delivered #99 @ Milan, IT"]
    );
    assert!(!telling.complete);
    // The raw words of a courier never decide.
    body["courierStatus"] = json!("delivered");
    body["qaplaStatusID"] = json!("6");
    body["statusDetails"] = json!([{"id": 1, "detail": "GIACENZA"}]);
    body["return"] = json!(1);
    let extra = example("webhook-examples/shipment.v13_extra_objects.json").unwrap();
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    let (_, _, telling) = pushed(&body).remove(0);
    assert_eq!(
        lines(&telling),
        ["2024-03-15T09:22:00Z held_at_depot !consignee_instructions_needed #6.1 @ Milan, IT"]
    );
    assert_eq!(
        (telling.direction, telling.weight_g),
        (Some(Direction::Return), Some(1_200))
    );
}

#[test]
fn a_registered_return_and_an_order_are_told_as_labels() {
    let Some(body) = example("webhook-examples/return_shipments.json") else {
        return;
    };
    let (_, parcel, telling) = pushed(&body).remove(0);
    assert_eq!(parcel.number.as_deref(), Some("RT580104809"));
    assert_eq!(telling.direction, Some(Direction::Return));
    assert_eq!(lines(&telling), ["2024-03-20T13:05:00Z announced"]);
    let Some(mut body) = example("webhook-examples/orders.json") else {
        return;
    };
    body["orders"][0]["isPOD"] = json!(true);
    body["orders"][0]["returnTrackingNumber"] = json!("RT1");
    let (_, parcel, telling) = pushed(&body).remove(0);
    assert_eq!(parcel.number.as_deref(), Some("XX580104809"));
    assert_eq!(lines(&telling), ["2024-03-15T07:30:00Z announced"]);
    assert_eq!(telling.cash_on_delivery.unwrap().to_decimal(), "28.74");
    assert_eq!(telling.related[0].relation, Relation::Return);
    assert_eq!(telling.weight_g, Some(1_200));
    let nothing = translate(b"{\"apiKey\":\"k\"}", &setting());
    assert!(nothing.events.is_empty() && !nothing.failed);
    assert!(translate(b"no json", &setting()).failed);
}

#[test]
fn every_status_of_qapla_has_its_meaning() {
    use ParcelState as S;
    for (code, state) in [
        // Nothing is said of the parcel.
        ("0", None),
        ("1", None),
        ("2", Some(S::Announced)),
        ("3", Some(S::InTransit)),
        ("4", Some(S::OutForDelivery)),
        ("5", Some(S::AttemptFailed)),
        // Trouble, damage and delay: it stays where it is.
        ("6", None),
        ("6.1", Some(S::HeldAtDepot)),
        ("6.2", Some(S::Returning)),
        ("6.3", None),
        ("6.4", Some(S::Lost)),
        ("8", None),
        ("10", Some(S::ReadyForPickup)),
        ("20", Some(S::PickedUp)),
        ("50", Some(S::InTransit)),
        ("95", Some(S::Returned)),
        ("99", Some(S::Delivered)),
    ] {
        let found = tables()[0].find(&[code], None);
        assert_eq!(found.map(|m| m.state), Some(state), "{code}");
    }
    assert_eq!(tables()[0].find(&["7"], Some("CONSEGNATO")), None);
}

#[test]
fn a_delay_is_a_reason_and_leaves_the_parcel_where_it_is() {
    let Some(mut body) = example("webhook-examples/shipment.status_changed.json") else {
        return;
    };
    body["qaplaStatusID"] = json!("8");
    // A hook tells one scan, and knows nothing of those before it.
    let (_, _, telling) = pushed(&body).remove(0);
    assert_eq!(
        lines(&telling),
        ["2024-03-15T09:22:00Z in_transit !carrier_delayed #8 @ Milan, IT"]
    );
    body["qaplaStatusID"] = json!("1");
    let (_, _, telling) = pushed(&body).remove(0);
    assert!(telling.scans.is_empty());
    let scan = |date: &str, id: u8| json!({"dateISO": date, "status": "X", "qaplaStatus": {"id": id, "detailID": 0}});
    let history = [
        scan("2026-11-20 12:00:00", 8),
        scan("2026-11-20 08:00:00", 4),
        scan("2026-11-18 08:00:00", 0),
    ];
    let shipped = json!({"id": 7, "trackingNumber": "1", "trackingHistory": history});
    let body = json!({"getShipment": {"result": "OK", "shipments": [shipped]}}).to_string();
    assert_eq!(
        lines(&shipment(body.as_bytes(), "1").unwrap()),
        [
            "2026-11-20T07:00:00Z out_for_delivery #4",
            "2026-11-20T11:00:00Z out_for_delivery !carrier_delayed #8",
        ]
    );
}

#[test]
fn a_shipment_tells_its_way_and_its_other_numbers() {
    let Some(body) = example("examples/getShipment.response.json") else {
        return;
    };
    let told = shipment(body.to_string().as_bytes(), "080010017684806").unwrap();
    // The second row of its history has no time at all: it is counted, not placed.
    assert_eq!(
        lines(&told),
        ["2019-06-14T04:15:00Z in_transit #3 @ RIVALTA (TO) (IT)"]
    );
    assert_eq!(told.note.as_deref(), Some("1 scan could not be read"));
    assert_eq!(told.hold_reference.as_deref(), Some("1690120025"));
    let related: Vec<_> = told
        .related
        .iter()
        .map(|r| (r.relation, r.number.as_str()))
        .collect();
    assert_eq!(related, [(Relation::Sibling, "0844!!!!7689193")]);
    assert!(told.complete && told.direction.is_none());
    let ko = |error: &str| {
        let body = json!({"getShipment": {"result": "KO", "error": error}}).to_string();
        shipment(body.as_bytes(), "1").unwrap_err()
    };
    assert!(matches!(ko("Too Many Requests"), Trouble::Later { .. }));
    assert!(matches!(ko("Invalid apiKey"), Trouble::Refused(_)));
    assert_eq!(ko("Shipment not found"), Trouble::Unknown);
    let mut many = body.clone();
    many["getShipment"]["shipments"] = json!([]);
    assert_eq!(
        shipment(many.to_string().as_bytes(), "1"),
        Err(Trouble::Unknown)
    );
}

#[test]
fn a_release_has_an_address_only_where_one_is_due() {
    let Some(expected) = example("examples/v2/stockRelease.request.json") else {
        return;
    };
    let body = release::request(&call(Courier::GlsItaly, "1", HoldAction::OtherAddress)).unwrap();
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&body), names(&expected));
    assert_eq!(names(&body["address"]), names(&expected["address"]));
    assert_eq!(body["action"], "redeliver_new_address");
    let body = release::request(&call(Courier::GlsItaly, "1", HoldAction::SendBack)).unwrap();
    assert_eq!(
        (body["action"].as_str(), body.get("address")),
        (Some("return_to_sender"), None)
    );
    assert_eq!(
        release::request(&call(Courier::GlsItaly, "1", HoldAction::Collect)),
        None
    );
}

#[tokio::test]
async fn qapla_is_asked_with_the_key_and_told_with_a_token() {
    let Some(shipment) = example("examples/getShipment.response.json") else {
        return;
    };
    let Some(sent) = example("examples/v2/stockRelease.response.json") else {
        return;
    };
    let Some(problem) = example("examples/v2/error.problem.json") else {
        return;
    };
    let fake = Fake::start(move |request| {
        if request.starts_with("POST /v2/auth/token") {
            return (
                200,
                json!({"token": "jwt", "expires_in": 86400}).to_string(),
            );
        }
        if request.starts_with("GET /1.3/getShipment/") {
            return (200, shipment.to_string());
        }
        assert!(request.contains("authorization: Bearer jwt"));
        let mut answer = sent.clone();
        match request.split(['/', ' ']).nth(4) {
            Some("1") => (200, answer.to_string()),
            Some("2") => {
                answer["courierOutcome"] = json!("pending");
                (200, answer.to_string())
            }
            Some("3") => {
                answer["courierOutcome"] = json!("error");
                answer["message"] = json!("Giacenza scaduta");
                (200, answer.to_string())
            }
            Some("4") => (409, "{}".to_owned()),
            Some("5") => (422, problem.to_string()),
            _ => (429, "{}".to_owned()),
        }
    })
    .await;
    let desk = open("qapla", &[("api_key", "k&1"), ("base_url", &fake.url)]);
    let Looked::Answered(found) = desk.look(&[ask(Courier::Brt, "080010017684806")]).await else {
        panic!()
    };
    assert!(matches!(found.as_slice(), [Found::Told(_)]));
    let release = async |id: &str| {
        let mut told = call(Courier::Brt, "080010017684806", HoldAction::Redeliver);
        told.reference = (!id.is_empty()).then(|| id.to_owned());
        desk.release(&told).await
    };
    let refused = |why: &str| Released::Refused(why.to_owned());
    assert_eq!(
        release("1").await,
        Released::Accepted {
            reference: Some("12345".to_owned())
        }
    );
    assert_eq!(release("2").await, Released::Deferred);
    assert_eq!(release("3").await, refused("Giacenza scaduta"));
    assert_eq!(
        release("4").await,
        refused("Qapla' says that the parcel is not held now")
    );
    assert_eq!(release("5").await, refused("Validation failed."));
    assert!(matches!(release("6").await, Released::Later { .. }));
    assert!(matches!(release("").await, Released::Refused(_)));
    assert!(matches!(release("1/../2").await, Released::Refused(_)));
    let lines = fake.lines();
    assert_eq!(
        lines[0],
        "GET /1.3/getShipment/?apiKey=k%261&trackingNumber=080010017684806&lang=it"
    );
    assert_eq!(lines[1], "POST /v2/auth/token");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("/auth/token"))
            .count(),
        1
    );
}
