//! `/api/v1/shops`, `/api/v1/shop…`

use crate::desk_seat::{Seat, refusal};
use crate::support::{House, bottega};
use axum::http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn settings_are_patched_checked_and_written_down() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let shop = seat.get("/shop").await.json();
    assert_eq!(shop["settings"]["name"], "Bottega del Legno");
    assert_eq!(
        shop["hooks"]["shopify"],
        "https://dopo.example/hooks/bottega/shopify"
    );
    assert!(shop["locked"].as_array().is_some_and(|l| !l.is_empty()));
    let after = seat
        .patch(
            "/shop",
            json!({"register": "lei", "seller": {"rea": "LE-9"}}),
        )
        .await;
    assert_eq!(after.status, StatusCode::OK, "{}", after.text());
    let after = after.json();
    assert_eq!(after["settings"]["register"], "lei");
    assert_eq!(after["settings"]["seller"]["rea"], "LE-9");
    assert_eq!(
        after["settings"]["seller"]["vat_number"],
        shop["settings"]["seller"]["vat_number"]
    );
    let refused = seat
        .patch(
            "/shop",
            json!({
                "tracking_open_default": "identified",
                "quiet_hours": {"promo_call": {"sunday": "9:00-12:00"}},
                "nmae": "x",
            }),
        )
        .await;
    assert_eq!(refusal(&refused), (422, "fields_invalid".to_owned()));
    let errors = refused.json()["errors"].clone();
    let named: Vec<(&str, &str)> = errors
        .as_array()
        .expect("errors")
        .iter()
        .map(|e| {
            assert!(e["it"].is_string() && e["en"].is_string());
            (
                e["field"].as_str().expect("a field"),
                e["code"].as_str().expect("a code"),
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            ("nmae", "unknown"),
            ("tracking_open_default", "law"),
            ("quiet_hours.promo_call.sunday", "law")
        ]
    );
    assert_eq!(seat.acts().await, ["settings.changed"]);
}

#[tokio::test]
async fn a_shop_goes_live_when_nothing_is_missing_and_back_to_trial() {
    let mut settings = bottega();
    settings.seller.adr = None;
    let house = House::with(settings, false).await;
    let seat = Seat::owner(&house).await;
    let list = seat.get("/shop/checklist").await.json();
    assert_eq!(list["ready"], false);
    let refused = seat.post("/shop/live", json!({})).await;
    assert_eq!(refusal(&refused), (409, "not_ready".to_owned()));
    let items = refused.json()["checklist"]["items"].clone();
    let missing: Vec<&str> = items
        .as_array()
        .expect("items")
        .iter()
        .filter(|item| item["state"] == "missing")
        .map(|item| item["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(missing, ["adr"]);
    seat.patch("/shop", json!({"seller": {"adr": "Non aderiamo."}}))
        .await;
    let live = seat.post("/shop/live", json!({})).await;
    assert_eq!(
        (live.status, live.json()["live"].clone()),
        (StatusCode::OK, json!(true))
    );
    assert_eq!(seat.get("/shop").await.json()["live"], true);
    let trial = seat.delete("/shop/live").await;
    assert_eq!(
        (trial.status, trial.json()["live"].clone()),
        (StatusCode::OK, json!(false))
    );
    assert_eq!(
        seat.acts().await,
        ["shop.trial", "shop.live", "settings.changed"]
    );
}

#[tokio::test]
async fn a_test_order_gets_a_page_and_counts_as_no_sale() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let bad = seat.post("/shop/test-order", json!({"email": "x"})).await;
    assert_eq!(refusal(&bad), (422, "fields_invalid".to_owned()));
    let made = seat
        .post("/shop/test-order", json!({"email": "mara@bottega.example"}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert!(made["order_id"].is_string());
    let url = made["page_url"].as_str().expect("an address");
    let path = url.strip_prefix("https://dopo.example").expect("ours");
    let page = house.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Articolo di prova"));
}

#[tokio::test]
async fn dns_that_cannot_be_asked_is_unknown_and_the_key_is_made_once() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let before = seat.get("/shop/domain").await.json();
    assert_eq!(before["domain"], "bottega.example");
    for record in before["records"].as_array().expect("records") {
        assert_eq!(record["state"], "unknown");
    }
    assert_eq!(before["records"][1]["value"], "");
    for _ in 0..2 {
        let made = seat.post("/shop/domain", json!({})).await;
        assert_eq!(made.status, StatusCode::OK);
        let dkim = made.json()["records"][1].clone();
        assert_eq!(dkim["name"], "dopo._domainkey.bottega.example");
        assert_eq!(dkim["value"], "v=DKIM1; k=rsa; p=AAAA");
    }
    assert_eq!(seat.acts().await, ["shop.dkim_made"]);
}

#[tokio::test]
async fn only_an_owner_of_everything_adds_shops() {
    let house = House::new().await;
    let seat = Seat::owner(&house).await;
    let told = json!({"slug": "lana", "name": "Lana", "from_email": "ordini@lana.example"});
    let care = Seat::with_role(&house, "care").await;
    let refused = care.post("/shops", told.clone()).await;
    assert_eq!(refusal(&refused), (403, "owner_needed".to_owned()));
    let bad = seat
        .post(
            "/shops",
            json!({"slug": "La Na", "name": "", "from_email": "x"}),
        )
        .await;
    assert_eq!(refusal(&bad), (422, "fields_invalid".to_owned()));
    assert_eq!(bad.json()["errors"].as_array().map(Vec::len), Some(3));
    let made = seat.post("/shops", told.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        refusal(&seat.post("/shops", told).await),
        (409, "slug_taken".to_owned())
    );
    let shops = seat.get("/shops").await.json();
    assert_eq!(shops["items"].as_array().map(Vec::len), Some(2));
    let cares = care.get("/shops").await.json();
    assert_eq!(cares["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_role_may_do_what_its_column_says() {
    let house = House::new().await;
    let viewer = Seat::with_role(&house, "viewer").await;
    assert_eq!(viewer.get("/shop").await.status, StatusCode::OK);
    for path in [
        "/keys",
        "/team",
        "/audit",
        "/inbox",
        "/backups",
        "/webhooks",
    ] {
        let answer = viewer.get(path).await;
        assert_eq!(
            refusal(&answer),
            (403, "scope_missing".to_owned()),
            "{path}"
        );
    }
    let change = viewer.patch("/shop", json!({"register": "lei"})).await;
    assert_eq!(refusal(&change), (403, "scope_missing".to_owned()));
    assert_eq!(change.json()["scope"], "settings:write");
}
