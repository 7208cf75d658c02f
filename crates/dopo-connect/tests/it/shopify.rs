//! Shopify's webhooks, with its real deliveries and with our own.

use dopo_connect::shopify::translate;
use dopo_connect::{Setting, Translation};
use dopo_core::consent::{Channel, ConsentState, Topic};
use dopo_core::event::Event;
use dopo_core::money::Money;
use dopo_core::order::{ORDER_LINES_MAX, OrderSnapshot, PaymentState, ReturnState};
use dopo_core::parcel::ParcelState;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared::{self, RECEIVED, at, setting};

fn told(topic: &str, body: &Value) -> Translation {
    translate(topic, body.to_string().as_bytes(), &setting())
}

fn kinds(told: &Translation) -> Vec<&'static str> {
    told.events.iter().map(|(_, event)| event.kind()).collect()
}

#[track_caller]
fn order_of(told: &Translation) -> &OrderSnapshot {
    match told.events.first() {
        Some((_, Event::OrderUpdated { order })) => order,
        other => panic!("no order but {other:?}, {:?}", told.note),
    }
}

/// What each real delivery becomes: the kinds of its events, and words of its note where it has one.
const DELIVERIES: &[(&str, &[&str], &str)] = &[
    ("app.uninstalled", &["shop_disconnected"], ""),
    ("bulk_operations.finish", &[], "no event of a customer"),
    ("carts.create", &[], "names nobody"),
    ("carts.update", &[], "names nobody"),
    ("checkouts.create", &["cart_updated"], "telephone number"),
    ("checkouts.delete", &["cart_removed"], ""),
    ("checkouts.update", &["cart_updated"], "telephone number"),
    ("customers.create", &["customer_updated"], ""),
    ("customers.data_request", &["data_requested"], ""),
    ("customers.delete", &[], "customers/redact"),
    ("customers.disable", &["customer_updated"], ""),
    ("customers.enable", &["customer_updated"], ""),
    ("customers.merge", &[], "not completed"),
    ("customers.redact", &["customer_forgotten"], ""),
    ("customers.update", &["customer_updated"], ""),
    (
        "customers_email_marketing_consent.update",
        &[],
        "not a refusal",
    ),
    ("customers_marketing_consent.update", &[], "not a refusal"),
    ("fulfillment_events.create", &["parcel_scanned"], ""),
    ("fulfillment_events.delete", &["parcel_scan_revoked"], ""),
    ("fulfillment_orders.cancelled", &[], "warehouse"),
    (
        "fulfillment_orders.order_routing_complete",
        &[],
        "warehouse",
    ),
    ("fulfillment_orders.placed_on_hold", &[], "warehouse"),
    ("fulfillments.create", &["parcel_updated"], ""),
    ("fulfillments.update", &["parcel_updated"], ""),
    ("order_transactions.create", &[], "orders/paid"),
    ("orders.cancelled", &["order_updated"], "telephone number"),
    ("orders.create", &["order_updated"], "telephone number"),
    ("orders.delete", &["order_cancelled"], ""),
    ("orders.edited", &[], "orders/updated"),
    ("orders.fulfilled", &["order_updated"], "telephone number"),
    ("orders.paid", &["order_updated"], "telephone number"),
    (
        "orders.partially_fulfilled",
        &["order_updated"],
        "telephone number",
    ),
    ("orders.updated", &["order_updated"], "telephone number"),
    ("products.create", &["product_updated"], ""),
    ("products.delete", &["product_removed"], ""),
    ("products.update", &["product_updated"], ""),
    ("refunds.create", &[], "no money"),
    ("returns.approve", &["return_updated"], ""),
    ("returns.cancel", &["return_updated"], ""),
    ("returns.close", &["return_updated"], ""),
    ("returns.decline", &[], "does not name the order"),
    ("returns.reopen", &["return_updated"], ""),
    ("returns.request", &["return_updated"], ""),
    ("returns.update", &[], "not the order"),
    ("reverse_deliveries.attach_deliverable", &[], "way back"),
    ("reverse_fulfillment_orders.dispose", &[], "way back"),
    ("shop.redact", &["shop_forgotten"], ""),
    ("shop.update", &[], "dopo shop"),
    ("tender_transactions.create", &[], "orders/paid"),
];

#[test]
fn every_real_delivery_gives_its_events_or_says_why_none() {
    let Some(folder) = shared::contracts("shopify/webhooks-2024-10") else {
        return;
    };
    let files = shared::files(&folder);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let listed: Vec<&str> = DELIVERIES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed);
    for ((name, file), (_, expected, words)) in files.iter().zip(DELIVERIES) {
        let told = told(file["topic"].as_str().unwrap(), &file["body"]);
        assert!(!told.failed, "{name}: {:?}", told.note);
        assert_eq!(kinds(&told), *expected, "{name}: {:?}", told.note);
        let note = told.note.unwrap_or_default();
        assert!(note.contains(words), "{name}: {note}");
        assert_eq!(note.is_empty(), words.is_empty(), "{name}: {note}");
    }
}

#[test]
fn a_real_order_keeps_its_64_bit_ids_and_its_amounts() {
    let Some(folder) = shared::contracts("shopify/webhooks-2024-10") else {
        return;
    };
    let files = shared::files(&folder);
    let body = |name: &str| &files.iter().find(|(n, _)| n == name).unwrap().1["body"];
    let told_order = told("orders/create", body("orders.create"));
    let order = order_of(&told_order);
    assert_eq!(order.external_id, "820982911946154508");
    assert_eq!(order.lines[1].id, "141249953214522974");
    assert_eq!(order.number, "#9999");
    assert_eq!(order.total.to_string(), "388.00 USD");
    assert_eq!(order.subtotal.unwrap().to_string(), "398.00 USD");
    assert_eq!(order.discount.unwrap().to_string(), "20.00 USD");
    assert_eq!(order.shipping.unwrap().to_string(), "10.00 USD");
    assert_eq!(order.payment, PaymentState::Voided);
    assert_eq!(order.cancelled_at, Some(at("2021-12-31T19:00:00-05:00")));
    assert!(order.test);
    let who = &order.person.who;
    assert_eq!(who.email.as_deref(), Some("jon@example.com"));
    assert_eq!(who.shop_customer_id.as_deref(), Some("115310627314723954"));

    let scan = told(
        "fulfillment_events/create",
        body("fulfillment_events.create"),
    );
    let Event::ParcelScanned { parcel, checkpoint } = &scan.events[0].1 else {
        panic!()
    };
    assert_eq!(parcel.order.as_deref(), Some("820982911946154508"));
    assert_eq!(parcel.external_id.as_deref(), Some("123456"));
    assert_eq!(checkpoint.state, ParcelState::InTransit);
    assert_eq!(checkpoint.at, at("2021-12-31T19:00:00-05:00"));

    let cart = told("checkouts/create", body("checkouts.create"));
    let gone = told("checkouts/delete", body("checkouts.delete"));
    let Event::CartUpdated { cart } = &cart.events[0].1 else {
        panic!()
    };
    assert_eq!(
        gone.events[0].1,
        Event::CartRemoved {
            cart: cart.external_id.clone()
        }
    );
    assert_eq!(cart.total.unwrap().to_string(), "421.88 USD");
    assert!(
        cart.url
            .as_deref()
            .unwrap()
            .starts_with("https://checkout.local/")
    );

    let product = told("products/create", body("products.create"));
    let Event::ProductUpdated { product } = &product.events[0].1 else {
        panic!()
    };
    assert_eq!(product.price, Some(Money::eur(1_999)));
    assert_eq!(product.category.as_deref(), Some("Shirts"));
    assert_eq!(
        product.url.as_deref(),
        Some("https://negozio.example/products/example-t-shirt")
    );
}

#[test]
fn the_rest_answers_of_the_newest_version_have_the_same_shape() {
    let Some(folder) = shared::contracts("shopify/rest-2026-07") else {
        return;
    };
    let (mut orders, mut checkouts, mut customers, mut fulfillments, mut products) =
        (0, 0, 0, 0, 0);
    for (name, file) in shared::files(&folder) {
        let body = &file["body"];
        let each = |list: &str, single: &str, topic: &str, count: &mut usize| {
            let many = body[list].as_array().cloned().unwrap_or_default();
            let one = body[single].as_object().cloned().map(Value::Object);
            for resource in many.into_iter().chain(one) {
                if resource.get("id").is_none() && resource.get("token").is_none() {
                    continue;
                }
                let told = told(topic, &resource);
                assert!(!told.failed, "{name}: {:?}", told.note);
                *count += usize::from(!told.events.is_empty());
            }
        };
        each("orders", "order", "orders/updated", &mut orders);
        each("checkouts", "checkout", "checkouts/update", &mut checkouts);
        each("customers", "customer", "customers/update", &mut customers);
        each(
            "fulfillments",
            "fulfillment",
            "fulfillments/update",
            &mut fulfillments,
        );
        each("products", "product", "products/update", &mut products);
    }
    assert!(orders >= 6, "{orders}");
    assert!(checkouts >= 2, "{checkouts}");
    assert!(customers >= 4, "{customers}");
    assert!(fulfillments >= 5, "{fulfillments}");
    assert!(products >= 3, "{products}");
}

/// An order as an Italian shop on Shopify sends it; ours, after the documented field names.
fn sofa() -> Value {
    json!({
        "id": 5_678_901_234_567_890_123_u64,
        "name": "#1042", "email": "Giulia.Bianchi@Example.IT", "phone": null,
        "created_at": "2026-03-28T23:10:00+01:00", "processed_at": "2026-03-28T23:10:00+01:00",
        "updated_at": "2026-03-29T09:00:00+02:00", "cancelled_at": null,
        "currency": "EUR", "presentment_currency": "CHF", "taxes_included": true,
        "total_price": "1249.90",
        "total_price_set": {"shop_money": {"amount": "1249.90", "currency_code": "EUR"},
                            "presentment_money": {"amount": "1190.00", "currency_code": "CHF"}},
        "total_line_items_price": "1299.90", "total_discounts": "70.00", "total_tax": "225.39",
        "total_shipping_price_set": {"shop_money": {"amount": "20.00", "currency_code": "EUR"}},
        "financial_status": "paid", "fulfillment_status": null,
        "payment_gateway_names": ["Contrassegno"], "customer_locale": "it-IT",
        "tags": "vip, dopo_soft_spam_notice:2026-01",
        "note": "lasciare al portiere", "browser_ip": "203.0.113.7",
        "client_details": {"user_agent": "Mozilla"},
        "note_attributes": [{"name": "colore regalo", "value": "rosso"}],
        "discount_codes": [{"code": "PRIMAVERA", "amount": "70.00", "type": "fixed_amount"}],
        "checkout_id": 987_654_321_987_654_321_u64, "checkout_token": "abc", "test": false,
        "buyer_accepts_marketing": false,
        "customer": {
            "id": 7_001, "email": "giulia@altro.example", "first_name": "Giulia", "last_name": "Bianchi",
            "phone": "347 123 4567", "date_of_birth": "1990-01-01",
            "email_marketing_consent": {"state": "subscribed", "opt_in_level": "confirmed_opt_in",
                                        "consent_updated_at": "2025-05-01T08:00:00+02:00"},
            "sms_marketing_consent": {"state": "unsubscribed", "opt_in_level": "single_opt_in",
                                      "consent_updated_at": "2026-02-01T08:00:00+01:00"}
        },
        "billing_address": {"first_name": "Giulia", "last_name": "Bianchi", "address1": "Via Aldo Moro 15",
                            "zip": "20900", "city": "Monza", "province_code": "MB", "country_code": "IT",
                            "phone": "039 123456"},
        "shipping_address": {"name": "Giulia Bianchi", "address1": "Via Aldo Moro 15", "address2": "Scala B",
                             "zip": "20900", "city": "Monza", "province_code": "MB", "country_code": "IT"},
        "line_items": [{"id": 9_007_199_254_740_993_u64, "product_id": 11, "sku": "DIV-3P", "title": "Divano Lario",
                        "variant_title": "Blu / 3 posti", "quantity": 1, "price": "1299.90"}],
        "shipping_lines": [{"title": "Consegna al piano", "price": "20.00"}],
        "fulfillments": [{"id": 55, "order_id": 1, "status": "success", "created_at": "2026-03-30T10:00:00+02:00",
                          "updated_at": "2026-03-31T08:00:00+02:00", "tracking_company": "BRT",
                          "tracking_number": "080010017684806", "tracking_numbers": ["080010017684806"],
                          "tracking_urls": ["javascript:alert(1)", "https://vas.brt.it/080010017684806"],
                          "shipment_status": "out_for_delivery", "line_items": [{"id": 9_007_199_254_740_993_u64}]}],
        "refunds": []
    })
}

#[test]
fn an_italian_order_is_told_whole_in_the_shops_currency() {
    let told = told("orders/updated", &sofa());
    assert_eq!(told.note, None);
    assert_eq!(
        kinds(&told),
        [
            "order_updated",
            "parcel_scanned",
            "consent_changed",
            "consent_changed"
        ]
    );
    let order = order_of(&told);
    assert_eq!(order.external_id, "5678901234567890123");
    assert_eq!(order.placed_at, at("2026-03-28T22:10:00Z"));
    assert_eq!(told.events[0].0, at("2026-03-29T07:00:00Z"));
    assert_eq!(order.total, Money::eur(124_990));
    assert_eq!(order.subtotal, Some(Money::eur(129_990)));
    assert_eq!(order.discount, Some(Money::eur(7_000)));
    assert!(order.cash_on_delivery);
    assert_eq!(order.payment_method.as_deref(), Some("Contrassegno"));
    assert_eq!(order.discount_codes, ["PRIMAVERA"]);
    assert_eq!(order.soft_spam_notice.as_deref(), Some("2026-01"));
    assert_eq!(order.cart_id.as_deref(), Some("987654321987654321"));
    let line = &order.lines[0];
    assert_eq!(line.id, "9007199254740993");
    assert_eq!(line.variant.as_deref(), Some("Blu / 3 posti"));
    assert_eq!(line.unit_price, Money::eur(129_990));
    let person = &order.person;
    assert_eq!(
        person.who.email.as_deref(),
        Some("Giulia.Bianchi@example.it")
    );
    assert_eq!(person.who.phone.as_deref(), Some("+393471234567"));
    assert_eq!(person.province.as_deref(), Some("MB"));
    let parcel = &order.parcels[0];
    assert_eq!(parcel.number.as_deref(), Some("080010017684806"));
    assert_eq!(
        parcel.url.as_deref(),
        Some("https://vas.brt.it/080010017684806")
    );
    assert_eq!(parcel.shipped_at, Some(at("2026-03-30T08:00:00Z")));
    assert_eq!(parcel.lines, ["9007199254740993"]);
    let Event::ParcelScanned { parcel, checkpoint } = &told.events[1].1 else {
        panic!()
    };
    assert_eq!(parcel.order.as_deref(), Some("5678901234567890123"));
    assert_eq!(checkpoint.state, ParcelState::OutForDelivery);
}

#[test]
fn consents_are_told_at_the_time_the_person_acted() {
    let told = told("orders/updated", &sofa());
    let acts: Vec<_> = told
        .events
        .iter()
        .filter_map(|(at, event)| match event {
            Event::ConsentChanged { acts, .. } => Some((*at, &acts[0])),
            _ => None,
        })
        .map(|(at, act)| (at, act.topic, act.channel, act.state))
        .collect();
    assert_eq!(
        acts,
        [
            (
                at("2025-05-01T06:00:00Z"),
                Topic::Marketing,
                Some(Channel::Email),
                ConsentState::Confirmed
            ),
            (
                at("2026-02-01T07:00:00Z"),
                Topic::Marketing,
                Some(Channel::Sms),
                ConsentState::Withdrawn
            ),
        ]
    );
}

#[test]
fn nothing_outside_the_allow_list_is_kept() {
    let stored = serde_json::to_string(order_of(&told("orders/updated", &sofa()))).unwrap();
    for never in [
        "portiere",
        "203.0.113.7",
        "Mozilla",
        "1990-01-01",
        "rosso",
        "CHF",
    ] {
        assert!(!stored.contains(never), "{never}");
    }
}

#[test]
fn a_ticked_box_alone_is_given_but_not_confirmed() {
    let mut order = sofa();
    order["buyer_accepts_marketing"] = json!(true);
    order["customer"] = json!(null);
    let told = told("orders/create", &order);
    let Some((when, Event::ConsentChanged { acts, .. })) = told.events.last() else {
        panic!("{told:?}")
    };
    assert_eq!(acts[0].state, ConsentState::Granted);
    assert_eq!(*when, at("2026-03-28T22:10:00Z"));
}

#[test]
fn the_soft_spam_notice_may_stand_in_a_note_attribute() {
    let mut order = sofa();
    order["tags"] = json!("dopo_soft_spam_notice_old, altro");
    assert_eq!(
        order_of(&told("orders/create", &order)).soft_spam_notice,
        None
    );
    order["note_attributes"] = json!([{"name": "dopo_soft_spam_notice", "value": "v3"}]);
    let told = told("orders/create", &order);
    assert_eq!(order_of(&told).soft_spam_notice.as_deref(), Some("v3"));
}

#[test]
fn payment_states_have_one_meaning_each() {
    for (status, expected) in [
        (json!("pending"), PaymentState::Pending),
        (json!("authorized"), PaymentState::Authorized),
        (json!("partially_paid"), PaymentState::Pending),
        (json!("paid"), PaymentState::Paid),
        (json!("partially_refunded"), PaymentState::PartiallyRefunded),
        (json!("refunded"), PaymentState::Refunded),
        (json!("voided"), PaymentState::Voided),
        (json!("something_new"), PaymentState::Pending),
        (json!(null), PaymentState::Pending),
    ] {
        let mut order = sofa();
        order["financial_status"] = status.clone();
        let told = told("orders/updated", &order);
        assert_eq!(order_of(&told).payment, expected, "{status}");
        assert_eq!(told.note.is_some(), status == json!("something_new"));
    }
}

#[test]
fn what_went_back_is_the_sum_of_the_successful_refunds() {
    let refund = |amount: &str, status: &str, currency: &str| {
        json!({"id": 1, "order_id": 5, "created_at": "2026-04-01T10:00:00+02:00", "transactions": [
            {"kind": "refund", "status": status, "amount": amount, "currency": currency},
            {"kind": "sale", "status": "success", "amount": "999.00", "currency": "EUR"}]})
    };
    let mut order = sofa();
    order["refunds"] = json!([
        refund("50.00", "success", "EUR"),
        refund("10.00", "failure", "EUR"),
        refund("5.50", "success", "EUR"),
    ]);
    let told_order = told("orders/updated", &order);
    assert_eq!(order_of(&told_order).refunded, Some(Money::eur(5_550)));
    let alone = told("refunds/create", &refund("50.00", "success", "EUR"));
    assert_eq!(
        alone.events,
        [(
            at("2026-04-01T08:00:00Z"),
            Event::OrderRefunded {
                order: "5".to_owned(),
                refunded: Money::eur(5_000)
            }
        )]
    );
    let foreign = told("refunds/create", &refund("50.00", "success", "CHF"));
    assert!(foreign.events.is_empty() && !foreign.failed && foreign.note.is_some());
}

#[test]
fn net_prices_become_what_the_customer_pays() {
    let mut order = sofa();
    order["taxes_included"] = json!(false);
    order["total_line_items_price"] = json!("100.00");
    order["line_items"] = json!([{"id": 1, "title": "Cuscino", "quantity": 3, "price": "33.33",
        "tax_lines": [{"price": "22.00"}]}]);
    let told = told("orders/updated", &order);
    let order = order_of(&told);
    assert_eq!(order.lines[0].unit_price, Money::eur(3_333 + 733));
    assert_eq!(order.subtotal, Some(Money::eur(12_200)));
}

#[test]
fn every_tracking_state_has_one_meaning() {
    for (status, expected) in [
        ("label_printed", Some(ParcelState::Announced)),
        ("label_purchased", Some(ParcelState::Announced)),
        ("confirmed", Some(ParcelState::Announced)),
        ("carrier_picked_up", Some(ParcelState::PickedUp)),
        ("in_transit", Some(ParcelState::InTransit)),
        ("delayed", Some(ParcelState::InTransit)),
        ("out_for_delivery", Some(ParcelState::OutForDelivery)),
        ("attempted_delivery", Some(ParcelState::AttemptFailed)),
        ("ready_for_pickup", Some(ParcelState::ReadyForPickup)),
        ("delivered", Some(ParcelState::Delivered)),
        ("picked_up", Some(ParcelState::Collected)),
        ("failure", Some(ParcelState::Unknown)),
        ("teleported", None),
    ] {
        let body = json!({"id": 1, "fulfillment_id": 2, "order_id": 3, "status": status,
            "happened_at": "2026-04-01T10:00:00+02:00", "city": "MILANO", "country": "IT"});
        let created = told("fulfillment_events/create", &body);
        let deleted = told("fulfillment_events/delete", &body);
        match expected {
            None => assert!(created.events.is_empty() && created.note.is_some()),
            Some(expected) => {
                let (when, Event::ParcelScanned { checkpoint, .. }) = &created.events[0] else {
                    panic!()
                };
                assert_eq!(checkpoint.state, expected, "{status}");
                assert_eq!(checkpoint.place.as_deref(), Some("MILANO, IT"));
                assert_eq!(*when, at("2026-04-01T08:00:00Z"));
                let Event::ParcelScanRevoked {
                    state, scanned_at, ..
                } = &deleted.events[0].1
                else {
                    panic!()
                };
                assert_eq!((*state, *scanned_at), (expected, Some(checkpoint.at)));
            }
        }
    }
}

#[test]
fn a_completed_merge_and_both_consent_topics_name_the_person() {
    let merge = told(
        "customers/merge",
        &json!({"admin_graphql_api_customer_kept_id": "gid://shopify/Customer/1",
            "admin_graphql_api_customer_deleted_id": "gid://shopify/Customer/2", "status": "completed"}),
    );
    let Event::CustomerMerged { into, from } = &merge.events[0].1 else {
        panic!()
    };
    assert_eq!(into.shop_customer_id.as_deref(), Some("1"));
    assert_eq!(from.shop_customer_id.as_deref(), Some("2"));

    let email = told(
        "customers_email_marketing_consent/update",
        &json!({"customer_id": 7, "email_address": "a@b.it", "email_marketing_consent":
            {"state": "unsubscribed", "opt_in_level": "single_opt_in", "consent_updated_at": null}}),
    );
    let (when, Event::ConsentChanged { person, acts }) = &email.events[0] else {
        panic!()
    };
    assert_eq!(*when, at(RECEIVED));
    assert_eq!(person.email.as_deref(), Some("a@b.it"));
    assert_eq!(acts[0].state, ConsentState::Withdrawn);

    let sms = told(
        "customers_marketing_consent/update",
        &json!({"id": 7, "phone": "+39 347 1234567", "sms_marketing_consent":
            {"state": "subscribed", "opt_in_level": "single_opt_in",
             "consent_updated_at": "2026-01-01T10:00:00Z"}}),
    );
    let (_, Event::ConsentChanged { person, acts }) = &sms.events[0] else {
        panic!()
    };
    assert_eq!(person.phone.as_deref(), Some("+393471234567"));
    assert_eq!(acts[0].channel, Some(Channel::Sms));
    assert_eq!(acts[0].state, ConsentState::Granted);
}

#[test]
fn returns_move_through_their_states() {
    for (topic, state) in [
        ("returns/request", ReturnState::Requested),
        ("returns/approve", ReturnState::Open),
        ("returns/decline", ReturnState::Declined),
        ("returns/cancel", ReturnState::Cancelled),
        ("returns/close", ReturnState::Closed),
        ("returns/reopen", ReturnState::Open),
    ] {
        let told = told(topic, &json!({"id": 9, "order": {"id": 8}}));
        assert_eq!(
            told.events[0].1,
            Event::ReturnUpdated {
                order: "8".to_owned(),
                return_id: "9".to_owned(),
                state
            }
        );
    }
}

#[test]
fn a_sale_at_the_counter_and_a_nameless_checkout_tell_nobody() {
    let mut order = sofa();
    for field in ["email", "phone", "customer", "billing_address"] {
        order[field] = json!(null);
    }
    let told_order = told("orders/create", &order);
    assert!(told_order.events.is_empty() && !told_order.failed);
    let checkout = json!({"id": 1, "token": "t", "currency": "EUR", "email": "", "line_items": []});
    let told_cart = told("checkouts/create", &checkout);
    assert!(told_cart.events.is_empty() && !told_cart.failed && told_cart.note.is_some());
}

#[test]
fn a_10_000_line_order_gets_a_clear_answer() {
    let mut order = sofa();
    let line = order["line_items"][0].clone();
    order["line_items"] = Value::Array(vec![line; 10_000]);
    let refused = told("orders/create", &order);
    assert!(refused.failed && refused.events.is_empty());
    let note = refused.note.unwrap();
    assert!(
        note.contains("10000 lines") && note.contains("2000"),
        "{note}"
    );
    order["line_items"]
        .as_array_mut()
        .unwrap()
        .truncate(ORDER_LINES_MAX);
    assert_eq!(
        order_of(&told("orders/create", &order)).lines.len(),
        ORDER_LINES_MAX
    );
}

#[test]
fn hostile_names_are_data_and_bad_currencies_are_failures() {
    let mut order = sofa();
    order["customer"]["first_name"] = json!("{{7*7}}");
    order["customer"]["last_name"] = json!("<script>\u{202E}\u{0}\r\nBcc: x@y.it");
    let told_order = told("orders/create", &order);
    let person = &order_of(&told_order).person;
    assert_eq!(person.first_name.as_deref(), Some("{{7*7}}"));
    assert_eq!(person.last_name.as_deref(), Some("<script> Bcc: x@y.it"));
    for code in ["EUX", "", "€", "EURO"] {
        let mut order = sofa();
        order["currency"] = json!(code);
        order["total_price_set"] = json!(null);
        let told = told("orders/create", &order);
        assert!(
            told.failed && told.note.unwrap().contains("currency"),
            "{code}"
        );
    }
    let mut order = sofa();
    order["total_price_set"] = json!(null);
    order["total_price"] = json!("1.249,90");
    assert!(told("orders/create", &order).failed);
}

#[test]
fn a_body_that_cannot_be_read_says_where() {
    for (body, words) in [
        ("", "too early"),
        ("{\"id\": 1,\n\"name\": ", "line 2"),
        ("id=1&name=x", "not JSON at line 1, column 1"),
        ("{\"id\": 1.5}", "unexpected shape at line 1"),
        ("{\"name\": \"#1\"}", "missing field `id`"),
        (
            "{\"id\": 1, \"created_at\": \"2026-01-01 10:00\"}",
            "unexpected shape",
        ),
        ("[]", "unexpected shape"),
        ("\u{FEFF}{}", "not JSON"),
    ] {
        let told = translate("orders/create", body.as_bytes(), &setting());
        let note = told.note.unwrap();
        assert!(told.failed && note.contains(words), "{body}: {note}");
    }
    let told = translate("orders/create", b"{\"name\": \"\xff\"}", &setting());
    assert!(told.failed);
}

#[test]
fn an_unknown_topic_is_noted_and_not_a_failure() {
    for topic in [
        "",
        "nuovi/topic",
        "orders/risk_assessment_changed",
        "collections/create",
    ] {
        let told = translate(topic, b"{}", &setting());
        assert!(
            !told.failed && told.events.is_empty() && told.note.is_some(),
            "{topic}"
        );
    }
}

#[test]
fn without_the_shops_currency_a_product_has_no_price() {
    let body = json!({"id": 1, "title": "Lampada", "handle": "lampada", "status": "draft",
        "variants": [{"price": "10.00"}]});
    let told = translate(
        "products/update",
        body.to_string().as_bytes(),
        &Setting::at(at(RECEIVED)),
    );
    let Event::ProductUpdated { product } = &told.events[0].1 else {
        panic!()
    };
    assert!(product.price.is_none() && product.url.is_none() && !product.available);
}

/// Replaces one value somewhere in the document.
fn mutate(value: &mut Value, choices: &mut impl Iterator<Item = usize>, put: &Value) {
    let turn = choices.next().unwrap_or(0);
    match value {
        Value::Object(map) if !map.is_empty() && !turn.is_multiple_of(5) => {
            let len = map.len();
            if let Some(child) = map.values_mut().nth(turn % len) {
                mutate(child, choices, put);
            }
        }
        Value::Array(list) if !list.is_empty() && !turn.is_multiple_of(5) => {
            let len = list.len();
            mutate(&mut list[turn % len], choices, put);
        }
        other => *other = put.clone(),
    }
}

fn strange() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| json!(f)),
        ".*".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([[[]]])),
        Just(json!("99999999999999999999999999")),
        Just(json!("-9999-12-31T23:59:59Z")),
        Just(json!("9999-12-31T23:59:59-23:00")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_changed_order_makes_the_translator_fall(
        path in prop::collection::vec(0_usize..40, 1..6),
        put in strange(),
        topic in prop::sample::select(vec![
            "orders/create", "checkouts/update", "customers/update", "fulfillments/update",
            "refunds/create", "products/update", "fulfillment_events/create", "returns/close",
        ]),
    ) {
        let mut order = sofa();
        mutate(&mut order, &mut path.into_iter(), &put);
        let told = told(topic, &order);
        prop_assert!(!told.failed || told.note.is_some());
    }

    #[test]
    fn no_bytes_make_the_translator_fall(body in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..4_000) {
        let _ = translate("orders/create", &body, &setting());
        let text = sofa().to_string();
        let cut = cut.min(text.len());
        let mut damaged = text.as_bytes()[..cut].to_vec();
        damaged.extend_from_slice(&body);
        let _ = translate("orders/create", &damaged, &setting());
    }
}
