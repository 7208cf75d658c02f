//! `/demo/`: what is going on in the demo shop, with links to what customers see. Only in demo mode.

use crate::captured::{Row, moment, rows};
use crate::limits::DEMO_ROWS;
use crate::page::{CSS, PageError, own_page};
use crate::pages::order_view::order_view;
use crate::sign_in::own_voice;
use crate::state::App;
use crate::words::{Voice, fill};
use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use dopo_core::italy::clean_line;
use dopo_engine::ports::MessageFilter;
use serde::Deserialize;
use std::collections::HashSet;

/// Seconds between renewals of the page.
const RENEW_S: u32 = 10;
/// Orders shown.
const ORDERS_MAX: usize = 8;
/// Messages looked at to find orders on the move.
const LOOK_BACK: usize = 120;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/demo/", get(show))
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    lang: Option<String>,
    still: Option<String>,
}

struct OrderCard {
    href: String,
    label: String,
    sentence: String,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "demo.html")]
struct DemoPage {
    voice: Voice,
    css: &'static str,
    time: String,
    refresh: Option<String>,
    toggle: (String, &'static str),
    orders: Vec<OrderCard>,
    rows: Vec<Row>,
}

async fn show(State(app): State<App>, Query(asked): Query<Asked>) -> Result<Response, PageError> {
    let voice = own_voice(asked.lang.as_deref());
    let still = asked.still.is_some();
    let now = app.engine.now();
    let shops = app.engine.shops();
    let mut page = DemoPage {
        voice,
        css: CSS,
        time: String::new(),
        refresh: (!still).then(|| fill(voice.demo_refresh(), &[("n", &RENEW_S.to_string())])),
        toggle: if still {
            (format!("/demo/?lang={}", voice.tag()), voice.demo_go())
        } else {
            (
                format!("/demo/?still=1&lang={}", voice.tag()),
                voice.demo_pause(),
            )
        },
        orders: Vec::new(),
        rows: Vec::new(),
    };
    if let Some(shop) = shops.first() {
        let day = moment(shop, now, now, voice);
        let zone =
            jiff::tz::TimeZone::get(&shop.settings.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let local = now.to_zoned(zone);
        let long = dopo_core::italy::format::date_full(local.date(), voice.locale);
        let clock = day.rsplit(", ").next().unwrap_or_default().to_owned();
        page.time = fill(voice.demo_time(), &[("when", &format!("{long}, {clock}"))]);
        let messages = app
            .engine
            .store()
            .messages(shop.id, &MessageFilter::default(), LOOK_BACK)
            .await?;
        let mut seen = HashSet::new();
        for order in messages.iter().filter_map(|m| m.order_id) {
            if page.orders.len() == ORDERS_MAX || !seen.insert(order) {
                continue;
            }
            let Some((order, _)) = app.engine.store().order(shop.id, order).await? else {
                continue;
            };
            let view = order_view(&shop.settings, &order, voice, now, "");
            let token = dopo_engine::tokens::Token::Order {
                shop: shop.id,
                order: order.id,
            };
            page.orders.push(OrderCard {
                href: format!(
                    "/o/{}?lang={}",
                    app.engine.tokens().seal(&token),
                    voice.tag()
                ),
                label: fill(
                    voice.demo_open(),
                    &[("number", &clean_line(&order.snapshot.number))],
                ),
                sentence: view.sentence,
                tone: view.tone.class(),
            });
        }
        let shown = &messages[..messages.len().min(DEMO_ROWS)];
        page.rows = rows(&app, shop, shown, voice).await?;
    }
    let mut response = own_page(&page);
    if !still {
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from(RENEW_S));
    }
    Ok(response)
}
