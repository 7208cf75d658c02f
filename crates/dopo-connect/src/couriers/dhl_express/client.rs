//! Asks MyDHL, one number a call.

use super::{CODES, VENDOR, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, Trouble, encode, one_by_one};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::time::Duration;

const ADDRESS: &str = "https://express.api.dhl.com/mydhlapi";
/// Seconds between two calls; DHL publishes no number.
const GAP_SECONDS: u64 = 2;

pub(super) struct Desk {
    caller: Caller,
    user: String,
    password: String,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            user: account.need("user")?,
            password: account.need("password")?,
        })
    }

    async fn one(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let number = encode(&ask.number);
        let path = format!(
            "/shipments/{number}/tracking?trackingView=all-checkpoints&levelOfDetail=shipment"
        );
        let call = Call::get(path)
            .basic(&self.user, &self.password)
            .header("accept", "application/json")
            .header("accept-language", "ita");
        let answer = self.caller.call(call).await?;
        let body = answer.data(Due::Json)?;
        translate::telling(body, &ask.number, ask.shipped_on, &CODES)
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
            gap: Duration::from_secs(GAP_SECONDS),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        one_by_one(asks, |ask| self.one(ask)).await
    }
}
