//! InPost in Italy: public tracking, asked of the Italian host and then of the Polish one.
//!
//! InPost names its statuses in three ways: ShipX (`ready_to_pickup`), the group's catalogue (`awaiting_collection`) and the
//! group's event codes (`LMD.1005`). One table holds all three; they have no name in common that means two things.

mod client;
pub mod translate;
mod wire;

pub use client::{VENDOR, open, tables};
