//! `/track/{shop}`: an order's page by number and e-mail. The link goes out by mail to the person whose order it is, and
//! the answer is the same, and as quick, whether there is such an order or not: what is looked up and sent happens after
//! it. `/assets/lookup.js` puts the form on the shop's own site.

use super::{Asked, Link, ToldPage, contact_of, field, form};
use crate::edge::client_address;
use crate::page::{Frame, PageError, shop_page, shop_page_as};
use crate::state::App;
use crate::words::{Voice, fill};
use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dopo_core::advance::Shop;
use dopo_core::customer::{IdentityKey, IdentityKind};
use dopo_core::italy::clean_line;
use dopo_core::italy::email::EmailAddress;
use dopo_engine::console::hand::{HandError, SendAsked};
use dopo_engine::ports::number_key;
use std::net::SocketAddr;
use std::sync::Arc;

/// Orders of one person among which the number is looked for, newest first.
const ORDERS_MAX: usize = 200;
/// Longest order number, in characters.
const NUMBER_CHARS_MAX: usize = 60;
/// Longest e-mail address, in characters.
const EMAIL_CHARS_MAX: usize = 254;
/// The journey and template whose mail carries the link: the receipt of the order, sent again.
const RECEIPT: &str = "order_receipt";

#[derive(Template)]
#[template(path = "lookup.html")]
struct LookupPage {
    frame: Frame,
    action: String,
    number: String,
    contact: String,
    problem: Option<&'static str>,
}

fn shop_named(app: &App, slug: &str) -> Result<Arc<Shop>, PageError> {
    app.engine.shop_by_slug(slug).ok_or(PageError::Missing)
}

fn page(
    shop: &Shop,
    slug: &str,
    voice: Voice,
    number: String,
    problem: Option<&'static str>,
) -> LookupPage {
    LookupPage {
        frame: Frame::new(&shop.settings, voice, voice.find_title().to_owned()),
        action: format!("/track/{slug}?lang={}", voice.tag()),
        number,
        contact: contact_of(&shop.settings).to_owned(),
        problem,
    }
}

pub(crate) async fn ask(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let shop = shop_named(&app, &slug)?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), None);
    let page = page(&shop, &slug, voice, String::new(), None);
    Ok(shop_page(&page.frame, &page))
}

pub(crate) async fn find(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Body,
) -> Result<Response, PageError> {
    let shop = shop_named(&app, &slug)?;
    let voice = Voice::choose(&shop.settings, asked.lang.as_deref(), None);
    let form = form(body).await?;
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    let address = client_address(&app, &headers, peer);
    let told = |status: StatusCode, title: &str, next: String| {
        let page = ToldPage {
            frame: Frame::new(&shop.settings, voice, voice.find_title().to_owned()),
            title: title.to_owned(),
            paragraphs: vec![next],
            link: Some(Link {
                href: format!("/track/{slug}?lang={}", voice.tag()),
                label: voice.find_again(),
            }),
        };
        shop_page_as(status, &page.frame, &page)
    };
    if let Err(wait) = app.page_limits.lookups.take(&address) {
        let minutes = wait.as_secs().div_ceil(60).max(1).to_string();
        return Ok(told(
            StatusCode::TOO_MANY_REQUESTS,
            voice.find_limited(),
            fill(voice.find_limited_next(), &[("n", &minutes)]),
        ));
    }
    let line = |name: &str, max: usize| -> String {
        let text = clean_line(field(&form, name).unwrap_or_default());
        text.chars().take(max).collect()
    };
    let number = line("number", NUMBER_CHARS_MAX);
    let email = line("email", EMAIL_CHARS_MAX);
    // In the form in which people are known by it.
    let key = EmailAddress::parse(&email).ok().map(|_| IdentityKey {
        kind: IdentityKind::Email,
        value: email.to_lowercase(),
    });
    let Some(key) = key.filter(|_| !number.is_empty()) else {
        let page = page(&shop, &slug, voice, number, Some(voice.find_missing()));
        return Ok(shop_page_as(
            StatusCode::UNPROCESSABLE_ENTITY,
            &page.frame,
            &page,
        ));
    };
    // An address that was asked for too often gets nothing more for a while, and nobody is told.
    let due = app
        .page_limits
        .looked_up
        .take(&(shop.id.0, &key.value))
        .is_ok()
        && app.page_limits.lookups_of_shop.take(&shop.id.0).is_ok();
    if due {
        let app = Arc::clone(&app);
        let shop = Arc::clone(&shop);
        tokio::spawn(async move {
            if let Err(error) = send(&app, &shop, &key, &number).await {
                tracing::warn!(
                    shop = shop.slug,
                    error,
                    "a link that was asked for could not be sent"
                );
            }
        });
    }
    Ok(told(
        StatusCode::OK,
        voice.find_done(),
        voice.find_done_next().to_owned(),
    ))
}

/// Sends the order's receipt again, with the link to its page, where number and address belong together.
async fn send(app: &App, shop: &Shop, key: &IdentityKey, number: &str) -> Result<(), String> {
    let store = app.engine.store();
    let words = |error: dopo_engine::ports::StoreError| error.to_string();
    let Some(person) = store.customer_by_key(shop.id, key).await.map_err(words)? else {
        return Ok(());
    };
    let orders = store
        .orders_of(shop.id, person.id, ORDERS_MAX)
        .await
        .map_err(words)?;
    let wanted = number_key(number);
    let Some(order) = orders
        .into_iter()
        .find(|order| number_key(&clean_line(&order.snapshot.number)) == wanted)
    else {
        return Ok(());
    };
    let asked = SendAsked {
        journey: RECEIPT.to_owned(),
        step: None,
        template: RECEIPT.to_owned(),
        order: Some(order.id),
    };
    match app.engine.send_one(shop.id, person.id, asked).await {
        Ok(_) => Ok(()),
        Err(HandError::HeldBack(why)) => Err(format!("held back: {}", why.as_str())),
        Err(error) => Err(error.to_string()),
    }
}
