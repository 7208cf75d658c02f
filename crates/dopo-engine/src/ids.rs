//! Ids for new things: see [`dopo_core::id::Fresh`] for the layout.

use dopo_core::id::Fresh;
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2020-01-01T00:00:00Z in milliseconds.
const EPOCH_MS: i64 = 1_577_836_800_000;
const NODE_BITS: u32 = 4;
const SEQUENCE_BITS: u32 = 10;
const FREE_BITS: u32 = 8;

/// Gives bases of fresh ids that grow with time and never repeat on one node.
pub struct IdSource {
    node: i64,
    /// Milliseconds and sequence of the last base, as one number.
    last: AtomicI64,
}

impl IdSource {
    /// A source for a node (0..=15). `start` is where the sequence begins within the first millisecond, so that a node
    /// number taken over within one millisecond does not repeat an id.
    pub fn new(node: u8, start: u16) -> Self {
        let sequence = i64::from(start) & ((1 << SEQUENCE_BITS) - 1);
        IdSource {
            node: i64::from(node) & ((1 << NODE_BITS) - 1),
            last: AtomicI64::new(sequence),
        }
    }

    /// A fresh base. When the clock stands still or goes back, ids go on from the last one.
    pub fn fresh(&self, now: Timestamp) -> Fresh {
        let ms = (now.as_millisecond() - EPOCH_MS).max(0);
        let floor = ms << SEQUENCE_BITS;
        let mut last = self.last.load(Ordering::Relaxed);
        let next = loop {
            let next = (last + 1).max(floor);
            match self
                .last
                .compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => break next,
                Err(seen) => last = seen,
            }
        };
        let (ms, sequence) = (next >> SEQUENCE_BITS, next & ((1 << SEQUENCE_BITS) - 1));
        let id = (((ms << NODE_BITS) | self.node) << SEQUENCE_BITS) | sequence;
        Fresh((id << FREE_BITS) & i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_goes_back_and_differ_between_nodes() {
        let (a, b) = (IdSource::new(1, 0), IdSource::new(2, 0));
        let later = Timestamp::from_second(1_800_000_000).expect("in range");
        let earlier = Timestamp::from_second(1_700_000_000).expect("in range");
        let mut last = a.fresh(later);
        for _ in 0..5_000 {
            let next = a.fresh(earlier);
            assert!(next.0 > last.0);
            assert_eq!(next.0 & 0xff, 0);
            last = next;
        }
        assert_ne!(a.fresh(later), b.fresh(later));
    }
}
