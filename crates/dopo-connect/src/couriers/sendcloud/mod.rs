//! Sendcloud: webhooks of API v2 and v3, and the parcel tracking API v3.
//!
//! API v2 tells numbers, v3 tells codes: [`ids`] stand for codes, and one table says what a code means.

mod client;
mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::Arc;

pub use translate::{code_of_id, ids, meaning, tracking, translate};

/// Sendcloud with the keys of an integration.
pub const VENDOR: Vendor = Vendor {
    name: "sendcloud",
    title: "Sendcloud",
    fields: &[
        AccountField {
            name: "public_key",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "secret_key",
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
