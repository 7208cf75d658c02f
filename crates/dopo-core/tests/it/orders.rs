//! What becomes of orders as they are told.

use dopo_core::advance::Shop;
use dopo_core::event::{Event, EventLine};
use dopo_core::id::ShopId;
use dopo_core::journey::check::check;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_core::simulate::Rehearsal;
use serde_json::json;
use std::collections::BTreeMap;

const RECEIPT: &str = "
journey: order_receipt
name: { it: Conferma, en: Receipt }
key: order
on: order_placed
freshness: 3d
reentry: once
steps:
  - send: { template: order_receipt, channel: email, purpose: legal }
";

fn rehearsal() -> Rehearsal {
    let (journey, diagnostics) = check(RECEIPT, &["order_receipt"]);
    let mut journey = journey.unwrap_or_else(|| panic!("{diagnostics:?}"));
    journey.version = 1;
    Rehearsal::new(Shop {
        id: ShopId(1),
        slug: "casa".into(),
        settings: ShopSettings::new("Casa", "ordini@example.com", Seller::default()),
        disconnected: false,
        current: BTreeMap::from([(journey.id.clone(), 1)]),
        journeys: BTreeMap::from([((journey.id.clone(), 1), journey)]),
    })
}

fn order(change: serde_json::Value) -> EventLine {
    let mut order = json!({
        "external_id": "1", "number": "#1", "placed_at": "2026-11-18T10:00:00Z", "updated_at": "2026-11-18T10:00:00Z",
        "person": {"email": "chiara@example.com"},
        "lines": [{"id": "1", "title": "Sedia", "quantity": 1, "unit_price": {"cents": 5200, "currency": "EUR"}}],
        "total": {"cents": 5200, "currency": "EUR"}, "payment": "paid",
    });
    for (name, value) in change.as_object().expect("an object") {
        order[name] = value.clone();
    }
    let event: Event =
        serde_json::from_value(json!({"type": "order_updated", "order": order})).expect("an event");
    EventLine {
        id: "e1".into(),
        at: "2026-11-18T10:00:00Z".parse().expect("a time"),
        event,
    }
}

/// Messages decided, and orders counted as sales of the buyer.
fn told(change: serde_json::Value) -> (usize, u32) {
    let mut shop = rehearsal();
    shop.hear(order(change));
    (
        shop.messages().count(),
        shop.customers().map(|c| c.purchases.orders).sum(),
    )
}

#[test]
fn a_paid_order_gets_its_receipt_and_is_a_sale() {
    assert_eq!(told(json!({})), (1, 1));
}

#[test]
fn a_test_order_gets_its_receipt_and_is_no_sale() {
    assert_eq!(told(json!({"test": true})), (1, 0));
}

#[test]
fn an_order_whose_payment_failed_is_still_acknowledged() {
    assert_eq!(told(json!({"payment": "voided"})), (1, 0));
}

#[test]
fn an_order_that_is_first_told_as_cancelled_gets_nothing() {
    assert_eq!(
        told(json!({"cancelled_at": "2026-11-18T10:00:00Z"})),
        (0, 0)
    );
}
