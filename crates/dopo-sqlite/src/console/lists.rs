//! Lists and search. Every list walks an index from its newest end and stops when it has enough.

use super::{at_risk, places};
use crate::load::standing_id;
use crate::read;
use crate::refused;
use crate::rows::{self, all, at_column, first, number, us};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::MessageStatus;
use dopo_core::order::Order;
use dopo_engine::ports::console::{
    CustomerFilter, MessageLine, MessageQuery, OrderFilter, PAGE_ROWS_MAX, SCAN_ROWS_MAX,
    SEARCH_TERMS_MAX, SOURCE_COUNT_MAX, SourceHealth, number_key, prefix_end,
};
use dopo_engine::ports::store::{InboxRow, InboxStatus, StoreError, TaskRow};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A search word that begins so many words is not collected: who has it is met soon enough on a walk from the newest.
const COMMON_WORDS: i64 = 20_000;
/// The same for the beginning of an order number.
const COMMON_NUMBERS: i64 = 50_000;
/// Open raw events looked at for the health of the sources.
const OPEN_EVENTS_MAX: i64 = 10_000;
/// Newest raw events looked at for the last of each source.
const NEWEST_EVENTS: i64 = 2_000;

/// A page's length as `LIMIT` wants it.
pub(crate) fn page(limit: usize) -> i64 {
    limit.min(PAGE_ROWS_MAX) as i64
}

/// Conditions put together at run time: words of ours, values bound.
pub(super) struct Conditions {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    pub(super) fn new(shop: ShopId) -> Self {
        Conditions {
            sql: "shop_id = ?".to_owned(),
            values: vec![Value::Integer(shop.0)],
        }
    }

    pub(super) fn and(&mut self, sql: &str, value: impl Into<Value>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.values.push(value.into());
    }

    fn plain(&mut self, sql: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
    }
}

// ---- people --------------------------------------------------------------------------------------------------------

/// What a filter asks of the columns of a person, its words and paging aside.
fn listed(shop: ShopId, filter: &CustomerFilter) -> Conditions {
    let mut on = Conditions::new(shop);
    match filter.unreachable {
        Some(true) => on.plain("reach = 1"),
        Some(false) => on.plain("reach = 0"),
        None => on.plain("reach <> 2"),
    }
    if !filter.provinces.is_empty() {
        let places = vec!["?"; filter.provinces.len()].join(", ");
        on.plain(&format!("province IN ({places})"));
        for province in &filter.provinces {
            on.values.push(Value::Text(province.to_ascii_uppercase()));
        }
    }
    if let Some(n) = filter.orders_min {
        on.and("orders >= ?", i64::from(n));
    }
    if let Some(n) = filter.orders_max {
        on.and("orders <= ?", i64::from(n));
    }
    if let Some(from) = filter.last_order_from {
        on.and("last_order_at >= ?", us(from));
    }
    if let Some(before) = filter.last_order_before {
        on.and("last_order_at < ?", us(before));
    }
    match filter.marketing_email {
        Some(true) => on.plain("marketing_email = 1"),
        Some(false) => on.plain("marketing_email <> 1"),
        None => {}
    }
    match filter.at_risk {
        Some(true) => on.plain(at_risk::IS_AT_RISK),
        Some(false) => on.plain(&format!("NOT {}", at_risk::IS_AT_RISK)),
        None => {}
    }
    on
}

/// People, newest first.
pub(crate) fn customers(
    c: &Connection,
    shop: ShopId,
    filter: &CustomerFilter,
    limit: usize,
) -> Result<Vec<Customer>, StoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let terms: Vec<&str> = filter
        .terms
        .iter()
        .map(String::as_str)
        .filter(|term| !term.is_empty())
        .take(SEARCH_TERMS_MAX)
        .collect();
    let walk = match filter.at_risk {
        Some(true) => walk_at_risk,
        _ => walk_people,
    };
    match terms.as_slice() {
        [] => walk(c, shop, filter, None, limit),
        [term] if how_often(c, shop, term)? >= COMMON_WORDS => {
            walk(c, shop, filter, Some(term), limit)
        }
        terms => people_with(c, shop, filter, terms, limit),
    }
}

/// Words that begin so, counted up to [`COMMON_WORDS`].
fn how_often(c: &Connection, shop: ShopId, term: &str) -> Result<i64, StoreError> {
    Ok(number(
        c,
        "SELECT count(*) FROM (SELECT 1 FROM customer_words WHERE shop_id = ?1 AND word >= ?2 AND word < ?3 LIMIT ?4)",
        params![shop.0, term, prefix_end(term), COMMON_WORDS],
    )?
    .unwrap_or_default())
}

/// People from the newest on, of whom one word begins with `term`.
fn walk_people(
    c: &Connection,
    shop: ShopId,
    filter: &CustomerFilter,
    term: Option<&str>,
    limit: usize,
) -> Result<Vec<Customer>, StoreError> {
    let mut on = listed(shop, filter);
    on.and("customer_id < ?", filter.before.map_or(i64::MAX, |id| id.0));
    let sql = format!(
        "SELECT customer_id FROM customers INDEXED BY customers_list WHERE {} ORDER BY customer_id DESC",
        on.sql
    );
    let mut statement = c.prepare_cached(&sql).map_err(refused)?;
    let mut ids = statement
        .query(params_from_iter(on.values))
        .map_err(refused)?;
    let mut found = Vec::with_capacity(limit);
    while found.len() < limit {
        let Some(row) = ids.next().map_err(refused)? else {
            break;
        };
        let id = CustomerId(row.get(0).map_err(refused)?);
        let Some(person) = stored(c, shop, id)? else {
            continue;
        };
        let has = |term: &str| person.search_words().iter().any(|w| w.starts_with(term));
        if term.is_none_or(has) {
            found.push(person);
        }
    }
    Ok(found)
}

/// The same of people at risk, who are few: from them and not from everybody.
fn walk_at_risk(
    c: &Connection,
    shop: ShopId,
    filter: &CustomerFilter,
    term: Option<&str>,
    limit: usize,
) -> Result<Vec<Customer>, StoreError> {
    let on = listed(
        shop,
        &CustomerFilter {
            at_risk: None,
            ..filter.clone()
        },
    );
    let sql = format!(
        "SELECT 1 FROM customers INDEXED BY customers_list WHERE customer_id = ? AND {}",
        on.sql
    );
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let mut found = Vec::with_capacity(limit);
    for id in at_risk::people(c, shop, before)? {
        if found.len() == limit {
            break;
        }
        let values = std::iter::once(Value::Integer(id)).chain(on.values.iter().cloned());
        if number(c, &sql, params_from_iter(values))?.is_none() {
            continue;
        }
        let person = stored(c, shop, CustomerId(id))?;
        let has = |person: &Customer| {
            term.is_none_or(|term| person.search_words().iter().any(|w| w.starts_with(term)))
        };
        found.extend(person.filter(has));
    }
    Ok(found)
}

fn stored(c: &Connection, shop: ShopId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    first(
        c,
        &format!(
            "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
            rows::CUSTOMER
        ),
        params![shop.0, id.0],
        rows::customer,
    )
}

/// People who have a word for each term: the sets of the rarer terms, cut; common ones are then looked for in the records,
/// unless all are common.
fn people_with(
    c: &Connection,
    shop: ShopId,
    filter: &CustomerFilter,
    terms: &[&str],
    limit: usize,
) -> Result<Vec<Customer>, StoreError> {
    let mut counted = Vec::with_capacity(terms.len());
    for term in terms {
        counted.push((how_often(c, shop, term)?, *term));
    }
    counted.sort_unstable();
    let rare = match counted.partition_point(|(n, _)| *n < COMMON_WORDS) {
        0 => counted.len(),
        rare => rare,
    };
    let common = counted.split_off(rare);
    let mut ids: Option<Vec<i64>> = None;
    for (_, term) in counted {
        let mut with = all(
            c,
            "SELECT customer_id FROM customer_words WHERE shop_id = ?1 AND word >= ?2 AND word < ?3",
            params![shop.0, term, prefix_end(term)],
            |row| row.get::<_, i64>(0).map_err(refused),
        )?;
        with.sort_unstable();
        with.dedup();
        match &mut ids {
            Some(ids) => ids.retain(|id| with.binary_search(id).is_ok()),
            None => ids = Some(with),
        }
        if ids.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let on = listed(shop, filter);
    let sql = format!(
        "SELECT {} FROM customers WHERE customer_id = ? AND {}",
        rows::CUSTOMER,
        on.sql
    );
    let mut found = Vec::with_capacity(limit);
    for id in ids.unwrap_or_default().into_iter().rev() {
        if found.len() == limit {
            break;
        }
        if id >= before {
            continue;
        }
        let values = std::iter::once(Value::Integer(id)).chain(on.values.iter().cloned());
        let person = first(c, &sql, params_from_iter(values), rows::customer)?;
        found.extend(person.filter(|person| {
            common.is_empty() || {
                let words = person.search_words();
                let has = |term: &str| words.iter().any(|word| word.starts_with(term));
                common.iter().all(|(_, term)| has(term))
            }
        }));
    }
    Ok(found)
}

/// Ids that were merged into this person.
pub(crate) fn merged_into(
    c: &Connection,
    shop: ShopId,
    id: CustomerId,
) -> Result<Vec<CustomerId>, StoreError> {
    all(
        c,
        "SELECT customer_id FROM merged_customers WHERE shop_id = ?1 AND into_id = ?2 ORDER BY customer_id",
        params![shop.0, id.0],
        |row| Ok(CustomerId(row.get(0).map_err(refused)?)),
    )
}

// ---- orders --------------------------------------------------------------------------------------------------------

/// What is looked for among order numbers, platform ids and tracking numbers.
pub(super) struct OrderText {
    number: String,
    external_id: String,
    /// As typed, and as carriers write them.
    tracking: [String; 2],
}

impl OrderText {
    fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        let number = number_key(text);
        (!number.is_empty()).then(|| OrderText {
            number,
            external_id: text.to_owned(),
            tracking: [text.to_owned(), text.to_ascii_uppercase()],
        })
    }

    fn is_of(&self, order: &Order) -> bool {
        let told = &order.snapshot;
        number_key(&told.number).starts_with(&self.number)
            || told.external_id.starts_with(&self.external_id)
            || order
                .tracked
                .iter()
                .filter_map(|parcel| parcel.snapshot.number.as_ref())
                .any(|number| self.tracking.iter().any(|t| number.starts_with(t)))
    }
}

/// Orders with their customers, newest first.
pub(crate) fn orders(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    limit: usize,
) -> Result<Vec<(Order, Customer)>, StoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let text = filter.text.as_deref().and_then(OrderText::of);
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let found = if let Some(customer) = filter.customer {
        // Few rows: read, then looked through.
        let customer = standing_id(c, shop, customer)?;
        let mut own = all(
            c,
            &format!(
                "SELECT {} FROM orders WHERE shop_id = ?1 AND customer_id = ?2 AND +order_id < ?3
                 ORDER BY +order_id DESC",
                rows::ORDER
            ),
            params![shop.0, customer.0, before],
            rows::order,
        )?;
        let person = read::customer(c, shop, customer)?;
        own.retain(|order| {
            filter.standing.is_none_or(|s| order.standing() == s)
                && text.as_ref().is_none_or(|t| t.is_of(order))
                && filter.is_there(order, person.as_ref())
        });
        own.truncate(limit);
        own
    } else {
        let few = match &text {
            Some(text) => numbered(c, shop, text)?,
            None => None,
        };
        match few {
            Some(ids) => chosen(c, shop, filter, None, &ids, limit)?,
            None if filter.provinces.is_empty() => {
                walk_orders(c, shop, filter, text.as_ref(), limit)?
            }
            None => places::orders(c, shop, filter, text.as_ref(), limit)?,
        }
    };
    found
        .into_iter()
        .map(|order| {
            let customer = read::customer(c, shop, order.customer_id)?
                .unwrap_or_else(|| Customer::new(order.customer_id, order.snapshot.placed_at));
            Ok((order, customer))
        })
        .collect()
}

/// Ids of all orders that a text may mean; `None` when they are too many to be collected.
fn numbered(
    c: &Connection,
    shop: ShopId,
    text: &OrderText,
) -> Result<Option<BTreeSet<i64>>, StoreError> {
    let mut ids = BTreeSet::new();
    let mut ask = |sql: &str, prefix: &str| -> Result<bool, StoreError> {
        let found = all(
            c,
            sql,
            params![shop.0, prefix, prefix_end(prefix), COMMON_NUMBERS],
            |row| row.get::<_, i64>(0).map_err(refused),
        )?;
        let few = (found.len() as i64) < COMMON_NUMBERS;
        ids.extend(found);
        Ok(few)
    };
    let few = ask(
        "SELECT order_id FROM orders WHERE shop_id = ?1 AND lower(ltrim(number, '#')) >= ?2
         AND lower(ltrim(number, '#')) < ?3 LIMIT ?4",
        &text.number,
    )? && ask(
        "SELECT order_id FROM orders WHERE shop_id = ?1 AND external_id >= ?2 AND external_id < ?3 LIMIT ?4",
        &text.external_id,
    )?;
    let [typed, upper] = &text.tracking;
    let tracked = "SELECT order_id FROM parcel_numbers WHERE shop_id = ?1 AND number >= ?2 AND number < ?3 LIMIT ?4";
    let few = few && ask(tracked, typed)? && (typed == upper || ask(tracked, upper)?);
    Ok(few.then_some(ids))
}

/// Of these orders those that the filter and a text that was not looked for yet let through.
pub(super) fn chosen(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    text: Option<&OrderText>,
    ids: &BTreeSet<i64>,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let mut found = Vec::new();
    for id in ids.range(..before).rev() {
        if found.len() == limit {
            break;
        }
        let order = first(
            c,
            &format!(
                "SELECT {} FROM orders WHERE shop_id = ?1 AND order_id = ?2",
                rows::ORDER
            ),
            params![shop.0, id],
            rows::order,
        )?;
        let Some(order) = order.filter(|o| {
            filter.standing.is_none_or(|s| o.standing() == s) && text.is_none_or(|t| t.is_of(o))
        }) else {
            continue;
        };
        let person = match filter.provinces.as_slice() {
            [] => None,
            _ => read::customer(c, shop, order.customer_id)?,
        };
        if filter.is_there(&order, person.as_ref()) {
            found.push(order);
        }
    }
    Ok(found)
}

/// Asks that an order's number, platform id or a tracking number begins so.
pub(super) fn with_text(on: &mut Conditions, text: &OrderText) {
    let [typed, upper] = &text.tracking;
    for prefix in [&text.number, &text.external_id, typed, upper] {
        on.values.push(Value::Text(prefix.to_owned()));
        on.values.push(Value::Text(prefix_end(prefix)));
    }
    on.plain(
        "(lower(ltrim(number, '#')) >= ? AND lower(ltrim(number, '#')) < ?
          OR external_id >= ? AND external_id < ?
          OR EXISTS (SELECT 1 FROM parcel_numbers p WHERE p.shop_id = orders.shop_id AND p.order_id = orders.order_id
             AND (p.number >= ? AND p.number < ? OR p.number >= ? AND p.number < ?)))",
    );
}

/// Orders from the newest on.
fn walk_orders(
    c: &Connection,
    shop: ShopId,
    filter: &OrderFilter,
    text: Option<&OrderText>,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    let mut on = Conditions::new(shop);
    let index = match filter.standing {
        Some(standing) => {
            on.and("standing = ?", standing.as_str().to_owned());
            " INDEXED BY orders_by_standing"
        }
        None => "",
    };
    on.and("order_id < ?", filter.before.map_or(i64::MAX, |id| id.0));
    if let Some(text) = text {
        with_text(&mut on, text);
    }
    on.values.push(Value::Integer(limit as i64));
    all(
        c,
        &format!(
            "SELECT {} FROM orders{index} WHERE {} ORDER BY order_id DESC LIMIT ?",
            rows::ORDER,
            on.sql
        ),
        params_from_iter(on.values),
        rows::order,
    )
}

/// Orders of one person, newest first.
pub(crate) fn orders_of(
    c: &Connection,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    let customer = standing_id(c, shop, customer)?;
    all(
        c,
        &format!(
            "SELECT {} FROM orders WHERE shop_id = ?1 AND customer_id = ?2 ORDER BY +order_id DESC LIMIT ?3",
            rows::ORDER
        ),
        params![shop.0, customer.0, page(limit)],
        rows::order,
    )
}

// ---- messages ------------------------------------------------------------------------------------------------------

/// Messages with their people, newest first. What an index knows is found however old it is; a filter that none knows is
/// put to the newest [`SCAN_ROWS_MAX`] of what the index gives.
pub(crate) fn messages(
    c: &Connection,
    shop: ShopId,
    query: &MessageQuery,
    limit: usize,
) -> Result<Vec<MessageLine>, StoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let mut on = Conditions::new(shop);
    let mut from = "messages";
    // SQLite would rather walk the shop's whole history in the wanted order: a plus keeps the primary key out.
    let mut id = "effect_id";
    if let Some(order) = query.order {
        id = "+effect_id";
        on.and("order_id = ?", order.0);
    } else if let Some(customer) = query.customer {
        id = "+effect_id";
        on.and("customer_id = ?", standing_id(c, shop, customer)?.0);
    } else {
        match (query.status, &query.journey) {
            (
                Some(
                    status @ (MessageStatus::Failed
                    | MessageStatus::Bounced
                    | MessageStatus::InDoubt),
                ),
                _,
            ) => {
                from = "messages INDEXED BY messages_in_trouble";
                // The index's own words: SQLite finds a partial index by them alone.
                on.plain("status IN ('failed', 'bounced', 'in_doubt')");
                on.and("status = ?", status.as_str().to_owned());
            }
            (Some(MessageStatus::Sending), _) => {
                id = "+effect_id";
                on.plain(
                    "effect_id IN (SELECT effect_id FROM outbox INDEXED BY outbox_taken
                     WHERE node IS NOT NULL AND node >= 0)",
                );
            }
            (Some(MessageStatus::Queued), None) => {
                return queued(c, shop, query, limit);
            }
            (_, Some(journey)) => {
                from = "messages INDEXED BY messages_by_journey";
                on.and("journey = ?", journey.clone());
                if let Some(step) = &query.step {
                    on.and("step = ?", step.clone());
                }
            }
            (Some(MessageStatus::HeldBack), None) => {
                from = "messages INDEXED BY messages_held_back";
                on.plain("status = 'held_back'");
            }
            _ => {}
        }
    }
    if let Some(before) = query.before {
        on.and(&format!("{id} < ?"), before.to_bytes().to_vec());
    }
    let sql = format!(
        "SELECT {}, step, channel FROM {from} WHERE {} ORDER BY {id} DESC LIMIT {SCAN_ROWS_MAX}",
        rows::MESSAGE,
        on.sql
    );
    narrowed(c, shop, query, &sql, on.values, limit)
}

/// Messages that wait: the outbox holds them and nothing old.
fn queued(
    c: &Connection,
    shop: ShopId,
    query: &MessageQuery,
    limit: usize,
) -> Result<Vec<MessageLine>, StoreError> {
    let columns = rows::MESSAGE.replace("due_at", "m.due_at");
    let columns = columns.replace("effect_id", "m.effect_id");
    let mut values = vec![Value::Integer(shop.0)];
    let before = match query.before {
        Some(before) => {
            values.push(Value::Blob(before.to_bytes().to_vec()));
            " AND o.effect_id < ?"
        }
        None => "",
    };
    let sql = format!(
        "SELECT {columns}, m.step, m.channel FROM outbox o
         CROSS JOIN messages m ON m.shop_id = o.shop_id AND m.effect_id = o.effect_id
         WHERE o.shop_id = ?{before} ORDER BY o.effect_id DESC LIMIT {SCAN_ROWS_MAX}"
    );
    narrowed(c, shop, query, &sql, values, limit)
}

/// Puts the whole of a query to the rows of an inner one, in their order, and adds what a list shows.
fn narrowed(
    c: &Connection,
    shop: ShopId,
    query: &MessageQuery,
    inner: &str,
    mut values: Vec<Value>,
    limit: usize,
) -> Result<Vec<MessageLine>, StoreError> {
    let mut sql = format!("SELECT {} FROM ({inner}) AS l WHERE 1", rows::MESSAGE);
    let mut and = |column: &str, value: Value| {
        sql.push_str(&format!(" AND {column} = ?"));
        values.push(value);
    };
    if let (Some(_), Some(customer)) = (query.order, query.customer) {
        let customer = standing_id(c, shop, customer)?;
        and("customer_id", Value::Integer(customer.0));
    }
    for (column, value) in [
        ("status", query.status.map(|s| s.as_str().to_owned())),
        ("journey", query.journey.clone()),
        ("step", query.step.clone()),
        ("channel", query.channel.map(|c| c.as_str().to_owned())),
    ] {
        if let Some(value) = value {
            and(column, Value::Text(value));
        }
    }
    if !query.provinces.is_empty() {
        sql.push_str(&places::goes_there(&query.provinces, shop, &mut values));
    }
    sql.push_str(" LIMIT ?");
    values.push(Value::Integer(limit as i64));
    let messages = all(c, &sql, params_from_iter(values), rows::message)?;

    let mut people: HashMap<CustomerId, Option<Customer>> = HashMap::new();
    let mut numbers: HashMap<OrderId, Option<String>> = HashMap::new();
    let mut lines = Vec::with_capacity(messages.len());
    for message in messages {
        let customer = match people.entry(message.customer_id) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place.insert(stored(c, shop, message.customer_id)?).clone(),
        };
        let order_number = match message.order_id.map(|id| (id, numbers.entry(id))) {
            None => None,
            Some((_, Entry::Occupied(known))) => known.get().clone(),
            Some((order, Entry::Vacant(place))) => place
                .insert(first(
                    c,
                    "SELECT number FROM orders WHERE shop_id = ?1 AND order_id = ?2",
                    params![shop.0, order.0],
                    |row| row.get::<_, String>(0).map_err(refused),
                )?)
                .clone(),
        };
        lines.push(MessageLine {
            message,
            customer,
            order_number,
        });
    }
    Ok(lines)
}

// ---- runs ----------------------------------------------------------------------------------------------------------

/// Active runs of a journey (waiting at this [`Run::step`]), newest first, with their people.
pub(crate) fn runs(
    c: &Connection,
    shop: ShopId,
    journey: &str,
    step: Option<&str>,
    before: Option<RunId>,
    limit: usize,
) -> Result<Vec<(Run, Customer)>, StoreError> {
    let limit = limit.min(PAGE_ROWS_MAX);
    let sql = format!(
        "SELECT {} FROM runs INDEXED BY runs_active
         WHERE shop_id = ?1 AND journey = ?2 AND closed = 0 AND run_id < ?3 ORDER BY run_id DESC",
        rows::RUN
    );
    let mut statement = c.prepare_cached(&sql).map_err(refused)?;
    let mut rows = statement
        .query(params![shop.0, journey, before.map_or(i64::MAX, |id| id.0)])
        .map_err(refused)?;
    let mut found = Vec::with_capacity(limit);
    while found.len() < limit {
        let Some(row) = rows.next().map_err(refused)? else {
            break;
        };
        let run = rows::run_of(row)?;
        if step.is_none() || run.step().as_deref() == step {
            let customer = read::customer(c, shop, run.customer_id)?
                .unwrap_or_else(|| Customer::new(run.customer_id, run.state.started_at));
            found.push((run, customer));
        }
    }
    Ok(found)
}

/// Runs of one person, active ones first, then newest first.
pub(crate) fn runs_of(
    c: &Connection,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<Run>, StoreError> {
    let customer = standing_id(c, shop, customer)?;
    all(
        c,
        &format!(
            "SELECT {} FROM runs WHERE shop_id = ?1 AND customer_id = ?2 ORDER BY closed, +run_id DESC LIMIT ?3",
            rows::RUN
        ),
        params![shop.0, customer.0, page(limit)],
        rows::run_of,
    )
}

/// Tasks of one person, newest first.
pub(crate) fn tasks_of(
    c: &Connection,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<TaskRow>, StoreError> {
    let customer = standing_id(c, shop, customer)?;
    all(
        c,
        &format!(
            "SELECT {} FROM tasks WHERE shop_id = ?1 AND customer_id = ?2
             ORDER BY +opened_at DESC, +effect_id DESC LIMIT ?3",
            rows::TASK
        ),
        params![shop.0, customer.0, page(limit)],
        rows::task,
    )
}

/// Tasks about an order that nobody has done yet, newest first.
pub(crate) fn open_tasks_about(
    c: &Connection,
    shop: ShopId,
    order: OrderId,
    limit: usize,
) -> Result<Vec<TaskRow>, StoreError> {
    all(
        c,
        &format!(
            "SELECT {} FROM tasks WHERE shop_id = ?1 AND order_id = ?2 AND done_at IS NULL
             ORDER BY +opened_at DESC, +effect_id DESC LIMIT ?3",
            rows::TASK
        ),
        params![shop.0, order.0, page(limit)],
        rows::task,
    )
}

// ---- the inbox -----------------------------------------------------------------------------------------------------

/// Raw events, newest first, without their bodies.
pub(crate) fn inbox(
    c: &Connection,
    shop: ShopId,
    status: Option<InboxStatus>,
    source: Option<&str>,
    before: Option<InboxId>,
    limit: usize,
) -> Result<Vec<InboxRow>, StoreError> {
    let mut on = Conditions::new(shop);
    let mut index = "";
    if let Some(status @ (InboxStatus::Waiting | InboxStatus::Failed)) = status {
        index = " INDEXED BY inbox_open";
        on.plain("status IN ('waiting', 'failed')");
        on.and("status = ?", status.as_str().to_owned());
    }
    on.and("inbox_id < ?", before.map_or(i64::MAX, |id| id.0));
    let mut outer = String::new();
    for (column, value) in [
        ("status", status.map(InboxStatus::as_str)),
        ("source", source),
    ] {
        if let Some(value) = value {
            outer.push_str(&format!(" AND {column} = ?"));
            on.values.push(Value::Text(value.to_owned()));
        }
    }
    on.values.push(Value::Integer(page(limit)));
    all(
        c,
        &format!(
            "SELECT * FROM (SELECT inbox_id, source, external_id, topic, received_at, status, note, NULL AS body
             FROM inbox{index} WHERE {} ORDER BY inbox_id DESC LIMIT {SCAN_ROWS_MAX}) WHERE 1{outer} LIMIT ?",
            on.sql
        ),
        params_from_iter(on.values),
        read::inbox_of,
    )
}

/// When each source last sent something, and what of it is in trouble.
pub(crate) fn source_health(c: &Connection, shop: ShopId) -> Result<Vec<SourceHealth>, StoreError> {
    let mut found: BTreeMap<String, SourceHealth> = BTreeMap::new();
    let mut seen = |health: SourceHealth| match found.get_mut(&health.source) {
        Some(known) if known.last_at >= health.last_at => {}
        Some(known) => *known = health,
        None => {
            found.insert(health.source.clone(), health);
        }
    };
    // To the minute, however long ago; and the newest exactly.
    for sql in [
        "SELECT source, last_at, last_topic FROM sources WHERE shop_id = ?1 LIMIT ?2",
        "SELECT source, received_at AS last_at, topic AS last_topic FROM inbox WHERE shop_id = ?1
         ORDER BY inbox_id DESC LIMIT ?2",
    ] {
        let rows = all(c, sql, params![shop.0, NEWEST_EVENTS], |row| {
            Ok(SourceHealth {
                source: row.get("source").map_err(refused)?,
                last_at: at_column(row, "last_at")?,
                last_topic: row.get("last_topic").map_err(refused)?,
                failed: 0,
                waiting: 0,
            })
        })?;
        rows.into_iter().for_each(&mut seen);
    }
    for status in ["failed", "waiting"] {
        let open = all(
            c,
            "SELECT source, count(*) FROM (SELECT source FROM inbox INDEXED BY inbox_open WHERE shop_id = ?1
             AND status IN ('waiting', 'failed') AND status = ?2 LIMIT ?3) GROUP BY source",
            params![shop.0, status, OPEN_EVENTS_MAX],
            |row| {
                let source: String = row.get(0).map_err(refused)?;
                Ok((source, row.get::<_, i64>(1).map_err(refused)?))
            },
        )?;
        for (source, n) in open {
            if let Some(health) = found.get_mut(&source) {
                let n = u64::try_from(n).unwrap_or_default().min(SOURCE_COUNT_MAX);
                match status {
                    "failed" => health.failed = n,
                    _ => health.waiting = n,
                }
            }
        }
    }
    Ok(found.into_values().collect())
}
