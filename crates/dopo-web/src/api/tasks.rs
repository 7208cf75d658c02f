//! `/api/v1/tasks…`: what somebody should do.

use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::customers;
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::api::shapes::{PersonShort, visible};
use crate::limits::{API_ROWS_DEFAULT, API_ROWS_MAX};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_core::advance::Task;
use dopo_core::customer::Customer;
use dopo_core::effect::OpenTask;
use dopo_core::id::{EffectId, OrderId};
use dopo_core::italy::clean_line;
use dopo_engine::console::live::Topics;
use dopo_engine::ports::TaskRow;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// Tasks that can be paged through.
const TASKS_MAX: usize = 1_000;

/// Which tasks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TasksAsked {
    /// Only open ones.
    #[serde(default)]
    open: Option<bool>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

/// A task.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0064a1b2c3d4e5f60000000100000000", "kind": "call", "title": "Chiama per il pacco in giacenza",
    "customer": { "id": "7214012345678848", "name": "Chiara Rossi", "email": "chiara@posta.example", "phone": null },
    "order_id": "7214012345679104", "opened_at": "2026-11-20T10:00:00Z", "due_at": null, "done_at": null, "done": false
}))]
pub(crate) struct TaskShape {
    /// Id.
    id: String,
    /// What kind.
    kind: String,
    /// What to do.
    title: String,
    /// About whom.
    customer: Option<PersonShort>,
    /// About which order.
    order_id: Option<String>,
    /// When it was opened.
    opened_at: Timestamp,
    /// When it should be done.
    due_at: Option<Timestamp>,
    /// When it was done.
    done_at: Option<Timestamp>,
    /// Whether it is done.
    done: bool,
}

impl TaskShape {
    pub(crate) fn new(row: &TaskRow, person: Option<&Customer>) -> Self {
        let task = &row.task;
        TaskShape {
            id: task.effect.to_string(),
            kind: task.task.kind.clone(),
            title: task.task.title.clone(),
            customer: person.map(PersonShort::new),
            order_id: task.order_id.map(|order| order.to_string()),
            opened_at: task.opened_at,
            due_at: task.task.due_at,
            done_at: row.done_at,
            done: row.done_at.is_some(),
        }
    }
}

/// Tasks, newest first. The newest 1,000 can be paged through.
#[utoipa::path(
    get, path = "/api/v1/tasks", tag = "tasks", operation_id = "listTasks",
    params(TasksAsked),
    responses((status = 200, description = "Tasks, newest first.", body = Page<TaskShape>)),
    security(("key" = ["tasks:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<TasksAsked>,
) -> Result<Json<Page<TaskShape>>, Problem> {
    caller.need(Scope::TasksRead)?;
    let limit = asked
        .limit
        .unwrap_or(API_ROWS_DEFAULT)
        .clamp(1, API_ROWS_MAX);
    let after: Option<String> = match &asked.cursor {
        Some(cursor) => Some(crate::api::page::read_cursor("tasks", cursor)?),
        None => None,
    };
    let store = app.engine.store();
    let rows = store
        .tasks(caller.id(), asked.open.unwrap_or(false), TASKS_MAX)
        .await?;
    // Ids of tasks do not grow with time: the place in the list is found by its id.
    let begin = match &after {
        Some(id) => rows
            .iter()
            .position(|row| row.task.effect.to_string() == *id)
            .map_or(rows.len(), |at| at + 1),
        None => 0,
    };
    let rest = &rows[begin..];
    let page = &rest[..rest.len().min(limit)];
    let next = (rest.len() > limit)
        .then(|| page.last())
        .flatten()
        .map(|row| crate::api::page::write_cursor("tasks", &row.task.effect));
    let ids: Vec<_> = page.iter().map(|row| row.task.customer_id).collect();
    let named = store.named(caller.id(), &ids, &[]).await?;
    let items = page
        .iter()
        .map(|row| {
            let person = named.people.get(&row.task.customer_id);
            TaskShape::new(row, visible(&caller, person))
        })
        .collect();
    Ok(Json(Page { items, next }))
}

/// Whether it is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "done": true }))]
pub(crate) struct TaskTold {
    done: bool,
}

/// Marks a task done, or open again.
#[utoipa::path(
    put, path = "/api/v1/tasks/{id}", tag = "tasks", operation_id = "setTask",
    params(("id" = String, Path, description = "Id of the task.")),
    request_body = TaskTold,
    responses((status = 204, description = "Done.")),
    security(("key" = ["tasks:write"])),
)]
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<TaskTold>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::TasksWrite)?;
    let missing = || Problem::not_found("This shop has no task with this id.");
    let task = EffectId::parse(&id).ok_or_else(missing)?;
    let done_at = told.done.then(|| app.engine.now());
    let changed = app
        .engine
        .store()
        .set_task_done(caller.id(), task, done_at)
        .await?
        .ok_or_else(missing)?;
    if changed {
        app.engine.changed(
            caller.id(),
            Topics::TASKS.and(Topics::COUNTERS).and(Topics::CUSTOMERS),
        );
        let action = if told.done {
            "task.done"
        } else {
            "task.reopened"
        };
        caller
            .audit(&app, action, format!("task/{task}"), json!({}))
            .await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A task to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Chiama per il pacco in giacenza" }))]
pub(crate) struct NewTask {
    /// What to do, at most 200 characters.
    title: String,
    /// About which of their orders.
    #[serde(default)]
    order_id: Option<String>,
}

/// Opens a task about a person.
#[utoipa::path(
    post, path = "/api/v1/customers/{id}/tasks", tag = "tasks", operation_id = "openTask",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = NewTask,
    responses((status = 201, description = "The task.", body = TaskShape)),
    security(("key" = ["customers:read", "tasks:write"])),
)]
pub(crate) async fn open(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<NewTask>,
) -> Result<(StatusCode, Json<TaskShape>), Problem> {
    caller.need(Scope::TasksWrite)?;
    caller.need(Scope::CustomersRead)?;
    let person = customers::find(&app, &caller, &id).await?;
    let title = clean_line(&told.title);
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX {
        return Err(Problem::field(
            "title",
            "length",
            "Il titolo ha da 1 a 200 caratteri.",
            "The title has 1 to 200 characters.",
        ));
    }
    let order_id: Option<OrderId> =
        customers::acts::order_of(&app, &caller, &person, told.order_id.as_deref()).await?;
    let task = Task {
        effect: EffectId(app.engine.entropy().u128()),
        customer_id: person.id,
        order_id,
        opened_at: app.engine.now(),
        task: OpenTask {
            kind: "by_hand".to_owned(),
            title,
            due_at: None,
            promo: false,
        },
    };
    app.engine.store().add_task(caller.id(), &task).await?;
    app.engine.changed(
        caller.id(),
        Topics::TASKS.and(Topics::COUNTERS).and(Topics::CUSTOMERS),
    );
    caller
        .audit(
            &app,
            "task.opened",
            format!("customer/{}", person.id),
            json!({ "task": task.effect.to_string() }),
        )
        .await?;
    let row = TaskRow {
        task,
        done_at: None,
    };
    Ok((
        StatusCode::CREATED,
        Json(TaskShape::new(&row, visible(&caller, Some(&person)))),
    ))
}
