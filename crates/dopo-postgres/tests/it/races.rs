//! Several committers and workers at once: nothing lost, nothing twice, nobody stuck.

use crate::db::Database;
use dopo_core::advance::{Loaded, WaitsFor, Writes};
use dopo_core::consent::Channel;
use dopo_core::customer::{Customer, IdentityKey};
use dopo_core::event::{Arrival, Event};
use dopo_core::id::{CustomerId, OrderId, RunId, ShopId};
use dopo_core::order::Order;
use dopo_engine::ports::store::{
    CLAIM_MAX, DecideArrivals, DecideDue, Finish, Finished, InboxStatus, MessageFilter, Store,
};
use dopo_testkit::build::{
    arrival, due, email_key, grant, intake, message, nothing, order_updated, rendering, run,
    scanned, settings, t,
};
use sqlx::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The least that takes in orders and scans: people and orders are made, scans of unknown orders are parked.
fn take_in(mut loaded: Loaded, arrivals: Vec<Arrival>) -> Writes {
    let mut writes = Writes::default();
    let mut people: BTreeMap<CustomerId, Customer> = BTreeMap::new();
    let mut orders: BTreeMap<OrderId, Order> = BTreeMap::new();
    let parked = std::mem::take(&mut loaded.parked);
    for arrival in parked.into_iter().chain(arrivals) {
        let day = jiff::civil::date(2026, 3, 2);
        match &arrival.event {
            Event::OrderUpdated { order } => {
                let key: IdentityKey = order.person.who.keys().remove(0);
                let id = match loaded.identities.get(&key) {
                    Some(id) => *id,
                    None => {
                        let id = CustomerId(arrival.fresh.nth(0));
                        loaded.identities.insert(key.clone(), id);
                        let mut new = Customer::new(id, arrival.known_at);
                        new.emails.push(key.value.clone());
                        loaded.customers.insert(id, new);
                        writes.identities.push((key, id));
                        id
                    }
                };
                let person = loaded.customers.get_mut(&id).unwrap();
                person.purchases.orders += 1;
                people.insert(id, person.clone());
                let order_id = loaded
                    .order_ids
                    .get(&order.external_id)
                    .copied()
                    .unwrap_or(OrderId(arrival.fresh.nth(1)));
                loaded.order_ids.insert(order.external_id.clone(), order_id);
                let mut made = dopo_testkit::build::order(order_id.0, id.0, &order.external_id);
                made.snapshot = (**order).clone();
                orders.insert(order_id, made);
                writes
                    .counters
                    .add(arrival.shop, day, "orders.placed", "", 1);
            }
            Event::ParcelScanned { parcel, .. } => {
                let order = parcel.order.clone().unwrap();
                if loaded.order_ids.contains_key(&order) {
                    writes
                        .counters
                        .add(arrival.shop, day, "parcels.scanned", "", 1);
                } else {
                    writes.parked.push((arrival, WaitsFor::Order(order)));
                }
            }
            _ => {}
        }
    }
    writes.customers = people.into_values().collect();
    writes.orders = orders.into_values().collect();
    writes
}

async fn total(store: &dyn Store, shop: ShopId, metric: &str) -> i64 {
    let day = jiff::civil::date(2026, 3, 2);
    let found = store.counters(shop, metric, day, day).await.unwrap();
    found.iter().map(|(_, n)| n).sum()
}

const COMMITTERS: usize = 8;
const BATCHES: usize = 12;
const PEOPLE: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_committers_of_the_same_new_people_lose_nothing_and_make_nobody_twice() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let nodes = [
        Arc::new(database.connect().await),
        Arc::new(database.connect().await),
    ];
    let shop = nodes[0]
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    let committers: Vec<_> = (0..COMMITTERS)
        .map(|committer| {
            let store = Arc::clone(&nodes[committer % 2]);
            tokio::spawn(async move {
                let decide: DecideArrivals = Arc::new(take_in);
                for batch in 0..BATCHES {
                    let intakes = (0..PEOPLE)
                        .map(|n| {
                            // Each committer goes through the people in another order.
                            let person = (n * (committer * 2 + 7) + batch) % PEOPLE;
                            let id = ((committer * BATCHES + batch) * PEOPLE + n) as i64;
                            let name = format!("{committer}-{batch}-{n}");
                            let told = order_updated(&name, &format!("p{person}@posta.example"));
                            intake(id, &name, vec![arrival(shop, &name, (id + 1) << 8, told)])
                        })
                        .collect();
                    store
                        .commit_arrivals(shop, intakes, decide.clone())
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for committer in committers {
        committer.await.unwrap();
    }
    let told = (COMMITTERS * BATCHES * PEOPLE) as i64;
    let store = &nodes[0];
    assert_eq!(total(store.as_ref(), shop, "orders.placed").await, told);
    let mut orders = 0;
    let mut ids = BTreeSet::new();
    for person in 0..PEOPLE {
        let key = email_key(&format!("p{person}@posta.example"));
        let customer = store.customer_by_key(shop, &key).await.unwrap().unwrap();
        ids.insert(customer.id);
        let file = store.person_file(shop, customer.id).await.unwrap();
        assert_eq!(file.orders.len(), customer.purchases.orders as usize);
        orders += i64::from(customer.purchases.orders);
    }
    assert_eq!((orders, ids.len()), (told, PEOPLE));
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM customers")
        .fetch_one(&mut database.raw().await)
        .await
        .unwrap();
    assert_eq!(people, PEOPLE as i64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_and_its_order_at_once_always_meet() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = Arc::new(database.connect().await);
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    const ORDERS: i64 = 60;
    let mut senders = Vec::new();
    for n in 0..ORDERS {
        for (kind, name) in [format!("scan-{n}"), format!("order-{n}")]
            .into_iter()
            .enumerate()
        {
            let store = Arc::clone(&store);
            senders.push(tokio::spawn(async move {
                let order = format!("o{n}");
                let event = match kind {
                    0 => scanned(Some(&order), None, t(60)),
                    _ => order_updated(&order, &format!("p{n}@posta.example")),
                };
                let id = n * 2 + kind as i64;
                let one = intake(id, &name, vec![arrival(shop, &name, (id + 1) << 8, event)]);
                store
                    .commit_arrivals(shop, vec![one], Arc::new(take_in))
                    .await
                    .unwrap();
            }));
        }
    }
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(total(store.as_ref(), shop, "parcels.scanned").await, ORDERS);
    let waiting = store
        .inbox(shop, Some(InboxStatus::Waiting), None, 1_000)
        .await
        .unwrap();
    assert_eq!(waiting, []);
}

/// Stores people with one run each, due at once.
async fn people_with_runs(store: &dyn Store, shop: ShopId, n: i64) {
    let writes = Writes {
        customers: (1..=n)
            .map(|id| dopo_testkit::build::customer(id, &format!("p{id}@posta.example")))
            .collect(),
        identities: (1..=n)
            .map(|id| (email_key(&format!("p{id}@posta.example")), CustomerId(id)))
            .collect(),
        runs: (1..=n).map(|id| run(id, id, None, t(id))).collect(),
        ..Writes::default()
    };
    put(store, shop, "people", writes).await;
}

async fn put(store: &dyn Store, shop: ShopId, name: &str, writes: Writes) {
    let id = i64::from_be_bytes(*b"put\0\0\0\0\0") + name.len() as i64;
    let carrier = intake(id, name, vec![arrival(shop, name, id << 8, nothing())]);
    store
        .commit_arrivals(shop, vec![carrier], Arc::new(move |_, _| writes.clone()))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_and_committers_over_the_same_people_decide_each_run_once() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = Arc::new(database.connect().await);
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    const RUNS: i64 = 600;
    people_with_runs(store.as_ref(), shop, RUNS).await;

    let decided = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let store = Arc::clone(&store);
        let decided = Arc::clone(&decided);
        tasks.push(tokio::spawn(async move {
            let close: DecideDue = Arc::new(|loaded: Loaded, due: Vec<RunId>| {
                let day = jiff::civil::date(2026, 3, 2);
                let mut writes = Writes::default();
                for id in due {
                    let run = loaded.runs[&id].clone();
                    assert!(loaded.customers.contains_key(&run.customer_id));
                    writes.runs.push(dopo_testkit::build::closed(run, t(9_000)));
                    writes.counters.add(ShopId(1), day, "runs.closed", "", 1);
                }
                writes
            });
            while decided.load(Ordering::SeqCst) < RUNS as usize {
                let n = store
                    .commit_due(shop, t(9_000), 50, close.clone())
                    .await
                    .unwrap();
                decided.fetch_add(n, Ordering::SeqCst);
                if n == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }));
    }
    for committer in 0..3 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for batch in 0..10 {
                let intakes = (0..60)
                    .map(|n| {
                        let id = ((committer * 10 + batch) * 60 + n) as i64;
                        let name = format!("{committer}-{batch}-{n}");
                        let person = (n * 37 + batch * 11 + committer) % RUNS as usize + 1;
                        let told = order_updated(&name, &format!("p{person}@posta.example"));
                        intake(id, &name, vec![arrival(shop, &name, (id + 1) << 16, told)])
                    })
                    .collect();
                store
                    .commit_arrivals(shop, intakes, Arc::new(take_in))
                    .await
                    .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(decided.load(Ordering::SeqCst), RUNS as usize);
    assert_eq!(total(store.as_ref(), ShopId(1), "runs.closed").await, RUNS);
    assert_eq!(total(store.as_ref(), shop, "orders.placed").await, 1_800);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_snapshot_neither_starves_claims_nor_hides_what_comes_late() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let (store, other) = (database.connect().await, database.connect().await);
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    const MESSAGES: u32 = 2_000;
    let mut writes = Writes {
        customers: vec![dopo_testkit::build::customer(1, "anna@posta.example")],
        ..Writes::default()
    };
    for n in 0..MESSAGES {
        let mut one = message(7, n, 1);
        one.due_at = t(i64::from(n));
        writes.due.push(due(&one));
        writes.messages.push(one);
    }
    put(&store, shop, "many", writes).await;

    let mut holder = database.raw().await;
    let mut snapshot = holder.begin().await.unwrap();
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox")
        .execute(&mut *snapshot)
        .await
        .unwrap();

    let node = store.acquire_node(t(0)).await.unwrap();
    let mut sent = BTreeSet::new();
    loop {
        let claimed = store
            .claim_effects(node, Channel::Email, t(90_000), CLAIM_MAX)
            .await
            .unwrap();
        if claimed.is_empty() {
            break;
        }
        let finished = claimed
            .iter()
            .map(|one| {
                assert!(sent.insert(one.message.id), "claimed twice");
                Finished {
                    shop,
                    message: one.message.id,
                    finish: Finish::Sent {
                        at: t(90_000),
                        captured: false,
                        grant: grant(),
                        rendering: rendering("x"),
                    },
                }
            })
            .collect();
        store
            .finish_effects(finished, Default::default(), Vec::new())
            .await
            .unwrap();
    }
    assert_eq!(sent.len(), MESSAGES as usize);

    // Another node adds one below all that was claimed.
    let mut late = message(8, 0, 1);
    late.due_at = t(-500);
    let writes = Writes {
        due: vec![due(&late)],
        messages: vec![late.clone()],
        ..Writes::default()
    };
    put(&other, shop, "late one", writes).await;
    let mut claimed = Vec::new();
    for _ in 0..200 {
        claimed = store
            .claim_effects(node, Channel::Email, t(90_000), CLAIM_MAX)
            .await
            .unwrap();
        if !claimed.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].message.id, late.id);
    snapshot.rollback().await.unwrap();
    let listed = store
        .messages(shop, &MessageFilter::default(), 5)
        .await
        .unwrap();
    assert_eq!(listed.len(), 5);
}
