//! Discount codes with one true expiry (CONS-11).

use crate::id::{CustomerId, EffectId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A discount code for one person. Its expiry is fixed when it is issued and never moves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Coupon {
    /// The code the person types.
    pub code: String,
    /// For whom.
    pub customer_id: CustomerId,
    /// What issued it.
    pub effect: EffectId,
    /// Campaign: the journey and step; the same one is not reissued to a person within 30 days.
    pub campaign: String,
    /// Percent off.
    pub percent: u8,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The one true expiry.
    pub expires_at: Timestamp,
    /// When an order used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_at: Option<Timestamp>,
    /// What used it, in the words of whoever redeemed it: the number of an order or of a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_for: Option<String>,
}

/// Why a code does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It was used.
    Redeemed,
    /// Its time is over.
    Expired,
}

/// What redeeming a code comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redeeming {
    /// It is used now.
    Now,
    /// The same use was told before: nothing happens.
    Again,
}

impl Coupon {
    /// Why the code does not hold at a moment, if it does not. It holds up to and including its expiry (CONS-11).
    pub fn refusal(&self, now: Timestamp) -> Option<Refusal> {
        if self.redeemed_at.is_some() {
            Some(Refusal::Redeemed)
        } else if now > self.expires_at {
            Some(Refusal::Expired)
        } else {
            None
        }
    }

    /// Redeeming the code for something, or for something unnamed. Told again with the same name it is the same use,
    /// whenever that is.
    ///
    /// # Errors
    /// Why the code does not hold.
    pub fn redeem(&self, what: Option<&str>, now: Timestamp) -> Result<Redeeming, Refusal> {
        if self.redeemed_at.is_some() && what.is_some() && self.redeemed_for.as_deref() == what {
            return Ok(Redeeming::Again);
        }
        self.refusal(now).map_or(Ok(Redeeming::Now), Err)
    }
}

/// Days within which one person gets one campaign's coupon once (CONS-11).
pub const REISSUE_DAYS_MIN: i64 = 30;

/// A code of eight unambiguous letters and digits (Crockford's base 32) from secret entropy and the effect's id.
///
/// The entropy comes in with the batch, because a code is worth money and must not be guessed from an id.
pub fn code(prefix: &str, entropy: u128, effect: EffectId) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = Sha256::new()
        .chain_update(entropy.to_be_bytes())
        .chain_update(effect.to_bytes())
        .finalize();
    let mut bits = digest
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let mut out = String::with_capacity(prefix.len() + 9);
    out.push_str(prefix);
    out.push('-');
    for _ in 0..8 {
        out.push(char::from(ALPHABET[(bits & 31) as usize]));
        bits >>= 5;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("in range")
    }

    fn coupon() -> Coupon {
        Coupon {
            code: "GRAZIE-1".to_owned(),
            customer_id: CustomerId(1),
            effect: EffectId(1),
            campaign: "a/b".to_owned(),
            percent: 15,
            issued_at: at(-100),
            expires_at: at(0),
            redeemed_at: None,
            redeemed_for: None,
        }
    }

    #[test]
    fn a_code_is_refused_one_second_after_its_expiry() {
        let mut coupon = coupon();
        assert_eq!(coupon.refusal(at(0)), None);
        assert_eq!(coupon.refusal(at(1)), Some(Refusal::Expired));
        coupon.redeemed_at = Some(at(-5));
        assert_eq!(coupon.refusal(at(-4)), Some(Refusal::Redeemed));
    }

    #[test]
    fn a_code_is_used_once_and_the_same_use_may_be_told_again() {
        let mut coupon = coupon();
        assert_eq!(coupon.redeem(Some("1001"), at(-9)), Ok(Redeeming::Now));
        assert_eq!(coupon.redeem(None, at(-9)), Ok(Redeeming::Now));
        assert_eq!(coupon.redeem(Some("1001"), at(1)), Err(Refusal::Expired));

        coupon.redeemed_at = Some(at(-9));
        assert_eq!(coupon.redeem(None, at(-8)), Err(Refusal::Redeemed));
        coupon.redeemed_for = Some("1001".to_owned());
        assert_eq!(coupon.redeem(Some("1001"), at(-8)), Ok(Redeeming::Again));
        assert_eq!(coupon.redeem(Some("1001"), at(9)), Ok(Redeeming::Again));
        assert_eq!(coupon.redeem(Some("1002"), at(-8)), Err(Refusal::Redeemed));
        assert_eq!(coupon.redeem(None, at(-8)), Err(Refusal::Redeemed));
    }
}
