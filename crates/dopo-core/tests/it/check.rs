//! The journey checker: what it says, where, and that nothing breaks it.

use dopo_core::journey::check::{Severity, check};
use dopo_core::journey::document::parse_seconds;
use proptest::prelude::*;

const TEMPLATES: &[&str] = &["a", "b", "c", "offer"];

/// A document around some steps.
fn around(steps: &str) -> String {
    format!(
        "journey: t\nname: {{it: T, en: T}}\nkey: order\non: order_delivered\nfreshness: 1d\nsteps:\n{steps}"
    )
}

/// The codes said about some steps, with line and column.
fn said(steps: &str) -> Vec<String> {
    said_of(&around(steps))
}

fn said_of(text: &str) -> Vec<String> {
    let (journey, remarks) = check(text, TEMPLATES);
    let broken = remarks.iter().any(|r| r.severity == Severity::Error);
    assert_eq!(
        journey.is_none(),
        broken,
        "a journey comes back unless there is an error: {remarks:?}"
    );
    for remark in &remarks {
        assert!(!remark.it.is_empty() && !remark.en.is_empty());
    }
    remarks
        .iter()
        .map(|r| format!("{} {}:{}", r.code, r.line, r.column))
        .collect()
}

#[test]
fn each_fault_is_named_where_it_stands() {
    let send = "  - send: {template: a, channel: email, purpose: care}\n";
    for (steps, expected) in [
        (send.to_owned(), vec![]),
        ("  - wiat: 24h\n".to_owned(), vec!["no_steps 1:10", "unknown_key 7:5"]),
        ("  - wait: 500d\n".to_owned(), vec!["wait_too_long 7:5"]),
        ("  - wait: soon\n".to_owned(), vec!["no_steps 1:10", "wrong_type 7:11"]),
        (format!("{send}{send}"), vec!["duplicate_label 8:22"]),
        ("  - send: {template: x, channel: email, purpose: care}\n".to_owned(), vec!["unknown_template 7:22"]),
        (
            "  - send: {template: a, channel: email, purpose: care, promo: true}\n".to_owned(),
            vec!["promo_not_allowed 7:63"],
        ),
        ("  - send: {template: a, channel: call, purpose: care}\n".to_owned(), vec!["impossible_channel 7:34"]),
        ("  - send: {template: a, channel: email, purpose: third_party}\n".to_owned(), vec!["third_party 7:50"]),
        (
            format!("{send}  - if: {{opened: b}}\n    then: [stop]\n    unknown: else\n"),
            vec!["unknown_label 8:18"],
        ),
        (
            "  - send: {template: a, channel: email, purpose: marketing, coupon: x}\n  - coupon: {label: x, percent: 15, valid: 7d}\n"
                .to_owned(),
            vec!["coupon_before_issue 7:69"],
        ),
        ("  - coupon: {label: x, percent: 95, valid: 7d}\n".to_owned(), vec!["bad_percent 7:5"]),
        (
            "  - wait_before: {deadline: 24h, then: [{wait: 1h}]}\n".to_owned(),
            vec!["no_deadline 7:5"],
        ),
        (
            "  - send: {template: a, channel: sms, purpose: care}\n  - send: {template: b, channel: sms, purpose: care}\n"
                .to_owned(),
            vec!["sms_without_condition 8:5"],
        ),
        (format!("  - stop\n{send}"), vec!["unreachable 8:5"]),
        (
            format!("{send}  - if: {{opened: a}}\n    then: [{{send: {{template: b, channel: sms, purpose: care}}}}]\n"),
            vec!["unknown_branch 8:5"],
        ),
    ] {
        assert_eq!(said(&steps), expected, "{steps}");
    }
}

#[test]
fn a_mistyped_word_gets_the_word_that_was_meant() {
    let text = around("  - send: {template: a, chanel: email, purpose: care}\n");
    let (_, remarks) = check(&text, TEMPLATES);
    assert!(
        remarks
            .iter()
            .any(|r| r.it.contains("Intendevi `channel`?")
                && r.en.contains("Did you mean `channel`?"))
    );
    let text = around("  - wait: 1h\n").replace("order_delivered", "order_deliverd");
    let (_, remarks) = check(&text, TEMPLATES);
    assert!(
        remarks
            .iter()
            .any(|r| r.code == "unknown_moment" && r.en.contains("`order_delivered`"))
    );
}

#[test]
fn a_moment_that_does_not_name_the_key_cannot_start() {
    let text = around("  - wait: 1h\n").replace("order_delivered", "cart_updated");
    assert_eq!(said_of(&text), ["moment_does_not_fit 4:5"]);
    let text = around("  - wait: 1h\n").replace("order_delivered", "message_clicked");
    assert_eq!(said_of(&text), ["moment_does_not_fit 4:5"]);
    let text = around("  - wait: 1h\n").replace("freshness: 1d", "freshness: 0d");
    assert_eq!(said_of(&text), ["freshness 5:12"]);
}

#[test]
fn a_cart_series_without_consent_is_warned_of() {
    let cart = |steps: &str| {
        around(steps)
            .replace("key: order", "key: cart")
            .replace("order_delivered", "cart_updated")
    };
    let twice = "  - send: {template: a, channel: email, purpose: cart}\n  - wait: 1d\n  - send: {template: b, channel: email, purpose: cart}\n";
    assert_eq!(said_of(&cart(twice)), ["cart_series 9:5"]);
    let agreed = "  - send: {template: a, channel: email, purpose: cart}\n  - if: {agreed: {topic: marketing, channel: email}}\n    then: [{send: {template: b, channel: email, purpose: cart}}]\n    unknown: else\n";
    assert_eq!(said_of(&cart(agreed)), Vec::<String>::new());
}

#[test]
fn the_same_document_in_json_is_the_same_journey() {
    let yaml = around("  - wait: 24h\n  - send: {template: a, channel: email, purpose: care}\n");
    let json = r#"{
    "journey": "t", "name": {"it": "T", "en": "T"}, "key": "order", "on": ["order_delivered"], "freshness": "1d",
    "steps": [{"wait": "24h"}, {"send": {"template": "a", "channel": "email", "purpose": "care"}}]
}"#
    .replace("    ", "\t");
    let (from_yaml, _) = check(&yaml, TEMPLATES);
    let (from_json, remarks) = check(&json, TEMPLATES);
    assert!(from_yaml.is_some());
    assert_eq!(from_yaml, from_json, "{remarks:?}");
}

#[test]
fn spans_are_whole_numbers_with_a_unit() {
    for (text, expected) in [
        ("90s", Some(90)),
        ("30m", Some(1_800)),
        ("24h", Some(86_400)),
        ("3d", Some(259_200)),
        ("2w", Some(1_209_600)),
        ("3", None),
        ("d", None),
        ("-3d", None),
        ("1.5h", None),
        ("9999999999d", None),
        ("3é", None),
    ] {
        assert_eq!(parse_seconds(text), expected, "{text}");
    }
}

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    let deep = "{all: [".repeat(2_000);
    assert!(
        said_of(&around(&format!("  - if: {deep}\n")))
            .iter()
            .any(|s| s.starts_with("syntax") || s.starts_with("too_deep"))
    );
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\njourney: *c\n";
    assert!(!said_of(bomb).is_empty());
    assert!(said_of(&"x".repeat(300_000))[0].starts_with("too_large"));
}

proptest! {
    #[test]
    fn no_text_breaks_the_checker(text in "(?s).{0,400}") {
        said_of(&text);
    }

    #[test]
    fn no_cut_or_patched_document_breaks_the_checker(from in 0_usize..2_000, len in 0_usize..40, patch in "[ -~\n]{0,12}") {
        let whole = include_str!("../../../dopo-engine/library/journeys/after_delivery.yaml");
        let from = from.min(whole.len());
        let to = (from + len).min(whole.len());
        let text = format!("{}{patch}{}", &whole[..from], &whole[to..]);
        said_of(&text);
    }
}
