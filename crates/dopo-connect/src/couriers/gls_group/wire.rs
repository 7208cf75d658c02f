//! What GLS Group's Track & Trace sends (`GET /tracking/simple/trackids/{numbers}`).

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) parcels: Vec<Parcel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parcel {
    pub(crate) requested: Option<String>,
    pub(crate) unitno: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) status_date_time: Option<String>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) error_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) code: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) event_date_time: Option<String>,
}
