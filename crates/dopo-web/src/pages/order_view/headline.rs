//! The one sentence at the top: where the order stands, what comes next, what to do.

use super::expected::{Expected, Whose};
use super::{Headline, Page, Tone};
use crate::words::fill;
use dopo_core::italy::clean_line;
use dopo_core::order::PaymentState;
use dopo_core::parcel::{ActBy, HoldOutcome, Parcel, ParcelState};
use jiff::civil::Date;

impl Page<'_> {
    pub(super) fn headline(&self) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let plain = |sentence: &str, next: &str| Headline {
            sentence: sentence.to_owned(),
            next: (!next.is_empty()).then(|| next.to_owned()),
            ..Headline::default()
        };
        if let Some(at) = s.cancelled_at {
            let sentence = fill(v.s_cancelled_on(), &[("date", &self.when(self.day(at)))]);
            let back = s.refunded.filter(|m| m.cents > 0);
            let next = match back {
                Some(m) => fill(v.s_refunded(), &[("amount", &self.amount(m))]),
                None if s.payment == PaymentState::Voided => String::new(),
                None => v.n_cancelled().to_owned(),
            };
            return (plain(&sentence, &next), Tone::Attention);
        }
        match s.payment {
            PaymentState::Refunded => {
                let amount = self.amount(s.refunded.unwrap_or(s.total));
                let sentence = fill(v.s_refunded(), &[("amount", &amount)]);
                return (plain(&sentence, v.n_refunded()), Tone::Calm);
            }
            PaymentState::Voided => return (plain(v.s_cancelled(), ""), Tone::Attention),
            _ => {}
        }
        let parcels = self.speaking();
        let Some(parcel) = parcels.iter().copied().min_by_key(|p| urgency(p.state)) else {
            return self.before_shipping();
        };
        let (mut headline, tone) = self.parcel_headline(parcel);
        let there = parcels.iter().filter(|p| p.delivered_at.is_some()).count();
        if there > 0 && there < parcels.len() {
            let (n, all) = (there.to_string(), parcels.len().to_string());
            let template = if there == 1 {
                v.s_partly_one()
            } else {
                v.s_partly()
            };
            let partly = fill(template, &[("n", &n), ("all", &all)]);
            headline.next = Some(match headline.next {
                Some(next) => format!("{partly} {next}"),
                None => partly,
            });
        }
        (headline, tone)
    }

    fn before_shipping(&self) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        if s.payment == PaymentState::Pending && !s.cash_on_delivery {
            let headline = Headline {
                sentence: v.s_waiting_payment().to_owned(),
                next: Some(v.n_waiting_payment().to_owned()),
                ..Headline::default()
            };
            return (headline, Tone::Attention);
        }
        match s.promised_on {
            Some(day) if day < self.day(self.now) => (
                Headline {
                    sentence: fill(v.s_late(), &[("date", &self.when(day))]),
                    next: Some(v.n_late().to_owned()),
                    action: Some(self.write_action(v.write_to_us())),
                    ..Headline::default()
                },
                Tone::Attention,
            ),
            promised => (
                Headline {
                    sentence: match promised {
                        Some(day) => fill(v.s_preparing_until(), &[("date", &self.absolute(day))]),
                        None => v.s_preparing().to_owned(),
                    },
                    next: Some(v.n_preparing().to_owned()),
                    ..Headline::default()
                },
                Tone::Calm,
            ),
        }
    }

    /// Who must act for a parcel to move on; an answer given to a hold hands the turn on.
    pub(super) fn acting(&self, parcel: &Parcel) -> ActBy {
        match parcel.question().and_then(|hold| hold.outcome.as_ref()) {
            Some(HoldOutcome::Asked | HoldOutcome::Accepted { .. } | HoldOutcome::Deferred) => {
                ActBy::Carrier
            }
            Some(HoldOutcome::ByHand) => ActBy::Shop,
            Some(HoldOutcome::Refused { .. }) | None => parcel.act_by,
        }
    }

    /// `Tocca a te, entro martedì 1° dicembre alle 18:00`.
    pub(super) fn turn(&self, parcel: &Parcel) -> Option<String> {
        let v = self.voice;
        let acting = self.acting(parcel);
        let turn = match acting {
            ActBy::Nobody => return None,
            ActBy::Buyer => v.turn_buyer(),
            ActBy::Shop => v.turn_shop(),
            ActBy::Carrier => v.turn_carrier(),
            ActBy::Customs => v.turn_customs(),
        };
        let rules = &self.shop.hold;
        let until = match (acting, parcel.question()) {
            (ActBy::Buyer, Some(hold)) => Some(hold.closes_at(rules)),
            (ActBy::Buyer | ActBy::Shop, None) => parcel.act_deadline,
            _ => None,
        };
        Some(match until.filter(|at| *at > self.now) {
            Some(at) => fill(
                v.turn_until(),
                &[("turn", turn), ("deadline", &self.deadline_words(at))],
            ),
            None => turn.to_owned(),
        })
    }

    fn parcel_headline(&self, parcel: &Parcel) -> (Headline, Tone) {
        let v = self.voice;
        let newest = parcel.newest();
        let newest_day = newest.map(|k| self.day(k.checkpoint.at));
        let write = || Some(self.write_action(v.write_to_us()));
        let choose = || {
            self.carrier_action(parcel, v.choose_delivery(), v.choose_delivery_plain())
                .or_else(write)
        };
        let on = |day: Option<Date>| self.when(day.unwrap_or(self.today()));
        let (sentence, next, action, tone) = match (parcel.state, self.hold_box(parcel)) {
            (_, Some(hold)) => {
                let action = match hold.action {
                    Some((label, href)) => Some(super::Action {
                        label: label.to_owned(),
                        href,
                        outside: false,
                    }),
                    None if hold.tone == Tone::Bad => write(),
                    None => None,
                };
                (hold.sentence, hold.next, action, hold.tone)
            }
            (ParcelState::HeldAtDepot, None) => (
                v.s_held().to_owned(),
                v.n_held().to_owned(),
                choose(),
                Tone::Bad,
            ),
            (ParcelState::AttemptFailed, None) => (
                fill(v.s_attempt(), &[("date", &on(newest_day))]),
                v.n_attempt().to_owned(),
                choose(),
                Tone::Attention,
            ),
            (ParcelState::ReadyForPickup, None) => self.pickup_words(parcel),
            (ParcelState::Lost | ParcelState::Expired, None) => (
                if parcel.state == ParcelState::Lost {
                    v.s_lost().to_owned()
                } else {
                    v.s_silent().to_owned()
                },
                v.n_lost().to_owned(),
                write(),
                Tone::Bad,
            ),
            (ParcelState::Refused | ParcelState::Returning | ParcelState::Returned, None) => {
                let sentence = match parcel.state {
                    ParcelState::Refused => v.s_refused(),
                    ParcelState::Returning => v.s_returning(),
                    _ => v.s_returned(),
                };
                let back = v.n_back().to_owned();
                (sentence.to_owned(), back, write(), Tone::Attention)
            }
            (ParcelState::Delivered | ParcelState::Collected, None) => {
                let day = on(parcel.delivered_at.map(|at| self.day(at)));
                let text = if parcel.state == ParcelState::Collected {
                    v.s_collected()
                } else {
                    v.s_delivered()
                };
                let action = super::Action {
                    label: v.problem_title().to_owned(),
                    href: self.link("problem"),
                    outside: false,
                };
                (
                    fill(text, &[("date", &day)]),
                    v.n_delivered().to_owned(),
                    Some(action),
                    Tone::Good,
                )
            }
            _ => self.moving_words(parcel, newest_day),
        };
        let late = tone != Tone::Good
            && (self.late_for(parcel).is_some() || parcel.state.needs_somebody());
        let why = (late || parcel.state == ParcelState::Customs)
            .then(|| self.why(parcel))
            .flatten();
        (
            Headline {
                sentence,
                why,
                next: Some(next),
                turn: (self.acting(parcel) == ActBy::Buyer)
                    .then(|| self.turn(parcel))
                    .flatten(),
                action,
            },
            tone,
        )
    }

    fn pickup_words(&self, parcel: &Parcel) -> (String, String, Option<super::Action>, Tone) {
        let v = self.voice;
        let scanned = || parcel.newest()?.checkpoint.place.as_deref();
        let point = parcel.pickup_point.as_ref();
        let place = point
            .and_then(|point| point.name.as_deref())
            .or_else(scanned);
        let place = place.map(clean_line).filter(|p| !p.is_empty());
        let sentence = match place {
            Some(place) => fill(v.s_pickup_at(), &[("place", &place)]),
            None => v.s_pickup().to_owned(),
        };
        let next = match point.and_then(|point| point.until) {
            Some(until) => fill(v.n_pickup_until(), &[("date", &self.absolute(until))]),
            None => v.n_pickup().to_owned(),
        };
        let action = self.carrier_action(parcel, v.where_to_collect(), v.where_to_collect());
        (sentence, next, action, Tone::Attention)
    }

    /// A parcel that nobody needs to help: when it comes, told as surely as it is known.
    fn moving_words(
        &self,
        parcel: &Parcel,
        newest_day: Option<Date>,
    ) -> (String, String, Option<super::Action>, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let today = self.today();
        let track = || self.carrier_action(parcel, v.track_parcel(), v.track_parcel_plain());
        let track_or_write = || track().or_else(|| Some(self.write_action(v.write_to_us())));
        let sorry = |sentence: String, next: &str| {
            (sentence, next.to_owned(), track_or_write(), Tone::Attention)
        };
        let calm = |sentence: String, next: &str| (sentence, next.to_owned(), track(), Tone::Calm);
        if let Some(since) = parcel.silent_since {
            let date = self.absolute(self.day(since));
            return sorry(fill(v.s_silent_since(), &[("date", &date)]), v.n_silent());
        }
        let expected = self.expected(parcel);
        let hours_today = match expected {
            Some(Expected::Hours {
                day,
                from,
                until,
                end,
            }) if day == today => Some((v.hours(from, until), end)),
            _ => None,
        };
        if let Some((hours, end)) = &hours_today
            && *end < self.now
        {
            let sentence = fill(v.s_window_over(), &[("hours", hours)]);
            return sorry(sentence, v.n_late());
        }
        if parcel.state == ParcelState::OutForDelivery {
            let sentence = match (expected, newest_day) {
                (Some(Expected::Hours { from, until, .. }), _) if hours_today.is_some() => {
                    let day = v.on_day_short(today, today);
                    let hours = v.hours(from, until);
                    fill(v.s_arrives_window(), &[("day", &day), ("hours", &hours)])
                }
                (_, Some(day)) if day < today => {
                    fill(v.s_out_since(), &[("date", &self.absolute(day))])
                }
                _ => v.s_out().to_owned(),
            };
            return match self.cod(parcel) {
                Some(amount) => calm(sentence, &fill(v.n_out_cod(), &[("amount", &amount)])),
                None => calm(sentence, v.n_out()),
            };
        }
        let last = expected.map(|e| e.until()).or(s.promised_on);
        if let Some(day) = last.filter(|day| *day < today) {
            return sorry(fill(v.s_late(), &[("date", &self.when(day))]), v.n_late());
        }
        if let (Some(promised), Some(expected)) = (self.late_for(parcel), expected) {
            let fields = [
                ("date", self.phrase(expected)),
                ("promised", v.day_short(promised, today)),
            ];
            let fields = fields.each_ref().map(|(name, text)| (*name, text.as_str()));
            return sorry(fill(v.s_delayed(), &fields), v.n_delayed());
        }
        let announced = matches!(
            parcel.state,
            ParcelState::Unknown | ParcelState::Announced | ParcelState::Cancelled
        ) && parcel.snapshot.shipped_at.is_none();
        if announced {
            return calm(v.s_announced().to_owned(), v.n_announced());
        }
        if parcel.state == ParcelState::Customs {
            return calm(v.s_customs().to_owned(), v.n_customs());
        }
        let at_depot = parcel.state == ParcelState::AtDepot;
        let (sentence, next) = match expected {
            Some(Expected::Hours {
                day, from, until, ..
            }) => {
                let day = v.on_day_short(day, today);
                let hours = v.hours(from, until);
                let fields = [("day", day.as_str()), ("hours", hours.as_str())];
                (fill(v.s_arrives_window(), &fields), v.n_window())
            }
            Some(days @ Expected::Days { whose, .. }) => {
                let phrase = self.phrase(days);
                let (text, next) = match whose {
                    Whose::Courier if at_depot => (v.s_arrives(), v.n_at_depot()),
                    Whose::Courier => (v.s_arrives(), v.n_under_way()),
                    Whose::Ours => (v.s_estimate(), v.n_estimate()),
                };
                (fill(text, &[("date", &phrase)]), next)
            }
            None => match (s.promised_on, at_depot) {
                (Some(day), _) => {
                    let date = v.day_short(day, today);
                    (fill(v.s_promised(), &[("date", &date)]), v.n_under_way())
                }
                (None, true) => (v.s_at_depot().to_owned(), v.n_at_depot()),
                (None, false) => (v.s_under_way().to_owned(), v.n_under_way()),
            },
        };
        calm(sentence, next)
    }
}

/// Which parcel the sentence is about: the one that needs somebody, then the one nearest to the door; a delivered one
/// only when all are.
fn urgency(state: ParcelState) -> u8 {
    match state {
        ParcelState::HeldAtDepot => 0,
        ParcelState::AttemptFailed => 1,
        ParcelState::ReadyForPickup => 2,
        ParcelState::Lost => 3,
        ParcelState::Expired => 4,
        ParcelState::Refused => 5,
        ParcelState::Returning => 6,
        ParcelState::Returned => 7,
        ParcelState::OutForDelivery => 8,
        ParcelState::AtDepot => 9,
        ParcelState::InTransit => 10,
        ParcelState::Customs => 11,
        ParcelState::PickedUp => 12,
        ParcelState::Announced => 13,
        ParcelState::Unknown => 14,
        ParcelState::Delivered => 15,
        ParcelState::Collected => 16,
        ParcelState::Cancelled => 17,
    }
}
