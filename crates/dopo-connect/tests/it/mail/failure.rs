use dopo_connect::mail::BounceClass::{
    Auth, BlockPolicy, Connection, Content, HardAddress, SoftMailbox,
};
use dopo_connect::mail::failure::{DIAGNOSTIC_MAX_BYTES, classify, enhanced_code};
use dopo_connect::mail::redact_addresses;

#[test]
fn a_reply_gets_the_class_of_the_table() {
    for (code, text, class) in [
        (550, "5.1.1 user unknown", HardAddress),
        (550, "5.1.10 recipient not found", HardAddress),
        (550, "5.4.4 invalid domain", HardAddress),
        (550, "<anna@posta.example>: no such user here", HardAddress),
        (
            550,
            "<spamella.blocked@posta.example>: user unknown",
            HardAddress,
        ),
        (550, "5.2.1 user unknown", HardAddress),
        (452, "4.2.2 mailbox full", SoftMailbox),
        (552, "5.2.2 over quota", SoftMailbox),
        (552, "mailbox is full", SoftMailbox),
        (450, "4.2.1 mailbox resting", SoftMailbox),
        (451, "4.4.1 no answer from host", SoftMailbox),
        (451, "greylisted, come back later", BlockPolicy),
        (550, "5.7.1 blocked for spam", BlockPolicy),
        (550, "5.7.26 unauthenticated mail", BlockPolicy),
        (550, "5.7.515 access denied", BlockPolicy),
        (554, "5.7.9 not accepted for policy reasons", BlockPolicy),
        (421, "4.7.0 too many messages", BlockPolicy),
        (550, "rejected", BlockPolicy),
        (554, "", BlockPolicy),
        (552, "5.3.4 too big", Content),
        (550, "5.6.0 bad header", Content),
        (421, "closing", Connection),
        (499, "something new", SoftMailbox),
        (530, "5.7.0 authentication required", Auth),
        (535, "5.7.8 wrong login", Auth),
    ] {
        assert_eq!(
            classify(code, enhanced_code(text), text),
            class,
            "{code} {text}"
        );
    }
}

#[test]
fn addresses_are_replaced_and_text_is_bounded() {
    assert_eq!(
        redact_addresses("<anna.b+x@posta.example>: no\tmailbox nicolò@posta.example, sorry"),
        "<<address>>: no mailbox <address>, sorry"
    );
    assert_eq!(
        redact_addresses("a@b@c @ @"),
        "<address> <address> <address>"
    );
    let long = redact_addresses(&"è".repeat(1000));
    assert!(long.len() <= DIAGNOSTIC_MAX_BYTES);
}

#[test]
fn only_real_status_codes_are_read() {
    assert_eq!(enhanced_code("5.1.1 user unknown"), Some((5, 1, 1)));
    assert_eq!(enhanced_code("5.7.515 denied"), Some((5, 7, 515)));
    for text in [
        "",
        "user",
        "5.1",
        "3.1.1 x",
        "5.1.1.1",
        "192.0.2.1 x",
        "5.1.9999",
    ] {
        assert_eq!(enhanced_code(text), None, "{text}");
    }
}
