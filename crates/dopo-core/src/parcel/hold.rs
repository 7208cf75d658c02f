//! Depot holds (giacenza): the clock, what may be answered, the answer and its outcome.

use crate::id::EffectId;
use crate::order::PostalAddress;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Holds remembered for one parcel; the oldest go first.
pub const HOLDS_MAX: usize = 5;
/// Longest refusal of a courier that is kept, in characters.
pub const REFUSAL_CHARS_MAX: usize = 300;

/// What a courier can be told to do with a held parcel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldAction {
    /// Bring it again to the same address.
    Redeliver,
    /// Bring it to another address.
    OtherAddress,
    /// Keep it for the person to fetch, at the depot or at a point.
    Collect,
    /// Send it back to the shop.
    SendBack,
}

impl HoldAction {
    /// All actions.
    pub const ALL: [HoldAction; 4] = [
        HoldAction::Redeliver,
        HoldAction::OtherAddress,
        HoldAction::Collect,
        HoldAction::SendBack,
    ];

    /// The stable name used in storage, forms and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            HoldAction::Redeliver => "redeliver",
            HoldAction::OtherAddress => "other_address",
            HoldAction::Collect => "collect",
            HoldAction::SendBack => "send_back",
        }
    }

    /// The action with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.as_str() == name)
    }
}

/// Who pays for an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// The shop pays.
    #[default]
    Shop,
    /// The shop asks the person to pay; it is told before they choose.
    Buyer,
}

/// What a shop lets people choose for a held parcel, and who pays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoldRules {
    /// Actions that people may choose.
    pub actions: Vec<HoldAction>,
    /// Who pays for a new delivery or another address.
    pub payer: Payer,
    /// What the person pays then, in words of the shop (`5 € alla consegna`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_words: Option<String>,
    /// Hours before the hold ends after which people can no longer choose, so that the answer still reaches the courier.
    pub close_hours: u16,
}

impl Default for HoldRules {
    fn default() -> Self {
        HoldRules {
            actions: HoldAction::ALL.to_vec(),
            payer: Payer::Shop,
            price_words: None,
            close_hours: 4,
        }
    }
}

/// Who answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstructedBy {
    /// The person who receives, on their page.
    Buyer,
    /// Somebody in the shop.
    Shop,
}

/// What shall be done with a held parcel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HoldAnswer {
    /// What.
    pub action: HoldAction,
    /// Where to, for another address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<PostalAddress>,
    /// A telephone number for the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A line for the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What became of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HoldOutcome {
    /// On its way to the courier.
    Asked,
    /// The courier took it.
    Accepted {
        /// The courier's reference of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Handed over; the courier's scans will tell what it did with it (BRT).
    Deferred,
    /// The courier refused it.
    Refused {
        /// In the courier's words, at most [`REFUSAL_CHARS_MAX`].
        why: String,
    },
    /// There is no way to tell the courier from here: somebody in the shop must.
    ByHand,
}

/// A hold: from the scan that began it to the scan that ended it. An early one is asked about in the same way, before the
/// parcel is held: the driver could not deliver, or the address will not do, and only the person can help.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DepotHold {
    /// Since when, by the courier's time.
    pub opened_at: Timestamp,
    /// Before the depot holds it: a delivery that failed or an address that will not do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
    /// Why, as the reason of the scan that began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The courier's own number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When the parcel goes back; told by the courier, or after [`super::HOLD_DAYS_USUAL`]. An early one ends after
    /// [`super::EARLY_HOURS_USUAL`]: by then the courier has tried again, or holds it.
    pub expires_at: Timestamp,
    /// Whether the courier told the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expiry_told: bool,
    /// The answer that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<HoldAnswer>,
    /// Whose answer it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<InstructedBy>,
    /// When it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// The call that carries it to the courier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<EffectId>,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<HoldOutcome>,
    /// When the parcel left the hold, by the courier's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

impl DepotHold {
    /// Whether it still goes on.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether an answer can still be taken: the hold goes on, and none stands or the last was refused.
    pub fn awaits_answer(&self) -> bool {
        self.is_open()
            && matches!(
                self.outcome,
                None | Some(HoldOutcome::Refused { .. } | HoldOutcome::ByHand)
            )
    }

    /// Whether the person who receives may choose now, as the shop's rules allow.
    pub fn buyer_may_answer(&self, rules: &HoldRules, now: Timestamp) -> bool {
        self.awaits_answer() && self.choices(rules).next().is_some() && now < self.closes_at(rules)
    }

    /// What the person who receives may choose: the actions of the shop's rules. Before the depot holds it nobody sends a
    /// parcel back.
    pub fn choices<'a>(&self, rules: &'a HoldRules) -> impl Iterator<Item = HoldAction> + use<'a> {
        let early = self.early;
        let actions = rules.actions.iter().copied();
        actions.filter(move |action| !early || *action != HoldAction::SendBack)
    }

    /// When people can no longer choose.
    pub fn closes_at(&self, rules: &HoldRules) -> Timestamp {
        let close = jiff::SignedDuration::from_hours(i64::from(rules.close_hours));
        self.expires_at
            .checked_sub(close)
            .unwrap_or(self.expires_at)
    }
}
