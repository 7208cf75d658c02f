//! Shopify: `fulfillmentEventCreate` of the Admin API (GraphQL), from 2025-10 on.
//!
//! An app needs the scope `write_fulfillments`; what it writes shows on the order and in Shopify's own notices.

use super::{OUR_MARK, is_late, troubled, words};
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, Trouble, read_json};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, ParcelState};
use dopo_engine::ports::{
    AccountField, Allowance, Ask, CourierDesk, Looked, ShopWord, Vendor, WriteBack, Written,
};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The version of the Admin API that is spoken.
pub const API_VERSION: &str = "2026-07";
/// Events of a fulfilment that are looked through for a repeat, the newest.
pub const EVENTS_LOOKED_AT: usize = 50;
/// Milliseconds between two calls: one event costs 10 of 100 points a second in the smallest plan, a query less.
const GAP_MILLISECONDS: u64 = 250;

/// Asks for the events that a fulfilment holds.
pub const EVENTS_QUERY: &str = "query DopoEvents($id: ID!, $first: Int!) { fulfillment(id: $id) { events(first: $first, sortKey: HAPPENED_AT, reverse: true) { nodes { status happenedAt } } } }";
/// Writes an event.
pub const EVENT_MUTATION: &str = "mutation DopoEvent($fulfillmentEvent: FulfillmentEventInput!) { fulfillmentEventCreate(fulfillmentEvent: $fulfillmentEvent) { fulfillmentEvent { id } userErrors { field message } } }";

/// Shopify as the one to whom parcels' states are written back.
pub const VENDOR: Vendor = Vendor {
    name: "shopify",
    title: "Shopify",
    fields: &[
        AccountField {
            name: "shop_url",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "access_token",
            secret: true,
            optional: false,
        },
        BASE_URL,
    ],
    covers: &[],
    asked: false,
    releases: &[],
};

pub(crate) fn tables() -> Vec<&'static CodeTable> {
    Vec::new()
}

pub(crate) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(Desk {
        caller: account.caller(&account.need("shop_url")?)?,
        token: account.need("access_token")?,
    }))
}

/// A state as Shopify's `FulfillmentEventStatus` of the stable versions.
///
/// It has no word for a hold: a parcel that waits for instructions is `DELAYED`, with the words beside it. What ends
/// without the customer having it is `FAILURE`.
pub fn status(word: &ShopWord) -> Option<&'static str> {
    Some(match word.state {
        ParcelState::Unknown | ParcelState::Cancelled | ParcelState::Expired => return None,
        ParcelState::Announced => "CONFIRMED",
        ParcelState::PickedUp
        | ParcelState::InTransit
        | ParcelState::Customs
        | ParcelState::AtDepot
            if is_late(word) =>
        {
            "DELAYED"
        }
        ParcelState::PickedUp => "CARRIER_PICKED_UP",
        ParcelState::InTransit | ParcelState::Customs | ParcelState::AtDepot => "IN_TRANSIT",
        ParcelState::OutForDelivery => "OUT_FOR_DELIVERY",
        ParcelState::AttemptFailed => "ATTEMPTED_DELIVERY",
        ParcelState::HeldAtDepot => "DELAYED",
        ParcelState::ReadyForPickup => "READY_FOR_PICKUP",
        ParcelState::Delivered | ParcelState::Collected => "DELIVERED",
        ParcelState::Refused
        | ParcelState::Returning
        | ParcelState::Returned
        | ParcelState::Lost => "FAILURE",
    })
}

/// The variables of [`EVENT_MUTATION`]; nothing where Shopify has no word for the state or names no fulfilment.
pub fn event(word: &ShopWord) -> Option<Value> {
    let status = status(word)?;
    let mut event = json!({
        "fulfillmentId": gid(word.fulfilment.as_deref()?),
        "status": status,
        "happenedAt": seconds(word.at),
        "message": format!("{}{OUR_MARK}", words(word)?),
    });
    if let Some(until) = word.expected_until {
        event["estimatedDeliveryAt"] = seconds(until).into();
    }
    Some(json!({ "fulfillmentEvent": event }))
}

fn gid(id: &str) -> String {
    if id.starts_with("gid://") {
        id.to_owned()
    } else {
        format!("gid://shopify/Fulfillment/{id}")
    }
}

/// Shopify keeps whole seconds.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Deserialize, Default)]
struct Extensions {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
struct Asked {
    fulfillment: Option<Fulfillment>,
}

#[derive(Deserialize)]
struct Fulfillment {
    events: Events,
}

#[derive(Deserialize)]
struct Events {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    status: String,
    happened_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    fulfillment_event_create: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct UserError {
    message: String,
}

struct Desk {
    caller: Caller,
    token: String,
}

impl Desk {
    async fn ask<T: DeserializeOwned>(&self, query: &str, variables: &Value) -> Result<T, Trouble> {
        let call = Call::post(format!("/admin/api/{API_VERSION}/graphql.json"))
            .json(&json!({ "query": query, "variables": variables }))
            .header("x-shopify-access-token", &self.token)
            .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        let told: Answer<T> = read_json(answer.data(Due::Json)?).map_err(Trouble::Unreadable)?;
        if let Some(fault) = told.errors.first() {
            return Err(match fault.extensions.code.as_str() {
                "THROTTLED" | "INTERNAL_SERVER_ERROR" | "TIMEOUT" => {
                    Trouble::later("Shopify has had enough calls for now")
                }
                "ACCESS_DENIED" => Trouble::Refused(
                    "the token may not write fulfilment events: give the app write_fulfillments"
                        .to_owned(),
                ),
                _ => Trouble::Refused("Shopify does not take the request".to_owned()),
            });
        }
        told.data
            .ok_or_else(|| Trouble::Unreadable("the answer holds no data".to_owned()))
    }

    async fn told(&self, word: &ShopWord, status: &str, event: &Value) -> Result<Written, Trouble> {
        let id = gid(word.fulfilment.as_deref().unwrap_or_default());
        let variables = json!({ "id": id, "first": EVENTS_LOOKED_AT });
        let held: Asked = self.ask(EVENTS_QUERY, &variables).await?;
        let held = held.fulfillment.ok_or(Trouble::Unknown)?.events.nodes;
        let same = |node: &Node| {
            node.status == status && node.happened_at.as_second() == word.at.as_second()
        };
        if held.iter().any(same) {
            return Ok(Written::Done);
        }
        let created: Created = self.ask(EVENT_MUTATION, event).await?;
        Ok(match created.fulfillment_event_create.user_errors.first() {
            None => Written::Done,
            Some(error) => {
                let why: String = error.message.chars().take(200).collect();
                Written::Refused(format!("Shopify does not take the event: {why}"))
            }
        })
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        VENDOR.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: 1,
            per_day: None,
            gap: Duration::from_millis(GAP_MILLISECONDS),
        }
    }

    fn is_asked(&self) -> bool {
        false
    }

    async fn look(&self, _asks: &[Ask]) -> Looked {
        Looked::Refused("Shopify is told about parcels and not asked".to_owned())
    }

    fn write_back(&self) -> Option<&dyn WriteBack> {
        Some(self)
    }
}

#[async_trait]
impl WriteBack for Desk {
    async fn write(&self, word: &ShopWord) -> Written {
        let (Some(status), Some(event)) = (status(word), event(word)) else {
            return Written::Nothing("Shopify has no word for this state, or no fulfilment");
        };
        match self.told(word, status, &event).await {
            Ok(written) => written,
            Err(trouble) => troubled(trouble),
        }
    }
}
