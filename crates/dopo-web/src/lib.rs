//! The web edge: vendors' hooks, the API, customers' pages, the captured mailbox. It holds no SQL and no rules: it asks
//! the engine and shows what it says.
//!
//! [`router`] is everything; [`run_hits`] writes measurements in the background and is spawned once beside it.

mod api;
mod assets;
mod captured;
mod demo;
mod edge;
mod hits;
mod hooks;
mod hosts;
pub mod limits;
mod ops;
mod page;
pub mod pages;
mod rate;
mod sign_in;
mod state;
pub mod words;

pub use hits::run as run_hits;
pub use state::{App, AppState, WebParts, WebSettings};

use axum::Router;
use axum::routing::{get, post};
use page::PageError;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

/// Every route with everything around it.
pub fn router(app: App) -> Router {
    let compress = SizeAbove::new(limits::COMPRESS_BYTES_MIN)
        .and(NotForContentType::const_new("image/png"))
        .and(NotForContentType::const_new("image/gif"));
    let mut router = Router::new()
        .route("/hooks/{slug}/{source}", post(hooks::receive))
        .merge(api::routes(&app))
        .merge(pages::routes())
        .merge(captured::routes())
        .merge(sign_in::routes())
        .route("/", get(captured::home))
        .merge(assets::routes())
        .route("/assets/pages.js", get(assets::pages_js))
        .route("/assets/lookup.js", get(assets::lookup_js))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics));
    if app.settings.demo {
        router = router.merge(demo::routes());
    }
    router
        .fallback(async || PageError::Missing)
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(compress),
        )
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            hosts::keep,
        ))
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(axum::middleware::from_fn_with_state(
            app.clone(),
            edge::around,
        ))
        .with_state(app)
}
