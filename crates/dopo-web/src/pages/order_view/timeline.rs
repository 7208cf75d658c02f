//! What happened to each parcel, newest first.

use super::{Entry, Page, Tone, Track, carrier, web_url};
use crate::limits::TIMELINE_MAX;
use crate::words::{OrderStep, fill};
use dopo_core::italy::{clean_line, format};
use dopo_core::order::PaymentState;
use dopo_core::parcel::{Parcel, ParcelState};
use jiff::Timestamp;

impl Page<'_> {
    fn moment(&self, at: Timestamp, day_only: bool) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        let day = format::relative_word(zoned.date(), self.day(self.now), self.voice.locale)
            .map_or_else(|| self.absolute(zoned.date()), str::to_owned);
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
                title: String::new(),
                carrier: None,
                by_carrier: None,
                number: None,
                url: None,
                contents: None,
                entries,
                earlier: None,
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
            current: true,
        }
    }

    fn track(&self, parcel: &Parcel, title: String, many: bool) -> Track {
        let v = self.voice;
        let mut entries = self.order_entries();
        let scans: Vec<_> = parcel
            .checkpoints
            .iter()
            .filter(|k| k.revoked_at.is_none())
            .collect();
        let handed_over = scans.iter().any(|k| {
            matches!(k.checkpoint.state, ParcelState::PickedUp) || k.checkpoint.state.is_under_way()
        });
        if let (Some(at), false) = (parcel.snapshot.shipped_at, handed_over) {
            entries.push(self.entry("truck", Tone::Calm, v.order_step(OrderStep::Shipped), at));
        }
        for known in &scans {
            let scan = &known.checkpoint;
            let (icon, tone) = look(scan.state);
            let mut entry = self.entry(icon, tone, v.parcel_state(scan.state), scan.at);
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
        entries.dedup_by(|older, newer| older.what == newer.what && older.place == newer.place);
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
        Track {
            title,
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

fn mark_current(entries: &mut [Entry]) {
    if let Some(first) = entries.first_mut() {
        first.current = true;
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
