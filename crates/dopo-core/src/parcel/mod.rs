//! Parcels and their checkpoints: where a parcel is, why, who must act, and until when.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Checkpoints kept for one parcel; the oldest between the first and the newest go first.
pub const CHECKPOINTS_MAX: usize = 100;
/// Parcels kept for one order.
pub const PARCELS_MAX: usize = 50;

/// Where a parcel is. Delay, damage and address problems are reasons, never states.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// Nothing known.
    Unknown,
    /// Label made, carrier told.
    Announced,
    /// The carrier has it.
    PickedUp,
    /// On the way.
    InTransit,
    /// At customs.
    Customs,
    /// At the depot that delivers.
    AtDepot,
    /// With the driver.
    OutForDelivery,
    /// The driver came and could not deliver.
    AttemptFailed,
    /// Held at the depot until somebody decides (giacenza).
    HeldAtDepot,
    /// Waits at a collection point or locker.
    ReadyForPickup,
    /// In the customer's hands.
    Delivered,
    /// Fetched by the customer at the collection point.
    Collected,
    /// Refused by the customer.
    Refused,
    /// On its way back.
    Returning,
    /// Back at the shop.
    Returned,
    /// Lost or destroyed.
    Lost,
    /// Cancelled before the way.
    Cancelled,
    /// The carrier has fallen silent for good.
    Expired,
}

impl ParcelState {
    /// All states.
    pub const ALL: [ParcelState; 18] = [
        ParcelState::Unknown,
        ParcelState::Announced,
        ParcelState::PickedUp,
        ParcelState::InTransit,
        ParcelState::Customs,
        ParcelState::AtDepot,
        ParcelState::OutForDelivery,
        ParcelState::AttemptFailed,
        ParcelState::HeldAtDepot,
        ParcelState::ReadyForPickup,
        ParcelState::Delivered,
        ParcelState::Collected,
        ParcelState::Refused,
        ParcelState::Returning,
        ParcelState::Returned,
        ParcelState::Lost,
        ParcelState::Cancelled,
        ParcelState::Expired,
    ];

    /// The stable name used in documents, storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ParcelState::Unknown => "unknown",
            ParcelState::Announced => "announced",
            ParcelState::PickedUp => "picked_up",
            ParcelState::InTransit => "in_transit",
            ParcelState::Customs => "customs",
            ParcelState::AtDepot => "at_depot",
            ParcelState::OutForDelivery => "out_for_delivery",
            ParcelState::AttemptFailed => "attempt_failed",
            ParcelState::HeldAtDepot => "held_at_depot",
            ParcelState::ReadyForPickup => "ready_for_pickup",
            ParcelState::Delivered => "delivered",
            ParcelState::Collected => "collected",
            ParcelState::Refused => "refused",
            ParcelState::Returning => "returning",
            ParcelState::Returned => "returned",
            ParcelState::Lost => "lost",
            ParcelState::Cancelled => "cancelled",
            ParcelState::Expired => "expired",
        }
    }

    /// Whether the customer has it: the fact that the withdrawal period and the post-delivery journeys hang on.
    pub fn is_possession(self) -> bool {
        matches!(self, ParcelState::Delivered | ParcelState::Collected)
    }

    /// Whether the carrier has it on the way (shipped and not at an end).
    pub fn is_under_way(self) -> bool {
        matches!(
            self,
            ParcelState::PickedUp
                | ParcelState::InTransit
                | ParcelState::Customs
                | ParcelState::AtDepot
                | ParcelState::OutForDelivery
                | ParcelState::AttemptFailed
                | ParcelState::HeldAtDepot
                | ParcelState::ReadyForPickup
        )
    }
}

impl ParcelState {
    /// Whether somebody has to do something: the customer, the shop or both.
    pub fn needs_somebody(self) -> bool {
        matches!(
            self,
            ParcelState::AttemptFailed
                | ParcelState::HeldAtDepot
                | ParcelState::Refused
                | ParcelState::Returning
                | ParcelState::Returned
                | ParcelState::Lost
                | ParcelState::Expired
        )
    }
}

/// One scan of the carrier.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When the carrier says it happened.
    pub at: Timestamp,
    /// True where the carrier gave a day and no hour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub day_only: bool,
    /// Where the parcel is after it.
    pub state: ParcelState,
    /// Why, with who caused it as prefix (`consignee_not_home`, `carrier_damaged_parcel`…).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Place in the carrier's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The carrier's text, kept raw for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The carrier's code, kept raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// A checkpoint with what we know about our knowing it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownCheckpoint {
    /// The scan.
    #[serde(flatten)]
    pub checkpoint: Checkpoint,
    /// When we learnt of it.
    pub known_at: Timestamp,
    /// When the carrier took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// What a shop or courier tells about a parcel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ParcelSnapshot {
    /// The shop platform's id of the fulfilment or shipment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Carrier as the shop names it (`BRT`, `GLS`, `Poste Italiane`…).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// Tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The carrier's page for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When the shop handed it over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// Day the carrier expects to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// External ids of the order lines inside; empty = all or unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The shop took the fulfilment back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
}

/// A parcel as we know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Parcel {
    /// Number within the order, from 0; the key of parcel journeys together with the order.
    pub seq: u16,
    /// What was told about it.
    #[serde(flatten)]
    pub snapshot: ParcelSnapshot,
    /// Where it is: the newest checkpoint by carrier time that was not revoked.
    pub state: ParcelState,
    /// Why, from the same checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the person got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Scans, oldest first by carrier time.
    #[serde(default)]
    pub checkpoints: Vec<KnownCheckpoint>,
}

impl Parcel {
    /// Whether it still counts: neither the shop nor the carrier cancelled it.
    pub fn is_live(&self) -> bool {
        !self.snapshot.cancelled && self.state != ParcelState::Cancelled
    }

    /// Whether it left the shop, by the shop's word or a scan.
    pub fn is_shipped(&self) -> bool {
        !self.snapshot.cancelled
            && (self.snapshot.shipped_at.is_some()
                || self.state.is_under_way()
                || self.state.is_possession())
    }

    /// Adds a scan. Returns whether it was new; repeats (same time, state, code and place) change nothing.
    pub fn learn(&mut self, checkpoint: Checkpoint, known_at: Timestamp) -> bool {
        let same = |k: &KnownCheckpoint| {
            k.checkpoint.at == checkpoint.at
                && k.checkpoint.state == checkpoint.state
                && k.checkpoint.code == checkpoint.code
                && k.checkpoint.place == checkpoint.place
        };
        if self.checkpoints.iter().any(same) {
            return false;
        }
        let at = self
            .checkpoints
            .partition_point(|k| k.checkpoint.at <= checkpoint.at);
        self.checkpoints.insert(
            at,
            KnownCheckpoint {
                checkpoint,
                known_at,
                revoked_at: None,
            },
        );
        if self.checkpoints.len() > CHECKPOINTS_MAX {
            self.checkpoints.remove(1);
        }
        self.settle();
        true
    }

    /// Takes back every scan of `state` at `at` (any time when `None`). Returns whether one stood.
    pub fn revoke(
        &mut self,
        state: ParcelState,
        at: Option<Timestamp>,
        known_at: Timestamp,
    ) -> bool {
        let mut any = false;
        for known in &mut self.checkpoints {
            let hit =
                known.checkpoint.state == state && at.is_none_or(|at| at == known.checkpoint.at);
            if hit && known.revoked_at.is_none() {
                known.revoked_at = Some(known_at);
                any = true;
            }
        }
        if any {
            self.settle();
        }
        any
    }

    /// Derives state, reason and delivery from the scans that stand.
    fn settle(&mut self) {
        let standing = || self.checkpoints.iter().filter(|k| k.revoked_at.is_none());
        let newest = standing().next_back();
        let state = newest.map_or(ParcelState::Unknown, |k| k.checkpoint.state);
        let reason = newest.and_then(|k| k.checkpoint.reason.clone());
        let delivered_at = if state.is_possession() {
            standing()
                .rev()
                .take_while(|k| k.checkpoint.state.is_possession())
                .last()
                .map(|k| k.checkpoint.at)
        } else {
            None
        };
        self.state = state;
        self.reason = reason;
        self.delivered_at = delivered_at;
    }
}
