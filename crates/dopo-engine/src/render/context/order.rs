//! The order and the cart in words.

use super::{ContextInput, title};
use dopo_core::consent::Purpose;
use dopo_core::italy::format::{self, Preposition};
use dopo_core::italy::{Locale, clean_line};
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine, PaymentState, PostalAddress};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// One bought item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LineContext {
    /// Name.
    pub title: String,
    /// Colour, size.
    pub variant: Option<String>,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_price: String,
    /// Price of all.
    pub total: String,
    /// Article number.
    pub sku: Option<String>,
    /// Picture.
    pub image_url: Option<String>,
    /// The shop's guide for it, where it has one.
    pub guide_url: Option<String>,
}

/// The order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OrderContext {
    /// Number as the customer knows it.
    pub number: String,
    /// Link to its page.
    pub url: String,
    /// Day it was placed: "domenica 22 novembre 2026".
    pub placed_on: String,
    /// Hour: "alle 15:05".
    pub placed_at: String,
    /// Items.
    pub lines: Vec<LineContext>,
    /// The first item's name.
    pub first_title: String,
    /// How many more kinds of item there are.
    pub more: usize,
    /// Goods before delivery and discount.
    pub subtotal: Option<String>,
    /// Discount.
    pub discount: Option<String>,
    /// Delivery costs; "gratuita" when there are none.
    pub shipping: Option<String>,
    /// Taxes contained in the total.
    pub tax: Option<String>,
    /// What it costs.
    pub total: String,
    /// How and whether it was paid.
    pub payment: String,
    /// Whether the courier collects the money.
    pub cash_on_delivery: bool,
    /// Recipient and address on one line.
    pub ship_to: Option<String>,
    /// Kind of delivery.
    pub shipping_method: Option<String>,
    /// The promised day: "venerdì 27 novembre".
    pub promised_on: Option<String>,
    /// End of the withdrawal period, "giovedì 10 dicembre", once the last parcel has arrived (CONS-04).
    pub withdrawal_until: Option<String>,
}

/// The cart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CartContext {
    /// What is in it.
    pub lines: Vec<LineContext>,
    /// What it would cost.
    pub total: Option<String>,
    /// Where to go on, where that is known.
    pub url: Option<String>,
    /// The first item's name.
    pub first_title: String,
    /// How many more kinds of item there are.
    pub more: usize,
}

pub(super) fn order_context(
    input: &ContextInput<'_>,
    order: &Order,
    zone: &TimeZone,
    money: &dyn Fn(Money) -> String,
    line: &dyn Fn(&OrderLine) -> LineContext,
    personal: impl Fn(String) -> String,
) -> OrderContext {
    let (locale, told) = (input.locale, &order.snapshot);
    let placed = told.placed_at.to_zoned(zone.clone());
    let lines: Vec<LineContext> = told.lines.iter().map(line).collect();
    let link = input.links.order.clone();
    let link = if input.message.send.purpose == Purpose::Care {
        link.map(personal)
    } else {
        link
    };
    let last_arrival = order
        .delivered_at
        .map(|at| at.to_zoned(zone.clone()).date());
    let until = last_arrival.map(dopo_core::italy::calendar::withdrawal_deadline);
    OrderContext {
        number: clean_line(&told.number),
        url: link.unwrap_or_else(|| input.links.preferences.clone()),
        placed_on: format::date_full(placed.date(), locale),
        placed_at: format::time_after(Preposition::At, placed.time(), locale),
        first_title: lines.first().map(|l| l.title.clone()).unwrap_or_default(),
        more: lines.len().saturating_sub(1),
        lines,
        subtotal: told.subtotal.map(money),
        discount: told.discount.filter(|d| d.cents != 0).map(|d| {
            money(Money {
                cents: -d.cents.abs(),
                ..d
            })
        }),
        shipping: told.shipping.map(|s| match s.cents {
            0 => locale.pick("gratuita", "free").to_owned(),
            _ => money(s),
        }),
        tax: told.tax.map(money),
        total: money(told.total),
        payment: payment_words(
            told.payment,
            told.cash_on_delivery,
            told.payment_method.as_deref(),
            locale,
        ),
        cash_on_delivery: told.cash_on_delivery,
        ship_to: told
            .ship_to
            .as_ref()
            .map(|to| address_line(to, locale))
            .filter(|a| !a.is_empty()),
        shipping_method: told
            .shipping_method
            .as_deref()
            .map(title)
            .filter(|m| !m.is_empty()),
        promised_on: told
            .promised_on
            .map(|day| format::date_with_weekday(day, locale)),
        withdrawal_until: until.map(|day| format::date_with_weekday(day, locale)),
    }
}

fn payment_words(
    state: PaymentState,
    on_delivery: bool,
    method: Option<&str>,
    locale: Locale,
) -> String {
    let method = method.map(title).filter(|m| !m.is_empty());
    if on_delivery {
        return locale
            .pick(
                "in contanti o con carta, alla consegna",
                "to the courier, on delivery",
            )
            .to_owned();
    }
    let state = match state {
        PaymentState::Paid => locale.pick("pagato", "paid"),
        PaymentState::Authorized => locale.pick("autorizzato", "authorised"),
        PaymentState::Pending => locale.pick("in attesa di pagamento", "payment pending"),
        PaymentState::PartiallyRefunded => locale.pick("rimborsato in parte", "partly refunded"),
        PaymentState::Refunded => locale.pick("rimborsato", "refunded"),
        PaymentState::Voided => locale.pick("annullato", "cancelled"),
    };
    method.map_or_else(|| state.to_owned(), |method| format!("{method} ({state})"))
}

fn address_line(to: &PostalAddress, locale: Locale) -> String {
    let text = |t: &Option<String>| t.clone().unwrap_or_default();
    let line = dopo_core::italy::address::Address {
        detail: text(&to.extra),
        street: text(&to.street),
        postcode: text(&to.postal_code),
        town: text(&to.city),
        province: text(&to.province),
        country: text(&to.country),
        ..Default::default()
    }
    .one_line(locale);
    let name = to.name.as_deref().map(clean_line).unwrap_or_default();
    let company = to.company.as_deref().map(clean_line).unwrap_or_default();
    [name, company, line]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}
