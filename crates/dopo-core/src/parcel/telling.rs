//! What a courier or aggregator tells of a parcel at one time: scans, estimates, where to fetch it.

use super::Checkpoint;
use crate::money::Money;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Which way a parcel goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the customer.
    #[default]
    Outbound,
    /// Back to the shop.
    Return,
    /// To the customer again, after a return or a hold.
    Redelivery,
}

impl Direction {
    /// Whether it goes to the customer for the first time.
    pub fn is_outbound(&self) -> bool {
        *self == Direction::Outbound
    }
}

/// A span in which something is expected, both ends included. A day without an hour is that whole day in the shop's zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Window {
    /// Earliest.
    pub from: Timestamp,
    /// Latest.
    pub until: Timestamp,
    /// Only days are meant, not hours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub days: bool,
}

/// Our own estimate of the day of delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Estimate {
    /// The day that is as likely to be too early as too late.
    pub median: Date,
    /// First day of the interval.
    pub from: Date,
    /// Last day of the interval.
    pub until: Date,
    /// How many deliveries of a hundred fall into the interval.
    pub coverage_percent: u8,
    /// Deliveries that it was learnt from.
    pub sample: u32,
}

impl Estimate {
    /// Whether it is the better word than a courier's that ends on that day: the courier's has passed where ours begins
    /// only after it.
    pub fn supersedes(&self, told_until: Date) -> bool {
        self.from > told_until
    }
}

/// Where a parcel can be fetched.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PickupPoint {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Opening hours, one line a day or span, as told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<String>,
    /// Last day on which it can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// How another parcel belongs to this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same parcel under a new number.
    Renumbered,
    /// It brings the goods back to the shop.
    Return,
    /// It brings them to the customer again.
    Redelivery,
    /// Another parcel of the same shipment.
    Sibling,
}

/// Another number that a courier names.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Related {
    /// How it belongs.
    pub relation: Relation,
    /// Its tracking number.
    pub number: String,
}

/// A scan in a telling.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ToldScan {
    /// The scan.
    #[serde(flatten)]
    pub checkpoint: Checkpoint,
    /// The same telling takes it back (`ANNULLA STATUS PRECEDENTE`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_back: bool,
}

impl From<Checkpoint> for ToldScan {
    fn from(checkpoint: Checkpoint) -> Self {
        ToldScan {
            checkpoint,
            taken_back: false,
        }
    }
}

/// Everything that one answer, push or row tells of one parcel.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Telling {
    /// Scans in the carrier's order, oldest first; at most [`super::CHECKPOINTS_MAX`].
    #[serde(default)]
    pub scans: Vec<ToldScan>,
    /// Whether these are all scans that the teller knows: a delivery it told before and leaves out now is taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// Which way it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// When the courier expects to deliver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Window>,
    /// Where it can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_point: Option<PickupPoint>,
    /// What the driver collects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cash_on_delivery: Option<Money>,
    /// Grams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u32>,
    /// The branch that holds or delivers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The courier's own number of the hold, where its release asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_reference: Option<String>,
    /// When the hold ends and the parcel goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_expires_at: Option<Timestamp>,
    /// Other numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// What a reader should know of the telling, e.g. that it contradicts itself. Holds no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
