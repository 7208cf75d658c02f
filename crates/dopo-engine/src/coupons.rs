//! Redeeming a code where no order tells of it: at a till, on the telephone.
//!
//! An order that carries a code uses it up by itself; both are one account of what was used, and the first of them stands.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::coupon::{Coupon, Redeeming, Refusal};
use dopo_core::id::ShopId;
use dopo_core::italy::clean_line;

/// Longest name of what a code is redeemed for, in characters.
pub const REFERENCE_CHARS_MAX: usize = 100;
/// Times a code is looked at: once, and once more where somebody else was first.
const LOOKS_MAX: usize = 2;

/// A code that is used.
#[derive(Clone, PartialEq, Debug)]
pub struct Redeemed {
    /// The code, as it stands now.
    pub coupon: Coupon,
    /// The same use was told before: nothing happened this time.
    pub again: bool,
}

/// Why a code was not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// The shop has issued no such code.
    #[error("this shop has issued no such code")]
    Unknown,
    /// It was used for something else.
    #[error("the code was used already")]
    Used(Box<Coupon>),
    /// Its time is over.
    #[error("the offer has ended")]
    Expired(Box<Coupon>),
    /// What it is redeemed for has too long a name.
    #[error("what a code is redeemed for is named in at most {REFERENCE_CHARS_MAX} characters")]
    Reference,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code as it is stored, however it was typed.
pub fn as_stored(code: &str) -> String {
    clean_line(code).trim().to_uppercase()
}

impl Engine {
    /// Redeems a code for an order, a receipt, or something unnamed. Told again for the same it changes nothing.
    ///
    /// # Errors
    /// [`RedeemError`]; the code is as it was then.
    pub async fn redeem_coupon(
        &self,
        shop: ShopId,
        code: &str,
        what: Option<&str>,
    ) -> Result<Redeemed, RedeemError> {
        let code = as_stored(code);
        let what = what.map(clean_line).filter(|what| !what.is_empty());
        let what = what.as_deref();
        if what.is_some_and(|what| what.chars().count() > REFERENCE_CHARS_MAX) {
            return Err(RedeemError::Reference);
        }
        let now = self.now();
        for _ in 0..LOOKS_MAX {
            let coupon = self.store.coupon(shop, &code).await?;
            let mut coupon = coupon.ok_or(RedeemError::Unknown)?;
            match coupon.redeem(what, now) {
                Ok(Redeeming::Again) => {
                    return Ok(Redeemed {
                        coupon,
                        again: true,
                    });
                }
                Ok(Redeeming::Now) => {
                    if self.store.redeem_coupon(shop, &code, now, what).await? {
                        coupon.redeemed_at = Some(now);
                        coupon.redeemed_for = what.map(str::to_owned);
                        return Ok(Redeemed {
                            coupon,
                            again: false,
                        });
                    }
                }
                Err(Refusal::Redeemed) if self.carries(shop, what, &code).await? => {
                    return Ok(Redeemed {
                        coupon,
                        again: true,
                    });
                }
                Err(Refusal::Redeemed) => return Err(RedeemError::Used(Box::new(coupon))),
                Err(Refusal::Expired) => return Err(RedeemError::Expired(Box::new(coupon))),
            }
        }
        let why = "somebody else redeems this code at this moment: try again".to_owned();
        Err(StoreError::Conflict(why).into())
    }

    /// Whether the shop's order of this id came with the code.
    async fn carries(
        &self,
        shop: ShopId,
        order: Option<&str>,
        code: &str,
    ) -> Result<bool, StoreError> {
        let Some(order) = order else {
            return Ok(false);
        };
        let order = self.store.order_by_external_id(shop, order).await?;
        let mut codes = order.into_iter().flat_map(|o| o.snapshot.discount_codes);
        Ok(codes.any(|used| as_stored(&used) == code))
    }
}
