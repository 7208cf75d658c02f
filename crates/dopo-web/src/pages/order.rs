//! `GET /o/{token}`: the order page.

use super::order_view::{OrderView, order_view};
use super::{Asked, shop_of};
use crate::page::{Frame, PageError, shop_page};
use crate::state::App;
use crate::words::Voice;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use dopo_engine::tokens::Token;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    view: OrderView,
    contact: String,
    preferences: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let Some(Token::Order { shop, order }) = app.engine.tokens().open(&token) else {
        return Err(PageError::Missing);
    };
    let shop = shop_of(&app, shop)?;
    let (order, customer) = app
        .engine
        .store()
        .order(shop.id, order)
        .await?
        .ok_or(PageError::Missing)?;
    let settings = &shop.settings;
    let person = customer.locale.or(order.snapshot.person.locale);
    let voice = Voice::choose(settings, asked.lang.as_deref(), person);
    let view = order_view(settings, &order, voice, app.engine.now());
    let mut frame = Frame::new(settings, voice, view.title.clone());
    frame.withdrawal = Some("#recesso".to_owned());
    let preferences = Token::Preferences {
        shop: shop.id,
        customer: customer.id,
    };
    let page = OrderPage {
        view,
        contact: if settings.seller.email.is_empty() {
            settings.from_email.clone()
        } else {
            settings.seller.email.clone()
        },
        preferences: format!(
            "/p/{}?lang={}",
            app.engine.tokens().seal(&preferences),
            voice.tag()
        ),
        frame,
    };
    Ok(shop_page(&page.frame, &page))
}
