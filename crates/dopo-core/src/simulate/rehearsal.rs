//! A shop in memory with a clock of its own.

use super::{Row, Table, Verdict};
use crate::advance::{
    self, CourierCall, Decided, HandOver, Keys, Loaded, MessageMark, Shop, WaitsFor,
    permit_leaving, rehearse,
};
use crate::cart::Cart;
use crate::counter::Counters;
use crate::coupon::Coupon;
use crate::customer::{Customer, IdentityKey};
use crate::event::{Arrival, Event, EventLine, Origin};
use crate::gate::{Basis, Decision, Reason};
use crate::id::{CustomerId, EffectId, Fresh, OrderId, RunId};
use crate::italy::hours::zone_named;
use crate::journey::Run;
use crate::message::{Message, MessageStatus};
use crate::order::Order;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::sync::Arc;

/// Where the numbers of arrivals of our own begin: above those of all lines.
const OWN_ARRIVALS: i64 = 1 << 46;

/// The ids of the n-th arrival.
fn fresh(n: i64) -> Fresh {
    Fresh(n << 8)
}

/// A shop in memory with a clock of its own.
#[derive(Debug)]
pub struct Rehearsal {
    shop: Arc<Shop>,
    now: Timestamp,
    customers: Table<CustomerId, Box<Customer>>,
    identities: Table<IdentityKey, CustomerId>,
    orders: Table<OrderId, Box<Order>>,
    order_ids: Table<String, OrderId>,
    parcel_numbers: Table<String, OrderId>,
    carts: Table<String, Box<Cart>>,
    categories: Table<String, String>,
    runs: Table<RunId, Box<Run>>,
    active: Table<CustomerId, Vec<RunId>>,
    messages: Table<EffectId, Box<Message>>,
    parked: BTreeMap<WaitsFor, Vec<Arrival>>,
    heard: HashSet<(String, String)>,
    wakes: BinaryHeap<Reverse<(Timestamp, RunId)>>,
    due: BinaryHeap<Reverse<(Timestamp, EffectId)>>,
    /// Lines heard, and arrivals of our own.
    pub(super) lines: i64,
    own: i64,
    pub(super) rows: Vec<Row>,
    unusable: Vec<(String, String, String)>,
    coupons: Vec<Coupon>,
    /// Open tasks and whose they are.
    tasks: Table<EffectId, CustomerId>,
    /// Answers to holds for couriers.
    calls: Vec<CourierCall>,
    counters: Counters,
    pub(super) steps: u64,
    /// Whether figures are counted, and closed runs and messages that left are kept, for later clicks and questions.
    pub(super) keeps_history: bool,
}

impl Rehearsal {
    /// An empty shop at the beginning of time.
    pub fn new(shop: Shop) -> Self {
        Self::of(Arc::new(shop))
    }

    pub(super) fn of(shop: Arc<Shop>) -> Self {
        Rehearsal {
            shop,
            now: Timestamp::UNIX_EPOCH,
            customers: Table::default(),
            identities: Table::default(),
            orders: Table::default(),
            order_ids: Table::default(),
            parcel_numbers: Table::default(),
            carts: Table::default(),
            categories: Table::default(),
            runs: Table::default(),
            active: Table::default(),
            messages: Table::default(),
            parked: BTreeMap::new(),
            heard: HashSet::new(),
            wakes: BinaryHeap::new(),
            due: BinaryHeap::new(),
            lines: 0,
            own: OWN_ARRIVALS,
            rows: Vec::new(),
            unusable: Vec::new(),
            coupons: Vec::new(),
            tasks: Table::default(),
            calls: Vec::new(),
            counters: Counters::default(),
            steps: 0,
            keeps_history: true,
        }
    }

    /// Begins anew with other people.
    pub(super) fn begin(&mut self) {
        *self = Rehearsal {
            keeps_history: self.keeps_history,
            ..Rehearsal::of(Arc::clone(&self.shop))
        };
    }

    /// The shop as it is now.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// The time it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What became of messages so far, in the order of time.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// All messages, in no order.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values().map(|fact| &**fact)
    }

    /// One message.
    pub fn message(&self, id: EffectId) -> Option<&Message> {
        self.messages.get(&id).map(|fact| &**fact)
    }

    /// All runs, in no order.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().map(|fact| &**fact)
    }

    /// All customers, in no order.
    pub fn customers(&self) -> impl Iterator<Item = &Customer> {
        self.customers.values().map(|fact| &**fact)
    }

    /// One customer.
    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        self.customers.get(&id).map(|fact| &**fact)
    }

    /// One order.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id).map(|fact| &**fact)
    }

    /// The order with this platform id.
    pub fn order_named(&self, external_id: &str) -> Option<&Order> {
        self.orders
            .get(self.order_ids.get(external_id)?)
            .map(|fact| &**fact)
    }

    /// One cart.
    pub fn cart(&self, external_id: &str) -> Option<&Cart> {
        self.carts.get(external_id).map(|fact| &**fact)
    }

    /// The coupons issued so far.
    pub fn coupons(&self) -> &[Coupon] {
        &self.coupons
    }

    /// Every figure counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Open tasks.
    pub fn tasks(&self) -> usize {
        self.tasks.len()
    }

    /// What was to be told to couriers so far.
    pub fn calls(&self) -> &[CourierCall] {
        &self.calls
    }

    /// All orders, in no order.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().map(|fact| &**fact)
    }

    /// Arrivals that wait for a fact.
    pub fn waiting(&self) -> usize {
        self.parked.values().map(Vec::len).sum()
    }

    /// Arrivals that could not be used: source, external id, why.
    pub fn unusable(&self) -> &[(String, String, String)] {
        &self.unusable
    }

    /// How often the state machine of a run was asked so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Brings one event into the shop, when it happened or now, whichever is later.
    pub fn hear(&mut self, line: EventLine) {
        self.hear_at(line, Origin::Live, self.now);
    }

    /// Brings one event into the shop at a point in time, its own or now, whichever is latest.
    pub fn hear_at(&mut self, line: EventLine, origin: Origin, at: Timestamp) {
        self.pass(line.at.max(at));
        if self.keeps_history && !self.heard.insert(("events".to_owned(), line.id.clone())) {
            return; // the inbox knows it
        }
        self.lines += 1;
        let arrival = Arrival {
            shop: self.shop.id,
            source: "events".to_owned(),
            external_id: line.id,
            occurred_at: line.at,
            known_at: self.now,
            origin,
            event: line.event,
            fresh: fresh(self.lines),
        };
        self.take_in(arrival);
    }

    /// Lets time pass: whatever is due until then is decided and leaves, in the order of time.
    pub fn pass(&mut self, until: Timestamp) {
        loop {
            let wake = self.wakes.peek().map(|Reverse((at, _))| *at);
            let leave = self.due.peek().map(|Reverse((at, _))| *at);
            match (wake, leave) {
                (Some(at), leave) if at <= until && leave.is_none_or(|l| at <= l) => {
                    if let Some(Reverse((at, run))) = self.wakes.pop() {
                        self.wake(run, at);
                    }
                }
                (_, Some(at)) if at <= until => {
                    if let Some(Reverse((at, message))) = self.due.pop() {
                        self.leave(message, at);
                    }
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
    }

    /// Bits for coupon codes: the same every time, for a rehearsal's codes are worth nothing.
    fn entropy(&self) -> u128 {
        self.lines as u128
    }

    fn take_in(&mut self, arrival: Arrival) {
        let arrivals = vec![arrival];
        let loaded = self.load(advance::keys(&arrivals));
        let entropy = self.entropy();
        let decided = rehearse(
            &self.shop,
            loaded,
            arrivals,
            None,
            self.now,
            entropy,
            self.keeps_history,
        );
        self.write(decided);
    }

    fn wake(&mut self, id: RunId, at: Timestamp) {
        self.now = self.now.max(at);
        let Some(run) = self.runs.get(&id) else {
            return;
        };
        if run.state.wake_at() != Some(at) {
            return; // it was decided anew meanwhile
        }
        let mut loaded = Loaded::default();
        self.load_person(run.customer_id, &mut loaded);
        let entropy = self.entropy();
        let decided = rehearse(
            &self.shop,
            loaded,
            vec![],
            Some(id),
            self.now,
            entropy,
            self.keeps_history,
        );
        self.write(decided);
    }

    /// Takes the facts that a batch may look at out of the store.
    fn load(&mut self, keys: Keys) -> Loaded {
        let mut loaded = Loaded::default();
        let mut people: Vec<CustomerId> = keys.customers.into_iter().collect();
        for key in keys.identities {
            if let Some(id) = self.identities.get(&key).copied() {
                loaded.identities.insert(key, id);
                people.push(id);
            }
        }
        for name in keys.orders {
            if !self.parked.is_empty() {
                let waiting = self.parked.remove(&WaitsFor::Order(name.clone()));
                loaded.parked.extend(waiting.into_iter().flatten());
            }
            if let Some(id) = self.order_ids.get(&name).copied() {
                loaded.order_ids.insert(name, id);
                people.extend(self.load_order(id, &mut loaded));
            }
        }
        for number in keys.parcel_numbers {
            if !self.parked.is_empty() {
                let waiting = self.parked.remove(&WaitsFor::ParcelNumber(number.clone()));
                loaded.parked.extend(waiting.into_iter().flatten());
            }
            if let Some(id) = self.parcel_numbers.get(&number).copied() {
                loaded.parcel_numbers.insert(number, id);
                people.extend(self.load_order(id, &mut loaded));
            }
        }
        for name in keys.carts {
            if let Some(cart) = self.carts.remove(&name) {
                people.push(cart.customer_id);
                loaded.carts.insert_boxed(name, cart);
            }
        }
        for id in &keys.messages {
            if let Some(message) = self.messages.get(id) {
                people.push(message.customer_id);
                loaded.messages.insert(*id, (**message).clone());
                if let Some(run) = self.runs.remove(&id.run()) {
                    people.push(run.customer_id);
                    loaded.runs.insert_boxed(run.id, run);
                }
            }
        }
        for product in keys.products {
            if let Some(category) = self.categories.get(&product) {
                loaded.categories.insert(product, category.clone());
            }
        }
        if !loaded.parked.is_empty() {
            self.load_parked(&mut loaded, &mut people);
        }
        for id in people {
            self.load_person(id, &mut loaded);
        }
        // Runs that a message brought in may be about facts of their own.
        let about: Vec<_> = loaded.runs.values().map(|run| run.key.clone()).collect();
        for key in about {
            self.load_key(&key, &mut loaded);
        }
        loaded
    }

    /// What earlier arrivals need that waited for what these bring.
    fn load_parked(&mut self, loaded: &mut Loaded, people: &mut Vec<CustomerId>) {
        let keys = advance::keys(&loaded.parked);
        for name in keys.orders {
            if let Some(id) = self.order_ids.get(&name).copied() {
                loaded.order_ids.insert(name, id);
                people.extend(self.load_order(id, loaded));
            }
        }
        for number in keys.parcel_numbers {
            if let Some(id) = self.parcel_numbers.get(&number).copied() {
                loaded.parcel_numbers.insert(number, id);
                people.extend(self.load_order(id, loaded));
            }
        }
    }

    /// Takes a person with all active runs and what these are about.
    fn load_person(&mut self, id: CustomerId, loaded: &mut Loaded) {
        let Some(customer) = self.customers.remove(&id) else {
            return;
        };
        loaded.customers.insert_boxed(id, customer);
        for run in self.active.get(&id).cloned().unwrap_or_default() {
            if let Some(run) = self.runs.remove(&run) {
                self.load_key(&run.key, loaded);
                loaded.runs.insert_boxed(run.id, run);
            }
        }
    }

    fn load_key(&mut self, key: &crate::journey::RunKey, loaded: &mut Loaded) {
        if let Some(order) = key.order
            && let Some(owner) = self.load_order(order, loaded)
        {
            self.load_person(owner, loaded);
        }
        if let Some(name) = &key.cart
            && let Some(cart) = self.carts.remove(name)
        {
            let owner = cart.customer_id;
            loaded.carts.insert_boxed(name.clone(), cart);
            self.load_person(owner, loaded);
        }
    }

    /// Takes an order; gives its owner when it was not taken before.
    fn load_order(&mut self, id: OrderId, loaded: &mut Loaded) -> Option<CustomerId> {
        let order = self.orders.remove(&id)?;
        let owner = order.customer_id;
        loaded.orders.insert_boxed(id, order);
        Some(owner)
    }

    /// Writes what was decided and puts back what was only looked at.
    fn write(&mut self, decided: Decided) {
        let Decided {
            writes,
            facts,
            orders,
            runs,
            steps,
        } = decided;
        self.steps += steps;
        for id in orders {
            if let Some(order) = facts.orders.get(&id)
                && !self.order_ids.contains_key(&order.snapshot.external_id)
            {
                self.order_ids
                    .insert(order.snapshot.external_id.clone(), id);
            }
        }
        self.customers.extend(facts.customers.into_boxed());
        self.orders.extend(facts.orders.into_boxed());
        self.carts.extend(facts.carts.into_boxed());
        self.parcel_numbers.extend(writes.parcel_numbers);
        self.identities.extend(writes.identities);
        for (from, into) in writes.merges {
            self.merge(from, into);
        }
        for product in writes.products {
            if let Some(category) = product.category {
                self.categories.insert(product.external_id, category);
            }
        }
        for product in writes.products_removed {
            self.categories.remove(&product);
        }
        for (id, run) in facts.runs.into_boxed() {
            if runs.contains(&id) {
                self.write_run(run);
            } else {
                self.runs.insert(id, run);
            }
        }
        for message in writes.messages {
            self.write_message(message);
        }
        for (id, mark) in writes.marks {
            if let Some(message) = self.messages.get_mut(&id) {
                match mark {
                    MessageMark::Opened(at) => {
                        message.opened_at.get_or_insert(at);
                    }
                    MessageMark::Clicked(at) => {
                        message.clicked_at.get_or_insert(at);
                    }
                    MessageMark::Bounced(_, why) => {
                        message.status = MessageStatus::Bounced;
                        message.failure = Some(why);
                    }
                }
            }
        }
        if self.keeps_history {
            self.coupons.extend(writes.coupons);
            self.calls.extend(writes.calls);
            let tasks = writes.tasks.into_iter();
            self.tasks
                .extend(tasks.map(|task| (task.effect, task.customer_id)));
            for (key, n) in writes.counters.0 {
                *self.counters.0.entry(key).or_default() += n;
            }
        }
        for (arrival, waits_for) in writes.parked {
            self.parked.entry(waits_for).or_default().push(arrival);
        }
        self.unusable.extend(writes.unusable);
        for customer in writes.forgotten {
            self.forget(customer);
        }
        if writes.disconnected {
            Arc::make_mut(&mut self.shop).disconnected = true;
        }
        if writes.shop_forgotten {
            let shop = Arc::clone(&self.shop);
            *self = Rehearsal {
                now: self.now,
                lines: self.lines,
                own: self.own,
                rows: std::mem::take(&mut self.rows),
                heard: std::mem::take(&mut self.heard),
                steps: self.steps,
                keeps_history: self.keeps_history,
                ..Rehearsal::of(shop)
            };
        }
    }

    fn write_run(&mut self, run: Box<Run>) {
        let list = self.active.entry(run.customer_id).or_default();
        match run.state.wake_at() {
            Some(at) => {
                if !list.contains(&run.id) {
                    list.push(run.id);
                }
                self.wakes.push(Reverse((at, run.id)));
            }
            None => list.retain(|id| *id != run.id),
        }
        if run.state.is_active() || self.keeps_history {
            self.runs.insert(run.id, run);
        }
    }

    fn write_message(&mut self, mut message: Message) {
        if message.status == MessageStatus::Queued {
            self.due.push(Reverse((message.due_at, message.id)));
            self.messages.insert(message.id, Box::new(message));
            return;
        }
        let verdict = match message.status {
            MessageStatus::LeftToPlatform => Verdict::LeftToPlatform,
            _ => Verdict::Deny,
        };
        let (at, reason) = (message.decided_at, message.reason);
        let row = self.row(&mut message, at, verdict, None, reason);
        self.rows.push(row);
        if self.keeps_history {
            self.messages.insert(message.id, Box::new(message));
        }
    }

    /// What became of a message. Where no history is kept its names move here.
    fn row(
        &self,
        message: &mut Message,
        at: Timestamp,
        decision: Verdict,
        basis: Option<Basis>,
        reason: Option<Reason>,
    ) -> Row {
        let name = self.customers.get(&message.customer_id).and_then(|c| {
            let names = [
                c.shop_customer_ids.first(),
                c.emails.first(),
                c.phones.first(),
            ];
            names.into_iter().flatten().next().cloned()
        });
        let told = |name: &mut String| match self.keeps_history {
            true => name.clone(),
            false => std::mem::take(name),
        };
        Row {
            at,
            customer: name.unwrap_or_default(),
            journey: told(&mut message.journey),
            step: told(&mut message.send.step),
            channel: message.send.channel,
            template: told(&mut message.send.template),
            decision,
            basis,
            reason,
            message: message.id,
            customer_id: message.customer_id,
        }
    }

    /// A message's time has come: the gate is asked once more with the facts of now.
    fn leave(&mut self, id: EffectId, at: Timestamp) {
        self.now = self.now.max(at);
        let Some(mut message) = self.messages.remove(&id) else {
            return;
        };
        let word = match self.word_on(&message, at) {
            Some(word) => word,
            None => {
                self.messages.insert(id, message);
                return;
            }
        };
        match word {
            Decision::Allow(grant) => {
                let (basis, reason) = (Some(grant.basis), message.reason);
                let row = self.row(&mut message, self.now, Verdict::Allow, basis, reason);
                self.rows.push(row);
                if self.keeps_history {
                    let left = HandOver::Left {
                        at: self.now,
                        grant: &grant,
                    };
                    self.count_hand_over(&message, left);
                    message.status = MessageStatus::Captured;
                    message.sent_at = Some(self.now);
                    message.grant = Some(grant);
                    self.messages.insert(id, message);
                }
            }
            Decision::Defer { until, why } => {
                if let Some(person) = self.customers.get_mut(&message.customer_id)
                    && let Some(contact) = person.contacts.iter_mut().find(|c| c.effect == id)
                {
                    contact.at = until;
                }
                message.due_at = until;
                message.reason = Some(why);
                self.messages.insert(id, message);
                self.due.push(Reverse((until, id)));
            }
            Decision::Deny { why } => {
                let row = self.row(&mut message, self.now, Verdict::Deny, None, Some(why));
                self.rows.push(row);
                if self.keeps_history {
                    self.count_hand_over(&message, HandOver::HeldBack { why });
                }
                message.status = MessageStatus::HeldBack;
                message.reason = Some(why);
                self.messages.insert(id, message);
                self.own += 1;
                let arrival = Arrival {
                    shop: self.shop.id,
                    source: "engine".to_owned(),
                    external_id: format!("held-back:{id}"),
                    occurred_at: self.now,
                    known_at: self.now,
                    origin: Origin::Live,
                    event: Event::MessageHeldBack { message: id },
                    fresh: fresh(self.own),
                };
                self.take_in(arrival);
                if !self.keeps_history {
                    self.messages.remove(&id);
                }
            }
        }
    }

    /// The gate's word on a message whose time has come; `None` when it is not its time after all.
    fn word_on(&self, message: &Message, at: Timestamp) -> Option<Decision> {
        if message.status != MessageStatus::Queued || message.due_at != at {
            return None;
        }
        let person = self.customers.get(&message.customer_id)?;
        let order = message.order_id.and_then(|id| self.orders.get(&id));
        let cart = message.cart_id.as_ref().and_then(|id| self.carts.get(id));
        Some(permit_leaving(
            &self.shop,
            message,
            person,
            order.map(|order| &**order),
            cart.map(|cart| &**cart),
            self.now,
        ))
    }

    fn count_hand_over(&mut self, message: &Message, hand_over: HandOver<'_>) {
        let Some(person) = self.customers.get(&message.customer_id) else {
            return;
        };
        let order = message.order_id.and_then(|order| self.orders.get(&order));
        let zone = zone_named(&self.shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        advance::count_hand_over(
            &mut self.counters,
            self.shop.id,
            zone.to_datetime(self.now).date(),
            message,
            person,
            order.map(|order| &**order),
            hand_over,
        );
    }

    /// Everything of one record goes to another; the first is gone.
    fn merge(&mut self, from: CustomerId, into: CustomerId) {
        self.customers.remove(&from);
        for owner in self.identities.values_mut().filter(|o| **o == from) {
            *owner = into;
        }
        for order in self.orders.values_mut().filter(|o| o.customer_id == from) {
            order.customer_id = into;
        }
        for cart in self.carts.values_mut().filter(|c| c.customer_id == from) {
            cart.customer_id = into;
        }
        for message in self.messages.values_mut().filter(|m| m.customer_id == from) {
            message.customer_id = into;
        }
        for run in self.runs.values_mut().filter(|r| r.customer_id == from) {
            run.customer_id = into;
        }
        for owner in self.tasks.values_mut().filter(|o| **o == from) {
            *owner = into;
        }
        let moved = self.active.remove(&from).unwrap_or_default();
        let list = self.active.entry(into).or_default();
        for run in moved {
            if !list.contains(&run) {
                list.push(run);
            }
        }
    }

    /// Everything of one person is gone.
    fn forget(&mut self, id: CustomerId) {
        self.customers.remove(&id);
        self.identities.retain(|_, owner| *owner != id);
        for order in self.orders.values().filter(|o| o.customer_id == id) {
            advance::count_order_change(&mut self.counters, self.shop.id, Some(order), None);
        }
        self.orders.retain(|_, order| order.customer_id != id);
        let tasks = self.tasks.len();
        self.tasks.retain(|_, owner| *owner != id);
        let gone = tasks - self.tasks.len();
        self.counters
            .gauge(self.shop.id, "now.tasks", "", -(gone as i64));
        let orders = &self.orders;
        self.order_ids.retain(|_, order| orders.contains_key(order));
        self.parcel_numbers
            .retain(|_, order| orders.contains_key(order));
        self.carts.retain(|_, cart| cart.customer_id != id);
        self.messages.retain(|_, message| message.customer_id != id);
        self.runs.retain(|_, run| run.customer_id != id);
        self.active.remove(&id);
    }
}
