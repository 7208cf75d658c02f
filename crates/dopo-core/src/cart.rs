//! Unfinished checkouts.

use crate::customer::PersonDetails;
use crate::id::CustomerId;
use crate::money::Money;
use crate::order::OrderLine;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines kept of one cart.
pub const CART_LINES_MAX: usize = 100;

/// A cart or checkout as a shop tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CartSnapshot {
    /// The platform's id (checkout token): unique in the shop.
    pub external_id: String,
    /// When the person last did something with it.
    pub updated_at: Timestamp,
    /// Who, as far as known.
    pub person: PersonDetails,
    /// What is in it, at most [`CART_LINES_MAX`].
    pub lines: Vec<OrderLine>,
    /// What it would cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Where to go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Turned into an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

/// A cart as we know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cart {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The newest telling.
    #[serde(flatten)]
    pub snapshot: CartSnapshot,
    /// Deleted by the platform or the person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
    /// Reminders that were let through for this cart (PRIV-09: one without consent).
    #[serde(default)]
    pub reminders: u16,
    /// When journeys keyed by this cart were last entered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entered: BTreeMap<String, Timestamp>,
}

impl Cart {
    /// Whether it still waits to be finished.
    pub fn is_open(&self) -> bool {
        self.snapshot.completed_at.is_none() && !self.removed
    }
}
