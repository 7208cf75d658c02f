//! `/api/v1/today`, `/api/v1/live`

use crate::api::{key, master, said};
use crate::support::House;
use axum::http::Method;
use dopo_core::counter::Counters;
use dopo_core::counter::NOW;
use dopo_testkit::build;
use jiff::ToSpan;
use serde_json::{Value, json};

async fn counted(house: &House) -> jiff::civil::Date {
    let shop = house.engine.shop(house.shop).unwrap();
    let today = house.engine.today(&shop);
    let before = today.checked_sub(1.day()).unwrap();
    let mut counters = Counters::default();
    let mut add = |day, metric: &'static str, dim: &'static str, n| {
        counters.add(house.shop, day, metric, dim, n);
    };
    for (metric, n) in [
        ("kpi.sent", 40),
        ("kpi.open_measurable", 20),
        ("kpi.opened", 11),
        ("kpi.orders", 8),
        ("kpi.first_contact", 8),
        ("kpi.first_contact_seconds", 8 * 1_800),
        ("kpi.first_contact_24h", 8),
    ] {
        add(today, metric, "", n);
        add(today, metric, "channel/email", n);
        add(today, metric, "province/BO", n / 2);
        add(today, metric, "province/MO", n / 2);
        add(today, metric, "province/MI", 1);
    }
    add(before, "kpi.sent", "", 10);
    add(
        today,
        "messages.held_back",
        "no_consent/after_delivery/offer/email",
        5,
    );
    add(
        today,
        "messages.held_back",
        "quiet_hours/after_delivery/offer/sms",
        2,
    );
    add(today, "messages.held_back_in", "BO/no_consent", 3);
    add(today, "messages.held_back_in", "MO/no_consent", 1);
    add(today, "messages.held_back_in", "MI/quiet_hours", 3);
    add(today, "orders.delivered", "", 6);
    add(today, "orders.delivered", "province/MO", 2);
    add(NOW, "now.orders_in", "MO/trouble", 1);
    add(NOW, "now.orders_in", "MI/trouble", 2);
    add(NOW, "now.parcels_in", "MO/held_at_depot", 1);
    add(NOW, "now.parcels_in", "MI/held_at_depot", 2);
    add(NOW, "now.runs", "after_delivery/1.2", 9);
    add(NOW, "now.customers", "", 1_000);
    add(NOW, "now.orders", "trouble", 3);
    add(NOW, "now.orders", "open", 4);
    add(NOW, "now.parcels", "held_at_depot", 3);
    house.engine.store().add_counters(counters).await.unwrap();
    today
}

fn kpi<'a>(page: &'a Value, id: &str) -> &'a Value {
    page["kpis"]
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["id"] == id)
        .unwrap()
}

#[tokio::test]
async fn the_first_page_says_a_sentence_and_figures_with_their_targets() {
    let house = House::new().await;
    let who = master(&house).await;
    let today = counted(&house).await;
    let page = house
        .read(&who, &format!("/api/v1/today?from={today}&to={today}"))
        .await;
    assert!(
        page["sentence"]["it"]
            .as_str()
            .unwrap()
            .starts_with("Oggi 8 ordini"),
        "{}",
        page["sentence"]
    );
    let open = kpi(&page, "open_rate");
    assert_eq!(
        (
            &open["value"],
            &open["coverage"],
            &open["met"],
            &open["target"]
        ),
        (&json!(0.55), &json!(0.5), &json!(true), &json!(0.45))
    );
    assert_eq!(kpi(&page, "sent")["previous"], 10.0);
    assert_eq!(kpi(&page, "click_rate")["value"], Value::Null);
    assert_eq!(page["held_back"][0]["reason"], "no_consent");
    assert_eq!(page["held_back"][0]["n"], 5);
    assert_eq!(page["parcels"][0]["trouble"], true);
    assert_eq!(
        (&page["now"]["customers"], &page["now"]["orders_open"]),
        (&json!(1_000), &json!(7))
    );
    assert_eq!(page["breakdown"]["regions"][0]["id"], "emilia_romagna");
    assert_eq!(page["breakdown"]["regions"][0]["sent"], 40);

    let region = house
        .read(
            &who,
            &format!("/api/v1/today?from={today}&to={today}&region=emilia_romagna"),
        )
        .await;
    assert_eq!(kpi(&region, "sent")["value"], 40.0);
    assert_eq!(kpi(&region, "delivered")["value"], 2.0);
    assert_eq!(region["held_back"][0]["reason"], "no_consent");
    assert_eq!(region["held_back"][0]["n"], 4);
    assert_eq!(region["held_back"].as_array().unwrap().len(), 1);
    assert_eq!(region["parcels"][0]["n"], 1);
    for (figure, people) in [
        (
            "sent",
            "/console/messages?status=sent&region=emilia_romagna",
        ),
        (
            "held_back",
            "/console/messages?status=held_back&region=emilia_romagna",
        ),
        ("orders", "/console/orders?region=emilia_romagna"),
        (
            "delivered",
            "/console/orders?standing=delivered&region=emilia_romagna",
        ),
    ] {
        assert_eq!(kpi(&region, figure)["people"], people);
    }
    let people = "/console/customers?at_risk=true&region=emilia_romagna";
    assert_eq!(region["at_risk"]["people"], people);
    assert_eq!(region["now"]["orders_trouble"], 1);
    assert_eq!(region["now"]["customers"], Value::Null);
    let said = region["sentence"]["it"].as_str().unwrap();
    assert!(
        said.ends_with("Adesso 1 ordine ha bisogno di qualcuno."),
        "{said}"
    );
    let sms = house
        .read(
            &who,
            &format!("/api/v1/today?from={today}&to={today}&channel=sms"),
        )
        .await;
    assert_eq!(sms["held_back"][0]["reason"], "quiet_hours");
    assert_eq!(sms["parcels"], Value::Null);
    assert_eq!(sms["at_risk"], Value::Null);
    for figure in ["orders", "delivered"] {
        assert_eq!(kpi(&sms, figure)["value"], Value::Null, "{figure}");
    }
    let journey = house
        .read(
            &who,
            &format!("/api/v1/today?from={today}&to={today}&journey=after_delivery"),
        )
        .await;
    assert_eq!(journey["now"]["runs"], 9);
    assert_eq!(journey["now"]["orders_trouble"], Value::Null);
    assert_eq!(journey["held_back"].as_array().unwrap().len(), 2);
    let month = house.read(&who, "/api/v1/today").await;
    assert_eq!(kpi(&month, "sent")["days"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn people_at_risk_are_counted_by_their_definition_and_lead_to_themselves() {
    let house = House::new().await;
    let who = master(&house).await;
    let order = house.order("1001").await;
    house.order("1002").await;
    let none = house.read(&who, "/api/v1/today").await;
    assert_eq!(none["at_risk"]["n"], 0);
    let mut task = build::task(7, order.customer_id.0, build::t(0));
    task.task.kind = "problem_damaged".to_owned();
    let store = house.engine.store();
    store.add_task(house.shop, &task).await.unwrap();
    let page = house.read(&who, "/api/v1/today").await;
    assert_eq!(page["at_risk"]["n"], 1);
    assert_eq!(page["at_risk"]["people"], "/console/customers?at_risk=true");
    let said = page["at_risk"]["definition"]["it"].as_str().unwrap();
    assert!(said.starts_with("Persone per cui"), "{said}");
    for (path, n) in [
        ("/api/v1/customers?at_risk=true", 1),
        ("/api/v1/customers?at_risk=true&province=AO", 0),
        ("/api/v1/orders?province=le", 2),
        ("/api/v1/orders?region=puglia&q=1002", 1),
        ("/api/v1/orders?region=lombardia", 0),
        ("/api/v1/orders?province=LE&region=lombardia", 0),
        ("/api/v1/orders?province=LE&standing=open", 2),
        ("/api/v1/messages?province=LE", 0),
    ] {
        let list = house.read(&who, path).await;
        assert_eq!(list["items"].as_array().unwrap().len(), n, "{path}");
    }
    let mut message = build::message(77, 0, order.customer_id.0);
    message.order_id = Some(order.id);
    house.message(message).await;
    for (path, n) in [
        ("/api/v1/messages?province=LE", 1),
        ("/api/v1/messages?region=lazio", 0),
    ] {
        let list = house.read(&who, path).await;
        assert_eq!(list["items"].as_array().unwrap().len(), n, "{path}");
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_meant_is_refused() {
    let house = House::new().await;
    let who = master(&house).await;
    for (path, code) in [
        ("/api/v1/today?channel=email&province=BO", "slice_ambiguous"),
        ("/api/v1/today?channel=pigeon", "fields_invalid"),
        ("/api/v1/today?region=atlantide", "fields_invalid"),
        ("/api/v1/orders?province=ZZ", "fields_invalid"),
        ("/api/v1/messages?region=atlantide", "fields_invalid"),
        (
            "/api/v1/today?from=2026-11-22&to=2026-11-01",
            "period_invalid",
        ),
        (
            "/api/v1/today?from=2020-01-01&to=2026-11-01",
            "period_invalid",
        ),
        ("/api/v1/today?from=never", "query_invalid"),
    ] {
        let answer = house.ask(&who, Method::GET, path, None).await;
        assert_eq!(said(&answer), (422, code.into()), "{path}");
    }
}

#[tokio::test]
async fn what_changes_is_told_once_and_only_to_its_shop() {
    let house = House::new().await;
    let other = crate::api::other_shop(&house).await;
    let mine = key(&house, house.shop, &["counters:read"]).await;
    let theirs = key(&house, other, &["counters:read"]).await;
    let mut mine = house.listen(&mine).await;
    let mut theirs = house.listen(&theirs).await;
    assert_eq!(mine.next().await.as_deref(), Some(": connected\n\n"));
    assert_eq!(theirs.next().await.as_deref(), Some(": connected\n\n"));
    for n in 0..5 {
        house.order(&format!("{}", 1000 + n)).await;
    }
    let mut word = mine.next().await.expect("a word");
    if word == ": ping\n\n" {
        word = mine.next().await.expect("a word");
    }
    assert!(word.starts_with("event: changed\ndata: "), "{word}");
    for topic in ["orders", "customers", "counters", "inbox"] {
        assert!(word.contains(&format!("\"{topic}\"")), "{topic} in {word}");
    }
    let silence = tokio::time::timeout(std::time::Duration::from_millis(300), theirs.next()).await;
    assert!(silence.is_err(), "{silence:?}");
}

#[tokio::test]
async fn today_is_read_anew_and_days_that_are_over_are_remembered() {
    let house = House::new().await;
    let who = master(&house).await;
    let today = counted(&house).await;
    let path = format!(
        "/api/v1/today?from={}&to={today}",
        today.checked_sub(9.days()).unwrap()
    );
    let first = house.read(&who, &path).await;
    assert_eq!(kpi(&first, "sent")["value"], 50.0);
    for (ago, n) in [(0, 3), (5, 100)] {
        let mut counters = Counters::default();
        let day = today.checked_sub(ago.days()).unwrap();
        counters.add(house.shop, day, "kpi.sent", "", n);
        house.engine.store().add_counters(counters).await.unwrap();
    }
    let second = house.read(&who, &path).await;
    assert_eq!(kpi(&second, "sent")["value"], 53.0);
}
