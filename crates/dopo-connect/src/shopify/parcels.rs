//! Parcels of Shopify: its fulfilments, and the tracking states that it knows of them.

use dopo_core::event::{Event, ParcelRef};
use dopo_core::order::ORDER_LINES_MAX;
use dopo_core::parcel::{Checkpoint, ParcelSnapshot, ParcelState};
use jiff::Timestamp;

use super::translate::{Events, one, str_of, word};
use super::wire;
use crate::tidy;
use crate::translation::{Notes, Setting, Translation};

/// A state of Shopify's tracking as ours, with a reason where the state alone would mislead.
///
/// A delay is a reason and not a place. `failure` covers refused, returned and lost alike, so it says no place at all.
pub(super) fn parcel_state(status: &str) -> Option<(ParcelState, Option<&'static str>)> {
    Some(match status {
        "label_printed" | "label_purchased" | "confirmed" => (ParcelState::Announced, None),
        "carrier_picked_up" => (ParcelState::PickedUp, None),
        "in_transit" => (ParcelState::InTransit, None),
        "delayed" => (ParcelState::InTransit, Some("carrier_delayed")),
        "out_for_delivery" => (ParcelState::OutForDelivery, None),
        "attempted_delivery" => (ParcelState::AttemptFailed, None),
        "buyer_action_required" => (ParcelState::HeldAtDepot, Some("consignee_action_required")),
        "ready_for_pickup" => (ParcelState::ReadyForPickup, None),
        "delivered" => (ParcelState::Delivered, None),
        "picked_up" => (ParcelState::Collected, None),
        "returning_to_sender" => (ParcelState::Returning, None),
        "failure" => (ParcelState::Unknown, Some("carrier_failure")),
        _ => return None,
    })
}

/// One fulfilment is one parcel for Shopify, whose tracking state is one for all its numbers.
pub(super) fn parcel(f: wire::Fulfillment, notes: &mut Notes) -> ParcelSnapshot {
    let status = word(&f.status);
    let mut numbers = f
        .tracking_numbers
        .iter()
        .chain(&f.tracking_number)
        .filter_map(|n| tidy::id(&n.0))
        .collect::<Vec<_>>();
    numbers.dedup();
    if f.tracking_numbers.len() > 1 {
        notes.add("a fulfilment has several tracking numbers; Shopify tells one state for all, so the first stands for the parcel");
    }
    let urls = f.tracking_urls.iter().chain(&f.tracking_url);
    ParcelSnapshot {
        external_id: Some(f.id.0),
        carrier: tidy::opt(str_of(&f.tracking_company)),
        number: numbers.into_iter().next(),
        url: urls.map(|u| &u.0).find_map(|u| tidy::url(u)),
        shipped_at: f
            .created_at
            .filter(|_| status.as_deref() == Some("success")),
        expected_on: None,
        lines: f
            .line_items
            .into_iter()
            .filter_map(|l| l.id.map(|id| id.0))
            .take(ORDER_LINES_MAX)
            .collect(),
        cancelled: matches!(status.as_deref(), Some("cancelled" | "error" | "failure")),
    }
}

/// The scan that a fulfilment's tracking state stands for.
pub(super) fn shipment_scan(
    order: &str,
    f: &wire::Fulfillment,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Option<(Timestamp, Event)> {
    let status = word(&f.shipment_status)?;
    let Some((state, reason)) = parcel_state(&status) else {
        notes.add("a tracking state that Dopo does not know was left out");
        return None;
    };
    let at = f.updated_at.or(f.created_at).unwrap_or(setting.received_at);
    let event = Event::ParcelScanned {
        parcel: ParcelRef {
            order: Some(order.to_owned()),
            external_id: Some(f.id.0.clone()),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint {
            at,
            day_only: false,
            state,
            reason: reason.map(ToOwned::to_owned),
            place: None,
            text: None,
            code: Some(status),
            ..Checkpoint::default()
        },
    };
    Some((at, event))
}

pub(super) fn fulfillment(
    f: wire::Fulfillment,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(order) = f.order_id.as_ref().map(|id| id.0.clone()) else {
        return Err(Translation::failure(
            "the fulfilment does not name its order",
        ));
    };
    let at = f.updated_at.or(f.created_at).unwrap_or(setting.received_at);
    let scan = shipment_scan(&order, &f, setting, &mut notes);
    let parcel = parcel(f, &mut notes);
    let mut events: Events = vec![(at, Event::ParcelUpdated { order, parcel })];
    events.extend(scan);
    Ok(Translation::of(events, notes))
}

pub(super) fn scan(
    e: wire::FulfillmentEvent,
    taken_back: bool,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let Some(status) = word(&e.status) else {
        return Err(Translation::failure("the tracking event has no status"));
    };
    let Some((state, reason)) = parcel_state(&status) else {
        return Err(Translation::nothing(
            "Dopo does not know this tracking state; the parcel stays where it was",
        ));
    };
    if str_of(&e.message).is_some_and(crate::write_back::is_ours) {
        return Err(Translation::nothing(
            "Dopo wrote this event itself; it comes back and tells nothing new",
        ));
    }
    let happened = e.happened_at.or(e.created_at);
    let parcel = ParcelRef {
        order: e.order_id.map(|id| id.0),
        external_id: Some(e.fulfillment_id.0),
        ..ParcelRef::default()
    };
    if taken_back {
        return Ok(one(
            setting.received_at,
            Event::ParcelScanRevoked {
                parcel,
                state,
                scanned_at: happened,
            },
        ));
    }
    let at = happened.unwrap_or(setting.received_at);
    let place: Vec<String> = [&e.city, &e.province, &e.country]
        .into_iter()
        .filter_map(|p| tidy::opt(str_of(p)))
        .collect();
    Ok(one(
        at,
        Event::ParcelScanned {
            parcel,
            checkpoint: Checkpoint {
                at,
                day_only: false,
                state,
                reason: reason.map(ToOwned::to_owned),
                place: tidy::text(&place.join(", ")),
                text: tidy::opt(str_of(&e.message)),
                code: Some(status),
                ..Checkpoint::default()
            },
        },
    ))
}
