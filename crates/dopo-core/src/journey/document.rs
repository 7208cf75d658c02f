//! The journey document: what a merchant writes, in YAML or as the same structure in JSON.
//!
//! [`read`] turns text into a [`Document`] and says what it could not read, [`Document::compile`] turns a document into
//! the nodes that run. What a readable document gets wrong is [`super::check`]'s to say.

use super::check::{Diagnostics, nearest};
use super::{Condition, Goal, Journey, KeyBy, Next, Node, Reentry};
use crate::consent::{Channel, Purpose, Topic};
use crate::event::Moment;
use crate::parcel::ParcelState;
use jiff::civil::{Time, Weekday};
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// Longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Deepest nesting of steps and conditions.
pub const DEPTH_MAX: usize = 24;

/// A place in the text, both from 1; 0 where none is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// A value and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// A journey as written.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// `journey`: its name in files, storage and the API.
    pub id: At<String>,
    /// `name.it`.
    pub name_it: String,
    /// `name.en`.
    pub name_en: String,
    /// `key`.
    pub key: At<KeyBy>,
    /// `on`.
    pub on: Vec<At<Moment>>,
    /// `when`.
    pub when: Option<At<Condition>>,
    /// `freshness`, in seconds.
    pub freshness_seconds: At<i64>,
    /// `reentry`.
    pub reentry: Reentry,
    /// `exit_on`.
    pub exit_on: Vec<At<Moment>>,
    /// `goal`.
    pub goal: Option<At<Goal>>,
    /// `steps`.
    pub steps: Vec<At<Step>>,
    /// Every label of a message or coupon that something refers to, in the order of the text.
    pub mentions: Vec<Mention>,
}

/// One step as written.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// `wait: 24h`.
    Wait {
        /// Seconds.
        seconds: i64,
    },
    /// `wait_until: {time: "10:00", weekdays: [mon]}`.
    WaitUntil {
        /// Local time.
        time: Time,
        /// Weekdays; empty = any.
        weekdays: Vec<Weekday>,
    },
    /// `wait_for: {any: […], timeout: 3d, then: […], on_timeout: […]}`.
    WaitFor {
        /// Moments.
        moments: Vec<At<Moment>>,
        /// Seconds.
        timeout_seconds: i64,
        /// Steps when one came, before what follows.
        then: Vec<At<Step>>,
        /// Steps when none came, before what follows.
        on_timeout: Vec<At<Step>>,
    },
    /// `wait_quiet: {any: […], for: 1h}`: until none of these came for so long.
    WaitQuiet {
        /// Moments.
        moments: Vec<At<Moment>>,
        /// Seconds.
        seconds: i64,
    },
    /// `if: …` with `then`, `else`, `unknown`.
    If {
        /// The question.
        condition: Condition,
        /// When true.
        then: Vec<At<Step>>,
        /// When false.
        otherwise: Vec<At<Step>>,
        /// When unknown.
        unknown: Unknown,
    },
    /// `send: {…}`.
    Send(Box<Send>),
    /// `set: {name: …, value: …}`.
    Set {
        /// Attribute.
        name: String,
        /// Value; null removes it.
        value: serde_json::Value,
    },
    /// `tag: …` or `untag: …`.
    Tag {
        /// The tag.
        tag: String,
        /// Whether it is removed.
        remove: bool,
    },
    /// `coupon: {label: …, percent: 15, valid: 7d}`.
    Coupon {
        /// Label.
        label: String,
        /// Percent off.
        percent: i64,
        /// Seconds.
        valid_seconds: i64,
    },
    /// `task: {kind: call, title: …, due: 1d, promo: false}`.
    Task {
        /// Kind.
        kind: String,
        /// One line.
        title: String,
        /// Seconds.
        due_seconds: Option<i64>,
        /// Whether it promotes.
        promo: bool,
    },
    /// `stop`.
    Stop,
}

/// What a `send` says.
#[derive(Clone, PartialEq, Debug)]
pub struct Send {
    /// Label; the template's name when not given.
    pub label: At<String>,
    /// Template.
    pub template: At<String>,
    /// Channel.
    pub channel: At<Channel>,
    /// Purpose.
    pub purpose: At<Purpose>,
    /// Whether it promotes; for the two marketing purposes and with a coupon it does unless said otherwise.
    pub promo: At<bool>,
    /// Whether it may leave at any hour.
    pub urgent: bool,
    /// The notice it is.
    pub notice: Option<String>,
    /// Seconds.
    pub expires_seconds: Option<i64>,
    /// Must still hold when it leaves.
    pub only_while: Option<At<Condition>>,
    /// Label of its coupon.
    pub coupon: Option<String>,
    /// Whether it carries "remind me tomorrow".
    pub remindable: bool,
}

/// Where an `if` goes on when the answer is unknown (PRIV-12).
#[derive(Clone, PartialEq, Debug)]
pub enum Unknown {
    /// Not named: the branch with fewer messages.
    Unnamed,
    /// `unknown: then`.
    Then,
    /// `unknown: else`.
    Otherwise,
    /// Steps of its own.
    Steps(Vec<At<Step>>),
}

/// A label that something refers to.
#[derive(Clone, PartialEq, Debug)]
pub struct Mention {
    /// The label.
    pub label: At<String>,
    /// Whether it must be a coupon's; else a message's.
    pub coupon: bool,
}

// ---------------------------------------------------------------------------------------------------------------------
// Text to tree

/// Any value, with places. Maps keep their order and their keys' places.
#[derive(Clone, PartialEq, Debug)]
enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<At<Tree>>),
    Map(Vec<(At<String>, At<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_none<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_some<D: serde::Deserializer<'de>>(self, d: D) -> Result<Tree, D::Error> {
                Tree::deserialize(d)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Tree, E> {
                Ok(Tree::Int(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Tree, E> {
                Ok(i64::try_from(v).map_or(Tree::Float(v as f64), Tree::Int))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Tree, E> {
                Ok(Tree::Float(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Tree, E> {
                Ok(Tree::Text(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Tree, E> {
                Ok(Tree::Text(v))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element::<Spanned<Tree>>()? {
                    list.push(at(item));
                }
                Ok(Tree::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    entries.push((at(key), at(map.next_value::<Spanned<Tree>>()?)));
                }
                Ok(Tree::Map(entries))
            }
        }
        d.deserialize_any(Any)
    }
}

fn at<T>(spanned: Spanned<T>) -> At<T> {
    At {
        place: place(spanned.referenced),
        value: spanned.value,
    }
}

fn place(location: serde_saphyr::Location) -> Place {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        line: narrow(location.line()),
        column: narrow(location.column()),
    }
}

/// Reads a document. What cannot be read is said in `out`; `None` when not enough is left to go on.
pub fn read(text: &str, out: &mut Diagnostics) -> Option<Document> {
    let start = Place { line: 1, column: 1 };
    if text.len() > DOCUMENT_BYTES_MAX {
        out.error(
            start,
            "too_large",
            format!("Il documento supera {DOCUMENT_BYTES_MAX} byte: dividilo in più percorsi."),
            format!("The document is larger than {DOCUMENT_BYTES_MAX} bytes: split it into several journeys."),
        );
        return None;
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 4 * DEPTH_MAX,
            max_nodes: 50_000,
            max_aliases: 100,
        },
        strict_booleans: true,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Tree>>(text, options) {
        Ok(tree) => document(&at(tree), out),
        Err(error) => {
            let found = error.location().map_or(start, place);
            let why = error.without_snippet().to_string();
            let why = why.lines().next().unwrap_or_default();
            out.error(
                found,
                "syntax",
                format!("Il testo non è YAML né JSON leggibile ({why})."),
                format!("The text is not readable YAML or JSON ({why})."),
            );
            None
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Tree to document

/// The entries of a map, taken one by one; what is left at the end is unknown.
struct Fields<'a> {
    place: Place,
    what: &'static str,
    known: Vec<&'static str>,
    entries: Vec<&'a (At<String>, At<Tree>)>,
}

impl<'a> Fields<'a> {
    fn of(tree: &'a At<Tree>, what: &'static str, out: &mut Diagnostics) -> Option<Self> {
        match &tree.value {
            Tree::Map(entries) => Some(Fields {
                place: tree.place,
                what,
                known: Vec::new(),
                entries: entries.iter().collect(),
            }),
            _ => {
                wrong_type(tree, what, "un elenco di campi", "a map of fields", out);
                None
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'a At<Tree>> {
        self.known.push(key);
        let found = self.entries.iter().position(|(k, _)| k.value == key)?;
        Some(&self.entries.remove(found).1)
    }

    fn need(&mut self, key: &'static str, out: &mut Diagnostics) -> Option<&'a At<Tree>> {
        let found = self.take(key);
        if found.is_none() {
            out.error(
                self.place,
                "missing_key",
                format!("Manca `{key}` in `{}`.", self.what),
                format!("`{key}` is missing in `{}`.", self.what),
            );
        }
        found
    }

    fn end(self, out: &mut Diagnostics) {
        for (key, _) in self.entries {
            let near = nearest(&key.value, self.known.iter().copied());
            let (hint_it, hint_en) = hints(near, &self.known);
            out.error(
                key.place,
                "unknown_key",
                format!(
                    "`{}` non esiste in `{}`. {hint_it}",
                    show(&key.value),
                    self.what
                ),
                format!(
                    "`{}` does not exist in `{}`. {hint_en}",
                    show(&key.value),
                    self.what
                ),
            );
        }
    }
}

/// A written word, cut to a length that a message can bear.
fn show(word: &str) -> String {
    let mut short: String = word.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    short
}

/// What to write instead, in both languages.
fn hints(near: Option<&str>, all: &[&str]) -> (String, String) {
    match near {
        Some(name) => (
            format!("Intendevi `{name}`?"),
            format!("Did you mean `{name}`?"),
        ),
        None => {
            let list = all.join("`, `");
            (
                format!("Valori possibili: `{list}`."),
                format!("Possible values: `{list}`."),
            )
        }
    }
}

fn wrong_type(tree: &At<Tree>, what: &str, want_it: &str, want_en: &str, out: &mut Diagnostics) {
    out.error(
        tree.place,
        "wrong_type",
        format!("`{what}` deve essere {want_it}."),
        format!("`{what}` must be {want_en}."),
    );
}

/// A text; numbers and booleans that YAML made of plain words count as their text.
fn text(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<At<String>> {
    let value = match &tree.value {
        Tree::Text(text) if !text.trim().is_empty() => text.clone(),
        Tree::Int(n) => n.to_string(),
        Tree::Null
        | Tree::Bool(_)
        | Tree::Float(_)
        | Tree::Text(_)
        | Tree::List(_)
        | Tree::Map(_) => {
            wrong_type(
                tree,
                what,
                "un testo non vuoto",
                "a text that is not empty",
                out,
            );
            return None;
        }
    };
    Some(At {
        value,
        place: tree.place,
    })
}

fn boolean(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<bool> {
    match tree.value {
        Tree::Bool(value) => Some(value),
        _ => {
            wrong_type(tree, what, "`true` o `false`", "`true` or `false`", out);
            None
        }
    }
}

fn integer(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<i64> {
    match tree.value {
        Tree::Int(value) => Some(value),
        _ => {
            wrong_type(tree, what, "un numero intero", "a whole number", out);
            None
        }
    }
}

/// The items of a list; a single value counts as a list of one.
fn items(tree: &At<Tree>) -> Vec<&At<Tree>> {
    match &tree.value {
        Tree::List(list) => list.iter().collect(),
        Tree::Null => Vec::new(),
        _ => vec![tree],
    }
}

/// A span of time such as `90s`, `30m`, `24h`, `3d`, `2w`, in seconds; `None` when it is none.
pub fn parse_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(factor)
}

fn seconds(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<i64> {
    if let Tree::Text(text) = &tree.value
        && let Some(seconds) = parse_seconds(text)
    {
        return Some(seconds);
    }
    wrong_type(
        tree,
        what,
        "una durata come `90s`, `30m`, `24h` o `3d`",
        "a duration such as `90s`, `30m`, `24h` or `3d`",
        out,
    );
    None
}

/// One of the named values of a closed list.
fn one_of<T: Copy>(
    tree: &At<Tree>,
    what: &str,
    code: &'static str,
    all: &[(&'static str, T)],
    out: &mut Diagnostics,
) -> Option<At<T>> {
    let word = text(tree, what, out)?;
    if let Some((_, value)) = all.iter().find(|(name, _)| *name == word.value) {
        return Some(At {
            value: *value,
            place: tree.place,
        });
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let (hint_it, hint_en) = hints(nearest(&word.value, names.iter().copied()), &names);
    out.error(
        tree.place,
        code,
        format!(
            "`{}` non è un valore di `{what}`. {hint_it}",
            show(&word.value)
        ),
        format!(
            "`{}` is not a value of `{what}`. {hint_en}",
            show(&word.value)
        ),
    );
    None
}

fn moments(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Vec<At<Moment>> {
    let all: Vec<(&'static str, Moment)> = MOMENTS.to_vec();
    let list = items(tree);
    if list.is_empty() {
        wrong_type(tree, what, "almeno un momento", "at least one moment", out);
    }
    list.into_iter()
        .filter_map(|item| one_of(item, what, "unknown_moment", &all, out))
        .collect()
}

fn channels() -> Vec<(&'static str, Channel)> {
    Channel::ALL.into_iter().map(|c| (c.as_str(), c)).collect()
}

fn document(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Document> {
    let mut fields = Fields::of(tree, "journey", out)?;
    let id = fields
        .need("journey", out)
        .and_then(|t| text(t, "journey", out))
        .filter(|id| {
            let plain = id.value.len() <= 64
                && id
                    .value
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !plain {
                out.error(
                    id.place,
                    "bad_value",
                    "Il nome del percorso usa al massimo 64 lettere minuscole, cifre e `_`.".into(),
                    "A journey's name uses at most 64 lower-case letters, digits and `_`.".into(),
                );
            }
            plain
        });
    let (name_it, name_en) = fields
        .need("name", out)
        .and_then(|t| name(t, out))
        .unwrap_or_default();
    let key = fields.need("key", out).and_then(|t| {
        let all = [
            ("order", KeyBy::Order),
            ("parcel", KeyBy::Parcel),
            ("cart", KeyBy::Cart),
            ("customer", KeyBy::Customer),
        ];
        one_of(t, "key", "bad_value", &all, out)
    });
    let on = fields
        .need("on", out)
        .map(|t| moments(t, "on", out))
        .unwrap_or_default();
    let mut mentions = Vec::new();
    let when = fields
        .take("when")
        .and_then(|t| condition_at(t, 0, &mut mentions, out));
    let freshness_seconds = fields.need("freshness", out).and_then(|t| {
        Some(At {
            value: seconds(t, "freshness", out)?,
            place: t.place,
        })
    });
    let reentry = match fields.take("reentry") {
        Some(t) => reentry(t, out).unwrap_or(Reentry::Once),
        None => Reentry::Once,
    };
    let exit_on = fields
        .take("exit_on")
        .map(|t| moments(t, "exit_on", out))
        .unwrap_or_default();
    let goal = fields.take("goal").and_then(|t| goal(t, out));
    let steps = fields.need("steps", out);
    let steps = steps.map(|t| block(t, 0, &mut mentions, out));
    fields.end(out);
    Some(Document {
        id: id?,
        name_it,
        name_en,
        key: key?,
        on,
        when,
        freshness_seconds: freshness_seconds?,
        reentry,
        exit_on,
        goal,
        steps: steps?,
        mentions,
    })
}

fn name(tree: &At<Tree>, out: &mut Diagnostics) -> Option<(String, String)> {
    let mut fields = Fields::of(tree, "name", out)?;
    let it = fields.need("it", out).and_then(|t| text(t, "name.it", out));
    let en = fields.need("en", out).and_then(|t| text(t, "name.en", out));
    fields.end(out);
    Some((it?.value, en?.value))
}

fn reentry(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Reentry> {
    if let Tree::Map(_) = &tree.value {
        let mut fields = Fields::of(tree, "reentry", out)?;
        let after = fields
            .need("after", out)
            .and_then(|t| seconds(t, "reentry.after", out));
        fields.end(out);
        let hours = after?.div_euclid(3_600).max(1);
        return Some(Reentry::AfterHours(
            u32::try_from(hours).unwrap_or(u32::MAX),
        ));
    }
    let all = [("once", Reentry::Once), ("always", Reentry::Always)];
    Some(one_of(tree, "reentry", "bad_value", &all, out)?.value)
}

fn goal(tree: &At<Tree>, out: &mut Diagnostics) -> Option<At<Goal>> {
    let mut fields = Fields::of(tree, "goal", out)?;
    let moment = fields
        .need("moment", out)
        .and_then(|t| one_of(t, "goal.moment", "unknown_moment", &MOMENTS, out));
    let within = fields
        .need("within", out)
        .and_then(|t| seconds(t, "goal.within", out));
    let exits = fields
        .take("exits")
        .and_then(|t| boolean(t, "goal.exits", out))
        .unwrap_or(false);
    fields.end(out);
    let hours = within?.div_euclid(3_600).max(1);
    Some(At {
        place: tree.place,
        value: Goal {
            moment: moment?.value,
            within_hours: u32::try_from(hours).unwrap_or(u32::MAX),
            exits,
        },
    })
}

fn too_deep(place: Place, out: &mut Diagnostics) {
    out.error(
        place,
        "too_deep",
        format!("Più di {DEPTH_MAX} livelli annidati: semplifica o dividi il percorso."),
        format!("More than {DEPTH_MAX} nested levels: simplify or split the journey."),
    );
}

/// A list of steps.
fn block(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Vec<At<Step>> {
    if depth > DEPTH_MAX {
        too_deep(tree.place, out);
        return Vec::new();
    }
    items(tree)
        .into_iter()
        .filter_map(|item| {
            let value = step(item, depth, mentions, out)?;
            Some(At {
                value,
                place: item.place,
            })
        })
        .collect()
}

/// The steps by their first key.
const STEPS: [&str; 11] = [
    "wait",
    "wait_until",
    "wait_for",
    "wait_quiet",
    "if",
    "send",
    "set",
    "tag",
    "untag",
    "coupon",
    "task",
];

fn step(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<Step> {
    if let Tree::Text(word) = &tree.value
        && word == "stop"
    {
        return Some(Step::Stop);
    }
    let Tree::Map(entries) = &tree.value else {
        wrong_type(
            tree,
            "steps",
            "un passo come `wait: 24h`",
            "a step such as `wait: 24h`",
            out,
        );
        return None;
    };
    let kind = entries
        .iter()
        .find_map(|(k, _)| STEPS.into_iter().find(|s| *s == k.value));
    let Some(kind) = kind else {
        let place = entries.first().map_or(tree.place, |(k, _)| k.place);
        let word = entries.first().map_or("", |(k, _)| k.value.as_str());
        if word == "stop" {
            return Some(Step::Stop);
        }
        let (hint_it, hint_en) = hints(nearest(word, STEPS.into_iter().chain(["stop"])), &STEPS);
        out.error(
            place,
            "unknown_key",
            format!("`{}` non è un passo. {hint_it}", show(word)),
            format!("`{}` is not a step. {hint_en}", show(word)),
        );
        return None;
    };
    let mut fields = Fields::of(tree, kind, out)?;
    let body = fields.take(kind)?;
    let read = match kind {
        "wait" => seconds(body, "wait", out).map(|seconds| Step::Wait { seconds }),
        "wait_until" => wait_until(body, out),
        "wait_for" => wait_for(body, depth, mentions, out),
        "wait_quiet" => wait_quiet(body, out),
        "if" => {
            let condition = condition_at(body, depth, mentions, out);
            let then = fields.take("then");
            let then = then.map(|t| block(t, depth + 1, mentions, out));
            let otherwise = fields.take("else");
            let otherwise = otherwise.map(|t| block(t, depth + 1, mentions, out));
            let unknown = match fields.take("unknown") {
                None => Unknown::Unnamed,
                Some(t) => match &t.value {
                    Tree::Text(word) if word == "then" => Unknown::Then,
                    Tree::Text(word) if word == "else" => Unknown::Otherwise,
                    _ => Unknown::Steps(block(t, depth + 1, mentions, out)),
                },
            };
            condition.map(|condition| Step::If {
                condition: condition.value,
                then: then.unwrap_or_default(),
                otherwise: otherwise.unwrap_or_default(),
                unknown,
            })
        }
        "send" => send(body, depth, mentions, out).map(|s| Step::Send(Box::new(s))),
        "set" => set(body, out),
        "tag" | "untag" => text(body, kind, out).map(|tag| Step::Tag {
            tag: tag.value,
            remove: kind == "untag",
        }),
        "coupon" => coupon(body, out),
        _ => task(body, out),
    };
    fields.end(out);
    read
}

fn wait_until(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Step> {
    let mut fields = Fields::of(tree, "wait_until", out)?;
    let time = fields.need("time", out).and_then(|t| {
        let word = text(t, "wait_until.time", out)?;
        let time = Time::strptime("%H:%M", &word.value).ok();
        if time.is_none() {
            wrong_type(
                t,
                "wait_until.time",
                "un'ora come `10:00`",
                "a time such as `10:00`",
                out,
            );
        }
        time
    });
    let all = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];
    let mut weekdays = Vec::new();
    if let Some(list) = fields.take("weekdays") {
        for item in items(list) {
            let day = one_of(item, "wait_until.weekdays", "bad_value", &all, out)?.value;
            if !weekdays.contains(&day) {
                weekdays.push(day);
            }
        }
    }
    fields.end(out);
    Some(Step::WaitUntil {
        time: time?,
        weekdays,
    })
}

fn wait_for(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<Step> {
    let mut fields = Fields::of(tree, "wait_for", out)?;
    let any = fields.need("any", out);
    let any = any.map(|t| moments(t, "wait_for.any", out));
    let timeout = fields.need("timeout", out);
    let timeout = timeout.and_then(|t| seconds(t, "wait_for.timeout", out));
    let then = fields.take("then");
    let then = then.map(|t| block(t, depth + 1, mentions, out));
    let on_timeout = fields.take("on_timeout");
    let on_timeout = on_timeout.map(|t| block(t, depth + 1, mentions, out));
    fields.end(out);
    Some(Step::WaitFor {
        moments: any?,
        timeout_seconds: timeout?,
        then: then.unwrap_or_default(),
        on_timeout: on_timeout.unwrap_or_default(),
    })
}

fn wait_quiet(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Step> {
    let mut fields = Fields::of(tree, "wait_quiet", out)?;
    let any = fields.need("any", out);
    let any = any.map(|t| moments(t, "wait_quiet.any", out));
    let span = fields.need("for", out);
    let span = span.and_then(|t| seconds(t, "wait_quiet.for", out));
    fields.end(out);
    Some(Step::WaitQuiet {
        moments: any?,
        seconds: span?,
    })
}

fn send(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<Send> {
    let mut fields = Fields::of(tree, "send", out)?;
    let purposes: Vec<_> = Purpose::ALL.into_iter().map(|p| (p.as_str(), p)).collect();
    let template = fields.need("template", out);
    let template = template.and_then(|t| text(t, "send.template", out));
    let label = fields.take("label").map(|t| text(t, "send.label", out));
    let channel = fields.need("channel", out);
    let channel = channel.and_then(|t| one_of(t, "send.channel", "bad_value", &channels(), out));
    let purpose = fields.need("purpose", out);
    let purpose = purpose.and_then(|t| one_of(t, "send.purpose", "bad_value", &purposes, out));
    let flag = |tree: Option<&At<Tree>>, what: &str, out: &mut Diagnostics| {
        tree.and_then(|t| {
            Some(At {
                value: boolean(t, what, out)?,
                place: t.place,
            })
        })
    };
    let promo = flag(fields.take("promo"), "send.promo", out);
    let urgent = flag(fields.take("urgent"), "send.urgent", out);
    let remindable = flag(fields.take("remindable"), "send.remindable", out);
    let notice = fields
        .take("notice")
        .and_then(|t| text(t, "send.notice", out));
    let expires = fields
        .take("expires")
        .and_then(|t| seconds(t, "send.expires", out));
    let only_while = fields
        .take("only_while")
        .and_then(|t| condition_at(t, depth, mentions, out));
    let coupon = fields
        .take("coupon")
        .and_then(|t| text(t, "send.coupon", out));
    fields.end(out);
    if let Some(label) = &coupon {
        mentions.push(Mention {
            label: label.clone(),
            coupon: true,
        });
    }
    let purpose = purpose?;
    let template = template?;
    let label = match label {
        Some(label) => label?,
        None => template.clone(),
    };
    let promotes = coupon.is_some()
        || matches!(
            purpose.value,
            Purpose::Marketing | Purpose::MarketingSimilar
        );
    Some(Send {
        promo: promo.unwrap_or(At {
            value: promotes,
            place: purpose.place,
        }),
        label,
        template,
        channel: channel?,
        purpose,
        urgent: urgent.is_some_and(|f| f.value),
        notice: notice.map(|n| n.value),
        expires_seconds: expires,
        only_while,
        coupon: coupon.map(|c| c.value),
        remindable: remindable.is_some_and(|f| f.value),
    })
}

fn set(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Step> {
    let mut fields = Fields::of(tree, "set", out)?;
    let name = fields
        .need("name", out)
        .and_then(|t| text(t, "set.name", out));
    let value = fields.need("value", out).map(|t| json(&t.value));
    fields.end(out);
    Some(Step::Set {
        name: name?.value,
        value: value?,
    })
}

fn coupon(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Step> {
    let mut fields = Fields::of(tree, "coupon", out)?;
    let label = fields
        .need("label", out)
        .and_then(|t| text(t, "coupon.label", out));
    let percent = fields.need("percent", out);
    let percent = percent.and_then(|t| integer(t, "coupon.percent", out));
    let valid = fields
        .need("valid", out)
        .and_then(|t| seconds(t, "coupon.valid", out));
    fields.end(out);
    Some(Step::Coupon {
        label: label?.value,
        percent: percent?,
        valid_seconds: valid?,
    })
}

fn task(tree: &At<Tree>, out: &mut Diagnostics) -> Option<Step> {
    let mut fields = Fields::of(tree, "task", out)?;
    let kind = fields
        .need("kind", out)
        .and_then(|t| text(t, "task.kind", out));
    let title = fields
        .need("title", out)
        .and_then(|t| text(t, "task.title", out));
    let due = fields.take("due").and_then(|t| seconds(t, "task.due", out));
    let promo = fields
        .take("promo")
        .and_then(|t| boolean(t, "task.promo", out));
    fields.end(out);
    Some(Step::Task {
        kind: kind?.value,
        title: title?.value,
        due_seconds: due,
        promo: promo.unwrap_or(false),
    })
}

fn json(tree: &Tree) -> serde_json::Value {
    use serde_json::Value;
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Int(value) => Value::from(*value),
        Tree::Float(value) => Value::from(*value),
        Tree::Text(value) => Value::String(value.clone()),
        Tree::List(list) => list.iter().map(|item| json(&item.value)).collect(),
        Tree::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.value.clone(), json(&value.value)))
            .collect(),
    }
}

/// The conditions by their key.
const CONDITIONS: [&str; 21] = [
    "all",
    "any",
    "not",
    "opened",
    "clicked",
    "replied",
    "sent",
    "order_total_cents_at_least",
    "orders_at_least",
    "order_paid",
    "cash_on_delivery",
    "order_stands",
    "order_delivered",
    "parcel_in",
    "cart_open",
    "bought_group",
    "has_tag",
    "attribute",
    "agreed",
    "province_in",
    "reachable",
];

fn condition_at(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<At<Condition>> {
    Some(At {
        value: condition(tree, depth, mentions, out)?,
        place: tree.place,
    })
}

fn condition(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<Condition> {
    if depth > DEPTH_MAX {
        too_deep(tree.place, out);
        return None;
    }
    let Tree::Map(entries) = &tree.value else {
        wrong_type(
            tree,
            "condition",
            "una condizione come `order_paid: true`",
            "a condition such as `order_paid: true`",
            out,
        );
        return None;
    };
    let [(key, body)] = entries.as_slice() else {
        out.error(
            tree.place,
            "bad_value",
            "Una condizione ha un solo campo: per più domande usa `all: […]` o `any: […]`.".into(),
            "A condition has one field: for several questions use `all: […]` or `any: […]`.".into(),
        );
        return None;
    };
    let parts = |mentions: &mut Vec<Mention>, out: &mut Diagnostics| -> Option<Vec<Condition>> {
        let list = items(body);
        if list.is_empty() {
            wrong_type(
                body,
                &key.value,
                "almeno una condizione",
                "at least one condition",
                out,
            );
            return None;
        }
        let read: Vec<_> = list
            .into_iter()
            .map(|part| condition(part, depth + 1, mentions, out))
            .collect();
        read.into_iter().collect()
    };
    let what = key.value.as_str();
    let label = |mentions: &mut Vec<Mention>, out: &mut Diagnostics| -> Option<String> {
        let label = text(body, what, out)?;
        mentions.push(Mention {
            label: label.clone(),
            coupon: false,
        });
        Some(label.value)
    };
    Some(match what {
        "all" => Condition::All(parts(mentions, out)?),
        "any" => Condition::Any(parts(mentions, out)?),
        "not" => Condition::Not(Box::new(condition(body, depth + 1, mentions, out)?)),
        "opened" => Condition::Opened(label(mentions, out)?),
        "clicked" => Condition::Clicked(label(mentions, out)?),
        "replied" => Condition::Replied(label(mentions, out)?),
        "sent" => Condition::Sent(label(mentions, out)?),
        "order_total_cents_at_least" => {
            Condition::OrderTotalCentsAtLeast(integer(body, what, out)?)
        }
        "orders_at_least" => {
            let count = integer(body, what, out)?;
            let Ok(count) = u32::try_from(count) else {
                wrong_type(
                    body,
                    what,
                    "un numero da 0 in su",
                    "a number from 0 up",
                    out,
                );
                return None;
            };
            Condition::OrdersAtLeast(count)
        }
        "order_paid" => Condition::OrderPaid(boolean(body, what, out)?),
        "cash_on_delivery" => Condition::CashOnDelivery(boolean(body, what, out)?),
        "order_stands" => Condition::OrderStands(boolean(body, what, out)?),
        "order_delivered" => Condition::OrderDelivered(boolean(body, what, out)?),
        "cart_open" => Condition::CartOpen(boolean(body, what, out)?),
        "parcel_in" => {
            let all: Vec<_> = ParcelState::ALL
                .into_iter()
                .map(|s| (s.as_str(), s))
                .collect();
            let states = items(body)
                .into_iter()
                .map(|item| Some(one_of(item, what, "bad_value", &all, out)?.value))
                .collect::<Vec<_>>();
            Condition::ParcelIn(states.into_iter().collect::<Option<_>>()?)
        }
        "bought_group" => Condition::BoughtGroup(text(body, what, out)?.value),
        "has_tag" => Condition::HasTag(text(body, what, out)?.value),
        "attribute" => {
            let mut fields = Fields::of(body, "attribute", out)?;
            let name = fields.need("name", out);
            let name = name.and_then(|t| text(t, "attribute.name", out));
            let equals = fields.need("equals", out).map(|t| json(&t.value));
            fields.end(out);
            Condition::Attribute {
                name: name?.value,
                equals: equals?,
            }
        }
        "agreed" => {
            let topics: Vec<_> = Topic::ALL.into_iter().map(|t| (t.as_str(), t)).collect();
            let mut fields = Fields::of(body, "agreed", out)?;
            let topic = fields.need("topic", out);
            let topic = topic.and_then(|t| one_of(t, "agreed.topic", "bad_value", &topics, out));
            let channel = match fields.take("channel") {
                Some(t) => Some(one_of(t, "agreed.channel", "bad_value", &channels(), out)?.value),
                None => None,
            };
            fields.end(out);
            Condition::Agreed {
                topic: topic?.value,
                channel,
            }
        }
        "province_in" => {
            let read: Vec<_> = items(body)
                .into_iter()
                .map(|item| Some(text(item, what, out)?.value))
                .collect();
            Condition::ProvinceIn(read.into_iter().collect::<Option<_>>()?)
        }
        "reachable" => {
            Condition::Reachable(one_of(body, what, "bad_value", &channels(), out)?.value)
        }
        _ => {
            let (hint_it, hint_en) = hints(nearest(what, CONDITIONS.into_iter()), &CONDITIONS);
            out.error(
                key.place,
                "unknown_key",
                format!("`{}` non è una condizione. {hint_it}", show(what)),
                format!("`{}` is not a condition. {hint_en}", show(what)),
            );
            return None;
        }
    })
}

/// All moments by their stable names.
pub const MOMENTS: [(&str, Moment); 25] = [
    ("order_placed", Moment::OrderPlaced),
    ("order_paid", Moment::OrderPaid),
    ("order_cancelled", Moment::OrderCancelled),
    ("order_refunded", Moment::OrderRefunded),
    ("order_delivered", Moment::OrderDelivered),
    ("order_delivery_revoked", Moment::OrderDeliveryRevoked),
    ("parcel_shipped", Moment::ParcelShipped),
    ("parcel_out_for_delivery", Moment::ParcelOutForDelivery),
    ("parcel_attempt_failed", Moment::ParcelAttemptFailed),
    ("parcel_held", Moment::ParcelHeld),
    ("parcel_ready_for_pickup", Moment::ParcelReadyForPickup),
    ("parcel_delivered", Moment::ParcelDelivered),
    ("parcel_delivery_revoked", Moment::ParcelDeliveryRevoked),
    ("parcel_returned", Moment::ParcelReturned),
    ("parcel_lost", Moment::ParcelLost),
    ("cart_updated", Moment::CartUpdated),
    ("cart_completed", Moment::CartCompleted),
    ("cart_removed", Moment::CartRemoved),
    ("return_requested", Moment::ReturnRequested),
    ("message_opened", Moment::MessageOpened),
    ("message_clicked", Moment::MessageClicked),
    ("message_replied", Moment::MessageReplied),
    ("reminder_requested", Moment::ReminderRequested),
    ("consent_withdrawn", Moment::ConsentWithdrawn),
    ("consent_given", Moment::ConsentGiven),
];

// ---------------------------------------------------------------------------------------------------------------------
// Document to nodes

/// The most messages that one way through these steps and what follows them (`rest` messages) sends.
pub fn sends_most(steps: &[At<Step>], rest: usize) -> usize {
    steps
        .iter()
        .rev()
        .fold(rest, |rest, step| match &step.value {
            Step::Send(_) => rest + 1,
            Step::Stop => 0,
            Step::If {
                then,
                otherwise,
                unknown,
                ..
            } => {
                let own = match unknown {
                    Unknown::Steps(steps) => sends_most(steps, rest),
                    Unknown::Unnamed | Unknown::Then | Unknown::Otherwise => 0,
                };
                sends_most(then, rest)
                    .max(sends_most(otherwise, rest))
                    .max(own)
            }
            Step::WaitFor {
                then, on_timeout, ..
            } => sends_most(then, rest).max(sends_most(on_timeout, rest)),
            Step::Wait { .. }
            | Step::WaitUntil { .. }
            | Step::WaitQuiet { .. }
            | Step::Set { .. }
            | Step::Tag { .. }
            | Step::Coupon { .. }
            | Step::Task { .. } => rest,
        })
}

/// Whether an unnamed unknown goes the way of `then`: the way to the end with fewer messages (PRIV-12); at a tie, `else`.
pub fn unknown_is_then(then: &[At<Step>], otherwise: &[At<Step>], rest: usize) -> bool {
    sends_most(then, rest) < sends_most(otherwise, rest)
}

struct Compiler {
    nodes: Vec<Node>,
}

impl Compiler {
    fn push(&mut self, node: Node) -> Next {
        self.nodes.push(node);
        u16::try_from(self.nodes.len() - 1).ok()
    }

    /// Compiles from the last step to the first, so that each knows where it goes on.
    fn block(&mut self, steps: &[At<Step>], next: Next, rest: usize) -> Next {
        let from_last = steps.iter().rev();
        let (next, _) = from_last.fold((next, rest), |(next, rest), step| {
            let before = sends_most(std::slice::from_ref(step), rest);
            (self.step(&step.value, next, rest), before)
        });
        next
    }

    fn step(&mut self, step: &Step, next: Next, rest: usize) -> Next {
        let node = match step {
            Step::Wait { seconds } => Node::Wait {
                seconds: *seconds,
                next,
            },
            Step::WaitUntil { time, weekdays } => Node::WaitUntil {
                time: *time,
                weekdays: weekdays.clone(),
                next,
            },
            Step::WaitFor {
                moments,
                timeout_seconds,
                then,
                on_timeout,
            } => Node::WaitFor {
                moments: moments.iter().map(|m| m.value).collect(),
                timeout_seconds: *timeout_seconds,
                then: self.block(then, next, rest),
                timeout: self.block(on_timeout, next, rest),
            },
            Step::WaitQuiet { moments, seconds } => {
                // It waits at itself again: each round needs a moment from outside.
                let itself = u16::try_from(self.nodes.len()).ok();
                Node::WaitFor {
                    moments: moments.iter().map(|m| m.value).collect(),
                    timeout_seconds: *seconds,
                    then: itself,
                    timeout: next,
                }
            }
            Step::If {
                condition,
                then,
                otherwise,
                unknown,
            } => {
                let then_at = self.block(then, next, rest);
                let otherwise_at = self.block(otherwise, next, rest);
                let unknown_at = match unknown {
                    Unknown::Then => then_at,
                    Unknown::Otherwise => otherwise_at,
                    Unknown::Steps(steps) => self.block(steps, next, rest),
                    Unknown::Unnamed if unknown_is_then(then, otherwise, rest) => then_at,
                    Unknown::Unnamed => otherwise_at,
                };
                Node::If {
                    condition: condition.clone(),
                    then: then_at,
                    otherwise: otherwise_at,
                    unknown: unknown_at,
                }
            }
            Step::Send(send) => Node::Send {
                label: send.label.value.clone(),
                template: send.template.value.clone(),
                channel: send.channel.value,
                purpose: send.purpose.value,
                promo: send.promo.value,
                urgent: send.urgent,
                notice: send.notice.clone(),
                expires_seconds: send.expires_seconds,
                only_while: send.only_while.as_ref().map(|c| c.value.clone()),
                coupon: send.coupon.clone(),
                remindable: send.remindable,
                next,
            },
            Step::Set { name, value } => Node::Set {
                name: name.clone(),
                value: value.clone(),
                next,
            },
            Step::Tag { tag, remove } => Node::Tag {
                tag: tag.clone(),
                remove: *remove,
                next,
            },
            Step::Coupon {
                label,
                percent,
                valid_seconds,
            } => Node::Coupon {
                label: label.clone(),
                percent: u8::try_from(*percent).unwrap_or_default(),
                valid_seconds: *valid_seconds,
                next,
            },
            Step::Task {
                kind,
                title,
                due_seconds,
                promo,
            } => Node::Task {
                kind: kind.clone(),
                title: title.clone(),
                due_seconds: *due_seconds,
                promo: *promo,
                next,
            },
            Step::Stop => Node::Stop,
        };
        self.push(node)
    }
}

/// The ways on from a node.
fn ways(node: &mut Node) -> Vec<&mut Next> {
    match node {
        Node::Wait { next, .. }
        | Node::WaitUntil { next, .. }
        | Node::Send { next, .. }
        | Node::Set { next, .. }
        | Node::Tag { next, .. }
        | Node::Coupon { next, .. }
        | Node::Task { next, .. } => vec![next],
        Node::WaitFor { then, timeout, .. } => vec![then, timeout],
        Node::If {
            then,
            otherwise,
            unknown,
            ..
        } => vec![then, otherwise, unknown],
        Node::Stop => Vec::new(),
    }
}

impl Document {
    /// The nodes that run, numbered from 0 in the order of the text as far as they can be reached; version 1.
    pub fn compile(&self) -> Journey {
        let mut compiler = Compiler { nodes: Vec::new() };
        let entry = compiler.block(&self.steps, None, 0);
        Journey {
            id: self.id.value.clone(),
            version: 1,
            name_it: self.name_it.clone(),
            name_en: self.name_en.clone(),
            key: self.key.value,
            on: self.on.iter().map(|m| m.value).collect(),
            when: self.when.as_ref().map(|c| c.value.clone()),
            freshness_seconds: self.freshness_seconds.value,
            reentry: self.reentry,
            exit_on: self.exit_on.iter().map(|m| m.value).collect(),
            goal: self.goal.as_ref().map(|g| g.value.clone()),
            nodes: renumber(compiler.nodes, entry),
        }
    }
}

/// Puts the entry first and the rest in the order in which they are reached, and drops what is never reached.
fn renumber(mut nodes: Vec<Node>, entry: Next) -> Vec<Node> {
    let mut order: Vec<u16> = Vec::new();
    let mut number: Vec<Option<u16>> = vec![None; nodes.len()];
    let mut stack: Vec<u16> = entry.into_iter().collect();
    while let Some(old) = stack.pop() {
        let at = usize::from(old);
        let Some(node) = nodes.get_mut(at) else {
            continue;
        };
        if number[at].is_some() {
            continue;
        }
        number[at] = u16::try_from(order.len()).ok();
        order.push(old);
        // The last pushed is visited first: `then` before `else`.
        stack.extend(ways(node).into_iter().rev().filter_map(|way| *way));
    }
    order
        .into_iter()
        .map(|old| {
            let mut node = nodes[usize::from(old)].clone();
            for way in ways(&mut node) {
                *way = way.and_then(|old| number[usize::from(old)]);
            }
            node
        })
        .collect()
}
