//! When parcels arrive, as we expect it: learnt from a shop's own deliveries, told as an event of ours.
//!
//! Deliveries are counted by courier, place, weekday of the handing over and courier's days it took
//! ([`dopo_core::advance::Transit`]). From these counts of the last [`MONTHS_LEARNT`] months the estimator of `dopo-predict`
//! learns one curve for each courier and place, thin ones leaning on region, part of the country, courier and all. An
//! estimate is made when a parcel leaves and looked at again every morning: what has not come by today comes today or later.

use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::ports::StoreError;
use crate::worker::pause;
use dopo_core::advance::{
    LEARNT_DAYS_MAX, Shop, TRANSIT, Transit, Writes, courier_of, handed_over, place_of,
};
use dopo_core::event::{Event, Origin, ParcelRef};
use dopo_core::id::{OrderId, ShopId};
use dopo_core::italy::delivery::{MacroArea, Place};
use dopo_core::italy::hours::zone_named;
use dopo_core::italy::province::{Province, Region};
use dopo_core::order::Order;
use dopo_core::parcel::{Courier, Direction, Estimate, Parcel, ParcelState};
use dopo_core::shop::Dispatch;
use dopo_predict::{Days, Learner, Level, Outcome};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How many deliveries of a hundred fall into an estimate's interval: one in ten comes after its end.
pub const COVERAGE_PERCENT: u8 = 80;
/// Deliveries of a shop below which nothing is estimated.
pub const SAMPLE_MIN: u64 = 30;
/// Months of deliveries that are learnt from, this one included.
pub const MONTHS_LEARNT: i32 = 24;
/// Months that may still change: deliveries become known late and are taken back.
const MONTHS_MOVING: i32 = 2;
/// How long what was learnt holds.
const LEARNT_FOR: SignedDuration = SignedDuration::from_mins(60);
/// Hour of the day, in the shop's zone, from which on a courier no longer comes that day.
const DAY_ENDS_HOUR: i8 = 20;
/// Hour of the day, in the shop's zone, from which on the day's estimates are made.
const MORNING_HOUR: i8 = 6;
/// How long ago a parcel may have left to be estimated at once; others wait for the morning.
const JUST_LEFT: SignedDuration = SignedDuration::from_hours(24);
/// Orders read at once while estimates are made.
const ORDERS_AT_ONCE: usize = 100;
/// How often it is looked whether a day's estimates are due.
const ESTIMATES_POLL: Duration = Duration::from_secs(600);
/// Days after which a delivery counts half for what holds in the long run.
const LONG_HALF_LIFE_DAYS: f64 = 360.0;
/// The same for what is different lately; counts are by month, finer than that makes no sense.
const LATELY_HALF_LIFE_DAYS: f64 = 30.0;
/// Deliveries from which on "lately" speaks for itself; chosen on real orders (docs/decisions/0006).
const LATELY_STRENGTH: f64 = 64.0;

const LONG: Level = Level {
    half_life_days: LONG_HALF_LIFE_DAYS,
    strength: None,
};
const LEVELS: [Level; 7] = [
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    LONG,
    Level {
        half_life_days: LATELY_HALF_LIFE_DAYS,
        strength: Some(LATELY_STRENGTH),
    },
];

/// A cell of one level.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
enum Cell {
    All,
    Courier(Courier),
    Area(Courier, MacroArea),
    /// Minor islands and other countries have no region of their own.
    Region(Courier, MacroArea, Option<Region>),
    /// From here on where a parcel leaves from matters: what is wider serves a shop that has moved.
    Place(Courier, Leaves, Place),
    Weekday(Courier, Leaves, Place, u8),
    Lately(Courier, Leaves, MacroArea),
}

/// The province that parcels leave from, where the shop says.
type Leaves = Option<Province>;

fn path(courier: Courier, origin: Leaves, place: Place, weekday: u8) -> [Cell; LEVELS.len()] {
    let area = place.macro_area();
    let region = match place {
        Place::Province(province) => Some(province.region()),
        Place::MinorIsland(_) | Place::Abroad(_) => None,
    };
    [
        Cell::All,
        Cell::Courier(courier),
        Cell::Area(courier, area),
        Cell::Region(courier, area, region),
        Cell::Place(courier, origin, place),
        Cell::Weekday(courier, origin, place, weekday),
        Cell::Lately(courier, origin, area),
    ]
}

type Months = BTreeMap<Date, Vec<(Transit, u32)>>;

/// What a shop's deliveries say.
#[derive(Debug)]
pub struct Learnt {
    days: Days<Cell>,
    /// Deliveries it was learnt from.
    sample: u64,
    months: Months,
    /// Where parcels leave from now, and who delivers on Saturdays.
    dispatch: Dispatch,
    at: Timestamp,
}

impl Learnt {
    fn of(months: Months, dispatch: Dispatch, today: Date, at: Timestamp) -> Learnt {
        let here = dispatch.origin();
        let mut learner = Learner::new(&LEVELS, LEARNT_DAYS_MAX);
        let mut sample = 0;
        for (month, deliveries) in &months {
            let age = age_days(*month, today);
            for (transit, n) in deliveries {
                sample += u64::from(*n);
                // What left before the shop said from where, left from where it leaves now.
                let origin = transit.origin.or(here);
                let path = path(transit.courier, origin, transit.place, transit.weekday);
                let days = transit.days_if(dispatch.saturdays.contains(&transit.courier));
                learner.observe(&path, days, Outcome::Happened, age, *n);
            }
        }
        Learnt {
            days: learner.finish(),
            sample,
            months,
            dispatch,
            at,
        }
    }

    /// Deliveries it was learnt from.
    pub fn sample(&self) -> u64 {
        self.sample
    }

    /// When a parcel is expected; none where too little is known, where it does not go to a customer or is with them, where
    /// somebody has to act first, and on the day it is out for delivery.
    pub fn estimate(
        &self,
        order: &Order,
        parcel: &Parcel,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Option<Estimate> {
        let courier = courier_of(parcel)?;
        let handed_over = zone.to_datetime(handed_over(parcel)?).date();
        is_expected(parcel)
            .then(|| self.expect(courier, place_of(order)?, handed_over, now, zone))
            .flatten()
    }

    /// When a parcel is expected that was handed over on a day and is not there yet.
    fn expect(
        &self,
        courier: Courier,
        place: Place,
        handed_over: Date,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Option<Estimate> {
        if self.sample < SAMPLE_MIN {
            return None;
        }
        let weekday = handed_over.weekday().to_monday_one_offset() as u8;
        let origin = self.dispatch.origin();
        let curve = self.days.curve(&path(courier, origin, place, weekday))?;
        let days = place.courier_days(self.dispatch.saturdays.contains(&courier));
        let local = zone.to_datetime(now);
        let over = local.hour() >= DAY_ENDS_HOUR && days.is_working(local.date());
        // The earliest it can still be.
        let passed = days.between(handed_over, local.date(), LEARNT_DAYS_MAX) + u32::from(over);
        if passed >= LEARNT_DAYS_MAX {
            // Later than anything that was learnt: nobody knows.
            return None;
        }
        let interval = curve.given_not_before(passed).interval(COVERAGE_PERCENT);
        Some(Estimate {
            median: days.after(handed_over, interval.median),
            from: days.after(handed_over, interval.from),
            until: days.after(handed_over, interval.until),
            coverage_percent: COVERAGE_PERCENT,
            sample: u32::try_from(curve.sample()).unwrap_or(u32::MAX),
        })
    }
}

/// Days since the middle of a month, or of the part of it that is over.
fn age_days(month: Date, today: Date) -> f64 {
    let last = month.last_of_month().min(today);
    let middle = f64::from((last - month).get_days()) / 2.0;
    (f64::from((today - month).get_days()) - middle).max(0.0)
}

/// Whether an estimate says anything about a parcel.
fn is_expected(parcel: &Parcel) -> bool {
    parcel.is_live()
        && parcel.is_shipped()
        && parcel.direction == Direction::Outbound
        && !parcel.state.is_possession()
        && !parcel.state.needs_somebody()
        && !matches!(
            parcel.state,
            ParcelState::OutForDelivery | ParcelState::ReadyForPickup
        )
}

/// Whether two estimates tell a person the same.
fn says_the_same(a: &Estimate, b: &Estimate) -> bool {
    (a.from, a.median, a.until, a.coverage_percent)
        == (b.from, b.median, b.until, b.coverage_percent)
}

/// What was learnt, by shop, and for which day estimates were last made.
#[derive(Default)]
pub(crate) struct Promises {
    learnt: Mutex<HashMap<ShopId, Arc<Learnt>>>,
    made: Mutex<HashMap<ShopId, Date>>,
}

impl Promises {
    fn known(&self, shop: ShopId) -> Option<Arc<Learnt>> {
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.get(&shop).cloned()
    }
}

/// Orders of a batch with a parcel that left and has no estimate yet; filled while it is decided.
#[derive(Clone, Default)]
pub(crate) struct Shipped(Arc<Mutex<Vec<OrderId>>>);

impl Shipped {
    /// Looks through what was decided; `live` is false for imports.
    pub(crate) fn note(&self, writes: &Writes, live: bool, now: Timestamp) {
        let mut orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A transaction may be decided again after a conflict: the last time counts.
        orders.clear();
        if live {
            let just_left = |parcel: &Parcel| {
                let at = handed_over(parcel);
                at.is_some_and(|at| now.duration_since(at).abs() < JUST_LEFT)
            };
            let waits = |parcel: &Parcel| {
                parcel.estimate.is_none()
                    && is_expected(parcel)
                    && just_left(parcel)
                    && courier_of(parcel).is_some()
            };
            let with = writes.orders.iter();
            let with = with.filter(|o| o.tracked.iter().any(waits) && place_of(o).is_some());
            orders.extend(with.map(|order| order.id));
        }
    }
}

impl Engine {
    /// What this shop's deliveries say; learnt anew when it is older than an hour.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn learnt_promises(&self, shop: &Shop) -> Result<Arc<Learnt>, StoreError> {
        let now = self.now();
        let known = self.promises.known(shop.id);
        if let Some(known) = &known
            && now.duration_since(known.at).abs() < LEARNT_FOR
            && known.dispatch == shop.settings.dispatch
        {
            return Ok(Arc::clone(known));
        }
        let today = self.today(shop);
        let month = |back: i32| {
            let first = today.first_of_month();
            first.saturating_sub(Span::new().months(back))
        };
        let (first, moving) = (month(MONTHS_LEARNT - 1), month(MONTHS_MOVING - 1));
        let mut months = Months::new();
        let mut from = first;
        if let Some(known) = known.filter(|known| known.at < now) {
            // What was settled when it was last read is settled still.
            let read_on = zone_of(shop).to_datetime(known.at).date().first_of_month();
            let settled = read_on.saturating_sub(Span::new().months(MONTHS_MOVING - 1));
            from = settled.min(moving).max(first);
            let old = known.months.range(first..from);
            months.extend(old.map(|(month, seen)| (*month, seen.clone())));
        }
        // Month by month: a large shop's two years are twenty times what one month is.
        while from <= today {
            for (key, n) in self.store.counters(shop.id, TRANSIT, from, from).await? {
                if key.metric == TRANSIT
                    && let (Some(transit), Ok(n)) = (Transit::parse(&key.dim), u32::try_from(n))
                    && n > 0
                {
                    months.entry(key.day).or_default().push((transit, n));
                }
            }
            from = from.saturating_add(Span::new().months(1));
        }
        let learnt = Arc::new(Learnt::of(
            months,
            shop.settings.dispatch.clone(),
            today,
            now,
        ));
        let mut all = self
            .promises
            .learnt
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.insert(shop.id, Arc::clone(&learnt));
        Ok(learnt)
    }

    /// When a parcel of an order is expected, as known now; none where nothing can be said.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn estimate(
        &self,
        shop: &Shop,
        order: &Order,
        parcel: &Parcel,
    ) -> Result<Option<Estimate>, StoreError> {
        let learnt = self.learnt_promises(shop).await?;
        Ok(learnt.estimate(order, parcel, self.now(), &zone_of(shop)))
    }

    /// Listens for parcels that leave. Where too little is known of a shop to estimate anything, nobody listens.
    pub(crate) fn listen_for_shipped(&self, shop: ShopId) -> Option<Shipped> {
        let known = self.promises.known(shop);
        let fresh = known.filter(|k| self.now().duration_since(k.at).abs() < LEARNT_FOR);
        let too_few = fresh.is_some_and(|known| known.sample < SAMPLE_MIN);
        (!too_few).then(Shipped::default)
    }

    /// Estimates parcels that left. Call it once the batch is committed; it goes on by itself.
    pub(crate) fn estimate_shipped(self: &Arc<Self>, shop: ShopId, shipped: Option<Shipped>) {
        let Some(shipped) = shipped else { return };
        let mut orders = shipped.0.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = std::mem::take(&mut *orders);
        if orders.is_empty() {
            return;
        }
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = engine.estimate_orders(shop, &orders).await {
                tracing::warn!(%error, "parcels that left could not be estimated; the morning will");
            }
        });
    }

    async fn estimate_orders(&self, shop: ShopId, ids: &[OrderId]) -> Result<usize, IngestError> {
        let Some(shop) = self.shop(shop) else {
            return Ok(0);
        };
        let learnt = self.learnt_promises(&shop).await.map_err(Arc::new)?;
        if learnt.sample < SAMPLE_MIN {
            return Ok(0);
        }
        let mut told = 0;
        for ids in ids.chunks(ORDERS_AT_ONCE) {
            let orders = self.store.orders_by_id(shop.id, ids).await;
            told += self
                .tell_estimates(&shop, &learnt, &orders.map_err(Arc::new)?)
                .await?;
        }
        Ok(told)
    }

    /// Takes in what changed of the estimates of these orders; how many.
    async fn tell_estimates(
        &self,
        shop: &Shop,
        learnt: &Learnt,
        orders: &[Order],
    ) -> Result<usize, IngestError> {
        let (now, zone) = (self.now(), zone_of(shop));
        let intakes: Vec<NewIntake> = orders
            .iter()
            .flat_map(|order| estimates(learnt, order, now, &zone))
            .collect();
        let told = intakes.len();
        if told > 0 {
            self.ingest(shop.id, intakes).await?;
        }
        Ok(told)
    }

    /// Looks at the estimates of everything under way, once each day and shop, from the morning on; how many changed.
    ///
    /// # Errors
    /// [`IngestError`]; the shop's turn comes again then.
    pub async fn estimates_due(&self) -> Result<usize, IngestError> {
        let mut told = 0;
        for shop in self.shops() {
            let local = zone_of(&shop).to_datetime(self.now());
            let made = {
                let made = &self.promises.made;
                let made = made.lock().unwrap_or_else(PoisonError::into_inner);
                made.get(&shop.id).copied()
            };
            if local.hour() < MORNING_HOUR || made == Some(local.date()) {
                continue;
            }
            told += self.estimate_under_way(&shop).await?;
            let made = &self.promises.made;
            let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
            made.insert(shop.id, local.date());
        }
        Ok(told)
    }

    async fn estimate_under_way(&self, shop: &Shop) -> Result<usize, IngestError> {
        let learnt = self.learnt_promises(shop).await.map_err(Arc::new)?;
        if learnt.sample < SAMPLE_MIN {
            return Ok(0);
        }
        let (mut told, mut after) = (0, None);
        loop {
            let orders = self
                .store
                .orders_under_way(shop.id, after, ORDERS_AT_ONCE)
                .await
                .map_err(Arc::new)?;
            let Some(last) = orders.iter().map(|order| order.id).max() else {
                return Ok(told);
            };
            after = Some(last);
            told += self.tell_estimates(shop, &learnt, &orders).await?;
        }
    }
}

fn zone_of(shop: &Shop) -> TimeZone {
    zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC)
}

/// The estimates of an order's parcels that say something else than before.
fn estimates(learnt: &Learnt, order: &Order, now: Timestamp, zone: &TimeZone) -> Vec<NewIntake> {
    let news = |parcel: &Parcel| {
        let estimate = learnt.estimate(order, parcel, now, zone)?;
        let before = parcel.estimate.as_ref();
        (!before.is_some_and(|before| says_the_same(before, &estimate))).then_some(estimate)
    };
    order
        .tracked
        .iter()
        .filter_map(|parcel| Some((parcel, news(parcel)?)))
        .map(|(parcel, estimate)| {
            let today = zone.to_datetime(now).date();
            let Estimate {
                from,
                median,
                until,
                ..
            } = estimate;
            NewIntake {
                source: "engine".to_owned(),
                external_id: format!(
                    "estimate-{}-{}-{today}-{from}-{median}-{until}",
                    order.id, parcel.seq
                ),
                topic: "parcel_estimated".to_owned(),
                body: None,
                events: vec![(
                    now,
                    Event::ParcelEstimated {
                        parcel: ParcelRef {
                            order: Some(order.snapshot.external_id.clone()),
                            number: parcel.snapshot.number.clone(),
                            external_id: parcel.snapshot.external_id.clone(),
                            seq: Some(parcel.seq),
                            ..ParcelRef::default()
                        },
                        estimate,
                    },
                )],
                note: None,
                failed: false,
                origin: Origin::Live,
            }
        })
        .collect()
}

/// Makes the day's estimates, day by day.
pub(crate) async fn estimates_loop(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    loop {
        match engine.estimates_due().await {
            Ok(0) => {}
            Ok(told) => tracing::debug!(told, "estimates changed"),
            Err(error) => tracing::warn!(%error, "estimates could not be made; trying again soon"),
        }
        if pause(&mut stop, ESTIMATES_POLL).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::advance::ORIGIN_UNKNOWN;
    use jiff::civil::date;

    /// Deliveries by `courier|place|weekday|days` and how many, in one month.
    fn learnt(deliveries: &[(&str, &str, u32, u32)]) -> Learnt {
        let today = date(2026, 11, 22);
        let mut months = Months::new();
        for (courier, place, days, n) in deliveries {
            for weekday in 1..=5 {
                let dim = format!("{courier}|{ORIGIN_UNKNOWN}|{place}|{weekday}|{days}");
                let transit = Transit::parse(&dim).expect("a dimension");
                let month = months.entry(date(2026, 10, 1)).or_default();
                month.push((transit, *n));
            }
        }
        Learnt::of(months, Dispatch::default(), today, Timestamp::UNIX_EPOCH)
    }

    /// BRT brings 20 of 100 the next day, 60 the day after, 20 on the third; to Sardinia two days later.
    fn usual() -> Learnt {
        let mut all = Vec::new();
        for place in ["MI", "BG", "RM", "FI", "NA"] {
            all.extend([
                ("brt", place, 1, 4),
                ("brt", place, 2, 12),
                ("brt", place, 3, 4),
            ]);
        }
        for place in ["CA", "SS"] {
            all.extend([
                ("brt", place, 3, 4),
                ("brt", place, 4, 12),
                ("brt", place, 5, 4),
            ]);
        }
        learnt(&all)
    }

    fn expect(learnt: &Learnt, place: &str, handed_over: Date, now: &str) -> Option<Estimate> {
        let zone = TimeZone::get("Europe/Rome").expect("a zone");
        let place = Place::parse(place).expect("a place");
        let now = now.parse().expect("a time");
        learnt.expect(Courier::Brt, place, handed_over, now, &zone)
    }

    /// A number between 0 and 1, the same for the same `n` (splitmix64).
    fn dice(n: u64) -> f64 {
        let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Courier's days a made-up delivery takes: a courier, an island and now and then a lost day more.
    fn made_up(courier: Courier, place: Place, n: u64) -> u32 {
        let island = match place.macro_area() {
            MacroArea::Sicily | MacroArea::Sardinia => 2,
            MacroArea::South => 1,
            _ => 0,
        };
        let slow = u32::from(courier == Courier::Poste);
        let mut days = 1 + island + slow;
        let mut n = n;
        while dice(n) < 0.35 && days < 20 {
            days += 1;
            n = n.wrapping_add(0x1234_5678_9abc);
        }
        days
    }

    #[test]
    fn intervals_hold_what_they_say_for_every_part_of_the_country() {
        let couriers = [Courier::Brt, Courier::Poste, Courier::GlsItaly];
        let provinces: Vec<Place> = Province::all().map(Place::Province).collect();
        let mut months = Months::new();
        let (mut n, first) = (0_u64, date(2025, 12, 1));
        for month in 0..12 {
            let deliveries = months
                .entry(first.saturating_add(Span::new().months(month)))
                .or_default();
            // Some places get many parcels, most get few.
            for (at, place) in provinces.iter().enumerate() {
                for _ in 0..=(at % 12) * (at % 7) / 4 {
                    n += 1;
                    let courier = couriers[n as usize % couriers.len()];
                    let transit = Transit {
                        courier,
                        origin: None,
                        saturdays: false,
                        place: *place,
                        weekday: 1 + (n % 5) as u8,
                        days: made_up(courier, *place, n),
                    };
                    deliveries.push((transit, 1));
                }
            }
        }
        let today = date(2026, 11, 22);
        let learnt = Learnt::of(months, Dispatch::default(), today, Timestamp::UNIX_EPOCH);
        let mut inside: BTreeMap<MacroArea, (u32, u32)> = BTreeMap::new();
        for (at, place) in provinces.iter().cycle().take(20_000).enumerate() {
            let n = 1_000_000 + at as u64;
            let courier = couriers[at % couriers.len()];
            let curve = learnt
                .days
                .curve(&path(courier, None, *place, 1 + (at % 5) as u8));
            let interval = curve.expect("a curve").interval(COVERAGE_PERCENT);
            let took = made_up(courier, *place, n);
            let (all, hits) = inside.entry(place.macro_area()).or_default();
            *all += 1;
            *hits += u32::from((interval.from..=interval.until).contains(&took));
        }
        for (area, (all, hits)) in inside {
            let share = f64::from(hits) / f64::from(all);
            assert!(share >= 0.8, "{area:?} {share}");
        }
    }

    fn days(estimate: Option<Estimate>) -> Option<(i8, i8, i8)> {
        estimate.map(|e| (e.from.day(), e.median.day(), e.until.day()))
    }

    #[test]
    fn an_estimate_counts_working_days_of_the_place() {
        let learnt = usual();
        let found = |place, day, now| days(expect(&learnt, place, day, now));
        // Monday 16 November.
        let monday = date(2026, 11, 16);
        let noon = "2026-11-16T12:00:00+01:00";
        assert_eq!(found("RM", monday, noon), Some((17, 18, 19)));
        assert_eq!(found("CA", monday, noon), Some((19, 20, 23)));
        // Friday 4 December: in Milan the 7th is Sant'Ambrogio, everywhere the 8th is a holiday.
        let friday = date(2026, 12, 4);
        let noon = "2026-12-04T12:00:00+01:00";
        assert_eq!(found("RM", friday, noon), Some((7, 9, 10)));
        assert_eq!(found("MI", friday, noon), Some((9, 10, 11)));
    }

    #[test]
    fn a_courier_that_delivers_on_saturdays_is_expected_on_them() {
        let mut dispatch = Dispatch::default();
        dispatch.saturdays.insert(Courier::Brt);
        let today = date(2026, 11, 22);
        let found = |learnt: &Learnt, now| days(expect(learnt, "RM", date(2026, 11, 20), now));
        // Friday 20 November.
        let noon = "2026-11-20T12:00:00+01:00";
        assert_eq!(found(&usual(), noon), Some((23, 24, 25)));
        // What was counted before Saturdays did is read anew: one of the five weekdays has one on its way.
        let learnt = Learnt::of(
            usual().months,
            dispatch.clone(),
            today,
            Timestamp::UNIX_EPOCH,
        );
        let (from, ..) = found(&learnt, noon).expect("an estimate");
        assert!((21..=23).contains(&from), "{from}");
        // Counted with Saturdays from the beginning: the day after is one.
        let mut months = Months::new();
        for weekday in 1..=6 {
            let dim = format!("brt|BO+6|RM|{weekday}|1");
            let transit = Transit::parse(&dim).expect("a dimension");
            let month = months.entry(date(2026, 10, 1)).or_default();
            month.push((transit, 20));
        }
        let learnt = Learnt::of(months, dispatch, today, Timestamp::UNIX_EPOCH);
        assert_eq!(found(&learnt, noon), Some((21, 21, 21)));
    }

    #[test]
    fn a_shop_that_has_moved_leans_on_what_is_wider_and_soon_knows_its_new_place() {
        let from_bologna = |moved: &[(&str, u32, u32)]| {
            let mut months = usual().months;
            for (origin, days, n) in moved {
                for weekday in 1..=5 {
                    let dim = format!("brt|{origin}|RM|{weekday}|{days}");
                    let transit = Transit::parse(&dim).expect("a dimension");
                    let month = months.entry(date(2026, 11, 1)).or_default();
                    month.push((transit, *n));
                }
            }
            let dispatch = Dispatch {
                province: Some("BO".to_owned()),
                ..Dispatch::default()
            };
            Learnt::of(months, dispatch, date(2026, 11, 22), Timestamp::UNIX_EPOCH)
        };
        let monday = date(2026, 11, 16);
        let noon = "2026-11-16T12:00:00+01:00";
        let found = |learnt: &Learnt| days(expect(learnt, "RM", monday, noon));
        // Deliveries that say no origin count for the one that is said now.
        assert_eq!(found(&from_bologna(&[])), Some((17, 18, 19)));
        // Those of another origin do not; many of the new one say it all.
        let slow_elsewhere = from_bologna(&[("CA", 9, 40)]);
        let (.., until) = found(&slow_elsewhere).expect("an estimate");
        assert!(until < 27, "{until}");
        let slow_here = from_bologna(&[("BO", 9, 400)]);
        let (_, median, _) = found(&slow_here).expect("an estimate");
        assert_eq!(median, 27);
    }

    #[test]
    fn a_place_never_delivered_to_is_expected_as_its_part_of_the_country() {
        let learnt = usual();
        let monday = date(2026, 11, 16);
        let noon = "2026-11-16T12:00:00+01:00";
        assert_eq!(
            days(expect(&learnt, "NU", monday, noon)),
            days(expect(&learnt, "CA", monday, noon))
        );
        let unknown = expect(&learnt, "NU", monday, noon).expect("an estimate");
        assert_eq!((unknown.coverage_percent, unknown.sample), (80, 200));
        assert_eq!(
            days(expect(&learnt, "VE", monday, noon)),
            Some((17, 18, 20)),
            "all deliveries, Sardinia's among them"
        );
    }

    #[test]
    fn what_has_not_come_is_expected_from_today_and_after_the_evening_from_tomorrow() {
        let learnt = usual();
        let monday = date(2026, 11, 16);
        let found = |now| days(expect(&learnt, "RM", monday, now));
        assert_eq!(found("2026-11-18T12:00:00+01:00"), Some((18, 18, 19)));
        assert_eq!(found("2026-11-18T20:30:00+01:00"), Some((19, 19, 19)));
        // Later than anything seen in Rome: what is known of slower parcels elsewhere.
        let late = found("2026-11-20T12:00:00+01:00").expect("an estimate");
        assert!(late.0 >= 20, "{late:?}");
        assert_eq!(found("2027-01-20T12:00:00+01:00"), None, "nobody knows");
    }

    #[test]
    fn too_few_deliveries_say_nothing() {
        let few = learnt(&[("brt", "RM", 2, 5)]);
        assert_eq!(few.sample(), 25);
        let now = "2026-11-16T12:00:00+01:00";
        assert_eq!(expect(&few, "RM", date(2026, 11, 16), now), None);
    }

    #[test]
    fn deliveries_fade_by_the_middle_of_their_month() {
        assert!((age_days(date(2026, 10, 1), date(2026, 11, 22)) - 37.0).abs() < 1e-9);
        assert!((age_days(date(2026, 11, 1), date(2026, 11, 21)) - 10.0).abs() < 1e-9);
        assert_eq!(age_days(date(2026, 11, 1), date(2026, 11, 1)), 0.0);
    }

    #[test]
    fn an_order_is_told_only_what_is_new() {
        let learnt = usual();
        let zone = TimeZone::get("Europe/Rome").expect("a zone");
        let now: Timestamp = "2026-11-16T12:00:00+01:00".parse().expect("a time");
        let parcel = |estimate| {
            let snapshot = dopo_core::parcel::ParcelSnapshot {
                carrier: Some("Bartolini".to_owned()),
                number: Some("1".to_owned()),
                shipped_at: Some(now),
                ..Default::default()
            };
            Parcel {
                snapshot,
                estimate,
                ..Parcel::default()
            }
        };
        let mut order: Order = serde_json::from_value(serde_json::json!({
            "id": 1, "customer_id": 1, "tracked": [],
            "external_id": "A1", "number": "#A1", "placed_at": now, "updated_at": now,
            "person": { "who": {} }, "lines": [], "payment": "paid",
            "total": { "cents": 100, "currency": "EUR" },
            "ship_to": { "province": "RM" },
        }))
        .expect("an order");
        order.tracked = vec![parcel(None)];
        let told = estimates(&learnt, &order, now, &zone);
        assert_eq!(told.len(), 1);
        let Some((
            _,
            Event::ParcelEstimated {
                parcel: of,
                estimate,
            },
        )) = told[0].events.first()
        else {
            panic!("no estimate");
        };
        assert_eq!((of.order.as_deref(), of.seq), (Some("A1"), Some(0)));
        order.tracked = vec![parcel(Some(Estimate {
            sample: 1,
            ..*estimate
        }))];
        assert_eq!(estimates(&learnt, &order, now, &zone).len(), 0);
        order.tracked[0].state = ParcelState::Delivered;
        order.tracked[0].estimate = None;
        assert_eq!(estimates(&learnt, &order, now, &zone).len(), 0);
    }
}
