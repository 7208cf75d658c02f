//! `/api/v1/coupons/{code}`: whether a code still holds, by our clock, and redeeming it.
//!
//! A code is used up by the order that carries it (`discount_codes` of `order_updated`) or by being redeemed here, whichever
//! comes first: there is one account of what was redeemed.

use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::coupon::{Coupon, Refusal};
use dopo_engine::coupons::{REFERENCE_CHARS_MAX, RedeemError, as_stored};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

const NO_SUCH_CODE: &str = "This shop has issued no such code.";

/// Why a code does not hold: as a word, and in words.
fn said(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Redeemed => ("redeemed", "The code was used already."),
        Refusal::Expired => ("expired", "The offer has ended."),
    }
}

/// What a code is worth now.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "code": "GRAZIE-7KQ2", "percent": 15, "valid": true, "reason": null, "detail": null,
    "customer": "7214012345678848", "issued_at": "2026-11-20T10:00:00Z", "expires_at": "2026-11-27T10:00:00Z",
    "redeemed_at": null, "redeemed_for": null }))]
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
    /// When it was used.
    redeemed_at: Option<Timestamp>,
    /// What it was redeemed for, where that was said.
    redeemed_for: Option<String>,
}

fn shape(coupon: Coupon, now: Timestamp) -> CouponShape {
    let refusal = coupon.refusal(now).map(said);
    CouponShape {
        percent: coupon.percent,
        valid: refusal.is_none(),
        reason: refusal.map(|(code, _)| code),
        detail: refusal.map(|(_, words)| words),
        customer: coupon.customer_id.to_string(),
        issued_at: coupon.issued_at,
        expires_at: coupon.expires_at,
        redeemed_at: coupon.redeemed_at,
        redeemed_for: coupon.redeemed_for,
        code: coupon.code,
    }
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
        .coupon(caller.id(), &as_stored(&code))
        .await?
        .ok_or_else(|| Problem::not_found(NO_SUCH_CODE))?;
    Ok(Json(shape(coupon, app.engine.now())))
}

/// What a code is redeemed for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "order": "1001" }))]
pub(crate) struct Redeem {
    /// Number of the order or receipt, at most 100 characters; the platform's id of an order where there is one. Told again
    /// for the same, nothing happens; without it every call is a use of its own.
    #[serde(default)]
    order: Option<String>,
}

/// Redeems a code.
#[utoipa::path(
    post, path = "/api/v1/coupons/{code}/redeem", tag = "coupons", operation_id = "redeemCoupon",
    params(("code" = String, Path, description = "The code.")),
    request_body = Redeem,
    responses(
        (status = 200, description = "The code, used now or before for the same.", body = CouponShape),
        (status = 409, description = "`coupon_redeemed`: used for something else. `coupon_expired`: the offer has ended.",
            body = Problem, content_type = "application/problem+json"),
    ),
    security(("key" = ["coupons:write"])),
)]
pub(crate) async fn redeem(
    State(app): State<App>,
    caller: Caller,
    Path(code): Path<String>,
    Told(told): Told<Redeem>,
) -> Result<Json<CouponShape>, Problem> {
    caller.need(Scope::CouponsWrite)?;
    let redeemed = app
        .engine
        .redeem_coupon(caller.id(), &code, told.order.as_deref())
        .await
        .map_err(refused)?;
    Ok(Json(shape(redeemed.coupon, app.engine.now())))
}

fn refused(error: RedeemError) -> Problem {
    match error {
        RedeemError::Unknown => Problem::not_found(NO_SUCH_CODE),
        RedeemError::Used(coupon) => Problem::conflict(
            "coupon_redeemed",
            "The code was used already",
            "A code is good for one order. Look at `redeemed_at` and `redeemed_for`.",
        )
        .with("redeemed_at", coupon.redeemed_at)
        .with("redeemed_for", coupon.redeemed_for),
        RedeemError::Expired(coupon) => Problem::conflict(
            "coupon_expired",
            "The offer has ended",
            "The code held until `expires_at`, which never moves.",
        )
        .with("expires_at", coupon.expires_at),
        RedeemError::Reference => Problem::field(
            "order",
            "length",
            &format!("Al massimo {REFERENCE_CHARS_MAX} caratteri."),
            &format!("At most {REFERENCE_CHARS_MAX} characters."),
        ),
        RedeemError::Store(error) => error.into(),
    }
}
