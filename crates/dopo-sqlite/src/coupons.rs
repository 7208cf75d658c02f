//! Codes that are redeemed by hand.

use crate::rows::{run, us};
use dopo_core::id::ShopId;
use dopo_engine::ports::store::StoreError;
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// Marks a code as used; false when there is none or it was used before.
pub(crate) fn redeem(
    c: &Connection,
    shop: ShopId,
    code: &str,
    now: Timestamp,
    what: Option<&str>,
) -> Result<bool, StoreError> {
    let touched = run(
        c,
        "UPDATE coupons SET redeemed_at = ?3,
             body = CASE WHEN ?4 IS NULL THEN body ELSE json_set(body, '$.redeemed_for', ?4) END
         WHERE shop_id = ?1 AND code = ?2 AND redeemed_at IS NULL",
        params![shop.0, code, us(now), what],
    )?;
    Ok(touched > 0)
}
