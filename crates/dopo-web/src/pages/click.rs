//! `GET /c/{token}`: a measured link. It leads only where it was sealed to lead (SEC-16); what is recorded depends on the
//! mode of the link and, for a person, on their consent as it stands now (PRIV-11).

use super::order_view::web_url;
use super::pixel::{day, who};
use crate::edge::client_address;
use crate::hits::counter_dim;
use crate::page::PageError;
use crate::state::App;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_engine::tokens::Token;
use std::net::SocketAddr;

pub(crate) async fn follow(
    State(app): State<App>,
    Path(token): Path<String>,
    method: Method,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
) -> Result<Response, PageError> {
    let token = app.engine.tokens().open(&token).ok_or(PageError::Missing)?;
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    lead(&app, token, &method, &headers, peer)
}

/// Records a click as its link was sealed to be recorded, and leads on.
pub(super) fn lead(
    app: &App,
    token: Token,
    method: &Method,
    headers: &HeaderMap,
    peer: Option<SocketAddr>,
) -> Result<Response, PageError> {
    let counted = app
        .hit_limit
        .take(&client_address(app, headers, peer))
        .is_ok();
    let now = app.engine.now();
    let by = who(method, headers);
    let url = match token {
        Token::ClickIdentified {
            shop,
            message,
            link,
            url,
        } => {
            if counted {
                app.hits.click(shop, message, link, now, by);
            }
            url
        }
        Token::ClickAggregate {
            shop,
            campaign,
            url,
        } => {
            if counted {
                app.hits.count(
                    shop,
                    day(app, shop, now),
                    "clicks.aggregate",
                    counter_dim(&campaign, by),
                );
            }
            url
        }
        _ => return Err(PageError::Missing),
    };
    let target = web_url(&url)
        .and_then(|url| HeaderValue::from_str(url).ok())
        .ok_or(PageError::Missing)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, target)]).into_response())
}
