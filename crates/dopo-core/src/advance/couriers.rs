//! What is decided about couriers: which parcels are looked at, holds and their answers, delays, silence, problems.

use super::facts::happening;
use super::world::World;
use crate::event::{Arrival, Happening, Moment, OPERATOR};
use crate::id::{EffectId, OrderId, RunId};
use crate::order::{
    Order, PROBLEM_CHARS_MAX, PROBLEM_PHOTOS_MAX, PROBLEMS_MAX, Problem, ProblemKind,
};
use crate::parcel::{
    Courier, Direction, Estimate, HoldAction, HoldAnswer, HoldOutcome, InstructedBy, LookAnswer,
    Parcel, ParcelSnapshot, Relation, Telling, Window,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Hours before an order was placed in which its parcel may have been scanned: clocks differ. A number that a courier
/// uses again years later brings older scans, which are of another parcel.
const SCANS_BEFORE_ORDER_HOURS: i64 = 48;
/// Days by which an estimate must move before its delay is told again.
const DELAY_STEP_DAYS: i32 = 2;

/// Hours by which a look that somebody asked for goes ahead of others that wait.
const ASK_AHEAD_HOURS: i64 = 24;

/// A parcel that is to be looked at at its courier's, or no longer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// Of which order.
    pub order_id: OrderId,
    /// Which of its parcels.
    pub seq: u16,
    /// Whom to ask.
    pub courier: Courier,
    /// For which number.
    pub number: String,
    /// When; never again when absent.
    pub next_at: Option<Timestamp>,
}

/// An answer to a hold on its way to the courier.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct CourierCall {
    /// Its id: the courier hears the same one however often it is tried.
    pub id: EffectId,
    /// Of which order.
    pub order_id: OrderId,
    /// Which of its parcels.
    pub seq: u16,
    /// Whom to tell.
    pub courier: Courier,
    /// Under which number.
    pub number: String,
    /// The courier's own number of the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What shall be done.
    pub answer: HoldAnswer,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// After which the answer is of no use.
    pub expires_at: Timestamp,
}

/// The courier of a parcel, by the name that the shop gives it.
pub fn courier_of(parcel: &Parcel) -> Option<Courier> {
    Courier::named(parcel.snapshot.carrier.as_deref()?)
}

/// The day that the shop promised for a parcel.
pub fn promised_on(order: &Order) -> Option<Date> {
    order.snapshot.promised_on
}

/// The last day on which a parcel is expected: the courier's own word where there is one that has not passed, else the end
/// of our estimate. The word has passed where our estimate begins after it.
pub fn expected_until(parcel: &Parcel, zone: &TimeZone) -> Option<Date> {
    let told = |window: &Window| zone.to_datetime(window.until).date();
    match (parcel.window.as_ref().map(told), &parcel.estimate) {
        (Some(told), Some(estimate)) if estimate.supersedes(told) => Some(estimate.until),
        (Some(told), _) => Some(told),
        (None, estimate) => estimate.map(|e| e.until),
    }
}

impl World<'_> {
    /// Takes in everything a courier tells.
    pub(super) fn tracked(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        telling: &Telling,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let before = SignedDuration::from_hours(SCANS_BEFORE_ORDER_HOURS);
        let earliest = order.snapshot.placed_at.checked_sub(before);
        let earliest = earliest.unwrap_or(Timestamp::MIN);
        let mut telling = telling.clone();
        let all = telling.scans.len();
        telling.scans.retain(|scan| scan.checkpoint.at >= earliest);
        let foreign = all - telling.scans.len();
        if foreign > 0 {
            self.count("parcels.scans_foreign", "", foreign as i64);
        }
        if foreign > 0 && telling.scans.is_empty() {
            // Another parcel that had the same number once.
            return;
        }
        let known = |order: Option<&Order>| {
            let parcel = order.and_then(|order| order.parcel(told));
            parcel.map_or((0, None, ""), |parcel| {
                (
                    parcel.checkpoints.len(),
                    Some(parcel.seq),
                    parcel.state.as_str(),
                )
            })
        };
        let (scans_before, _, _) = known(self.loaded.orders.get(&id));
        self.change_parcel(id, told, arrival, out, |parcel, known_at| {
            parcel.hear(&telling, known_at)
        });
        let (scans, seq, state) = known(self.loaded.orders.get(&id));
        if scans > scans_before {
            self.count("parcels.scans", state, (scans - scans_before) as i64);
        }
        for related in &telling.related {
            let direction = match related.relation {
                Relation::Return => Direction::Return,
                Relation::Redelivery => Direction::Redelivery,
                Relation::Renumbered | Relation::Sibling => continue,
            };
            let leg = ParcelSnapshot {
                number: Some(related.number.clone()),
                carrier: told.carrier.clone(),
                ..ParcelSnapshot::default()
            };
            self.change_parcel(id, &leg, arrival, out, |parcel, _| {
                let changed = parcel.direction != direction || parcel.follows != seq;
                parcel.direction = direction;
                parcel.follows = seq;
                changed
            });
        }
        self.delayed(id, told, arrival, out);
    }

    /// Takes in our own estimate.
    pub(super) fn estimated(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        estimate: Estimate,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        self.change_parcel(id, told, arrival, out, |parcel, _| {
            let changed = parcel.estimate != Some(estimate) && !parcel.state.is_possession();
            if changed {
                parcel.estimate = Some(estimate);
            }
            changed
        });
        self.delayed(id, told, arrival, out);
    }

    /// Says once for each change that matters that a parcel comes later than was promised.
    fn delayed(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let zone = self.zone().clone();
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let (promised, customer) = (promised_on(order), order.customer_id);
        let Some(parcel) = order.known_parcel_mut(told) else {
            return;
        };
        let late = parcel.is_live()
            && parcel.direction != Direction::Return
            && !parcel.state.is_possession()
            && !parcel.state.needs_somebody();
        let (Some(promised), Some(until)) = (promised, expected_until(parcel, &zone)) else {
            return;
        };
        let news = match parcel.delay_told {
            None => until > promised,
            Some(told) => {
                let step = jiff::Span::new().days(DELAY_STEP_DAYS);
                until > promised && told.checked_add(step).is_ok_and(|next| until >= next)
            }
        };
        if !late || !news {
            return;
        }
        parcel.delay_told = Some(until);
        let seq = parcel.seq;
        self.orders.insert(id);
        self.count("parcels.moments", "delayed", 1);
        out.push(
            happening(arrival, Moment::ParcelDelayed, customer)
                .about_order(id)
                .about_parcel(seq),
        );
    }

    /// Notes that a courier has fallen silent.
    pub(super) fn fell_silent(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        since: Timestamp,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let customer = order.customer_id;
        let Some(parcel) = order.known_parcel_mut(told) else {
            return;
        };
        // A scan may have come in between.
        let still = parcel.last_sign_at() == Some(since) && parcel.silent_since.is_none();
        if !still || parcel.silent_at().is_none() {
            return;
        }
        parcel.silent_since = Some(since);
        let seq = parcel.seq;
        self.orders.insert(id);
        self.count("parcels.moments", "silent", 1);
        out.push(
            happening(arrival, Moment::ParcelSilent, customer)
                .about_order(id)
                .about_parcel(seq),
        );
    }

    /// Takes an answer to a hold, if it may still be given, and has it carried to the courier.
    pub(super) fn hold_answered(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        answer: &HoldAnswer,
        by: InstructedBy,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let rules = &self.shop.settings.hold;
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let (customer, number) = (order.customer_id, order.snapshot.number.clone());
        let Some(parcel) = order.parcel(told) else {
            return self.unusable(arrival, "the parcel of this answer is not known");
        };
        let Some(hold) = parcel.question().filter(|hold| hold.awaits_answer()) else {
            // Answered by somebody else in the meantime, or it moves again.
            return self.count("holds.late_answers", by_name(by), 1);
        };
        if by == InstructedBy::Buyer
            && (hold.choices(rules).all(|action| action != answer.action)
                || arrival.known_at >= hold.closes_at(rules))
        {
            return self.count("holds.late_answers", by_name(by), 1);
        }
        if answer.action == HoldAction::OtherAddress
            && !answer.address.as_ref().is_some_and(is_whole)
        {
            return self.unusable(
                arrival,
                "another address needs street, postal code and town",
            );
        }
        let (reference, expires_at, early) = (hold.reference.clone(), hold.expires_at, hold.early);
        let (seq, tracking) = (parcel.seq, parcel.snapshot.number.clone());
        // Couriers take a release for what they hold; before that somebody has to tell them.
        let courier = courier_of(parcel).filter(|c| !early && self.shop.released.contains(c));
        let Some(call) = self.next_id().map(|id| EffectId::derive(RunId(id), 0, 0)) else {
            return;
        };
        let outcome = match (courier, tracking) {
            (Some(courier), Some(number)) => {
                self.writes.calls.push(CourierCall {
                    id: call,
                    order_id: id,
                    seq,
                    courier,
                    number,
                    reference,
                    answer: answer.clone(),
                    asked_at: arrival.known_at,
                    expires_at,
                });
                HoldOutcome::Asked
            }
            _ => {
                let title = match early {
                    true => format!("Indicazione da dare al corriere: ordine {number}"),
                    false => format!("Svincolo da chiedere al corriere: ordine {number}"),
                };
                self.task(customer, Some(id), "hold_by_hand", &title, Some(expires_at));
                HoldOutcome::ByHand
            }
        };
        let parcel = self.loaded.orders.get_mut(&id);
        let Some(hold) = parcel
            .and_then(|order| order.known_parcel_mut(told))
            .and_then(Parcel::question_mut)
        else {
            return;
        };
        hold.answer = Some(answer.clone());
        hold.by = Some(by);
        hold.answered_at = Some(arrival.known_at);
        hold.call = Some(call);
        hold.outcome = Some(outcome);
        self.orders.insert(id);
        self.count("holds.answered", answer.action.as_str(), 1);
        if early {
            // Nothing is held yet: no journey of holds has anything to tell or to end.
            return;
        }
        out.push(
            happening(arrival, Moment::ParcelHoldAnswered, customer)
                .about_order(id)
                .about_parcel(seq),
        );
    }

    /// Notes what became of an answer. A refusal is for somebody in the shop, and for the person whose choice it was as
    /// long as they can choose again.
    pub(super) fn hold_reported(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        report: (EffectId, &HoldOutcome),
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let (call, outcome) = report;
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let (customer, number) = (order.customer_id, order.snapshot.number.clone());
        let Some(parcel) = order.known_parcel_mut(told) else {
            return;
        };
        let expires_at = parcel.hold().map(|hold| hold.expires_at);
        if !parcel.hold_reported(call, outcome) {
            return;
        }
        let seq = parcel.seq;
        let refused = matches!(outcome, HoldOutcome::Refused { .. });
        let asks_again = parcel.hold().is_some_and(|hold| {
            refused
                && hold.call == Some(call)
                && hold.by == Some(InstructedBy::Buyer)
                && hold.buyer_may_answer(&self.shop.settings.hold, arrival.known_at)
        });
        self.orders.insert(id);
        let name = match outcome {
            HoldOutcome::Asked => "asked",
            HoldOutcome::Accepted { .. } => "accepted",
            HoldOutcome::Deferred => "deferred",
            HoldOutcome::Refused { .. } => "refused",
            HoldOutcome::ByHand => "by_hand",
        };
        self.count("holds.reported", name, 1);
        if matches!(outcome, HoldOutcome::Refused { .. } | HoldOutcome::ByHand) {
            let title = format!("Lo svincolo non è riuscito: ordine {number}");
            self.task(customer, Some(id), "hold_refused", &title, expires_at);
        }
        if asks_again {
            self.count("parcels.moments", "hold_refused", 1);
            out.push(
                happening(arrival, Moment::ParcelHoldRefused, customer)
                    .about_order(id)
                    .about_parcel(seq),
            );
        }
    }

    /// Keeps a question of a person, or of the shop, to the courier, if it may be asked now; the look is planned with the others.
    pub(super) fn look_asked(&mut self, id: OrderId, told: &ParcelSnapshot, arrival: &Arrival) {
        let zone = self.zone().clone();
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let Some(parcel) = order.parcel(told) else {
            return self.unusable(arrival, "the parcel of this question is not known");
        };
        let courier = courier_of(parcel).filter(|c| self.shop.tracked.contains(c));
        let may = order.may_ask(parcel, None, arrival.known_at, &zone);
        let (Some(courier), Ok(_)) = (courier, may) else {
            // Asked twice at once, or it has moved in the meantime.
            return self.count("looks.asks_too_many", "", 1);
        };
        let order = self.loaded.orders.get_mut(&id);
        if let Some(parcel) = order.and_then(|order| order.known_parcel_mut(told)) {
            parcel.ask(arrival.known_at, arrival.source == OPERATOR);
            self.orders.insert(id);
            self.count("looks.asked", courier.as_str(), 1);
        }
    }

    /// Notes what the courier said to a person's question.
    pub(super) fn look_reported(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        asked_at: Timestamp,
        answer: LookAnswer,
        arrival: &Arrival,
    ) {
        let order = self.loaded.orders.get_mut(&id);
        let Some(parcel) = order.and_then(|order| order.known_parcel_mut(told)) else {
            return;
        };
        if parcel.answer_ask(asked_at, answer, arrival.known_at) {
            self.orders.insert(id);
            self.count("looks.answered", answer.as_str(), 1);
        }
    }

    /// Keeps a problem that a person reported and opens a case for it.
    pub(super) fn problem(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        problem: (ProblemKind, Option<&str>, &[String]),
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let (kind, text, photos) = problem;
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let seq = order.parcel(told).map(|parcel| parcel.seq);
        let (customer, number) = (order.customer_id, order.snapshot.number.clone());
        order.problems.push(Problem {
            kind,
            parcel: seq,
            text: text.map(|text| text.chars().take(PROBLEM_CHARS_MAX).collect()),
            photos: photos.iter().take(PROBLEM_PHOTOS_MAX).cloned().collect(),
            at: arrival.occurred_at,
        });
        let over = order.problems.len().saturating_sub(PROBLEMS_MAX);
        order.problems.drain(..over);
        self.orders.insert(id);
        self.count("problems.reported", kind.as_str(), 1);
        let words = match kind {
            ProblemKind::NotReceived => "Pacco non ricevuto",
            ProblemKind::Damaged => "Merce arrivata danneggiata",
            ProblemKind::WrongItem => "Articolo sbagliato",
            ProblemKind::Missing => "Manca qualcosa",
            ProblemKind::Other => "Problema segnalato",
        };
        let title = format!("{words}: ordine {number}");
        let due_at = arrival
            .occurred_at
            .checked_add(SignedDuration::from_hours(24));
        self.task(customer, Some(id), kind.task(), &title, due_at.ok());
        let base = happening(arrival, Moment::ProblemReported, customer).about_order(id);
        out.push(match seq {
            Some(seq) => base.about_parcel(seq),
            None => base,
        });
    }

    /// Which parcels of the changed orders are to be looked at, where this shop looks at couriers at all.
    pub(super) fn plan_looks(&mut self) {
        if self.shop.tracked.is_empty() {
            return;
        }
        let zone = self.zone().clone();
        for id in &self.orders {
            let Some(order) = self.loaded.orders.get(id) else {
                continue;
            };
            for parcel in &order.tracked {
                let courier = courier_of(parcel).filter(|c| self.shop.tracked.contains(c));
                if let (Some(courier), Some(number)) = (courier, &parcel.snapshot.number) {
                    self.writes.looks.push(Look {
                        order_id: *id,
                        seq: parcel.seq,
                        courier,
                        number: number.clone(),
                        next_at: match parcel.last_ask().filter(|ask| ask.is_open(self.now)) {
                            Some(_) => self
                                .now
                                .checked_sub(SignedDuration::from_hours(ASK_AHEAD_HOURS))
                                .ok(),
                            None => parcel.next_look(self.now, &zone),
                        },
                    });
                }
            }
        }
    }
}

fn by_name(by: InstructedBy) -> &'static str {
    match by {
        InstructedBy::Buyer => "buyer",
        InstructedBy::Shop => "shop",
    }
}

fn is_whole(address: &crate::order::PostalAddress) -> bool {
    [&address.street, &address.postal_code, &address.city]
        .into_iter()
        .all(|part| part.as_deref().is_some_and(|p| !p.trim().is_empty()))
}
