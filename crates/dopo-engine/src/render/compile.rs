//! Publishing: from what an author wrote to HTML with placeholders, or to a list of what is wrong with it.
//!
//! Forms of address stand side by side in the source, `[[Segui|Segua]] il pacco`: *tu* before the bar, *Lei* after it.
//! Both are compiled, so that one template serves every shop and never mixes them (IT-03). `{{> name }}` puts in a
//! piece of the library (the table of bought items, for instance).

use super::check::{check_names, check_samples, check_source};
use super::slim::{self, Sections};
use super::{explain, sandbox};
use crate::ports::TemplateRow;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::italy::Locale;
use dopo_core::shop::Register;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Longest source of one part, in bytes.
pub const SOURCE_BYTES_MAX: usize = 131_072;
const FRAME: &str = include_str!("../../library/templates/frame.html");
const ELEMENTS_FRAME: &str = include_str!("../../library/templates/elements.mjml");
const FOOTERS: [&str; 2] = [
    include_str!("../../library/templates/it/footer.html"),
    include_str!("../../library/templates/en/footer.html"),
];
/// What keeps mail programs from showing the mail's beginning after a short preheader: nothing that is seen, this often.
const FILLER: &str = "\u{34f}\u{200c}\u{a0}";
const FILLERS: usize = 16;
const FOOTERS_TEXT: [&str; 2] = [
    include_str!("../../library/templates/it/footer.txt"),
    include_str!("../../library/templates/en/footer.txt"),
];
/// Pieces that templates put in: name, Italian, English.
pub(super) const PIECES: [(&str, &str, &str); 4] = [
    (
        "lines",
        include_str!("../../library/templates/it/lines.html"),
        include_str!("../../library/templates/en/lines.html"),
    ),
    (
        "lines_text",
        include_str!("../../library/templates/it/lines.txt"),
        include_str!("../../library/templates/en/lines.txt"),
    ),
    (
        "parcel",
        include_str!("../../library/templates/it/parcel.html"),
        include_str!("../../library/templates/en/parcel.html"),
    ),
    (
        "parcel_text",
        include_str!("../../library/templates/it/parcel.txt"),
        include_str!("../../library/templates/en/parcel.txt"),
    ),
];

/// MJML elements that a template may use.
pub(super) const ELEMENTS: [&str; 11] = [
    "mj-section",
    "mj-column",
    "mj-group",
    "mj-text",
    "mj-button",
    "mj-image",
    "mj-table",
    "mj-divider",
    "mj-spacer",
    "mj-raw",
    "mj-hero",
];

/// What an author writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// Name journeys use.
    pub name: String,
    /// Language.
    pub locale: Locale,
    /// What the console calls it, in its language; without one it goes by its name. Customers never see it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What it is for; decides what it must show and may not.
    pub purpose: Purpose,
    /// Subject line of a mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The line mail programs show beside the subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preheader: String,
    /// Plain text part, without the footer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Sections of MJML between header and footer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mjml: String,
    /// Text of an SMS; such a template has no other part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
}

impl TemplateSource {
    /// The row to publish, with its compiled parts; the store gives the version.
    ///
    /// # Errors
    /// Everything that keeps it from being published.
    pub fn row(&self) -> Result<TemplateRow, Vec<TemplateProblem>> {
        Ok(TemplateRow {
            name: self.name.clone(),
            locale: self.locale.tag().to_owned(),
            version: 1,
            source: serde_json::to_value(self).unwrap_or_default(),
            compiled: compile(self)?,
        })
    }

    pub(super) fn parts(&self) -> Vec<(&'static str, &str)> {
        match &self.sms {
            Some(sms) => vec![("sms", sms.as_str())],
            None => vec![
                ("subject", self.subject.as_str()),
                ("preheader", self.preheader.as_str()),
                ("text", self.text.as_str()),
                ("mjml", self.mjml.as_str()),
            ],
        }
    }

    pub(super) fn channel(&self) -> Channel {
        if self.sms.is_some() {
            Channel::Sms
        } else {
            Channel::Email
        }
    }
}

/// What is wrong with a template, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TemplateProblem {
    /// Which part: `subject`, `preheader`, `text`, `mjml` or `sms`.
    pub part: String,
    /// Line in that part, from 1; 0 where the whole part is meant.
    pub line: usize,
    /// In Italian.
    pub it: String,
    /// In English.
    pub en: String,
}

impl TemplateProblem {
    pub(super) fn new(
        part: &str,
        line: usize,
        it: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        TemplateProblem {
            part: part.to_owned(),
            line,
            it: it.into(),
            en: en.into(),
        }
    }
}

impl std::fmt::Display for TemplateProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.part, self.en),
            line => write!(f, "{}, line {line}: {}", self.part, self.en),
        }
    }
}

/// Compiles a template: the value goes into [`TemplateRow::compiled`].
///
/// # Errors
/// Everything that keeps it from being published, in the order of its parts.
pub fn compile(source: &TemplateSource) -> Result<serde_json::Value, Vec<TemplateProblem>> {
    let mut problems = Vec::new();
    check_source(source, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut compiled = serde_json::Map::new();
    for register in [Register::Tu, Register::Lei] {
        match compile_for(source, register) {
            Ok(parts) => {
                let name = register_name(register);
                // English, and much of what is short, says the same to everybody: stored once.
                if compiled.get("tu") != Some(&parts) {
                    compiled.insert(name.to_owned(), parts);
                } else {
                    compiled.insert(name.to_owned(), serde_json::json!({}));
                }
            }
            Err(found) => return Err(found),
        }
    }
    // A commercial message that recommends is pointless without anything to recommend; in others the block falls away.
    let recommends = source
        .parts()
        .iter()
        .any(|(_, text)| text.contains("in products"));
    compiled.insert(
        "needs_products".to_owned(),
        (recommends && super::context::is_commercial(source.purpose)).into(),
    );
    let guides = source
        .parts()
        .iter()
        .any(|(_, text)| text.contains("guide_url"));
    compiled.insert("needs_guides".to_owned(), guides.into());
    let compiled = serde_json::Value::Object(compiled);
    check_names(source, &compiled, &mut problems);
    if problems.is_empty() {
        check_samples(source, &compiled, &mut problems);
    }
    if problems.is_empty() {
        Ok(compiled)
    } else {
        Err(problems)
    }
}

pub(super) fn register_name(register: Register) -> &'static str {
    match register {
        Register::Tu => "tu",
        Register::Lei => "lei",
    }
}

fn compile_for(
    source: &TemplateSource,
    register: Register,
) -> Result<serde_json::Value, Vec<TemplateProblem>> {
    let locale = source.locale;
    if let Some(sms) = &source.sms {
        let sms = address(sms.trim(), register);
        syntax("sms", &sms)?;
        return Ok(serde_json::json!({ "sms": sms }));
    }
    let index = locale.pick(0, 1);
    let subject = address(source.subject.trim(), register).into_owned();
    let preheader = address(source.preheader.trim(), register).into_owned();
    let text = pieces(&source.text, locale);
    let text = standalone(address(&text, register).trim());
    syntax("subject", &subject)?;
    syntax("preheader", &preheader)?;
    syntax("text", &text)?;
    let author = pieces(&source.mjml, locale);
    let author = address(&author, register);
    syntax("mjml", &author)?;
    parse_sections(&author)?;
    let footer = address(FOOTERS[index], register);
    let body =
        mjml(&author).map_err(|what| vec![TemplateProblem::new("mjml", 0, what.clone(), what)])?;
    let vml = if body.html.contains("<v:") {
        " xmlns:v=\"urn:schemas-microsoft-com:vml\""
    } else {
        ""
    };
    let html = FRAME
        .replace("%LANG%", locale.tag())
        .replace("%VML%", vml)
        .replace("%FONT%", slim::FONT)
        .replace("%STYLE%", &body.style)
        .replace("%FILLER%", &FILLER.repeat(FILLERS))
        .replace("%FOOTER%", &footer)
        .replace("%SUBJECT%", &in_attribute(&subject))
        .replace("%PREHEADER%", &preheader)
        .replace("%BODY%", &body.html);
    let text = format!(
        "{text}\n\n{}",
        address(FOOTERS_TEXT[index], register).trim_end()
    );
    Ok(
        serde_json::json!({ "subject": subject, "text": text, "html": layout_tables(&slim::tighten(&html)) }),
    )
}

/// Puts library pieces in the place of `{{> name }}`; unknown ones were refused before.
pub(super) fn pieces(text: &str, locale: Locale) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for (name, it, en) in PIECES {
        let tag = format!("{{{{> {name} }}}}");
        if out.contains(&tag) {
            out = Cow::Owned(out.replace(&tag, locale.pick(it, en).trim_end()));
        }
    }
    out
}

/// Chooses the form of address in `[[tu|Lei]]`.
pub(super) fn address(text: &str, register: Register) -> Cow<'_, str> {
    if !text.contains("[[") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[[") {
        out.push_str(before);
        let Some((both, after)) = after.split_once("]]") else {
            out.push_str("[[");
            rest = after;
            continue;
        };
        let (tu, lei) = both.split_once('|').unwrap_or((both, both));
        out.push_str(match register {
            Register::Tu => tu,
            Register::Lei => lei,
        });
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// In plain text a line of nothing but logic leaves no line behind.
fn standalone(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line.trim();
        let mut only_logic = rest.starts_with("{%");
        while only_logic && !rest.is_empty() {
            match rest
                .strip_prefix("{%")
                .and_then(|inside| inside.split_once("%}"))
            {
                Some((_, after)) => rest = after.trim_start(),
                None => only_logic = false,
            }
        }
        out.push_str(if only_logic { line.trim() } else { line });
    }
    out
}

/// The template language, before anything is put in.
fn syntax(part: &str, text: &str) -> Result<(), Vec<TemplateProblem>> {
    let environment = sandbox();
    match environment.template_from_named_str("part.html", text) {
        Ok(_) => Ok(()),
        Err(error) => {
            let what = explain(&error);
            Err(vec![TemplateProblem::new(
                part,
                error.line().unwrap_or(0),
                format!("Non si capisce: {what}."),
                format!("Cannot be understood: {what}."),
            )])
        }
    }
}

/// Parses the author's sections on their own, so that lines are the author's.
fn parse_sections(author: &str) -> Result<(), Vec<TemplateProblem>> {
    let head = "<mjml><mj-body>";
    mrml::parse(format!("{head}{author}</mj-body></mjml>"))
        .map(|_| ())
        .map_err(|error| {
            let what = error.to_string();
            let at = what
                .rsplit("position ")
                .next()
                .and_then(|at| at.split("..").next()?.trim().parse::<usize>().ok());
            let line = at.map_or(0, |at| {
                let at = at.saturating_sub(head.len()).min(author.len());
                author.as_bytes()[..at]
                    .iter()
                    .filter(|b| **b == b'\n')
                    .count()
                    + 1
            });
            vec![TemplateProblem::new(
                "mjml",
                line,
                format!("MJML non valido: {what}."),
                format!("Invalid MJML: {what}."),
            )]
        })
}

/// The author's sections as HTML for the frame.
fn mjml(author: &str) -> Result<Sections, String> {
    let whole = ELEMENTS_FRAME
        .replace("%FONT%", slim::FONT)
        .replace("%BODY%", author);
    let parsed = mrml::parse(&whole).map_err(|error| error.to_string())?;
    // No fonts: nothing is downloaded (MAIL-08).
    let options = mrml::prelude::render::RenderOptions {
        fonts: Default::default(),
        ..Default::default()
    };
    let rendered = parsed
        .element
        .render(&options)
        .map_err(|error| error.to_string())?;
    slim::sections(&rendered)
        .ok_or_else(|| "the MJML library wrote no document: this is a fault of ours".to_owned())
}

/// Literal text of a template as it may stand in an attribute; placeholders stay what they are.
fn in_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let logic = [("{{", "}}"), ("{%", "%}")]
            .into_iter()
            .find(|(open, _)| rest.starts_with(open))
            .and_then(|(_, close)| rest.find(close))
            .map(|end| end + 2);
        let (one, after) = rest.split_at(logic.unwrap_or(1));
        out.push_str(match one {
            "&" => "&amp;",
            "<" => "&lt;",
            ">" => "&gt;",
            "\"" => "&quot;",
            other => other,
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Every table lays out: screen readers are told so (A11Y-03).
fn layout_tables(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 256);
    let mut rest = html;
    while let Some(at) = rest.find("<table") {
        let (before, tag) = rest.split_at(at + "<table".len());
        out.push_str(before);
        if !tag.split('>').next().unwrap_or_default().contains(" role=") {
            out.push_str(" role=\"presentation\"");
        }
        rest = tag;
    }
    out.push_str(rest);
    out
}
