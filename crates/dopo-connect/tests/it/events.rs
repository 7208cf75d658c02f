//! Our own JSON: one event, arrays, lines.

use dopo_connect::events::{BATCH_EVENTS_MAX, RefusedBody, RefusedEvent, read_body, read_line};
use dopo_core::event::Event;
use dopo_core::order::ORDER_LINES_MAX;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::shared::at;

fn sofa() -> Value {
    json!({
        "id": "o-1001-1", "at": "2026-11-22T10:00:00+01:00", "type": "order_updated",
        "order": {
            "external_id": "1001", "number": "#1001",
            "placed_at": "2026-11-22T10:00:00+01:00", "updated_at": "2026-11-22T10:00:00+01:00",
            "person": {"email": "giulia@example.it", "phone": "347 123 4567", "first_name": "Giulia"},
            "lines": [{"id": "1", "title": "Divano Lario", "quantity": 1,
                       "unit_price": {"cents": 129_900, "currency": "EUR"}}],
            "total": {"cents": 129_900, "currency": "EUR"}, "payment": "paid"
        }
    })
}

#[track_caller]
fn refused(event: &Value) -> RefusedEvent {
    let one = read_line(event.to_string().as_bytes(), 0).unwrap_err();
    // The array's way says the same about the same event.
    let batch = read_body(json!([event]).to_string().as_bytes()).unwrap();
    assert_eq!(batch.refused, std::slice::from_ref(&one));
    assert!(batch.accepted.is_empty());
    one
}

#[test]
fn a_good_event_is_taken_in_stored_form() {
    let accepted = read_line(sofa().to_string().as_bytes(), 0).unwrap();
    assert_eq!(accepted.note, None);
    assert_eq!(accepted.line.id, "o-1001-1");
    assert_eq!(accepted.line.at, at("2026-11-22T09:00:00Z"));
    let Event::OrderUpdated { order } = accepted.line.event else {
        panic!()
    };
    assert_eq!(order.person.who.phone.as_deref(), Some("+393471234567"));
}

#[test]
fn one_object_an_array_and_white_space_are_bodies() {
    let one = sofa().to_string();
    for (body, count) in [
        (one.clone(), 1),
        (format!("\r\n {one} \n"), 1),
        (format!("[{one}]"), 1),
        (format!(" [{one},\n{one}] "), 2),
    ] {
        assert_eq!(read_body(body.as_bytes()).unwrap().accepted.len(), count);
    }
}

#[test]
fn a_body_that_is_no_events_is_refused_as_a_whole() {
    for (body, words) in [
        ("", "empty"),
        (" \n", "empty"),
        ("[]", "empty"),
        ("5", "neither"),
        ("\"x\"", "neither"),
        ("{\"id\":", "too early"),
        ("[{},", "too early"),
        ("id=1", "not JSON"),
        ("{}{}", "not JSON"),
    ] {
        let error = read_body(body.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words), "{body}: {error}");
    }
    let many = vec![sofa(); BATCH_EVENTS_MAX + 1];
    let body = serde_json::to_vec(&many).unwrap();
    assert_eq!(read_body(&body), Err(RefusedBody::TooMany(1_001)));
    let body = serde_json::to_vec(&many[1..]).unwrap();
    assert_eq!(read_body(&body).unwrap().accepted.len(), BATCH_EVENTS_MAX);
}

#[test]
fn a_bad_event_in_an_array_does_not_take_the_good_ones_with_it() {
    let mut bad = sofa();
    bad["at"] = json!("gestern");
    let batch = read_body(json!([sofa(), bad, 7, sofa()]).to_string().as_bytes()).unwrap();
    assert_eq!(batch.accepted.len(), 2);
    let where_: Vec<_> = batch
        .refused
        .iter()
        .map(|r| (r.index, r.path.as_str()))
        .collect();
    assert_eq!(where_, [(1, "at"), (2, "")]);
    assert_eq!(batch.refused[0].id.as_deref(), Some("o-1001-1"));
}

/// Puts a value at a path of keys and indexes.
fn put(event: &mut Value, pointer: &str, value: Value) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match event.pointer_mut(parent).unwrap() {
        Value::Object(map) if value.is_null() => {
            map.remove(last);
        }
        Value::Object(map) => {
            map.insert(last.to_owned(), value);
        }
        Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
}

#[test]
fn every_fault_is_said_with_its_place_and_what_to_write() {
    for (pointer, value, path, words) in [
        ("/id", json!(null), "id", "missing"),
        ("/id", json!(""), "id", "missing"),
        (
            "/id",
            json!("x".repeat(256)),
            "id",
            "256 bytes; at most 255",
        ),
        ("/id", json!("a\u{0}b"), "id", "control"),
        ("/id", json!([1]), "id", "a text"),
        ("/at", json!(null), "at", "missing"),
        (
            "/at",
            json!("2026-11-22T10:00:00"),
            "at",
            "at has no zone: write 2026-11-22T10:00:00+01:00 or 2026-11-22T10:00:00Z",
        ),
        (
            "/at",
            json!("2026-11-22"),
            "at",
            "write 2026-11-22T00:00:00+01:00",
        ),
        (
            "/at",
            json!("2026-11-22T10:00:00+01:00[Europa/Roma]x"),
            "at",
            "not a time",
        ),
        ("/at", json!(1_700_000_000), "at", "not a number"),
        ("/type", json!(null), "type", "one of order_updated"),
        (
            "/type",
            json!("oder_updated"),
            "type",
            "did you mean order_updated",
        ),
        (
            "/type",
            json!("OrderUpdated"),
            "type",
            "did you mean order_updated",
        ),
        ("/type", json!("zebra"), "type", "it is one of"),
        ("/type", json!("message_held_back"), "type", ""),
        ("/order", json!(null), "order", "missing"),
        ("/order", json!([]), "order", ""),
        (
            "/order/total",
            json!(null),
            "order",
            "missing field `total`",
        ),
        (
            "/order/total/currency",
            json!("EUX"),
            "order.total.currency",
            "`EUX` is not a currency",
        ),
        (
            "/order/total/cents",
            json!(12.5),
            "order.total.cents",
            "floating point",
        ),
        (
            "/order/total/cents",
            json!("1299,00"),
            "order.total.cents",
            "invalid type",
        ),
        (
            "/order/placed_at",
            json!("2026-11-22T10:00:00"),
            "order.placed_at",
            "has no zone",
        ),
        (
            "/order/lines/0/unit_price/currency",
            json!("USD"),
            "order.lines[0].unit_price.currency",
            "in USD and the total in EUR",
        ),
        (
            "/order/lines/0/quantity",
            json!(-1),
            "order.lines[0].quantity",
            "invalid value",
        ),
        (
            "/order/lines/0/title",
            json!(" \u{200B}"),
            "order.lines[0].title",
            "empty",
        ),
        (
            "/order/payment",
            json!("payed"),
            "order.payment",
            "unknown variant",
        ),
        (
            "/order/external_id",
            json!("a\nb"),
            "order.external_id",
            "control",
        ),
        (
            "/order/person",
            json!({"email": "nobody"}),
            "order.person",
            "nobody is named",
        ),
    ] {
        let mut event = sofa();
        put(&mut event, pointer, value.clone());
        let fault = refused(&event);
        assert_eq!(fault.path, path, "{pointer} {value}: {}", fault.why);
        assert!(
            fault.why.contains(words),
            "{pointer} {value}: {}",
            fault.why
        );
    }
}

#[test]
fn a_10_000_line_order_gets_a_clear_answer() {
    let mut event = sofa();
    let line = event["order"]["lines"][0].clone();
    event["order"]["lines"] = Value::Array(vec![line; 10_000]);
    let fault = refused(&event);
    assert_eq!(fault.path, "order.lines");
    assert!(
        fault.why.contains("10000 lines") && fault.why.contains("2000"),
        "{}",
        fault.why
    );
    event["order"]["lines"]
        .as_array_mut()
        .unwrap()
        .truncate(ORDER_LINES_MAX);
    assert!(read_line(event.to_string().as_bytes(), 0).is_ok());
}

#[test]
fn hostile_texts_are_kept_as_data() {
    let mut event = sofa();
    event["order"]["person"]["first_name"] = json!("{{7*7}}<script>\u{202E}\r\nBcc: a@b.it\u{0}");
    event["order"]["lines"][0]["title"] = json!("=HYPERLINK(\"http://x\")");
    event["order"]["lines"][0]["url"] = json!("javascript:alert(1)");
    let accepted = read_line(event.to_string().as_bytes(), 0).unwrap();
    let Event::OrderUpdated { order } = accepted.line.event else {
        panic!()
    };
    assert_eq!(
        order.person.first_name.as_deref(),
        Some("{{7*7}}<script> Bcc: a@b.it")
    );
    assert_eq!(order.lines[0].title, "=HYPERLINK(\"http://x\")");
    assert_eq!(order.lines[0].url, None);
}

#[test]
fn an_order_is_not_lost_over_a_mistyped_number() {
    let mut event = sofa();
    event["order"]["person"]["phone"] = json!("12");
    let accepted = read_line(event.to_string().as_bytes(), 0).unwrap();
    let note = accepted.note.unwrap();
    assert!(
        note.contains("telephone") && !note.contains("12 "),
        "{note}"
    );
    let Event::OrderUpdated { order } = accepted.line.event else {
        panic!()
    };
    assert_eq!(order.person.who.phone, None);
}

#[test]
fn only_dopo_makes_what_only_dopo_can_know() {
    for event in [
        json!({"id": "1", "at": "2026-11-22T10:00:00Z", "type": "preferences_changed", "customer": 1, "acts": []}),
        json!({"id": "1", "at": "2026-11-22T10:00:00Z", "type": "message_held_back",
               "message": "00000000000000000000000000000001"}),
    ] {
        assert_eq!(refused(&event).path, "type");
    }
}

#[test]
fn a_consent_without_its_text_is_noted() {
    let event = json!({"id": "1", "at": "2026-11-22T10:00:00Z", "type": "consent_changed",
        "person": {"email": "a@b.it"},
        "acts": [{"topic": "marketing", "channel": "email", "state": "granted", "source": "form"}]});
    let accepted = read_line(event.to_string().as_bytes(), 0).unwrap();
    assert!(accepted.note.unwrap().contains("text_version"));
}

#[test]
fn refusals_show_no_personal_data() {
    let mut event = sofa();
    event["order"]["person"] =
        json!({"email": ["giulia@example.it"], "first_name": {"x": "Giulia"}});
    let fault = refused(&event);
    assert!(
        !fault.why.contains("giulia") && !fault.why.contains("Giulia"),
        "{}",
        fault.why
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_bytes_make_the_reader_fall(noise in prop::collection::vec(any::<u8>(), 0..40), cut in 0_usize..700, seat in 0_usize..700) {
        let mut body = sofa().to_string().into_bytes();
        body.truncate(cut.max(1));
        let seat = seat.min(body.len());
        body.splice(seat..seat, noise);
        let _ = read_body(&body);
        let _ = read_line(&body, 3);
    }
}
