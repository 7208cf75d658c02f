//! Asks and instructs Qapla'.

use super::{release, shipments};
use crate::couriers::codes::CodeTable;
use crate::couriers::http::{Call, Caller, Due, TokenStore, Trouble, query, read_json};
use crate::couriers::{Account, BASE_URL};
use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{Courier, HoldAction, Telling};
use dopo_engine::ports::{AccountField, Allowance, Ask, CourierDesk, Looked, Released, Vendor};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

const ADDRESS: &str = "https://api.qapla.it";
const COVERS: &[Courier] = Courier::ALL;
/// Between two calls: the bucket refills with two a second, and the hook and other programs of the shop draw on it too.
const GAP: Duration = Duration::from_secs(1);
/// How long a token lasts where the answer does not say.
const TOKEN_TIME_USUAL: Duration = Duration::from_secs(3_600);
/// What Qapla' can be told.
pub const RELEASES: &[HoldAction] = release::ACTIONS;

/// Qapla' in the list of vendors.
pub const VENDOR: Vendor = Vendor {
    name: "qapla",
    title: "Qapla'",
    fields: &[
        AccountField {
            name: "api_key",
            secret: true,
            optional: false,
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
    key: String,
    tokens: TokenStore,
}

/// Opens an account.
///
/// # Errors
/// In words: a field is missing or cannot be right.
pub fn open(account: &Account<'_>) -> Result<Arc<dyn CourierDesk>, String> {
    Ok(Arc::new(Desk {
        caller: account.caller(ADDRESS)?,
        key: account.need("api_key")?,
        tokens: TokenStore::default(),
    }))
}

#[derive(Deserialize)]
struct Granted {
    token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Desk {
    async fn ask(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let path = format!(
            "/1.3/getShipment/?{}",
            query(&[
                ("apiKey", &self.key),
                ("trackingNumber", ask.number.trim()),
                ("lang", "it"),
            ])
        );
        let answer = self.caller.call(Call::get(path)).await?;
        shipments::translate(answer.data(Due::Json)?, &ask.number)
    }

    async fn token(&self) -> Result<String, Trouble> {
        let fetch = async {
            let call = Call::post("/v2/auth/token").json(&json!({"apiKey": self.key}));
            let answer = self.caller.call(call).await?;
            let granted: Granted = read_json(answer.data(Due::Json)?).map_err(Trouble::later)?;
            let lasts = granted
                .expires_in
                .map_or(TOKEN_TIME_USUAL, Duration::from_secs);
            Ok((granted.token, lasts))
        };
        self.tokens.token(fetch).await
    }

    async fn instruct(&self, call: &CourierCall) -> Result<Released, Trouble> {
        let refused = |why: &str| Ok(Released::Refused(why.to_owned()));
        let Some(request) = release::request(call) else {
            return refused("Qapla' cannot be told this: choose another action");
        };
        let id = call.reference.as_deref().unwrap_or_default().trim();
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
            return refused(
                "Qapla's id of this shipment is not known yet: it comes with the next look",
            );
        }
        let path = format!("/v2/shipments/{id}/stock-release");
        for last in [false, true] {
            let token = self.token().await?;
            let post = Call::post(path.as_str())
                .header("authorization", format!("Bearer {token}"))
                .json(&request);
            let answer = self.caller.call(post).await?;
            if answer.status == 401 && !last {
                self.tokens.forget().await;
                continue;
            }
            return release::outcome(&answer);
        }
        Err(Trouble::later("Qapla' accepts no token"))
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
