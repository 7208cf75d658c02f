//! Orders of a place: where an order goes, and where that is not told, where its person is.

use super::lists::{OrderLine, OrderText, scan};
use crate::fault::Fault;
use crate::rows::{limit as as_limit, read_all};
use dopo_core::counter::PLACE_UNTOLD;
use dopo_core::customer::Customer;
use dopo_core::id::ShopId;
use dopo_core::order::{Order, Standing};
use dopo_engine::ports::console::{OrderFilter, prefix_end};
use sqlx::PgConnection;

/// Orders of the provinces that a filter names, newest first.
pub(super) async fn orders(
    c: &mut PgConnection,
    shop: ShopId,
    filter: &OrderFilter,
    asked: Option<&OrderText>,
    limit: usize,
) -> Result<Vec<(Order, Customer)>, Fault> {
    let before = filter.before.map_or(i64::MAX, |id| id.0);
    let standing = filter.standing.map(|s| s.as_str());
    let range = |prefix: Option<&String>| (prefix.cloned(), prefix.map(|p| prefix_end(p)));
    let (number, number_end) = range(asked.map(|t| &t.number));
    let (external, external_end) = range(asked.map(|t| &t.external_id));
    let (typed, typed_end) = range(asked.map(|t| &t.tracking[0]));
    let (upper, upper_end) = range(asked.map(|t| &t.tracking[1]));
    // Where it is not told, the person decides.
    let mut places = filter.provinces.clone();
    places.push(PLACE_UNTOLD.to_owned());
    macro_rules! walk {
        ($from:literal, $newest:literal) => {
            sqlx::query_as!(
                OrderLine,
                r#"-- orders()
                SELECT o.order_id, o.customer_id, o.body, c.body AS "customer?" FROM ("#
                    + $from
                    + r#" WHERE ($4::text IS NULL OR w.standing = $4) AND w.province = ANY($13)
                        AND (w.province <> '' OR EXISTS (SELECT 1 FROM customers p WHERE p.shop_id = w.shop_id
                            AND p.customer_id = w.customer_id AND p.province <> '' AND p.province = ANY($13)))
                        AND ($5::text IS NULL
                        OR lower(ltrim(w.number, '#') COLLATE "C") >= $5 AND lower(ltrim(w.number, '#') COLLATE "C") < $6
                        OR w.external_id >= $7 AND w.external_id < $8
                        OR EXISTS (SELECT 1 FROM parcel_numbers p WHERE p.shop_id = w.shop_id
                            AND p.order_id = w.order_id
                            AND (p.number >= $9 AND p.number < $10 OR p.number >= $11 AND p.number < $12)))
                    "#
                    + $newest
                    + r#") o LEFT JOIN customers c ON c.shop_id = o.shop_id AND c.customer_id = o.customer_id
                ORDER BY o.order_id DESC LIMIT $3"#,
                shop.0,
                before,
                as_limit(limit),
                standing,
                number,
                number_end,
                external,
                external_end,
                typed,
                typed_end,
                upper,
                upper_end,
                &places,
                scan()
            )
            .fetch_all(&mut *c)
            .await?
        };
    }
    let rows = match filter.standing {
        // Few stand so at a time, or they are not many a place: those of the whole shop are asked where they go.
        Some(standing) if standing != Standing::Delivered => walk!(
            "SELECT w.* FROM (SELECT * FROM orders WHERE shop_id = $1 AND standing = $4 AND -order_id > -$2::bigint
                 ORDER BY -order_id LIMIT $14) w",
            "ORDER BY -w.order_id LIMIT $3"
        ),
        _ => walk!(
            "SELECT n.* FROM unnest($13::text[]) AS k (place) CROSS JOIN LATERAL (
                 SELECT w.* FROM (SELECT * FROM orders WHERE shop_id = $1 AND province = k.place
                     AND -order_id > -$2::bigint ORDER BY -order_id LIMIT $14) w",
            "ORDER BY -w.order_id LIMIT $3) n"
        ),
    };
    read_all(rows, OrderLine::read)
}
