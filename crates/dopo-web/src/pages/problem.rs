//! `/o/{token}/problem`: a person says that something is wrong, with up to four photos. GET asks, POST takes it in.
//!
//! Photos are stripped before they are stored, and stored before the event that names them; a form sent twice makes one
//! report. Nobody but the shop's people sees them again: the pages show only that something was reported.

use super::multipart;
use super::order::{Found, find};
use super::photo::{self, PHOTO_BYTES_MAX, Photo};
use super::{Asked, Link, ToldPage, ingest, parse_form};
use crate::edge::client_address;
use crate::limits::FORM_BODY_BYTES_MAX;
use crate::page::{Frame, PageError, shop_page, shop_page_as};
use crate::state::App;
use crate::words::fill;
use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use dopo_core::event::{Event, EventLine, ParcelRef};
use dopo_core::italy::is_invisible;
use dopo_core::order::{PROBLEM_CHARS_MAX, PROBLEM_PHOTOS_MAX, ProblemKind};
use dopo_core::parcel::Direction;
use dopo_engine::ports::{PhotoRow, StoreError};
use serde::Deserialize;
use std::net::SocketAddr;

/// The kind of form, for its proof.
const FORM: &str = "problem";
/// Body of a report: the photos, and what stands around them.
const BODY_BYTES_MAX: usize = PROBLEM_PHOTOS_MAX * PHOTO_BYTES_MAX + 2 * FORM_BODY_BYTES_MAX;
/// Length of the name that a form gets, in hexadecimal digits.
const NAME_DIGITS: usize = 32;

/// `?told=damaged`: what was just reported.
#[derive(Deserialize)]
pub(crate) struct Told {
    told: Option<String>,
}

/// One thing to choose.
struct Choosable {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    action: String,
    proof: String,
    /// What tells this form from another of the same page.
    name: String,
    kinds: Vec<Choosable>,
    parcels: Vec<Choosable>,
    text: String,
    chars_max: usize,
    delivered: Option<String>,
    problem: Option<&'static str>,
    back: String,
}

/// What a form says.
#[derive(Default)]
struct Report {
    proof: String,
    name: String,
    kind: Option<ProblemKind>,
    parcel: Option<u16>,
    text: String,
    photos: Vec<Photo>,
    /// Why a photo was not taken.
    fault: Option<Fault>,
}

enum Fault {
    Kind,
    Size,
    Many,
}

fn page(
    app: &App,
    token: &str,
    found: &Found,
    report: &Report,
    problem: Option<&'static str>,
) -> ProblemPage {
    let v = found.voice;
    let live: Vec<_> = found
        .order
        .tracked
        .iter()
        .filter(|parcel| parcel.is_live() && parcel.direction != Direction::Return)
        .collect();
    let all = live.len().to_string();
    let mut parcels: Vec<Choosable> = Vec::new();
    if live.len() > 1 {
        parcels.push(Choosable {
            value: String::new(),
            label: v.problem_order().to_owned(),
            chosen: report.parcel.is_none(),
        });
        parcels.extend(live.iter().enumerate().map(|(i, parcel)| Choosable {
            value: parcel.seq.to_string(),
            label: fill(v.parcel_n(), &[("n", &(i + 1).to_string()), ("all", &all)]),
            chosen: report.parcel == Some(parcel.seq),
        }));
    }
    let zone =
        jiff::tz::TimeZone::get(&found.shop.settings.time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day = |at: jiff::Timestamp| at.to_zoned(zone.clone()).date();
    let delivered = live.iter().filter_map(|p| p.delivered_at).max().map(|at| {
        let date = v.when(day(at), day(app.engine.now()));
        fill(v.problem_delivered(), &[("date", &date)])
    });
    ProblemPage {
        frame: Frame::new(&found.shop.settings, v, v.problem_title().to_owned()),
        action: format!("{}/problem?lang={}", found.base, v.tag()),
        proof: app.form_proof(FORM, token),
        name: if report.name.is_empty() {
            app.fresh_id()
        } else {
            report.name.clone()
        },
        kinds: ProblemKind::ALL
            .into_iter()
            .map(|kind| Choosable {
                value: kind.as_str().to_owned(),
                label: v.problem_kind_of(kind).to_owned(),
                chosen: report.kind == Some(kind),
            })
            .collect(),
        parcels,
        text: report.text.clone(),
        chars_max: PROBLEM_CHARS_MAX,
        delivered,
        problem,
        back: found.back(),
    }
}

fn thanks(found: &Found, kind: ProblemKind) -> Response {
    let v = found.voice;
    let mut paragraphs = vec![v.problem_done_next().to_owned()];
    match kind {
        ProblemKind::NotReceived => paragraphs.push(v.problem_done_not_received().to_owned()),
        ProblemKind::Damaged => paragraphs.push(v.problem_done_damaged().to_owned()),
        ProblemKind::WrongItem | ProblemKind::Missing | ProblemKind::Other => {}
    }
    told(found, v.problem_done(), paragraphs)
}

fn told(found: &Found, title: &str, paragraphs: Vec<String>) -> Response {
    let v = found.voice;
    let page = ToldPage {
        frame: Frame::new(&found.shop.settings, v, v.problem_title().to_owned()),
        title: title.to_owned(),
        paragraphs,
        link: Some(Link {
            href: found.back(),
            label: v.back_to_order(),
        }),
    };
    shop_page(&page.frame, &page)
}

pub(crate) async fn ask(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    Query(just): Query<Told>,
) -> Result<Response, PageError> {
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let kind = just.told.as_deref().and_then(ProblemKind::parse);
    if let Some(kind) = kind.filter(|kind| found.order.problems.iter().any(|p| p.kind == *kind)) {
        return Ok(thanks(&found, kind));
    }
    let page = page(&app, &token, &found, &Report::default(), None);
    Ok(shop_page(&page.frame, &page))
}

pub(crate) async fn report(
    State(app): State<App>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    body: Body,
) -> Result<Response, PageError> {
    // Nobody but the holder of an address is read from, and few at once: photos stand whole in memory.
    let found = find(&app, &token, asked.lang.as_deref()).await?;
    let v = found.voice;
    let peer = peer.map(|axum::Extension(ConnectInfo(peer))| peer);
    let address = client_address(&app, &headers, peer);
    let limits = &app.page_limits;
    if limits.reports.take(&found.order.id).is_err() || limits.reporters.take(&address).is_err() {
        return Ok(told(&found, v.problem_busy(), Vec::new()));
    }
    let _seat = limits.uploads.try_acquire().map_err(|_| PageError::Busy)?;
    let bytes = axum::body::to_bytes(body, BODY_BYTES_MAX)
        .await
        .map_err(|_| PageError::TooLarge)?;
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let report = read(kind, &bytes).ok_or(PageError::Form)?;
    drop(bytes);
    if !app.form_proof_holds(FORM, &token, &report.proof) {
        return Err(PageError::Form);
    }
    let wrong = match (&report.fault, report.kind) {
        (Some(Fault::Kind), _) => Some(v.problem_photo_kind()),
        (Some(Fault::Size), _) => Some(v.problem_photo_size()),
        (Some(Fault::Many), _) => Some(v.problem_photo_many()),
        (None, None) => Some(v.problem_pick()),
        (None, Some(_)) => None,
    };
    let Some(kind) = report.kind.filter(|_| wrong.is_none()) else {
        let page = page(&app, &token, &found, &report, wrong);
        return Ok(shop_page_as(
            StatusCode::UNPROCESSABLE_ENTITY,
            &page.frame,
            &page,
        ));
    };
    let known = report.parcel.filter(|seq| found.parcel(*seq).is_some());
    let only = (found.order.tracked.len() == 1).then_some(0);
    let now = app.engine.now();
    let photos: Vec<PhotoRow> = report
        .photos
        .into_iter()
        .enumerate()
        .map(|(n, photo)| PhotoRow {
            id: format!("{}-{n}", report.name),
            order_id: found.order.id,
            media_type: photo.media_type.to_owned(),
            bytes: photo.bytes,
            at: now,
        })
        .collect();
    let names = photos.iter().map(|photo| photo.id.clone()).collect();
    if !photos.is_empty() {
        match app.engine.store().put_photos(found.shop.id, &photos).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => {
                return Ok(told(&found, v.problem_busy(), Vec::new()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let line = EventLine {
        id: format!("problem/{}/{}", found.order.id.0, report.name),
        at: now,
        event: Event::ProblemReported {
            parcel: ParcelRef {
                order: Some(found.order.snapshot.external_id.clone()),
                seq: known.or(only),
                ..ParcelRef::default()
            },
            kind,
            text: (!report.text.is_empty()).then_some(report.text),
            photos: names,
        },
    };
    ingest(&app, found.shop.id, line).await?;
    let to = format!(
        "{}/problem?lang={}&told={}",
        found.base,
        v.tag(),
        kind.as_str()
    );
    Ok(Redirect::to(&to).into_response())
}

/// What a form says, with or without files; `None` when it is not whole.
fn read(content_type: &str, body: &[u8]) -> Option<Report> {
    let mut report = Report::default();
    match multipart::boundary(content_type) {
        Some(boundary) => {
            for part in multipart::parse(body, &boundary)? {
                if part.file {
                    take_photo(&mut report, part.bytes);
                } else {
                    let text = String::from_utf8_lossy(part.bytes);
                    take_field(&mut report, &part.name, &text);
                }
            }
        }
        None if body.len() > FORM_BODY_BYTES_MAX => return None,
        None => {
            for (name, value) in parse_form(body) {
                take_field(&mut report, &name, &value);
            }
        }
    }
    let named =
        report.name.len() == NAME_DIGITS && report.name.bytes().all(|b| b.is_ascii_hexdigit());
    named.then_some(report)
}

fn take_field(report: &mut Report, name: &str, value: &str) {
    match name {
        "proof" => report.proof = value.to_owned(),
        "name" => report.name = value.to_owned(),
        "kind" => report.kind = ProblemKind::parse(value),
        "parcel" => report.parcel = value.parse().ok(),
        "text" => {
            let kept = value
                .chars()
                .filter(|c| *c == '\n' || !is_invisible(*c))
                .take(PROBLEM_CHARS_MAX);
            report.text = kept.collect::<String>().trim().to_owned();
        }
        _ => {}
    }
}

fn take_photo(report: &mut Report, bytes: &[u8]) {
    if bytes.is_empty() || report.fault.is_some() {
        // A field without a chosen file is sent empty.
        return;
    }
    if bytes.len() > PHOTO_BYTES_MAX {
        report.fault = Some(Fault::Size);
    } else if report.photos.len() == PROBLEM_PHOTOS_MAX {
        report.fault = Some(Fault::Many);
    } else {
        match photo::clean(bytes) {
            Some(photo) => report.photos.push(photo),
            None => report.fault = Some(Fault::Kind),
        }
    }
}
