//! `/{code}`: short links of SMS (SMS-04).

use crate::support::{BROWSER, House, bottega};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::consent::{Channel, ConsentState, Purpose, Topic};
use dopo_core::event::Event;
use dopo_core::id::EffectId;
use dopo_core::message::MessageStatus;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::ports::{SHORT_LINK_DAYS, TemplateRow};
use dopo_engine::short_links::{Place, is_short_link};
use dopo_engine::tokens::Token;
use dopo_testkit::build;
use serde_json::json;
use std::time::Duration;
use tokio::sync::watch;

const DAY_SECONDS: i64 = 86_400;

/// The short link of a message to a page of ours.
async fn short(house: &House, message: EffectId, path: String) -> String {
    let place = Place {
        shop: house.shop,
        message,
        path,
    };
    let codes = house.engine.short_links(&[place]).await.expect("kept");
    let [code] = &codes[..] else {
        panic!("one place, one link: {codes:?}");
    };
    assert!(is_short_link(code), "{code}");
    format!("/{code}")
}

async fn settle(house: &House) {
    let (tell, told) = watch::channel(true);
    dopo_web::run_hits(house.app.clone(), told).await;
    drop(tell);
}

/// What pages told of, and what they counted.
async fn measured(house: &House) -> (Vec<String>, Vec<(String, i64)>) {
    settle(house).await;
    let store = house.engine.store();
    let rows = store.inbox(house.shop, None, None, 100).await.unwrap();
    let told = rows.into_iter().filter(|row| row.source == "pages");
    let day = build::t(0).to_zoned(jiff::tz::TimeZone::UTC).date();
    let counted = store
        .counters(house.shop, "clicks.", day, day.tomorrow().unwrap())
        .await
        .unwrap();
    (
        told.map(|row| row.external_id).collect(),
        counted
            .into_iter()
            .map(|(key, n)| (format!("{} {}", key.metric, key.dim), n))
            .collect(),
    )
}

#[tokio::test]
async fn a_short_link_leads_where_the_long_one_led_and_is_counted_alike() {
    let url = "https://www.bottega.example/guida";
    let mut seen = Vec::new();
    for shortened in [false, true] {
        let house = House::new().await;
        let order = house.order("1001").await;
        let message = house
            .message(build::message(77, 0, order.customer_id.0))
            .await;
        house.clock.pass(60);
        let shop = house.shop;
        let identified = Token::ClickIdentified {
            shop,
            message: message.id,
            link: 0,
            url: url.to_owned(),
        };
        let aggregate = Token::ClickAggregate {
            shop,
            campaign: "after_delivery/sms".to_owned(),
            url: url.to_owned(),
        };
        let page = Token::Order {
            shop,
            order: order.id,
        };
        let mut led = Vec::new();
        for (prefix, token) in [("c", identified), ("c", aggregate), ("o", page)] {
            let path = format!("{prefix}/{}", house.seal(&token));
            let asked = if shortened {
                short(&house, message.id, path.clone()).await
            } else {
                format!("/{path}")
            };
            let answer = house.get(&asked).await;
            if prefix == "o" {
                // Not measured: the short one leads to the page, the long one is the page.
                let expected = match shortened {
                    true => (StatusCode::FOUND, format!("/{path}")),
                    false => (StatusCode::OK, String::new()),
                };
                let got = (answer.status, answer.header("location").to_owned());
                assert_eq!(got, expected);
            } else {
                assert_eq!(answer.status, StatusCode::FOUND);
                led.push(answer.header("location").to_owned());
            }
        }
        assert_eq!(led, [url, url]);
        seen.push(measured(&house).await);
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0.len(), 1, "one click is somebody's: {seen:?}");
    assert!(
        seen[0]
            .1
            .iter()
            .any(|(name, n)| name.starts_with("clicks.aggregate") && *n == 1),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_message_has_one_short_link_to_one_place() {
    let house = House::new().await;
    let one = short(&house, EffectId(5), "o/abcdefghijklmnop".to_owned()).await;
    let again = short(&house, EffectId(5), "o/abcdefghijklmnop".to_owned()).await;
    assert_eq!(one, again, "a retried message leaves with the same link");
    let elsewhere = short(&house, EffectId(5), "u/abcdefghijklmnop".to_owned()).await;
    let another = short(&house, EffectId(6), "o/abcdefghijklmnop".to_owned()).await;
    assert!(one != elsewhere && one != another && elsewhere != another);
}

#[tokio::test]
async fn looking_changes_nothing_and_what_is_not_there_is_missing() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let token = house.seal(&Token::Order {
        shop: house.shop,
        order: order.id,
    });
    let link = short(&house, EffectId(5), format!("o/{token}")).await;
    let before = house.fingerprint().await;
    for _ in 0..3 {
        let answer = house.get(&link).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        assert_eq!(answer.header("set-cookie"), "");
    }
    for missing in ["/0123456789a", "/0123456789", "/nothing", "/0123456789_"] {
        assert_eq!(
            house.get(missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
    settle(&house).await;
    assert_eq!(house.fingerprint().await, before);
    let posted = house.post_form(&link, "").await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_link_whose_time_is_over_says_so_and_what_to_do() {
    let house = House::new().await;
    let link = short(&house, EffectId(5), "o/abcdefghijklmnop".to_owned()).await;
    house.clock.pass(SHORT_LINK_DAYS * DAY_SECONDS - 1);
    assert_eq!(house.get(&link).await.status, StatusCode::FOUND);
    house.clock.pass(1);
    let answer = house.get(&link).await;
    assert_eq!(answer.status, StatusCode::GONE);
    let page = answer.text();
    for said in [
        "Questo link è scaduto",
        "180 giorni",
        "clienti@bottega.example",
        "/track/bottega",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let english = house.get(&format!("{link}?lang=en")).await.text();
    assert!(english.contains("This link has expired"), "{english}");
}

#[tokio::test]
async fn under_the_host_of_a_shop_only_its_own_short_links_lead_on() {
    let mut settings = bottega();
    settings.pages_domain = Some("ordini.bottega.example".to_owned());
    let house = House::with(settings, false).await;
    let mut lago = ShopSettings::new("Casa Lago", "ordini@lago.example", Seller::default());
    lago.pages_domain = Some("ordini.lago.example".to_owned());
    let store = house.engine.store();
    store.add_shop("lago", &lago).await.expect("a shop");
    house.engine.refresh_shops().await.expect("read again");
    let link = short(&house, EffectId(5), "o/abcdefghijklmnop".to_owned()).await;
    for (host, expected) in [
        ("ordini.bottega.example", StatusCode::FOUND),
        ("ordini.lago.example", StatusCode::NOT_FOUND),
        ("dopo.example", StatusCode::FOUND),
    ] {
        let request = Request::get(&link)
            .header(header::HOST, host)
            .header(header::USER_AGENT, BROWSER);
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, expected, "{host}");
    }
}

#[tokio::test]
async fn what_came_by_sms_is_stopped_by_sms() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.send = build::send(Channel::Sms, Purpose::Marketing);
    let message = house.message(message).await;
    let token = house.seal(&Token::Unsubscribe {
        shop: house.shop,
        customer: order.customer_id,
        message: message.id,
    });
    let link = short(&house, message.id, format!("u/{token}")).await;
    let path = house.get(&link).await.header("location").to_owned();
    assert!(house.get(&path).await.text().contains("per SMS?"));
    let answer = house.post_form(&path, "List-Unsubscribe=One-Click").await;
    assert!(answer.text().contains("per SMS. Vale da subito."));
    let person = house.customer(order.customer_id).await;
    let state = |channel| person.consents.state(Topic::Marketing, Some(channel));
    assert_eq!(state(Channel::Sms), ConsentState::Refused);
    assert_eq!(state(Channel::Email), ConsentState::Unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sms_leaves_with_short_links_and_is_shown_again_as_it_left() {
    let house = House::new().await;
    let mut told = build::order_told("1001", "chiara@posta.example");
    told.person.who.phone = Some("+393331234567".to_owned());
    let event = Event::OrderUpdated {
        order: Box::new(told),
    };
    house.ingest("order-1001", event).await;
    let order = house.order_of("1001").await;
    let sms = "{{ shop.name }}: {{ order.url }} Scelte: {{ links.preferences }}";
    let row = TemplateRow {
        name: "brief".to_owned(),
        locale: "it".to_owned(),
        version: 1,
        source: json!({}),
        compiled: json!({ "tu": { "sms": sms }, "lei": {} }),
    };
    let store = house.engine.store();
    store.publish_template(house.shop, &row).await.unwrap();
    house.engine.refresh_shops().await.expect("read again");
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    message.send = build::send(Channel::Sms, Purpose::Service);
    message.send.template = row.name;
    let message = house.message(message).await;

    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(dopo_engine::worker::run(house.engine.clone(), stopped));
    let mut left = None;
    for _ in 0..200 {
        let (now, rendering) = store
            .message(house.shop, message.id)
            .await
            .unwrap()
            .unwrap();
        if now.status == MessageStatus::Captured {
            left = rendering;
            break;
        }
        assert!(
            matches!(now.status, MessageStatus::Queued | MessageStatus::Sending),
            "{now:?}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    stop.send(true).unwrap();
    worker.await.unwrap();

    let rendering = left.expect("it left within five seconds");
    let shown = house.engine.render_message(house.shop, &rendering).await;
    let text = shown.expect("it can be shown again").text;
    let links: Vec<&str> = text
        .split(' ')
        .filter_map(|word| word.strip_prefix("https://dopo.example/"))
        .collect();
    assert_eq!(links.len(), 2, "{text}");
    assert!(links.iter().all(|link| is_short_link(link)), "{text}");
    for (link, page) in links.iter().zip(["/o/", "/p/"]) {
        let answer = house.get(&format!("/{link}")).await;
        assert_eq!(answer.status, StatusCode::FOUND);
        let path = answer.header("location").to_owned();
        assert!(path.starts_with(page), "{path}");
        assert_eq!(house.get(&path).await.status, StatusCode::OK);
    }
    let again = short(
        &house,
        message.id,
        format!(
            "o/{}",
            house.seal(&Token::Order {
                shop: house.shop,
                order: order.id
            })
        ),
    )
    .await;
    assert_eq!(
        again,
        format!("/{}", links[0]),
        "tried again, it has the same link"
    );
}
