//! `/api/v1/backups`: copies of the database.

use super::actor;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_engine::ports::BackupRow;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// Backups shown.
const SHOWN: usize = 50;

/// The latest backups.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Backups {
    /// Newest first, at most 50.
    items: Vec<Backup>,
    /// Whether `DOPO_BACKUP_DIR` is set.
    folder_set: bool,
    /// When the last good one was made.
    last_ok_at: Option<Timestamp>,
}

/// A backup made or tried.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Backup {
    /// Its number.
    #[schema(example = "12")]
    id: String,
    /// When it began.
    began_at: Timestamp,
    /// When it ended; null while it runs.
    ended_at: Option<Timestamp>,
    /// Name of the file in the folder.
    #[schema(example = "dopo-nightly-20261122-020000.backup")]
    file: String,
    /// Its size in bytes.
    #[schema(example = 18_874_368)]
    bytes: Option<u64>,
    /// What went wrong.
    error: Option<String>,
}

fn shown(row: BackupRow) -> Backup {
    Backup {
        id: row.id.to_string(),
        began_at: row.began_at,
        ended_at: row.ended_at,
        file: row.file,
        bytes: row.bytes,
        error: row.error,
    }
}

/// The latest backups
#[utoipa::path(
    get, path = "/api/v1/backups", tag = "backups", operation_id = "backups",
    responses(
        (status = 200, description = "The latest backups.", body = Backups),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `backup:read`."),
    ),
)]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Backups>, Problem> {
    caller.need(Scope::BackupRead)?;
    let rows = app.desk.backups(SHOWN).await?;
    let last_ok_at = rows
        .iter()
        .filter(|row| row.error.is_none())
        .find_map(|row| row.ended_at);
    Ok(Json(Backups {
        items: rows.into_iter().map(shown).collect(),
        folder_set: app.desk.has_backup_folder(),
        last_ok_at,
    }))
}

/// Make a backup now
#[utoipa::path(
    post, path = "/api/v1/backups", tag = "backups", operation_id = "make_backup",
    responses(
        (status = 202, description = "Begun; it is made in the background.", body = Backup),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `backup:write`."),
        (status = 409, description = "`no_backup_folder`: set DOPO_BACKUP_DIR; `backup_running`."),
    ),
)]
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<Backup>), Problem> {
    caller.need(Scope::BackupWrite)?;
    let row = app.desk.begin_backup(caller.id(), &actor(&caller)).await?;
    Ok((StatusCode::ACCEPTED, Json(shown(row))))
}
