//! DHL's unified tracking.

use super::{all_known, ask, desk, fake::Fake, lines, payload};
use dopo_connect::couriers::dhl::{CODES, translate};
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{Courier, ParcelState, Telling};
use dopo_engine::ports::{Found, Looked};

fn telling(json: &str) -> Telling {
    translate::telling(json.as_bytes(), &CODES).unwrap()
}

#[test]
fn dhl_pre_transit_with_delivered_follows_the_status_code_and_flags_the_conflict() {
    all_known(
        "karrio/dhl_universal",
        ".json",
        &[
            "TrackingResponseJSON.json",
            "TrackingErrorResponseJSON.json",
        ],
    );
    let Some(body) = payload("karrio/dhl_universal", "TrackingResponseJSON.json") else {
        return;
    };
    let told = translate::telling(&body, &CODES).unwrap();
    // The expectation beside it calls this in_transit: that reading has no state for pre-transit. And it keeps the
    // description, which is a person's name; we keep the status.
    assert_eq!(
        lines(&told),
        ["2018-03-02T06:53:47Z announced #pre-transit @ Testweg 2, AMSTERDAM"]
    );
    let scan = &told.scans[0].checkpoint;
    assert_eq!(scan.zone.as_deref(), Some("Europe/Amsterdam"));
    assert_eq!(scan.text.as_deref(), Some("DELIVERED"));
    assert_eq!(
        told.note.as_deref(),
        Some("the courier says pre-transit and calls it delivered: its code was followed")
    );
    let window = told.expected.unwrap();
    assert_eq!(window.from.to_string(), "2018-08-03T00:00:00Z");
    assert_eq!(window.until.to_string(), "2018-08-03T22:00:00Z");
    assert_eq!((told.weight_g, told.complete), (Some(253_500), true));
}

#[test]
fn a_text_refines_the_code_and_an_unknown_number_is_said_to_be_one() {
    let one = |code: &str, status: &str| {
        telling(&format!(
            r#"{{"shipments":[{{"id":"1","service":"parcel-it","returnFlag":false,"events":[
                {{"timestamp":"2026-11-20T09:00:00+01:00","statusCode":"transit","status":"Arrivata"}},
                {{"timestamp":"2026-11-19T09:00:00+01:00","statusCode":"pre-transit","status":"Dati ricevuti"}}
            ],"status":{{"timestamp":"x"}}}},{{"id":"1","events":[
                {{"timestamp":"2026-11-21T09:00:00","statusCode":"{code}","status":"{status}",
                  "location":{{"address":{{"countryCode":"IT"}}}}}}]}}]}}"#
        ))
    };
    use ParcelState::{Delivered, OutForDelivery, ReadyForPickup, Refused, Returned, Unknown};
    for (code, status, state, reason) in [
        ("transit", "In consegna", OutForDelivery, None),
        (
            "transit",
            "Ready for pick-up at the ServicePoint",
            ReadyForPickup,
            None,
        ),
        (
            "failure",
            "Refused by the consignee",
            Refused,
            Some("consignee_refused"),
        ),
        ("delivered", "Delivered", Delivered, None),
        (
            "delivered",
            "Delivered - returned to the sender",
            Returned,
            None,
        ),
        ("unknown", "BAG CHANGED", Unknown, None),
    ] {
        let told = one(code, status);
        // Two divisions know the number: the shipment scanned last counts.
        assert_eq!(told.scans.len(), 1);
        let scan = &told.scans[0].checkpoint;
        assert_eq!(
            (scan.state, scan.reason.as_deref()),
            (state, reason),
            "{status}"
        );
        assert_eq!(scan.at.to_string(), "2026-11-21T08:00:00Z");
        assert!(told.note.unwrap().contains("several divisions"));
    }
    let nothing = translate::telling(br#"{"shipments":[]}"#, &CODES);
    assert_eq!(nothing, Err(Trouble::Unknown));
    let Some(body) = payload("karrio/dhl_universal", "TrackingErrorResponseJSON.json") else {
        return;
    };
    // Comes with status 404; were it 200, it would still be nothing known.
    assert_eq!(translate::telling(&body, &CODES), Err(Trouble::Unknown));
}

#[test]
fn the_german_parcels_come_in_the_same_words() {
    all_known(
        "karrio/dhl_parcel_de",
        ".json",
        &[
            "TrackingResponseJSON.json",
            "TrackingErrorResponseJSON.json",
        ],
    );
    let Some(body) = payload("karrio/dhl_parcel_de", "TrackingResponseJSON.json") else {
        return;
    };
    // The expectation says in_transit, as it does beside the unified one: pre-transit is announced.
    let told = translate::telling(&body, &CODES).unwrap();
    assert_eq!(
        lines(&told),
        ["2018-03-02T06:53:47Z announced #pre-transit @ Testweg 2, AMSTERDAM"]
    );
    let body = payload("karrio/dhl_parcel_de", "TrackingErrorResponseJSON.json").unwrap();
    assert_eq!(translate::telling(&body, &CODES), Err(Trouble::Unknown));
}

#[tokio::test]
async fn one_number_is_asked_with_the_key_and_a_429_says_how_long_to_wait() {
    let server = Fake::start(|request| match request {
        r if r.contains("trackingNumber=404&") => (404, r#"{"status":404}"#.to_owned()),
        r if r.contains("trackingNumber=403&") => (403, String::new()),
        r if r.contains("trackingNumber=429&") => (429, String::new()),
        _ => {
            let json = r#"{"shipments":[{"events":[{"timestamp":"2026-11-20T10:00:00","statusCode":"delivered","status":"Consegnata"}]}]}"#;
            (200, json.to_owned())
        }
    })
    .await;
    for (vendor, division) in [("dhl", ""), ("dhl_parcel_de", "&service=parcel-de")] {
        let desk = desk(vendor, &server.url, &["api_key"]);
        let allowance = desk.allowance();
        assert_eq!((allowance.per_call, allowance.per_day), (1, Some(250)));
        let mut one = ask(Courier::Dhl, "1 2");
        one.postal_code = Some("70121".to_owned());
        let Looked::Answered(found) = desk.look(&[one]).await else {
            panic!("no answer");
        };
        let Found::Told(told) = &found[0] else {
            panic!("{found:?}");
        };
        assert_eq!(lines(told), ["2026-11-20T09:00:00Z delivered #delivered"]);
        let asked = server.asked().pop().unwrap();
        let line = format!(
            "GET /track/shipments?trackingNumber=1%202&language=it&recipientPostalCode=70121{division} HTTP"
        );
        assert!(asked.starts_with(&line), "{asked}");
        assert!(asked.contains("dhl-api-key: 0123456789"), "{asked}");
        let look = async |number: &str| desk.look(&[ask(Courier::Dhl, number)]).await;
        assert_eq!(look("404").await, Looked::Answered(vec![Found::Unknown]));
        assert!(matches!(look("403").await, Looked::Refused(_)));
        assert!(matches!(look("429").await, Looked::Later { .. }));
    }
}
