//! Looking at parcels: due looks are claimed by account, asked for within what the courier allows, and what is new is taken
//! in like anything that comes in. What is not new costs one row.

use super::{AccountKey, CALL_SECONDS_MAX, LEASE_MINUTES, LiveAccount, Way, after_s, doubled_s};
use crate::Engine;
use crate::intake::NewIntake;
use crate::ports::{
    ASKED_AT_ONCE_MAX, AccountState, Allowance, Ask, CallTurn, DueLook, Feed, FeedMoved, Found,
    LOOKS_CLAIM_MAX, LookDone, Looked, StoreError,
};
use crate::worker::pause;
use dopo_core::advance::Shop;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_core::italy::calendar::working_days_between;
use dopo_core::italy::hours::zone_named;
use dopo_core::order::Order;
use dopo_core::parcel::{Courier, LookAnswer, Parcel, Telling};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How often due looks are looked for.
const POLL: Duration = Duration::from_secs(1);
/// Calls of one account under way at once: a slow answer does not slow the next question down.
const LANES: usize = 4;
/// Seconds after which a round of one account ends, so that changed settings are seen.
const ROUND_SECONDS_MAX: u64 = 60;
/// Seconds to wait after the first call in a row that was put off, and at most.
const LATER_S: (i64, i64) = (60, 3_600);
/// Looks in a row that find nothing after which a number is no longer asked for: about a month.
const NOTHING_MAX: u16 = 40;
/// Looks in a row that find nothing before another account that covers the same courier is asked for the number, too.
const ELSEWHERE_AFTER: u16 = 3;
/// Numbers for which another account is asked in one go.
const ELSEWHERE_MAX: usize = 20;
/// Seconds that are waited for the other account's turn; else it is asked at the next look.
const ELSEWHERE_WAIT_S: i64 = 5;
/// Times a look at an unknown number is put off as long again, at most.
const RARER_MAX: u16 = 3;
/// Longest wait between two looks at an unknown number.
const RARER_HOURS_MAX: i64 = 24;
/// Whole working days without anything new from all of a courier's parcels after which its feed counts as silent.
const FEED_SILENT_WORKING_DAYS: u32 = 2;
/// Looks that must have found nothing new in that time.
const FEED_QUIET_LOOKS_MIN: u32 = 40;
/// Parcels that must be looked at: of fewer nothing can be told.
const FEED_PARCELS_MIN: u64 = 10;

/// Asks until told to stop.
pub(crate) async fn poll_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let busy: Arc<Mutex<HashSet<AccountKey>>> = Arc::default();
    let mut rounds = JoinSet::new();
    while !*stop.borrow() {
        match due_rounds(&engine).await {
            Ok(due) => {
                for (key, round) in due {
                    let mut taken = busy.lock().unwrap_or_else(PoisonError::into_inner);
                    if !taken.insert(key) {
                        continue;
                    }
                    let (engine, busy, stop) =
                        (Arc::clone(&engine), Arc::clone(&busy), stop.clone());
                    rounds.spawn(async move {
                        round.run(&engine, Some(stop)).await;
                        let mut taken = busy.lock().unwrap_or_else(PoisonError::into_inner);
                        taken.remove(&key);
                    });
                }
            }
            Err(error) => {
                metrics::counter!("dopo_store_errors_total").increment(1);
                tracing::error!(%error, "due looks could not be looked for");
            }
        }
        while let Some(done) = rounds.try_join_next() {
            if let Err(error) = done {
                tracing::error!(%error, "a round of looks ended badly");
            }
        }
        if pause(&mut stop, POLL).await {
            break;
        }
    }
    while rounds.join_next().await.is_some() {}
}

/// Looks at everything that is due now, once. Returns how many looks were claimed.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn poll_once(engine: &Arc<Engine>) -> Result<usize, StoreError> {
    let mut looked = 0;
    for (_, round) in due_rounds(engine).await? {
        looked += round.run(engine, None).await;
    }
    Ok(looked)
}

/// One account and its couriers with due looks; couriers that nobody is asked for have a round without an account.
struct Round {
    shop: ShopId,
    account: Option<Arc<LiveAccount>>,
    couriers: Vec<Courier>,
}

async fn due_rounds(engine: &Engine) -> Result<Vec<(AccountKey, Round)>, StoreError> {
    let mut ways = HashMap::new();
    let mut pairs = Vec::new();
    for shop in engine.shops() {
        let Some(live) = engine.live_shop(shop.id) else {
            continue;
        };
        if shop.disconnected {
            continue;
        }
        for courier in &shop.tracked {
            if let Some(way) = live.accounts.way(*courier) {
                ways.insert((shop.id, *courier), way);
                pairs.push((shop.id, *courier));
            }
        }
    }
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let waiting = engine.store.looks_waiting(&pairs, engine.now()).await?;
    let mut rounds: BTreeMap<AccountKey, Round> = BTreeMap::new();
    for (shop, courier) in waiting {
        let account = match ways.get(&(shop, courier)) {
            Some(Way::Ask(account)) => Some(Arc::clone(account)),
            Some(Way::Listen) => None,
            None => continue,
        };
        let key = (shop, account.as_ref().map_or("", |a| a.vendor.name));
        let resume_at = engine
            .fleet
            .pace(key, |pace| pace.resume_at.max(pace.turn_at));
        if resume_at.is_some_and(|at| Instant::now() < at) {
            continue;
        }
        let round = rounds.entry(key).or_insert_with(|| Round {
            shop,
            account,
            couriers: Vec::new(),
        });
        round.couriers.push(courier);
    }
    Ok(rounds.into_iter().collect())
}

impl Round {
    async fn run(self, engine: &Arc<Engine>, stop: Option<watch::Receiver<bool>>) -> usize {
        let allowance = self.account.as_ref().map_or(
            Allowance {
                per_call: LOOKS_CLAIM_MAX,
                per_day: None,
                gap: Duration::ZERO,
            },
            |account| account.desk.allowance(),
        );
        let per_call = match self.account {
            Some(_) => allowance.per_call.clamp(1, ASKED_AT_ONCE_MAX),
            None => LOOKS_CLAIM_MAX,
        };
        let name = self.account.as_ref().map_or("", |a| a.vendor.name);
        let gap = SignedDuration::try_from(allowance.gap).unwrap_or(SignedDuration::MAX);
        let round = Arc::new(self);
        let until = Instant::now() + Duration::from_secs(ROUND_SECONDS_MAX);
        let mut lanes = JoinSet::new();
        for _ in 0..LANES {
            let (engine, round) = (Arc::clone(engine), Arc::clone(&round));
            let mut stop = stop.clone();
            lanes.spawn(async move {
                let mut looked = 0;
                while Instant::now() < until {
                    match round.turn(&engine, gap, until, stop.as_mut()).await {
                        Ok(true) => {}
                        Ok(false) => return looked,
                        Err(error) => {
                            metrics::counter!("dopo_store_errors_total").increment(1);
                            tracing::error!(%error, "the turn of a call could not be taken");
                            return looked;
                        }
                    }
                    let put_off = engine.fleet.pace((round.shop, name), |pace| pace.resume_at);
                    if put_off.is_some_and(|at| Instant::now() < at)
                        || stop.as_ref().is_some_and(|stop| *stop.borrow())
                    {
                        return looked;
                    }
                    match round.call(&engine, per_call).await {
                        Ok(Some(some)) => looked += some,
                        Ok(None) => return looked,
                        Err(error) => {
                            metrics::counter!("dopo_store_errors_total").increment(1);
                            tracing::error!(%error, "looks could not be claimed or recorded");
                            return looked;
                        }
                    }
                }
                looked
            });
        }
        let mut looked = 0;
        while let Some(done) = lanes.join_next().await {
            match done {
                Ok(some) => looked += some,
                Err(error) => tracing::error!(%error, "a look ended badly"),
            }
        }
        looked
    }

    /// Waits for the account's next turn, which it shares with all nodes. False when it comes too late for this round, or
    /// the program stops.
    async fn turn(
        &self,
        engine: &Engine,
        gap: SignedDuration,
        until: Instant,
        stop: Option<&mut watch::Receiver<bool>>,
    ) -> Result<bool, StoreError> {
        let Some(account) = &self.account else {
            return Ok(true);
        };
        let key = (self.shop, account.vendor.name);
        let now = engine.now();
        let left = SignedDuration::try_from(until.saturating_duration_since(Instant::now()));
        let latest = left.ok().and_then(|left| now.checked_add(left).ok());
        let latest = latest.unwrap_or(now);
        let turn = engine
            .store
            .take_turn(self.shop, key.1, now, gap, latest)
            .await?;
        let wait = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
        match turn {
            CallTurn::At { at, put_off } => {
                engine.fleet.pace(key, |pace| pace.later = put_off);
                let wait = wait(at);
                match stop {
                    Some(stop) if !wait.is_zero() => Ok(!pause(stop, wait).await),
                    _ => {
                        tokio::time::sleep(wait).await;
                        Ok(true)
                    }
                }
            }
            CallTurn::NotBefore(at) => {
                engine.fleet.pace(key, |pace| {
                    pace.turn_at = Some(Instant::now() + wait(at));
                });
                Ok(false)
            }
        }
    }

    /// One call: claim, ask, take in, record. Returns how many were claimed; `None` when the round is over.
    async fn call(
        &self,
        engine: &Arc<Engine>,
        per_call: usize,
    ) -> Result<Option<usize>, StoreError> {
        let now = engine.now();
        let lease = now
            .checked_add(SignedDuration::from_mins(LEASE_MINUTES))
            .unwrap_or(Timestamp::MAX);
        let mut due = Vec::new();
        for courier in &self.couriers {
            if due.len() < per_call {
                let rest = per_call - due.len();
                due.extend(
                    engine
                        .store
                        .claim_looks(self.shop, *courier, now, lease, rest)
                        .await?,
                );
            }
        }
        let Some(shop) = engine.shop(self.shop).filter(|_| !due.is_empty()) else {
            return Ok(None);
        };
        let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let mut ids: Vec<OrderId> = due.iter().map(|one| one.look.order_id).collect();
        ids.dedup();
        let orders = engine.store.orders_by_id(self.shop, &ids).await?;
        let orders: HashMap<OrderId, Order> =
            orders.into_iter().map(|order| (order.id, order)).collect();
        let claimed = due.len();
        let mut batch = Batch {
            engine,
            shop,
            zone,
            now,
            vendor: self.account.as_ref().map_or("", |a| a.vendor.name),
            done: Vec::with_capacity(claimed),
            quiet: BTreeMap::new(),
            news: BTreeMap::new(),
            intakes: Vec::new(),
            silent: Vec::new(),
        };
        let mut asked: Vec<(DueLook, &Order, &Parcel)> = Vec::with_capacity(claimed);
        for one in due {
            let order = orders.get(&one.look.order_id);
            let parcel = order.and_then(|order| {
                let mut all = order.tracked.iter();
                let parcel = all.find(|p| p.seq == one.look.seq)?;
                (parcel.snapshot.number.as_deref() == Some(one.look.number.as_str()))
                    .then_some((order, parcel))
            });
            match parcel {
                Some((order, parcel)) => asked.push((one, order, parcel)),
                // Gone, or under another number, which has a look of its own.
                None => batch.end(&one, None, one.failures, one.told, None),
            }
        }
        let looked = match &self.account {
            None => None,
            Some(_) if asked.is_empty() => None,
            Some(account) => Some(self.ask(engine, account, &batch, &asked).await?),
        };
        let about = asked.first().map(|(_, o, _)| (o.customer_id, o.id));
        let elsewhere = match (&looked, about) {
            (Some(Looked::Answered(found)), Some(about)) => {
                self.ask_elsewhere(engine, &batch, found, &asked, about)
                    .await?
            }
            _ => HashMap::new(),
        };
        let goes_on = batch.take(looked, elsewhere, &asked);
        if let (Some(account), Some(about)) = (&self.account, about) {
            self.pace(engine, account, &goes_on, about).await?;
        }
        batch.write(self.shop, about).await?;
        Ok(matches!(goes_on, GoesOn::Yes).then_some(claimed))
    }

    async fn ask(
        &self,
        engine: &Engine,
        account: &LiveAccount,
        batch: &Batch<'_>,
        asked: &[(DueLook, &Order, &Parcel)],
    ) -> Result<Looked, StoreError> {
        if !engine.spend(self.shop, account, 1).await? {
            let tomorrow = batch.now.to_zoned(TimeZone::UTC).date().tomorrow().ok();
            let midnight = tomorrow.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
            let wait = midnight.map(|at| at.timestamp().duration_since(batch.now));
            return Ok(Looked::Later {
                after: wait.and_then(|wait| Duration::try_from(wait).ok()),
                why: "today's calls of this account are used up".to_owned(),
            });
        }
        let asks: Vec<Ask> = asked
            .iter()
            .map(|(due, order, parcel)| {
                let to = order.snapshot.ship_to.as_ref();
                let shipped_at = parcel.snapshot.shipped_at;
                Ask {
                    courier: due.look.courier,
                    number: due.look.number.clone(),
                    shipped_on: shipped_at.map(|at| batch.zone.to_datetime(at).date()),
                    postal_code: to.and_then(|to| to.postal_code.clone()),
                    country: to.and_then(|to| to.country.clone()),
                }
            })
            .collect();
        let _permit = Arc::clone(&engine.fleet.looks).acquire_owned().await;
        let began = Instant::now();
        let limit = Duration::from_secs(CALL_SECONDS_MAX);
        let looked = tokio::time::timeout(limit, account.desk.look(&asks)).await;
        let looked = looked.unwrap_or_else(|_| Looked::Later {
            after: None,
            why: "no answer in time".to_owned(),
        });
        let vendor = account.vendor.name;
        let word = match &looked {
            Looked::Answered(_) => "answered",
            Looked::Later { .. } => "later",
            Looked::Refused(_) => "refused",
        };
        metrics::counter!("dopo_courier_calls_total", "vendor" => vendor, "outcome" => word)
            .increment(1);
        metrics::histogram!("dopo_courier_call_seconds", "vendor" => vendor)
            .record(began.elapsed().as_secs_f64());
        Ok(looked)
    }

    /// Asks another account that covers the same courier for numbers which this one has not known several times in a row:
    /// which account knows a parcel, its number does not tell. They take turns, one for each look; the one that tells is
    /// asked again at the next. Within its turns and its budget. What is told, by the place in `asked`, with who told it.
    async fn ask_elsewhere(
        &self,
        engine: &Arc<Engine>,
        batch: &Batch<'_>,
        found: &[Found],
        asked: &[(DueLook, &Order, &Parcel)],
        about: (CustomerId, OrderId),
    ) -> Result<HashMap<usize, (&'static str, Telling)>, StoreError> {
        let mut told = HashMap::new();
        let live = engine.live_shop(self.shop);
        let (Some(own), Some(live)) = (&self.account, live) else {
            return Ok(told);
        };
        let mut calls: BTreeMap<&'static str, (Arc<LiveAccount>, Vec<usize>)> = BTreeMap::new();
        for (n, (due, ..)) in asked.iter().enumerate() {
            let unknown = matches!(found.get(n), Some(Found::Unknown) | None);
            if !unknown || due.failures < ELSEWHERE_AFTER {
                continue;
            }
            let others = live.accounts.others(due.look.courier, own.vendor.name);
            let turn = usize::from(due.failures) % others.len().max(1);
            if let Some(other) = others.get(turn) {
                let call = calls.entry(other.vendor.name);
                let (_, places) = call.or_insert_with(|| (Arc::clone(other), Vec::new()));
                places.push(n);
            }
        }
        for (vendor, (account, mut places)) in calls {
            let allowance = account.desk.allowance();
            places.truncate(allowance.per_call.clamp(1, ELSEWHERE_MAX));
            let now = engine.now();
            let latest = after_s(now, ELSEWHERE_WAIT_S);
            let gap = SignedDuration::try_from(allowance.gap).unwrap_or(SignedDuration::MAX);
            let store = &engine.store;
            let turn = store.take_turn(self.shop, vendor, now, gap, latest).await?;
            let CallTurn::At { at, .. } = turn else {
                continue;
            };
            let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
            tokio::time::sleep(wait).await;
            let these: Vec<_> = places.iter().map(|n| asked[*n].clone()).collect();
            let goes_on = match self.ask(engine, &account, batch, &these).await? {
                Looked::Answered(found) => {
                    for (n, one) in places.into_iter().zip(found) {
                        if let Found::Told(telling) = one {
                            told.insert(n, (vendor, *telling));
                        }
                    }
                    GoesOn::Yes
                }
                Looked::Later { after, why } => GoesOn::Later {
                    wait_s: wait_s(engine, (self.shop, vendor), after),
                    why,
                },
                Looked::Refused(why) => GoesOn::Refused(why),
            };
            self.pace(engine, &account, &goes_on, about).await?;
        }
        Ok(told)
    }

    /// Keeps the pace that the answer asks for.
    async fn pace(
        &self,
        engine: &Engine,
        account: &LiveAccount,
        goes_on: &GoesOn,
        about: (CustomerId, OrderId),
    ) -> Result<(), StoreError> {
        let key = (self.shop, account.vendor.name);
        match goes_on {
            GoesOn::Yes => {
                let put_off = engine
                    .fleet
                    .pace(key, |pace| std::mem::take(&mut pace.later));
                if put_off > 0 {
                    engine.store.put_off_calls(self.shop, key.1, None).await?;
                }
            }
            GoesOn::Later { wait_s, why } => {
                let until = after_s(engine.now(), *wait_s);
                let store = &engine.store;
                store.put_off_calls(self.shop, key.1, Some(until)).await?;
                let wait = Duration::from_secs(wait_s.unsigned_abs());
                engine.fleet.pace(key, |pace| {
                    pace.later = pace.later.saturating_add(1);
                    pace.resume_at = Some(Instant::now() + wait);
                });
                tracing::warn!(shop = %self.shop, vendor = key.1, %why, wait_s, "a courier answers later");
            }
            GoesOn::Refused(why) => {
                let why: String = why.chars().take(300).collect();
                let state = AccountState::Refused {
                    since: engine.now(),
                    why: why.clone(),
                };
                let store = &engine.store;
                if store.mark_courier_account(self.shop, key.1, &state).await? {
                    tracing::error!(shop = %self.shop, vendor = key.1, %why, "a courier refuses the account: give it anew");
                    let title = format!(
                        "{}: accesso rifiutato, da controllare",
                        account.vendor.title
                    );
                    engine
                        .courier_task(self.shop, about, "courier_account", title)
                        .await;
                    engine.refresh_shops().await?;
                }
            }
        }
        Ok(())
    }
}

/// Seconds to wait after a call that was put off: as long as was said, else longer with every one in a row.
fn wait_s(engine: &Engine, key: AccountKey, after: Option<Duration>) -> i64 {
    let tries = engine.fleet.pace(key, |pace| pace.later);
    after
        .map(|after| i64::try_from(after.as_secs()).unwrap_or(i64::MAX))
        .unwrap_or(doubled_s(LATER_S.0, LATER_S.1, tries))
        .clamp(1, 86_400)
}

/// What an answer means for the account.
enum GoesOn {
    Yes,
    Later { wait_s: i64, why: String },
    Refused(String),
}

/// What one call brings together.
struct Batch<'a> {
    engine: &'a Arc<Engine>,
    shop: Arc<Shop>,
    zone: TimeZone,
    now: Timestamp,
    vendor: &'static str,
    done: Vec<LookDone>,
    quiet: BTreeMap<Courier, u32>,
    news: BTreeMap<Courier, u32>,
    intakes: Vec<NewIntake>,
    /// Parcels whose silence is worth a word.
    silent: Vec<(Courier, NewIntake)>,
}

impl Batch<'_> {
    fn end(
        &mut self,
        due: &DueLook,
        next_at: Option<Timestamp>,
        failures: u16,
        told: Option<u64>,
        looked_at: Option<Timestamp>,
    ) {
        self.done.push(LookDone {
            order_id: due.look.order_id,
            seq: due.look.seq,
            lease: due.look.next_at.unwrap_or(self.now),
            next_at,
            failures,
            told,
            looked_at: looked_at.or(due.looked_at),
        });
    }

    /// Sorts what was answered.
    fn take(
        &mut self,
        looked: Option<Looked>,
        mut elsewhere: HashMap<usize, (&'static str, Telling)>,
        asked: &[(DueLook, &Order, &Parcel)],
    ) -> GoesOn {
        let found = match looked {
            None => {
                for (due, order, parcel) in asked {
                    let next = self.next_look(due, order, parcel);
                    self.end(due, next, 0, due.told, None);
                }
                return GoesOn::Yes;
            }
            Some(Looked::Answered(found)) => found,
            Some(Looked::Later { after, why }) => {
                let wait_s = wait_s(self.engine, (self.shop.id, self.vendor), after);
                self.put_back(asked);
                return GoesOn::Later { wait_s, why };
            }
            Some(Looked::Refused(why)) => {
                self.put_back(asked);
                return GoesOn::Refused(why);
            }
        };
        let mut found = found.into_iter();
        for (n, (due, order, parcel)) in asked.iter().enumerate() {
            let one = found.next();
            if let Some((vendor, telling)) = elsewhere.remove(&n) {
                // As often unknown here as before: the next look goes on to the same account.
                self.told(due, order, parcel, telling, (vendor, due.failures));
                continue;
            }
            match one {
                Some(Found::Told(telling)) => {
                    self.told(due, order, parcel, *telling, (self.vendor, 0));
                }
                Some(Found::Unknown) | None => self.nothing(due, order, parcel, "unknown"),
                Some(Found::Unreadable(why)) => {
                    tracing::warn!(vendor = self.vendor, %why, "a courier's answer could not be understood");
                    self.nothing(due, order, parcel, "unreadable");
                }
            }
        }
        GoesOn::Yes
    }

    /// Nothing was learnt: they come first next time.
    fn put_back(&mut self, asked: &[(DueLook, &Order, &Parcel)]) {
        for (due, ..) in asked {
            self.end(due, Some(self.now), due.failures, due.told, None);
        }
    }

    /// `by`: who told it, and how many looks in a row found nothing at the account that is asked first.
    fn told(
        &mut self,
        due: &DueLook,
        order: &Order,
        parcel: &Parcel,
        telling: Telling,
        by: (&'static str, u16),
    ) {
        let (vendor, failures) = by;
        let hash = hash_of(&telling);
        let courier = due.look.courier;
        if due.told == Some(hash) {
            self.answer(order, parcel, LookAnswer::Same);
            *self.quiet.entry(courier).or_default() += 1;
            metrics::counter!("dopo_looks_total", "vendor" => vendor, "found" => "unchanged")
                .increment(1);
            let next = self.next_look(due, order, parcel);
            self.end(due, next, failures, Some(hash), Some(self.now));
            return;
        }
        *self.news.entry(courier).or_default() += 1;
        metrics::counter!("dopo_looks_total", "vendor" => vendor, "found" => "news").increment(1);
        if parcel.last_ask().is_some_and(|ask| ask.answer.is_none()) {
            let news = parcel.clone().hear(&telling, self.now);
            let said = if news {
                LookAnswer::News
            } else {
                LookAnswer::Same
            };
            self.answer(order, parcel, said);
        }
        let event = Event::ParcelTracked {
            parcel: reference(order, parcel),
            telling: Box::new(telling),
        };
        // The telling before may come again: then it is news again.
        let lease = due.look.next_at.unwrap_or(self.now).as_second();
        let id = format!("{}:{hash:016x}:{lease}", due.look.number);
        self.intakes.push(intake(vendor, id, self.now, event));
        // Taking it in plans the next look by the parcel's new state; this stands where it changes nothing.
        let next = parcel.next_look(self.now, &self.zone);
        self.end(due, next, failures, Some(hash), Some(self.now));
    }

    /// Says what the courier answered to a person's question, where one waits. It goes before the news themselves: a
    /// question that is answered plans no look any more.
    fn answer(&mut self, order: &Order, parcel: &Parcel, answer: LookAnswer) {
        let Some(ask) = parcel.last_ask().filter(|ask| ask.answer.is_none()) else {
            return;
        };
        let event = Event::LookReported {
            parcel: reference(order, parcel),
            asked_at: ask.at,
            answer,
        };
        let asked = ask.at.as_microsecond();
        let id = format!("answer:{}:{}:{asked}", order.id, parcel.seq);
        self.intakes.push(intake("engine", id, self.now, event));
    }

    /// The courier does not know it, or cannot be understood: it is asked less and less often.
    fn nothing(&mut self, due: &DueLook, order: &Order, parcel: &Parcel, why: &'static str) {
        *self.quiet.entry(due.look.courier).or_default() += 1;
        metrics::counter!("dopo_looks_total", "vendor" => self.vendor, "found" => why).increment(1);
        self.answer(order, parcel, LookAnswer::Unknown);
        let failures = due.failures.saturating_add(1);
        let next = self.next_look(due, order, parcel).map(|next| {
            let wait = next.duration_since(self.now).as_secs().max(60);
            let most = RARER_HOURS_MAX * 3_600;
            let rarer = wait.saturating_mul(1 << due.failures.min(RARER_MAX));
            after_s(self.now, rarer.min(most).max(wait))
        });
        let next = next.filter(|_| failures < NOTHING_MAX);
        self.end(due, next, failures, due.told, Some(self.now));
    }

    /// When to look again; says that the courier is silent where it is.
    fn next_look(&mut self, due: &DueLook, order: &Order, parcel: &Parcel) -> Option<Timestamp> {
        let next = parcel.next_look(self.now, &self.zone)?;
        let Some(silent_at) = parcel.silent_at().filter(|_| parcel.silent_since.is_none()) else {
            return Some(next);
        };
        if self.now < silent_at {
            return Some(next.min(silent_at));
        }
        if let Some(since) = parcel.last_sign_at() {
            let event = Event::ParcelFellSilent {
                parcel: reference(order, parcel),
                since,
            };
            let id = format!("silent:{}:{}:{}", order.id, parcel.seq, since.as_second());
            let intake = intake("engine", id, self.now, event);
            self.silent.push((due.look.courier, intake));
        }
        Some(next)
    }

    /// Takes the news in, then records the looks.
    async fn write(
        mut self,
        shop: ShopId,
        about: Option<(CustomerId, OrderId)>,
    ) -> Result<(), StoreError> {
        let mut couriers: Vec<Courier> =
            self.quiet.keys().chain(self.news.keys()).copied().collect();
        couriers.sort_unstable();
        couriers.dedup();
        let moved: Vec<FeedMoved> = couriers
            .iter()
            .map(|courier| FeedMoved {
                courier: *courier,
                at: self.now,
                news: self.news.contains_key(courier),
                quiet_looks: self.quiet.get(courier).copied().unwrap_or(0),
            })
            .collect();
        let still: Vec<Courier> = self
            .silent
            .iter()
            .map(|(courier, _)| *courier)
            .chain(moved.iter().filter(|m| !m.news).map(|m| m.courier))
            .collect();
        let silent_feeds = self.silent_feeds(shop, &still, about).await?;
        for (courier, intake) in std::mem::take(&mut self.silent) {
            if !silent_feeds.contains(&courier) {
                self.intakes.push(intake);
            }
        }
        if !self.intakes.is_empty() {
            let intakes = std::mem::take(&mut self.intakes);
            if let Err(error) = self.engine.ingest(shop, intakes).await {
                // The looks come again when their lease is over.
                tracing::error!(%error, "what couriers told could not be taken in");
                return Ok(());
            }
        }
        self.engine
            .store
            .finish_looks(shop, &self.done, &moved)
            .await
    }

    /// Which of these couriers' feeds are silent; says so once for each.
    async fn silent_feeds(
        &self,
        shop: ShopId,
        of: &[Courier],
        about: Option<(CustomerId, OrderId)>,
    ) -> Result<HashSet<Courier>, StoreError> {
        let mut silent = HashSet::new();
        if of.is_empty() {
            return Ok(silent);
        }
        let store = &self.engine.store;
        let quiet = |feed: &Feed| {
            of.contains(&feed.courier)
                && !self.news.contains_key(&feed.courier)
                && feed.quiet_looks >= FEED_QUIET_LOOKS_MIN
                && whole_working_days(feed.heard_at, self.now, &self.zone)
                    >= FEED_SILENT_WORKING_DAYS
        };
        let feeds: Vec<Feed> = store.feeds(shop).await?.into_iter().filter(quiet).collect();
        if feeds.iter().all(|feed| feed.silent_since.is_some()) {
            return Ok(feeds.into_iter().map(|feed| feed.courier).collect());
        }
        let depth = store.looks_depth(shop, self.now).await?;
        for feed in feeds {
            let parcels = depth.iter().find(|(courier, ..)| *courier == feed.courier);
            if feed.silent_since.is_none()
                && parcels.is_none_or(|(_, all, _)| *all < FEED_PARCELS_MIN)
            {
                continue;
            }
            silent.insert(feed.courier);
            let since = feed.heard_at;
            if store.mark_feed_silent(shop, feed.courier, since).await? {
                let name = feed.courier.title();
                tracing::warn!(%shop, courier = feed.courier.as_str(), %since, "a courier's feed is silent");
                if let Some(about) = about {
                    let title =
                        format!("{name}: nessuna novità su tutte le spedizioni, da verificare");
                    self.engine
                        .courier_task(shop, about, "courier_silent", title)
                        .await;
                }
            }
        }
        Ok(silent)
    }
}

/// Working days that lie wholly between two moments: on Sundays and national holidays no courier scans.
fn whole_working_days(from: Timestamp, until: Timestamp, zone: &TimeZone) -> u32 {
    let day = |at| zone.to_datetime(at).date();
    let yesterday = day(until).yesterday().unwrap_or(day(until));
    working_days_between(day(from), yesterday, None)
}

fn reference(order: &Order, parcel: &Parcel) -> ParcelRef {
    ParcelRef {
        order: Some(order.snapshot.external_id.clone()),
        number: parcel.snapshot.number.clone(),
        carrier: parcel.snapshot.carrier.clone(),
        seq: Some(parcel.seq),
        ..ParcelRef::default()
    }
}

fn intake(source: &str, id: String, at: Timestamp, event: Event) -> NewIntake {
    NewIntake::event(source, EventLine { id, at, event }, None)
}

/// A telling as a number: the same one has the same.
fn hash_of(telling: &Telling) -> u64 {
    let text = serde_json::to_vec(telling).unwrap_or_default();
    let digest = Sha256::digest(&text);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_weekend_is_no_silence_of_a_courier() {
        let rome = TimeZone::get("Europe/Rome").expect("a zone");
        let days = |from: &str, until: &str| {
            let at = |text: &str| text.parse().expect("a moment");
            whole_working_days(at(from), at(until), &rome)
        };
        // Maundy Thursday to the Tuesday after Easter: Friday alone was a working day.
        assert_eq!(days("2026-04-02T15:00:00Z", "2026-04-07T06:00:00Z"), 1);
        // A Monday to the Thursday after.
        assert_eq!(days("2026-03-02T10:00:00Z", "2026-03-05T06:00:00Z"), 2);
        assert_eq!(days("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z"), 0);
    }
}
