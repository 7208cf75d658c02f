//! `dopo migrate`, `dopo backup`, `dopo restore`.

use crate::config::Config;
use crate::wire::{Role, is_postgres, open_store};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// `dopo migrate`
pub async fn migrate(config: &Config) -> Result<()> {
    // Opening brings the schema up to date or says why it cannot.
    open_store(&config.database_url, Role::Tool)
        .await?
        .check()
        .await?;
    println!("The database schema is up to date.");
    Ok(())
}

/// `dopo backup`
pub async fn backup(config: &Config, file: &Path) -> Result<()> {
    if file.exists() {
        bail!("{} is there already: name a new file", file.display());
    }
    let store = open_store(&config.database_url, Role::Tool).await?;
    store
        .backup(file)
        .await
        .with_context(|| format!("the copy to {} failed", file.display()))?;
    println!(
        "{} holds a consistent copy of the database.",
        file.display()
    );
    println!(
        "Keep {} with it: without the master key its secrets and links cannot be read.",
        config.master_key_file.display()
    );
    Ok(())
}

/// `dopo restore`
pub async fn restore(config: &Config, file: &Path, force: bool) -> Result<()> {
    if !file.exists() {
        bail!("there is no file {}", file.display());
    }
    if is_postgres(&config.database_url) {
        dopo_postgres::restore(&config.database_url, file)
            .await
            .context("the copy was not put back")?;
    } else {
        dopo_sqlite::restore(
            file,
            std::path::Path::new(config.database_url.trim_start_matches("sqlite://")),
            force,
        )
        .context("the copy was not put back")?;
    }
    println!("The copy was put back. Start with `dopo serve`.");
    Ok(())
}
