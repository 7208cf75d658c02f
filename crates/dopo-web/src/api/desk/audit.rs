//! `/api/v1/audit`: who changed what.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use dopo_core::access::Scope;
use dopo_engine::desk::audit_words;
use dopo_engine::ports::AuditRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which acts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only acts beginning so: `journey`, `key.made`.
    #[param(example = "settings")]
    action: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows of this page, at most 200.
    limit: Option<usize>,
}

/// Something somebody did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Act {
    /// Its number.
    #[schema(example = "88")]
    id: String,
    /// When.
    at: Timestamp,
    /// Who: an address, the beginning of a key.
    #[schema(example = "mara@bottega.example")]
    actor_name: String,
    /// What.
    #[schema(example = "settings.changed")]
    action: String,
    /// On what.
    #[schema(example = "shop")]
    subject: String,
    /// What changed, without personal data and secrets.
    #[schema(value_type = Object, example = json!({"fields": ["quiet_hours"]}))]
    detail: Value,
    /// The act in Italian words.
    #[schema(example = "ha cambiato le impostazioni")]
    it: &'static str,
    /// And in English.
    #[schema(example = "changed the settings")]
    en: &'static str,
}

fn act(row: AuditRow) -> Act {
    let (it, en) = audit_words(&row.action);
    Act {
        id: row.id.to_string(),
        at: row.at,
        actor_name: row.actor_name,
        action: row.action,
        subject: row.subject,
        detail: row.detail,
        it,
        en,
    }
}

/// Who changed what, newest first
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", operation_id = "audit",
    params(AuditQuery),
    responses(
        (status = 200, description = "A page of acts.", body = Page<Act>),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `audit:read`."),
        (status = 422, description = "`cursor_unreadable`, `query_invalid`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<AuditQuery>,
) -> Result<Json<Page<Act>>, Problem> {
    caller.need(Scope::AuditRead)?;
    let paging = Paging::<i64>::read("audit", asked.cursor.as_deref(), asked.limit)?;
    let rows = app
        .engine
        .store()
        .audit(
            caller.id(),
            asked.action.as_deref().filter(|a| !a.is_empty()),
            paging.before,
            paging.look(),
        )
        .await?;
    Ok(Json(paging.page(rows, |row| row.id, act)))
}
