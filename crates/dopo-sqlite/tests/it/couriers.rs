//! The engine with couriers, on a store: looking, feeds, accounts, releases, telling the platform.

use dopo_core::event::{Event, EventLine, Moment, ParcelRef};
use dopo_core::id::ShopId;
use dopo_core::order::Order;
use dopo_core::parcel::{
    Checkpoint, Courier, HoldAction, HoldAnswer, HoldOutcome, InstructedBy, LookAnswer, NotAsked,
    ParcelSnapshot, ParcelState, ScanSource, Telling, ToldScan,
};
use dopo_engine::couriers::{AskStanding, CourierAccountError};
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::courier::{Allowance, Looked, Released};
use dopo_engine::ports::tracking::{AccountState, CallTurn};
use dopo_engine::ports::{Clock, Entropy, InboxRow, Store};
use dopo_engine::secrets::MasterKey;
use dopo_engine::{Engine, Settings, worker};
use dopo_testkit::build::{order_told, t0};
use dopo_testkit::couriers::PlayedCouriers;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that stands until it is moved.
struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Counted(AtomicU64);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            chunk.copy_from_slice(&n.to_be_bytes()[..chunk.len()]);
        }
    }
}

struct House {
    engine: Arc<Engine>,
    store: Arc<dyn Store>,
    couriers: PlayedCouriers,
    clock: Arc<Hands>,
    shop: ShopId,
    _folder: tempfile::TempDir,
}

fn fields(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

const BRT: [(&str, &str); 2] = [("user", "1234567"), ("password", "segreta")];

impl House {
    async fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::serve(&folder.path().join("dopo.db")).await;
        let shop = crate::shop(&store, "bottega").await;
        let store: Arc<dyn Store> = Arc::new(store);
        let clock = Arc::new(Hands(Mutex::new(t0())));
        let engine = Engine::start(
            Arc::clone(&store),
            clock.clone(),
            Arc::new(Counted(AtomicU64::new(0))),
            None,
            MasterKey::new([7; 32]),
            Settings::default(),
        )
        .await
        .unwrap();
        let couriers = PlayedCouriers::default();
        engine
            .use_couriers(Arc::new(couriers.clone()))
            .await
            .unwrap();
        House {
            engine,
            store,
            couriers,
            clock,
            shop,
            _folder: folder,
        }
    }

    /// With an account at BRT.
    async fn with_brt() -> House {
        let house = House::open().await;
        house.add("played_brt", &BRT).await;
        house
    }

    async fn add(&self, vendor: &str, of: &[(&str, &str)]) -> usize {
        self.engine
            .add_courier_account(self.shop, vendor, fields(of))
            .await
            .unwrap()
    }

    async fn tell(&self, id: &str, event: Event) {
        let line = EventLine {
            id: id.to_owned(),
            at: self.clock.now(),
            event,
        };
        let intake = NewIntake::event("shop", line, None);
        self.engine.ingest(self.shop, vec![intake]).await.unwrap();
    }

    /// An order with a parcel of BRT under this number, handed over now.
    async fn ship(&self, number: &str) {
        let mut order = order_told(&format!("o-{number}"), &format!("{number}@posta.example"));
        order.placed_at = self.clock.now();
        order.updated_at = self.clock.now();
        let order = Box::new(order);
        self.tell(&format!("placed-{number}"), Event::OrderUpdated { order })
            .await;
        let parcel = ParcelSnapshot {
            carrier: Some("Bartolini".to_owned()),
            number: Some(number.to_owned()),
            shipped_at: Some(self.clock.now()),
            ..ParcelSnapshot::default()
        };
        let order = format!("o-{number}");
        self.tell(
            &format!("shipped-{number}"),
            Event::ParcelUpdated { order, parcel },
        )
        .await;
    }

    async fn order(&self, number: &str) -> Order {
        let found = self
            .engine
            .store()
            .order_by_external_id(self.shop, &format!("o-{number}"))
            .await;
        found.unwrap().unwrap()
    }

    /// The courier tells this of a number from now on.
    fn play(&self, number: &str, scans: &[(i64, ParcelState)]) {
        let scans = scans.iter().map(|(hours, state)| {
            let at = t0() + SignedDuration::from_hours(*hours);
            ToldScan::from(Checkpoint {
                code: Some(format!("C-{}", state.as_str())),
                source: ScanSource::Carrier,
                ..Checkpoint::new(at, *state)
            })
        });
        let telling = Telling {
            scans: scans.collect(),
            complete: true,
            ..Telling::default()
        };
        self.couriers
            .with(|play| play.tellings.insert(number.to_owned(), telling));
    }

    /// So many hours pass in steps of one, everything due being done in each. Returns how many calls were made.
    async fn pass(&self, hours: i64) -> usize {
        let before = self.calls();
        for _ in 0..hours {
            *self.clock.0.lock().unwrap() += SignedDuration::from_hours(1);
            worker::settle(&self.engine).await.unwrap();
        }
        self.calls() - before
    }

    fn calls(&self) -> usize {
        self.couriers.with(|play| play.asked.len())
    }

    async fn tasks(&self) -> Vec<String> {
        let tasks = self
            .engine
            .store()
            .tasks(self.shop, true, 50)
            .await
            .unwrap();
        let mut kinds: Vec<String> = tasks.into_iter().map(|row| row.task.task.kind).collect();
        kinds.sort_unstable();
        kinds
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_courier_tells_becomes_known_and_a_repeat_costs_nothing() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    house.pass(12).await;
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].state, ParcelState::InTransit);
    let raw = house.engine.store().inbox(house.shop, None, None, 50).await;
    let raw: Vec<_> = raw.unwrap();
    let from_courier = raw.iter().filter(|row| row.source == "played_brt");
    assert_eq!(from_courier.count(), 1);
    assert!(house.calls() > 1, "it was asked again and told nothing new");

    house.play(
        "BRT1",
        &[(1, ParcelState::InTransit), (11, ParcelState::Delivered)],
    );
    house.pass(12).await;
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].state, ParcelState::Delivered);
    assert!(order.delivered_at.is_some());

    // Looked at once more, the delivery is not there any more, and what was told first is news again.
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    house.pass(36).await;
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].state, ParcelState::InTransit);
    assert_eq!(order.delivered_at, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_at_its_end_is_looked_at_no_more() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::Delivered)]);
    house.pass(100).await;
    assert_eq!(house.pass(100).await, 0);
    let depth = house
        .engine
        .store()
        .looks_depth(house.shop, house.clock.now());
    assert!(depth.await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_number_is_asked_for_less_and_less_often() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    let first_day = house.pass(24).await;
    house.pass(24 * 3).await;
    let fifth_day = house.pass(24).await;
    assert!(first_day > fifth_day, "{first_day} {fifth_day}");
    assert!(fifth_day >= 1);
    house.pass(24 * 60).await;
    assert_eq!(house.pass(48).await, 0, "at last nobody asks any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_given_later_looks_at_what_is_under_way() {
    let house = House::open().await;
    for n in 0..5 {
        house.ship(&format!("BRT{n}")).await;
        house.play(&format!("BRT{n}"), &[(1, ParcelState::OutForDelivery)]);
    }
    assert_eq!(house.pass(24).await, 0);
    assert_eq!(house.add("played_brt", &BRT).await, 5);
    assert_eq!(house.add("played_brt", &BRT).await, 5, "nothing is doubled");
    let calls = house.pass(1).await;
    let asked: usize = house
        .couriers
        .with(|play| play.asked.iter().map(Vec::len).sum());
    assert_eq!(asked, 5);
    assert!(calls >= 3, "two numbers in a call");
    let order = house.order("BRT3").await;
    assert_eq!(order.tracked[0].state, ParcelState::OutForDelivery);
    house
        .engine
        .remove_courier_account(house.shop, "played_brt")
        .await
        .unwrap();
    assert_eq!(house.pass(24).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_shown_without_its_secrets_and_kept_when_they_are_left_out() {
    let house = House::with_brt().await;
    let listed = || async { house.engine.courier_accounts(house.shop).await.unwrap() };
    let account = listed().await.remove(0);
    assert_eq!(account.fields, fields(&[("user", "1234567")]));
    assert_eq!(account.secrets, ["password"]);
    assert_eq!(account.covers, [Courier::Brt]);
    let row = &house
        .engine
        .store()
        .courier_accounts(house.shop)
        .await
        .unwrap()[0];
    assert!(!String::from_utf8_lossy(&row.sealed).contains("segreta"));

    house.add("played_brt", &[("user", "7654321")]).await;
    let account = listed().await.remove(0);
    assert_eq!(account.fields, fields(&[("user", "7654321")]));
    assert_eq!(account.secrets, ["password"]);

    let refused = |vendor: &'static str, of: &'static [(&'static str, &'static str)]| {
        let (engine, shop) = (Arc::clone(&house.engine), house.shop);
        async move {
            let error = engine.add_courier_account(shop, vendor, fields(of)).await;
            error.unwrap_err()
        }
    };
    let error = refused("pigeon", &[]).await;
    assert!(matches!(error, CourierAccountError::UnknownVendor(_)));
    let error = refused("played_brt", &[("colour", "red")]).await;
    assert!(matches!(error, CourierAccountError::UnknownField(..)));
    let error = refused("played_platform", &[]).await;
    assert_eq!(error.to_string(), "the account needs password");
    let gone = house
        .engine
        .remove_courier_account(house.shop, "played_push");
    assert!(matches!(gone.await, Err(CourierAccountError::NotFound)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_account_stays_open_when_settings_change() {
    let house = House::with_brt().await;
    let opened = house.couriers.with(|play| play.opened);
    house.add("played_push", &[("password", "x")]).await;
    let now = house.couriers.with(|play| play.opened);
    assert_eq!(
        now,
        opened + 2,
        "only the new one: once to check it, once to keep"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_courier_that_answers_later_is_left_alone_and_its_looks_come_first() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    house.couriers.with(|play| {
        play.instead.push_back(Looked::Later {
            after: Some(Duration::from_secs(3_600)),
            why: "maintenance".to_owned(),
        });
    });
    assert_eq!(house.pass(24).await, 1, "the wait is by the wall's clock");
    let depth = house
        .engine
        .store()
        .looks_depth(house.shop, house.clock.now());
    assert_eq!(depth.await.unwrap(), [(Courier::Brt, 1, 1)]);
    assert!(house.tasks().await.is_empty());
    house.add("played_brt", &BRT).await;
    assert!(
        house.pass(1).await >= 1,
        "an account given anew is tried at once"
    );
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].state, ParcelState::InTransit);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_is_told_to_wait_all_nodes_wait() {
    let house = House::with_brt().await;
    let second = Engine::start(
        Arc::clone(&house.store),
        house.clock.clone(),
        Arc::new(Counted(AtomicU64::new(1 << 32))),
        None,
        MasterKey::new([7; 32]),
        Settings::default(),
    )
    .await
    .unwrap();
    let couriers = Arc::new(house.couriers.clone());
    second.use_couriers(couriers).await.unwrap();
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    house.couriers.with(|play| {
        play.instead.push_back(Looked::Later {
            after: Some(Duration::from_secs(30 * 3_600)),
            why: "too many requests".to_owned(),
        });
    });
    assert_eq!(house.pass(12).await, 1, "it is told to wait for a day");
    for _ in 0..12 {
        *house.clock.0.lock().unwrap() += SignedDuration::from_hours(1);
        worker::settle(&second).await.unwrap();
    }
    assert_eq!(house.calls(), 1, "the other node waits, too");
    *house.clock.0.lock().unwrap() += SignedDuration::from_hours(12);
    let now = house.clock.now();
    let turn = second
        .store()
        .take_turn(house.shop, "played_brt", now, SignedDuration::ZERO, now)
        .await;
    let turn = turn.unwrap();
    assert!(matches!(turn, CallTurn::At { put_off: 1, .. }), "{turn:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_one_account_does_not_know_is_asked_for_at_another() {
    let house = House::with_brt().await;
    house.add("played_collector", &BRT[1..]).await;
    house.couriers.with(|play| play.ignorant.push("played_brt"));
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    let asked_of = || house.couriers.with(|play| play.asked_of.clone());
    while asked_of().len() < 3 {
        house.pass(1).await;
    }
    assert_eq!(asked_of(), ["played_brt"; 3], "first it is asked itself");
    let state = async || house.order("BRT1").await.tracked[0].state;
    assert_ne!(state().await, ParcelState::InTransit);
    while asked_of().len() < 5 {
        house.pass(1).await;
    }
    assert_eq!(asked_of()[3..], ["played_brt", "played_collector"]);
    assert_eq!(state().await, ParcelState::InTransit);
    let raw = house.engine.store().inbox(house.shop, None, None, 50).await;
    let from = |row: &InboxRow| row.source == "played_collector";
    assert!(raw.unwrap().iter().any(from), "who told it is seen");
    // The one that knows it is asked on, at every look.
    house.play(
        "BRT1",
        &[(1, ParcelState::InTransit), (30, ParcelState::Delivered)],
    );
    house.pass(48).await;
    assert_eq!(state().await, ParcelState::Delivered);

    // Where there is no other account, nobody else is asked.
    let house = House::with_brt().await;
    house.ship("BRT2").await;
    house.pass(24 * 10).await;
    let calls = house.couriers.with(|play| play.asked_of.clone());
    assert!(calls.len() > 4 && calls.iter().all(|vendor| *vendor == "played_brt"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_account_is_said_once_and_asks_nothing_until_it_is_given_anew() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.couriers.with(|play| {
        play.instead
            .push_back(Looked::Refused("wrong password".to_owned()));
    });
    assert_eq!(house.pass(24).await, 1);
    assert_eq!(house.tasks().await, ["courier_account"]);
    let account = house
        .engine
        .courier_accounts(house.shop)
        .await
        .unwrap()
        .remove(0);
    let AccountState::Refused { why, .. } = account.state else {
        panic!("it counts as accepted")
    };
    assert_eq!(why, "wrong password");
    house.add("played_brt", &BRT).await;
    assert!(house.pass(1).await >= 1);
    let account = house
        .engine
        .courier_accounts(house.shop)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(account.state, AccountState::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_days_budget_is_kept() {
    let house = House::with_brt().await;
    house.couriers.with(|play| {
        play.allowance = Some(Allowance {
            per_call: 1,
            per_day: Some(3),
            gap: Duration::ZERO,
        });
    });
    for n in 0..5 {
        house.ship(&format!("BRT{n}")).await;
    }
    assert_eq!(house.pass(7).await, 3);
    let account = house
        .engine
        .courier_accounts(house.shop)
        .await
        .unwrap()
        .remove(0);
    assert_eq!((account.used_today, account.per_day), (3, Some(3)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_parcels_silence_is_told_once_while_others_move() {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.play("BRT1", &[(1, ParcelState::InTransit)]);
    house.pass(24 * 4).await;
    assert_eq!(house.order("BRT1").await.tracked[0].silent_since, None);
    house.pass(24 * 3).await;
    let order = house.order("BRT1").await;
    let since = order.tracked[0].silent_since;
    assert_eq!(since, Some(t0() + SignedDuration::from_hours(1)));
    assert_eq!(order.tracked[0].state, ParcelState::InTransit, "never lost");
    house.pass(24 * 3).await;
    let from = t0().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = house
        .engine
        .store()
        .counters(
            house.shop,
            "parcels.moments",
            from,
            from + jiff::Span::new().days(30),
        )
        .await
        .unwrap();
    let silent: i64 = days
        .iter()
        .filter(|(key, _)| key.dim == "silent")
        .map(|(_, n)| n)
        .sum();
    assert_eq!(silent, 1, "{:?}", Moment::ParcelSilent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_couriers_silence_is_one_task_and_no_persons_notice() {
    let house = House::with_brt().await;
    for n in 0..12 {
        house.ship(&format!("BRT{n}")).await;
        house.play(&format!("BRT{n}"), &[(1, ParcelState::InTransit)]);
    }
    house.pass(24 * 6).await;
    assert_eq!(house.tasks().await, ["courier_silent"]);
    for n in 0..12 {
        let order = house.order(&format!("BRT{n}")).await;
        assert_eq!(order.tracked[0].silent_since, None);
    }
    let feeds = || async { house.engine.store().feeds(house.shop).await.unwrap() };
    assert!(feeds().await[0].silent_since.is_some());
    house.play(
        "BRT1",
        &[(1, ParcelState::InTransit), (140, ParcelState::AtDepot)],
    );
    house.pass(24).await;
    assert_eq!(feeds().await[0].silent_since, None, "it is heard again");
    assert_eq!(house.tasks().await, ["courier_silent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_tells_by_itself_is_not_asked_but_its_silence_is_noticed() {
    let house = House::open().await;
    house.add("played_push", &[("password", "x")]).await;
    house.ship("BRT1").await;
    assert_eq!(house.pass(24 * 8).await, 0);
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].silent_since, Some(t0()));
}

/// A parcel held at the depot, and the answer to it.
async fn held() -> House {
    let house = House::with_brt().await;
    house.ship("BRT1").await;
    house.play(
        "BRT1",
        &[(1, ParcelState::InTransit), (2, ParcelState::HeldAtDepot)],
    );
    house.pass(12).await;
    assert!(house.order("BRT1").await.tracked[0].hold().is_some());
    house
}

async fn answer(house: &House, action: HoldAction) {
    let event = Event::HoldAnswered {
        parcel: ParcelRef {
            order: Some("o-BRT1".to_owned()),
            seq: Some(0),
            ..ParcelRef::default()
        },
        answer: HoldAnswer {
            action,
            address: None,
            phone: None,
            note: None,
        },
        by: InstructedBy::Shop,
    };
    house
        .tell(&format!("answer-{}", house.clock.now()), event)
        .await;
    worker::settle(&house.engine).await.unwrap();
}

async fn outcome(house: &House) -> HoldOutcome {
    let order = house.order("BRT1").await;
    order.tracked[0].hold().unwrap().outcome.clone().unwrap()
}

fn released(house: &House) -> usize {
    house.couriers.with(|play| play.released.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_a_hold_goes_out_once_and_its_outcome_comes_back() {
    let house = held().await;
    answer(&house, HoldAction::Redeliver).await;
    let reference = Some("SV-1".to_owned());
    assert_eq!(outcome(&house).await, HoldOutcome::Accepted { reference });
    house.pass(24).await;
    assert_eq!(released(&house), 1);
    let order = house.order("BRT1").await;
    let call = house.couriers.with(|play| play.released[0].clone());
    assert_eq!(order.tracked[0].hold().unwrap().call, Some(call.id));
    assert_eq!((call.number.as_str(), call.seq), ("BRT1", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_a_courier_takes_later_is_tried_again_under_the_same_key() {
    let house = held().await;
    house.couriers.with(|play| {
        for _ in 0..2 {
            play.releases.push_back(Released::Later {
                after: None,
                why: "maintenance".to_owned(),
            });
        }
        play.releases.push_back(Released::Deferred);
    });
    answer(&house, HoldAction::Redeliver).await;
    assert_eq!(outcome(&house).await, HoldOutcome::Asked);
    house.pass(3).await;
    assert_eq!(outcome(&house).await, HoldOutcome::Deferred);
    assert_eq!(released(&house), 3);
    let keys = house.couriers.with(|play| {
        let mut keys: Vec<_> = play.released.iter().map(|call| call.id).collect();
        keys.dedup();
        keys.len()
    });
    assert_eq!(keys, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_or_endless_answer_is_for_somebody_in_the_shop() {
    let house = held().await;
    house.couriers.with(|play| {
        play.releases
            .push_back(Released::Refused("indirizzo non servito".to_owned()));
    });
    answer(&house, HoldAction::Redeliver).await;
    let why = "indirizzo non servito".to_owned();
    assert_eq!(outcome(&house).await, HoldOutcome::Refused { why });
    assert_eq!(house.tasks().await, ["hold_refused"]);

    house.pass(1).await;
    house.couriers.with(|play| {
        for _ in 0..2_000 {
            play.releases.push_back(Released::Later {
                after: None,
                why: "maintenance".to_owned(),
            });
        }
    });
    answer(&house, HoldAction::Redeliver).await;
    house.pass(24 * 8).await;
    let given_up = outcome(&house).await;
    assert!(
        matches!(given_up, HoldOutcome::Refused { .. }),
        "it is not tried for ever: {given_up:?}"
    );
    // What this account cannot do is done by hand.
    answer(&house, HoldAction::SendBack).await;
    assert_eq!(outcome(&house).await, HoldOutcome::ByHand);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_platform_hears_what_couriers_told_and_not_its_own_words() {
    let house = House::with_brt().await;
    house.add("played_platform", &[("password", "x")]).await;
    house.ship("BRT1").await;
    worker::settle(&house.engine).await.unwrap();
    let written = || {
        house.couriers.with(|play| {
            let words = play.written.iter();
            words
                .map(|w| (w.order.clone(), w.state))
                .collect::<Vec<_>>()
        })
    };
    assert!(written().is_empty());
    house.play("BRT1", &[(1, ParcelState::OutForDelivery)]);
    house.pass(8).await;
    let first = ("o-BRT1".to_owned(), ParcelState::OutForDelivery);
    assert_eq!(written(), std::slice::from_ref(&first));
    house.play(
        "BRT1",
        &[
            (1, ParcelState::OutForDelivery),
            (9, ParcelState::Delivered),
        ],
    );
    house.pass(4).await;
    let second = ("o-BRT1".to_owned(), ParcelState::Delivered);
    assert_eq!(written(), [first, second]);
}

impl House {
    /// A person taps "ask the courier now".
    async fn ask(&self, number: &str) -> AskStanding {
        let shop = self.engine.shop(self.shop).unwrap();
        let order = self.order(number).await;
        let by = InstructedBy::Buyer;
        let asked = self
            .engine
            .ask_courier(&shop, &order, &order.tracked[0], by);
        asked.await.unwrap()
    }

    async fn minutes(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    async fn answer(&self, number: &str) -> Option<LookAnswer> {
        let order = self.order(number).await;
        order.tracked[0].last_ask().and_then(|ask| ask.answer)
    }

    /// A parcel whose courier has been silent for long.
    async fn silent(&self, number: &str) {
        self.ship(number).await;
        self.play(number, &[(1, ParcelState::InTransit)]);
        self.pass(24 * 7).await;
        assert!(self.order(number).await.tracked[0].silent_since.is_some());
        self.minutes(15).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_has_the_courier_asked_now_once_and_hears_what_it_said() {
    let house = House::with_brt().await;
    house.silent("BRT1").await;
    let before = house.calls();
    assert_eq!(house.ask("BRT1").await, AskStanding::Free);
    let again = house.ask("BRT1").await;
    let AskStanding::Not(NotAsked::Asked(open)) = again else {
        panic!("{again:?}")
    };
    assert_eq!((open.at, open.answer), (house.clock.now(), None));
    worker::settle(&house.engine).await.unwrap();
    worker::settle(&house.engine).await.unwrap();
    assert_eq!(house.calls(), before + 1);
    assert_eq!(house.answer("BRT1").await, Some(LookAnswer::Same));

    house.minutes(61).await;
    let news = [(1, ParcelState::InTransit), (24 * 7, ParcelState::AtDepot)];
    house.play("BRT1", &news);
    assert_eq!(house.ask("BRT1").await, AskStanding::Free);
    worker::settle(&house.engine).await.unwrap();
    worker::settle(&house.engine).await.unwrap();
    assert_eq!(
        house.calls(),
        before + 2,
        "an answered question plans no look"
    );
    assert_eq!(house.answer("BRT1").await, Some(LookAnswer::News));
    let order = house.order("BRT1").await;
    assert_eq!(order.tracked[0].state, ParcelState::AtDepot);
    house.minutes(61).await;
    let standing = house.ask("BRT1").await;
    assert_eq!(
        standing,
        AskStanding::Not(NotAsked::NoUse),
        "it moves again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_keeps_within_the_days_budget_and_a_collector_is_not_asked() {
    let house = House::with_brt().await;
    house.silent("BRT1").await;
    let allowance = Allowance {
        per_call: 1,
        per_day: Some(0),
        gap: Duration::ZERO,
    };
    house.couriers.with(|play| play.allowance = Some(allowance));
    assert_eq!(house.ask("BRT1").await, AskStanding::Busy);
    house
        .engine
        .remove_courier_account(house.shop, "played_brt")
        .await
        .unwrap();
    assert_eq!(house.ask("BRT1").await, AskStanding::Nobody);
    house.add("played_push", &[("password", "x")]).await;
    assert_eq!(house.ask("BRT1").await, AskStanding::ByItself);
}
