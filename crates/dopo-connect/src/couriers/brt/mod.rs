//! BRT (Bartolini): tracking by parcel id over REST; instructions for held parcels as files that a transfer takes along.

mod client;
mod release;
pub mod translate;
mod wire;

pub use client::{RELEASES, VENDOR, open, tables};
pub use release::{FILE_PREFIX, HEADER};
