//! Mails of the installation to the people of its team: a forgotten password, an invitation.

use crate::Engine;
use crate::ports::{Delivery, Envelope, Rendered};
use dopo_core::advance::Shop;
use dopo_core::id::EffectId;

/// A letter in plain text.
pub(super) struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// Sends a letter in the name of a shop; false when there is no mail server or it did not take it.
pub(super) async fn send(engine: &Engine, shop: &Shop, letter: Letter) -> bool {
    let Some(mail) = &engine.mail else {
        return false;
    };
    let id = engine.entropy.u128();
    let domain = shop
        .settings
        .from_email
        .rsplit('@')
        .next()
        .unwrap_or("localhost");
    let envelope = Envelope {
        shop: shop.id,
        effect: EffectId(id),
        message_id: format!("{id:032x}@{domain}"),
        from: (
            format!("{} · Dopo", shop.settings.name),
            shop.settings.from_email.clone(),
        ),
        envelope_from: shop.settings.from_email.clone(),
        reply_to: None,
        to: (String::new(), letter.to),
        date: engine.now(),
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
        body: Rendered {
            subject: letter.subject,
            html: html(&letter.text),
            text: letter.text,
        },
    };
    let delivered = mail.send(vec![envelope]).await;
    match delivered.first() {
        Some(Delivery::Done) => true,
        other => {
            tracing::warn!(outcome = ?other.map(std::mem::discriminant), "a letter to the team was not taken by the mail server");
            false
        }
    }
}

/// The text as a plain HTML part: paragraphs, addresses as links.
fn html(text: &str) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    let mut out = String::from("<!doctype html><html><body>");
    for paragraph in text.split("\n\n") {
        out.push_str("<p>");
        for (n, line) in paragraph.lines().enumerate() {
            if n > 0 {
                out.push_str("<br>");
            }
            let line = escape(line);
            if line.starts_with("http") {
                out.push_str(&format!("<a href=\"{line}\">{line}</a>"));
            } else {
                out.push_str(&line);
            }
        }
        out.push_str("</p>");
    }
    out + "</body></html>"
}
