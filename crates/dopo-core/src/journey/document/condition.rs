//! The conditions of a document.

use super::tree::{Fields, Tree, json};
use super::values::{
    boolean, channels, hints, integer, items, one_of, show, text, too_deep, wrong_type,
};
use super::{At, DEPTH_MAX, Mention};
use crate::consent::Topic;
use crate::journey::check::{Diagnostics, nearest};
use crate::journey::{Condition, ParcelTrait};
use crate::parcel::ParcelState;

/// The conditions by their key.
const CONDITIONS: [&str; 22] = [
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
    "parcel_is",
    "cart_open",
    "bought_group",
    "has_tag",
    "attribute",
    "agreed",
    "province_in",
    "reachable",
];

pub(super) fn condition_at(
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
        "parcel_is" => {
            let all = ParcelTrait::ALL.map(|what| (what.as_str(), what));
            Condition::ParcelIs(one_of(body, what, "bad_value", &all, out)?.value)
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
