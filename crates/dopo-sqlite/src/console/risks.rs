//! Orders with a parcel in trouble, kept beside them with what is at risk.

use crate::rows::{self, all, number, run};
use crate::{read, refused};
use dopo_core::customer::Customer;
use dopo_core::id::{OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::trouble::at_risk_cents;
use dopo_engine::console::exceptions::{BOARD_COUNTED_MAX, BOARD_ORDERS_MAX};
use dopo_engine::ports::AtRisk;
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, params};
use std::cmp::Reverse;

/// Orders looked at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// Keeps what is at risk with an order that was written.
pub(crate) fn put(c: &Connection, shop: ShopId, order: &Order) -> Result<(), StoreError> {
    match at_risk_cents(order) {
        Some(cents) => run(
            c,
            "INSERT INTO risks (shop_id, order_id, cents, customer_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (shop_id, order_id) DO UPDATE SET cents = excluded.cents, customer_id = excluded.customer_id
             WHERE cents <> excluded.cents OR customer_id <> excluded.customer_id",
            params![shop.0, order.id.0, cents, order.customer_id.0],
        )?,
        // An order without parcels never was in trouble.
        None if order.tracked.is_empty() => 0,
        None => run(
            c,
            "DELETE FROM risks WHERE shop_id = ?1 AND order_id = ?2",
            params![shop.0, order.id.0],
        )?,
    };
    Ok(())
}

/// Orders with most at risk first, with their customers, and how many there are.
pub(crate) fn worst(
    c: &Connection,
    shop: ShopId,
    after: Option<(i64, OrderId)>,
    limit: usize,
) -> Result<(Vec<AtRisk>, u64), StoreError> {
    let limit = i64::try_from(limit.min(BOARD_ORDERS_MAX)).unwrap_or(i64::MAX);
    let (cents, id) = after.map_or((i64::MAX, i64::MAX), |(cents, order)| (cents, order.0));
    let orders = all(
        c,
        &format!(
            "SELECT risk, {} FROM (
                 SELECT order_id AS risky, cents AS risk FROM risks
                 WHERE shop_id = ?1 AND (cents, order_id) < (?2, ?3) ORDER BY cents DESC, order_id DESC LIMIT ?4
             ) JOIN orders ON shop_id = ?1 AND order_id = risky",
            rows::ORDER
        ),
        params![shop.0, cents, id, limit],
        |row| {
            let cents: i64 = row.get("risk").map_err(refused)?;
            Ok((cents, rows::order(row)?))
        },
    )?;
    let counted = number(
        c,
        "SELECT count(*) FROM (SELECT 1 FROM risks WHERE shop_id = ?1 LIMIT ?2)",
        params![shop.0, BOARD_COUNTED_MAX as i64],
    )?;
    let mut found = Vec::with_capacity(orders.len());
    for (cents, order) in orders {
        let customer = read::customer(c, shop, order.customer_id)?
            .unwrap_or_else(|| Customer::new(order.customer_id, order.snapshot.placed_at));
        found.push(AtRisk {
            cents,
            order,
            customer,
        });
    }
    found.sort_by_key(|one| Reverse((one.cents, one.order.id)));
    Ok((found, counted.unwrap_or_default().unsigned_abs()))
}

/// Fills the table of an older database.
pub(crate) fn fill(c: &Connection) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let orders = all(
            c,
            &format!(
                "SELECT rowid, shop_id, {} FROM orders WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
                rows::ORDER
            ),
            params![after, FILL_ROWS],
            |row| {
                let rowid: i64 = row.get(0).map_err(refused)?;
                let shop: i64 = row.get(1).map_err(refused)?;
                Ok((rowid, ShopId(shop), rows::order(row)?))
            },
        )?;
        let Some((last, _, _)) = orders.last() else {
            return Ok(());
        };
        after = *last;
        // Whose each is comes with a later step.
        for (_, shop, order) in &orders {
            if let Some(cents) = at_risk_cents(order) {
                run(
                    c,
                    "INSERT INTO risks (shop_id, order_id, cents) VALUES (?1, ?2, ?3)",
                    params![shop.0, order.id.0, cents],
                )?;
            }
        }
    }
}
