//! The storm: seeded histories of late, repeated, contradictory and revoked events, changed minds and jumping clocks, and
//! after every one of them the five things that must never happen (design.md), judged by rules of their own.
//!
//! A broken seed is printed; `DOPO_STORM_SEED=n` plays just that one and prints its rows.

use crate::stage;
use dopo_core::advance::Shop;
use dopo_core::cart::CartSnapshot;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Purpose, Topic};
use dopo_core::customer::{Customer, PersonDetails, PersonRef};
use dopo_core::event::{Actor, BounceKind, Event, EventLine, Origin, ParcelRef};
use dopo_core::id::{CustomerId, EffectId, RunId};
use dopo_core::journey::{CloseReason, Phase};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::money::Money;
use dopo_core::order::{PaymentState, ReturnState};
use dopo_core::parcel::ParcelState;
use dopo_core::shop::TrackingMode;
use dopo_core::simulate::{Rehearsal, Row, Verdict};
use jiff::civil::Weekday;
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
        let found = History::new(seed, stage::shop(1)).play(true);
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
                    let shop = stage::shop(1);
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
    for (what, count) in &totals.seen {
        assert!(*count > 20, "hardly any {what}: {count}");
    }
    for step in stage::TEMPLATES {
        assert!(totals.seen.contains_key(step), "no history sent {step}");
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
        let once = History::new(seed, stage::shop(1)).play(false);
        let again = History::new(seed, stage::shop(1)).play(false);
        assert_eq!(once.rows, again.rows, "seed {seed}");
    }
}

#[test]
fn two_shops_never_mix() {
    for seed in 1..=200 {
        let alone = History::new(seed, stage::shop(1)).play(false).rows;
        // The same people buy in both shops, turn by turn; each shop's rows are as if it stood alone.
        let mut first = History::new(seed, stage::shop(1));
        let mut second = History::new(seed ^ 0x5555, stage::shop(2));
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
    seen: BTreeMap<String, u64>,
    broken: Vec<String>,
}

impl Total {
    fn add(&mut self, seed: u64, played: &Played) {
        self.events += played.events;
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

/// What may leave once: journey, order, parcel, cart, step.
type Promise = (String, Option<i64>, Option<u16>, Option<String>, String);

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
        let start = Timestamp::from_second(1_790_000_000 + dice.below(30_000_000) as i64).unwrap();
        let mut stage = Rehearsal::new(shop);
        stage.pass(start);
        let turns = 10 + dice.below(14);
        let opening = if dice.one_in(4) {
            opening(start)
        } else {
            Vec::new()
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
            Event::ParcelScanned { parcel, .. } | Event::ParcelScanRevoked { parcel, .. } => {
                parcel.order.as_deref()
            }
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
            20..=49 => self.scan(order, at),
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
            ParcelState::Returning,
            ParcelState::Lost,
        ]);
        self.scans.push((order, state, at));
        Event::ParcelScanned {
            parcel: number(order),
            checkpoint: stage::scan(state, at),
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

    // ---- what must never happen --------------------------------------------------------------------------------------

    fn fail(&mut self, what: String) {
        self.broken.push(what);
    }

    /// New decisions: each has one id, once, and what is let through has a basis.
    fn look_at_decisions(&mut self) {
        let new: Vec<Message> = self
            .stage
            .messages()
            .filter(|m| !self.decided.contains(&m.id))
            .cloned()
            .collect();
        for message in new {
            self.decided.insert(message.id);
            let step = message.send.step.clone();
            if !self.steps.insert((message.id.run(), step.clone())) {
                self.fail(format!("2: step {step} of one run decided twice"));
            }
            if message.status == MessageStatus::Queued {
                if message.grant.is_none() {
                    self.fail(format!("1: {step} queued without a basis"));
                }
                if message.due_at < message.decided_at {
                    self.fail(format!("3: {step} is due before it was decided"));
                }
                if self.closed {
                    self.fail(format!("1: {step} decided after the shop was disconnected"));
                }
            }
        }
    }

    /// New rows, judged by the facts of the moment in which the messages left.
    fn look_at_rows(&mut self) {
        let new: Vec<Row> = self.stage.rows()[self.rows_seen..].to_vec();
        self.rows_seen += new.len();
        let mut last = Timestamp::MIN;
        for row in new {
            if row.decision != Verdict::Allow {
                continue;
            }
            if row.at < last {
                self.fail("3: rows are not in the order of time".into());
            }
            last = row.at;
            if !self.left.insert(row.message) {
                self.fail(format!("2: {} left twice", row.step));
            }
            if self.closed {
                self.fail(format!(
                    "1: {} left after the shop was disconnected",
                    row.step
                ));
            }
            let Some(message) = self.stage.message(row.message).cloned() else {
                self.fail(format!("2: {} left and is not on record", row.step));
                continue;
            };
            let key = (
                message.journey.clone(),
                message.order_id.map(|o| o.0),
                message.parcel,
                message.cart_id.clone(),
                row.step.clone(),
            );
            if !self.promises.insert(key) {
                self.fail(format!(
                    "2: {} left twice for one order, parcel or cart",
                    row.step
                ));
            }
            let Some(person) = self.stage.customer(row.customer_id).cloned() else {
                self.fail(format!("1: {} left for somebody forgotten", row.step));
                continue;
            };
            let verdicts = [
                self.lawful(&row, &message, &person),
                self.timely(&row, &message),
                self.capped(&row, &message),
                self.still_true(&message),
            ];
            for verdict in verdicts {
                if let Err(what) = verdict {
                    self.fail(format!("{what}: {} at {}", row.step, row.at));
                }
            }
        }
    }

    /// 1: table 0.2 and PRIV-06, 08, 09, written down once more in the plainest way.
    fn lawful(
        &mut self,
        row: &Row,
        message: &Message,
        person: &Customer,
    ) -> Result<(), &'static str> {
        let send = &message.send;
        let agreed = |topic: Topic| {
            person.consents.state(topic, Some(send.channel)) == ConsentState::Confirmed
        };
        let no = |topic: Topic| {
            person
                .consents
                .state(topic, Some(send.channel))
                .is_negative()
        };
        match send.channel {
            Channel::Email => {
                if person.emails.is_empty() || person.suppression.hard_bounced_at.is_some() {
                    return Err("1: no good address");
                }
            }
            Channel::Sms | Channel::Call | Channel::Push => {
                if person.phones.is_empty() || person.suppression.phone_dead_at.is_some() {
                    return Err("1: no good number");
                }
            }
        }
        let marketing = matches!(send.purpose, Purpose::Marketing | Purpose::MarketingSimilar);
        if marketing && (person.suppression.complained_at.is_some() || person.minor) {
            return Err("1: marketing after a complaint");
        }
        match send.purpose {
            Purpose::Legal | Purpose::Service if send.promo || send.coupon.is_some() => {
                Err("1: a notice that promotes")
            }
            Purpose::Legal => Ok(()),
            Purpose::Service => (!no(Topic::Service))
                .then_some(())
                .ok_or("1: notices refused"),
            Purpose::Care if no(Topic::Care) => Err("1: care refused"),
            Purpose::Care if send.channel == Channel::Sms => (agreed(Topic::Care)
                || agreed(Topic::Service))
            .then_some(())
            .ok_or("1: care by SMS without consent"),
            Purpose::Care => Ok(()),
            Purpose::Cart => {
                if no(Topic::Cart) || no(Topic::Marketing) {
                    return Err("1: cart reminder refused");
                }
                if agreed(Topic::Cart) || agreed(Topic::Marketing) {
                    return Ok(());
                }
                let cart = message.cart_id.clone().unwrap_or_default();
                let changed = self.stage.cart(&cart).map(|c| c.snapshot.updated_at);
                let late = changed
                    .is_none_or(|at| row.at.duration_since(at) > SignedDuration::from_hours(24));
                if send.promo || late || send.channel != Channel::Email {
                    return Err("1: a cart reminder without consent that is not plain and prompt");
                }
                if !self.lone_cart.insert(cart) {
                    return Err("1: a second cart reminder without consent");
                }
                Ok(())
            }
            Purpose::MarketingSimilar => {
                if no(Topic::MarketingSimilar) || no(Topic::Marketing) {
                    return Err("1: marketing refused");
                }
                if agreed(Topic::MarketingSimilar) || agreed(Topic::Marketing) {
                    return Ok(());
                }
                let bought = &person.purchases;
                let soft = send.channel == Channel::Email
                    && bought.orders > 0
                    && bought.notice.is_some()
                    && !bought.groups.is_empty();
                soft.then_some(())
                    .ok_or("1: marketing without consent or soft spam")
            }
            Purpose::Marketing => (agreed(Topic::Marketing) && !no(Topic::Marketing))
                .then_some(())
                .ok_or("1: marketing without consent"),
            Purpose::Feedback | Purpose::ThirdParty => Err("1: no journey of ours sends that"),
        }
    }

    /// 3: not early, and in allowed hours of Rome.
    fn timely(&self, row: &Row, message: &Message) -> Result<(), &'static str> {
        if row.at < message.due_at || row.at < message.decided_at {
            return Err("3: early");
        }
        if message.send.not_after.is_some_and(|limit| row.at > limit) {
            return Err("3: too late to make sense");
        }
        if let Some(coupon) = &message.send.coupon
            && row.at >= coupon.expires_at
        {
            return Err("3: an offer that is over");
        }
        let started = self
            .stage
            .runs()
            .find(|run| run.id == message.id.run())
            .map(|run| run.state.started_at);
        let hours = match message.send.step.as_str() {
            "guide_24h" | "sms_24h" => 24,
            "cross_sell_48h" | "sms_48h" => 48,
            "offer_72h" | "sms_72h" => 72,
            "offer_72h.reminder" => 96,
            "cart_1h" => 1,
            "cart_24h" => 25,
            "cart_72h" => 73,
            _ => 0,
        };
        if started.is_none_or(|at| row.at.duration_since(at) < SignedDuration::from_hours(hours)) {
            return Err("3: earlier than the journey says");
        }
        let local = row.at.to_zoned(ROME.clone());
        let (day, hour) = (local.weekday(), local.hour());
        let holiday = matches!(
            (local.month(), local.day()),
            (1, 1)
                | (1, 6)
                | (4, 25)
                | (5, 1)
                | (6, 2)
                | (8, 15)
                | (11, 1)
                | (12, 8)
                | (12, 25)
                | (12, 26)
        );
        let in_hours = match (message.send.purpose, message.send.channel) {
            (Purpose::Legal | Purpose::Service, _) => true,
            (_, Channel::Email) | (Purpose::Care, Channel::Sms) => (8..21).contains(&hour),
            (_, _) => match day {
                Weekday::Sunday => false,
                Weekday::Saturday => !holiday && (10..19).contains(&hour),
                _ => !holiday && (9..20).contains(&hour),
            },
        };
        in_hours.then_some(()).ok_or("3: in quiet hours")
    }

    /// 3: not over the cap, counting what truly left.
    fn capped(&mut self, row: &Row, message: &Message) -> Result<(), &'static str> {
        let purpose = message.send.purpose;
        let promotes = matches!(
            purpose,
            Purpose::Marketing | Purpose::MarketingSimilar | Purpose::Cart
        );
        if !promotes {
            return Ok(());
        }
        self.promo.push((row.customer_id, row.channel, row.at));
        if message.send.requested || purpose == Purpose::Cart {
            return Ok(());
        }
        let caps = &self.stage.shop().settings.caps;
        let count = |days: i64, channel: Option<Channel>| {
            let span = SignedDuration::from_hours(24 * days);
            let hit = |(who, on, at): &&(CustomerId, Channel, Timestamp)| {
                *who == row.customer_id
                    && channel.is_none_or(|c| c == *on)
                    && row.at.duration_since(*at) < span
            };
            self.promo.iter().filter(hit).count()
        };
        let over = count(7, Some(Channel::Email)) > usize::from(caps.email_per_7_days)
            && row.channel == Channel::Email
            || count(30, Some(Channel::Sms)) > usize::from(caps.sms_per_30_days)
                && row.channel == Channel::Sms
            || count(7, None) > usize::from(caps.all_per_7_days);
        if over { Err("3: over the cap") } else { Ok(()) }
    }

    /// 3: what it says holds at the moment it leaves.
    fn still_true(&self, message: &Message) -> Result<(), &'static str> {
        let order = message.order_id.and_then(|o| self.stage.order(o));
        let parcel = order.and_then(|o| o.tracked.iter().find(|p| Some(p.seq) == message.parcel));
        let cart = message.cart_id.as_ref().and_then(|c| self.stage.cart(c));
        let holds = match message.send.step.as_str() {
            "delivered" => parcel.is_some_and(|p| p.state.is_possession()),
            "out_for_delivery" => parcel.is_some_and(|p| p.state == ParcelState::OutForDelivery),
            "guide_24h" | "sms_24h" | "sms_48h" => order.is_some_and(|o| o.delivered_at.is_some()),
            "cross_sell_48h" | "offer_72h" | "offer_72h.reminder" | "sms_72h" => {
                order.is_some_and(|o| o.delivered_at.is_some() && o.stands())
            }
            "cart_1h" | "cart_24h" | "cart_72h" => cart.is_some_and(|c| c.is_open()),
            _ => true,
        };
        holds.then_some(()).ok_or("3: no longer true")
    }

    /// 2 and 4: nothing is left over that was promised or heard.
    fn look_at_the_end(&mut self) {
        let queued = self
            .stage
            .messages()
            .filter(|m| m.status == MessageStatus::Queued)
            .count();
        if queued > 0 {
            self.fail(format!(
                "2: {queued} messages never left and were never held back"
            ));
        }
        let mut coupons: HashMap<String, Timestamp> = HashMap::new();
        let mut moved = false;
        for coupon in self.stage.messages().filter_map(|m| m.send.coupon.as_ref()) {
            let expires = coupons
                .entry(coupon.code.clone())
                .or_insert(coupon.expires_at);
            moved |= *expires != coupon.expires_at;
        }
        if moved {
            self.fail("3: a coupon's end has moved".into());
        }
        let issued = self.stage.coupons();
        let again = issued.iter().enumerate().any(|(n, a)| {
            issued[..n].iter().any(|b| {
                let apart = a.issued_at.duration_since(b.issued_at);
                a.customer_id == b.customer_id
                    && a.campaign == b.campaign
                    && apart < SignedDuration::from_hours(30 * 24)
            })
        });
        if again {
            self.fail("2: one campaign's coupon twice within 30 days".into());
        }
        let mut stuck = Vec::new();
        for run in self.stage.runs() {
            match &run.state.phase {
                Phase::Closed { why, .. } => {
                    if *why == CloseReason::Endless {
                        stuck.push("a run went round in circles");
                    }
                }
                Phase::Waiting { until }
                | Phase::WaitingFor { until }
                | Phase::WatchingGoal { until } => {
                    if *until <= self.stage.now() {
                        stuck.push("a run slept through its time");
                    }
                }
            }
        }
        for what in stuck {
            self.fail(format!("2: {what}"));
        }
        if self.forgot {
            return; // then facts are rightly gone
        }
        let mut lost = Vec::new();
        for name in &self.told_orders {
            if self.stage.order_named(name).is_none() {
                lost.push(format!("4: order {name} was told and is not known"));
            }
        }
        let mut waiting = 0;
        for (order, ids) in &self.about {
            if self.told_orders.contains(order) {
                continue;
            }
            waiting += ids.len();
        }
        if waiting != self.stage.waiting() {
            lost.push(format!(
                "4: {waiting} events wait for an order, {} are kept",
                self.stage.waiting()
            ));
        }
        for (order, state, at) in &self.scans {
            let Some(order) = self.stage.order_named(order) else {
                continue;
            };
            let scans = order.tracked.iter().flat_map(|p| &p.checkpoints);
            let kept = scans
                .map(|k| &k.checkpoint)
                .any(|c| c.state == *state && c.at == *at);
            if !kept {
                lost.push(format!(
                    "4: a scan {} was heard and is not known",
                    state.as_str()
                ));
            }
        }
        for what in lost {
            self.fail(what);
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

fn number(order: &str) -> ParcelRef {
    ParcelRef {
        order: Some(order.to_owned()),
        number: Some(format!("{order}-1")),
        ..ParcelRef::default()
    }
}
