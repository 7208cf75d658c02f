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
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default)]
    prefix: String,
    from: Date,
    to: Date,
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
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
    let rows: Vec<Value> = rows
        .iter()
        .map(|(k, n)| json!({ "day": k.day, "metric": k.metric, "dim": k.dim, "n": n }))
        .collect();
    Ok(Json(json!({ "counters": rows })))
}
