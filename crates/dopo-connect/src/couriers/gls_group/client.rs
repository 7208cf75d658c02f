//! Asks GLS Group's Track & Trace: ten parcels a call, 500 calls a day unless GLS allows more.

use super::{CODES, VENDOR, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, TokenStore, Trouble, encode, found};
use async_trait::async_trait;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::time::Duration;

const ADDRESS: &str = "https://api.gls-group.net";
/// Parcels in one call.
const PARCELS_PER_CALL: usize = 10;
/// Calls a day that every account begins with.
const CALLS_PER_DAY: u32 = 500;

pub(super) struct Desk {
    caller: Caller,
    client_id: String,
    client_secret: String,
    per_day: u32,
    token: TokenStore,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        let per_day = match account.get("calls_per_day") {
            None => CALLS_PER_DAY,
            Some(number) => number
                .parse()
                .map_err(|_| "calls_per_day is a whole number".to_owned())?,
        };
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            client_id: account.need("client_id")?,
            client_secret: account.need("client_secret")?,
            per_day,
            token: TokenStore::default(),
        })
    }

    async fn answer(&self, asks: &[Ask]) -> Result<translate::Answer, Trouble> {
        let grant = Call::post("/oauth2/v2/token")
            .basic(&self.client_id, &self.client_secret)
            .form(&[("grant_type", "client_credentials")]);
        let token = self.token.client_credentials(&self.caller, grant).await?;
        let numbers: Vec<String> = asks.iter().map(|ask| encode(&ask.number)).collect();
        let path = format!(
            "/track-and-trace-v1/tracking/simple/trackids/{}",
            numbers.join(",")
        );
        let call = Call::get(path)
            .header("authorization", format!("Bearer {token}"))
            .header("accept-language", "it")
            .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        if answer.status == 401 {
            self.token.forget().await;
            return Err(Trouble::later("GLS wants a new token"));
        }
        translate::read(answer.data(Due::Json)?)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        VENDOR.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: PARCELS_PER_CALL,
            per_day: Some(self.per_day),
            gap: Duration::from_secs(1),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        let answer = match self.answer(asks).await {
            Ok(answer) => answer,
            Err(trouble) => return trouble.looked(asks.len()),
        };
        let mut answers = Vec::with_capacity(asks.len());
        for ask in asks {
            match found(answer.telling(&ask.number, &CODES)) {
                Ok(one) => answers.push(one),
                Err(looked) => return looked,
            }
        }
        Looked::Answered(answers)
    }
}
