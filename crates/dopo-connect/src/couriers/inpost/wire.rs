//! InPost's JSON, in the shapes of ShipX and of the group's tracking.

use crate::translation::{Text, list, or_default};
use serde::Deserialize;

/// The answer, whichever shape it has: ShipX tells one parcel, the group a list.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Answer {
    #[serde(deserialize_with = "list")]
    pub(super) parcels: Vec<Parcel>,
    #[serde(flatten)]
    pub(super) parcel: Parcel,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Parcel {
    #[serde(alias = "trackingNumber", deserialize_with = "or_default")]
    pub(super) tracking_number: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Text,
    #[serde(alias = "trackingDetails", alias = "events", deserialize_with = "list")]
    pub(super) tracking_details: Vec<Scan>,
    #[serde(deserialize_with = "or_default")]
    pub(super) custom_attributes: Attributes,
    #[serde(
        alias = "expiryDate",
        alias = "pickup_deadline",
        deserialize_with = "or_default"
    )]
    pub(super) expiry_date: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Scan {
    #[serde(alias = "eventCode", deserialize_with = "or_default")]
    pub(super) status: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) origin_status: Text,
    #[serde(alias = "statusTitle", deserialize_with = "or_default")]
    pub(super) description: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) agency: Text,
    #[serde(
        alias = "timestamp",
        alias = "eventTime",
        deserialize_with = "or_default"
    )]
    pub(super) datetime: Text,
    #[serde(rename = "locationName", deserialize_with = "or_default")]
    pub(super) location_name: Text,
    pub(super) location: Option<serde_json::Value>,
    #[serde(rename = "returnToSender", deserialize_with = "or_default")]
    pub(super) return_to_sender: Return,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Return {
    #[serde(rename = "trackingNumber", deserialize_with = "or_default")]
    pub(super) tracking_number: Text,
}

/// Where an event of the group happened.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Location {
    #[serde(deserialize_with = "or_default")]
    pub(super) r#type: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) address: Text,
    #[serde(rename = "postalCode", deserialize_with = "or_default")]
    pub(super) postal_code: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) city: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) description: Text,
}

/// What ShipX adds for a locker or point.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Attributes {
    #[serde(deserialize_with = "or_default")]
    pub(super) target_machine_id: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) target_machine_detail: Machine,
    #[serde(alias = "pickup_deadline", deserialize_with = "or_default")]
    pub(super) expiry_date: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Machine {
    #[serde(deserialize_with = "or_default")]
    pub(super) name: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) opening_hours: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) location_description: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) address: Lines,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Lines {
    #[serde(deserialize_with = "or_default")]
    pub(super) line1: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) line2: Text,
}
