//! What a translator hands back, and the lenient pieces of JSON that all shops' bodies are made of.

use std::fmt;

use dopo_core::event::Event;
use dopo_core::money::Currency;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

/// Longest note of a translation, in characters; the rest is cut.
pub const NOTE_CHARS_MAX: usize = 600;

/// What a shop's message became.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Translation {
    /// What happened, with the time it happened, in the order in which it is to be taken in.
    pub events: Vec<(Timestamp, Event)>,
    /// In plain words: why there is no event, or what was left out of one. Holds no personal data.
    pub note: Option<String>,
    /// The body could not be understood: it is kept raw, shown to the operator, and can be replayed.
    pub failed: bool,
}

impl Translation {
    /// No event is needed, and why.
    pub fn nothing(note: impl Into<String>) -> Self {
        Translation {
            note: Some(cut(note.into())),
            ..Self::default()
        }
    }

    /// The body could not be understood, and why.
    pub fn failure(note: impl Into<String>) -> Self {
        Translation {
            failed: true,
            ..Self::nothing(note)
        }
    }

    pub(crate) fn of(events: Vec<(Timestamp, Event)>, notes: Notes) -> Self {
        Translation {
            events,
            note: notes.into_note(),
            failed: false,
        }
    }
}

/// What a translator must be told, because the body does not say it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Setting<'a> {
    /// When the message reached us: the time of what carries no time of its own.
    pub received_at: Timestamp,
    /// The shop's currency: shops' product messages name none. Without it products have no price.
    pub currency: Option<Currency>,
    /// Host of the shop's pages (`negozio.it`), to build product addresses where the message has none.
    pub domain: Option<&'a str>,
}

impl Setting<'static> {
    /// Only the time of arrival is known.
    pub fn at(received_at: Timestamp) -> Self {
        Setting {
            received_at,
            currency: None,
            domain: None,
        }
    }
}

/// Notes gathered on the way; each is said once.
#[derive(Debug, Default)]
pub(crate) struct Notes(Vec<String>);

impl Notes {
    pub(crate) fn add(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    pub(crate) fn into_note(self) -> Option<String> {
        (!self.0.is_empty()).then(|| cut(self.0.join("; ")))
    }
}

fn cut(note: String) -> String {
    if note.chars().count() <= NOTE_CHARS_MAX {
        return note;
    }
    let mut short: String = note.chars().take(NOTE_CHARS_MAX - 1).collect();
    short.push('…');
    short
}

/// Reads a body; the note of a failure says where it stops making sense and shows nothing of it.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Translation> {
    serde_json::from_slice(body).map_err(|e| Translation::failure(unreadable(&e)))
}

/// An error of the JSON reader in words, without the values of the document (they may be personal).
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
    let place = match (error.line(), error.column()) {
        (0, _) => String::new(),
        (line, column) => format!(" at line {line}, column {column}"),
    };
    match error.classify() {
        serde_json::error::Category::Eof => {
            format!("the JSON ends too early{place}; it was probably cut on the way")
        }
        serde_json::error::Category::Syntax => format!("the body is not JSON{place}"),
        serde_json::error::Category::Data => {
            format!(
                "the JSON has an unexpected shape{place}: {}",
                without_values(error)
            )
        }
        serde_json::error::Category::Io => "the body could not be read".to_owned(),
    }
}

/// The message of a data error with quoted values taken out: `invalid type: string "…", expected u64`.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(head, _)| head);
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => {
                quoted = !quoted;
                if quoted {
                    out.push_str("\"…\"");
                }
            }
            _ if quoted => {}
            c => out.push(c),
        }
    }
    out
}

/// An identifier: a 64-bit number or a text, never a floating-point number, which would lose digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Id(pub(crate) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct IdVisitor;
        impl Visitor<'_> for IdVisitor {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id: a whole number of at most 64 bits or a text")
            }
            fn visit_u64<E>(self, v: u64) -> Result<Id, E> {
                Ok(Id(v.to_string()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Id, E> {
                Ok(Id(v.to_string()))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Id, E> {
                // gid://shopify/Order/1 names the same thing as 1.
                let v = match v.strip_prefix("gid://") {
                    Some(gid) => gid.rsplit('/').next().unwrap_or(gid),
                    None => v,
                };
                let v = v.split('?').next().unwrap_or(v);
                crate::tidy::id(v).map(Id).ok_or_else(|| {
                    E::custom("an id is empty, too long or holds control characters")
                })
            }
        }
        d.deserialize_any(IdVisitor)
    }
}

/// A text that some senders write as a number or a truth value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E>(self, v: &str) -> Result<Text, E> {
                Ok(Text(v.to_owned()))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_bool<E>(self, v: bool) -> Result<Text, E> {
                Ok(Text(v.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
                while seq.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Text::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                while map
                    .next_entry::<de::IgnoredAny, de::IgnoredAny>()?
                    .is_some()
                {}
                Ok(Text::default())
            }
        }
        d.deserialize_any(TextVisitor)
    }
}

/// A list that may be missing, null, or (from PHP) an object with numbers as keys.
pub(crate) fn list<'de, D, T>(d: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct ListVisitor<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }
        fn visit_str<E: de::Error>(self, v: &str) -> Result<Vec<T>, E> {
            if v.is_empty() {
                Ok(Vec::new())
            } else {
                Err(E::invalid_type(de::Unexpected::Other("a text"), &self))
            }
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut out = Vec::new();
            while let Some(item) = seq.next_element()? {
                out.push(item);
            }
            Ok(out)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
            let mut out = Vec::new();
            while let Some((_, item)) = map.next_entry::<de::IgnoredAny, T>()? {
                out.push(item);
            }
            Ok(out)
        }
    }
    d.deserialize_any(ListVisitor(std::marker::PhantomData))
}

/// Null stands for the default.
pub(crate) fn or_default<'de, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_64_bit_id_keeps_every_digit_and_a_float_is_refused() {
        for (json, id) in [
            ("820982911946154508", "820982911946154508"),
            ("18446744073709551615", "18446744073709551615"),
            (
                "\"gid://shopify/Order/820982911946154508\"",
                "820982911946154508",
            ),
            ("\"eeafa272\"", "eeafa272"),
        ] {
            assert_eq!(serde_json::from_str::<Id>(json).unwrap().0, id);
        }
        for json in [
            "1.5",
            "1e3",
            "18446744073709551616",
            "\"\"",
            "\"a\\u0000b\"",
            "null",
        ] {
            assert!(serde_json::from_str::<Id>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_error_shows_the_place_and_none_of_the_values() {
        #[derive(Debug, Deserialize)]
        struct Order {
            #[expect(dead_code, reason = "only its shape matters here")]
            total: u64,
        }
        let failed = read::<Order>(b"{\n \"total\": \"Mario Rossi\"}").unwrap_err();
        assert!(failed.failed);
        let note = failed.note.unwrap();
        assert!(note.contains("line 2") && !note.contains("Mario"), "{note}");
    }

    #[test]
    fn php_lists_may_be_objects_null_or_empty_text() {
        #[derive(Deserialize)]
        struct Lists {
            #[serde(default, deserialize_with = "list")]
            a: Vec<u8>,
        }
        for (json, len) in [
            (r#"{"a":[1,2]}"#, 2),
            (r#"{"a":{"1":1,"5":2}}"#, 2),
            (r#"{"a":null}"#, 0),
            (r#"{"a":""}"#, 0),
            ("{}", 0),
        ] {
            assert_eq!(
                serde_json::from_str::<Lists>(json).unwrap().a.len(),
                len,
                "{json}"
            );
        }
    }
}
