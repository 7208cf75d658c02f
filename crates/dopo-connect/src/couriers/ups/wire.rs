//! What UPS sends: the Track API (version 1) and Track Alert.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) track_response: Option<TrackResponse>,
    /// Errors come in a response of their own.
    pub(crate) response: Option<Errors>,
}

#[derive(Deserialize)]
pub(crate) struct Errors {
    #[serde(default)]
    pub(crate) errors: Vec<Error>,
}

#[derive(Deserialize)]
pub(crate) struct Error {
    #[serde(default)]
    pub(crate) code: String,
}

#[derive(Deserialize)]
pub(crate) struct TrackResponse {
    #[serde(default)]
    pub(crate) shipment: Vec<Shipment>,
}

#[derive(Deserialize)]
pub(crate) struct Shipment {
    #[serde(default)]
    pub(crate) package: Vec<Package>,
    #[serde(default)]
    pub(crate) warnings: Vec<Error>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    pub(crate) tracking_number: Option<String>,
    #[serde(default)]
    pub(crate) activity: Vec<Activity>,
    #[serde(default)]
    pub(crate) delivery_date: Vec<DeliveryDate>,
    pub(crate) delivery_time: Option<DeliveryTime>,
    pub(crate) access_point_information: Option<AccessPoint>,
    #[serde(default)]
    pub(crate) package_address: Vec<PackageAddress>,
    #[serde(default)]
    pub(crate) payment_information: Vec<Payment>,
    pub(crate) weight: Option<Weight>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Activity {
    pub(crate) date: Option<String>,
    pub(crate) time: Option<String>,
    pub(crate) gmt_date: Option<String>,
    pub(crate) gmt_time: Option<String>,
    pub(crate) gmt_offset: Option<String>,
    pub(crate) location: Option<Location>,
    pub(crate) status: Option<Status>,
}

#[derive(Deserialize)]
pub(crate) struct Location {
    pub(crate) address: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) city: Option<String>,
    pub(crate) state_province: Option<String>,
    pub(crate) country_code: Option<String>,
    pub(crate) country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) status_code: Option<String>,
    pub(crate) description: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct DeliveryDate {
    pub(crate) date: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryTime {
    pub(crate) start_time: Option<String>,
    pub(crate) end_time: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessPoint {
    pub(crate) pickup_by_date: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct PackageAddress {
    pub(crate) address: Option<Address>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Payment {
    pub(crate) amount: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) paid: Option<bool>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Weight {
    pub(crate) unit_of_measurement: Option<String>,
    pub(crate) weight: Option<String>,
}

/// A Track Alert (`TrackingEventRequest`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    pub(crate) tracking_number: String,
    pub(crate) local_activity_date: Option<String>,
    pub(crate) local_activity_time: Option<String>,
    pub(crate) gmt_activity_date: Option<String>,
    pub(crate) gmt_activity_time: Option<String>,
    pub(crate) gmt_offset: Option<String>,
    pub(crate) activity_location: Option<Address>,
    pub(crate) activity_status: Status,
    pub(crate) scheduled_delivery_date: Option<String>,
    pub(crate) delivery_start_time: Option<String>,
    pub(crate) delivery_end_time: Option<String>,
}
