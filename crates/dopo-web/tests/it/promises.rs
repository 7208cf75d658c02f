//! Our own estimates, from deliveries to the delay that is told.

use crate::support::House;
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Checkpoint, Estimate, Parcel, ParcelSnapshot, ParcelState};
use dopo_engine::ports::Clock;
use dopo_testkit::build;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::time::Duration;

const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 24 * HOUR_S;

/// The day, in the shop's zone.
fn today(house: &House) -> Date {
    let rome = TimeZone::get("Europe/Rome").expect("a zone");
    rome.to_datetime(house.clock.now()).date()
}

async fn ship(house: &House, order: &str, promised_on: Option<Date>) {
    let mut told = build::order_told(order, "chiara@posta.example");
    told.promised_on = promised_on;
    let order_updated = Event::OrderUpdated {
        order: Box::new(told),
    };
    house.ingest(&format!("order-{order}"), order_updated).await;
    let parcel = ParcelSnapshot {
        carrier: Some("BRT".into()),
        number: Some(format!("N-{order}")),
        shipped_at: Some(house.clock.now()),
        ..ParcelSnapshot::default()
    };
    let shipped = Event::ParcelUpdated {
        order: order.to_owned(),
        parcel,
    };
    house.ingest(&format!("ship-{order}"), shipped).await;
}

async fn deliver(house: &House, order: &str) {
    let delivered = Event::ParcelScanned {
        parcel: ParcelRef {
            number: Some(format!("N-{order}")),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint::new(house.clock.now(), ParcelState::Delivered),
    };
    house.ingest(&format!("there-{order}"), delivered).await;
}

async fn parcel(house: &House, order: &str) -> Parcel {
    let order = house
        .engine
        .store()
        .order_by_external_id(house.shop, order)
        .await
        .expect("the store answers")
        .expect("the order is known");
    order.tracked[0].clone()
}

/// The estimate, which comes by itself soon after the parcel left.
async fn estimate(house: &House, order: &str) -> Estimate {
    for _ in 0..200 {
        if let Some(estimate) = parcel(house, order).await.estimate {
            return estimate;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{order} was not estimated");
}

/// Monday morning after forty deliveries that took two or three days each.
async fn house_that_knows() -> House {
    let house = House::new().await;
    while today(&house).weekday() != jiff::civil::Weekday::Monday {
        house.clock.pass(DAY_S);
    }
    let names: Vec<String> = (0..40).map(|n| format!("K{n}")).collect();
    for name in &names {
        ship(&house, name, None).await;
    }
    house.clock.pass(2 * DAY_S);
    for name in &names[..30] {
        deliver(&house, name).await;
    }
    house.clock.pass(DAY_S);
    for name in &names[30..] {
        deliver(&house, name).await;
    }
    house.clock.pass(4 * DAY_S);
    house
}

#[tokio::test]
async fn a_parcel_is_estimated_when_it_leaves_and_a_promise_it_cannot_keep_is_told() {
    let house = house_that_knows().await;
    let monday = today(&house);
    let tomorrow = monday.tomorrow().expect("a day");
    ship(&house, "late", Some(tomorrow)).await;
    let found = estimate(&house, "late").await;
    assert_eq!(found.median, tomorrow.tomorrow().expect("a day"));
    assert!(found.until > tomorrow, "{found:?}");
    assert_eq!((found.coverage_percent, found.sample), (80, 40));
    let late = parcel(&house, "late").await;
    assert_eq!(late.delay_told, Some(found.until));
    let in_time = found.until.tomorrow().expect("a day");
    ship(&house, "in-time", Some(in_time)).await;
    estimate(&house, "in-time").await;
    assert_eq!(parcel(&house, "in-time").await.delay_told, None);
}

#[tokio::test]
async fn every_morning_what_has_not_come_is_estimated_anew() {
    let house = house_that_knows().await;
    ship(&house, "slow", None).await;
    let first = estimate(&house, "slow").await;
    // Thursday: it should have been there on Wednesday or today.
    house.clock.pass(3 * DAY_S);
    assert_eq!(house.engine.estimates_due().await.expect("made"), 1);
    let now = parcel(&house, "slow").await.estimate.expect("an estimate");
    assert!(
        now.from >= today(&house) && now.from > first.from,
        "{now:?}"
    );
    assert_eq!(house.engine.estimates_due().await.expect("made"), 0);
    house.clock.pass(DAY_S);
    deliver(&house, "slow").await;
    assert_eq!(house.engine.estimates_due().await.expect("made"), 0);
}

#[tokio::test]
async fn a_shop_with_few_deliveries_estimates_nothing() {
    let house = House::new().await;
    ship(&house, "first", None).await;
    house.clock.pass(2 * DAY_S);
    deliver(&house, "first").await;
    ship(&house, "second", None).await;
    house.clock.pass(DAY_S);
    assert_eq!(house.engine.estimates_due().await.expect("made"), 0);
    assert_eq!(parcel(&house, "second").await.estimate, None);
}
