//! The storm: seeded histories of late, repeated, contradictory and revoked events, changed minds and jumping clocks, and
//! after every one of them the five things that must never happen (design.md), judged by rules of their own.
//!
//! A broken seed is printed; `DOPO_STORM_SEED=n` plays just that one and prints its rows.

mod judge;

use crate::stage;
use dopo_core::advance::Shop;
use dopo_core::cart::CartSnapshot;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Actor, BounceKind, Event, EventLine, Origin, ParcelRef};
use dopo_core::id::{CustomerId, EffectId, RunId};
use dopo_core::money::Money;
use dopo_core::order::{PaymentState, ProblemKind, ReturnState};
use dopo_core::parcel::{
    Checkpoint, Courier, Estimate, HoldAction, HoldAnswer, HoldOutcome, InstructedBy, ParcelState,
    PickupPoint, Related, Relation, ScanSource, Telling, ToldScan,
};
use dopo_core::shop::TrackingMode;
use dopo_core::simulate::{Rehearsal, Row, Verdict};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Histories in one storm.
const HISTORIES: u64 = 20_000;

#[test]
fn twenty_thousand_stormy_histories_break_none_of_the_five() {
    if let Some(seed) = chosen_seed() {
        let found = History::new(seed, stage::shop_with_parcels(1)).play(true);
        assert_eq!(found.broken, Vec::<String>::new());
        return;
    }
    let next = AtomicU64::new(1);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let totals = std::thread::scope(|scope| {
        let work: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut total = Total::default();
                    let shop = stage::shop_with_parcels(1);
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed > HISTORIES {
                            break total;
                        }
                        let played = History::new(seed, shop.clone()).play(false);
                        total.add(seed, &played);
                    }
                })
            })
            .collect();
        work.into_iter()
            .fold(Total::default(), |a, w| a.join(w.join().unwrap()))
    });
    println!(
        "storm: {HISTORIES} histories, {} events, {} messages sent, {} held back",
        totals.events, totals.sent, totals.held_back
    );
    assert!(totals.broken.is_empty(), "{}", totals.broken.join("\n"));
    // A storm that rains nothing proves nothing.
    assert!(totals.events > 10 * HISTORIES);
    assert!(totals.sent > 2 * HISTORIES);
    assert!(totals.calls > HISTORIES / 20, "{} calls", totals.calls);
    for (what, count) in &totals.seen {
        assert!(*count > 20, "hardly any {what}: {count}");
    }
    for step in stage::TEMPLATES.iter().chain(&stage::ON_PARCELS_TEMPLATES) {
        assert!(totals.seen.contains_key(*step), "no history sent {step}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one setting of the storm: which seed to play alone"
)]
fn chosen_seed() -> Option<u64> {
    std::env::var("DOPO_STORM_SEED").ok()?.parse().ok()
}

#[test]
fn the_same_history_twice_gives_the_same_rows() {
    for seed in 1..=200 {
        let once = History::new(seed, stage::shop_with_parcels(1)).play(false);
        let again = History::new(seed, stage::shop_with_parcels(1)).play(false);
        assert_eq!(once.rows, again.rows, "seed {seed}");
    }
}

#[test]
fn two_shops_never_mix() {
    for seed in 1..=200 {
        let alone = History::new(seed, stage::shop_with_parcels(1))
            .play(false)
            .rows;
        // The same people buy in both shops, turn by turn; each shop's rows are as if it stood alone.
        let mut first = History::new(seed, stage::shop_with_parcels(1));
        let mut second = History::new(seed ^ 0x5555, stage::shop_with_parcels(2));
        loop {
            let more = (first.turn(), second.turn());
            if more == (false, false) {
                break;
            }
        }
        assert_eq!(first.end(false).rows, alone, "seed {seed}");
        for message in second.stage.messages() {
            let known = |id: CustomerId| second.stage.customer(id).is_some();
            assert!(known(message.customer_id) || second.forgot, "seed {seed}");
        }
    }
}

#[derive(Default)]
struct Total {
    events: u64,
    sent: u64,
    held_back: u64,
    /// Answers to holds on their way to couriers.
    calls: u64,
    seen: BTreeMap<String, u64>,
    broken: Vec<String>,
}

impl Total {
    fn add(&mut self, seed: u64, played: &Played) {
        self.events += played.events;
        self.calls += played.calls;
        for row in &played.rows {
            if row.decision == Verdict::Allow {
                self.sent += 1;
                *self.seen.entry(row.step.clone()).or_default() += 1;
            } else {
                self.held_back += 1;
            }
        }
        for what in &played.broken {
            self.broken.push(format!("seed {seed}: {what}"));
        }
    }

    fn join(mut self, other: Total) -> Total {
        self.events += other.events;
        self.calls += other.calls;
        self.sent += other.sent;
        self.held_back += other.held_back;
        for (what, count) in other.seen {
            *self.seen.entry(what).or_default() += count;
        }
        self.broken.extend(other.broken);
        self
    }
}

struct Played {
    events: u64,
    calls: u64,
    rows: Vec<Row>,
    broken: Vec<String>,
}

/// xorshift64*: the storm's own dice.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.roll() >> 33) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

static ROME: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Rome").unwrap());

const NAMES: [&str; 3] = ["giulia", "marco", "giulia2"];
const ORDERS: [&str; 3] = ["A1", "A2", "A3"];
const CARTS: [&str; 2] = ["C1", "C2"];

/// What may leave once: journey, its run where it may be entered again, order, parcel, cart, step.
type Promise = (
    String,
    Option<RunId>,
    Option<i64>,
    Option<u16>,
    Option<String>,
    String,
);

struct History {
    /// Lines that open the history before the dice take over.
    opening: Vec<EventLine>,
    dice: Dice,
    stage: Rehearsal,
    turns: u64,
    events: u64,
    lines: Vec<EventLine>,
    told_orders: BTreeSet<&'static str>,
    scans: Vec<(&'static str, ParcelState, Timestamp)>,
    /// Distinct events about orders that may never be told: order → event ids.
    about: HashMap<&'static str, HashSet<String>>,
    rows_seen: usize,
    decided: HashSet<EffectId>,
    left: HashSet<EffectId>,
    steps: HashSet<(RunId, String)>,
    promises: HashSet<Promise>,
    /// How often each notice about a parcel has left.
    told: HashMap<(i64, u16, String), usize>,
    promo: Vec<(CustomerId, Channel, Timestamp)>,
    lone_cart: HashSet<String>,
    forgot: bool,
    closed: bool,
    broken: Vec<String>,
}

impl History {
    fn new(seed: u64, mut shop: Shop) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        dice.roll();
        if dice.one_in(5) {
            shop.settings.left_to_platform.insert("shipped".into());
        }
        if dice.one_in(4) {
            shop.settings.tracking_open_default = TrackingMode::Identified;
        }
        if dice.one_in(3) {
            shop.settings.mix.promo_percent_max = 100;
        }
        if dice.one_in(4) {
            shop.settings.caps.email_per_7_days = 1;
        }
        if !dice.one_in(4) {
            shop.released.insert(Courier::Brt);
        }
        shop.tracked.insert(Courier::Brt);
        let start = Timestamp::from_second(1_790_000_000 + dice.below(30_000_000) as i64).unwrap();
        let mut stage = Rehearsal::new(shop);
        stage.pass(start);
        let turns = 10 + dice.below(14);
        let opening = match dice.below(8) {
            0..=1 => opening(start),
            2..=3 => held_opening(start),
            _ => Vec::new(),
        };
        History {
            opening,
            dice,
            stage,
            turns,
            events: 0,
            lines: Vec::new(),
            told_orders: BTreeSet::new(),
            scans: Vec::new(),
            about: HashMap::new(),
            rows_seen: 0,
            decided: HashSet::new(),
            left: HashSet::new(),
            steps: HashSet::new(),
            promises: HashSet::new(),
            told: HashMap::new(),
            promo: Vec::new(),
            lone_cart: HashSet::new(),
            forgot: false,
            closed: false,
            broken: Vec::new(),
        }
    }

    fn play(mut self, show: bool) -> Played {
        while self.turn() {}
        self.end(show)
    }

    /// One event, or none left.
    fn turn(&mut self) -> bool {
        if self.turns == 0 {
            return false;
        }
        self.turns -= 1;
        let jump = match self.dice.below(12) {
            0..=3 => self.dice.below(600),
            4..=6 => self.dice.below(36_000),
            7..=9 => self.dice.below(86_400 * 2),
            10 => self.dice.below(86_400 * 9),
            _ => 0,
        };
        self.pass(jump as i64);
        let line = if !self.lines.is_empty() && self.dice.one_in(7) {
            // The same again, under its own id or a new one.
            let n = self.dice.below(self.lines.len() as u64) as usize;
            let mut line = self.lines[n].clone();
            if self.dice.one_in(2) {
                line.id = format!("again{}", self.events);
                self.note_about(&line);
            }
            line
        } else {
            let line = match self.opening.pop() {
                Some(line) => line,
                None => self.make(),
            };
            if matches!(line.event, Event::OrderUpdated { .. }) && line.id == "opening-order" {
                self.told_orders.insert("A1");
            }
            self.note_about(&line);
            self.lines.push(line.clone());
            line
        };
        // An event from a clock that is ahead is heard at its own time: judge what leaves until then first.
        let ahead = line.at.duration_since(self.stage.now()).as_secs();
        self.pass(ahead.max(0));
        let origin = if self.dice.one_in(15) {
            Origin::Import
        } else {
            Origin::Live
        };
        self.events += 1;
        self.note(&line.event);
        let now = self.stage.now();
        self.stage.hear_at(line, origin, now);
        self.look_at_decisions();
        true
    }

    fn pass(&mut self, seconds: i64) {
        let until = self.stage.now() + SignedDuration::from_secs(seconds);
        self.stage.pass(until);
        self.look_at_rows();
        self.look_at_decisions();
    }

    fn end(&mut self, show: bool) -> Played {
        // Time enough for everything that still waits; twice, for what that decides.
        self.pass(86_400 * 40);
        self.pass(86_400 * 40);
        self.look_at_the_end();
        if show {
            for row in self.stage.rows() {
                let at = row.at.to_zoned(ROME.clone());
                println!(
                    "{} {} {} {:?} {:?} {:?}",
                    at.strftime("%a %d %b %Y %H:%M"),
                    row.customer,
                    row.step,
                    row.decision,
                    row.basis,
                    row.reason
                );
            }
        }
        Played {
            events: self.events,
            calls: self.stage.calls().len() as u64,
            rows: self.stage.rows().to_vec(),
            broken: std::mem::take(&mut self.broken),
        }
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::CustomerForgotten { .. } => {
                // What is forgotten cannot be remembered as sent.
                self.forgot = true;
                self.promises.clear();
                self.told.clear();
                self.lone_cart.clear();
            }
            Event::ShopDisconnected {} => self.closed = true,
            _ => {}
        }
    }

    fn note_about(&mut self, line: &EventLine) {
        let order = match &line.event {
            Event::OrderCancelled { order }
            | Event::OrderRefunded { order, .. }
            | Event::ReturnUpdated { order, .. } => Some(order.as_str()),
            Event::ParcelScanned { parcel, .. }
            | Event::ParcelScanRevoked { parcel, .. }
            | Event::ParcelTracked { parcel, .. }
            | Event::ParcelEstimated { parcel, .. }
            | Event::ParcelFellSilent { parcel, .. }
            | Event::HoldAnswered { parcel, .. }
            | Event::HoldReported { parcel, .. }
            | Event::LookAsked { parcel }
            | Event::LookReported { parcel, .. }
            | Event::ProblemReported { parcel, .. } => parcel.order.as_deref(),
            _ => None,
        };
        if let Some(name) = ORDERS.into_iter().find(|o| Some(*o) == order) {
            self.about.entry(name).or_default().insert(line.id.clone());
        }
    }

    // ---- what may happen ---------------------------------------------------------------------------------------------

    /// A person as one telling may name them; some share what others have.
    fn person(&mut self) -> PersonDetails {
        let name = self.dice.pick(&NAMES);
        let mut person = stage::person(name);
        match self.dice.below(8) {
            0 => person.who.phone = None,
            1 => person.who.shop_customer_id = Some(format!("id-{}", self.dice.below(2))),
            2 => person.who.email = None,
            3 => person.province = Some("MI".into()),
            _ => {}
        }
        person
    }

    fn who(&mut self) -> PersonRef {
        stage::who(self.dice.pick(&NAMES))
    }

    fn make(&mut self) -> EventLine {
        let now = self.stage.now();
        let late = match self.dice.below(10) {
            0 => self.dice.below(86_400 * 4),
            1 => self.dice.below(3_600),
            _ => 0,
        };
        let mut at = now - SignedDuration::from_secs(late as i64);
        if self.dice.one_in(40) {
            at = now + SignedDuration::from_secs(1_800); // a clock that is ahead
        }
        let order = self.dice.pick(&ORDERS);
        let cart = self.dice.pick(&CARTS);
        let event = match self.dice.below(100) {
            0..=19 => self.order(order, cart, at),
            20..=35 => self.scan(order, at),
            36..=49 => self.courier(order, at),
            50..=53 => Event::ParcelScanRevoked {
                parcel: number(order),
                state: self
                    .dice
                    .pick(&[ParcelState::Delivered, ParcelState::OutForDelivery]),
                scanned_at: None,
            },
            54..=55 => Event::OrderCancelled {
                order: order.into(),
            },
            56..=57 => Event::OrderRefunded {
                order: order.into(),
                refunded: Money::eur(self.dice.pick(&[5_000, 52_000])),
            },
            58 => Event::ReturnUpdated {
                order: order.into(),
                return_id: "r1".into(),
                state: self
                    .dice
                    .pick(&[ReturnState::Requested, ReturnState::Closed]),
            },
            59..=65 => Event::CartUpdated {
                cart: Box::new(CartSnapshot {
                    external_id: cart.into(),
                    updated_at: at,
                    person: self.person(),
                    lines: stage::lines(),
                    total: None,
                    url: None,
                    completed_at: None,
                }),
            },
            66 => Event::CartRemoved { cart: cart.into() },
            67..=82 => self.consent(),
            83..=96 => self.reaction(),
            97 => Event::CustomerMerged {
                into: self.who(),
                from: self.who(),
            },
            98 => Event::CustomerForgotten { person: self.who() },
            _ if self.dice.one_in(4) => Event::ShopDisconnected {},
            _ => Event::CustomerUpdated {
                person: self.person(),
                consents: vec![],
            },
        };
        EventLine {
            id: format!("e{}", self.events),
            at,
            event,
        }
    }

    fn order(&mut self, name: &'static str, cart: &str, at: Timestamp) -> Event {
        let mut order = stage::order(name, "giulia", at);
        order.person = self.person();
        if self.dice.one_in(3) {
            order.soft_spam_notice = None;
        }
        if self.dice.one_in(2) {
            order.promised_on = Some(at.to_zoned(ROME.clone()).date());
        }
        if self.dice.one_in(3) {
            order.cart_id = Some(cart.to_owned());
        }
        order.payment = self.dice.pick(&[
            PaymentState::Paid,
            PaymentState::Paid,
            PaymentState::Paid,
            PaymentState::Pending,
            PaymentState::Refunded,
        ]);
        if self.dice.one_in(10) {
            order.updated_at = at - SignedDuration::from_hours(5);
        }
        if self.dice.one_in(15) {
            order.cancelled_at = Some(at);
        }
        order.test = self.dice.one_in(30);
        self.told_orders.insert(name);
        Event::OrderUpdated {
            order: Box::new(order),
        }
    }

    fn scan(&mut self, order: &'static str, at: Timestamp) -> Event {
        let state = self.dice.pick(&[
            ParcelState::PickedUp,
            ParcelState::InTransit,
            ParcelState::OutForDelivery,
            ParcelState::Delivered,
            ParcelState::Delivered,
            ParcelState::Delivered,
            ParcelState::Collected,
            ParcelState::AttemptFailed,
            ParcelState::HeldAtDepot,
            ParcelState::ReadyForPickup,
            ParcelState::Returning,
            ParcelState::Lost,
        ]);
        self.scans.push((order, state, at));
        Event::ParcelScanned {
            parcel: number(order),
            checkpoint: stage::scan(state, at),
        }
    }

    /// What a courier tells, what people answer to it, and what we make of its silence.
    fn courier(&mut self, order: &'static str, at: Timestamp) -> Event {
        let parcel = ParcelRef {
            carrier: Some("BRT".into()),
            ..number(order)
        };
        match self.dice.below(10) {
            0..=4 => Event::ParcelTracked {
                parcel,
                telling: Box::new(self.telling(at)),
            },
            5..=6 => Event::HoldAnswered {
                parcel,
                answer: HoldAnswer {
                    action: self.dice.pick(&HoldAction::ALL),
                    address: None,
                    phone: None,
                    note: None,
                },
                by: self.dice.pick(&[InstructedBy::Buyer, InstructedBy::Shop]),
            },
            7 => {
                let calls = self.stage.calls();
                let call = match calls.len() {
                    0 => EffectId(7),
                    n => calls[self.dice.below(n as u64) as usize].id,
                };
                let often = calls.len().is_multiple_of(2);
                let outcome = match self.dice.below(3) {
                    0 => HoldOutcome::Accepted { reference: None },
                    1 if often => HoldOutcome::Deferred,
                    _ => HoldOutcome::Refused {
                        why: "fuori zona".into(),
                    },
                };
                Event::HoldReported {
                    parcel,
                    call,
                    outcome,
                }
            }
            8 => Event::ParcelEstimated {
                parcel,
                estimate: self.estimate(at),
            },
            _ if self.dice.one_in(2) => match self.dice.pick(&ProblemKind::ALL) {
                // Nobody reports that: they have the courier asked.
                ProblemKind::Other => Event::LookAsked { parcel },
                kind => Event::ProblemReported {
                    parcel,
                    kind,
                    text: Some("non c'è".into()),
                    photos: vec![],
                },
            },
            _ => {
                // Of something else than the last sign of life nothing is believed.
                let known = self.stage.order_named(order);
                let sign = known.and_then(|order| order.tracked.first()?.last_sign_at());
                Event::ParcelFellSilent {
                    parcel,
                    since: sign.unwrap_or(at),
                }
            }
        }
    }

    fn telling(&mut self, at: Timestamp) -> Telling {
        let scans = (0..1 + self.dice.below(4))
            .map(|n| {
                let at = at - SignedDuration::from_hours(5 * (4 - n as i64));
                let state = self.dice.pick(&[
                    ParcelState::InTransit,
                    ParcelState::AtDepot,
                    ParcelState::OutForDelivery,
                    ParcelState::AttemptFailed,
                    ParcelState::HeldAtDepot,
                    ParcelState::HeldAtDepot,
                    ParcelState::ReadyForPickup,
                    ParcelState::Delivered,
                    ParcelState::Returned,
                ]);
                ToldScan {
                    checkpoint: Checkpoint {
                        source: ScanSource::Carrier,
                        code: Some(state.as_str().into()),
                        ..Checkpoint::new(at, state)
                    },
                    taken_back: self.dice.one_in(8),
                }
            })
            .collect();
        let related = match self.dice.below(12) {
            0 => vec![Related {
                relation: Relation::Return,
                number: "R-1".into(),
            }],
            1 => vec![Related {
                relation: Relation::Renumbered,
                number: format!("N-{}", self.dice.below(3)),
            }],
            _ => vec![],
        };
        let day = at.to_zoned(ROME.clone()).date();
        let in_days = |n: u64| jiff::Span::new().days(n as i64);
        let last_day = self.dice.below(8);
        let hold_ends = SignedDuration::from_hours(24 * self.dice.below(8) as i64);
        Telling {
            scans,
            complete: self.dice.one_in(2),
            pickup_point: self.dice.one_in(3).then(|| PickupPoint {
                name: Some("Edicola Sole".into()),
                until: Some(day.saturating_add(in_days(last_day))),
                ..PickupPoint::default()
            }),
            hold_expires_at: self.dice.one_in(2).then_some(at + hold_ends),
            weight_g: self.dice.one_in(3).then_some(3_000),
            related,
            ..Telling::default()
        }
    }

    fn estimate(&mut self, at: Timestamp) -> Estimate {
        let day = at.to_zoned(ROME.clone()).date();
        let in_days = |n: u64| day.saturating_add(jiff::Span::new().days(n as i64));
        Estimate {
            median: in_days(1),
            from: in_days(0),
            until: in_days(2 + self.dice.below(4)),
            coverage_percent: 80,
            sample: 40,
        }
    }

    fn consent(&mut self) -> Event {
        let topic = self.dice.pick(&Topic::ALL);
        let channel = self
            .dice
            .pick(&[None, Some(Channel::Email), Some(Channel::Sms)]);
        let state = self.dice.pick(&[
            ConsentState::Confirmed,
            ConsentState::Confirmed,
            ConsentState::Granted,
            ConsentState::Refused,
            ConsentState::Withdrawn,
            ConsentState::Objected,
        ]);
        let act = ConsentAct {
            source: self.dice.pick(&[
                ConsentSource::PreferenceCentre,
                ConsentSource::Import,
                ConsentSource::Platform,
            ]),
            ..stage::act(topic, channel, state)
        };
        let tracking = |topic| stage::act(topic, None, ConsentState::Confirmed);
        let mut acts = vec![act];
        if self.dice.one_in(3) {
            acts.extend([
                tracking(Topic::TrackingOpen),
                tracking(Topic::TrackingClick),
                tracking(Topic::Marketing),
                tracking(Topic::Care),
            ]);
        }
        Event::ConsentChanged {
            person: self.who(),
            acts,
        }
    }

    /// Something somebody or something does with a message.
    fn reaction(&mut self) -> Event {
        let rows = self.stage.rows();
        let message = if rows.is_empty() || self.dice.one_in(20) {
            EffectId(u128::from(self.dice.roll()))
        } else {
            let last = rows.len().saturating_sub(4);
            rows[last + self.dice.below((rows.len() - last) as u64) as usize].message
        };
        let by = self
            .dice
            .pick(&[Actor::Human, Actor::Human, Actor::Machine, Actor::Proxy]);
        match self.dice.below(16) {
            0..=4 => Event::MessageOpened { message, by },
            5..=7 => Event::MessageClicked {
                message,
                link: 1,
                by,
            },
            8 => Event::MessageReplied { message },
            9 => Event::MessageBounced {
                message,
                kind: self.dice.pick(&[
                    BounceKind::HardAddress,
                    BounceKind::SoftMailbox,
                    BounceKind::DeadNumber,
                ]),
            },
            10 => Event::MessageComplained { message },
            _ => Event::ReminderRequested { message },
        }
    }
}

/// A quiet beginning, last line first: somebody who agreed to all buys and gets it.
fn opening(at: Timestamp) -> Vec<EventLine> {
    let agree = |topic| stage::act(topic, None, ConsentState::Confirmed);
    let line = |id: &str, event| EventLine {
        id: id.to_owned(),
        at,
        event,
    };
    vec![
        line(
            "opening-scan",
            Event::ParcelScanned {
                parcel: number("A1"),
                checkpoint: stage::scan(ParcelState::Delivered, at),
            },
        ),
        line(
            "opening-order",
            Event::OrderUpdated {
                order: Box::new(stage::order("A1", "giulia", at)),
            },
        ),
        line(
            "opening-consent",
            Event::ConsentChanged {
                person: stage::who("giulia"),
                acts: vec![
                    agree(Topic::Marketing),
                    agree(Topic::Care),
                    agree(Topic::TrackingOpen),
                    agree(Topic::TrackingClick),
                ],
            },
        ),
    ]
}

/// A parcel that is held, and two who say what shall be done, last line first.
fn held_opening(at: Timestamp) -> Vec<EventLine> {
    let parcel = || ParcelRef {
        carrier: Some("BRT".into()),
        ..number("A1")
    };
    let line = |id: &str, event| EventLine {
        id: id.to_owned(),
        at,
        event,
    };
    let answer = |action, by| Event::HoldAnswered {
        parcel: parcel(),
        answer: HoldAnswer {
            action,
            address: None,
            phone: None,
            note: None,
        },
        by,
    };
    let held = Checkpoint {
        source: ScanSource::Carrier,
        ..Checkpoint::new(at, ParcelState::HeldAtDepot)
    };
    vec![
        line(
            "opening-shop",
            answer(HoldAction::SendBack, InstructedBy::Shop),
        ),
        line(
            "opening-buyer",
            answer(HoldAction::Redeliver, InstructedBy::Buyer),
        ),
        line(
            "opening-hold",
            Event::ParcelTracked {
                parcel: parcel(),
                telling: Box::new(Telling {
                    scans: vec![held.into()],
                    ..Telling::default()
                }),
            },
        ),
        line(
            "opening-order",
            Event::OrderUpdated {
                order: Box::new(stage::order("A1", "giulia", at)),
            },
        ),
    ]
}

fn number(order: &str) -> ParcelRef {
    ParcelRef {
        order: Some(order.to_owned()),
        number: Some(format!("{order}-1")),
        ..ParcelRef::default()
    }
}
