//! Outgoing webhooks by the Standard Webhooks specification: signed, tried again with growing waits, kept for replay.

use super::facts::{self, Fact};
use super::{Actor, Desk};
use crate::ports::{
    DeliveryOutcome, DeliveryRow, DeliveryStatus, PLATFORM, Post, Posted, Receivers, StoreError,
    WEBHOOK_ATTEMPTS_MAX, WEBHOOK_CLAIM_MAX, WebhookRow,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_core::id::ShopId;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Every kind of event that is told.
pub const KINDS: [&str; 10] = [
    "order.placed",
    "order.cancelled",
    "parcel.updated",
    "message.sent",
    "message.held_back",
    "message.failed",
    "consent.changed",
    "customer.forgotten",
    "task.opened",
    "test",
];
/// Seconds before the second, third… attempt, as Standard Webhooks proposes.
const WAITS_S: [i64; 9] = [
    5,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];
/// A wait is up to so many percent longer, so that many deliveries do not come back at once.
const JITTER_PERCENT: u128 = 20;
/// Longest wait that a `Retry-After` can ask for, in seconds.
const RETRY_AFTER_S_MAX: i64 = 24 * 3_600;
/// How long a claimed delivery is hidden from other workers, in seconds: longer than an attempt takes.
const HIDDEN_S: i64 = 60;
/// How often the queue is looked at when nobody rings.
const POLL: Duration = Duration::from_millis(500);
/// How often the webhooks themselves are read.
const REFRESH: Duration = Duration::from_secs(2);
/// How often old deliveries are deleted.
const PRUNE: Duration = Duration::from_secs(3_600);
/// Random bytes of a signing secret.
const SECRET_BYTES: usize = 24;
/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 2_000;

/// Why a change to webhooks was refused.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address may not be asked.
    #[error("{0}")]
    BadUrl(String),
    /// No such kind.
    #[error("there is no kind of event `{0}`")]
    BadKind(String),
    /// As many as there may be.
    #[error("a shop may have 20 webhooks: remove one first")]
    TooMany,
    /// No such webhook or delivery.
    #[error("there is no such webhook here")]
    NotFound,
}

/// A webhook with what became of its latest deliveries.
pub struct WebhookHealth {
    /// The webhook.
    pub webhook: WebhookRow,
    /// Its latest delivery.
    pub last: Option<DeliveryRow>,
    /// Deliveries that wait (counted up to 200).
    pub waiting: usize,
    /// Deliveries given up (counted up to 200).
    pub failed: usize,
}

impl Desk {
    /// The webhooks of a shop and how they do.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn webhooks(&self, shop: ShopId) -> Result<Vec<WebhookHealth>, StoreError> {
        let store = &self.engine.store;
        let mut out = Vec::new();
        for webhook in store.webhooks(shop).await? {
            let count = async |status| {
                let rows = store
                    .deliveries(
                        shop,
                        webhook.id,
                        Some(status),
                        None,
                        crate::ports::PAGE_ROWS_MAX,
                    )
                    .await;
                rows.map(|rows| rows.len())
            };
            let last = store.deliveries(shop, webhook.id, None, None, 1).await?;
            let waiting = count(DeliveryStatus::Waiting).await?;
            let failed = count(DeliveryStatus::Failed).await?;
            out.push(WebhookHealth {
                last: last.into_iter().next(),
                waiting,
                failed,
                webhook,
            });
        }
        Ok(out)
    }

    async fn webhook(&self, shop: ShopId, id: i64) -> Result<WebhookRow, WebhookError> {
        let all = self.engine.store.webhooks(shop).await?;
        all.into_iter()
            .find(|webhook| webhook.id == id)
            .ok_or(WebhookError::NotFound)
    }

    /// Reads a shop's webhooks again, so that facts of this moment already know them.
    async fn hear_again(&self, shop: ShopId) -> Result<(), StoreError> {
        let hooks = self.engine.store.webhooks(shop).await?;
        self.engine.outbox.set(shop, hooks);
        Ok(())
    }

    fn check_url(&self, url: &str) -> Result<(), WebhookError> {
        if url.len() > URL_BYTES_MAX {
            return Err(WebhookError::BadUrl(format!(
                "an address has at most {URL_BYTES_MAX} bytes"
            )));
        }
        self.outward.poster.check(url).map_err(WebhookError::BadUrl)
    }

    /// Adds a webhook. Gives it with its secret, which is shown this once.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn add_webhook(
        &self,
        shop: ShopId,
        url: &str,
        kinds: Vec<String>,
        actor: &Actor,
    ) -> Result<(WebhookRow, String), WebhookError> {
        self.check_url(url)?;
        check_kinds(&kinds)?;
        let mut random = [0; SECRET_BYTES];
        self.engine.entropy.fill(&mut random);
        let secret = format!("whsec_{}", STANDARD.encode(random));
        let mut nonce = [0; 24];
        self.engine.entropy.fill(&mut nonce);
        let mut row = WebhookRow {
            id: 0,
            url: url.to_owned(),
            kinds,
            secret: self.engine.key.seal(shop, nonce, secret.as_bytes()),
            active: true,
            created_at: self.engine.now(),
        };
        row.id = match self.engine.store.save_webhook(shop, &row).await {
            Ok(id) => id,
            Err(StoreError::Conflict(_)) => return Err(WebhookError::TooMany),
            Err(error) => return Err(error.into()),
        };
        self.hear_again(shop).await?;
        self.audit(
            shop,
            actor,
            "webhook.made",
            &format!("webhook/{}", row.id),
            json!({"kinds": row.kinds}),
        )
        .await?;
        Ok((row, secret))
    }

    /// Changes a webhook; its secret stays.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn change_webhook(
        &self,
        shop: ShopId,
        id: i64,
        url: Option<String>,
        kinds: Option<Vec<String>>,
        active: Option<bool>,
        actor: &Actor,
    ) -> Result<WebhookRow, WebhookError> {
        let mut row = self.webhook(shop, id).await?;
        if let Some(url) = url {
            self.check_url(&url)?;
            row.url = url;
        }
        if let Some(kinds) = kinds {
            check_kinds(&kinds)?;
            row.kinds = kinds;
        }
        row.active = active.unwrap_or(row.active);
        self.engine.store.save_webhook(shop, &row).await?;
        self.hear_again(shop).await?;
        self.audit(
            shop,
            actor,
            "webhook.changed",
            &format!("webhook/{id}"),
            json!({"kinds": row.kinds, "active": row.active}),
        )
        .await?;
        Ok(row)
    }

    /// Removes a webhook and what waits for it.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`].
    pub async fn delete_webhook(
        &self,
        shop: ShopId,
        id: i64,
        actor: &Actor,
    ) -> Result<(), WebhookError> {
        if !self.engine.store.delete_webhook(shop, id).await? {
            return Err(WebhookError::NotFound);
        }
        self.hear_again(shop).await?;
        self.audit(
            shop,
            actor,
            "webhook.deleted",
            &format!("webhook/{id}"),
            json!({}),
        )
        .await?;
        Ok(())
    }

    /// Queues a test event for one webhook.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`].
    pub async fn test_webhook(
        &self,
        shop: ShopId,
        id: i64,
        actor: &Actor,
    ) -> Result<(), WebhookError> {
        self.webhook(shop, id).await?;
        let fact = Fact {
            id: format!("test-{:032x}", self.engine.entropy.u128()),
            kind: "test",
            at: self.engine.now(),
            data: json!({"message": "Ciao da Dopo · Hello from Dopo"}),
        };
        let slug = self
            .engine
            .shop(shop)
            .map(|shop| shop.slug.clone())
            .unwrap_or_default();
        let body = facts::body_of(&slug, &fact);
        let word = facts::word(shop, id, &fact, body, self.engine.clock.pulse());
        let row = DeliveryRow::waiting(shop, &word);
        self.engine.store.add_deliveries(&[row]).await?;
        self.engine.outbox.bell.notify_one();
        self.audit(
            shop,
            actor,
            "webhook.tested",
            &format!("webhook/{id}"),
            json!({}),
        )
        .await?;
        Ok(())
    }

    /// Deliveries to a webhook, newest first.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`].
    pub async fn deliveries(
        &self,
        shop: ShopId,
        webhook: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, WebhookError> {
        self.webhook(shop, webhook).await?;
        let store = &self.engine.store;
        Ok(store
            .deliveries(shop, webhook, status, before, limit)
            .await?)
    }

    /// Words to the shop's own platform about its parcels, newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn write_backs(
        &self,
        shop: ShopId,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let store = &self.engine.store;
        store
            .deliveries(shop, PLATFORM, status, before, limit)
            .await
    }

    /// Puts a delivery, or a word to the shop's platform, back into the queue with the same event id.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`].
    pub async fn replay_delivery(
        &self,
        shop: ShopId,
        id: i64,
        actor: &Actor,
    ) -> Result<(), WebhookError> {
        let now = self.engine.clock.pulse();
        if !self.engine.store.requeue_delivery(shop, id, now).await? {
            return Err(WebhookError::NotFound);
        }
        self.engine.outbox.bell.notify_one();
        self.engine.fleet.words.notify_one();
        self.audit(
            shop,
            actor,
            "webhook.replayed",
            &format!("delivery/{id}"),
            json!({}),
        )
        .await?;
        Ok(())
    }

    /// Reads the webhooks of all shops.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn hear_all(&self) -> Result<(), StoreError> {
        for shop in self.engine.shops() {
            self.hear_again(shop.id).await?;
        }
        Ok(())
    }

    /// Claims what is due and tries it once. Returns how many were tried.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn deliver_once(self: &Arc<Self>) -> Result<usize, StoreError> {
        let now = self.engine.clock.pulse();
        let hidden = now + SignedDuration::from_secs(HIDDEN_S);
        let store = &self.engine.store;
        let claimed = store
            .claim_deliveries(Receivers::Webhooks, now, hidden, WEBHOOK_CLAIM_MAX)
            .await?;
        if claimed.is_empty() {
            return Ok(0);
        }
        let count = claimed.len();
        let mut tries = JoinSet::new();
        for row in claimed {
            let desk = Arc::clone(self);
            tries.spawn(async move { desk.attempt(row).await });
        }
        let mut outcomes = Vec::with_capacity(count);
        while let Some(done) = tries.join_next().await {
            match done {
                Ok(Ok(outcome)) => outcomes.push(outcome),
                Ok(Err(error)) => {
                    tracing::error!(%error, "a webhook could not be read: its delivery is tried again");
                }
                Err(error) => tracing::error!(%error, "an outgoing webhook ended badly"),
            }
        }
        store.finish_deliveries(&outcomes).await?;
        Ok(count)
    }

    async fn attempt(&self, row: DeliveryRow) -> Result<DeliveryOutcome, StoreError> {
        let outcome = |status, due_at, code, error: Option<String>| DeliveryOutcome {
            shop: row.shop,
            id: row.id,
            status,
            due_at,
            code,
            error,
        };
        let now = self.engine.clock.pulse();
        let gave_up = |why: &str| outcome(DeliveryStatus::Failed, now, None, Some(why.to_owned()));
        let hook = match self.webhook(row.shop, row.webhook).await {
            Ok(hook) => hook,
            Err(WebhookError::Store(error)) => return Err(error),
            Err(_) => return Ok(gave_up("the webhook was removed")),
        };
        if !hook.active {
            return Ok(gave_up("the webhook is switched off"));
        }
        let Ok(secret) = self.engine.key.open(row.shop, &hook.secret) else {
            return Ok(gave_up(
                "its secret cannot be opened with this master key: make the webhook anew",
            ));
        };
        let Some(signature) = sign(&secret, &row.event_id, now, &row.body) else {
            return Ok(gave_up("its secret is no secret: make the webhook anew"));
        };
        let post = Post {
            url: hook.url.clone(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("webhook-id", row.event_id.clone()),
                ("webhook-timestamp", now.as_second().to_string()),
                ("webhook-signature", signature),
            ],
            body: row.body.clone(),
        };
        let posted = self.outward.poster.post(post).await;
        let label = match &posted {
            Posted::Answered {
                code: 200..=299, ..
            } => "done",
            Posted::Answered { .. } => "refused",
            Posted::Refused(_) => "forbidden",
            Posted::Unreached(_) => "unreached",
        };
        metrics::counter!("dopo_webhook_attempts_total", "outcome" => label).increment(1);
        let again = |code: Option<u16>, asked: Option<Duration>, why: String| {
            if row.attempts + 1 >= WEBHOOK_ATTEMPTS_MAX {
                return outcome(DeliveryStatus::Failed, now, code, Some(why));
            }
            let due_at = next_attempt(now, row.attempts, asked, self.engine.entropy.u128());
            outcome(DeliveryStatus::Waiting, due_at, code, Some(why))
        };
        Ok(match posted {
            Posted::Answered {
                code: code @ 200..=299,
                ..
            } => outcome(DeliveryStatus::Done, now, Some(code), None),
            Posted::Answered { code: 410, .. } => {
                self.switch_off(row.shop, hook).await?;
                outcome(
                    DeliveryStatus::Failed,
                    now,
                    Some(410),
                    Some("the receiver is gone for good: the webhook was switched off".to_owned()),
                )
            }
            Posted::Answered { code, retry_after } => {
                again(Some(code), retry_after, format!("answered {code}"))
            }
            Posted::Refused(why) => outcome(DeliveryStatus::Failed, now, None, Some(why)),
            Posted::Unreached(why) => again(None, None, why),
        })
    }

    async fn switch_off(&self, shop: ShopId, mut hook: WebhookRow) -> Result<(), StoreError> {
        hook.active = false;
        self.engine.store.save_webhook(shop, &hook).await?;
        self.hear_again(shop).await?;
        self.audit(
            shop,
            &Actor::dopo(),
            "webhook.changed",
            &format!("webhook/{}", hook.id),
            json!({"active": false, "why": 410}),
        )
        .await
    }
}

fn check_kinds(kinds: &[String]) -> Result<(), WebhookError> {
    for kind in kinds {
        let family = kind.strip_suffix('*').filter(|f| f.ends_with('.'));
        let known = KINDS.contains(&kind.as_str())
            || family.is_some_and(|family| KINDS.iter().any(|known| known.starts_with(family)));
        if !known {
            return Err(WebhookError::BadKind(kind.chars().take(60).collect()));
        }
    }
    Ok(())
}

/// When to try again after `attempts` earlier ones have failed and one more.
fn next_attempt(now: Timestamp, attempts: u16, asked: Option<Duration>, random: u128) -> Timestamp {
    let wait = WAITS_S[usize::from(attempts).min(WAITS_S.len() - 1)];
    let most = u128::from(wait.unsigned_abs()) * 1_000 * JITTER_PERCENT / 100;
    let jitter_ms = i64::try_from(random % (most + 1)).unwrap_or(0);
    let asked = asked.map_or(0, |asked| {
        i64::try_from(asked.as_secs()).unwrap_or(RETRY_AFTER_S_MAX)
    });
    let wait_ms = (wait * 1_000 + jitter_ms).max(asked.min(RETRY_AFTER_S_MAX) * 1_000);
    now.checked_add(SignedDuration::from_millis(wait_ms))
        .unwrap_or(Timestamp::MAX)
}

/// `v1,` and the HMAC-SHA-256 over `id.timestamp.body`; `None` when that is no secret.
fn sign(secret: &[u8], id: &str, at: Timestamp, body: &str) -> Option<String> {
    let text = std::str::from_utf8(secret).ok()?;
    let key = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{}.", at.as_second()).as_bytes());
    mac.update(body.as_bytes());
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// Delivers until `stop` turns true; what is in hand is seen through.
pub async fn run(desk: Arc<Desk>, mut stop: watch::Receiver<bool>) {
    let (mut read_at, mut pruned_at) = (None::<tokio::time::Instant>, None);
    while !*stop.borrow() {
        let past =
            |at: Option<tokio::time::Instant>, span| at.is_none_or(|at| at.elapsed() >= span);
        if past(read_at, REFRESH) {
            if let Err(error) = desk.hear_all().await {
                tracing::error!(%error, "webhooks could not be read");
            }
            read_at = Some(tokio::time::Instant::now());
        }
        if past(pruned_at, PRUNE) {
            if let Err(error) = desk
                .engine
                .store
                .prune_deliveries(desk.engine.clock.pulse())
                .await
            {
                tracing::error!(%error, "old deliveries could not be deleted");
            }
            pruned_at = Some(tokio::time::Instant::now());
        }
        let tried = match desk.deliver_once().await {
            Ok(tried) => tried,
            Err(error) => {
                tracing::error!(%error, "outgoing webhooks could not be claimed or recorded");
                0
            }
        };
        if tried == 0 {
            tokio::select! {
                () = desk.engine.outbox.bell.notified() => {}
                stopped = crate::worker::pause(&mut stop, POLL) => if stopped { return },
            }
        }
    }
}

/// A delivery's body as JSON, for showing.
pub fn body_json(row: &DeliveryRow) -> Value {
    serde_json::from_str(&row.body).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the Standard Webhooks specification's reference implementations.
        let at = Timestamp::from_second(1_614_265_330).expect("a moment");
        let signed = sign(
            b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at,
            "{\"test\": 2432232314}",
        );
        assert_eq!(
            signed.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
        assert_eq!(sign(b"plain", "a", at, "{}"), None);
    }

    #[test]
    fn waits_grow_to_a_day_and_a_receiver_may_ask_for_more_but_not_for_ever() {
        let now = Timestamp::UNIX_EPOCH;
        let wait = |n, asked| (next_attempt(now, n, asked, 0) - now).total(jiff::Unit::Second);
        assert_eq!(wait(0, None).expect("a span"), 5.0);
        assert_eq!(wait(8, None).expect("a span"), 86_400.0);
        assert_eq!(
            wait(0, Some(Duration::from_secs(120))).expect("a span"),
            120.0
        );
        assert_eq!(wait(0, Some(Duration::MAX)).expect("a span"), 86_400.0);
        let most = next_attempt(now, 0, None, 1_000);
        assert!(most <= now + SignedDuration::from_secs(6));
    }

    #[test]
    fn kinds_are_known_ones_or_their_families() {
        let kinds = |kinds: &[&str]| {
            check_kinds(&kinds.iter().map(|k| (*k).to_owned()).collect::<Vec<_>>()).is_ok()
        };
        assert!(kinds(&[]) && kinds(&["order.placed", "message.*"]));
        assert!(!kinds(&["order"]) && !kinds(&["*"]) && !kinds(&["nothing.*"]));
    }
}
