//! WooCommerce's webhooks and REST resources, real ones and our own.

use dopo_connect::Translation;
use dopo_connect::woocommerce::{is_ping, translate};
use dopo_core::consent::{ConsentSource, ConsentState};
use dopo_core::event::Event;
use dopo_core::money::Money;
use dopo_core::order::{OrderSnapshot, PaymentState};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared::{self, at, setting};

fn told(topic: &str, body: &Value) -> Translation {
    translate(topic, body.to_string().as_bytes(), &setting())
}

#[track_caller]
fn order_of(told: &Translation) -> &OrderSnapshot {
    match told.events.first() {
        Some((_, Event::OrderUpdated { order })) => order,
        other => panic!("no order but {other:?}, {:?}", told.note),
    }
}

#[test]
fn every_real_delivery_gives_its_events_or_says_why_none() {
    let Some(folder) = shared::contracts("woocommerce/webhooks") else {
        return;
    };
    for (name, file) in shared::files(&folder) {
        let told = told(file["topic"].as_str().unwrap(), &file["body"]);
        assert!(!told.failed, "{name}: {:?}", told.note);
        if name == "coupon.created" {
            assert!(told.events.is_empty() && told.note.is_some());
            continue;
        }
        let (when, Event::ProductUpdated { product }) = &told.events[0] else {
            panic!("{name}: {told:?}")
        };
        assert_eq!(*when, at("2023-03-26T09:29:39Z"));
        assert_eq!(product.external_id, "18");
        assert_eq!(product.price, Some(Money::eur(15_000)));
        assert_eq!(
            product.category, None,
            "the shop's catch-all is no category"
        );
        assert!(product.available);
    }
}

#[test]
fn every_documented_resource_is_read() {
    let Some(folder) = shared::contracts("woocommerce/rest-v3") else {
        return;
    };
    let (mut orders, mut customers) = (0, 0);
    for (name, file) in shared::files(&folder) {
        let (topic, count) = match name.split('.').next().unwrap_or_default() {
            "orders" => ("order.updated", &mut orders),
            "customers" if !name.contains("downloads") => ("customer.updated", &mut customers),
            _ => continue,
        };
        let body = &file["body"];
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut resources = list(body);
        for part in ["create", "update"] {
            resources.extend(list(&body[part]));
        }
        if body.get("id").is_some() {
            resources.push(body.clone());
        }
        assert!(!resources.is_empty(), "{name}");
        for resource in resources {
            let told = told(topic, &resource);
            assert!(!told.failed && told.events.len() == 1, "{name}: {told:?}");
            *count += 1;
        }
    }
    assert!(orders >= 7 && customers >= 7, "{orders} {customers}");
}

#[test]
fn a_real_order_has_gross_prices_utc_times_and_plain_titles() {
    let Some(folder) = shared::contracts("woocommerce/rest-v3") else {
        return;
    };
    let files = shared::files(&folder);
    let (_, file) = files
        .iter()
        .find(|(name, _)| name == "orders.retrieve-an-order")
        .unwrap();
    let told = told("order.created", &file["body"]);
    let order = order_of(&told);
    assert_eq!(
        (order.external_id.as_str(), order.number.as_str()),
        ("727", "727")
    );
    assert_eq!(order.placed_at, at("2017-03-22T19:28:02Z"));
    assert_eq!(order.updated_at, at("2017-03-22T19:28:08Z"));
    assert_eq!(order.total.to_string(), "29.35 USD");
    assert_eq!(order.subtotal.unwrap().to_string(), "19.35 USD");
    assert_eq!(order.lines[0].unit_price.to_string(), "3.23 USD");
    assert_eq!(
        order.lines[1].title,
        "Ship Your Idea – Color: Black, Size: M Test"
    );
    assert_eq!(order.payment, PaymentState::Paid);
    assert_eq!(order.person.who.shop_customer_id, None, "0 is a guest");
    assert_eq!(
        order.person.who.email.as_deref(),
        Some("john.doe@example.com")
    );
    assert!(!order.fulfilled && !order.cash_on_delivery);
}

/// An order as an Italian WooCommerce shop with tracking and consent plugins sends it; ours.
fn lamp() -> Value {
    json!({
        "id": 4_242, "parent_id": 0, "number": "2026-4242", "status": "processing", "currency": "EUR",
        "date_created": "2026-10-25T02:30:00", "date_created_gmt": "2026-10-25T01:30:00",
        "date_modified": "2026-10-26T09:00:00", "date_modified_gmt": "2026-10-26T08:00:00",
        "date_paid_gmt": null, "date_completed_gmt": null,
        "discount_total": "8.20", "discount_tax": "1.80", "shipping_total": "5.00", "shipping_tax": "1.10",
        "total": "96.10", "total_tax": "17.33", "prices_include_tax": true,
        "customer_id": 31, "customer_ip_address": "203.0.113.9", "customer_user_agent": "Mozilla",
        "customer_note": "citofonare Rossi", "transaction_id": "pi_123",
        "billing": {"first_name": "Nicolò", "last_name": "D&#8217;Amico", "company": "", "address_1": "Via Roma 1",
                    "address_2": "", "city": "Bari", "state": "BA", "postcode": "70121", "country": "IT",
                    "email": "nicolo@example.it", "phone": "0039 347 7654321"},
        "shipping": [],
        "payment_method": "cod", "payment_method_title": "Pagamento alla consegna",
        "meta_data": [
            {"id": 1, "key": "_billing_cf", "value": "RSSMRA80A01H501U"},
            {"id": 2, "key": "dopo_soft_spam_notice", "value": "v2"},
            {"id": 3, "key": "dopo_marketing_consent", "value": "checkout-2026-03"},
            {"id": 4, "key": "_wc_shipment_tracking_items", "value": [
                {"tracking_provider": "", "custom_tracking_provider": "GLS", "custom_tracking_link":
                 "https://gls.example/t?n=%1$s", "tracking_number": "SA662402545", "date_shipped": "1792972800",
                 "tracking_id": "abc123"},
                {"tracking_provider": "brt", "tracking_number": ""},
                "broken"
            ]}
        ],
        "line_items": [
            {"id": 1, "name": "Lampada Arco - Nero", "parent_name": "Lampada Arco", "product_id": 77, "variation_id": 78,
             "quantity": 2, "subtotal": "73.77", "subtotal_tax": "16.23", "total": "65.57", "total_tax": "14.43",
             "sku": "LAM-N", "price": 32.785, "image": {"id": "9", "src": "https://negozio.example/l.jpg"}}
        ],
        "shipping_lines": [{"id": 2, "method_title": "Corriere espresso"}],
        "coupon_lines": [{"id": 3, "code": "benvenuto10", "discount": "8.20"}],
        "refunds": [{"id": 9, "reason": "", "total": "-10.00"}]
    })
}

#[test]
fn an_italian_order_is_told_whole() {
    let told = told("order.updated", &lamp());
    assert!(!told.failed);
    assert!(told.note.as_deref().unwrap().contains("tracking entry"));
    let order = order_of(&told);
    assert_eq!(order.number, "2026-4242");
    assert_eq!(order.placed_at, at("2026-10-25T01:30:00Z"));
    assert_eq!(told.events[0].0, at("2026-10-26T08:00:00Z"));
    assert_eq!(order.total, Money::eur(9_610));
    assert_eq!(order.subtotal, Some(Money::eur(9_000)));
    assert_eq!(order.discount, Some(Money::eur(1_000)));
    assert_eq!(order.shipping, Some(Money::eur(610)));
    assert_eq!(order.refunded, Some(Money::eur(1_000)));
    assert_eq!(
        order.payment,
        PaymentState::Pending,
        "the driver has not been paid"
    );
    assert!(order.cash_on_delivery);
    let line = &order.lines[0];
    assert_eq!(
        (line.title.as_str(), line.variant.as_deref()),
        ("Lampada Arco", Some("Nero"))
    );
    assert_eq!(line.unit_price, Money::eur(4_500));
    assert_eq!(line.category, None);
    let person = &order.person;
    assert_eq!(person.last_name.as_deref(), Some("D’Amico"));
    assert_eq!(person.who.phone.as_deref(), Some("+393477654321"));
    assert_eq!(person.who.shop_customer_id.as_deref(), Some("31"));
    assert_eq!(person.province.as_deref(), Some("BA"));
    assert_eq!(
        order.ship_to.as_ref().unwrap().city.as_deref(),
        Some("Bari")
    );
    assert_eq!(order.parcels.len(), 1);
    let parcel = &order.parcels[0];
    assert_eq!(parcel.carrier.as_deref(), Some("GLS"));
    assert_eq!(
        parcel.url.as_deref(),
        Some("https://gls.example/t?n=SA662402545")
    );
    assert_eq!(parcel.shipped_at.unwrap().as_second(), 1_792_972_800);
    assert_eq!(order.soft_spam_notice.as_deref(), Some("v2"));
    assert_eq!(order.discount_codes, ["benvenuto10"]);
    let (when, Event::ConsentChanged { acts, .. }) = &told.events[1] else {
        panic!()
    };
    assert_eq!(*when, order.placed_at);
    assert_eq!(acts[0].state, ConsentState::Granted);
    assert_eq!(acts[0].source, ConsentSource::Checkout);
    assert_eq!(acts[0].text_version.as_deref(), Some("checkout-2026-03"));
}

#[test]
fn nothing_outside_the_allow_list_is_kept() {
    let stored = serde_json::to_string(order_of(&told("order.updated", &lamp()))).unwrap();
    for never in [
        "RSSMRA80A01H501U",
        "203.0.113.9",
        "Mozilla",
        "citofonare",
        "pi_123",
    ] {
        assert!(!stored.contains(never), "{never}");
    }
}

#[test]
fn an_empty_consent_box_is_no_act() {
    for value in [
        json!(""),
        json!("no"),
        json!("0"),
        json!(false),
        json!(null),
        json!([]),
    ] {
        let mut order = lamp();
        order["meta_data"][2]["value"] = value.clone();
        assert_eq!(told("order.created", &order).events.len(), 1, "{value}");
    }
}

#[test]
fn every_status_has_one_meaning() {
    let paid = Some("2026-10-26T08:00:00");
    for (status, method, paid, payment, cancelled, fulfilled, known) in [
        (
            "pending",
            "bacs",
            None,
            PaymentState::Pending,
            false,
            false,
            true,
        ),
        (
            "on-hold",
            "bacs",
            None,
            PaymentState::Pending,
            false,
            false,
            true,
        ),
        (
            "processing",
            "stripe",
            None,
            PaymentState::Paid,
            false,
            false,
            true,
        ),
        (
            "processing",
            "cod",
            None,
            PaymentState::Pending,
            false,
            false,
            true,
        ),
        (
            "completed",
            "cod",
            None,
            PaymentState::Paid,
            false,
            true,
            true,
        ),
        (
            "cancelled",
            "bacs",
            None,
            PaymentState::Voided,
            true,
            false,
            true,
        ),
        (
            "cancelled",
            "stripe",
            paid,
            PaymentState::Paid,
            true,
            false,
            true,
        ),
        (
            "failed",
            "stripe",
            None,
            PaymentState::Voided,
            false,
            false,
            true,
        ),
        (
            "refunded",
            "stripe",
            paid,
            PaymentState::Refunded,
            false,
            false,
            true,
        ),
        (
            "trash",
            "stripe",
            paid,
            PaymentState::Paid,
            true,
            false,
            true,
        ),
        (
            "spedito",
            "stripe",
            paid,
            PaymentState::Paid,
            false,
            false,
            false,
        ),
        (
            "spedito",
            "bacs",
            None,
            PaymentState::Pending,
            false,
            false,
            false,
        ),
    ] {
        let mut order = lamp();
        order["status"] = json!(status);
        order["payment_method"] = json!(method);
        order["payment_method_title"] = json!(method);
        order["date_paid_gmt"] = json!(paid);
        order["refunds"] = json!([]);
        order["meta_data"] = json!([]);
        let told = told("order.updated", &order);
        let order = order_of(&told);
        assert_eq!(order.payment, payment, "{status} {method}");
        assert_eq!(order.cancelled_at.is_some(), cancelled, "{status}");
        assert_eq!(order.fulfilled, fulfilled, "{status}");
        assert_eq!(told.note.is_none(), known, "{status}");
    }
}

#[test]
fn refunds_move_the_payment_state() {
    for (back, payment) in [
        ("-10.00", PaymentState::PartiallyRefunded),
        ("-96.10", PaymentState::Refunded),
    ] {
        let mut order = lamp();
        order["date_paid_gmt"] = json!("2026-10-26T08:00:00");
        order["refunds"] = json!([{"id": 1, "total": back}]);
        assert_eq!(order_of(&told("order.updated", &order)).payment, payment);
    }
}

#[test]
fn fulfilments_of_woocommerce_are_parcels_with_their_lines() {
    let mut order = lamp();
    order["meta_data"] = json!([]);
    order["fulfillments"] = json!([
        {"id": 5, "status": "fulfilled", "is_fulfilled": true, "date_updated": "2026-10-26T08:00:00Z",
         "meta_data": [{"id": 1, "key": "_tracking_number", "value": "3UW19XY000127"},
                       {"id": 2, "key": "_shipment_provider", "value": "poste-italiane"},
                       {"id": 3, "key": "_tracking_url", "value": "https://poste.example/3UW19XY000127"},
                       {"id": 4, "key": "_items", "value": [{"item_id": 1, "qty": 2}]}]},
        {"id": 6, "status": "unfulfilled", "is_fulfilled": false, "meta_data": {}}
    ]);
    let told = told("order.updated", &order);
    let parcels = &order_of(&told).parcels;
    assert_eq!(parcels.len(), 2);
    assert_eq!(parcels[0].number.as_deref(), Some("3UW19XY000127"));
    assert_eq!(parcels[0].lines, ["1"]);
    assert_eq!(parcels[0].shipped_at, Some(at("2026-10-26T08:00:00Z")));
    assert_eq!(parcels[1].shipped_at, None);
}

#[test]
fn deletions_restorations_customers_and_drafts() {
    let deleted = told("order.deleted", &json!({"id": 4_242}));
    assert_eq!(
        deleted.events[0].1,
        Event::OrderCancelled {
            order: "4242".to_owned()
        }
    );
    assert_eq!(
        told("order.restored", &lamp()).events[0].1.kind(),
        "order_updated"
    );
    let product = told("product.deleted", &json!({"id": 77}));
    assert_eq!(product.events[0].1.kind(), "product_removed");
    let customer = told(
        "customer.updated",
        &json!({"id": 31, "email": "n@example.it", "first_name": "Nicolò", "date_modified_gmt": "2026-10-26T08:00:00",
            "password": "hidden", "billing": {"phone": "347 7654321", "country": "IT", "state": "BA", "city": "Bari"}}),
    );
    let (when, Event::CustomerUpdated { person, .. }) = &customer.events[0] else {
        panic!()
    };
    assert_eq!(*when, at("2026-10-26T08:00:00Z"));
    assert_eq!(person.who.phone.as_deref(), Some("+393477654321"));
    assert_eq!(person.province.as_deref(), Some("BA"));
    for topic in [
        "customer.deleted",
        "coupon.updated",
        "action.woocommerce_x",
        "nuovo.topic",
        "",
    ] {
        let told = told(topic, &json!({"id": 1}));
        assert!(
            told.events.is_empty() && !told.failed && told.note.is_some(),
            "{topic}"
        );
    }
    let mut draft = lamp();
    draft["status"] = json!("checkout-draft");
    let told = told("order.created", &draft);
    assert!(told.events.is_empty() && !told.failed);
}

#[test]
fn the_ping_is_recognised_and_nothing_else_is() {
    assert!(is_ping(b"webhook_id=12") && is_ping(b"webhook_id=12\n"));
    for body in [
        &b"webhook_id="[..],
        b"webhook_id=1&x=2",
        b"{}",
        b"",
        b"xwebhook_id=1",
    ] {
        assert!(!is_ping(body));
    }
    let told = translate("", b"webhook_id=12", &setting());
    assert!(!told.failed && told.events.is_empty() && told.note.is_some());
}

#[test]
fn a_10_000_line_order_and_a_strange_currency_get_a_clear_answer() {
    let mut order = lamp();
    let line = order["line_items"][0].clone();
    order["line_items"] = Value::Array(vec![line; 10_000]);
    let refused = told("order.created", &order);
    assert!(refused.failed && refused.note.unwrap().contains("10000 lines"));
    let mut order = lamp();
    order["currency"] = json!("BTC");
    let refused = told("order.created", &order);
    assert!(refused.failed && refused.note.unwrap().contains("`BTC` is not a currency"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_changed_field_makes_the_translator_fall(
        field in 0_usize..40,
        put in prop_oneof![
            Just(Value::Null), Just(json!([])), Just(json!({})), Just(json!(-1)), Just(json!(1e300)),
            Just(json!([[]])), any::<u64>().prop_map(Value::from), ".*".prop_map(Value::from),
        ],
        within in any::<bool>(),
    ) {
        let mut order = lamp();
        let target = if within { &mut order["line_items"][0] } else { &mut order };
        let map = target.as_object_mut().unwrap();
        let len = map.len();
        if let Some(value) = map.values_mut().nth(field % len) {
            *value = put;
        }
        let told = told("order.updated", &order);
        prop_assert!(!told.failed || told.note.is_some());
        let _ = translate("product.updated", order.to_string().as_bytes(), &setting());
        let _ = translate("customer.updated", order.to_string().as_bytes(), &setting());
    }
}
