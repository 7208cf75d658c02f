//! Sendcloud's words as ours.

use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Direction, ScanSource, Telling, Window};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::wire;
use crate::couriers::codes::{CodeTable, Mapping, RawScan, Timeline};
use crate::couriers::hooks::carrier_title;
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::time::{self, Clock, Heard};
use crate::tidy;
use crate::translation::{Setting, Text, Translation, read};

/// Unix times beyond this are milliseconds: as seconds they would lie after the year 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

pub(super) static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("sendcloud", include_str!("codes.csv")));

static IDS: LazyLock<BTreeMap<u32, &'static str>> = LazyLock::new(|| {
    let rows = include_str!("ids.csv").lines().skip(1);
    rows.filter_map(|row| row.split_once(';'))
        .filter_map(|(id, code)| Some((id.trim().parse().ok()?, code.trim())))
        .collect()
});

/// The v3 code that a v2 status id stands for.
pub fn code_of_id(id: u32) -> Option<&'static str> {
    IDS.get(&id).copied()
}

/// All v2 status ids, in order.
pub fn ids() -> impl Iterator<Item = u32> {
    IDS.keys().copied()
}

/// What a v3 code means.
pub fn meaning(code: &str) -> Option<&'static Mapping> {
    CODES.find(&[&tidy_code(code)], None)
}

/// Codes are written with dashes in the documentation and with underscores in some answers.
fn tidy_code(code: &str) -> String {
    code.trim().to_lowercase().replace('_', "-")
}

/// Translates a webhook whose signature holds.
pub fn translate(body: &[u8], setting: &Setting<'_>) -> Translation {
    hook(body, setting).unwrap_or_else(|other| other)
}

fn hook(body: &[u8], setting: &Setting<'_>) -> Result<Translation, Translation> {
    let hook: wire::Hook = read(body)?;
    if hook.action != "parcel_status_changed" {
        return Err(Translation::nothing(
            "this message of Sendcloud tells nothing of a parcel's way",
        ));
    }
    let parcel = hook
        .parcel
        .ok_or_else(|| Translation::failure("the message names no parcel"))?;
    let number = parcel.tracking_number.and_then(|n| tidy::id(&n.0));
    let order = parcel.external_order_id.and_then(|id| tidy::id(&id.0));
    if number.is_none() && order.is_none() {
        return Err(Translation::nothing(
            "the parcel has no tracking number yet",
        ));
    }
    let status = parcel
        .status
        .ok_or_else(|| Translation::failure("the message tells no status"))?;
    let told = hook.carrier_status_change_timestamp.as_ref();
    let at = told
        .and_then(moment)
        .or_else(|| hook.timestamp.as_ref().and_then(moment))
        .unwrap_or(setting.received_at);
    let id = status.id.map(|id| id.0).unwrap_or_default();
    let code = status.code.map(|code| tidy_code(&code.0));
    let by_id = id.parse().ok().and_then(code_of_id);
    // The raw code first, as it is kept; what it means is looked up by all of them.
    let raw = code.clone().unwrap_or_else(|| id.clone());
    let mapping = code
        .as_deref()
        .and_then(meaning)
        .or_else(|| by_id.and_then(meaning))
        .or_else(|| CODES.find(&[], status.message.as_deref()))
        .cloned();
    let mut timeline = Timeline::new(&CODES, ScanSource::Aggregator);
    if let (Some(code), Some(by_id)) = (&code, by_id)
        && code != by_id
    {
        timeline.note(format!(
            "the status id {id} and the code {code} disagree; the code counts"
        ));
    }
    timeline.push_as(
        RawScan {
            codes: &[&raw],
            text: status.message.as_deref(),
            ..RawScan::default()
        },
        Heard {
            at,
            day_only: false,
            zone: None,
        },
        mapping,
    );
    let telling = Telling {
        direction: parcel
            .is_return
            .unwrap_or(false)
            .then_some(Direction::Return),
        weight_g: parcel.weight.as_ref().and_then(|kg| grams(&kg.0)),
        ..timeline.finish()
    };
    let note = telling.note.clone();
    let reference = ParcelRef {
        order: order.filter(|_| number.is_none()),
        number,
        carrier: parcel.carrier.and_then(|c| carrier_title(&c.code?)),
        ..ParcelRef::default()
    };
    Ok(Translation {
        events: vec![(
            at,
            Event::ParcelTracked {
                parcel: reference,
                telling: Box::new(telling),
            },
        )],
        note,
        failed: false,
    })
}

/// Unix seconds or milliseconds.
fn moment(written: &Text) -> Option<Timestamp> {
    let whole = written.0.split('.').next()?;
    let number: i64 = whole.parse().ok()?;
    if number.abs() > SECONDS_MAX {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

/// Kilograms with decimals as grams.
fn grams(kilograms: &str) -> Option<u32> {
    let kg: f64 = kilograms.trim().parse().ok()?;
    (kg > 0.0 && kg < 100_000.0).then(|| (kg * 1_000.0).round() as u32)
}

/// Reads an answer of the parcel tracking API v3.
///
/// # Errors
/// [`Trouble::Unreadable`] where it has another shape.
pub fn tracking(body: &[u8]) -> Result<Telling, Trouble> {
    let answer: wire::Tracking = read_json(body).map_err(Trouble::Unreadable)?;
    let mut events = Vec::new();
    let mut timeline = Timeline::new(&CODES, ScanSource::Aggregator);
    let mut clock = Clock::rome();
    for event in &answer.events {
        // What Sendcloud reckons itself is no scan.
        if matches!(event.event_type.as_deref(), Some("calculated" | "claim")) {
            continue;
        }
        match event.event_at.as_deref().and_then(|at| clock.written(at)) {
            Some(heard) => events.push((heard, event)),
            None => timeline.skip(),
        }
    }
    // Its order is not documented; a scan without a place of its own needs the one before it.
    events.sort_by_key(|(heard, _)| heard.at);
    for (heard, event) in events {
        let code = tidy_code(event.status_code.as_deref().unwrap_or_default());
        let sub = tidy_code(event.sub_status_code.as_deref().unwrap_or_default());
        let mapping = CODES.find(&[&sub, &code], event.status_description.as_deref());
        timeline.push_as(
            RawScan {
                codes: &[&code],
                text: event.status_description.as_deref(),
                ..RawScan::default()
            },
            heard,
            mapping.cloned(),
        );
    }
    let details = answer.details.as_ref();
    let expected = details
        .and_then(|d| time::date(d.expected_delivery_date.as_deref()?))
        .and_then(|date| clock.day(date));
    Ok(Telling {
        complete: true,
        direction: details
            .and_then(|d| d.is_return)
            .unwrap_or(false)
            .then_some(Direction::Return),
        expected: expected.map(|(from, until)| Window {
            from,
            until,
            days: true,
        }),
        ..timeline.finish()
    })
}
