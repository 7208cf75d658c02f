//! What the shop sells, as far as recommendations need it, and what of it may be shown to whom (rule PRIV-06).

use crate::money::Money;
use crate::order::Order;
use crate::shop::ShopSettings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

/// The similarity groups that something in an order belongs to; empty when nothing in it is mapped.
pub fn similar_groups<'a>(settings: &'a ShopSettings, order: Option<&Order>) -> BTreeSet<&'a str> {
    let lines = order.map_or(&[][..], |order| order.snapshot.lines.as_slice());
    lines
        .iter()
        .filter_map(|line| settings.group(line.category.as_deref()))
        .collect()
}

/// The platform categories whose goods count as similar to those of an order: all of the similarity groups that something
/// in it belongs to. Sorted; empty when nothing may be shown.
pub fn similar_categories(settings: &ShopSettings, order: Option<&Order>) -> Vec<String> {
    let groups = similar_groups(settings, order);
    settings
        .similarity_groups
        .iter()
        .filter(|(_, group)| groups.contains(group.as_str()))
        .map(|(category, _)| category.clone())
        .collect()
}

/// Whether a product may be shown to who bought this order: it has a page of its own and is not what they have just bought.
pub fn may_show(product: &Product, order: Option<&Order>) -> bool {
    let bought = order.is_some_and(|order| {
        order
            .snapshot
            .lines
            .iter()
            .any(|line| line.product_id.as_ref() == Some(&product.external_id))
    });
    product.url.is_some() && !bought
}
