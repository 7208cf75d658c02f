//! `/api/v1/webhooks` and `/api/v1/deliveries`: our own events, told to others.

use super::{actor, number};
use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_engine::desk::{KINDS, WebhookHealth, body_json};
use dopo_engine::ports::{DeliveryRow, DeliveryStatus, WebhookRow};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// All webhooks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    /// The webhooks.
    items: Vec<Webhook>,
    /// Every kind of event there is.
    #[schema(example = json!(["order.placed", "message.sent"]))]
    kinds: [&'static str; KINDS.len()],
}

/// A webhook, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Webhook {
    /// Its number.
    #[schema(example = "2")]
    id: String,
    /// Where events go.
    #[schema(example = "https://erp.example/dopo")]
    url: String,
    /// Which: `message.sent`, `message.*`; empty means all.
    #[schema(example = json!(["order.placed", "message.*"]))]
    kinds: Vec<String>,
    /// Whether it is on.
    active: bool,
    /// When it was made.
    created_at: Timestamp,
    /// The latest delivery.
    last: Option<LastDelivery>,
    /// Deliveries that wait (counted up to 200).
    waiting: usize,
    /// Deliveries given up (counted up to 200).
    failed: usize,
}

/// What became of the latest delivery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LastDelivery {
    /// When it was made.
    at: Timestamp,
    /// `waiting`, `done` or `failed`.
    #[schema(example = "done")]
    status: &'static str,
    /// The answer's status code.
    #[schema(example = 200)]
    code: Option<u16>,
}

/// A webhook to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewWebhook {
    /// Where events go: a public address that begins with https://.
    #[schema(example = "https://erp.example/dopo")]
    url: String,
    /// Which; empty means all.
    #[serde(default)]
    #[schema(example = json!(["order.placed", "message.*"]))]
    kinds: Vec<String>,
}

/// A webhook that was made.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct WebhookMade {
    /// The webhook.
    #[serde(flatten)]
    webhook: Webhook,
    /// Its signing secret, shown this once.
    #[schema(example = "whsec_…")]
    secret: String,
}

/// What to change of a webhook.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct WebhookChange {
    /// Where events go.
    url: Option<String>,
    /// Which.
    kinds: Option<Vec<String>>,
    /// Whether it is on.
    active: Option<bool>,
}

/// Which deliveries.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryQuery {
    /// `waiting`, `done` or `failed`.
    status: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows of this page, at most 200.
    limit: Option<usize>,
}

/// A delivery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// Its number.
    #[schema(example = "17")]
    id: String,
    /// To which webhook; `0` is the shop's own platform.
    #[schema(example = "2")]
    webhook: String,
    /// `webhook-id`: the same at every attempt.
    #[schema(example = "evt_1_order-1042-placed")]
    event_id: String,
    /// Kind of event.
    #[schema(example = "order.placed")]
    kind: String,
    /// `waiting`, `done` or `failed`.
    #[schema(example = "done")]
    status: &'static str,
    /// Attempts made.
    attempts: u16,
    /// When it is tried next, while it waits.
    due_at: Option<Timestamp>,
    /// When it was made.
    created_at: Timestamp,
    /// The last answer's status code.
    code: Option<u16>,
    /// What happened last, in words.
    error: Option<String>,
    /// What was sent.
    #[schema(value_type = Object)]
    body: Value,
}

fn shown(health: WebhookHealth) -> Webhook {
    let last = health.last.map(|row| LastDelivery {
        at: row.created_at,
        status: row.status.as_str(),
        code: row.last_code,
    });
    Webhook {
        last,
        waiting: health.waiting,
        failed: health.failed,
        ..bare(health.webhook)
    }
}

fn bare(row: WebhookRow) -> Webhook {
    Webhook {
        id: row.id.to_string(),
        url: row.url,
        kinds: row.kinds,
        active: row.active,
        created_at: row.created_at,
        last: None,
        waiting: 0,
        failed: 0,
    }
}

fn delivery(row: DeliveryRow) -> Delivery {
    Delivery {
        body: body_json(&row),
        id: row.id.to_string(),
        webhook: row.webhook.to_string(),
        event_id: row.event_id,
        kind: row.kind,
        status: row.status.as_str(),
        attempts: row.attempts,
        due_at: (row.status == DeliveryStatus::Waiting).then_some(row.due_at),
        created_at: row.created_at,
        code: row.last_code,
        error: row.last_error,
    }
}

/// Webhooks of the shop
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "webhooks",
    responses(
        (status = 200, description = "All webhooks, without their secrets.", body = Webhooks),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:read`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Webhooks>, Problem> {
    caller.need(Scope::WebhooksRead)?;
    let all = app.desk.webhooks(caller.id()).await?;
    Ok(Json(Webhooks {
        items: all.into_iter().map(shown).collect(),
        kinds: KINDS,
    }))
}

/// Add a webhook
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "make_webhook",
    request_body = NewWebhook,
    responses(
        (status = 201, description = "Added; its secret is shown this once.", body = WebhookMade),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:write`."),
        (status = 409, description = "`too_many_webhooks`: at most 20."),
        (status = 422, description = "`fields_invalid`: an address that may not be asked, or a kind there is not."),
    ),
)]
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookMade>), Problem> {
    caller.need(Scope::WebhooksWrite)?;
    let (row, secret) = app
        .desk
        .add_webhook(caller.id(), told.url.trim(), told.kinds, &actor(&caller))
        .await?;
    let made = WebhookMade {
        webhook: bare(row),
        secret,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Change a webhook
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = String, Path, description = "Its number.")),
    request_body = WebhookChange,
    responses(
        (status = 200, description = "The webhook as it is now.", body = Webhook),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:write`."),
        (status = 404, description = "`not_found`."),
        (status = 422, description = "`fields_invalid`."),
    ),
)]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<WebhookChange>,
) -> Result<Json<Webhook>, Problem> {
    caller.need(Scope::WebhooksWrite)?;
    let row = app
        .desk
        .change_webhook(
            caller.id(),
            number(&id)?,
            told.url,
            told.kinds,
            told.active,
            &actor(&caller),
        )
        .await?;
    Ok(Json(bare(row)))
}

/// Remove a webhook
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = String, Path, description = "Its number.")),
    responses(
        (status = 204, description = "Removed, with what waited for it."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:write`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::WebhooksWrite)?;
    app.desk
        .delete_webhook(caller.id(), number(&id)?, &actor(&caller))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test event
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = String, Path, description = "Its number.")),
    responses(
        (status = 202, description = "Queued: look at the deliveries."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:write`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::WebhooksWrite)?;
    app.desk
        .test_webhook(caller.id(), number(&id)?, &actor(&caller))
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Deliveries to a webhook, newest first
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "deliveries",
    params(("id" = String, Path, description = "Its number."), DeliveryQuery),
    responses(
        (status = 200, description = "A page of deliveries.", body = Page<Delivery>),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:read`."),
        (status = 404, description = "`not_found`."),
        (status = 422, description = "`cursor_unreadable`, `query_invalid`."),
    ),
)]
pub(crate) async fn deliveries(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<DeliveryQuery>,
) -> Result<Json<Page<Delivery>>, Problem> {
    caller.need(Scope::WebhooksRead)?;
    let paging = Paging::<i64>::read("deliveries", asked.cursor.as_deref(), asked.limit)?;
    let status = status_of(&asked)?;
    let rows = app
        .desk
        .deliveries(
            caller.id(),
            number(&id)?,
            status,
            paging.before,
            paging.look(),
        )
        .await?;
    Ok(Json(paging.page(rows, |row| row.id, delivery)))
}

fn status_of(asked: &DeliveryQuery) -> Result<Option<DeliveryStatus>, Problem> {
    let name = asked.status.as_deref().filter(|s| !s.is_empty());
    let status = name.map(|name| {
        DeliveryStatus::parse(name).ok_or_else(|| {
            Problem::invalid("query_invalid", "`status` is one of waiting, done, failed.")
        })
    });
    status.transpose()
}

/// Words to the shop's platform about its parcels, newest first
///
/// Each says which parcel and which state; `POST /api/v1/deliveries/{id}/replay` carries one again.
#[utoipa::path(
    get, path = "/api/v1/write-backs", tag = "webhooks", operation_id = "write_backs",
    params(DeliveryQuery),
    responses(
        (status = 200, description = "A page of words.", body = Page<Delivery>),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:read`."),
        (status = 422, description = "`cursor_unreadable`, `query_invalid`."),
    ),
)]
pub(crate) async fn write_backs(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<DeliveryQuery>,
) -> Result<Json<Page<Delivery>>, Problem> {
    caller.need(Scope::WebhooksRead)?;
    let paging = Paging::<i64>::read("write-backs", asked.cursor.as_deref(), asked.limit)?;
    let status = status_of(&asked)?;
    let rows = app
        .desk
        .write_backs(caller.id(), status, paging.before, paging.look())
        .await?;
    Ok(Json(paging.page(rows, |row| row.id, delivery)))
}

/// Deliver again
///
/// With the same `webhook-id`, so that the receiver can tell a repeat.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/replay", tag = "webhooks", operation_id = "replay_delivery",
    params(("id" = String, Path, description = "Its number.")),
    responses(
        (status = 202, description = "Queued again."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `webhooks:write`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::WebhooksWrite)?;
    app.desk
        .replay_delivery(caller.id(), number(&id)?, &actor(&caller))
        .await?;
    Ok(StatusCode::ACCEPTED)
}
