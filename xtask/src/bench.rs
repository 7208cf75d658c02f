//! `cargo xtask bench`: the release binaries against both databases.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};

use crate::postgres::Cluster;
use crate::shell::{self, cargo, command, target_dir};
use crate::web;

/// Builds `dopo` and `dopo-bench` and runs the latter with both databases at hand.
///
/// It is told by variables: `DOPO_BIN` (the program under test), `DOPO_BENCH_DIR` (an empty
/// folder), `DOPO_SQLITE_URL` and `DOPO_POSTGRES_URL` (an empty database each).
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    web::build()?;
    shell::run(cargo().args(["build", "--release", "-p", "dopo", "-p", "dopo-bench"]))?;
    let target = target_dir()?;
    let dir = target.join("bench-data");
    remove(&dir)?;
    fs::create_dir_all(&dir)?;
    let cluster = Cluster::start()?;
    let result = shell::run(
        command(target.join("release/dopo-bench"))
            .args(args)
            .env("DOPO_BIN", target.join("release/dopo"))
            .env("DOPO_BENCH_DIR", &dir)
            .env(
                "DOPO_SQLITE_URL",
                format!("sqlite://{}", dir.join("dopo.db").display()),
            )
            .env("DOPO_POSTGRES_URL", cluster.url()),
    );
    drop(cluster);
    remove(&dir)?;
    result
}

fn remove(dir: &std::path::Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}
