//! Who asks, for which shop, and what they may do: a bearer key (one shop, scopes) or the console's session (a role in
//! the shop named by the header `Dopo-Shop`).

use crate::api::problem::Problem;
use crate::limits::{API_KEY_MEMORY, API_KEYS_MAX};
use crate::rate::Share;
use crate::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use dopo_core::access::{Role, Scope};
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use dopo_engine::ports::{ApiKeyRow, UserRow};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// The header in which the console names the shop it works in. A form of another site cannot set it.
pub(crate) static SHOP_HEADER: HeaderName = HeaderName::from_static("dopo-shop");
/// The address of the made owner who is signed in without a cookie in demo mode.
pub(crate) const DEMO_OWNER: &str = "demo@dopo.example";

type Seen = HashMap<[u8; 32], (Instant, Arc<ApiKeyRow>)>;

/// Keys seen lately, so that a busy client costs no database read per request.
#[derive(Default)]
pub struct KeyMemory {
    seen: Mutex<Seen>,
}

impl KeyMemory {
    fn get(&self, hash: &[u8; 32]) -> Option<Arc<ApiKeyRow>> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (at, key) = seen.get(hash)?;
        (at.elapsed() < API_KEY_MEMORY).then(|| Arc::clone(key))
    }

    fn put(&self, hash: [u8; 32], key: &Arc<ApiKeyRow>) {
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() >= API_KEYS_MAX {
            seen.clear();
        }
        seen.insert(hash, (Instant::now(), Arc::clone(key)));
    }
}

/// What the edge of the API puts on an answer once its handler is done: the renewed cookie and the caller's rate.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    cookie: Option<HeaderValue>,
    share: Option<Share>,
}

impl Notes {
    fn of(parts: &Parts) -> Notes {
        parts.extensions.get::<Notes>().cloned().unwrap_or_default()
    }

    fn note(&self, change: impl FnOnce(&mut Noted)) {
        change(
            &mut self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }

    /// Puts them on an answer.
    pub(crate) fn dress(&self, headers: &mut HeaderMap) {
        let noted = std::mem::take(
            &mut *self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        // An answer that sets a cookie of its own (sign-in, sign-out) is not overruled.
        if let Some(cookie) = noted.cookie
            && !headers.contains_key(header::SET_COOKIE)
        {
            headers.append(header::SET_COOKIE, cookie);
        }
        if let Some(share) = noted.share {
            for (name, n) in [
                ("ratelimit-limit", u64::from(share.limit)),
                ("ratelimit-remaining", u64::from(share.remaining)),
                ("ratelimit-reset", share.reset.as_secs() + 1),
            ] {
                headers.insert(HeaderName::from_static(name), HeaderValue::from(n));
            }
        }
    }
}

/// Somebody who is signed in to the console, whatever the shop; the made owner in demo mode.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    /// Who.
    pub user: Arc<UserRow>,
    /// The made owner of the demo: has no account.
    pub demo: bool,
}

impl SignedIn {
    /// Their role in a shop; `None` when they have none there.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn role_in(&self, app: &App, shop: ShopId) -> Result<Option<Role>, Problem> {
        if self.demo {
            return Ok(Some(Role::Owner));
        }
        let role = app.engine.store().role_in(shop, self.user.id).await?;
        Ok(role.as_deref().and_then(Role::parse))
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<SignedIn>() {
            return Ok(known.clone());
        }
        if is_foreign(&parts.headers) && !is_reading(&parts.method) {
            return Err(Problem::cross_site());
        }
        let said_where = parts.headers.contains_key("sec-fetch-site")
            || parts.headers.contains_key(&SHOP_HEADER);
        let found = crate::sign_in::session(app, &parts.headers).await?;
        let signed_in = match found {
            // Old browsers do not say where a request comes from: then our own header must show it.
            Some(_) if !said_where && !is_reading(&parts.method) => {
                return Err(Problem::cross_site());
            }
            Some((user, cookie)) => {
                Notes::of(parts).note(|noted| noted.cookie = cookie);
                SignedIn {
                    user: Arc::new(user),
                    demo: false,
                }
            }
            None if app.settings.demo => SignedIn {
                user: Arc::new(UserRow {
                    id: 0,
                    email: DEMO_OWNER.to_owned(),
                    role: Role::Owner.as_str().to_owned(),
                    password_hash: String::new(),
                    created_at: Timestamp::UNIX_EPOCH,
                    name: None,
                    locale: None,
                }),
                demo: true,
            },
            None => {
                return Err(Problem::unauthorized(
                    "Sign in at /console/, or send `Authorization: Bearer KEY`.",
                ));
            }
        };
        parts.extensions.insert(signed_in.clone());
        Ok(signed_in)
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A form or script of another site (SEC-02): browsers say so.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok())
        .is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

#[derive(Clone, Debug)]
enum Who {
    Key(Arc<ApiKeyRow>),
    User { signed_in: SignedIn, role: Role },
}

/// Who asks, in which shop, with what rights. As an extractor it answers 401, 404 (a shop one has no role in), 422 (no
/// shop named), 403 (a request of another site) and 429 by itself.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The shop everything of this request is about.
    pub shop: Arc<Shop>,
    who: Who,
}

impl Caller {
    /// The shop's id.
    pub(crate) fn id(&self) -> ShopId {
        self.shop.id
    }

    /// Whether they may do this.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        match &self.who {
            Who::Key(key) => key.scopes.iter().any(|own| own == scope.as_str()),
            Who::User { role, .. } => role.may(scope),
        }
    }

    /// 403 unless they may do this.
    pub(crate) fn need(&self, scope: Scope) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        Err(match self.who {
            Who::Key(_) => Problem::forbidden(scope.as_str()),
            Who::User { role, .. } => Problem::forbidden_role(scope.as_str(), role),
        })
    }

    /// The signed-in user; `None` for a key.
    pub(crate) fn user(&self) -> Option<&SignedIn> {
        match &self.who {
            Who::Key(_) => None,
            Who::User { signed_in, .. } => Some(signed_in),
        }
    }

    /// The number of the account, where there is one: not for keys nor the made owner of the demo.
    pub(crate) fn user_id(&self) -> Option<i64> {
        self.user().filter(|who| !who.demo).map(|who| who.user.id)
    }

    /// Writes down in the audit log what they did. `detail` holds no personal data and no secrets.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(crate) async fn audit(
        &self,
        app: &App,
        action: &str,
        subject: String,
        detail: serde_json::Value,
    ) -> Result<(), Problem> {
        crate::api::desk::audit(app, self, action, &subject, detail).await
    }

    /// Who, as the audit log stores it: `user:<id>`, `key:<id>`, `demo`.
    pub(crate) fn actor(&self) -> String {
        match &self.who {
            Who::Key(key) => format!("key:{}", key.id),
            Who::User { signed_in, .. } if signed_in.demo => "demo".to_owned(),
            Who::User { signed_in, .. } => format!("user:{}", signed_in.user.id),
        }
    }

    /// Who, as shown: name and e-mail address, or name and beginning of a key.
    pub(crate) fn actor_name(&self) -> String {
        match &self.who {
            Who::Key(key) => key.shown_as(),
            Who::User { signed_in, .. } => signed_in.user.shown_as(),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Caller>() {
            return Ok(known.clone());
        }
        let caller = if parts.headers.contains_key(header::AUTHORIZATION) {
            by_key(app, parts).await?
        } else {
            by_session(app, parts).await?
        };
        let actor = caller.actor();
        let taken = app.api_limit.take(&actor);
        let share = app.api_limit.share(&actor);
        Notes::of(parts).note(|noted| noted.share = Some(share));
        taken.map_err(Problem::too_many)?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

async fn by_key(app: &App, parts: &Parts) -> Result<Caller, Problem> {
    let missing = || {
        Problem::unauthorized("Send `Authorization: Bearer KEY`. `dopo api-key add` makes a key.")
    };
    let text = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        .filter(|key| !key.is_empty())
        .ok_or_else(missing)?;
    let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let key = match app.keys.get(&hash) {
        Some(key) => key,
        None => {
            let row = app.engine.store().api_key(&hash).await?;
            let key = Arc::new(
                row.filter(|key| key.revoked_at.is_none())
                    .ok_or_else(missing)?,
            );
            app.keys.put(hash, &key);
            key
        }
    };
    let shop = match app.engine.shop(key.shop) {
        Some(shop) => shop,
        // A shop may be newer than the last look at them.
        None => {
            app.engine.refresh_shops().await?;
            app.engine.shop(key.shop).ok_or_else(missing)?
        }
    };
    // A key belongs to one shop; one that names another by mistake must not act on its own.
    if let Some(named) = named_shop(parts)
        && named != shop.slug
    {
        return Err(shop_not_found());
    }
    Ok(Caller {
        shop,
        who: Who::Key(key),
    })
}

async fn by_session(app: &App, parts: &mut Parts) -> Result<Caller, Problem> {
    let signed_in = SignedIn::from_request_parts(parts, app).await?;
    let Some(slug) = named_shop(parts) else {
        return Err(Problem::invalid(
            "shop_missing",
            "Name the shop in the header `Dopo-Shop`.",
        ));
    };
    let shop = app.engine.shop_by_slug(&slug).ok_or_else(shop_not_found)?;
    let role = signed_in
        .role_in(app, shop.id)
        .await?
        .ok_or_else(shop_not_found)?;
    Ok(Caller {
        shop,
        who: Who::User { signed_in, role },
    })
}

fn shop_not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "shop_not_found",
        "There is no such shop here",
        "`Dopo-Shop` names a shop by its slug, as `GET /api/v1/session` lists them.",
    )
}

/// The shop a request names: by the header, or when reading also by `?shop=`, for frames and downloads, which cannot
/// send headers.
fn named_shop(parts: &Parts) -> Option<String> {
    if let Some(value) = parts.headers.get(&SHOP_HEADER) {
        return value.to_str().ok().map(str::to_owned);
    }
    if !is_reading(&parts.method) {
        return None;
    }
    let query = parts.uri.query()?;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("shop="))
        .map(str::to_owned)
}
