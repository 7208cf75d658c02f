//! Parcels and their checkpoints: where a parcel is, why, who must act, and until when.

mod asking;
mod courier;
mod hear;
mod hold;
mod looks;
mod reason;
mod telling;
pub mod trouble;
mod words;

pub use asking::{
    ASK_AGAIN_MINUTES, ASK_FRESH_MINUTES, ASK_OPEN_MINUTES, ASKS_PER_DAY_MAX, AskReason,
    LookAnswer, LookAsked, NotAsked,
};
pub use courier::Courier;
pub use hear::{EARLY_HOURS_USUAL, HOLD_DAYS_USUAL};
pub use hold::{
    DepotHold, HOLDS_MAX, HoldAction, HoldAnswer, HoldOutcome, HoldRules, InstructedBy, Payer,
    REFUSAL_CHARS_MAX,
};
pub use looks::LOOKING_DAYS_MAX;
pub use reason::{ActBy, Culprit, REASONS, act_by, culprit, is_known_reason};
pub use telling::{Direction, Estimate, PickupPoint, Related, Relation, Telling, ToldScan, Window};
pub use words::reason_words;

use crate::id::EffectId;
use crate::money::Money;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Checkpoints kept for one parcel; the oldest between the first and the newest go first.
pub const CHECKPOINTS_MAX: usize = 100;
/// Parcels kept for one order.
pub const PARCELS_MAX: usize = 50;
/// The notice that says that the customer has the parcel.
pub const NOTICE_DELIVERED: &str = "delivered";

/// Where a parcel is. Delay, damage and address problems are reasons, never states.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ParcelState {
    /// Nothing known.
    #[default]
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

/// Who told of a scan.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ScanSource {
    /// The shop's platform, or our own JSON.
    #[default]
    Shop,
    /// The courier itself.
    Carrier,
    /// Somebody who collects the tellings of many couriers (Sendcloud, Qapla', AfterShip, 17TRACK).
    Aggregator,
    /// A person in the shop.
    Manual,
}

impl ScanSource {
    /// Whether nobody has to be named: what is stored without a source came from the shop.
    pub fn is_shop(&self) -> bool {
        *self == ScanSource::Shop
    }
}

/// One scan of the carrier.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// When the carrier says it happened.
    pub at: Timestamp,
    /// True where the carrier gave a day and no hour: `at` is then the start of that day in `zone`, or the time of the
    /// scan before it on the same day, so that the carrier's order holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub day_only: bool,
    /// The zone of the carrier's clock: an offset it told (`+01:00`) or the IANA zone its local time was read in
    /// (`Europe/Rome`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Where the parcel is after it.
    pub state: ParcelState,
    /// Why, with who caused it as prefix: one of [`REASONS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who must act, where the carrier's code says more than state and reason do (see [`act_by`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_by: Option<ActBy>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_deadline: Option<Timestamp>,
    /// Place in the carrier's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The carrier's text, kept raw for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The carrier's code, kept raw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who told of it.
    #[serde(default, skip_serializing_if = "ScanSource::is_shop")]
    pub source: ScanSource,
}

impl Checkpoint {
    /// A scan that says when and where, and nothing else.
    pub fn new(at: Timestamp, state: ParcelState) -> Self {
        Checkpoint {
            at,
            state,
            ..Checkpoint::default()
        }
    }

    /// Its content as a number: the same scan told twice has the same one. FNV-1a, 64 bits, over time, raw code, text and
    /// place; over the state where there is neither code nor text.
    pub fn hash(&self) -> u64 {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let mut hash = OFFSET;
        let mut eat = |bytes: &[u8]| {
            for byte in bytes.iter().chain(&[0xff]) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        eat(&self.at.as_second().to_le_bytes());
        for part in [&self.code, &self.text, &self.place] {
            eat(part.as_deref().unwrap_or_default().trim().as_bytes());
        }
        if self.code.is_none() && self.text.is_none() {
            eat(self.state.as_str().as_bytes());
        }
        hash
    }
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
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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
    /// Who must act, from the same checkpoint.
    #[serde(default, skip_serializing_if = "is_nobody")]
    pub act_by: ActBy,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_deadline: Option<Timestamp>,
    /// Scans, oldest first by carrier time.
    #[serde(default)]
    pub checkpoints: Vec<KnownCheckpoint>,
    /// Which way it goes.
    #[serde(default, skip_serializing_if = "Direction::is_outbound")]
    pub direction: Direction,
    /// The parcel of the order that it brings back or brings again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<u16>,
    /// Numbers it had before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_numbers: Vec<String>,
    /// When the courier expects to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// When we expect it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// The last day of the estimate that its person was last told as a delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_told: Option<Date>,
    /// Notices that its person was told, with the message that told each last. What a courier takes back is taken out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, EffectId>,
    /// Where it can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_point: Option<PickupPoint>,
    /// What the driver collects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_on_delivery: Option<Money>,
    /// Grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// Holds, the newest last; at most [`HOLDS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<DepotHold>,
    /// Since when its courier's feed is silent, after longer than is usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
    /// Questions of its person to the courier, the newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<LookAsked>,
}

fn is_nobody(act_by: &ActBy) -> bool {
    *act_by == ActBy::Nobody
}

impl Parcel {
    /// Whether it still counts: neither the shop nor the carrier cancelled it.
    pub fn is_live(&self) -> bool {
        !self.snapshot.cancelled && self.state != ParcelState::Cancelled
    }

    /// Whether another message than `this` tells the notice already, and the courier has not taken back since what it
    /// tells. Two journeys may wait for the same news: it is told once.
    pub fn is_told_by_another(&self, notice: &str, this: EffectId) -> bool {
        self.told.get(notice).is_some_and(|by| *by != this)
    }

    /// Whether it left the shop, by the shop's word or a scan.
    pub fn is_shipped(&self) -> bool {
        !self.snapshot.cancelled
            && (self.snapshot.shipped_at.is_some()
                || self.state.is_under_way()
                || self.state.is_possession())
    }
}
