//! 17TRACK.

use super::fake::Fake;
use super::lines;
use crate::shared::{contracts, setting};
use dopo_connect::couriers::VendorDesks;
use dopo_connect::couriers::track17::translate;
use dopo_core::event::Event;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Ask, Couriers, Found, Looked};
use serde_json::{Value, json};

#[test]
fn the_sample_tells_its_newest_event_and_no_whole_way() {
    let Some(folder) = contracts("17track") else {
        return;
    };
    let body = std::fs::read(folder.join("webhook.v2.tracking_updated.json")).unwrap();
    let told = translate(&body, &setting());
    let [(_, Event::ParcelTracked { parcel, telling })] = told.events.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(parcel.number.as_deref(), Some("RR123456789CN"));
    assert_eq!(parcel.carrier.as_deref(), Some("China Post"));
    assert_eq!(
        lines(telling),
        ["2026-11-20T09:42:00Z delivered #Delivered_Other @ MILANO"]
    );
    assert_eq!(telling.scans[0].checkpoint.zone.as_deref(), Some("+01:00"));
    assert!(!telling.complete);
}

fn tracked(events: Value) -> Value {
    json!({ "number": "X1", "carrier": 100_027, "track_info": {
        "latest_status": { "status": "Exception", "sub_status": "Exception_Other" },
        "time_metrics": { "estimated_delivery_date": { "source": "Official", "from": "2026-11-23T00:00:00+01:00", "to": "2026-11-24T00:00:00+01:00" } },
        "tracking": { "providers": [{ "provider": { "name": "BRT" }, "events": events }] },
    }})
}

fn event(time: &str, stage: Option<&str>, sub: Option<&str>, text: &str) -> Value {
    json!({ "time_iso": time, "time_utc": null, "description": text, "location": "", "stage": stage, "sub_status": sub })
}

#[test]
fn events_without_a_state_are_read_by_their_words() {
    let events = json!([
        event(
            "2026-11-22T09:00:00+01:00",
            None,
            None,
            "SPEDIZIONE IN GIACENZA"
        ),
        event("2026-11-21T19:00:00+01:00", None, None, "NON CONSEGNATA"),
        event(
            "2026-11-21T09:00:00+01:00",
            Some("OutForDelivery"),
            Some("OutForDelivery_Other"),
            "IN CONSEGNA"
        ),
        event(
            "2026-11-20T09:00:00+01:00",
            Some("InTransit"),
            Some("InTransit_CustomsRequiringInformation"),
            "Dogana"
        ),
    ]);
    let body = json!({ "event": "TRACKING_UPDATED", "data": tracked(events) });
    let told = translate(body.to_string().as_bytes(), &setting());
    let Event::ParcelTracked { telling, parcel } = &told.events[0].1 else {
        panic!("{told:?}");
    };
    assert_eq!(parcel.carrier.as_deref(), Some("BRT"));
    assert_eq!(
        lines(telling),
        [
            "2026-11-20T08:00:00Z customs !customs_documents #InTransit_CustomsRequiringInformation",
            "2026-11-21T08:00:00Z out_for_delivery #OutForDelivery_Other",
            "2026-11-21T18:00:00Z attempt_failed",
            // The state of the whole parcel is that of its newest event; the words make it a hold.
            "2026-11-22T08:00:00Z held_at_depot #Exception_Other",
        ]
    );
    assert!(telling.complete);
    assert_eq!(
        telling.expected.unwrap().until.to_string(),
        "2026-11-23T23:00:00Z"
    );
    for (body, failed) in [
        (r#"{"event":"TRACKING_STOPPED","data":{}}"#, false),
        (
            r#"{"event":"TRACKING_UPDATED","data":{"number":"1","track_info":null}}"#,
            false,
        ),
        (r#"{"event":"TRACKING_UPDATED"}"#, true),
    ] {
        let told = translate(body.as_bytes(), &setting());
        assert_eq!((told.events.len(), told.failed), (0, failed), "{body}");
    }
}

#[tokio::test]
async fn numbers_go_by_forty_and_what_is_not_registered_is() {
    let known = tracked(json!([event(
        "2026-11-22T09:00:00+01:00",
        Some("Delivered"),
        None,
        "Consegnata"
    )]));
    let fake = Fake::start(move |request| {
        let rejected = |number: &str, code: i64| json!({ "number": number, "error": { "code": code, "message": "m" } });
        let data = if request.contains("/gettrackinfo") {
            json!({ "accepted": [known.clone()], "rejected": [rejected("NEW", -18_019_902), rejected("BAD", -18_010_012)] })
        } else {
            json!({ "accepted": [{ "number": "NEW" }], "rejected": [] })
        };
        (200, json!({ "code": 0, "data": data }).to_string())
    })
    .await;
    let fields = [("api_key", "k17"), ("base_url", &fake.url)];
    let fields = fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let desk = VendorDesks::new(true).open("17track", &fields).unwrap();
    assert_eq!(desk.allowance().per_call, 40);
    let asks = ["NEW", "X1", "BAD"].map(|number| Ask {
        courier: Courier::Paack,
        number: number.to_owned(),
        shipped_on: None,
        postal_code: None,
        country: None,
    });
    let Looked::Answered(found) = desk.look(&asks).await else {
        panic!("an answer");
    };
    assert_eq!(found[0], Found::Unknown);
    assert!(matches!(&found[1], Found::Told(told) if told.complete));
    assert!(matches!(&found[2], Found::Unreadable(_)));
    assert_eq!(fake.lines(), ["POST /gettrackinfo", "POST /register"]);
    assert!(fake.asked()[1].ends_with(r#"[{"number":"NEW"}]"#));
    assert!(fake.asked()[0].to_lowercase().contains("17token: k17"));
}

#[tokio::test]
async fn a_wrong_key_and_an_empty_purse_are_said() {
    for (code, refused) in [(-18_010_002_i64, true), (-18_019_908, false)] {
        let body =
            json!({ "code": code, "data": { "errors": [{ "code": code, "message": "m" }] } });
        let fake = Fake::start(move |_| (200, body.to_string())).await;
        let fields = [("api_key", "k17"), ("base_url", &fake.url)];
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let desk = VendorDesks::new(true).open("17track", &fields).unwrap();
        let ask = Ask {
            courier: Courier::Paack,
            number: "1".to_owned(),
            shipped_on: None,
            postal_code: None,
            country: None,
        };
        let looked = desk.look(&[ask]).await;
        assert_eq!(matches!(looked, Looked::Refused(_)), refused, "{looked:?}");
        assert_eq!(
            matches!(looked, Looked::Later { .. }),
            !refused,
            "{looked:?}"
        );
    }
}
