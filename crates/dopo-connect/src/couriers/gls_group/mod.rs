//! GLS Group: parcels of GLS outside Italy, and Italian ones abroad.

mod client;
pub mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::{Arc, LazyLock};

/// GLS with an app of its developer portal.
pub const VENDOR: Vendor = Vendor {
    name: "gls_group",
    title: "GLS",
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
        AccountField {
            name: "calls_per_day",
            secret: false,
            optional: true,
        },
        BASE_URL,
    ],
    covers: &[Courier::GlsGroup],
    asked: true,
    releases: &[],
};

/// What its codes mean.
pub static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("gls_group", include_str!("codes.csv")));

pub(super) fn tables() -> Vec<&'static CodeTable> {
    vec![&CODES]
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(client::Desk::open(account)?))
}
