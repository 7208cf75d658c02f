//! How long one mail takes from facts to words: context, its JSON, subject, text and HTML.
//!
//! `cargo run --release -p dopo-engine --example render_speed`

#![expect(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock of the machine"
)]

use dopo_core::consent::Channel;
use dopo_core::shop::Register;
use dopo_engine::library;
use dopo_engine::render::samples::{Richness, Sample};
use dopo_engine::render::{prepare_one, render};
use std::hint::black_box;
use std::time::Instant;

/// Repetitions that are timed as one.
const BATCH: u32 = 20;
/// Batches; the median of them is told, so that what else runs on the machine counts little.
const BATCHES: usize = 1_000;

fn median_us(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = Vec::with_capacity(BATCHES);
    for _ in 0..BATCHES {
        let from = Instant::now();
        for _ in 0..BATCH {
            work();
        }
        times.push(from.elapsed().as_secs_f64() * 1e6 / f64::from(BATCH));
    }
    times.sort_by(f64::total_cmp);
    times[BATCHES / 2]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:16} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "template", "context", "to JSON", "render", "total", "HTML"
    );
    println!(
        "{:16} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "µs", "µs", "µs", "µs", "bytes"
    );
    for source in library::templates()
        .into_iter()
        .filter(|t| t.locale.tag() == "it")
    {
        let row = source.row().map_err(|problems| format!("{problems:?}"))?;
        let prepared = prepare_one(&row)?;
        let channel = if source.sms.is_some() {
            Channel::Sms
        } else {
            Channel::Email
        };
        let sample = Sample::new(
            source.purpose,
            channel,
            source.locale,
            Register::Tu,
            Richness::Full,
        );
        let making = median_us(|| drop(black_box(sample.context())));
        let typed = sample.context();
        let json = median_us(|| drop(black_box(serde_json::to_value(&typed))));
        let context = serde_json::to_value(&typed)?;
        let bytes = render(&prepared, &context)?.html.len();
        let filling = median_us(|| drop(black_box(render(&prepared, &context))));
        let total = making + json + filling;
        println!(
            "{:16} {making:9.1} {json:9.1} {filling:9.1} {total:9.1} {bytes:9}",
            source.name
        );
    }
    Ok(())
}
