//! What becomes of orders as they are told.

use dopo_core::advance::Shop;
use dopo_core::event::{Event, EventLine};
use dopo_core::id::ShopId;
use dopo_core::journey::check::check;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_core::simulate::Rehearsal;
use serde_json::json;

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
    let settings = ShopSettings::new("Casa", "ordini@example.com", Seller::default());
    let mut shop = Shop::new(ShopId(1), "casa", settings);
    shop.publish(journey);
    Rehearsal::new(shop)
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

#[test]
fn an_order_stands_where_its_parcels_and_its_money_say() {
    use dopo_core::order::Standing;
    let stands = |change| {
        let mut shop = rehearsal();
        shop.hear(order(change));
        shop.order_named("1").expect("the order").standing()
    };
    let parcel = |n: u8, shipped: bool| {
        let at = shipped.then_some("2026-11-19T10:00:00Z");
        json!({"number": format!("N{n}"), "shipped_at": at})
    };
    assert_eq!(stands(json!({})), Standing::Open);
    assert_eq!(
        stands(json!({"parcels": [parcel(1, false)]})),
        Standing::Open
    );
    assert_eq!(
        stands(json!({"parcels": [parcel(1, false), parcel(2, true)]})),
        Standing::Shipped
    );
    assert_eq!(stands(json!({"payment": "voided"})), Standing::Cancelled);
    assert_eq!(stands(json!({"payment": "refunded"})), Standing::Cancelled);

    let scanned = |payment: &str, states: &[&str]| {
        let mut shop = rehearsal();
        shop.hear(order(json!({"payment": payment})));
        for (n, state) in states.iter().enumerate() {
            let event = json!({
                "type": "parcel_scanned", "parcel": {"order": "1", "number": format!("N{n}")},
                "checkpoint": {"at": "2026-11-20T10:00:00Z", "state": state},
            });
            shop.hear(EventLine {
                id: format!("s{n}"),
                at: "2026-11-20T10:00:00Z".parse().expect("a time"),
                event: serde_json::from_value(event).expect("an event"),
            });
        }
        shop.order_named("1").expect("the order").standing()
    };
    assert_eq!(scanned("paid", &["in_transit"]), Standing::Shipped);
    assert_eq!(
        scanned("paid", &["delivered", "collected"]),
        Standing::Delivered
    );
    assert_eq!(
        scanned("paid", &["delivered", "announced"]),
        Standing::Shipped
    );
    assert_eq!(
        scanned("paid", &["delivered", "held_at_depot"]),
        Standing::Trouble
    );
    assert_eq!(
        scanned("paid", &["cancelled", "delivered"]),
        Standing::Delivered
    );
    assert_eq!(scanned("refunded", &["returned"]), Standing::Cancelled);
    assert_eq!(scanned("refunded", &["in_transit"]), Standing::Shipped);
    assert_eq!(scanned("refunded", &["delivered"]), Standing::Delivered);
    for standing in Standing::ALL {
        assert_eq!(Standing::parse(standing.as_str()), Some(standing));
    }
}
