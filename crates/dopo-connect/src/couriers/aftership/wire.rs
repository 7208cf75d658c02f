//! What AfterShip sends: its webhook, and the trackings of its API (2026-07). People and addresses are not read.

use serde::Deserialize;

use crate::translation::{Text, or_default};

#[derive(Deserialize)]
pub(super) struct Hook {
    #[serde(default)]
    pub(super) event: String,
    pub(super) msg: Option<Tracking>,
}

/// Any answer of the API.
#[derive(Deserialize)]
pub(super) struct Answer<T> {
    pub(super) meta: Meta,
    pub(super) data: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct Meta {
    pub(super) code: u32,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) trackings: Vec<Tracking>,
}

/// Only which tracking it is: the data of an answer to a duplicate.
#[derive(Deserialize, Default)]
pub(super) struct Named {
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    pub(super) tracking_number: Option<Text>,
    pub(super) slug: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) checkpoints: Vec<Checkpoint>,
    pub(super) shipment_direction: Option<String>,
    pub(super) latest_estimated_delivery: Option<Estimated>,
    pub(super) return_shipment: Option<Other>,
    pub(super) multi_piece_info: Option<Pieces>,
    pub(super) shipment_weight: Option<Weight>,
}

#[derive(Deserialize)]
pub(super) struct Checkpoint {
    pub(super) checkpoint_time: Option<String>,
    pub(super) subtag: Option<String>,
    pub(super) tag: Option<String>,
    pub(super) message: Option<String>,
    pub(super) location: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) country_region_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Estimated {
    pub(super) datetime: Option<String>,
    pub(super) datetime_min: Option<String>,
    pub(super) datetime_max: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Other {
    pub(super) tracking_number: Option<Text>,
}

#[derive(Deserialize)]
pub(super) struct Pieces {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) pieces: Vec<Other>,
}

#[derive(Deserialize)]
pub(super) struct Weight {
    pub(super) unit: Option<String>,
    pub(super) value: Option<f64>,
}
