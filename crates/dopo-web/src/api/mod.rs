//! The API under `/api/v1`: bearer keys or the console's session, JSON, problem documents. Described in `docs/api.md`.

pub(crate) mod ask;
pub(crate) mod auth;
pub(crate) mod consents;
pub(crate) mod counters;
pub(crate) mod coupons;
pub(crate) mod events;
pub(crate) mod idempotency;
pub(crate) mod messages;
pub(crate) mod orders;
pub(crate) mod page;
pub(crate) mod problem;

use crate::state::App;
use auth::Notes;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};

pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/v1/events", post(events::create))
        .route("/api/v1/messages", get(messages::list))
        .route("/api/v1/messages/{id}", get(messages::show))
        .route("/api/v1/orders/{external_id}", get(orders::show))
        .route("/api/v1/counters", get(counters::list))
        .route("/api/v1/consents", post(consents::create))
        .route("/api/v1/coupons/{code}", get(coupons::show))
        .layer(axum::middleware::from_fn_with_state(app.clone(), around))
}

/// Around every endpoint: a repeated POST gets its first answer, and answers carry the caller's rate and cookie.
async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let notes = Notes::default();
    request.extensions_mut().insert(notes.clone());
    let mut response = idempotency::once(&app, request, next).await;
    notes.dress(response.headers_mut());
    response
}
