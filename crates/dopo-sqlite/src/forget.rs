//! Forgetting a person or a shop (GDPR art. 17).
//!
//! What tax and warranty law makes the seller keep stays in restricted form: the order with its sums and dates, without
//! anything that says who or where. Everything else of the person goes.

use crate::commit::{count, salt};
use crate::console::listed;
use crate::refused;
use crate::rows::{self, all, first, json, number, run};
use crate::settings;
use dopo_core::advance::count_order_change;
use dopo_core::counter::{Counters, NOW, place_key};
use dopo_core::customer::PersonDetails;
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::parcel::{Parcel, ParcelSnapshot};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

/// Deletes a person everywhere; an empty record with the same id remains, so that nothing points nowhere.
pub(crate) fn customer(c: &Connection, shop: ShopId, id: CustomerId) -> Result<(), StoreError> {
    let person = first(
        c,
        &format!(
            "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
            rows::CUSTOMER
        ),
        params![shop.0, id.0],
        rows::customer,
    )?;
    let Some(person) = person else { return Ok(()) };
    if let Some(salt) = salt(c, shop)? {
        for email in &person.emails {
            let hash = Sha256::new()
                .chain_update(&salt)
                .chain_update(shop.0.to_be_bytes())
                .chain_update(email.trim().to_lowercase().as_bytes())
                .finalize();
            run(
                c,
                "INSERT INTO suppressed (shop_id, hash) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![shop.0, &hash[..]],
            )?;
        }
    }
    count_open_tasks(c, shop, id)?;
    for sql in [
        "DELETE FROM outbox WHERE shop_id = ?1 AND effect_id IN
             (SELECT effect_id FROM messages WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM renderings WHERE shop_id = ?1 AND effect_id IN
             (SELECT effect_id FROM messages WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM short_links WHERE shop_id = ?1 AND effect_id IN
             (SELECT effect_id FROM messages WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM parked WHERE shop_id = ?1 AND inbox_id IN
             (SELECT inbox_id FROM inbox WHERE body IS NOT NULL AND shop_id = ?1 AND customer_id = ?2)",
        "UPDATE inbox SET body = NULL, note = NULL WHERE body IS NOT NULL AND shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM messages WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM runs WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM carts WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM coupons WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM tasks WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM notes WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM ledger WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM identities WHERE shop_id = ?1 AND customer_id = ?2",
        "DELETE FROM parcel_numbers WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM looks WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM courier_calls INDEXED BY courier_calls_by_order WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM photos WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM risks WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)",
        "DELETE FROM merged_customers WHERE shop_id = ?1 AND into_id = ?2",
    ] {
        run(c, sql, params![shop.0, id.0])?;
    }
    let orders = all(
        c,
        &format!(
            "SELECT {} FROM orders WHERE shop_id = ?1 AND customer_id = ?2",
            rows::ORDER
        ),
        params![shop.0, id.0],
        rows::order,
    )?;
    let mut gauges = Counters::default();
    for mut order in orders {
        let before = order.clone();
        let told = &mut order.snapshot;
        told.person = PersonDetails::default();
        told.ship_to = None;
        told.cart_id = None;
        told.discount_codes.clear();
        told.parcels.clear();
        order.problems.clear();
        for parcel in &mut order.tracked {
            *parcel = restricted(parcel);
        }
        // It stands where it stood, but nobody knows where any more.
        count_order_change(&mut gauges, shop, Some(&before), Some(&order));
        run(
            c,
            "UPDATE orders SET standing = ?3, province = ?4, body = ?5 WHERE shop_id = ?1 AND order_id = ?2",
            params![
                shop.0,
                order.id.0,
                order.standing().as_str(),
                place_key(&order),
                json(&order)?
            ],
        )?;
    }
    count(c, &gauges)?;
    listed::empty(c, shop, &person)
}

/// Takes the person's open tasks out of the gauge; their orders stay, and stand where they stood.
fn count_open_tasks(c: &Connection, shop: ShopId, id: CustomerId) -> Result<(), StoreError> {
    let open = number(
        c,
        "SELECT count(*) FROM tasks WHERE shop_id = ?1 AND customer_id = ?2 AND done_at IS NULL",
        params![shop.0, id.0],
    )?;
    let mut counters = Counters::default();
    counters.add(shop, NOW, "now.tasks", "", -open.unwrap_or_default());
    count(c, &counters)
}

/// What is kept of a parcel: that it was there and what became of it, so that its order does not look as if it were still
/// to be sent.
fn restricted(parcel: &Parcel) -> Parcel {
    Parcel {
        seq: parcel.seq,
        snapshot: ParcelSnapshot {
            external_id: parcel.snapshot.external_id.clone(),
            shipped_at: parcel.snapshot.shipped_at,
            lines: parcel.snapshot.lines.clone(),
            cancelled: parcel.snapshot.cancelled,
            ..ParcelSnapshot::default()
        },
        state: parcel.state,
        delivered_at: parcel.delivered_at,
        direction: parcel.direction,
        follows: parcel.follows,
        ..Parcel::default()
    }
}

/// Deletes everything of a shop but the shop's row, marked disconnected.
pub(crate) fn shop(c: &Connection, shop: ShopId) -> Result<(), StoreError> {
    let tables = all(
        c,
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) i
         WHERE m.type = 'table' AND i.name = 'shop_id' AND m.name <> 'shops'",
        [],
        |row| row.get::<_, String>(0).map_err(refused),
    )?;
    for table in tables {
        run(
            c,
            &format!("DELETE FROM {table} WHERE shop_id = ?1"),
            params![shop.0],
        )?;
    }
    run(
        c,
        "UPDATE shops SET disconnected = 1 WHERE shop_id = ?1",
        params![shop.0],
    )?;
    settings::changed(c)
}
