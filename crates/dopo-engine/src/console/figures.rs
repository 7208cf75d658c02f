//! The first page: figures of a period, sliced, with the period before, from counters alone.

use crate::Engine;
use crate::console::at_risk::Gauged;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::consent::Channel;
use dopo_core::counter::{CounterKey, NOW};
use dopo_core::gate::Reason;
use dopo_core::id::ShopId;
use dopo_core::italy::{Locale, Province, Region};
use dopo_core::kpi::{Kpi, Span, Sums, days_between, sentence};
use dopo_core::message::MessageStatus;
use dopo_core::money::Currency;
use dopo_core::order::Standing;
use dopo_core::parcel::ParcelState;
use dopo_core::words::{self, Words};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Days of one period.
pub const PERIOD_DAYS_MAX: i64 = 800;
/// Messages in trouble that are counted; more are said as this many.
pub const TROUBLE_COUNTED_MAX: usize = 200;

/// Which part of the shop the figures are about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Slice {
    /// All of it.
    #[default]
    All,
    /// Messages on one channel.
    Channel(Channel),
    /// Messages of one journey.
    Journey(String),
    /// People of one province.
    Province(Province),
    /// People of one region: the sum of its provinces.
    Region(Region),
}

impl Slice {
    /// Whether a counter of this dimension belongs to it.
    fn holds(&self, dim: &str) -> bool {
        match self {
            Slice::All => dim.is_empty(),
            Slice::Channel(channel) => dim.strip_prefix("channel/") == Some(channel.as_str()),
            Slice::Journey(journey) => dim.strip_prefix("journey/") == Some(journey),
            Slice::Province(province) => dim.strip_prefix("province/") == Some(province.code()),
            Slice::Region(region) => province(dim).is_some_and(|p| p.region() == *region),
        }
    }

    /// The provinces it is of, by their letters; none for a part that is no place.
    pub fn provinces(&self) -> Vec<String> {
        match self {
            Slice::All | Slice::Channel(_) | Slice::Journey(_) => Vec::new(),
            Slice::Province(province) => vec![province.code().to_owned()],
            Slice::Region(region) => provinces_in(*region),
        }
    }

    /// Whether orders are counted in it: a channel or a journey has messages.
    pub fn counts_orders(&self) -> bool {
        !matches!(self, Slice::Channel(_) | Slice::Journey(_))
    }

    /// What is counted of a place (`MI/lost`), where the place belongs to it.
    fn in_place<'d>(&self, dim: &'d str) -> Option<&'d str> {
        let (code, what) = dim.split_once('/')?;
        let place = Province::parse(code).ok()?;
        let holds = match self {
            Slice::Province(province) => place == *province,
            Slice::Region(region) => place.region() == *region,
            Slice::All | Slice::Channel(_) | Slice::Journey(_) => false,
        };
        holds.then_some(what)
    }

    /// What a gauge of orders or parcels counts, where it belongs to it: gauges of places for places, else those of all.
    fn gauged<'d>(&self, key: &'d CounterKey, all: &str, by_place: &str) -> Option<&'d str> {
        match self {
            Slice::All => (&*key.metric == all).then_some(&*key.dim),
            Slice::Province(_) | Slice::Region(_) if &*key.metric == by_place => {
                self.in_place(&key.dim)
            }
            _ => None,
        }
    }
}

fn province(dim: &str) -> Option<Province> {
    Province::parse(dim.strip_prefix("province/")?).ok()
}

/// A part of the shop with its sums.
#[derive(Clone, Debug)]
pub struct Part {
    /// `email`, `after_delivery`, `BO`, `emilia_romagna`.
    pub id: String,
    /// Italian name.
    pub name_it: String,
    /// English name.
    pub name_en: String,
    /// Sums over the period.
    pub sums: Sums,
}

/// How many there are at this moment; `None` where that is not counted for the part of the shop that is asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// People known.
    pub customers: Option<i64>,
    /// Orders that are neither delivered nor cancelled; of the shop and of places.
    pub orders_open: Option<i64>,
    /// Orders that need somebody; of the shop and of places.
    pub orders_trouble: Option<i64>,
    /// People at risk, as [`dopo_core::risk`] says; of the shop and of places.
    pub people_at_risk: Option<u64>,
    /// Tasks open.
    pub tasks_open: Option<i64>,
    /// Runs of journeys that are active; of the shop and of journeys.
    pub runs: Option<i64>,
    /// Messages that may leave now and have not yet; where several shops share the queue, among the first
    /// [`SCAN_ROWS_MAX`](crate::ports::SCAN_ROWS_MAX) of this one.
    pub queue_due: Option<u64>,
    /// Messages that wait for their time, counted alike.
    pub queue_later: Option<u64>,
    /// Messages that failed or are in doubt, up to [`TROUBLE_COUNTED_MAX`].
    pub failed_messages: Option<u64>,
    /// Raw events that could not be used.
    pub failed_inbox: Option<u64>,
}

/// The figures of a period.
#[derive(Clone, Debug)]
pub struct Figures {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// The zone in which days are days.
    pub zone: String,
    /// Which part of the shop.
    pub slice: Slice,
    /// Sums over the period.
    pub sums: Sums,
    /// Sums over as many days before.
    pub before: Sums,
    /// Sums of each day of the period, every day there.
    pub days: BTreeMap<Date, Sums>,
    /// What was held back and why, most frequent first.
    pub held_back: Vec<(Reason, i64)>,
    /// Where parcels are now, most frequent first; `None` for a channel or a journey.
    pub parcels: Option<Vec<(ParcelState, i64)>>,
    /// How many there are now.
    pub now: Now,
    /// The sentence, Italian.
    pub sentence_it: String,
    /// The sentence, English.
    pub sentence_en: String,
    /// By channel.
    pub channels: Vec<Part>,
    /// By journey.
    pub journeys: Vec<Part>,
    /// By province.
    pub provinces: Vec<Part>,
    /// By region.
    pub regions: Vec<Part>,
}

/// A region's stable name in the API.
pub fn region_id(region: Region) -> String {
    serde_json::to_value(region)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// The region of a stable name or of its Italian name.
pub fn region(name: &str) -> Option<Region> {
    Region::ALL
        .into_iter()
        .find(|region| region_id(*region) == name || region.name().eq_ignore_ascii_case(name))
}

/// The provinces of a region, by their letters.
pub fn provinces_in(region: Region) -> Vec<String> {
    Province::all()
        .filter(|province| province.region() == region)
        .map(|province| province.code().to_owned())
        .collect()
}

/// The name of a region in English, where it has one of its own.
fn region_en(region: Region) -> &'static str {
    match region {
        Region::Piemonte => "Piedmont",
        Region::ValleDAosta => "Aosta Valley",
        Region::Lombardia => "Lombardy",
        Region::TrentinoAltoAdige => "Trentino-South Tyrol",
        Region::Toscana => "Tuscany",
        Region::Puglia => "Apulia",
        Region::Sicilia => "Sicily",
        Region::Sardegna => "Sardinia",
        other => other.name(),
    }
}

impl Engine {
    /// Today in a shop's zone.
    pub fn today(&self, shop: &Shop) -> Date {
        let zone = TimeZone::get(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        zone.to_datetime(self.now()).date()
    }

    /// The figures from one day to another, both included (`from` not after `to`, at most [`PERIOD_DAYS_MAX`]).
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn figures(
        &self,
        shop: &Shop,
        from: Date,
        to: Date,
        slice: Slice,
    ) -> Result<Figures, StoreError> {
        let length = days_between(from, to);
        let first = from
            .checked_sub(length.days())
            .unwrap_or(from)
            .max(Date::constant(2, 1, 1));
        let store = self.store();
        let (counted, gauges) = tokio::try_join!(
            self.day_counts(shop, first, to),
            store.counters(shop.id, "now.", NOW, NOW),
        )?;

        let mut days: BTreeMap<Date, Sums> = BTreeMap::new();
        let (mut sums, mut before) = (Sums::default(), Sums::default());
        let mut parts: BTreeMap<&str, Sums> = BTreeMap::new();
        let mut held: BTreeMap<Reason, i64> = BTreeMap::new();
        for (day, counts) in &counted {
            let mut own = Sums::default();
            for (dim, counted) in &counts.about {
                if slice.holds(dim) {
                    own.join(counted);
                }
                if *day >= from && !dim.is_empty() {
                    parts.entry(dim).or_default().join(counted);
                }
            }
            if *day < from {
                before.join(&own);
                continue;
            }
            sums.join(&own);
            days.insert(*day, own);
            for (metric, dim, n) in &counts.events {
                if let Some(why) = held_why(metric, dim, &slice) {
                    *held.entry(why).or_default() += n;
                }
            }
        }
        let held_back = most_frequent(held);
        let now = self.gauged(shop.id, &gauges, &slice).await?;
        let parcels = slice.counts_orders().then(|| parcels(&gauges, &slice));

        let today = self.today(shop);
        let currency = Currency::parse(&shop.settings.currency).unwrap_or(Currency::EUR);
        let say = |locale| {
            let span = Span::new(from, to, today);
            let trouble = now.orders_trouble.unwrap_or_default();
            sentence(&sums, span, trouble, currency, locale)
        };
        let (sentence_it, sentence_en) = (say(Locale::It), say(Locale::En));
        let (channels, journeys, provinces, regions) = broken_down(shop, parts);
        Ok(Figures {
            from,
            to,
            zone: shop.settings.time_zone.clone(),
            held_back,
            slice,
            sums,
            before,
            days,
            parcels,
            now,
            sentence_it,
            sentence_en,
            channels,
            journeys,
            provinces,
            regions,
        })
    }

    async fn gauged(
        &self,
        shop: ShopId,
        gauges: &[(CounterKey, i64)],
        slice: &Slice,
    ) -> Result<Now, StoreError> {
        let whole = *slice == Slice::All;
        let (mut customers, mut tasks, mut runs) = (0, 0, 0);
        let (mut open, mut trouble) = (0, 0);
        for (key, n) in gauges {
            match &*key.metric {
                "now.customers" => customers += n,
                "now.tasks" => tasks += n,
                "now.runs" => {
                    let of = key.dim.split('/').next().unwrap_or_default();
                    if !matches!(slice, Slice::Journey(journey) if journey != of) {
                        runs += n;
                    }
                }
                _ => match slice
                    .gauged(key, "now.orders", "now.orders_in")
                    .and_then(Standing::parse)
                {
                    Some(Standing::Trouble) => {
                        open += n;
                        trouble += n;
                    }
                    Some(Standing::Open | Standing::Shipped) => open += n,
                    _ => {}
                },
            }
        }
        let at_risk = if slice.counts_orders() {
            let gauged = Gauged { trouble, tasks };
            let people = self.people_at_risk(shop, slice.provinces(), gauged);
            Some(people.await?)
        } else {
            None
        };
        let mut now = Now {
            people_at_risk: at_risk,
            customers: whole.then_some(customers.max(0)),
            orders_open: slice.counts_orders().then_some(open),
            orders_trouble: slice.counts_orders().then_some(trouble),
            tasks_open: whole.then_some(tasks),
            runs: matches!(slice, Slice::All | Slice::Journey(_)).then_some(runs),
            ..Now::default()
        };
        if !whole {
            return Ok(now);
        }
        let ((due, later), failed, doubt, sources) = tokio::try_join!(
            self.waiting(shop),
            self.in_status(shop, MessageStatus::Failed),
            self.in_status(shop, MessageStatus::InDoubt),
            self.store().source_health(shop),
        )?;
        now.queue_due = Some(due);
        now.queue_later = Some(later);
        now.failed_messages = Some((failed + doubt).min(TROUBLE_COUNTED_MAX) as u64);
        now.failed_inbox = Some(sources.iter().map(|source| source.failed).sum());
        Ok(now)
    }

    /// Messages of a shop that wait: due now, and later. A shop that is alone has the whole queue.
    async fn waiting(&self, shop: ShopId) -> Result<(u64, u64), StoreError> {
        if self.shops().len() > 1 {
            return self.store().count_waiting(shop, self.now()).await;
        }
        let queue = self.store().queue_depth(self.now()).await?;
        Ok(queue
            .into_iter()
            .fold((0, 0), |(due, later), (_, now, then)| {
                (due + now, later + then)
            }))
    }

    async fn in_status(&self, shop: ShopId, status: MessageStatus) -> Result<usize, StoreError> {
        let filter = crate::ports::MessageFilter {
            status: Some(status),
            ..Default::default()
        };
        let found = self
            .store()
            .messages(shop, &filter, TROUBLE_COUNTED_MAX)
            .await?;
        Ok(found.len())
    }
}

/// Why a counter's messages were held back, where they belong to the slice.
fn held_why(metric: &str, dim: &str, slice: &Slice) -> Option<Reason> {
    // Of all: reason/journey/step/channel. Of places: province/reason.
    match (metric, slice) {
        ("messages.held_back_in", Slice::Province(_) | Slice::Region(_)) => {
            Reason::parse(slice.in_place(dim)?)
        }
        ("messages.held_back", Slice::All | Slice::Channel(_) | Slice::Journey(_)) => {
            let mut parts = dim.split('/');
            let (reason, of) = (Reason::parse(parts.next()?)?, parts.next()?);
            let wanted = match slice {
                Slice::Channel(channel) => parts.next_back() == Some(channel.as_str()),
                Slice::Journey(journey) => of == journey,
                _ => true,
            };
            wanted.then_some(reason)
        }
        _ => None,
    }
}

fn most_frequent<K: Ord + Copy>(counts: BTreeMap<K, i64>) -> Vec<(K, i64)> {
    let mut counts: Vec<(K, i64)> = counts.into_iter().filter(|(_, n)| *n > 0).collect();
    counts.sort_by_key(|(what, n)| (std::cmp::Reverse(*n), *what));
    counts
}

/// Where the parcels of the slice are now.
fn parcels(gauges: &[(CounterKey, i64)], slice: &Slice) -> Vec<(ParcelState, i64)> {
    let mut parcels: BTreeMap<ParcelState, i64> = BTreeMap::new();
    for (key, n) in gauges {
        let state = slice
            .gauged(key, "now.parcels", "now.parcels_in")
            .and_then(|name| ParcelState::ALL.into_iter().find(|s| s.as_str() == name));
        if let Some(state) = state {
            *parcels.entry(state).or_default() += n;
        }
    }
    most_frequent(parcels)
}

type Parts = Vec<Part>;

fn broken_down(shop: &Shop, parts: BTreeMap<&str, Sums>) -> (Parts, Parts, Parts, Parts) {
    let (mut channels, mut journeys, mut provinces) = (Vec::new(), Vec::new(), Vec::new());
    let mut by_region: BTreeMap<Region, Sums> = BTreeMap::new();
    let part = |id: &str, name_it: &str, name_en: &str, sums| Part {
        id: id.to_owned(),
        name_it: name_it.to_owned(),
        name_en: name_en.to_owned(),
        sums,
    };
    for (dim, sums) in parts {
        match dim.split_once('/') {
            Some(("channel", id)) => {
                let Words { it, en } =
                    Channel::parse(id).map_or(Words { it: "", en: "" }, words::channel);
                channels.push(part(id, it, en, sums));
            }
            Some(("journey", id)) => {
                let newest = shop
                    .journeys
                    .range((id.to_owned(), 0)..=(id.to_owned(), u32::MAX))
                    .next_back();
                let (it, en) = newest.map_or((id, id), |(_, journey)| {
                    (journey.name_it.as_str(), journey.name_en.as_str())
                });
                journeys.push(part(id, it, en, sums));
            }
            Some(("province", _)) => {
                if let Some(province) = province(dim) {
                    by_region.entry(province.region()).or_default().join(&sums);
                    let name = province.name();
                    provinces.push(part(province.code(), name, name, sums));
                }
            }
            _ => {}
        }
    }
    let regions: Parts = by_region
        .into_iter()
        .map(|(region, sums)| part(&region_id(region), region.name(), region_en(region), sums))
        .collect();
    let most_first = |mut parts: Parts| {
        parts.sort_by_key(|part| std::cmp::Reverse(part.sums.sent + part.sums.orders));
        parts
    };
    (
        most_first(channels),
        most_first(journeys),
        most_first(provinces),
        most_first(regions),
    )
}

impl Figures {
    /// Whether orders are counted in the slice.
    pub fn counts_orders(&self) -> bool {
        self.slice.counts_orders()
    }

    /// Every figure with its value over the period and over the one before.
    pub fn values(&self) -> impl Iterator<Item = (Kpi, dopo_core::kpi::Figure, Option<f64>)> {
        let of_orders = self.counts_orders();
        Kpi::ALL.into_iter().map(move |kpi| {
            let before = self.before.figure(kpi, of_orders).value;
            (kpi, self.sums.figure(kpi, of_orders), before)
        })
    }
}
