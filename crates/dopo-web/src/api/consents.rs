//! `POST /api/v1/consents`: what a person said in a form of the shop (scope `consents:write`).

use crate::api::ask::{body, json_only};
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::limits::{FORM_BODY_BYTES_MAX, IDEMPOTENCY_KEY_BYTES_MAX};
use crate::state::App;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use dopo_core::access::Scope;
use dopo_core::consent::{Channel, ConsentAct, ConsentSource, ConsentState, Topic};
use dopo_core::customer::PersonRef;
use dopo_core::event::{Event, EventLine};
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::IntakeOutcome;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// Acts in one request.
const ACTS_MAX: usize = 50;

/// What became of the acts.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "id": "consents/5d41…", "status": "accepted", "detail": null }))]
pub(crate) struct ConsentsAnswer {
    /// Under which the acts are known again.
    id: String,
    /// `accepted`, `repeated` or `kept`.
    status: &'static str,
    /// Why they were kept.
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    at: Option<Timestamp>,
    person: PersonRef,
    acts: Vec<Act>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Act {
    topic: Topic,
    #[serde(default)]
    channel: Option<Channel>,
    state: ConsentState,
    #[serde(default)]
    text_version: Option<String>,
    #[serde(default)]
    form: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    proof: Option<String>,
}

/// Records what a person said in a form of the shop. A yes needs the version of the text they saw.
#[utoipa::path(
    post, path = "/api/v1/consents", tag = "consents", operation_id = "createConsents",
    request_body(content = Object, description = "The person and up to 50 acts.",
        example = json!({ "person": { "email": "chiara@posta.example" }, "acts": [{ "topic": "marketing", "channel": "email",
            "state": "confirmed", "text_version": "form-3", "form": "footer" }] })),
    responses(
        (status = 200, description = "`status`: `accepted`, `repeated` or `kept`.", body = ConsentsAnswer),
        (status = 413, description = "`body_too_large`."),
        (status = 415, description = "`json_expected`."),
    ),
    security(("key" = ["consents:write"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    raw: Body,
) -> Result<Json<ConsentsAnswer>, Problem> {
    caller.need(Scope::ConsentsWrite)?;
    json_only(&headers)?;
    let bytes = body(raw, FORM_BODY_BYTES_MAX).await?;
    let told: Told = serde_json::from_slice(&bytes).map_err(|error| {
        Problem::invalid(
            "json_unreadable",
            format!("The body cannot be read: {error}."),
        )
    })?;
    if told.person.keys().is_empty() {
        return Err(Problem::invalid(
            "person_missing",
            "Name the person by `email`, `phone` or `shop_customer_id`.",
        ));
    }
    if told.acts.is_empty() || told.acts.len() > ACTS_MAX {
        return Err(Problem::invalid(
            "acts_missing",
            format!("`acts` must have 1 to {ACTS_MAX} entries."),
        ));
    }
    let unproven: Vec<Value> = told
        .acts
        .iter()
        .enumerate()
        .filter(|(_, act)| {
            !act.state.is_negative()
                && act
                    .text_version
                    .as_deref()
                    .is_none_or(|t| t.trim().is_empty())
        })
        .map(|(index, _)| json!({ "index": index, "code": "text_version_missing" }))
        .collect();
    if !unproven.is_empty() {
        let mut problem = Problem::invalid(
            "text_version_missing",
            "A consent proves nothing without the version of the text that the person saw: send `text_version`.",
        );
        problem.errors = unproven;
        return Err(problem);
    }
    let id = match told.id.or_else(|| header_key(&headers)) {
        Some(id) => id,
        // The same act told twice is one act.
        None => format!("consents/{}", crate::state::hex(&Sha256::digest(&bytes))),
    };
    let acts = told
        .acts
        .into_iter()
        .map(|act| ConsentAct {
            topic: act.topic,
            channel: act.channel,
            state: act.state,
            source: ConsentSource::Api,
            text_version: act.text_version,
            form: act.form,
            language: act.language,
            proof: act.proof,
        })
        .collect();
    let at = told.at.unwrap_or_else(|| app.engine.now());
    let line = EventLine {
        id: id.clone(),
        at,
        event: Event::ConsentChanged {
            person: told.person,
            acts,
        },
    };
    let outcomes = app
        .engine
        .ingest(
            caller.id(),
            vec![NewIntake::event("api", line, Some(bytes.to_vec()))],
        )
        .await?;
    let (status, detail) = match outcomes.into_iter().next() {
        Some(IntakeOutcome::Repeated) => ("repeated", None),
        Some(IntakeOutcome::Kept(why)) => ("kept", Some(why)),
        Some(IntakeOutcome::Accepted) | None => ("accepted", None),
    };
    Ok(Json(ConsentsAnswer { id, status, detail }))
}

fn header_key(headers: &HeaderMap) -> Option<String> {
    let key = headers.get("idempotency-key")?.to_str().ok()?.trim();
    (!key.is_empty() && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX).then(|| key.to_owned())
}
