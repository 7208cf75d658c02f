//! Taking things in: whatever arrives is queued, committed in groups, and answered once it is durable.

use crate::Engine;
use crate::bells::DueNow;
use crate::console::live::Topics;
use crate::ports::{DecideArrivals, INTAKES_PER_COMMIT_MAX, Intake, IntakeOutcome, StoreError};
use dopo_core::advance::advance_arrivals;
use dopo_core::event::{Arrival, Event, EventLine, Origin};
use dopo_core::id::{InboxId, ShopId};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

/// Requests that wait to be committed; further ones wait at the door.
pub const QUEUE_REQUESTS_MAX: usize = 4_096;

/// Intakes that must wait for each commit under way before a further one is begun beside it. A commit costs much by itself
/// and little for each intake more: a few full ones do several times what many small ones do.
const INTAKES_BESIDE_MIN: usize = 32;
/// Longest wait for that company: a commit that hangs must not hold up the others.
const COMPANY_WAIT: Duration = Duration::from_millis(25);

/// One thing that came in, before it has ids.
#[derive(Clone, Debug)]
pub struct NewIntake {
    /// Who sent it.
    pub source: String,
    /// The sender's id of it.
    pub external_id: String,
    /// The sender's topic, or the kind of event.
    pub topic: String,
    /// The raw body, to be kept sealed; `None` where none is kept.
    pub body: Option<Vec<u8>>,
    /// What it means.
    pub events: Vec<(Timestamp, Event)>,
    /// Why it means nothing, or what the operator should know.
    pub note: Option<String>,
    /// It could not be understood.
    pub failed: bool,
    /// As it happens, or from a file.
    pub origin: Origin,
}

impl NewIntake {
    /// An event in our own format.
    pub fn event(source: &str, line: EventLine, body: Option<Vec<u8>>) -> Self {
        NewIntake {
            source: source.to_owned(),
            external_id: line.id,
            topic: line.event.kind().to_owned(),
            body,
            events: vec![(line.at, line.event)],
            note: None,
            failed: false,
            origin: Origin::Live,
        }
    }
}

/// Why something was not taken in. Nothing of it was stored: send it again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Arc<StoreError>),
    /// No such shop.
    #[error("there is no shop with this id")]
    UnknownShop,
    /// The program is stopping.
    #[error("the program is stopping: send it again")]
    Stopping,
}

type Answer = oneshot::Sender<Result<Vec<IntakeOutcome>, Arc<StoreError>>>;

struct Request {
    shop: ShopId,
    intakes: Vec<Intake>,
    answer: Answer,
}

/// The queue before the committers.
pub(crate) struct Queue {
    sender: mpsc::Sender<Request>,
    receiver: Mutex<mpsc::Receiver<Request>>,
    /// Commits under way.
    under_way: AtomicUsize,
    /// Rings when one of them ends.
    ended: Notify,
}

/// A commit under way, until dropped.
struct UnderWay<'a>(&'a Queue);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_one();
    }
}

impl Queue {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_REQUESTS_MAX);
        Queue {
            sender,
            receiver: Mutex::new(receiver),
            under_way: AtomicUsize::new(0),
            ended: Notify::new(),
        }
    }
}

impl Engine {
    /// Takes things in. When this returns they are durable, their facts are updated and what follows is decided.
    ///
    /// # Errors
    /// [`IngestError`]; nothing of the call was stored then.
    pub async fn ingest(
        &self,
        shop: ShopId,
        intakes: Vec<NewIntake>,
    ) -> Result<Vec<IntakeOutcome>, IngestError> {
        if self.shop(shop).is_none() {
            return Err(IngestError::UnknownShop);
        }
        let now = self.now();
        let mut outcomes = Vec::with_capacity(intakes.len());
        let mut rest = intakes
            .into_iter()
            .map(|new| self.number(shop, new, now))
            .peekable();
        while rest.peek().is_some() {
            let part: Vec<Intake> = rest.by_ref().take(INTAKES_PER_COMMIT_MAX).collect();
            outcomes.extend(self.submit(shop, part).await?);
        }
        Ok(outcomes)
    }

    /// Takes a stored raw event in again, with what it means now.
    ///
    /// # Errors
    /// [`IngestError`]; the row is unchanged then.
    pub async fn replay(
        &self,
        shop: ShopId,
        row: InboxId,
        new: NewIntake,
    ) -> Result<IntakeOutcome, IngestError> {
        let mut intake = self.number(shop, new, self.now());
        intake.id = row;
        intake.replay = true;
        let outcomes = self.submit(shop, vec![intake]).await?;
        Ok(outcomes
            .into_iter()
            .next()
            .unwrap_or(IntakeOutcome::Accepted))
    }

    /// Commits something done by hand: the intake's events name what is locked, `decide` says what is written.
    pub(crate) async fn commit_by_hand(
        &self,
        shop: ShopId,
        new: NewIntake,
        decide: DecideArrivals,
        topics: Topics,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let intake = self.number(shop, new, now);
        let due = DueNow::default();
        let noted = due.clone();
        let heard = self.listen(shop);
        let ear = heard.clone();
        let decide: DecideArrivals = Arc::new(move |loaded, arrivals| {
            let before = ear.before(&loaded);
            let mut writes = decide(loaded, arrivals);
            noted.note(&writes, now);
            ear.after(before, &mut writes, true, now);
            writes
        });
        self.store
            .commit_arrivals(shop, vec![intake], decide)
            .await?;
        self.bells.ring(&due);
        self.tell(&heard);
        self.live
            .tell(Some(shop), due.topics().and(topics).and(Topics::INBOX));
        Ok(())
    }

    async fn submit(
        &self,
        shop: ShopId,
        intakes: Vec<Intake>,
    ) -> Result<Vec<IntakeOutcome>, IngestError> {
        let (answer, outcome) = oneshot::channel();
        let request = Request {
            shop,
            intakes,
            answer,
        };
        self.queue
            .sender
            .send(request)
            .await
            .map_err(|_| IngestError::Stopping)?;
        Ok(outcome.await.map_err(|_| IngestError::Stopping)??)
    }

    /// Gives ids to an intake and its events, and seals its body.
    fn number(&self, shop: ShopId, new: NewIntake, now: Timestamp) -> Intake {
        let mut arrivals = Vec::with_capacity(new.events.len());
        for (n, (occurred_at, event)) in new.events.into_iter().enumerate() {
            let external_id = if n == 0 {
                new.external_id.clone()
            } else {
                format!("{}#{n}", new.external_id)
            };
            arrivals.push(Arrival {
                shop,
                source: new.source.clone(),
                external_id,
                // A sender's clock may run ahead; nothing has happened after it is known.
                occurred_at: occurred_at.min(now),
                known_at: now,
                origin: new.origin,
                event,
                fresh: self.ids.fresh(now),
            });
        }
        let body = new.body.map(|body| {
            let mut nonce = [0; 24];
            self.entropy.fill(&mut nonce);
            self.key.seal(shop, nonce, &body)
        });
        Intake {
            id: InboxId(self.ids.fresh(now).0),
            source: new.source,
            external_id: new.external_id,
            topic: new.topic,
            received_at: now,
            body,
            arrivals,
            note: new.note,
            failed: new.failed,
            replay: false,
        }
    }
}

/// Drains the queue, one shop's group at a time, until the engine is gone.
pub(crate) async fn commit_loop(engine: Arc<Engine>) {
    loop {
        let Some((groups, under_way)) = next_groups(&engine.queue).await else {
            return;
        };
        for (shop, requests) in groups {
            commit(&engine, shop, requests).await;
        }
        drop(under_way);
    }
}

/// Waits for a request and takes with it whatever else is already there, up to one commit per shop. While others commit it
/// waits for company, until enough is there or one of them has ended.
async fn next_groups(queue: &Queue) -> Option<(BTreeMap<ShopId, Vec<Request>>, UnderWay<'_>)> {
    let mut receiver = queue.receiver.lock().await;
    let first = receiver.recv().await?;
    let mut taken = first.intakes.len();
    let mut groups: BTreeMap<ShopId, Vec<Request>> = BTreeMap::new();
    groups.entry(first.shop).or_default().push(first);
    let patience = tokio::time::sleep(COMPANY_WAIT);
    tokio::pin!(patience);
    while taken < INTAKES_PER_COMMIT_MAX {
        let next = match receiver.try_recv() {
            Ok(next) => next,
            Err(_) if taken >= INTAKES_BESIDE_MIN * queue.under_way.load(Ordering::Acquire) => {
                break;
            }
            Err(_) => tokio::select! {
                next = receiver.recv() => match next {
                    Some(next) => next,
                    None => break,
                },
                () = queue.ended.notified() => continue,
                () = &mut patience => break,
            },
        };
        taken += next.intakes.len();
        groups.entry(next.shop).or_default().push(next);
    }
    queue.under_way.fetch_add(1, Ordering::AcqRel);
    Some((groups, UnderWay(queue)))
}

async fn commit(engine: &Arc<Engine>, shop: ShopId, requests: Vec<Request>) {
    let mut answers = Vec::with_capacity(requests.len());
    let mut intakes = Vec::new();
    for request in requests {
        answers.push((request.answer, request.intakes.len()));
        intakes.extend(request.intakes);
    }
    let mut outcomes = Vec::with_capacity(intakes.len());
    let mut rest = intakes.into_iter().peekable();
    let mut failed = None;
    while rest.peek().is_some() && failed.is_none() {
        let part: Vec<Intake> = rest.by_ref().take(INTAKES_PER_COMMIT_MAX).collect();
        match commit_part(engine, shop, part).await {
            Ok(done) => outcomes.extend(done),
            Err(error) => failed = Some(Arc::new(error)),
        }
    }
    let mut outcomes = outcomes.into_iter();
    for (answer, count) in answers {
        let own: Vec<IntakeOutcome> = outcomes.by_ref().take(count).collect();
        // The asker may be gone; what is stored is stored.
        let _ = answer.send(match &failed {
            Some(error) if own.len() < count => Err(Arc::clone(error)),
            _ => Ok(own),
        });
    }
}

async fn commit_part(
    engine: &Arc<Engine>,
    id: ShopId,
    part: Vec<Intake>,
) -> Result<Vec<IntakeOutcome>, StoreError> {
    let Some(shop) = engine.shop(id) else {
        return Err(StoreError::Rejected("the shop is gone".to_owned()));
    };
    let (now, entropy) = (engine.now(), engine.entropy.u128());
    let count = part.len() as u64;
    let due = DueNow::default();
    let noted = due.clone();
    let heard = engine.listen(id);
    let ear = heard.clone();
    let platform = engine.listen_for_platform(id);
    let listener = platform.clone();
    let shipped = engine.listen_for_shipped(id);
    let seen = shipped.clone();
    let decide = Arc::new(move |loaded, arrivals: Vec<Arrival>| {
        let before = ear.before(&loaded);
        let states = listener.before(&loaded);
        let live = arrivals.iter().any(|a| a.origin == Origin::Live);
        let mut writes = advance_arrivals(&shop, loaded, arrivals, now, entropy);
        noted.note(&writes, now);
        ear.after(before, &mut writes, live, now);
        if let Some(seen) = &seen {
            seen.note(&writes, live, now);
        }
        if live {
            listener.after(&states, &mut writes);
        }
        writes
    });
    let outcome = engine.store.commit_arrivals(id, part, decide).await;
    engine.bells.ring(&due);
    if outcome.is_ok() {
        engine.live.tell(Some(id), due.topics().and(Topics::INBOX));
        engine.tell(&heard);
        engine.tell_platform(&platform);
        engine.estimate_shipped(id, shipped);
    }
    metrics::counter!("dopo_intakes_total").increment(count);
    if let Err(error) = &outcome {
        metrics::counter!("dopo_store_errors_total").increment(1);
        tracing::error!(%error, "a batch of arrivals could not be committed");
    }
    outcome
}
