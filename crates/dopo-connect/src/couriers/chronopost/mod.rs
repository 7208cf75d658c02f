//! Chronopost: the SOAP answer of `trackSkybillV2`, read.

use dopo_core::parcel::{ScanSource, Telling};
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::Trouble;
use super::time::Clock;
use super::xml;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("chronopost", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

/// Reads an answer about one parcel.
///
/// # Errors
/// [`Trouble::Later`] for Chronopost's system error, [`Trouble::Unknown`] for an answer without events.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    let answer = root
        .find("return")
        .ok_or_else(|| Trouble::Unreadable("the answer is no tracking".to_owned()))?;
    match answer.at("errorCode") {
        None | Some("0") => {}
        Some("1") => return Err(Trouble::later("Chronopost has an error of its own")),
        Some(_) => {
            return Err(Trouble::Unreadable(
                "Chronopost answers with an error".to_owned(),
            ));
        }
    }
    let events = answer.child("listEventInfoComp").ok_or(Trouble::Unknown)?;
    let mut clock = Clock::named("Europe/Paris");
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    for event in events.all("events") {
        let Some(heard) = event.at("eventDate").and_then(|time| clock.written(time)) else {
            timeline.skip();
            continue;
        };
        let codes = [event.at("code").unwrap_or_default()];
        // The list beside it (`Consignee's name` …) holds people and is not read.
        timeline.push(
            RawScan {
                codes: &codes,
                text: event.at("eventLabel"),
                place: event.at("officeLabel").map(str::to_owned),
                ..RawScan::default()
            },
            heard,
        );
    }
    Ok(Telling {
        complete: true,
        ..timeline.finish()
    })
}
