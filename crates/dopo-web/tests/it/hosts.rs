//! Shops' pages under host names of their own: those of one shop, and nothing else.

use crate::support::{Answer, BROWSER, House, KEY, PUBLIC_URL, bottega};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::desk::Actor;
use dopo_engine::tokens::Token;
use serde_json::{Map, Value, json};

const OURS: &str = "ordini.bottega.example";
const THEIRS: &str = "ordini.lago.example";

/// Two shops, each with a host of its own.
async fn two() -> (House, ShopId) {
    let mut settings = bottega();
    settings.pages_domain = Some(OURS.to_owned());
    let house = House::with(settings, false).await;
    let mut lago = ShopSettings::new("Casa Lago", "ordini@lago.example", Seller::default());
    lago.pages_domain = Some(THEIRS.to_owned());
    let other = house
        .engine
        .store()
        .add_shop("lago", &lago)
        .await
        .expect("a shop");
    house.engine.refresh_shops().await.expect("read again");
    (house, other)
}

async fn ask(house: &House, method: &str, host: &str, path: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, BROWSER)
        .header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    house.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_shops_host_serves_its_own_pages() {
    let (house, _) = two().await;
    let order = house.order("1001").await;
    let (shop, customer) = (house.shop, order.customer_id);
    let page = format!(
        "/o/{}",
        house.seal(&Token::Order {
            shop,
            order: order.id
        })
    );
    for host in [
        OURS,
        "ORDINI.Bottega.example.:443",
        "ordini.bottega.example:8443",
    ] {
        let answer = ask(&house, "GET", host, &page).await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
        assert!(answer.text().contains("Bottega del Legno"));
    }
    let preferences = house.seal(&Token::Preferences { shop, customer });
    let pixel = house.seal(&Token::OpenAggregate {
        shop,
        campaign: "a/b".into(),
    });
    for path in [
        format!("/p/{preferences}"),
        format!("/i/{pixel}.gif"),
        "/track/bottega".to_owned(),
        format!("{page}/problem"),
    ] {
        let answer = ask(&house, "GET", OURS, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let door = ask(&house, "GET", OURS, "/").await;
    assert_eq!(door.status, StatusCode::SEE_OTHER);
    assert_eq!(door.header("location"), "/track/bottega");
}

#[tokio::test]
async fn a_shops_host_serves_nothing_of_another_shop() {
    let (house, other) = two().await;
    let order = house.order("1001").await;
    let shop = house.shop;
    let own = house.seal(&Token::Order {
        shop,
        order: order.id,
    });
    assert_eq!(
        ask(&house, "GET", THEIRS, &format!("/o/{own}"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(&house, "GET", THEIRS, "/track/bottega").await.status,
        StatusCode::NOT_FOUND
    );
    let foreign = [
        Token::Order {
            shop: other,
            order: OrderId(1),
        },
        Token::Preferences {
            shop: other,
            customer: CustomerId(1),
        },
        Token::ClickAggregate {
            shop: other,
            campaign: "a/b".into(),
            url: "https://www.lago.example/".into(),
        },
    ];
    for (token, prefix) in foreign.iter().zip(["o", "p", "c"]) {
        let path = format!("/{prefix}/{}", house.seal(token));
        for method in ["GET", "POST"] {
            let answer = ask(&house, method, OURS, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    // Where no shop has the host, everything is as ever.
    let answer = ask(&house, "GET", "dopo.example", &format!("/o/{own}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let click = house.seal(&foreign[2]);
    let answer = ask(&house, "GET", "dopo.example", &format!("/c/{click}")).await;
    assert_eq!(answer.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_shops_host_has_no_console_no_api_and_no_hooks() {
    let (house, _) = two().await;
    house.order("1001").await;
    for (method, path) in [
        ("GET", "/console/"),
        ("GET", "/console/orders"),
        ("GET", "/api/"),
        ("GET", "/api/v1/orders"),
        ("GET", "/api/v1/orders/1001"),
        ("POST", "/api/v1/events"),
        ("POST", "/hooks/bottega/shopify"),
        ("GET", "/captured/bottega"),
        ("GET", "/sign-in"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("GET", "/healthz"),
        ("GET", "/assets/other.js"),
        ("GET", "/track/"),
        ("GET", "//o/x"),
        ("GET", "/o/../api/v1/orders"),
    ] {
        let answer = ask(&house, method, OURS, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let answer = ask(&house, "GET", "dopo.example", "/api/v1/orders").await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn links_lead_to_the_shops_own_host() {
    let (house, _) = two().await;
    let order = house.order("1001").await;
    let told = house.api_get("/api/v1/orders/1001").await.json();
    let home = format!("https://{OURS}/o/");
    assert!(
        told["page_url"].as_str().unwrap().starts_with(&home),
        "{told}"
    );
    let shop = house.engine.shop(house.shop).unwrap();
    assert_eq!(house.engine.pages_url(&shop), format!("https://{OURS}"));
    let (_, url) = house
        .desk
        .test_order(&shop, "mara@bottega.example", &mara())
        .await
        .expect("a test order");
    assert!(url.starts_with(&home), "{url}");
    assert_eq!(order.snapshot.number, "#1001");
}

fn mara() -> Actor {
    Actor {
        id: "user:1".to_owned(),
        name: "mara@bottega.example".to_owned(),
    }
}

async fn set(house: &House, patch: Value) -> Result<(), Vec<(String, &'static str)>> {
    let Value::Object(patch): Value = patch else {
        unreachable!("a patch is an object");
    };
    let patch: Map<String, Value> = patch;
    let shop = house.engine.shop(house.shop).unwrap();
    match house.desk.change_settings(&shop, &patch, &mara()).await {
        Ok(_) => Ok(()),
        Err(dopo_engine::desk::SettingsError::Fields(problems)) => {
            Err(problems.into_iter().map(|p| (p.field, p.code)).collect())
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_host_serves_one_shop_and_never_the_console() {
    let (house, _) = two().await;
    let taken = || Err(vec![("pages_domain".to_owned(), "taken")]);
    assert_eq!(set(&house, json!({"pages_domain": THEIRS})).await, taken());
    let own = PUBLIC_URL.trim_start_matches("https://");
    assert_eq!(set(&house, json!({"pages_domain": own})).await, taken());
    assert_eq!(set(&house, json!({"pages_domain": null})).await, Ok(()));
    assert_eq!(
        ask(&house, "GET", OURS, "/api/v1/orders").await.status,
        StatusCode::OK,
        "a name that was given up is like any other"
    );
    assert_eq!(set(&house, json!({"pages_domain": OURS})).await, Ok(()));
    assert_eq!(
        ask(&house, "GET", OURS, "/api/v1/orders").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        set(&house, json!({"accent": "#ffcc00"})).await,
        Err(vec![("accent".to_owned(), "contrast")])
    );
    let checks = house
        .desk
        .check_domain(&house.engine.shop(house.shop).unwrap())
        .await;
    let pages = checks
        .records
        .iter()
        .find(|record| record.id == "pages")
        .expect("a record");
    assert_eq!(
        (pages.name.as_str(), pages.value.as_str(), pages.kind),
        (OURS, own, "CNAME")
    );
}
