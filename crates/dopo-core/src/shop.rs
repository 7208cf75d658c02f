//! A shop's settings: who sells, how it speaks, what the gate may do within the law.

use crate::italy::Locale;
use crate::italy::hours::QuietHours;
use crate::italy::province::Province;
use crate::parcel::{Courier, HoldRules};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub mod check;

/// Who sells (CONS-18: D.Lgs. 70/2003 art. 7, DPR 633/1972 art. 35).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seller {
    /// Registered name.
    pub legal_name: String,
    /// Postal address.
    pub address: String,
    /// E-mail for customers and rights requests.
    pub email: String,
    /// Customer-service phone at the normal rate.
    pub phone: String,
    /// Partita IVA.
    pub vat_number: String,
    /// Business register and REA number.
    pub rea: String,
    /// Paid-in capital, for companies (Civil Code art. 2250).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_capital: Option<String>,
    /// The dispute body the shop adheres to, or that it adheres to none (CONS-17); required before going live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adr: Option<String>,
}

/// Where parcels leave from and on which days they are delivered, as far as estimates of delivery days go by it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dispatch {
    /// Code of the province that parcels leave from (`BO`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    /// Couriers that deliver on Saturdays under this shop's contract.
    pub saturdays: BTreeSet<Courier>,
}

impl Dispatch {
    /// The province that parcels leave from.
    pub fn origin(&self) -> Option<Province> {
        Province::parse(self.province.as_deref()?).ok()
    }
}

/// How the shop addresses people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Register {
    /// *Tu*.
    #[default]
    Tu,
    /// *Lei*.
    Lei,
}

/// How opens or clicks of one message are measured (PRIV-10, PRIV-11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingMode {
    /// Not at all.
    #[default]
    Off,
    /// A counter that cannot be traced to a person.
    Aggregate,
    /// Linked to the person; only with their consent.
    Identified,
}

/// How often one person may be contacted for promotion (SMS-06). Service is never capped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// Promotional e-mails in 7 days.
    pub email_per_7_days: u16,
    /// Promotional SMS in 30 days.
    pub sms_per_30_days: u16,
    /// Promotional push messages in 7 days.
    pub push_per_7_days: u16,
    /// Promotional messages on all channels in 7 days.
    pub all_per_7_days: u16,
}

impl Default for Caps {
    fn default() -> Self {
        Caps {
            email_per_7_days: 3,
            sms_per_30_days: 2,
            push_per_7_days: 2,
            all_per_7_days: 5,
        }
    }
}

/// How much of what one person gets may promote (IT-07: 70–80 % informative).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mix {
    /// Highest share of promotion, in percent.
    pub promo_percent_max: u8,
    /// Over how many days back.
    pub window_days: u16,
}

impl Default for Mix {
    fn default() -> Self {
        Mix {
            promo_percent_max: 30,
            window_days: 60,
        }
    }
}

/// Everything a shop can set. Unknown fields are errors, so that a typing mistake is not silently ignored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShopSettings {
    /// Name customers know.
    pub name: String,
    /// Sender address of mails.
    pub from_email: String,
    /// Where replies go; the sender address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Who sells.
    #[serde(default)]
    pub seller: Seller,
    /// Since when messages really leave; absent = trial: everything runs, messages are captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_since: Option<Timestamp>,
    /// Language where the person's is not known.
    #[serde(default = "italian")]
    pub locale: Locale,
    /// *Tu* or *Lei*.
    #[serde(default)]
    pub register: Register,
    /// IANA zone of the shop and of people whose zone is not known.
    #[serde(default = "rome")]
    pub time_zone: String,
    /// Currency of sums over orders.
    #[serde(default = "euro")]
    pub currency: String,
    /// Shop front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storefront_url: Option<String>,
    /// Logo for pages and mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_url: Option<String>,
    /// Terms of sale, as a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_url: Option<String>,
    /// Privacy notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy_url: Option<String>,
    /// Accent colour `#rrggbb`, used where contrast holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<String>,
    /// Notices that the shop's own platform sends, so that nobody gets two (`order_receipt`, `shipped`…).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left_to_platform: BTreeSet<String>,
    /// Whether the merchant has said what the platform sends; asked before going live.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub platform_notices_declared: bool,
    /// Platform category → similarity group (PRIV-06); an unmapped category is similar to nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub similarity_groups: BTreeMap<String, String>,
    /// Months after the last purchase in which soft spam holds.
    #[serde(default = "soft_spam_months")]
    pub soft_spam_months: u16,
    /// How opens are measured for people who have not chosen: off or aggregate, never identified.
    #[serde(default)]
    pub tracking_open_default: TrackingMode,
    /// The same for clicks.
    #[serde(default)]
    pub tracking_click_default: TrackingMode,
    /// Hours in which messages may leave.
    #[serde(default)]
    pub quiet_hours: QuietHours,
    /// Frequency caps.
    #[serde(default)]
    pub caps: Caps,
    /// Share of promotion.
    #[serde(default)]
    pub mix: Mix,
    /// Months without click, purchase, login or reply after which marketing stops (MAIL-05).
    #[serde(default = "sunset_months")]
    pub sunset_months: u16,
    /// Whether the order page shows goods that go with what was bought, to whom the gate allows it.
    #[serde(default = "yes")]
    pub products_on_page: bool,
    /// Host name under which customers reach this shop's pages (`ordini.bottega.it`); the installation's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_domain: Option<String>,
    /// Where parcels leave from, and who delivers on Saturdays.
    #[serde(default)]
    pub dispatch: Dispatch,
    /// Prefix of discount codes.
    #[serde(default = "coupon_prefix")]
    pub coupon_prefix: String,
    /// What people may choose for a parcel that is held at a depot.
    #[serde(default)]
    pub hold: HoldRules,
}

fn italian() -> Locale {
    Locale::It
}
fn rome() -> String {
    "Europe/Rome".to_owned()
}
fn euro() -> String {
    "EUR".to_owned()
}
fn yes() -> bool {
    true
}
fn soft_spam_months() -> u16 {
    24
}
fn sunset_months() -> u16 {
    12
}
fn coupon_prefix() -> String {
    "GRAZIE".to_owned()
}

impl ShopSettings {
    /// Settings of a new shop in trial.
    pub fn new(name: &str, from_email: &str, seller: Seller) -> Self {
        ShopSettings {
            name: name.to_owned(),
            from_email: from_email.to_owned(),
            reply_to: None,
            seller,
            live_since: None,
            locale: italian(),
            register: Register::Tu,
            time_zone: rome(),
            currency: euro(),
            storefront_url: None,
            logo_url: None,
            terms_url: None,
            privacy_url: None,
            accent: None,
            left_to_platform: BTreeSet::new(),
            platform_notices_declared: false,
            similarity_groups: BTreeMap::new(),
            soft_spam_months: soft_spam_months(),
            tracking_open_default: TrackingMode::Aggregate,
            tracking_click_default: TrackingMode::Off,
            quiet_hours: QuietHours::default(),
            caps: Caps::default(),
            mix: Mix::default(),
            sunset_months: sunset_months(),
            products_on_page: true,
            pages_domain: None,
            coupon_prefix: coupon_prefix(),
            hold: HoldRules::default(),
            dispatch: Dispatch::default(),
        }
    }

    /// Whether messages really leave.
    pub fn is_live(&self) -> bool {
        self.live_since.is_some()
    }

    /// The similarity group of a platform category.
    pub fn group(&self, category: Option<&str>) -> Option<&str> {
        self.similarity_groups.get(category?).map(String::as_str)
    }
}
