//! Poste's answers as tellings.

use super::client::table;
use super::public;
use super::wire::{Answer, Envelope, Found, Scan, is_yes};
use crate::couriers::codes::{Mapping, RawScan, Timeline, fold};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::italian::{oldest_first, reason_before};
use crate::couriers::time::Clock;
use dopo_core::parcel::{ParcelState, ScanSource, Telling};

/// The label with which Poste takes the scan before it back.
const TAKES_BACK: &str = "annulla status precedente";

/// What an answer of the business API's tracking, or of the public page, tells of one number.
///
/// # Errors
/// As Poste's `return.code` says: 100–199 the request is wrong, 200–299 the number is not known to this account, the rest
/// comes later.
pub fn translate(body: &[u8], number: &str) -> Result<Telling, Trouble> {
    let value: serde_json::Value = read_json(body).map_err(Trouble::Unreadable)?;
    let of = |value| serde_json::from_value::<Found>(value);
    let shape = "the answer is not as Poste documents it";
    match value {
        serde_json::Value::Array(found) => {
            let found: Vec<Found> = found.into_iter().filter_map(|one| of(one).ok()).collect();
            public::translate(found, number)
        }
        value if value.get("esitoRicerca").is_some() => {
            let found = of(value).map_err(|_| Trouble::Unreadable(shape.to_owned()))?;
            public::translate(vec![found], number)
        }
        value => {
            let envelope = serde_json::from_value::<Envelope>(value);
            match envelope.ok().and_then(|envelope| envelope.answer) {
                Some(answer) => business(answer, number),
                None => Err(Trouble::Unreadable(shape.to_owned())),
            }
        }
    }
}

fn business(answer: Answer, number: &str) -> Result<Telling, Trouble> {
    let code: i64 = answer.code.0.trim().parse().unwrap_or(0);
    let refused = [&answer.outcome, &answer.result]
        .iter()
        .any(|text| text.0.trim().eq_ignore_ascii_case("KO"));
    match code {
        0 if !refused => {}
        100..=199 => {
            return Err(Trouble::Unreadable(
                "Poste says that the number is not written as its numbers are".to_owned(),
            ));
        }
        200..=299 => return Err(Trouble::Unknown),
        code => {
            return Err(Trouble::later(format!(
                "Poste answered with its code {code}"
            )));
        }
    }
    let mut shipments = answer.shipment;
    if shipments.is_empty() {
        return Err(Trouble::Unknown);
    }
    let ours = shipments
        .iter()
        .position(|s| s.waybill.0.trim().eq_ignore_ascii_case(number.trim()));
    let mut shipment = shipments.swap_remove(ours.unwrap_or(0));
    let mut clock = Clock::rome();
    // ISO days and hours sort as text.
    oldest_first(&mut shipment.tracking, |scan| scan.data.0.clone(), false);
    let mut line = Timeline::new(table(), ScanSource::Carrier);
    for scan in &shipment.tracking {
        let Some(heard) = clock.written(&scan.data.0) else {
            line.skip();
            continue;
        };
        let raw = RawScan {
            codes: &[&scan.status.0],
            text: Some(&scan.text.0),
            place: Some(scan.office.0.clone()),
            ..RawScan::default()
        };
        if takes_back(&scan.text.0) {
            take_back(&mut line);
            line.push_as(raw, heard, Some(NOWHERE_ELSE));
            continue;
        }
        let before = reason_before(line.scans());
        let pushed = line.push_as(raw, heard, meaning(scan));
        if pushed.reason.as_deref() == Some("consignee_instructions_needed") {
            pushed.reason = before.or(pushed.reason.take());
        }
    }
    let mut told = line.finish();
    told.complete = true;
    if is_yes(&shipment.returns) {
        goes_back(&mut told);
    }
    told.branch = held_at(&told);
    Ok(told)
}

/// A scan that moves nothing.
pub(super) const NOWHERE_ELSE: Mapping = Mapping {
    state: None,
    reason: None,
    act_by: None,
};

/// The status first (003 is a hold although its phase says `IN CONSEGNA`), then the words, the phase last.
fn meaning(scan: &Scan) -> Option<Mapping> {
    let table = table();
    table
        .find(&[&scan.status.0], Some(&scan.text.0))
        .or_else(|| table.find(&[], Some(&scan.synthesis.0)))
        .or_else(|| table.find(&[], Some(&scan.phase.0)))
        .cloned()
}

pub(super) fn takes_back(text: &str) -> bool {
    fold(text).contains(TAKES_BACK)
}

/// Takes the newest scan that stands back.
pub(super) fn take_back(line: &mut Timeline<'_>) {
    if let Some(scan) = line.last_mut() {
        scan.taken_back = true;
    }
}

/// Poste flags the whole parcel as going back: where it is then is on the way back, and a delivery is one to the shop.
pub(super) fn goes_back(told: &mut Telling) {
    let newest = told.scans.iter_mut().rev().find(|scan| !scan.taken_back);
    if let Some(scan) = newest {
        scan.checkpoint.state = back(scan.checkpoint.state);
    }
}

/// A state on the way back to the shop.
pub(super) fn back(state: ParcelState) -> ParcelState {
    match state {
        ParcelState::Delivered | ParcelState::Collected => ParcelState::Returned,
        ParcelState::PickedUp
        | ParcelState::InTransit
        | ParcelState::AtDepot
        | ParcelState::OutForDelivery => ParcelState::Returning,
        state => state,
    }
}

fn held_at(told: &Telling) -> Option<String> {
    let newest = told.scans.iter().rev().find(|scan| !scan.taken_back)?;
    let held = newest.checkpoint.state == ParcelState::HeldAtDepot;
    held.then(|| newest.checkpoint.place.clone()).flatten()
}
