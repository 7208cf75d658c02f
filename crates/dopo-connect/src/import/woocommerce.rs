//! Orders of WooCommerce as the usual export plugins write them to CSV.
//!
//! Read are the columns of *Customer/Order/Coupon Export* (default formats, one row per order or one per item) and of
//! *Import Export Suite for WooCommerce*: order_id, order_number, date or order_date, status, order_total,
//! currency or order_currency, payment_method, payment_method_title, customer_id, billing_* and shipping_* addresses,
//! billing_email or customer_email, billing_phone, shipping_total, shipping_tax_total, tax_total, discount_total,
//! paid_date, refunded_total, coupons or coupon_items, shipping_method; items either as item_id, item_product_id,
//! item_name, item_sku, item_quantity, item_subtotal, item_subtotal_tax on rows of their own, or as texts like
//! `name:Lampada|product_id:7|sku:L1|quantity:2|total:90.00|total_tax:19.80` in line_items (separated by `;`) or in
//! line_item_1, line_item_2 and so on. Times without a zone are the shop's.

use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::Event;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{ORDER_LINES_MAX, OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use jiff::Timestamp;

use super::Options;
use super::table::{Layout, Order, Row, when};
use crate::tidy;
use crate::translation::Notes;
use crate::woocommerce::OrderFacts;

pub(super) struct WooCommerceOrders;

impl Layout for WooCommerceOrders {
    const NAME: &'static str = "an order export of WooCommerce";
    const REQUIRED: &'static [&'static [&'static str]] = &[
        &["order_id", "id", "order_number"],
        &["date", "order_date", "date_created"],
        &["status", "order_status"],
        &["order_total", "total"],
    ];

    fn key<'r>(&self, row: &Row<'r>) -> Option<&'r str> {
        row.get(&["order_id", "id", "order_number"])
    }

    fn events(
        &self,
        order: &Order<'_>,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Vec<(Timestamp, Event)>, String> {
        let currency = match order.get(&["currency", "order_currency"]) {
            Some(code) => tidy::currency(code)?,
            None => options.currency,
        };
        let money = |names: &[&str]| {
            tidy::money(order.get(names), currency).map_err(|why| format!("{}: {why}", names[0]))
        };
        let time = |names: &[&str]| {
            order
                .get(names)
                .map(|t| when(t, &options.zone).map_err(|why| format!("{}: {why}", names[0])))
                .transpose()
        };
        let placed_at =
            time(&["date", "order_date", "date_created"])?.ok_or("the order has no date")?;
        let paid_at = time(&["paid_date", "date_paid"])?;
        let completed_at = time(&["completed_date", "date_completed"])?;
        let changed_at = time(&["date_modified", "modified_date"])?;
        let updated_at = [changed_at, completed_at, paid_at, Some(placed_at)]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(placed_at);
        let total = money(&["order_total", "total"])?.ok_or("the order has no total")?;
        let methods = ["payment_method", "payment_method_title"].map(|name| order.get(&[name]));
        let methods: Vec<&str> = methods.into_iter().flatten().collect();
        let status = order.get(&["status", "order_status"]).unwrap_or_default();
        let facts = OrderFacts::of(status, paid_at.is_some(), &methods);
        if !facts.known_status {
            notes.add("the order has a status of a plugin that Dopo does not know; where the money stands was taken from the payment date");
        }
        let ship_to = postal(order, "shipping").or_else(|| postal(order, "billing"));
        let country = ship_to
            .as_ref()
            .and_then(|a| a.country.clone())
            .or_else(|| tidy::country(order.get(&["billing_country"])));
        let name = |part: &str| {
            order
                .get(&[&format!("billing_{part}"), &format!("shipping_{part}")])
                .and_then(tidy::text)
        };
        let email = order.get(&["billing_email", "customer_email", "email"]);
        let phone = order.get(&["billing_phone", "phone", "shipping_phone"]);
        let customer = order.get(&["customer_id", "customer_user", "user_id"]);
        let person = PersonDetails {
            who: PersonRef {
                email: tidy::email(email, notes),
                phone: tidy::phone(phone, country.as_deref(), notes),
                shop_customer_id: customer.filter(|id| *id != "0").and_then(tidy::id),
            },
            first_name: name("first_name"),
            last_name: name("last_name"),
            province: ship_to.as_ref().and_then(|a| a.province.clone()),
            country,
            ..PersonDetails::default()
        };
        if !tidy::is_named(&person.who) {
            notes.add("the order names nobody (no e-mail, no phone), so there is nobody to tell");
            return Ok(Vec::new());
        }
        let lines = lines(order, currency)?;
        if lines.len() > ORDER_LINES_MAX {
            return Err(format!(
                "the order has {} lines; at most {ORDER_LINES_MAX} are taken",
                lines.len()
            ));
        }
        let refunded = money(&["refunded_total", "total_refunded", "refund_amount"])?
            .map(|m| Money::new(m.cents.saturating_abs(), currency))
            .filter(|m| m.cents != 0);
        let payment = match (refunded, facts.payment) {
            (Some(back), _) if back.cents >= total.cents => PaymentState::Refunded,
            (Some(_), PaymentState::Paid) => PaymentState::PartiallyRefunded,
            (_, other) => other,
        };
        let sum = |a: Option<Money>, b: Option<Money>| tidy::sum([a, b].into_iter().flatten());
        let goods = tidy::sum(
            lines
                .iter()
                .filter_map(|l| l.unit_price.checked_mul(i64::from(l.quantity)).ok()),
        );
        let codes = order.get(&["coupon_items", "coupons", "coupon_codes"]);
        let codes = codes.into_iter().flat_map(|c| c.split([';', ',']));
        let codes = codes.filter_map(|c| {
            let code = c.split('|').find_map(|p| p.trim().strip_prefix("code:"));
            tidy::text(code.unwrap_or(c))
        });
        let id = order.get(&["order_id", "id", "order_number"]);
        let external_id = id
            .and_then(tidy::id)
            .ok_or("the order's id cannot be an id")?;
        let number = order.get(&["order_number_formatted", "order_number", "order_id"]);
        let snapshot = OrderSnapshot {
            number: number
                .and_then(tidy::text)
                .unwrap_or_else(|| external_id.clone()),
            external_id,
            placed_at,
            updated_at,
            person,
            subtotal: goods,
            discount: money(&["discount_total", "order_discount", "cart_discount"])?
                .filter(|m| m.cents != 0),
            shipping: sum(
                money(&["shipping_total"])?,
                money(&["shipping_tax_total", "shipping_tax"])?,
            ),
            tax: money(&["tax_total", "total_tax"])?,
            total,
            refunded: refunded.or((payment == PaymentState::Refunded).then_some(total)),
            payment,
            payment_method: methods.last().and_then(|m| tidy::text(m)),
            cash_on_delivery: facts.cash_on_delivery,
            cancelled_at: facts.cancelled.then_some(updated_at),
            fulfilled: facts.fulfilled,
            ship_to,
            shipping_method: order.get(&["shipping_method"]).and_then(tidy::text),
            promised_on: None,
            discount_codes: codes.take(20).collect(),
            soft_spam_notice: order
                .get(&[crate::woocommerce::SOFT_SPAM_NOTICE_KEY])
                .and_then(tidy::text),
            cart_id: None,
            test: false,
            parcels: Vec::new(),
            lines,
        };
        Ok(vec![(
            updated_at,
            Event::OrderUpdated {
                order: Box::new(snapshot),
            },
        )])
    }
}

fn lines(order: &Order<'_>, currency: Currency) -> Result<Vec<OrderLine>, String> {
    let mut lines = Vec::new();
    for row in order.rows() {
        if let Some(name) = row.get(&["item_name", "line_item_name"]) {
            let cell = |names: &[&str]| row.get(names);
            let line = line(
                lines.len(),
                Item {
                    id: cell(&["item_id"]),
                    name,
                    product_id: cell(&["item_product_id", "product_id"]),
                    sku: cell(&["item_sku", "sku"]),
                    quantity: cell(&["item_quantity", "quantity"]),
                    net: cell(&["item_subtotal", "item_total"]),
                    tax: cell(&["item_subtotal_tax", "item_total_tax", "item_tax"]),
                },
                currency,
            )?;
            lines.push(line);
            continue;
        }
        let texts = row.get(&["line_items"]);
        let texts = texts.into_iter().flat_map(|t| t.split(';'));
        for text in texts.chain(row.numbered("line_item_")) {
            let parts: Vec<(&str, &str)> = text
                .split('|')
                .filter_map(|p| p.split_once(':'))
                .map(|(key, value)| (key.trim(), value.trim()))
                .filter(|(_, value)| !value.is_empty())
                .collect();
            let part = |names: &[&str]| {
                names
                    .iter()
                    .find_map(|n| parts.iter().find(|(key, _)| key == n))
                    .map(|(_, value)| *value)
            };
            let Some(name) = part(&["name"]) else {
                continue;
            };
            let line = line(
                lines.len(),
                Item {
                    id: part(&["id", "item_id"]),
                    name,
                    product_id: part(&["product_id"]),
                    sku: part(&["sku"]),
                    quantity: part(&["quantity"]),
                    net: part(&["sub_total", "subtotal", "total"]),
                    tax: part(&["sub_total_tax", "subtotal_tax", "total_tax", "tax"]),
                },
                currency,
            )?;
            lines.push(line);
        }
    }
    Ok(lines)
}

struct Item<'r> {
    id: Option<&'r str>,
    name: &'r str,
    product_id: Option<&'r str>,
    sku: Option<&'r str>,
    quantity: Option<&'r str>,
    net: Option<&'r str>,
    tax: Option<&'r str>,
}

fn line(index: usize, item: Item<'_>, currency: Currency) -> Result<OrderLine, String> {
    let place = |why: String| format!("item {}: {why}", index + 1);
    let quantity = item.quantity.unwrap_or("1").parse::<f64>();
    let quantity = quantity.map_err(|_| place("the quantity is not a number".to_owned()))?;
    let quantity = quantity.ceil().clamp(0.0, f64::from(u32::MAX)) as u32;
    let net = tidy::money(item.net, currency).map_err(place)?;
    let tax = tidy::money(item.tax, currency).map_err(place)?;
    let gross = tidy::sum([net, tax].into_iter().flatten()).unwrap_or(Money::zero(currency));
    let title = tidy::text(&tidy::unescape_html(item.name));
    Ok(OrderLine {
        id: match item.id.and_then(tidy::id) {
            Some(id) => id,
            None => format!("line-{}", index + 1),
        },
        product_id: item.product_id.and_then(tidy::id).filter(|id| id != "0"),
        sku: item.sku.and_then(tidy::text),
        title: title.unwrap_or_else(|| "?".to_owned()),
        variant: None,
        quantity,
        unit_price: tidy::per_piece(gross, quantity),
        category: None,
        url: None,
        image_url: None,
    })
}

fn postal(order: &Order<'_>, side: &str) -> Option<PostalAddress> {
    let own = |part: &str| {
        order
            .get(&[&format!("{side}_{part}")])
            .map(ToOwned::to_owned)
    };
    let name: Vec<String> = [own("first_name"), own("last_name")]
        .into_iter()
        .flatten()
        .collect();
    let mut postal = PostalAddress {
        name: Some(name.join(" ")),
        company: own("company"),
        street: own("address_1"),
        extra: own("address_2"),
        postal_code: own("postcode"),
        city: own("city"),
        province: own("state_code").or_else(|| own("state")),
        country: own("country"),
    };
    tidy::address(&mut postal);
    (postal.street.is_some() || postal.city.is_some()).then_some(postal)
}
