//! From a document to the nodes that run.

use super::{At, Document, Step, Unknown};
use crate::journey::{Journey, Next, Node};

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
            Step::WaitBefore { then, .. } => sends_most(then, rest).max(rest),
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
            Step::WaitBefore { seconds, then } => Node::WaitBefore {
                seconds: *seconds,
                then: self.block(then, next, rest),
                missed: next,
            },
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
        Node::WaitBefore { then, missed, .. } => vec![then, missed],
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
