//! GLS Group's Track & Trace. No payload lies beside the repository: these are written after its description.

use super::{ask, desk, fake::Fake, lines};
use dopo_connect::couriers::gls_group::{CODES, translate};
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{Courier, ParcelState, Telling};
use dopo_engine::ports::{Found, Looked};

fn telling(json: &str) -> Result<Telling, Trouble> {
    translate::read(json.as_bytes())?.telling("12345678901", &CODES)
}

#[test]
fn a_parcel_shop_delivery_is_ready_for_pickup() {
    // By the event's own code.
    let told = telling(
        r#"{"parcels":[{"requested":"12345678901","unitno":"12345678901","status":"DELIVEREDPS",
            "statusDateTime":"2026-11-20T10:46:14+0100","events":[
            {"code":"DELIVD.PARCELSHOP","city":"Bari","country":"IT","description":"Delivered at the ParcelShop","eventDateTime":"2026-11-20T10:46:14+0100"},
            {"code":"INTIAL.PREADVICE","city":"Wien","country":"AT","description":"Data","eventDateTime":"2026-11-18T09:00:00+0100"}]}]}"#,
    )
    .unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-18T08:00:00Z announced #INTIAL.PREADVICE @ Wien, AT",
            "2026-11-20T09:46:14Z ready_for_pickup #DELIVD.PARCELSHOP @ Bari, IT",
        ]
    );
    assert_eq!(told.scans[1].checkpoint.zone.as_deref(), Some("+01:00"));
    assert!(told.complete && told.note.is_none());
    // By the parcel's status, where the event alone would be a delivery.
    let by_status = |status: &str, code: &str| {
        let told = telling(&format!(
            r#"{{"parcels":[{{"requested":"12345678901","status":"{status}","events":[
                {{"code":"{code}","description":"","eventDateTime":"2026-11-20T10:46:14+0100"}}]}}]}}"#
        ));
        told.unwrap().scans[0].checkpoint.state
    };
    assert_eq!(
        by_status("DELIVEREDPS", "DELIVD.NORMAL"),
        ParcelState::ReadyForPickup
    );
    assert_eq!(
        by_status("DELIVERED", "DELIVD.NORMAL"),
        ParcelState::Delivered
    );
    assert_eq!(by_status("FINAL", "DELIVD.NORMAL"), ParcelState::Unknown);
    // Without events, the status alone.
    let told = telling(
        r#"{"parcels":[{"requested":"12345678901","status":"DELIVEREDPS","statusDateTime":"2026-11-20T10:46:14+0100"}]}"#,
    )
    .unwrap();
    assert_eq!(
        lines(&told),
        ["2026-11-20T09:46:14Z ready_for_pickup #DELIVEREDPS"]
    );
}

#[test]
fn every_documented_status_has_its_state() {
    use ParcelState::{
        Announced, AtDepot, AttemptFailed, Cancelled, Delivered, InTransit, OutForDelivery,
        ReadyForPickup, Unknown,
    };
    for (status, state) in [
        ("PLANNEDPICKUP", Announced),
        ("INPICKUP", Announced),
        ("NOTPICKEDUP", Announced),
        ("PREADVICE", Announced),
        ("INTRANSIT", InTransit),
        ("INDELIVERY", OutForDelivery),
        ("DELIVEREDPS", ReadyForPickup),
        ("DELIVERED", Delivered),
        ("INWAREHOUSE", AtDepot),
        ("NOTDELIVERED", AttemptFailed),
        ("CANCELED", Cancelled),
        // Its history is closed: alone, that tells no place.
        ("FINAL", Unknown),
    ] {
        let told = telling(&format!(
            r#"{{"parcels":[{{"unitno":"12345678901","status":"{status}","statusDateTime":"2026-11-20T10:46:14+0100"}}]}}"#
        ))
        .unwrap();
        assert_eq!(told.scans[0].checkpoint.state, state, "{status}");
        assert_eq!(told.note, None, "{status}");
    }
}

#[tokio::test]
async fn one_token_serves_many_calls_and_each_number_gets_its_answer() {
    let server = Fake::start(|request| {
        if request.starts_with("POST /oauth2/v2/token") {
            return (200, r#"{"access_token":"t0ken","expires_in":14400}"#.to_owned());
        }
        let json = r#"{"parcels":[
            {"requested":"2","errorCode":"E_404_01","errorMessage":"none"},
            {"requested":"1","status":"INTRANSIT","statusDateTime":"2026-11-20T10:46:14+0100","events":[]}]}"#;
        (200, json.to_owned())
    })
    .await;
    let desk = desk("gls_group", &server.url, &["client_id", "client_secret"]);
    let asks = [ask(Courier::GlsGroup, "1"), ask(Courier::GlsGroup, "2")];
    for _ in 0..2 {
        let Looked::Answered(found) = desk.look(&asks).await else {
            panic!("no answer");
        };
        assert!(matches!(&found[0], Found::Told(told) if told.scans.len() == 1));
        assert_eq!(found[1], Found::Unknown);
    }
    let tracked = "GET /track-and-trace-v1/tracking/simple/trackids/1,2";
    assert_eq!(server.lines(), ["POST /oauth2/v2/token", tracked, tracked]);
    let asked = server.asked();
    assert!(
        asked[1].contains("authorization: Bearer t0ken"),
        "{}",
        asked[1]
    );
}
