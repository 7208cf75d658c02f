//! How couriers perform (`courier.*`): what each parcel counts for, moved with the parcel.
//!
//! The dimension is `courier|province|weight band`, for transit times with `|days` behind it. Each figure is dated by the
//! day on which its fact happened, so that a fact which is taken back is taken out of the day it was counted on.

use super::couriers::courier_of;
use crate::counter::{Counters, province_of};
use crate::id::ShopId;
use crate::italy::province::Province;
use crate::order::Order;
use crate::parcel::{Courier, Direction, Parcel, ParcelState};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Days of transit from which on they are counted together.
pub const TRANSIT_DAYS_MAX: i32 = 60;

/// Upper ends of the weight bands in grams, with their names.
const BANDS: [(u32, &str); 4] = [
    (2_000, "0-2"),
    (5_000, "2-5"),
    (10_000, "5-10"),
    (30_000, "10-30"),
];

/// The weight band of a parcel; `na` where the weight is not known.
pub fn weight_band(weight_g: Option<u32>) -> &'static str {
    let Some(weight) = weight_g.filter(|g| *g > 0) else {
        return "na";
    };
    BANDS
        .iter()
        .find(|(end, _)| weight <= *end)
        .map_or("30+", |(_, name)| name)
}

/// What one parcel counts for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Performance {
    courier: Courier,
    province: Option<Province>,
    band: &'static str,
    shipped_on: Option<Date>,
    failed_on: Option<Date>,
    held_on: Option<Date>,
    trouble_on: Option<Date>,
    delivery: Option<Delivery>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Delivery {
    on: Date,
    days: Option<i32>,
    in_time: Option<bool>,
    first_attempt: bool,
}

impl Performance {
    /// What the parcels of an order count for, by their number; nothing for those whose courier is not known.
    pub(super) fn of_order(order: &Order, zone: &TimeZone) -> Vec<Option<Performance>> {
        let told = |parcel: &Parcel| parcel.snapshot.carrier.is_some();
        if !order.tracked.iter().any(told) {
            return Vec::new();
        }
        let of = |parcel| Performance::of(order, parcel, zone);
        order.tracked.iter().map(of).collect()
    }

    fn of(order: &Order, parcel: &Parcel, zone: &TimeZone) -> Option<Performance> {
        let courier = courier_of(parcel)?;
        if !parcel.is_live() || parcel.direction != Direction::Outbound {
            return None;
        }
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let standing = || {
            let known = parcel.checkpoints.iter();
            known
                .filter(|k| k.revoked_at.is_none())
                .map(|k| &k.checkpoint)
        };
        let first = |is: &dyn Fn(ParcelState) -> bool| {
            standing()
                .find(|scan| is(scan.state))
                .map(|scan| day(scan.at))
        };
        let scanned = first(&|state| state.is_under_way());
        let shipped_on = parcel.snapshot.shipped_at.map(day).or(scanned);
        let failed_on = first(&|state| state == ParcelState::AttemptFailed);
        let held_on = first(&|state| state == ParcelState::HeldAtDepot);
        let trouble_on = first(&|state| {
            state.needs_somebody()
                && !matches!(state, ParcelState::AttemptFailed | ParcelState::HeldAtDepot)
        });
        let delivery = parcel.delivered_at.map(|at| {
            let on = day(at);
            let promised = order.snapshot.promised_on.or(parcel.snapshot.expected_on);
            let days = shipped_on
                .and_then(|shipped| shipped.until(on).ok())
                .map(|span| span.get_days().clamp(0, TRANSIT_DAYS_MAX));
            Delivery {
                on,
                days,
                in_time: promised.map(|promised| on <= promised),
                first_attempt: failed_on.is_none() && held_on.is_none(),
            }
        });
        Some(Performance {
            courier,
            province: province_of(Some(order), None),
            band: weight_band(parcel.weight_g),
            shipped_on,
            failed_on,
            held_on,
            trouble_on,
            delivery,
        })
    }

    /// Moves the counters from what an order's parcels counted for to what they count for.
    pub(super) fn count_change(
        before: &[Option<Performance>],
        after: &[Option<Performance>],
        shop: ShopId,
        counters: &mut Counters,
    ) {
        for at in 0..before.len().max(after.len()) {
            let of = |list: &[Option<Performance>]| list.get(at).copied().flatten();
            let (before, after) = (of(before), of(after));
            if before != after {
                for (performance, n) in [(before, -1), (after, 1)] {
                    if let Some(performance) = performance {
                        performance.count(n, shop, counters);
                    }
                }
            }
        }
    }

    fn count(&self, n: i64, shop: ShopId, counters: &mut Counters) {
        let province = self.province.map_or("", |p| p.code());
        let dim = [self.courier.as_str(), province, self.band].join("|");
        let mut count = |day: Option<Date>, metric| {
            if let Some(day) = day {
                counters.add(shop, day, metric, dim.clone(), n);
            }
        };
        count(self.shipped_on, "courier.shipped");
        count(self.failed_on, "courier.attempt_failed");
        count(self.held_on, "courier.held");
        count(self.trouble_on, "courier.trouble");
        let Some(delivery) = self.delivery else {
            return;
        };
        let on = Some(delivery.on);
        count(on, "courier.delivered");
        match delivery.in_time {
            Some(true) => count(on, "courier.on_time"),
            Some(false) => count(on, "courier.late"),
            None => {}
        }
        if delivery.first_attempt {
            count(on, "courier.first_attempt");
        }
        if let Some(days) = delivery.days {
            let dim = format!("{dim}|{days}");
            counters.add(shop, delivery.on, "courier.transit", dim, n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::weight_band;

    #[test]
    fn a_weight_has_one_band_and_an_unknown_one_its_own() {
        for (grams, band) in [
            (None, "na"),
            (Some(0), "na"),
            (Some(1), "0-2"),
            (Some(2_000), "0-2"),
            (Some(2_001), "2-5"),
            (Some(30_000), "10-30"),
            (Some(30_001), "30+"),
        ] {
            assert_eq!(weight_band(grams), band);
        }
    }
}
