//! Poste Italiane with SDA and Crono: the business API (session, tracking, held parcels and their release), and what its
//! public page tells.

mod client;
pub mod deposits;
mod public;
pub mod translate;
mod wire;

pub use client::{RELEASES, VENDOR, open, tables};
