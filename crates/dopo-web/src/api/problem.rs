//! Errors of the API: RFC 9457 problem documents with a stable code and plain words.

use crate::page::PageError;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Role;
use dopo_engine::intake::IngestError;
use dopo_engine::ports::StoreError;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An error for machines and for the person who reads their log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "status": 404, "code": "not_found", "title": "There is nothing here", "detail": "This shop has no person with this id." }))]
pub(crate) struct Problem {
    /// HTTP status, also in the status line.
    pub status: u16,
    /// Stable name.
    pub code: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// Why, and what to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// One entry per wrong part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub errors: Vec<Value>,
    /// With `scope_missing`: which scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<&'static str>,
    /// With some codes: what else there is to know, such as the checklist with `not_ready`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub more: Option<Box<Map<String, Value>>>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Problem {
            status: status.as_u16(),
            code,
            title,
            detail: detail.into(),
            errors: Vec::new(),
            scope: None,
            more: None,
            retry_after_s: None,
        }
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "The key or signature is missing or wrong",
            detail,
        )
    }

    pub(crate) fn forbidden(scope: &'static str) -> Self {
        let detail = format!(
            "This key lacks the scope `{scope}`. Make one with `dopo api-key add SHOP --scope {scope}`."
        );
        let mut problem = Problem::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            "The key may not do this",
            detail,
        );
        problem.scope = Some(scope);
        problem
    }

    /// The role of a session does not have the scope.
    pub(crate) fn forbidden_role(scope: &'static str, role: Role) -> Self {
        let detail = format!(
            "The role `{}` lacks `{scope}`. An owner of the shop can change it.",
            role.as_str()
        );
        let mut problem = Problem::new(
            StatusCode::FORBIDDEN,
            "scope_missing",
            "Your role may not do this",
            detail,
        );
        problem.scope = Some(scope);
        problem
    }

    /// A change asked for by a page of another site.
    pub(crate) fn cross_site() -> Self {
        Problem::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "Another site asked for this",
            "With the console's cookie a change must come from the console itself and carry the header `Dopo-Shop`.",
        )
    }

    /// What was asked cannot be done as things stand.
    pub(crate) fn conflict(
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Problem::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// The same with one more member in the document.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.more
            .get_or_insert_default()
            .insert(name.to_owned(), value);
        self
    }

    /// The same with another name and other words.
    pub(crate) fn renamed(
        mut self,
        code: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        (self.code, self.title, self.detail) = (code, title, detail.into());
        self
    }

    /// One field is wrong, in both languages.
    pub(crate) fn field(field: &str, code: &'static str, it: &str, en: &str) -> Self {
        let mut problem = Problem::invalid("fields_invalid", format!("`{field}`: {en}"));
        problem
            .errors
            .push(serde_json::json!({ "field": field, "code": code, "it": it, "en": en }));
        problem
    }

    pub(crate) fn not_found(detail: &str) -> Self {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here",
            detail,
        )
    }

    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let detail = format!("The body may have {bytes_max} bytes. Send it in smaller parts.");
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The body is too large",
            detail,
        )
    }

    pub(crate) fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            code,
            "The request cannot be used as it is",
            detail,
        )
    }

    pub(crate) fn too_many(wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let mut problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "Too many requests with this key",
            format!("Wait {seconds} s. Many events fit into one request: up to 1,000."),
        );
        problem.retry_after_s = u32::try_from(seconds).ok();
        problem
    }

    pub(crate) fn unavailable() -> Self {
        let mut problem = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The store does not answer",
            "Nothing was stored. Send it again in a few seconds.",
        );
        problem.retry_after_s = Some(5);
        problem
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Missing => {
                Problem::not_found("No such address. The API is described in docs/api.md.")
            }
            PageError::Form => Problem::new(
                StatusCode::FORBIDDEN,
                "forbidden",
                "This is not allowed",
                "",
            ),
            PageError::TooLarge => Problem::too_large(crate::limits::FORM_BODY_BYTES_MAX),
            PageError::Method => Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Another method is meant here",
                "See the Allow header.",
            ),
            PageError::Busy => Problem::unavailable(),
            PageError::Ours => Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side",
                "Send it again; the x-request-id header names it in our log.",
            ),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed under an API request");
        Problem::unavailable()
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        tracing::error!(%error, "what came in could not be stored");
        Problem::unavailable()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
