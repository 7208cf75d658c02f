//! Dopo's automation: `cargo xtask COMMAND`.
//!
//! `cargo xtask test` is the one command that checks everything and `cargo xtask demo` the one
//! that shows it. Both need only the Rust toolchain and Node; what else is missing they install,
//! and say so.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod bench_eta;
mod demo;
mod postgres;
mod screenshots;
mod shell;
mod sqlx;
mod system;
mod test;
mod web;

/// Dopo's automation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check: formatting, lints, web, queries, tests, documentation, browser.
    Test {
        /// Run only this step; repeat it for several.
        #[arg(long, value_enum, value_name = "STEP")]
        only: Vec<test::Step>,
    },
    /// Build everything and start the demo shop.
    Demo {
        /// Build without optimisation: a quicker build, a slower program.
        #[arg(long)]
        debug: bool,
        /// Passed on to `dopo demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Measure speed with release binaries on SQLite and PostgreSQL; `bench eta`: how well delivery days are foretold.
    Bench {
        /// Passed on to `dopo-bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Take the screenshots of `docs/screenshots` from a running demo.
    Screenshots {
        /// Passed on to the script.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Write the query data of `crates/dopo-postgres/.sqlx` anew.
    Sqlx {
        /// Change nothing; fail when the committed files differ.
        #[arg(long)]
        check: bool,
    },
    /// Start a throw-away PostgreSQL, print its address, and stop it on Ctrl-C.
    Pg {
        /// Apply the migrations of `crates/dopo-postgres/migrations` first.
        #[arg(long)]
        migrate: bool,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test { only } => test::run(&only),
        Command::Demo { debug, args } => demo::run(debug, &args),
        Command::Bench { args } if args.first().is_some_and(|arg| arg == "eta") => bench_eta::run(),
        Command::Bench { args } => bench::run(&args),
        Command::Screenshots { args } => screenshots::run(&args),
        Command::Sqlx { check } => sqlx::run(check),
        Command::Pg { migrate } => postgres::serve(migrate),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
