//! What happened, told to the shop's own webhooks: facts are gathered while a batch is decided and queued once it is
//! committed, before whoever brought them is answered.
//!
//! Every fact has an id made from what it is about, so that telling it twice queues it once. A kill in the milliseconds
//! between commit and queue can lose a fact; everything told can also be read by the API.

use crate::Engine;
use crate::ports::{Claimed, DeliveryRow, DeliveryStatus, Finish, Finished, WebhookRow};
use dopo_core::advance::{Loaded, Writes};
use dopo_core::id::{EffectId, OrderId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::parcel::ParcelState;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
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

/// Gathers the facts of a batch while it is decided; does nothing where no webhook listens.
#[derive(Clone)]
pub(crate) struct Heard {
    facts: Option<Arc<Mutex<Vec<Fact>>>>,
}

impl Heard {
    /// What the batch knew, before it is decided.
    pub(crate) fn before(&self, loaded: &Loaded) -> Option<Before> {
        self.facts.as_ref()?;
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
        writes: &Writes,
        live: bool,
        now: Timestamp,
    ) {
        let (Some(facts), Some(before)) = (&self.facts, before) else {
            return;
        };
        // A transaction may be decided again after a conflict: the last time counts.
        let mut out = facts.lock().unwrap_or_else(PoisonError::into_inner);
        out.clear();
        if !live {
            return;
        }
        of_writes(&before, writes, now, &mut out);
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
            facts: self
                .outbox
                .of(shop)
                .map(|_| Arc::new(Mutex::new(Vec::new()))),
        }
    }

    /// Queues what was heard. Call it once the batch is committed.
    pub(crate) async fn tell(&self, shop: ShopId, heard: Heard) {
        let Some(facts) = heard.facts else { return };
        let facts = std::mem::take(&mut *facts.lock().unwrap_or_else(PoisonError::into_inner));
        self.queue_facts(shop, facts).await;
    }

    /// Remembers claimed messages of shops with webhooks.
    pub(crate) fn remember_in_hand(&self, claimed: &[Claimed]) -> InHand {
        claimed
            .iter()
            .filter(|claimed| self.outbox.of(claimed.shop).is_some())
            .map(|claimed| (claimed.message.id, claimed.message.clone()))
            .collect()
    }

    /// What became of messages in hand, by shop.
    pub(crate) fn facts_of(
        &self,
        in_hand: &InHand,
        finished: &[Finished],
    ) -> HashMap<ShopId, Vec<Fact>> {
        let mut out: HashMap<ShopId, Vec<Fact>> = HashMap::new();
        if in_hand.is_empty() {
            return out;
        }
        let now = self.now();
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
            out.entry(done.shop).or_default().push(fact);
        }
        out
    }

    /// Queues facts of several shops.
    pub(crate) async fn tell_facts(&self, facts: HashMap<ShopId, Vec<Fact>>) {
        for (shop, facts) in facts {
            self.queue_facts(shop, facts).await;
        }
    }

    async fn queue_facts(&self, shop: ShopId, facts: Vec<Fact>) {
        if facts.is_empty() {
            return;
        }
        let Some(hooks) = self.outbox.of(shop) else {
            return;
        };
        let slug = self.shop(shop).map(|s| s.slug.clone()).unwrap_or_default();
        let now = self.clock.pulse();
        let mut rows = Vec::new();
        for fact in facts {
            let mut body = None;
            for hook in hooks.iter().filter(|hook| listens(hook, fact.kind)) {
                let body = body.get_or_insert_with(|| body_of(&slug, &fact));
                rows.push(delivery(shop, hook.id, &fact, body.clone(), now));
            }
        }
        if rows.is_empty() {
            return;
        }
        match self.store.add_deliveries(&rows).await {
            Ok(()) => self.outbox.bell.notify_one(),
            Err(error) => {
                metrics::counter!("dopo_store_errors_total").increment(1);
                tracing::error!(%error, lost = rows.len(), "outgoing webhooks could not be queued");
            }
        }
    }
}

pub(super) fn delivery(
    shop: ShopId,
    webhook: i64,
    fact: &Fact,
    body: String,
    now: Timestamp,
) -> DeliveryRow {
    DeliveryRow {
        shop,
        id: 0,
        webhook,
        event_id: format!("evt_{shop}_{}", fact.id),
        kind: fact.kind.to_owned(),
        body,
        status: DeliveryStatus::Waiting,
        attempts: 0,
        due_at: now,
        created_at: now,
        last_code: None,
        last_error: None,
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
