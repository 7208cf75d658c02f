//! GLS Italy's answers as tellings.

use super::client::table;
use super::wire::{Scan, scans};
use crate::couriers::codes::{Mapping, RawScan, Timeline, fold};
use crate::couriers::http::Trouble;
use crate::couriers::italian::{amount, grams, oldest_first};
use crate::couriers::time::{Clock, date, time};
use crate::couriers::xml::{Node, text, tree};
use dopo_core::parcel::{ParcelState, Related, Relation, ScanSource, Telling};

/// How a note begins that names the parcel which brings the goods back.
const RETURN_NOTE: &str = "Resa con spedizione:";
/// Digits of a shipment number, after the two letters of the depot.
const NUMBER_DIGITS: usize = 9;
/// What the courier says of a pick-up order, whose codes mean other things than those of a parcel.
const PICKUP_PREFIX: &str = "RITIRO ";

/// What an answer of `get_xml_track.php` tells.
///
/// # Errors
/// [`Trouble::Later`] for a page of maintenance, which GLS serves as 200.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let start: String = text(body).trim_start().chars().take(64).collect();
    let start = start.to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") || !start.starts_with('<')
    {
        return Err(Trouble::later(
            "GLS sends a page where tracking is due: maintenance, as a rule",
        ));
    }
    let root = tree(body).map_err(Trouble::Unreadable)?;
    if let Some(error) = root.find("TESTOERRORE") {
        return Err(refused(&error.text));
    }
    let pickup = root.find("RITIRO");
    let shipment = root.find("SPEDIZIONE");
    if shipment.is_none() && pickup.is_none() {
        return Err(Trouble::Unknown);
    }
    let mut line = Timeline::new(table(), ScanSource::Carrier);
    let mut clock = Clock::rome();
    let mut related: Vec<Related> = Vec::new();

    for tracking in pickup.iter().flat_map(|node| node.all("TRACKINGRITIRO")) {
        add(
            &mut line,
            &mut clock,
            scans(tracking),
            &mut related,
            PICKUP_PREFIX,
        );
    }
    if let Some(shipment) = shipment {
        for leg in std::iter::once(shipment).chain(shipment.all("SPEDIZIONEDINOLTRO")) {
            let legs = leg.all("TRACKING").chain(leg.all("TRACKINGINT"));
            for tracking in legs {
                add(&mut line, &mut clock, scans(tracking), &mut related, "");
            }
        }
        for back in shipment.all("SPEDIZIONEDIRIENTRO") {
            if let Some(number) = number_of(back) {
                link(&mut related, number);
            }
        }
        delivered_on(shipment, &mut line);
    }
    let mut told = line.finish();
    told.complete = true;
    told.related = related;
    if let Some(shipment) = shipment {
        told.cash_on_delivery = shipment.at("Contrassegno").and_then(|t| amount(t, None));
        told.weight_g = shipment.at("Peso").and_then(grams);
        let depot = shipment
            .at("LocalitaSedeDestinazione")
            .or_else(|| shipment.at("SedeDestinazione"));
        told.branch = depot.and_then(crate::tidy::text);
    }
    Ok(told)
}

fn refused(words: &str) -> Trouble {
    let words = fold(words);
    let says = |any: &[&str]| any.iter().any(|word| words.contains(word));
    if says(&["nessuna spedizione", "non trovat", "inesistente"]) {
        return Trouble::Unknown;
    }
    if says(&[
        "codice cliente",
        "contratto",
        "password",
        "non autorizzat",
        "non abilitat",
    ]) {
        return Trouble::Refused("GLS does not accept the account's depot and contract".to_owned());
    }
    Trouble::Unreadable("GLS answered with an error in words that are not known yet".to_owned())
}

fn add(
    line: &mut Timeline<'_>,
    clock: &mut Clock,
    mut found: Vec<Scan<'_>>,
    related: &mut Vec<Related>,
    prefix: &str,
) {
    oldest_first(&mut found, |scan| (date(scan.day), time(scan.hour)), true);
    for scan in found {
        if let Some(number) = return_number(scan.note) {
            link(related, number);
        }
        let heard = date(scan.day).and_then(|day| clock.local(day, time(scan.hour)));
        let Some(heard) = heard else {
            line.skip();
            continue;
        };
        let looked_up = format!("{prefix}{}", scan.code);
        let mapping = table().find(&[&looked_up], Some(scan.text)).cloned();
        // Of a pick-up order with unknown words no more is known than that it was told.
        let mapping = mapping.or_else(|| {
            (!prefix.is_empty()).then_some(Mapping {
                state: Some(ParcelState::Announced),
                reason: None,
                act_by: None,
            })
        });
        let raw = RawScan {
            codes: &[scan.code],
            text: Some(scan.text),
            place: Some(scan.place.to_owned()),
            ..RawScan::default()
        };
        line.push_as(raw, heard, mapping);
    }
}

fn link(related: &mut Vec<Related>, number: String) {
    if !related.iter().any(|r| r.number == number) {
        related.push(Related {
            relation: Relation::Return,
            number,
        });
    }
}

/// `VE123456789` in `Resa con spedizione: VE123456789`.
fn return_number(note: &str) -> Option<String> {
    let rest = note.trim().strip_prefix(RETURN_NOTE)?.trim();
    let number: String = rest
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    let (depot, digits) = number.split_at_checked(2)?;
    let right = digits.len() == NUMBER_DIGITS
        && digits.bytes().all(|b| b.is_ascii_digit())
        && depot.bytes().all(|b| b.is_ascii_alphanumeric());
    right.then_some(number)
}

/// The whole number of a nested shipment: depot and digits.
fn number_of(shipment: &Node) -> Option<String> {
    let digits = shipment.at("NumSped")?;
    let depot = shipment.at("SedePartenza").unwrap_or_default();
    let whole = digits.bytes().all(|b| b.is_ascii_digit());
    crate::tidy::id(&match whole {
        true => format!("{depot}{digits}"),
        false => digits.to_owned(),
    })
}

/// `DataConsegna` says that it was delivered, also where no scan does.
fn delivered_on(shipment: &Node, line: &mut Timeline<'_>) {
    let told = shipment.at("StatoSpedizione").unwrap_or_default();
    let meant = table().find(&[], Some(told)).and_then(|m| m.state);
    let day = shipment.at("DataConsegna").and_then(date);
    let scanned = line
        .scans()
        .iter()
        .any(|s| s.checkpoint.state.is_possession());
    let (Some(ParcelState::Delivered), Some(day), false) = (meant, day, scanned) else {
        return;
    };
    let hour = shipment.at("OraConsegna").and_then(time);
    if let Some(heard) = Clock::rome().local(day, hour) {
        let raw = RawScan {
            text: Some(told),
            ..RawScan::default()
        };
        line.push(raw, heard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_number_is_two_letters_of_the_depot_and_nine_digits() {
        let found = return_number("Resa con spedizione: VE123456789");
        assert_eq!(found.as_deref(), Some("VE123456789"));
        for none in [
            "Resa con spedizione:",
            "Resa con spedizione: 12",
            "VE123456789",
            "Resa con spedizione: VE12345678é",
        ] {
            assert_eq!(return_number(none), None, "{none}");
        }
    }
}
