//! Orders and messages of a place: where an order goes, and where that is not told, where its person is.

use super::lists::{Conditions, OrderText, chosen, with_text};
use crate::refused;
use crate::rows::{self, all};
use dopo_core::counter::PLACE_UNTOLD;
use dopo_core::id::ShopId;
use dopo_core::order::{Order, Standing};
use dopo_engine::ports::console::{OrderFilter, SCAN_ROWS_MAX};
use dopo_engine::ports::store::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::collections::BTreeSet;

fn marks(provinces: &[String]) -> String {
    vec!["?"; provinces.len()].join(", ")
}

fn bind(values: &mut Vec<Value>, provinces: &[String]) {
    values.extend(provinces.iter().cloned().map(Value::Text));
}

/// Orders of the provinces that a filter names, newest first.
pub(super) fn orders(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    text: Option<&OrderText>,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    match filter.standing {
        // Few stand so at a time, or they are not many a place: those of the whole shop are asked where they go.
        Some(standing) if standing != Standing::Delivered => {
            let ids = standing_there(c, shop, filter, standing)?;
            chosen(c, shop, filter, text, &ids, limit)
        }
        _ => {
            let mut found = Vec::new();
            let untold = std::iter::once(PLACE_UNTOLD);
            for place in filter.provinces.iter().map(String::as_str).chain(untold) {
                found.extend(walk(c, shop, filter, text, place, limit)?);
            }
            found.sort_unstable_by_key(|order: &Order| std::cmp::Reverse(order.id));
            found.truncate(limit);
            Ok(found)
        }
    }
}

/// The newest orders to one place from the newest on; of those to no told place, whose person is in a province asked for.
fn walk(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    text: Option<&OrderText>,
    place: &str,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    let mut on = Conditions::new(shop);
    on.sql = "orders.shop_id = ? AND orders.order_id = w.placed".to_owned();
    if place == PLACE_UNTOLD {
        on.sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM customers k INDEXED BY customers_list
             WHERE k.shop_id = orders.shop_id AND k.customer_id = orders.customer_id AND k.province IN ({}))",
            marks(&filter.provinces)
        ));
        bind(&mut on.values, &filter.provinces);
    }
    if let Some(standing) = filter.standing {
        on.and("standing = ?", standing.as_str().to_owned());
    }
    if let Some(text) = text {
        with_text(&mut on, text);
    }
    let mut values = vec![
        Value::Integer(shop.0),
        Value::Text(place.to_owned()),
        Value::Integer(filter.before.map_or(i64::MAX, |id| id.0)),
    ];
    values.append(&mut on.values);
    values.push(Value::Integer(limit as i64));
    all(
        c,
        &format!(
            "SELECT orders.order_id, orders.customer_id, orders.body FROM (
                 SELECT order_id AS placed FROM orders INDEXED BY orders_by_place
                 WHERE shop_id = ? AND province = ? AND order_id < ? ORDER BY order_id DESC LIMIT {SCAN_ROWS_MAX}
             ) w CROSS JOIN orders WHERE {} LIMIT ?",
            on.sql
        ),
        params_from_iter(values),
        rows::order,
    )
}

/// Ids of the newest orders that stand so and go to the provinces, or may: where it is not told, the person decides.
fn standing_there(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    standing: Standing,
) -> Result<BTreeSet<i64>, StoreError> {
    let mut values = vec![
        Value::Integer(shop.0),
        Value::Text(standing.as_str().to_owned()),
        Value::Integer(filter.before.map_or(i64::MAX, |id| id.0)),
        Value::Integer(shop.0),
        Value::Text(PLACE_UNTOLD.to_owned()),
    ];
    bind(&mut values, &filter.provinces);
    let ids = all(
        c,
        &format!(
            "SELECT placed FROM (
                 SELECT order_id AS placed FROM orders INDEXED BY orders_by_standing
                 WHERE shop_id = ? AND standing = ? AND order_id < ? ORDER BY order_id DESC LIMIT {SCAN_ROWS_MAX}
             ) WHERE EXISTS (SELECT 1 FROM orders p INDEXED BY orders_by_place
                 WHERE p.shop_id = ? AND p.province IN (?, {}) AND p.order_id = placed)",
            marks(&filter.provinces)
        ),
        params_from_iter(values),
        |row| row.get::<_, i64>(0).map_err(refused),
    )?;
    Ok(ids.into_iter().collect())
}

/// A condition on rows `l` of messages: they go to these provinces.
pub(super) fn goes_there(provinces: &[String], shop: ShopId, values: &mut Vec<Value>) -> String {
    let marks = marks(provinces);
    values.push(Value::Integer(shop.0));
    bind(values, provinces);
    values.push(Value::Integer(shop.0));
    values.push(Value::Text(PLACE_UNTOLD.to_owned()));
    values.push(Value::Integer(shop.0));
    bind(values, provinces);
    format!(
        " AND (EXISTS (SELECT 1 FROM orders p INDEXED BY orders_by_place
                 WHERE p.shop_id = ? AND p.province IN ({marks}) AND p.order_id = l.order_id)
             OR (l.order_id IS NULL OR EXISTS (SELECT 1 FROM orders p INDEXED BY orders_by_place
                     WHERE p.shop_id = ? AND p.province = ? AND p.order_id = l.order_id))
                 AND EXISTS (SELECT 1 FROM customers k INDEXED BY customers_list
                     WHERE k.shop_id = ? AND k.customer_id = l.customer_id AND k.province IN ({marks})))"
    )
}
