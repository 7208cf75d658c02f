//! Qapla's JSON: the same status under other names in each place.

use crate::translation::{Text, list, or_default};
use serde::Deserialize;

/// Of a webhook, what proves it and says what it is about.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Proof {
    #[serde(rename = "apiKey", deserialize_with = "or_default")]
    key: Text,
    #[serde(rename = "webhookReturnShipments")]
    returns: Option<ReturnProof>,
    orders: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ReturnProof {
    #[serde(rename = "apiKey", deserialize_with = "or_default")]
    key: Text,
}

impl Proof {
    pub(super) fn key(&self) -> &str {
        match &self.returns {
            Some(returns) => &returns.key.0,
            None => &self.key.0,
        }
    }

    pub(super) fn topic(&self) -> &'static str {
        match (&self.returns, &self.orders) {
            (Some(_), _) => "return_shipments",
            (None, Some(_)) => "orders",
            (None, None) => "shipment",
        }
    }
}

/// A webhook of any kind.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Hook {
    #[serde(rename = "webhookReturnShipments")]
    pub(super) returns: Option<Returns>,
    #[serde(deserialize_with = "list")]
    pub(super) orders: Vec<Order>,
    #[serde(flatten)]
    pub(super) shipment: Pushed,
}

/// A change of status.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Pushed {
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) number: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) courier: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) date: Text,
    #[serde(rename = "courierStatus", deserialize_with = "or_default")]
    pub(super) courier_status: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) place: Text,
    #[serde(rename = "qaplaStatusID", deserialize_with = "or_default")]
    pub(super) status: Text,
    #[serde(rename = "statusDetails", deserialize_with = "list")]
    pub(super) details: Vec<Detail>,
    #[serde(rename = "return", deserialize_with = "or_default")]
    pub(super) is_return: Text,
    #[serde(deserialize_with = "list")]
    pub(super) parcels: Vec<Weighed>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Detail {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Weighed {
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Returns {
    #[serde(rename = "returnShipments", deserialize_with = "list")]
    pub(super) shipments: Vec<ReturnShipment>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ReturnShipment {
    #[serde(deserialize_with = "or_default")]
    pub(super) date: Text,
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) number: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) courier: Named,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    #[serde(deserialize_with = "or_default")]
    pub(super) code: Text,
    #[serde(rename = "estimatedDeliveryDate", deserialize_with = "or_default")]
    pub(super) estimated: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Order {
    #[serde(rename = "shipDate", deserialize_with = "or_default")]
    pub(super) shipped: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) courier: Text,
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) number: Text,
    #[serde(rename = "returnTrackingNumber", deserialize_with = "or_default")]
    pub(super) return_number: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) weight: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) amount: Text,
    #[serde(rename = "isPOD", deserialize_with = "or_default")]
    pub(super) is_cash: Text,
}

/// The answer of `getShipment`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Answer {
    #[serde(rename = "getShipment")]
    pub(super) answer: Option<Body>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Body {
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Text,
    #[serde(deserialize_with = "list")]
    pub(super) shipments: Vec<Shipment>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shipment {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Text,
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) number: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) courier: Named,
    #[serde(rename = "newTrackingNumber", deserialize_with = "or_default")]
    pub(super) new_number: Text,
    #[serde(rename = "returnTrackingNumber", deserialize_with = "or_default")]
    pub(super) return_number: Text,
    #[serde(rename = "isReturnShipment", deserialize_with = "or_default")]
    pub(super) is_return: Text,
    #[serde(rename = "isCOD", deserialize_with = "or_default")]
    pub(super) is_cash: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) amount: Text,
    #[serde(deserialize_with = "list")]
    pub(super) children: Vec<Child>,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Scan,
    #[serde(rename = "trackingHistory", deserialize_with = "list")]
    pub(super) history: Vec<Scan>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Child {
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) number: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Scan {
    #[serde(rename = "dateISO", deserialize_with = "or_default")]
    pub(super) date: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) place: Text,
    #[serde(rename = "qaplaStatus", deserialize_with = "or_default")]
    pub(super) qapla: Status,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Status {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Text,
    #[serde(rename = "detailID", deserialize_with = "or_default")]
    pub(super) detail: Text,
}

/// `1` and `true` are yes.
pub(super) fn is_yes(text: &Text) -> bool {
    matches!(text.0.trim(), "1" | "true")
}
