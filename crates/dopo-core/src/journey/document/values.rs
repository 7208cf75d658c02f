//! Single values of a document: texts, numbers, spans, and the names of closed lists.

use super::tree::Tree;
use super::{At, DEPTH_MAX, Place};
use crate::consent::Channel;
use crate::event::Moment;
use crate::journey::check::{Diagnostics, nearest};

/// A written word, cut to a length that a message can bear.
pub(super) fn show(word: &str) -> String {
    let mut short: String = word.chars().filter(|c| !c.is_control()).take(60).collect();
    if short.len() < word.len() {
        short.push('…');
    }
    short
}

/// What to write instead, in both languages.
pub(super) fn hints(near: Option<&str>, all: &[&str]) -> (String, String) {
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

pub(super) fn wrong_type(
    tree: &At<Tree>,
    what: &str,
    want_it: &str,
    want_en: &str,
    out: &mut Diagnostics,
) {
    out.error(
        tree.place,
        "wrong_type",
        format!("`{what}` deve essere {want_it}."),
        format!("`{what}` must be {want_en}."),
    );
}

/// A text; numbers and booleans that YAML made of plain words count as their text.
pub(super) fn text(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<At<String>> {
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

pub(super) fn boolean(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<bool> {
    match tree.value {
        Tree::Bool(value) => Some(value),
        _ => {
            wrong_type(tree, what, "`true` o `false`", "`true` or `false`", out);
            None
        }
    }
}

pub(super) fn integer(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<i64> {
    match tree.value {
        Tree::Int(value) => Some(value),
        _ => {
            wrong_type(tree, what, "un numero intero", "a whole number", out);
            None
        }
    }
}

/// The items of a list; a single value counts as a list of one.
pub(super) fn items(tree: &At<Tree>) -> Vec<&At<Tree>> {
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

pub(super) fn seconds(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Option<i64> {
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
pub(super) fn one_of<T: Copy>(
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

pub(super) fn moments(tree: &At<Tree>, what: &str, out: &mut Diagnostics) -> Vec<At<Moment>> {
    let all: Vec<(&'static str, Moment)> = MOMENTS.to_vec();
    let list = items(tree);
    if list.is_empty() {
        wrong_type(tree, what, "almeno un momento", "at least one moment", out);
    }
    list.into_iter()
        .filter_map(|item| one_of(item, what, "unknown_moment", &all, out))
        .collect()
}

pub(super) fn channels() -> Vec<(&'static str, Channel)> {
    Channel::ALL.into_iter().map(|c| (c.as_str(), c)).collect()
}

pub(super) fn too_deep(place: Place, out: &mut Diagnostics) {
    out.error(
        place,
        "too_deep",
        format!("Più di {DEPTH_MAX} livelli annidati: semplifica o dividi il percorso."),
        format!("More than {DEPTH_MAX} nested levels: simplify or split the journey."),
    );
}

/// All moments by their stable names.
pub const MOMENTS: [(&str, Moment); 30] = [
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
    ("parcel_delayed", Moment::ParcelDelayed),
    ("parcel_silent", Moment::ParcelSilent),
    ("parcel_hold_answered", Moment::ParcelHoldAnswered),
    ("parcel_hold_refused", Moment::ParcelHoldRefused),
    ("problem_reported", Moment::ProblemReported),
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
