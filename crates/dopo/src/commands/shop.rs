//! `dopo shop`.

use super::{engine, moment, shop_named};
use crate::cli::{ConnectSource, ShopCommand};
use crate::config::Config;
use crate::mail::DkimPem;
use crate::wire;
use anyhow::{Context, Result, bail};
use dopo_core::italy::email::EmailAddress;
use dopo_core::shop::check::{self, NOTICES};
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::Engine;
use dopo_engine::desk::{CheckState, DomainCheck, DomainRecord, RecordState, checklist_of};
use dopo_engine::ports::DkimMaker;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// Longest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 16 * 1_024;
/// `dopo shop …`
pub async fn run(config: &Config, command: ShopCommand, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    match command {
        ShopCommand::Add {
            slug,
            name,
            from,
            seller_file,
        } => add(&engine, &slug, &name, &from, &seller_file).await,
        ShopCommand::Live { slug } => live(&engine, config, &slug).await,
        ShopCommand::Trial { slug } => {
            let shop = shop_named(&engine, &slug)?;
            let settings = ShopSettings {
                live_since: None,
                ..shop.settings.clone()
            };
            engine
                .store()
                .save_shop(shop.id, &settings, shop.disconnected)
                .await?;
            println!("{slug} is in trial: messages are captured and shown, none leaves.");
            Ok(())
        }
        ShopCommand::Connect {
            slug,
            source,
            secret_file,
        } => connect(&engine, &slug, source, &secret_file).await,
        ShopCommand::Dkim { slug, selector } => dkim(&engine, &slug, &selector).await,
        ShopCommand::LeaveToPlatform { slug, notices } => {
            let shop = shop_named(&engine, &slug)?;
            let mut settings = shop.settings.clone();
            settings.left_to_platform.clear();
            for notice in notices.iter().filter(|notice| *notice != "none") {
                if !NOTICES.contains(&notice.as_str()) {
                    bail!(
                        "there is no notice `{notice}`; there are: {}, none",
                        NOTICES.join(", ")
                    );
                }
                settings.left_to_platform.insert(notice.clone());
            }
            settings.platform_notices_declared = true;
            engine
                .store()
                .save_shop(shop.id, &settings, shop.disconnected)
                .await?;
            match settings.left_to_platform.len() {
                0 => println!(
                    "Dopo sends every notice of {slug}. Switch the platform's own off, so that nobody gets two."
                ),
                _ => println!(
                    "Left to the platform: {}.",
                    Vec::from_iter(settings.left_to_platform).join(", ")
                ),
            }
            Ok(())
        }
        ShopCommand::Settings { slug, file } => {
            let shop = shop_named(&engine, &slug)?;
            let Some(file) = file else {
                println!(
                    "{}",
                    toml::to_string_pretty(&shop.settings)
                        .context("the settings could not be written as TOML")?
                );
                return Ok(());
            };
            let text = read(&file)?;
            let mut settings: ShopSettings = toml::from_str(&text)
                .with_context(|| format!("the settings in {} have a mistake", file.display()))?;
            settings.live_since = shop.settings.live_since;
            let mut problems = check::check(&settings);
            problems.extend(engine.unusable(shop.id, &shop.settings, &settings));
            if !problems.is_empty() {
                let lines: Vec<String> = problems
                    .iter()
                    .map(|problem| format!("{}: {}", problem.field, problem.en))
                    .collect();
                bail!("the settings cannot be used:\n{}", lines.join("\n"));
            }
            engine
                .store()
                .save_shop(shop.id, &settings, shop.disconnected)
                .await?;
            println!(
                "The settings of {slug} are saved; a running server takes them over within a second."
            );
            Ok(())
        }
        ShopCommand::PagesDomain { slug, host } => {
            pages_domain(&engine, config, &slug, host.as_deref()).await
        }
        ShopCommand::List => {
            for shop in engine.shops() {
                let state = match (shop.disconnected, shop.settings.live_since) {
                    (true, _) => "disconnected".to_owned(),
                    (false, Some(since)) => format!("live since {}", moment(since)),
                    (false, None) => "in trial".to_owned(),
                };
                if json {
                    println!(
                        "{}",
                        json!({"slug": shop.slug, "name": shop.settings.name, "live_since": shop.settings.live_since, "disconnected": shop.disconnected})
                    );
                } else {
                    println!("{:20}  {:30}  {state}", shop.slug, shop.settings.name);
                }
            }
            Ok(())
        }
    }
}

fn read(path: &Path) -> Result<String> {
    let length = std::fs::metadata(path)
        .with_context(|| format!("could not read {}", path.display()))?
        .len();
    if length > SECRET_BYTES_MAX {
        bail!(
            "{} is larger than {SECRET_BYTES_MAX} bytes: is it the right file?",
            path.display()
        );
    }
    std::fs::read_to_string(path)
        .with_context(|| format!("could not read {} as text", path.display()))
}

async fn add(
    engine: &Engine,
    slug: &str,
    name: &str,
    from: &str,
    seller_file: &Path,
) -> Result<()> {
    if let Some(problem) = check::slug(slug) {
        bail!("`{slug}` cannot stand in addresses. {}", problem.en);
    }
    let from = EmailAddress::parse(from).context("the sender address is no e-mail address")?;
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        bail!("the shop needs a name that can stand in a sender line");
    }
    let text = read(seller_file)?;
    let seller: Seller = toml::from_str(&text).with_context(|| {
        format!(
            "{} must hold legal_name, address, email, phone, vat_number, rea and may hold share_capital, adr",
            seller_file.display()
        )
    })?;
    let settings = ShopSettings::new(name, from.as_str(), seller);
    let id = engine
        .store()
        .add_shop(slug, &settings)
        .await
        .with_context(|| format!("the shop `{slug}` could not be added"))?;
    dopo_engine::library::publish_defaults(engine.store(), id)
        .await
        .context(
            "the shop was added, but its first journeys and templates could not be published",
        )?;
    println!(
        "{name} was added, in trial: everything runs, messages are captured and shown, none leaves."
    );
    println!(
        "Next: dopo shop connect {slug} shopify --secret-file FILE, then dopo shop live {slug}"
    );
    Ok(())
}

/// What to do about an item of the checklist from the command line.
fn by_command(item: &str, slug: &str, domain: &DomainCheck) -> Option<String> {
    let seller = |what: &str| {
        format!(
            "`dopo shop settings {slug} > settings.toml`, {what}, `dopo shop settings {slug} --file settings.toml`"
        )
    };
    Some(match item {
        "seller" => seller("complete [seller]"),
        "vat" | "vat_digits" => seller("put `vat_number` right under [seller]"),
        "adr" => seller(
            "write `adr` under [seller] (\"Non aderiamo a organismi ADR\" where it adheres to none)",
        ),
        "sender" => seller("put `from_email` right"),
        "mail_server" => "Start `dopo serve` with DOPO_SMTP_URL.".to_owned(),
        "notices" => {
            format!("`dopo shop leave-to-platform {slug} none`, or the notices that it sends")
        }
        "connection" => format!(
            "`dopo shop connect {slug} shopify --secret-file FILE`; likewise woocommerce, events"
        ),
        record => {
            let record = domain.records.iter().find(|known| known.id == record)?;
            if record.value.is_empty() {
                format!("`dopo shop dkim {slug}` makes the key and prints the record to publish.")
            } else {
                let DomainRecord {
                    name, kind, value, ..
                } = record;
                format!("Publish {name} {kind} {value}")
            }
        }
    })
}

async fn live(engine: &Arc<Engine>, config: &Config, slug: &str) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let connected = engine
        .store()
        .connections(shop.id)
        .await?
        .iter()
        .any(|c| c.source != "dkim");
    let desk = wire::desk(Arc::clone(engine), config, false)?;
    let domain = desk.check_domain(&shop).await;
    let list = checklist_of(
        &shop.settings,
        config.smtp_url.is_some(),
        connected,
        Some(&domain),
    );
    for item in &list.items {
        println!("{:8} {}", item.state.as_str(), item.en);
        if item.state != CheckState::Done {
            let how = by_command(item.id, slug, &domain);
            println!("         {}", how.as_deref().unwrap_or(item.en_do));
        }
    }
    if !list.ready {
        bail!(
            "{slug} stays in trial: complete what is missing (`dopo shop settings {slug}` prints the settings), then try again"
        );
    }
    let since = shop.settings.live_since.unwrap_or(engine.now());
    let settings = ShopSettings {
        live_since: Some(since),
        ..shop.settings.clone()
    };
    engine.store().save_shop(shop.id, &settings, false).await?;
    println!("{slug} is live: from now on messages leave.");
    Ok(())
}

async fn connect(
    engine: &Engine,
    slug: &str,
    source: ConnectSource,
    secret_file: &Path,
) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let text = read(secret_file)?;
    let (name, secret) = match source {
        ConnectSource::Shopify => ("shopify", text.trim()),
        ConnectSource::Woocommerce => ("woocommerce", text.trim()),
        ConnectSource::Events => ("events", text.trim()),
        ConnectSource::Sendcloud => ("sendcloud", text.trim()),
        ConnectSource::Aftership => ("aftership", text.trim()),
        ConnectSource::Track17 => ("17track", text.trim()),
        ConnectSource::Qapla => ("qapla", text.trim()),
        ConnectSource::Ups => ("ups", text.trim()),
        ConnectSource::Dkim => ("dkim", text.trim()),
    };
    if secret.is_empty() {
        bail!(
            "{} holds no secret: an empty secret keeps the hook closed",
            secret_file.display()
        );
    }
    save_secret(engine, &shop, name, secret).await?;
    match name {
        "dkim" => println!("The mails of {slug} are signed from now on."),
        name => println!(
            "Point the webhooks of the platform to {}/hooks/{slug}/{name}",
            engine.public_url()
        ),
    }
    Ok(())
}

/// Sets, takes away or looks at the host name of a shop's pages.
async fn pages_domain(
    engine: &Arc<Engine>,
    config: &Config,
    slug: &str,
    host: Option<&str>,
) -> Result<()> {
    let mut shop = shop_named(engine, slug)?;
    if let Some(host) = host {
        let settings = ShopSettings {
            pages_domain: (host != "none").then(|| host.trim().to_owned()),
            ..shop.settings.clone()
        };
        let mut problems = check::check(&settings);
        problems.extend(engine.unusable(shop.id, &shop.settings, &settings));
        if let Some(problem) = problems.iter().find(|p| p.field == "pages_domain") {
            bail!("`{host}` cannot be used. {}", problem.en);
        }
        engine
            .store()
            .save_shop(shop.id, &settings, shop.disconnected)
            .await?;
        engine.refresh_shops().await?;
        shop = shop_named(engine, slug)?;
    }
    println!("The pages of {slug} are at {}", engine.pages_url(&shop));
    if shop.settings.pages_domain.is_none() {
        return Ok(());
    }
    let desk = wire::desk(Arc::clone(engine), config, false)?;
    let domain = desk.check_domain(&shop).await;
    if let Some(record) = domain.records.iter().find(|record| record.id == "pages") {
        println!(
            "{:10} {} {} {}",
            record.state.as_str(),
            record.name,
            record.kind,
            record.value
        );
        if record.state != RecordState::Found {
            println!(
                "           Publish this record, and give the name a TLS certificate in front of Dopo."
            );
        }
    }
    Ok(())
}

async fn save_secret(
    engine: &Engine,
    shop: &dopo_core::advance::Shop,
    name: &str,
    secret: &str,
) -> Result<()> {
    engine.save_secret(shop.id, name, secret).await?;
    Ok(())
}

async fn dkim(engine: &Engine, slug: &str, selector: &str) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let domain = shop
        .settings
        .from_email
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_owned();
    let maker = DkimPem;
    let pem = maker
        .make()
        .map_err(|error| anyhow::anyhow!("no key could be made: {error}"))?;
    let record = maker
        .record(&domain, selector, &pem)
        .map_err(|error| anyhow::anyhow!("the key cannot be used: {error}"))?;
    save_secret(engine, &shop, "dkim", &format!("{selector}\n{pem}")).await?;
    println!(
        "Publish this TXT record, then mails of {slug} are signed in a way that receivers can check:\n"
    );
    println!("{}\n{}", record.name, record.value);
    Ok(())
}
