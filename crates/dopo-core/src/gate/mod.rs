//! The permission gate: may this person be sent this, on this channel, for this purpose, now?
//!
//! One function, [`decide`], is asked when a message is decided and again when it leaves (rules-italy section 0).

use crate::cart::Cart;
use crate::consent::{Channel, Purpose};
use crate::customer::Customer;
use crate::id::EffectId;
use crate::order::Order;
use crate::shop::{ShopSettings, TrackingMode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Three-valued truth: absence of a sign is not a sign (PRIV-12).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// Known to hold.
    True,
    /// Known not to hold.
    False,
    /// Cannot be known.
    Unknown,
}

/// What the law lets a message rest on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A legal duty of the seller.
    LegalDuty,
    /// The contract of sale (GDPR art. 6(1)(b)).
    Contract,
    /// Legitimate interest with opt-out (care by e-mail).
    LegitimateInterest,
    /// The person's consent, with its ledger row.
    Consent,
    /// Soft spam, Privacy Code art. 130(4), with the order it rests on.
    SoftSpam,
    /// A single informative cart reminder (PRIV-09).
    CartReminder,
}

/// The gate's yes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// What it rests on.
    pub basis: Basis,
    /// The proof: `consent:ROW`, `order:ID`, `cart:ID`, `law:…`.
    pub evidence: String,
    /// How opens may be measured.
    pub tracking_open: TrackingMode,
    /// How clicks may be measured.
    pub tracking_click: TrackingMode,
    /// Whether promotional blocks may be shown to this person in this message (PRIV-08).
    pub promo_blocks: bool,
}

/// Why a message was held back or put off. A closed list; each has one plain line in Italian and English.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No address or number on this channel.
    NoAddress,
    /// The address bounced for good.
    HardBounce,
    /// The person reported spam.
    Complained,
    /// No consent for this purpose on this channel.
    NoConsent,
    /// Consent given but not confirmed yet (double opt-in).
    ConsentUnconfirmed,
    /// The person refused, withdrew or objected.
    Objected,
    /// Soft spam: no paid order that stands.
    NoPurchase,
    /// Soft spam: the notice was not shown on the order.
    NoNotice,
    /// Soft spam: the goods are not similar to those bought.
    NotSimilar,
    /// Soft spam: the last purchase is too long ago.
    PurchaseTooOld,
    /// Soft spam and legitimate interest hold for e-mail only.
    ChannelNeedsConsent,
    /// A cart reminder without consent is one, informative, within 24 hours.
    CartLimit,
    /// A message of this purpose must not promote.
    PromoNotAllowed,
    /// The choice rests on profiling and the person did not agree to it.
    NoProfilingConsent,
    /// Marketing and profiling of under-14s.
    Minor,
    /// Offers of others are not supported.
    ThirdParty,
    /// This channel does not serve this purpose.
    ChannelNotAllowed,
    /// Outside the hours of this kind of message.
    QuietHours,
    /// Too many promotional messages lately.
    FrequencyCap,
    /// Too large a share of promotion lately.
    ContentMix,
    /// No sign of life for so long that marketing stops.
    Sunset,
    /// It could not leave while it made sense.
    TooLate,
    /// What it says is no longer true.
    NoLongerTrue,
    /// Another message tells it, and what it tells was not taken back since.
    AlreadyTold,
    /// The order is cancelled or refunded.
    OrderGone,
    /// The shop's platform sends this notice itself.
    LeftToPlatform,
    /// The event is older than the journey's freshness limit, or imported.
    History,
    /// The register of opposition was not checked lately, or the number stands in it.
    OptOutRegister,
    /// The shop was disconnected.
    ShopClosed,
    /// The person asked to be forgotten.
    Forgotten,
}

/// The gate's word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Yes, on this basis.
    Allow(Grant),
    /// Not now; ask again then.
    Defer {
        /// When to ask again.
        until: Timestamp,
        /// Why not now.
        why: Reason,
    },
    /// No.
    Deny {
        /// Why not.
        why: Reason,
    },
}

/// What is about to be sent, as far as the law cares.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Content<'a> {
    /// The mandatory part promotes.
    pub promo: bool,
    /// It may leave at any hour.
    pub urgent: bool,
    /// The person asked for it themselves: caps and mix do not count.
    pub requested: bool,
    /// Similarity groups of the goods it promotes; empty = goods chosen at render among the bought groups.
    pub groups: &'a [String],
    /// The person or the content was chosen by behavioural scoring (PRIV-16).
    pub profiled: bool,
    /// Dropped when it cannot leave by then.
    pub not_after: Option<Timestamp>,
    /// This message, so that it does not count against itself when asked again.
    pub this: Option<EffectId>,
}

/// The question put to the gate.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The shop.
    pub shop: &'a ShopSettings,
    /// The person.
    pub person: &'a Customer,
    /// Why.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
    /// What.
    pub content: Content<'a>,
    /// About which order.
    pub order: Option<&'a Order>,
    /// About which cart.
    pub cart: Option<&'a Cart>,
    /// When it would leave.
    pub now: Timestamp,
}

mod decide;
mod page;
mod words;

pub use decide::{
    DEFER_HOURS_MAX, MIX_CONTACTS_MIN, basis_for, decide, is_promotional, person_zone, traffic,
};
pub use page::{PAGE_GOODS_MAX, PageDecision, PageGrant, PageWhy, decide_page, has_open_case};

#[cfg(test)]
mod page_tests;
#[cfg(test)]
mod tests;
