//! How often people look for their parcel ("where is my order"): views of their page, problems reported and answers to
//! messages, for each order placed, from counters alone.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::kpi::{days_between, quotient};
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Days of one period.
pub const CONTACT_DAYS_MAX: i64 = 366;
/// Orders below which a ratio of a day or period is not told.
pub const ORDERS_MIN: i64 = 20;

/// Where a counter is added.
type Sum = fn(&mut Contacts) -> &mut i64;
/// What is read, and where it is added.
const READ: [(&str, Sum); 4] = [
    ("orders.placed", |c| &mut c.orders),
    ("pages.tracking", |c| &mut c.views),
    ("problems.reported", |c| &mut c.problems),
    ("messages.replies", |c| &mut c.replies),
];

/// What was counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Contacts {
    /// Orders placed.
    pub orders: i64,
    /// Views of the order page.
    pub views: i64,
    /// Problems reported on it.
    pub problems: i64,
    /// Answers to messages.
    pub replies: i64,
}

impl Contacts {
    /// Problems and answers for each order placed; `None` with fewer than [`ORDERS_MIN`] orders.
    pub fn rate(&self) -> Option<f64> {
        quotient(self.problems + self.replies, self.orders).filter(|_| self.orders >= ORDERS_MIN)
    }

    /// Views of the page for each order placed; `None` with fewer than [`ORDERS_MIN`] orders.
    pub fn views_per_order(&self) -> Option<f64> {
        quotient(self.views, self.orders).filter(|_| self.orders >= ORDERS_MIN)
    }

    fn join(&mut self, other: &Contacts) {
        self.orders += other.orders;
        self.views += other.views;
        self.problems += other.problems;
        self.replies += other.replies;
    }
}

impl Engine {
    /// Contacts from one day to another, both included (at most [`CONTACT_DAYS_MAX`]), in all and day by day, every day
    /// there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn contacts(
        &self,
        shop: &Shop,
        from: Date,
        to: Date,
    ) -> Result<(Contacts, BTreeMap<Date, Contacts>), StoreError> {
        let mut days = BTreeMap::new();
        let mut day = from;
        for _ in 0..days_between(from, to) {
            days.insert(day, Contacts::default());
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        for (metric, place) in READ {
            for (key, n) in self.store.counters(shop.id, metric, from, to).await? {
                // The store looks by the beginning of a name.
                if &*key.metric == metric
                    && let Some(counts) = days.get_mut(&key.day)
                {
                    *place(counts) += n;
                }
            }
        }
        let mut all = Contacts::default();
        days.values().for_each(|counts| all.join(counts));
        Ok((all, days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_few_orders_is_not_told() {
        let mut contacts = Contacts {
            orders: 40,
            views: 130,
            problems: 3,
            replies: 1,
        };
        assert_eq!(contacts.rate(), Some(0.1));
        assert_eq!(contacts.views_per_order(), Some(3.25));
        contacts.orders = 19;
        assert_eq!((contacts.rate(), contacts.views_per_order()), (None, None));
    }
}
