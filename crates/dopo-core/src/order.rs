//! Orders and their lines, as shops tell them and as we know them.

use crate::consent::Channel;
use crate::customer::PersonDetails;
use crate::id::{CustomerId, EffectId, OrderId};
use crate::money::Money;
use crate::parcel::{Direction, PARCELS_MAX, Parcel, ParcelSnapshot, ParcelState};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines accepted on one order; a longer one is refused with a clear answer and kept raw.
pub const ORDER_LINES_MAX: usize = 2_000;
/// Returns remembered for one order.
pub const RETURNS_MAX: usize = 50;
/// Problems remembered for one order.
pub const PROBLEMS_MAX: usize = 10;
/// Longest text of a reported problem, in characters.
pub const PROBLEM_CHARS_MAX: usize = 2_000;
/// Photos of one reported problem.
pub const PROBLEM_PHOTOS_MAX: usize = 4;

/// Where the money stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Not paid yet (bank transfer, cash on delivery).
    #[default]
    Pending,
    /// Reserved, not yet taken.
    Authorized,
    /// Paid.
    Paid,
    /// Part of it went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// Cancelled or failed before money moved.
    Voided,
}

impl PaymentState {
    /// Whether this counts as a completed, paid sale (PRIV-06).
    pub fn is_sale(self) -> bool {
        matches!(self, PaymentState::Paid | PaymentState::PartiallyRefunded)
    }
}

/// One bought item.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderLine {
    /// The shop platform's id of the line.
    pub id: String,
    /// Product id on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    /// Stock-keeping unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// Name as the customer saw it.
    pub title: String,
    /// Variant (colour, size).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Price of one piece, VAT included.
    pub unit_price: Money,
    /// Category on the platform; mapped to a similarity group by the shop's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Product page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

/// A postal address as the shop tells it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Who receives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// Floor, staircase, c/o.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// Postal code, as text (leading zeros).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Two-letter Italian province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Two-letter country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// An order as a shop tells it, whole. `updated_at` orders the tellings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderSnapshot {
    /// The platform's id: unique in the shop.
    pub external_id: String,
    /// What the customer knows it by (`#1001`).
    pub number: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When the platform last changed it.
    pub updated_at: Timestamp,
    /// Who bought.
    pub person: PersonDetails,
    /// What was bought, at most [`ORDER_LINES_MAX`].
    pub lines: Vec<OrderLine>,
    /// Goods before shipping and discounts, VAT included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtotal: Option<Money>,
    /// Reductions, as a positive amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Shipping, VAT included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Money>,
    /// VAT contained in the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Money>,
    /// What the customer pays.
    pub total: Money,
    /// What went back so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Where the money stands.
    #[serde(default)]
    pub payment: PaymentState,
    /// How it is paid, by name only (PRIV-22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    /// To be paid to the driver (contrassegno).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cash_on_delivery: bool,
    /// Cancelled on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// All lines handed over, as the platform sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fulfilled: bool,
    /// Where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<PostalAddress>,
    /// Name of the shipping method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// Day the shop promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_on: Option<Date>,
    /// Discount codes used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount_codes: Vec<String>,
    /// Version of the soft-spam notice shown at the checkout and not refused (PRIV-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_spam_notice: Option<String>,
    /// The cart or checkout this order came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart_id: Option<String>,
    /// A test order of the platform: it gets its messages, so that a merchant can try them, and counts as no sale.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// Parcels told together with the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parcels: Vec<ParcelSnapshot>,
}

/// Where a commercial return stands, as the platform tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// Asked for.
    Requested,
    /// Accepted; goods expected.
    Open,
    /// Declined.
    Declined,
    /// Finished.
    Closed,
    /// Cancelled.
    Cancelled,
}

/// A return of goods of an order, as far as the platform tells.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReturnFact {
    /// The platform's id.
    pub external_id: String,
    /// Where it stands.
    pub state: ReturnState,
    /// Since when.
    pub at: Timestamp,
}

/// What a person says is wrong with what came, or did not come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// It did not come, whatever the courier says.
    NotReceived,
    /// It came damaged.
    Damaged,
    /// Something else came.
    WrongItem,
    /// Part of it is missing.
    Missing,
    /// Something else.
    Other,
}

impl ProblemKind {
    /// All kinds.
    pub const ALL: [ProblemKind; 5] = [
        ProblemKind::NotReceived,
        ProblemKind::Damaged,
        ProblemKind::WrongItem,
        ProblemKind::Missing,
        ProblemKind::Other,
    ];

    /// The stable name used in storage, forms and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::NotReceived => "not_received",
            ProblemKind::Damaged => "damaged",
            ProblemKind::WrongItem => "wrong_item",
            ProblemKind::Missing => "missing",
            ProblemKind::Other => "other",
        }
    }

    /// The kind with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }

    /// The kind of the task that a report of it opens: the case is open until that task is done.
    pub fn task(self) -> &'static str {
        match self {
            ProblemKind::NotReceived => "problem_not_received",
            ProblemKind::Damaged => "problem_damaged",
            ProblemKind::WrongItem => "problem_wrong_item",
            ProblemKind::Missing => "problem_missing",
            ProblemKind::Other => "problem_other",
        }
    }
}

/// A problem that a person reported on their page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Which parcel; none = the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcel: Option<u16>,
    /// In the person's words, at most [`PROBLEM_CHARS_MAX`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Names of stored photos, at most [`PROBLEM_PHOTOS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// An order as we know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Id within the shop.
    pub id: OrderId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The newest telling.
    #[serde(flatten)]
    pub snapshot: OrderSnapshot,
    /// Its parcels, at most [`PARCELS_MAX`].
    #[serde(default)]
    pub tracked: Vec<Parcel>,
    /// Its returns, at most [`RETURNS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnFact>,
    /// Problems that its person reported, at most [`PROBLEMS_MAX`]; the oldest go first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// When the last parcel reached the person; the withdrawal period runs from here (CONS-04).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When journeys keyed by this order (`journey`) or one of its parcels (`journey#seq`) were last entered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entered: BTreeMap<String, Timestamp>,
    /// Whether it was counted as a sale in the customer's sums.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// What was done about it that figures ask for.
    #[serde(default, skip_serializing_if = "Traces::is_empty")]
    pub traces: Traces,
}

/// What figures need to know of an order: each of these happens to it once.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Traces {
    /// It became known too late for a first contact in time: by an import, or more than
    /// [`FIRST_CONTACT_HOURS`](crate::advance::FIRST_CONTACT_HOURS) after it was placed. What follows says nothing about
    /// how soon its person hears from the shop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The first message about it that was let through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_message: Option<EffectId>,
    /// The person opened, clicked or answered a message about it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub engaged: bool,
    /// The message after which it was counted as bought, at most one of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<Credit>,
}

impl Traces {
    /// Whether nothing was done yet.
    pub fn is_empty(&self) -> bool {
        !self.late && self.first_message.is_none() && !self.engaged && self.credits.is_empty()
    }
}

/// An order counted to a message's account, kept so that a cancellation can take it back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Credit {
    /// An offer (`kpi.crosssell_*`), or any contact that is more than a notice (`kpi.contact_*`).
    pub offer: bool,
    /// The message's channel.
    pub channel: Channel,
    /// The message's journey.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub journey: String,
    /// What was counted, in cents of the order's currency.
    pub cents: i64,
}

/// Where an order stands as a whole, for lists and figures.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing has left the shop.
    Open,
    /// Something is under way, or part of it is still to come.
    Shipped,
    /// A parcel needs somebody ([`ParcelState::needs_somebody`]).
    Trouble,
    /// The customer has everything.
    Delivered,
    /// Called off: cancelled, or all money went back and nothing is under way or in the customer's hands.
    Cancelled,
}

impl Standing {
    /// All standings.
    pub const ALL: [Standing; 5] = [
        Standing::Open,
        Standing::Shipped,
        Standing::Trouble,
        Standing::Delivered,
        Standing::Cancelled,
    ];

    /// The stable name used in storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Open => "open",
            Standing::Shipped => "shipped",
            Standing::Trouble => "trouble",
            Standing::Delivered => "delivered",
            Standing::Cancelled => "cancelled",
        }
    }

    /// The standing with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

impl Order {
    /// Where it stands as a whole. Parcels that were cancelled, and those that bring goods back, do not count.
    pub fn standing(&self) -> Standing {
        let live = || {
            let outbound = |p: &&Parcel| p.is_live() && p.direction != Direction::Return;
            self.tracked.iter().filter(outbound)
        };
        let payment = self.snapshot.payment;
        let called_off = self.snapshot.cancelled_at.is_some() || payment == PaymentState::Voided;
        let money_back = payment == PaymentState::Refunded
            && !live().any(|p| p.state.is_under_way() || p.state.is_possession());
        if called_off || money_back {
            Standing::Cancelled
        } else if live().any(|p| p.state.needs_somebody()) {
            Standing::Trouble
        } else if live().any(Parcel::is_shipped) {
            let all_there = live().all(|p| p.state.is_possession());
            if all_there && (self.snapshot.fulfilled || !self.partly_shipped()) {
                Standing::Delivered
            } else {
                Standing::Shipped
            }
        } else if self.tracked.is_empty() && self.delivered_at.is_some() {
            // Its parcels were forgotten with its person.
            Standing::Delivered
        } else if self.snapshot.fulfilled {
            Standing::Shipped
        } else {
            Standing::Open
        }
    }

    /// Whether it still stands: not cancelled, not wholly refunded.
    pub fn stands(&self) -> bool {
        self.snapshot.cancelled_at.is_none()
            && !matches!(
                self.snapshot.payment,
                PaymentState::Refunded | PaymentState::Voided
            )
    }

    /// The parcel with this tracking number or platform id; where neither is told, the one that has neither.
    pub fn parcel(&self, told: &ParcelSnapshot) -> Option<&Parcel> {
        self.position(told).map(|at| &self.tracked[at])
    }

    /// The same, to change it.
    pub fn known_parcel_mut(&mut self, told: &ParcelSnapshot) -> Option<&mut Parcel> {
        self.position(told).map(|at| &mut self.tracked[at])
    }

    fn position(&self, told: &ParcelSnapshot) -> Option<usize> {
        let nameless = |p: &ParcelSnapshot| p.external_id.is_none() && p.number.is_none();
        self.tracked.iter().position(|p| {
            (told.external_id.is_some() && p.snapshot.external_id == told.external_id)
                || told.number.as_deref().is_some_and(|n| p.is_numbered(n))
                || (nameless(told) && nameless(&p.snapshot))
        })
    }

    /// The parcel that [`Order::parcel`] finds, else a new one (up to [`PARCELS_MAX`]).
    ///
    /// `None` when the order holds no more parcels.
    pub fn parcel_mut(&mut self, told: &ParcelSnapshot) -> Option<&mut Parcel> {
        let index = match self.position(told) {
            Some(index) => index,
            None if self.tracked.len() < PARCELS_MAX => {
                self.tracked.push(Parcel {
                    seq: self.tracked.len() as u16,
                    snapshot: told.clone(),
                    ..Parcel::default()
                });
                self.tracked.len() - 1
            }
            None => return None,
        };
        self.tracked.get_mut(index)
    }

    /// Derives [`Order::delivered_at`]: the last possession when every parcel that still counts has been delivered and
    /// nothing is left to ship; `None` else.
    pub fn settle(&mut self) {
        let counting = || {
            self.tracked.iter().filter(|p| {
                !p.snapshot.cancelled
                    && p.direction != Direction::Return
                    && !matches!(p.state, ParcelState::Cancelled | ParcelState::Returned)
            })
        };
        let all_there = counting().count() > 0 && counting().all(|p| p.delivered_at.is_some());
        let nothing_left = self.snapshot.fulfilled || !self.partly_shipped();
        self.delivered_at = if all_there && nothing_left {
            counting().filter_map(|p| p.delivered_at).max()
        } else {
            None
        };
    }

    /// Whether the parcels name lines and some line is in none of them.
    fn partly_shipped(&self) -> bool {
        let named: Vec<&String> = self
            .tracked
            .iter()
            .flat_map(|p| &p.snapshot.lines)
            .collect();
        !named.is_empty()
            && self
                .snapshot
                .lines
                .iter()
                .any(|line| !named.contains(&&line.id))
    }
}
