//! What holds for every route: headers, inert GETs, links that lead somewhere.

use crate::support::House;
use axum::http::StatusCode;
use dopo_engine::tokens::Token;
use dopo_testkit::build;
use std::collections::BTreeSet;

async fn paths(house: &House) -> Vec<(&'static str, String)> {
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message.clone()).await;
    let html =
        "<html><head></head><body><a href=\"https://www.bottega.example/\">x</a></body></html>";
    house.captured(&message, build::grant(), html).await;
    let (shop, customer, url) = (
        house.shop,
        order.customer_id,
        "https://www.bottega.example/".to_owned(),
    );
    let seal = |token: Token| house.seal(&token);
    vec![
        (
            "/o/{token}",
            format!(
                "/o/{}",
                seal(Token::Order {
                    shop,
                    order: order.id
                })
            ),
        ),
        (
            "/p/{token}",
            format!("/p/{}", seal(Token::Preferences { shop, customer })),
        ),
        (
            "/u/{token}",
            format!(
                "/u/{}",
                seal(Token::Unsubscribe {
                    shop,
                    customer,
                    message: message.id
                })
            ),
        ),
        (
            "/m/{token}",
            format!("/m/{}", seal(Token::StopMeasuring { shop, customer })),
        ),
        (
            "/r/{token}",
            format!(
                "/r/{}",
                seal(Token::Reminder {
                    shop,
                    message: message.id
                })
            ),
        ),
        (
            "/c/{token}",
            format!(
                "/c/{}",
                seal(Token::ClickAggregate {
                    shop,
                    campaign: "a/b".into(),
                    url
                })
            ),
        ),
        (
            "/i/{file}",
            format!(
                "/i/{}.gif",
                seal(Token::OpenAggregate {
                    shop,
                    campaign: "a/b".into()
                })
            ),
        ),
        ("/captured/", "/captured/".into()),
        (
            "/captured/{shop}/{id}",
            format!("/captured/bottega/{}", message.id),
        ),
        (
            "/captured/{shop}/{id}/html",
            format!("/captured/bottega/{}/html", message.id),
        ),
        ("/sign-in", "/sign-in".into()),
        ("/demo/", "/demo/".into()),
        ("/healthz", "/healthz".into()),
        ("/api/v1/orders/{external_id}", "/api/v1/orders/1001".into()),
        ("(nothing)", "/nothing".into()),
    ]
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_sec_10() {
    let house = House::demo().await;
    let mut lines = Vec::new();
    for (route, path) in paths(&house).await {
        let answer = house.get(&path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
        ] {
            assert_eq!(answer.header(name), value, "{route}: {name}");
        }
        assert!(
            answer.header("cache-control").contains("no-store"),
            "{route}"
        );
        assert!(
            answer.header("permissions-policy").contains("camera=()"),
            "{route}"
        );
        assert_eq!(answer.header("x-request-id").len(), 16, "{route}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("base-uri 'none'"),
            "{route}: {policy}"
        );
        let policy: Vec<&str> = policy
            .split("; ")
            .map(|part| {
                if part.starts_with("style-src 'sha256") {
                    "style-src (hash)"
                } else {
                    part
                }
            })
            .map(|part| {
                if part.starts_with("script-src") {
                    "script-src (ours or none)"
                } else {
                    part
                }
            })
            .collect();
        lines.push(format!(
            "{} {route}\n    {}",
            answer.status.as_u16(),
            policy.join("; ")
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

fn links(html: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for mark in ["href=\"", "src=\"", "action=\""] {
        for part in html.split(mark).skip(1) {
            let link = part
                .split('"')
                .next()
                .unwrap_or_default()
                .replace("&amp;", "&")
                .replace("&#38;", "&");
            found.insert(link);
        }
    }
    found
}

#[tokio::test]
async fn a_crawler_that_gets_every_link_changes_nothing_but_counters() {
    let house = House::demo().await;
    let mut open: Vec<String> = paths(&house)
        .await
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    let customer = house
        .engine
        .store()
        .order_by_external_id(house.shop, "1001")
        .await
        .unwrap()
        .unwrap()
        .customer_id;
    let before = (house.fingerprint().await, house.customer(customer).await);
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    let mut pages = 0;
    while let Some(path) = open.pop() {
        let answer = house.get(&path).await;
        pages += 1;
        assert!(answer.status != StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        for link in links(&answer.text()) {
            let here = path.split('?').next().unwrap_or_default();
            let next = match link.as_str() {
                l if l.starts_with('/') => l.to_owned(),
                l if l.starts_with('?') => format!("{here}{l}"),
                _ => continue,
            };
            if seen.insert(next.clone()) {
                let got = house.get(&next).await;
                let fine = got.status.is_success()
                    || got.status.is_redirection()
                    || got.status == StatusCode::METHOD_NOT_ALLOWED;
                assert!(fine, "{path} links to {next}: {}", got.status);
                open.push(next);
            }
        }
    }
    assert!(pages > 15, "{pages} pages");
    let (_tell, told) = tokio::sync::watch::channel(true);
    dopo_web::run_hits(house.app.clone(), told).await;
    assert_eq!(
        (house.fingerprint().await, house.customer(customer).await),
        before
    );
}

#[tokio::test]
async fn pages_ask_nobody_else_for_anything_and_keep_nothing() {
    let house = House::demo().await;
    for (route, path) in paths(&house).await {
        let answer = house.get(&path).await;
        if route == "/sign-in" || route.ends_with("/html") {
            continue;
        }
        assert_eq!(answer.header("set-cookie"), "", "{route}");
        if answer.header("content-type").starts_with("text/html") {
            for part in answer.text().split("src=\"").skip(1) {
                let source = part.split('"').next().unwrap_or_default();
                assert!(source.starts_with('/'), "{route} asks {source}");
            }
            assert!(
                !answer.text().contains(" style=\""),
                "{route}: inline styles break the policy"
            );
        }
    }
}
