//! Parcels told by couriers: belief and its revision, holds and their answers, legs, problems, figures.

use crate::stage;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::order::{PostalAddress, ProblemKind, Standing};
use dopo_core::parcel::{
    ActBy, Checkpoint, Courier, Direction, HoldAction, HoldAnswer, HoldOutcome, InstructedBy,
    Parcel, ParcelState, Related, Relation, ScanSource, Telling, ToldScan,
};
use dopo_core::simulate::Rehearsal;
use jiff::{SignedDuration, Timestamp};

struct Story {
    shop: Rehearsal,
    events: u32,
}

impl Story {
    /// An order of 16 November 2026 in a shop that can tell BRT what to do with held parcels.
    fn new() -> Self {
        let mut shop = stage::shop(1);
        shop.tracked.insert(Courier::Brt);
        shop.released.insert(Courier::Brt);
        let mut shop = Rehearsal::new(shop);
        shop.pass(at("2026-11-16T10:00:00+01:00"));
        let order = stage::order("A1", "giulia", shop.now());
        let mut story = Story { shop, events: 0 };
        story.tell(Event::OrderUpdated {
            order: Box::new(order),
        });
        story
    }

    fn tell(&mut self, event: Event) {
        self.events += 1;
        self.shop.hear(EventLine {
            id: format!("e{}", self.events),
            at: self.shop.now(),
            event,
        });
    }

    fn until(&mut self, time: &str) {
        self.shop.pass(at(time));
    }

    /// BRT tells everything it knows.
    fn brt(&mut self, number: &str, scans: &[(&str, ParcelState)]) {
        let telling = Telling {
            scans: scans
                .iter()
                .map(|(time, state)| scan(time, *state))
                .collect(),
            complete: true,
            ..Telling::default()
        };
        self.courier(number, telling);
    }

    fn courier(&mut self, number: &str, telling: Telling) {
        self.tell(Event::ParcelTracked {
            parcel: ParcelRef {
                order: Some("A1".into()),
                ..brt(number)
            },
            telling: Box::new(telling),
        });
    }

    fn answer(&mut self, action: HoldAction, by: InstructedBy) {
        self.tell(Event::HoldAnswered {
            parcel: brt("1"),
            answer: HoldAnswer {
                action,
                address: None,
                phone: None,
                note: None,
            },
            by,
        });
    }

    fn parcel(&self, at: usize) -> &Parcel {
        &self.shop.order_named("A1").unwrap().tracked[at]
    }

    fn figure(&self, metric: &str) -> i64 {
        let counters = self.shop.counters().0.iter();
        let hits = counters.filter(|(key, _)| key.metric == metric);
        hits.map(|(_, n)| n).sum()
    }
}

impl Story {
    /// How often a person was to choose again.
    fn asked_again(&self) -> i64 {
        let counters = self.shop.counters().0.iter();
        let hits = counters
            .filter(|(key, _)| key.metric == "parcels.moments" && key.dim == "hold_refused");
        hits.map(|(_, n)| n).sum()
    }
}

fn brt(number: &str) -> ParcelRef {
    ParcelRef {
        number: Some(number.into()),
        carrier: Some("BRT".into()),
        ..ParcelRef::default()
    }
}

fn scan(time: &str, state: ParcelState) -> ToldScan {
    ToldScan::from(Checkpoint {
        source: ScanSource::Carrier,
        ..Checkpoint::new(at(time), state)
    })
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

const PICKED: (&str, ParcelState) = ("2026-11-16T18:00:00+01:00", ParcelState::PickedUp);
const HELD: (&str, ParcelState) = ("2026-11-18T09:00:00+01:00", ParcelState::HeldAtDepot);
const DELIVERED: (&str, ParcelState) = ("2026-11-18T11:00:00+01:00", ParcelState::Delivered);

#[test]
fn a_delivery_that_a_complete_telling_leaves_out_is_taken_back() {
    let mut story = Story::new();
    story.until("2026-11-18T12:00:00+01:00");
    story.brt("1", &[PICKED, DELIVERED]);
    assert_eq!(story.parcel(0).state, ParcelState::Delivered);
    assert!(story.shop.order_named("A1").unwrap().delivered_at.is_some());
    story.until("2026-11-18T15:00:00+01:00");
    story.brt("1", &[PICKED]);
    let parcel = story.parcel(0);
    assert_eq!(parcel.state, ParcelState::PickedUp);
    let gone = &parcel.checkpoints[1];
    assert_eq!(gone.revoked_at, Some(story.shop.now()));
    assert!(story.shop.order_named("A1").unwrap().delivered_at.is_none());
    assert_eq!(story.figure("courier.delivered"), 0);
    // Told again, it stands again.
    story.brt("1", &[PICKED, DELIVERED]);
    assert_eq!(story.parcel(0).state, ParcelState::Delivered);
    assert_eq!(story.figure("courier.delivered"), 1);
    assert_eq!(story.figure("courier.transit"), 1);
}

#[test]
fn a_scan_that_its_own_telling_takes_back_never_stood() {
    let mut story = Story::new();
    story.until("2026-11-18T12:00:00+01:00");
    let taken_back = ToldScan {
        taken_back: true,
        ..scan(DELIVERED.0, DELIVERED.1)
    };
    story.courier(
        "1",
        Telling {
            scans: vec![scan(PICKED.0, PICKED.1), taken_back],
            ..Telling::default()
        },
    );
    assert_eq!(story.parcel(0).state, ParcelState::PickedUp);
    assert_eq!(story.parcel(0).checkpoints.len(), 2);
}

#[test]
fn a_platforms_echo_of_a_delivery_does_not_outlive_it() {
    let mut story = Story::new();
    story.until("2026-11-18T12:00:00+01:00");
    story.brt("1", &[PICKED, DELIVERED]);
    story.until("2026-11-18T12:05:00+01:00");
    let echo = stage::scan(ParcelState::Delivered, story.shop.now());
    story.tell(Event::ParcelScanned {
        parcel: brt("1"),
        checkpoint: echo,
    });
    story.until("2026-11-18T15:00:00+01:00");
    story.brt("1", &[PICKED]);
    assert_eq!(story.parcel(0).state, ParcelState::PickedUp);
}

#[test]
fn a_hold_opens_a_clock_and_the_next_scan_closes_it_in_history() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    story.brt("1", &[PICKED, HELD]);
    let parcel = story.parcel(0);
    assert_eq!(parcel.act_by, ActBy::Buyer);
    let hold = parcel.hold().unwrap();
    assert_eq!(hold.expires_at, at("2026-11-25T09:00:00+01:00"));
    assert!(!hold.expiry_told);
    assert_eq!(parcel.act_deadline, Some(hold.expires_at));
    assert_eq!(
        story.shop.order_named("A1").unwrap().standing(),
        Standing::Trouble
    );
    story.until("2026-11-19T12:00:00+01:00");
    let again = ("2026-11-19T11:00:00+01:00", ParcelState::Delivered);
    story.brt("1", &[PICKED, HELD, again]);
    let parcel = story.parcel(0);
    assert!(parcel.hold().is_none());
    assert_eq!(parcel.holds[0].closed_at, Some(at(again.0)));
    assert_eq!(parcel.state, ParcelState::Delivered);
}

#[test]
fn a_held_parcel_is_released_once_however_often_somebody_answers() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    story.brt("1", &[PICKED, HELD]);
    story.answer(HoldAction::Redeliver, InstructedBy::Buyer);
    story.answer(HoldAction::SendBack, InstructedBy::Buyer);
    let [call] = story.shop.calls() else {
        panic!("one call, not {:?}", story.shop.calls());
    };
    assert_eq!((call.courier, call.number.as_str()), (Courier::Brt, "1"));
    assert_eq!(call.answer.action, HoldAction::Redeliver);
    let hold = story.parcel(0).hold().unwrap();
    assert_eq!(hold.outcome, Some(HoldOutcome::Asked));
    let id = call.id;
    story.tell(Event::HoldReported {
        parcel: brt("1"),
        call: id,
        outcome: HoldOutcome::Deferred,
    });
    let hold = story.parcel(0).hold().unwrap();
    assert_eq!(hold.outcome, Some(HoldOutcome::Deferred));
    assert_eq!(story.shop.tasks(), 0);
}

#[test]
fn a_refused_release_is_a_task_and_can_be_answered_again() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    story.brt("1", &[PICKED, HELD]);
    story.answer(HoldAction::Redeliver, InstructedBy::Buyer);
    let call = story.shop.calls()[0].id;
    story.tell(Event::HoldReported {
        parcel: brt("1"),
        call,
        outcome: HoldOutcome::Refused {
            why: "CAP non servito".into(),
        },
    });
    assert_eq!(story.shop.tasks(), 1);
    assert_eq!(story.asked_again(), 1, "its person may choose again");
    story.answer(HoldAction::Collect, InstructedBy::Shop);
    assert_eq!(story.shop.calls().len(), 2);
    let call = story.shop.calls()[1].id;
    story.tell(Event::HoldReported {
        parcel: brt("1"),
        call,
        outcome: HoldOutcome::Refused {
            why: "chiuso".into(),
        },
    });
    assert_eq!(story.shop.tasks(), 2);
    assert_eq!(
        story.asked_again(),
        1,
        "the shop's own answer is the shop's"
    );
}

#[test]
fn people_answer_within_the_shops_rule_and_before_it_is_too_late() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    story.brt("1", &[PICKED, HELD]);
    // Another address that says nowhere.
    story.answer(HoldAction::OtherAddress, InstructedBy::Buyer);
    assert!(story.shop.calls().is_empty());
    // Three hours before the end the courier can no longer be reached in time; the shop may still try.
    story.until("2026-11-25T06:00:00+01:00");
    story.answer(HoldAction::Redeliver, InstructedBy::Buyer);
    assert!(story.shop.calls().is_empty());
    story.answer(HoldAction::Redeliver, InstructedBy::Shop);
    assert_eq!(story.shop.calls().len(), 1);
}

#[test]
fn where_a_courier_cannot_be_told_the_answer_is_a_task_for_the_shop() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    let held = Telling {
        scans: vec![scan(PICKED.0, PICKED.1), scan(HELD.0, HELD.1)],
        ..Telling::default()
    };
    let parcel = ParcelRef {
        carrier: Some("Corriere di zona".into()),
        order: Some("A1".into()),
        ..brt("Z9")
    };
    story.tell(Event::ParcelTracked {
        parcel: parcel.clone(),
        telling: Box::new(held),
    });
    story.tell(Event::HoldAnswered {
        parcel,
        answer: HoldAnswer {
            action: HoldAction::OtherAddress,
            address: Some(PostalAddress {
                street: Some("Via Roma 1".into()),
                postal_code: Some("37121".into()),
                city: Some("Verona".into()),
                ..PostalAddress::default()
            }),
            phone: None,
            note: None,
        },
        by: InstructedBy::Buyer,
    });
    assert_eq!(story.shop.tasks(), 1);
    let hold = story.parcel(0).hold().unwrap();
    assert_eq!(hold.outcome, Some(HoldOutcome::ByHand));
}

#[test]
fn scans_from_before_the_order_are_of_another_parcel_with_the_same_number() {
    let mut story = Story::new();
    story.until("2026-11-18T10:00:00+01:00");
    let last_year = ("2025-11-18T11:00:00+01:00", ParcelState::Delivered);
    story.brt("1", &[last_year, PICKED]);
    assert_eq!(story.parcel(0).state, ParcelState::PickedUp);
    assert_eq!(story.parcel(0).checkpoints.len(), 1);
    assert_eq!(story.figure("parcels.scans_foreign"), 1);
    // Nothing but the other parcel: nothing is known of ours.
    let mut story = Story::new();
    story.brt("2", &[last_year]);
    assert!(story.shop.order_named("A1").unwrap().tracked.is_empty());
}

#[test]
fn a_return_leg_is_a_parcel_of_its_own_and_delivers_nothing_to_the_customer() {
    let mut story = Story::new();
    story.until("2026-11-20T10:00:00+01:00");
    story.courier(
        "1",
        Telling {
            scans: vec![
                scan(PICKED.0, PICKED.1),
                scan("2026-11-19T10:00:00+01:00", ParcelState::Refused),
            ],
            related: vec![Related {
                relation: Relation::Return,
                number: "9".into(),
            }],
            ..Telling::default()
        },
    );
    assert_eq!(story.parcel(1).direction, Direction::Return);
    assert_eq!(story.parcel(1).follows, Some(0));
    story.until("2026-11-22T10:00:00+01:00");
    story.tell(Event::ParcelTracked {
        parcel: brt("9"),
        telling: Box::new(Telling {
            scans: vec![scan("2026-11-22T09:00:00+01:00", ParcelState::Delivered)],
            ..Telling::default()
        }),
    });
    let order = story.shop.order_named("A1").unwrap();
    assert_eq!(order.delivered_at, None);
    assert_eq!(order.standing(), Standing::Trouble);
}

#[test]
fn a_renumbered_parcel_answers_to_both_numbers() {
    let mut story = Story::new();
    story.until("2026-11-17T10:00:00+01:00");
    story.courier(
        "1",
        Telling {
            scans: vec![scan(PICKED.0, PICKED.1)],
            related: vec![Related {
                relation: Relation::Renumbered,
                number: "2".into(),
            }],
            ..Telling::default()
        },
    );
    story.until("2026-11-18T12:00:00+01:00");
    for number in ["1", "2"] {
        story.tell(Event::ParcelTracked {
            parcel: brt(number),
            telling: Box::new(Telling {
                scans: vec![scan(DELIVERED.0, DELIVERED.1)],
                ..Telling::default()
            }),
        });
    }
    let order = story.shop.order_named("A1").unwrap();
    assert_eq!(order.tracked.len(), 1);
    assert_eq!(story.parcel(0).former_numbers, ["1"]);
    assert_eq!(story.parcel(0).state, ParcelState::Delivered);
}

#[test]
fn a_reported_problem_is_kept_and_opens_a_case() {
    let mut story = Story::new();
    story.until("2026-11-18T12:00:00+01:00");
    story.brt("1", &[PICKED, DELIVERED]);
    story.tell(Event::ProblemReported {
        parcel: brt("1"),
        kind: ProblemKind::NotReceived,
        text: Some("Qui non è arrivato niente.".into()),
        photos: vec![],
    });
    let order = story.shop.order_named("A1").unwrap();
    assert_eq!(order.problems[0].kind, ProblemKind::NotReceived);
    assert_eq!(order.problems[0].parcel, Some(0));
    assert_eq!(story.shop.tasks(), 1);
    // What the courier says still stands: it is one word against another.
    assert_eq!(story.parcel(0).state, ParcelState::Delivered);
}

#[test]
fn silence_is_told_once_and_ends_with_the_next_scan() {
    let mut story = Story::new();
    story.until("2026-11-16T19:00:00+01:00");
    story.brt("1", &[PICKED]);
    let since = at(PICKED.0);
    let silent_at = story.parcel(0).silent_at().unwrap();
    story.shop.pass(silent_at + SignedDuration::from_hours(1));
    for _ in 0..2 {
        story.tell(Event::ParcelFellSilent {
            parcel: brt("1"),
            since,
        });
    }
    assert_eq!(story.parcel(0).silent_since, Some(since));
    assert_eq!(story.parcel(0).state, ParcelState::PickedUp);
    assert_eq!(story.figure("parcels.moments"), 1);
    story.brt(
        "1",
        &[PICKED, ("2026-11-21T20:00:00+01:00", ParcelState::AtDepot)],
    );
    assert_eq!(story.parcel(0).silent_since, None);
}
