//! What a template may say: typed, formatted for people, and stored with the message so that it can be shown again.
//!
//! Everything that came from outside is cleaned here (no line breaks, invisible or direction characters; links only
//! over HTTP). What promotes is only put in where the gate allows it (PRIV-08): a template cannot show what is not here.

use super::colour::accessible_accent;
use dopo_core::advance::Shop;
use dopo_core::cart::Cart;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::coupon::Coupon;
use dopo_core::customer::Customer;
use dopo_core::gate::{Basis, Grant};
use dopo_core::italy::format::{self, Preposition, amount, amount_plain};
use dopo_core::italy::names::PersonName;
use dopo_core::italy::phone::Phone;
use dopo_core::italy::{Locale, clean_line};
use dopo_core::message::Message;
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine, PaymentState, PostalAddress};
use dopo_core::parcel::Parcel;
use dopo_core::product::Product;
use dopo_core::shop::{Register, TrackingMode};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Products shown in one message.
pub const PRODUCTS_SHOWN_MAX: usize = 3;
/// Longest title of a product as shown, in characters.
pub const TITLE_CHARS_MAX: usize = 160;
/// Longest link that is put into a message, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;

/// Phones of shops whose form for people is remembered.
const PHONES_KNOWN_MAX: usize = 4_096;

/// Where a message's links lead.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Links {
    /// The order page.
    pub order: Option<String>,
    /// The preference centre.
    pub preferences: String,
    /// Unsubscribe, on everything but `legal` and `service`.
    pub unsubscribe: Option<String>,
    /// "Stop measuring, keep the e-mails".
    pub stop_measuring: Option<String>,
    /// "Remind me tomorrow", on messages that carry an offer.
    pub reminder: Option<String>,
    /// The measuring image, where the gate allows one.
    pub pixel: Option<String>,
    /// The image that counts down to the offer's end.
    pub countdown: Option<String>,
}

/// What a message's words are made from.
pub struct ContextInput<'a> {
    /// Whose shop.
    pub shop: &'a Shop,
    /// The message.
    pub message: &'a Message,
    /// To whom.
    pub customer: &'a Customer,
    /// About which order.
    pub order: Option<&'a Order>,
    /// About which cart.
    pub cart: Option<&'a Cart>,
    /// The gate's yes of this moment.
    pub grant: &'a Grant,
    /// Products to recommend, and those of the order where their guides are known.
    pub products: &'a [Product],
    /// Where the links lead.
    pub links: &'a Links,
    /// Puts click measuring around a link.
    pub wrap: &'a dyn Fn(&str) -> String,
    /// Language of the template.
    pub locale: Locale,
    /// The moment of sending.
    pub now: Timestamp,
}

/// Everything a template can read. Amounts, dates and hours are words already.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct MessageContext {
    /// `it` or `en`.
    pub locale: String,
    /// `tu` or `lei`.
    pub register: String,
    /// "Ciao Chiara," · "Gentile Chiara Rossi,".
    pub greeting: String,
    /// Purpose of the message.
    pub purpose: String,
    /// Whether promotional blocks may be shown (PRIV-08).
    pub promo: bool,
    /// Whether the message as a whole is a commercial one (PRIV-24).
    pub commercial: bool,
    /// `off`, `aggregate` or `identified`: how opens and clicks of this message are measured.
    pub measuring: String,
    /// Why the person gets this, in a sentence.
    pub why: String,
    /// The shop.
    pub shop: ShopContext,
    /// Who sells.
    pub seller: SellerContext,
    /// The order.
    pub order: Option<OrderContext>,
    /// The parcel.
    pub parcel: Option<ParcelContext>,
    /// The cart.
    pub cart: Option<CartContext>,
    /// The offer; only where promotion is allowed.
    pub coupon: Option<CouponContext>,
    /// Recommended products; only where promotion is allowed.
    pub products: Vec<ProductContext>,
    /// Links.
    pub links: Links,
    /// JSON-LD of a service mail; empty on everything else (MAIL-09).
    pub json_ld: String,
}

/// The shop as customers know it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShopContext {
    /// Name.
    pub name: String,
    /// Shop front.
    pub url: Option<String>,
    /// Logo.
    pub logo_url: Option<String>,
    /// Terms of sale.
    pub terms_url: Option<String>,
    /// Privacy notice.
    pub privacy_url: Option<String>,
    /// Accent on light surfaces.
    pub accent: String,
    /// Accent on dark surfaces.
    pub accent_dark: String,
}

/// Who sells (CONS-18).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SellerContext {
    /// Registered name.
    pub legal_name: String,
    /// Postal address.
    pub address: String,
    /// E-mail.
    pub email: String,
    /// Phone, for people; empty when there is none.
    pub phone: String,
    /// Phone, for a link; empty when there is none.
    pub phone_uri: String,
    /// VAT number.
    pub vat_number: String,
    /// Business register.
    pub rea: String,
    /// Paid-in capital, for companies.
    pub share_capital: Option<String>,
    /// The dispute body, or that there is none (CONS-17).
    pub adr: Option<String>,
}

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

/// The parcel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ParcelContext {
    /// Carrier.
    pub carrier: Option<String>,
    /// Shipment number.
    pub number: Option<String>,
    /// The carrier's page.
    pub url: Option<String>,
    /// Expected day with its relation to today: "domani (lunedì 23 novembre)".
    pub expected: Option<String>,
    /// What is inside; all of the order when the shop does not say.
    pub lines: Vec<LineContext>,
    /// Its number, from 1, when the order travels in several parcels.
    pub position: Option<u16>,
    /// Of how many.
    pub of: usize,
    /// When it arrived: "venerdì 20 novembre alle 11:42".
    pub delivered: Option<String>,
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

/// The offer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CouponContext {
    /// The code to type.
    pub code: String,
    /// "15%".
    pub percent: String,
    /// Its true end: "venerdì 27 novembre alle 18:30".
    pub expires: String,
    /// The same, short, for SMS, after "fino" or "until": "al 27/11 ore 18:30", "all'8/12 ore 9:00".
    pub until_short: String,
    /// Where to use it, where the shop front is known.
    pub url: Option<String>,
}

/// A recommended product.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductContext {
    /// Name.
    pub title: String,
    /// Price.
    pub price: Option<String>,
    /// Product page.
    pub url: String,
    /// Picture.
    pub image_url: Option<String>,
}

/// Whether a purpose is commercial as a whole.
pub(crate) fn is_commercial(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::MarketingSimilar | Purpose::Marketing | Purpose::ThirdParty
    )
}

/// What stands in the fields of a message's template.
pub fn context(input: &ContextInput<'_>) -> MessageContext {
    let settings = &input.shop.settings;
    let (locale, purpose) = (input.locale, input.message.send.purpose);
    let zone = zone(input);
    let commercial = is_commercial(purpose);
    let promo = input.grant.promo_blocks || commercial;
    let sms = input.message.channel() == Channel::Sms;
    let money = |money: Money| {
        if sms {
            amount_plain(money, locale)
        } else {
            amount(money, locale)
        }
    };
    let accent = accessible_accent(settings.accent.as_deref());
    let url = |url: &Option<String>| url.as_deref().and_then(safe_url);
    let measured = |url: String| {
        if matches!(purpose, Purpose::Legal | Purpose::Service) {
            url
        } else {
            (input.wrap)(&url)
        }
    };
    // A personal link in an aggregate one would tell the clicks of people apart (PRIV-10).
    let personal = |url: String| match input.grant.tracking_click {
        TrackingMode::Identified => measured(url),
        TrackingMode::Off | TrackingMode::Aggregate => url,
    };
    let storefront = url(&settings.storefront_url);
    let guide = |line: &OrderLine| -> Option<String> {
        let id = line.product_id.as_deref()?;
        let product = input.products.iter().find(|p| p.external_id == id)?;
        Some(measured(product.guide_url.as_deref().and_then(safe_url)?))
    };
    let line = |line: &OrderLine| LineContext {
        title: title(&line.title),
        variant: line.variant.as_deref().map(title).filter(|v| !v.is_empty()),
        quantity: line.quantity,
        unit_price: money(line.unit_price),
        total: money(
            line.unit_price
                .checked_mul(i64::from(line.quantity))
                .unwrap_or(line.unit_price),
        ),
        sku: line.sku.as_deref().map(title).filter(|v| !v.is_empty()),
        image_url: line.image_url.as_deref().and_then(safe_url),
        guide_url: guide(line),
    };
    let name = PersonName::new(
        input.customer.first_name.as_deref(),
        input.customer.last_name.as_deref(),
    );
    let order = input
        .order
        .map(|order| order_context(input, order, &zone, &money, &line, personal));
    let parcel = input
        .order
        .and_then(|order| parcel_context(input, order, &zone, &line));
    let cart = input.cart.map(|cart| {
        let lines: Vec<LineContext> = cart.snapshot.lines.iter().map(&line).collect();
        let on = cart
            .snapshot
            .url
            .as_deref()
            .and_then(safe_url)
            .map(&personal);
        CartContext {
            first_title: lines.first().map(|l| l.title.clone()).unwrap_or_default(),
            more: lines.len().saturating_sub(1),
            lines,
            total: cart.snapshot.total.map(&money),
            url: on.or_else(|| storefront.clone()),
        }
    });
    let home = storefront.clone().map(measured);
    let coupon = input.message.send.coupon.as_ref().filter(|_| promo);
    let recommended = input.products.iter().filter(|p| {
        let bought = |line: &OrderLine| line.product_id.as_deref() == Some(&p.external_id);
        p.available
            && p.url.is_some()
            && !input
                .order
                .is_some_and(|o| o.snapshot.lines.iter().any(bought))
    });
    let products = recommended
        .filter_map(|p| {
            Some(ProductContext {
                title: title(&p.title),
                price: p.price.map(&money),
                url: measured(p.url.as_deref().and_then(safe_url)?),
                image_url: p.image_url.as_deref().and_then(safe_url),
            })
        })
        .take(if promo { PRODUCTS_SHOWN_MAX } else { 0 })
        .collect();
    let json_ld = match (purpose, input.order) {
        (Purpose::Legal | Purpose::Service, Some(order)) if !sms => structured(input, order, &zone),
        _ => String::new(),
    };
    let mut links = input.links.clone();
    if !promo {
        (links.reminder, links.countdown) = (None, None);
    }
    MessageContext {
        locale: locale.tag().to_owned(),
        register: match settings.register {
            Register::Tu => "tu",
            Register::Lei => "lei",
        }
        .to_owned(),
        greeting: name.greeting(
            match settings.register {
                Register::Tu => dopo_core::italy::Register::Tu,
                Register::Lei => dopo_core::italy::Register::Lei,
            },
            locale,
        ),
        purpose: purpose.as_str().to_owned(),
        promo,
        commercial,
        measuring: match (input.grant.tracking_open, input.grant.tracking_click) {
            (TrackingMode::Identified, _) | (_, TrackingMode::Identified) => "identified",
            (TrackingMode::Aggregate, _) | (_, TrackingMode::Aggregate) => "aggregate",
            (TrackingMode::Off, TrackingMode::Off) => "off",
        }
        .to_owned(),
        why: why_words(
            input.grant.basis,
            purpose,
            settings.register,
            locale,
            &clean_line(&settings.name),
        ),
        shop: ShopContext {
            name: clean_line(&settings.name),
            url: storefront.map(|url| if commercial { measured(url) } else { url }),
            logo_url: url(&settings.logo_url),
            terms_url: url(&settings.terms_url),
            privacy_url: url(&settings.privacy_url),
            accent: accent.light,
            accent_dark: accent.dark,
        },
        seller: seller_context(input),
        order,
        parcel,
        cart,
        coupon: coupon.map(|coupon| coupon_context(coupon, &zone, locale, home)),
        products,
        links,
        json_ld,
    }
}

fn zone(input: &ContextInput<'_>) -> TimeZone {
    dopo_core::gate::person_zone(&input.shop.settings, input.customer)
}

/// A name as shown: one line, no invisible characters, at most [`TITLE_CHARS_MAX`].
fn title(text: &str) -> String {
    let line = clean_line(text);
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}

/// A link that may stand in a message: HTTP only, no spaces or controls, of sensible length.
pub(crate) fn safe_url(url: &str) -> Option<String> {
    let url = url.trim();
    let web = url.starts_with("https://") || url.starts_with("http://");
    let clean = !url.chars().any(|c| {
        c.is_whitespace() || dopo_core::italy::is_invisible(c) || "<>\"'`\\{}".contains(c)
    });
    (web && clean && url.len() <= URL_BYTES_MAX).then(|| url.to_owned())
}

fn seller_context(input: &ContextInput<'_>) -> SellerContext {
    let settings = &input.shop.settings;
    let seller = &settings.seller;
    // A shop in trial may not have said yet; going live is refused without (CONS-18).
    let or = |text: &str, instead: &str| match clean_line(text) {
        text if text.is_empty() => clean_line(instead),
        text => text,
    };
    let (phone, phone_uri) = phone_words(&seller.phone);
    let some = |text: &Option<String>| text.as_deref().map(clean_line).filter(|t| !t.is_empty());
    SellerContext {
        legal_name: or(&seller.legal_name, &settings.name),
        address: clean_line(&seller.address),
        email: or(
            &seller.email,
            settings.reply_to.as_ref().unwrap_or(&settings.from_email),
        ),
        phone,
        phone_uri,
        vat_number: clean_line(&seller.vat_number),
        rea: clean_line(&seller.rea),
        share_capital: some(&seller.share_capital),
        adr: some(&seller.adr),
    }
}

/// A shop's phone for people and for a link; the same few numbers are asked for with every mail.
fn phone_words(text: &str) -> (String, String) {
    static KNOWN: OnceLock<Mutex<HashMap<String, (String, String)>>> = OnceLock::new();
    let mut known = KNOWN
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(words) = known.get(text) {
        return words.clone();
    }
    let words = match Phone::parse(text) {
        Ok(phone) => (phone.display(), phone.tel_uri()),
        Err(_) => (clean_line(text), String::new()),
    };
    if known.len() >= PHONES_KNOWN_MAX {
        known.clear();
    }
    known.insert(text.to_owned(), words.clone());
    words
}

fn order_context(
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

fn the_parcel<'a>(input: &ContextInput<'_>, order: &'a Order) -> Option<&'a Parcel> {
    let seq = input.message.parcel?;
    order.tracked.iter().find(|p| p.seq == seq)
}

fn parcel_context(
    input: &ContextInput<'_>,
    order: &Order,
    zone: &TimeZone,
    line: &dyn Fn(&OrderLine) -> LineContext,
) -> Option<ParcelContext> {
    let parcel = the_parcel(input, order)?;
    let told = &parcel.snapshot;
    let today = input.now.to_zoned(zone.clone()).date();
    let counting: Vec<u16> = order
        .tracked
        .iter()
        .filter(|p| !p.snapshot.cancelled)
        .map(|p| p.seq)
        .collect();
    let position = counting
        .iter()
        .position(|seq| *seq == parcel.seq)
        .filter(|_| counting.len() > 1);
    let inside = |l: &&OrderLine| told.lines.is_empty() || told.lines.contains(&l.id);
    Some(ParcelContext {
        carrier: told.carrier.as_deref().map(title).filter(|c| !c.is_empty()),
        number: told.number.as_deref().map(title).filter(|n| !n.is_empty()),
        url: told.url.as_deref().and_then(safe_url),
        expected: expected_on(parcel, order)
            .filter(|day| *day >= today)
            .map(|day| format::relative_day(day, today, input.locale)),
        lines: order
            .snapshot
            .lines
            .iter()
            .filter(inside)
            .map(line)
            .collect(),
        position: position.map(|p| p as u16 + 1),
        of: counting.len(),
        delivered: parcel
            .delivered_at
            .map(|at| moment(&at.to_zoned(zone.clone()), input.locale)),
    })
}

fn expected_on(parcel: &Parcel, order: &Order) -> Option<Date> {
    parcel.snapshot.expected_on.or(order.snapshot.promised_on)
}

/// "venerdì 27 novembre alle 18:30".
fn moment(at: &Zoned, locale: Locale) -> String {
    format!(
        "{} {}",
        format::date_with_weekday(at.date(), locale),
        format::time_after(Preposition::At, at.time(), locale)
    )
}

fn coupon_context(
    coupon: &Coupon,
    zone: &TimeZone,
    locale: Locale,
    url: Option<String>,
) -> CouponContext {
    let end = coupon.expires_at.to_zoned(zone.clone());
    CouponContext {
        code: clean_line(&coupon.code),
        percent: format::percent(i64::from(coupon.percent) * 100, locale),
        expires: moment(&end, locale),
        until_short: format!(
            "{}{}/{:02} {} {}",
            match (locale, end.day()) {
                (Locale::En, _) => "",
                (Locale::It, 8 | 11) => "all'",
                (Locale::It, _) => "al ",
            },
            end.day(),
            end.month(),
            locale.pick("ore", "at"),
            format::time(end.time())
        ),
        url,
    }
}

/// Why somebody gets a message, in a sentence for its foot (PRIV-24).
pub fn why_words(
    basis: Basis,
    purpose: Purpose,
    register: Register,
    locale: Locale,
    shop: &str,
) -> String {
    let lei = register == Register::Lei;
    let it = |tu: &str, formal: &str| {
        if lei {
            formal.to_owned()
        } else {
            tu.to_owned()
        }
    };
    match locale {
        Locale::It => match (purpose, basis) {
            (Purpose::Legal | Purpose::Service, _) => it(
                &format!("Ricevi questa e-mail perché riguarda un tuo ordine da {shop}."),
                &format!("Riceve questa e-mail perché riguarda un Suo ordine da {shop}."),
            ),
            (Purpose::Cart, Basis::Consent) | (_, Basis::Consent) => it(
                &format!(
                    "Ricevi questa e-mail perché hai accettato di ricevere le comunicazioni di {shop}."
                ),
                &format!(
                    "Riceve questa e-mail perché ha accettato di ricevere le comunicazioni di {shop}."
                ),
            ),
            (Purpose::Cart, _) => it(
                &format!(
                    "Ricevi questo unico promemoria perché non hai concluso un acquisto da {shop}."
                ),
                &format!(
                    "Riceve questo unico promemoria perché non ha concluso un acquisto da {shop}."
                ),
            ),
            (_, Basis::SoftSpam) => it(
                &format!(
                    "Ricevi questa e-mail perché hai acquistato da {shop} e ti segnaliamo articoli simili. Puoi opporti quando vuoi, senza spese."
                ),
                &format!(
                    "Riceve questa e-mail perché ha acquistato da {shop} e Le segnaliamo articoli simili. Può opporsi quando vuole, senza spese."
                ),
            ),
            _ => it(
                &format!("Ricevi questa e-mail perché hai acquistato da {shop}."),
                &format!("Riceve questa e-mail perché ha acquistato da {shop}."),
            ),
        },
        Locale::En => match (purpose, basis) {
            (Purpose::Legal | Purpose::Service, _) => {
                format!("You get this e-mail because it is about your order from {shop}.")
            }
            (_, Basis::Consent) => {
                format!("You get this e-mail because you agreed to hear from {shop}.")
            }
            (Purpose::Cart, _) => format!(
                "You get this one reminder because you left a purchase at {shop} unfinished."
            ),
            (_, Basis::SoftSpam) => format!(
                "You get this e-mail because you bought from {shop} and we point out similar items. You can object at any time, free of charge."
            ),
            _ => format!("You get this e-mail because you bought from {shop}."),
        },
    }
}

/// JSON-LD: `Order` for receipts, `ParcelDelivery` for parcels (MAIL-09).
fn structured(input: &ContextInput<'_>, order: &Order, zone: &TimeZone) -> String {
    let settings = &input.shop.settings;
    let told = &order.snapshot;
    let merchant =
        serde_json::json!({ "@type": "Organization", "name": clean_line(&settings.name) });
    let status = |state: &str| format!("https://schema.org/{state}");
    let to = told.ship_to.as_ref().map(|to| {
        let text = |t: &Option<String>| t.as_deref().map(clean_line).unwrap_or_default();
        serde_json::json!({
            "@type": "PostalAddress",
            "name": text(&to.name),
            "streetAddress": text(&to.street),
            "postalCode": text(&to.postal_code),
            "addressLocality": text(&to.city),
            "addressRegion": text(&to.province),
            "addressCountry": to.country.as_deref().map(clean_line).filter(|c| !c.is_empty()).unwrap_or_else(|| "IT".into()),
        })
    });
    let Some(parcel) = the_parcel(input, order) else {
        let offers: Vec<serde_json::Value> = told
            .lines
            .iter()
            .take(20)
            .map(|l| {
                serde_json::json!({
                    "@type": "Offer",
                    "itemOffered": { "@type": "Product", "name": title(&l.title) },
                    "price": l.unit_price.to_decimal(),
                    "priceCurrency": l.unit_price.currency.code(),
                    "eligibleQuantity": { "@type": "QuantitativeValue", "value": l.quantity },
                })
            })
            .collect();
        return serde_json::json!({
            "@context": "https://schema.org",
            "@type": "Order",
            "merchant": merchant,
            "orderNumber": clean_line(&told.number),
            "orderDate": told.placed_at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "orderStatus": status("OrderProcessing"),
            "price": told.total.to_decimal(),
            "priceCurrency": told.total.currency.code(),
            "url": input.links.order,
            "acceptedOffer": offers,
        })
        .to_string();
    };
    let (Some(carrier), Some(to)) = (parcel.snapshot.carrier.as_deref(), to) else {
        // Without carrier and address mail programs refuse the whole block.
        return String::new();
    };
    let inside =
        |l: &&OrderLine| parcel.snapshot.lines.is_empty() || parcel.snapshot.lines.contains(&l.id);
    let items: Vec<serde_json::Value> = told
        .lines
        .iter()
        .filter(inside)
        .take(20)
        .map(|l| serde_json::json!({ "@type": "Product", "name": title(&l.title) }))
        .collect();
    let mut block = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "ParcelDelivery",
        "carrier": { "@type": "Organization", "name": title(carrier) },
        "deliveryAddress": to,
        "itemShipped": items,
        "partOfOrder": {
            "@type": "Order",
            "orderNumber": clean_line(&told.number),
            "merchant": merchant,
            "orderStatus": status(if parcel.state.is_possession() { "OrderDelivered" } else { "OrderInTransit" }),
        },
    });
    if let Some(number) = parcel.snapshot.number.as_deref() {
        block["trackingNumber"] = title(number).into();
    }
    if let Some(url) = parcel
        .snapshot
        .url
        .as_deref()
        .and_then(safe_url)
        .or_else(|| input.links.order.clone())
    {
        block["trackingUrl"] = url.into();
    }
    if let Some(end) =
        expected_on(parcel, order).and_then(|day| day.at(20, 0, 0, 0).to_zoned(zone.clone()).ok())
    {
        block["expectedArrivalUntil"] = end.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into();
    }
    block.to_string()
}
