//! What DHL's unified tracking sends (`GET /track/shipments`).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shipment {
    pub(crate) service: Option<String>,
    pub(crate) status: Option<Event>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) estimated_time_of_delivery: Option<String>,
    pub(crate) estimated_delivery_time_frame: Option<Frame>,
    pub(crate) return_flag: Option<bool>,
    pub(crate) details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) timestamp: Option<String>,
    pub(crate) location: Option<Location>,
    pub(crate) status_code: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Location {
    pub(crate) address: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) country_code: Option<String>,
    pub(crate) address_locality: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frame {
    pub(crate) estimated_from: Option<String>,
    pub(crate) estimated_through: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Details {
    pub(crate) weight: Option<Weight>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Weight {
    pub(crate) value: Option<f64>,
    pub(crate) unit_text: Option<String>,
}
