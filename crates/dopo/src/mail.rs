//! The mail channel of the engine on the SMTP pool of the connectors.

use anyhow::{Context, Result};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_connect::mail::dkim::{DkimKey, DkimKeys};
use dopo_connect::mail::failure::BounceClass;
use dopo_connect::mail::message::{Mailbox, OutgoingMail};
use dopo_connect::mail::smtp::{Outcome, SmtpPool};
use dopo_connect::mail::url::SmtpConfig;
use dopo_core::event::BounceKind;
use dopo_engine::Engine;
use dopo_engine::ports::{Delivery, DkimMaker, DkimRecord, Envelope, MailChannel};
use std::time::Duration;

/// How long to wait before trying again when the fault is ours or the relay's.
const RELAY_RETRY: Duration = Duration::from_secs(60);

/// Mail over SMTP, signed with the sender domain's DKIM keys.
pub struct SmtpChannel {
    pool: SmtpPool,
}

impl SmtpChannel {
    /// A channel to the relay of this URL.
    pub fn new(url: &str) -> Result<Self> {
        let config: SmtpConfig = url.parse().context("DOPO_SMTP_URL has a mistake")?;
        let pool =
            SmtpPool::new(config, DkimKeys::new()).context("the mail channel could not be made")?;
        Ok(SmtpChannel { pool })
    }

    /// Takes over the DKIM keys of all shops (connection `dkim`: `selector`, a line break, the key in PEM).
    pub fn learn_keys(&self, engine: &Engine) {
        for shop in engine.shops() {
            let domain = shop
                .settings
                .from_email
                .rsplit('@')
                .next()
                .unwrap_or_default()
                .to_owned();
            let mut keys = Vec::new();
            if let Some(secret) = engine.connection_secrets(shop.id, "dkim").first() {
                let text = String::from_utf8_lossy(secret);
                let (selector, pem) = text.split_once('\n').unwrap_or((&text, ""));
                match DkimKey::from_pem(&domain, selector.trim(), pem) {
                    Ok(key) => keys.push(key),
                    Err(error) => {
                        tracing::error!(shop = %shop.slug, %error, "the DKIM key cannot be used")
                    }
                }
            }
            self.pool.dkim_keys().set(&domain, keys);
        }
    }

    /// Whether the relay answers.
    pub async fn check(&self) -> Result<(), String> {
        self.pool
            .check()
            .await
            .map_err(|failure| failure.to_string())
    }

    /// Ends the held connections politely.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes RSA keys for DKIM and reads any.
pub struct DkimPem;

impl DkimMaker for DkimPem {
    fn make(&self) -> Result<String, String> {
        let der = dopo_connect::mail::dkim::generate_rsa().map_err(|error| error.to_string())?;
        Ok(pem("PRIVATE KEY", &der))
    }

    fn record(&self, domain: &str, selector: &str, pem: &str) -> Result<DkimRecord, String> {
        let key = DkimKey::from_pem(domain, selector, pem).map_err(|error| error.to_string())?;
        Ok(DkimRecord {
            name: key.dns_name(),
            value: key.dns_record(),
        })
    }
}

/// The PEM form of DER bytes (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

fn outgoing(envelope: Envelope) -> OutgoingMail {
    let mailbox = |(name, address): (String, String)| {
        if name.is_empty() {
            Mailbox::new(address)
        } else {
            Mailbox::named(name, address)
        }
    };
    OutgoingMail {
        message_id: envelope.message_id,
        from: mailbox(envelope.from),
        reply_to: envelope.reply_to.map(Mailbox::new),
        envelope_from: envelope.envelope_from,
        to: mailbox(envelope.to),
        subject: envelope.body.subject,
        text: envelope.body.text,
        html: envelope.body.html,
        headers: envelope
            .headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        date: envelope.date,
        attachments: Vec::new(),
    }
}

fn delivery(outcome: Outcome) -> Delivery {
    match outcome {
        Outcome::Done { .. } => Delivery::Done,
        Outcome::Retry { after, why } => Delivery::Retry {
            after,
            why: why.to_string(),
        },
        Outcome::InDoubt { why } => Delivery::InDoubt {
            why: why.to_string(),
        },
        Outcome::Fail { why } => {
            let text = why.to_string();
            match why.class {
                BounceClass::HardAddress => Delivery::Fail {
                    kind: BounceKind::HardAddress,
                    why: text,
                },
                BounceClass::SoftMailbox => Delivery::Fail {
                    kind: BounceKind::SoftMailbox,
                    why: text,
                },
                BounceClass::BlockPolicy => Delivery::Fail {
                    kind: BounceKind::BlockPolicy,
                    why: text,
                },
                BounceClass::Content => Delivery::Fail {
                    kind: BounceKind::Content,
                    why: text,
                },
                // Not the message's fault: it waits until the relay can be reached again.
                BounceClass::Connection | BounceClass::Auth => Delivery::Retry {
                    after: RELAY_RETRY,
                    why: text,
                },
            }
        }
    }
}

#[async_trait]
impl MailChannel for SmtpChannel {
    async fn send(&self, batch: Vec<Envelope>) -> Vec<Delivery> {
        let mails = batch.into_iter().map(outgoing).collect();
        self.pool
            .send_batch(mails)
            .await
            .into_iter()
            .map(delivery)
            .collect()
    }
}
