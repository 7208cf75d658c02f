//! From a decided message to words: templates compiled when they are published, filled when a message leaves.
//!
//! A template is a fragment of MJML with its plain text twin (or an SMS text). [`compile`](compile::compile) puts the
//! shop's frame around it (header, footer with the seller's identity, measuring, dark mode), resolves the forms of
//! address, runs MJML once and leaves HTML with placeholders. A message then costs one [`context()`] and one
//! [`render()`]: placeholders in precompiled text, in a sandbox without files, network or environment (SEC-06).

pub mod check;
pub mod colour;
pub mod compile;
pub mod context;
#[cfg(test)]
mod parcel_tests;
pub mod samples;
mod slim;
#[cfg(test)]
mod tests;

pub use check::{remarks, required_items};
pub use compile::{TemplateProblem, TemplateSource, compile};
pub use context::{ContextInput, Links, MessageContext, context, why_words};

use crate::library;
use crate::ports::{Rendered, TemplateRow};
use dopo_core::italy::{Locale, clean_line};
use dopo_core::journey::graph::Text;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, Weak};

/// Instructions one part of a message may run: about 50 ms of work at worst (SEC-06).
pub const FUEL_INSTRUCTIONS: u64 = 400_000;
/// Longest part a message may have, in bytes (SEC-06).
pub const OUTPUT_BYTES_MAX: usize = 1_048_576;
/// Nested calls within a template.
pub const RECURSION_MAX: usize = 24;
/// Longest HTML part, in bytes: Gmail clips near 102 KB (MAIL-08).
pub const HTML_BYTES_MAX: usize = 90 * 1_024;
/// Where the legal block must have begun, in bytes (MAIL-08).
pub const LEGAL_BLOCK_BYTES_MAX: usize = 85_000;

/// A message could not be rendered. Never holds what was put in.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The compiled template is not what publishing writes.
    #[error("the compiled template `{name}` lacks `{part}`: publish it again")]
    Broken {
        /// Template.
        name: String,
        /// The part that is missing.
        part: &'static str,
    },
    /// A placeholder or a piece of logic failed.
    #[error(
        "template `{name}`, part `{part}`, line {line}: {what}; correct the template and publish it again"
    )]
    Failed {
        /// Template.
        name: String,
        /// `subject`, `text` or `html`.
        part: String,
        /// Line in the compiled part, from 1.
        line: usize,
        /// What happened.
        what: String,
    },
    /// The message grew beyond [`OUTPUT_BYTES_MAX`].
    #[error("template `{name}`, part `{part}`: more than 1 MiB; shorten its loops")]
    TooLong {
        /// Template.
        name: String,
        /// The part.
        part: String,
    },
}

/// The parts of one template in one language, compiled, for both forms of address. Equal ones are shared by all shops.
struct Program {
    environment: Environment<'static>,
    sms: bool,
    needs_products: bool,
    needs_guides: bool,
}

/// A template version, ready to fill.
#[derive(Clone)]
pub struct Prepared {
    /// Name.
    pub name: String,
    /// Language.
    pub locale: Locale,
    /// Version.
    pub version: u32,
    program: Arc<Program>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Prepared({} {} {})",
            self.name,
            self.locale.tag(),
            self.version
        )
    }
}

/// The newest version of each template and language of a shop.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    by_name: HashMap<String, Vec<Arc<Prepared>>>,
    /// What the newest versions call themselves, where they do.
    titles: HashMap<(String, Locale), (u32, String)>,
}

impl Templates {
    /// Compiles what was published. A row that does not compile is logged and left out; messages that need it fail
    /// with its name, and can be replayed once it is published again.
    pub fn prepare(rows: Vec<TemplateRow>) -> Self {
        let mut by_name: HashMap<String, Vec<Arc<Prepared>>> = HashMap::new();
        let mut titles: HashMap<(String, Locale), (u32, String)> = HashMap::new();
        for row in rows {
            if let Some(title) = title_of(&row) {
                let locale = Locale::from_tag(&row.locale).unwrap_or_default();
                let known = titles.entry((row.name.clone(), locale)).or_default();
                if known.0 <= row.version {
                    *known = (row.version, title);
                }
            }
            match prepare_one(&row) {
                Ok(prepared) => {
                    let versions = by_name.entry(prepared.name.clone()).or_default();
                    match versions.iter_mut().find(|p| p.locale == prepared.locale) {
                        Some(known) if known.version >= prepared.version => {}
                        Some(known) => *known = Arc::new(prepared),
                        None => versions.push(Arc::new(prepared)),
                    }
                }
                Err(error) => tracing::error!(%error, "a published template cannot be used"),
            }
        }
        Templates { by_name, titles }
    }

    /// What a template is called in both languages: its own title, else the one of the other language, else that of the
    /// built-in template of this name, else its name.
    pub fn title(&self, name: &str) -> Text {
        let own = |locale| {
            let known = self.titles.get(&(name.to_owned(), locale));
            known.map(|(_, title)| title.clone())
        };
        match (own(Locale::It), own(Locale::En)) {
            (Some(it), Some(en)) => Text { it, en },
            (Some(one), None) | (None, Some(one)) => Text {
                it: one.clone(),
                en: one,
            },
            (None, None) => library::title(name).unwrap_or_else(|| Text {
                it: name.to_owned(),
                en: name.to_owned(),
            }),
        }
    }

    /// The template in a language, else in Italian, else in any.
    pub fn get(&self, name: &str, locale: Locale) -> Option<Arc<Prepared>> {
        let versions = self.by_name.get(name)?;
        let of = |locale| versions.iter().find(move |p| p.locale == locale);
        of(locale)
            .or_else(|| of(Locale::It))
            .or_else(|| versions.first())
            .map(Arc::clone)
    }
}

/// What a published template calls itself.
pub fn title_of(row: &TemplateRow) -> Option<String> {
    let title = row.source.get("title")?.as_str()?.trim();
    (!title.is_empty()).then(|| title.to_owned())
}

/// Makes a published template ready to fill.
///
/// # Errors
/// When it was not written by [`compile()`] of this version.
pub fn prepare_one(row: &TemplateRow) -> Result<Prepared, RenderError> {
    Ok(Prepared {
        name: row.name.clone(),
        locale: Locale::from_tag(&row.locale).unwrap_or_default(),
        version: row.version,
        program: program(&row.name, &row.compiled)?,
    })
}

/// The program of a compiled template, shared with whoever holds an equal one.
fn program(name: &str, compiled: &serde_json::Value) -> Result<Arc<Program>, RenderError> {
    static KNOWN: OnceLock<Mutex<HashMap<[u8; 32], Weak<Program>>>> = OnceLock::new();
    let key: [u8; 32] = Sha256::digest(compiled.to_string()).into();
    let known = KNOWN.get_or_init(Mutex::default);
    let mut known = known
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(program) = known.get(&key).and_then(Weak::upgrade) {
        return Ok(program);
    }
    let program = Arc::new(build(name, compiled)?);
    known.retain(|_, program| program.strong_count() > 0);
    known.insert(key, Arc::downgrade(&program));
    Ok(program)
}

fn build(name: &str, compiled: &serde_json::Value) -> Result<Program, RenderError> {
    let mut environment = sandbox();
    let sms = compiled["tu"].get("sms").is_some();
    let parts: &[&'static str] = if sms {
        &["sms"]
    } else {
        &["subject", "text", "html"]
    };
    let needs_products = compiled["needs_products"].as_bool().unwrap_or(false);
    let needs_guides = compiled["needs_guides"].as_bool().unwrap_or(false);
    for register in ["tu", "lei"] {
        for part in parts {
            let source = compiled[register]
                .get(part)
                .or_else(|| compiled["tu"].get(part))
                .and_then(serde_json::Value::as_str)
                .ok_or(RenderError::Broken {
                    name: name.to_owned(),
                    part,
                })?;
            environment
                .add_template_owned(format!("{register}.{part}"), source.to_owned())
                .map_err(|error| failed(name, part, &error))?;
        }
    }
    Ok(Program {
        environment,
        sms,
        needs_products,
        needs_guides,
    })
}

/// An environment in which a template can read its context and do nothing else.
pub(crate) fn sandbox() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(RECURSION_MAX);
    environment.set_fuel(Some(FUEL_INSTRUCTIONS));
    environment.set_formatter(print);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("capitalize", minijinja::filters::capitalize);
    environment.add_filter("first", minijinja::filters::first);
    environment.add_filter("last", minijinja::filters::last);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_test("none", minijinja::tests::is_none);
    environment.add_function("structured_data", structured_data);
    environment
}

/// Prints a value. Nothing prints as "none": a template asks whether there is something before it prints it.
fn print(
    out: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    if value.is_none() {
        return Err(minijinja::Error::new(
            ErrorKind::UndefinedError,
            "a value that can be missing is printed without `{% if %}` around it",
        ));
    }
    match value.as_str() {
        Some(text) if value.is_safe() || !matches!(state.auto_escape(), AutoEscape::Html) => {
            Ok(out.write_str(text)?)
        }
        Some(text) => Ok(write_escaped(out, text)?),
        None => minijinja::escape_formatter(out, state, value),
    }
}

/// Text for HTML and for attributes in quotes. A slash stays, so that links stay links for every mail program.
fn write_escaped(out: &mut minijinja::Output<'_>, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

/// The JSON-LD of a service mail as a script block, safe inside HTML; empty where there is none (MAIL-09).
fn structured_data(state: &mut minijinja::State<'_, '_>) -> Value {
    let json = state
        .lookup("json_ld")
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default();
    if json.is_empty() {
        return Value::from_safe_string(String::new());
    }
    // `<`, `>` and `&` can only stand inside JSON strings, where their escapes mean the same.
    let json = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    Value::from_safe_string(format!(
        "<script type=\"application/ld+json\">{json}</script>"
    ))
}

fn failed(name: &str, part: &str, error: &minijinja::Error) -> RenderError {
    RenderError::Failed {
        name: name.to_owned(),
        part: part.to_owned(),
        line: error.line().unwrap_or(0),
        what: explain(error),
    }
}

/// What went wrong, without anything that was put in.
pub(crate) fn explain(error: &minijinja::Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it runs too long".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

/// Whether the template shows recommended products and is pointless without any.
pub fn needs_products(template: &Prepared) -> bool {
    template.program.needs_products
}

/// Whether the template shows the shop's guides for what was bought: the products of the order's lines are wanted then.
pub fn needs_guides(template: &Prepared) -> bool {
    template.program.needs_guides
}

/// Fills a template. For an SMS only the text is set, in the letters of GSM-7 where that is possible.
///
/// # Errors
/// When a value is missing, the template runs too long or makes more than 1 MiB.
pub fn render(prepared: &Prepared, context: &serde_json::Value) -> Result<Rendered, RenderError> {
    let register = match context["register"].as_str() {
        Some("lei") => "lei",
        _ => "tu",
    };
    let root = Value::from(minijinja::value::Serde(context));
    let part = |part: &str, room: usize| -> Result<String, RenderError> {
        let name = &prepared.name;
        let template = prepared
            .program
            .environment
            .get_template(&format!("{register}.{part}"))
            .map_err(|error| failed(name, part, &error))?;
        let mut out = Bounded {
            bytes: Vec::with_capacity(room),
        };
        match template.render_captured_to(root.clone(), &mut out) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WriteFailure => {
                return Err(RenderError::TooLong {
                    name: name.clone(),
                    part: part.to_owned(),
                });
            }
            Err(error) => return Err(failed(name, part, &error)),
        }
        Ok(String::from_utf8(out.bytes).unwrap_or_default())
    };
    if prepared.program.sms {
        let text = dopo_core::sms::transliterate(&part("sms", 256)?);
        return Ok(Rendered {
            text: clean_line(&text),
            ..Rendered::default()
        });
    }
    Ok(Rendered {
        subject: clean_line(&part("subject", 96)?),
        text: tidy_text(&part("text", 4_096)?),
        html: part("html", 12_288)?,
    })
}

/// No spaces at line ends, at most one empty line in a row, one line end at the end.
fn tidy_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 2;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Takes bytes up to [`OUTPUT_BYTES_MAX`].
struct Bounded {
    bytes: Vec<u8>,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other("output limit"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
