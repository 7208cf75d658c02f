//! Bells: who decides something that is due at once wakes exactly one worker for it.
//!
//! A claim is a transaction. Waking every worker for every commit would make most of them find nothing: on PostgreSQL that
//! cost more than the mails themselves.

use crate::console::live::Topics;
use dopo_core::advance::Writes;
use dopo_core::consent::Channel;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::sync::Notify;

const RUNS: u8 = 1 << 7;
const CALLS: u8 = 1 << 6;

/// One bell for due runs, one for answers to couriers and one for each channel's messages.
#[derive(Default)]
pub(crate) struct Bells {
    runs: Notify,
    calls: Notify,
    channels: [Notify; Channel::ALL.len()],
}

impl Bells {
    /// The bell of a channel.
    pub(crate) fn channel(&self, channel: Channel) -> &Notify {
        &self.channels[channel as usize]
    }

    /// The bell of due runs.
    pub(crate) fn runs(&self) -> &Notify {
        &self.runs
    }

    /// The bell of answers on their way to couriers.
    pub(crate) fn calls(&self) -> &Notify {
        &self.calls
    }

    /// Rings for what a committed batch decided.
    pub(crate) fn ring(&self, due: &DueNow) {
        let bits = due.0.due.load(Ordering::Relaxed);
        if bits & RUNS != 0 {
            self.runs.notify_one();
        }
        if bits & CALLS != 0 {
            self.calls.notify_one();
        }
        for channel in Channel::ALL {
            if bits & (1 << channel as u8) != 0 {
                self.channel(channel).notify_one();
            }
        }
    }
}

/// What of a batch is due at once; filled while it is decided, read once it is committed.
#[derive(Clone, Default)]
pub(crate) struct DueNow(Arc<Noted>);

#[derive(Default)]
struct Noted {
    due: AtomicU8,
    topics: AtomicU8,
}

impl DueNow {
    /// Looks through what was decided.
    pub(crate) fn note(&self, writes: &Writes, now: Timestamp) {
        let mut bits = 0;
        for due in writes.due.iter().filter(|due| due.due_at <= now) {
            bits |= 1 << due.channel as u8;
        }
        if writes
            .runs
            .iter()
            .any(|run| run.state.wake_at().is_some_and(|at| at <= now))
        {
            bits |= RUNS;
        }
        if !writes.calls.is_empty() {
            bits |= CALLS;
        }
        self.0.due.fetch_or(bits, Ordering::Relaxed);
        let topics = Topics::of_writes(writes);
        self.0.topics.fetch_or(topics.bits(), Ordering::Relaxed);
    }

    /// What the batch changes.
    pub(crate) fn topics(&self) -> Topics {
        Topics::of(self.0.topics.load(Ordering::Relaxed))
    }
}
