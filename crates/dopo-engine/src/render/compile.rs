//! Publishing: from what an author wrote to HTML with placeholders.

use dopo_core::consent::Purpose;
use dopo_core::italy::Locale;
use serde::{Deserialize, Serialize};

/// What an author writes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSource {
    /// Name journeys use.
    pub name: String,
    /// Language.
    pub locale: Locale,
    /// What it is for; decides what it must show and may not.
    pub purpose: Purpose,
    /// Subject line of a mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The line mail programs show beside the subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preheader: String,
    /// Plain text part, without greeting frame and footer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Sections of MJML between header and footer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mjml: String,
    /// Text of an SMS; such a template has no other part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
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

/// Compiles a template.
///
/// # Errors
/// Everything that keeps it from being published.
pub fn compile(source: &TemplateSource) -> Result<serde_json::Value, Vec<TemplateProblem>> {
    let _ = source;
    Err(Vec::new())
}
