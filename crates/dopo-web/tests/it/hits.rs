//! `/i/…` and `/c/…`

use crate::support::{BROWSER, House};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use dopo_core::event::Event;
use dopo_core::id::EffectId;
use dopo_engine::ports::Store;
use dopo_engine::tokens::Token;
use dopo_testkit::build;
use tokio::sync::watch;

async fn settle(house: &House) {
    let (tell, told) = watch::channel(true);
    dopo_web::run_hits(house.app.clone(), told).await;
    drop(tell);
}

async fn ask(house: &House, method: Method, path: &str, agent: &str) -> crate::support::Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::USER_AGENT, agent);
    house.send(request.body(Body::empty()).unwrap()).await
}

async fn counted(house: &House, prefix: &str) -> Vec<(String, i64)> {
    let day = build::t(0).to_zoned(jiff::tz::TimeZone::UTC).date();
    let rows = house
        .engine
        .store()
        .counters(house.shop, prefix, day, day.tomorrow().unwrap())
        .await
        .unwrap();
    rows.into_iter()
        .map(|(key, n)| (key.dim.into_owned(), n))
        .collect()
}

/// Kinds of the events that pages sent, oldest first.
async fn told(store: &dyn Store, house: &House) -> Vec<String> {
    let mut rows = store.inbox(house.shop, None, None, 100).await.unwrap();
    rows.reverse();
    rows.into_iter()
        .filter(|r| r.source == "pages")
        .map(|r| r.external_id)
        .collect()
}

#[tokio::test]
async fn an_aggregate_image_moves_a_counter_and_writes_nothing_about_anybody() {
    let house = House::new().await;
    let token = Token::OpenAggregate {
        shop: house.shop,
        campaign: "after_delivery/guide".into(),
    };
    let path = format!("/i/{}.gif", house.seal(&token));
    let before = house.fingerprint().await;
    for agent in [BROWSER, BROWSER, "Mozilla/5.0", "curl/8"] {
        let answer = ask(&house, Method::GET, &path, agent).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/gif")
        );
        assert_eq!(answer.header("set-cookie"), "");
    }
    settle(&house).await;
    let mut counts = counted(&house, "opens.").await;
    counts.sort();
    assert_eq!(
        counts,
        [
            ("after_delivery/guide/human".into(), 2),
            ("after_delivery/guide/machine".into(), 1),
            ("after_delivery/guide/proxy".into(), 1)
        ]
    );
    assert_eq!(house.fingerprint().await, before);
}

#[tokio::test]
async fn an_identified_image_tells_once_per_kind_of_reader() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    let path = format!(
        "/i/{}.gif",
        house.seal(&Token::OpenIdentified {
            shop: house.shop,
            message: message.id
        })
    );
    for _ in 0..3 {
        ask(&house, Method::GET, &path, BROWSER).await;
    }
    settle(&house).await;
    ask(&house, Method::GET, &path, BROWSER).await;
    settle(&house).await;
    assert_eq!(
        told(house.engine.store(), &house).await,
        [format!("open/{}/human", message.id)]
    );
}

#[tokio::test]
async fn any_image_address_gives_the_image_and_a_forged_one_counts_nothing() {
    let house = House::new().await;
    let good = house.seal(&Token::OpenIdentified {
        shop: house.shop,
        message: EffectId(5),
    });
    for path in [
        "/i/x.gif".to_owned(),
        format!("/i/{good}"),
        format!("/i/{}.gif", &good[1..]),
    ] {
        let answer = ask(&house, Method::GET, &path, BROWSER).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "image/gif"),
            "{path}"
        );
    }
    settle(&house).await;
    assert!(told(house.engine.store(), &house).await.is_empty());
}

#[tokio::test]
async fn a_link_leads_only_where_it_was_sealed_to_lead() {
    let house = House::new().await;
    let link = |url: &str| {
        let token = Token::ClickAggregate {
            shop: house.shop,
            campaign: "a/b".into(),
            url: url.into(),
        };
        format!("/c/{}", house.seal(&token))
    };
    let good = link("https://www.bottega.example/guida?x=1&y=è");
    let answer = ask(&house, Method::GET, &good, BROWSER).await;
    assert_eq!(answer.status, StatusCode::FOUND);
    let plain = ask(
        &house,
        Method::GET,
        &link("https://www.bottega.example/guida"),
        BROWSER,
    )
    .await;
    assert_eq!(
        plain.header("location"),
        "https://www.bottega.example/guida"
    );
    assert_eq!(
        ask(
            &house,
            Method::GET,
            &format!("{good}?url=https://evil.example"),
            BROWSER
        )
        .await
        .header("location"),
        answer.header("location")
    );
    let flipped = good.replace(&good[10..11], if &good[10..11] == "A" { "B" } else { "A" });
    assert_eq!(
        ask(&house, Method::GET, &flipped, BROWSER).await.status,
        StatusCode::NOT_FOUND
    );
    for bad in [
        "javascript:alert(1)",
        "//evil.example",
        "https://x\r\nset-cookie: a",
    ] {
        assert_eq!(
            ask(&house, Method::GET, &link(bad), BROWSER).await.status,
            StatusCode::NOT_FOUND,
            "{bad}"
        );
    }
    settle(&house).await;
    let counts = counted(&house, "clicks.").await;
    assert!(
        counts.iter().all(|(dim, _)| dim == "a/b/human"),
        "{counts:?}"
    );
}

#[tokio::test]
async fn a_scanner_that_follows_every_link_is_a_machine_and_a_person_is_not() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let scanned = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    let read = house
        .message(build::message(78, 0, order.customer_id.0))
        .await;
    let link = |message: EffectId, link: u16| {
        let url = format!("https://www.bottega.example/{link}");
        format!(
            "/c/{}",
            house.seal(&Token::ClickIdentified {
                shop: house.shop,
                message,
                link,
                url
            })
        )
    };
    for n in 0..3 {
        ask(&house, Method::GET, &link(scanned.id, n), BROWSER).await;
    }
    ask(&house, Method::GET, &link(read.id, 0), BROWSER).await;
    ask(&house, Method::HEAD, &link(read.id, 1), BROWSER).await;
    settle(&house).await;
    let mut told = told(house.engine.store(), &house).await;
    told.sort();
    let mut expected: Vec<String> = (0..3)
        .map(|n| format!("click/{}/{n}/machine", scanned.id))
        .collect();
    expected.push(format!("click/{}/0/human", read.id));
    expected.push(format!("click/{}/1/machine", read.id));
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_click_before_anybody_can_read_is_a_machine() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    house
        .captured(&message, build::grant(), "<p>Ciao</p>")
        .await;
    let url = "https://www.bottega.example/".to_owned();
    let path = format!(
        "/c/{}",
        house.seal(&Token::ClickIdentified {
            shop: house.shop,
            message: message.id,
            link: 0,
            url
        })
    );
    house.clock.pass(1);
    ask(&house, Method::GET, &path, BROWSER).await;
    settle(&house).await;
    house.clock.pass(60);
    ask(&house, Method::GET, &path, BROWSER).await;
    settle(&house).await;
    let told = told(house.engine.store(), &house).await;
    assert_eq!(
        told,
        [
            format!("click/{}/0/machine", message.id),
            format!("click/{}/0/human", message.id)
        ]
    );
    let _ = Event::MessageReplied {
        message: message.id,
    };
}
