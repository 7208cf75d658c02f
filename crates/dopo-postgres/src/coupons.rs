//! Codes that are redeemed by hand.

use crate::fault::Fault;
use crate::rows::{text, us};
use dopo_core::id::ShopId;
use jiff::Timestamp;
use sqlx::PgPool;

/// Marks a code as used; false when there is none or it was used before.
pub(crate) async fn redeem(
    pool: &PgPool,
    shop: ShopId,
    code: &str,
    now: Timestamp,
    what: Option<&str>,
) -> Result<bool, Fault> {
    let touched = sqlx::query!(
        "-- redeem()
         UPDATE coupons SET redeemed_at = $3, body = CASE WHEN $4::text IS NULL THEN body
             ELSE (body::jsonb || jsonb_build_object('redeemed_for', $4::text))::text END
         WHERE shop_id = $1 AND code = $2 AND redeemed_at IS NULL",
        shop.0,
        text(code),
        us(now),
        what.map(text)
    )
    .execute(pool)
    .await?;
    Ok(touched.rows_affected() > 0)
}
