use super::*;
use crate::simulation::simulate;
use dopo_core::advance::Shop;
use dopo_core::event::Origin;
use dopo_core::id::ShopId;
use dopo_core::journey::check::check;
use dopo_core::order::{OrderSnapshot, PaymentState};
use dopo_core::parcel::ParcelState;
use dopo_core::simulate::Rehearsal;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZero;

const SEED: u64 = 20_260;
const CUSTOMERS: usize = 680;
const MONTHS: u32 = 18;

fn until() -> Timestamp {
    "2026-06-15T10:00:00Z".parse().expect("a time")
}

fn lines() -> Vec<EventLine> {
    let mut stream = history(SEED, CUSTOMERS, MONTHS, until());
    std::iter::from_fn(|| stream.next_until(until())).collect()
}

fn hash(lines: &[EventLine]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for line in lines {
        serde_json::to_string(line)
            .expect("a line")
            .hash(&mut hasher);
    }
    hasher.finish()
}

/// The first telling of every order.
fn placed(lines: &[EventLine]) -> BTreeMap<String, OrderSnapshot> {
    let mut orders = BTreeMap::new();
    for line in lines {
        if let Event::OrderUpdated { order } = &line.event {
            orders
                .entry(order.external_id.clone())
                .or_insert_with(|| (**order).clone());
        }
    }
    orders
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_seed_another() {
    let lines = lines();
    assert_eq!(hash(&lines), hash(&self::lines()));
    let mut other = history(SEED + 1, CUSTOMERS, MONTHS, until());
    let other: Vec<EventLine> = std::iter::from_fn(|| other.next_until(until())).collect();
    assert_ne!(hash(&lines), hash(&other));
}

#[test]
fn the_story_is_told_in_the_order_of_time_with_ids_of_their_own() {
    let lines = lines();
    assert!(lines.is_sorted_by_key(|line| line.at));
    let ids: BTreeSet<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids.len(), lines.len());
    assert!(lines.iter().all(|line| line.at <= until()));
}

#[test]
fn told_by_time_and_told_by_customer_it_is_the_same_story() {
    let key = |line: &EventLine| (line.at, line.id.clone());
    let mut by_time = lines();
    let mut by_customer: Vec<EventLine> =
        history_by_customer(SEED, CUSTOMERS, MONTHS, until()).collect();
    by_time.sort_by_key(key);
    by_customer.sort_by_key(key);
    // By time, the day's next newcomer may already be there.
    let known: BTreeSet<&str> = by_customer.iter().map(|line| line.id.as_str()).collect();
    by_time.retain(|line| known.contains(line.id.as_str()));
    assert_eq!(by_time.len(), by_customer.len());
    assert!(by_time == by_customer);
}

#[test]
fn it_holds_hundreds_of_customers_and_thousands_of_orders_over_the_whole_time() {
    let orders = placed(&lines());
    let buyers: BTreeMap<_, usize> = orders.values().fold(BTreeMap::new(), |mut buyers, order| {
        *buyers
            .entry(order.person.who.shop_customer_id.clone())
            .or_default() += 1;
        buyers
    });
    println!("{} customers bought {} times", buyers.len(), orders.len());
    assert!(buyers.len() >= 500, "{} customers", buyers.len());
    assert!(orders.len() >= 2_000, "{} orders", orders.len());
    let again = buyers.values().filter(|count| **count > 1).count();
    assert!(
        again * 3 > buyers.len() && again * 10 < buyers.len() * 9,
        "{again} came again"
    );
    let mut months = BTreeMap::<_, usize>::new();
    for order in orders.values() {
        let day = zone().to_datetime(order.placed_at).date();
        *months.entry((day.year(), day.month())).or_default() += 1;
    }
    println!("{months:?}");
    assert!(months.len() >= 18);
    assert!(
        months[&(2025, 11)] > 2 * months[&(2025, 8)],
        "November against August"
    );
    assert!(
        orders
            .values()
            .all(|order| order.total.cents > 0 && !order.lines.is_empty())
    );
}

#[test]
fn much_goes_well_and_everything_goes_wrong_somewhere() {
    let lines = lines();
    let mut states = BTreeMap::<ParcelState, usize>::new();
    let mut kinds = BTreeMap::<&str, usize>::new();
    for line in &lines {
        *kinds.entry(line.event.kind()).or_default() += 1;
        if let Event::ParcelScanned { checkpoint, .. } = &line.event {
            *states.entry(checkpoint.state).or_default() += 1;
            let reason = checkpoint.reason.as_deref();
            assert!(
                reason.is_none_or(dopo_core::parcel::is_known_reason),
                "{reason:?}"
            );
        }
    }
    println!("{kinds:?}\n{states:?}");
    for kind in [
        "order_updated",
        "order_cancelled",
        "order_refunded",
        "parcel_updated",
        "parcel_scanned",
        "parcel_scan_revoked",
        "return_updated",
        "cart_updated",
        "cart_removed",
        "customer_updated",
        "consent_changed",
    ] {
        assert!(kinds.contains_key(kind), "no {kind}");
    }
    use ParcelState::*;
    for state in [
        Announced,
        PickedUp,
        InTransit,
        AtDepot,
        OutForDelivery,
        AttemptFailed,
        HeldAtDepot,
        ReadyForPickup,
        Delivered,
        Collected,
        Refused,
        Returning,
        Returned,
        Lost,
    ] {
        assert!(states.contains_key(&state), "no {state:?}");
    }
    let came = states[&Delivered] + states[&Collected];
    assert!(came > 9 * (states[&Returned] + states[&Lost]));
}

#[test]
fn the_south_pays_at_the_door_more_often() {
    let share = |orders: &[&OrderSnapshot]| {
        let at_the_door = orders.iter().filter(|order| order.cash_on_delivery).count();
        at_the_door as f64 / orders.len() as f64
    };
    let orders = placed(&lines());
    let south = |order: &&OrderSnapshot| {
        let city = order.ship_to.as_ref().and_then(|to| to.city.as_deref());
        people::TOWNS
            .iter()
            .any(|town| town.south && city == Some(town.name))
    };
    let (south, north): (Vec<_>, Vec<_>) = orders.values().partition(south);
    assert!(share(&south) > 2.0 * share(&north));
    assert!(
        orders
            .values()
            .any(|order| order.payment == PaymentState::Pending && !order.cash_on_delivery)
    );
}

#[test]
fn every_line_survives_its_json_and_every_address_is_reserved() {
    for line in lines().into_iter().chain(products(until())) {
        let json = serde_json::to_string(&line).expect("a line");
        assert_eq!(
            serde_json::from_str::<EventLine>(&json).expect("the same line"),
            line
        );
        for (at, _) in json.match_indices('@') {
            let domain = &json[at + 1..];
            let reserved = ["example.com", "example.org"].iter().any(|name| {
                domain
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('"'))
            });
            assert!(reserved, "{json}");
        }
    }
}

#[test]
fn it_goes_on_after_its_end_at_the_same_pace() {
    let mut stream = history(SEED, CUSTOMERS, MONTHS, until());
    while stream.next_until(until()).is_some() {}
    let month = SignedDuration::from_hours(24 * 30);
    let end = until().checked_add(month).expect("a time");
    let next: Vec<EventLine> = std::iter::from_fn(|| stream.next_until(end)).collect();
    assert!(next.iter().all(|line| line.at > until()));
    let new = |line: &&EventLine| matches!(line.event, Event::CustomerUpdated { .. });
    let (newcomers, orders) = (next.iter().filter(new).count(), placed(&next).len());
    println!("a month later: {newcomers} newcomers, {orders} orders");
    assert!(newcomers >= 10 && orders >= 60);
}

#[test]
fn every_event_can_be_used_and_none_waits_for_another() {
    let mut rehearsal =
        Rehearsal::new(Shop::new(ShopId(1), catalogue::SLUG, catalogue::settings()));
    let mut stream = history(SEED, 200, MONTHS, until());
    for line in products(stream.since()) {
        let at = line.at;
        rehearsal.hear_at(line, Origin::Import, at);
    }
    while let Some(line) = stream.next_until(until()) {
        let at = line.at;
        rehearsal.hear_at(line, Origin::Import, at);
    }
    assert!(
        rehearsal.unusable().is_empty(),
        "{:?}",
        rehearsal.unusable().first()
    );
    assert_eq!(rehearsal.waiting(), 0);
    assert_eq!(rehearsal.messages().count(), 0);
    let agree = |topic| {
        rehearsal
            .customers()
            .filter(|c| c.consents.agreed(topic, None))
            .count() as f64
    };
    let share = agree(Topic::TrackingOpen) / rehearsal.customers().count() as f64;
    assert!(
        (0.25..0.45).contains(&share),
        "{share} agree to be measured"
    );
    assert!(
        rehearsal
            .customers()
            .filter(|c| c.purchases.orders > 1)
            .count()
            > 50
    );
}

/// The demo's shop with all journeys of the library.
fn shop_with_journeys() -> Shop {
    let templates = crate::library::templates();
    let names: Vec<&str> = templates.iter().map(|t| t.name.as_str()).collect();
    let mut shop = Shop::new(ShopId(1), catalogue::SLUG, catalogue::settings());
    for (name, document) in crate::library::journeys() {
        let mut journey = check(document, &names).0.expect(name);
        journey.version = 1;
        shop.publish(journey);
    }
    shop
}

fn rehearsed(lines: &[EventLine], threads: usize) -> Vec<String> {
    let threads = NonZero::new(threads).expect("a thread");
    let until = until() + SignedDuration::from_hours(24 * 45);
    simulate(&shop_with_journeys(), lines.to_vec(), until, threads)
        .map(|row| serde_json::to_string(&row).expect("a row"))
        .collect()
}

/// The same in one shop, everybody in it.
fn together(lines: &[EventLine]) -> Vec<String> {
    let mut rehearsal = Rehearsal::new(shop_with_journeys());
    for line in lines.iter().cloned() {
        rehearsal.hear(line);
    }
    rehearsal.pass(until() + SignedDuration::from_hours(24 * 45));
    let rows = rehearsal.rows().iter();
    rows.map(|row| serde_json::to_string(row).expect("a row"))
        .collect()
}

/// Whether these are the same rows; those of one instant may stand in any order.
fn assert_same(mut apart: Vec<String>, mut together: Vec<String>) {
    apart.sort_unstable();
    together.sort_unstable();
    let only = |rows: &[String], others: &[String]| {
        let missing = rows.iter().filter(|row| others.binary_search(row).is_err());
        missing.cloned().collect::<Vec<_>>().join("\n")
    };
    assert_eq!(only(&apart, &together), only(&together, &apart));
    assert_eq!(apart.len(), together.len());
}

/// Goods, their categories and later news of them, people, and two who turn out to be one, in the order of time.
fn a_year_of_a_shop() -> Vec<EventLine> {
    let mut stream = history(SEED, 150, 12, until());
    let mut lines = products(stream.since());
    lines.extend(std::iter::from_fn(|| stream.next_until(until())));
    let of = |line: &EventLine| match &line.event {
        Event::OrderUpdated { order } => Some(order.person.who.clone()),
        _ => None,
    };
    let middle = lines[lines.len() / 2].at;
    let people: Vec<_> = lines[..lines.len() / 2].iter().filter_map(of).collect();
    let merged = Event::CustomerMerged {
        into: people[0].clone(),
        from: people
            .iter()
            .find(|p| **p != people[0])
            .expect("two")
            .clone(),
    };
    let mut late: Vec<Event> = lines
        .iter()
        .filter_map(|line| match &line.event {
            Event::ProductUpdated { product } => {
                let mut product = product.clone();
                product.category = Some("altro".to_owned());
                Some(Event::ProductUpdated { product })
            }
            _ => None,
        })
        .take(5)
        .collect();
    if let Some(Event::ProductUpdated { product }) = late.first() {
        let (mut nowhere, gone) = (product.clone(), product.external_id.clone());
        nowhere.category = None;
        late.push(Event::ProductUpdated { product: nowhere });
        late.push(Event::ProductRemoved { product: gone });
    }
    late.push(merged);
    for (n, event) in late.into_iter().enumerate() {
        let id = format!("late-{n}");
        lines.push(EventLine {
            id,
            at: middle,
            event,
        });
    }
    // The shop does not tell the category with the order, but with its goods.
    for line in &mut lines {
        if let Event::OrderUpdated { order } = &mut line.event {
            order.lines.iter_mut().for_each(|line| line.category = None);
        }
    }
    lines.sort_by_key(|line| line.at);
    lines
}

#[test]
fn people_rehearsed_apart_get_what_they_get_together() {
    let lines = a_year_of_a_shop();
    let apart = rehearsed(&lines, 1);
    assert!(apart.len() > 1_000, "{} rows", apart.len());
    assert_same(apart, together(&lines));
}

#[test]
fn a_rehearsal_gives_the_same_rows_in_the_order_of_time_on_any_number_of_threads() {
    let lines = a_year_of_a_shop();
    let rows = rehearsed(&lines, 1);
    assert!(rows.is_sorted_by_key(|row| row[..27].to_owned())); // {"at":"2026-02-03T07:12:51
    assert_eq!(rows, rehearsed(&lines, 3));
}

#[test]
fn lines_that_stand_too_late_are_heard_late_apart_as_together() {
    let mut lines = a_year_of_a_shop();
    let half = lines.len() / 2;
    lines.swap(half, half + 400);
    assert_same(rehearsed(&lines, 2), together(&lines));
}

#[test]
fn what_concerns_the_whole_shop_is_rehearsed_with_everybody_in_it() {
    for event in [Event::ShopDisconnected {}, Event::ShopForgotten {}] {
        let mut lines = a_year_of_a_shop();
        let half = lines.len() / 2;
        let at = lines[half].at;
        let id = "everything".to_owned();
        lines.insert(half, EventLine { id, at, event });
        assert_same(rehearsed(&lines, 2), together(&lines));
    }
}

#[test]
fn what_was_asked_before_a_shop_is_forgotten_counts_as_steps() {
    let mut lines = a_year_of_a_shop();
    let end = lines.last().expect("a line").at;
    let simulated = |lines: &[EventLine]| {
        simulate(
            &shop_with_journeys(),
            lines.to_vec(),
            end,
            NonZero::<usize>::MIN,
        )
        .steps()
    };
    let steps = simulated(&lines);
    assert!(steps > 1_000, "{steps}");
    lines.push(EventLine {
        id: "everything".to_owned(),
        at: end,
        event: Event::ShopForgotten {},
    });
    assert_eq!(simulated(&lines), steps);
}
