//! What a template may say: typed, formatted for people, and stored with the message so that it can be shown again.
//!
//! Everything that came from outside is cleaned here (no line breaks, invisible or direction characters; links only
//! over HTTP). What promotes is only put in where the gate allows it (PRIV-08): a template cannot show what is not here.

mod offer;
mod order;
mod parcel;
mod shop;
mod structured;

pub use offer::{CouponContext, ProductContext};
pub use order::{CartContext, LineContext, OrderContext};
pub use parcel::{DelayContext, HoldContext, ParcelContext, PickupContext, ProblemContext};
pub use shop::{SellerContext, ShopContext, why_words};

use self::offer::coupon_context;
use self::order::order_context;
use self::parcel::{parcel_context, problem_context};
use self::shop::seller_context;
use self::structured::structured;
use super::colour::accessible_accent;
use dopo_core::advance::Shop;
use dopo_core::cart::Cart;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::customer::Customer;
use dopo_core::gate::Grant;
use dopo_core::italy::format::{self, Preposition, amount, amount_plain};
use dopo_core::italy::names::PersonName;
use dopo_core::italy::{Locale, clean_line};
use dopo_core::message::Message;
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine};
use dopo_core::product::Product;
use dopo_core::shop::{Register, TrackingMode};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// Products shown in one message.
pub const PRODUCTS_SHOWN_MAX: usize = 3;
/// Longest title of a product as shown, in characters.
pub const TITLE_CHARS_MAX: usize = 160;
/// Longest link that is put into a message, in bytes.
pub const URL_BYTES_MAX: usize = 2_000;

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
    /// What the person reported last about the order.
    #[serde(default)]
    pub problem: Option<ProblemContext>,
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
        .and_then(|order| parcel_context(input, order, &zone, &money, &line));
    let problem = input.order.and_then(|order| problem_context(order, locale));
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
        problem,
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

/// "venerdì 27 novembre alle 18:30".
fn moment(at: &Zoned, locale: Locale) -> String {
    format!(
        "{} {}",
        format::date_with_weekday(at.date(), locale),
        format::time_after(Preposition::At, at.time(), locale)
    )
}
