//! What a request carries, read or refused with a problem document.

use crate::api::problem::Problem;
use crate::limits::FORM_BODY_BYTES_MAX;
use crate::state::App;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// The query string; 422 `query_invalid` when it cannot be read.
pub(crate) struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Query(asked) = Query::<T>::try_from_uri(&parts.uri)
            .map_err(|error| Problem::invalid("query_invalid", error.body_text()))?;
        Ok(Asked(asked))
    }
}

/// A JSON body of at most [`FORM_BODY_BYTES_MAX`]; 415, 413 or 422 `json_unreadable` when it cannot be read.
pub(crate) struct Told<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let (parts, raw) = request.into_parts();
        json_only(&parts.headers)?;
        let bytes = body(raw, FORM_BODY_BYTES_MAX).await?;
        // An empty body says what an empty object says.
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let told = serde_json::from_slice(bytes).map_err(|error| {
            Problem::invalid(
                "json_unreadable",
                format!("The body cannot be read: {error}."),
            )
        })?;
        Ok(Told(told))
    }
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
