//! Measures the store: `cargo run --release -p dopo-sqlite --example speed [SECONDS] [FOLDER]`.
//!
//! Each arrival is a new order of a new person: its decision writes customer, identity, order, run, message, outbox row and
//! counters, as the real one does. Figures are of this machine; compare them with themselves.

use dopo_core::advance::{Due, Writes};
use dopo_core::consent::Channel;
use dopo_core::counter::Counters;
use dopo_core::customer::{Customer, IdentityKey, IdentityKind};
use dopo_core::event::{Arrival, Event};
use dopo_core::id::{CustomerId, OrderId, RunId, ShopId};
use dopo_core::order::Order;
use dopo_engine::ports::store::{
    CLAIM_MAX, DecideArrivals, DecideDue, Finish, Finished, Intake, Store, StoreError,
};
use dopo_sqlite::{Role, connect};
use dopo_testkit::build;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

static NEXT: AtomicI64 = AtomicI64::new(1);

fn told(shop: ShopId) -> Intake {
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("order-{n}");
    let event = build::order_updated(&name, &format!("person-{n}@posta.example"));
    let mut intake = build::intake(n, &name, vec![build::arrival(shop, &name, n << 8, event)]);
    intake.body = Some(vec![7; 2_000]);
    intake
}

/// Writes what an order that starts a journey writes.
fn decide() -> DecideArrivals {
    Arc::new(|_, arrivals| {
        let mut writes = Writes::default();
        for arrival in arrivals {
            order_placed(&mut writes, &arrival);
        }
        writes
    })
}

fn order_placed(writes: &mut Writes, arrival: &Arrival) {
    let Event::OrderUpdated { order } = &arrival.event else {
        return;
    };
    let (customer, id, run) = (
        CustomerId(arrival.fresh.nth(0)),
        OrderId(arrival.fresh.nth(1)),
        RunId(arrival.fresh.nth(2)),
    );
    let mut person = Customer::new(customer, arrival.known_at);
    person.learn(&order.person);
    let value = person.email().unwrap_or_default().to_owned();
    writes.identities.push((
        IdentityKey {
            kind: IdentityKind::Email,
            value,
        },
        customer,
    ));
    writes.customers.push(person);
    writes.orders.push(Order {
        id,
        customer_id: customer,
        snapshot: (**order).clone(),
        tracked: Vec::new(),
        returns: Vec::new(),
        problems: Vec::new(),
        delivered_at: None,
        entered: BTreeMap::new(),
        counted: true,
        traces: Default::default(),
    });
    let mut state = build::run(run.0, customer.0, Some(id.0), build::t(run.0 >> 8));
    state.customer_id = customer;
    writes.runs.push(state);
    let mut message = build::message(run.0, 0, customer.0);
    message.order_id = Some(id);
    writes.due.push(Due {
        message: message.id,
        channel: Channel::Email,
        due_at: message.due_at,
    });
    writes.messages.push(message);
    let day = jiff::civil::date(2026, 3, 2);
    for metric in ["orders.placed", "messages.queued"] {
        writes.counters.add(arrival.shop, day, metric, "welcome", 1);
    }
}

/// A due run is decided once more: it goes on waiting.
fn step() -> DecideDue {
    Arc::new(|loaded, runs| {
        let mut writes = Writes::default();
        for id in runs {
            if let Some(run) = loaded.runs.get(&id) {
                let mut run = run.clone();
                run.version += 1;
                run.state.phase = dopo_core::journey::Phase::Waiting {
                    until: build::t(300 * 86_400),
                };
                writes.runs.push(run);
            }
        }
        writes
    })
}

struct Pace {
    what: String,
    began: Instant,
    done: u64,
    longest: Duration,
}

impl Pace {
    fn new(what: String) -> Self {
        Pace {
            what,
            began: Instant::now(),
            done: 0,
            longest: Duration::ZERO,
        }
    }

    fn add(&mut self, done: usize, took: Duration) {
        self.done += done as u64;
        self.longest = self.longest.max(took);
    }

    fn tell(&self) {
        let seconds = self.began.elapsed().as_secs_f64();
        println!(
            "{:<44} {:>9.0} /s   {:>9} in {seconds:>5.1} s   longest call {:>6.1} ms",
            self.what,
            self.done as f64 / seconds,
            self.done,
            self.longest.as_secs_f64() * 1e3,
        );
    }
}

async fn arrive(
    store: &Arc<impl Store>,
    shop: ShopId,
    batch: usize,
    callers: usize,
    span: Duration,
) -> Result<(), StoreError> {
    let mut pace = Pace::new(format!("arrivals, batches of {batch}, {callers} callers"));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let store = Arc::clone(store);
            let decide = decide();
            tokio::spawn(async move {
                let began = Instant::now();
                let mut own = Vec::new();
                while began.elapsed() < span {
                    let intakes = (0..batch).map(|_| told(shop)).collect();
                    let call = Instant::now();
                    let outcomes = store
                        .commit_arrivals(shop, intakes, Arc::clone(&decide))
                        .await?;
                    own.push((outcomes.len(), call.elapsed()));
                }
                Ok::<_, StoreError>(own)
            })
        })
        .collect();
    for task in tasks {
        let own = task
            .await
            .map_err(|e| StoreError::Unavailable(e.to_string()))??;
        for (done, took) in own {
            pace.add(done, took);
        }
    }
    pace.tell();
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(5);
    let span = Duration::from_secs(seconds);
    let folder = arguments
        .next()
        .map_or_else(std::env::temp_dir, Into::into)
        .join(format!("dopo-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| StoreError::Unavailable(e.to_string()))?;
    let path = folder.join("speed.db");
    let store = Arc::new(connect(&format!("sqlite://{}", path.display()), Role::Server).await?);
    let shop = store
        .add_shop("bottega", &build::settings("Bottega"))
        .await?;

    arrive(&store, shop, 100, 1, span).await?;
    arrive(&store, shop, 100, 4, span).await?;
    arrive(&store, shop, 500, 1, span).await?;
    arrive(&store, shop, 1, 1, span).await?;
    arrive(&store, shop, 1, 64, span).await?;

    let mut pace = Pace::new("due runs, batches of 200".to_owned());
    while pace.began.elapsed() < span {
        let call = Instant::now();
        let done = store
            .commit_due(shop, build::t(200 * 86_400), 200, step())
            .await?;
        pace.add(done, call.elapsed());
        if done == 0 {
            break;
        }
    }
    pace.tell();

    let mut pace = Pace::new(format!("claim and finish, {CLAIM_MAX} at a time"));
    while pace.began.elapsed() < span {
        let call = Instant::now();
        let claimed = store
            .claim_effects(0, Channel::Email, build::t(1), CLAIM_MAX)
            .await?;
        if claimed.is_empty() {
            break;
        }
        let mut counters = Counters::default();
        let day = jiff::civil::date(2026, 3, 2);
        let finished: Vec<_> = claimed
            .into_iter()
            .map(|one| {
                counters.add(one.shop, day, "messages.sent", "welcome", 1);
                Finished {
                    shop: one.shop,
                    message: one.message.id,
                    finish: Finish::Sent {
                        at: build::t(2),
                        captured: false,
                        grant: build::grant(),
                        rendering: build::rendering("Anna"),
                    },
                }
            })
            .collect();
        let done = finished.len();
        store.finish_effects(finished, counters, Vec::new()).await?;
        pace.add(done, call.elapsed());
    }
    pace.tell();

    let mut pace = Pace::new("reading one order with its customer".to_owned());
    let newest = NEXT.load(Ordering::Relaxed);
    let mut n = 1;
    while pace.began.elapsed() < span {
        let call = Instant::now();
        n = (n * 48_271 + 7) % newest;
        let found = store.order(shop, OrderId((n.max(1) << 8) | 1)).await?;
        pace.add(usize::from(found.is_some()), call.elapsed());
    }
    pace.tell();

    for ending in ["", "-wal"] {
        let name = format!("{}{ending}", path.display());
        let bytes = std::fs::metadata(&name).map_or(0, |m| m.len());
        println!(
            "{:<44} {:>9} KiB",
            format!("speed.db{ending}"),
            bytes / 1024
        );
    }
    drop(store);
    std::fs::remove_dir_all(&folder).map_err(|e| StoreError::Unavailable(e.to_string()))
}
