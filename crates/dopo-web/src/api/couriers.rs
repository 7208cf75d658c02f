//! `/api/v1/couriers/…`: how couriers perform, and how often people have to look for their parcel.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::today::period;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_core::italy::Province;
use dopo_core::kpi::days_between;
use dopo_core::parcel::Courier;
use dopo_engine::console::contacts::{CONTACT_DAYS_MAX, Contacts, ORDERS_MIN};
use dopo_engine::console::performance::{
    BANDS, Cut, Measured, Of, Only, PERFORMANCE_DAYS_MAX, Performance, SAMPLE_MIN, Tally,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use utoipa::{IntoParams, ToSchema};

/// Days shown unless asked otherwise.
const DAYS_DEFAULT: i64 = 30;

/// Which parcels, and by what they are told apart.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PerformanceAsked {
    /// First day; 30 days before the last when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-24")]
    from: Option<Date>,
    /// Last day; today in the shop's zone when absent. At most 366 days.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    to: Option<Date>,
    /// `courier`, `province`, `weight`, or several with commas between; `courier` when absent.
    #[param(example = "courier,province")]
    by: Option<String>,
    /// Only of this courier (`brt`, `gls_it`, `poste`…).
    #[param(example = "brt")]
    courier: Option<String>,
    /// Only to this province (two letters).
    #[param(example = "BO")]
    province: Option<String>,
    /// Only of this weight in kilograms: `0-2`, `2-5`, `5-10`, `10-30`, `30+`, or `na` = not known.
    #[param(example = "0-2")]
    weight: Option<String>,
}

/// A figure with the number of cases behind it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "value": 0.94, "sample": 182 }))]
pub(crate) struct MeasuredShape {
    /// The value; null with fewer cases than `sample_min`: too few to say.
    value: Option<f64>,
    /// Cases.
    sample: i64,
}

impl From<Measured> for MeasuredShape {
    fn from(measured: Measured) -> Self {
        MeasuredShape {
            value: measured.value,
            sample: measured.sample,
        }
    }
}

/// Parcels of one courier, province and weight, as far as they are told apart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PerformanceRow {
    /// The courier's stable name; null = all.
    courier: Option<String>,
    /// The name people know it by.
    courier_name: Option<String>,
    /// Two letters, empty = not known; null = all.
    province: Option<String>,
    /// The weight band in kilograms, `na` = not known; null = all.
    weight: Option<String>,
    /// Parcels handed over.
    shipped: i64,
    /// Parcels delivered.
    delivered: i64,
    /// Share of the deliveries with a promise that came on or before the promised day.
    on_time: MeasuredShape,
    /// Calendar days from handing over to delivery within which half of the deliveries came.
    transit_median_days: MeasuredShape,
    /// The same for nine of ten.
    transit_p90_days: MeasuredShape,
    /// Share of the deliveries that needed no second attempt and no hold.
    first_attempt: MeasuredShape,
    /// Parcels with a failed attempt, for each handed over in the same period.
    attempt_failed: MeasuredShape,
    /// Parcels held at a depot, for each handed over in the same period.
    held: MeasuredShape,
    /// Parcels refused, lost, sent back or given up, for each handed over in the same period.
    exceptions: MeasuredShape,
}

impl PerformanceRow {
    fn new(of: &Of, tally: &Tally) -> Self {
        let name = of.courier.as_deref().and_then(Courier::parse);
        PerformanceRow {
            courier: of.courier.clone(),
            courier_name: name
                .map(|courier| courier.title().to_owned())
                .or_else(|| of.courier.clone()),
            province: of.province.clone(),
            weight: of.band.clone(),
            shipped: tally.shipped.max(0),
            delivered: tally.delivered.max(0),
            on_time: tally.on_time_share().into(),
            transit_median_days: tally.transit_days(50).into(),
            transit_p90_days: tally.transit_days(90).into(),
            first_attempt: tally.first_attempt_share().into(),
            attempt_failed: tally.failed_share().into(),
            held: tally.held_share().into(),
            exceptions: tally.trouble_share().into(),
        }
    }
}

/// One day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PerformanceDay {
    /// The day.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// Parcels handed over.
    shipped: i64,
    /// Parcels delivered.
    delivered: i64,
    /// Share of the deliveries with a promise that came on time.
    on_time: MeasuredShape,
}

/// A courier of which something was counted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierName {
    /// Its stable name.
    #[schema(example = "gls_it")]
    id: String,
    /// The name people know it by.
    #[schema(example = "GLS Italy")]
    name: String,
}

/// How couriers performed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PerformanceShape {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Cases below which a figure is null.
    sample_min: i64,
    /// All parcels that were asked for.
    all: PerformanceRow,
    /// Told apart, most parcels first.
    items: Vec<PerformanceRow>,
    /// Day by day; days on which nothing happened are left out.
    days: Vec<PerformanceDay>,
    /// Couriers of which something was counted in the period.
    couriers: Vec<CourierName>,
}

/// A period of at most so many days.
fn days(
    app: &App,
    caller: &Caller,
    from: Option<Date>,
    to: Option<Date>,
    days_max: i64,
) -> Result<(Date, Date), Problem> {
    let today = app.engine.today(&caller.shop);
    let (from, to) = period(from, to, today, DAYS_DEFAULT)?;
    if days_between(from, to) > days_max {
        return Err(Problem::invalid(
            "period_invalid",
            format!("Ask for at most {days_max} days."),
        ));
    }
    Ok((from, to))
}

fn cut_of(by: Option<&str>) -> Result<Cut, Problem> {
    let mut cut = Cut::default();
    for name in by.unwrap_or("courier").split(',').map(str::trim) {
        match name {
            "courier" => cut.courier = true,
            "province" => cut.province = true,
            "weight" => cut.band = true,
            _ => {
                return Err(Problem::field(
                    "by",
                    "unknown",
                    "Si può dividere per `courier`, `province` e `weight`.",
                    "Told apart are `courier`, `province` and `weight`.",
                ));
            }
        }
    }
    Ok(cut)
}

fn only_of(asked: &PerformanceAsked) -> Result<Only, Problem> {
    let wrong = |field, it, en| Problem::field(field, "unknown", it, en);
    let courier = match &asked.courier {
        Some(name) => Some(Courier::parse(name).ok_or_else(|| {
            wrong(
                "courier",
                "Questo corriere non c'è.",
                "There is no such courier.",
            )
        })?),
        None => None,
    };
    let province = match &asked.province {
        Some(code) => {
            let province = Province::parse(code).map_err(|_| {
                wrong(
                    "province",
                    "Questa provincia non c'è.",
                    "There is no such province.",
                )
            })?;
            Some(province.code().to_owned())
        }
        None => None,
    };
    let band = match &asked.weight {
        // A plus sign in a query is a space.
        Some(name) => Some(name.replace(' ', "+")).filter(|name| BANDS.contains(&name.as_str())),
        None => None,
    };
    if asked.weight.is_some() && band.is_none() {
        return Err(wrong(
            "weight",
            "Le fasce di peso sono 0-2, 2-5, 5-10, 10-30, 30+ e na.",
            "The weight bands are 0-2, 2-5, 5-10, 10-30, 30+ and na.",
        ));
    }
    Ok(Only {
        courier,
        province,
        band,
    })
}

async fn measured(
    app: &App,
    caller: &Caller,
    asked: &PerformanceAsked,
) -> Result<(Date, Date, Performance), Problem> {
    let (from, to) = days(app, caller, asked.from, asked.to, PERFORMANCE_DAYS_MAX)?;
    let (cut, only) = (cut_of(asked.by.as_deref())?, only_of(asked)?);
    let found = app
        .engine
        .courier_performance(&caller.shop, from, to, cut, &only)
        .await?;
    Ok((from, to, found))
}

/// How couriers perform: on time, transit time, first attempts, holds and exceptions, by courier, province and weight.
#[utoipa::path(
    get, path = "/api/v1/couriers/performance", tag = "couriers", operation_id = "courierPerformance",
    params(PerformanceAsked),
    responses((status = 200, description = "The figures, each with its sample; null where it is too small.", body = PerformanceShape)),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn performance(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<PerformanceAsked>,
) -> Result<Json<PerformanceShape>, Problem> {
    caller.need(Scope::CountersRead)?;
    let (from, to, found) = measured(&app, &caller, &asked).await?;
    let couriers = found
        .couriers
        .iter()
        .map(|id| CourierName {
            id: id.clone(),
            name: Courier::parse(id)
                .map_or(id.as_str(), |courier| courier.title())
                .to_owned(),
        })
        .collect();
    Ok(Json(PerformanceShape {
        from,
        to,
        sample_min: SAMPLE_MIN,
        all: PerformanceRow::new(&Of::default(), &found.all),
        items: found
            .rows
            .iter()
            .map(|(of, tally)| PerformanceRow::new(of, tally))
            .collect(),
        days: found
            .days
            .iter()
            .map(|(day, tally)| PerformanceDay {
                day: *day,
                shipped: tally.shipped.max(0),
                delivered: tally.delivered.max(0),
                on_time: tally.on_time_share().into(),
            })
            .collect(),
        couriers,
    }))
}

const PERFORMANCE_HEAD: &str = "courier,province,weight_kg,shipped,delivered,on_time,on_time_sample,transit_median_days,\
transit_p90_days,transit_sample,first_attempt,first_attempt_sample,attempt_failed,held,exceptions\r\n";

/// A figure in a cell; empty where it is not known.
fn shown(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("{value:.4}"))
}

fn performance_line(row: &PerformanceRow) -> String {
    // Names of ours: letters, digits, `_`, `-`, `+`; a band is quoted so that no spreadsheet takes it for a date.
    let text = |name: &Option<String>| format!("\"{}\"", name.as_deref().unwrap_or_default());
    let band = row.weight.as_deref().map(|band| format!("{band} kg"));
    [
        text(&row.courier),
        text(&row.province),
        text(&band),
        row.shipped.to_string(),
        row.delivered.to_string(),
        shown(row.on_time.value),
        row.on_time.sample.to_string(),
        shown(row.transit_median_days.value),
        shown(row.transit_p90_days.value),
        row.transit_median_days.sample.to_string(),
        shown(row.first_attempt.value),
        row.first_attempt.sample.to_string(),
        shown(row.attempt_failed.value),
        shown(row.held.value),
        shown(row.exceptions.value),
    ]
    .join(",")
        + "\r\n"
}

fn csv_file(name: &'static str, text: String) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    (headers, text).into_response()
}

/// The same as a CSV file; a figure with too small a sample is empty.
#[utoipa::path(
    get, path = "/api/v1/couriers/performance.csv", tag = "couriers", operation_id = "exportCourierPerformance",
    params(PerformanceAsked),
    responses((status = 200, description = "A CSV file, UTF-8.", body = String, content_type = "text/csv")),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn performance_csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<PerformanceAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::CountersRead)?;
    let (_, _, found) = measured(&app, &caller, &asked).await?;
    let mut text = PERFORMANCE_HEAD.to_owned();
    for (of, tally) in &found.rows {
        text.push_str(&performance_line(&PerformanceRow::new(of, tally)));
    }
    Ok(csv_file("attachment; filename=\"couriers.csv\"", text))
}

/// Which period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactsAsked {
    /// First day; 30 days before the last when absent.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-24")]
    from: Option<Date>,
    /// Last day; today in the shop's zone when absent. At most 366 days.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-22")]
    to: Option<Date>,
}

/// How often people asked and looked.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "orders": 40, "views": 131, "problems": 2, "replies": 3, "contacts_per_order": 0.125, "views_per_order": 3.275 }))]
pub(crate) struct ContactsShape {
    /// Orders placed.
    orders: i64,
    /// Views of order pages.
    views: i64,
    /// Problems reported there.
    problems: i64,
    /// Answers to messages.
    replies: i64,
    /// Problems and answers for each order; null with fewer orders than `orders_min`.
    contacts_per_order: Option<f64>,
    /// Views for each order; null with fewer orders than `orders_min`.
    views_per_order: Option<f64>,
}

impl From<&Contacts> for ContactsShape {
    fn from(contacts: &Contacts) -> Self {
        ContactsShape {
            orders: contacts.orders,
            views: contacts.views,
            problems: contacts.problems,
            replies: contacts.replies,
            contacts_per_order: contacts.rate(),
            views_per_order: contacts.views_per_order(),
        }
    }
}

/// One day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactsDay {
    /// The day.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// What was counted.
    #[serde(flatten)]
    counted: ContactsShape,
}

/// How often people had to ask where their order is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactsOver {
    /// First day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Orders below which a ratio is null.
    orders_min: i64,
    /// Over the whole period.
    all: ContactsShape,
    /// Day by day.
    days: Vec<ContactsDay>,
}

async fn contacted(
    app: &App,
    caller: &Caller,
    asked: &ContactsAsked,
) -> Result<ContactsOver, Problem> {
    let (from, to) = days(app, caller, asked.from, asked.to, CONTACT_DAYS_MAX)?;
    let (all, days) = app.engine.contacts(&caller.shop, from, to).await?;
    Ok(ContactsOver {
        from,
        to,
        orders_min: ORDERS_MIN,
        all: (&all).into(),
        days: days
            .iter()
            .map(|(day, counted)| ContactsDay {
                day: *day,
                counted: counted.into(),
            })
            .collect(),
    })
}

/// How often people had to ask where their order is: problems reported and answers to messages for each order, and views of
/// the order page.
#[utoipa::path(
    get, path = "/api/v1/couriers/contacts", tag = "couriers", operation_id = "contacts",
    params(ContactsAsked),
    responses((status = 200, description = "In all and day by day.", body = ContactsOver)),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn contacts(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<ContactsAsked>,
) -> Result<Json<ContactsOver>, Problem> {
    caller.need(Scope::CountersRead)?;
    Ok(Json(contacted(&app, &caller, &asked).await?))
}

/// The same as a CSV file, a line a day.
#[utoipa::path(
    get, path = "/api/v1/couriers/contacts.csv", tag = "couriers", operation_id = "exportContacts",
    params(ContactsAsked),
    responses((status = 200, description = "A CSV file, UTF-8.", body = String, content_type = "text/csv")),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn contacts_csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<ContactsAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::CountersRead)?;
    let found = contacted(&app, &caller, &asked).await?;
    let mut text =
        "day,orders,views,problems,replies,contacts_per_order,views_per_order\r\n".to_owned();
    for ContactsDay { day, counted } in &found.days {
        let _ = write!(
            text,
            "{day},{},{},{},{},{},{}\r\n",
            counted.orders,
            counted.views,
            counted.problems,
            counted.replies,
            shown(counted.contacts_per_order),
            shown(counted.views_per_order)
        );
    }
    Ok(csv_file("attachment; filename=\"contacts.csv\"", text))
}
