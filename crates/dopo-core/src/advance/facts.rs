//! From events to facts: what changes, and what thereby happens.

use super::Task;
use super::world::World;
use crate::cart::{CART_LINES_MAX, Cart, CartSnapshot};
use crate::consent::ConsentAct;
use crate::customer::PersonRef;
use crate::effect::OpenTask;
use crate::event::{Arrival, Event, Happening, Moment};
use crate::id::{CustomerId, EffectId, OrderId, RunId};
use crate::order::PaymentState;
use jiff::{SignedDuration, Timestamp};

/// Days within which a request for data must be answered (GDPR art. 12(3): one month).
const DATA_REQUEST_DAYS: i64 = 30;

impl World<'_> {
    /// Applies one arrival to the facts and says what happened by it.
    pub(super) fn apply(&mut self, mut arrival: Arrival) -> Vec<Happening> {
        self.begin(arrival.fresh, arrival.event.kind());
        self.count("events.received", self.kind, 1);
        let mut out = Vec::new();
        if matches!(&arrival.event, Event::OrderUpdated { .. })
            // An order is large: it is moved into the facts. What is left of the event says nothing.
            && let Event::OrderUpdated { order } =
                std::mem::replace(&mut arrival.event, Event::ShopForgotten {})
        {
            self.order_updated(&arrival, *order, &mut out);
            return out;
        }
        match &arrival.event {
            Event::OrderUpdated { .. } => {} // just done
            Event::OrderCancelled { order } => {
                self.on_order(&arrival, order, &mut out, |world, order, out| {
                    world.cancelled(order, &arrival, out);
                })
            }
            Event::OrderRefunded { order, refunded } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    let Some(order) = world.loaded.orders.get_mut(&id) else {
                        return;
                    };
                    let mut told = order.snapshot.clone();
                    // Shops tell a refund alone or the whole order, in any order: what went back never becomes less.
                    let more = told
                        .refunded
                        .is_none_or(|known| known.cents < refunded.cents);
                    if !more {
                        return;
                    }
                    told.refunded = Some(*refunded);
                    told.updated_at = told.updated_at.max(arrival.occurred_at);
                    told.payment = if refunded.cents >= told.total.cents {
                        PaymentState::Refunded
                    } else {
                        PaymentState::PartiallyRefunded
                    };
                    world.retell(id, told, &arrival, out);
                })
            }
            Event::ParcelUpdated { order, parcel } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    world.parcel_updated(id, parcel, &arrival, out);
                })
            }
            Event::ParcelScanned { parcel, checkpoint } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.scanned(id, told, checkpoint.clone(), &arrival, out);
                });
            }
            Event::ParcelScanRevoked {
                parcel,
                state,
                scanned_at,
            } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.change_parcel(id, told, &arrival, out, |parcel, known_at| {
                        parcel.revoke(*state, *scanned_at, known_at)
                    });
                });
            }
            Event::ParcelTracked { parcel, telling } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.tracked(id, told, telling, &arrival, out);
                });
            }
            Event::ParcelEstimated { parcel, estimate } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.estimated(id, told, *estimate, &arrival, out);
                });
            }
            Event::ParcelFellSilent { parcel, since } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.fell_silent(id, told, *since, &arrival, out);
                });
            }
            Event::HoldAnswered { parcel, answer, by } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.hold_answered(id, told, answer, *by, &arrival, out);
                });
            }
            Event::HoldReported {
                parcel,
                call,
                outcome,
            } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.hold_reported(id, told, (*call, outcome), &arrival, out);
                });
            }
            Event::LookAsked { parcel } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, _| {
                    world.look_asked(id, told, &arrival);
                });
            }
            Event::LookReported {
                parcel,
                asked_at,
                answer,
            } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, _| {
                    world.look_reported(id, told, *asked_at, *answer, &arrival);
                });
            }
            Event::ProblemReported {
                parcel,
                kind,
                text,
                photos,
            } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    let problem = (*kind, text.as_deref(), photos.as_slice());
                    world.problem(id, told, problem, &arrival, out);
                });
            }
            Event::ReturnUpdated {
                order,
                return_id,
                state,
            } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    world.returned(id, return_id, *state, &arrival, out);
                });
            }
            Event::CartUpdated { cart } => self.cart_updated(&arrival, cart, &mut out),
            Event::CartRemoved { cart } => {
                if let Some(known) = self.loaded.carts.get_mut(cart) {
                    known.removed = true;
                    let customer = known.customer_id;
                    self.carts.insert(cart.clone());
                    out.push(happening(&arrival, Moment::CartRemoved, customer).about_cart(cart));
                }
            }
            Event::CustomerUpdated { person, consents } => match self.person(person) {
                Some(id) => self.acts(id, consents, &arrival, &mut out),
                None => self.unusable(&arrival, "the person has no e-mail, phone or customer id"),
            },
            Event::CustomerMerged { into, from } => {
                if let (Some(into), Some(from)) = (self.find(into), self.find(from))
                    && into != from
                {
                    self.merge(from, into);
                }
            }
            Event::ConsentChanged { person, acts } => {
                let told = crate::customer::PersonDetails {
                    who: person.clone(),
                    ..Default::default()
                };
                match self.person(&told) {
                    Some(id) => self.acts(id, acts, &arrival, &mut out),
                    None => {
                        self.unusable(&arrival, "the person has no e-mail, phone or customer id")
                    }
                }
            }
            Event::PreferencesChanged { customer, acts } => {
                if self.loaded.customers.contains_key(customer) {
                    self.acts(*customer, acts, &arrival, &mut out);
                } else {
                    self.unusable(&arrival, "the person of this link is not known any more");
                }
            }
            Event::DataRequested { person } => self.data_requested(person, &arrival),
            Event::CustomerForgotten { person } => self.forgotten(person),
            Event::ShopForgotten {} => self.writes.shop_forgotten = true,
            Event::ShopDisconnected {} => self.writes.disconnected = true,
            Event::ProductUpdated { product } => self.writes.products.push(product.clone()),
            Event::ProductRemoved { product } => self.writes.products_removed.push(product.clone()),
            Event::MessageOpened { message, by } => self.opened(*message, *by, &arrival, &mut out),
            Event::MessageClicked { message, by, .. } => {
                self.clicked(*message, *by, &arrival, &mut out)
            }
            Event::MessageReplied { message } => self.replied(*message, &arrival, &mut out),
            Event::MessageBounced { message, kind } => self.bounced(*message, *kind, &arrival),
            Event::MessageComplained { message } => self.complained(*message, &arrival, &mut out),
            Event::MessageHeldBack { message } => {
                if let Some(customer) = self.owner(*message)
                    && let Some(person) = self.loaded.customers.get_mut(&customer)
                {
                    person.unremember(*message);
                    self.customers.insert(customer);
                }
            }
            Event::ReminderRequested { message } => {
                if let Some(customer) = self.owner(*message) {
                    out.push(
                        happening(&arrival, Moment::ReminderRequested, customer)
                            .about_message(*message),
                    );
                }
            }
        }
        out
    }

    // ---- carts and people ----------------------------------------------------------------------------------------------

    fn cart_updated(&mut self, arrival: &Arrival, told: &CartSnapshot, out: &mut Vec<Happening>) {
        let Some(customer_id) = self.person(&told.person) else {
            return self.unusable(arrival, "the cart has no e-mail, phone or customer id yet");
        };
        let mut told = told.clone();
        told.lines.truncate(CART_LINES_MAX);
        let id = told.external_id.clone();
        let was_open = match self.loaded.carts.get_mut(&id) {
            Some(known)
                if told.updated_at <= known.snapshot.updated_at && told.completed_at.is_none() =>
            {
                self.count("events.stale", self.kind, 1);
                return;
            }
            Some(known) => {
                let was_open = known.is_open();
                told.completed_at = told.completed_at.or(known.snapshot.completed_at);
                known.snapshot = told;
                known.customer_id = customer_id;
                was_open
            }
            None => {
                let cart = Cart {
                    customer_id,
                    snapshot: told,
                    removed: false,
                    reminders: 0,
                    entered: Default::default(),
                };
                self.loaded.carts.insert(id.clone(), cart);
                self.count("carts.begun", "", 1);
                true
            }
        };
        self.carts.insert(id.clone());
        let open = self.loaded.carts.get(&id).is_some_and(Cart::is_open);
        let base = happening(arrival, Moment::CartUpdated, customer_id).about_cart(&id);
        if open {
            out.push(base);
        } else if was_open {
            out.push(Happening {
                moment: Moment::CartCompleted,
                ..base
            });
        }
    }

    pub(super) fn acts(
        &mut self,
        id: CustomerId,
        acts: &[ConsentAct],
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let (given, withdrawn) = self.consent(id, acts, arrival.occurred_at, arrival);
        let base = happening(arrival, Moment::ConsentGiven, id);
        if given {
            out.push(base.clone());
        }
        if withdrawn {
            out.push(Happening {
                moment: Moment::ConsentWithdrawn,
                ..base
            });
        }
    }

    fn data_requested(&mut self, person: &PersonRef, arrival: &Arrival) {
        let Some(customer) = self.find(person) else {
            return self.unusable(arrival, "nobody with this e-mail, phone or customer id is known: answer that nothing is stored");
        };
        let due_at = arrival
            .occurred_at
            .checked_add(SignedDuration::from_hours(24 * DATA_REQUEST_DAYS))
            .ok();
        self.task(
            customer,
            None,
            "data_request",
            "Richiesta di accesso ai dati: esporta e rispondi",
            due_at,
        );
    }

    pub(super) fn task(
        &mut self,
        customer_id: CustomerId,
        order_id: Option<OrderId>,
        kind: &'static str,
        title: &str,
        due_at: Option<Timestamp>,
    ) {
        let Some(effect) = self.next_id().map(|id| EffectId::derive(RunId(id), 0, 0)) else {
            return;
        };
        let task = OpenTask {
            kind: kind.to_owned(),
            title: title.to_owned(),
            due_at,
            promo: false,
        };
        self.count("tasks.opened", kind, 1);
        self.writes.tasks.push(Task {
            effect,
            customer_id,
            order_id,
            opened_at: self.now,
            task,
        });
    }

    fn forgotten(&mut self, person: &PersonRef) {
        let Some(id) = self.find(person) else { return };
        self.writes.forgotten.push(id);
        self.count("customers.forgotten", "", 1);
        let runs: Vec<RunId> = self
            .loaded
            .runs
            .values()
            .filter(|r| r.customer_id == id)
            .map(|r| r.id)
            .collect();
        for run in runs {
            self.close(run, crate::journey::CloseReason::Gone);
        }
    }
}

pub(super) fn happening(arrival: &Arrival, moment: Moment, customer: CustomerId) -> Happening {
    Happening {
        moment,
        occurred_at: arrival.occurred_at,
        origin: arrival.origin,
        customer,
        order: None,
        parcel: None,
        cart: None,
        message: None,
    }
}

impl Happening {
    pub(super) fn about_order(self, order: OrderId) -> Self {
        Happening {
            order: Some(order),
            ..self
        }
    }

    pub(super) fn about_parcel(self, parcel: u16) -> Self {
        Happening {
            parcel: Some(parcel),
            ..self
        }
    }

    pub(super) fn about_cart(self, cart: &str) -> Self {
        Happening {
            cart: Some(cart.to_owned()),
            ..self
        }
    }

    pub(super) fn about_message(self, message: EffectId) -> Self {
        Happening {
            message: Some(message),
            ..self
        }
    }
}
