//! Our own table of orders, for shops whose system exports neither of the known formats.
//!
//! One row per line of an order; rows with the same `order_id` that follow each other are one order, and what is said
//! once for the order may stand on any of them. See [`CSV_COLUMNS`].

use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::money::{Currency, Money};
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use dopo_core::parcel::{Checkpoint, ParcelSnapshot, ParcelState};
use jiff::Timestamp;

use super::Options;
use super::table::{Layout, Order, Row, is_yes, when};
use crate::tidy;
use crate::translation::Notes;

/// The columns of our own table, with what stands in them. Required are the first four; unknown columns are left out.
///
/// Amounts are written with a dot and without a thousands separator, VAT included. Times may name their zone
/// (`2026-01-31T10:22:11+01:00`); without one they are in the shop's.
pub const CSV_COLUMNS: [(&str, &str); 38] = [
    ("order_id", "the platform's id of the order"),
    ("placed_at", "when it was placed"),
    ("total", "what the customer pays"),
    ("title", "what was bought on this row"),
    (
        "order_number",
        "what the customer knows it by; order_id when absent",
    ),
    (
        "updated_at",
        "when it last changed; the newest time of the order when absent",
    ),
    ("currency", "three letters; the shop's when absent"),
    ("email", "the customer's address"),
    ("phone", "the customer's number"),
    ("customer_id", "the platform's id of the customer"),
    ("first_name", "given name"),
    ("last_name", "family name"),
    ("locale", "language, such as it"),
    (
        "payment",
        "pending, authorized, paid, partially_refunded, refunded or voided; paid when absent",
    ),
    ("payment_method", "by name only"),
    ("cash_on_delivery", "yes for contrassegno"),
    ("shipping", "cost of shipping"),
    ("discount", "reduction, as a positive amount"),
    ("tax", "VAT contained in the total"),
    ("refunded", "what went back"),
    ("cancelled_at", "when it was cancelled"),
    ("shipped_at", "when the parcel was handed over"),
    ("delivered_at", "when the customer got it"),
    ("carrier", "who carries it"),
    ("tracking_number", "the parcel's number"),
    ("tracking_url", "the carrier's page for it"),
    ("discount_code", "codes used, separated by spaces"),
    (
        "soft_spam_notice",
        "version of the notice that was shown and not refused (PRIV-06)",
    ),
    ("line_id", "the platform's id of the line"),
    ("product_id", "the platform's id of the product"),
    ("sku", "stock-keeping unit"),
    ("variant", "colour, size"),
    ("quantity", "pieces; 1 when absent"),
    ("unit_price", "price of one piece"),
    (
        "category",
        "mapped to a similarity group by the shop's settings",
    ),
    (
        "street",
        "with postal_code, city, province, country: where it goes",
    ),
    ("postal_code", "with its leading zeros"),
    (
        "city",
        "with province (two letters) and country (two letters)",
    ),
];

pub(super) struct CsvOrders;

impl Layout for CsvOrders {
    const NAME: &'static str = "Dopo's own table of orders";
    const REQUIRED: &'static [&'static [&'static str]] =
        &[&["order_id"], &["placed_at"], &["total"], &["title"]];

    fn key<'r>(&self, row: &Row<'r>) -> Option<&'r str> {
        row.get(&["order_id"])
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
        let text = |column: &str| order.get(&[column]).and_then(tidy::text);
        let placed_at = time("placed_at")?.ok_or("placed_at is missing")?;
        let cancelled_at = time("cancelled_at")?;
        let shipped_at = time("shipped_at")?;
        let delivered_at = time("delivered_at")?;
        let newest = [Some(placed_at), cancelled_at, shipped_at, delivered_at]
            .into_iter()
            .flatten()
            .max();
        let updated_at = time("updated_at")?.or(newest).unwrap_or(placed_at);
        let total = money("total")?.ok_or("total is missing")?;
        let own = |column: &str| order.get(&[column]).map(ToOwned::to_owned);
        let name = [text("first_name"), text("last_name")];
        let mut address = PostalAddress {
            name: Some(name.into_iter().flatten().collect::<Vec<_>>().join(" ")),
            street: own("street"),
            postal_code: own("postal_code"),
            city: own("city"),
            province: own("province"),
            country: own("country"),
            ..PostalAddress::default()
        };
        tidy::address(&mut address);
        let country = address.country.clone();
        let person = PersonDetails {
            who: PersonRef {
                email: tidy::email(order.get(&["email"]), notes),
                phone: tidy::phone(order.get(&["phone"]), country.as_deref(), notes),
                shop_customer_id: order.get(&["customer_id"]).and_then(tidy::id),
            },
            first_name: text("first_name"),
            last_name: text("last_name"),
            locale: tidy::locale(order.get(&["locale"])),
            province: address.province.clone(),
            country,
            time_zone: None,
        };
        if !tidy::is_named(&person.who) {
            return Err(
                "the order names nobody: give a valid email, a phone or a customer_id".to_owned(),
            );
        }
        let external_id = order
            .get(&["order_id"])
            .and_then(tidy::id)
            .ok_or("order_id cannot be an id: too long, or with control characters")?;
        let lines = order
            .rows()
            .filter(|row| row.get(&["title"]).is_some())
            .enumerate()
            .map(|(index, row)| line(index, &row, currency))
            .collect::<Result<Vec<_>, _>>()?;
        let goods = tidy::sum(
            lines
                .iter()
                .filter_map(|l| l.unit_price.checked_mul(i64::from(l.quantity)).ok()),
        );
        let payment = match order.get(&["payment"]).map(str::to_lowercase).as_deref() {
            None | Some("paid") => PaymentState::Paid,
            Some("pending") => PaymentState::Pending,
            Some("authorized") => PaymentState::Authorized,
            Some("partially_refunded") => PaymentState::PartiallyRefunded,
            Some("refunded") => PaymentState::Refunded,
            Some("voided") => PaymentState::Voided,
            Some(_) => {
                return Err("payment is none of pending, authorized, paid, partially_refunded, refunded, voided".to_owned());
            }
        };
        let number = order.get(&["tracking_number"]).and_then(tidy::id);
        let has_parcel = number.is_some() || shipped_at.is_some() || delivered_at.is_some();
        // A parcel without a number is known by its order, so that it is the same one in the next file.
        let parcel_id = number.is_none().then(|| format!("{external_id}/1"));
        let parcels = has_parcel.then(|| ParcelSnapshot {
            external_id: parcel_id.clone(),
            carrier: text("carrier"),
            number: number.clone(),
            url: order.get(&["tracking_url"]).and_then(tidy::url),
            shipped_at: shipped_at.or(delivered_at),
            ..ParcelSnapshot::default()
        });
        let method = text("payment_method");
        let told_cod = order.get(&["cash_on_delivery"]).is_some_and(is_yes);
        let snapshot = OrderSnapshot {
            number: text("order_number").unwrap_or_else(|| external_id.clone()),
            external_id: external_id.clone(),
            placed_at,
            updated_at,
            person,
            lines,
            subtotal: goods,
            discount: money("discount")?.filter(|m| m.cents != 0),
            shipping: money("shipping")?,
            tax: money("tax")?,
            total,
            refunded: money("refunded")?
                .filter(|m| m.cents != 0)
                .or((payment == PaymentState::Refunded).then_some(total)),
            payment,
            cash_on_delivery: told_cod || method.as_deref().is_some_and(tidy::is_cash_on_delivery),
            payment_method: method,
            cancelled_at,
            fulfilled: has_parcel,
            ship_to: (address.street.is_some() || address.city.is_some()).then_some(address),
            shipping_method: None,
            promised_on: None,
            discount_codes: order
                .get(&["discount_code"])
                .into_iter()
                .flat_map(str::split_whitespace)
                .filter_map(tidy::text)
                .take(20)
                .collect(),
            soft_spam_notice: text("soft_spam_notice"),
            cart_id: None,
            test: false,
            parcels: parcels.into_iter().collect(),
        };
        let mut events = vec![(
            updated_at,
            Event::OrderUpdated {
                order: Box::new(snapshot),
            },
        )];
        if let Some(at) = delivered_at {
            events.push((
                at,
                Event::ParcelScanned {
                    parcel: ParcelRef {
                        order: Some(external_id),
                        external_id: parcel_id,
                        number,
                        ..ParcelRef::default()
                    },
                    checkpoint: Checkpoint {
                        at,
                        day_only: false,
                        state: ParcelState::Delivered,
                        reason: None,
                        place: None,
                        text: None,
                        code: None,
                        ..Checkpoint::default()
                    },
                },
            ));
        }
        Ok(events)
    }
}

fn line(index: usize, row: &Row<'_>, currency: Currency) -> Result<OrderLine, String> {
    let text = |column: &str| row.get(&[column]).and_then(tidy::text);
    let quantity: u32 = row
        .get(&["quantity"])
        .unwrap_or("1")
        .parse()
        .map_err(|_| "quantity is not a whole number".to_owned())?;
    let unit_price = tidy::money(row.get(&["unit_price"]), currency)
        .map_err(|why| format!("unit_price: {why}"))?
        .unwrap_or(Money::zero(currency));
    Ok(OrderLine {
        id: match row.get(&["line_id"]).and_then(tidy::id) {
            Some(id) => id,
            None => format!("line-{}", index + 1),
        },
        product_id: row.get(&["product_id"]).and_then(tidy::id),
        sku: text("sku"),
        title: text("title").unwrap_or_else(|| "?".to_owned()),
        variant: text("variant"),
        quantity,
        unit_price,
        category: text("category"),
        url: None,
        image_url: None,
    })
}
