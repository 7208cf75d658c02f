//! `dopo doctor`: whether everything is in order.

use crate::config::Config;
use crate::mail::SmtpChannel;
use crate::wire::{Role, open_store};
use anyhow::Result;
use std::process::ExitCode;

/// `dopo doctor`
pub async fn run(config: &Config) -> Result<ExitCode> {
    let mut sound = true;
    let mut say = |ok: bool, text: String| {
        println!("{} {text}", if ok { "ok      " } else { "problem " });
        sound &= ok;
    };
    match open_store(&config.database_url, Role::Tool).await {
        Ok(store) => match store.check().await {
            Ok(()) => {
                say(
                    true,
                    "the database answers and has the right schema".to_owned(),
                );
                for shop in store.shops().await? {
                    let state = if shop.settings.is_live() {
                        "live"
                    } else {
                        "in trial: messages are captured"
                    };
                    say(true, format!("shop {} is {state}", shop.slug));
                }
                for (channel, due, later) in store.queue_depth(jiff::Timestamp::now()).await? {
                    say(
                        true,
                        format!("queue {}: {due} due, {later} later", channel.as_str()),
                    );
                }
            }
            Err(error) => say(false, format!("the database: {error}")),
        },
        Err(error) => say(false, format!("the database: {error:#}")),
    }
    match &config.smtp_url {
        None => say(
            true,
            "no mail server is set (DOPO_SMTP_URL): messages are captured".to_owned(),
        ),
        Some(url) => match SmtpChannel::new(url) {
            Err(error) => say(false, format!("the mail server: {error:#}")),
            Ok(channel) => match channel.check().await {
                Ok(()) => say(true, "the mail server answers".to_owned()),
                Err(error) => say(false, format!("the mail server: {error}")),
            },
        },
    }
    if config.master_key_file.exists() {
        say(
            true,
            format!(
                "the master key is in {}: keep a copy apart",
                config.master_key_file.display()
            ),
        );
    } else {
        say(
            true,
            format!(
                "the master key will be made in {} on first start",
                config.master_key_file.display()
            ),
        );
    }
    match &config.public_url {
        Some(url) if url.starts_with("https://") => {
            say(true, format!("customers reach the pages at {url}"))
        }
        Some(url) => say(
            false,
            format!("customers reach the pages at {url}, without TLS: put a TLS proxy in front"),
        ),
        None => say(
            true,
            "DOPO_PUBLIC_URL is not set: links in mails lead to this machine only".to_owned(),
        ),
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
