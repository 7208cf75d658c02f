//! Italian conventions and the Italian calendar (rules IT-01 to IT-05, SMS-05, CONS-04, 8.2),
//! with an English twin for every text.

use serde::{Deserialize, Serialize};

pub mod address;
pub mod calendar;
pub mod capitals;
pub mod delivery;
pub mod email;
pub mod format;
pub mod hours;
pub mod names;
pub mod phone;
pub mod province;
pub mod tax;

#[cfg(test)]
mod properties;

pub use province::{Province, Region};

/// The zone of a person whose own zone is unknown.
pub const DEFAULT_ZONE: &str = "Europe/Rome";

/// A language of the product.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Italian, the default.
    #[default]
    It,
    /// English, with British dates.
    En,
}

impl Locale {
    /// The language tag: `it` or `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::En => "en",
        }
    }

    /// The locale for a language tag such as `it-IT` or `en_GB`; none for other languages.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("it") {
            Some(Self::It)
        } else if language.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The Italian or the English of two texts.
    pub fn pick<T>(self, it: T, en: T) -> T {
        match self {
            Self::It => it,
            Self::En => en,
        }
    }
}

/// How a shop addresses its customers; one per shop (rule IT-03).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Register {
    /// "Ciao Giulia, il tuo ordine…", the default for shops.
    #[default]
    Tu,
    /// "Gentile Giulia Rossi, il Suo ordine…".
    Lei,
}

/// Whether a character is invisible or reorders text: controls, zero-width and bidirectional
/// marks, variation-neutral fillers. Such characters are never wanted in a name or an address.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The text without invisible characters, line breaks and tabs as spaces, runs of white space
/// as one, trimmed.
pub fn clean_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if !is_invisible(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The folder of reference data, when it is there (tests only).
#[cfg(test)]
pub(crate) fn shared_dir() -> std::path::PathBuf {
    std::env::var_os("DOPO_SHARED_DIR").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        Into::into,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_the_language_only() {
        for (tag, expected) in [
            ("it", Some(Locale::It)),
            ("IT-it", Some(Locale::It)),
            ("en_GB", Some(Locale::En)),
            ("de", None),
            ("", None),
            ("item", None),
        ] {
            assert_eq!(Locale::from_tag(tag), expected, "{tag}");
        }
        assert_eq!(serde_json::to_string(&Locale::En).unwrap(), r#""en""#);
        assert_eq!(
            serde_json::from_str::<Register>(r#""lei""#).unwrap(),
            Register::Lei
        );
    }

    #[test]
    fn a_cleaned_line_has_nothing_invisible() {
        assert_eq!(clean_line(" a\u{200B}b\r\n\tc \u{202E}d\u{0} "), "ab c d");
        assert_eq!(clean_line("\u{FEFF} \n"), "");
        assert_eq!(clean_line("Nicolò\u{00A0}Rossi"), "Nicolò Rossi");
    }
}
