//! Facts to rows and back. Times are microseconds since 1970; JSON is text; a column is the truth over the body.

use crate::fault::Fault;
use dopo_core::advance::{LedgerRow, Task, WaitsFor};
use dopo_core::cart::Cart;
use dopo_core::coupon::Coupon;
use dopo_core::customer::Customer;
use dopo_core::event::{Arrival, Event, Origin};
use dopo_core::id::{CustomerId, EffectId, Fresh, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Order;
use dopo_engine::ports::store::{StoreError, TaskRow};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970, rounded down.
pub(crate) fn us(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Microseconds since 1970, rounded up: nothing becomes due before its time.
pub(crate) fn us_up(at: Timestamp) -> i64 {
    let down = at.as_microsecond();
    if at.subsec_nanosecond().rem_euclid(1_000) > 0 {
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

/// Text as a column can hold it: PostgreSQL has no zero character, and one sender's must not stop a batch.
pub(crate) fn text(value: &str) -> String {
    if value.contains('\0') {
        value.replace('\0', "\u{fffd}")
    } else {
        value.to_owned()
    }
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

/// The effect id in this column.
pub(crate) fn effect_id(bytes: &[u8]) -> Result<EffectId, StoreError> {
    EffectId::from_bytes(bytes)
        .ok_or_else(|| StoreError::Rejected("an effect id is not 16 bytes long".to_owned()))
}

/// A number as the column's type.
pub(crate) fn int(value: u32) -> Result<i32, StoreError> {
    i32::try_from(value)
        .map_err(|_| StoreError::Rejected(format!("{value} is too large a number to store")))
}

/// A number from the column's type.
pub(crate) fn uint(value: i32) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| {
        StoreError::Rejected(format!("{value} is stored where no negative number can be"))
    })
}

/// A row of `customers`.
pub(crate) struct CustomerRow {
    pub(crate) customer_id: i64,
    pub(crate) body: String,
}

impl CustomerRow {
    pub(crate) fn read(&self) -> Result<Customer, StoreError> {
        let mut customer: Customer = from_json(&self.body)?;
        customer.id = CustomerId(self.customer_id);
        Ok(customer)
    }
}

/// A row of `orders`.
pub(crate) struct OrderRow {
    pub(crate) order_id: i64,
    pub(crate) customer_id: i64,
    pub(crate) body: String,
}

impl OrderRow {
    pub(crate) fn read(&self) -> Result<Order, StoreError> {
        let mut order: Order = from_json(&self.body)?;
        order.id = OrderId(self.order_id);
        order.customer_id = CustomerId(self.customer_id);
        Ok(order)
    }
}

/// A row of `carts`.
pub(crate) struct CartRow {
    pub(crate) customer_id: i64,
    pub(crate) body: String,
}

impl CartRow {
    pub(crate) fn read(&self) -> Result<Cart, StoreError> {
        let mut cart: Cart = from_json(&self.body)?;
        cart.customer_id = CustomerId(self.customer_id);
        Ok(cart)
    }
}

/// A row of `runs`.
pub(crate) struct RunRow {
    pub(crate) run_id: i64,
    pub(crate) customer_id: i64,
    pub(crate) journey: String,
    pub(crate) journey_version: i32,
    pub(crate) version: i32,
    pub(crate) key: String,
    pub(crate) state: String,
}

impl RunRow {
    pub(crate) fn read(self) -> Result<Run, StoreError> {
        Ok(Run {
            id: RunId(self.run_id),
            customer_id: CustomerId(self.customer_id),
            journey: self.journey,
            journey_version: uint(self.journey_version)?,
            version: uint(self.version)?,
            key: from_json(&self.key)?,
            state: from_json(&self.state)?,
        })
    }
}

/// A row of `messages`, with the node of its row in `outbox`.
pub(crate) struct MessageRow {
    pub(crate) effect_id: Vec<u8>,
    pub(crate) customer_id: i64,
    pub(crate) order_id: Option<i64>,
    pub(crate) parcel: Option<i32>,
    pub(crate) cart_id: Option<String>,
    pub(crate) journey: String,
    pub(crate) journey_version: i32,
    pub(crate) status: String,
    pub(crate) decided_at: i64,
    pub(crate) due_at: i64,
    pub(crate) sent_at: Option<i64>,
    pub(crate) opened_at: Option<i64>,
    pub(crate) clicked_at: Option<i64>,
    pub(crate) grant_json: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) failure: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) body: String,
    /// Who hands it over now: then its status is [`MessageStatus::Sending`].
    pub(crate) node: Option<i16>,
}

impl MessageRow {
    pub(crate) fn read(self) -> Result<Message, StoreError> {
        let status = match (self.status.as_str(), self.node) {
            ("queued", Some(_)) => MessageStatus::Sending,
            (name, _) => MessageStatus::parse(name).ok_or_else(|| {
                StoreError::Rejected(format!("`{name}` is no status of a message"))
            })?,
        };
        Ok(Message {
            id: effect_id(&self.effect_id)?,
            customer_id: CustomerId(self.customer_id),
            order_id: self.order_id.map(OrderId),
            parcel: self
                .parcel
                .map(|seq| {
                    u16::try_from(seq).map_err(|_| {
                        StoreError::Rejected(format!("{seq} is no number of a parcel"))
                    })
                })
                .transpose()?,
            cart_id: self.cart_id,
            journey: self.journey,
            journey_version: uint(self.journey_version)?,
            send: from_json(&self.body)?,
            decided_at: at(self.decided_at)?,
            due_at: at(self.due_at)?,
            status,
            grant: self.grant_json.as_deref().map(from_json).transpose()?,
            reason: self.reason.as_deref().map(from_name).transpose()?,
            sent_at: self.sent_at.map(at).transpose()?,
            opened_at: self.opened_at.map(at).transpose()?,
            clicked_at: self.clicked_at.map(at).transpose()?,
            failure: self.failure,
            attempts: u16::try_from(self.attempts).unwrap_or(u16::MAX),
        })
    }
}

/// A row of `coupons`.
pub(crate) struct CouponRow {
    pub(crate) customer_id: i64,
    pub(crate) redeemed_at: Option<i64>,
    pub(crate) body: String,
}

impl CouponRow {
    pub(crate) fn read(&self) -> Result<Coupon, StoreError> {
        let mut coupon: Coupon = from_json(&self.body)?;
        coupon.customer_id = CustomerId(self.customer_id);
        coupon.redeemed_at = self.redeemed_at.map(at).transpose()?;
        Ok(coupon)
    }
}

/// A row of `tasks`.
pub(crate) struct StoredTask {
    pub(crate) effect_id: Vec<u8>,
    pub(crate) customer_id: i64,
    pub(crate) order_id: Option<i64>,
    pub(crate) opened_at: i64,
    pub(crate) done_at: Option<i64>,
    pub(crate) body: String,
}

impl StoredTask {
    pub(crate) fn read(&self) -> Result<TaskRow, StoreError> {
        Ok(TaskRow {
            task: Task {
                effect: effect_id(&self.effect_id)?,
                customer_id: CustomerId(self.customer_id),
                order_id: self.order_id.map(OrderId),
                opened_at: at(self.opened_at)?,
                task: from_json(&self.body)?,
            },
            done_at: self.done_at.map(at).transpose()?,
        })
    }
}

/// A row of `ledger`.
pub(crate) struct StoredAct {
    pub(crate) ledger_id: i64,
    pub(crate) customer_id: i64,
    pub(crate) at: i64,
    pub(crate) known_at: i64,
    pub(crate) act: String,
}

impl StoredAct {
    pub(crate) fn read(&self) -> Result<LedgerRow, StoreError> {
        Ok(LedgerRow {
            id: self.ledger_id,
            customer_id: CustomerId(self.customer_id),
            at: at(self.at)?,
            known_at: at(self.known_at)?,
            act: from_json(&self.act)?,
        })
    }
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

/// A stored count as the port's.
pub(crate) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A list's length as `LIMIT` wants it.
pub(crate) fn limit(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The rows read, or the first that cannot be.
pub(crate) fn read_all<R, T>(
    rows: Vec<R>,
    read: impl Fn(R) -> Result<T, StoreError>,
) -> Result<Vec<T>, Fault> {
    Ok(rows.into_iter().map(read).collect::<Result<Vec<_>, _>>()?)
}
