//! `GET /{code}`: a short link of an SMS (SMS-04). It leads where the long one led, and is counted as that would be; when its
//! time is over it says so, and what to do.

use super::{Asked, Link, ToldPage, click, contact_of, shop_of};
use crate::hosts::OwnHost;
use crate::page::{Frame, PageError, shop_page_as};
use crate::state::App;
use crate::words::{Voice, fill};
use axum::Extension;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::advance::Shop;
use dopo_engine::ports::SHORT_LINK_DAYS;
use std::net::SocketAddr;

pub(crate) async fn follow(
    State(app): State<App>,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
    method: Method,
    headers: HeaderMap,
    own: Option<Extension<OwnHost>>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
) -> Result<Response, PageError> {
    let link = app.engine.short_link(&code).await?;
    let link = link.ok_or(PageError::Missing)?;
    if own.is_some_and(|Extension(OwnHost(shop))| shop != link.shop) {
        return Err(PageError::Missing);
    }
    let shop = shop_of(&app, link.shop)?;
    let Some(path) = link.leads_to else {
        return Ok(over(&shop, asked.lang.as_deref()));
    };
    if let Some(token) = path.strip_prefix("c/") {
        let token = app.engine.tokens().open(token).ok_or(PageError::Missing)?;
        let peer = peer.map(|Extension(ConnectInfo(peer))| peer);
        return click::lead(&app, token, &method, &headers, peer);
    }
    let target = HeaderValue::try_from(format!("/{path}")).map_err(|_| PageError::Missing)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, target)]).into_response())
}

/// That the link's time is over, and what to do.
fn over(shop: &Shop, asked: Option<&str>) -> Response {
    let voice = Voice::choose(&shop.settings, asked, None);
    let contact = contact_of(&shop.settings);
    let page = ToldPage {
        frame: Frame::new(&shop.settings, voice, voice.short_over().to_owned()),
        title: voice.short_over().to_owned(),
        paragraphs: vec![
            fill(
                voice.short_over_why(),
                &[("days", &SHORT_LINK_DAYS.to_string())],
            ),
            fill(voice.short_over_next(), &[("contact", contact)]),
        ],
        link: Some(Link {
            href: format!("/track/{}?lang={}", shop.slug, voice.tag()),
            label: voice.short_over_find(),
        }),
    };
    shop_page_as(StatusCode::GONE, &page.frame, &page)
}
