//! `/api/v1/session`: who is signed in, signing in and out.

use super::{Peer, address, own_site, refusals};
use crate::api::ask::Told;
use crate::api::auth::SignedIn;
use crate::api::problem::Problem;
use crate::sign_in::{self, Denied};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Who is signed in, and what they may do where.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// The account.
    pub user: SessionUser,
    /// The shops in which they have a role.
    pub shops: Vec<SessionShop>,
    /// What they may do, by shop.
    #[schema(example = json!({"casa-lago": ["counters:read", "orders:read"]}))]
    pub scopes: BTreeMap<String, Vec<&'static str>>,
    /// Whether this is a demo, where everybody is its made owner.
    pub demo: bool,
    /// Passkeys of the account.
    #[schema(example = 1)]
    pub passkeys: usize,
    /// Version of the program.
    #[schema(example = "1.0.0")]
    pub version: &'static str,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SessionUser {
    /// Its number.
    #[schema(example = "3")]
    pub id: String,
    /// Its address.
    #[schema(example = "mara@bottega.example")]
    pub email: String,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// Its language, where one is known.
    #[schema(example = "it")]
    pub locale: Option<String>,
}

/// A shop as the console's switcher shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SessionShop {
    /// Name in addresses, for the header `Dopo-Shop`.
    #[schema(example = "casa-lago")]
    pub slug: String,
    /// Name.
    #[schema(example = "Casa Lago")]
    pub name: String,
    /// The account's role there.
    #[schema(example = "owner")]
    pub role: &'static str,
    /// Whether messages leave.
    pub live: bool,
    /// Whether the platform's connection was removed.
    pub disconnected: bool,
}

/// Address and password.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The account's address.
    #[schema(example = "mara@bottega.example")]
    email: String,
    /// Its password.
    #[schema(example = "cavallo batteria graffetta")]
    password: String,
}

/// The shops in which somebody has a role.
pub(super) async fn shops_of(app: &App, who: &SignedIn) -> Result<Vec<SessionShop>, Problem> {
    let mut out = Vec::new();
    for shop in app.engine.shops() {
        if let Some(role) = who.role_in(app, shop.id).await? {
            out.push(SessionShop {
                slug: shop.slug.clone(),
                name: shop.settings.name.clone(),
                role: role.as_str(),
                live: shop.settings.is_live(),
                disconnected: shop.disconnected,
            });
        }
    }
    Ok(out)
}

/// Who is signed in
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session", operation_id = "session",
    responses(
        (status = 200, description = "Who is signed in, and what they may do in which shop.", body = Session),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn show(State(app): State<App>, who: SignedIn) -> Result<Json<Session>, Problem> {
    let shops = shops_of(&app, &who).await?;
    let scopes = shops
        .iter()
        .map(|shop| {
            let role = dopo_core::access::Role::parse(shop.role);
            let may = Scope::ALL
                .iter()
                .filter(|scope| role.is_some_and(|role| role.may(**scope)));
            (shop.slug.clone(), may.map(|scope| scope.as_str()).collect())
        })
        .collect();
    let passkeys = match who.demo {
        true => 0,
        false => app.engine.store().passkeys(who.user.id).await?.len(),
    };
    Ok(Json(Session {
        user: SessionUser {
            id: who.user.id.to_string(),
            email: who.user.email.clone(),
            name: who.user.name.clone(),
            locale: who.user.locale.map(|locale| locale.tag().to_owned()),
        },
        shops,
        scopes,
        demo: who.demo,
        passkeys,
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// 204 with the session's cookie.
pub(super) fn signed_in(cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Sign in
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", operation_id = "sign_in",
    request_body = Credentials,
    responses(
        (status = 204, description = "Signed in; the answer sets the session's cookie."),
        (status = 401, description = "`sign_in_wrong`: address or password is wrong."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 422, description = "`json_unreadable`."),
        (status = 429, description = "`sign_in_locked`: too many attempts; see `Retry-After`."),
    ),
    security(()),
)]
pub(crate) async fn enter(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<Credentials>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let address = address(&app, &headers, peer);
    let user = match sign_in::admit(&app, &told.email, &told.password, &address).await {
        Ok(user) => user,
        Err(Denied::Locked(wait)) => return Err(refusals::locked(wait)),
        Err(Denied::Wrong) => {
            return Err(Problem::unauthorized("").renamed(
                "sign_in_wrong",
                "Address or password is wrong",
                "Look at both again. `POST /api/v1/password/forgot` mails a link to a new password.",
            ));
        }
        Err(Denied::Store(error)) => return Err(error.into()),
    };
    Ok(signed_in(sign_in::begin(&app, &headers, &user).await?))
}

/// Sign out
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", operation_id = "sign_out",
    responses(
        (status = 204, description = "Signed out; also where nobody was signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
    ),
    security(()),
)]
pub(crate) async fn leave(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    own_site(&headers)?;
    Ok(signed_in(sign_in::end(&app, &headers).await?))
}
