//! Who is at risk: people for whom something is going wrong now, from what is known today.
//!
//! Somebody is at risk who has an order with a parcel in trouble ([`at_risk_cents`]), or a task that is open because
//! something went wrong for them: a problem they reported, a hold that nobody could answer, a parcel that was lost, came
//! back or fell silent, a communication due by law that bounced. Nothing is predicted.

use crate::effect::OpenTask;
use crate::order::Order;
use crate::parcel::trouble::at_risk_cents;
use crate::words::Words;

/// Kinds of tasks that are open because something went wrong for the person, as [`advance`](crate::advance) and the
/// built-in journeys open them. A task opened by hand, or of a kind of the shop's own, says nothing of that.
pub const FAILURE_TASKS: [&str; 12] = [
    "bounced_legal",
    "hold_by_hand",
    "hold_refused",
    "hold_unanswered",
    "parcel_lost",
    "parcel_returned",
    "parcel_silent",
    "problem_damaged",
    "problem_missing",
    "problem_not_received",
    "problem_other",
    "problem_wrong_item",
];

/// How people at risk are counted, as the first page says it.
pub const DEFINITION: Words = Words {
    it: "Persone per cui adesso qualcosa va storto: hanno un ordine con un pacco in difficoltà, oppure un'attività aperta perché qualcosa non è riuscito (un problema segnalato, una giacenza senza risposta, un pacco smarrito o tornato, una comunicazione dovuta che è tornata indietro). Ogni persona conta una volta. Non è una previsione.",
    en: "People for whom something is going wrong now: they have an order with a parcel in trouble, or a task that is open because something failed (a problem they reported, a hold without an answer, a parcel lost or returned, a communication due by law that bounced). Each person counts once. It is no prediction.",
};

/// Whether a task is there because something went wrong for the person. Stores keep it beside the task.
pub fn tells_of_failure(task: &OpenTask) -> bool {
    FAILURE_TASKS.contains(&task.kind.as_str())
}

/// Whether a person with these orders and these open tasks is at risk.
pub fn is_at_risk<'a>(
    orders: impl IntoIterator<Item = &'a Order>,
    open_tasks: impl IntoIterator<Item = &'a OpenTask>,
) -> bool {
    orders
        .into_iter()
        .any(|order| at_risk_cents(order).is_some())
        || open_tasks.into_iter().any(tells_of_failure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::{Parcel, ParcelState};

    fn order(state: ParcelState) -> Order {
        let mut order: Order = serde_json::from_value(serde_json::json!({
            "id": 1, "customer_id": 2, "external_id": "1", "number": "#1", "placed_at": "2026-11-20T09:00:00Z",
            "updated_at": "2026-11-20T09:00:00Z", "person": {}, "lines": [],
            "total": { "cents": 100, "currency": "EUR" }, "payment": "paid"
        }))
        .unwrap();
        order.tracked.push(Parcel {
            state,
            ..Parcel::default()
        });
        order
    }

    fn task(kind: &str) -> OpenTask {
        OpenTask {
            kind: kind.to_owned(),
            title: "Chiama".to_owned(),
            due_at: None,
            promo: false,
        }
    }

    #[test]
    fn a_parcel_in_trouble_or_a_failure_to_be_put_right_is_a_risk() {
        let (well, held) = (
            order(ParcelState::InTransit),
            order(ParcelState::HeldAtDepot),
        );
        let (call, problem) = (task("call"), task("problem_damaged"));
        for (orders, tasks, risk) in [
            (vec![], vec![], false),
            (vec![&well], vec![&call], false),
            (vec![&well, &held], vec![], true),
            (vec![&well], vec![&call, &problem], true),
            (vec![], vec![&problem], true),
        ] {
            assert_eq!(is_at_risk(orders, tasks), risk);
        }
    }

    #[test]
    fn what_somebody_asks_for_or_opens_by_hand_is_no_failure() {
        for kind in ["data_request", "call", "check_address", ""] {
            assert!(!tells_of_failure(&task(kind)), "{kind}");
        }
        assert!(FAILURE_TASKS.is_sorted());
    }
}
