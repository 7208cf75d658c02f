//! `/o/{token}/ask/{seq}`: "ask the courier now". The button stands on the order page; GET tells how the question stands,
//! POST asks. What the courier says is read from the facts.

use super::order::{Found, find};
use super::order_view::{AskForm, ask_box, ask_words};
use super::{Ask, AskPage, Asked, Link, ToldPage, field, form};
use crate::edge::client_address;
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use dopo_core::parcel::InstructedBy;
use dopo_engine::couriers::AskStanding;
use std::net::SocketAddr;

/// The kind of form, for its proof.
const FORM: &str = "ask";

/// Puts the question to the parcels of an order page that it helps.
pub(super) fn offer(
    app: &App,
    token: &str,
    found: &Found,
    view: &mut super::order_view::OrderView,
) {
    let now = app.engine.now();
    for track in &mut view.tracks {
        let parcel = track.seq.and_then(|seq| found.parcel(seq));
        let can = parcel.and_then(|parcel| app.engine.can_be_asked(found.shop.id, parcel));
        if let (Some(parcel), Some(can)) = (parcel, can) {
            let form = can.then(|| AskForm {
                action: action(found, parcel.seq),
                proof: app.form_proof(FORM, token),
            });
            let settings = &found.shop.settings;
            track.ask = ask_box(settings, &found.order, parcel, found.voice, now, form);
        }
    }
}

fn action(found: &Found, seq: u16) -> String {
    format!("{}/ask/{seq}?lang={}", found.base, found.voice.tag())
}

pub(crate) async fn ask(
    State(app): State<App>,
    Path((token, seq)): Path<(String, u16)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let parcel = found.parcel(seq).ok_or(PageError::Missing)?;
    let engine = &app.engine;
    let standing = engine
        .ask_standing(&found.shop, &found.order, parcel)
        .await?;
    let v = found.voice;
    let frame = Frame::new(&found.shop.settings, v, v.ask_title().to_owned());
    let link = Some(Link {
        href: found.back(),
        label: v.back_to_order(),
    });
    if standing == AskStanding::Free {
        let page = AskPage {
            frame,
            title: v.ask_button().to_owned(),
            hint: Some(v.ask_hint().to_owned()),
            ask: Some(Ask {
                action: action(&found, seq),
                field: "proof",
                value: app.form_proof(FORM, &token),
                button: v.ask_button(),
            }),
            link,
        };
        return Ok(shop_page(&page.frame, &page));
    }
    let words = ask_words(
        &found.shop.settings,
        &found.order,
        v,
        engine.now(),
        standing,
    );
    Ok(told(frame, words, link))
}

fn told(frame: Frame, (title, paragraphs): (String, Vec<String>), link: Option<Link>) -> Response {
    let page = ToldPage {
        frame,
        title,
        paragraphs,
        link,
    };
    shop_page(&page.frame, &page)
}

pub(crate) async fn act(
    State(app): State<App>,
    Path((token, seq)): Path<(String, u16)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Body,
) -> Result<Response, PageError> {
    let form = form(body).await?;
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    if !app.form_proof_holds(FORM, &token, field(&form, "proof").unwrap_or_default()) {
        return Err(PageError::Form);
    }
    let parcel = found.parcel(seq).ok_or(PageError::Missing)?;
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    let address = client_address(&app, &headers, peer);
    if app.page_limits.askers.take(&address).is_err() {
        return Err(PageError::Busy);
    }
    let done = app
        .engine
        .ask_courier(&found.shop, &found.order, parcel, InstructedBy::Buyer)
        .await;
    match done {
        Ok(AskStanding::Free) => Ok(Redirect::to(&found.back()).into_response()),
        Ok(_) => Ok(Redirect::to(&action(&found, seq)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a question to the courier could not be stored");
            Err(PageError::Ours)
        }
    }
}
