//! The `dopo` program: command line, configuration, wiring, system clock.

mod cli;
mod commands;
mod config;
mod demo;
mod hooks;
mod mail;
mod serve;
mod wire;

use anyhow::Result;
use clap::Parser;
use cli::{Cli, Command};
use config::Config;
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// glibc keeps an arena for each of many threads and gives little back: its answer to the same load is a fifth slower and
/// takes up to twice the memory. SQLite's memory comes from here, too (`docs/decisions/0008-memory-from-mimalloc.md`).
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("dopo: the runtime could not be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dopo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to standard error; `DOPO_LOG` sets the level (`info` by default), `DOPO_LOG_FORMAT=json` the form.
fn start_logging() {
    let filter = EnvFilter::try_from_env("DOPO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    if std::env::var("DOPO_LOG_FORMAT").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder.init();
    }
}

async fn run(cli: Cli) -> Result<ExitCode> {
    let config = Config::read(cli.config.as_deref())?;
    let json = cli.json;
    match cli.command {
        Command::Serve => serve::serve(&config).await?,
        Command::Demo(args) => demo::run(args).await?,
        Command::Shop(command) => commands::shop::run(&config, command, json).await?,
        Command::Courier(command) => commands::courier::run(&config, command, json).await?,
        Command::User(command) => commands::people::user(&config, command).await?,
        Command::ApiKey(command) => commands::people::api_key(&config, command, json).await?,
        Command::Journey(command) => return commands::journey::run(&config, command, json).await,
        Command::Template(command) => commands::journey::templates(&config, command, json).await?,
        Command::Import(cli::ImportCommand::Orders(args)) => {
            return commands::import::orders(&config, args, json).await;
        }
        Command::Simulate(args) => commands::simulate::run(args).await?,
        Command::Messages(args) => commands::messages::run(&config, args, json).await?,
        Command::Inbox(args) => commands::inbox::run(&config, args, json).await?,
        Command::Why(args) => commands::messages::why(&config, args, json).await?,
        Command::Coupons(args) => commands::coupons::run(&config, args, json).await?,
        Command::Tasks(shop) => commands::figures::tasks(&config, shop, json).await?,
        Command::Figures(args) => commands::figures::figures(&config, args, json).await?,
        Command::Export(cli::ExportCommand::Customer { person, shop }) => {
            commands::rights::export(&config, &person, shop).await?;
        }
        Command::Forget(cli::ForgetCommand::Customer { person, shop, yes }) => {
            commands::rights::forget(&config, &person, shop, yes).await?;
        }
        Command::Migrate => commands::database::migrate(&config).await?,
        Command::Backup { file } => commands::database::backup(&config, &file).await?,
        Command::Restore { file, force } => {
            commands::database::restore(&config, &file, force).await?
        }
        Command::Doctor => return commands::doctor::run(&config).await,
    }
    Ok(ExitCode::SUCCESS)
}
