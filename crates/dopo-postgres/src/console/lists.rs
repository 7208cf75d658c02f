//! Lists and search. Every list walks an index from its newest end and stops when it has enough.

use super::places;
use crate::fault::Fault;
use crate::load::standing_id;
use crate::rows::{
    CustomerRow, MessageRow, OrderRow, RunRow, StoredTask, limit as as_limit, read_all, text, us,
};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::MessageStatus;
use dopo_core::order::Order;
use dopo_engine::ports::console::{
    CustomerFilter, MessageLine, MessageQuery, OrderFilter, PAGE_ROWS_MAX, SCAN_ROWS_MAX,
    SEARCH_TERMS_MAX, number_key, prefix_end,
};
use dopo_engine::ports::store::{StoreError, TaskRow};
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};

/// A search word that begins so many words is not collected: who has it is met soon enough on a walk from the newest.
const COMMON_WORDS: i64 = 20_000;
/// The same for the beginning of an order number.
const COMMON_NUMBERS: i64 = 50_000;
/// People or runs read at once on a walk that looks into them.
const WALK_ROWS: i64 = 500;

/// A page's length as `LIMIT` wants it.
pub(crate) fn page(limit: usize) -> i64 {
    as_limit(limit.min(PAGE_ROWS_MAX))
}

/// Rows looked at where no index knows a filter.
pub(crate) fn scan() -> i64 {
    as_limit(SCAN_ROWS_MAX)
}

// ---- people --------------------------------------------------------------------------------------------------------

/// A filter as the values of a statement.
struct Asked {
    provinces: Option<Vec<String>>,
    orders_min: Option<i32>,
    orders_max: Option<i32>,
    last_from: Option<i64>,
    last_before: Option<i64>,
    marketing: Option<bool>,
    unreachable: Option<bool>,
    at_risk: Option<bool>,
}

impl Asked {
    fn of(filter: &CustomerFilter) -> Self {
        let int = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        Asked {
            provinces: (!filter.provinces.is_empty()).then(|| {
                let upper = |p: &String| text(&p.to_ascii_uppercase());
                filter.provinces.iter().map(upper).collect()
            }),
            orders_min: filter.orders_min.map(int),
            orders_max: filter.orders_max.map(int),
            last_from: filter.last_order_from.map(us),
            last_before: filter.last_order_before.map(us),
            marketing: filter.marketing_email,
            unreachable: filter.unreachable,
            at_risk: filter.at_risk,
        }
    }
}

/// People, newest first.
pub(crate) async fn customers(
    pool: &PgPool,
    shop: ShopId,
    filter: &CustomerFilter,
    limit: usize,
) -> Result<Vec<Customer>, Fault> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let mut c = pool.acquire().await?;
    let terms: BTreeSet<String> = filter
        .terms
        .iter()
        .filter(|term| !term.is_empty())
        .take(SEARCH_TERMS_MAX)
        .map(|term| text(term))
        .collect();
    let asked = Asked::of(filter);
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    // The rarer terms lead to people; common ones are then looked for in the records, unless all are common.
    let (mut rare, mut common) = (Vec::new(), Vec::new());
    for term in terms {
        if is_common(&mut c, shop, &term).await? {
            common.push(term);
        } else {
            rare.push(term);
        }
    }
    if rare.is_empty() && common.len() > 1 {
        std::mem::swap(&mut rare, &mut common);
    }
    let mut before = before;
    let mut found = Vec::with_capacity(limit);
    while found.len() < limit {
        let at_once = match common.as_slice() {
            [] => as_limit(limit),
            _ => WALK_ROWS,
        };
        let people = match rare.as_slice() {
            [] if asked.at_risk == Some(true) => {
                people_at_risk(&mut c, shop, &asked, before, at_once).await?
            }
            [] => walk_people(&mut c, shop, &asked, before, at_once).await?,
            rare => people_with(&mut c, shop, &asked, before, rare, at_once).await?,
        };
        let full = as_limit(people.len()) == at_once;
        for person in people {
            before = person.id.0;
            let has = |words: &BTreeSet<String>, term: &String| {
                words.iter().any(|word| word.starts_with(term.as_str()))
            };
            let there = common.is_empty() || {
                let words = person.search_words();
                common.iter().all(|term| has(&words, term))
            };
            if there && found.len() < limit {
                found.push(person);
            }
        }
        if !full {
            break;
        }
    }
    Ok(found)
}

/// Whether so many words begin with this that they are not collected.
async fn is_common(c: &mut PgConnection, shop: ShopId, term: &str) -> Result<bool, Fault> {
    let n = sqlx::query_scalar!(
        r#"-- is_common()
        SELECT count(*) AS "n!" FROM (SELECT 1 FROM customer_words
            WHERE shop_id = $1 AND word >= $2 AND word < $3 LIMIT $4) k"#,
        shop.0,
        term,
        prefix_end(term),
        COMMON_WORDS
    )
    .fetch_one(c)
    .await?;
    Ok(n >= COMMON_WORDS)
}

/// People from the newest on.
async fn walk_people(
    c: &mut PgConnection,
    shop: ShopId,
    asked: &Asked,
    before: i64,
    limit: i64,
) -> Result<Vec<Customer>, Fault> {
    let rows = sqlx::query_as!(
        CustomerRow,
        "-- walk_people()
         SELECT c.customer_id, c.body FROM (
             SELECT customer_id FROM customers
             WHERE shop_id = $1 AND -customer_id > -$2::bigint
                 AND CASE WHEN $3::boolean IS NULL THEN reach <> 2 WHEN $3 THEN reach = 1 ELSE reach = 0 END
                 AND ($4::text[] IS NULL OR province = ANY($4))
                 AND ($5::int IS NULL OR orders >= $5) AND ($6::int IS NULL OR orders <= $6)
                 AND ($7::bigint IS NULL OR last_order_at >= $7) AND ($8::bigint IS NULL OR last_order_at < $8)
                 AND ($9::boolean IS NULL OR (marketing_email = 1) = $9)
                 -- Those at risk are walked from their own indexes.
                 AND ($10::boolean IS NULL OR NOT (
                     EXISTS (SELECT 1 FROM risks r WHERE r.shop_id = $1 AND r.customer_id = customers.customer_id)
                     OR EXISTS (SELECT 1 FROM tasks t WHERE t.shop_id = $1 AND t.customer_id = customers.customer_id
                         AND t.done_at IS NULL AND t.failure)))
             ORDER BY -customer_id LIMIT $11
         ) l JOIN customers c ON c.shop_id = $1 AND c.customer_id = l.customer_id
         ORDER BY -c.customer_id",
        shop.0,
        before,
        asked.unreachable,
        asked.provinces.as_deref(),
        asked.orders_min,
        asked.orders_max,
        asked.last_from,
        asked.last_before,
        asked.marketing,
        asked.at_risk,
        limit
    )
    .fetch_all(c)
    .await?;
    read_all(rows, |row| row.read())
}

/// People at risk, who are few: from them and not from everybody.
async fn people_at_risk(
    c: &mut PgConnection,
    shop: ShopId,
    asked: &Asked,
    before: i64,
    limit: i64,
) -> Result<Vec<Customer>, Fault> {
    let rows = sqlx::query_as!(
        CustomerRow,
        "-- people_at_risk()
         SELECT c.customer_id, c.body FROM (
             SELECT customer_id FROM (
                 (SELECT customer_id FROM risks WHERE shop_id = $1 AND customer_id < $2
                     ORDER BY customer_id DESC LIMIT $11)
                 UNION
                 (SELECT customer_id FROM tasks WHERE shop_id = $1 AND customer_id < $2 AND done_at IS NULL AND failure
                     ORDER BY customer_id DESC LIMIT $11)
             ) u ORDER BY customer_id DESC
         ) k CROSS JOIN LATERAL (
             SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = k.customer_id
                 AND CASE WHEN $3::boolean IS NULL THEN reach <> 2 WHEN $3 THEN reach = 1 ELSE reach = 0 END
                 AND ($4::text[] IS NULL OR province = ANY($4))
                 AND ($5::int IS NULL OR orders >= $5) AND ($6::int IS NULL OR orders <= $6)
                 AND ($7::bigint IS NULL OR last_order_at >= $7) AND ($8::bigint IS NULL OR last_order_at < $8)
                 AND ($9::boolean IS NULL OR (marketing_email = 1) = $9)
             OFFSET 0
         ) c ORDER BY k.customer_id DESC LIMIT $10",
        shop.0,
        before,
        asked.unreachable,
        asked.provinces.as_deref(),
        asked.orders_min,
        asked.orders_max,
        asked.last_from,
        asked.last_before,
        asked.marketing,
        limit,
        scan()
    )
    .fetch_all(c)
    .await?;
    read_all(rows, |row| row.read())
}

/// People who have a word for each term.
async fn people_with(
    c: &mut PgConnection,
    shop: ShopId,
    asked: &Asked,
    before: i64,
    terms: &[String],
    limit: i64,
) -> Result<Vec<Customer>, Fault> {
    let ends: Vec<String> = terms.iter().map(|term| prefix_end(term)).collect();
    let rows = sqlx::query_as!(
        CustomerRow,
        "-- people_with()
         SELECT c.customer_id, c.body FROM (
             SELECT w.customer_id FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (low, high, n)
             JOIN customer_words w ON w.shop_id = $1 AND w.word >= k.low AND w.word < k.high
             WHERE w.customer_id < $4
             GROUP BY w.customer_id HAVING bit_or(1 << k.n::int) = (2 << cardinality($2)) - 2
             ORDER BY w.customer_id DESC
         ) l JOIN customers c ON c.shop_id = $1 AND c.customer_id = l.customer_id
         WHERE CASE WHEN $5::boolean IS NULL THEN reach <> 2 WHEN $5 THEN reach = 1 ELSE reach = 0 END
             AND ($6::text[] IS NULL OR province = ANY($6))
             AND ($7::int IS NULL OR orders >= $7) AND ($8::int IS NULL OR orders <= $8)
             AND ($9::bigint IS NULL OR last_order_at >= $9) AND ($10::bigint IS NULL OR last_order_at < $10)
             AND ($11::boolean IS NULL OR (marketing_email = 1) = $11)
             AND ($12::boolean IS NULL OR $12 = (
                 EXISTS (SELECT 1 FROM risks r WHERE r.shop_id = $1 AND r.customer_id = c.customer_id)
                 OR EXISTS (SELECT 1 FROM tasks t WHERE t.shop_id = $1 AND t.customer_id = c.customer_id
                     AND t.done_at IS NULL AND t.failure)))
         ORDER BY l.customer_id DESC LIMIT $13",
        shop.0,
        terms,
        &ends,
        before,
        asked.unreachable,
        asked.provinces.as_deref(),
        asked.orders_min,
        asked.orders_max,
        asked.last_from,
        asked.last_before,
        asked.marketing,
        asked.at_risk,
        limit
    )
    .fetch_all(c)
    .await?;
    read_all(rows, |row| row.read())
}

/// The person a merged record went into, or the id itself.
pub(crate) async fn resolve_customer(
    pool: &PgPool,
    shop: ShopId,
    id: CustomerId,
) -> Result<CustomerId, Fault> {
    let mut c = pool.acquire().await?;
    standing_id(&mut c, shop, id).await
}

/// Ids that were merged into this person.
pub(crate) async fn merged_into(
    pool: &PgPool,
    shop: ShopId,
    id: CustomerId,
) -> Result<Vec<CustomerId>, Fault> {
    let ids = sqlx::query_scalar!(
        "-- merged_into()
         SELECT customer_id FROM merged_customers WHERE shop_id = $1 AND into_id = $2 ORDER BY customer_id",
        shop.0,
        id.0
    )
    .fetch_all(pool)
    .await?;
    Ok(ids.into_iter().map(CustomerId).collect())
}

// ---- orders --------------------------------------------------------------------------------------------------------

/// What is looked for among order numbers, platform ids and tracking numbers.
pub(super) struct OrderText {
    pub(super) number: String,
    pub(super) external_id: String,
    /// As typed, and as carriers write them.
    pub(super) tracking: [String; 2],
}

impl OrderText {
    fn of(asked: &str) -> Option<Self> {
        let asked = text(asked.trim());
        let number = number_key(&asked);
        (!number.is_empty()).then(|| OrderText {
            number,
            tracking: [asked.clone(), asked.to_ascii_uppercase()],
            external_id: asked,
        })
    }

    fn is_of(&self, order: &Order) -> bool {
        let told = &order.snapshot;
        number_key(&told.number).starts_with(&self.number)
            || told.external_id.starts_with(&self.external_id)
            || order
                .tracked
                .iter()
                .filter_map(|parcel| parcel.snapshot.number.as_ref())
                .any(|number| self.tracking.iter().any(|t| number.starts_with(t)))
    }
}

pub(super) struct OrderLine {
    pub(super) order_id: i64,
    pub(super) customer_id: i64,
    pub(super) body: String,
    pub(super) customer: Option<String>,
}

impl OrderLine {
    pub(super) fn read(self) -> Result<(Order, Customer), StoreError> {
        let order = OrderRow {
            order_id: self.order_id,
            customer_id: self.customer_id,
            body: self.body,
        }
        .read()?;
        let customer = match self.customer {
            Some(body) => CustomerRow {
                customer_id: self.customer_id,
                body,
            }
            .read()?,
            None => Customer::new(order.customer_id, order.snapshot.placed_at),
        };
        Ok((order, customer))
    }
}

/// Orders with their customers, newest first. One statement for each way in, so that each has the plan of its index.
pub(crate) async fn orders(
    pool: &PgPool,
    shop: ShopId,
    filter: &OrderFilter,
    limit: usize,
) -> Result<Vec<(Order, Customer)>, Fault> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let mut c = pool.acquire().await?;
    let asked = filter.text.as_deref().and_then(OrderText::of);
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let standing = filter.standing.map(|s| s.as_str());
    let provinces = Some(filter.provinces.as_slice()).filter(|places| !places.is_empty());
    if let Some(customer) = filter.customer {
        // Few rows: read, then looked through.
        let customer = standing_id(&mut c, shop, customer).await?;
        let rows = sqlx::query_as!(
            OrderLine,
            r#"-- orders()
            SELECT o.order_id, o.customer_id, o.body, c.body AS "customer?" FROM orders o
            LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id
            WHERE o.shop_id = $1 AND o.customer_id = $2 AND o.order_id < $3 AND ($4::text IS NULL OR o.standing = $4)"#,
            shop.0,
            customer.0,
            before,
            standing
        )
        .fetch_all(&mut *c)
        .await?;
        let mut own = read_all(rows, OrderLine::read)?;
        own.retain(|(order, person)| {
            asked.as_ref().is_none_or(|t| t.is_of(order)) && filter.is_there(order, Some(person))
        });
        own.sort_unstable_by_key(|(order, _)| std::cmp::Reverse(order.id));
        own.truncate(limit);
        return Ok(own);
    }
    let few = match &asked {
        Some(asked) => numbered(&mut c, shop, asked).await?,
        None => None,
    };
    if let Some(ids) = few {
        let rows = sqlx::query_as!(
            OrderLine,
            r#"-- orders()
            SELECT o.order_id, o.customer_id, o.body, c.body AS "customer?" FROM (
                SELECT * FROM orders w WHERE shop_id = $1 AND order_id = ANY($2) AND order_id < $3
                    AND ($4::text IS NULL OR standing = $4)
                    AND ($6::text[] IS NULL OR province = ANY($6) OR province = '' AND EXISTS (
                        SELECT 1 FROM customers p WHERE p.shop_id = w.shop_id AND p.customer_id = w.customer_id
                            AND p.province = ANY($6)))
                ORDER BY order_id DESC LIMIT $5
            ) o LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id
            ORDER BY o.order_id DESC"#,
            shop.0,
            &ids,
            before,
            standing,
            as_limit(limit),
            provinces
        )
        .fetch_all(&mut *c)
        .await?;
        return read_all(rows, OrderLine::read);
    }
    if provinces.is_some() {
        return places::orders(&mut c, shop, filter, asked.as_ref(), limit).await;
    }
    let range = |prefix: Option<&String>| (prefix.cloned(), prefix.map(|p| prefix_end(p)));
    let (number, number_end) = range(asked.as_ref().map(|t| &t.number));
    let (external, external_end) = range(asked.as_ref().map(|t| &t.external_id));
    let (typed, typed_end) = range(asked.as_ref().map(|t| &t.tracking[0]));
    let (upper, upper_end) = range(asked.as_ref().map(|t| &t.tracking[1]));
    macro_rules! walk {
        ($condition:literal, $order:literal, $value:expr) => {
            sqlx::query_as!(
                OrderLine,
                r#"-- orders()
                SELECT o.order_id, o.customer_id, o.body, c.body AS "customer?" FROM (
                    SELECT * FROM orders w WHERE w.shop_id = $1 AND "#
                    + $condition
                    + r#" AND ($5::text IS NULL
                        OR lower(ltrim(w.number, '#') COLLATE "C") >= $5 AND lower(ltrim(w.number, '#') COLLATE "C") < $6
                        OR w.external_id >= $7 AND w.external_id < $8
                        OR EXISTS (SELECT 1 FROM parcel_numbers p WHERE p.shop_id = w.shop_id
                            AND p.order_id = w.order_id
                            AND (p.number >= $9 AND p.number < $10 OR p.number >= $11 AND p.number < $12)))
                    ORDER BY "#
                    + $order
                    + r#" LIMIT $3
                ) o LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id
                ORDER BY o.order_id DESC"#,
                shop.0,
                before,
                as_limit(limit),
                $value,
                number,
                number_end,
                external,
                external_end,
                typed,
                typed_end,
                upper,
                upper_end
            )
            .fetch_all(&mut *c)
            .await?
        };
    }
    let rows = match standing {
        Some(standing) => walk!(
            "-w.order_id > -$2::bigint AND w.standing = $4",
            "-w.order_id",
            standing
        ),
        None => walk!("w.order_id < $2 AND $4::boolean", "w.order_id DESC", true),
    };
    read_all(rows, OrderLine::read)
}

/// Ids of all orders that a text may mean; `None` when they are too many to be collected.
async fn numbered(
    c: &mut PgConnection,
    shop: ShopId,
    asked: &OrderText,
) -> Result<Option<Vec<i64>>, Fault> {
    let [typed, upper] = &asked.tracking;
    let rows = sqlx::query!(
        r#"-- numbered()
        (SELECT 1 AS "way!", order_id AS "order_id!" FROM orders
            WHERE shop_id = $1 AND lower(ltrim(number, '#') COLLATE "C") >= $2
                AND lower(ltrim(number, '#') COLLATE "C") < $3 LIMIT $10)
        UNION ALL
        (SELECT 2, order_id FROM orders WHERE shop_id = $1 AND external_id >= $4 AND external_id < $5 LIMIT $10)
        UNION ALL
        (SELECT 3, order_id FROM parcel_numbers WHERE shop_id = $1 AND number >= $6 AND number < $7 LIMIT $10)
        UNION ALL
        (SELECT 4, order_id FROM parcel_numbers WHERE shop_id = $1 AND number >= $8 AND number < $9 LIMIT $10)"#,
        shop.0,
        asked.number,
        prefix_end(&asked.number),
        asked.external_id,
        prefix_end(&asked.external_id),
        typed,
        prefix_end(typed),
        upper,
        prefix_end(upper),
        COMMON_NUMBERS
    )
    .fetch_all(c)
    .await?;
    let mut ways = [0; 5];
    for row in &rows {
        if let Some(n) = usize::try_from(row.way).ok().and_then(|w| ways.get_mut(w)) {
            *n += 1;
        }
    }
    let few = ways.into_iter().all(|n| n < COMMON_NUMBERS);
    Ok(few.then(|| rows.into_iter().map(|row| row.order_id).collect()))
}

/// Orders of one person, newest first.
pub(crate) async fn orders_of(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<Order>, Fault> {
    let mut c = pool.acquire().await?;
    let customer = standing_id(&mut c, shop, customer).await?;
    let rows = sqlx::query_as!(
        OrderRow,
        "-- orders_of()
         SELECT order_id, customer_id, body FROM orders WHERE shop_id = $1 AND customer_id = $2
         ORDER BY order_id + 0 DESC LIMIT $3",
        shop.0,
        customer.0,
        page(limit)
    )
    .fetch_all(&mut *c)
    .await?;
    read_all(rows, |row| row.read())
}

// ---- messages ------------------------------------------------------------------------------------------------------

struct StoredLine {
    effect_id: Vec<u8>,
    customer_id: i64,
    order_id: Option<i64>,
    parcel: Option<i32>,
    cart_id: Option<String>,
    journey: String,
    journey_version: i32,
    status: String,
    decided_at: i64,
    due_at: i64,
    sent_at: Option<i64>,
    opened_at: Option<i64>,
    clicked_at: Option<i64>,
    grant_json: Option<String>,
    reason: Option<String>,
    failure: Option<String>,
    attempts: i32,
    body: String,
    node: Option<i16>,
    customer: Option<String>,
    number: Option<String>,
}

impl StoredLine {
    fn read(self) -> Result<MessageLine, StoreError> {
        let person = |body| CustomerRow {
            customer_id: self.customer_id,
            body,
        };
        Ok(MessageLine {
            customer: self.customer.map(|body| person(body).read()).transpose()?,
            order_number: self.number,
            message: MessageRow {
                effect_id: self.effect_id,
                customer_id: self.customer_id,
                order_id: self.order_id,
                parcel: self.parcel,
                cart_id: self.cart_id,
                journey: self.journey,
                journey_version: self.journey_version,
                status: self.status,
                decided_at: self.decided_at,
                due_at: self.due_at,
                sent_at: self.sent_at,
                opened_at: self.opened_at,
                clicked_at: self.clicked_at,
                grant_json: self.grant_json,
                reason: self.reason,
                failure: self.failure,
                attempts: self.attempts,
                body: self.body,
                node: self.node,
            }
            .read()?,
        })
    }
}

/// Messages with their people, newest first. What an index knows is found however old it is; a filter that none knows is
/// put to the newest [`SCAN_ROWS_MAX`] of what the index gives.
pub(crate) async fn messages(
    pool: &PgPool,
    shop: ShopId,
    query: &MessageQuery,
    limit: usize,
) -> Result<Vec<MessageLine>, Fault> {
    let mut c = pool.acquire().await?;
    // Being handed over is stored as queued, with a node in the outbox.
    let (status, taken) = match query.status {
        Some(MessageStatus::Sending) => (Some(MessageStatus::Queued.as_str()), Some(true)),
        Some(MessageStatus::Queued) => (Some(MessageStatus::Queued.as_str()), Some(false)),
        Some(other) => (Some(other.as_str()), None),
        None => (None, None),
    };
    let before = query.before.map_or([0xff; 16], |id| id.to_bytes());
    let journey = query.journey.as_deref().map(text);
    let step = query.step.as_deref().map(text);
    let channel = query.channel.map(|c| c.as_str());
    let provinces = Some(query.provinces.as_slice()).filter(|places| !places.is_empty());
    let customer = match query.customer {
        Some(id) => Some(standing_id(&mut c, shop, id).await?.0),
        None => None,
    };
    macro_rules! list {
        ($inner:literal, $value:expr) => {
            sqlx::query_as!(
                StoredLine,
                r#"-- messages()
                SELECT l.effect_id, l.customer_id, l.order_id, l.parcel, l.cart_id, l.journey, l.journey_version, l.status,
                    l.decided_at, l.due_at, l.sent_at, l.opened_at, l.clicked_at, l.grant_json, l.reason, l.failure,
                    l.attempts, l.body, l.node AS "node?", c.body AS "customer?", r.number AS "number?"
                FROM (
                    SELECT m.*, o.node FROM ("#
                    + $inner
                    + r#" LIMIT $3) m
                    LEFT JOIN outbox o ON o.shop_id = m.shop_id AND o.effect_id = m.effect_id
                    WHERE ($4::text IS NULL OR m.status = $4)
                        AND ($5::boolean IS NULL OR (o.node IS NOT NULL) = $5)
                        AND ($6::text IS NULL OR m.journey = $6) AND ($7::text IS NULL OR m.step = $7)
                        AND ($8::text IS NULL OR m.channel = $8) AND ($9::bigint IS NULL OR m.customer_id = $9)
                        AND ($12::text[] IS NULL OR coalesce(
                            (SELECT nullif(g.province, '') FROM orders g
                                WHERE g.shop_id = m.shop_id AND g.order_id = m.order_id),
                            (SELECT h.province FROM customers h
                                WHERE h.shop_id = m.shop_id AND h.customer_id = m.customer_id)) = ANY($12))
                    ORDER BY m.effect_id DESC LIMIT $10
                ) l
                LEFT JOIN customers c ON c.shop_id = l.shop_id AND c.customer_id = l.customer_id
                LEFT JOIN orders r ON r.shop_id = l.shop_id AND r.order_id = l.order_id
                ORDER BY l.effect_id DESC"#,
                shop.0,
                &before as &[u8; 16],
                scan(),
                status,
                taken,
                journey,
                step,
                channel,
                customer,
                page(limit),
                $value,
                provinces
            )
            .fetch_all(&mut *c)
            .await?
        };
    }
    let rows = if let Some(order) = query.order {
        list!(
            "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND order_id = $11 ORDER BY effect_id DESC",
            order.0
        )
    } else if let Some(customer) = customer {
        list!(
            "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND customer_id = $11 ORDER BY effect_id DESC",
            customer
        )
    } else {
        match (query.status, &journey) {
            (
                Some(MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::InDoubt),
                _,
            ) => list!(
                "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2
                 AND status IN ('failed', 'bounced', 'in_doubt') AND status = $11 ORDER BY effect_id DESC",
                status.unwrap_or_default()
            ),
            (Some(MessageStatus::Sending), _) | (Some(MessageStatus::Queued), None) => list!(
                "SELECT w.* FROM (SELECT shop_id, effect_id FROM outbox WHERE shop_id = $1 AND effect_id < $2
                     AND (node IS NOT NULL) = $11 ORDER BY effect_id DESC LIMIT $3) q
                 JOIN messages w ON w.shop_id = q.shop_id AND w.effect_id = q.effect_id ORDER BY q.effect_id DESC",
                query.status == Some(MessageStatus::Sending)
            ),
            (_, Some(_)) if step.is_some() => list!(
                "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND journey = $6 AND step = $11
                 ORDER BY effect_id DESC",
                step
            ),
            (_, Some(journey)) => list!(
                "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND journey = $11 ORDER BY effect_id DESC",
                journey
            ),
            (Some(MessageStatus::HeldBack), None) => list!(
                "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND status = 'held_back' AND $11
                 ORDER BY effect_id DESC",
                true
            ),
            _ => list!(
                "SELECT * FROM messages WHERE shop_id = $1 AND effect_id < $2 AND $11 ORDER BY effect_id DESC",
                true
            ),
        }
    };
    read_all(rows, StoredLine::read)
}

// ---- runs ----------------------------------------------------------------------------------------------------------

/// Active runs of a journey (waiting at this [`Run::step`]), newest first, with their people.
pub(crate) async fn runs(
    pool: &PgPool,
    shop: ShopId,
    journey: &str,
    step: Option<&str>,
    before: Option<RunId>,
    limit: usize,
) -> Result<Vec<(Run, Customer)>, Fault> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let mut c = pool.acquire().await?;
    let journey = text(journey);
    let mut before = before.map_or(i64::MAX, |id| id.0);
    let at_once = match step {
        Some(_) => WALK_ROWS,
        None => as_limit(limit),
    };
    let mut found = Vec::with_capacity(limit);
    while found.len() < limit {
        let rows = sqlx::query_as!(
            RunRow,
            "-- runs()
             SELECT run_id, customer_id, journey, journey_version, version, key, state FROM runs
             WHERE shop_id = $1 AND journey = $2 AND NOT closed AND -run_id > -$3::bigint ORDER BY -run_id LIMIT $4",
            shop.0,
            journey,
            before,
            at_once
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else { break };
        before = last.run_id;
        for row in rows {
            let run = row.read()?;
            if found.len() < limit && (step.is_none() || run.step().as_deref() == step) {
                found.push(run);
            }
        }
    }
    let ids: Vec<i64> = found.iter().map(|run| run.customer_id.0).collect();
    let people = sqlx::query_as!(
        CustomerRow,
        "-- runs()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = ANY($2)",
        shop.0,
        &ids
    )
    .fetch_all(&mut *c)
    .await?;
    let people: BTreeMap<CustomerId, Customer> = read_all(people, |row| row.read())?
        .into_iter()
        .map(|person| (person.id, person))
        .collect();
    let with = |run: Run| {
        let person = people.get(&run.customer_id).cloned();
        let person = person.unwrap_or_else(|| Customer::new(run.customer_id, run.state.started_at));
        (run, person)
    };
    Ok(found.into_iter().map(with).collect())
}

/// Runs of one person, active ones first, then newest first.
pub(crate) async fn runs_of(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<Run>, Fault> {
    let mut c = pool.acquire().await?;
    let customer = standing_id(&mut c, shop, customer).await?;
    let rows = sqlx::query_as!(
        RunRow,
        r#"-- runs_of()
        SELECT run_id AS "run_id!", customer_id AS "customer_id!", journey AS "journey!",
            journey_version AS "journey_version!", version AS "version!", key AS "key!", state AS "state!"
        FROM (
            SELECT * FROM runs WHERE shop_id = $1 AND customer_id = $2 AND closed
            UNION ALL
            SELECT * FROM runs WHERE shop_id = $1 AND customer_id = $2 AND NOT closed
        ) r ORDER BY closed, run_id DESC LIMIT $3"#,
        shop.0,
        customer.0,
        page(limit)
    )
    .fetch_all(&mut *c)
    .await?;
    read_all(rows, RunRow::read)
}

/// Tasks of one person, newest first.
pub(crate) async fn tasks_of(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<TaskRow>, Fault> {
    let mut c = pool.acquire().await?;
    let customer = standing_id(&mut c, shop, customer).await?;
    let rows = sqlx::query_as!(
        StoredTask,
        "-- tasks_of()
         SELECT effect_id, customer_id, order_id, opened_at, done_at, body FROM tasks
         WHERE shop_id = $1 AND customer_id = $2 ORDER BY opened_at + 0 DESC, effect_id DESC LIMIT $3",
        shop.0,
        customer.0,
        page(limit)
    )
    .fetch_all(&mut *c)
    .await?;
    read_all(rows, |row| row.read())
}

/// Tasks about an order that nobody has done yet, newest first.
pub(crate) async fn open_tasks_about(
    pool: &PgPool,
    shop: ShopId,
    order: OrderId,
    limit: usize,
) -> Result<Vec<TaskRow>, Fault> {
    let rows = sqlx::query_as!(
        StoredTask,
        "-- open_tasks_about()
         SELECT effect_id, customer_id, order_id, opened_at, done_at, body FROM tasks
         WHERE shop_id = $1 AND order_id = $2 AND done_at IS NULL
         ORDER BY opened_at + 0 DESC, effect_id DESC LIMIT $3",
        shop.0,
        order.0,
        page(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| row.read())
}
