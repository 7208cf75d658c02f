//! What the planner believes about sizes.
//!
//! A statement is planned once for each connection. One that is planned while a table is empty takes any of its indexes, or
//! none of an index's columns, for as good as the right one; that plan then stays while the table fills, until the server's
//! next round a minute later: every lookup reads the whole table meanwhile. So tables that have doubled are analysed at
//! once, which also makes every connection plan anew. `outbox`, which is full one moment and empty the next, is only asked
//! in ways that leave the planner no choice (see `queue`).

use crate::fault::refused;
use sqlx::PgPool;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows written before tables are first looked at; then each time twice as many.
const FIRST_LOOK_ROWS: u64 = 64;
/// Of this, in PostgreSQL's measure, the server looks at 300 rows each: enough to know that a table is not small.
const STATISTICS_TARGET: &str = "10";

/// Rows written by this process.
#[derive(Default)]
pub(crate) struct Growth(AtomicU64);

impl Growth {
    /// Counts rows; analyses what has grown, beside the caller, when there are twice as many as at the last time.
    pub(crate) fn add(&self, pool: &PgPool, rows: usize) {
        let before = self.0.fetch_add(rows as u64, Ordering::Relaxed);
        if doubled(before, before + rows as u64) {
            let pool = pool.clone();
            tokio::spawn(async move {
                if let Err(error) = analyse_grown(&pool).await {
                    let error = refused(error);
                    tracing::debug!(%error, "the tables could not be analysed");
                }
            });
        }
    }
}

/// Whether a look is due between these two counts.
fn doubled(before: u64, after: u64) -> bool {
    let looks = |rows: u64| {
        (rows / FIRST_LOOK_ROWS)
            .checked_ilog2()
            .map_or(0, |n| n + 1)
    };
    looks(after) > looks(before)
}

/// Analyses the tables that have more than doubled since the planner last heard of their size.
async fn analyse_grown(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let grown: Vec<String> = sqlx::query_scalar(
        "-- analyse_grown()
         SELECT format('%I', relname) FROM pg_class
         WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
             AND pg_relation_size(oid) / current_setting('block_size')::bigint > 2 * greatest(relpages, 0) + 1
         ORDER BY relname",
    )
    .fetch_all(&mut *tx)
    .await?;
    if grown.is_empty() {
        return Ok(());
    }
    sqlx::query("-- analyse_grown()\nSELECT set_config('default_statistics_target', $1, TRUE)")
        .bind(STATISTICS_TARGET)
        .execute(&mut *tx)
        .await?;
    // What another node or the server itself is at is left to it.
    let sql = format!(
        "-- analyse_grown()\nANALYZE (SKIP_LOCKED) {}",
        grown.join(", ")
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::doubled;

    #[test]
    fn tables_are_looked_at_whenever_twice_as_much_was_written() {
        assert!(!doubled(0, 63));
        assert!(doubled(63, 64));
        assert!(!doubled(64, 127));
        assert!(doubled(127, 128));
        assert!(doubled(0, 100_000));
        assert!(!doubled(70_000, 100_000));
    }
}
