//! `dopo import orders`: from a file into the facts. History is history: nothing that comes this way starts a message.

use super::{engine, shop};
use crate::cli::ImportArgs;
use crate::config::Config;
use anyhow::{Context, Result};
use dopo_connect::import::{self, Format, ImportItem, RefusedLine};
use dopo_core::event::Origin;
use dopo_engine::Engine;
use dopo_engine::intake::NewIntake;
use dopo_engine::ports::IntakeOutcome;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::fs::File;
use std::io::{BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Items taken in with one commit.
const BATCH_ITEMS: usize = 400;
/// Items between two lines of progress where there is no terminal.
const LINES_EVERY: u64 = 10_000;

/// What became of a file.
#[derive(Default)]
struct Tally {
    taken: u64,
    repeated: u64,
    kept: u64,
    refused: u64,
    skipped: u64,
}

/// Guesses what a file is from its name.
pub fn format(named: Option<&str>, file: &Path) -> Result<Format> {
    if let Some(name) = named {
        return Format::parse(name).with_context(|| {
            format!("there is no format `{name}`; there are: shopify, woocommerce, csv, jsonl")
        });
    }
    Format::guess(file).with_context(|| {
        format!("what {} is cannot be told from its name: say --format shopify, woocommerce, csv or jsonl", file.display())
    })
}

/// `dopo import orders`
pub async fn orders(config: &Config, args: ImportArgs, json: bool) -> Result<ExitCode> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    let format = format(args.format.as_deref(), &args.file)?;
    let length = std::fs::metadata(&args.file)
        .with_context(|| format!("could not read {}", args.file.display()))?
        .len();
    let file = File::open(&args.file)
        .with_context(|| format!("could not read {}", args.file.display()))?;
    let bar = progress(length);
    let mark = beside(&args.file, "dopo-progress");
    let done_before: u64 = std::fs::read_to_string(&mark)
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0);
    if done_before > 0 {
        eprintln!("Going on after line {done_before}, where the last import of this file stopped.");
    }
    let refused_path = args
        .refused
        .clone()
        .unwrap_or_else(|| beside(&args.file, "refused.csv"));
    let mut refused: Option<File> = None;
    let mut tally = Tally::default();
    let mut batch: Vec<(u64, NewIntake)> = Vec::with_capacity(BATCH_ITEMS);
    let reader = BufReader::with_capacity(1 << 20, bar.wrap_read(file));
    for item in import::open(format, reader)
        .with_context(|| format!("{} cannot be read", args.file.display()))?
    {
        match item {
            Ok(item) if item.line <= done_before => tally.skipped += 1,
            Ok(item) => {
                batch.extend(intakes(item));
                if batch.len() >= BATCH_ITEMS {
                    commit(&engine, &shop, &mut batch, &mut tally, &mark).await?;
                    if !std::io::stderr().is_terminal()
                        && tally.taken % LINES_EVERY < BATCH_ITEMS as u64
                    {
                        eprintln!(
                            "{} taken in, {} repeated, {} refused",
                            tally.taken, tally.repeated, tally.refused
                        );
                    }
                }
            }
            Err(line) => {
                tally.refused += 1;
                note_refused(&mut refused, &refused_path, &line)?;
            }
        }
    }
    commit(&engine, &shop, &mut batch, &mut tally, &mark).await?;
    bar.finish_and_clear();
    let _ = std::fs::remove_file(&mark);
    if json {
        println!(
            "{}",
            json!({"taken": tally.taken, "repeated": tally.repeated, "kept": tally.kept, "refused": tally.refused, "skipped": tally.skipped, "refused_file": (tally.refused > 0).then(|| refused_path.display().to_string())})
        );
    } else {
        println!(
            "{} taken in, {} known already, {} kept for you to look at (dopo inbox).",
            tally.taken,
            tally.repeated + tally.skipped,
            tally.kept
        );
        if tally.refused > 0 {
            println!(
                "{} lines were refused: {} says why for each. Mend them there and import that file.",
                tally.refused,
                refused_path.display()
            );
        }
        println!("Imported orders update facts; they start no message.");
    }
    Ok(if tally.refused == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}

/// A bar over the bytes of the file on a terminal, nothing elsewhere.
fn progress(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}

fn intakes(item: ImportItem) -> Vec<(u64, NewIntake)> {
    let line = item.line;
    let one = |(at, external_id, event): (_, String, dopo_core::event::Event)| {
        let intake = NewIntake {
            source: "import".to_owned(),
            external_id,
            topic: event.kind().to_owned(),
            body: None,
            events: vec![(at, event)],
            note: None,
            failed: false,
            origin: Origin::Import,
        };
        (line, intake)
    };
    item.events.into_iter().map(one).collect()
}

async fn commit(
    engine: &Engine,
    shop: &dopo_core::advance::Shop,
    batch: &mut Vec<(u64, NewIntake)>,
    tally: &mut Tally,
    mark: &Path,
) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let last = batch.iter().map(|(line, _)| *line).max().unwrap_or(0);
    let intakes = batch.drain(..).map(|(_, intake)| intake).collect();
    let outcomes = engine
        .ingest(shop.id, intakes)
        .await
        .context("the import stopped; start it again and it goes on from here")?;
    for outcome in outcomes {
        match outcome {
            IntakeOutcome::Accepted => tally.taken += 1,
            IntakeOutcome::Repeated => tally.repeated += 1,
            IntakeOutcome::Kept(_) => tally.kept += 1,
        }
    }
    // Losing this mark costs time and nothing else: repeats are recognised.
    let _ = std::fs::write(mark, last.to_string());
    Ok(())
}

/// Writes a refused line with its reason; a cell that a spreadsheet would run is defused (SEC-08).
fn note_refused(file: &mut Option<File>, path: &Path, line: &RefusedLine) -> Result<()> {
    let out = match file {
        Some(out) => out,
        None => {
            let mut out = File::create(path)
                .with_context(|| format!("could not write {}", path.display()))?;
            writeln!(out, "line,why,excerpt")?;
            file.insert(out)
        }
    };
    writeln!(
        out,
        "{},{},{}",
        line.line,
        cell(&line.why),
        cell(&line.excerpt)
    )?;
    Ok(())
}

fn cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
    let text = if risky {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_a_refused_line_stays_text() {
        assert_eq!(cell("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(cell("casa"), "\"casa\"");
    }
}
