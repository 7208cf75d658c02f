//! Rules over the whole tree that no compiler checks. Each failure lists every breach.

mod crates;
mod migrations;
mod tree;

use std::path::Path;

fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Fails with one breach a line.
#[track_caller]
fn none(rule: &str, breaches: &[String]) {
    assert!(
        breaches.is_empty(),
        "{rule}; {} breaches:\n{}",
        breaches.len(),
        breaches.join("\n")
    );
}
