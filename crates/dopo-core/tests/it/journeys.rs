//! Journey scripts: what happens to a shop as text, and who then gets what as text. Each file under `journeys/` is one
//! promise of the product; its name says which. Set `DOPO_BLESS=1` to write what came out as what is expected.
//!
//! A script line is a local time (Rome), a verb and its words:
//! `order A1 giulia`, `bare A1 giulia` (no soft-spam notice), `scan A1 delivered`, `revoke A1 delivered`, `cancel A1`,
//! `return A1`, `cart C1 giulia`, `bought C1 A1 giulia`, `agree giulia marketing email`, `withdraw giulia marketing
//! email`, `refuse …`, `open STEP`, `click STEP`, `remind STEP`, `platform NOTICE` (left to the platform),
//! `late HOURS order A1 giulia` (told so much later), `end`.

use crate::stage;
use dopo_core::advance::Shop;
use dopo_core::cart::CartSnapshot;
use dopo_core::consent::{Channel, ConsentState, Topic};
use dopo_core::event::{Actor, Event, EventLine, Origin, ParcelRef};
use dopo_core::id::EffectId;
use dopo_core::order::ReturnState;
use dopo_core::parcel::ParcelState;
use dopo_core::simulate::{Rehearsal, Verdict};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write;
use std::path::Path;

#[test]
fn every_script_gives_the_timeline_it_promises() {
    check("journeys", 20, &|| stage::shop(1), play);
}

/// Plays every script of a folder, at least so many, and compares what came out.
pub fn check(
    folder: &str,
    at_least: usize,
    shop: &dyn Fn() -> Shop,
    play: fn(Shop, &str) -> String,
) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it")
        .join(folder);
    let bless = std::env::var_os("DOPO_BLESS").is_some();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= at_least, "the scripts are there");
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let (script, expected) = text.split_once("---\n").unwrap_or((&text, ""));
        let got = play(shop(), script);
        if got != expected {
            if bless {
                std::fs::write(&file, format!("{script}---\n{got}")).unwrap();
            } else {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                writeln!(wrong, "{name}\nexpected:\n{expected}got:\n{got}").unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

pub fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

fn play(shop: Shop, script: &str) -> String {
    written(&played(shop, script, event))
}

/// What a line of a script tells.
pub type Read = fn(&Rehearsal, &[&str], Timestamp) -> Option<Event>;

/// Brings a script to a shop.
pub fn played(mut shop: Shop, script: &str, event: Read) -> Rehearsal {
    let lines: Vec<&str> = script
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .collect();
    for line in &lines {
        if let Some(notice) = line.strip_prefix("platform ") {
            shop.settings
                .left_to_platform
                .insert(notice.trim().to_owned());
        }
    }
    let mut stage = Rehearsal::new(shop);
    for (n, line) in lines.iter().enumerate() {
        if line.starts_with("platform ") {
            continue;
        }
        let (time, rest) = line.split_at(16);
        let at = time
            .parse::<DateTime>()
            .unwrap_or_else(|e| panic!("{line}: {e}"))
            .to_zoned(rome())
            .unwrap()
            .timestamp();
        let mut words: Vec<&str> = rest.split_whitespace().collect();
        let mut known = at;
        if words[0] == "late" {
            known = at + SignedDuration::from_hours(words[1].parse().unwrap());
            words.drain(..2);
        }
        stage.pass(known.min(at));
        if words[0] == "end" {
            stage.pass(at);
            continue;
        }
        stage.pass(at.max(stage.now()));
        let event = event(&stage, &words, at).unwrap_or_else(|| panic!("not understood: {line}"));
        let line = EventLine {
            id: format!("e{n}"),
            at,
            event,
        };
        stage.hear_at(line, Origin::Live, known);
    }
    stage
}

/// What became of every message, a line each.
pub fn written(stage: &Rehearsal) -> String {
    let mut out = String::new();
    for row in stage.rows() {
        let at = row
            .at
            .to_zoned(rome())
            .strftime("%a %d %b %H:%M")
            .to_string();
        let what = match row.decision {
            Verdict::Allow => format!("allow {}", row.basis.map_or("", |b| b.as_str())),
            Verdict::Deny => "deny".to_owned(),
            Verdict::LeftToPlatform => "platform".to_owned(),
        };
        let why = row
            .reason
            .map_or(String::new(), |r| format!(" ({})", r.as_str()));
        let who = row.customer.split('@').next().unwrap_or_default();
        writeln!(
            out,
            "{at} {who} {} {} {what}{why}",
            row.channel.as_str(),
            row.step
        )
        .unwrap();
    }
    out
}

pub fn parcel_state(name: &str) -> Option<ParcelState> {
    ParcelState::ALL.into_iter().find(|s| s.as_str() == name)
}

fn message(stage: &Rehearsal, step: &str) -> EffectId {
    let row = stage.rows().iter().rev().find(|row| row.step == step);
    row.unwrap_or_else(|| panic!("no message of step {step}"))
        .message
}

pub fn event(stage: &Rehearsal, words: &[&str], at: Timestamp) -> Option<Event> {
    let number = |order: &str| ParcelRef {
        order: Some(order.to_owned()),
        number: Some(format!("{order}-1")),
        ..ParcelRef::default()
    };
    let consent = |words: &[&str], state| {
        let channel = words.get(2).and_then(|c| Channel::parse(c));
        Some(Event::ConsentChanged {
            person: stage::who(words[0]),
            acts: vec![stage::act(Topic::parse(words[1])?, channel, state)],
        })
    };
    Some(match words {
        ["order", name, buyer] => Event::OrderUpdated {
            order: Box::new(stage::order(name, buyer, at)),
        },
        ["bare", name, buyer] => {
            let mut order = stage::order(name, buyer, at);
            order.soft_spam_notice = None;
            Event::OrderUpdated {
                order: Box::new(order),
            }
        }
        ["bought", cart, name, buyer] => {
            let mut order = stage::order(name, buyer, at);
            order.cart_id = Some((*cart).to_owned());
            Event::OrderUpdated {
                order: Box::new(order),
            }
        }
        ["scan", order, state] => Event::ParcelScanned {
            parcel: number(order),
            checkpoint: stage::scan(parcel_state(state)?, at),
        },
        ["revoke", order, state] => Event::ParcelScanRevoked {
            parcel: number(order),
            state: parcel_state(state)?,
            scanned_at: None,
        },
        ["cancel", order] => Event::OrderCancelled {
            order: (*order).to_owned(),
        },
        ["return", order] => Event::ReturnUpdated {
            order: (*order).to_owned(),
            return_id: "r1".into(),
            state: ReturnState::Requested,
        },
        ["cart", name, buyer] => Event::CartUpdated {
            cart: Box::new(CartSnapshot {
                external_id: (*name).to_owned(),
                updated_at: at,
                person: stage::person(buyer),
                lines: stage::lines(),
                total: None,
                url: None,
                completed_at: None,
            }),
        },
        ["agree", rest @ ..] => consent(rest, ConsentState::Confirmed)?,
        ["refuse", rest @ ..] => consent(rest, ConsentState::Refused)?,
        ["withdraw", rest @ ..] => consent(rest, ConsentState::Withdrawn)?,
        ["open", step] => Event::MessageOpened {
            message: message(stage, step),
            by: Actor::Human,
        },
        ["click", step] => Event::MessageClicked {
            message: message(stage, step),
            link: 1,
            by: Actor::Human,
        },
        ["remind", step] => Event::ReminderRequested {
            message: message(stage, step),
        },
        _ => return None,
    })
}
