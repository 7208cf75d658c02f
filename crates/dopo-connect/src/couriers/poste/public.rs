//! What Poste's public page (Dove e quando) tells. Nobody documents it: no account asks there, shops and aggregators pass
//! its answers on.

use super::client::table;
use super::translate::{NOWHERE_ELSE, back, goes_back, take_back, takes_back};
use super::wire::{Found, Movement, is_yes};
use crate::couriers::codes::{RawScan, Timeline, fold};
use crate::couriers::http::Trouble;
use crate::couriers::italian::{oldest_first, reason_before};
use crate::couriers::time::{Clock, Heard, ROME};
use dopo_core::parcel::{ParcelState, PickupPoint, ScanSource, Telling, Window};
use jiff::Timestamp;
use jiff::civil::Date;

/// The number was found.
const FOUND: &str = "3";
const MONTHS: [&str; 12] = [
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
];

pub(super) fn translate(mut found: Vec<Found>, number: &str) -> Result<Telling, Trouble> {
    if found.is_empty() {
        return Err(Trouble::Unknown);
    }
    let ours = found
        .iter()
        .position(|one| one.number.0.trim().eq_ignore_ascii_case(number.trim()));
    let mut found = found.swap_remove(ours.unwrap_or(0));
    if found.outcome.0.trim() != FOUND || found.movements.is_empty() {
        return Err(Trouble::Unknown);
    }
    oldest_first(&mut found.movements, |movement| movement.at, false);
    let mut line = Timeline::new(table(), ScanSource::Carrier);
    let mut pickup_point = None;
    for movement in &found.movements {
        let at = movement
            .at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let Some(at) = at else {
            line.skip();
            continue;
        };
        let heard = Heard {
            at,
            day_only: false,
            zone: Some(ROME.to_owned()),
        };
        let raw = RawScan {
            text: Some(&movement.text.0),
            place: Some(movement.place.0.clone()),
            ..RawScan::default()
        };
        if takes_back(&movement.text.0) {
            take_back(&mut line);
            line.push_as(raw, heard, Some(NOWHERE_ELSE));
            continue;
        }
        let table = table();
        let mapping = table
            .find(&[], Some(&movement.text.0))
            .or_else(|| table.find(&[], Some(&movement.r#box.0)))
            .cloned();
        let before = reason_before(line.scans());
        let pushed = line.push_as(raw, heard, mapping);
        if pushed.reason.as_deref() == Some("consignee_instructions_needed") {
            pushed.reason = before.or(pushed.reason.take());
        }
        if is_yes(&movement.returns) {
            pushed.state = back(pushed.state);
        }
        pickup_point = match pushed.state {
            ParcelState::ReadyForPickup => point(movement),
            _ => None,
        };
    }
    let mut told = line.finish();
    told.complete = true;
    told.pickup_point = pickup_point;
    if is_yes(&found.returns) {
        goes_back(&mut told);
    }
    let newest = told.scans.last().map(|scan| &scan.checkpoint);
    if let Some(newest) = newest
        && !newest.state.is_possession()
    {
        told.expected = expected(&found.expected.0, newest.at);
    }
    Ok(told)
}

fn point(movement: &Movement) -> Option<PickupPoint> {
    let text = |text: &crate::translation::Text| crate::tidy::text(&text.0);
    let name = text(&movement.office)?;
    Some(PickupPoint {
        name: Some(name),
        street: text(&movement.street),
        postal_code: text(&movement.postal_code),
        city: text(&movement.city),
        hours: movement.hours(),
        until: None,
    })
}

/// `Consegna prevista entro Giovedì 1 Gennaio 2026`: by the end of that day.
fn expected(words: &str, since: Timestamp) -> Option<Window> {
    let words = fold(words);
    let words: Vec<&str> = words.split(' ').collect();
    let date = words.windows(3).find_map(|three| {
        let month = MONTHS.iter().position(|month| *month == three[1])?;
        Date::new(
            three[2].parse().ok()?,
            i8::try_from(month + 1).ok()?,
            three[0].parse().ok()?,
        )
        .ok()
    })?;
    let clock = Clock::rome();
    let (start, until) = clock.day(date)?;
    let began = clock.day(clock.zone().to_datetime(since).date())?.0;
    let from = if began <= until { began } else { start };
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
    fn by_a_day_is_until_the_end_of_that_day() {
        let since: Timestamp = "2025-12-30T08:00:00Z".parse().expect("a time");
        let window = expected("Consegna prevista entro Giovedì 1 Gennaio 2026", since);
        let window = window.expect("a window");
        assert_eq!(
            window.until,
            "2026-01-01T22:59:59Z".parse().expect("a time")
        );
        assert_eq!(window.from, "2025-12-29T23:00:00Z".parse().expect("a time"));
        assert_eq!(expected("presto", since), None);
    }
}
