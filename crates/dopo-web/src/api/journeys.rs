//! `/api/v1/journeys…` and `/api/v1/runs…`: journeys as pictures with live counts, their versions, who is inside where.

use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::api::shapes::{PersonShort, visible};
use crate::api::today::{HeldBackShape, TextShape, period};
use crate::limits::API_ROWS_MAX;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dopo_core::access::Scope;
use dopo_core::id::RunId;
use dopo_core::italy::Locale;
use dopo_core::journey::Run;
use dopo_core::journey::check::{Diagnostic, Severity, check};
use dopo_core::journey::graph::{Graph, about, trigger};
use dopo_core::words;
use dopo_engine::console::hand::newest;
use dopo_engine::console::journeys::{FIGURE_DAYS, JourneyFigures, StepCounts, shown_at, step_at};
use dopo_engine::console::live::Topics;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A published version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct VersionShape {
    /// Its number, from 1.
    version: u32,
    /// Whether new runs begin with it.
    current: bool,
}

/// A journey in a list. Figures ending in `_30d` are of the last 30 days.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "after_delivery", "name_it": "Dopo la consegna", "name_en": "After delivery", "active": true, "version": 1,
    "versions": [{ "version": 1, "current": true }], "key_by": "order", "key_it": "una volta per ordine",
    "key_en": "once per order", "trigger": { "it": "Ordine consegnato", "en": "Order delivered" }, "running": 41,
    "started_30d": 120, "closed_30d": 79, "sent_30d": 204, "held_back_30d": 31, "goal_30d": 12
}))]
pub(crate) struct JourneyRow {
    /// Id.
    id: String,
    /// Italian name.
    name_it: String,
    /// English name.
    name_en: String,
    /// Whether new runs begin.
    active: bool,
    /// The version new runs begin with; null = off.
    version: Option<u32>,
    /// All versions, oldest first.
    versions: Vec<VersionShape>,
    /// What one run is about: `order`, `parcel`, `cart`, `customer`.
    #[schema(value_type = String)]
    key_by: Value,
    /// The same, Italian.
    key_it: String,
    /// The same, English.
    key_en: String,
    /// What starts it.
    trigger: TextShape,
    /// Active runs now.
    running: i64,
    /// Runs begun.
    started_30d: i64,
    /// Runs ended.
    closed_30d: i64,
    /// Messages that left.
    sent_30d: i64,
    /// Messages held back.
    held_back_30d: i64,
    /// Goals reached.
    goal_30d: i64,
}

impl JourneyRow {
    fn new(figures: &JourneyFigures) -> Self {
        let journey = &figures.journey;
        let (trigger, key) = (trigger(journey), about(journey.key));
        JourneyRow {
            id: journey.id.clone(),
            name_it: journey.name_it.clone(),
            name_en: journey.name_en.clone(),
            active: figures.current.is_some(),
            version: figures.current,
            versions: figures
                .versions
                .iter()
                .map(|version| VersionShape {
                    version: *version,
                    current: figures.current == Some(*version),
                })
                .collect(),
            key_by: serde_json::to_value(journey.key).unwrap_or_default(),
            key_it: key.it,
            key_en: key.en,
            trigger: TextShape {
                it: trigger.it,
                en: trigger.en,
            },
            running: figures.running,
            started_30d: figures.started,
            closed_30d: figures.closed,
            sent_30d: figures.sent,
            held_back_30d: figures.held_back,
            goal_30d: figures.goal,
        }
    }
}

/// All journeys with their figures.
#[utoipa::path(
    get, path = "/api/v1/journeys", tag = "journeys", operation_id = "listJourneys",
    responses((status = 200, description = "All journeys, by id.", body = Page<JourneyRow>)),
    security(("key" = ["journeys:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<JourneyRow>>, Problem> {
    caller.need(Scope::JourneysRead)?;
    let journeys = app.engine.journeys(&caller.shop).await?;
    let items = journeys.iter().map(JourneyRow::new).collect();
    Ok(Json(Page { items, next: None }))
}

/// Which version, over which period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct JourneyAsked {
    /// The version new runs begin with, else the newest, when absent.
    version: Option<u32>,
    /// First day.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
}

/// What went on at one step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CountsShape {
    /// Runs that wait here now.
    waiting: i64,
    /// Messages that left.
    sent: i64,
    /// Messages held back.
    held_back: i64,
    /// Messages that left whose opens may be measured because the person agreed.
    open_measurable: i64,
    /// Of them, opened by a human, on the day of the open; null where there was nothing to measure.
    opened: Option<i64>,
    /// Messages that left whose clicks may be measured because the person agreed.
    click_measurable: i64,
    /// Of them, clicked by a human, on the day of the click; null where there was nothing to measure.
    clicked: Option<i64>,
}

/// A step as it is drawn.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NodeShape {
    /// `start`, `end`, or the number of the step.
    id: String,
    /// `start`, `wait`, `wait_until`, `wait_for`, `if`, `send`, `set`, `tag`, `coupon`, `task`, `stop`, `end`.
    kind: &'static str,
    /// What it does, Italian.
    label_it: String,
    /// What it does, English.
    label_en: String,
    /// More, Italian.
    detail_it: Option<String>,
    /// More, English.
    detail_en: Option<String>,
    /// Label of a message's step.
    step: Option<String>,
    /// Name of its template.
    template: Option<String>,
    /// What the template is called, Italian.
    template_it: Option<String>,
    /// What the template is called, English.
    template_en: Option<String>,
    /// Its channel.
    channel: Option<&'static str>,
    /// Its purpose.
    purpose: Option<&'static str>,
    /// What went on here.
    counts: CountsShape,
}

/// A way from one step to another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EdgeShape {
    /// From.
    from: String,
    /// To.
    to: String,
    /// When this way is taken, Italian.
    label_it: Option<String>,
    /// When this way is taken, English.
    label_en: Option<String>,
}

/// A journey as it is drawn; the layout is the viewer's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct GraphShape {
    /// Its steps.
    nodes: Vec<NodeShape>,
    /// The ways between them.
    edges: Vec<EdgeShape>,
}

impl GraphShape {
    /// A picture with what went on at each step.
    pub(super) fn new(graph: Graph, counts: &BTreeMap<String, StepCounts>) -> Self {
        let nodes = graph.nodes.into_iter().map(|node| {
            let counts = counts.get(&node.id).copied().unwrap_or_default();
            let (template_it, template_en) = match node.title {
                Some(title) => (Some(title.it), Some(title.en)),
                None => (None, None),
            };
            let (detail_it, detail_en) = match node.detail {
                Some(detail) => (Some(detail.it), Some(detail.en)),
                None => (None, None),
            };
            NodeShape {
                id: node.id,
                kind: node.kind,
                label_it: node.label.it,
                label_en: node.label.en,
                detail_it,
                detail_en,
                step: node.step,
                template: node.template,
                template_it,
                template_en,
                channel: node.channel.map(|channel| channel.as_str()),
                purpose: node.purpose.map(|purpose| purpose.as_str()),
                counts: CountsShape {
                    waiting: counts.waiting,
                    sent: counts.sent,
                    held_back: counts.held_back,
                    open_measurable: counts.open_measurable,
                    opened: (counts.open_measurable > 0 || counts.opened > 0)
                        .then_some(counts.opened),
                    click_measurable: counts.click_measurable,
                    clicked: (counts.click_measurable > 0 || counts.clicked > 0)
                        .then_some(counts.clicked),
                },
            }
        });
        let edges = graph.edges.into_iter().map(|edge| {
            let (label_it, label_en) = match edge.label {
                Some(label) => (Some(label.it), Some(label.en)),
                None => (None, None),
            };
            EdgeShape {
                from: edge.from,
                to: edge.to,
                label_it,
                label_en,
            }
        });
        GraphShape {
            nodes: nodes.collect(),
            edges: edges.collect(),
        }
    }
}

/// What was held back at a step, and why.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HeldAtShape {
    /// Label of the step.
    step: String,
    #[serde(flatten)]
    held: HeldBackShape,
}

/// How runs ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ClosedShape {
    /// `finished`, `exited`, `goal`, `endless`, `stopped`, `gone`.
    #[schema(value_type = String)]
    why: Value,
    /// How often.
    n: i64,
    /// In words, Italian.
    it: &'static str,
    /// In words, English.
    en: &'static str,
}

/// One journey: its document, its picture, its counts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JourneyShape {
    #[serde(flatten)]
    row: JourneyRow,
    /// The version that is shown.
    shown: u32,
    /// First day of the counts.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// Last day of the counts.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// What its author wrote (YAML).
    document: String,
    /// As it is drawn.
    graph: GraphShape,
    /// What was held back, most frequent first.
    held_back: Vec<HeldAtShape>,
    /// How runs ended, most frequent first.
    closed: Vec<ClosedShape>,
}

fn missing() -> Problem {
    Problem::not_found("This shop has no such journey or version.")
}

/// One journey: its document, its picture, its counts.
#[utoipa::path(
    get, path = "/api/v1/journeys/{id}", tag = "journeys", operation_id = "getJourney",
    params(("id" = String, Path, description = "Id of the journey."), JourneyAsked),
    responses((status = 200, description = "The journey.", body = JourneyShape)),
    security(("key" = ["journeys:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<JourneyAsked>,
) -> Result<Json<JourneyShape>, Problem> {
    caller.need(Scope::JourneysRead)?;
    shape(&app, &caller, &id, &asked).await.map(Json)
}

pub(super) async fn shape(
    app: &App,
    caller: &Caller,
    id: &str,
    asked: &JourneyAsked,
) -> Result<JourneyShape, Problem> {
    let today = app.engine.today(&caller.shop);
    let over = if asked.from.is_some() || asked.to.is_some() {
        Some(period(asked.from, asked.to, today, FIGURE_DAYS)?)
    } else {
        None
    };
    // The snapshot of the caller may be older than a change of this very request.
    let shop = app.engine.shop(caller.id()).ok_or_else(missing)?;
    let picture = app
        .engine
        .journey_picture(&shop, id, asked.version, over)
        .await?
        .ok_or_else(missing)?;
    let rows = app.engine.store().journeys(caller.id()).await?;
    let document = rows
        .into_iter()
        .find(|row| row.journey.id == id && row.journey.version == picture.version)
        .map(|row| row.document)
        .unwrap_or_default();
    Ok(JourneyShape {
        row: JourneyRow::new(&picture.figures),
        shown: picture.version,
        from: picture.from,
        to: picture.to,
        document,
        graph: GraphShape::new(picture.graph, &picture.counts),
        held_back: picture
            .held_back
            .into_iter()
            .map(|(step, reason, n)| HeldAtShape {
                step,
                held: HeldBackShape {
                    reason: reason.as_str(),
                    n,
                    it: reason.words(Locale::It),
                    en: reason.words(Locale::En),
                },
            })
            .collect(),
        closed: picture
            .closed
            .into_iter()
            .map(|(why, n)| {
                let words = words::closed(why);
                ClosedShape {
                    why: serde_json::to_value(why).unwrap_or_default(),
                    n,
                    it: words.it,
                    en: words.en,
                }
            })
            .collect(),
    })
}

/// The version new runs begin with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "version": 2 }))]
pub(crate) struct CurrentTold {
    /// Its number; null switches the journey off.
    version: Option<u32>,
}

/// Switches a journey on with a version, or off. Runs that have begun go on with the version they began with.
#[utoipa::path(
    put, path = "/api/v1/journeys/{id}/current", tag = "journeys", operation_id = "setJourneyCurrent",
    params(("id" = String, Path, description = "Id of the journey.")),
    request_body = CurrentTold,
    responses((status = 200, description = "The journey as it now stands.", body = JourneyShape)),
    security(("key" = ["journeys:write"])),
)]
pub(crate) async fn set_current(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<CurrentTold>,
) -> Result<Json<JourneyShape>, Problem> {
    caller.need(Scope::JourneysWrite)?;
    let known = match told.version {
        Some(version) => caller.shop.journeys.contains_key(&(id.clone(), version)),
        None => caller.shop.journeys.keys().any(|(of, _)| *of == id),
    };
    if !known {
        return Err(missing());
    }
    app.engine
        .store()
        .set_current_journey(caller.id(), &id, told.version)
        .await?;
    app.engine.refresh_shops().await?;
    app.engine.changed(caller.id(), Topics::JOURNEYS);
    let action = match told.version {
        Some(_) => "journey.switched_on",
        None => "journey.switched_off",
    };
    caller
        .audit(
            &app,
            action,
            format!("journey/{id}"),
            json!({ "version": told.version }),
        )
        .await?;
    shape(&app, &caller, &id, &JourneyAsked::default())
        .await
        .map(Json)
}

/// A journey's document.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentTold {
    /// YAML, as `docs/journeys.md` describes it.
    document: String,
}

/// A remark of the checker.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "severity": "error", "line": 12, "column": 7, "code": "template_unknown",
    "it": "Non c'è nessun modello «guida».", "en": "There is no template “guida”."
}))]
pub(crate) struct RemarkShape {
    /// `error`, `warning` or `note`.
    #[schema(value_type = String)]
    severity: Value,
    /// Line, from 1; 0 where none is known.
    line: u32,
    /// Column, from 1; 0 where none is known.
    column: u32,
    /// Stable name.
    code: &'static str,
    /// In words, Italian.
    it: String,
    /// In words, English.
    en: String,
}

impl From<Diagnostic> for RemarkShape {
    fn from(remark: Diagnostic) -> Self {
        RemarkShape {
            severity: serde_json::to_value(remark.severity).unwrap_or_default(),
            line: remark.line,
            column: remark.column,
            code: remark.code,
            it: remark.it,
            en: remark.en,
        }
    }
}

/// What the checker says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CheckShape {
    /// Whether it can run.
    ok: bool,
    /// Remarks; errors keep it from running.
    problems: Vec<RemarkShape>,
}

async fn templates(app: &App, caller: &Caller) -> Result<Vec<String>, Problem> {
    let rows = app.engine.store().templates(caller.id()).await?;
    let mut names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Checks a document without publishing it.
#[utoipa::path(
    post, path = "/api/v1/journeys/check", tag = "journeys", operation_id = "checkJourney",
    request_body = DocumentTold,
    responses((status = 200, description = "What the checker says.", body = CheckShape)),
    security(("key" = ["journeys:read"])),
)]
pub(crate) async fn try_document(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<DocumentTold>,
) -> Result<Json<CheckShape>, Problem> {
    caller.need(Scope::JourneysRead)?;
    let names = templates(&app, &caller).await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (journey, remarks) = check(&told.document, &names);
    Ok(Json(CheckShape {
        ok: journey.is_some(),
        problems: remarks.into_iter().map(RemarkShape::from).collect(),
    }))
}

/// A version that was published.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "after_delivery", "version": 2, "current": false, "problems": [] }))]
pub(crate) struct PublishedShape {
    /// Id of the journey.
    id: String,
    /// The new version.
    version: u32,
    /// Whether new runs begin with it: so where the journey was on.
    current: bool,
    /// Remarks that do not keep it from running.
    problems: Vec<RemarkShape>,
}

/// Publishes a document as the next version of its journey. Where the journey is on, new runs begin with it.
#[utoipa::path(
    post, path = "/api/v1/journeys", tag = "journeys", operation_id = "publishJourney",
    request_body = DocumentTold,
    responses((status = 201, description = "The version.", body = PublishedShape)),
    security(("key" = ["journeys:write"])),
)]
pub(crate) async fn publish(
    State(app): State<App>,
    caller: Caller,
    Told(told): Told<DocumentTold>,
) -> Result<(StatusCode, Json<PublishedShape>), Problem> {
    caller.need(Scope::JourneysWrite)?;
    let names = templates(&app, &caller).await?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (journey, remarks) = check(&told.document, &names);
    let errors = remarks
        .iter()
        .filter(|remark| remark.severity == Severity::Error)
        .count();
    let remarks: Vec<RemarkShape> = remarks.into_iter().map(RemarkShape::from).collect();
    let Some(journey) = journey else {
        let mut problem = Problem::invalid(
            "journey_wrong",
            format!("The document has {errors} errors; see `errors`."),
        );
        problem.errors = remarks
            .iter()
            .filter_map(|remark| serde_json::to_value(remark).ok())
            .collect();
        return Err(problem);
    };
    let current = caller.shop.current.contains_key(&journey.id);
    let version = app
        .engine
        .store()
        .publish_journey(caller.id(), &journey, &told.document, current)
        .await?;
    app.engine.refresh_shops().await?;
    app.engine.changed(caller.id(), Topics::JOURNEYS);
    caller
        .audit(
            &app,
            "journey.published",
            format!("journey/{}", journey.id),
            json!({ "version": version, "current": current }),
        )
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(PublishedShape {
            id: journey.id,
            version,
            current,
            problems: remarks,
        }),
    ))
}

/// Which runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsAsked {
    /// Only those that wait at this node of the picture, or at this place, `VERSION.NODE` as `step` of a run says.
    step: Option<String>,
    /// The version whose picture `step` is a node of: the one new runs begin with, else the newest, when absent.
    version: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

/// An active run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RunRow {
    /// Id.
    id: String,
    /// Whose; null without the right to see people.
    customer: Option<PersonShort>,
    /// About which order.
    order_id: Option<String>,
    /// Its number.
    order_number: Option<String>,
    /// Where it waits, `VERSION.NODE`.
    step: Option<String>,
    /// The node of the picture at which it waits.
    node: String,
    /// Where it waits, Italian.
    step_it: String,
    /// Where it waits, English.
    step_en: String,
    /// When it began.
    since: Timestamp,
    /// When time comes to it next.
    wake_at: Option<Timestamp>,
    /// In which version.
    version: u32,
}

/// Who is inside a journey, newest first.
#[utoipa::path(
    get, path = "/api/v1/journeys/{id}/runs", tag = "journeys", operation_id = "listJourneyRuns",
    params(("id" = String, Path, description = "Id of the journey."), RunsAsked),
    responses((status = 200, description = "Active runs, newest first.", body = Page<RunRow>)),
    security(("key" = ["journeys:read", "customers:read"])),
)]
pub(crate) async fn runs(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(asked): Asked<RunsAsked>,
) -> Result<Json<Page<RunRow>>, Problem> {
    caller.need(Scope::JourneysRead)?;
    caller.need(Scope::CustomersRead)?;
    if !caller.shop.journeys.keys().any(|(of, _)| *of == id) {
        return Err(missing());
    }
    let paging = Paging::<i64>::read("runs", asked.cursor.as_deref(), asked.limit)?;
    let store = app.engine.store();
    let step = match &asked.step {
        Some(node) if !node.contains('.') => {
            let journey = match asked.version {
                Some(version) => caller.shop.journeys.get(&(id.clone(), version)),
                None => newest(&caller.shop, &id),
            };
            let journey = journey.ok_or_else(missing)?;
            match step_at(journey, node) {
                Some(step) => Some(step),
                None => {
                    return Ok(Json(Page {
                        items: Vec::new(),
                        next: None,
                    }));
                }
            }
        }
        step => step.clone(),
    };
    let rows = store
        .list_runs(
            caller.id(),
            &id,
            step.as_deref(),
            paging.before.map(RunId),
            paging.look(),
        )
        .await?;
    let page = paging.page(rows, |(run, _)| run.id.0, |row| row);
    let orders: Vec<_> = page
        .items
        .iter()
        .filter_map(|(run, _)| run.key.order)
        .collect();
    let numbers = store.named(caller.id(), &[], &orders).await?.order_numbers;
    let mut items = Vec::with_capacity(page.items.len());
    for (run, person) in page.items {
        let node = shown_at(&run);
        let standing = app.engine.standing_of(&caller.shop, &run);
        items.push(RunRow {
            id: run.id.to_string(),
            customer: visible(&caller, Some(&person)).map(PersonShort::new),
            order_id: run.key.order.map(|order| order.to_string()),
            order_number: run.key.order.and_then(|order| numbers.get(&order).cloned()),
            step: run.step(),
            node,
            step_it: standing.state.it,
            step_en: standing.state.en,
            since: run.state.started_at,
            wake_at: run.state.wake_at(),
            version: run.journey_version,
        });
    }
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

/// Ends one run. Messages already let through still leave, if the gate lets them.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/stop", tag = "journeys", operation_id = "stopRun",
    params(("id" = String, Path, description = "Id of the run.")),
    responses((status = 204, description = "Stopped.")),
    security(("key" = ["journeys:write"])),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::JourneysWrite)?;
    let missing = || Problem::not_found("This shop has no active run with this id.");
    let id: i64 = id.parse().map_err(|_| missing())?;
    let run = find_run(&app, &caller, RunId(id))
        .await?
        .ok_or_else(missing)?;
    app.engine.stop_run(caller.id(), &run).await?;
    caller
        .audit(
            &app,
            "run.stopped",
            format!("run/{id}"),
            json!({ "journey": run.journey }),
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An active run by its id: lists are read by it, so the first one before the next id is it or nothing.
async fn find_run(app: &App, caller: &Caller, id: RunId) -> Result<Option<Run>, Problem> {
    let mut journeys: Vec<&String> = caller.shop.journeys.keys().map(|(id, _)| id).collect();
    journeys.dedup();
    let before = Some(RunId(id.0.saturating_add(1)));
    for journey in journeys {
        let found = app
            .engine
            .store()
            .list_runs(caller.id(), journey, None, before, 1)
            .await?;
        if let Some((run, _)) = found.into_iter().next()
            && run.id == id
        {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

const _: () = assert!(API_ROWS_MAX <= dopo_engine::ports::PAGE_ROWS_MAX);
