//! DHL's parcels in Germany: the unified tracking asked for that division alone, so that a number which other divisions
//! use too is not taken for theirs. What it sends and what its codes mean is the module `dhl`'s.

use super::codes::CodeTable;
use super::{Account, BASE_URL, dhl};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::Arc;

/// DHL Paket with a key of DHL's developer portal.
pub const VENDOR: Vendor = Vendor {
    name: "dhl_parcel_de",
    title: "DHL Paket",
    fields: &[
        AccountField {
            name: "api_key",
            secret: true,
            optional: false,
        },
        AccountField {
            name: "calls_per_day",
            secret: false,
            optional: true,
        },
        BASE_URL,
    ],
    covers: &[Courier::Dhl],
    asked: true,
    releases: &[],
};

pub(super) fn tables() -> Vec<&'static CodeTable> {
    Vec::new()
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    dhl::open_division(account, "parcel-de", VENDOR.covers)
}
