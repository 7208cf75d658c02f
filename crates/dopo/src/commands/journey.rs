//! `dopo journey` and `dopo template`.

use super::{engine, shop};
use crate::cli::{JourneyCommand, TemplateCommand};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use dopo_core::journey::check::{Diagnostic, Severity, check};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Longest journey document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 256 * 1_024;

/// Reads a journey document.
pub fn read_document(file: &Path) -> Result<String> {
    let length = std::fs::metadata(file)
        .with_context(|| format!("could not read {}", file.display()))?
        .len();
    if length > DOCUMENT_BYTES_MAX {
        bail!(
            "{} is larger than {DOCUMENT_BYTES_MAX} bytes: a journey is a short document",
            file.display()
        );
    }
    std::fs::read_to_string(file)
        .with_context(|| format!("could not read {} as text", file.display()))
}

/// Names of the built-in templates, for checking documents without a shop.
pub fn library_templates() -> Vec<String> {
    let mut names: Vec<String> = dopo_engine::library::templates()
        .into_iter()
        .map(|template| template.name)
        .collect();
    names.sort();
    names.dedup();
    names
}

fn print(file: &Path, diagnostics: &[Diagnostic], json: bool) {
    for d in diagnostics {
        let severity = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        if json {
            println!(
                "{}",
                json!({"severity": severity, "line": d.line, "column": d.column, "code": d.code, "it": d.it, "en": d.en})
            );
        } else {
            println!(
                "{}:{}:{}: {severity} [{}] {}",
                file.display(),
                d.line,
                d.column,
                d.code,
                d.en
            );
        }
    }
}

/// `dopo journey …`
pub async fn run(config: &Config, command: JourneyCommand, json: bool) -> Result<ExitCode> {
    match command {
        JourneyCommand::Check { file } => {
            let templates = library_templates();
            let names: Vec<&str> = templates.iter().map(String::as_str).collect();
            let (journey, diagnostics) = check(&read_document(&file)?, &names);
            print(&file, &diagnostics, json);
            match journey {
                Some(journey) => {
                    eprintln!("{}: {} nodes, in order.", journey.id, journey.nodes.len());
                    Ok(ExitCode::SUCCESS)
                }
                None => Ok(ExitCode::FAILURE),
            }
        }
        JourneyCommand::Publish { file, shop: named } => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            let text = read_document(&file)?;
            let stored = engine.store().templates(shop.id).await?;
            let names: Vec<&str> = stored
                .iter()
                .map(|template| template.name.as_str())
                .collect();
            let (journey, diagnostics) = check(&text, &names);
            print(&file, &diagnostics, json);
            let Some(journey) = journey else {
                return Ok(ExitCode::FAILURE);
            };
            let version = engine
                .store()
                .publish_journey(shop.id, &journey, &text, true)
                .await?;
            println!(
                "{} is published as version {version}; runs that have begun keep theirs.",
                journey.id
            );
            Ok(ExitCode::SUCCESS)
        }
        JourneyCommand::List(named) => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            for row in engine.store().journeys(shop.id).await? {
                let state = if row.current { "on" } else { "" };
                if json {
                    println!(
                        "{}",
                        json!({"journey": row.journey.id, "version": row.journey.version, "current": row.current, "name": row.journey.name_it})
                    );
                } else {
                    println!(
                        "{:24} v{:<3} {state:3}  {}",
                        row.journey.id, row.journey.version, row.journey.name_it
                    );
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        JourneyCommand::Ready(named) => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            let ready = dopo_engine::library::ready_for(&shop)?;
            if ready.is_empty() && !json {
                println!("{} has all built-in journeys.", shop.slug);
            }
            for (journey, _) in ready {
                if json {
                    println!(
                        "{}",
                        json!({"journey": journey.id, "name": journey.name_it})
                    );
                } else {
                    println!("{:24} {}", journey.id, journey.name_it);
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        JourneyCommand::Add { id, shop: named } => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            let added = dopo_engine::library::add_ready(engine.store(), &shop, &id).await?;
            let Some(journey) = added else {
                bail!(
                    "{} has `{id}` already, or there is no such built-in journey: `dopo journey ready` lists them",
                    shop.slug
                )
            };
            println!(
                "{} is added, switched off: `dopo journey on {}` lets new runs begin.",
                journey.id, journey.id
            );
            Ok(ExitCode::SUCCESS)
        }
        JourneyCommand::On { id, shop: named } => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            let newest = shop
                .journeys
                .keys()
                .filter(|(name, _)| *name == id)
                .map(|(_, version)| *version)
                .max();
            let Some(version) = newest else {
                bail!("{} has no journey `{id}`", shop.slug)
            };
            engine
                .store()
                .set_current_journey(shop.id, &id, Some(version))
                .await?;
            println!("{id} is on: new runs begin with version {version}.");
            Ok(ExitCode::SUCCESS)
        }
        JourneyCommand::Off { id, shop: named } => {
            let engine = engine(config).await?;
            let shop = shop(&engine, &named)?;
            if !shop.journeys.keys().any(|(name, _)| *name == id) {
                bail!("{} has no journey `{id}`", shop.slug);
            }
            engine
                .store()
                .set_current_journey(shop.id, &id, None)
                .await?;
            println!("{id} is off: no new runs begin, running ones go on.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `dopo template …`
pub async fn templates(config: &Config, command: TemplateCommand, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    match command {
        TemplateCommand::List(named) => {
            let shop = shop(&engine, &named)?;
            let mut newest: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
            for row in engine.store().templates(shop.id).await? {
                newest
                    .entry(row.name)
                    .or_default()
                    .push((row.locale, row.version));
            }
            for (name, languages) in newest {
                if json {
                    println!("{}", json!({"template": name, "languages": languages}));
                } else {
                    let languages: Vec<String> = languages
                        .iter()
                        .map(|(tag, version)| format!("{tag} v{version}"))
                        .collect();
                    println!("{name:24} {}", languages.join(", "));
                }
            }
        }
        TemplateCommand::PublishDefaults(named) => {
            let shop = shop(&engine, &named)?;
            dopo_engine::library::publish_defaults(engine.store(), shop.id).await?;
            println!("The built-in journeys and templates are published again as next versions.");
        }
    }
    Ok(())
}
