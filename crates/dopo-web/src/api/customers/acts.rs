//! What is done with one person by hand: notes, stopping, the copy, forgetting, one message.

use super::find;
use super::story::NoteShape;
use crate::api::ask::Told;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::shapes::{MessageRow, visible};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use dopo_core::consent::Channel;
use dopo_core::customer::{Customer, PersonRef};
use dopo_core::id::OrderId;
use dopo_core::italy::Locale;
use dopo_engine::console::hand::{HandError, SendAsked};
use dopo_engine::console::live::Topics;
use dopo_engine::ports::{NOTE_CHARS_MAX, NoteRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

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
    let title = app
        .engine
        .template_title(caller.id(), &message.send.template);
    Ok((
        StatusCode::CREATED,
        Json(MessageRow::new(&message, title, shown, None)),
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
