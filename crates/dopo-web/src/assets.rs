//! What `web/` builds, embedded: the customer pages' script, without which every page works the same, and the console.

use crate::page::PageError;
use crate::state::{App, hex};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
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

/// `GET /assets/lookup.js`: the look-up form for a shop's own site, which loads it from here.
pub(crate) async fn lookup_js() -> Response {
    match Built::get("lookup.js") {
        Some(file) => (
            [
                (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
                (header::CACHE_CONTROL, "public, max-age=3600"),
                (
                    HeaderName::from_static("cross-origin-resource-policy"),
                    "cross-origin",
                ),
            ],
            file.data.into_owned(),
        )
            .into_response(),
        None => PageError::Missing.into_response(),
    }
}

/// What the console's pages may load: our own files, and nothing else. Frames show mails, which bring a policy of their
/// own.
const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Files whose name holds a hash of what they say.
const HASHED: &str = "assets/";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/console", get(async || Redirect::permanent("/console/")))
        .route("/console/", get(async || page()))
        .route("/console/{*path}", get(console))
}

/// `GET /console/{*path}`: a built file, else the page, which finds its own way by the address.
async fn console(Path(path): Path<String>) -> Response {
    let file_like =
        path.starts_with(HASHED) || path.rsplit('/').next().is_some_and(|n| n.contains('.'));
    if !file_like {
        return page();
    }
    // The manifest names the build's sources: nobody needs it here.
    if path == "manifest.json" {
        return PageError::Missing.into_response();
    }
    let Some(file) = Built::get(&format!("console/{path}")) else {
        return PageError::Missing.into_response();
    };
    let kept = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    (
        [
            (header::CONTENT_TYPE, content_type(&path)),
            (header::CACHE_CONTROL, kept),
            (header::CONTENT_SECURITY_POLICY, CONSOLE_POLICY),
        ],
        file.data.into_owned(),
    )
        .into_response()
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json" | "map" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

/// The console's page, or how to build it.
fn page() -> Response {
    let headers = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONSOLE_POLICY),
    ];
    match Built::get("console/index.html") {
        Some(file) => {
            let html = String::from_utf8_lossy(&file.data).into_owned();
            (headers, Html(html)).into_response()
        }
        None => (StatusCode::SERVICE_UNAVAILABLE, headers, Html(NOT_BUILT)).into_response(),
    }
}

/// Shown where the program was built without the console.
const NOT_BUILT: &str = "<!doctype html><html lang=\"it\"><head><meta charset=\"utf-8\"><title>Dopo</title></head><body><h1>La console non è stata compilata</h1><p>Esegui <code>npm ci &amp;&amp; npm run build</code> nella cartella <code>web</code>, poi compila di nuovo il programma. Le API e le pagine dei clienti funzionano anche senza.</p><h1 lang=\"en\">The console was not built</h1><p lang=\"en\">Run <code>npm ci &amp;&amp; npm run build</code> in the folder <code>web</code>, then build the program again. The API and the customers' pages work without it.</p></body></html>";
