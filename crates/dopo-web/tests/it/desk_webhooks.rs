//! Outgoing webhooks, to a receiver in this process.

use crate::desk_seat::{Seat, refusal};
use crate::support::{House, Plan, bottega};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex};

/// What a receiver got, and what it answers.
#[derive(Clone)]
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
    answer: Arc<Mutex<StatusCode>>,
}

async fn hear(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.got.lock().unwrap().push((headers, body));
    *receiver.answer.lock().unwrap()
}

impl Receiver {
    async fn new() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let receiver = Receiver {
            url: format!("http://{}/in", listener.local_addr().expect("bound")),
            got: Arc::default(),
            answer: Arc::new(Mutex::new(StatusCode::OK)),
        };
        let router = Router::new()
            .route("/in", post(hear))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn answers(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    fn got(&self) -> Vec<(HeaderMap, Bytes)> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

/// Whether a delivery is signed with this secret, as the specification says.
fn is_signed(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name: &str| headers[name].to_str().expect("text").to_owned();
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").expect("a secret"))
        .expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{}.{}.", text("webhook-id"), text("webhook-timestamp")).as_bytes());
    mac.update(body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    text("webhook-signature") == expected
}

async fn add(seat: &Seat<'_>, url: &str, kinds: Value) -> (String, String) {
    let made = seat
        .post("/webhooks", json!({"url": url, "kinds": kinds}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    (text("id"), text("secret"))
}

#[tokio::test]
async fn facts_arrive_signed_once_each() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let receiver = Receiver::new().await;
    let (id, secret) = add(&seat, &receiver.url, json!(["order.*"])).await;
    house.order("1001").await;
    // The same order told again is no new order.
    house.order("1001").await;
    while house.desk.deliver_once().await.expect("delivered") > 0 {}
    let got = receiver.got();
    assert_eq!(got.len(), 1);
    let (headers, body) = &got[0];
    assert!(is_signed(&secret, headers, body));
    let event: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(event["type"], "order.placed");
    assert_eq!(event["shop"], "bottega");
    assert_eq!(event["data"]["external_id"], "1001");
    assert!(
        !String::from_utf8_lossy(body).contains("chiara@"),
        "no personal data"
    );
    let listed = seat.get("/webhooks").await;
    assert!(!listed.text().contains(&secret));
    let listed = listed.json();
    assert_eq!(listed["items"][0]["last"]["status"], "done");
    assert_eq!(listed["items"][0]["last"]["code"], 200);
    let deliveries = seat.get(&format!("/webhooks/{id}/deliveries")).await.json();
    assert_eq!(
        deliveries["items"][0]["event_id"],
        headers["webhook-id"].to_str().expect("text")
    );
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_later_and_a_repeat_has_the_same_id() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let receiver = Receiver::new().await;
    let (id, _) = add(&seat, &receiver.url, json!([])).await;
    receiver.answers(StatusCode::INTERNAL_SERVER_ERROR);
    let tested = seat.post(&format!("/webhooks/{id}/test"), json!({})).await;
    assert_eq!(tested.status, StatusCode::ACCEPTED);
    assert_eq!(house.desk.deliver_once().await.expect("tried"), 1);
    assert_eq!(
        house.desk.deliver_once().await.expect("tried"),
        0,
        "not before its time"
    );
    let first = receiver.got();
    house.clock.pass(7);
    receiver.answers(StatusCode::OK);
    assert_eq!(house.desk.deliver_once().await.expect("tried"), 1);
    let second = receiver.got();
    assert_eq!(first[0].0["webhook-id"], second[0].0["webhook-id"]);
    assert_ne!(
        first[0].0["webhook-timestamp"],
        second[0].0["webhook-timestamp"]
    );
    let rows = seat
        .get(&format!("/webhooks/{id}/deliveries?status=done"))
        .await
        .json();
    assert_eq!(rows["items"][0]["attempts"], 2);
    let delivery = rows["items"][0]["id"].as_str().expect("an id");
    let again = seat
        .post(&format!("/deliveries/{delivery}/replay"), json!({}))
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(house.desk.deliver_once().await.expect("tried"), 1);
    assert_eq!(receiver.got()[0].0["webhook-id"], first[0].0["webhook-id"]);
    assert_eq!(
        seat.post("/deliveries/999/replay", json!({})).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn ten_failures_make_a_dead_letter() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let receiver = Receiver::new().await;
    receiver.answers(StatusCode::BAD_GATEWAY);
    let (id, _) = add(&seat, &receiver.url, json!(["test"])).await;
    seat.post(&format!("/webhooks/{id}/test"), json!({})).await;
    let mut tried = 0;
    for _ in 0..12 {
        tried += house.desk.deliver_once().await.expect("tried");
        house.clock.pass(30 * 3_600);
    }
    assert_eq!((tried, receiver.got().len()), (10, 10));
    let seat = Seat::owner(&house).await;
    let rows = seat
        .get(&format!("/webhooks/{id}/deliveries?status=failed"))
        .await
        .json();
    assert_eq!(rows["items"][0]["error"], "answered 502");
    assert_eq!(
        seat.get("/webhooks").await.json()["items"][0]["active"],
        true
    );
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_good_is_switched_off() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let receiver = Receiver::new().await;
    receiver.answers(StatusCode::GONE);
    let (id, _) = add(&seat, &receiver.url, json!(["test"])).await;
    seat.post(&format!("/webhooks/{id}/test"), json!({})).await;
    assert_eq!(house.desk.deliver_once().await.expect("tried"), 1);
    assert_eq!(
        seat.get("/webhooks").await.json()["items"][0]["active"],
        false
    );
    assert_eq!(seat.acts().await[0], "webhook.changed");
    seat.patch(&format!("/webhooks/{id}"), json!({"active": true}))
        .await;
    assert_eq!(
        seat.get("/webhooks").await.json()["items"][0]["active"],
        true
    );
    assert_eq!(
        seat.delete(&format!("/webhooks/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        seat.delete(&format!("/webhooks/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn nothing_is_posted_into_private_networks_unless_the_installation_means_it() {
    let plan = Plan {
        public_only: true,
        ..Plan::default()
    };
    let house = House::planned(bottega(), plan).await;
    let seat = Seat::owner(&house).await;
    for url in [
        "http://example.com/in",
        "https://127.0.0.1/in",
        "https://[::ffff:10.0.0.1]/in",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/in",
        "https://db.internal/in",
        "not an address",
    ] {
        let answer = seat
            .post("/webhooks", json!({"url": url, "kinds": []}))
            .await;
        assert_eq!(
            refusal(&answer),
            (422, "fields_invalid".to_owned()),
            "{url}"
        );
    }
    let good = seat
        .post(
            "/webhooks",
            json!({"url": "https://hooks.example.com/in", "kinds": ["nope"]}),
        )
        .await;
    assert_eq!(refusal(&good), (422, "fields_invalid".to_owned()));
    assert_eq!(good.json()["errors"][0]["field"], "kinds");
}
