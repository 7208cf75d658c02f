//! The way out: mail (and, behind the same shape, SMS and push).

use async_trait::async_trait;
use dopo_core::id::{EffectId, ShopId};
use jiff::Timestamp;
use std::time::Duration;

/// A rendered message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rendered {
    /// Subject line (mail).
    pub subject: String,
    /// Plain text part, or the SMS text.
    pub text: String,
    /// HTML part (mail).
    pub html: String,
}

/// A rendered message with its addresses and headers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// Whose shop, for the signing key.
    pub shop: ShopId,
    /// The effect: Message-ID and idempotency key derive from it.
    pub effect: EffectId,
    /// The full Message-ID without angle brackets.
    pub message_id: String,
    /// Display name and address of the sender.
    pub from: (String, String),
    /// Return path.
    pub envelope_from: String,
    /// Where replies go.
    pub reply_to: Option<String>,
    /// Display name and address of the recipient; for SMS the number stands in the address.
    pub to: (String, String),
    /// Date header.
    pub date: Timestamp,
    /// Further headers (`List-Unsubscribe`, `Auto-Submitted`…), already complete.
    pub headers: Vec<(&'static str, String)>,
    /// What to say.
    pub body: Rendered,
}

/// What became of a hand-over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// Accepted.
    Done,
    /// Not now; try again after.
    Retry {
        /// How long to wait at least.
        after: Duration,
        /// Why, redacted.
        why: String,
    },
    /// Never.
    Fail {
        /// Whose fault.
        kind: dopo_core::event::BounceKind,
        /// Why, redacted.
        why: String,
    },
    /// The connection broke between the hand-over and its answer.
    InDoubt {
        /// What happened, redacted.
        why: String,
    },
}

/// A channel that takes a batch of mails and says for each what became of it, in order.
#[async_trait]
pub trait MailChannel: Send + Sync + 'static {
    /// Hands a batch over. Never fails as a whole.
    async fn send(&self, batch: Vec<Envelope>) -> Vec<Delivery>;
}
