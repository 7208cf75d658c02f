//! `GET /api/v1/coupons/{code}`: whether a code still holds, by our clock (scope `coupons:read`).
//!
//! A code is used up by the order that carries it (`discount_codes` of `order_updated`), so that there is one account of
//! what was redeemed.

use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::coupon::Coupon;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Why a code does not hold, if it does not. It holds up to and including its expiry.
pub(crate) fn refusal(coupon: &Coupon, now: Timestamp) -> Option<(&'static str, &'static str)> {
    if coupon.redeemed_at.is_some() {
        Some(("redeemed", "The code was used by an order."))
    } else if now > coupon.expires_at {
        Some(("expired", "The offer has ended."))
    } else {
        None
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.need(Scope::CouponsRead)?;
    let coupon = app
        .engine
        .store()
        .coupon(caller.id(), code.trim())
        .await?
        .ok_or_else(|| Problem::not_found("This shop has issued no such code."))?;
    let refusal = refusal(&coupon, app.engine.now());
    Ok(Json(json!({
        "code": coupon.code,
        "percent": coupon.percent,
        "valid": refusal.is_none(),
        "reason": refusal.map(|(code, _)| code),
        "detail": refusal.map(|(_, words)| words),
        "customer": coupon.customer_id,
        "issued_at": coupon.issued_at,
        "expires_at": coupon.expires_at,
        "redeemed_at": coupon.redeemed_at,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::id::{CustomerId, EffectId};

    #[test]
    fn a_code_is_refused_one_second_after_its_expiry() {
        let at = |s: i64| Timestamp::from_second(1_800_000_000 + s).unwrap();
        let mut coupon = Coupon {
            code: "GRAZIE-1".into(),
            customer_id: CustomerId(1),
            effect: EffectId(1),
            campaign: "a/b".into(),
            percent: 15,
            issued_at: at(-100),
            expires_at: at(0),
            redeemed_at: None,
        };
        assert_eq!(refusal(&coupon, at(0)), None);
        assert_eq!(refusal(&coupon, at(1)).unwrap().0, "expired");
        coupon.redeemed_at = Some(at(-5));
        assert_eq!(refusal(&coupon, at(-4)).unwrap().0, "redeemed");
    }
}
