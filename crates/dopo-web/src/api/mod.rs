//! The API under `/api/v1`: bearer keys or the console's session, JSON, problem documents. Described in `docs/api.md`.

pub(crate) mod ask;
pub(crate) mod asking;
pub(crate) mod auth;
pub(crate) mod consents;
pub(crate) mod counters;
pub(crate) mod coupons;
pub(crate) mod couriers;
pub(crate) mod customers;
pub(crate) mod desk;
pub(crate) mod events;
pub(crate) mod exceptions;
pub(crate) mod idempotency;
pub(crate) mod journeys;
pub(crate) mod live;
pub(crate) mod messages;
pub(crate) mod openapi;
pub(crate) mod orders;
pub(crate) mod page;
pub(crate) mod parcels;
pub(crate) mod places;
pub(crate) mod problem;
pub(crate) mod ready;
pub(crate) mod reference;
pub(crate) mod search;
pub(crate) mod shapes;
pub(crate) mod stream;
pub(crate) mod tasks;
pub(crate) mod templates;
pub(crate) mod today;

use crate::state::App;
use auth::Notes;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{delete, get, post, put};

pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/api/v1/events", post(events::create))
        .route("/api/v1/today", get(today::show))
        .route("/api/v1/search", get(search::find))
        .route("/api/v1/live", get(live::listen))
        .route("/api/v1/customers", get(customers::list))
        .route("/api/v1/customers.csv", get(customers::export::csv))
        .route(
            "/api/v1/customers/{id}",
            get(customers::show).patch(customers::correct),
        )
        .route(
            "/api/v1/customers/{id}/timeline",
            get(customers::story::timeline),
        )
        .route(
            "/api/v1/customers/{id}/orders",
            get(customers::story::orders),
        )
        .route(
            "/api/v1/customers/{id}/messages",
            get(customers::story::messages),
        )
        .route("/api/v1/customers/{id}/runs", get(customers::story::runs))
        .route(
            "/api/v1/customers/{id}/tasks",
            get(customers::story::tasks).post(tasks::open),
        )
        .route(
            "/api/v1/customers/{id}/notes",
            get(customers::story::notes).post(customers::acts::add_note),
        )
        .route(
            "/api/v1/customers/{id}/consents",
            get(customers::story::ledger),
        )
        .route("/api/v1/customers/{id}/stop", post(customers::acts::stop))
        .route(
            "/api/v1/customers/{id}/export",
            get(customers::acts::export),
        )
        .route(
            "/api/v1/customers/{id}/forget",
            post(customers::acts::forget),
        )
        .route("/api/v1/customers/{id}/send", post(customers::acts::send))
        .route("/api/v1/notes/{id}", delete(customers::acts::delete_note))
        .route("/api/v1/orders", get(orders::list))
        .route("/api/v1/orders/{id}", get(orders::show))
        .route(
            "/api/v1/orders/{id}/parcels/{seq}/hold-answer",
            post(parcels::answer_hold),
        )
        .route(
            "/api/v1/orders/{id}/parcels/{seq}/ask-courier",
            post(asking::ask_courier),
        )
        .route("/api/v1/orders/{id}/photos/{photo}", get(parcels::photo))
        .route("/api/v1/exceptions", get(exceptions::list))
        .route("/api/v1/exceptions.csv", get(exceptions::csv))
        .route("/api/v1/couriers/performance", get(couriers::performance))
        .route(
            "/api/v1/couriers/performance.csv",
            get(couriers::performance_csv),
        )
        .route("/api/v1/couriers/contacts", get(couriers::contacts))
        .route("/api/v1/couriers/contacts.csv", get(couriers::contacts_csv))
        .route("/api/v1/messages", get(messages::list))
        .route("/api/v1/messages/{id}", get(messages::show))
        .route("/api/v1/messages/{id}/html", get(messages::document))
        .route("/api/v1/messages/{id}/requeue", post(messages::requeue))
        .route(
            "/api/v1/journeys",
            get(journeys::list).post(journeys::publish),
        )
        .route("/api/v1/journeys/check", post(journeys::try_document))
        .route("/api/v1/journeys/{id}", get(journeys::show))
        .route("/api/v1/journeys/{id}/current", put(journeys::set_current))
        .route("/api/v1/journeys/{id}/runs", get(journeys::runs))
        .route("/api/v1/runs/{id}/stop", post(journeys::stop))
        .route("/api/v1/ready-journeys", get(ready::list))
        .route("/api/v1/ready-journeys/{id}", post(ready::add))
        .route("/api/v1/templates", get(templates::list))
        .route("/api/v1/templates/{name}", get(templates::show))
        .route("/api/v1/templates/{name}/html", get(templates::document))
        .route("/api/v1/tasks", get(tasks::list))
        .route("/api/v1/tasks/{id}", put(tasks::set))
        .route("/api/v1/counters", get(counters::list))
        .route("/api/v1/consents", post(consents::create))
        .route("/api/v1/coupons/{code}", get(coupons::show))
        .route("/api/v1/coupons/{code}/redeem", post(coupons::redeem))
        .merge(desk::routes())
        .layer(axum::middleware::from_fn_with_state(app.clone(), around))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/api/", get(reference::page))
        .route("/api/reference.js", get(reference::script))
        .route("/api/reference.css", get(reference::style))
}

/// Says the time of the demo's clock.
const CLOCK_HEADER: HeaderName = HeaderName::from_static("dopo-clock");

/// Around every endpoint: a repeated POST gets its first answer, and answers carry the caller's rate and cookie.
async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let notes = Notes::default();
    request.extensions_mut().insert(notes.clone());
    let mut response = idempotency::once(&app, request, next).await;
    notes.dress(response.headers_mut());
    if app.settings.demo {
        // The demo's clock runs faster than the reader's: pages count "two hours ago" from it.
        if let Ok(now) = HeaderValue::from_str(&app.engine.now().to_string()) {
            response.headers_mut().insert(CLOCK_HEADER, now);
        }
    }
    response
}
