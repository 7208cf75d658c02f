//! Promised, expected, estimated: when a delay is told, and what estimates are learnt from.

use crate::stage;
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::order::PostalAddress;
use dopo_core::parcel::{
    Checkpoint, Direction, Estimate, ParcelSnapshot, ParcelState, Telling, ToldScan, Window,
};
use dopo_core::simulate::Rehearsal;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

/// Promised for Friday 20 November 2026.
const PROMISED: Date = date(2026, 11, 20);

struct Story {
    shop: Rehearsal,
    events: u32,
}

impl Story {
    /// An order of Tuesday 17 November, to Milan, by BRT.
    fn new(promised: Option<Date>) -> Story {
        let mut shop = Rehearsal::new(stage::shop(1));
        shop.pass(at("2026-11-17T10:00:00+01:00"));
        let mut story = Story { shop, events: 0 };
        let mut order = stage::order("A1", "giulia", story.shop.now());
        order.promised_on = promised;
        order.ship_to = Some(PostalAddress {
            postal_code: Some("20121".into()),
            province: Some("MI".into()),
            ..PostalAddress::default()
        });
        story.tell(Event::OrderUpdated {
            order: Box::new(order),
        });
        story
    }

    fn shipped() -> Story {
        let mut story = Story::new(Some(PROMISED));
        story.ship("2026-11-17T17:00:00+01:00");
        story
    }

    fn tell(&mut self, event: Event) {
        self.events += 1;
        self.shop.hear(EventLine {
            id: format!("e{}", self.events),
            at: self.shop.now(),
            event,
        });
        let soon = self.shop.now() + SignedDuration::from_mins(1);
        self.shop.pass(soon);
    }

    fn ship(&mut self, when: &str) {
        self.shop.pass(at(when).max(self.shop.now()));
        let parcel = ParcelSnapshot {
            number: Some("A1-1".into()),
            carrier: Some("BRT".into()),
            shipped_at: Some(at(when)),
            ..ParcelSnapshot::default()
        };
        self.tell(Event::ParcelUpdated {
            order: "A1".into(),
            parcel,
        });
    }

    fn tracked(&mut self, telling: Telling) {
        self.tell(Event::ParcelTracked {
            parcel: parcel(),
            telling: Box::new(telling),
        });
    }

    fn scan(&mut self, state: ParcelState, when: &str) {
        self.shop.pass(at(when).max(self.shop.now()));
        let scan = Checkpoint::new(at(when), state);
        self.tracked(Telling {
            scans: vec![ToldScan::from(scan)],
            ..Telling::default()
        });
    }

    /// Our estimate: from the day before to `until`.
    fn estimate(&mut self, until: Date) {
        let from = until.yesterday().expect("a day");
        self.estimate_from(from, until);
    }

    fn estimate_from(&mut self, from: Date, until: Date) {
        self.tell(Event::ParcelEstimated {
            parcel: parcel(),
            estimate: Estimate {
                median: from,
                from,
                until,
                coverage_percent: 80,
                sample: 200,
            },
        });
    }

    fn told(&self) -> i64 {
        let counters = self.shop.counters().0.iter();
        counters
            .filter(|(key, _)| key.metric == "parcels.moments" && key.dim == "delayed")
            .map(|(_, n)| n)
            .sum()
    }

    /// What estimates are learnt from.
    fn learnt(&self) -> Vec<(Date, String, i64)> {
        let counters = self.shop.counters().0.iter();
        counters
            .filter(|(key, n)| key.metric == "transit" && **n != 0)
            .map(|(key, n)| (key.day, key.dim.to_string(), *n))
            .collect()
    }
}

fn parcel() -> ParcelRef {
    ParcelRef {
        order: Some("A1".into()),
        number: Some("A1-1".into()),
        ..ParcelRef::default()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn window(from: &str, until: &str) -> Option<Window> {
    Some(Window {
        from: at(from),
        until: at(until),
        days: false,
    })
}

#[test]
fn a_delay_is_told_only_when_the_upper_end_crosses_the_promise() {
    let mut story = Story::shipped();
    story.estimate(date(2026, 11, 19));
    story.estimate(PROMISED);
    assert_eq!(story.told(), 0);
    story.estimate(date(2026, 11, 23));
    assert_eq!(story.told(), 1);
}

#[test]
fn a_delay_is_told_once_and_again_only_when_it_grows_by_two_days() {
    let mut story = Story::shipped();
    story.estimate(date(2026, 11, 23));
    story.estimate(date(2026, 11, 23));
    story.estimate(date(2026, 11, 24));
    assert_eq!(story.told(), 1);
    story.estimate(date(2026, 11, 25));
    assert_eq!(story.told(), 2);
    // Better news, and back to where it was: nothing to say.
    story.estimate(date(2026, 11, 23));
    story.estimate(date(2026, 11, 25));
    story.estimate(date(2026, 11, 26));
    assert_eq!(story.told(), 2);
}

#[test]
fn where_nothing_was_promised_nothing_is_late() {
    let mut story = Story::new(None);
    story.ship("2026-11-17T17:00:00+01:00");
    story.estimate(date(2026, 12, 24));
    assert_eq!(story.told(), 0);
}

#[test]
fn the_couriers_own_word_goes_before_our_estimate() {
    let mut story = Story::shipped();
    story.tracked(Telling {
        expected: window("2026-11-19T10:00:00+01:00", "2026-11-19T14:00:00+01:00"),
        ..Telling::default()
    });
    story.estimate_from(date(2026, 11, 18), date(2026, 11, 24));
    assert_eq!(story.told(), 0);
    story.tracked(Telling {
        expected: window("2026-11-24T10:00:00+01:00", "2026-11-24T14:00:00+01:00"),
        ..Telling::default()
    });
    assert_eq!(story.told(), 1);
}

#[test]
fn a_couriers_word_that_has_passed_no_longer_goes_before_our_estimate() {
    let mut story = Story::shipped();
    story.tracked(Telling {
        expected: window("2026-11-19T10:00:00+01:00", "2026-11-19T14:00:00+01:00"),
        ..Telling::default()
    });
    story.estimate_from(date(2026, 11, 20), date(2026, 11, 24));
    assert_eq!(story.told(), 1);
}

#[test]
fn a_parcel_that_is_there_or_needs_somebody_is_not_said_to_be_late() {
    for state in [
        ParcelState::Delivered,
        ParcelState::HeldAtDepot,
        ParcelState::Returning,
        ParcelState::Lost,
    ] {
        let mut story = Story::shipped();
        story.scan(state, "2026-11-19T11:00:00+01:00");
        story.estimate(date(2026, 11, 30));
        assert_eq!(story.told(), 0, "{state:?}");
    }
}

#[test]
fn a_return_is_never_late() {
    let mut story = Story::shipped();
    story.tracked(Telling {
        direction: Some(Direction::Return),
        ..Telling::default()
    });
    story.estimate(date(2026, 11, 30));
    assert_eq!(story.told(), 0);
}

#[test]
fn a_delivery_is_learnt_from_by_courier_place_weekday_and_working_days() {
    let mut story = Story::shipped();
    story.scan(ParcelState::InTransit, "2026-11-18T08:00:00+01:00");
    assert_eq!(story.learnt(), []);
    story.scan(ParcelState::Delivered, "2026-11-19T11:00:00+01:00");
    let learnt = (date(2026, 11, 1), "brt|IT|MI|2|2".to_owned(), 1);
    assert_eq!(story.learnt(), [learnt]);
}

#[test]
fn a_delivery_that_is_taken_back_is_unlearnt_and_learnt_again_as_it_was() {
    let mut story = Story::shipped();
    story.scan(ParcelState::Delivered, "2026-11-19T11:00:00+01:00");
    story.tell(Event::ParcelScanRevoked {
        parcel: parcel(),
        state: ParcelState::Delivered,
        scanned_at: None,
    });
    assert_eq!(story.learnt(), []);
    // Delivered on the Monday after: the third working day after the fourth.
    story.scan(ParcelState::Delivered, "2026-11-23T11:00:00+01:00");
    let learnt = (date(2026, 11, 1), "brt|IT|MI|2|4".to_owned(), 1);
    assert_eq!(story.learnt(), [learnt]);
}

#[test]
fn the_patron_saint_of_the_place_is_no_working_day() {
    let mut story = Story::new(None);
    story.ship("2026-12-04T17:00:00+01:00");
    // Monday 7 is Sant'Ambrogio, Tuesday 8 the Immacolata.
    story.scan(ParcelState::Delivered, "2026-12-09T11:00:00+01:00");
    let learnt = (date(2026, 12, 1), "brt|IT|MI|5|1".to_owned(), 1);
    assert_eq!(story.learnt(), [learnt]);
}

#[test]
fn how_long_a_parcel_waits_at_a_collection_point_is_not_the_couriers_time() {
    let mut story = Story::shipped();
    story.scan(ParcelState::ReadyForPickup, "2026-11-18T11:00:00+01:00");
    story.scan(ParcelState::Collected, "2026-11-25T11:00:00+01:00");
    let learnt = (date(2026, 11, 1), "brt|IT|MI|2|1".to_owned(), 1);
    assert_eq!(story.learnt(), [learnt]);
}

#[test]
fn a_parcel_that_took_months_counts_at_the_cap() {
    let mut story = Story::new(None);
    story.ship("2026-11-17T17:00:00+01:00");
    story.scan(ParcelState::Delivered, "2027-02-17T11:00:00+01:00");
    let learnt = (date(2027, 2, 1), "brt|IT|MI|2|30".to_owned(), 1);
    assert_eq!(story.learnt(), [learnt]);
}
