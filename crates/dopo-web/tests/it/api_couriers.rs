//! `/api/v1/couriers/…`, `/api/v1/exceptions`, the shop's answer to a hold, photos of problems.

use crate::api::{Who, key, master, other_shop, said, signed_in};
use crate::support::House;
use axum::http::Method;
use dopo_core::access::Role;
use dopo_core::counter::Counters;
use dopo_core::event::{Event, ParcelRef};
use dopo_core::order::{Order, ProblemKind};
use dopo_core::parcel::trouble::Trouble;
use dopo_core::parcel::{Checkpoint, ParcelState, Telling};
use dopo_engine::console::exceptions::BoardQuery;
use dopo_engine::ports::PhotoRow;
use dopo_testkit::build;
use dopo_testkit::couriers::PlayedCouriers;
use serde_json::{Value, json};
use std::sync::Arc;

/// An order whose parcel is held at a depot of BRT.
async fn held(house: &House, external_id: &str) -> Order {
    house.order(external_id).await;
    let scan = |at, state| Checkpoint::new(build::t(at), state).into();
    let telling = Telling {
        scans: vec![
            scan(-7_200, ParcelState::InTransit),
            scan(-3_600, ParcelState::HeldAtDepot),
        ],
        ..Telling::default()
    };
    house
        .ingest(
            &format!("held-{external_id}"),
            Event::ParcelTracked {
                parcel: ParcelRef {
                    order: Some(external_id.to_owned()),
                    number: Some(format!("BRT{external_id}")),
                    carrier: Some("BRT".to_owned()),
                    ..ParcelRef::default()
                },
                telling: Box::new(telling),
            },
        )
        .await;
    known(house, external_id).await
}

async fn known(house: &House, external_id: &str) -> Order {
    house
        .engine
        .store()
        .order_by_external_id(house.shop, external_id)
        .await
        .expect("the store answers")
        .expect("the order is known")
}

fn at(order: &Order) -> usize {
    let is_held = |parcel: &&dopo_core::parcel::Parcel| parcel.state == ParcelState::HeldAtDepot;
    let parcel = order.tracked.iter().find(is_held).expect("a held parcel");
    usize::from(parcel.seq)
}

async fn answer(house: &House, who: &Who, order: &Order, body: Value) -> crate::support::Answer {
    let path = format!(
        "/api/v1/orders/{}/parcels/{}/hold-answer",
        order.id,
        at(order)
    );
    house.ask(who, Method::POST, &path, Some(body)).await
}

async fn counted(house: &House) -> jiff::civil::Date {
    let shop = house.engine.shop(house.shop).unwrap();
    let today = house.engine.today(&shop);
    let mut counters = Counters::default();
    for (metric, dim, n) in [
        ("courier.shipped", "brt|BO|0-2", 30),
        ("courier.delivered", "brt|BO|0-2", 30),
        ("courier.on_time", "brt|BO|0-2", 24),
        ("courier.late", "brt|BO|0-2", 6),
        ("courier.first_attempt", "brt|BO|0-2", 27),
        ("courier.held", "brt|BO|0-2", 3),
        ("courier.transit", "brt|BO|0-2|1", 20),
        ("courier.transit", "brt|BO|0-2|3", 10),
        ("courier.shipped", "gls_it|MI|30+", 4),
        ("courier.transit", "gls_it|MI|30+|2", 4),
        ("orders.placed", "", 40),
        ("pages.tracking", "", 100),
        ("problems.reported", "damaged", 1),
        ("messages.replies", "", 3),
    ] {
        counters.add(house.shop, today, metric, dim, n);
    }
    house.engine.store().add_counters(counters).await.unwrap();
    today
}

#[tokio::test]
async fn couriers_are_compared_with_their_samples_and_too_few_cases_are_no_figure() {
    let house = House::new().await;
    let who = master(&house).await;
    counted(&house).await;
    let page = house.read(&who, "/api/v1/couriers/performance").await;
    assert_eq!(page["sample_min"], 20);
    let brt = &page["items"][0];
    assert_eq!(
        (&brt["courier"], &brt["courier_name"], &brt["province"]),
        (&json!("brt"), &json!("BRT"), &Value::Null)
    );
    assert_eq!(brt["on_time"], json!({ "value": 0.8, "sample": 30 }));
    assert_eq!(brt["transit_median_days"]["value"], 1.0);
    assert_eq!(brt["transit_p90_days"]["value"], 3.0);
    assert_eq!(brt["held"]["value"], 0.1);
    let gls = &page["items"][1];
    assert_eq!(
        gls["transit_median_days"],
        json!({ "value": null, "sample": 4 })
    );
    assert_eq!(page["all"]["shipped"], 34);
    let heavy = house
        .read(
            &who,
            "/api/v1/couriers/performance?by=courier,province,weight&weight=30%2B",
        )
        .await;
    assert_eq!(heavy["items"].as_array().unwrap().len(), 1);
    assert_eq!(heavy["items"][0]["province"], "MI");
    assert_eq!(heavy["items"][0]["weight"], "30+");
    assert_eq!(heavy["couriers"].as_array().unwrap().len(), 2);

    let file = house
        .ask(
            &who,
            Method::GET,
            "/api/v1/couriers/performance.csv?by=courier,weight",
            None,
        )
        .await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    assert!(
        text.contains("\"brt\",\"\",\"0-2 kg\",30,30,0.8000,30,1.0000,3.0000,30,0.9000,30,"),
        "{text}"
    );
    assert!(
        text.contains("\"gls_it\",\"\",\"30+ kg\",4,0,,0,,,4,,0,"),
        "{text}"
    );
}

#[tokio::test]
async fn contacts_are_told_for_each_order() {
    let house = House::new().await;
    let who = master(&house).await;
    let today = counted(&house).await;
    let page = house
        .read(
            &who,
            &format!("/api/v1/couriers/contacts?from={today}&to={today}"),
        )
        .await;
    assert_eq!(page["all"]["contacts_per_order"], 0.1);
    assert_eq!(page["days"][0]["views_per_order"], 2.5);
    let file = house
        .ask(
            &who,
            Method::GET,
            &format!("/api/v1/couriers/contacts.csv?from={today}&to={today}"),
            None,
        )
        .await;
    let text = file.text();
    assert!(
        text.contains(&format!("{today},40,100,1,3,0.1000,2.5000\r\n")),
        "{text}"
    );
}

#[tokio::test]
async fn what_couriers_cannot_be_asked_is_refused() {
    let house = House::new().await;
    let who = master(&house).await;
    for (path, code) in [
        ("/api/v1/couriers/performance?by=colour", "fields_invalid"),
        (
            "/api/v1/couriers/performance?courier=pigeon",
            "fields_invalid",
        ),
        ("/api/v1/couriers/performance?province=XX", "fields_invalid"),
        ("/api/v1/couriers/performance?weight=1-3", "fields_invalid"),
        (
            "/api/v1/couriers/performance?from=2025-01-01&to=2026-11-01",
            "period_invalid",
        ),
        (
            "/api/v1/couriers/contacts?from=2026-11-02&to=2026-11-01",
            "period_invalid",
        ),
        ("/api/v1/exceptions?trouble=bored", "fields_invalid"),
        ("/api/v1/exceptions?sort=colour", "fields_invalid"),
    ] {
        let answer = house.ask(&who, Method::GET, path, None).await;
        assert_eq!(said(&answer), (422, code.into()), "{path}");
    }
}

#[tokio::test]
async fn the_board_shows_what_costs_most_and_what_expires_next() {
    let house = House::new().await;
    let who = master(&house).await;
    assert_eq!(
        house.read(&who, "/api/v1/exceptions").await["items"],
        json!([])
    );
    let first = held(&house, "1001").await;
    let second = held(&house, "1002").await;
    let board = house.read(&who, "/api/v1/exceptions").await;
    assert_eq!(board["orders_all"], 2);
    assert_eq!(board["counts"], json!([{ "trouble": "held", "n": 2 }]));
    let row = &board["items"][0];
    assert_eq!(
        (&row["order_id"], &row["awaits_answer"], &row["act_by"]),
        (&json!(first.id.to_string()), &json!(true), &json!("buyer"))
    );
    assert_eq!(row["urgency_percent"], 100);
    assert_eq!(
        row["at_risk"]["cents"],
        first.snapshot.total.cents / first.tracked.len() as i64
    );
    let body = json!({ "action": "collect" });
    assert_eq!(answer(&house, &who, &first, body).await.status, 200);
    let board = house.read(&who, "/api/v1/exceptions").await;
    let names = |board: &Value| -> Vec<String> {
        let rows = board["items"].as_array().unwrap();
        rows.iter()
            .map(|row| row["order_id"].as_str().unwrap().to_owned())
            .collect()
    };
    // There is no way to the courier from here: somebody must call, so it stays where it was.
    assert_eq!(board["items"][0]["hold_outcome"], "by_hand");
    assert_eq!(names(&board).len(), 2);
    let soon = house
        .read(
            &who,
            "/api/v1/exceptions?trouble=held&sort=deadline&limit=1",
        )
        .await;
    assert_eq!(soon["items"].as_array().unwrap().len(), 1);
    let on = format!(
        "/api/v1/exceptions?trouble=held&sort=deadline&limit=1&cursor={}",
        soon["next"].as_str().expect("there is one more")
    );
    let rest = house.read(&who, &on).await;
    assert_eq!((names(&rest).len(), &rest["next"]), (1, &Value::Null));
    assert_ne!(names(&rest), names(&soon));
    // A cursor goes on with the question it came from.
    let other_sort = on.replace("&sort=deadline", "");
    let refused = house.ask(&who, Method::GET, &other_sort, None).await;
    assert_eq!(said(&refused), (422, "cursor_unreadable".into()));
    let file = house
        .ask(&who, Method::GET, "/api/v1/exceptions.csv", None)
        .await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    assert_eq!(text.lines().count(), 3, "a head and two parcels: {text}");
    assert!(text.contains("\"BRT\",\"BRT1001\""), "{text}");
    assert!(!text.contains("@"), "nobody's address: {text}");
    let none = house.read(&who, "/api/v1/exceptions?trouble=lost").await;
    assert_eq!(none["items"], json!([]));
    // Whoever may not see people sees the parcels without them.
    let blind = key(&house, house.shop, &["orders:read"]).await;
    let board = house.read(&blind, "/api/v1/exceptions").await;
    assert_eq!(board["items"][0]["customer"], Value::Null);
    let other = other_shop(&house).await;
    let stranger = key(&house, other, &["orders:read"]).await;
    assert_eq!(
        house.read(&stranger, "/api/v1/exceptions").await["items"],
        json!([])
    );
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn every_parcel_in_trouble_is_reached_however_many_there_are() {
    let house = House::new().await;
    for n in 1..=7 {
        held(&house, &format!("100{n}")).await;
    }
    let engine = &house.engine;
    let page = async |query: &BoardQuery| engine.exceptions(house.shop, query).await.unwrap();
    let whole = page(&BoardQuery::default()).await;
    assert_eq!((whole.exceptions.len(), whole.next), (7, None));
    assert_eq!((whole.orders, whole.orders_all), (7, 7));
    assert_eq!(
        whole.counts.into_iter().collect::<Vec<_>>(),
        [(Trouble::Held, 7)]
    );
    for (block_orders, rows) in [(1, 1), (2, 3), (3, 2), (3, 3), (7, 7), (7, 2), (10, 4)] {
        for by_deadline in [false, true] {
            let mut query = BoardQuery {
                by_deadline,
                rows,
                block_orders,
                ..BoardQuery::default()
            };
            let mut seen = Vec::new();
            loop {
                let board = page(&query).await;
                assert!(board.exceptions.len() <= rows);
                seen.extend(board.exceptions.iter().map(|one| one.order.id));
                let Some(next) = board.next else { break };
                query.from = next;
            }
            assert_eq!(
                seen.len(),
                7,
                "{block_orders} orders a block, {rows} a page"
            );
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 7, "each once");
        }
    }
    // Where nothing is what was asked for, the end is found all the same.
    let mut query = BoardQuery {
        trouble: Some(Trouble::Lost),
        block_orders: 1,
        ..BoardQuery::default()
    };
    let mut pages = 1;
    while let Some(next) = page(&query).await.next {
        query.from = next;
        pages += 1;
    }
    assert_eq!(pages, 2);
}

#[tokio::test]
async fn the_shop_answers_a_hold_and_the_order_tells_what_became_of_it() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = held(&house, "1001").await;
    let body = json!({
        "action": "other_address", "phone": " +393331234567 ", "note": "",
        "address": { "street": "Via Roma 1", "postal_code": "40121", "city": "Bologna", "province": "BO" }
    });
    let taken = answer(&house, &who, &order, body).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let hold = &taken.json()["holds"][0];
    assert_eq!(
        (&hold["action"], &hold["by"], &hold["outcome"]),
        (&json!("other_address"), &json!("shop"), &json!("by_hand"))
    );
    assert_eq!(
        (&hold["phone"], &hold["note"], &hold["address"]["city"]),
        (&json!("+393331234567"), &Value::Null, &json!("Bologna"))
    );
    let shown = house
        .read(&who, &format!("/api/v1/orders/{}", order.id))
        .await;
    let parcel = &shown["parcels"][at(&order)];
    assert_eq!(
        (&parcel["trouble"], &parcel["act_by"], &parcel["state"]),
        (&json!("held"), &json!("buyer"), &json!("held_at_depot"))
    );
    assert!(parcel["act_deadline"].is_string());
    assert_eq!(parcel["holds"][0]["action"], "other_address");
    let story = house
        .read(
            &who,
            &format!("/api/v1/customers/{}/timeline", order.customer_id),
        )
        .await;
    let told =
        story["items"].as_array().unwrap().iter().any(|entry| {
            entry["title_it"] == "Il negozio chiede di consegnare a un altro indirizzo"
        });
    assert!(told, "{story}");
    let log = house.read(&who, "/api/v1/audit?action=hold.").await;
    let row = &log["items"][0];
    assert_eq!(row["action"], "hold.answered");
    assert!(!row.to_string().contains("Roma"), "no address in the log");
}

#[tokio::test]
async fn an_answer_that_cannot_be_taken_says_why() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = held(&house, "1001").await;
    for (body, field) in [
        (json!({}), "action"),
        (json!({ "action": "burn" }), "action"),
        (json!({ "action": "other_address" }), "address"),
        (
            json!({ "action": "other_address", "address": { "street": "Via Roma 1", "city": " " } }),
            "address.postal_code",
        ),
        (
            json!({ "action": "redeliver", "note": "x".repeat(201) }),
            "note",
        ),
    ] {
        let answer = answer(&house, &who, &order, body).await;
        assert_eq!(said(&answer), (422, "fields_invalid".into()));
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let base = format!("/api/v1/orders/{}/parcels", order.id);
    for path in [
        format!("{base}/77/hold-answer"),
        format!("{base}/x/hold-answer"),
        "/api/v1/orders/nothing/parcels/0/hold-answer".to_owned(),
    ] {
        let body = Some(json!({ "action": "collect" }));
        let answer = house.ask(&who, Method::POST, &path, body).await;
        assert_eq!(said(&answer), (404, "not_found".into()), "{path}");
    }
    // It moves again: nothing can be chosen any more.
    let delivered = Event::ParcelScanned {
        parcel: ParcelRef {
            number: Some("BRT1001".to_owned()),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint::new(build::t(-60), ParcelState::Delivered),
    };
    let seq = at(&order);
    house.ingest("delivered", delivered).await;
    let path = format!("{base}/{seq}/hold-answer");
    let body = Some(json!({ "action": "collect" }));
    let late = house.ask(&who, Method::POST, &path, body).await;
    assert_eq!(said(&late), (409, "not_held".into()));
}

#[tokio::test]
async fn only_those_who_may_answer_and_only_in_their_shop() {
    let house = House::new().await;
    let order = held(&house, "1001").await;
    for (role, status) in [
        (Role::Viewer, 403),
        (Role::Developer, 403),
        (Role::Care, 200),
    ] {
        let who = signed_in(&house, role).await;
        let answer = answer(&house, &who, &order, json!({ "action": "redeliver" })).await;
        assert_eq!(answer.status, status, "{role:?}: {}", answer.text());
    }
    let other = other_shop(&house).await;
    let stranger = key(&house, other, &["orders:write"]).await;
    let answer = answer(&house, &stranger, &order, json!({ "action": "collect" })).await;
    assert_eq!(said(&answer), (404, "not_found".into()));
}

#[tokio::test]
async fn photos_are_for_people_who_are_signed_in_and_for_their_order_only() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let second = house.order("1002").await;
    let bytes = vec![0xff, 0xd8, 0xff, 0xe0];
    let photo = PhotoRow {
        id: "photo-1".to_owned(),
        order_id: order.id,
        media_type: "image/jpeg".to_owned(),
        bytes: bytes.clone(),
        at: house.engine.now(),
    };
    let store = house.engine.store();
    store.put_photos(house.shop, &[photo]).await.unwrap();
    let reported = Event::ProblemReported {
        parcel: ParcelRef {
            order: Some("1001".to_owned()),
            ..ParcelRef::default()
        },
        kind: ProblemKind::Damaged,
        text: Some("La scatola era schiacciata.".to_owned()),
        photos: vec!["photo-1".to_owned()],
    };
    house.ingest("problem", reported).await;

    let care = signed_in(&house, Role::Care).await;
    let shown = house
        .read(&care, &format!("/api/v1/orders/{}", order.id))
        .await;
    assert_eq!(shown["problems"][0]["kind"], "damaged");
    assert_eq!(shown["problems"][0]["photos"], json!(["photo-1"]));
    let path = format!("/api/v1/orders/{}/photos/photo-1", order.id);
    let picture = house.ask(&care, Method::GET, &path, None).await;
    assert_eq!(
        (picture.status.as_u16(), picture.header("content-type")),
        (200, "image/jpeg")
    );
    assert!(
        picture
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert!(picture.header("cache-control").contains("no-store"));
    assert_eq!(picture.bytes, bytes);

    let by_key = key(&house, house.shop, &["orders:read"]).await;
    let refused = house.ask(&by_key, Method::GET, &path, None).await;
    assert_eq!(said(&refused), (403, "sign_in_needed".into()));
    let viewer = signed_in(&house, Role::Viewer).await;
    let refused = house.ask(&viewer, Method::GET, &path, None).await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
    for path in [
        format!("/api/v1/orders/{}/photos/photo-1", second.id),
        format!("/api/v1/orders/{}/photos/photo-2", order.id),
    ] {
        let missing = house.ask(&care, Method::GET, &path, None).await;
        assert_eq!(said(&missing), (404, "not_found".into()), "{path}");
    }
}

#[tokio::test]
async fn an_account_is_given_listed_without_its_secrets_and_removed() {
    let house = House::new().await;
    let who = master(&house).await;
    house
        .engine
        .use_couriers(Arc::new(PlayedCouriers::default()))
        .await
        .unwrap();
    let path = "/api/v1/courier-accounts";
    let list = house.read(&who, path).await;
    assert_eq!(list["items"], json!([]));
    let vendor = &list["vendors"][0];
    assert_eq!(vendor["name"], "played_brt");
    assert_eq!(
        vendor["fields"][1],
        json!({ "name": "password", "secret": true, "optional": false })
    );
    assert_eq!(vendor["releases"], json!(["redeliver", "other_address"]));

    let give = json!({ "vendor": "played_brt", "fields": { "user": "bottega", "password": "segretissima" } });
    let added = house.ask(&who, Method::POST, path, Some(give)).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let listed = house.ask(&who, Method::GET, path, None).await;
    for told in [&added, &listed] {
        assert!(!told.text().contains("segretissima"), "{}", told.text());
    }
    let account = &listed.json()["items"][0];
    assert_eq!(
        (&account["fields"], &account["secrets"], &account["state"]),
        (
            &json!({ "user": "bottega" }),
            &json!(["password"]),
            &json!("ok")
        )
    );
    assert_eq!(account["covers"], json!([{ "id": "brt", "name": "BRT" }]));

    let log = house.read(&who, "/api/v1/audit?action=courier.").await;
    assert_eq!(log["items"][0]["action"], "courier.added");
    assert!(!log.to_string().contains("segretissima"));

    // Another shop has none of it.
    let other = other_shop(&house).await;
    let stranger = key(&house, other, &["settings:read", "settings:write"]).await;
    assert_eq!(house.read(&stranger, path).await["items"], json!([]));
    let one = format!("{path}/played_brt");
    let foreign = house.ask(&stranger, Method::DELETE, &one, None).await;
    assert_eq!(said(&foreign), (404, "not_found".into()));

    let gone = house.ask(&who, Method::DELETE, &one, None).await;
    assert_eq!(gone.status, 204);
    assert_eq!(house.read(&who, path).await["items"], json!([]));
}

#[tokio::test]
async fn an_account_that_cannot_be_used_says_which_field() {
    let house = House::new().await;
    let who = master(&house).await;
    house
        .engine
        .use_couriers(Arc::new(PlayedCouriers::default()))
        .await
        .unwrap();
    for (body, field) in [
        (json!({}), "vendor"),
        (json!({ "vendor": "pigeon" }), "vendor"),
        (
            json!({ "vendor": "played_brt", "fields": { "colour": "red" } }),
            "fields.colour",
        ),
    ] {
        let answer = house
            .ask(&who, Method::POST, "/api/v1/courier-accounts", Some(body))
            .await;
        assert_eq!(said(&answer), (422, "fields_invalid".into()));
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let viewer = signed_in(&house, Role::Viewer).await;
    let body = Some(json!({ "vendor": "played_brt" }));
    let refused = house
        .ask(&viewer, Method::POST, "/api/v1/courier-accounts", body)
        .await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
}

#[tokio::test]
async fn an_answer_goes_to_a_courier_that_can_be_told() {
    let house = House::new().await;
    let who = master(&house).await;
    house
        .engine
        .use_couriers(Arc::new(PlayedCouriers::default()))
        .await
        .unwrap();
    let give = json!({ "vendor": "played_brt", "fields": { "user": "bottega", "password": "segretissima" } });
    let path = "/api/v1/courier-accounts";
    assert_eq!(
        house.ask(&who, Method::POST, path, Some(give)).await.status,
        201
    );
    let order = held(&house, "1001").await;
    let taken = answer(&house, &who, &order, json!({ "action": "redeliver" })).await;
    assert_eq!(taken.json()["holds"][0]["outcome"], "asked");
    let again = answer(&house, &who, &order, json!({ "action": "collect" })).await;
    assert_eq!(said(&again), (409, "hold_answered".into()));
    let board = house.read(&who, "/api/v1/exceptions").await;
    assert_eq!(board["items"][0]["urgency_percent"], 50);
    assert_eq!(board["items"][0]["awaits_answer"], false);
}
