//! De-duplication, the inbox, loading, parking.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, always, bring, look, number, put, shop, watching};
use crate::build::*;
use dopo_core::advance::{WaitsFor, Writes};
use dopo_core::event::Event;
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId};
use dopo_engine::ports::store::{
    DecideArrivals, INTAKES_PER_COMMIT_MAX, InboxStatus, IntakeOutcome, StoreError,
};
use std::sync::Arc;

pub async fn a_repeat_is_recognised(store: Subject) {
    let shop = shop(&store).await;
    let (decide, seen) = watching(Writes::default());
    let told = || vec![arrival(shop, "a", 256, nothing())];
    let first = store
        .commit_arrivals(shop, vec![intake(1, "a", told())], decide.clone())
        .await;
    assert_eq!(first.unwrap(), [IntakeOutcome::Accepted]);
    let second = store
        .commit_arrivals(shop, vec![intake(2, "a", told())], decide)
        .await;
    assert_eq!(second.unwrap(), [IntakeOutcome::Repeated]);
    assert_eq!(seen.all().len(), 1, "decided once");
    assert_eq!(store.inbox(shop, None, None, 10).await.unwrap().len(), 1);
}

pub async fn a_repeat_within_one_batch_is_recognised(store: Subject) {
    let shop = shop(&store).await;
    let (decide, seen) = watching(Writes::default());
    let batch = ["a", "b", "a"]
        .iter()
        .zip(1..)
        .map(|(name, id)| intake(id, name, vec![arrival(shop, name, id << 8, nothing())]))
        .collect();
    let outcomes = store.commit_arrivals(shop, batch, decide).await.unwrap();
    use IntakeOutcome::{Accepted, Repeated};
    assert_eq!(outcomes, [Accepted, Accepted, Repeated]);
    assert_eq!(seen.one().1.len(), 2);
}

pub async fn the_same_external_id_of_another_source_is_new(store: Subject) {
    let shop = shop(&store).await;
    let mut other = intake(2, "a", vec![]);
    other.source = "shopify".to_owned();
    let outcomes = store
        .commit_arrivals(
            shop,
            vec![intake(1, "a", vec![]), other],
            always(Writes::default()),
        )
        .await
        .unwrap();
    assert_eq!(outcomes, vec![IntakeOutcome::Accepted; 2]);
}

pub async fn an_undecided_batch_leaves_no_trace(store: Subject) {
    let shop = shop(&store).await;
    // The message has no basis: the whole batch is refused.
    let mut refused = message(1, 0, 1);
    refused.grant = None;
    let writes = Writes {
        customers: vec![customer(1, "anna@posta.example")],
        messages: vec![refused],
        ..Writes::default()
    };
    let told = || vec![intake(1, "a", vec![arrival(shop, "a", 256, nothing())])];
    let result = store.commit_arrivals(shop, told(), always(writes)).await;
    assert!(matches!(result, Err(StoreError::Rejected(_))), "{result:?}");
    assert!(store.inbox(shop, None, None, 10).await.unwrap().is_empty());
    assert_eq!(store.customer(shop, CustomerId(1)).await.unwrap(), None);
    let again = store
        .commit_arrivals(shop, told(), always(Writes::default()))
        .await;
    assert_eq!(
        again.unwrap(),
        [IntakeOutcome::Accepted],
        "not remembered as seen"
    );
}

pub async fn arrivals_keep_their_order(store: Subject) {
    let shop = shop(&store).await;
    let (decide, seen) = watching(Writes::default());
    let names: Vec<String> = (0..50).map(|n| format!("{}", 97 * n % 50)).collect();
    let batch = names
        .iter()
        .zip(1..)
        .map(|(name, id)| intake(id, name, vec![arrival(shop, name, id << 8, nothing())]))
        .collect();
    store.commit_arrivals(shop, batch, decide).await.unwrap();
    let given: Vec<String> = seen.one().1.into_iter().map(|a| a.external_id).collect();
    assert_eq!(given, names);
}

pub async fn an_intake_of_several_arrivals_is_one_inbox_row(store: Subject) {
    let shop = shop(&store).await;
    let (decide, seen) = watching(Writes::default());
    let told = vec![
        arrival(shop, "a", 256, nothing()),
        arrival(shop, "a#1", 512, nothing()),
    ];
    store
        .commit_arrivals(shop, vec![intake(7, "a", told.clone())], decide)
        .await
        .unwrap();
    assert_eq!(seen.one().1, told);
    let rows = store.inbox(shop, None, None, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].id, InboxId(7));
    assert_eq!(rows[0].status, InboxStatus::Done);
    assert_eq!(rows[0].body.as_deref(), Some(&b"sealed"[..]));
}

pub async fn what_is_not_understood_is_kept_and_said(store: Subject) {
    let shop = shop(&store).await;
    let mut odd = intake(1, "a", vec![]);
    odd.failed = true;
    odd.note = Some("the body is no JSON".to_owned());
    let outcomes = store
        .commit_arrivals(shop, vec![odd], always(Writes::default()))
        .await
        .unwrap();
    assert_eq!(
        outcomes,
        [IntakeOutcome::Kept("the body is no JSON".to_owned())]
    );
    let row = store.inbox_row(shop, InboxId(1)).await.unwrap().unwrap();
    assert_eq!(row.status, InboxStatus::Failed);
    assert_eq!(row.note.as_deref(), Some("the body is no JSON"));
    assert_eq!(row.body.as_deref(), Some(&b"sealed"[..]));
}

pub async fn what_is_of_no_interest_is_ignored(store: Subject) {
    let shop = shop(&store).await;
    let mut dull = intake(1, "a", vec![]);
    dull.note = Some("nothing in it concerns us".to_owned());
    let outcomes = store
        .commit_arrivals(shop, vec![dull], always(Writes::default()))
        .await
        .unwrap();
    assert_eq!(outcomes, [IntakeOutcome::Accepted]);
    let row = store.inbox_row(shop, InboxId(1)).await.unwrap().unwrap();
    assert_eq!(row.status, InboxStatus::Ignored);
}

pub async fn an_unusable_arrival_fails_its_intake(store: Subject) {
    let shop = shop(&store).await;
    let writes = Writes {
        unusable: vec![("api".to_owned(), "b".to_owned(), "no such thing".to_owned())],
        ..Writes::default()
    };
    let batch = ["a", "b"]
        .iter()
        .zip(1..)
        .map(|(name, id)| intake(id, name, vec![arrival(shop, name, id << 8, nothing())]))
        .collect();
    let outcomes = store
        .commit_arrivals(shop, batch, always(writes))
        .await
        .unwrap();
    assert_eq!(
        outcomes,
        [
            IntakeOutcome::Accepted,
            IntakeOutcome::Kept("no such thing".to_owned())
        ]
    );
    let failed = store
        .inbox(shop, Some(InboxStatus::Failed), None, 10)
        .await
        .unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].id, InboxId(2));
    assert_eq!(failed[0].note.as_deref(), Some("no such thing"));
}

pub async fn a_replay_is_decided_again_and_updates_its_row(store: Subject) {
    let shop = shop(&store).await;
    let mut odd = intake(1, "a", vec![]);
    odd.failed = true;
    odd.note = Some("not understood".to_owned());
    store
        .commit_arrivals(shop, vec![odd], always(Writes::default()))
        .await
        .unwrap();
    let mut again = intake(1, "a", vec![arrival(shop, "a", 256, nothing())]);
    again.replay = true;
    again.body = None;
    let (decide, seen) = watching(Writes::default());
    let outcomes = store
        .commit_arrivals(shop, vec![again], decide)
        .await
        .unwrap();
    assert_eq!(outcomes, [IntakeOutcome::Accepted]);
    assert_eq!(seen.one().1.len(), 1);
    let rows = store.inbox(shop, None, None, 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].status, InboxStatus::Done);
    assert_eq!(rows[0].note, None);
    assert_eq!(
        rows[0].body.as_deref(),
        Some(&b"sealed"[..]),
        "the body stays"
    );
}

pub async fn too_many_intakes_are_refused(store: Subject) {
    let shop = shop(&store).await;
    let batch = (0..=INTAKES_PER_COMMIT_MAX as i64)
        .map(|id| intake(id, &format!("{id}"), vec![]))
        .collect();
    let result = store
        .commit_arrivals(shop, batch, always(Writes::default()))
        .await;
    assert!(matches!(result, Err(StoreError::Rejected(_))), "{result:?}");
}

pub async fn facts_named_by_arrivals_are_loaded(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            customers: vec![
                customer(1, "anna@posta.example"),
                customer(2, "bruno@posta.example"),
            ],
            identities: vec![
                (email_key("anna@posta.example"), CustomerId(1)),
                (email_key("bruno@posta.example"), CustomerId(2)),
            ],
            orders: vec![order(10, 1, "1001"), order(11, 2, "1002")],
            parcel_numbers: vec![("BRT1".to_owned(), OrderId(10))],
            carts: vec![cart("c1", 1)],
            ..Writes::default()
        },
    )
    .await;

    let loaded = look(&store, shop, order_updated("1001", "Anna@Posta.example ")).await;
    assert_eq!(
        loaded.identities.get(&email_key("anna@posta.example")),
        Some(&CustomerId(1))
    );
    assert_eq!(
        loaded.customers.get(&CustomerId(1)),
        Some(&customer(1, "anna@posta.example"))
    );
    assert_eq!(loaded.order_ids.get("1001"), Some(&OrderId(10)));
    assert_eq!(loaded.orders.get(&OrderId(10)), Some(&order(10, 1, "1001")));
    assert!(!loaded.customers.contains_key(&CustomerId(2)), "not asked");

    let loaded = look(&store, shop, scanned(None, Some("BRT1"), t(5))).await;
    assert_eq!(loaded.parcel_numbers.get("BRT1"), Some(&OrderId(10)));
    assert!(loaded.orders.contains_key(&OrderId(10)));
    assert!(
        loaded.customers.contains_key(&CustomerId(1)),
        "the owner comes along"
    );

    let gone = Event::CartRemoved {
        cart: "c1".to_owned(),
    };
    let loaded = look(&store, shop, gone).await;
    assert_eq!(loaded.carts.get("c1"), Some(&cart("c1", 1)));
    assert!(loaded.customers.contains_key(&CustomerId(1)));

    let wish = Event::PreferencesChanged {
        customer: CustomerId(2),
        acts: vec![],
    };
    let loaded = look(&store, shop, wish).await;
    assert!(loaded.customers.contains_key(&CustomerId(2)));

    let loaded = look(&store, shop, order_updated("9999", "nessuno@posta.example")).await;
    assert!(loaded.customers.is_empty() && loaded.orders.is_empty());
}

pub async fn everything_that_hangs_on_a_person_is_loaded(store: Subject) {
    let shop = shop(&store).await;
    let mut of_cart = run(21, 1, None, t(60));
    of_cart.key.cart = Some("c1".to_owned());
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            identities: vec![(email_key("anna@posta.example"), CustomerId(1))],
            orders: vec![order(10, 1, "1001"), order(11, 1, "1002")],
            carts: vec![cart("c1", 1)],
            runs: vec![
                run(20, 1, Some(10), t(60)),
                of_cart.clone(),
                closed(run(22, 1, Some(11), t(60)), t(1)),
            ],
            ..Writes::default()
        },
    )
    .await;
    let told = Event::CustomerUpdated {
        person: person("anna@posta.example"),
        consents: vec![],
    };
    let loaded = look(&store, shop, told).await;
    let runs: Vec<RunId> = loaded.runs.keys().copied().collect();
    assert_eq!(runs, [RunId(20), RunId(21)], "all active runs, no other");
    assert_eq!(loaded.runs[&RunId(21)], of_cart);
    assert!(
        loaded.orders.contains_key(&OrderId(10)),
        "the order of a run"
    );
    assert!(loaded.carts.contains_key("c1"), "the cart of a run");
}

pub async fn a_message_brings_its_closed_run(store: Subject) {
    let shop = shop(&store).await;
    let sent = message(20, 0, 1);
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            orders: vec![order(10, 1, "1001")],
            runs: vec![closed(run(20, 1, Some(10), t(60)), t(1))],
            messages: vec![sent.clone()],
            ..Writes::default()
        },
    )
    .await;
    let opened = Event::MessageReplied { message: sent.id };
    let loaded = look(&store, shop, opened).await;
    assert_eq!(loaded.messages.get(&sent.id), Some(&sent));
    assert!(loaded.runs.contains_key(&RunId(20)));
    assert!(loaded.orders.contains_key(&OrderId(10)));
    assert!(loaded.customers.contains_key(&CustomerId(1)));
    let unknown = Event::MessageReplied {
        message: EffectId::derive(RunId(99), 1, 0),
    };
    let loaded = look(&store, shop, unknown).await;
    assert!(loaded.messages.is_empty() && loaded.runs.is_empty());
}

pub async fn categories_of_products_are_loaded(store: Subject) {
    let shop = shop(&store).await;
    let mut bare = product("bare", "x");
    bare.category = None;
    put(
        &store,
        shop,
        Writes {
            products: vec![product("moka-3", "cucina"), bare],
            ..Writes::default()
        },
    )
    .await;
    let mut told = order_told("1001", "anna@posta.example");
    told.lines = vec![line("moka-3", 1), line("bare", 1), line("unknown", 1)];
    for line in &mut told.lines {
        line.category = None;
    }
    let event = Event::OrderUpdated {
        order: Box::new(told),
    };
    let loaded = look(&store, shop, event).await;
    let categories: Vec<_> = loaded.categories.into_iter().collect();
    assert_eq!(categories, [("moka-3".to_owned(), "cucina".to_owned())]);
}

/// A decision that parks all it is given, woken ones too, unless the order it waits for is told.
fn parking() -> DecideArrivals {
    Arc::new(|loaded, arrivals| {
        let mut writes = Writes::default();
        for arrival in loaded.parked.into_iter().chain(arrivals) {
            if let Event::ParcelScanned { parcel, .. } = &arrival.event {
                let fact = match (&parcel.order, &parcel.number) {
                    (Some(order), _) => WaitsFor::Order(order.clone()),
                    (None, Some(number)) => WaitsFor::ParcelNumber(number.clone()),
                    (None, None) => continue,
                };
                writes.parked.push((arrival, fact));
            }
        }
        writes
    })
}

pub async fn a_parked_arrival_waits_and_is_woken_once(store: Subject) {
    let shop = shop(&store).await;
    let early = arrival(shop, "scan", 256, scanned(Some("1001"), None, t(5)));
    let outcomes = store
        .commit_arrivals(
            shop,
            vec![intake(1, "scan", vec![early.clone()])],
            parking(),
        )
        .await
        .unwrap();
    assert_eq!(outcomes, [IntakeOutcome::Accepted]);
    let row = store.inbox_row(shop, InboxId(1)).await.unwrap().unwrap();
    assert_eq!(row.status, InboxStatus::Waiting);

    let other = look(&store, shop, order_updated("1002", "anna@posta.example")).await;
    assert!(other.parked.is_empty(), "another order wakes nothing");
    let loaded = look(&store, shop, order_updated("1001", "anna@posta.example")).await;
    assert_eq!(loaded.parked, [early]);
    let row = store.inbox_row(shop, InboxId(1)).await.unwrap().unwrap();
    assert_eq!(row.status, InboxStatus::Done);
    let again = look(&store, shop, order_updated("1001", "anna@posta.example")).await;
    assert!(again.parked.is_empty(), "handed over for good");
}

pub async fn a_parked_arrival_is_woken_by_a_tracking_number(store: Subject) {
    let shop = shop(&store).await;
    let early = arrival(shop, "scan", 256, scanned(None, Some("BRT1"), t(5)));
    store
        .commit_arrivals(
            shop,
            vec![intake(1, "scan", vec![early.clone()])],
            parking(),
        )
        .await
        .unwrap();
    let told = Event::ParcelUpdated {
        order: "1001".to_owned(),
        parcel: dopo_core::parcel::ParcelSnapshot {
            number: Some("BRT1".to_owned()),
            ..Default::default()
        },
    };
    assert_eq!(look(&store, shop, told).await.parked, [early]);
}

pub async fn parked_arrivals_are_woken_in_order(store: Subject) {
    let shop = shop(&store).await;
    let early: Vec<_> = (0..30)
        .map(|n| {
            let event = if n % 2 == 0 {
                scanned(Some("1001"), None, t(1000 - n))
            } else {
                scanned(None, Some("BRT1"), t(1000 - n))
            };
            let mut scan = arrival(shop, &format!("scan-{n}"), n << 8, event);
            scan.known_at = t(n);
            scan
        })
        .collect();
    for pair in early.chunks(7) {
        let batch = pair
            .iter()
            .map(|a| intake(number(), &a.external_id, vec![a.clone()]))
            .collect();
        store.commit_arrivals(shop, batch, parking()).await.unwrap();
    }
    let mut told = order_told("1001", "anna@posta.example");
    told.parcels.push(dopo_core::parcel::ParcelSnapshot {
        number: Some("BRT1".to_owned()),
        ..Default::default()
    });
    let event = Event::OrderUpdated {
        order: Box::new(told),
    };
    assert_eq!(look(&store, shop, event).await.parked, early);
}

pub async fn what_still_waits_is_parked_again(store: Subject) {
    let shop = shop(&store).await;
    let one = arrival(shop, "one", 256, scanned(Some("1001"), None, t(5)));
    let two = arrival(shop, "two", 512, scanned(Some("1001"), None, t(6)));
    for (id, a) in [(1, &one), (2, &two)] {
        store
            .commit_arrivals(
                shop,
                vec![intake(id, &a.external_id, vec![a.clone()])],
                parking(),
            )
            .await
            .unwrap();
    }
    for id in [1, 2] {
        let row = store.inbox_row(shop, InboxId(id)).await.unwrap().unwrap();
        assert_eq!(row.status, InboxStatus::Waiting);
    }
    let loaded = look(&store, shop, order_updated("1001", "anna@posta.example")).await;
    assert_eq!(loaded.parked, [one, two], "each once, in order");
    for id in [1, 2] {
        let row = store.inbox_row(shop, InboxId(id)).await.unwrap().unwrap();
        assert_eq!(row.status, InboxStatus::Done);
    }
}

pub async fn a_woken_arrival_brings_its_own_facts(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(2, "bruno@posta.example")],
            orders: vec![order(11, 2, "1002")],
            parcel_numbers: vec![("GLS9".to_owned(), OrderId(11))],
            ..Writes::default()
        },
    )
    .await;
    // Waits for an order, and names another fact as well.
    let early = arrival(shop, "scan", 256, scanned(Some("1001"), Some("GLS9"), t(5)));
    store
        .commit_arrivals(shop, vec![intake(1, "scan", vec![early])], parking())
        .await
        .unwrap();
    let loaded = look(&store, shop, order_updated("1001", "anna@posta.example")).await;
    assert_eq!(loaded.parked.len(), 1);
    assert_eq!(loaded.parcel_numbers.get("GLS9"), Some(&OrderId(11)));
    assert!(loaded.orders.contains_key(&OrderId(11)));
    assert!(loaded.customers.contains_key(&CustomerId(2)));
}

pub async fn an_unusable_woken_arrival_fails_its_intake(store: Subject) {
    let shop = shop(&store).await;
    let early = arrival(shop, "scan", 256, scanned(Some("1001"), None, t(5)));
    store
        .commit_arrivals(shop, vec![intake(1, "scan", vec![early])], parking())
        .await
        .unwrap();
    let writes = Writes {
        unusable: vec![(
            "api".to_owned(),
            "scan".to_owned(),
            "too many parcels".to_owned(),
        )],
        ..Writes::default()
    };
    let event = order_updated("1001", "anna@posta.example");
    let (_, outcome) = bring(&store, shop, event, writes).await;
    assert_eq!(outcome, IntakeOutcome::Accepted, "the order itself is well");
    let row = store.inbox_row(shop, InboxId(1)).await.unwrap().unwrap();
    assert_eq!(row.status, InboxStatus::Failed);
    assert_eq!(row.note.as_deref(), Some("too many parcels"));
}

pub async fn many_at_once_lose_nothing(store: Subject) {
    let shop = shop(&store).await;
    let mut tasks = Vec::new();
    for n in 0..40_i64 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            // Each delivery comes twice; half of them race.
            let name = format!("event-{}", n / 2);
            let decide: DecideArrivals = Arc::new(|_, arrivals| {
                let mut writes = Writes::default();
                let day = jiff::civil::date(2026, 3, 2);
                for arrival in arrivals {
                    writes.counters.add(arrival.shop, day, "seen", "", 1);
                }
                writes
            });
            let one = intake(n, &name, vec![arrival(shop, &name, n << 8, nothing())]);
            let outcomes = store
                .commit_arrivals(shop, vec![one], decide)
                .await
                .unwrap();
            outcomes[0] == IntakeOutcome::Accepted
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        accepted += i64::from(task.await.unwrap());
    }
    assert_eq!(accepted, 20);
    let day = jiff::civil::date(2026, 3, 2);
    let counted = store.counters(shop, "seen", day, day).await.unwrap();
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0].1, 20);
    assert_eq!(store.inbox(shop, None, None, 100).await.unwrap().len(), 20);
}
