//! Finds out what is wrong with an event that could not be read, and says it in plain words with a path.

use dopo_core::cart::CartSnapshot;
use dopo_core::consent::ConsentAct;
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Actor, BounceKind, Event, EventLine, ParcelRef};
use dopo_core::id::EffectId;
use dopo_core::money::Money;
use dopo_core::order::{OrderSnapshot, ReturnState};
use dopo_core::parcel::{Checkpoint, ParcelSnapshot, ParcelState, Telling};
use dopo_core::product::Product;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Fault, ID_MISSING, fault};
use crate::translation::without_values;

/// Every `type` that can be sent to us.
pub(crate) const KINDS: &[&str] = &[
    "order_updated",
    "order_cancelled",
    "order_refunded",
    "parcel_updated",
    "parcel_scanned",
    "parcel_scan_revoked",
    "parcel_tracked",
    "return_updated",
    "cart_updated",
    "cart_removed",
    "customer_updated",
    "customer_merged",
    "consent_changed",
    "data_requested",
    "customer_forgotten",
    "shop_forgotten",
    "shop_disconnected",
    "product_updated",
    "product_removed",
    "message_opened",
    "message_clicked",
    "message_replied",
    "message_bounced",
    "message_complained",
    "reminder_requested",
];
/// Types of [`Event`] that only Dopo itself makes.
const OUR_KINDS: &[&str] = &[
    "preferences_changed",
    "message_held_back",
    "parcel_estimated",
    "parcel_fell_silent",
    "hold_answered",
    "hold_reported",
    "look_asked",
    "look_reported",
    "problem_reported",
];

/// Reads an event, or says what is wrong with it.
pub(super) fn event(value: &Value) -> Result<EventLine, Fault> {
    let Some(map) = value.as_object() else {
        return Err(fault("", "an event is an object with id, at and type"));
    };
    let id = match map.get("id") {
        None | Some(Value::Null) => return Err(fault("id", ID_MISSING)),
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(n)) if !n.is_f64() => n.to_string(),
        Some(_) => return Err(fault("id", "the id is a text")),
    };
    let at = match map.get("at") {
        None | Some(Value::Null) => {
            return Err(fault(
                "at",
                "the time is missing; write when it happened, such as 2026-11-22T10:00:00+01:00",
            ));
        }
        Some(Value::String(at)) => at.parse::<Timestamp>().map_err(|_| bad_time("at", at))?,
        Some(_) => {
            return Err(fault(
                "at",
                "the time is a text such as 2026-11-22T10:00:00+01:00, not a number",
            ));
        }
    };
    let kind = match map.get("type") {
        None | Some(Value::Null) => {
            return Err(fault(
                "type",
                format!("the type is missing; it is one of {}", KINDS.join(", ")),
            ));
        }
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) => return Err(fault("type", "the type is a text")),
    };
    if OUR_KINDS.contains(&kind) {
        return Err(fault("type", format!("{kind} is made by Dopo itself only")));
    }
    if !KINDS.contains(&kind) {
        return Err(unknown_kind(kind));
    }
    if let Some(fault) = probe(kind, map) {
        return Err(fault);
    }
    // A number as id is accepted here; everything else is as the quick way reads it.
    match serde_json::from_value::<Event>(value.clone()) {
        Ok(event) => Ok(EventLine { id, at, event }),
        Err(e) => Err(fault("", without_values(&e))),
    }
}

/// Why a text is no point in time.
fn bad_time(path: &str, text: &str) -> Fault {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.parse::<DateTime>().is_ok() {
        let full = if text.contains(['T', ' ', 't']) {
            shown.replace(' ', "T")
        } else {
            format!("{shown}T00:00:00")
        };
        return fault(
            path,
            format!("{path} has no zone: write {full}+01:00 or {full}Z"),
        );
    }
    fault(
        path,
        format!(
            "{shown:?} is not a time; write it as 2026-11-22T10:00:00+01:00 or 2026-11-22T09:00:00Z"
        ),
    )
}

fn unknown_kind(kind: &str) -> Fault {
    let shown: String = kind.chars().filter(|c| !c.is_control()).take(40).collect();
    let mut near: Vec<(usize, &str)> = KINDS
        .iter()
        .map(|k| (distance(&shown.to_lowercase(), k), *k))
        .filter(|(d, k)| *d <= k.len() / 3 + 1)
        .collect();
    near.sort_unstable();
    let names: Vec<&str> = near.iter().map(|(_, k)| *k).take(3).collect();
    if names.is_empty() {
        fault(
            "type",
            format!("{shown:?} is not a type; it is one of {}", KINDS.join(", ")),
        )
    } else {
        fault(
            "type",
            format!(
                "{shown:?} is not a type; did you mean {}?",
                names.join(" or ")
            ),
        )
    }
}

/// Letters to insert, delete or replace to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The first field of this kind of event that cannot be read.
fn probe(kind: &str, map: &Map<String, Value>) -> Option<Fault> {
    match kind {
        "order_updated" => need::<OrderSnapshot>(map, "order"),
        "order_cancelled" => need::<String>(map, "order"),
        "order_refunded" => need::<String>(map, "order").or_else(|| need::<Money>(map, "refunded")),
        "parcel_updated" => {
            need::<String>(map, "order").or_else(|| need::<ParcelSnapshot>(map, "parcel"))
        }
        "parcel_scanned" => {
            need::<ParcelRef>(map, "parcel").or_else(|| need::<Checkpoint>(map, "checkpoint"))
        }
        "parcel_scan_revoked" => need::<ParcelRef>(map, "parcel")
            .or_else(|| need::<ParcelState>(map, "state"))
            .or_else(|| may::<Timestamp>(map, "scanned_at")),
        "parcel_tracked" => {
            need::<ParcelRef>(map, "parcel").or_else(|| need::<Telling>(map, "telling"))
        }
        "return_updated" => need::<String>(map, "order")
            .or_else(|| need::<String>(map, "return"))
            .or_else(|| need::<ReturnState>(map, "state")),
        "cart_updated" => need::<CartSnapshot>(map, "cart"),
        "cart_removed" => need::<String>(map, "cart"),
        "customer_updated" => {
            need::<PersonDetails>(map, "person").or_else(|| may::<Vec<ConsentAct>>(map, "consents"))
        }
        "customer_merged" => {
            need::<PersonRef>(map, "into").or_else(|| need::<PersonRef>(map, "from"))
        }
        "consent_changed" => {
            need::<PersonRef>(map, "person").or_else(|| need::<Vec<ConsentAct>>(map, "acts"))
        }
        "data_requested" | "customer_forgotten" => need::<PersonRef>(map, "person"),
        "product_updated" => need::<Product>(map, "product"),
        "product_removed" => need::<String>(map, "product"),
        "message_opened" => need::<EffectId>(map, "message").or_else(|| need::<Actor>(map, "by")),
        "message_clicked" => need::<EffectId>(map, "message")
            .or_else(|| need::<u16>(map, "link"))
            .or_else(|| need::<Actor>(map, "by")),
        "message_bounced" => {
            need::<EffectId>(map, "message").or_else(|| need::<BounceKind>(map, "kind"))
        }
        "message_replied" | "message_complained" | "reminder_requested" => {
            need::<EffectId>(map, "message")
        }
        _ => None,
    }
}

fn need<T: DeserializeOwned>(map: &Map<String, Value>, field: &str) -> Option<Fault> {
    if map.get(field).is_none_or(Value::is_null) {
        return Some(fault(field, format!("{field} is missing")));
    }
    may::<T>(map, field)
}

fn may<T: DeserializeOwned>(map: &Map<String, Value>, field: &str) -> Option<Fault> {
    let value = map.get(field).filter(|v| !v.is_null())?;
    let error = serde_path_to_error::deserialize::<_, T>(value.clone()).err()?;
    let inner = error.path().to_string();
    let path = match inner.as_str() {
        "" | "." => field.to_owned(),
        inner if inner.starts_with('[') => format!("{field}{inner}"),
        inner => format!("{field}.{inner}"),
    };
    // A time is the commonest thing to get wrong; the reader's own words for it are about grammar.
    if let Some(Value::String(text)) = walk(value, error.path())
        && text.parse::<Timestamp>().is_err()
        && text.bytes().take(4).all(|b| b.is_ascii_digit())
        && text.len() >= 8
    {
        return Some(bad_time(&path, text));
    }
    Some(fault(path, without_values(error.inner())))
}

/// The value that a path leads to.
fn walk<'v>(value: &'v Value, path: &serde_path_to_error::Path) -> Option<&'v Value> {
    use serde_path_to_error::Segment;
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Map { key } => value.get(key),
        Segment::Seq { index } => value.get(index),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_kind_is_a_kind_of_event_and_none_is_missing() {
        for kind in KINDS.iter().chain(OUR_KINDS) {
            let error = serde_json::from_value::<Event>(serde_json::json!({ "type": kind }));
            let unknown = error.is_err_and(|e| e.to_string().contains("unknown variant"));
            assert!(!unknown, "{kind}");
        }
        let error =
            serde_json::from_value::<Event>(serde_json::json!({ "type": "x" })).unwrap_err();
        let listed = error.to_string().matches('`').count() / 2 - 1;
        assert_eq!(listed, KINDS.len() + OUR_KINDS.len(), "{error}");
    }

    /// Whether everything in one value stands in another; times may be written otherwise.
    fn within(one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => one
                .iter()
                .all(|(key, value)| other.get(key).is_some_and(|other| within(value, other))),
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(a, b)| within(a, b))
            }
            (Value::String(one), Value::String(other)) => {
                let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
                one == other || time(one).is_some_and(|at| time(other) == Some(at))
            }
            (one, other) => one == other,
        }
    }

    #[test]
    fn every_event_of_the_documentation_is_read_whole_and_no_kind_is_missing() {
        let mut kinds: Vec<String> = Vec::new();
        for (name, all) in [("events.md", true), ("api.md", false)] {
            let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).expect("the documentation");
            for block in text.split("```json\n").skip(1) {
                let json = block.split("```").next().expect("a block");
                if !json.contains("\"type\":") {
                    continue;
                }
                let accepted = super::super::read_line(json.as_bytes(), 0);
                let accepted = accepted.unwrap_or_else(|refused| panic!("{refused}: {json}"));
                assert_eq!(accepted.note, None, "{json}");
                let told: Value = serde_json::from_str(json).expect("JSON");
                let kept = serde_json::to_value(&accepted.line).expect("JSON");
                // A misspelt member would be passed over; nothing of an example is.
                assert!(within(&told, &kept), "{json}\nis kept as\n{kept}");
                if all {
                    kinds.push(accepted.line.event.kind().to_owned());
                }
            }
        }
        kinds.sort_unstable();
        let mut listed = KINDS.to_vec();
        listed.sort_unstable();
        assert_eq!(kinds, listed);
    }

    #[test]
    fn distance_counts_letters() {
        for (a, b, d) in [
            ("", "abc", 3),
            ("order", "oder", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), d);
        }
    }
}
