//! Lists and search: what the console shows.
#![expect(missing_docs, reason = "a fact's name says what it checks")]

use super::{Subject, bring, put, shop};
use crate::build::*;
use dopo_core::advance::Writes;
use dopo_core::consent::{Channel, ConsentState, Purpose};
use dopo_core::customer::Customer;
use dopo_core::gate::Reason;
use dopo_core::id::{CustomerId, OrderId, RunId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::{Order, Standing};
use dopo_core::parcel::{Parcel, ParcelSnapshot, ParcelState};
use dopo_core::search::words;
use dopo_engine::ports::console::{
    CustomerFilter, Listed, MessageQuery, NoteRow, OrderFilter, PAGE_ROWS_MAX,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers that look drawn and are the same every time (xorshift).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.throw(of.len() as u64) as usize]
    }
}

const FIRST: [&str; 6] = ["Anna", "Bruno", "Niccolò", "Mària", "Anita", "Giosuè"];
const LAST: [&str; 5] = ["Rossi", "De Santis", "D'Amico", "Rossini", "Łukasz"];
const PROVINCES: [&str; 4] = ["MI", "BO", "LE", "NA"];

/// Somebody about whom everything is drawn.
fn drawn(dice: &mut Dice, id: i64) -> Customer {
    let mut person = customer(id, &format!("persona.{id}@posta.example"));
    change(dice, &mut person);
    person
}

/// Changes what lists show of somebody.
fn change(dice: &mut Dice, person: &mut Customer) {
    person.first_name = (dice.throw(5) > 0).then(|| (*dice.one_of(&FIRST)).to_owned());
    person.last_name = (dice.throw(5) > 0).then(|| (*dice.one_of(&LAST)).to_owned());
    person.province = (dice.throw(4) > 0).then(|| (*dice.one_of(&PROVINCES)).to_owned());
    person.phones.clear();
    if dice.throw(3) == 0 {
        person
            .phones
            .push(format!("+39333{:07}", dice.throw(10_000_000)));
    }
    person.purchases.orders = dice.throw(4) as u32;
    person.purchases.total_cents = i64::from(person.purchases.orders) * 2_990;
    person.purchases.last_at =
        (person.purchases.orders > 0).then(|| t(dice.throw(1_000) as i64 * 86_400));
    person.suppression.hard_bounced_at = (dice.throw(6) == 0).then(t0);
    person.suppression.complained_at = (dice.throw(9) == 0).then(t0);
    person.tags.clear();
    if dice.throw(4) == 0 {
        person.tags.insert("VIP".to_owned());
    }
    let states = [
        ConsentState::Confirmed,
        ConsentState::Withdrawn,
        ConsentState::Granted,
    ];
    if dice.throw(3) > 0 {
        let mut act = ledger_row(1, 1).act;
        act.state = *dice.one_of(&states);
        let at = t(dice.throw(1_000) as i64);
        person.consents.apply(&act, at, 1);
    }
}

/// All pages of a list of people, read two by two.
async fn all_pages(store: &Subject, shop: ShopId, filter: &CustomerFilter) -> Vec<Customer> {
    let mut filter = filter.clone();
    let mut found: Vec<Customer> = Vec::new();
    loop {
        let page = store.list_customers(shop, &filter, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some(last) = page.last() else {
            return found;
        };
        filter.before = Some(last.id);
        found.extend(page);
    }
}

fn ids(people: &[Customer]) -> Vec<i64> {
    people.iter().map(|person| person.id.0).collect()
}

/// Those of these people that a filter lets through, newest first.
fn expected(people: &BTreeMap<CustomerId, Customer>, filter: &CustomerFilter) -> Vec<i64> {
    let has = |person: &Customer| {
        let words = person.search_words();
        let begins = |term: &String| words.iter().any(|word| word.starts_with(term.as_str()));
        filter.terms.iter().all(begins)
    };
    people
        .values()
        .rev()
        .filter(|person| Listed::of(person).passes(filter) && has(person))
        .map(|person| person.id.0)
        .collect()
}

fn filters() -> Vec<CustomerFilter> {
    let any = CustomerFilter::default;
    let terms = |text: &str| CustomerFilter {
        terms: words(text),
        ..CustomerFilter::default()
    };
    vec![
        any(),
        CustomerFilter {
            provinces: vec!["MI".to_owned(), "le".to_owned()],
            ..any()
        },
        CustomerFilter {
            orders_min: Some(1),
            orders_max: Some(2),
            ..any()
        },
        CustomerFilter {
            orders_max: Some(0),
            ..any()
        },
        CustomerFilter {
            last_order_from: Some(t(200 * 86_400)),
            last_order_before: Some(t(700 * 86_400)),
            ..any()
        },
        CustomerFilter {
            marketing_email: Some(true),
            ..any()
        },
        CustomerFilter {
            marketing_email: Some(false),
            unreachable: Some(false),
            ..any()
        },
        CustomerFilter {
            unreachable: Some(true),
            ..any()
        },
        terms("an"),
        terms("ROSSI"),
        terms("maria ross"),
        terms("Niccolò D'Amico"),
        terms("333"),
        terms("39333"),
        terms("vip"),
        terms("nobody at all"),
        CustomerFilter {
            terms: vec!["persona.1@posta".to_owned()],
            ..any()
        },
        CustomerFilter {
            provinces: vec!["BO".to_owned()],
            unreachable: Some(false),
            ..terms("a")
        },
    ]
}

/// Whether every list says of these people what their records say.
async fn assert_lists(store: &Subject, shop: ShopId, people: &BTreeMap<CustomerId, Customer>) {
    for filter in filters() {
        let found = all_pages(store, shop, &filter).await;
        assert_eq!(ids(&found), expected(people, &filter), "{filter:?}");
        for person in found {
            assert_eq!(people.get(&person.id), Some(&person));
        }
    }
}

pub async fn lists_of_people_follow_any_history(store: Subject) {
    for seed in [3, 0x9e37_79b9, 77_777_777] {
        let shop = shop(&store).await;
        let mut dice = Dice(seed);
        let mut people: BTreeMap<CustomerId, Customer> = BTreeMap::new();
        for n in 1..=40 {
            let id = CustomerId(n);
            people.insert(id, drawn(&mut dice, n));
        }
        let writes = Writes {
            customers: people.values().cloned().collect(),
            identities: people
                .values()
                .map(|p| (email_key(&p.emails[0]), p.id))
                .collect(),
            ..Writes::default()
        };
        put(&store, shop, writes).await;
        assert_lists(&store, shop, &people).await;
        for round in 0..30 {
            let known: Vec<CustomerId> = people.keys().copied().collect();
            let id = *dice.one_of(&known);
            let other = *dice.one_of(&known);
            match dice.throw(8) {
                0 if other != id => {
                    let gone = people.remove(&other).unwrap();
                    let joined = people.get_mut(&id).unwrap();
                    joined.absorb(gone);
                    let writes = Writes {
                        customers: vec![joined.clone()],
                        merges: vec![(other, id)],
                        ..Writes::default()
                    };
                    put(&store, shop, writes).await;
                }
                1 => {
                    let person = people.get_mut(&id).unwrap();
                    *person = Customer::new(id, person.created_at);
                    let writes = Writes {
                        forgotten: vec![id],
                        ..Writes::default()
                    };
                    put(&store, shop, writes).await;
                }
                // Told by an event, so that the store knows what was there before.
                _ => {
                    let person = people.get_mut(&id).unwrap();
                    change(&mut dice, person);
                    let writes = Writes {
                        customers: vec![person.clone()],
                        ..Writes::default()
                    };
                    let email = format!("persona.{}@posta.example", id.0);
                    let told = order_updated(&format!("order-{round}"), &email);
                    bring(&store, shop, told, writes).await;
                }
            }
        }
        assert_lists(&store, shop, &people).await;
    }
}

pub async fn a_name_that_everybody_has_is_found_page_by_page(store: Subject) {
    let shop = shop(&store).await;
    // More than a store collects before it walks the records instead.
    let n = 20_050;
    let people = (1..=n).map(|n| {
        let mut person = customer(n, &format!("{n}@posta.example"));
        person.first_name = Some("Anna".to_owned());
        person.last_name = (n % 2_000 == 7).then(|| "Rossi".to_owned());
        person.province = (n % 5_000 == 7).then(|| "AO".to_owned());
        if n > 9 {
            person.tags.insert("amica".to_owned());
        }
        person
    });
    let writes = Writes {
        customers: people.collect(),
        ..Writes::default()
    };
    put(&store, shop, writes).await;
    let search = |text: &str, limit: usize, before: Option<i64>, province: Option<&str>| {
        let store = Arc::clone(&store);
        let filter = CustomerFilter {
            terms: words(text),
            provinces: province.map(str::to_owned).into_iter().collect(),
            before: before.map(CustomerId),
            ..CustomerFilter::default()
        };
        async move { ids(&store.list_customers(shop, &filter, limit).await.unwrap()) }
    };
    assert_eq!(search("ann", 3, None, None).await, [n, n - 1, n - 2]);
    assert_eq!(search("anna", 2, Some(1_000), None).await, [999, 998]);
    assert_eq!(search("anna amic", 2, Some(12), None).await, [11, 10]);
    assert_eq!(search("anna amic", 2, Some(11), None).await, [10]);
    let rossi = [2_007, 7];
    assert_eq!(search("anna rossi", 9, Some(4_000), None).await, rossi);
    assert_eq!(search("ros am an", 9, Some(4_000), None).await, [2_007]);
    let in_aosta = [20_007, 15_007, 10_007, 5_007, 7];
    assert_eq!(search("anna", 9, None, Some("AO")).await, in_aosta);
    assert_eq!(
        search("anna amica", 9, None, Some("AO")).await,
        in_aosta[..4]
    );
    assert_eq!(search("anna bianchi", 9, None, None).await, [0; 0]);
}

pub async fn a_changed_name_is_found_by_the_new_one_alone(store: Subject) {
    let shop = shop(&store).await;
    let mut person = customer(1, "anna@posta.example");
    person.first_name = Some("Anna".to_owned());
    person.last_name = Some("Rossi".to_owned());
    let write = |person: &Customer| Writes {
        customers: vec![person.clone()],
        ..Writes::default()
    };
    put(&store, shop, write(&person)).await;
    person.last_name = Some("Bianchi".to_owned());
    put(&store, shop, write(&person)).await;
    for (text, there) in [("rossi", false), ("bianchi", true), ("anna bian", true)] {
        let filter = CustomerFilter {
            terms: words(text),
            ..CustomerFilter::default()
        };
        let found = store.list_customers(shop, &filter, 9).await.unwrap();
        assert_eq!(!found.is_empty(), there, "{text}");
    }
}

pub async fn a_merged_person_is_listed_once(store: Subject) {
    let shop = shop(&store).await;
    let (mut one, mut two) = (
        customer(1, "anna@posta.example"),
        customer(2, "anna@lavoro.example"),
    );
    one.first_name = Some("Anna".to_owned());
    two.last_name = Some("Rossi".to_owned());
    put(
        &store,
        shop,
        Writes {
            customers: vec![one.clone(), two.clone()],
            orders: vec![order(10, 2, "1001")],
            tasks: vec![task(1, 2, t(1))],
            runs: vec![run(1, 2, Some(10), t(60))],
            ..Writes::default()
        },
    )
    .await;
    let note = |customer: i64, text: &str| NoteRow {
        id: 0,
        customer_id: CustomerId(customer),
        order_id: None,
        at: t(1),
        author: "anna@bottega.example".to_owned(),
        text: text.to_owned(),
    };
    store.add_note(shop, &note(2, "ama la moka")).await.unwrap();
    one.absorb(two);
    put(
        &store,
        shop,
        Writes {
            customers: vec![one.clone()],
            merges: vec![(CustomerId(2), CustomerId(1))],
            ..Writes::default()
        },
    )
    .await;
    store.add_note(shop, &note(2, "di nuovo")).await.unwrap();
    for text in ["anna", "rossi", "anna rossi"] {
        let filter = CustomerFilter {
            terms: words(text),
            ..CustomerFilter::default()
        };
        let found = store.list_customers(shop, &filter, 9).await.unwrap();
        assert_eq!(found, [one.clone()], "{text}");
    }
    for id in [CustomerId(1), CustomerId(2)] {
        let resolved = store.resolve_customer(shop, id).await.unwrap();
        assert_eq!(resolved, CustomerId(1));
        let notes = store.notes_of(shop, id, 9).await.unwrap();
        let texts: Vec<&str> = notes.iter().map(|n| n.text.as_str()).collect();
        assert_eq!(texts, ["di nuovo", "ama la moka"]);
        assert!(notes.iter().all(|n| n.customer_id == CustomerId(1)));
        let orders = store.orders_of(shop, id, 9).await.unwrap();
        assert_eq!(orders.len(), 1);
        assert_eq!(store.runs_of(shop, id, 9).await.unwrap().len(), 1);
        let tasks = store.tasks_of(shop, id, 9).await.unwrap();
        assert_eq!(tasks[0].task.customer_id, CustomerId(1));
        let filter = OrderFilter {
            customer: Some(id),
            ..OrderFilter::default()
        };
        let listed = store.list_orders(shop, &filter, 9).await.unwrap();
        assert_eq!(listed[0].1, one);
    }
    let merged = store.merged_into(shop, CustomerId(1)).await.unwrap();
    assert_eq!(merged, [CustomerId(2)]);
    let same = store.resolve_customer(shop, CustomerId(9)).await.unwrap();
    assert_eq!(same, CustomerId(9));
    assert!(
        store
            .merged_into(shop, CustomerId(2))
            .await
            .unwrap()
            .is_empty()
    );
}

pub async fn a_forgotten_person_is_in_no_list(store: Subject) {
    let shop = shop(&store).await;
    let mut person = customer(1, "anna@posta.example");
    person.first_name = Some("Anna".to_owned());
    let mut bought = order(10, 1, "1001");
    bought.tracked.push(parcel(ParcelState::Delivered, "BRT1"));
    put(
        &store,
        shop,
        Writes {
            customers: vec![person],
            orders: vec![bought],
            parcel_numbers: vec![("BRT1".to_owned(), OrderId(10))],
            ..Writes::default()
        },
    )
    .await;
    let note = NoteRow {
        id: 0,
        customer_id: CustomerId(1),
        order_id: Some(OrderId(10)),
        at: t(1),
        author: "anna@bottega.example".to_owned(),
        text: "ha chiamato".to_owned(),
    };
    let note = store.add_note(shop, &note).await.unwrap();
    put(
        &store,
        shop,
        Writes {
            forgotten: vec![CustomerId(1)],
            ..Writes::default()
        },
    )
    .await;
    for terms in [vec![], words("anna"), words("anna@posta.example")] {
        let filter = CustomerFilter {
            terms,
            ..CustomerFilter::default()
        };
        let found = store.list_customers(shop, &filter, 9).await.unwrap();
        assert_eq!(found, []);
    }
    assert!(!store.delete_note(shop, note).await.unwrap(), "it is gone");
    let tracked = OrderFilter {
        text: Some("BRT1".to_owned()),
        ..OrderFilter::default()
    };
    assert!(
        store
            .list_orders(shop, &tracked, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let delivered = OrderFilter {
        standing: Some(Standing::Delivered),
        ..OrderFilter::default()
    };
    let kept = store.list_orders(shop, &delivered, 9).await.unwrap();
    assert_eq!(kept.len(), 1, "the order stays, and stands where it stood");
    assert_eq!(kept[0].0.standing(), Standing::Delivered);
    assert_eq!(kept[0].1.email(), None);
}

pub async fn lists_of_another_shop_show_nothing(store: Subject) {
    let ours = shop(&store).await;
    let theirs = shop(&store).await;
    let mut person = customer(1, "anna@posta.example");
    person.first_name = Some("Anna".to_owned());
    let told = order_updated("1001", "anna@posta.example");
    let mut held = message(1, 0, 1);
    held.status = MessageStatus::HeldBack;
    held.grant = None;
    let writes = Writes {
        customers: vec![person],
        orders: vec![order(10, 1, "1001")],
        runs: vec![run(1, 1, Some(10), t(60))],
        due: vec![due(&message(1, 1, 1))],
        messages: vec![held, message(1, 1, 1)],
        tasks: vec![task(1, 1, t(1))],
        ..Writes::default()
    };
    bring(&store, ours, told, writes).await;
    let id = CustomerId(1);
    for (shop, n) in [(ours, 1), (theirs, 0)] {
        let anna = CustomerFilter {
            terms: words("anna"),
            ..CustomerFilter::default()
        };
        for filter in [CustomerFilter::default(), anna] {
            let found = store.list_customers(shop, &filter, 9).await.unwrap();
            assert_eq!(found.len(), n);
        }
        for text in [None, Some("1001".to_owned())] {
            let filter = OrderFilter {
                text,
                ..OrderFilter::default()
            };
            let found = store.list_orders(shop, &filter, 9).await.unwrap();
            assert_eq!(found.len(), n);
        }
        for (status, journey) in [
            (None, Some("welcome")),
            (Some(MessageStatus::HeldBack), None),
            (Some(MessageStatus::Queued), None),
        ] {
            let query = MessageQuery {
                status,
                journey: journey.map(str::to_owned),
                ..MessageQuery::default()
            };
            let found = store.list_messages(shop, &query, 9).await.unwrap();
            let n = if journey.is_some() { 2 * n } else { n };
            assert_eq!(found.len(), n, "{query:?}");
        }
        let runs = store.list_runs(shop, "welcome", None, None, 9).await;
        assert_eq!(runs.unwrap().len(), n);
        let inbox = store.list_inbox(shop, None, None, None, 9).await;
        assert_eq!(inbox.unwrap().len(), n);
        assert_eq!(store.source_health(shop).await.unwrap().len(), n);
        assert_eq!(store.orders_of(shop, id, 9).await.unwrap().len(), n);
        assert_eq!(store.runs_of(shop, id, 9).await.unwrap().len(), n);
        assert_eq!(store.tasks_of(shop, id, 9).await.unwrap().len(), n);
    }
}

pub async fn a_page_has_so_many_rows_at_most(store: Subject) {
    let shop = shop(&store).await;
    let n = PAGE_ROWS_MAX as i64 + 5;
    put(
        &store,
        shop,
        Writes {
            customers: (1..=n)
                .map(|n| customer(n, &format!("c{n}@posta.example")))
                .collect(),
            orders: (1..=n).map(|n| order(n, n, &format!("{n}"))).collect(),
            messages: (1..=n).map(|n| message(n, 0, n)).collect(),
            ..Writes::default()
        },
    )
    .await;
    let any = CustomerFilter::default();
    let page = store.list_customers(shop, &any, 10_000).await.unwrap();
    assert_eq!(page.len(), PAGE_ROWS_MAX);
    let rest = CustomerFilter {
        before: page.last().map(|c| c.id),
        ..any
    };
    let page = store.list_customers(shop, &rest, 10_000).await.unwrap();
    assert_eq!(ids(&page), [5, 4, 3, 2, 1]);
    let any = OrderFilter::default();
    let page = store.list_orders(shop, &any, 10_000).await.unwrap();
    assert_eq!(page.len(), PAGE_ROWS_MAX);
    let any = MessageQuery::default();
    let page = store.list_messages(shop, &any, 10_000).await.unwrap();
    assert_eq!(page.len(), PAGE_ROWS_MAX);
    let none = CustomerFilter::default();
    let none = store.list_customers(shop, &none, 0).await.unwrap();
    assert!(none.is_empty());
}

fn parcel(state: ParcelState, number: &str) -> Parcel {
    Parcel {
        seq: 0,
        snapshot: ParcelSnapshot {
            number: Some(number.to_owned()),
            ..ParcelSnapshot::default()
        },
        state,
        ..Parcel::default()
    }
}

async fn order_ids(store: &Subject, shop: ShopId, filter: &OrderFilter) -> Vec<i64> {
    let mut filter = filter.clone();
    let mut found = Vec::new();
    loop {
        let page = store.list_orders(shop, &filter, 3).await.unwrap();
        let Some((last, _)) = page.last() else {
            return found;
        };
        filter.before = Some(last.id);
        found.extend(page.iter().map(|(order, _)| order.id.0));
    }
}

pub async fn orders_are_found_by_number_id_and_tracking(store: Subject) {
    let shop = shop(&store).await;
    let mut orders: Vec<Order> = Vec::new();
    for (id, external_id, number) in [
        (1, "6100001", "#IT1001"),
        (2, "6100002", "#it1002"),
        (3, "7100003", "1003"),
        (4, "gid-x", "#2001"),
    ] {
        let mut one = order(id, id % 2 + 1, external_id);
        one.snapshot.number = number.to_owned();
        orders.push(one);
    }
    orders[3]
        .tracked
        .push(parcel(ParcelState::InTransit, "BRT77IT"));
    put(
        &store,
        shop,
        Writes {
            customers: vec![
                customer(1, "anna@posta.example"),
                customer(2, "bruno@posta.example"),
            ],
            orders,
            parcel_numbers: vec![("BRT77IT".to_owned(), OrderId(4))],
            ..Writes::default()
        },
    )
    .await;
    let customer_of = |id: i64| Some(CustomerId(id));
    for (text, customer, standing, found) in [
        (None, None, None, vec![4, 3, 2, 1]),
        (Some("it100"), None, None, vec![2, 1]),
        (Some("#IT1001"), None, None, vec![1]),
        (Some("#1003"), None, None, vec![3]),
        (Some("61"), None, None, vec![2, 1]),
        (Some("7100003"), None, None, vec![3]),
        (Some("gid-"), None, None, vec![4]),
        (Some("brt77"), None, None, vec![4]),
        (Some("BRT77IT"), None, Some(Standing::Shipped), vec![4]),
        (Some("BRT77IT"), None, Some(Standing::Open), vec![]),
        (Some("it1"), customer_of(2), None, vec![1]),
        (Some("brt"), customer_of(1), None, vec![4]),
        (Some("brt"), customer_of(2), None, vec![]),
        (None, customer_of(2), Some(Standing::Open), vec![3, 1]),
        (Some("%"), None, None, vec![]),
        (Some(" # "), None, None, vec![4, 3, 2, 1]),
    ] {
        let filter = OrderFilter {
            text: text.map(str::to_owned),
            customer,
            standing,
            provinces: Vec::new(),
            before: None,
        };
        assert_eq!(order_ids(&store, shop, &filter).await, found, "{filter:?}");
    }
}

pub async fn a_moved_parcel_moves_its_order_in_the_lists(store: Subject) {
    let shop = shop(&store).await;
    let mut bought = order(1, 1, "1001");
    let standing = |standing| OrderFilter {
        standing: Some(standing),
        ..OrderFilter::default()
    };
    let write = |order: &Order| Writes {
        customers: vec![customer(1, "anna@posta.example")],
        identities: vec![(email_key("anna@posta.example"), CustomerId(1))],
        orders: vec![order.clone()],
        ..Writes::default()
    };
    put(&store, shop, write(&bought)).await;
    bought.tracked.push(parcel(ParcelState::Unknown, "BRT1"));
    for state in ParcelState::ALL {
        bought.tracked[0].state = state;
        let told = order_updated("1001", "anna@posta.example");
        bring(&store, shop, told, write(&bought)).await;
        for asked in Standing::ALL {
            let found = order_ids(&store, shop, &standing(asked)).await;
            let there = asked == bought.standing();
            assert_eq!(!found.is_empty(), there, "{state:?} is {asked:?}");
        }
    }
    // A number told anew is found, the old one is not.
    bought.snapshot.number = "#2002".to_owned();
    let told = order_updated("1001", "anna@posta.example");
    bring(&store, shop, told, write(&bought)).await;
    for (text, found) in [("2002", vec![1]), ("1001x", vec![])] {
        let filter = OrderFilter {
            text: Some(text.to_owned()),
            ..OrderFilter::default()
        };
        assert_eq!(order_ids(&store, shop, &filter).await, found, "{text}");
    }
}

async fn message_pages(store: &Subject, shop: ShopId, query: &MessageQuery) -> Vec<Message> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = store.list_messages(shop, &query, 4).await.unwrap();
        assert!(page.len() <= 4);
        let Some(last) = page.last() else {
            return found;
        };
        query.before = Some(last.message.id);
        found.extend(page.into_iter().map(|line| line.message));
    }
}

pub async fn messages_are_listed_by_every_filter(store: Subject) {
    let shop = shop(&store).await;
    let mut dice = Dice(41);
    let mut messages: Vec<Message> = Vec::new();
    for n in 1..=120 {
        let mut one = message(n, 0, n % 3 + 1);
        one.order_id = (dice.throw(2) == 0).then_some(OrderId(n % 3 + 1));
        one.journey = (*dice.one_of(&["welcome", "care", "win_back"])).to_owned();
        one.send = send(*dice.one_of(&[Channel::Email, Channel::Sms]), Purpose::Care);
        one.send.step = (*dice.one_of(&["hello", "again"])).to_owned();
        // Being handed over is what a claim makes of a message, not what is written.
        one.status = *dice.one_of(&[
            MessageStatus::Queued,
            MessageStatus::HeldBack,
            MessageStatus::Sent,
            MessageStatus::Failed,
            MessageStatus::Bounced,
            MessageStatus::InDoubt,
            MessageStatus::LeftToPlatform,
            MessageStatus::Captured,
        ]);
        if one.status == MessageStatus::HeldBack {
            one.reason = Some(Reason::ShopClosed);
        }
        messages.push(one);
    }
    let queued = |m: &&Message| m.status == MessageStatus::Queued;
    put(
        &store,
        shop,
        Writes {
            customers: (1..=3)
                .map(|n| customer(n, &format!("c{n}@posta.example")))
                .collect(),
            orders: (1..=3).map(|n| order(n, n, &format!("{n}"))).collect(),
            due: messages.iter().filter(queued).map(due).collect(),
            messages: messages.clone(),
            ..Writes::default()
        },
    )
    .await;
    // Some of them are on their way.
    let claimed = store.claim_effects(0, Channel::Sms, t(1), 2).await.unwrap();
    assert_eq!(claimed.len(), 2);
    for one in &mut messages {
        if claimed.iter().any(|c| c.message.id == one.id) {
            one.status = MessageStatus::Sending;
        }
    }
    messages.reverse();

    let mut queries = vec![MessageQuery::default()];
    for status in MessageStatus::ALL {
        queries.push(MessageQuery {
            status: Some(status),
            ..MessageQuery::default()
        });
    }
    for (n, known) in queries.clone().into_iter().enumerate() {
        for channel in [None, Some(Channel::Sms)] {
            for (journey, step) in [
                (None, None),
                (Some("care"), None),
                (Some("care"), Some("again")),
                (Some("unknown"), None),
            ] {
                for about in 0..4 {
                    queries.push(MessageQuery {
                        channel,
                        journey: journey.map(str::to_owned),
                        step: step.map(str::to_owned),
                        customer: (about & 1 > 0).then_some(CustomerId(2)),
                        order: (about & 2 > 0).then_some(OrderId(n as i64 % 3 + 1)),
                        ..known.clone()
                    });
                }
            }
        }
    }
    for query in queries {
        let found = message_pages(&store, shop, &query).await;
        let expected: Vec<Message> = messages
            .iter()
            .filter(|m| {
                query.customer.is_none_or(|id| m.customer_id == id)
                    && query.order.is_none_or(|id| m.order_id == Some(id))
                    && query.status.is_none_or(|s| m.status == s)
                    && query.journey.as_ref().is_none_or(|j| m.journey == *j)
                    && query.step.as_ref().is_none_or(|s| m.send.step == *s)
                    && query.channel.is_none_or(|c| m.send.channel == c)
            })
            .cloned()
            .collect();
        let ids = |list: &[Message]| list.iter().map(|m| m.id).collect::<Vec<_>>();
        assert_eq!(ids(&found), ids(&expected), "{query:?}");
        assert_eq!(found, expected, "{query:?}");
    }
    let lines = store
        .list_messages(shop, &MessageQuery::default(), 120)
        .await
        .unwrap();
    for line in lines {
        let whose = line.customer.as_ref().map(|c| c.id);
        assert_eq!(whose, Some(line.message.customer_id));
        let number = line.message.order_id.map(|id| format!("#{id}"));
        assert_eq!(line.order_number, number);
    }
}

pub async fn active_runs_are_listed_by_step(store: Subject) {
    let shop = shop(&store).await;
    let mut runs = Vec::new();
    for n in 1..=9 {
        let mut one = run(n, n % 2 + 1, None, t(60));
        one.state.node = (n % 3) as u16;
        if n == 7 {
            one.journey_version = 2;
        }
        if n == 8 {
            one.journey = "care".to_owned();
        }
        runs.push(one);
    }
    runs[8] = closed(runs[8].clone(), t(5));
    put(
        &store,
        shop,
        Writes {
            customers: vec![
                customer(1, "anna@posta.example"),
                customer(2, "bruno@posta.example"),
            ],
            runs: runs.clone(),
            ..Writes::default()
        },
    )
    .await;
    for (journey, step, found) in [
        ("welcome", None, vec![7, 6, 5, 4, 3, 2, 1]),
        ("welcome", Some("1.1"), vec![4, 1]),
        ("welcome", Some("2.1"), vec![7]),
        ("welcome", Some("1.0"), vec![6, 3]),
        ("welcome", Some("hello"), vec![]),
        ("care", None, vec![8]),
        ("other", None, vec![]),
    ] {
        let mut before = None;
        let mut ids = Vec::new();
        loop {
            let page = store
                .list_runs(shop, journey, step, before, 2)
                .await
                .unwrap();
            let Some((last, _)) = page.last() else { break };
            before = Some(last.id);
            for (run, person) in page {
                assert_eq!(run.customer_id, person.id);
                ids.push(run.id.0);
            }
        }
        assert_eq!(ids, found, "{journey} {step:?}");
    }
    let own = store.runs_of(shop, CustomerId(2), 9).await.unwrap();
    let own: Vec<RunId> = own.iter().map(|r| r.id).collect();
    assert_eq!(own, [7, 5, 3, 1, 9].map(RunId), "active ones first");
    // One that ends is listed no more.
    put(
        &store,
        shop,
        Writes {
            runs: vec![closed(runs[0].clone(), t(9))],
            ..Writes::default()
        },
    )
    .await;
    let left = store.list_runs(shop, "welcome", Some("1.1"), None, 9).await;
    assert_eq!(left.unwrap().len(), 1);
}
