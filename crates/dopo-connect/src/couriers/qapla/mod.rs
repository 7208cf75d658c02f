//! Qapla': its webhooks, its shipments (v1.3) and its stock release (v2).

mod client;
pub mod release;
pub mod shipments;
mod translate;
mod verify;
mod wire;

pub use client::{RELEASES, VENDOR, open, tables};
pub use translate::translate;
pub use verify::{ANSWER, verify};
