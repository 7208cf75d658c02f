//! Who can be rehearsed apart from whom. People who share nothing do not touch each other: each group is played by
//! itself, in memory that stays small and near, and on as many threads as there are.

use super::{QuickHash, Table};
use crate::advance::{Named, named};
use crate::event::{Event, EventLine};
use jiff::Timestamp;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Lines handed out at once, unless one group has more.
const LINES_AT_ONCE: usize = 2_048;

/// A line as it is heard.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Heard {
    /// When: at its own time, or at that of the latest line before it.
    pub(super) at: Timestamp,
    /// Its place in the stream.
    pub(super) place: u32,
    /// The line.
    pub(super) line: EventLine,
}

/// A stream of events in groups that do not touch each other, in the order of their first lines; within a group the order
/// of the stream holds.
///
/// People and what is theirs are in one group when some lines name them together. News about goods go to each group that
/// asks for these goods. When a line is about the whole shop, or names people or messages by ids of ours, all is one
/// group.
pub(super) struct Groups {
    lines: Vec<Option<EventLine>>,
    heard_at: Vec<Timestamp>,
    plan: Plan,
    /// The first group that is not handed out yet.
    next: usize,
}

impl Groups {
    /// # Panics
    /// With more than four thousand million lines.
    pub(super) fn of(lines: Vec<EventLine>) -> Self {
        assert!(u32::try_from(lines.len()).is_ok(), "too many lines");
        let plan = Plan::of(&lines).unwrap_or_else(|| Plan::whole(lines.len() as u32));
        let mut now = Timestamp::MIN;
        let later = |line: &EventLine| {
            now = now.max(line.at);
            now
        };
        Groups {
            heard_at: lines.iter().map(later).collect(),
            lines: lines.into_iter().map(Some).collect(),
            plan,
            next: 0,
        }
    }

    /// Hands the next few groups out: the number of the first, and how many of the lines put into `into` each has.
    pub(super) fn take(&mut self, into: &mut Vec<Heard>) -> Option<(usize, Vec<usize>)> {
        let first = self.next;
        let mut taken = Vec::new();
        while into.len() < LINES_AT_ONCE
            && let Some(places) = self.plan.groups.get(self.next)
        {
            let from = into.len();
            for place in &self.plan.places[places.clone()] {
                let slot = &mut self.lines[*place as usize];
                let line = match slot {
                    Some(line) if is_news(&line.event) => Some(line.clone()), // others ask for it, too
                    _ => slot.take(),
                };
                let at = self.heard_at[*place as usize];
                into.extend(line.map(|line| Heard {
                    at,
                    place: *place,
                    line,
                }));
            }
            taken.push(into.len() - from);
            self.next += 1;
        }
        (!taken.is_empty()).then_some((first, taken))
    }
}

fn is_news(event: &Event) -> bool {
    matches!(
        event,
        Event::ProductUpdated { .. } | Event::ProductRemoved { .. }
    )
}

/// Which goods are in which category from then on; a telling without a category changes nothing.
fn news(event: &Event) -> Option<(u64, Option<&String>)> {
    match event {
        Event::ProductUpdated { product } => {
            let category = product.category.as_ref()?;
            Some((hash(&Named::Product(&product.external_id)), Some(category)))
        }
        Event::ProductRemoved { product } => Some((hash(&Named::Product(product)), None)),
        _ => None,
    }
}

/// The group of what is told to several.
const NO_GROUP: u32 = u32::MAX;

/// Which line belongs where.
struct Plan {
    /// Places of lines in the stream, group by group.
    places: Vec<u32>,
    /// Where in `places` each group stands.
    groups: Vec<Range<usize>>,
}

impl Plan {
    /// All in one group.
    fn whole(lines: u32) -> Self {
        Plan {
            places: (0..lines).collect(),
            groups: std::iter::once(0..lines as usize).collect(),
        }
    }

    /// `None` when all must be one group.
    ///
    /// Names are known by their hashes: when two are the same, groups are one that need not be, and nothing else happens.
    fn of(lines: &[EventLine]) -> Option<Self> {
        let mut joined = Joined((0..lines.len() as u32).collect());
        let mut first: Table<u64, u32> = Table::default();
        let mut asks: Vec<(u64, u32)> = Vec::new();
        let mut told: Vec<(u32, u64)> = Vec::new();
        let mut categories: Table<u64, Option<&String>> = Table::default();
        let mut apart = true;
        for (place, line) in (0_u32..).zip(lines) {
            named(&line.event, |name| match name {
                Named::Shop | Named::Customer(_) | Named::Message(_) => apart = false,
                Named::Product(_) => asks.push((hash(&name), place)),
                Named::Person(_) | Named::Order(_) | Named::ParcelNumber(_) | Named::Cart(_) => {
                    joined.join(*first.entry(hash(&name)).or_insert(place), place);
                }
            });
            if let Some((product, category)) = news(&line.event)
                && categories.insert(product, category).unwrap_or_default() != category
            {
                told.push((place, product));
            }
        }
        if !apart {
            return None;
        }
        let mut group_of: Vec<u32> = Vec::with_capacity(lines.len());
        let mut sizes: Vec<usize> = Vec::new();
        for (place, line) in (0_u32..).zip(lines) {
            let root = joined.root(place);
            let group = if is_news(&line.event) {
                NO_GROUP
            } else if root == place {
                sizes.push(0);
                sizes.len() as u32 - 1
            } else {
                group_of[root as usize]
            };
            if let Some(size) = sizes.get_mut(group as usize) {
                *size += 1;
            }
            group_of.push(group);
        }
        let mut asking: Table<u64, Vec<u32>> = Table::default();
        for (product, place) in asks {
            let groups = asking.entry(product).or_default();
            groups.push(group_of[place as usize]);
        }
        for groups in asking.values_mut() {
            groups.sort_unstable();
            groups.dedup();
        }
        told.retain(|(_, product)| asking.contains_key(product));
        for group in told.iter().flat_map(|(_, product)| &asking[product]) {
            sizes[*group as usize] += 1;
        }
        Some(Plan::filled(&sizes, &group_of, &told, &asking))
    }

    fn filled(
        sizes: &[usize],
        group_of: &[u32],
        told: &[(u32, u64)],
        asking: &Table<u64, Vec<u32>>,
    ) -> Self {
        let mut end = 0;
        let mut groups: Vec<Range<usize>> = Vec::with_capacity(sizes.len());
        for size in sizes {
            groups.push(end..end);
            end += size;
        }
        let mut places = vec![0; end];
        let mut put = |group: u32, place: u32| {
            let group = &mut groups[group as usize];
            places[group.end] = place;
            group.end += 1;
        };
        let mut told = told.iter().peekable();
        for (place, group) in (0_u32..).zip(group_of) {
            if let Some((_, product)) = told.next_if(|(at, _)| *at == place) {
                asking[product].iter().for_each(|group| put(*group, place));
            } else if *group != NO_GROUP {
                put(*group, place);
            }
        }
        Plan { places, groups }
    }
}

fn hash(name: &Named<'_>) -> u64 {
    let mut hash = QuickHash::default();
    name.hash(&mut hash);
    hash.finish()
}

/// Lines joined to the first line of their group.
struct Joined(Vec<u32>);

impl Joined {
    fn root(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    /// The earlier line leads.
    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn line(n: usize, event: &Value) -> EventLine {
        let mut told = json!({ "id": format!("{n}"), "at": "2026-03-02T09:00:00Z" });
        let (Value::Object(told_of), Value::Object(event)) = (&mut told, event.clone()) else {
            panic!("an object");
        };
        told_of.extend(event);
        serde_json::from_value(told).expect("an event")
    }

    fn consent(who: Value) -> Value {
        json!({ "type": "consent_changed", "person": who, "acts": [] })
    }

    /// The places of the lines of each group, in the order in which they are handed out.
    fn places(events: &[Value]) -> Vec<Vec<u32>> {
        let lines = events.iter().enumerate();
        let mut groups = Groups::of(lines.map(|(n, event)| line(n, event)).collect());
        let (mut out, mut handed) = (Vec::new(), Vec::new());
        while let Some((first, sizes)) = groups.take(&mut handed) {
            assert_eq!(first, out.len());
            let mut handed = handed.drain(..);
            for size in sizes {
                let group = handed.by_ref().take(size);
                out.push(group.map(|heard| heard.place).collect());
            }
        }
        out
    }

    #[test]
    fn people_are_one_group_when_lines_join_them_one_by_one() {
        let events = [
            consent(json!({ "email": "anna@posta.example" })),
            consent(json!({ "email": "bruno@posta.example" })),
            consent(json!({ "phone": "+393331112223" })),
            consent(json!({ "email": "carla@posta.example" })),
            consent(json!({ "email": "ANNA@posta.example", "phone": "+393331112223" })),
        ];
        assert_eq!(places(&events), [vec![0, 2, 4], vec![1], vec![3]]);
    }

    #[test]
    fn what_is_told_of_an_order_is_with_the_order() {
        let cancelled = |order: &str| json!({ "type": "order_cancelled", "order": order });
        let events = [cancelled("1"), cancelled("2"), cancelled("1")];
        assert_eq!(places(&events), [vec![0, 2], vec![1]]);
    }

    #[test]
    fn when_a_line_is_about_the_whole_shop_all_is_one_group() {
        let mut events = vec![
            consent(json!({ "email": "anna@posta.example" })),
            consent(json!({ "email": "bruno@posta.example" })),
        ];
        assert_eq!(places(&events).len(), 2);
        events.push(json!({ "type": "shop_disconnected" }));
        assert_eq!(places(&events), [vec![0, 1, 2]]);
    }

    #[test]
    fn many_small_groups_are_handed_out_in_parts_and_none_is_lost() {
        let person =
            |n: usize| consent(json!({ "email": format!("p{}@posta.example", n % 3_000) }));
        let events: Vec<Value> = (0..6_000).map(person).collect();
        let groups = places(&events);
        assert_eq!(groups.len(), 3_000);
        for (n, group) in (0..).zip(groups) {
            assert_eq!(group, [n, n + 3_000]);
        }
    }
}
