//! The outgoing mail channel, against a relay in process.

mod bounce;
mod dkim;
mod failure;
mod message;
mod smtp;
mod url;

use dopo_connect::mail::{Mailbox, OutgoingMail};
use jiff::Timestamp;

/// A plausible order mail.
pub(crate) fn order_mail(number: usize) -> OutgoingMail {
    OutgoingMail {
        message_id: format!("order-{number}@posta.negozio.example"),
        from: Mailbox::named("Mobilificio Però", "ordini@negozio.example"),
        reply_to: None,
        envelope_from: format!("rimbalzi+{number}@posta.negozio.example"),
        to: Mailbox::named("Anna Bianchi", format!("cliente{number}@posta.example")),
        subject: format!("Il tuo ordine {number} è partito"),
        text: format!(
            "Ciao Anna,\n\nl'ordine {number} è partito. Totale 52,00\u{a0}€.\n.\nA presto\n"
        ),
        html: format!("<p>Ciao Anna,</p>\n<p>l'ordine <b>{number}</b> è partito.</p>\n"),
        headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
        date: Timestamp::from_second(1_790_000_000).unwrap(),
        attachments: Vec::new(),
    }
}
