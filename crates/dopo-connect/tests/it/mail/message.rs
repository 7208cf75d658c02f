use dopo_connect::mail::{Attachment, AttachmentKind, Mailbox, MessageError, OutgoingMail};
use mail_parser::{MessageParser, MimeHeaders};

use super::order_mail;

fn encoded(mail: &OutgoingMail) -> Vec<u8> {
    mail.encode().expect("encodes").bytes
}

fn head(bytes: &[u8]) -> String {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split_once("\r\n\r\n").unwrap().0.to_owned()
}

#[test]
fn a_parser_reads_back_what_was_written() {
    let mut mail = order_mail(7);
    mail.reply_to = Some(Mailbox::new("assistenza@negozio.example"));
    let bytes = encoded(&mail);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some("Il tuo ordine 7 è partito"));
    assert_eq!(parsed.message_id(), Some("order-7@posta.negozio.example"));
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("Mobilificio Però"));
    assert_eq!(from.address(), Some("ordini@negozio.example"));
    assert_eq!(
        parsed.to().unwrap().first().unwrap().name(),
        Some("Anna Bianchi")
    );
    assert_eq!(
        parsed.reply_to().unwrap().first().unwrap().address(),
        Some("assistenza@negozio.example")
    );
    assert_eq!(parsed.date().unwrap().to_timestamp(), mail.date.as_second());
    let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), mail.text.trim_end());
    let html = parsed.body_html(0).unwrap().replace("\r\n", "\n");
    assert_eq!(html.trim_end(), mail.html.trim_end());
    assert_eq!(parsed.parts[0].sub_parts(), Some(&[1, 2][..]));
    assert!(
        parsed.parts[1].is_content_type("text", "plain"),
        "text comes first"
    );
    assert!(parsed.parts[2].is_content_type("text", "html"));
}

#[test]
fn the_same_mail_gives_the_same_bytes() {
    assert_eq!(encoded(&order_mail(3)), encoded(&order_mail(3)));
}

#[test]
fn every_line_is_short_ascii_with_crlf_and_no_leading_dot() {
    let mut mail = order_mail(1);
    mail.text = format!(
        "{}\n..due\r.uno\r\n coda \t\nà{}",
        "perché ".repeat(400),
        ".".repeat(500)
    );
    mail.html = format!("<p>{}</p>{}", "x".repeat(5000), "città=€ ".repeat(300));
    let bytes = encoded(&mail);
    assert!(bytes.is_ascii());
    assert!(bytes.ends_with(b"\r\n"));
    let text = String::from_utf8(bytes.clone()).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    for line in body.split("\r\n") {
        assert!(line.len() <= 76, "{} bytes: {line}", line.len());
        assert!(!line.contains(['\r', '\n']));
        assert!(!line.starts_with('.'));
        assert!(!line.ends_with([' ', '\t']));
    }
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    let expected = mail.text.replace("\r\n", "\n").replace('\r', "\n");
    let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
    assert!(text.trim_end() == expected.trim_end());
    assert!(parsed.body_html(0).unwrap().trim_end() == mail.html.trim_end());
}

#[test]
fn names_and_subjects_of_every_length_survive() {
    let alphabet = [
        "a", "è", "€", " ", "\"", "\\", "=?", "?=", "_", "😀", ",", "'", "<", "o",
    ];
    for length in 1..90 {
        for start in 0..alphabet.len() {
            let text: String = (0..length)
                .map(|at| alphabet[(start + at * 5) % alphabet.len()])
                .collect();
            let text = text.trim().to_owned();
            if text.is_empty() {
                continue;
            }
            let mut mail = order_mail(1);
            mail.subject.clone_from(&text);
            mail.to.name = Some(text.clone());
            let bytes = encoded(&mail);
            for line in head(&bytes).split("\r\n") {
                assert!(line.len() <= 180, "{line}");
            }
            let parsed = MessageParser::default().parse(&bytes).unwrap();
            assert_eq!(parsed.subject(), Some(text.as_str()), "{}", head(&bytes));
            let to = parsed.to().unwrap().first().unwrap();
            assert_eq!(to.name(), Some(text.as_str()), "{}", head(&bytes));
            assert_eq!(to.address(), Some("cliente1@posta.example"));
        }
    }
}

#[test]
fn a_long_ascii_subject_is_folded_between_words() {
    let mut mail = order_mail(1);
    mail.subject = "parola ".repeat(30).trim().to_owned();
    let bytes = encoded(&mail);
    assert!(head(&bytes).split("\r\n").all(|line| line.len() <= 78));
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.subject(), Some(mail.subject.as_str()));
}

#[test]
fn a_line_break_or_nul_never_adds_a_header() {
    type Change = fn(&mut OutgoingMail, String);
    let fields: [Change; 9] = [
        |mail, bad| mail.to.name = Some(bad),
        |mail, bad| mail.from.name = Some(bad),
        |mail, bad| mail.subject = bad,
        |mail, bad| mail.to.address = format!("{bad}@posta.example"),
        |mail, bad| mail.from.address = format!("a@{bad}"),
        |mail, bad| mail.envelope_from = format!("{bad}@posta.example"),
        |mail, bad| mail.message_id = format!("{bad}@posta.example"),
        |mail, bad| mail.headers.push(("List-Id".to_owned(), bad)),
        |mail, bad| mail.headers.push((bad, "x".to_owned())),
    ];
    for (index, change) in fields.iter().enumerate() {
        for bad in ["x\r\nBcc: a@b", "x\nBcc:a", "x\ry", "x\0y"] {
            let mut mail = order_mail(1);
            change(&mut mail, bad.to_owned());
            let error = mail.encode().err();
            assert!(
                matches!(
                    error,
                    Some(MessageError::Injection { .. } | MessageError::Header { .. })
                ),
                "field {index}: {error:?}"
            );
        }
    }
}

#[test]
fn addresses_that_could_end_early_are_refused() {
    for bad in [
        "",
        "anna",
        "@posta.example",
        "anna@",
        "anna@posta.example> SIZE=1",
        "anna bianchi@posta.example",
        "a@b@c",
        "a,b@posta.example",
        "anna@pòsta.example",
        "anna@posta..example",
    ] {
        let mut mail = order_mail(1);
        mail.to.address = bad.to_owned();
        assert!(
            matches!(mail.encode(), Err(MessageError::Address { .. })),
            "{bad}"
        );
    }
}

#[test]
fn errors_and_debug_show_no_address() {
    let mut mail = order_mail(1);
    mail.to.address = "anna segreta@posta.example".to_owned();
    let error = mail.encode().err().unwrap().to_string();
    assert!(!error.contains("anna"), "{error}");
    assert!(!format!("{mail:?}").contains("segreta"));
}

#[test]
fn reserved_headers_are_refused() {
    for name in [
        "Bcc",
        "bcc",
        "From",
        "Content-Type",
        "DKIM-Signature",
        "X Y",
        "X:Y",
        "",
    ] {
        let mut mail = order_mail(1);
        mail.headers.push((name.to_owned(), "x".to_owned()));
        assert!(
            matches!(mail.encode(), Err(MessageError::Header { .. })),
            "{name}"
        );
    }
}

#[test]
fn list_unsubscribe_stays_on_one_line() {
    let mut mail = order_mail(1);
    let value = format!(
        "<https://u.negozio.example/x/{}>, <mailto:unsub@u.negozio.example?subject=abc>",
        "T".repeat(200)
    );
    mail.headers
        .push(("List-Unsubscribe".to_owned(), value.clone()));
    mail.headers.push((
        "List-Id".to_owned(),
        "Novità e Caffè del negozio <novita.negozio.example>".to_owned(),
    ));
    let head = head(&encoded(&mail));
    assert!(head.contains(&format!("\r\nList-Unsubscribe: {value}\r\n")));
    assert!(head.contains(" <novita.negozio.example>\r\n"), "{head}");
    mail.headers.push(("X-Long".to_owned(), "x".repeat(1000)));
    assert!(matches!(mail.encode(), Err(MessageError::Header { .. })));
}

#[test]
fn a_pdf_goes_beside_the_text() {
    let mut mail = order_mail(1);
    let pdf: Vec<u8> = (0..5000_u32).map(|n| (n % 256) as u8).collect();
    mail.attachments.push(Attachment {
        kind: AttachmentKind::Pdf,
        file_name: "ricevuta-1.pdf".to_owned(),
        bytes: pdf.clone(),
    });
    let bytes = encoded(&mail);
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    let attachment = parsed.attachment(0).unwrap();
    assert_eq!(attachment.attachment_name(), Some("ricevuta-1.pdf"));
    assert_eq!(attachment.contents(), pdf);
    assert!(parsed.body_text(0).unwrap().contains("Ciao Anna"));
    mail.attachments[0].file_name = "a\"\r\nX: y.pdf".to_owned();
    assert!(mail.encode().is_err());
}

#[test]
fn only_a_non_ascii_local_part_needs_smtputf8() {
    let mut mail = order_mail(1);
    assert!(!mail.encode().unwrap().needs_smtputf8);
    mail.to.address = "nicolò@posta.example".to_owned();
    assert!(mail.encode().unwrap().needs_smtputf8);
}
