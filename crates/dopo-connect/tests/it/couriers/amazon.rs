//! Amazon Shipping.

use super::{all_known, lines, payload};
use dopo_connect::couriers::amazon::translate;
use dopo_connect::couriers::http::Trouble;

const FOLDER: &str = "karrio/amazon_shipping";

#[test]
fn a_delivery_keeps_its_second_and_the_promise_is_a_day() {
    all_known(
        FOLDER,
        ".json",
        &["TrackingResponseJSON.json", "ErrorResponseJSON.json"],
    );
    let Some(body) = payload(FOLDER, "TrackingResponseJSON.json") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it writes 06:45 and forgets that the time is UTC; we keep both.
    assert_eq!(
        lines(&told),
        ["2019-04-04T06:45:12Z delivered #Delivered @ San Bernardino, CA, 92404, US"]
    );
    assert_eq!(told.scans[0].checkpoint.zone.as_deref(), Some("+00:00"));
    let window = told.expected.unwrap();
    assert!(window.days);
    assert_eq!(window.from.to_string(), "2019-04-03T22:00:00Z");
    assert_eq!(window.until.to_string(), "2019-04-04T21:59:59Z");
    assert!(told.complete);
}

#[test]
fn an_error_is_no_telling_and_its_code_says_what_to_do() {
    if let Some(body) = payload(FOLDER, "ErrorResponseJSON.json") {
        // Words of filler: an error that nobody documents. Nothing of it is repeated.
        let Err(Trouble::Unreadable(why)) = translate(&body) else {
            panic!("an error");
        };
        assert!(!why.contains("officia"));
    }
    let one = |code: &str| translate(format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#).as_bytes());
    assert_eq!(one("NotFound"), Err(Trouble::Unknown));
    assert!(matches!(one("Unauthorized"), Err(Trouble::Refused(_))));
    assert!(matches!(one("QuotaExceeded"), Err(Trouble::Later { .. })));
    assert!(matches!(translate(b"<html>"), Err(Trouble::Unreadable(_))));
}
