//! The made shop: an Italian furniture shop with its customers and their orders, for `dopo demo` and for benchmarks.
//!
//! Pure: everything follows from a seed. [`history`] tells it in the order of time and never ends by itself, so that a
//! demo goes on where its past stopped; [`history_by_customer`] tells it person by person, for loads of any size.
//! Purchases follow the usual model of repeat buying: rates that differ from person to person (gamma), a chance to be
//! lost after each purchase that differs too (beta), and business time that runs with the seasons of the trade.

pub mod catalogue;
pub mod dice;
pub mod people;
pub mod season;

mod orders;
mod situations;
#[cfg(test)]
mod tests;

use self::catalogue::{CATEGORIES, MEASURING_TEXT, NEWSLETTER_TEXT, SMS_TEXT};
use self::dice::Dice;
use self::orders::Visit;
use self::season::Season;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::event::{Event, EventLine};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Zone of the shop.
pub const ZONE: &str = "Europe/Rome";
/// Shape of the purchase rates: below 1, so that many buy rarely and a few often.
const RATE_SHAPE: f64 = 0.9;
/// Ordinary days between two visits of an average customer.
const DAYS_BETWEEN_VISITS: f64 = 62.0;
/// Shapes of the chance to be lost after a visit: 11 % on average.
const LOST: (f64, f64) = (1.0, 8.0);

/// What all customers share.
#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    customers: usize,
    season: Season,
    since: Timestamp,
    until_day: Date,
    zone: TimeZone,
}

/// Where one customer is on their way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Turn {
    customer: u64,
    visit: u64,
    /// Day of the visit.
    day: Date,
    at: Timestamp,
}

/// Zone of the shop, or UTC if its rules are not there.
fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

impl Plan {
    fn new(seed: u64, customers: usize, months: u32, until: Timestamp) -> Self {
        let zone = zone();
        let until_day = zone.to_datetime(until).date();
        let first = until_day.saturating_sub(Span::new().months(i64::from(months.clamp(1, 240))));
        let since = dopo_core::italy::calendar::start_of_day(first, &zone);
        Plan {
            seed,
            customers: customers.max(1),
            season: Season::new(first),
            since,
            until_day,
            zone,
        }
    }

    /// The first visit of a customer: number by number later, at the same pace after `until` as before.
    fn first_turn(&self, customer: u64) -> Option<Turn> {
        let mut dice = Dice::new(self.seed, &[customer, 2]);
        // The step within the customer's own share of time keeps the numbers in the order of their days.
        let share = (customer as f64 + dice.unit()) / self.customers as f64;
        let day = self.season.visit(share, self.until_day)?;
        let at = season::moment(&mut dice, day, &self.zone);
        Some(Turn {
            customer,
            visit: 0,
            day,
            at,
        })
    }

    /// Tells a visit and says when the customer comes again, if ever.
    fn tell(&self, turn: Turn, out: &mut Vec<EventLine>) -> Option<Turn> {
        let mut traits = Dice::new(self.seed, &[turn.customer, 3]);
        let rate = traits.gamma(RATE_SHAPE) / RATE_SHAPE / DAYS_BETWEEN_VISITS;
        let lost = traits.beta(LOST.0, LOST.1);
        let room = traits.below(CATEGORIES.len());
        let mut dice = Dice::new(self.seed, &[turn.customer, 4, turn.visit]);
        let person = people::person(self.seed, turn.customer);
        if turn.visit == 0 {
            self.introduce(&mut traits, turn, &person, out);
        }
        let visit = Visit {
            customer: turn.customer,
            visit: turn.visit,
            person: &person,
            since: self.since,
            room,
            zone: &self.zone,
        };
        let led = orders::tell(&mut dice, &visit, turn.at, out);
        if led.ordered && dice.chance(lost) {
            return None;
        }
        // Visits are spread evenly over business time, at least a day apart.
        let wait = dice.waiting(1.0 / rate.max(1.0 / 4_000.0));
        let business = self.season.business(turn.day) + wait.max(1.2);
        let day = self.season.date(business)?;
        let day = day.max(turn.day.tomorrow().ok()?);
        Some(Turn {
            customer: turn.customer,
            visit: turn.visit + 1,
            day,
            at: season::moment(&mut dice, day, &self.zone),
        })
    }

    /// The record that the shop makes of a new customer, what they agree to, and whether they think again.
    fn introduce(
        &self,
        dice: &mut Dice,
        turn: Turn,
        person: &people::Person,
        out: &mut Vec<EventLine>,
    ) {
        let act = |topic, channel, state, text: &str| ConsentAct {
            topic,
            channel,
            state,
            source: ConsentSource::Checkout,
            text_version: Some(text.to_owned()),
            form: Some("checkout".to_owned()),
            language: person.details.locale.map(|locale| locale.tag().to_owned()),
            proof: None,
        };
        // Most who do not want the newsletter leave the box empty, which says nothing; some say no.
        let answer = |dice: &mut Dice, yes: bool| match yes {
            true => Some(ConsentState::Confirmed),
            false => dice.chance(0.2).then_some(ConsentState::Refused),
        };
        let mut consents = Vec::new();
        let newsletter = dice.chance(0.4);
        let open = dice.chance(0.36);
        let click = open && dice.chance(0.9);
        if let Some(state) = answer(dice, newsletter) {
            consents.push(act(
                Topic::Marketing,
                Some(Channel::Email),
                state,
                NEWSLETTER_TEXT,
            ));
        }
        for (topic, yes) in [(Topic::TrackingOpen, open), (Topic::TrackingClick, click)] {
            if let Some(state) = answer(dice, yes) {
                consents.push(act(topic, None, state, MEASURING_TEXT));
            }
        }
        if person.details.who.phone.is_some() {
            if dice.chance(0.45) {
                consents.push(act(
                    Topic::Service,
                    Some(Channel::Sms),
                    ConsentState::Confirmed,
                    SMS_TEXT,
                ));
            }
            if dice.chance(0.35) {
                consents.push(act(
                    Topic::Care,
                    Some(Channel::Sms),
                    ConsentState::Confirmed,
                    SMS_TEXT,
                ));
            }
            if dice.chance(0.18) {
                consents.push(act(
                    Topic::Marketing,
                    Some(Channel::Sms),
                    ConsentState::Confirmed,
                    SMS_TEXT,
                ));
            }
        }
        if dice.chance(0.3) {
            consents.push(act(
                Topic::Profiling,
                None,
                ConsentState::Confirmed,
                MEASURING_TEXT,
            ));
        }
        let id = |what: &str| format!("customer-{}-{what}", turn.customer);
        out.push(EventLine {
            id: id("new"),
            at: turn.at,
            event: Event::CustomerUpdated {
                person: person.details.clone(),
                consents,
            },
        });
        // Some withdraw later, some object to everything, some sign up after all.
        let changed = if newsletter && dice.chance(0.14) {
            (ConsentState::Withdrawn, Topic::Marketing)
        } else if dice.chance(0.04) {
            (ConsentState::Objected, Topic::MarketingSimilar)
        } else if !newsletter && dice.chance(0.08) {
            (ConsentState::Confirmed, Topic::Marketing)
        } else {
            return;
        };
        let day = turn
            .day
            .saturating_add(Span::new().days(dice.between(9, 260)));
        let mut act = act(changed.1, Some(Channel::Email), changed.0, NEWSLETTER_TEXT);
        act.source = ConsentSource::Form;
        act.form = Some("area-clienti".to_owned());
        out.push(EventLine {
            id: id("changed"),
            at: season::moment(dice, day, &self.zone),
            event: Event::ConsentChanged {
                person: person.details.who.clone(),
                acts: vec![act],
            },
        });
    }
}

/// A line that waits for its moment; the order of lines at the same moment is that in which they were told.
struct Waiting {
    at: Timestamp,
    told: u64,
    line: EventLine,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.told) == (other.at, other.told)
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.told).cmp(&(other.at, other.told))
    }
}

/// The shop's events in the order of time. It goes on after `until` at the same pace; see [`history`].
///
/// Memory: a few dozen bytes for every customer who may come again, and the lines of orders under way.
pub struct Stream {
    plan: Plan,
    /// The next customer who has not been there yet.
    next: Option<Turn>,
    turns: BinaryHeap<Reverse<(Timestamp, Turn)>>,
    lines: BinaryHeap<Reverse<Waiting>>,
    told: u64,
}

impl Stream {
    /// When the history begins.
    pub fn since(&self) -> Timestamp {
        self.plan.since
    }

    /// The moment of the next line, without taking it.
    pub fn peek_at(&mut self) -> Option<Timestamp> {
        self.settle();
        self.lines.peek().map(|waiting| waiting.0.at)
    }

    /// Keeps lines until their moment.
    fn keep(&mut self, lines: Vec<EventLine>) {
        for line in lines {
            self.told += 1;
            self.lines.push(Reverse(Waiting {
                at: line.at,
                told: self.told,
                line,
            }));
        }
    }

    /// Tells visits until the earliest line cannot be overtaken any more.
    fn settle(&mut self) {
        loop {
            let line = self.lines.peek().map(|waiting| waiting.0.at);
            let turn = self.turns.peek().map(|turn| turn.0.0);
            // First visits come day by day; within a day their hours are in no order, so the whole day counts.
            let visit = self
                .next
                .map(|turn| dopo_core::italy::calendar::start_of_day(turn.day, &self.plan.zone));
            let earliest = [turn, visit].into_iter().flatten().min();
            match (line, earliest) {
                (Some(line), Some(earliest)) if line <= earliest => return,
                (_, None) => return,
                _ => {}
            }
            if visit.is_some() && visit == earliest {
                if let Some(turn) = self.next {
                    self.turns.push(Reverse((turn.at, turn)));
                    self.next = self.plan.first_turn(turn.customer + 1);
                }
                continue;
            }
            let Some(Reverse((_, turn))) = self.turns.pop() else {
                return;
            };
            let mut told = Vec::new();
            if let Some(again) = self.plan.tell(turn, &mut told) {
                self.turns.push(Reverse((again.at, again)));
            }
            self.keep(told);
        }
    }

    /// The next line if it happens up to `at`.
    pub fn next_until(&mut self, at: Timestamp) -> Option<EventLine> {
        if self.peek_at()? > at {
            return None;
        }
        self.lines.pop().map(|waiting| waiting.0.line)
    }
}

impl Iterator for Stream {
    type Item = EventLine;

    fn next(&mut self) -> Option<EventLine> {
        self.settle();
        self.lines.pop().map(|waiting| waiting.0.line)
    }
}

/// The shop's events in the order of time, with parcels in every kind of trouble at `until`: `customers` people come for the first time in the `months` before `until`,
/// and others at the same pace after it. Take lines with [`Stream::next_until`] to stop at a moment.
pub fn history(seed: u64, customers: usize, months: u32, until: Timestamp) -> Stream {
    let plan = Plan::new(seed, customers, months, until);
    let mut stream = Stream {
        next: plan.first_turn(0),
        turns: BinaryHeap::new(),
        lines: BinaryHeap::new(),
        told: 0,
        plan,
    };
    let situations = situations::lines(seed, until, &stream.plan.zone);
    stream.keep(situations);
    stream
}

/// The same people and events up to `until`, person by person, each in the order of time: for filling a store of any size
/// with nothing kept in memory.
pub fn history_by_customer(
    seed: u64,
    customers: usize,
    months: u32,
    until: Timestamp,
) -> impl Iterator<Item = EventLine> {
    let plan = Plan::new(seed, customers, months, until);
    let situations = situations::lines(seed, until, &plan.zone);
    let people = (0..customers as u64).flat_map(move |customer| {
        let mut lines = Vec::new();
        let mut turn = plan.first_turn(customer);
        while let Some(now) = turn.filter(|turn| turn.at <= until) {
            turn = plan.tell(now, &mut lines);
        }
        lines.retain(|line| line.at <= until);
        lines.sort_by_key(|line| line.at);
        lines
    });
    people.chain(situations)
}

/// The catalogue, told on the day before a moment: give it [`Stream::since`].
pub fn products(since: Timestamp) -> Vec<EventLine> {
    let day_before = since.checked_sub(SignedDuration::from_hours(24));
    catalogue::product_lines(day_before.unwrap_or(since))
}
