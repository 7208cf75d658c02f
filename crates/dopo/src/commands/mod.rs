//! One file a group of commands.

pub mod coupons;
pub mod courier;
pub mod database;
pub mod doctor;
pub mod figures;
pub mod import;
pub mod inbox;
pub mod journey;
pub mod messages;
pub mod people;
pub mod rights;
pub mod shop;
pub mod simulate;

use crate::cli::ShopArg;
use crate::config::Config;
use crate::wire::{self, Role, SystemClock};
use anyhow::{Result, bail};
use dopo_core::advance::Shop;
use dopo_engine::Engine;
use std::sync::Arc;

/// An engine for a command beside a possibly running server. Its workers are not started.
pub async fn engine(config: &Config) -> Result<Arc<Engine>> {
    // A command hands nothing over: it needs no mail server.
    let config = Config {
        smtp_url: None,
        ..config.clone()
    };
    Ok(wire::build(&config, Role::Tool, Arc::new(SystemClock))
        .await?
        .engine)
}

/// The shop that was named, or the only one there is.
pub fn shop(engine: &Engine, named: &ShopArg) -> Result<Arc<Shop>> {
    match &named.shop {
        Some(slug) => shop_named(engine, slug),
        None => {
            let shops = engine.shops();
            match shops.as_slice() {
                [only] => Ok(Arc::clone(only)),
                [] => bail!("there is no shop yet: add one with `dopo shop add`"),
                many => {
                    let names: Vec<&str> = many.iter().map(|shop| shop.slug.as_str()).collect();
                    bail!(
                        "there are several shops: name one with --shop ({})",
                        names.join(", ")
                    )
                }
            }
        }
    }
}

/// The shop with this name.
pub fn shop_named(engine: &Engine, slug: &str) -> Result<Arc<Shop>> {
    match engine.shop_by_slug(slug) {
        Some(shop) => Ok(shop),
        None => {
            let names: Vec<String> = engine
                .shops()
                .iter()
                .map(|shop| shop.slug.clone())
                .collect();
            bail!(
                "there is no shop `{slug}`; there are: {}",
                if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                }
            )
        }
    }
}

/// A moment as people read it: local to the machine's zone, to the minute.
pub fn moment(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}
