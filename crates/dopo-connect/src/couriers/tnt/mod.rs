//! TNT by ExpressConnect.

mod client;
pub mod translate;
mod wire;

use super::codes::CodeTable;
use super::{Account, BASE_URL};
use dopo_core::parcel::Courier;
use dopo_engine::ports::{AccountField, CourierDesk, Vendor};
use std::sync::{Arc, LazyLock};

/// TNT with name and password of ExpressConnect.
pub const VENDOR: Vendor = Vendor {
    name: "tnt",
    title: "TNT",
    fields: &[
        AccountField {
            name: "user",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "password",
            secret: true,
            optional: false,
        },
        BASE_URL,
    ],
    covers: &[Courier::Tnt],
    asked: true,
    releases: &[],
};

/// What its codes mean.
pub static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("tnt", include_str!("codes.csv")));

pub(super) fn tables() -> Vec<&'static CodeTable> {
    vec![&CODES]
}

pub(super) fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(client::Desk::open(account)?))
}
