//! What is kept beside a body so that lists and search need not read it: columns of people and orders, and words.

use super::at_risk;
use crate::counters;
use crate::fault::Fault;
use crate::rows::{CustomerRow, OrderRow, RunRow, json, text, us};
use dopo_core::advance::count_order_change;
use dopo_core::counter::{Counters, NOW, PLACE_UNTOLD, place_key};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, ShopId};
use dopo_engine::ports::console::{KnownAs, Listed, Reach};
use dopo_engine::ports::store::StoreError;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Rows brought up to date at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// People as columns.
#[derive(Default)]
struct Columns {
    ids: Vec<i64>,
    bodies: Vec<String>,
    orders: Vec<i32>,
    total_cents: Vec<i64>,
    last_order_at: Vec<Option<i64>>,
    provinces: Vec<Option<String>>,
    marketing_email: Vec<i16>,
    reach: Vec<i16>,
}

impl Columns {
    fn push(&mut self, customer: &Customer, body: String) {
        let listed = Listed::of(customer);
        self.ids.push(customer.id.0);
        self.bodies.push(body);
        self.orders
            .push(i32::try_from(listed.orders).unwrap_or(i32::MAX));
        self.total_cents.push(listed.total_cents);
        self.last_order_at.push(listed.last_order_at.map(us));
        self.provinces.push(listed.province.as_deref().map(text));
        self.marketing_email.push(listed.marketing_email as i16);
        self.reach.push(listed.reach as i16);
    }
}

/// Words as columns, in the order of their key.
#[derive(Default)]
struct Words(BTreeSet<(String, i64)>);

impl Words {
    fn add(&mut self, id: CustomerId, words: impl IntoIterator<Item = String>) {
        self.0
            .extend(words.into_iter().map(|word| (text(&word), id.0)));
    }

    fn columns(self) -> (Vec<String>, Vec<i64>) {
        self.0.into_iter().unzip()
    }
}

/// Writes people, in the order of their ids. Of those whose record was not read (`before` has it not), mostly new ones, the
/// words go with the same statement; of the others words are touched only where they changed.
pub(crate) async fn put(
    c: &mut PgConnection,
    shop: ShopId,
    customers: &[Customer],
    before: &HashMap<CustomerId, KnownAs>,
) -> Result<(), Fault> {
    let (mut known, mut unknown) = (Columns::default(), Columns::default());
    let (mut old, mut new, mut first) = (Words::default(), Words::default(), Words::default());
    for customer in customers {
        let body = json(customer)?;
        let Some(was) = before.get(&customer.id) else {
            unknown.push(customer, body);
            first.add(customer.id, customer.search_words());
            continue;
        };
        known.push(customer, body);
        if !was.is_still(customer) {
            old.add(customer.id, was.words());
            new.add(customer.id, customer.search_words());
        }
    }
    if !known.ids.is_empty() {
        update(c, shop, &known).await?;
        move_words(c, shop, old, new).await?;
    }
    if !unknown.ids.is_empty() {
        let inserted = insert(c, shop, &unknown, first).await?;
        if inserted.len() < unknown.ids.len() {
            let there: Vec<&Customer> = customers
                .iter()
                .filter(|one| !before.contains_key(&one.id) && !inserted.contains(&one.id.0))
                .collect();
            replace(c, shop, &there).await?;
        }
    }
    Ok(())
}

/// Inserts those who are not there; whose ids these are. The words of all are inserted: who is there gets them too.
async fn insert(
    c: &mut PgConnection,
    shop: ShopId,
    people: &Columns,
    words: Words,
) -> Result<HashSet<i64>, Fault> {
    let (words, whose) = words.columns();
    let inserted = sqlx::query_scalar!(
        "-- insert()
         WITH new AS (
             INSERT INTO customers (shop_id, customer_id, body, orders, total_cents, last_order_at, province,
                 marketing_email, reach)
             SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::text[],
                 $8::smallint[], $9::smallint[])
             ON CONFLICT (shop_id, customer_id) DO NOTHING RETURNING customer_id
         ), words AS (
             INSERT INTO customer_words (shop_id, word, customer_id)
             SELECT $1, * FROM unnest($10::text[], $11::bigint[]) ON CONFLICT DO NOTHING
         )
         SELECT customer_id FROM new",
        shop.0,
        &people.ids,
        &people.bodies,
        &people.orders,
        &people.total_cents,
        &people.last_order_at as &[Option<i64>],
        &people.provinces as &[Option<String>],
        &people.marketing_email,
        &people.reach,
        &words,
        &whose
    )
    .fetch_all(c)
    .await?;
    Ok(inserted.into_iter().collect())
}

async fn update(c: &mut PgConnection, shop: ShopId, people: &Columns) -> Result<(), Fault> {
    sqlx::query!(
        "-- update()
         UPDATE customers u SET body = k.body, orders = k.orders, total_cents = k.total_cents,
             last_order_at = k.last_order_at, province = k.province, marketing_email = k.marketing_email,
             reach = k.reach
         FROM unnest($2::bigint[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::text[], $8::smallint[],
             $9::smallint[]) AS k (customer_id, body, orders, total_cents, last_order_at, province, marketing_email, reach)
         WHERE u.shop_id = $1 AND u.customer_id = k.customer_id",
        shop.0,
        &people.ids,
        &people.bodies,
        &people.orders,
        &people.total_cents,
        &people.last_order_at as &[Option<i64>],
        &people.provinces as &[Option<String>],
        &people.marketing_email,
        &people.reach
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Writes people who are there though nobody read them: what they were found by is read first.
async fn replace(c: &mut PgConnection, shop: ShopId, people: &[&Customer]) -> Result<(), Fault> {
    let ids: Vec<i64> = people.iter().map(|one| one.id.0).collect();
    let stored = sqlx::query_as!(
        CustomerRow,
        "-- replace()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = ANY($2)
         ORDER BY customer_id FOR UPDATE",
        shop.0,
        &ids
    )
    .fetch_all(&mut *c)
    .await?;
    let (mut old, mut new, mut columns) = (Words::default(), Words::default(), Columns::default());
    for row in stored {
        let was = row.read()?;
        old.add(was.id, was.search_words());
    }
    for one in people {
        new.add(one.id, one.search_words());
        columns.push(one, json(one)?);
    }
    update(c, shop, &columns).await?;
    move_words(c, shop, old, new).await
}

async fn move_words(
    c: &mut PgConnection,
    shop: ShopId,
    mut old: Words,
    mut new: Words,
) -> Result<(), Fault> {
    let stay: BTreeSet<_> = old.0.intersection(&new.0).cloned().collect();
    old.0.retain(|word| !stay.contains(word));
    new.0.retain(|word| !stay.contains(word));
    if !old.0.is_empty() {
        let (words, ids) = old.columns();
        sqlx::query!(
            "-- move_words()
             DELETE FROM customer_words w USING unnest($2::text[], $3::bigint[]) AS k (word, customer_id)
             WHERE w.shop_id = $1 AND w.word = k.word AND w.customer_id = k.customer_id",
            shop.0,
            &words,
            &ids
        )
        .execute(&mut *c)
        .await?;
    }
    if !new.0.is_empty() {
        let (words, ids) = new.columns();
        sqlx::query!(
            "-- move_words()
             INSERT INTO customer_words (shop_id, word, customer_id)
             SELECT $1, * FROM unnest($2::text[], $3::bigint[]) ON CONFLICT DO NOTHING",
            shop.0,
            &words,
            &ids
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

/// Deletes the words of a person who goes away.
pub(crate) async fn drop_words(
    c: &mut PgConnection,
    shop: ShopId,
    person: &Customer,
) -> Result<(), Fault> {
    let mut old = Words::default();
    old.add(person.id, person.search_words());
    move_words(c, shop, old, Words::default()).await
}

/// Replaces a person by an empty record.
pub(crate) async fn empty(
    c: &mut PgConnection,
    shop: ShopId,
    person: &Customer,
) -> Result<(), Fault> {
    drop_words(c, shop, person).await?;
    let empty = Customer::new(person.id, person.created_at);
    let mut columns = Columns::default();
    columns.push(&empty, json(&empty)?);
    update(c, shop, &columns).await
}

/// Says of the orders of an older database where they go.
pub(crate) async fn fill_order_places(c: &mut PgConnection) -> Result<(), StoreError> {
    places(c).await?;
    at_risk::fill(c).await?;
    Ok(())
}

async fn places(c: &mut PgConnection) -> Result<(), Fault> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows = sqlx::query!(
            "-- places()
             SELECT shop_id, order_id, customer_id, body FROM orders WHERE (shop_id, order_id) > ($1, $2)
             ORDER BY shop_id, order_id LIMIT $3",
            after.0,
            after.1,
            FILL_ROWS
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.shop_id, last.order_id);
        let (mut shops, mut ids, mut places) = (vec![], vec![], vec![]);
        for row in rows {
            let order = OrderRow {
                order_id: row.order_id,
                customer_id: row.customer_id,
                body: row.body,
            };
            let place = place_key(&order.read()?);
            if place != PLACE_UNTOLD {
                shops.push(row.shop_id);
                ids.push(row.order_id);
                places.push(place);
            }
        }
        sqlx::query!(
            "-- places()
             UPDATE orders o SET province = k.province
             FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS k (shop_id, order_id, province)
             WHERE o.shop_id = k.shop_id AND o.order_id = k.order_id",
            &shops,
            &ids,
            &places as &[&'static str]
        )
        .execute(&mut *c)
        .await?;
    }
}

/// Counts the orders of an older database by the province they go to.
pub(crate) async fn fill_places(c: &mut PgConnection) -> Result<(), StoreError> {
    let mut gauges = Counters::default();
    orders(c, &mut gauges).await?;
    gauges.0.retain(|key, _| key.metric.ends_with("_in"));
    counters::add(c, &gauges, 0).await?;
    Ok(())
}

/// Fills columns, words and gauges of a database that had none.
pub(crate) async fn fill(c: &mut PgConnection) -> Result<(), StoreError> {
    let mut gauges = Counters::default();
    people(c, &mut gauges).await?;
    orders(c, &mut gauges).await?;
    runs_and_tasks(c, &mut gauges).await?;
    counters::add(c, &gauges, 0).await?;
    Ok(())
}

async fn people(c: &mut PgConnection, gauges: &mut Counters) -> Result<(), Fault> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows = sqlx::query!(
            "-- people()
             SELECT shop_id, customer_id, body FROM customers WHERE (shop_id, customer_id) > ($1, $2)
             ORDER BY shop_id, customer_id LIMIT $3",
            after.0,
            after.1,
            FILL_ROWS
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.shop_id, last.customer_id);
        let mut rows = rows.into_iter().peekable();
        while let Some(shop) = rows.peek().map(|row| row.shop_id) {
            let (mut columns, mut words) = (Columns::default(), Words::default());
            while let Some(row) = rows.next_if(|row| row.shop_id == shop) {
                let person = CustomerRow {
                    customer_id: row.customer_id,
                    body: row.body,
                };
                let read = person.read()?;
                words.add(read.id, read.search_words());
                let listed = Listed::of(&read);
                if listed.reach != Reach::Nobody {
                    gauges.gauge(ShopId(shop), "now.customers", "", 1);
                }
                if listed != Listed::default() {
                    columns.push(&read, person.body);
                }
            }
            update(c, ShopId(shop), &columns).await?;
            move_words(c, ShopId(shop), Words::default(), words).await?;
        }
    }
}

async fn orders(c: &mut PgConnection, gauges: &mut Counters) -> Result<(), Fault> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows = sqlx::query!(
            "-- orders()
             SELECT shop_id, order_id, customer_id, body FROM orders WHERE (shop_id, order_id) > ($1, $2)
             ORDER BY shop_id, order_id LIMIT $3",
            after.0,
            after.1,
            FILL_ROWS
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.shop_id, last.order_id);
        let (mut shops, mut ids, mut standings) = (vec![], vec![], vec![]);
        for row in rows {
            let order = OrderRow {
                order_id: row.order_id,
                customer_id: row.customer_id,
                body: row.body,
            };
            let order = order.read()?;
            count_order_change(gauges, ShopId(row.shop_id), None, Some(&order));
            shops.push(row.shop_id);
            ids.push(row.order_id);
            standings.push(order.standing().as_str());
        }
        sqlx::query!(
            "-- orders()
             UPDATE orders o SET standing = k.standing
             FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS k (shop_id, order_id, standing)
             WHERE o.shop_id = k.shop_id AND o.order_id = k.order_id AND o.standing <> k.standing",
            &shops,
            &ids,
            &standings as &[&'static str]
        )
        .execute(&mut *c)
        .await?;
    }
}

/// Counts what waits and what is to be done; takes away what may stand in the gauges already.
async fn runs_and_tasks(c: &mut PgConnection, gauges: &mut Counters) -> Result<(), Fault> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows = sqlx::query!(
            "-- runs_and_tasks()
             SELECT shop_id, run_id, customer_id, journey, journey_version, version, key, state FROM runs
             WHERE (shop_id, run_id) > ($1, $2) AND NOT closed ORDER BY shop_id, run_id LIMIT $3",
            after.0,
            after.1,
            FILL_ROWS
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else { break };
        after = (last.shop_id, last.run_id);
        for row in rows {
            let run = RunRow {
                run_id: row.run_id,
                customer_id: row.customer_id,
                journey: row.journey,
                journey_version: row.journey_version,
                version: row.version,
                key: row.key,
                state: row.state,
            }
            .read()?;
            if let Some(step) = run.step() {
                let dim = format!("{}/{step}", run.journey);
                gauges.gauge(ShopId(row.shop_id), "now.runs", dim, 1);
            }
        }
    }
    let tasks = sqlx::query!(
        r#"-- runs_and_tasks()
        SELECT shop_id, count(*) AS "n!" FROM tasks WHERE done_at IS NULL GROUP BY shop_id"#
    )
    .fetch_all(&mut *c)
    .await?;
    for row in tasks {
        gauges.gauge(ShopId(row.shop_id), "now.tasks", "", row.n);
    }
    sqlx::query!(
        "-- runs_and_tasks()\nDELETE FROM counters WHERE day = $1",
        NOW.to_string()
    )
    .execute(c)
    .await?;
    Ok(())
}
