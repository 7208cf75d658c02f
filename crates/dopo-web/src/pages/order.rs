//! `GET /o/{token}`: the order page, and `GET /o/{token}/calendar/{seq}.ics`: the expected delivery for a calendar.
//!
//! The page is the same for everybody who has its address. Its script asks for it again now and then, naming the version
//! it shows: as long as nothing changed the answer is 304, and such a question counts as no view.

use super::goods::{Good, goods};
use super::order_view::{OrderView, calendar, order_view};
use super::pixel::{day, who};
use super::{Asked, ask, contact_of, shop_of};
use crate::edge::client_address;
use crate::page::{Frame, PageError, shop_page};
use crate::state::{App, hex};
use crate::words::{Voice, fill};
use askama::Template;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::advance::Shop;
use dopo_core::customer::Customer;
use dopo_core::event::Actor;
use dopo_core::gate::{PageDecision, decide_page};
use dopo_core::order::Order;
use dopo_engine::tokens::Token;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::Arc;

/// The counter of views of order pages, by day. Machines and the page's own questions for news are not counted.
pub(crate) const VIEWS: &str = "pages.tracking";

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    view: OrderView,
    goods: Vec<Good>,
    contact: String,
    preferences: String,
    version: String,
    news: String,
}

/// What the address of an order page leads to.
pub(crate) struct Found {
    pub shop: Arc<Shop>,
    pub order: Order,
    pub customer: Customer,
    pub voice: Voice,
    /// The order page's address, without a question mark.
    pub base: String,
}

impl Found {
    /// The order page in the same language.
    pub(crate) fn back(&self) -> String {
        format!("{}?lang={}", self.base, self.voice.tag())
    }

    /// The parcel with this number of ours.
    pub(crate) fn parcel(&self, seq: u16) -> Option<&dopo_core::parcel::Parcel> {
        self.order.tracked.iter().find(|parcel| parcel.seq == seq)
    }
}

/// Opens the token of an order page.
pub(crate) async fn find(app: &App, token: &str, lang: Option<&str>) -> Result<Found, PageError> {
    let Some(Token::Order { shop, order }) = app.engine.tokens().open(token) else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(app, shop)?;
    let (order, customer) = app
        .engine
        .store()
        .order(shop.id, order)
        .await?
        .ok_or(PageError::Missing)?;
    let person = customer.locale.or(order.snapshot.person.locale);
    let voice = Voice::choose(&shop.settings, lang, person);
    Ok(Found {
        shop,
        order,
        customer,
        voice,
        base: format!("/o/{token}"),
    })
}

/// What names the state of a page, for [`not_modified`] and the page's script.
pub(crate) fn version_of(view: &impl std::fmt::Debug, voice: Voice) -> String {
    let said = format!("{}|{}|{view:?}", env!("CARGO_PKG_VERSION"), voice.tag());
    hex(&Sha256::digest(said.as_bytes()))[..16].to_owned()
}

/// 304, where the browser names the version there is.
pub(crate) fn not_modified(headers: &HeaderMap, version: &str) -> Option<Response> {
    let asked = headers.get(header::IF_NONE_MATCH)?.to_str().ok()?;
    asked.contains(version).then(|| {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        tag(&mut response, version);
        response
    })
}

/// Names the version of an answer.
pub(crate) fn tag(response: &mut Response, version: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("W/\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
}

/// Counts a view by a person.
fn count(app: &App, shop: &Shop, method: &Method, headers: &HeaderMap, peer: Option<SocketAddr>) {
    let person = who(method, headers) != Actor::Machine;
    let news = headers.contains_key(header::IF_NONE_MATCH);
    let address = client_address(app, headers, peer);
    if person && !news && app.hit_limit.take(&address).is_ok() {
        let day = day(app, shop.id, app.engine.now());
        app.hits.count(shop.id, day, VIEWS, String::new());
    }
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    method: Method,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
) -> Result<Response, PageError> {
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    count(&app, &found.shop, &method, &headers, peer);
    let settings = &found.shop.settings;
    let voice = found.voice;
    let now = app.engine.now();
    let mut view = order_view(settings, &found.order, voice, now, &found.base);
    ask::offer(&app, &token, &found, &mut view);
    let cases = app.engine.open_cases(found.shop.id, &found.order).await?;
    let offer = decide_page(settings, &found.customer, &found.order, &cases, now);
    // Which goods they are changes no version: questions for news read nothing of them.
    let shown = matches!(offer, PageDecision::Show(_));
    let version = version_of(&(&view, shown), voice);
    if let Some(response) = not_modified(&headers, &version) {
        return Ok(response);
    }
    let mut frame = Frame::new(settings, voice, view.title.clone());
    frame.withdrawal = Some("#recesso".to_owned());
    let goods = match &offer {
        PageDecision::Show(grant) => goods(&app, &found, grant).await,
        PageDecision::Leave { .. } => Vec::new(),
    };
    frame.pictures = goods.iter().filter_map(|good| good.image.clone()).collect();
    let preferences = Token::Preferences {
        shop: found.shop.id,
        customer: found.customer.id,
    };
    let page = OrderPage {
        news: fill(voice.live_news(), &[("sentence", &view.sentence)]),
        view,
        goods,
        contact: contact_of(settings).to_owned(),
        preferences: format!(
            "/p/{}?lang={}",
            app.engine.tokens().seal(&preferences),
            voice.tag()
        ),
        frame,
        version: version.clone(),
    };
    let mut response = shop_page(&page.frame, &page);
    tag(&mut response, &version);
    Ok(response)
}

pub(crate) async fn calendar_file(
    State(app): State<App>,
    Path((token, file)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let seq = file
        .strip_suffix(".ics")
        .and_then(|seq| seq.parse().ok())
        .ok_or(PageError::Missing)?;
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let url = format!("{}{}", app.engine.pages_url(&found.shop), found.base);
    let entry = calendar(
        &found.shop.settings,
        &found.order,
        seq,
        found.voice,
        app.engine.now(),
        &url,
    )
    .ok_or(PageError::Missing)?;
    Ok((
        [
            (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"consegna.ics\"",
            ),
        ],
        entry,
    )
        .into_response())
}
