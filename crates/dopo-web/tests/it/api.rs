//! Callers of the API: keys with chosen scopes, people of the team with a role, other shops.

use crate::support::{Answer, House, PASSWORD};
use axum::body::Body;
use axum::http::{Method, Request, header};
use dopo_core::access::{Role, Scope};
use dopo_core::id::ShopId;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody who asks.
pub(crate) enum Who {
    Nobody,
    Key(String),
    Session { cookie: String, shop: String },
}

/// A key of a shop with these scopes.
pub(crate) async fn key(house: &House, shop: ShopId, scopes: &[&str]) -> Who {
    let text = format!("key-{shop}-{}", scopes.join("+"));
    let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
    house
        .engine
        .store()
        .add_api_key(
            shop,
            None,
            "dopo_try",
            &Sha256::digest(text.as_bytes()),
            &scopes,
            house.engine.now(),
        )
        .await
        .expect("a key");
    Who::Key(text)
}

/// A key of the house's shop that may do everything.
pub(crate) async fn master(house: &House) -> Who {
    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    key(house, house.shop, &all).await
}

/// Somebody of the team, signed in, in a role everywhere.
pub(crate) async fn signed_in(house: &House, role: Role) -> Who {
    let email = format!("{}@bottega.example", role.as_str());
    house
        .engine
        .store()
        .save_user(&email, role.as_str(), "hash", house.engine.now())
        .await
        .expect("a user");
    let request = Request::post("/api/v1/session")
        .header(header::CONTENT_TYPE, "application/json")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(
            json!({ "email": email, "password": PASSWORD }).to_string(),
        ))
        .unwrap();
    let answer = house.send(request).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let cookie = answer.header("set-cookie");
    Who::Session {
        cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
        shop: "bottega".to_owned(),
    }
}

/// A second shop.
pub(crate) async fn other_shop(house: &House) -> ShopId {
    let store = house.engine.store();
    let shop = store
        .add_shop("altra", &crate::support::bottega())
        .await
        .expect("a shop");
    house.engine.refresh_shops().await.expect("shops");
    shop
}

impl House {
    /// Asks as somebody.
    pub(crate) async fn ask(
        &self,
        who: &Who,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        match who {
            Who::Nobody => {}
            Who::Key(key) => {
                request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
            }
            Who::Session { cookie, shop } => {
                request = request
                    .header(header::COOKIE, cookie)
                    .header("dopo-shop", shop)
                    .header("sec-fetch-site", "same-origin");
            }
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    /// Reads as somebody; the answer must be 200.
    pub(crate) async fn read(&self, who: &Who, path: &str) -> Value {
        let answer = self.ask(who, Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }
}

/// Status and code of an answer.
pub(crate) fn said(answer: &Answer) -> (u16, String) {
    let code = serde_json::from_slice::<Value>(&answer.bytes)
        .ok()
        .and_then(|body| body["code"].as_str().map(str::to_owned))
        .unwrap_or_default();
    (answer.status.as_u16(), code)
}

/// An open stream of words.
pub(crate) struct Listening(axum::body::BodyDataStream);

impl Listening {
    /// The next word.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let part = std::future::poll_fn(|cx| {
            use futures_core::Stream as _;
            std::pin::Pin::new(&mut self.0).poll_next(cx)
        })
        .await?;
        Some(String::from_utf8(part.expect("a part").to_vec()).expect("text"))
    }
}

impl House {
    /// Opens `/api/v1/live`.
    pub(crate) async fn listen(&self, who: &Who) -> Listening {
        let Who::Key(key) = who else {
            panic!("by key");
        };
        let request = Request::get("/api/v1/live")
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let response = self.open(request).await;
        assert_eq!(response.status(), 200);
        Listening(response.into_body().into_data_stream())
    }
}
