//! `/api/v1/team` and the links it gives.

use crate::desk_seat::{Seat, ask, refusal, session_cookie};
use crate::support::House;
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn somebody_invited_chooses_a_password_once_and_works_here() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let told = json!({"email": "Luca@bottega.example", "role": "care"});
    let invited = seat.post("/team", told.clone()).await;
    assert_eq!(invited.status, StatusCode::CREATED, "{}", invited.text());
    let invited = invited.json();
    assert_eq!(invited["mailed"], false);
    let url = invited["invite_url"].as_str().expect("a link");
    let token = url
        .strip_prefix("https://dopo.example/console/reset#")
        .expect("ours");
    let password = "cavallo batteria graffetta";
    let reset = async |password: &str| {
        let told = json!({"token": token, "password": password});
        ask(&house, "", Method::POST, "/password/reset", Some(told)).await
    };
    assert_eq!(
        refusal(&reset("luca").await),
        (422, "password_weak".to_owned())
    );
    let set = reset(password).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text());
    let session = ask(&house, &session_cookie(&set), Method::GET, "/session", None).await;
    assert_eq!(session.json()["shops"][0]["role"], "care");
    assert_eq!(
        refusal(&reset(password).await),
        (422, "token_unusable".to_owned())
    );
    let twice = seat.post("/team", told).await;
    assert_eq!(refusal(&twice), (409, "already_member".to_owned()));
    Seat::of(&house, "luca@bottega.example", password).await;
}

#[tokio::test]
async fn an_invitation_lapses_after_seven_days_and_is_given_anew() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let told = json!({"email": "luca@bottega.example", "role": "care"});
    let first = seat.post("/team", told.clone()).await.json();
    house.clock.pass(7 * 86_400 + 1);
    let use_link = async |invited: &serde_json::Value| {
        let url = invited["invite_url"].as_str().expect("a link");
        let token = url.split('#').nth(1).expect("a token");
        let told = json!({"token": token, "password": "cavallo batteria graffetta"});
        ask(&house, "", Method::POST, "/password/reset", Some(told)).await
    };
    assert_eq!(
        refusal(&use_link(&first).await),
        (422, "token_unusable".to_owned())
    );
    let seat = Seat::owner(&house).await;
    let second = seat.post("/team", told).await.json();
    assert_eq!(use_link(&second).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_shop_is_never_left_without_an_owner() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let team = seat.get("/team").await.json();
    let mara = team["items"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(team["items"][0]["everywhere"], true);
    let demote = seat
        .put(&format!("/team/{mara}"), json!({"role": "viewer"}))
        .await;
    assert_eq!(refusal(&demote), (409, "last_owner".to_owned()));
    let remove = seat.delete(&format!("/team/{mara}")).await;
    assert_eq!(refusal(&remove), (409, "last_owner".to_owned()));
    // One who was only invited cannot sign in yet, and does not count.
    let told = json!({"email": "eva@bottega.example", "role": "owner"});
    assert_eq!(seat.post("/team", told).await.status, StatusCode::CREATED);
    let remove = seat.delete(&format!("/team/{mara}")).await;
    assert_eq!(refusal(&remove), (409, "last_owner".to_owned()));
    let second = Seat::with_role(&house, "owner").await;
    let remove = second.delete(&format!("/team/{mara}")).await;
    assert_eq!(remove.status, StatusCode::NO_CONTENT, "{}", remove.text());
    assert_eq!(seat.get("/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_role_is_changed_and_the_change_holds_at_once() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let care = Seat::with_role(&house, "care").await;
    let id = care.get("/session").await.json()["user"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(care.get("/keys").await.status, StatusCode::FORBIDDEN);
    let changed = seat
        .put(&format!("/team/{id}"), json!({"role": "developer"}))
        .await;
    assert_eq!(changed.json()["role"], "developer");
    assert_eq!(care.get("/keys").await.status, StatusCode::OK);
    for (path, status) in [("/team/999", 404), ("/team/x", 404)] {
        let answer = seat.put(path, json!({"role": "care"})).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
    }
    let nonsense = seat
        .put(&format!("/team/{id}"), json!({"role": "king"}))
        .await;
    assert_eq!(refusal(&nonsense), (422, "fields_invalid".to_owned()));
}

#[tokio::test]
async fn somebodys_name_and_language_go_with_the_account() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let user = async || seat.get("/session").await.json()["user"].clone();
    assert_eq!(user().await["name"], json!(null));
    let change = async |told| ask(&house, &seat.cookie, Method::PATCH, "/me", Some(told)).await;
    for told in [
        json!({"name": "  Mara\n Conti "}),
        json!({"locale": "en"}),
        json!({}),
    ] {
        let done = change(told).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    }
    let now = user().await;
    assert_eq!(
        (&now["name"], &now["locale"]),
        (&json!("Mara Conti"), &json!("en"))
    );
    let team = seat.get("/team").await.json();
    assert_eq!(team["items"][0]["name"], "Mara Conti");
    let told = json!({"name": "Magazzino", "scopes": ["orders:read"]});
    let made = seat.post("/keys", told).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let keys = seat.get("/keys").await.json();
    let newest = keys["items"].as_array().expect("keys").last();
    assert_eq!(newest.expect("a key")["name"], "Magazzino");
    let audit = seat.get("/audit").await.json();
    let acts: Vec<(&str, &str)> = audit["items"]
        .as_array()
        .expect("acts")
        .iter()
        .filter_map(|act| Some((act["action"].as_str()?, act["actor_name"].as_str()?)))
        .take(2)
        .collect();
    assert_eq!(acts[0], ("key.made", "Mara Conti (mara@bottega.example)"));
    assert_eq!(acts[1].0, "account.changed");
    let nonsense = change(json!({"locale": "la"})).await;
    assert_eq!(refusal(&nonsense), (422, "fields_invalid".to_owned()));
    change(json!({"name": ""})).await;
    assert_eq!(user().await["name"], json!(null));
    let nobody = ask(&house, "", Method::PATCH, "/me", Some(json!({}))).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}
