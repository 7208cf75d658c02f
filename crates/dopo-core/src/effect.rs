//! Everything a journey can do, as one closed list. Effects are data; performing them is the engine's.

use crate::consent::{Channel, Purpose};
use crate::coupon::Coupon;
use crate::journey::Condition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A message to send, before the gate has spoken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SendMessage {
    /// Label of the step in the journey.
    pub step: String,
    /// Name of the template.
    pub template: String,
    /// On which channel.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// Whether its mandatory part promotes; a promotional block in a service message is dropped by the renderer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promo: bool,
    /// Whether it may leave at any hour (SMS-05: out for delivery today, pick-up about to expire).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub urgent: bool,
    /// The person asked for it (a reminder): caps and content mix do not hold it back, consent and hours do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requested: bool,
    /// The notice it is, so that it can be left to the shop's platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Dropped when it could not leave by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Must still be true when it leaves ("delivered" after the carrier took it back is not sent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_while: Option<Condition>,
    /// The coupon it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<Coupon>,
}

/// A task for a person in the shop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OpenTask {
    /// What kind: `call`, `check_address`, `bounced_legal`…
    pub kind: String,
    /// One line for the list.
    pub title: String,
    /// When it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether it promotes: then PRIV-17 holds for calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promo: bool,
}

/// Everything a journey can do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Send a message, if the gate allows.
    SendMessage(Box<SendMessage>),
    /// Set an attribute of the customer (null removes it).
    SetAttribute {
        /// Name.
        name: String,
        /// Value.
        value: serde_json::Value,
    },
    /// Add a tag to the customer.
    AddTag {
        /// The tag.
        tag: String,
    },
    /// Remove a tag from the customer.
    RemoveTag {
        /// The tag.
        tag: String,
    },
    /// Issue a discount code.
    IssueCoupon(Coupon),
    /// Open a task.
    OpenTask(OpenTask),
    /// The journey's goal was reached.
    GoalReached,
}
