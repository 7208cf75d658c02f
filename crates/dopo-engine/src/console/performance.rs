//! How couriers perform: on time, transit time, first attempts, trouble, by courier, province and weight, from counters
//! alone (`courier.*`). What was seen too seldom is unknown, never a figure.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::kpi::quotient;
use dopo_core::parcel::Courier;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// Days of one period.
pub const PERFORMANCE_DAYS_MAX: i64 = 366;
/// Cases below which a share or a time is not told: with fewer, one parcel more or less moves it by five points.
pub const SAMPLE_MIN: i64 = 20;
/// The metrics that are read.
const METRICS: &str = "courier.";

/// The weight bands of parcels in kilograms, lightest first, the unknown weight last.
pub const BANDS: [&str; 6] = ["0-2", "2-5", "5-10", "10-30", "30+", "na"];

/// By what the figures are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cut {
    /// By courier.
    pub courier: bool,
    /// By province.
    pub province: bool,
    /// By weight.
    pub band: bool,
}

/// Which parcels.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Only {
    /// Of this courier.
    pub courier: Option<Courier>,
    /// To this province, two letters.
    pub province: Option<String>,
    /// Of this weight band.
    pub band: Option<String>,
}

/// A figure with the number of cases behind it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Measured {
    /// The value; `None` with fewer than [`SAMPLE_MIN`] cases.
    pub value: Option<f64>,
    /// Cases.
    pub sample: i64,
}

impl Measured {
    fn share(of: i64, among: i64) -> Self {
        let among = among.max(0);
        let value = quotient(of.clamp(0, among), among);
        Measured {
            value: value.filter(|_| among >= SAMPLE_MIN),
            sample: among,
        }
    }
}

/// What was counted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Handed over.
    pub shipped: i64,
    /// Delivered.
    pub delivered: i64,
    /// Delivered on or before the promised day.
    pub on_time: i64,
    /// Delivered after it.
    pub late: i64,
    /// Delivered without a failed attempt and without a hold.
    pub first_attempt: i64,
    /// Parcels with a failed attempt.
    pub attempt_failed: i64,
    /// Parcels that were held.
    pub held: i64,
    /// Parcels that were refused, lost, sent back or given up.
    pub trouble: i64,
    /// Deliveries by calendar days from handing over to delivery.
    pub transit: BTreeMap<u16, i64>,
}

impl Tally {
    fn add(&mut self, metric: &str, days: Option<u16>, n: i64) {
        match (metric, days) {
            ("courier.shipped", _) => self.shipped += n,
            ("courier.delivered", _) => self.delivered += n,
            ("courier.on_time", _) => self.on_time += n,
            ("courier.late", _) => self.late += n,
            ("courier.first_attempt", _) => self.first_attempt += n,
            ("courier.attempt_failed", _) => self.attempt_failed += n,
            ("courier.held", _) => self.held += n,
            ("courier.trouble", _) => self.trouble += n,
            ("courier.transit", Some(days)) => *self.transit.entry(days).or_default() += n,
            _ => {}
        }
    }

    /// Share of the deliveries with a promise that came on time.
    pub fn on_time_share(&self) -> Measured {
        Measured::share(self.on_time, self.on_time + self.late)
    }

    /// Share of the deliveries that needed one attempt.
    pub fn first_attempt_share(&self) -> Measured {
        Measured::share(self.first_attempt, self.delivered)
    }

    /// Failed attempts for each parcel handed over in the same period.
    pub fn failed_share(&self) -> Measured {
        Measured::share(self.attempt_failed, self.shipped)
    }

    /// Holds for each parcel handed over in the same period.
    pub fn held_share(&self) -> Measured {
        Measured::share(self.held, self.shipped)
    }

    /// Refused, lost, sent back or given up for each parcel handed over in the same period.
    pub fn trouble_share(&self) -> Measured {
        Measured::share(self.trouble, self.shipped)
    }

    /// Calendar days within which so many of a hundred deliveries came, by nearest rank.
    pub fn transit_days(&self, percent: u8) -> Measured {
        let counted = || self.transit.iter().filter(|(_, n)| **n > 0);
        let sample: i64 = counted().map(|(_, n)| *n).sum();
        if sample < SAMPLE_MIN {
            return Measured {
                value: None,
                sample,
            };
        }
        let rank = (sample * i64::from(percent.min(100)) + 99) / 100;
        let mut seen = 0;
        let value = counted().find_map(|(days, n)| {
            seen += n;
            (seen >= rank.max(1)).then(|| f64::from(*days))
        });
        Measured { value, sample }
    }

    fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

/// One line: parcels of one courier, province and weight, as far as they are told apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Of {
    /// The courier's stable name; `None` = all.
    pub courier: Option<String>,
    /// Two letters, empty = not known; `None` = all.
    pub province: Option<String>,
    /// The weight band; `None` = all.
    pub band: Option<String>,
}

/// How couriers performed from one day to another.
#[derive(Clone, Debug, Default)]
pub struct Performance {
    /// All parcels that were asked for.
    pub all: Tally,
    /// Told apart, most parcels first.
    pub rows: Vec<(Of, Tally)>,
    /// All of them day by day; days on which nothing happened are left out.
    pub days: BTreeMap<Date, Tally>,
    /// Couriers of which something was counted, whatever was asked for.
    pub couriers: Vec<String>,
}

/// Takes `courier|province|band` or `courier|province|band|days` apart.
fn parts(dim: &str) -> Option<(&str, &str, &str, Option<u16>)> {
    let mut parts = dim.split('|');
    let (courier, province, band) = (parts.next()?, parts.next()?, parts.next()?);
    let days = parts.next().and_then(|days| days.parse().ok());
    Some((courier, province, band, days))
}

/// Adds counters up.
fn add_up<'c>(
    counted: impl Iterator<Item = (Date, &'c str, &'c str, i64)>,
    cut: Cut,
    only: &Only,
) -> Performance {
    let mut found = Performance::default();
    let mut rows: BTreeMap<Of, Tally> = BTreeMap::new();
    for (day, metric, dim, n) in counted {
        let Some((courier, province, band, days)) = parts(dim) else {
            continue;
        };
        if let Err(at) = found
            .couriers
            .binary_search_by(|known| (**known).cmp(courier))
        {
            found.couriers.insert(at, courier.to_owned());
        }
        let wanted = only.courier.is_none_or(|own| own.as_str() == courier)
            && only.province.as_ref().is_none_or(|own| own == province)
            && only.band.as_ref().is_none_or(|own| own == band);
        if !wanted {
            continue;
        }
        let own = |apart: bool, name: &str| apart.then(|| name.to_owned());
        let of = Of {
            courier: own(cut.courier, courier),
            province: own(cut.province, province),
            band: own(cut.band, band),
        };
        rows.entry(of).or_default().add(metric, days, n);
        found.days.entry(day).or_default().add(metric, days, n);
        found.all.add(metric, days, n);
    }
    found.rows = rows.into_iter().filter(|(_, t)| !t.is_empty()).collect();
    // Stable: what has as many stays in the order of its name.
    found
        .rows
        .sort_by_key(|(_, tally)| std::cmp::Reverse(tally.shipped.max(tally.delivered)));
    found
}

impl Engine {
    /// How couriers performed from one day to another, both included (at most [`PERFORMANCE_DAYS_MAX`]).
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn courier_performance(
        &self,
        shop: &Shop,
        from: Date,
        to: Date,
        cut: Cut,
        only: &Only,
    ) -> Result<Performance, StoreError> {
        let counted = self.store.counters(shop.id, METRICS, from, to).await?;
        let counted = counted
            .iter()
            .map(|(key, n)| (key.day, &*key.metric, &*key.dim, *n));
        Ok(add_up(counted, cut, only))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: Date = date(2026, 11, 20);

    fn counted() -> Vec<(Date, &'static str, &'static str, i64)> {
        vec![
            (DAY, "courier.shipped", "brt|BO|0-2", 40),
            (DAY, "courier.shipped", "gls_it|MI|2-5", 10),
            (DAY, "courier.delivered", "brt|BO|0-2", 30),
            (DAY, "courier.first_attempt", "brt|BO|0-2", 27),
            (DAY, "courier.on_time", "brt|BO|0-2", 18),
            (DAY, "courier.late", "brt|BO|0-2", 6),
            (DAY, "courier.held", "brt|BO|0-2", 2),
            (DAY, "courier.transit", "brt|BO|0-2|1", 14),
            (DAY, "courier.transit", "brt|BO|0-2|2", 13),
            (DAY, "courier.transit", "brt|BO|0-2|6", 3),
            (DAY, "courier.transit", "gls_it|MI|2-5|1", 5),
        ]
    }

    fn by_courier() -> Cut {
        Cut {
            courier: true,
            ..Cut::default()
        }
    }

    #[test]
    fn each_share_stands_with_its_sample_and_the_transit_time_by_rank() {
        let found = add_up(counted().into_iter(), by_courier(), &Only::default());
        let (of, brt) = &found.rows[0];
        assert_eq!(of.courier.as_deref(), Some("brt"));
        assert_eq!(
            brt.on_time_share(),
            Measured {
                value: Some(0.75),
                sample: 24
            }
        );
        assert_eq!(brt.first_attempt_share().value, Some(0.9));
        assert_eq!(brt.held_share().value, Some(0.05));
        assert_eq!(brt.transit_days(50).value, Some(2.0));
        assert_eq!(brt.transit_days(90).value, Some(2.0));
        assert_eq!(brt.transit_days(100).value, Some(6.0));
        assert_eq!(found.all.shipped, 50);
        assert_eq!(found.couriers, ["brt", "gls_it"]);
    }

    #[test]
    fn too_few_cases_are_no_figure() {
        let found = add_up(counted().into_iter(), by_courier(), &Only::default());
        let (_, gls) = &found.rows[1];
        assert_eq!(
            gls.transit_days(50),
            Measured {
                value: None,
                sample: 5
            }
        );
        assert_eq!(gls.held_share().value, None);
        assert_eq!(gls.on_time_share().sample, 0);
    }

    #[test]
    fn what_is_asked_for_narrows_lines_and_days_and_not_the_list_of_couriers() {
        let only = Only {
            province: Some("MI".to_owned()),
            ..Only::default()
        };
        let found = add_up(counted().into_iter(), Cut::default(), &only);
        assert_eq!((found.rows.len(), found.all.shipped), (1, 10));
        assert_eq!(found.days[&DAY].shipped, 10);
        assert_eq!(found.couriers.len(), 2);
    }
}
