//! The journeys on parcels, by scripts as in [`crate::journeys`]: what couriers tell, and who then gets what. Files stand
//! under `parcel_journeys/`.
//!
//! Verbs beside those of the other scripts: `promised A1 giulia 2026-11-06` (an order with its promised day),
//! `tell A1 STATE [because REASON] [until TIME] [last DAY]` (a courier's scan; the end of a hold; the last day of a
//! pick-up point), `back A1 STATE` (a scan of the parcel that brings the goods back), `expect A1 DAY` (the courier's own
//! word), `estimate A1 DAY DAY`, `silent A1 TIME` (since when), `answer A1 ACTION buyer|shop`, `refused A1` (the last
//! answer, by the courier), `problem A1 KIND`, `refund A1`. The last lines say which tasks were opened.

use crate::journeys::{check, event, parcel_state, played, rome, written};
use crate::stage;
use dopo_core::advance::Shop;
use dopo_core::event::{Event, ParcelRef};
use dopo_core::money::Money;
use dopo_core::order::ProblemKind;
use dopo_core::parcel::{
    Courier, Direction, Estimate, HoldAction, HoldAnswer, HoldOutcome, InstructedBy, PickupPoint,
    ScanSource, Telling, ToldScan, Window,
};
use dopo_core::simulate::Rehearsal;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use std::collections::BTreeMap;
use std::fmt::Write;

fn shop() -> Shop {
    let mut shop = stage::shop_with_parcels(1);
    shop.released.insert(Courier::Brt);
    shop
}

#[test]
fn every_script_about_parcels_gives_the_timeline_it_promises() {
    check("parcel_journeys", 20, &shop, |shop, script| {
        let stage = played(shop, script, read);
        let mut out = written(&stage);
        for (kind, n) in tasks(&stage) {
            writeln!(out, "task {kind} {n}").unwrap();
        }
        out
    });
}

fn tasks(stage: &Rehearsal) -> BTreeMap<String, i64> {
    let mut tasks = BTreeMap::new();
    for (key, n) in &stage.counters().0 {
        if key.metric == "tasks.opened" {
            *tasks.entry(key.dim.to_string()).or_default() += n;
        }
    }
    tasks
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn time(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    Some(at.to_zoned(rome()).ok()?.timestamp())
}

fn brt(order: &str) -> ParcelRef {
    ParcelRef {
        order: Some(order.to_owned()),
        number: Some(format!("{order}-1")),
        carrier: Some("BRT".to_owned()),
        ..ParcelRef::default()
    }
}

fn read(stage: &Rehearsal, words: &[&str], at: Timestamp) -> Option<Event> {
    let telling = |order: &str, telling| Event::ParcelTracked {
        parcel: brt(order),
        telling: Box::new(telling),
    };
    let scan = |state: &str, reason: Option<&str>| {
        let mut scan = stage::scan(parcel_state(state)?, at);
        scan.source = ScanSource::Carrier;
        scan.reason = reason.map(str::to_owned);
        Some(vec![ToldScan::from(scan)])
    };
    Some(match words {
        ["promised", name, buyer, promised] => {
            let mut order = stage::order(name, buyer, at);
            order.promised_on = Some(day(promised)?);
            Event::OrderUpdated {
                order: Box::new(order),
            }
        }
        ["refund", name] => Event::OrderRefunded {
            order: (*name).to_owned(),
            refunded: Money::eur(52_000),
        },
        ["tell", order, state, more @ ..] => {
            let field = |key: &str| {
                let at = more.iter().position(|word| *word == key)?;
                more.get(at + 1).copied()
            };
            telling(
                order,
                Telling {
                    scans: scan(state, field("because"))?,
                    hold_expires_at: field("until").and_then(time),
                    pickup_point: field("last").and_then(day).map(|until| PickupPoint {
                        until: Some(until),
                        ..PickupPoint::default()
                    }),
                    ..Telling::default()
                },
            )
        }
        ["back", order, state] => Event::ParcelTracked {
            parcel: ParcelRef {
                number: Some(format!("{order}-r")),
                ..brt(order)
            },
            telling: Box::new(Telling {
                scans: scan(state, None)?,
                direction: Some(Direction::Return),
                ..Telling::default()
            }),
        },
        ["expect", order, until] => {
            let until = day(until)?;
            telling(
                order,
                Telling {
                    expected: Some(Window {
                        from: time(&format!("{until}T00:00"))?,
                        until: time(&format!("{until}T23:59"))?,
                        days: true,
                    }),
                    ..Telling::default()
                },
            )
        }
        ["estimate", order, from, until] => Event::ParcelEstimated {
            parcel: brt(order),
            estimate: Estimate {
                median: day(from)?,
                from: day(from)?,
                until: day(until)?,
                coverage_percent: 90,
                sample: 100,
            },
        },
        ["silent", order, since] => Event::ParcelFellSilent {
            parcel: brt(order),
            since: time(since)?,
        },
        ["answer", order, action, by] => Event::HoldAnswered {
            parcel: brt(order),
            answer: HoldAnswer {
                action: HoldAction::parse(action)?,
                address: None,
                phone: None,
                note: None,
            },
            by: match *by {
                "buyer" => InstructedBy::Buyer,
                _ => InstructedBy::Shop,
            },
        },
        ["refused", order] => Event::HoldReported {
            parcel: brt(order),
            call: stage.calls().last()?.id,
            outcome: HoldOutcome::Refused {
                why: "fuori zona".to_owned(),
            },
        },
        ["problem", order, kind] => Event::ProblemReported {
            parcel: brt(order),
            kind: ProblemKind::ALL.into_iter().find(|k| k.as_str() == *kind)?,
            text: None,
            photos: vec![],
        },
        _ => return event(stage, words, at),
    })
}
