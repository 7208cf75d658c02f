//! `/api/v1/password/…` and `/api/v1/me/password`: a forgotten password, a link to a new one, one's own.

use super::session::signed_in;
use super::{Peer, count_attempt, not_in_demo, own_site};
use crate::api::ask::Told;
use crate::api::auth::SignedIn;
use crate::api::problem::Problem;
use crate::sign_in;
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dopo_core::italy::Locale;
use dopo_engine::desk::Actor;
use dopo_engine::ports::stored_name;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use utoipa::ToSchema;

/// Whose password is forgotten.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Forgotten {
    /// The account's address.
    #[schema(example = "mara@bottega.example")]
    email: String,
}

/// A new password by a link.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Reset {
    /// What stands behind `#` in the link.
    token: String,
    /// The new password.
    #[schema(example = "cavallo batteria graffetta", min_length = 12)]
    password: String,
}

/// A new password of one's own.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewPassword {
    /// The present one.
    old: String,
    /// The new one.
    #[schema(example = "cavallo batteria graffetta", min_length = 12)]
    new: String,
}

/// What one is called and spoken to in; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// One's name, on one line of at most 80 characters; longer ones are cut, empty takes it away.
    #[schema(example = "Mara Conti")]
    name: Option<String>,
    /// The language of the console: `it` or `en`.
    #[schema(example = "it")]
    locale: Option<String>,
}

/// Change one's own name and language
#[utoipa::path(
    patch, path = "/api/v1/me", tag = "session", operation_id = "change_profile",
    request_body = Profile,
    responses(
        (status = 204, description = "Changed; `GET /api/v1/session` tells it from now on."),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`demo`."),
        (status = 422, description = "`fields_invalid`: no such language; `json_unreadable`."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_profile(
    State(app): State<App>,
    who: SignedIn,
    Told(told): Told<Profile>,
) -> Result<StatusCode, Problem> {
    not_in_demo(&who)?;
    let locale = match &told.locale {
        None => who.user.locale,
        Some(tag) => Some(
            [Locale::It, Locale::En]
                .into_iter()
                .find(|locale| locale.tag() == tag)
                .ok_or_else(|| {
                    Problem::field(
                        "locale",
                        "unknown",
                        "Le lingue sono: it, en.",
                        "The languages are: it, en.",
                    )
                })?,
        ),
    };
    let name = match &told.name {
        None => who.user.name.clone(),
        Some(name) => stored_name(name),
    };
    if name != who.user.name || locale != who.user.locale {
        let store = app.engine.store();
        store
            .set_profile(who.user.id, name.as_deref(), locale)
            .await?;
        note(&app, &who, "account.changed").await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Mail a link to a new password
#[utoipa::path(
    post, path = "/api/v1/password/forgot", tag = "session", operation_id = "forgot_password",
    request_body = Forgotten,
    responses(
        (status = 204, description = "Always, so that nobody learns which addresses have an account."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 422, description = "`json_unreadable`."),
        (status = 429, description = "`sign_in_locked`: too many requests from this address."),
    ),
    security(()),
)]
pub(crate) async fn forgot(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<Forgotten>,
) -> Result<StatusCode, Problem> {
    own_site(&headers)?;
    count_attempt(&app, "forgot", &headers, peer)?;
    let desk = Arc::clone(&app.desk);
    // Beside the answer, so that its time tells nothing.
    tokio::spawn(async move {
        if let Err(error) = desk.forgot(&told.email).await {
            tracing::error!(%error, "a link to a new password could not be sent");
        }
    });
    Ok(StatusCode::NO_CONTENT)
}

/// Set a password by a link
#[utoipa::path(
    post, path = "/api/v1/password/reset", tag = "session", operation_id = "reset_password",
    request_body = Reset,
    responses(
        (status = 204, description = "Set; all sessions of the account ended and a new one begun."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`demo`."),
        (status = 422, description = "`token_unusable`, `password_weak`."),
        (status = 429, description = "`sign_in_locked`: too many tries from this address."),
    ),
    security(()),
)]
pub(crate) async fn reset(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<Reset>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    count_attempt(&app, "reset", &headers, peer)?;
    let user = app.desk.reset(&told.token, &told.password).await?;
    Ok(signed_in(sign_in::begin(&app, &headers, &user).await?))
}

/// Change one's own password
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "session", operation_id = "change_password",
    request_body = NewPassword,
    responses(
        (status = 204, description = "Changed; all other sessions ended, this one has a new cookie."),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`demo`."),
        (status = 422, description = "`fields_invalid`: the present password is another; `password_weak`."),
        (status = 429, description = "`sign_in_locked`: too many tries from this address."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn change_password(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    who: SignedIn,
    Told(told): Told<NewPassword>,
) -> Result<Response, Problem> {
    not_in_demo(&who)?;
    count_attempt(&app, "change", &headers, peer)?;
    app.desk
        .change_password(&who.user, &told.old, &told.new, None)
        .await?;
    note(&app, &who, "account.password_changed").await?;
    Ok(signed_in(sign_in::begin(&app, &headers, &who.user).await?))
}

/// Writes what somebody did to their account into the log of every shop they work in.
pub(super) async fn note(app: &App, who: &SignedIn, action: &str) -> Result<(), Problem> {
    let actor = Actor::user(&who.user);
    for shop in app.engine.shops() {
        if who.role_in(app, shop.id).await?.is_some() {
            let subject = format!("user/{}", who.user.id);
            app.engine
                .audit(shop.id, &actor, action, &subject, json!({}))
                .await?;
        }
    }
    Ok(())
}
