//! AfterShip's trackings as ours.

use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Direction, Related, Relation, ScanSource, Telling, Window};
use std::sync::LazyLock;

use super::wire::{Checkpoint, Estimated, Hook, Tracking, Weight};
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::hooks::carrier_title;
use crate::couriers::time::Clock;
use crate::tidy;
use crate::translation::{Setting, Translation, read};

/// Other numbers of one tracking that are taken.
const RELATED_MAX: usize = 20;

pub(super) static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("aftership", include_str!("codes.csv")));

/// Translates a webhook whose signature holds.
pub fn translate(body: &[u8], setting: &Setting<'_>) -> Translation {
    hook(body, setting).unwrap_or_else(|other| other)
}

fn hook(body: &[u8], setting: &Setting<'_>) -> Result<Translation, Translation> {
    let hook: Hook = read(body)?;
    if hook.event != "tracking_update" {
        return Err(Translation::nothing(
            "this message of AfterShip tells nothing of a parcel's way",
        ));
    }
    let tracking = hook
        .msg
        .ok_or_else(|| Translation::failure("the message holds no tracking"))?;
    let number = tracking
        .tracking_number
        .as_ref()
        .and_then(|number| tidy::id(&number.0))
        .ok_or_else(|| Translation::failure("the tracking has no number"))?;
    let parcel = ParcelRef {
        number: Some(number),
        carrier: tracking.slug.as_deref().and_then(carrier_title),
        ..ParcelRef::default()
    };
    let telling = telling(&tracking);
    if telling == Telling::default() {
        return Err(Translation::nothing("the courier has no scan yet"));
    }
    let at = telling.scans.last().map(|scan| scan.checkpoint.at);
    let note = telling.note.clone();
    Ok(Translation {
        events: vec![(
            at.unwrap_or(setting.received_at),
            Event::ParcelTracked {
                parcel,
                telling: Box::new(telling),
            },
        )],
        note,
        failed: false,
    })
}

/// Everything that a tracking tells.
pub(super) fn telling(tracking: &Tracking) -> Telling {
    let mut timeline = Timeline::new(&CODES, ScanSource::Aggregator);
    let mut clock = Clock::rome();
    let mut scans = Vec::new();
    for checkpoint in &tracking.checkpoints {
        let time = checkpoint.checkpoint_time.as_deref();
        match time.and_then(|time| clock.written(time)) {
            Some(heard) => scans.push((heard, checkpoint)),
            None => timeline.skip(),
        }
    }
    scans.sort_by_key(|(heard, _)| heard.at);
    for (heard, checkpoint) in scans {
        let codes = [&checkpoint.subtag, &checkpoint.tag];
        let codes = codes.map(|code| code.as_deref().unwrap_or_default());
        timeline.push(
            RawScan {
                codes: &codes,
                text: checkpoint.message.as_deref(),
                place: place(checkpoint),
                ..RawScan::default()
            },
            heard,
        );
    }
    let number = tracking.tracking_number.as_ref().map(|n| n.0.as_str());
    let mut related: Vec<Related> = Vec::new();
    let returned = tracking.return_shipment.iter();
    let pieces = tracking
        .multi_piece_info
        .iter()
        .flat_map(|info| &info.pieces);
    let others = returned
        .map(|other| (Relation::Return, other))
        .chain(pieces.map(|other| (Relation::Sibling, other)));
    for (relation, other) in others {
        let other = other.tracking_number.as_ref().and_then(|n| tidy::id(&n.0));
        if let Some(other) = other.filter(|other| Some(other.as_str()) != number)
            && related.len() < RELATED_MAX
        {
            related.push(Related {
                relation,
                number: other,
            });
        }
    }
    let direction = tracking.shipment_direction.as_deref();
    let told = timeline.finish();
    Telling {
        complete: !told.scans.is_empty(),
        direction: (direction == Some("return")).then_some(Direction::Return),
        expected: tracking.latest_estimated_delivery.as_ref().and_then(window),
        weight_g: tracking.shipment_weight.as_ref().and_then(grams),
        related,
        ..told
    }
}

fn place(checkpoint: &Checkpoint) -> Option<String> {
    if let Some(location) = checkpoint.location.as_deref().and_then(tidy::text) {
        return Some(location);
    }
    let parts = [
        &checkpoint.city,
        &checkpoint.state,
        &checkpoint.country_region_name,
    ];
    let parts = parts.into_iter().flatten().map(|part| part.trim());
    tidy::text(
        &parts
            .filter(|p| !p.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
    )
}

/// The window in which the courier expects to deliver; a day alone is that whole day in Italy.
fn window(estimated: &Estimated) -> Option<Window> {
    let mut clock = Clock::rome();
    let mut read = |text: &Option<String>| clock.written(text.as_deref()?);
    let one = read(&estimated.datetime);
    let from = read(&estimated.datetime_min).or_else(|| one.clone())?;
    let until = read(&estimated.datetime_max)
        .or(one)
        .unwrap_or_else(|| from.clone());
    let end = |heard: &crate::couriers::time::Heard| {
        let date = clock.zone().to_datetime(heard.at).date();
        clock.day(date).map(|(_, end)| end)
    };
    let days = from.day_only || until.day_only;
    Some(Window {
        from: from.at,
        until: if until.day_only {
            end(&until)?
        } else {
            until.at
        },
        days,
    })
}

fn grams(weight: &Weight) -> Option<u32> {
    let factor = match weight.unit.as_deref()? {
        "kg" => 1_000.0,
        "g" => 1.0,
        "lb" => 453.592_37,
        "oz" => 28.349_523_125,
        _ => return None,
    };
    let grams = weight.value? * factor;
    (1.0..100_000_000.0)
        .contains(&grams)
        .then(|| grams.round() as u32)
}
