//! The hot path: a batch of arrivals or due runs in, everything they change out, one transaction.

use crate::console::{listed, risks, webhooks};
use crate::load::{self, Woken};
use crate::rows::{all, first, json, name_of, number, parked_json, run, us, us_up, waits_for};
use crate::{couriers, forget, refused, settings};
use dopo_core::advance::{Loaded, MessageMark, WaitsFor, Writes, keys};
use dopo_core::cart::Cart;
use dopo_core::counter::{Counters, place_key};
use dopo_core::customer::IdentityKey;
use dopo_core::event::Arrival;
use dopo_core::id::{CustomerId, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::Message;
use dopo_core::order::{Order, Standing};
use dopo_core::risk::tells_of_failure;
use dopo_engine::ports::console::{DeliveryRow, SEEN_SECONDS};
use dopo_engine::ports::store::{
    DUE_PER_COMMIT_MAX, DecideArrivals, DecideDue, INTAKES_PER_COMMIT_MAX, InboxStatus, Intake,
    IntakeOutcome, StoreError,
};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What was stored before the decision, so that unchanged index columns need not be written again.
#[derive(Default)]
struct Before {
    customers: HashMap<CustomerId, listed::Before>,
    orders: HashMap<OrderId, OrderBefore>,
    carts: HashMap<String, CustomerId>,
    runs: HashMap<RunId, (CustomerId, bool)>,
    identities: BTreeMap<IdentityKey, CustomerId>,
}

/// The columns of an order that may change and are in an index.
struct OrderBefore {
    customer: CustomerId,
    number: String,
    standing: Standing,
    place: &'static str,
}

impl OrderBefore {
    fn of(order: &Order) -> Self {
        OrderBefore {
            customer: order.customer_id,
            number: order.snapshot.number.clone(),
            standing: order.standing(),
            place: place_key(order),
        }
    }
}

impl Before {
    fn of(loaded: &Loaded) -> Self {
        Before {
            customers: loaded
                .customers
                .iter()
                .map(|(id, customer)| (*id, listed::Before::of(customer)))
                .collect(),
            orders: loaded
                .orders
                .iter()
                .map(|(id, order)| (*id, OrderBefore::of(order)))
                .collect(),
            carts: loaded
                .carts
                .iter()
                .map(|(id, cart)| (id.clone(), cart.customer_id))
                .collect(),
            runs: loaded
                .runs
                .iter()
                .map(|(id, run)| (*id, (run.customer_id, run.state.is_active())))
                .collect(),
            identities: loaded.identities.clone(),
        }
    }
}

/// The first 16 bytes of SHA-256 over source, a zero byte and external id.
fn seen_hash(source: &str, external_id: &str) -> [u8; 16] {
    let digest = Sha256::new()
        .chain_update(source.as_bytes())
        .chain_update([0])
        .chain_update(external_id.as_bytes())
        .finalize();
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest[..16]);
    hash
}

/// One intake that is new, on its way to its inbox row.
struct New {
    place: usize,
    intake: Intake,
    /// The arrivals' ids, as `Writes` names them.
    named: Vec<(String, String)>,
}

/// See [`dopo_engine::ports::store::Store::commit_arrivals`].
pub(crate) fn arrivals(
    c: &Connection,
    shop: ShopId,
    intakes: Vec<Intake>,
    decide: &DecideArrivals,
) -> Result<Vec<IntakeOutcome>, StoreError> {
    if intakes.len() > INTAKES_PER_COMMIT_MAX {
        return Err(StoreError::Rejected(format!(
            "{} intakes at once: at most {INTAKES_PER_COMMIT_MAX}",
            intakes.len()
        )));
    }
    let mut outcomes = vec![IntakeOutcome::Accepted; intakes.len()];
    let mut new = Vec::with_capacity(intakes.len());
    let mut arrivals: Vec<Arrival> = Vec::with_capacity(intakes.len());
    for (place, mut intake) in intakes.into_iter().enumerate() {
        let fresh = run(
            c,
            "INSERT INTO seen (shop_id, hash, seen_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![
                shop.0,
                seen_hash(&intake.source, &intake.external_id),
                us(intake.received_at)
            ],
        )? > 0;
        if intake.replay {
            // What an earlier try parked is decided anew.
            run(
                c,
                "DELETE FROM parked WHERE shop_id = ?1 AND inbox_id = ?2",
                params![shop.0, intake.id.0],
            )?;
        } else if !fresh {
            outcomes[place] = IntakeOutcome::Repeated;
            continue;
        }
        let told = std::mem::take(&mut intake.arrivals);
        let named = told
            .iter()
            .map(|a| (a.source.clone(), a.external_id.clone()))
            .collect();
        arrivals.extend(told);
        new.push(New {
            place,
            intake,
            named,
        });
    }

    let mut writes = Writes::default();
    let mut woken = Vec::new();
    let mut whose = HashMap::new();
    if !arrivals.is_empty() {
        let (loaded, was_parked) = load::for_arrivals(c, shop, &mut arrivals)?;
        woken = was_parked;
        let before = Before::of(&loaded);
        // Keys of what carries a raw body, to know whose it is; asked before the arrivals are given away.
        let mut place = 0;
        for one in &new {
            let own = &arrivals[place..place + one.named.len()];
            place += one.named.len();
            if one.intake.body.is_some() && !own.is_empty() {
                whose.insert(one.intake.id, keys(own));
            }
        }
        writes = decide(loaded, arrivals);
        apply(c, shop, &mut writes, &before)?;
    }

    let mut inboxes: HashMap<(&str, &str), InboxId> = HashMap::new();
    for one in &new {
        for (source, external_id) in &one.named {
            inboxes.insert((source, external_id), one.intake.id);
        }
    }
    for one in &woken {
        if let Some(inbox) = one.inbox {
            inboxes
                .entry((&one.source, &one.external_id))
                .or_insert(inbox);
        }
    }
    let unusable: HashMap<(&str, &str), &str> = writes
        .unusable
        .iter()
        .map(|(source, external_id, why)| ((source.as_str(), external_id.as_str()), why.as_str()))
        .collect();
    let parked: HashSet<(&str, &str)> = writes
        .parked
        .iter()
        .map(|(arrival, _)| (arrival.source.as_str(), arrival.external_id.as_str()))
        .collect();

    for one in &new {
        let intake = &one.intake;
        let failed = one
            .named
            .iter()
            .find_map(|(s, e)| unusable.get(&(s.as_str(), e.as_str())).copied());
        let waits = one
            .named
            .iter()
            .any(|(s, e)| parked.contains(&(s.as_str(), e.as_str())));
        let (status, note) = if let Some(why) = failed {
            (InboxStatus::Failed, Some(why))
        } else if intake.failed {
            (
                InboxStatus::Failed,
                Some(
                    intake
                        .note
                        .as_deref()
                        .unwrap_or("it could not be understood"),
                ),
            )
        } else if waits {
            (InboxStatus::Waiting, intake.note.as_deref())
        } else if one.named.is_empty() {
            (InboxStatus::Ignored, intake.note.as_deref())
        } else {
            (InboxStatus::Done, intake.note.as_deref())
        };
        if status == InboxStatus::Failed {
            outcomes[one.place] = IntakeOutcome::Kept(note.unwrap_or_default().to_owned());
        }
        let customer = match whose.get(&intake.id) {
            Some(keys) => owner(c, shop, keys)?,
            None => None,
        };
        run(
            c,
            "INSERT INTO inbox (shop_id, inbox_id, source, external_id, topic, received_at, status, customer_id, note, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (shop_id, inbox_id) DO UPDATE SET
                 status = excluded.status,
                 customer_id = coalesce(excluded.customer_id, customer_id),
                 note = excluded.note,
                 body = coalesce(excluded.body, body)
             WHERE ?11",
            params![
                shop.0,
                intake.id.0,
                intake.source,
                intake.external_id,
                intake.topic,
                us(intake.received_at),
                status.as_str(),
                customer,
                note,
                intake.body,
                intake.replay,
            ],
        )
        .and_then(|rows| match rows {
            0 => Err(StoreError::Conflict(format!(
                "the inbox row {} is there already",
                intake.id
            ))),
            _ => Ok(()),
        })?;
    }
    for (arrival, fact) in &writes.parked {
        let inbox = inboxes.get(&(arrival.source.as_str(), arrival.external_id.as_str()));
        park(c, shop, arrival, fact, inbox.copied())?;
    }
    settle_woken(c, shop, &woken, &unusable)?;
    let mut newest: BTreeMap<&str, &Intake> = BTreeMap::new();
    for one in &new {
        newest.insert(&one.intake.source, &one.intake);
    }
    for (_, intake) in newest {
        heard(c, shop, intake)?;
    }

    if writes.shop_forgotten {
        forget::shop(c, shop)?;
    }
    Ok(outcomes)
}

/// Writes down when a source last sent something, if that was some time ago.
fn heard(c: &Connection, shop: ShopId, intake: &Intake) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO sources (shop_id, source, last_at, last_topic) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (shop_id, source) DO UPDATE SET last_at = excluded.last_at, last_topic = excluded.last_topic
         WHERE excluded.last_at >= last_at + ?5",
        params![
            shop.0,
            intake.source,
            us(intake.received_at),
            intake.topic,
            SEEN_SECONDS * 1_000_000
        ],
    )?;
    Ok(())
}

/// See [`dopo_engine::ports::store::Store::commit_due`].
pub(crate) fn due(
    c: &Connection,
    shop: ShopId,
    now: Timestamp,
    limit: usize,
    decide: &DecideDue,
) -> Result<usize, StoreError> {
    let runs = all(
        c,
        "SELECT run_id FROM runs WHERE shop_id = ?1 AND wake_at <= ?2 ORDER BY wake_at LIMIT ?3",
        params![shop.0, us(now), limit.min(DUE_PER_COMMIT_MAX) as i64],
        |row| Ok(RunId(row.get(0).map_err(refused)?)),
    )?;
    if runs.is_empty() {
        return Ok(0);
    }
    let claimed = runs.len();
    let loaded = load::for_due(c, shop, &runs)?;
    let before = Before::of(&loaded);
    let mut writes = decide(loaded, runs);
    apply(c, shop, &mut writes, &before)?;
    for (arrival, fact) in &writes.parked {
        park(c, shop, arrival, fact, None)?;
    }
    if writes.shop_forgotten {
        forget::shop(c, shop)?;
    }
    Ok(claimed)
}

fn park(
    c: &Connection,
    shop: ShopId,
    arrival: &Arrival,
    fact: &WaitsFor,
    inbox: Option<InboxId>,
) -> Result<(), StoreError> {
    let (kind, value) = waits_for(fact);
    run(
        c,
        "INSERT INTO parked (shop_id, kind, value, seq, inbox_id, arrival)
         SELECT ?1, ?2, ?3,
             coalesce((SELECT max(seq) FROM parked WHERE shop_id = ?1 AND kind = ?2 AND value = ?3), 0) + 1, ?4, ?5",
        params![shop.0, kind, value, inbox.map(|i| i.0), parked_json(arrival)?],
    )?;
    Ok(())
}

/// Brings the inbox rows of woken arrivals up to date: failed, still waiting, or done.
fn settle_woken(
    c: &Connection,
    shop: ShopId,
    woken: &[Woken],
    unusable: &HashMap<(&str, &str), &str>,
) -> Result<(), StoreError> {
    for one in woken {
        let Some(inbox) = one.inbox else { continue };
        match unusable.get(&(one.source.as_str(), one.external_id.as_str())) {
            Some(why) => run(
                c,
                "UPDATE inbox SET status = 'failed', note = ?3 WHERE shop_id = ?1 AND inbox_id = ?2",
                params![shop.0, inbox.0, why],
            )?,
            None => run(
                c,
                "UPDATE inbox SET status = 'done' WHERE shop_id = ?1 AND inbox_id = ?2 AND status = 'waiting'
                 AND NOT EXISTS (SELECT 1 FROM parked WHERE parked.shop_id = ?1 AND parked.inbox_id = ?2)",
                params![shop.0, inbox.0],
            )?,
        };
    }
    Ok(())
}

/// The person whose facts these keys name first, as known after the writes.
fn owner(
    c: &Connection,
    shop: ShopId,
    keys: &dopo_core::advance::Keys,
) -> Result<Option<i64>, StoreError> {
    if let Some(id) = keys.customers.first() {
        return Ok(Some(id.0));
    }
    for key in &keys.identities {
        let found = number(
            c,
            "SELECT customer_id FROM identities WHERE shop_id = ?1 AND kind = ?2 AND value = ?3",
            params![shop.0, key.kind.as_str(), key.value],
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for id in &keys.orders {
        let found = number(
            c,
            "SELECT customer_id FROM orders WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id],
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for value in &keys.parcel_numbers {
        let found = number(
            c,
            "SELECT o.customer_id FROM parcel_numbers p
             JOIN orders o ON o.shop_id = p.shop_id AND o.order_id = p.order_id
             WHERE p.shop_id = ?1 AND p.number = ?2",
            params![shop.0, value],
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for id in &keys.carts {
        let found = number(
            c,
            "SELECT customer_id FROM carts WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id],
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    for id in &keys.messages {
        let found = number(
            c,
            "SELECT customer_id FROM messages WHERE shop_id = ?1 AND effect_id = ?2",
            params![shop.0, id.to_bytes()],
        )?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Writes everything but parked arrivals and the forgetting of a whole shop.
fn apply(
    c: &Connection,
    shop: ShopId,
    writes: &mut Writes,
    before: &Before,
) -> Result<(), StoreError> {
    for customer in &writes.customers {
        listed::put(c, shop, customer, before.customers.get(&customer.id))?;
    }
    for (key, customer) in &writes.identities {
        if before.identities.get(key) == Some(customer) {
            continue;
        }
        run(
            c,
            "INSERT INTO identities (shop_id, kind, value, customer_id) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (shop_id, kind, value) DO UPDATE SET customer_id = excluded.customer_id
             WHERE customer_id <> excluded.customer_id",
            params![shop.0, key.kind.as_str(), key.value, customer.0],
        )?;
    }
    for order in &writes.orders {
        put_order(c, shop, order, before.orders.get(&order.id))?;
        risks::put(c, shop, order)?;
    }
    for (value, order) in &writes.parcel_numbers {
        run(
            c,
            "INSERT INTO parcel_numbers (shop_id, number, order_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (shop_id, number) DO UPDATE SET order_id = excluded.order_id
             WHERE order_id <> excluded.order_id",
            params![shop.0, value, order.0],
        )?;
    }
    for cart in &writes.carts {
        let known = before.carts.get(&cart.snapshot.external_id).copied();
        put_cart(c, shop, cart, known)?;
    }
    for product in &writes.products {
        run(
            c,
            "INSERT INTO products (shop_id, external_id, category, available, updated_at, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (shop_id, external_id) DO UPDATE SET
                 category = excluded.category, available = excluded.available,
                 updated_at = excluded.updated_at, body = excluded.body
             WHERE excluded.updated_at >= updated_at",
            params![
                shop.0,
                product.external_id,
                product.category,
                product.available,
                us(product.updated_at),
                json(product)?
            ],
        )?;
    }
    for id in &writes.products_removed {
        run(
            c,
            "DELETE FROM products WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id],
        )?;
    }
    for one in &writes.runs {
        put_run(c, shop, one, before.runs.get(&one.id).copied())?;
    }
    for message in &writes.messages {
        put_message(c, shop, message)?;
    }
    let told: Vec<DeliveryRow> = (writes.outward.iter())
        .map(|word| DeliveryRow::waiting(shop, word))
        .collect();
    webhooks::add_deliveries(c, &told)?;
    for due in &writes.due {
        run(
            c,
            "INSERT INTO outbox (shop_id, effect_id, channel, due_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                shop.0,
                due.message.to_bytes(),
                due.channel.as_str(),
                us_up(due.due_at)
            ],
        )?;
    }
    for (id, mark) in &writes.marks {
        let id = id.to_bytes();
        match mark {
            MessageMark::Opened(at) => run(
                c,
                "UPDATE messages SET opened_at = ?3 WHERE shop_id = ?1 AND effect_id = ?2 AND opened_at IS NULL",
                params![shop.0, id, us(*at)],
            )?,
            MessageMark::Clicked(at) => run(
                c,
                "UPDATE messages SET clicked_at = ?3 WHERE shop_id = ?1 AND effect_id = ?2 AND clicked_at IS NULL",
                params![shop.0, id, us(*at)],
            )?,
            MessageMark::Bounced(_, why) => run(
                c,
                "UPDATE messages SET status = 'bounced', failure = ?3 WHERE shop_id = ?1 AND effect_id = ?2",
                params![shop.0, id, why],
            )?,
        };
    }
    for coupon in &writes.coupons {
        run(
            c,
            "INSERT INTO coupons (shop_id, code, customer_id, redeemed_at, body) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                shop.0,
                coupon.code,
                coupon.customer_id.0,
                coupon.redeemed_at.map(us),
                json(coupon)?
            ],
        )?;
    }
    for (code, at) in &writes.coupons_redeemed {
        run(
            c,
            "UPDATE coupons SET redeemed_at = ?3 WHERE shop_id = ?1 AND code = ?2 AND redeemed_at IS NULL",
            params![shop.0, code, us(*at)],
        )?;
    }
    for task in &writes.tasks {
        run(
            c,
            "INSERT INTO tasks (shop_id, effect_id, customer_id, order_id, opened_at, failure, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                shop.0,
                task.effect.to_bytes(),
                task.customer_id.0,
                task.order_id.map(|o| o.0),
                us(task.opened_at),
                tells_of_failure(&task.task),
                json(&task.task)?
            ],
        )?;
    }
    for act in &writes.ledger {
        run(
            c,
            "INSERT INTO ledger (shop_id, ledger_id, customer_id, at, known_at, act) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                shop.0,
                act.id,
                act.customer_id.0,
                us(act.at),
                us(act.known_at),
                json(&act.act)?
            ],
        )?;
    }
    couriers::put_looks(c, shop, &writes.looks)?;
    couriers::put_calls(c, shop, &writes.calls)?;
    count(c, &writes.counters)?;
    for (from, into) in &writes.merges {
        merge(c, shop, *from, *into)?;
    }
    let forgotten: BTreeSet<CustomerId> = writes.forgotten.drain(..).collect();
    for customer in forgotten {
        forget::customer(c, shop, load::standing_id(c, shop, customer)?)?;
    }
    if writes.disconnected {
        run(
            c,
            "UPDATE shops SET disconnected = 1 WHERE shop_id = ?1",
            params![shop.0],
        )?;
        settings::changed(c)?;
    }
    Ok(())
}

fn put_order(
    c: &Connection,
    shop: ShopId,
    order: &Order,
    known: Option<&OrderBefore>,
) -> Result<(), StoreError> {
    let body = json(order)?;
    let told = &order.snapshot;
    let standing = order.standing();
    let place = place_key(order);
    let same = |k: &&OrderBefore| {
        k.customer == order.customer_id && k.number == told.number && k.place == place
    };
    if let Some(known) = known.filter(same) {
        if known.standing == standing {
            run(
                c,
                "UPDATE orders SET placed_at = ?3, body = ?4 WHERE shop_id = ?1 AND order_id = ?2",
                params![shop.0, order.id.0, us(told.placed_at), body],
            )?;
        } else {
            run(
                c,
                "UPDATE orders SET placed_at = ?3, standing = ?4, body = ?5 WHERE shop_id = ?1 AND order_id = ?2",
                params![
                    shop.0,
                    order.id.0,
                    us(told.placed_at),
                    standing.as_str(),
                    body
                ],
            )?;
        }
        return Ok(());
    }
    run(
        c,
        "INSERT INTO orders (shop_id, order_id, customer_id, external_id, number, placed_at, standing, province, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (shop_id, order_id) DO UPDATE SET
             customer_id = excluded.customer_id, external_id = excluded.external_id, number = excluded.number,
             placed_at = excluded.placed_at, standing = excluded.standing, province = excluded.province,
             body = excluded.body",
        params![
            shop.0,
            order.id.0,
            order.customer_id.0,
            told.external_id,
            told.number,
            us(told.placed_at),
            standing.as_str(),
            place,
            body
        ],
    )?;
    if known.is_none() {
        for line in &told.lines {
            if let Some(product) = &line.product_id {
                run(
                    c,
                    "INSERT INTO product_sales (shop_id, external_id, sold) VALUES (?1, ?2, ?3)
                     ON CONFLICT (shop_id, external_id) DO UPDATE SET sold = sold + excluded.sold",
                    params![shop.0, product, line.quantity],
                )?;
            }
        }
    }
    Ok(())
}

fn put_cart(
    c: &Connection,
    shop: ShopId,
    cart: &Cart,
    known: Option<CustomerId>,
) -> Result<(), StoreError> {
    let body = json(cart)?;
    let updated_at = us(cart.snapshot.updated_at);
    let id = &cart.snapshot.external_id;
    if known == Some(cart.customer_id) {
        run(
            c,
            "UPDATE carts SET updated_at = ?3, body = ?4 WHERE shop_id = ?1 AND external_id = ?2",
            params![shop.0, id, updated_at, body],
        )?;
    } else {
        run(
            c,
            "INSERT INTO carts (shop_id, external_id, customer_id, updated_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (shop_id, external_id) DO UPDATE SET
                 customer_id = excluded.customer_id, updated_at = excluded.updated_at, body = excluded.body",
            params![shop.0, id, cart.customer_id.0, updated_at, body],
        )?;
    }
    Ok(())
}

fn put_run(
    c: &Connection,
    shop: ShopId,
    one: &Run,
    known: Option<(CustomerId, bool)>,
) -> Result<(), StoreError> {
    let wake_at = one.state.wake_at().map(us_up);
    let closed = wake_at.is_none();
    let state = json(&one.state)?;
    let stale = || {
        StoreError::Conflict(format!(
            "run {} was decided by somebody else meanwhile",
            one.id
        ))
    };
    let touched = if known == Some((one.customer_id, !closed)) {
        run(
            c,
            "UPDATE runs SET version = ?3, wake_at = ?4, state = ?5
             WHERE shop_id = ?1 AND run_id = ?2 AND version <= ?3",
            params![shop.0, one.id.0, one.version, wake_at, state],
        )?
    } else {
        run(
            c,
            "INSERT INTO runs (shop_id, run_id, customer_id, closed, journey, journey_version, version, wake_at, key, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (shop_id, run_id) DO UPDATE SET
                 customer_id = excluded.customer_id, closed = excluded.closed, version = excluded.version,
                 wake_at = excluded.wake_at, key = excluded.key, state = excluded.state
             WHERE version <= excluded.version",
            params![
                shop.0,
                one.id.0,
                one.customer_id.0,
                closed,
                one.journey,
                one.journey_version,
                one.version,
                wake_at,
                json(&one.key)?,
                state
            ],
        )?
    };
    if touched == 0 {
        return Err(stale());
    }
    Ok(())
}

fn put_message(c: &Connection, shop: ShopId, message: &Message) -> Result<(), StoreError> {
    let grant = message.grant.as_ref();
    run(
        c,
        "INSERT INTO messages (shop_id, effect_id, customer_id, order_id, parcel, cart_id, journey, journey_version, step,
             channel, purpose, template, status, decided_at, due_at, sent_at, opened_at, clicked_at, basis, evidence,
             grant_json, reason, failure, attempts, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
             ?23, ?24, ?25)",
        params![
            shop.0,
            message.id.to_bytes(),
            message.customer_id.0,
            message.order_id.map(|o| o.0),
            message.parcel,
            message.cart_id,
            message.journey,
            message.journey_version,
            message.send.step,
            message.send.channel.as_str(),
            message.send.purpose.as_str(),
            message.send.template,
            message.status.as_str(),
            us(message.decided_at),
            us(message.due_at),
            message.sent_at.map(us),
            message.opened_at.map(us),
            message.clicked_at.map(us),
            grant.map(|g| name_of(&g.basis)).transpose()?,
            grant.map(|g| &g.evidence),
            grant.map(json).transpose()?,
            message.reason.as_ref().map(name_of).transpose()?,
            message.failure,
            message.attempts,
            json(&message.send)?
        ],
    )?;
    Ok(())
}

/// Moves everything of one record to another and deletes it.
fn merge(
    c: &Connection,
    shop: ShopId,
    from: CustomerId,
    into: CustomerId,
) -> Result<(), StoreError> {
    if from == into {
        return Ok(());
    }
    for sql in [
        "UPDATE identities SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE orders SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE risks INDEXED BY risks_by_customer SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE carts SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE runs SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE messages SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE coupons SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE tasks SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE notes SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE ledger SET customer_id = ?3 WHERE shop_id = ?1 AND customer_id = ?2",
        "UPDATE merged_customers SET into_id = ?3 WHERE shop_id = ?1 AND into_id = ?2",
        "INSERT INTO merged_customers (shop_id, customer_id, into_id) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET into_id = excluded.into_id",
        // Bodies are young: only rows that still hold one are looked at.
        "UPDATE inbox SET customer_id = ?3 WHERE body IS NOT NULL AND shop_id = ?1 AND customer_id = ?2",
    ] {
        run(c, sql, params![shop.0, from.0, into.0])?;
    }
    listed::drop_words(c, shop, from)?;
    run(
        c,
        "DELETE FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
        params![shop.0, from.0],
    )?;
    Ok(())
}

/// Moves counters.
pub(crate) fn count(c: &Connection, counters: &Counters) -> Result<(), StoreError> {
    for (key, n) in &counters.0 {
        run(
            c,
            "INSERT INTO counters (shop_id, day, metric, dim, n) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (shop_id, day, metric, dim) DO UPDATE SET n = n + excluded.n",
            params![key.shop.0, key.day.to_string(), key.metric, key.dim, n],
        )?;
    }
    Ok(())
}

/// The salt of a shop's hashes, if the shop is there.
pub(crate) fn salt(c: &Connection, shop: ShopId) -> Result<Option<Vec<u8>>, StoreError> {
    first(
        c,
        "SELECT salt FROM shops WHERE shop_id = ?1",
        params![shop.0],
        |row| row.get(0).map_err(refused),
    )
}
