//! `dopo courier`.

use super::{engine, moment, shop_named};
use crate::cli::CourierCommand;
use crate::config::Config;
use anyhow::{Context, Result, bail};
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::Engine;
use dopo_engine::ports::{AccountState, Ask, Found, Looked, Vendor};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Largest file with a secret, in bytes: a key file is longer than a password.
const SECRET_BYTES_MAX: u64 = 16 * 1_024;

/// `dopo courier …`
pub async fn run(config: &Config, command: CourierCommand, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    match command {
        CourierCommand::Vendors => {
            for vendor in engine.vendors() {
                print_vendor(vendor, json);
            }
            Ok(())
        }
        CourierCommand::Add {
            slug,
            vendor,
            fields,
            secret_files,
        } => add(&engine, &slug, &vendor, &fields, &secret_files).await,
        CourierCommand::List { slug } => list(&engine, &slug, json).await,
        CourierCommand::Remove { slug, vendor } => {
            let shop = shop_named(&engine, &slug)?;
            engine.remove_courier_account(shop.id, &vendor).await?;
            println!("{slug} has no account with {vendor} any more.");
            Ok(())
        }
        CourierCommand::Look {
            slug,
            number,
            courier,
            postal_code,
        } => look(&engine, &slug, number, &courier, postal_code, json).await,
    }
}

fn print_vendor(vendor: &Vendor, json: bool) {
    let covers: Vec<&str> = vendor.covers.iter().map(|c| c.as_str()).collect();
    let releases: Vec<&str> = vendor.releases.iter().map(|a| a.as_str()).collect();
    if json {
        let fields = vendor.fields.iter();
        let fields: Vec<_> = fields
            .map(|f| json!({"name": f.name, "secret": f.secret, "optional": f.optional}))
            .collect();
        println!(
            "{}",
            json!({"vendor": vendor.name, "title": vendor.title, "fields": fields, "covers": covers, "asked": vendor.asked, "releases": releases})
        );
        return;
    }
    println!("{:14} {}", vendor.name, vendor.title);
    for field in vendor.fields {
        let kind = match (field.secret, field.optional) {
            (true, true) => "secret, may be left out",
            (true, false) => "secret",
            (false, true) => "may be left out",
            (false, false) => "",
        };
        println!("    {:22} {kind}", field.name);
    }
    if !covers.is_empty() {
        let how = if vendor.asked {
            "asked about"
        } else {
            "tells of"
        };
        println!("    {how}: {}", covers.join(", "));
    }
    if !releases.is_empty() {
        println!("    held parcels: {}", releases.join(", "));
    }
}

fn pair<'a>(text: &'a str, what: &str) -> Result<(&'a str, &'a str)> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .with_context(|| format!("a {what} is written NAME=VALUE"))
}

async fn add(
    engine: &Arc<Engine>,
    slug: &str,
    vendor: &str,
    plain: &[String],
    secret_files: &[String],
) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let known = engine.vendors().iter().find(|v| v.name == vendor);
    let known = known.with_context(|| {
        format!("there is no courier or collector `{vendor}`: `dopo courier vendors` lists them")
    })?;
    let mut fields = BTreeMap::new();
    for field in plain {
        let (name, value) = pair(field, "field")?;
        if known.fields.iter().any(|f| f.secret && f.name == name) {
            bail!("{name} is a secret: give it in a file, with --secret-file {name}=FILE");
        }
        fields.insert(name.to_owned(), value.to_owned());
    }
    for secret in secret_files {
        let (name, file) = pair(secret, "secret")?;
        let size = std::fs::metadata(file)
            .with_context(|| format!("could not read {file}"))?
            .len();
        if size > SECRET_BYTES_MAX {
            bail!("{file} is larger than {SECRET_BYTES_MAX} bytes: that is no secret");
        }
        let text =
            std::fs::read_to_string(file).with_context(|| format!("could not read {file}"))?;
        fields.insert(name.to_owned(), text.trim().to_owned());
    }
    let planned = engine.add_courier_account(shop.id, vendor, fields).await?;
    println!("{slug} has an account with {}.", known.title);
    if planned > 0 {
        println!("{planned} parcels under way are looked at from now on.");
    }
    Ok(())
}

async fn list(engine: &Engine, slug: &str, json: bool) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    for account in engine.courier_accounts(shop.id).await? {
        let covers: Vec<&str> = account.covers.iter().map(|c| c.as_str()).collect();
        let refused = match &account.state {
            AccountState::Ok => None,
            AccountState::Refused { since, why } => Some((*since, why)),
        };
        if json {
            println!(
                "{}",
                json!({"vendor": account.vendor.name, "added_at": account.added_at, "covers": covers, "used_today": account.used_today, "per_day": account.per_day, "refused": refused.map(|(since, why)| json!({"since": since, "why": why}))})
            );
            continue;
        }
        let used = match account.per_day {
            Some(most) => format!("{} of {most} calls today", account.used_today),
            None => format!("{} calls today", account.used_today),
        };
        println!(
            "{:14} since {}  {used}  {}",
            account.vendor.name,
            moment(account.added_at),
            covers.join(", ")
        );
        if let Some((since, why)) = refused {
            println!(
                "    refused since {}: {why}. Give it anew with `dopo courier add`.",
                moment(since)
            );
        }
    }
    let store = engine.store();
    let feeds = store.feeds(shop.id).await?;
    for (courier, parcels, due) in store.looks_depth(shop.id, engine.now()).await? {
        let feed = feeds.iter().find(|feed| feed.courier == courier);
        let silent = feed.and_then(|feed| feed.silent_since);
        if json {
            println!(
                "{}",
                json!({"courier": courier.as_str(), "parcels": parcels, "due": due, "heard_at": feed.map(|f| f.heard_at), "silent_since": silent})
            );
            continue;
        }
        let heard = match (silent, feed) {
            (Some(since), _) => format!("nothing new since {}", moment(since)),
            (None, Some(feed)) => format!("last news {}", moment(feed.heard_at)),
            (None, None) => "not looked at yet".to_owned(),
        };
        println!(
            "{:14} {parcels} parcels, {due} due, {heard}",
            courier.as_str()
        );
    }
    Ok(())
}

async fn look(
    engine: &Engine,
    slug: &str,
    number: String,
    courier: &str,
    postal_code: Option<String>,
    json: bool,
) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let Some(courier) = Courier::parse(courier).or_else(|| Courier::named(courier)) else {
        let known: Vec<&str> = Courier::ALL.iter().map(|c| c.as_str()).collect();
        bail!(
            "there is no courier `{courier}`; there are: {}",
            known.join(", ")
        );
    };
    let ask = Ask {
        courier,
        number,
        shipped_on: None,
        postal_code,
        country: None,
    };
    let (vendor, looked) = engine.look_once(shop.id, ask).await?;
    match looked {
        Looked::Answered(found) => match found.into_iter().next() {
            Some(Found::Told(telling)) => print_telling(vendor, &telling, json),
            Some(Found::Unknown) | None => {
                bail!("{} does not know this number, or not yet", vendor.title)
            }
            Some(Found::Unreadable(why)) => {
                bail!(
                    "the answer of {} could not be understood: {why}",
                    vendor.title
                )
            }
        },
        Looked::Later { after, why } => match after {
            Some(after) => bail!(
                "{} does not answer now ({why}): try again in {} s",
                vendor.title,
                after.as_secs()
            ),
            None => bail!("{} does not answer now ({why})", vendor.title),
        },
        Looked::Refused(why) => bail!("{} refuses the account: {why}", vendor.title),
    }
}

fn print_telling(vendor: &Vendor, telling: &Telling, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(telling)?);
        return Ok(());
    }
    println!("{}:", vendor.title);
    for scan in &telling.scans {
        let c = &scan.checkpoint;
        let day = if c.day_only { " (day)" } else { "" };
        let back = if scan.taken_back { " TAKEN BACK" } else { "" };
        println!(
            "  {}{day}  {:16} {:24} {} {} {}{back}",
            moment(c.at),
            c.state.as_str(),
            c.reason.as_deref().unwrap_or_default(),
            c.code.as_deref().unwrap_or_default(),
            c.text.as_deref().unwrap_or_default(),
            c.place.as_deref().unwrap_or_default(),
        );
    }
    if let Some(window) = &telling.expected {
        println!(
            "  expected {} to {}",
            moment(window.from),
            moment(window.until)
        );
    }
    if let Some(at) = telling.hold_expires_at {
        println!("  held until {}", moment(at));
    }
    if let Some(note) = &telling.note {
        println!("  {note}");
    }
    Ok(())
}
