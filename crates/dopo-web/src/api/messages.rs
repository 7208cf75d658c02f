//! `/api/v1/messages…`: what was decided, and why; what it looked like; what happened to it.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::orders::number;
use crate::api::page::{Page, Paging};
use crate::api::places::provinces;
use crate::api::problem::Problem;
use crate::api::shapes::{MessageRow, visible};
use crate::page::html;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use dopo_core::access::Scope;
use dopo_core::advance::Shop;
use dopo_core::consent::Channel;
use dopo_core::id::{CustomerId, EffectId, OrderId};
use dopo_core::italy::Locale;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::words;
use dopo_engine::console::live::Topics;
use dopo_engine::ports::{MessageQuery, Rendered, Rendering};
use dopo_engine::render::check::preheader_of;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

/// Which messages.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessagesAsked {
    /// Only in this status.
    #[param(example = "held_back")]
    status: Option<String>,
    /// Only on this channel.
    #[param(example = "email")]
    channel: Option<String>,
    /// Only of this journey.
    journey: Option<String>,
    /// Only of this step (with `journey`).
    step: Option<String>,
    /// Only to this person.
    customer: Option<String>,
    /// Only about this order.
    order: Option<String>,
    /// Only to these provinces, two letters each, with commas: where the order goes that the message is about, else
    /// where its person is. The newest 50,000 messages are looked at.
    #[param(example = "BO,MO")]
    province: Option<String>,
    /// Only to a region of Italy: all its provinces.
    #[param(example = "emilia_romagna")]
    region: Option<String>,
    /// Only decided before this message (as `cursor`, by its id).
    before: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows, at most 200.
    limit: Option<usize>,
}

/// Why a message leaves or does not, in words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Why {
    /// `allowed` or `held_back` or `waiting`.
    pub decision: &'static str,
    /// The basis in law, when allowed.
    pub basis: Option<&'static str>,
    /// The proof.
    pub evidence: Option<String>,
    /// The reason, when not.
    pub reason: Option<&'static str>,
    /// One line, Italian.
    pub it: String,
    /// One line, English.
    pub en: String,
}

/// The why of a message.
pub(crate) fn why(message: &Message) -> Why {
    let left = matches!(
        message.status,
        MessageStatus::Sent | MessageStatus::Captured | MessageStatus::Bounced
    );
    match (&message.grant, message.reason) {
        (Some(grant), reason) if left || reason.is_none() => Why {
            decision: "allowed",
            basis: Some(grant.basis.as_str()),
            evidence: Some(grant.evidence.clone()),
            reason: None,
            it: grant.basis.words(Locale::It).to_owned(),
            en: grant.basis.words(Locale::En).to_owned(),
        },
        (grant, Some(reason)) => Why {
            decision: if message.status == MessageStatus::Queued {
                "waiting"
            } else {
                "held_back"
            },
            basis: grant.as_ref().map(|g| g.basis.as_str()),
            evidence: grant.as_ref().map(|g| g.evidence.clone()),
            reason: Some(reason.as_str()),
            it: reason.words(Locale::It).to_owned(),
            en: reason.words(Locale::En).to_owned(),
        },
        (_, None) => Why {
            decision: "held_back",
            basis: None,
            evidence: None,
            reason: None,
            it: "Il motivo non è stato registrato.".to_owned(),
            en: "The reason was not recorded.".to_owned(),
        },
    }
}

/// One page of messages.
pub(crate) async fn page(
    app: &App,
    caller: &Caller,
    mut query: MessageQuery,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<MessageRow>, Problem> {
    let paging = Paging::<String>::read("messages", cursor, limit)?;
    if let Some(id) = &paging.before {
        let unreadable = || {
            Problem::invalid(
                "cursor_unreadable",
                "This is no cursor of this list. Send `next` of the page before as it is.",
            )
        };
        query.before = Some(EffectId::parse(id).ok_or_else(unreadable)?);
    }
    let lines = app
        .engine
        .store()
        .list_messages(caller.id(), &query, paging.look())
        .await?;
    Ok(paging.page(
        lines,
        |line| line.message.id.to_string(),
        |line| {
            let shown = visible(caller, line.customer.as_ref());
            let message = &line.message;
            let title = app
                .engine
                .template_title(caller.id(), &message.send.template);
            MessageRow::new(message, title, shown, line.order_number)
        },
    ))
}

/// One of a closed list by its name.
fn named<T>(
    value: Option<&str>,
    field: &'static str,
    parse: impl Fn(&str) -> Option<T>,
    known: &[&str],
) -> Result<Option<T>, Problem> {
    let Some(name) = value else { return Ok(None) };
    match parse(name) {
        Some(found) => Ok(Some(found)),
        None => Err(Problem::invalid(
            match field {
                "status" => "status_unknown",
                _ => "channel_unknown",
            },
            format!("`{field}` is one of {}.", known.join(", ")),
        )),
    }
}

/// Messages, newest first: sent, waiting and held back, each with the reason.
#[utoipa::path(
    get, path = "/api/v1/messages", tag = "messages", operation_id = "listMessages",
    params(MessagesAsked),
    responses((status = 200, description = "Messages, newest first.", body = Page<MessageRow>)),
    security(("key" = ["messages:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<MessagesAsked>,
) -> Result<Json<Page<MessageRow>>, Problem> {
    caller.need(Scope::MessagesRead)?;
    let statuses = MessageStatus::ALL.map(MessageStatus::as_str);
    let channels = Channel::ALL.map(Channel::as_str);
    let before = match &asked.before {
        Some(id) => Some(EffectId::parse(id).ok_or_else(|| {
            Problem::invalid(
                "before_invalid",
                "`before` is the id of a message: 32 hexadecimal digits.",
            )
        })?),
        None => None,
    };
    let id = |field, id: &Option<String>| id.as_deref().map(|id| number(field, id)).transpose();
    let query = MessageQuery {
        customer: id("customer", &asked.customer)?.map(CustomerId),
        order: id("order", &asked.order)?.map(OrderId),
        status: named(
            asked.status.as_deref(),
            "status",
            MessageStatus::parse,
            &statuses,
        )?,
        journey: asked.journey,
        step: asked.step,
        channel: named(
            asked.channel.as_deref(),
            "channel",
            Channel::parse,
            &channels,
        )?,
        provinces: provinces(asked.province.as_deref(), asked.region.as_deref())?,
        before,
    };
    let page = page(&app, &caller, query, asked.cursor.as_deref(), asked.limit).await?;
    Ok(Json(page))
}

/// What a message looked like.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RenderedShape {
    /// Subject of a mail.
    pub subject: String,
    /// What mail programs show beside the subject.
    pub preheader: Option<String>,
    /// Plain text.
    pub text: String,
    /// HTML of a mail. Show it from `GET /messages/{id}/html`, which is sandboxed.
    pub html: Option<String>,
    /// Text of an SMS.
    pub sms: Option<String>,
    /// Parts of the SMS.
    pub segments: Option<usize>,
}

impl RenderedShape {
    pub(crate) fn new(rendered: Rendered, channel: Channel) -> Self {
        let is_sms = channel == Channel::Sms;
        let preheader = Some(preheader_of(&rendered.html)).filter(|text| !text.is_empty());
        RenderedShape {
            preheader,
            sms: is_sms.then(|| rendered.text.clone()),
            segments: is_sms.then(|| dopo_core::sms::measure(&rendered.text).parts),
            subject: rendered.subject,
            text: rendered.text,
            html: (!rendered.html.is_empty()).then_some(rendered.html),
        }
    }
}

/// What it was made of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RenderingShape {
    /// Template.
    template: String,
    /// Its version.
    template_version: u32,
    /// Language.
    locale: String,
    /// SHA-256 of subject, text and HTML.
    sha256: String,
}

/// Something in the life of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "at": "2026-11-20T10:00:02Z", "what": "sent", "it": "Spedito", "en": "Sent" }))]
pub(crate) struct LifeShape {
    /// When.
    at: Timestamp,
    /// `decided`, `due`, `held_back`, `sent`, `captured`, `opened`, `clicked`, or the status it is in now.
    what: &'static str,
    /// In words, Italian.
    it: String,
    /// In words, English.
    en: String,
}

/// One message with its looks and its life.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MessageShape {
    #[serde(flatten)]
    row: MessageRow,
    /// What it looked like; null when it never left, or its template version is gone.
    rendered: Option<RenderedShape>,
    /// What it was made of.
    rendering: Option<RenderingShape>,
    /// What happened to it, oldest first.
    life: Vec<LifeShape>,
}

/// What happened to a message, oldest first.
fn life(message: &Message, shop: &Shop) -> Vec<LifeShape> {
    let why = why(message);
    let decided_by = (message.journey.clone(), message.journey_version);
    let journey = shop.journeys.get(&decided_by);
    let (name_it, name_en) = journey.map_or((&message.journey, &message.journey), |journey| {
        (&journey.name_it, &journey.name_en)
    });
    let mut life = vec![LifeShape {
        at: message.decided_at,
        what: "decided",
        it: format!("Deciso dal percorso «{name_it}»"),
        en: format!("Decided by the journey “{name_en}”"),
    }];
    let mut add = |at: Option<Timestamp>, what, it: &str, en: &str| {
        if let Some(at) = at {
            life.push(LifeShape {
                at,
                what,
                it: it.to_owned(),
                en: en.to_owned(),
            });
        }
    };
    let words = words::message(message.status);
    let held = (message.status == MessageStatus::HeldBack).then_some(message.due_at);
    add(
        held,
        "held_back",
        &format!("{}: {}", words.it, why.it),
        &format!("{}: {}", words.en, why.en),
    );
    let later = message.due_at > message.decided_at && message.status == MessageStatus::Queued;
    add(
        later.then_some(message.due_at),
        "due",
        &format!("Può partire da qui. {}", why.it),
        &format!("May leave from here. {}", why.en),
    );
    let captured = message.status == MessageStatus::Captured;
    add(
        message.sent_at,
        if captured { "captured" } else { "sent" },
        if captured { words.it } else { "Spedito" },
        if captured { words.en } else { "Sent" },
    );
    add(message.opened_at, "opened", "Aperto", "Opened");
    add(
        message.clicked_at,
        "clicked",
        "Clic su un link",
        "A link was clicked",
    );
    let troubled = matches!(
        message.status,
        MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::InDoubt
    );
    let failure = message.failure.as_deref().unwrap_or_default();
    add(
        troubled.then(|| message.sent_at.unwrap_or(message.due_at)),
        message.status.as_str(),
        &format!("{} {failure}", words.it),
        &format!("{} {failure}", words.en),
    );
    life.sort_by_key(|entry| entry.at);
    life
}

async fn find(
    app: &App,
    caller: &Caller,
    id: &str,
) -> Result<(Message, Option<Rendering>), Problem> {
    let missing = || Problem::not_found("This shop has no message with this id.");
    let id = EffectId::parse(id).ok_or_else(missing)?;
    app.engine
        .store()
        .message(caller.id(), id)
        .await?
        .ok_or_else(missing)
}

/// One message with its looks and its life.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}", tag = "messages", operation_id = "getMessage",
    params(("id" = String, Path, description = "Id of the message.")),
    responses((status = 200, description = "The message.", body = MessageShape)),
    security(("key" = ["messages:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MessageShape>, Problem> {
    caller.need(Scope::MessagesRead)?;
    let (message, rendering) = find(&app, &caller, &id).await?;
    let store = app.engine.store();
    let person = store.customer(caller.id(), message.customer_id).await?;
    let number = match message.order_id {
        Some(order) => store
            .order(caller.id(), order)
            .await?
            .map(|(order, _)| order.snapshot.number),
        None => None,
    };
    let rendered = match &rendering {
        Some(rendering) => app.engine.render_message(caller.id(), rendering).await.ok(),
        None => None,
    };
    let title = app
        .engine
        .template_title(caller.id(), &message.send.template);
    Ok(Json(MessageShape {
        row: MessageRow::new(&message, title, visible(&caller, person.as_ref()), number),
        rendered: rendered.map(|rendered| RenderedShape::new(rendered, message.channel())),
        rendering: rendering.map(|rendering| RenderingShape {
            template: rendering.template,
            template_version: rendering.template_version,
            locale: rendering.locale,
            sha256: rendering.sha256,
        }),
        life: life(&message, &caller.shop),
    }))
}

/// The mail as its own document for a frame: sandboxed, no scripts, no forms, and looking at it does not count as an open.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}/html", tag = "messages", operation_id = "getMessageHtml",
    params(("id" = String, Path, description = "Id of the message."),
        ("shop" = Option<String>, Query, description = "The shop, where no header can be sent (frames).")),
    responses((status = 200, description = "The mail.", body = String, content_type = "text/html")),
    security(("key" = ["messages:read"])),
)]
pub(crate) async fn document(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.need(Scope::MessagesRead)?;
    let (_, rendering) = find(&app, &caller, &id).await?;
    let nothing =
        || Problem::not_found("This message has no HTML, or its template version is gone.");
    let rendering = rendering.ok_or_else(nothing)?;
    let rendered = app
        .engine
        .render_message(caller.id(), &rendering)
        .await
        .map_err(|_| nothing())?;
    if rendered.html.is_empty() {
        return Err(nothing());
    }
    Ok(framed(&app, &caller.shop, &rendered.html))
}

/// HTML of a mail as a document that can do nothing and is shown only by our own pages.
pub(crate) fn framed(app: &App, shop: &Shop, mail: &str) -> Response {
    let homes = [app.engine.public_url(), &app.engine.pages_url(shop)];
    let body = crate::captured::still(mail, &homes);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";
    let mut response = html(StatusCode::OK, body, policy, "it");
    response.headers_mut().remove(header::CONTENT_LANGUAGE);
    response
}

/// Puts a message that failed or is in doubt back into the queue.
#[utoipa::path(
    post, path = "/api/v1/messages/{id}/requeue", tag = "messages", operation_id = "requeueMessage",
    params(("id" = String, Path, description = "Id of the message.")),
    responses(
        (status = 200, description = "The message, queued again.", body = MessageRow),
        (status = 409, description = "`not_requeueable`: it neither failed nor is in doubt.", body = Problem,
            content_type = "application/problem+json"),
    ),
    security(("key" = ["messages:write"])),
)]
pub(crate) async fn requeue(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<MessageRow>, Problem> {
    caller.need(Scope::MessagesWrite)?;
    let (message, _) = find(&app, &caller, &id).await?;
    let store = app.engine.store();
    let now = app.engine.now();
    if !store.requeue(caller.id(), message.id, now).await? {
        return Err(Problem::conflict(
            "not_requeueable",
            "This message cannot be sent again",
            "Only a message that failed or is in doubt can be put back into the queue.",
        ));
    }
    app.engine.changed(caller.id(), Topics::MESSAGES);
    caller
        .audit(
            &app,
            "message.requeued",
            format!("message/{}", message.id),
            json!({}),
        )
        .await?;
    let (message, _) = find(&app, &caller, &id).await?;
    let person = store.customer(caller.id(), message.customer_id).await?;
    let shown = visible(&caller, person.as_ref());
    let title = app
        .engine
        .template_title(caller.id(), &message.send.template);
    Ok(Json(MessageRow::new(&message, title, shown, None)))
}
