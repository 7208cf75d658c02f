//! `/api/v1/views`: saved filters.

use super::{audit, nothing, number};
use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_engine::ports::{StoreError, ViewRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// Lists that have views.
const PAGES: [&str; 5] = ["customers", "orders", "parcels", "messages", "inbox"];
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 60;
/// Longest filter, in bytes.
const QUERY_BYTES_MAX: usize = 1_000;

/// Whose views.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViewQuery {
    /// `customers`, `orders`, `parcels`, `messages` or `inbox`.
    #[param(example = "customers")]
    page: Option<String>,
}

/// Saved views.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Views {
    /// Everybody's and one's own.
    items: Vec<View>,
}

/// A saved view.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct View {
    /// Its number.
    #[schema(example = "5")]
    id: String,
    /// Which list.
    #[schema(example = "customers")]
    page: String,
    /// Its name.
    #[schema(example = "Bologna, due ordini")]
    name: String,
    /// The filter, as the page's query string.
    #[schema(example = "province=BO&orders_min=2")]
    query: String,
    /// Whether it is everybody's.
    shared: bool,
}

/// A view to save.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewView {
    /// `customers`, `orders`, `parcels`, `messages` or `inbox`.
    #[schema(example = "customers")]
    page: String,
    /// Its name.
    #[schema(example = "Bologna, due ordini")]
    name: String,
    /// The filter, as the page's query string; without a search text, which may be personal data.
    #[schema(example = "province=BO&orders_min=2")]
    query: String,
    /// Whether everybody in the shop sees it.
    #[serde(default)]
    shared: bool,
}

fn shown(row: ViewRow) -> View {
    View {
        id: row.id.to_string(),
        page: row.page,
        name: row.name,
        query: row.query,
        shared: row.user.is_none(),
    }
}

/// Saved views
#[utoipa::path(
    get, path = "/api/v1/views", tag = "views", operation_id = "views",
    params(ViewQuery),
    responses(
        (status = 200, description = "Everybody's views and one's own.", body = Views),
        (status = 401, description = "`unauthorized`."),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<ViewQuery>,
) -> Result<Json<Views>, Problem> {
    let rows = app
        .engine
        .store()
        .views(caller.id(), caller.user_id())
        .await?;
    let items = rows
        .into_iter()
        .filter(|row| asked.page.as_ref().is_none_or(|page| *page == row.page))
        .map(shown)
        .collect();
    Ok(Json(Views { items }))
}

/// Save a view
#[utoipa::path(
    post, path = "/api/v1/views", tag = "views", operation_id = "save_view",
    request_body = NewView,
    responses(
        (status = 201, description = "Saved.", body = View),
        (status = 401, description = "`unauthorized`."),
        (status = 409, description = "`too_many_views`: at most 200."),
        (status = 422, description = "`fields_invalid`: no such page, no name, or a filter with a search text."),
    ),
)]
pub(crate) async fn save(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<NewView>,
) -> Result<(StatusCode, Json<View>), Problem> {
    let name = told.name.trim();
    if !PAGES.contains(&told.page.as_str()) {
        return Err(Problem::field(
            "page",
            "no_such_page",
            "Le viste si salvano per customers, orders, parcels, messages, inbox.",
            "Views are saved for customers, orders, parcels, messages, inbox.",
        ));
    }
    if name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control)
    {
        return Err(Problem::field(
            "name",
            "bad_name",
            "Dai alla vista un nome di al massimo 60 caratteri.",
            "Give the view a name of at most 60 characters.",
        ));
    }
    let query = told.query.trim_start_matches('?');
    let personal = query
        .split('&')
        .any(|pair| matches!(pair.split('=').next(), Some("q" | "customer" | "cursor")));
    if personal || query.len() > QUERY_BYTES_MAX || query.chars().any(char::is_control) {
        return Err(Problem::field(
            "query",
            "personal",
            "Una vista non può contenere un testo cercato: potrebbe essere un dato personale.",
            "A view cannot hold a search text: it may be personal data.",
        ));
    }
    // A key has no account to keep a view for.
    let user = caller.user_id().filter(|_| !told.shared);
    let mut row = ViewRow {
        id: 0,
        page: told.page,
        name: name.to_owned(),
        query: query.to_owned(),
        user,
    };
    row.id = match app.engine.store().add_view(caller.id(), &row).await {
        Ok(id) => id,
        Err(StoreError::Conflict(why)) => {
            return Err(Problem::conflict(
                "too_many_views",
                "There are too many views",
                why,
            ));
        }
        Err(error) => return Err(error.into()),
    };
    audit(
        &app,
        &caller,
        "view.saved",
        &format!("view/{}", row.id),
        json!({"page": row.page, "shared": row.user.is_none()}),
    )
    .await?;
    Ok((StatusCode::CREATED, Json(shown(row))))
}

/// Delete a view
#[utoipa::path(
    delete, path = "/api/v1/views/{id}", tag = "views", operation_id = "delete_view",
    params(("id" = String, Path, description = "Its number.")),
    responses(
        (status = 204, description = "Deleted."),
        (status = 401, description = "`unauthorized`."),
        (status = 404, description = "`not_found`: none, or somebody else's own."),
    ),
)]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = number(&id)?;
    let store = app.engine.store();
    if !store.delete_view(caller.id(), id, caller.user_id()).await? {
        return Err(nothing());
    }
    audit(
        &app,
        &caller,
        "view.deleted",
        &format!("view/{id}"),
        json!({}),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
