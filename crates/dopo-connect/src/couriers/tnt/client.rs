//! Asks TNT's ExpressConnect, up to thirty numbers a call.

use super::{CODES, VENDOR, translate, wire};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, Trouble, found};
use async_trait::async_trait;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::time::Duration;

const ADDRESS: &str = "https://express.tnt.com";
/// Seconds between two calls; TNT publishes no number.
const GAP_SECONDS: u64 = 5;

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

    async fn answer(&self, asks: &[Ask]) -> Result<translate::Answer, Trouble> {
        let numbers: Vec<&str> = asks.iter().map(|ask| ask.number.as_str()).collect();
        let call = Call::post("/expressconnect/track.do")
            .basic(&self.user, &self.password)
            .form(&[("xml_in", &wire::request(&numbers))]);
        let answer = self.caller.call(call).await?;
        translate::read(answer.data(Due::Xml)?)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        VENDOR.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: wire::NUMBERS_MAX,
            per_day: None,
            gap: Duration::from_secs(GAP_SECONDS),
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
