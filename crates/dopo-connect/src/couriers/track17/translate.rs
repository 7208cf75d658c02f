//! 17TRACK's states as ours.

use dopo_core::event::ParcelRef;
use dopo_core::parcel::{ScanSource, Telling, Window};
use std::sync::LazyLock;

use super::wire::{Estimated, Event, Hook, Info, Tracked, part};
use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::hooks::carrier_title;
use crate::couriers::time::Clock;
use crate::tidy;
use crate::translation::{Setting, Translation, read};

pub(super) static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("17track", include_str!("codes.csv")));

/// Translates a webhook whose signature holds.
pub fn translate(body: &[u8], setting: &Setting<'_>) -> Translation {
    hook(body, setting).unwrap_or_else(|other| other)
}

fn hook(body: &[u8], setting: &Setting<'_>) -> Result<Translation, Translation> {
    let hook: Hook = read(body)?;
    if hook.event == "TRACKING_STOPPED" {
        return Err(Translation::nothing(
            "17TRACK follows this parcel no longer; that says nothing of where it is",
        ));
    }
    if hook.event != "TRACKING_UPDATED" {
        return Err(Translation::nothing(
            "this message of 17TRACK tells nothing of a parcel's way",
        ));
    }
    let tracked: Option<Tracked> = hook.data.and_then(part);
    let Some(tracked) = tracked else {
        return Err(Translation::failure("the message holds no tracking"));
    };
    let number = tidy::id(&tracked.number)
        .ok_or_else(|| Translation::failure("the tracking has no number"))?;
    let info = tracked.track_info;
    let Some(telling) = info.as_ref().and_then(telling) else {
        return Err(Translation::nothing("the courier has no scan yet"));
    };
    let provider = info
        .iter()
        .filter_map(|info| info.tracking.as_ref())
        .flat_map(|tracking| &tracking.providers)
        .filter_map(|provider| provider.provider.as_ref()?.name.as_deref())
        .find_map(carrier_title);
    let at = telling.scans.last().map(|scan| scan.checkpoint.at);
    let note = telling.note.clone();
    Ok(Translation {
        events: vec![(
            at.unwrap_or(setting.received_at),
            dopo_core::event::Event::ParcelTracked {
                parcel: ParcelRef {
                    number: Some(number),
                    carrier: provider,
                    ..ParcelRef::default()
                },
                telling: Box::new(telling),
            },
        )],
        note,
        failed: false,
    })
}

/// Everything that a tracking tells: all events of all couriers on the way, or the newest where no list is told.
pub(super) fn telling(info: &Info) -> Option<Telling> {
    let mut timeline = Timeline::new(&CODES, ScanSource::Aggregator);
    let mut clock = Clock::rome();
    let listed = info
        .tracking
        .iter()
        .flat_map(|tracking| &tracking.providers);
    let mut listed: Vec<&Event> = listed.flat_map(|p| p.events.iter().rev()).collect();
    let complete = !listed.is_empty();
    if !complete {
        listed.extend(&info.latest_event);
    }
    let mut scans = Vec::new();
    for event in listed {
        let time = event.time_iso.as_deref().or(event.time_utc.as_deref());
        match time.and_then(|time| clock.written(time)) {
            Some(heard) => scans.push((heard, event)),
            None => timeline.skip(),
        }
    }
    scans.sort_by_key(|(heard, _)| heard.at);
    let newest = scans.len().saturating_sub(1);
    for (n, (heard, event)) in scans.into_iter().enumerate() {
        // Where the newest event has no state of its own, the one of the parcel is its.
        let whole = info.latest_status.as_ref().filter(|_| n == newest);
        let codes = [
            event.sub_status.as_deref(),
            event.stage.as_deref(),
            whole.and_then(|state| state.sub_status.as_deref()),
            whole.and_then(|state| state.status.as_deref()),
        ];
        let codes = codes.map(Option::unwrap_or_default);
        timeline.push(
            RawScan {
                codes: &codes,
                text: event.description.as_deref(),
                place: event.location.as_ref().map(|place| place.0.clone()),
                ..RawScan::default()
            },
            heard,
        );
    }
    let told = timeline.finish();
    if told.scans.is_empty() {
        return None;
    }
    let metrics = info.time_metrics.as_ref();
    let estimated = metrics.and_then(|metrics| metrics.estimated_delivery_date.as_ref());
    Some(Telling {
        complete,
        expected: estimated.and_then(window),
        ..told
    })
}

fn window(estimated: &Estimated) -> Option<Window> {
    let mut clock = Clock::rome();
    let mut read = |text: &Option<String>| clock.written(text.as_deref()?);
    let from = read(&estimated.from);
    let until = read(&estimated.to).or_else(|| from.clone())?;
    let from = from.unwrap_or_else(|| until.clone());
    let last = clock.zone().to_datetime(until.at).date();
    Some(Window {
        from: from.at,
        until: if until.day_only {
            clock.day(last)?.1
        } else {
            until.at
        },
        days: from.day_only || until.day_only,
    })
}
