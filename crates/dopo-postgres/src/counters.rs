//! Counters, spread over slots so that concurrent committers do not queue for one row.

use crate::fault::Fault;
use crate::rows::text;
use dopo_core::counter::Counters;
use sqlx::PgConnection;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};

/// Rows over which one counter is spread at most.
const SLOTS: u32 = 16;

/// Which slots this process uses now: each transaction in progress has its own, as far as there are any.
pub(crate) struct Slots {
    taken: AtomicU32,
    /// Where this process begins, so that nodes rarely meet.
    base: u32,
}

/// A slot in use.
pub(crate) struct Slot<'a> {
    slots: &'a Slots,
    bit: Option<u32>,
    /// Its number, as stored.
    pub(crate) number: i16,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Slots {
            taken: AtomicU32::new(0),
            base: (RandomState::new().hash_one(std::process::id()) % u64::from(SLOTS)) as u32,
        }
    }

    /// Takes a slot until dropped.
    pub(crate) fn take(&self) -> Slot<'_> {
        let mut taken = self.taken.load(Ordering::Relaxed);
        loop {
            let free = taken.trailing_ones();
            if free >= SLOTS {
                return Slot {
                    slots: self,
                    bit: None,
                    number: self.base as i16,
                };
            }
            match self.taken.compare_exchange_weak(
                taken,
                taken | (1 << free),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return Slot {
                        slots: self,
                        bit: Some(free),
                        number: ((self.base + free) % SLOTS) as i16,
                    };
                }
                Err(now) => taken = now,
            }
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(bit) = self.bit {
            self.slots.taken.fetch_and(!(1 << bit), Ordering::AcqRel);
        }
    }
}

/// Moves counters, sorted by key.
pub(crate) async fn add(c: &mut PgConnection, counters: &Counters, slot: i16) -> Result<(), Fault> {
    if counters.0.is_empty() {
        return Ok(());
    }
    let n = counters.0.len();
    let (mut shops, mut days, mut metrics, mut dims, mut ns) = (
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
    );
    for (key, n) in &counters.0 {
        shops.push(key.shop.0);
        days.push(key.day.to_string());
        metrics.push(text(&key.metric));
        dims.push(text(&key.dim));
        ns.push(*n);
    }
    sqlx::query!(
        "-- add()
         INSERT INTO counters AS t (shop_id, day, metric, dim, slot, n)
         SELECT k.shop_id, k.day, k.metric, k.dim, $6, k.n
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS k (shop_id, day, metric, dim, n)
         ON CONFLICT (shop_id, day, metric, dim, slot) DO UPDATE SET n = t.n + excluded.n",
        &shops,
        &days,
        &metrics,
        &dims,
        &ns,
        slot
    )
    .execute(c)
    .await?;
    Ok(())
}
