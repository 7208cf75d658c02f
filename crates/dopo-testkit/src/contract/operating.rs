//! Counters, nodes, pruning, health.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, always, number, put, shop, try_put};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::counter::Counters;
use dopo_core::id::CustomerId;
use dopo_engine::ports::store::{IntakeOutcome, Pruned, RAW_DAYS, SEEN_DAYS, StoreError};
use jiff::civil::date;
use std::sync::Arc;

pub async fn counters_add_up(store: Subject) {
    let shop = shop(&store).await;
    let day = date(2026, 3, 2);
    let tasks: Vec<_> = (0..25)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut counters = Counters::default();
                counters.add(shop, day, "revenue_cents", "LE", 150);
                counters.add(shop, day, "revenue_cents", "", -50);
                store.add_counters(counters).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut counters = Counters::default();
    counters.add(shop, day, "revenue_cents", "LE", 1);
    put(
        &store,
        shop,
        Writes {
            counters,
            ..Writes::default()
        },
    )
    .await;
    let found = store.counters(shop, "revenue", day, day).await.unwrap();
    let mut found: Vec<_> = found
        .into_iter()
        .map(|(k, n)| (k.dim.into_owned(), n))
        .collect();
    found.sort();
    assert_eq!(found, [(String::new(), -1_250), ("LE".to_owned(), 3_751)]);
}

pub async fn counters_are_found_by_prefix_and_day(store: Subject) {
    let shop = shop(&store).await;
    let other = super::shop(&store).await;
    let mut counters = Counters::default();
    for (metric, n) in [
        ("messages.sent", 1),
        ("messages.opened", 2),
        ("messagesX", 3),
        ("Messages.sent", 4),
        ("orders", 5),
        ("a%b", 6),
    ] {
        for day in 1..=5 {
            counters.add(shop, date(2026, 3, day), metric, "", n);
        }
    }
    counters.add(other, date(2026, 3, 2), "messages.sent", "", 100);
    store.add_counters(counters).await.unwrap();
    let found = async |prefix: &str, from, to| {
        let found = store
            .counters(shop, prefix, date(2026, 3, from), date(2026, 3, to))
            .await
            .unwrap();
        assert!(found.iter().all(|(key, _)| key.shop == shop));
        let mut found: Vec<_> = found
            .into_iter()
            .map(|(key, n)| (key.day.day(), key.metric.into_owned(), n))
            .collect();
        found.sort();
        found
    };
    assert_eq!(
        found("messages.", 2, 3).await,
        [
            (2, "messages.opened".to_owned(), 2),
            (2, "messages.sent".to_owned(), 1),
            (3, "messages.opened".to_owned(), 2),
            (3, "messages.sent".to_owned(), 1),
        ]
    );
    assert_eq!(found("a%", 1, 1).await, [(1, "a%b".to_owned(), 6)]);
    assert_eq!(found("", 1, 1).await.len(), 6);
    assert!(found("orders", 3, 2).await.is_empty());
    assert!(found("_", 1, 5).await.is_empty());
    let century = store
        .counters(shop, "orders", date(1926, 3, 1), date(2026, 3, 1))
        .await;
    assert!(matches!(century, Err(StoreError::Rejected(_))));
}

pub async fn pruning_forgets_what_is_past_its_time(store: Subject) {
    let shop = shop(&store).await;
    let day = 86_400;
    let old = t(0);
    let told = |id: i64| {
        let mut one = intake(id, "a", vec![]);
        one.received_at = old;
        one
    };
    let outcomes = store
        .commit_arrivals(shop, vec![told(1)], always(Writes::default()))
        .await;
    assert_eq!(outcomes.unwrap(), [IntakeOutcome::Accepted]);
    let user = store
        .save_user("anna@bottega.example", "owner", "hash", t(0))
        .await
        .unwrap();
    store.add_session(b"one", user, t(0), t(100)).await.unwrap();
    store
        .add_session(b"two", user, t(0), t(90 * day))
        .await
        .unwrap();

    let none = store.prune(t(50)).await.unwrap();
    assert_eq!(none, Pruned::default());
    let first = store.prune(t(RAW_DAYS * day + 1)).await.unwrap();
    let expected = Pruned {
        seen: 0,
        bodies: 1,
        sessions: 1,
        photos: 0,
        links: 0,
    };
    assert_eq!(first, expected);
    let rows = store.inbox(shop, None, None, 10).await.unwrap();
    assert_eq!(rows.len(), 1, "the row stays");
    assert_eq!(rows[0].body, None);
    let repeated = store
        .commit_arrivals(shop, vec![told(2)], always(Writes::default()))
        .await;
    assert_eq!(repeated.unwrap(), [IntakeOutcome::Repeated]);

    let second = store.prune(t(SEEN_DAYS * day + 1)).await.unwrap();
    let expected = Pruned {
        seen: 1,
        bodies: 0,
        sessions: 0,
        photos: 0,
        links: 0,
    };
    assert_eq!(second, expected);
    let again = store
        .commit_arrivals(shop, vec![told(3)], always(Writes::default()))
        .await;
    assert_eq!(again.unwrap(), [IntakeOutcome::Accepted]);
    assert!(store.session(b"two", t(100)).await.unwrap().is_some());
}

pub async fn a_fresh_store_is_in_order(store: Subject) {
    store.check().await.unwrap();
    assert!(store.shops().await.unwrap().is_empty());
    let depth = store.queue_depth(t0()).await.unwrap();
    assert!(depth.iter().all(|(_, due, later)| due + later == 0));
    let recovered = store.recover(t0(), None).await.unwrap();
    assert_eq!(recovered, Default::default());
}

pub async fn nodes_are_taken_and_given_back(store: Subject) {
    let node = store.acquire_node(t(0)).await.unwrap();
    assert!(node < 16);
    store.heartbeat(node, t(5)).await.unwrap();
    store.release_node(node).await.unwrap();
    let again = store.acquire_node(t(6)).await.unwrap();
    assert_eq!(again, node, "free again");
}

pub async fn a_failing_write_fails_alone(store: Subject) {
    let shop = shop(&store).await;
    let tasks: Vec<_> = (0..30)
        .map(|n: i64| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut one = message(n, 0, n);
                if n % 3 == 0 {
                    one.grant = None;
                }
                let writes = Writes {
                    customers: vec![customer(n, "anna@posta.example")],
                    messages: vec![one],
                    ..Writes::default()
                };
                try_put(&store, shop, writes).await.is_ok()
            })
        })
        .collect();
    for (task, n) in tasks.into_iter().zip(0..) {
        assert_eq!(task.await.unwrap(), n % 3 != 0, "{n}");
        let person = store.customer(shop, CustomerId(n)).await.unwrap();
        assert_eq!(person.is_some(), n % 3 != 0, "{n}");
    }
    assert!(number() > 0);
}
