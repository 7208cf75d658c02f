//! Parcels in trouble: which orders stand on the board, in which order.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, bring, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::money::{Currency, Money};
use dopo_core::order::Order;
use dopo_core::parcel::trouble::at_risk_cents;
use dopo_core::parcel::{Parcel, ParcelSnapshot, ParcelState};

fn with_parcel(id: i64, cents: i64, state: ParcelState) -> Order {
    let mut order = order(id, 1, &format!("{id}"));
    order.snapshot.total = Money::new(cents, Currency::EUR);
    order.tracked.push(Parcel {
        snapshot: ParcelSnapshot {
            number: Some(format!("BRT{id}")),
            ..ParcelSnapshot::default()
        },
        state,
        ..Parcel::default()
    });
    order
}

fn write(orders: &[Order]) -> Writes {
    Writes {
        customers: vec![customer(1, "anna@posta.example")],
        identities: vec![(email_key("anna@posta.example"), CustomerId(1))],
        orders: orders.to_vec(),
        ..Writes::default()
    }
}

async fn board(store: &Subject, shop: ShopId, limit: usize) -> (Vec<i64>, u64) {
    let (found, all) = store.orders_at_risk(shop, None, limit).await.unwrap();
    let ids = found.into_iter().map(|one| {
        assert_eq!(one.customer.id, one.order.customer_id);
        assert_eq!(Some(one.cents), at_risk_cents(&one.order));
        one.order.id.0
    });
    (ids.collect(), all)
}

pub async fn orders_in_trouble_are_reached_to_the_last_one(store: Subject) {
    let here = shop(&store).await;
    let other = shop(&store).await;
    // Many are of the same price.
    let cents = [900, 900, 700, 900, 700, 0, 900];
    let ids = 1_i64..;
    let orders: Vec<Order> = ids
        .zip(cents)
        .map(|(id, cents)| with_parcel(id, cents, ParcelState::Lost))
        .collect();
    put(&store, here, write(&orders)).await;
    put(&store, other, write(&orders[..1])).await;
    for size in [1, 2, 3, 10] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.orders_at_risk(here, after, size).await.unwrap();
            assert_eq!(page.1, cents.len() as u64, "how many there are in all");
            let Some(last) = page.0.last() else { break };
            after = Some((last.cents, last.order.id));
            seen.extend(page.0.iter().map(|one| one.order.id.0));
        }
        assert_eq!(seen, [7, 4, 2, 1, 5, 3, 6], "{size} at once");
    }
}

pub async fn orders_in_trouble_stand_by_what_is_at_risk(store: Subject) {
    let here = shop(&store).await;
    let other = shop(&store).await;
    let mut orders = [
        with_parcel(1, 5_000, ParcelState::HeldAtDepot),
        with_parcel(2, 20_000, ParcelState::InTransit),
        with_parcel(3, 9_000, ParcelState::Lost),
        with_parcel(4, 700, ParcelState::Refused),
        order(5, 1, "5"),
    ];
    put(&store, here, write(&orders)).await;
    assert_eq!(board(&store, here, 10).await, (vec![3, 1, 4], 3));
    assert_eq!(board(&store, here, 2).await, (vec![3, 1], 3));
    assert_eq!(board(&store, other, 10).await, (vec![], 0));

    // What is delivered leaves the board, what falls silent comes onto it, what is refunded in part falls.
    orders[2].tracked[0].state = ParcelState::Delivered;
    orders[1].tracked[0].silent_since = Some(t(1));
    orders[0].snapshot.refunded = Some(Money::new(4_500, Currency::EUR));
    let told = order_updated("1", "anna@posta.example");
    bring(&store, here, told, write(&orders)).await;
    assert_eq!(at_risk_cents(&orders[0]), Some(500));
    assert_eq!(board(&store, here, 10).await, (vec![2, 4, 1], 3));
}

pub async fn a_forgotten_person_is_on_no_board(store: Subject) {
    let here = shop(&store).await;
    let held = [with_parcel(1, 5_000, ParcelState::HeldAtDepot)];
    put(&store, here, write(&held)).await;
    assert_eq!(board(&store, here, 10).await.1, 1);
    let forget = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    put(&store, here, forget).await;
    assert_eq!(board(&store, here, 10).await, (vec![], 0));
}
