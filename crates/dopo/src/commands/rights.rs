//! `dopo export customer` and `dopo forget customer`.

use super::{engine, shop};
use crate::cli::ShopArg;
use crate::config::Config;
use anyhow::{Result, bail};
use dopo_core::customer::PersonRef;

/// `dopo export customer`
pub async fn export(config: &Config, person: &str, named: ShopArg) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &named)?;
    let Some(found) = engine.find_person(shop.id, person).await? else {
        bail!("nobody is known under this e-mail, phone or customer id");
    };
    println!(
        "{}",
        serde_json::to_string_pretty(&engine.export_person(shop.id, found.id).await?)?
    );
    Ok(())
}

/// `dopo forget customer`
pub async fn forget(config: &Config, person: &str, named: ShopArg, yes: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &named)?;
    let Some(found) = engine.find_person(shop.id, person).await? else {
        bail!("nobody is known under this e-mail, phone or customer id");
    };
    if !yes {
        bail!(
            "there is no way back: export the person's file first if you must keep it, then say --yes"
        );
    }
    let who = PersonRef {
        email: found.email().map(str::to_owned),
        phone: if found.emails.is_empty() && found.shop_customer_ids.is_empty() {
            found.phone().map(str::to_owned)
        } else {
            None
        },
        shop_customer_id: found.shop_customer_ids.first().cloned(),
    };
    engine.forget_person(shop.id, who).await?;
    println!("The person is forgotten. What the law requires to be kept stays without their name.");
    Ok(())
}
