//! What is wrong with a parcel, what is at risk with it, and how urgent it is.
//!
//! The value at risk of a parcel is the price of the lines it carries; where lines are not told, its share of what is
//! left of the order's total. The urgency is a factor from when the next deadline falls (see [`urgency_percent`]).

use super::{ActBy, Direction, HoldOutcome, Parcel, ParcelState};
use crate::money::Money;
use crate::order::{Order, Standing};
use jiff::{SignedDuration, Timestamp};

/// Hours until the deadline, with what they make of the value at risk, in percent.
const URGENCY: [(i64, u32); 3] = [(24, 400), (48, 300), (96, 200)];
/// Without a deadline, or with one far off.
const CALM_PERCENT: u32 = 100;
/// When the courier has been told what to do and has not refused: somebody else must act now.
const ANSWERED_PERCENT: u32 = 50;

/// What is wrong with a parcel; the first that is true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Trouble {
    /// Held at the depot.
    Held,
    /// The driver could not deliver.
    AttemptFailed,
    /// Refused.
    Refused,
    /// Lost or destroyed.
    Lost,
    /// On its way back.
    Returning,
    /// Back at the shop.
    Returned,
    /// The courier has given up telling.
    Expired,
    /// The courier has told nothing for longer than usual.
    Silent,
    /// The shop must do something.
    ShopActs,
    /// It comes later than was promised.
    Delayed,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Trouble; 10] = [
        Trouble::Held,
        Trouble::AttemptFailed,
        Trouble::Refused,
        Trouble::Lost,
        Trouble::Returning,
        Trouble::Returned,
        Trouble::Expired,
        Trouble::Silent,
        Trouble::ShopActs,
        Trouble::Delayed,
    ];

    /// The stable name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Trouble::Held => "held",
            Trouble::AttemptFailed => "attempt_failed",
            Trouble::Refused => "refused",
            Trouble::Lost => "lost",
            Trouble::Returning => "returning",
            Trouble::Returned => "returned",
            Trouble::Expired => "expired",
            Trouble::Silent => "silent",
            Trouble::ShopActs => "shop_acts",
            Trouble::Delayed => "delayed",
        }
    }

    /// The trouble with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }

    /// What is wrong with a parcel of an order that stands, if anything. Parcels that bring goods back are none.
    pub fn of(parcel: &Parcel) -> Option<Self> {
        if !parcel.is_live() || parcel.direction == Direction::Return {
            return None;
        }
        Some(match parcel.state {
            ParcelState::HeldAtDepot => Trouble::Held,
            ParcelState::AttemptFailed => Trouble::AttemptFailed,
            ParcelState::Refused => Trouble::Refused,
            ParcelState::Lost => Trouble::Lost,
            ParcelState::Returning => Trouble::Returning,
            ParcelState::Returned => Trouble::Returned,
            ParcelState::Expired => Trouble::Expired,
            state if state.is_possession() => return None,
            _ if parcel.silent_since.is_some() => Trouble::Silent,
            _ if parcel.act_by == ActBy::Shop => Trouble::ShopActs,
            _ if parcel.delay_told.is_some() => Trouble::Delayed,
            _ => return None,
        })
    }
}

/// What is wrong with a parcel of this order, if anything is still to be done: one that does not come, and whose value went
/// back, is settled.
fn trouble_of(order: &Order, parcel: &Parcel) -> Option<Trouble> {
    let trouble = Trouble::of(parcel)?;
    let does_not_come = matches!(
        trouble,
        Trouble::Refused | Trouble::Lost | Trouble::Returning | Trouble::Returned
    );
    let told = &order.snapshot;
    let refunded = told.refunded.map_or(0, |back| back.cents);
    let settled =
        does_not_come && refunded > 0 && refunded >= worth_cents(order, parcel, told.total.cents);
    (!settled).then_some(trouble)
}

/// Cents at risk with one parcel of an order.
fn parcel_cents(order: &Order, parcel: &Parcel) -> i64 {
    let told = &order.snapshot;
    let refunded = told.refunded.map_or(0, |back| back.cents);
    worth_cents(order, parcel, (told.total.cents - refunded).max(0))
}

/// The price of the lines inside a parcel, at most `left`; where they are not told, its share of `left`.
fn worth_cents(order: &Order, parcel: &Parcel, left: i64) -> i64 {
    let told = &order.snapshot;
    let inside = &parcel.snapshot.lines;
    let priced: i64 = told
        .lines
        .iter()
        .filter(|line| inside.contains(&line.id))
        .map(|line| {
            line.unit_price
                .cents
                .saturating_mul(i64::from(line.quantity))
        })
        .fold(0, i64::saturating_add);
    if priced > 0 {
        return priced.min(left);
    }
    let parcels = order.tracked.iter();
    let alike = parcels.filter(|p| p.is_live() && p.direction != Direction::Return);
    left / i64::try_from(alike.count().max(1)).unwrap_or(1)
}

/// Cents at risk with all parcels of an order that are in trouble; `None` when none is. Stores keep it beside the order.
pub fn at_risk_cents(order: &Order) -> Option<i64> {
    if order.tracked.is_empty() || order.standing() == Standing::Cancelled {
        return None;
    }
    let troubled = order
        .tracked
        .iter()
        .filter(|p| trouble_of(order, p).is_some());
    troubled
        .map(|parcel| parcel_cents(order, parcel))
        .reduce(i64::saturating_add)
}

/// When something must have been done: the end of the hold, else what the courier told.
fn deadline(parcel: &Parcel) -> Option<Timestamp> {
    parcel
        .hold()
        .map(|hold| hold.expires_at)
        .or(parcel.act_deadline)
}

/// Whether the courier was told what to do with a held parcel and has not refused.
fn is_answered(parcel: &Parcel) -> bool {
    let outcome = parcel.hold().and_then(|hold| hold.outcome.as_ref());
    matches!(
        outcome,
        Some(HoldOutcome::Asked | HoldOutcome::Accepted { .. } | HoldOutcome::Deferred)
    )
}

/// What the deadline makes of the value at risk: four times as much within a day or when it has passed, three times
/// within two days, twice within four; half as much once the courier has been told what to do.
pub fn urgency_percent(parcel: &Parcel, now: Timestamp) -> u32 {
    if is_answered(parcel) {
        return ANSWERED_PERCENT;
    }
    let Some(deadline) = deadline(parcel) else {
        return CALM_PERCENT;
    };
    let left = deadline.duration_since(now);
    URGENCY
        .into_iter()
        .find(|(hours, _)| left <= SignedDuration::from_hours(*hours))
        .map_or(CALM_PERCENT, |(_, percent)| percent)
}

/// A parcel in trouble, weighed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Troubled {
    /// Which of the order's parcels.
    pub seq: u16,
    /// What is wrong.
    pub trouble: Trouble,
    /// The value at risk.
    pub at_risk: Money,
    /// Until when something must be done.
    pub deadline: Option<Timestamp>,
    /// What the deadline makes of it.
    pub urgency_percent: u32,
}

impl Troubled {
    /// What boards are sorted by: cents at risk times urgency.
    pub fn weight(&self) -> i64 {
        self.at_risk
            .cents
            .saturating_mul(i64::from(self.urgency_percent))
            / 100
    }
}

/// The parcels in trouble of an order, in its order.
pub fn troubled(order: &Order, now: Timestamp) -> Vec<Troubled> {
    let all = order
        .tracked
        .iter()
        .filter_map(|parcel| Some((parcel, trouble_of(order, parcel)?)));
    all.map(|(parcel, trouble)| Troubled {
        seq: parcel.seq,
        trouble,
        at_risk: Money::new(parcel_cents(order, parcel), order.snapshot.total.currency),
        deadline: deadline(parcel),
        urgency_percent: urgency_percent(parcel, now),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::parcel::{Checkpoint, ParcelSnapshot};

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn order(cents: i64, parcels: &[ParcelState]) -> Order {
        let at = ts("2026-11-20T09:00:00Z");
        let tracked = parcels.iter().enumerate().map(|(n, state)| {
            let mut parcel = Parcel {
                seq: n as u16,
                snapshot: ParcelSnapshot {
                    number: Some(n.to_string()),
                    ..ParcelSnapshot::default()
                },
                ..Parcel::default()
            };
            parcel.learn(Checkpoint::new(at, *state), at);
            parcel
        });
        let mut order: Order = serde_json::from_value(serde_json::json!({
            "id": 1, "customer_id": 2, "external_id": "1", "number": "#1", "placed_at": at, "updated_at": at,
            "person": {}, "lines": [], "total": { "cents": cents, "currency": "EUR" }, "payment": "paid"
        }))
        .unwrap();
        order.tracked = tracked.collect();
        order
    }

    #[test]
    fn what_is_at_risk_is_the_share_of_the_parcels_in_trouble() {
        use ParcelState::{Delivered, HeldAtDepot, InTransit, Lost};
        for (parcels, risk) in [
            (vec![InTransit], None),
            (vec![Delivered], None),
            (vec![HeldAtDepot], Some(9_000)),
            (vec![HeldAtDepot, Delivered], Some(4_500)),
            (vec![HeldAtDepot, Lost, InTransit], Some(6_000)),
        ] {
            assert_eq!(at_risk_cents(&order(9_000, &parcels)), risk, "{parcels:?}");
        }
        let mut back = order(9_000, &[HeldAtDepot]);
        back.snapshot.refunded = Some(Money::new(2_000, Currency::EUR));
        assert_eq!(at_risk_cents(&back), Some(7_000));
        // What came back and was paid back is settled.
        let mut settled = order(9_000, &[Delivered, Lost]);
        settled.snapshot.refunded = Some(Money::new(4_500, Currency::EUR));
        assert_eq!(at_risk_cents(&settled), None);
        back.snapshot.cancelled_at = Some(ts("2026-11-21T09:00:00Z"));
        assert_eq!(at_risk_cents(&back), None);
    }

    #[test]
    fn a_near_deadline_weighs_more_and_an_answered_hold_less() {
        let held = order(5_000, &[ParcelState::HeldAtDepot]);
        let parcel = &held.tracked[0];
        // The hold ends on 27 November at 9.
        for (now, percent) in [
            ("2026-11-20T10:00:00Z", 100),
            ("2026-11-23T09:00:00Z", 200),
            ("2026-11-25T09:00:00Z", 300),
            ("2026-11-26T09:00:00Z", 400),
            ("2026-11-28T09:00:00Z", 400),
        ] {
            assert_eq!(urgency_percent(parcel, ts(now)), percent, "{now}");
        }
        let mut answered = parcel.clone();
        answered.hold_mut().unwrap().outcome = Some(HoldOutcome::Asked);
        assert_eq!(urgency_percent(&answered, ts("2026-11-26T09:00:00Z")), 50);
        let found = troubled(&held, ts("2026-11-26T09:00:00Z"));
        assert_eq!((found.len(), found[0].weight()), (1, 20_000));
        assert_eq!((found[0].seq, found[0].trouble), (0, Trouble::Held));
    }

    #[test]
    fn silence_delay_and_a_parcel_that_the_shop_must_act_on_are_trouble_too() {
        let mut parcel = order(1, &[ParcelState::InTransit]).tracked.remove(0);
        assert_eq!(Trouble::of(&parcel), None);
        parcel.delay_told = Some(jiff::civil::date(2026, 11, 25));
        assert_eq!(Trouble::of(&parcel), Some(Trouble::Delayed));
        parcel.act_by = ActBy::Shop;
        assert_eq!(Trouble::of(&parcel), Some(Trouble::ShopActs));
        parcel.silent_since = Some(ts("2026-11-22T09:00:00Z"));
        assert_eq!(Trouble::of(&parcel), Some(Trouble::Silent));
        parcel.direction = Direction::Return;
        assert_eq!(Trouble::of(&parcel), None);
    }
}
