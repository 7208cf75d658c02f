//! People at risk: who has an order with a parcel in trouble, or an open task that tells of a failure.

use super::lists::scan;
use crate::fault::Fault;
use crate::rows::{count as as_count, from_json};
use dopo_core::id::ShopId;
use dopo_core::risk::tells_of_failure;
use sqlx::{PgConnection, PgPool};

/// Tasks looked at once when a database is filled.
const FILL_ROWS: i64 = 5_000;

/// How many people are at risk, in these provinces or everywhere.
pub(crate) async fn count(pool: &PgPool, shop: ShopId, provinces: &[String]) -> Result<u64, Fault> {
    let n = if provinces.is_empty() {
        sqlx::query_scalar!(
            r#"-- count()
            SELECT count(*) AS "n!" FROM (
                (SELECT customer_id FROM risks WHERE shop_id = $1 ORDER BY customer_id DESC LIMIT $2)
                UNION
                (SELECT customer_id FROM tasks WHERE shop_id = $1 AND done_at IS NULL AND failure
                    ORDER BY customer_id DESC LIMIT $2)
            ) p"#,
            shop.0,
            scan()
        )
        .fetch_one(pool)
        .await?
    } else {
        sqlx::query_scalar!(
            r#"-- count()
            SELECT count(*) AS "n!" FROM (
                (SELECT customer_id FROM risks WHERE shop_id = $1 ORDER BY customer_id DESC LIMIT $2)
                UNION
                (SELECT customer_id FROM tasks WHERE shop_id = $1 AND done_at IS NULL AND failure
                    ORDER BY customer_id DESC LIMIT $2)
            ) p JOIN customers c ON c.shop_id = $1 AND c.customer_id = p.customer_id
            WHERE c.reach <> 2 AND c.province = ANY($3)"#,
            shop.0,
            scan(),
            provinces
        )
        .fetch_one(pool)
        .await?
    };
    Ok(as_count(n))
}

/// Says of the tasks of an older database which tell of a failure. Whose the risks are is SQL's to say.
pub(crate) async fn fill(c: &mut PgConnection) -> Result<(), Fault> {
    let mut after: (i64, Vec<u8>) = (i64::MIN, Vec::new());
    loop {
        let rows = sqlx::query!(
            "-- fill()
             SELECT shop_id, effect_id, body FROM tasks WHERE (shop_id, effect_id) > ($1, $2)
             ORDER BY shop_id, effect_id LIMIT $3",
            after.0,
            after.1,
            FILL_ROWS
        )
        .fetch_all(&mut *c)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.shop_id, last.effect_id.clone());
        let (mut shops, mut ids) = (vec![], vec![]);
        for row in rows {
            if tells_of_failure(&from_json(&row.body)?) {
                shops.push(row.shop_id);
                ids.push(row.effect_id);
            }
        }
        sqlx::query!(
            "-- fill()
             UPDATE tasks t SET failure = TRUE FROM unnest($1::bigint[], $2::bytea[]) AS k (shop_id, effect_id)
             WHERE t.shop_id = k.shop_id AND t.effect_id = k.effect_id",
            &shops,
            &ids
        )
        .execute(&mut *c)
        .await?;
    }
}
