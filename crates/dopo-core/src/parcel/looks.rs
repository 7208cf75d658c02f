//! When to look at a parcel again where its courier does not tell by itself, and when its silence is worth a word.
//!
//! A look costs a call of the courier's allowance, so parcels that are about to move are looked at often and sleeping ones
//! rarely: couriers scan on working days, by day, and most of all on the morning of the delivery.

use super::{Parcel, ParcelState};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

/// Days after the last sign of life after which a parcel is no longer looked at.
pub const LOOKING_DAYS_MAX: i64 = 60;
/// Looks after a delivery, to see whether it is taken back: after so many hours each.
const AFTER_DELIVERY_HOURS: [i64; 2] = [24, 72];
/// Hours of the day, in the shop's zone, outside of which couriers hardly scan.
const DAY: std::ops::Range<i8> = 6..22;
/// Days without a scan after which looks come half as often; each as many again halves them once more.
const SLEEPY_DAYS: i64 = 3;
/// How often looks may be halved.
const HALVED_MAX: u32 = 3;

/// Minutes between two looks at a parcel that moves as usual.
fn usual_minutes(state: ParcelState) -> Option<i64> {
    Some(match state {
        ParcelState::OutForDelivery => 45,
        ParcelState::AtDepot | ParcelState::AttemptFailed => 120,
        ParcelState::PickedUp | ParcelState::InTransit => 180,
        ParcelState::HeldAtDepot => 240,
        ParcelState::Unknown | ParcelState::Announced | ParcelState::ReadyForPickup => 360,
        ParcelState::Customs => 480,
        ParcelState::Refused | ParcelState::Returning => 720,
        ParcelState::Delivered
        | ParcelState::Collected
        | ParcelState::Returned
        | ParcelState::Lost
        | ParcelState::Cancelled
        | ParcelState::Expired => return None,
    })
}

/// Days without a scan after which a courier's silence is unusual: about three times the longest usual gap between two
/// scans in that state, weekends included. Silence is told as silence, never as a loss.
fn silent_days(state: ParcelState) -> Option<i64> {
    Some(match state {
        ParcelState::OutForDelivery | ParcelState::AttemptFailed => 3,
        ParcelState::AtDepot => 4,
        ParcelState::PickedUp | ParcelState::InTransit => 5,
        ParcelState::Unknown | ParcelState::Announced => 6,
        ParcelState::Customs | ParcelState::Refused | ParcelState::Returning => 14,
        ParcelState::HeldAtDepot
        | ParcelState::ReadyForPickup
        | ParcelState::Delivered
        | ParcelState::Collected
        | ParcelState::Returned
        | ParcelState::Lost
        | ParcelState::Cancelled
        | ParcelState::Expired => return None,
    })
}

impl Parcel {
    /// The last sign of life: the newest scan, else the handing over.
    pub fn last_sign_at(&self) -> Option<Timestamp> {
        let scan = self.newest().map(|known| known.checkpoint.at);
        scan.max(self.snapshot.shipped_at)
    }

    /// When to look at it again; `None` when it is at its end, has no number, or has been silent for
    /// [`LOOKING_DAYS_MAX`].
    pub fn next_look(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if !self.is_live() || self.snapshot.number.is_none() {
            return None;
        }
        let age = self
            .last_sign_at()
            .map_or(SignedDuration::ZERO, |at| now.duration_since(at));
        if self.state.is_possession() {
            let hours = AFTER_DELIVERY_HOURS
                .into_iter()
                .find(|h| age < SignedDuration::from_hours(*h))?;
            let delivered = self.delivered_at.unwrap_or(now);
            return delivered
                .checked_add(SignedDuration::from_hours(hours))
                .ok();
        }
        let usual = usual_minutes(self.state)?;
        let days = age.as_hours() / 24;
        if days >= LOOKING_DAYS_MAX {
            return None;
        }
        let halved = u32::try_from(days / SLEEPY_DAYS)
            .unwrap_or(0)
            .min(HALVED_MAX);
        let wait = SignedDuration::from_mins(usual << halved);
        let at = now.checked_add(wait).ok()?;
        Some(by_day(at, zone))
    }

    /// When its silence becomes worth a word; `None` in states in which nobody expects a scan.
    pub fn silent_at(&self) -> Option<Timestamp> {
        if !self.is_live() || !self.is_shipped() {
            return None;
        }
        let days = silent_days(self.state)?;
        let since = self.last_sign_at()?;
        since
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()
    }
}

/// The same moment, or the next morning if it falls into the night.
fn by_day(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at);
    if DAY.contains(&local.hour()) {
        return at;
    }
    let morning = civil::time(DAY.start, 30, 0, 0);
    let date = if local.hour() >= DAY.end {
        local.date().tomorrow().unwrap_or(local.date())
    } else {
        local.date()
    };
    zone.to_ambiguous_timestamp(date.to_datetime(morning))
        .compatible()
        .unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::{Checkpoint, ParcelSnapshot};

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn parcel(state: ParcelState, at: &str) -> Parcel {
        let mut parcel = Parcel {
            snapshot: ParcelSnapshot {
                number: Some("1".to_owned()),
                ..ParcelSnapshot::default()
            },
            ..Parcel::default()
        };
        parcel.learn(Checkpoint::new(ts(at), state), ts(at));
        parcel
    }

    fn next(state: ParcelState, at: &str, now: &str) -> Option<String> {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let next = parcel(state, at).next_look(ts(now), &rome)?;
        Some(rome.to_datetime(next).strftime("%d %H:%M").to_string())
    }

    #[test]
    fn a_parcel_is_looked_at_as_often_as_it_is_likely_to_move() {
        use ParcelState::{Delivered, InTransit, Lost, OutForDelivery};
        let check = |state, at, now, then: Option<&str>| {
            assert_eq!(
                next(state, at, now).as_deref(),
                then,
                "{state:?} {at} {now}"
            );
        };
        check(
            OutForDelivery,
            "2026-03-10T07:00:00Z",
            "2026-03-10T09:00:00Z",
            Some("10 10:45"),
        );
        check(
            InTransit,
            "2026-03-10T07:00:00Z",
            "2026-03-10T09:00:00Z",
            Some("10 13:00"),
        );
        // By night nobody scans.
        check(
            InTransit,
            "2026-03-10T07:00:00Z",
            "2026-03-10T20:00:00Z",
            Some("11 06:30"),
        );
        // Six days without a scan: four times as long.
        check(
            InTransit,
            "2026-03-04T07:00:00Z",
            "2026-03-10T07:00:00Z",
            Some("10 20:00"),
        );
        check(
            Delivered,
            "2026-03-10T09:00:00Z",
            "2026-03-10T10:00:00Z",
            Some("11 10:00"),
        );
        check(
            Delivered,
            "2026-03-10T09:00:00Z",
            "2026-03-11T10:00:00Z",
            Some("13 10:00"),
        );
        check(
            Delivered,
            "2026-03-10T09:00:00Z",
            "2026-03-14T10:00:00Z",
            None,
        );
        check(Lost, "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z", None);
        check(
            InTransit,
            "2026-01-01T09:00:00Z",
            "2026-03-10T10:00:00Z",
            None,
        );
    }

    #[test]
    fn silence_is_told_in_states_in_which_a_scan_is_due() {
        let silent = |state| parcel(state, "2026-03-10T09:00:00Z").silent_at();
        assert_eq!(
            silent(ParcelState::InTransit),
            Some(ts("2026-03-15T09:00:00Z"))
        );
        assert_eq!(silent(ParcelState::ReadyForPickup), None);
        assert_eq!(silent(ParcelState::Delivered), None);
    }
}
