//! `/api/v1/customers…`, `/api/v1/notes…`, `/api/v1/tasks…`, `/api/v1/search`

use crate::api::{Who, key, master, other_shop, said, signed_in};
use crate::support::House;
use axum::body::Body;
use axum::http::{Method, Request, header};
use dopo_core::access::Role;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::event::Event;
use dopo_testkit::build;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn people(house: &House, n: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for i in 0..n {
        house
            .ingest(
                &format!("order-{i}"),
                build::order_updated(
                    &format!("{}", 2000 + i),
                    &format!("cliente{i}@posta.example"),
                ),
            )
            .await;
        let order = house
            .engine
            .store()
            .order_by_external_id(house.shop, &format!("{}", 2000 + i))
            .await
            .unwrap()
            .unwrap();
        ids.push(order.customer_id.to_string());
    }
    ids
}

#[tokio::test]
async fn people_come_in_pages_without_gaps_or_repeats() {
    let house = House::new().await;
    let who = master(&house).await;
    let all: BTreeSet<String> = people(&house, 7).await.into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut path = "/api/v1/customers?limit=3".to_owned();
    let mut pages = 0;
    loop {
        let page = house.read(&who, &path).await;
        for row in page["items"].as_array().unwrap() {
            assert!(seen.insert(row["id"].as_str().unwrap().to_owned()));
        }
        pages += 1;
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/customers?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (all, 3));
}

#[tokio::test]
async fn a_cursor_of_another_list_or_none_at_all_is_refused() {
    let house = House::new().await;
    let who = master(&house).await;
    people(&house, 3).await;
    let orders = house.read(&who, "/api/v1/orders?limit=1").await;
    let next = orders["next"].as_str().unwrap();
    for path in [
        format!("/api/v1/customers?cursor={next}"),
        "/api/v1/customers?cursor=x".to_owned(),
        "/api/v1/orders?cursor=".to_owned(),
        "/api/v1/messages?cursor=bWVzc2FnZXM6eA".to_owned(),
        "/api/v1/tasks?cursor=x".to_owned(),
    ] {
        let answer = house.ask(&who, Method::GET, &path, None).await;
        assert_eq!(said(&answer), (422, "cursor_unreadable".into()), "{path}");
    }
    let unknown = house
        .ask(&who, Method::GET, "/api/v1/customers?colour=red", None)
        .await;
    assert_eq!(said(&unknown), (422, "query_invalid".into()));
    let province = house
        .ask(&who, Method::GET, "/api/v1/customers?province=ZZ", None)
        .await;
    assert_eq!(province.json()["errors"][0]["field"], "province");
}

#[tokio::test]
async fn a_person_is_found_by_the_beginning_of_what_is_typed() {
    let house = House::new().await;
    let who = master(&house).await;
    let ids = people(&house, 3).await;
    let found = house
        .read(&who, "/api/v1/customers?q=cliente1%40posta")
        .await;
    assert_eq!(found["items"][0]["id"], ids[1]);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let all = house.read(&who, "/api/v1/search?q=cliente").await;
    assert_eq!(all["customers"].as_array().unwrap().len(), 3);
    let order = house.read(&who, "/api/v1/search?q=2002").await;
    assert_eq!(order["orders"][0]["external_id"], "2002");
    let poor = key(&house, house.shop, &["orders:read"]).await;
    let order = house.read(&poor, "/api/v1/search?q=2002").await;
    assert_eq!(order["customers"], json!([]));
    assert_eq!(order["orders"][0]["customer"], Value::Null);
}

#[tokio::test]
async fn a_person_s_page_says_what_could_be_sent_and_why_not() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = house.order("1001").await;
    let id = order.customer_id.to_string();
    let person = house.read(&who, &format!("/api/v1/customers/{id}")).await;
    assert_eq!(person["email"], "chiara@posta.example");
    assert_eq!(person["emails"], json!(["chiara@posta.example"]));
    assert_eq!(person["marketing_email"], "unknown");
    let gate = person["gate"].as_array().unwrap();
    assert_eq!(gate.len(), 7 * 4);
    let cell = |purpose: &str, channel: &str| {
        gate.iter()
            .find(|c| c["purpose"] == purpose && c["channel"] == channel)
            .unwrap()
    };
    assert_eq!(cell("legal", "email")["decision"], "allow");
    assert_eq!(cell("marketing", "email")["reason"], "no_consent");
    assert!(
        cell("marketing", "email")["it"]
            .as_str()
            .unwrap()
            .contains("consenso")
    );
    assert!(
        person["preferences_url"]
            .as_str()
            .unwrap()
            .starts_with("https://dopo.example/p/")
    );
    for missing in ["/api/v1/customers/1", "/api/v1/customers/x"] {
        let answer = house.ask(&who, Method::GET, missing, None).await;
        assert_eq!(said(&answer), (404, "not_found".into()), "{missing}");
    }
}

#[tokio::test]
async fn a_correction_is_checked_written_and_noted() {
    let house = House::new().await;
    let who = signed_in(&house, Role::Care).await;
    let order = house.order("1001").await;
    let path = format!("/api/v1/customers/{}", order.customer_id);
    let wrong = house
        .ask(
            &who,
            Method::PATCH,
            &path,
            Some(json!({ "province": "ZZ", "tags": [""] })),
        )
        .await;
    assert_eq!(said(&wrong), (422, "fields_invalid".into()));
    assert_eq!(wrong.json()["errors"].as_array().unwrap().len(), 2);
    let right = house
        .ask(
            &who,
            Method::PATCH,
            &path,
            Some(json!({ "first_name": "Chiara", "last_name": null, "province": "bo", "tags": ["legno"], "minor": true })),
        )
        .await;
    assert_eq!(right.status, 200, "{}", right.text());
    let person = right.json();
    assert_eq!(
        (&person["first_name"], &person["province"], &person["tags"]),
        (&json!("Chiara"), &json!("BO"), &json!(["legno"]))
    );
    assert_eq!(person["minor"], true);
    let found = house
        .read(&who, "/api/v1/customers?q=chiara&province=BO")
        .await;
    assert_eq!(found["items"][0]["name"], "Chiara");
    let audit = house
        .engine
        .store()
        .audit(house.shop, Some("customer."), None, 10)
        .await
        .unwrap();
    assert_eq!(audit[0].action, "customer.corrected");
    assert_eq!(audit[0].actor_name, "care@bottega.example");
    assert!(!audit[0].detail.to_string().contains("Chiara"));
}

#[tokio::test]
async fn the_story_tells_orders_messages_consents_notes_and_tasks_newest_first() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = house.order("1001").await;
    let id = order.customer_id.to_string();
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message).await;
    let act = ConsentAct {
        topic: Topic::Marketing,
        channel: Some(Channel::Email),
        state: ConsentState::Confirmed,
        source: ConsentSource::Checkout,
        text_version: Some("v1".into()),
        form: None,
        language: None,
        proof: Some("1.2.3.4 Firefox".into()),
    };
    let event = Event::PreferencesChanged {
        customer: order.customer_id,
        acts: vec![act],
    };
    house.ingest("consent", event).await;
    house.clock.pass(60);
    let base = format!("/api/v1/customers/{id}");
    let note = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/notes"),
            Some(json!({ "text": "chiamare dopo le 18", "order_id": order.id.to_string() })),
        )
        .await;
    assert_eq!(note.status, 201, "{}", note.text());
    let task = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/tasks"),
            Some(json!({ "title": "Chiama" })),
        )
        .await;
    assert_eq!(task.status, 201, "{}", task.text());

    let story = house.read(&who, &format!("{base}/timeline")).await;
    let items = story["items"].as_array().unwrap();
    let kinds: BTreeSet<&str> = items.iter().map(|i| i["kind"].as_str().unwrap()).collect();
    for kind in ["order", "message", "consent", "note", "task"] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
    let times: Vec<&str> = items.iter().map(|i| i["at"].as_str().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
    let sent = items.iter().find(|i| i["kind"] == "message").unwrap();
    assert_eq!(sent["message"]["why"]["basis"], "contract");
    let mut ids = Vec::new();
    let mut path = format!("{base}/timeline?limit=2");
    loop {
        let page = house.read(&who, &path).await;
        ids.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| i["id"].clone()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("{base}/timeline?limit=2&cursor={next}"),
            None => break,
        }
    }
    let whole: Vec<Value> = items.iter().map(|i| i["id"].clone()).collect();
    assert_eq!(ids, whole);

    let ledger = house.read(&who, &format!("{base}/consents")).await;
    assert_eq!(ledger["items"][0]["ip_stored"], true);
    assert!(!ledger.to_string().contains("1.2.3.4"));
    let person = house.read(&who, &base).await;
    assert_eq!(person["marketing_email"], "yes");

    let task = task.json();
    let id = task["id"].as_str().unwrap();
    let open = house.read(&who, "/api/v1/tasks?open=true").await;
    assert_eq!(open["items"][0]["id"], id);
    let done = house
        .ask(
            &who,
            Method::PUT,
            &format!("/api/v1/tasks/{id}"),
            Some(json!({ "done": true })),
        )
        .await;
    assert_eq!(done.status, 204);
    let open = house.read(&who, "/api/v1/tasks?open=true").await;
    assert_eq!(open["items"], json!([]));

    let note = note.json()["id"].as_str().unwrap().to_owned();
    let gone = house
        .ask(&who, Method::DELETE, &format!("/api/v1/notes/{note}"), None)
        .await;
    assert_eq!(gone.status, 204);
    let again = house
        .ask(&who, Method::DELETE, &format!("/api/v1/notes/{note}"), None)
        .await;
    assert_eq!(said(&again), (404, "not_found".into()));
}

#[tokio::test]
async fn stopping_a_person_withdraws_every_offer_and_nothing_else() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = house.order("1001").await;
    let base = format!("/api/v1/customers/{}", order.customer_id);
    let stopped = house
        .ask(&who, Method::POST, &format!("{base}/stop"), Some(json!({})))
        .await;
    assert_eq!(stopped.status, 200, "{}", stopped.text());
    assert_eq!(stopped.json()["withdrawn"], 4);
    let person = house.customer(order.customer_id).await;
    assert_eq!(
        person.consents.state(Topic::Marketing, Some(Channel::Sms)),
        ConsentState::Withdrawn
    );
    assert_eq!(
        person.consents.state(Topic::Service, Some(Channel::Email)),
        ConsentState::Unknown
    );
    let again = house
        .ask(&who, Method::POST, &format!("{base}/stop"), Some(json!({})))
        .await;
    assert_eq!(again.json()["withdrawn"], 0);
}

#[tokio::test]
async fn a_copy_and_being_forgotten_need_their_own_rights_and_the_right_word() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = house.order("1001").await;
    let base = format!("/api/v1/customers/{}", order.customer_id);
    let copy = house
        .ask(&who, Method::GET, &format!("{base}/export"), None)
        .await;
    assert!(copy.header("content-disposition").starts_with("attachment"));
    assert_eq!(copy.json()["orders"][0]["external_id"], "1001");
    let marketer = signed_in(&house, Role::Marketer).await;
    let refused = house
        .ask(
            &marketer,
            Method::POST,
            &format!("{base}/forget"),
            Some(json!({ "confirm": "chiara@posta.example" })),
        )
        .await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
    assert_eq!(refused.json()["scope"], "customers:forget");
    let wrong = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/forget"),
            Some(json!({ "confirm": "somebody@else.example" })),
        )
        .await;
    assert_eq!(said(&wrong), (422, "fields_invalid".into()));
    let right = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/forget"),
            Some(json!({ "confirm": "Chiara@posta.example" })),
        )
        .await;
    assert_eq!(right.status, 202, "{}", right.text());
    // What the law requires to be kept (the order) stays, without the person.
    let left = house.ask(&who, Method::GET, &base, None).await.text();
    assert!(!left.contains("chiara"), "{left}");
}

#[tokio::test]
async fn the_csv_has_every_person_once_and_no_formula() {
    let house = House::new().await;
    let who = master(&house).await;
    people(&house, 5).await;
    let order = house.order("1001").await;
    let path = format!("/api/v1/customers/{}", order.customer_id);
    house
        .ask(
            &who,
            Method::PATCH,
            &path,
            Some(json!({ "first_name": "=HYPERLINK(1)" })),
        )
        .await;
    let csv = house
        .ask(&who, Method::GET, "/api/v1/customers.csv", None)
        .await;
    assert_eq!(csv.status, 200, "{}", csv.text());
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    let text = csv.text();
    assert_eq!(text.lines().count(), 7, "{text}");
    assert!(!text.contains(",\"="), "{text}");
    let care = signed_in(&house, Role::Care).await;
    let refused = house
        .ask(&care, Method::GET, "/api/v1/customers.csv", None)
        .await;
    assert_eq!(said(&refused), (403, "scope_missing".into()));
}

#[tokio::test]
async fn the_same_key_with_the_same_body_happens_once() {
    let house = House::new().await;
    let Who::Key(token) = master(&house).await else {
        panic!("a key");
    };
    let order = house.order("1001").await;
    let path = format!("/api/v1/customers/{}/notes", order.customer_id);
    let send = async |text: &str| {
        let request = Request::post(&path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "k-1")
            .body(Body::from(json!({ "text": text }).to_string()))
            .unwrap();
        house.send(request).await
    };
    let first = send("una volta").await;
    let second = send("una volta").await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.json()["id"], second.json()["id"]);
    let other = send("un'altra").await;
    assert_eq!(said(&other), (422, "idempotency_key_reused".into()));
    let notes = house.read(&Who::Key(token.clone()), &path).await;
    assert_eq!(notes["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_with_the_cookie_must_come_from_our_own_page() {
    let house = House::new().await;
    let Who::Session { cookie, .. } = signed_in(&house, Role::Owner).await else {
        panic!("a session");
    };
    let order = house.order("1001").await;
    let path = format!("/api/v1/customers/{}/notes", order.customer_id);
    let send = async |site: Option<&str>, shop: Option<&str>| {
        let mut request = Request::post(&path)
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(shop) = shop {
            request = request.header("dopo-shop", shop);
        }
        let body = Body::from(json!({ "text": "x" }).to_string());
        said(&house.send(request.body(body).unwrap()).await)
    };
    assert_eq!(
        send(Some("cross-site"), Some("bottega")).await,
        (403, "cross_site".into())
    );
    assert_eq!(send(None, None).await, (403, "cross_site".into()));
    assert_eq!(
        send(Some("same-origin"), None).await,
        (422, "shop_missing".into())
    );
    assert_eq!(
        send(Some("same-origin"), Some("nessuno")).await,
        (404, "shop_not_found".into())
    );
    assert_eq!(send(None, Some("bottega")).await.0, 201);
}

#[tokio::test]
async fn another_shop_s_key_finds_nobody() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let other = other_shop(&house).await;
    let who = key(
        &house,
        other,
        &["customers:read", "customers:write", "customers:export"],
    )
    .await;
    let base = format!("/api/v1/customers/{}", order.customer_id);
    for path in [
        base.clone(),
        format!("{base}/timeline"),
        format!("{base}/notes"),
        format!("{base}/export"),
    ] {
        let answer = house.ask(&who, Method::GET, &path, None).await;
        assert_eq!(said(&answer), (404, "not_found".into()), "{path}");
    }
    assert_eq!(
        house.read(&who, "/api/v1/customers").await["items"],
        json!([])
    );
    let search = house.read(&who, "/api/v1/search?q=chiara").await;
    assert_eq!(search["customers"], json!([]));
}

#[tokio::test]
async fn answers_say_how_much_of_the_rate_is_left() {
    let house = House::new().await;
    let who = master(&house).await;
    let first = house
        .ask(&who, Method::GET, "/api/v1/customers", None)
        .await;
    assert_eq!(first.header("ratelimit-limit"), "1000");
    let left: u32 = first.header("ratelimit-remaining").parse().unwrap();
    let second = house
        .ask(&who, Method::GET, "/api/v1/customers", None)
        .await;
    let less: u32 = second.header("ratelimit-remaining").parse().unwrap();
    assert!(less < left, "{less} < {left}");
    assert!(!second.header("ratelimit-reset").is_empty());
}
