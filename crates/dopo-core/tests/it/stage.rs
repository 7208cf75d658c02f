//! A shop with the library's journeys, and short words for making events.

use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::id::ShopId;
use dopo_core::journey::Journey;
use dopo_core::journey::check::check;
use dopo_core::money::Money;
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState};
use dopo_core::parcel::{Checkpoint, ParcelState};
use dopo_core::shop::{Seller, ShopSettings};
use jiff::Timestamp;

/// The library's journeys: name and text.
pub const LIBRARY: [(&str, &str); 4] = [
    (
        "order_receipt",
        include_str!("../../../dopo-engine/library/journeys/order_receipt.yaml"),
    ),
    (
        "shipping_notices",
        include_str!("../../../dopo-engine/library/journeys/shipping_notices.yaml"),
    ),
    (
        "after_delivery",
        include_str!("../../../dopo-engine/library/journeys/after_delivery.yaml"),
    ),
    (
        "abandoned_cart",
        include_str!("../../../dopo-engine/library/journeys/abandoned_cart.yaml"),
    ),
];

/// The library's templates.
pub const TEMPLATES: [&str; 13] = [
    "order_receipt",
    "shipped",
    "out_for_delivery",
    "delivered",
    "guide_24h",
    "sms_24h",
    "cross_sell_48h",
    "sms_48h",
    "offer_72h",
    "sms_72h",
    "cart_1h",
    "cart_24h",
    "cart_72h",
];

/// The library's journeys on parcels.
pub const ON_PARCELS: [&str; 11] = [
    include_str!("../../../dopo-engine/library/journeys/failed_attempt.yaml"),
    include_str!("../../../dopo-engine/library/journeys/pickup_point.yaml"),
    include_str!("../../../dopo-engine/library/journeys/depot_hold.yaml"),
    include_str!("../../../dopo-engine/library/journeys/hold_answered.yaml"),
    include_str!("../../../dopo-engine/library/journeys/hold_refused.yaml"),
    include_str!("../../../dopo-engine/library/journeys/delay.yaml"),
    include_str!("../../../dopo-engine/library/journeys/silence.yaml"),
    include_str!("../../../dopo-engine/library/journeys/delivery_taken_back.yaml"),
    include_str!("../../../dopo-engine/library/journeys/returned_parcel.yaml"),
    include_str!("../../../dopo-engine/library/journeys/lost_parcel.yaml"),
    include_str!("../../../dopo-engine/library/journeys/problem_received.yaml"),
];

/// Their templates.
pub const ON_PARCELS_TEMPLATES: [&str; 16] = [
    "attempt_failed",
    "pickup_ready",
    "pickup_reminder",
    "pickup_last_day",
    "held",
    "hold_reminder",
    "hold_sms",
    "hold_answered",
    "hold_refused",
    "delayed",
    "silent",
    "delivery_taken_back",
    "delivered",
    "returned",
    "lost",
    "problem_received",
];

pub fn journey(text: &str) -> Journey {
    let (journey, remarks) = check(text, &TEMPLATES);
    journey.unwrap_or_else(|| panic!("the journey has errors: {remarks:#?}"))
}

pub fn shop(id: i64) -> Shop {
    let mut settings = ShopSettings::new("Casa Olmo", "ciao@casaolmo.example", Seller::default());
    settings
        .similarity_groups
        .insert("Tavoli".into(), "soggiorno".into());
    let mut shop = Shop::new(ShopId(id), format!("shop{id}"), settings);
    for (_, text) in LIBRARY {
        shop.publish(journey(text));
    }
    shop
}

/// The same with the journeys on parcels: all that a new shop has.
pub fn shop_with_parcels(id: i64) -> Shop {
    let mut shop = shop(id);
    for text in ON_PARCELS {
        let (journey, remarks) = check(text, &ON_PARCELS_TEMPLATES);
        assert!(remarks.is_empty(), "{remarks:#?}");
        shop.publish(journey.expect("no errors"));
    }
    shop
}

pub fn who(name: &str) -> PersonRef {
    PersonRef {
        email: Some(format!("{name}@example.it")),
        phone: None,
        shop_customer_id: None,
    }
}

pub fn person(name: &str) -> PersonDetails {
    let number = name
        .bytes()
        .fold(0_u32, |n, b| n.wrapping_mul(31).wrapping_add(u32::from(b)))
        % 10_000_000;
    PersonDetails {
        who: PersonRef {
            phone: Some(format!("+39333{number:07}")),
            ..who(name)
        },
        first_name: Some(name.to_owned()),
        ..PersonDetails::default()
    }
}

pub fn lines() -> Vec<OrderLine> {
    vec![OrderLine {
        id: "l1".into(),
        product_id: Some("p1".into()),
        sku: None,
        title: "Tavolo in olmo".into(),
        variant: None,
        quantity: 1,
        unit_price: Money::eur(52_000),
        category: Some("Tavoli".into()),
        url: None,
        image_url: None,
    }]
}

pub fn order(name: &str, buyer: &str, at: Timestamp) -> OrderSnapshot {
    OrderSnapshot {
        external_id: name.into(),
        number: format!("#{name}"),
        placed_at: at,
        updated_at: at,
        person: person(buyer),
        lines: lines(),
        subtotal: None,
        discount: None,
        shipping: None,
        tax: None,
        total: Money::eur(52_000),
        refunded: None,
        payment: PaymentState::Paid,
        payment_method: None,
        cash_on_delivery: false,
        cancelled_at: None,
        fulfilled: true,
        ship_to: None,
        shipping_method: None,
        promised_on: None,
        discount_codes: vec![],
        soft_spam_notice: Some("2026-01".into()),
        cart_id: None,
        test: false,
        parcels: vec![],
    }
}

pub fn scan(state: ParcelState, at: Timestamp) -> Checkpoint {
    Checkpoint::new(at, state)
}

pub fn act(topic: Topic, channel: Option<Channel>, state: ConsentState) -> ConsentAct {
    ConsentAct {
        topic,
        channel,
        state,
        source: ConsentSource::PreferenceCentre,
        text_version: Some("2026-01".into()),
        form: None,
        language: None,
        proof: None,
    }
}
