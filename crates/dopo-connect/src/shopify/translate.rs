//! Shopify's webhooks to events. Pure: the same body is always the same events.

use dopo_core::cart::{CART_LINES_MAX, CartSnapshot};
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Event, ParcelRef};
use dopo_core::money::{Currency, Money};
use dopo_core::order::{
    ORDER_LINES_MAX, OrderLine, OrderSnapshot, PaymentState, PostalAddress, ReturnState,
};
use dopo_core::parcel::{Checkpoint, PARCELS_MAX, ParcelSnapshot, ParcelState};
use dopo_core::product::Product;
use jiff::Timestamp;

use super::{consent, wire};
use crate::tidy;
use crate::translation::{Id, Notes, Setting, Text, Translation, read};

/// The key by which a shop says on an order which version of the soft-spam notice was shown and not refused (PRIV-06):
/// a note attribute of this name with the version as its value, or a tag `dopo_soft_spam_notice:VERSION`.
pub const SOFT_SPAM_NOTICE_KEY: &str = "dopo_soft_spam_notice";

type Events = Vec<(Timestamp, Event)>;

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

fn one(at: Timestamp, event: Event) -> Translation {
    Translation::of(vec![(at, event)], Notes::default())
}

fn str_of(text: &Option<Text>) -> Option<&str> {
    text.as_ref().map(|t| t.0.as_str())
}

/// A lower-case word of Shopify's vocabularies.
fn word(text: &Option<Text>) -> Option<String> {
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

fn postal(address: &wire::Address) -> PostalAddress {
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

/// Who a message is about, from the parts that Shopify spreads it over.
struct Contact<'a> {
    emails: [Option<&'a str>; 3],
    phone: Option<&'a str>,
    locale: Option<&'a str>,
    customer: Option<&'a wire::Customer>,
    shipping: Option<&'a wire::Address>,
    billing: Option<&'a wire::Address>,
}

fn person(contact: &Contact<'_>, notes: &mut Notes) -> PersonDetails {
    let customer = contact.customer;
    let home = customer.and_then(|c| c.default_address.as_ref());
    let addresses = [contact.shipping, contact.billing, home];
    let postal = addresses.iter().flatten().next().map(|a| postal(a));
    let country = postal.as_ref().and_then(|p| p.country.clone());
    let filled = |text: &&str| !text.trim().is_empty();
    let email = contact.emails.into_iter().flatten().find(filled);
    // Numbers are tried in the order in which the person most likely gave them; only if none can be read is it said.
    let mut unread = Notes::default();
    let phones = [contact.phone, customer.and_then(|c| str_of(&c.phone))];
    let of_addresses = addresses
        .iter()
        .flatten()
        .map(|a| (str_of(&a.phone), tidy::country(str_of(&a.country_code))));
    let phone = phones
        .into_iter()
        .map(|p| (p, country.clone()))
        .chain(of_addresses)
        .find_map(|(phone, country)| tidy::phone(phone, country.as_deref(), &mut unread));
    if phone.is_none()
        && let Some(note) = unread.into_note()
    {
        notes.add(note);
    }
    let named = [contact.billing, contact.shipping, home];
    let name = |of_customer: Option<&str>, of_address: fn(&wire::Address) -> Option<&str>| {
        tidy::opt(of_customer).or_else(|| {
            named
                .iter()
                .flatten()
                .find_map(|a| tidy::opt(of_address(a)))
        })
    };
    let first = name(customer.and_then(|c| str_of(&c.first_name)), |a| {
        str_of(&a.first_name)
    });
    let last = name(customer.and_then(|c| str_of(&c.last_name)), |a| {
        str_of(&a.last_name)
    });
    PersonDetails {
        who: PersonRef {
            email: tidy::email(email, notes),
            phone,
            shop_customer_id: customer.and_then(|c| c.id.as_ref()).map(|id| id.0.clone()),
        },
        first_name: first,
        last_name: last,
        locale: tidy::locale(contact.locale.or(customer.and_then(|c| str_of(&c.locale)))),
        province: postal.and_then(|p| p.province),
        country,
        time_zone: None,
    }
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

/// A state of Shopify's tracking as ours, with a reason where the state alone would mislead.
///
/// A delay is a reason and not a place. `failure` covers refused, returned and lost alike, so it says no place at all.
fn parcel_state(status: &str) -> Option<(ParcelState, Option<&'static str>)> {
    Some(match status {
        "label_printed" | "label_purchased" | "confirmed" => (ParcelState::Announced, None),
        "carrier_picked_up" => (ParcelState::PickedUp, None),
        "in_transit" => (ParcelState::InTransit, None),
        "delayed" => (ParcelState::InTransit, Some("carrier_delayed")),
        "out_for_delivery" => (ParcelState::OutForDelivery, None),
        "attempted_delivery" => (ParcelState::AttemptFailed, None),
        "buyer_action_required" => (ParcelState::HeldAtDepot, Some("consignee_action_required")),
        "ready_for_pickup" => (ParcelState::ReadyForPickup, None),
        "delivered" => (ParcelState::Delivered, None),
        "picked_up" => (ParcelState::Collected, None),
        "returning_to_sender" => (ParcelState::Returning, None),
        "failure" => (ParcelState::Unknown, Some("carrier_failure")),
        _ => return None,
    })
}

/// One fulfilment is one parcel for Shopify, whose tracking state is one for all its numbers.
fn parcel(f: wire::Fulfillment, notes: &mut Notes) -> ParcelSnapshot {
    let status = word(&f.status);
    let mut numbers = f
        .tracking_numbers
        .iter()
        .chain(&f.tracking_number)
        .filter_map(|n| tidy::id(&n.0))
        .collect::<Vec<_>>();
    numbers.dedup();
    if f.tracking_numbers.len() > 1 {
        notes.add("a fulfilment has several tracking numbers; Shopify tells one state for all, so the first stands for the parcel");
    }
    let urls = f.tracking_urls.iter().chain(&f.tracking_url);
    ParcelSnapshot {
        external_id: Some(f.id.0),
        carrier: tidy::opt(str_of(&f.tracking_company)),
        number: numbers.into_iter().next(),
        url: urls.map(|u| &u.0).find_map(|u| tidy::url(u)),
        shipped_at: f
            .created_at
            .filter(|_| status.as_deref() == Some("success")),
        expected_on: None,
        lines: f
            .line_items
            .into_iter()
            .filter_map(|l| l.id.map(|id| id.0))
            .take(ORDER_LINES_MAX)
            .collect(),
        cancelled: matches!(status.as_deref(), Some("cancelled" | "error" | "failure")),
    }
}

/// The scan that a fulfilment's tracking state stands for.
fn shipment_scan(
    order: &str,
    f: &wire::Fulfillment,
    setting: &Setting<'_>,
    notes: &mut Notes,
) -> Option<(Timestamp, Event)> {
    let status = word(&f.shipment_status)?;
    let Some((state, reason)) = parcel_state(&status) else {
        notes.add("a tracking state that Dopo does not know was left out");
        return None;
    };
    let at = f.updated_at.or(f.created_at).unwrap_or(setting.received_at);
    let event = Event::ParcelScanned {
        parcel: ParcelRef {
            order: Some(order.to_owned()),
            external_id: Some(f.id.0.clone()),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint {
            at,
            day_only: false,
            state,
            reason: reason.map(ToOwned::to_owned),
            place: None,
            text: None,
            code: Some(status),
        },
    };
    Some((at, event))
}

fn fulfillment(f: wire::Fulfillment, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(order) = f.order_id.as_ref().map(|id| id.0.clone()) else {
        return Err(Translation::failure(
            "the fulfilment does not name its order",
        ));
    };
    let at = f.updated_at.or(f.created_at).unwrap_or(setting.received_at);
    let scan = shipment_scan(&order, &f, setting, &mut notes);
    let parcel = parcel(f, &mut notes);
    let mut events: Events = vec![(at, Event::ParcelUpdated { order, parcel })];
    events.extend(scan);
    Ok(Translation::of(events, notes))
}

fn scan(
    e: wire::FulfillmentEvent,
    taken_back: bool,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let Some(status) = word(&e.status) else {
        return Err(Translation::failure("the tracking event has no status"));
    };
    let Some((state, reason)) = parcel_state(&status) else {
        return Err(Translation::nothing(
            "Dopo does not know this tracking state; the parcel stays where it was",
        ));
    };
    let happened = e.happened_at.or(e.created_at);
    let parcel = ParcelRef {
        order: e.order_id.map(|id| id.0),
        external_id: Some(e.fulfillment_id.0),
        ..ParcelRef::default()
    };
    if taken_back {
        return Ok(one(
            setting.received_at,
            Event::ParcelScanRevoked {
                parcel,
                state,
                scanned_at: happened,
            },
        ));
    }
    let at = happened.unwrap_or(setting.received_at);
    let place: Vec<String> = [&e.city, &e.province, &e.country]
        .into_iter()
        .filter_map(|p| tidy::opt(str_of(p)))
        .collect();
    Ok(one(
        at,
        Event::ParcelScanned {
            parcel,
            checkpoint: Checkpoint {
                at,
                day_only: false,
                state,
                reason: reason.map(ToOwned::to_owned),
                place: tidy::text(&place.join(", ")),
                text: tidy::opt(str_of(&e.message)),
                code: Some(status),
            },
        },
    ))
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

/// The consents of a customer's record, each at the time the person acted: a record that is merely saved again must not
/// make an old consent look new.
///
/// `ticked_at`: when the buyer accepted marketing on an order whose customer record says nothing about it. It counts as
/// given but not confirmed (PRIV-04).
fn consents_of(
    customer: Option<&wire::Customer>,
    who: &PersonRef,
    ticked_at: Option<Timestamp>,
    told_at: Timestamp,
) -> Events {
    let email = customer.and_then(|c| c.email_marketing_consent.as_ref());
    let sms = customer.and_then(|c| c.sms_marketing_consent.as_ref());
    let ticked = ticked_at
        .filter(|_| email.is_none() && who.email.is_some())
        .map(|at| {
            let act = ConsentAct {
                topic: Topic::Marketing,
                channel: Some(Channel::Email),
                state: ConsentState::Granted,
                source: ConsentSource::Platform,
                text_version: Some("shopify:checkout".to_owned()),
                form: None,
                language: None,
                proof: None,
            };
            (at, act)
        });
    [
        consent::act(email, Channel::Email, told_at).or(ticked),
        consent::act(sms, Channel::Sms, told_at),
    ]
    .into_iter()
    .flatten()
    .map(|(at, act)| {
        let event = Event::ConsentChanged {
            person: who.clone(),
            acts: vec![act],
        };
        (at, event)
    })
    .collect()
}

fn customer(c: wire::Customer, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let details = person(
        &Contact {
            emails: [str_of(&c.email), None, None],
            phone: None,
            locale: None,
            customer: Some(&c),
            shipping: None,
            billing: None,
        },
        &mut notes,
    );
    if !tidy::is_named(&details.who) {
        return Err(Translation::failure(
            "the customer has no id, e-mail or phone",
        ));
    }
    let at = c.updated_at.unwrap_or(setting.received_at);
    let who = details.who.clone();
    let mut events: Events = vec![(
        at,
        Event::CustomerUpdated {
            person: details,
            consents: Vec::new(),
        },
    )];
    events.extend(consents_of(Some(&c), &who, None, at));
    Ok(Translation::of(events, notes))
}

fn merge(m: wire::Merge, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let status = word(&m.status);
    if status.as_deref().is_some_and(|s| s != "completed") {
        return Err(Translation::nothing(
            "the merge is not completed at the shop, so the two records stay apart",
        ));
    }
    let by_id = |id: Option<Id>| {
        id.map(|id| PersonRef {
            shop_customer_id: Some(id.0),
            ..PersonRef::default()
        })
    };
    match (
        by_id(m.admin_graphql_api_customer_kept_id),
        by_id(m.admin_graphql_api_customer_deleted_id),
    ) {
        (Some(into), Some(from)) => Ok(one(
            setting.received_at,
            Event::CustomerMerged { into, from },
        )),
        _ => Err(Translation::failure("the merge does not name both records")),
    }
}

fn consent_changed(
    person: PersonRef,
    act: Option<(Timestamp, ConsentAct)>,
    notes: Notes,
) -> Result<Translation, Translation> {
    if !tidy::is_named(&person) {
        return Err(Translation::failure("the consent names nobody"));
    }
    match act {
        Some((at, act)) => Ok(Translation::of(
            vec![(
                at,
                Event::ConsentChanged {
                    person,
                    acts: vec![act],
                },
            )],
            notes,
        )),
        None => Err(Translation::nothing(
            "the person was never asked or did not tick the box, which is not a refusal",
        )),
    }
}

fn email_consent(c: wire::EmailConsent, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let person = PersonRef {
        email: tidy::email(str_of(&c.email_address), &mut notes),
        phone: None,
        shop_customer_id: c.customer_id.map(|id| id.0),
    };
    let told = c.email_marketing_consent.as_ref();
    let act = consent::act(told, Channel::Email, setting.received_at);
    consent_changed(person, act, notes)
}

fn sms_consent(c: wire::SmsConsent, setting: &Setting<'_>) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let person = PersonRef {
        email: None,
        phone: tidy::phone(str_of(&c.phone), None, &mut notes),
        shop_customer_id: c.id.map(|id| id.0),
    };
    let told = c.sms_marketing_consent.as_ref();
    let act = consent::act(told, Channel::Sms, setting.received_at);
    consent_changed(person, act, notes)
}

fn privacy(
    r: wire::PrivacyRequest,
    forget: bool,
    setting: &Setting<'_>,
) -> Result<Translation, Translation> {
    let mut notes = Notes::default();
    let Some(told) = r.customer else {
        return Err(Translation::failure("the privacy request names nobody"));
    };
    // A number without its country could be somebody else's, who did not ask to be forgotten.
    let phone = str_of(&told.phone).filter(|p| p.trim_start().starts_with('+'));
    let person = PersonRef {
        email: tidy::email(str_of(&told.email), &mut notes),
        phone: tidy::phone(phone, None, &mut notes),
        shop_customer_id: told.id.map(|id| id.0),
    };
    if !tidy::is_named(&person) {
        return Err(Translation::failure("the privacy request names nobody"));
    }
    let event = if forget {
        Event::CustomerForgotten { person }
    } else {
        Event::DataRequested { person }
    };
    Ok(Translation::of(vec![(setting.received_at, event)], notes))
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
