//! What is kept beside a body so that lists and search need not read it: columns of people and orders, and words.

use super::at_risk;
use crate::commit::count;
use crate::refused;
use crate::rows::{self, all, first, json, number, run, us};
use crate::settings;
use dopo_core::advance::count_order_change;
use dopo_core::counter::{Counters, NOW, PLACE_UNTOLD, place_key};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::order::Order;
use dopo_engine::ports::console::{KnownAs, Listed, Reach};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Rows brought up to date at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// What was kept of a person before a write.
pub(crate) struct Before {
    listed: Listed,
    known_as: KnownAs,
}

impl Before {
    pub(crate) fn of(customer: &Customer) -> Self {
        Before {
            listed: Listed::of(customer),
            known_as: KnownAs::of(customer),
        }
    }
}

/// Writes a person. With `before` known, columns that lists filter by and words are touched only where they changed:
/// naming an indexed column in an update rewrites its index whatever its value.
pub(crate) fn put(
    c: &Connection,
    shop: ShopId,
    customer: &Customer,
    before: Option<&Before>,
) -> Result<(), StoreError> {
    let body = json(customer)?;
    let Some(before) = before else {
        return put_unknown(c, shop, customer, &body);
    };
    let listed = Listed::of(customer);
    if listed == before.listed {
        run(
            c,
            "UPDATE customers SET body = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
            params![shop.0, customer.id.0, body],
        )?;
    } else {
        update(c, shop, customer.id, &listed, &body)?;
    }
    if before.known_as.is_still(customer) {
        return Ok(());
    }
    move_words(
        c,
        shop,
        customer.id,
        &before.known_as.words(),
        &customer.search_words(),
    )
}

/// Writes a person of whom nothing was read: mostly a new one.
fn put_unknown(
    c: &Connection,
    shop: ShopId,
    customer: &Customer,
    body: &str,
) -> Result<(), StoreError> {
    let listed = Listed::of(customer);
    let new = run(
        c,
        "INSERT INTO customers (shop_id, customer_id, body, orders, total_cents, last_order_at, province,
             marketing_email, reach)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        params![
            shop.0,
            customer.id.0,
            body,
            listed.orders,
            listed.total_cents,
            listed.last_order_at.map(us),
            listed.province,
            listed.marketing_email as i64,
            listed.reach as i64
        ],
    )? > 0;
    let old = if new {
        BTreeSet::new()
    } else {
        let old = stored(c, shop, customer.id)?.map(|c| c.search_words());
        update(c, shop, customer.id, &listed, body)?;
        old.unwrap_or_default()
    };
    move_words(c, shop, customer.id, &old, &customer.search_words())
}

fn stored(c: &Connection, shop: ShopId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    first(
        c,
        &format!(
            "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
            rows::CUSTOMER
        ),
        params![shop.0, id.0],
        rows::customer,
    )
}

fn update(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
    listed: &Listed,
    body: &str,
) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE customers SET body = ?3, orders = ?4, total_cents = ?5, last_order_at = ?6, province = ?7,
             marketing_email = ?8, reach = ?9 WHERE shop_id = ?1 AND customer_id = ?2",
        params![
            shop.0,
            id.0,
            body,
            listed.orders,
            listed.total_cents,
            listed.last_order_at.map(us),
            listed.province,
            listed.marketing_email as i64,
            listed.reach as i64
        ],
    )?;
    Ok(())
}

fn move_words(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
    old: &BTreeSet<String>,
    new: &BTreeSet<String>,
) -> Result<(), StoreError> {
    for word in old.difference(new) {
        run(
            c,
            "DELETE FROM customer_words WHERE shop_id = ?1 AND word = ?2 AND customer_id = ?3",
            params![shop.0, word, id.0],
        )?;
    }
    for word in new.difference(old) {
        run(
            c,
            "INSERT INTO customer_words (shop_id, word, customer_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![shop.0, word, id.0],
        )?;
    }
    Ok(())
}

/// Deletes the words of a person who goes away.
pub(crate) fn drop_words(c: &Connection, shop: ShopId, id: CustomerId) -> Result<(), StoreError> {
    match stored(c, shop, id)? {
        Some(person) => move_words(c, shop, id, &person.search_words(), &BTreeSet::new()),
        None => Ok(()),
    }
}

/// Replaces a person by an empty record.
pub(crate) fn empty(c: &Connection, shop: ShopId, person: &Customer) -> Result<(), StoreError> {
    move_words(c, shop, person.id, &person.search_words(), &BTreeSet::new())?;
    let empty = Customer::new(person.id, person.created_at);
    update(c, shop, person.id, &Listed::of(&empty), &json(&empty)?)
}

/// Fills columns, words and gauges of a database that had none.
pub(crate) fn fill(c: &Connection) -> Result<(), StoreError> {
    let mut gauges = Counters::default();
    fill_people(c, &mut gauges)?;
    fill_orders(c, &mut gauges)?;
    gauge_runs(c, &mut gauges)?;
    for shop in settings::shops(c)? {
        let open = number(
            c,
            "SELECT count(*) FROM tasks WHERE shop_id = ?1 AND done_at IS NULL",
            params![shop.id.0],
        )?;
        gauges.gauge(shop.id, "now.tasks", "", open.unwrap_or_default());
        run(
            c,
            "DELETE FROM counters WHERE shop_id = ?1 AND day = ?2",
            params![shop.id.0, NOW.to_string()],
        )?;
    }
    count(c, &gauges)
}

/// Says of the orders of an older database where they go.
pub(crate) fn fill_order_places(c: &Connection) -> Result<(), StoreError> {
    each_order(c, |rowid, _, order| {
        let place = place_key(order);
        if place != PLACE_UNTOLD {
            run(
                c,
                "UPDATE orders SET province = ?2 WHERE rowid = ?1",
                params![rowid, place],
            )?;
        }
        Ok(())
    })?;
    at_risk::fill(c)
}

/// Counts the orders of an older database by the province they go to.
pub(crate) fn fill_places(c: &Connection) -> Result<(), StoreError> {
    let mut gauges = Counters::default();
    fill_orders(c, &mut gauges)?;
    gauges.0.retain(|key, _| key.metric.ends_with("_in"));
    count(c, &gauges)
}

fn fill_people(c: &Connection, gauges: &mut Counters) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let people = all(
            c,
            &format!(
                "SELECT rowid, shop_id, {} FROM customers WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
                rows::CUSTOMER
            ),
            params![after, FILL_ROWS],
            |row| {
                let rowid: i64 = row.get(0).map_err(refused)?;
                let shop: i64 = row.get(1).map_err(refused)?;
                Ok((rowid, ShopId(shop), rows::customer(row)?))
            },
        )?;
        let Some((last, _, _)) = people.last() else {
            return Ok(());
        };
        after = *last;
        // In the order of their key, so that neighbours are written together.
        let mut words = BTreeSet::new();
        for (rowid, shop, person) in &people {
            let listed = Listed::of(person);
            if listed.reach != Reach::Nobody {
                gauges.gauge(*shop, "now.customers", "", 1);
            }
            if listed != Listed::default() {
                run(
                    c,
                    "UPDATE customers SET orders = ?2, total_cents = ?3, last_order_at = ?4, province = ?5,
                         marketing_email = ?6, reach = ?7 WHERE rowid = ?1",
                    params![
                        rowid,
                        listed.orders,
                        listed.total_cents,
                        listed.last_order_at.map(us),
                        listed.province,
                        listed.marketing_email as i64,
                        listed.reach as i64
                    ],
                )?;
            }
            for word in person.search_words() {
                words.insert((shop.0, word, person.id.0));
            }
        }
        for (shop, word, id) in words {
            run(
                c,
                "INSERT INTO customer_words (shop_id, word, customer_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![shop, word, id],
            )?;
        }
    }
}

fn fill_orders(c: &Connection, gauges: &mut Counters) -> Result<(), StoreError> {
    each_order(c, |rowid, shop, order| {
        count_order_change(gauges, shop, None, Some(order));
        run(
            c,
            "UPDATE orders SET standing = ?2 WHERE rowid = ?1 AND standing <> ?2",
            params![rowid, order.standing().as_str()],
        )?;
        Ok(())
    })
}

fn each_order(
    c: &Connection,
    mut visit: impl FnMut(i64, ShopId, &Order) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
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
        for (rowid, shop, order) in &orders {
            visit(*rowid, *shop, order)?;
        }
    }
}

fn gauge_runs(c: &Connection, gauges: &mut Counters) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let runs = all(
            c,
            &format!(
                "SELECT rowid, shop_id, {} FROM runs WHERE rowid > ?1 AND closed = 0 ORDER BY rowid LIMIT ?2",
                rows::RUN
            ),
            params![after, FILL_ROWS],
            |row| {
                let rowid: i64 = row.get(0).map_err(refused)?;
                let shop: i64 = row.get(1).map_err(refused)?;
                Ok((rowid, ShopId(shop), rows::run_of(row)?))
            },
        )?;
        let Some((last, _, _)) = runs.last() else {
            return Ok(());
        };
        after = *last;
        for (_, shop, one) in runs {
            if let Some(step) = one.step() {
                gauges.gauge(shop, "now.runs", format!("{}/{step}", one.journey), 1);
            }
        }
    }
}
