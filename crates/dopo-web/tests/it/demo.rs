//! `/demo/`

use crate::support::House;
use axum::http::StatusCode;
use dopo_testkit::build;

#[tokio::test]
async fn the_demo_shows_its_time_its_orders_and_its_messages() {
    let house = House::demo().await;
    let empty = house.get("/demo/").await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(
        empty
            .text()
            .contains("Nel negozio di prova è lunedì 2 marzo 2026, 9:00."),
        "{}",
        empty.text()
    );
    assert_eq!(empty.header("refresh"), "10");
    let order = house.order("1001").await;
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message.clone()).await;
    let page = house.get("/demo/?still=1").await;
    assert_eq!(page.header("refresh"), "");
    assert!(
        page.text().contains("Apri l&#39;ordine #1001")
            || page.text().contains("Apri l'ordine #1001"),
        "{}",
        page.text()
    );
    assert!(
        page.text()
            .contains(&format!("/captured/bottega/{}", message.id))
    );
    assert_eq!(house.get("/").await.header("location"), "/demo/");
}
