//! `GET /api/v1/today`: the first page: the sentence, the figures with their targets, what was held back and why, parcels,
//! and how many there are now.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use dopo_core::access::Scope;
use dopo_core::consent::Channel;
use dopo_core::italy::{Locale, Province};
use dopo_core::kpi::{Kpi, days_between, quotient};
use dopo_core::risk;
use dopo_core::words;
use dopo_engine::console::figures::{Figures, PERIOD_DAYS_MAX, Part, Slice, region, region_id};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Days shown unless asked otherwise.
const DAYS_DEFAULT: i64 = 30;

/// Which period, and which part of the shop (at most one of channel, journey, province, region).
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TodayAsked {
    /// First day; 30 days before the last when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-16")]
    from: Option<Date>,
    /// Last day; today in the shop's zone when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    to: Option<Date>,
    /// `email`, `sms`, `push` or `call`.
    channel: Option<String>,
    /// Id of a journey.
    journey: Option<String>,
    /// Two letters.
    province: Option<String>,
    /// A region of Italy.
    region: Option<String>,
}

/// One text in both languages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TextShape {
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

/// Which part of the shop the figures are about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SliceShape {
    /// `all`, `channel`, `journey`, `province` or `region`.
    kind: &'static str,
    /// Which one.
    value: Option<String>,
}

/// A figure on one day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KpiDay {
    /// The day.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// The value; null = nothing to measure.
    value: Option<f64>,
    /// Number of cases.
    n: i64,
}

/// A figure.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct KpiShape {
    /// `first_contact`, `engagement_time`, `open_rate`, `click_rate`, `crosssell_rate`, `sent`, `held_back`, `orders`,
    /// `revenue_after_contact`, `delivered`.
    id: &'static str,
    /// The value; null = nothing to measure, never 0 for that.
    value: Option<f64>,
    /// `seconds`, `ratio`, `count` or `cents`.
    unit: &'static str,
    /// What is divided, or counted.
    numerator: i64,
    /// By what; for counts the number of cases.
    denominator: i64,
    /// Share of the messages that can be measured; null where that is not a question.
    coverage: Option<f64>,
    /// The value to reach.
    target: Option<f64>,
    /// `up` or `down`: which way is better.
    better: &'static str,
    /// Whether the target is met.
    met: Option<bool>,
    /// The same over as many days before.
    previous: Option<f64>,
    /// Day by day.
    days: Vec<KpiDay>,
    /// How it is counted.
    definition: TextShape,
    /// Where in the console the people behind it are.
    people: Option<String>,
}

/// How often something was held back, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldBackShape {
    /// Stable name of the reason.
    pub reason: &'static str,
    /// How often.
    pub n: i64,
    /// In words, Italian.
    pub it: &'static str,
    /// In words, English.
    pub en: &'static str,
}

/// Parcels in one state, now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ParcelsShape {
    /// Stable name of the state.
    state: &'static str,
    /// How many.
    n: i64,
    /// In words, Italian.
    it: &'static str,
    /// In words, English.
    en: &'static str,
    /// Whether they need somebody.
    trouble: bool,
}

/// How many there are now; null where that is not counted for the part of the shop that is asked about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NowShape {
    /// People known; of the whole shop.
    customers: Option<i64>,
    /// Orders neither delivered nor cancelled; of the whole shop and of places.
    orders_open: Option<i64>,
    /// Orders that need somebody; of the whole shop and of places.
    orders_trouble: Option<i64>,
    /// Tasks open; of the whole shop.
    tasks_open: Option<i64>,
    /// Active runs; of the whole shop and of journeys.
    runs: Option<i64>,
    /// Messages that may leave now; where several shops share the queue, among the first 50,000 of this one.
    queue_due: Option<u64>,
    /// Messages that wait for their time, counted alike.
    queue_later: Option<u64>,
    /// Messages that failed or are in doubt, counted up to 200; of the whole shop.
    failed_messages: Option<u64>,
    /// Raw events that could not be used; of the whole shop.
    failed_inbox: Option<u64>,
}

/// A part of the shop.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Slice)]
pub(crate) struct PartShape {
    /// Its stable name.
    id: String,
    /// Italian name.
    name_it: String,
    /// English name.
    name_en: String,
    /// Messages that left.
    sent: i64,
    /// Opened among the measurable.
    opened_ratio: Option<f64>,
    /// Clicked among the measurable.
    clicked_ratio: Option<f64>,
    /// Orders after an offer.
    crosssell_ratio: Option<f64>,
    /// Mean time to the first message.
    first_contact_seconds: Option<f64>,
    /// Orders: of places those placed there, of channels and journeys those after a message.
    orders: i64,
    /// Number of cases behind the shares: messages that left.
    n: i64,
}

/// The figures by channel, journey, province and region.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Breakdown {
    channels: Vec<PartShape>,
    journeys: Vec<PartShape>,
    provinces: Vec<PartShape>,
    regions: Vec<PartShape>,
}

/// The first page.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TodayShape {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// The zone in which days are days.
    zone: String,
    /// Which part of the shop.
    slice: SliceShape,
    /// The sentence: said first.
    sentence: TextShape,
    /// The figures.
    kpis: Vec<KpiShape>,
    /// What was held back and why, most frequent first.
    held_back: Vec<HeldBackShape>,
    /// Where parcels are now; null for a channel or a journey, which have none.
    parcels: Option<Vec<ParcelsShape>>,
    /// How many there are now.
    now: NowShape,
    /// People at risk, of the whole shop and of places; null for a channel or a journey.
    at_risk: Option<AtRiskShape>,
    /// By channel, journey, province and region.
    breakdown: Breakdown,
}

fn slice_of(asked: &TodayAsked) -> Result<Slice, Problem> {
    let given = [
        &asked.channel,
        &asked.journey,
        &asked.province,
        &asked.region,
    ];
    if given.into_iter().flatten().count() > 1 {
        return Err(Problem::invalid(
            "slice_ambiguous",
            "Ask by at most one of `channel`, `journey`, `province`, `region`.",
        ));
    }
    let unknown = |field: &str| {
        Problem::field(
            field,
            "unknown",
            "Non esiste: scegli tra quelli elencati in «breakdown».",
            "There is no such one: choose among those in `breakdown`.",
        )
    };
    if let Some(name) = &asked.channel {
        let channel = Channel::parse(name).ok_or_else(|| unknown("channel"))?;
        return Ok(Slice::Channel(channel));
    }
    if let Some(journey) = &asked.journey {
        return Ok(Slice::Journey(journey.clone()));
    }
    if let Some(code) = &asked.province {
        let province = Province::parse(code).map_err(|_| unknown("province"))?;
        return Ok(Slice::Province(province));
    }
    if let Some(name) = &asked.region {
        return Ok(Slice::Region(
            region(name).ok_or_else(|| unknown("region"))?,
        ));
    }
    Ok(Slice::All)
}

/// A period of whole days; 422 `period_invalid` when it is none.
pub(crate) fn period(
    from: Option<Date>,
    to: Option<Date>,
    today: Date,
    days: i64,
) -> Result<(Date, Date), Problem> {
    let invalid = || {
        Problem::invalid(
            "period_invalid",
            format!(
                "`to` must not be before `from`, not after today, and not more than {PERIOD_DAYS_MAX} days after it."
            ),
        )
    };
    let to = to.unwrap_or(today);
    let from = match from {
        Some(from) => from,
        None => to.checked_sub((days - 1).days()).map_err(|_| invalid())?,
    };
    let year = |day: Date| (1970..=2200).contains(&day.year());
    if !year(from) || !year(to) || from > to || days_between(from, to) > PERIOD_DAYS_MAX {
        return Err(invalid());
    }
    Ok((from, to))
}

/// People for whom something is going wrong now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AtRiskShape {
    /// How many, each once: counted among the first 50,000 orders with a parcel in trouble and as many tasks.
    n: u64,
    /// How they are counted.
    definition: TextShape,
    /// Where in the console they are.
    people: String,
}

/// Where in the console the people behind a figure are: its messages or orders.
fn people(kpi: Kpi, slice: &Slice) -> Option<String> {
    let more = match slice {
        Slice::All => String::new(),
        Slice::Channel(channel) => format!("&channel={}", channel.as_str()),
        Slice::Journey(journey) => format!("&journey={journey}"),
        Slice::Province(_) | Slice::Region(_) => format!("&{}", in_place(slice)),
    };
    let of_orders = slice.counts_orders();
    match kpi {
        Kpi::HeldBack => Some(format!("/console/messages?status=held_back{more}")),
        Kpi::Orders | Kpi::Delivered if !of_orders => None,
        Kpi::Delivered => Some(format!("/console/orders?standing=delivered{more}")),
        Kpi::Orders | Kpi::FirstContact | Kpi::RevenueAfterContact if of_orders => {
            let place = in_place(slice);
            let mark = if place.is_empty() { "" } else { "?" };
            Some(format!("/console/orders{mark}{place}"))
        }
        _ => Some(format!("/console/messages?status=sent{more}")),
    }
}

/// A place as the lists of the console are asked for it.
fn in_place(slice: &Slice) -> String {
    match slice {
        Slice::Province(province) => format!("province={}", province.code()),
        Slice::Region(region) => format!("region={}", region_id(*region)),
        Slice::All | Slice::Channel(_) | Slice::Journey(_) => String::new(),
    }
}

fn at_risk(n: u64, slice: &Slice) -> AtRiskShape {
    let place = in_place(slice);
    let mark = if place.is_empty() { "" } else { "&" };
    AtRiskShape {
        n,
        definition: TextShape {
            it: risk::DEFINITION.it.to_owned(),
            en: risk::DEFINITION.en.to_owned(),
        },
        people: format!("/console/customers?at_risk=true{mark}{place}"),
    }
}

fn part(part: Part, of_place: bool) -> PartShape {
    let sums = &part.sums;
    PartShape {
        id: part.id,
        name_it: part.name_it,
        name_en: part.name_en,
        sent: sums.sent,
        opened_ratio: quotient(sums.opened, sums.open_measurable),
        clicked_ratio: quotient(sums.clicked, sums.click_measurable),
        crosssell_ratio: quotient(sums.crosssell_orders, sums.crosssell_reached),
        first_contact_seconds: quotient(sums.first_contact_seconds, sums.first_contact),
        orders: if of_place {
            sums.orders
        } else {
            sums.contact_orders + sums.crosssell_orders
        },
        n: sums.sent,
    }
}

fn shape(figures: Figures) -> TodayShape {
    let of_orders = figures.counts_orders();
    let kpis = figures
        .values()
        .map(|(kpi, figure, previous)| {
            let words = kpi.definition();
            KpiShape {
                id: kpi.as_str(),
                value: figure.value,
                unit: kpi.unit().as_str(),
                numerator: figure.numerator,
                denominator: figure.denominator,
                coverage: figure.coverage,
                target: kpi.target(),
                better: if kpi.less_is_better() { "down" } else { "up" },
                met: figures.sums.meets(kpi, of_orders),
                previous,
                days: figures
                    .days
                    .iter()
                    .map(|(day, sums)| {
                        let figure = sums.figure(kpi, of_orders);
                        KpiDay {
                            day: *day,
                            value: figure.value,
                            n: figure.denominator,
                        }
                    })
                    .collect(),
                definition: TextShape {
                    it: words.it.to_owned(),
                    en: words.en.to_owned(),
                },
                people: people(kpi, &figures.slice),
            }
        })
        .collect();
    let (kind, value) = match &figures.slice {
        Slice::All => ("all", None),
        Slice::Channel(channel) => ("channel", Some(channel.as_str().to_owned())),
        Slice::Journey(journey) => ("journey", Some(journey.clone())),
        Slice::Province(province) => ("province", Some(province.code().to_owned())),
        Slice::Region(region) => ("region", Some(region_id(*region))),
    };
    let now = figures.now;
    let parts = |list: Vec<Part>, of_place| -> Vec<PartShape> {
        list.into_iter().map(|one| part(one, of_place)).collect()
    };
    TodayShape {
        from: figures.from,
        to: figures.to,
        zone: figures.zone,
        slice: SliceShape { kind, value },
        sentence: TextShape {
            it: figures.sentence_it,
            en: figures.sentence_en,
        },
        kpis,
        held_back: figures
            .held_back
            .iter()
            .map(|(reason, n)| HeldBackShape {
                reason: reason.as_str(),
                n: *n,
                it: reason.words(Locale::It),
                en: reason.words(Locale::En),
            })
            .collect(),
        parcels: figures.parcels.map(|parcels| {
            let shown = parcels.into_iter().map(|(state, n)| {
                let words = words::parcel(state);
                ParcelsShape {
                    state: state.as_str(),
                    n,
                    it: words.it,
                    en: words.en,
                    trouble: state.needs_somebody(),
                }
            });
            shown.collect()
        }),
        now: NowShape {
            customers: now.customers,
            orders_open: now.orders_open,
            orders_trouble: now.orders_trouble,
            tasks_open: now.tasks_open,
            runs: now.runs,
            queue_due: now.queue_due,
            queue_later: now.queue_later,
            failed_messages: now.failed_messages,
            failed_inbox: now.failed_inbox,
        },
        at_risk: now.people_at_risk.map(|n| at_risk(n, &figures.slice)),
        breakdown: Breakdown {
            channels: parts(figures.channels, false),
            journeys: parts(figures.journeys, false),
            provinces: parts(figures.provinces, true),
            regions: parts(figures.regions, true),
        },
    }
}

/// The first page: figures of a period with their targets, from counters alone.
#[utoipa::path(
    get, path = "/api/v1/today", tag = "today", operation_id = "getToday",
    params(TodayAsked),
    responses((status = 200, description = "The figures.", body = TodayShape)),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<TodayAsked>,
) -> Result<Json<TodayShape>, Problem> {
    caller.need(Scope::CountersRead)?;
    let slice = slice_of(&asked)?;
    let today = app.engine.today(&caller.shop);
    let (from, to) = period(asked.from, asked.to, today, DAYS_DEFAULT)?;
    let figures = app.engine.figures(&caller.shop, from, to, slice).await?;
    Ok(Json(shape(figures)))
}
