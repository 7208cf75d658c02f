//! `cargo xtask demo`: builds everything and becomes `dopo demo`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::shell::{self, cargo, command, target_dir};
use crate::web;

/// Builds the pages and the program; says where the program is.
pub(crate) fn build(debug: bool) -> Result<PathBuf> {
    web::build()?;
    let mut compile = cargo();
    compile.args(["build", "-p", "dopo"]);
    if !debug {
        compile.arg("--release");
    }
    shell::run(&mut compile)?;
    let profile = if debug { "debug" } else { "release" };
    Ok(target_dir()?.join(profile).join("dopo"))
}

/// Builds and starts the demo; returns only when it cannot be started.
pub(crate) fn run(debug: bool, args: &[OsString]) -> Result<()> {
    let program = build(debug)?;
    let error = command(&program)
        .current_dir(std::env::current_dir()?)
        .arg("demo")
        .args(args)
        .exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
