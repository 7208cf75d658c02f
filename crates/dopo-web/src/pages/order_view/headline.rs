//! The one sentence at the top: where the order stands, what comes next, what to do.

use super::{Headline, Page, Tone};
use crate::words::fill;
use dopo_core::italy::clean_line;
use dopo_core::order::PaymentState;
use dopo_core::parcel::{Parcel, ParcelState};
use jiff::civil::Date;

impl Page<'_> {
    pub(super) fn headline(&self) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let plain = |sentence: &str, next: &str| Headline {
            sentence: sentence.to_owned(),
            next: (!next.is_empty()).then(|| next.to_owned()),
            action: None,
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
        let parcels = self.parcels();
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
                action: None,
            };
            return (headline, Tone::Attention);
        }
        match s.promised_on {
            Some(day) if day < self.day(self.now) => (
                Headline {
                    sentence: fill(v.s_late(), &[("date", &self.when(day))]),
                    next: Some(v.n_late().to_owned()),
                    action: Some(self.write_action(v.write_to_us())),
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
                    action: None,
                },
                Tone::Calm,
            ),
        }
    }

    fn parcel_headline(&self, parcel: &Parcel) -> (Headline, Tone) {
        let v = self.voice;
        let s = &self.order.snapshot;
        let newest = parcel
            .checkpoints
            .iter()
            .rev()
            .find(|k| k.revoked_at.is_none());
        let newest_day = newest.map(|k| self.day(k.checkpoint.at));
        let today = self.day(self.now);
        let track = || self.carrier_action(parcel, v.track_parcel(), v.track_parcel_plain());
        let choose = || {
            self.carrier_action(parcel, v.choose_delivery(), v.choose_delivery_plain())
                .or_else(|| Some(self.write_action(v.write_to_us())))
        };
        let on = |day: Option<Date>| self.when(day.unwrap_or(today));
        let expected = parcel.snapshot.expected_on.or(s.promised_on);
        let (sentence, next, action, tone) = match parcel.state {
            ParcelState::HeldAtDepot => (
                v.s_held().to_owned(),
                v.n_held().to_owned(),
                choose(),
                Tone::Bad,
            ),
            ParcelState::AttemptFailed => (
                fill(v.s_attempt(), &[("date", &on(newest_day))]),
                v.n_attempt().to_owned(),
                choose(),
                Tone::Attention,
            ),
            ParcelState::ReadyForPickup => {
                let place = newest
                    .and_then(|k| k.checkpoint.place.as_deref())
                    .map(clean_line);
                let sentence = match place.filter(|p| !p.is_empty()) {
                    Some(place) => fill(v.s_pickup_at(), &[("place", &place)]),
                    None => v.s_pickup().to_owned(),
                };
                let action =
                    self.carrier_action(parcel, v.where_to_collect(), v.where_to_collect());
                (sentence, v.n_pickup().to_owned(), action, Tone::Attention)
            }
            ParcelState::Lost => (
                v.s_lost().to_owned(),
                v.n_lost().to_owned(),
                Some(self.write_action(v.write_to_us())),
                Tone::Bad,
            ),
            ParcelState::Expired => (
                v.s_silent().to_owned(),
                v.n_lost().to_owned(),
                Some(self.write_action(v.write_to_us())),
                Tone::Bad,
            ),
            ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
                let sentence = match parcel.state {
                    ParcelState::Refused => v.s_refused(),
                    ParcelState::Returning => v.s_returning(),
                    _ => v.s_returned(),
                };
                let action = Some(self.write_action(v.write_to_us()));
                (
                    sentence.to_owned(),
                    v.n_back().to_owned(),
                    action,
                    Tone::Attention,
                )
            }
            ParcelState::OutForDelivery => {
                let sentence = match newest_day {
                    Some(day) if day < today => {
                        fill(v.s_out_since(), &[("date", &self.absolute(day))])
                    }
                    _ => v.s_out().to_owned(),
                };
                let next = if s.cash_on_delivery {
                    fill(v.n_out_cod(), &[("amount", &self.amount(s.total))])
                } else {
                    v.n_out().to_owned()
                };
                (sentence, next, track(), Tone::Calm)
            }
            ParcelState::Delivered | ParcelState::Collected => {
                let day = on(parcel.delivered_at.map(|at| self.day(at)));
                let text = if parcel.state == ParcelState::Collected {
                    v.s_collected()
                } else {
                    v.s_delivered()
                };
                let action = Some(self.write_action(v.something_wrong()));
                (
                    fill(text, &[("date", &day)]),
                    v.n_delivered().to_owned(),
                    action,
                    Tone::Good,
                )
            }
            _ if expected.is_some_and(|day| day < today) => (
                fill(v.s_late(), &[("date", &on(expected))]),
                v.n_late().to_owned(),
                track().or_else(|| Some(self.write_action(v.write_to_us()))),
                Tone::Attention,
            ),
            ParcelState::Unknown | ParcelState::Announced | ParcelState::Cancelled
                if parcel.snapshot.shipped_at.is_none() =>
            {
                (
                    v.s_announced().to_owned(),
                    v.n_announced().to_owned(),
                    track(),
                    Tone::Calm,
                )
            }
            ParcelState::Customs => (
                v.s_customs().to_owned(),
                v.n_customs().to_owned(),
                track(),
                Tone::Calm,
            ),
            state => {
                let sentence = match expected {
                    Some(day) => fill(v.s_arrives(), &[("date", &self.when(day))]),
                    None if state == ParcelState::AtDepot => v.s_at_depot().to_owned(),
                    None => v.s_under_way().to_owned(),
                };
                let next = if state == ParcelState::AtDepot {
                    v.n_at_depot()
                } else {
                    v.n_under_way()
                };
                (sentence, next.to_owned(), track(), Tone::Calm)
            }
        };
        (
            Headline {
                sentence,
                next: Some(next),
                action,
            },
            tone,
        )
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
