//! `dopo figures` and `dopo tasks`.

use super::{engine, moment, shop};
use crate::cli::{FiguresArgs, ShopArg};
use crate::config::Config;
use anyhow::Result;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;
use std::collections::BTreeMap;

/// Tasks listed at once.
const TASKS_MAX: usize = 200;

/// `dopo figures`
pub async fn figures(config: &Config, args: FiguresArgs, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    let zone = TimeZone::get(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
    let to = zone.to_datetime(engine.now()).date();
    let from = to.checked_sub(args.days.clamp(0, 3_660).days())?;
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (key, n) in engine
        .store()
        .counters(shop.id, &args.prefix, from, to)
        .await?
    {
        if json {
            println!(
                "{}",
                json!({"day": key.day, "metric": key.metric, "dim": key.dim, "n": n})
            );
        }
        *sums
            .entry((key.metric.into_owned(), key.dim.into_owned()))
            .or_default() += n;
    }
    if !json {
        println!("From {from} to {to}:");
        for ((metric, dim), n) in sums {
            println!("{n:>14}  {metric:28} {dim}");
        }
    }
    Ok(())
}

/// `dopo tasks`
pub async fn tasks(config: &Config, named: ShopArg, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &named)?;
    for row in engine.store().tasks(shop.id, true, TASKS_MAX).await? {
        let task = &row.task.task;
        if json {
            println!(
                "{}",
                json!({"id": row.task.effect, "customer": row.task.customer_id, "opened_at": row.task.opened_at, "due_at": task.due_at, "kind": task.kind, "title": task.title})
            );
        } else {
            let due = task
                .due_at
                .map(|at| format!("due {}", moment(at)))
                .unwrap_or_default();
            println!(
                "{}  {:20} {}  {due}",
                moment(row.task.opened_at),
                task.kind,
                task.title
            );
        }
    }
    Ok(())
}
