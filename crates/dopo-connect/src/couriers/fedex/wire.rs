//! What FedEx sends (`POST /track/v1/trackingnumbers`).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) output: Option<Output>,
    #[serde(default)]
    pub(crate) errors: Vec<Error>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    #[serde(default)]
    pub(crate) complete_track_results: Vec<Complete>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Complete {
    pub(crate) tracking_number: Option<String>,
    #[serde(default)]
    pub(crate) track_results: Vec<Shipment>,
}

#[derive(Deserialize)]
pub(crate) struct Error {
    #[serde(default)]
    pub(crate) code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shipment {
    #[serde(default)]
    pub(crate) date_and_times: Vec<Moment>,
    #[serde(default)]
    pub(crate) scan_events: Vec<Scan>,
    pub(crate) package_details: Option<Details>,
    pub(crate) estimated_delivery_time_window: Option<Estimated>,
    pub(crate) standard_transit_time_window: Option<Estimated>,
    pub(crate) hold_at_location: Option<Hold>,
    pub(crate) error: Option<Error>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Moment {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) date_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Scan {
    pub(crate) date: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) event_description: Option<String>,
    pub(crate) exception_description: Option<String>,
    pub(crate) derived_status_code: Option<String>,
    pub(crate) scan_location: Option<Address>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    #[serde(default)]
    pub(crate) street_lines: Vec<String>,
    pub(crate) city: Option<String>,
    pub(crate) state_or_province_code: Option<String>,
    pub(crate) postal_code: Option<String>,
    pub(crate) country_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Details {
    pub(crate) weight_and_dimensions: Option<Weights>,
}

#[derive(Deserialize)]
pub(crate) struct Weights {
    #[serde(default)]
    pub(crate) weight: Vec<Weight>,
}

#[derive(Deserialize)]
pub(crate) struct Weight {
    pub(crate) unit: Option<String>,
    pub(crate) value: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Estimated {
    pub(crate) window: Option<Ends>,
}

#[derive(Deserialize)]
pub(crate) struct Ends {
    pub(crate) begins: Option<String>,
    pub(crate) ends: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hold {
    pub(crate) location_contact_and_address: Option<HoldPlace>,
}

#[derive(Deserialize)]
pub(crate) struct HoldPlace {
    pub(crate) contact: Option<Contact>,
    pub(crate) address: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Contact {
    pub(crate) company_name: Option<String>,
}
