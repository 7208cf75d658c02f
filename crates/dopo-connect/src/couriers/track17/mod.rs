//! 17TRACK: its webhook, and its API v2. For couriers that have no folder here.

mod client;
mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::Arc;

pub use translate::translate;

/// 17TRACK with an API key.
pub const VENDOR: Vendor = Vendor {
    name: "17track",
    title: "17TRACK",
    fields: &[
        AccountField {
            name: "api_key",
            secret: true,
            optional: false,
        },
        BASE_URL,
    ],
    covers: Courier::ALL,
    asked: true,
    releases: &[],
};

pub(super) fn tables() -> Vec<&'static CodeTable> {
    vec![&translate::CODES]
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(client::Desk::open(account)?))
}
