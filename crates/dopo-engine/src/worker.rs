//! The loops of a running engine: due runs, hand-over, couriers, heartbeat, fresh settings, pruning. They stop when told to, after
//! finishing what they hold.

use crate::Engine;
use crate::bells::DueNow;
use crate::couriers::{poll, release, write_back};
use crate::dispatch;
use crate::ports::{DUE_PER_COMMIT_MAX, StoreError};
use crate::promise;
use dopo_core::advance::advance_due;
use dopo_core::consent::Channel;
use dopo_core::id::ShopId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often due runs are looked for when nobody rings.
const DUE_POLL: Duration = Duration::from_millis(100);
/// How often due messages are looked for when nobody rings.
pub(crate) const DISPATCH_POLL: Duration = Duration::from_millis(100);
/// How often the node shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often settings are looked at, and dead nodes looked for.
const REFRESH: Duration = Duration::from_millis(500);
/// How often what is past its time is deleted.
const PRUNE: Duration = Duration::from_secs(3_600);

/// Runs all loops until `stop` turns true, then finishes what is in hand and gives the node number back.
pub async fn run(engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    tasks.spawn(due_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(heartbeat_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(refresh_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(warm(Arc::clone(&engine)));
    tasks.spawn(prune_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(promise::estimates_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(poll::poll_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(release::release_loop(Arc::clone(&engine), stop.clone()));
    tasks.spawn(write_back::write_back_loop(
        Arc::clone(&engine),
        stop.clone(),
    ));
    for _ in 0..engine.settings.dispatchers.max(1) {
        tasks.spawn(dispatch::dispatch_loop(
            Arc::clone(&engine),
            Channel::Email,
            stop.clone(),
        ));
    }
    for channel in [Channel::Sms, Channel::Push, Channel::Call] {
        tasks.spawn(dispatch::dispatch_loop(
            Arc::clone(&engine),
            channel,
            stop.clone(),
        ));
    }
    while let Some(done) = tasks.join_next().await {
        if let Err(error) = done {
            tracing::error!(%error, "a worker loop ended badly");
        }
    }
    if let Err(error) = engine.store.release_node(engine.node).await {
        tracing::warn!(%error, "the node number could not be given back");
    }
}

/// Brings everything that is due at this moment to its end and returns: for clocks that are moved by hand, while the
/// loops of [`run`] do not run.
///
/// # Errors
/// When the store does not answer.
pub async fn settle(engine: &Arc<Engine>) -> Result<(), StoreError> {
    loop {
        let mut moved = 0;
        for shop in engine.shops() {
            moved += advance_shop(engine, shop.id).await;
        }
        for channel in Channel::ALL {
            moved += dispatch::dispatch_once(engine, channel).await?;
        }
        moved += release::release_once(engine).await?;
        moved += poll::poll_once(engine).await?;
        moved += write_back::write_back_once(engine).await?;
        if moved == 0 {
            return Ok(());
        }
    }
}

/// Sleeps for a span or until told to stop; true = stop.
pub(crate) async fn pause(stop: &mut watch::Receiver<bool>, span: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(span) => false,
        changed = stop.wait_for(|stop| *stop) => { let _ = changed; true }
    }
}

async fn due_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let bell = engine.bells.runs().notified();
        tokio::pin!(bell);
        bell.as_mut().enable();
        let mut claimed = 0;
        for shop in engine.shops() {
            claimed += advance_shop(&engine, shop.id).await;
        }
        if claimed == 0 {
            tokio::select! {
                () = &mut bell => {}
                stopped = pause(&mut stop, DUE_POLL) => if stopped { return },
            }
        }
    }
}

/// Brings time to one batch of due runs of a shop. Returns how many.
async fn advance_shop(engine: &Arc<Engine>, id: ShopId) -> usize {
    let Some(shop) = engine.shop(id) else {
        return 0;
    };
    let (now, entropy) = (engine.now(), engine.entropy.u128());
    let due = DueNow::default();
    let noted = due.clone();
    let heard = engine.listen(id);
    let ear = heard.clone();
    let decide = Arc::new(move |loaded, runs: Vec<_>| {
        let before = ear.before(&loaded);
        let mut writes = advance_due(&shop, loaded, &runs, now, entropy);
        noted.note(&writes, now);
        ear.after(before, &mut writes, true, now);
        writes
    });
    match engine
        .store
        .commit_due(id, now, DUE_PER_COMMIT_MAX, decide)
        .await
    {
        Ok(0) => 0,
        Ok(claimed) => {
            metrics::counter!("dopo_runs_woken_total").increment(claimed as u64);
            engine.bells.ring(&due);
            engine.live.tell(Some(id), due.topics());
            engine.tell(&heard);
            claimed
        }
        Err(error) => {
            metrics::counter!("dopo_store_errors_total").increment(1);
            tracing::error!(%error, "due runs could not be advanced");
            0
        }
    }
}

async fn heartbeat_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = engine
            .store
            .heartbeat(engine.node, engine.clock.pulse())
            .await
        {
            tracing::error!(%error, "the heartbeat could not be recorded");
        }
        if pause(&mut stop, HEARTBEAT).await {
            return;
        }
    }
}

/// Once: the days of the first page are read before anybody asks for them.
async fn warm(engine: Arc<Engine>) {
    if let Err(error) = engine.warm_days().await {
        tracing::debug!(%error, "the first page's days were not read ahead");
    }
}

async fn refresh_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = engine.refresh_shops().await {
            tracing::error!(%error, "settings could not be read");
        }
        match engine.store.recover(engine.clock.pulse(), None).await {
            Ok(found) if found.repeated + found.in_doubt > 0 => {
                tracing::warn!(
                    repeated = found.repeated,
                    in_doubt = found.in_doubt,
                    "a dead node left hand-overs in doubt"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "dead nodes could not be looked for"),
        }
        if pause(&mut stop, REFRESH).await {
            return;
        }
    }
}

async fn prune_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    loop {
        match engine.store.prune(engine.now()).await {
            Ok(pruned) => tracing::debug!(
                seen = pruned.seen,
                bodies = pruned.bodies,
                sessions = pruned.sessions,
                photos = pruned.photos,
                links = pruned.links,
                "pruned"
            ),
            Err(error) => tracing::error!(%error, "what is past its time could not be deleted"),
        }
        if pause(&mut stop, PRUNE).await {
            return;
        }
    }
}
