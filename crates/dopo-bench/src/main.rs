//! Measures Dopo: the real program in its own process, client and mail sink beside it on the same machine.
//!
//! `cargo xtask bench` builds the release binaries, starts PostgreSQL and calls this. What comes out on standard output
//! is one table in Markdown; `docs/benchmarks.md` says how to read it.

mod client;
mod console;
mod history;
mod load;
mod machine;
mod made;
mod measure;
mod parcels;
mod program;
mod rehearsal;
mod table;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use dopo_testkit::smtp_sink::{SinkOptions, SmtpSink};
use jiff::Timestamp;
use measure::{Bench, Effort};
use program::{Program, psql};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use table::{Table, number};

/// As in the program, so that what is measured in this process is what the program would give.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customers of a full run.
const CUSTOMERS: usize = 100_000;
/// Customers of a quick run.
const CUSTOMERS_QUICK: usize = 200;
/// Sizes of the growth run.
const GROWTH: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Parcels under tracking in a full run, and in a quick one.
const PARCELS: usize = 100_000;
const PARCELS_QUICK: usize = 500;
/// The file that stands in a folder whose history is loaded whole, and says how many runs there were.
const LOADED: &str = "loaded";
/// More orders than a run makes: where the numbers of the next run's orders begin.
const ORDERS_OF_A_RUN: u64 = 100_000_000;
/// Customers whose two years are rehearsed.
const REHEARSED_CUSTOMERS: usize = 20_000;

/// Measures Dopo on SQLite and PostgreSQL.
#[derive(Parser)]
#[command(name = "dopo-bench")]
struct Args {
    /// Customers with two years of history that are there before anything is measured.
    #[arg(long)]
    customers: Option<usize>,
    /// The growing figures at 10,000, 100,000 and 1,000,000 customers.
    #[arg(long, conflicts_with = "customers")]
    growth: bool,
    /// Parcels under tracking, for the row `parcels`.
    #[arg(long)]
    parcels: Option<usize>,
    /// Only this row; repeat it for several.
    #[arg(long, value_enum)]
    only: Vec<Row>,
    /// Leaves what was loaded in `DOPO_BENCH_DIR` and on the server, and goes on from there when it is called again: a
    /// million customers take half an hour to load. What an earlier run added stays. (`cargo xtask bench` clears up
    /// after itself: this is for calling the program by hand.)
    #[arg(long)]
    keep: bool,
    /// Seconds instead of minutes: shows that everything runs; the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Which store.
    #[arg(long, value_enum, default_value_t = Stores::Both)]
    store: Stores,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stores {
    Sqlite,
    Postgres,
    Both,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Row {
    /// Single events.
    Single,
    /// Events in batches.
    Batch,
    /// Mails.
    Mail,
    /// Latency under load.
    Latency,
    /// Memory.
    Memory,
    /// The rehearsal.
    Simulate,
    /// Order pages.
    Pages,
    /// Oggi and a customer's page.
    Console,
    /// Parcels under tracking, and order pages beside them.
    Parcels,
    /// What the machine allows.
    Machine,
}

/// The figures that `--growth` repeats at each size.
const GROWING: [Row; 6] = [
    Row::Single,
    Row::Batch,
    Row::Mail,
    Row::Memory,
    Row::Pages,
    Row::Console,
];

fn main() -> Result<()> {
    let args = Args::parse();
    // One thread for client and sink: the rest of the machine belongs to what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut table = Table::default();
    let folder = PathBuf::from(variable("DOPO_BENCH_DIR")?);
    let effort = match args.quick {
        true => Effort {
            span: Duration::from_millis(700),
            mails: 300,
            pages: 100,
        },
        false => Effort {
            span: Duration::from_secs(10),
            mails: 30_000,
            pages: 5_000,
        },
    };
    let sizes = match (args.growth, args.customers) {
        (true, _) if args.quick => GROWTH.map(|size| size / 1_000).to_vec(),
        (true, _) => GROWTH.to_vec(),
        (false, Some(customers)) => vec![customers],
        (false, None) if args.quick => vec![CUSTOMERS_QUICK],
        (false, None) => vec![CUSTOMERS],
    };
    let wants = |row: Row| match args.only.is_empty() {
        true => !args.growth || GROWING.contains(&row),
        false => args.only.contains(&row),
    };
    for postgres in [false, true] {
        let store = if postgres {
            Stores::Postgres
        } else {
            Stores::Sqlite
        };
        if args.store != Stores::Both && args.store != store {
            continue;
        }
        for &customers in &sizes {
            let name = if postgres { "PostgreSQL" } else { "SQLite" };
            let name = format!("{name}, {} customers", number(customers as f64));
            eprintln!("{name}");
            table.column(name);
            let place = folder.join(format!(
                "{}-{customers}",
                if postgres { "postgres" } else { "sqlite" }
            ));
            let database = if postgres {
                new_database(customers, args.keep)?
            } else {
                format!("sqlite://{}", place.join("dopo.db").display())
            };
            measure(
                &runtime,
                &place,
                database.clone(),
                customers,
                effort,
                &wants,
                &mut table,
            )?;
            if args.keep {
                continue;
            }
            if postgres {
                psql(
                    &variable("DOPO_POSTGRES_URL")?,
                    &format!("DROP DATABASE {} WITH (FORCE)", name_of(&database)),
                )?;
            } else {
                drop(std::fs::remove_dir_all(&place));
            }
        }
        if wants(Row::Parcels) {
            let usual = if args.quick { PARCELS_QUICK } else { PARCELS };
            let parcels = args.parcels.unwrap_or(usual);
            let place = folder.join(format!(
                "{}-parcels",
                if postgres { "postgres" } else { "sqlite" }
            ));
            let database = if postgres {
                new_database(parcels, false)?
            } else {
                format!("sqlite://{}", place.join("dopo.db").display())
            };
            let binary = PathBuf::from(variable("DOPO_BIN")?);
            let sink = runtime.block_on(SmtpSink::start_with(SinkOptions::default()))?;
            let mut program = Program::install(&binary, &place, database.clone(), sink.url())?;
            parcels::measure(&runtime, &mut program, parcels, effort, &mut table)?;
            drop(program);
            if postgres {
                psql(
                    &variable("DOPO_POSTGRES_URL")?,
                    &format!("DROP DATABASE {} WITH (FORCE)", name_of(&database)),
                )?;
            } else {
                drop(std::fs::remove_dir_all(&place));
            }
        }
        if wants(Row::Simulate) && !postgres {
            let customers = if args.quick {
                CUSTOMERS_QUICK
            } else {
                REHEARSED_CUSTOMERS
            };
            rehearsal::run(customers, Timestamp::now(), &mut table)?;
        }
        if wants(Row::Machine) {
            let syncs = machine::syncs_per_second(&folder, effort.span / 2)?;
            table.put((71, "limit: fdatasync of 8 KB a second"), number(syncs));
            let mails = runtime.block_on(machine::sink_mails_per_second(effort.span / 2))?;
            table.put(
                (72, "limit: mails/s of the sink alone, 4 connections"),
                number(mails),
            );
        }
    }
    println!("{}", table.to_markdown());
    Ok(())
}

/// Installs, fills, serves and measures one store at one size.
fn measure(
    runtime: &tokio::runtime::Runtime,
    place: &Path,
    database: String,
    customers: usize,
    effort: Effort,
    wants: &dyn Fn(Row) -> bool,
    table: &mut Table,
) -> Result<()> {
    if [
        Row::Single,
        Row::Batch,
        Row::Mail,
        Row::Latency,
        Row::Memory,
        Row::Pages,
        Row::Console,
    ]
    .into_iter()
    .all(|row| !wants(row))
    {
        return Ok(());
    }
    let binary = PathBuf::from(variable("DOPO_BIN")?);
    let sink = runtime.block_on(SmtpSink::start_with(SinkOptions::default()))?;
    let loaded_before = place.join(LOADED);
    // How many runs there were: each has orders of its own.
    let runs: Option<u64> = std::fs::read_to_string(&loaded_before)
        .ok()
        .map(|text| text.trim().parse().unwrap_or(1));
    let mut program = match runs {
        Some(_) => Program::again(&binary, place, database, sink.url())?,
        None => Program::install(&binary, place, database, sink.url())?,
    };
    let now = Timestamp::now();
    if runs.is_none() {
        let loaded = history::load(&program, customers, now)?;
        table.put(
            (1, "history loaded: events / events/s"),
            format!(
                "{} / {}",
                number(loaded.events as f64),
                number(loaded.events as f64 / loaded.seconds)
            ),
        );
        table.put((2, "— database, MB / bytes per event"), {
            let size = program.database_mb();
            format!(
                "{} / {}",
                number(size),
                number(size * 1e6 / loaded.events.max(1) as f64)
            )
        });
    }
    let runs = runs.unwrap_or(0);
    std::fs::write(loaded_before, (runs + 1).to_string())?;
    runtime.block_on(async {
        program.start().await?;
        let at_start = program.memory_mb().0;
        let bench = Bench {
            program: &program,
            sink: &sink,
            effort,
            orders: Arc::new(AtomicU64::new(runs * ORDERS_OF_A_RUN)),
            requests: made::Requests::new(&program.key, now),
        };
        if wants(Row::Console) {
            bench.console(table).await?;
        }
        table.put(
            (3, "at rest after the start, s"),
            number(program.settle().await),
        );
        if wants(Row::Single) {
            bench.single(table).await?;
        }
        if wants(Row::Batch) {
            bench.batched(table).await?;
        }
        if wants(Row::Mail) {
            bench.mails(table).await?;
        }
        if wants(Row::Latency) {
            bench.latency(table).await?;
        }
        if wants(Row::Pages) {
            bench.pages(table).await?;
        }
        if wants(Row::Memory) {
            let (after, peak) = program.memory_mb();
            table.put(
                (
                    45,
                    "resident memory of `dopo serve`: at start / after the load / peak, MB",
                ),
                [at_start, after, peak].map(number).join(" / "),
            );
        }
        if wants(Row::Machine) {
            bench.nothing(table).await?;
        }
        anyhow::Ok(())
    })?;
    program.stop();
    Ok(())
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: start this with `cargo xtask bench`"))
}

/// An empty database on the server of `DOPO_POSTGRES_URL`; one that is kept has a name that the next run finds.
fn new_database(customers: usize, keep: bool) -> Result<String> {
    let server = variable("DOPO_POSTGRES_URL")?;
    let name = match keep {
        true => format!("dopo_bench_{customers}"),
        false => format!("dopo_bench_{customers}_{}", std::process::id()),
    };
    let there = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    if psql(&server, &there)? == "0" {
        psql(&server, &format!("CREATE DATABASE {name}"))?;
    }
    let (base, query) = server
        .split_once('?')
        .map_or((server.as_str(), None), |(base, query)| (base, Some(query)));
    let (host, _) = base
        .rsplit_once('/')
        .context("DOPO_POSTGRES_URL names no database")?;
    Ok(match query {
        Some(query) => format!("{host}/{name}?{query}"),
        None => format!("{host}/{name}"),
    })
}

/// The name of a database in its URL.
fn name_of(url: &str) -> &str {
    url.split('?')
        .next()
        .and_then(|base| base.rsplit('/').next())
        .unwrap_or_default()
}
