//! What promotes, in words; put in only where the gate allows it.

use super::moment;
use dopo_core::coupon::Coupon;
use dopo_core::italy::format;
use dopo_core::italy::{Locale, clean_line};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The offer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CouponContext {
    /// The code to type.
    pub code: String,
    /// "15%".
    pub percent: String,
    /// Its true end: "venerdì 27 novembre alle 18:30".
    pub expires: String,
    /// The same, short, for SMS, after "fino" or "until": "al 27/11 ore 18:30", "all'8/12 ore 9:00".
    pub until_short: String,
    /// Where to use it, where the shop front is known.
    pub url: Option<String>,
}

/// A recommended product.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProductContext {
    /// Name.
    pub title: String,
    /// Price.
    pub price: Option<String>,
    /// Product page.
    pub url: String,
    /// Picture.
    pub image_url: Option<String>,
}

pub(super) fn coupon_context(
    coupon: &Coupon,
    zone: &TimeZone,
    locale: Locale,
    url: Option<String>,
) -> CouponContext {
    let end = coupon.expires_at.to_zoned(zone.clone());
    CouponContext {
        code: clean_line(&coupon.code),
        percent: format::percent(i64::from(coupon.percent) * 100, locale),
        expires: moment(&end, locale),
        until_short: format!(
            "{}{}/{:02} {} {}",
            match (locale, end.day()) {
                (Locale::En, _) => "",
                (Locale::It, 8 | 11) => "all'",
                (Locale::It, _) => "al ",
            },
            end.day(),
            end.month(),
            locale.pick("ore", "at"),
            format::time(end.time())
        ),
        url,
    }
}
