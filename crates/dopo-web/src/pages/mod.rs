//! Pages for customers: rendered on the server, addressed by sealed tokens, without log-in and without JavaScript.
//!
//! GET changes nothing (SEC-02); the image and the redirect move measurements only. A token that was not sealed by us is
//! answered like one that leads nowhere.

pub(crate) mod ask;
pub(crate) mod click;
pub(crate) mod countdown;
pub(crate) mod digits;
pub(crate) mod goods;
pub(crate) mod hold;
pub(crate) mod limits;
pub(crate) mod lookup;
pub(crate) mod measuring;
mod multipart;
pub(crate) mod order;
pub mod order_view;
mod photo;
pub(crate) mod pixel;
pub(crate) mod preferences;
pub(crate) mod problem;
pub(crate) mod reminder;
pub(crate) mod short;
pub(crate) mod unsubscribe;

use crate::limits::FORM_BODY_BYTES_MAX;
use crate::page::{Frame, PageError};
use crate::state::App;
use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::http::Method;
use axum::routing::get;
use dopo_core::advance::Shop;
use dopo_core::consent::ConsentAct;
use dopo_core::customer::Customer;
use dopo_core::event::{Event, EventLine};
use dopo_core::id::{CustomerId, ShopId};
use dopo_core::shop::ShopSettings;
use dopo_engine::intake::NewIntake;
use serde::Deserialize;
use std::sync::Arc;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/o/{token}", get(order::show))
        .route("/o/{token}/calendar/{file}", get(order::calendar_file))
        .route("/o/{token}/ask/{seq}", get(ask::ask).post(ask::act))
        .route("/o/{token}/hold/{seq}", get(hold::ask).post(hold::answer))
        .route(
            "/o/{token}/problem",
            get(problem::ask).post(problem::report),
        )
        .route("/track/{slug}", get(lookup::ask).post(lookup::find))
        .route("/p/{token}", get(preferences::show).post(preferences::save))
        .route("/u/{token}", get(unsubscribe::ask).post(unsubscribe::act))
        .route("/m/{token}", get(measuring::page).post(measuring::page))
        .route("/r/{token}", get(reminder::page).post(reminder::page))
        .route("/c/{token}", get(click::follow))
        .route("/i/{file}", get(pixel::fetch))
        .route("/k/{file}", get(countdown::fetch))
        .route("/{code}", get(short::follow))
}

/// `?lang=en`
#[derive(Deserialize)]
pub(crate) struct Asked {
    pub lang: Option<String>,
}

/// A page with one question or one answer.
#[derive(Template)]
#[template(path = "ask.html")]
pub(crate) struct AskPage {
    pub frame: Frame,
    pub title: String,
    pub hint: Option<String>,
    pub ask: Option<Ask>,
    pub link: Option<Link>,
}

/// A page that tells how something went.
#[derive(Template)]
#[template(path = "told.html")]
pub(crate) struct ToldPage {
    pub frame: Frame,
    pub title: String,
    pub paragraphs: Vec<String>,
    pub link: Option<Link>,
}

/// A form with one button.
pub(crate) struct Ask {
    pub action: String,
    pub field: &'static str,
    pub value: String,
    pub button: &'static str,
}

/// A link under the answer.
pub(crate) struct Link {
    pub href: String,
    pub label: &'static str,
}

/// Where customers write to a shop.
pub(crate) fn contact_of(shop: &ShopSettings) -> &str {
    if shop.seller.email.is_empty() {
        &shop.from_email
    } else {
        &shop.seller.email
    }
}

/// The shop of a token; one that was removed has no pages.
pub(crate) fn shop_of(app: &App, id: ShopId) -> Result<Arc<Shop>, PageError> {
    app.engine.shop(id).ok_or(PageError::Missing)
}

/// The person of a token. Whoever was forgotten has no pages.
pub(crate) async fn person_of(
    app: &App,
    shop: ShopId,
    id: CustomerId,
) -> Result<Customer, PageError> {
    app.engine
        .store()
        .customer(shop, id)
        .await?
        .ok_or(PageError::Missing)
}

/// A form's body, bounded.
pub(crate) async fn form(body: Body) -> Result<Vec<(String, String)>, PageError> {
    let bytes = axum::body::to_bytes(body, FORM_BODY_BYTES_MAX)
        .await
        .map_err(|_| PageError::TooLarge)?;
    Ok(parse_form(&bytes))
}

/// The fields of `application/x-www-form-urlencoded`.
fn parse_form(bytes: &[u8]) -> Vec<(String, String)> {
    let decode = |part: &[u8]| -> String {
        let mut out = Vec::with_capacity(part.len());
        let mut rest = part;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'+' => out.push(b' '),
                b'%' => {
                    let digit = |i: usize| tail.get(i).and_then(|d| char::from(*d).to_digit(16));
                    match (digit(0), digit(1)) {
                        (Some(high), Some(low)) => {
                            out.push((high * 16 + low) as u8);
                            rest = &tail[2..];
                        }
                        _ => out.push(b'%'),
                    }
                }
                _ => out.push(byte),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    bytes
        .split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            (decode(&pair[..at]), decode(value))
        })
        .collect()
}

/// A field of a form.
pub(crate) fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}

/// What shows that a form of ours was sent; `None` on a GET, which asks and does nothing.
async fn proof(method: &Method, body: Body) -> Result<Option<String>, PageError> {
    if *method != Method::POST {
        return Ok(None);
    }
    let form = form(body).await?;
    Ok(Some(field(&form, "proof").unwrap_or_default().to_owned()))
}

/// Records what a person said on our pages; durable when it returns.
pub(crate) async fn record(
    app: &App,
    shop: ShopId,
    customer: CustomerId,
    acts: Vec<ConsentAct>,
) -> Result<(), PageError> {
    if acts.is_empty() {
        return Ok(());
    }
    let line = EventLine {
        id: format!("preferences/{}", app.fresh_id()),
        at: app.engine.now(),
        event: Event::PreferencesChanged { customer, acts },
    };
    ingest(app, shop, line).await
}

/// Takes in one event of our pages; durable when it returns.
pub(crate) async fn ingest(app: &App, shop: ShopId, line: EventLine) -> Result<(), PageError> {
    match app
        .engine
        .ingest(shop, vec![NewIntake::event("pages", line, None)])
        .await
    {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::error!(%error, "a choice made on a page could not be stored");
            Err(PageError::Ours)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let form =
            parse_form(b"do=save&marketing.email=on&text=citt%C3%A0+%2B+100%25&empty=&broken=%zz");
        assert_eq!(field(&form, "do"), Some("save"));
        assert_eq!(field(&form, "marketing.email"), Some("on"));
        assert_eq!(field(&form, "text"), Some("città + 100%"));
        assert_eq!(field(&form, "empty"), Some(""));
        assert_eq!(field(&form, "broken"), Some("%zz"));
        assert_eq!(field(&form, "none"), None);
    }
}
