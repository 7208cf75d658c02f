//! Shopify: bodies of its webhooks (which are shaped like its REST resources) become events.

mod consent;
mod parcels;
mod people;
mod translate;
mod wire;

pub use translate::{SOFT_SPAM_NOTICE_KEY, translate};
