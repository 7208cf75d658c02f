//! Telling couriers what shall be done with held parcels: each answer is tried until the courier has taken or refused it,
//! or until it is of no use any more; what became of it comes in as an event.

use super::accounts::word_of;
use super::{CALL_SECONDS_MAX, LEASE_MINUTES, after_s, doubled_s};
use crate::Engine;
use crate::intake::NewIntake;
use crate::ports::{CALLS_CLAIM_MAX, CallDone, DueCall, Released, StoreError};
use crate::worker::pause;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::parcel::{HoldOutcome, REFUSAL_CHARS_MAX};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often calls are looked for when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// Seconds before the second try, and at most before any.
const WAIT_S: (i64, i64) = (30, 1_800);

/// Carries answers until told to stop.
pub(crate) async fn release_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let bell = engine.bells.calls().notified();
        tokio::pin!(bell);
        bell.as_mut().enable();
        match release_once(&engine).await {
            Ok(0) => {
                tokio::select! {
                    () = &mut bell => {}
                    stopped = pause(&mut stop, POLL) => if stopped { return },
                }
            }
            Ok(_) => {}
            Err(error) => {
                metrics::counter!("dopo_store_errors_total").increment(1);
                tracing::error!(%error, "answers to holds could not be claimed or recorded");
                if pause(&mut stop, POLL * 5).await {
                    return;
                }
            }
        }
    }
}

/// Claims what is due and tries it once. Returns how many were tried.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn release_once(engine: &Arc<Engine>) -> Result<usize, StoreError> {
    let now = engine.now();
    let hidden = now
        .checked_add(SignedDuration::from_mins(LEASE_MINUTES))
        .unwrap_or(Timestamp::MAX);
    let store = &engine.store;
    let claimed = store.claim_calls(now, hidden, CALLS_CLAIM_MAX).await?;
    let count = claimed.len();
    let mut tries = JoinSet::new();
    for due in claimed {
        let engine = Arc::clone(engine);
        tries.spawn(async move { one(&engine, due).await });
    }
    while let Some(done) = tries.join_next().await {
        match done {
            // One by one: a slow courier must not keep back what another has answered.
            Ok(Some(done)) => engine.store.finish_calls(&[done]).await?,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "an answer to a hold ended badly"),
        }
    }
    Ok(count)
}

async fn one(engine: &Arc<Engine>, due: DueCall) -> Option<CallDone> {
    let call = &due.call;
    let refused = |why: &str| HoldOutcome::Refused {
        why: why.chars().take(REFUSAL_CHARS_MAX).collect(),
    };
    let live = engine.live_shop(due.shop)?;
    let outcome = match live.accounts.releaser(call.courier, call.answer.action) {
        None => HoldOutcome::ByHand,
        Some(_) if engine.now() >= call.expires_at => refused("la giacenza è scaduta"),
        Some(account) => {
            let limit = Duration::from_secs(CALL_SECONDS_MAX);
            let released = tokio::time::timeout(limit, account.desk.release(call)).await;
            let released = released.unwrap_or_else(|_| Released::Later {
                after: None,
                why: "no answer in time".to_owned(),
            });
            metrics::counter!("dopo_courier_releases_total", "vendor" => account.vendor.name, "outcome" => word_of(&released))
                .increment(1);
            match released {
                Released::Accepted { reference } => HoldOutcome::Accepted { reference },
                Released::Deferred => HoldOutcome::Deferred,
                Released::Refused(why) => refused(&why),
                Released::Later { after, why } => {
                    let asked = after.map_or(0, |a| i64::try_from(a.as_secs()).unwrap_or(i64::MAX));
                    let wait = doubled_s(WAIT_S.0, WAIT_S.1, u32::from(due.attempts)).max(asked);
                    let again_at = after_s(engine.now(), wait);
                    if again_at < call.expires_at {
                        tracing::warn!(shop = %due.shop, vendor = account.vendor.name, %why, "a courier takes an answer later");
                        return Some(CallDone {
                            shop: due.shop,
                            call: call.id,
                            again_at: Some(again_at),
                            error: Some(why.chars().take(REFUSAL_CHARS_MAX).collect()),
                        });
                    }
                    refused(&format!("il corriere non ha risposto in tempo ({why})"))
                }
            }
        }
    };
    let order = match engine.store.order(due.shop, call.order_id).await {
        Ok(order) => order,
        Err(error) => {
            // It comes again when its lease is over: the courier knows it by its id.
            tracing::error!(%error, "the order of an answer could not be read");
            return None;
        }
    };
    if let Some((order, _)) = order {
        let event = Event::HoldReported {
            parcel: ParcelRef {
                order: Some(order.snapshot.external_id),
                seq: Some(call.seq),
                ..ParcelRef::default()
            },
            call: call.id,
            outcome,
        };
        let line = EventLine {
            id: format!("hold_reported:{}:{}", call.id, due.attempts),
            at: engine.now(),
            event,
        };
        let intake = NewIntake::event("engine", line, None);
        if let Err(error) = engine.ingest(due.shop, vec![intake]).await {
            tracing::error!(%error, "what became of an answer could not be taken in");
            return None;
        }
    }
    Some(CallDone {
        shop: due.shop,
        call: call.id,
        again_at: None,
        error: None,
    })
}
