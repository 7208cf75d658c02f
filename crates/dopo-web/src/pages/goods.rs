//! The goods that the order page shows beside the order, where the gate allows it ([`dopo_core::gate::decide_page`]).

use super::order::Found;
use super::order_view::web_url;
use crate::page::own_image;
use crate::state::App;
use dopo_core::gate::{PAGE_GOODS_MAX, PageGrant};
use dopo_core::italy::{clean_line, format};
use dopo_core::product::{may_show, similar_categories};
use dopo_core::shop::TrackingMode;
use dopo_engine::tokens::Token;

/// Goods asked for, so that some are left when those that were bought or have no page are taken out.
const GOODS_ASKED_MAX: usize = 16;
/// Where a counted click came from, in the place of journey and step.
const CAMPAIGN: &str = "pages/order";

/// One of the shop's goods.
pub(crate) struct Good {
    pub title: String,
    pub price: Option<String>,
    pub href: String,
    pub image: Option<String>,
}

/// What goes with the order. A page without it is whole: a store that fails here is only logged.
pub(crate) async fn goods(app: &App, found: &Found, grant: &PageGrant) -> Vec<Good> {
    let shop = &found.shop;
    let order = Some(&found.order);
    let categories = similar_categories(&shop.settings, order);
    let store = app.engine.store();
    let products = match store
        .products_like(shop.id, &categories, &[], GOODS_ASKED_MAX)
        .await
    {
        Ok(products) => products,
        Err(error) => {
            tracing::error!(%error, "goods for a page could not be read");
            return Vec::new();
        }
    };
    let address = |url: &str| match grant.tracking_click {
        TrackingMode::Off | TrackingMode::Identified => url.to_owned(),
        TrackingMode::Aggregate => {
            let token = Token::ClickAggregate {
                shop: shop.id,
                campaign: CAMPAIGN.to_owned(),
                url: url.to_owned(),
            };
            format!("/c/{}", app.engine.tokens().seal(&token))
        }
    };
    products
        .iter()
        .filter(|product| product.available && may_show(product, order))
        .filter_map(|product| {
            Some(Good {
                title: clean_line(&product.title),
                price: product
                    .price
                    .map(|price| format::amount(price, found.voice.locale)),
                href: address(web_url(product.url.as_deref()?)?),
                image: product
                    .image_url
                    .as_deref()
                    .and_then(|url| own_image(&shop.settings, url))
                    .map(str::to_owned),
            })
        })
        .take(PAGE_GOODS_MAX)
        .collect()
}
