//! The queue: claiming, finishing, and what a dead node left behind.

use crate::commit::count;
use crate::console::webhooks;
use crate::refused;
use crate::rows::{self, all, effect_id, first, json, name_of, number, run, us, us_up};
use dopo_core::consent::{Channel, Purpose};
use dopo_core::counter::Counters;
use dopo_core::customer::Customer;
use dopo_core::id::{EffectId, ShopId};
use dopo_core::message::{Message, MessageStatus};
use dopo_engine::ports::console::{DeliveryRow, SCAN_ROWS_MAX};
use dopo_engine::ports::store::{
    CLAIM_MAX, Claimed, Finish, Finished, NODE_SILENCE_SECONDS_MAX, Recovered, StoreError,
};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// What a message in doubt shows to the operator.
const IN_DOUBT: &str =
    "the program ended between hand-over and answer: it may or may not have left";

/// See [`dopo_engine::ports::store::Store::claim_effects`].
pub(crate) fn claim(
    c: &Connection,
    node: u8,
    channel: Channel,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Claimed>, StoreError> {
    let ready = all(
        c,
        "SELECT shop_id, effect_id, repeated FROM outbox
         WHERE node IS NULL AND channel = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT ?3",
        params![channel.as_str(), us(now), limit.min(CLAIM_MAX) as i64],
        |row| {
            let shop = ShopId(row.get(0).map_err(refused)?);
            Ok((
                shop,
                effect_id(row)?,
                row.get::<_, bool>(2).map_err(refused)?,
            ))
        },
    )?;
    let mut claimed = Vec::with_capacity(ready.len());
    for (shop, id, repeated) in ready {
        let key = params![shop.0, id.to_bytes()];
        run(
            c,
            "UPDATE messages SET status = 'sending' WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'queued'",
            key,
        )?;
        let message = message(c, shop, id)?;
        let Some(message) = message.filter(|m| m.status == MessageStatus::Sending) else {
            // Nothing to hand over any more: it came back, or its person was forgotten.
            run(
                c,
                "DELETE FROM outbox WHERE shop_id = ?1 AND effect_id = ?2",
                key,
            )?;
            continue;
        };
        run(
            c,
            "UPDATE outbox SET node = ?3 WHERE shop_id = ?1 AND effect_id = ?2",
            params![shop.0, id.to_bytes(), node],
        )?;
        let customer = first(
            c,
            &format!(
                "SELECT {} FROM customers WHERE shop_id = ?1 AND customer_id = ?2",
                rows::CUSTOMER
            ),
            params![shop.0, message.customer_id.0],
            rows::customer,
        )?
        .unwrap_or_else(|| Customer::new(message.customer_id, message.decided_at));
        let order = match message.order_id {
            Some(order) => first(
                c,
                &format!(
                    "SELECT {} FROM orders WHERE shop_id = ?1 AND order_id = ?2",
                    rows::ORDER
                ),
                params![shop.0, order.0],
                rows::order,
            )?,
            None => None,
        };
        let cart = match &message.cart_id {
            Some(cart) => first(
                c,
                &format!(
                    "SELECT {} FROM carts WHERE shop_id = ?1 AND external_id = ?2",
                    rows::CART
                ),
                params![shop.0, cart],
                rows::cart,
            )?,
            None => None,
        };
        claimed.push(Claimed {
            shop,
            message,
            customer,
            order,
            cart,
            repeated,
        });
    }
    Ok(claimed)
}

fn message(c: &Connection, shop: ShopId, id: EffectId) -> Result<Option<Message>, StoreError> {
    first(
        c,
        &format!(
            "SELECT {} FROM messages WHERE shop_id = ?1 AND effect_id = ?2",
            rows::MESSAGE
        ),
        params![shop.0, id.to_bytes()],
        rows::message,
    )
}

/// See [`dopo_engine::ports::store::Store::finish_effects`].
pub(crate) fn finish(
    c: &Connection,
    finished: &[Finished],
    counters: &Counters,
    told: &[DeliveryRow],
) -> Result<(), StoreError> {
    for one in finished {
        finish_one(c, one)?;
    }
    webhooks::add_deliveries(c, told)?;
    count(c, counters)
}

fn finish_one(c: &Connection, one: &Finished) -> Result<(), StoreError> {
    let (shop, id) = (one.shop.0, one.message.to_bytes());
    let touched = match &one.finish {
        // It has left: that stands, whatever was thought of it meanwhile, unless it has come back already.
        Finish::Sent {
            at,
            captured,
            grant,
            rendering,
        } => {
            let touched = run(
                c,
                "UPDATE messages SET status = CASE status WHEN 'bounced' THEN status ELSE ?3 END, sent_at = ?4,
                     basis = ?5, evidence = ?6, grant_json = ?7,
                     failure = CASE status WHEN 'bounced' THEN failure END, attempts = attempts + 1
                 WHERE shop_id = ?1 AND effect_id = ?2 AND status IN ('sending', 'queued', 'in_doubt', 'bounced')",
                params![
                    shop,
                    id,
                    if *captured { "captured" } else { "sent" },
                    us(*at),
                    name_of(&grant.basis)?,
                    grant.evidence,
                    json(grant)?
                ],
            )?;
            if touched > 0 {
                run(
                    c,
                    "INSERT INTO renderings (shop_id, effect_id, body) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET body = excluded.body",
                    params![shop, id, json(rendering)?],
                )?;
            }
            touched
        }
        Finish::HeldBack { why } => run(
            c,
            "UPDATE messages SET status = 'held_back', reason = ?3
             WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'sending'",
            params![shop, id, name_of(why)?],
        )?,
        Finish::Deferred { until, why } => {
            let touched = run(
                c,
                "UPDATE messages SET status = 'queued', due_at = ?3, reason = ?4
                 WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'sending'",
                params![shop, id, us(*until), name_of(why)?],
            )?;
            return put_back(c, shop, &id, *until, touched);
        }
        Finish::Retry { at, why } => {
            let touched = run(
                c,
                "UPDATE messages SET status = 'queued', due_at = ?3, failure = ?4, attempts = attempts + 1
                 WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'sending'",
                params![shop, id, us(*at), why],
            )?;
            return put_back(c, shop, &id, *at, touched);
        }
        Finish::Failed { why } => run(
            c,
            "UPDATE messages SET status = 'failed', failure = ?3, attempts = attempts + 1
             WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'sending'",
            params![shop, id, why],
        )?,
        Finish::InDoubt { why } => run(
            c,
            "UPDATE messages SET status = 'in_doubt', failure = ?3, attempts = attempts + 1
             WHERE shop_id = ?1 AND effect_id = ?2 AND status = 'sending'",
            params![shop, id, why],
        )?,
    };
    if touched > 0 {
        run(
            c,
            "DELETE FROM outbox WHERE shop_id = ?1 AND effect_id = ?2",
            params![shop, id],
        )?;
    }
    Ok(())
}

/// Makes a claimed message ready again.
fn put_back(
    c: &Connection,
    shop: i64,
    id: &[u8; 16],
    due_at: Timestamp,
    touched: usize,
) -> Result<(), StoreError> {
    if touched > 0 {
        run(
            c,
            "UPDATE outbox SET node = NULL, due_at = ?3 WHERE shop_id = ?1 AND effect_id = ?2",
            params![shop, id, us_up(due_at)],
        )?;
    }
    Ok(())
}

/// Takes the one node number there is.
pub(crate) fn acquire_node(c: &Connection, now: Timestamp) -> Result<u8, StoreError> {
    heartbeat(c, 0, now)?;
    Ok(0)
}

/// Shows that the node lives.
pub(crate) fn heartbeat(c: &Connection, node: u8, now: Timestamp) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO nodes (node, heartbeat_at) VALUES (?1, ?2)
         ON CONFLICT (node) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
        params![node, us(now)],
    )?;
    Ok(())
}

/// Gives the number back.
pub(crate) fn release_node(c: &Connection, node: u8) -> Result<(), StoreError> {
    run(c, "DELETE FROM nodes WHERE node = ?1", params![node])?;
    Ok(())
}

/// See [`dopo_engine::ports::store::Store::recover`].
pub(crate) fn recover(
    c: &Connection,
    now: Timestamp,
    own: Option<u8>,
) -> Result<Recovered, StoreError> {
    let alive_since = us(now) - NODE_SILENCE_SECONDS_MAX * 1_000_000;
    let left = all(
        c,
        // CROSS JOIN: from the few that are taken to their messages, never the other way round.
        "SELECT o.shop_id, o.effect_id, m.purpose FROM outbox o
         CROSS JOIN messages m ON m.shop_id = o.shop_id AND m.effect_id = o.effect_id
         WHERE o.node IS NOT NULL AND m.status = 'sending' AND (o.node = ?1 OR NOT EXISTS
             (SELECT 1 FROM nodes n WHERE n.node = o.node AND n.heartbeat_at >= ?2))",
        params![own, alive_since],
        |row| {
            let purpose: String = row.get(2).map_err(refused)?;
            let shop: i64 = row.get(0).map_err(refused)?;
            Ok((shop, effect_id(row)?.to_bytes(), Purpose::parse(&purpose)))
        },
    )?;
    let mut recovered = Recovered::default();
    for (shop, id, purpose) in left {
        if purpose.is_some_and(Purpose::repeats_when_in_doubt) {
            run(
                c,
                "UPDATE messages SET status = 'queued' WHERE shop_id = ?1 AND effect_id = ?2",
                params![shop, id],
            )?;
            run(
                c,
                "UPDATE outbox SET node = NULL, repeated = 1 WHERE shop_id = ?1 AND effect_id = ?2",
                params![shop, id],
            )?;
            recovered.repeated += 1;
        } else {
            run(
                c,
                "UPDATE messages SET status = 'in_doubt', failure = ?3, attempts = attempts + 1
                 WHERE shop_id = ?1 AND effect_id = ?2",
                params![shop, id, IN_DOUBT],
            )?;
            run(
                c,
                "DELETE FROM outbox WHERE shop_id = ?1 AND effect_id = ?2",
                params![shop, id],
            )?;
            recovered.in_doubt += 1;
        }
    }
    Ok(recovered)
}

/// See [`dopo_engine::ports::store::Store::requeue`].
pub(crate) fn requeue(
    c: &Connection,
    shop: ShopId,
    id: EffectId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(message) = message(c, shop, id)? else {
        return Ok(false);
    };
    let repeated = match message.status {
        MessageStatus::Failed => false,
        MessageStatus::InDoubt => true,
        _ => return Ok(false),
    };
    run(
        c,
        "UPDATE messages SET status = 'queued', due_at = ?3, failure = NULL, attempts = 0
         WHERE shop_id = ?1 AND effect_id = ?2",
        params![shop.0, id.to_bytes(), us(now)],
    )?;
    run(
        c,
        "INSERT INTO outbox (shop_id, effect_id, channel, due_at, repeated) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET due_at = excluded.due_at, node = NULL, repeated = excluded.repeated",
        params![
            shop.0,
            id.to_bytes(),
            message.channel().as_str(),
            us(now),
            repeated
        ],
    )?;
    Ok(true)
}

/// See [`dopo_engine::ports::console::ConsoleStore::count_waiting`].
pub(crate) fn waiting(
    c: &Connection,
    shop: ShopId,
    now: Timestamp,
) -> Result<(u64, u64), StoreError> {
    let found = first(
        c,
        "SELECT count(*) FILTER (WHERE due_at <= ?2), count(*) FILTER (WHERE due_at > ?2)
         FROM (SELECT due_at FROM outbox WHERE shop_id = ?1 AND node IS NULL LIMIT ?3)",
        params![shop.0, us(now), SCAN_ROWS_MAX as i64],
        |row| {
            let count = |n| row.get::<_, i64>(n).map(i64::unsigned_abs).map_err(refused);
            Ok((count(0)?, count(1)?))
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// See [`dopo_engine::ports::store::Store::queue_depth`].
pub(crate) fn depth(
    c: &Connection,
    now: Timestamp,
) -> Result<Vec<(Channel, u64, u64)>, StoreError> {
    Channel::ALL
        .into_iter()
        .map(|channel| {
            let count = |sql: &str| -> Result<u64, StoreError> {
                let n = number(c, sql, params![channel.as_str(), us(now)])?;
                Ok(n.unwrap_or_default().unsigned_abs())
            };
            let due = count(
                "SELECT count(*) FROM outbox WHERE node IS NULL AND channel = ?1 AND due_at <= ?2",
            )?;
            let later = count(
                "SELECT count(*) FROM outbox WHERE node IS NULL AND channel = ?1 AND due_at > ?2",
            )?;
            Ok((channel, due, later))
        })
        .collect()
}
