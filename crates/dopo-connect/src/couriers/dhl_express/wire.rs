//! What MyDHL sends (`GET /shipments/{number}/tracking`).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shipment {
    pub(crate) shipment_tracking_number: Option<String>,
    pub(crate) shipment_timestamp: Option<String>,
    pub(crate) total_weight: Option<f64>,
    pub(crate) unit_of_measurements: Option<String>,
    pub(crate) receiver_details: Option<Party>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) estimated_delivery_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Party {
    pub(crate) postal_address: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) country_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) date: Option<String>,
    pub(crate) time: Option<String>,
    #[serde(rename = "GMTOffset")]
    pub(crate) gmt_offset: Option<String>,
    pub(crate) type_code: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) service_area: Vec<Area>,
}

#[derive(Deserialize)]
pub(crate) struct Area {
    pub(crate) description: Option<String>,
}
