//! A lower bound for claims.
//!
//! A queue's index begins with the entries of what is done already, until they are vacuumed; one long snapshot elsewhere (a
//! dump, an analyst) keeps them all, and a claim that begins at the beginning walks over them every time. So claims begin
//! where the last ones were, and only now and then at the beginning, for what was added below or skipped.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Seconds after which a claim begins at the beginning whatever it costs.
const SWEEP_SECONDS: u64 = 30;
/// Sweeps take at most one part in this of the time.
const SWEEP_SHARE: u32 = 20;
/// Microseconds up to which a sweep is cheap enough to be made each time nothing else is there.
const SWEEP_CHEAP_US: u128 = 3_000;

/// Where claims of one queue begin.
#[derive(Debug)]
pub(crate) struct Watermark(Mutex<Mark>);

#[derive(Debug)]
struct Mark {
    /// Claims begin above this; `None` = at the beginning.
    low: Option<i64>,
    swept_at: Instant,
    /// What the last sweep took.
    cost: Duration,
}

/// Where this claim begins.
pub(crate) struct Round {
    /// Above this; `None` = only a sweep.
    pub(crate) low: Option<i64>,
}

impl Watermark {
    pub(crate) fn new() -> Self {
        Watermark(Mutex::new(Mark {
            low: None,
            swept_at: Instant::now(),
            cost: Duration::ZERO,
        }))
    }

    fn mark(&self) -> MutexGuard<'_, Mark> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where to begin now.
    pub(crate) fn round(&self) -> Round {
        let mark = self.mark();
        let overdue = mark.swept_at.elapsed() >= Duration::from_secs(SWEEP_SECONDS);
        Round {
            low: if overdue { None } else { mark.low },
        }
    }

    /// Whether a claim that was not filled may look below the mark as well.
    pub(crate) fn may_sweep(&self, low: Option<i64>) -> bool {
        let mark = self.mark();
        low.is_none()
            || mark.cost.as_micros() <= SWEEP_CHEAP_US
            || mark.swept_at.elapsed() >= mark.cost * SWEEP_SHARE
    }

    /// A sweep was made.
    pub(crate) fn swept(&self, cost: Duration) {
        let mut mark = self.mark();
        mark.swept_at = Instant::now();
        mark.cost = cost;
    }

    /// Work was claimed whose earliest time was this: the next claim begins just below it.
    pub(crate) fn worked_from(&self, first: i64) {
        self.mark().low = Some(first.saturating_sub(1));
    }

    /// Something was added with this time: it must not be passed over.
    pub(crate) fn added(&self, time: i64) {
        let mut mark = self.mark();
        if mark.low.is_some_and(|low| low >= time) {
            mark.low = Some(time.saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_begin_where_work_was_and_below_what_is_added() {
        let mark = Watermark::new();
        assert_eq!(mark.round().low, None);
        mark.swept(Duration::ZERO);
        mark.worked_from(100);
        assert_eq!(mark.round().low, Some(99));
        mark.added(500);
        assert_eq!(mark.round().low, Some(99));
        mark.added(50);
        assert_eq!(mark.round().low, Some(49));
    }

    #[test]
    fn a_dear_sweep_is_not_made_each_time() {
        let mark = Watermark::new();
        mark.worked_from(100);
        mark.swept(Duration::from_millis(1));
        assert!(mark.may_sweep(Some(99)));
        mark.swept(Duration::from_secs(2));
        assert!(!mark.may_sweep(Some(99)));
        assert!(mark.may_sweep(None));
    }
}
