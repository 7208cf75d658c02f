//! A simulation on several threads: what `dopo simulate` runs.

use dopo_core::advance::Shop;
use dopo_core::event::EventLine;
use dopo_core::simulate::{Cast, Simulation};
use jiff::Timestamp;
use std::num::NonZero;
use std::panic::resume_unwind;

/// Runs a shop's journeys over a stream of events in virtual time up to `until`, on so many threads; see [`Cast`].
pub fn simulate(
    shop: &Shop,
    lines: Vec<EventLine>,
    until: Timestamp,
    threads: NonZero<usize>,
) -> Simulation {
    let cast = Cast::new(shop, lines, until);
    let shares = std::thread::scope(|scope| {
        let play = || cast.play();
        let others: Vec<_> = (1..threads.get()).map(|_| scope.spawn(play)).collect();
        let mut shares = vec![play()];
        for other in others {
            shares.push(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        shares
    });
    Simulation::of(shares)
}
