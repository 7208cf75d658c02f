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
use dopo_core::order::{
    Order, OrderLine, OrderSnapshot, PaymentState, PostalAddress, Problem, ProblemKind,
};
use dopo_core::parcel::{
    ActBy, DepotHold, Estimate, HoldAction, HoldAnswer, HoldOutcome, InstructedBy, Parcel,
    ParcelSnapshot, ParcelState, Payer, PickupPoint, Window,
};
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

/// What a parcel's person can be told about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Situation {
    /// Told for tomorrow, with its hours.
    Tomorrow,
    /// With the driver, told for some hours of today, to be paid to the driver.
    Today,
    /// Nobody was there.
    Absent,
    /// The address is wrong.
    WrongAddress,
    /// At a pick-up point.
    Waiting,
    /// Held, to be answered at no cost.
    Held,
    /// Held, to be answered at the person's cost, the end not told.
    HeldAndPaid,
    /// A hold was answered.
    Answered,
    /// The courier refused the answer.
    AnswerRefused,
    /// Later than promised.
    Late,
    /// Its courier is silent.
    Silent,
    /// A delivery was taken back.
    TakenBack,
    /// On its way back to the shop.
    GoesBack,
    /// Lost.
    Lost,
    /// Its person reported that it did not come.
    Reported,
}

impl Situation {
    /// All situations.
    pub const ALL: [Situation; 15] = [
        Situation::Tomorrow,
        Situation::Today,
        Situation::Absent,
        Situation::WrongAddress,
        Situation::Waiting,
        Situation::Held,
        Situation::HeldAndPaid,
        Situation::Answered,
        Situation::AnswerRefused,
        Situation::Late,
        Situation::Silent,
        Situation::TakenBack,
        Situation::GoesBack,
        Situation::Lost,
        Situation::Reported,
    ];

    /// State and reason of its newest scan.
    fn scan(self) -> (ParcelState, Option<&'static str>) {
        match self {
            Situation::Tomorrow | Situation::Silent => (ParcelState::InTransit, None),
            Situation::Late => (ParcelState::InTransit, Some("weather_delayed")),
            Situation::Today => (ParcelState::OutForDelivery, None),
            Situation::Absent => (ParcelState::AttemptFailed, Some("consignee_absent")),
            Situation::WrongAddress => {
                (ParcelState::AttemptFailed, Some("consignee_wrong_address"))
            }
            Situation::Waiting => (ParcelState::ReadyForPickup, None),
            Situation::Held
            | Situation::HeldAndPaid
            | Situation::Answered
            | Situation::AnswerRefused => (ParcelState::HeldAtDepot, Some("consignee_absent")),
            Situation::TakenBack => (ParcelState::AtDepot, None),
            Situation::GoesBack => (ParcelState::Returning, Some("consignee_refused")),
            Situation::Lost => (ParcelState::Lost, Some("carrier_lost")),
            Situation::Reported => (ParcelState::Delivered, None),
        }
    }
}

fn hold(now: Timestamp) -> DepotHold {
    let hours = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
    DepotHold {
        opened_at: hours(-3),
        early: false,
        reason: Some("consignee_absent".to_owned()),
        branch: Some("BRT Pisa, Via Scornigiana 20".to_owned()),
        reference: None,
        expires_at: hours(24 * 6),
        expiry_told: true,
        answer: None,
        by: None,
        answered_at: None,
        call: None,
        outcome: None,
        closed_at: None,
    }
}

fn pickup_point() -> PickupPoint {
    PickupPoint {
        name: Some("Edicola Borgo Stretto".to_owned()),
        street: Some("Borgo Stretto 24".to_owned()),
        postal_code: Some("56127".to_owned()),
        city: Some("Pisa".to_owned()),
        hours: vec![
            "lun-ven 7:00-13:00, 15:30-19:30".to_owned(),
            "sab 7:00-13:00".to_owned(),
        ],
        until: Some(date(2026, 11, 28)),
    }
}

fn problem(kind: ProblemKind, at: Timestamp) -> Problem {
    Problem {
        kind,
        parcel: Some(0),
        text: None,
        photos: vec!["1.jpg".to_owned(), "2.jpg".to_owned()],
        at,
    }
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
        // What is known of a parcel never holds all at once; a template must bear it.
        let troubled = full && purpose == Purpose::Service;
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
            reason: troubled.then(|| "consignee_absent".to_owned()),
            window: troubled.then(|| Window {
                from: hours(48),
                until: hours(52),
                days: false,
            }),
            pickup_point: troubled.then(pickup_point),
            holds: troubled.then(|| hold(now)).into_iter().collect(),
            silent_since: troubled.then(|| hours(-140)),
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
                promised_on: full.then(|| match troubled {
                    true => date(2026, 11, 23),
                    false => date(2026, 11, 27),
                }),
                discount_codes: Vec::new(),
                soft_spam_notice: None,
                cart_id: None,
                test: false,
                parcels: Vec::new(),
            },
            tracked: vec![parcel],
            returns: Vec::new(),
            problems: troubled
                .then(|| problem(ProblemKind::Damaged, now))
                .into_iter()
                .collect(),
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
            redeemed_for: None,
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
            shop: Shop::new(ShopId(1), "faggio", settings),
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

    /// A sample of a service message in a situation as it comes up, with everything known that is known then.
    pub fn of(
        situation: Situation,
        channel: Channel,
        locale: Locale,
        register: Register,
    ) -> Sample {
        let mut sample = Sample::new(Purpose::Service, channel, locale, register, Richness::Full);
        let now = sample.now;
        let hours = |hours: i64| now + jiff::SignedDuration::from_hours(hours);
        let Some(order) = &mut sample.order else {
            return sample;
        };
        order.delivered_at = None;
        order.problems.clear();
        order.snapshot.promised_on = Some(date(2026, 11, 25));
        let Some(parcel) = order.tracked.first_mut() else {
            return sample;
        };
        let (state, reason) = situation.scan();
        *parcel = Parcel {
            snapshot: parcel.snapshot.clone(),
            state,
            reason: reason.map(str::to_owned),
            act_by: dopo_core::parcel::act_by(state, reason),
            ..Parcel::default()
        };
        parcel.snapshot.expected_on = None;
        let minutes = |minutes: i64| now + jiff::SignedDuration::from_mins(minutes);
        let between = |from, until| Window {
            from: minutes(from),
            until: minutes(until),
            days: false,
        };
        match situation {
            Situation::Tomorrow => parcel.window = Some(between(23 * 60 + 30, 27 * 60 + 30)),
            Situation::Today => {
                parcel.window = Some(between(60, 240));
                order.snapshot.cash_on_delivery = true;
                parcel.cash_on_delivery = Some(Money::eur(135_600));
            }
            Situation::Late => {
                parcel.estimate = Some(Estimate {
                    median: date(2026, 11, 27),
                    from: date(2026, 11, 26),
                    until: date(2026, 11, 28),
                    coverage_percent: 90,
                    sample: 412,
                });
            }
            Situation::Waiting => {
                parcel.pickup_point = Some(pickup_point());
                parcel.cash_on_delivery = Some(Money::eur(4_990));
            }
            Situation::Held => parcel.holds = vec![hold(now)],
            Situation::WrongAddress => {
                parcel.holds = vec![DepotHold {
                    early: true,
                    reason: Some("consignee_wrong_address".to_owned()),
                    branch: None,
                    expiry_told: false,
                    ..hold(now)
                }];
            }
            Situation::HeldAndPaid => {
                let rules = &mut sample.shop.settings.hold;
                rules.payer = Payer::Buyer;
                rules.price_words = Some(
                    locale
                        .pick("5 € alla consegna", "€5 on delivery")
                        .to_owned(),
                );
                parcel.holds = vec![DepotHold {
                    expiry_told: false,
                    ..hold(now)
                }];
                parcel.cash_on_delivery = Some(Money::eur(4_990));
            }
            Situation::Answered | Situation::AnswerRefused => {
                parcel.holds = vec![DepotHold {
                    answer: Some(HoldAnswer {
                        action: HoldAction::Redeliver,
                        address: None,
                        phone: None,
                        note: None,
                    }),
                    by: Some(InstructedBy::Buyer),
                    answered_at: Some(now),
                    outcome: Some(match situation {
                        Situation::AnswerRefused => HoldOutcome::Refused {
                            why: "fuori tempo".to_owned(),
                        },
                        _ => HoldOutcome::Asked,
                    }),
                    ..hold(now)
                }];
                parcel.act_by = ActBy::Carrier;
            }
            Situation::Silent => parcel.silent_since = Some(hours(-140)),
            Situation::Reported => order.problems = vec![problem(ProblemKind::NotReceived, now)],
            Situation::Absent | Situation::TakenBack | Situation::GoesBack | Situation::Lost => {}
        }
        sample
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
