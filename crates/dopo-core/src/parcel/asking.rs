//! A person, or somebody in the shop, has the courier asked for a parcel now: when that helps, how often it may be done, and what came of it.
//!
//! A look that somebody asks for is the same look that comes by itself, only sooner: it costs the same call of the
//! courier's allowance. That is why it is offered only where something is wrong, and seldom.

use super::{Direction, Parcel, ParcelState};
use crate::order::{Order, ProblemKind};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes after a question about a parcel in which no other one about it is taken.
pub const ASK_AGAIN_MINUTES: i64 = 60;
/// Questions about all parcels of one order within 24 hours.
pub const ASKS_PER_DAY_MAX: usize = 6;
/// Minutes after a look that came by itself in which asking could bring nothing new.
pub const ASK_FRESH_MINUTES: i64 = 10;
/// Minutes for which a question goes ahead of other looks; then it waits its turn like them.
pub const ASK_OPEN_MINUTES: i64 = 30;
/// Questions kept for one parcel; the oldest go first.
const ASKS_KEPT_MAX: usize = ASKS_PER_DAY_MAX;
/// Days after "not received" in which it is a reason to ask.
const NOT_RECEIVED_DAYS: i64 = 30;
/// The span of [`ASKS_PER_DAY_MAX`], in hours.
const DAY_HOURS: i64 = 24;

/// What the courier answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookAnswer {
    /// Something that was not known.
    News,
    /// What was known already.
    Same,
    /// That it does not know the number, or nothing that can be understood.
    Unknown,
}

impl LookAnswer {
    /// The stable name in counters.
    pub fn as_str(self) -> &'static str {
        match self {
            LookAnswer::News => "news",
            LookAnswer::Same => "same",
            LookAnswer::Unknown => "unknown",
        }
    }
}

/// A question of a person or of somebody in the shop to the courier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LookAsked {
    /// When it was asked for.
    pub at: Timestamp,
    /// Whether somebody in the shop asked, not the person who waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_shop: bool,
    /// What the courier said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<LookAnswer>,
    /// When it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
}

impl LookAsked {
    /// Whether it still goes ahead of other looks.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.answer.is_none() && !passed(self.at, ASK_OPEN_MINUTES, now)
    }

    /// When the next question about the same parcel is taken.
    pub fn again_at(&self) -> Timestamp {
        let wait = SignedDuration::from_mins(ASK_AGAIN_MINUTES);
        self.at.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// Why asking the courier helps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskReason {
    /// Its delivery was told and taken back.
    TakenBack,
    /// Its person reported that it did not come.
    NotReceived,
    /// The courier has told nothing for longer than usual.
    Silent,
    /// It comes later than was promised or expected.
    Late,
}

/// Why the courier is not asked now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAsked {
    /// Nothing is wrong, or nothing more is to come.
    NoUse,
    /// It was asked within [`ASK_AGAIN_MINUTES`].
    Asked(LookAsked),
    /// It was looked at within [`ASK_FRESH_MINUTES`], then.
    Looked(Timestamp),
    /// [`ASKS_PER_DAY_MAX`] were asked.
    DayOver,
}

impl Parcel {
    /// The last question about it.
    pub fn last_ask(&self) -> Option<&LookAsked> {
        self.asked.last()
    }

    /// Keeps a question of the person, or of the shop.
    pub fn ask(&mut self, at: Timestamp, by_shop: bool) {
        self.asked.push(LookAsked {
            at,
            by_shop,
            answer: None,
            answered_at: None,
        });
        let over = self.asked.len().saturating_sub(ASKS_KEPT_MAX);
        self.asked.drain(..over);
    }

    /// Records what the courier said to the question of that time. Returns whether it was open.
    pub fn answer_ask(
        &mut self,
        asked_at: Timestamp,
        answer: LookAnswer,
        answered_at: Timestamp,
    ) -> bool {
        let mut asked = self.asked.iter_mut();
        let Some(ask) = asked.find(|ask| ask.at == asked_at && ask.answer.is_none()) else {
            return false;
        };
        ask.answer = Some(answer);
        ask.answered_at = Some(answered_at);
        true
    }

    /// Whether a delivery was told, and the newest one taken back, while the person does not have it.
    fn is_taken_back(&self) -> bool {
        let mut newest = self.checkpoints.iter().rev();
        let delivery = newest.find(|known| known.checkpoint.state.is_possession());
        !self.state.is_possession() && delivery.is_some_and(|known| known.revoked_at.is_some())
    }
}

impl Order {
    /// Why asking the courier about a parcel of this order helps now, if it does.
    pub fn why_ask(&self, parcel: &Parcel, now: Timestamp, zone: &TimeZone) -> Option<AskReason> {
        let over = matches!(
            parcel.state,
            ParcelState::Returned
                | ParcelState::Lost
                | ParcelState::Cancelled
                | ParcelState::Expired
        );
        if over
            || !parcel.is_live()
            || parcel.direction == Direction::Return
            || parcel.snapshot.number.is_none()
        {
            return None;
        }
        if parcel.is_taken_back() {
            return Some(AskReason::TakenBack);
        }
        let not_received = self.problems.iter().any(|problem| {
            problem.kind == ProblemKind::NotReceived
                && problem.parcel.is_none_or(|seq| seq == parcel.seq)
                && !passed(problem.at, NOT_RECEIVED_DAYS * 24 * 60, now)
                && parcel.delivered_at.is_none_or(|at| at <= problem.at)
        });
        if not_received {
            return Some(AskReason::NotReceived);
        }
        if parcel.state.is_possession() {
            return None;
        }
        if parcel.silent_since.is_some() {
            return Some(AskReason::Silent);
        }
        let waits = parcel.state.needs_somebody() || parcel.state == ParcelState::ReadyForPickup;
        if waits || !parcel.is_shipped() {
            return None;
        }
        let today = zone.to_datetime(now).date();
        let passed = |day: Option<jiff::civil::Date>| day.is_some_and(|day| day < today);
        let late = parcel.delay_told.is_some()
            || passed(self.snapshot.promised_on)
            || passed(crate::advance::expected_until(parcel, zone));
        late.then_some(AskReason::Late)
    }

    /// Whether the courier may be asked about a parcel of this order now, `looked_at` being when it was last asked by
    /// itself.
    ///
    /// # Errors
    /// [`NotAsked`]: why not.
    pub fn may_ask(
        &self,
        parcel: &Parcel,
        looked_at: Option<Timestamp>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<AskReason, NotAsked> {
        let why = self.why_ask(parcel, now, zone).ok_or(NotAsked::NoUse)?;
        if let Some(last) = parcel.last_ask()
            && now < last.again_at()
        {
            return Err(NotAsked::Asked(*last));
        }
        if let Some(at) = looked_at.filter(|at| !passed(*at, ASK_FRESH_MINUTES, now)) {
            return Err(NotAsked::Looked(at));
        }
        let asked = self.tracked.iter().flat_map(|parcel| &parcel.asked);
        let today = asked.filter(|ask| !passed(ask.at, DAY_HOURS * 60, now));
        if today.count() >= ASKS_PER_DAY_MAX {
            return Err(NotAsked::DayOver);
        }
        Ok(why)
    }
}

/// Whether so many minutes have passed.
fn passed(since: Timestamp, minutes: i64, now: Timestamp) -> bool {
    now.duration_since(since) >= SignedDuration::from_mins(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Problem;
    use crate::parcel::{Checkpoint, ParcelSnapshot, ScanSource, Telling};

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").unwrap()
    }

    /// An order with parcels that are in this state since the 20th.
    fn order(states: &[ParcelState]) -> Order {
        let at = ts("2026-11-20T09:00:00Z");
        let mut order: Order = serde_json::from_value(serde_json::json!({
            "id": 1, "customer_id": 2, "external_id": "1", "number": "#1", "placed_at": at, "updated_at": at,
            "person": {}, "lines": [], "total": { "cents": 100, "currency": "EUR" }, "payment": "paid"
        }))
        .unwrap();
        for (seq, state) in states.iter().enumerate() {
            let mut parcel = Parcel {
                seq: seq as u16,
                snapshot: ParcelSnapshot {
                    number: Some(seq.to_string()),
                    shipped_at: Some(at),
                    ..ParcelSnapshot::default()
                },
                ..Parcel::default()
            };
            parcel.learn(Checkpoint::new(at, *state), at);
            order.tracked.push(parcel);
        }
        order
    }

    fn why(order: &Order, now: &str) -> Option<AskReason> {
        order.why_ask(&order.tracked[0], ts(now), &rome())
    }

    const NOW: &str = "2026-11-21T09:00:00Z";

    #[test]
    fn the_courier_is_asked_where_something_is_wrong() {
        use ParcelState::{Delivered, HeldAtDepot, InTransit, Lost};
        assert_eq!(why(&order(&[InTransit]), NOW), None);
        assert_eq!(why(&order(&[Delivered]), NOW), None);

        let mut late = order(&[InTransit]);
        late.snapshot.promised_on = Some(jiff::civil::date(2026, 11, 20));
        assert_eq!(why(&late, NOW), Some(AskReason::Late));
        assert_eq!(why(&late, "2026-11-20T22:59:00Z"), None, "still that day");
        late.tracked[0].learn(
            Checkpoint::new(ts("2026-11-20T12:00:00Z"), HeldAtDepot),
            ts("2026-11-20T12:00:00Z"),
        );
        assert_eq!(why(&late, NOW), None, "its person must choose");

        let mut silent = order(&[InTransit]);
        silent.tracked[0].silent_since = Some(ts("2026-11-20T09:00:00Z"));
        assert_eq!(why(&silent, NOW), Some(AskReason::Silent));
        let mut lost = order(&[Lost]);
        lost.tracked[0].silent_since = silent.tracked[0].silent_since;
        assert_eq!(why(&lost, NOW), None, "nothing more is to come");

        let mut missing = order(&[Delivered]);
        missing.problems.push(Problem {
            kind: ProblemKind::NotReceived,
            parcel: Some(0),
            text: None,
            photos: vec![],
            at: ts("2026-11-20T18:00:00Z"),
        });
        assert_eq!(why(&missing, NOW), Some(AskReason::NotReceived));
        missing.problems[0].parcel = Some(1);
        assert_eq!(why(&missing, NOW), None, "another parcel");

        let mut taken_back = order(&[InTransit]);
        let scan = Checkpoint {
            source: ScanSource::Carrier,
            ..Checkpoint::new(ts("2026-11-20T15:00:00Z"), Delivered)
        };
        taken_back.tracked[0].learn(scan, ts("2026-11-20T15:00:00Z"));
        assert_eq!(why(&taken_back, NOW), None);
        let told = Telling {
            scans: vec![
                Checkpoint {
                    source: ScanSource::Carrier,
                    ..Checkpoint::new(ts("2026-11-20T08:00:00Z"), InTransit)
                }
                .into(),
            ],
            complete: true,
            ..Telling::default()
        };
        taken_back.tracked[0].hear(&told, ts("2026-11-20T16:00:00Z"));
        assert_eq!(why(&taken_back, NOW), Some(AskReason::TakenBack));
        taken_back.tracked[0].direction = Direction::Return;
        assert_eq!(why(&taken_back, NOW), None);
    }

    #[test]
    fn it_is_asked_seldom_and_never_when_it_was_just_looked_at() {
        let mut order = order(&[ParcelState::InTransit, ParcelState::InTransit]);
        order.snapshot.promised_on = Some(jiff::civil::date(2026, 11, 20));
        let may = |order: &Order, seq: usize, looked: Option<&str>, now: &str| {
            order.may_ask(&order.tracked[seq], looked.map(ts), ts(now), &rome())
        };
        assert_eq!(may(&order, 0, None, NOW), Ok(AskReason::Late));
        assert_eq!(
            may(&order, 0, Some("2026-11-21T08:51:00Z"), NOW),
            Err(NotAsked::Looked(ts("2026-11-21T08:51:00Z")))
        );
        assert!(may(&order, 0, Some("2026-11-21T08:50:00Z"), NOW).is_ok());

        order.tracked[0].ask(ts(NOW), false);
        let asked = order.tracked[0].asked[0];
        assert!(asked.is_open(ts("2026-11-21T09:29:59Z")));
        assert!(!asked.is_open(ts("2026-11-21T09:30:00Z")));
        let soon = "2026-11-21T09:59:59Z";
        assert_eq!(may(&order, 0, None, soon), Err(NotAsked::Asked(asked)));
        assert!(may(&order, 1, None, soon).is_ok(), "the other parcel");
        assert!(may(&order, 0, None, "2026-11-21T10:00:00Z").is_ok());

        for hour in 10..15 {
            order.tracked[0].ask(ts(&format!("2026-11-21T{hour}:00:00Z")), hour % 2 == 0);
        }
        assert_eq!(order.tracked[0].asked.len(), ASKS_PER_DAY_MAX);
        let later = "2026-11-21T16:00:00Z";
        assert_eq!(may(&order, 0, None, later), Err(NotAsked::DayOver));
        assert_eq!(may(&order, 1, None, later), Err(NotAsked::DayOver));
        assert!(may(&order, 1, None, "2026-11-22T09:00:00Z").is_ok());
    }

    #[test]
    fn an_answer_belongs_to_its_question_and_comes_once() {
        let mut parcel = order(&[ParcelState::InTransit]).tracked.remove(0);
        parcel.ask(ts(NOW), true);
        let later = ts("2026-11-21T09:01:00Z");
        assert!(!parcel.answer_ask(later, LookAnswer::Same, later));
        assert!(parcel.answer_ask(ts(NOW), LookAnswer::Same, later));
        assert!(!parcel.answer_ask(ts(NOW), LookAnswer::News, later));
        let last = parcel.last_ask().unwrap();
        assert_eq!(
            (last.answer, last.answered_at, last.by_shop),
            (Some(LookAnswer::Same), Some(later), true)
        );
        assert!(!last.is_open(later));
    }
}
