//! `/api/v1/session`, `/password`, `/me`, `/setup`

use crate::desk_seat::{Seat, ask, refusal, session_cookie};
use crate::support::{House, PASSWORD, Plan, bottega};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn one_signs_in_sees_what_one_may_do_and_signs_out() {
    let house = House::new().await;
    assert_eq!(
        ask(&house, "", Method::GET, "/session", None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let seat = Seat::owner(&house).await;
    let session = seat.get("/session").await.json();
    assert_eq!(session["user"]["email"], "mara@bottega.example");
    assert_eq!(session["shops"][0]["slug"], "bottega");
    assert_eq!(session["shops"][0]["role"], "owner");
    assert!(
        session["scopes"]["bottega"]
            .as_array()
            .expect("scopes")
            .contains(&json!("team:write"))
    );
    assert_eq!(session["demo"], false);
    assert_eq!(seat.delete("/session").await.status, StatusCode::NO_CONTENT);
    assert_eq!(seat.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_begins_with_a_new_token_and_ends_the_one_before() {
    let house = House::new().await;
    let first = Seat::owner(&house).await;
    let told = json!({"email": "mara@bottega.example", "password": PASSWORD});
    let again = ask(&house, &first.cookie, Method::POST, "/session", Some(told)).await;
    assert_ne!(session_cookie(&again), first.cookie);
    assert_eq!(first.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_then_locked_out() {
    let house = House::new().await;
    let told = json!({"email": "mara@bottega.example", "password": "another one"});
    for _ in 0..10 {
        let answer = ask(&house, "", Method::POST, "/session", Some(told.clone())).await;
        assert_eq!(refusal(&answer), (401, "sign_in_wrong".to_owned()));
    }
    let right = json!({"email": "mara@bottega.example", "password": PASSWORD});
    let answer = ask(&house, "", Method::POST, "/session", Some(right)).await;
    assert_eq!(refusal(&answer), (429, "sign_in_locked".to_owned()));
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_page_of_another_site_cannot_sign_in_or_change_anything() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    for (method, path) in [
        ("POST", "/api/v1/session"),
        ("DELETE", "/api/v1/session"),
        ("POST", "/api/v1/password/forgot"),
        ("PUT", "/api/v1/me/password"),
        ("PATCH", "/api/v1/shop"),
        ("POST", "/api/v1/shop/live"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, &seat.cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "cross-site")
            .header("dopo-shop", "bottega")
            .body(Body::from(
                "{\"email\":\"a@b.example\",\"password\":\"x\",\"old\":\"x\",\"new\":\"x\"}",
            ))
            .expect("a request");
        let answer = house.send(request).await;
        assert_eq!(
            refusal(&answer),
            (403, "cross_site".to_owned()),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_present_one_and_ends_other_sessions() {
    let house = House::new().await;
    let (here, elsewhere) = (Seat::owner(&house).await, Seat::owner(&house).await);
    let new = "cavallo batteria graffetta";
    let wrong = here
        .put("/me/password", json!({"old": "no", "new": new}))
        .await;
    assert_eq!(refusal(&wrong), (422, "fields_invalid".to_owned()));
    let weak = here
        .put(
            "/me/password",
            json!({"old": PASSWORD, "new": "password1234"}),
        )
        .await;
    assert_eq!(refusal(&weak), (422, "password_weak".to_owned()));
    assert!(weak.json()["errors"][0]["it"].is_string());
    let good = here
        .put("/me/password", json!({"old": PASSWORD, "new": new}))
        .await;
    assert_eq!(good.status, StatusCode::NO_CONTENT);
    assert_eq!(
        elsewhere.get("/session").await.status,
        StatusCode::UNAUTHORIZED
    );
    let after = ask(
        &house,
        &session_cookie(&good),
        Method::GET,
        "/session",
        None,
    )
    .await;
    assert_eq!(after.status, StatusCode::OK);
    let seat = Seat::of(&house, "mara@bottega.example", new).await;
    assert_eq!(seat.acts().await[0], "account.password_changed");
}

#[tokio::test]
async fn a_forgotten_password_is_answered_alike_for_everybody() {
    let house = House::new().await;
    for email in ["mara@bottega.example", "nobody@bottega.example", "", "x"] {
        let answer = ask(
            &house,
            "",
            Method::POST,
            "/password/forgot",
            Some(json!({"email": email})),
        )
        .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{email}");
    }
}

#[tokio::test]
async fn the_first_owner_is_made_once_with_the_printed_token() {
    let plan = Plan {
        empty: true,
        ..Plan::default()
    };
    let house = House::planned(bottega(), plan).await;
    let state = ask(&house, "", Method::GET, "/setup", None).await.json();
    assert_eq!(state["needed"], true);
    let url = house.desk.set_up_url();
    let token = url.split('#').nth(1).expect("a token");
    let password = "cavallo batteria graffetta";
    let make = async |token: &str, email: &str, password: &str| {
        let told = json!({"token": token, "email": email, "password": password});
        ask(&house, "", Method::POST, "/setup", Some(told)).await
    };
    let cases = [
        (
            make("wrong", "a@b.example", password).await,
            "token_unusable",
        ),
        (make(token, "no address", password).await, "fields_invalid"),
        (make(token, "a@b.example", "short").await, "password_weak"),
    ];
    for (answer, code) in cases {
        assert_eq!(refusal(&answer), (422, code.to_owned()));
    }
    let made = make(token, "Luca@bottega.example", password).await;
    assert_eq!(made.status, StatusCode::NO_CONTENT);
    let cookie = session_cookie(&made);
    let session = ask(&house, &cookie, Method::GET, "/session", None)
        .await
        .json();
    assert_eq!(session["user"]["email"], "luca@bottega.example");
    assert_eq!(session["shops"][0]["role"], "owner");
    let state = ask(&house, "", Method::GET, "/setup", None).await.json();
    assert_eq!(state["needed"], false);
    let second = make(token, "eva@bottega.example", password).await;
    assert_eq!(refusal(&second), (409, "set_up".to_owned()));
}

#[tokio::test]
async fn a_demo_is_open_to_everybody_and_its_account_to_nobody() {
    let house = House::demo().await;
    let session = ask(&house, "", Method::GET, "/session", None).await.json();
    assert_eq!(session["demo"], true);
    assert_eq!(session["user"]["email"], "demo@dopo.example");
    for (method, path, body) in [
        (Method::PUT, "/me/password", json!({"old": "a", "new": "b"})),
        (Method::POST, "/me/passkeys/start", json!({})),
        (
            Method::POST,
            "/team",
            json!({"email": "a@b.example", "role": "care"}),
        ),
        (
            Method::POST,
            "/shops",
            json!({"slug": "x", "name": "X", "from_email": "a@b.example"}),
        ),
    ] {
        let answer = ask(&house, "", method, path, Some(body)).await;
        assert_eq!(refusal(&answer), (409, "demo".to_owned()), "{path}");
    }
}
