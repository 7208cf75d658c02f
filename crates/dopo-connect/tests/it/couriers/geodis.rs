//! GEODIS.

use super::{all_known, lines, payload};
use dopo_connect::couriers::geodis::translate;
use dopo_connect::couriers::http::Trouble;

const FOLDER: &str = "karrio/geodis";

#[test]
fn a_parcel_left_at_the_branch_is_held_and_not_delivered() {
    all_known(
        FOLDER,
        ".json",
        &["TrackingResponse.json", "ErrorResponse.json"],
    );
    let Some(body) = payload(FOLDER, "TrackingResponse.json") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it calls this delivered, because of SOL. No scan says LIV: RST/SOU leaves the parcel at the
    // branch (en souffrance), and SOL/REO closes that position without naming a delivery. It is kept raw, and the parcel
    // stays where it was.
    assert_eq!(
        lines(&told),
        [
            "2020-01-17T13:16:16Z announced #COM/CFM @ Rochefort (FR)",
            "2020-01-17T13:16:54Z picked_up #PCH/CFM @ Rochefort (FR)",
            "2020-01-17T13:18:35Z in_transit #EXP/CFM @ Rochefort (FR)",
            // The branch that receives confirms the order too: that does not bring it back to the shop.
            "2020-01-17T13:21:12Z in_transit #COM/CFM @ 020037",
            "2020-01-17T13:22:17Z at_depot #AAR/CFM @ 020037",
            "2020-01-17T13:23:02Z held_at_depot !consignee_instructions_needed #RST/SOU @ 020037",
            "2020-01-17T13:23:22Z held_at_depot #SOL/REO @ 020037",
        ]
    );
    assert_eq!(
        told.note.as_deref(),
        Some("1 scan has a code that is not known yet")
    );
    assert_eq!(told.weight_g, Some(1_000));
    let window = told.expected.unwrap();
    assert_eq!(window.from.to_string(), "2020-01-19T23:00:00Z");
    assert_eq!(window.until.to_string(), "2020-01-20T22:59:59Z");
}

#[test]
fn an_error_is_no_telling() {
    let Some(body) = payload(FOLDER, "ErrorResponse.json") else {
        return;
    };
    assert!(matches!(translate(&body), Err(Trouble::Unreadable(_))));
    assert_eq!(
        translate(br#"{"ok":true,"contenu":null}"#),
        Err(Trouble::Unknown)
    );
}
