//! Shops, what they publish, and the people who work with it.

use crate::console::team;
use crate::fault::Fault;
use crate::rows::{at, from_json, int, json, read_all, text, uint, us};
use crate::store::PostgresStore;
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_core::journey::Journey;
use dopo_core::shop::ShopSettings;
use dopo_engine::ports::console::SEEN_SECONDS;
use dopo_engine::ports::store::{
    ApiKeyRow, ConnectionRow, JourneyRow, ShopRow, StoreError, TemplateRow, UserRow,
};
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

/// Tells all who keep settings in memory that something changed.
pub(crate) async fn changed(c: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query!("-- changed()\nUPDATE meta SET value = value + 1 WHERE name = 'settings_version'")
        .execute(c)
        .await?;
    Ok(())
}

/// The number that moves with every change.
pub(crate) async fn version(pool: &PgPool) -> Result<i64, Fault> {
    let value =
        sqlx::query_scalar!("-- version()\nSELECT value FROM meta WHERE name = 'settings_version'")
            .fetch_optional(pool)
            .await?;
    Ok(value.unwrap_or_default())
}

/// All shops.
pub(crate) async fn shops(pool: &PgPool) -> Result<Vec<ShopRow>, Fault> {
    let rows = sqlx::query!(
        "-- shops()\nSELECT shop_id, slug, disconnected, settings FROM shops ORDER BY shop_id"
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(ShopRow {
            id: ShopId(row.shop_id),
            slug: row.slug,
            disconnected: row.disconnected,
            settings: from_json(&row.settings)?,
        })
    })
}

/// Adds a shop.
pub(crate) async fn add_shop(
    store: &PostgresStore,
    slug: &str,
    settings: &ShopSettings,
) -> Result<ShopId, Fault> {
    let mut tx = store.begin().await?;
    let id = sqlx::query_scalar!(
        "-- add_shop()
         INSERT INTO shops (slug, salt, settings) VALUES ($1, uuid_send(gen_random_uuid()), $2)
         ON CONFLICT (slug) DO NOTHING RETURNING shop_id",
        text(slug),
        json(settings)?
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(id) = id else {
        return Err(Fault::Store(StoreError::Conflict(format!(
            "a shop named `{slug}` exists already: choose another name"
        ))));
    };
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(ShopId(id))
}

/// Replaces a shop's settings.
pub(crate) async fn save_shop(
    store: &PostgresStore,
    shop: ShopId,
    settings: &ShopSettings,
    disconnected: bool,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let done = sqlx::query!(
        "-- save_shop()
         UPDATE shops SET settings = $2, disconnected = $3 WHERE shop_id = $1",
        shop.0,
        json(settings)?,
        disconnected
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Fault::Store(StoreError::Rejected(format!(
            "there is no shop {shop}"
        ))));
    }
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

fn next(newest: Option<i32>) -> Result<u32, StoreError> {
    uint(newest.unwrap_or(0).checked_add(1).unwrap_or(-1))
}

/// Publishes a journey as its next version.
pub(crate) async fn publish_journey(
    store: &PostgresStore,
    shop: ShopId,
    mut journey: Journey,
    document: &str,
    current: bool,
) -> Result<u32, Fault> {
    let mut tx = store.begin().await?;
    // The version row is everybody's who publishes: one at a time.
    changed(&mut tx).await?;
    let newest = sqlx::query_scalar!(
        "-- publish_journey()
         SELECT max(version) FROM journeys WHERE shop_id = $1 AND journey_id = $2",
        shop.0,
        journey.id
    )
    .fetch_one(&mut *tx)
    .await?;
    journey.version = next(newest)?;
    if current {
        sqlx::query!(
            "-- publish_journey()
             UPDATE journeys SET current = FALSE WHERE shop_id = $1 AND journey_id = $2 AND current",
            shop.0,
            journey.id
        )
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query!(
        "-- publish_journey()
         INSERT INTO journeys (shop_id, journey_id, version, current, document, body) VALUES ($1, $2, $3, $4, $5, $6)",
        shop.0,
        journey.id,
        int(journey.version)?,
        current,
        text(document),
        json(&journey)?
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(journey.version)
}

/// Makes a version the one that new runs begin with, or none.
pub(crate) async fn set_current_journey(
    store: &PostgresStore,
    shop: ShopId,
    id: &str,
    version: Option<u32>,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    changed(&mut tx).await?;
    let version = version.map(int).transpose()?;
    if let Some(version) = version {
        let there = sqlx::query_scalar!(
            r#"-- set_current_journey()
            SELECT EXISTS (SELECT 1 FROM journeys WHERE shop_id = $1 AND journey_id = $2 AND version = $3) AS "there!""#,
            shop.0,
            id,
            version
        )
        .fetch_one(&mut *tx)
        .await?;
        if !there {
            return Err(Fault::Store(StoreError::Rejected(format!(
                "journey `{id}` has no version {version}"
            ))));
        }
    }
    sqlx::query!(
        "-- set_current_journey()
         UPDATE journeys SET current = coalesce(version = $3, FALSE) WHERE shop_id = $1 AND journey_id = $2",
        shop.0,
        id,
        version
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// All versions of all journeys.
pub(crate) async fn journeys(pool: &PgPool, shop: ShopId) -> Result<Vec<JourneyRow>, Fault> {
    let rows = sqlx::query!(
        "-- journeys()
         SELECT body, document, current FROM journeys WHERE shop_id = $1 ORDER BY journey_id, version",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(JourneyRow {
            journey: from_json(&row.body)?,
            document: row.document,
            current: row.current,
        })
    })
}

/// Publishes a template in one language as its next version.
pub(crate) async fn publish_template(
    store: &PostgresStore,
    shop: ShopId,
    template: &TemplateRow,
) -> Result<u32, Fault> {
    let mut tx = store.begin().await?;
    changed(&mut tx).await?;
    let newest = sqlx::query_scalar!(
        "-- publish_template()
         SELECT max(version) FROM templates WHERE shop_id = $1 AND name = $2 AND locale = $3",
        shop.0,
        template.name,
        template.locale
    )
    .fetch_one(&mut *tx)
    .await?;
    let version = next(newest)?;
    sqlx::query!(
        "-- publish_template()
         INSERT INTO templates (shop_id, name, locale, version, source, compiled) VALUES ($1, $2, $3, $4, $5, $6)",
        shop.0,
        template.name,
        template.locale,
        int(version)?,
        json(&template.source)?,
        json(&template.compiled)?
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(version)
}

struct StoredTemplate {
    name: String,
    locale: String,
    version: i32,
    source: String,
    compiled: String,
}

impl StoredTemplate {
    fn read(self) -> Result<TemplateRow, StoreError> {
        Ok(TemplateRow {
            name: self.name,
            locale: self.locale,
            version: uint(self.version)?,
            source: from_json(&self.source)?,
            compiled: from_json(&self.compiled)?,
        })
    }
}

/// The newest version of every template and language.
pub(crate) async fn templates(pool: &PgPool, shop: ShopId) -> Result<Vec<TemplateRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredTemplate,
        "-- templates()
         SELECT DISTINCT ON (name, locale) name, locale, version, source, compiled FROM templates
         WHERE shop_id = $1 ORDER BY name, locale, version DESC",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, StoredTemplate::read)
}

/// One version of a template.
pub(crate) async fn template(
    pool: &PgPool,
    shop: ShopId,
    name: &str,
    locale: &str,
    version: u32,
) -> Result<Option<TemplateRow>, Fault> {
    let row = sqlx::query_as!(
        StoredTemplate,
        "-- template()
         SELECT name, locale, version, source, compiled FROM templates
         WHERE shop_id = $1 AND name = $2 AND locale = $3 AND version = $4",
        shop.0,
        name,
        locale,
        int(version)?
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredTemplate::read).transpose()?)
}

/// Sets a connection's secret and keeps the one before.
pub(crate) async fn save_connection(
    store: &PostgresStore,
    shop: ShopId,
    source: &str,
    secret: &[u8],
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query!(
        "-- save_connection()
         INSERT INTO connections AS c (shop_id, source, secret, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (shop_id, source) DO UPDATE SET
             previous = c.secret, secret = excluded.secret, changed_at = excluded.changed_at",
        shop.0,
        source,
        secret,
        us(now)
    )
    .execute(&mut *tx)
    .await?;
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a connection.
pub(crate) async fn remove_connection(
    store: &PostgresStore,
    shop: ShopId,
    source: &str,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let gone = sqlx::query!(
        "-- remove_connection()\nDELETE FROM connections WHERE shop_id = $1 AND source = $2",
        shop.0,
        text(source)
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if gone > 0 {
        changed(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(gone > 0)
}

/// All connections.
pub(crate) async fn connections(pool: &PgPool, shop: ShopId) -> Result<Vec<ConnectionRow>, Fault> {
    let rows = sqlx::query!(
        "-- connections()
         SELECT source, secret, previous, changed_at FROM connections WHERE shop_id = $1 ORDER BY source",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(ConnectionRow {
            source: row.source,
            secret: row.secret,
            previous: row.previous,
            changed_at: at(row.changed_at)?,
        })
    })
}

fn address(email: &str) -> String {
    text(&email.trim().to_lowercase())
}

/// Adds or replaces a user.
pub(crate) async fn save_user(
    pool: &PgPool,
    email: &str,
    role: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar!(
        "-- save_user()
         INSERT INTO users (email, role, password_hash, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (email) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash
         RETURNING user_id",
        address(email),
        role,
        password_hash,
        us(now)
    )
    .fetch_one(pool)
    .await?)
}

pub(crate) struct StoredUser {
    pub(crate) user_id: i64,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) password_hash: String,
    pub(crate) created_at: i64,
    pub(crate) name: Option<String>,
    pub(crate) locale: Option<String>,
}

impl StoredUser {
    pub(crate) fn read(self) -> Result<UserRow, StoreError> {
        Ok(UserRow {
            id: self.user_id,
            email: self.email,
            role: self.role,
            password_hash: self.password_hash,
            created_at: at(self.created_at)?,
            name: self.name,
            locale: self.locale.and_then(|tag| Locale::from_tag(&tag)),
        })
    }
}

/// Says what a user is called and in which language the console speaks to them.
pub(crate) async fn set_profile(
    pool: &PgPool,
    user: i64,
    name: Option<&str>,
    locale: Option<Locale>,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- set_profile()
         UPDATE users SET name = $2, locale = $3 WHERE user_id = $1",
        user,
        name.map(text),
        locale.map(Locale::tag)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The user with this address.
pub(crate) async fn user(pool: &PgPool, email: &str) -> Result<Option<UserRow>, Fault> {
    let row = sqlx::query_as!(
        StoredUser,
        "-- user()
         SELECT user_id, email, role, password_hash, created_at, name, locale FROM users WHERE email = $1",
        address(email)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredUser::read).transpose()?)
}

/// Begins a session.
pub(crate) async fn add_session(
    pool: &PgPool,
    token_hash: &[u8],
    user: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- add_session()
         INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        token_hash,
        user,
        us(now),
        us(expires_at)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The user of a session that has not expired.
pub(crate) async fn session(
    pool: &PgPool,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<UserRow>, Fault> {
    let row = sqlx::query!(
        "-- session()
         SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale, s.seen_at FROM sessions s
         JOIN users u ON u.user_id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2",
        token_hash,
        us(now)
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let seen = row.seen_at.map(at).transpose()?;
    if seen.is_none_or(|at| now.duration_since(at).as_secs() >= SEEN_SECONDS) {
        team::touch_session(pool, token_hash, now).await?;
    }
    let user = StoredUser {
        user_id: row.user_id,
        email: row.email,
        role: row.role,
        password_hash: row.password_hash,
        created_at: row.created_at,
        name: row.name,
        locale: row.locale,
    };
    Ok(Some(user.read()?))
}

/// Ends a session.
pub(crate) async fn end_session(pool: &PgPool, token_hash: &[u8]) -> Result<(), Fault> {
    sqlx::query!(
        "-- end_session()\nDELETE FROM sessions WHERE token_hash = $1",
        token_hash
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Adds an API key.
pub(crate) async fn add_api_key(
    store: &PostgresStore,
    shop: ShopId,
    name: Option<&str>,
    prefix: &str,
    hash: &[u8],
    scopes: &[String],
    now: Timestamp,
) -> Result<i64, Fault> {
    let mut tx = store.begin().await?;
    // Two that add a key at once would choose the same number.
    sqlx::query!(
        "-- add_api_key()\nSELECT 1 AS one FROM shops WHERE shop_id = $1 FOR UPDATE",
        shop.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let id = sqlx::query_scalar!(
        "-- add_api_key()
         INSERT INTO api_keys (shop_id, api_key_id, prefix, hash, scopes, created_at, name)
         SELECT $1, coalesce(max(api_key_id), 0) + 1, $2, $3, $4, $5, $6 FROM api_keys WHERE shop_id = $1
         RETURNING api_key_id",
        shop.0,
        prefix,
        hash,
        json(&scopes)?,
        us(now),
        name.map(text)
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

pub(crate) struct StoredKey {
    pub(crate) shop_id: i64,
    pub(crate) api_key_id: i64,
    pub(crate) prefix: String,
    pub(crate) hash: Vec<u8>,
    pub(crate) scopes: String,
    pub(crate) created_at: i64,
    pub(crate) revoked_at: Option<i64>,
    pub(crate) name: Option<String>,
}

impl StoredKey {
    pub(crate) fn read(self) -> Result<ApiKeyRow, StoreError> {
        Ok(ApiKeyRow {
            id: self.api_key_id,
            shop: ShopId(self.shop_id),
            prefix: self.prefix,
            hash: self.hash,
            scopes: from_json(&self.scopes)?,
            created_at: at(self.created_at)?,
            revoked_at: self.revoked_at.map(at).transpose()?,
            name: self.name,
        })
    }
}

/// The key with this hash, unless revoked.
pub(crate) async fn api_key(pool: &PgPool, hash: &[u8]) -> Result<Option<ApiKeyRow>, Fault> {
    let row = sqlx::query_as!(
        StoredKey,
        "-- api_key()
         SELECT shop_id, api_key_id, prefix, hash, scopes, created_at, revoked_at, name FROM api_keys
         WHERE hash = $1 AND revoked_at IS NULL",
        hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredKey::read).transpose()?)
}

/// All keys of a shop.
pub(crate) async fn api_keys(pool: &PgPool, shop: ShopId) -> Result<Vec<ApiKeyRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredKey,
        "-- api_keys()
         SELECT shop_id, api_key_id, prefix, hash, scopes, created_at, revoked_at, name FROM api_keys
         WHERE shop_id = $1 ORDER BY api_key_id",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, StoredKey::read)
}

/// Revokes a key.
pub(crate) async fn revoke_api_key(
    pool: &PgPool,
    shop: ShopId,
    id: i64,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- revoke_api_key()
         UPDATE api_keys SET revoked_at = $3 WHERE shop_id = $1 AND api_key_id = $2 AND revoked_at IS NULL",
        shop.0,
        id,
        us(now)
    )
    .execute(pool)
    .await?;
    Ok(())
}
