//! From happenings to runs: who starts, who moves on, what is let through.

use super::world::World;
use super::{Due, Task};
use crate::consent::Purpose;
use crate::customer::ATTRIBUTES_MAX;
use crate::effect::{Effect, SendMessage};
use crate::event::{Arrival, Happening, Origin};
use crate::gate::{Ask, Content, Decision, Grant, Reason, Truth, decide};
use crate::id::{CustomerId, EffectId, RunId};
use crate::journey::condition::evaluate;
use crate::journey::step::{Context, Input, Step, hears, start, step};
use crate::journey::{
    CloseReason, Journey, KeyBy, Phase, RUNS_ACTIVE_MAX, Reentry, Run, RunKey, RunState,
};
use crate::message::{Message, MessageStatus};
use crate::shop::TrackingMode;
use jiff::{SignedDuration, Timestamp};

/// Times a put-off message is asked about again at its new time, when it is decided.
const DEFERRALS_MAX: usize = 4;

impl World<'_> {
    /// Takes arrivals in, in order, and after them those that waited.
    pub(super) fn hear(&mut self, arrivals: Vec<Arrival>) {
        let parked = std::mem::take(&mut self.loaded.parked);
        for arrival in arrivals.into_iter().chain(parked) {
            for happening in self.apply(arrival) {
                self.route(&happening);
            }
        }
    }

    /// Brings one happening to the runs it concerns and starts the journeys it starts.
    pub(super) fn route(&mut self, happening: &Happening) {
        let concerned: Vec<RunId> = self
            .loaded
            .runs
            .values()
            .filter(|run| run.customer_id == happening.customer)
            .filter(|run| {
                run.state.is_active() || happening.message.is_some_and(|m| m.run() == run.id)
            })
            .map(|run| run.id)
            .collect();
        for run in concerned {
            self.advance(run, Input::Happened(happening));
        }
        let shop = self.shop;
        for (id, version) in &shop.current {
            if let Some(journey) = shop.journey(id, *version)
                && journey.on.contains(&happening.moment)
            {
                self.enter(journey, happening);
            }
        }
    }

    /// Brings time to a run.
    pub(super) fn wake(&mut self, run: RunId) {
        self.advance(run, Input::Woke);
    }

    /// Ends a run from outside.
    pub(super) fn close(&mut self, id: RunId, why: CloseReason) {
        if let Some(run) = self.loaded.runs.get_mut(&id)
            && run.state.is_active()
        {
            run.state.phase = Phase::Closed { why, at: self.now };
            run.state.reminders.clear();
            run.version += 1;
            self.runs.insert(id);
        }
    }

    /// Starts a journey for a happening, if it may.
    fn enter(&mut self, journey: &Journey, happening: &Happening) {
        let Some(key) = key_of(journey.key, happening) else {
            return;
        };
        let fresh = SignedDuration::from_secs(journey.freshness_seconds);
        let is_history = happening.origin == Origin::Import
            || self.now.duration_since(happening.occurred_at) > fresh;
        if is_history || self.shop.disconnected {
            let why = if is_history {
                Reason::History
            } else {
                Reason::ShopClosed
            };
            self.count_about(
                "journeys.not_started",
                || format!("{}/{}", journey.id, why.as_str()),
                1,
            );
            return;
        }
        let running = self
            .loaded
            .runs
            .values()
            .filter(|run| run.customer_id == happening.customer && run.state.is_active());
        let (mut active, mut same) = (0, false);
        for run in running {
            active += 1;
            same |= run.journey == journey.id && run.key == key;
        }
        if same || active >= RUNS_ACTIVE_MAX || !self.may_reenter(journey, &key, happening) {
            return;
        }
        let Some(id) = self.next_id().map(RunId) else {
            return;
        };
        let Some(customer) = self.loaded.customers.get(&happening.customer) else {
            return;
        };
        let ctx = Context {
            shop: &self.shop.settings,
            journey,
            run: id,
            version: 1,
            key: &key,
            customer,
            order: key.order.and_then(|order| self.loaded.orders.get(&order)),
            cart: key
                .cart
                .as_ref()
                .and_then(|cart| self.loaded.carts.get(cart)),
            entropy: self.entropy,
        };
        if journey
            .when
            .as_ref()
            .is_some_and(|when| evaluate(when, &ctx.facts(), None, self.now) != Truth::True)
        {
            return;
        }
        self.steps += 1;
        let Step { state, effects, .. } = start(&ctx, self.now);
        let run = Run {
            id,
            customer_id: happening.customer,
            journey: journey.id.clone(),
            journey_version: journey.version,
            key: key.clone(),
            version: 1,
            state,
        };
        self.loaded.runs.insert(id, run);
        self.runs.insert(id);
        self.remember_entry(journey, &key, happening);
        self.count_about("journeys.started", || journey.id.clone(), 1);
        self.perform(id, effects);
    }

    fn entry_key(journey: &Journey, key: &RunKey) -> String {
        match key.parcel {
            Some(seq) => format!("{}#{seq}", journey.id),
            None => journey.id.clone(),
        }
    }

    fn may_reenter(&self, journey: &Journey, key: &RunKey, happening: &Happening) -> bool {
        let name = Self::entry_key(journey, key);
        let entered = match journey.key {
            KeyBy::Order | KeyBy::Parcel => key
                .order
                .and_then(|order| self.loaded.orders.get(&order))
                .and_then(|o| o.entered.get(&name)),
            KeyBy::Cart => key
                .cart
                .as_ref()
                .and_then(|cart| self.loaded.carts.get(cart))
                .and_then(|c| c.entered.get(&name)),
            KeyBy::Customer => self
                .loaded
                .customers
                .get(&happening.customer)
                .and_then(|c| c.entered.get(&name)),
        };
        match (entered, journey.reentry) {
            (None, _) | (Some(_), Reentry::Always) => true,
            (Some(_), Reentry::Once) => false,
            (Some(at), Reentry::AfterHours(hours)) => {
                self.now.duration_since(*at) >= SignedDuration::from_hours(i64::from(hours))
            }
        }
    }

    fn remember_entry(&mut self, journey: &Journey, key: &RunKey, happening: &Happening) {
        let name = Self::entry_key(journey, key);
        match journey.key {
            KeyBy::Order | KeyBy::Parcel => {
                if let Some(order) = key
                    .order
                    .and_then(|order| self.loaded.orders.get_mut(&order))
                {
                    order.entered.insert(name, self.now);
                    self.orders.insert(order.id);
                }
            }
            KeyBy::Cart => {
                if let Some(cart) = key
                    .cart
                    .as_ref()
                    .and_then(|cart| self.loaded.carts.get_mut(cart))
                {
                    cart.entered.insert(name, self.now);
                    self.carts.insert(cart.snapshot.external_id.clone());
                }
            }
            KeyBy::Customer => {
                if let Some(customer) = self.loaded.customers.get_mut(&happening.customer) {
                    customer.entered.insert(name, self.now);
                    self.customers.insert(customer.id);
                }
            }
        }
    }

    /// A run that was cut short before it sent anything does not count as an entry: when the delivery that was taken back
    /// comes true, the journey begins anew.
    fn forget_entry(&mut self, journey: &Journey, key: &RunKey, customer: CustomerId) {
        let name = Self::entry_key(journey, key);
        match journey.key {
            KeyBy::Order | KeyBy::Parcel => {
                if let Some(order) = key.order.and_then(|id| self.loaded.orders.get_mut(&id))
                    && order.entered.remove(&name).is_some()
                {
                    self.orders.insert(order.id);
                }
            }
            KeyBy::Cart => {
                if let Some(id) = &key.cart
                    && let Some(cart) = self.loaded.carts.get_mut(id)
                    && cart.entered.remove(&name).is_some()
                {
                    self.carts.insert(id.clone());
                }
            }
            KeyBy::Customer => {
                if let Some(person) = self.loaded.customers.get_mut(&customer)
                    && person.entered.remove(&name).is_some()
                {
                    self.customers.insert(customer);
                }
            }
        }
    }

    /// Steps one run and performs what it decides.
    fn advance(&mut self, id: RunId, input: Input<'_>) {
        let shop = self.shop;
        let Some(run) = self.loaded.runs.get(&id) else {
            return;
        };
        let Some(journey) = shop.journey(&run.journey, run.journey_version) else {
            // Its journey version is gone, which publishing never does: end it rather than claim it for ever.
            return self.close(id, CloseReason::Gone);
        };
        if shop.disconnected {
            return self.close(id, CloseReason::Gone);
        }
        let Some(customer) = self.loaded.customers.get(&run.customer_id) else {
            return self.close(id, CloseReason::Gone);
        };
        self.steps += 1;
        if let Input::Happened(happening) = input
            && !hears(journey, &run.state, happening)
        {
            return;
        }
        let Some(mut run) = self.loaded.runs.remove_boxed(&id) else {
            return;
        };
        let state = std::mem::replace(&mut run.state, RunState::begun(self.now));
        let was_closed = matches!(state.phase, Phase::Closed { .. });
        let ctx = Context {
            shop: &shop.settings,
            journey,
            run: id,
            version: run.version + 1,
            key: &run.key,
            customer,
            order: run
                .key
                .order
                .and_then(|order| self.loaded.orders.get(&order)),
            cart: run
                .key
                .cart
                .as_ref()
                .and_then(|cart| self.loaded.carts.get(cart)),
            entropy: self.entropy,
        };
        let Step {
            state,
            effects,
            changed,
        } = step(&ctx, state, input, self.now);
        let exited = match state.phase {
            Phase::Closed { why, .. } if !was_closed => Some(why),
            _ => None,
        };
        run.state = state;
        if !changed && effects.is_empty() {
            self.loaded.runs.insert_boxed(id, run);
            return;
        }
        run.version += 1;
        self.runs.insert(id);
        if exited == Some(CloseReason::Exited) && !run.state.sent.values().any(|s| s.sent) {
            self.forget_entry(journey, &run.key, run.customer_id);
        }
        self.loaded.runs.insert_boxed(id, run);
        if let Some(why) = exited {
            let why = match why {
                CloseReason::Finished => "finished",
                CloseReason::Exited => "exited",
                CloseReason::Goal => "goal",
                CloseReason::Endless => "endless",
                CloseReason::Stopped => "stopped",
                CloseReason::Gone => "gone",
            };
            self.count_about("journeys.closed", || format!("{}/{why}", journey.id), 1);
        }
        self.perform(id, effects);
    }

    /// Carries out decided effects as writes; the n-th effect's id derives from the run's new version.
    fn perform(&mut self, id: RunId, effects: Vec<Effect>) {
        for (n, effect) in effects.into_iter().enumerate() {
            let Some(run) = self.loaded.runs.get(&id) else {
                return;
            };
            let (customer_id, order_id) = (run.customer_id, run.key.order);
            let effect_id = EffectId::derive(id, run.version, n as u32);
            match effect {
                Effect::SendMessage(send) => self.send(id, effect_id, *send),
                Effect::SetAttribute { name, value } => {
                    if let Some(person) = self.loaded.customers.get_mut(&customer_id) {
                        if value.is_null() {
                            person.attributes.remove(&name);
                        } else if person.attributes.contains_key(&name)
                            || person.attributes.len() < ATTRIBUTES_MAX
                        {
                            person.attributes.insert(name, value);
                        }
                        self.customers.insert(customer_id);
                    }
                }
                Effect::AddTag { tag } => {
                    if let Some(person) = self.loaded.customers.get_mut(&customer_id)
                        && person.tags.len() < ATTRIBUTES_MAX
                        && person.tags.insert(tag)
                    {
                        self.customers.insert(customer_id);
                    }
                }
                Effect::RemoveTag { tag } => {
                    if let Some(person) = self.loaded.customers.get_mut(&customer_id)
                        && person.tags.remove(&tag)
                    {
                        self.customers.insert(customer_id);
                    }
                }
                Effect::IssueCoupon(coupon) => {
                    self.count_about("coupons.issued", || coupon.campaign.clone(), 1);
                    if let Some(person) = self.loaded.customers.get_mut(&customer_id) {
                        person
                            .campaigns
                            .insert(coupon.campaign.clone(), coupon.issued_at);
                        self.customers.insert(customer_id);
                    }
                    self.writes.coupons.push(coupon);
                }
                Effect::OpenTask(task) => {
                    self.count_about("tasks.opened", || task.kind.clone(), 1);
                    self.writes.tasks.push(Task {
                        effect: effect_id,
                        customer_id,
                        order_id,
                        opened_at: self.now,
                        task,
                    });
                }
                Effect::GoalReached => {
                    let journey = run.journey.clone();
                    self.count("journeys.goal", journey, 1);
                }
            }
        }
    }

    /// Asks the gate about a message and writes it down, let through or held back.
    fn send(&mut self, run_id: RunId, id: EffectId, send: SendMessage) {
        let shop = self.shop;
        let Some(run) = self.loaded.runs.get(&run_id) else {
            return;
        };
        let Some(journey) = shop.journey(&run.journey, run.journey_version) else {
            return;
        };
        let Some(person) = self.loaded.customers.get(&run.customer_id) else {
            return;
        };
        let order = run
            .key
            .order
            .and_then(|order| self.loaded.orders.get(&order));
        let cart = run
            .key
            .cart
            .as_ref()
            .and_then(|cart| self.loaded.carts.get(cart));
        let mut message = Message {
            id,
            customer_id: run.customer_id,
            order_id: run.key.order,
            parcel: run.key.parcel,
            cart_id: run.key.cart.clone(),
            journey: run.journey.clone(),
            journey_version: run.journey_version,
            send,
            decided_at: self.now,
            due_at: self.now,
            status: MessageStatus::HeldBack,
            grant: None,
            reason: None,
            sent_at: None,
            opened_at: None,
            clicked_at: None,
            failure: None,
            attempts: 0,
        };
        let facts = Context {
            shop: &shop.settings,
            journey,
            run: run_id,
            version: run.version,
            key: &run.key,
            customer: person,
            order,
            cart,
            entropy: 0,
        }
        .facts();
        let untrue = |condition| evaluate(condition, &facts, None, self.now) != Truth::True;
        if message
            .send
            .notice
            .as_ref()
            .is_some_and(|notice| shop.settings.left_to_platform.contains(notice))
        {
            message.status = MessageStatus::LeftToPlatform;
            message.reason = Some(Reason::LeftToPlatform);
        } else if message.send.only_while.as_ref().is_some_and(untrue) {
            message.reason = Some(Reason::NoLongerTrue);
        } else if message.is_told_by_another(order) {
            message.reason = Some(Reason::AlreadyTold);
        } else {
            let ask = Ask {
                shop: &shop.settings,
                person,
                purpose: message.send.purpose,
                channel: message.send.channel,
                content: Content {
                    promo: message.send.promo,
                    urgent: message.send.urgent,
                    requested: message.send.requested,
                    not_after: message.send.not_after,
                    ..Content::default()
                },
                order,
                cart,
                now: self.now,
            };
            match settle(ask) {
                Ok((grant, due_at, why)) => {
                    message.status = MessageStatus::Queued;
                    message.grant = Some(grant);
                    message.due_at = due_at;
                    message.reason = why;
                }
                Err(why) => message.reason = Some(why),
            }
        }
        self.record(run_id, message);
    }

    /// Writes a decided message down everywhere it counts.
    pub(super) fn record(&mut self, run_id: RunId, message: Message) {
        let queued = message.status == MessageStatus::Queued;
        let measured = |mode: Option<TrackingMode>| mode == Some(TrackingMode::Identified);
        if let Some(run) = self.loaded.runs.get_mut(&run_id)
            && let Some(sent) = run.state.sent.get_mut(&message.send.step)
        {
            sent.sent = queued;
            sent.opens_measured =
                queued && measured(message.grant.as_ref().map(|g| g.tracking_open));
            sent.clicks_measured =
                queued && measured(message.grant.as_ref().map(|g| g.tracking_click));
        }
        if message.status != MessageStatus::LeftToPlatform {
            self.trace_decision(&message, queued);
        }
        let dim = |message: &Message| {
            format!(
                "{}/{}/{}",
                message.journey,
                message.send.step,
                message.send.channel.as_str()
            )
        };
        if queued {
            if let Some(person) = self.loaded.customers.get_mut(&message.customer_id) {
                person.remember(Self::contact(&message));
                self.customers.insert(message.customer_id);
            }
            if let (Some(notice), Some(order), Some(seq)) =
                (&message.send.notice, message.order_id, message.parcel)
                && let Some(order) = self.loaded.orders.get_mut(&order)
                && let Some(parcel) = order.tracked.get_mut(usize::from(seq))
            {
                parcel.told.insert(notice.clone(), message.id);
                self.orders.insert(order.id);
            }
            if message.send.purpose == Purpose::Cart
                && let Some(id) = &message.cart_id
                && let Some(cart) = self.loaded.carts.get_mut(id)
            {
                cart.reminders = cart.reminders.saturating_add(1);
                self.carts.insert(id.clone());
            }
            self.count_about("messages.queued", || dim(&message), 1);
            let due = Due {
                message: message.id,
                channel: message.send.channel,
                due_at: message.due_at,
            };
            self.writes.due.push(due);
        } else {
            let why = message.reason.map_or("", Reason::as_str);
            self.count_about(
                "messages.held_back",
                || format!("{why}/{}", dim(&message)),
                1,
            );
        }
        self.writes.messages.push(message);
    }
}

/// Asks the gate, and when it says *later* asks again about then, so that what is queued always has a basis.
///
/// Gives the grant, when it may leave, and why not at once; or why it may not leave at all.
pub(super) fn settle(mut ask: Ask<'_>) -> Result<(Grant, Timestamp, Option<Reason>), Reason> {
    let mut put_off = None;
    for _ in 0..=DEFERRALS_MAX {
        match decide(&ask) {
            Decision::Allow(grant) => return Ok((grant, ask.now, put_off)),
            Decision::Deny { why } => return Err(why),
            Decision::Defer { until, why } => {
                put_off = Some(why);
                ask.now = until;
            }
        }
    }
    Err(put_off.unwrap_or(Reason::TooLate))
}

/// What a run started by this happening is about; `None` when the happening does not name it.
fn key_of(key: KeyBy, happening: &Happening) -> Option<RunKey> {
    Some(match key {
        KeyBy::Order => RunKey {
            order: Some(happening.order?),
            ..RunKey::default()
        },
        KeyBy::Parcel => RunKey {
            order: Some(happening.order?),
            parcel: Some(happening.parcel?),
            ..RunKey::default()
        },
        KeyBy::Cart => RunKey {
            cart: Some(happening.cart.clone()?),
            ..RunKey::default()
        },
        KeyBy::Customer => RunKey::default(),
    })
}
