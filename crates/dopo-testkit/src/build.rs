//! Builders of facts for tests: the least that is valid, to be changed where a test cares.

use dopo_core::advance::{Due, LedgerRow, Task, Writes};
use dopo_core::cart::{Cart, CartSnapshot};
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Purpose, Topic};
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, IdentityKey, IdentityKind, PersonDetails, PersonRef};
use dopo_core::effect::{OpenTask, SendMessage};
use dopo_core::event::{Arrival, Event, Moment, Origin, ParcelRef};
use dopo_core::gate::{Basis, Grant};
use dopo_core::id::{CustomerId, EffectId, Fresh, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::{
    CloseReason, Journey, KeyBy, Node, Phase, Reentry, Run, RunKey, RunState,
};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine, OrderSnapshot, PaymentState, PostalAddress};
use dopo_core::parcel::{Checkpoint, Parcel, ParcelState};
use dopo_core::product::Product;
use dopo_core::shop::{Seller, ShopSettings, TrackingMode};
use dopo_engine::ports::store::{Intake, Rendering};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// The moment at which tests begin: Monday 2 March 2026, 08:00 UTC.
pub fn t0() -> Timestamp {
    Timestamp::constant(1_772_438_400, 0)
}

/// So many seconds after [`t0`].
pub fn t(seconds: i64) -> Timestamp {
    t0().saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Settings of a shop in trial.
pub fn settings(name: &str) -> ShopSettings {
    let seller = Seller {
        legal_name: format!("{name} S.r.l."),
        email: "clienti@bottega.example".to_owned(),
        ..Seller::default()
    };
    ShopSettings::new(name, "ciao@bottega.example", seller)
}

/// A key by e-mail address.
pub fn email_key(email: &str) -> IdentityKey {
    IdentityKey {
        kind: IdentityKind::Email,
        value: email.to_lowercase(),
    }
}

/// A person named by an e-mail address.
pub fn person(email: &str) -> PersonDetails {
    PersonDetails {
        who: PersonRef {
            email: Some(email.to_owned()),
            ..PersonRef::default()
        },
        ..PersonDetails::default()
    }
}

/// A customer with this e-mail address.
pub fn customer(id: i64, email: &str) -> Customer {
    let mut customer = Customer::new(CustomerId(id), t0());
    customer.emails.push(email.to_owned());
    customer
}

/// A line of an order.
pub fn line(product: &str, quantity: u32) -> OrderLine {
    OrderLine {
        id: format!("line-{product}"),
        product_id: Some(product.to_owned()),
        sku: None,
        title: "Moka".to_owned(),
        variant: None,
        quantity,
        unit_price: Money::eur(2_990),
        category: Some("cucina".to_owned()),
        url: None,
        image_url: None,
    }
}

/// An order as a shop tells it: paid, one line, shipped to Lecce.
pub fn order_told(external_id: &str, email: &str) -> OrderSnapshot {
    OrderSnapshot {
        external_id: external_id.to_owned(),
        number: format!("#{external_id}"),
        placed_at: t0(),
        updated_at: t0(),
        person: person(email),
        lines: vec![line("moka-3", 1)],
        subtotal: None,
        discount: None,
        shipping: None,
        tax: None,
        total: Money::eur(2_990),
        refunded: None,
        payment: PaymentState::Paid,
        payment_method: None,
        cash_on_delivery: false,
        cancelled_at: None,
        fulfilled: false,
        ship_to: Some(PostalAddress {
            street: Some("Via Trinchese 61".to_owned()),
            postal_code: Some("73100".to_owned()),
            city: Some("Lecce".to_owned()),
            province: Some("LE".to_owned()),
            country: Some("IT".to_owned()),
            ..PostalAddress::default()
        }),
        shipping_method: None,
        promised_on: None,
        discount_codes: Vec::new(),
        soft_spam_notice: None,
        cart_id: None,
        test: false,
        parcels: Vec::new(),
    }
}

/// An order as we know it.
pub fn order(id: i64, customer: i64, external_id: &str) -> Order {
    Order {
        id: OrderId(id),
        customer_id: CustomerId(customer),
        snapshot: order_told(external_id, "anna@posta.example"),
        tracked: Vec::new(),
        returns: Vec::new(),
        problems: Vec::new(),
        delivered_at: None,
        entered: BTreeMap::new(),
        counted: false,
        traces: Default::default(),
    }
}

/// A cart as we know it.
pub fn cart(external_id: &str, customer: i64) -> Cart {
    Cart {
        customer_id: CustomerId(customer),
        snapshot: CartSnapshot {
            external_id: external_id.to_owned(),
            updated_at: t0(),
            person: person("anna@posta.example"),
            lines: vec![line("moka-3", 1)],
            total: None,
            url: None,
            completed_at: None,
        },
        removed: false,
        reminders: 0,
        entered: BTreeMap::new(),
    }
}

/// A product on sale.
pub fn product(external_id: &str, category: &str) -> Product {
    Product {
        external_id: external_id.to_owned(),
        title: "Moka da tre".to_owned(),
        updated_at: t0(),
        category: Some(category.to_owned()),
        price: Some(Money::eur(2_990)),
        url: None,
        image_url: None,
        guide_url: None,
        available: true,
    }
}

/// A journey of one wait.
pub fn journey(id: &str) -> Journey {
    Journey {
        id: id.to_owned(),
        version: 1,
        name_it: "Benvenuto".to_owned(),
        name_en: "Welcome".to_owned(),
        key: KeyBy::Order,
        on: vec![Moment::OrderPlaced],
        when: None,
        freshness_seconds: 86_400,
        reentry: Reentry::Once,
        exit_on: Vec::new(),
        goal: None,
        nodes: vec![Node::Wait {
            seconds: 60,
            next: None,
        }],
    }
}

/// A run of `welcome` about an order that wakes at a time.
pub fn run(id: i64, customer: i64, order: Option<i64>, wake_at: Timestamp) -> Run {
    Run {
        id: RunId(id),
        customer_id: CustomerId(customer),
        journey: "welcome".to_owned(),
        journey_version: 1,
        key: RunKey {
            order: order.map(OrderId),
            ..RunKey::default()
        },
        version: 1,
        state: RunState {
            node: 0,
            phase: Phase::Waiting { until: wake_at },
            started_at: t0(),
            sent: BTreeMap::new(),
            coupons: BTreeMap::new(),
            reminders: BTreeMap::new(),
            goal_at: None,
        },
    }
}

/// The same run, at its end.
pub fn closed(mut run: Run, at: Timestamp) -> Run {
    run.version += 1;
    run.state.phase = Phase::Closed {
        why: CloseReason::Finished,
        at,
    };
    run
}

/// The gate's yes to a contract message.
pub fn grant() -> Grant {
    Grant {
        basis: Basis::Contract,
        evidence: "order:1".to_owned(),
        tracking_open: TrackingMode::Off,
        tracking_click: TrackingMode::Off,
        promo_blocks: false,
    }
}

/// What a message of this purpose would be.
pub fn send(channel: Channel, purpose: Purpose) -> SendMessage {
    SendMessage {
        step: "hello".to_owned(),
        template: "welcome".to_owned(),
        channel,
        purpose,
        promo: false,
        urgent: false,
        requested: false,
        notice: None,
        not_after: None,
        only_while: None,
        coupon: None,
    }
}

/// A queued service e-mail, the `n`-th of a run's first decision.
pub fn message(run: i64, n: u32, customer: i64) -> Message {
    Message {
        id: EffectId::derive(RunId(run), 1, n),
        customer_id: CustomerId(customer),
        order_id: None,
        parcel: None,
        cart_id: None,
        journey: "welcome".to_owned(),
        journey_version: 1,
        send: send(Channel::Email, Purpose::Service),
        decided_at: t0(),
        due_at: t0(),
        status: MessageStatus::Queued,
        grant: Some(grant()),
        reason: None,
        sent_at: None,
        opened_at: None,
        clicked_at: None,
        failure: None,
        attempts: 0,
    }
}

/// The place of a message in its queue.
pub fn due(message: &Message) -> Due {
    Due {
        message: message.id,
        channel: message.channel(),
        due_at: message.due_at,
    }
}

/// What a message was made of.
pub fn rendering(word: &str) -> Rendering {
    Rendering {
        template: "welcome".to_owned(),
        template_version: 3,
        locale: "it".to_owned(),
        context: serde_json::json!({ "name": word }),
        sha256: "ab".repeat(32),
    }
}

/// A coupon of ten percent.
pub fn coupon(code: &str, customer: i64) -> Coupon {
    Coupon {
        code: code.to_owned(),
        customer_id: CustomerId(customer),
        effect: EffectId::derive(RunId(1), 1, 0),
        campaign: "welcome/thanks".to_owned(),
        percent: 10,
        issued_at: t0(),
        expires_at: t(86_400),
        redeemed_at: None,
        redeemed_for: None,
    }
}

/// A task to call somebody.
pub fn task(run: i64, customer: i64, opened_at: Timestamp) -> Task {
    Task {
        effect: EffectId::derive(RunId(run), 1, 9),
        customer_id: CustomerId(customer),
        order_id: None,
        opened_at,
        task: OpenTask {
            kind: "call".to_owned(),
            title: "Richiamare".to_owned(),
            due_at: None,
            promo: false,
        },
    }
}

/// A consent for marketing by e-mail.
pub fn ledger_row(id: i64, customer: i64) -> LedgerRow {
    LedgerRow {
        id,
        customer_id: CustomerId(customer),
        at: t0(),
        known_at: t(1),
        act: ConsentAct {
            topic: Topic::Marketing,
            channel: Some(Channel::Email),
            state: ConsentState::Confirmed,
            source: ConsentSource::Form,
            text_version: Some("v1".to_owned()),
            form: None,
            language: Some("it".to_owned()),
            proof: None,
        },
    }
}

/// An arrival from the API; its ids begin at `fresh`.
pub fn arrival(shop: ShopId, external_id: &str, fresh: i64, event: Event) -> Arrival {
    Arrival {
        shop,
        source: "api".to_owned(),
        external_id: external_id.to_owned(),
        occurred_at: t0(),
        known_at: t0(),
        origin: Origin::Live,
        event,
        fresh: Fresh(fresh),
    }
}

/// An intake from the API that means these arrivals.
pub fn intake(id: i64, external_id: &str, arrivals: Vec<Arrival>) -> Intake {
    Intake {
        id: InboxId(id),
        source: "api".to_owned(),
        external_id: external_id.to_owned(),
        topic: arrivals
            .first()
            .map_or("unknown", |a| a.event.kind())
            .to_owned(),
        received_at: t0(),
        body: Some(b"sealed".to_vec()),
        arrivals,
        note: None,
        failed: false,
        replay: false,
    }
}

/// A scan of a parcel of an order.
pub fn scanned(order: Option<&str>, number: Option<&str>, at: Timestamp) -> Event {
    Event::ParcelScanned {
        parcel: ParcelRef {
            order: order.map(str::to_owned),
            number: number.map(str::to_owned),
            ..ParcelRef::default()
        },
        checkpoint: Checkpoint::new(at, ParcelState::InTransit),
    }
}

/// An order told anew.
pub fn order_updated(external_id: &str, email: &str) -> Event {
    Event::OrderUpdated {
        order: Box::new(order_told(external_id, email)),
    }
}

/// An event that names nothing, to carry writes.
pub fn nothing() -> Event {
    Event::ProductRemoved {
        product: "none".to_owned(),
    }
}

/// Three people: one with a parcel at the depot, one who reported a problem, one with whom all is well.
pub fn at_risk() -> Writes {
    let person = |id| {
        let mut person = customer(id, &format!("persona.{id}@posta.example"));
        person.first_name = Some("Anna".to_owned());
        person
    };
    let mut held = order(10, 1, "1001");
    held.tracked.push(Parcel {
        state: ParcelState::HeldAtDepot,
        ..Parcel::default()
    });
    let mut problem = task(1, 2, t(1));
    problem.task.kind = "problem_other".to_owned();
    Writes {
        customers: (1..=3).map(person).collect(),
        orders: vec![held, order(11, 3, "1002")],
        tasks: vec![problem, task(2, 3, t(1))],
        ..Writes::default()
    }
}
