//! GLS Italy: tracking as XML over GET (MU40), instructions for held parcels as XML over POST (MU276).

mod client;
pub mod release;
pub mod translate;
mod wire;

pub use client::{RELEASES, VENDOR, open, tables};
