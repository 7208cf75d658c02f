//! What the shop sells, as far as recommendations need it.

use crate::money::Money;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A product of the shop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Product {
    /// The platform's id: unique in the shop.
    pub external_id: String,
    /// Name.
    pub title: String,
    /// When the platform last changed it.
    pub updated_at: Timestamp,
    /// Category on the platform; mapped to a similarity group by the shop's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Price of the cheapest variant, VAT included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Product page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// How-to guide or video of the shop for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide_url: Option<String>,
    /// On sale now.
    #[serde(default = "yes")]
    pub available: bool,
}

fn yes() -> bool {
    true
}
