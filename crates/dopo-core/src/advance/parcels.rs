//! Parcels: what a scan changes, and what thereby happens to parcel and order.

use super::WaitsFor;
use super::facts::happening;
use super::transit::Counted;
use super::world::World;
use crate::event::{Arrival, Happening, Moment, ParcelRef};
use crate::id::OrderId;
use crate::parcel::{Checkpoint, NOTICE_DELIVERED, Parcel, ParcelSnapshot, ParcelState};
use jiff::Timestamp;

/// What a parcel looked like before an event.
struct ParcelBefore {
    state: ParcelState,
    shipped: bool,
}

impl ParcelBefore {
    fn of(parcel: &Parcel) -> Self {
        ParcelBefore {
            state: parcel.state,
            shipped: parcel.is_shipped(),
        }
    }
}

impl World<'_> {
    /// Runs `act` on the parcel's order, or parks the arrival until the order or the number is known.
    pub(super) fn on_parcel(
        &mut self,
        arrival: &Arrival,
        parcel: &ParcelRef,
        out: &mut Vec<Happening>,
        act: impl FnOnce(&mut Self, OrderId, &ParcelSnapshot, &mut Vec<Happening>),
    ) {
        let by_order = parcel
            .order
            .as_ref()
            .and_then(|o| self.loaded.order_ids.get(o));
        let by_number = parcel
            .number
            .as_ref()
            .and_then(|n| self.loaded.parcel_numbers.get(n));
        let mut told = ParcelSnapshot {
            external_id: parcel.external_id.clone(),
            number: parcel.number.clone(),
            carrier: parcel.carrier.clone(),
            ..ParcelSnapshot::default()
        };
        match by_order.or(by_number).copied() {
            Some(id) => {
                let tracked = self.loaded.orders.get(&id).map(|order| &order.tracked);
                let ours = parcel
                    .seq
                    .and_then(|seq| tracked?.get(usize::from(seq)))
                    .map(|ours| &ours.snapshot);
                if let Some(ours) = ours {
                    told.external_id = ours.external_id.clone();
                    told.number = ours.number.clone();
                }
                act(self, id, &told, out);
            }
            None => {
                let waits = match (&parcel.order, &parcel.number) {
                    (Some(order), _) => WaitsFor::Order(order.clone()),
                    (None, Some(number)) => WaitsFor::ParcelNumber(number.clone()),
                    (None, None) => {
                        return self.unusable(
                            arrival,
                            "the parcel has neither an order nor a tracking number",
                        );
                    }
                };
                self.count("events.waiting", self.kind, 1);
                self.writes.parked.push((arrival.clone(), waits));
            }
        }
    }

    pub(super) fn parcel_updated(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        self.change_parcel(id, told, arrival, out, |parcel, _| {
            let before = parcel.snapshot.clone();
            let known = &mut parcel.snapshot;
            macro_rules! take {
                ($($field:ident),*) => {$( if told.$field.is_some() { known.$field = told.$field.clone(); } )*};
            }
            take!(external_id, carrier, number, url, shipped_at, expected_on);
            if !told.lines.is_empty() {
                known.lines = told.lines.clone();
            }
            known.cancelled |= told.cancelled;
            *known != before
        });
    }

    pub(super) fn scanned(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        scan: Checkpoint,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        self.count("parcels.scans", scan.state.as_str(), 1);
        self.change_parcel(id, told, arrival, out, |parcel, known_at| {
            parcel.learn(scan, known_at)
        });
    }

    /// Changes one parcel and says what happened to it and its order thereby.
    pub(super) fn change_parcel(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
        change: impl FnOnce(&mut Parcel, Timestamp) -> bool,
    ) {
        let known_at = arrival.known_at;
        let zone = self.zone().clone();
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let dispatch = &self.shop.settings.dispatch;
        let counted = Counted::of(order, order.parcel(told), &zone, dispatch);
        let count = order.tracked.len();
        let was_delivered = order.delivered_at;
        let Some(parcel) = order.parcel_mut(told) else {
            return self.unusable(
                arrival,
                "the order has more parcels than can be kept for one order",
            );
        };
        let is_new = usize::from(parcel.seq) == count;
        let before = if is_new {
            ParcelBefore {
                state: ParcelState::Unknown,
                shipped: false,
            }
        } else {
            ParcelBefore::of(parcel)
        };
        let number_before = if is_new {
            None
        } else {
            parcel.snapshot.number.clone()
        };
        let changed = change(parcel, known_at);
        if !changed && !is_new {
            return;
        }
        let (seq, state, shipped) = (parcel.seq, parcel.state, parcel.is_shipped());
        if before.state.is_possession() && !state.is_possession() {
            parcel.told.remove(NOTICE_DELIVERED);
        }
        let number = parcel.snapshot.number.clone();
        order.settle();
        let (delivered, customer) = (order.delivered_at, order.customer_id);
        if self.counting {
            let parcel = order.tracked.get(usize::from(seq));
            let now = Counted::of(order, parcel, &zone, &self.shop.settings.dispatch);
            counted.move_to(now, self.shop.id, &mut self.writes.counters);
        }
        self.orders.insert(id);
        if let Some(number) = number
            && number_before.as_ref() != Some(&number)
        {
            self.loaded.parcel_numbers.insert(number.clone(), id);
            self.writes.parcel_numbers.push((number, id));
        }
        let base = happening(arrival, Moment::ParcelShipped, customer)
            .about_order(id)
            .about_parcel(seq);
        if shipped && !before.shipped && !state.is_possession() {
            self.count("parcels.shipped", "", 1);
            out.push(base.clone());
        }
        if state != before.state {
            if before.state.is_possession() && !state.is_possession() {
                self.count("parcels.delivery_revoked", "", 1);
                out.push(Happening {
                    moment: Moment::ParcelDeliveryRevoked,
                    ..base.clone()
                });
            }
            if let Some(moment) = moment_of(state)
                && !(before.state.is_possession() && state.is_possession())
            {
                self.count("parcels.moments", state.as_str(), 1);
                out.push(Happening { moment, ..base });
            }
        }
        self.delivery_change(id, was_delivered, delivered, arrival, out);
    }

    pub(super) fn delivery_change(
        &mut self,
        id: OrderId,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.loaded.orders.get(&id).map(|o| o.customer_id) else {
            return;
        };
        let base = happening(arrival, Moment::OrderDelivered, customer).about_order(id);
        match (before, after) {
            (None, Some(at)) => {
                self.count_delivered(id);
                out.push(Happening {
                    occurred_at: at,
                    ..base
                });
            }
            (Some(_), None) => out.push(Happening {
                moment: Moment::OrderDeliveryRevoked,
                ..base
            }),
            _ => {}
        }
    }
}

/// The moment that a parcel's state is for journeys.
fn moment_of(state: ParcelState) -> Option<Moment> {
    match state {
        ParcelState::OutForDelivery => Some(Moment::ParcelOutForDelivery),
        ParcelState::AttemptFailed => Some(Moment::ParcelAttemptFailed),
        ParcelState::HeldAtDepot => Some(Moment::ParcelHeld),
        ParcelState::ReadyForPickup => Some(Moment::ParcelReadyForPickup),
        ParcelState::Delivered | ParcelState::Collected => Some(Moment::ParcelDelivered),
        ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
            Some(Moment::ParcelReturned)
        }
        ParcelState::Lost => Some(Moment::ParcelLost),
        ParcelState::Unknown
        | ParcelState::Announced
        | ParcelState::PickedUp
        | ParcelState::InTransit
        | ParcelState::Customs
        | ParcelState::AtDepot
        | ParcelState::Cancelled
        | ParcelState::Expired => None,
    }
}
