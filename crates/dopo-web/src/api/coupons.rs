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
use serde::Serialize;
use utoipa::ToSchema;

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

/// What a code is worth now.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "code": "GRAZIE-7KQ2", "percent": 15, "valid": true, "reason": null, "detail": null,
    "customer": "7214012345678848", "issued_at": "2026-11-20T10:00:00Z", "expires_at": "2026-11-27T10:00:00Z", "redeemed_at": null }))]
pub(crate) struct CouponShape {
    /// The code.
    code: String,
    /// Percent off.
    percent: u8,
    /// Whether it holds now, by our clock.
    valid: bool,
    /// Why not: `redeemed` or `expired`.
    reason: Option<&'static str>,
    /// The same in words.
    detail: Option<&'static str>,
    /// Whose it is.
    customer: String,
    /// When it was issued.
    issued_at: Timestamp,
    /// Up to and including when it holds.
    expires_at: Timestamp,
    /// When an order used it.
    redeemed_at: Option<Timestamp>,
}

/// Whether a code still holds.
#[utoipa::path(
    get, path = "/api/v1/coupons/{code}", tag = "coupons", operation_id = "getCoupon",
    params(("code" = String, Path, description = "The code.")),
    responses((status = 200, description = "The code.", body = CouponShape)),
    security(("key" = ["coupons:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<Json<CouponShape>, Problem> {
    caller.need(Scope::CouponsRead)?;
    let coupon = app
        .engine
        .store()
        .coupon(caller.id(), code.trim())
        .await?
        .ok_or_else(|| Problem::not_found("This shop has issued no such code."))?;
    let refusal = refusal(&coupon, app.engine.now());
    Ok(Json(CouponShape {
        percent: coupon.percent,
        valid: refusal.is_none(),
        reason: refusal.map(|(code, _)| code),
        detail: refusal.map(|(_, words)| words),
        customer: coupon.customer_id.to_string(),
        issued_at: coupon.issued_at,
        expires_at: coupon.expires_at,
        redeemed_at: coupon.redeemed_at,
        code: coupon.code,
    }))
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
