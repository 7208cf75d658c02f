//! Somebody at the console: signed in, asking as the browser would.

use crate::support::{Answer, House, PASSWORD};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

/// A browser with a session.
pub(crate) struct Seat<'a> {
    house: &'a House,
    pub cookie: String,
}

/// The session's cookie that an answer sets.
pub(crate) fn session_cookie(answer: &Answer) -> String {
    answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .find(|v| v.starts_with("__Host-dopo="))
        .map(|v| v.split(';').next().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

/// A request as the console's page sends it, with or without a session.
pub(crate) async fn ask(
    house: &House,
    cookie: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("sec-fetch-site", "same-origin")
        .header("dopo-shop", "bottega");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    house.send(request.body(body).expect("a request")).await
}

impl<'a> Seat<'a> {
    /// Mara, who owns everything.
    pub(crate) async fn owner(house: &'a House) -> Seat<'a> {
        Seat::of(house, "mara@bottega.example", PASSWORD).await
    }

    pub(crate) async fn of(house: &'a House, email: &str, password: &str) -> Seat<'a> {
        let told = json!({"email": email, "password": password});
        let answer = ask(house, "", Method::POST, "/session", Some(told)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        let cookie = session_cookie(&answer);
        assert!(!cookie.is_empty());
        Seat { house, cookie }
    }

    /// Somebody with this role in the shop, added by hand.
    pub(crate) async fn with_role(house: &'a House, role: &str) -> Seat<'a> {
        let store = house.engine.store();
        let email = format!("{role}@bottega.example");
        let now = house.engine.now();
        let id = store
            .save_user(&email, "none", "hash", now)
            .await
            .expect("a user");
        store
            .set_member(house.shop, id, Some(role))
            .await
            .expect("a member");
        Seat::of(house, &email, PASSWORD).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask(self.house, &self.cookie, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        ask(self.house, &self.cookie, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        ask(self.house, &self.cookie, Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        ask(self.house, &self.cookie, Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        ask(self.house, &self.cookie, Method::DELETE, path, None).await
    }

    /// The actions in the audit log, newest first.
    pub(crate) async fn acts(&self) -> Vec<String> {
        let answer = self.get("/audit?limit=200").await.json();
        let items = answer["items"].as_array().expect("a list").clone();
        items
            .iter()
            .map(|row| row["action"].as_str().expect("an action").to_owned())
            .collect()
    }
}

/// Status and code of a refusal.
pub(crate) fn refusal(answer: &Answer) -> (u16, String) {
    let code = answer.json()["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status.as_u16(), code)
}
