//! The working copy of the facts of one batch, and which of them changed.

use super::{Decided, Keys, Loaded, Shop, Writes};
use crate::event::{Arrival, Event, ParcelRef};
use crate::id::{CustomerId, FRESH_IDS_MAX, Fresh, OrderId, RunId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// One batch in work.
pub(super) struct World<'a> {
    pub(super) shop: &'a Shop,
    pub(super) loaded: Loaded,
    pub(super) now: Timestamp,
    pub(super) entropy: u128,
    pub(super) writes: Writes,
    pub(super) customers: BTreeSet<CustomerId>,
    pub(super) orders: BTreeSet<OrderId>,
    pub(super) carts: BTreeSet<String>,
    pub(super) runs: BTreeSet<RunId>,
    /// Ids of the arrival in work, and how many are used.
    fresh: Fresh,
    used: u16,
    /// Today in the shop's zone.
    day: Date,
    /// Whether counters are moved; a rehearsal has none.
    pub(super) counting: bool,
    /// How often the state machine of a run was asked.
    pub(super) steps: u64,
}

impl<'a> World<'a> {
    pub(super) fn new(shop: &'a Shop, loaded: Loaded, now: Timestamp, entropy: u128) -> Self {
        let zone = TimeZone::get(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        World {
            shop,
            loaded,
            now,
            entropy,
            writes: Writes::default(),
            customers: BTreeSet::new(),
            orders: BTreeSet::new(),
            carts: BTreeSet::new(),
            runs: BTreeSet::new(),
            fresh: Fresh(0),
            used: 0,
            day: zone.to_datetime(now).date(),
            counting: true,
            steps: 0,
        }
    }

    /// Begins an arrival: its ids are used from now on.
    pub(super) fn begin(&mut self, fresh: Fresh) {
        self.fresh = fresh;
        self.used = 0;
    }

    /// An unused id; `None` when the arrival's 256 are used up.
    pub(super) fn next_id(&mut self) -> Option<i64> {
        if self.used >= FRESH_IDS_MAX {
            return None;
        }
        let id = self.fresh.nth(self.used as u8);
        self.used += 1;
        Some(id)
    }

    /// Moves a counter of today.
    pub(super) fn count(&mut self, metric: &str, dim: impl Into<String>, n: i64) {
        if self.counting {
            self.writes
                .counters
                .add(self.shop.id, self.day, metric, dim, n);
        }
    }

    /// Keeps an arrival for the operator: it cannot be used.
    pub(super) fn unusable(&mut self, arrival: &Arrival, why: &str) {
        self.count("events.unusable", arrival.event.kind(), 1);
        self.writes.unusable.push((
            arrival.source.clone(),
            arrival.external_id.clone(),
            why.to_owned(),
        ));
    }

    /// Gathers what changed.
    pub(super) fn finish(self) -> Writes {
        self.finish_keeping().writes
    }

    /// Gathers what changed, and hands back the facts that did not.
    pub(super) fn finish_keeping(mut self) -> Decided {
        // A customer that was merged away in this batch is not written again.
        let gone: BTreeSet<CustomerId> = self.writes.merges.iter().map(|(from, _)| *from).collect();
        for id in &self.customers {
            if let Some(customer) = self.loaded.customers.remove(id)
                && !gone.contains(id)
            {
                self.writes.customers.push(customer);
            }
        }
        for id in &self.orders {
            self.writes.orders.extend(self.loaded.orders.remove(id));
        }
        for id in &self.carts {
            self.writes.carts.extend(self.loaded.carts.remove(id));
        }
        for id in &self.runs {
            self.writes.runs.extend(self.loaded.runs.remove(id));
        }
        Decided {
            writes: self.writes,
            rest: self.loaded,
            steps: self.steps,
        }
    }
}

/// What must be loaded and locked before these arrivals can be decided.
pub fn keys(arrivals: &[Arrival]) -> Keys {
    let mut keys = Keys::default();
    for arrival in arrivals {
        match &arrival.event {
            Event::OrderUpdated { order } => {
                keys.identities.extend(order.person.who.keys());
                keys.orders.insert(order.external_id.clone());
                keys.carts.extend(order.cart_id.clone());
                keys.parcel_numbers
                    .extend(order.parcels.iter().filter_map(|p| p.number.clone()));
                let unknown = order.lines.iter().filter(|l| l.category.is_none());
                keys.products
                    .extend(unknown.filter_map(|l| l.product_id.clone()));
            }
            Event::OrderCancelled { order }
            | Event::OrderRefunded { order, .. }
            | Event::ReturnUpdated { order, .. } => {
                keys.orders.insert(order.clone());
            }
            Event::ParcelUpdated { order, parcel } => {
                keys.orders.insert(order.clone());
                keys.parcel_numbers.extend(parcel.number.clone());
            }
            Event::ParcelScanned { parcel, .. } | Event::ParcelScanRevoked { parcel, .. } => {
                let ParcelRef { order, number, .. } = parcel;
                keys.orders.extend(order.clone());
                keys.parcel_numbers.extend(number.clone());
            }
            Event::CartUpdated { cart } => {
                keys.identities.extend(cart.person.who.keys());
                keys.carts.insert(cart.external_id.clone());
            }
            Event::CartRemoved { cart } => {
                keys.carts.insert(cart.clone());
            }
            Event::CustomerUpdated { person, .. } => keys.identities.extend(person.who.keys()),
            Event::CustomerMerged { into, from } => {
                keys.identities.extend(into.keys());
                keys.identities.extend(from.keys());
            }
            Event::ConsentChanged { person, .. }
            | Event::DataRequested { person }
            | Event::CustomerForgotten { person } => keys.identities.extend(person.keys()),
            Event::PreferencesChanged { customer, .. } => {
                keys.customers.insert(*customer);
            }
            Event::MessageOpened { message, .. }
            | Event::MessageClicked { message, .. }
            | Event::MessageReplied { message }
            | Event::MessageBounced { message, .. }
            | Event::MessageComplained { message }
            | Event::MessageHeldBack { message }
            | Event::ReminderRequested { message } => {
                keys.messages.insert(*message);
            }
            Event::ShopForgotten {}
            | Event::ShopDisconnected {}
            | Event::ProductUpdated { .. }
            | Event::ProductRemoved { .. } => {}
        }
    }
    keys
}
