use std::path::PathBuf;

use dopo_connect::mail::BounceClass;
use dopo_connect::mail::bounce::{Bounced, Returned, read};
use serde_json::Value;

/// Same hard or soft verdict on at least this share of the corpus (MAIL-04).
const AGREEMENT_MIN_PERCENT: usize = 95;

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("DOPO_SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let corpus = shared.join("contracts/email/sisimai");
    corpus.join("expected.json").is_file().then_some(corpus)
}

#[test]
fn real_bounces_get_the_same_hard_or_soft_verdict() {
    let Some(corpus) = corpus() else {
        println!("skipped: no bounce corpus beside the repository");
        return;
    };
    let expected = std::fs::read(corpus.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_slice(&expected).unwrap();
    let (mut total, mut same) = (0, 0);
    let mut hard_missed = 0;
    let mut differing = Vec::new();
    for (file, records) in expected["expected"].as_object().unwrap() {
        let raw = std::fs::read(corpus.join("eml").join(file)).unwrap();
        let returned = read(&raw);
        for (index, record) in records.as_array().unwrap().iter().enumerate() {
            let hard = record["hardbounce"].as_bool().unwrap();
            let reason = record["reason"].as_str().unwrap();
            let agrees = match (&returned, reason) {
                (Returned::Complaint { .. }, "feedback")
                | (Returned::AutoReply, "vacation")
                | (Returned::Delivered, "delivered") => true,
                (Returned::Bounce { recipients, .. }, _) => {
                    recipients[index.min(recipients.len() - 1)].is_hard() == hard
                }
                _ => false,
            };
            total += 1;
            same += usize::from(agrees);
            if !agrees {
                hard_missed += usize::from(hard);
                differing.push(format!(
                    "{file} #{index} {reason} hard={hard}: {returned:?}"
                ));
            }
        }
    }
    println!("{same} of {total} alike, {hard_missed} hard ones missed");
    for line in &differing {
        println!("{line:.420}");
    }
    assert!(
        same * 100 >= total * AGREEMENT_MIN_PERCENT,
        "{same} of {total}"
    );
}

#[test]
fn ordinary_mail_is_no_bounce() {
    let Some(corpus) = corpus() else {
        println!("skipped: no bounce corpus beside the repository");
        return;
    };
    for entry in std::fs::read_dir(corpus.join("not-bounce")).unwrap() {
        let path = entry.unwrap().path();
        let returned = read(&std::fs::read(&path).unwrap());
        assert!(
            !matches!(&returned, Returned::Bounce { recipients, .. } if recipients.iter().any(Bounced::is_hard)),
            "{}: {returned:?}",
            path.display()
        );
    }
}

const REPORT: &str = "From: MAILER-DAEMON@posta.example\r\n\
Subject: Undelivered Mail Returned to Sender\r\n\
MIME-Version: 1.0\r\n\
Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\
\r\n\
--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
--b\r\nContent-Type: message/delivery-status\r\n\r\n\
Reporting-MTA: dns; posta.example\r\n\r\n\
Final-Recipient: rfc822; anna@posta.example\r\nAction: failed\r\nStatus: STATUS\r\n\
Diagnostic-Code: smtp; WORDS\r\n\
--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
Message-ID: <order-1@posta.negozio.example>\r\nTo: anna@posta.example\r\n\
--b--\r\n";

fn report(status: &str, words: &str) -> Bounced {
    let raw = REPORT.replace("STATUS", status).replace("WORDS", words);
    match read(raw.as_bytes()) {
        Returned::Bounce {
            mut recipients,
            message_id,
        } => {
            assert_eq!(message_id.as_deref(), Some("order-1@posta.negozio.example"));
            recipients.remove(0)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_standard_report_names_recipient_mail_and_reason() {
    let bounced = report("5.1.1", "550 5.1.1 <anna@posta.example>: User unknown");
    assert!(bounced.is_hard() && bounced.permanent);
    assert_eq!(bounced.recipient.as_deref(), Some("anna@posta.example"));
    assert_eq!(bounced.failure.code, 550);
    assert_eq!(bounced.failure.enhanced, Some((5, 1, 1)));
    assert!(!format!("{bounced:?}").contains("anna"));
}

#[test]
fn a_report_of_each_kind_gets_its_class() {
    for (status, words, class) in [
        ("5.2.2", "552 5.2.2 mailbox full", BounceClass::SoftMailbox),
        ("4.4.1", "connection timed out", BounceClass::SoftMailbox),
        (
            "5.7.1",
            "550 5.7.1 blocked, looks like spam",
            BounceClass::BlockPolicy,
        ),
        (
            "5.7.515",
            "550 5.7.515 access denied",
            BounceClass::BlockPolicy,
        ),
        ("5.3.4", "552 5.3.4 message too big", BounceClass::Content),
        ("5.1.2", "550 host unknown", BounceClass::HardAddress),
        ("5.0.0", "550 no such user here", BounceClass::HardAddress),
        ("5.9.9", "599 something new", BounceClass::BlockPolicy),
    ] {
        assert_eq!(
            report(status, words).failure.class,
            class,
            "{status} {words}"
        );
    }
}

#[test]
fn a_complaint_and_a_holiday_note_are_no_bounces() {
    let complaint = "From: fbl@provider.example\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n\
        --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\
        --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <x@negozio.example>\r\n\r\nHi\r\n--b--\r\n";
    assert_eq!(
        read(complaint.as_bytes()),
        Returned::Complaint {
            feedback_type: "abuse".to_owned(),
            message_id: Some("x@negozio.example".to_owned()),
        }
    );
    let holiday = "From: anna@posta.example\r\nSubject: Re: ordine\r\n\
        Auto-Submitted: auto-replied (vacation)\r\n\r\nSono in ferie.\r\n";
    assert_eq!(read(holiday.as_bytes()), Returned::AutoReply);
    let person = "From: anna@posta.example\r\nSubject: Re: ordine\r\n\r\nGrazie!\r\n";
    assert_eq!(read(person.as_bytes()), Returned::Other);
    assert_eq!(read(b""), Returned::Other);
}

#[test]
fn a_report_cut_anywhere_is_read_without_a_panic() {
    let raw = REPORT
        .replace("STATUS", "5.1.1")
        .replace("WORDS", "550 già chiuso");
    for cut in 0..raw.len() {
        drop(read(&raw.as_bytes()[..cut]));
        drop(read(&raw.as_bytes()[cut..]));
    }
    let Some(corpus) = corpus() else {
        println!("skipped: no bounce corpus beside the repository");
        return;
    };
    for entry in std::fs::read_dir(corpus.join("eml")).unwrap() {
        let raw = std::fs::read(entry.unwrap().path()).unwrap();
        for part in 1..8 {
            drop(read(&raw[..raw.len() * part / 8]));
        }
    }
}

#[test]
fn prose_keeps_the_reason_and_not_the_person() {
    let raw = "From: MAILER-DAEMON@posta.example\r\nSubject: failure notice\r\n\r\n\
        Ciao Anna Bianchi,\r\nthe mail \"Il tuo divano\" came back:\r\n\
        <anna@posta.example>: 550 5.1.1 user unknown\r\n";
    let Returned::Bounce { recipients, .. } = read(raw.as_bytes()) else {
        panic!("not a bounce");
    };
    assert!(recipients[0].is_hard());
    let text = &recipients[0].failure.text;
    assert!(text.contains("user unknown"), "{text}");
    assert!(!text.contains("Bianchi") && !text.contains("divano") && !text.contains("anna"));
}
