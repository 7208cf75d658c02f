//! FedEx: the Track API, and the XML of the service before.

use super::{all_known, ask, desk, fake::Fake, lines, payload};
use dopo_connect::couriers::fedex::{CODES, translate};
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{Courier, Telling, Window};
use dopo_engine::ports::{Found, Looked};
use jiff::civil::{Date, date};

fn window(window: Option<Window>) -> Option<(String, String, bool)> {
    window.map(|w| (w.from.to_string(), w.until.to_string(), w.days))
}

fn json(file: &str, number: &str, day: Option<Date>) -> Option<Result<Telling, Trouble>> {
    let body = payload("karrio/fedex", file)?;
    let answer = translate::read(&body);
    Some(answer.and_then(|answer| answer.telling(number, day, &CODES)))
}

#[test]
fn a_duplicate_fedex_number_with_two_shipments() {
    all_known(
        "karrio/fedex",
        ".json",
        &[
            "DuplicateTrackingResponse.json",
            "ErrorResponse.json",
            "InconsistentDateTimeResponse.json",
            "ProofOfDeliveryResponse.json",
            "TrackingResponse.json",
        ],
    );
    let read = |day| json("DuplicateTrackingResponse.json", "776094337676", day);
    let Some(told) = read(None) else { return };
    let told = told.unwrap();
    // The one sent last, as the expectation beside it has.
    assert_eq!(
        lines(&told),
        [
            "2024-04-25T15:55:00Z out_for_delivery #OD @ CLOVIS, CA, US",
            "2024-04-25T18:26:00Z attempt_failed !consignee_absent #DE @ CLOVIS, CA, US",
            "2024-04-25T18:28:00Z in_transit !carrier_rerouted #DE @ CLOVIS, CA, US",
            "2024-04-25T20:26:00Z at_depot #AF @ CLOVIS, CA, US",
            "2024-04-25T21:25:00Z picked_up #PU @ CLOVIS, CA, US",
            "2024-04-25T21:29:00Z picked_up #AO @ CLOVIS, CA, US",
            "2024-04-26T15:52:00Z out_for_delivery #OD @ CLOVIS, CA, US",
            "2024-04-26T16:26:00Z delivered #DL",
        ]
    );
    assert!(told.note.as_deref().unwrap().contains("2 shipments"));
    assert_eq!((told.weight_g, told.expected), (Some(450), None));
    assert_eq!(told.scans[0].checkpoint.zone.as_deref(), Some("-07:00"));
    // Ours was handed over on another day: then it is the other one.
    let told = read(Some(date(2024, 4, 23))).unwrap().unwrap();
    assert_eq!(
        lines(&told),
        [
            "2024-04-24T20:30:57Z announced #OC",
            "2024-04-24T23:05:00Z picked_up #PU @ COSTA MESA, CA, US",
            "2024-04-24T23:43:00Z picked_up #AO @ COSTA MESA, CA, US",
            "2024-04-25T01:56:00Z in_transit #DP @ COSTA MESA, CA, US",
            "2024-04-25T05:39:00Z in_transit #AR @ OAKLAND, CA, US",
            "2024-04-25T09:15:00Z in_transit #DP @ OAKLAND, CA, US",
            "2024-04-25T15:12:00Z at_depot #AR @ CLOVIS, CA, US",
            "2024-04-25T18:29:00Z at_depot !carrier_delayed #DY @ CLOVIS, CA, US",
            "2024-04-25T20:26:00Z ready_for_pickup #HP @ FRESNO, CA, US",
            "2024-04-26T14:50:00Z at_depot #AR @ CLOVIS, CA, US",
        ]
    );
    assert_eq!(
        window(told.expected),
        Some((
            "2024-04-25T07:00:00Z".into(),
            "2024-04-25T17:30:00Z".into(),
            false
        ))
    );
}

#[test]
fn a_midnight_without_an_offset_is_a_day_in_the_offset_of_the_next_scan() {
    let Some(told) = json("InconsistentDateTimeResponse.json", "738488882438", None) else {
        return;
    };
    let told = told.unwrap();
    // The expectation has the same seventeen and calls the first one midnight. The label is told after the pick-up: the
    // parcel does not go back to the shop for it.
    assert_eq!(
        lines(&told),
        [
            "2024-08-15T05:00:00Z (day) picked_up #PU @ MANKATO, MN, US",
            "2024-08-15T15:36:00Z picked_up #OC @ US",
            "2024-08-15T23:35:00Z in_transit #AR @ MANKATO, MN, US",
            "2024-08-15T23:40:27Z in_transit #AE @ MANKATO, MN, US",
            "2024-08-16T00:29:25Z in_transit #DP @ MANKATO, MN, US",
            "2024-08-16T09:34:00Z in_transit #AR @ CEDAR RAPIDS, IA, US",
            "2024-08-16T12:35:16Z in_transit #DP @ CEDAR RAPIDS, IA, US",
            "2024-08-16T23:39:00Z in_transit #AR @ GROVE CITY, OH, US",
            "2024-08-17T12:52:11Z in_transit #DP @ GROVE CITY, OH, US",
            "2024-08-18T07:39:18Z in_transit #IT @ WOODBRIDGE TWP, NJ, US",
            "2024-08-18T20:03:54Z in_transit #IT @ WOODBRIDGE TWP, NJ, US",
            "2024-08-19T13:13:51Z in_transit #IT @ WOODBRIDGE TWP, NJ, US",
            "2024-08-19T18:31:00Z in_transit #AR @ KEASBEY, NJ, US",
            "2024-08-20T05:29:05Z in_transit #DP @ KEASBEY, NJ, US",
            "2024-08-20T10:38:00Z at_depot #AR @ HOLBROOK, NY, US",
            "2024-08-20T10:47:00Z out_for_delivery #OD @ HOLBROOK, NY, US",
            "2024-08-20T16:41:57Z delivered #DL @ Blue Point, NY, US",
        ]
    );
    assert_eq!((told.weight_g, told.note), (Some(13_060), None));
}

#[test]
fn a_result_with_an_error_beside_its_scans_is_read_and_one_without_is_not_known() {
    let Some(told) = json("TrackingResponse.json", "123456789012", None) else {
        return;
    };
    let told = told.unwrap();
    // The expectation says in_transit: it has no state for a parcel picked up. It takes the window's first day; we keep
    // the whole of it, whose end at midnight is a day.
    assert_eq!(
        lines(&told),
        ["2018-02-02T19:01:00Z picked_up #PU @ SEATTLE, WA, US"]
    );
    assert_eq!(
        told.scans[0].checkpoint.text.as_deref(),
        Some("Picked Up: Package available for clearance")
    );
    assert_eq!(
        window(told.expected),
        Some((
            "2021-10-01T14:00:00Z".into(),
            "2021-10-16T05:59:59Z".into(),
            true
        ))
    );
    assert_eq!(told.weight_g, Some(10_079_730));
    // It is no parcel to be fetched, though the sample names where it could be held.
    assert_eq!(told.pickup_point, None);
    let none = json("TrackingResponse.json", "39936862321", None).unwrap();
    assert_eq!(none, Err(Trouble::Unknown));
    let never_asked = json("TrackingResponse.json", "1", None).unwrap();
    assert_eq!(never_asked, Err(Trouble::Unknown));
    let error = json("ErrorResponse.json", "1", None).unwrap();
    assert!(matches!(error, Err(Trouble::Unreadable(_))), "{error:?}");
    // A proof of delivery is another call's answer: it tells nothing of any number.
    let proof = json("ProofOfDeliveryResponse.json", "1", None).unwrap();
    assert_eq!(proof, Err(Trouble::Unknown));
}

fn xml(file: &str) -> Option<Result<Telling, Trouble>> {
    let body = payload(
        "active_shipping/fedex",
        &format!("tracking_response_{file}.xml"),
    )?;
    Some(translate::telling_of_xml(&body, None, &CODES))
}

#[test]
fn the_xml_of_the_service_before_reads_to_its_timelines() {
    all_known(
        "active_shipping/fedex",
        ".xml",
        &[
            "tracking_response_bad_tracking_number.xml",
            "tracking_response_delivered_at_door.xml",
            "tracking_response_delivered_at_facility.xml",
            "tracking_response_delivered_with_signature.xml",
            "tracking_response_empty_status_detail.xml",
            "tracking_response_failure_code_9045.xml",
            "tracking_response_failure_code_9080.xml",
            "tracking_response_in_transit.xml",
            "tracking_response_invalid_tracking_number.xml",
            "tracking_response_missing_status_code.xml",
            "tracking_response_multiple_results.xml",
            "tracking_response_not_found.xml",
            "tracking_response_shipment_exception.xml",
            "tracking_response_unable_to_process.xml",
            "tracking_response_with_blank_state.xml",
        ],
    );
    let Some(told) = xml("delivered_with_signature") else {
        return;
    };
    let told = told.unwrap();
    // The expectation has the same eleven and the same instant of delivery. The label is told after the pick-up.
    assert_eq!(
        lines(&told),
        [
            "2013-12-30T18:15:00Z picked_up #PU @ JEFFERSONVILLE, IN, US",
            "2013-12-30T18:24:00Z picked_up #OC @ US",
            "2013-12-30T20:54:00Z in_transit #AR @ JEFFERSONVILLE, IN, US",
            "2013-12-31T02:45:31Z in_transit #DP @ JEFFERSONVILLE, IN, US",
            "2013-12-31T05:41:40Z in_transit #IT @ NASHVILLE, TN, US",
            "2013-12-31T13:27:45Z in_transit #IT @ ELLENWOOD, GA, US",
            "2014-01-01T01:09:00Z in_transit #AR @ ORLANDO, FL, US",
            "2014-01-02T08:23:00Z at_depot #AR @ MIAMI, FL, US",
            "2014-01-02T08:26:00Z in_transit #AR @ MIAMI, FL, US",
            "2014-01-02T15:13:00Z out_for_delivery #OD @ MIAMI, FL, US",
            "2014-01-02T18:23:29Z delivered #DL @ Miami, FL, US",
        ]
    );
    assert_eq!(told.weight_g, Some(1_361));
    let told = xml("delivered_at_door").unwrap().unwrap();
    let shown = lines(&told);
    assert_eq!(shown.len(), 10);
    assert_eq!(
        [&shown[0], &shown[1], &shown[9]],
        [
            "2014-01-03T05:00:00Z (day) picked_up #PU @ CAMBRIDGE, OH, US",
            "2014-01-03T20:03:00Z picked_up #OC @ US",
            "2014-01-08T20:53:10Z delivered #DL @ Spokane, WA, US",
        ]
    );
    let told = xml("delivered_at_facility").unwrap().unwrap();
    // Three attempts, redirected, fetched at the counter: collected, and not delivered.
    assert_eq!(
        lines(&told)[3..],
        [
            "2013-12-31T23:26:00Z in_transit #AR @ SACRAMENTO, CA, US",
            "2014-01-02T14:37:00Z at_depot #AR @ SAN LEANDRO, CA, US",
            "2014-01-02T17:05:00Z out_for_delivery #OD @ SAN LEANDRO, CA, US",
            "2014-01-02T22:30:44Z attempt_failed !consignee_absent #DE @ SAN LEANDRO, CA, US",
            "2014-01-03T16:43:00Z out_for_delivery #OD @ SAN LEANDRO, CA, US",
            "2014-01-03T22:51:07Z attempt_failed !consignee_absent #DE @ SAN LEANDRO, CA, US",
            "2014-01-04T16:58:00Z out_for_delivery #OD @ SAN LEANDRO, CA, US",
            "2014-01-04T22:55:45Z attempt_failed !consignee_absent #DE @ SAN LEANDRO, CA, US",
            "2014-01-06T03:19:19Z attempt_failed #RR",
            "2014-01-07T16:08:00Z out_for_delivery #OD @ SAN LEANDRO, CA, US",
            "2014-01-07T19:22:33Z in_transit !carrier_rerouted #DE @ SAN LEANDRO, CA, US",
            "2014-01-08T12:08:00Z at_depot #AR @ SAN LEANDRO, CA, US",
            "2014-01-08T16:28:00Z out_for_delivery #OD @ SAN LEANDRO, CA, US",
            "2014-01-08T23:22:50Z at_depot #AF",
            "2014-01-08T23:23:00Z ready_for_pickup #HP @ BERKELEY, CA, US",
            "2014-01-09T02:03:00Z collected #DL @ Berkeley, CA, US",
        ]
    );
    let told = xml("in_transit").unwrap().unwrap();
    // Its words are "available for clearance": at customs, where the expectation has in transit.
    assert_eq!(
        lines(&told),
        ["2014-11-18T07:13:00Z customs #IT @ ALEXANDRIA, AU"]
    );
    let told = xml("with_blank_state").unwrap().unwrap();
    assert_eq!(
        lines(&told),
        ["2014-05-08T19:02:00Z delivered #DL @ SAITAMA, JP"]
    );
    let told = xml("shipment_exception").unwrap().unwrap();
    // The parcel is in transit and something is wrong: a reason, not a place.
    assert_eq!(
        lines(&told),
        [
            "2014-01-27T22:00:00Z announced #OC @ US",
            "2014-01-28T00:10:00Z picked_up #IP @ AUSTIN, TX, US",
            "2014-01-28T01:13:00Z picked_up #PU @ AUSTIN, TX, US",
            "2014-01-28T02:23:00Z in_transit #AR @ AUSTIN, TX, US",
            "2014-01-28T04:05:41Z in_transit #DP @ AUSTIN, TX, US",
            "2014-01-28T08:41:00Z in_transit #AR @ FORT WORTH, TX, US",
            "2014-01-28T16:23:34Z in_transit #DP @ FORT WORTH, TX, US",
            "2014-01-28T23:43:08Z in_transit !carrier_failure #SE @ FORT WORTH, TX, US",
        ]
    );
    for known_and_silent in ["empty_status_detail", "missing_status_code"] {
        let told = xml(known_and_silent).unwrap().unwrap();
        assert_eq!(
            (told.scans.len(), told.complete),
            (0, false),
            "{known_and_silent}"
        );
    }
    // Three shipments of one number, none with a scan: known, and nothing told. The expectation calls it an error.
    let told = xml("multiple_results").unwrap().unwrap();
    assert_eq!(told.scans.len(), 0);
    assert!(told.note.unwrap().contains("3 shipments"));
}

#[test]
fn the_troubles_of_the_service_before_are_told_apart() {
    let Some(none) = xml("not_found") else { return };
    assert_eq!(none, Err(Trouble::Unknown));
    for wrong in ["bad_tracking_number", "invalid_tracking_number"] {
        let told = xml(wrong).unwrap();
        assert!(
            matches!(told, Err(Trouble::Unreadable(_))),
            "{wrong}: {told:?}"
        );
    }
    for later in [
        "failure_code_9045",
        "failure_code_9080",
        "unable_to_process",
    ] {
        let told = xml(later).unwrap();
        assert!(
            matches!(told, Err(Trouble::Later { .. })),
            "{later}: {told:?}"
        );
    }
}

#[tokio::test]
async fn thirty_numbers_are_asked_in_one_call() {
    let server = Fake::start(|request| {
        if request.starts_with("POST /oauth/token") {
            return (200, r#"{"access_token":"t0ken","expires_in":3599}"#.to_owned());
        }
        let json = r#"{"output":{"completeTrackResults":[
            {"trackingNumber":"1","trackResults":[{"error":{"code":"TRACKING.TRACKINGNUMBER.NOTFOUND"}}]},
            {"trackingNumber":"2","trackResults":[{"scanEvents":[{"date":"2026-11-20T10:00:00+01:00","eventType":"OD","scanLocation":{"city":"Bari","countryCode":"IT"}}]}]}]}}"#;
        (200, json.to_owned())
    })
    .await;
    let desk = desk("fedex", &server.url, &["client_id", "client_secret"]);
    assert_eq!(desk.allowance().per_call, 30);
    let asks = [ask(Courier::Fedex, "1"), ask(Courier::Fedex, "2")];
    let Looked::Answered(found) = desk.look(&asks).await else {
        panic!("no answer");
    };
    assert_eq!(found[0], Found::Unknown);
    let Found::Told(told) = &found[1] else {
        panic!("{found:?}");
    };
    assert_eq!(
        lines(told),
        ["2026-11-20T09:00:00Z out_for_delivery #OD @ Bari, IT"]
    );
    assert_eq!(
        server.lines(),
        ["POST /oauth/token", "POST /track/v1/trackingnumbers"]
    );
    let asked = server.asked();
    assert!(
        asked[1].contains("authorization: Bearer t0ken"),
        "{}",
        asked[1]
    );
    assert!(asked[1].contains(r#""trackingNumber":"2""#), "{}", asked[1]);
}
