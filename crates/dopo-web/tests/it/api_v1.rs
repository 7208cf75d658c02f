//! `/api/v1/…`

use crate::support::{House, KEY};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::consent::{Channel, ConsentState, Topic};
use dopo_core::event::Event;
use dopo_core::id::{CustomerId, EffectId};
use dopo_core::message::MessageStatus;
use dopo_testkit::build;
use serde_json::{Value, json};

fn event(id: Option<&str>, order: &str) -> Value {
    let mut line =
        serde_json::to_value(build::order_updated(order, "chiara@posta.example")).unwrap();
    line["at"] = json!(build::t(0).to_string());
    if let Some(id) = id {
        line["id"] = json!(id);
    }
    line
}

#[tokio::test]
async fn events_are_taken_one_or_many_and_each_once() {
    let house = House::new().await;
    let one = house
        .api_post("/api/v1/events", event(Some("a"), "1"))
        .await;
    assert_eq!(one.status, StatusCode::OK);
    insta::assert_json_snapshot!(one.json(), @r#"
    {
      "accepted": 1,
      "events": [
        {
          "id": "a",
          "index": 0,
          "status": "accepted"
        }
      ],
      "kept": 0,
      "refused": 0,
      "repeated": 0
    }
    "#);
    let many = house
        .api_post(
            "/api/v1/events",
            json!([event(Some("a"), "1"), event(Some("b"), "2")]),
        )
        .await;
    assert_eq!(
        (
            many.json()["repeated"].as_u64(),
            many.json()["accepted"].as_u64()
        ),
        (Some(1), Some(1))
    );
}

#[tokio::test]
async fn a_mixed_request_is_207_and_the_good_ones_are_in() {
    let house = House::new().await;
    let mixed = house
        .api_post(
            "/api/v1/events",
            json!([{ "type": "x" }, event(Some("b"), "2")]),
        )
        .await;
    assert_eq!(mixed.status, StatusCode::MULTI_STATUS);
    let body = mixed.json();
    assert_eq!(body["events"][0]["status"], "refused");
    assert_eq!(body["events"][0]["code"], "unreadable");
    assert_eq!(body["events"][1]["status"], "accepted");
    assert!(
        house
            .engine
            .store()
            .order_by_external_id(house.shop, "2")
            .await
            .unwrap()
            .is_some()
    );
    let none = house
        .api_post("/api/v1/events", json!([{ "type": "x" }]))
        .await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(none.json()["errors"][0]["index"], 0);
}

#[tokio::test]
async fn an_idempotency_key_names_events_without_ids() {
    let house = House::new().await;
    let send = async |key: &'static str| {
        let request = Request::post("/api/v1/events")
            .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header("idempotency-key", key)
            .body(Body::from(
                json!([event(None, "1"), event(None, "2")]).to_string(),
            ))
            .unwrap();
        house.send(request).await.json()
    };
    let first = send("k1").await;
    assert_eq!(first["events"][1]["id"], "k1/1");
    assert_eq!(send("k1").await["repeated"], 2);
}

#[tokio::test]
async fn errors_have_stable_codes() {
    let house = House::new().await;
    let plain = |path: &str| Request::post(path.to_owned());
    let no_key = plain("/api/v1/events").body(Body::from("{}")).unwrap();
    let wrong = plain("/api/v1/events")
        .header(header::AUTHORIZATION, "Bearer nope")
        .body(Body::from("{}"))
        .unwrap();
    let no_json = plain("/api/v1/events")
        .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
        .body(Body::from("{}"))
        .unwrap();
    let large = plain("/api/v1/events")
        .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(" ".repeat(4 * 1024 * 1024 + 1)))
        .unwrap();
    for (request, status, code) in [
        (no_key, 401, "unauthorized"),
        (wrong, 401, "unauthorized"),
        (no_json, 415, "json_expected"),
        (large, 413, "body_too_large"),
        (
            Request::get("/api/v1/events").body(Body::empty()).unwrap(),
            405,
            "method_not_allowed",
        ),
        (
            Request::get("/api/v1/nothing").body(Body::empty()).unwrap(),
            404,
            "not_found",
        ),
    ] {
        let answer = house.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (status, Some(code))
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    for (body, code) in [
        ("", "no_events"),
        ("[", "json_unreadable"),
        ("[]", "no_events"),
    ] {
        let answer = house.api_post("/api/v1/events", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (422, Some(code)),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_key_without_the_scope_is_told_which_one_it_lacks() {
    let house = House::new().await;
    let hash = <sha2::Sha256 as sha2::Digest>::digest(b"poor");
    let store = house.engine.store();
    store
        .add_api_key(
            house.shop,
            None,
            "poor",
            &hash,
            &["orders:read".into()],
            build::t(0),
        )
        .await
        .unwrap();
    let request = Request::get("/api/v1/messages").header(header::AUTHORIZATION, "Bearer poor");
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("messages:read")
    );
}

#[tokio::test]
async fn messages_say_why() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message.clone()).await;
    let list = house
        .api_get(&format!(
            "/api/v1/messages?order={}&status=queued",
            order.id
        ))
        .await
        .json();
    assert_eq!(list["items"][0]["id"], message.id.to_string());
    assert_eq!(list["items"][0]["why"]["basis"], "contract");
    assert_eq!(list["items"][0]["why"]["evidence"], "order:1");
    let one = house
        .api_get(&format!("/api/v1/messages/{}", message.id))
        .await
        .json();
    assert_eq!(one["why"]["decision"], "allowed");
    let missing = house
        .api_get(&format!("/api/v1/messages/{}", EffectId(5)))
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let unknown = house.api_get("/api/v1/messages?status=lost").await;
    assert_eq!(unknown.json()["code"], "status_unknown");
    assert!(MessageStatus::ALL.iter().all(|s| {
        unknown.json()["detail"]
            .as_str()
            .unwrap()
            .contains(s.as_str())
    }));
}

#[tokio::test]
async fn another_shop_s_key_sees_nothing() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let store = house.engine.store();
    let other = store
        .add_shop("altra", &crate::support::bottega())
        .await
        .unwrap();
    let hash = <sha2::Sha256 as sha2::Digest>::digest(b"other");
    let scopes = ["messages:read", "orders:read", "coupons:read"].map(str::to_owned);
    store
        .add_api_key(other, None, "other", &hash, &scopes, build::t(0))
        .await
        .unwrap();
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    for path in [
        "/api/v1/orders/1001".to_owned(),
        format!("/api/v1/messages/{}", message.id),
    ] {
        let request = Request::get(&path).header(header::AUTHORIZATION, "Bearer other");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_order_is_told_with_the_address_of_its_page() {
    let house = House::new().await;
    house.order("1001").await;
    let order = house.api_get("/api/v1/orders/1001").await.json();
    assert_eq!(order["number"], "#1001");
    let page = order["page_url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://dopo.example")
        .unwrap()
        .to_owned();
    assert_eq!(house.get(&page).await.status, StatusCode::OK);
}

#[tokio::test]
async fn counters_are_read_by_prefix_and_days() {
    let house = House::new().await;
    house.order("1001").await;
    let day = build::t(0)
        .to_zoned(jiff::tz::TimeZone::get("Europe/Rome").unwrap())
        .date();
    let rows = house
        .api_get(&format!(
            "/api/v1/counters?prefix=orders.&from={day}&to={day}"
        ))
        .await
        .json();
    assert!(
        rows["counters"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["metric"] == "orders.placed" && r["n"] == 1),
        "{rows}"
    );
    let bad = house
        .api_get("/api/v1/counters?from=2026-03-02&to=2026-03-01")
        .await;
    assert_eq!(bad.json()["code"], "period_invalid");
}

#[tokio::test]
async fn a_consent_needs_the_version_of_its_text() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let mut body = json!({
        "person": { "email": "chiara@posta.example" },
        "acts": [{ "topic": "marketing", "channel": "email", "state": "confirmed" }],
    });
    let refused = house.api_post("/api/v1/consents", &body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["code"].as_str()),
        (422, Some("text_version_missing"))
    );
    assert_eq!(refused.json()["errors"][0]["index"], 0);
    body["acts"][0]["text_version"] = json!("form-3");
    let accepted = house.api_post("/api/v1/consents", &body).await;
    assert_eq!(accepted.json()["status"], "accepted");
    assert_eq!(
        house.api_post("/api/v1/consents", &body).await.json()["status"],
        "repeated"
    );
    let person = house.customer(order.customer_id).await;
    assert_eq!(
        person
            .consents
            .state(Topic::Marketing, Some(Channel::Email)),
        ConsentState::Confirmed
    );
    let no = json!({
        "person": { "email": "chiara@posta.example" },
        "acts": [{ "topic": "marketing", "channel": "email", "state": "withdrawn" }],
    });
    house.clock.pass(60);
    assert_eq!(
        house.api_post("/api/v1/consents", no).await.json()["status"],
        "accepted"
    );
    let person = house.customer(order.customer_id).await;
    assert_eq!(
        person
            .consents
            .state(Topic::Marketing, Some(Channel::Email)),
        ConsentState::Withdrawn
    );
}

#[tokio::test]
async fn a_code_is_checked_by_our_clock() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let coupon = build::coupon("GRAZIE-7", order.customer_id.0);
    let writes = dopo_core::advance::Writes {
        coupons: vec![coupon.clone()],
        ..Default::default()
    };
    let intake = build::intake(
        9,
        "c",
        vec![build::arrival(house.shop, "c", 9, build::nothing())],
    );
    let decide = std::sync::Arc::new(move |_, _| writes.clone());
    house
        .engine
        .store()
        .commit_arrivals(house.shop, vec![intake], decide)
        .await
        .unwrap();
    let left = coupon.expires_at.as_second() - build::t(0).as_second();
    assert_eq!(
        house.api_get("/api/v1/coupons/GRAZIE-7").await.json()["valid"],
        true
    );
    house.clock.pass(left + 1);
    let over = house.api_get("/api/v1/coupons/GRAZIE-7").await.json();
    assert_eq!(
        (&over["valid"], &over["reason"]),
        (&json!(false), &json!("expired"))
    );
    assert_eq!(
        house.api_get("/api/v1/coupons/NOPE").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(coupon.customer_id, CustomerId(order.customer_id.0));
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_the_same_use_may_be_told_again() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let coupons = ["GRAZIE-7", "GRAZIE-8", "GRAZIE-9"];
    let coupons = coupons.map(|code| build::coupon(code, order.customer_id.0));
    let expires_at = coupons[0].expires_at;
    let writes = dopo_core::advance::Writes {
        coupons: coupons.to_vec(),
        ..Default::default()
    };
    let intake = build::intake(
        9,
        "c",
        vec![build::arrival(house.shop, "c", 9, build::nothing())],
    );
    let decide = std::sync::Arc::new(move |_, _| writes.clone());
    house
        .engine
        .store()
        .commit_arrivals(house.shop, vec![intake], decide)
        .await
        .unwrap();
    let redeem = async |code: &str, told: Value| {
        let answer = house
            .api_post(&format!("/api/v1/coupons/{code}/redeem"), told)
            .await;
        (answer.status, answer.json())
    };

    let (status, used) = redeem("grazie-7", json!({ "order": "scontrino 12" })).await;
    assert_eq!(status, StatusCode::OK, "{used}");
    assert_eq!(
        (&used["valid"], &used["redeemed_for"]),
        (&json!(false), &json!("scontrino 12"))
    );
    assert_eq!(used["customer"], order.customer_id.to_string());
    house.clock.pass(60);
    let (status, again) = redeem("GRAZIE-7", json!({ "order": "scontrino 12" })).await;
    assert_eq!((status, &again), (StatusCode::OK, &used), "nothing moves");
    for other in [json!({ "order": "scontrino 13" }), json!({})] {
        let (status, problem) = redeem("GRAZIE-7", other).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert_eq!(problem["code"], "coupon_redeemed");
        assert_eq!(problem["redeemed_for"], "scontrino 12");
    }
    let seen = house.api_get("/api/v1/coupons/GRAZIE-7").await.json();
    assert_eq!(seen, used);

    // An order that carries the code uses it up; telling the same order here is the same use.
    let mut told = build::order_told("1002", "chiara@posta.example");
    told.discount_codes = vec!["grazie-8".to_owned()];
    let event = Event::OrderUpdated {
        order: Box::new(told),
    };
    house.ingest("order-1002", event).await;
    let (status, _) = redeem("GRAZIE-8", json!({ "order": "1002" })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = redeem("GRAZIE-8", json!({ "order": "1001" })).await;
    assert_eq!(status, StatusCode::CONFLICT);

    let (status, problem) = redeem("NOPE", json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("not_found"))
    );
    let (status, problem) = redeem("GRAZIE-9", json!({ "order": "x".repeat(101) })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let left = expires_at.as_second() - build::t(60).as_second();
    house.clock.pass(left + 1);
    let (status, problem) = redeem("GRAZIE-9", json!({})).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("coupon_expired"))
    );
    assert!(problem["expires_at"].is_string(), "{problem}");
}
