//! Hosts of the shops' own pages (`ordini.bottega.it`): under such a name its customers' pages are served, and nothing else:
//! no console, no API, no hooks, and no other shop's pages. Under any other name everything is as if there were none.

use crate::page::PageError;
use crate::state::App;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use dopo_engine::short_links::is_short_link;

/// What a path is under the host of a shop's pages.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// One of its pages, or a file of theirs.
    Page,
    /// The door.
    Home,
    /// Nothing that is served there.
    Nothing,
}

/// The shop under whose host a request came; a page whose address does not say whose it is looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnHost(pub(crate) ShopId);

/// Lets through what may be served under the host that was asked.
pub(crate) async fn keep(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if !app.engine.has_pages_hosts() {
        return next.run(request).await;
    }
    let Some(shop) = host_of(&request).and_then(|host| app.engine.shop_by_host(&host)) else {
        return next.run(request).await;
    };
    let owner = |token: &str| app.engine.tokens().open(token).map(|token| token.shop());
    match place(&shop, request.uri().path(), owner) {
        Place::Page => {
            request.extensions_mut().insert(OwnHost(shop.id));
            next.run(request).await
        }
        Place::Home => Redirect::to(&format!("/track/{}", shop.slug)).into_response(),
        Place::Nothing => PageError::Missing.into_response(),
    }
}

/// The host that was asked, as settings write it.
fn host_of(request: &Request) -> Option<String> {
    let named = || {
        let value = request.headers().get(header::HOST)?.to_str().ok()?;
        value.split(':').next()
    };
    let host = request.uri().host().or_else(named)?;
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

fn place(shop: &Shop, path: &str, owner: impl Fn(&str) -> Option<ShopId>) -> Place {
    let mut parts = path.split('/').skip(1);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let own = |token: &str| match owner(token) {
        Some(id) if id == shop.id => Place::Page,
        _ => Place::Nothing,
    };
    match (first, second) {
        ("", None) => Place::Home,
        (code, None) if is_short_link(code) => Place::Page,
        ("assets", Some("pages.js" | "lookup.js")) => Place::Page,
        ("track", Some(slug)) if slug == shop.slug => Place::Page,
        ("o" | "p" | "u" | "m" | "r" | "c", Some(token)) => own(token),
        ("i" | "k", Some(file)) => own(file.split('.').next().unwrap_or_default()),
        _ => Place::Nothing,
    }
}
