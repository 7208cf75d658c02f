//! UPS: the Track API, Track Alert, and the XML of the service before.

use super::{all_known, ask, desk, fake::Fake, lines, payload};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::ups::{CODES, push, translate};
use dopo_connect::signature::Secrets;
use dopo_core::event::Event;
use dopo_core::parcel::{Courier, Telling, Window};
use dopo_engine::ports::{Found, Looked};
use serde_json::json;

fn window(window: Option<Window>) -> Option<(String, String, bool)> {
    window.map(|w| (w.from.to_string(), w.until.to_string(), w.days))
}

fn package(package: serde_json::Value) -> Telling {
    let body = json!({"trackResponse": {"shipment": [{"package": [package]}]}}).to_string();
    translate::telling(body.as_bytes(), "1Z", &CODES).unwrap()
}

#[test]
fn the_documented_sample_is_read_by_its_activity() {
    all_known(
        "karrio/ups",
        ".json",
        &[
            "AuthError.json",
            "InvalidTrackingNumberResponseJSON.json",
            "TrackingNumberNotFoundResponseJSON.json",
            "TrackingResponseJSON.json",
        ],
    );
    let Some(body) = payload("karrio/ups", "TrackingResponseJSON.json") else {
        return;
    };
    let told = translate::telling(&body, "1Z023E2X0214323462", &CODES).unwrap();
    // The expectation beside it says on_hold, for the type X. The code SR and its words say that customs let it go; the
    // status number 003 and the words \"Delivered\" beside it are the sample's own contradictions.
    assert_eq!(
        lines(&told),
        ["2021-02-10T06:13:56Z in_transit #SR @ Wayne, NJ, US"]
    );
    // Its weight, dates and times are the word \"string\"; the cash on delivery is told.
    assert_eq!((told.weight_g, told.expected), (None, None));
    let cash = told.cash_on_delivery.unwrap();
    assert_eq!(
        (cash.to_decimal(), told.complete),
        ("243.50".to_owned(), true)
    );
}

#[test]
fn upss_errors_say_whether_the_number_or_the_account_is_meant() {
    let read = |file| {
        let body = payload("karrio/ups", file)?;
        Some(translate::telling(&body, "1Z", &CODES))
    };
    let Some(account) = read("AuthError.json") else {
        return;
    };
    assert!(matches!(account, Err(Trouble::Refused(_))), "{account:?}");
    let none = read("TrackingNumberNotFoundResponseJSON.json").unwrap();
    assert_eq!(none, Err(Trouble::Unknown));
    let wrong = read("InvalidTrackingNumberResponseJSON.json").unwrap();
    assert!(matches!(wrong, Err(Trouble::Unreadable(_))), "{wrong:?}");
}

#[test]
fn a_delivery_window_is_told_in_hours_and_a_rescheduled_day_goes_before_the_first() {
    let told = |time: serde_json::Value| {
        package(json!({
            "trackingNumber": "1Z",
            "packageAddress": [{"type": "DESTINATION", "address": {"countryCode": "IT"}}],
            "deliveryDate": [{"type": "SDD", "date": "20261120"}, {"type": "RDD", "date": "20261123"}],
            "deliveryTime": time,
            "weight": {"unitOfMeasurement": "KGS", "weight": "2.50"},
            "activity": [{
                "date": "20261123", "time": "060000",
                "gmtDate": "20261123", "gmtTime": "50000", "gmtOffset": "+01:00",
                "location": {"address": {"city": "MILANO", "countryCode": "IT"}},
                "status": {"type": "I", "code": "ZZ", "statusCode": "021", "description": "In consegna oggi"},
            }],
        }))
    };
    let edw = told(json!({"type": "EDW", "startTime": "101500", "endTime": "121500"}));
    assert_eq!(
        lines(&edw),
        ["2026-11-23T05:00:00Z out_for_delivery #ZZ @ MILANO, IT"]
    );
    assert_eq!(
        window(edw.expected),
        Some((
            "2026-11-23T09:15:00Z".into(),
            "2026-11-23T11:15:00Z".into(),
            false
        ))
    );
    assert_eq!((edw.weight_g, edw.note), (Some(2_500), None));
    let committed = told(json!({"type": "CMT", "endTime": "120000"}));
    assert_eq!(
        window(committed.expected),
        Some((
            "2026-11-22T23:00:00Z".into(),
            "2026-11-23T11:00:00Z".into(),
            false
        ))
    );
    let day = told(json!({"type": "EOD"}));
    assert_eq!(
        window(day.expected),
        Some((
            "2026-11-22T23:00:00Z".into(),
            "2026-11-23T22:59:59Z".into(),
            true
        ))
    );
}

#[test]
fn an_access_point_keeps_it_until_a_day() {
    let told = package(json!({
        "trackingNumber": "1Z",
        "packageAddress": [{"type": "DESTINATION", "address": {"countryCode": "IT"}}],
        "accessPointInformation": {"pickupByDate": "20261130"},
        "activity": [{
            "date": "20261123", "time": "101500",
            "location": {"address": {"city": "Torino", "countryCode": "IT"}},
            "status": {"type": "D", "code": "2W", "description": "Delivered to UPS Access Point"},
        }],
    }));
    assert_eq!(
        lines(&told),
        ["2026-11-23T09:15:00Z ready_for_pickup #2W @ Torino, IT"]
    );
    let deadline = told.scans[0].checkpoint.act_deadline.unwrap();
    assert_eq!(deadline.to_string(), "2026-11-30T22:59:59Z");
    let until = told.pickup_point.unwrap().until.unwrap();
    assert_eq!(until.to_string(), "2026-11-30");
}

#[test]
fn the_xml_of_the_service_before_reads_to_the_same_timelines() {
    all_known(
        "active_shipping/ups",
        ".xml",
        &[
            "delivered_shipment_with_refund.xml",
            "delivered_shipment_without_events_tracking_response.xml",
            "example_tracking_response.xml",
            "in_transit_shipment.xml",
            "no_status_node_success.xml",
            "out_for_delivery_shipment.xml",
            "rescheduled_shipment.xml",
            "shipment_from_tiger_direct.xml",
        ],
    );
    let read = |file| {
        let body = payload("active_shipping/ups", file)?;
        Some(translate::telling_of_xml(&body, &CODES).unwrap())
    };
    let Some(told) = read("delivered_shipment_with_refund.xml") else {
        return;
    };
    // A refund after the delivery changes nothing. Times in the United States have no single zone here and are read on
    // Italy's clock: their order is right, and so is the distance between two of one place.
    assert_eq!(
        lines(&told),
        [
            "2013-12-03T15:54:11Z announced #MP @ US",
            "2013-12-03T19:06:00Z in_transit #OR @ WINONA, MN, US",
            "2013-12-03T19:43:00Z in_transit #DP @ WINONA, MN, US",
            "2013-12-03T21:58:00Z in_transit #AR @ EAGAN, MN, US",
            "2013-12-04T04:54:00Z in_transit #DP @ EAGAN, MN, US",
            "2013-12-05T05:16:00Z in_transit #AR @ GREENSBORO, NC, US",
            "2013-12-05T20:30:00Z in_transit !carrier_delayed #2Y @ GREENSBORO, NC, US",
            "2013-12-06T09:12:00Z at_depot #DS @ GREENSBORO, NC, US",
            "2013-12-09T05:00:00Z at_depot #DS @ GREENSBORO, NC, US",
            "2013-12-09T15:17:00Z delivered #KB @ ASHEBORO, NC, US",
            "2013-12-12T03:38:00Z delivered #DM @ WINONA, MN, US",
        ]
    );
    assert_eq!((told.weight_g, told.expected), (Some(7_212), None));
    assert!(told.note.unwrap().contains("several zones"));
    let told = read("delivered_shipment_without_events_tracking_response.xml").unwrap();
    // Called \"without events\" by its authors, who leave out the only one; it is a delivery.
    assert_eq!(
        lines(&told),
        ["2011-06-17T11:45:00Z delivered #FS @ CYPRESS, TX, US"]
    );
    let told = read("example_tracking_response.xml").unwrap();
    assert_eq!(
        (told.scans.len(), told.note.as_deref()),
        (0, Some("1 scan could not be read"))
    );
    let told = read("in_transit_shipment.xml").unwrap();
    assert_eq!(
        lines(&told),
        [
            "2011-08-22T15:23:03Z announced #MP @ US",
            "2011-08-22T17:01:00Z in_transit #OR @ CINCINNATI, OH, US",
            "2011-08-22T22:32:00Z in_transit #DP @ CINCINNATI, OH, US",
            "2011-08-22T22:57:00Z in_transit #AR @ SHARONVILLE, OH, US",
            "2011-08-23T02:15:00Z in_transit #DP @ SHARONVILLE, OH, US",
            "2011-08-23T04:38:00Z in_transit #AR @ LOUISVILLE, KY, US",
        ]
    );
    assert_eq!(
        window(told.expected),
        Some((
            "2011-08-23T22:00:00Z".into(),
            "2011-08-24T21:59:59Z".into(),
            true
        ))
    );
    let told = read("no_status_node_success.xml").unwrap();
    assert_eq!(
        (told.scans.len(), told.complete, told.expected),
        (0, false, None)
    );
    let told = read("out_for_delivery_shipment.xml").unwrap();
    // DS is a scan at the destination, and here the words say out for delivery.
    assert_eq!(
        lines(&told).last().unwrap(),
        "2012-05-10T02:34:00Z out_for_delivery #DS @ STAFFORD, TX, US"
    );
    // The day it was put off to, and not the one before (a day earlier in truth).
    assert_eq!(window(told.expected).unwrap().0, "2012-05-09T22:00:00Z");
    let told = read("rescheduled_shipment.xml").unwrap();
    assert_eq!(
        lines(&told),
        [
            "2015-01-21T09:23:16Z announced #MP @ US",
            "2015-01-21T23:02:00Z in_transit #DP @ ATLANTA, GA, US",
            "2015-01-28T02:16:00Z in_transit #AR @ KENNEWICK, WA, US",
            "2015-01-28T03:44:00Z out_for_delivery #DS @ KENNEWICK, WA, US",
            "2015-01-28T11:46:00Z attempt_failed !consignee_absent #48 @ KENNEWICK, WA, US",
            "2015-01-29T04:35:00Z at_depot #DS @ KENNEWICK, WA, US",
            "2015-01-29T05:00:00Z out_for_delivery #OF @ KENNEWICK, WA, US",
        ]
    );
    assert_eq!(
        window(told.expected),
        Some((
            "2015-01-28T23:00:00Z".into(),
            "2015-01-29T22:59:59Z".into(),
            true
        ))
    );
    let told = read("shipment_from_tiger_direct.xml").unwrap();
    // The expectation counts the same eight, and keeps the signature; its delivery at 11:19 is called UTC, which a local
    // time in Ottawa is not: ours is on the other wrong clock, and says by its zone which.
    assert_eq!(
        lines(&told),
        [
            "2008-06-20T16:01:37Z announced #MP @ US",
            "2008-06-23T17:04:00Z in_transit #IP @ WINDSOR, ON, CA",
            "2008-06-23T17:07:00Z in_transit #LC @ WINDSOR, ON, CA",
            "2008-06-24T01:22:00Z in_transit #LC @ CONCORD, ON, CA",
            "2008-06-24T17:49:00Z in_transit #DP @ CONCORD, ON, CA",
            "2008-06-25T01:00:00Z in_transit #AR @ OTTAWA, ON, CA",
            "2008-06-25T02:12:00Z out_for_delivery #DS @ OTTAWA, ON, CA",
            "2008-06-25T09:19:00Z delivered #KB @ OTTAWA, CA",
        ]
    );
}

#[test]
fn an_alert_is_taken_with_our_credential_and_told_with_its_gmt() {
    let secrets = Secrets {
        current: Some("chiave-nuova"),
        previous: Some("chiave-vecchia"),
    };
    assert!(push::is_ours("chiave-nuova", secrets));
    assert!(push::is_ours("chiave-vecchia", secrets));
    for wrong in ["", "chiave", "chiave-nuovA", "chiave-nuova-e-altro"] {
        assert!(!push::is_ours(wrong, secrets), "{wrong}");
    }
    assert!(!push::is_ours("", Secrets::default()));
    let body = json!({
        "trackingNumber": "1Z1234567891234556",
        "localActivityDate": "20261123", "localActivityTime": "101500",
        "gmtActivityDate": "20261123", "gmtActivityTime": "091500", "gmtOffset": "+01.00",
        "activityLocation": {"city": "Torino", "stateProvince": "TO", "country": "IT"},
        "activityStatus": {"type": "X", "code": "48", "description": "The receiver was not available for delivery."},
        "scheduledDeliveryDate": "20261124", "deliveryStartTime": "100000", "deliveryEndTime": "120000",
        "receivedBy": "ROSSI",
    });
    let translation = push::translate(body.to_string().as_bytes(), &crate::shared::setting());
    let [(at, Event::ParcelTracked { parcel, telling })] = &translation.events[..] else {
        panic!("{translation:?}");
    };
    assert_eq!(at.to_string(), "2026-11-23T09:15:00Z");
    assert_eq!(parcel.number.as_deref(), Some("1Z1234567891234556"));
    assert_eq!(parcel.carrier.as_deref(), Some("UPS"));
    assert_eq!(
        lines(telling),
        ["2026-11-23T09:15:00Z attempt_failed !consignee_absent #48 @ Torino, TO, IT"]
    );
    assert!(!telling.complete);
    assert_eq!(
        window(telling.expected),
        Some((
            "2026-11-24T09:00:00Z".into(),
            "2026-11-24T11:00:00Z".into(),
            false
        ))
    );
    for bad in ["{}", "no", r#"{"trackingNumber":"1Z","activityStatus":{}}"#] {
        assert!(
            push::translate(bad.as_bytes(), &crate::shared::setting()).failed,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_token_is_asked_with_basic_and_a_stale_one_is_asked_again_later() {
    let server = Fake::start(|request| match request {
        r if r.starts_with("POST /security/v1/oauth/token") => (
            200,
            r#"{"access_token":"t0ken","expires_in":"14399"}"#.to_owned(),
        ),
        r if r.contains("/1Z404?") => (
            404,
            r#"{"response":{"errors":[{"code":"TW0001","message":"none"}]}}"#.to_owned(),
        ),
        r if r.contains("/1Z401?") => (401, "{}".to_owned()),
        r if r.contains("/1Z503?") => (503, "<html>down</html>".to_owned()),
        _ => (200, "<!DOCTYPE html><p>Maintenance</p>".to_owned()),
    })
    .await;
    let desk = desk("ups", &server.url, &["client_id", "client_secret"]);
    let look = async |number: &str| desk.look(&[ask(Courier::Ups, number)]).await;
    assert_eq!(look("1Z404").await, Looked::Answered(vec![Found::Unknown]));
    for number in ["1Z401", "1Z503", "1Z200"] {
        let later = look(number).await;
        assert!(matches!(later, Looked::Later { .. }), "{number}: {later:?}");
    }
    let asked = server.asked();
    // client:client and secret, as Basic wants them.
    assert!(asked[0].contains("authorization: Basic"), "{}", asked[0]);
    assert!(asked[1].contains("transid: dopo-"), "{}", asked[1]);
    assert!(asked[1].contains("transactionsrc: dopo"), "{}", asked[1]);
    // The second token replaces the one that was not accepted.
    let tokens = server.lines();
    let tokens = tokens
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(tokens, 2);
}
