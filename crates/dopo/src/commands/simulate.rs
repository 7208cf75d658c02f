//! `dopo simulate`: who would get what, when and on which basis, or why not.

use super::import::format;
use super::journey::{library_templates, read_document};
use crate::cli::SimulateArgs;
use anyhow::{Context, Result, bail};
use dopo_connect::import;
use dopo_core::advance::Shop;
use dopo_core::event::EventLine;
use dopo_core::id::ShopId;
use dopo_core::journey::Journey;
use dopo_core::journey::check::{Severity, check};
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::simulation::simulate;
use jiff::{SignedDuration, Timestamp};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::num::NonZero;
use std::path::Path;

/// Orders read into one simulation.
const LINES_MAX: usize = 5_000_000;

/// `dopo simulate`
pub async fn run(args: SimulateArgs) -> Result<()> {
    let settings = match &args.settings {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("could not read {}", file.display()))?;
            toml::from_str(&text)
                .with_context(|| format!("the settings in {} have a mistake", file.display()))?
        }
        None => ShopSettings::new("Simulazione", "ordini@example.com", Seller::default()),
    };
    let journeys = journeys(args.journey.as_deref())?;
    let mut shop = Shop::new(ShopId(1), "simulazione", settings);
    for mut journey in journeys {
        journey.version = 1;
        shop.publish(journey);
    }
    let lines = lines(&args.orders, args.format.as_deref())?;
    let Some(last) = lines.last().map(|line| line.at) else {
        bail!("{} holds no order that can be read", args.orders.display());
    };
    let until = last
        .checked_add(SignedDuration::from_hours(24 * args.days.clamp(0, 3_660)))
        .unwrap_or(Timestamp::MAX);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    for row in simulate(&shop, lines, until, threads) {
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// The journeys to try: a document, one of the library, or all of the library.
fn journeys(named: Option<&str>) -> Result<Vec<Journey>> {
    let templates = library_templates();
    let names: Vec<&str> = templates.iter().map(String::as_str).collect();
    let library = dopo_engine::library::journeys();
    let documents: Vec<(String, String)> = match named {
        None => library
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        Some(name) => match library.iter().find(|(known, _)| *known == name) {
            Some((known, text)) => vec![((*known).to_owned(), (*text).to_owned())],
            None if Path::new(name).exists() => {
                vec![(name.to_owned(), read_document(Path::new(name))?)]
            }
            None => {
                let known: Vec<&str> = library.iter().map(|(known, _)| *known).collect();
                bail!(
                    "there is no journey `{name}`: name a document or one of {}",
                    known.join(", ")
                )
            }
        },
    };
    let mut out = Vec::with_capacity(documents.len());
    for (name, text) in documents {
        let (journey, diagnostics) = check(&text, &names);
        let Some(journey) = journey else {
            let first = diagnostics.iter().find(|d| d.severity == Severity::Error);
            let what = first
                .map(|d| format!("line {}: {}", d.line, d.en))
                .unwrap_or_default();
            bail!("{name} has a mistake: {what}; `dopo journey check {name}` shows all")
        };
        out.push(journey);
    }
    Ok(out)
}

/// The events of a file in the order of time. Refused lines are told on standard error.
fn lines(file: &Path, named: Option<&str>) -> Result<Vec<EventLine>> {
    let format = format(named, file)?;
    let reader = BufReader::new(
        File::open(file).with_context(|| format!("could not read {}", file.display()))?,
    );
    let mut lines = Vec::new();
    let mut refused = 0_u64;
    for item in import::open(format, reader)
        .with_context(|| format!("{} cannot be read", file.display()))?
    {
        match item {
            Ok(item) => lines.extend(item.events.into_iter().map(|(at, id, event)| EventLine {
                id,
                at,
                event,
            })),
            Err(line) => {
                refused += 1;
                if refused <= 20 {
                    eprintln!("line {}: {}", line.line, line.why);
                }
            }
        }
        if lines.len() > LINES_MAX {
            bail!(
                "{} holds more than {LINES_MAX} events: simulate a part of it",
                file.display()
            );
        }
    }
    if refused > 20 {
        eprintln!("and {} more lines were refused", refused - 20);
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}
