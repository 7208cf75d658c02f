//! WooCommerce's webhooks to events. Pure: the same body is always the same events.

use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::Event;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{ORDER_LINES_MAX, OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use dopo_core::parcel::{PARCELS_MAX, ParcelSnapshot};
use dopo_core::product::Product;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::wire;
use crate::tidy;
use crate::translation::{Notes, Setting, Text, Translation, read};

/// Order meta by which a shop says which version of the soft-spam notice was shown and not refused (PRIV-06).
pub const SOFT_SPAM_NOTICE_KEY: &str = "dopo_soft_spam_notice";
/// Order meta by which a shop says which text the person agreed to at the checkout, for marketing by e-mail: the
/// version of the text, for instance `checkout-2026-03`. Missing, empty, `no` and `0` mean that the box stayed empty,
/// which is not a refusal.
pub const MARKETING_CONSENT_KEY: &str = "dopo_marketing_consent";
/// Order meta in which Shipment Tracking and Advanced Shipment Tracking keep tracking numbers.
pub const TRACKING_ITEMS_KEY: &str = "_wc_shipment_tracking_items";

/// Whether a body is WooCommerce's ping, sent unsigned when a webhook is saved: answer 200 and store nothing.
pub fn is_ping(body: &[u8]) -> bool {
    body.trim_ascii()
        .strip_prefix(b"webhook_id=")
        .is_some_and(|id| !id.is_empty() && id.len() <= 20 && id.iter().all(u8::is_ascii_digit))
}

/// Turns the body of one webhook into events.
///
/// Every topic either gives events, or the note says why it needs none. An unknown topic is noted and not a failure; a
/// body that cannot be understood is a failure, and the note says where it stops making sense.
pub fn translate(topic: &str, body: &[u8], setting: &Setting<'_>) -> Translation {
    if is_ping(body) {
        return Translation::nothing(
            "WooCommerce's ping when the webhook was saved; there is nothing in it",
        );
    }
    let topic = topic.trim().to_ascii_lowercase();
    let result = match topic.as_str() {
        "order.created" | "order.updated" | "order.restored" => {
            read(body).and_then(|o| order(o, setting))
        }
        "order.deleted" => read(body).map(|o: wire::Named| {
            one(setting.received_at, Event::OrderCancelled { order: o.id.0 })
        }),
        "customer.created" | "customer.updated" => read(body).and_then(|c| customer(c, setting)),
        "product.created" | "product.updated" | "product.restored" => {
            read(body).and_then(|p| product(p, setting))
        }
        "product.deleted" => read(body).map(|p: wire::Named| {
            one(
                setting.received_at,
                Event::ProductRemoved { product: p.id.0 },
            )
        }),
        "customer.deleted" => Err(Translation::nothing(
            "the account was deleted at the shop, its orders remain; a request to be forgotten is made with `dopo forget customer`",
        )),
        _ => Err(Translation::nothing(
            match topic.split('.').next().unwrap_or_default() {
                "coupon" => {
                    "coupons of the shop are not taken over; the codes used stand on the orders"
                }
                "action" => "custom actions of WordPress carry nothing that Dopo knows",
                _ => {
                    "Dopo does not know this topic; if it matters, its body is kept for 7 days and can be replayed after an update"
                }
            },
        )),
    };
    result.unwrap_or_else(|nothing| nothing)
}

fn one(at: Timestamp, event: Event) -> Translation {
    Translation::of(vec![(at, event)], Notes::default())
}

fn str_of(text: &Option<Text>) -> Option<&str> {
    text.as_ref().map(|t| t.0.as_str())
}

fn word(text: &Option<Text>) -> Option<String> {
    str_of(text)
        .map(|t| t.trim().to_ascii_lowercase())
        .filter(|t| !t.is_empty())
}

/// A title, with the entities that WordPress writes put back.
fn title(text: Option<&str>) -> Option<String> {
    tidy::text(&tidy::unescape_html(text?))
}

/// A `*_gmt` date: without a zone, and UTC. Empty and null mean that there is none.
fn gmt(text: &Option<Text>) -> Result<Option<Timestamp>, String> {
    let Some(text) = str_of(text).map(str::trim).filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    text.parse::<DateTime>()
        .and_then(|d| d.to_zoned(TimeZone::UTC))
        .map(|z| Some(z.timestamp()))
        .map_err(|_| "a date is not readable; expected one like 2026-11-22T10:00:00".to_owned())
}

fn postal(address: &wire::Address) -> Option<PostalAddress> {
    let name = [&address.first_name, &address.last_name];
    let name: Vec<&str> = name.into_iter().filter_map(|n| str_of(n)).collect();
    let own = |t: &Option<Text>| str_of(t).map(ToOwned::to_owned);
    let mut postal = PostalAddress {
        name: Some(name.join(" ")),
        company: own(&address.company),
        street: own(&address.address_1),
        extra: own(&address.address_2),
        postal_code: own(&address.postcode),
        city: own(&address.city),
        province: own(&address.state),
        country: own(&address.country),
    };
    tidy::address(&mut postal);
    (postal.street.is_some() || postal.city.is_some()).then_some(postal)
}

fn person(
    shop_customer_id: Option<&str>,
    own: [Option<&str>; 3],
    billing: &wire::Address,
    shipping: &wire::Address,
    notes: &mut Notes,
) -> PersonDetails {
    let [email, first, last] = own;
    let postal = postal(shipping).or_else(|| postal(billing));
    let country = postal
        .as_ref()
        .and_then(|p| p.country.clone())
        .or_else(|| tidy::country(str_of(&billing.country)));
    let filled = |t: &&str| !t.trim().is_empty();
    let email = [email, str_of(&billing.email)]
        .into_iter()
        .flatten()
        .find(filled);
    let phone = [str_of(&billing.phone), str_of(&shipping.phone)]
        .into_iter()
        .flatten()
        .find(filled);
    let of_billing = tidy::country(str_of(&billing.country)).or_else(|| country.clone());
    let name = |own: Option<&str>, billing: &Option<Text>, shipping: &Option<Text>| {
        [own, str_of(billing), str_of(shipping)]
            .into_iter()
            .find_map(title)
    };
    PersonDetails {
        who: PersonRef {
            email: tidy::email(email, notes),
            phone: tidy::phone(phone, of_billing.as_deref(), notes),
            // 0 is how WooCommerce writes a guest.
            shop_customer_id: shop_customer_id
                .filter(|id| *id != "0")
                .map(ToOwned::to_owned),
        },
        first_name: name(first, &billing.first_name, &shipping.first_name),
        last_name: name(last, &billing.last_name, &shipping.last_name),
        locale: None,
        province: postal.and_then(|p| p.province),
        country,
        time_zone: None,
    }
}

/// What a status of WooCommerce says about money and goods. Statuses of plugins say nothing that we know.
struct Status {
    payment: PaymentState,
    cancelled: bool,
    fulfilled: bool,
    known: bool,
}

fn status(name: &str, paid: bool, cash_on_delivery: bool) -> Status {
    let by_date = if paid {
        PaymentState::Paid
    } else {
        PaymentState::Pending
    };
    let (payment, cancelled, fulfilled, known) = match name.strip_prefix("wc-").unwrap_or(name) {
        "pending" | "on-hold" | "auto-draft" => (by_date, false, false, true),
        // Cash on delivery is processed before anybody has paid.
        "processing" if cash_on_delivery && !paid => (PaymentState::Pending, false, false, true),
        "processing" => (PaymentState::Paid, false, false, true),
        "completed" => (PaymentState::Paid, false, true, true),
        "cancelled" if paid => (PaymentState::Paid, true, false, true),
        "cancelled" => (PaymentState::Voided, true, false, true),
        "refunded" => (PaymentState::Refunded, false, false, true),
        "failed" => (PaymentState::Voided, false, false, true),
        "trash" => (by_date, true, false, true),
        _ => (by_date, false, false, false),
    };
    Status {
        payment,
        cancelled,
        fulfilled,
        known,
    }
}

/// The parts of an order from which payment and fulfilment follow, for readers that have no JSON.
pub(crate) struct OrderFacts {
    pub(crate) payment: PaymentState,
    pub(crate) cancelled: bool,
    pub(crate) fulfilled: bool,
    pub(crate) cash_on_delivery: bool,
    pub(crate) known_status: bool,
}

impl OrderFacts {
    /// Payment and fulfilment from a status, whether a payment date is known, and the payment method.
    pub(crate) fn of(status_name: &str, paid: bool, method: &[&str]) -> Self {
        let cash_on_delivery = method.iter().any(|m| tidy::is_cash_on_delivery(m));
        let told = status(
            &status_name.trim().to_ascii_lowercase().replace(' ', "-"),
            paid,
            cash_on_delivery,
        );
        OrderFacts {
            payment: told.payment,
            cancelled: told.cancelled,
            fulfilled: told.fulfilled,
            cash_on_delivery,
            known_status: told.known,
        }
    }
}

fn meta<'m>(data: &'m [wire::Meta], key: &str) -> Option<&'m serde_json::Value> {
    data.iter()
        .find(|m| str_of(&m.key) == Some(key))
        .map(|m| &m.value)
}

fn meta_text(data: &[wire::Meta], key: &str) -> Option<String> {
    match meta(data, key)? {
        serde_json::Value::String(text) => tidy::text(text),
        serde_json::Value::Number(number) => tidy::text(&number.to_string()),
        _ => None,
    }
}

/// The version of the text that was agreed to, or nothing for an empty box.
fn agreed_text(data: &[wire::Meta]) -> Option<String> {
    meta_text(data, MARKETING_CONSENT_KEY)
        .filter(|v| !matches!(v.to_ascii_lowercase().as_str(), "no" | "0" | "false"))
}

/// A list that PHP may have written as an object.
fn values(value: &serde_json::Value) -> Vec<&serde_json::Value> {
    match value {
        serde_json::Value::Array(list) => list.iter().collect(),
        serde_json::Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// A shipping date as the tracking plugins write it: seconds, or a date.
fn shipped_at(text: &Option<Text>) -> Option<Timestamp> {
    let text = str_of(text)?.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn tracked(data: &[wire::Meta], notes: &mut Notes) -> Vec<ParcelSnapshot> {
    use serde::Deserialize as _;
    let Some(items) = meta(data, TRACKING_ITEMS_KEY) else {
        return Vec::new();
    };
    let mut parcels = Vec::new();
    for item in values(items) {
        let Ok(item) = wire::TrackingItem::deserialize(item) else {
            notes.add("a tracking entry of a plugin could not be read and was left out");
            continue;
        };
        let Some(number) = str_of(&item.tracking_number).and_then(tidy::id) else {
            continue;
        };
        let carriers = [
            &item.formatted_tracking_provider,
            &item.custom_tracking_provider,
            &item.tracking_provider,
        ];
        let links = [
            &item.formatted_tracking_link,
            &item.ast_tracking_link,
            &item.custom_tracking_link,
        ];
        let url = links
            .into_iter()
            .filter_map(|l| str_of(l))
            .map(|l| l.replace("%1$s", &number).replace("%number%", &number))
            .find_map(|l| tidy::url(&l));
        parcels.push(ParcelSnapshot {
            external_id: str_of(&item.tracking_id).and_then(tidy::id),
            carrier: carriers.into_iter().find_map(|c| title(str_of(c))),
            url,
            shipped_at: shipped_at(&item.date_shipped),
            number: Some(number),
            ..ParcelSnapshot::default()
        });
    }
    parcels
}

fn fulfilled(list: &[wire::Fulfillment]) -> Vec<ParcelSnapshot> {
    use serde::Deserialize as _;
    list.iter()
        .map(|f| {
            let done = f.is_fulfilled || word(&f.status).as_deref() == Some("fulfilled");
            let deleted = str_of(&f.date_deleted).is_some_and(|d| !d.trim().is_empty());
            let items = meta(&f.meta_data, "_items").map(values).unwrap_or_default();
            let at = ["_date_fulfilled", "_fulfilled_at"]
                .into_iter()
                .find_map(|key| meta_text(&f.meta_data, key))
                .map(Text);
            ParcelSnapshot {
                external_id: Some(f.id.0.clone()),
                carrier: ["_provider_name", "_shipment_provider"]
                    .into_iter()
                    .find_map(|key| meta_text(&f.meta_data, key)),
                number: meta_text(&f.meta_data, "_tracking_number").and_then(|n| tidy::id(&n)),
                url: meta_text(&f.meta_data, "_tracking_url").and_then(|u| tidy::url(&u)),
                shipped_at: if done {
                    gmt(&at)
                        .ok()
                        .flatten()
                        .or_else(|| gmt(&f.date_updated).ok().flatten())
                } else {
                    None
                },
                lines: items
                    .into_iter()
                    .filter_map(|i| wire::FulfilledItem::deserialize(i).ok()?.item_id)
                    .map(|id| id.0)
                    .collect(),
                expected_on: None,
                cancelled: deleted,
            }
        })
        .collect()
}

fn failure(what: &str, why: impl std::fmt::Display) -> Translation {
    Translation::failure(format!("{what}: {why}"))
}

fn line(index: usize, item: &wire::LineItem, currency: Currency) -> Result<OrderLine, String> {
    let amount = |text: &Option<Text>| tidy::money(str_of(text), currency);
    let before = amount(&item.subtotal)?.zip(amount(&item.subtotal_tax)?);
    let after = amount(&item.total)?.zip(amount(&item.total_tax)?);
    let (net, tax) = before
        .or(after)
        .or(amount(&item.subtotal)?
            .or(amount(&item.total)?)
            .map(|net| (net, Money::zero(currency))))
        .ok_or_else(|| format!("line {} has no price", index + 1))?;
    let gross = net.checked_add(tax).map_err(|e| e.to_string())?;
    // Some plugins sell by the metre: parts of a piece count as a whole one.
    let quantity = str_of(&item.quantity)
        .and_then(|q| q.trim().parse::<f64>().ok())
        .map_or(1.0, |q| q.ceil().clamp(0.0, f64::from(u32::MAX))) as u32;
    let name = title(str_of(&item.name));
    let parent = title(str_of(&item.parent_name));
    // WooCommerce writes the variation behind the product's name: `Divano - Blu`.
    let (base, variant) = match (&name, parent) {
        (Some(name), Some(parent)) => {
            let variant = name
                .strip_prefix(parent.as_str())
                .and_then(|rest| tidy::text(rest.trim_start_matches([' ', '-', '–', ','])));
            (Some(parent), variant)
        }
        _ => (name, None),
    };
    Ok(OrderLine {
        id: match &item.id {
            Some(id) => id.0.clone(),
            None => format!("line-{}", index + 1),
        },
        product_id: item
            .product_id
            .as_ref()
            .map(|id| id.0.clone())
            .filter(|id| id != "0"),
        sku: tidy::opt(str_of(&item.sku)),
        title: base.unwrap_or_else(|| "?".to_owned()),
        variant,
        quantity,
        unit_price: tidy::per_piece(gross, quantity),
        // A line does not say its category; products do.
        category: None,
        url: None,
        image_url: item
            .image
            .as_ref()
            .and_then(|i| str_of(&i.src))
            .and_then(tidy::url),
    })
}

fn order(o: wire::Order, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let refuse = |why: String| failure("the order cannot be read", why);
    if o.line_items.len() > ORDER_LINES_MAX {
        return Err(Translation::failure(format!(
            "the order has {} lines; at most {ORDER_LINES_MAX} are taken; its body is kept, split the order in the shop or raise the limit",
            o.line_items.len()
        )));
    }
    let state = word(&o.status).unwrap_or_default();
    if matches!(state.as_str(), "checkout-draft" | "auto-draft") {
        return Err(Translation::nothing(
            "the order is a draft of a checkout that is not finished",
        ));
    }
    let currency = str_of(&o.currency)
        .ok_or_else(|| refuse("it has no currency".to_owned()))
        .and_then(|c| tidy::currency(c).map_err(refuse))?;
    let money = |text: &Option<Text>| tidy::money(str_of(text), currency).map_err(refuse);
    let with_tax = |net: &Option<Text>, tax: &Option<Text>| {
        Ok::<_, Translation>(tidy::sum([money(net)?, money(tax)?].into_iter().flatten()))
    };
    let total = money(&o.total)?.ok_or_else(|| refuse("it has no total".to_owned()))?;
    let date = |text: &Option<Text>| gmt(text).map_err(refuse);
    let placed_at = date(&o.date_created_gmt)?;
    let updated_at = date(&o.date_modified_gmt)?
        .or(placed_at)
        .unwrap_or(setting.received_at);
    let placed_at = placed_at.unwrap_or(updated_at);
    let paid_at = date(&o.date_paid_gmt)?;
    let completed_at = date(&o.date_completed_gmt)?;

    let id = o.customer_id.as_ref().map(|id| id.0.as_str());
    let who = person(id, [None; 3], &o.billing, &o.shipping, &mut notes);
    if !tidy::is_named(&who.who) {
        return Err(Translation::nothing(
            "the order names nobody (a sale at the counter or an empty order), so there is nobody to tell",
        ));
    }
    let method = [str_of(&o.payment_method), str_of(&o.payment_method_title)];
    let method: Vec<&str> = method.into_iter().flatten().collect();
    let facts = OrderFacts::of(&state, paid_at.is_some(), &method);
    if !facts.known_status {
        notes.add("the order has a status of a plugin that Dopo does not know; where the money stands was taken from the payment date");
    }
    let back = o
        .refunds
        .iter()
        .map(|r| money(&r.total))
        .collect::<Result<Vec<_>, _>>()?;
    let back = tidy::sum(back.into_iter().flatten())
        .map(|m| Money::new(m.cents.saturating_abs(), m.currency))
        .filter(|m| m.cents != 0);
    let (payment, refunded) = match (back, facts.payment) {
        (Some(back), _) if back.cents >= total.cents => (PaymentState::Refunded, Some(back)),
        (Some(back), PaymentState::Refunded) => (PaymentState::Refunded, Some(back)),
        (Some(back), PaymentState::Paid) => (PaymentState::PartiallyRefunded, Some(back)),
        (Some(back), other) => (other, Some(back)),
        (None, PaymentState::Refunded) => (PaymentState::Refunded, Some(total)),
        (None, other) => (other, None),
    };
    let lines = o
        .line_items
        .iter()
        .enumerate()
        .map(|(index, item)| line(index, item, currency))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    let mut goods: Option<Money> = None;
    for item in &o.line_items {
        let each = with_tax(&item.subtotal, &item.subtotal_tax)?;
        goods = tidy::sum([goods, each].into_iter().flatten());
    }
    let mut parcels = tracked(&o.meta_data, &mut notes);
    for parcel in fulfilled(&o.fulfillments) {
        if parcel.number.is_none() || !parcels.iter().any(|p| p.number == parcel.number) {
            parcels.push(parcel);
        }
    }
    if parcels.len() > PARCELS_MAX {
        notes.add(format!(
            "of {} parcels the first {PARCELS_MAX} are followed",
            parcels.len()
        ));
        parcels.truncate(PARCELS_MAX);
    }
    for parcel in &mut parcels {
        // The order is finished by handing over what is in it.
        parcel.shipped_at = parcel.shipped_at.or(completed_at);
    }
    let act = agreed_text(&o.meta_data).map(|text_version| ConsentAct {
        topic: Topic::Marketing,
        channel: Some(Channel::Email),
        state: ConsentState::Granted,
        source: ConsentSource::Checkout,
        text_version: Some(text_version),
        form: None,
        language: None,
        proof: None,
    });
    let snapshot = OrderSnapshot {
        number: tidy::opt(str_of(&o.number)).unwrap_or_else(|| o.id.0.clone()),
        external_id: o.id.0,
        placed_at,
        updated_at,
        person: who.clone(),
        lines,
        subtotal: goods,
        discount: with_tax(&o.discount_total, &o.discount_tax)?.filter(|m| m.cents != 0),
        shipping: with_tax(&o.shipping_total, &o.shipping_tax)?,
        tax: money(&o.total_tax)?,
        total,
        refunded,
        payment,
        payment_method: title(str_of(&o.payment_method_title))
            .or_else(|| title(str_of(&o.payment_method))),
        cash_on_delivery: facts.cash_on_delivery,
        cancelled_at: facts.cancelled.then_some(updated_at),
        fulfilled: facts.fulfilled,
        ship_to: postal(&o.shipping).or_else(|| postal(&o.billing)),
        shipping_method: o
            .shipping_lines
            .iter()
            .find_map(|l| title(str_of(&l.method_title))),
        promised_on: None,
        discount_codes: o
            .coupon_lines
            .iter()
            .filter_map(|c| tidy::opt(str_of(&c.code)))
            .take(20)
            .collect(),
        soft_spam_notice: meta_text(&o.meta_data, SOFT_SPAM_NOTICE_KEY)
            .filter(|v| !matches!(v.to_ascii_lowercase().as_str(), "no" | "0" | "false")),
        cart_id: None,
        test: false,
        parcels,
    };
    let mut events = vec![(
        updated_at,
        Event::OrderUpdated {
            order: Box::new(snapshot),
        },
    )];
    if let Some(act) = act.filter(|_| who.who.email.is_some()) {
        // The person agreed when they ordered, however often the order is saved afterwards.
        events.push((
            placed_at,
            Event::ConsentChanged {
                person: who.who,
                acts: vec![act],
            },
        ));
    }
    Ok(Translation::of(events, notes))
}

fn customer(c: wire::Customer, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let refuse = |why: String| failure("the customer cannot be read", why);
    let own = [
        str_of(&c.email),
        str_of(&c.first_name),
        str_of(&c.last_name),
    ];
    let person = person(Some(&c.id.0), own, &c.billing, &c.shipping, &mut notes);
    if !tidy::is_named(&person.who) {
        return Err(Translation::failure(
            "the customer has no id, e-mail or phone",
        ));
    }
    let at = gmt(&c.date_modified_gmt)
        .map_err(refuse)?
        .or(gmt(&c.date_created_gmt).map_err(refuse)?)
        .unwrap_or(setting.received_at);
    let event = Event::CustomerUpdated {
        person,
        consents: Vec::new(),
    };
    Ok(Translation::of(vec![(at, event)], notes))
}

fn product(p: wire::Product, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let refuse = |why: String| failure("the product cannot be read", why);
    let Some(name) = title(str_of(&p.name)) else {
        return Err(Translation::failure("the product has no name"));
    };
    let price = match setting.currency {
        Some(currency) => tidy::money(str_of(&p.price), currency).map_err(refuse)?,
        None => {
            notes.add("the price was left out: product messages name no currency");
            None
        }
    };
    let updated_at = gmt(&p.date_modified_gmt)
        .map_err(refuse)?
        .or(gmt(&p.date_created_gmt).map_err(refuse)?)
        .unwrap_or(setting.received_at);
    let published = word(&p.status).is_none_or(|s| s == "publish");
    let in_stock = word(&p.stock_status).is_none_or(|s| s != "outofstock");
    let product = Product {
        external_id: p.id.0,
        title: name,
        updated_at,
        category: p
            .categories
            .iter()
            .filter(|c| word(&c.slug).as_deref() != Some("uncategorized"))
            .find_map(|c| title(str_of(&c.name))),
        price,
        url: str_of(&p.permalink).and_then(tidy::url),
        image_url: p
            .images
            .iter()
            .filter_map(|i| str_of(&i.src))
            .find_map(tidy::url),
        guide_url: None,
        available: published && in_stock && p.purchasable.unwrap_or(true),
    };
    Ok(Translation::of(
        vec![(updated_at, Event::ProductUpdated { product })],
        notes,
    ))
}
