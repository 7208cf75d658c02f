//! The state machine of a run. Total: every input is legal in every state.

use super::condition::{Facts, evaluate_with, reminder_label};
use super::{
    CloseReason, Condition, Goal, Journey, NODES_PER_INPUT_MAX, Next, Node, Phase, RunKey,
    RunState, SentStep,
};
use crate::cart::Cart;
use crate::coupon::{self, Coupon, REISSUE_DAYS_MIN};
use crate::customer::Customer;
use crate::effect::{Effect, OpenTask, SendMessage};
use crate::event::{Happening, Moment};
use crate::gate::{Truth, person_zone};
use crate::id::{EffectId, RunId};
use crate::italy::hours::{local_instant, zone_named};
use crate::order::Order;
use crate::parcel::ParcelState;
use crate::shop::ShopSettings;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The facts a step may look at, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The shop.
    pub shop: &'a ShopSettings,
    /// The journey in the version the run began with.
    pub journey: &'a Journey,
    /// The run.
    pub run: RunId,
    /// The version that the run will have when this step is saved; effect and coupon ids derive from it.
    pub version: u32,
    /// What the run is about.
    pub key: &'a RunKey,
    /// The person.
    pub customer: &'a Customer,
    /// The order, where the key names one.
    pub order: Option<&'a Order>,
    /// The cart, where the key names one.
    pub cart: Option<&'a Cart>,
    /// Secret entropy of this batch, for codes worth money.
    pub entropy: u128,
}

/// What comes to a run.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// It begins.
    Started,
    /// Time has passed.
    Woke,
    /// Something happened to its customer.
    Happened(&'a Happening),
}

/// What a step gives: the new state and what to do, in order. The `n`-th effect's id is
/// `EffectId::derive(run, version, n)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The new state.
    pub state: RunState,
    /// What to do.
    pub effects: Vec<Effect>,
    /// Whether anything changed; if not, nothing is saved.
    pub changed: bool,
}

impl<'a> Context<'a> {
    /// The facts that conditions look at.
    pub fn facts(&self) -> Facts<'a> {
        Facts {
            shop: self.shop,
            customer: self.customer,
            order: self.order,
            parcel: self.key.parcel,
            cart: self.cart,
        }
    }
}

/// Begins a run.
pub fn start(ctx: &Context<'_>, now: Timestamp) -> Step {
    let mut walk = Walk::new(ctx, RunState::begun(now), now);
    walk.run_from(Some(0));
    walk.done()
}

/// Advances a run. Every input is legal in every state; what does not concern the run changes nothing.
pub fn step(ctx: &Context<'_>, state: RunState, input: Input<'_>, now: Timestamp) -> Step {
    let mut walk = Walk::new(ctx, state, now);
    match input {
        Input::Started => {} // it has begun already: `start` begins it
        Input::Woke => walk.wake(),
        Input::Happened(happening) => walk.happened(happening),
    }
    walk.done()
}

/// Whether a happening can change a run at all; most that reach a person's runs cannot.
pub(crate) fn hears(journey: &Journey, state: &RunState, happening: &Happening) -> bool {
    let moment = happening.moment;
    happening.message.is_some()
        || matches!(state.phase, Phase::WaitingFor { .. })
        || journey.exit_on.contains(&moment)
        || journey
            .goal
            .as_ref()
            .is_some_and(|goal| goal.moment == moment)
}

/// How long a "remind me tomorrow" waits, in seconds.
pub const REMINDER_SECONDS: i64 = 24 * 60 * 60;

/// The campaign of a coupon: the same one is not issued to a person again within
/// [`crate::coupon::REISSUE_DAYS_MIN`] days (CONS-11).
pub fn campaign(journey: &str, label: &str) -> String {
    format!("{journey}/{label}")
}

/// `at` so many seconds later, at the end of time when it would lie beyond.
fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// One step under way.
struct Walk<'a, 'c> {
    ctx: &'c Context<'a>,
    now: Timestamp,
    state: RunState,
    effects: Vec<Effect>,
    changed: bool,
}

impl<'a, 'c> Walk<'a, 'c> {
    fn new(ctx: &'c Context<'a>, state: RunState, now: Timestamp) -> Self {
        Walk {
            ctx,
            now,
            state,
            effects: Vec::new(),
            changed: false,
        }
    }

    fn done(self) -> Step {
        Step {
            state: self.state,
            effects: self.effects,
            changed: self.changed,
        }
    }

    /// The id of the effect that comes next.
    fn effect_id(&self) -> EffectId {
        EffectId::derive(self.ctx.run, self.ctx.version, self.effects.len() as u32)
    }

    /// Time has passed: first the reminders that are due, then the wait.
    fn wake(&mut self) {
        while let Some(label) = self.next_reminder() {
            self.changed = true;
            self.state.reminders.remove(&label);
            self.remind(&label);
        }
        match self.state.phase {
            Phase::Waiting { until } if until <= self.now => self.wait_over(),
            Phase::WaitingFor { until } if until <= self.now => self.time_out(),
            Phase::WatchingGoal { until } if until <= self.now => {
                self.close(CloseReason::Finished);
            }
            Phase::Waiting { .. }
            | Phase::WaitingFor { .. }
            | Phase::WatchingGoal { .. }
            | Phase::Closed { .. } => {}
        }
    }

    fn next_reminder(&self) -> Option<String> {
        let due = self
            .state
            .reminders
            .iter()
            .filter(|(_, at)| **at <= self.now);
        due.min_by_key(|(_, at)| **at)
            .map(|(label, _)| label.clone())
    }

    /// Goes on after a wait for time.
    fn wait_over(&mut self) {
        let next = match self.ctx.journey.nodes.get(usize::from(self.state.node)) {
            Some(Node::Wait { next, .. } | Node::WaitUntil { next, .. }) => *next,
            Some(Node::WaitBefore {
                seconds,
                then,
                missed,
            }) => match self.deadline() {
                // It was put off meanwhile: the wait goes on.
                Some(at) if later(at, -seconds) > self.now => Some(self.state.node),
                Some(at) if at > self.now => *then,
                Some(_) | None => *missed,
            },
            _ => None, // a document that lost this node: nothing more can be said
        };
        self.run_from(next);
    }

    /// Goes on after a wait for moments when none came.
    fn time_out(&mut self) {
        let next = match self.ctx.journey.nodes.get(usize::from(self.state.node)) {
            Some(Node::WaitFor { timeout, .. }) => *timeout,
            _ => None, // a document that lost this node: nothing more can be said
        };
        self.run_from(next);
    }

    /// Something happened. In this order: what was seen of our messages, the goal, the exits, a reminder asked for, a
    /// wait that ends.
    fn happened(&mut self, h: &Happening) {
        self.mark(h);
        if self.reaches_goal(h) {
            return;
        }
        if self.ctx.journey.exit_on.contains(&h.moment)
            && self.concerns(h)
            && self.state.is_active()
        {
            self.close(CloseReason::Exited);
            return;
        }
        if h.moment == Moment::ReminderRequested {
            self.ask_reminder(h);
        }
        // A moment after the end of the wait found it over, however late the clock is brought to it.
        if let Phase::WaitingFor { until } = self.state.phase
            && until <= h.occurred_at
            && until <= self.now
        {
            self.time_out();
        }
        if matches!(self.state.phase, Phase::WaitingFor { .. })
            && let Some(Node::WaitFor { moments, then, .. }) =
                self.ctx.journey.nodes.get(usize::from(self.state.node))
            && moments.contains(&h.moment)
            && self.concerns(h)
        {
            self.run_from(*then);
        }
    }

    /// Whether a happening is about what this run is about.
    fn concerns(&self, h: &Happening) -> bool {
        let key = self.ctx.key;
        let person = h.customer == self.ctx.customer.id;
        match h.moment {
            Moment::OrderPlaced
            | Moment::OrderPaid
            | Moment::OrderCancelled
            | Moment::OrderRefunded
            | Moment::OrderDelivered
            | Moment::OrderDeliveryRevoked
            | Moment::ReturnRequested => match key.order {
                Some(order) => h.order == Some(order),
                None => person,
            },
            Moment::ParcelShipped
            | Moment::ParcelOutForDelivery
            | Moment::ParcelAttemptFailed
            | Moment::ParcelHeld
            | Moment::ParcelReadyForPickup
            | Moment::ParcelDelivered
            | Moment::ParcelDeliveryRevoked
            | Moment::ParcelReturned
            | Moment::ParcelLost
            | Moment::ParcelDelayed
            | Moment::ParcelSilent
            | Moment::ParcelHoldAnswered
            | Moment::ParcelHoldRefused
            | Moment::ProblemReported => match key.order {
                Some(order) => {
                    h.order == Some(order) && (key.parcel.is_none() || h.parcel == key.parcel)
                }
                None => person,
            },
            Moment::CartUpdated | Moment::CartCompleted | Moment::CartRemoved => match &key.cart {
                Some(cart) => h.cart.as_ref() == Some(cart),
                None => person,
            },
            Moment::MessageOpened
            | Moment::MessageClicked
            | Moment::MessageReplied
            | Moment::ReminderRequested => h.message.is_some_and(|m| m.run() == self.ctx.run),
            Moment::ConsentWithdrawn | Moment::ConsentGiven => person,
        }
    }

    /// Notes what a person did with a message of this run.
    fn mark(&mut self, h: &Happening) {
        let Some(message) = h.message else { return };
        let Some(sent) = self.state.sent.values_mut().find(|s| s.message == message) else {
            return;
        };
        let flag = match h.moment {
            Moment::MessageOpened => &mut sent.opened,
            Moment::MessageClicked => &mut sent.clicked,
            Moment::MessageReplied => &mut sent.replied,
            _ => return, // no other moment says anything about a message
        };
        if !*flag {
            *flag = true;
            self.changed = true;
        }
    }

    /// Notes the goal when this is it. Returns whether that ended the run.
    fn reaches_goal(&mut self, h: &Happening) -> bool {
        let Some(goal) = &self.ctx.journey.goal else {
            return false;
        };
        let own_order = h.order.is_some() && h.order == self.ctx.key.order;
        let beginning = own_order && h.moment == Moment::OrderPlaced;
        let open = !matches!(self.state.phase, Phase::Closed { .. });
        let about = match h.moment {
            Moment::MessageOpened
            | Moment::MessageClicked
            | Moment::MessageReplied
            | Moment::ReminderRequested
            | Moment::CartCompleted
            | Moment::CartRemoved => self.concerns(h),
            _ => h.customer == self.ctx.customer.id,
        };
        if goal.moment != h.moment
            || self.state.goal_at.is_some()
            || beginning
            || !open
            || !about
            || h.occurred_at < self.state.started_at
            || h.occurred_at > self.goal_until(goal)
        {
            return false;
        }
        self.changed = true;
        self.state.goal_at = Some(h.occurred_at);
        self.effects.push(Effect::GoalReached);
        if goal.exits {
            self.close(CloseReason::Goal);
        } else if matches!(self.state.phase, Phase::WatchingGoal { .. }) {
            self.close(CloseReason::Finished);
        } else {
            return false;
        }
        true
    }

    fn goal_until(&self, goal: &Goal) -> Timestamp {
        later(self.state.started_at, i64::from(goal.within_hours) * 3600)
    }

    /// "Remind me tomorrow" for a message that was let through: once a step, and never past the end of its offer (CONS-11).
    fn ask_reminder(&mut self, h: &Happening) {
        let ended =
            matches!(&self.state.phase, Phase::Closed { why, .. } if *why != CloseReason::Finished);
        let at = later(self.now, REMINDER_SECONDS);
        let Some(message) = h.message else { return };
        let step = self.state.sent.iter().find(|(_, s)| s.message == message);
        let Some(label) = step.map(|(label, _)| label.clone()) else {
            return;
        };
        if ended || !self.is_remindable(&label, at) {
            return;
        }
        let Some(sent) = self.state.sent.get_mut(&label) else {
            return;
        };
        if sent.sent && !sent.reminded {
            sent.reminded = true;
            self.state.reminders.insert(label, at);
            self.changed = true;
        }
    }

    fn is_remindable(&self, label: &str, at: Timestamp) -> bool {
        match self.send_node(label) {
            Some(Node::Send {
                remindable: true,
                coupon,
                ..
            }) => coupon
                .as_ref()
                .is_none_or(|c| self.state.coupons.get(c).is_some_and(|c| c.expires_at > at)),
            _ => false,
        }
    }

    fn send_node(&self, wanted: &str) -> Option<&'a Node> {
        let journey: &'a Journey = self.ctx.journey;
        journey
            .nodes
            .iter()
            .find(|n| matches!(n, Node::Send { label, .. } if label == wanted))
    }

    /// Sends a step's message once more: same coupon, same end.
    fn remind(&mut self, label: &str) {
        if self.is_remindable(label, self.now)
            && let Some(node) = self.send_node(label)
        {
            self.send(node, reminder_label(label), true);
        }
    }

    /// Runs nodes until one waits or the program ends.
    fn run_from(&mut self, from: Next) {
        self.changed = true;
        let mut at = from;
        for _ in 0..NODES_PER_INPUT_MAX {
            let journey: &'a Journey = self.ctx.journey;
            let Some((number, node)) =
                at.and_then(|n| Some((n, journey.nodes.get(usize::from(n))?)))
            else {
                return self.finish();
            };
            at = match node {
                Node::Wait { seconds, next } if *seconds > 0 && next.is_some() => {
                    return self.wait(number, later(self.now, *seconds));
                }
                Node::Wait { next, .. } => *next,
                Node::WaitUntil {
                    time,
                    weekdays,
                    next,
                } => {
                    let until = self.next_local(*time, weekdays);
                    if until > self.now && next.is_some() {
                        return self.wait(number, until);
                    }
                    *next
                }
                Node::WaitBefore {
                    seconds, missed, ..
                } => {
                    let until = self.deadline().map(|at| later(at, -seconds));
                    if let Some(until) = until.filter(|until| *until > self.now) {
                        return self.wait(number, until);
                    }
                    *missed
                }
                Node::WaitFor {
                    timeout_seconds, ..
                } => {
                    self.state.node = number;
                    self.state.phase = Phase::WaitingFor {
                        until: later(self.now, *timeout_seconds),
                    };
                    return;
                }
                Node::If {
                    condition,
                    then,
                    otherwise,
                    unknown,
                } => match self.ask(condition) {
                    Truth::True => *then,
                    Truth::False => *otherwise,
                    Truth::Unknown => *unknown,
                },
                Node::Send { label, next, .. } => {
                    self.send(node, label.clone(), false);
                    *next
                }
                Node::Set { name, value, next } => {
                    self.effects.push(Effect::SetAttribute {
                        name: name.clone(),
                        value: value.clone(),
                    });
                    *next
                }
                Node::Tag { tag, remove, next } => {
                    let tag = tag.clone();
                    self.effects.push(if *remove {
                        Effect::RemoveTag { tag }
                    } else {
                        Effect::AddTag { tag }
                    });
                    *next
                }
                Node::Coupon {
                    label,
                    percent,
                    valid_seconds,
                    next,
                } => {
                    self.issue(label, *percent, *valid_seconds);
                    *next
                }
                Node::Task {
                    kind,
                    title,
                    due_seconds,
                    promo,
                    next,
                } => {
                    self.effects.push(Effect::OpenTask(OpenTask {
                        kind: kind.clone(),
                        title: title.clone(),
                        due_at: due_seconds.map(|s| later(self.now, s)),
                        promo: *promo,
                    }));
                    *next
                }
                Node::Stop => None,
            };
        }
        self.close(CloseReason::Endless);
    }

    fn wait(&mut self, node: u16, until: Timestamp) {
        self.state.node = node;
        self.state.phase = Phase::Waiting { until };
    }

    fn ask(&self, condition: &Condition) -> Truth {
        evaluate_with(
            condition,
            &self.ctx.facts(),
            Some(&self.state),
            &self.effects,
        )
    }

    /// When it is too late for the run's parcel: people can no longer answer its hold, or its last day at the pick-up
    /// point is over.
    fn deadline(&self) -> Option<Timestamp> {
        let seq = self.ctx.key.parcel?;
        let parcel = self.ctx.order?.tracked.iter().find(|p| p.seq == seq)?;
        if let Some(hold) = parcel.hold() {
            return Some(hold.closes_at(&self.ctx.shop.hold));
        }
        let last_day = parcel
            .pickup_point
            .as_ref()
            .and_then(|point| point.until)
            .filter(|_| parcel.state == ParcelState::ReadyForPickup)
            .and_then(|day| day.tomorrow().ok());
        let zone = zone_named(&self.ctx.shop.time_zone).unwrap_or(TimeZone::UTC);
        last_day
            .map(|day| local_instant(day.to_datetime(Time::midnight()), &zone))
            .or(parcel.act_deadline)
    }

    /// The next instant with this local time on one of these weekdays, in the person's zone; now when it is now.
    fn next_local(&self, time: Time, weekdays: &[Weekday]) -> Timestamp {
        let zone = person_zone(self.ctx.shop, self.ctx.customer);
        let mut day = zone.to_datetime(self.now).date();
        for _ in 0..=8 {
            if weekdays.is_empty() || weekdays.contains(&day.weekday()) {
                let at = local_instant(day.to_datetime(time), &zone);
                if at >= self.now {
                    return at;
                }
            }
            match day.tomorrow() {
                Ok(next) => day = next,
                Err(_) => break,
            }
        }
        Timestamp::MAX
    }

    /// Sends a step's message under a label, unless what it carries was not issued or is over.
    fn send(&mut self, node: &Node, label: String, requested: bool) {
        let Node::Send {
            template,
            channel,
            purpose,
            promo,
            urgent,
            notice,
            expires_seconds,
            only_while,
            coupon,
            ..
        } = node
        else {
            return;
        };
        let coupon = match coupon {
            None => None,
            Some(name) => match self.state.coupons.get(name) {
                Some(coupon) if coupon.expires_at > self.now => Some(coupon.clone()),
                Some(_) | None => return, // an offer without its code would be a false promise
            },
        };
        let expires_at = expires_seconds.map(|s| later(self.now, s));
        let offer_ends_at = coupon.as_ref().map(|c| c.expires_at);
        let not_after = match (expires_at, offer_ends_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.state.sent.insert(
            label.clone(),
            SentStep {
                message: self.effect_id(),
                at: self.now,
                sent: false,
                opens_measured: false,
                clicks_measured: false,
                opened: false,
                clicked: false,
                replied: false,
                reminded: false,
            },
        );
        self.effects.push(Effect::SendMessage(Box::new(SendMessage {
            step: label,
            template: template.clone(),
            channel: *channel,
            purpose: *purpose,
            promo: *promo,
            urgent: *urgent,
            requested,
            notice: notice.clone(),
            not_after,
            only_while: only_while.clone(),
            coupon,
        })));
    }

    /// Issues a coupon, unless this run did already or the person had the same campaign lately (CONS-11).
    fn issue(&mut self, label: &str, percent: u8, valid_seconds: i64) {
        let campaign = campaign(&self.ctx.journey.id, label);
        let lately = later(self.now, -REISSUE_DAYS_MIN * 24 * 60 * 60);
        let had = self.ctx.customer.campaigns.get(&campaign);
        if self.state.coupons.contains_key(label) || had.is_some_and(|at| *at > lately) {
            return;
        }
        let effect = self.effect_id();
        let coupon = Coupon {
            code: coupon::code(&self.ctx.shop.coupon_prefix, self.ctx.entropy, effect),
            customer_id: self.ctx.customer.id,
            effect,
            campaign,
            percent,
            issued_at: self.now,
            expires_at: later(self.now, valid_seconds),
            redeemed_at: None,
            redeemed_for: None,
        };
        self.state.coupons.insert(label.to_owned(), coupon.clone());
        self.effects.push(Effect::IssueCoupon(coupon));
    }

    /// The program is over: the goal may still be looked out for.
    fn finish(&mut self) {
        if let Some(goal) = &self.ctx.journey.goal
            && self.state.goal_at.is_none()
        {
            let until = self.goal_until(goal);
            if until > self.now {
                self.state.phase = Phase::WatchingGoal { until };
                return;
            }
        }
        self.close(CloseReason::Finished);
    }

    /// Ends the run. Unless it simply came to its end, its reminders end with it.
    fn close(&mut self, why: CloseReason) {
        self.changed = true;
        self.state.phase = Phase::Closed { why, at: self.now };
        if why != CloseReason::Finished {
            self.state.reminders.clear();
        }
    }
}
