//! People at risk: who has an order with a parcel in trouble, or an open task that tells of a failure.

use crate::refused;
use crate::rows::{self, all, number, run};
use dopo_core::id::ShopId;
use dopo_core::risk::tells_of_failure;
use dopo_engine::ports::console::SCAN_ROWS_MAX;
use dopo_engine::ports::store::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

/// Tasks looked at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// Whether a row of customers is of somebody at risk.
pub(crate) const IS_AT_RISK: &str = "(EXISTS (SELECT 1 FROM risks r INDEXED BY risks_by_customer
         WHERE r.shop_id = customers.shop_id AND r.customer_id = customers.customer_id)
     OR EXISTS (SELECT 1 FROM tasks t INDEXED BY tasks_of_failures
         WHERE t.shop_id = customers.shop_id AND t.customer_id = customers.customer_id
         AND t.done_at IS NULL AND t.failure = 1))";

/// Ids of people at risk in the shop `?1` before `?2`, from the newest on: a limit ends each half (`?3`).
const PEOPLE: &str =
    "SELECT customer_id FROM (SELECT customer_id FROM risks INDEXED BY risks_by_customer
         WHERE shop_id = ?1 AND customer_id < ?2 ORDER BY customer_id DESC LIMIT ?3)
     UNION SELECT customer_id FROM (SELECT customer_id FROM tasks INDEXED BY tasks_of_failures
         WHERE shop_id = ?1 AND customer_id < ?2 AND done_at IS NULL AND failure = 1
         ORDER BY customer_id DESC LIMIT ?3)";

/// Ids of people at risk before this one, newest first.
pub(crate) fn people(c: &Connection, shop: ShopId, before: i64) -> Result<Vec<i64>, StoreError> {
    all(
        c,
        &format!("SELECT customer_id FROM ({PEOPLE}) ORDER BY customer_id DESC"),
        params![shop.0, before, SCAN_ROWS_MAX as i64],
        |row| row.get(0).map_err(refused),
    )
}

/// How many people are at risk, in these provinces or everywhere.
pub(crate) fn count(c: &Connection, shop: ShopId, provinces: &[String]) -> Result<u64, StoreError> {
    let mut values = vec![
        Value::Integer(shop.0),
        Value::Integer(i64::MAX),
        Value::Integer(SCAN_ROWS_MAX as i64),
    ];
    let there = if provinces.is_empty() {
        String::new()
    } else {
        values.extend(provinces.iter().cloned().map(Value::Text));
        let places = vec!["?"; provinces.len()].join(", ");
        format!(
            " WHERE EXISTS (SELECT 1 FROM customers INDEXED BY customers_list
             WHERE customers.shop_id = ?1 AND customers.customer_id = p.customer_id AND reach <> 2
             AND province IN ({places}))"
        )
    };
    let n = number(
        c,
        &format!("SELECT count(*) FROM ({PEOPLE}) p{there}"),
        params_from_iter(values),
    )?;
    Ok(n.unwrap_or_default().unsigned_abs())
}

/// Says of the tasks of an older database which tell of a failure. Whose the risks are is SQL's to say.
pub(crate) fn fill(c: &Connection) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let tasks = all(
            c,
            &format!(
                "SELECT rowid, {} FROM tasks WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
                rows::TASK
            ),
            params![after, FILL_ROWS],
            |row| Ok((row.get::<_, i64>(0).map_err(refused)?, rows::task(row)?)),
        )?;
        let Some((last, _)) = tasks.last() else {
            return Ok(());
        };
        after = *last;
        for (rowid, row) in &tasks {
            if tells_of_failure(&row.task.task) {
                run(
                    c,
                    "UPDATE tasks SET failure = 1 WHERE rowid = ?1",
                    params![rowid],
                )?;
            }
        }
    }
}
