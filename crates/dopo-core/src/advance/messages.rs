//! Messages that have left: opens, clicks, answers, bounces, complaints.

use super::MessageMark;
use super::facts::happening;
use super::world::World;
use crate::consent::{ConsentAct, ConsentSource, ConsentState, Purpose, Topic};
use crate::event::{Actor, Arrival, BounceKind, Happening, Moment};
use crate::id::{CustomerId, EffectId};
use crate::shop::TrackingMode;
use jiff::Timestamp;

impl World<'_> {
    pub(super) fn owner(&self, message: EffectId) -> Option<CustomerId> {
        self.loaded.messages.get(&message).map(|m| m.customer_id)
    }

    /// Whether a hit on this message may be recorded for its person: identified when it left, and still agreed now
    /// (PRIV-10: the mode is rechecked on each hit).
    pub(super) fn measured(&self, message: EffectId, topic: Topic) -> Option<CustomerId> {
        let message = self.loaded.messages.get(&message)?;
        let grant = message.grant.as_ref()?;
        let mode = if topic == Topic::TrackingOpen {
            grant.tracking_open
        } else {
            grant.tracking_click
        };
        let person = self.loaded.customers.get(&message.customer_id)?;
        (mode == TrackingMode::Identified && person.consents.agreed(topic, None))
            .then_some(message.customer_id)
    }

    pub(super) fn opened(
        &mut self,
        message: EffectId,
        by: Actor,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.measured(message, Topic::TrackingOpen) else {
            return;
        };
        self.count("messages.opens", actor(by), 1);
        if by == Actor::Human {
            self.writes
                .marks
                .push((message, MessageMark::Opened(arrival.occurred_at)));
            if let Some(message) = self.loaded.messages.get_mut(&message)
                && message.opened_at.is_none()
            {
                message.opened_at = Some(arrival.occurred_at);
                let id = message.id;
                self.count_act("kpi.opened", "journeys.opened", id);
            }
            self.engaged(message, arrival.occurred_at);
            self.alive(customer, arrival.occurred_at);
            out.push(happening(arrival, Moment::MessageOpened, customer).about_message(message));
        }
    }

    pub(super) fn clicked(
        &mut self,
        message: EffectId,
        by: Actor,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.measured(message, Topic::TrackingClick) else {
            return;
        };
        self.count("messages.clicks", actor(by), 1);
        if by == Actor::Human {
            self.writes
                .marks
                .push((message, MessageMark::Clicked(arrival.occurred_at)));
            if let Some(message) = self.loaded.messages.get_mut(&message)
                && message.clicked_at.is_none()
            {
                message.clicked_at = Some(arrival.occurred_at);
                let id = message.id;
                self.count_act("kpi.clicked", "journeys.clicked", id);
            }
            self.engaged(message, arrival.occurred_at);
            self.alive(customer, arrival.occurred_at);
            out.push(happening(arrival, Moment::MessageClicked, customer).about_message(message));
        }
    }

    pub(super) fn replied(
        &mut self,
        message: EffectId,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.owner(message) else {
            return;
        };
        self.count("messages.replies", "", 1);
        self.engaged(message, arrival.occurred_at);
        self.alive(customer, arrival.occurred_at);
        out.push(happening(arrival, Moment::MessageReplied, customer).about_message(message));
    }

    pub(super) fn alive(&mut self, customer: CustomerId, at: Timestamp) {
        if let Some(person) = self.loaded.customers.get_mut(&customer)
            && person.active_at < Some(at)
        {
            person.active_at = Some(at);
            self.customers.insert(customer);
        }
    }

    pub(super) fn bounced(&mut self, message: EffectId, kind: BounceKind, arrival: &Arrival) {
        let Some(known) = self.loaded.messages.get(&message) else {
            return;
        };
        let (customer, order, purpose) = (known.customer_id, known.order_id, known.send.purpose);
        let (name, suppress) = match kind {
            BounceKind::HardAddress => ("hard_address", true),
            BounceKind::DeadNumber => ("dead_number", true),
            BounceKind::SoftMailbox => ("soft_mailbox", false),
            BounceKind::BlockPolicy => ("block_policy", false),
            BounceKind::Content => ("content", false),
        };
        self.count("messages.bounced", name, 1);
        self.writes.marks.push((
            message,
            MessageMark::Bounced(arrival.occurred_at, name.to_owned()),
        ));
        if suppress && let Some(person) = self.loaded.customers.get_mut(&customer) {
            if kind == BounceKind::DeadNumber {
                person.suppression.phone_dead_at = Some(arrival.occurred_at);
            } else {
                person.suppression.hard_bounced_at = Some(arrival.occurred_at);
            }
            self.customers.insert(customer);
        }
        if purpose == Purpose::Legal && suppress {
            self.task(
                customer,
                order,
                "bounced_legal",
                "Una comunicazione dovuta per legge è tornata indietro: trova un altro recapito",
                None,
            );
        }
    }

    pub(super) fn complained(
        &mut self,
        message: EffectId,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.owner(message) else {
            return;
        };
        self.count("messages.complaints", "", 1);
        if let Some(person) = self.loaded.customers.get_mut(&customer) {
            person.suppression.complained_at = Some(arrival.occurred_at);
            self.customers.insert(customer);
        }
        let act = |topic| ConsentAct {
            topic,
            channel: None,
            state: ConsentState::Objected,
            source: ConsentSource::Complaint,
            text_version: None,
            form: None,
            language: None,
            proof: None,
        };
        self.acts(
            customer,
            &[act(Topic::Marketing), act(Topic::MarketingSimilar)],
            arrival,
            out,
        );
    }
}

fn actor(by: Actor) -> &'static str {
    match by {
        Actor::Human => "human",
        Actor::Proxy => "proxy",
        Actor::Machine => "machine",
        Actor::Unknown => "unknown",
    }
}
