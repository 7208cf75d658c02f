//! `cargo xtask screenshots`: the pictures of `docs/screenshots`.

use std::ffi::OsString;

use anyhow::Result;

use crate::shell::run as run_command;
use crate::system::need_chromium;
use crate::{demo, web};

/// Builds the program and lets the script of `e2e/` photograph its demo.
pub(crate) fn run(args: &[OsString]) -> Result<()> {
    let chromium = need_chromium()?;
    let program = demo::build(true)?;
    web::install("e2e")?;
    run_command(
        web::npm("e2e")
            .args(["run", "--silent", "screenshots", "--"])
            .args(args)
            .env("DOPO_BIN", program)
            .env("DOPO_CHROMIUM", chromium),
    )
}
