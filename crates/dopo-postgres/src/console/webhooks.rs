//! Where our own events go, and what is on its way there.

use super::acts::lock_shop;
use super::lists::page;
use crate::fault::Fault;
use crate::rows::{at, from_json, json, limit as as_limit, read_all, text, us};
use crate::settings::StoredKey;
use crate::store::PostgresStore;
use dopo_core::id::ShopId;
use dopo_engine::ports::console::{
    DeliveryOutcome, DeliveryRow, DeliveryStatus, PLATFORM, Receivers, WEBHOOK_CLAIM_MAX,
    WEBHOOK_DAYS, WEBHOOKS_MAX, WebhookRow,
};
use dopo_engine::ports::store::{ApiKeyRow, StoreError};
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;
/// Deliveries deleted by one statement.
const PRUNE_ROWS: i64 = 10_000;

/// One key.
pub(crate) async fn api_key_by_id(
    pool: &PgPool,
    shop: ShopId,
    id: i64,
) -> Result<Option<ApiKeyRow>, Fault> {
    let row = sqlx::query_as!(
        StoredKey,
        "-- api_key_by_id()
         SELECT shop_id, api_key_id, prefix, hash, scopes, created_at, revoked_at, name FROM api_keys
         WHERE shop_id = $1 AND api_key_id = $2",
        shop.0,
        id
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredKey::read).transpose()?)
}

/// All webhooks.
pub(crate) async fn webhooks(pool: &PgPool, shop: ShopId) -> Result<Vec<WebhookRow>, Fault> {
    let rows = sqlx::query!(
        "-- webhooks()
         SELECT webhook_id, url, kinds, secret, active, created_at FROM webhooks
         WHERE shop_id = $1 ORDER BY webhook_id",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(WebhookRow {
            id: row.webhook_id,
            url: row.url,
            kinds: from_json(&row.kinds)?,
            secret: row.secret,
            active: row.active,
            created_at: at(row.created_at)?,
        })
    })
}

/// Adds or replaces a webhook.
pub(crate) async fn save_webhook(
    store: &PostgresStore,
    shop: ShopId,
    webhook: &WebhookRow,
) -> Result<i64, Fault> {
    let mut tx = store.begin().await?;
    lock_shop(&mut tx, shop).await?;
    let id = if webhook.id == 0 {
        let there = sqlx::query_scalar!(
            r#"-- save_webhook()
            SELECT count(*) AS "n!" FROM webhooks WHERE shop_id = $1"#,
            shop.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if there >= as_limit(WEBHOOKS_MAX) {
            return Err(Fault::Store(StoreError::Conflict(format!(
                "there are {WEBHOOKS_MAX} webhooks already: delete one first"
            ))));
        }
        sqlx::query_scalar!(
            "-- save_webhook()
             INSERT INTO webhooks (shop_id, url, kinds, secret, active, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING webhook_id",
            shop.0,
            text(&webhook.url),
            json(&webhook.kinds)?,
            webhook.secret,
            webhook.active,
            us(webhook.created_at)
        )
        .fetch_one(&mut *tx)
        .await?
    } else {
        sqlx::query_scalar!(
            "-- save_webhook()
             UPDATE webhooks SET url = $3, kinds = $4, secret = $5, active = $6, created_at = $7
             WHERE shop_id = $1 AND webhook_id = $2 RETURNING webhook_id",
            shop.0,
            webhook.id,
            text(&webhook.url),
            json(&webhook.kinds)?,
            webhook.secret,
            webhook.active,
            us(webhook.created_at)
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or_else(|| {
            StoreError::Rejected(format!("there is no webhook {} in this shop", webhook.id))
        })?
    };
    tx.commit().await?;
    Ok(id)
}

/// Deletes a webhook and what waits for it.
pub(crate) async fn delete_webhook(
    store: &PostgresStore,
    shop: ShopId,
    id: i64,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let done = sqlx::query!(
        "-- delete_webhook()\nDELETE FROM webhooks WHERE shop_id = $1 AND webhook_id = $2",
        shop.0,
        id
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() > 0 {
        sqlx::query!(
            "-- delete_webhook()\nDELETE FROM deliveries WHERE shop_id = $1 AND webhook_id = $2",
            shop.0,
            id
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(done.rows_affected() > 0)
}

/// Puts deliveries into the queue.
pub(crate) async fn add_deliveries(
    c: &mut PgConnection,
    deliveries: &[DeliveryRow],
) -> Result<(), Fault> {
    if deliveries.is_empty() {
        return Ok(());
    }
    // In the order of their key, so that two who add the same do not wait for each other in a circle.
    let mut sorted: Vec<&DeliveryRow> = deliveries.iter().collect();
    sorted.sort_by(|a, b| (a.shop, a.webhook, &a.event_id).cmp(&(b.shop, b.webhook, &b.event_id)));
    let (mut shops, mut webhooks, mut events, mut kinds) = (vec![], vec![], vec![], vec![]);
    let (mut bodies, mut statuses, mut attempts) = (vec![], vec![], vec![]);
    let (mut due, mut created, mut codes, mut errors) = (vec![], vec![], vec![], vec![]);
    for one in sorted {
        shops.push(one.shop.0);
        webhooks.push(one.webhook);
        events.push(text(&one.event_id));
        kinds.push(text(&one.kind));
        bodies.push(text(&one.body));
        statuses.push(one.status.as_str());
        attempts.push(i32::from(one.attempts));
        due.push(us(one.due_at));
        created.push(us(one.created_at));
        codes.push(one.last_code.map(i32::from));
        errors.push(one.last_error.as_deref().map(text));
    }
    sqlx::query!(
        "-- add_deliveries()
         INSERT INTO deliveries (shop_id, webhook_id, event_id, kind, body, status, attempts, due_at, created_at,
             last_code, last_error)
         SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
             $8::bigint[], $9::bigint[], $10::int[], $11::text[])
         ON CONFLICT (shop_id, webhook_id, event_id) DO NOTHING",
        &shops,
        &webhooks,
        &events,
        &kinds,
        &bodies,
        &statuses as &[&'static str],
        &attempts,
        &due,
        &created,
        &codes as &[Option<i32>],
        &errors as &[Option<String>]
    )
    .execute(c)
    .await?;
    Ok(())
}

struct StoredDelivery {
    shop_id: i64,
    delivery_id: i64,
    webhook_id: i64,
    event_id: String,
    kind: String,
    body: String,
    status: String,
    attempts: i32,
    due_at: i64,
    created_at: i64,
    last_code: Option<i32>,
    last_error: Option<String>,
}

impl StoredDelivery {
    fn read(self) -> Result<DeliveryRow, StoreError> {
        Ok(DeliveryRow {
            shop: ShopId(self.shop_id),
            id: self.delivery_id,
            webhook: self.webhook_id,
            event_id: self.event_id,
            kind: self.kind,
            body: self.body,
            status: DeliveryStatus::parse(&self.status).ok_or_else(|| {
                StoreError::Rejected(format!("`{}` is no status of a delivery", self.status))
            })?,
            attempts: u16::try_from(self.attempts).unwrap_or(u16::MAX),
            due_at: at(self.due_at)?,
            created_at: at(self.created_at)?,
            last_code: self.last_code.and_then(|code| u16::try_from(code).ok()),
            last_error: self.last_error,
        })
    }
}

/// Claims deliveries whose time has come.
pub(crate) async fn claim_deliveries(
    pool: &PgPool,
    to: Receivers,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DeliveryRow>, Fault> {
    let mut rows = sqlx::query_as!(
        StoredDelivery,
        "-- claim_deliveries()
         UPDATE deliveries d SET due_at = $2 FROM (
             SELECT shop_id, delivery_id FROM deliveries
             WHERE status = 'waiting' AND due_at <= $1 AND (webhook_id = $4) = $5
             ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
         ) k WHERE d.shop_id = k.shop_id AND d.delivery_id = k.delivery_id
         RETURNING d.shop_id, d.delivery_id, d.webhook_id, d.event_id, d.kind, d.body, d.status, d.attempts, d.due_at,
             d.created_at, d.last_code, d.last_error",
        us(now),
        us(hidden_until),
        as_limit(limit.min(WEBHOOK_CLAIM_MAX)),
        PLATFORM,
        to == Receivers::Platforms
    )
    .fetch_all(pool)
    .await?;
    rows.sort_unstable_by_key(|row| (row.shop_id, row.delivery_id));
    read_all(rows, StoredDelivery::read)
}

/// Records attempts.
pub(crate) async fn finish_deliveries(
    pool: &PgPool,
    outcomes: &[DeliveryOutcome],
) -> Result<(), Fault> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let (mut shops, mut ids, mut statuses) = (vec![], vec![], vec![]);
    let (mut due, mut codes, mut errors) = (vec![], vec![], vec![]);
    for one in outcomes {
        shops.push(one.shop.0);
        ids.push(one.id);
        statuses.push(one.status.as_str());
        due.push(us(one.due_at));
        codes.push(one.code.map(i32::from));
        errors.push(one.error.as_deref().map(text));
    }
    sqlx::query!(
        "-- finish_deliveries()
         UPDATE deliveries d SET status = k.status, due_at = k.due_at, last_code = k.code, last_error = k.error,
             attempts = d.attempts + 1
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::text[])
             AS k (shop_id, delivery_id, status, due_at, code, error)
         WHERE d.shop_id = k.shop_id AND d.delivery_id = k.delivery_id",
        &shops,
        &ids,
        &statuses as &[&'static str],
        &due,
        &codes as &[Option<i32>],
        &errors as &[Option<String>]
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deliveries to a webhook, newest first.
pub(crate) async fn deliveries(
    pool: &PgPool,
    shop: ShopId,
    webhook: i64,
    status: Option<DeliveryStatus>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<DeliveryRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredDelivery,
        "-- deliveries()
         SELECT shop_id, delivery_id, webhook_id, event_id, kind, body, status, attempts, due_at, created_at, last_code,
             last_error FROM deliveries
         WHERE shop_id = $1 AND webhook_id = $2 AND -delivery_id > -$4::bigint AND ($3::text IS NULL OR status = $3)
         ORDER BY -delivery_id LIMIT $5",
        shop.0,
        webhook,
        status.map(DeliveryStatus::as_str),
        before.unwrap_or(i64::MAX),
        page(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, StoredDelivery::read)
}

/// Puts a delivery back into the queue with all its attempts before it.
pub(crate) async fn requeue_delivery(
    pool: &PgPool,
    shop: ShopId,
    id: i64,
    now: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query!(
        "-- requeue_delivery()
         UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = $3 WHERE shop_id = $1 AND delivery_id = $2",
        shop.0,
        id,
        us(now)
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes deliveries past their time that wait no more.
pub(crate) async fn prune_deliveries(pool: &PgPool, now: Timestamp) -> Result<u64, Fault> {
    let before = us(now) - WEBHOOK_DAYS * DAY_US;
    let mut total = 0;
    loop {
        let done = sqlx::query!(
            "-- prune_deliveries()
             DELETE FROM deliveries d USING (
                 SELECT shop_id, delivery_id FROM deliveries WHERE status <> 'waiting' AND created_at < $1
                 LIMIT $2 FOR UPDATE SKIP LOCKED
             ) k WHERE d.shop_id = k.shop_id AND d.delivery_id = k.delivery_id",
            before,
            PRUNE_ROWS
        )
        .execute(pool)
        .await?;
        total += done.rows_affected();
        if done.rows_affected() < PRUNE_ROWS.unsigned_abs() {
            return Ok(total);
        }
    }
}
