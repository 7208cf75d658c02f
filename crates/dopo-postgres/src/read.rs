//! What pages, the API and operators read; and what goes by age.

use crate::couriers;
use crate::fault::Fault;
use crate::links;
use crate::load::{self, standing_id};
use crate::rows::{
    CartRow, CouponRow, CustomerRow, MessageRow, OrderRow, RunRow, StoredAct, StoredTask, at,
    from_json, limit as as_limit, read_all, text, us,
};
use crate::store::PostgresStore;
use dopo_core::counter::CounterKey;
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, IdentityKey};
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Order;
use dopo_core::product::Product;
use dopo_engine::ports::store::{
    InboxRow, InboxStatus, MessageFilter, PersonFile, Pruned, RAW_DAYS, Rendering, SEEN_DAYS,
    StoreError, TaskRow, counter_days, counters_end,
};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{PgConnection, PgPool};
use std::collections::HashMap;

/// Rows deleted by age in one statement, so that no lock and no vacuum waits for long.
pub(crate) const PRUNE_ROWS_MAX: i64 = 10_000;
/// Rows of one list at most.
const LIST_ROWS_MAX: usize = 10_000;
/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;

fn limited(limit: usize) -> i64 {
    as_limit(limit.min(LIST_ROWS_MAX))
}

/// An order with its customer.
pub(crate) async fn order(
    pool: &PgPool,
    shop: ShopId,
    id: OrderId,
) -> Result<Option<(Order, Customer)>, Fault> {
    let row = sqlx::query!(
        r#"-- order()
        SELECT o.order_id, o.customer_id, o.body, c.body AS "customer?" FROM orders o
        LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id
        WHERE o.shop_id = $1 AND o.order_id = $2"#,
        shop.0,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let customer_id = row.customer_id;
    let order = OrderRow {
        order_id: row.order_id,
        customer_id,
        body: row.body,
    }
    .read()?;
    let customer = match row.customer {
        Some(body) => CustomerRow { customer_id, body }.read()?,
        None => Customer::new(order.customer_id, order.snapshot.placed_at),
    };
    Ok(Some((order, customer)))
}

/// The order with this platform id.
pub(crate) async fn order_by_external_id(
    pool: &PgPool,
    shop: ShopId,
    external_id: &str,
) -> Result<Option<Order>, Fault> {
    let row = sqlx::query_as!(
        OrderRow,
        "-- order_by_external_id()
         SELECT order_id, customer_id, body FROM orders WHERE shop_id = $1 AND external_id = $2",
        shop.0,
        text(external_id)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.read()).transpose()?)
}

/// A person, also by the id of a record that was merged into theirs.
pub(crate) async fn customer(
    pool: &PgPool,
    shop: ShopId,
    id: CustomerId,
) -> Result<Option<Customer>, Fault> {
    let row = sqlx::query_as!(
        CustomerRow,
        "-- customer()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = coalesce(
             (SELECT into_id FROM merged_customers WHERE shop_id = $1 AND customer_id = $2), $2)",
        shop.0,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.read()).transpose()?)
}

/// The person with this key.
pub(crate) async fn customer_by_key(
    pool: &PgPool,
    shop: ShopId,
    key: &IdentityKey,
) -> Result<Option<Customer>, Fault> {
    let row = sqlx::query_as!(
        CustomerRow,
        "-- customer_by_key()
         SELECT c.customer_id, c.body FROM identities i
         JOIN customers c ON c.shop_id = i.shop_id AND c.customer_id = i.customer_id
         WHERE i.shop_id = $1 AND i.kind = $2 AND i.value = $3",
        shop.0,
        key.kind.as_str(),
        text(&key.value)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.read()).transpose()?)
}

/// Everything about a person, of one moment.
pub(crate) async fn person_file(
    store: &PostgresStore,
    shop: ShopId,
    id: CustomerId,
) -> Result<PersonFile, Fault> {
    let mut tx = store.begin().await?;
    sqlx::query("-- person_file()\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *tx)
        .await?;
    let id = standing_id(&mut tx, shop, id).await?;
    let c: &mut PgConnection = &mut tx;
    let customer = sqlx::query_as!(
        CustomerRow,
        "-- person_file()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = $2",
        shop.0,
        id.0
    )
    .fetch_optional(&mut *c)
    .await?;
    let ledger = sqlx::query_as!(
        StoredAct,
        "-- person_file()
         SELECT ledger_id, customer_id, at, known_at, act FROM ledger
         WHERE shop_id = $1 AND customer_id = $2 ORDER BY ledger_id",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let orders = sqlx::query_as!(
        OrderRow,
        "-- person_file()
         SELECT order_id, customer_id, body FROM orders WHERE shop_id = $1 AND customer_id = $2 ORDER BY order_id",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let carts = sqlx::query_as!(
        CartRow,
        "-- person_file()
         SELECT customer_id, body FROM carts WHERE shop_id = $1 AND customer_id = $2 ORDER BY external_id",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let mut runs = sqlx::query_as!(
        RunRow,
        r#"-- person_file()
        SELECT run_id AS "run_id!", customer_id AS "customer_id!", journey AS "journey!",
            journey_version AS "journey_version!", version AS "version!", key AS "key!", state AS "state!"
        FROM runs WHERE shop_id = $1 AND customer_id = $2 AND closed
        UNION ALL
        SELECT run_id, customer_id, journey, journey_version, version, key, state
        FROM runs WHERE shop_id = $1 AND customer_id = $2 AND NOT closed"#,
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    runs.sort_by_key(|row| row.run_id);
    let messages = sqlx::query_as!(
        MessageRow,
        r#"-- person_file()
        SELECT m.effect_id, m.customer_id, m.order_id, m.parcel, m.cart_id, m.journey, m.journey_version, m.status,
            m.decided_at, m.due_at, m.sent_at, m.opened_at, m.clicked_at, m.grant_json, m.reason, m.failure, m.attempts,
            m.body, o.node AS "node?"
        FROM messages m LEFT JOIN outbox o ON o.shop_id = m.shop_id AND o.effect_id = m.effect_id
        WHERE m.shop_id = $1 AND m.customer_id = $2 ORDER BY m.effect_id"#,
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let coupons = sqlx::query_as!(
        CouponRow,
        "-- person_file()
         SELECT customer_id, redeemed_at, body FROM coupons WHERE shop_id = $1 AND customer_id = $2 ORDER BY code",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let tasks = sqlx::query_as!(
        StoredTask,
        "-- person_file()
         SELECT effect_id, customer_id, order_id, opened_at, done_at, body FROM tasks
         WHERE shop_id = $1 AND customer_id = $2 ORDER BY effect_id",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    tx.commit().await?;
    Ok(PersonFile {
        customer: customer.map(|row| row.read()).transpose()?,
        ledger: read_all(ledger, |row| row.read())?,
        orders: read_all(orders, |row| row.read())?,
        carts: read_all(carts, |row| row.read())?,
        runs: read_all(runs, RunRow::read)?,
        messages: read_all(messages, MessageRow::read)?,
        coupons: read_all(coupons, |row| row.read())?,
        tasks: read_all(tasks, |row| row.read())?,
    })
}

/// Messages, newest first by id. One statement for each way in, so that each has the plan of its index.
pub(crate) async fn messages(
    pool: &PgPool,
    shop: ShopId,
    filter: &MessageFilter,
    limit: usize,
) -> Result<Vec<Message>, Fault> {
    let mut c = pool.acquire().await?;
    // Being handed over is stored as queued, with a node in the outbox.
    let (status, taken) = match filter.status {
        Some(MessageStatus::Sending) => (Some(MessageStatus::Queued.as_str()), Some(true)),
        Some(MessageStatus::Queued) => (Some(MessageStatus::Queued.as_str()), Some(false)),
        Some(other) => (Some(other.as_str()), None),
        None => (None, None),
    };
    let before = filter.before.map_or([0xff; 16], |id| id.to_bytes());
    macro_rules! list {
        ($condition:literal, $value:expr) => {
            sqlx::query_as!(
                MessageRow,
                r#"-- messages()
                SELECT m.effect_id, m.customer_id, m.order_id, m.parcel, m.cart_id, m.journey, m.journey_version, m.status,
                    m.decided_at, m.due_at, m.sent_at, m.opened_at, m.clicked_at, m.grant_json, m.reason, m.failure,
                    m.attempts, m.body, o.node AS "node?"
                FROM messages m LEFT JOIN outbox o ON o.shop_id = m.shop_id AND o.effect_id = m.effect_id
                WHERE m.shop_id = $1 AND m.effect_id < $2 AND ($3::text IS NULL OR m.status = $3)
                    AND ($4::boolean IS NULL OR (o.node IS NOT NULL) = $4) AND "#
                    + $condition
                    + " ORDER BY m.effect_id DESC LIMIT $5",
                shop.0,
                &before as &[u8; 16],
                status,
                taken,
                limited(limit),
                $value
            )
            .fetch_all(&mut *c)
            .await?
        };
    }
    let customer = match filter.customer {
        Some(id) => Some(standing_id(&mut c, shop, id).await?.0),
        None => None,
    };
    let rows = if let Some(order) = filter.order {
        let mut rows = list!("m.order_id = $6", order.0);
        // All messages about an order are its owner's.
        rows.retain(|row| customer.is_none_or(|id| row.customer_id == id));
        rows
    } else if let Some(customer) = customer {
        list!("m.customer_id = $6", customer)
    } else if matches!(
        filter.status,
        Some(MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::InDoubt)
    ) {
        list!(
            "m.status IN ('failed', 'bounced', 'in_doubt') AND m.status = $6",
            status.unwrap_or_default()
        )
    } else {
        list!("$6", true)
    };
    read_all(rows, MessageRow::read)
}

/// One message and what it was made of.
pub(crate) async fn message(
    pool: &PgPool,
    shop: ShopId,
    id: EffectId,
) -> Result<Option<(Message, Option<Rendering>)>, Fault> {
    let mut c = pool.acquire().await?;
    let Some(message) = load::messages(&mut c, shop, &[id.to_bytes()])
        .await?
        .remove(&id)
    else {
        return Ok(None);
    };
    let rendering = sqlx::query_scalar!(
        "-- message()\nSELECT body FROM renderings WHERE shop_id = $1 AND effect_id = $2",
        shop.0,
        &id.to_bytes() as &[u8; 16]
    )
    .fetch_optional(&mut *c)
    .await?;
    Ok(Some((
        message,
        rendering.as_deref().map(from_json).transpose()?,
    )))
}

struct StoredInbox {
    inbox_id: i64,
    source: String,
    external_id: String,
    topic: String,
    received_at: i64,
    status: String,
    note: Option<String>,
    body: Option<Vec<u8>>,
}

impl StoredInbox {
    fn read(self) -> Result<InboxRow, StoreError> {
        Ok(InboxRow {
            id: InboxId(self.inbox_id),
            source: self.source,
            external_id: self.external_id,
            topic: self.topic,
            received_at: at(self.received_at)?,
            status: InboxStatus::parse(&self.status).ok_or_else(|| {
                StoreError::Rejected(format!("`{}` is no status of the inbox", self.status))
            })?,
            note: self.note,
            body: self.body,
        })
    }
}

/// Raw events, newest first.
pub(crate) async fn inbox(
    pool: &PgPool,
    shop: ShopId,
    status: Option<InboxStatus>,
    before: Option<InboxId>,
    limit: usize,
) -> Result<Vec<InboxRow>, Fault> {
    let before = before.map_or(i64::MAX, |id| id.0);
    macro_rules! list {
        ($condition:literal, $value:expr) => {
            sqlx::query_as!(
                StoredInbox,
                "-- inbox()
                 SELECT inbox_id, source, external_id, topic, received_at, status, note, body FROM inbox
                 WHERE shop_id = $1 AND inbox_id < $2 AND "
                    + $condition
                    + " ORDER BY inbox_id DESC LIMIT $3",
                shop.0,
                before,
                limited(limit),
                $value
            )
            .fetch_all(pool)
            .await?
        };
    }
    let rows = match status {
        Some(status @ (InboxStatus::Waiting | InboxStatus::Failed)) => list!(
            "status IN ('waiting', 'failed') AND status = $4",
            status.as_str()
        ),
        Some(status) => list!("status = $4", status.as_str()),
        None => list!("$4", true),
    };
    read_all(rows, StoredInbox::read)
}

/// One raw event.
pub(crate) async fn inbox_row(
    pool: &PgPool,
    shop: ShopId,
    id: InboxId,
) -> Result<Option<InboxRow>, Fault> {
    let row = sqlx::query_as!(
        StoredInbox,
        "-- inbox_row()
         SELECT inbox_id, source, external_id, topic, received_at, status, note, body FROM inbox
         WHERE shop_id = $1 AND inbox_id = $2",
        shop.0,
        id.0
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(StoredInbox::read).transpose()?)
}

/// Coupon by its code.
pub(crate) async fn coupon(
    pool: &PgPool,
    shop: ShopId,
    code: &str,
) -> Result<Option<Coupon>, Fault> {
    let row = sqlx::query_as!(
        CouponRow,
        "-- coupon()
         SELECT customer_id, redeemed_at, body FROM coupons WHERE shop_id = $1 AND code = $2",
        shop.0,
        text(code)
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.read()).transpose()?)
}

/// Tasks, newest first.
pub(crate) async fn tasks(
    pool: &PgPool,
    shop: ShopId,
    open_only: bool,
    limit: usize,
) -> Result<Vec<TaskRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredTask,
        "-- tasks()
         SELECT effect_id, customer_id, order_id, opened_at, done_at, body FROM tasks
         WHERE shop_id = $1 AND (NOT $2 OR done_at IS NULL) ORDER BY opened_at DESC, effect_id DESC LIMIT $3",
        shop.0,
        open_only,
        limited(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| row.read())
}

/// Available products of these categories but these, those sold most first.
pub(crate) async fn products_like(
    pool: &PgPool,
    shop: ShopId,
    categories: &[String],
    except: &[String],
    limit: usize,
) -> Result<Vec<Product>, Fault> {
    let texts = |ids: &[String]| ids.iter().map(|id| text(id)).collect::<Vec<_>>();
    let rows = sqlx::query_scalar!(
        "-- products_like()
         SELECT p.body FROM products p
         LEFT JOIN LATERAL (SELECT sum(sold) AS sold FROM product_sales s
             WHERE s.shop_id = p.shop_id AND s.external_id = p.external_id) s ON TRUE
         WHERE p.shop_id = $1 AND p.category = ANY($2) AND p.available AND p.external_id <> ALL($3)
         ORDER BY coalesce(s.sold, 0) DESC, p.external_id LIMIT $4",
        shop.0,
        &texts(categories),
        &texts(except),
        limited(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |body| from_json(&body))
}

/// Products by platform id, in the order asked.
pub(crate) async fn products(
    pool: &PgPool,
    shop: ShopId,
    ids: &[String],
) -> Result<Vec<Product>, Fault> {
    let ids: Vec<String> = ids.iter().map(|id| text(id)).collect();
    let rows = sqlx::query!(
        "-- products()
         SELECT external_id, body FROM products WHERE shop_id = $1 AND external_id = ANY($2)",
        shop.0,
        &ids
    )
    .fetch_all(pool)
    .await?;
    let bodies: HashMap<String, String> = rows
        .into_iter()
        .map(|row| (row.external_id, row.body))
        .collect();
    let found = ids.iter().filter_map(|id| bodies.get(id)).collect();
    read_all(found, |body| from_json(body))
}

/// Counters of metrics that begin with `prefix`, between two days inclusive.
pub(crate) async fn counters(
    pool: &PgPool,
    shop: ShopId,
    prefix: &str,
    from: Date,
    to: Date,
) -> Result<Vec<(CounterKey, i64)>, Fault> {
    // Days as a list: one short walk of the key for each, not one over everything that was counted between the two.
    let days: Vec<String> = counter_days(from, to)?
        .iter()
        .map(Date::to_string)
        .collect();
    let rows = sqlx::query!(
        r#"-- counters()
        SELECT day, metric, dim, sum(n)::bigint AS "n!" FROM counters
        WHERE shop_id = $1 AND day = ANY($2) AND metric >= $3 AND metric < $4
        GROUP BY day, metric, dim ORDER BY day, metric, dim"#,
        shop.0,
        &days,
        text(prefix),
        counters_end(&text(prefix))
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        let key = CounterKey {
            shop,
            day: row
                .day
                .parse()
                .map_err(|_| StoreError::Rejected(format!("`{}` is no day", row.day)))?,
            metric: row.metric.into(),
            dim: row.dim.into(),
        };
        Ok((key, row.n))
    })
}

/// Deletes what is past its time, in small statements, each a transaction of its own.
pub(crate) async fn prune(pool: &PgPool, now: Timestamp) -> Result<Pruned, Fault> {
    let mut pruned = Pruned::default();
    loop {
        let n = sqlx::query!(
            "-- prune()
             DELETE FROM seen WHERE ctid = ANY(ARRAY(SELECT ctid FROM seen WHERE seen_at < $1 LIMIT $2))",
            us(now) - SEEN_DAYS * DAY_US,
            PRUNE_ROWS_MAX
        )
        .execute(pool)
        .await?
        .rows_affected();
        pruned.seen += n;
        if n < PRUNE_ROWS_MAX as u64 {
            break;
        }
    }
    // From where the last part ended: the index still holds what was just emptied.
    let mut from = i64::MIN;
    loop {
        let emptied = sqlx::query_scalar!(
            "-- prune()
             UPDATE inbox SET body = NULL WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM inbox WHERE body IS NOT NULL AND received_at >= $1 AND received_at < $2
                 ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED))
             RETURNING received_at",
            from,
            us(now) - RAW_DAYS * DAY_US,
            PRUNE_ROWS_MAX
        )
        .fetch_all(pool)
        .await?;
        pruned.bodies += emptied.len() as u64;
        from = emptied.iter().copied().fold(from, i64::max);
        if emptied.len() < PRUNE_ROWS_MAX as usize {
            break;
        }
    }
    pruned.sessions = sqlx::query!(
        "-- prune()\nDELETE FROM sessions WHERE expires_at <= $1",
        us(now)
    )
    .execute(pool)
    .await?
    .rows_affected();
    pruned.photos = couriers::prune_photos(pool, now).await?;
    pruned.links = links::prune(pool, now).await?;
    Ok(pruned)
}
