//! Connectors and channels of Dopo: what reaches us from shops becomes events, what we send leaves through here.
//!
//! Nothing is decided here. Translators are pure functions from bytes to [`dopo_core::event::Event`]s: [`signature`]
//! first, over the raw body; then [`shopify`], [`woocommerce`] or [`events`] (our own JSON). [`import`] reads the same
//! facts from files. [`mail`] hands messages over, [`webhook`] posts our own events, [`dns`] looks up a sender's records,
//! [`identity`] has somebody else say who signs in.

pub mod couriers;
pub mod dns;
pub mod events;
pub mod identity;
pub mod import;
pub mod mail;
pub mod shopify;
pub mod signature;
pub mod tidy;
pub mod translation;
pub mod webhook;
pub mod woocommerce;
pub mod write_back;

pub use translation::{Setting, Translation};
