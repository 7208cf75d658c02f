//! Arrivals: a batch in, everything it changes out, one transaction.

use crate::counters;
use crate::fault::{Fault, again};
use crate::forget;
use crate::load::{self, ForArrivals, Woken};
use crate::rows::{parked_json, text, us, waits_for};
use crate::store::PostgresStore;
use crate::write::{self, Before};
use dopo_core::advance::{Keys, Loaded, Writes, keys};
use dopo_core::customer::IdentityKey;
use dopo_core::event::Arrival;
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, ShopId};
use dopo_engine::ports::store::{
    DecideArrivals, INTAKES_PER_COMMIT_MAX, InboxStatus, Intake, IntakeOutcome, StoreError,
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Key space of the locks by which parking has a shop to itself.
const SHOP_LOCK: i32 = 0x646f_706f;

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

/// A name as [`Writes`] has it: source and external id.
type Name<'a> = (&'a str, &'a str);

/// See [`dopo_engine::ports::store::Store::commit_arrivals`].
pub(crate) async fn commit(
    store: &PostgresStore,
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
    if intakes.is_empty() {
        return Ok(Vec::new());
    }
    let hashes: Vec<[u8; 16]> = intakes
        .iter()
        .map(|intake| seen_hash(&intake.source, &intake.external_id))
        .collect();
    let mut alone = false;
    let mut extra = BTreeSet::new();
    again!("commit_arrivals", async {
        let tried = attempt(store, shop, &intakes, &hashes, decide, alone, &extra).await;
        match &tried {
            Err(Fault::NeedsShop) => alone = true,
            Err(Fault::Moved(more)) => extra.extend(more.iter().copied()),
            _ => {}
        }
        tried
    })
}

async fn attempt(
    store: &PostgresStore,
    shop: ShopId,
    intakes: &[Intake],
    hashes: &[[u8; 16]],
    decide: &DecideArrivals,
    alone: bool,
    extra: &BTreeSet<CustomerId>,
) -> Result<Vec<IntakeOutcome>, Fault> {
    let mut tx = store.begin().await?;
    let slot = store.slots.take();
    let c: &mut PgConnection = &mut tx;
    if alone {
        lock_shop(c, shop).await?;
    }
    let fresh = see(c, shop, intakes, hashes).await?;

    let mut outcomes = vec![IntakeOutcome::Accepted; intakes.len()];
    let mut new = Vec::with_capacity(intakes.len());
    let mut arrivals: Vec<Arrival> = Vec::with_capacity(intakes.len());
    let mut replayed = Vec::new();
    for (place, intake) in intakes.iter().enumerate() {
        if intake.replay {
            replayed.push(intake.id.0);
        } else if !fresh.contains(&place) {
            outcomes[place] = IntakeOutcome::Repeated;
            continue;
        }
        arrivals.extend(intake.arrivals.iter().cloned());
        new.push(place);
    }
    if new.is_empty() {
        tx.commit().await?;
        return Ok(outcomes);
    }
    if !replayed.is_empty() {
        // What an earlier try parked is decided anew.
        sqlx::query!(
            "-- attempt()
             DELETE FROM parked WHERE shop_id = $1 AND inbox_id = ANY($2)",
            shop.0,
            &replayed
        )
        .execute(&mut *c)
        .await?;
    }

    let mut writes = Writes::default();
    let mut woken = Vec::new();
    let mut owners = Owners::default();
    if !arrivals.is_empty() {
        let ForArrivals {
            loaded,
            woken: was_parked,
            keys,
        } = load::for_arrivals(c, shop, &mut arrivals, extra).await?;
        woken = was_parked;
        let before = Before::of(keys, &loaded);
        owners = Owners::before(&loaded);
        writes = decide(loaded, arrivals);
        if !writes.parked.is_empty() && !alone {
            // Another committer may be about to make the fact that these wait for: only alone can that be ruled out.
            tx.rollback().await?;
            return Err(Fault::NeedsShop);
        }
        owners.after(&writes);
        write::apply(c, shop, &mut writes, &before, slot.number).await?;
    }

    let inboxes = inbox_names(intakes, &new, &woken);
    put_inbox(c, shop, intakes, &new, &writes, &owners, &mut outcomes).await?;
    park(c, shop, &writes, &inboxes).await?;
    settle_woken(c, shop, &woken, &writes).await?;
    if writes.shop_forgotten {
        forget::shop(c, shop).await?;
    } else {
        counters::add(c, &writes.counters, slot.number).await?;
    }
    tx.commit().await?;
    store.wakes(shop, &writes);
    store.wrote(new.len());
    Ok(outcomes)
}

/// Has the shop to itself until the transaction ends.
async fn lock_shop(c: &mut PgConnection, shop: ShopId) -> Result<(), Fault> {
    sqlx::query!(
        "-- lock_shop()\nSELECT pg_advisory_xact_lock($1, $2)",
        SHOP_LOCK,
        shop.0 as i32
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Shares the shop with other committers and remembers the external ids; returns the places of those that were not known.
/// The lock is had before anything is written, and later statements see what is there then. Sorted, so that two committers
/// of the same ids never wait for each other.
async fn see(
    c: &mut PgConnection,
    shop: ShopId,
    intakes: &[Intake],
    hashes: &[[u8; 16]],
) -> Result<HashSet<usize>, Fault> {
    let mut first: BTreeMap<[u8; 16], usize> = BTreeMap::new();
    for (place, hash) in hashes.iter().enumerate() {
        first.entry(*hash).or_insert(place);
    }
    let keys: Vec<[u8; 16]> = first.keys().copied().collect();
    let seen_at: Vec<i64> = first
        .values()
        .map(|place| us(intakes[*place].received_at))
        .collect();
    let inserted = sqlx::query_scalar!(
        "-- see()
         WITH shared AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($4, $5))
         INSERT INTO seen (shop_id, hash, seen_at)
         SELECT $1, k.hash, k.seen_at FROM shared, unnest($2::bytea[], $3::bigint[]) AS k (hash, seen_at)
         ON CONFLICT DO NOTHING RETURNING hash",
        shop.0,
        &keys as &[[u8; 16]],
        &seen_at,
        SHOP_LOCK,
        shop.0 as i32
    )
    .fetch_all(c)
    .await?;
    Ok(inserted
        .iter()
        .filter_map(|hash| first.get(hash.as_slice()).copied())
        .collect())
}

/// Whose each name is, by what was loaded and what is written.
#[derive(Default)]
struct Owners {
    identities: BTreeMap<IdentityKey, CustomerId>,
    orders: HashMap<String, CustomerId>,
    by_order: HashMap<OrderId, CustomerId>,
    numbers: HashMap<String, OrderId>,
    carts: HashMap<String, CustomerId>,
    messages: HashMap<EffectId, CustomerId>,
    merged: HashMap<CustomerId, CustomerId>,
}

impl Owners {
    fn before(loaded: &Loaded) -> Self {
        let mut owners = Owners {
            identities: loaded.identities.clone(),
            numbers: loaded
                .parcel_numbers
                .iter()
                .map(|(number, id)| (number.clone(), *id))
                .collect(),
            carts: loaded
                .carts
                .iter()
                .map(|(id, cart)| (id.clone(), cart.customer_id))
                .collect(),
            messages: loaded
                .messages
                .iter()
                .map(|(id, message)| (*id, message.customer_id))
                .collect(),
            ..Owners::default()
        };
        for order in loaded.orders.values() {
            owners.by_order.insert(order.id, order.customer_id);
            owners
                .orders
                .insert(order.snapshot.external_id.clone(), order.customer_id);
        }
        owners
    }

    fn after(&mut self, writes: &Writes) {
        self.identities.extend(writes.identities.iter().cloned());
        for order in &writes.orders {
            self.by_order.insert(order.id, order.customer_id);
            self.orders
                .insert(order.snapshot.external_id.clone(), order.customer_id);
        }
        self.numbers.extend(writes.parcel_numbers.iter().cloned());
        for cart in &writes.carts {
            self.carts
                .insert(cart.snapshot.external_id.clone(), cart.customer_id);
        }
        self.merged.extend(writes.merges.iter().copied());
        for gone in &writes.forgotten {
            self.merged.remove(gone);
        }
    }

    /// The person whose facts these keys name first.
    fn of(&self, keys: &Keys) -> Option<CustomerId> {
        let named = keys
            .customers
            .first()
            .copied()
            .or_else(|| {
                keys.identities
                    .iter()
                    .find_map(|k| self.identities.get(k).copied())
            })
            .or_else(|| {
                keys.orders
                    .iter()
                    .find_map(|id| self.orders.get(id).copied())
            })
            .or_else(|| {
                keys.parcel_numbers
                    .iter()
                    .filter_map(|n| self.numbers.get(n))
                    .find_map(|id| self.by_order.get(id).copied())
            })
            .or_else(|| keys.carts.iter().find_map(|id| self.carts.get(id).copied()))
            .or_else(|| {
                keys.messages
                    .iter()
                    .find_map(|id| self.messages.get(id).copied())
            })?;
        Some(self.merged.get(&named).copied().unwrap_or(named))
    }
}

/// The inbox row by which each arrival came in.
fn inbox_names<'a>(
    intakes: &'a [Intake],
    new: &[usize],
    woken: &'a [Woken],
) -> HashMap<Name<'a>, InboxId> {
    let mut inboxes: HashMap<Name<'a>, InboxId> = HashMap::new();
    for place in new {
        let intake = &intakes[*place];
        for arrival in &intake.arrivals {
            inboxes.insert((&arrival.source, &arrival.external_id), intake.id);
        }
    }
    for one in woken {
        if let Some(inbox) = one.inbox {
            inboxes
                .entry((&one.source, &one.external_id))
                .or_insert(inbox);
        }
    }
    inboxes
}

#[derive(Default)]
struct InboxColumns<'a> {
    ids: Vec<i64>,
    sources: Vec<String>,
    external_ids: Vec<String>,
    topics: Vec<String>,
    received: Vec<i64>,
    statuses: Vec<&'static str>,
    customers: Vec<Option<i64>>,
    notes: Vec<Option<String>>,
    bodies: Vec<Option<&'a [u8]>>,
}

/// Stores the inbox rows with how each ended, and sets the outcomes.
async fn put_inbox(
    c: &mut PgConnection,
    shop: ShopId,
    intakes: &[Intake],
    new: &[usize],
    writes: &Writes,
    owners: &Owners,
    outcomes: &mut [IntakeOutcome],
) -> Result<(), Fault> {
    let unusable = unusable(writes);
    let parked: HashSet<Name<'_>> = writes
        .parked
        .iter()
        .map(|(arrival, _)| (arrival.source.as_str(), arrival.external_id.as_str()))
        .collect();
    let forgotten: HashSet<CustomerId> = writes.forgotten.iter().copied().collect();
    let (mut fresh, mut again) = (InboxColumns::default(), InboxColumns::default());
    for place in new {
        let intake = &intakes[*place];
        let names = || {
            intake
                .arrivals
                .iter()
                .map(|a| (a.source.as_str(), a.external_id.as_str()))
        };
        let own = intake.note.as_deref();
        let failed = names().find_map(|name| unusable.get(&name).copied());
        let (status, note) = if let Some(why) = failed {
            (InboxStatus::Failed, Some(why))
        } else if intake.failed {
            (
                InboxStatus::Failed,
                Some(own.unwrap_or("it could not be understood")),
            )
        } else if names().any(|name| parked.contains(&name)) {
            (InboxStatus::Waiting, own)
        } else if intake.arrivals.is_empty() {
            (InboxStatus::Ignored, own)
        } else {
            (InboxStatus::Done, own)
        };
        if status == InboxStatus::Failed {
            outcomes[*place] = IntakeOutcome::Kept(note.unwrap_or_default().to_owned());
        }
        let customer = match &intake.body {
            Some(_) if !intake.arrivals.is_empty() => owners.of(&keys(&intake.arrivals)),
            _ => None,
        };
        // What a person sent who is forgotten in this very batch is not kept either.
        let gone = customer.is_some_and(|id| forgotten.contains(&id));
        let rows = if intake.replay {
            &mut again
        } else {
            &mut fresh
        };
        rows.ids.push(intake.id.0);
        rows.sources.push(text(&intake.source));
        rows.external_ids.push(text(&intake.external_id));
        rows.topics.push(text(&intake.topic));
        rows.received.push(us(intake.received_at));
        rows.statuses.push(status.as_str());
        rows.customers.push(customer.map(|id| id.0));
        rows.notes.push(note.map(text));
        rows.bodies.push(intake.body.as_deref().filter(|_| !gone));
    }
    if !fresh.ids.is_empty() {
        sqlx::query!(
            "-- put_inbox()
             INSERT INTO inbox (shop_id, inbox_id, source, external_id, topic, received_at, status, customer_id, note, body)
             SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                 $8::bigint[], $9::text[], $10::bytea[])",
            shop.0,
            &fresh.ids,
            &fresh.sources,
            &fresh.external_ids,
            &fresh.topics,
            &fresh.received,
            &fresh.statuses as &[&'static str],
            &fresh.customers as &[Option<i64>],
            &fresh.notes as &[Option<String>],
            &fresh.bodies as &[Option<&[u8]>]
        )
        .execute(&mut *c)
        .await?;
    }
    if !again.ids.is_empty() {
        sqlx::query!(
            "-- put_inbox()
             INSERT INTO inbox AS i
                 (shop_id, inbox_id, source, external_id, topic, received_at, status, customer_id, note, body)
             SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
                 $8::bigint[], $9::text[], $10::bytea[])
             ON CONFLICT (shop_id, inbox_id) DO UPDATE SET
                 status = excluded.status, customer_id = coalesce(excluded.customer_id, i.customer_id),
                 note = excluded.note, body = coalesce(excluded.body, i.body)",
            shop.0,
            &again.ids,
            &again.sources,
            &again.external_ids,
            &again.topics,
            &again.received,
            &again.statuses as &[&'static str],
            &again.customers as &[Option<i64>],
            &again.notes as &[Option<String>],
            &again.bodies as &[Option<&[u8]>]
        )
        .execute(c)
        .await?;
    }
    Ok(())
}

fn unusable(writes: &Writes) -> HashMap<Name<'_>, &str> {
    writes
        .unusable
        .iter()
        .map(|(source, external_id, why)| ((source.as_str(), external_id.as_str()), why.as_str()))
        .collect()
}

/// Parks what waits for a fact. The shop is locked: nobody else numbers or makes facts meanwhile.
async fn park(
    c: &mut PgConnection,
    shop: ShopId,
    writes: &Writes,
    inboxes: &HashMap<Name<'_>, InboxId>,
) -> Result<(), Fault> {
    for (arrival, fact) in &writes.parked {
        let inbox = inboxes.get(&(arrival.source.as_str(), arrival.external_id.as_str()));
        let (kind, value) = waits_for(fact);
        sqlx::query!(
            "-- park()
             INSERT INTO parked (shop_id, kind, value, seq, inbox_id, arrival)
             SELECT $1, $2, $3,
                 coalesce((SELECT max(seq) FROM parked WHERE shop_id = $1 AND kind = $2 AND value = $3), 0) + 1, $4, $5",
            shop.0,
            kind,
            &text(value),
            inbox.map(|id| id.0),
            parked_json(arrival)?
        )
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

/// Brings the inbox rows of woken arrivals up to date: failed, still waiting, or done.
async fn settle_woken(
    c: &mut PgConnection,
    shop: ShopId,
    woken: &[Woken],
    writes: &Writes,
) -> Result<(), Fault> {
    let unusable = unusable(writes);
    let (mut failed, mut whys, mut settled) = (vec![], vec![], vec![]);
    for one in woken {
        let Some(inbox) = one.inbox else { continue };
        match unusable.get(&(one.source.as_str(), one.external_id.as_str())) {
            Some(why) => {
                failed.push(inbox.0);
                whys.push(text(why));
            }
            None => settled.push(inbox.0),
        }
    }
    if !failed.is_empty() {
        sqlx::query!(
            "-- settle_woken()
             UPDATE inbox i SET status = 'failed', note = k.note FROM unnest($2::bigint[], $3::text[]) AS k (inbox_id, note)
             WHERE i.shop_id = $1 AND i.inbox_id = k.inbox_id",
            shop.0,
            &failed,
            &whys
        )
        .execute(&mut *c)
        .await?;
    }
    if !settled.is_empty() {
        sqlx::query!(
            "-- settle_woken()
             UPDATE inbox i SET status = 'done' WHERE i.shop_id = $1 AND i.inbox_id = ANY($2) AND i.status = 'waiting'
             AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.shop_id = $1 AND p.inbox_id = i.inbox_id)",
            shop.0,
            &settled
        )
        .execute(c)
        .await?;
    }
    Ok(())
}
