//! `dopo messages` and `dopo why`.

use super::{engine, moment, shop};
use crate::cli::{MessagesArgs, WhyArgs};
use crate::config::Config;
use anyhow::{Result, bail};
use dopo_core::id::EffectId;
use dopo_core::italy::Locale;
use dopo_core::message::{Message, MessageStatus};
use dopo_engine::ports::MessageFilter;
use serde_json::{Value, json};

/// Messages read at once.
const PAGE_MESSAGES: usize = 1_000;
/// Messages of one person that are looked at for `dopo why`.
const WHY_MESSAGES_MAX: usize = 500;

/// `dopo messages`
pub async fn run(config: &Config, args: MessagesArgs, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    if let Some(id) = &args.replay {
        let id = parse_id(id)?;
        return if engine.store().requeue(shop.id, id, engine.now()).await? {
            println!("The message is back in the queue; the gate is asked again before it leaves.");
            Ok(())
        } else {
            bail!(
                "only a failed message or one in doubt can be put back; see `dopo messages --status failed`"
            )
        };
    }
    if let Some(id) = &args.show {
        let Some((message, rendering)) = engine.store().message(shop.id, parse_id(id)?).await?
        else {
            bail!("there is no such message");
        };
        println!("{}", serde_json::to_string_pretty(&as_json(&message))?);
        match rendering {
            Some(rendering) => match engine.render_message(shop.id, &rendering).await {
                Ok(body) => println!("\nSubject: {}\n\n{}", body.subject, body.text),
                Err(error) => bail!("it cannot be shown: {error}"),
            },
            None => println!("\nIt has not left yet, so there is nothing to show."),
        }
        return Ok(());
    }
    let mut filter = MessageFilter::default();
    if let Some(person) = &args.person {
        match engine.find_person(shop.id, person).await? {
            Some(found) => filter.customer = Some(found.id),
            None => bail!("nobody is known under this e-mail, phone or customer id"),
        }
    }
    if let Some(status) = &args.status {
        filter.status = MessageStatus::parse(status);
        if filter.status.is_none() {
            let names: Vec<&str> = MessageStatus::ALL
                .iter()
                .map(|status| status.as_str())
                .collect();
            bail!(
                "there is no status `{status}`; there are: {}",
                names.join(", ")
            );
        }
    }
    // The store lists so many at once at most: the rest comes page by page.
    let mut left = args.limit;
    while left > 0 {
        let page = engine
            .store()
            .messages(shop.id, &filter, left.min(PAGE_MESSAGES))
            .await?;
        let Some(last) = page.last().map(|message| message.id) else {
            break;
        };
        for message in &page {
            print(message, json);
        }
        left -= page.len();
        filter.before = Some(last);
    }
    Ok(())
}

fn print(message: &Message, json: bool) {
    if json {
        println!("{}", as_json(message));
    } else {
        println!(
            "{}  {}  {:16} {:6} {:26} {}",
            message.id,
            moment(message.decided_at),
            message.status.as_str(),
            message.channel().as_str(),
            format!("{}/{}", message.journey, message.send.step),
            explain(message, Locale::En)
        );
    }
}

/// `dopo why`
pub async fn why(config: &Config, args: WhyArgs, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    let shop = shop(&engine, &args.shop)?;
    let Some(person) = engine.find_person(shop.id, &args.person).await? else {
        bail!("nobody is known under this e-mail, phone or customer id");
    };
    let filter = MessageFilter {
        customer: Some(person.id),
        ..MessageFilter::default()
    };
    let messages = engine
        .store()
        .messages(shop.id, &filter, WHY_MESSAGES_MAX)
        .await?;
    let wanted = args.message.as_deref();
    let fits = |message: &Message| {
        wanted.is_none_or(|wanted| {
            message.send.template == wanted
                || message.send.step == wanted
                || message.journey == wanted
                || message.id.to_string() == wanted
        })
    };
    let mut any = false;
    for message in messages.iter().filter(|message| fits(message)) {
        any = true;
        if json {
            println!("{}", as_json(message));
            continue;
        }
        println!(
            "{}  {}/{}  ({}, {})",
            message.id,
            message.journey,
            message.send.step,
            message.channel().as_str(),
            message.send.purpose.as_str()
        );
        println!(
            "  decided {}   status {}",
            moment(message.decided_at),
            message.status.as_str()
        );
        println!("  {}", explain(message, Locale::It));
        println!("  {}", explain(message, Locale::En));
        if let Some(grant) = &message.grant {
            println!(
                "  evidence {}   opens {:?}   clicks {:?}",
                grant.evidence, grant.tracking_open, grant.tracking_click
            );
        }
        let after = [
            ("left", message.sent_at),
            ("opened", message.opened_at),
            ("clicked", message.clicked_at),
        ];
        for (what, at) in after {
            if let Some(at) = at {
                println!("  {what} {}", moment(at));
            }
        }
    }
    if !any {
        match wanted {
            Some(wanted) => println!(
                "No message `{wanted}` was ever decided for this person: no journey came to that step."
            ),
            None => println!("No message was ever decided for this person."),
        }
        if messages.is_empty() && person.purchases.orders == 0 {
            println!(
                "They have no paid order that stands; imported and old orders start no messages."
            );
        }
    }
    Ok(())
}

fn parse_id(text: &str) -> Result<EffectId> {
    match EffectId::parse(text) {
        Some(id) => Ok(id),
        None => bail!("a message id has 32 hexadecimal digits, as printed by `dopo messages`"),
    }
}

/// Why a message stands as it does, in one line.
pub fn explain(message: &Message, locale: Locale) -> String {
    let it = locale == Locale::It;
    let failure = message.failure.as_deref().unwrap_or_default();
    match message.status {
        MessageStatus::HeldBack | MessageStatus::LeftToPlatform => message
            .reason
            .map(|reason| reason.words(locale))
            .unwrap_or_default()
            .to_owned(),
        MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::InDoubt => {
            failure.to_owned()
        }
        MessageStatus::Queued
        | MessageStatus::Sending
        | MessageStatus::Sent
        | MessageStatus::Captured => {
            let basis = message
                .grant
                .as_ref()
                .map(|grant| grant.basis.words(locale))
                .unwrap_or_default();
            match message.reason {
                Some(reason) if message.status == MessageStatus::Queued => {
                    let until = moment(message.due_at);
                    if it {
                        format!("{basis} {} ({until})", reason.words(locale))
                    } else {
                        format!("{basis} {} (until {until})", reason.words(locale))
                    }
                }
                _ => basis.to_owned(),
            }
        }
    }
}

/// A message for scripts, with its reason in words.
fn as_json(message: &Message) -> Value {
    json!({
        "id": message.id,
        "customer": message.customer_id,
        "order": message.order_id,
        "journey": message.journey,
        "journey_version": message.journey_version,
        "step": message.send.step,
        "template": message.send.template,
        "channel": message.channel(),
        "purpose": message.send.purpose,
        "status": message.status,
        "decided_at": message.decided_at,
        "due_at": message.due_at,
        "sent_at": message.sent_at,
        "opened_at": message.opened_at,
        "clicked_at": message.clicked_at,
        "basis": message.grant.as_ref().map(|grant| grant.basis),
        "evidence": message.grant.as_ref().map(|grant| grant.evidence.clone()),
        "reason": message.reason,
        "words": {"it": explain(message, Locale::It), "en": explain(message, Locale::En)},
        "failure": message.failure,
        "attempts": message.attempts,
    })
}
