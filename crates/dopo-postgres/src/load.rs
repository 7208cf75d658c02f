//! Loading and locking what a batch may look at. The lock is the customer: who holds a person's row may change everything
//! that hangs on it.

use crate::fault::Fault;
use crate::rows::{self, CartRow, CustomerRow, MessageRow, OrderRow, RunRow};
use dopo_core::advance::{Keys, Loaded, keys};
use dopo_core::customer::{Customer, IdentityKey, IdentityKind};
use dopo_core::event::{Arrival, Event};
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId, ShopId};
use dopo_core::order::Order;
use dopo_engine::ports::store::StoreError;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// A parked arrival that was taken out, with the inbox row it came in by.
pub(crate) struct Woken {
    /// By source and external id, as [`dopo_core::advance::Writes::unusable`] names arrivals.
    pub(crate) source: String,
    pub(crate) external_id: String,
    pub(crate) inbox: Option<InboxId>,
}

/// What was loaded for arrivals.
pub(crate) struct ForArrivals {
    pub(crate) loaded: Loaded,
    pub(crate) woken: Vec<Woken>,
    /// What was looked up.
    pub(crate) keys: Keys,
}

/// Follows merges from the id that a link or an event names to the record that stands now.
pub(crate) async fn standing_id(
    c: &mut PgConnection,
    shop: ShopId,
    id: CustomerId,
) -> Result<CustomerId, Fault> {
    let into = sqlx::query_scalar!(
        "-- standing_id()
         SELECT into_id FROM merged_customers WHERE shop_id = $1 AND customer_id = $2",
        shop.0,
        id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(into.map_or(id, CustomerId))
}

/// Loads for new arrivals: wakes what was parked for them, then locks the people all of these name, and `extra`, and loads
/// what hangs on them.
pub(crate) async fn for_arrivals(
    c: &mut PgConnection,
    shop: ShopId,
    arrivals: &mut [Arrival],
    extra: &BTreeSet<CustomerId>,
) -> Result<ForArrivals, Fault> {
    for arrival in arrivals.iter_mut() {
        if let Event::PreferencesChanged { customer, .. } = &mut arrival.event {
            *customer = standing_id(c, shop, *customer).await?;
        }
    }
    let mut wanted = keys(arrivals);
    let (parked, woken) = wake(c, shop, &mut wanted).await?;

    let mut people = owners(c, shop, &wanted).await?;
    people.extend(extra);
    people.extend(wanted.customers.iter());
    let customers = lock(c, shop, &people).await?;
    let mut loaded = Loaded {
        customers: customers.into_iter().collect(),
        parked,
        ..Loaded::default()
    };
    if !wanted.products.is_empty() {
        let ids: Vec<String> = wanted.products.iter().map(|id| rows::text(id)).collect();
        let found = sqlx::query!(
            r#"-- for_arrivals()
            SELECT external_id, category AS "category!" FROM products
            WHERE shop_id = $1 AND external_id = ANY($2) AND category IS NOT NULL"#,
            shop.0,
            &ids
        )
        .fetch_all(&mut *c)
        .await?;
        loaded.categories = found
            .into_iter()
            .map(|r| (r.external_id, r.category))
            .collect();
    }
    if !people.is_empty() {
        facts(c, shop, &wanted, &people, &mut loaded).await?;
    }
    Ok(ForArrivals {
        loaded,
        woken,
        keys: wanted,
    })
}

/// Loads for due runs whose customers are locked; locks the owners of their orders and carts too.
pub(crate) async fn for_due(
    c: &mut PgConnection,
    shop: ShopId,
    customers: BTreeMap<CustomerId, Customer>,
) -> Result<Loaded, Fault> {
    let mut loaded = Loaded {
        customers: customers.into_iter().collect(),
        ..Loaded::default()
    };
    let none = Keys::default();
    let mut people: BTreeSet<CustomerId> = loaded.customers.keys().copied().collect();
    for _ in 0..OWNER_ROUNDS_MAX {
        match facts(c, shop, &none, &people, &mut loaded).await {
            Err(Fault::Moved(more)) => {
                loaded.customers.extend(lock(c, shop, &more).await?);
                people.extend(more);
            }
            result => return result.map(|()| loaded),
        }
    }
    Err(Fault::Moved(BTreeSet::new()))
}

/// Times the owners of orders and carts are followed from one person to another.
const OWNER_ROUNDS_MAX: u32 = 8;

/// Takes out what was parked for these keys, and for the keys of that, and so on.
async fn wake(
    c: &mut PgConnection,
    shop: ShopId,
    wanted: &mut Keys,
) -> Result<(Vec<Arrival>, Vec<Woken>), Fault> {
    let mut parked = Vec::new();
    let mut woken = Vec::new();
    let mut asked = BTreeSet::new();
    loop {
        let of = |kind: &'static str, ids: &BTreeSet<String>| {
            ids.iter()
                .map(|id| (kind, rows::text(id)))
                .collect::<Vec<_>>()
        };
        let mut now = of("order", &wanted.orders);
        now.extend(of("parcel_number", &wanted.parcel_numbers));
        now.retain(|key| !asked.contains(key));
        if now.is_empty() {
            break;
        }
        let kinds: Vec<String> = now.iter().map(|(kind, _)| (*kind).to_owned()).collect();
        let values: Vec<String> = now.iter().map(|(_, value)| value.clone()).collect();
        let mut found = sqlx::query!(
            "-- wake()
             DELETE FROM parked p USING unnest($2::text[], $3::text[]) AS k (kind, value)
             WHERE p.shop_id = $1 AND p.kind = k.kind AND p.value = k.value
             RETURNING p.kind, p.value, p.seq, p.inbox_id, p.arrival",
            shop.0,
            &kinds,
            &values
        )
        .fetch_all(&mut *c)
        .await?;
        asked.extend(now);
        if found.is_empty() {
            break;
        }
        found.sort_by(|a, b| (&a.kind, &a.value, a.seq).cmp(&(&b.kind, &b.value, b.seq)));
        let mut fresh = Vec::with_capacity(found.len());
        for row in found {
            let arrival = rows::parked(shop, &row.arrival)?;
            woken.push(Woken {
                source: arrival.source.clone(),
                external_id: arrival.external_id.clone(),
                inbox: row.inbox_id.map(InboxId),
            });
            fresh.push(arrival);
        }
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
    Ok((parked, woken))
}

/// Keys as columns.
struct KeyColumns {
    kinds: Vec<String>,
    values: Vec<String>,
    orders: Vec<String>,
    numbers: Vec<String>,
    carts: Vec<String>,
    messages: Vec<[u8; 16]>,
}

impl KeyColumns {
    fn of(keys: &Keys) -> Self {
        let texts = |ids: &BTreeSet<String>| ids.iter().map(|id| rows::text(id)).collect();
        KeyColumns {
            kinds: keys
                .identities
                .iter()
                .map(|k| k.kind.as_str().to_owned())
                .collect(),
            values: keys
                .identities
                .iter()
                .map(|k| rows::text(&k.value))
                .collect(),
            orders: texts(&keys.orders),
            numbers: texts(&keys.parcel_numbers),
            carts: texts(&keys.carts),
            messages: keys.messages.iter().map(|id| id.to_bytes()).collect(),
        }
    }
}

/// The people whom these keys name, as far as can be seen without a lock.
async fn owners(
    c: &mut PgConnection,
    shop: ShopId,
    keys: &Keys,
) -> Result<BTreeSet<CustomerId>, Fault> {
    let k = KeyColumns::of(keys);
    let found = sqlx::query_scalar!(
        r#"-- owners()
        SELECT i.customer_id AS "customer_id!" FROM unnest($2::text[], $3::text[]) AS k (kind, value)
            JOIN identities i ON i.shop_id = $1 AND i.kind = k.kind AND i.value = k.value
        UNION SELECT customer_id FROM orders WHERE shop_id = $1 AND external_id = ANY($4)
        UNION SELECT o.customer_id FROM parcel_numbers p
            JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
            WHERE p.shop_id = $1 AND p.number = ANY($5)
        UNION SELECT customer_id FROM carts WHERE shop_id = $1 AND external_id = ANY($6)
        UNION SELECT customer_id FROM messages WHERE shop_id = $1 AND effect_id = ANY($7)"#,
        shop.0,
        &k.kinds,
        &k.values,
        &k.orders,
        &k.numbers,
        &k.carts,
        &k.messages as &[[u8; 16]]
    )
    .fetch_all(c)
    .await?;
    Ok(found.into_iter().map(CustomerId).collect())
}

/// Locks people in the order of their ids, so that two committers never wait for each other.
async fn lock(
    c: &mut PgConnection,
    shop: ShopId,
    people: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, Customer>, Fault> {
    if people.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<i64> = people.iter().map(|id| id.0).collect();
    let found = sqlx::query_as!(
        CustomerRow,
        "-- lock()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = ANY($2)
         ORDER BY customer_id FOR UPDATE",
        shop.0,
        &ids
    )
    .fetch_all(c)
    .await?;
    let mut customers = BTreeMap::new();
    for row in found {
        customers.insert(CustomerId(row.customer_id), row.read()?);
    }
    Ok(customers)
}

/// Loads what the keys name and what hangs on the locked people, `people`.
///
/// # Errors
/// [`Fault::Moved`] with the owners that are not locked yet.
async fn facts(
    c: &mut PgConnection,
    shop: ShopId,
    keys: &Keys,
    people: &BTreeSet<CustomerId>,
    loaded: &mut Loaded,
) -> Result<(), Fault> {
    let k = KeyColumns::of(keys);
    let ids: Vec<i64> = loaded.customers.keys().map(|id| id.0).collect();
    let mut owners = BTreeSet::new();

    if !k.kinds.is_empty() {
        let found = sqlx::query!(
            r#"-- facts()
            SELECT i.kind, i.value, i.customer_id FROM unnest($2::text[], $3::text[]) AS k (kind, value)
            JOIN identities i ON i.shop_id = $1 AND i.kind = k.kind AND i.value = k.value"#,
            shop.0,
            &k.kinds,
            &k.values
        )
        .fetch_all(&mut *c)
        .await?;
        for row in found {
            let kind = IdentityKind::parse(&row.kind).ok_or_else(|| {
                StoreError::Rejected(format!("`{}` is no kind of key of a person", row.kind))
            })?;
            owners.insert(CustomerId(row.customer_id));
            let key = IdentityKey {
                kind,
                value: row.value,
            };
            loaded.identities.insert(key, CustomerId(row.customer_id));
        }
    }

    let mut carts: BTreeSet<String> = k.carts.iter().cloned().collect();
    let mut order_ids: BTreeSet<i64> = BTreeSet::new();
    let run_ids: Vec<i64> = keys.messages.iter().map(|id| id.run().0).collect();
    if !k.messages.is_empty() {
        let found = messages(c, shop, &k.messages).await?;
        for (id, message) in found {
            owners.insert(message.customer_id);
            loaded.messages.insert(id, message);
        }
    }
    let found = sqlx::query_as!(
        RunRow,
        r#"-- facts()
        SELECT run_id AS "run_id!", customer_id AS "customer_id!", journey AS "journey!",
            journey_version AS "journey_version!", version AS "version!", key AS "key!", state AS "state!"
        FROM runs WHERE shop_id = $1 AND customer_id = ANY($2) AND NOT closed
        UNION ALL
        SELECT run_id, customer_id, journey, journey_version, version, key, state
        FROM runs WHERE shop_id = $1 AND run_id = ANY($3)"#,
        shop.0,
        &ids,
        &run_ids
    )
    .fetch_all(&mut *c)
    .await?;
    for row in found {
        let id = RunId(row.run_id);
        if loaded.runs.contains_key(&id) {
            continue;
        }
        let run = row.read()?;
        owners.insert(run.customer_id);
        order_ids.extend(run.key.order.map(|o| o.0));
        carts.extend(run.key.cart.iter().map(|id| rows::text(id)));
        loaded.runs.insert(id, run);
    }
    for run in loaded.runs.values() {
        order_ids.extend(run.key.order.map(|o| o.0));
        carts.extend(run.key.cart.iter().map(|id| rows::text(id)));
    }

    if !k.numbers.is_empty() {
        let found = sqlx::query!(
            "-- facts()
             SELECT number, order_id FROM parcel_numbers WHERE shop_id = $1 AND number = ANY($2)",
            shop.0,
            &k.numbers
        )
        .fetch_all(&mut *c)
        .await?;
        for row in found {
            order_ids.insert(row.order_id);
            loaded
                .parcel_numbers
                .insert(row.number, OrderId(row.order_id));
        }
    }
    if !(k.orders.is_empty() && order_ids.is_empty()) {
        let ids: Vec<i64> = order_ids.into_iter().collect();
        let found = sqlx::query_as!(
            OrderRow,
            r#"-- facts()
            SELECT order_id AS "order_id!", customer_id AS "customer_id!", body AS "body!"
            FROM orders WHERE shop_id = $1 AND order_id = ANY($2)
            UNION ALL
            SELECT order_id, customer_id, body FROM orders
            WHERE shop_id = $1 AND external_id = ANY($3) AND order_id <> ALL($2)"#,
            shop.0,
            &ids,
            &k.orders
        )
        .fetch_all(&mut *c)
        .await?;
        for row in found {
            let order: Order = row.read()?;
            owners.insert(order.customer_id);
            loaded
                .order_ids
                .insert(order.snapshot.external_id.clone(), order.id);
            loaded.orders.insert(order.id, order);
        }
    }
    if !carts.is_empty() {
        let ids: Vec<String> = carts.into_iter().collect();
        let found = sqlx::query_as!(
            CartRow,
            "-- facts()
             SELECT customer_id, body FROM carts WHERE shop_id = $1 AND external_id = ANY($2)",
            shop.0,
            &ids
        )
        .fetch_all(&mut *c)
        .await?;
        for row in found {
            let cart = row.read()?;
            owners.insert(cart.customer_id);
            loaded.carts.insert(cart.snapshot.external_id.clone(), cart);
        }
    }
    owners.retain(|id| !people.contains(id));
    if owners.is_empty() {
        Ok(())
    } else {
        Err(Fault::Moved(owners))
    }
}

/// Messages by id.
pub(crate) async fn messages(
    c: &mut PgConnection,
    shop: ShopId,
    ids: &[[u8; 16]],
) -> Result<BTreeMap<EffectId, dopo_core::message::Message>, Fault> {
    let found = sqlx::query_as!(
        MessageRow,
        r#"-- messages()
        SELECT m.effect_id, m.customer_id, m.order_id, m.parcel, m.cart_id, m.journey, m.journey_version, m.status,
            m.decided_at, m.due_at, m.sent_at, m.opened_at, m.clicked_at, m.grant_json, m.reason, m.failure, m.attempts,
            m.body,
            (SELECT o.node FROM outbox o WHERE o.shop_id = m.shop_id AND o.effect_id = m.effect_id) AS node
        FROM messages m
        WHERE m.shop_id = $1 AND m.effect_id = ANY($2)"#,
        shop.0,
        ids as &[[u8; 16]]
    )
    .fetch_all(c)
    .await?;
    let mut messages = BTreeMap::new();
    for row in found {
        let message = row.read()?;
        messages.insert(message.id, message);
    }
    Ok(messages)
}
