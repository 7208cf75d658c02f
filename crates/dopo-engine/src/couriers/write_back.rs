//! Telling the shop's platform what couriers told us: once for each new state of a parcel.
//!
//! A word is a row of the queue of deliveries, written in the same transaction as the state, and says only which parcel and
//! which state. Who carries it reads the parcel anew: a state that has passed meanwhile is not told, and what is told is
//! the truth of that moment. The platform is asked before it is told again.

use super::{CALL_SECONDS_MAX, doubled_s};
use crate::Engine;
use crate::ports::{
    DeliveryOutcome, DeliveryRow, DeliveryStatus, PLATFORM, Receivers, ShopWord, StoreError,
    Written,
};
use crate::worker::pause;
use dopo_core::advance::{Loaded, OutwardWord, Shop, Writes, expected_until};
use dopo_core::id::{OrderId, ShopId};
use dopo_core::italy::Locale;
use dopo_core::italy::hours::zone_named;
use dopo_core::order::Order;
use dopo_core::parcel::{Parcel, ParcelState, ScanSource};
use jiff::civil::time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The kind of such a word in the queue.
pub const WRITE_BACK: &str = "parcel.write_back";
/// Words told at once.
const AT_ONCE_MAX: usize = 8;
/// How long a claimed word is hidden from others, in seconds: longer than asking and telling take.
const HIDDEN_S: i64 = 3 * CALL_SECONDS_MAX.cast_signed();
/// Seconds before the second try, and at most before any.
const WAIT_S: (i64, i64) = (15, 3_600);
/// Tries of one word: about half a day. Then it is a dead letter that an operator sees and can send again.
pub const WRITE_BACK_TRIES_MAX: u16 = 20;
/// How often words that wait for their next try are looked at.
const POLL: Duration = Duration::from_secs(2);

/// What stands in the queue: which parcel, and its state when it was put there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Told {
    order: OrderId,
    parcel: u16,
    state: ParcelState,
}

/// The states of parcels before a batch, where a platform wants to hear of new ones.
pub(crate) type StatesBefore = BTreeMap<(OrderId, u16), ParcelState>;

/// Listens to a batch for what a shop's platform is to be told.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Ear>>);

struct Ear {
    shop: ShopId,
    at: Timestamp,
    heard: AtomicBool,
}

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

    /// Adds to a decision what the platform is to be told of it.
    pub(crate) fn after(&self, before: &StatesBefore, writes: &mut Writes) {
        let Some(ear) = &self.0 else { return };
        for order in &writes.orders {
            for parcel in &order.tracked {
                if before.get(&(order.id, parcel.seq)) == Some(&parcel.state) {
                    continue;
                }
                if let Some(at) = told_at(order, parcel) {
                    writes.outward.push(ear.word(order.id, parcel, at));
                    ear.heard.store(true, Ordering::Release);
                }
            }
        }
    }
}

impl Ear {
    fn word(&self, order: OrderId, parcel: &Parcel, at: Timestamp) -> OutwardWord {
        let (seq, state) = (parcel.seq, parcel.state.as_str());
        let told = Told {
            order,
            parcel: seq,
            state: parcel.state,
        };
        OutwardWord {
            to: PLATFORM,
            id: format!(
                "word_{}_{order}-{seq}-{state}-{}",
                self.shop,
                at.as_second()
            ),
            kind: WRITE_BACK.to_owned(),
            body: serde_json::to_value(told).unwrap_or_default().to_string(),
            at: self.at,
        }
    }
}

/// When a courier or collector said the newest of a parcel; nothing where the platform or a person did.
fn told_at(order: &Order, parcel: &Parcel) -> Option<Timestamp> {
    let newest = &parcel.newest()?.checkpoint;
    let heard = matches!(newest.source, ScanSource::Carrier | ScanSource::Aggregator);
    (heard && !order.snapshot.test && parcel.is_live()).then_some(newest.at)
}

/// What a platform is told of a parcel; nothing where the platform or a person said it.
fn word_of(shop: &Shop, order: &Order, parcel: &Parcel) -> Option<ShopWord> {
    let at = told_at(order, parcel)?;
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
        at,
        expected_until: expected,
        locale: Locale::It,
    })
}

impl Engine {
    /// Listens to a batch of a shop; costs nothing where no platform is told anything.
    pub(crate) fn listen_for_platform(&self, shop: ShopId) -> Listener {
        let live = self.live_shop(shop);
        let told = live.is_some_and(|live| live.accounts.writers().next().is_some());
        Listener(told.then(|| {
            Arc::new(Ear {
                shop,
                at: self.clock.pulse(),
                heard: AtomicBool::new(false),
            })
        }))
    }

    /// Wakes who tells platforms. Call it once the batch is committed.
    pub(crate) fn tell_platform(&self, listener: &Listener) {
        if let Some(ear) = &listener.0
            && ear.heard.load(Ordering::Acquire)
        {
            self.fleet.words.notify_one();
        }
    }
}

/// Tells platforms until told to stop.
pub(crate) async fn write_back_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let tried = match write_back_once(&engine).await {
            Ok(tried) => tried,
            Err(error) => {
                metrics::counter!("dopo_store_errors_total").increment(1);
                tracing::error!(%error, "words to platforms could not be claimed or recorded");
                0
            }
        };
        if tried == 0 {
            tokio::select! {
                () = engine.fleet.words.notified() => {}
                stopped = pause(&mut stop, POLL) => if stopped { return },
            }
        }
    }
}

/// Tells some of what waits. Returns how many were tried.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn write_back_once(engine: &Arc<Engine>) -> Result<usize, StoreError> {
    // Where no shop has a platform to tell, nobody asks the database every two seconds.
    let told = engine.shops().iter().any(|shop| {
        let live = engine.live_shop(shop.id);
        live.is_some_and(|live| live.accounts.writers().next().is_some())
    });
    if !told {
        return Ok(0);
    }
    let now = engine.clock.pulse();
    let hidden = now + SignedDuration::from_secs(HIDDEN_S);
    let claimed = engine
        .store
        .claim_deliveries(Receivers::Platforms, now, hidden, AT_ONCE_MAX)
        .await?;
    let count = claimed.len();
    let mut tries = JoinSet::new();
    for row in claimed {
        let engine = Arc::clone(engine);
        tries.spawn(async move { carry(&engine, row).await });
    }
    let mut outcomes = Vec::with_capacity(count);
    while let Some(done) = tries.join_next().await {
        match done {
            Ok(Ok(outcome)) => outcomes.push(outcome),
            Ok(Err(error)) => {
                tracing::error!(%error, "a parcel could not be read: its word is carried again");
            }
            Err(error) => tracing::error!(%error, "telling a platform ended badly"),
        }
    }
    if !outcomes.is_empty() {
        engine.store.finish_deliveries(&outcomes).await?;
    }
    Ok(count)
}

/// Carries one word to the platforms of its shop.
async fn carry(engine: &Engine, row: DeliveryRow) -> Result<DeliveryOutcome, StoreError> {
    let now = engine.clock.pulse();
    let outcome = |status, due_at, why: Option<String>| DeliveryOutcome {
        shop: row.shop,
        id: row.id,
        status,
        due_at,
        code: None,
        error: why,
    };
    let gave_up = |why: String| outcome(DeliveryStatus::Failed, now, Some(why));
    let passed = |why: &str| outcome(DeliveryStatus::Done, now, Some(why.to_owned()));
    let Ok(told) = serde_json::from_str::<Told>(&row.body) else {
        return Ok(gave_up("this row is no word to a platform".to_owned()));
    };
    let (Some(live), Some(shop)) = (engine.live_shop(row.shop), engine.shop(row.shop)) else {
        return Ok(gave_up("the shop is gone".to_owned()));
    };
    let Some((order, _)) = engine.store.order(row.shop, told.order).await? else {
        return Ok(passed("the order was forgotten"));
    };
    let parcel = order.tracked.iter().find(|p| p.seq == told.parcel);
    let Some(parcel) = parcel.filter(|parcel| parcel.state == told.state) else {
        return Ok(passed("the parcel is elsewhere by now"));
    };
    let Some(word) = word_of(&shop, &order, parcel) else {
        return Ok(passed("no courier says so any more"));
    };
    let later = |after: Option<Duration>, why: String| {
        if row.attempts + 1 >= WRITE_BACK_TRIES_MAX {
            tracing::warn!(shop = %row.shop, "a platform was not told a parcel's state");
            return gave_up(why);
        }
        let wait = doubled_s(WAIT_S.0, WAIT_S.1, u32::from(row.attempts));
        let asked = after.and_then(|after| i64::try_from(after.as_secs()).ok());
        let wait = wait.max(asked.unwrap_or_default().min(WAIT_S.1));
        let due_at = now + SignedDuration::from_secs(wait);
        outcome(DeliveryStatus::Waiting, due_at, Some(why))
    };
    let (mut note, mut any) = (None, false);
    for account in live.accounts.writers() {
        let Some(writer) = account.desk.write_back() else {
            continue;
        };
        any = true;
        let limit = Duration::from_secs(CALL_SECONDS_MAX);
        let written = tokio::time::timeout(limit, writer.write(&word)).await;
        let written = written.unwrap_or_else(|_| Written::Later {
            after: None,
            why: "no answer in time".to_owned(),
        });
        let vendor = account.vendor.name;
        let name = match &written {
            Written::Done => "done",
            Written::Nothing(_) => "nothing",
            Written::Refused(_) => "refused",
            Written::Later { .. } => "later",
        };
        metrics::counter!("dopo_write_backs_total", "vendor" => vendor, "outcome" => name)
            .increment(1);
        match written {
            Written::Done => {}
            Written::Nothing(why) => note = Some(why.to_owned()),
            Written::Refused(why) => {
                tracing::warn!(shop = %row.shop, vendor, %why, "a platform refuses a parcel's state");
                return Ok(gave_up(format!("{}: {why}", account.vendor.title)));
            }
            Written::Later { after, why } => {
                return Ok(later(after, format!("{}: {why}", account.vendor.title)));
            }
        }
    }
    Ok(if any {
        outcome(DeliveryStatus::Done, now, note)
    } else {
        later(None, "no account of the shop tells its platform".to_owned())
    })
}
