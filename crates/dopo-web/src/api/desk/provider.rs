//! `/api/v1/session/provider…`: signing in at the installation's provider of identities (OpenID Connect).
//!
//! The provider sends the browser back to a page of the console, which ends the sign-in from there: a GET changes nothing,
//! and what goes wrong is told in the person's language.

use super::{Peer, address, own_site, refusals};
use crate::api::ask::Told;
use crate::api::problem::Problem;
use crate::sign_in;
use crate::state::{App, AppState};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_engine::desk::{ProviderError, SIGN_IN_MINUTES};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where one may sign in beside the password.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SignInProvider {
    /// How people call it; null where there is none.
    #[schema(example = "Google")]
    name: Option<String>,
}

/// Where to go on after signing in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ProviderStart {
    /// A path within the console; anything else becomes `/`.
    #[serde(default)]
    #[schema(example = "/orders/3")]
    to: String,
}

/// Where the browser signs in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderStarted {
    /// An address of the provider.
    #[schema(example = "https://id.example.com/auth?client_id=dopo&…")]
    url: String,
}

/// What the browser came back with.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ProviderReturn {
    /// Of the query.
    state: String,
    /// Of the query.
    code: String,
}

/// Where to go on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderFinished {
    /// The path within the console that was asked for.
    #[schema(example = "/orders/3")]
    to: String,
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let words = error.to_string();
        let forbidden = |code| {
            Problem::new(
                StatusCode::FORBIDDEN,
                code,
                "You could not be signed in",
                words.clone(),
            )
        };
        match error {
            ProviderError::Store(error) => error.into(),
            ProviderError::Off => Problem::conflict("provider_off", "There is no provider", words),
            ProviderError::Away => Problem::unavailable().renamed(
                "provider_away",
                "The provider cannot be used now",
                words,
            ),
            ProviderError::Stale => Problem::invalid("provider_stale", words),
            ProviderError::Refused => forbidden("provider_refused"),
            ProviderError::Unverified => forbidden("provider_unverified"),
            ProviderError::Unknown => forbidden("provider_unknown"),
            ProviderError::OtherPerson => forbidden("provider_other_person"),
        }
    }
}

fn cookie_name(app: &AppState) -> &'static str {
    if app.is_https() {
        "__Host-dopo-provider"
    } else {
        "dopo-provider"
    }
}

/// The cookie that keeps a sign-in until the browser is back; empty, it is deleted.
fn keep(app: &AppState, kept: &str) -> Option<HeaderValue> {
    let seconds = match kept {
        "" => 0,
        _ => SIGN_IN_MINUTES * 60,
    };
    let text = format!(
        "{}={kept}; {}; Max-Age={seconds}",
        cookie_name(app),
        sign_in::attributes(app)
    );
    HeaderValue::from_str(&text).ok()
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Where one may sign in beside the password
#[utoipa::path(
    get, path = "/api/v1/session/provider", tag = "session", operation_id = "provider",
    responses((status = 200, description = "The provider, where there is one.", body = SignInProvider)),
    security(()),
)]
pub(crate) async fn show(State(app): State<App>) -> Json<SignInProvider> {
    Json(SignInProvider {
        name: app.desk.provider_name().map(str::to_owned),
    })
}

/// Begin signing in at the provider
#[utoipa::path(
    post, path = "/api/v1/session/provider/start", tag = "session", operation_id = "provider_start",
    request_body = ProviderStart,
    responses(
        (status = 200, description = "Where the browser goes; the answer sets a cookie that ties the end to this beginning.", body = ProviderStarted),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`provider_off`: there is none."),
        (status = 422, description = "`json_unreadable`."),
        (status = 429, description = "`sign_in_locked`: too many attempts; see `Retry-After`."),
        (status = 503, description = "`provider_away`: the provider cannot be used now; `unavailable`."),
    ),
    security(()),
)]
pub(crate) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<ProviderStart>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let address = address(&app, &headers, peer);
    sign_in::not_locked(&app, &address).map_err(refusals::locked)?;
    let begun = app.desk.begin_sign_in(&told.to).await?;
    let answer = Json(ProviderStarted { url: begun.url }).into_response();
    Ok(with_cookie(answer, keep(&app, &begun.kept)))
}

/// Sign in with what the provider sent back
#[utoipa::path(
    post, path = "/api/v1/session/provider/finish", tag = "session", operation_id = "provider_finish",
    request_body = ProviderReturn,
    responses(
        (status = 200, description = "Signed in; the answer sets the session's cookie.", body = ProviderFinished),
        (status = 403, description = "`provider_refused`: what came back does not hold; `provider_unverified`, `provider_unknown`, `provider_other_person`: the person may not come in; `cross_site`."),
        (status = 409, description = "`provider_off`: there is none."),
        (status = 422, description = "`provider_stale`: begun in another browser, too long ago, or ended; `json_unreadable`."),
        (status = 429, description = "`sign_in_locked`: too many attempts; see `Retry-After`."),
        (status = 503, description = "`provider_away`: the provider cannot be used now; `unavailable`."),
    ),
    security(()),
)]
pub(crate) async fn finish(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<ProviderReturn>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let address = address(&app, &headers, peer);
    sign_in::not_locked(&app, &address).map_err(refusals::locked)?;
    let kept = sign_in::cookie(&headers, cookie_name(&app)).unwrap_or_default();
    let came = app.desk.finish_sign_in(kept, &told.state, &told.code).await;
    let done = match came {
        Ok((user, to)) => {
            let session = sign_in::begin(&app, &headers, &user).await?;
            with_cookie(Json(ProviderFinished { to }).into_response(), session)
        }
        Err(error) => {
            if !matches!(
                error,
                ProviderError::Store(_) | ProviderError::Off | ProviderError::Away
            ) {
                sign_in::count_refusal(&app, &address);
            }
            Problem::from(error).into_response()
        }
    };
    Ok(with_cookie(done, keep(&app, "")))
}
