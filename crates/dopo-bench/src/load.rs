//! Connections that ask without pause, and what that gave.

use crate::client::Connection;
use anyhow::{Result, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What a load gave.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Answered requests.
    pub requests: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Latency of each request in microseconds, sorted.
    pub micros: Vec<u32>,
    /// Bytes of the bodies that came back.
    pub body_bytes: u64,
}

impl Measured {
    /// Requests a second.
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// The latency that this share of the requests did not exceed, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        percentile(&self.micros, share) / 1_000.0
    }
}

/// The value that this share of sorted values does not exceed.
pub fn percentile(sorted: &[u32], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(at).copied().map_or(0.0, f64::from)
}

/// When a load ends.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this time.
    Time(Duration),
    /// When the counter has reached this.
    Count(u64),
}

/// Asks on so many held connections without pause. `make` writes the request of a number drawn from `counter`.
///
/// # Errors
/// When a connection breaks or an answer is not 2xx.
pub async fn drive<F>(
    address: SocketAddr,
    connections: usize,
    until: Until,
    counter: &Arc<AtomicU64>,
    make: F,
) -> Result<Measured>
where
    F: Fn(u64, &mut Vec<u8>) + Clone + Send + 'static,
{
    let begun = Instant::now();
    let mut tasks: JoinSet<Result<(Vec<u32>, u64)>> = JoinSet::new();
    for _ in 0..connections {
        let (make, counter) = (make.clone(), Arc::clone(counter));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let (mut request, mut micros, mut body_bytes) = (Vec::new(), Vec::new(), 0);
            loop {
                let n = counter.fetch_add(1, Ordering::Relaxed);
                let over = match until {
                    Until::Time(span) => begun.elapsed() >= span,
                    Until::Count(last) => n >= last,
                };
                if over {
                    return Ok((micros, body_bytes));
                }
                make(n, &mut request);
                let asked = Instant::now();
                let answer = connection.ask(&request).await?;
                if !(200..300).contains(&answer.status) {
                    bail!(
                        "the program answered {}: {}",
                        answer.status,
                        connection.excerpt()
                    );
                }
                micros.push(asked.elapsed().as_micros() as u32);
                body_bytes += answer.body_bytes as u64;
            }
        });
    }
    let mut measured = Measured::default();
    while let Some(done) = tasks.join_next().await {
        let (micros, body_bytes) = done??;
        measured.micros.extend(micros);
        measured.body_bytes += body_bytes;
    }
    measured.seconds = begun.elapsed().as_secs_f64();
    measured.requests = measured.micros.len() as u64;
    measured.micros.sort_unstable();
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<u32> = (1..=100).collect();
        assert_eq!(percentile(&sorted, 0.5), 50.0);
        assert_eq!(percentile(&sorted, 0.99), 99.0);
        assert_eq!(percentile(&sorted, 1.0), 100.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
