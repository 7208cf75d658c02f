//! What happened, told to the shop's own webhooks: facts are gathered while a batch is decided and queued in the same
//! transaction, so that no kill can part them.
//!
//! Every fact has an id made from what it is about, so that telling it twice queues it once.

use crate::Engine;
use crate::ports::{Claimed, DeliveryRow, Finish, Finished, WebhookRow};
use dopo_core::advance::{Loaded, OutwardWord, Writes};
use dopo_core::id::{EffectId, OrderId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::parcel::ParcelState;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Notify;

/// The webhooks of all shops, and the bell of the worker that serves them.
#[derive(Default)]
pub(crate) struct Outbox {
    hooks: RwLock<HashMap<ShopId, Arc<Vec<WebhookRow>>>>,
    /// Rung when deliveries were queued.
    pub(crate) bell: Notify,
}

impl Outbox {
    /// Takes over the webhooks of a shop.
    pub(crate) fn set(&self, shop: ShopId, hooks: Vec<WebhookRow>) {
        let mut all = self.hooks.write().unwrap_or_else(PoisonError::into_inner);
        if hooks.iter().any(|hook| hook.active) {
            all.insert(shop, Arc::new(hooks));
        } else {
            all.remove(&shop);
        }
    }

    fn of(&self, shop: ShopId) -> Option<Arc<Vec<WebhookRow>>> {
        let all = self.hooks.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&shop).cloned()
    }
}

/// One thing that happened.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Fact {
    pub id: String,
    pub kind: &'static str,
    pub at: Timestamp,
    pub data: Value,
}

type Before = HashMap<OrderId, (bool, Vec<(u16, ParcelState)>)>;

/// Who listens to a shop, and under which name the shop speaks.
struct Ears {
    hooks: Arc<Vec<WebhookRow>>,
    slug: String,
    shop: ShopId,
    /// From when a word may be carried.
    at: Timestamp,
}

impl Ears {
    /// A fact as it goes to each webhook that wants its kind.
    fn words(&self, fact: &Fact) -> Vec<OutwardWord> {
        let mut body = None;
        let wanted = self.hooks.iter().filter(|hook| listens(hook, fact.kind));
        wanted
            .map(|hook| {
                let body = body.get_or_insert_with(|| body_of(&self.slug, fact));
                word(self.shop, hook.id, fact, body.clone(), self.at)
            })
            .collect()
    }
}

/// Puts the facts of a batch into its writes while it is decided; does nothing where no webhook listens.
#[derive(Clone)]
pub(crate) struct Heard {
    ears: Option<Arc<Ears>>,
    told: Arc<AtomicBool>,
}

impl Heard {
    /// What the batch knew, before it is decided.
    pub(crate) fn before(&self, loaded: &Loaded) -> Option<Before> {
        self.ears.as_ref()?;
        let orders = loaded.orders.values();
        Some(
            orders
                .map(|order| {
                    let parcels = order.tracked.iter().map(|p| (p.seq, p.state)).collect();
                    (order.id, (order.snapshot.cancelled_at.is_some(), parcels))
                })
                .collect(),
        )
    }

    /// What the batch made of it. `live` is false for imports: what is long past is not news.
    pub(crate) fn after(
        &self,
        before: Option<Before>,
        writes: &mut Writes,
        live: bool,
        now: Timestamp,
    ) {
        let (Some(ears), Some(before)) = (&self.ears, before) else {
            return;
        };
        if !live {
            return;
        }
        let mut facts = Vec::new();
        of_writes(&before, writes, now, &mut facts);
        let words: Vec<OutwardWord> = facts.iter().flat_map(|fact| ears.words(fact)).collect();
        if !words.is_empty() {
            self.told.store(true, Ordering::Release);
            writes.outward.extend(words);
        }
    }
}

fn of_writes(before: &Before, writes: &Writes, now: Timestamp, out: &mut Vec<Fact>) {
    for order in &writes.orders {
        let snapshot = &order.snapshot;
        let about = || {
            json!({
                "order": order.id.to_string(),
                "external_id": snapshot.external_id,
                "number": snapshot.number,
                "customer": order.customer_id.to_string(),
                "placed_at": snapshot.placed_at,
                "standing": order.standing().as_str(),
                "total": { "cents": snapshot.total.cents, "currency": snapshot.total.currency.to_string() },
                "test": snapshot.test,
            })
        };
        let known = before.get(&order.id);
        if known.is_none() {
            out.push(Fact {
                id: format!("order-{}-placed", order.id),
                kind: "order.placed",
                at: now,
                data: about(),
            });
        }
        if snapshot.cancelled_at.is_some() && !known.is_some_and(|(cancelled, _)| *cancelled) {
            out.push(Fact {
                id: format!("order-{}-cancelled", order.id),
                kind: "order.cancelled",
                at: now,
                data: about(),
            });
        }
        for parcel in &order.tracked {
            let was = known.and_then(|(_, parcels)| {
                parcels
                    .iter()
                    .find(|(seq, _)| *seq == parcel.seq)
                    .map(|(_, state)| *state)
            });
            if was == Some(parcel.state) {
                continue;
            }
            let at = parcel.checkpoints.last().map_or(now, |c| c.checkpoint.at);
            let mut data = about();
            data["parcel"] = json!({
                "seq": parcel.seq,
                "state": parcel.state,
                "was": was,
                "at": at,
            });
            out.push(Fact {
                id: format!(
                    "parcel-{}-{}-{}-{}",
                    order.id,
                    parcel.seq,
                    parcel.state.as_str(),
                    at.as_second()
                ),
                kind: "parcel.updated",
                at: now,
                data,
            });
        }
    }
    for message in &writes.messages {
        if message.status == MessageStatus::HeldBack {
            let reason = message.reason.map(|reason| reason.as_str().to_owned());
            out.push(of_message(message, "message.held_back", now, json!(reason)));
        }
    }
    for row in &writes.ledger {
        out.push(Fact {
            id: format!("consent-{}", row.id),
            kind: "consent.changed",
            at: now,
            data: json!({
                "customer": row.customer_id.to_string(),
                "at": row.at,
                "topic": row.act.topic,
                "channel": row.act.channel,
                "state": row.act.state,
            }),
        });
    }
    for customer in &writes.forgotten {
        out.push(Fact {
            id: format!("customer-{customer}-forgotten"),
            kind: "customer.forgotten",
            at: now,
            data: json!({ "customer": customer.to_string() }),
        });
    }
    for task in &writes.tasks {
        out.push(Fact {
            id: format!("task-{}", task.effect),
            kind: "task.opened",
            at: now,
            data: json!({
                "task": task.effect.to_string(),
                "kind": task.task.kind,
                "customer": task.customer_id.to_string(),
                "order": task.order_id.map(|id| id.to_string()),
                "due_at": task.task.due_at,
            }),
        });
    }
}

fn of_message(message: &Message, kind: &'static str, at: Timestamp, why: Value) -> Fact {
    let what = kind.split('.').nth(1).unwrap_or(kind);
    Fact {
        id: format!("message-{}-{what}-{}", message.id, message.attempts),
        kind,
        at,
        data: json!({
            "message": message.id.to_string(),
            "customer": message.customer_id.to_string(),
            "order": message.order_id.map(|id| id.to_string()),
            "journey": message.journey,
            "step": message.send.step,
            "template": message.send.template,
            "channel": message.channel().as_str(),
            "purpose": message.send.purpose.as_str(),
            "reason": why,
        }),
    }
}

/// Messages in hand, remembered for what will be told of them; empty where no webhook listens.
pub(crate) type InHand = HashMap<EffectId, Message>;

impl Engine {
    /// Listens to a batch of a shop.
    pub(crate) fn listen(&self, shop: ShopId) -> Heard {
        Heard {
            ears: self.ears(shop).map(Arc::new),
            told: Arc::default(),
        }
    }

    fn ears(&self, shop: ShopId) -> Option<Ears> {
        let hooks = self.outbox.of(shop)?;
        Some(Ears {
            hooks,
            slug: self.shop(shop).map(|s| s.slug.clone()).unwrap_or_default(),
            shop,
            at: self.clock.pulse(),
        })
    }

    /// Wakes who carries what was heard. Call it once the batch is committed.
    pub(crate) fn tell(&self, heard: &Heard) {
        if heard.told.load(Ordering::Acquire) {
            self.outbox.bell.notify_one();
        }
    }

    /// Remembers claimed messages of shops with webhooks.
    pub(crate) fn remember_in_hand(&self, claimed: &[Claimed]) -> InHand {
        claimed
            .iter()
            .filter(|claimed| self.outbox.of(claimed.shop).is_some())
            .map(|claimed| (claimed.message.id, claimed.message.clone()))
            .collect()
    }

    /// What webhooks are told of messages in hand.
    pub(crate) fn words_of(&self, in_hand: &InHand, finished: &[Finished]) -> Vec<DeliveryRow> {
        let mut out = Vec::new();
        if in_hand.is_empty() {
            return out;
        }
        let now = self.now();
        let mut ears: HashMap<ShopId, Option<Ears>> = HashMap::new();
        for done in finished {
            let Some(message) = in_hand.get(&done.message) else {
                continue;
            };
            let fact = match &done.finish {
                Finish::Sent { captured, .. } => {
                    let mut fact = of_message(message, "message.sent", now, Value::Null);
                    fact.data["captured"] = json!(captured);
                    fact
                }
                Finish::HeldBack { why } => {
                    of_message(message, "message.held_back", now, json!(why.as_str()))
                }
                Finish::Failed { why } | Finish::InDoubt { why } => {
                    of_message(message, "message.failed", now, json!(why))
                }
                Finish::Deferred { .. } | Finish::Retry { .. } => continue,
            };
            let ears = ears
                .entry(done.shop)
                .or_insert_with(|| self.ears(done.shop));
            let words = ears.iter().flat_map(|ears| ears.words(&fact));
            out.extend(words.map(|word| DeliveryRow::waiting(done.shop, &word)));
        }
        out
    }
}

/// A fact as it goes to one webhook.
pub(super) fn word(
    shop: ShopId,
    webhook: i64,
    fact: &Fact,
    body: String,
    at: Timestamp,
) -> OutwardWord {
    OutwardWord {
        to: webhook,
        id: format!("evt_{shop}_{}", fact.id),
        kind: fact.kind.to_owned(),
        body,
        at,
    }
}

/// The body of Standard Webhooks: `type`, `timestamp`, `data`.
pub(super) fn body_of(slug: &str, fact: &Fact) -> String {
    json!({ "type": fact.kind, "timestamp": fact.at, "shop": slug, "data": fact.data }).to_string()
}

/// Whether a webhook wants a kind: it names it, or its family (`message.*`), or nothing at all.
pub(super) fn listens(hook: &WebhookRow, kind: &str) -> bool {
    hook.active
        && (hook.kinds.is_empty()
            || hook.kinds.iter().any(|wanted| {
                wanted == kind
                    || wanted
                        .strip_suffix('*')
                        .is_some_and(|family| family.ends_with('.') && kind.starts_with(family))
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_hears_what_it_asked_for() {
        let hook = |kinds: &[&str]| WebhookRow {
            id: 1,
            url: String::new(),
            kinds: kinds.iter().map(|k| (*k).to_owned()).collect(),
            secret: Vec::new(),
            active: true,
            created_at: Timestamp::UNIX_EPOCH,
        };
        assert!(listens(&hook(&[]), "order.placed"));
        assert!(listens(&hook(&["message.*"]), "message.sent"));
        assert!(!listens(&hook(&["message.*"]), "order.placed"));
        assert!(listens(&hook(&["order.placed"]), "order.placed"));
        assert!(!listens(&hook(&["order.placed"]), "order.cancelled"));
    }
}
