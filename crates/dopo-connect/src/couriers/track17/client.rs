//! Asks 17TRACK: 40 numbers a call, 3 calls a second; what it does not know yet is registered, which costs one of the
//! account's numbers.

use super::VENDOR;
use super::translate::telling;
use super::wire::{Answer as Told, Data};
use crate::couriers::Account;
use crate::couriers::http::{Call, Caller, Due, Trouble, read_json};
use async_trait::async_trait;
use dopo_core::parcel::Courier;
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Found, Looked};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const ADDRESS: &str = "https://api.17track.net/track/v2.4";
/// Numbers in one call.
const NUMBERS_PER_CALL: usize = 40;
/// Milliseconds between two looks, each of at most two calls.
const GAP_MILLISECONDS: u64 = 700;
/// The number is not registered yet.
const NOT_REGISTERED: i64 = -18_019_902;
/// The key, the account or the address of this machine is not accepted.
const REFUSALS: [i64; 4] = [-18_010_001, -18_010_002, -18_010_004, -18_010_005];
/// Too many calls, or the account's numbers are used up.
const TOO_MANY: [i64; 3] = [-18_010_014, -18_019_907, -18_019_908];

pub(super) struct Desk {
    caller: Caller,
    key: String,
}

impl Desk {
    pub(super) fn open(account: &Account<'_>) -> Result<Self, String> {
        Ok(Desk {
            caller: account.caller(ADDRESS)?,
            key: account.need("api_key")?,
        })
    }

    async fn call(&self, path: &str, numbers: &[&str]) -> Result<Data, Trouble> {
        let numbers: Vec<_> = numbers.iter().map(|n| json!({ "number": n })).collect();
        let call = Call::post(path)
            .json(&numbers.into())
            .header("17token", &self.key);
        let answer = self.caller.call(call).await?;
        let told: Told = read_json(answer.data(Due::Json)?).map_err(Trouble::Unreadable)?;
        let faults = told.data.errors.iter().map(|fault| fault.code);
        for code in faults.chain([told.code]) {
            if REFUSALS.contains(&code) {
                return Err(Trouble::Refused(
                    "17TRACK does not accept the key, or not from this address".to_owned(),
                ));
            }
            if TOO_MANY.contains(&code) {
                return Err(Trouble::later(
                    "17TRACK has had enough calls, or the account's numbers are used up",
                ));
            }
        }
        if told.code != 0 {
            return Err(Trouble::Unreadable(format!(
                "17TRACK answers with its error {}",
                told.code
            )));
        }
        Ok(told.data)
    }

    async fn looked(&self, asks: &[Ask]) -> Result<Vec<Found>, Trouble> {
        let numbers: Vec<&str> = asks.iter().map(|ask| ask.number.as_str()).collect();
        let data = self.call("/gettrackinfo", &numbers).await?;
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        for tracked in data.accepted {
            let told = tracked.track_info.as_ref().and_then(telling);
            let one = told.map_or(Found::Unknown, |telling| Found::Told(Box::new(telling)));
            found.insert(tracked.number.to_uppercase(), one);
        }
        let mut new = Vec::new();
        for rejected in &data.rejected {
            match rejected.error.as_ref().map(|fault| fault.code) {
                Some(NOT_REGISTERED) => new.push(rejected.number.as_str()),
                Some(code) if TOO_MANY.contains(&code) => {
                    return Err(Trouble::later("17TRACK has had enough calls for now"));
                }
                code => {
                    let code = code.map(|code| code.to_string()).unwrap_or_default();
                    let why = format!("17TRACK does not take the number (its code {code})");
                    found.insert(rejected.number.to_uppercase(), Found::Unreadable(why));
                }
            }
        }
        if !new.is_empty() {
            // Who is refused here is asked again with the next look; a repeat is no harm.
            self.call("/register", &new).await?;
        }
        let of = |ask: &Ask| found.get(&ask.number.to_uppercase()).cloned();
        Ok(asks
            .iter()
            .map(|ask| of(ask).unwrap_or(Found::Unknown))
            .collect())
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
            gap: Duration::from_millis(GAP_MILLISECONDS),
        }
    }

    async fn look(&self, asks: &[Ask]) -> Looked {
        match self.looked(asks).await {
            Ok(found) => Looked::Answered(found),
            Err(trouble) => trouble.looked(asks.len()),
        }
    }
}
