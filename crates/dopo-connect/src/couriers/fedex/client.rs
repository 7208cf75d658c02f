//! Asks FedEx's Track API, thirty numbers a call, with a token of an hour.

use super::{CODES, VENDOR, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, TokenStore, Trouble, found};
use async_trait::async_trait;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use serde_json::json;
use std::time::Duration;

const ADDRESS: &str = "https://apis.fedex.com";
/// Numbers in one call.
const NUMBERS_PER_CALL: usize = 30;

pub(super) struct Desk {
    caller: Caller,
    client_id: String,
    client_secret: String,
    token: TokenStore,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            client_id: account.need("client_id")?,
            client_secret: account.need("client_secret")?,
            token: TokenStore::default(),
        })
    }

    async fn answer(&self, asks: &[Ask]) -> Result<translate::Answer, Trouble> {
        let grant = Call::post("/oauth/token").form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
        ]);
        let token = self.token.client_credentials(&self.caller, grant).await?;
        let numbers = asks
            .iter()
            .map(|ask| json!({"trackingNumberInfo": {"trackingNumber": ask.number}}));
        let body = json!({
            "includeDetailedScans": true,
            "trackingInfo": numbers.collect::<Vec<_>>(),
        });
        let call = Call::post("/track/v1/trackingnumbers")
            .json(&body)
            .header("authorization", format!("Bearer {token}"))
            .header("x-locale", "en_US")
            .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        if answer.status == 401 {
            self.token.forget().await;
            return Err(Trouble::later("FedEx wants a new token"));
        }
        if matches!(answer.status, 400 | 404) {
            return translate::read(&answer.body);
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
            per_call: NUMBERS_PER_CALL,
            per_day: None,
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
            match found(answer.telling(&ask.number, ask.shipped_on, &CODES)) {
                Ok(one) => answers.push(one),
                Err(looked) => return looked,
            }
        }
        Looked::Answered(answers)
    }
}
