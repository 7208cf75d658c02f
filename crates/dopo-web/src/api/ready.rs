//! `/api/v1/ready-journeys…`: built-in journeys that came after the shop was set up.

use super::journeys::{GraphShape, JourneyAsked, JourneyShape, shape};
use crate::api::auth::Caller;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::today::TextShape;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_core::journey::graph::trigger;
use dopo_engine::console::live::Topics;
use dopo_engine::library::{self, LibraryError};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A built-in journey that the shop does not have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReadyJourney {
    /// Id.
    #[schema(example = "depot_hold")]
    id: String,
    /// Italian name.
    name_it: String,
    /// English name.
    name_en: String,
    /// What starts it.
    trigger: TextShape,
    /// As it is drawn; nothing has gone on in it yet.
    graph: GraphShape,
    /// Its document (YAML).
    document: &'static str,
}

fn wrong(error: LibraryError) -> Problem {
    match error {
        LibraryError::Store(error) => error.into(),
        LibraryError::Document { .. } => {
            tracing::error!(%error, "a built-in journey does not pass its check");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong",
                "A built-in journey does not pass its own check; the log says which.",
            )
        }
    }
}

/// Built-in journeys that the shop does not have: those that came after it was set up.
#[utoipa::path(
    get, path = "/api/v1/ready-journeys", tag = "journeys", operation_id = "readyJourneys",
    responses((status = 200, description = "The journeys, as pictures and documents.", body = Page<ReadyJourney>)),
    security(("key" = ["journeys:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<ReadyJourney>>, Problem> {
    caller.need(Scope::JourneysRead)?;
    let ready = library::ready_for(&caller.shop).map_err(wrong)?;
    let items = ready.into_iter().map(|(journey, document)| {
        let starts = trigger(&journey);
        ReadyJourney {
            trigger: TextShape {
                it: starts.it,
                en: starts.en,
            },
            graph: GraphShape::new(app.engine.drawn(&caller.shop, &journey), &BTreeMap::new()),
            id: journey.id,
            name_it: journey.name_it,
            name_en: journey.name_en,
            document,
        }
    });
    Ok(Json(Page {
        items: items.collect(),
        next: None,
    }))
}

/// Adds one of them to the shop, switched off: nobody enters it until it is switched on. The shop's own templates stay.
#[utoipa::path(
    post, path = "/api/v1/ready-journeys/{id}", tag = "journeys", operation_id = "addReadyJourney",
    params(("id" = String, Path, description = "Id of the journey.")),
    responses((status = 201, description = "The journey as it now stands, switched off.", body = JourneyShape)),
    security(("key" = ["journeys:write"])),
)]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<JourneyShape>), Problem> {
    caller.need(Scope::JourneysWrite)?;
    // What another request has just added is known.
    app.engine.refresh_shops().await?;
    let shop = app.engine.shop(caller.id()).unwrap_or(caller.shop.clone());
    let added = library::add_ready(app.engine.store(), &shop, &id)
        .await
        .map_err(wrong)?;
    let Some(journey) = added else {
        return Err(Problem::not_found(
            "There is no such ready journey, or the shop has it already.",
        ));
    };
    app.engine.refresh_shops().await?;
    app.engine.changed(caller.id(), Topics::JOURNEYS);
    caller
        .audit(
            &app,
            "journey.added",
            format!("journey/{}", journey.id),
            json!({ "current": false }),
        )
        .await?;
    let shown = shape(&app, &caller, &journey.id, &JourneyAsked::default()).await?;
    Ok((StatusCode::CREATED, Json(shown)))
}
