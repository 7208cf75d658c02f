//! How many people are at risk, remembered while nothing speaks for a change: in a large shop with much in trouble the
//! count walks tens of thousands of rows, and many people look at the same page.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::id::ShopId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts remembered, of all shops and places.
const COUNTS_REMEMBERED_MAX: usize = 1_000;
/// A count is made anew after so long, whatever the gauges say: one order may leave trouble while another comes into it.
const COUNTED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// What a count of people at risk rests on: orders in trouble and open tasks, from the shop's gauges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Gauged {
    /// Orders in trouble.
    pub trouble: i64,
    /// Open tasks of the shop.
    pub tasks: i64,
}

#[derive(Clone, Copy)]
struct Counted {
    at: Timestamp,
    gauged: Gauged,
    people: u64,
}

/// Counts by shop and provinces (none: everywhere).
#[derive(Default)]
pub(crate) struct Counts(Mutex<HashMap<(ShopId, Vec<String>), Counted>>);

impl Counts {
    /// The last count, unless the gauges have moved since or it is older than [`COUNTED_FOR`].
    fn known(&self, of: &(ShopId, Vec<String>), gauged: Gauged, now: Timestamp) -> Option<u64> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = *counts.get(of)?;
        let holds = counted.gauged == gauged && now.duration_since(counted.at).abs() < COUNTED_FOR;
        holds.then_some(counted.people)
    }

    fn remember(&self, of: (ShopId, Vec<String>), counted: Counted) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTS_REMEMBERED_MAX {
            counts.clear();
        }
        counts.insert(of, counted);
    }
}

impl Engine {
    /// How many people are at risk, in these provinces or everywhere: counted when the gauges have moved since the last
    /// count, or when that is older than [`COUNTED_FOR`].
    pub(crate) async fn people_at_risk(
        &self,
        shop: ShopId,
        provinces: Vec<String>,
        gauged: Gauged,
    ) -> Result<u64, StoreError> {
        let at = self.now();
        let of = (shop, provinces);
        if let Some(people) = self.at_risk.known(&of, gauged, at) {
            return Ok(people);
        }
        let people = self.store().count_at_risk(shop, &of.1).await?;
        self.at_risk.remember(of, Counted { at, gauged, people });
        Ok(people)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_people_at_risk_holds_until_a_gauge_moves_and_no_longer_than_half_a_minute() {
        let at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let gauged = Gauged {
            trouble: 4,
            tasks: 2,
        };
        let shop = |n, provinces: &[&str]| {
            let provinces = provinces.iter().map(|name| (*name).to_owned()).collect();
            (ShopId(n), provinces)
        };
        let counts = Counts::default();
        let counted = Counted {
            at,
            gauged,
            people: 3,
        };
        counts.remember(shop(1, &[]), counted);

        assert_eq!(counts.known(&shop(1, &[]), gauged, at), Some(3));
        let seconds = |n| at + SignedDuration::from_secs(n);
        assert_eq!(counts.known(&shop(1, &[]), gauged, seconds(29)), Some(3));
        assert_eq!(counts.known(&shop(1, &[]), gauged, seconds(30)), None);
        for (trouble, tasks) in [(5, 2), (4, 1)] {
            let moved = Gauged { trouble, tasks };
            assert_eq!(counts.known(&shop(1, &[]), moved, at), None);
        }
        assert_eq!(counts.known(&shop(1, &["BO"]), gauged, at), None);
        assert_eq!(counts.known(&shop(2, &[]), gauged, at), None);
    }

    #[test]
    fn counts_of_many_places_are_bounded() {
        let at = Timestamp::UNIX_EPOCH;
        let gauged = Gauged {
            trouble: 0,
            tasks: 0,
        };
        let counts = Counts::default();
        for n in 0..3 * COUNTS_REMEMBERED_MAX as i64 {
            let counted = Counted {
                at,
                gauged,
                people: 0,
            };
            counts.remember((ShopId(n), Vec::new()), counted);
        }
        assert!(counts.0.lock().unwrap().len() <= COUNTS_REMEMBERED_MAX);
    }
}
