//! `GET /api/v1/live`: what changed, as server-sent events, at most one a second and shop.

use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::stream::Received;
use crate::limits::{LIVE_LISTENERS_MAX, LIVE_PING, LIVE_SPAN};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_core::id::ShopId;
use dopo_engine::console::live::{Change, Topics};
use std::io;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep_until, timeout_at};

/// What changed in the shop, as it changes.
#[utoipa::path(
    get, path = "/api/v1/live", tag = "live", operation_id = "live",
    responses((status = 200, description = "`event: changed` with `data: {\"topics\": [\"orders\", …]}`, at most once a second; \
        a comment every 20 s keeps the connection. Topics: orders, messages, customers, counters, inbox, tasks, journeys, \
        settings.", body = String, content_type = "text/event-stream")),
    security(("key" = ["counters:read"])),
)]
pub(crate) async fn listen(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    caller.need(Scope::CountersRead)?;
    let Ok(seat) = Arc::clone(&app.live_seats).try_acquire_owned() else {
        return Err(Problem::unavailable());
    };
    let changes = app.engine.changes();
    let (send, receive) = tokio::sync::mpsc::channel(4);
    let shop = caller.id();
    drop(caller);
    tokio::spawn(async move {
        tell(shop, changes, send).await;
        drop(seat);
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store, no-transform"),
        ),
        // Said to proxies that would otherwise hold the parts back.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, Body::from_stream(Received(receive))).into_response())
}

/// How many may listen at once; see [`LIVE_LISTENERS_MAX`].
pub(crate) fn seats() -> Arc<tokio::sync::Semaphore> {
    Arc::new(tokio::sync::Semaphore::new(LIVE_LISTENERS_MAX))
}

async fn tell(
    shop: ShopId,
    mut changes: Receiver<Change>,
    send: Sender<Result<String, io::Error>>,
) {
    // The client learns at once that it is connected.
    if send.send(Ok(": connected\n\n".to_owned())).await.is_err() {
        return;
    }
    let mut last = Instant::now();
    loop {
        let first = tokio::select! {
            first = hear(shop, &mut changes) => first,
            () = sleep_until(last + LIVE_PING) => {
                if send.send(Ok(": ping\n\n".to_owned())).await.is_err() {
                    return;
                }
                last = Instant::now();
                continue;
            }
            () = send.closed() => return,
        };
        let Some(mut topics) = first else { return };
        // What else changes within the same second is told in one word.
        let until = Instant::now() + LIVE_SPAN;
        while let Ok(more) = timeout_at(until, hear(shop, &mut changes)).await {
            match more {
                Some(more) => topics = topics.and(more),
                None => return,
            }
        }
        let event = format!(
            "event: changed\ndata: {}\n\n",
            serde_json::json!({ "topics": topics.names() })
        );
        if send.send(Ok(event)).await.is_err() {
            return;
        }
        last = Instant::now();
    }
}

/// The next change of this shop; `None` when the program stops.
async fn hear(shop: ShopId, changes: &mut Receiver<Change>) -> Option<Topics> {
    loop {
        match changes.recv().await {
            Ok(change) if change.shop.is_none_or(|of| of == shop) => return Some(change.topics),
            Ok(_) => {}
            // So much happened that not all was heard: anything may have changed.
            Err(RecvError::Lagged(_)) => return Some(Topics::ALL),
            Err(RecvError::Closed) => return None,
        }
    }
}
