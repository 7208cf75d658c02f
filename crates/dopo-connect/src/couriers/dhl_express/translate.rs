//! DHL Express, made [`Telling`]s: MyDHL's JSON, and the XML of the older service.

use super::wire;
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::time::{self, Clock, zone_of_country};
use crate::couriers::{grams, meant, place, xml};
use dopo_core::parcel::{ScanSource, Telling, Window};
use jiff::civil::Date;

/// Translates MyDHL's answer for one number.
///
/// # Errors
/// [`Trouble::Unknown`] without the shipment, [`Trouble::Unreadable`] for another shape.
pub fn telling(
    body: &[u8],
    number: &str,
    shipped_on: Option<Date>,
    table: &CodeTable,
) -> Result<Telling, Trouble> {
    let answer: wire::Answer = read_json(body).map_err(Trouble::Unreadable)?;
    let ours: Vec<&wire::Shipment> = answer
        .shipments
        .iter()
        .filter(|s| s.shipment_tracking_number.as_deref() == Some(number))
        .collect();
    let sent: Vec<Option<Date>> = ours
        .iter()
        .map(|s| time::date(s.shipment_timestamp.as_deref()?.get(..10)?))
        .collect();
    let shipment = *ours.get(meant(shipped_on, &sent)).ok_or(Trouble::Unknown)?;
    let mut line = Timeline::new(table, ScanSource::Carrier);
    if ours.len() > 1 {
        line.note("the number was used for several shipments");
    }
    let country = shipment.receiver_details.as_ref();
    let country = country.and_then(|p| p.postal_address.as_ref()?.country_code.as_deref());
    let mut clock = Clock::named(country.and_then(zone_of_country).unwrap_or(time::ROME));
    // The order on the wire is not told; times carry their offset.
    let mut events: Vec<&wire::Event> = shipment.events.iter().collect();
    events.sort_by_key(|event| (event.date.as_deref(), event.time.as_deref()));
    for event in events {
        let date = event.date.as_deref().and_then(time::date);
        let hour = event.time.as_deref().and_then(time::time);
        let offset = event.gmt_offset.as_deref().and_then(time::offset);
        let heard = match (date, hour, offset) {
            (Some(date), Some(hour), Some(offset)) => clock.offset(date.to_datetime(hour), offset),
            (Some(date), hour, _) => clock.local(date, hour),
            (None, ..) => None,
        };
        let Some(heard) = heard else {
            line.skip();
            continue;
        };
        let areas = event.service_area.iter().map(|a| a.description.as_deref());
        line.push(
            RawScan {
                codes: &[event.type_code.as_deref().unwrap_or_default()],
                text: event.description.as_deref(),
                place: place(&areas.collect::<Vec<_>>()),
                ..RawScan::default()
            },
            heard,
        );
    }
    let mut told = line.finish();
    told.complete = true;
    let day = shipment.estimated_delivery_date.as_deref();
    told.expected = day.and_then(|day| whole_day(&clock, time::date(day.get(..10)?)?));
    let unit = match shipment.unit_of_measurements.as_deref() {
        Some("imperial") => "lb",
        _ => "kg",
    };
    told.weight_g = shipment.total_weight.and_then(|w| grams(w, unit));
    Ok(told)
}

/// Translates the XML answer, which may hold many numbers: each with its telling.
///
/// # Errors
/// [`Trouble::Refused`] where the account is not accepted, [`Trouble::Unreadable`] for another shape.
pub fn tellings_of_xml(body: &[u8], table: &CodeTable) -> Result<Vec<(String, Telling)>, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if root.name == "ShipmentTrackingErrorResponse" {
        // Code 111 stands for every request that does not pass its schema; a password too short is one.
        let code = root.find("ConditionCode").map(|node| node.text.as_str());
        return Err(Trouble::Refused(format!(
            "DHL Express does not accept the request (condition {}): check the account",
            code.unwrap_or("?")
        )));
    }
    let shipments = root.all("AWBInfo").filter_map(|info| {
        let number = info.at("AWBNumber")?.to_owned();
        let shipment = info.child("ShipmentInfo")?;
        Some((number, of_xml(shipment, table)))
    });
    Ok(shipments.collect())
}

fn of_xml(shipment: &xml::Node, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    let mut clock = Clock::rome();
    for event in shipment.all("ShipmentEvent") {
        let area = event.at("ServiceArea/Description");
        clock.turn(area.and_then(zone_of_area).unwrap_or(time::ROME));
        let date = event.at("Date").and_then(time::date);
        let hour = event.at("Time").and_then(time::time);
        let Some(heard) = date.and_then(|date| clock.local(date, hour)) else {
            line.skip();
            continue;
        };
        line.push(
            RawScan {
                codes: &[event.at("ServiceEvent/EventCode").unwrap_or_default()],
                text: event.at("ServiceEvent/Description"),
                place: place(&[area]),
                ..RawScan::default()
            },
            heard,
        );
    }
    let mut told = line.finish();
    told.complete = true;
    let weight = shipment.at("Weight").and_then(|w| w.parse().ok());
    told.weight_g = weight.and_then(|w| grams(w, shipment.at("WeightUnit")?));
    // `2021-05-07 23:59:00 GMT-04:00`: the last minute of a day is that day.
    let expected = shipment.at("EstDlvyDate").and_then(|text| {
        let (date, rest) = text.split_once(' ')?;
        let (hour, offset) = rest.split_once("GMT")?;
        let (date, hour) = (time::date(date)?, time::time(hour)?);
        let offset = time::offset(offset)?;
        let until = offset.to_timestamp(date.to_datetime(hour)).ok()?;
        let from = offset.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Window {
            from,
            until,
            days: (hour.hour(), hour.minute()) == (23, 59),
        })
    });
    told.expected = expected;
    told
}

fn whole_day(clock: &Clock, day: Date) -> Option<Window> {
    let (from, until) = clock.day(day)?;
    Some(Window {
        from,
        until,
        days: true,
    })
}

/// The zone of a service area by the country that its name ends with.
fn zone_of_area(area: &str) -> Option<&'static str> {
    let country = match area
        .rsplit(['-', ','])
        .next()?
        .trim()
        .to_uppercase()
        .as_str()
    {
        "AUSTRIA" | "AUT" => "AT",
        "BELGIUM" | "BEL" => "BE",
        "FRANCE" | "FRA" => "FR",
        "GERMANY" | "DEU" => "DE",
        "HONG KONG" | "HKG" => "HK",
        "ITALY" | "ITA" => "IT",
        "NETHERLANDS" | "NLD" => "NL",
        "POLAND" | "POL" => "PL",
        "SINGAPORE" | "SGP" => "SG",
        "SPAIN" | "ESP" => "ES",
        "SWITZERLAND" | "CHE" => "CH",
        "UK" | "UNITED KINGDOM" | "GBR" => "GB",
        "JAM" | "JAMAICA" => return Some("America/Jamaica"),
        _ => return None,
    };
    zone_of_country(country)
}
