//! `GET /k/{token}.png`: what is left of an offer, as an image for mails. Drawn from the code's one stored expiry, so that
//! every device sees the same end; afterwards it says that the offer has ended (CONS-11).

use super::digits;
use crate::page::PageError;
use crate::state::App;
use axum::extract::{Path, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use dopo_engine::tokens::Token;
use jiff::Timestamp;

/// Minutes shown as days, hours, minutes; rounded up, so that the image never promises a minute too little; `None` when
/// it has ended.
pub(crate) fn left(expires_at: Timestamp, now: Timestamp) -> Option<(u32, u32, u32)> {
    let seconds = expires_at.as_second() - now.as_second();
    if seconds < 0 || expires_at < now {
        return None;
    }
    let minutes = u32::try_from((seconds + 59) / 60)
        .unwrap_or(u32::MAX)
        .min(99 * 24 * 60 + 23 * 60 + 59);
    Some((minutes / 1_440, minutes / 60 % 24, minutes % 60))
}

pub(crate) async fn fetch(
    State(app): State<App>,
    Path(file): Path<String>,
) -> Result<Response, PageError> {
    let token = file
        .strip_suffix(".png")
        .and_then(|token| app.engine.tokens().open(token));
    let Some(Token::Countdown { shop, code }) = token else {
        return Err(PageError::Missing);
    };
    let shop = super::shop_of(&app, shop)?;
    let coupon = app
        .engine
        .store()
        .coupon(shop.id, &code)
        .await?
        .ok_or(PageError::Missing)?;
    let person = app
        .engine
        .store()
        .customer(shop.id, coupon.customer_id)
        .await?;
    let locale = person
        .and_then(|p| p.locale)
        .unwrap_or(shop.settings.locale);
    let ended = coupon.redeemed_at.is_some();
    let left = if ended {
        None
    } else {
        left(coupon.expires_at, app.engine.now())
    };
    let png = digits::countdown(left, locale).ok_or(PageError::Ours)?;
    Ok((
        [
            (header::CONTENT_TYPE, "image/png"),
            (header::CACHE_CONTROL, "no-store, max-age=0"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "cross-origin",
            ),
        ],
        png,
    )
        .into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_ends_at_the_stored_second_and_not_before() {
        let end = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |s: i64| Timestamp::from_second(1_800_000_000 - s).unwrap();
        assert_eq!(left(end, at(7 * 86_400)), Some((7, 0, 0)));
        assert_eq!(left(end, at(86_400 + 3_600 + 60)), Some((1, 1, 1)));
        assert_eq!(left(end, at(1)), Some((0, 0, 1)));
        assert_eq!(left(end, at(0)), Some((0, 0, 0)));
        assert_eq!(left(end, at(-1)), None);
    }
}
