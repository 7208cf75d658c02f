//! La Poste: answers of its tracking API v2, read. Colissimo shares them.

use dopo_core::parcel::{ScanSource, Telling, Window};
use serde::Deserialize;
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::{Trouble, read_json};
use super::time::Clock;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("laposte", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

/// One parcel, or a list of them with one answer each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answers {
    Many(Vec<Answer>),
    One(Answer),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    return_code: u16,
    shipment: Option<Shipment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipment {
    #[serde(default)]
    event: Vec<Event>,
    estim_date: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    code: String,
    label: Option<String>,
    date: Option<String>,
}

/// Reads an answer; of a list the first parcel.
///
/// # Errors
/// [`Trouble`] by the answer's own code: 400 and 404 do not know the number, 401 refuses the key, 5xx comes later.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let answer = match read_json(body).map_err(Trouble::Unreadable)? {
        Answers::One(answer) => answer,
        Answers::Many(answers) => answers.into_iter().next().ok_or(Trouble::Unknown)?,
    };
    match answer.return_code {
        200 | 207 => {}
        400 | 404 => return Err(Trouble::Unknown),
        401 | 403 => {
            return Err(Trouble::Refused(
                "La Poste does not accept the key".to_owned(),
            ));
        }
        429 | 500..=599 => return Err(Trouble::later("La Poste cannot answer now")),
        code => {
            return Err(Trouble::Unreadable(format!(
                "La Poste answers with its error {code}"
            )));
        }
    }
    let shipment = answer.shipment.ok_or(Trouble::Unknown)?;
    let mut clock = Clock::named("Europe/Paris");
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    // The newest comes first.
    for event in shipment.event.iter().rev() {
        let Some(heard) = event.date.as_deref().and_then(|date| clock.written(date)) else {
            timeline.skip();
            continue;
        };
        let codes = [event.code.as_str()];
        timeline.push(
            RawScan {
                codes: &codes,
                text: event.label.as_deref(),
                ..RawScan::default()
            },
            heard,
        );
    }
    let estimate = shipment.estim_date.as_deref();
    let estimate = estimate.and_then(|text| Clock::named("Europe/Paris").written(text));
    Ok(Telling {
        complete: true,
        expected: estimate.and_then(|heard| {
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
