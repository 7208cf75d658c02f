//! Asks UPS's Track API, one number a call, with a token of about four hours.

use super::{CODES, VENDOR, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, TokenStore, Trouble, encode, one_by_one};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const ADDRESS: &str = "https://onlinetools.ups.com";
/// How we call ourselves.
const SOURCE: &str = "dopo";

pub(super) struct Desk {
    caller: Caller,
    client_id: String,
    client_secret: String,
    token: TokenStore,
    calls: AtomicU64,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            client_id: account.need("client_id")?,
            client_secret: account.need("client_secret")?,
            token: TokenStore::default(),
            calls: AtomicU64::new(0),
        })
    }

    async fn one(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let grant = Call::post("/security/v1/oauth/token")
            .basic(&self.client_id, &self.client_secret)
            .form(&[("grant_type", "client_credentials")]);
        let token = self.token.client_credentials(&self.caller, grant).await?;
        // Numbers the call for UPS's support; it says nothing of the parcel.
        let id = self.calls.fetch_add(1, Ordering::Relaxed);
        let call = Call::get(format!(
            "/api/track/v1/details/{}?locale=it_IT&returnSignature=false",
            encode(&ask.number)
        ))
        .header("authorization", format!("Bearer {token}"))
        .header("transid", format!("{SOURCE}-{id:012}"))
        .header("transactionsrc", SOURCE)
        .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        if answer.status == 401 {
            self.token.forget().await;
            return Err(Trouble::later("UPS wants a new token"));
        }
        if matches!(answer.status, 400 | 403 | 404)
            && let Some(trouble) = translate::trouble_in(&answer.body)
        {
            return Err(trouble);
        }
        translate::telling(answer.data(Due::Json)?, &ask.number, &CODES)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        VENDOR.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: 1,
            per_day: None,
            gap: Duration::from_secs(1),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        one_by_one(asks, |ask| self.one(ask)).await
    }
}
