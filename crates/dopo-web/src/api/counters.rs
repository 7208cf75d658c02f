//! `GET /api/v1/counters`: the figures behind the dashboards (scope `counters:read`).

use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::limits::COUNTER_DAYS_MAX;
use crate::state::App;
use axum::Json;
use axum::extract::{Query, State};
use dopo_core::access::Scope;
use jiff::civil::Date;
use jiff::{SpanRelativeTo, Unit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which counters, over which days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Only metrics that begin so.
    #[serde(default)]
    #[param(required = false, example = "messages.")]
    prefix: String,
    /// First day.
    #[param(value_type = String, format = Date, example = "2026-11-01")]
    from: Date,
    /// Last day, at most 800 days later.
    #[param(value_type = String, format = Date, example = "2026-11-30")]
    to: Date,
}

/// One counter on one day.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "day": "2026-11-22", "metric": "messages.sent", "dim": "order_receipt/order_receipt/email", "n": 12 }))]
pub(crate) struct CounterShape {
    /// The day in the shop's zone.
    #[schema(value_type = String, format = Date)]
    day: Date,
    /// What is counted.
    metric: String,
    /// About what.
    dim: String,
    /// How often.
    n: i64,
}

/// Counters.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountersShape {
    /// By day, metric and what they are about.
    counters: Vec<CounterShape>,
}

/// The counters behind the figures, day by day.
#[utoipa::path(
    get, path = "/api/v1/counters", tag = "today", operation_id = "listCounters",
    params(Asked),
    responses((status = 200, description = "The counters.", body = CountersShape)),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<CountersShape>, Problem> {
    caller.need(Scope::CountersRead)?;
    let Query(asked) = asked.map_err(|error| {
        let detail = format!(
            "{} Ask like `?prefix=messages.&from=2026-11-01&to=2026-11-30`.",
            error.body_text()
        );
        Problem::invalid("query_invalid", detail)
    })?;
    let days = asked
        .from
        .until(asked.to)
        .and_then(|span| span.total((Unit::Day, SpanRelativeTo::days_are_24_hours())))
        .unwrap_or(f64::MAX);
    if days < 0.0 || days > COUNTER_DAYS_MAX as f64 {
        return Err(Problem::invalid(
            "period_invalid",
            format!(
                "`to` must not be before `from`, and not more than {COUNTER_DAYS_MAX} days after it."
            ),
        ));
    }
    let rows = app
        .engine
        .store()
        .counters(caller.id(), &asked.prefix, asked.from, asked.to)
        .await?;
    let counters = rows
        .into_iter()
        .map(|(key, n)| CounterShape {
            day: key.day,
            metric: key.metric.into_owned(),
            dim: key.dim.into_owned(),
            n,
        })
        .collect();
    Ok(Json(CountersShape { counters }))
}
