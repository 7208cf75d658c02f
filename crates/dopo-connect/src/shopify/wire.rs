//! Shopify's JSON, as far as we take it. This is the allow-list of PRIV-22: what is not named here is dropped while
//! reading (card details, notes, IP addresses, browser details, staff).

use jiff::Timestamp;
use serde::Deserialize;

use crate::translation::{Id, Text, list, or_default};

/// An amount in the shop's currency; what the buyer saw in theirs is not taken.
#[derive(Debug, Deserialize)]
pub(super) struct MoneySet {
    pub(super) shop_money: Option<ShopMoney>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShopMoney {
    pub(super) amount: Option<Text>,
    pub(super) currency_code: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: Id,
    pub(super) name: Option<Text>,
    pub(super) order_number: Option<Text>,
    pub(super) email: Option<Text>,
    pub(super) contact_email: Option<Text>,
    pub(super) phone: Option<Text>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) processed_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) cancelled_at: Option<Timestamp>,
    pub(super) currency: Option<Text>,
    pub(super) total_price: Option<Text>,
    pub(super) total_price_set: Option<MoneySet>,
    pub(super) total_line_items_price: Option<Text>,
    pub(super) total_line_items_price_set: Option<MoneySet>,
    pub(super) total_discounts: Option<Text>,
    pub(super) total_discounts_set: Option<MoneySet>,
    pub(super) total_tax: Option<Text>,
    pub(super) total_tax_set: Option<MoneySet>,
    pub(super) total_shipping_price_set: Option<MoneySet>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) taxes_included: bool,
    pub(super) financial_status: Option<Text>,
    pub(super) fulfillment_status: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) payment_gateway_names: Vec<Text>,
    pub(super) customer_locale: Option<Text>,
    pub(super) tags: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) note_attributes: Vec<NoteAttribute>,
    #[serde(default, deserialize_with = "list")]
    pub(super) discount_codes: Vec<DiscountCode>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) test: bool,
    pub(super) checkout_id: Option<Id>,
    pub(super) checkout_token: Option<Id>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) buyer_accepts_marketing: bool,
    pub(super) customer: Option<Customer>,
    pub(super) billing_address: Option<Address>,
    pub(super) shipping_address: Option<Address>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    pub(super) shipping_lines: Vec<ShippingLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fulfillments: Vec<Fulfillment>,
    #[serde(default, deserialize_with = "list")]
    pub(super) refunds: Vec<Refund>,
}

/// Only the agreed key is looked at; the others are free notes and not kept.
#[derive(Debug, Deserialize)]
pub(super) struct NoteAttribute {
    pub(super) name: Option<Text>,
    pub(super) value: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DiscountCode {
    pub(super) code: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TaxLine {
    pub(super) price: Option<Text>,
    pub(super) price_set: Option<MoneySet>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineItem {
    pub(super) id: Option<Id>,
    /// Lines of a checkout have a key and no id.
    pub(super) key: Option<Id>,
    pub(super) product_id: Option<Id>,
    pub(super) sku: Option<Text>,
    pub(super) title: Option<Text>,
    pub(super) name: Option<Text>,
    pub(super) variant_title: Option<Text>,
    pub(super) quantity: Option<i64>,
    pub(super) price: Option<Text>,
    pub(super) price_set: Option<MoneySet>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tax_lines: Vec<TaxLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ShippingLine {
    pub(super) title: Option<Text>,
    pub(super) price: Option<Text>,
    pub(super) price_set: Option<MoneySet>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) is_removed: bool,
    #[serde(default, deserialize_with = "list")]
    pub(super) tax_lines: Vec<TaxLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Address {
    pub(super) name: Option<Text>,
    pub(super) first_name: Option<Text>,
    pub(super) last_name: Option<Text>,
    pub(super) company: Option<Text>,
    pub(super) address1: Option<Text>,
    pub(super) address2: Option<Text>,
    pub(super) zip: Option<Text>,
    pub(super) city: Option<Text>,
    pub(super) province_code: Option<Text>,
    pub(super) country_code: Option<Text>,
    pub(super) phone: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MarketingConsent {
    pub(super) state: Option<Text>,
    pub(super) opt_in_level: Option<Text>,
    pub(super) consent_updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: Option<Id>,
    pub(super) email: Option<Text>,
    pub(super) phone: Option<Text>,
    pub(super) first_name: Option<Text>,
    pub(super) last_name: Option<Text>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) locale: Option<Text>,
    pub(super) default_address: Option<Address>,
    pub(super) email_marketing_consent: Option<MarketingConsent>,
    pub(super) sms_marketing_consent: Option<MarketingConsent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fulfillment {
    pub(super) id: Id,
    pub(super) order_id: Option<Id>,
    pub(super) status: Option<Text>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) tracking_company: Option<Text>,
    pub(super) tracking_number: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tracking_numbers: Vec<Text>,
    pub(super) tracking_url: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tracking_urls: Vec<Text>,
    pub(super) shipment_status: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<FulfilledLine>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FulfilledLine {
    pub(super) id: Option<Id>,
}

#[derive(Debug, Deserialize)]
pub(super) struct FulfillmentEvent {
    pub(super) fulfillment_id: Id,
    pub(super) order_id: Option<Id>,
    pub(super) status: Option<Text>,
    pub(super) message: Option<Text>,
    pub(super) happened_at: Option<Timestamp>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) city: Option<Text>,
    pub(super) province: Option<Text>,
    pub(super) country: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) order_id: Option<Id>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) processed_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "list")]
    pub(super) transactions: Vec<Transaction>,
}

/// Of a payment we take the amount only (PRIV-22).
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) kind: Option<Text>,
    pub(super) status: Option<Text>,
    pub(super) amount: Option<Text>,
    pub(super) currency: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Checkout {
    pub(super) id: Option<Id>,
    pub(super) token: Option<Id>,
    pub(super) email: Option<Text>,
    pub(super) phone: Option<Text>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) currency: Option<Text>,
    pub(super) total_price: Option<Text>,
    pub(super) customer_locale: Option<Text>,
    pub(super) abandoned_checkout_url: Option<Text>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
    pub(super) customer: Option<Customer>,
    pub(super) billing_address: Option<Address>,
    pub(super) shipping_address: Option<Address>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: Id,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedCheckout {
    pub(super) id: Option<Id>,
    pub(super) token: Option<Id>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Merge {
    pub(super) admin_graphql_api_customer_kept_id: Option<Id>,
    pub(super) admin_graphql_api_customer_deleted_id: Option<Id>,
    pub(super) status: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EmailConsent {
    pub(super) customer_id: Option<Id>,
    pub(super) email_address: Option<Text>,
    pub(super) email_marketing_consent: Option<MarketingConsent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SmsConsent {
    #[serde(alias = "customer_id")]
    pub(super) id: Option<Id>,
    pub(super) phone: Option<Text>,
    pub(super) sms_marketing_consent: Option<MarketingConsent>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PrivacyRequest {
    pub(super) customer: Option<PrivacyCustomer>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PrivacyCustomer {
    pub(super) id: Option<Id>,
    pub(super) email: Option<Text>,
    pub(super) phone: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Return {
    pub(super) id: Option<Id>,
    pub(super) admin_graphql_api_id: Option<Id>,
    pub(super) order_id: Option<Id>,
    pub(super) order: Option<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: Id,
    pub(super) title: Option<Text>,
    pub(super) handle: Option<Text>,
    pub(super) product_type: Option<Text>,
    pub(super) category: Option<Category>,
    pub(super) status: Option<Text>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "list")]
    pub(super) variants: Vec<Variant>,
    pub(super) image: Option<Image>,
    #[serde(default, deserialize_with = "list")]
    pub(super) images: Vec<Image>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) full_name: Option<Text>,
    pub(super) name: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variant {
    pub(super) price: Option<Text>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Image {
    pub(super) src: Option<Text>,
}
