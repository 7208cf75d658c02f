//! Shops, what they publish, and the people who work with it.

use crate::refused;
use crate::rows::{all, at_column, at_column_opt, first, from_json, json, number, run, us};
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_core::journey::Journey;
use dopo_core::shop::ShopSettings;
use dopo_engine::ports::store::{
    ApiKeyRow, ConnectionRow, JourneyRow, ShopRow, StoreError, TemplateRow, UserRow,
};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// Tells all who keep settings in memory that something changed.
pub(crate) fn changed(c: &Connection) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE meta SET value = value + 1 WHERE name = 'settings_version'",
        [],
    )?;
    Ok(())
}

/// The number that moves with every change.
pub(crate) fn version(c: &Connection) -> Result<i64, StoreError> {
    Ok(number(
        c,
        "SELECT value FROM meta WHERE name = 'settings_version'",
        [],
    )?
    .unwrap_or_default())
}

/// All shops.
pub(crate) fn shops(c: &Connection) -> Result<Vec<ShopRow>, StoreError> {
    all(
        c,
        "SELECT shop_id, slug, disconnected, settings FROM shops ORDER BY shop_id",
        [],
        |row| {
            Ok(ShopRow {
                id: ShopId(row.get(0).map_err(refused)?),
                slug: row.get(1).map_err(refused)?,
                disconnected: row.get(2).map_err(refused)?,
                settings: from_json(&row.get::<_, String>(3).map_err(refused)?)?,
            })
        },
    )
}

/// Adds a shop.
pub(crate) fn add_shop(
    c: &Connection,
    slug: &str,
    settings: &ShopSettings,
) -> Result<ShopId, StoreError> {
    if number(c, "SELECT 1 FROM shops WHERE slug = ?1", params![slug])?.is_some() {
        return Err(StoreError::Conflict(format!(
            "a shop named `{slug}` exists already: choose another name"
        )));
    }
    run(
        c,
        "INSERT INTO shops (slug, salt, settings) VALUES (?1, randomblob(16), ?2)",
        params![slug, json(settings)?],
    )?;
    let id = ShopId(c.last_insert_rowid());
    changed(c)?;
    Ok(id)
}

/// Replaces a shop's settings.
pub(crate) fn save_shop(
    c: &Connection,
    shop: ShopId,
    settings: &ShopSettings,
    disconnected: bool,
) -> Result<(), StoreError> {
    let touched = run(
        c,
        "UPDATE shops SET settings = ?2, disconnected = ?3 WHERE shop_id = ?1",
        params![shop.0, json(settings)?, disconnected],
    )?;
    if touched == 0 {
        return Err(StoreError::Rejected(format!("there is no shop {shop}")));
    }
    changed(c)
}

/// Publishes a journey as its next version.
pub(crate) fn publish_journey(
    c: &Connection,
    shop: ShopId,
    mut journey: Journey,
    document: &str,
    current: bool,
) -> Result<u32, StoreError> {
    let newest = number(
        c,
        "SELECT max(version) FROM journeys WHERE shop_id = ?1 AND journey_id = ?2 HAVING max(version) IS NOT NULL",
        params![shop.0, journey.id],
    )?;
    journey.version = next(newest)?;
    if current {
        run(
            c,
            "UPDATE journeys SET current = 0 WHERE shop_id = ?1 AND journey_id = ?2",
            params![shop.0, journey.id],
        )?;
    }
    run(
        c,
        "INSERT INTO journeys (shop_id, journey_id, version, current, document, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            shop.0,
            journey.id,
            journey.version,
            current,
            document,
            json(&journey)?
        ],
    )?;
    changed(c)?;
    Ok(journey.version)
}

fn next(newest: Option<i64>) -> Result<u32, StoreError> {
    u32::try_from(newest.unwrap_or(0) + 1)
        .map_err(|_| StoreError::Rejected("there are too many versions".to_owned()))
}

/// Makes a version the one that new runs begin with, or none.
pub(crate) fn set_current_journey(
    c: &Connection,
    shop: ShopId,
    id: &str,
    version: Option<u32>,
) -> Result<(), StoreError> {
    if let Some(version) = version {
        let there = number(
            c,
            "SELECT 1 FROM journeys WHERE shop_id = ?1 AND journey_id = ?2 AND version = ?3",
            params![shop.0, id, version],
        )?;
        if there.is_none() {
            return Err(StoreError::Rejected(format!(
                "journey `{id}` has no version {version}"
            )));
        }
    }
    run(
        c,
        "UPDATE journeys SET current = (version = ?3) WHERE shop_id = ?1 AND journey_id = ?2",
        params![shop.0, id, version.map_or(-1, i64::from)],
    )?;
    changed(c)
}

/// All versions of all journeys.
pub(crate) fn journeys(c: &Connection, shop: ShopId) -> Result<Vec<JourneyRow>, StoreError> {
    all(
        c,
        "SELECT body, document, current FROM journeys WHERE shop_id = ?1 ORDER BY journey_id, version",
        params![shop.0],
        |row| {
            Ok(JourneyRow {
                journey: from_json(&row.get::<_, String>(0).map_err(refused)?)?,
                document: row.get(1).map_err(refused)?,
                current: row.get(2).map_err(refused)?,
            })
        },
    )
}

/// Publishes a template in one language as its next version.
pub(crate) fn publish_template(
    c: &Connection,
    shop: ShopId,
    template: &TemplateRow,
) -> Result<u32, StoreError> {
    let newest = number(
        c,
        "SELECT max(version) FROM templates WHERE shop_id = ?1 AND name = ?2 AND locale = ?3
         HAVING max(version) IS NOT NULL",
        params![shop.0, template.name, template.locale],
    )?;
    let version = next(newest)?;
    run(
        c,
        "INSERT INTO templates (shop_id, name, locale, version, source, compiled) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            shop.0,
            template.name,
            template.locale,
            version,
            json(&template.source)?,
            json(&template.compiled)?
        ],
    )?;
    changed(c)?;
    Ok(version)
}

fn template_row(row: &Row<'_>) -> Result<TemplateRow, StoreError> {
    Ok(TemplateRow {
        name: row.get(0).map_err(refused)?,
        locale: row.get(1).map_err(refused)?,
        version: row.get(2).map_err(refused)?,
        source: from_json(&row.get::<_, String>(3).map_err(refused)?)?,
        compiled: from_json(&row.get::<_, String>(4).map_err(refused)?)?,
    })
}

/// The newest version of every template and language.
pub(crate) fn templates(c: &Connection, shop: ShopId) -> Result<Vec<TemplateRow>, StoreError> {
    all(
        c,
        "SELECT name, locale, version, source, compiled FROM templates t
         WHERE shop_id = ?1 AND version = (SELECT max(version) FROM templates n
             WHERE n.shop_id = t.shop_id AND n.name = t.name AND n.locale = t.locale)
         ORDER BY name, locale",
        params![shop.0],
        template_row,
    )
}

/// One version of a template.
pub(crate) fn template(
    c: &Connection,
    shop: ShopId,
    name: &str,
    locale: &str,
    version: u32,
) -> Result<Option<TemplateRow>, StoreError> {
    first(
        c,
        "SELECT name, locale, version, source, compiled FROM templates
         WHERE shop_id = ?1 AND name = ?2 AND locale = ?3 AND version = ?4",
        params![shop.0, name, locale, version],
        template_row,
    )
}

/// Sets a connection's secret and keeps the one before.
pub(crate) fn save_connection(
    c: &Connection,
    shop: ShopId,
    source: &str,
    secret: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO connections (shop_id, source, secret, changed_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (shop_id, source) DO UPDATE SET
             previous = secret, secret = excluded.secret, changed_at = excluded.changed_at",
        params![shop.0, source, secret, us(now)],
    )?;
    changed(c)
}

/// Removes a connection.
pub(crate) fn remove_connection(
    c: &Connection,
    shop: ShopId,
    source: &str,
) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM connections WHERE shop_id = ?1 AND source = ?2",
        params![shop.0, source],
    )?;
    if gone > 0 {
        changed(c)?;
    }
    Ok(gone > 0)
}

/// All connections.
pub(crate) fn connections(c: &Connection, shop: ShopId) -> Result<Vec<ConnectionRow>, StoreError> {
    all(
        c,
        "SELECT source, secret, previous, changed_at FROM connections WHERE shop_id = ?1 ORDER BY source",
        params![shop.0],
        |row| {
            Ok(ConnectionRow {
                source: row.get(0).map_err(refused)?,
                secret: row.get(1).map_err(refused)?,
                previous: row.get(2).map_err(refused)?,
                changed_at: at_column(row, "changed_at")?,
            })
        },
    )
}

/// Adds or replaces a user.
pub(crate) fn save_user(
    c: &Connection,
    email: &str,
    role: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let email = email.trim().to_lowercase();
    run(
        c,
        "INSERT INTO users (email, role, password_hash, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (email) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash",
        params![email, role, password_hash, us(now)],
    )?;
    number(
        c,
        "SELECT user_id FROM users WHERE email = ?1",
        params![email],
    )?
    .ok_or_else(|| StoreError::Rejected("the user was not stored".to_owned()))
}

pub(crate) fn user_row(row: &Row<'_>) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        id: row.get("user_id").map_err(refused)?,
        email: row.get("email").map_err(refused)?,
        role: row.get("role").map_err(refused)?,
        password_hash: row.get("password_hash").map_err(refused)?,
        created_at: at_column(row, "created_at")?,
        name: row.get("name").map_err(refused)?,
        locale: row
            .get::<_, Option<String>>("locale")
            .map_err(refused)?
            .and_then(|tag| Locale::from_tag(&tag)),
    })
}

/// Says what a user is called and in which language the console speaks to them.
pub(crate) fn set_profile(
    c: &Connection,
    user: i64,
    name: Option<&str>,
    locale: Option<Locale>,
) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE users SET name = ?2, locale = ?3 WHERE user_id = ?1",
        params![user, name, locale.map(Locale::tag)],
    )?;
    Ok(())
}

/// The user with this address.
pub(crate) fn user(c: &Connection, email: &str) -> Result<Option<UserRow>, StoreError> {
    first(
        c,
        "SELECT user_id, email, role, password_hash, created_at, name, locale FROM users WHERE email = ?1",
        params![email.trim().to_lowercase()],
        user_row,
    )
}

/// Begins a session.
pub(crate) fn add_session(
    c: &Connection,
    token_hash: &[u8],
    user: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
        params![token_hash, user, us(now), us(expires_at)],
    )?;
    Ok(())
}

/// The user of a session that has not expired.
pub(crate) fn session(
    c: &Connection,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<UserRow>, StoreError> {
    first(
        c,
        "SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale FROM sessions s
         JOIN users u ON u.user_id = s.user_id WHERE s.token_hash = ?1 AND s.expires_at > ?2",
        params![token_hash, us(now)],
        user_row,
    )
}

/// Ends a session.
pub(crate) fn end_session(c: &Connection, token_hash: &[u8]) -> Result<(), StoreError> {
    run(
        c,
        "DELETE FROM sessions WHERE token_hash = ?1",
        params![token_hash],
    )?;
    Ok(())
}

/// Adds an API key.
pub(crate) fn add_api_key(
    c: &Connection,
    shop: ShopId,
    name: Option<&str>,
    prefix: &str,
    hash: &[u8],
    scopes: &[String],
    now: Timestamp,
) -> Result<i64, StoreError> {
    let id = number(
        c,
        "SELECT coalesce(max(api_key_id), 0) + 1 FROM api_keys WHERE shop_id = ?1",
        params![shop.0],
    )?
    .unwrap_or(1);
    run(
        c,
        "INSERT INTO api_keys (shop_id, api_key_id, prefix, hash, scopes, created_at, name)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![shop.0, id, prefix, hash, json(&scopes)?, us(now), name],
    )?;
    Ok(id)
}

pub(crate) const API_KEY: &str =
    "SELECT shop_id, api_key_id, prefix, hash, scopes, created_at, revoked_at, name FROM api_keys";

pub(crate) fn api_key_row(row: &Row<'_>) -> Result<ApiKeyRow, StoreError> {
    Ok(ApiKeyRow {
        id: row.get("api_key_id").map_err(refused)?,
        shop: ShopId(row.get("shop_id").map_err(refused)?),
        prefix: row.get("prefix").map_err(refused)?,
        hash: row.get("hash").map_err(refused)?,
        scopes: from_json(&row.get::<_, String>("scopes").map_err(refused)?)?,
        created_at: at_column(row, "created_at")?,
        revoked_at: at_column_opt(row, "revoked_at")?,
        name: row.get("name").map_err(refused)?,
    })
}

/// The key with this hash, unless revoked.
pub(crate) fn api_key(c: &Connection, hash: &[u8]) -> Result<Option<ApiKeyRow>, StoreError> {
    first(
        c,
        &format!("{API_KEY} WHERE hash = ?1 AND revoked_at IS NULL"),
        params![hash],
        api_key_row,
    )
}

/// All keys of a shop.
pub(crate) fn api_keys(c: &Connection, shop: ShopId) -> Result<Vec<ApiKeyRow>, StoreError> {
    all(
        c,
        &format!("{API_KEY} WHERE shop_id = ?1 ORDER BY api_key_id"),
        params![shop.0],
        api_key_row,
    )
}

/// Revokes a key.
pub(crate) fn revoke_api_key(
    c: &Connection,
    shop: ShopId,
    id: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE api_keys SET revoked_at = ?3 WHERE shop_id = ?1 AND api_key_id = ?2 AND revoked_at IS NULL",
        params![shop.0, id, us(now)],
    )?;
    Ok(())
}
