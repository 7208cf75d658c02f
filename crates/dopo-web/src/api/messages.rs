//! `GET /api/v1/messages` and `/api/v1/messages/{id}`: what was decided, and why (scope `messages:read`).

use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::limits::API_ROWS_MAX;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, Query, State};
use dopo_core::access::Scope;
use dopo_core::id::{CustomerId, EffectId, OrderId};
use dopo_core::italy::Locale;
use dopo_core::message::{Message, MessageStatus};
use dopo_engine::ports::MessageFilter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    customer: Option<i64>,
    order: Option<i64>,
    status: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
}

/// Why a message leaves or does not, in words.
#[derive(Serialize)]
pub(crate) struct Why {
    /// `allowed` or `held_back` or `waiting`.
    pub decision: &'static str,
    /// The basis in law, when allowed.
    pub basis: Option<&'static str>,
    /// The proof.
    pub evidence: Option<String>,
    /// The reason, when not.
    pub reason: Option<&'static str>,
    /// One line, Italian.
    pub it: String,
    /// One line, English.
    pub en: String,
}

/// The why of a message.
pub(crate) fn why(message: &Message) -> Why {
    let left = matches!(
        message.status,
        MessageStatus::Sent | MessageStatus::Captured | MessageStatus::Bounced
    );
    match (&message.grant, message.reason) {
        (Some(grant), reason) if left || reason.is_none() => Why {
            decision: "allowed",
            basis: Some(grant.basis.as_str()),
            evidence: Some(grant.evidence.clone()),
            reason: None,
            it: grant.basis.words(Locale::It).to_owned(),
            en: grant.basis.words(Locale::En).to_owned(),
        },
        (grant, Some(reason)) => Why {
            decision: if message.status == MessageStatus::Queued {
                "waiting"
            } else {
                "held_back"
            },
            basis: grant.as_ref().map(|g| g.basis.as_str()),
            evidence: grant.as_ref().map(|g| g.evidence.clone()),
            reason: Some(reason.as_str()),
            it: reason.words(Locale::It).to_owned(),
            en: reason.words(Locale::En).to_owned(),
        },
        (_, None) => Why {
            decision: "held_back",
            basis: None,
            evidence: None,
            reason: None,
            it: "Il motivo non è stato registrato.".to_owned(),
            en: "The reason was not recorded.".to_owned(),
        },
    }
}

fn shown(message: &Message) -> Value {
    let mut value = serde_json::to_value(message).unwrap_or(Value::Null);
    if let (Some(object), Ok(why)) = (value.as_object_mut(), serde_json::to_value(why(message))) {
        object.insert("why".to_owned(), why);
    }
    value
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
    caller.need(Scope::MessagesRead)?;
    let Query(asked) =
        asked.map_err(|error| Problem::invalid("query_invalid", error.body_text()))?;
    let status = match &asked.status {
        Some(name) => Some(MessageStatus::parse(name).ok_or_else(|| {
            let known: Vec<&str> = MessageStatus::ALL
                .into_iter()
                .map(MessageStatus::as_str)
                .collect();
            Problem::invalid(
                "status_unknown",
                format!("`status` is one of {}.", known.join(", ")),
            )
        })?),
        None => None,
    };
    let before = match &asked.before {
        Some(id) => Some(EffectId::parse(id).ok_or_else(|| {
            Problem::invalid(
                "before_invalid",
                "`before` is the id of a message: 32 hexadecimal digits.",
            )
        })?),
        None => None,
    };
    let filter = MessageFilter {
        customer: asked.customer.map(CustomerId),
        order: asked.order.map(OrderId),
        status,
        before,
    };
    let limit = asked.limit.unwrap_or(50).clamp(1, API_ROWS_MAX);
    let messages = app
        .engine
        .store()
        .messages(caller.id(), &filter, limit)
        .await?;
    let next = (messages.len() == limit)
        .then(|| messages.last().map(|m| m.id))
        .flatten();
    let rows: Vec<Value> = messages.iter().map(shown).collect();
    Ok(Json(json!({ "messages": rows, "before": next })))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    caller.need(Scope::MessagesRead)?;
    let missing = || Problem::not_found("This shop has no message with this id.");
    let id = EffectId::parse(&id).ok_or_else(missing)?;
    let (message, rendering) = app
        .engine
        .store()
        .message(caller.id(), id)
        .await?
        .ok_or_else(missing)?;
    let mut value = shown(&message);
    if let (Some(object), Some(rendering)) = (value.as_object_mut(), rendering) {
        object.insert(
            "rendering".to_owned(),
            json!({
                "template": rendering.template,
                "template_version": rendering.template_version,
                "locale": rendering.locale,
                "sha256": rendering.sha256,
            }),
        );
    }
    Ok(Json(value))
}
