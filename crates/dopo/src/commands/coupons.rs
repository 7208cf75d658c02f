//! `dopo coupons`: whether a code holds, and redeeming it.

use super::{engine, moment, shop};
use crate::cli::CouponsArgs;
use crate::config::Config;
use anyhow::{Result, bail};
use dopo_core::coupon::Refusal;
use dopo_engine::coupons::{RedeemError, as_stored};
use serde_json::json;

/// `dopo coupons`
pub async fn run(config: &Config, args: CouponsArgs, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    let coupon = if args.redeem {
        match engine
            .redeem_coupon(shop.id, &args.code, args.order.as_deref())
            .await
        {
            Ok(redeemed) => redeemed.coupon,
            Err(RedeemError::Used(coupon)) => bail!(
                "`{}` was used already{}{}",
                coupon.code,
                coupon
                    .redeemed_at
                    .map(|at| format!(", on {}", moment(at)))
                    .unwrap_or_default(),
                coupon
                    .redeemed_for
                    .map(|what| format!(", for {what}"))
                    .unwrap_or_default(),
            ),
            Err(RedeemError::Expired(coupon)) => bail!(
                "`{}` held until {}, which never moves",
                coupon.code,
                moment(coupon.expires_at)
            ),
            Err(error) => return Err(error.into()),
        }
    } else {
        let code = as_stored(&args.code);
        match engine.store().coupon(shop.id, &code).await? {
            Some(coupon) => coupon,
            None => bail!("shop `{}` has issued no code `{code}`", shop.slug),
        }
    };
    let refusal = coupon.refusal(engine.now());
    if json {
        println!(
            "{}",
            json!({"code": coupon.code, "percent": coupon.percent, "valid": refusal.is_none(), "customer": coupon.customer_id,
                "issued_at": coupon.issued_at, "expires_at": coupon.expires_at, "redeemed_at": coupon.redeemed_at,
                "redeemed_for": coupon.redeemed_for})
        );
        return Ok(());
    }
    let standing = match refusal {
        None => "holds".to_owned(),
        Some(Refusal::Expired) => "has ended".to_owned(),
        Some(Refusal::Redeemed) => match (&coupon.redeemed_at, &coupon.redeemed_for) {
            (Some(at), Some(what)) => format!("used on {} for {what}", moment(*at)),
            (Some(at), None) => format!("used on {}", moment(*at)),
            (None, _) => "used".to_owned(),
        },
    };
    println!(
        "{}  {}%  {standing}  until {}  of customer {}",
        coupon.code,
        coupon.percent,
        moment(coupon.expires_at),
        coupon.customer_id
    );
    Ok(())
}
