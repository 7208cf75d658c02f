//! What is done by hand: correct a record, stop a person's journeys and offers, stop one run, send one message. Each is one
//! transaction on locked facts, decided by `dopo_core::advance`.

use crate::Engine;
use crate::console::live::Topics;
use crate::intake::{IngestError, NewIntake};
use crate::ports::StoreError;
use dopo_core::advance::{ByHand, Correction, correct_customer, send_by_hand, stop_runs};
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Purpose, Topic};
use dopo_core::effect::SendMessage;
use dopo_core::event::{Event, Origin};
use dopo_core::gate::Reason;
use dopo_core::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use dopo_core::journey::{Journey, Node, Run};
use dopo_core::message::Message;
use dopo_core::order::Order;
use std::sync::{Arc, Mutex};

/// Active runs of one person that are looked at.
const RUNS_MAX: usize = dopo_core::journey::RUNS_ACTIVE_MAX;
/// What is withdrawn when somebody says "stop all of it".
const STOPPED_TOPICS: [Topic; 4] = [
    Topic::Marketing,
    Topic::MarketingSimilar,
    Topic::Feedback,
    Topic::Cart,
];

/// Why something could not be done by hand.
#[derive(Debug, thiserror::Error)]
pub enum HandError {
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// There is no such person, order, journey or step in this shop; which.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The gate says no.
    #[error("held back: {}", .0.as_str())]
    HeldBack(Reason),
    /// The step carries a discount code, which only its journey can issue.
    #[error("this step carries a discount code, which only its journey can issue")]
    NeedsCoupon,
}

/// What to send by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendAsked {
    /// A step of this journey.
    pub journey: String,
    /// The step's label; the first step with the template when absent.
    pub step: Option<String>,
    /// The template.
    pub template: String,
    /// About which order.
    pub order: Option<OrderId>,
}

/// What stopping came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stopped {
    /// Topics and channels withdrawn that were not already.
    pub withdrawn: u64,
    /// Runs that ended.
    pub runs: u64,
}

impl Engine {
    /// Corrects a person's record. `correction` must have no [`Correction::problems`].
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn correct(
        &self,
        shop_id: ShopId,
        customer: CustomerId,
        correction: Correction,
    ) -> Result<(), HandError> {
        let shop = self.shop(shop_id).ok_or(HandError::Missing("shop"))?;
        let now = self.now();
        let decide =
            Arc::new(move |loaded, _| correct_customer(&shop, loaded, customer, &correction, now));
        let intake = by_hand("customer_corrected", self, vec![about(customer)]);
        self.commit_by_hand(shop_id, intake, decide, Topics::CUSTOMERS)
            .await?;
        Ok(())
    }

    /// Withdraws all offers of a person at once, on all channels or on some, and ends their runs that would only send such.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn stop_person(
        &self,
        shop_id: ShopId,
        customer: CustomerId,
        channels: Option<Vec<Channel>>,
    ) -> Result<Stopped, HandError> {
        let shop = self.shop(shop_id).ok_or(HandError::Missing("shop"))?;
        let person = self.store.customer(shop_id, customer).await?;
        let person = person.ok_or(HandError::Missing("person"))?;
        let active = |runs: &[Run]| runs.iter().filter(|run| run.state.is_active()).count() as u64;
        let before = active(&self.store.runs_of(shop_id, customer, RUNS_MAX).await?);
        let places: Vec<Option<Channel>> = match &channels {
            Some(channels) => channels.iter().copied().map(Some).collect(),
            None => vec![None],
        };
        let acts: Vec<ConsentAct> = STOPPED_TOPICS
            .into_iter()
            .flat_map(|topic| places.iter().map(move |channel| (topic, *channel)))
            .filter(|(topic, channel)| {
                let every = Channel::ALL.into_iter().map(Some);
                let mut cells: Vec<Option<Channel>> = vec![*channel];
                if channel.is_none() {
                    cells.extend(every);
                }
                cells
                    .into_iter()
                    .any(|cell| !person.consents.state(*topic, cell).is_negative())
            })
            .map(|(topic, channel)| ConsentAct {
                topic,
                channel,
                state: ConsentState::Withdrawn,
                source: ConsentSource::Operator,
                text_version: None,
                form: None,
                language: None,
                proof: None,
            })
            .collect();
        let withdrawn = acts.len() as u64;
        if !acts.is_empty() {
            let event = Event::PreferencesChanged { customer, acts };
            let intake = by_hand("preferences_changed", self, vec![event]);
            self.ingest(shop_id, vec![intake]).await?;
        }
        if channels.is_none() {
            let now = self.now();
            let pick_shop = Arc::clone(&shop);
            let decide = Arc::new(move |loaded, _| {
                let pick = |run: &Run| {
                    run.customer_id == customer
                        && pick_shop
                            .journeys
                            .get(&(run.journey.clone(), run.journey_version))
                            .is_some_and(only_promotes)
                };
                stop_runs(&shop, loaded, &pick, now)
            });
            let intake = by_hand("runs_stopped", self, vec![about(customer)]);
            self.commit_by_hand(shop_id, intake, decide, Topics::JOURNEYS)
                .await?;
        }
        let after = active(&self.store.runs_of(shop_id, customer, RUNS_MAX).await?);
        Ok(Stopped {
            withdrawn,
            runs: before.saturating_sub(after),
        })
    }

    /// Ends one run of a person.
    ///
    /// # Errors
    /// [`HandError::Missing`] when there is no such active run.
    pub async fn stop_run(&self, shop_id: ShopId, run: &Run) -> Result<(), HandError> {
        let shop = self.shop(shop_id).ok_or(HandError::Missing("shop"))?;
        let (now, id): (_, RunId) = (self.now(), run.id);
        let stopped = Arc::new(Mutex::new(false));
        let told = Arc::clone(&stopped);
        let decide = Arc::new(move |loaded, _| {
            let writes = stop_runs(&shop, loaded, &|run: &Run| run.id == id, now);
            *told
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = !writes.runs.is_empty();
            writes
        });
        let intake = by_hand("run_stopped", self, vec![about(run.customer_id)]);
        self.commit_by_hand(shop_id, intake, decide, Topics::JOURNEYS)
            .await?;
        let stopped = *stopped
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if stopped {
            Ok(())
        } else {
            Err(HandError::Missing("active run"))
        }
    }

    /// Sends one person what a step of a journey would send, if the gate allows.
    ///
    /// # Errors
    /// [`HandError::HeldBack`] with the reason when it does not.
    pub async fn send_one(
        &self,
        shop_id: ShopId,
        customer: CustomerId,
        asked: SendAsked,
    ) -> Result<Message, HandError> {
        let shop = self.shop(shop_id).ok_or(HandError::Missing("shop"))?;
        let journey = newest(&shop, &asked.journey).ok_or(HandError::Missing("journey"))?;
        let (send, has_coupon) = step_of(journey, asked.step.as_deref(), &asked.template)
            .ok_or(HandError::Missing("step with this template"))?;
        if has_coupon {
            return Err(HandError::NeedsCoupon);
        }
        let order: Option<Order> = match asked.order {
            Some(id) => {
                let found = self.store.order(shop_id, id).await?;
                let order = found
                    .map(|(order, _)| order)
                    .filter(|order| order.customer_id == customer)
                    .ok_or(HandError::Missing("order of this person"))?;
                Some(order)
            }
            None => None,
        };
        let now = self.now();
        let by = ByHand {
            id: EffectId::derive(RunId(self.ids.fresh(now).0), 0, 0),
            customer,
            order: order.as_ref().map(|order| order.id),
            journey: journey.id.clone(),
            journey_version: journey.version,
            send,
        };
        // These events only name what is to be locked; what is decided is decided below.
        let mut named = vec![about(customer)];
        if let Some(order) = &order {
            named.push(Event::OrderCancelled {
                order: order.snapshot.external_id.clone(),
            });
        }
        let outcome: Arc<Mutex<Option<Result<Message, Reason>>>> = Arc::default();
        let told = Arc::clone(&outcome);
        let decide = Arc::new(move |loaded, _| {
            let (said, writes) = match send_by_hand(&shop, loaded, by.clone(), now) {
                Ok((message, writes)) => (Ok(message), writes),
                Err(why) => (Err(why), dopo_core::advance::Writes::default()),
            };
            *told
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(said);
            writes
        });
        let intake = by_hand("message_sent_by_hand", self, named);
        self.commit_by_hand(shop_id, intake, decide, Topics::MESSAGES)
            .await?;
        let said = outcome
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        match said {
            Some(Ok(message)) => Ok(message),
            Some(Err(why)) => Err(HandError::HeldBack(why)),
            None => Err(HandError::Missing("person")),
        }
    }
}

/// An event that names a person, so that their record and runs are locked.
fn about(customer: CustomerId) -> Event {
    Event::PreferencesChanged {
        customer,
        acts: Vec::new(),
    }
}

fn by_hand(topic: &str, engine: &Engine, events: Vec<Event>) -> NewIntake {
    let now = engine.now();
    NewIntake {
        source: "operator".to_owned(),
        external_id: format!("{topic}:{:032x}", engine.entropy.u128()),
        topic: topic.to_owned(),
        body: None,
        events: events.into_iter().map(|event| (now, event)).collect(),
        note: None,
        failed: false,
        origin: Origin::Live,
    }
}

/// The version new runs begin with, else the newest.
pub fn newest<'a>(shop: &'a dopo_core::advance::Shop, id: &str) -> Option<&'a Journey> {
    let versions = shop
        .journeys
        .range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX));
    match shop.current.get(id) {
        Some(version) => shop.journeys.get(&(id.to_owned(), *version)),
        None => versions.last().map(|(_, journey)| journey),
    }
}

fn only_promotes(journey: &Journey) -> bool {
    let mut sends = journey.nodes.iter().filter_map(|node| match node {
        Node::Send { purpose, .. } => Some(*purpose),
        _ => None,
    });
    let mut any = false;
    sends.all(|purpose| {
        any = true;
        matches!(
            purpose,
            Purpose::Marketing | Purpose::MarketingSimilar | Purpose::Cart | Purpose::Feedback
        )
    }) && any
}

/// What a step sends, and whether it carries a coupon.
fn step_of(journey: &Journey, step: Option<&str>, template: &str) -> Option<(SendMessage, bool)> {
    journey.nodes.iter().find_map(|node| match node {
        Node::Send {
            label,
            template: own,
            channel,
            purpose,
            promo,
            urgent,
            notice,
            only_while,
            coupon,
            ..
        } if own == template && step.is_none_or(|step| step == label) => Some((
            SendMessage {
                step: label.clone(),
                template: own.clone(),
                channel: *channel,
                purpose: *purpose,
                promo: *promo,
                urgent: *urgent,
                requested: false,
                notice: notice.clone(),
                not_after: None,
                only_while: only_while.clone(),
                coupon: None,
            },
            coupon.is_some(),
        )),
        _ => None,
    })
}
