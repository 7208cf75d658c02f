//! What a page of a list shows of its people and orders.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::{CustomerId, OrderId};

pub async fn a_page_names_its_people_and_orders_in_one_reading(store: Subject) {
    let (shop_a, shop_b) = (shop(&store).await, shop(&store).await);
    for (shop, id) in [(shop_a, 1), (shop_a, 2), (shop_b, 3)] {
        let writes = Writes {
            customers: vec![customer(id, &format!("p{id}@posta.example"))],
            orders: vec![order(10 + id, id, &format!("100{id}"))],
            ..Writes::default()
        };
        put(&store, shop, writes).await;
    }
    let people = [1, 2, 3, 9, 1].map(CustomerId);
    let orders = [11, 12, 13, 99, 11].map(OrderId);
    let named = store.named(shop_a, &people, &orders).await.unwrap();
    assert_eq!(named.people.len(), 2, "another shop's are not known here");
    assert_eq!(named.people[&CustomerId(2)].id, CustomerId(2));
    assert_eq!(named.order_numbers.len(), 2);
    assert_eq!(named.order_numbers[&OrderId(11)], "#1001");

    let merge = Writes {
        merges: vec![(CustomerId(2), CustomerId(1))],
        ..Writes::default()
    };
    put(&store, shop_a, merge).await;
    let named = store.named(shop_a, &[CustomerId(2)], &[]).await.unwrap();
    assert_eq!(named.people[&CustomerId(2)].id, CustomerId(1));
    let nothing = store.named(shop_a, &[], &[]).await.unwrap();
    assert!(nothing.people.is_empty() && nothing.order_numbers.is_empty());
}
