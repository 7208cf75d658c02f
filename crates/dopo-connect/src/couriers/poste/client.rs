//! Asks and instructs Poste by its business API.

use super::{deposits, translate};
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, TokenStore, Trouble, query};
use crate::couriers::time::Clock;
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{Courier, HoldAction, ParcelState, Telling};
use dopo_engine::ports::{AccountField, Allowance, Ask, CourierDesk, Looked, Released, Vendor};
use jiff::ToSpan;
use serde_json::json;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const ADDRESS: &str = "https://apiw.gp.posteitaliane.it";
const ROOT: &str = "/gp/internet";
const COVERS: &[Courier] = &[Courier::Poste];
/// Between two calls of one account. Poste documents no limit; this is four a second.
const GAP: Duration = Duration::from_millis(250);
/// Days after the first scan of a hold that are asked for in the list of held parcels.
const HOLD_DAYS_ASKED: i64 = 31;
/// What Poste can be told.
pub const RELEASES: &[HoldAction] = deposits::ACTIONS;

const fn field(name: &'static str, secret: bool, optional: bool) -> AccountField {
    AccountField {
        name,
        secret,
        optional,
    }
}

/// Poste in the list of vendors.
pub const VENDOR: Vendor = Vendor {
    name: "poste",
    title: "Poste Italiane",
    fields: &[
        field("client_id", false, false),
        field("client_secret", true, false),
        field("scope", false, false),
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
    tokens: TokenStore,
    client: String,
    secret: String,
    scope: String,
}

/// Opens an account.
///
/// # Errors
/// In words: a field is missing or cannot be right.
pub fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(Desk {
        caller: account.caller(ADDRESS)?,
        tokens: TokenStore::default(),
        client: account.need("client_id")?,
        secret: account.need("client_secret")?,
        scope: account.need("scope")?,
    }))
}

impl Desk {
    async fn token(&self) -> Result<String, Trouble> {
        let session = Call::post(format!("{ROOT}/user/sessions"))
            .header("poste_clientid", self.client.clone())
            .json(&json!({
                "clientId": self.client,
                "secretId": self.secret,
                "scope": self.scope,
                "grantType": "client_credentials",
            }));
        self.tokens.client_credentials(&self.caller, session).await
    }

    /// Calls with the token; it stands bare in the header, without `Bearer`. A session that ended early is opened again
    /// once.
    async fn with_token(&self, call: Call) -> Result<Vec<u8>, Trouble> {
        for last in [false, true] {
            let token = self.token().await?;
            let answer = self
                .caller
                .call(call.clone().header("authorization", token))
                .await?;
            if answer.status == 401 && !last {
                self.tokens.forget().await;
                continue;
            }
            return answer.data(Due::Json).map(<[u8]>::to_vec);
        }
        Err(Trouble::later("Poste accepts no session"))
    }

    async fn ask(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let path = format!(
            "{ROOT}/postalandlogistics/parcel/tracking?{}",
            query(&[
                ("waybillNumber", ask.number.trim()),
                ("lastTracingState", "N"),
                ("statusDescription", "E"),
                ("customerType", "DQ"),
            ])
        );
        let body = self
            .with_token(Call::get(path).header("accept", "application/json"))
            .await?;
        let mut told = translate::translate(&body, &ask.number)?;
        // When the hold ends stands in another list. Without it the parcel is held all the same.
        if let Ok(Some(held)) = self.held(&told).await {
            deposits::enrich(&mut told, &held, &ask.number);
        }
        Ok(told)
    }

    async fn held(&self, told: &Telling) -> Result<Option<Vec<deposits::Deposit>>, Trouble> {
        let newest = told.scans.iter().rev().find(|scan| !scan.taken_back);
        let Some(scan) = newest.filter(|s| s.checkpoint.state == ParcelState::HeldAtDepot) else {
            return Ok(None);
        };
        let began = Clock::rome().zone().to_datetime(scan.checkpoint.at).date();
        let from = began.checked_sub(HOLD_DAYS_ASKED.days()).unwrap_or(began);
        let to = began.checked_add(HOLD_DAYS_ASKED.days()).unwrap_or(began);
        let call = Call::post(format!("{ROOT}/postalandlogistics/parcel/depositsList"))
            .json(&deposits::list_request(from, to));
        deposits::list(&self.with_token(call).await?).map(Some)
    }

    async fn instruct(&self, call: &CourierCall) -> Result<Released, Trouble> {
        let Some(request) = deposits::release_request(call) else {
            return Ok(Released::Refused(
                "Poste cannot be told this: choose another action".to_owned(),
            ));
        };
        let request =
            Call::post(format!("{ROOT}/postalandlogistics/parcel/depositsRelease")).json(&request);
        deposits::outcome(&self.with_token(request).await?, &call.number)
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
        RELEASES
    }

    async fn release(&self, call: &CourierCall) -> Released {
        let instructed = self.instruct(call).await;
        instructed.unwrap_or_else(Trouble::released)
    }
}
