//! What happened with one person: their story, orders, messages, journeys, tasks, notes and consents.

use super::{find, object};
use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::api::shapes::{MessageRow, OrderRow, visible};
use crate::api::tasks::TaskShape;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use dopo_core::access::Scope;
use dopo_core::consent::Channel;
use dopo_core::words;
use dopo_engine::ports::{MessageQuery, NoteRow, PAGE_ROWS_MAX};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A page of something of a person.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageAsked {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Rows, at most 200.
    pub limit: Option<usize>,
}

/// Something that happened in a person's story.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TimelineRow {
    /// When.
    at: Timestamp,
    /// `message`, `order`, `parcel`, `consent`, `journey`, `task`, `note` or `return`.
    kind: &'static str,
    /// Id of the entry, unique in the story.
    id: String,
    /// What happened, Italian.
    title_it: String,
    /// What happened, English.
    title_en: String,
    /// More, Italian.
    detail_it: Option<String>,
    /// More, English.
    detail_en: Option<String>,
    /// `neutral`, `good`, `attention` or `bad`.
    tone: &'static str,
    /// The message, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageRow>,
    /// The order, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderRow>,
    /// Where in the console to read more.
    link: Option<String>,
}

/// A person's story, newest first: what they did, what happened to their orders, what was sent, and what was not and why.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/timeline", tag = "customers", operation_id = "getCustomerTimeline",
    params(("id" = String, Path, description = "Id of the person."), PageAsked),
    responses((status = 200, description = "Newest first.", body = Page<TimelineRow>)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn timeline(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<Page<TimelineRow>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let person = find(&app, &caller, &id).await?;
    let paging = Paging::<String>::read("timeline", asked.cursor.as_deref(), asked.limit)?;
    let before = match &paging.before {
        Some(place) => Some(place.parse().map_err(|()| {
            Problem::invalid("cursor_unreadable", "This is no cursor of this list.")
        })?),
        None => None,
    };
    let entries = app
        .engine
        .timeline(&caller.shop, &person, before, paging.look())
        .await?;
    let person = Some(&person);
    Ok(Json(paging.page(
        entries,
        |entry| entry.place().to_string(),
        |entry| {
            TimelineRow {
                at: entry.at,
                kind: entry.kind,
                link: entry.link(),
                id: entry.id,
                title_it: entry.title_it,
                title_en: entry.title_en,
                detail_it: entry.detail_it,
                detail_en: entry.detail_en,
                tone: entry.tone,
                message: entry
                    .message
                    .filter(|_| caller.may(Scope::MessagesRead))
                    .map(|(message, number)| {
                        let title = app
                            .engine
                            .template_title(caller.id(), &message.send.template);
                        MessageRow::new(&message, title, person, number)
                    }),
                order: entry
                    .order
                    .filter(|_| caller.may(Scope::OrdersRead))
                    .map(|order| OrderRow::new(&order, person)),
            }
        },
    )))
}

/// Orders of a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/orders", tag = "customers", operation_id = "listCustomerOrders",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "At most 200, newest first.", body = Page<OrderRow>)),
    security(("key" = ["orders:read"])),
)]
pub(crate) async fn orders(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<OrderRow>>, Problem> {
    caller.need(Scope::OrdersRead)?;
    let person = find(&app, &caller, &id).await?;
    let orders = app
        .engine
        .store()
        .orders_of(caller.id(), person.id, PAGE_ROWS_MAX)
        .await?;
    let shown = visible(&caller, Some(&person));
    let items = orders
        .iter()
        .map(|order| OrderRow::new(order, shown))
        .collect();
    Ok(Json(Page { items, next: None }))
}

/// Messages to a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/messages", tag = "customers", operation_id = "listCustomerMessages",
    params(("id" = String, Path, description = "Id of the person."), PageAsked),
    responses((status = 200, description = "Newest first.", body = Page<MessageRow>)),
    security(("key" = ["messages:read"])),
)]
pub(crate) async fn messages(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<PageAsked>,
) -> Result<Json<Page<MessageRow>>, Problem> {
    caller.need(Scope::MessagesRead)?;
    let person = find(&app, &caller, &id).await?;
    let query = MessageQuery {
        customer: Some(person.id),
        ..MessageQuery::default()
    };
    let page =
        crate::api::messages::page(&app, &caller, query, asked.cursor.as_deref(), asked.limit);
    Ok(Json(page.await?))
}

/// One run of a journey.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RunShape {
    /// Id.
    id: String,
    /// Journey.
    journey: String,
    /// Its name, Italian.
    name_it: String,
    /// Its name, English.
    name_en: String,
    /// In which version.
    version: u32,
    /// Whether anything can still come of it.
    active: bool,
    /// When it began.
    started_at: Timestamp,
    /// When time comes to it next.
    wake_at: Option<Timestamp>,
    /// When it ended.
    closed_at: Option<Timestamp>,
    /// Why it ended.
    #[schema(value_type = Option<String>)]
    closed: Option<Value>,
    /// Where it stands, Italian.
    state_it: String,
    /// Where it stands, English.
    state_en: String,
    /// About which order.
    order_id: Option<String>,
}

/// Journeys of a person: active ones first, then newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/runs", tag = "customers", operation_id = "listCustomerRuns",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "At most 200.", body = Page<RunShape>)),
    security(("key" = ["customers:read", "journeys:read"])),
)]
pub(crate) async fn runs(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<RunShape>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    caller.need(Scope::JourneysRead)?;
    let person = find(&app, &caller, &id).await?;
    let runs = app
        .engine
        .store()
        .runs_of(caller.id(), person.id, PAGE_ROWS_MAX)
        .await?;
    let items = runs
        .iter()
        .map(|run| {
            let standing = app.engine.standing_of(&caller.shop, run);
            RunShape {
                id: run.id.to_string(),
                journey: run.journey.clone(),
                name_it: standing.name.it,
                name_en: standing.name.en,
                version: run.journey_version,
                active: run.state.is_active(),
                started_at: run.state.started_at,
                wake_at: run.state.wake_at(),
                closed_at: standing.closed.map(|(_, at)| at),
                closed: standing.closed.map(|(why, _)| object(why)),
                state_it: standing.state.it,
                state_en: standing.state.en,
                order_id: run.key.order.map(|order| order.to_string()),
            }
        })
        .collect();
    Ok(Json(Page { items, next: None }))
}

/// Tasks about a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/tasks", tag = "customers", operation_id = "listCustomerTasks",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "At most 200, newest first.", body = Page<TaskShape>)),
    security(("key" = ["tasks:read"])),
)]
pub(crate) async fn tasks(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<TaskShape>>, Problem> {
    caller.need(Scope::TasksRead)?;
    let person = find(&app, &caller, &id).await?;
    let rows = app
        .engine
        .store()
        .tasks_of(caller.id(), person.id, PAGE_ROWS_MAX)
        .await?;
    let shown = visible(&caller, Some(&person));
    let items = rows.iter().map(|row| TaskShape::new(row, shown)).collect();
    Ok(Json(Page { items, next: None }))
}

/// A remark about a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NoteShape {
    /// Id.
    id: String,
    /// When.
    at: Timestamp,
    /// Who wrote it.
    author: String,
    /// What.
    text: String,
    /// About which order.
    order_id: Option<String>,
}

impl From<NoteRow> for NoteShape {
    fn from(note: NoteRow) -> Self {
        NoteShape {
            id: note.id.to_string(),
            at: note.at,
            author: note.author,
            text: note.text,
            order_id: note.order_id.map(|order| order.to_string()),
        }
    }
}

/// Notes about a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/notes", tag = "customers", operation_id = "listCustomerNotes",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "At most 200, newest first.", body = Page<NoteShape>)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn notes(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<NoteShape>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let person = find(&app, &caller, &id).await?;
    let notes = app
        .engine
        .store()
        .notes_of(caller.id(), person.id, PAGE_ROWS_MAX)
        .await?;
    let items = notes.into_iter().map(NoteShape::from).collect();
    Ok(Json(Page { items, next: None }))
}

/// A row of the consent ledger, with its proof.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LedgerShape {
    /// Number of the row: the evidence.
    id: String,
    /// When the person acted.
    at: Timestamp,
    /// When we learnt of it.
    known_at: Timestamp,
    /// What about.
    topic: &'static str,
    /// On which channel; null = all.
    channel: Option<&'static str>,
    /// What they said.
    #[schema(value_type = String)]
    state: Value,
    /// How it reached us.
    #[schema(value_type = String)]
    source: Value,
    /// Version of the text they saw.
    text_version: Option<String>,
    /// Form, page or file.
    form: Option<String>,
    /// Whether address and browser of the act are kept as proof. They are in the person's copy, not here.
    ip_stored: bool,
    /// In words, Italian.
    it: &'static str,
    /// In words, English.
    en: &'static str,
}

/// The consent ledger of a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/consents", tag = "customers", operation_id = "listCustomerConsents",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "Every act, newest first.", body = Page<LedgerShape>)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn ledger(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<LedgerShape>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let person = find(&app, &caller, &id).await?;
    let mut rows = app
        .engine
        .store()
        .person_file(caller.id(), person.id)
        .await?
        .ledger;
    rows.sort_by_key(|row| std::cmp::Reverse((row.at, row.id)));
    let items = rows
        .into_iter()
        .map(|row| {
            let words = words::consent(row.act.state);
            LedgerShape {
                id: row.id.to_string(),
                at: row.at,
                known_at: row.known_at,
                topic: row.act.topic.as_str(),
                channel: row.act.channel.map(Channel::as_str),
                state: object(row.act.state),
                source: object(row.act.source),
                text_version: row.act.text_version,
                form: row.act.form,
                ip_stored: row.act.proof.is_some(),
                it: words.it,
                en: words.en,
            }
        })
        .collect();
    Ok(Json(Page { items, next: None }))
}
