//! DHL Express: MyDHL's JSON, and the XML of the service before it.

use super::{all_known, lines, payload};
use dopo_connect::couriers::dhl_express::{CODES, translate};
use dopo_connect::couriers::http::Trouble;
use jiff::civil::date;

#[test]
fn an_old_answer_holds_three_shipments_read_in_their_own_zones() {
    all_known(
        "karrio/dhl_express",
        ".xml",
        &[
            "AuthError.xml",
            "IntransitTrackingResponseXML.xml",
            "TrackingResponseXML.xml",
            "TrackingSingleNotFound.xml",
        ],
    );
    let Some(body) = payload("karrio/dhl_express", "TrackingResponseXML.xml") else {
        return;
    };
    let told = translate::tellings_of_xml(&body, &CODES).unwrap();
    let numbers: Vec<&str> = told.iter().map(|(number, _)| number.as_str()).collect();
    assert_eq!(numbers, ["3180831640", "7740842550", "1815115363"]);
    // The expectations beside it agree on the codes and on what is delivered; they keep the hours without a zone, and
    // join the signature to the text: it is a person's name, so we do not keep it.
    assert_eq!(
        lines(&told[0].1),
        [
            "2009-08-28T11:26:00Z picked_up #PU @ Barcelona - Spain",
            "2009-08-28T17:27:00Z in_transit #PO @ Barcelona - Spain",
            "2009-08-28T17:27:00Z in_transit #RW @ Barcelona - Spain",
            "2009-08-28T18:39:01Z in_transit #PL @ Barcelona - Spain",
            "2009-08-28T19:17:57Z in_transit #AF @ Barcelona - Spain",
            "2009-08-28T20:01:00Z in_transit #DF @ Barcelona - Spain",
            "2009-08-28T22:32:16Z in_transit #AF @ Leipzig - Germany",
            "2009-08-28T23:05:03Z in_transit #PL @ Leipzig - Germany",
            "2009-08-29T03:52:19Z in_transit #DF @ Leipzig - Germany",
            "2009-08-30T17:43:22Z in_transit #AF @ Bergamo - Italy",
            "2009-08-30T21:30:00Z in_transit #PL @ Bergamo - Italy",
            "2009-08-31T00:06:00Z in_transit #DF @ Bergamo - Italy",
            "2009-08-31T04:23:00Z in_transit #DF @ Milan - Italy",
            "2009-08-31T06:59:00Z at_depot #AR @ Milan - Italy",
            "2009-08-31T07:19:00Z out_for_delivery #WC @ Milan - Italy",
            "2009-08-31T08:09:00Z delivered #OK @ Milan - Italy",
        ]
    );
    let last = &told[0].1.scans[15].checkpoint;
    assert_eq!(last.text.as_deref(), Some("Shipment delivered"));
    assert_eq!(last.zone.as_deref(), Some("Europe/Rome"));
    assert_eq!((told[0].1.weight_g, told[0].1.complete), (Some(740), true));
    assert_eq!(
        lines(&told[1].1),
        ["2009-08-26T02:00:00Z picked_up #PU @ Singapore - Singapore"]
    );
    assert_eq!(told[1].1.weight_g, None);
    // RW is a weighing: the parcel stays where it was.
    assert_eq!(
        lines(&told[2].1),
        [
            "2009-08-13T15:58:00Z picked_up #PU @ Hong Kong - Hong Kong",
            "2009-08-13T18:19:50Z picked_up #RW @ Hong Kong - Hong Kong",
        ]
    );
    assert!(told.iter().all(|(_, told)| told.note.is_none()));
}

#[test]
fn an_estimate_at_a_minute_to_midnight_is_that_day() {
    let Some(body) = payload("karrio/dhl_express", "IntransitTrackingResponseXML.xml") else {
        return;
    };
    let told = translate::tellings_of_xml(&body, &CODES).unwrap();
    assert_eq!(told.len(), 1);
    // The expectation has in_transit: it has no state for a parcel that was picked up and not yet scanned again.
    assert_eq!(
        lines(&told[0].1),
        ["2021-05-05T14:42:00Z picked_up #PU @ KINGSTON-JAM"]
    );
    let window = told[0].1.expected.unwrap();
    assert_eq!(window.from.to_string(), "2021-05-07T04:00:00Z");
    assert_eq!(window.until.to_string(), "2021-05-08T03:59:00Z");
    assert!(window.days);
    assert_eq!(told[0].1.weight_g, Some(90));
}

#[test]
fn an_unknown_number_and_a_refused_account_are_told_apart() {
    let Some(body) = payload("karrio/dhl_express", "TrackingSingleNotFound.xml") else {
        return;
    };
    assert_eq!(translate::tellings_of_xml(&body, &CODES), Ok(Vec::new()));
    let body = payload("karrio/dhl_express", "AuthError.xml").unwrap();
    let refused = translate::tellings_of_xml(&body, &CODES);
    let Err(Trouble::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    // The courier repeats the password in its words; ours do not.
    assert!(why.contains("111") && !why.contains("testPwd"), "{why}");
}

#[test]
fn mydhl_tells_the_offset_of_every_time() {
    all_known(
        "karrio/mydhl",
        ".json",
        &["ErrorResponse.json", "TrackingResponse.json"],
    );
    let Some(body) = payload("karrio/mydhl", "TrackingResponse.json") else {
        return;
    };
    // The expectation beside it is empty: its test is switched off.
    let told = translate::telling(&body, "1234567890", None, &CODES).unwrap();
    assert_eq!(
        lines(&told),
        ["2020-06-10T04:06:00Z picked_up #PU @ Brisbane-AU"]
    );
    assert_eq!(told.scans[0].checkpoint.zone.as_deref(), Some("+09:00"));
    let window = told.expected.unwrap();
    // The receiver is in Slovakia: the day is a day there.
    assert_eq!(window.from.to_string(), "2020-06-11T22:00:00Z");
    assert_eq!((window.days, told.weight_g), (true, Some(10_000)));
    let other = translate::telling(&body, "999", None, &CODES);
    assert_eq!(other, Err(Trouble::Unknown));
    // An error comes with status 400; its body holds no shipment.
    let body = payload("karrio/mydhl", "ErrorResponse.json").unwrap();
    let error = translate::telling(&body, "1234567890", None, &CODES);
    assert_eq!(error, Err(Trouble::Unknown));
}

#[test]
fn a_number_used_twice_is_the_shipment_nearest_to_ours() {
    let body = br#"{"shipments":[
        {"shipmentTrackingNumber":"1","shipmentTimestamp":"2024-05-14T18:00:31","events":[
            {"date":"2024-05-16","time":"10:00:00","GMTOffset":"+02:00","typeCode":"OK","description":"Delivered"}]},
        {"shipmentTrackingNumber":"1","shipmentTimestamp":"2026-11-14T18:00:31","events":[
            {"date":"2026-11-16","time":"10:00:00","GMTOffset":"+01:00","typeCode":"NH","description":"Not home"}]}]}"#;
    let of = |day| translate::telling(body, "1", day, &CODES).unwrap();
    let now = ["2026-11-16T09:00:00Z attempt_failed !consignee_absent #NH"];
    let then = ["2024-05-16T08:00:00Z delivered #OK"];
    assert_eq!(lines(&of(None)), now);
    assert_eq!(lines(&of(Some(date(2026, 11, 13)))), now);
    assert_eq!(lines(&of(Some(date(2024, 5, 15)))), then);
}
