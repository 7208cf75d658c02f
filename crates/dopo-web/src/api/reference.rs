//! `/api/`: the reference one can try. One page, one script, one style sheet, all ours; it reads `/api/v1/openapi.json`.

use crate::page::html;
use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::italy::Locale;
use serde::Deserialize;

const PAGE: &str = include_str!("reference/page.html");
const SCRIPT: &str = include_str!("reference/page.js");
const STYLE: &str = include_str!("reference/page.css");

/// Asks nobody but us, runs no script but ours.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
                      base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// Texts of the page: name, Italian, English.
const TEXTS: [(&str, &str, &str); 4] = [
    ("title", "Le API di Dopo", "The API of Dopo"),
    (
        "intro",
        "Tutto quello che fa la console si può fare da qui. Prova ogni chiamata con una chiave, o con la tua sessione.",
        "Everything the console does can be done from here. Try each call with a key, or with your session.",
    ),
    (
        "noscript",
        "Questa pagina ha bisogno di JavaScript. Il documento OpenAPI è qui:",
        "This page needs JavaScript. The OpenAPI document is here:",
    ),
    ("skip", "Vai al contenuto", "Skip to content"),
];

#[derive(Deserialize)]
pub(crate) struct PageAsked {
    lang: Option<String>,
}

/// `GET /api/`
pub(crate) async fn page(Query(asked): Query<PageAsked>) -> Response {
    let locale = asked
        .lang
        .as_deref()
        .and_then(Locale::from_tag)
        .unwrap_or_default();
    let mut body = PAGE.replace("{lang}", locale.tag()).replace(
        "{other}",
        locale.pick(
            "<a href=\"?lang=en\" hreflang=\"en\" lang=\"en\">English</a>",
            "<a href=\"?lang=it\" hreflang=\"it\" lang=\"it\">Italiano</a>",
        ),
    );
    for (name, it, en) in TEXTS {
        body = body.replace(&format!("{{{name}}}"), locale.pick(it, en));
    }
    html(StatusCode::OK, body, POLICY, locale.tag())
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        ),
    ];
    (headers, text).into_response()
}

/// `GET /api/reference.js`
pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /api/reference.css`
pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}
