//! The rehearsal: a shop in memory with a clock of its own, driven by the same [`crate::advance`] as the real one.
//!
//! `dopo simulate`, the console's preview of a journey and the storm test all run here. Facts are moved in and out of a
//! decision and never copied, and people who share nothing are played apart, so that a year of a shop takes seconds.

use crate::advance::Shop;
use crate::consent::Channel;
use crate::event::{EventLine, Origin};
use crate::gate::{Basis, Reason};
use crate::id::{CustomerId, EffectId};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

mod apart;
mod rehearsal;

pub use rehearsal::Rehearsal;

use apart::{Groups, Heard};

/// A hash table by quick hashing: nobody outside chooses a rehearsal's keys to make them collide.
type Table<K, V> = HashMap<K, V, BuildHasherDefault<QuickHash>>;

/// Multiply and rotate; good enough for ids and names.
#[derive(Clone, Copy, Default, Debug)]
struct QuickHash(u64);

impl Hasher for QuickHash {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The table looks at the upper bits and the lower ones; fresh ids differ in the middle.
        self.0 ^ (self.0 >> 32)
    }
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It leaves.
    Allow,
    /// It is held back.
    Deny,
    /// The shop's platform sends it.
    LeftToPlatform,
}

/// Who would get what, when and on which basis, or why not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Row {
    /// When it leaves, or when it was held back.
    pub at: Timestamp,
    /// The person: the platform's customer id, else the address, else the number.
    pub customer: String,
    /// Which journey.
    pub journey: String,
    /// Which step of it.
    pub step: String,
    /// On which channel.
    pub channel: Channel,
    /// Which template.
    pub template: String,
    /// What became of it.
    pub decision: Verdict,
    /// What it rests on, when it leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Why it was held back, or why it left later than it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The message.
    #[serde(skip)]
    pub message: EffectId,
    /// Whose.
    #[serde(skip)]
    pub customer_id: CustomerId,
}

/// A shop and a stream of events, ready to be played: journeys in virtual time.
///
/// Every event counts as heard when it happened; one that stands too late in the stream counts as heard late. Same input,
/// same rows, on however many threads [`Cast::play`] is called.
pub struct Cast {
    shop: Arc<Shop>,
    until: Timestamp,
    groups: Mutex<Groups>,
}

impl Cast {
    /// Finds out who can be played apart from whom. Events should be oldest first; those that happen after `until` are
    /// left out.
    pub fn new(shop: &Shop, mut lines: Vec<EventLine>, until: Timestamp) -> Self {
        lines.retain(|line| line.at <= until);
        Cast {
            shop: Arc::new(shop.clone()),
            until,
            groups: Mutex::new(Groups::of(lines)),
        }
    }

    /// Plays people until nobody is left. May be called by several threads at once: each gets a share.
    pub fn play(&self) -> Share {
        let mut rehearsal = Rehearsal::of(Arc::clone(&self.shop));
        rehearsal.keeps_history = false;
        let (mut share, mut lines) = (Share::default(), Vec::new());
        while let Some((first, sizes)) = self.next(&mut lines) {
            let mut lines = lines.drain(..);
            let mut rows = Vec::new();
            for size in sizes {
                rehearsal.begin();
                for Heard { at, place, line } in lines.by_ref().take(size) {
                    // Ids hang on the line's place in the stream: it changes nothing who is played with whom.
                    rehearsal.lines = i64::from(place);
                    rehearsal.hear_at(line, Origin::Live, at);
                }
                rehearsal.pass(self.until);
                share.steps += std::mem::take(&mut rehearsal.steps);
                rows.append(&mut rehearsal.rows);
            }
            share.parts.push((first, rows));
        }
        share
    }

    fn next(&self, lines: &mut Vec<Heard>) -> Option<(usize, Vec<usize>)> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.take(lines)
    }
}

/// What one thread has played of a [`Cast`].
#[derive(Default, Debug)]
pub struct Share {
    steps: u64,
    /// Rows of the groups that were handed out together, after the first one's number.
    parts: Vec<(usize, Vec<Row>)>,
}

/// What a simulation gave: an iterator of rows, in the order of time.
#[derive(Debug)]
pub struct Simulation {
    steps: u64,
    /// Rows of the groups that were handed out together.
    rows: Vec<Vec<Option<Row>>>,
    /// The order of time: when, where in `rows`, which of these.
    order: std::vec::IntoIter<(Timestamp, u32, u32)>,
}

impl Simulation {
    /// Puts all shares of a [`Cast`] together.
    pub fn of(shares: Vec<Share>) -> Self {
        let steps = shares.iter().map(|share| share.steps).sum();
        let mut parts: Vec<_> = shares.into_iter().flat_map(|share| share.parts).collect();
        parts.sort_unstable_by_key(|(first, _)| *first);
        let mut order = Vec::with_capacity(parts.iter().map(|(_, rows)| rows.len()).sum());
        for (part, (_, rows)) in (0_u32..).zip(&parts) {
            order.extend((0_u32..).zip(rows).map(|(n, row)| (row.at, part, n)));
        }
        order.sort_unstable();
        let rows = |(_, rows): (usize, Vec<Row>)| rows.into_iter().map(Some).collect();
        Simulation {
            steps,
            rows: parts.into_iter().map(rows).collect(),
            order: order.into_iter(),
        }
    }

    /// How often the state machine of a run was asked.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl Iterator for Simulation {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let (_, part, row) = self.order.next()?;
        self.rows
            .get_mut(part as usize)?
            .get_mut(row as usize)?
            .take()
    }
}
