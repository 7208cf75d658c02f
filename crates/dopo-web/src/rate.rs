//! A bounded limiter: so many per key and window.

use crate::limits::LIMITER_KEYS_MAX;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Counts acts per key in fixed windows. Keys are kept as hashes only.
pub struct Limiter {
    limit: u32,
    window: Duration,
    seen: Mutex<HashMap<u64, (Instant, u32)>>,
}

/// How much of its share a key has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Acts in one window.
    pub limit: u32,
    /// Acts left in this one.
    pub remaining: u32,
    /// Until the next one begins.
    pub reset: Duration,
}

impl Limiter {
    /// At most `limit` acts per key within `window`.
    pub fn new(limit: u32, window: Duration) -> Self {
        Limiter {
            limit,
            window,
            seen: Mutex::new(HashMap::new()),
        }
    }

    /// Counts one act. When the key has used its share up: how long to wait.
    ///
    /// # Errors
    /// The time until the window of this key ends.
    pub fn take(&self, key: &impl Hash) -> Result<(), Duration> {
        self.check(key, 1)
    }

    /// Whether the key has acts left, without counting one.
    ///
    /// # Errors
    /// The time until the window of this key ends.
    pub fn peek(&self, key: &impl Hash) -> Result<(), Duration> {
        self.check(key, 0)
    }

    /// How much of its share the key has left.
    pub fn share(&self, key: &impl Hash) -> Share {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let key = hasher.finish();
        let now = Instant::now();
        let mut share = Share {
            limit: self.limit,
            remaining: self.limit,
            reset: self.window,
        };
        if let Ok(seen) = self.seen.lock()
            && let Some((began, used)) = seen.get(&key)
            && now.duration_since(*began) < self.window
        {
            share.remaining = self.limit.saturating_sub(*used);
            share.reset = self.window.saturating_sub(now.duration_since(*began));
        }
        share
    }

    fn check(&self, key: &impl Hash, cost: u32) -> Result<(), Duration> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let key = hasher.finish();
        let now = Instant::now();
        let Ok(mut seen) = self.seen.lock() else {
            return Ok(());
        };
        if seen.len() >= LIMITER_KEYS_MAX && !seen.contains_key(&key) {
            let window = self.window;
            seen.retain(|_, (began, _)| now.duration_since(*began) < window);
            if seen.len() >= LIMITER_KEYS_MAX {
                // Memory is bounded before fairness: the whole count starts anew.
                seen.clear();
            }
        }
        let (began, used) = seen.entry(key).or_insert((now, 0));
        if now.duration_since(*began) >= self.window {
            (*began, *used) = (now, 0);
        }
        if *used >= self.limit {
            return Err(self.window.saturating_sub(now.duration_since(*began)));
        }
        *used += cost;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_key_that_used_its_share_waits_for_its_window_and_others_do_not() {
        let limiter = Limiter::new(2, Duration::from_secs(10));
        assert!(limiter.take(&"a").is_ok());
        assert!(limiter.take(&"a").is_ok());
        assert_eq!(limiter.share(&"a").remaining, 0);
        assert_eq!(limiter.share(&"b").remaining, 2);
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(limiter.take(&"a"), Err(Duration::from_secs(6)));
        assert!(limiter.take(&"b").is_ok());
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(limiter.take(&"a").is_ok());
    }
}
