//! `/api/v1/connections`: where events come from, and how that goes.

use super::{actor, nothing};
use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_core::access::Scope;
use dopo_engine::ports::{ConnectionRow, SourceHealth};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The sources one connects, in the order of the page.
const SOURCES: [&str; 3] = ["shopify", "woocommerce", "events"];
/// Hours without anything after which a connection is called quiet.
const QUIET_HOURS: i64 = 48;
/// Random bytes of a secret for our own events.
const SECRET_BYTES: usize = 24;

/// All connections.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Connections {
    /// One for each source there is.
    items: Vec<Connection>,
}

/// A connection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Connection {
    /// `shopify`, `woocommerce`, `events`, or the name of a courier's hook (`qapla`, `ups`…).
    #[schema(example = "shopify")]
    source: &'static str,
    /// Whether a secret is set; without one everything is refused.
    configured: bool,
    /// When the secret was set.
    changed_at: Option<Timestamp>,
    /// Where the sender sends its webhooks.
    #[schema(example = "https://dopo.example/hooks/casa-lago/shopify")]
    hook_url: String,
    /// When something last came in.
    last_at: Option<Timestamp>,
    /// Its topic.
    last_topic: Option<String>,
    /// Not understood and not dealt with (counted up to 1,000).
    failed: u64,
    /// Waiting for a fact (counted up to 1,000).
    waiting: u64,
    /// `good`, `quiet` (nothing for two days), `trouble` (something failed) or `never` (nothing came yet).
    #[schema(example = "good")]
    health: &'static str,
    /// The same in Italian words.
    it: &'static str,
    /// And in English.
    en: &'static str,
}

/// All couriers and collectors that tell by themselves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierHooks {
    /// One for each.
    items: Vec<CourierHook>,
}

/// The hook of a courier or collector.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CourierHook {
    /// The name people know it by.
    #[schema(example = "Qapla'")]
    title: &'static str,
    /// Its address, whether its secret is set, and when it last spoke.
    #[serde(flatten)]
    connection: Connection,
}

/// A platform's or courier's secret.
#[derive(Clone, Deserialize, ToSchema)]
pub(crate) struct Secret {
    /// As the platform shows it.
    #[schema(example = "shpss_…")]
    secret: String,
}

/// A secret that was made.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct SecretMade {
    /// Shown this once.
    #[schema(example = "whsec_…")]
    secret: String,
}

fn health(
    health: Option<&SourceHealth>,
    now: Timestamp,
) -> (&'static str, &'static str, &'static str) {
    match health {
        None => (
            "never",
            "Non è ancora arrivato niente.",
            "Nothing has come yet.",
        ),
        Some(seen) if seen.failed > 0 => (
            "trouble",
            "Qualcosa non si è potuto usare: guarda la posta in arrivo tecnica.",
            "Something could not be used: look at the inbox.",
        ),
        Some(seen)
            if now.duration_since(seen.last_at) > SignedDuration::from_hours(QUIET_HOURS) =>
        {
            (
                "quiet",
                "Da due giorni non arriva niente: controlla i webhook della piattaforma.",
                "Nothing has come for two days: look at the platform's webhooks.",
            )
        }
        Some(_) => ("good", "Tutto bene.", "All is well."),
    }
}

async fn connection(
    app: &App,
    caller: &Caller,
    source: &'static str,
) -> Result<Connection, Problem> {
    let store = app.engine.store();
    let rows = store.connections(caller.id()).await?;
    let seen = store.source_health(caller.id()).await?;
    Ok(shown(app, caller, source, &rows, &seen))
}

fn shown(
    app: &App,
    caller: &Caller,
    source: &'static str,
    rows: &[ConnectionRow],
    seen: &[SourceHealth],
) -> Connection {
    let row = rows.iter().find(|row| row.source == source);
    let seen = seen.iter().find(|seen| seen.source == source);
    let (health, it, en) = health(seen, app.engine.now());
    Connection {
        source,
        configured: row.is_some(),
        changed_at: row.map(|row| row.changed_at),
        hook_url: format!(
            "{}/hooks/{}/{source}",
            app.engine.public_url(),
            caller.shop.slug
        ),
        last_at: seen.map(|seen| seen.last_at),
        last_topic: seen.map(|seen| seen.last_topic.clone()),
        failed: seen.map_or(0, |seen| seen.failed),
        waiting: seen.map_or(0, |seen| seen.waiting),
        health,
        it,
        en,
    }
}

/// Connections and their health
#[utoipa::path(
    get, path = "/api/v1/connections", tag = "connections", operation_id = "connections",
    responses(
        (status = 200, description = "One for each source there is.", body = Connections),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `connections:read`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Connections>, Problem> {
    caller.need(Scope::ConnectionsRead)?;
    let store = app.engine.store();
    let rows = store.connections(caller.id()).await?;
    let seen = store.source_health(caller.id()).await?;
    Ok(Json(Connections {
        items: SOURCES
            .into_iter()
            .map(|source| shown(&app, &caller, source, &rows, &seen))
            .collect(),
    }))
}

/// The hooks of couriers and collectors, and when they last spoke
#[utoipa::path(
    get, path = "/api/v1/courier-hooks", tag = "connections", operation_id = "courier_hooks",
    responses(
        (status = 200, description = "One for each that tells by itself. No secret is shown.", body = CourierHooks),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `connections:read`."),
    ),
)]
pub(crate) async fn courier_hooks(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<CourierHooks>, Problem> {
    caller.need(Scope::ConnectionsRead)?;
    let store = app.engine.store();
    let rows = store.connections(caller.id()).await?;
    let seen = store.source_health(caller.id()).await?;
    let sources = app.translator.courier_sources();
    Ok(Json(CourierHooks {
        items: sources
            .into_iter()
            .map(|source| CourierHook {
                title: source.title,
                connection: shown(&app, &caller, source.name, &rows, &seen),
            })
            .collect(),
    }))
}

/// The source with this name, of platforms and couriers.
fn known(app: &App, name: &str) -> Result<&'static str, Problem> {
    let couriers = app.translator.courier_sources();
    SOURCES
        .into_iter()
        .chain(couriers.into_iter().map(|source| source.name))
        .find(|known| *known == name)
        .ok_or_else(nothing)
}

/// Set a platform's or courier's secret
///
/// The secret before stays valid beside the new one, so that a rotation loses nothing.
#[utoipa::path(
    put, path = "/api/v1/connections/{source}", tag = "connections", operation_id = "connect",
    params(("source" = String, Path, description = "`shopify`, `woocommerce`, `events`, or a courier's hook.")),
    request_body = Secret,
    responses(
        (status = 200, description = "The connection.", body = Connection),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `connections:write`."),
        (status = 404, description = "`not_found`: there is no such source."),
        (status = 422, description = "`fields_invalid`: the secret is empty or too long."),
    ),
)]
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(source): Path<String>,
    Told(told): Told<Secret>,
) -> Result<Json<Connection>, Problem> {
    caller.need(Scope::ConnectionsWrite)?;
    let source = known(&app, &source)?;
    app.desk
        .connect(caller.id(), source, &told.secret, &actor(&caller))
        .await?;
    Ok(Json(connection(&app, &caller, source).await?))
}

/// Remove a secret
///
/// From now on what comes from there is refused. What came stays.
#[utoipa::path(
    delete, path = "/api/v1/connections/{source}", tag = "connections", operation_id = "disconnect",
    params(("source" = String, Path, description = "`shopify`, `woocommerce`, `events`, or a courier's hook.")),
    responses(
        (status = 204, description = "Removed, with the secret before it."),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `connections:write`."),
        (status = 404, description = "`not_found`: there is no such source, or no secret."),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(source): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::ConnectionsWrite)?;
    let source = known(&app, &source)?;
    let removed = app
        .desk
        .disconnect(caller.id(), source, &actor(&caller))
        .await?;
    if removed {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(nothing())
    }
}

/// Make a secret for our own events
#[utoipa::path(
    post, path = "/api/v1/connections/events/secret", tag = "connections", operation_id = "make_events_secret",
    responses(
        (status = 201, description = "The secret, shown this once.", body = SecretMade),
        (status = 401, description = "`unauthorized`."),
        (status = 403, description = "`scope_missing`: `connections:write`."),
    ),
)]
pub(crate) async fn make_secret(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<SecretMade>), Problem> {
    caller.need(Scope::ConnectionsWrite)?;
    let mut random = [0; SECRET_BYTES];
    app.engine.entropy().fill(&mut random);
    let secret = format!("whsec_{}", STANDARD.encode(random));
    app.desk
        .connect(caller.id(), "events", &secret, &actor(&caller))
        .await?;
    Ok((StatusCode::CREATED, Json(SecretMade { secret })))
}
