//! Looks at parcels, answers on their way to couriers, photos.

use crate::courier_accounts::{
    accounts, mark_account, put_off_calls, remove_account, save_account, spend, take_turn,
};
use crate::fault::{Fault, again};
use crate::read::DAY_US;
use crate::rows::{
    OrderRow, at, count, from_json, json, limit as as_limit, read_all, text, us, us_up,
};
use crate::store::PostgresStore;
use async_trait::async_trait;
use dopo_core::advance::{CourierCall, Look};
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::Courier;
use dopo_engine::ports::store::StoreError;
use dopo_engine::ports::tracking::{
    AccountState, CALLS_CLAIM_MAX, CallDone, CallTurn, CourierAccountRow, CourierStore, DueCall,
    DueLook, Feed, FeedMoved, LOOKS_CLAIM_MAX, LookDone, ORDERS_READ_MAX, PHOTO_DAYS,
    PHOTO_DAYS_MAX, PHOTOS_PER_ORDER_MAX, PhotoRow,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;

fn courier(name: &str) -> Result<Courier, StoreError> {
    Courier::parse(name).ok_or_else(|| StoreError::Rejected(format!("`{name}` is no courier")))
}

fn seq(value: i32) -> Result<u16, StoreError> {
    u16::try_from(value)
        .map_err(|_| StoreError::Rejected(format!("{value} is no number of a parcel")))
}

fn times(value: i32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// Looks as columns, the last word on each parcel, by key.
#[derive(Default)]
struct LookColumns {
    orders: Vec<i64>,
    seqs: Vec<i32>,
    couriers: Vec<&'static str>,
    numbers: Vec<String>,
    next: Vec<i64>,
}

/// Splits into what is looked at and what no longer is.
fn columns(looks: &[Look]) -> (LookColumns, Vec<i64>, Vec<i32>) {
    let mut last = BTreeMap::new();
    for look in looks {
        last.insert((look.order_id, look.seq), look);
    }
    let (mut put, mut orders, mut seqs) = (LookColumns::default(), vec![], vec![]);
    for ((order, seq), look) in last {
        match look.next_at {
            Some(next) => {
                put.orders.push(order.0);
                put.seqs.push(i32::from(seq));
                put.couriers.push(look.courier.as_str());
                put.numbers.push(text(&look.number));
                put.next.push(us_up(next));
            }
            None => {
                orders.push(order.0);
                seqs.push(i32::from(seq));
            }
        }
    }
    (put, orders, seqs)
}

/// Writes what a decision plans: a look is there once, or gone.
pub(crate) async fn put_looks(
    c: &mut PgConnection,
    shop: ShopId,
    looks: &[Look],
) -> Result<(), Fault> {
    let (put, gone_orders, gone_seqs) = columns(looks);
    if !gone_orders.is_empty() {
        sqlx::query!(
            "-- put_looks()
             DELETE FROM looks l USING unnest($2::bigint[], $3::int[]) AS k (order_id, seq)
             WHERE l.shop_id = $1 AND l.order_id = k.order_id AND l.seq = k.seq",
            shop.0,
            &gone_orders,
            &gone_seqs
        )
        .execute(&mut *c)
        .await?;
    }
    if !put.orders.is_empty() {
        sqlx::query!(
            "-- put_looks()
             INSERT INTO looks AS l (shop_id, order_id, seq, courier, number, next_at)
             SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::bigint[])
             ON CONFLICT (shop_id, order_id, seq) DO UPDATE SET
                 failures = CASE WHEN l.number = excluded.number AND l.courier = excluded.courier THEN l.failures ELSE 0 END,
                 told = CASE WHEN l.number = excluded.number AND l.courier = excluded.courier THEN l.told END,
                 courier = excluded.courier, number = excluded.number, next_at = excluded.next_at",
            shop.0,
            &put.orders,
            &put.seqs,
            &put.couriers as &[&'static str],
            &put.numbers,
            &put.next
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

/// Puts answers on their way.
pub(crate) async fn put_calls(
    c: &mut PgConnection,
    shop: ShopId,
    calls: &[CourierCall],
) -> Result<(), Fault> {
    if calls.is_empty() {
        return Ok(());
    }
    let (mut ids, mut orders, mut due, mut bodies) = (vec![], vec![], vec![], vec![]);
    for call in calls {
        ids.push(call.id.to_bytes());
        orders.push(call.order_id.0);
        due.push(us(call.asked_at));
        bodies.push(json(call)?);
    }
    sqlx::query!(
        "-- put_calls()
         INSERT INTO courier_calls (shop_id, call_id, order_id, due_at, body)
         SELECT $1, * FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::text[]) ON CONFLICT DO NOTHING",
        shop.0,
        &ids as &[[u8; 16]],
        &orders,
        &due,
        &bodies
    )
    .execute(c)
    .await?;
    Ok(())
}

async fn looks_waiting(
    pool: &PgPool,
    of: &[(ShopId, Courier)],
    now: Timestamp,
) -> Result<Vec<(ShopId, Courier)>, Fault> {
    let (shops, couriers): (Vec<i64>, Vec<&'static str>) = of
        .iter()
        .map(|(shop, courier)| (shop.0, courier.as_str()))
        .unzip();
    let rows = sqlx::query!(
        r#"-- looks_waiting()
        SELECT k.shop_id AS "shop_id!", k.courier AS "courier!"
        FROM unnest($1::bigint[], $2::text[]) AS k (shop_id, courier)
        WHERE EXISTS (SELECT 1 FROM looks l
            WHERE l.shop_id = k.shop_id AND l.courier = k.courier AND l.next_at <= $3)"#,
        &shops,
        &couriers as &[&'static str],
        us(now)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok((ShopId(row.shop_id), courier(&row.courier)?))
    })
}

async fn claim_looks(
    pool: &PgPool,
    shop: ShopId,
    of: Courier,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DueLook>, Fault> {
    let mut rows = sqlx::query!(
        "-- claim_looks()
         UPDATE looks l SET next_at = $4 FROM (
             SELECT order_id, seq FROM looks WHERE shop_id = $1 AND courier = $2 AND next_at <= $3
             ORDER BY next_at LIMIT $5 FOR UPDATE SKIP LOCKED
         ) k WHERE l.shop_id = $1 AND l.order_id = k.order_id AND l.seq = k.seq
         RETURNING l.order_id, l.seq, l.courier, l.number, l.next_at, l.failures, l.told, l.looked_at",
        shop.0,
        of.as_str(),
        us(now),
        us(hidden_until),
        as_limit(limit.min(LOOKS_CLAIM_MAX))
    )
    .fetch_all(pool)
    .await?;
    rows.sort_unstable_by_key(|row| (row.order_id, row.seq));
    read_all(rows, |row| {
        Ok(DueLook {
            look: Look {
                order_id: OrderId(row.order_id),
                seq: seq(row.seq)?,
                courier: courier(&row.courier)?,
                number: row.number,
                next_at: Some(at(row.next_at)?),
            },
            failures: times(row.failures),
            told: row.told.map(i64::cast_unsigned),
            looked_at: row.looked_at.map(at).transpose()?,
        })
    })
}

async fn finish_looks(
    store: &PostgresStore,
    shop: ShopId,
    done: &[LookDone],
    feeds: &[FeedMoved],
) -> Result<(), Fault> {
    let mut sorted: Vec<&LookDone> = done.iter().collect();
    sorted.sort_by_key(|one| (one.order_id, one.seq));
    let (mut orders, mut seqs, mut leases, mut next) = (vec![], vec![], vec![], vec![]);
    let (mut failures, mut told, mut looked) = (vec![], vec![], vec![]);
    for one in sorted {
        orders.push(one.order_id.0);
        seqs.push(i32::from(one.seq));
        leases.push(us(one.lease));
        next.push(one.next_at.map(us_up));
        failures.push(i32::from(one.failures));
        told.push(one.told.map(u64::cast_signed));
        looked.push(one.looked_at.map(us));
    }
    let mut tx = store.begin().await?;
    if next.iter().any(Option::is_none) {
        sqlx::query!(
            "-- finish_looks()
             DELETE FROM looks l
             USING unnest($2::bigint[], $3::int[], $4::bigint[], $5::bigint[]) AS k (order_id, seq, lease, next_at)
             WHERE l.shop_id = $1 AND l.order_id = k.order_id AND l.seq = k.seq AND l.next_at = k.lease
                 AND k.next_at IS NULL",
            shop.0,
            &orders,
            &seqs,
            &leases,
            &next as &[Option<i64>]
        )
        .execute(&mut *tx)
        .await?;
    }
    if !orders.is_empty() {
        sqlx::query!(
            "-- finish_looks()
             UPDATE looks l SET next_at = CASE l.next_at WHEN k.lease THEN k.next_at ELSE l.next_at END,
                 failures = k.failures, told = k.told, looked_at = k.looked_at
             FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], $8::bigint[])
                 AS k (order_id, seq, lease, next_at, failures, told, looked_at)
             WHERE l.shop_id = $1 AND l.order_id = k.order_id AND l.seq = k.seq AND k.next_at IS NOT NULL",
            shop.0,
            &orders,
            &seqs,
            &leases,
            &next as &[Option<i64>],
            &failures,
            &told as &[Option<i64>],
            &looked as &[Option<i64>]
        )
        .execute(&mut *tx)
        .await?;
    }
    let mut feeds: Vec<&FeedMoved> = feeds.iter().collect();
    feeds.sort_by_key(|feed| feed.courier.as_str());
    for feed in feeds {
        sqlx::query!(
            "-- finish_looks()
             INSERT INTO feeds AS f (shop_id, courier, heard_at, quiet_looks) VALUES ($1, $2, $3, $5)
             ON CONFLICT (shop_id, courier) DO UPDATE SET
                 heard_at = CASE WHEN $4 THEN excluded.heard_at ELSE f.heard_at END,
                 quiet_looks = CASE WHEN $4 THEN 0 ELSE f.quiet_looks + excluded.quiet_looks END,
                 silent_since = CASE WHEN $4 THEN NULL ELSE f.silent_since END",
            shop.0,
            feed.courier.as_str(),
            us(feed.at),
            feed.news,
            i64::from(feed.quiet_looks)
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn add_looks(pool: &PgPool, shop: ShopId, looks: &[Look]) -> Result<(), Fault> {
    let (put, ..) = columns(looks);
    sqlx::query!(
        "-- add_looks()
         INSERT INTO looks (shop_id, order_id, seq, courier, number, next_at)
         SELECT $1, * FROM unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::bigint[])
         ON CONFLICT DO NOTHING",
        shop.0,
        &put.orders,
        &put.seqs,
        &put.couriers as &[&'static str],
        &put.numbers,
        &put.next
    )
    .execute(pool)
    .await?;
    Ok(())
}

async fn looked_at(
    pool: &PgPool,
    shop: ShopId,
    order: OrderId,
    seq: u16,
) -> Result<Option<Timestamp>, Fault> {
    let row = sqlx::query!(
        "-- looked_at()
         SELECT looked_at FROM looks WHERE shop_id = $1 AND order_id = $2 AND seq = $3",
        shop.0,
        order.0,
        i32::from(seq)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.and_then(|row| row.looked_at).map(at).transpose()?)
}

async fn looks_depth(
    pool: &PgPool,
    shop: ShopId,
    now: Timestamp,
) -> Result<Vec<(Courier, u64, u64)>, Fault> {
    let rows = sqlx::query!(
        r#"-- looks_depth()
        SELECT courier, count(*) AS "all!", count(*) FILTER (WHERE next_at <= $2) AS "due!" FROM looks
        WHERE shop_id = $1 GROUP BY courier ORDER BY courier"#,
        shop.0,
        us(now)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok((courier(&row.courier)?, count(row.all), count(row.due)))
    })
}

async fn feeds(pool: &PgPool, shop: ShopId) -> Result<Vec<Feed>, Fault> {
    let rows = sqlx::query!(
        "-- feeds()
         SELECT courier, heard_at, quiet_looks, silent_since FROM feeds WHERE shop_id = $1 ORDER BY courier",
        shop.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(Feed {
            courier: courier(&row.courier)?,
            heard_at: at(row.heard_at)?,
            quiet_looks: u32::try_from(row.quiet_looks).unwrap_or(u32::MAX),
            silent_since: row.silent_since.map(at).transpose()?,
        })
    })
}

async fn orders_by_id(pool: &PgPool, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Order>, Fault> {
    let ids: Vec<i64> = ids.iter().take(ORDERS_READ_MAX).map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        OrderRow,
        "-- orders_by_id()
         SELECT order_id, customer_id, body FROM orders WHERE shop_id = $1 AND order_id = ANY($2)",
        shop.0,
        &ids
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| row.read())
}

async fn orders_under_way(
    pool: &PgPool,
    shop: ShopId,
    after: Option<OrderId>,
    limit: usize,
) -> Result<Vec<Order>, Fault> {
    // One walk for each standing, so that what is over is never read: it is most of what there is.
    let rows = sqlx::query_as!(
        OrderRow,
        r#"-- orders_under_way()
         SELECT order_id AS "order_id!", customer_id AS "customer_id!", body AS "body!" FROM (
             (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = $1 AND standing = 'open' AND (-order_id) < $2
                 ORDER BY (-order_id) DESC LIMIT $3)
             UNION ALL (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = $1 AND standing = 'shipped' AND (-order_id) < $2
                 ORDER BY (-order_id) DESC LIMIT $3)
             UNION ALL (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = $1 AND standing = 'trouble' AND (-order_id) < $2
                 ORDER BY (-order_id) DESC LIMIT $3)
         ) under_way ORDER BY order_id LIMIT $3"#,
        shop.0,
        after.map_or(i64::MAX, |id| -id.0),
        as_limit(limit.min(ORDERS_READ_MAX))
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| row.read())
}

async fn claim_calls(
    pool: &PgPool,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DueCall>, Fault> {
    let mut rows = sqlx::query!(
        "-- claim_calls()
         UPDATE courier_calls c SET due_at = $2 FROM (
             SELECT shop_id, call_id FROM courier_calls WHERE due_at <= $1
             ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
         ) k WHERE c.shop_id = k.shop_id AND c.call_id = k.call_id
         RETURNING c.shop_id, c.call_id, c.attempts, c.body",
        us(now),
        us(hidden_until),
        as_limit(limit.min(CALLS_CLAIM_MAX))
    )
    .fetch_all(pool)
    .await?;
    rows.sort_unstable_by(|a, b| (a.shop_id, &a.call_id).cmp(&(b.shop_id, &b.call_id)));
    read_all(rows, |row| {
        Ok(DueCall {
            shop: ShopId(row.shop_id),
            call: from_json(&row.body)?,
            attempts: times(row.attempts),
        })
    })
}

async fn finish_calls(store: &PostgresStore, done: &[CallDone]) -> Result<(), Fault> {
    let mut sorted: Vec<&CallDone> = done.iter().collect();
    sorted.sort_by_key(|one| (one.shop, one.call));
    let (mut shops, mut ids, mut again_at, mut errors) = (vec![], vec![], vec![], vec![]);
    for one in sorted {
        shops.push(one.shop.0);
        ids.push(one.call.to_bytes());
        again_at.push(one.again_at.map(us_up));
        errors.push(one.error.as_deref().map(text));
    }
    let mut tx = store.begin().await?;
    sqlx::query!(
        "-- finish_calls()
         DELETE FROM courier_calls c
         USING unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS k (shop_id, call_id, again_at)
         WHERE c.shop_id = k.shop_id AND c.call_id = k.call_id AND k.again_at IS NULL",
        &shops,
        &ids as &[[u8; 16]],
        &again_at as &[Option<i64>]
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "-- finish_calls()
         UPDATE courier_calls c SET due_at = k.again_at, last_error = k.error, attempts = c.attempts + 1
         FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[]) AS k (shop_id, call_id, again_at, error)
         WHERE c.shop_id = k.shop_id AND c.call_id = k.call_id AND k.again_at IS NOT NULL",
        &shops,
        &ids as &[[u8; 16]],
        &again_at as &[Option<i64>],
        &errors as &[Option<String>]
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn put_photos(store: &PostgresStore, shop: ShopId, photos: &[PhotoRow]) -> Result<(), Fault> {
    if let Some(why) = photos.iter().find_map(PhotoRow::problem) {
        return Err(StoreError::Rejected(why).into());
    }
    let mut tx = store.begin().await?;
    for photo in photos {
        // Two who add one at once would both find room for it.
        sqlx::query!(
            "-- put_photos()\nSELECT 1 AS one FROM orders WHERE shop_id = $1 AND order_id = $2 FOR UPDATE",
            shop.0,
            photo.order_id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        sqlx::query!(
            "-- put_photos()
             INSERT INTO photos (shop_id, photo_id, order_id, at, media_type, bytes) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING",
            shop.0,
            photo.id,
            photo.order_id.0,
            us(photo.at),
            photo.media_type,
            photo.bytes
        )
        .execute(&mut *tx)
        .await?;
        let there = sqlx::query_scalar!(
            r#"-- put_photos()
            SELECT count(*) AS "n!" FROM photos WHERE shop_id = $1 AND order_id = $2"#,
            shop.0,
            photo.order_id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        if count(there) > PHOTOS_PER_ORDER_MAX as u64 {
            return Err(StoreError::Conflict(format!(
                "an order may have {PHOTOS_PER_ORDER_MAX} photos"
            ))
            .into());
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn photo(pool: &PgPool, shop: ShopId, id: &str) -> Result<Option<PhotoRow>, Fault> {
    let row = sqlx::query!(
        "-- photo()
         SELECT photo_id, order_id, at, media_type, bytes FROM photos WHERE shop_id = $1 AND photo_id = $2",
        shop.0,
        text(id)
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(PhotoRow {
        id: row.photo_id,
        order_id: OrderId(row.order_id),
        media_type: row.media_type,
        bytes: row.bytes,
        at: at(row.at)?,
    }))
}

async fn photo_ids(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
) -> Result<Vec<String>, Fault> {
    let ids = sqlx::query_scalar!(
        "-- photo_ids()
         SELECT p.photo_id FROM photos p JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
         WHERE o.shop_id = $1 AND o.customer_id = $2 ORDER BY p.at, p.photo_id",
        shop.0,
        customer.0
    )
    .fetch_all(pool)
    .await?;
    Ok(ids)
}

/// Deletes photos past their time.
pub(crate) async fn prune_photos(pool: &PgPool, now: Timestamp) -> Result<u64, Fault> {
    let done = sqlx::query!(
        "-- prune_photos()
         DELETE FROM photos p WHERE p.at < $1 AND (p.at < $2 OR NOT EXISTS (
             SELECT 1 FROM tasks t WHERE t.shop_id = p.shop_id AND t.order_id = p.order_id
                 AND (t.done_at IS NULL OR t.done_at >= $1)))",
        us(now) - PHOTO_DAYS * DAY_US,
        us(now) - PHOTO_DAYS_MAX * DAY_US
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

#[async_trait]
impl CourierStore for PostgresStore {
    async fn looks_waiting(
        &self,
        of: &[(ShopId, Courier)],
        now: Timestamp,
    ) -> Result<Vec<(ShopId, Courier)>, StoreError> {
        Ok(looks_waiting(&self.pool, of, now).await?)
    }

    async fn claim_looks(
        &self,
        shop: ShopId,
        courier: Courier,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueLook>, StoreError> {
        Ok(claim_looks(&self.pool, shop, courier, now, hidden_until, limit).await?)
    }

    async fn finish_looks(
        &self,
        shop: ShopId,
        done: &[LookDone],
        feeds: &[FeedMoved],
    ) -> Result<(), StoreError> {
        again!("finish_looks", finish_looks(self, shop, done, feeds))
    }

    async fn add_looks(&self, shop: ShopId, looks: &[Look]) -> Result<(), StoreError> {
        Ok(add_looks(&self.pool, shop, looks).await?)
    }

    async fn remove_looks(&self, shop: ShopId, couriers: &[Courier]) -> Result<u64, StoreError> {
        let couriers: Vec<&'static str> = couriers.iter().map(|c| c.as_str()).collect();
        let gone = sqlx::query!(
            "-- remove_looks()\nDELETE FROM looks WHERE shop_id = $1 AND courier = ANY($2)",
            shop.0,
            &couriers as &[&'static str]
        )
        .execute(&self.pool)
        .await
        .map_err(Fault::from)?;
        Ok(gone.rows_affected())
    }

    async fn looked_at(
        &self,
        shop: ShopId,
        order: OrderId,
        seq: u16,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(looked_at(&self.pool, shop, order, seq).await?)
    }

    async fn looks_depth(
        &self,
        shop: ShopId,
        now: Timestamp,
    ) -> Result<Vec<(Courier, u64, u64)>, StoreError> {
        Ok(looks_depth(&self.pool, shop, now).await?)
    }

    async fn feeds(&self, shop: ShopId) -> Result<Vec<Feed>, StoreError> {
        Ok(feeds(&self.pool, shop).await?)
    }

    async fn mark_feed_silent(
        &self,
        shop: ShopId,
        courier: Courier,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let touched = sqlx::query!(
            "-- mark_feed_silent()
             UPDATE feeds SET silent_since = $3 WHERE shop_id = $1 AND courier = $2 AND silent_since IS NULL",
            shop.0,
            courier.as_str(),
            us(since)
        )
        .execute(&self.pool)
        .await
        .map_err(Fault::from)?;
        Ok(touched.rows_affected() > 0)
    }

    async fn orders_by_id(&self, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        Ok(orders_by_id(&self.pool, shop, ids).await?)
    }

    async fn orders_under_way(
        &self,
        shop: ShopId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        Ok(orders_under_way(&self.pool, shop, after, limit).await?)
    }

    async fn claim_calls(
        &self,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueCall>, StoreError> {
        Ok(claim_calls(&self.pool, now, hidden_until, limit).await?)
    }

    async fn finish_calls(&self, done: &[CallDone]) -> Result<(), StoreError> {
        again!("finish_calls", finish_calls(self, done))
    }

    async fn save_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(save_account(self, shop, vendor, sealed, now).await?)
    }

    async fn remove_courier_account(&self, shop: ShopId, vendor: &str) -> Result<bool, StoreError> {
        Ok(remove_account(self, shop, vendor).await?)
    }

    async fn courier_accounts(&self, shop: ShopId) -> Result<Vec<CourierAccountRow>, StoreError> {
        Ok(accounts(&self.pool, shop).await?)
    }

    async fn mark_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        state: &AccountState,
    ) -> Result<bool, StoreError> {
        Ok(mark_account(self, shop, vendor, state).await?)
    }

    async fn spend_courier_budget(
        &self,
        shop: ShopId,
        vendor: &str,
        day: Date,
        calls: u32,
        per_day: Option<u32>,
    ) -> Result<bool, StoreError> {
        Ok(spend(&self.pool, shop, vendor, day, calls, per_day).await?)
    }

    async fn take_turn(
        &self,
        shop: ShopId,
        vendor: &str,
        now: Timestamp,
        gap: SignedDuration,
        latest: Timestamp,
    ) -> Result<CallTurn, StoreError> {
        Ok(take_turn(&self.pool, shop, vendor, now, gap, latest).await?)
    }

    async fn put_off_calls(
        &self,
        shop: ShopId,
        vendor: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        Ok(put_off_calls(&self.pool, shop, vendor, until).await?)
    }

    async fn put_photos(&self, shop: ShopId, photos: &[PhotoRow]) -> Result<(), StoreError> {
        Ok(put_photos(self, shop, photos).await?)
    }

    async fn photo(&self, shop: ShopId, id: &str) -> Result<Option<PhotoRow>, StoreError> {
        Ok(photo(&self.pool, shop, id).await?)
    }

    async fn photo_ids(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<String>, StoreError> {
        Ok(photo_ids(&self.pool, shop, customer).await?)
    }

    async fn delete_photos(&self, shop: ShopId, order: OrderId) -> Result<u64, StoreError> {
        let gone = sqlx::query!(
            "-- delete_photos()\nDELETE FROM photos WHERE shop_id = $1 AND order_id = $2",
            shop.0,
            order.0
        )
        .execute(&self.pool)
        .await
        .map_err(Fault::from)?;
        Ok(gone.rows_affected())
    }
}
