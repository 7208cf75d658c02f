//! DHL's unified tracking.

use super::{all_known, lines, payload};
use dopo_connect::couriers::dhl::{CODES, translate};
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{ParcelState, Telling};

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
