//! Qapla's shipments (`getShipment`, v1.3) as tellings.

use super::client::table;
use super::wire::{Answer, Shipment, is_yes};
use crate::couriers::codes::{Mapping, RawScan, Timeline};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::italian::{amount, oldest_first};
use crate::couriers::time::{Clock, date};
use dopo_core::parcel::{
    Courier, Direction, ParcelState, Related, Relation, ScanSource, Telling, ToldScan, Window,
};

/// Qapla's codes of couriers whose names say it otherwise.
const COURIERS: &[(&str, Courier)] = &[
    ("GLS-ITA", Courier::GlsItaly),
    ("GLS-EU", Courier::GlsGroup),
    ("POSTE-ITALIANE", Courier::Poste),
    ("POSTE", Courier::Poste),
    ("CRONO", Courier::Poste),
    ("SDA", Courier::Poste),
    ("INPOST", Courier::InpostItaly),
    ("DHL-EXPRESS", Courier::DhlExpress),
    ("AMAZON", Courier::Amazon),
];

/// The courier's name as we write it; Qapla's code where we do not know it.
pub(super) fn carrier(code: &str) -> Option<String> {
    let code = crate::tidy::text(code)?;
    let known = COURIERS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&code))
        .map(|(_, courier)| *courier)
        .or_else(|| Courier::named(&code));
    Some(known.map_or(code, |courier| courier.title().to_owned()))
}

/// A status with its sub-state: `6.1`.
pub(super) fn code(status: &str, detail: &str) -> String {
    match detail.trim() {
        "" | "0" => status.trim().to_owned(),
        detail => format!("{}.{detail}", status.trim()),
    }
}

/// What a status means for a parcel of which `scans` are known: trouble and delay leave it where it is, and put it on the
/// way where nothing is known. Nothing where the status says nothing.
pub(super) fn meaning(status: &str, scans: &[ToldScan]) -> Option<Option<Mapping>> {
    let Some(mapping) = table().find(&[status], None) else {
        return Some(None);
    };
    if mapping.state.is_none() && mapping.reason.is_none() {
        return None;
    }
    let mut mapping = mapping.clone();
    if scans.is_empty() {
        mapping.state = mapping.state.or(Some(ParcelState::InTransit));
    }
    Some(Some(mapping))
}

/// What an answer of `getShipment` tells of one number. Its id for the release stands in `hold_reference`.
///
/// # Errors
/// As the envelope says: `KO` with words.
pub fn translate(body: &[u8], number: &str) -> Result<Telling, Trouble> {
    let answer: Answer = read_json(body).map_err(Trouble::Unreadable)?;
    let Some(answer) = answer.answer else {
        return Err(Trouble::Unreadable(
            "the answer holds no shipments (getShipment)".to_owned(),
        ));
    };
    if !answer.result.0.eq_ignore_ascii_case("OK") {
        let words = answer.error.0.to_lowercase();
        return Err(if words.contains("too many") {
            Trouble::later("Qapla' has had enough calls for now")
        } else if words.contains("api key") || words.contains("apikey") {
            Trouble::Refused("Qapla' does not accept the channel's key".to_owned())
        } else if words.contains("not found") || words.contains("non trovat") {
            Trouble::Unknown
        } else {
            Trouble::Unreadable("Qapla' answered KO in words that are not known yet".to_owned())
        });
    }
    let ours = |one: &&Shipment| one.number.0.trim() == number.trim();
    let found = answer.shipments.iter().find(ours);
    match found.or(answer.shipments.first()) {
        Some(shipment) => Ok(told_by(shipment)),
        None => Err(Trouble::Unknown),
    }
}

fn told_by(shipment: &Shipment) -> Telling {
    let mut line = Timeline::new(table(), ScanSource::Aggregator);
    let mut clock = Clock::rome();
    let mut scans: Vec<_> = shipment.history.iter().collect();
    if scans.is_empty() && !shipment.status.qapla.id.0.is_empty() {
        scans.push(&shipment.status);
    }
    let (mut scans, undated): (Vec<_>, Vec<_>) = scans
        .into_iter()
        .partition(|scan| !scan.date.0.trim().is_empty());
    oldest_first(&mut scans, |scan| scan.date.0.clone(), true);
    for scan in scans {
        let Some(heard) = clock.written(&scan.date.0) else {
            line.skip();
            continue;
        };
        let status = code(&scan.qapla.id.0, &scan.qapla.detail.0);
        let raw = RawScan {
            codes: &[&status],
            text: Some(&scan.status.0),
            place: Some(scan.place.0.clone()),
            ..RawScan::default()
        };
        if let Some(mapping) = meaning(&status, line.scans()) {
            line.push_as(raw, heard, mapping);
        }
    }
    for _ in undated {
        line.skip();
    }
    let mut told = line.finish();
    told.complete = !shipment.history.is_empty();
    told.direction = is_yes(&shipment.is_return).then_some(Direction::Return);
    told.hold_reference = crate::tidy::id(&shipment.id.0);
    if is_yes(&shipment.is_cash) {
        told.cash_on_delivery = amount(&shipment.amount.0, None);
    }
    let others = shipment.children.iter().map(|child| &child.number);
    let others = others
        .map(|number| (Relation::Sibling, number))
        .chain([
            (Relation::Renumbered, &shipment.new_number),
            (Relation::Return, &shipment.return_number),
        ])
        .filter_map(|(relation, number)| {
            let number = crate::tidy::id(&number.0)?;
            (number != shipment.number.0).then_some(Related { relation, number })
        });
    told.related = others.collect();
    let newest = told.scans.last().map(|scan| scan.checkpoint.state);
    if !newest.is_some_and(|state| state.is_possession()) {
        let day = date(shipment.courier.estimated.0.get(..10).unwrap_or_default());
        told.expected = day.and_then(|day| {
            let (from, until) = Clock::rome().day(day)?;
            Some(Window {
                from,
                until,
                days: true,
            })
        });
    }
    told
}
