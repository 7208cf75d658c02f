//! Amazon Shipping: answers of its tracking API, read.

use dopo_core::parcel::{ScanSource, Telling, Window};
use serde::Deserialize;
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::{Trouble, read_json};
use super::time::Clock;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("amazon", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    event_history: Vec<Event>,
    promised_delivery_date: Option<String>,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    event_code: String,
    event_time: Option<String>,
    location: Option<Location>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    city: Option<String>,
    state_or_region: Option<String>,
    postal_code: Option<String>,
    country_code: Option<String>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    code: String,
}

/// Reads an answer about one parcel.
///
/// # Errors
/// [`Trouble`]: by the code of the error that it tells.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let answer: Answer = read_json(body).map_err(Trouble::Unreadable)?;
    if let Some(fault) = answer.errors.first() {
        return Err(match fault.code.as_str() {
            "Unauthorized" | "AccessDenied" => {
                Trouble::Refused("Amazon Shipping does not accept the account".to_owned())
            }
            "NotFound" => Trouble::Unknown,
            "QuotaExceeded" | "InternalFailure" | "ServiceUnavailable" => {
                Trouble::later("Amazon Shipping cannot answer now")
            }
            _ => Trouble::Unreadable("Amazon Shipping answers with an error".to_owned()),
        });
    }
    let mut clock = Clock::rome();
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    for event in &answer.event_history {
        let Some(heard) = event.event_time.as_deref().and_then(|t| clock.written(t)) else {
            timeline.skip();
            continue;
        };
        let place = event.location.as_ref().map(|l| {
            let parts = [&l.city, &l.state_or_region, &l.postal_code, &l.country_code];
            let parts = parts.into_iter().flatten().map(String::as_str);
            parts
                .filter(|p| !p.is_empty())
                .collect::<Vec<_>>()
                .join(", ")
        });
        let codes = [event.event_code.as_str()];
        timeline.push(
            RawScan {
                codes: &codes,
                place,
                ..RawScan::default()
            },
            heard,
        );
    }
    let promised = answer.promised_delivery_date.as_deref();
    let promised = promised.and_then(|text| Clock::rome().written(text));
    Ok(Telling {
        complete: true,
        expected: promised.and_then(|heard| {
            let (from, until) = clock.day(clock.zone().to_datetime(heard.at).date())?;
            Some(Window {
                from,
                until,
                days: true,
            })
        }),
        ..timeline.finish()
    })
}
