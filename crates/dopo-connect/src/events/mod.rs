//! Our own JSON: `POST /api/v1/events`, the signed generic hook, and lines of a file. One reader for all three.
//!
//! A body is one event or an array of up to [`BATCH_EVENTS_MAX`]. Each event is an object with `id`, `at`, `type` and the
//! fields of its kind ([`dopo_core::event::EventLine`]):
//!
//! ```json
//! {"id":"o-1","at":"2026-11-22T10:00:00+01:00","type":"order_cancelled","order":"1001"}
//! ```
//!
//! Texts lose line breaks, control and invisible characters ([`crate::tidy`]); identifiers that hold such characters are
//! refused. An e-mail address or telephone number that cannot exist is left out with a note, so that an order is not
//! lost over a typing error; an event that then names nobody is refused.

mod explain;

use dopo_core::cart::CART_LINES_MAX;
use dopo_core::consent::{ConsentAct, ConsentState};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{EXTERNAL_ID_BYTES_MAX, Event, EventLine, ParcelRef};
use dopo_core::italy::is_invisible;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{ORDER_LINES_MAX, OrderLine, OrderSnapshot};
use dopo_core::parcel::{CHECKPOINTS_MAX, Checkpoint, PARCELS_MAX, ParcelSnapshot};
use serde_json::Value;

use crate::tidy;
use crate::translation::{Notes, unreadable};

/// Most events in one body.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// Most refusals described for one body; more are counted.
pub const REFUSALS_MAX: usize = 50;

/// An event that can be taken in.
#[derive(Clone, PartialEq, Debug)]
pub struct Accepted {
    /// The event, in stored form.
    pub line: EventLine,
    /// What was left out of it.
    pub note: Option<String>,
}

/// An event that cannot be taken in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("event {index}{}: {why}", if path.is_empty() { String::new() } else { format!(", {path}") })]
pub struct RefusedEvent {
    /// Its number in the array, from 0; 0 for a single event.
    pub index: usize,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Where in the event, such as `order.lines[3].unit_price.currency`; empty for the event as a whole.
    pub path: String,
    /// What is wrong and what to write instead.
    pub why: String,
}

/// What a body holds. Events that are well formed can be taken in even when others are not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    /// The good ones, in order.
    pub accepted: Vec<Accepted>,
    /// The others, in order, at most [`REFUSALS_MAX`].
    pub refused: Vec<RefusedEvent>,
    /// How many were refused in all.
    pub refused_count: usize,
}

/// Why nothing of a body could be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RefusedBody {
    /// Nothing was sent.
    #[error("the body is empty; send one event or an array of events as JSON")]
    Empty,
    /// Not JSON, or not UTF-8.
    #[error("{0}")]
    NotJson(String),
    /// Neither an object nor an array.
    #[error("the body is neither an event (an object) nor an array of events")]
    NotEvents,
    /// Too many in one body.
    #[error(
        "the body holds {0} events; at most 1000 are taken at once, send the rest in further requests"
    )]
    TooMany(usize),
}

/// Reads one event or an array of up to [`BATCH_EVENTS_MAX`].
///
/// # Errors
/// [`RefusedBody`] when the body as a whole cannot be read; single bad events are in [`Batch::refused`].
pub fn read_body(body: &[u8]) -> Result<Batch, RefusedBody> {
    let start = body.trim_ascii_start();
    let mut batch = Batch::default();
    match start.first() {
        None => return Err(RefusedBody::Empty),
        Some(b'{') => match read_event(body, 0) {
            Ok(accepted) => batch.accepted.push(accepted),
            Err(Broken::Event(refused)) => batch.refuse(*refused),
            Err(Broken::Json(why)) => return Err(RefusedBody::NotJson(why)),
        },
        Some(b'[') => {
            // The quick way reads straight into events; only a body with a bad event goes the slow way, which finds out
            // what is wrong with which.
            if let Ok(lines) = serde_json::from_slice::<Vec<EventLine>>(body) {
                if lines.len() > BATCH_EVENTS_MAX {
                    return Err(RefusedBody::TooMany(lines.len()));
                }
                for (index, line) in lines.into_iter().enumerate() {
                    batch.add(checked(line, index));
                }
            } else {
                let values: Vec<Value> = serde_json::from_slice(body)
                    .map_err(|e| RefusedBody::NotJson(unreadable(&e)))?;
                if values.len() > BATCH_EVENTS_MAX {
                    return Err(RefusedBody::TooMany(values.len()));
                }
                for (index, value) in values.into_iter().enumerate() {
                    batch.add(from_value(value, index));
                }
            }
            if batch.accepted.is_empty() && batch.refused_count == 0 {
                return Err(RefusedBody::Empty);
            }
        }
        Some(_) => {
            return match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
                Ok(_) => Err(RefusedBody::NotEvents),
                Err(e) => Err(RefusedBody::NotJson(unreadable(&e))),
            };
        }
    }
    Ok(batch)
}

/// Reads one event, such as a line of a file. `index` is repeated in the refusal.
///
/// # Errors
/// [`RefusedEvent`] saying where and what to write instead.
pub fn read_line(line: &[u8], index: usize) -> Result<Accepted, RefusedEvent> {
    read_event(line, index).map_err(|broken| match broken {
        Broken::Event(refused) => *refused,
        Broken::Json(why) => RefusedEvent {
            index,
            id: None,
            path: String::new(),
            why,
        },
    })
}

impl Batch {
    fn add(&mut self, result: Result<Accepted, Box<RefusedEvent>>) {
        match result {
            Ok(accepted) => self.accepted.push(accepted),
            Err(refused) => self.refuse(*refused),
        }
    }

    fn refuse(&mut self, refused: RefusedEvent) {
        self.refused_count += 1;
        if self.refused.len() < REFUSALS_MAX {
            self.refused.push(refused);
        }
    }
}

enum Broken {
    Json(String),
    Event(Box<RefusedEvent>),
}

fn read_event(json: &[u8], index: usize) -> Result<Accepted, Broken> {
    if let Ok(line) = serde_json::from_slice::<EventLine>(json) {
        return checked(line, index).map_err(Broken::Event);
    }
    let value: Value = serde_json::from_slice(json).map_err(|e| Broken::Json(unreadable(&e)))?;
    from_value(value, index).map_err(Broken::Event)
}

fn from_value(value: Value, index: usize) -> Result<Accepted, Box<RefusedEvent>> {
    match explain::event(&value) {
        Ok(line) => checked(line, index),
        Err(fault) => Err(refusal(
            index,
            value.get("id").and_then(Value::as_str),
            fault,
        )),
    }
}

/// What is wrong, and where in the event.
pub(crate) struct Fault {
    pub(crate) path: String,
    pub(crate) why: String,
}

pub(crate) fn fault(path: impl Into<String>, why: impl Into<String>) -> Fault {
    Fault {
        path: path.into(),
        why: why.into(),
    }
}

fn refusal(index: usize, id: Option<&str>, fault: Fault) -> Box<RefusedEvent> {
    Box::new(RefusedEvent {
        index,
        id: id.and_then(tidy::id),
        path: fault.path,
        why: fault.why,
    })
}

fn checked(mut line: EventLine, index: usize) -> Result<Accepted, Box<RefusedEvent>> {
    match check(&mut line) {
        Ok(note) => Ok(Accepted { line, note }),
        Err(fault) => Err(refusal(index, Some(&line.id), fault)),
    }
}

/// Puts a well-formed event into stored form, or says what about it cannot be taken.
fn check(line: &mut EventLine) -> Result<Option<String>, Fault> {
    let mut notes = Notes::default();
    if line.id.is_empty() {
        return Err(fault("id", ID_MISSING));
    }
    if line.id.len() > EXTERNAL_ID_BYTES_MAX {
        return Err(fault(
            "id",
            format!(
                "the id has {} bytes; at most {EXTERNAL_ID_BYTES_MAX} are kept",
                line.id.len()
            ),
        ));
    }
    if line.id.chars().any(is_invisible) {
        return Err(fault("id", "the id holds control or invisible characters"));
    }
    match &mut line.event {
        Event::OrderUpdated { order } => check_order(order, &mut notes)?,
        Event::OrderCancelled { order } => check_id("order", order)?,
        Event::OrderRefunded { order, refunded } => {
            check_id("order", order)?;
            if refunded.cents < 0 {
                return Err(fault(
                    "refunded.cents",
                    "what went back is a positive amount",
                ));
            }
        }
        Event::ParcelUpdated { order, parcel } => {
            check_id("order", order)?;
            check_parcel("parcel", parcel)?;
        }
        Event::ParcelScanned { parcel, checkpoint } => {
            check_parcel_ref(parcel)?;
            tidy_checkpoint(checkpoint);
        }
        Event::ParcelScanRevoked { parcel, .. } => check_parcel_ref(parcel)?,
        Event::ReturnUpdated {
            order, return_id, ..
        } => {
            check_id("order", order)?;
            check_id("return", return_id)?;
        }
        Event::CartUpdated { cart } => {
            check_id("cart.external_id", &mut cart.external_id)?;
            check_person("cart.person", &mut cart.person, &mut notes)?;
            if cart.lines.len() > CART_LINES_MAX {
                notes.add(format!(
                    "of {} lines the first {CART_LINES_MAX} were taken",
                    cart.lines.len()
                ));
                cart.lines.truncate(CART_LINES_MAX);
            }
            let currency = cart.total.map(|m| m.currency);
            check_lines("cart.lines", &mut cart.lines, currency)?;
            cart.url = cart.url.as_deref().and_then(tidy::url);
        }
        Event::CartRemoved { cart } => check_id("cart", cart)?,
        Event::CustomerUpdated { person, consents } => {
            check_person("person", person, &mut notes)?;
            check_acts("consents", consents, &mut notes)?;
        }
        Event::CustomerMerged { into, from } => {
            check_ref("into", into, &mut notes)?;
            check_ref("from", from, &mut notes)?;
        }
        Event::ConsentChanged { person, acts } => {
            check_ref("person", person, &mut notes)?;
            if acts.is_empty() {
                return Err(fault(
                    "acts",
                    "there is no act; say what the person agreed to or refused",
                ));
            }
            check_acts("acts", acts, &mut notes)?;
        }
        Event::DataRequested { person } | Event::CustomerForgotten { person } => {
            check_ref("person", person, &mut notes)?;
        }
        Event::ProductUpdated { product } => {
            check_id("product.external_id", &mut product.external_id)?;
            product.title = tidy::text(&product.title)
                .ok_or_else(|| fault("product.title", "the title is empty"))?;
            product.category = tidy::opt(product.category.as_deref());
            for url in [
                &mut product.url,
                &mut product.image_url,
                &mut product.guide_url,
            ] {
                *url = url.as_deref().and_then(tidy::url);
            }
        }
        Event::ProductRemoved { product } => check_id("product", product)?,
        Event::ParcelTracked { parcel, telling } => {
            check_parcel_ref(parcel)?;
            if telling.scans.len() > CHECKPOINTS_MAX {
                notes.add(format!(
                    "of {} scans the newest {CHECKPOINTS_MAX} were taken",
                    telling.scans.len()
                ));
                let over = telling.scans.len() - CHECKPOINTS_MAX;
                telling.scans.drain(..over);
            }
            for scan in &mut telling.scans {
                tidy_checkpoint(&mut scan.checkpoint);
            }
        }
        Event::PreferencesChanged { .. }
        | Event::MessageHeldBack { .. }
        | Event::ParcelEstimated { .. }
        | Event::ParcelFellSilent { .. }
        | Event::HoldAnswered { .. }
        | Event::HoldReported { .. }
        | Event::LookAsked { .. }
        | Event::LookReported { .. }
        | Event::ProblemReported { .. } => {
            let kind = line.event.kind();
            return Err(fault("type", format!("{kind} is made by Dopo itself only")));
        }
        Event::ShopForgotten {}
        | Event::ShopDisconnected {}
        | Event::MessageOpened { .. }
        | Event::MessageClicked { .. }
        | Event::MessageReplied { .. }
        | Event::MessageBounced { .. }
        | Event::MessageComplained { .. }
        | Event::ReminderRequested { .. } => {}
    }
    Ok(notes.into_note())
}

pub(crate) const ID_MISSING: &str = "the id is missing; give every event a text that stays the same when it is sent again, so that a repeat is recognised";

fn check_id(path: &str, value: &mut String) -> Result<(), Fault> {
    match tidy::id(value) {
        Some(id) => {
            *value = id;
            Ok(())
        }
        None => Err(fault(
            path,
            format!(
                "this id is empty, longer than {} bytes, or holds control or invisible characters",
                tidy::ID_BYTES_MAX
            ),
        )),
    }
}

fn check_opt_id(path: &str, value: &mut Option<String>) -> Result<(), Fault> {
    value.as_mut().map_or(Ok(()), |v| check_id(path, v))
}

const NOBODY: &str = "nobody is named: give a valid email, a phone or a shop_customer_id";

fn check_ref(path: &str, who: &mut PersonRef, notes: &mut Notes) -> Result<(), Fault> {
    tidy::person_ref(who, None, notes);
    if tidy::is_named(who) {
        Ok(())
    } else {
        Err(fault(path, NOBODY))
    }
}

fn check_person(path: &str, person: &mut PersonDetails, notes: &mut Notes) -> Result<(), Fault> {
    tidy::person(person, notes);
    if tidy::is_named(&person.who) {
        Ok(())
    } else {
        Err(fault(path, NOBODY))
    }
}

fn check_acts(path: &str, acts: &mut [ConsentAct], notes: &mut Notes) -> Result<(), Fault> {
    const ACTS_MAX: usize = 50;
    if acts.len() > ACTS_MAX {
        return Err(fault(
            path,
            format!("{} acts at once; at most {ACTS_MAX}", acts.len()),
        ));
    }
    for act in acts {
        for field in [
            &mut act.text_version,
            &mut act.form,
            &mut act.language,
            &mut act.proof,
        ] {
            *field = tidy::opt(field.as_deref());
        }
        let grant = matches!(act.state, ConsentState::Granted | ConsentState::Confirmed);
        if grant && act.text_version.is_none() {
            notes.add("a consent without text_version proves nothing and is kept as unknown; say which text the person saw");
        }
    }
    Ok(())
}

fn check_lines(
    path: &str,
    lines: &mut [OrderLine],
    currency: Option<Currency>,
) -> Result<(), Fault> {
    for (index, line) in lines.iter_mut().enumerate() {
        check_id(&format!("{path}[{index}].id"), &mut line.id)?;
        check_opt_id(&format!("{path}[{index}].product_id"), &mut line.product_id)?;
        line.title = tidy::text(&line.title)
            .ok_or_else(|| fault(format!("{path}[{index}].title"), "the title is empty"))?;
        for field in [&mut line.sku, &mut line.variant, &mut line.category] {
            *field = tidy::opt(field.as_deref());
        }
        for url in [&mut line.url, &mut line.image_url] {
            *url = url.as_deref().and_then(tidy::url);
        }
        if let Some(total) = currency
            && line.unit_price.currency != total
        {
            return Err(two_currencies(
                format!("{path}[{index}].unit_price.currency"),
                line.unit_price.currency,
                total,
            ));
        }
    }
    Ok(())
}

fn two_currencies(path: String, one: Currency, total: Currency) -> Fault {
    fault(
        path,
        format!("it is in {one} and the total in {total}; tell an order in one currency"),
    )
}

fn check_parcel(path: &str, parcel: &mut ParcelSnapshot) -> Result<(), Fault> {
    check_opt_id(&format!("{path}.external_id"), &mut parcel.external_id)?;
    check_opt_id(&format!("{path}.number"), &mut parcel.number)?;
    if parcel.external_id.is_none() && parcel.number.is_none() {
        return Err(fault(
            path,
            "a parcel needs a number or an external_id, so that it is recognised when it is told again",
        ));
    }
    parcel.carrier = tidy::opt(parcel.carrier.as_deref());
    parcel.url = parcel.url.as_deref().and_then(tidy::url);
    if parcel.lines.len() > ORDER_LINES_MAX {
        return Err(fault(
            format!("{path}.lines"),
            format!("at most {ORDER_LINES_MAX} lines"),
        ));
    }
    Ok(())
}

fn check_parcel_ref(parcel: &mut ParcelRef) -> Result<(), Fault> {
    check_opt_id("parcel.order", &mut parcel.order)?;
    check_opt_id("parcel.external_id", &mut parcel.external_id)?;
    check_opt_id("parcel.number", &mut parcel.number)?;
    parcel.carrier = tidy::opt(parcel.carrier.as_deref());
    if parcel.external_id.is_none() && parcel.number.is_none() {
        return Err(fault(
            "parcel",
            "the parcel is not named: give its number or its external_id",
        ));
    }
    Ok(())
}

fn tidy_checkpoint(checkpoint: &mut Checkpoint) {
    for field in [
        &mut checkpoint.reason,
        &mut checkpoint.place,
        &mut checkpoint.text,
        &mut checkpoint.code,
    ] {
        *field = tidy::opt(field.as_deref());
    }
}

fn check_order(order: &mut OrderSnapshot, notes: &mut Notes) -> Result<(), Fault> {
    check_id("order.external_id", &mut order.external_id)?;
    order.number = tidy::text(&order.number).ok_or_else(|| {
        fault(
            "order.number",
            "the number is empty; it is what the customer knows the order by",
        )
    })?;
    if order.lines.len() > ORDER_LINES_MAX {
        return Err(fault(
            "order.lines",
            format!(
                "the order has {} lines; at most {ORDER_LINES_MAX} are taken",
                order.lines.len()
            ),
        ));
    }
    if order.parcels.len() > PARCELS_MAX {
        return Err(fault(
            "order.parcels",
            format!(
                "the order has {} parcels; at most {PARCELS_MAX} are taken",
                order.parcels.len()
            ),
        ));
    }
    let currency = order.total.currency;
    let amounts: [(&str, Option<Money>); 5] = [
        ("subtotal", order.subtotal),
        ("discount", order.discount),
        ("shipping", order.shipping),
        ("tax", order.tax),
        ("refunded", order.refunded),
    ];
    for (name, amount) in amounts {
        if let Some(amount) = amount
            && amount.currency != currency
        {
            return Err(two_currencies(
                format!("order.{name}.currency"),
                amount.currency,
                currency,
            ));
        }
    }
    check_lines("order.lines", &mut order.lines, Some(currency))?;
    for (index, parcel) in order.parcels.iter_mut().enumerate() {
        check_parcel(&format!("order.parcels[{index}]"), parcel)?;
    }
    check_opt_id("order.cart_id", &mut order.cart_id)?;
    if let Some(address) = &mut order.ship_to {
        tidy::address(address);
        order.person.country = order.person.country.take().or(address.country.clone());
        order.person.province = order.person.province.take().or(address.province.clone());
    }
    for field in [
        &mut order.payment_method,
        &mut order.shipping_method,
        &mut order.soft_spam_notice,
    ] {
        *field = tidy::opt(field.as_deref());
    }
    order.discount_codes = order
        .discount_codes
        .iter()
        .filter_map(|c| tidy::text(c))
        .take(20)
        .collect();
    check_person("order.person", &mut order.person, notes)
}
