//! Asks InPost. Nothing in a number says which country's host knows it.

use super::translate;
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, Trouble, encode};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{AccountField, Allowance, Ask, CourierDesk, Looked, Vendor};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const ITALY: &str = "https://api-shipx-it.easypack24.net";
const POLAND: &str = "https://api-shipx-pl.easypack24.net";
const COVERS: &[Courier] = &[Courier::InpostItaly];
/// Between two calls. The tracking is public and not documented, so we ask slowly.
const GAP: Duration = Duration::from_secs(1);
/// The account's field for another second host.
const SECOND_URL: &str = "second_url";

/// InPost in the list of vendors.
pub const VENDOR: Vendor = Vendor {
    name: "inpost_it",
    title: "InPost",
    fields: &[
        BASE_URL,
        AccountField {
            name: SECOND_URL,
            secret: false,
            optional: true,
        },
    ],
    covers: COVERS,
    asked: true,
    releases: &[],
};

static TABLE: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded(VENDOR.name, include_str!("codes.csv")));

pub(super) fn table() -> &'static CodeTable {
    &TABLE
}

/// Its table of codes.
pub fn tables() -> Vec<&'static CodeTable> {
    vec![table()]
}

struct Desk {
    italy: Caller,
    poland: Caller,
}

/// Opens an account. It needs no keys.
///
/// # Errors
/// In words: an address cannot be used.
pub fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(Desk {
        italy: account.caller(ITALY)?,
        poland: account.caller_of(account.get(SECOND_URL).unwrap_or(POLAND))?,
    }))
}

impl Desk {
    async fn ask(&self, ask: &Ask) -> Result<Telling, Trouble> {
        match self.ask_at(&self.italy, ask).await {
            Err(Trouble::Unknown) => self.ask_at(&self.poland, ask).await,
            told => told,
        }
    }

    async fn ask_at(&self, host: &Caller, ask: &Ask) -> Result<Telling, Trouble> {
        let path = format!("/v1/tracking/{}", encode(ask.number.trim()));
        let call = Call::get(path).header("accept", "application/json");
        let answer = host.call(call).await?;
        translate::translate(answer.data(Due::Json)?, &ask.number)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        COVERS
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: 1,
            per_day: None,
            gap: GAP,
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        crate::couriers::http::one_by_one(asks, |ask| self.ask(ask)).await
    }
}
