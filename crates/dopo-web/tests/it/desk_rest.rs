//! `/api/v1/keys`, `/connections`, `/inbox`, `/backups`, `/views`, and the console's files.

use crate::desk_seat::{Seat, refusal};
use crate::support::{House, Plan, SECRET, bottega};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    for (scopes, code) in [
        (json!([]), "empty"),
        (json!(["orders:steal"]), "no_such_scope"),
    ] {
        let answer = seat.post("/keys", json!({"scopes": scopes})).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    let made = seat.post("/keys", json!({"scopes": ["keys:read"]})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let key = made["key"].as_str().expect("the key").to_owned();
    let listed = seat.get("/keys").await.text();
    assert!(!listed.contains(&key), "a key is shown once");
    let ask = async || {
        let request = axum::http::Request::get("/api/v1/keys")
            .header("authorization", format!("Bearer {key}"))
            .body(axum::body::Body::empty())
            .expect("a request");
        house.send(request).await.status
    };
    assert_eq!(ask().await, StatusCode::OK);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(
        seat.delete(&format!("/keys/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(seat.delete("/keys/999").await.status, StatusCode::NOT_FOUND);
    assert_eq!(seat.acts().await, ["key.revoked", "key.made"]);
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_do_more_than_they() {
    let house = House::new().await;
    let developer = Seat::with_role(&house, "developer").await;
    let more = developer
        .post("/keys", json!({"scopes": ["customers:export"]}))
        .await;
    assert_eq!(refusal(&more), (403, "scope_missing".to_owned()));
    let own = developer
        .post("/keys", json!({"scopes": ["events:write"]}))
        .await;
    assert_eq!(own.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_connection_says_how_it_does_and_keeps_the_secret_before() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let find = async |source: &str| {
        let all = seat.get("/connections").await.json();
        let items = all["items"].as_array().expect("items").clone();
        items
            .into_iter()
            .find(|c| c["source"] == source)
            .expect("the source")
    };
    assert_eq!(find("shopify").await["health"], "never");
    assert_eq!(find("woocommerce").await["configured"], false);
    house.hook("shopify", "d1", SECRET, "no JSON").await;
    let shopify = find("shopify").await;
    assert_eq!(
        (&shopify["health"], &shopify["failed"]),
        (&json!("trouble"), &json!(1))
    );
    let set = seat
        .put("/connections/shopify", json!({"secret": " second "}))
        .await;
    assert_eq!(set.status, StatusCode::OK);
    for (id, secret) in [("d2", SECRET), ("d3", "second")] {
        assert_eq!(
            house.hook("shopify", id, secret, "no JSON").await.status,
            StatusCode::OK,
            "{id}"
        );
    }
    let empty = seat
        .put("/connections/shopify", json!({"secret": " "}))
        .await;
    assert_eq!(refusal(&empty), (422, "fields_invalid".to_owned()));
    let unknown = seat.put("/connections/ebay", json!({"secret": "x"})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let made = seat.post("/connections/events/secret", json!({})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(
        made.json()["secret"]
            .as_str()
            .is_some_and(|s| s.starts_with("whsec_"))
    );
}

#[tokio::test]
async fn what_could_not_be_used_is_shown_and_taken_in_again() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    house.hook("shopify", "d1", SECRET, "{\"a\": 1}").await;
    let failed = seat.get("/inbox?status=failed&source=shopify").await.json();
    let items = failed["items"].as_array().expect("items").clone();
    assert_eq!(items.len(), 1);
    let id = items[0]["id"].as_str().expect("an id").to_owned();
    assert!(items[0]["note_it"].is_string());
    let one = seat.get(&format!("/inbox/{id}")).await.json();
    assert_eq!(one["body"], "{\n  \"a\": 1\n}");
    assert_eq!(one["body_deleted"], false);
    let again = seat.post("/inbox/replay", json!({"ids": [id]})).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    let again = again.json();
    assert_eq!(again["results"][0]["id"], id);
    let all = seat
        .post("/inbox/replay", json!({"status": "failed"}))
        .await;
    assert_eq!(all.status, StatusCode::OK);
    for (body, code) in [
        (json!({}), "replay_what"),
        (json!({"status": "done"}), "replay_what"),
        (json!({"ids": vec!["1"; 201]}), "too_many_ids"),
    ] {
        let answer = seat.post("/inbox/replay", body).await;
        assert_eq!(refusal(&answer), (422, code.to_owned()));
    }
    assert_eq!(
        refusal(&seat.get("/inbox?cursor=x").await),
        (422, "cursor_unreadable".to_owned())
    );
    assert_eq!(seat.get("/inbox/1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_backup_needs_a_folder_and_is_made_in_the_background() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    assert_eq!(seat.get("/backups").await.json()["folder_set"], false);
    let none = seat.post("/backups", json!({})).await;
    assert_eq!(refusal(&none), (409, "no_backup_folder".to_owned()));

    let folder = std::env::temp_dir().join(format!("dopo-web-backup-{}", std::process::id()));
    let plan = Plan {
        backups: Some(folder.clone()),
        ..Plan::default()
    };
    let house = House::planned(bottega(), plan).await;
    let seat = Seat::owner(&house).await;
    let begun = seat.post("/backups", json!({})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text());
    let mut backups = seat.get("/backups").await.json();
    for _ in 0..200 {
        if backups["items"][0]["ended_at"].is_string() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        backups = seat.get("/backups").await.json();
    }
    let made = &backups["items"][0];
    assert!(made["error"].is_null(), "{made}");
    let file = folder.join(made["file"].as_str().expect("a name"));
    let bytes = std::fs::metadata(&file).expect("the copy").len();
    assert_eq!(made["bytes"], bytes);
    assert!(backups["last_ok_at"].is_string());
    std::fs::remove_dir_all(&folder).expect("gone");
}

#[tokio::test]
async fn views_are_ones_own_or_everybodys_and_hold_no_search_text() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let view = |query: &str, shared: bool| json!({"page": "customers", "name": "Bologna", "query": query, "shared": shared});
    for bad in ["q=chiara", "province=BO&q=x", "customer=7"] {
        let answer = seat.post("/views", view(bad, true)).await;
        assert_eq!(
            refusal(&answer),
            (422, "fields_invalid".to_owned()),
            "{bad}"
        );
    }
    for shared in [true, false] {
        let made = seat.post("/views", view("province=BO", shared)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    for (page, query) in [
        ("orders", "standing=trouble"),
        ("parcels", "trouble=held&sort=deadline"),
        ("messages", "status=held_back&channel=email"),
        ("inbox", "status=failed"),
    ] {
        let told = json!({"page": page, "name": "Ogni mattina", "query": query, "shared": true});
        let made = seat.post("/views", told).await;
        assert_eq!(made.status, StatusCode::CREATED, "{page}: {}", made.text());
        let listed = seat.get(&format!("/views?page={page}")).await.json();
        assert_eq!(listed["items"][0]["query"], query, "{page}");
    }
    let nowhere = json!({"page": "journeys", "name": "x", "query": "a=b", "shared": true});
    let answer = seat.post("/views", nowhere).await;
    assert_eq!(refusal(&answer), (422, "fields_invalid".to_owned()));
    let mine = seat.get("/views?page=customers").await.json();
    let items = mine["items"].as_array().expect("items").clone();
    assert_eq!(items.len(), 2);
    let care = Seat::with_role(&house, "care").await;
    let theirs = care.get("/views?page=customers").await.json();
    assert_eq!(theirs["items"].as_array().map(Vec::len), Some(1));
    let own = items
        .iter()
        .find(|v| v["shared"] == false)
        .expect("one's own");
    let path = format!("/views/{}", own["id"].as_str().expect("an id"));
    assert_eq!(care.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(seat.delete(&path).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_consoles_page_answers_every_address_of_its_own_with_a_strict_policy() {
    let house = House::new().await;
    for path in ["/console/", "/console/customers/7", "/console/reset"] {
        let page = house.get(path).await;
        assert!(
            matches!(
                page.status,
                StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE
            ),
            "{path}"
        );
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(house.get("/console").await.header("location"), "/console/");
    for path in [
        "/console/assets/none.js",
        "/console/x.js",
        "/console/manifest.json",
    ] {
        assert_eq!(
            house.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_couriers_hook_is_listed_its_secret_set_rotated_and_removed() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let hook = async || {
        let listed = seat.get("/courier-hooks").await;
        assert!(!listed.text().contains("segreto"), "{}", listed.text());
        listed.json()["items"][0].clone()
    };
    let before = hook().await;
    assert_eq!(before["title"], "Qapla'");
    assert_eq!(
        before["hook_url"],
        "https://dopo.example/hooks/bottega/qapla"
    );
    assert_eq!(before["configured"], false);
    let say = async |id: &str, secret: &str| {
        let line = json!({"id": id, "at": "2026-03-01T08:00:00Z", "kind": "nothing"});
        let answer = house.hook("qapla", id, secret, &line.to_string()).await;
        answer.status
    };
    assert_eq!(say("1", "segreto-1").await, StatusCode::UNAUTHORIZED);
    for secret in ["segreto-1", "segreto-2"] {
        let set = seat
            .put("/connections/qapla", json!({"secret": secret}))
            .await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text());
        assert!(!set.text().contains("segreto"));
    }
    // While it is rotated both are taken.
    assert_eq!(say("2", "segreto-1").await, StatusCode::OK);
    assert_eq!(say("3", "segreto-2").await, StatusCode::OK);
    let now = hook().await;
    assert_eq!(now["configured"], true);
    assert!(now["last_at"].is_string(), "{now}");
    assert_eq!(
        seat.delete("/connections/qapla").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        seat.delete("/connections/qapla").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(say("4", "segreto-2").await, StatusCode::UNAUTHORIZED);
    assert_eq!(hook().await["configured"], false);
    assert_eq!(seat.acts().await[0], "connection.removed");
}
