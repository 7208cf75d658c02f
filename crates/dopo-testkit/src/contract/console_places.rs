//! People at risk, and what goes to a place: lists and counts against the rules they follow.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, bring, put, shop};
use crate::build::*;
use dopo_core::advance::{Task, Writes};
use dopo_core::consent::{Channel, Purpose};
use dopo_core::counter::{PLACE_UNTOLD, place_key};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::{Order, Standing};
use dopo_core::parcel::{Parcel, ParcelSnapshot, ParcelState};
use dopo_core::risk::is_at_risk;
use dopo_core::search::words;
use dopo_engine::ports::console::{CustomerFilter, MessageQuery, OrderFilter};
use std::collections::BTreeMap;

fn somebody(id: i64, province: Option<&str>) -> Customer {
    let mut person = customer(id, &format!("persona.{id}@posta.example"));
    person.first_name = Some("Anna".to_owned());
    person.province = province.map(str::to_owned);
    person
}

fn with_parcel(id: i64, customer: i64, state: ParcelState) -> Order {
    let mut order = order(id, customer, &format!("{id}"));
    order.tracked.push(Parcel {
        snapshot: ParcelSnapshot {
            number: Some(format!("BRT{id}")),
            ..ParcelSnapshot::default()
        },
        state,
        ..Parcel::default()
    });
    order
}

fn of_kind(run: i64, customer: i64, kind: &str) -> Task {
    let mut task = task(run, customer, t(run));
    task.task.kind = kind.to_owned();
    task
}

/// What a shop knows, to be asked by the rule.
#[derive(Clone, Default)]
struct Facts {
    people: BTreeMap<i64, Customer>,
    orders: Vec<Order>,
    open: Vec<Task>,
}

impl Facts {
    fn at_risk(&self, id: i64) -> bool {
        let own = CustomerId(id);
        is_at_risk(
            self.orders.iter().filter(|order| order.customer_id == own),
            self.open
                .iter()
                .filter(|task| task.customer_id == own)
                .map(|task| &task.task),
        )
    }

    async fn assert_told(&self, store: &Subject, shop: ShopId) {
        let told = |risk: bool, provinces: &[&str]| -> Vec<i64> {
            let ids = self.people.iter().rev();
            ids.filter(|(id, person)| {
                let there = |own: &String| provinces.contains(&own.as_str());
                self.at_risk(**id) == risk
                    && (provinces.is_empty() || person.province.as_ref().is_some_and(there))
            })
            .map(|(id, _)| *id)
            .collect()
        };
        let asked: [&[&str]; 4] = [&[], &["MI"], &["MI", "BO"], &["AO"]];
        for provinces in asked {
            let names: Vec<String> = provinces.iter().map(|&p| p.to_owned()).collect();
            let counted = store.count_at_risk(shop, &names).await.unwrap();
            assert_eq!(counted, told(true, provinces).len() as u64, "{provinces:?}");
            for risk in [true, false] {
                for text in ["", "anna", "an person", "bianchi"] {
                    let filter = CustomerFilter {
                        provinces: names.clone(),
                        terms: words(text),
                        at_risk: Some(risk),
                        ..CustomerFilter::default()
                    };
                    let found = pages(store, shop, filter).await;
                    let expected = match text {
                        "bianchi" => Vec::new(),
                        _ => told(risk, provinces),
                    };
                    assert_eq!(found, expected, "{risk} {provinces:?} {text}");
                }
            }
        }
    }
}

/// Ids of all pages of a list of people, read two by two.
async fn pages(store: &Subject, shop: ShopId, mut filter: CustomerFilter) -> Vec<i64> {
    let mut found = Vec::new();
    loop {
        let page = store.list_customers(shop, &filter, 2).await.unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        filter.before = Some(last.id);
        found.extend(page.iter().map(|person| person.id.0));
    }
}

pub async fn people_at_risk_are_listed_and_counted_as_the_rule_says(store: Subject) {
    let here = shop(&store).await;
    let other = shop(&store).await;
    let mut facts = Facts::default();
    for (id, province) in [
        (1, Some("MI")),
        (2, Some("MI")),
        (3, Some("BO")),
        (4, None),
        (5, Some("AO")),
        (6, Some("BO")),
    ] {
        facts.people.insert(id, somebody(id, province));
    }
    facts.orders = vec![
        with_parcel(10, 1, ParcelState::HeldAtDepot),
        with_parcel(11, 1, ParcelState::Lost),
        with_parcel(12, 2, ParcelState::InTransit),
        with_parcel(13, 6, ParcelState::Refused),
    ];
    facts.open = vec![
        of_kind(1, 3, "problem_damaged"),
        of_kind(2, 3, "hold_refused"),
        of_kind(3, 2, "call"),
        of_kind(4, 4, "bounced_legal"),
        of_kind(5, 1, "parcel_lost"),
    ];
    let write = |facts: &Facts| Writes {
        customers: facts.people.values().cloned().collect(),
        orders: facts.orders.clone(),
        ..Writes::default()
    };
    let writes = Writes {
        tasks: facts.open.clone(),
        ..write(&facts)
    };
    put(&store, here, writes).await;
    facts.assert_told(&store, here).await;
    assert_eq!(store.count_at_risk(here, &[]).await.unwrap(), 4);
    Facts::default().assert_told(&store, other).await;

    // A task opened by hand counts by its kind, and no more once it is done; one opened again does.
    let by_hand = of_kind(6, 5, "problem_other");
    store.add_task(here, &by_hand).await.unwrap();
    facts.open.push(by_hand.clone());
    facts.assert_told(&store, here).await;
    for (effect, done) in [
        (facts.open[3].effect, Some(t(9))),
        (by_hand.effect, Some(t(9))),
        (by_hand.effect, None),
    ] {
        store.set_task_done(here, effect, done).await.unwrap();
    }
    facts.open.remove(3);
    facts.assert_told(&store, here).await;

    // What comes right leaves, what goes wrong comes.
    facts.orders[3].tracked[0].state = ParcelState::Delivered;
    facts.orders[2].tracked[0].silent_since = Some(t(1));
    let told = order_updated("12", "persona.2@posta.example");
    bring(&store, here, told, write(&facts)).await;
    facts.assert_told(&store, here).await;

    // Whose it is moves with a merge.
    let gone = facts.people.remove(&1).unwrap();
    facts.people.get_mut(&6).unwrap().absorb(gone);
    for order in &mut facts.orders {
        if order.customer_id == CustomerId(1) {
            order.customer_id = CustomerId(6);
        }
    }
    for task in &mut facts.open {
        if task.customer_id == CustomerId(1) {
            task.customer_id = CustomerId(6);
        }
    }
    let merge = Writes {
        customers: vec![facts.people[&6].clone()],
        merges: vec![(CustomerId(1), CustomerId(6))],
        ..Writes::default()
    };
    put(&store, here, merge).await;
    facts.assert_told(&store, here).await;

    // Nobody is left of who is forgotten.
    for id in [6, 3] {
        facts.people.remove(&id);
        let forget = Writes {
            forgotten: vec![CustomerId(id)],
            ..Writes::default()
        };
        put(&store, here, forget).await;
    }
    facts
        .orders
        .retain(|order| order.customer_id == CustomerId(2));
    facts
        .open
        .retain(|task| ![CustomerId(3), CustomerId(6)].contains(&task.customer_id));
    facts.assert_told(&store, here).await;
}

/// Orders to each place there is, of people from each place there is, standing everywhere.
fn placed() -> (Vec<Customer>, Vec<Order>) {
    let people = vec![
        somebody(1, Some("MI")),
        somebody(2, Some("BO")),
        somebody(3, None),
    ];
    let states = [
        None,
        Some(ParcelState::InTransit),
        Some(ParcelState::HeldAtDepot),
        Some(ParcelState::Delivered),
    ];
    let mut orders = Vec::new();
    for n in 0..72 {
        let whose = n % 3 + 1;
        let id = 100 + n;
        let mut order = match states[(n / 3 % 4) as usize] {
            Some(state) => with_parcel(id, whose, state),
            None => order(id, whose, &format!("{id}")),
        };
        let to = order.snapshot.ship_to.as_mut().unwrap();
        match n / 12 {
            0 => to.province = Some("mi".to_owned()),
            1 => to.province = Some("BO".to_owned()),
            2 => to.province = None,
            3 => to.country = Some("FR".to_owned()),
            4 => order.snapshot.ship_to = None,
            _ => to.province = Some("LE".to_owned()),
        }
        orders.push(order);
    }
    (people, orders)
}

fn places() -> [Vec<String>; 4] {
    let of = |places: &[&str]| places.iter().map(|&place| place.to_owned()).collect();
    [of(&["MI"]), of(&["BO", "MI"]), of(&["LE"]), of(&["AO"])]
}

pub async fn orders_of_a_place_are_those_that_go_there(store: Subject) {
    let shop = shop(&store).await;
    let (people, mut orders) = placed();
    let writes = |orders: &[Order]| Writes {
        customers: people.clone(),
        orders: orders.to_vec(),
        parcel_numbers: orders
            .iter()
            .filter(|order| !order.tracked.is_empty())
            .map(|order| (format!("BRT{}", order.id), order.id))
            .collect(),
        ..Writes::default()
    };
    put(&store, shop, writes(&orders)).await;
    // One goes elsewhere than it first did, told by an event, so that the store knows what was there before.
    let moved = &mut orders[7];
    moved.snapshot.ship_to.as_mut().unwrap().province = Some("LE".to_owned());
    let told = order_updated("107", "persona.2@posta.example");
    let moved = moved.clone();
    bring(&store, shop, told, writes(&[moved])).await;

    let standings = Standing::ALL.map(Some).into_iter().chain([None]);
    for standing in standings {
        for provinces in places() {
            for (text, customer) in [
                (None, None),
                (Some("1"), None),
                (Some("brt12"), None),
                (Some("15"), Some(CustomerId(2))),
                (None, Some(CustomerId(3))),
            ] {
                let filter = OrderFilter {
                    text: text.map(str::to_owned),
                    customer,
                    standing,
                    provinces: provinces.clone(),
                    before: None,
                };
                let expected: Vec<OrderId> = orders
                    .iter()
                    .rev()
                    .filter(|order| {
                        let own = people.iter().find(|person| person.id == order.customer_id);
                        let number = |text: &str| match text.strip_prefix("brt") {
                            Some(rest) => {
                                !order.tracked.is_empty() && order.id.to_string().starts_with(rest)
                            }
                            None => order.id.to_string().starts_with(text),
                        };
                        filter.is_there(order, own)
                            && standing.is_none_or(|s| order.standing() == s)
                            && customer.is_none_or(|id| order.customer_id == id)
                            && text.is_none_or(number)
                    })
                    .map(|order| order.id)
                    .collect();
                let mut filter = filter;
                let mut found = Vec::new();
                loop {
                    let page = store.list_orders(shop, &filter, 2).await.unwrap();
                    let Some((last, _)) = page.last() else { break };
                    filter.before = Some(last.id);
                    found.extend(page.iter().map(|(order, _)| order.id));
                }
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
    // Of somebody forgotten it is not told any more where an order went.
    let forget = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    put(&store, shop, forget).await;
    let filter = OrderFilter {
        provinces: vec!["MI".to_owned()],
        ..OrderFilter::default()
    };
    let found = store.list_orders(shop, &filter, 100).await.unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|(order, _)| order.customer_id.0 != 1));
}

pub async fn messages_of_a_place_are_those_about_what_goes_there(store: Subject) {
    let shop = shop(&store).await;
    let (people, orders) = placed();
    let mut messages: Vec<Message> = Vec::new();
    for (n, order) in orders.iter().enumerate() {
        let mut one = message(n as i64 + 1, 0, order.customer_id.0);
        one.order_id = (n % 4 > 0).then_some(order.id);
        one.status = match n % 5 {
            0 => MessageStatus::Queued,
            1 => MessageStatus::HeldBack,
            _ => MessageStatus::Sent,
        };
        one.send = send([Channel::Email, Channel::Sms][n % 2], Purpose::Care);
        messages.push(one);
    }
    let queued = |m: &&Message| m.status == MessageStatus::Queued;
    put(
        &store,
        shop,
        Writes {
            customers: people.clone(),
            orders: orders.clone(),
            due: messages.iter().filter(queued).map(due).collect(),
            messages: messages.clone(),
            ..Writes::default()
        },
    )
    .await;
    for provinces in places() {
        for status in [
            None,
            Some(MessageStatus::Queued),
            Some(MessageStatus::HeldBack),
            Some(MessageStatus::Sent),
        ] {
            for (channel, journey, customer) in [
                (None, None, None),
                (Some(Channel::Sms), None, None),
                (None, Some("welcome"), None),
                (None, None, Some(CustomerId(2))),
            ] {
                let mut query = MessageQuery {
                    status,
                    channel,
                    journey: journey.map(str::to_owned),
                    customer,
                    provinces: provinces.clone(),
                    ..MessageQuery::default()
                };
                let there = |message: &&Message| {
                    let order = orders.iter().find(|o| Some(o.id) == message.order_id);
                    let own = people.iter().find(|p| p.id == message.customer_id);
                    let told = order.map_or(PLACE_UNTOLD, place_key);
                    let place = match told {
                        PLACE_UNTOLD => own.and_then(|p| p.province.clone()).unwrap_or_default(),
                        told => told.to_owned(),
                    };
                    provinces.contains(&place)
                };
                let expected: Vec<EffectId> = messages
                    .iter()
                    .rev()
                    .filter(there)
                    .filter(|m| status.is_none_or(|s| m.status == s))
                    .filter(|m| channel.is_none_or(|c| m.send.channel == c))
                    .filter(|m| customer.is_none_or(|c| m.customer_id == c))
                    .map(|m| m.id)
                    .collect();
                let mut found = Vec::new();
                loop {
                    let page = store.list_messages(shop, &query, 3).await.unwrap();
                    let Some(last) = page.last() else { break };
                    query.before = Some(last.message.id);
                    found.extend(page.iter().map(|line| line.message.id));
                }
                assert_eq!(found, expected, "{query:?}");
            }
        }
    }
}

pub async fn what_waits_is_counted_for_its_shop(store: Subject) {
    let (here, other) = (shop(&store).await, shop(&store).await);
    for (shop, late) in [(here, 2), (other, 0)] {
        let messages: Vec<Message> = (1..=3)
            .map(|n| {
                let mut one = message(n, 0, 1);
                if n <= late {
                    one.due_at = t(100);
                }
                one
            })
            .collect();
        let writes = Writes {
            customers: vec![somebody(1, None)],
            due: messages.iter().map(due).collect(),
            messages,
            ..Writes::default()
        };
        put(&store, shop, writes).await;
    }
    assert_eq!(store.count_waiting(here, t(50)).await.unwrap(), (1, 2));
    assert_eq!(store.count_waiting(other, t(50)).await.unwrap(), (3, 0));
    assert_eq!(store.count_waiting(here, t(100)).await.unwrap(), (3, 0));
    // What is being handed over does not wait.
    store
        .claim_effects(0, Channel::Email, t(1), 9)
        .await
        .unwrap();
    assert_eq!(store.count_waiting(here, t(50)).await.unwrap(), (0, 2));
    assert_eq!(store.count_waiting(other, t(50)).await.unwrap(), (0, 0));
}
