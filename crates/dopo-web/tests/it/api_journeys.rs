//! `/api/v1/journeys…`, `/api/v1/runs…`, `/api/v1/templates…`

use crate::api::{Who, master, said, signed_in};
use crate::support::House;
use axum::http::Method;
use dopo_core::access::Role;
use dopo_core::counter::Counters;
use dopo_core::event::Event;
use dopo_testkit::build;
use serde_json::{Value, json};

const DOCUMENT: &str = "\
journey: saluto
name:
  it: Un saluto
  en: A greeting
key: order
on: order_placed
freshness: 2d
steps:
  - wait: 2d
  - send:
      template: guide_24h
      channel: email
      purpose: care
";

async fn with_library(house: &House) -> Who {
    dopo_engine::library::publish_defaults(house.engine.store(), house.shop)
        .await
        .expect("the built-in journeys");
    house.engine.refresh_shops().await.expect("shops");
    master(house).await
}

#[tokio::test]
async fn journeys_are_drawn_with_who_waits_where() {
    let house = House::new().await;
    let who = with_library(&house).await;
    let published = house
        .ask(
            &who,
            Method::POST,
            "/api/v1/journeys",
            Some(json!({ "document": DOCUMENT })),
        )
        .await;
    assert_eq!(published.status, 201, "{}", published.text());
    assert_eq!(published.json()["version"], 1);
    let path = "/api/v1/journeys/saluto";
    let on = house
        .ask(
            &who,
            Method::PUT,
            &format!("{path}/current"),
            Some(json!({ "version": 1 })),
        )
        .await;
    assert_eq!(on.status, 200, "{}", on.text());
    assert_eq!(on.json()["active"], true);
    let order = house.order("1001").await;

    let one = house.read(&who, path).await;
    assert_eq!(
        (&one["running"], &one["started_30d"]),
        (&json!(1), &json!(1))
    );
    let nodes = one["graph"]["nodes"].as_array().unwrap();
    let waiting: Vec<(&Value, &Value)> = nodes
        .iter()
        .map(|n| (&n["kind"], &n["counts"]["waiting"]))
        .collect();
    assert_eq!(
        waiting,
        [
            (&json!("start"), &json!(0)),
            (&json!("wait"), &json!(1)),
            (&json!("send"), &json!(0)),
            (&json!("end"), &json!(0))
        ]
    );
    assert_eq!(one["document"], DOCUMENT);

    let send = nodes.iter().find(|n| n["kind"] == "send").unwrap();
    assert_eq!(send["counts"]["opened"], Value::Null);
    let today = house.engine.today(&house.engine.shop(house.shop).unwrap());
    let mut counters = Counters::default();
    for (metric, version, n) in [
        ("journeys.open_measurable", 1, 4),
        ("journeys.open_measurable", 2, 1),
        ("journeys.opened", 1, 3),
    ] {
        let dim = format!("saluto/{version}/guide_24h");
        counters.add(house.shop, today, metric, dim, n);
    }
    house.engine.store().add_counters(counters).await.unwrap();
    let acted = house.read(&who, path).await;
    let nodes = acted["graph"]["nodes"].as_array().unwrap();
    let send = nodes.iter().find(|n| n["kind"] == "send").unwrap();
    let counts = &send["counts"];
    assert_eq!(
        (
            &counts["open_measurable"],
            &counts["opened"],
            &counts["clicked"]
        ),
        (&json!(5), &json!(3), &Value::Null)
    );

    let runs = house.read(&who, &format!("{path}/runs")).await;
    assert_eq!(
        runs["items"][0]["customer"]["id"],
        order.customer_id.to_string()
    );
    assert_eq!(runs["items"][0]["order_number"], "#1001");
    assert_eq!(runs["items"][0]["step_it"], "Aspetta 2 giorni");
    let here = house.read(&who, &format!("{path}/runs?step=0")).await;
    assert_eq!(here["items"], runs["items"]);
    for elsewhere in ["1", "end", "1.1"] {
        let nobody = house
            .read(&who, &format!("{path}/runs?step={elsewhere}"))
            .await;
        assert_eq!(nobody["items"], json!([]), "{elsewhere}");
    }
    let run = runs["items"][0]["id"].as_str().unwrap();
    let stop = format!("/api/v1/runs/{run}/stop");
    let stopped = house.ask(&who, Method::POST, &stop, None).await;
    assert_eq!(stopped.status, 204, "{}", stopped.text());
    let again = house.ask(&who, Method::POST, &stop, None).await;
    assert_eq!(said(&again), (404, "not_found".into()));
    let one = house.read(&who, path).await;
    assert_eq!(one["running"], 0);
    assert_eq!(one["closed"][0]["why"], "stopped");

    let off = house
        .ask(
            &who,
            Method::PUT,
            &format!("{path}/current"),
            Some(json!({ "version": null })),
        )
        .await;
    assert_eq!(off.json()["active"], false);
    let unknown = house
        .ask(
            &who,
            Method::PUT,
            &format!("{path}/current"),
            Some(json!({ "version": 9 })),
        )
        .await;
    assert_eq!(said(&unknown), (404, "not_found".into()));
}

#[tokio::test]
async fn every_built_in_journey_and_template_can_be_looked_at() {
    let house = House::new().await;
    let who = with_library(&house).await;
    let journeys = house.read(&who, "/api/v1/journeys").await;
    let journeys = journeys["items"].as_array().unwrap();
    assert_eq!(journeys.len(), dopo_engine::library::journeys().len());
    for journey in journeys {
        let id = journey["id"].as_str().unwrap();
        let one = house.read(&who, &format!("/api/v1/journeys/{id}")).await;
        assert!(one["graph"]["edges"].as_array().unwrap().len() > 1, "{id}");
        for node in one["graph"]["nodes"].as_array().unwrap() {
            let Some(template) = node["template"].as_str() else {
                continue;
            };
            for locale in ["it", "en"] {
                let label = node[format!("label_{locale}")].as_str().unwrap();
                let title = node[format!("template_{locale}")].as_str().unwrap();
                assert!(label.ends_with(title), "{label} names {title}");
                assert_ne!(title, template, "{id}");
            }
        }
    }
    let templates = house.read(&who, "/api/v1/templates").await;
    let templates = templates["items"].as_array().unwrap();
    assert_eq!(templates.len(), 56);
    for template in templates {
        assert_ne!(template["title"], template["name"], "{template}");
        let (name, locale) = (
            template["name"].as_str().unwrap(),
            template["locale"].as_str().unwrap(),
        );
        for sample in ["full", "bare"] {
            let path = format!("/api/v1/templates/{name}?locale={locale}&sample={sample}");
            let one = house.read(&who, &path).await;
            assert!(
                !one["rendered"]["text"].as_str().unwrap().is_empty(),
                "{path}"
            );
        }
    }
    let html = house
        .ask(
            &who,
            Method::GET,
            "/api/v1/templates/order_receipt/html",
            None,
        )
        .await;
    assert_eq!(html.status, 200);
    assert!(html.header("content-security-policy").contains("sandbox"));
    let missing = house
        .ask(&who, Method::GET, "/api/v1/templates/nothing", None)
        .await;
    assert_eq!(said(&missing), (404, "not_found".into()));
}

#[tokio::test]
async fn a_wrong_document_is_answered_with_its_places_in_both_languages() {
    let house = House::new().await;
    let who = with_library(&house).await;
    let wrong = DOCUMENT.replace("guide_24h", "guide_25h");
    let checked = house
        .ask(
            &who,
            Method::POST,
            "/api/v1/journeys/check",
            Some(json!({ "document": wrong })),
        )
        .await;
    assert_eq!(checked.status, 200, "{}", checked.text());
    assert_eq!(checked.json()["ok"], false);
    let remark = &checked.json()["problems"][0];
    assert!(remark["line"].as_u64().unwrap() > 5, "{remark}");
    assert!(remark["it"].is_string() && remark["en"].is_string());
    let refused = house
        .ask(
            &who,
            Method::POST,
            "/api/v1/journeys",
            Some(json!({ "document": wrong })),
        )
        .await;
    assert_eq!(said(&refused), (422, "journey_wrong".into()));
}

#[tokio::test]
async fn one_message_is_sent_by_hand_only_as_the_gate_allows() {
    let house = House::new().await;
    let who = with_library(&house).await;
    let order = house.order("1001").await;
    let path = format!("/api/v1/customers/{}/send", order.customer_id);
    let send = async |body: Value| house.ask(&who, Method::POST, &path, Some(body)).await;
    let sent = send(json!({ "journey": "order_receipt", "template": "order_receipt", "order_id": order.id.to_string() })).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert_eq!(sent.json()["status"], "queued");
    let listed = house
        .read(
            &who,
            &format!("/api/v1/messages?customer={}", order.customer_id),
        )
        .await;
    assert!(
        listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["id"] == sent.json()["id"])
    );
    let held = send(json!({ "journey": "after_delivery", "template": "cross_sell_48h" })).await;
    assert_eq!(said(&held), (409, "held_back".into()), "{}", held.text());
    assert!(held.json()["why"]["it"].is_string());
    let coupon = send(json!({ "journey": "after_delivery", "template": "offer_72h" })).await;
    assert_eq!(said(&coupon), (409, "needs_coupon".into()));
    let unknown = send(json!({ "journey": "nothing", "template": "x" })).await;
    assert_eq!(said(&unknown), (404, "not_found".into()));
    let viewer = signed_in(&house, Role::Viewer).await;
    let refused = house
        .ask(
            &viewer,
            Method::POST,
            &path,
            Some(json!({ "journey": "order_receipt", "template": "order_receipt" })),
        )
        .await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
}

#[tokio::test]
async fn a_journey_a_person_is_in_stands_on_their_page() {
    let house = House::new().await;
    let who = with_library(&house).await;
    let order = house.order("1001").await;
    let runs = house
        .read(
            &who,
            &format!("/api/v1/customers/{}/runs", order.customer_id),
        )
        .await;
    assert!(!runs["items"].as_array().unwrap().is_empty());
    assert!(runs["items"][0]["state_it"].is_string());
    house
        .ingest(
            "cancel",
            Event::OrderCancelled {
                order: "1001".into(),
            },
        )
        .await;
    let shown = house.read(&who, "/api/v1/orders/1001").await;
    assert_eq!(shown["standing"], "cancelled");
    let _ = build::t(0);
}

#[tokio::test]
async fn a_shop_from_before_adds_new_ready_journeys_switched_off() {
    let house = House::new().await;
    let who = master(&house).await;
    let published = house
        .ask(
            &who,
            Method::POST,
            "/api/v1/journeys",
            Some(json!({ "document": DOCUMENT.replace("guide_24h", "order_receipt") })),
        )
        .await;
    // The shop has neither journeys nor templates yet.
    assert_eq!(published.status, 422, "{}", published.text());
    let path = "/api/v1/ready-journeys";
    let ready = house.read(&who, path).await;
    let all = dopo_engine::library::journeys().len();
    assert_eq!(ready["items"].as_array().unwrap().len(), all);
    let receipt = &ready["items"][0];
    assert_eq!(receipt["id"], "order_receipt");
    assert!(receipt["graph"]["nodes"].as_array().unwrap().len() > 2);

    let viewer = signed_in(&house, Role::Viewer).await;
    let one = format!("{path}/order_receipt");
    let refused = house.ask(&viewer, Method::POST, &one, None).await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
    let added = house.ask(&who, Method::POST, &one, None).await;
    assert_eq!(added.status, 201, "{}", added.text());
    assert_eq!(added.json()["active"], false);
    assert_eq!(added.json()["version"], Value::Null);
    let again = house.ask(&who, Method::POST, &one, None).await;
    assert_eq!(said(&again), (404, "not_found".into()));
    let left = house.read(&who, path).await;
    assert_eq!(left["items"].as_array().unwrap().len(), all - 1);
    let log = house.read(&who, "/api/v1/audit?action=journey.").await;
    assert_eq!(log["items"][0]["action"], "journey.added");

    // Nobody is mailed by surprise: an order starts nothing until somebody switches the journey on.
    let running =
        async || house.read(&who, "/api/v1/journeys/order_receipt").await["running"].clone();
    let mailed = async || {
        dopo_engine::worker::settle(&house.engine)
            .await
            .expect("settled");
        let messages = house.read(&who, "/api/v1/messages").await;
        messages["items"].as_array().unwrap().len()
    };
    house.order("1001").await;
    assert_eq!((running().await, mailed().await), (json!(0), 0));
    let on = house
        .ask(
            &who,
            Method::PUT,
            "/api/v1/journeys/order_receipt/current",
            Some(json!({ "version": 1 })),
        )
        .await;
    assert_eq!(on.status, 200, "{}", on.text());
    house.order("1002").await;
    assert_eq!(mailed().await, 1);
}

#[tokio::test]
async fn a_ready_journey_leaves_the_shops_own_words() {
    let house = House::new().await;
    let who = master(&house).await;
    let store = house.engine.store();
    let source = dopo_engine::library::templates()
        .into_iter()
        .find(|source| source.name == "order_receipt")
        .expect("the receipt");
    let mut own = source.row().expect("it compiles");
    own.source["subject"] = json!("Parole nostre");
    store
        .publish_template(house.shop, &own)
        .await
        .expect("published");
    let one = "/api/v1/ready-journeys/order_receipt";
    assert_eq!(house.ask(&who, Method::POST, one, None).await.status, 201);
    let rows = store.templates(house.shop).await.expect("templates");
    let of = |locale: &str| {
        rows.iter()
            .find(|row| row.name == "order_receipt" && row.locale == locale)
    };
    assert_eq!(
        of("it").expect("Italian").source["subject"],
        "Parole nostre"
    );
    assert_eq!(of("it").expect("Italian").version, 1);
    assert!(of("en").is_some(), "the language that was missing is there");
}
