//! The endpoints behind the console's settings: session, set-up, shop, domain, connections, keys, webhooks, team, audit
//! log, backups, saved views. They ask [`dopo_engine::desk`] and show what it says.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod connections;
pub(crate) mod courier_accounts;
pub(crate) mod domain;
pub(crate) mod inbox;
pub(crate) mod keys;
pub(crate) mod passkeys;
pub(crate) mod provider;
mod refusals;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod shop;
pub(crate) mod team;
pub(crate) mod views;
pub(crate) mod webhooks;

use crate::api::auth::{Caller, SignedIn};
use crate::api::problem::Problem;
use crate::edge::client_address;
use crate::state::App;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::routing::{delete, get, patch, post, put};
use dopo_engine::desk::Actor;
use serde_json::Value;
use std::net::SocketAddr;

/// The client's socket, where there is one.
pub(crate) type Peer = Option<axum::Extension<ConnectInfo<SocketAddr>>>;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(
            "/api/v1/session",
            get(session::show)
                .post(session::enter)
                .delete(session::leave),
        )
        .route(
            "/api/v1/session/passkey/start",
            post(passkeys::start_sign_in),
        )
        .route(
            "/api/v1/session/passkey/finish",
            post(passkeys::finish_sign_in),
        )
        .route("/api/v1/session/provider", get(provider::show))
        .route("/api/v1/session/provider/start", post(provider::start))
        .route("/api/v1/session/provider/finish", post(provider::finish))
        .route("/api/v1/me/passkeys", get(passkeys::list))
        .route("/api/v1/me/passkeys/start", post(passkeys::start_adding))
        .route("/api/v1/me/passkeys/finish", post(passkeys::finish_adding))
        .route("/api/v1/me/passkeys/{id}", delete(passkeys::remove))
        .route("/api/v1/password/forgot", post(account::forgot))
        .route("/api/v1/password/reset", post(account::reset))
        .route("/api/v1/me", patch(account::change_profile))
        .route("/api/v1/me/password", put(account::change_password))
        .route("/api/v1/setup", get(setup::show).post(setup::make))
        .route("/api/v1/shops", get(shop::list).post(shop::add))
        .route("/api/v1/shop", get(shop::show).patch(shop::change))
        .route("/api/v1/shop/checklist", get(shop::checklist))
        .route("/api/v1/shop/domain", get(domain::show).post(domain::make))
        .route("/api/v1/shop/test-order", post(shop::test_order))
        .route(
            "/api/v1/shop/live",
            post(shop::go_live).delete(shop::back_to_trial),
        )
        .route("/api/v1/inbox", get(inbox::list))
        .route("/api/v1/inbox/{id}", get(inbox::show))
        .route("/api/v1/inbox/replay", post(inbox::replay))
        .route("/api/v1/connections", get(connections::list))
        .route(
            "/api/v1/connections/{source}",
            put(connections::set).delete(connections::remove),
        )
        .route("/api/v1/courier-hooks", get(connections::courier_hooks))
        .route(
            "/api/v1/connections/events/secret",
            post(connections::make_secret),
        )
        .route(
            "/api/v1/courier-accounts",
            get(courier_accounts::list).post(courier_accounts::add),
        )
        .route(
            "/api/v1/courier-accounts/{vendor}",
            delete(courier_accounts::remove),
        )
        .route("/api/v1/keys", get(keys::list).post(keys::make))
        .route("/api/v1/keys/{id}", delete(keys::revoke))
        .route("/api/v1/webhooks", get(webhooks::list).post(webhooks::make))
        .route(
            "/api/v1/webhooks/{id}",
            patch(webhooks::change).delete(webhooks::remove),
        )
        .route("/api/v1/webhooks/{id}/test", post(webhooks::test))
        .route(
            "/api/v1/webhooks/{id}/deliveries",
            get(webhooks::deliveries),
        )
        .route("/api/v1/deliveries/{id}/replay", post(webhooks::replay))
        .route("/api/v1/write-backs", get(webhooks::write_backs))
        .route("/api/v1/team", get(team::list).post(team::invite))
        .route("/api/v1/team/{id}", put(team::change).delete(team::remove))
        .route("/api/v1/audit", get(audit::list))
        .route("/api/v1/backups", get(backups::list).post(backups::make))
        .route("/api/v1/views", get(views::list).post(views::save))
        .route("/api/v1/views/{id}", delete(views::remove))
}

/// Who asks, for the audit log.
pub(crate) fn actor(caller: &Caller) -> Actor {
    Actor {
        id: caller.actor(),
        name: caller.actor_name(),
    }
}

/// Writes down what the caller did. `detail` holds no personal data and no secrets.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn audit(
    app: &App,
    caller: &Caller,
    action: &str,
    subject: &str,
    detail: Value,
) -> Result<(), Problem> {
    let actor = actor(caller);
    app.engine
        .audit(caller.id(), &actor, action, subject, detail)
        .await?;
    Ok(())
}

/// The number in an address.
///
/// # Errors
/// 404: what is no number names nothing.
pub(crate) fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| nothing())
}

/// 404 without a hint whether it is somebody else's.
pub(crate) fn nothing() -> Problem {
    Problem::not_found("This shop has nothing with this id.")
}

/// 409 where a demo's account would be changed.
pub(crate) fn not_in_demo(who: &SignedIn) -> Result<(), Problem> {
    if who.demo {
        return Err(refusals::demo());
    }
    Ok(())
}

/// Counts an attempt from where the request came from.
///
/// # Errors
/// 429 when there were too many.
pub(crate) fn count_attempt(
    app: &App,
    what: &str,
    headers: &HeaderMap,
    peer: Peer,
) -> Result<(), Problem> {
    let address = address(app, headers, peer);
    app.link_limit
        .take(&(what, address))
        .map_err(refusals::locked)
}

/// Where a request came from, for limits only.
pub(crate) fn address(app: &App, headers: &HeaderMap, peer: Peer) -> String {
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    client_address(app, headers, peer)
}

/// 403 for a form or script of another site (SEC-02).
pub(crate) fn own_site(headers: &HeaderMap) -> Result<(), Problem> {
    if crate::sign_in::is_foreign(headers) {
        return Err(Problem::cross_site());
    }
    Ok(())
}
