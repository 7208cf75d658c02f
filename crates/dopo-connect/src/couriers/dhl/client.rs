//! Asks DHL's unified tracking: one number a call, 250 calls a day and one every five seconds in the free plan.

use super::{CODES, translate};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, Trouble, one_by_one, query};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use std::time::Duration;

const ADDRESS: &str = "https://api-eu.dhl.com";
/// Calls a day in the plan that every account begins with.
const CALLS_PER_DAY: u32 = 250;
/// Seconds between two calls in that plan.
const GAP_SECONDS: u64 = 5;

pub(super) struct Desk {
    caller: Caller,
    key: String,
    per_day: u32,
    division: Option<&'static str>,
    covers: &'static [Courier],
}

impl Desk {
    pub(super) fn open(
        account: &Account<'_>,
        division: Option<&'static str>,
        covers: &'static [Courier],
    ) -> Result<Self, String> {
        let per_day = match account.get("calls_per_day") {
            None => CALLS_PER_DAY,
            Some(number) => number
                .parse()
                .map_err(|_| "calls_per_day is a whole number".to_owned())?,
        };
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            key: account.need("api_key")?,
            per_day,
            division,
            covers,
        })
    }

    async fn one(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let mut fields = vec![("trackingNumber", ask.number.as_str()), ("language", "it")];
        if let Some(postal_code) = &ask.postal_code {
            fields.push(("recipientPostalCode", postal_code));
        }
        let division = match ask.courier {
            Courier::DhlExpress => Some("express"),
            _ => self.division,
        };
        if let Some(division) = division {
            fields.push(("service", division));
        }
        let call = Call::get(format!("/track/shipments?{}", query(&fields)))
            .header("dhl-api-key", &self.key)
            .header("accept", "application/json");
        let answer = self.caller.call(call).await?;
        translate::telling(answer.data(Due::Json)?, &CODES)
    }
}

#[async_trait]
impl CourierDesk for Desk {
    fn covers(&self) -> &[Courier] {
        self.covers
    }

    fn allowance(&self) -> Allowance {
        Allowance {
            per_call: 1,
            per_day: Some(self.per_day),
            gap: Duration::from_secs(if self.per_day > CALLS_PER_DAY {
                1
            } else {
                GAP_SECONDS
            }),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        one_by_one(asks, |ask| self.one(ask)).await
    }
}
