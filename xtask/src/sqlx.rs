//! `cargo xtask sqlx`: the data that sqlx checks the PostgreSQL store's queries with.
//!
//! sqlx writes a file for every checked query when it compiles against a real database and is
//! told where (`SQLX_OFFLINE_DIR`). With these files committed nobody needs a database to build.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::postgres::Cluster;
use crate::shell::{cargo, root};

const CRATE: &str = "crates/dopo-postgres";

/// Writes the query data anew, or with `check` fails when the committed data differs.
pub(crate) fn run(check: bool) -> Result<()> {
    let mut compile = cargo();
    compile.args(["check", "--quiet", "-p", "dopo-postgres", "--lib"]);
    run_with(compile, check)
}

/// Fails when the committed data differs; `compile` is a cargo that compiles the store, and may
/// share what others have compiled.
pub(crate) fn check(compile: Command) -> Result<()> {
    run_with(compile, true)
}

fn run_with(mut compile: Command, check: bool) -> Result<()> {
    let cluster = Cluster::start()?;
    cluster.migrate()?;
    let fresh = tempfile::tempdir()?;
    // Cargo has no other way to be told that the queries must be expanded again.
    let lib = root().join(CRATE).join("src/lib.rs");
    File::options()
        .write(true)
        .open(&lib)
        .and_then(|file| file.set_modified(SystemTime::now()))
        .with_context(|| format!("cannot touch {}", lib.display()))?;
    crate::shell::run(
        compile
            .env("DATABASE_URL", cluster.url())
            .env("SQLX_OFFLINE_DIR", fresh.path())
            .env_remove("SQLX_OFFLINE"),
    )?;

    let committed = root().join(CRATE).join(".sqlx");
    let old = read(&committed)?;
    let new = read(fresh.path())?;
    let mut differences = Vec::new();
    for name in new.keys().filter(|name| !old.contains_key(*name)) {
        differences.push(format!("new: {name}"));
    }
    for (name, text) in &old {
        match new.get(name) {
            None => differences.push(format!("no longer used: {name}")),
            Some(fresh) if fresh != text => differences.push(format!("changed: {name}")),
            Some(_) => {}
        }
    }
    if differences.is_empty() {
        println!("{} queries, all as committed", new.len());
        return Ok(());
    }
    if check {
        bail!(
            "the query data in {CRATE}/.sqlx is not that of the queries and migrations; \
             run `cargo xtask sqlx` and commit it\n{}",
            differences.join("\n")
        );
    }
    fs::create_dir_all(&committed)?;
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(committed.join(name))?;
    }
    for (name, text) in &new {
        fs::write(committed.join(name), text)?;
    }
    println!("{}", differences.join("\n"));
    println!("{} queries written to {CRATE}/.sqlx", new.len());
    Ok(())
}

fn read(dir: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error).context(format!("cannot read {}", dir.display())),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            files.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(files)
}
