//! A message from decision to end of life.

use crate::consent::Channel;
use crate::effect::SendMessage;
use crate::gate::{Grant, Reason};
use crate::id::{CustomerId, EffectId, OrderId};
use crate::order::Order;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a message is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Let through, waiting for its time or its turn.
    Queued,
    /// The gate said no, when it was decided or when it should leave.
    HeldBack,
    /// Being handed over.
    Sending,
    /// Accepted by the channel.
    Sent,
    /// Kept in the captured mailbox: the shop is in trial, or there is no mail server.
    Captured,
    /// Refused for good, or retries used up.
    Failed,
    /// Came back after it was accepted.
    Bounced,
    /// The program died between hand-over and record; not repeated, shown to the operator.
    InDoubt,
    /// Left to the shop's own platform.
    LeftToPlatform,
}

impl MessageStatus {
    /// All statuses.
    pub const ALL: [MessageStatus; 9] = [
        MessageStatus::Queued,
        MessageStatus::HeldBack,
        MessageStatus::Sending,
        MessageStatus::Sent,
        MessageStatus::Captured,
        MessageStatus::Failed,
        MessageStatus::Bounced,
        MessageStatus::InDoubt,
        MessageStatus::LeftToPlatform,
    ];

    /// The stable name used in storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            MessageStatus::Queued => "queued",
            MessageStatus::HeldBack => "held_back",
            MessageStatus::Sending => "sending",
            MessageStatus::Sent => "sent",
            MessageStatus::Captured => "captured",
            MessageStatus::Failed => "failed",
            MessageStatus::Bounced => "bounced",
            MessageStatus::InDoubt => "in_doubt",
            MessageStatus::LeftToPlatform => "left_to_platform",
        }
    }

    /// The status with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// A decided message. Without a stored basis it can never be queued (a database constraint repeats this).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its identity; also its Message-ID and idempotency key.
    pub id: EffectId,
    /// To whom.
    pub customer_id: CustomerId,
    /// About which order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// About which parcel of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<u16>,
    /// About which cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart_id: Option<String>,
    /// Which journey and version decided it.
    pub journey: String,
    /// Version of the journey.
    pub journey_version: u32,
    /// What to send.
    pub send: SendMessage,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When it may leave.
    pub due_at: Timestamp,
    /// Where it is in its life.
    pub status: MessageStatus,
    /// The gate's word at decision, and again when it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// Why it was held back or deferred, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When the channel accepted it, or it was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// First human open, where measured with consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// First human click, where measured with consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clicked_at: Option<Timestamp>,
    /// What went wrong, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Hand-overs tried.
    #[serde(default)]
    pub attempts: u16,
}

impl Message {
    /// On which channel.
    pub fn channel(&self) -> Channel {
        self.send.channel
    }

    /// Whether it is a notice about a parcel that another message told already
    /// ([`Parcel::is_told_by_another`](crate::parcel::Parcel::is_told_by_another)).
    pub fn is_told_by_another(&self, order: Option<&Order>) -> bool {
        let parcel = || order?.tracked.get(usize::from(self.parcel?));
        self.send.notice.as_ref().is_some_and(|notice| {
            parcel().is_some_and(|parcel| parcel.is_told_by_another(notice, self.id))
        })
    }
}
