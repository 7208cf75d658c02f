//! What the console and the public API ask of the store beside the road: lists, search, notes, saved views, the team,
//! the audit log, outgoing webhooks, backups.
//!
//! Every list is read in pages by a key that grows, never by an offset, so that page 1,000 costs what page 1 costs.

use crate::ports::store::{ApiKeyRow, InboxRow, InboxStatus, StoreError, TaskRow, UserRow};
use async_trait::async_trait;
use dopo_core::advance::OutwardWord;
use dopo_core::consent::{Channel, ConsentState, Topic};
use dopo_core::counter::{PLACE_UNTOLD, place_key};
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::message::{Message, MessageStatus};
use dopo_core::order::{Order, Standing};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Rows of one page at most.
pub const PAGE_ROWS_MAX: usize = 200;
/// Words of one search that are looked at.
pub const SEARCH_TERMS_MAX: usize = 4;
/// Characters of a note.
pub const NOTE_CHARS_MAX: usize = 4_000;
/// Saved views of one shop.
pub const VIEWS_MAX: usize = 200;
/// Outgoing webhooks of one shop.
pub const WEBHOOKS_MAX: usize = 20;
/// Attempts of one outgoing delivery before it is a dead letter.
pub const WEBHOOK_ATTEMPTS_MAX: u16 = 10;
/// Days for which outgoing deliveries are kept.
pub const WEBHOOK_DAYS: i64 = 30;
/// Deliveries claimed at once at most.
pub const WEBHOOK_CLAIM_MAX: usize = 32;
/// Rows that a list looks at where no index knows the filter (messages of a channel, raw events of a source): the newest
/// so many; what is older is not found by that filter.
pub const SCAN_ROWS_MAX: usize = 50_000;
/// Open raw events counted at most, for each source and state.
pub const SOURCE_COUNT_MAX: u64 = 1_000;
/// Seconds after which a session's or source's last time is written down again.
pub const SEEN_SECONDS: i64 = 60;

/// Whether somebody agreed to marketing by e-mail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum MarketingEmail {
    /// Never said, or not yet confirmed.
    #[default]
    Unknown,
    /// Agreed with usable proof.
    Yes,
    /// Refused, withdrawn or objected.
    No,
}

/// Whether a person can be written to at all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Reach {
    /// Nothing speaks against it.
    #[default]
    Open,
    /// The address bounced for good, or they complained.
    Unreachable,
    /// An empty record, as forgetting leaves it. No list shows it.
    Nobody,
}

/// What lists of people filter by: derived from the person, kept beside them in columns, always equal to
/// [`Listed::of`] of what is stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// Standing paid orders.
    pub orders: u32,
    /// Their total in cents of the shop's currency.
    pub total_cents: i64,
    /// The last of them.
    pub last_order_at: Option<Timestamp>,
    /// Two-letter province, upper-case.
    pub province: Option<String>,
    /// Marketing by e-mail.
    pub marketing_email: MarketingEmail,
    /// Whether they can be written to.
    pub reach: Reach,
}

impl Listed {
    /// What lists show of this person.
    pub fn of(customer: &Customer) -> Self {
        let marketing = customer
            .consents
            .state(Topic::Marketing, Some(Channel::Email));
        let dead = &customer.suppression;
        let nobody = *customer == Customer::new(customer.id, customer.created_at);
        Listed {
            orders: customer.purchases.orders,
            total_cents: customer.purchases.total_cents,
            last_order_at: customer.purchases.last_at,
            province: customer.province.as_deref().map(str::to_ascii_uppercase),
            marketing_email: match marketing {
                ConsentState::Confirmed => MarketingEmail::Yes,
                state if state.is_negative() => MarketingEmail::No,
                _ => MarketingEmail::Unknown,
            },
            reach: if nobody {
                Reach::Nobody
            } else if dead.hard_bounced_at.is_some() || dead.complained_at.is_some() {
                Reach::Unreachable
            } else {
                Reach::Open
            },
        }
    }

    /// Whether a filter lets this person through, its search terms aside.
    pub fn passes(&self, filter: &CustomerFilter) -> bool {
        let last = self.last_order_at;
        self.reach != Reach::Nobody
            && (filter.provinces.is_empty()
                || self.province.as_ref().is_some_and(|own| {
                    filter.provinces.iter().any(|p| p.eq_ignore_ascii_case(own))
                }))
            && filter.orders_min.is_none_or(|n| self.orders >= n)
            && filter.orders_max.is_none_or(|n| self.orders <= n)
            && filter
                .last_order_from
                .is_none_or(|t| last.is_some_and(|at| at >= t))
            && filter
                .last_order_before
                .is_none_or(|t| last.is_some_and(|at| at < t))
            && filter
                .marketing_email
                .is_none_or(|yes| yes == (self.marketing_email == MarketingEmail::Yes))
            && filter
                .unreachable
                .is_none_or(|yes| yes == (self.reach == Reach::Unreachable))
    }
}

/// What a person was known by before a write, to tell whether their words changed and which.
#[derive(Clone, Debug)]
pub struct KnownAs(Customer);

impl KnownAs {
    /// What this person is known by.
    pub fn of(customer: &Customer) -> Self {
        KnownAs(Customer {
            first_name: customer.first_name.clone(),
            last_name: customer.last_name.clone(),
            emails: customer.emails.clone(),
            phones: customer.phones.clone(),
            tags: customer.tags.clone(),
            ..Customer::new(customer.id, customer.created_at)
        })
    }

    /// Whether they are still known by the same.
    pub fn is_still(&self, customer: &Customer) -> bool {
        self.0.first_name == customer.first_name
            && self.0.last_name == customer.last_name
            && self.0.emails == customer.emails
            && self.0.phones == customer.phones
            && self.0.tags == customer.tags
    }

    /// The words they were found by.
    pub fn words(&self) -> BTreeSet<String> {
        self.0.search_words()
    }
}

/// An order number as it is searched: without `#` before it, in lower case (of the letters A to Z). Both databases have
/// an index over the same expression.
pub fn number_key(number: &str) -> String {
    number.trim_start_matches('#').to_ascii_lowercase()
}

/// The end of the range of all texts that begin with `prefix`, by bytes: they are at or after the prefix and before this.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// Which people to list, newest first by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CustomerFilter {
    /// Words that must all be there, each as the beginning of a name, an e-mail address, a phone number or a tag, in the
    /// form of [`dopo_core::search::words`]; at most [`SEARCH_TERMS_MAX`]. A term with an `@` is the beginning of a whole
    /// address.
    pub terms: Vec<String>,
    /// Only from one of these provinces (two letters).
    pub provinces: Vec<String>,
    /// Only with at least so many standing paid orders.
    pub orders_min: Option<u32>,
    /// Only with at most so many.
    pub orders_max: Option<u32>,
    /// Only with a last order at or after.
    pub last_order_from: Option<Timestamp>,
    /// Only with a last order before.
    pub last_order_before: Option<Timestamp>,
    /// Only who agreed (true) or did not agree (false) to marketing by e-mail.
    pub marketing_email: Option<bool>,
    /// Only whose address bounced for good, or who complained.
    pub unreachable: Option<bool>,
    /// Only who is at risk (true) or is not (false), as [`dopo_core::risk`] says; not a matter of [`Listed`].
    pub at_risk: Option<bool>,
    /// Only people before this id (for paging).
    pub before: Option<CustomerId>,
}

/// Which orders to list, newest first by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OrderFilter {
    /// Beginning of the order number (without `#`, any case), of the platform's id, or of a tracking number.
    pub text: Option<String>,
    /// Only of this person.
    pub customer: Option<CustomerId>,
    /// Only standing so.
    pub standing: Option<Standing>,
    /// Only to one of these provinces (two upper-case letters): where the order goes, and where that is not told, where
    /// its person is. Of each province the newest [`SCAN_ROWS_MAX`] are looked at.
    pub provinces: Vec<String>,
    /// Only orders before this id (for paging).
    pub before: Option<OrderId>,
}

impl OrderFilter {
    /// Whether an order of this person, none if unknown, goes where the filter asks.
    pub fn is_there(&self, order: &Order, person: Option<&Customer>) -> bool {
        let asked = |place: &str| self.provinces.iter().any(|province| province == place);
        self.provinces.is_empty()
            || match place_key(order) {
                PLACE_UNTOLD => person
                    .and_then(|person| Listed::of(person).province)
                    .is_some_and(|own| asked(&own)),
                told => asked(told),
            }
    }
}

/// Which messages to list, newest first by id.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageQuery {
    /// Only of this person.
    pub customer: Option<CustomerId>,
    /// Only about this order.
    pub order: Option<OrderId>,
    /// Only in this status.
    pub status: Option<MessageStatus>,
    /// Only of this journey.
    pub journey: Option<String>,
    /// Only of this step (with `journey`).
    pub step: Option<String>,
    /// Only on this channel.
    pub channel: Option<Channel>,
    /// Only to one of these provinces (two upper-case letters): where the order goes that the message is about; where
    /// there is none or that is not told, where its person is. The newest [`SCAN_ROWS_MAX`] messages are looked at.
    pub provinces: Vec<String>,
    /// Only decided before this message (for paging).
    pub before: Option<EffectId>,
}

/// What a page of a list shows of its people and orders.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Named {
    /// People by the id that was asked for: who was merged is the one they became.
    pub people: HashMap<CustomerId, Customer>,
    /// Numbers of orders.
    pub order_numbers: HashMap<OrderId, String>,
}

/// A message with what a list shows of its person and order.
#[derive(Clone, PartialEq, Debug)]
pub struct MessageLine {
    /// The message.
    pub message: Message,
    /// The person as known now; `None` when forgotten.
    pub customer: Option<Customer>,
    /// Number of the order it is about.
    pub order_number: Option<String>,
}

/// A remark about a person, or about one of their orders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteRow {
    /// Number within the shop; grows with time.
    pub id: i64,
    /// About whom.
    pub customer_id: CustomerId,
    /// About which order.
    pub order_id: Option<OrderId>,
    /// When.
    pub at: Timestamp,
    /// Who wrote it (an e-mail address of a user, or the prefix of a key).
    pub author: String,
    /// What they wrote.
    pub text: String,
}

/// A filter somebody wants to find again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ViewRow {
    /// Number within the shop.
    pub id: i64,
    /// Which list (`customers`, `orders`, `messages`).
    pub page: String,
    /// Its name.
    pub name: String,
    /// The filter as the page's query string (no personal data: the API refuses a view with a search text).
    pub query: String,
    /// Whose; `None` = everybody's.
    pub user: Option<i64>,
}

/// What somebody did: written once, never changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRow {
    /// Number within the shop; grows with time. 0 when it is to be written.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `user:<id>`, `key:<id>`, `command`, `dopo`.
    pub actor: String,
    /// Their name as shown: an e-mail address, a key's prefix.
    pub actor_name: String,
    /// What (`settings.changed`, `journey.switched_on`, `key.made`, `customer.forgotten`…).
    pub action: String,
    /// On what (`journey/order_receipt`, `customer/123`…).
    pub subject: String,
    /// What changed, as JSON, without personal data and without secrets.
    pub detail: serde_json::Value,
}

/// A person of the team, with their role in one shop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// The account.
    pub user: UserRow,
    /// Their role in this shop.
    pub role: String,
    /// Whether that role holds in every shop (it stands on the account) and not only in this one.
    pub everywhere: bool,
    /// When they last used a session.
    pub seen_at: Option<Timestamp>,
    /// Passkeys they have.
    pub passkeys: u32,
}

/// A passkey of a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasskeyRow {
    /// The credential's id.
    pub credential_id: Vec<u8>,
    /// Whose.
    pub user: i64,
    /// Name given to it.
    pub name: String,
    /// What the verifier needs, as the library serialises it.
    pub state: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

/// Where our own events go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookRow {
    /// Number within the shop.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// Kinds of event, `message.sent` or `message.*`; empty = all.
    pub kinds: Vec<String>,
    /// The signing secret, sealed.
    pub secret: Vec<u8>,
    /// Whether it is on.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where an outgoing delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeliveryStatus {
    /// Waits for its turn or its next attempt.
    Waiting,
    /// Answered with 2xx.
    Done,
    /// Attempts used up, or refused for good (410).
    Failed,
}

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [DeliveryStatus; 3] = [
        DeliveryStatus::Waiting,
        DeliveryStatus::Done,
        DeliveryStatus::Failed,
    ];

    /// The stable name used in storage and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Waiting => "waiting",
            DeliveryStatus::Done => "done",
            DeliveryStatus::Failed => "failed",
        }
    }

    /// The status with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// The number under which a shop's own platform is told of its parcels; webhooks are numbered from 1.
pub const PLATFORM: i64 = 0;

/// Who is told by the same hands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Receivers {
    /// The webhooks.
    Webhooks,
    /// The shops' platforms: [`PLATFORM`].
    Platforms,
}

/// One of our events on its way to one webhook, or a word on its way to the shop's platform ([`PLATFORM`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryRow {
    /// Whose shop.
    pub shop: ShopId,
    /// Number within the shop; grows with time. 0 when it is to be written.
    pub id: i64,
    /// To which webhook.
    pub webhook: i64,
    /// `webhook-id` of Standard Webhooks: the same at every attempt.
    pub event_id: String,
    /// Kind of event.
    pub kind: String,
    /// The body.
    pub body: String,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Attempts made.
    pub attempts: u16,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Status code of the last answer; `None` when there was none.
    pub last_code: Option<u16>,
    /// What happened last, in words, redacted.
    pub last_error: Option<String>,
}

impl DeliveryRow {
    /// A word of a batch as it waits for its first attempt.
    pub fn waiting(shop: ShopId, word: &OutwardWord) -> Self {
        DeliveryRow {
            shop,
            id: 0,
            webhook: word.to,
            event_id: word.id.clone(),
            kind: word.kind.clone(),
            body: word.body.clone(),
            status: DeliveryStatus::Waiting,
            attempts: 0,
            due_at: word.at,
            created_at: word.at,
            last_code: None,
            last_error: None,
        }
    }
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryOutcome {
    /// Whose shop.
    pub shop: ShopId,
    /// Which delivery.
    pub id: i64,
    /// Where it stands now.
    pub status: DeliveryStatus,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// Status code of the answer.
    pub code: Option<u16>,
    /// What happened, in words, redacted.
    pub error: Option<String>,
}

/// A connection's health.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceHealth {
    /// Source (`shopify`, `woocommerce`, `events`, `api`, `import`).
    pub source: String,
    /// When something last came in.
    pub last_at: Timestamp,
    /// Its topic.
    pub last_topic: String,
    /// Not understood and not yet dealt with (counted up to 1,000).
    pub failed: u64,
    /// Waiting for a fact (counted up to 1,000).
    pub waiting: u64,
}

/// A backup made or tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupRow {
    /// Number; grows with time.
    pub id: i64,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// Name of the file, without a folder.
    pub file: String,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// What went wrong, in words.
    pub error: Option<String>,
}

/// An order with a parcel in trouble.
#[derive(Clone, Debug)]
pub struct AtRisk {
    /// What is at risk with it ([`at_risk_cents`](dopo_core::parcel::trouble::at_risk_cents)), as it was written.
    pub cents: i64,
    /// The order.
    pub order: Order,
    /// Whose.
    pub customer: Customer,
}

/// The store's second half: see the module. Every method is one transaction.
#[async_trait]
pub trait ConsoleStore: Send + Sync + 'static {
    // ---- lists and search ------------------------------------------------------------------------------------------

    /// People, newest first. `limit` at most [`PAGE_ROWS_MAX`].
    async fn list_customers(
        &self,
        shop: ShopId,
        filter: &CustomerFilter,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError>;
    /// Orders with their customers, newest first.
    async fn list_orders(
        &self,
        shop: ShopId,
        filter: &OrderFilter,
        limit: usize,
    ) -> Result<Vec<(Order, Customer)>, StoreError>;
    /// Orders with a parcel in trouble, those with most at risk first and of the same risk the newest, after one of that
    /// risk and id (at most [`BOARD_ORDERS_MAX`](crate::console::exceptions::BOARD_ORDERS_MAX)); and how many there are in
    /// all, counted up to [`BOARD_COUNTED_MAX`](crate::console::exceptions::BOARD_COUNTED_MAX).
    async fn orders_at_risk(
        &self,
        shop: ShopId,
        after: Option<(i64, OrderId)>,
        limit: usize,
    ) -> Result<(Vec<AtRisk>, u64), StoreError>;
    /// How many people are at risk, as [`dopo_core::risk`] says, in these provinces or, when there is none, everywhere:
    /// among the first [`SCAN_ROWS_MAX`] orders with a parcel in trouble and as many open tasks about a failure.
    async fn count_at_risk(&self, shop: ShopId, provinces: &[String]) -> Result<u64, StoreError>;
    /// Messages of this shop that wait, on all channels: due now, and later; among the first [`SCAN_ROWS_MAX`].
    async fn count_waiting(&self, shop: ShopId, now: Timestamp) -> Result<(u64, u64), StoreError>;
    /// Messages with their people, newest first.
    async fn list_messages(
        &self,
        shop: ShopId,
        query: &MessageQuery,
        limit: usize,
    ) -> Result<Vec<MessageLine>, StoreError>;
    /// Active runs of a journey (waiting at `step` as [`Run::step`] names it, if given), newest first, with their people.
    async fn list_runs(
        &self,
        shop: ShopId,
        journey: &str,
        step: Option<&str>,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<(Run, Customer)>, StoreError>;
    /// People and numbers of orders by their ids, for a page of a list; who or what is not known is left out.
    async fn named(
        &self,
        shop: ShopId,
        people: &[CustomerId],
        orders: &[OrderId],
    ) -> Result<Named, StoreError>;
    /// Raw events, newest first, without their bodies.
    async fn list_inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        source: Option<&str>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError>;
    /// When each source last sent something, and what of it is in trouble.
    async fn source_health(&self, shop: ShopId) -> Result<Vec<SourceHealth>, StoreError>;
    /// Orders of one person, newest first.
    async fn orders_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError>;
    /// Runs of one person, active ones first, then newest first.
    async fn runs_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError>;
    /// The person a merged record went into, or the id itself.
    async fn resolve_customer(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<CustomerId, StoreError>;
    /// Ids that were merged into this person.
    async fn merged_into(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<CustomerId>, StoreError>;

    // ---- acting ----------------------------------------------------------------------------------------------------

    /// Adds a note; its number.
    async fn add_note(&self, shop: ShopId, note: &NoteRow) -> Result<i64, StoreError>;
    /// Notes about a person, newest first.
    async fn notes_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<NoteRow>, StoreError>;
    /// Deletes a note; false when there is none.
    async fn delete_note(&self, shop: ShopId, id: i64) -> Result<bool, StoreError>;
    /// Opens a task by hand and moves the gauge `now.tasks`.
    async fn add_task(
        &self,
        shop: ShopId,
        task: &dopo_core::advance::Task,
    ) -> Result<(), StoreError>;
    /// Marks a task done (or open again with `None`), and moves the gauge `now.tasks`; `None` when there is no such task,
    /// else whether anything changed.
    async fn set_task_done(
        &self,
        shop: ShopId,
        task: EffectId,
        done_at: Option<Timestamp>,
    ) -> Result<Option<bool>, StoreError>;
    /// Tasks of one person, newest first.
    async fn tasks_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError>;
    /// Tasks about an order that nobody has done yet, newest first.
    async fn open_tasks_about(
        &self,
        shop: ShopId,
        order: OrderId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError>;

    // ---- views -----------------------------------------------------------------------------------------------------

    /// Saved views of everybody and of this user.
    async fn views(&self, shop: ShopId, user: Option<i64>) -> Result<Vec<ViewRow>, StoreError>;
    /// Saves a view; its number. [`StoreError::Conflict`] when there are [`VIEWS_MAX`].
    async fn add_view(&self, shop: ShopId, view: &ViewRow) -> Result<i64, StoreError>;
    /// Deletes a view that is everybody's or this user's; false when there is none.
    async fn delete_view(
        &self,
        shop: ShopId,
        id: i64,
        user: Option<i64>,
    ) -> Result<bool, StoreError>;

    // ---- the audit log ---------------------------------------------------------------------------------------------

    /// Writes down what somebody did.
    async fn add_audit(&self, shop: ShopId, row: &AuditRow) -> Result<(), StoreError>;
    /// What was done, newest first; only actions beginning with `action`, if given.
    async fn audit(
        &self,
        shop: ShopId,
        action: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError>;

    // ---- the team --------------------------------------------------------------------------------------------------

    /// How many accounts there are; 0 on a fresh installation.
    async fn count_users(&self) -> Result<u64, StoreError>;
    /// The account with this number.
    async fn user_by_id(&self, user: i64) -> Result<Option<UserRow>, StoreError>;
    /// Everybody with a role in this shop, by e-mail address.
    async fn members(&self, shop: ShopId) -> Result<Vec<Member>, StoreError>;
    /// The role of a user in a shop: their own there, else the one on their account unless that is `none`.
    async fn role_in(&self, shop: ShopId, user: i64) -> Result<Option<String>, StoreError>;
    /// Gives a user a role in one shop, or takes it away.
    async fn set_member(
        &self,
        shop: ShopId,
        user: i64,
        role: Option<&str>,
    ) -> Result<(), StoreError>;
    /// Replaces a password hash and ends all sessions but `keep` (the SHA-256 of a token).
    async fn set_password(
        &self,
        user: i64,
        password_hash: &str,
        keep: Option<&[u8]>,
    ) -> Result<(), StoreError>;
    /// Ends every session of a user.
    async fn end_sessions(&self, user: i64) -> Result<(), StoreError>;
    /// Adds a passkey; [`StoreError::Conflict`] when its id is known.
    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<(), StoreError>;
    /// The passkeys of a user.
    async fn passkeys(&self, user: i64) -> Result<Vec<PasskeyRow>, StoreError>;
    /// The passkey with this id.
    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError>;
    /// Records a use of a passkey with the verifier's new state.
    async fn use_passkey(
        &self,
        credential_id: &[u8],
        state: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Deletes a passkey of a user; false when there is none.
    async fn delete_passkey(&self, user: i64, credential_id: &[u8]) -> Result<bool, StoreError>;
    /// The account of somebody at a provider of identities.
    async fn user_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<UserRow>, StoreError>;
    /// Remembers who at a provider an account is. [`StoreError::Conflict`] when that somebody has an account already, or
    /// the account is somebody there already.
    async fn link_identity(
        &self,
        issuer: &str,
        subject: &str,
        user: i64,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Forgets who an account is at any provider.
    async fn unlink_identities(&self, user: i64) -> Result<(), StoreError>;

    // ---- keys and webhooks -----------------------------------------------------------------------------------------

    /// One key.
    async fn api_key_by_id(&self, shop: ShopId, id: i64) -> Result<Option<ApiKeyRow>, StoreError>;
    /// All webhooks.
    async fn webhooks(&self, shop: ShopId) -> Result<Vec<WebhookRow>, StoreError>;
    /// Adds (id 0) or replaces a webhook; its number. [`StoreError::Conflict`] when there are [`WEBHOOKS_MAX`].
    async fn save_webhook(&self, shop: ShopId, webhook: &WebhookRow) -> Result<i64, StoreError>;
    /// Deletes a webhook and what waits for it; false when there is none.
    async fn delete_webhook(&self, shop: ShopId, id: i64) -> Result<bool, StoreError>;
    /// Puts deliveries into the queue; one event id goes to one webhook once.
    async fn add_deliveries(&self, deliveries: &[DeliveryRow]) -> Result<(), StoreError>;
    /// Claims up to `limit` deliveries to these receivers whose time has come; each is hidden from others until
    /// `hidden_until`.
    async fn claim_deliveries(
        &self,
        to: Receivers,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError>;
    /// Records attempts.
    async fn finish_deliveries(&self, outcomes: &[DeliveryOutcome]) -> Result<(), StoreError>;
    /// Deliveries to a webhook or to [`PLATFORM`], newest first.
    async fn deliveries(
        &self,
        shop: ShopId,
        webhook: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError>;
    /// Puts a delivery back into the queue, whatever its status; false when there is none.
    async fn requeue_delivery(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Deletes deliveries older than [`WEBHOOK_DAYS`] that wait no more; how many.
    async fn prune_deliveries(&self, now: Timestamp) -> Result<u64, StoreError>;

    // ---- backups ---------------------------------------------------------------------------------------------------

    /// Records a backup that begins; its number.
    async fn begin_backup(&self, file: &str, now: Timestamp) -> Result<i64, StoreError>;
    /// Records how it ended.
    async fn end_backup(
        &self,
        id: i64,
        now: Timestamp,
        result: Result<u64, String>,
    ) -> Result<(), StoreError>;
    /// The latest backups, newest first.
    async fn backups(&self, limit: usize) -> Result<Vec<BackupRow>, StoreError>;
}
