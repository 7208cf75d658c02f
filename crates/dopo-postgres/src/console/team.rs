//! The team: roles, sessions, passkeys, who they are elsewhere.

use crate::fault::Fault;
use crate::rows::{at, count, read_all, text, us};
use crate::settings::StoredUser;
use crate::store::PostgresStore;
use dopo_core::id::ShopId;
use dopo_engine::ports::console::{Member, PasskeyRow, SEEN_SECONDS};
use dopo_engine::ports::store::{StoreError, UserRow};
use jiff::Timestamp;
use sqlx::PgPool;

/// The role on an account that has none but those in single shops.
const NO_ROLE: &str = "none";

/// How many accounts there are.
pub(crate) async fn count_users(pool: &PgPool) -> Result<u64, Fault> {
    let n = sqlx::query_scalar!(
        r#"-- count_users()
        SELECT count(*) AS "n!" FROM users"#
    )
    .fetch_one(pool)
    .await?;
    Ok(count(n))
}

/// The account with this number.
pub(crate) async fn user_by_id(pool: &PgPool, user: i64) -> Result<Option<UserRow>, Fault> {
    let row = sqlx::query_as!(
        StoredUser,
        "-- user_by_id()
         SELECT user_id, email, role, password_hash, created_at, name, locale FROM users WHERE user_id = $1",
        user
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredUser::read).transpose()?)
}

/// Everybody with a role in this shop, by e-mail address. Accounts are few: all are looked at.
pub(crate) async fn members(pool: &PgPool, shop: ShopId) -> Result<Vec<Member>, Fault> {
    let rows = sqlx::query!(
        r#"-- members()
        SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale, u.seen_at, m.role AS "here?",
            (SELECT count(*) FROM passkeys p WHERE p.user_id = u.user_id) AS "passkeys!"
        FROM users u LEFT JOIN members m ON m.shop_id = $1 AND m.user_id = u.user_id
        WHERE m.role IS NOT NULL OR u.role <> $2 ORDER BY u.email"#,
        shop.0,
        NO_ROLE
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        let user = StoredUser {
            user_id: row.user_id,
            email: row.email,
            role: row.role,
            password_hash: row.password_hash,
            created_at: row.created_at,
            name: row.name,
            locale: row.locale,
        }
        .read()?;
        Ok(Member {
            everywhere: row.here.is_none(),
            role: row.here.unwrap_or_else(|| user.role.clone()),
            user,
            seen_at: row.seen_at.map(at).transpose()?,
            passkeys: u32::try_from(row.passkeys).unwrap_or_default(),
        })
    })
}

/// The role of a user in a shop.
pub(crate) async fn role_in(
    pool: &PgPool,
    shop: ShopId,
    user: i64,
) -> Result<Option<String>, Fault> {
    let role = sqlx::query_scalar!(
        r#"-- role_in()
        SELECT coalesce((SELECT role FROM members WHERE shop_id = $1 AND user_id = $2), u.role) AS "role!"
        FROM users u WHERE u.user_id = $2"#,
        shop.0,
        user
    )
    .fetch_optional(pool)
    .await?;
    Ok(role.filter(|role| role != NO_ROLE))
}

/// Gives a user a role in one shop, or takes it away.
pub(crate) async fn set_member(
    pool: &PgPool,
    shop: ShopId,
    user: i64,
    role: Option<&str>,
) -> Result<(), Fault> {
    match role {
        Some(role) => {
            sqlx::query!(
                "-- set_member()
                 INSERT INTO members (shop_id, user_id, role) VALUES ($1, $2, $3)
                 ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role",
                shop.0,
                user,
                role
            )
            .execute(pool)
            .await?
        }
        None => {
            sqlx::query!(
                "-- set_member()\nDELETE FROM members WHERE shop_id = $1 AND user_id = $2",
                shop.0,
                user
            )
            .execute(pool)
            .await?
        }
    };
    Ok(())
}

/// Replaces a password hash and ends all sessions but `keep`.
pub(crate) async fn set_password(
    store: &PostgresStore,
    user: i64,
    password_hash: &str,
    keep: Option<&[u8]>,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let done = sqlx::query!(
        "-- set_password()\nUPDATE users SET password_hash = $2 WHERE user_id = $1",
        user,
        password_hash
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Fault::Store(StoreError::Rejected(format!(
            "there is no user {user}"
        ))));
    }
    sqlx::query!(
        "-- set_password()
         DELETE FROM sessions WHERE user_id = $1 AND token_hash IS DISTINCT FROM $2",
        user,
        keep
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Ends every session of a user.
pub(crate) async fn end_sessions(pool: &PgPool, user: i64) -> Result<(), Fault> {
    sqlx::query!(
        "-- end_sessions()\nDELETE FROM sessions WHERE user_id = $1",
        user
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Writes down that a session was used, if that was some time ago.
pub(crate) async fn touch_session(
    pool: &PgPool,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- touch_session()
         WITH touched AS (
             UPDATE sessions SET seen_at = $2 WHERE token_hash = $1 AND (seen_at IS NULL OR seen_at <= $3)
             RETURNING user_id
         )
         UPDATE users SET seen_at = $2 WHERE user_id IN (SELECT user_id FROM touched)",
        token_hash,
        us(now),
        us(now) - SEEN_SECONDS * 1_000_000
    )
    .execute(pool)
    .await?;
    Ok(())
}

// ---- passkeys ------------------------------------------------------------------------------------------------------

struct StoredPasskey {
    credential_id: Vec<u8>,
    user_id: i64,
    name: String,
    state: Vec<u8>,
    created_at: i64,
    used_at: Option<i64>,
}

impl StoredPasskey {
    fn read(self) -> Result<PasskeyRow, StoreError> {
        Ok(PasskeyRow {
            credential_id: self.credential_id,
            user: self.user_id,
            name: self.name,
            state: self.state,
            created_at: at(self.created_at)?,
            used_at: self.used_at.map(at).transpose()?,
        })
    }
}

/// Adds a passkey.
pub(crate) async fn add_passkey(pool: &PgPool, passkey: &PasskeyRow) -> Result<(), Fault> {
    sqlx::query!(
        "-- add_passkey()
         INSERT INTO passkeys (credential_id, user_id, name, state, created_at, used_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        passkey.credential_id,
        passkey.user,
        text(&passkey.name),
        passkey.state,
        us(passkey.created_at),
        passkey.used_at.map(us)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The passkeys of a user.
pub(crate) async fn passkeys(pool: &PgPool, user: i64) -> Result<Vec<PasskeyRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredPasskey,
        "-- passkeys()
         SELECT credential_id, user_id, name, state, created_at, used_at FROM passkeys
         WHERE user_id = $1 ORDER BY created_at, credential_id",
        user
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, StoredPasskey::read)
}

/// The passkey with this id.
pub(crate) async fn passkey(
    pool: &PgPool,
    credential_id: &[u8],
) -> Result<Option<PasskeyRow>, Fault> {
    let row = sqlx::query_as!(
        StoredPasskey,
        "-- passkey()
         SELECT credential_id, user_id, name, state, created_at, used_at FROM passkeys WHERE credential_id = $1",
        credential_id
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredPasskey::read).transpose()?)
}

/// Records a use of a passkey.
pub(crate) async fn use_passkey(
    pool: &PgPool,
    credential_id: &[u8],
    state: &[u8],
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- use_passkey()
         UPDATE passkeys SET state = $2, used_at = $3 WHERE credential_id = $1",
        credential_id,
        state,
        us(now)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes a passkey of a user.
pub(crate) async fn delete_passkey(
    pool: &PgPool,
    user: i64,
    credential_id: &[u8],
) -> Result<bool, Fault> {
    let done = sqlx::query!(
        "-- delete_passkey()
         DELETE FROM passkeys WHERE credential_id = $1 AND user_id = $2",
        credential_id,
        user
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() > 0)
}

// ---- identities elsewhere ------------------------------------------------------------------------------------------

/// The account of somebody at a provider of identities.
pub(crate) async fn user_of_identity(
    pool: &PgPool,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRow>, Fault> {
    let row = sqlx::query_as!(
        StoredUser,
        "-- user_of_identity()
         SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale
         FROM user_identities i JOIN users u ON u.user_id = i.user_id WHERE i.issuer = $1 AND i.subject = $2",
        text(issuer),
        text(subject)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredUser::read).transpose()?)
}

/// Remembers who at a provider an account is.
pub(crate) async fn link_identity(
    pool: &PgPool,
    issuer: &str,
    subject: &str,
    user: i64,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- link_identity()
         INSERT INTO user_identities (issuer, subject, user_id, linked_at) VALUES ($1, $2, $3, $4)",
        text(issuer),
        text(subject),
        user,
        us(now)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Forgets who an account is at any provider.
pub(crate) async fn unlink_identities(pool: &PgPool, user: i64) -> Result<(), Fault> {
    sqlx::query!(
        "-- unlink_identities()\nDELETE FROM user_identities WHERE user_id = $1",
        user
    )
    .execute(pool)
    .await?;
    Ok(())
}
