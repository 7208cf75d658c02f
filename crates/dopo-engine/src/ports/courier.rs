//! Couriers and those who collect their tellings: asked where parcels are, told what to do with held ones.

use async_trait::async_trait;
use dopo_core::advance::CourierCall;
use dopo_core::italy::Locale;
use dopo_core::parcel::{Courier, HoldAction, ParcelState, Telling};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Numbers asked for in one call, at most, whatever a courier allows.
pub const ASKED_AT_ONCE_MAX: usize = 100;

/// A parcel to ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Whose number it is.
    pub courier: Courier,
    /// The tracking number.
    pub number: String,
    /// Day on which it was handed over: some couriers use a number again each year.
    pub shipped_on: Option<Date>,
    /// Postal code it goes to: some couriers tell more to who knows it.
    pub postal_code: Option<String>,
    /// Two-letter country it goes to.
    pub country: Option<String>,
}

/// What an [`Ask`] became.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// It is known.
    Told(Box<Telling>),
    /// The courier does not know the number, or not yet.
    Unknown,
    /// The answer could not be understood; in words, without personal data.
    Unreadable(String),
}

/// What one call to a courier became.
#[derive(Clone, PartialEq, Debug)]
pub enum Looked {
    /// There was an answer: one for each [`Ask`], in their order.
    Answered(Vec<Found>),
    /// Not now: maintenance, too many calls, no connection. In words.
    Later {
        /// How long to wait, where it was said.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
    /// The account is not accepted: nothing is asked until somebody looks at it. In words.
    Refused(String),
}

/// What telling a courier about a held parcel became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Released {
    /// Taken.
    Accepted {
        /// The courier's reference.
        reference: Option<String>,
    },
    /// Taken, and what was done with it comes with the scans.
    Deferred,
    /// Refused for good; in words, for the shop.
    Refused(String),
    /// Not now.
    Later {
        /// How long to wait, where it was said.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
}

/// How much may be asked of one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Numbers in one call; at most [`ASKED_AT_ONCE_MAX`].
    pub per_call: usize,
    /// Calls a day.
    pub per_day: Option<u32>,
    /// Time between two calls.
    pub gap: Duration,
}

/// One shop's account with one courier or collector.
#[async_trait]
pub trait CourierDesk: Send + Sync + 'static {
    /// Couriers whose parcels it is asked for.
    fn covers(&self) -> &[Courier];
    /// How much may be asked.
    fn allowance(&self) -> Allowance;
    /// Whether it must be asked; false where it tells by itself.
    fn is_asked(&self) -> bool {
        true
    }
    /// Asks; at most [`Allowance::per_call`] at once.
    async fn look(&self, asks: &[Ask]) -> Looked;
    /// What can be done with a held parcel through it; empty = nothing.
    fn releases(&self) -> &[HoldAction] {
        &[]
    }
    /// Tells what to do with a held parcel. The id of the call is the key under which a repeat is recognised.
    async fn release(&self, call: &CourierCall) -> Released {
        let _ = call;
        Released::Refused("this courier cannot be told from here".to_owned())
    }
    /// The way to tell a shop's platform what became of a parcel; only platforms have one.
    fn write_back(&self) -> Option<&dyn WriteBack> {
        None
    }
}

/// What a shop's platform is told about a parcel after its state changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShopWord {
    /// The platform's id of the order.
    pub order: String,
    /// The platform's id of the fulfilment, where the platform named one.
    pub fulfilment: Option<String>,
    /// The courier as the shop names it.
    pub carrier: Option<String>,
    /// The tracking number.
    pub number: Option<String>,
    /// Where the parcel is.
    pub state: ParcelState,
    /// Why.
    pub reason: Option<String>,
    /// When it came there, by the courier's time.
    pub at: Timestamp,
    /// When it is expected, at the latest.
    pub expected_until: Option<Timestamp>,
    /// The language of the people in the shop.
    pub locale: Locale,
}

/// What telling a platform became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Written {
    /// It knows now, or knew already.
    Done,
    /// There is nothing that it could be told; in words.
    Nothing(&'static str),
    /// Refused for good; in words, for the shop.
    Refused(String),
    /// Not now.
    Later {
        /// How long to wait, where it was said.
        after: Option<Duration>,
        /// Why.
        why: String,
    },
}

/// Tells a shop's platform what became of a parcel. Only what couriers and collectors told is written back: what the
/// platform said itself would come round and round.
#[async_trait]
pub trait WriteBack: Send + Sync {
    /// Tells it. The same word (order, fulfilment or number, state, time) is written once however often it is tried: the
    /// platform is asked first whether it holds it.
    async fn write(&self, word: &ShopWord) -> Written;
}

/// A field of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountField {
    /// Its stable name.
    pub name: &'static str,
    /// Whether it is never shown again.
    pub secret: bool,
    /// Whether the account works without it.
    pub optional: bool,
}

/// A vendor with whom a shop can have an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Vendor {
    /// Its stable name (`brt`, `sendcloud`).
    pub name: &'static str,
    /// The name people know it by.
    pub title: &'static str,
    /// What an account consists of.
    pub fields: &'static [AccountField],
    /// Couriers whose parcels it knows.
    pub covers: &'static [Courier],
    /// Whether it is asked; false where it only tells by itself.
    pub asked: bool,
    /// What can be done with a held parcel through it.
    pub releases: &'static [HoldAction],
}

/// Opens accounts.
pub trait Couriers: Send + Sync + 'static {
    /// All vendors.
    fn vendors(&self) -> &'static [Vendor];
    /// Opens an account with the values of its fields. Nothing is asked yet.
    ///
    /// # Errors
    /// In words: a field is missing or cannot be right.
    fn open(
        &self,
        vendor: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn CourierDesk>, String>;
}
