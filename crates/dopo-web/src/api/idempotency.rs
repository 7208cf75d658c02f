//! `Idempotency-Key` on POST: the same key with the same body gets the first answer again, and nothing happens twice.
//!
//! Answers are remembered in the memory of this process ([`IDEMPOTENCY_MEMORY`]). `/events` and `/consents` know their
//! own events again by id, durably, and are left to do so.

use crate::api::ask::body;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::limits::{
    FORM_BODY_BYTES_MAX, IDEMPOTENCY_ANSWER_BYTES_MAX, IDEMPOTENCY_ANSWERS_MAX,
    IDEMPOTENCY_KEY_BYTES_MAX, IDEMPOTENCY_MEMORY,
};
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use tokio::time::Instant;

/// Paths that recognise repeats by themselves.
const OWN: [&str; 2] = ["/api/v1/events", "/api/v1/consents"];
/// Paths of people who have not signed in yet: there is nobody whose key it could be.
const NOBODYS: [&str; 4] = [
    "/api/v1/session",
    "/api/v1/password",
    "/api/v1/setup",
    "/api/v1/me",
];

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

struct Entry {
    at: Instant,
    asked: [u8; 32],
    /// Absent while the first request is being answered.
    answer: Option<Answer>,
}

/// Answers given lately, by who asked, where, and under which key.
#[derive(Default)]
pub(crate) struct Answers {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_key: HashMap<[u8; 32], Entry>,
    oldest_first: VecDeque<[u8; 32]>,
}

enum Turn {
    First,
    Again(Answer),
    Running,
    OtherBody,
}

impl Answers {
    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn begin(&self, key: [u8; 32], asked: [u8; 32]) -> Turn {
        let mut kept = self.locked();
        let now = Instant::now();
        if let Some(entry) = kept.by_key.get(&key)
            && now.duration_since(entry.at) < IDEMPOTENCY_MEMORY
        {
            return match &entry.answer {
                _ if entry.asked != asked => Turn::OtherBody,
                Some(answer) => Turn::Again(answer.clone()),
                None => Turn::Running,
            };
        }
        while kept.oldest_first.len() >= IDEMPOTENCY_ANSWERS_MAX {
            if let Some(oldest) = kept.oldest_first.pop_front() {
                kept.by_key.remove(&oldest);
            }
        }
        let answer = None;
        let entry = Entry {
            at: now,
            asked,
            answer,
        };
        if kept.by_key.insert(key, entry).is_none() {
            kept.oldest_first.push_back(key);
        }
        Turn::First
    }

    fn end(&self, key: [u8; 32], answer: Option<Answer>) {
        let mut kept = self.locked();
        match answer {
            Some(answer) => {
                if let Some(entry) = kept.by_key.get_mut(&key) {
                    entry.answer = Some(answer);
                }
            }
            None => {
                kept.by_key.remove(&key);
                kept.oldest_first.retain(|one| *one != key);
            }
        }
    }
}

/// Forgets a request that ended without an answer (its client went away), so that it can be sent again.
struct Running<'a> {
    answers: &'a Answers,
    key: [u8; 32],
    answer: Option<Answer>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.answers.end(self.key, self.answer.take());
    }
}

/// Runs a request, unless it repeats one that was answered.
pub(crate) async fn once(app: &App, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let named = request.headers().contains_key("idempotency-key");
    let ours = request.method() == Method::POST
        && named
        && !OWN.contains(&path)
        && !NOBODYS.iter().any(|begin| path.starts_with(begin));
    if !ours {
        return next.run(request).await;
    }
    match remembered(app, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn remembered(app: &App, request: Request, next: Next) -> Result<Response, Problem> {
    let (mut parts, raw) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    let name = parts
        .headers
        .get("idempotency-key")
        .map(|value| value.as_bytes().to_vec())
        .unwrap_or_default();
    if name.is_empty() || name.len() > IDEMPOTENCY_KEY_BYTES_MAX {
        return Err(Problem::invalid(
            "idempotency_key_invalid",
            format!("`Idempotency-Key` has 1 to {IDEMPOTENCY_KEY_BYTES_MAX} bytes."),
        ));
    }
    let bytes = body(raw, FORM_BODY_BYTES_MAX).await?;
    let shop = caller.id().to_string();
    let actor = caller.actor();
    let key = digest(&[
        actor.as_bytes(),
        shop.as_bytes(),
        parts.uri.path().as_bytes(),
        &name,
    ]);
    match app.answers.begin(key, digest(&[&bytes])) {
        Turn::Again(answer) => {
            let mut response = Response::new(Body::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            return Ok(response);
        }
        Turn::Running => {
            return Err(Problem::conflict(
                "idempotency_key_running",
                "The first request with this key is still being answered",
                "Send it again in a moment to get its answer.",
            ));
        }
        Turn::OtherBody => {
            return Err(Problem::invalid(
                "idempotency_key_reused",
                "This `Idempotency-Key` came with another body before. A new request needs a new key.",
            ));
        }
        Turn::First => {}
    }
    let mut running = Running {
        answers: &app.answers,
        key,
        answer: None,
    };
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    // Our own failures are not an answer: the next attempt may do better.
    if response.status().is_server_error() {
        return Ok(response);
    }
    let (parts, raw) = response.into_parts();
    let bytes = axum::body::to_bytes(raw, usize::MAX)
        .await
        .map_err(|_| Problem::unavailable())?;
    if bytes.len() <= IDEMPOTENCY_ANSWER_BYTES_MAX {
        running.answer = Some(Answer {
            status: parts.status,
            headers: parts.headers.clone(),
            body: bytes.clone(),
        });
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
