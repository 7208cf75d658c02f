//! `/api/v1/keys`: keys for the API.

use super::{audit, nothing, number};
use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_core::access::Scope;
use dopo_engine::ports::stored_name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Characters of a key that are stored and shown.
const PREFIX_CHARS: usize = 12;

/// All keys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Keys {
    /// Also those that were revoked.
    items: Vec<Key>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// Its number.
    #[schema(example = "4")]
    id: String,
    /// Its beginning.
    #[schema(example = "dopo_AbCdEfG")]
    prefix: String,
    /// Its name, where it has one.
    name: Option<String>,
    /// What it may do.
    #[schema(example = json!(["events:write"]))]
    scopes: Vec<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was revoked.
    revoked_at: Option<Timestamp>,
}

/// A key to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewKey {
    /// What it is called, on one line of at most 80 characters; longer ones are cut.
    #[schema(example = "Magazzino")]
    name: Option<String>,
    /// What it may do; nothing that its maker may not do.
    #[schema(example = json!(["events:write", "orders:read"]))]
    scopes: Vec<String>,
}

/// A key that was made.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct KeyMade {
    /// Its number.
    #[schema(example = "4")]
    id: String,
    /// The key itself, shown this once.
    #[schema(example = "dopo_AbCdEfG…")]
    key: String,
    /// Its beginning.
    #[schema(example = "dopo_AbCdEfG")]
    prefix: String,
    /// What it may do.
    scopes: Vec<String>,
}

/// Keys of the shop
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "keys", operation_id = "keys",
    responses(
        (status = 200, description = "All keys, without their secrets.", body = Keys),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `keys:read`."),
    ),
)]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Keys>, Problem> {
    caller.need(Scope::KeysRead)?;
    let rows = app.engine.store().api_keys(caller.id()).await?;
    let items = rows
        .into_iter()
        .map(|row| Key {
            id: row.id.to_string(),
            prefix: row.prefix,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
        .collect();
    Ok(Json(Keys { items }))
}

/// Make a key
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "keys", operation_id = "make_key",
    request_body = NewKey,
    responses(
        (status = 201, description = "The key, shown this once.", body = KeyMade),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `keys:write`, or a scope that its maker does not have."),
        (status = 422, description = "`fields_invalid`: no scope, or one there is not."),
    ),
)]
pub(crate) async fn make(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<NewKey>,
) -> Result<(StatusCode, Json<KeyMade>), Problem> {
    caller.need(Scope::KeysWrite)?;
    let mut scopes = Vec::new();
    for name in &told.scopes {
        let scope = Scope::parse(name).ok_or_else(|| {
            Problem::field(
                "scopes",
                "no_such_scope",
                "Questo permesso non esiste.",
                "There is no such scope.",
            )
        })?;
        // Nobody gives away more than they have.
        caller.need(scope)?;
        let name = scope.as_str().to_owned();
        if !scopes.contains(&name) {
            scopes.push(name);
        }
    }
    if scopes.is_empty() {
        return Err(Problem::field(
            "scopes",
            "empty",
            "Scegli almeno un permesso.",
            "Choose at least one scope.",
        ));
    }
    let name = told.name.as_deref().and_then(stored_name);
    let mut random = [0; 32];
    app.engine.entropy().fill(&mut random);
    let key = format!("dopo_{}", URL_SAFE_NO_PAD.encode(random));
    let prefix: String = key.chars().take(PREFIX_CHARS).collect();
    let hash = Sha256::digest(key.as_bytes());
    let id = app
        .engine
        .store()
        .add_api_key(
            caller.id(),
            name.as_deref(),
            &prefix,
            hash.as_slice(),
            &scopes,
            app.engine.now(),
        )
        .await?;
    audit(
        &app,
        &caller,
        "key.made",
        &format!("key/{id}"),
        json!({"prefix": prefix, "scopes": scopes}),
    )
    .await?;
    let made = KeyMade {
        id: id.to_string(),
        key,
        prefix,
        scopes,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revoke a key
#[utoipa::path(
    delete, path = "/api/v1/keys/{id}", tag = "keys", operation_id = "revoke_key",
    params(("id" = String, Path, description = "Its number.")),
    responses(
        (status = 204, description = "Revoked: it stops within five seconds on every node."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `keys:write`."),
        (status = 404, description = "`not_found`."),
    ),
)]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::KeysWrite)?;
    let id = number(&id)?;
    let store = app.engine.store();
    let key = store
        .api_key_by_id(caller.id(), id)
        .await?
        .ok_or_else(nothing)?;
    if key.revoked_at.is_none() {
        store
            .revoke_api_key(caller.id(), id, app.engine.now())
            .await?;
        audit(
            &app,
            &caller,
            "key.revoked",
            &format!("key/{id}"),
            json!({"prefix": key.prefix}),
        )
        .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
