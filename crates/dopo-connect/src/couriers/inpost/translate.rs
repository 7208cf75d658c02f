//! InPost's answers as tellings.

use super::client::table;
use super::wire::{Answer, Location, Parcel, Scan};
use crate::couriers::codes::{RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::italian::oldest_first;
use crate::couriers::time::{Clock, date};
use crate::translation::Text;
use dopo_core::parcel::{ParcelState, PickupPoint, Related, Relation, ScanSource, Telling};
use jiff::Timestamp;
use jiff::civil::Date;

/// What an answer tells of one number.
///
/// # Errors
/// [`Trouble::Unknown`] also for an error that stands inside a 200.
pub fn translate(body: &[u8], number: &str) -> Result<Telling, Trouble> {
    let answer: Answer = read_json(body).map_err(Trouble::Unreadable)?;
    if answer.error.0.contains("not_found") {
        return Err(Trouble::Unknown);
    }
    let ours = |parcel: &&Parcel| parcel.tracking_number.0.trim() == number.trim();
    let parcel = answer
        .parcels
        .iter()
        .find(ours)
        .or(answer.parcels.first())
        .unwrap_or(&answer.parcel);
    if parcel.tracking_number.0.trim().is_empty() && parcel.tracking_details.is_empty() {
        return Err(Trouble::Unknown);
    }
    told_by(parcel)
}

fn told_by(parcel: &Parcel) -> Result<Telling, Trouble> {
    let mut scans: Vec<&Scan> = parcel.tracking_details.iter().collect();
    // With an offset a moment is a moment; without one it is Italian time and sorts as text.
    let moment = |scan: &Scan| {
        Clock::rome()
            .written(&scan.datetime.0)
            .map(|heard| heard.at)
    };
    oldest_first(&mut scans, |scan| moment(scan), true);
    let mut line = Timeline::new(table(), ScanSource::Carrier);
    let mut clock = Clock::rome();
    let mut related = Vec::new();
    let mut point: Option<PickupPoint> = None;
    for scan in scans {
        let number = crate::tidy::id(&scan.return_to_sender.tracking_number.0);
        if let Some(number) = number
            && number != parcel.tracking_number.0
        {
            related.push(Related {
                relation: Relation::Return,
                number,
            });
        }
        let Some(heard) = clock.written(&scan.datetime.0) else {
            line.skip();
            continue;
        };
        let location = location(scan);
        let waits = line
            .scans()
            .last()
            .is_some_and(|before| before.checkpoint.state == ParcelState::ReadyForPickup);
        let pushed = line.push(
            RawScan {
                codes: &[&scan.status.0],
                text: text(&scan.description),
                place: place(scan, &location),
                ..RawScan::default()
            },
            heard,
        );
        // Out of a locker or from a point a parcel is fetched, not brought.
        if waits && pushed.state == ParcelState::Delivered {
            pushed.state = ParcelState::Collected;
        }
        if pushed.text.is_none() {
            pushed.text = text(&scan.origin_status).map(str::to_owned);
        }
        if pushed.state == ParcelState::ReadyForPickup {
            point = pickup_point(&location).or(point);
        }
    }
    let mut told = line.finish();
    told.complete = true;
    told.related = related;
    let newest = told.scans.last_mut().map(|scan| &mut scan.checkpoint);
    if let Some(newest) = newest
        && newest.state == ParcelState::ReadyForPickup
    {
        let until = [&parcel.expiry_date, &parcel.custom_attributes.expiry_date]
            .into_iter()
            .find_map(|text| deadline(&text.0));
        newest.act_deadline = until.map(|(at, _)| at);
        point = point.or_else(|| machine(parcel));
        if let Some(point) = &mut point {
            point.until = until.map(|(_, day)| day);
        }
        told.pickup_point = point;
    }
    Ok(told)
}

fn text(text: &Text) -> Option<&str> {
    let text = text.0.trim();
    (!text.is_empty()).then_some(text)
}

fn location(scan: &Scan) -> Location {
    let value = scan.location.clone().filter(serde_json::Value::is_object);
    value
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default()
}

fn place(scan: &Scan, location: &Location) -> Option<String> {
    let plain = scan.location.as_ref().and_then(serde_json::Value::as_str);
    [
        &scan.location_name,
        &location.name,
        &location.city,
        &scan.agency,
    ]
    .into_iter()
    .find_map(text)
    .or(plain)
    .map(str::to_owned)
}

fn pickup_point(location: &Location) -> Option<PickupPoint> {
    let point = matches!(
        location.r#type.0.trim(),
        "LOCKER_POINT" | "PUDO_POINT" | "MPOK_POINT"
    );
    let tidy = |text: &Text| crate::tidy::text(&text.0);
    point.then(|| PickupPoint {
        name: tidy(&location.name),
        street: tidy(&location.address),
        postal_code: tidy(&location.postal_code),
        city: tidy(&location.city),
        hours: tidy(&location.description).into_iter().collect(),
        until: None,
    })
}

/// The locker as ShipX names it: the second line of its address is postal code and town.
fn machine(parcel: &Parcel) -> Option<PickupPoint> {
    let machine = &parcel.custom_attributes.target_machine_detail;
    let tidy = |text: &Text| crate::tidy::text(&text.0);
    let name = tidy(&machine.name).or_else(|| tidy(&parcel.custom_attributes.target_machine_id))?;
    let second = tidy(&machine.address.line2).unwrap_or_default();
    let (code, city) = match second.split_once(' ') {
        Some((code, city)) if code.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            (Some(code.to_owned()), Some(city.to_owned()))
        }
        _ => (None, (!second.is_empty()).then(|| second.clone())),
    };
    Some(PickupPoint {
        name: Some(name),
        street: tidy(&machine.address.line1),
        postal_code: code,
        city,
        hours: [&machine.opening_hours, &machine.location_description]
            .into_iter()
            .filter_map(tidy)
            .collect(),
        until: None,
    })
}

/// The last moment, and its day, at which it can be fetched.
fn deadline(text: &str) -> Option<(Timestamp, Date)> {
    let mut clock = Clock::rome();
    if let Some(day) = date(text) {
        return Some((clock.day(day)?.1, day));
    }
    let at = clock.written(text)?.at;
    Some((at, clock.zone().to_datetime(at).date()))
}
