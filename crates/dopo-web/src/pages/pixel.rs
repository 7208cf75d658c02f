//! `GET /i/{token}.gif`: the image that tells of an open. It is always the same image; what is recorded depends on the
//! mode that was fixed when the mail was rendered, and for a person on their consent as it stands now (PRIV-10).

use crate::edge::client_address;
use crate::hits::{actor, counter_dim};
use crate::state::App;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::{IntoResponse, Response};
use dopo_core::id::ShopId;
use dopo_engine::tokens::Token;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::net::SocketAddr;

/// One transparent pixel.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

pub(crate) async fn fetch(
    State(app): State<App>,
    Path(file): Path<String>,
    method: Method,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
) -> Response {
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    let token = file
        .strip_suffix(".gif")
        .and_then(|token| app.engine.tokens().open(token));
    if let Some(token) = token
        && app
            .hit_limit
            .take(&client_address(&app, &headers, peer))
            .is_ok()
    {
        let now = app.engine.now();
        let by = who(&method, &headers);
        match token {
            Token::OpenIdentified { shop, message } => app.hits.open(shop, message, now, by),
            Token::OpenAggregate { shop, campaign } => {
                app.hits.count(
                    shop,
                    day(&app, shop, now),
                    "opens.aggregate",
                    counter_dim(&campaign, by),
                );
            }
            _ => {}
        }
    }
    (
        [
            (header::CONTENT_TYPE, "image/gif"),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "cross-origin",
            ),
        ],
        GIF,
    )
        .into_response()
}

/// Who asks, as far as the request tells.
pub(crate) fn who(method: &Method, headers: &HeaderMap) -> dopo_core::event::Actor {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let purpose = text("sec-purpose")
        .or_else(|| text("purpose"))
        .or_else(|| text("x-moz"));
    actor(text("user-agent"), purpose, method == Method::HEAD)
}

/// The day in the shop's zone.
pub(crate) fn day(app: &App, shop: ShopId, now: Timestamp) -> Date {
    let zone = app
        .engine
        .shop(shop)
        .and_then(|shop| TimeZone::get(&shop.settings.time_zone).ok())
        .unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).date()
}
