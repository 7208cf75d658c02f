//! The team: roles, sessions, passkeys, who they are elsewhere.

use crate::refused;
use crate::rows::{all, at_column, at_column_opt, first, number, run, us};
use crate::settings::user_row;
use dopo_core::id::ShopId;
use dopo_engine::ports::console::{Member, PasskeyRow};
use dopo_engine::ports::store::{StoreError, UserRow};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// The role on an account that has none but those in single shops.
const NO_ROLE: &str = "none";

/// How many accounts there are.
pub(crate) fn count_users(c: &Connection) -> Result<u64, StoreError> {
    let n = number(c, "SELECT count(*) FROM users", [])?;
    Ok(u64::try_from(n.unwrap_or_default()).unwrap_or_default())
}

/// The account with this number.
pub(crate) fn user_by_id(c: &Connection, user: i64) -> Result<Option<UserRow>, StoreError> {
    first(
        c,
        "SELECT user_id, email, role, password_hash, created_at, name, locale FROM users WHERE user_id = ?1",
        params![user],
        user_row,
    )
}

/// Everybody with a role in this shop, by e-mail address. Accounts are few: all are looked at.
pub(crate) fn members(c: &Connection, shop: ShopId) -> Result<Vec<Member>, StoreError> {
    all(
        c,
        "SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale, u.seen_at, m.role AS here,
             (SELECT count(*) FROM passkeys p WHERE p.user_id = u.user_id) AS passkeys
         FROM users u LEFT JOIN members m ON m.shop_id = ?1 AND m.user_id = u.user_id
         WHERE m.role IS NOT NULL OR u.role <> ?2 ORDER BY u.email",
        params![shop.0, NO_ROLE],
        |row| {
            let user = user_row(row)?;
            let here: Option<String> = row.get("here").map_err(refused)?;
            Ok(Member {
                everywhere: here.is_none(),
                role: here.unwrap_or_else(|| user.role.clone()),
                user,
                seen_at: at_column_opt(row, "seen_at")?,
                passkeys: row.get("passkeys").map_err(refused)?,
            })
        },
    )
}

/// The role of a user in a shop.
pub(crate) fn role_in(
    c: &Connection,
    shop: ShopId,
    user: i64,
) -> Result<Option<String>, StoreError> {
    let role = first(
        c,
        "SELECT coalesce((SELECT role FROM members WHERE shop_id = ?1 AND user_id = ?2), role)
         FROM users WHERE user_id = ?2",
        params![shop.0, user],
        |row| row.get::<_, String>(0).map_err(refused),
    )?;
    Ok(role.filter(|role| role != NO_ROLE))
}

/// Gives a user a role in one shop, or takes it away.
pub(crate) fn set_member(
    c: &Connection,
    shop: ShopId,
    user: i64,
    role: Option<&str>,
) -> Result<(), StoreError> {
    match role {
        Some(role) => run(
            c,
            "INSERT INTO members (shop_id, user_id, role) VALUES (?1, ?2, ?3)
             ON CONFLICT (shop_id, user_id) DO UPDATE SET role = excluded.role",
            params![shop.0, user, role],
        )?,
        None => run(
            c,
            "DELETE FROM members WHERE shop_id = ?1 AND user_id = ?2",
            params![shop.0, user],
        )?,
    };
    Ok(())
}

/// Replaces a password hash and ends all sessions but `keep`.
pub(crate) fn set_password(
    c: &Connection,
    user: i64,
    password_hash: &str,
    keep: Option<&[u8]>,
) -> Result<(), StoreError> {
    let touched = run(
        c,
        "UPDATE users SET password_hash = ?2 WHERE user_id = ?1",
        params![user, password_hash],
    )?;
    if touched == 0 {
        return Err(StoreError::Rejected(format!("there is no user {user}")));
    }
    run(
        c,
        "DELETE FROM sessions WHERE user_id = ?1 AND token_hash IS NOT ?2",
        params![user, keep],
    )?;
    Ok(())
}

/// Ends every session of a user.
pub(crate) fn end_sessions(c: &Connection, user: i64) -> Result<(), StoreError> {
    run(c, "DELETE FROM sessions WHERE user_id = ?1", params![user])?;
    Ok(())
}

/// When a session that has not expired was last used.
pub(crate) fn session_seen(
    c: &Connection,
    token_hash: &[u8],
) -> Result<Option<Timestamp>, StoreError> {
    let at = first(
        c,
        "SELECT seen_at FROM sessions WHERE token_hash = ?1",
        params![token_hash],
        |row| at_column_opt(row, "seen_at"),
    )?;
    Ok(at.flatten())
}

/// Writes down that a session was used.
pub(crate) fn touch_session(
    c: &Connection,
    token_hash: &[u8],
    user: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE sessions SET seen_at = ?2 WHERE token_hash = ?1",
        params![token_hash, us(now)],
    )?;
    run(
        c,
        "UPDATE users SET seen_at = ?2 WHERE user_id = ?1",
        params![user, us(now)],
    )?;
    Ok(())
}

// ---- passkeys ------------------------------------------------------------------------------------------------------

fn passkey_row(row: &Row<'_>) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        credential_id: row.get("credential_id").map_err(refused)?,
        user: row.get("user_id").map_err(refused)?,
        name: row.get("name").map_err(refused)?,
        state: row.get("state").map_err(refused)?,
        created_at: at_column(row, "created_at")?,
        used_at: at_column_opt(row, "used_at")?,
    })
}

/// Adds a passkey.
pub(crate) fn add_passkey(c: &Connection, passkey: &PasskeyRow) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO passkeys (credential_id, user_id, name, state, created_at, used_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            passkey.credential_id,
            passkey.user,
            passkey.name,
            passkey.state,
            us(passkey.created_at),
            passkey.used_at.map(us)
        ],
    )?;
    Ok(())
}

/// The passkeys of a user.
pub(crate) fn passkeys(c: &Connection, user: i64) -> Result<Vec<PasskeyRow>, StoreError> {
    all(
        c,
        "SELECT credential_id, user_id, name, state, created_at, used_at FROM passkeys
         WHERE user_id = ?1 ORDER BY created_at, credential_id",
        params![user],
        passkey_row,
    )
}

/// The passkey with this id.
pub(crate) fn passkey(
    c: &Connection,
    credential_id: &[u8],
) -> Result<Option<PasskeyRow>, StoreError> {
    first(
        c,
        "SELECT credential_id, user_id, name, state, created_at, used_at FROM passkeys WHERE credential_id = ?1",
        params![credential_id],
        passkey_row,
    )
}

/// Records a use of a passkey.
pub(crate) fn use_passkey(
    c: &Connection,
    credential_id: &[u8],
    state: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "UPDATE passkeys SET state = ?2, used_at = ?3 WHERE credential_id = ?1",
        params![credential_id, state, us(now)],
    )?;
    Ok(())
}

/// Deletes a passkey of a user.
pub(crate) fn delete_passkey(
    c: &Connection,
    user: i64,
    credential_id: &[u8],
) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM passkeys WHERE credential_id = ?1 AND user_id = ?2",
        params![credential_id, user],
    )?;
    Ok(gone > 0)
}

// ---- identities elsewhere ------------------------------------------------------------------------------------------

/// The account of somebody at a provider of identities.
pub(crate) fn user_of_identity(
    c: &Connection,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRow>, StoreError> {
    first(
        c,
        "SELECT u.user_id, u.email, u.role, u.password_hash, u.created_at, u.name, u.locale
         FROM user_identities i JOIN users u ON u.user_id = i.user_id WHERE i.issuer = ?1 AND i.subject = ?2",
        params![issuer, subject],
        user_row,
    )
}

/// Remembers who at a provider an account is.
pub(crate) fn link_identity(
    c: &Connection,
    issuer: &str,
    subject: &str,
    user: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO user_identities (issuer, subject, user_id, linked_at) VALUES (?1, ?2, ?3, ?4)",
        params![issuer, subject, user, us(now)],
    )?;
    Ok(())
}

/// Forgets who an account is at any provider.
pub(crate) fn unlink_identities(c: &Connection, user: i64) -> Result<(), StoreError> {
    run(
        c,
        "DELETE FROM user_identities WHERE user_id = ?1",
        params![user],
    )?;
    Ok(())
}
