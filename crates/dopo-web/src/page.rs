//! What all pages have in common: the frame, the policy headers, the error pages.

use crate::pages::order_view::web_url;
use crate::words::{Voice, fill};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_core::italy::Locale;
use dopo_core::shop::{Register, ShopSettings};
use dopo_engine::render::colour::accessible_accent;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// The one style sheet, inline on every page: nothing to fetch.
pub(crate) const CSS: &str = include_str!("page.css");

/// The hash of [`CSS`] as a content security policy names it.
static CSS_HASH: LazyLock<String> = LazyLock::new(|| style_hash(CSS));

fn style_hash(css: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(css.as_bytes()))
    )
}

/// The seller's block that stands on every page (CONS-18).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SellerBlock {
    pub legal_name: String,
    pub address: String,
    pub email: String,
    pub phone: Option<(String, String)>,
    pub vat_number: String,
    pub rea: String,
    pub share_capital: Option<String>,
    pub adr: Option<String>,
    pub terms_url: Option<String>,
    pub privacy_url: Option<String>,
}

/// The frame around a page of a shop.
pub(crate) struct Frame {
    pub voice: Voice,
    pub title: String,
    pub shop_name: String,
    pub shop_url: Option<String>,
    pub logo: Option<String>,
    /// Other pictures of the page, all from the shop's own site.
    pub pictures: Vec<String>,
    pub css: &'static str,
    pub accent_css: Option<String>,
    pub script: Option<String>,
    pub seller: SellerBlock,
    /// Address of the withdrawal section, where the page has one or knows one.
    pub withdrawal: Option<String>,
    /// The same page in other languages: tag and words of the link.
    pub languages: Vec<(&'static str, &'static str)>,
}

impl Frame {
    /// The frame of a page of `shop`.
    pub(crate) fn new(shop: &ShopSettings, voice: Voice, title: String) -> Self {
        let logo = shop
            .logo_url
            .as_deref()
            .and_then(|url| own_image(shop, url))
            .map(str::to_owned);
        let seller = &shop.seller;
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        Frame {
            voice,
            title,
            shop_name: shop.name.clone(),
            shop_url: shop
                .storefront_url
                .as_deref()
                .and_then(web_url)
                .map(str::to_owned),
            logo,
            pictures: Vec::new(),
            css: CSS,
            accent_css: shop.accent.as_deref().map(accent_css),
            script: crate::assets::pages_script(),
            seller: SellerBlock {
                legal_name: if seller.legal_name.is_empty() {
                    shop.name.clone()
                } else {
                    seller.legal_name.clone()
                },
                address: seller.address.clone(),
                email: seller.email.clone(),
                phone: crate::pages::order_view::phone(&seller.phone),
                vat_number: seller.vat_number.clone(),
                rea: seller.rea.clone(),
                share_capital: given(&seller.share_capital),
                adr: given(&seller.adr),
                terms_url: shop
                    .terms_url
                    .as_deref()
                    .and_then(web_url)
                    .map(str::to_owned),
                privacy_url: shop
                    .privacy_url
                    .as_deref()
                    .and_then(web_url)
                    .map(str::to_owned),
            },
            withdrawal: None,
            languages: languages(shop, voice),
        }
    }

    /// The policy of a page in this frame (SEC-10). Its script asks for its own page again, and for nothing else.
    pub(crate) fn policy(&self) -> String {
        let mut styles = CSS_HASH.clone();
        if let Some(accent) = &self.accent_css {
            styles.push(' ');
            styles.push_str(&style_hash(accent));
        }
        let mut images: Vec<String> = self
            .logo
            .iter()
            .chain(&self.pictures)
            .filter_map(|url| origin(url))
            .collect();
        images.sort_unstable();
        images.dedup();
        let images = if images.is_empty() {
            "'none'".to_owned()
        } else {
            images.join(" ")
        };
        let scripts = if self.script.is_some() {
            "'self'"
        } else {
            "'none'"
        };
        format!(
            "default-src 'none'; style-src {styles}; img-src {images}; script-src {scripts}; connect-src 'self'; form-action 'self'; \
             base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
        )
    }
}

/// Italian, English and what files add, without the one the page is in.
fn languages(shop: &ShopSettings, voice: Voice) -> Vec<(&'static str, &'static str)> {
    // Each built-in language knows the words of the link to the other.
    let [it, en] = [Locale::It, Locale::En].map(|l| Voice::built_in(l, Register::Tu));
    let built_in = [
        (it.tag(), en.other_language()),
        (en.tag(), it.other_language()),
    ];
    built_in
        .into_iter()
        .chain(crate::words::languages::others(&shop.name))
        .filter(|(tag, _)| *tag != voice.tag())
        .collect()
}

/// The policy of our own pages that belong to no shop.
pub(crate) fn plain_policy() -> String {
    format!(
        "default-src 'none'; style-src {}; img-src 'none'; script-src 'none'; form-action 'self'; base-uri 'none'; \
         object-src 'none'; frame-src 'self'; frame-ancestors 'none'",
        *CSS_HASH
    )
}

/// An image that comes from the shop's own site: pages ask no third party for anything (PRIV-13).
pub(crate) fn own_image<'a>(shop: &ShopSettings, url: &'a str) -> Option<&'a str> {
    let url = web_url(url)?;
    let home = host(shop.storefront_url.as_deref()?)?;
    let home = home
        .strip_prefix("www.")
        .unwrap_or(home)
        .to_ascii_lowercase();
    let host = host(url)?.to_ascii_lowercase();
    (host == home || host.ends_with(&format!(".{home}"))).then_some(url)
}

fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', '?', '#']).next()?;
    (!host.is_empty() && !host.contains(['@', '\'', ';', ' '])).then_some(host)
}

/// `https://host` of an address.
fn origin(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    Some(format!("{}://{}", scheme.to_ascii_lowercase(), host(url)?))
}

/// A style for the shop's accent, brought to where text on it can be read in light and dark.
fn accent_css(accent: &str) -> String {
    let accent = accessible_accent(Some(accent));
    format!(
        ":root{{--accent:{}}}@media(prefers-color-scheme:dark){{:root{{--accent:{}}}}}",
        accent.light, accent.dark
    )
}

/// A page as a response with its policy.
pub(crate) fn html(status: StatusCode, body: String, policy: &str, lang: &'static str) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Renders a page of a shop; a template that fails is our error, never a half page.
pub(crate) fn shop_page(frame: &Frame, page: &impl Template) -> Response {
    shop_page_as(StatusCode::OK, frame, page)
}

/// The same with another status: the form is wrong, or came too often.
pub(crate) fn shop_page_as(status: StatusCode, frame: &Frame, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => html(status, body, &frame.policy(), frame.voice.tag()),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            PageError::Ours.into_response()
        }
    }
}

/// Renders a page of ours that belongs to no shop.
pub(crate) fn own_page(page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => html(StatusCode::OK, body, &plain_policy(), "it"),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            PageError::Ours.into_response()
        }
    }
}

/// Why there is no page. Becomes an error page in plain words with the request's id (see [`crate::edge`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PageError {
    /// Nothing is there: unknown address, forged, altered or expired link.
    Missing,
    /// The form's proof does not hold.
    Form,
    /// The body is larger than a form can be.
    TooLarge,
    /// Another method is meant.
    Method,
    /// Too much at once.
    Busy,
    /// Our fault.
    Ours,
}

impl PageError {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            PageError::Missing => StatusCode::NOT_FOUND,
            PageError::Form => StatusCode::FORBIDDEN,
            PageError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::Method => StatusCode::METHOD_NOT_ALLOWED,
            PageError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            PageError::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<dopo_engine::ports::StoreError> for PageError {
    fn from(error: dopo_engine::ports::StoreError) -> Self {
        tracing::error!(%error, "the store failed under a page");
        PageError::Ours
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    voice: Voice,
    css: &'static str,
    title: &'static str,
    why: &'static str,
    what: &'static str,
    code: &'a str,
}

/// The error page for a response that carries a [`PageError`].
pub(crate) fn error_page(error: PageError, locale: Locale, request_id: &str) -> Response {
    let voice = Voice::built_in(locale, Register::Tu);
    let (title, why, what) = match error {
        PageError::Missing => (
            voice.e_missing(),
            voice.e_missing_why(),
            voice.e_missing_do(),
        ),
        PageError::Form | PageError::TooLarge => {
            (voice.e_form(), voice.e_form_why(), voice.e_form_do())
        }
        PageError::Method => (
            voice.e_method(),
            voice.e_missing_why(),
            voice.e_missing_do(),
        ),
        PageError::Busy => (voice.e_busy(), voice.e_ours_why(), voice.e_busy_do()),
        PageError::Ours => (voice.e_ours(), voice.e_ours_why(), voice.e_ours_do()),
    };
    let page = ErrorPage {
        voice,
        css: CSS,
        title,
        why,
        what,
        code: request_id,
    };
    let body = page
        .render()
        .unwrap_or_else(|_| fill("{t}. {c}", &[("t", title), ("c", request_id)]));
    html(error.status(), body, &plain_policy(), voice.tag())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_never_carries_anything_but_a_colour() {
        for accent in ["#ffff00", "red;}body{display:none", "#12345g"] {
            let css = accent_css(accent);
            assert_eq!(css.matches(';').count(), 0, "{css}");
            assert_eq!(css.matches('#').count(), 2, "{css}");
        }
    }

    #[test]
    fn only_the_shop_s_own_images_are_shown() {
        let mut shop = ShopSettings::new("Bottega", "a@b.it", Default::default());
        shop.storefront_url = Some("https://www.bottega.example".into());
        assert!(own_image(&shop, "https://cdn.bottega.example/logo.png").is_some());
        assert!(own_image(&shop, "https://bottega.example.evil.example/logo.png").is_none());
        assert!(own_image(&shop, "javascript:alert(1)").is_none());
    }
}
