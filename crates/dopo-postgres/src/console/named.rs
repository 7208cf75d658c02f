//! People and orders of a page, by their ids.

use crate::fault::Fault;
use crate::rows::CustomerRow;
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_engine::ports::console::Named;
use sqlx::PgPool;

/// People and numbers of orders, each read once.
pub(crate) async fn named(
    pool: &PgPool,
    shop: ShopId,
    people: &[CustomerId],
    orders: &[OrderId],
) -> Result<Named, Fault> {
    let mut named = Named::default();
    let mut c = pool.acquire().await?;
    let mut ids: Vec<i64> = people.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        let rows = sqlx::query!(
            r#"-- named()
            SELECT k.id AS "asked!", c.customer_id, c.body FROM unnest($2::bigint[]) AS k (id)
            LEFT JOIN merged_customers m ON m.shop_id = $1 AND m.customer_id = k.id
            JOIN customers c ON c.shop_id = $1 AND c.customer_id = coalesce(m.into_id, k.id)"#,
            shop.0,
            &ids
        )
        .fetch_all(&mut *c)
        .await?;
        for row in rows {
            let person = CustomerRow {
                customer_id: row.customer_id,
                body: row.body,
            };
            named.people.insert(CustomerId(row.asked), person.read()?);
        }
    }
    let mut ids: Vec<i64> = orders.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        let rows = sqlx::query!(
            "-- named()
             SELECT order_id, number FROM orders WHERE shop_id = $1 AND order_id = ANY($2)",
            shop.0,
            &ids
        )
        .fetch_all(&mut *c)
        .await?;
        let numbers = rows
            .into_iter()
            .map(|row| (OrderId(row.order_id), row.number));
        named.order_numbers.extend(numbers);
    }
    Ok(named)
}
