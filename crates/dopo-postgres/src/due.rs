//! Due runs: claimed by locking their customers, never by waiting for one.

use crate::counters;
use crate::fault::{Fault, again};
use crate::forget;
use crate::load;
use crate::rows::{CustomerRow, limit as as_limit, us};
use crate::store::PostgresStore;
use crate::watermark::Watermark;
use crate::write::{self, Before};
use dopo_core::advance::Keys;
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, RunId, ShopId};
use dopo_engine::ports::store::{DUE_PER_COMMIT_MAX, DecideDue, StoreError};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// See [`dopo_engine::ports::store::Store::commit_due`].
pub(crate) async fn commit(
    store: &PostgresStore,
    shop: ShopId,
    now: Timestamp,
    limit: usize,
    decide: &DecideDue,
) -> Result<usize, StoreError> {
    let limit = limit.min(DUE_PER_COMMIT_MAX);
    if limit == 0 {
        return Ok(0);
    }
    let mark = store.due_mark(shop);
    again!(
        "commit_due",
        attempt(store, shop, now, limit, decide, &mark)
    )
}

async fn attempt(
    store: &PostgresStore,
    shop: ShopId,
    now: Timestamp,
    limit: usize,
    decide: &DecideDue,
    mark: &Watermark,
) -> Result<usize, Fault> {
    let mut tx = store.begin().await?;
    let slot = store.slots.take();
    let c: &mut PgConnection = &mut tx;
    let mut claimed = Claimed::default();
    let round = mark.round();
    if let Some(low) = round.low {
        claim(c, shop, low, us(now), limit, &mut claimed).await?;
    }
    if claimed.runs.len() < limit && mark.may_sweep(round.low) {
        let began = std::time::Instant::now();
        let high = round.low.unwrap_or(i64::MAX).min(us(now));
        let rest = limit - claimed.runs.len();
        claim(c, shop, i64::MIN, high, rest, &mut claimed).await?;
        mark.swept(began.elapsed());
    }
    if claimed.runs.is_empty() {
        tx.commit().await?;
        return Ok(0);
    }
    let Claimed {
        people,
        mut runs,
        first,
    } = claimed;
    let loaded = load::for_due(c, shop, people).await?;
    // Between looking and locking, another may have decided some of them.
    runs.retain(|id| {
        loaded
            .runs
            .get(id)
            .and_then(|run| run.state.wake_at())
            .is_some_and(|at| at <= now)
    });
    if runs.is_empty() {
        tx.commit().await?;
        return Ok(0);
    }
    let count = runs.len();
    let before = Before::of(Keys::default(), &loaded);
    let mut writes = decide(loaded, runs);
    if !writes.parked.is_empty() {
        return Err(Fault::Store(StoreError::Rejected(
            "a due run cannot park an arrival".to_owned(),
        )));
    }
    write::apply(c, shop, &mut writes, &before, slot.number).await?;
    if writes.shop_forgotten {
        forget::shop(c, shop).await?;
    } else {
        counters::add(c, &writes.counters, slot.number).await?;
    }
    tx.commit().await?;
    mark.worked_from(first);
    store.wakes(shop, &writes);
    Ok(count)
}

/// What was claimed so far.
#[derive(Default)]
struct Claimed {
    people: BTreeMap<CustomerId, Customer>,
    /// In the order of their times.
    runs: Vec<RunId>,
    /// The earliest time among them.
    first: i64,
}

/// Claims runs due in `(low, high]` by locking their customers; skips those whom another committer holds.
async fn claim(
    c: &mut PgConnection,
    shop: ShopId,
    low: i64,
    high: i64,
    limit: usize,
    claimed: &mut Claimed,
) -> Result<(), Fault> {
    let found = sqlx::query!(
        "-- claim()
         SELECT r.run_id, r.wake_at, r.customer_id, c.body
         FROM runs r JOIN customers c ON c.shop_id = r.shop_id AND c.customer_id = r.customer_id
         WHERE r.shop_id = $1 AND r.wake_at > $2 AND r.wake_at <= $3
         ORDER BY r.wake_at LIMIT $4
         FOR UPDATE OF c SKIP LOCKED",
        shop.0,
        low,
        high,
        as_limit(limit)
    )
    .fetch_all(c)
    .await?;
    let mut known: BTreeSet<RunId> = claimed.runs.iter().copied().collect();
    for row in found {
        let wake_at = row.wake_at.unwrap_or(high);
        claimed.first = if claimed.runs.is_empty() {
            wake_at
        } else {
            claimed.first.min(wake_at)
        };
        if known.insert(RunId(row.run_id)) {
            claimed.runs.push(RunId(row.run_id));
        }
        let id = CustomerId(row.customer_id);
        if let std::collections::btree_map::Entry::Vacant(place) = claimed.people.entry(id) {
            let row = CustomerRow {
                customer_id: row.customer_id,
                body: row.body,
            };
            place.insert(row.read()?);
        }
    }
    Ok(())
}
