//! `/captured/`: every message that was decided, newest first, and each as a phone and a desktop would show it, with the
//! reason why it left or did not. For the people of the shop; open to all in the demo.

use crate::api::messages::why;
use crate::limits::CAPTURED_ROWS;
use crate::page::{CSS, PageError, html, own_page};
use crate::sign_in::{own_voice, viewer};
use crate::state::App;
use crate::words::{Voice, fill};
use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId};
use dopo_core::italy::format;
use dopo_core::italy::names::PersonName;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::shop::TrackingMode;
use dopo_engine::ports::{MessageFilter, Rendered, Rendering};
use dopo_engine::tokens::Token;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/captured/", get(list))
        .route("/captured", get(async || redirect("/captured/")))
        .route("/captured/{shop}/{id}", get(show))
        .route("/captured/{shop}/{id}/html", get(frame))
}

fn redirect(to: &'static str) -> Response {
    (
        StatusCode::SEE_OTHER,
        [(header::LOCATION, HeaderValue::from_static(to))],
    )
        .into_response()
}

/// `GET /`
pub(crate) async fn home(State(app): State<App>) -> Response {
    redirect(if app.settings.demo {
        "/demo/"
    } else {
        "/captured/"
    })
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    lang: Option<String>,
    shop: Option<String>,
    status: Option<String>,
    before: Option<String>,
}

/// A message in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub href: String,
    pub subject: String,
    pub to: String,
    pub when: String,
    pub channel: &'static str,
    pub status: &'static str,
    pub tone: &'static str,
    pub step: String,
    /// One line: the basis or the reason.
    pub why: String,
    /// The order page, where the message is about an order.
    pub order: Option<String>,
}

struct Tab {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "captured.html")]
struct ListPage {
    voice: Voice,
    css: &'static str,
    shops: Vec<Tab>,
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    older: Option<String>,
    newest: Option<String>,
    no_shop: bool,
    open: bool,
}

#[derive(Template)]
#[template(path = "captured_message.html")]
struct MessagePage {
    voice: Voice,
    css: &'static str,
    row: Row,
    facts: Vec<(&'static str, String)>,
    why: String,
    evidence: Option<String>,
    frame: Option<String>,
    text: Option<String>,
    sms: Option<(String, String)>,
    headers: Vec<(&'static str, String)>,
    nothing: Option<String>,
    order: Option<String>,
    open: bool,
}

/// The word of a status, and its tone.
fn status_word(voice: Voice, status: MessageStatus) -> (&'static str, &'static str) {
    match status {
        MessageStatus::Queued => (voice.st_queued(), "calm"),
        MessageStatus::HeldBack => (voice.st_held(), "attention"),
        MessageStatus::Sending => (voice.st_sending(), "calm"),
        MessageStatus::Sent => (voice.st_sent(), "good"),
        MessageStatus::Captured => (voice.st_captured(), "good"),
        MessageStatus::Failed => (voice.st_failed(), "bad"),
        MessageStatus::Bounced => (voice.st_bounced(), "bad"),
        MessageStatus::InDoubt => (voice.st_in_doubt(), "attention"),
        MessageStatus::LeftToPlatform => (voice.st_platform(), "calm"),
    }
}

fn channel_word(voice: Voice, channel: Channel) -> &'static str {
    match channel {
        Channel::Email => voice.c_email(),
        Channel::Sms => voice.c_sms(),
        Channel::Push => voice.ch_push(),
        Channel::Call => voice.ch_call(),
    }
}

fn purpose_word(voice: Voice, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Legal => voice.p_legal(),
        Purpose::Service => voice.p_service(),
        Purpose::Care => voice.p_care(),
        Purpose::Feedback => voice.p_feedback(),
        Purpose::Cart => voice.p_cart(),
        Purpose::MarketingSimilar => voice.p_similar(),
        Purpose::Marketing => voice.p_marketing(),
        Purpose::ThirdParty => voice.p_third(),
    }
}

/// A moment in words, in the shop's zone.
pub(crate) fn moment(shop: &Shop, at: Timestamp, now: Timestamp, voice: Voice) -> String {
    let zone = TimeZone::get(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
    let (at, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone).date());
    let day = match format::relative_word(at.date(), today, voice.locale) {
        Some(word) => word.to_owned(),
        None if at.date().year() == today.year() => {
            format::date_with_weekday(at.date(), voice.locale)
        }
        None => format::date_full(at.date(), voice.locale),
    };
    format!("{day}, {}", format::time(at.time()))
}

/// The name of a person, else their address.
pub(crate) fn person_word(person: Option<&Customer>, channel: Channel) -> String {
    let Some(person) = person else {
        return "—".to_owned();
    };
    let name = PersonName::new(person.first_name.as_deref(), person.last_name.as_deref()).full();
    let address = match channel {
        Channel::Email => person.emails.first(),
        Channel::Sms | Channel::Push | Channel::Call => person.phones.first(),
    };
    match (name, address) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (Some(name), None) => name,
        (None, Some(address)) => address.clone(),
        (None, None) => "—".to_owned(),
    }
}

/// When a message left, or was decided.
fn left_at(message: &Message) -> Timestamp {
    message.sent_at.unwrap_or(message.decided_at)
}

/// Rows for messages, with the people and subjects they need.
pub(crate) async fn rows(
    app: &App,
    shop: &Arc<Shop>,
    messages: &[Message],
    voice: Voice,
) -> Result<Vec<Row>, PageError> {
    let mut people: HashMap<CustomerId, Option<Customer>> = HashMap::new();
    let mut rows = Vec::with_capacity(messages.len());
    for message in messages {
        let person = match people.entry(message.customer_id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let found = app
                    .engine
                    .store()
                    .customer(shop.id, message.customer_id)
                    .await?;
                new.insert(found)
            }
        };
        let subject = subject(app, shop, message, voice).await?;
        rows.push(row(app, shop, message, person.as_ref(), subject, voice));
    }
    Ok(rows)
}

async fn subject(
    app: &App,
    shop: &Shop,
    message: &Message,
    voice: Voice,
) -> Result<String, PageError> {
    if message.sent_at.is_none() {
        return Ok(format!(
            "{} {}",
            message.send.template,
            voice.cap_no_subject()
        ));
    }
    let rendering = app
        .engine
        .store()
        .message(shop.id, message.id)
        .await?
        .and_then(|(_, rendering)| rendering);
    let rendered = match rendering {
        Some(rendering) => app.engine.render_message(shop.id, &rendering).await.ok(),
        None => None,
    };
    Ok(match rendered {
        Some(rendered) if !rendered.subject.is_empty() => rendered.subject,
        Some(rendered) => rendered.text.chars().take(80).collect(),
        None => message.send.template.clone(),
    })
}

fn row(
    app: &App,
    shop: &Shop,
    message: &Message,
    person: Option<&Customer>,
    subject: String,
    voice: Voice,
) -> Row {
    let (status, tone) = status_word(voice, message.status);
    let why = why(message);
    let order = message.order_id.map(|order| {
        format!(
            "/o/{}",
            app.engine.tokens().seal(&Token::Order {
                shop: shop.id,
                order
            })
        )
    });
    Row {
        href: format!("/captured/{}/{}", shop.slug, message.id),
        subject,
        to: person_word(person, message.channel()),
        when: moment(shop, left_at(message), app.engine.now(), voice),
        channel: channel_word(voice, message.channel()),
        status,
        tone,
        step: format!("{} / {}", message.journey, message.send.step),
        why: voice.locale.pick(why.it, why.en),
        order,
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let viewer = viewer(&app, &headers, "/captured/").await?;
    let page = list_page(&app, &asked, viewer.open)
        .await
        .map_err(IntoResponse::into_response)?;
    Ok(viewer.dress(own_page(&page)))
}

async fn list_page(app: &App, asked: &Asked, open: bool) -> Result<ListPage, PageError> {
    let voice = own_voice(asked.lang.as_deref());
    let all = app.engine.shops();
    let shop = match &asked.shop {
        Some(slug) => Some(app.engine.shop_by_slug(slug).ok_or(PageError::Missing)?),
        None => all.first().cloned(),
    };
    let lang = voice.tag();
    let mut page = ListPage {
        voice,
        css: CSS,
        shops: Vec::new(),
        tabs: Vec::new(),
        rows: Vec::new(),
        older: None,
        newest: None,
        no_shop: shop.is_none(),
        open,
    };
    let Some(shop) = shop else { return Ok(page) };
    if all.len() > 1 {
        page.shops = all
            .iter()
            .map(|one| Tab {
                href: format!("/captured/?shop={}&lang={lang}", one.slug),
                label: one.settings.name.clone(),
                current: one.id == shop.id,
            })
            .collect();
    }
    let status = asked.status.as_deref().and_then(MessageStatus::parse);
    let tab = |wanted: Option<MessageStatus>, label: &str| Tab {
        href: match wanted {
            Some(status) => format!(
                "/captured/?shop={}&status={}&lang={lang}",
                shop.slug,
                status.as_str()
            ),
            None => format!("/captured/?shop={}&lang={lang}", shop.slug),
        },
        label: label.to_owned(),
        current: wanted == status,
    };
    page.tabs = vec![
        tab(None, voice.cap_all()),
        tab(Some(MessageStatus::Captured), voice.cap_captured()),
        tab(Some(MessageStatus::Sent), voice.cap_sent()),
        tab(Some(MessageStatus::HeldBack), voice.cap_held()),
        tab(Some(MessageStatus::Failed), voice.cap_failed()),
    ];
    let before = asked.before.as_deref().and_then(EffectId::parse);
    let filter = MessageFilter {
        status,
        before,
        ..MessageFilter::default()
    };
    let messages = app
        .engine
        .store()
        .messages(shop.id, &filter, CAPTURED_ROWS)
        .await?;
    let here = page
        .tabs
        .iter()
        .find(|t| t.current)
        .map(|t| t.href.clone())
        .unwrap_or_default();
    if messages.len() == CAPTURED_ROWS
        && let Some(last) = messages.last()
    {
        page.older = Some(format!("{here}&before={}", last.id));
    }
    page.newest = before.map(|_| here);
    page.rows = rows(app, &shop, &messages, voice).await?;
    Ok(page)
}

struct Found {
    shop: Arc<Shop>,
    message: Message,
    rendering: Option<Rendering>,
}

async fn find(app: &App, slug: &str, id: &str) -> Result<Found, PageError> {
    let shop = app.engine.shop_by_slug(slug).ok_or(PageError::Missing)?;
    let id = EffectId::parse(id).ok_or(PageError::Missing)?;
    let (message, rendering) = app
        .engine
        .store()
        .message(shop.id, id)
        .await?
        .ok_or(PageError::Missing)?;
    Ok(Found {
        shop,
        message,
        rendering,
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Path((slug, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let viewer = viewer(&app, &headers, &format!("/captured/{slug}/{id}")).await?;
    let page = message_page(&app, &slug, &id, &asked, viewer.open)
        .await
        .map_err(IntoResponse::into_response)?;
    Ok(viewer.dress(own_page(&page)))
}

async fn message_page(
    app: &App,
    slug: &str,
    id: &str,
    asked: &Asked,
    open: bool,
) -> Result<MessagePage, PageError> {
    let Found {
        shop,
        message,
        rendering,
    } = find(app, slug, id).await?;
    let voice = own_voice(asked.lang.as_deref());
    let now = app.engine.now();
    let person = app
        .engine
        .store()
        .customer(shop.id, message.customer_id)
        .await?;
    let rendered = match &rendering {
        Some(rendering) => Some(app.engine.render_message(shop.id, rendering).await),
        None => None,
    };
    let nothing = match &rendered {
        None => Some(voice.cap_nothing().to_owned()),
        Some(Err(why)) => Some(fill(voice.cap_gone(), &[("why", why)])),
        Some(Ok(_)) => None,
    };
    let rendered = rendered.and_then(Result::ok);
    let (is_sms, is_mail) = (
        message.channel() == Channel::Sms,
        message.channel() == Channel::Email,
    );
    let subject = match &rendered {
        Some(rendered) if !rendered.subject.is_empty() => rendered.subject.clone(),
        _ if is_sms => format!("{} {}", voice.cap_sms(), message.send.template),
        _ => message.send.template.clone(),
    };
    let row = row(app, &shop, &message, person.as_ref(), subject, voice);
    let mut facts = vec![
        (voice.cap_to(), row.to.clone()),
        (
            voice.cap_purpose(),
            purpose_word(voice, message.send.purpose).to_owned(),
        ),
        (voice.cap_channel(), row.channel.to_owned()),
        (voice.cap_journey(), row.step.clone()),
        (
            voice.cap_decided(),
            moment(&shop, message.decided_at, now, voice),
        ),
    ];
    match message.sent_at {
        Some(at) => {
            let captured = message.status == MessageStatus::Captured;
            let label = if captured {
                voice.st_captured()
            } else {
                voice.cap_left()
            };
            facts.push((label, moment(&shop, at, now, voice)));
        }
        None if message.status == MessageStatus::Queued => {
            facts.push((voice.cap_due(), moment(&shop, message.due_at, now, voice)));
        }
        None => {}
    }
    if let (Some(grant), true) = (&message.grant, is_mail) {
        let mode = |mode: TrackingMode| match mode {
            TrackingMode::Off => voice.m_off(),
            TrackingMode::Aggregate => voice.m_aggregate(),
            TrackingMode::Identified => voice.m_identified(),
        };
        let values = [
            ("open", mode(grant.tracking_open)),
            ("click", mode(grant.tracking_click)),
        ];
        facts.push((voice.cap_measure(), fill(voice.m_open_click(), &values)));
    }
    let reason = why(&message);
    let mut words = voice.locale.pick(reason.it, reason.en);
    if let Some(failure) = &message.failure {
        words = format!("{words} {failure}");
    }
    let sms = rendered.as_ref().filter(|_| is_sms).map(|rendered| {
        let size = dopo_core::sms::measure(&rendered.text);
        let encoding = match size.encoding {
            dopo_core::sms::Encoding::Gsm7 => "GSM-7",
            dopo_core::sms::Encoding::Ucs2 => "UCS-2",
        };
        let parts = i64::try_from(size.parts).unwrap_or(i64::MAX);
        let parts = match voice.locale {
            dopo_core::italy::Locale::It => format::count(parts, "parte", "parti", voice.locale),
            dopo_core::italy::Locale::En => format::count(parts, "part", "parts", voice.locale),
        };
        let values = [
            ("n", &*size.units.to_string()),
            ("encoding", encoding),
            ("parts", &*parts),
        ];
        (rendered.text.clone(), fill(voice.cap_sms_size(), &values))
    });
    Ok(MessagePage {
        headers: rendered
            .as_ref()
            .filter(|_| is_mail)
            .map(|rendered| mail_headers(&shop, &message, &row.to, rendered, rendering.as_ref()))
            .unwrap_or_default(),
        frame: rendered
            .as_ref()
            .filter(|r| !r.html.is_empty())
            .map(|_| format!("/captured/{}/{}/html", shop.slug, message.id)),
        text: rendered
            .as_ref()
            .filter(|r| !is_sms && !r.text.is_empty())
            .map(|r| r.text.clone()),
        order: row.order.clone(),
        evidence: reason.evidence,
        why: words,
        voice,
        css: CSS,
        row,
        facts,
        sms,
        nothing,
        open,
    })
}

/// The headers a reader asks about first.
fn mail_headers(
    shop: &Shop,
    message: &Message,
    to: &str,
    rendered: &Rendered,
    rendering: Option<&Rendering>,
) -> Vec<(&'static str, String)> {
    let settings = &shop.settings;
    let domain = settings.from_email.rsplit('@').next().unwrap_or_default();
    let mut headers = vec![
        (
            "From",
            format!("{} <{}>", settings.name, settings.from_email),
        ),
        ("To", to.to_owned()),
        ("Subject", rendered.subject.clone()),
        ("Message-ID", format!("<{}@{domain}>", message.id)),
    ];
    if let Some(at) = message.sent_at {
        let zone = TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC);
        headers.push((
            "Date",
            at.to_zoned(zone)
                .strftime("%a, %d %b %Y %H:%M:%S %z")
                .to_string(),
        ));
    }
    if let Some(reply_to) = &settings.reply_to {
        headers.push(("Reply-To", reply_to.clone()));
    }
    let unsubscribe = rendering
        .and_then(|r| r.context.pointer("/links/unsubscribe"))
        .and_then(|link| link.as_str());
    match unsubscribe {
        Some(link) => {
            headers.push(("List-Unsubscribe", format!("<{link}>")));
            headers.push((
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click".to_owned(),
            ));
        }
        None => headers.push(("Auto-Submitted", "auto-generated".to_owned())),
    }
    headers
}

/// The mail's HTML by itself, for the frames: no scripts, no forms, links open beside, its own open is not counted.
pub(crate) async fn frame(
    State(app): State<App>,
    headers: HeaderMap,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Response> {
    let viewer = viewer(&app, &headers, "/captured/").await?;
    let response = frame_page(&app, &slug, &id)
        .await
        .map_err(IntoResponse::into_response)?;
    Ok(viewer.dress(response))
}

async fn frame_page(app: &App, slug: &str, id: &str) -> Result<Response, PageError> {
    let Found {
        shop, rendering, ..
    } = find(app, slug, id).await?;
    let rendering = rendering.ok_or(PageError::Missing)?;
    let rendered = app
        .engine
        .render_message(shop.id, &rendering)
        .await
        .map_err(|_| PageError::Missing)?;
    let homes = [app.engine.public_url(), &app.engine.pages_url(&shop)];
    let body = still(&rendered.html, &homes);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";
    let mut response = html(StatusCode::OK, body, policy, "it");
    response.headers_mut().remove(header::CONTENT_LANGUAGE);
    Ok(response)
}

/// The HTML with its own opening image taken out and links opening beside the frame.
pub(crate) fn still(html: &str, homes: &[&str]) -> String {
    let mut html = html.to_owned();
    for home in homes {
        html = html.replace(&format!("{home}/i/"), "data:,");
    }
    let base = "<base target=\"_blank\" rel=\"noopener\">";
    match html.find("<head>") {
        Some(at) => {
            let at = at + "<head>".len();
            format!("{}{base}{}", &html[..at], &html[at..])
        }
        None => format!("{base}{html}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_mail_does_not_count_as_opened() {
        let html = r#"<html><head></head><body><img src="https://d.example/i/TOKEN.gif"><img src="https://d.example/k/T.png"></body>"#;
        let shown = still(html, &["https://other.example", "https://d.example"]);
        assert!(!shown.contains("https://d.example/i/"));
        assert!(shown.contains("https://d.example/k/T.png"));
        assert!(shown.contains("<head><base target"));
    }
}
