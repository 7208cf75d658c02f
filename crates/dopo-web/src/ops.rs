//! What operators and their machines ask: alive, ready, how much.

use crate::api::problem::Problem;
use crate::page::PageError;
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers and has the right schema.
pub(crate) async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    app.engine.store().check().await?;
    Ok("ready\n")
}

/// `GET /metrics`: Prometheus text.
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, PageError> {
    let handle = app.metrics.as_ref().ok_or(PageError::Missing)?;
    if let Ok(queues) = app.engine.store().queue_depth(app.engine.now()).await {
        for (channel, due, later) in queues {
            let channel = channel.as_str();
            metrics::gauge!("dopo_messages_due", "channel" => channel).set(due as f64);
            metrics::gauge!("dopo_messages_later", "channel" => channel).set(later as f64);
        }
    }
    let mut response = handle.render().into_response();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    Ok(response)
}
