//! How long one mail takes from facts to words: context, its JSON, subject, text and HTML.
//!
//! `cargo run --release -p dopo-engine --example render_speed`

use dopo_core::consent::Channel;
use dopo_core::shop::Register;
use dopo_engine::library;
use dopo_engine::render::samples::{Richness, Sample};
use dopo_engine::render::{prepare_one, render};
use std::time::Instant;

const ROUNDS: u32 = 20_000;

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
        let each = |from: Instant| from.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);

        let from = Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(sample.context());
        }
        let making = each(from);
        let context = sample.context();
        let from = Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(serde_json::to_value(&context)?);
        }
        let json = each(from);
        let context = serde_json::to_value(&context)?;
        let mut bytes = 0;
        let from = Instant::now();
        for _ in 0..ROUNDS {
            bytes = std::hint::black_box(render(&prepared, &context)?)
                .html
                .len();
        }
        let filling = each(from);
        let total = making + json + filling;
        println!(
            "{:16} {making:9.1} {json:9.1} {filling:9.1} {total:9.1} {bytes:9}",
            source.name
        );
    }
    Ok(())
}
