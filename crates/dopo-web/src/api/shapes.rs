//! What people, orders and messages look like in answers. Every id is a string.

use crate::api::messages::{Why, why};
use dopo_core::access::Scope;
use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, ConsentState, Topic};
use dopo_core::customer::Customer;
use dopo_core::italy::names::PersonName;
use dopo_core::journey::graph::Text;
use dopo_core::message::Message;
use dopo_core::money::{Currency, Money};
use dopo_core::order::Order;
use dopo_core::parcel::Parcel;
use dopo_core::words;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// An amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Money, example = json!({ "cents": 5200, "currency": "EUR" }))]
pub(crate) struct Amount {
    /// Minor units of the currency.
    pub cents: i64,
    /// Three letters.
    pub currency: String,
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Amount {
            cents: money.cents,
            currency: money.currency.code().to_owned(),
        }
    }
}

/// The currency of a shop's sums.
pub(crate) fn currency_of(shop: &Shop) -> Currency {
    Currency::parse(&shop.settings.currency).unwrap_or(Currency::EUR)
}

/// The name of a person, when known.
pub(crate) fn name_of(person: &Customer) -> Option<String> {
    PersonName::new(person.first_name.as_deref(), person.last_name.as_deref()).full()
}

/// A person in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "7214012345678848", "name": "Chiara Rossi", "email": "chiara@posta.example", "phone": "+393331234567",
    "province": "BO", "created_at": "2026-03-02T09:12:44Z", "orders": 3, "total": { "cents": 41200, "currency": "EUR" },
    "last_order_at": "2026-11-18T17:03:11Z", "marketing_email": "yes", "unreachable": null, "tags": ["legno"]
}))]
pub(crate) struct CustomerRow {
    /// Id within the shop.
    pub id: String,
    /// Full name.
    pub name: Option<String>,
    /// The address in use.
    pub email: Option<String>,
    /// The number in use, E.164.
    pub phone: Option<String>,
    /// Two-letter Italian province.
    pub province: Option<String>,
    /// When we first heard of them.
    pub created_at: Timestamp,
    /// Paid orders that stand.
    pub orders: u32,
    /// Their total.
    pub total: Amount,
    /// The last of them.
    pub last_order_at: Option<Timestamp>,
    /// `yes`, `no` or `unknown`: offers by e-mail.
    pub marketing_email: &'static str,
    /// `bounced`, `complained` or null.
    pub unreachable: Option<&'static str>,
    /// Tags.
    pub tags: Vec<String>,
}

impl CustomerRow {
    pub(crate) fn new(shop: &Shop, person: &Customer) -> Self {
        let state = person
            .consents
            .state(Topic::Marketing, Some(Channel::Email));
        let unreachable = if person.suppression.hard_bounced_at.is_some() {
            Some("bounced")
        } else if person.suppression.complained_at.is_some() {
            Some("complained")
        } else {
            None
        };
        CustomerRow {
            id: person.id.to_string(),
            name: name_of(person),
            email: person.email().map(str::to_owned),
            phone: person.phone().map(str::to_owned),
            province: person.province.clone(),
            created_at: person.created_at,
            orders: person.purchases.orders,
            total: Money::new(person.purchases.total_cents, currency_of(shop)).into(),
            last_order_at: person.purchases.last_at,
            marketing_email: match state {
                ConsentState::Confirmed => "yes",
                state if state.is_negative() => "no",
                _ => "unknown",
            },
            unreachable,
            tags: person.tags.iter().cloned().collect(),
        }
    }
}

/// A person beside something else.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PersonShort {
    /// Id within the shop.
    pub id: String,
    /// Full name.
    pub name: Option<String>,
    /// The address in use.
    pub email: Option<String>,
    /// The number in use.
    pub phone: Option<String>,
}

impl PersonShort {
    pub(crate) fn new(person: &Customer) -> Self {
        PersonShort {
            id: person.id.to_string(),
            name: name_of(person),
            email: person.email().map(str::to_owned),
            phone: person.phone().map(str::to_owned),
        }
    }
}

/// A parcel in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ParcelShort {
    /// Number within the order, from 0.
    pub seq: u16,
    /// Carrier as the shop names it.
    pub carrier: Option<String>,
    /// Tracking number.
    pub number: Option<String>,
    /// Where it is.
    pub state: &'static str,
    /// Since when.
    pub at: Option<Timestamp>,
    /// Where it is, Italian.
    pub it: &'static str,
    /// Where it is, English.
    pub en: &'static str,
}

impl ParcelShort {
    pub(crate) fn new(parcel: &Parcel) -> Self {
        let words = words::parcel(parcel.state);
        let newest = parcel
            .checkpoints
            .iter()
            .rev()
            .find(|known| known.revoked_at.is_none());
        ParcelShort {
            seq: parcel.seq,
            carrier: parcel.snapshot.carrier.clone(),
            number: parcel.snapshot.number.clone(),
            state: parcel.state.as_str(),
            at: newest
                .map(|known| known.checkpoint.at)
                .or(parcel.snapshot.shipped_at),
            it: words.it,
            en: words.en,
        }
    }
}

/// An order in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "7214012345679104", "external_id": "5512", "number": "#1001", "placed_at": "2026-11-18T17:03:11Z",
    "standing": "shipped", "standing_it": "In viaggio", "standing_en": "On its way",
    "total": { "cents": 5200, "currency": "EUR" }, "payment": "paid",
    "customer": { "id": "7214012345678848", "name": "Chiara Rossi", "email": "chiara@posta.example", "phone": null },
    "province": "BO", "items": 2, "test": false,
    "parcels": [{ "seq": 0, "carrier": "BRT", "number": "0831234567", "state": "in_transit",
        "at": "2026-11-19T20:11:00Z", "it": "In viaggio", "en": "On its way" }]
}))]
pub(crate) struct OrderRow {
    /// Id within the shop.
    pub id: String,
    /// The platform's id.
    pub external_id: String,
    /// What the customer knows it by.
    pub number: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Where it stands: `open`, `shipped`, `trouble`, `delivered`, `cancelled`.
    pub standing: &'static str,
    /// Where it stands, Italian.
    pub standing_it: &'static str,
    /// Where it stands, English.
    pub standing_en: &'static str,
    /// What the customer pays.
    pub total: Amount,
    /// Where the money stands.
    pub payment: serde_json::Value,
    /// Whose it is; null without the right to see people.
    pub customer: Option<PersonShort>,
    /// Two-letter Italian province it goes to.
    pub province: Option<String>,
    /// Pieces.
    pub items: u32,
    /// A test order.
    pub test: bool,
    /// Its parcels.
    pub parcels: Vec<ParcelShort>,
}

impl OrderRow {
    pub(crate) fn new(order: &Order, person: Option<&Customer>) -> Self {
        let snapshot = &order.snapshot;
        let standing = order.standing();
        let words = words::standing(standing);
        OrderRow {
            id: order.id.to_string(),
            external_id: snapshot.external_id.clone(),
            number: snapshot.number.clone(),
            placed_at: snapshot.placed_at,
            standing: standing.as_str(),
            standing_it: words.it,
            standing_en: words.en,
            total: snapshot.total.into(),
            payment: serde_json::to_value(snapshot.payment).unwrap_or_default(),
            customer: person.map(PersonShort::new),
            province: snapshot
                .ship_to
                .as_ref()
                .and_then(|to| to.province.clone())
                .or_else(|| person.and_then(|person| person.province.clone())),
            items: snapshot.lines.iter().map(|line| line.quantity).sum(),
            test: snapshot.test,
            parcels: order.tracked.iter().map(ParcelShort::new).collect(),
        }
    }
}

/// An order beside a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderShort {
    /// Id within the shop.
    pub id: String,
    /// What the customer knows it by.
    pub number: Option<String>,
}

/// A message in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0064a1b2c3d4e5f60000000100000000",
    "customer": { "id": "7214012345678848", "name": "Chiara Rossi", "email": "chiara@posta.example", "phone": null },
    "order": { "id": "7214012345679104", "number": "#1001" }, "journey": "after_delivery", "journey_version": 1,
    "step": "cross_sell", "template": "cross_sell_48h", "template_it": "Idee di acquisto dopo 48 ore",
    "template_en": "Ideas after 48 hours", "channel": "email", "purpose": "marketing_similar",
    "status": "held_back", "status_it": "Trattenuto", "status_en": "Held back",
    "decided_at": "2026-11-20T10:00:00Z", "due_at": "2026-11-20T10:00:00Z", "sent_at": null, "opened_at": null,
    "clicked_at": null, "failure": null, "attempts": 0,
    "why": { "decision": "held_back", "basis": null, "evidence": null, "reason": "no_notice",
        "it": "Sull'ordine non risulta l'informativa sulle offerte di prodotti simili (art. 130, comma 4).",
        "en": "The order carries no record of the similar-products notice (art. 130(4))." }
}))]
pub(crate) struct MessageRow {
    /// 32 hexadecimal digits; also its Message-ID.
    pub id: String,
    /// To whom; null when forgotten, or without the right to see people.
    pub customer: Option<PersonShort>,
    /// About which order.
    pub order: Option<OrderShort>,
    /// Which journey decided it.
    pub journey: String,
    /// In which version.
    pub journey_version: u32,
    /// Which step.
    pub step: String,
    /// Name of the template.
    pub template: String,
    /// What the template is called, Italian.
    pub template_it: String,
    /// What the template is called, English.
    pub template_en: String,
    /// Channel.
    pub channel: &'static str,
    /// Purpose.
    pub purpose: &'static str,
    /// Where it is in its life.
    pub status: &'static str,
    /// The same, Italian.
    pub status_it: &'static str,
    /// The same, English.
    pub status_en: &'static str,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When it may leave.
    pub due_at: Timestamp,
    /// When the channel accepted it, or it was captured.
    pub sent_at: Option<Timestamp>,
    /// First human open, where measured with consent.
    pub opened_at: Option<Timestamp>,
    /// First human click, where measured with consent.
    pub clicked_at: Option<Timestamp>,
    /// What went wrong.
    pub failure: Option<String>,
    /// Hand-overs tried.
    pub attempts: u16,
    /// Why it leaves or does not.
    pub why: Why,
}

impl MessageRow {
    pub(crate) fn new(
        message: &Message,
        title: Text,
        person: Option<&Customer>,
        order_number: Option<String>,
    ) -> Self {
        let words = words::message(message.status);
        MessageRow {
            id: message.id.to_string(),
            customer: person.map(PersonShort::new),
            order: message.order_id.map(|id| OrderShort {
                id: id.to_string(),
                number: order_number,
            }),
            journey: message.journey.clone(),
            journey_version: message.journey_version,
            step: message.send.step.clone(),
            template: message.send.template.clone(),
            template_it: title.it,
            template_en: title.en,
            channel: message.channel().as_str(),
            purpose: message.send.purpose.as_str(),
            status: message.status.as_str(),
            status_it: words.it,
            status_en: words.en,
            decided_at: message.decided_at,
            due_at: message.due_at,
            sent_at: message.sent_at,
            opened_at: message.opened_at,
            clicked_at: message.clicked_at,
            failure: message.failure.clone(),
            attempts: message.attempts,
            why: why(message),
        }
    }
}

/// The person, if the caller may see people: keys may have the right to orders or messages alone.
pub(crate) fn visible<'a>(
    caller: &crate::api::auth::Caller,
    person: Option<&'a Customer>,
) -> Option<&'a Customer> {
    person.filter(|_| caller.may(Scope::CustomersRead))
}
