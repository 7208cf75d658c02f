//! Writing what a batch changes: one statement a table, rows sorted by key, counters last.

use crate::console::{listed, risks, webhooks};
use crate::couriers;
use crate::fault::Fault;
use crate::forget;
use crate::load::standing_id;
use crate::rows::{CustomerRow, int, json, name_of, text, us, us_up};
use crate::settings;
use dopo_core::advance::{Keys, Loaded, MessageMark, Writes};
use dopo_core::counter::place_key;
use dopo_core::customer::IdentityKey;
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_core::message::Message;
use dopo_core::order::Order;
use dopo_core::risk::tells_of_failure;
use dopo_engine::ports::console::{DeliveryRow, KnownAs};
use dopo_engine::ports::store::StoreError;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What was known before the decision.
#[derive(Default)]
pub(crate) struct Before {
    /// Keys of people that were looked up.
    pub(crate) asked: BTreeSet<IdentityKey>,
    /// Those that were found.
    pub(crate) identities: BTreeMap<IdentityKey, CustomerId>,
    /// Orders that were there.
    pub(crate) orders: HashSet<OrderId>,
    /// People that were there, and what they were found by.
    pub(crate) customers: HashMap<CustomerId, KnownAs>,
}

impl Before {
    pub(crate) fn of(keys: Keys, loaded: &Loaded) -> Self {
        Before {
            asked: keys.identities,
            identities: loaded.identities.clone(),
            orders: loaded.orders.keys().copied().collect(),
            customers: loaded
                .customers
                .iter()
                .map(|(id, customer)| (*id, KnownAs::of(customer)))
                .collect(),
        }
    }
}

/// Writes everything but parked arrivals, the forgetting of a whole shop, and the counters.
pub(crate) async fn apply(
    c: &mut PgConnection,
    shop: ShopId,
    writes: &mut Writes,
    before: &Before,
    slot: i16,
) -> Result<(), Fault> {
    writes.customers.sort_by_key(|customer| customer.id);
    listed::put(c, shop, &writes.customers, &before.customers).await?;
    identities(c, shop, writes, before).await?;
    orders(c, shop, &mut writes.orders, before, slot).await?;
    risks::put(c, shop, &writes.orders).await?;
    parcel_numbers(c, shop, writes).await?;
    carts(c, shop, writes).await?;
    products(c, shop, writes).await?;
    runs(c, shop, writes).await?;
    messages(c, shop, &mut writes.messages).await?;
    outbox(c, shop, writes).await?;
    let told: Vec<DeliveryRow> = (writes.outward.iter())
        .map(|word| DeliveryRow::waiting(shop, word))
        .collect();
    webhooks::add_deliveries(c, &told).await?;
    marks(c, shop, writes).await?;
    coupons(c, shop, writes).await?;
    tasks_and_ledger(c, shop, writes).await?;
    couriers::put_looks(c, shop, &writes.looks).await?;
    couriers::put_calls(c, shop, &writes.calls).await?;
    for (from, into) in &writes.merges {
        merge(c, shop, *from, *into).await?;
    }
    let forgotten: BTreeSet<CustomerId> = writes.forgotten.drain(..).collect();
    for customer in forgotten {
        let id = standing_id(c, shop, customer).await?;
        forget::customer(c, shop, id, &mut writes.counters).await?;
    }
    if writes.disconnected {
        sqlx::query!(
            "-- apply()
             UPDATE shops SET disconnected = TRUE WHERE shop_id = $1",
            shop.0
        )
        .execute(&mut *c)
        .await?;
        settings::changed(c).await?;
    }
    Ok(())
}

/// A key that was looked up and not found is inserted: should a concurrent committer have made the same person, the unique
/// key refuses, and the batch is decided anew with that person loaded.
async fn identities(
    c: &mut PgConnection,
    shop: ShopId,
    writes: &Writes,
    before: &Before,
) -> Result<(), Fault> {
    let wanted: BTreeMap<&IdentityKey, CustomerId> = writes
        .identities
        .iter()
        .map(|(key, id)| (key, *id))
        .collect();
    let (mut new, mut moved) = (IdentityColumns::default(), IdentityColumns::default());
    for (key, id) in wanted {
        match before.identities.get(key) {
            Some(known) if *known == id => {}
            Some(_) => moved.push(key, id),
            None if before.asked.contains(key) => new.push(key, id),
            None => moved.push(key, id),
        }
    }
    if !new.ids.is_empty() {
        sqlx::query!(
            "-- identities()
             INSERT INTO identities (shop_id, kind, value, customer_id)
             SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])",
            shop.0,
            &new.kinds,
            &new.values,
            &new.ids
        )
        .execute(&mut *c)
        .await?;
    }
    if !moved.ids.is_empty() {
        sqlx::query!(
            "-- identities()
             INSERT INTO identities (shop_id, kind, value, customer_id)
             SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
             ON CONFLICT (shop_id, kind, value) DO UPDATE SET customer_id = excluded.customer_id
             WHERE identities.customer_id <> excluded.customer_id",
            shop.0,
            &moved.kinds,
            &moved.values,
            &moved.ids
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

#[derive(Default)]
struct IdentityColumns {
    kinds: Vec<String>,
    values: Vec<String>,
    ids: Vec<i64>,
}

impl IdentityColumns {
    fn push(&mut self, key: &IdentityKey, id: CustomerId) {
        self.kinds.push(key.kind.as_str().to_owned());
        self.values.push(text(&key.value));
        self.ids.push(id.0);
    }
}

/// Writes orders whole; pieces of orders that are new count as sold.
async fn orders(
    c: &mut PgConnection,
    shop: ShopId,
    orders: &mut [Order],
    before: &Before,
    slot: i16,
) -> Result<(), Fault> {
    if orders.is_empty() {
        return Ok(());
    }
    orders.sort_by_key(|order| order.id);
    let n = orders.len();
    let (mut ids, mut customers, mut external_ids, mut numbers, mut placed, mut bodies) = (
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
    );
    let (mut standings, mut places) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let mut sold: BTreeMap<String, i64> = BTreeMap::new();
    for order in orders.iter() {
        ids.push(order.id.0);
        customers.push(order.customer_id.0);
        external_ids.push(text(&order.snapshot.external_id));
        numbers.push(text(&order.snapshot.number));
        placed.push(us(order.snapshot.placed_at));
        bodies.push(json(order)?);
        standings.push(order.standing().as_str());
        places.push(place_key(order));
        if !before.orders.contains(&order.id) {
            for line in &order.snapshot.lines {
                if let Some(product) = &line.product_id {
                    *sold.entry(text(product)).or_default() += i64::from(line.quantity);
                }
            }
        }
    }
    sqlx::query!(
        "-- orders()
         INSERT INTO orders (shop_id, order_id, customer_id, external_id, number, placed_at, body, standing, province)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[],
             $9::text[])
         ON CONFLICT (shop_id, order_id) DO UPDATE SET
             customer_id = excluded.customer_id, external_id = excluded.external_id, number = excluded.number,
             placed_at = excluded.placed_at, body = excluded.body, standing = excluded.standing,
             province = excluded.province",
        shop.0,
        &ids,
        &customers,
        &external_ids,
        &numbers,
        &placed,
        &bodies,
        &standings as &[&'static str],
        &places as &[&'static str]
    )
    .execute(&mut *c)
    .await?;
    if !sold.is_empty() {
        let (products, pieces): (Vec<String>, Vec<i64>) = sold.into_iter().unzip();
        sqlx::query!(
            "-- orders()
             INSERT INTO product_sales AS s (shop_id, external_id, slot, sold)
             SELECT $1, k.external_id, $2, k.sold FROM unnest($3::text[], $4::bigint[]) AS k (external_id, sold)
             ON CONFLICT (shop_id, external_id, slot) DO UPDATE SET sold = s.sold + excluded.sold",
            shop.0,
            slot,
            &products,
            &pieces
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

async fn parcel_numbers(c: &mut PgConnection, shop: ShopId, writes: &Writes) -> Result<(), Fault> {
    if writes.parcel_numbers.is_empty() {
        return Ok(());
    }
    let wanted: BTreeMap<String, i64> = writes
        .parcel_numbers
        .iter()
        .map(|(number, order)| (text(number), order.0))
        .collect();
    let (numbers, orders): (Vec<String>, Vec<i64>) = wanted.into_iter().unzip();
    sqlx::query!(
        "-- parcel_numbers()
         INSERT INTO parcel_numbers AS p (shop_id, number, order_id)
         SELECT $1, * FROM unnest($2::text[], $3::bigint[])
         ON CONFLICT (shop_id, number) DO UPDATE SET order_id = excluded.order_id WHERE p.order_id <> excluded.order_id",
        shop.0,
        &numbers,
        &orders
    )
    .execute(c)
    .await?;
    Ok(())
}

async fn carts(c: &mut PgConnection, shop: ShopId, writes: &mut Writes) -> Result<(), Fault> {
    if writes.carts.is_empty() {
        return Ok(());
    }
    writes
        .carts
        .sort_by(|a, b| a.snapshot.external_id.cmp(&b.snapshot.external_id));
    let (mut ids, mut customers, mut updated, mut bodies) = (vec![], vec![], vec![], vec![]);
    for cart in &writes.carts {
        ids.push(text(&cart.snapshot.external_id));
        customers.push(cart.customer_id.0);
        updated.push(us(cart.snapshot.updated_at));
        bodies.push(json(cart)?);
    }
    sqlx::query!(
        "-- carts()
         INSERT INTO carts (shop_id, external_id, customer_id, updated_at, body)
         SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])
         ON CONFLICT (shop_id, external_id) DO UPDATE SET
             customer_id = excluded.customer_id, updated_at = excluded.updated_at, body = excluded.body",
        shop.0,
        &ids,
        &customers,
        &updated,
        &bodies
    )
    .execute(c)
    .await?;
    Ok(())
}

async fn products(c: &mut PgConnection, shop: ShopId, writes: &Writes) -> Result<(), Fault> {
    if !writes.products.is_empty() {
        // Of several tellings in one batch the newest counts, of equally new ones the last.
        let mut newest = BTreeMap::new();
        for product in &writes.products {
            let place = newest.entry(text(&product.external_id)).or_insert(product);
            if product.updated_at >= place.updated_at {
                *place = product;
            }
        }
        let (mut ids, mut categories, mut available) = (vec![], vec![], vec![]);
        let (mut updated, mut bodies) = (vec![], vec![]);
        for (id, product) in newest {
            ids.push(id);
            categories.push(product.category.as_deref().map(text));
            available.push(product.available);
            updated.push(us(product.updated_at));
            bodies.push(json(product)?);
        }
        sqlx::query!(
            "-- products()
             INSERT INTO products AS p (shop_id, external_id, category, available, updated_at, body)
             SELECT $1, * FROM unnest($2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::text[])
             ON CONFLICT (shop_id, external_id) DO UPDATE SET
                 category = excluded.category, available = excluded.available,
                 updated_at = excluded.updated_at, body = excluded.body
             WHERE excluded.updated_at >= p.updated_at",
            shop.0,
            &ids,
            &categories as &[Option<String>],
            &available,
            &updated,
            &bodies
        )
        .execute(&mut *c)
        .await?;
    }
    if !writes.products_removed.is_empty() {
        let ids: Vec<String> = writes.products_removed.iter().map(|id| text(id)).collect();
        sqlx::query!(
            "-- products()
             DELETE FROM products WHERE shop_id = $1 AND external_id = ANY($2)",
            shop.0,
            &ids
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

async fn runs(c: &mut PgConnection, shop: ShopId, writes: &mut Writes) -> Result<(), Fault> {
    if writes.runs.is_empty() {
        return Ok(());
    }
    writes.runs.sort_by_key(|run| run.id);
    let n = writes.runs.len();
    let (mut ids, mut customers, mut closed, mut journeys, mut journey_versions) = (
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
    );
    let (mut versions, mut wakes, mut keys, mut states) = (
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
    );
    for run in &writes.runs {
        let wake_at = run.state.wake_at().map(us_up);
        ids.push(run.id.0);
        customers.push(run.customer_id.0);
        closed.push(wake_at.is_none());
        journeys.push(text(&run.journey));
        journey_versions.push(int(run.journey_version)?);
        versions.push(int(run.version)?);
        wakes.push(wake_at);
        keys.push(json(&run.key)?);
        states.push(json(&run.state)?);
    }
    let done = sqlx::query!(
        "-- runs()
         INSERT INTO runs AS r (shop_id, run_id, customer_id, closed, journey, journey_version, version, wake_at, key, state)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::boolean[], $5::text[], $6::int[], $7::int[],
             $8::bigint[], $9::text[], $10::text[])
         ON CONFLICT (shop_id, run_id) DO UPDATE SET
             customer_id = excluded.customer_id, closed = excluded.closed, version = excluded.version,
             wake_at = excluded.wake_at, key = excluded.key, state = excluded.state
         WHERE r.version <= excluded.version",
        shop.0,
        &ids,
        &customers,
        &closed,
        &journeys,
        &journey_versions,
        &versions,
        &wakes as &[Option<i64>],
        &keys,
        &states
    )
    .execute(c)
    .await?;
    if done.rows_affected() < n as u64 {
        return Err(Fault::Store(StoreError::Conflict(
            "a run was decided by somebody else meanwhile".to_owned(),
        )));
    }
    Ok(())
}

async fn messages(
    c: &mut PgConnection,
    shop: ShopId,
    messages: &mut [Message],
) -> Result<(), Fault> {
    if messages.is_empty() {
        return Ok(());
    }
    messages.sort_by_key(|message| message.id);
    let mut m = MessageColumns::default();
    for message in messages.iter() {
        m.push(message)?;
    }
    sqlx::query!(
        "-- messages()
         INSERT INTO messages (shop_id, effect_id, customer_id, order_id, parcel, cart_id, journey, journey_version, step,
             channel, purpose, template, status, decided_at, due_at, sent_at, opened_at, clicked_at, basis, evidence,
             grant_json, reason, failure, attempts, body)
         SELECT $1, * FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::int[], $6::text[], $7::text[], $8::int[],
             $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[],
             $16::bigint[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[], $22::text[],
             $23::text[], $24::int[], $25::text[])",
        shop.0,
        &m.ids as &[[u8; 16]],
        &m.customers,
        &m.orders as &[Option<i64>],
        &m.parcels as &[Option<i32>],
        &m.carts as &[Option<String>],
        &m.journeys,
        &m.journey_versions,
        &m.steps,
        &m.channels as &[&'static str],
        &m.purposes as &[&'static str],
        &m.templates,
        &m.statuses as &[&'static str],
        &m.decided,
        &m.due,
        &m.sent as &[Option<i64>],
        &m.opened as &[Option<i64>],
        &m.clicked as &[Option<i64>],
        &m.bases as &[Option<String>],
        &m.evidences as &[Option<String>],
        &m.grants as &[Option<String>],
        &m.reasons as &[Option<String>],
        &m.failures as &[Option<String>],
        &m.attempts,
        &m.bodies
    )
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Default)]
struct MessageColumns {
    ids: Vec<[u8; 16]>,
    customers: Vec<i64>,
    orders: Vec<Option<i64>>,
    parcels: Vec<Option<i32>>,
    carts: Vec<Option<String>>,
    journeys: Vec<String>,
    journey_versions: Vec<i32>,
    steps: Vec<String>,
    channels: Vec<&'static str>,
    purposes: Vec<&'static str>,
    templates: Vec<String>,
    statuses: Vec<&'static str>,
    decided: Vec<i64>,
    due: Vec<i64>,
    sent: Vec<Option<i64>>,
    opened: Vec<Option<i64>>,
    clicked: Vec<Option<i64>>,
    bases: Vec<Option<String>>,
    evidences: Vec<Option<String>>,
    grants: Vec<Option<String>>,
    reasons: Vec<Option<String>>,
    failures: Vec<Option<String>>,
    attempts: Vec<i32>,
    bodies: Vec<String>,
}

impl MessageColumns {
    fn push(&mut self, message: &Message) -> Result<(), StoreError> {
        let grant = message.grant.as_ref();
        self.ids.push(message.id.to_bytes());
        self.customers.push(message.customer_id.0);
        self.orders.push(message.order_id.map(|id| id.0));
        self.parcels.push(message.parcel.map(i32::from));
        self.carts.push(message.cart_id.as_deref().map(text));
        self.journeys.push(text(&message.journey));
        self.journey_versions.push(int(message.journey_version)?);
        self.steps.push(text(&message.send.step));
        self.channels.push(message.send.channel.as_str());
        self.purposes.push(message.send.purpose.as_str());
        self.templates.push(text(&message.send.template));
        self.statuses.push(message.status.as_str());
        self.decided.push(us(message.decided_at));
        self.due.push(us(message.due_at));
        self.sent.push(message.sent_at.map(us));
        self.opened.push(message.opened_at.map(us));
        self.clicked.push(message.clicked_at.map(us));
        self.bases
            .push(grant.map(|g| name_of(&g.basis)).transpose()?);
        self.evidences.push(grant.map(|g| text(&g.evidence)));
        self.grants.push(grant.map(json).transpose()?);
        self.reasons
            .push(message.reason.as_ref().map(name_of).transpose()?);
        self.failures.push(message.failure.as_deref().map(text));
        self.attempts.push(i32::from(message.attempts));
        self.bodies.push(json(&message.send)?);
        Ok(())
    }
}

async fn outbox(c: &mut PgConnection, shop: ShopId, writes: &mut Writes) -> Result<(), Fault> {
    if writes.due.is_empty() {
        return Ok(());
    }
    writes.due.sort_by_key(|due| due.message);
    let (mut ids, mut channels, mut due_ats) = (vec![], vec![], vec![]);
    for due in &writes.due {
        ids.push(due.message.to_bytes());
        channels.push(due.channel.as_str());
        due_ats.push(us_up(due.due_at));
    }
    sqlx::query!(
        "-- outbox()
         INSERT INTO outbox (shop_id, effect_id, channel, due_at)
         SELECT $1, * FROM unnest($2::bytea[], $3::text[], $4::bigint[])",
        shop.0,
        &ids as &[[u8; 16]],
        &channels as &[&'static str],
        &due_ats
    )
    .execute(c)
    .await?;
    Ok(())
}

async fn marks(c: &mut PgConnection, shop: ShopId, writes: &Writes) -> Result<(), Fault> {
    if writes.marks.is_empty() {
        return Ok(());
    }
    // Of several marks of one kind the first open and click count, and the last bounce.
    #[derive(Default)]
    struct Marks {
        opened: Option<i64>,
        clicked: Option<i64>,
        bounced: Option<String>,
    }
    let mut by_message: BTreeMap<[u8; 16], Marks> = BTreeMap::new();
    for (id, mark) in &writes.marks {
        let marks = by_message.entry(id.to_bytes()).or_default();
        match mark {
            MessageMark::Opened(at) => marks.opened = marks.opened.or(Some(us(*at))),
            MessageMark::Clicked(at) => marks.clicked = marks.clicked.or(Some(us(*at))),
            MessageMark::Bounced(_, why) => marks.bounced = Some(text(why)),
        }
    }
    let (mut ids, mut opened, mut clicked, mut bounced) = (vec![], vec![], vec![], vec![]);
    for (id, marks) in by_message {
        ids.push(id);
        opened.push(marks.opened);
        clicked.push(marks.clicked);
        bounced.push(marks.bounced);
    }
    sqlx::query!(
        "-- marks()
         UPDATE messages m SET
             opened_at = coalesce(m.opened_at, k.opened_at),
             clicked_at = coalesce(m.clicked_at, k.clicked_at),
             status = CASE WHEN k.bounced IS NULL THEN m.status ELSE 'bounced' END,
             failure = coalesce(k.bounced, m.failure)
         FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::text[]) AS k (effect_id, opened_at, clicked_at, bounced)
         WHERE m.shop_id = $1 AND m.effect_id = k.effect_id",
        shop.0,
        &ids as &[[u8; 16]],
        &opened as &[Option<i64>],
        &clicked as &[Option<i64>],
        &bounced as &[Option<String>]
    )
    .execute(c)
    .await?;
    Ok(())
}

async fn coupons(c: &mut PgConnection, shop: ShopId, writes: &mut Writes) -> Result<(), Fault> {
    if !writes.coupons.is_empty() {
        writes.coupons.sort_by(|a, b| a.code.cmp(&b.code));
        let (mut codes, mut customers, mut redeemed, mut bodies) = (vec![], vec![], vec![], vec![]);
        for coupon in &writes.coupons {
            codes.push(text(&coupon.code));
            customers.push(coupon.customer_id.0);
            redeemed.push(coupon.redeemed_at.map(us));
            bodies.push(json(coupon)?);
        }
        sqlx::query!(
            "-- coupons()
             INSERT INTO coupons (shop_id, code, customer_id, redeemed_at, body)
             SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[])",
            shop.0,
            &codes,
            &customers,
            &redeemed as &[Option<i64>],
            &bodies
        )
        .execute(&mut *c)
        .await?;
    }
    if !writes.coupons_redeemed.is_empty() {
        let mut first: BTreeMap<String, i64> = BTreeMap::new();
        for (code, at) in &writes.coupons_redeemed {
            first.entry(text(code)).or_insert(us(*at));
        }
        let (codes, times): (Vec<String>, Vec<i64>) = first.into_iter().unzip();
        sqlx::query!(
            "-- coupons()
             UPDATE coupons u SET redeemed_at = k.redeemed_at
             FROM unnest($2::text[], $3::bigint[]) AS k (code, redeemed_at)
             WHERE u.shop_id = $1 AND u.code = k.code AND u.redeemed_at IS NULL",
            shop.0,
            &codes,
            &times
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

async fn tasks_and_ledger(
    c: &mut PgConnection,
    shop: ShopId,
    writes: &mut Writes,
) -> Result<(), Fault> {
    if !writes.tasks.is_empty() {
        writes.tasks.sort_by_key(|task| task.effect);
        let (mut ids, mut customers, mut orders) = (vec![], vec![], vec![]);
        let (mut opened, mut bodies, mut failures) = (vec![], vec![], vec![]);
        for task in &writes.tasks {
            ids.push(task.effect.to_bytes());
            customers.push(task.customer_id.0);
            orders.push(task.order_id.map(|id| id.0));
            opened.push(us(task.opened_at));
            bodies.push(json(&task.task)?);
            failures.push(tells_of_failure(&task.task));
        }
        sqlx::query!(
            "-- tasks_and_ledger()
             INSERT INTO tasks (shop_id, effect_id, customer_id, order_id, opened_at, body, failure)
             SELECT $1, * FROM unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::boolean[])",
            shop.0,
            &ids as &[[u8; 16]],
            &customers,
            &orders as &[Option<i64>],
            &opened,
            &bodies,
            &failures
        )
        .execute(&mut *c)
        .await?;
    }
    if !writes.ledger.is_empty() {
        writes.ledger.sort_by_key(|act| act.id);
        let (mut ids, mut customers, mut at, mut known, mut acts) =
            (vec![], vec![], vec![], vec![], vec![]);
        for act in &writes.ledger {
            ids.push(act.id);
            customers.push(act.customer_id.0);
            at.push(us(act.at));
            known.push(us(act.known_at));
            acts.push(json(&act.act)?);
        }
        sqlx::query!(
            "-- tasks_and_ledger()
             INSERT INTO ledger (shop_id, ledger_id, customer_id, at, known_at, act)
             SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])",
            shop.0,
            &ids,
            &customers,
            &at,
            &known,
            &acts
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

/// Moves everything of one record to another and deletes it. Both are locked.
async fn merge(
    c: &mut PgConnection,
    shop: ShopId,
    from: CustomerId,
    into: CustomerId,
) -> Result<(), Fault> {
    if from == into {
        return Ok(());
    }
    macro_rules! move_rows {
        ($($sql:literal),* $(,)?) => {$(
            sqlx::query!($sql, shop.0, from.0, into.0).execute(&mut *c).await?;
        )*};
    }
    move_rows![
        "-- merge()\nUPDATE identities SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE orders SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE risks SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE carts SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE runs SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2 AND NOT closed",
        "-- merge()\nUPDATE runs SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2 AND closed",
        "-- merge()\nUPDATE messages SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE coupons SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE tasks SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE notes SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE ledger SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2",
        "-- merge()\nUPDATE merged_customers SET into_id = $3 WHERE shop_id = $1 AND into_id = $2",
        "-- merge()\nINSERT INTO merged_customers (shop_id, customer_id, into_id) VALUES ($1, $2, $3)
         ON CONFLICT (shop_id, customer_id) DO UPDATE SET into_id = excluded.into_id",
        "-- merge()\nUPDATE inbox SET customer_id = $3 WHERE shop_id = $1 AND customer_id = $2 AND body IS NOT NULL",
    ];
    let gone = sqlx::query_as!(
        CustomerRow,
        "-- merge()
         DELETE FROM customers WHERE shop_id = $1 AND customer_id = $2 RETURNING customer_id, body",
        shop.0,
        from.0
    )
    .fetch_optional(&mut *c)
    .await?;
    match gone {
        Some(gone) => listed::drop_words(c, shop, &gone.read()?).await,
        None => Ok(()),
    }
}
