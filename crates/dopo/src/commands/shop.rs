//! `dopo shop`.

use super::{engine, moment, shop_named};
use crate::cli::{ConnectSource, ShopCommand};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use dopo_core::italy::email::EmailAddress;
use dopo_core::shop::{Seller, ShopSettings};
use dopo_engine::Engine;
use serde_json::json;
use std::path::Path;

/// Longest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 16 * 1_024;
/// Longest name in addresses.
const SLUG_CHARS_MAX: usize = 40;
/// Notices that the platform can send itself.
const NOTICES: [&str; 5] = [
    "order_receipt",
    "shipped",
    "out_for_delivery",
    "delivered",
    "abandoned_cart",
];

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
            jiff::tz::TimeZone::get(&settings.time_zone).with_context(|| {
                format!(
                    "there is no time zone `{}`: write one like Europe/Rome",
                    settings.time_zone
                )
            })?;
            engine
                .store()
                .save_shop(shop.id, &settings, shop.disconnected)
                .await?;
            println!(
                "The settings of {slug} are saved; a running server takes them over within a second."
            );
            Ok(())
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

fn check_slug(slug: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.is_empty()
        || slug.len() > SLUG_CHARS_MAX
        || !slug.chars().all(good)
        || slug.starts_with('-')
        || slug.ends_with('-')
    {
        bail!(
            "`{slug}` cannot stand in addresses: use lower-case letters, digits and hyphens, at most {SLUG_CHARS_MAX}"
        );
    }
    Ok(())
}

async fn add(
    engine: &Engine,
    slug: &str,
    name: &str,
    from: &str,
    seller_file: &Path,
) -> Result<()> {
    check_slug(slug)?;
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

/// What the checklist before going live found.
struct Finding {
    ok: bool,
    hard: bool,
    text: String,
}

/// The checklist: what is missing refuses, what cannot be checked from here warns.
fn checklist(settings: &ShopSettings, has_smtp: bool, connected: bool) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut must = |ok: bool, text: &str| {
        out.push(Finding {
            ok,
            hard: true,
            text: text.to_owned(),
        })
    };
    let seller = &settings.seller;
    let given = |text: &str| !text.trim().is_empty();
    must(
        given(&seller.legal_name)
            && given(&seller.address)
            && given(&seller.email)
            && given(&seller.phone)
            && given(&seller.rea),
        "seller identity: name, address, e-mail, phone, register and REA number (D.Lgs. 70/2003 art. 7)",
    );
    must(
        given(&seller.vat_number),
        "partita IVA (DPR 633/1972 art. 35)",
    );
    must(
        seller.adr.as_deref().is_some_and(given),
        "dispute body: `adr` names the one the shop adheres to, or says that it adheres to none (rule CONS-17)",
    );
    must(
        EmailAddress::parse(&settings.from_email).is_ok(),
        "sender address",
    );
    let mut should = |ok: bool, text: &str| {
        out.push(Finding {
            ok,
            hard: false,
            text: text.to_owned(),
        })
    };
    should(
        dopo_core::italy::tax::vat_number(seller.vat_number.trim().trim_start_matches("IT"))
            .is_some(),
        "the partita IVA has eleven digits and a right check digit",
    );
    should(
        has_smtp,
        "a mail server in DOPO_SMTP_URL: without one messages go on being captured",
    );
    should(
        settings.platform_notices_declared,
        "what the platform sends itself: say it with `dopo shop leave-to-platform`, so that nobody gets two receipts",
    );
    should(
        connected,
        "a connection to the shop platform, with its secret",
    );
    let domain = settings.from_email.rsplit('@').next().unwrap_or_default();
    should(
        false,
        &format!(
            "DNS of {domain} (SPF, DKIM, DMARC) cannot be checked from here: check it with your provider"
        ),
    );
    out
}

async fn live(engine: &Engine, config: &Config, slug: &str) -> Result<()> {
    let shop = shop_named(engine, slug)?;
    let connected = engine
        .store()
        .connections(shop.id)
        .await?
        .iter()
        .any(|c| c.source != "dkim");
    let findings = checklist(&shop.settings, config.smtp_url.is_some(), connected);
    for finding in &findings {
        let mark = match (finding.ok, finding.hard) {
            (true, _) => "ok      ",
            (false, true) => "missing ",
            (false, false) => "warning ",
        };
        println!("{mark} {}", finding.text);
    }
    if findings.iter().any(|finding| finding.hard && !finding.ok) {
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

async fn save_secret(
    engine: &Engine,
    shop: &dopo_core::advance::Shop,
    name: &str,
    secret: &str,
) -> Result<()> {
    let mut nonce = [0; 24];
    engine.entropy().fill(&mut nonce);
    let sealed = engine.key().seal(shop.id, nonce, secret.as_bytes());
    engine
        .store()
        .save_connection(shop.id, name, &sealed, engine.now())
        .await?;
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
    let pkcs8 = dopo_connect::mail::dkim::generate_rsa()
        .map_err(|error| anyhow::anyhow!("no key could be made: {error}"))?;
    let key = dopo_connect::mail::dkim::DkimKey::from_pkcs8(&domain, selector, &pkcs8)
        .map_err(|error| anyhow::anyhow!("the key cannot be used: {error}"))?;
    let pem = pem("PRIVATE KEY", &pkcs8);
    save_secret(engine, &shop, "dkim", &format!("{selector}\n{pem}")).await?;
    println!(
        "Publish this TXT record, then mails of {slug} are signed in a way that receivers can check:\n"
    );
    println!("{}\n{}", key.dns_name(), key.dns_record());
    Ok(())
}

/// The PEM form of DER bytes (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_without_dispute_body_or_identity_cannot_go_live() {
        let seller = Seller {
            legal_name: "Casa di Prova S.r.l.".into(),
            address: "Via Roma 1, 20121 Milano (MI)".into(),
            email: "info@example.com".into(),
            phone: "+39 02 0000000".into(),
            vat_number: "12345678903".into(),
            rea: "MI-1234567".into(),
            share_capital: None,
            adr: Some("Non aderiamo a organismi ADR".into()),
        };
        let refused = |settings: &ShopSettings| {
            checklist(settings, true, true)
                .iter()
                .any(|f| f.hard && !f.ok)
        };
        let good = ShopSettings::new("Casa di Prova", "ordini@example.com", seller.clone());
        assert!(!refused(&good));
        let no_adr = Seller {
            adr: None,
            ..seller.clone()
        };
        assert!(refused(&ShopSettings::new(
            "Casa di Prova",
            "ordini@example.com",
            no_adr
        )));
        let no_vat = Seller {
            vat_number: String::new(),
            ..seller
        };
        assert!(refused(&ShopSettings::new(
            "Casa di Prova",
            "ordini@example.com",
            no_vat
        )));
    }

    #[test]
    fn names_in_addresses_are_plain() {
        for good in ["casa", "casa-2", "a"] {
            assert!(check_slug(good).is_ok(), "{good}");
        }
        for bad in ["", "Casa", "ca sa", "-casa", "casa/", "càsa"] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
    }
}
