//! WooCommerce's JSON, as far as we take it. This is the allow-list of PRIV-22: what is not named here is dropped while
//! reading (IP address, user agent, notes, transaction ids, links). Of the free `meta_data` only agreed keys are kept.

use serde::Deserialize;

use crate::translation::{Id, Text, list, or_default};

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    pub(super) id: Id,
    pub(super) number: Option<Text>,
    pub(super) status: Option<Text>,
    pub(super) currency: Option<Text>,
    pub(super) date_created_gmt: Option<Text>,
    pub(super) date_modified_gmt: Option<Text>,
    pub(super) date_paid_gmt: Option<Text>,
    pub(super) date_completed_gmt: Option<Text>,
    pub(super) discount_total: Option<Text>,
    pub(super) discount_tax: Option<Text>,
    pub(super) shipping_total: Option<Text>,
    pub(super) shipping_tax: Option<Text>,
    pub(super) total: Option<Text>,
    pub(super) total_tax: Option<Text>,
    pub(super) customer_id: Option<Id>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) billing: Address,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) shipping: Address,
    pub(super) payment_method: Option<Text>,
    pub(super) payment_method_title: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) meta_data: Vec<Meta>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    pub(super) shipping_lines: Vec<ShippingLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) coupon_lines: Vec<CouponLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) refunds: Vec<Refund>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fulfillments: Vec<Fulfillment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    pub(super) first_name: Option<Text>,
    pub(super) last_name: Option<Text>,
    pub(super) company: Option<Text>,
    pub(super) address_1: Option<Text>,
    pub(super) address_2: Option<Text>,
    pub(super) city: Option<Text>,
    pub(super) state: Option<Text>,
    pub(super) postcode: Option<Text>,
    pub(super) country: Option<Text>,
    pub(super) email: Option<Text>,
    pub(super) phone: Option<Text>,
}

/// Plugins store anything here; the value is read only for keys that we know.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    pub(super) key: Option<Text>,
    #[serde(default)]
    pub(super) value: serde_json::Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Option<Id>,
    pub(super) name: Option<Text>,
    pub(super) parent_name: Option<Text>,
    pub(super) product_id: Option<Id>,
    pub(super) quantity: Option<Text>,
    pub(super) subtotal: Option<Text>,
    pub(super) subtotal_tax: Option<Text>,
    pub(super) total: Option<Text>,
    pub(super) total_tax: Option<Text>,
    pub(super) sku: Option<Text>,
    pub(super) image: Option<Image>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Image {
    pub(super) src: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShippingLine {
    pub(super) method_title: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CouponLine {
    pub(super) code: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) total: Option<Text>,
}

/// One entry of `_wc_shipment_tracking_items` (Shipment Tracking, Advanced Shipment Tracking).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TrackingItem {
    pub(super) tracking_id: Option<Text>,
    pub(super) tracking_number: Option<Text>,
    pub(super) tracking_provider: Option<Text>,
    pub(super) custom_tracking_provider: Option<Text>,
    pub(super) formatted_tracking_provider: Option<Text>,
    pub(super) custom_tracking_link: Option<Text>,
    pub(super) formatted_tracking_link: Option<Text>,
    pub(super) ast_tracking_link: Option<Text>,
    pub(super) date_shipped: Option<Text>,
}

/// WooCommerce's own fulfilments.
#[derive(Debug, Deserialize)]
pub(super) struct Fulfillment {
    pub(super) id: Id,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) is_fulfilled: bool,
    pub(super) status: Option<Text>,
    pub(super) date_updated: Option<Text>,
    pub(super) date_deleted: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) meta_data: Vec<Meta>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FulfilledItem {
    pub(super) item_id: Option<Id>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: Id,
    pub(super) email: Option<Text>,
    pub(super) first_name: Option<Text>,
    pub(super) last_name: Option<Text>,
    pub(super) date_created_gmt: Option<Text>,
    pub(super) date_modified_gmt: Option<Text>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) billing: Address,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) shipping: Address,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: Id,
    pub(super) name: Option<Text>,
    pub(super) permalink: Option<Text>,
    pub(super) date_created_gmt: Option<Text>,
    pub(super) date_modified_gmt: Option<Text>,
    pub(super) status: Option<Text>,
    pub(super) price: Option<Text>,
    pub(super) purchasable: Option<bool>,
    pub(super) stock_status: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) categories: Vec<Category>,
    #[serde(default, deserialize_with = "list")]
    pub(super) images: Vec<Image>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) name: Option<Text>,
    pub(super) slug: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: Id,
}
