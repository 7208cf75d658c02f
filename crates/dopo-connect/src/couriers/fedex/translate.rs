//! FedEx, made [`Telling`]s: the Track API's JSON, and the XML of the service before it.
//!
//! FedEx uses numbers again, and one number may have two shipments at once: the one sent nearest to the day ours was handed
//! over is meant, else the one sent last; the note says so. Its times carry offsets, but for some that are days: those take
//! the offset of the scan after them.

use super::wire;
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::time::{self, Clock, Heard, zone_of_country};
use crate::couriers::{grams, meant, place, xml};
use dopo_core::parcel::{ParcelState, PickupPoint, ScanSource, Telling, Window};
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// An answer: results by number.
pub struct Answer(Vec<wire::Complete>);

/// Reads an answer of the Track API.
///
/// # Errors
/// [`Trouble::Refused`], [`Trouble::Later`] and [`Trouble::Unreadable`] by FedEx's own errors, or for another shape.
pub fn read(body: &[u8]) -> Result<Answer, Trouble> {
    let answer: wire::Answer = read_json(body).map_err(Trouble::Unreadable)?;
    match (answer.output, answer.errors.first()) {
        (Some(output), _) => Ok(Answer(output.complete_track_results)),
        (None, Some(error)) => Err(said_by(&error.code)),
        (None, None) => Err(Trouble::Unreadable("the answer tells nothing".to_owned())),
    }
}

fn said_by(code: &str) -> Trouble {
    match code {
        "TRACKING.TRACKINGNUMBER.NOTFOUND" => Trouble::Unknown,
        code if code.starts_with("TRACKING.TRACKINGNUMBER") => {
            Trouble::Unreadable("FedEx says that this is no number of its own".to_owned())
        }
        code if code.contains("AUTHORIZ") || code.contains("FORBIDDEN") => {
            Trouble::Refused("FedEx does not accept the account".to_owned())
        }
        _ => Trouble::later("FedEx answered with an error"),
    }
}

impl Answer {
    /// Translates what it tells of one number.
    ///
    /// # Errors
    /// [`Trouble::Unknown`] where it is not in it, or not known; FedEx's own error for it.
    pub fn telling(
        &self,
        number: &str,
        shipped_on: Option<Date>,
        table: &CodeTable,
    ) -> Result<Telling, Trouble> {
        let ours = self.0.iter();
        let mut ours = ours.filter(|c| c.tracking_number.as_deref() == Some(number));
        let results = &ours.next().ok_or(Trouble::Unknown)?.track_results;
        // An error beside scans is about something else.
        let told: Vec<&wire::Shipment> = results
            .iter()
            .filter(|s| s.error.is_none() || !s.scan_events.is_empty())
            .collect();
        let sent: Vec<Option<Date>> = told.iter().map(|s| sent_on(s)).collect();
        let Some(shipment) = told.get(meant(shipped_on, &sent)) else {
            let error = results.iter().find_map(|s| s.error.as_ref());
            return Err(error.map_or(Trouble::Unknown, |error| said_by(&error.code)));
        };
        Ok(of_shipment(shipment, told.len(), table))
    }
}

fn sent_on(shipment: &wire::Shipment) -> Option<Date> {
    let of = |kind: &str| {
        let mut moments = shipment.date_and_times.iter();
        let moment = moments.find(|m| m.kind.as_deref() == Some(kind))?;
        Some(time::parts(moment.date_time.as_deref()?)?.0)
    };
    of("SHIP").or_else(|| of("ACTUAL_PICKUP"))
}

fn of_shipment(shipment: &wire::Shipment, of: usize, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    note_several(&mut line, of);
    let scans: Vec<&wire::Scan> = shipment.scan_events.iter().collect();
    let heard = hear(scans.iter().map(|scan| {
        let country = scan.scan_location.as_ref();
        (
            scan.date.as_deref(),
            country.and_then(|l| l.country_code.as_deref()),
        )
    }));
    for (scan, heard) in scans.iter().zip(heard).rev() {
        let Some(heard) = heard else {
            line.skip();
            continue;
        };
        let derived = scan.derived_status_code.as_deref().unwrap_or_default();
        let at = scan.scan_location.as_ref().and_then(|at| {
            place(&[
                at.city.as_deref(),
                at.state_or_province_code.as_deref(),
                at.country_code.as_deref(),
            ])
        });
        push(
            &mut line,
            &[
                scan.event_type.as_deref().unwrap_or_default(),
                &format!("D:{derived}"),
            ],
            scan.event_description.as_deref(),
            scan.exception_description.as_deref(),
            at,
            heard,
        );
    }
    let mut told = line.finish();
    told.complete = !scans.is_empty();
    let arrived = told.scans.last().map(|scan| scan.checkpoint.state);
    if !arrived.is_some_and(ParcelState::is_possession) {
        let estimated = shipment.estimated_delivery_time_window.as_ref();
        let standard = shipment.standard_transit_time_window.as_ref();
        let mut windows = [estimated, standard].into_iter().flatten();
        told.expected = windows.find_map(|estimated| window(estimated.window.as_ref()?));
    }
    if arrived == Some(ParcelState::ReadyForPickup) {
        let hold = shipment.hold_at_location.as_ref();
        let hold = hold.and_then(|hold| hold.location_contact_and_address.as_ref());
        told.pickup_point = hold.map(pickup_point);
    }
    let weights = shipment.package_details.as_ref();
    let weights = weights.and_then(|details| details.weight_and_dimensions.as_ref());
    told.weight_g = weights.and_then(|weights| {
        let read = |w: &wire::Weight| grams(w.value.as_deref()?.parse().ok()?, w.unit.as_deref()?);
        let kilograms = weights
            .weight
            .iter()
            .find(|w| w.unit.as_deref() == Some("KG"));
        kilograms.or(weights.weight.first()).and_then(read)
    });
    told
}

fn note_several(line: &mut Timeline<'_>, of: usize) {
    if of > 1 {
        line.note(format!(
            "the number belongs to {of} shipments: this is one of them, by the day it was sent"
        ));
    }
}

fn push(
    line: &mut Timeline<'_>,
    codes: &[&str],
    text: Option<&str>,
    exception: Option<&str>,
    at: Option<String>,
    heard: Heard,
) {
    let exception = exception.map(str::trim).filter(|text| !text.is_empty());
    let whole = match (text, exception) {
        (Some(text), Some(exception)) => Some(format!("{text}: {exception}")),
        (text, exception) => text.or(exception).map(str::to_owned),
    };
    line.push(
        RawScan {
            codes,
            text: whole.as_deref(),
            place: at,
            ..RawScan::default()
        },
        heard,
    );
}

/// Times in the carrier's order, newest first. One without an offset takes that of the scan after it, else of the one
/// before it; midnight without an offset is a day.
fn hear<'a>(times: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> Vec<Option<Heard>> {
    type Parts = Option<(Date, Option<Time>, Option<Offset>)>;
    let read: Vec<(Parts, Option<&str>)> = times
        .map(|(text, country)| (text.and_then(time::parts), country))
        .collect();
    let offset_at = |at: usize| {
        let offset = |(parts, _): &(Parts, Option<&str>)| parts.and_then(|(.., offset)| offset);
        let after = read[..at].iter().rev().find_map(offset);
        after.or_else(|| read[at..].iter().find_map(offset))
    };
    let mut clock = Clock::rome();
    let mut heard: Vec<Option<Heard>> = Vec::with_capacity(read.len());
    for at in (0..read.len()).rev() {
        let (parts, country) = read[at];
        heard.push(parts.and_then(|(date, hour, offset)| {
            let hour = hour.filter(|hour| offset.is_some() || *hour != Time::midnight());
            match (hour, offset.or_else(|| offset_at(at))) {
                (Some(hour), Some(offset)) => clock.offset(date.to_datetime(hour), offset),
                (None, Some(offset)) => {
                    clock
                        .offset(date.at(0, 0, 0, 0), offset)
                        .map(|heard| Heard {
                            day_only: true,
                            ..heard
                        })
                }
                (hour, None) => {
                    clock.turn(country.and_then(zone_of_country).unwrap_or(time::ROME));
                    clock.local(date, hour)
                }
            }
        }));
    }
    heard.reverse();
    heard
}

/// An end at midnight is that whole day: the standard window ends so.
fn window(told: &wire::Ends) -> Option<Window> {
    let (end, end_hour, end_offset) = time::parts(told.ends.as_deref()?)?;
    let begin = told.begins.as_deref().and_then(time::parts);
    let offset = end_offset.or(begin.and_then(|(.., offset)| offset));
    let zone = offset.map(jiff::tz::TimeZone::fixed);
    let zone = zone.unwrap_or_else(|| Clock::rome().zone().clone());
    let at = |date: Date, hour: Time| {
        let moment = date.to_datetime(hour).to_zoned(zone.clone());
        moment.ok().map(|moment| moment.timestamp())
    };
    let midnight = Time::midnight();
    let hour = end_hour.filter(|hour| *hour != midnight);
    let until = match hour {
        Some(hour) => at(end, hour)?,
        None => at(end.tomorrow().ok()?, midnight)?
            .checked_sub(SignedDuration::from_secs(1))
            .ok()?,
    };
    let from = match begin {
        Some((date, hour, offset)) => match offset {
            Some(offset) => offset
                .to_timestamp(date.to_datetime(hour.unwrap_or(midnight)))
                .ok()?,
            None => at(date, hour.unwrap_or(midnight))?,
        },
        None => at(end, midnight)?,
    };
    (from <= until).then_some(Window {
        from,
        until,
        days: hour.is_none(),
    })
}

fn pickup_point(hold: &wire::HoldPlace) -> PickupPoint {
    let contact = hold.contact.as_ref();
    let name = contact.and_then(|contact| contact.company_name.as_deref());
    let address = hold.address.as_ref();
    let lines = address.map(|a| a.street_lines.join(", "));
    PickupPoint {
        name: crate::tidy::opt(name),
        street: crate::tidy::opt(lines.as_deref()),
        postal_code: crate::tidy::opt(address.and_then(|a| a.postal_code.as_deref())),
        city: crate::tidy::opt(address.and_then(|a| a.city.as_deref())),
        ..PickupPoint::default()
    }
}

/// Translates the XML answer of the service before the Track API.
///
/// # Errors
/// As [`Answer::telling`], by the notifications in it.
pub fn telling_of_xml(
    body: &[u8],
    shipped_on: Option<Date>,
    table: &CodeTable,
) -> Result<Telling, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if root.name != "TrackReply" {
        return Err(Trouble::Unreadable(
            "the XML is no tracking answer of FedEx".to_owned(),
        ));
    }
    if let Some(trouble) = root.child("Notifications").and_then(notified) {
        return Err(trouble);
    }
    let whole = root
        .child("CompletedTrackDetails")
        .ok_or(Trouble::Unknown)?;
    if let Some(trouble) = whole.child("Notifications").and_then(notified) {
        return Err(trouble);
    }
    let details: Vec<&xml::Node> = whole.all("TrackDetails").collect();
    let fine: Vec<&xml::Node> = details
        .iter()
        .copied()
        .filter(|d| d.child("Notification").and_then(notified).is_none())
        .collect();
    let sent = fine
        .iter()
        .map(|d| time::parts(d.at("ShipTimestamp")?).map(|(date, ..)| date));
    let sent: Vec<Option<Date>> = sent.collect();
    let Some(chosen) = fine.get(meant(shipped_on, &sent)) else {
        let trouble = details
            .iter()
            .find_map(|d| notified(d.child("Notification")?));
        return Err(trouble.unwrap_or(Trouble::Unknown));
    };
    let mut line = Timeline::new(table, ScanSource::Carrier);
    note_several(&mut line, fine.len());
    let scans: Vec<&xml::Node> = chosen.all("Events").collect();
    let heard = hear(
        scans
            .iter()
            .map(|scan| (scan.at("Timestamp"), scan.at("Address/CountryCode"))),
    );
    for (scan, heard) in scans.iter().zip(heard).rev() {
        let Some(heard) = heard else {
            line.skip();
            continue;
        };
        push(
            &mut line,
            &[scan.at("EventType").unwrap_or_default()],
            scan.at("EventDescription"),
            scan.at("StatusExceptionDescription"),
            place(&[
                scan.at("Address/City"),
                scan.at("Address/StateOrProvinceCode"),
                scan.at("Address/CountryCode"),
            ]),
            heard,
        );
    }
    let mut told = line.finish();
    told.complete = !scans.is_empty();
    let weight = chosen
        .child("PackageWeight")
        .or(chosen.child("ShipmentWeight"));
    told.weight_g = weight.and_then(|w| grams(w.at("Value")?.parse().ok()?, w.at("Units")?));
    Ok(told)
}

/// What a notification that is no success means.
fn notified(notification: &xml::Node) -> Option<Trouble> {
    let code = notification.at("Code").unwrap_or("?");
    match notification.at("Severity")? {
        "SUCCESS" | "NOTE" | "WARNING" => None,
        "ERROR" if code == "9040" => Some(Trouble::Unknown),
        "ERROR" => Some(Trouble::Unreadable(format!(
            "FedEx answered with error {code}"
        ))),
        _ => Some(Trouble::later(format!("FedEx failed with error {code}"))),
    }
}
