//! How long parcels take (`transit`): what estimates of delivery days are learnt from, moved with the parcel.
//!
//! A delivery counts on the first day of the month in which it was made, under
//! `courier|origin|place|weekday|working days`, and leaves again when it is taken back. It is counted in its own month, not
//! in that of the handing over: what is delivered in a month is no biased sample of how long parcels take, while of those
//! handed over in it only the quick ones would be there yet.

use super::couriers::courier_of;
use crate::id::ShopId;
use crate::italy::delivery::Place;
use crate::order::Order;
use crate::parcel::{Courier, Direction, Parcel, ParcelState};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The metric.
pub const TRANSIT: &str = "transit";
/// Courier's days from which on deliveries are counted together.
pub const LEARNT_DAYS_MAX: u32 = 30;
/// The origin of shops that do not say where they send from.
pub const ORIGIN_UNKNOWN: &str = "IT";

/// One delivery, as finely as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Transit {
    /// Who brought it.
    pub courier: Courier,
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
            place,
            weekday,
            days,
        } = self;
        let (courier, place) = (courier.as_str(), place.code());
        format!("{courier}|{ORIGIN_UNKNOWN}|{place}|{weekday}|{days}")
    }

    /// What was counted under a dimension.
    pub fn parse(dim: &str) -> Option<Transit> {
        let mut parts = dim.split('|');
        let courier = Courier::parse(parts.next()?)?;
        let _origin = parts.next()?;
        let transit = Transit {
            courier,
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

    /// What a parcel counts for, and on which day.
    fn of(order: &Order, parcel: &Parcel, zone: &TimeZone) -> Option<(Date, Transit)> {
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
        let transit = Transit {
            courier,
            place,
            weekday: from.weekday().to_monday_one_offset() as u8,
            days: place.courier_days(false).between(from, to, LEARNT_DAYS_MAX),
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
    pub(super) fn of(order: &Order, parcel: Option<&Parcel>, zone: &TimeZone) -> Counted {
        Counted(parcel.and_then(|parcel| Transit::of(order, parcel, zone)))
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
}
