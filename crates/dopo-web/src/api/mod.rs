//! The API under `/api/v1`: bearer keys, JSON, problem documents. Described in `docs/api.md`.

pub(crate) mod auth;
pub(crate) mod consents;
pub(crate) mod counters;
pub(crate) mod coupons;
pub(crate) mod events;
pub(crate) mod messages;
pub(crate) mod orders;
pub(crate) mod problem;

use crate::state::App;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use problem::Problem;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/events", post(events::create))
        .route("/api/v1/messages", get(messages::list))
        .route("/api/v1/messages/{id}", get(messages::show))
        .route("/api/v1/orders/{external_id}", get(orders::show))
        .route("/api/v1/counters", get(counters::list))
        .route("/api/v1/consents", post(consents::create))
        .route("/api/v1/coupons/{code}", get(coupons::show))
}

/// The whole body, or 413.
pub(crate) async fn body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, bytes_max)
        .await
        .map_err(|error| {
            let too_large = std::error::Error::source(&error)
                .is_some_and(|source| source.to_string().contains("length limit"));
            if too_large {
                Problem::too_large(bytes_max)
            } else {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "body_unreadable",
                    "The body did not arrive whole",
                    "Send it again.",
                )
            }
        })
}

/// 415 unless the body is said to be JSON.
pub(crate) fn json_only(headers: &HeaderMap) -> Result<(), Problem> {
    let said = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "json_expected",
        "The body must be JSON",
        "Send `Content-Type: application/json`.",
    ))
}
