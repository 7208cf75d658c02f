//! Merging, forgetting, and keeping shops apart.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, bring, look, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::consent::Channel;
use dopo_core::counter::{Counters, NOW};
use dopo_core::customer::{Customer, PersonDetails};
use dopo_core::event::Event;
use dopo_core::id::{CustomerId, InboxId, OrderId, ShopId};
use dopo_core::parcel::{Parcel, ParcelSnapshot, ParcelState};
use dopo_engine::ports::store::{Finish, Finished, MessageFilter, PersonFile};

/// Everything a person can have, with ids made from `n`.
fn everything(n: i64, email: &str) -> Writes {
    let mut bought = order(n, n, &format!("order-{n}"));
    bought.snapshot.person = person(email);
    bought.tracked.push(Parcel {
        seq: 0,
        snapshot: ParcelSnapshot {
            number: Some(format!("BRT{n}")),
            ..ParcelSnapshot::default()
        },
        state: ParcelState::InTransit,
        ..Parcel::default()
    });
    let mut about = message(n, 0, n);
    about.order_id = Some(OrderId(n));
    let mut basket = cart(&format!("cart-{n}"), n);
    basket.snapshot.person = person(email);
    Writes {
        customers: vec![customer(n, email)],
        identities: vec![(email_key(email), CustomerId(n))],
        orders: vec![bought],
        parcel_numbers: vec![(format!("BRT{n}"), OrderId(n))],
        carts: vec![basket],
        runs: vec![
            run(n, n, Some(n), t(60)),
            closed(run(n + 1_000, n, Some(n), t(60)), t(1)),
        ],
        due: vec![due(&about)],
        messages: vec![about],
        coupons: vec![coupon(&format!("GRAZIE-{n}"), n)],
        tasks: vec![task(n, n, t(n))],
        ledger: vec![ledger_row(n, n)],
        ..Writes::default()
    }
}

async fn file(store: &Subject, shop: ShopId, id: i64) -> PersonFile {
    store.person_file(shop, CustomerId(id)).await.unwrap()
}

fn sizes(file: &PersonFile) -> [usize; 7] {
    [
        file.ledger.len(),
        file.orders.len(),
        file.carts.len(),
        file.runs.len(),
        file.messages.len(),
        file.coupons.len(),
        file.tasks.len(),
    ]
}

pub async fn a_person_file_holds_everything(store: Subject) {
    let shop = shop(&store).await;
    put(&store, shop, everything(1, "anna@posta.example")).await;
    put(&store, shop, everything(2, "bruno@posta.example")).await;
    let file = file(&store, shop, 1).await;
    let wrote = everything(1, "anna@posta.example");
    assert_eq!(file.customer.as_ref(), wrote.customers.first());
    assert_eq!(file.ledger, wrote.ledger);
    assert_eq!(file.orders, wrote.orders);
    assert_eq!(file.carts, wrote.carts);
    assert_eq!(file.runs, wrote.runs);
    assert_eq!(file.messages, wrote.messages);
    assert_eq!(file.coupons, wrote.coupons);
    assert_eq!(file.tasks.len(), 1);
    assert_eq!(file.tasks[0].task, wrote.tasks[0]);
    assert_eq!(file.tasks[0].done_at, None);
    let nobody = store.person_file(shop, CustomerId(9)).await.unwrap();
    assert_eq!(nobody.customer, None);
    assert_eq!(sizes(&nobody), [0; 7]);
}

pub async fn a_merge_moves_everything(store: Subject) {
    let shop = shop(&store).await;
    put(&store, shop, everything(1, "anna@posta.example")).await;
    put(&store, shop, everything(2, "anna@lavoro.example")).await;
    let mut joined = customer(1, "anna@posta.example");
    joined.absorb(customer(2, "anna@lavoro.example"));
    put(
        &store,
        shop,
        Writes {
            customers: vec![joined.clone()],
            merges: vec![(CustomerId(2), CustomerId(1))],
            ..Writes::default()
        },
    )
    .await;
    let file = file(&store, shop, 1).await;
    assert_eq!(file.customer, Some(joined.clone()));
    assert_eq!(sizes(&file), [2, 2, 2, 4, 2, 2, 2]);
    let whose = CustomerId(1);
    assert!(file.ledger.iter().all(|r| r.customer_id == whose));
    assert!(file.orders.iter().all(|r| r.customer_id == whose));
    assert!(file.carts.iter().all(|r| r.customer_id == whose));
    assert!(file.runs.iter().all(|r| r.customer_id == whose));
    assert!(file.messages.iter().all(|r| r.customer_id == whose));
    assert!(file.coupons.iter().all(|r| r.customer_id == whose));
    assert!(file.tasks.iter().all(|r| r.task.customer_id == whose));
    let found = store
        .customer_by_key(shop, &email_key("anna@lavoro.example"))
        .await;
    assert_eq!(found.unwrap(), Some(joined));
    let told = Event::CustomerUpdated {
        person: person("anna@lavoro.example"),
        consents: vec![],
    };
    let loaded = look(&store, shop, told).await;
    assert_eq!(loaded.customers.len(), 1);
    assert_eq!(loaded.runs.len(), 2, "both active runs");
    assert!(loaded.runs.values().all(|r| r.customer_id == whose));
    let claimed = store.claim_effects(0, Channel::Email, t(1), 64).await;
    let claimed = claimed.unwrap();
    assert_eq!(claimed.len(), 2);
    assert!(claimed.iter().all(|c| c.customer.id == whose));
    assert!(claimed.iter().all(|c| c.message.customer_id == whose));
}

pub async fn a_merged_id_still_leads_to_the_person(store: Subject) {
    let shop = shop(&store).await;
    for (n, email) in [
        (1, "a@posta.example"),
        (2, "b@posta.example"),
        (3, "c@posta.example"),
    ] {
        put(&store, shop, everything(n, email)).await;
    }
    for (from, into) in [(3, 2), (2, 1)] {
        put(
            &store,
            shop,
            Writes {
                merges: vec![(CustomerId(from), CustomerId(into))],
                ..Writes::default()
            },
        )
        .await;
    }
    // A link in an old mail names the old id.
    for id in [1, 2, 3] {
        let found = store.customer(shop, CustomerId(id)).await.unwrap();
        assert_eq!(found.map(|c| c.id), Some(CustomerId(1)));
        let wish = Event::PreferencesChanged {
            customer: CustomerId(id),
            acts: vec![],
        };
        let loaded = look(&store, shop, wish).await;
        let people: Vec<_> = loaded.customers.into_keys().collect();
        assert_eq!(people, [CustomerId(1)]);
    }
}

pub async fn identities_are_pointed_anew(store: Subject) {
    let shop = shop(&store).await;
    let key = email_key("famiglia@posta.example");
    for id in [1, 2] {
        put(
            &store,
            shop,
            Writes {
                customers: vec![customer(id, "famiglia@posta.example")],
                identities: vec![(key.clone(), CustomerId(id))],
                ..Writes::default()
            },
        )
        .await;
        let found = store.customer_by_key(shop, &key).await.unwrap();
        assert_eq!(found.map(|c| c.id), Some(CustomerId(id)));
    }
    let nobody = email_key("x@posta.example");
    let found = store.customer_by_key(shop, &nobody).await.unwrap();
    assert_eq!(found, None);
}

pub async fn forgetting_leaves_nothing_findable(store: Subject) {
    let shop = shop(&store).await;
    let email = "anna@posta.example";
    let event = order_updated("order-1", email);
    bring(&store, shop, event, everything(1, email)).await;
    let claimed = store
        .claim_effects(0, Channel::Email, t(1), 64)
        .await
        .unwrap();
    let id = claimed[0].message.id;
    let finish = Finish::Sent {
        at: t(2),
        captured: true,
        grant: grant(),
        rendering: rendering("Anna"),
    };
    let one = Finished {
        shop,
        message: id,
        finish,
    };
    store
        .finish_effects(vec![one], Counters::default(), Vec::new())
        .await
        .unwrap();

    let wish = Event::CustomerForgotten {
        person: person(email).who,
    };
    let writes = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    bring(&store, shop, wish, writes).await;

    let key = email_key(email);
    assert_eq!(store.customer_by_key(shop, &key).await.unwrap(), None);
    assert_eq!(store.message(shop, id).await.unwrap(), None);
    let all = store.messages(shop, &MessageFilter::default(), 10).await;
    assert!(all.unwrap().is_empty());
    assert_eq!(store.coupon(shop, "GRAZIE-1").await.unwrap(), None);
    assert!(store.tasks(shop, false, 10).await.unwrap().is_empty());
    let number = look(&store, shop, scanned(None, Some("BRT1"), t(5))).await;
    assert!(number.orders.is_empty());

    let file = file(&store, shop, 1).await;
    assert_eq!(
        file.customer,
        Some(Customer::new(CustomerId(1), t0())),
        "an empty record keeps the id"
    );
    assert_eq!(sizes(&file), [0, 1, 0, 0, 0, 0, 0]);
    let kept = &file.orders[0];
    assert_eq!(kept.snapshot.total, order(1, 1, "x").snapshot.total);
    assert_eq!(kept.snapshot.person, PersonDetails::default());
    assert_eq!(kept.snapshot.ship_to, None);
    let places = store
        .counters(shop, "now.orders_in", NOW, NOW)
        .await
        .unwrap();
    assert_eq!(places.len(), 1, "it stands nowhere any more: {places:?}");
    assert!(places[0].0.dim.starts_with("LE/") && places[0].1 == -1);
    let standings = store.counters(shop, "now.orders", NOW, NOW).await.unwrap();
    assert_eq!(standings, places, "it stands as it stood");
    let said = serde_json::to_string(kept).unwrap();
    for word in ["anna", "Trinchese", "BRT1", "cart-1"] {
        assert!(!said.contains(word), "{word} is still in {said}");
    }
    for row in store.inbox(shop, None, None, 10).await.unwrap() {
        assert_ne!(row.topic, "order_updated_with_body");
        if row.topic == "order_updated" {
            assert_eq!(row.body, None, "the raw body is gone");
        }
    }
}

pub async fn forgetting_keeps_other_people(store: Subject) {
    let shop = shop(&store).await;
    put(&store, shop, everything(1, "anna@posta.example")).await;
    let event = order_updated("order-2", "bruno@posta.example");
    bring(&store, shop, event, everything(2, "bruno@posta.example")).await;
    let before = file(&store, shop, 2).await;
    put(
        &store,
        shop,
        Writes {
            forgotten: vec![CustomerId(1), CustomerId(77)],
            ..Writes::default()
        },
    )
    .await;
    let after = file(&store, shop, 2).await;
    assert_eq!(after.customer, before.customer);
    assert_eq!(after.orders, before.orders);
    assert_eq!(sizes(&after), sizes(&before));
    let claimed = store.claim_effects(0, Channel::Email, t(1), 64).await;
    assert_eq!(claimed.unwrap().len(), 1);
    let rows = store.inbox(shop, None, None, 10).await.unwrap();
    assert!(
        rows.iter()
            .any(|r| r.topic == "order_updated" && r.body.is_some())
    );
}

pub async fn forgetting_a_shop_leaves_its_row_alone(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    for shop in [shop_a, shop_b] {
        put(&store, shop, everything(1, "anna@posta.example")).await;
        let day = jiff::civil::date(2026, 3, 2);
        let mut counters = Counters::default();
        counters.add(shop, day, "orders.placed", "", 1);
        store.add_counters(counters).await.unwrap();
        store
            .publish_journey(shop, &journey("welcome"), "id: welcome", true)
            .await
            .unwrap();
        store
            .save_connection(shop, "shopify", b"sealed", t0())
            .await
            .unwrap();
    }
    let version = store.settings_version().await.unwrap();
    put(
        &store,
        shop_a,
        Writes {
            shop_forgotten: true,
            ..Writes::default()
        },
    )
    .await;
    let rows = store.shops().await.unwrap();
    let of = |id: ShopId| rows.iter().find(|r| r.id == id).unwrap();
    assert!(of(shop_a).disconnected);
    assert!(!of(shop_b).disconnected);
    assert_ne!(store.settings_version().await.unwrap(), version);
    let day = jiff::civil::date(2026, 3, 2);
    for (shop, there) in [(shop_a, 0), (shop_b, 1)] {
        let file = file(&store, shop, 1).await;
        assert_eq!(file.customer.is_some(), there == 1);
        let messages = store.messages(shop, &MessageFilter::default(), 9).await;
        assert_eq!(messages.unwrap().len(), there);
        assert_eq!(store.journeys(shop).await.unwrap().len(), there);
        assert_eq!(store.connections(shop).await.unwrap().len(), there);
        let counted = store.counters(shop, "", day, day).await.unwrap();
        assert_eq!(counted.len(), there);
        let rows = store.inbox(shop, None, None, 9).await.unwrap();
        assert_eq!(rows.len(), there);
    }
    let claimed = store.claim_effects(0, Channel::Email, t(1), 64).await;
    let shops: Vec<_> = claimed.unwrap().into_iter().map(|c| c.shop).collect();
    assert_eq!(shops, [shop_b]);
}

pub async fn a_late_answer_does_not_bring_a_forgotten_person_back(store: Subject) {
    let shop = shop(&store).await;
    put(&store, shop, everything(1, "anna@posta.example")).await;
    let claimed = store
        .claim_effects(0, Channel::Email, t(1), 64)
        .await
        .unwrap();
    let id = claimed[0].message.id;
    put(
        &store,
        shop,
        Writes {
            forgotten: vec![CustomerId(1)],
            ..Writes::default()
        },
    )
    .await;
    let one = Finished {
        shop,
        message: id,
        finish: Finish::Sent {
            at: t(2),
            captured: false,
            grant: grant(),
            rendering: rendering("Anna"),
        },
    };
    store
        .finish_effects(vec![one], Counters::default(), Vec::new())
        .await
        .unwrap();
    assert_eq!(store.message(shop, id).await.unwrap(), None);
}

pub async fn two_shops_with_the_same_ids_never_meet(store: Subject) {
    let shop_a = shop(&store).await;
    let shop_b = shop(&store).await;
    put(&store, shop_a, everything(1, "anna@posta.example")).await;
    let mut theirs = everything(1, "anna@posta.example");
    theirs.customers[0].first_name = Some("Annalisa".to_owned());
    theirs.coupons[0].percent = 50;
    theirs.products = vec![product("moka-3", "cucina")];
    put(&store, shop_b, theirs).await;

    for (shop, name, percent) in [(shop_a, None, 10), (shop_b, Some("Annalisa"), 50)] {
        let key = email_key("anna@posta.example");
        let person = store.customer_by_key(shop, &key).await.unwrap().unwrap();
        assert_eq!(person.first_name.as_deref(), name);
        let (_, person) = store.order(shop, OrderId(1)).await.unwrap().unwrap();
        assert_eq!(person.first_name.as_deref(), name);
        let coupon = store.coupon(shop, "GRAZIE-1").await.unwrap().unwrap();
        assert_eq!(coupon.percent, percent);
        let loaded = look(&store, shop, scanned(Some("order-1"), None, t(5))).await;
        let person = &loaded.customers[&CustomerId(1)];
        assert_eq!(person.first_name.as_deref(), name);
    }
    assert!(
        store
            .products(shop_a, &["moka-3".to_owned()])
            .await
            .unwrap()
            .is_empty()
    );
    put(
        &store,
        shop_a,
        Writes {
            forgotten: vec![CustomerId(1)],
            coupons_redeemed: vec![("GRAZIE-1".to_owned(), t(1))],
            ..Writes::default()
        },
    )
    .await;
    assert_eq!(sizes(&file(&store, shop_b, 1).await), [1, 1, 1, 2, 1, 1, 1]);
    let coupon = store.coupon(shop_b, "GRAZIE-1").await.unwrap().unwrap();
    assert_eq!(coupon.redeemed_at, None);
    assert_eq!(store.inbox_row(shop_b, InboxId(1)).await.unwrap(), None);
}
