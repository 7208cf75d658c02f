//! What 17TRACK sends (API v2): its webhook, and its answers, which are 200 with a code and a verdict for each number.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::translation::{Text, or_default};

#[derive(Deserialize)]
pub(super) struct Hook {
    #[serde(default)]
    pub(super) event: String,
    pub(super) data: Option<serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) code: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) data: Data,
}

#[derive(Deserialize, Default)]
pub(super) struct Data {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) accepted: Vec<Tracked>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) rejected: Vec<Rejected>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) errors: Vec<Fault>,
}

#[derive(Deserialize)]
pub(super) struct Rejected {
    #[serde(default)]
    pub(super) number: String,
    pub(super) error: Option<Fault>,
}

#[derive(Deserialize)]
pub(super) struct Fault {
    pub(super) code: i64,
}

#[derive(Deserialize)]
pub(super) struct Tracked {
    #[serde(default)]
    pub(super) number: String,
    pub(super) track_info: Option<Info>,
}

#[derive(Deserialize)]
pub(super) struct Info {
    pub(super) latest_status: Option<State>,
    pub(super) latest_event: Option<Event>,
    pub(super) time_metrics: Option<Metrics>,
    pub(super) tracking: Option<Tracking>,
}

#[derive(Deserialize)]
pub(super) struct State {
    pub(super) status: Option<String>,
    pub(super) sub_status: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Metrics {
    pub(super) estimated_delivery_date: Option<Estimated>,
}

#[derive(Deserialize)]
pub(super) struct Estimated {
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) providers: Vec<Provider>,
}

#[derive(Deserialize)]
pub(super) struct Provider {
    pub(super) provider: Option<ProviderName>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) events: Vec<Event>,
}

#[derive(Deserialize)]
pub(super) struct ProviderName {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) time_iso: Option<String>,
    pub(super) time_utc: Option<String>,
    pub(super) description: Option<String>,
    pub(super) location: Option<Text>,
    pub(super) stage: Option<String>,
    pub(super) sub_status: Option<String>,
}

pub(super) fn part<T: DeserializeOwned>(value: serde_json::Value) -> Option<T> {
    serde_json::from_value(value).ok()
}
