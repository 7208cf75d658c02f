//! The store port on SQLite: one file, one writer thread with group commit, a pool of readers.
//!
//! Writes are closures that the writer thread runs inside one transaction for all that wait, each in its own savepoint, so
//! that a durable commit is paid once for many. A write is answered after its commit, never before. Reads run beside it
//! on connections that cannot write. The tables are in `migrations/`.

mod backup;
mod commit;
mod console;
mod coupons;
mod couriers;
mod forget;
mod links;
mod load;
mod pool;
mod queue;
mod read;
mod rows;
mod schema;
mod settings;
mod store;
mod writer;

pub use backup::restore;
pub use store::{Role, SqliteStore, connect};

use dopo_engine::ports::store::StoreError;
use rusqlite::ErrorCode;

/// Milliseconds to wait for another process that is writing.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Sorts a driver's error by what the caller can do about it. Names of tables and columns may appear, never values.
fn refused(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match &error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OperationInterrupted => StoreError::Unavailable(text),
            ErrorCode::ConstraintViolation
                if matches!(
                    failure.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                        | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                StoreError::Conflict(text)
            }
            _ if text.contains("no such table") || text.contains("no such column") => {
                schema::outdated()
            }
            _ => StoreError::Rejected(text),
        },
        // A decoding error of ours in disguise.
        rusqlite::Error::FromSqlConversionFailure(column, _, source) => {
            StoreError::Rejected(format!("column {column} cannot be read: {source}"))
        }
        _ if text.contains("no such table") || text.contains("no such column") => {
            schema::outdated()
        }
        _ => StoreError::Rejected(text),
    }
}

#[cfg(test)]
mod plans {
    //! No statement walks a table that grows: what a query plan says is a value that can be tested.

    use rusqlite::Connection;

    fn plan(sql: &str) -> String {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut connection).unwrap();
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let parameters = vec![1_i64; statement.parameter_count()];
        let mut rows = statement
            .query(rusqlite::params_from_iter(parameters))
            .unwrap();
        let mut lines = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            lines.push(row.get::<_, String>(3).unwrap());
        }
        lines.join("; ")
    }

    #[test]
    fn the_sources_hold_no_statement_that_walks_a_growing_table() {
        let sources = [
            include_str!("commit.rs"),
            include_str!("console/acts.rs"),
            include_str!("console/at_risk.rs"),
            include_str!("console/listed.rs"),
            include_str!("console/lists.rs"),
            include_str!("console/risks.rs"),
            include_str!("console/team.rs"),
            include_str!("console/webhooks.rs"),
            include_str!("coupons.rs"),
            include_str!("couriers.rs"),
            include_str!("forget.rs"),
            include_str!("links.rs"),
            include_str!("load.rs"),
            include_str!("queue.rs"),
            include_str!("read.rs"),
        ];
        // Small by nature: one row a node, a shop, a signed-in person; or what an inner search has found.
        let small = [
            "SCAN n",
            "SCAN u",
            "SCAN (subquery",
            "SCAN shops",
            "SCAN meta",
            "SCAN nodes",
            "SCAN CONSTANT ROW",
            "SCAN sessions",
        ];
        // A handful of rows a shop: what somebody set up by hand.
        let kept_small = ["webhooks", "views", "members", "api_keys", "journeys"];
        let (mut seen, mut found_by_shop) = (0, Vec::new());
        for source in sources {
            for text in source.split('"').skip(1).step_by(2) {
                let begins = ["SELECT ", "UPDATE ", "DELETE ", "INSERT "]
                    .iter()
                    .any(|word| text.starts_with(word));
                // Statements put together at run time are named below.
                if !begins
                    || !text.contains("WHERE") && !text.starts_with("INSERT")
                    || text.contains('{')
                    || text.contains("sqlite_master")
                {
                    continue;
                }
                seen += 1;
                let plan = plan(text);
                let walks = plan.contains("SCAN ") && !small.iter().any(|s| plan.contains(s));
                assert!(!walks, "{text}\n{plan}");
                // A shop grows, too. Only what is asked for page by page, or of the whole shop, may be found by it alone.
                let of_one = text.contains("customer_id = ?") || text.contains("order_id = ?");
                let by_shop = plan.split("; ").any(|line| {
                    line.ends_with("(shop_id=?)") && !kept_small.iter().any(|t| line.contains(t))
                });
                if of_one && by_shop {
                    found_by_shop.push(format!("{text}\n{plan}"));
                }
            }
        }
        assert!(found_by_shop.is_empty(), "{}", found_by_shop.join("\n\n"));
        assert!(seen > 50, "{seen} statements found");
    }

    #[test]
    fn what_is_known_of_a_person_is_found_by_the_person() {
        for (table, order) in [
            ("ledger", "ledger_id"),
            ("orders", "order_id"),
            ("carts", "external_id"),
            ("runs", "run_id"),
            ("messages", "effect_id"),
            ("coupons", "code"),
            ("tasks", "effect_id"),
        ] {
            let plan = plan(&super::read::rows_of_person("*", table, order));
            assert!(plan.contains("(shop_id=? AND customer_id=?)"), "{plan}");
        }
    }

    #[test]
    fn statements_put_together_use_their_index() {
        for (sql, index) in [
            (
                "SELECT * FROM runs WHERE shop_id = ?1 AND customer_id = ?2 AND closed = 0",
                "runs_by_customer (shop_id=? AND customer_id=? AND closed=?)",
            ),
            (
                "SELECT * FROM messages WHERE shop_id = ? AND customer_id = ? AND +effect_id < ? ORDER BY +effect_id DESC",
                "messages_by_customer (shop_id=? AND customer_id=?)",
            ),
            (
                "SELECT * FROM messages WHERE shop_id = ? AND order_id = ? ORDER BY +effect_id DESC LIMIT ?",
                "messages_by_order (shop_id=? AND order_id=?)",
            ),
            (
                "SELECT * FROM messages INDEXED BY messages_in_trouble WHERE shop_id = ?
                 AND status IN ('failed', 'bounced', 'in_doubt') AND status = 'failed'
                 AND effect_id < ? ORDER BY effect_id DESC LIMIT ?",
                "messages_in_trouble (shop_id=? AND status=? AND effect_id<?)",
            ),
            (
                "SELECT customer_id FROM customers INDEXED BY customers_list WHERE shop_id = ? AND reach <> 2
                 AND province IN (?, ?) AND orders >= ? AND customer_id < ? ORDER BY customer_id DESC",
                "COVERING INDEX customers_list (shop_id=? AND customer_id<?)",
            ),
            (
                "SELECT * FROM orders INDEXED BY orders_by_standing WHERE shop_id = ? AND standing = ? AND order_id < ?
                 ORDER BY order_id DESC LIMIT ?",
                "orders_by_standing (shop_id=? AND standing=? AND order_id<?)",
            ),
            (
                "SELECT order_id AS placed FROM orders INDEXED BY orders_by_place
                 WHERE shop_id = ? AND province = ? AND order_id < ? ORDER BY order_id DESC LIMIT 50000",
                "COVERING INDEX orders_by_place (shop_id=? AND province=? AND order_id<?)",
            ),
            (
                "SELECT 1 FROM orders p INDEXED BY orders_by_place WHERE p.shop_id = ? AND p.province IN (?, ?)
                 AND p.order_id = ?",
                "COVERING INDEX orders_by_place (shop_id=? AND province=? AND order_id=?)",
            ),
            (
                "SELECT order_id, cents FROM risks WHERE shop_id = ?1 AND (cents, order_id) < (?2, ?3)
                 ORDER BY cents DESC, order_id DESC LIMIT ?4",
                "COVERING INDEX risks_by_worst (shop_id=? AND (cents,order_id)<(?,?))",
            ),
            (
                "SELECT * FROM tasks WHERE shop_id = ?1 AND order_id = ?2 AND done_at IS NULL
                 ORDER BY +opened_at DESC, +effect_id DESC LIMIT ?3",
                "tasks_by_order (shop_id=? AND order_id=?)",
            ),
            (
                "SELECT customer_id FROM risks INDEXED BY risks_by_customer
                 WHERE shop_id = ?1 AND customer_id < ?2 ORDER BY customer_id DESC LIMIT ?3",
                "COVERING INDEX risks_by_customer (shop_id=? AND customer_id<?)",
            ),
            (
                "SELECT customer_id FROM tasks INDEXED BY tasks_of_failures WHERE shop_id = ?1 AND customer_id < ?2
                 AND done_at IS NULL AND failure = 1 ORDER BY customer_id DESC LIMIT ?3",
                "tasks_of_failures (shop_id=? AND customer_id<?)",
            ),
            (
                "SELECT order_id FROM orders WHERE shop_id = ?1 AND lower(ltrim(number, '#')) >= ?2
                 AND lower(ltrim(number, '#')) < ?3 LIMIT ?4",
                "COVERING INDEX orders_by_number (shop_id=? AND <expr>>? AND <expr><?)",
            ),
            (
                "SELECT * FROM runs INDEXED BY runs_active WHERE shop_id = ?1 AND journey = ?2 AND closed = 0
                 AND run_id < ?3 ORDER BY run_id DESC",
                "runs_active (shop_id=? AND journey=? AND run_id<?)",
            ),
            (
                "SELECT * FROM messages INDEXED BY messages_by_journey WHERE shop_id = ? AND journey = ? AND step = ?
                 AND effect_id < ? ORDER BY effect_id DESC LIMIT 50000",
                "messages_by_journey (shop_id=? AND journey=? AND effect_id<?)",
            ),
            (
                "SELECT * FROM messages INDEXED BY messages_held_back WHERE shop_id = ? AND status = 'held_back'
                 AND effect_id < ? ORDER BY effect_id DESC LIMIT 50000",
                "messages_held_back (shop_id=? AND effect_id<?)",
            ),
            (
                "SELECT * FROM inbox INDEXED BY inbox_open WHERE shop_id = ?1
                 AND status IN ('waiting', 'failed') AND status = 'waiting' AND inbox_id < ?2
                 ORDER BY inbox_id DESC LIMIT ?3",
                "inbox_open (shop_id=? AND status=? AND inbox_id<?)",
            ),
        ] {
            let plan = plan(sql);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") || sql.contains('+'), "{plan}");
        }
    }
}
