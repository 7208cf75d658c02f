//! A clock that is moved by hand, then runs fast.

use dopo_engine::ports::Clock;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Where the clock stood at a real moment, and how fast it has run since.
struct Pace {
    at: Timestamp,
    since: Instant,
    /// Simulated seconds a real second; 0 while it is moved by hand.
    speed: f64,
}

impl Pace {
    fn now(&self) -> Timestamp {
        let seconds = self.since.elapsed().as_secs_f64() * self.speed;
        let span = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
        self.at.checked_add(span).unwrap_or(self.at)
    }
}

/// The demo's time. It never goes back.
pub struct SpeedClock(Mutex<Pace>);

impl SpeedClock {
    /// A clock that stands still at a moment.
    pub fn standing(at: Timestamp) -> Self {
        SpeedClock(Mutex::new(Pace {
            at,
            since: Instant::now(),
            speed: 0.0,
        }))
    }

    /// Moves the clock on to a moment; an earlier one changes nothing.
    pub fn move_to(&self, at: Timestamp) {
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pace.at = pace.now().max(at);
        pace.since = Instant::now();
    }

    /// Lets it run at so many simulated seconds a real second.
    pub fn run(&self, speed: f64) {
        let mut pace = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pace.at = pace.now();
        pace.since = Instant::now();
        pace.speed = speed;
    }
}

impl Clock for SpeedClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    fn pulse(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stands_moves_and_runs_and_never_goes_back() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let one: Timestamp = "2026-03-01T13:00:00Z".parse().expect("a time");
        let clock = SpeedClock::standing(noon);
        assert_eq!(clock.now(), noon);
        clock.move_to(one);
        clock.move_to(noon);
        assert_eq!(clock.now(), one);
        clock.run(1e6);
        let first = clock.now();
        assert!(first >= one && clock.now() >= first);
    }
}
