//! The store: facts, queue and record in one database.

use crate::ports::console::{ConsoleStore, DeliveryRow};
use crate::ports::links::LinkStore;
use crate::ports::tracking::CourierStore;
use async_trait::async_trait;
use dopo_core::advance::{LedgerRow, Loaded, Task, Writes};
use dopo_core::cart::Cart;
use dopo_core::consent::Channel;
use dopo_core::counter::{CounterKey, Counters};
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, IdentityKey};
use dopo_core::event::Arrival;
use dopo_core::gate::{Grant, Reason};
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId, ShopId};
use dopo_core::italy::{Locale, clean_line};
use dopo_core::journey::{Journey, Run};
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::Order;
use dopo_core::product::Product;
use dopo_core::shop::ShopSettings;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Intakes in one transaction at most.
pub const INTAKES_PER_COMMIT_MAX: usize = 500;
/// Due runs in one transaction at most.
pub const DUE_PER_COMMIT_MAX: usize = 200;
/// Messages claimed at once at most: the bound of what a kill can leave in doubt, per claim.
pub const CLAIM_MAX: usize = 64;
/// Seconds without a heartbeat after which a node counts as dead and its hand-overs are in doubt.
pub const NODE_SILENCE_SECONDS_MAX: i64 = 6;
/// Days for which an intake's external id is remembered.
pub const SEEN_DAYS: i64 = 30;
/// Days for which raw bodies are kept (PRIV-22).
pub const RAW_DAYS: i64 = 7;
/// Days whose counters are read at once: ten years.
pub const COUNTER_DAYS_MAX: usize = 3_700;

/// The days from one to another, both included, whose counters shall be read.
///
/// # Errors
/// When there are more than [`COUNTER_DAYS_MAX`].
pub fn counter_days(from: Date, to: Date) -> Result<Vec<Date>, StoreError> {
    let days: Vec<Date> = from
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= to)
        .take(COUNTER_DAYS_MAX + 1)
        .collect();
    if days.len() > COUNTER_DAYS_MAX {
        return Err(StoreError::Rejected(format!(
            "from {from} to {to} are more than {COUNTER_DAYS_MAX} days: ask for fewer"
        )));
    }
    Ok(days)
}

/// The first text after all metrics that begin with `prefix`, in order of bytes.
pub fn counters_end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// What a caller can do about a failed call.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away or busy: try again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Somebody else was first: read again.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The database refuses this and will again.
    #[error("the database refused: {0}")]
    Rejected(String),
    /// The schema is of another version than this program knows.
    #[error("{0}")]
    Schema(String),
}

/// One thing that came in: a webhook delivery, an API event, a page's form, an internal event.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Id of its inbox row.
    pub id: InboxId,
    /// Who sent it (`shopify`, `woocommerce`, `events`, `api`, `import`, `pages`, `engine`).
    pub source: String,
    /// The sender's id: unique with shop and source, remembered for [`SEEN_DAYS`].
    pub external_id: String,
    /// The sender's topic, or the kind of event.
    pub topic: String,
    /// When it came.
    pub received_at: Timestamp,
    /// The raw body, sealed; `None` where none is kept (imports, internal events).
    pub body: Option<Vec<u8>>,
    /// What it means: nothing, one or several events.
    pub arrivals: Vec<Arrival>,
    /// Why it means nothing, in words; with `failed` set it can be replayed.
    pub note: Option<String>,
    /// It could not be understood.
    pub failed: bool,
    /// It is a replay of the inbox row `id`: not de-duplicated, its row is updated.
    pub replay: bool,
}

/// What became of an intake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntakeOutcome {
    /// Stored and acted upon.
    Accepted,
    /// It had come before: nothing happened.
    Repeated,
    /// Stored and kept for the operator: it could not be used, for this reason.
    Kept(String),
}

/// Decides a batch of arrivals; pure. Called inside the transaction with the facts locked.
pub type DecideArrivals = Arc<dyn Fn(Loaded, Vec<Arrival>) -> Writes + Send + Sync>;
/// Decides a batch of due runs; pure. Called inside the transaction with the facts locked.
pub type DecideDue = Arc<dyn Fn(Loaded, Vec<RunId>) -> Writes + Send + Sync>;

/// A message claimed for hand-over, with the facts to ask the gate again and to render.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Whose shop.
    pub shop: ShopId,
    /// The message, `status` already [`MessageStatus::Sending`].
    pub message: Message,
    /// To whom, as known now.
    pub customer: Customer,
    /// About which order, as known now.
    pub order: Option<Order>,
    /// About which cart, as known now.
    pub cart: Option<Cart>,
    /// It may have been handed over before a crash: same Message-ID again.
    pub repeated: bool,
}

/// What a message was made of, so that it can be shown again exactly as it was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Rendering {
    /// Template.
    pub template: String,
    /// Its version.
    pub template_version: u32,
    /// Language, `it` or `en`.
    pub locale: String,
    /// What was put in.
    pub context: serde_json::Value,
    /// SHA-256 of subject, text and HTML, hexadecimal.
    pub sha256: String,
}

/// What became of a claimed message.
#[derive(Clone, PartialEq, Debug)]
pub enum Finish {
    /// The channel accepted it (or it was captured: `captured`).
    Sent {
        /// When.
        at: Timestamp,
        /// Kept in the captured mailbox instead of sent.
        captured: bool,
        /// The gate's word at that moment.
        grant: Grant,
        /// What it was made of.
        rendering: Rendering,
    },
    /// The gate said no this time.
    HeldBack {
        /// Why.
        why: Reason,
    },
    /// The gate said later.
    Deferred {
        /// When to claim it again.
        until: Timestamp,
        /// Why.
        why: Reason,
    },
    /// The channel said later.
    Retry {
        /// When to claim it again.
        at: Timestamp,
        /// Why, redacted.
        why: String,
    },
    /// It will never leave. A dead letter: an operator can see and replay it.
    Failed {
        /// Why, redacted.
        why: String,
    },
    /// The connection broke between hand-over and answer, and its purpose is not repeated.
    InDoubt {
        /// What happened, redacted.
        why: String,
    },
}

/// A finished claim.
#[derive(Clone, PartialEq, Debug)]
pub struct Finished {
    /// Whose shop.
    pub shop: ShopId,
    /// Which message.
    pub message: EffectId,
    /// What became of it.
    pub finish: Finish,
}

/// What was found in doubt when a node died.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Recovered {
    /// `legal` and `service` messages that will be handed over again under the same Message-ID.
    pub repeated: u64,
    /// Others, marked in doubt and not repeated.
    pub in_doubt: u64,
}

/// A shop as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct ShopRow {
    /// Id.
    pub id: ShopId,
    /// Name in addresses: lower-case letters, digits, hyphens.
    pub slug: String,
    /// Settings.
    pub settings: ShopSettings,
    /// Whether the platform connection was removed.
    pub disconnected: bool,
}

/// A published journey version.
#[derive(Clone, PartialEq, Debug)]
pub struct JourneyRow {
    /// The compiled journey.
    pub journey: Journey,
    /// What the author wrote (YAML).
    pub document: String,
    /// Whether new runs begin with this version.
    pub current: bool,
}

/// A published template version in one language.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TemplateRow {
    /// Name.
    pub name: String,
    /// `it` or `en`.
    pub locale: String,
    /// Version, from 1.
    pub version: u32,
    /// What the author wrote, as parts: `subject`, `text`, `mjml` or `sms`.
    pub source: serde_json::Value,
    /// What publishing made of it: `subject`, `text`, `html` or `sms`, with placeholders only.
    pub compiled: serde_json::Value,
}

/// A connection to a vendor, its secrets sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectionRow {
    /// Vendor (`shopify`, `woocommerce`, `events`, `dkim`).
    pub source: String,
    /// The secret now in force, sealed.
    pub secret: Vec<u8>,
    /// The one before, sealed: both are accepted while a secret is rotated.
    pub previous: Option<Vec<u8>>,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserRow {
    /// Id.
    pub id: i64,
    /// E-mail address, lower-case.
    pub email: String,
    /// `owner`, `marketer`, `care`, `developer`, `viewer`.
    pub role: String,
    /// argon2id hash.
    pub password_hash: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// What they are called, where they said it: one line of at most [`NAME_CHARS_MAX`].
    pub name: Option<String>,
    /// The language the console speaks to them, where they chose one.
    pub locale: Option<Locale>,
}

impl UserRow {
    /// How the audit log and notes name them: the name is their own word, the address is not.
    pub fn shown_as(&self) -> String {
        named(self.name.as_deref(), &self.email)
    }
}

/// Characters of the name of a user or a key.
pub const NAME_CHARS_MAX: usize = 80;

/// A name as it is stored: one line, cut; `None` when nothing is left.
pub fn stored_name(name: &str) -> Option<String> {
    let name: String = clean_line(name).chars().take(NAME_CHARS_MAX).collect();
    Some(name).filter(|name| !name.is_empty())
}

fn named(name: Option<&str>, mark: &str) -> String {
    name.map_or_else(|| mark.to_owned(), |name| format!("{name} ({mark})"))
}

/// A key for the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiKeyRow {
    /// Id.
    pub id: i64,
    /// Whose shop.
    pub shop: ShopId,
    /// First characters, to tell keys apart.
    pub prefix: String,
    /// SHA-256 of the key.
    pub hash: Vec<u8>,
    /// What it may do (`events:write`, `messages:read`…).
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What it is called, where it has a name.
    pub name: Option<String>,
}

impl ApiKeyRow {
    /// How the audit log names it.
    pub fn shown_as(&self) -> String {
        named(self.name.as_deref(), &self.prefix)
    }
}

/// Where an inbox row stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InboxStatus {
    /// Acted upon.
    Done,
    /// Understood, and nothing for us in it.
    Ignored,
    /// Waits for a fact (an order not known yet).
    Waiting,
    /// Not understood or not usable: see the note; can be replayed.
    Failed,
}

impl InboxStatus {
    /// All statuses.
    pub const ALL: [InboxStatus; 4] = [
        InboxStatus::Done,
        InboxStatus::Ignored,
        InboxStatus::Waiting,
        InboxStatus::Failed,
    ];

    /// The stable name used in storage.
    pub fn as_str(self) -> &'static str {
        match self {
            InboxStatus::Done => "done",
            InboxStatus::Ignored => "ignored",
            InboxStatus::Waiting => "waiting",
            InboxStatus::Failed => "failed",
        }
    }

    /// The status with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// A raw event, as operators see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InboxRow {
    /// Id.
    pub id: InboxId,
    /// Who sent it.
    pub source: String,
    /// The sender's id.
    pub external_id: String,
    /// The sender's topic.
    pub topic: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Where it stands.
    pub status: InboxStatus,
    /// Why, in words.
    pub note: Option<String>,
    /// The sealed body, while it is kept.
    pub body: Option<Vec<u8>>,
}

/// Which messages to list, newest first by id.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MessageFilter {
    /// Only of this person.
    pub customer: Option<CustomerId>,
    /// Only about this order.
    pub order: Option<OrderId>,
    /// Only in this status.
    pub status: Option<MessageStatus>,
    /// Only decided before this message (for paging).
    pub before: Option<EffectId>,
}

/// A stored task.
#[derive(Clone, PartialEq, Debug)]
pub struct TaskRow {
    /// The task.
    pub task: Task,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// Everything stored about one person, for their copy (GDPR art. 15).
#[derive(Clone, Debug, Default)]
pub struct PersonFile {
    /// The record.
    pub customer: Option<Customer>,
    /// The ledger.
    pub ledger: Vec<LedgerRow>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Carts.
    pub carts: Vec<Cart>,
    /// Runs, active and closed.
    pub runs: Vec<Run>,
    /// Messages.
    pub messages: Vec<Message>,
    /// Coupons.
    pub coupons: Vec<Coupon>,
    /// Tasks.
    pub tasks: Vec<TaskRow>,
}

/// What was deleted because its time was over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// Remembered external ids.
    pub seen: u64,
    /// Raw bodies.
    pub bodies: u64,
    /// Sessions.
    pub sessions: u64,
    /// Photos of problems.
    pub photos: u64,
    /// Short links of messages.
    pub links: u64,
}

/// The store port. Every method is one transaction. Times are kept to the microsecond.
#[async_trait]
pub trait Store: ConsoleStore + CourierStore + LinkStore {
    // ---- the hot path: batches in, batches out -------------------------------------------------------------------

    /// De-duplicates the intakes (by shop, source, external id; a replay is not), stores their inbox rows, loads and locks
    /// what [`dopo_core::advance::keys`] names of the new arrivals, calls `decide` with the new arrivals in the order
    /// given, and writes what it returns: all in one transaction. At most [`INTAKES_PER_COMMIT_MAX`]. Outcomes in order.
    async fn commit_arrivals(
        &self,
        shop: ShopId,
        intakes: Vec<Intake>,
        decide: DecideArrivals,
    ) -> Result<Vec<IntakeOutcome>, StoreError>;

    /// Claims up to `limit` active runs of the shop with `wake_at <= now`, loads and locks their customers with all their
    /// active runs, orders and carts, calls `decide`, writes: one transaction. Returns how many were claimed.
    async fn commit_due(
        &self,
        shop: ShopId,
        now: Timestamp,
        limit: usize,
        decide: DecideDue,
    ) -> Result<usize, StoreError>;

    /// Claims up to `limit` messages of a channel with `due_at <= now` for `node` and marks them as being handed over.
    async fn claim_effects(
        &self,
        node: u8,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Records what became of claimed messages and moves the counters. Only status, times, grant, reason, failure and
    /// attempts of a message are touched. A finished one leaves the queue. What webhooks are told of it (`told`) is queued
    /// in the same transaction, as by [`ConsoleStore::add_deliveries`].
    async fn finish_effects(
        &self,
        finished: Vec<Finished>,
        counters: Counters,
        told: Vec<DeliveryRow>,
    ) -> Result<(), StoreError>;

    /// Moves counters alone (aggregate opens and clicks).
    async fn add_counters(&self, counters: Counters) -> Result<(), StoreError>;

    // ---- nodes ---------------------------------------------------------------------------------------------------

    /// Takes a free node number (0..=15) or one whose heartbeat is older than [`NODE_SILENCE_SECONDS_MAX`]; on SQLite,
    /// which has one process, always 0.
    async fn acquire_node(&self, now: Timestamp) -> Result<u8, StoreError>;
    /// Shows that the node lives.
    async fn heartbeat(&self, node: u8, now: Timestamp) -> Result<(), StoreError>;
    /// Gives the number back at a graceful stop.
    async fn release_node(&self, node: u8) -> Result<(), StoreError>;
    /// Finds messages being handed over by nodes that are dead (by heartbeat; `own` is given when a node has just been
    /// acquired and holds nothing yet) and returns them to the queue or marks them in doubt, by
    /// [`dopo_core::consent::Purpose::repeats_when_in_doubt`].
    async fn recover(&self, now: Timestamp, own: Option<u8>) -> Result<Recovered, StoreError>;

    // ---- shops and what they publish -------------------------------------------------------------------------------

    /// A number that changes whenever a shop, journey, template or connection changes.
    async fn settings_version(&self) -> Result<i64, StoreError>;
    /// All shops.
    async fn shops(&self) -> Result<Vec<ShopRow>, StoreError>;
    /// Adds a shop; [`StoreError::Conflict`] when the slug is taken.
    async fn add_shop(&self, slug: &str, settings: &ShopSettings) -> Result<ShopId, StoreError>;
    /// Replaces a shop's settings.
    async fn save_shop(
        &self,
        shop: ShopId,
        settings: &ShopSettings,
        disconnected: bool,
    ) -> Result<(), StoreError>;
    /// Publishes a journey as its next version (the version inside is ignored); `current` makes new runs begin with it.
    async fn publish_journey(
        &self,
        shop: ShopId,
        journey: &Journey,
        document: &str,
        current: bool,
    ) -> Result<u32, StoreError>;
    /// Makes a version the one that new runs begin with, or none.
    async fn set_current_journey(
        &self,
        shop: ShopId,
        id: &str,
        version: Option<u32>,
    ) -> Result<(), StoreError>;
    /// All versions of all journeys.
    async fn journeys(&self, shop: ShopId) -> Result<Vec<JourneyRow>, StoreError>;
    /// Publishes a template in one language as its next version (the version inside is ignored).
    async fn publish_template(
        &self,
        shop: ShopId,
        template: &TemplateRow,
    ) -> Result<u32, StoreError>;
    /// The newest version of every template and language.
    async fn templates(&self, shop: ShopId) -> Result<Vec<TemplateRow>, StoreError>;
    /// One version of a template.
    async fn template(
        &self,
        shop: ShopId,
        name: &str,
        locale: &str,
        version: u32,
    ) -> Result<Option<TemplateRow>, StoreError>;
    /// Sets a connection's secret; the one before is kept as `previous`.
    async fn save_connection(
        &self,
        shop: ShopId,
        source: &str,
        secret: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Removes a connection with its secrets; false when there is none.
    async fn remove_connection(&self, shop: ShopId, source: &str) -> Result<bool, StoreError>;
    /// All connections.
    async fn connections(&self, shop: ShopId) -> Result<Vec<ConnectionRow>, StoreError>;

    // ---- people who work with it -----------------------------------------------------------------------------------

    /// Adds or replaces a user.
    async fn save_user(
        &self,
        email: &str,
        role: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError>;
    /// The user with this address.
    async fn user(&self, email: &str) -> Result<Option<UserRow>, StoreError>;
    /// Begins a session, known by the SHA-256 of its token.
    async fn add_session(
        &self,
        token_hash: &[u8],
        user: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// The user of a session that has not expired.
    async fn session(
        &self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<UserRow>, StoreError>;
    /// Ends a session.
    async fn end_session(&self, token_hash: &[u8]) -> Result<(), StoreError>;
    /// Says what a user is called and in which language the console speaks to them.
    async fn set_profile(
        &self,
        user: i64,
        name: Option<&str>,
        locale: Option<Locale>,
    ) -> Result<(), StoreError>;
    /// Adds an API key.
    async fn add_api_key(
        &self,
        shop: ShopId,
        name: Option<&str>,
        prefix: &str,
        hash: &[u8],
        scopes: &[String],
        now: Timestamp,
    ) -> Result<i64, StoreError>;
    /// The key with this hash, unless revoked.
    async fn api_key(&self, hash: &[u8]) -> Result<Option<ApiKeyRow>, StoreError>;
    /// All keys of a shop.
    async fn api_keys(&self, shop: ShopId) -> Result<Vec<ApiKeyRow>, StoreError>;
    /// Revokes a key.
    async fn revoke_api_key(&self, shop: ShopId, id: i64, now: Timestamp)
    -> Result<(), StoreError>;

    // ---- reading ---------------------------------------------------------------------------------------------------

    /// An order with its customer.
    async fn order(
        &self,
        shop: ShopId,
        id: OrderId,
    ) -> Result<Option<(Order, Customer)>, StoreError>;
    /// The order with this platform id.
    async fn order_by_external_id(
        &self,
        shop: ShopId,
        external_id: &str,
    ) -> Result<Option<Order>, StoreError>;
    /// A person.
    async fn customer(&self, shop: ShopId, id: CustomerId) -> Result<Option<Customer>, StoreError>;
    /// The person with this key.
    async fn customer_by_key(
        &self,
        shop: ShopId,
        key: &IdentityKey,
    ) -> Result<Option<Customer>, StoreError>;
    /// Everything about a person.
    async fn person_file(&self, shop: ShopId, id: CustomerId) -> Result<PersonFile, StoreError>;
    /// Messages, newest first by id.
    async fn messages(
        &self,
        shop: ShopId,
        filter: &MessageFilter,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError>;
    /// One message and what it was made of.
    async fn message(
        &self,
        shop: ShopId,
        id: EffectId,
    ) -> Result<Option<(Message, Option<Rendering>)>, StoreError>;
    /// Raw events, newest first; `before` for paging.
    async fn inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError>;
    /// One raw event.
    async fn inbox_row(&self, shop: ShopId, id: InboxId) -> Result<Option<InboxRow>, StoreError>;
    /// Coupon by its code.
    async fn coupon(&self, shop: ShopId, code: &str) -> Result<Option<Coupon>, StoreError>;
    /// Marks a code as used at `now`, and for what; false when there is none or it was used before.
    async fn redeem_coupon(
        &self,
        shop: ShopId,
        code: &str,
        now: Timestamp,
        what: Option<&str>,
    ) -> Result<bool, StoreError>;
    /// Tasks, newest first.
    async fn tasks(
        &self,
        shop: ShopId,
        open_only: bool,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError>;
    /// Available products of these platform categories that are not among `except`, those sold most first.
    async fn products_like(
        &self,
        shop: ShopId,
        categories: &[String],
        except: &[String],
        limit: usize,
    ) -> Result<Vec<Product>, StoreError>;
    /// Products by platform id.
    async fn products(&self, shop: ShopId, ids: &[String]) -> Result<Vec<Product>, StoreError>;
    /// Counters of metrics that begin with `prefix`, between two days inclusive, at most [`COUNTER_DAYS_MAX`]. What is
    /// read is what is asked for: other metrics of those days cost nothing.
    async fn counters(
        &self,
        shop: ShopId,
        prefix: &str,
        from: Date,
        to: Date,
    ) -> Result<Vec<(CounterKey, i64)>, StoreError>;
    /// Length of each channel's queue: (due now, later).
    async fn queue_depth(&self, now: Timestamp) -> Result<Vec<(Channel, u64, u64)>, StoreError>;

    // ---- operating -------------------------------------------------------------------------------------------------

    /// Puts a failed or in-doubt message back into the queue; false when it is in neither state.
    async fn requeue(
        &self,
        shop: ShopId,
        message: EffectId,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Deletes what is past its time: seen ids after [`SEEN_DAYS`], raw bodies after [`RAW_DAYS`], ended sessions, photos of
    /// problems [`PHOTO_DAYS`](crate::ports::PHOTO_DAYS) after the last task of their order was done (after they came, where
    /// there is none), and [`PHOTO_DAYS_MAX`](crate::ports::PHOTO_DAYS_MAX) after they came in any case, short links
    /// [`SHORT_LINK_REMEMBERED_DAYS`](crate::ports::SHORT_LINK_REMEMBERED_DAYS) after they expired.
    async fn prune(&self, now: Timestamp) -> Result<Pruned, StoreError>;
    /// Whether the database answers and has the right schema.
    async fn check(&self) -> Result<(), StoreError>;
    /// A consistent copy while running (SQLite: online backup into the file; PostgreSQL: `pg_dump` custom format).
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;
}
