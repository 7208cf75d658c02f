//! Orders with a parcel in trouble, kept beside them with what is at risk.

use crate::fault::Fault;
use crate::rows::{CustomerRow, OrderRow, limit as as_limit};
use dopo_core::customer::Customer;
use dopo_core::id::{OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::trouble::at_risk_cents;
use dopo_engine::console::exceptions::{BOARD_COUNTED_MAX, BOARD_ORDERS_MAX};
use dopo_engine::ports::AtRisk;
use sqlx::{PgConnection, PgPool};
use std::cmp::Reverse;

/// Orders looked at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// Keeps what is at risk with orders that were written.
pub(crate) async fn put(c: &mut PgConnection, shop: ShopId, orders: &[Order]) -> Result<(), Fault> {
    let (mut risky, mut cents, mut people, mut well) = (vec![], vec![], vec![], vec![]);
    for order in orders {
        match at_risk_cents(order) {
            Some(risk) => {
                risky.push(order.id.0);
                cents.push(risk);
                people.push(order.customer_id.0);
            }
            // An order without parcels never was in trouble.
            None if order.tracked.is_empty() => {}
            None => well.push(order.id.0),
        }
    }
    if !risky.is_empty() {
        sqlx::query!(
            "-- put()
             INSERT INTO risks AS r (shop_id, order_id, cents, customer_id)
             SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])
             ON CONFLICT (shop_id, order_id) DO UPDATE SET cents = excluded.cents, customer_id = excluded.customer_id
             WHERE r.cents <> excluded.cents OR r.customer_id <> excluded.customer_id",
            shop.0,
            &risky,
            &cents,
            &people
        )
        .execute(&mut *c)
        .await?;
    }
    if !well.is_empty() {
        sqlx::query("-- put()\nDELETE FROM risks WHERE shop_id = $1 AND order_id = ANY($2)")
            .bind(shop.0)
            .bind(&well)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

/// Orders with most at risk first, with their customers, and how many there are.
pub(crate) async fn worst(
    pool: &PgPool,
    shop: ShopId,
    after: Option<(i64, OrderId)>,
    limit: usize,
) -> Result<(Vec<AtRisk>, u64), Fault> {
    let (cents, id) = after.map_or((i64::MAX, i64::MAX), |(cents, order)| (cents, order.0));
    let mut c = pool.acquire().await?;
    let rows = sqlx::query!(
        r#"-- worst()
        SELECT r.cents AS "cents!", o.order_id AS "order_id!", o.customer_id AS "customer_id!", o.body AS "body!",
            c.body AS "customer?" FROM (
            SELECT shop_id, order_id, cents FROM risks WHERE shop_id = $1 AND (cents, order_id) < ($2, $3)
            ORDER BY cents DESC, order_id DESC LIMIT $4
        ) r JOIN orders o ON o.shop_id = r.shop_id AND o.order_id = r.order_id
        LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id"#,
        shop.0,
        cents,
        id,
        as_limit(limit.min(BOARD_ORDERS_MAX))
    )
    .fetch_all(&mut *c)
    .await?;
    let counted = sqlx::query_scalar!(
        r#"-- worst()
        SELECT count(*) AS "n!" FROM (SELECT 1 FROM risks WHERE shop_id = $1 LIMIT $2) r"#,
        shop.0,
        BOARD_COUNTED_MAX as i64
    )
    .fetch_one(&mut *c)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let order = OrderRow {
            order_id: row.order_id,
            customer_id: row.customer_id,
            body: row.body,
        }
        .read()?;
        let customer_id = row.customer_id;
        let customer = match row.customer {
            Some(body) => CustomerRow { customer_id, body }.read()?,
            None => Customer::new(order.customer_id, order.snapshot.placed_at),
        };
        found.push(AtRisk {
            cents: row.cents,
            order,
            customer,
        });
    }
    found.sort_by_key(|one| Reverse((one.cents, one.order.id)));
    Ok((found, counted.unsigned_abs()))
}

/// Fills the table of an older database.
pub(crate) async fn fill(c: &mut PgConnection) -> Result<(), Fault> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(
            "-- fill()
             SELECT shop_id, order_id, customer_id, body FROM orders WHERE (shop_id, order_id) > ($1, $2)
             ORDER BY shop_id, order_id LIMIT $3",
        )
        .bind(after.0)
        .bind(after.1)
        .bind(FILL_ROWS)
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.0, last.1);
        for (shop, order_id, customer_id, body) in rows {
            let order = OrderRow {
                order_id,
                customer_id,
                body,
            }
            .read()?;
            // Whose it is comes with a later step.
            if let Some(cents) = at_risk_cents(&order) {
                sqlx::query(
                    "-- fill()\nINSERT INTO risks (shop_id, order_id, cents) VALUES ($1, $2, $3)",
                )
                .bind(shop)
                .bind(order_id)
                .bind(cents)
                .execute(&mut *c)
                .await?;
            }
        }
    }
}
