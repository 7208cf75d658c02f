//! `cargo xtask test`: every check, in the order in which a mistake is cheapest to find.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;

use crate::postgres::Cluster;
use crate::shell::{cargo, root, run as run_command, target_dir};
use crate::system::{need_chromium, need_node, need_postgres, need_schemathesis};
use crate::{sqlx, web};

/// One part of `cargo xtask test`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Install what is missing: PostgreSQL, Chromium, schemathesis, npm packages.
    Install,
    /// Is all Rust formatted?
    Fmt,
    /// Type-check, lint, test and build `web/`.
    Web,
    /// Does clippy accept every target?
    Clippy,
    /// Is the committed query data that of the queries and migrations?
    Sqlx,
    /// All Rust tests, the stores on SQLite and PostgreSQL, the crash test among them.
    Rust,
    /// Do our calls to couriers keep to their own descriptions, as mock servers?
    Contracts,
    /// Does the documentation build without a warning?
    Doc,
    /// A real Chromium, and the API's document, against the real program.
    E2e,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Runs the step; `all` says that every step runs, so that builds can be shared.
    fn run(self, all: bool) -> Result<()> {
        match self {
            Self::Install => install(),
            Self::Fmt => run_command(cargo().args(["fmt", "--all", "--check"])),
            Self::Web => web::check(),
            Self::Clippy => run_command(&mut clippy()),
            Self::Sqlx if all => sqlx::check(clippy()),
            Self::Sqlx => sqlx::run(true),
            Self::Rust => {
                let cluster = Cluster::start()?;
                run_command(
                    cargo()
                        .args(["test", "--workspace", "--locked"])
                        .env("DOPO_POSTGRES_URL", cluster.url()),
                )
            }
            Self::Contracts => contracts(all),
            Self::Doc => run_command(
                cargo()
                    .args(["doc", "--workspace", "--no-deps", "--locked"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::E2e => e2e(all),
        }
    }
}

/// Runs the steps named, or all, and stops at the first that fails.
pub(crate) fn run(only: &[Step]) -> Result<()> {
    let mut done: Vec<(Step, &str, Duration)> = Vec::new();
    let mut result = Ok(());
    for &step in Step::value_variants() {
        if !only.is_empty() && !only.contains(&step) {
            continue;
        }
        eprintln!("\n== {}", step.name());
        let began = Instant::now();
        result = step.run(only.is_empty());
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        done.push((step, word, began.elapsed()));
        if result.is_err() {
            break;
        }
    }
    println!("\nstep      result      time");
    let mut total = Duration::ZERO;
    for (step, word, took) in done {
        println!("{:<9} {word:<6} {:>8.1} s", step.name(), took.as_secs_f64());
        total += took;
    }
    println!("{:<9} {:<6} {:>8.1} s", "all", "", total.as_secs_f64());
    result
}

fn install() -> Result<()> {
    need_node()?;
    need_postgres()?;
    need_chromium()?;
    need_schemathesis()?;
    web::install("web")?;
    web::install("e2e")
}

/// Clippy on everything.
fn clippy() -> Command {
    let mut clippy = cargo();
    clippy
        .args(["clippy", "--workspace", "--all-targets", "--locked"])
        .args(["--", "-D", "warnings"]);
    clippy
}

/// Prism, of the packages of `e2e/`, plays the couriers.
fn contracts(all: bool) -> Result<()> {
    web::install("e2e")?;
    // As for the browser tests: with all steps the program is built as the Rust tests built it.
    let whose: &[&str] = if all {
        &["--workspace"]
    } else {
        &["-p", "dopo-connect"]
    };
    run_command(
        cargo()
            .arg("test")
            .args(whose)
            .args(["--locked", "--test", "prism", "--", "--nocapture"])
            .env("DOPO_PRISM", root().join("e2e/node_modules/.bin/prism")),
    )
}

fn e2e(all: bool) -> Result<()> {
    let (chromium, schemathesis) = (need_chromium()?, need_schemathesis()?);
    web::install("e2e")?;
    // The Rust tests have built the program already. Alone it would have other features of its
    // libraries, and most of them would be compiled again.
    let build: &[&str] = if all {
        &["test", "--workspace", "--no-run", "--quiet", "--locked"]
    } else {
        &["build", "-p", "dopo", "--locked"]
    };
    run_command(cargo().args(build))?;
    for script in ["typecheck", "lint", "test"] {
        run_command(
            web::npm("e2e")
                .args(["run", "--silent", script])
                .env("DOPO_BIN", target_dir()?.join("debug/dopo"))
                .env("DOPO_CHROMIUM", &chromium)
                .env("DOPO_SCHEMATHESIS", &schemathesis),
        )?;
    }
    Ok(())
}
