//! `/api/v1/templates…`: templates with samples, to be read.

use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::messages::{RenderedShape, framed};
use crate::api::page::Page;
use crate::api::problem::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use dopo_core::access::Scope;
use dopo_core::italy::Locale;
use dopo_engine::console::samples::{SAMPLES, TemplateShown};
use dopo_engine::ports::TemplateRow;
use dopo_engine::render::title_of;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// A template in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "name": "guide_24h", "title": "Guida dopo 24 ore", "locale": "it", "version": 1, "channel": "email", "subject": "Come prendersi cura di {{ product.title }}" }))]
pub(crate) struct TemplateRowShape {
    /// Name.
    name: String,
    /// What it is called, in its language; its name where it has no title.
    title: String,
    /// Language.
    locale: String,
    /// Newest version.
    version: u32,
    /// Channel.
    channel: &'static str,
    /// Subject of a mail, with its placeholders.
    subject: Option<String>,
}

/// What a template is called in its language.
fn titled(app: &App, caller: &Caller, row: &TemplateRow) -> String {
    title_of(row).unwrap_or_else(|| {
        let title = app.engine.template_title(caller.id(), &row.name);
        let locale = Locale::from_tag(&row.locale).unwrap_or_default();
        locale.pick(title.it, title.en)
    })
}

/// All templates in their newest version.
#[utoipa::path(
    get, path = "/api/v1/templates", tag = "templates", operation_id = "listTemplates",
    responses((status = 200, description = "All templates, by name and language.", body = Page<TemplateRowShape>)),
    security(("key" = ["templates:read"])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<Page<TemplateRowShape>>, Problem> {
    caller.need(Scope::TemplatesRead)?;
    let mut rows = app.engine.store().templates(caller.id()).await?;
    rows.sort_by(|a, b| (&a.name, &b.locale).cmp(&(&b.name, &a.locale)));
    let items = rows
        .iter()
        .map(|row| TemplateRowShape {
            name: row.name.clone(),
            title: titled(&app, &caller, row),
            locale: row.locale.clone(),
            version: row.version,
            channel: dopo_engine::console::samples::channel_of(row).as_str(),
            subject: row
                .source
                .get("subject")
                .and_then(Value::as_str)
                .filter(|subject| !subject.is_empty())
                .map(str::to_owned),
        })
        .collect();
    Ok(Json(Page { items, next: None }))
}

/// Which language, with which sample.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateAsked {
    /// `it` (default) or `en`.
    locale: Option<String>,
    /// Id of a sample; the first when absent.
    sample: Option<String>,
    /// The shop, where no header can be sent (frames).
    #[expect(
        dead_code,
        reason = "read by the caller, known here so that it is no unknown field"
    )]
    shop: Option<String>,
}

/// A sample to fill a template with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SampleShape {
    /// Id.
    id: &'static str,
    /// What it is, Italian.
    it: &'static str,
    /// What it is, English.
    en: &'static str,
}

/// A template, filled with a sample.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TemplateShape {
    /// Name.
    name: String,
    /// Language.
    locale: String,
    /// Version.
    version: u32,
    /// Channel.
    channel: &'static str,
    /// What its author wrote, part by part.
    #[schema(value_type = Object)]
    source: Value,
    /// Samples to fill it with.
    samples: Vec<SampleShape>,
    /// The sample it is filled with here.
    sample: &'static str,
    /// What it looks like.
    rendered: RenderedShape,
}

async fn shown(
    app: &App,
    caller: &Caller,
    name: &str,
    asked: &TemplateAsked,
) -> Result<TemplateShown, Problem> {
    let locale = match asked.locale.as_deref() {
        Some(tag) => Locale::from_tag(tag).ok_or_else(|| {
            Problem::field(
                "locale",
                "unknown",
                "Le lingue sono «it» ed «en».",
                "Languages are `it` and `en`.",
            )
        })?,
        None => Locale::It,
    };
    let sample = match &asked.sample {
        Some(id) => SAMPLES
            .iter()
            .find(|sample| sample.id == *id)
            .ok_or_else(|| Problem::not_found("There is no such sample."))?,
        None => &SAMPLES[0],
    };
    app.engine
        .template_shown(&caller.shop, name, locale, sample)
        .await?
        .ok_or_else(|| Problem::not_found("This shop has no such template in this language."))?
        .map_err(|why| Problem::conflict("template_unusable", "The template cannot be filled", why))
}

/// One template, filled with a sample.
#[utoipa::path(
    get, path = "/api/v1/templates/{name}", tag = "templates", operation_id = "getTemplate",
    params(("name" = String, Path, description = "Name of the template."), TemplateAsked),
    responses((status = 200, description = "The template.", body = TemplateShape),
        (status = 409, description = "`template_unusable`: it cannot be filled; `detail` says why.", body = Problem,
            content_type = "application/problem+json")),
    security(("key" = ["templates:read"])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Asked(asked): Asked<TemplateAsked>,
) -> Result<Json<TemplateShape>, Problem> {
    caller.need(Scope::TemplatesRead)?;
    let shown = shown(&app, &caller, &name, &asked).await?;
    Ok(Json(TemplateShape {
        name: shown.row.name,
        locale: shown.row.locale,
        version: shown.row.version,
        channel: shown.channel.as_str(),
        source: shown.row.source,
        samples: SAMPLES
            .iter()
            .map(|sample| SampleShape {
                id: sample.id,
                it: sample.words.it,
                en: sample.words.en,
            })
            .collect(),
        sample: shown.sample,
        rendered: RenderedShape::new(shown.rendered, shown.channel),
    }))
}

/// The filled mail as its own sandboxed document for a frame.
#[utoipa::path(
    get, path = "/api/v1/templates/{name}/html", tag = "templates", operation_id = "getTemplateHtml",
    params(("name" = String, Path, description = "Name of the template."), TemplateAsked),
    responses((status = 200, description = "The mail.", body = String, content_type = "text/html"),
        (status = 409, description = "`template_unusable`: it cannot be filled; `detail` says why.", body = Problem,
            content_type = "application/problem+json")),
    security(("key" = ["templates:read"])),
)]
pub(crate) async fn document(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Asked(asked): Asked<TemplateAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::TemplatesRead)?;
    let shown = shown(&app, &caller, &name, &asked).await?;
    if shown.rendered.html.is_empty() {
        return Err(Problem::not_found("This template has no HTML."));
    }
    Ok(framed(&app, &caller.shop, &shown.rendered.html))
}
