//! `/captured/…`

use crate::support::House;
use axum::http::StatusCode;
use dopo_core::consent::Channel;
use dopo_testkit::build;

const HTML: &str = "<html><head></head><body><h1>Ciao {{ name }}</h1><img src=\"https://dopo.example/i/T.gif\"><script>alert(1)</script></body></html>";

#[tokio::test]
async fn a_message_is_shown_with_its_reason_and_its_parts() {
    let house = House::demo().await;
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message.clone()).await;
    house.captured(&message, build::grant(), HTML).await;
    let list = house.get("/captured/").await.text();
    assert!(
        list.contains("Ciao Chiara")
            && list.contains("Catturato")
            && list.contains("welcome / hello"),
        "{list}"
    );
    let page = house
        .get(&format!("/captured/bottega/{}", message.id))
        .await;
    let text = page.text();
    for part in [
        "Ciao Chiara",
        "Come su un telefono",
        "Come su un computer",
        "il tuo ordine è partito",
        "Message-ID",
        "order:1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        text.matches("sandbox=\"allow-popups allow-popups-to-escape-sandbox\"")
            .count(),
        2
    );
    let frame = house
        .get(&format!("/captured/bottega/{}/html", message.id))
        .await;
    assert!(
        frame
            .header("content-security-policy")
            .contains("sandbox allow-popups")
    );
    assert!(
        frame
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert!(
        !frame.text().contains("https://dopo.example/i/"),
        "looking at it is no open"
    );
}

#[tokio::test]
async fn an_sms_is_shown_with_its_size() {
    let house = House::demo().await;
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.send = build::send(Channel::Sms, dopo_core::consent::Purpose::Service);
    message.send.template = "sms".into();
    house.message(message.clone()).await;
    house.captured(&message, build::grant(), "").await;
    let text = house
        .get(&format!("/captured/bottega/{}", message.id))
        .await
        .text();
    assert!(text.contains("GSM-7") && text.contains("1 parte"), "{text}");
}

#[tokio::test]
async fn a_message_that_did_not_leave_says_so() {
    let house = House::demo().await;
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    let text = house
        .get(&format!("/captured/bottega/{}", message.id))
        .await
        .text();
    assert!(
        text.contains("In partenza") && text.contains("non è partito"),
        "{text}"
    );
    for missing in [
        "/captured/bottega/00",
        "/captured/nobody/00000000000000000000000000000001",
    ] {
        assert_eq!(house.get(missing).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn outside_the_demo_one_must_sign_in() {
    let house = House::new().await;
    let order = house.order("1001").await;
    let message = house
        .message(build::message(77, 0, order.customer_id.0))
        .await;
    for path in [
        "/captured/".to_owned(),
        format!("/captured/bottega/{}", message.id),
        format!("/captured/bottega/{}/html", message.id),
    ] {
        let answer = house.get(&path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(
            answer
                .header("location")
                .starts_with("/sign-in?next=/captured/")
        );
        assert!(answer.bytes.is_empty());
    }
    assert_eq!(house.get("/demo/").await.status, StatusCode::NOT_FOUND);
}
