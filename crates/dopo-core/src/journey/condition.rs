//! Conditions: three-valued questions about facts (PRIV-12). Kleene's logic: *unknown* spreads unless the known parts decide.

use super::{Condition, ParcelTrait, RunState, SentStep};
use crate::cart::Cart;
use crate::consent::{Channel, ConsentState};
use crate::customer::Customer;
use crate::effect::Effect;
use crate::gate::Truth;
use crate::order::Order;
use crate::parcel::{Direction, Parcel, ParcelState};
use crate::shop::ShopSettings;
use jiff::Timestamp;

/// The facts a condition may look at, borrowed. Enough to ask again when a message leaves, without its run.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The shop.
    pub shop: &'a ShopSettings,
    /// The person.
    pub customer: &'a Customer,
    /// The order it is about.
    pub order: Option<&'a Order>,
    /// The parcel of that order.
    pub parcel: Option<u16>,
    /// The cart it is about.
    pub cart: Option<&'a Cart>,
}

impl Truth {
    /// True or false.
    pub fn of(known: bool) -> Self {
        if known { Truth::True } else { Truth::False }
    }
}

/// The other truth; the unknown stays unknown.
impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

/// Answers a condition. `state` is the run's, for questions about its own messages; without it those are unknown.
///
/// A message may leave only while its `only_while` is [`Truth::True`]: what cannot be known is not said.
/// The time is not looked at by today's conditions; it is asked for so that conditions over time need no new signature.
pub fn evaluate(
    condition: &Condition,
    facts: &Facts<'_>,
    state: Option<&RunState>,
    _now: Timestamp,
) -> Truth {
    evaluate_with(condition, facts, state, &[])
}

/// The same within a step, where `pending` effects of this very step are already true.
pub(super) fn evaluate_with(
    condition: &Condition,
    facts: &Facts<'_>,
    state: Option<&RunState>,
    pending: &[Effect],
) -> Truth {
    let ask = |c: &Condition| evaluate_with(c, facts, state, pending);
    let order = |answer: fn(&Order) -> bool, wanted: bool| {
        facts
            .order
            .map_or(Truth::Unknown, |o| Truth::of(answer(o) == wanted))
    };
    match condition {
        Condition::All(parts) => all(parts.iter().map(ask)),
        Condition::Any(parts) => !all(parts.iter().map(|c| !ask(c))),
        Condition::Not(part) => !ask(part),
        Condition::Opened(label) => signal(
            state,
            label,
            |s| s.opened || s.clicked,
            |s| s.opens_measured,
        ),
        Condition::Clicked(label) => signal(state, label, |s| s.clicked, |s| s.clicks_measured),
        // Silence is known only where a reply was asked for and would have reached us; no channel says so yet.
        Condition::Replied(label) => signal(state, label, |s| s.replied, |_| false),
        Condition::Sent(label) => sent(state, label, pending),
        Condition::OrderTotalCentsAtLeast(cents) => match facts.order {
            Some(o) if o.snapshot.total.currency.code() == facts.shop.currency => {
                Truth::of(o.snapshot.total.cents >= *cents)
            }
            Some(_) | None => Truth::Unknown,
        },
        Condition::OrdersAtLeast(count) => Truth::of(facts.customer.purchases.orders >= *count),
        Condition::OrderPaid(wanted) => order(|o| o.snapshot.payment.is_sale(), *wanted),
        Condition::CashOnDelivery(wanted) => order(|o| o.snapshot.cash_on_delivery, *wanted),
        Condition::OrderStands(wanted) => order(Order::stands, *wanted),
        Condition::OrderDelivered(wanted) => order(|o| o.delivered_at.is_some(), *wanted),
        Condition::ParcelIn(states) => parcel_in(facts, states),
        Condition::ParcelIs(what) => parcel_is(facts, *what),
        Condition::CartOpen(wanted) => facts
            .cart
            .map_or(Truth::Unknown, |c| Truth::of(c.is_open() == *wanted)),
        Condition::BoughtGroup(group) => {
            Truth::of(facts.customer.purchases.groups.contains_key(group))
        }
        Condition::HasTag(tag) => Truth::of(has_tag(facts.customer, tag, pending)),
        Condition::Attribute { name, equals } => attribute(facts.customer, name, equals, pending),
        Condition::Agreed { topic, channel } => {
            match facts.customer.consents.state(*topic, *channel) {
                ConsentState::Confirmed => Truth::True,
                ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Objected => {
                    Truth::False
                }
                ConsentState::Granted | ConsentState::Unknown => Truth::Unknown,
            }
        }
        Condition::ProvinceIn(provinces) => match &facts.customer.province {
            Some(here) => Truth::of(provinces.iter().any(|p| p.eq_ignore_ascii_case(here))),
            None => Truth::Unknown,
        },
        Condition::Reachable(channel) => Truth::of(is_reachable(facts.customer, *channel)),
    }
}

/// Kleene's *and*: false beats unknown beats true.
fn all(parts: impl Iterator<Item = Truth>) -> Truth {
    let mut answer = Truth::True;
    for part in parts {
        match part {
            Truth::False => return Truth::False,
            Truth::Unknown => answer = Truth::Unknown,
            Truth::True => {}
        }
    }
    answer
}

/// The label under which the reminder of a step stands.
pub(super) fn reminder_label(label: &str) -> String {
    format!("{label}.reminder")
}

/// Whether a sign of the step's message, or of its reminder, was seen. Its absence is known only where it is measured.
fn signal(
    state: Option<&RunState>,
    label: &str,
    seen: fn(&SentStep) -> bool,
    measured: fn(&SentStep) -> bool,
) -> Truth {
    let Some(state) = state else {
        return Truth::Unknown;
    };
    let Some(first) = state.sent.get(label) else {
        return Truth::Unknown;
    };
    let reminder = state.sent.get(&reminder_label(label));
    if seen(first) || reminder.is_some_and(seen) {
        Truth::True
    } else if first.sent && measured(first) && reminder.is_none_or(|r| !r.sent || measured(r)) {
        Truth::False
    } else {
        Truth::Unknown
    }
}

/// Whether the step's message was let through. One of this very step has not been asked about yet.
fn sent(state: Option<&RunState>, label: &str, pending: &[Effect]) -> Truth {
    let Some(state) = state else {
        return Truth::Unknown;
    };
    let undecided = pending
        .iter()
        .any(|e| matches!(e, Effect::SendMessage(send) if send.step == label));
    if undecided {
        return Truth::Unknown;
    }
    Truth::of(state.sent.get(label).is_some_and(|s| s.sent))
}

/// The run's parcel, or all parcels of the order where the run is not about one.
fn parcel_in(facts: &Facts<'_>, states: &[ParcelState]) -> Truth {
    let Some(order) = facts.order else {
        return Truth::Unknown;
    };
    let one = |parcel: &Parcel| {
        if states.contains(&parcel.state) {
            Truth::True
        } else if parcel.state == ParcelState::Unknown {
            Truth::Unknown
        } else {
            Truth::False
        }
    };
    match facts.parcel {
        Some(seq) => order
            .tracked
            .iter()
            .find(|p| p.seq == seq)
            .map_or(Truth::Unknown, one),
        None if order.tracked.is_empty() => Truth::Unknown,
        None => all(order.tracked.iter().map(one)),
    }
}

/// The run's parcel, or any parcel of the order where the run is not about one.
fn parcel_is(facts: &Facts<'_>, what: ParcelTrait) -> Truth {
    let Some(order) = facts.order else {
        return Truth::Unknown;
    };
    let one = |parcel: &Parcel| match what {
        ParcelTrait::AwaitingAnswer => parcel.hold().is_some_and(|hold| hold.awaits_answer()),
        ParcelTrait::Silent => parcel.silent_since.is_some(),
        ParcelTrait::GoingBack => parcel.direction == Direction::Return,
    };
    let mut about = order
        .tracked
        .iter()
        .filter(|p| facts.parcel.is_none_or(|seq| p.seq == seq));
    Truth::of(about.any(one))
}

fn has_tag(customer: &Customer, tag: &str, pending: &[Effect]) -> bool {
    pending
        .iter()
        .rev()
        .find_map(|effect| match effect {
            Effect::AddTag { tag: t } if t == tag => Some(true),
            Effect::RemoveTag { tag: t } if t == tag => Some(false),
            _ => None,
        })
        .unwrap_or_else(|| customer.tags.contains(tag))
}

/// An attribute that is not there is known to be nothing, and not known to be anything else.
fn attribute(
    customer: &Customer,
    name: &str,
    equals: &serde_json::Value,
    pending: &[Effect],
) -> Truth {
    let set = pending.iter().rev().find_map(|effect| match effect {
        Effect::SetAttribute { name: n, value } if n == name => Some(value),
        _ => None,
    });
    match set.or_else(|| customer.attributes.get(name)) {
        Some(value) if !value.is_null() => Truth::of(value == equals),
        Some(_) | None if equals.is_null() => Truth::True,
        Some(_) | None => Truth::Unknown,
    }
}

fn is_reachable(customer: &Customer, channel: Channel) -> bool {
    match channel {
        Channel::Email => {
            customer.email().is_some() && customer.suppression.hard_bounced_at.is_none()
        }
        Channel::Sms | Channel::Call => {
            customer.phone().is_some() && customer.suppression.phone_dead_at.is_none()
        }
        // The browser's permission is kept as this attribute, as the gate reads it.
        Channel::Push => customer.attributes.contains_key("push"),
    }
}
