//! `/track/{shop}`: an order's page by number and e-mail.

use crate::support::House;
use axum::http::StatusCode;
use dopo_core::message::MessageStatus;
use dopo_engine::library::publish_defaults;
use dopo_engine::ports::MessageFilter;

async fn house() -> House {
    let house = House::new().await;
    publish_defaults(house.engine.store(), house.shop)
        .await
        .expect("the library");
    house.engine.refresh_shops().await.expect("fresh shops");
    house
}

async fn receipts(house: &House) -> usize {
    let messages = house
        .engine
        .store()
        .messages(house.shop, &MessageFilter::default(), 100)
        .await
        .expect("messages");
    messages
        .iter()
        .filter(|m| m.send.template == "order_receipt" && m.status != MessageStatus::HeldBack)
        .count()
}

/// What was asked for is looked up after the answer: waits until nothing more comes.
async fn settled(house: &House, wanted: usize) -> usize {
    for _ in 0..200 {
        if receipts(house).await >= wanted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    receipts(house).await
}

#[tokio::test]
async fn the_answer_is_the_same_whether_there_is_such_an_order_or_not() {
    let house = house().await;
    let order = house.order("1001").await;
    let before = receipts(&house).await;
    let number = order.snapshot.number.replace('#', "%23");
    let ask = |email: &str, number: &str| {
        let body = format!("number={number}&email={email}");
        let house = &house;
        async move { house.post_form("/track/bottega", body).await }
    };
    let right = ask("Chiara%40posta.example", &number).await;
    let wrong_number = ask("chiara%40posta.example", "999999").await;
    let wrong_person = ask("altro%40posta.example", &number).await;
    for answer in [&right, &wrong_number, &wrong_person] {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.bytes, right.bytes);
    }
    assert!(right.text().contains("Se i dati corrispondono"));
    assert!(
        !right.text().contains("/o/"),
        "the link goes out by mail only"
    );
    assert_eq!(settled(&house, before + 1).await, before + 1);
}

#[tokio::test]
async fn an_address_that_was_asked_for_often_gets_no_more_and_nobody_is_told() {
    let house = house().await;
    let order = house.order("1001").await;
    let before = receipts(&house).await;
    let number = order.snapshot.number.replace('#', "%23");
    let body = format!("number={number}&email=chiara%40posta.example");
    for _ in 0..6 {
        let answer = house.post_form("/track/bottega", &body).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(settled(&house, before + 3).await, before + 3);
}

#[tokio::test]
async fn too_many_look_ups_from_one_place_wait() {
    let house = house().await;
    let mut last = StatusCode::OK;
    for n in 0..11 {
        let body = format!("number={n}&email=x{n}%40posta.example");
        last = house.post_form("/track/bottega", body).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_form_that_is_not_filled_in_is_shown_again() {
    let house = house().await;
    let page = house.get("/track/bottega").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("<h1>Dov&#39;è il mio ordine?</h1>"));
    let answer = house
        .post_form("/track/bottega", "number=%3Cb%3E&email=nobody")
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text().contains("value=\"&#60;b&#62;\""),
        "{}",
        answer.text()
    );
    assert_eq!(
        house.get("/track/nobody").await.status,
        StatusCode::NOT_FOUND
    );
}
