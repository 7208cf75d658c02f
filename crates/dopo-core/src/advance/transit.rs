//! How long parcels take (`transit`): what estimates of delivery days are learnt from, moved with the parcel.
//!
//! A delivery counts on the first day of the month in which it was made, under
//! `courier|origin|place|weekday|courier's days`, and leaves again when it is taken back. The origin is the province that
//! the shop sends from, or [`ORIGIN_UNKNOWN`]; [`SATURDAYS`] stands after it where Saturdays count as courier's days. It is counted in its own month, not
//! in that of the handing over: what is delivered in a month is no biased sample of how long parcels take, while of those
//! handed over in it only the quick ones would be there yet.

use super::couriers::courier_of;
use crate::id::ShopId;
use crate::italy::delivery::Place;
use crate::italy::province::Province;
use crate::order::Order;
use crate::parcel::{Courier, Direction, Parcel, ParcelState};
use crate::shop::Dispatch;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The metric.
pub const TRANSIT: &str = "transit";
/// Courier's days from which on deliveries are counted together.
pub const LEARNT_DAYS_MAX: u32 = 30;
/// The origin of shops that do not say where they send from.
pub const ORIGIN_UNKNOWN: &str = "IT";
/// What stands after the origin where Saturdays count.
pub const SATURDAYS: &str = "+6";

/// One delivery, as finely as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Transit {
    /// Who brought it.
    pub courier: Courier,
    /// Where it left from, as far as the shop says.
    pub origin: Option<Province>,
    /// Whether Saturdays count.
    pub saturdays: bool,
    /// Where it went.
    pub place: Place,
    /// Weekday of the handing over, Monday = 1.
    pub weekday: u8,
    /// Courier's days it took, at most [`LEARNT_DAYS_MAX`].
    pub days: u32,
}

impl Transit {
    /// The dimension it is counted under.
    pub fn dim(&self) -> String {
        let Transit {
            courier,
            origin,
            saturdays,
            place,
            weekday,
            days,
        } = self;
        let (courier, place) = (courier.as_str(), place.code());
        let origin = origin.map_or(ORIGIN_UNKNOWN, Province::code);
        let saturdays = if *saturdays { SATURDAYS } else { "" };
        format!("{courier}|{origin}{saturdays}|{place}|{weekday}|{days}")
    }

    /// What was counted under a dimension.
    pub fn parse(dim: &str) -> Option<Transit> {
        let mut parts = dim.split('|');
        let courier = Courier::parse(parts.next()?)?;
        let origin = parts.next()?;
        let (origin, saturdays) = match origin.strip_suffix(SATURDAYS) {
            Some(origin) => (origin, true),
            None => (origin, false),
        };
        let transit = Transit {
            courier,
            origin: match origin {
                ORIGIN_UNKNOWN => None,
                code => Some(Province::parse(code).ok()?),
            },
            saturdays,
            place: Place::parse(parts.next()?)?,
            weekday: parts.next()?.parse().ok().filter(|n| (1..=7).contains(n))?,
            days: parts
                .next()?
                .parse()
                .ok()
                .filter(|n| *n <= LEARNT_DAYS_MAX)?,
        };
        parts.next().is_none().then_some(transit)
    }

    /// The days it took where Saturdays count, or do not: exact but for holidays, and for what was delivered on a Saturday
    /// that did not count, which is taken for a Monday's.
    pub fn days_if(&self, saturdays: bool) -> u32 {
        if saturdays == self.saturdays {
            return self.days;
        }
        // Monday = 0.
        let mut day = u32::from(self.weekday).saturating_sub(1);
        let (mut weekdays, mut on_saturdays) = (0, 0);
        while weekdays + if self.saturdays { on_saturdays } else { 0 } < self.days {
            day = (day + 1) % 7;
            weekdays += u32::from(day < 5);
            on_saturdays += u32::from(day == 5);
        }
        let days = if saturdays {
            weekdays + on_saturdays
        } else {
            // What came on a Saturday counts with the Monday after it.
            weekdays + u32::from(self.days > 0 && day == 5)
        };
        days.min(LEARNT_DAYS_MAX)
    }

    /// What a parcel counts for, and on which day.
    fn of(
        order: &Order,
        parcel: &Parcel,
        zone: &TimeZone,
        dispatch: &Dispatch,
    ) -> Option<(Date, Transit)> {
        let delivered = parcel.delivered_at.filter(|_| parcel.is_live())?;
        let courier = courier_of(parcel)?;
        let place = place_of(order)?;
        if parcel.direction != Direction::Outbound {
            return None;
        }
        let day = |at: Timestamp| zone.to_datetime(at).date();
        let from = day(handed_over(parcel)?);
        // How long somebody lets a parcel lie at a collection point is not the courier's time.
        let waiting = first_scan(parcel, |state| state == ParcelState::ReadyForPickup);
        let to = day(waiting.map_or(delivered, |at| at.min(delivered)));
        let saturdays = dispatch.saturdays.contains(&courier);
        let days = place.courier_days(saturdays);
        let transit = Transit {
            courier,
            origin: dispatch.origin(),
            saturdays,
            place,
            weekday: from.weekday().to_monday_one_offset() as u8,
            days: days.between(from, to, LEARNT_DAYS_MAX),
        };
        (from <= to).then(|| (to.first_of_month(), transit))
    }
}

/// Where an order's parcels go.
pub fn place_of(order: &Order) -> Option<Place> {
    let to = order.snapshot.ship_to.as_ref()?;
    Place::of(
        to.country.as_deref(),
        to.province.as_deref(),
        to.postal_code.as_deref(),
    )
}

/// When a parcel was handed over: by the shop's word, else by the first scan on the way.
pub fn handed_over(parcel: &Parcel) -> Option<Timestamp> {
    let scanned = || first_scan(parcel, ParcelState::is_under_way);
    parcel.snapshot.shipped_at.or_else(scanned)
}

fn first_scan(parcel: &Parcel, is: impl Fn(ParcelState) -> bool) -> Option<Timestamp> {
    let mut standing = parcel.checkpoints.iter().filter(|k| k.revoked_at.is_none());
    let scan = standing.find(|known| is(known.checkpoint.state))?;
    Some(scan.checkpoint.at)
}

/// What a parcel counted for before it was changed.
#[derive(Clone, Copy, Default)]
pub(super) struct Counted(Option<(Date, Transit)>);

impl Counted {
    pub(super) fn of(
        order: &Order,
        parcel: Option<&Parcel>,
        zone: &TimeZone,
        dispatch: &Dispatch,
    ) -> Counted {
        Counted(parcel.and_then(|parcel| Transit::of(order, parcel, zone, dispatch)))
    }

    /// Moves the counter from what a parcel counted for to what it counts for.
    pub(super) fn move_to(
        self,
        after: Counted,
        shop: ShopId,
        counters: &mut crate::counter::Counters,
    ) {
        if self.0 == after.0 {
            return;
        }
        for (counted, n) in [(self.0, -1), (after.0, 1)] {
            if let Some((month, transit)) = counted {
                counters.add(shop, month, TRANSIT, transit.dim(), n);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_is_read_as_it_was_written() {
        for (dim, good) in [
            ("brt|IT|MI|1|2", true),
            ("gls_it|IT|NA*|5|30", true),
            ("dhl|IT|@FR|7|0", true),
            ("brt|BO|MI|1|2", true),
            ("brt|BO+6|MI|1|2", true),
            ("brt|IT+6|MI|1|2", true),
            ("brt|ZZ|MI|1|2", false),
            ("brt|IT|MI|8|2", false),
            ("brt|IT|MI|1|31", false),
            ("brt|IT|MI|1|2|3", false),
            ("nobody|IT|MI|1|2", false),
            ("", false),
        ] {
            let read = Transit::parse(dim);
            assert_eq!(
                read.map(|t| t.dim()).as_deref(),
                good.then_some(dim),
                "{dim}"
            );
        }
    }

    #[test]
    fn days_are_told_with_saturdays_and_without() {
        let days = |dim: &str, saturdays| Transit::parse(dim).unwrap().days_if(saturdays);
        // Handed over on Friday, there on Monday.
        assert_eq!(days("brt|IT|MI|5|1", true), 2);
        assert_eq!(days("brt|IT+6|MI|5|2", false), 1);
        // There on Saturday: with the Monday where Saturdays do not count.
        assert_eq!(days("brt|IT+6|MI|5|1", false), 1);
        // Monday to Wednesday: no Saturday between.
        assert_eq!(days("brt|IT|MI|1|2", true), 2);
        assert_eq!(days("brt|IT+6|MI|1|2", false), 2);
        // Thursday to the Thursday after.
        assert_eq!(days("brt|IT|MI|4|5", true), 6);
        assert_eq!(days("brt|IT+6|MI|4|6", false), 5);
        assert_eq!(days("brt|IT|MI|6|0", true), 0);
        assert_eq!(days("brt|IT|MI|1|30", true), 30, "as far as is counted");
    }
}
