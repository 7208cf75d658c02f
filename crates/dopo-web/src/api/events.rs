//! `POST /api/v1/events`: one event or up to 1,000 (scope `events:write`).
//!
//! Each event stands alone: what can be read is taken in, what cannot is answered with its place and reason. 200 when all
//! were taken, 207 when some were, 422 when none was. A refused event is not stored: mend it and send it under the same
//! id. When this answers, what it took is durable.

use crate::api::ask::{body, json_only};
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::limits::{EVENTS_BODY_BYTES_MAX, EVENTS_PER_REQUEST_MAX, IDEMPOTENCY_KEY_BYTES_MAX};
use crate::state::App;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::{HookTranslator, IntakeOutcome, LineError};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What became of one event.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventAnswer {
    /// Its place in the request, from 0.
    pub index: usize,
    /// Its id, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `accepted`, `repeated`, `kept` or `refused`.
    pub status: &'static str,
    /// Stable name of what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What is wrong and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of a request.
#[derive(Default, Serialize, ToSchema)]
#[schema(example = json!({ "accepted": 1, "repeated": 0, "kept": 0, "refused": 0, "events": [{ "index": 0, "id": "ship-5512-1", "status": "accepted" }] }))]
pub(crate) struct EventsAnswer {
    /// Taken in.
    pub accepted: usize,
    /// Had come before: nothing happened.
    pub repeated: usize,
    /// Stored, but not usable as it is: an operator sees it and can replay it.
    pub kept: usize,
    /// Not stored.
    pub refused: usize,
    /// One by one, in the order of the request.
    pub events: Vec<EventAnswer>,
}

/// Splits a body into its events without reading them.
///
/// # Errors
/// 422 when it is no JSON, empty, or has too many.
pub(crate) fn split(body: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    let first = body.iter().find(|b| !b.is_ascii_whitespace());
    let unreadable = |error: serde_json::Error| {
        Problem::invalid("json_unreadable", format!("The body is not JSON: {error}."))
    };
    let events: Vec<&RawValue> = match first {
        Some(b'[') => serde_json::from_slice(body).map_err(unreadable)?,
        Some(_) => vec![serde_json::from_slice(body).map_err(unreadable)?],
        None => Vec::new(),
    };
    match events.len() {
        0 => Err(Problem::invalid(
            "no_events",
            "Send one event or an array of up to 1,000.",
        )),
        n if n > EVENTS_PER_REQUEST_MAX => Err(Problem::invalid(
            "too_many_events",
            format!(
                "{n} events in one request; at most {EVENTS_PER_REQUEST_MAX}. Send them in several requests."
            ),
        )),
        _ => Ok(events),
    }
}

/// Reads each event; the readable ones as intakes with their place, all with what is known of them so far.
pub(crate) fn read(
    translator: &dyn HookTranslator,
    source: &str,
    events: &[&RawValue],
    default_id: Option<&str>,
) -> (Vec<NewIntake>, Vec<Result<String, LineError>>) {
    let mut intakes = Vec::with_capacity(events.len());
    let mut lines = Vec::with_capacity(events.len());
    for (index, raw) in events.iter().enumerate() {
        let default_id = default_id.map(|key| format!("{key}/{index}"));
        let text = raw.get().as_bytes();
        lines.push(match translator.parse_event(text, default_id.as_deref()) {
            Ok(line) => {
                let id = line.id.clone();
                intakes.push(NewIntake::event(source, line, Some(text.to_vec())));
                Ok(id)
            }
            Err(error) => Err(error),
        });
    }
    (intakes, lines)
}

/// Joins what could not be read with what became of the rest.
pub(crate) fn answer(
    lines: Vec<Result<String, LineError>>,
    outcomes: Vec<IntakeOutcome>,
) -> EventsAnswer {
    let mut outcomes = outcomes.into_iter();
    let mut answer = EventsAnswer {
        events: Vec::with_capacity(lines.len()),
        ..EventsAnswer::default()
    };
    for (index, line) in lines.into_iter().enumerate() {
        let one = match line {
            Err(error) => {
                answer.refused += 1;
                EventAnswer {
                    index,
                    id: None,
                    status: "refused",
                    code: Some(error.code),
                    detail: Some(error.detail),
                }
            }
            Ok(id) => {
                let (status, code, detail) = match outcomes.next() {
                    Some(IntakeOutcome::Repeated) => {
                        answer.repeated += 1;
                        ("repeated", None, None)
                    }
                    Some(IntakeOutcome::Kept(why)) => {
                        answer.kept += 1;
                        ("kept", Some("unusable"), Some(why))
                    }
                    Some(IntakeOutcome::Accepted) | None => {
                        answer.accepted += 1;
                        ("accepted", None, None)
                    }
                };
                EventAnswer {
                    index,
                    id: Some(id),
                    status,
                    code,
                    detail,
                }
            }
        };
        answer.events.push(one);
    }
    answer
}

/// Takes in one event or an array of up to 1,000. Each stands alone: 200 when all were taken, 207 when some were, 422
/// `events_refused` when none was. When this answers, what it took is durable.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "events", operation_id = "createEvents",
    request_body(content = Object, description = "One event or an array of up to 1,000, as docs/events.md lists them: `id`, `at`, `type` and the members of its type.",
        example = json!({ "id": "ship-5512-1", "at": "2026-11-19T08:00:00Z", "type": "parcel_scanned",
            "parcel": { "order": "5512", "number": "0831234567" },
            "checkpoint": { "at": "2026-11-19T07:58:00Z", "state": "picked_up", "place": "Bologna" } })),
    responses(
        (status = 200, description = "All were taken in, or had come before.", body = EventsAnswer),
        (status = 207, description = "Some were refused; `events` says which and why.", body = EventsAnswer),
        (status = 413, description = "`body_too_large`: more than 4 MiB."),
        (status = 415, description = "`json_expected`."),
    ),
    security(("key" = ["events:write"])),
)]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    raw: Body,
) -> Result<Response, Problem> {
    caller.need(Scope::EventsWrite)?;
    json_only(&headers)?;
    let default_id = idempotency_key(&headers)?;
    let bytes = body(raw, EVENTS_BODY_BYTES_MAX).await?;
    let events = split(&bytes)?;
    let (intakes, lines) = read(&*app.translator, "api", &events, default_id.as_deref());
    let outcomes = if intakes.is_empty() {
        Vec::new()
    } else {
        app.engine.ingest(caller.id(), intakes).await?
    };
    let answer = answer(lines, outcomes);
    if answer.refused == answer.events.len() {
        let mut problem = Problem::invalid(
            "events_refused",
            "None of the events could be read. `errors` says why for each.",
        );
        problem.errors = answer
            .events
            .iter()
            .filter_map(|e| serde_json::to_value(e).ok())
            .collect();
        return Ok(problem.into_response());
    }
    let status = if answer.refused == 0 {
        StatusCode::OK
    } else {
        StatusCode::MULTI_STATUS
    };
    Ok((status, Json(answer)).into_response())
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|k| !k.is_empty() && k.len() <= IDEMPOTENCY_KEY_BYTES_MAX);
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(Problem::invalid(
            "idempotency_key_invalid",
            format!(
                "`Idempotency-Key` must be 1 to {IDEMPOTENCY_KEY_BYTES_MAX} visible ASCII characters."
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_split_into_its_events_and_bounded() {
        assert_eq!(split(br#"{"a":1}"#).unwrap().len(), 1);
        assert_eq!(
            split(br#" [{"a":1}, {"b":[2]}] "#).unwrap()[1].get(),
            r#"{"b":[2]}"#
        );
        for (bad, code) in [
            (&b""[..], "no_events"),
            (b"[]", "no_events"),
            (b"[{]", "json_unreadable"),
            (b"{} {}", "json_unreadable"),
        ] {
            assert_eq!(split(bad).unwrap_err().code, code);
        }
        let many = format!("[{}1]", "1,".repeat(EVENTS_PER_REQUEST_MAX));
        assert_eq!(split(many.as_bytes()).unwrap_err().code, "too_many_events");
    }

    #[test]
    fn outcomes_find_their_places_between_refused_ones() {
        let refused = || LineError {
            code: "unreadable",
            detail: "x".into(),
        };
        let lines = vec![
            Ok("a".into()),
            Err(refused()),
            Ok("b".into()),
            Ok("c".into()),
        ];
        let outcomes = vec![
            IntakeOutcome::Accepted,
            IntakeOutcome::Repeated,
            IntakeOutcome::Kept("why".into()),
        ];
        let answer = answer(lines, outcomes);
        let statuses: Vec<_> = answer.events.iter().map(|e| (e.index, e.status)).collect();
        assert_eq!(
            statuses,
            [
                (0, "accepted"),
                (1, "refused"),
                (2, "repeated"),
                (3, "kept")
            ]
        );
        assert_eq!(
            (
                answer.accepted,
                answer.repeated,
                answer.kept,
                answer.refused
            ),
            (1, 1, 1, 1)
        );
    }
}
