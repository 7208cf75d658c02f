//! Made-up values for every template, for previews and for checking a template when it is published.

use super::context::{ContextInput, Links, MessageContext, context, is_commercial};
use dopo_core::advance::Shop;
use dopo_core::cart::{Cart, CartSnapshot};
use dopo_core::consent::{Channel, Purpose};
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, PersonDetails, PersonRef};
use dopo_core::effect::SendMessage;
use dopo_core::gate::{Basis, Grant};
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use dopo_core::italy::Locale;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use dopo_core::parcel::{Parcel, ParcelSnapshot, ParcelState};
use dopo_core::product::Product;
use dopo_core::shop::{Register, Seller, ShopSettings, TrackingMode};
use jiff::{Timestamp, civil::date};
use std::collections::BTreeMap;

/// Which sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Richness {
    /// Everything that can be known is known.
    Full,
    /// Only what every shop tells: no picture, no address, no carrier, no logo, nothing measured.
    Bare,
}

/// Everything that [`ContextInput`] borrows, made up. Tests change what they need.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The shop.
    pub shop: Shop,
    /// The message.
    pub message: Message,
    /// The person.
    pub customer: Customer,
    /// The order.
    pub order: Option<Order>,
    /// The cart.
    pub cart: Option<Cart>,
    /// The gate's yes.
    pub grant: Grant,
    /// Products.
    pub products: Vec<Product>,
    /// Links.
    pub links: Links,
    /// Language.
    pub locale: Locale,
    /// The moment of sending.
    pub now: Timestamp,
}

impl Sample {
    /// A sample for a purpose on a channel.
    pub fn new(
        purpose: Purpose,
        channel: Channel,
        locale: Locale,
        register: Register,
        richness: Richness,
    ) -> Sample {
        let now = date(2026, 11, 22)
            .at(9, 30, 0, 0)
            .in_tz("UTC")
            .map(|z| z.timestamp())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let full = richness == Richness::Full;
        let some = |text: &str| full.then(|| text.to_owned());
        let hours = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
        let seller = Seller {
            legal_name: "Faggio & Figli S.r.l.".to_owned(),
            address: "Via dei Falegnami 12, 22063 Cantù (CO)".to_owned(),
            email: "ciao@faggio.example".to_owned(),
            phone: "+39 031 555123".to_owned(),
            vat_number: "IT00743110157".to_owned(),
            rea: "CO-312456".to_owned(),
            share_capital: some("50.000 euro i.v."),
            adr: Some(
                locale
                    .pick(
                        "Per le controversie aderiamo alla Camera arbitrale di Como.",
                        "For disputes we adhere to the Chamber of Arbitration of Como.",
                    )
                    .to_owned(),
            ),
        };
        let mut settings = ShopSettings::new("Faggio", "ciao@faggio.example", seller);
        settings.register = register;
        settings.locale = locale;
        settings.storefront_url = some("https://faggio.example");
        settings.logo_url = some("https://faggio.example/logo.png");
        settings.terms_url = some("https://faggio.example/condizioni");
        settings.privacy_url = some("https://faggio.example/privacy");
        let customer = Customer {
            first_name: some("Chiara"),
            last_name: some("Rossi"),
            ..Customer::new(CustomerId(1), hours(-2_000))
        };
        let line = |id: &str, title: &str, variant: &str, quantity, cents| OrderLine {
            id: id.to_owned(),
            product_id: Some(format!("p{id}")),
            sku: some(&format!("FG-{id}0")),
            title: title.to_owned(),
            variant: some(variant),
            quantity,
            unit_price: Money::eur(cents),
            category: Some("tables".to_owned()),
            url: some(&format!("https://faggio.example/prodotti/{id}")),
            image_url: some(&format!("https://faggio.example/foto/{id}.jpg")),
        };
        let lines = vec![
            line(
                "1",
                locale.pick("Tavolo Lambro in rovere", "Lambro oak table"),
                "180 × 90 cm",
                1,
                89_000,
            ),
            line(
                "2",
                locale.pick("Sedia Adda", "Adda chair"),
                locale.pick("noce", "walnut"),
                4,
                12_900,
            ),
        ];
        let person = PersonDetails {
            who: PersonRef {
                email: Some("chiara@example.org".to_owned()),
                ..PersonRef::default()
            },
            ..PersonDetails::default()
        };
        let parcel = Parcel {
            seq: 0,
            snapshot: ParcelSnapshot {
                external_id: None,
                carrier: some("BRT"),
                number: some("173092817364"),
                url: some("https://tracking.example/173092817364"),
                shipped_at: Some(hours(-20)),
                expected_on: full.then(|| date(2026, 11, 24)),
                lines: Vec::new(),
                cancelled: false,
            },
            state: match purpose {
                Purpose::Service | Purpose::Legal => ParcelState::InTransit,
                _ => ParcelState::Delivered,
            },
            delivered_at: full.then(|| hours(-1)),
            ..Parcel::default()
        };
        let order = Order {
            id: OrderId(7),
            customer_id: customer.id,
            snapshot: OrderSnapshot {
                external_id: "1001".to_owned(),
                number: "#1001".to_owned(),
                placed_at: hours(-48),
                updated_at: hours(-48),
                person: person.clone(),
                lines: lines.clone(),
                subtotal: full.then_some(Money::eur(140_600)),
                discount: full.then_some(Money::eur(5_000)),
                shipping: full.then_some(Money::eur(0)),
                tax: full.then_some(Money::eur(24_452)),
                total: Money::eur(135_600),
                refunded: None,
                payment: PaymentState::Paid,
                payment_method: some(locale.pick("Carta di credito", "Credit card")),
                cash_on_delivery: false,
                cancelled_at: None,
                fulfilled: full,
                ship_to: full.then(|| PostalAddress {
                    name: Some("Chiara Rossi".to_owned()),
                    street: Some("Via Aldo Moro 15".to_owned()),
                    postal_code: Some("56122".to_owned()),
                    city: Some("Pisa".to_owned()),
                    province: Some("PI".to_owned()),
                    country: Some("IT".to_owned()),
                    ..PostalAddress::default()
                }),
                shipping_method: some(locale.pick("Consegna al piano", "Delivery to your floor")),
                promised_on: full.then(|| date(2026, 11, 27)),
                discount_codes: Vec::new(),
                soft_spam_notice: None,
                cart_id: None,
                test: false,
                parcels: Vec::new(),
            },
            tracked: vec![parcel],
            returns: Vec::new(),
            problems: Vec::new(),
            delivered_at: full.then(|| hours(-1)),
            entered: BTreeMap::new(),
            counted: false,
            traces: Default::default(),
        };
        let cart = Cart {
            customer_id: customer.id,
            snapshot: CartSnapshot {
                external_id: "c1".to_owned(),
                updated_at: hours(-1),
                person,
                lines,
                total: full.then_some(Money::eur(140_600)),
                url: Some("https://faggio.example/carrello/1a2b3c".to_owned()),
                completed_at: None,
            },
            removed: false,
            reminders: 0,
            entered: BTreeMap::new(),
        };
        let coupon = Coupon {
            code: "GRAZIE-7K3MQ2XD".to_owned(),
            customer_id: customer.id,
            effect: EffectId(9),
            campaign: "after_delivery/offer_72h".to_owned(),
            percent: 15,
            issued_at: now,
            expires_at: hours(24 * 5 + 8),
            redeemed_at: None,
        };
        let marketing = is_commercial(purpose);
        let message = Message {
            id: EffectId(9),
            customer_id: customer.id,
            order_id: Some(order.id),
            parcel: (purpose == Purpose::Service).then_some(0),
            cart_id: None,
            journey: "sample".to_owned(),
            journey_version: 1,
            send: SendMessage {
                step: "sample".to_owned(),
                template: "sample".to_owned(),
                channel,
                purpose,
                promo: marketing,
                urgent: false,
                requested: false,
                notice: None,
                not_after: None,
                only_while: None,
                coupon: marketing.then_some(coupon),
            },
            decided_at: now,
            due_at: now,
            status: MessageStatus::Queued,
            grant: None,
            reason: None,
            sent_at: None,
            opened_at: None,
            clicked_at: None,
            failure: None,
            attempts: 0,
        };
        let tracking = if full {
            TrackingMode::Identified
        } else {
            TrackingMode::Off
        };
        let grant = Grant {
            basis: match purpose {
                Purpose::Legal => Basis::LegalDuty,
                Purpose::Service => Basis::Contract,
                Purpose::Care | Purpose::Feedback => Basis::LegitimateInterest,
                Purpose::Cart if full => Basis::Consent,
                Purpose::Cart => Basis::CartReminder,
                Purpose::MarketingSimilar if !full => Basis::SoftSpam,
                Purpose::MarketingSimilar | Purpose::Marketing | Purpose::ThirdParty => {
                    Basis::Consent
                }
            },
            evidence: "sample".to_owned(),
            tracking_open: tracking,
            tracking_click: tracking,
            promo_blocks: marketing || (full && purpose == Purpose::Cart),
        };
        let product = |id: &str, title: &str, cents| Product {
            external_id: id.to_owned(),
            title: title.to_owned(),
            updated_at: now,
            category: Some("tables".to_owned()),
            price: full.then_some(Money::eur(cents)),
            url: Some(format!("https://faggio.example/prodotti/{id}")),
            image_url: some(&format!("https://faggio.example/foto/{id}.jpg")),
            guide_url: some(&format!("https://faggio.example/guide/{id}")),
            available: true,
        };
        let products = vec![
            product("p1", "Lambro", 89_000),
            product(
                "p3",
                locale.pick("Panca Ticino in rovere", "Ticino oak bench"),
                32_000,
            ),
            product(
                "p4",
                locale.pick("Credenza Brembo", "Brembo sideboard"),
                74_500,
            ),
            product("p5", locale.pick("Lampada Serio", "Serio lamp"), 9_900),
        ];
        // As long as sealed tokens are, so that sizes are honest.
        let link = |path: &str, length: usize| {
            let token: String = "Zk3vT9qLw2XbM7RdYh5N"
                .chars()
                .cycle()
                .take(length)
                .collect();
            format!("https://dopo.example/{path}/{token}")
        };
        let links = Links {
            order: Some(link("o", 44)),
            preferences: link("p", 44),
            unsubscribe: (!matches!(purpose, Purpose::Legal | Purpose::Service))
                .then(|| link("u", 66)),
            stop_measuring: full.then(|| link("m", 44)),
            reminder: marketing.then(|| link("r", 55)),
            pixel: (full && channel == Channel::Email).then(|| link("i", 55) + ".gif"),
            countdown: marketing.then(|| link("k", 56) + ".png"),
        };
        Sample {
            shop: Shop {
                id: ShopId(1),
                slug: "faggio".to_owned(),
                settings,
                disconnected: false,
                tracked: Default::default(),
                released: Default::default(),
                journeys: BTreeMap::new(),
                current: BTreeMap::new(),
            },
            message,
            customer,
            order: (purpose != Purpose::Cart).then_some(order),
            cart: (purpose == Purpose::Cart).then_some(cart),
            grant,
            products,
            links,
            locale,
            now,
        }
    }

    /// What a template gets of it.
    pub fn context(&self) -> MessageContext {
        context(&ContextInput {
            shop: &self.shop,
            message: &self.message,
            customer: &self.customer,
            order: self.order.as_ref(),
            cart: self.cart.as_ref(),
            grant: &self.grant,
            products: &self.products,
            links: &self.links,
            wrap: &str::to_owned,
            locale: self.locale,
            now: self.now,
        })
    }
}

/// The sample of a purpose on a channel, as a template gets it.
pub fn sample(
    purpose: Purpose,
    channel: Channel,
    locale: Locale,
    register: Register,
    richness: Richness,
) -> MessageContext {
    Sample::new(purpose, channel, locale, register, richness).context()
}
