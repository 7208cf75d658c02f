//! Asks and instructs GLS Italy.

use super::release::{self, Profile};
use super::translate;
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, Trouble, query};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{Courier, HoldAction, Telling};
use dopo_engine::ports::{AccountField, Allowance, Ask, CourierDesk, Looked, Released, Vendor};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const ADDRESS: &str = "https://infoweb.gls-italy.com";
const RELEASE_ADDRESS: &str = "https://www.gls-italy.com";
const COVERS: &[Courier] = &[Courier::GlsItaly];
/// Between two calls of one account. GLS documents no limit; this is four a second.
const GAP: Duration = Duration::from_millis(250);
/// What GLS can be told.
pub const RELEASES: &[HoldAction] = &HoldAction::ALL;

const fn field(name: &'static str, secret: bool, optional: bool) -> AccountField {
    AccountField {
        name,
        secret,
        optional,
    }
}

/// GLS Italy in the list of vendors.
pub const VENDOR: Vendor = Vendor {
    name: "gls_it",
    title: "GLS Italy",
    fields: &[
        field("depot", false, false),
        field("contract", true, false),
        field("profile", false, true),
        field("password", true, true),
        field("phone", false, true),
        BASE_URL,
        field("release_url", false, true),
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
    releaser: Caller,
    depot: String,
    contract: String,
    profile: Option<(String, String)>,
    phone: String,
}

/// Opens an account. Without `profile` and `password` it asks and cannot instruct.
///
/// # Errors
/// In words: a field is missing or cannot be right.
pub fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    let depot = account.need("depot")?.to_ascii_uppercase();
    if !depot.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err("depot is the letters of the GLS depot, such as BO".to_owned());
    }
    let profile = account.get("profile").zip(account.get("password"));
    Ok(Arc::new(Desk {
        caller: account.caller(ADDRESS)?,
        releaser: account.caller_of(account.get("release_url").unwrap_or(RELEASE_ADDRESS))?,
        depot,
        contract: account.need("contract")?,
        profile: profile.map(|(code, password)| (code.to_owned(), password.to_owned())),
        phone: account.get("phone").unwrap_or_default().to_owned(),
    }))
}

impl Desk {
    async fn ask(&self, ask: &Ask) -> Result<Telling, Trouble> {
        // GLS wants the depot and the digits apart.
        let whole = release::whole_number(&self.depot, &ask.number);
        let Some((depot, digits)) = whole.split_at_checked(2) else {
            return Err(Trouble::Unknown);
        };
        let path = format!(
            "/XML/get_xml_track.php?{}",
            query(&[
                ("locpartenza", depot),
                ("NumSped", digits),
                ("CodCli", &self.contract)
            ])
        );
        let answer = self.caller.call(Call::get(path)).await?;
        translate::translate(answer.data(Due::Xml)?)
    }

    async fn instruct(&self, call: &CourierCall) -> Result<Released, Trouble> {
        let Some((code, password)) = &self.profile else {
            return Ok(Released::Refused(
                "this account has no web profile (profile, password) with which GLS takes instructions"
                    .to_owned(),
            ));
        };
        let profile = Profile {
            depot: &self.depot,
            code,
            password,
            phone: &self.phone,
        };
        let request = Call::post("/PHPApps/redelivery_parcel.php")
            .header("accept", "text/xml")
            .xml(release::request(profile, call));
        let answer = self.releaser.call(request).await?;
        let number = release::whole_number(&self.depot, &call.number);
        release::outcome(answer.data(Due::Xml)?, &number)
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
        match self.profile {
            Some(_) => RELEASES,
            None => &[],
        }
    }

    async fn release(&self, call: &CourierCall) -> Released {
        let instructed = self.instruct(call).await;
        instructed.unwrap_or_else(Trouble::released)
    }
}
