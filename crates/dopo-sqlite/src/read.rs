//! What pages, the API and operators read; and what goes by age.

use crate::load::standing_id;
use crate::refused;
use crate::rows::{self, all, at_column, first, from_json, run, us};
use dopo_core::advance::LedgerRow;
use dopo_core::counter::CounterKey;
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, IdentityKey};
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Order;
use dopo_core::product::Product;
use dopo_engine::ports::store::{
    InboxRow, InboxStatus, MessageFilter, PersonFile, RAW_DAYS, Rendering, SEEN_DAYS, StoreError,
    TaskRow, counter_days, counters_end,
};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};
use std::collections::HashSet;

/// Rows deleted by age in one write, so that nobody waits long for the writer.
pub(crate) const PRUNE_ROWS_MAX: usize = 2_000;
/// Rows of one list at most.
const LIST_ROWS_MAX: usize = 10_000;
/// Microseconds of a day.
pub(crate) const DAY_US: i64 = 86_400_000_000;

fn limited(limit: usize) -> i64 {
    limit.min(LIST_ROWS_MAX) as i64
}

/// An order with its customer.
pub(crate) fn order(
    c: &Connection,
    shop: ShopId,
    id: OrderId,
) -> Result<Option<(Order, Customer)>, StoreError> {
    let order = first(
        c,
        &format!(
            "SELECT {} FROM orders WHERE shop_id = ?1 AND order_id = ?2",
            rows::ORDER
        ),
        params![shop.0, id.0],
        rows::order,
    )?;
    let Some(order) = order else { return Ok(None) };
    let customer = customer(c, shop, order.customer_id)?
        .unwrap_or_else(|| Customer::new(order.customer_id, order.snapshot.placed_at));
    Ok(Some((order, customer)))
}

/// The order with this platform id.
pub(crate) fn order_by_external_id(
    c: &Connection,
    shop: ShopId,
    external_id: &str,
) -> Result<Option<Order>, StoreError> {
    first(
        c,
        &format!(
            "SELECT {} FROM orders WHERE shop_id = ?1 AND external_id = ?2",
            rows::ORDER
        ),
        params![shop.0, external_id],
        rows::order,
    )
}

/// A person, also by the id of a record that was merged into theirs.
pub(crate) fn customer(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    let read = |id: CustomerId| {
        first(
            c,
            &format!(
                "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
                rows::CUSTOMER
            ),
            params![shop.0, id.0],
            rows::customer,
        )
    };
    if let Some(customer) = read(id)? {
        return Ok(Some(customer));
    }
    match standing_id(c, shop, id)? {
        same if same == id => Ok(None),
        other => read(other),
    }
}

/// The person with this key.
pub(crate) fn customer_by_key(
    c: &Connection,
    shop: ShopId,
    key: &IdentityKey,
) -> Result<Option<Customer>, StoreError> {
    first(
        c,
        "SELECT c.customer_id, c.body FROM identities i
         JOIN customers c ON c.shop_id = i.shop_id AND c.customer_id = i.customer_id
         WHERE i.shop_id = ?1 AND i.kind = ?2 AND i.value = ?3",
        params![shop.0, key.kind.as_str(), key.value],
        rows::customer,
    )
}

/// A person's rows of a table, in order. The plus keeps the primary key out: SQLite would rather walk the whole shop in the
/// wanted order than sort the few rows of one person.
pub(crate) fn rows_of_person(columns: &str, table: &str, order: &str) -> String {
    format!(
        "SELECT {columns} FROM {table} WHERE shop_id = ?1 AND customer_id = ?2 ORDER BY +{order}"
    )
}

/// Everything about a person.
pub(crate) fn person_file(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
) -> Result<PersonFile, StoreError> {
    let id = standing_id(c, shop, id)?;
    let key = params![shop.0, id.0];
    let of = rows_of_person;
    Ok(PersonFile {
        customer: customer(c, shop, id)?,
        ledger: all(
            c,
            &of(
                "ledger_id, customer_id, at, known_at, act",
                "ledger",
                "ledger_id",
            ),
            key,
            |row| {
                Ok(LedgerRow {
                    id: row.get("ledger_id").map_err(refused)?,
                    customer_id: CustomerId(row.get("customer_id").map_err(refused)?),
                    at: at_column(row, "at")?,
                    known_at: at_column(row, "known_at")?,
                    act: from_json(&row.get::<_, String>("act").map_err(refused)?)?,
                })
            },
        )?,
        orders: all(c, &of(rows::ORDER, "orders", "order_id"), key, rows::order)?,
        carts: all(c, &of(rows::CART, "carts", "external_id"), key, rows::cart)?,
        runs: all(c, &of(rows::RUN, "runs", "run_id"), key, rows::run_of)?,
        messages: all(
            c,
            &of(rows::MESSAGE, "messages", "effect_id"),
            key,
            rows::message,
        )?,
        coupons: all(c, &of(rows::COUPON, "coupons", "code"), key, rows::coupon)?,
        tasks: all(c, &of(rows::TASK, "tasks", "effect_id"), key, rows::task)?,
    })
}

/// Messages, newest first by id.
pub(crate) fn messages(
    c: &Connection,
    shop: ShopId,
    filter: &MessageFilter,
    limit: usize,
) -> Result<Vec<Message>, StoreError> {
    let about_one = filter.customer.is_some() || filter.order.is_some();
    // The index is named, because SQLite would rather walk the shop's whole history in the wanted order.
    let (index, id) = match filter.status {
        // Few rows of the shop: sorted after they are found. The plus keeps the primary key out.
        _ if about_one => ("", "+effect_id"),
        Some(MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::InDoubt) => {
            (" INDEXED BY messages_in_trouble", "effect_id")
        }
        _ => ("", "effect_id"),
    };
    let mut sql = format!(
        "SELECT {} FROM messages{index} WHERE shop_id = ?",
        rows::MESSAGE
    );
    let mut values = vec![Value::Integer(shop.0)];
    if let Some(customer) = filter.customer {
        sql.push_str(" AND customer_id = ?");
        values.push(Value::Integer(standing_id(c, shop, customer)?.0));
    }
    if let Some(order) = filter.order {
        sql.push_str(" AND order_id = ?");
        values.push(Value::Integer(order.0));
    }
    if let Some(status) = filter.status {
        if !index.is_empty() {
            // The index's own words: SQLite finds a partial index by them alone.
            sql.push_str(" AND status IN ('failed', 'bounced', 'in_doubt')");
        }
        sql.push_str(&format!(" AND status = '{}'", status.as_str()));
    }
    if let Some(before) = filter.before {
        sql.push_str(&format!(" AND {id} < ?"));
        values.push(Value::Blob(before.to_bytes().to_vec()));
    }
    sql.push_str(&format!(" ORDER BY {id} DESC LIMIT ?"));
    values.push(Value::Integer(limited(limit)));
    all(c, &sql, params_from_iter(values), rows::message)
}

/// One message and what it was made of.
pub(crate) fn message(
    c: &Connection,
    shop: ShopId,
    id: EffectId,
) -> Result<Option<(Message, Option<Rendering>)>, StoreError> {
    let key = params![shop.0, id.to_bytes()];
    let message = first(
        c,
        &format!(
            "SELECT {} FROM messages WHERE shop_id = ?1 AND effect_id = ?2",
            rows::MESSAGE
        ),
        key,
        rows::message,
    )?;
    let Some(message) = message else {
        return Ok(None);
    };
    let rendering = first(
        c,
        "SELECT body FROM renderings WHERE shop_id = ?1 AND effect_id = ?2",
        key,
        |row| from_json(&row.get::<_, String>(0).map_err(refused)?),
    )?;
    Ok(Some((message, rendering)))
}

const INBOX: &str =
    "SELECT inbox_id, source, external_id, topic, received_at, status, note, body FROM inbox";

pub(crate) fn inbox_of(row: &Row<'_>) -> Result<InboxRow, StoreError> {
    let status: String = row.get("status").map_err(refused)?;
    Ok(InboxRow {
        id: InboxId(row.get("inbox_id").map_err(refused)?),
        source: row.get("source").map_err(refused)?,
        external_id: row.get("external_id").map_err(refused)?,
        topic: row.get("topic").map_err(refused)?,
        received_at: at_column(row, "received_at")?,
        status: InboxStatus::parse(&status)
            .ok_or_else(|| StoreError::Rejected(format!("`{status}` is no status of the inbox")))?,
        note: row.get("note").map_err(refused)?,
        body: row.get("body").map_err(refused)?,
    })
}

/// Raw events, newest first.
pub(crate) fn inbox(
    c: &Connection,
    shop: ShopId,
    status: Option<InboxStatus>,
    before: Option<InboxId>,
    limit: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let (index, status) = match status {
        Some(status @ (InboxStatus::Waiting | InboxStatus::Failed)) => (
            " INDEXED BY inbox_open",
            format!(
                " AND status IN ('waiting', 'failed') AND status = '{}'",
                status.as_str()
            ),
        ),
        Some(status) => ("", format!(" AND status = '{}'", status.as_str())),
        None => ("", String::new()),
    };
    all(
        c,
        &format!(
            "{INBOX}{index} WHERE shop_id = ?1{status} AND inbox_id < ?2 ORDER BY inbox_id DESC LIMIT ?3"
        ),
        params![shop.0, before.map_or(i64::MAX, |b| b.0), limited(limit)],
        inbox_of,
    )
}

/// One raw event.
pub(crate) fn inbox_row(
    c: &Connection,
    shop: ShopId,
    id: InboxId,
) -> Result<Option<InboxRow>, StoreError> {
    first(
        c,
        &format!("{INBOX} WHERE shop_id = ?1 AND inbox_id = ?2"),
        params![shop.0, id.0],
        inbox_of,
    )
}

/// Coupon by its code.
pub(crate) fn coupon(
    c: &Connection,
    shop: ShopId,
    code: &str,
) -> Result<Option<Coupon>, StoreError> {
    first(
        c,
        &format!(
            "SELECT {} FROM coupons WHERE shop_id = ?1 AND code = ?2",
            rows::COUPON
        ),
        params![shop.0, code],
        rows::coupon,
    )
}

/// Tasks, newest first.
pub(crate) fn tasks(
    c: &Connection,
    shop: ShopId,
    open_only: bool,
    limit: usize,
) -> Result<Vec<TaskRow>, StoreError> {
    let open = if open_only {
        " AND done_at IS NULL"
    } else {
        ""
    };
    all(
        c,
        &format!(
            "SELECT {} FROM tasks WHERE shop_id = ?1{open} ORDER BY opened_at DESC, effect_id DESC LIMIT ?2",
            rows::TASK
        ),
        params![shop.0, limited(limit)],
        rows::task,
    )
}

fn product_of(row: &Row<'_>) -> Result<Product, StoreError> {
    from_json(&row.get::<_, String>("body").map_err(refused)?)
}

/// Available products of these categories but these, those sold most first.
pub(crate) fn products_like(
    c: &Connection,
    shop: ShopId,
    categories: &[String],
    except: &[String],
    limit: usize,
) -> Result<Vec<Product>, StoreError> {
    let categories: HashSet<&String> = categories.iter().collect();
    let except: HashSet<&String> = except.iter().collect();
    let mut found = Vec::new();
    for category in categories {
        found.extend(all(
            c,
            "SELECT p.external_id, coalesce(s.sold, 0) FROM products p
             LEFT JOIN product_sales s ON s.shop_id = p.shop_id AND s.external_id = p.external_id
             WHERE p.shop_id = ?1 AND p.category = ?2 AND p.available = 1",
            params![shop.0, category],
            |row| {
                let id: String = row.get(0).map_err(refused)?;
                let sold: i64 = row.get(1).map_err(refused)?;
                Ok((sold, id))
            },
        )?);
    }
    found.retain(|(_, id)| !except.contains(id));
    found.sort_by(|(a_sold, a), (b_sold, b)| b_sold.cmp(a_sold).then_with(|| a.cmp(b)));
    found.truncate(limit.min(LIST_ROWS_MAX));
    let ids: Vec<String> = found.into_iter().map(|(_, id)| id).collect();
    products(c, shop, &ids)
}

/// Products by platform id, in the order asked.
pub(crate) fn products(
    c: &Connection,
    shop: ShopId,
    ids: &[String],
) -> Result<Vec<Product>, StoreError> {
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        out.extend(first(
            c,
            "SELECT body FROM products WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id],
            product_of,
        )?);
    }
    Ok(out)
}

/// Counters of metrics that begin with `prefix`, between two days inclusive.
pub(crate) fn counters(
    c: &Connection,
    shop: ShopId,
    prefix: &str,
    from: Date,
    to: Date,
) -> Result<Vec<(CounterKey, i64)>, StoreError> {
    let mut found = Vec::new();
    // One short walk of the key for each day, not one over everything that was counted between the two.
    for day in counter_days(from, to)? {
        found.extend(all(
            c,
            "SELECT metric, dim, n FROM counters
             WHERE shop_id = ?1 AND day = ?2 AND metric >= ?3 AND metric < ?4
             ORDER BY metric, dim",
            params![shop.0, day.to_string(), prefix, counters_end(prefix)],
            |row| {
                let key = CounterKey {
                    shop,
                    day,
                    metric: row.get::<_, String>(0).map_err(refused)?.into(),
                    dim: row.get::<_, String>(1).map_err(refused)?.into(),
                };
                Ok((key, row.get(2).map_err(refused)?))
            },
        )?);
    }
    Ok(found)
}

/// Deletes up to [`PRUNE_ROWS_MAX`] remembered external ids past their time.
pub(crate) fn prune_seen(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    let old = all(
        c,
        "SELECT shop_id, hash FROM seen WHERE seen_at < ?1 ORDER BY seen_at LIMIT ?2",
        params![us(now) - SEEN_DAYS * DAY_US, PRUNE_ROWS_MAX as i64],
        |row| {
            let shop: i64 = row.get(0).map_err(refused)?;
            Ok((shop, row.get::<_, Vec<u8>>(1).map_err(refused)?))
        },
    )?;
    for (shop, hash) in &old {
        run(
            c,
            "DELETE FROM seen WHERE shop_id = ?1 AND hash = ?2",
            params![shop, hash],
        )?;
    }
    Ok(old.len())
}

/// Empties up to [`PRUNE_ROWS_MAX`] raw bodies past their time.
pub(crate) fn prune_bodies(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    run(
        c,
        "UPDATE inbox SET body = NULL WHERE rowid IN
             (SELECT rowid FROM inbox WHERE body IS NOT NULL AND received_at < ?1 ORDER BY received_at LIMIT ?2)",
        params![us(now) - RAW_DAYS * DAY_US, PRUNE_ROWS_MAX as i64],
    )
}

/// Deletes ended sessions.
pub(crate) fn prune_sessions(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    run(
        c,
        "DELETE FROM sessions WHERE expires_at <= ?1",
        params![us(now)],
    )
}
