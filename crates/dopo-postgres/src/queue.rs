//! The queue: claiming, finishing, and what a dead node left behind; and the nodes' numbers.
//!
//! A claim writes the node into the narrow outbox row and leaves the wide message row alone: a queued message whose outbox
//! row has a node is being handed over.
//!
//! The outbox is full one moment and empty the next, so what the planner believes about it is wrong half of the time. It is
//! read by the one index that fits, alone, and changed by place (`ctid`): there is nothing to choose from.

use crate::console::webhooks;
use crate::counters;
use crate::fault::{Fault, again};
use crate::load;
use crate::rows::{
    CartRow, CustomerRow, MessageRow, OrderRow, count, json, limit as as_limit, name_of, text, us,
    us_up,
};
use crate::store::PostgresStore;
use crate::watermark::Watermark;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::counter::Counters;
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId, ShopId};
use dopo_core::message::MessageStatus;
use dopo_engine::ports::console::{DeliveryRow, SCAN_ROWS_MAX};
use dopo_engine::ports::store::{
    CLAIM_MAX, Claimed, Finish, Finished, NODE_SILENCE_SECONDS_MAX, Recovered, StoreError,
};
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};
use std::time::Instant;

/// What a message in doubt shows to the operator.
const IN_DOUBT: &str =
    "the program ended between hand-over and answer: it may or may not have left";

/// How many nodes there can be.
const NODES_MAX: i16 = 16;

/// See [`dopo_engine::ports::store::Store::claim_effects`].
pub(crate) async fn claim(
    store: &PostgresStore,
    node: u8,
    channel: Channel,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    let limit = limit.min(CLAIM_MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mark = store.outbox_mark(channel);
    again!(
        "claim_effects",
        claim_once(store, node, channel, now, limit, mark)
    )
}

async fn claim_once(
    store: &PostgresStore,
    node: u8,
    channel: Channel,
    now: Timestamp,
    limit: usize,
    mark: &Watermark,
) -> Result<Vec<Claimed>, Fault> {
    let mut tx = store.begin().await?;
    let mut claimed = Vec::new();
    let mut first = None;
    let round = mark.round();
    let node = i16::from(node);
    if let Some(low) = round.low {
        let range = (low, us(now));
        take(
            &mut tx,
            node,
            channel,
            range,
            limit,
            &mut claimed,
            &mut first,
        )
        .await?;
    }
    if claimed.len() < limit && mark.may_sweep(round.low) {
        let began = Instant::now();
        let range = (i64::MIN, round.low.unwrap_or(i64::MAX).min(us(now)));
        let rest = limit - claimed.len();
        take(
            &mut tx,
            node,
            channel,
            range,
            rest,
            &mut claimed,
            &mut first,
        )
        .await?;
        mark.swept(began.elapsed());
    }
    tx.commit().await?;
    if let Some(first) = first {
        mark.worked_from(first);
    }
    Ok(claimed)
}

/// Claims what is due in `(low, high]`.
async fn take(
    c: &mut PgConnection,
    node: i16,
    channel: Channel,
    (low, high): (i64, i64),
    limit: usize,
    claimed: &mut Vec<Claimed>,
    first: &mut Option<i64>,
) -> Result<(), Fault> {
    let found = sqlx::query!(
        r#"-- take()
        WITH ready AS MATERIALIZED (
            SELECT ctid AS place FROM outbox
            WHERE channel = $2 AND node IS NULL AND due_at > $3 AND due_at <= $4
            ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE outbox o SET node = $1 WHERE o.ctid = ANY (ARRAY(SELECT place FROM ready))
            RETURNING o.shop_id, o.effect_id, o.due_at, o.repeated
        )
        SELECT t.shop_id, t.effect_id, t.repeated, t.due_at AS ready_at,
            m.customer_id AS "customer_id?", m.order_id AS "order_id?", m.parcel AS "parcel?", m.cart_id AS "cart_id?",
            m.journey AS "journey?", m.journey_version AS "journey_version?", m.status AS "status?",
            m.decided_at AS "decided_at?", m.due_at AS "due_at?", m.sent_at AS "sent_at?", m.opened_at AS "opened_at?",
            m.clicked_at AS "clicked_at?", m.grant_json AS "grant_json?", m.reason AS "reason?", m.failure AS "failure?",
            m.attempts AS "attempts?", m.body AS "body?", c.body AS "customer?",
            o.customer_id AS "order_customer_id?", o.body AS "order_body?",
            k.customer_id AS "cart_customer_id?", k.body AS "cart_body?"
        FROM taken t
        LEFT JOIN messages m ON m.shop_id = t.shop_id AND m.effect_id = t.effect_id
        LEFT JOIN customers c ON c.shop_id = m.shop_id AND c.customer_id = m.customer_id
        LEFT JOIN orders o ON o.shop_id = m.shop_id AND o.order_id = m.order_id
        LEFT JOIN carts k ON k.shop_id = m.shop_id AND k.external_id = m.cart_id
        ORDER BY t.due_at"#,
        node,
        channel.as_str(),
        low,
        high,
        as_limit(limit)
    )
    .fetch_all(&mut *c)
    .await?;
    let (mut gone_shops, mut gone_ids) = (vec![], vec![]);
    for row in found {
        *first = Some(first.map_or(row.ready_at, |f| f.min(row.ready_at)));
        let (
            Some(customer_id),
            Some(journey),
            Some(journey_version),
            Some(status),
            Some(decided_at),
            Some(due_at),
            Some(attempts),
            Some(body),
        ) = (
            row.customer_id,
            row.journey,
            row.journey_version,
            row.status.filter(|s| s == "queued"),
            row.decided_at,
            row.due_at,
            row.attempts,
            row.body,
        )
        else {
            // Nothing to hand over any more: it came back, or its person was forgotten.
            gone_shops.push(row.shop_id);
            gone_ids.push(row.effect_id);
            continue;
        };
        let order_id = row.order_id;
        let message = MessageRow {
            effect_id: row.effect_id,
            customer_id,
            order_id,
            parcel: row.parcel,
            cart_id: row.cart_id,
            journey,
            journey_version,
            status,
            decided_at,
            due_at,
            sent_at: row.sent_at,
            opened_at: row.opened_at,
            clicked_at: row.clicked_at,
            grant_json: row.grant_json,
            reason: row.reason,
            failure: row.failure,
            attempts,
            body,
            node: Some(node),
        }
        .read()?;
        let customer = match row.customer {
            Some(body) => CustomerRow { customer_id, body }.read()?,
            None => Customer::new(CustomerId(customer_id), message.decided_at),
        };
        let order = match (order_id, row.order_customer_id, row.order_body) {
            (Some(order_id), Some(customer_id), Some(body)) => Some(
                OrderRow {
                    order_id,
                    customer_id,
                    body,
                }
                .read()?,
            ),
            _ => None,
        };
        let cart = match (row.cart_customer_id, row.cart_body) {
            (Some(customer_id), Some(body)) => Some(CartRow { customer_id, body }.read()?),
            _ => None,
        };
        claimed.push(Claimed {
            shop: ShopId(row.shop_id),
            message,
            customer,
            order,
            cart,
            repeated: row.repeated,
        });
    }
    if !gone_ids.is_empty() {
        sqlx::query!(
            "-- take()
             DELETE FROM outbox o USING unnest($1::bigint[], $2::bytea[]) AS k (shop_id, effect_id)
             WHERE o.shop_id = k.shop_id AND o.effect_id = k.effect_id",
            &gone_shops,
            &gone_ids
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

/// See [`dopo_engine::ports::store::Store::finish_effects`].
pub(crate) async fn finish(
    store: &PostgresStore,
    mut finished: Vec<Finished>,
    counters: &Counters,
    told: &[DeliveryRow],
) -> Result<(), StoreError> {
    finished.sort_by_key(|one| (one.shop, one.message));
    let (mut left, mut other) = (Left::default(), Other::default());
    for one in &finished {
        match &one.finish {
            Finish::Sent {
                at,
                captured,
                grant,
                rendering,
            } => {
                left.shops.push(one.shop.0);
                left.ids.push(one.message.to_bytes());
                left.statuses
                    .push(if *captured { "captured" } else { "sent" });
                left.times.push(us(*at));
                left.bases.push(name_of(&grant.basis)?);
                left.evidences.push(text(&grant.evidence));
                left.grants.push(json(grant)?);
                left.renderings.push(json(rendering)?);
            }
            Finish::HeldBack { why } => {
                other.push(one, "held_back", None, Some(name_of(why)?), None, 0);
            }
            Finish::Deferred { until, why } => {
                other.push(one, "queued", Some(*until), Some(name_of(why)?), None, 0);
            }
            Finish::Retry { at, why } => {
                other.push(one, "queued", Some(*at), None, Some(text(why)), 1);
            }
            Finish::Failed { why } => other.push(one, "failed", None, None, Some(text(why)), 1),
            Finish::InDoubt { why } => other.push(one, "in_doubt", None, None, Some(text(why)), 1),
        }
    }
    again!(
        "finish_effects",
        finish_once(store, &left, &other, counters, told)
    )?;
    // Which channel was put back is not known here; there are four.
    if let Some(first) = other.ready.iter().flatten().min() {
        for channel in Channel::ALL {
            store.outbox_mark(channel).added(*first);
        }
    }
    Ok(())
}

/// Messages that left, as columns.
#[derive(Default)]
struct Left {
    shops: Vec<i64>,
    ids: Vec<[u8; 16]>,
    statuses: Vec<&'static str>,
    times: Vec<i64>,
    bases: Vec<String>,
    evidences: Vec<String>,
    grants: Vec<String>,
    renderings: Vec<String>,
}

/// Messages that did not leave, as columns.
#[derive(Default)]
struct Other {
    shops: Vec<i64>,
    ids: Vec<[u8; 16]>,
    statuses: Vec<&'static str>,
    due: Vec<Option<i64>>,
    /// The same, rounded up, for the queue.
    ready: Vec<Option<i64>>,
    reasons: Vec<Option<String>>,
    failures: Vec<Option<String>>,
    tried: Vec<i32>,
}

impl Other {
    fn push(
        &mut self,
        one: &Finished,
        status: &'static str,
        due_at: Option<Timestamp>,
        reason: Option<String>,
        failure: Option<String>,
        tried: i32,
    ) {
        self.shops.push(one.shop.0);
        self.ids.push(one.message.to_bytes());
        self.statuses.push(status);
        self.due.push(due_at.map(us));
        self.ready.push(due_at.map(us_up));
        self.reasons.push(reason);
        self.failures.push(failure);
        self.tried.push(tried);
    }
}

async fn finish_once(
    store: &PostgresStore,
    left: &Left,
    other: &Other,
    counters: &Counters,
    told: &[DeliveryRow],
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let slot = store.slots.take();
    if !left.ids.is_empty() {
        // It has left: that stands, whatever was thought of it meanwhile, unless it has come back already.
        sqlx::query!(
            "-- finish_once()
             WITH k AS (
                 SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                     $7::text[], $8::text[]) AS k (shop_id, effect_id, status, at, basis, evidence, grant_json, rendering)
             ), t AS (
                 UPDATE messages m SET
                     status = CASE m.status WHEN 'bounced' THEN m.status ELSE k.status END, sent_at = k.at,
                     basis = k.basis, evidence = k.evidence, grant_json = k.grant_json,
                     failure = CASE m.status WHEN 'bounced' THEN m.failure END, attempts = m.attempts + 1
                 FROM k WHERE m.shop_id = k.shop_id AND m.effect_id = k.effect_id
                     AND m.status IN ('queued', 'in_doubt', 'bounced')
                 RETURNING m.shop_id, m.effect_id, k.rendering
             ), d AS (
                 DELETE FROM outbox WHERE ctid = ANY (ARRAY(SELECT
                     (SELECT o.ctid FROM outbox o WHERE o.shop_id = t.shop_id AND o.effect_id = t.effect_id) FROM t))
             )
             INSERT INTO renderings (shop_id, effect_id, body) SELECT shop_id, effect_id, rendering FROM t
             ON CONFLICT (shop_id, effect_id) DO UPDATE SET body = excluded.body",
            &left.shops,
            &left.ids as &[[u8; 16]],
            &left.statuses as &[&'static str],
            &left.times,
            &left.bases,
            &left.evidences,
            &left.grants,
            &left.renderings
        )
        .execute(&mut *tx)
        .await?;
    }
    if !other.ids.is_empty() {
        sqlx::query!(
            "-- finish_once()
             WITH k AS MATERIALIZED (
                 SELECT u.*, (
                     SELECT CASE WHEN o.node IS NOT NULL THEN o.ctid END FROM outbox o
                     WHERE o.shop_id = u.shop_id AND o.effect_id = u.effect_id
                 ) AS place
                 FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
                     $8::int[]) AS u (shop_id, effect_id, status, due_at, ready_at, reason, failure, tried)
             ), t AS (
                 UPDATE messages m SET
                     status = k.status, due_at = coalesce(k.due_at, m.due_at), reason = coalesce(k.reason, m.reason),
                     failure = coalesce(k.failure, m.failure), attempts = m.attempts + k.tried
                 FROM k
                 WHERE k.place IS NOT NULL AND m.shop_id = k.shop_id AND m.effect_id = k.effect_id AND m.status = 'queued'
                 RETURNING k.place, k.ready_at
             ), d AS (
                 DELETE FROM outbox WHERE ctid = ANY (ARRAY(SELECT place FROM t WHERE ready_at IS NULL))
             )
             UPDATE outbox o SET node = NULL, due_at = t.ready_at FROM t
             WHERE o.ctid = t.place AND t.ready_at IS NOT NULL",
            &other.shops,
            &other.ids as &[[u8; 16]],
            &other.statuses as &[&'static str],
            &other.due as &[Option<i64>],
            &other.ready as &[Option<i64>],
            &other.reasons as &[Option<String>],
            &other.failures as &[Option<String>],
            &other.tried
        )
        .execute(&mut *tx)
        .await?;
    }
    webhooks::add_deliveries(&mut tx, told).await?;
    counters::add(&mut tx, counters, slot.number).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a free node number, or one whose node is silent.
pub(crate) async fn acquire_node(store: &PostgresStore, now: Timestamp) -> Result<u8, StoreError> {
    again!("acquire_node", acquire_once(store, now))
}

async fn acquire_once(store: &PostgresStore, now: Timestamp) -> Result<u8, Fault> {
    let silent = us(now) - NODE_SILENCE_SECONDS_MAX * 1_000_000;
    // Two that want the same number collide on its row; the second then tries the next.
    let taken = sqlx::query_scalar!(
        "-- acquire_once()
         INSERT INTO nodes AS n (node, heartbeat_at)
         SELECT g::smallint, $1 FROM generate_series(0, $2::int - 1) AS g
         WHERE NOT EXISTS (SELECT 1 FROM nodes o WHERE o.node = g AND o.heartbeat_at >= $3)
         ORDER BY g LIMIT 1
         ON CONFLICT (node) DO UPDATE SET heartbeat_at = excluded.heartbeat_at WHERE n.heartbeat_at < $3
         RETURNING node",
        us(now),
        i32::from(NODES_MAX),
        silent
    )
    .fetch_optional(&store.pool)
    .await?;
    if let Some(node) = taken {
        return u8::try_from(node)
            .map_err(|_| Fault::Store(StoreError::Rejected(format!("{node} is no node number"))));
    }
    let alive = sqlx::query_scalar!(
        r#"-- acquire_once()
        SELECT count(*) AS "n!" FROM nodes WHERE heartbeat_at >= $1"#,
        silent
    )
    .fetch_one(&store.pool)
    .await?;
    if alive < i64::from(NODES_MAX) {
        return Err(Fault::Moved(Default::default()));
    }
    Err(Fault::Store(StoreError::Unavailable(format!(
        "all {NODES_MAX} node numbers are in use: stop a node first"
    ))))
}

/// Shows that the node lives.
pub(crate) async fn heartbeat(pool: &PgPool, node: u8, now: Timestamp) -> Result<(), Fault> {
    sqlx::query!(
        "-- heartbeat()
         INSERT INTO nodes (node, heartbeat_at) VALUES ($1, $2)
         ON CONFLICT (node) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
        i16::from(node),
        us(now)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives the number back.
pub(crate) async fn release_node(pool: &PgPool, node: u8) -> Result<(), Fault> {
    sqlx::query!(
        "-- release_node()\nDELETE FROM nodes WHERE node = $1",
        i16::from(node)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// See [`dopo_engine::ports::store::Store::recover`].
pub(crate) async fn recover(
    store: &PostgresStore,
    now: Timestamp,
    own: Option<u8>,
) -> Result<Recovered, StoreError> {
    let recovered = again!("recover", recover_once(store, now, own))?;
    if recovered.repeated > 0 {
        for channel in Channel::ALL {
            store.outbox_mark(channel).added(i64::MIN);
        }
    }
    Ok(recovered)
}

async fn recover_once(
    store: &PostgresStore,
    now: Timestamp,
    own: Option<u8>,
) -> Result<Recovered, Fault> {
    let alive_since = us(now) - NODE_SILENCE_SECONDS_MAX * 1_000_000;
    let repeats: Vec<&str> = Purpose::ALL
        .into_iter()
        .filter(|p| p.repeats_when_in_doubt())
        .map(Purpose::as_str)
        .collect();
    let found = sqlx::query!(
        r#"-- recover_once()
        WITH left_over AS MATERIALIZED (
            SELECT o.ctid AS place, o.shop_id, o.effect_id FROM outbox o
            WHERE o.node IS NOT NULL AND (o.node = $1 OR NOT EXISTS
                (SELECT 1 FROM nodes n WHERE n.node = o.node AND n.heartbeat_at >= $2))
            FOR UPDATE OF o
        ), kept AS (
            SELECT l.place, l.shop_id, l.effect_id, m.purpose = ANY($3) AS again
            FROM left_over l CROSS JOIN LATERAL (
                SELECT purpose FROM messages
                WHERE shop_id = l.shop_id AND effect_id = l.effect_id AND status = 'queued' OFFSET 0
            ) m
        ), put_back AS (
            UPDATE outbox SET node = NULL, repeated = TRUE
            WHERE ctid = ANY (ARRAY(SELECT place FROM kept WHERE again))
            RETURNING 1
        ), doubted AS (
            UPDATE messages m SET status = 'in_doubt', failure = $4, attempts = m.attempts + 1 FROM kept k
            WHERE EXISTS (SELECT FROM kept) AND NOT k.again AND m.shop_id = k.shop_id AND m.effect_id = k.effect_id
            RETURNING 1
        ), gone AS (
            DELETE FROM outbox WHERE ctid = ANY (ARRAY(SELECT place FROM kept WHERE NOT again))
        )
        SELECT (SELECT count(*) FROM put_back) AS "repeated!", (SELECT count(*) FROM doubted) AS "in_doubt!""#,
        own.map(i16::from),
        alive_since,
        &repeats as &[&str],
        IN_DOUBT
    )
    .fetch_one(&store.pool)
    .await?;
    Ok(Recovered {
        repeated: count(found.repeated),
        in_doubt: count(found.in_doubt),
    })
}

/// See [`dopo_engine::ports::store::Store::requeue`].
pub(crate) async fn requeue(
    store: &PostgresStore,
    shop: ShopId,
    id: EffectId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let mut tx = store.begin().await?;
    let locked = sqlx::query_scalar!(
        "-- requeue()
         SELECT status FROM messages WHERE shop_id = $1 AND effect_id = $2 FOR UPDATE",
        shop.0,
        &id.to_bytes() as &[u8; 16]
    )
    .fetch_optional(&mut *tx)
    .await?;
    let repeated = match locked.as_deref().and_then(MessageStatus::parse) {
        Some(MessageStatus::Failed) => false,
        Some(MessageStatus::InDoubt) => true,
        _ => return Ok(false),
    };
    let Some(message) = load::messages(&mut tx, shop, &[id.to_bytes()])
        .await?
        .remove(&id)
    else {
        return Ok(false);
    };
    sqlx::query!(
        "-- requeue()
         UPDATE messages SET status = 'queued', due_at = $3, failure = NULL, attempts = 0
         WHERE shop_id = $1 AND effect_id = $2",
        shop.0,
        &id.to_bytes() as &[u8; 16],
        us(now)
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "-- requeue()
         INSERT INTO outbox (shop_id, effect_id, channel, due_at, repeated) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (shop_id, effect_id) DO UPDATE SET
             due_at = excluded.due_at, node = NULL, repeated = excluded.repeated",
        shop.0,
        &id.to_bytes() as &[u8; 16],
        message.channel().as_str(),
        us(now),
        repeated
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    store.outbox_mark(message.channel()).added(us(now));
    Ok(true)
}

/// See [`dopo_engine::ports::console::ConsoleStore::count_waiting`].
pub(crate) async fn waiting(
    pool: &PgPool,
    shop: ShopId,
    now: Timestamp,
) -> Result<(u64, u64), Fault> {
    let found = sqlx::query!(
        r#"-- waiting()
        SELECT count(*) FILTER (WHERE due_at <= $2) AS "due!", count(*) FILTER (WHERE due_at > $2) AS "later!"
        FROM (SELECT due_at FROM outbox WHERE shop_id = $1 AND node IS NULL LIMIT $3) o"#,
        shop.0,
        us(now),
        as_limit(SCAN_ROWS_MAX)
    )
    .fetch_one(pool)
    .await?;
    Ok((count(found.due), count(found.later)))
}

/// See [`dopo_engine::ports::store::Store::queue_depth`].
pub(crate) async fn depth(
    pool: &PgPool,
    now: Timestamp,
) -> Result<Vec<(Channel, u64, u64)>, Fault> {
    let found = sqlx::query!(
        r#"-- depth()
        SELECT channel, count(*) FILTER (WHERE due_at <= $1) AS "due!", count(*) FILTER (WHERE due_at > $1) AS "later!"
        FROM outbox WHERE node IS NULL GROUP BY channel"#,
        us(now)
    )
    .fetch_all(pool)
    .await?;
    Ok(Channel::ALL
        .into_iter()
        .map(|channel| {
            found
                .iter()
                .find(|row| row.channel == channel.as_str())
                .map_or((channel, 0, 0), |row| {
                    (channel, count(row.due), count(row.later))
                })
        })
        .collect())
}
