//! `/o/{token}/hold/{seq}`: what shall be done with a held parcel. GET asks and tells how it stands, POST answers.
//!
//! The form names the hold and the answer it goes beyond; what it says is an event with that name, so the same form sent
//! twice, or two people at once, make one answer. What became of it is read from the facts, never assumed.

use super::order::{Found, find, not_modified, tag, version_of};
use super::order_view::{HoldView, hold_stamp, hold_view};
use super::{Asked, Link, ToldPage, field, form, ingest};
use crate::page::{Frame, PageError, shop_page, shop_page_as};
use crate::state::App;
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::italy::{Province, clean_line};
use dopo_core::order::PostalAddress;
use dopo_core::parcel::{HoldAction, HoldAnswer, InstructedBy};
use serde::Deserialize;

/// The kind of form, for its proof.
const FORM: &str = "hold";
/// Longest field of an address, in characters.
const ADDRESS_CHARS_MAX: usize = 100;
/// Longest line for the driver, in characters.
const NOTE_CHARS_MAX: usize = 200;
/// Longest telephone number, in characters.
const PHONE_CHARS_MAX: usize = 30;

/// `?sent=redeliver`: what was just chosen.
#[derive(Deserialize)]
pub(crate) struct Sent {
    sent: Option<String>,
}

/// What was written into the form, to be shown again.
#[derive(Default)]
struct Written {
    action: String,
    name: String,
    street: String,
    extra: String,
    postal_code: String,
    city: String,
    province: String,
    phone: String,
    note: String,
}

#[derive(Template)]
#[template(path = "hold.html")]
struct HoldPage {
    frame: Frame,
    view: HoldView,
    action: String,
    proof: String,
    back: String,
    /// What is wrong with the form, or happened in the meantime.
    problem: Option<&'static str>,
    written: Written,
    version: String,
}

fn page(
    app: &App,
    token: &str,
    found: &Found,
    seq: u16,
    problem: Option<&'static str>,
    written: Written,
) -> Option<HoldPage> {
    let settings = &found.shop.settings;
    let now = app.engine.now();
    let view = hold_view(settings, &found.order, seq, found.voice, now, &found.base)?;
    let mut frame = Frame::new(settings, found.voice, view.title.to_owned());
    frame.withdrawal = Some(format!("{}#recesso", found.back()));
    Some(HoldPage {
        action: format!("{}/hold/{seq}?lang={}", found.base, found.voice.tag()),
        proof: app.form_proof(FORM, token),
        back: found.back(),
        version: version_of(&view, found.voice),
        frame,
        view,
        problem,
        written,
    })
}

/// The page of a parcel that is not held, or no longer.
fn over(found: &Found, changed: bool) -> Response {
    let voice = found.voice;
    let page = ToldPage {
        frame: Frame::new(&found.shop.settings, voice, voice.hold_title().to_owned()),
        title: voice.hold_over().to_owned(),
        paragraphs: if changed {
            vec![voice.hold_changed().to_owned()]
        } else {
            Vec::new()
        },
        link: Some(Link {
            href: found.back(),
            label: voice.back_to_order(),
        }),
    };
    shop_page(&page.frame, &page)
}

pub(crate) async fn ask(
    State(app): State<App>,
    Path((token, seq)): Path<(String, u16)>,
    Query(asked): Query<Asked>,
    Query(sent): Query<Sent>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let parcel = found.parcel(seq).ok_or(PageError::Missing)?;
    let sent = sent.sent.as_deref().and_then(HoldAction::parse);
    let stands = parcel.question().and_then(|hold| hold.answer.as_ref());
    let changed = sent.is_some_and(|sent| stands.is_none_or(|answer| answer.action != sent));
    let problem = changed.then(|| found.voice.hold_changed());
    let Some(page) = page(&app, &token, &found, seq, problem, Written::default()) else {
        return Ok(over(&found, changed));
    };
    if let Some(response) = not_modified(&headers, &page.version) {
        return Ok(response);
    }
    let mut response = shop_page(&page.frame, &page);
    tag(&mut response, &page.version);
    Ok(response)
}

pub(crate) async fn answer(
    State(app): State<App>,
    Path((token, seq)): Path<(String, u16)>,
    Query(asked): Query<Asked>,
    body: Body,
) -> Result<Response, PageError> {
    let form = form(body).await?;
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    if !app.form_proof_holds(FORM, &token, field(&form, "proof").unwrap_or_default()) {
        return Err(PageError::Form);
    }
    let parcel = found.parcel(seq).ok_or(PageError::Missing)?;
    let voice = found.voice;
    let written = written(&form);
    let Some(hold) = parcel.question() else {
        return Ok(over(&found, true));
    };
    let action = HoldAction::parse(&written.action).filter(|action| {
        hold.choices(&found.shop.settings.hold)
            .any(|may| may == *action)
    });
    let again = |problem: &'static str, written: Written| match page(
        &app,
        &token,
        &found,
        seq,
        Some(problem),
        written,
    ) {
        Some(page) => shop_page_as(StatusCode::UNPROCESSABLE_ENTITY, &page.frame, &page),
        None => over(&found, true),
    };
    let Some(action) = action else {
        return Ok(again(voice.hold_pick(), written));
    };
    let address = (action == HoldAction::OtherAddress).then(|| address_of(&found, &written));
    if let Some(address) = &address
        && [&address.street, &address.postal_code, &address.city]
            .into_iter()
            .any(Option::is_none)
    {
        return Ok(again(voice.hold_address_missing(), written));
    }
    let stamp = hold_stamp(hold);
    if field(&form, "of") == Some(stamp.as_str()) {
        let line = EventLine {
            id: format!("hold/{}/{seq}/{stamp}", found.order.id.0),
            at: app.engine.now(),
            event: Event::HoldAnswered {
                parcel: ParcelRef {
                    order: Some(found.order.snapshot.external_id.clone()),
                    seq: Some(seq),
                    ..ParcelRef::default()
                },
                answer: HoldAnswer {
                    action,
                    address,
                    phone: given(&written.phone),
                    note: given(&written.note),
                },
                by: InstructedBy::Buyer,
            },
        };
        ingest(&app, found.shop.id, line).await?;
    }
    let to = format!(
        "{}/hold/{seq}?lang={}&sent={}",
        found.base,
        voice.tag(),
        action.as_str()
    );
    Ok(Redirect::to(&to).into_response())
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn written(form: &[(String, String)]) -> Written {
    let line = |name: &str, max: usize| -> String {
        let text = clean_line(field(form, name).unwrap_or_default());
        text.chars().take(max).collect()
    };
    let part = |name: &str| line(name, ADDRESS_CHARS_MAX);
    Written {
        action: part("action"),
        name: part("name"),
        street: part("street"),
        extra: part("extra"),
        postal_code: part("postal_code"),
        city: part("city"),
        province: part("province"),
        phone: line("phone", PHONE_CHARS_MAX),
        note: line("note", NOTE_CHARS_MAX),
    }
}

fn address_of(found: &Found, written: &Written) -> PostalAddress {
    let country = found
        .order
        .snapshot
        .ship_to
        .as_ref()
        .and_then(|to| to.country.clone());
    PostalAddress {
        name: given(&written.name),
        company: None,
        street: given(&written.street),
        extra: given(&written.extra),
        postal_code: given(&written.postal_code),
        city: given(&written.city),
        province: Province::parse(&written.province)
            .ok()
            .map(|province| province.code().to_owned()),
        country,
    }
}
