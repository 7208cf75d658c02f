//! When a parcel is expected: by the courier's word where there is one, else by our estimate; told as wide as it is.

use super::{Delay, Fact, Page};
use crate::words::fill;
use dopo_core::italy::format;
use dopo_core::parcel::{Direction, Parcel, ParcelState};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// Whose word it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    Courier,
    Ours,
}

/// When a parcel is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// On one day, between two hours; always the courier's word.
    Hours {
        day: Date,
        from: Time,
        until: Time,
        end: Timestamp,
    },
    /// On one of these days, both included.
    Days {
        from: Date,
        until: Date,
        whose: Whose,
    },
}

impl Expected {
    /// The last day.
    pub(super) fn until(&self) -> Date {
        match self {
            Expected::Hours { day, .. } => *day,
            Expected::Days { until, .. } => *until,
        }
    }
}

impl Page<'_> {
    fn by_courier(&self, parcel: &Parcel) -> Option<Expected> {
        let days = |from, until| Expected::Days {
            from,
            until,
            whose: Whose::Courier,
        };
        match parcel.window {
            Some(window) => {
                let from = window.from.to_zoned(self.zone.clone());
                let until = window.until.to_zoned(self.zone.clone());
                Some(if !window.days && from.date() == until.date() {
                    Expected::Hours {
                        day: from.date(),
                        from: from.time(),
                        until: until.time(),
                        end: window.until,
                    }
                } else {
                    days(from.date(), until.date())
                })
            }
            None => parcel.snapshot.expected_on.map(|day| days(day, day)),
        }
    }

    fn by_us(&self, parcel: &Parcel) -> Option<Expected> {
        parcel.estimate.map(|estimate| Expected::Days {
            from: estimate.from,
            until: estimate.until,
            whose: Whose::Ours,
        })
    }

    /// When a parcel is expected, in the best word there is.
    pub(super) fn expected(&self, parcel: &Parcel) -> Option<Expected> {
        let courier = self.by_courier(parcel);
        let passed = courier.zip(parcel.estimate);
        if passed.is_some_and(|(told, estimate)| estimate.supersedes(told.until())) {
            return self.by_us(parcel);
        }
        courier.or_else(|| self.by_us(parcel))
    }

    /// `domani tra le 10 e le 14`, `tra giovedì 26 e sabato 28 novembre`, `entro sabato 28 novembre`.
    pub(super) fn phrase(&self, expected: Expected) -> String {
        let today = self.today();
        match expected {
            Expected::Hours {
                day, from, until, ..
            } => format!(
                "{} {}",
                self.voice.on_day_short(day, today),
                self.voice.hours(from, until)
            ),
            Expected::Days { from, until, .. } if from == until => self.when(until),
            Expected::Days { from, until, .. } if from <= today => {
                let date = self.voice.day_short(until, today);
                fill(self.voice.by_day(), &[("date", &date)])
            }
            Expected::Days { from, until, .. } => self.voice.days(from, until, today),
        }
    }

    /// Whether nothing more is expected of it here: there, gone back, at its end.
    fn is_over(parcel: &Parcel) -> bool {
        parcel.state.is_possession()
            || parcel.direction == Direction::Return
            || matches!(
                parcel.state,
                ParcelState::Refused
                    | ParcelState::Returning
                    | ParcelState::Returned
                    | ParcelState::Lost
                    | ParcelState::Cancelled
                    | ParcelState::Expired
            )
    }

    /// Whether a delivery of it still lies ahead.
    pub(super) fn is_awaited(&self, parcel: &Parcel) -> bool {
        let ahead = |e: Expected| match e {
            Expected::Hours { end, .. } => end >= self.now,
            Expected::Days { until, .. } => until >= self.today(),
        };
        parcel.is_live() && !Self::is_over(parcel) && self.expected(parcel).is_some_and(ahead)
    }

    /// The day that was promised, where the parcel is expected after it.
    pub(super) fn late_for(&self, parcel: &Parcel) -> Option<Date> {
        let promised = self.order.snapshot.promised_on?;
        let expected = self.expected(parcel)?;
        (!Self::is_over(parcel) && expected.until() > promised).then_some(promised)
    }

    /// The delay of a parcel, with what is known of its cause.
    pub(super) fn delay(&self, parcel: &Parcel) -> Option<Delay> {
        let promised = self.late_for(parcel)?;
        let date = self.absolute(promised);
        Some(Delay {
            text: fill(self.voice.delay_text(), &[("promised", &date)]),
            why: self
                .why(parcel)
                .unwrap_or_else(|| self.voice.delay_unknown()),
        })
    }

    /// The newest reason that a scan of this parcel gave, as a sentence.
    pub(super) fn why(&self, parcel: &Parcel) -> Option<&'static str> {
        let reason = parcel.reason.as_deref().or_else(|| {
            let mut standing = parcel.checkpoints.iter().rev();
            let said = standing.find(|k| k.revoked_at.is_none() && k.checkpoint.reason.is_some());
            said.and_then(|k| k.checkpoint.reason.as_deref())
        });
        self.voice.reason(reason?)
    }

    /// Promised, the courier's and our own days side by side, where they differ. Promise and the courier's word stand also
    /// when they were not kept; an estimate of ours that has passed says nothing.
    pub(super) fn dates(&self, parcel: &Parcel) -> Vec<Fact> {
        if Self::is_over(parcel) {
            return Vec::new();
        }
        let v = self.voice;
        let promised = self.order.snapshot.promised_on;
        let courier = self.by_courier(parcel);
        let ours = self
            .by_us(parcel)
            .filter(|ours| ours.until() >= self.today());
        let mut ends: Vec<Date> = promised
            .into_iter()
            .chain(courier.map(|e| e.until()))
            .chain(ours.map(|e| e.until()))
            .collect();
        let words = ends.len();
        ends.dedup();
        if words < 2 || ends.len() < 2 {
            return Vec::new();
        }
        let mut facts = Vec::new();
        let mut add = |label, text: Option<String>| {
            facts.extend(text.map(|text| Fact { label, text }));
        };
        add(
            v.dates_shop(),
            promised.map(|day| fill(v.by_day(), &[("date", &self.absolute(day))])),
        );
        add(v.dates_courier(), courier.map(|e| self.phrase(e)));
        add(v.dates_ours(), ours.map(|e| self.phrase(e)));
        facts
    }

    /// What our own estimate rests on, where it is shown.
    pub(super) fn estimate_note(&self, parcel: &Parcel) -> Option<String> {
        let estimate = parcel
            .estimate
            .filter(|ours| !Self::is_over(parcel) && ours.until >= self.today())?;
        let ours_shown = parcel.window.is_none() || !self.dates(parcel).is_empty();
        ours_shown.then(|| {
            let sample = format::number(i64::from(estimate.sample), self.voice.locale);
            fill(
                self.voice.estimate_note(),
                &[
                    ("percent", &estimate.coverage_percent.to_string()),
                    ("n", &sample),
                ],
            )
        })
    }
}
