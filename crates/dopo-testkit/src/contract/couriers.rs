//! Couriers: looks, calls, accounts, photos.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, bring, put, shop};
use crate::build::*;
use dopo_core::advance::{CourierCall, Look, Writes};
use dopo_core::event::Event;
use dopo_core::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use dopo_core::parcel::{Courier, HoldAction, HoldAnswer};
use dopo_engine::ports::store::StoreError;
use dopo_engine::ports::tracking::{
    AccountState, CallDone, CallTurn, DueLook, FeedMoved, LookDone, PHOTO_DAYS, PHOTO_DAYS_MAX,
    PHOTOS_PER_ORDER_MAX, PhotoRow,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

fn look_at(order: i64, number: &str, next_at: Option<Timestamp>) -> Look {
    Look {
        order_id: OrderId(order),
        seq: 0,
        courier: Courier::Brt,
        number: number.to_owned(),
        next_at,
    }
}

async fn plan(store: &Subject, shop: ShopId, looks: Vec<Look>) {
    let writes = Writes {
        looks,
        ..Writes::default()
    };
    put(store, shop, writes).await;
}

async fn claim(store: &Subject, shop: ShopId, now: i64, limit: usize) -> Vec<DueLook> {
    store
        .claim_looks(shop, Courier::Brt, t(now), t(now + 300), limit)
        .await
        .unwrap()
}

fn done(of: &DueLook, next_at: Option<Timestamp>) -> LookDone {
    LookDone {
        order_id: of.look.order_id,
        seq: of.look.seq,
        lease: of.look.next_at.unwrap(),
        next_at,
        failures: of.failures,
        told: Some(u64::MAX),
        looked_at: Some(t(1)),
    }
}

fn orders(of: &[DueLook]) -> Vec<i64> {
    of.iter().map(|one| one.look.order_id.0).collect()
}

fn call(n: i64, order: i64) -> CourierCall {
    CourierCall {
        id: EffectId::derive(RunId(n), 0, 0),
        order_id: OrderId(order),
        seq: 0,
        courier: Courier::GlsItaly,
        number: "GLS1".to_owned(),
        reference: Some("G-77".to_owned()),
        answer: HoldAnswer {
            action: HoldAction::OtherAddress,
            address: order_told("1", "anna@posta.example").ship_to,
            phone: None,
            note: None,
        },
        asked_at: t(10),
        expires_at: t(86_400),
    }
}

fn photo(id: &str, order: i64) -> PhotoRow {
    PhotoRow {
        id: id.to_owned(),
        order_id: OrderId(order),
        media_type: "image/jpeg".to_owned(),
        bytes: vec![0, 1, 2, 255],
        at: t(5),
    }
}

pub async fn a_planned_look_comes_when_its_time_has_come(store: Subject) {
    let shop = shop(&store).await;
    let of = [(shop, Courier::Brt), (shop, Courier::GlsItaly)];
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(60)))]).await;
    assert!(store.looks_waiting(&of, t(59)).await.unwrap().is_empty());
    assert!(claim(&store, shop, 59, 10).await.is_empty());
    assert_eq!(store.looks_waiting(&of, t(60)).await.unwrap(), &of[..1]);
    let claimed = claim(&store, shop, 60, 10).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].look, look_at(1, "BRT1", Some(t(360))));
    assert_eq!((claimed[0].failures, claimed[0].told), (0, None));
    assert_eq!(claimed[0].looked_at, None);
    let depth = store.looks_depth(shop, t(60)).await.unwrap();
    assert_eq!(depth, [(Courier::Brt, 1, 0)]);
}

pub async fn a_claimed_look_is_hidden_and_comes_back_if_nobody_finishes_it(store: Subject) {
    let shop = shop(&store).await;
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(0)))]).await;
    assert_eq!(claim(&store, shop, 0, 10).await.len(), 1);
    assert!(claim(&store, shop, 299, 10).await.is_empty());
    assert_eq!(claim(&store, shop, 300, 10).await.len(), 1);
}

pub async fn a_finished_look_is_told_its_next_time_and_remembers(store: Subject) {
    let shop = shop(&store).await;
    let looks = vec![
        look_at(1, "BRT1", Some(t(0))),
        look_at(2, "BRT2", Some(t(1))),
    ];
    plan(&store, shop, looks).await;
    let claimed = claim(&store, shop, 1, 10).await;
    let mut first = done(&claimed[0], Some(t(100)));
    first.failures = 3;
    let finished = [first, done(&claimed[1], None)];
    store.finish_looks(shop, &finished, &[]).await.unwrap();
    assert!(claim(&store, shop, 99, 10).await.is_empty());
    let again = claim(&store, shop, 1_000, 10).await;
    assert_eq!(orders(&again), [1], "the second is never looked at again");
    assert_eq!((again[0].failures, again[0].told), (3, Some(u64::MAX)));
    assert_eq!(again[0].looked_at, Some(t(1)));
}

pub async fn it_is_known_when_a_parcel_was_last_looked_at(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(0)))]).await;
    let looked = async |of: ShopId, order: i64, seq: u16| {
        store.looked_at(of, OrderId(order), seq).await.unwrap()
    };
    assert_eq!(looked(shop, 1, 0).await, None);
    let claimed = claim(&store, shop, 0, 10).await;
    let finished = [done(&claimed[0], Some(t(50)))];
    store.finish_looks(shop, &finished, &[]).await.unwrap();
    assert_eq!(looked(shop, 1, 0).await, Some(t(1)));
    assert_eq!(looked(shop, 1, 1).await, None, "another parcel");
    assert_eq!(looked(shop, 2, 0).await, None, "another order");
    assert_eq!(looked(other, 1, 0).await, None, "another shop");
}

pub async fn a_look_planned_anew_while_it_is_asked_for_stands(store: Subject) {
    let shop = shop(&store).await;
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(0)))]).await;
    let claimed = claim(&store, shop, 0, 10).await;
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(500)))]).await;
    let finished = [done(&claimed[0], Some(t(50)))];
    store.finish_looks(shop, &finished, &[]).await.unwrap();
    assert!(claim(&store, shop, 499, 10).await.is_empty());
    let again = claim(&store, shop, 500, 10).await;
    assert_eq!(again[0].told, Some(u64::MAX), "what was told is kept");

    plan(&store, shop, vec![look_at(1, "BRT9", Some(t(900)))]).await;
    let finished = [done(&again[0], None)];
    store.finish_looks(shop, &finished, &[]).await.unwrap();
    let again = claim(&store, shop, 900, 10).await;
    assert_eq!(again[0].look.number, "BRT9");
    assert_eq!(again[0].told, None, "of another number nothing is known");
    plan(&store, shop, vec![look_at(1, "BRT9", None)]).await;
    assert!(claim(&store, shop, 9_000, 10).await.is_empty());
    let finished = [done(&again[0], Some(t(1)))];
    store.finish_looks(shop, &finished, &[]).await.unwrap();
    assert!(
        claim(&store, shop, 9_000, 10).await.is_empty(),
        "it is gone"
    );
}

pub async fn looks_are_claimed_by_courier_the_longest_waiting_first(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    let mut gls = look_at(9, "GLS9", Some(t(0)));
    gls.courier = Courier::GlsItaly;
    let looks = vec![
        look_at(1, "BRT1", Some(t(30))),
        look_at(2, "BRT2", Some(t(10))),
        look_at(3, "BRT3", Some(t(20))),
        gls,
    ];
    plan(&store, shop, looks).await;
    plan(&store, other, vec![look_at(4, "BRT4", Some(t(0)))]).await;
    assert_eq!(orders(&claim(&store, shop, 60, 2).await), [2, 3]);
    assert_eq!(orders(&claim(&store, shop, 60, 2).await), [1]);
    assert_eq!(orders(&claim(&store, other, 60, 2).await), [4]);
    let gone = store.remove_looks(shop, &[Courier::Brt]).await.unwrap();
    assert_eq!(gone, 3);
    let depth = store.looks_depth(shop, t(0)).await.unwrap();
    assert_eq!(depth, [(Courier::GlsItaly, 1, 1)]);
}

pub async fn two_lookers_never_share_a_look(store: Subject) {
    let shop = shop(&store).await;
    let looks = (0..60).map(|n| look_at(n, &format!("BRT{n}"), Some(t(0))));
    plan(&store, shop, looks.collect()).await;
    let claimers = (0..4).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut own = Vec::new();
            loop {
                let some = claim(&store, shop, 0, 7).await;
                if some.is_empty() {
                    return own;
                }
                own.extend(orders(&some));
            }
        })
    });
    let mut all = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        all.extend(claimer.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 60);
}

pub async fn a_look_added_later_changes_none_that_is_there(store: Subject) {
    let shop = shop(&store).await;
    plan(&store, shop, vec![look_at(1, "BRT1", Some(t(60)))]).await;
    let late = [
        look_at(1, "BRT1", Some(t(0))),
        look_at(2, "BRT2", Some(t(0))),
        look_at(3, "BRT3", None),
    ];
    store.add_looks(shop, &late).await.unwrap();
    assert_eq!(orders(&claim(&store, shop, 0, 10).await), [2]);
    assert_eq!(orders(&claim(&store, shop, 60, 10).await), [1]);
}

pub async fn a_feed_remembers_when_it_was_last_heard(store: Subject) {
    let shop = shop(&store).await;
    let moved = |at, news, quiet_looks| FeedMoved {
        courier: Courier::Brt,
        at: t(at),
        news,
        quiet_looks,
    };
    let feed = || async { store.feeds(shop).await.unwrap()[0] };
    let move_it = |one| {
        let store = Arc::clone(&store);
        async move { store.finish_looks(shop, &[], &[one]).await.unwrap() }
    };
    assert!(store.feeds(shop).await.unwrap().is_empty());
    assert!(
        !store
            .mark_feed_silent(shop, Courier::Brt, t(0))
            .await
            .unwrap()
    );
    move_it(moved(10, false, 4)).await;
    move_it(moved(20, false, 3)).await;
    assert_eq!(
        (feed().await.heard_at, feed().await.quiet_looks),
        (t(10), 7)
    );
    let mark = || store.mark_feed_silent(shop, Courier::Brt, t(10));
    assert!(mark().await.unwrap());
    assert!(!mark().await.unwrap(), "it is said once");
    assert_eq!(feed().await.silent_since, Some(t(10)));
    move_it(moved(30, true, 0)).await;
    let heard = feed().await;
    assert_eq!((heard.heard_at, heard.quiet_looks), (t(30), 0));
    assert_eq!(heard.silent_since, None);
}

pub async fn orders_are_read_many_at_once(store: Subject) {
    let shop = shop(&store).await;
    let mut gone = order(3, 1, "1003");
    gone.snapshot.cancelled_at = Some(t(1));
    let writes = Writes {
        customers: vec![customer(1, "anna@posta.example")],
        orders: vec![order(1, 1, "1001"), order(2, 1, "1002"), gone],
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let wanted = [OrderId(3), OrderId(1), OrderId(77)];
    let mut found = store.orders_by_id(shop, &wanted).await.unwrap();
    found.sort_by_key(|order| order.id);
    let ids: Vec<i64> = found.iter().map(|order| order.id.0).collect();
    assert_eq!(ids, [1, 3]);
    let page = |after| store.orders_under_way(shop, after, 1);
    let first = page(None).await.unwrap();
    assert_eq!(first, [order(1, 1, "1001")]);
    assert_eq!(page(Some(OrderId(1))).await.unwrap()[0].id, OrderId(2));
    assert!(page(Some(OrderId(2))).await.unwrap().is_empty());
}

pub async fn a_call_is_tried_until_it_is_done_and_never_twice_at_once(store: Subject) {
    let shop = shop(&store).await;
    let writes = Writes {
        calls: vec![call(1, 1)],
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let claim = |now: i64| store.claim_calls(t(now), t(now + 120), 8);
    assert!(claim(9).await.unwrap().is_empty());
    let claimed = claim(10).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!((claimed[0].shop, claimed[0].attempts), (shop, 0));
    assert_eq!(claimed[0].call, call(1, 1));
    assert!(claim(129).await.unwrap().is_empty(), "it is under way");
    let mut finished = CallDone {
        shop,
        call: call(1, 1).id,
        again_at: Some(t(600)),
        error: Some("maintenance".to_owned()),
    };
    store
        .finish_calls(std::slice::from_ref(&finished))
        .await
        .unwrap();
    assert!(claim(599).await.unwrap().is_empty());
    assert_eq!(claim(600).await.unwrap()[0].attempts, 1);
    assert_eq!(
        claim(720).await.unwrap().len(),
        1,
        "a dead node's comes back"
    );
    finished.again_at = None;
    store.finish_calls(&[finished]).await.unwrap();
    assert!(claim(99_999).await.unwrap().is_empty());
}

pub async fn courier_accounts_are_kept_sealed_and_refused_once(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    let before = store.settings_version().await.unwrap();
    store
        .save_courier_account(shop, "brt", b"sealed", t(1))
        .await
        .unwrap();
    assert!(store.settings_version().await.unwrap() > before);
    let all = || async { store.courier_accounts(shop).await.unwrap() };
    let account = all().await.remove(0);
    assert_eq!((account.vendor.as_str(), account.added_at), ("brt", t(1)));
    assert_eq!(account.sealed, b"sealed");
    assert_eq!(account.state, AccountState::Ok);
    assert_eq!((account.day, account.used), (None, 0));
    assert!(store.courier_accounts(other).await.unwrap().is_empty());

    let refused = AccountState::Refused {
        since: t(5),
        why: "the password was changed".to_owned(),
    };
    let mark = |state| {
        let store = Arc::clone(&store);
        async move {
            store
                .mark_courier_account(shop, "brt", &state)
                .await
                .unwrap()
        }
    };
    assert!(mark(refused.clone()).await);
    assert!(!mark(refused.clone()).await, "it was known");
    assert_eq!(all().await[0].state, refused);
    assert!(mark(AccountState::Ok).await);
    assert!(!mark(AccountState::Ok).await);
    assert!(mark(refused).await);
    store
        .save_courier_account(shop, "brt", b"anew", t(9))
        .await
        .unwrap();
    assert_eq!(all().await[0].state, AccountState::Ok);
    assert_eq!(all().await[0].sealed, b"anew");
    let remove = || store.remove_courier_account(shop, "brt");
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    assert!(all().await.is_empty());
}

pub async fn a_days_budget_is_spent_and_not_overspent(store: Subject) {
    let shop = shop(&store).await;
    store
        .save_courier_account(shop, "poste", b"sealed", t(1))
        .await
        .unwrap();
    let spend =
        |day, calls, per_day| store.spend_courier_budget(shop, "poste", day, calls, per_day);
    let (monday, tuesday) = (date(2026, 3, 2), date(2026, 3, 3));
    assert!(spend(monday, 3, Some(5)).await.unwrap());
    assert!(!spend(monday, 3, Some(5)).await.unwrap());
    assert!(spend(monday, 2, Some(5)).await.unwrap());
    assert!(!spend(monday, 1, Some(5)).await.unwrap());
    assert!(spend(tuesday, 5, Some(5)).await.unwrap());
    assert!(spend(tuesday, 5_000, None).await.unwrap());
    let account = store.courier_accounts(shop).await.unwrap().remove(0);
    assert_eq!((account.day, account.used), (Some(tuesday), 5_005));
}

pub async fn an_accounts_calls_keep_their_distance_whoever_makes_them(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    for of in [shop, other] {
        store
            .save_courier_account(of, "dhl", b"sealed", t(1))
            .await
            .unwrap();
    }
    let gap = SignedDuration::from_secs(5);
    let take = async |now: i64, gap, latest: i64| {
        let turn = store.take_turn(shop, "dhl", t(now), gap, t(latest));
        turn.await.unwrap()
    };
    let at = |at, put_off| CallTurn::At { at: t(at), put_off };
    // Asked at the same moment, they begin one after the other.
    assert_eq!(take(100, gap, 160).await, at(100, 0));
    assert_eq!(take(100, gap, 160).await, at(105, 0));
    assert_eq!(take(101, gap, 160).await, at(110, 0));
    // What comes too late is not taken.
    assert_eq!(take(101, gap, 114).await, CallTurn::NotBefore(t(115)));
    assert_eq!(take(101, gap, 115).await, at(115, 0));
    assert_eq!(
        take(300, gap, 360).await,
        at(300, 0),
        "nobody waits for what is gone"
    );
    // Without a gap a turn is only read.
    let none = SignedDuration::ZERO;
    assert_eq!(take(301, none, 360).await, at(305, 0));
    assert_eq!(take(301, none, 360).await, at(305, 0));
    assert_eq!(take(301, none, 304).await, CallTurn::NotBefore(t(305)));

    // The courier asks to wait: nobody calls before, and how often it did is counted until a call goes well.
    let put_off = async |until: Option<i64>| {
        let until = until.map(t);
        store.put_off_calls(shop, "dhl", until).await.unwrap();
    };
    put_off(Some(900)).await;
    put_off(Some(400)).await;
    let account = store.courier_accounts(shop).await.unwrap().remove(0);
    assert_eq!(account.turn_at, Some(t(900)));
    assert_eq!(take(306, gap, 366).await, CallTurn::NotBefore(t(900)));
    assert_eq!(take(306, none, 366).await, CallTurn::NotBefore(t(900)));
    assert_eq!(take(880, gap, 940).await, at(900, 2));
    put_off(None).await;
    assert_eq!(take(910, gap, 940).await, at(910, 0));

    // Others have turns of their own, an account given anew begins afresh, and one that is not there does not wait.
    let others = store.take_turn(other, "dhl", t(910), gap, t(910));
    assert_eq!(others.await.unwrap(), at(910, 0));
    put_off(Some(5_000)).await;
    store
        .save_courier_account(shop, "dhl", b"anew", t(911))
        .await
        .unwrap();
    assert_eq!(take(911, gap, 911).await, at(911, 0));
    let nobodys = store.take_turn(shop, "ups", t(1), gap, t(1));
    assert_eq!(nobodys.await.unwrap(), at(1, 0));
}

pub async fn photos_are_kept_for_their_order(store: Subject) {
    let (shop, other) = (shop(&store).await, super::shop(&store).await);
    let both = [photo("p-1", 1), photo("p_2", 2)];
    store.put_photos(shop, &both).await.unwrap();
    store.put_photos(shop, &both[..1]).await.unwrap();
    let found = store.photo(shop, "p-1").await.unwrap();
    assert_eq!(found.as_ref(), Some(&both[0]));
    assert_eq!(store.photo(other, "p-1").await.unwrap(), None);

    let mut bad = photo("p-3", 1);
    bad.media_type = "text/html".to_owned();
    let refused = store.put_photos(shop, &[photo("p-4", 1), bad]).await;
    assert!(matches!(refused, Err(StoreError::Rejected(_))));
    let foreign = store.put_photos(shop, &[photo("../p", 1)]).await;
    assert!(matches!(foreign, Err(StoreError::Rejected(_))));
    assert_eq!(store.photo(shop, "p-4").await.unwrap(), None, "all or none");
    let many: Vec<PhotoRow> = (0..PHOTOS_PER_ORDER_MAX)
        .map(|n| photo(&format!("many-{n}"), 1))
        .collect();
    let refused = store.put_photos(shop, &many).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))));

    assert_eq!(store.delete_photos(shop, OrderId(1)).await.unwrap(), 1);
    assert_eq!(store.photo(shop, "p-1").await.unwrap(), None);
    assert!(store.photo(shop, "p_2").await.unwrap().is_some());
}

pub async fn photos_go_some_time_after_their_case_is_closed(store: Subject) {
    let shop = shop(&store).await;
    let day = 86_400;
    // Order 1: no case. Order 2: a case closed on day 30. Order 3: a case that stays open.
    let orders = (1..=3).map(|n| order(n, 1, &format!("{n}"))).collect();
    let case = |n: i64, of: i64| {
        let mut one = task(n, 1, t(5));
        one.order_id = Some(OrderId(of));
        one
    };
    let writes = Writes {
        customers: vec![customer(1, "anna@posta.example")],
        orders,
        tasks: vec![case(2, 2), case(3, 3)],
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let done = case(2, 2).effect;
    store
        .set_task_done(shop, done, Some(t(30 * day)))
        .await
        .unwrap();
    let all = [photo("p1", 1), photo("p2", 2), photo("p3", 3)];
    store.put_photos(shop, &all).await.unwrap();
    let left = async |days: i64| {
        let gone = store.prune(t(days * day)).await.unwrap().photos;
        let ids = store.photo_ids(shop, CustomerId(1)).await.unwrap();
        (gone, ids.join(" "))
    };
    assert_eq!(left(PHOTO_DAYS - 1).await, (0, "p1 p2 p3".to_owned()));
    assert_eq!(left(PHOTO_DAYS + 1).await, (1, "p2 p3".to_owned()));
    assert_eq!(left(PHOTO_DAYS + 29).await, (0, "p2 p3".to_owned()));
    assert_eq!(left(PHOTO_DAYS + 31).await, (1, "p3".to_owned()));
    assert_eq!(left(PHOTO_DAYS_MAX - 1).await, (0, "p3".to_owned()));
    assert_eq!(left(PHOTO_DAYS_MAX + 1).await, (1, String::new()));
}

pub async fn forgetting_ends_looks_calls_and_photos(store: Subject) {
    let shop = shop(&store).await;
    let writes = Writes {
        customers: vec![
            customer(1, "anna@posta.example"),
            customer(2, "bruno@posta.example"),
        ],
        orders: vec![order(1, 1, "1001"), order(2, 2, "1002")],
        looks: vec![
            look_at(1, "BRT1", Some(t(0))),
            look_at(2, "BRT2", Some(t(0))),
        ],
        calls: vec![call(1, 1), call(2, 2)],
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let both = [photo("p1", 1), photo("p2", 2)];
    store.put_photos(shop, &both).await.unwrap();
    let wish = Event::CustomerForgotten {
        person: person("anna@posta.example").who,
    };
    let writes = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    bring(&store, shop, wish, writes).await;
    assert_eq!(orders(&claim(&store, shop, 60, 10).await), [2]);
    let calls = store.claim_calls(t(60), t(90), 8).await.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].call.id, call(2, 2).id);
    assert_eq!(store.photo(shop, "p1").await.unwrap(), None);
    assert!(store.photo(shop, "p2").await.unwrap().is_some());
}
