//! `/api/v1/session/passkey/…` and `/api/v1/me/passkeys`: signing in without a password (WebAuthn level 3).
//!
//! Challenges wait in bounded memory for five minutes, so the node that gave one must take it back: with several nodes
//! the proxy keeps a browser on one of them.

use super::account::note;
use super::session::signed_in;
use super::{Peer, count_attempt, not_in_demo, nothing, own_site};
use crate::api::ask::Told;
use crate::api::auth::SignedIn;
use crate::api::problem::Problem;
use crate::sign_in;
use crate::state::{App, AppState};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_engine::ports::{PasskeyRow, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use utoipa::ToSchema;
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, Nickname, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    UserHandle, Username,
};
use webauthn_rp::request::{
    AsciiDomain, PublicKeyCredentialDescriptor, RpId, UserVerificationRequirement,
};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

/// How long a challenge waits.
const WAIT_MAX: Duration = Duration::from_secs(5 * 60);
/// Challenges that wait at once; the oldest makes room.
const WAITING_MAX: usize = 2_000;
/// Passkeys of one account.
const PASSKEYS_MAX: usize = 20;
/// Longest name of a passkey, in characters.
const NAME_CHARS_MAX: usize = 60;
/// Bytes by which an authenticator knows an account.
const HANDLE_BYTES: usize = 16;
/// Bytes of the stored state that change with every use.
const DYNAMIC_BYTES: usize = 7;

type StoredKey = StaticState<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>;

/// A challenge that waits for its answer.
enum Ceremony {
    Register {
        user: i64,
        state: RegistrationServerState<HANDLE_BYTES>,
    },
    SignIn(DiscoverableAuthenticationServerState),
}

/// The challenges that wait.
#[derive(Default)]
pub(crate) struct Ceremonies {
    waiting: Mutex<HashMap<String, (Instant, Ceremony)>>,
}

impl Ceremonies {
    fn put(&self, id: String, ceremony: Ceremony) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, (began, _)| began.elapsed() < WAIT_MAX);
        if waiting.len() >= WAITING_MAX {
            let oldest = waiting
                .iter()
                .min_by_key(|(_, (began, _))| *began)
                .map(|(id, _)| id.clone());
            if let Some(oldest) = oldest {
                waiting.remove(&oldest);
            }
        }
        waiting.insert(id, (Instant::now(), ceremony));
    }

    fn take(&self, id: &str) -> Option<Ceremony> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, ceremony) = waiting.remove(id)?;
        (began.elapsed() < WAIT_MAX).then_some(ceremony)
    }
}

/// A challenge.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Challenge {
    /// Send it back with the browser's answer.
    #[schema(example = "5f1c…")]
    challenge_id: String,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON` or `parseCreationOptionsFromJSON`.
    #[schema(value_type = Object)]
    options: Value,
}

/// The browser's answer to a sign-in challenge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct Assertion {
    /// Of the challenge.
    challenge_id: String,
    /// What `credential.toJSON()` gives.
    #[schema(value_type = Object)]
    credential: Value,
}

/// The browser's answer to a registration challenge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewPasskey {
    /// Of the challenge.
    challenge_id: String,
    /// A name to know it by.
    #[schema(example = "Portatile")]
    name: String,
    /// What `credential.toJSON()` gives.
    #[schema(value_type = Object)]
    credential: Value,
}

/// One's passkeys.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Passkeys {
    /// All of them.
    items: Vec<Passkey>,
}

/// A passkey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Passkey {
    /// Its id.
    #[schema(example = "q83vEjRW")]
    id: String,
    /// Its name.
    #[schema(example = "Portatile")]
    name: String,
    /// When it was added.
    created_at: Timestamp,
    /// When it was last used.
    used_at: Option<Timestamp>,
}

fn shown(row: &PasskeyRow) -> Passkey {
    Passkey {
        id: URL_SAFE_NO_PAD.encode(&row.credential_id),
        name: row.name.clone(),
        created_at: row.created_at,
        used_at: row.used_at,
    }
}

/// The host that passkeys are bound to. Browsers bind none to a bare address.
fn rp_id(app: &AppState) -> Result<RpId, Problem> {
    let url = &app.settings.public_url;
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    let named = host.parse::<std::net::IpAddr>().is_err() && !host.starts_with('[');
    AsciiDomain::try_from(host.to_ascii_lowercase())
        .ok()
        .filter(|_| named)
        .map(RpId::Domain)
        .ok_or_else(|| {
            Problem::conflict(
                "passkeys_need_a_name",
                "Passkeys do not work here",
                "Browsers bind passkeys to a name: set DOPO_PUBLIC_URL to one (https://…, or http://localhost:8080 for trying out).",
            )
        })
}

/// The origin that a browser says it is at.
fn origin(app: &AppState) -> String {
    let url = &app.settings.public_url;
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
}

/// By what an authenticator knows an account: always the same, and telling nothing.
fn handle(app: &AppState, user: i64) -> UserHandle<HANDLE_BYTES> {
    let proof = app.form_proof("passkey user", &user.to_string());
    let mut bytes = [0; HANDLE_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(proof.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(pair).unwrap_or("0");
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    match UserHandle::decode(bytes) {
        Ok(handle) => handle,
        Err(never) => match never {},
    }
}

fn refused() -> Problem {
    Problem::unauthorized("").renamed(
        "passkey_refused",
        "This passkey was not accepted",
        "Try again, or sign in with the password.",
    )
}

fn gone() -> Problem {
    Problem::invalid(
        "challenge_unknown",
        "The challenge was used, or is older than five minutes: begin again.",
    )
}

fn ours(what: &str) -> Problem {
    tracing::error!(what, "a passkey ceremony could not be begun");
    Problem::unavailable()
}

/// Begin signing in with a passkey
#[utoipa::path(
    post, path = "/api/v1/session/passkey/start", tag = "session", operation_id = "passkey_start",
    responses(
        (status = 200, description = "A challenge for the browser.", body = Challenge),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`passkeys_need_a_name`: the installation is reached by a bare address."),
    ),
    security(()),
)]
pub(crate) async fn start_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Challenge>, Problem> {
    own_site(&headers)?;
    let rp = rp_id(&app)?;
    let mut options = DiscoverableCredentialRequestOptions::passkey(&rp);
    options.0.user_verification = UserVerificationRequirement::Preferred;
    let (state, client) = options.start_ceremony().map_err(|_| ours("sign-in"))?;
    let challenge_id = app.fresh_id();
    let options = serde_json::to_value(&client).map_err(|_| ours("sign-in"))?;
    app.ceremonies
        .put(challenge_id.clone(), Ceremony::SignIn(state));
    Ok(Json(Challenge {
        challenge_id,
        options,
    }))
}

/// Sign in with a passkey
#[utoipa::path(
    post, path = "/api/v1/session/passkey/finish", tag = "session", operation_id = "passkey_finish",
    request_body = Assertion,
    responses(
        (status = 204, description = "Signed in; the answer sets the session's cookie."),
        (status = 401, description = "`passkey_refused`."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 422, description = "`challenge_unknown`: used or too old."),
        (status = 429, description = "`sign_in_locked`: too many refused answers from this address."),
    ),
    security(()),
)]
pub(crate) async fn finish_sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    Told(told): Told<Assertion>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let Some(Ceremony::SignIn(state)) = app.ceremonies.take(&told.challenge_id) else {
        return Err(gone());
    };
    let user = match accept(&app, state, &told.credential).await? {
        Some(user) => user,
        None => {
            count_attempt(&app, "passkey", &headers, peer)?;
            return Err(refused());
        }
    };
    let user = app
        .engine
        .store()
        .user_by_id(user)
        .await?
        .ok_or_else(refused)?;
    Ok(signed_in(sign_in::begin(&app, &headers, &user).await?))
}

/// Whose passkey answered a challenge; `None` when the answer does not hold.
async fn accept(
    app: &App,
    state: DiscoverableAuthenticationServerState,
    credential: &Value,
) -> Result<Option<i64>, Problem> {
    let bytes = credential.to_string().into_bytes();
    let Ok(answer) = DiscoverableAuthentication16::from_json_relaxed(&bytes) else {
        return Ok(None);
    };
    let store = app.engine.store();
    let Some(row) = store.passkey(answer.raw_id().as_ref()).await? else {
        return Ok(None);
    };
    let (stored, dynamic) = match row.state.split_first_chunk::<DYNAMIC_BYTES>() {
        Some((dynamic, stored)) => (StoredKey::decode(stored), DynamicState::decode(*dynamic)),
        None => return Ok(None),
    };
    let (Ok(stored), Ok(dynamic)) = (stored, dynamic) else {
        tracing::error!(user = row.user, "a stored passkey cannot be read");
        return Ok(None);
    };
    let handle = handle(app, row.user);
    let Ok(mut known) = AuthenticatedCredential::new(answer.raw_id(), &handle, stored, dynamic)
    else {
        return Ok(None);
    };
    let origin = origin(app);
    let allowed = [origin.as_str()];
    let options = AuthenticationVerificationOptions::<&str, &str> {
        allowed_origins: &allowed,
        error_on_unsolicited_extensions: false,
        ..AuthenticationVerificationOptions::default()
    };
    if let Err(error) = state.verify(&rp_id(app)?, &answer, &mut known, &options) {
        tracing::info!(%error, "a passkey's answer does not hold");
        return Ok(None);
    }
    let Ok(dynamic) = known.dynamic_state().encode();
    let mut after = dynamic.to_vec();
    after.extend_from_slice(&row.state[DYNAMIC_BYTES..]);
    store
        .use_passkey(&row.credential_id, &after, app.engine.now())
        .await?;
    Ok(Some(row.user))
}

/// One's passkeys
#[utoipa::path(
    get, path = "/api/v1/me/passkeys", tag = "session", operation_id = "passkeys",
    responses(
        (status = 200, description = "One's passkeys.", body = Passkeys),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn list(State(app): State<App>, who: SignedIn) -> Result<Json<Passkeys>, Problem> {
    let rows = match who.demo {
        true => Vec::new(),
        false => app.engine.store().passkeys(who.user.id).await?,
    };
    Ok(Json(Passkeys {
        items: rows.iter().map(shown).collect(),
    }))
}

/// Begin adding a passkey
#[utoipa::path(
    post, path = "/api/v1/me/passkeys/start", tag = "session", operation_id = "passkey_add_start",
    responses(
        (status = 200, description = "A challenge for the browser.", body = Challenge),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`demo`, `too_many_passkeys`, `passkeys_need_a_name`."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn start_adding(
    State(app): State<App>,
    who: SignedIn,
) -> Result<Json<Challenge>, Problem> {
    not_in_demo(&who)?;
    let known = app.engine.store().passkeys(who.user.id).await?;
    if known.len() >= PASSKEYS_MAX {
        return Err(too_many());
    }
    let rp = rp_id(&app)?;
    let handle = handle(&app, who.user.id);
    let exclude = known
        .into_iter()
        .filter_map(|row| {
            let id = CredentialId::<Vec<u8>>::decode(row.credential_id).ok()?;
            // Which way it speaks is not kept: the browser finds out.
            let transports = AuthTransports::decode(0).ok()?;
            Some(PublicKeyCredentialDescriptor { id, transports })
        })
        .collect();
    let entity = PublicKeyCredentialUserEntity {
        name: Username::try_from(who.user.email.as_str()).map_err(|_| ours("name"))?,
        id: &handle,
        display_name: Nickname::try_from(who.user.email.as_str()).ok(),
    };
    let mut options = PublicKeyCredentialCreationOptions::passkey(&rp, entity, exclude);
    options.authenticator_selection.user_verification = UserVerificationRequirement::Preferred;
    options.extensions.cred_protect = CredProtect::None;
    let (state, client) = options.start_ceremony().map_err(|_| ours("adding"))?;
    let challenge_id = app.fresh_id();
    let shown = serde_json::to_value(&client).map_err(|_| ours("adding"))?;
    let user = who.user.id;
    app.ceremonies
        .put(challenge_id.clone(), Ceremony::Register { user, state });
    Ok(Json(Challenge {
        challenge_id,
        options: shown,
    }))
}

fn too_many() -> Problem {
    Problem::conflict(
        "too_many_passkeys",
        "There are too many passkeys",
        format!("An account has at most {PASSKEYS_MAX}: remove one first."),
    )
}

/// Add a passkey
#[utoipa::path(
    post, path = "/api/v1/me/passkeys/finish", tag = "session", operation_id = "passkey_add_finish",
    request_body = NewPasskey,
    responses(
        (status = 201, description = "Added.", body = Passkey),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 409, description = "`demo`, `passkey_known`."),
        (status = 422, description = "`challenge_unknown`, `passkey_unusable`, `fields_invalid`: no name."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn finish_adding(
    State(app): State<App>,
    who: SignedIn,
    Told(told): Told<NewPasskey>,
) -> Result<(StatusCode, Json<Passkey>), Problem> {
    not_in_demo(&who)?;
    let name = told.name.trim();
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        return Err(Problem::field(
            "name",
            "bad_name",
            "Dai alla passkey un nome di al massimo 60 caratteri.",
            "Give the passkey a name of at most 60 characters.",
        ));
    }
    let state = match app.ceremonies.take(&told.challenge_id) {
        Some(Ceremony::Register { user, state }) if user == who.user.id => state,
        _ => return Err(gone()),
    };
    let row = registered(&app, state, &told.credential, who.user.id, name)?;
    match app.engine.store().add_passkey(&row).await {
        Ok(()) => {}
        Err(StoreError::Conflict(why)) => {
            return Err(Problem::conflict(
                "passkey_known",
                "This passkey is known already",
                why,
            ));
        }
        Err(error) => return Err(error.into()),
    }
    note(&app, &who, "account.passkey_added").await?;
    Ok((StatusCode::CREATED, Json(shown(&row))))
}

/// The row of a passkey whose registration holds.
fn registered(
    app: &App,
    state: RegistrationServerState<HANDLE_BYTES>,
    credential: &Value,
    user: i64,
    name: &str,
) -> Result<PasskeyRow, Problem> {
    let unusable = |why: String| Problem::invalid("passkey_unusable", why);
    let bytes = credential.to_string().into_bytes();
    let answer = Registration::from_json_relaxed(&bytes)
        .map_err(|error| unusable(format!("The browser's answer cannot be read: {error}.")))?;
    let origin = origin(app);
    let allowed = [origin.as_str()];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &allowed,
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = state
        .verify(&rp_id(app)?, &answer, &options)
        .map_err(|error| unusable(format!("The browser's answer does not hold: {error}.")))?;
    let Ok(dynamic) = made.dynamic_state().encode();
    let Ok(stored) = made.static_state().encode();
    let mut state = dynamic.to_vec();
    state.extend_from_slice(&stored);
    Ok(PasskeyRow {
        credential_id: made.id().as_ref().to_vec(),
        user,
        name: name.to_owned(),
        state,
        created_at: app.engine.now(),
        used_at: None,
    })
}

/// Remove a passkey
#[utoipa::path(
    delete, path = "/api/v1/me/passkeys/{id}", tag = "session", operation_id = "remove_passkey",
    params(("id" = String, Path, description = "Its id.")),
    responses(
        (status = 204, description = "Removed: it no longer signs in."),
        (status = 401, description = "`unauthorized`: nobody is signed in."),
        (status = 403, description = "`cross_site`: another site asked."),
        (status = 404, description = "`not_found`: not one's own."),
        (status = 409, description = "`demo`."),
    ),
    security(("session" = [])),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    not_in_demo(&who)?;
    let id = URL_SAFE_NO_PAD.decode(&id).map_err(|_| nothing())?;
    let store = app.engine.store();
    if !store.delete_passkey(who.user.id, &id).await? {
        return Err(nothing());
    }
    note(&app, &who, "account.passkey_removed").await?;
    Ok(StatusCode::NO_CONTENT)
}
