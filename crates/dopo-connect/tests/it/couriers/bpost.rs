//! bpost.

use super::{all_known, lines, payload};
use dopo_connect::couriers::bpost::translate;
use dopo_connect::couriers::http::Trouble;

const FOLDER: &str = "karrio/bpost";

#[test]
fn the_last_scan_says_that_it_was_delivered() {
    all_known(
        FOLDER,
        ".xml",
        &["TrackingResponse.xml", "ErrorResponse.xml"],
    );
    let Some(body) = payload(FOLDER, "TrackingResponse.xml") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it ends with in_transit and `delivered: false`: it does not know U01, whose own words are
    // DistributedNormally. And it writes 23:19 PM.
    assert_eq!(
        lines(&told),
        [
            "2012-11-22T22:19:29Z in_transit #T00",
            "2012-11-23T06:11:18.923Z out_for_delivery #L00",
            "2012-11-23T08:31:07.427Z delivered #U01",
        ]
    );
    // The time beside it is that of the delivery and no estimate.
    assert_eq!(told.expected, None);
    assert_eq!(told.weight_g, Some(380));
    let point = told.pickup_point.unwrap();
    assert_eq!(point.name.as_deref(), Some("LIBRAIRIE PROVA"));
    assert_eq!(
        point.street.as_deref(),
        Some("RUE DE LA PROVA / PROVASTRAAT 66")
    );
    assert_eq!(point.city.as_deref(), Some("IXELLES / ELSENE"));
    // The people in the answer are not in the telling.
    assert!(!format!("{:?}", told.scans).contains("PARCELSPROVA"));
}

#[test]
fn an_error_of_the_couriers_own_passes() {
    let Some(body) = payload(FOLDER, "ErrorResponse.xml") else {
        return;
    };
    assert!(matches!(translate(&body), Err(Trouble::Later { .. })));
    assert!(matches!(translate(b"<a/>"), Err(Trouble::Unreadable(_))));
}
