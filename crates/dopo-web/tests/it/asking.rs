//! `/o/{token}/ask/{seq}`: asking the courier now, from the button of the order page to the courier's answer on it.

use crate::customer_pages::ship;
use crate::support::{House, hidden};
use axum::http::StatusCode;
use dopo_core::event::Event;
use dopo_core::parcel::{Checkpoint, ParcelState, ScanSource, Telling};
use dopo_engine::tokens::Token;
use dopo_engine::worker::settle;
use dopo_testkit::build;
use dopo_testkit::couriers::PlayedCouriers;
use std::sync::Arc;

const DAY_S: i64 = 86_400;

/// A parcel of BRT that was to come yesterday, its courier's account with this vendor, and the address of its page.
async fn late(vendor: &str) -> (House, PlayedCouriers, String) {
    let house = House::new().await;
    let couriers = PlayedCouriers::default();
    play(&couriers, &[(7_200, ParcelState::InTransit)]);
    let engine = &house.engine;
    engine
        .use_couriers(Arc::new(couriers.clone()))
        .await
        .expect("couriers");
    let mut fields = vec![("password".to_owned(), "segretissima".to_owned())];
    if vendor == "played_brt" {
        fields.push(("user".to_owned(), "bottega".to_owned()));
    }
    engine
        .add_courier_account(house.shop, vendor, fields.into_iter().collect())
        .await
        .expect("an account");
    let mut told = build::order_told("1001", "chiara@posta.example");
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    told.promised_on = Some(rome.to_datetime(build::t(2 * DAY_S)).date());
    let told = Event::OrderUpdated {
        order: Box::new(told),
    };
    house.ingest("order", told).await;
    house.ingest("ship", ship("1001", "N1")).await;
    house.clock.pass(3 * DAY_S);
    settle(engine).await.expect("the store answers");
    house.clock.pass(20 * 60);
    let store = engine.store();
    let order = store.order_by_external_id(house.shop, "1001").await;
    let order = order.expect("the store answers").expect("the order");
    let shop = house.shop;
    let token = house.seal(&Token::Order {
        shop,
        order: order.id,
    });
    (house, couriers, format!("/o/{token}"))
}

fn play(couriers: &PlayedCouriers, scans: &[(i64, ParcelState)]) {
    let scan = |(at_s, state): &(i64, ParcelState)| {
        Checkpoint {
            source: ScanSource::Carrier,
            ..Checkpoint::new(build::t(*at_s), *state)
        }
        .into()
    };
    let telling = Telling {
        scans: scans.iter().map(scan).collect(),
        complete: true,
        ..Telling::default()
    };
    couriers.with(|play| play.tellings.insert("N1".to_owned(), telling));
}

fn calls(couriers: &PlayedCouriers) -> usize {
    couriers.with(|play| play.asked.len())
}

#[tokio::test]
async fn one_tap_asks_the_courier_and_its_answer_stands_on_the_page() {
    let (house, couriers, path) = late("played_brt").await;
    let asked_before = calls(&couriers);
    let page = house.get(&path).await.text();
    assert!(page.contains("Chiedi ora al corriere</button>"), "{page}");
    let proof = hidden(&page, "proof");
    let english = house.get(&format!("{path}?lang=en")).await.text();
    assert!(english.contains("Ask the carrier now</button>"));
    let form = format!("{path}/ask/0?lang=it");
    let tap = async || house.post_form(&form, format!("proof={proof}")).await;

    let done = tap().await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.header("location"), format!("{path}?lang=it"));
    let page = house.get(&path).await.text();
    assert!(page.contains("Lo abbiamo chiesto al corriere "), "{page}");
    assert!(!page.contains("Chiedi ora al corriere"), "{page}");

    // Once more at once: told plainly, and not asked.
    let again = tap().await;
    assert_eq!(again.header("location"), form);
    let said = house.get(&form).await.text();
    assert!(said.contains("Puoi chiedere di nuovo "), "{said}");
    assert!(!said.contains("<form"), "{said}");

    settle(&house.engine).await.unwrap();
    settle(&house.engine).await.unwrap();
    assert_eq!(calls(&couriers), asked_before + 1);
    let page = house.get(&path).await.text();
    assert!(page.contains(": non ci sono novità."), "{page}");
    let said = house.get(&form).await.text();
    assert!(said.contains(": non ci sono novità."), "{said}");

    house.clock.pass(3_600);
    play(
        &couriers,
        &[
            (7_200, ParcelState::InTransit),
            (3 * DAY_S + 600, ParcelState::OutForDelivery),
        ],
    );
    assert!(house.get(&path).await.text().contains(&proof));
    tap().await;
    settle(&house.engine).await.unwrap();
    settle(&house.engine).await.unwrap();
    assert_eq!(calls(&couriers), asked_before + 2);
    let page = house.get(&path).await.text();
    assert!(page.contains("con una novità"), "{page}");
    assert!(page.contains("In consegna"), "{page}");
}

#[tokio::test]
async fn a_courier_that_was_just_looked_at_is_not_asked_again_and_a_get_asks_nobody() {
    let (house, couriers, path) = late("played_brt").await;
    house.clock.pass(-15 * 60);
    let before = calls(&couriers);
    let form = format!("{path}/ask/0?lang=it");
    let proof = hidden(&house.get(&path).await.text(), "proof");
    let done = house.post_form(&form, format!("proof={proof}")).await;
    assert_eq!(done.header("location"), form);
    let said = house.get(&form).await.text();
    assert!(
        said.contains("Lo abbiamo già chiesto al corriere"),
        "{said}"
    );
    house.clock.pass(15 * 60);
    let page = house.get(&form).await.text();
    assert!(page.contains("<button"), "{page}");
    let forged = house.post_form(&form, "proof=0123".to_owned()).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    settle(&house.engine).await.unwrap();
    assert_eq!(calls(&couriers), before);
    let nothing = house.get(&format!("{path}/ask/7")).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_courier_that_tells_by_itself_has_no_button_and_the_page_says_so() {
    let (house, couriers, path) = late("played_push").await;
    let page = house.get(&path).await.text();
    assert!(
        page.contains("A questo corriere non si può chiedere"),
        "{page}"
    );
    assert!(!page.contains("<button class=\"button plain\">"), "{page}");
    let said = house.get(&format!("{path}/ask/0")).await.text();
    assert!(
        said.contains("A questo corriere non si può chiedere"),
        "{said}"
    );
    assert_eq!(calls(&couriers), 0);
}
