//! Asks Sendcloud's parcel tracking API v3: one number a call, 1,000 calls a minute.

use super::{VENDOR, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, Trouble, encode, found};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::time::Duration;

const ADDRESS: &str = "https://panel.sendcloud.sc/api/v3";
/// Milliseconds between two calls: well below 1,000 a minute, which the account's other programs use too.
const GAP_MILLISECONDS: u64 = 120;

pub(super) struct Desk {
    caller: Caller,
    public_key: String,
    secret_key: String,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            public_key: account.need("public_key")?,
            secret_key: account.need("secret_key")?,
        })
    }

    async fn one(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let call = Call::get(format!("/parcels/tracking/{}", encode(&ask.number)))
            .basic(&self.public_key, &self.secret_key)
            .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        translate::tracking(answer.data(Due::Json)?)
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
            gap: Duration::from_millis(GAP_MILLISECONDS),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        let mut answers = Vec::with_capacity(asks.len());
        for ask in asks {
            match found(self.one(ask).await) {
                Ok(one) => answers.push(one),
                Err(looked) => return looked,
            }
        }
        Looked::Answered(answers)
    }
}
