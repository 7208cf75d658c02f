//! Due runs: claimed once, decided with all facts, written or not at all.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, always_due, put, shop, try_put, watching_due};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::{CustomerId, OrderId, RunId};
use dopo_engine::ports::store::{DecideDue, MessageFilter, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub async fn due_runs_are_claimed_with_their_facts(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            orders: vec![order(10, 1, "1001"), order(11, 1, "1002")],
            carts: vec![cart("c1", 1)],
            runs: vec![run(20, 1, Some(10), t(60)), run(21, 1, Some(11), t(900))],
            ..Writes::default()
        },
    )
    .await;
    let (decide, seen) = watching_due(Writes {
        runs: vec![closed(run(20, 1, Some(10), t(60)), t(61))],
        messages: vec![message(20, 0, 1)],
        ..Writes::default()
    });
    let claimed = store.commit_due(shop, t(61), 100, decide).await.unwrap();
    assert_eq!(claimed, 1);
    let (loaded, due) = seen.one();
    assert_eq!(due, [RunId(20)]);
    assert_eq!(loaded.runs[&RunId(20)], run(20, 1, Some(10), t(60)));
    assert!(
        loaded.runs.contains_key(&RunId(21)),
        "all active runs of the person, due or not"
    );
    assert!(loaded.customers.contains_key(&CustomerId(1)));
    assert_eq!(loaded.orders[&OrderId(10)], order(10, 1, "1001"));
    assert!(loaded.orders.contains_key(&OrderId(11)));
    let file = store.person_file(shop, CustomerId(1)).await.unwrap();
    assert_eq!(file.runs[0], closed(run(20, 1, Some(10), t(60)), t(61)));
    assert_eq!(file.messages.len(), 1);
}

pub async fn only_due_runs_of_the_shop_are_claimed(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    for shop in [shop_a, shop_b] {
        put(
            &store,
            shop,
            Writes {
                customers: vec![customer(1, "anna@posta.example")],
                runs: vec![run(20, 1, None, t(60))],
                ..Writes::default()
            },
        )
        .await;
    }
    let (decide, seen) = watching_due(Writes::default());
    let early = store
        .commit_due(shop_a, t(59), 100, decide.clone())
        .await
        .unwrap();
    assert_eq!(early, 0, "not before its time");
    assert!(seen.all().is_empty(), "nothing to decide");
    let (decide, seen) = watching_due(Writes {
        runs: vec![closed(run(20, 1, None, t(60)), t(60))],
        ..Writes::default()
    });
    assert_eq!(
        store.commit_due(shop_a, t(60), 100, decide).await.unwrap(),
        1
    );
    assert_eq!(seen.one().1, [RunId(20)]);
    let (decide, _) = watching_due(Writes::default());
    assert_eq!(
        store.commit_due(shop_a, t(60), 100, decide).await.unwrap(),
        0
    );
    let (decide, _) = watching_due(Writes::default());
    assert_eq!(
        store.commit_due(shop_b, t(60), 100, decide).await.unwrap(),
        1,
        "the other shop's is untouched"
    );
}

pub async fn the_earliest_runs_are_claimed_first(store: Subject) {
    let shop = shop(&store).await;
    let runs: Vec<_> = (0..9)
        .map(|n| run(20 + n, 1, None, t(100 - 10 * n)))
        .collect();
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            runs,
            ..Writes::default()
        },
    )
    .await;
    let (decide, seen) = watching_due(Writes::default());
    assert_eq!(store.commit_due(shop, t(999), 3, decide).await.unwrap(), 3);
    assert_eq!(seen.one().1, [RunId(28), RunId(27), RunId(26)]);
}

pub async fn a_closed_run_is_never_due(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            runs: vec![closed(run(20, 1, None, t(60)), t(1))],
            ..Writes::default()
        },
    )
    .await;
    let none = store
        .commit_due(
            shop,
            super::end_of_time(),
            100,
            always_due(Writes::default()),
        )
        .await;
    assert_eq!(none.unwrap(), 0);
}

pub async fn a_stale_commit_conflicts_and_writes_nothing(store: Subject) {
    let shop = shop(&store).await;
    let mut newer = run(20, 1, None, t(60));
    newer.version = 7;
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            runs: vec![newer.clone()],
            ..Writes::default()
        },
    )
    .await;
    let mut stale = run(20, 1, None, t(90));
    stale.version = 6;
    let mut renamed = customer(1, "anna@posta.example");
    renamed.first_name = Some("Anna".to_owned());
    let result = try_put(
        &store,
        shop,
        Writes {
            customers: vec![renamed],
            runs: vec![stale],
            messages: vec![message(20, 0, 1)],
            ..Writes::default()
        },
    )
    .await;
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
    let file = store.person_file(shop, CustomerId(1)).await.unwrap();
    assert_eq!(file.runs, [newer]);
    assert!(file.messages.is_empty());
    assert_eq!(file.customer.unwrap().first_name, None);
}

pub async fn one_effect_decided_twice_conflicts(store: Subject) {
    let shop = shop(&store).await;
    let writes = || Writes {
        customers: vec![customer(1, "anna@posta.example")],
        messages: vec![message(20, 0, 1)],
        due: vec![due(&message(20, 0, 1))],
        ..Writes::default()
    };
    put(&store, shop, writes()).await;
    let again = try_put(&store, shop, writes()).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let all = store.messages(shop, &MessageFilter::default(), 10).await;
    assert_eq!(all.unwrap().len(), 1);
}

pub async fn two_workers_never_decide_one_run_twice(store: Subject) {
    let shop = shop(&store).await;
    let runs: Vec<_> = (0..120).map(|n| run(n, n, None, t(n))).collect();
    put(
        &store,
        shop,
        Writes {
            customers: (0..120)
                .map(|n| customer(n, &format!("p{n}@posta.example")))
                .collect(),
            runs,
            ..Writes::default()
        },
    )
    .await;
    let decided: Arc<Mutex<BTreeMap<RunId, u32>>> = Arc::default();
    let kept = Arc::clone(&decided);
    let decide: DecideDue = Arc::new(move |loaded, runs| {
        let mut writes = Writes::default();
        for id in runs {
            *kept.lock().unwrap().entry(id).or_default() += 1;
            writes.runs.push(closed(loaded.runs[&id].clone(), t(500)));
        }
        writes
    });
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (store, decide) = (Arc::clone(&store), Arc::clone(&decide));
            tokio::spawn(async move {
                let mut total = 0;
                for _ in 0..40 {
                    total += store
                        .commit_due(shop, t(500), 7, Arc::clone(&decide))
                        .await
                        .unwrap();
                }
                total
            })
        })
        .collect();
    let mut total = 0;
    for worker in workers {
        total += worker.await.unwrap();
    }
    assert_eq!(total, 120);
    let decided = decided.lock().unwrap();
    assert_eq!(decided.len(), 120);
    assert!(decided.values().all(|n| *n == 1));
}
