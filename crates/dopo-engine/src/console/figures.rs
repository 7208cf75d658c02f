//! The first page: figures of a period, sliced, with the period before, from counters alone.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::consent::Channel;
use dopo_core::counter::NOW;
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

/// How many there are at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now {
    /// People known.
    pub customers: i64,
    /// Orders that are neither delivered nor cancelled.
    pub orders_open: i64,
    /// Orders that need somebody.
    pub orders_trouble: i64,
    /// Tasks open.
    pub tasks_open: i64,
    /// Runs of journeys that are active.
    pub runs: i64,
    /// Messages that may leave now and have not yet; unknown where several shops share the queue.
    pub queue_due: Option<u64>,
    /// Messages that wait for their time.
    pub queue_later: Option<u64>,
    /// Messages that failed or are in doubt, up to [`TROUBLE_COUNTED_MAX`].
    pub failed_messages: u64,
    /// Raw events that could not be used.
    pub failed_inbox: u64,
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
    /// Where parcels are now, most frequent first.
    pub parcels: Vec<(ParcelState, i64)>,
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
        let mut held: Vec<(&str, i64)> = Vec::new();
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
            let events = counts.events.iter();
            held.extend(
                events
                    .filter(|(metric, _, _)| &**metric == "messages.held_back")
                    .map(|(_, dim, n)| (&**dim, *n)),
            );
        }
        let held_back = reasons(&held, &slice);

        let mut now = self.gauged(shop.id, &gauges).await?;
        let mut parcels: BTreeMap<ParcelState, i64> = BTreeMap::new();
        for (key, n) in &gauges {
            if &*key.metric == "now.parcels"
                && let Some(state) = ParcelState::ALL
                    .into_iter()
                    .find(|s| s.as_str() == &*key.dim)
            {
                *parcels.entry(state).or_default() += n;
            }
        }
        let mut parcels: Vec<(ParcelState, i64)> =
            parcels.into_iter().filter(|(_, n)| *n > 0).collect();
        parcels.sort_by_key(|(state, n)| (std::cmp::Reverse(*n), *state));
        now.customers = now.customers.max(0);

        let today = self.today(shop);
        let currency = Currency::parse(&shop.settings.currency).unwrap_or(Currency::EUR);
        let say = |locale| {
            let span = Span::new(from, to, today);
            sentence(&sums, span, now.orders_trouble, currency, locale)
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
        gauges: &[(dopo_core::counter::CounterKey, i64)],
    ) -> Result<Now, StoreError> {
        let mut now = Now::default();
        for (key, n) in gauges {
            match &*key.metric {
                "now.customers" => now.customers += n,
                "now.tasks" => now.tasks_open += n,
                "now.runs" => now.runs += n,
                "now.orders" => match Standing::parse(&key.dim) {
                    Some(Standing::Trouble) => {
                        now.orders_open += n;
                        now.orders_trouble += n;
                    }
                    Some(Standing::Open | Standing::Shipped) => now.orders_open += n,
                    _ => {}
                },
                _ => {}
            }
        }
        let alone = self.shops().len() == 1;
        let (queue, failed, doubt, sources) = tokio::try_join!(
            async {
                if alone {
                    self.store().queue_depth(self.now()).await.map(Some)
                } else {
                    Ok(None)
                }
            },
            self.in_status(shop, MessageStatus::Failed),
            self.in_status(shop, MessageStatus::InDoubt),
            self.store().source_health(shop),
        )?;
        if let Some(queue) = queue {
            now.queue_due = Some(queue.iter().map(|(_, due, _)| due).sum());
            now.queue_later = Some(queue.iter().map(|(_, _, later)| later).sum());
        }
        now.failed_messages = (failed + doubt).min(TROUBLE_COUNTED_MAX) as u64;
        now.failed_inbox = sources.iter().map(|source| source.failed).sum();
        Ok(now)
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

/// Reasons of what was held back in the slice. Reasons are not counted by place: for a province or region there are none.
fn reasons(held: &[(&str, i64)], slice: &Slice) -> Vec<(Reason, i64)> {
    let mut by_reason: BTreeMap<Reason, i64> = BTreeMap::new();
    for (dim, n) in held {
        // reason/journey/step/channel
        let parts: Vec<&str> = dim.split('/').collect();
        let Some(reason) = parts.first().and_then(|name| Reason::parse(name)) else {
            continue;
        };
        let wanted = match slice {
            Slice::All => true,
            Slice::Channel(channel) => parts.last() == Some(&channel.as_str()),
            Slice::Journey(journey) => parts.get(1) == Some(&journey.as_str()),
            Slice::Province(_) | Slice::Region(_) => false,
        };
        if wanted {
            *by_reason.entry(reason).or_default() += n;
        }
    }
    let mut reasons: Vec<(Reason, i64)> = by_reason.into_iter().filter(|(_, n)| *n > 0).collect();
    reasons.sort_by_key(|(reason, n)| (std::cmp::Reverse(*n), *reason));
    reasons
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
    /// Whether they are about the whole shop.
    pub fn is_whole(&self) -> bool {
        self.slice == Slice::All
    }

    /// Every figure with its value over the period and over the one before.
    pub fn values(&self) -> impl Iterator<Item = (Kpi, dopo_core::kpi::Figure, Option<f64>)> {
        let whole = self.is_whole();
        Kpi::ALL.into_iter().map(move |kpi| {
            let before = self.before.figure(kpi, whole).value;
            (kpi, self.sums.figure(kpi, whole), before)
        })
    }
}
