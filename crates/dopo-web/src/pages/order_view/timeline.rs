//! What happened to each parcel, newest first.

use super::{Entry, Page, Pickup, Tone, Track, carrier, web_url};
use crate::limits::TIMELINE_MAX;
use crate::words::{OrderStep, fill};
use dopo_core::italy::{clean_line, format};
use dopo_core::order::PaymentState;
use dopo_core::parcel::{ActBy, Direction, Parcel, ParcelState};
use jiff::Timestamp;

/// Lines of opening hours that are shown.
const HOURS_SHOWN_MAX: usize = 14;

impl Page<'_> {
    fn moment(&self, at: Timestamp, day_only: bool) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        let day = self.voice.day_short(zoned.date(), self.today());
        if day_only {
            day
        } else {
            format!("{day}, {}", format::time(zoned.time()))
        }
    }

    fn entry(&self, icon: &'static str, tone: Tone, what: &'static str, at: Timestamp) -> Entry {
        Entry {
            icon,
            tone,
            what,
            when: self.moment(at, false),
            datetime: at
                .to_zoned(self.zone.clone())
                .strftime("%Y-%m-%dT%H:%M:%S%:z")
                .to_string(),
            place: None,
            why: None,
            taken_back: false,
            current: false,
        }
    }

    fn order_entries(&self) -> Vec<Entry> {
        let s = &self.order.snapshot;
        let v = self.voice;
        vec![self.entry(
            "bag",
            Tone::Good,
            v.order_step(OrderStep::Placed),
            s.placed_at,
        )]
    }

    pub(super) fn tracks(&self) -> Vec<Track> {
        let parcels = self.parcels();
        let v = self.voice;
        let s = &self.order.snapshot;
        if parcels.is_empty() {
            let mut entries = self.order_entries();
            let step = match (s.cancelled_at, s.payment) {
                (Some(at), _) => Some(self.entry(
                    "cross",
                    Tone::Attention,
                    v.order_step(OrderStep::Cancelled),
                    at,
                )),
                (None, PaymentState::Refunded | PaymentState::Voided) => None,
                (None, PaymentState::Pending) if !s.cash_on_delivery => {
                    Some(self.running("wait", Tone::Attention, OrderStep::AwaitingPayment))
                }
                _ => Some(self.running("box", Tone::Calm, OrderStep::Preparing)),
            };
            entries.extend(step);
            entries.reverse();
            mark_current(&mut entries);
            return vec![Track {
                entries,
                ..Track::default()
            }];
        }
        let many = parcels.len() > 1;
        let all = parcels.len().to_string();
        parcels
            .iter()
            .enumerate()
            .map(|(i, parcel)| {
                let title = if many {
                    let n = (i + 1).to_string();
                    fill(v.parcel_n(), &[("n", &n), ("all", &all)])
                } else {
                    String::new()
                };
                self.track(parcel, title, many)
            })
            .collect()
    }

    /// A step that has no time: it is going on.
    fn running(&self, icon: &'static str, tone: Tone, step: OrderStep) -> Entry {
        Entry {
            icon,
            tone,
            what: self.voice.order_step(step),
            when: self.voice.now().to_owned(),
            datetime: String::new(),
            place: None,
            why: None,
            taken_back: false,
            current: true,
        }
    }

    fn track(&self, parcel: &Parcel, title: String, many: bool) -> Track {
        let v = self.voice;
        let mut entries = self.order_entries();
        // A delivery that was taken back stays to be seen; other scans that were taken back say nothing to the reader.
        let scans: Vec<_> = parcel
            .checkpoints
            .iter()
            .filter(|k| k.revoked_at.is_none() || k.checkpoint.state.is_possession())
            .collect();
        let returns = parcel.direction == Direction::Return;
        let handed_over = scans.iter().any(|k| {
            matches!(k.checkpoint.state, ParcelState::PickedUp) || k.checkpoint.state.is_under_way()
        });
        if let (Some(at), false) = (parcel.snapshot.shipped_at, handed_over) {
            entries.push(self.entry("truck", Tone::Calm, v.order_step(OrderStep::Shipped), at));
        }
        for known in &scans {
            let scan = &known.checkpoint;
            let taken_back = known.revoked_at.is_some();
            let (icon, tone) = if taken_back {
                ("cross", Tone::Attention)
            } else {
                look(scan.state)
            };
            let what = match scan.state {
                ParcelState::Delivered | ParcelState::Collected if returns => v.return_arrived(),
                ParcelState::OutForDelivery if returns => v.ps_in_transit(),
                ParcelState::Unknown => v.step_unknown(),
                state => v.parcel_state(state),
            };
            let mut entry = self.entry(icon, tone, what, scan.at);
            entry.taken_back = taken_back;
            entry.why = scan.reason.as_deref().and_then(|reason| v.reason(reason));
            entry.when = self.moment(scan.at, scan.day_only);
            if scan.day_only {
                entry.datetime = self.day(scan.at).to_string();
            }
            entry.place = scan
                .place
                .as_deref()
                .map(clean_line)
                .filter(|p| !p.is_empty());
            entries.push(entry);
        }
        entries.reverse();
        // Two scans that say the same at the same place are one for the reader; the newest stays.
        entries.dedup_by(|older, newer| {
            let same = |e: &Entry| (e.what, e.place.clone(), e.why, e.taken_back);
            same(older) == same(newer)
        });
        let hidden = entries.len().saturating_sub(TIMELINE_MAX);
        entries.truncate(TIMELINE_MAX);
        mark_current(&mut entries);
        let inside: Vec<String> = self
            .order
            .snapshot
            .lines
            .iter()
            .filter(|line| parcel.snapshot.lines.contains(&line.id))
            .map(|line| clean_line(&line.title))
            .collect();
        let waiting = !parcel.state.is_possession();
        Track {
            seq: Some(parcel.seq),
            ask: None,
            title,
            leg: match parcel.direction {
                Direction::Outbound => None,
                Direction::Return => Some(v.leg_return()),
                Direction::Redelivery => Some(v.leg_redelivery()),
            },
            // What the page says first is not said again beside the only parcel.
            turn: self
                .turn(parcel)
                .filter(|_| many || self.acting(parcel) != ActBy::Buyer),
            way: self.way(parcel),
            dates: self.dates(parcel),
            estimate_note: self.estimate_note(parcel),
            delay: self.delay(parcel),
            taken_back: self.taken_back(parcel),
            hold: self.hold_box(parcel).filter(|_| many),
            pickup: self.pickup(parcel).filter(|_| waiting),
            cod: self.cod(parcel),
            calendar: self
                .is_awaited(parcel)
                .then(|| self.link(&format!("calendar/{}.ics", parcel.seq))),
            former: parcel
                .former_numbers
                .last()
                .map(|number| clean_line(number))
                .filter(|number| !number.is_empty())
                .map(|number| fill(v.former_number(), &[("number", &number)])),
            by_carrier: carrier(parcel).map(|c| fill(v.by_carrier(), &[("carrier", &c)])),
            carrier: carrier(parcel),
            number: parcel
                .snapshot
                .number
                .as_deref()
                .map(clean_line)
                .filter(|n| !n.is_empty()),
            url: parcel
                .snapshot
                .url
                .as_deref()
                .and_then(web_url)
                .map(str::to_owned),
            contents: (many && !inside.is_empty())
                .then(|| fill(v.in_this_parcel(), &[("items", &inside.join(", "))])),
            entries,
            earlier: (hidden > 0).then(|| fill(v.earlier_steps(), &[("n", &hidden.to_string())])),
        }
    }
}

impl Page<'_> {
    /// A delivery that its carrier took back, where the parcel is not in the person's hands.
    fn taken_back(&self, parcel: &Parcel) -> Option<String> {
        if parcel.state.is_possession() || parcel.direction == Direction::Return {
            return None;
        }
        let mut newest = parcel.checkpoints.iter().rev();
        let revoked = newest.find(|k| k.checkpoint.state.is_possession())?;
        revoked.revoked_at?;
        let date = self.when(self.day(revoked.checkpoint.at));
        Some(fill(self.voice.taken_back(), &[("date", &date)]))
    }

    fn pickup(&self, parcel: &Parcel) -> Option<Pickup> {
        let point = parcel.pickup_point.as_ref()?;
        let tidy = |text: &Option<String>| {
            text.as_deref()
                .map(clean_line)
                .filter(|text| !text.is_empty())
        };
        let town = [tidy(&point.postal_code), tidy(&point.city)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        let lines: Vec<String> = [tidy(&point.name), tidy(&point.street), Some(town)]
            .into_iter()
            .flatten()
            .filter(|line| !line.is_empty())
            .collect();
        (!lines.is_empty() || !point.hours.is_empty()).then(|| Pickup {
            lines,
            hours: point
                .hours
                .iter()
                .take(HOURS_SHOWN_MAX)
                .map(|line| clean_line(line))
                .collect(),
            until: point.until.map(|day| self.absolute(day)),
        })
    }
}

fn mark_current(entries: &mut [Entry]) {
    if let Some(newest) = entries.iter_mut().find(|entry| !entry.taken_back) {
        newest.current = true;
    }
}

/// Icon and tone of a scan.
fn look(state: ParcelState) -> (&'static str, Tone) {
    match state {
        ParcelState::Unknown | ParcelState::Announced => ("box", Tone::Calm),
        ParcelState::PickedUp | ParcelState::InTransit | ParcelState::OutForDelivery => {
            ("truck", Tone::Calm)
        }
        ParcelState::Customs | ParcelState::AtDepot => ("depot", Tone::Calm),
        ParcelState::AttemptFailed => ("alert", Tone::Attention),
        ParcelState::ReadyForPickup => ("depot", Tone::Attention),
        ParcelState::HeldAtDepot => ("alert", Tone::Bad),
        ParcelState::Delivered | ParcelState::Collected => ("check", Tone::Good),
        ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
            ("back", Tone::Attention)
        }
        ParcelState::Lost | ParcelState::Expired => ("cross", Tone::Bad),
        ParcelState::Cancelled => ("cross", Tone::Attention),
    }
}
