//! `/api/v1/setup`: making the first owner of an installation.

use super::session::signed_in;
use super::{Peer, count_attempt, own_site};
use crate::api::ask::Told;
use crate::api::problem::Problem;
use crate::sign_in;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether somebody has to set this installation up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SetupState {
    /// True while there is no account.
    needed: bool,
}

/// The first owner.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct FirstOwner {
    /// What stands behind `#` in the address that `dopo serve` prints.
    token: String,
    /// Their address.
    #[schema(example = "mara@bottega.example")]
    email: String,
    /// Their password.
    #[schema(example = "cavallo batteria graffetta", min_length = 12)]
    password: String,
}

/// Whether this installation waits for its first owner
#[utoipa::path(
    get, path = "/api/v1/setup", tag = "session", operation_id = "setup_state",
    responses((status = 200, description = "Whether there is no account yet.", body = SetupState)),
    security(()),
)]
pub(crate) async fn show(State(app): State<App>) -> Result<Json<SetupState>, Problem> {
    Ok(Json(SetupState {
        needed: app.desk.needs_set_up().await?,
    }))
}

/// Make the first owner
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "session", operation_id = "set_up",
    request_body = FirstOwner,
    responses(
        (status = 204, description = "Made, and signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`set_up`: there is an account already."),
        (status = 422, description = "`token_unusable`, `password_weak`, `fields_invalid`."),
        (status = 429, description = "`sign_in_locked`: too many tries from this address."),
    ),
    security(()),
)]
pub(crate) async fn make(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<FirstOwner>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    count_attempt(&app, "setup", &headers, peer)?;
    let user = app
        .desk
        .set_up(&told.token, &told.email, &told.password)
        .await?;
    Ok(signed_in(sign_in::begin(&app, &headers, &user).await?))
}
