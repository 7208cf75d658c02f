//! Asks BRT.

use super::{release, translate};
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, Trouble, encode};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{Courier, HoldAction, Telling};
use dopo_engine::ports::{AccountField, Allowance, Ask, CourierDesk, Looked, Released, Vendor};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const ADDRESS: &str = "https://api.brt.it";
const COVERS: &[Courier] = &[Courier::Brt];
/// Between two calls of one account. BRT documents no limit; this is four a second.
const GAP: Duration = Duration::from_millis(250);
/// The folder into which instructions are written; without it BRT is told nothing.
const RELEASE_FOLDER: &str = "release_folder";
/// What BRT can be told.
pub const RELEASES: &[HoldAction] = &HoldAction::ALL;

/// BRT in the list of vendors.
pub const VENDOR: Vendor = Vendor {
    name: "brt",
    title: "BRT",
    fields: &[
        AccountField {
            name: "user_id",
            secret: false,
            optional: false,
        },
        AccountField {
            name: "password",
            secret: true,
            optional: false,
        },
        AccountField {
            name: RELEASE_FOLDER,
            secret: false,
            optional: true,
        },
        BASE_URL,
    ],
    covers: COVERS,
    asked: true,
    releases: RELEASES,
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
    caller: Caller,
    user: String,
    password: String,
    folder: Option<PathBuf>,
}

/// Opens an account.
///
/// # Errors
/// In words: a field is missing or cannot be right.
pub fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    let folder = account.get(RELEASE_FOLDER).map(PathBuf::from);
    if folder.as_ref().is_some_and(|folder| !folder.is_absolute()) {
        return Err("release_folder must be the whole path of a folder".to_owned());
    }
    Ok(Arc::new(Desk {
        caller: account.caller(ADDRESS)?,
        user: account.need("user_id")?,
        password: account.need("password")?,
        folder,
    }))
}

impl Desk {
    async fn ask(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let path = format!("/rest/v1/tracking/parcelID/{}", encode(ask.number.trim()));
        // BRT's own headers, not those of basic authentication.
        let call = Call::get(path)
            .header("accept", "application/json")
            .header("userid", self.user.clone())
            .header("password", self.password.clone());
        let answer = self.caller.call(call).await?;
        translate::translate(answer.data(Due::Json)?, ask.shipped_on)
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

    fn releases(&self) -> &[HoldAction] {
        match self.folder {
            Some(_) => RELEASES,
            None => &[],
        }
    }

    async fn release(&self, call: &CourierCall) -> Released {
        let Some(folder) = self.folder.clone() else {
            return Released::Refused(
                "this account names no folder (release_folder) for BRT's instructions".to_owned(),
            );
        };
        let call = call.clone();
        let written = tokio::task::spawn_blocking(move || release::write(&folder, &call)).await;
        written.unwrap_or_else(|_| Released::Later {
            after: None,
            why: "writing the instruction broke off".to_owned(),
        })
    }
}
