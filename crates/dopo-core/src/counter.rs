//! Counters for every figure that a dashboard asks for, moved in the same transaction as the fact.

use crate::id::ShopId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The day under which gauges stand: how many there are *now*, kept as counters that go up and down (`now.customers`…).
pub const NOW: Date = Date::constant(1, 1, 1);

/// One counter: what, about what, on which day (in the shop's zone).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CounterKey {
    /// Whose shop.
    pub shop: ShopId,
    /// The day in the shop's zone.
    pub day: Date,
    /// What is counted (`messages.sent`, `orders.placed`, `revenue_cents`…).
    pub metric: String,
    /// About what (`journey/step/channel`, a reason, a province), empty = all.
    pub dim: String,
}

/// Movements of counters within one transaction, added up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counters(pub BTreeMap<CounterKey, i64>);

impl Counters {
    /// Moves one counter by `n`.
    pub fn add(&mut self, shop: ShopId, day: Date, metric: &str, dim: impl Into<String>, n: i64) {
        if n != 0 {
            let key = CounterKey {
                shop,
                day,
                metric: metric.to_owned(),
                dim: dim.into(),
            };
            *self.0.entry(key).or_default() += n;
        }
    }
}
