//! UPS, made [`Telling`]s: the Track API's JSON, the XML of the service before it, and Track Alert's pushes.

use super::wire::{Activity, Address, Alert, Answer, DeliveryTime, Errors, Package, Status};
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::time::{self, Clock, Heard, zone_of_country};
use crate::couriers::{grams, place, xml};
use dopo_core::money::{Currency, Money};
use dopo_core::parcel::{ParcelState, PickupPoint, ScanSource, Telling, Window};
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// Translates the Track API's answer for one number.
///
/// # Errors
/// [`Trouble::Unknown`] for a number that UPS does not know, [`Trouble::Refused`] where it does not accept the account,
/// [`Trouble::Unreadable`] for another shape or a number that is none of UPS's.
pub fn telling(body: &[u8], number: &str, table: &CodeTable) -> Result<Telling, Trouble> {
    let answer: Answer = read_json(body).map_err(Trouble::Unreadable)?;
    if let Some(trouble) = answer.response.as_ref().and_then(said_by) {
        return Err(trouble);
    }
    let shipments = answer.track_response.map(|r| r.shipment);
    let shipments = shipments.unwrap_or_default();
    let packages = || shipments.iter().flat_map(|shipment| &shipment.package);
    let ours = packages()
        .find(|package| package.tracking_number.as_deref() == Some(number))
        .or_else(|| packages().next());
    if let Some(package) = ours {
        return Ok(of_package(package, table));
    }
    let warned = shipments.iter().flat_map(|shipment| &shipment.warnings);
    let warned: Vec<&str> = warned.map(|warning| warning.code.as_str()).collect();
    match warned.first() {
        None | Some(&"TW0001") => Err(Trouble::Unknown),
        Some(_) => Err(Trouble::Unreadable(
            "UPS warns and tells nothing".to_owned(),
        )),
    }
}

/// What UPS's own errors mean, whichever status they come with.
pub(super) fn trouble_in(body: &[u8]) -> Option<Trouble> {
    let answer: Answer = read_json(body).ok()?;
    said_by(&answer.response?)
}

fn said_by(errors: &Errors) -> Option<Trouble> {
    let code = errors.errors.first()?.code.as_str();
    Some(match code {
        "TW0001" => Trouble::Unknown,
        "TV1002" => Trouble::Unreadable("UPS says that this is no number of its own".to_owned()),
        // 2500xx: licence, account and token.
        code if code.starts_with("2500") => {
            Trouble::Refused(format!("UPS does not accept the account (error {code})"))
        }
        "429" | "10429" => Trouble::later("UPS has had enough calls for now"),
        code => {
            let code: String = code
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(12)
                .collect();
            Trouble::later(format!("UPS answered with error {code}"))
        }
    })
}

fn of_package(package: &Package, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    let to = package
        .package_address
        .iter()
        .find(|to| to.kind.as_deref().is_some_and(|k| k.starts_with("DEST")));
    let to = to.and_then(|to| zone_of(to.address.as_ref()));
    let mut clock = Clock::rome();
    for activity in package.activity.iter().rev() {
        let address = activity.location.as_ref().and_then(|l| l.address.as_ref());
        clock.turn(zone_of(address).or(to).unwrap_or(time::ROME));
        let heard = hear(activity, &mut clock);
        match (heard, &activity.status) {
            (Some(heard), Some(status)) => {
                // By its own offset, or in a zone that is known.
                if activity.gmt_offset.is_none() {
                    note_zone(&mut line, country_of(address));
                }
                push(&mut line, status, address, heard);
            }
            _ => line.skip(),
        }
    }
    clock.turn(to.unwrap_or(time::ROME));
    let until = package.access_point_information.as_ref();
    let until = until.and_then(|point| time::date(point.pickup_by_date.as_deref()?));
    if let Some(scan) = line.last_mut()
        && scan.checkpoint.state == ParcelState::ReadyForPickup
    {
        let end = until.and_then(|day| clock.day(day));
        scan.checkpoint.act_deadline = end.map(|(_, end)| end);
    }
    let mut told = line.finish();
    told.complete = !package.activity.is_empty();
    let arrived = told.scans.last().map(|scan| scan.checkpoint.state);
    if !arrived.is_some_and(ParcelState::is_possession) {
        told.expected = expected(package, &clock);
    }
    told.pickup_point = until.map(|until| PickupPoint {
        until: Some(until),
        ..PickupPoint::default()
    });
    told.weight_g = package.weight.as_ref().and_then(|w| {
        let weight = w.weight.as_deref()?.trim().parse().ok()?;
        grams(weight, w.unit_of_measurement.as_deref()?)
    });
    told.cash_on_delivery = package.payment_information.iter().find_map(|payment| {
        let cash = payment.kind.as_deref()?.contains("COD") && payment.paid != Some(true);
        let currency = Currency::parse(payment.currency.as_deref()?).ok()?;
        let amount = Money::parse(payment.amount.as_deref()?, currency).ok()?;
        cash.then_some(amount)
    });
    told
}

fn push(line: &mut Timeline<'_>, status: &Status, address: Option<&Address>, heard: Heard) {
    let number = status
        .status_code
        .as_deref()
        .and_then(|code| code.trim().parse::<u16>().ok());
    let number = number.map_or(String::new(), |number| format!("S:{number:03}"));
    let kind = status.kind.as_deref().map_or(String::new(), |kind| {
        format!("T:{}", kind.trim().to_uppercase())
    });
    let code = status.code.as_deref().unwrap_or_default();
    line.push(
        RawScan {
            codes: &[code, &number, &kind],
            text: status.description.as_deref(),
            place: address.and_then(|a| {
                let country = a.country_code.as_deref().or(a.country.as_deref());
                place(&[a.city.as_deref(), a.state_province.as_deref(), country])
            }),
            ..RawScan::default()
        },
        heard,
    );
}

fn country_of(address: Option<&Address>) -> Option<&str> {
    let address = address?;
    address
        .country_code
        .as_deref()
        .or(address.country.as_deref())
}

fn zone_of(address: Option<&Address>) -> Option<&'static str> {
    country_of(address).and_then(zone_of_country)
}

fn note_zone(line: &mut Timeline<'_>, country: Option<&str>) {
    if country.is_some_and(|country| zone_of_country(country).is_none()) {
        line.note_zone();
    }
}

/// The time of an activity: by GMT where it is told, else local.
fn hear(activity: &Activity, clock: &mut Clock) -> Option<Heard> {
    let gmt = by_gmt(
        activity.gmt_date.as_deref(),
        activity.gmt_time.as_deref(),
        activity.gmt_offset.as_deref(),
        clock,
    );
    gmt.or_else(|| {
        let day = time::date(activity.date.as_deref()?)?;
        clock.local(day, activity.time.as_deref().and_then(hour))
    })
}

fn by_gmt(
    day: Option<&str>,
    at: Option<&str>,
    offset: Option<&str>,
    clock: &mut Clock,
) -> Option<Heard> {
    let (day, at) = (time::date(day?)?, hour(at?)?);
    let offset = time::offset(&offset?.replace('.', ":"))?;
    let instant = Offset::UTC.to_timestamp(day.to_datetime(at)).ok()?;
    clock.offset(offset.to_datetime(instant), offset)
}

/// `HHMMSS`, whose leading noughts UPS leaves out at times (`74700`).
fn hour(text: &str) -> Option<Time> {
    let text = text.trim();
    match text.len() {
        5 => time::time(&format!("0{text}")),
        _ => time::time(text),
    }
}

fn expected(package: &Package, clock: &Clock) -> Option<Window> {
    let day_of = |kind: &str| {
        let dates = package.delivery_date.iter();
        let mut dates = dates.filter(|date| date.kind.as_deref() == Some(kind));
        dates.find_map(|date| time::date(date.date.as_deref()?))
    };
    // What was put off counts, and not what it was before.
    let day = day_of("RDD").or_else(|| day_of("SDD"))?;
    window(day, package.delivery_time.as_ref(), clock)
}

fn window(day: Date, hours: Option<&DeliveryTime>, clock: &Clock) -> Option<Window> {
    let (from, until) = clock.day(day)?;
    let at = |text: Option<&str>| {
        let moment = day.to_datetime(hour(text?)?).to_zoned(clock.zone().clone());
        moment.ok().map(|moment| moment.timestamp())
    };
    let start = hours.and_then(|hours| at(hours.start_time.as_deref()));
    let end = hours.and_then(|hours| at(hours.end_time.as_deref()));
    let (from, until, days) = match (hours.and_then(|h| h.kind.as_deref()), start, end) {
        (Some("EDW" | "CDW" | "IDW"), Some(start), Some(end)) if start <= end => {
            (start, end, false)
        }
        (Some("CMT"), _, Some(end)) => (from, end, false),
        _ => (from, until, true),
    };
    Some(Window { from, until, days })
}

/// Translates a Track Alert: its number and what it tells.
///
/// # Errors
/// In words: another shape, or an activity without a time.
pub fn alert(body: &[u8], table: &CodeTable) -> Result<(String, Telling), String> {
    let alert: Alert = read_json(body)?;
    let address = alert.activity_location.as_ref();
    let zone = zone_of(address).unwrap_or(time::ROME);
    let mut clock = Clock::named(zone);
    let gmt = by_gmt(
        alert.gmt_activity_date.as_deref(),
        alert.gmt_activity_time.as_deref(),
        alert.gmt_offset.as_deref(),
        &mut clock,
    );
    let heard = gmt.or_else(|| {
        let day = time::date(alert.local_activity_date.as_deref()?)?;
        clock.local(day, alert.local_activity_time.as_deref().and_then(hour))
    });
    let heard = heard.ok_or("the alert has no time")?;
    let mut line = Timeline::new(table, ScanSource::Carrier);
    push(&mut line, &alert.activity_status, address, heard);
    let mut told = line.finish();
    let day = alert
        .scheduled_delivery_date
        .as_deref()
        .and_then(time::date);
    let arrived = told.scans.last().map(|scan| scan.checkpoint.state);
    if !arrived.is_some_and(ParcelState::is_possession) {
        let hours = DeliveryTime {
            kind: alert.delivery_start_time.as_ref().map(|_| "EDW".to_owned()),
            start_time: alert.delivery_start_time,
            end_time: alert.delivery_end_time,
        };
        told.expected = day.and_then(|day| window(day, Some(&hours), &clock));
    }
    Ok((alert.tracking_number, told))
}

/// Translates the XML answer of the service before the Track API, its first package.
///
/// # Errors
/// [`Trouble::Unknown`] without a package, [`Trouble::Unreadable`] for another shape.
pub fn telling_of_xml(body: &[u8], table: &CodeTable) -> Result<Telling, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if root.name != "TrackResponse" {
        return Err(Trouble::Unreadable(
            "the XML is no tracking answer of UPS".to_owned(),
        ));
    }
    let shipment = root.child("Shipment").ok_or(Trouble::Unknown)?;
    let package = shipment.child("Package").ok_or(Trouble::Unknown)?;
    let mut line = Timeline::new(table, ScanSource::Carrier);
    let to = shipment.at("ShipTo/Address/CountryCode");
    let to = to.and_then(zone_of_country).unwrap_or(time::ROME);
    let mut clock = Clock::named(to);
    let activities: Vec<&xml::Node> = package.all("Activity").collect();
    for activity in activities.iter().rev() {
        let at = |path: &str| activity.at(path);
        let country = at("ActivityLocation/Address/CountryCode");
        clock.turn(country.and_then(zone_of_country).unwrap_or(to));
        let day = at("Date").and_then(time::date);
        let Some(heard) = day.and_then(|day| clock.local(day, at("Time").and_then(hour))) else {
            line.skip();
            continue;
        };
        note_zone(&mut line, country);
        let kind = at("Status/StatusType/Code").map(|kind| format!("T:{kind}"));
        line.push(
            RawScan {
                codes: &[
                    at("Status/StatusCode/Code").unwrap_or_default(),
                    kind.as_deref().unwrap_or_default(),
                ],
                text: at("Status/StatusType/Description"),
                place: place(&[
                    at("ActivityLocation/Address/City"),
                    at("ActivityLocation/Address/StateProvinceCode"),
                    country,
                ]),
                ..RawScan::default()
            },
            heard,
        );
    }
    clock.turn(to);
    let mut told = line.finish();
    told.complete = !activities.is_empty();
    let arrived = told.scans.last().map(|scan| scan.checkpoint.state);
    if !arrived.is_some_and(ParcelState::is_possession) {
        let day = package
            .at("RescheduledDeliveryDate")
            .or(shipment.at("ScheduledDeliveryDate"));
        told.expected = day.and_then(|day| window(time::date(day)?, None, &clock));
    }
    let weight = package
        .at("PackageWeight/Weight")
        .and_then(|w| w.parse().ok());
    let unit = package.at("PackageWeight/UnitOfMeasurement/Code");
    told.weight_g = weight.and_then(|weight| grams(weight, unit?));
    Ok(told)
}
