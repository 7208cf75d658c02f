//! Around every route: request ids, limits, panics caught, headers, plain error pages, metrics, one log line.

use crate::api::problem::Problem;
use crate::limits::REQUEST_TIME_MAX;
use crate::page::{PageError, error_page};
use crate::state::{App, AppState};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dopo_core::italy::Locale;
use std::time::Instant;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer. Nothing of a request but its method, route pattern, status and time is ever logged.
pub(crate) async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = app.next_request_id();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let for_machines = is_for_machines(request.uri().path());
    let locale = locale_of(&request);

    let mut response = match app.in_flight.try_acquire() {
        Ok(_permit) => match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request)).await {
            Ok(response) => response,
            Err(_) => PageError::Busy.into_response(),
        },
        Err(_) => PageError::Busy.into_response(),
    };

    let bare_error = response
        .extensions()
        .get::<PageError>()
        .copied()
        .or_else(|| {
            let empty = !response.headers().contains_key(header::CONTENT_TYPE);
            (empty && response.status() == StatusCode::METHOD_NOT_ALLOWED)
                .then_some(PageError::Method)
        });
    if let Some(error) = bare_error {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = if for_machines {
            Problem::from(error).into_response()
        } else {
            error_page(error, locale, &id)
        };
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        if error == PageError::Busy {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
    }
    secure(&app, response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID.clone(), value);
    }

    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    let labels = [
        ("route", route.clone()),
        ("method", method_name(&method).to_owned()),
        ("status", status.to_string()),
    ];
    metrics::counter!("dopo_http_requests_total", &labels).increment(1);
    metrics::histogram!("dopo_http_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if status >= 500 {
        tracing::warn!(
            method = method_name(&method),
            route,
            status,
            ms,
            request = id,
            "answered"
        );
    } else {
        tracing::debug!(
            method = method_name(&method),
            route,
            status,
            ms,
            request = id,
            "answered"
        );
    }
    response
}

/// Turns a panic into our error page; the message of the panic goes to the log, never to the page.
pub(crate) fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    PageError::Ours.into_response()
}

/// Known methods by name; others as one, so that a stranger cannot fill the metrics.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "OTHER",
    }
}

fn is_for_machines(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/hooks/")
}

/// The language of an error page: asked for in the address, else the browser's, else Italian.
fn locale_of(request: &Request) -> Locale {
    let query = request.uri().query().unwrap_or_default();
    let asked = query.split('&').find_map(|pair| pair.strip_prefix("lang="));
    let browser = request
        .headers()
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    asked
        .and_then(Locale::from_tag)
        .or_else(|| {
            browser
                .split(',')
                .find_map(|tag| Locale::from_tag(tag.split(';').next()?))
        })
        .unwrap_or_default()
}

/// The headers of SEC-10, on every answer; a route that set one keeps its own.
fn secure(app: &AppState, headers: &mut HeaderMap) {
    const ALWAYS: [(HeaderName, &str); 7] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in ALWAYS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if app.is_https() {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

/// Where a request came from, for limits only: never stored, never logged. A proxy of ours may name the client.
pub(crate) fn client_address(
    app: &AppState,
    headers: &HeaderMap,
    peer: Option<std::net::SocketAddr>,
) -> String {
    let named = app
        .settings
        .client_address_header
        .as_deref()
        .and_then(|name| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.rsplit(',').next()?.trim().to_owned())
        });
    named
        .filter(|address| address.parse::<std::net::IpAddr>().is_ok())
        .or_else(|| peer.map(|peer| peer.ip().to_string()))
        .unwrap_or_default()
}
