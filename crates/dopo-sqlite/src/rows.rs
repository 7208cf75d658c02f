//! Facts to rows and back. Times are microseconds since 1970; JSON is text; a column is the truth over the body.

use crate::refused;
use dopo_core::advance::{Task, WaitsFor};
use dopo_core::cart::Cart;
use dopo_core::coupon::Coupon;
use dopo_core::customer::Customer;
use dopo_core::effect::OpenTask;
use dopo_core::event::{Arrival, Event, Origin};
use dopo_core::id::{CustomerId, EffectId, Fresh, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Order;
use dopo_engine::ports::store::{StoreError, TaskRow};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970, rounded down.
pub(crate) fn us(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Microseconds since 1970, rounded up: nothing becomes due before its time.
pub(crate) fn us_up(at: Timestamp) -> i64 {
    let down = at.as_microsecond();
    if at.subsec_nanosecond() % 1_000 > 0 {
        down + 1
    } else {
        down
    }
}

/// The time of these microseconds.
pub(crate) fn at(us: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(us)
        .map_err(|_| StoreError::Rejected(format!("{us} is no time in microseconds")))
}

/// The time in this column.
pub(crate) fn at_column(row: &Row<'_>, column: &str) -> Result<Timestamp, StoreError> {
    at(row.get(column).map_err(refused)?)
}

/// The time in this column, if any.
pub(crate) fn at_column_opt(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, StoreError> {
    row.get::<_, Option<i64>>(column)
        .map_err(refused)?
        .map(at)
        .transpose()
}

/// As JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| unreadable("a value cannot be written as JSON", &e))
}

/// From JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| unreadable("a stored value cannot be read", &e))
}

/// Says where, never what: stored JSON holds personal data.
fn unreadable(what: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Rejected(format!(
        "{what} (line {}, column {})",
        error.line(),
        error.column()
    ))
}

/// Runs a statement that is prepared once.
pub(crate) fn run(c: &Connection, sql: &str, params: impl Params) -> Result<usize, StoreError> {
    c.prepare_cached(sql)
        .and_then(|mut statement| statement.execute(params))
        .map_err(refused)
}

/// The first row of a query, if any.
pub(crate) fn first<T>(
    c: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = c.prepare_cached(sql).map_err(refused)?;
    let mut rows = statement.query(params).map_err(refused)?;
    rows.next().map_err(refused)?.map(read).transpose()
}

/// All rows of a query.
pub(crate) fn all<T>(
    c: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = c.prepare_cached(sql).map_err(refused)?;
    let mut rows = statement.query(params).map_err(refused)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(refused)? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// One number of the first row, if any.
pub(crate) fn number(
    c: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<i64>, StoreError> {
    c.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(params, |row| row.get(0)).optional())
        .map_err(refused)
}

/// The columns read by [`customer`].
pub(crate) const CUSTOMER: &str = "customer_id, body";

/// A person.
pub(crate) fn customer(row: &Row<'_>) -> Result<Customer, StoreError> {
    let mut customer: Customer = from_json(&row.get::<_, String>("body").map_err(refused)?)?;
    customer.id = CustomerId(row.get("customer_id").map_err(refused)?);
    Ok(customer)
}

/// The columns read by [`order`].
pub(crate) const ORDER: &str = "order_id, customer_id, body";

/// An order.
pub(crate) fn order(row: &Row<'_>) -> Result<Order, StoreError> {
    let mut order: Order = from_json(&row.get::<_, String>("body").map_err(refused)?)?;
    order.id = OrderId(row.get("order_id").map_err(refused)?);
    order.customer_id = CustomerId(row.get("customer_id").map_err(refused)?);
    Ok(order)
}

/// The columns read by [`cart`].
pub(crate) const CART: &str = "customer_id, body";

/// A cart.
pub(crate) fn cart(row: &Row<'_>) -> Result<Cart, StoreError> {
    let mut cart: Cart = from_json(&row.get::<_, String>("body").map_err(refused)?)?;
    cart.customer_id = CustomerId(row.get("customer_id").map_err(refused)?);
    Ok(cart)
}

/// The columns read by [`run_of`].
pub(crate) const RUN: &str = "run_id, customer_id, journey, journey_version, version, key, state";

/// A run.
pub(crate) fn run_of(row: &Row<'_>) -> Result<Run, StoreError> {
    Ok(Run {
        id: RunId(row.get("run_id").map_err(refused)?),
        customer_id: CustomerId(row.get("customer_id").map_err(refused)?),
        journey: row.get("journey").map_err(refused)?,
        journey_version: row.get("journey_version").map_err(refused)?,
        version: row.get("version").map_err(refused)?,
        key: from_json(&row.get::<_, String>("key").map_err(refused)?)?,
        state: from_json(&row.get::<_, String>("state").map_err(refused)?)?,
    })
}

/// The columns read by [`message`].
pub(crate) const MESSAGE: &str = "effect_id, customer_id, order_id, parcel, cart_id, journey, journey_version, status, \
     decided_at, due_at, sent_at, opened_at, clicked_at, grant_json, reason, failure, attempts, body";

/// A message.
pub(crate) fn message(row: &Row<'_>) -> Result<Message, StoreError> {
    let status: String = row.get("status").map_err(refused)?;
    let grant: Option<String> = row.get("grant_json").map_err(refused)?;
    let reason: Option<String> = row.get("reason").map_err(refused)?;
    Ok(Message {
        id: effect_id(row)?,
        customer_id: CustomerId(row.get("customer_id").map_err(refused)?),
        order_id: row
            .get::<_, Option<i64>>("order_id")
            .map_err(refused)?
            .map(OrderId),
        parcel: row.get("parcel").map_err(refused)?,
        cart_id: row.get("cart_id").map_err(refused)?,
        journey: row.get("journey").map_err(refused)?,
        journey_version: row.get("journey_version").map_err(refused)?,
        send: from_json(&row.get::<_, String>("body").map_err(refused)?)?,
        decided_at: at_column(row, "decided_at")?,
        due_at: at_column(row, "due_at")?,
        status: MessageStatus::parse(&status)
            .ok_or_else(|| StoreError::Rejected(format!("`{status}` is no status of a message")))?,
        grant: grant.as_deref().map(from_json).transpose()?,
        reason: reason.as_deref().map(from_name).transpose()?,
        sent_at: at_column_opt(row, "sent_at")?,
        opened_at: at_column_opt(row, "opened_at")?,
        clicked_at: at_column_opt(row, "clicked_at")?,
        failure: row.get("failure").map_err(refused)?,
        attempts: row.get("attempts").map_err(refused)?,
    })
}

/// The effect id of this row.
pub(crate) fn effect_id(row: &Row<'_>) -> Result<EffectId, StoreError> {
    row.get_ref("effect_id")
        .map_err(refused)?
        .as_blob()
        .ok()
        .and_then(EffectId::from_bytes)
        .ok_or_else(|| StoreError::Rejected("an effect id is not 16 bytes long".to_owned()))
}

/// The stable name of a value that serialises as one word.
pub(crate) fn name_of<T: Serialize>(value: &T) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Rejected("a value has no name".to_owned())),
    }
}

/// The value with this stable name.
pub(crate) fn from_name<T: DeserializeOwned>(name: &str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| StoreError::Rejected(format!("`{name}` is not known to this program")))
}

/// The columns read by [`coupon`].
pub(crate) const COUPON: &str = "customer_id, redeemed_at, body";

/// A coupon.
pub(crate) fn coupon(row: &Row<'_>) -> Result<Coupon, StoreError> {
    let mut coupon: Coupon = from_json(&row.get::<_, String>("body").map_err(refused)?)?;
    coupon.customer_id = CustomerId(row.get("customer_id").map_err(refused)?);
    coupon.redeemed_at = at_column_opt(row, "redeemed_at")?;
    Ok(coupon)
}

/// The columns read by [`task`].
pub(crate) const TASK: &str = "effect_id, customer_id, order_id, opened_at, done_at, body";

/// A task.
pub(crate) fn task(row: &Row<'_>) -> Result<TaskRow, StoreError> {
    let task: OpenTask = from_json(&row.get::<_, String>("body").map_err(refused)?)?;
    Ok(TaskRow {
        task: Task {
            effect: effect_id(row)?,
            customer_id: CustomerId(row.get("customer_id").map_err(refused)?),
            order_id: row
                .get::<_, Option<i64>>("order_id")
                .map_err(refused)?
                .map(OrderId),
            opened_at: at_column(row, "opened_at")?,
            task,
        },
        done_at: at_column_opt(row, "done_at")?,
    })
}

/// A parked arrival as it is stored; its shop is the row's.
#[derive(Serialize, Deserialize)]
struct Parked {
    source: String,
    external_id: String,
    occurred_at: Timestamp,
    known_at: Timestamp,
    origin: Origin,
    fresh: Fresh,
    event: Event,
}

/// A parked arrival as JSON.
pub(crate) fn parked_json(arrival: &Arrival) -> Result<String, StoreError> {
    json(&Parked {
        source: arrival.source.clone(),
        external_id: arrival.external_id.clone(),
        occurred_at: arrival.occurred_at,
        known_at: arrival.known_at,
        origin: arrival.origin,
        fresh: arrival.fresh,
        event: arrival.event.clone(),
    })
}

/// A parked arrival from JSON.
pub(crate) fn parked(shop: ShopId, text: &str) -> Result<Arrival, StoreError> {
    let parked: Parked = from_json(text)?;
    Ok(Arrival {
        shop,
        source: parked.source,
        external_id: parked.external_id,
        occurred_at: parked.occurred_at,
        known_at: parked.known_at,
        origin: parked.origin,
        event: parked.event,
        fresh: parked.fresh,
    })
}

/// What a parked arrival waits for, as columns `kind` and `value`.
pub(crate) fn waits_for(fact: &WaitsFor) -> (&'static str, &str) {
    match fact {
        WaitsFor::Order(value) => ("order", value),
        WaitsFor::ParcelNumber(value) => ("parcel_number", value),
    }
}
