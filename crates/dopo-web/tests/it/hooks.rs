//! `/hooks/{shop}/{source}`

use crate::support::{House, SECRET};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use dopo_engine::ports::InboxStatus;
use dopo_testkit::build;
use serde_json::json;

fn order(id: &str) -> serde_json::Value {
    let mut line = serde_json::to_value(build::order_updated(id, "chiara@posta.example")).unwrap();
    line["id"] = json!(format!("e-{id}"));
    line["at"] = json!(build::t(0).to_string());
    line
}

#[tokio::test]
async fn a_signed_delivery_is_stored_and_its_repeat_has_no_effect() {
    let house = House::new().await;
    let first = house.hook("shopify", "d1", SECRET, order("1001")).await;
    assert_eq!(
        (first.status, first.json()["status"].as_str()),
        (StatusCode::OK, Some("accepted"))
    );
    let before = house.fingerprint().await;
    let again = house.hook("shopify", "d1", SECRET, order("1001")).await;
    assert_eq!(
        (again.status, again.json()["status"].as_str()),
        (StatusCode::OK, Some("repeated"))
    );
    assert_eq!(house.fingerprint().await, before);
    let known = house
        .engine
        .store()
        .order_by_external_id(house.shop, "1001")
        .await
        .unwrap();
    assert!(known.is_some());
}

#[tokio::test]
async fn what_is_not_proven_is_refused_and_not_stored() {
    let house = House::new().await;
    for (source, signature, expected) in [
        ("shopify", "wrong", StatusCode::UNAUTHORIZED),
        ("shopify", "", StatusCode::UNAUTHORIZED),
        ("fax", SECRET, StatusCode::NOT_FOUND),
    ] {
        let answer = house.hook(source, "d1", signature, order("1001")).await;
        assert_eq!(answer.status, expected, "{source} {signature}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let unknown = Request::post("/hooks/nobody/shopify")
        .body(Body::empty())
        .unwrap();
    assert_eq!(house.send(unknown).await.status, StatusCode::NOT_FOUND);
    let stale = Request::post("/hooks/bottega/shopify")
        .header("x-id", "d1")
        .header("x-signature", SECRET)
        .header("x-timestamp", (build::t(0).as_second() - 301).to_string())
        .body(Body::from(order("1001").to_string()))
        .unwrap();
    assert_eq!(house.send(stale).await.status, StatusCode::UNAUTHORIZED);
    let inbox = house
        .engine
        .store()
        .inbox(house.shop, None, None, 10)
        .await
        .unwrap();
    assert!(inbox.is_empty());
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused() {
    let house = House::new().await;
    let answer = house
        .hook("shopify", "d1", SECRET, "x".repeat(1024 * 1024 + 1))
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.json()["code"], "body_too_large");
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_raw_and_answered_with_200() {
    let house = House::new().await;
    let answer = house
        .hook("shopify", "d1", SECRET, "{\"not\": \"ours\"}")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["status"], "kept");
    let failed = house
        .engine
        .store()
        .inbox(house.shop, Some(InboxStatus::Failed), None, 10)
        .await
        .unwrap();
    assert_eq!(failed.len(), 1);
    let raw = house
        .engine
        .key()
        .open(house.shop, failed[0].body.as_deref().unwrap())
        .unwrap();
    assert_eq!(raw, b"{\"not\": \"ours\"}");
}

#[tokio::test]
async fn a_ping_is_answered_and_not_stored() {
    let house = House::new().await;
    let answer = house.hook("shopify", "d1", "", "webhook_id=7").await;
    assert_eq!(answer.json()["status"], "pong");
    assert!(
        house
            .engine
            .store()
            .inbox(house.shop, None, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn our_own_hook_keeps_what_it_cannot_read_and_takes_the_rest_once() {
    let house = House::new().await;
    let body = json!([order("1"), { "type": "nonsense" }, order("2")]);
    let answer = house.hook("events", "w1", SECRET, &body).await.json();
    assert_eq!(
        (&answer["accepted"], &answer["kept"], &answer["refused"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let again = house
        .hook("events", "w2", SECRET, json!([order("1"), order("2")]))
        .await
        .json();
    assert_eq!(again["repeated"], json!(2));
    let failed = house
        .engine
        .store()
        .inbox(house.shop, Some(InboxStatus::Failed), None, 10)
        .await
        .unwrap();
    assert_eq!(failed.len(), 1);
}

#[tokio::test]
async fn who_wants_a_literal_answer_gets_it_and_the_key_in_its_body_is_not_kept() {
    let house = House::new().await;
    let saved = house.engine.save_secret(house.shop, "literal", SECRET);
    saved.await.unwrap();
    for body in [order("1001"), json!({ "apiKey": SECRET }), order("1001")] {
        let answer = house.hook("literal", "d1", SECRET, body).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.text(), r#"{"result":"OK"}"#);
    }
    let other = json!({ "apiKey": SECRET });
    house.hook("literal", "d2", SECRET, other).await;
    let failed = house
        .engine
        .store()
        .inbox(house.shop, Some(InboxStatus::Failed), None, 10)
        .await
        .unwrap();
    let kept = house
        .engine
        .key()
        .open(house.shop, failed[0].body.as_deref().unwrap())
        .unwrap();
    assert_eq!(kept, br#"{"apiKey":""}"#);
}
