//! People and orders of a page, by their ids.

use crate::rows::first;
use crate::{read, refused};
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_engine::ports::console::Named;
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, params};

/// People and numbers of orders, each read once.
pub(crate) fn named(
    c: &Connection,
    shop: ShopId,
    people: &[CustomerId],
    orders: &[OrderId],
) -> Result<Named, StoreError> {
    let mut named = Named::default();
    for id in people {
        if !named.people.contains_key(id)
            && let Some(person) = read::customer(c, shop, *id)?
        {
            named.people.insert(*id, person);
        }
    }
    for id in orders {
        if named.order_numbers.contains_key(id) {
            continue;
        }
        let number = first(
            c,
            "SELECT number FROM orders WHERE shop_id = ?1 AND order_id = ?2",
            params![shop.0, id.0],
            |row| row.get::<_, String>(0).map_err(refused),
        )?;
        if let Some(number) = number {
            named.order_numbers.insert(*id, number);
        }
    }
    Ok(named)
}
