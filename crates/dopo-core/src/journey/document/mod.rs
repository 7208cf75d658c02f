//! The journey document: what a merchant writes, in YAML or as the same structure in JSON.
//!
//! [`read`] turns text into a [`Document`] and says what it could not read, [`Document::compile`] turns a document into
//! the nodes that run. What a readable document gets wrong is [`super::check`]'s to say.

mod compile;
mod condition;
mod steps;
mod tree;
mod values;

pub use compile::{sends_most, unknown_is_then};
pub use values::{MOMENTS, parse_seconds};

use super::check::Diagnostics;
use super::{Condition, Goal, KeyBy, Reentry};
use crate::consent::{Channel, Purpose};
use crate::event::Moment;
use condition::condition_at;
use jiff::civil::{Time, Weekday};
use serde_saphyr::Spanned;
use steps::block;
use tree::{Fields, Tree, at, place};
use values::{boolean, moments, one_of, seconds, text};

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
    /// `wait_before: {deadline: 24h, then: […]}`: until so long before the parcel's deadline.
    WaitBefore {
        /// Seconds.
        seconds: i64,
        /// Steps when it came, before what follows; left out where no deadline is known or that moment has passed.
        then: Vec<At<Step>>,
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
