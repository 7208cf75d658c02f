//! The figures of the first page, by small stories.

use crate::stage;
use dopo_core::consent::{ConsentState, Topic};
use dopo_core::counter::NOW;
use dopo_core::event::{Actor, Event, EventLine, ParcelRef};
use dopo_core::order::PostalAddress;
use dopo_core::parcel::ParcelState;
use dopo_core::simulate::{Rehearsal, Verdict};
use jiff::{SignedDuration, Timestamp};

struct Story {
    shop: Rehearsal,
    events: u32,
}

impl Story {
    fn new() -> Self {
        let mut shop = Rehearsal::new(stage::shop(1));
        shop.pass(at("2026-11-17T10:00:00+01:00"));
        Story { shop, events: 0 }
    }

    fn tell(&mut self, event: Event) {
        self.events += 1;
        self.shop.hear(EventLine {
            id: format!("e{}", self.events),
            at: self.shop.now(),
            event,
        });
    }

    fn order(&mut self, name: &str) {
        let mut order = stage::order(name, "giulia", self.shop.now());
        order.person.province = Some("mi".into());
        self.tell(Event::OrderUpdated {
            order: Box::new(order),
        });
    }

    fn agree(&mut self, topic: Topic) {
        self.tell(Event::ConsentChanged {
            person: stage::who("giulia"),
            acts: vec![stage::act(topic, None, ConsentState::Confirmed)],
        });
    }

    fn scan(&mut self, order: &str, state: ParcelState) {
        let parcel = ParcelRef {
            order: Some(order.into()),
            number: Some(format!("{order}-1")),
            ..ParcelRef::default()
        };
        let checkpoint = stage::scan(state, self.shop.now());
        self.tell(Event::ParcelScanned { parcel, checkpoint });
    }

    fn hours(&mut self, hours: i64) {
        let until = self.shop.now() + SignedDuration::from_hours(hours);
        self.shop.pass(until);
    }

    /// The figure over all days under a dimension.
    fn figure(&self, metric: &str, dim: &str) -> i64 {
        let counters = self.shop.counters().0.iter();
        let hits = counters.filter(|(key, _)| key.metric == metric && key.dim == dim);
        hits.map(|(_, n)| n).sum()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn an_order_that_became_known_late_says_nothing_about_first_contacts() {
    let mut story = Story::new();
    let mut order = stage::order("A1", "giulia", story.shop.now());
    order.placed_at = story.shop.now() - SignedDuration::from_hours(30);
    story.tell(Event::OrderUpdated {
        order: Box::new(order),
    });
    story.hours(1);
    story.scan("A1", ParcelState::OutForDelivery);
    story.hours(1);
    assert_eq!(story.figure("kpi.first_contact", ""), 0);
    assert_eq!(story.figure("kpi.first_contact_seconds", ""), 0);
}

#[test]
fn the_first_message_of_an_order_is_its_first_contact() {
    let mut story = Story::new();
    story.order("A1");
    story.hours(1);
    assert_eq!(story.figure("kpi.first_contact", ""), 1);
    assert_eq!(story.figure("kpi.first_contact_seconds", ""), 0);
    assert_eq!(
        story.figure("kpi.first_contact_24h", "journey/order_receipt"),
        1
    );
    assert_eq!(story.figure("kpi.first_contact", "province/MI"), 1);
    story.scan("A1", ParcelState::InTransit);
    story.hours(1);
    assert_eq!(story.figure("kpi.sent", ""), 2);
    assert_eq!(story.figure("kpi.sent", "channel/email"), 2);
    assert_eq!(story.figure("kpi.first_contact", ""), 1);
}

#[test]
fn only_the_first_human_open_counts_and_only_where_it_is_measured() {
    let mut story = Story::new();
    story.order("A1");
    story.agree(Topic::TrackingOpen);
    story.scan("A1", ParcelState::InTransit);
    story.hours(1);
    assert_eq!(story.figure("kpi.open_measurable", ""), 1); // the receipt is never measured
    let message = story.shop.rows().last().expect("a row").message;
    for by in [Actor::Machine, Actor::Human, Actor::Human] {
        story.tell(Event::MessageOpened { message, by });
    }
    assert_eq!(story.figure("kpi.opened", ""), 1);
    assert_eq!(story.figure("kpi.opened", "journey/shipping_notices"), 1);
    assert_eq!(story.figure("kpi.engaged", ""), 1);
    assert_eq!(story.figure("kpi.engaged_seconds", ""), 3_600);
}

#[test]
fn a_step_of_a_journey_counts_its_first_human_open_and_click_among_the_measurable() {
    let mut story = Story::new();
    let step = "shipping_notices/1/shipped";
    story.order("A1");
    story.agree(Topic::TrackingOpen);
    story.agree(Topic::TrackingClick);
    story.scan("A1", ParcelState::InTransit);
    story.hours(1);
    assert_eq!(story.figure("journeys.open_measurable", step), 1);
    assert_eq!(story.figure("journeys.click_measurable", step), 1);
    let receipt = "order_receipt/1/order_receipt"; // never measured
    assert_eq!(story.figure("journeys.open_measurable", receipt), 0);
    let message = story.shop.rows().last().expect("a row").message;
    for by in [Actor::Machine, Actor::Proxy, Actor::Human, Actor::Human] {
        story.tell(Event::MessageOpened { message, by });
    }
    for by in [Actor::Machine, Actor::Unknown] {
        let link = 1;
        story.tell(Event::MessageClicked { message, link, by });
    }
    assert_eq!(story.figure("journeys.opened", step), 1);
    assert_eq!(story.figure("journeys.clicked", step), 0);
    let by = Actor::Human;
    for link in [1, 2] {
        story.tell(Event::MessageClicked { message, link, by });
    }
    assert_eq!(story.figure("journeys.clicked", step), 1);
    assert_eq!(story.figure("messages.opens", "machine"), 1);
    assert_eq!(story.figure("messages.clicks", "unknown"), 1);
}

#[test]
fn what_is_held_back_is_counted_with_its_reason_where_it_would_have_gone() {
    let mut story = Story::new();
    story.order("A1");
    story.scan("A1", ParcelState::Delivered);
    story.hours(24 * 4);
    let all = story.figure("kpi.held_back", "");
    assert!(all > 0);
    assert_eq!(story.figure("kpi.held_back", "province/MI"), all);
    let counters = story.shop.counters().0.iter();
    let (mut reasons, mut places) = (0, 0);
    for (key, n) in counters {
        match &*key.metric {
            "messages.held_back" => reasons += n,
            "messages.held_back_in" => {
                assert!(key.dim.starts_with("MI/"), "{}", key.dim);
                places += n;
            }
            _ => {}
        }
    }
    assert_eq!(places, all);
    assert!(reasons <= all, "{reasons} of {all}");
    assert_eq!(story.figure("orders.delivered", "province/MI"), 1);
    assert_eq!(story.figure("orders.delivered", ""), 1);
}

#[test]
fn orders_and_parcels_stand_in_the_province_they_go_to_and_move_with_the_address() {
    let mut story = Story::new();
    let mut order = stage::order("A1", "giulia", story.shop.now());
    let place = |province: &str| {
        Some(PostalAddress {
            province: Some(province.to_owned()),
            ..PostalAddress::default()
        })
    };
    order.ship_to = place("MI");
    story.tell(Event::OrderUpdated {
        order: Box::new(order.clone()),
    });
    story.scan("A1", ParcelState::AttemptFailed);
    assert_eq!(story.figure("now.orders_in", "MI/trouble"), 1);
    assert_eq!(story.figure("now.parcels_in", "MI/attempt_failed"), 1);
    story.hours(1);
    order.updated_at = story.shop.now();
    order.ship_to = place("BO");
    story.tell(Event::OrderUpdated {
        order: Box::new(order),
    });
    assert_eq!(story.figure("now.orders_in", "MI/trouble"), 0);
    assert_eq!(story.figure("now.parcels_in", "MI/attempt_failed"), 0);
    assert_eq!(story.figure("now.orders_in", "BO/trouble"), 1);
    assert_eq!(story.figure("now.parcels_in", "BO/attempt_failed"), 1);
}

#[test]
fn an_order_after_an_offer_is_credited_to_it_once_and_taken_back() {
    let mut story = Story::new();
    story.agree(Topic::Marketing);
    story.order("A1");
    story.scan("A1", ParcelState::Delivered);
    story.hours(24 * 4);
    let offers = story.figure("kpi.crosssell_reached", "");
    assert!(offers > 0);
    let rows = story.shop.rows().iter();
    let left = rows.filter(|r| r.decision == Verdict::Allow).count();
    assert_eq!(story.figure("kpi.sent", ""), left as i64);
    assert_eq!(story.figure("kpi.crosssell_orders", ""), 0); // it was bought before
    story.order("A2");
    assert_eq!(story.figure("kpi.crosssell_orders", ""), 1);
    assert_eq!(story.figure("kpi.crosssell_cents", ""), 52_000);
    assert_eq!(
        story.figure("kpi.crosssell_orders", "journey/after_delivery"),
        1
    );
    assert_eq!(story.figure("kpi.contact_orders", ""), 1);
    story.order("A3"); // the last offer is used up
    assert_eq!(story.figure("kpi.crosssell_orders", ""), 1);
    story.tell(Event::OrderCancelled { order: "A2".into() });
    assert_eq!(story.figure("kpi.crosssell_orders", ""), 0);
    assert_eq!(story.figure("kpi.crosssell_cents", "province/MI"), 0);
    assert_eq!(story.figure("kpi.contact_cents", ""), 0);
    assert_eq!(story.figure("kpi.orders", ""), 2);
}

#[test]
fn an_order_long_after_an_offer_is_not_credited_to_it() {
    let mut story = Story::new();
    story.agree(Topic::Marketing);
    story.order("A1");
    story.scan("A1", ParcelState::Delivered);
    story.hours(24 * 40);
    story.order("A2");
    assert_eq!(story.figure("kpi.crosssell_orders", ""), 0);
    assert_eq!(story.figure("kpi.contact_orders", ""), 0);
    assert_eq!(story.figure("kpi.orders", ""), 2);
}

#[test]
fn gauges_follow_an_order_and_forget_with_its_person() {
    let mut story = Story::new();
    story.order("A1");
    assert_eq!(story.figure("now.orders", "shipped"), 1); // the shop says that all was handed over
    story.scan("A1", ParcelState::AttemptFailed);
    assert_eq!(story.figure("now.orders", "trouble"), 1);
    assert_eq!(story.figure("now.orders", "shipped"), 0);
    assert_eq!(story.figure("now.parcels", "attempt_failed"), 1);
    story.scan("A1", ParcelState::Delivered);
    assert_eq!(story.figure("now.customers", ""), 1);
    story.tell(Event::CustomerForgotten {
        person: stage::who("giulia"),
    });
    let gauges = story.shop.counters().0.iter();
    let left: Vec<_> = gauges.filter(|(k, n)| k.day == NOW && **n != 0).collect();
    assert_eq!(left, []);
}
