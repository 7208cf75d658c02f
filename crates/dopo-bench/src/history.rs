//! Two years of a made shop, loaded through the same intake as `dopo import`: history that starts no message.
//!
//! A shop that runs for two years has long forgotten which external ids it saw two years ago ([`SEEN_DAYS`]). So that the
//! loaded history is no heavier than lived history, what is loaded before the last [`SEEN_DAYS`] of its span is pruned
//! as it would have been by then.

use crate::program::{Program, SHOP};
use anyhow::{Context, Result};
use dopo_core::event::{EventLine, Origin};
use dopo_engine::demo_shop::{history_by_customer, products};
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::{Clock, Entropy, SEEN_DAYS, Store};
use dopo_engine::secrets::MasterKey;
use dopo_engine::{Engine, Settings};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// Length of the history, in months.
pub const MONTHS: u32 = 24;
/// What makes the history the same on every store and every machine.
pub const SEED: u64 = 1_861;
/// Events in one commit.
const BATCH_EVENTS: usize = 500;
/// Batches under way at the same time: the next is made while one is written; as many committers on PostgreSQL.
const BATCHES_UNDER_WAY: usize = 3;
/// Events between two lines of progress.
const PROGRESS_EVENTS: u64 = 500_000;
/// Events between two rounds of pruning.
const PRUNING_EVENTS: u64 = 100_000;
/// Events of one customer in [`MONTHS`] months, about.
const EVENTS_PER_CUSTOMER: u64 = 54;
/// Days in [`MONTHS`] months.
const SPAN_DAYS: u64 = 730;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random bits.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bits: {error}");
        }
    }
}

/// How a load went.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    /// Events taken in.
    pub events: u64,
    /// Time it took.
    pub seconds: f64,
}

/// Loads the history of so many customers up to `until`. The program must not be serving.
///
/// # Errors
/// When the store refuses.
pub fn load(program: &Program, customers: usize, until: Timestamp) -> Result<Loaded> {
    // A runtime of its own: when it ends, the engine and its store end with it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store: Arc<dyn Store> = if program.database.starts_with("postgres") {
            Arc::new(dopo_postgres::connect(&program.database).await?)
        } else {
            Arc::new(dopo_sqlite::connect(&program.database, dopo_sqlite::Role::Server).await?)
        };
        let key = MasterKey::parse(&std::fs::read_to_string(program.key_file())?)?;
        let committers = if program.database.starts_with("postgres") {
            BATCHES_UNDER_WAY
        } else {
            1
        };
        let settings = Settings {
            committers,
            ..Settings::default()
        };
        let engine = Engine::start(
            Arc::clone(&store),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            None,
            key,
            settings,
        )
        .await?;
        let shop = engine
            .shop_by_slug(SHOP)
            .context("the shop is not there")?
            .id;
        let begun = Instant::now();
        let mut events = 0;
        let mut told = 0;
        let mut pruned = 0;
        let lately = customers as u64 * EVENTS_PER_CUSTOMER * SEEN_DAYS as u64 / SPAN_DAYS;
        let old = (customers as u64 * EVENTS_PER_CUSTOMER).saturating_sub(lately);
        let later = until.checked_add(SignedDuration::from_hours(24 * (SEEN_DAYS + 1)))?;
        let mut under_way: JoinSet<Result<u64>> = JoinSet::new();
        let mut lines =
            products(until.checked_sub(SignedDuration::from_hours(24 * 31 * i64::from(MONTHS)))?)
                .into_iter()
                .chain(history_by_customer(SEED, customers, MONTHS, until))
                .peekable();
        while lines.peek().is_some() {
            let batch: Vec<NewIntake> = lines.by_ref().take(BATCH_EVENTS).map(intake).collect();
            if under_way.len() >= BATCHES_UNDER_WAY
                && let Some(done) = under_way.join_next().await
            {
                events += done??;
            }
            let engine = Arc::clone(&engine);
            under_way.spawn(async move { Ok(engine.ingest(shop, batch).await?.len() as u64) });
            if events / PRUNING_EVENTS > pruned && events <= old {
                pruned = events / PRUNING_EVENTS;
                store.prune(later).await?;
            }
            if events / PROGRESS_EVENTS > told {
                told = events / PROGRESS_EVENTS;
                eprintln!(
                    "  {events} events in {:.0} s",
                    begun.elapsed().as_secs_f64()
                );
            }
        }
        while let Some(done) = under_way.join_next().await {
            events += done??;
        }
        Ok(Loaded {
            events,
            seconds: begun.elapsed().as_secs_f64(),
        })
    })
}

fn intake(line: EventLine) -> NewIntake {
    NewIntake {
        origin: Origin::Import,
        ..NewIntake::event("import", line, None)
    }
}
