//! Steps a second of the rehearsal behind `dopo simulate`, in process.

use crate::history::{MONTHS, SEED};
use crate::table::{Table, number};
use anyhow::{Context, Result};
use dopo_core::advance::Shop;
use dopo_core::event::EventLine;
use dopo_core::id::ShopId;
use dopo_core::journey::check::check;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::demo_shop::history;
use dopo_engine::simulation::simulate;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::num::NonZero;
use std::time::Instant;

/// Rehearses the library's journeys over a history of so many customers.
///
/// # Errors
/// When a journey of the library has a mistake.
pub fn run(customers: usize, until: Timestamp, table: &mut Table) -> Result<()> {
    let templates: BTreeSet<String> = dopo_engine::library::templates()
        .into_iter()
        .map(|template| template.name)
        .collect();
    let names: Vec<&str> = templates.iter().map(String::as_str).collect();
    let settings = ShopSettings::new("Casa Misurata", "ordini@example.com", Seller::default());
    let mut shop = Shop::new(ShopId(1), "bench", settings);
    for (name, document) in dopo_engine::library::journeys() {
        let mut journey = check(document, &names)
            .0
            .with_context(|| format!("the journey {name} has a mistake"))?;
        journey.version = 1;
        shop.publish(journey);
    }
    let mut stream = history(SEED, customers, MONTHS, until);
    let lines: Vec<EventLine> = std::iter::from_fn(|| stream.next_until(until)).collect();
    let events = lines.len();
    let end = until.checked_add(SignedDuration::from_hours(24 * 45))?;
    let (seconds, steps, rows) = rehearse(&shop, lines.clone(), end, NonZero::<usize>::MIN);
    table.put(
        (60, "`simulate`, steps/s (one core, in process)"),
        number(steps as f64 / seconds),
    );
    let threads = std::thread::available_parallelism()?;
    let (seconds, steps, _) = rehearse(&shop, lines, end, threads);
    table.put((61, "— on all cores"), number(steps as f64 / seconds));
    table.put(
        (
            62,
            "— steps / events / decided messages of the run, thousands",
        ),
        [steps as f64, events as f64, rows as f64]
            .map(|n| number(n / 1e3))
            .join(" / "),
    );
    Ok(())
}

/// Seconds, steps and rows of one rehearsal, from the events in memory to the last row in the order of time.
fn rehearse(
    shop: &Shop,
    lines: Vec<EventLine>,
    end: Timestamp,
    threads: NonZero<usize>,
) -> (f64, u64, usize) {
    let begun = Instant::now();
    let mut run = simulate(shop, lines, end, threads);
    let rows = run.by_ref().count();
    (begun.elapsed().as_secs_f64(), run.steps(), rows)
}
