//! Counters day by day, as the console adds them up. A day that is over does not change any more: it is read once and
//! remembered, so that a page over a year costs the reading of today.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use dopo_core::kpi::Sums;
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// Days remembered, of all shops; a busy one takes some 20 KB.
const DAYS_REMEMBERED_MAX: usize = 4_000;
/// A day may change for so many days after: nodes' clocks differ, and a shop may move to another zone.
const SETTLED_AFTER_DAYS: i64 = 2;

/// Days behind today that are read after a start, before anybody asks: what the first page shows, twice as long for its
/// comparison.
const WARMED_DAYS: i64 = 61;
/// Shops of which they are read: more would push the first ones' days out again.
const WARMED_SHOPS_MAX: usize = DAYS_REMEMBERED_MAX / (WARMED_DAYS as usize + 1);

/// What was counted on one day.
#[derive(Clone, Debug, Default)]
pub struct DayCounts {
    /// Figures by what they are about, empty = all.
    pub about: Vec<(Box<str>, Sums)>,
    /// Journeys and messages: metric, what about, how often.
    pub events: Vec<(Box<str>, Box<str>, i64)>,
}

/// Days that are over.
#[derive(Default)]
pub(crate) struct Days(Mutex<HashMap<(ShopId, Date), Arc<DayCounts>>>);

/// Beginnings of the metrics that are kept: everything else that is counted, couriers' transit above all, is many times
/// as much and is not read.
const KEPT: [&str; 6] = [
    "journeys.",
    "kpi.",
    "messages.captured",
    "messages.held_back",
    "messages.sent",
    "orders.delivered",
];

/// Metrics kept one by one, for journeys and for what was held back.
fn is_event(metric: &str) -> bool {
    metric.starts_with("journeys.")
        || matches!(
            metric,
            "messages.sent" | "messages.captured" | "messages.held_back" | "messages.held_back_in"
        )
}

impl Engine {
    /// Reads what the first page shows of each shop, so that nobody waits for it after a start; of as many shops as are
    /// remembered.
    ///
    /// # Errors
    /// When the store does not answer: the pages read by themselves later.
    pub async fn warm_days(&self) -> Result<(), StoreError> {
        for shop in self.shops().into_iter().take(WARMED_SHOPS_MAX) {
            let today = self.today(&shop);
            let from = today.checked_sub(WARMED_DAYS.days()).unwrap_or(today);
            self.day_counts(&shop, from, today).await?;
        }
        Ok(())
    }

    /// What was counted from one day to another, both included; every day is there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn day_counts(
        &self,
        shop: &Shop,
        from: Date,
        to: Date,
    ) -> Result<BTreeMap<Date, Arc<DayCounts>>, StoreError> {
        let mut days: BTreeMap<Date, Arc<DayCounts>> = BTreeMap::new();
        let (mut first, mut last) = (None, None);
        {
            let known = self
                .days
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let mut day = from;
            while day <= to {
                match known.get(&(shop.id, day)) {
                    Some(counts) => {
                        days.insert(day, Arc::clone(counts));
                    }
                    None => {
                        first.get_or_insert(day);
                        last = Some(day);
                    }
                }
                match day.tomorrow() {
                    Ok(next) => day = next,
                    Err(_) => break,
                }
            }
        }
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(days);
        };
        let mut read: BTreeMap<Date, DayCounts> = BTreeMap::new();
        let mut day = first;
        while day <= last {
            read.insert(day, DayCounts::default());
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        // Rows come by day, metric and dimension; the dimensions of one day are gathered here.
        let mut about: BTreeMap<(Date, Box<str>), Sums> = BTreeMap::new();
        let [a, b, c, d, e, f] = KEPT.map(|kept| self.store.counters(shop.id, kept, first, last));
        let (a, b, c, d, e, f) = tokio::try_join!(a, b, c, d, e, f)?;
        for (key, n) in [a, b, c, d, e, f].into_iter().flatten() {
            let metric = &*key.metric;
            if metric.starts_with("kpi.") || metric == "orders.delivered" {
                let place = (key.day, Box::from(&*key.dim));
                about.entry(place).or_default().add(metric, n);
            } else if is_event(metric)
                && let Some(counts) = read.get_mut(&key.day)
            {
                counts
                    .events
                    .push((Box::from(metric), Box::from(&*key.dim), n));
            }
        }
        for ((day, dim), sums) in about {
            if let Some(counts) = read.get_mut(&day) {
                counts.about.push((dim, sums));
            }
        }
        let settled = self
            .today(shop)
            .checked_sub(SETTLED_AFTER_DAYS.days())
            .unwrap_or(Date::MIN);
        let mut known = self
            .days
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() + read.len() > DAYS_REMEMBERED_MAX {
            known.clear();
        }
        for (day, counts) in read {
            let counts = Arc::new(counts);
            if day <= settled && known.len() < DAYS_REMEMBERED_MAX {
                known.insert((shop.id, day), Arc::clone(&counts));
            }
            days.insert(day, counts);
        }
        Ok(days)
    }
}
