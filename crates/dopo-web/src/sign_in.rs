//! `/sign-in` and `/sign-out`: sessions of the people who run the shop (SEC-11, SEC-17).
//!
//! The cookie carries a random token, the moment it was last used, and a MAC over both; the store knows the token's hash
//! and the session's end. Idle sessions end by the moment in the cookie, all others by the store.

use crate::edge::client_address;
use crate::limits::{PASSWORD_BYTES_MAX, SESSION_HOURS, SESSION_IDLE_MINUTES};
use crate::page::{CSS, PageError, own_page};
use crate::pages::{field, form};
use crate::state::{App, AppState, hex};
use crate::words::{Voice, fill};
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_core::italy::Locale;
use dopo_core::shop::Register;
use dopo_engine::ports::{StoreError, UserRow};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;

/// Where people land after signing in.
const HOME: &str = "/captured/";
/// How often the moment in the cookie is renewed, in minutes.
const RENEW_MINUTES: i64 = 5;
const FORM: &str = "sign-in";
const SESSION: &str = "session";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(show).post(enter))
        .route("/sign-out", post(leave))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    lang: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    voice: Voice,
    css: &'static str,
    error: Option<String>,
    hint: Option<&'static str>,
    email: String,
    next: String,
    proof: String,
}

/// The language of pages that belong to no shop.
pub(crate) fn own_voice(asked: Option<&str>) -> Voice {
    let locale = asked.and_then(Locale::from_tag).unwrap_or_default();
    Voice::built_in(locale, Register::Tu)
}

/// Somebody who may look: a user, or anybody in the demo.
pub(crate) struct Viewer {
    /// A renewed cookie to send along.
    pub cookie: Option<HeaderValue>,
    /// Nobody had to sign in.
    pub open: bool,
}

impl Viewer {
    /// Puts the renewed cookie on a response.
    pub(crate) fn dress(self, mut response: Response) -> Response {
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Who is looking; whoever may not is sent to the sign-in page and back to `path` afterwards.
pub(crate) async fn viewer(app: &App, headers: &HeaderMap, path: &str) -> Result<Viewer, Response> {
    if app.settings.demo {
        return Ok(Viewer {
            cookie: None,
            open: true,
        });
    }
    match session(app, headers).await {
        Ok(Some((_, cookie))) => Ok(Viewer {
            cookie,
            open: false,
        }),
        Ok(None) => {
            let next: String = path
                .bytes()
                .filter(|b| b.is_ascii_alphanumeric() || b"/-_".contains(b))
                .map(char::from)
                .collect();
            Err(to(&format!("/sign-in?next={next}")))
        }
        Err(error) => Err(error.into_response()),
    }
}

fn to(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// The user of the request's session, with a renewed cookie when it is time for one.
pub(crate) async fn session(
    app: &App,
    headers: &HeaderMap,
) -> Result<Option<(UserRow, Option<HeaderValue>)>, PageError> {
    let now = app.engine.now();
    let Some((token, used_at)) = read_cookie(app, headers) else {
        return Ok(None);
    };
    let idle = now.duration_since(used_at);
    if idle > SignedDuration::from_mins(SESSION_IDLE_MINUTES) {
        return Ok(None);
    }
    let Some(user) = app.engine.store().session(&hash(&token), now).await? else {
        return Ok(None);
    };
    let cookie = (idle > SignedDuration::from_mins(RENEW_MINUTES))
        .then(|| write_cookie(app, &token, now))
        .flatten();
    Ok(Some((user, cookie)))
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Why somebody may not sign in.
#[derive(Debug)]
pub(crate) enum Denied {
    /// Too many attempts on this account or from this address: wait.
    Locked(std::time::Duration),
    /// No such account, or another password.
    Wrong,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Denied::Store(error)
    }
}

/// The account with this address and password. Attempts are counted by account and by the client's address (SEC-17), and
/// an unknown account takes as long as a known one.
pub(crate) async fn admit(
    app: &App,
    email: &str,
    password: &str,
    address: &str,
) -> Result<UserRow, Denied> {
    let email = email.trim().to_lowercase();
    let password: String = password.chars().take(PASSWORD_BYTES_MAX).collect();
    let limits = [
        app.sign_in_limit.peek(&("account", &email)),
        app.sign_in_limit.peek(&("address", address)),
    ];
    if let Some(wait) = limits.into_iter().filter_map(Result::err).max() {
        return Err(Denied::Locked(wait));
    }
    let user = app.engine.store().user(&email).await?;
    let good = app.desk.fits(&password, user.as_ref()).await;
    match user {
        Some(user) if good => Ok(user),
        _ => {
            let _ = app.sign_in_limit.take(&("account", &email));
            let _ = app.sign_in_limit.take(&("address", address));
            tracing::info!(account = &hex(&hash(&email))[..12], "sign-in refused");
            Err(Denied::Wrong)
        }
    }
}

/// How long an address that was refused too often has to wait, if it has to.
///
/// # Errors
/// The time to wait.
pub(crate) fn not_locked(app: &App, address: &str) -> Result<(), std::time::Duration> {
    app.sign_in_limit.peek(&("address", address))
}

/// Counts a refusal against an address.
pub(crate) fn count_refusal(app: &App, address: &str) {
    let _ = app.sign_in_limit.take(&("address", address));
}

/// Begins a session and ends the one of the request, if it had one. Gives the cookie.
pub(crate) async fn begin(
    app: &App,
    headers: &HeaderMap,
    user: &UserRow,
) -> Result<Option<HeaderValue>, StoreError> {
    let mut bytes = [0; 32];
    app.engine.entropy().fill(&mut bytes);
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let now = app.engine.now();
    let end = now + SignedDuration::from_hours(SESSION_HOURS);
    let store = app.engine.store();
    if let Some(before) = token_hash(app, headers) {
        store.end_session(&before).await?;
    }
    store.add_session(&hash(&token), user.id, now, end).await?;
    tracing::info!(user = user.id, "signed in");
    Ok(write_cookie(app, &token, now))
}

/// Ends the session of a request. Gives the cookie that deletes its cookie.
pub(crate) async fn end(app: &App, headers: &HeaderMap) -> Result<Option<HeaderValue>, StoreError> {
    if let Some(token) = token_hash(app, headers) {
        app.engine.store().end_session(&token).await?;
    }
    let text = format!("{}=; {}; Max-Age=0", cookie_name(app), attributes(app));
    Ok(HeaderValue::from_str(&text).ok())
}

/// The hash of the request's session token, as the store knows it.
pub(crate) fn token_hash(app: &AppState, headers: &HeaderMap) -> Option<[u8; 32]> {
    read_cookie(app, headers).map(|(token, _)| hash(&token))
}

fn cookie_name(app: &AppState) -> &'static str {
    if app.is_https() {
        "__Host-dopo"
    } else {
        "dopo"
    }
}

/// What every cookie of ours carries: for this host, out of scripts' reach, not sent along from other sites' forms.
pub(crate) fn attributes(app: &AppState) -> &'static str {
    if app.is_https() {
        "Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "Path=/; HttpOnly; SameSite=Lax"
    }
}

fn write_cookie(app: &AppState, token: &str, used_at: Timestamp) -> Option<HeaderValue> {
    let subject = format!("{token}.{}", used_at.as_second());
    let proof = app.form_proof(SESSION, &subject);
    let text = format!(
        "{}={subject}.{proof}; {}; Max-Age={}",
        cookie_name(app),
        attributes(app),
        SESSION_HOURS * 3_600
    );
    HeaderValue::from_str(&text).ok()
}

/// A cookie of a request.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            pair.trim()
                .split_once('=')
                .filter(|(n, _)| *n == name)
                .map(|(_, value)| value)
        })
}

fn read_cookie(app: &AppState, headers: &HeaderMap) -> Option<(String, Timestamp)> {
    let value = cookie(headers, cookie_name(app))?;
    let (subject, proof) = value.rsplit_once('.')?;
    if !app.form_proof_holds(SESSION, subject, proof) {
        return None;
    }
    let (token, seconds) = subject.split_once('.')?;
    Some((
        token.to_owned(),
        Timestamp::from_second(seconds.parse().ok()?).ok()?,
    ))
}

fn form_cookie_name(app: &AppState) -> &'static str {
    if app.is_https() {
        "__Host-dopo-form"
    } else {
        "dopo-form"
    }
}

fn page(
    app: &App,
    voice: Voice,
    status: StatusCode,
    email: &str,
    next: &str,
    error: Option<String>,
    hint: Option<&'static str>,
) -> Response {
    // A double submit: the form repeats what only our cookie and key can know.
    let nonce = app.fresh_id();
    let page = SignInPage {
        voice,
        css: CSS,
        error,
        hint,
        email: email.to_owned(),
        next: next.to_owned(),
        proof: app.form_proof(FORM, &nonce),
    };
    let mut response = own_page(&page);
    *response.status_mut() = status;
    let text = format!(
        "{}={nonce}; {}; Max-Age=3600",
        form_cookie_name(app),
        attributes(app)
    );
    if let Ok(cookie) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(crate) async fn show(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    page(
        &app,
        own_voice(asked.lang.as_deref()),
        StatusCode::OK,
        "",
        inside(asked.next.as_deref()),
        None,
        None,
    )
}

/// A path of ours to go on with, never another site (SEC-16).
fn inside(next: Option<&str>) -> &str {
    next.filter(|path| {
        path.starts_with("/captured/")
            && path
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b))
    })
    .unwrap_or(HOME)
}

/// A form of another site (SEC-02): browsers say so.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

pub(crate) async fn enter(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Body,
) -> Result<Response, PageError> {
    if is_foreign(&headers) {
        return Err(PageError::Form);
    }
    let voice = own_voice(asked.lang.as_deref());
    let form = form(body).await?;
    let email = field(&form, "email")
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let next = inside(field(&form, "next")).to_owned();
    let nonce = cookie(&headers, form_cookie_name(&app)).unwrap_or_default();
    if nonce.is_empty()
        || !app.form_proof_holds(FORM, nonce, field(&form, "proof").unwrap_or_default())
    {
        let error = Some(voice.in_form_old().to_owned());
        return Ok(page(
            &app,
            voice,
            StatusCode::FORBIDDEN,
            &email,
            &next,
            error,
            None,
        ));
    }
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    let address = client_address(&app, &headers, peer);
    let password = field(&form, "password").unwrap_or_default();
    match admit(&app, &email, password, &address).await {
        Ok(user) => {
            let mut response = to(&next);
            if let Some(cookie) = begin(&app, &headers, &user).await? {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(Denied::Locked(wait)) => {
            let minutes = wait.as_secs().div_ceil(60).max(1).to_string();
            let error = Some(fill(voice.in_locked(), &[("n", &minutes)]));
            Ok(page(
                &app,
                voice,
                StatusCode::TOO_MANY_REQUESTS,
                &email,
                &next,
                error,
                None,
            ))
        }
        Err(Denied::Wrong) => {
            let error = Some(voice.in_wrong().to_owned());
            Ok(page(
                &app,
                voice,
                StatusCode::UNAUTHORIZED,
                &email,
                &next,
                error,
                Some(voice.in_wrong_do()),
            ))
        }
        Err(Denied::Store(error)) => Err(error.into()),
    }
}

pub(crate) async fn leave(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    if is_foreign(&headers) {
        return Err(PageError::Form);
    }
    let mut response = to("/sign-in");
    if let Some(cookie) = end(&app, &headers).await? {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_stays_on_our_pages() {
        for bad in [
            "https://evil.example/",
            "//evil.example/captured/",
            "/captured/../../x",
            "/captured/?a=b",
            "",
        ] {
            assert_eq!(inside(Some(bad)), HOME, "{bad}");
        }
        assert_eq!(inside(Some("/captured/casa/00ab")), "/captured/casa/00ab");
        assert_eq!(inside(None), HOME);
    }
}
