//! Colissimo: La Poste's parcels, told by La Poste's tracking API.

pub use super::laposte::translate;
