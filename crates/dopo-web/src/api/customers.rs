//! `/api/v1/customers…`: people, how they are found, what is known of them, and what is done with them by hand.

use crate::api::ask::{Asked, Told};
use crate::api::auth::Caller;
use crate::api::page::{Page, Paging};
use crate::api::problem::Problem;
use crate::api::shapes::{CustomerRow, MessageRow, OrderRow, visible};
use crate::api::tasks::TaskShape;
use crate::limits::{API_ROWS_MAX, EXPORT_ROWS_MAX};
use crate::state::App;
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_core::advance::Correction;
use dopo_core::consent::{Channel, ConsentCell, Topic};
use dopo_core::customer::{Customer, PersonRef};
use dopo_core::gate::Decision;
use dopo_core::id::{CustomerId, OrderId};
use dopo_core::italy::{Locale, Province};
use dopo_core::search::words as search_words;
use dopo_core::words;
use dopo_engine::console::figures::region;
use dopo_engine::console::hand::{HandError, SendAsked};
use dopo_engine::console::live::Topics;
use dopo_engine::console::person::GateCell;
use dopo_engine::ports::{
    CustomerFilter, MessageQuery, NOTE_CHARS_MAX, NoteRow, PAGE_ROWS_MAX, SEARCH_TERMS_MAX,
};
use dopo_engine::tokens::Token;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

/// Longest search text, in characters.
const SEARCH_CHARS_MAX: usize = 200;

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomersAsked {
    /// Beginnings of names, an e-mail address, a phone number or tags; all must be there.
    #[param(example = "chiara ros")]
    q: Option<String>,
    /// Provinces, two letters each, with commas.
    #[param(example = "BO,MO")]
    province: Option<String>,
    /// A region of Italy: all its provinces.
    #[param(example = "emilia_romagna")]
    region: Option<String>,
    /// At least so many standing paid orders.
    orders_min: Option<u32>,
    /// At most so many.
    orders_max: Option<u32>,
    /// Last order at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    last_order_from: Option<Timestamp>,
    /// Last order before.
    #[param(value_type = Option<String>, format = DateTime)]
    last_order_before: Option<Timestamp>,
    /// Who agreed (`true`) or did not agree (`false`) to offers by e-mail.
    marketing_email: Option<bool>,
    /// Whose address bounced for good, or who complained.
    unreachable: Option<bool>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
    /// The shop, where no header can be sent (downloads).
    #[expect(
        dead_code,
        reason = "read by the caller, known here so that it is no unknown field"
    )]
    shop: Option<String>,
}

impl CustomersAsked {
    fn filter(&self, before: Option<CustomerId>) -> Result<CustomerFilter, Problem> {
        let mut provinces = Vec::new();
        for code in self.province.iter().flat_map(|list| list.split(',')) {
            let code = code.trim();
            if code.is_empty() {
                continue;
            }
            let province = Province::parse(code).map_err(|_| {
                Problem::field(
                    "province",
                    "unknown",
                    "Scrivi sigle di province italiane, per esempio BO,MO.",
                    "Write Italian provinces by their letters, such as BO,MO.",
                )
            })?;
            provinces.push(province.code().to_owned());
        }
        if let Some(name) = &self.region {
            let region = region(name).ok_or_else(|| {
                Problem::field(
                    "region",
                    "unknown",
                    "Non è una regione italiana.",
                    "This is no region of Italy.",
                )
            })?;
            let inside: Vec<String> = Province::all()
                .filter(|province| province.region() == region)
                .map(|province| province.code().to_owned())
                .collect();
            if provinces.is_empty() {
                provinces = inside;
            } else {
                provinces.retain(|province| inside.contains(province));
                if provinces.is_empty() {
                    // Nobody lives in a province of another region.
                    provinces.push("--".to_owned());
                }
            }
        }
        Ok(CustomerFilter {
            terms: terms(self.q.as_deref().unwrap_or_default()),
            provinces,
            orders_min: self.orders_min,
            orders_max: self.orders_max,
            last_order_from: self.last_order_from,
            last_order_before: self.last_order_before,
            marketing_email: self.marketing_email,
            unreachable: self.unreachable,
            before,
        })
    }
}

/// What is typed, as the words that are looked for. An address is looked for whole; a phone number by its digits.
pub(crate) fn terms(typed: &str) -> Vec<String> {
    let typed: String = typed.chars().take(SEARCH_CHARS_MAX).collect();
    let mut terms: Vec<String> = Vec::new();
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let is_phone = digits.len() >= 5
        && typed
            .chars()
            .all(|c| c.is_ascii_digit() || " +-./()".contains(c));
    if is_phone {
        terms.push(digits);
    } else {
        for part in typed.split_whitespace() {
            if part.contains('@') {
                terms.push(part.to_lowercase());
            } else {
                terms.extend(search_words(part));
            }
        }
    }
    terms.truncate(SEARCH_TERMS_MAX);
    terms
}

/// People, newest first.
#[utoipa::path(
    get, path = "/api/v1/customers", tag = "customers", operation_id = "listCustomers",
    params(CustomersAsked),
    responses((status = 200, description = "People, newest first.", body = Page<CustomerRow>)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<CustomersAsked>,
) -> Result<Json<Page<CustomerRow>>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let paging = Paging::<i64>::read("customers", asked.cursor.as_deref(), asked.limit)?;
    let filter = asked.filter(paging.before.map(CustomerId))?;
    let rows = app
        .engine
        .store()
        .list_customers(caller.id(), &filter, paging.look())
        .await?;
    let shop = &caller.shop;
    Ok(Json(paging.page(
        rows,
        |person| person.id.0,
        |person| CustomerRow::new(shop, &person),
    )))
}

/// One consent of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConsentShape {
    /// What about.
    topic: String,
    /// On which channel; null = all.
    channel: Option<String>,
    /// `granted`, `confirmed`, `refused`, `withdrawn`, `objected`, `unknown`.
    #[schema(value_type = String)]
    state: Value,
    /// When the person acted.
    since: Option<Timestamp>,
    /// In words, Italian.
    it: String,
    /// In words, English.
    en: String,
}

/// What the gate would say now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "purpose": "marketing", "channel": "sms", "decision": "deny", "basis": null, "reason": "no_consent", "until": null,
    "it": "Non ha dato il consenso per questo scopo su questo canale (Codice privacy, art. 130).",
    "en": "No consent for this purpose on this channel (Privacy Code, art. 130)."
}))]
pub(crate) struct GateShape {
    /// Why one would write.
    purpose: &'static str,
    /// On which channel.
    channel: &'static str,
    /// `allow`, `defer` or `deny`.
    decision: &'static str,
    /// The basis in law, when allowed.
    basis: Option<&'static str>,
    /// The reason, when not.
    reason: Option<&'static str>,
    /// Until when it must wait, when deferred.
    until: Option<Timestamp>,
    /// One line, Italian.
    it: &'static str,
    /// One line, English.
    en: &'static str,
}

impl From<GateCell> for GateShape {
    fn from(cell: GateCell) -> Self {
        let (decision, basis, reason, until) = match cell.decision {
            Decision::Allow(grant) => ("allow", Some(grant.basis), None, None),
            Decision::Defer { until, why } => ("defer", None, Some(why), Some(until)),
            Decision::Deny { why } => ("deny", None, Some(why), None),
        };
        let say = |locale| {
            basis
                .map(|basis| basis.words(locale))
                .or(reason.map(|reason| reason.words(locale)))
                .unwrap_or_default()
        };
        GateShape {
            purpose: cell.purpose.as_str(),
            channel: cell.channel.as_str(),
            decision,
            basis: basis.map(|basis| basis.as_str()),
            reason: reason.map(|reason| reason.as_str()),
            until,
            it: say(Locale::It),
            en: say(Locale::En),
        }
    }
}

/// Everything about one person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomerShape {
    #[serde(flatten)]
    row: CustomerRow,
    /// Given name as written.
    first_name: Option<String>,
    /// Family name as written.
    last_name: Option<String>,
    /// All addresses, the one in use first.
    emails: Vec<String>,
    /// All numbers, the one in use first.
    phones: Vec<String>,
    /// The platform's customer ids.
    shop_customer_ids: Vec<String>,
    /// `it`, `en` or null.
    locale: Option<&'static str>,
    /// Two-letter country code.
    country: Option<String>,
    /// IANA zone, where known.
    time_zone: Option<String>,
    /// Attributes set by journeys or the shop.
    #[schema(value_type = Object)]
    attributes: Value,
    /// Below 14.
    minor: bool,
    /// The last human sign of life.
    active_at: Option<Timestamp>,
    /// Ids of records that turned out to be this person.
    merged_from: Vec<String>,
    /// Dead or complaining addresses, with when.
    #[schema(value_type = Object)]
    suppression: Value,
    /// What they bought, in sum.
    #[schema(value_type = Object)]
    purchases: Value,
    /// What they agreed to and what not.
    consents: Vec<ConsentShape>,
    /// What could be sent now, and why not.
    gate: Vec<GateShape>,
    /// Their preference page.
    preferences_url: String,
}

fn consents(person: &Customer) -> Vec<ConsentShape> {
    let shape = |topic: Topic, channel: Option<Channel>, cell: Option<&ConsentCell>| {
        let state = cell.map_or(dopo_core::consent::ConsentState::Unknown, |cell| cell.state);
        let say = |locale| {
            let on = channel
                .map(|channel| format!(" ({})", words::channel(channel).pick(locale)))
                .unwrap_or_default();
            format!(
                "{}: {}{on}",
                words::consent(state).pick(locale),
                words::topic(topic).pick(locale)
            )
        };
        ConsentShape {
            topic: topic.as_str().to_owned(),
            channel: channel.map(|channel| channel.as_str().to_owned()),
            state: serde_json::to_value(state).unwrap_or_default(),
            since: cell.map(|cell| cell.at),
            it: say(Locale::It),
            en: say(Locale::En),
        }
    };
    let mut all = Vec::new();
    for topic in Topic::ALL {
        let said: Vec<(Option<Channel>, &ConsentCell)> = person
            .consents
            .cells()
            .filter_map(|(key, cell)| match key.split_once('/') {
                Some((of, channel)) if of == topic.as_str() => {
                    Some((Channel::parse(channel), cell))
                }
                None if key == topic.as_str() => Some((None, cell)),
                _ => None,
            })
            .collect();
        if said.is_empty() {
            all.push(shape(topic, None, None));
        }
        all.extend(
            said.into_iter()
                .map(|(channel, cell)| shape(topic, channel, Some(cell))),
        );
    }
    all
}

fn object(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|_| json!({}))
}

/// The person with this id, or the one they were merged into.
pub(crate) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Customer, Problem> {
    let missing = || Problem::not_found("This shop has no person with this id.");
    let id = CustomerId(id.parse().map_err(|_| missing())?);
    let store = app.engine.store();
    if let Some(person) = store.customer(caller.id(), id).await? {
        return Ok(person);
    }
    let became = store.resolve_customer(caller.id(), id).await?;
    if became == id {
        return Err(missing());
    }
    store
        .customer(caller.id(), became)
        .await?
        .ok_or_else(missing)
}

async fn shape(app: &App, caller: &Caller, person: &Customer) -> Result<CustomerShape, Problem> {
    let store = app.engine.store();
    let (merged, orders) = tokio::try_join!(
        store.merged_into(caller.id(), person.id),
        store.orders_of(caller.id(), person.id, PAGE_ROWS_MAX),
    )?;
    let gate = app.engine.gate_table(&caller.shop, person, &orders);
    let token = app.engine.tokens().seal(&Token::Preferences {
        shop: caller.id(),
        customer: person.id,
    });
    Ok(CustomerShape {
        row: CustomerRow::new(&caller.shop, person),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        emails: person.emails.clone(),
        phones: person.phones.clone(),
        shop_customer_ids: person.shop_customer_ids.clone(),
        locale: person.locale.map(Locale::tag),
        country: person.country.clone(),
        time_zone: person.time_zone.clone(),
        attributes: object(&person.attributes),
        minor: person.minor,
        active_at: person.active_at,
        merged_from: merged.iter().map(ToString::to_string).collect(),
        suppression: object(&person.suppression),
        purchases: json!({
            "orders": person.purchases.orders,
            "total_cents": person.purchases.total_cents,
            "first_at": person.purchases.first_at,
            "last_at": person.purchases.last_at,
            "groups": person.purchases.groups,
            "notice": person.purchases.notice.as_ref().map(|(order, version)| {
                json!({ "order_id": order.to_string(), "version": version })
            }),
        }),
        consents: consents(person),
        gate: gate.into_iter().map(GateShape::from).collect(),
        preferences_url: format!("{}/p/{token}", app.settings.public_url),
    })
}

/// One person. The id of a record that was merged away answers with the person it became.
#[utoipa::path(
    get, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "getCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    responses((status = 200, description = "The person.", body = CustomerShape)),
    security(("key" = ["customers:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<CustomerShape>, Problem> {
    caller.need(Scope::CustomersRead)?;
    let person = find(&app, &caller, &id).await?;
    Ok(Json(shape(&app, &caller, &person).await?))
}

/// Present and null is another thing than absent.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// What to correct; what is absent stays, null clears.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "first_name": "Chiara", "tags": ["legno", "cliente storica"] }))]
pub(crate) struct CorrectionTold {
    /// Given name.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    first_name: Option<Option<String>>,
    /// Family name.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    last_name: Option<Option<String>>,
    /// `it` or `en`.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    locale: Option<Option<Locale>>,
    /// Two-letter Italian province.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    province: Option<Option<String>>,
    /// All tags, in place of those there are.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Below 14.
    #[serde(default)]
    minor: Option<bool>,
}

/// Corrects a person's record.
#[utoipa::path(
    patch, path = "/api/v1/customers/{id}", tag = "customers", operation_id = "correctCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = CorrectionTold,
    responses((status = 200, description = "The person as they now stand.", body = CustomerShape)),
    security(("key" = ["customers:write"])),
)]
pub(crate) async fn correct(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<CorrectionTold>,
) -> Result<Json<CustomerShape>, Problem> {
    caller.need(Scope::CustomersWrite)?;
    let person = find(&app, &caller, &id).await?;
    let fields: Vec<&str> = [
        ("first_name", told.first_name.is_some()),
        ("last_name", told.last_name.is_some()),
        ("locale", told.locale.is_some()),
        ("province", told.province.is_some()),
        ("tags", told.tags.is_some()),
        ("minor", told.minor.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect();
    let correction = Correction {
        first_name: told.first_name,
        last_name: told.last_name,
        locale: told.locale,
        province: told.province,
        tags: told.tags,
        minor: told.minor,
    };
    let problems = correction.problems();
    if !problems.is_empty() {
        let mut problem = Problem::invalid("fields_invalid", "Some fields cannot be used.");
        problem.errors = problems
            .iter()
            .map(|wrong| json!({ "field": wrong.field, "code": wrong.code, "it": wrong.it, "en": wrong.en }))
            .collect();
        return Err(problem);
    }
    app.engine
        .correct(caller.id(), person.id, correction)
        .await?;
    caller
        .audit(
            &app,
            "customer.corrected",
            format!("customer/{}", person.id),
            json!({ "fields": fields }),
        )
        .await?;
    let person = find(&app, &caller, &id).await?;
    Ok(Json(shape(&app, &caller, &person).await?))
}

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
                    .map(|(message, number)| MessageRow::new(&message, person, number)),
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

/// A remark to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "text": "Preferisce essere chiamata dopo le 18." }))]
pub(crate) struct NoteTold {
    /// At most 4,000 characters.
    text: String,
    /// About which of their orders.
    #[serde(default)]
    order_id: Option<String>,
}

pub(crate) async fn order_of(
    app: &App,
    caller: &Caller,
    person: &Customer,
    id: Option<&str>,
) -> Result<Option<OrderId>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let missing = || Problem::not_found("This person has no order with this id.");
    let id = OrderId(id.parse().map_err(|_| missing())?);
    let found = app.engine.store().order(caller.id(), id).await?;
    match found {
        Some((order, _)) if order.customer_id == person.id => Ok(Some(id)),
        _ => Err(missing()),
    }
}

/// Adds a note about a person.
#[utoipa::path(
    post, path = "/api/v1/customers/{id}/notes", tag = "customers", operation_id = "addNote",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = NoteTold,
    responses((status = 201, description = "The note.", body = NoteShape)),
    security(("key" = ["customers:write"])),
)]
pub(crate) async fn add_note(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<NoteTold>,
) -> Result<(StatusCode, Json<NoteShape>), Problem> {
    caller.need(Scope::CustomersWrite)?;
    let person = find(&app, &caller, &id).await?;
    let text = told.text.trim().to_owned();
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX {
        return Err(Problem::field(
            "text",
            "length",
            "Una nota ha da 1 a 4.000 caratteri.",
            "A note has 1 to 4,000 characters.",
        ));
    }
    let mut note = NoteRow {
        id: 0,
        customer_id: person.id,
        order_id: order_of(&app, &caller, &person, told.order_id.as_deref()).await?,
        at: app.engine.now(),
        author: caller.actor_name(),
        text,
    };
    note.id = app.engine.store().add_note(caller.id(), &note).await?;
    app.engine.changed(caller.id(), Topics::CUSTOMERS);
    caller
        .audit(
            &app,
            "note.added",
            format!("customer/{}", person.id),
            json!({ "note": note.id.to_string() }),
        )
        .await?;
    Ok((StatusCode::CREATED, Json(note.into())))
}

/// Deletes a note.
#[utoipa::path(
    delete, path = "/api/v1/notes/{id}", tag = "customers", operation_id = "deleteNote",
    params(("id" = String, Path, description = "Id of the note.")),
    responses((status = 204, description = "Deleted.")),
    security(("key" = ["customers:write"])),
)]
pub(crate) async fn delete_note(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::CustomersWrite)?;
    let missing = || Problem::not_found("This shop has no note with this id.");
    let number: i64 = id.parse().map_err(|_| missing())?;
    if !app.engine.store().delete_note(caller.id(), number).await? {
        return Err(missing());
    }
    app.engine.changed(caller.id(), Topics::CUSTOMERS);
    caller
        .audit(&app, "note.deleted", format!("note/{number}"), json!({}))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to stop writing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "channels": ["sms"] }))]
pub(crate) struct StopTold {
    /// Only on these channels; all when absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    channels: Option<Vec<Channel>>,
}

/// What stopping came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "withdrawn": 4, "stopped_runs": 1 }))]
pub(crate) struct StopShape {
    /// Consents withdrawn that were not already.
    withdrawn: u64,
    /// Journeys that ended.
    stopped_runs: u64,
}

/// Withdraws all offers of a person at once, and ends the journeys that would only send such. What the law and their orders
/// ask for still goes out.
#[utoipa::path(
    post, path = "/api/v1/customers/{id}/stop", tag = "customers", operation_id = "stopCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = StopTold,
    responses((status = 200, description = "What it came to.", body = StopShape)),
    security(("key" = ["consents:write"])),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<StopTold>,
) -> Result<Json<StopShape>, Problem> {
    caller.need(Scope::ConsentsWrite)?;
    let person = find(&app, &caller, &id).await?;
    if told.channels.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::field(
            "channels",
            "empty",
            "Scegli almeno un canale, o lascia fuori il campo per tutti.",
            "Name at least one channel, or leave the field out for all.",
        ));
    }
    let channels = told.channels.clone();
    let stopped = app
        .engine
        .stop_person(caller.id(), person.id, channels)
        .await?;
    caller
        .audit(
            &app,
            "customer.stopped",
            format!("customer/{}", person.id),
            json!({ "channels": told.channels, "withdrawn": stopped.withdrawn, "stopped_runs": stopped.runs }),
        )
        .await?;
    Ok(Json(StopShape {
        withdrawn: stopped.withdrawn,
        stopped_runs: stopped.runs,
    }))
}

/// A person's copy of everything stored about them (GDPR art. 15 and 20).
#[utoipa::path(
    get, path = "/api/v1/customers/{id}/export", tag = "customers", operation_id = "exportCustomer",
    params(("id" = String, Path, description = "Id of the person."),
        ("shop" = Option<String>, Query, description = "The shop, where no header can be sent (downloads).")),
    responses((status = 200, description = "The copy, as a file.", body = Object)),
    security(("key" = ["customers:export"])),
)]
pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.need(Scope::CustomersExport)?;
    let person = find(&app, &caller, &id).await?;
    let copy = app.engine.export_person(caller.id(), person.id).await?;
    caller
        .audit(
            &app,
            "customer.exported",
            format!("customer/{}", person.id),
            json!({}),
        )
        .await?;
    let mut response = Json(copy).into_response();
    let name = format!("attachment; filename=\"customer-{}.json\"", person.id);
    if let Ok(value) = HeaderValue::from_str(&name) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// The word that makes sure the right person is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "confirm": "chiara@posta.example" }))]
pub(crate) struct ForgetTold {
    /// Their e-mail address, or the id.
    confirm: String,
}

/// Forgets a person for good (GDPR art. 17). What the law requires to be kept stays without their name.
#[utoipa::path(
    post, path = "/api/v1/customers/{id}/forget", tag = "customers", operation_id = "forgetCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = ForgetTold,
    responses((status = 202, description = "Forgotten.")),
    security(("key" = ["customers:forget"])),
)]
pub(crate) async fn forget(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<ForgetTold>,
) -> Result<StatusCode, Problem> {
    caller.need(Scope::CustomersForget)?;
    let person = find(&app, &caller, &id).await?;
    let typed = told.confirm.trim();
    let same = typed == person.id.to_string()
        || person
            .emails
            .iter()
            .any(|email| email.eq_ignore_ascii_case(typed));
    if !same {
        return Err(Problem::field(
            "confirm",
            "different",
            "Scrivi l'indirizzo e-mail della persona, o il suo numero.",
            "Write the person's e-mail address, or their id.",
        ));
    }
    let who = PersonRef {
        email: person.emails.first().cloned(),
        phone: person.phones.first().cloned(),
        shop_customer_id: person.shop_customer_ids.first().cloned(),
    };
    if who.keys().is_empty() {
        return Err(Problem::conflict(
            "nobody_to_forget",
            "Nothing identifies this person any more",
            "The record holds no address, number or platform id.",
        ));
    }
    app.engine.forget_person(caller.id(), who).await?;
    caller
        .audit(
            &app,
            "customer.forgotten",
            format!("customer/{}", person.id),
            json!({}),
        )
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// What to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "journey": "after_delivery", "template": "guide_24h", "order_id": "7214012345679104" }))]
pub(crate) struct SendTold {
    /// A journey that sends it.
    journey: String,
    /// The step; the first with the template when absent.
    #[serde(default)]
    step: Option<String>,
    /// The template.
    template: String,
    /// About which of their orders.
    #[serde(default)]
    order_id: Option<String>,
}

/// Sends one person what a step of a journey would send, if the gate allows.
#[utoipa::path(
    post, path = "/api/v1/customers/{id}/send", tag = "customers", operation_id = "sendToCustomer",
    params(("id" = String, Path, description = "Id of the person.")),
    request_body = SendTold,
    responses(
        (status = 201, description = "The message, queued.", body = MessageRow),
        (status = 409, description = "`held_back`: the gate says no, with `why`; or `needs_coupon`.", body = Problem,
            content_type = "application/problem+json"),
    ),
    security(("key" = ["messages:write"])),
)]
pub(crate) async fn send(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Told(told): Told<SendTold>,
) -> Result<(StatusCode, Json<MessageRow>), Problem> {
    caller.need(Scope::MessagesWrite)?;
    let person = find(&app, &caller, &id).await?;
    let order = order_of(&app, &caller, &person, told.order_id.as_deref()).await?;
    let asked = SendAsked {
        journey: told.journey,
        step: told.step,
        template: told.template,
        order,
    };
    let message = app.engine.send_one(caller.id(), person.id, asked).await?;
    caller
        .audit(
            &app,
            "message.sent_by_hand",
            format!("message/{}", message.id),
            json!({ "journey": message.journey, "step": message.send.step }),
        )
        .await?;
    let shown = visible(&caller, Some(&person));
    Ok((
        StatusCode::CREATED,
        Json(MessageRow::new(&message, shown, None)),
    ))
}

impl From<HandError> for Problem {
    fn from(error: HandError) -> Self {
        match error {
            HandError::Store(error) => error.into(),
            HandError::Ingest(error) => error.into(),
            HandError::Missing(what) => {
                Problem::not_found(&format!("This shop has no such {what}."))
            }
            HandError::HeldBack(reason) => Problem::conflict(
                "held_back",
                "The rules hold this message back",
                reason.words(Locale::En),
            )
            .with(
                "why",
                json!({
                    "decision": "held_back",
                    "reason": reason.as_str(),
                    "it": reason.words(Locale::It),
                    "en": reason.words(Locale::En),
                }),
            ),
            HandError::NeedsCoupon => Problem::conflict(
                "needs_coupon",
                "This step carries a discount code",
                "Only the journey itself can issue the code. Choose another step.",
            ),
        }
    }
}

/// One cell of a CSV line: quoted, and a text that a spreadsheet would take for a formula is given an apostrophe (SEC-08).
fn cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = text.replace('"', "\"\"");
    if risky {
        format!("\"'{text}\"")
    } else {
        format!("\"{text}\"")
    }
}

const CSV_HEAD: &str = "id,name,email,phone,province,created_at,orders,total,currency,last_order_at,marketing_email,unreachable,tags\r\n";

fn csv_line(row: &CustomerRow) -> String {
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
    let cents = row.total.cents;
    let total = format!(
        "{}{}.{:02}",
        if cents < 0 { "-" } else { "" },
        cents.unsigned_abs() / 100,
        cents.unsigned_abs() % 100
    );
    [
        cell(&row.id),
        text(&row.name),
        text(&row.email),
        // Leading + of a phone number is data, and looks like a formula all the same.
        text(&row.phone),
        text(&row.province),
        cell(&row.created_at.to_string()),
        row.orders.to_string(),
        total,
        cell(&row.total.currency),
        cell(
            &row.last_order_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
        ),
        cell(row.marketing_email),
        cell(row.unreachable.unwrap_or_default()),
        cell(&row.tags.join(" ")),
    ]
    .join(",")
        + "\r\n"
}

/// The same people as the list, as a CSV file of at most 200,000 lines, sent page by page.
#[utoipa::path(
    get, path = "/api/v1/customers.csv", tag = "customers", operation_id = "exportCustomers",
    params(CustomersAsked),
    responses((status = 200, description = "A CSV file, UTF-8, formula-safe.", body = String, content_type = "text/csv")),
    security(("key" = ["customers:export"])),
)]
pub(crate) async fn csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<CustomersAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::CustomersExport)?;
    let mut filter = asked.filter(None)?;
    caller
        .audit(
            &app,
            "customers.exported",
            "customers".to_owned(),
            json!({ "searched": asked.q.is_some() }),
        )
        .await?;
    // The first page is read before the answer begins, so that a store that is away is an error and not half a file.
    let first = app
        .engine
        .store()
        .list_customers(caller.id(), &filter, API_ROWS_MAX)
        .await?;
    let (send, receive) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(2);
    tokio::spawn(async move {
        let mut sent = 0;
        let mut page = first;
        let mut head = CSV_HEAD.to_owned();
        loop {
            let full = page.len() == API_ROWS_MAX;
            filter.before = page.last().map(|person| person.id);
            let mut part = std::mem::take(&mut head);
            for person in &page {
                part.push_str(&csv_line(&CustomerRow::new(&caller.shop, person)));
            }
            sent += page.len();
            if send.send(Ok(part)).await.is_err() || !full || sent >= EXPORT_ROWS_MAX {
                return;
            }
            let next = app
                .engine
                .store()
                .list_customers(caller.id(), &filter, API_ROWS_MAX)
                .await;
            match next {
                Ok(next) => page = next,
                Err(error) => {
                    tracing::error!(%error, "an export broke off");
                    let _ = send.send(Err(std::io::Error::other("the store"))).await;
                    return;
                }
            }
        }
    });
    let body = Body::from_stream(crate::api::stream::Received(receive));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"customers.csv\""),
        ),
    ];
    Ok((headers, body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("+39333"), "\"'+39333\"");
        assert_eq!(cell("Chiara \"la rossa\""), "\"Chiara \"\"la rossa\"\"\"");
    }

    #[test]
    fn what_is_typed_becomes_the_words_that_are_stored() {
        assert_eq!(terms("Chiara ROS"), ["chiara", "ros"]);
        assert_eq!(terms("Chiara@Posta.example"), ["chiara@posta.example"]);
        assert_eq!(terms("333 123 45"), ["33312345"]);
        assert_eq!(terms("Nicolò"), ["nicolo"]);
        assert_eq!(terms(""), Vec::<String>::new());
    }
}
