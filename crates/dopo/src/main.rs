//! The `dopo` program.
fn main() {}
