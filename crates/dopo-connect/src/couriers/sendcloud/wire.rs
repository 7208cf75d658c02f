//! What Sendcloud sends: the webhook of API v2 and v3, and the answer of the parcel tracking API v3. People and addresses
//! in them are not read.

use serde::Deserialize;

use crate::translation::Text;

#[derive(Deserialize)]
pub(super) struct Hook {
    #[serde(default)]
    pub(super) action: String,
    /// Milliseconds in the samples, seconds in the words of the documentation.
    pub(super) timestamp: Option<Text>,
    pub(super) carrier_status_change_timestamp: Option<Text>,
    pub(super) parcel: Option<Parcel>,
}

#[derive(Deserialize)]
pub(super) struct Parcel {
    pub(super) tracking_number: Option<Text>,
    pub(super) status: Option<Status>,
    pub(super) carrier: Option<Carrier>,
    #[serde(default)]
    pub(super) is_return: Option<bool>,
    /// Kilograms.
    pub(super) weight: Option<Text>,
    pub(super) external_order_id: Option<Text>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) id: Option<Text>,
    /// The code of API v3, where it is sent.
    pub(super) code: Option<Text>,
    pub(super) message: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Carrier {
    pub(super) code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    #[serde(default)]
    pub(super) events: Vec<Event>,
    pub(super) details: Option<Details>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) event_at: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) status_code: Option<String>,
    pub(super) sub_status_code: Option<String>,
    pub(super) status_description: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Details {
    pub(super) expected_delivery_date: Option<String>,
    pub(super) is_return: Option<bool>,
}
