//! BRT's answers as tellings.

use super::client::table;
use super::wire::{Delivery, Envelope, Event, Message, Response};
use crate::couriers::codes::{Mapping, RawScan, Timeline, fold};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::italian::{amount, grams, oldest_first, reason_before};
use crate::couriers::time::{Clock, date, time};
use dopo_core::parcel::{ParcelState, ScanSource, Telling, ToldScan, Window};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// BRT numbers its shipments anew each year: a parcel handed over so many days away from ours is another one's.
pub const ANOTHER_YEAR_DAYS: i32 = 120;
/// No shipment is known under this number.
const NOT_FOUND: &str = "-11";
/// More than one shipment has this reference.
const AMBIGUOUS: &str = "-22";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What an answer of `GET /rest/v1/tracking/parcelID/{id}` tells of the parcel that was handed over on `shipped_on`.
///
/// # Errors
/// [`Trouble::Unknown`] also where the number is of another year's parcel.
pub fn translate(body: &[u8], shipped_on: Option<Date>) -> Result<Telling, Trouble> {
    let envelope: Envelope = read_json(body).map_err(Trouble::Unreadable)?;
    let Some(mut response) = envelope.response else {
        return Err(Trouble::Unreadable(
            "the answer holds no tracking (ttParcelIdResponse)".to_owned(),
        ));
    };
    refused(&response)?;
    response.lista_eventi.retain(|row| !row.evento.is_padding());
    let mut events: Vec<Event> = response
        .lista_eventi
        .into_iter()
        .map(|r| r.evento)
        .collect();
    oldest_first(
        &mut events,
        |event| (date(&event.data.0), time(&event.ora.0)),
        true,
    );
    let began = date(&response.bolla.dati_spedizione.spedizione_data.0)
        .or_else(|| events.iter().find_map(|event| date(&event.data.0)));
    if let (Some(ours), Some(began)) = (shipped_on, began)
        && (began - ours).get_days().abs() > ANOTHER_YEAR_DAYS
    {
        return Err(Trouble::Unknown);
    }

    let mut line = Timeline::new(table(), ScanSource::Carrier);
    let mut clock = Clock::rome();
    for event in &events {
        let Some(day) = date(&event.data.0) else {
            line.skip();
            continue;
        };
        let Some(heard) = clock.local(day, time(&event.ora.0)) else {
            line.skip();
            continue;
        };
        let id = event.id.0.trim();
        let before = reason_before(line.scans());
        let opens = days_until_hold(id).and_then(|days| heard.at.checked_add(DAY * days).ok());
        let scan = line.push(
            RawScan {
                codes: &[id],
                text: Some(&event.descrizione.0),
                place: Some(event.filiale.0.clone()),
                ..RawScan::default()
            },
            heard,
        );
        scan.act_deadline = opens;
        if scan.reason.as_deref() == Some("consignee_instructions_needed") {
            scan.reason = before.or(scan.reason.take());
        }
    }
    let delivery = &response.bolla.dati_consegna;
    let delivered = delivered_on(delivery, &mut line);
    let mut told = line.finish();
    if let Some((at, by_date)) = delivered {
        delivered_wins(&mut told, at, by_date);
    }
    told.complete = true;
    told.weight_g = grams(&response.bolla.merce.peso_kg.0);
    let cash = &response.bolla.contrassegno;
    told.cash_on_delivery = amount(
        &cash.contrassegno_importo.0,
        Some(cash.contrassegno_divisa.0.as_str()),
    );
    let last = told.scans.iter().rev().find(|scan| !scan.taken_back);
    let last = last.map(|scan| &scan.checkpoint);
    told.branch = last
        .filter(|scan| scan.state == ParcelState::HeldAtDepot)
        .and_then(|scan| scan.place.clone());
    if !last.is_some_and(|scan| scan.state.is_possession()) {
        told.expected = expected(delivery);
    }
    Ok(told)
}

/// Errors stand inside a 200: an outcome below zero, and words.
fn refused(response: &Response) -> Result<(), Trouble> {
    let Message {
        code,
        code_desc,
        message,
    } = &response.message;
    let outcome = [&response.esito.0, &code.0]
        .into_iter()
        .map(|text| text.trim())
        .find(|text| text.starts_with('-'));
    let Some(outcome) = outcome else {
        return Ok(());
    };
    let words = fold(&format!("{} {}", code_desc.0, message.0));
    if ["login", "password", "user id", "userid", "utente"]
        .iter()
        .any(|word| words.contains(word))
    {
        return Err(Trouble::Refused(
            "BRT does not accept user and password of the account".to_owned(),
        ));
    }
    Err(match outcome {
        NOT_FOUND => Trouble::Unknown,
        AMBIGUOUS => Trouble::Unreadable(
            "BRT knows more than one shipment with this number: use the parcel id".to_owned(),
        ),
        _ if words.contains("not found") || words.contains("non trovat") => Trouble::Unknown,
        outcome => Trouble::Unreadable(format!("BRT answered with its error {outcome}")),
    })
}

/// `G02` … `G09` announce that the hold opens after so many days.
fn days_until_hold(id: &str) -> Option<i32> {
    let days: i32 = id.strip_prefix('G')?.parse().ok()?;
    (1..=9).contains(&days).then_some(days)
}

/// `data_consegna_merce` says that it was delivered, whether or not a scan does. Returns when, and whether only this field
/// says so.
fn delivered_on(delivery: &Delivery, line: &mut Timeline<'_>) -> Option<(Timestamp, bool)> {
    let scanned = line.scans().iter().rev().map(|scan| &scan.checkpoint);
    let scanned = scanned
        .filter(|scan| scan.state.is_possession())
        .map(|s| s.at)
        .next();
    let day = date(&delivery.data_consegna_merce.0)?;
    if let Some(at) = scanned {
        return Some((at, false));
    }
    // A clock of its own: the moment is not in the order of the list.
    let heard = Clock::rome().local(day, time(&delivery.ora_consegna_merce.0))?;
    let at = heard.at;
    let delivered = Mapping {
        state: Some(ParcelState::Delivered),
        reason: None,
        act_by: None,
    };
    line.push_as(RawScan::default(), heard, Some(delivered));
    Some((at, true))
}

/// BRT writes the date of delivery into the shipment: scans after it that say less are BRT's own paperwork. They stay in
/// the history as taken back; only a return counts.
fn delivered_wins(told: &mut Telling, at: Timestamp, by_date: bool) {
    let day = |at: Timestamp| Clock::rome().zone().to_datetime(at).date();
    let is_delivery = |scan: &ToldScan| scan.checkpoint.state.is_possession();
    let Some(delivered) = told.scans.iter().rposition(is_delivery) else {
        return;
    };
    if by_date && told.scans[delivered].checkpoint.day_only {
        // Without an hour the day begins before its own scans: the delivery is told after them.
        let mut scan = told.scans.remove(delivered);
        let same_day = told.scans.iter().map(|scan| scan.checkpoint.at);
        let last = same_day.filter(|other| day(*other) == day(at)).max();
        scan.checkpoint.at = last.unwrap_or(at);
        told.scans.push(scan);
        told.scans.sort_by_key(|scan| scan.checkpoint.at);
    }
    let Some(delivered) = told.scans.iter().rposition(is_delivery) else {
        return;
    };
    let later = &mut told.scans[delivered + 1..];
    let undone = later.iter().any(|scan| {
        matches!(
            scan.checkpoint.state,
            ParcelState::Returning | ParcelState::Returned | ParcelState::Refused
        )
    });
    if undone || later.is_empty() {
        return;
    }
    for scan in later {
        scan.taken_back = true;
    }
    let note = "BRT tells a delivery and later scans that contradict it: the delivery stands";
    told.note = Some(match told.note.take() {
        Some(before) => format!("{before}; {note}"),
        None => note.to_owned(),
    });
}

fn expected(delivery: &Delivery) -> Option<Window> {
    let day = date(&delivery.data_teorica_consegna.0)?;
    let mut clock = Clock::rome();
    let hours = (
        time(&delivery.ora_teorica_consegna_da.0),
        time(&delivery.ora_teorica_consegna_a.0),
    );
    if let (Some(from), Some(until)) = hours
        && from < until
    {
        return Some(Window {
            from: clock.local(day, Some(from))?.at,
            until: clock.local(day, Some(until))?.at,
            days: false,
        });
    }
    let (from, until) = clock.day(day)?;
    Some(Window {
        from,
        until,
        days: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_hold_says_after_how_many_days() {
        for (id, days) in [
            ("G02", Some(2)),
            ("G09", Some(9)),
            ("G", None),
            ("GEN", None),
            ("G99", None),
        ] {
            assert_eq!(days_until_hold(id), days, "{id}");
        }
    }
}
