//! Qapla's webhooks as events.

use super::client::table;
use super::shipments::{carrier, code, meaning};
use super::wire::{Hook, Order, Pushed, ReturnShipment, is_yes};
use crate::couriers::codes::{Mapping, RawScan, Timeline};
use crate::couriers::italian::{amount, grams};
use crate::couriers::time::Clock;
use crate::translation::{Setting, Text, Translation, read};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::parcel::{Direction, ParcelState, Related, Relation, ScanSource, Telling};
use jiff::Timestamp;

/// Translates a webhook whose key is right. Qapla's times are Italian local times.
pub fn translate(body: &[u8], setting: &Setting<'_>) -> Translation {
    let hook: Hook = match read(body) {
        Ok(hook) => hook,
        Err(failure) => return failure,
    };
    let told: Vec<Option<(Timestamp, Event)>> = match &hook.returns {
        Some(returns) => returns
            .shipments
            .iter()
            .map(|one| returned(one, setting))
            .collect(),
        None if !hook.orders.is_empty() => hook
            .orders
            .iter()
            .map(|one| announced(one, setting))
            .collect(),
        None => vec![changed(&hook.shipment, setting)],
    };
    let events: Vec<_> = told.into_iter().flatten().collect();
    if events.is_empty() {
        return Translation::nothing("this message of Qapla' names no parcel");
    }
    let note = events.iter().find_map(|(_, event)| match event {
        Event::ParcelTracked { telling, .. } => telling.note.clone(),
        _ => None,
    });
    Translation {
        events,
        note,
        failed: false,
    }
}

fn changed(pushed: &Pushed, setting: &Setting<'_>) -> Option<(Timestamp, Event)> {
    let parcel = parcel(&pushed.number, &pushed.courier)?;
    let detail = pushed.details.first().map(|detail| detail.id.0.as_str());
    let status = code(&pushed.status.0, detail.unwrap_or_default());
    let mut line = Timeline::new(table(), ScanSource::Aggregator);
    match Clock::rome().written(&pushed.date.0) {
        Some(heard) => {
            let raw = RawScan {
                codes: &[&status],
                text: Some(&pushed.courier_status.0),
                place: Some(pushed.place.0.clone()),
                ..RawScan::default()
            };
            if let Some(mapping) = meaning(&status, &[]) {
                line.push_as(raw, heard, mapping);
            }
        }
        None => line.skip(),
    }
    let mut told = line.finish();
    told.direction = is_yes(&pushed.is_return).then_some(Direction::Return);
    told.weight_g = match pushed.parcels.as_slice() {
        [only] => grams(&only.weight.0),
        _ => None,
    };
    Some(event(parcel, told, setting))
}

fn returned(one: &ReturnShipment, setting: &Setting<'_>) -> Option<(Timestamp, Event)> {
    let parcel = parcel(&one.number, &one.courier.code)?;
    let mut told = label(&one.date);
    told.direction = Some(Direction::Return);
    told.weight_g = grams(&one.weight.0);
    Some(event(parcel, told, setting))
}

fn announced(order: &Order, setting: &Setting<'_>) -> Option<(Timestamp, Event)> {
    let parcel = parcel(&order.number, &order.courier)?;
    let mut told = label(&order.shipped);
    told.weight_g = grams(&order.weight.0);
    if is_yes(&order.is_cash) {
        told.cash_on_delivery = amount(&order.amount.0, None);
    }
    told.related = crate::tidy::id(&order.return_number.0)
        .into_iter()
        .map(|number| Related {
            relation: Relation::Return,
            number,
        })
        .collect();
    Some(event(parcel, told, setting))
}

/// A label was made; the carrier has nothing yet.
fn label(date: &Text) -> Telling {
    let mut line = Timeline::new(table(), ScanSource::Aggregator);
    match Clock::rome().written(&date.0) {
        Some(heard) => {
            let mapping = Mapping {
                state: Some(ParcelState::Announced),
                reason: None,
                act_by: None,
            };
            line.push_as(RawScan::default(), heard, Some(mapping));
        }
        None => line.skip(),
    }
    line.finish()
}

fn parcel(number: &Text, courier: &Text) -> Option<ParcelRef> {
    Some(ParcelRef {
        number: Some(crate::tidy::id(&number.0)?),
        carrier: carrier(&courier.0),
        ..ParcelRef::default()
    })
}

fn event(parcel: ParcelRef, telling: Telling, setting: &Setting<'_>) -> (Timestamp, Event) {
    let at = telling.scans.last().map(|scan| scan.checkpoint.at);
    let at = at.unwrap_or(setting.received_at);
    let telling = Box::new(telling);
    (at, Event::ParcelTracked { parcel, telling })
}
