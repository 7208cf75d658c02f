//! The customer pages' script, built by `web/` and embedded. Without it every page works the same.

use crate::page::PageError;
use crate::state::hex;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Built;

struct Script {
    address: String,
    body: Vec<u8>,
}

static PAGES: LazyLock<Option<Script>> = LazyLock::new(|| {
    let file = Built::get("pages.js")?;
    let hash = hex(&Sha256::digest(&file.data));
    Some(Script {
        address: format!("/assets/pages.js?v={}", &hash[..16]),
        body: file.data.into_owned(),
    })
});

/// Address of the script with its hash, when it was built.
pub(crate) fn pages_script() -> Option<String> {
    PAGES.as_ref().map(|script| script.address.clone())
}

/// `GET /assets/pages.js`
pub(crate) async fn pages_js() -> Response {
    match PAGES.as_ref() {
        Some(script) => (
            [
                (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            script.body.clone(),
        )
            .into_response(),
        None => PageError::Missing.into_response(),
    }
}
