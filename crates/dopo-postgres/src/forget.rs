//! Forgetting a person or a shop (GDPR art. 17).
//!
//! What tax and warranty law makes the seller keep stays in restricted form: the order with its sums and dates, without
//! anything that says who or where. Everything else of the person goes.

use crate::console::listed;
use crate::fault::Fault;
use crate::rows::{CustomerRow, OrderRow, json};
use crate::settings;
use dopo_core::advance::count_order_change;
use dopo_core::counter::{Counters, NOW, place_key};
use dopo_core::customer::PersonDetails;
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::parcel::{Parcel, ParcelSnapshot};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// Deletes a person everywhere; an empty record with the same id remains, so that nothing points nowhere. What that moves
/// in the gauges is added to `counters`.
pub(crate) async fn customer(
    c: &mut PgConnection,
    shop: ShopId,
    id: CustomerId,
    counters: &mut Counters,
) -> Result<(), Fault> {
    let row = sqlx::query_as!(
        CustomerRow,
        "-- customer()
         SELECT customer_id, body FROM customers WHERE shop_id = $1 AND customer_id = $2 FOR UPDATE",
        shop.0,
        id.0
    )
    .fetch_optional(&mut *c)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let person = row.read()?;
    let salt = sqlx::query_scalar!(
        "-- customer()\nSELECT salt FROM shops WHERE shop_id = $1",
        shop.0
    )
    .fetch_optional(&mut *c)
    .await?;
    if let Some(salt) = salt {
        let hashes: Vec<Vec<u8>> = person
            .emails
            .iter()
            .map(|email| {
                Sha256::new()
                    .chain_update(&salt)
                    .chain_update(shop.0.to_be_bytes())
                    .chain_update(email.trim().to_lowercase().as_bytes())
                    .finalize()
                    .to_vec()
            })
            .collect();
        sqlx::query!(
            "-- customer()
             INSERT INTO suppressed (shop_id, hash) SELECT $1, * FROM unnest($2::bytea[]) ON CONFLICT DO NOTHING",
            shop.0,
            &hashes
        )
        .execute(&mut *c)
        .await?;
    }
    macro_rules! each {
        ($($sql:literal),* $(,)?) => {$(
            sqlx::query!($sql, shop.0, id.0).execute(&mut *c).await?;
        )*};
    }
    count_open_tasks(c, shop, id, counters).await?;
    each![
        "-- customer()
         DELETE FROM outbox o USING messages m WHERE m.shop_id = $1 AND m.customer_id = $2
             AND o.shop_id = m.shop_id AND o.effect_id = m.effect_id",
        "-- customer()
         DELETE FROM renderings r USING messages m WHERE m.shop_id = $1 AND m.customer_id = $2
             AND r.shop_id = m.shop_id AND r.effect_id = m.effect_id",
        "-- customer()
         DELETE FROM short_links l USING messages m WHERE m.shop_id = $1 AND m.customer_id = $2
             AND l.shop_id = m.shop_id AND l.effect_id = m.effect_id",
        "-- customer()
         DELETE FROM parked p USING inbox i WHERE i.shop_id = $1 AND i.customer_id = $2 AND i.body IS NOT NULL
             AND p.shop_id = i.shop_id AND p.inbox_id = i.inbox_id",
        "-- customer()
         UPDATE inbox SET body = NULL, note = NULL WHERE shop_id = $1 AND customer_id = $2 AND body IS NOT NULL",
        "-- customer()\nDELETE FROM messages WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM runs WHERE shop_id = $1 AND customer_id = $2 AND closed",
        "-- customer()\nDELETE FROM runs WHERE shop_id = $1 AND customer_id = $2 AND NOT closed",
        "-- customer()\nDELETE FROM carts WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM coupons WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM tasks WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM notes WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM ledger WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()\nDELETE FROM identities WHERE shop_id = $1 AND customer_id = $2",
        "-- customer()
         DELETE FROM parcel_numbers p USING orders o WHERE o.shop_id = $1 AND o.customer_id = $2
             AND p.shop_id = o.shop_id AND p.order_id = o.order_id",
        "-- customer()
         DELETE FROM looks t USING orders o WHERE o.shop_id = $1 AND o.customer_id = $2
             AND t.shop_id = o.shop_id AND t.order_id = o.order_id",
        "-- customer()
         DELETE FROM courier_calls t USING orders o WHERE o.shop_id = $1 AND o.customer_id = $2
             AND t.shop_id = o.shop_id AND t.order_id = o.order_id",
        "-- customer()
         DELETE FROM photos t USING orders o WHERE o.shop_id = $1 AND o.customer_id = $2
             AND t.shop_id = o.shop_id AND t.order_id = o.order_id",
        "-- customer()
         DELETE FROM risks r USING orders o WHERE o.shop_id = $1 AND o.customer_id = $2
             AND r.shop_id = o.shop_id AND r.order_id = o.order_id",
        "-- customer()\nDELETE FROM merged_customers WHERE shop_id = $1 AND into_id = $2",
    ];
    let orders = sqlx::query_as!(
        OrderRow,
        "-- customer()
         SELECT order_id, customer_id, body FROM orders WHERE shop_id = $1 AND customer_id = $2",
        shop.0,
        id.0
    )
    .fetch_all(&mut *c)
    .await?;
    let (mut ids, mut bodies, mut places) = (vec![], vec![], vec![]);
    for row in orders {
        let mut order = row.read()?;
        let before = order.clone();
        let told = &mut order.snapshot;
        told.person = PersonDetails::default();
        told.ship_to = None;
        told.cart_id = None;
        told.discount_codes.clear();
        told.parcels.clear();
        order.problems.clear();
        for parcel in &mut order.tracked {
            *parcel = restricted(parcel);
        }
        // It stands where it stood, but nobody knows where any more.
        count_order_change(counters, shop, Some(&before), Some(&order));
        ids.push(order.id.0);
        bodies.push(json(&order)?);
        places.push(place_key(&order));
    }
    sqlx::query!(
        "-- customer()
         UPDATE orders o SET body = k.body, province = k.province
         FROM unnest($2::bigint[], $3::text[], $4::text[]) AS k (order_id, body, province)
         WHERE o.shop_id = $1 AND o.order_id = k.order_id",
        shop.0,
        &ids,
        &bodies,
        &places as &[&'static str]
    )
    .execute(&mut *c)
    .await?;
    listed::empty(c, shop, &person).await
}

/// Takes the person's open tasks out of the gauge; their orders stay, and stand where they stood.
async fn count_open_tasks(
    c: &mut PgConnection,
    shop: ShopId,
    id: CustomerId,
    counters: &mut Counters,
) -> Result<(), Fault> {
    let open = sqlx::query_scalar!(
        r#"-- count_open_tasks()
        SELECT count(*) AS "n!" FROM tasks WHERE shop_id = $1 AND customer_id = $2 AND done_at IS NULL"#,
        shop.0,
        id.0
    )
    .fetch_one(&mut *c)
    .await?;
    counters.add(shop, NOW, "now.tasks", "", -open);
    Ok(())
}

/// What is kept of a parcel: that it was there and what became of it, so that its order does not look as if it were still
/// to be sent.
fn restricted(parcel: &Parcel) -> Parcel {
    Parcel {
        seq: parcel.seq,
        snapshot: ParcelSnapshot {
            external_id: parcel.snapshot.external_id.clone(),
            shipped_at: parcel.snapshot.shipped_at,
            lines: parcel.snapshot.lines.clone(),
            cancelled: parcel.snapshot.cancelled,
            ..ParcelSnapshot::default()
        },
        state: parcel.state,
        delivered_at: parcel.delivered_at,
        direction: parcel.direction,
        follows: parcel.follows,
        ..Parcel::default()
    }
}

/// Deletes everything of a shop but the shop's row, marked disconnected.
pub(crate) async fn shop(c: &mut PgConnection, shop: ShopId) -> Result<(), Fault> {
    // However long it takes.
    sqlx::query("-- shop()\nSET LOCAL statement_timeout = 0")
        .execute(&mut *c)
        .await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "-- shop()
         SELECT format('%I', c.relname) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
             AND a.attname = 'shop_id' AND NOT a.attisdropped AND c.relname <> 'shops' ORDER BY c.relname",
    )
    .fetch_all(&mut *c)
    .await?;
    for table in tables {
        let sql = format!("-- shop()\nDELETE FROM {table} WHERE shop_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(shop.0)
            .execute(&mut *c)
            .await?;
    }
    sqlx::query!(
        "-- shop()\nUPDATE shops SET disconnected = TRUE WHERE shop_id = $1",
        shop.0
    )
    .execute(&mut *c)
    .await?;
    settings::changed(c).await
}
