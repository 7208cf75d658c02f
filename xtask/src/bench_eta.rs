//! `cargo xtask bench eta`: how well delivery days are foretold, on real orders.

use anyhow::Result;

use crate::shell::{self, cargo};

/// Builds and runs the example of `dopo-predict` that prints the table.
pub(crate) fn run() -> Result<()> {
    shell::run(cargo().args([
        "run",
        "--release",
        "-p",
        "dopo-predict",
        "--example",
        "bench_eta",
    ]))
}
