//! DPD.

use super::{all_known, lines, payload};
use dopo_connect::couriers::dpd::translate;
use dopo_connect::couriers::http::Trouble;

const FOLDER: &str = "karrio/dpd";

#[test]
fn a_parcel_brought_to_a_shop_and_fetched_back_after_a_failed_attempt() {
    all_known(
        FOLDER,
        ".xml",
        &["TrackingResponse.xml", "ErrorResponse.xml"],
    );
    let Some(body) = payload(FOLDER, "TrackingResponse.xml") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it loses the afternoon (4:41 PM becomes 04:41 AM) and so the order, and ends with
    // out_for_delivery; a failed attempt is none to it. A parcel in a shop is ready there and not delivered.
    assert_eq!(
        lines(&told),
        [
            "2021-08-17T17:11:26Z in_transit #BetweenDepots @ Puurs (BE)",
            "2021-08-17T17:48:00Z in_transit #BetweenDepots @ Puurs (BE)",
            "2021-08-18T02:09:55Z at_depot #Depot @ Mechelen (BE)",
            "2021-08-18T05:34:34Z out_for_delivery #Courier @ Mechelen (BE)",
            "2021-08-18T08:14:00Z out_for_delivery #Courier @ Aschaffenburg (DE)",
            "2021-08-18T12:43:31Z attempt_failed #DeliveryFailure @ Mechelen (BE)",
            "2021-08-18T12:43:31Z attempt_failed #DeliveryFailure @ Aschaffenburg (DE)",
            "2021-08-18T14:09:35Z ready_for_pickup #ParcelShop @ Mechelen (BE)",
            "2021-08-18T14:15:56Z ready_for_pickup #ParcelShop @ Mechelen (BE)",
            "2021-08-18T14:16:57Z ready_for_pickup #ParcelShop @ Mechelen (BE)",
            "2021-08-18T14:41:00Z ready_for_pickup #ParcelShop @ Mechelen (BE)",
            "2021-08-19T08:30:00Z out_for_delivery #Courier @ Mechelen (BE)",
            "2021-08-19T09:32:51Z out_for_delivery #Courier @ Mechelen (BE)",
            "2021-08-19T13:57:33Z picked_up #PickedUp @ Mechelen (BE)",
            "2021-08-19T15:11:26Z at_depot #ReturningFromDelivery @ Mechelen (BE)",
        ]
    );
    assert_eq!(told.note, None);
}

#[test]
fn a_wrong_password_refuses_the_account() {
    let Some(body) = payload(FOLDER, "ErrorResponse.xml") else {
        return;
    };
    assert!(matches!(translate(&body), Err(Trouble::Refused(_))));
    let other = b"<Envelope><Body><Fault><faultstring>x</faultstring></Fault></Body></Envelope>";
    assert!(matches!(translate(other), Err(Trouble::Later { .. })));
}
