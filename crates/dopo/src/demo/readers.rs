//! The made people's answers to what they get: they open and click, later or never, where they agreed to be measured.
//!
//! Only events that a mail program or a browser would cause; the engine decides what may be recorded.

use anyhow::Result;
use dopo_core::consent::Channel;
use dopo_core::event::{Actor, Event, EventLine};
use dopo_core::id::ShopId;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::shop::TrackingMode;
use dopo_engine::Engine;
use dopo_engine::demo_shop::dice::Dice;
use dopo_engine::ports::MessageFilter;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashSet};

/// Messages looked at for new ones at a time.
const LOOK_BACK: usize = 500;
/// Mean simulated seconds between a mail and its opening.
const OPEN_SECONDS_MEAN: f64 = 9_000.0;
/// Share of measured mails that are opened, of those opened that are clicked, of those clicked that ask to be reminded.
const OPENS: f64 = 0.62;
const CLICKS: f64 = 0.38;
const REMINDERS: f64 = 0.3;
/// Share of measured mails whose image a mailbox provider fetches by itself.
const PROXIES: f64 = 0.25;

/// What the readers have seen and what they are about to do.
pub struct Readers {
    seed: u64,
    seen: HashSet<dopo_core::id::EffectId>,
    waiting: BTreeMap<(Timestamp, String), EventLine>,
}

impl Readers {
    /// Readers who have seen nothing yet.
    pub fn new(seed: u64) -> Self {
        Readers {
            seed,
            seen: HashSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Looks into the mailboxes and lets each reader make up their mind about what is new.
    pub async fn look(&mut self, engine: &Engine, shop: ShopId) -> Result<()> {
        let filter = MessageFilter {
            status: Some(MessageStatus::Captured),
            ..MessageFilter::default()
        };
        for message in engine.store().messages(shop, &filter, LOOK_BACK).await? {
            if self.seen.insert(message.id) {
                self.consider(&message);
            }
        }
        Ok(())
    }

    /// What they do up to now.
    pub fn due(&mut self, now: Timestamp) -> Vec<EventLine> {
        let later = self.waiting.split_off(&(now, "~".to_owned()));
        std::mem::replace(&mut self.waiting, later)
            .into_values()
            .collect()
    }

    fn consider(&mut self, message: &Message) {
        let (Some(sent_at), Some(grant)) = (message.sent_at, &message.grant) else {
            return;
        };
        if message.channel() != Channel::Email {
            return;
        }
        let id = message.id.0;
        let mut dice = Dice::new(self.seed, &[(id >> 64) as u64, id as u64, 5]);
        let measured = grant.tracking_open == TrackingMode::Identified;
        if measured && dice.chance(PROXIES) {
            let event = Event::MessageOpened {
                message: message.id,
                by: Actor::Proxy,
            };
            self.plan(message, "proxy", sent_at, 20.0, event);
        }
        let seconds = 300.0 + dice.waiting(OPEN_SECONDS_MEAN);
        if !dice.chance(OPENS) {
            return;
        }
        if measured {
            let event = Event::MessageOpened {
                message: message.id,
                by: Actor::Human,
            };
            self.plan(message, "open", sent_at, seconds, event);
        }
        if !dice.chance(CLICKS) {
            return;
        }
        let seconds = seconds + 15.0 + dice.waiting(60.0);
        if grant.tracking_click == TrackingMode::Identified {
            let event = Event::MessageClicked {
                message: message.id,
                link: 0,
                by: Actor::Human,
            };
            self.plan(message, "click", sent_at, seconds, event);
        }
        if message.send.coupon.is_some() && dice.chance(REMINDERS) {
            let event = Event::ReminderRequested {
                message: message.id,
            };
            self.plan(message, "remind", sent_at, seconds + 20.0, event);
        }
    }

    fn plan(
        &mut self,
        message: &Message,
        what: &str,
        sent_at: Timestamp,
        seconds: f64,
        event: Event,
    ) {
        let after = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO);
        let at = sent_at.checked_add(after).unwrap_or(sent_at);
        let id = format!("{what}-{:032x}", message.id.0);
        self.waiting
            .insert((at, id.clone()), EventLine { id, at, event });
    }
}
