//! Words to the shop's platform about its parcels: stored with the parcel's change, carried once, seen where they fail.

use crate::desk_seat::Seat;
use crate::support::House;
use axum::http::StatusCode;
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Checkpoint, ParcelState, ScanSource, Telling};
use dopo_engine::ports::Written;
use dopo_engine::worker::settle;
use dopo_testkit::build;
use dopo_testkit::couriers::PlayedCouriers;
use serde_json::{Value, json};
use std::sync::Arc;

/// A house whose platform is told of parcels.
async fn told_house() -> (House, PlayedCouriers) {
    let house = House::new().await;
    let couriers = PlayedCouriers::default();
    let engine = &house.engine;
    engine
        .use_couriers(Arc::new(couriers.clone()))
        .await
        .expect("couriers");
    let fields = [("password".to_owned(), "segretissima".to_owned())];
    engine
        .add_courier_account(house.shop, "played_platform", fields.into_iter().collect())
        .await
        .expect("an account");
    house.order("1001").await;
    (house, couriers)
}

async fn scan(house: &House, at_s: i64, state: ParcelState, source: ScanSource) {
    let scan = Checkpoint {
        source,
        ..Checkpoint::new(build::t(at_s), state)
    };
    let event = Event::ParcelTracked {
        parcel: ParcelRef {
            order: Some("1001".to_owned()),
            number: Some("N1".to_owned()),
            carrier: Some("BRT".to_owned()),
            ..ParcelRef::default()
        },
        telling: Box::new(Telling {
            scans: vec![scan.into()],
            ..Telling::default()
        }),
    };
    house.ingest(&format!("scan-{at_s}"), event).await;
}

async fn words(seat: &Seat<'_>, status: &str) -> Vec<Value> {
    let path = format!("/write-backs?status={status}");
    let page = seat.get(&path).await.json();
    page["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_word_is_stored_with_the_parcel_and_told_once() {
    let (house, couriers) = told_house().await;
    let seat = Seat::owner(&house).await;
    scan(&house, -7_200, ParcelState::InTransit, ScanSource::Carrier).await;
    // Nobody has carried it yet: it is in the store, not in anybody's memory.
    let waiting = words(&seat, "waiting").await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    assert_eq!(waiting[0]["body"]["state"], "in_transit");
    assert!(couriers.with(|play| play.written.is_empty()));
    // The same scan once more is nothing new.
    scan(&house, -7_200, ParcelState::InTransit, ScanSource::Carrier).await;
    settle(&house.engine).await.expect("settled");
    settle(&house.engine).await.expect("settled");
    let written = couriers.with(|play| play.written.clone());
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].number.as_deref(), Some("N1"));
    assert_eq!(words(&seat, "done").await.len(), 1);
    // What the platform says itself is not told back to it.
    let state = ParcelState::OutForDelivery;
    scan(&house, -3_600, state, ScanSource::Shop).await;
    assert!(words(&seat, "waiting").await.is_empty());
}

#[tokio::test]
async fn a_state_that_has_passed_is_not_told_late() {
    let (house, couriers) = told_house().await;
    let seat = Seat::owner(&house).await;
    let later = Written::Later {
        after: None,
        why: "503".to_owned(),
    };
    couriers.with(|play| play.writes.push_back(later));
    scan(&house, -7_200, ParcelState::InTransit, ScanSource::Carrier).await;
    settle(&house.engine).await.expect("settled");
    assert_eq!(words(&seat, "waiting").await[0]["error"], "Platform: 503");
    let state = ParcelState::OutForDelivery;
    scan(&house, -3_600, state, ScanSource::Carrier).await;
    house.clock.pass(3_600);
    settle(&house.engine).await.expect("settled");
    let told: Vec<ParcelState> =
        couriers.with(|play| play.written.iter().map(|w| w.state).collect());
    assert_eq!(told, [ParcelState::InTransit, ParcelState::OutForDelivery]);
    let seat = Seat::owner(&house).await;
    assert!(words(&seat, "waiting").await.is_empty());
    assert_eq!(words(&seat, "done").await.len(), 2);
}

#[tokio::test]
async fn a_refused_word_is_a_dead_letter_that_an_operator_sends_again() {
    let (house, couriers) = told_house().await;
    let seat = Seat::owner(&house).await;
    let refused = Written::Refused("the token may not write".to_owned());
    couriers.with(|play| play.writes.push_back(refused));
    scan(&house, -7_200, ParcelState::InTransit, ScanSource::Carrier).await;
    settle(&house.engine).await.expect("settled");
    let failed = words(&seat, "failed").await;
    assert_eq!(failed[0]["error"], "Platform: the token may not write");
    let id = failed[0]["id"].as_str().expect("an id");
    let again = seat
        .post(&format!("/deliveries/{id}/replay"), json!({}))
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    settle(&house.engine).await.expect("settled");
    assert!(words(&seat, "failed").await.is_empty());
    assert_eq!(couriers.with(|play| play.written.len()), 2);
}
