//! Asks AfterShip: many numbers with one call; what it does not know yet is registered. 10 calls a second.

use super::VENDOR;
use super::translate::telling;
use super::wire::{Answer as Told, Listed, Named, Tracking};
use crate::couriers::Account;
use crate::couriers::http::{Answer, Call, Caller, Due, Trouble, encode, found, query, read_json};
use async_trait::async_trait;
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Allowance, Ask, CourierDesk, Looked};
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;

const ADDRESS: &str = "https://api.aftership.com";
const TRACKINGS: &str = "/tracking/2026-07/trackings";
/// Numbers in one call: as many as are registered one by one within the time of a look, should none be known.
const NUMBERS_PER_CALL: usize = 20;
/// Milliseconds between two looks.
const GAP_MILLISECONDS: u64 = 500;
/// The code of its answer to a number that is registered already: a success.
const DUPLICATE: u32 = 4003;

/// What AfterShip calls a courier, where that is certain; otherwise it finds out by itself.
pub fn slug(courier: Courier) -> Option<&'static str> {
    Some(match courier {
        Courier::Brt => "brt-it",
        Courier::GlsItaly => "gls-italy",
        Courier::Poste => "poste-italiane",
        Courier::Tnt => "tnt-it",
        Courier::DhlExpress => "dhl",
        Courier::Ups => "ups",
        Courier::Fedex => "fedex",
        _ => return None,
    })
}

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

    async fn call(&self, call: Call) -> Result<Answer, Trouble> {
        let call = call
            .header("as-api-key", &self.key)
            .header("accept", "application/json");
        self.caller.call(call).await
    }

    async fn listed(&self, asks: &[Ask]) -> Result<Vec<Tracking>, Trouble> {
        let numbers: Vec<&str> = asks.iter().map(|ask| ask.number.as_str()).collect();
        let limit = NUMBERS_PER_CALL.to_string();
        let fields = [("tracking_numbers", numbers.join(",")), ("limit", limit)];
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let answer = self
            .call(Call::get(format!("{TRACKINGS}?{}", query(&fields))))
            .await?;
        Ok(data::<Listed>(&answer)?.trackings)
    }

    /// Registers a number; where it is registered already, fetches it.
    async fn registered(&self, ask: &Ask) -> Result<Telling, Trouble> {
        let mut body = json!({ "tracking_number": ask.number });
        if let Some(slug) = slug(ask.courier) {
            body["slug"] = slug.into();
        }
        if let Some(country) = ask.country.as_deref().and_then(alpha3) {
            body["destination_country_region"] = country.into();
        }
        if let Some(postal_code) = &ask.postal_code {
            body["destination_postal_code"] = postal_code.as_str().into();
        }
        let answer = self.call(Call::post(TRACKINGS).json(&body)).await?;
        if answer.status == 400 {
            let told: Told<Named> = read_json(&answer.body).map_err(Trouble::Unreadable)?;
            let id = told.data.and_then(|named| named.id);
            return match (told.meta.code, id) {
                (DUPLICATE, Some(id)) => {
                    let call = Call::get(format!("{TRACKINGS}/{}", encode(&id)));
                    with_scans(&data(&self.call(call).await?)?)
                }
                (DUPLICATE, None) => Err(Trouble::Unknown),
                (code, _) => Err(Trouble::Unreadable(format!(
                    "AfterShip does not take the number (its code {code})"
                ))),
            };
        }
        with_scans(&data(&answer)?)
    }
}

/// Registered and without a scan: not known yet.
fn with_scans(tracking: &Tracking) -> Result<Telling, Trouble> {
    let told = telling(tracking);
    if told.scans.is_empty() {
        Err(Trouble::Unknown)
    } else {
        Ok(told)
    }
}

fn data<T: DeserializeOwned>(answer: &Answer) -> Result<T, Trouble> {
    let told: Told<T> = read_json(answer.data(Due::Json)?).map_err(Trouble::Unreadable)?;
    told.data
        .ok_or_else(|| Trouble::Unreadable("the answer holds no data".to_owned()))
}

/// AfterShip names countries by three letters; these are the ones that its couriers ask for most.
fn alpha3(country: &str) -> Option<&'static str> {
    Some(match country {
        "IT" => "ITA",
        "SM" => "SMR",
        "VA" => "VAT",
        "FR" => "FRA",
        "DE" => "DEU",
        "ES" => "ESP",
        "AT" => "AUT",
        "CH" => "CHE",
        "BE" => "BEL",
        "NL" => "NLD",
        _ => return None,
    })
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
        let listed = match self.listed(asks).await {
            Ok(listed) => listed,
            Err(trouble) => return trouble.looked(asks.len()),
        };
        let mut answers = Vec::with_capacity(asks.len());
        for ask in asks {
            let same = |t: &&Tracking| {
                let number = t.tracking_number.as_ref().map(|n| n.0.as_str());
                number.is_some_and(|n| n.eq_ignore_ascii_case(&ask.number))
            };
            let slug = slug(ask.courier);
            let mut known: Vec<&Tracking> = listed.iter().filter(same).collect();
            known.sort_by_key(|t| slug.is_some() && t.slug.as_deref() != slug);
            let one = match known.first() {
                Some(tracking) => with_scans(tracking),
                None => self.registered(ask).await,
            };
            match found(one) {
                Ok(one) => answers.push(one),
                Err(looked) => return looked,
            }
        }
        Looked::Answered(answers)
    }
}
