//! Telling the shop's platform what couriers told us: once for each new state of a parcel, in the order in which they came.
//!
//! What waits is kept in memory: a word is worth a try for an hour, the platform is asked before it is told again, and the
//! next state brings the truth anyway.

use super::{CALL_SECONDS_MAX, doubled_s};
use crate::Engine;
use crate::ports::{ShopWord, Written};
use crate::worker::pause;
use dopo_core::advance::{Loaded, Shop, Writes, expected_until};
use dopo_core::id::{OrderId, ShopId};
use dopo_core::italy::Locale;
use dopo_core::italy::hours::zone_named;
use dopo_core::order::Order;
use dopo_core::parcel::{Parcel, ParcelState, ScanSource};
use jiff::civil::time;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Words that wait at most; the oldest go first.
const WORDS_MAX: usize = 20_000;
/// Words told at once.
const AT_ONCE_MAX: usize = 8;
/// Seconds before the second try, and at most before any.
const WAIT_S: (i64, i64) = (15, 900);
/// Tries of one word: about an hour.
const TRIES_MAX: u32 = 8;
/// How often words that wait for their next try are looked at.
const POLL: Duration = Duration::from_secs(2);

/// A word on its way.
struct Waiting {
    shop: ShopId,
    word: ShopWord,
    tries: u32,
    not_before: Option<Instant>,
}

/// Words that wait.
#[derive(Default)]
pub(crate) struct Words {
    waiting: Mutex<VecDeque<Waiting>>,
    bell: Notify,
}

impl Words {
    fn push(&self, one: Waiting) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WORDS_MAX {
            waiting.pop_front();
            metrics::counter!("dopo_write_backs_total", "outcome" => "dropped").increment(1);
        }
        waiting.push_back(one);
    }

    fn take(&self, count: usize) -> Vec<Waiting> {
        let now = Instant::now();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut taken, mut rest) = (Vec::new(), VecDeque::with_capacity(waiting.len()));
        while let Some(one) = waiting.pop_front() {
            let ready = one.not_before.is_none_or(|at| at <= now);
            if ready && taken.len() < count {
                taken.push(one);
            } else {
                rest.push_back(one);
            }
        }
        *waiting = rest;
        taken
    }
}

/// The states of parcels before a batch, where a platform wants to hear of new ones.
pub(crate) type StatesBefore = BTreeMap<(OrderId, u16), ParcelState>;

/// Listens to a batch for what a shop's platform is to be told.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Mutex<Vec<ShopWord>>>>);

impl Listener {
    /// What was known before the decision.
    pub(crate) fn before(&self, loaded: &Loaded) -> StatesBefore {
        if self.0.is_none() {
            return StatesBefore::new();
        }
        let parcels = |order: &Order| {
            let all = order.tracked.iter();
            all.map(|p| ((order.id, p.seq), p.state))
                .collect::<Vec<_>>()
        };
        loaded.orders.values().flat_map(parcels).collect()
    }

    /// What the decision made of it.
    pub(crate) fn after(&self, before: &StatesBefore, writes: &Writes, shop: &Shop) {
        let Some(words) = &self.0 else { return };
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        // A transaction may be decided again after a conflict: the last time counts.
        words.clear();
        for order in &writes.orders {
            for parcel in &order.tracked {
                if before.get(&(order.id, parcel.seq)) != Some(&parcel.state) {
                    words.extend(word_of(shop, order, parcel));
                }
            }
        }
    }
}

/// What a platform is told of a parcel; nothing where the platform or a person said it.
fn word_of(shop: &Shop, order: &Order, parcel: &Parcel) -> Option<ShopWord> {
    let newest = &parcel.newest()?.checkpoint;
    let heard = matches!(newest.source, ScanSource::Carrier | ScanSource::Aggregator);
    if !heard || order.snapshot.test || !parcel.is_live() {
        return None;
    }
    let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
    let expected = match &parcel.window {
        Some(window) => Some(window.until),
        None => expected_until(parcel, &zone).and_then(|day| {
            let evening = day.to_datetime(time(20, 0, 0, 0));
            zone.to_ambiguous_timestamp(evening).compatible().ok()
        }),
    };
    Some(ShopWord {
        order: order.snapshot.external_id.clone(),
        fulfilment: parcel.snapshot.external_id.clone(),
        carrier: parcel.snapshot.carrier.clone(),
        number: parcel.snapshot.number.clone(),
        state: parcel.state,
        reason: parcel.reason.clone(),
        at: newest.at,
        expected_until: expected,
        locale: Locale::It,
    })
}

impl Engine {
    /// Listens to a batch of a shop; costs nothing where no platform is told anything.
    pub(crate) fn listen_for_platform(&self, shop: ShopId) -> Listener {
        let live = self.live_shop(shop);
        let told = live.is_some_and(|live| live.accounts.writers().next().is_some());
        Listener(told.then(Arc::default))
    }

    /// Queues what was heard. Call it once the batch is committed.
    pub(crate) fn tell_platform(&self, shop: ShopId, listener: &Listener) {
        let Some(words) = &listener.0 else { return };
        let words = std::mem::take(&mut *words.lock().unwrap_or_else(PoisonError::into_inner));
        if words.is_empty() {
            return;
        }
        for word in words {
            self.fleet.words.push(Waiting {
                shop,
                word,
                tries: 0,
                not_before: None,
            });
        }
        self.fleet.words.bell.notify_one();
    }
}

/// Tells platforms until told to stop.
pub(crate) async fn write_back_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if write_back_once(&engine).await == 0 {
            tokio::select! {
                () = engine.fleet.words.bell.notified() => {}
                stopped = pause(&mut stop, POLL) => if stopped { return },
            }
        }
    }
}

/// Tells some of what waits. Returns how many were tried.
pub(crate) async fn write_back_once(engine: &Arc<Engine>) -> usize {
    let taken = engine.fleet.words.take(AT_ONCE_MAX);
    let count = taken.len();
    let mut tries = JoinSet::new();
    for one in taken {
        let engine = Arc::clone(engine);
        tries.spawn(async move { tell(&engine, one).await });
    }
    while let Some(done) = tries.join_next().await {
        match done {
            Ok(Some(again)) => engine.fleet.words.push(again),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "telling a platform ended badly"),
        }
    }
    count
}

async fn tell(engine: &Engine, mut one: Waiting) -> Option<Waiting> {
    let live = engine.live_shop(one.shop)?;
    for account in live.accounts.writers() {
        let Some(writer) = account.desk.write_back() else {
            continue;
        };
        let limit = Duration::from_secs(CALL_SECONDS_MAX);
        let written = tokio::time::timeout(limit, writer.write(&one.word)).await;
        let written = written.unwrap_or_else(|_| Written::Later {
            after: None,
            why: "no answer in time".to_owned(),
        });
        let vendor = account.vendor.name;
        let word = match &written {
            Written::Done => "done",
            Written::Nothing(_) => "nothing",
            Written::Refused(_) => "refused",
            Written::Later { .. } => "later",
        };
        metrics::counter!("dopo_write_backs_total", "vendor" => vendor, "outcome" => word)
            .increment(1);
        match written {
            Written::Done | Written::Nothing(_) => {}
            Written::Refused(why) => {
                tracing::warn!(shop = %one.shop, vendor, %why, "a platform refuses a parcel's state");
            }
            Written::Later { after, why } => {
                one.tries += 1;
                if one.tries >= TRIES_MAX {
                    tracing::warn!(shop = %one.shop, vendor, %why, "a platform was not told a parcel's state");
                    return None;
                }
                let wait = doubled_s(WAIT_S.0, WAIT_S.1, one.tries - 1);
                let wait = Duration::from_secs(wait.unsigned_abs()).max(after.unwrap_or_default());
                one.not_before = Some(Instant::now() + wait.min(Duration::from_secs(3_600)));
                return Some(one);
            }
        }
    }
    None
}
