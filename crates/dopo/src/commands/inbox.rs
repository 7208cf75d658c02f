//! `dopo inbox`: raw events, failures, replay.

use super::{engine, moment, shop};
use crate::cli::InboxArgs;
use crate::config::Config;
use crate::hooks::Connectors;
use anyhow::{Context, Result, bail};
use dopo_core::advance::Shop;
use dopo_core::id::InboxId;
use dopo_engine::Engine;
use dopo_engine::ports::{InboxRow, InboxStatus, IntakeOutcome};
use serde_json::json;

/// Failed rows replayed in one go.
const REPLAY_MAX: usize = 10_000;

/// `dopo inbox`
pub async fn run(config: &Config, args: InboxArgs, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    if let Some(id) = args.show {
        let row = row(&engine, &shop, id).await?;
        print(&row, json);
        match &row.body {
            Some(sealed) => println!(
                "\n{}",
                String::from_utf8_lossy(&engine.key().open(shop.id, sealed)?)
            ),
            None => println!("\nIts body is not kept any more (raw bodies are kept for 7 days)."),
        }
        return Ok(());
    }
    if let Some(id) = args.replay {
        let row = row(&engine, &shop, id).await?;
        println!("{}", replay(&engine, &shop, &row).await?);
        return Ok(());
    }
    if args.replay_failed {
        let failed = engine
            .store()
            .inbox(shop.id, Some(InboxStatus::Failed), None, REPLAY_MAX)
            .await?;
        let mut done = 0;
        // Oldest first, as they came.
        for row in failed.iter().rev() {
            match replay(&engine, &shop, row).await {
                Ok(outcome) => {
                    done += 1;
                    println!("{}  {outcome}", row.id);
                }
                Err(error) => println!("{}  {error:#}", row.id),
            }
        }
        println!("{done} of {} were taken in again.", failed.len());
        return Ok(());
    }
    let status = match &args.status {
        None => None,
        Some(name) => match InboxStatus::parse(name) {
            Some(status) => Some(status),
            None => bail!("there is no status `{name}`; there are: done, ignored, waiting, failed"),
        },
    };
    for row in engine
        .store()
        .inbox(shop.id, status, None, args.limit)
        .await?
    {
        print(&row, json);
    }
    Ok(())
}

async fn row(engine: &Engine, shop: &Shop, id: i64) -> Result<InboxRow> {
    engine
        .store()
        .inbox_row(shop.id, InboxId(id))
        .await?
        .context("there is no raw event with this id")
}

fn print(row: &InboxRow, json: bool) {
    let note = row.note.as_deref().unwrap_or_default();
    if json {
        println!(
            "{}",
            json!({"id": row.id, "source": row.source, "external_id": row.external_id, "topic": row.topic, "received_at": row.received_at, "status": row.status.as_str(), "note": row.note})
        );
    } else {
        println!(
            "{}  {}  {:8} {:12} {:28} {note}",
            row.id,
            moment(row.received_at),
            row.status.as_str(),
            row.source,
            row.topic
        );
    }
}

/// Translates a stored body again, with what the program knows today, and takes it in.
async fn replay(engine: &Engine, shop: &Shop, row: &InboxRow) -> Result<String> {
    Ok(match engine.replay_row(&Connectors, shop, row).await? {
        IntakeOutcome::Accepted => "taken in".to_owned(),
        IntakeOutcome::Repeated => "it had been taken in already".to_owned(),
        IntakeOutcome::Kept(why) => format!("still cannot be used: {why}"),
    })
}
