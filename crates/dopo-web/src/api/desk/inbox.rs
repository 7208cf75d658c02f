//! `/api/v1/inbox`: raw events as they came in, and taking them in again.

use super::{actor, audit, nothing, number};
use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::id::InboxId;
use dopo_engine::desk::{REPLAY_MAX, Replayed};
use dopo_engine::ports::{InboxRow, InboxStatus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// Which raw events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// `done`, `ignored`, `waiting` or `failed`.
    #[param(example = "failed")]
    status: Option<String>,
    /// Who sent them: `shopify`, `woocommerce`, `events`, `api`, `import`.
    source: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows of this page, at most 200.
    limit: Option<usize>,
}

/// A raw event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InboxItem {
    /// Its id.
    #[schema(example = "7240000000000001")]
    id: String,
    /// Who sent it.
    #[schema(example = "shopify")]
    source: String,
    /// The sender's topic.
    #[schema(example = "orders/updated")]
    topic: String,
    /// The sender's id of it.
    external_id: String,
    /// When it came.
    received_at: Timestamp,
    /// `done`, `ignored`, `waiting` or `failed`.
    #[schema(example = "failed")]
    status: &'static str,
    /// Why, in English, as the translator said it.
    note: Option<String>,
    /// What the status means, in Italian.
    note_it: &'static str,
}

/// A raw event with its body.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InboxDetail {
    /// The event.
    #[serde(flatten)]
    item: InboxItem,
    /// Its body as text, indented where it is JSON; null when it is not kept.
    body: Option<String>,
    /// The body was deleted, because its 7 days are over or the person was forgotten.
    body_deleted: bool,
}

/// Which raw events to take in again: `ids`, or all that failed (of one source), up to 200 at once.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// These.
    #[schema(example = json!(["7240000000000001"]))]
    ids: Option<Vec<String>>,
    /// `failed`: those that failed.
    #[schema(example = "failed")]
    status: Option<String>,
    /// Only from this source, with `status`.
    source: Option<String>,
}

/// What became of a replay.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReplayResult {
    /// Taken in.
    accepted: usize,
    /// Still cannot be used.
    kept: usize,
    /// Had been taken in already.
    repeated: usize,
    /// Could not be tried (no body any more, no such event).
    failed: usize,
    /// Each of them.
    results: Vec<ReplayOne>,
}

/// What became of one raw event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReplayOne {
    /// Which.
    id: String,
    /// `accepted`, `kept`, `repeated` or `failed`.
    outcome: &'static str,
    /// Why, in words.
    note: Option<String>,
}

fn item(row: &InboxRow) -> InboxItem {
    InboxItem {
        id: row.id.to_string(),
        source: row.source.clone(),
        topic: row.topic.clone(),
        external_id: row.external_id.clone(),
        received_at: row.received_at,
        status: row.status.as_str(),
        note: row.note.clone(),
        note_it: match row.status {
            InboxStatus::Done => "Registrato.",
            InboxStatus::Ignored => "Letto: non c'era niente per noi.",
            InboxStatus::Waiting => {
                "Aspetta un fatto che non è ancora arrivato, per esempio l'ordine."
            }
            InboxStatus::Failed => "Non si è potuto usare: guarda il motivo e ripetilo.",
        },
    }
}

/// Raw events, newest first
#[utoipa::path(
    get, path = "/api/v1/inbox", tag = "inbox", operation_id = "inbox",
    params(InboxQuery),
    responses(
        (status = 200, description = "A page of raw events.", body = Page<InboxItem>),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `inbox:read`."),
        (status = 422, description = "`cursor_unreadable`, `query_invalid`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<InboxQuery>,
) -> Result<Json<Page<InboxItem>>, Problem> {
    caller.need(Scope::InboxRead)?;
    let paging = Paging::<i64>::read("inbox", asked.cursor.as_deref(), asked.limit)?;
    let status = match asked.status.as_deref().filter(|s| !s.is_empty()) {
        None => None,
        Some(name) => Some(InboxStatus::parse(name).ok_or_else(|| {
            Problem::invalid(
                "query_invalid",
                "`status` is one of done, ignored, waiting, failed.",
            )
        })?),
    };
    let rows = app
        .engine
        .store()
        .list_inbox(
            caller.id(),
            status,
            asked.source.as_deref().filter(|s| !s.is_empty()),
            paging.before.map(InboxId),
            paging.look(),
        )
        .await?;
    Ok(Json(paging.page(rows, |row| row.id.0, |row| item(&row))))
}

/// One raw event with its body
#[utoipa::path(
    get, path = "/api/v1/inbox/{id}", tag = "inbox", operation_id = "inbox_event",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The event.", body = InboxDetail),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `inbox:read`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<InboxDetail>, Problem> {
    caller.need(Scope::InboxRead)?;
    let id = InboxId(number(&id)?);
    let row = app
        .engine
        .store()
        .inbox_row(caller.id(), id)
        .await?
        .ok_or_else(nothing)?;
    let body = match app.desk.body(&caller.shop, &row) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "the body of a raw event cannot be opened");
            None
        }
    };
    audit(
        &app,
        &caller,
        "inbox.read",
        &format!("inbox/{id}"),
        json!({}),
    )
    .await?;
    let text = body.map(
        |bytes| match serde_json::from_slice::<serde_json::Value>(&bytes) {
            Ok(value) => format!("{value:#}"),
            Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
        },
    );
    Ok(Json(InboxDetail {
        item: item(&row),
        body_deleted: row.body.is_none(),
        body: text,
    }))
}

/// Take raw events in again
#[utoipa::path(
    post, path = "/api/v1/inbox/replay", tag = "inbox", operation_id = "replay_inbox",
    request_body = Replay,
    responses(
        (status = 200, description = "What became of each.", body = ReplayResult),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `inbox:write`."),
        (status = 422, description = "`replay_what`: give `ids` or `status: failed`; `too_many_ids`: at most 200."),
    ),
)]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<Replay>,
) -> Result<Json<ReplayResult>, Problem> {
    caller.need(Scope::InboxWrite)?;
    let actor = actor(&caller);
    let results = match (&told.ids, told.status.as_deref()) {
        (Some(ids), None) => {
            if ids.len() > REPLAY_MAX {
                return Err(Problem::invalid(
                    "too_many_ids",
                    format!("At most {REPLAY_MAX} at once."),
                ));
            }
            let ids = ids
                .iter()
                .map(|id| number(id).map(InboxId))
                .collect::<Result<Vec<_>, _>>()?;
            app.desk.replay(&caller.shop, ids, &actor).await?
        }
        (None, Some("failed")) => {
            app.desk
                .replay_failed(&caller.shop, told.source.as_deref(), &actor)
                .await?
        }
        _ => {
            return Err(Problem::invalid(
                "replay_what",
                "Give `ids`, or `status` with the value `failed`.",
            ));
        }
    };
    let count = |what: &str| results.iter().filter(|r| r.outcome == what).count();
    Ok(Json(ReplayResult {
        accepted: count("accepted"),
        kept: count("kept"),
        repeated: count("repeated"),
        failed: count("failed"),
        results: results
            .into_iter()
            .map(|Replayed { id, outcome, note }| ReplayOne {
                id: id.to_string(),
                outcome,
                note,
            })
            .collect(),
    }))
}
