//! What the people of a shop do by hand: correct a record, stop runs, send one message. Pure, like every decision; what
//! is done by hand asks the same gate.

use super::runs::settle;
use super::world::World;
use super::{Loaded, Shop, Writes};
use crate::customer::{ATTRIBUTES_MAX, Customer};
use crate::effect::SendMessage;
use crate::gate::{Ask, Content, Reason};
use crate::id::{CustomerId, EffectId, OrderId, RunId};
use crate::italy::Locale;
use crate::italy::names::NAME_MAX_CHARS;
use crate::italy::{Province, clean_line};
use crate::journey::{CloseReason, Run};
use crate::message::{Message, MessageStatus};
use jiff::Timestamp;

/// Longest tag, in characters.
const TAG_CHARS_MAX: usize = 40;

/// What to correct in a person's record. `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Correction {
    /// Given name.
    pub first_name: Option<Option<String>>,
    /// Family name.
    pub last_name: Option<Option<String>>,
    /// Language.
    pub locale: Option<Option<Locale>>,
    /// Two-letter Italian province.
    pub province: Option<Option<String>>,
    /// All tags, in place of those there are.
    pub tags: Option<Vec<String>>,
    /// Below 14.
    pub minor: Option<bool>,
}

/// One field of a correction that cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongField {
    /// Which.
    pub field: &'static str,
    /// Stable name of what is wrong.
    pub code: &'static str,
    /// In Italian.
    pub it: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Correction {
    /// What of it cannot be used; empty = all of it can.
    pub fn problems(&self) -> Vec<WrongField> {
        let mut problems = Vec::new();
        let mut wrong = |field, code, it, en| {
            problems.push(WrongField {
                field,
                code,
                it,
                en,
            });
        };
        for (field, name) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
        ] {
            if let Some(Some(name)) = name
                && clean_line(name).chars().count() > NAME_MAX_CHARS
            {
                wrong(
                    field,
                    "too_long",
                    "Al massimo 60 caratteri.",
                    "At most 60 characters.",
                );
            }
        }
        if let Some(Some(province)) = &self.province
            && Province::parse(province).is_err()
        {
            wrong(
                "province",
                "unknown",
                "Non è la sigla di una provincia italiana: scrivi due lettere, per esempio BO.",
                "This is no Italian province: write two letters, such as BO.",
            );
        }
        if let Some(tags) = &self.tags {
            if tags.len() > ATTRIBUTES_MAX {
                wrong(
                    "tags",
                    "too_many",
                    "Al massimo 64 etichette.",
                    "At most 64 tags.",
                );
            }
            let bad = |tag: &String| {
                let tag = clean_line(tag);
                tag.is_empty() || tag.chars().count() > TAG_CHARS_MAX
            };
            if tags.iter().any(bad) {
                wrong(
                    "tags",
                    "unusable",
                    "Un'etichetta ha da 1 a 40 caratteri.",
                    "A tag has 1 to 40 characters.",
                );
            }
        }
        problems
    }

    fn apply(&self, person: &mut Customer) {
        let clean = |text: &Option<String>| {
            text.as_deref()
                .map(clean_line)
                .filter(|text| !text.is_empty())
        };
        if let Some(name) = &self.first_name {
            person.first_name = clean(name);
        }
        if let Some(name) = &self.last_name {
            person.last_name = clean(name);
        }
        if let Some(locale) = self.locale {
            person.locale = locale;
        }
        if let Some(province) = &self.province {
            person.province = province
                .as_deref()
                .and_then(|text| Province::parse(text).ok())
                .map(|province| province.code().to_owned());
        }
        if let Some(tags) = &self.tags {
            person.tags = tags.iter().map(|tag| clean_line(tag)).collect();
        }
        if let Some(minor) = self.minor {
            person.minor = minor;
        }
    }
}

/// Corrects a person's record. What cannot be used ([`Correction::problems`]) must have been refused before.
pub fn correct_customer(
    shop: &Shop,
    loaded: Loaded,
    id: CustomerId,
    correction: &Correction,
    now: Timestamp,
) -> Writes {
    let mut world = World::new(shop, loaded, now, 0, true);
    if let Some(person) = world.loaded.customers.get_mut(&id) {
        let before = person.clone();
        correction.apply(person);
        if *person != before {
            world.customers.insert(id);
        }
    }
    world.finish()
}

/// Stops the active runs that `pick` names. Messages already let through still leave, if the gate lets them.
pub fn stop_runs(
    shop: &Shop,
    loaded: Loaded,
    pick: &dyn Fn(&Run) -> bool,
    now: Timestamp,
) -> Writes {
    let mut world = World::new(shop, loaded, now, 0, true);
    let picked: Vec<(RunId, String)> = world
        .loaded
        .runs
        .values()
        .filter(|run| run.state.is_active() && pick(run))
        .map(|run| (run.id, run.journey.clone()))
        .collect();
    for (run, journey) in picked {
        world.close(run, CloseReason::Stopped);
        world.count_about("journeys.closed", || format!("{journey}/stopped"), 1);
    }
    world.finish()
}

/// A message that somebody sends by hand: what a step of a journey would send, now.
#[derive(Clone, PartialEq, Debug)]
pub struct ByHand {
    /// The message's id, of no run.
    pub id: EffectId,
    /// To whom.
    pub customer: CustomerId,
    /// About which order.
    pub order: Option<OrderId>,
    /// Of which journey.
    pub journey: String,
    /// In which version.
    pub journey_version: u32,
    /// What.
    pub send: SendMessage,
}

/// Asks the gate about a message sent by hand. Let through, it is written down and queued as any other; held back, nothing
/// is written and the reason returned, for whoever asked stands there and reads it.
///
/// # Errors
/// Why it may not be sent.
pub fn send_by_hand(
    shop: &Shop,
    loaded: Loaded,
    by_hand: ByHand,
    now: Timestamp,
) -> Result<(Message, Writes), Reason> {
    if shop.disconnected {
        return Err(Reason::ShopClosed);
    }
    let mut world = World::new(shop, loaded, now, 0, true);
    let Some(person) = world.loaded.customers.get(&by_hand.customer) else {
        return Err(Reason::Forgotten);
    };
    let order = by_hand
        .order
        .and_then(|order| world.loaded.orders.get(&order))
        .filter(|order| order.customer_id == by_hand.customer);
    let send = &by_hand.send;
    let (grant, due_at, why) = settle(Ask {
        shop: &shop.settings,
        person,
        purpose: send.purpose,
        channel: send.channel,
        content: Content {
            promo: send.promo,
            urgent: send.urgent,
            requested: send.requested,
            not_after: send.not_after,
            ..Content::default()
        },
        order,
        cart: None,
        now,
    })?;
    let message = Message {
        id: by_hand.id,
        customer_id: by_hand.customer,
        order_id: order.map(|order| order.id),
        parcel: None,
        cart_id: None,
        journey: by_hand.journey,
        journey_version: by_hand.journey_version,
        send: by_hand.send,
        decided_at: now,
        due_at,
        status: MessageStatus::Queued,
        grant: Some(grant),
        reason: why,
        sent_at: None,
        opened_at: None,
        clicked_at: None,
        failure: None,
        attempts: 0,
    };
    world.record(message.id.run(), message.clone());
    Ok((message, world.finish()))
}
