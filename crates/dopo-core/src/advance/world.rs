//! The working copy of the facts of one batch, and which of them changed.

use super::figures::OrderGauge;
use super::performance::Performance;
use super::{Decided, Keys, Loaded, Shop, Writes};
use crate::counter::Name;
use crate::customer::IdentityKey;
use crate::event::{Arrival, Event, ParcelRef};
use crate::id::{CustomerId, EffectId, FRESH_IDS_MAX, Fresh, OrderId, RunId};
use crate::italy::hours::zone_named;
use crate::journey::Place;
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
    /// Kind of the event in work.
    pub(super) kind: &'static str,
    /// Today in the shop's zone.
    pub(super) day: Date,
    /// Whether counters are moved; a rehearsal has none.
    pub(super) counting: bool,
    /// How often the state machine of a run was asked.
    pub(super) steps: u64,
    /// What the loaded orders and runs counted for in the gauges, by id.
    orders_before: Vec<(OrderId, OrderGauge)>,
    runs_before: Vec<(RunId, Place)>,
    /// What the parcels of the loaded orders counted for, by order; orders without a courier are left out.
    performance_before: Vec<(OrderId, Vec<Option<Performance>>)>,
    /// The shop's zone.
    zone: TimeZone,
    /// People made, less records that were merged away.
    people: i64,
}

impl<'a> World<'a> {
    pub(super) fn new(
        shop: &'a Shop,
        loaded: Loaded,
        now: Timestamp,
        entropy: u128,
        counting: bool,
    ) -> Self {
        let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let (mut day, mut orders_before, mut runs_before) = (Date::ZERO, Vec::new(), Vec::new());
        let mut performance_before = Vec::new();
        if counting {
            day = zone.to_datetime(now).date();
            for order in loaded.orders.values() {
                let performance = Performance::of_order(order, &zone);
                if !performance.is_empty() {
                    performance_before.push((order.id, performance));
                }
            }
            let orders = loaded.orders.values();
            orders_before.extend(orders.map(|order| (order.id, OrderGauge::of(order))));
            let runs = loaded.runs.values();
            runs_before.extend(runs.map(|run| (run.id, Place::of(&run.state))));
        }
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
            kind: "",
            day,
            counting,
            steps: 0,
            orders_before,
            runs_before,
            performance_before,
            zone,
            people: 0,
        }
    }

    /// Begins an arrival: its ids are used from now on.
    pub(super) fn begin(&mut self, fresh: Fresh, kind: &'static str) {
        self.kind = kind;
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
    pub(super) fn count(&mut self, metric: &'static str, dim: impl Into<Name>, n: i64) {
        if self.counting {
            self.writes
                .counters
                .add(self.shop.id, self.day, metric, dim, n);
        }
    }

    /// Moves a counter of today whose dimension is put together only where somebody counts.
    pub(super) fn count_about<N: Into<Name>>(
        &mut self,
        metric: &'static str,
        dim: impl FnOnce() -> N,
        n: i64,
    ) {
        if self.counting {
            self.count(metric, dim(), n);
        }
    }

    /// Moves the gauge of people.
    pub(super) fn count_person(&mut self, n: i64) {
        self.people += n;
    }

    /// Moves the gauges by what changed in this batch. Orders and tasks of a person who is forgotten are the store's to
    /// count out: not all of them are here.
    fn move_gauges(&mut self) {
        let shop = self.shop.id;
        let counters = &mut self.writes.counters;
        for id in &self.orders {
            let Some(order) = self.loaded.orders.get(id) else {
                continue;
            };
            let none = OrderGauge::default();
            let before = match self.orders_before.binary_search_by_key(id, |(id, _)| *id) {
                Ok(at) => &self.orders_before[at].1,
                Err(_) => &none,
            };
            let after = OrderGauge::of(order);
            if *before != after {
                before.move_to(&after, shop, counters);
            }
            let before = &self.performance_before;
            let before = match before.binary_search_by_key(id, |(id, _)| *id) {
                Ok(at) => self.performance_before[at].1.as_slice(),
                Err(_) => &[],
            };
            let after = Performance::of_order(order, &self.zone);
            Performance::count_change(before, &after, shop, counters);
        }
        for id in &self.runs {
            let Some(run) = self.loaded.runs.get(id) else {
                continue;
            };
            let before = match self.runs_before.binary_search_by_key(id, |(id, _)| *id) {
                Ok(at) => self.runs_before[at].1,
                Err(_) => Place::Nowhere,
            };
            let after = Place::of(&run.state);
            if before == after {
                continue;
            }
            for (place, n) in [(before, -1), (after, 1)] {
                if let Some(dim) = place.dim(&run.journey, run.journey_version) {
                    counters.gauge(shop, "now.runs", dim, n);
                }
            }
        }
        counters.gauge(shop, "now.tasks", "", self.writes.tasks.len() as i64);
        // Who is forgotten after a merge is forgotten as the one they became.
        let forgotten: BTreeSet<CustomerId> = self
            .writes
            .forgotten
            .iter()
            .map(|id| {
                let merges = self.writes.merges.iter();
                merges.fold(*id, |id, (from, into)| if *from == id { *into } else { id })
            })
            .collect();
        let people = self.people - forgotten.len() as i64;
        counters.gauge(shop, "now.customers", "", people);
    }

    /// The shop's zone.
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Keeps an arrival for the operator: it cannot be used.
    pub(super) fn unusable(&mut self, arrival: &Arrival, why: &str) {
        self.count("events.unusable", self.kind, 1);
        self.writes.unusable.push((
            arrival.source.clone(),
            arrival.external_id.clone(),
            why.to_owned(),
        ));
    }

    /// Gathers what changed.
    pub(super) fn finish(mut self) -> Writes {
        if self.counting {
            self.move_gauges();
        }
        self.plan_looks();
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
        self.writes
    }

    /// Hands all facts back as they are now, each in its box, with what changed beside them.
    pub(super) fn finish_in_place(mut self) -> Decided {
        if self.counting {
            self.move_gauges();
        }
        Decided {
            writes: self.writes,
            facts: self.loaded,
            orders: self.orders,
            runs: self.runs,
            steps: self.steps,
        }
    }
}

/// Somebody or something that an event names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Named<'a> {
    /// A person, by a key.
    Person(&'a IdentityKey),
    /// A person, by our id.
    Customer(CustomerId),
    /// An order, by the platform's id.
    Order(&'a str),
    /// A parcel's tracking number.
    ParcelNumber(&'a str),
    /// A cart, by the platform's id.
    Cart(&'a str),
    /// A message.
    Message(EffectId),
    /// A product whose category is asked for, by the platform's id.
    Product(&'a str),
    /// The shop with all that it has.
    Shop,
}

/// Tells whom and what an event names.
pub(crate) fn named(event: &Event, mut name: impl FnMut(Named<'_>)) {
    fn people(keys: Vec<IdentityKey>, name: &mut impl FnMut(Named<'_>)) {
        keys.iter().for_each(|key| name(Named::Person(key)));
    }
    match event {
        Event::OrderUpdated { order } => {
            people(order.person.who.keys(), &mut name);
            name(Named::Order(&order.external_id));
            order.cart_id.iter().for_each(|id| name(Named::Cart(id)));
            let numbers = order.parcels.iter().filter_map(|p| p.number.as_ref());
            numbers.for_each(|number| name(Named::ParcelNumber(number)));
            let unknown = order.lines.iter().filter(|l| l.category.is_none());
            let products = unknown.filter_map(|l| l.product_id.as_ref());
            products.for_each(|product| name(Named::Product(product)));
        }
        Event::OrderCancelled { order }
        | Event::OrderRefunded { order, .. }
        | Event::ReturnUpdated { order, .. } => name(Named::Order(order)),
        Event::ParcelUpdated { order, parcel } => {
            name(Named::Order(order));
            let number = parcel.number.iter();
            number.for_each(|number| name(Named::ParcelNumber(number)));
        }
        Event::ParcelScanned { parcel, .. }
        | Event::ParcelScanRevoked { parcel, .. }
        | Event::ParcelTracked { parcel, .. }
        | Event::ParcelEstimated { parcel, .. }
        | Event::ParcelFellSilent { parcel, .. }
        | Event::HoldAnswered { parcel, .. }
        | Event::HoldReported { parcel, .. }
        | Event::LookAsked { parcel }
        | Event::LookReported { parcel, .. }
        | Event::ProblemReported { parcel, .. } => {
            let ParcelRef { order, number, .. } = parcel;
            order.iter().for_each(|order| name(Named::Order(order)));
            let number = number.iter();
            number.for_each(|number| name(Named::ParcelNumber(number)));
        }
        Event::CartUpdated { cart } => {
            people(cart.person.who.keys(), &mut name);
            name(Named::Cart(&cart.external_id));
        }
        Event::CartRemoved { cart } => name(Named::Cart(cart)),
        Event::CustomerUpdated { person, .. } => people(person.who.keys(), &mut name),
        Event::CustomerMerged { into, from } => {
            people(into.keys(), &mut name);
            people(from.keys(), &mut name);
        }
        Event::ConsentChanged { person, .. }
        | Event::DataRequested { person }
        | Event::CustomerForgotten { person } => people(person.keys(), &mut name),
        Event::PreferencesChanged { customer, .. } => name(Named::Customer(*customer)),
        Event::MessageOpened { message, .. }
        | Event::MessageClicked { message, .. }
        | Event::MessageReplied { message }
        | Event::MessageBounced { message, .. }
        | Event::MessageComplained { message }
        | Event::MessageHeldBack { message }
        | Event::ReminderRequested { message } => name(Named::Message(*message)),
        Event::ShopForgotten {} | Event::ShopDisconnected {} => name(Named::Shop),
        Event::ProductUpdated { .. } | Event::ProductRemoved { .. } => {}
    }
}

/// What must be loaded and locked before these arrivals can be decided.
pub fn keys(arrivals: &[Arrival]) -> Keys {
    let mut keys = Keys::default();
    for arrival in arrivals {
        named(&arrival.event, |name| match name {
            Named::Person(key) => {
                keys.identities.insert(key.clone());
            }
            Named::Customer(id) => {
                keys.customers.insert(id);
            }
            Named::Order(id) => {
                keys.orders.insert(id.to_owned());
            }
            Named::ParcelNumber(number) => {
                keys.parcel_numbers.insert(number.to_owned());
            }
            Named::Cart(id) => {
                keys.carts.insert(id.to_owned());
            }
            Named::Message(id) => {
                keys.messages.insert(id);
            }
            Named::Product(id) => {
                keys.products.insert(id.to_owned());
            }
            Named::Shop => {}
        });
    }
    keys
}
