//! A customer of one shop: who it is, what was agreed, and the bounded memory that decisions need.

use crate::consent::{Channel, Consents, Purpose};
use crate::id::{CustomerId, EffectId};
use crate::italy::Locale;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Addresses, numbers and shop ids kept for one person, each.
pub const IDENTITIES_MAX: usize = 8;
/// Attributes and tags kept for one person, each.
pub const ATTRIBUTES_MAX: usize = 64;
/// Similarity groups of bought goods kept for one person.
pub const GROUPS_MAX: usize = 64;
/// Remembered contacts (for caps and mix); older ones fall out.
pub const CONTACTS_MAX: usize = 48;

/// The ways to name a person in an event. At least one must be there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PersonRef {
    /// E-mail address as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number, E.164 once translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The shop platform's customer id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_customer_id: Option<String>,
}

/// What a shop tells about a person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PersonDetails {
    /// How to find them.
    #[serde(flatten)]
    pub who: PersonRef,
    /// Given name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Language they shop in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Two-letter Italian province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Two-letter country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// IANA zone, where the shop knows it; else the shop's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// The kinds of key by which a person is found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// Lower-cased e-mail address.
    Email,
    /// E.164 phone number.
    Phone,
    /// The shop platform's customer id.
    ShopCustomer,
}

impl IdentityKind {
    /// The stable name used in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            IdentityKind::Email => "email",
            IdentityKind::Phone => "phone",
            IdentityKind::ShopCustomer => "shop_customer",
        }
    }

    /// The kind with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        [
            IdentityKind::Email,
            IdentityKind::Phone,
            IdentityKind::ShopCustomer,
        ]
        .into_iter()
        .find(|k| k.as_str() == name)
    }
}

/// A key by which a person is found within a shop.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct IdentityKey {
    /// What kind of key.
    pub kind: IdentityKind,
    /// Its value in matching form.
    pub value: String,
}

impl PersonRef {
    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.shop_customer_id.is_none() && self.email.is_none() && self.phone.is_none()
    }

    /// The keys to look this person up by, strongest first: shop's id, e-mail, phone.
    pub fn keys(&self) -> Vec<IdentityKey> {
        let mut keys = Vec::with_capacity(3);
        if let Some(id) = &self.shop_customer_id {
            keys.push(IdentityKey {
                kind: IdentityKind::ShopCustomer,
                value: id.clone(),
            });
        }
        if let Some(email) = &self.email {
            keys.push(IdentityKey {
                kind: IdentityKind::Email,
                value: email.trim().to_lowercase(),
            });
        }
        if let Some(phone) = &self.phone {
            keys.push(IdentityKey {
                kind: IdentityKind::Phone,
                value: phone.clone(),
            });
        }
        keys
    }
}

/// Why an address must not be used any more (MAIL-04, MAIL-05).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Suppression {
    /// The mailbox does not exist: nothing goes there, an operator is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_bounced_at: Option<Timestamp>,
    /// The person reported spam: no marketing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complained_at: Option<Timestamp>,
    /// The phone number does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_dead_at: Option<Timestamp>,
}

/// What the person has bought, in sum; the ground for soft spam (PRIV-06).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Purchases {
    /// Paid orders that were not cancelled or fully refunded.
    pub orders: u32,
    /// Their total in cents of the shop's currency.
    pub total_cents: i64,
    /// First and last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Timestamp>,
    /// Last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Timestamp>,
    /// The last order on which the shop recorded that the soft-spam notice was shown and not refused: its id and the
    /// notice's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<(crate::id::OrderId, String)>,
    /// Similarity groups bought, with the last time of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Timestamp>,
}

/// One message that was let through, remembered for caps and mix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// The message.
    pub effect: EffectId,
    /// When it leaves (planned, then true).
    pub at: Timestamp,
    /// On which channel.
    pub channel: Channel,
    /// For which purpose.
    pub purpose: Purpose,
    /// Of which journey; only where a purchase may be counted to its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journey: Option<String>,
    /// A purchase was counted to its account as an offer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offer_credited: bool,
    /// A purchase was counted to its account as a contact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub contact_credited: bool,
}

impl Contact {
    /// A message let through.
    pub fn new(effect: EffectId, at: Timestamp, channel: Channel, purpose: Purpose) -> Self {
        Contact {
            effect,
            at,
            channel,
            purpose,
            journey: None,
            offer_credited: false,
            contact_credited: false,
        }
    }
}

/// A customer of one shop.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Customer {
    /// Id within the shop.
    pub id: CustomerId,
    /// E-mail addresses, the one in use first.
    #[serde(default)]
    pub emails: Vec<String>,
    /// Phone numbers in E.164, the one in use first.
    #[serde(default)]
    pub phones: Vec<String>,
    /// The shop platform's customer ids.
    #[serde(default)]
    pub shop_customer_ids: Vec<String>,
    /// Given name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Family name as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Language, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
    /// Two-letter Italian province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Two-letter country code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// IANA zone, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When we first heard of them.
    pub created_at: Timestamp,
    /// The fold over the consent ledger.
    #[serde(default)]
    pub consents: Consents,
    /// Dead or complaining addresses.
    #[serde(default)]
    pub suppression: Suppression,
    /// What they bought, in sum.
    #[serde(default)]
    pub purchases: Purchases,
    /// Attributes set by journeys or the shop.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, serde_json::Value>,
    /// Tags set by journeys or the shop.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Recent messages, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// When customer-keyed journeys were last entered, by journey.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entered: BTreeMap<String, Timestamp>,
    /// When a coupon of a campaign was last issued to them (CONS-11: not the same again within 30 days).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub campaigns: BTreeMap<String, Timestamp>,
    /// Below 14: no marketing, no profiling (PRIV-21).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub minor: bool,
    /// The last human sign of life: order, click, reply, log-in (MAIL-05 sunset).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<Timestamp>,
    /// Public opt-out register check for calls: when, and whether the number stands there (PRIV-17).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpo_check: Option<(Timestamp, bool)>,
}

impl Customer {
    /// A customer about whom nothing is known yet.
    pub fn new(id: CustomerId, created_at: Timestamp) -> Self {
        Customer {
            id,
            emails: Vec::new(),
            phones: Vec::new(),
            shop_customer_ids: Vec::new(),
            first_name: None,
            last_name: None,
            locale: None,
            province: None,
            country: None,
            time_zone: None,
            created_at,
            consents: Consents::default(),
            suppression: Suppression::default(),
            purchases: Purchases::default(),
            attributes: BTreeMap::new(),
            tags: BTreeSet::new(),
            contacts: Vec::new(),
            entered: BTreeMap::new(),
            campaigns: BTreeMap::new(),
            minor: false,
            active_at: None,
            rpo_check: None,
        }
    }

    /// The address in use.
    pub fn email(&self) -> Option<&str> {
        self.emails.first().map(String::as_str)
    }

    /// The number in use.
    pub fn phone(&self) -> Option<&str> {
        self.phones.first().map(String::as_str)
    }

    /// All keys by which this person is found.
    pub fn keys(&self) -> Vec<IdentityKey> {
        let of = |kind, values: &[String]| {
            values
                .iter()
                .map(move |v| IdentityKey {
                    kind,
                    value: v.to_lowercase(),
                })
                .collect::<Vec<_>>()
        };
        let mut keys: Vec<_> = self
            .shop_customer_ids
            .iter()
            .map(|v| IdentityKey {
                kind: IdentityKind::ShopCustomer,
                value: v.clone(),
            })
            .collect();
        keys.extend(of(IdentityKind::Email, &self.emails));
        keys.extend(of(IdentityKind::Phone, &self.phones));
        keys
    }

    /// Takes over what a shop tells; a newer address or number becomes the one in use.
    ///
    /// Returns whether anything changed. A new address clears the hard bounce of the old one.
    pub fn learn(&mut self, told: &PersonDetails) -> bool {
        fn front(list: &mut Vec<String>, value: &Option<String>) -> bool {
            let Some(value) = value else { return false };
            let value = value.trim();
            if value.is_empty() || list.first().is_some_and(|v| v.eq_ignore_ascii_case(value)) {
                return false;
            }
            list.retain(|v| !v.eq_ignore_ascii_case(value));
            list.insert(0, value.to_owned());
            list.truncate(IDENTITIES_MAX);
            true
        }
        let mut changed = false;
        if front(&mut self.emails, &told.who.email) {
            self.suppression.hard_bounced_at = None;
            changed = true;
        }
        if front(&mut self.phones, &told.who.phone) {
            self.suppression.phone_dead_at = None;
            changed = true;
        }
        changed |= front(&mut self.shop_customer_ids, &told.who.shop_customer_id);
        macro_rules! take {
            ($($field:ident),*) => {$(
                if told.$field.is_some() && self.$field != told.$field {
                    self.$field.clone_from(&told.$field);
                    changed = true;
                }
            )*};
        }
        take!(first_name, last_name, locale, province, country, time_zone);
        changed
    }

    /// Remembers a message that was let through.
    pub fn remember(&mut self, contact: Contact) {
        let later = self.contacts.iter().rev().take_while(|c| c.at > contact.at);
        let at = self.contacts.len() - later.count();
        self.contacts.insert(at, contact);
        if self.contacts.len() > CONTACTS_MAX {
            let excess = self.contacts.len() - CONTACTS_MAX;
            self.contacts.drain(..excess);
        }
    }

    /// Forgets a remembered message that was held back after all.
    pub fn unremember(&mut self, effect: EffectId) {
        self.contacts.retain(|c| c.effect != effect);
    }

    /// Joins another record into this one, when both turn out to be one person. The other record then ceases to be.
    pub fn absorb(&mut self, other: Customer) {
        fn join(ours: &mut Vec<String>, theirs: Vec<String>) {
            for value in theirs {
                if !ours.iter().any(|v| v.eq_ignore_ascii_case(&value)) {
                    ours.push(value);
                }
            }
            ours.truncate(IDENTITIES_MAX);
        }
        join(&mut self.emails, other.emails);
        join(&mut self.phones, other.phones);
        join(&mut self.shop_customer_ids, other.shop_customer_ids);
        macro_rules! keep {
            ($($field:ident),*) => {$( if self.$field.is_none() { self.$field = other.$field; } )*};
        }
        keep!(
            first_name, last_name, locale, province, country, time_zone, rpo_check
        );
        self.created_at = self.created_at.min(other.created_at);
        self.consents.merge(&other.consents);
        let max = |a: Option<Timestamp>, b: Option<Timestamp>| a.max(b);
        self.suppression.complained_at = max(
            self.suppression.complained_at,
            other.suppression.complained_at,
        );
        self.active_at = max(self.active_at, other.active_at);
        self.minor |= other.minor;
        let theirs = other.purchases;
        let ours = &mut self.purchases;
        ours.orders += theirs.orders;
        ours.total_cents += theirs.total_cents;
        ours.first_at = match (ours.first_at, theirs.first_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if theirs.last_at > ours.last_at {
            ours.last_at = theirs.last_at;
            if theirs.notice.is_some() {
                ours.notice = theirs.notice;
            }
        } else if ours.notice.is_none() {
            ours.notice = theirs.notice;
        }
        for (group, at) in theirs.groups {
            let mine = ours.groups.entry(group).or_insert(at);
            *mine = (*mine).max(at);
        }
        for (name, value) in other.attributes {
            self.attributes.entry(name).or_insert(value);
        }
        self.tags.extend(other.tags);
        for (journey, at) in other.entered {
            let mine = self.entered.entry(journey).or_insert(at);
            *mine = (*mine).max(at);
        }
        for (campaign, at) in other.campaigns {
            let mine = self.campaigns.entry(campaign).or_insert(at);
            *mine = (*mine).max(at);
        }
        for contact in other.contacts {
            self.remember(contact);
        }
    }
}
