//! What the desk refuses, as problem documents.

use crate::api::problem::Problem;
use axum::http::StatusCode;
use dopo_core::shop::check::FieldProblem;
use dopo_engine::desk::{AccountError, BackupRefused, SettingsError, WebhookError};
use serde_json::json;
use std::time::Duration;

/// 409: a demo's account belongs to everybody.
pub(super) fn demo() -> Problem {
    Problem::conflict(
        "demo",
        "This is a demo",
        "Its account belongs to everybody and cannot be changed.",
    )
}

/// 429 after too many attempts.
pub(super) fn locked(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    Problem::too_many(wait).renamed(
        "sign_in_locked",
        "Too many attempts",
        format!("Wait {seconds} s and try again."),
    )
}

/// 422 with every field that is wrong.
pub(super) fn fields(problems: &[FieldProblem]) -> Problem {
    let names: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    let mut problem = Problem::invalid("fields_invalid", format!("Look at: {}.", names.join(", ")));
    problem.errors = problems
        .iter()
        .map(|p| json!({ "field": p.field, "code": p.code, "it": p.it, "en": p.en }))
        .collect();
    problem
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let words = error.to_string();
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::TokenUnusable => Problem::invalid("token_unusable", words),
            AccountError::Weak(why) => {
                let mut problem = Problem::invalid("password_weak", words);
                problem
                    .errors
                    .push(json!({ "field": "password", "code": "password_weak", "it": why.it(), "en": why.en() }));
                problem
            }
            AccountError::WrongPassword => Problem::field(
                "old",
                "password_wrong",
                "La password attuale è un'altra.",
                "The present password is another one.",
            ),
            AccountError::LastOwner => {
                Problem::conflict("last_owner", "This is the last owner", words)
            }
            AccountError::NotFound => super::nothing(),
            AccountError::AlreadyMember => {
                Problem::conflict("already_member", "They are in the team already", words)
            }
            AccountError::BadAddress => Problem::field(
                "email",
                "not_an_address",
                "Non è un indirizzo e-mail.",
                "This is not an e-mail address.",
            ),
            AccountError::Demo => demo(),
            AccountError::SetUp => Problem::conflict("set_up", "Somebody has set this up", words),
            AccountError::Hash(why) => {
                tracing::error!(error = why, "a password could not be hashed");
                Problem::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong on our side",
                    "Send it again; the x-request-id header names it in our log.",
                )
            }
        }
    }
}

impl From<SettingsError> for Problem {
    fn from(error: SettingsError) -> Self {
        let words = error.to_string();
        match error {
            SettingsError::Store(error) => error.into(),
            SettingsError::Ingest(error) => error.into(),
            SettingsError::Fields(problems) => fields(&problems),
            SettingsError::NotReady(checklist) => {
                Problem::conflict("not_ready", "Something is missing before going live", words)
                    .with("checklist", super::shop::Checklist::from(*checklist))
            }
            SettingsError::Taken => {
                let mut problem = Problem::conflict("slug_taken", "The name is taken", words);
                problem.errors.push(json!({ "field": "slug", "code": "taken", "it": "Questo nome è già usato.", "en": "This name is taken." }));
                problem
            }
            SettingsError::Gone => super::nothing(),
            SettingsError::Library(error) => {
                tracing::error!(%error, "a new shop got no journeys");
                Problem::unavailable()
            }
            SettingsError::NoKey(why) => {
                Problem::conflict("no_key", "No key could be made here", why)
            }
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let words = error.to_string();
        match error {
            WebhookError::Store(error) => error.into(),
            WebhookError::BadUrl(_) => Problem::field(
                "url",
                "not_an_address",
                "Serve un indirizzo pubblico che comincia con https://.",
                &words,
            ),
            WebhookError::BadKind(_) => Problem::field(
                "kinds",
                "no_such_kind",
                "Questo tipo di evento non esiste.",
                &words,
            ),
            WebhookError::TooMany => {
                Problem::conflict("too_many_webhooks", "There are too many webhooks", words)
            }
            WebhookError::NotFound => super::nothing(),
        }
    }
}

impl From<BackupRefused> for Problem {
    fn from(error: BackupRefused) -> Self {
        let words = error.to_string();
        match error {
            BackupRefused::Store(error) => error.into(),
            BackupRefused::NoFolder => {
                Problem::conflict("no_backup_folder", "There is no folder for backups", words)
            }
            BackupRefused::Running => {
                Problem::conflict("backup_running", "A backup is being made", words)
            }
        }
    }
}
