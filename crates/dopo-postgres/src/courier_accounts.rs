//! Accounts with couriers and collectors: their standing, their budget, and whose turn it is to call.

use crate::fault::Fault;
use crate::rows::{at, read_all, text, us, us_up};
use crate::settings;
use crate::store::PostgresStore;
use dopo_core::id::ShopId;
use dopo_engine::ports::tracking::{AccountState, CallTurn, CourierAccountRow};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

/// Keeps an account with a courier, sealed; what it had against it is forgotten.
pub(crate) async fn save_account(
    store: &PostgresStore,
    shop: ShopId,
    vendor: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    sqlx::query!(
        "-- save_account()
         INSERT INTO courier_accounts (shop_id, vendor, fields, added_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (shop_id, vendor) DO UPDATE SET
             fields = excluded.fields, added_at = excluded.added_at, refused_at = NULL, refused_why = NULL,
             turn_at = NULL, put_off = 0",
        shop.0,
        vendor,
        sealed,
        us(now)
    )
    .execute(&mut *tx)
    .await?;
    settings::changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes an account away. Says whether there was one.
pub(crate) async fn remove_account(
    store: &PostgresStore,
    shop: ShopId,
    vendor: &str,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let gone = sqlx::query!(
        "-- remove_account()\nDELETE FROM courier_accounts WHERE shop_id = $1 AND vendor = $2",
        shop.0,
        vendor
    )
    .execute(&mut *tx)
    .await?;
    settings::changed(&mut tx).await?;
    tx.commit().await?;
    Ok(gone.rows_affected() > 0)
}

/// A shop's accounts with couriers and collectors.
pub(crate) async fn accounts(pool: &PgPool, shop: ShopId) -> Result<Vec<CourierAccountRow>, Fault> {
    let rows = sqlx::query!(
        "-- accounts()
         SELECT vendor, fields, added_at, refused_at, refused_why, day, used, turn_at FROM courier_accounts
         WHERE shop_id = $1 ORDER BY vendor",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(CourierAccountRow {
            vendor: row.vendor,
            sealed: row.fields,
            added_at: at(row.added_at)?,
            state: match row.refused_at {
                None => AccountState::Ok,
                Some(since) => AccountState::Refused {
                    since: at(since)?,
                    why: row.refused_why.unwrap_or_default(),
                },
            },
            day: row.day.and_then(|day| day.parse().ok()),
            used: u32::try_from(row.used).unwrap_or(u32::MAX),
            turn_at: row.turn_at.map(at).transpose()?,
        })
    })
}

/// Notes whether the courier takes the account. Says whether there is one.
pub(crate) async fn mark_account(
    store: &PostgresStore,
    shop: ShopId,
    vendor: &str,
    state: &AccountState,
) -> Result<bool, Fault> {
    let (since, why) = match state {
        AccountState::Ok => (None, None),
        AccountState::Refused { since, why } => (Some(us(*since)), Some(text(why))),
    };
    let mut tx = store.begin().await?;
    let touched = sqlx::query!(
        "-- mark_account()
         UPDATE courier_accounts SET refused_at = $3, refused_why = $4
         WHERE shop_id = $1 AND vendor = $2 AND (refused_at IS NULL) <> ($3::bigint IS NULL)",
        shop.0,
        vendor,
        since,
        why
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if touched > 0 {
        settings::changed(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(touched > 0)
}

/// Takes calls out of an account's day budget, as far as there are any left.
pub(crate) async fn spend(
    pool: &PgPool,
    shop: ShopId,
    vendor: &str,
    day: Date,
    calls: u32,
    per_day: Option<u32>,
) -> Result<bool, Fault> {
    let touched = sqlx::query!(
        "-- spend()
         UPDATE courier_accounts SET
             used = CASE WHEN day IS NOT DISTINCT FROM $3 THEN used ELSE 0 END + $4, day = $3
         WHERE shop_id = $1 AND vendor = $2
             AND CASE WHEN day IS NOT DISTINCT FROM $3 THEN used ELSE 0 END + $4 <= $5",
        shop.0,
        vendor,
        day.to_string(),
        i64::from(calls),
        per_day.map_or(i64::from(u32::MAX), i64::from)
    )
    .execute(pool)
    .await?;
    Ok(touched.rows_affected() > 0)
}

/// Gives a node the next turn to call an account, or says when.
pub(crate) async fn take_turn(
    pool: &PgPool,
    shop: ShopId,
    vendor: &str,
    now: Timestamp,
    gap: SignedDuration,
    latest: Timestamp,
) -> Result<CallTurn, Fault> {
    let gap_us = i64::try_from(gap.as_micros()).unwrap_or(i64::MAX);
    let now_us = us(now);
    if gap_us > 0 {
        let taken = sqlx::query!(
            r#"-- take_turn()
            UPDATE courier_accounts SET turn_at = GREATEST(turn_at, $3) + $4
            WHERE shop_id = $1 AND vendor = $2 AND GREATEST(turn_at, $3) <= $5
            RETURNING turn_at - $4 AS "at!", put_off"#,
            shop.0,
            vendor,
            now_us,
            gap_us,
            us(latest)
        )
        .fetch_optional(pool)
        .await?;
        if let Some(taken) = taken {
            return Ok(CallTurn::At {
                at: at(taken.at)?,
                put_off: u32::try_from(taken.put_off).unwrap_or(u32::MAX),
            });
        }
    }
    let known = sqlx::query!(
        "-- take_turn()\nSELECT turn_at, put_off FROM courier_accounts WHERE shop_id = $1 AND vendor = $2",
        shop.0,
        vendor
    )
    .fetch_optional(pool)
    .await?;
    let Some(known) = known else {
        return Ok(CallTurn::At {
            at: now,
            put_off: 0,
        });
    };
    let turn_at = known.turn_at.map(at).transpose()?;
    let turn_at = turn_at.map_or(now, |turn_at| turn_at.max(now));
    if gap_us > 0 || turn_at > latest {
        return Ok(CallTurn::NotBefore(turn_at));
    }
    Ok(CallTurn::At {
        at: turn_at,
        put_off: u32::try_from(known.put_off).unwrap_or(u32::MAX),
    })
}

/// Puts an account's calls off for all nodes.
pub(crate) async fn put_off_calls(
    pool: &PgPool,
    shop: ShopId,
    vendor: &str,
    until: Option<Timestamp>,
) -> Result<(), Fault> {
    match until {
        Some(until) => {
            sqlx::query!(
                "-- put_off_calls()
                 UPDATE courier_accounts SET turn_at = GREATEST(turn_at, $3), put_off = put_off + 1
                 WHERE shop_id = $1 AND vendor = $2",
                shop.0,
                vendor,
                us_up(until)
            )
            .execute(pool)
            .await?;
        }
        None => {
            sqlx::query!(
                "-- put_off_calls()
                 UPDATE courier_accounts SET put_off = 0
                 WHERE shop_id = $1 AND vendor = $2 AND put_off > 0",
                shop.0,
                vendor
            )
            .execute(pool)
            .await?;
        }
    }
    Ok(())
}
