//! What comes back is what was written.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, number, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::OrderSnapshot;
use dopo_core::product::Product;
use dopo_engine::ports::store::{InboxStatus, MessageFilter};
use jiff::{SignedDuration, Timestamp};

pub async fn times_are_kept_to_the_microsecond(store: Subject) {
    let shop = shop(&store).await;
    let odd = |n: i64| {
        t0().checked_add(SignedDuration::from_micros(n * 1_000_003 + 7))
            .unwrap()
    };
    let mut one = message(1, 0, 1);
    one.status = MessageStatus::Sent;
    one.decided_at = odd(1);
    one.due_at = odd(2);
    one.sent_at = Some(odd(3));
    one.opened_at = Some(odd(4));
    one.clicked_at = Some(odd(5));
    let mut act = ledger_row(1, 1);
    act.at = "1969-12-31T23:59:59.000001Z".parse::<Timestamp>().unwrap();
    act.known_at = odd(6);
    let mut person = customer(1, "anna@posta.example");
    person.created_at = odd(7);
    put(
        &store,
        shop,
        Writes {
            customers: vec![person.clone()],
            messages: vec![one.clone()],
            ledger: vec![act.clone()],
            tasks: vec![task(1, 1, odd(8))],
            runs: vec![run(1, 1, None, odd(9))],
            ..Writes::default()
        },
    )
    .await;
    let file = store.person_file(shop, CustomerId(1)).await.unwrap();
    assert_eq!(file.messages, [one]);
    assert_eq!(file.ledger, [act]);
    assert_eq!(file.customer, Some(person));
    assert_eq!(file.tasks[0].task.opened_at, odd(8));
    assert_eq!(file.runs, [run(1, 1, None, odd(9))]);
    let just_before = odd(9).checked_sub(SignedDuration::from_micros(1)).unwrap();
    let none = super::always_due(Writes::default());
    let early = store.commit_due(shop, just_before, 9, none.clone()).await;
    assert_eq!(early.unwrap(), 0);
    let due = store.commit_due(shop, odd(9), 9, none).await;
    assert_eq!(due.unwrap(), 1);
}

pub async fn absent_values_stay_absent(store: Subject) {
    let shop = shop(&store).await;
    let bare = OrderSnapshot {
        ship_to: None,
        lines: vec![],
        ..order_told("1001", "anna@posta.example")
    };
    let mut empty = order(10, 1, "1001");
    empty.snapshot = bare;
    let thing = Product {
        category: None,
        price: None,
        ..product("moka-3", "cucina")
    };
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            orders: vec![empty.clone()],
            messages: vec![message(1, 0, 1)],
            products: vec![thing.clone()],
            ..Writes::default()
        },
    )
    .await;
    let (order, _) = store.order(shop, OrderId(10)).await.unwrap().unwrap();
    assert_eq!(order, empty);
    let (found, rendering) = store
        .message(shop, message(1, 0, 1).id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, message(1, 0, 1));
    assert_eq!(rendering, None);
    let found = store.products(shop, &["moka-3".to_owned()]).await.unwrap();
    assert_eq!(found, [thing]);
    assert_eq!(store.order(shop, OrderId(11)).await.unwrap(), None);
    assert_eq!(store.customer(shop, CustomerId(2)).await.unwrap(), None);
    assert_eq!(store.coupon(shop, "nope").await.unwrap(), None);
    let none = store.order_by_external_id(shop, "1002").await.unwrap();
    assert_eq!(none, None);
}

pub async fn hostile_names_survive(store: Subject) {
    let shop = shop(&store).await;
    let names = [
        "D'Angelo",
        "Nicolò Müller-Łódź 🍋",
        "Robert'); DROP TABLE customers; --",
        "zero\u{200b}width\u{feff}",
        "\u{202e}right to left",
        "e\u{301} is not \u{e9}",
        "back\\slash \"quotes\" `ticks` %_",
        "tab\tnewline\nreturn\r",
        "",
        " ",
    ];
    for (name, n) in names.iter().zip(1..) {
        let mut person = customer(n, "anna@posta.example");
        person.first_name = Some((*name).to_owned());
        let mut thing = order(n, n, &format!("{name}-{n}"));
        thing.snapshot.number = (*name).to_owned();
        let mut basket = cart(&format!("cart {name}{n}"), n);
        basket.snapshot.url = Some((*name).to_owned());
        put(
            &store,
            shop,
            Writes {
                customers: vec![person.clone()],
                identities: vec![(email_key(&format!("{name}{n}@x")), CustomerId(n))],
                orders: vec![thing.clone()],
                carts: vec![basket.clone()],
                coupons: vec![coupon(&format!("{name}#{n}"), n)],
                ..Writes::default()
            },
        )
        .await;
        let key = email_key(&format!("{name}{n}@x"));
        let found = store.customer_by_key(shop, &key).await.unwrap();
        assert_eq!(found, Some(person), "{name:?}");
        let found = store
            .order_by_external_id(shop, &format!("{name}-{n}"))
            .await
            .unwrap();
        assert_eq!(found, Some(thing), "{name:?}");
        let found = store.coupon(shop, &format!("{name}#{n}")).await.unwrap();
        assert!(found.is_some(), "{name:?}");
        let file = store.person_file(shop, CustomerId(n)).await.unwrap();
        assert_eq!(file.carts, [basket], "{name:?}");
    }
}

pub async fn an_order_comes_with_its_customer(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            orders: vec![order(10, 1, "1001")],
            ..Writes::default()
        },
    )
    .await;
    let found = store.order(shop, OrderId(10)).await.unwrap();
    assert_eq!(
        found,
        Some((order(10, 1, "1001"), customer(1, "anna@posta.example")))
    );
    let mut changed = order(10, 1, "1001");
    changed.snapshot.number = "#1001-B".to_owned();
    changed.delivered_at = Some(t(5));
    let event = order_updated("1001", "anna@posta.example");
    let writes = Writes {
        orders: vec![changed.clone()],
        ..Writes::default()
    };
    super::bring(&store, shop, event, writes).await;
    let found = store.order_by_external_id(shop, "1001").await.unwrap();
    assert_eq!(found, Some(changed));
}

pub async fn messages_are_listed_newest_first_and_filtered(store: Subject) {
    let shop = shop(&store).await;
    let mut all: Vec<Message> = (0..6).map(|n| message(n, 0, n % 2)).collect();
    all[4].order_id = Some(OrderId(10));
    all[1].status = MessageStatus::Failed;
    all[2].status = MessageStatus::HeldBack;
    put(
        &store,
        shop,
        Writes {
            messages: all.clone(),
            ..Writes::default()
        },
    )
    .await;
    let list = async |filter: MessageFilter, limit| {
        let found = store.messages(shop, &filter, limit).await.unwrap();
        found.iter().map(|m| m.id.run().0).collect::<Vec<_>>()
    };
    let any = MessageFilter::default;
    assert_eq!(list(any(), 10).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(list(any(), 2).await, [5, 4]);
    let customer = Some(CustomerId(1));
    assert_eq!(
        list(MessageFilter { customer, ..any() }, 10).await,
        [5, 3, 1]
    );
    let order = Some(OrderId(10));
    assert_eq!(list(MessageFilter { order, ..any() }, 10).await, [4]);
    let before = Some(EffectId::derive(RunId(3), 1, 0));
    assert_eq!(list(MessageFilter { before, ..any() }, 2).await, [2, 1]);
    for (status, expected) in [
        (MessageStatus::Failed, vec![1]),
        (MessageStatus::HeldBack, vec![2]),
        (MessageStatus::Queued, vec![5, 4, 3, 0]),
        (MessageStatus::Bounced, vec![]),
    ] {
        let status = Some(status);
        let found = list(MessageFilter { status, ..any() }, 10).await;
        assert_eq!(found, expected, "{status:?}");
    }
    let both = MessageFilter {
        customer: Some(CustomerId(1)),
        status: Some(MessageStatus::Failed),
        before,
        ..any()
    };
    assert_eq!(list(both, 10).await, [1]);
}

pub async fn the_inbox_is_listed_newest_first_and_filtered(store: Subject) {
    let shop = shop(&store).await;
    let batch = (1..=6)
        .map(|n| {
            let mut one = intake(n, &format!("{n}"), vec![]);
            one.failed = n % 3 == 0;
            one.received_at = t(n);
            one
        })
        .collect();
    store
        .commit_arrivals(shop, batch, super::always(Writes::default()))
        .await
        .unwrap();
    let list = async |status, before: Option<i64>, limit| {
        let found = store
            .inbox(shop, status, before.map(InboxId), limit)
            .await
            .unwrap();
        found.iter().map(|r| r.id.0).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, 10).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(list(None, Some(4), 2).await, [3, 2]);
    assert_eq!(list(Some(InboxStatus::Failed), None, 10).await, [6, 3]);
    assert_eq!(list(Some(InboxStatus::Failed), Some(6), 10).await, [3]);
    assert_eq!(list(Some(InboxStatus::Ignored), None, 2).await, [5, 4]);
    assert!(list(Some(InboxStatus::Waiting), None, 9).await.is_empty());
    let row = store.inbox_row(shop, InboxId(2)).await.unwrap().unwrap();
    assert_eq!(
        (row.source.as_str(), row.external_id.as_str()),
        ("api", "2")
    );
    assert_eq!((row.topic.as_str(), row.received_at), ("unknown", t(2)));
    assert_eq!(row.note, None);
    let none = store.inbox_row(shop, InboxId(number())).await.unwrap();
    assert_eq!(none, None);
}

pub async fn a_coupon_is_redeemed_once(store: Subject) {
    let shop = shop(&store).await;
    put(
        &store,
        shop,
        Writes {
            coupons: vec![coupon("GRAZIE-1", 1)],
            ..Writes::default()
        },
    )
    .await;
    assert_eq!(
        store.coupon(shop, "GRAZIE-1").await.unwrap(),
        Some(coupon("GRAZIE-1", 1))
    );
    for n in [5, 6] {
        put(
            &store,
            shop,
            Writes {
                coupons_redeemed: vec![("GRAZIE-1".to_owned(), t(n)), ("ALTRO".to_owned(), t(n))],
                ..Writes::default()
            },
        )
        .await;
    }
    let used = store.coupon(shop, "GRAZIE-1").await.unwrap().unwrap();
    assert_eq!(used.redeemed_at, Some(t(5)));
}

pub async fn a_code_that_is_redeemed_by_hand_says_for_what(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    let coupons = ["GRAZIE-1", "GRAZIE-2"].map(|code| coupon(code, 1));
    let writes = Writes {
        coupons: coupons.to_vec(),
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let redeem = async |shop: ShopId, code: &str, at: i64, what: Option<&str>| {
        store.redeem_coupon(shop, code, t(at), what).await.unwrap()
    };
    assert!(!redeem(other, "GRAZIE-1", 5, None).await);
    assert!(!redeem(shop, "GRAZIE-3", 5, None).await);
    assert!(redeem(shop, "GRAZIE-1", 5, Some("scontrino \"12\"")).await);
    assert!(!redeem(shop, "GRAZIE-1", 6, Some("altro")).await);
    assert!(redeem(shop, "GRAZIE-2", 7, None).await);
    let [mut first, mut second] = coupons;
    (first.redeemed_at, second.redeemed_at) = (Some(t(5)), Some(t(7)));
    first.redeemed_for = Some("scontrino \"12\"".to_owned());
    for used in [first, second] {
        let found = store.coupon(shop, &used.code).await.unwrap();
        assert_eq!(found, Some(used));
    }
}

pub async fn tasks_are_listed_newest_first(store: Subject) {
    let shop = shop(&store).await;
    let tasks: Vec<_> = [3, 1, 2].iter().map(|n| task(*n, 1, t(*n))).collect();
    put(
        &store,
        shop,
        Writes {
            tasks: tasks.clone(),
            ..Writes::default()
        },
    )
    .await;
    for open_only in [false, true] {
        let found = store.tasks(shop, open_only, 2).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|r| r.task).collect();
        assert_eq!(found, [tasks[0].clone(), tasks[2].clone()]);
    }
}

pub async fn similar_products_are_those_sold_most(store: Subject) {
    let shop = shop(&store).await;
    let mut gone = product("rotta", "cucina");
    gone.available = false;
    let mut bought = order(10, 1, "1001");
    bought.snapshot.lines = vec![line("moka-6", 5), line("moka-3", 2), line("rotta", 9)];
    put(
        &store,
        shop,
        Writes {
            customers: vec![customer(1, "anna@posta.example")],
            products: vec![
                product("moka-1", "cucina"),
                product("moka-3", "cucina"),
                product("moka-6", "cucina"),
                product("tazza", "tavola"),
                product("libro", "libri"),
                gone,
            ],
            orders: vec![bought.clone()],
            ..Writes::default()
        },
    )
    .await;
    // Told again, it is not sold again.
    for _ in 0..3 {
        let event = order_updated("1001", "anna@posta.example");
        let writes = Writes {
            orders: vec![bought.clone()],
            ..Writes::default()
        };
        super::bring(&store, shop, event, writes).await;
    }
    let mut second = order(11, 1, "1002");
    second.snapshot.lines = vec![line("moka-3", 2), line("tazza", 4)];
    let event = order_updated("1002", "anna@posta.example");
    let writes = Writes {
        orders: vec![second],
        ..Writes::default()
    };
    super::bring(&store, shop, event, writes).await;
    let like = async |categories: &[&str], except: &[&str], limit| {
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let found = store
            .products_like(shop, &words(categories), &words(except), limit)
            .await
            .unwrap();
        found.into_iter().map(|p| p.external_id).collect::<Vec<_>>()
    };
    let kitchen = ["cucina", "tavola"];
    assert_eq!(
        like(&kitchen, &[], 10).await,
        ["moka-6", "moka-3", "tazza", "moka-1"]
    );
    assert_eq!(like(&kitchen, &["moka-6"], 2).await, ["moka-3", "tazza"]);
    assert!(like(&[], &[], 10).await.is_empty());
    assert!(like(&["giardino"], &[], 10).await.is_empty());
}

pub async fn an_older_telling_of_a_product_changes_nothing(store: Subject) {
    let shop = shop(&store).await;
    let mut now = product("moka-3", "cucina");
    now.updated_at = t(10);
    let mut old = product("moka-3", "vecchio");
    old.updated_at = t(5);
    for one in [now.clone(), old] {
        put(
            &store,
            shop,
            Writes {
                products: vec![one],
                ..Writes::default()
            },
        )
        .await;
    }
    let ids = ["moka-3".to_owned(), "altro".to_owned()];
    assert_eq!(store.products(shop, &ids).await.unwrap(), [now]);
    put(
        &store,
        shop,
        Writes {
            products_removed: vec!["moka-3".to_owned()],
            ..Writes::default()
        },
    )
    .await;
    assert!(store.products(shop, &ids).await.unwrap().is_empty());
}
