//! `POST /hooks/{shop}/{source}`: what vendors send (SEC-04).
//!
//! Bound the body, prove the sender over the raw bytes, translate, store, then answer: a 2xx means it is durable. What
//! cannot be understood is kept raw, shown to the operator and answered with 200, so that the vendor does not disconnect.

use crate::api::ask::body;
use crate::api::events;
use crate::api::problem::Problem;
use crate::limits::HOOK_BODY_BYTES_MAX;
use crate::state::{App, hex};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dopo_core::event::Origin;
use dopo_core::id::ShopId;
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::{HookDelivery, HookRefused, IntakeOutcome};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The source of our own signed JSON.
const OWN: &str = "events";

pub(crate) async fn receive(
    State(app): State<App>,
    Path((slug, source)): Path<(String, String)>,
    headers: HeaderMap,
    raw: Body,
) -> Result<Response, Problem> {
    let unknown = || {
        Problem::not_found(
            "There is no such hook. Check the shop's name and the source in the address.",
        )
    };
    let live = app.engine.shop_by_slug(&slug).ok_or_else(unknown)?;
    let shop = live.id;
    if !app.translator.knows(&source) {
        return Err(unknown());
    }
    let bytes = body(raw, HOOK_BODY_BYTES_MAX).await?;
    let secrets = app.engine.connection_secrets(shop, &source);
    let lookup = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    let now = app.engine.now();
    let delivery = app.translator.verify(&source, &lookup, &bytes, &secrets, now).map_err(|refused| {
        metrics::counter!("dopo_hooks_refused_total", "source" => source.clone()).increment(1);
        match refused {
            HookRefused::UnknownSource => unknown(),
            // An unset secret and a wrong signature look the same from outside.
            HookRefused::BadSignature => Problem::unauthorized(
                "The signature does not match. Check that the secret set with `dopo shop connect` is the sender's.",
            ),
            HookRefused::Stale => Problem::unauthorized("The delivery was signed too long ago or in the future. Check both clocks."),
            HookRefused::Unnamed => {
                Problem::new(StatusCode::BAD_REQUEST, "delivery_unnamed", "The delivery carries no id", "A header that names it is missing.")
            }
        }
    })?;
    if delivery.ping {
        return Ok(Json(json!({ "status": "pong" })).into_response());
    }
    if source == OWN {
        return own(&app, shop, &delivery, &bytes).await;
    }
    let translation =
        app.translator
            .translate(&source, &delivery.topic, &bytes, &live.settings, now);
    let due = app.translator.answer(&source);
    let intake = NewIntake {
        body: Some(app.translator.kept(&source, &bytes)),
        source,
        external_id: delivery.external_id,
        topic: delivery.topic,
        events: translation.events,
        note: translation.note,
        failed: translation.failed,
        origin: Origin::Live,
    };
    let (failed, note) = (intake.failed, intake.note.clone());
    let outcomes = app.engine.ingest(shop, vec![intake]).await?;
    if let Some(due) = due {
        return Ok(([(CONTENT_TYPE, "application/json")], due).into_response());
    }
    let answer: Value = match outcomes.into_iter().next() {
        Some(IntakeOutcome::Repeated) => json!({ "status": "repeated" }),
        Some(IntakeOutcome::Kept(why)) => json!({ "status": "kept", "note": why }),
        _ if failed => json!({ "status": "kept", "note": note }),
        _ => json!({ "status": "accepted", "note": note }),
    };
    Ok(Json(answer).into_response())
}

/// Our own JSON: each event has its own id; what cannot be read is kept under the delivery's.
async fn own(
    app: &App,
    shop: ShopId,
    delivery: &HookDelivery,
    bytes: &Bytes,
) -> Result<Response, Problem> {
    let kept = |body: &[u8], name: String, note: String| NewIntake {
        source: OWN.to_owned(),
        // The content is part of the name, so that a mended event under the same id is not taken for a repeat.
        external_id: format!("{name}/{}", &hex(&Sha256::digest(body))[..16]),
        topic: delivery.topic.clone(),
        body: Some(body.to_vec()),
        events: Vec::new(),
        note: Some(note),
        failed: true,
        origin: Origin::Live,
    };
    let parts = match events::split(bytes) {
        Ok(parts) => parts,
        Err(problem) => {
            let note = problem.detail.clone();
            app.engine
                .ingest(
                    shop,
                    vec![kept(bytes, delivery.external_id.clone(), note.clone())],
                )
                .await?;
            return Ok(Json(json!({ "status": "kept", "note": note })).into_response());
        }
    };
    let (mut intakes, lines) =
        events::read(&*app.translator, OWN, &parts, Some(&delivery.external_id));
    let readable = intakes.len();
    for (index, line) in lines.iter().enumerate() {
        if let (Err(error), Some(part)) = (line, parts.get(index)) {
            let name = format!("{}/{index}", delivery.external_id);
            intakes.push(kept(part.get().as_bytes(), name, error.detail.clone()));
        }
    }
    let mut outcomes = app.engine.ingest(shop, intakes).await?;
    outcomes.truncate(readable);
    let mut answer = events::answer(lines, outcomes);
    for event in answer.events.iter_mut().filter(|e| e.status == "refused") {
        event.status = "kept";
    }
    answer.kept += std::mem::take(&mut answer.refused);
    Ok(Json(answer).into_response())
}
