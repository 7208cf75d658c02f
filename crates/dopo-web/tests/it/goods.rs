//! Goods on the order page: only where the gate allows them, from the shop's own site, counted without a person.

use crate::customer_pages::ship;
use crate::support::{House, bottega};
use axum::http::StatusCode;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::event::Event;
use dopo_core::order::{OrderSnapshot, ProblemKind};
use dopo_core::product::Product;
use dopo_core::shop::{ShopSettings, TrackingMode};
use dopo_engine::tokens::Token;
use dopo_testkit::build;

const HEADING: &str = "Sta bene con quello che hai preso";
/// The page's size is bounded: what a slow train carries in a second.
const PAGE_BYTES_MAX: usize = 40 * 1_024;

fn shop() -> ShopSettings {
    let mut settings = bottega();
    for category in ["Caffettiere", "Tazze"] {
        settings
            .similarity_groups
            .insert(category.to_owned(), "cucina".to_owned());
    }
    settings
}

fn sold(change: impl FnOnce(&mut OrderSnapshot)) -> Event {
    let mut order = build::order_told("1001", "chiara@posta.example");
    order.lines[0].category = Some("Caffettiere".to_owned());
    order.lines[0].product_id = Some("moka-3".to_owned());
    order.soft_spam_notice = Some("v1".to_owned());
    change(&mut order);
    Event::OrderUpdated {
        order: Box::new(order),
    }
}

fn on_sale(id: &str, category: &str, change: impl FnOnce(&mut Product)) -> Event {
    let mut product = Product {
        title: format!("Articolo {id}"),
        url: Some(format!("https://www.bottega.example/p/{id}")),
        ..build::product(id, category)
    };
    change(&mut product);
    Event::ProductUpdated { product }
}

/// A house with an order, five goods and the address of the order's page.
async fn stocked(settings: ShopSettings, order: Event) -> (House, String) {
    let house = House::with(settings, false).await;
    house.ingest("order", order).await;
    let goods = [
        on_sale("moka-3", "Caffettiere", |_| {}),
        on_sale("moka-6", "Caffettiere", |p| {
            p.title = "Moka <da sei>".to_owned();
            p.image_url = Some("https://cdn.bottega.example/moka-6.jpg".to_owned());
        }),
        on_sale("tazza", "Tazze", |p| {
            p.image_url = Some("https://pictures.example/tazza.jpg".to_owned());
        }),
        on_sale("sedia", "Sedie", |_| {}),
        on_sale("finita", "Tazze", |p| p.available = false),
        on_sale("muta", "Tazze", |p| p.url = None),
    ];
    for (n, product) in goods.into_iter().enumerate() {
        house.ingest(&format!("product-{n}"), product).await;
    }
    let order = house
        .engine
        .store()
        .order_by_external_id(house.shop, "1001")
        .await
        .expect("the store answers")
        .expect("the order is known");
    let token = house.seal(&Token::Order {
        shop: house.shop,
        order: order.id,
    });
    (house, format!("/o/{token}"))
}

async fn why(house: &House) -> (bool, String) {
    let said = house.api_get("/api/v1/orders/1001").await.json()["page_goods"].clone();
    (
        said["shown"].as_bool().expect("a word"),
        said["why"].as_str().expect("a reason").to_owned(),
    )
}

#[tokio::test]
async fn the_page_shows_similar_goods_and_nothing_from_elsewhere() {
    let (house, path) = stocked(shop(), sold(|_| {})).await;
    let page = house.get(&path).await;
    let text = page.text();
    assert!(text.contains(HEADING), "{text}");
    assert!(
        text.contains("Moka &#60;da sei&#62;") && text.contains("Articolo tazza"),
        "{text}"
    );
    for absent in [
        "moka-3\"",
        "Articolo sedia",
        "Articolo finita",
        "Articolo muta",
        "pictures.example",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
    assert!(
        text.contains("href=\"https://www.bottega.example/p/tazza\""),
        "links are plain while clicks are not measured"
    );
    assert!(text.contains("src=\"https://cdn.bottega.example/moka-6.jpg\" alt=\"\""));
    assert!(
        page.header("content-security-policy")
            .contains("img-src https://cdn.bottega.example;")
    );
    assert!(
        text.contains("Non vuoi vedere proposte?"),
        "one can say no right there"
    );
    assert!(text.len() < PAGE_BYTES_MAX, "{} bytes", text.len());
    assert_eq!(why(&house).await, (true, "soft_spam".to_owned()));
}

#[tokio::test]
async fn clicks_on_goods_are_counted_without_a_person() {
    let mut settings = shop();
    settings.tracking_click_default = TrackingMode::Aggregate;
    let (house, path) = stocked(settings, sold(|_| {})).await;
    let text = house.get(&path).await.text();
    let at = text.find("href=\"/c/").expect("a measured link") + "href=\"".len();
    let link = text[at..].split('"').next().expect("its address");
    let token = house.engine.tokens().open(&link["/c/".len()..]);
    assert!(
        matches!(token, Some(Token::ClickAggregate { shop, .. }) if shop == house.shop),
        "{token:?}"
    );
    let answer = house.get(link).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    assert!(
        answer
            .header("location")
            .starts_with("https://www.bottega.example/p/")
    );
}

#[tokio::test]
async fn whoever_said_no_sees_no_goods() {
    let (house, path) = stocked(shop(), sold(|_| {})).await;
    let customer = house.order_of("1001").await.customer_id;
    let act = ConsentAct {
        topic: Topic::MarketingSimilar,
        channel: Some(Channel::Email),
        state: ConsentState::Withdrawn,
        source: ConsentSource::Form,
        text_version: None,
        form: None,
        language: None,
        proof: None,
    };
    let acts = vec![act];
    house
        .ingest("no", Event::PreferencesChanged { customer, acts })
        .await;
    let text = house.get(&path).await.text();
    assert!(!text.contains(HEADING) && !text.contains("Articolo tazza"));
    assert_eq!(why(&house).await, (false, "objected".to_owned()));
}

#[tokio::test]
async fn no_goods_without_notice_or_switch_or_beside_a_problem() {
    let (house, path) = stocked(shop(), sold(|o| o.soft_spam_notice = None)).await;
    assert!(!house.get(&path).await.text().contains(HEADING));
    assert_eq!(why(&house).await, (false, "no_notice".to_owned()));

    let mut off = shop();
    off.products_on_page = false;
    let (house, path) = stocked(off, sold(|_| {})).await;
    assert!(!house.get(&path).await.text().contains(HEADING));
    assert_eq!(why(&house).await, (false, "switched_off".to_owned()));

    let (house, path) = stocked(shop(), sold(|_| {})).await;
    house.ingest("p1", ship("1001", "BRT1")).await;
    let before = house.get(&path).await;
    assert!(before.text().contains(HEADING));
    house
        .ingest(
            "s1",
            Event::ParcelScanned {
                parcel: dopo_core::event::ParcelRef {
                    number: Some("BRT1".to_owned()),
                    ..Default::default()
                },
                checkpoint: dopo_core::parcel::Checkpoint::new(
                    build::t(7_200),
                    dopo_core::parcel::ParcelState::HeldAtDepot,
                ),
            },
        )
        .await;
    let held = house.get(&path).await;
    assert!(!held.text().contains(HEADING));
    assert_ne!(before.header("etag"), held.header("etag"));
    assert_eq!(why(&house).await, (false, "parcel_trouble".to_owned()));

    let (house, path) = stocked(shop(), sold(|_| {})).await;
    house
        .ingest(
            "problem",
            Event::ProblemReported {
                parcel: dopo_core::event::ParcelRef {
                    order: Some("1001".to_owned()),
                    ..Default::default()
                },
                kind: ProblemKind::Damaged,
                text: None,
                photos: Vec::new(),
            },
        )
        .await;
    let reported = house.get(&path).await;
    assert!(!reported.text().contains(HEADING));
    assert_eq!(why(&house).await, (false, "problem_reported".to_owned()));

    // Its case is closed: the page is as it was, and so it is until the case is opened again.
    let store = house.engine.store();
    let case = store.tasks(house.shop, true, 9).await.unwrap().remove(0);
    let (case, now) = (case.task.effect, house.engine.now());
    let set = async |at| store.set_task_done(house.shop, case, at).await.unwrap();
    assert_eq!(set(Some(now)).await, Some(true));
    let closed = house.get(&path).await;
    assert!(closed.text().contains(HEADING));
    assert_ne!(reported.header("etag"), closed.header("etag"));
    assert_eq!(why(&house).await, (true, "soft_spam".to_owned()));
    set(None).await;
    assert!(!house.get(&path).await.text().contains(HEADING));
}
