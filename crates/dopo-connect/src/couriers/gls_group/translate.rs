//! GLS Group's Track & Trace, made [`Telling`]s.
//!
//! An event's code means what the table says; of the newest event, the parcel's own status decides before the event's
//! group does: `DELIVD` alone would be a delivery, with `DELIVEREDPS` it waits in a parcel shop.

use super::wire;
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::place;
use crate::couriers::time::{self, Clock, Heard, zone_of_country};
use dopo_core::parcel::{ScanSource, Telling};

/// An answer: its parcels.
pub struct Answer(wire::Answer);

/// Reads an answer.
///
/// # Errors
/// [`Trouble::Unreadable`] for another shape.
pub fn read(body: &[u8]) -> Result<Answer, Trouble> {
    read_json(body).map(Answer).map_err(Trouble::Unreadable)
}

impl Answer {
    /// Translates what it tells of one number.
    ///
    /// # Errors
    /// [`Trouble::Unknown`] where it is not known, [`Trouble::Unreadable`] where GLS tells an error of it.
    pub fn telling(&self, number: &str, table: &CodeTable) -> Result<Telling, Trouble> {
        let named = |name: &Option<String>| {
            let name = name.as_deref().unwrap_or_default().trim();
            name.eq_ignore_ascii_case(number.trim())
        };
        let parcels = &self.0.parcels;
        let ours = parcels
            .iter()
            .find(|p| named(&p.requested) || named(&p.unitno));
        let parcel = ours.ok_or(Trouble::Unknown)?;
        match parcel.error_code.as_deref() {
            None | Some("") => Ok(of_parcel(parcel, table)),
            Some(code) if code.starts_with("E_404") => Err(Trouble::Unknown),
            Some(code) if code.starts_with("E_5") => {
                Err(Trouble::later("GLS has an error of its own"))
            }
            Some(_) => Err(Trouble::Unreadable(
                "GLS does not take this for a number of its own".to_owned(),
            )),
        }
    }
}

fn of_parcel(parcel: &wire::Parcel, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    let mut clock = Clock::rome();
    let status = parcel.status.as_deref().unwrap_or_default();
    let status_code = format!("STATUS:{status}");
    let mut events: Vec<(Heard, &wire::Event)> = Vec::new();
    // Times carry their offset; the order on the wire is not told.
    for event in &parcel.events {
        clock.turn(
            event
                .country
                .as_deref()
                .and_then(zone_of_country)
                .unwrap_or(time::ROME),
        );
        match event
            .event_date_time
            .as_deref()
            .and_then(|t| clock.written(t))
        {
            Some(heard) => events.push((heard, event)),
            None => line.skip(),
        }
    }
    events.sort_by_key(|(heard, _)| heard.at);
    let newest = events.len().saturating_sub(1);
    for (at, (heard, event)) in events.iter().enumerate() {
        let code = event.code.as_deref().unwrap_or_default();
        let group = code.split_once('.').map_or(code, |(group, _)| group);
        let group = format!("GROUP:{group}");
        let of_status = if at == newest { &status_code } else { "" };
        line.push(
            RawScan {
                codes: &[code, of_status, &group],
                text: event.description.as_deref(),
                place: place(&[event.city.as_deref(), event.country.as_deref()]),
                ..RawScan::default()
            },
            heard.clone(),
        );
    }
    if events.is_empty()
        && let Some(heard) = parcel
            .status_date_time
            .as_deref()
            .and_then(|t| clock.written(t))
    {
        let mapping = table.find(&[&status_code], None).cloned();
        let raw = RawScan {
            codes: &[status],
            ..RawScan::default()
        };
        line.push_as(raw, heard, mapping);
    }
    let mut told = line.finish();
    told.complete = !events.is_empty();
    told
}
