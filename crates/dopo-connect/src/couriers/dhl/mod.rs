//! DHL's unified tracking: parcels of all its divisions, Express too.

mod client;
pub mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::{Arc, LazyLock};

/// DHL with a key of its developer portal.
pub const VENDOR: Vendor = Vendor {
    name: "dhl",
    title: "DHL",
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
    covers: &[Courier::Dhl, Courier::DhlExpress],
    asked: true,
    releases: &[],
};

/// What its codes mean.
pub static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("dhl", include_str!("codes.csv")));

pub(super) fn tables() -> Vec<&'static CodeTable> {
    vec![&CODES]
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(client::Desk::open(account, None, VENDOR.covers)?))
}

/// Opens an account for one division alone.
pub(super) fn open_division(
    account: &Account<'_>,
    division: &'static str,
    covers: &'static [Courier],
) -> Result<Arc<dyn CourierDesk>, String> {
    let desk = client::Desk::open(account, Some(division), covers)?;
    Ok(Arc::new(desk))
}
