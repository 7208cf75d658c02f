//! La Poste and Colissimo, which tell the same.

use super::{all_known, lines, payload};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::{colissimo, laposte};

const FOLDERS: [&str; 2] = ["karrio/laposte", "karrio/colissimo"];

#[test]
fn the_newest_comes_first_and_is_told_last() {
    for folder in FOLDERS {
        all_known(
            folder,
            ".json",
            &["TrackingResponse.json", "ErrorResponse.json"],
        );
        let Some(body) = payload(folder, "TrackingResponse.json") else {
            return;
        };
        let told = laposte::translate(&body).unwrap();
        // The expectation beside it keeps the order of the answer, newest first, and drops the zone. MD2 is documented as
        // out for delivery; here its own words say that the parcel is still being prepared, and those are followed.
        assert_eq!(
            lines(&told),
            [
                "2023-02-17T13:41:00Z announced #DR1",
                "2023-02-17T13:43:00Z picked_up #PC1",
                "2023-02-17T22:13:12Z in_transit #ET1",
                "2023-02-18T06:34:12Z in_transit #ET1",
                "2023-02-18T11:27:00Z in_transit #ET2",
                "2023-02-22T15:23:00Z in_transit #ET3",
                "2023-03-08T15:25:00Z in_transit #ET1",
                "2023-03-09T08:01:00Z at_depot #MD2",
                "2023-03-09T08:38:00Z delivered #DI1",
            ]
        );
        assert!(told.complete && told.expected.unwrap().days);
        assert_eq!(colissimo::translate(&body).unwrap(), told);
    }
}

#[test]
fn a_number_that_cannot_be_is_unknown() {
    for folder in FOLDERS {
        let Some(body) = payload(folder, "ErrorResponse.json") else {
            return;
        };
        assert_eq!(laposte::translate(&body), Err(Trouble::Unknown));
    }
    let one = |code: u16| laposte::translate(format!(r#"{{"returnCode":{code}}}"#).as_bytes());
    assert!(matches!(one(401), Err(Trouble::Refused(_))));
    assert!(matches!(one(504), Err(Trouble::Later { .. })));
    assert!(matches!(one(412), Err(Trouble::Unreadable(_))));
}
