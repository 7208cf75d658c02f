//! Languages and texts from files, beside the built-in Italian and English.
//!
//! A file is JSON: see `docs/pages.md`. It names its language, what stands in for words it leaves out, how it says
//! dates, and its words by the names of the catalogue. With `shop` it holds for that shop only; a file for `it` or `en`
//! replaces single built-in texts.

use super::{CATALOGUE, OWN_NAMES};
use dopo_core::italy::Locale;
use dopo_core::shop::Register;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

/// Largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 512 * 1024;
/// Files that are read.
pub const FILES_MAX: usize = 100;

static LOADED: OnceLock<Vec<Language>> = OnceLock::new();

/// One text: one form, or one for each form of address.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Both { tu: String, lei: String },
}

/// How a language says dates. `{weekday}`, `{d}`, `{month}`, `{year}`, `{day}`, `{time}`, `{from}` and `{until}` are
/// filled in.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dates {
    /// Names of the days, from Monday.
    pub weekdays: [String; 7],
    /// Names of the months, from January.
    pub months: [String; 12],
    /// A day of this year: `{weekday}, {d}. {month}`.
    pub day: String,
    /// A day of another year.
    pub day_with_year: String,
    /// A date without its weekday: `{d}. {month} {year}`.
    pub date: String,
    /// On a day: `am {day}`.
    pub on: String,
    /// A moment: `{day} um {time} Uhr`.
    pub at: String,
    /// A span of hours or days: `zwischen {from} und {until}`.
    pub between: String,
    /// The day before today.
    pub yesterday: String,
    /// This day.
    pub today: String,
    /// The day after today.
    pub tomorrow: String,
}

impl Dates {
    fn put(&self, pattern: &str, day: Date) -> String {
        let index = |n: i8| usize::try_from(n - 1).unwrap_or_default();
        let weekday = &self.weekdays[index(day.weekday().to_monday_one_offset())];
        let month = &self.months[index(day.month())];
        super::fill(
            pattern,
            &[
                ("weekday", weekday),
                ("d", &day.day().to_string()),
                ("month", month),
                ("year", &day.year().to_string()),
            ],
        )
    }

    pub(super) fn day(&self, day: Date, with_year: bool) -> String {
        self.put(
            if with_year {
                &self.day_with_year
            } else {
                &self.day
            },
            day,
        )
    }

    pub(super) fn long(&self, day: Date) -> String {
        self.put(&self.date, day)
    }
}

fn english() -> Locale {
    Locale::En
}

/// A file's language.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Its tag, as in `lang` (`de`).
    pub language: String,
    /// What the link to it says, in the language itself (`Diese Seite auf Deutsch lesen`).
    #[serde(default)]
    pub link: Option<String>,
    /// The built-in language for words it leaves out and for amounts.
    #[serde(default = "english")]
    pub base: Locale,
    /// Name of the only shop it is for.
    #[serde(default)]
    pub shop: Option<String>,
    /// How it says dates; as `base` when absent.
    #[serde(default)]
    pub dates: Option<Dates>,
    /// Its texts.
    words: BTreeMap<String, Words>,
}

impl Language {
    pub(super) fn word(&self, name: &str, register: Register) -> Option<&str> {
        Some(match (self.words.get(name)?, register) {
            (Words::One(text) | Words::Both { tu: text, .. }, Register::Tu) => text,
            (Words::One(text) | Words::Both { lei: text, .. }, Register::Lei) => text,
        })
    }

    /// What is wrong with it, in words.
    fn mistakes(&self) -> Vec<String> {
        let holes = |text: &str| -> BTreeSet<String> {
            text.split('{')
                .skip(1)
                .filter_map(|part| part.split('}').next())
                .map(str::to_owned)
                .collect()
        };
        let mut wrong = Vec::new();
        if self.language.is_empty()
            || !self
                .language
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            wrong.push(format!("`{}` is no language tag", self.language));
        }
        let known: BTreeMap<&str, &str> = CATALOGUE
            .iter()
            .map(|(name, tu, _, _)| (*name, *tu))
            .collect();
        for (name, words) in &self.words {
            let forms: Vec<&String> = match words {
                Words::One(text) => vec![text],
                Words::Both { tu, lei } => vec![tu, lei],
            };
            match known.get(name.as_str()) {
                Some(built_in) => {
                    for text in forms {
                        if holes(text) != holes(built_in) {
                            wrong.push(format!(
                                "`{name}` must have the same words in braces as “{built_in}”"
                            ));
                        }
                    }
                }
                None if is_reason(name) => {}
                None if OWN_NAMES.contains(&name.as_str()) => {
                    wrong.push(format!("`{name}` is a text for the shop's own people"));
                }
                None => wrong.push(format!("there is no text `{name}`")),
            }
        }
        wrong
    }
}

fn is_reason(name: &str) -> bool {
    name.strip_prefix("reason_")
        .is_some_and(dopo_core::parcel::is_known_reason)
}

/// Reads every `*.json` of a folder, once, at the start of the program. Returns how many languages were read.
///
/// # Errors
/// In words, with the file's name: it cannot be read, is no such file, or names texts that do not exist.
pub fn load(folder: &Path) -> Result<usize, String> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| {
            format!(
                "the folder of languages {} cannot be read: {error}",
                folder.display()
            )
        })?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    paths.sort();
    if paths.len() > FILES_MAX {
        return Err(format!("at most {FILES_MAX} languages are read"));
    }
    let mut languages = Vec::new();
    for path in paths {
        let at = path.display();
        let size = std::fs::metadata(&path).map_err(|error| format!("{at}: {error}"))?;
        if size.len() > FILE_BYTES_MAX {
            return Err(format!("{at}: larger than {FILE_BYTES_MAX} bytes"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{at}: {error}"))?;
        languages.push(read(&text).map_err(|error| format!("{at}: {error}"))?);
    }
    let count = languages.len();
    LOADED
        .set(languages)
        .map_err(|_| "languages were already read".to_owned())?;
    Ok(count)
}

/// Reads one language.
///
/// # Errors
/// In words.
pub fn read(json: &str) -> Result<Language, String> {
    let language: Language = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let wrong = language.mistakes();
    if wrong.is_empty() {
        Ok(language)
    } else {
        Err(wrong.join("; "))
    }
}

/// The language with this tag, a shop's own before one for all.
pub(super) fn find(tag: &str, shop: &str) -> Option<&'static Language> {
    let loaded = LOADED.get()?;
    let wanted = tag.trim().split(['-', '_']).next().unwrap_or_default();
    let of = |own: Option<&str>| {
        loaded.iter().find(|language| {
            language.language.eq_ignore_ascii_case(wanted) && language.shop.as_deref() == own
        })
    };
    of(Some(shop)).or_else(|| of(None))
}

/// Languages that a shop's pages can be read in besides Italian and English: tag and words of the link.
pub(crate) fn others(shop: &str) -> Vec<(&'static str, &'static str)> {
    let loaded = LOADED.get().map(Vec::as_slice).unwrap_or_default();
    let mut seen = BTreeSet::new();
    loaded
        .iter()
        .filter(|language| language.shop.as_deref().is_none_or(|own| own == shop))
        .filter(|language| Locale::from_tag(&language.language).is_none())
        .filter(|language| seen.insert(language.language.as_str()))
        .map(|language| {
            let link = language.link.as_deref().unwrap_or(&language.language);
            (language.language.as_str(), link)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Voice;
    use super::*;

    const GERMAN: &str = r#"{
        "language": "de", "link": "Auf Deutsch lesen", "base": "it",
        "dates": {
            "weekdays": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
            "months": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
            "day": "{weekday}, {d}. {month}", "day_with_year": "{weekday}, {d}. {month} {year}", "date": "{d}. {month} {year}",
            "on": "am {day}", "at": "{day} um {time} Uhr", "between": "zwischen {from} und {until}",
            "yesterday": "gestern", "today": "heute", "tomorrow": "morgen"
        },
        "words": {
            "s_under_way": "Ihre Bestellung ist unterwegs.",
            "s_arrives": "Ihre Bestellung kommt {date}.",
            "reason_consignee_absent": "Niemand war zu Hause."
        }
    }"#;

    #[test]
    fn a_file_says_its_own_words_and_dates_and_leaves_the_rest_to_its_base() {
        let german: &'static Language = Box::leak(Box::new(read(GERMAN).expect("a good file")));
        let voice = Voice {
            own: Some(german),
            ..Voice::built_in(german.base, Register::Tu)
        };
        assert_eq!(voice.tag(), "de");
        assert_eq!(voice.s_under_way(), "Ihre Bestellung ist unterwegs.");
        assert_eq!(voice.total(), "Totale");
        assert_eq!(
            voice.reason("consignee_absent"),
            Some("Niemand war zu Hause.")
        );
        let (today, day) = (Date::constant(2026, 11, 22), Date::constant(2026, 11, 27));
        assert_eq!(voice.when(day, today), "am Freitag, 27. November");
        assert_eq!(
            voice.days(Date::constant(2026, 11, 23), day, today),
            "zwischen morgen und Freitag, 27. November"
        );
    }

    #[test]
    fn a_file_with_a_mistake_is_refused_by_name() {
        for (words, says) in [
            (r#"{"s_arives": "x"}"#, "there is no text `s_arives`"),
            (r#"{"s_arrives": "kommt bald"}"#, "same words in braces"),
            (r#"{"reason_weather_moon": "x"}"#, "no text"),
            (r#"{"in_title": "x"}"#, "shop's own people"),
        ] {
            let file = format!(r#"{{"language": "de", "words": {words}}}"#);
            let error = read(&file).expect_err("a mistake");
            assert!(error.contains(says), "{error}");
        }
    }
}
