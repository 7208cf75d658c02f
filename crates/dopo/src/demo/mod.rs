//! `dopo demo`: a made Italian furniture shop on a database of its own and a fast clock, so that one can look on while
//! orders arrive, parcels move and messages appear. Nothing leaves: the shop is in trial and there is no mail server.

mod clock;
mod progress;
mod readers;

use crate::config::Config;
use crate::serve;
use crate::wire::{self, Role};
use anyhow::{Context, Result, bail};
use clap::Args;
use clock::SpeedClock;
use dopo_core::event::{EventLine, Origin};
use dopo_core::id::ShopId;
use dopo_engine::demo_shop::{self, Stream, catalogue};
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::INTAKES_PER_COMMIT_MAX;
use dopo_engine::{Engine, library, worker};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use progress::Progress;
use readers::Readers;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Months of history.
const MONTHS: u32 = 18;
/// Simulated days before the start that are lived through, so that messages are there when one begins to look.
const LIVED: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Steps in which they are lived through.
const LIVED_STEP: SignedDuration = SignedDuration::from_mins(20);
/// Steps between two looks into the mailboxes while they are lived through.
const LIVED_LOOK_STEPS: u32 = 3;
/// Real time between two deliveries of live events.
const FEED: Duration = Duration::from_millis(250);
/// Deliveries between two looks into the mailboxes.
const FEED_LOOK_TICKS: u32 = 4;
/// Hour of the morning, in the shop's zone, at which the clock starts to run.
const START_HOUR: i8 = 8;
/// Who sends the events.
const SOURCE: &str = "demo";

/// Options of the demo.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The same seed makes the same shop.
    #[arg(long, default_value_t = 20_260)]
    seed: u64,
    /// People who buy in the first 18 months.
    #[arg(long, default_value_t = 680, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    customers: u64,
    /// Simulated seconds a real second (1200: a day in 72 seconds).
    #[arg(long, default_value_t = 1_200, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    speed: u32,
    /// First day that one looks at; it is 8 in the morning then.
    #[arg(long, default_value = "2026-11-17")]
    day: Date,
    /// Port on 127.0.0.1 (0: any free one); without it DOPO_LISTEN, else 8080 or any free one.
    #[arg(long)]
    port: Option<u16>,
    /// Keep database and key in this directory (a new demo needs an empty one); else they are deleted at the end.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Another database, empty: postgres://… or sqlite://….
    #[arg(long, value_name = "URL")]
    db: Option<String>,
}

/// Makes the shop, prints the address, and runs until Ctrl-C.
pub async fn run(args: DemoArgs) -> Result<()> {
    let listener = listen(args.port).await?;
    let address = listener
        .local_addr()
        .context("the port could not be read")?;
    let (dir, temporary) = match &args.keep {
        Some(dir) => {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("could not make the directory {}", dir.display()))?;
            (dir.clone(), None)
        }
        None => {
            let temporary = tempfile::Builder::new()
                .prefix("dopo-demo-")
                .tempdir()
                .context("could not make a temporary directory; name one with --keep")?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    let configured = Config::read(None)?;
    let config = Config {
        listen: address,
        database_url: args
            .db
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", dir.join("dopo.db").display())),
        public_url: Some(
            configured
                .public_url
                .unwrap_or_else(|| format!("http://{address}")),
        ),
        smtp_url: None,
        master_key_file: dir.join("dopo.key"),
        ..Config::default()
    };

    // Made here, so that nobody is asked to back up the key of a demo.
    if !config.master_key_file.exists() {
        wire::make_master_key(&config.master_key_file)?;
    }

    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        serve::wait_for_signal().await;
        let _ = stop.send(true);
    });

    let start = start(args.day)?;
    let lived = start.checked_sub(LIVED).context("the day is too early")?;
    let mut stream = demo_shop::history(args.seed, usize::try_from(args.customers)?, MONTHS, start);
    let clock = Arc::new(SpeedClock::standing(stream.since()));
    let house = wire::build(&config, Role::Server, Arc::clone(&clock) as _).await?;
    let engine = Arc::clone(&house.engine);
    if !engine.shops().is_empty() {
        bail!(
            "the database already holds a shop: name an empty directory with --keep, or an empty database with --db"
        );
    }
    let shop = add_shop(&engine).await?;

    let mut demo = Demo {
        engine: Arc::clone(&engine),
        shop,
        clock,
        readers: Readers::new(args.seed),
    };
    let done = demo.remember(&mut stream, lived, &stopped).await?
        && demo.live(&mut stream, lived, start, &stopped).await?;
    if !done {
        return Ok(());
    }

    println!("{}/demo/", config.public_url());
    println!(
        "Un negozio inventato su un orologio veloce: guarda arrivare ordini, colli e messaggi; niente parte davvero."
    );
    println!(
        "A made shop on a fast clock: watch orders, parcels and messages arrive; nothing really leaves. Ctrl-C ends it."
    );
    demo.clock.run(f64::from(args.speed));
    let feeding = tokio::spawn(demo.feed(stream, stopped.clone()));
    let served = serve::run(house, &config, listener, true, stopped).await;
    feeding.await.context("the made people ended badly")?;
    drop(temporary);
    served
}

/// The port asked for; without one the configured, or 8080, or any that is free.
async fn listen(port: Option<u16>) -> Result<TcpListener> {
    if let Some(port) = port {
        return serve::listen(SocketAddr::from(([127, 0, 0, 1], port))).await;
    }
    let configured = Config::read(None)?.listen;
    if configured != Config::default().listen {
        return serve::listen(configured).await;
    }
    match TcpListener::bind(configured).await {
        Ok(listener) => Ok(listener),
        Err(_) => serve::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await,
    }
}

/// The moment at which the clock starts to run.
fn start(day: Date) -> Result<Timestamp> {
    let zone = TimeZone::get(demo_shop::ZONE).context("the time zone of the shop is not known")?;
    let morning = day
        .at(START_HOUR, 0, 0, 0)
        .to_zoned(zone)
        .context("there is no such morning")?;
    Ok(morning.timestamp())
}

async fn add_shop(engine: &Engine) -> Result<ShopId> {
    let store = engine.store();
    let shop = store
        .add_shop(catalogue::SLUG, &catalogue::settings())
        .await
        .context("the shop could not be added")?;
    library::publish_defaults(store, shop)
        .await
        .context("the first journeys could not be published")?;
    engine
        .refresh_shops()
        .await
        .context("the shop could not be read again")?;
    Ok(shop)
}

/// The made shop while it is made and runs.
struct Demo {
    engine: Arc<Engine>,
    shop: ShopId,
    clock: Arc<SpeedClock>,
    readers: Readers,
}

impl Demo {
    /// Takes the history in up to a moment: facts only, no message. False when told to stop.
    async fn remember(
        &self,
        stream: &mut Stream,
        until: Timestamp,
        stopped: &watch::Receiver<bool>,
    ) -> Result<bool> {
        let mut progress = Progress::new(
            "18 mesi di ordini · 18 months of orders",
            stream.since(),
            until,
        );
        let mut lines = demo_shop::products(stream.since());
        loop {
            let room = INTAKES_PER_COMMIT_MAX.saturating_sub(lines.len());
            lines.extend(std::iter::from_fn(|| stream.next_until(until)).take(room));
            let Some(last) = lines.last() else { break };
            let at = last.at;
            self.clock.move_to(at);
            self.take_in(std::mem::take(&mut lines), Origin::Import)
                .await?;
            progress.at(at);
            if *stopped.borrow() {
                return Ok(false);
            }
        }
        progress.end();
        Ok(true)
    }

    /// Lives through a time step by step: journeys run and messages are captured. False when told to stop.
    async fn live(
        &mut self,
        stream: &mut Stream,
        from: Timestamp,
        until: Timestamp,
        stopped: &watch::Receiver<bool>,
    ) -> Result<bool> {
        let mut progress = Progress::new("Gli ultimi giorni · The last days", from, until);
        let mut now = from;
        let mut steps = 0_u32;
        while now < until {
            now = now.checked_add(LIVED_STEP).unwrap_or(until).min(until);
            self.clock.move_to(now);
            let mut lines: Vec<EventLine> = std::iter::from_fn(|| stream.next_until(now)).collect();
            lines.extend(self.readers.due(now));
            self.take_in(lines, Origin::Live).await?;
            worker::settle(&self.engine)
                .await
                .context("the journeys could not go on")?;
            steps += 1;
            if steps.is_multiple_of(LIVED_LOOK_STEPS) {
                self.readers.look(&self.engine, self.shop).await?;
            }
            progress.at(now);
            if *stopped.borrow() {
                return Ok(false);
            }
        }
        progress.end();
        Ok(true)
    }

    /// Goes on for as long as one looks.
    async fn feed(mut self, mut stream: Stream, mut stopped: watch::Receiver<bool>) {
        let mut ticks = 0_u32;
        while !*stopped.borrow() {
            let now = dopo_engine::ports::Clock::now(&*self.clock);
            let mut lines: Vec<EventLine> = std::iter::from_fn(|| stream.next_until(now)).collect();
            lines.extend(self.readers.due(now));
            if let Err(error) = self.take_in(lines, Origin::Live).await {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the made people's doings could not be taken in"
                );
            }
            if ticks.is_multiple_of(FEED_LOOK_TICKS)
                && let Err(error) = self.readers.look(&self.engine, self.shop).await
            {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the mailboxes could not be looked into"
                );
            }
            ticks = ticks.wrapping_add(1);
            tokio::select! {
                () = tokio::time::sleep(FEED) => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        }
    }

    async fn take_in(&self, lines: Vec<EventLine>, origin: Origin) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let intakes = lines
            .into_iter()
            .map(|line| NewIntake {
                origin,
                ..NewIntake::event(SOURCE, line, None)
            })
            .collect();
        self.engine
            .ingest(self.shop, intakes)
            .await
            .context("events could not be taken in")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::message::MessageStatus;
    use dopo_engine::ports::MessageFilter;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_small_demo_remembers_its_past_lives_some_hours_and_sends_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let config = Config {
            database_url: format!("sqlite://{}", dir.path().join("dopo.db").display()),
            master_key_file: dir.path().join("dopo.key"),
            ..Config::default()
        };
        let start = start("2026-11-17".parse().expect("a day")).expect("a morning");
        let lived = start
            .checked_sub(SignedDuration::from_hours(30))
            .expect("a moment");
        let mut stream = demo_shop::history(1, 80, MONTHS, start);
        let clock = Arc::new(SpeedClock::standing(stream.since()));
        let house = wire::build(&config, Role::Server, Arc::clone(&clock) as _)
            .await
            .expect("a house");
        let engine = Arc::clone(&house.engine);
        let shop = add_shop(&engine).await.expect("a shop");
        let mut demo = Demo {
            engine: Arc::clone(&engine),
            shop,
            clock,
            readers: Readers::new(1),
        };
        let (_stop, stopped) = watch::channel(false);
        let messages = async |status| {
            let filter = MessageFilter {
                status,
                ..MessageFilter::default()
            };
            engine
                .store()
                .messages(shop, &filter, 1_000)
                .await
                .expect("messages")
                .len()
        };

        assert!(
            demo.remember(&mut stream, lived, &stopped)
                .await
                .expect("a past")
        );
        assert_eq!(messages(None).await, 0, "history starts no message");
        assert!(
            demo.live(&mut stream, lived, start, &stopped)
                .await
                .expect("some hours")
        );
        assert!(messages(Some(MessageStatus::Captured)).await > 0);
        for status in [
            MessageStatus::Sent,
            MessageStatus::Failed,
            MessageStatus::InDoubt,
        ] {
            assert_eq!(messages(Some(status)).await, 0, "{status:?}");
        }
        assert_eq!(dopo_engine::ports::Clock::now(&*demo.clock), start);
    }
}
