//! DPD: the SOAP answer of the ParcelLifeCycleService, read.

use dopo_core::parcel::{ScanSource, Telling};
use jiff::civil::{Date, Time};
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::Trouble;
use super::time::Clock;
use super::xml;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("dpd", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

/// Reads an answer about one parcel.
///
/// # Errors
/// [`Trouble::Refused`] for an account that is not accepted, [`Trouble::Later`] for other faults.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if let Some(fault) = root.find("Fault") {
        return Err(if fault.find("authenticationFault").is_some() {
            Trouble::Refused("DPD does not accept the account".to_owned())
        } else {
            Trouble::later("DPD has an error of its own")
        });
    }
    let result = root
        .find("trackingresult")
        .ok_or_else(|| Trouble::Unreadable("the answer is no tracking".to_owned()))?;
    let mut clock = Clock::named("Europe/Brussels");
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    let reached = |info: &&xml::Node| info.at("statusHasBeenReached") == Some("true");
    for info in result.all("statusInfo").filter(reached) {
        let heard = info.at("date/content").and_then(american);
        let Some(heard) = heard.and_then(|(date, time)| clock.local(date, Some(time))) else {
            timeline.skip();
            continue;
        };
        let codes = [info.at("status").unwrap_or_default()];
        timeline.push(
            RawScan {
                codes: &codes,
                text: info
                    .at("description/content/content")
                    .or_else(|| info.at("label/content")),
                place: info.at("location/content").map(str::to_owned),
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

/// `8/17/2021 7:11:26 PM`.
fn american(text: &str) -> Option<(Date, Time)> {
    let mut parts = text.split_ascii_whitespace();
    let (date, time, half) = (parts.next()?, parts.next()?, parts.next()?);
    let mut date = date.split('/');
    let (month, day) = (date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    let date = Date::new(date.next()?.parse().ok()?, month, day).ok()?;
    let time = super::time::time(time)?;
    let hour = match (half, time.hour()) {
        ("AM", 12) => 0,
        ("PM", 12) | ("AM", 0..12) => time.hour(),
        ("PM", hour @ 0..12) => hour + 12,
        _ => return None,
    };
    let time = Time::new(hour, time.minute(), time.second(), 0).ok()?;
    Some((date, time))
}

#[cfg(test)]
mod tests {
    use super::american;

    #[test]
    fn noon_and_midnight_are_twelve() {
        let hour = |text| american(text).map(|(_, time)| time.hour());
        assert_eq!(hour("8/17/2021 12:05:00 AM"), Some(0));
        assert_eq!(hour("8/17/2021 12:05:00 PM"), Some(12));
        assert_eq!(hour("8/17/2021 7:11:26 PM"), Some(19));
        assert_eq!(hour("17/8/2021 7:11:26 PM"), None);
        assert_eq!(hour("8/17/2021"), None);
    }
}
