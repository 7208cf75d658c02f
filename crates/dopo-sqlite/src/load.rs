//! Loading what a batch may look at. On SQLite the one writer is the lock.

use crate::refused;
use crate::rows::{self, all, first, number};
use dopo_core::advance::{Loaded, keys};
use dopo_core::event::{Arrival, Event};
use dopo_core::id::{CustomerId, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::order::Order;
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// A parked arrival that was taken out, with the inbox row it came in by.
pub(crate) struct Woken {
    /// By source and external id, as [`dopo_core::advance::Writes::unusable`] names arrivals.
    pub(crate) source: String,
    pub(crate) external_id: String,
    pub(crate) inbox: Option<InboxId>,
}

/// Follows merges from the id that a link or an event names to the record that stands now.
pub(crate) fn standing_id(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
) -> Result<CustomerId, StoreError> {
    let into = number(
        c,
        "SELECT into_id FROM merged_customers WHERE shop_id = ?1 AND customer_id = ?2",
        params![shop.0, id.0],
    )?;
    Ok(into.map_or(id, CustomerId))
}

/// Loads for new arrivals: wakes what was parked for them, then loads what all of these name.
pub(crate) fn for_arrivals(
    c: &Connection,
    shop: ShopId,
    arrivals: &mut [Arrival],
) -> Result<(Loaded, Vec<Woken>), StoreError> {
    for arrival in arrivals.iter_mut() {
        if let Event::PreferencesChanged { customer, .. } = &mut arrival.event {
            *customer = standing_id(c, shop, *customer)?;
        }
    }
    let mut wanted = keys(arrivals);
    let mut woken = Vec::new();
    let mut parked = Vec::new();
    let mut asked_orders = BTreeSet::new();
    let mut asked_numbers = BTreeSet::new();
    loop {
        let mut fresh = Vec::new();
        for id in wanted.orders.difference(&asked_orders) {
            take_parked(c, shop, "order", id, &mut fresh, &mut woken)?;
        }
        for id in wanted.parcel_numbers.difference(&asked_numbers) {
            take_parked(c, shop, "parcel_number", id, &mut fresh, &mut woken)?;
        }
        if fresh.is_empty() {
            break;
        }
        asked_orders = wanted.orders.clone();
        asked_numbers = wanted.parcel_numbers.clone();
        let more = keys(&fresh);
        wanted.identities.extend(more.identities);
        wanted.customers.extend(more.customers);
        wanted.orders.extend(more.orders);
        wanted.parcel_numbers.extend(more.parcel_numbers);
        wanted.carts.extend(more.carts);
        wanted.messages.extend(more.messages);
        wanted.products.extend(more.products);
        parked.extend(fresh);
    }
    parked.sort_by_key(|arrival| arrival.known_at);

    let mut loader = Loader::new(c, shop);
    loader.loaded.parked = parked;
    for key in wanted.identities {
        let id = number(
            c,
            "SELECT customer_id FROM identities WHERE shop_id = ?1 AND kind = ?2 AND value = ?3",
            params![shop.0, key.kind.as_str(), key.value],
        )?;
        if let Some(id) = id {
            loader.people.insert(CustomerId(id));
            loader.loaded.identities.insert(key, CustomerId(id));
        }
    }
    loader.people.extend(wanted.customers);
    for id in wanted.orders {
        let order = first(
            c,
            &format!(
                "SELECT {} FROM orders WHERE shop_id = ?1 AND external_id = ?2",
                rows::ORDER
            ),
            params![shop.0, id],
            rows::order,
        )?;
        if let Some(order) = order {
            loader.take_order(order);
        }
    }
    for value in wanted.parcel_numbers {
        let id = number(
            c,
            "SELECT order_id FROM parcel_numbers WHERE shop_id = ?1 AND number = ?2",
            params![shop.0, value],
        )?;
        if let Some(id) = id {
            loader.loaded.parcel_numbers.insert(value, OrderId(id));
            loader.order(OrderId(id))?;
        }
    }
    for id in wanted.carts {
        loader.cart(&id)?;
    }
    for id in wanted.messages {
        let message = first(
            c,
            &format!(
                "SELECT {} FROM messages WHERE shop_id = ?1 AND effect_id = ?2",
                rows::MESSAGE
            ),
            params![shop.0, id.to_bytes()],
            rows::message,
        )?;
        if let Some(message) = message {
            loader.people.insert(message.customer_id);
            loader.loaded.messages.insert(id, message);
            loader.run(id.run())?;
        }
    }
    for id in wanted.products {
        let category = first(
            c,
            "SELECT category FROM products WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id],
            |row| row.get::<_, Option<String>>(0).map_err(refused),
        )?;
        if let Some(Some(category)) = category {
            loader.loaded.categories.insert(id, category);
        }
    }
    loader.people()?;
    Ok((loader.loaded, woken))
}

/// Loads for due runs.
pub(crate) fn for_due(c: &Connection, shop: ShopId, runs: &[RunId]) -> Result<Loaded, StoreError> {
    let mut loader = Loader::new(c, shop);
    for id in runs {
        loader.run(*id)?;
    }
    loader.people()?;
    Ok(loader.loaded)
}

fn take_parked(
    c: &Connection,
    shop: ShopId,
    kind: &str,
    value: &str,
    arrivals: &mut Vec<Arrival>,
    woken: &mut Vec<Woken>,
) -> Result<(), StoreError> {
    let found = all(
        c,
        "SELECT inbox_id, arrival FROM parked WHERE shop_id = ?1 AND kind = ?2 AND value = ?3 ORDER BY seq",
        params![shop.0, kind, value],
        |row| {
            let inbox: Option<i64> = row.get(0).map_err(refused)?;
            let arrival = rows::parked(shop, &row.get::<_, String>(1).map_err(refused)?)?;
            Ok((inbox.map(InboxId), arrival))
        },
    )?;
    if found.is_empty() {
        return Ok(());
    }
    rows::run(
        c,
        "DELETE FROM parked WHERE shop_id = ?1 AND kind = ?2 AND value = ?3",
        params![shop.0, kind, value],
    )?;
    for (inbox, arrival) in found {
        woken.push(Woken {
            source: arrival.source.clone(),
            external_id: arrival.external_id.clone(),
            inbox,
        });
        arrivals.push(arrival);
    }
    Ok(())
}

struct Loader<'a> {
    c: &'a Connection,
    shop: ShopId,
    loaded: Loaded,
    /// People still to be loaded.
    people: BTreeSet<CustomerId>,
}

impl<'a> Loader<'a> {
    fn new(c: &'a Connection, shop: ShopId) -> Self {
        Loader {
            c,
            shop,
            loaded: Loaded::default(),
            people: BTreeSet::new(),
        }
    }

    fn take_order(&mut self, order: Order) {
        self.people.insert(order.customer_id);
        self.loaded
            .order_ids
            .insert(order.snapshot.external_id.clone(), order.id);
        self.loaded.orders.insert(order.id, order);
    }

    fn order(&mut self, id: OrderId) -> Result<(), StoreError> {
        if self.loaded.orders.contains_key(&id) {
            return Ok(());
        }
        let order = first(
            self.c,
            &format!(
                "SELECT {} FROM orders WHERE shop_id = ?1 AND order_id = ?2",
                rows::ORDER
            ),
            params![self.shop.0, id.0],
            rows::order,
        )?;
        if let Some(order) = order {
            self.take_order(order);
        }
        Ok(())
    }

    fn cart(&mut self, id: &str) -> Result<(), StoreError> {
        if self.loaded.carts.contains_key(id) {
            return Ok(());
        }
        let cart = first(
            self.c,
            &format!(
                "SELECT {} FROM carts WHERE shop_id = ?1 AND external_id = ?2",
                rows::CART
            ),
            params![self.shop.0, id],
            rows::cart,
        )?;
        if let Some(cart) = cart {
            self.people.insert(cart.customer_id);
            self.loaded.carts.insert(id.to_owned(), cart);
        }
        Ok(())
    }

    fn run(&mut self, id: RunId) -> Result<(), StoreError> {
        if self.loaded.runs.contains_key(&id) {
            return Ok(());
        }
        let run = first(
            self.c,
            &format!(
                "SELECT {} FROM runs WHERE shop_id = ?1 AND run_id = ?2",
                rows::RUN
            ),
            params![self.shop.0, id.0],
            rows::run_of,
        )?;
        match run {
            Some(run) => self.take_run(run),
            None => Ok(()),
        }
    }

    fn take_run(&mut self, run: Run) -> Result<(), StoreError> {
        self.people.insert(run.customer_id);
        if let Some(order) = run.key.order {
            self.order(order)?;
        }
        if let Some(cart) = &run.key.cart {
            self.cart(cart)?;
        }
        self.loaded.runs.insert(run.id, run);
        Ok(())
    }

    /// Loads all people named so far, with their active runs, until these name nobody new.
    fn people(&mut self) -> Result<(), StoreError> {
        let mut done = BTreeSet::new();
        while let Some(id) = self.people.pop_first() {
            if !done.insert(id) {
                continue;
            }
            let customer = first(
                self.c,
                &format!(
                    "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
                    rows::CUSTOMER
                ),
                params![self.shop.0, id.0],
                rows::customer,
            )?;
            let Some(customer) = customer else { continue };
            self.loaded.customers.insert(id, customer);
            let runs = all(
                self.c,
                &format!(
                    "SELECT {} FROM runs WHERE shop_id = ?1 AND customer_id = ?2 AND closed = 0",
                    rows::RUN
                ),
                params![self.shop.0, id.0],
                rows::run_of,
            )?;
            for run in runs {
                if !self.loaded.runs.contains_key(&run.id) {
                    self.take_run(run)?;
                }
            }
        }
        Ok(())
    }
}
