//! Chronopost.

use super::{all_known, lines, payload};
use dopo_connect::couriers::chronopost::translate;
use dopo_connect::couriers::http::Trouble;

const FOLDER: &str = "karrio/chronopost";

#[test]
fn nine_scans_from_the_label_to_the_door() {
    all_known(
        FOLDER,
        ".xml",
        &["TrackingResponse.xml", "ErrorResponse.xml"],
    );
    let Some(body) = payload(FOLDER, "TrackingResponse.xml") else {
        return;
    };
    let told = translate(&body).unwrap();
    // As the expectation beside it, but with the zone that it drops.
    assert_eq!(
        lines(&told),
        [
            "2022-06-19T11:47:53Z announced #DC @ Web Services",
            "2022-06-20T14:54:13Z picked_up #DB @ AMBOISE",
            "2022-06-20T14:57:00Z picked_up #DY @ AMBOISE",
            "2022-06-21T17:16:06Z in_transit #SC @ TOURS CHRONOPOST",
            "2022-06-21T21:36:06Z in_transit #TS @ HUB CHILLY MAZARIN CHRONOPOST",
            "2022-06-22T00:43:25Z in_transit #TS @ ARRAS CHRONOPOST",
            "2022-06-22T00:44:00Z at_depot #SD @ ARRAS CHRONOPOST",
            "2022-06-22T05:12:05Z out_for_delivery #TA @ ARRAS CHRONOPOST",
            "2022-06-22T06:30:00Z delivered #D @ ARRAS CHRONOPOST",
        ]
    );
    // Who took it stands in the answer and not in the telling.
    assert!(!format!("{told:?}").contains("CLIENTEX"));
}

#[test]
fn an_error_of_the_couriers_own_passes() {
    let Some(body) = payload(FOLDER, "ErrorResponse.xml") else {
        return;
    };
    assert!(matches!(translate(&body), Err(Trouble::Later { .. })));
    let empty = b"<a><return><errorCode>0</errorCode></return></a>";
    assert_eq!(translate(empty), Err(Trouble::Unknown));
}
