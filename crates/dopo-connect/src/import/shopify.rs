//! Shopify's order export: one row per line of an order, the order's own values on the first of them.
//!
//! Columns that are read: Name, Email, Phone, Financial Status, Paid at, Fulfillment Status, Fulfilled at,
//! Accepts Marketing, Currency, Subtotal, Shipping, Taxes, Total, Discount Code, Discount Amount, Shipping Method,
//! Created at, Lineitem quantity, name, price, sku, Billing and Shipping Name, Address1, Address2, Company, City, Zip,
//! Province, Country, Phone, Cancelled at, Payment Method, Refunded Amount, Id, Tags. The others are not taken (PRIV-22).

use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::Event;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use jiff::Timestamp;

use super::Options;
use super::table::{Layout, Order, Row, is_yes, names, when};
use crate::shopify::SOFT_SPAM_NOTICE_KEY;
use crate::tidy;
use crate::translation::Notes;

pub(super) struct ShopifyOrders;

impl Layout for ShopifyOrders {
    const NAME: &'static str = "Shopify's order export";
    const REQUIRED: &'static [&'static [&'static str]] = &[
        &["name"],
        &["created at"],
        &["lineitem name"],
        &["lineitem quantity"],
        &["lineitem price"],
    ];

    fn key<'r>(&self, row: &Row<'r>) -> Option<&'r str> {
        row.get(&["name"])
    }

    fn events(
        &self,
        order: &Order<'_>,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Vec<(Timestamp, Event)>, String> {
        let currency = match order.get(&["currency"]) {
            Some(code) => tidy::currency(code)?,
            None => options.currency,
        };
        let money = |column: &str| {
            tidy::money(order.get(&[column]), currency).map_err(|why| format!("{column}: {why}"))
        };
        let time = |column: &str| {
            order
                .get(&[column])
                .map(|t| when(t, &options.zone).map_err(|why| format!("{column}: {why}")))
                .transpose()
        };
        let placed_at = time("created at")?.ok_or("the order has no Created at")?;
        let cancelled_at = time("cancelled at")?;
        let updated_at = [
            time("paid at")?,
            time("fulfilled at")?,
            cancelled_at,
            Some(placed_at),
        ]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or(placed_at);
        let ship_to = postal(order, "shipping");
        let bill_to = postal(order, "billing");
        let address = ship_to.as_ref().or(bill_to.as_ref());
        let country = address.and_then(|a| a.country.clone());
        let phone = order.get(&["phone", "shipping phone", "billing phone"]);
        let (first_name, last_name) = names(order.get(&["billing name", "shipping name"]));
        let person = PersonDetails {
            who: PersonRef {
                email: tidy::email(order.get(&["email"]), notes),
                phone: tidy::phone(phone, country.as_deref(), notes),
                shop_customer_id: None,
            },
            first_name,
            last_name,
            province: address.and_then(|a| a.province.clone()),
            country,
            ..PersonDetails::default()
        };
        if !tidy::is_named(&person.who) {
            notes.add("the order names nobody (no e-mail, no phone), so there is nobody to tell");
            return Ok(Vec::new());
        }
        let lines = order
            .rows()
            .filter(|row| row.get(&["lineitem name"]).is_some())
            .enumerate()
            .map(|(index, row)| line(index, &row, currency))
            .collect::<Result<Vec<_>, _>>()?;
        let goods = tidy::sum(
            lines
                .iter()
                .filter_map(|l| l.unit_price.checked_mul(i64::from(l.quantity)).ok()),
        );
        let total = match money("total")? {
            Some(total) => total,
            None => return Err("the order has no Total".to_owned()),
        };
        let payment = payment(order.get(&["financial status"]), notes);
        let refunded = money("refunded amount")?
            .filter(|m| m.cents != 0)
            .or((payment == PaymentState::Refunded).then_some(total));
        let number = order
            .get(&["name"])
            .and_then(tidy::text)
            .unwrap_or_default();
        let external_id = match order.get(&["id"]).and_then(tidy::id) {
            Some(id) => id,
            None => {
                notes.add("the export has no Id column, so the order's Name stands for it; webhooks will not recognise it as the same order");
                tidy::id(&number).ok_or("the order's Name cannot be an id")?
            }
        };
        let method = order.get(&["payment method"]).and_then(tidy::text);
        let agreed = order.get(&["accepts marketing"]).is_some_and(is_yes);
        let who = person.who.clone();
        let snapshot = OrderSnapshot {
            external_id,
            number,
            placed_at,
            updated_at,
            person,
            lines,
            subtotal: goods.or(money("subtotal")?),
            discount: money("discount amount")?.filter(|m| m.cents != 0),
            shipping: money("shipping")?,
            tax: money("taxes")?,
            total,
            refunded,
            payment,
            cash_on_delivery: method.as_deref().is_some_and(tidy::is_cash_on_delivery),
            payment_method: method,
            cancelled_at,
            fulfilled: order
                .get(&["fulfillment status"])
                .is_some_and(|s| s.eq_ignore_ascii_case("fulfilled")),
            ship_to,
            shipping_method: order.get(&["shipping method"]).and_then(tidy::text),
            promised_on: None,
            discount_codes: order
                .get(&["discount code"])
                .into_iter()
                .flat_map(|codes| codes.split(','))
                .filter_map(tidy::text)
                .take(20)
                .collect(),
            soft_spam_notice: order.get(&["tags"]).and_then(|tags| {
                tags.split(',')
                    .map(str::trim)
                    .filter_map(|t| t.strip_prefix(SOFT_SPAM_NOTICE_KEY)?.strip_prefix(':'))
                    .find_map(tidy::text)
            }),
            cart_id: None,
            test: false,
            parcels: Vec::new(),
        };
        let mut events = vec![(
            updated_at,
            Event::OrderUpdated {
                order: Box::new(snapshot),
            },
        )];
        if agreed {
            // A bare "yes" has no date, no source and no text: it proves nothing (PRIV-03).
            events.push((
                placed_at,
                Event::ConsentChanged {
                    person: who,
                    acts: vec![ConsentAct {
                        topic: Topic::Marketing,
                        channel: Some(Channel::Email),
                        state: ConsentState::Unknown,
                        source: ConsentSource::Import,
                        text_version: None,
                        form: None,
                        language: None,
                        proof: None,
                    }],
                },
            ));
        }
        Ok(events)
    }
}

fn payment(status: Option<&str>, notes: &mut Notes) -> PaymentState {
    match status.map(str::to_lowercase).as_deref() {
        Some("authorized") => PaymentState::Authorized,
        Some("paid") => PaymentState::Paid,
        Some("partially_refunded") => PaymentState::PartiallyRefunded,
        Some("refunded") => PaymentState::Refunded,
        Some("voided" | "expired") => PaymentState::Voided,
        None | Some("pending" | "partially_paid" | "unpaid") => PaymentState::Pending,
        Some(_) => {
            notes.add("the Financial Status is one that Dopo does not know; it counts as not paid");
            PaymentState::Pending
        }
    }
}

fn line(index: usize, row: &Row<'_>, currency: Currency) -> Result<OrderLine, String> {
    let quantity = row.get(&["lineitem quantity"]).unwrap_or("1");
    let quantity: u32 = quantity
        .parse()
        .map_err(|_| "Lineitem quantity is not a whole number".to_owned())?;
    let unit_price = tidy::money(row.get(&["lineitem price"]), currency)
        .map_err(|why| format!("Lineitem price: {why}"))?
        .unwrap_or(Money::zero(currency));
    let title = row.get(&["lineitem name"]).and_then(tidy::text);
    Ok(OrderLine {
        id: format!("line-{}", index + 1),
        product_id: None,
        sku: row.get(&["lineitem sku"]).and_then(tidy::text),
        title: title.unwrap_or_else(|| "?".to_owned()),
        variant: None,
        quantity,
        unit_price,
        category: None,
        url: None,
        image_url: None,
    })
}

fn postal(order: &Order<'_>, side: &str) -> Option<PostalAddress> {
    let own = |part: &str| {
        order
            .get(&[&format!("{side} {part}")])
            .map(ToOwned::to_owned)
    };
    let mut postal = PostalAddress {
        name: own("name"),
        company: own("company"),
        street: own("address1").or_else(|| own("street")),
        extra: own("address2"),
        // Shopify writes '20121 so that spreadsheets keep leading zeros.
        postal_code: own("zip").map(|zip| zip.trim_start_matches('\'').to_owned()),
        city: own("city"),
        province: own("province"),
        country: own("country"),
    };
    tidy::address(&mut postal);
    (postal.street.is_some() || postal.city.is_some()).then_some(postal)
}
