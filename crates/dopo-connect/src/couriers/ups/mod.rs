//! UPS: the Track API, Track Alert's pushes, and the XML of the service before.

mod client;
pub mod push;
pub mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::{Arc, LazyLock};

/// UPS with an app of its developer portal.
pub const VENDOR: Vendor = Vendor {
    name: "ups",
    title: "UPS",
    fields: &[
        AccountField {
            name: "client_id",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "client_secret",
            secret: true,
            optional: false,
        },
        BASE_URL,
    ],
    covers: &[Courier::Ups],
    asked: true,
    releases: &[],
};

/// What its codes mean.
pub static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("ups", include_str!("codes.csv")));

pub(super) fn tables() -> Vec<&'static CodeTable> {
    vec![&CODES]
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(client::Desk::open(account)?))
}
