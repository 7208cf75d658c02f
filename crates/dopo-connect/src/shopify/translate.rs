//! Shopify's webhooks to events. Pure: the same body is always the same events.

use dopo_core::cart::{CART_LINES_MAX, CartSnapshot};
use dopo_core::event::Event;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{
    ORDER_LINES_MAX, OrderLine, OrderSnapshot, PaymentState, PostalAddress, ReturnState,
};
use dopo_core::parcel::PARCELS_MAX;
use dopo_core::product::Product;
use jiff::Timestamp;

use super::parcels::{fulfillment, parcel, scan, shipment_scan};
use super::people::{
    Contact, consents_of, customer, email_consent, merge, person, privacy, sms_consent,
};
use super::wire;
use crate::tidy;
use crate::translation::{Notes, Setting, Text, Translation, read};

/// The key by which a shop says on an order which version of the soft-spam notice was shown and not refused (PRIV-06):
/// a note attribute of this name with the version as its value, or a tag `dopo_soft_spam_notice:VERSION`.
pub const SOFT_SPAM_NOTICE_KEY: &str = "dopo_soft_spam_notice";

pub(super) type Events = Vec<(Timestamp, Event)>;

/// Turns the body of one webhook into events.
///
/// Every topic either gives events, or the note says why it needs none. An unknown topic is noted and not a failure; a
/// body that cannot be understood is a failure, and the note says where it stops making sense.
///
/// Shopify's carts and checkouts are known by the checkout's number, since that is what an order, a change and a
/// deletion all carry.
pub fn translate(topic: &str, body: &[u8], setting: &Setting<'_>) -> Translation {
    let topic = topic.trim().to_ascii_lowercase();
    let result = match topic.as_str() {
        "orders/create"
        | "orders/updated"
        | "orders/paid"
        | "orders/cancelled"
        | "orders/fulfilled"
        | "orders/partially_fulfilled" => read(body).and_then(|o| order(o, setting)),
        "orders/delete" => read(body).map(|order: wire::Named| {
            one(
                setting.received_at,
                Event::OrderCancelled { order: order.id.0 },
            )
        }),
        "refunds/create" => read(body).and_then(|r| refund(r, setting)),
        "fulfillments/create" | "fulfillments/update" => {
            read(body).and_then(|f| fulfillment(f, setting))
        }
        "fulfillment_events/create" => read(body).and_then(|e| scan(e, false, setting)),
        "fulfillment_events/delete" => read(body).and_then(|e| scan(e, true, setting)),
        "checkouts/create" | "checkouts/update" => read(body).and_then(|c| checkout(c, setting)),
        "checkouts/delete" => {
            read(body).and_then(|c: wire::NamedCheckout| match c.id.or(c.token) {
                Some(id) => Ok(one(setting.received_at, Event::CartRemoved { cart: id.0 })),
                None => Err(Translation::failure("the deleted checkout has no id")),
            })
        }
        "customers/create" | "customers/update" | "customers/enable" | "customers/disable" => {
            read(body).and_then(|c| customer(c, setting))
        }
        "customers/merge" => read(body).and_then(|m| merge(m, setting)),
        "customers_email_marketing_consent/update" => {
            read(body).and_then(|c| email_consent(c, setting))
        }
        "customers_marketing_consent/update" => read(body).and_then(|c| sms_consent(c, setting)),
        "customers/data_request" => read(body).and_then(|r| privacy(r, false, setting)),
        "customers/redact" => read(body).and_then(|r| privacy(r, true, setting)),
        "shop/redact" => Ok(one(setting.received_at, Event::ShopForgotten {})),
        "app/uninstalled" => Ok(one(setting.received_at, Event::ShopDisconnected {})),
        "returns/request" => read(body).and_then(|r| returned(r, ReturnState::Requested, setting)),
        "returns/approve" | "returns/reopen" => {
            read(body).and_then(|r| returned(r, ReturnState::Open, setting))
        }
        "returns/decline" => read(body).and_then(|r| returned(r, ReturnState::Declined, setting)),
        "returns/cancel" => read(body).and_then(|r| returned(r, ReturnState::Cancelled, setting)),
        "returns/close" => read(body).and_then(|r| returned(r, ReturnState::Closed, setting)),
        "products/create" | "products/update" => read(body).and_then(|p| product(p, setting)),
        "products/delete" => read(body).map(|product: wire::Named| {
            one(
                setting.received_at,
                Event::ProductRemoved {
                    product: product.id.0,
                },
            )
        }),
        known => Err(without_event(known)),
    };
    result.unwrap_or_else(|nothing| nothing)
}

/// Why a topic needs no event of its own.
fn without_event(topic: &str) -> Translation {
    Translation::nothing(match topic {
        "orders/edited" => {
            "the edit names only differences; the orders/updated that Shopify sends with it tells the whole order"
        }
        "order_transactions/create" | "tender_transactions/create" => {
            "a payment's details are not kept; the orders/updated or orders/paid that Shopify sends with it tells where the money stands"
        }
        "carts/create" | "carts/update" => {
            "a cart names nobody, so nobody could be reminded; it counts from the checkout on"
        }
        "customers/delete" => {
            "the record was deleted at the shop, which may follow a merge; a request to be forgotten comes as customers/redact, or with `dopo forget customer`"
        }
        "customers/purchasing_summary" => "sums of purchases are kept from the orders themselves",
        "returns/update" => {
            "it names lines and fees but not the order; requests, approvals, declines, cancellations and closings are told by their own topics"
        }
        "returns/process" => "money and goods of a return are told by orders/updated",
        "shop/update" => "the shop's details are set here with `dopo shop`, not taken over",
        "bulk_operations/finish" => "a bulk operation is no event of a customer",
        _ => match topic.split('/').next().unwrap_or_default() {
            "fulfillment_orders" | "fulfillment_holds" => {
                "it is the warehouse's plan; parcels are told by fulfillments/*"
            }
            "reverse_deliveries" | "reverse_fulfillment_orders" => {
                "the way back of a return is not followed; the return's state is told by returns/*"
            }
            "orders" | "draft_orders" => {
                "it changes nothing that a customer would be told; the order itself is told by orders/create and orders/updated"
            }
            "customer"
            | "customer_groups"
            | "customer_tags"
            | "segments"
            | "customer_account_settings" => "tags and groups of the shop are not taken over",
            "customer_payment_methods"
            | "payment_terms"
            | "payment_schedules"
            | "disputes"
            | "finance_app_staff_member" => "payment details are not kept",
            "collections"
            | "collection_listings"
            | "collection_publications"
            | "product_listings"
            | "product_publications"
            | "product_feeds"
            | "scheduled_product_listings"
            | "variants"
            | "inventory_items"
            | "inventory_levels"
            | "inventory_transfers"
            | "inventory_shipments"
            | "discounts"
            | "publications"
            | "selling_plan_groups" => "of the catalogue only products/* is needed",
            "app"
            | "app_subscriptions"
            | "app_purchases_one_time"
            | "themes"
            | "locations"
            | "locales"
            | "domains"
            | "markets"
            | "profiles"
            | "channels"
            | "companies"
            | "company_locations"
            | "company_contacts"
            | "company_contact_roles"
            | "metaobjects"
            | "metafield_definitions"
            | "audit_events"
            | "subscription_contracts"
            | "subscription_billing_attempts"
            | "subscription_billing_cycles"
            | "subscription_billing_cycle_edits"
            | "tax_services"
            | "tax_summaries"
            | "checkout_and_accounts_configurations"
            | "delivery_promise_settings"
            | "bulk_operations"
            | "shop" => "it concerns neither an order, a parcel, a customer nor a product",
            _ => {
                "Dopo does not know this topic; if it matters, its body is kept for 7 days and can be replayed after an update"
            }
        },
    })
}

pub(super) fn one(at: Timestamp, event: Event) -> Translation {
    Translation::of(vec![(at, event)], Notes::default())
}

pub(super) fn str_of(text: &Option<Text>) -> Option<&str> {
    text.as_ref().map(|t| t.0.as_str())
}

/// A lower-case word of Shopify's vocabularies.
pub(super) fn word(text: &Option<Text>) -> Option<String> {
    str_of(text)
        .map(|t| t.trim().to_ascii_lowercase())
        .filter(|t| !t.is_empty())
}

/// The shop-currency amount of a set, else the plain amount.
fn amount(
    set: &Option<wire::MoneySet>,
    plain: &Option<Text>,
    currency: Currency,
) -> Result<Option<Money>, String> {
    let shop = set.as_ref().and_then(|s| s.shop_money.as_ref());
    match shop {
        Some(money) => {
            let currency = match str_of(&money.currency_code) {
                Some(code) => tidy::currency(code)?,
                None => currency,
            };
            tidy::money(str_of(&money.amount), currency)
        }
        None => tidy::money(str_of(plain), currency),
    }
}

fn tax_of(lines: &[wire::TaxLine], currency: Currency) -> Result<Option<Money>, String> {
    let amounts = lines
        .iter()
        .map(|t| amount(&t.price_set, &t.price, currency))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(tidy::sum(amounts.into_iter().flatten()))
}

/// The sum of what is there.
fn plus(a: Option<Money>, b: Option<Money>) -> Option<Money> {
    tidy::sum([a, b].into_iter().flatten())
}

fn line(
    index: usize,
    item: wire::LineItem,
    currency: Currency,
    taxes_included: bool,
) -> Result<OrderLine, String> {
    let quantity = item.quantity.unwrap_or(1).clamp(0, i64::from(u32::MAX)) as u32;
    let net = amount(&item.price_set, &item.price, currency)?
        .ok_or_else(|| format!("line {} has no price", index + 1))?;
    let unit_price = if taxes_included || quantity == 0 {
        net
    } else {
        let tax = tax_of(&item.tax_lines, net.currency)?.unwrap_or(Money::zero(net.currency));
        net.checked_add(tidy::per_piece(tax, quantity))
            .map_err(|e| e.to_string())?
    };
    let title = tidy::opt(str_of(&item.title).or(str_of(&item.name)));
    Ok(OrderLine {
        id: match item.id.or(item.key) {
            Some(id) => id.0,
            None => format!("line-{}", index + 1),
        },
        product_id: item.product_id.map(|id| id.0),
        sku: tidy::opt(str_of(&item.sku)),
        title: title.unwrap_or_else(|| "?".to_owned()),
        variant: tidy::opt(str_of(&item.variant_title)).filter(|v| v != "Default Title"),
        quantity,
        unit_price,
        category: None,
        url: None,
        image_url: None,
    })
}

pub(super) fn postal(address: &wire::Address) -> PostalAddress {
    let name = tidy::opt(str_of(&address.name)).or_else(|| {
        let parts = [str_of(&address.first_name), str_of(&address.last_name)];
        tidy::text(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    });
    let mut postal = PostalAddress {
        name,
        company: str_of(&address.company).map(ToOwned::to_owned),
        street: str_of(&address.address1).map(ToOwned::to_owned),
        extra: str_of(&address.address2).map(ToOwned::to_owned),
        postal_code: str_of(&address.zip).map(ToOwned::to_owned),
        city: str_of(&address.city).map(ToOwned::to_owned),
        province: str_of(&address.province_code).map(ToOwned::to_owned),
        country: str_of(&address.country_code).map(ToOwned::to_owned),
    };
    tidy::address(&mut postal);
    postal
}

fn payment(status: Option<&str>, notes: &mut Notes) -> PaymentState {
    match status {
        None | Some("pending" | "partially_paid" | "unpaid") => PaymentState::Pending,
        Some("authorized") => PaymentState::Authorized,
        Some("paid") => PaymentState::Paid,
        Some("partially_refunded") => PaymentState::PartiallyRefunded,
        Some("refunded") => PaymentState::Refunded,
        Some("voided" | "expired") => PaymentState::Voided,
        Some(_) => {
            notes.add("the payment state is one that Dopo does not know; it counts as not paid");
            PaymentState::Pending
        }
    }
}

/// The version of the soft-spam notice, where the shop recorded it under [`SOFT_SPAM_NOTICE_KEY`].
fn soft_spam_notice(attributes: &[wire::NoteAttribute], tags: Option<&str>) -> Option<String> {
    let attribute = attributes
        .iter()
        .find(|a| str_of(&a.name).is_some_and(|n| n.trim() == SOFT_SPAM_NOTICE_KEY))
        .and_then(|a| tidy::opt(str_of(&a.value)));
    attribute.or_else(|| {
        let tag = tags?.split(',').map(str::trim);
        tag.filter_map(|t| t.strip_prefix(SOFT_SPAM_NOTICE_KEY)?.strip_prefix(':'))
            .find_map(tidy::text)
    })
}

fn failure(what: &str, why: impl std::fmt::Display) -> Translation {
    Translation::failure(format!("{what}: {why}"))
}

fn order(o: wire::Order, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let refuse = |why: String| failure("the order cannot be read", why);
    if o.line_items.len() > ORDER_LINES_MAX {
        return Err(Translation::failure(too_many_lines(o.line_items.len())));
    }
    let currency = match str_of(&o.currency) {
        Some(code) => tidy::currency(code).map_err(refuse)?,
        None => setting
            .currency
            .ok_or_else(|| refuse("it has no currency".to_owned()))?,
    };
    let money = |set, plain| amount(set, plain, currency).map_err(refuse);
    let total = money(&o.total_price_set, &o.total_price)?
        .ok_or_else(|| refuse("it has no total".to_owned()))?;
    let currency = total.currency;

    let mut goods = money(&o.total_line_items_price_set, &o.total_line_items_price)?;
    let mut shipping = money(&o.total_shipping_price_set, &None)?;
    if shipping.is_none() {
        let lines = o.shipping_lines.iter().filter(|l| !l.is_removed);
        let prices = lines
            .map(|l| amount(&l.price_set, &l.price, currency))
            .collect::<Result<Vec<_>, _>>()
            .map_err(refuse)?;
        shipping = tidy::sum(prices.into_iter().flatten());
    }
    if !o.taxes_included {
        // Prices are net; what the customer sees has VAT in it.
        for item in &o.line_items {
            goods = plus(goods, tax_of(&item.tax_lines, currency).map_err(refuse)?);
        }
        for line in o.shipping_lines.iter().filter(|l| !l.is_removed) {
            shipping = plus(shipping, tax_of(&line.tax_lines, currency).map_err(refuse)?);
        }
    }
    let discount = money(&o.total_discounts_set, &o.total_discounts)?.filter(|m| m.cents != 0);
    let tax = money(&o.total_tax_set, &o.total_tax)?;
    let payment = payment(word(&o.financial_status).as_deref(), &mut notes);
    let refunded = refunded(&o.refunds, currency, payment, total, &mut notes).map_err(refuse)?;
    let updated_at = o.updated_at.or(o.created_at).unwrap_or(setting.received_at);
    let placed_at = o.processed_at.or(o.created_at).unwrap_or(updated_at);

    let who = person(
        &Contact {
            emails: [
                str_of(&o.email),
                str_of(&o.contact_email),
                o.customer.as_ref().and_then(|c| str_of(&c.email)),
            ],
            phone: str_of(&o.phone),
            locale: str_of(&o.customer_locale),
            customer: o.customer.as_ref(),
            shipping: o.shipping_address.as_ref(),
            billing: o.billing_address.as_ref(),
        },
        &mut notes,
    );
    if !tidy::is_named(&who.who) {
        return Err(Translation::nothing(
            "the order names nobody (a sale at the counter, or contact data withheld from the app), so there is nobody to tell",
        ));
    }

    let taxes_included = o.taxes_included;
    let lines = o
        .line_items
        .into_iter()
        .enumerate()
        .map(|(index, item)| line(index, item, currency, taxes_included))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    let gateways: Vec<String> = o
        .payment_gateway_names
        .iter()
        .filter_map(|g| tidy::text(&g.0))
        .collect();
    let mut parcels = Vec::new();
    let mut scans = Vec::new();
    if o.fulfillments.len() > PARCELS_MAX {
        notes.add(format!(
            "of {} fulfilments the first {PARCELS_MAX} are followed",
            o.fulfillments.len()
        ));
    }
    for told in o.fulfillments.into_iter().take(PARCELS_MAX) {
        scans.extend(shipment_scan(&o.id.0, &told, setting, &mut notes));
        parcels.push(parcel(told, &mut notes));
    }
    let snapshot = OrderSnapshot {
        number: tidy::opt(str_of(&o.name).or(str_of(&o.order_number)))
            .unwrap_or_else(|| o.id.0.clone()),
        placed_at,
        updated_at,
        person: who.clone(),
        lines,
        subtotal: goods,
        discount,
        shipping,
        tax,
        total,
        refunded,
        payment,
        cash_on_delivery: gateways.iter().any(|g| tidy::is_cash_on_delivery(g)),
        payment_method: gateways.into_iter().next(),
        cancelled_at: o.cancelled_at,
        fulfilled: word(&o.fulfillment_status).as_deref() == Some("fulfilled"),
        ship_to: o.shipping_address.as_ref().map(postal),
        shipping_method: o
            .shipping_lines
            .iter()
            .find(|l| !l.is_removed)
            .and_then(|l| tidy::opt(str_of(&l.title))),
        promised_on: None,
        discount_codes: o
            .discount_codes
            .iter()
            .filter_map(|c| tidy::opt(str_of(&c.code)))
            .take(20)
            .collect(),
        soft_spam_notice: soft_spam_notice(&o.note_attributes, str_of(&o.tags)),
        cart_id: o.checkout_id.or(o.checkout_token).map(|id| id.0),
        test: o.test,
        parcels,
        external_id: o.id.0,
    };
    let mut events = vec![(
        updated_at,
        Event::OrderUpdated {
            order: Box::new(snapshot),
        },
    )];
    events.extend(scans);
    events.extend(consents_of(
        o.customer.as_ref(),
        &who.who,
        o.buyer_accepts_marketing.then_some(placed_at),
        updated_at,
    ));
    Ok(Translation::of(events, notes))
}

/// The words for an order over the limit; its body is kept raw.
fn too_many_lines(lines: usize) -> String {
    format!(
        "the order has {lines} lines; at most {ORDER_LINES_MAX} are taken; its body is kept, split the order in the shop or raise the limit"
    )
}

/// What went back so far: the successful refunds, in the shop's currency.
fn refunded(
    refunds: &[wire::Refund],
    currency: Currency,
    payment: PaymentState,
    total: Money,
    notes: &mut Notes,
) -> Result<Option<Money>, String> {
    let mut sum: Option<Money> = None;
    for refund in refunds {
        sum = plus(sum, money_back(refund, Some(currency), notes)?);
    }
    Ok(match (sum, payment) {
        (None, PaymentState::Refunded) => Some(total),
        (sum, _) => sum.filter(|m| m.cents != 0),
    })
}

/// The money that one refund moved. Amounts in another currency than the shop's are left out with a note.
fn money_back(
    refund: &wire::Refund,
    shop: Option<Currency>,
    notes: &mut Notes,
) -> Result<Option<Money>, String> {
    let mut sum: Option<Money> = None;
    for transaction in &refund.transactions {
        let is_refund = word(&transaction.kind).as_deref() == Some("refund");
        let done = word(&transaction.status).as_deref() == Some("success");
        if !is_refund || !done {
            continue;
        }
        let currency = match (str_of(&transaction.currency), shop) {
            (Some(code), _) => tidy::currency(code)?,
            (None, Some(shop)) => shop,
            (None, None) => continue,
        };
        if shop.is_some_and(|shop| shop != currency) {
            notes.add("a refund in the buyer's currency was left out of the refunded sum");
            continue;
        }
        sum = plus(sum, tidy::money(str_of(&transaction.amount), currency)?);
    }
    Ok(sum)
}

fn refund(r: wire::Refund, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(order) = &r.order_id else {
        return Err(Translation::failure("the refund does not name its order"));
    };
    let back = money_back(&r, setting.currency, &mut notes)
        .map_err(|why| failure("the refund cannot be read", why))?;
    let Some(refunded) = back.filter(|m| m.cents > 0) else {
        return Err(Translation::nothing(
            "no money has moved yet in the shop's currency; orders/updated tells when it has",
        ));
    };
    let at = r
        .processed_at
        .or(r.created_at)
        .unwrap_or(setting.received_at);
    let event = Event::OrderRefunded {
        order: order.0.clone(),
        refunded,
    };
    Ok(Translation::of(vec![(at, event)], notes))
}

fn checkout(c: wire::Checkout, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let refuse = |why: String| failure("the checkout cannot be read", why);
    let Some(id) = c.id.or(c.token) else {
        return Err(Translation::failure(
            "the checkout has neither id nor token",
        ));
    };
    let who = person(
        &Contact {
            emails: [
                str_of(&c.email),
                c.customer.as_ref().and_then(|c| str_of(&c.email)),
                None,
            ],
            phone: str_of(&c.phone),
            locale: str_of(&c.customer_locale),
            customer: c.customer.as_ref(),
            shipping: c.shipping_address.as_ref(),
            billing: c.billing_address.as_ref(),
        },
        &mut notes,
    );
    if !tidy::is_named(&who.who) {
        return Err(Translation::nothing(
            "the checkout names nobody yet, so nobody could be reminded of it",
        ));
    }
    let currency = match str_of(&c.currency) {
        Some(code) => tidy::currency(code).map_err(refuse)?,
        None => setting
            .currency
            .ok_or_else(|| refuse("it has no currency".to_owned()))?,
    };
    if c.line_items.len() > CART_LINES_MAX {
        notes.add(format!(
            "of {} lines the first {CART_LINES_MAX} were taken",
            c.line_items.len()
        ));
    }
    let lines = c
        .line_items
        .into_iter()
        .take(CART_LINES_MAX)
        .enumerate()
        .map(|(index, item)| line(index, item, currency, true))
        .collect::<Result<Vec<_>, _>>()
        .map_err(refuse)?;
    let updated_at = c.updated_at.or(c.created_at).unwrap_or(setting.received_at);
    let cart = CartSnapshot {
        external_id: id.0,
        updated_at,
        person: who.clone(),
        lines,
        total: tidy::money(str_of(&c.total_price), currency).map_err(refuse)?,
        url: str_of(&c.abandoned_checkout_url).and_then(tidy::url),
        completed_at: c.completed_at,
    };
    let mut events: Events = vec![(
        updated_at,
        Event::CartUpdated {
            cart: Box::new(cart),
        },
    )];
    // A ticked box of an unfinished checkout is not yet a decision; the customer's record is.
    events.extend(consents_of(c.customer.as_ref(), &who.who, None, updated_at));
    Ok(Translation::of(events, notes))
}

fn returned(
    r: wire::Return,
    state: ReturnState,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let Some(return_id) = r.id.or(r.admin_graphql_api_id) else {
        return Err(Translation::failure("the return has no id"));
    };
    match r.order_id.or(r.order.map(|o| o.id)) {
        Some(order) => Ok(one(
            setting.received_at,
            Event::ReturnUpdated {
                order: order.0,
                return_id: return_id.0,
                state,
            },
        )),
        None => Err(Translation::nothing(
            "the message does not name the order of the return, so it cannot be placed",
        )),
    }
}

fn product(p: wire::Product, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(title) = tidy::opt(str_of(&p.title)) else {
        return Err(Translation::failure("the product has no title"));
    };
    let mut price: Option<Money> = None;
    match setting.currency {
        Some(currency) => {
            for variant in &p.variants {
                let told = tidy::money(str_of(&variant.price), currency)
                    .map_err(|why| failure("the product cannot be read", why))?;
                if let Some(told) = told
                    && price.is_none_or(|least| told.cents < least.cents)
                {
                    price = Some(told);
                }
            }
        }
        None => notes.add("the price was left out: product messages name no currency"),
    }
    let category = p.category.as_ref();
    let category = tidy::opt(str_of(&p.product_type)).or_else(|| {
        let full = category.and_then(|c| tidy::opt(str_of(&c.full_name)));
        full.or_else(|| category.and_then(|c| tidy::opt(str_of(&c.name))))
    });
    let handle = str_of(&p.handle).map(str::trim).filter(|h| !h.is_empty());
    let url = handle
        .zip(setting.domain)
        .and_then(|(handle, domain)| tidy::url(&format!("https://{domain}/products/{handle}")));
    let images = p.image.iter().chain(&p.images);
    let image_url = images.filter_map(|i| str_of(&i.src)).find_map(tidy::url);
    let updated_at = p.updated_at.or(p.created_at).unwrap_or(setting.received_at);
    let active = word(&p.status).is_none_or(|s| s == "active");
    let product = Product {
        external_id: p.id.0,
        title,
        updated_at,
        category,
        price,
        url,
        image_url,
        guide_url: None,
        available: active && p.published_at.is_some(),
    };
    Ok(Translation::of(
        vec![(updated_at, Event::ProductUpdated { product })],
        notes,
    ))
}
