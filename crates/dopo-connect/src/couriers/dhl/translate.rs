//! DHL's unified tracking, made a [`Telling`].
//!
//! `statusCode` decides: texts refine it and never contradict it. DHL's own sample has `pre-transit` with `DELIVERED`; the
//! parcel is then announced, and the note says that the two disagree.

use super::wire;
use crate::couriers::codes::{CodeTable, RawScan, Timeline, fold};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::time::{self, Clock, zone_of_country};
use crate::couriers::{grams, place};
use dopo_core::parcel::{Direction, ParcelState, ScanSource, Telling, Window};
use jiff::Timestamp;

/// Translates an answer.
///
/// # Errors
/// [`Trouble::Unknown`] without a shipment, [`Trouble::Unreadable`] for another shape.
pub fn telling(body: &[u8], table: &CodeTable) -> Result<Telling, Trouble> {
    let answer: wire::Answer = read_json(body).map_err(Trouble::Unreadable)?;
    let several = answer.shipments.len() > 1;
    let told = answer.shipments.iter().map(|s| shipment(s, table));
    // One number can be a shipment of several divisions: the one that was scanned last.
    let newest = told.max_by_key(|told| {
        told.scans
            .last()
            .map_or(Timestamp::MIN, |scan| scan.checkpoint.at)
    });
    let mut told = newest.ok_or(Trouble::Unknown)?;
    if several {
        let more =
            "the number belongs to shipments of several divisions: this is the one scanned last";
        told.note = Some(match told.note {
            Some(note) => format!("{note}; {more}"),
            None => more.to_owned(),
        });
    }
    Ok(told)
}

fn shipment(shipment: &wire::Shipment, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    let mut clock = Clock::rome();
    let mut events: Vec<&wire::Event> = shipment.events.iter().collect();
    if events.is_empty() {
        events.extend(&shipment.status);
    }
    // Newest first on the wire.
    for event in events.iter().rev() {
        scan(event, &mut clock, &mut line, table);
    }
    let mut told = line.finish();
    told.complete = !shipment.events.is_empty();
    told.direction = (shipment.return_flag == Some(true)).then_some(Direction::Return);
    told.expected = expected(shipment);
    let weight = shipment.details.as_ref().and_then(|d| d.weight.as_ref());
    told.weight_g = weight.and_then(|w| grams(w.value?, w.unit_text.as_deref().unwrap_or("kg")));
    told.branch = shipment.service.as_deref().and_then(crate::tidy::text);
    told
}

fn scan(event: &wire::Event, clock: &mut Clock, line: &mut Timeline<'_>, table: &CodeTable) {
    let address = event.location.as_ref().and_then(|l| l.address.as_ref());
    let country = address.and_then(|a| a.country_code.as_deref());
    clock.turn(country.and_then(zone_of_country).unwrap_or(time::ROME));
    let Some(heard) = event.timestamp.as_deref().and_then(|t| clock.written(t)) else {
        line.skip();
        return;
    };
    let local = heard.zone.as_deref() == Some(time::ROME);
    if local && country.is_some_and(|country| zone_of_country(country).is_none()) {
        line.note_zone();
    }
    let code = event.status_code.as_deref().unwrap_or_default();
    // Some divisions repeat the code as status and tell the rest in the description.
    let status = event
        .status
        .as_deref()
        .filter(|status| !status.trim().is_empty() && fold(status) != fold(code));
    let text = status.or(event.description.as_deref());
    let by_text = table.find(&[], text).and_then(|mapping| mapping.state);
    let at = place(&[address.and_then(|a| a.address_locality.as_deref())]);
    let checkpoint = line.push(
        RawScan {
            codes: &[code],
            text,
            more: event.description.as_deref().filter(|_| status.is_some()),
            place: at,
            taken_back: false,
        },
        heard,
    );
    let state = checkpoint.state;
    if by_text == Some(ParcelState::Delivered)
        && !state.is_possession()
        && state != ParcelState::Returned
        && !code.is_empty()
    {
        line.note(format!(
            "the courier says {code} and calls it delivered: its code was followed"
        ));
    }
}

fn expected(shipment: &wire::Shipment) -> Option<Window> {
    let mut clock = Clock::rome();
    let mut read = |text: &Option<String>| clock.written(text.as_deref()?);
    if let Some(frame) = &shipment.estimated_delivery_time_frame
        && let Some(from) = read(&frame.estimated_from)
        && let Some(until) = read(&frame.estimated_through)
        && from.at <= until.at
    {
        return Some(Window {
            from: from.at,
            until: until.at,
            days: from.day_only,
        });
    }
    // A single moment is a day: its hour is midnight, or the end of a working day.
    let day = shipment.estimated_time_of_delivery.as_deref()?;
    let (from, until) = clock.day(time::date(day.get(..10)?)?)?;
    Some(Window {
        from,
        until,
        days: true,
    })
}
