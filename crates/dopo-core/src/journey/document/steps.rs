//! The steps of a document.

use super::condition::condition_at;
use super::tree::{Fields, Tree, json};
use super::values::{
    boolean, channels, hints, integer, items, moments, one_of, seconds, show, text, too_deep,
    wrong_type,
};
use super::{At, DEPTH_MAX, Mention, Send, Step, Unknown};
use crate::consent::Purpose;
use crate::journey::check::{Diagnostics, nearest};
use jiff::civil::{Time, Weekday};

/// A list of steps.
pub(super) fn block(
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
const STEPS: [&str; 12] = [
    "wait",
    "wait_until",
    "wait_for",
    "wait_quiet",
    "wait_before",
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
        "wait_before" => wait_before(body, depth, mentions, out),
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

fn wait_before(
    tree: &At<Tree>,
    depth: usize,
    mentions: &mut Vec<Mention>,
    out: &mut Diagnostics,
) -> Option<Step> {
    let mut fields = Fields::of(tree, "wait_before", out)?;
    let span = fields.need("deadline", out);
    let span = span.and_then(|t| seconds(t, "wait_before.deadline", out));
    let then = fields.need("then", out);
    let then = then.map(|t| block(t, depth + 1, mentions, out));
    fields.end(out);
    Some(Step::WaitBefore {
        seconds: span?,
        then: then?,
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
