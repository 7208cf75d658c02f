//! The journey language: what a merchant writes ([`document`]), how it is checked ([`check`]), what runs ([`Journey`],
//! [`RunState`]) and the state machine ([`step()`]).

pub mod check;
pub mod condition;
pub mod document;
pub mod graph;
pub mod step;

use crate::consent::{Channel, Purpose, Topic};
use crate::coupon::Coupon;
use crate::event::Moment;
use crate::id::{CustomerId, EffectId, OrderId, RunId};
use crate::parcel::ParcelState;
use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use step::{Context, Input, Step, step};

/// Nodes of one journey.
pub const NODES_MAX: usize = 500;
/// Nodes passed on one input before the run is stopped as endless.
pub const NODES_PER_INPUT_MAX: u32 = 200;
/// Runs of one customer that are active at once.
pub const RUNS_ACTIVE_MAX: usize = 200;
/// Longest single wait, in days.
pub const WAIT_DAYS_MAX: i64 = 400;

/// What one run of a journey is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyBy {
    /// One run per order.
    Order,
    /// One run per parcel.
    Parcel,
    /// One run per cart.
    Cart,
    /// One run per customer.
    Customer,
}

/// When somebody who was in the journey for a key may enter again for the same key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reentry {
    /// Never again for this key, unless the earlier run was ended by a moment before it sent anything.
    Once,
    /// After so many hours since the last entry.
    AfterHours(u32),
    /// Each time (but never twice at once).
    Always,
}

/// What shows that a journey worked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Goal {
    /// The moment that counts, of the same customer.
    pub moment: Moment,
    /// Within so many hours of the entry.
    pub within_hours: u32,
    /// Whether reaching it ends the run.
    #[serde(default)]
    pub exits: bool,
}

/// What can hold for a parcel beside its state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParcelTrait {
    /// It is held, and nobody's answer is on its way to the courier.
    AwaitingAnswer,
    /// Its courier has told nothing for longer than is usual.
    Silent,
    /// It brings goods back to the shop.
    GoingBack,
}

impl ParcelTrait {
    /// All of them.
    pub const ALL: [ParcelTrait; 3] = [
        ParcelTrait::AwaitingAnswer,
        ParcelTrait::Silent,
        ParcelTrait::GoingBack,
    ];

    /// The stable name used in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            ParcelTrait::AwaitingAnswer => "awaiting_answer",
            ParcelTrait::Silent => "silent",
            ParcelTrait::GoingBack => "going_back",
        }
    }
}

/// A question about the facts, answered true, false or unknown.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// The mail of that step was opened by a human; unknown where opens of this person are not measured.
    Opened(String),
    /// A link in the mail of that step was followed by a human; unknown where clicks are not measured.
    Clicked(String),
    /// The message of that step was answered.
    Replied(String),
    /// The message of that step was let through.
    Sent(String),
    /// The order's total is at least so many cents.
    OrderTotalCentsAtLeast(i64),
    /// The customer has at least so many standing paid orders.
    OrdersAtLeast(u32),
    /// The order is paid.
    OrderPaid(bool),
    /// The order is paid to the driver.
    CashOnDelivery(bool),
    /// The order stands: not cancelled, not refunded.
    OrderStands(bool),
    /// The last parcel of the order has reached the person.
    OrderDelivered(bool),
    /// The parcel is in one of these states.
    ParcelIn(Vec<ParcelState>),
    /// This holds for the parcel.
    ParcelIs(ParcelTrait),
    /// The cart still waits.
    CartOpen(bool),
    /// Something of this similarity group was bought.
    BoughtGroup(String),
    /// The customer carries this tag.
    HasTag(String),
    /// The customer's attribute has this value.
    Attribute {
        /// Name.
        name: String,
        /// Value.
        equals: serde_json::Value,
    },
    /// The person agreed to this topic on this channel; unknown when they never chose.
    Agreed {
        /// Topic.
        topic: Topic,
        /// Channel; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Channel>,
    },
    /// The customer lives in one of these provinces; unknown when not known.
    ProvinceIn(Vec<String>),
    /// The person can be reached on this channel at all.
    Reachable(Channel),
}

/// Where a node goes on; the number of a node, or the end.
pub type Next = Option<u16>;

/// One node of a compiled journey.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "node", rename_all = "snake_case")]
pub enum Node {
    /// Wait for a span of absolute time.
    Wait {
        /// Seconds.
        seconds: i64,
        /// Then.
        next: Next,
    },
    /// Wait until the next time it is this local time (on one of these weekdays), in the person's zone.
    WaitUntil {
        /// Local time.
        time: Time,
        /// Weekdays; empty = any.
        #[serde(default, with = "weekdays")]
        weekdays: Vec<Weekday>,
        /// Then.
        next: Next,
    },
    /// Wait until one of several moments, at most so long.
    WaitFor {
        /// Any of these, about this run's key.
        moments: Vec<Moment>,
        /// Seconds.
        timeout_seconds: i64,
        /// When one came.
        then: Next,
        /// When none came.
        timeout: Next,
    },
    /// Wait until so long before the parcel's deadline (the hold closes, the pick-up point sends it back).
    WaitBefore {
        /// Seconds.
        seconds: i64,
        /// When it came.
        then: Next,
        /// When no deadline is known, or that moment has passed.
        missed: Next,
    },
    /// Go on by a condition.
    If {
        /// The question.
        condition: Condition,
        /// When true.
        then: Next,
        /// When false.
        otherwise: Next,
        /// When unknown: named by the author, or the branch with fewer messages (PRIV-12).
        unknown: Next,
    },
    /// Send a message.
    Send {
        /// Label, unique in the journey.
        label: String,
        /// Template.
        template: String,
        /// Channel.
        channel: Channel,
        /// Purpose.
        purpose: Purpose,
        /// Whether its mandatory part promotes.
        #[serde(default)]
        promo: bool,
        /// Whether it may leave at any hour.
        #[serde(default)]
        urgent: bool,
        /// The notice it is, so that it can be left to the platform.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notice: Option<String>,
        /// Dropped when it could not leave within so many seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_seconds: Option<i64>,
        /// Must still hold when it leaves.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only_while: Option<Condition>,
        /// Label of the coupon it carries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupon: Option<String>,
        /// Carries a "remind me tomorrow" button: sent once more a day later when the person asks.
        #[serde(default)]
        remindable: bool,
        /// Then.
        next: Next,
    },
    /// Set an attribute.
    Set {
        /// Name.
        name: String,
        /// Value; null removes it.
        value: serde_json::Value,
        /// Then.
        next: Next,
    },
    /// Add or remove a tag.
    Tag {
        /// The tag.
        tag: String,
        /// Remove instead of add.
        #[serde(default)]
        remove: bool,
        /// Then.
        next: Next,
    },
    /// Issue a coupon with one true expiry.
    Coupon {
        /// Label by which sends refer to it.
        label: String,
        /// Percent off.
        percent: u8,
        /// Seconds from issue to expiry.
        valid_seconds: i64,
        /// Then.
        next: Next,
    },
    /// Open a task for a person in the shop.
    Task {
        /// Kind.
        kind: String,
        /// One line for the list.
        title: String,
        /// Due after so many seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_seconds: Option<i64>,
        /// Whether it promotes.
        #[serde(default)]
        promo: bool,
        /// Then.
        next: Next,
    },
    /// End the run.
    Stop,
}

mod weekdays {
    //! Weekdays as `mon`…`sun`.
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const NAMES: [(&str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];

    pub(super) fn serialize<S: Serializer>(days: &[Weekday], s: S) -> Result<S::Ok, S::Error> {
        let names: Vec<&str> = days
            .iter()
            .filter_map(|d| {
                NAMES
                    .iter()
                    .find(|(_, day)| day == d)
                    .map(|(name, _)| *name)
            })
            .collect();
        names.serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Weekday>, D::Error> {
        let names = Vec::<String>::deserialize(d)?;
        let find = |name: &String| NAMES.iter().find(|(n, _)| n == name).map(|(_, day)| *day);
        names
            .iter()
            .map(|name| {
                find(name).ok_or_else(|| {
                    serde::de::Error::custom(format!("`{name}` is no weekday: use mon…sun"))
                })
            })
            .collect()
    }
}

/// A checked, compiled journey of one version.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// Its name in files, storage and the API.
    pub id: String,
    /// Version, from 1; a run keeps the version it began with.
    pub version: u32,
    /// Name for people, Italian.
    pub name_it: String,
    /// Name for people, English.
    pub name_en: String,
    /// What one run is about.
    pub key: KeyBy,
    /// Moments that start it.
    pub on: Vec<Moment>,
    /// Condition for starting; only true starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// An event older than this starts nothing: history is history.
    pub freshness_seconds: i64,
    /// Entering again for the same key.
    pub reentry: Reentry,
    /// Moments that end a run.
    #[serde(default)]
    pub exit_on: Vec<Moment>,
    /// What shows that it worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// The program; it starts at node 0.
    pub nodes: Vec<Node>,
}

/// What a run is about, exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct RunKey {
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The parcel of that order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<u16>,
    /// The cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<String>,
}

/// Why a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// It came to its end.
    Finished,
    /// A moment of `exit_on` came.
    Exited,
    /// Its goal was reached and ends it.
    Goal,
    /// The same node came round too often.
    Endless,
    /// An operator stopped it.
    Stopped,
    /// Its person was forgotten, or its shop disconnected.
    Gone,
}

/// What a run is waiting for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// A point in time, at the wait that `node` points at; then what comes after it runs.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// One of several moments, at the [`Node::WaitFor`] that `node` points at.
    WaitingFor {
        /// At most until.
        until: Timestamp,
    },
    /// The program is done; only the goal is still looked out for.
    WatchingGoal {
        /// Until when it counts.
        until: Timestamp,
    },
    /// Nothing more.
    Closed {
        /// Why.
        why: CloseReason,
        /// When.
        at: Timestamp,
    },
}

/// What is known of the message of one step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SentStep {
    /// The message.
    pub message: EffectId,
    /// When it was decided.
    pub at: Timestamp,
    /// Let through by the gate (false: held back or left to the platform).
    pub sent: bool,
    /// Opens of it are measured for this person.
    #[serde(default)]
    pub opens_measured: bool,
    /// Clicks of it are measured for this person.
    #[serde(default)]
    pub clicks_measured: bool,
    /// A human opened it.
    #[serde(default)]
    pub opened: bool,
    /// A human clicked in it.
    #[serde(default)]
    pub clicked: bool,
    /// It was answered.
    #[serde(default)]
    pub replied: bool,
    /// "Remind me tomorrow" was pressed for it.
    #[serde(default)]
    pub reminded: bool,
}

/// The state of one run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RunState {
    /// The node it stands at.
    pub node: u16,
    /// What it waits for.
    #[serde(flatten)]
    pub phase: Phase,
    /// When it began.
    pub started_at: Timestamp,
    /// Messages by step label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, SentStep>,
    /// Coupons by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub coupons: BTreeMap<String, Coupon>,
    /// Reminders asked for: step label → when.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reminders: BTreeMap<String, Timestamp>,
    /// When the goal was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_at: Option<Timestamp>,
}

impl RunState {
    /// The state of a run that begins.
    pub fn begun(at: Timestamp) -> Self {
        RunState {
            node: 0,
            phase: Phase::Waiting { until: at },
            started_at: at,
            sent: BTreeMap::new(),
            coupons: BTreeMap::new(),
            reminders: BTreeMap::new(),
            goal_at: None,
        }
    }

    /// When time must be brought to it; `None` = never.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let phase = match &self.phase {
            Phase::Waiting { until }
            | Phase::WaitingFor { until }
            | Phase::WatchingGoal { until } => Some(*until),
            Phase::Closed { .. } => None,
        };
        let reminder = self.reminders.values().min().copied();
        match (phase, reminder) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Whether anything can still come of it.
    pub fn is_active(&self) -> bool {
        self.wake_at().is_some()
    }
}

impl Run {
    /// Where it waits: `VERSION.NODE` (`2.5`), `VERSION.goal` when only the goal is looked out for, `VERSION.reminder` when
    /// only a reminder is left; `None` when nothing can come of it any more. `now.runs` counts by `JOURNEY/` and this.
    pub fn step(&self) -> Option<String> {
        let version = self.journey_version;
        match Place::of(&self.state) {
            Place::Node(node) => Some(format!("{version}.{node}")),
            Place::Goal => Some(format!("{version}.goal")),
            Place::Reminder => Some(format!("{version}.reminder")),
            Place::Nowhere => None,
        }
    }
}

/// Where a run waits, without words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Node(u16),
    Goal,
    Reminder,
    Nowhere,
}

impl Place {
    /// The dimension of `now.runs` for a run of this journey that waits here.
    pub(crate) fn dim(self, journey: &str, version: u32) -> Option<String> {
        match self {
            Place::Node(node) => Some(format!("{journey}/{version}.{node}")),
            Place::Goal => Some(format!("{journey}/{version}.goal")),
            Place::Reminder => Some(format!("{journey}/{version}.reminder")),
            Place::Nowhere => None,
        }
    }

    pub(crate) fn of(state: &RunState) -> Self {
        match state.phase {
            Phase::Waiting { .. } | Phase::WaitingFor { .. } => Place::Node(state.node),
            Phase::WatchingGoal { .. } => Place::Goal,
            Phase::Closed { .. } if state.reminders.is_empty() => Place::Nowhere,
            Phase::Closed { .. } => Place::Reminder,
        }
    }
}

/// A run: one journey, one key, one state.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Id within the shop.
    pub id: RunId,
    /// Whose.
    pub customer_id: CustomerId,
    /// Which journey.
    pub journey: String,
    /// In which version.
    pub journey_version: u32,
    /// About what.
    pub key: RunKey,
    /// How often it has been decided; effect ids derive from it.
    pub version: u32,
    /// Its state.
    pub state: RunState,
}
