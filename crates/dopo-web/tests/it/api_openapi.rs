//! The description of the API against the API: every route is in it, every operation keeps its word about rights.

use crate::api::{Who, key, master, other_shop, said, signed_in};
use crate::support::House;
use axum::body::Body;
use axum::http::{Method, Request, header};
use dopo_core::access::{Role, Scope};
use dopo_testkit::build;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Operation {
    method: Method,
    path: String,
    id: String,
    scopes: Vec<String>,
    by_key: bool,
    open: bool,
    statuses: BTreeSet<String>,
    body: bool,
}

async fn operations(house: &House) -> (Value, Vec<Operation>) {
    let answer = house.get("/api/v1/openapi.json").await;
    assert_eq!(answer.status, 200);
    let document = answer.json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let security = operation["security"].as_array().unwrap();
            let by_key = security.iter().any(|one| one.get("key").is_some());
            let scopes = security
                .first()
                .and_then(|one| one.get("key"))
                .and_then(Value::as_array)
                .map(|names| {
                    names
                        .iter()
                        .map(|n| n.as_str().unwrap().to_owned())
                        .collect()
                })
                .unwrap_or_default();
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                id: operation["operationId"].as_str().unwrap().to_owned(),
                scopes,
                by_key,
                open: security.is_empty(),
                statuses: operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .cloned()
                    .collect(),
                body: operation.get("requestBody").is_some(),
            });
        }
    }
    (document, operations)
}

/// A path with ids of things that exist in the house's shop.
struct Things {
    customer: String,
    order: String,
    message: String,
    run: String,
    note: String,
    task: String,
}

async fn things(house: &House) -> Things {
    dopo_engine::library::publish_defaults(house.engine.store(), house.shop)
        .await
        .expect("the built-in journeys");
    house.engine.refresh_shops().await.expect("shops");
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    let store = house.engine.store();
    let runs = store
        .runs_of(house.shop, order.customer_id, 10)
        .await
        .unwrap();
    let who = master(house).await;
    let base = format!("/api/v1/customers/{}", order.customer_id);
    let note = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/notes"),
            Some(json!({ "text": "x" })),
        )
        .await
        .json();
    let task = house
        .ask(
            &who,
            Method::POST,
            &format!("{base}/tasks"),
            Some(json!({ "title": "x" })),
        )
        .await
        .json();
    Things {
        customer: order.customer_id.to_string(),
        order: order.id.to_string(),
        message: message.id.to_string(),
        run: runs
            .first()
            .map_or_else(|| "1".into(), |r| r.id.to_string()),
        note: note["id"].as_str().unwrap().to_owned(),
        task: task["id"].as_str().unwrap().to_owned(),
    }
}

impl Things {
    fn path(&self, template: &str) -> String {
        let id = if template.contains("/customers/") {
            &self.customer
        } else if template.contains("/orders/") {
            &self.order
        } else if template.contains("/messages/") {
            &self.message
        } else if template.contains("/runs/") {
            &self.run
        } else if template.contains("/notes/") {
            &self.note
        } else if template.contains("/tasks/") {
            &self.task
        } else if template.contains("/journeys/") {
            "order_receipt"
        } else {
            "1"
        };
        let path = template
            .replace("{id}", id)
            .replace("{name}", "order_receipt")
            .replace("{code}", "GRAZIE-1")
            .replace("{seq}", "0")
            .replace("{photo}", "photo-1")
            .replace("{vendor}", "brt")
            .replace("{source}", "shopify");
        match template {
            "/api/v1/counters" => format!("{path}?from=2026-11-01&to=2026-11-02"),
            "/api/v1/search" => format!("{path}?q=chiara"),
            "/api/v1/views" => format!("{path}?page=customers"),
            _ => path,
        }
    }
}

#[tokio::test]
async fn the_committed_document_is_the_one_that_is_served() {
    let house = House::new().await;
    let served = house.get("/api/v1/openapi.json").await.text();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &served).expect("docs/openapi.json is written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == served,
        "docs/openapi.json is old: run `UPDATE_OPENAPI=1 cargo test -p dopo-web openapi`"
    );
}

#[tokio::test]
async fn every_operation_has_its_own_name_and_words_and_every_reference_leads_somewhere() {
    let house = House::new().await;
    let (document, operations) = operations(&house).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert!(operations.len() > 80, "{}", operations.len());
    let ids: BTreeSet<&str> = operations.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len());
    for scope in operations.iter().flat_map(|o| &o.scopes) {
        assert!(Scope::parse(scope).is_some(), "{scope}");
    }
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path}");
            for (status, answer) in operation["responses"].as_object().unwrap() {
                if status.starts_with('4') && answer.get("$ref").is_none() {
                    let media = &answer["content"]["application/problem+json"];
                    assert!(media.is_object(), "{method} {path} {status}");
                }
            }
        }
    }
}

/// The routes as they stand in the source, so that none is forgotten.
#[tokio::test]
async fn every_route_is_in_the_document() {
    let house = House::new().await;
    let (_, operations) = operations(&house).await;
    let known: BTreeSet<(String, String)> = operations
        .iter()
        .map(|o| (o.method.as_str().to_lowercase(), o.path.clone()))
        .collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let mut found = 0;
    for file in ["mod.rs", "desk/mod.rs"] {
        let text = std::fs::read_to_string(source.join(file)).expect("the source is here");
        for part in text.split(".route(").skip(1) {
            let Some(path) = part.split('"').nth(1) else {
                continue;
            };
            if !path.starts_with("/api/v1/") || path == "/api/v1/openapi.json" {
                continue;
            }
            let handlers = part.split_once('"').unwrap().1;
            for method in METHODS {
                let is_there = [",", ".", "\n", " "]
                    .iter()
                    .any(|before| handlers.contains(&format!("{before}{method}(")));
                if is_there {
                    found += 1;
                    let one = (method.to_owned(), path.to_owned());
                    assert!(known.contains(&one), "{one:?} is not in the document");
                }
            }
        }
    }
    assert_eq!(found, known.len());
}

#[tokio::test]
async fn without_credentials_nothing_is_answered() {
    let house = House::new().await;
    let (_, operations) = operations(&house).await;
    let things = things(&house).await;
    for operation in operations.iter().filter(|o| !o.open) {
        let path = things.path(&operation.path);
        let body = operation.body.then(|| json!({}));
        let answer = house
            .ask(&Who::Nobody, operation.method.clone(), &path, body)
            .await;
        assert_eq!(
            said(&answer),
            (401, "unauthorized".into()),
            "{} {path}",
            operation.method
        );
    }
}

#[tokio::test]
async fn a_key_without_the_scope_and_a_role_without_the_right_are_told_which_one_is_missing() {
    let house = House::new().await;
    let (_, operations) = operations(&house).await;
    let things = things(&house).await;
    let none = key(&house, house.shop, &[]).await;
    let mut callers = vec![("a bare key".to_owned(), none, None)];
    for role in Role::ALL {
        let who = signed_in(&house, role).await;
        callers.push((role.as_str().to_owned(), who, Some(role)));
    }
    let mut refused = 0;
    for operation in operations.iter().filter(|o| !o.scopes.is_empty()) {
        for (name, who, role) in &callers {
            let lacks: Vec<&String> = operation
                .scopes
                .iter()
                .filter(|scope| {
                    let scope = Scope::parse(scope).unwrap();
                    !role.is_some_and(|role: Role| role.may(scope))
                })
                .collect();
            if lacks.is_empty() {
                continue;
            }
            let path = things.path(&operation.path);
            let body = operation.body.then(|| json!({}));
            let answer = house.ask(who, operation.method.clone(), &path, body).await;
            let at = format!("{name}: {} {path}: {}", operation.method, answer.text());
            // What cannot be read at all may be said before who may not.
            let unreadable = operation.body && answer.status == 422;
            assert!(answer.status == 403 || unreadable, "{at}");
            if answer.status == 403 {
                let scope = answer.json()["scope"].as_str().unwrap().to_owned();
                assert!(lacks.contains(&&scope), "{at}");
                refused += 1;
            }
            assert!(!answer.text().contains("chiara@posta.example"), "{at}");
        }
    }
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn the_ids_of_one_shop_are_nothing_to_another() {
    let house = House::new().await;
    let (_, operations) = operations(&house).await;
    let things = things(&house).await;
    let other = other_shop(&house).await;
    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let who = key(&house, other, &all).await;
    let before = house.fingerprint().await;
    for operation in operations.iter().filter(|o| o.by_key) {
        if operation.path == "/api/v1/live" {
            continue;
        }
        let path = things.path(&operation.path);
        let body = operation.body.then(|| json!({}));
        let answer = house.ask(&who, operation.method.clone(), &path, body).await;
        let at = format!("{} {path}: {}", operation.method, answer.text());
        assert!(answer.status.as_u16() < 500, "{at}");
        let status = answer.status.as_u16().to_string();
        assert!(operation.statuses.contains(&status), "not documented: {at}");
        for secret in ["chiara@posta.example", &things.message, "#1001"] {
            let told = answer.text();
            assert!(
                !told.contains(secret) || path.contains(secret) && !answer.status.is_success(),
                "{secret} leaks: {at}"
            );
        }
        let names_a_thing = [
            "customers/{id}",
            "orders/{id}",
            "messages/{id}",
            "notes/{id}",
            "tasks/{id}",
            "runs/{id}",
            "journeys/{id}",
            "templates/{name}",
        ]
        .iter()
        .any(|part| operation.path.contains(part));
        if names_a_thing {
            assert!(matches!(answer.status.as_u16(), 404 | 422), "{at}");
        }
    }
    assert_eq!(house.fingerprint().await, before);
}

#[tokio::test]
async fn what_an_owner_asks_is_answered_with_a_documented_status() {
    let house = House::new().await;
    let (_, operations) = operations(&house).await;
    let things = things(&house).await;
    let who = signed_in(&house, Role::Owner).await;
    for operation in &operations {
        // What ends the session, or never ends.
        if operation.open || ["/api/v1/live"].contains(&operation.path.as_str()) {
            continue;
        }
        for body in [json!({}), json!([]), json!({ "nobody": "knows" })] {
            let path = things.path(&operation.path);
            let body = operation.body.then_some(body);
            let answer = house.ask(&who, operation.method.clone(), &path, body).await;
            let status = answer.status.as_u16().to_string();
            let at = format!("{} {path}: {status} {}", operation.method, answer.text());
            assert!(answer.status.as_u16() < 500, "{at}");
            assert!(operation.statuses.contains(&status), "not documented: {at}");
            if answer.status.is_client_error() {
                assert_eq!(
                    answer.header("content-type"),
                    "application/problem+json",
                    "{at}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_reference_asks_nobody_but_us() {
    let house = House::new().await;
    for (lang, word) in [("it", "Le API di Dopo"), ("en", "The API of Dopo")] {
        let page = house.get(&format!("/api/?lang={lang}")).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(word));
        assert!(!page.text().contains("http"), "{}", page.text());
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && policy.contains("default-src 'none'"));
    }
    for (path, kind) in [
        ("/api/reference.js", "text/javascript; charset=utf-8"),
        ("/api/reference.css", "text/css; charset=utf-8"),
    ] {
        let file = house.get(path).await;
        assert_eq!(
            (file.status.as_u16(), file.header("content-type")),
            (200, kind)
        );
    }
    let request = Request::get("/api/v1/today")
        .header(header::AUTHORIZATION, "Bearer nobody")
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        house.send(request).await.header("www-authenticate"),
        "Bearer"
    );
}
