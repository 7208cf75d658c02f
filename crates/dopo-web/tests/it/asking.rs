//! Asking the courier now: from the button of the order page (`/o/{token}/ask/{seq}`) to the courier's answer on it, and the
//! same for the people of the shop (`/api/v1/orders/{id}/parcels/{seq}/ask-courier`).

use crate::api::{key, master, other_shop, said, signed_in};
use crate::customer_pages::ship;
use crate::support::{House, hidden};
use axum::http::{Method, StatusCode};
use dopo_core::access::Role;
use dopo_core::event::Event;
use dopo_core::parcel::{Checkpoint, ParcelState, ScanSource, Telling};
use dopo_engine::tokens::Token;
use dopo_engine::worker::settle;
use dopo_testkit::build;
use dopo_testkit::couriers::PlayedCouriers;
use serde_json::json;
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

const ASK: &str = "/api/v1/orders/1001/parcels/0/ask-courier";

#[tokio::test]
async fn the_shop_has_the_courier_asked_and_reads_what_it_said() {
    let (house, couriers, path) = late("played_brt").await;
    let who = master(&house).await;
    let before = calls(&couriers);
    let parcel = async || {
        let order = house.read(&who, "/api/v1/orders/1001").await;
        order["parcels"][0]["ask"].clone()
    };
    let standing = parcel().await;
    assert_eq!(
        (&standing["standing"], &standing["last"]),
        (&json!("free"), &json!(null))
    );

    let asked = house.ask(&who, Method::POST, ASK, None).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    let ask = &asked.json()["ask"];
    assert_eq!(
        (&ask["standing"], &ask["last"]["by"], &ask["last"]["answer"]),
        (&json!("asked"), &json!("shop"), &json!(null))
    );
    assert!(ask["again_at"].is_string());
    // The same limits hold for the shop and for its customer, together.
    let again = house.ask(&who, Method::POST, ASK, None).await;
    assert_eq!(said(&again), (409, "ask_asked".into()));
    let page = house.get(&path).await.text();
    assert!(page.contains("Lo abbiamo chiesto al corriere "), "{page}");
    assert!(!page.contains("Chiedi ora al corriere"), "{page}");

    settle(&house.engine).await.unwrap();
    settle(&house.engine).await.unwrap();
    assert_eq!(calls(&couriers), before + 1);
    assert_eq!(parcel().await["last"]["answer"], "same");
    let order = house.read(&who, "/api/v1/orders/1001").await;
    let customer = order["customer_id"].as_str().expect("whose");
    let story = house
        .read(&who, &format!("/api/v1/customers/{customer}/timeline"))
        .await;
    let mut entries = story["items"].as_array().expect("entries").iter();
    let told =
        entries.find(|entry| entry["title_it"] == "Il negozio ha fatto chiedere al corriere");
    assert!(told.is_some(), "{story}");
    let log = house.read(&who, "/api/v1/audit?action=courier.").await;
    assert_eq!(log["items"][0]["action"], "courier.asked");
}

#[tokio::test]
async fn only_those_who_may_have_the_courier_asked_and_only_in_their_shop() {
    let (house, couriers, _) = late("played_brt").await;
    let before = calls(&couriers);
    for (role, status) in [(Role::Viewer, 403), (Role::Developer, 403)] {
        let who = signed_in(&house, role).await;
        let answer = house.ask(&who, Method::POST, ASK, None).await;
        assert_eq!(answer.status, status, "{role:?}: {}", answer.text());
    }
    let reader = key(&house, house.shop, &["orders:read"]).await;
    let refused = house.ask(&reader, Method::POST, ASK, None).await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
    let other = other_shop(&house).await;
    let stranger = key(&house, other, &["orders:write"]).await;
    let answer = house.ask(&stranger, Method::POST, ASK, None).await;
    assert_eq!(said(&answer), (404, "not_found".into()));
    let who = master(&house).await;
    for path in [
        "/api/v1/orders/1001/parcels/7/ask-courier",
        "/api/v1/orders/1001/parcels/x/ask-courier",
        "/api/v1/orders/nothing/parcels/0/ask-courier",
    ] {
        let answer = house.ask(&who, Method::POST, path, None).await;
        assert_eq!(said(&answer), (404, "not_found".into()), "{path}");
    }
    settle(&house.engine).await.unwrap();
    assert_eq!(calls(&couriers), before);
    let care = signed_in(&house, Role::Care).await;
    let answer = house.ask(&care, Method::POST, ASK, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
}

#[tokio::test]
async fn the_shop_hears_why_the_courier_is_not_asked() {
    let (house, couriers, _) = late("played_brt").await;
    let who = master(&house).await;
    house.clock.pass(-15 * 60);
    let looked = house.ask(&who, Method::POST, ASK, None).await;
    assert_eq!(said(&looked), (409, "ask_looked".into()));
    house.clock.pass(15 * 60);
    let removed = house
        .engine
        .remove_courier_account(house.shop, "played_brt");
    removed.await.expect("it was there");
    let nobody = house.ask(&who, Method::POST, ASK, None).await;
    assert_eq!(said(&nobody), (409, "ask_nobody".into()));
    assert!(calls(&couriers) > 0);

    let (house, couriers, _) = late("played_push").await;
    let who = master(&house).await;
    let by_itself = house.ask(&who, Method::POST, ASK, None).await;
    assert_eq!(said(&by_itself), (409, "ask_by_itself".into()));
    let order = house.read(&who, "/api/v1/orders/1001").await;
    assert_eq!(order["parcels"][0]["ask"]["standing"], "by_itself");
    assert_eq!(calls(&couriers), 0);
}
