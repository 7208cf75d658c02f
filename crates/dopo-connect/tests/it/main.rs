//! Integration tests of the connectors and channels.

#![recursion_limit = "256"]

mod couriers;
mod events;
mod import;
mod mail;
mod shared;
mod shopify;
mod signature;
mod woocommerce;
