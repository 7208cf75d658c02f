//! Where our own events go, and what is on its way there.

use super::acts::added;
use super::lists::page;
use crate::read::PRUNE_ROWS_MAX;
use crate::refused;
use crate::rows::{all, at_column, first, from_json, json, number, run, us};
use crate::settings;
use dopo_core::id::ShopId;
use dopo_engine::ports::console::{
    DeliveryOutcome, DeliveryRow, DeliveryStatus, PLATFORM, Receivers, WEBHOOK_CLAIM_MAX,
    WEBHOOK_DAYS, WEBHOOKS_MAX, WebhookRow,
};
use dopo_engine::ports::store::{ApiKeyRow, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// One key.
pub(crate) fn api_key_by_id(
    c: &Connection,
    shop: ShopId,
    id: i64,
) -> Result<Option<ApiKeyRow>, StoreError> {
    first(
        c,
        &format!(
            "{} WHERE shop_id = ?1 AND api_key_id = ?2",
            settings::API_KEY
        ),
        params![shop.0, id],
        settings::api_key_row,
    )
}

/// All webhooks.
pub(crate) fn webhooks(c: &Connection, shop: ShopId) -> Result<Vec<WebhookRow>, StoreError> {
    all(
        c,
        "SELECT webhook_id, url, kinds, secret, active, created_at FROM webhooks
         WHERE shop_id = ?1 ORDER BY webhook_id",
        params![shop.0],
        |row| {
            Ok(WebhookRow {
                id: row.get("webhook_id").map_err(refused)?,
                url: row.get("url").map_err(refused)?,
                kinds: from_json(&row.get::<_, String>("kinds").map_err(refused)?)?,
                secret: row.get("secret").map_err(refused)?,
                active: row.get("active").map_err(refused)?,
                created_at: at_column(row, "created_at")?,
            })
        },
    )
}

/// Adds or replaces a webhook.
pub(crate) fn save_webhook(
    c: &Connection,
    shop: ShopId,
    webhook: &WebhookRow,
) -> Result<i64, StoreError> {
    if webhook.id == 0 {
        let there = number(
            c,
            "SELECT count(*) FROM webhooks WHERE shop_id = ?1",
            params![shop.0],
        )?;
        if there.unwrap_or_default() >= WEBHOOKS_MAX as i64 {
            return Err(StoreError::Conflict(format!(
                "there are {WEBHOOKS_MAX} webhooks already: delete one first"
            )));
        }
        return added(
            c,
            "INSERT INTO webhooks (shop_id, webhook_id, url, kinds, secret, active, created_at)
             VALUES (?1, (SELECT coalesce(max(webhook_id), 0) + 1 FROM webhooks WHERE shop_id = ?1), ?2, ?3, ?4, ?5, ?6)
             RETURNING webhook_id",
            params![
                shop.0,
                webhook.url,
                json(&webhook.kinds)?,
                webhook.secret,
                webhook.active,
                us(webhook.created_at)
            ],
        );
    }
    let touched = run(
        c,
        "UPDATE webhooks SET url = ?3, kinds = ?4, secret = ?5, active = ?6, created_at = ?7
         WHERE shop_id = ?1 AND webhook_id = ?2",
        params![
            shop.0,
            webhook.id,
            webhook.url,
            json(&webhook.kinds)?,
            webhook.secret,
            webhook.active,
            us(webhook.created_at)
        ],
    )?;
    if touched == 0 {
        return Err(StoreError::Rejected(format!(
            "there is no webhook {} in this shop",
            webhook.id
        )));
    }
    Ok(webhook.id)
}

/// Deletes a webhook and what waits for it.
pub(crate) fn delete_webhook(c: &Connection, shop: ShopId, id: i64) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM webhooks WHERE shop_id = ?1 AND webhook_id = ?2",
        params![shop.0, id],
    )?;
    if gone > 0 {
        run(
            c,
            "DELETE FROM deliveries WHERE shop_id = ?1 AND webhook_id = ?2",
            params![shop.0, id],
        )?;
    }
    Ok(gone > 0)
}

/// Puts deliveries into the queue.
pub(crate) fn add_deliveries(c: &Connection, deliveries: &[DeliveryRow]) -> Result<(), StoreError> {
    for one in deliveries {
        run(
            c,
            "INSERT INTO deliveries (shop_id, delivery_id, webhook_id, event_id, kind, body, status, attempts, due_at,
                 created_at, last_code, last_error)
             VALUES (?1, (SELECT coalesce(max(delivery_id), 0) + 1 FROM deliveries WHERE shop_id = ?1), ?2, ?3, ?4, ?5, ?6,
                 ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (shop_id, webhook_id, event_id) DO NOTHING",
            params![
                one.shop.0,
                one.webhook,
                one.event_id,
                one.kind,
                one.body,
                one.status.as_str(),
                one.attempts,
                us(one.due_at),
                us(one.created_at),
                one.last_code,
                one.last_error
            ],
        )?;
    }
    Ok(())
}

fn delivery_row(row: &Row<'_>) -> Result<DeliveryRow, StoreError> {
    let status: String = row.get("status").map_err(refused)?;
    Ok(DeliveryRow {
        shop: ShopId(row.get("shop_id").map_err(refused)?),
        id: row.get("delivery_id").map_err(refused)?,
        webhook: row.get("webhook_id").map_err(refused)?,
        event_id: row.get("event_id").map_err(refused)?,
        kind: row.get("kind").map_err(refused)?,
        body: row.get("body").map_err(refused)?,
        status: DeliveryStatus::parse(&status).ok_or_else(|| {
            StoreError::Rejected(format!("`{status}` is no status of a delivery"))
        })?,
        attempts: row.get("attempts").map_err(refused)?,
        due_at: at_column(row, "due_at")?,
        created_at: at_column(row, "created_at")?,
        last_code: row.get("last_code").map_err(refused)?,
        last_error: row.get("last_error").map_err(refused)?,
    })
}

/// Claims deliveries whose time has come.
pub(crate) fn claim_deliveries(
    c: &Connection,
    to: Receivers,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut claimed = all(
        c,
        "UPDATE deliveries SET due_at = ?2 WHERE rowid IN
             (SELECT rowid FROM deliveries WHERE status = 'waiting' AND due_at <= ?1 AND (webhook_id = ?4) = ?5
              ORDER BY due_at LIMIT ?3)
         RETURNING shop_id, delivery_id, webhook_id, event_id, kind, body, status, attempts, due_at, created_at,
             last_code, last_error",
        params![
            us(now),
            us(hidden_until),
            limit.min(WEBHOOK_CLAIM_MAX) as i64,
            PLATFORM,
            to == Receivers::Platforms
        ],
        delivery_row,
    )?;
    claimed.sort_unstable_by_key(|one| (one.shop, one.id));
    Ok(claimed)
}

/// Records attempts.
pub(crate) fn finish_deliveries(
    c: &Connection,
    outcomes: &[DeliveryOutcome],
) -> Result<(), StoreError> {
    for one in outcomes {
        run(
            c,
            "UPDATE deliveries SET status = ?3, due_at = ?4, last_code = ?5, last_error = ?6, attempts = attempts + 1
             WHERE shop_id = ?1 AND delivery_id = ?2",
            params![
                one.shop.0,
                one.id,
                one.status.as_str(),
                us(one.due_at),
                one.code,
                one.error
            ],
        )?;
    }
    Ok(())
}

/// Deliveries to a webhook, newest first.
pub(crate) fn deliveries(
    c: &Connection,
    shop: ShopId,
    webhook: i64,
    status: Option<DeliveryStatus>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<DeliveryRow>, StoreError> {
    all(
        c,
        "SELECT shop_id, delivery_id, webhook_id, event_id, kind, body, status, attempts, due_at, created_at,
             last_code, last_error FROM deliveries INDEXED BY deliveries_by_webhook
         WHERE shop_id = ?1 AND webhook_id = ?2 AND delivery_id < ?4 AND (?3 IS NULL OR status = ?3)
         ORDER BY delivery_id DESC LIMIT ?5",
        params![
            shop.0,
            webhook,
            status.map(DeliveryStatus::as_str),
            before.unwrap_or(i64::MAX),
            page(limit)
        ],
        delivery_row,
    )
}

/// Puts a delivery back into the queue with all its attempts before it.
pub(crate) fn requeue_delivery(
    c: &Connection,
    shop: ShopId,
    id: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = run(
        c,
        "UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = ?3 WHERE shop_id = ?1 AND delivery_id = ?2",
        params![shop.0, id, us(now)],
    )?;
    Ok(touched > 0)
}

/// Deletes up to [`PRUNE_ROWS_MAX`] deliveries past their time that wait no more.
pub(crate) fn prune_deliveries(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    run(
        c,
        "DELETE FROM deliveries WHERE rowid IN
             (SELECT rowid FROM deliveries WHERE status <> 'waiting' AND created_at < ?1 LIMIT ?2)",
        params![us(now) - WEBHOOK_DAYS * DAY_US, PRUNE_ROWS_MAX as i64],
    )
}
