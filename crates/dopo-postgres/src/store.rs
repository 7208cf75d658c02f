//! The port's methods, and the connections they use.

use crate::console::inbox;
use crate::counters::Slots;
use crate::fault::{Fault, again, refused};
use crate::rows::us_up;
use crate::schema::{self, Standing};
use crate::statistics::Growth;
use crate::watermark::Watermark;
use crate::{arrivals, backup, counters, coupons, due, queue, read, settings};
use async_trait::async_trait;
use dopo_core::advance::Writes;
use dopo_core::consent::Channel;
use dopo_core::counter::{CounterKey, Counters};
use dopo_core::coupon::Coupon;
use dopo_core::customer::{Customer, IdentityKey};
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, ShopId};
use dopo_core::italy::Locale;
use dopo_core::journey::Journey;
use dopo_core::message::Message;
use dopo_core::order::Order;
use dopo_core::product::Product;
use dopo_core::shop::ShopSettings;
use dopo_engine::ports::console::{DeliveryRow, SEEN_SECONDS};
use dopo_engine::ports::store::{
    ApiKeyRow, Claimed, ConnectionRow, DecideArrivals, DecideDue, Finished, InboxRow, InboxStatus,
    Intake, IntakeOutcome, JourneyRow, MessageFilter, PersonFile, Pruned, Recovered, Rendering,
    ShopRow, Store, StoreError, TaskRow, TemplateRow, UserRow,
};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool, PgTransaction};
use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Connections of one process at most.
const POOL_CONNECTIONS_MAX: u32 = 16;
/// Seconds to wait for a free connection.
const ACQUIRE_TIMEOUT_SECONDS: u64 = 10;
/// Seconds a connection may have rested before it is asked whether it still lives.
const RESTED_SECONDS_MAX: u64 = 5;
/// Milliseconds one statement may take.
const STATEMENT_TIMEOUT_MS: u32 = 60_000;
/// Milliseconds a transaction may hold its locks while its program does nothing.
const IDLE_IN_TRANSACTION_TIMEOUT_MS: u32 = 30_000;
/// Prepared statements kept for one connection: more than there are.
const STATEMENTS_CACHED: usize = 256;

/// Who opens the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// `dopo serve`; there may be several nodes.
    Server,
    /// A command, beside running servers or without one.
    Tool,
}

/// The store port on one PostgreSQL database.
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    pub(crate) slots: Slots,
    due: Mutex<HashMap<ShopId, Arc<Watermark>>>,
    outbox: [Watermark; Channel::ALL.len()],
    growth: Growth,
    /// When this process last wrote down that a source had sent something.
    heard: Mutex<HashMap<(ShopId, String), Timestamp>>,
    url: String,
}

/// Opens the database at `postgres://…` for a server and brings it to this program's schema.
///
/// # Errors
/// See [`connect_as`].
pub async fn connect(url: &str) -> Result<PostgresStore, StoreError> {
    connect_as(url, Role::Server).await
}

/// Opens the database at `postgres://…` and brings it to this program's schema. A [`Role::Tool`] sets up a new database but
/// leaves an older one as it is, because servers of the older program may be running on it.
///
/// # Errors
/// [`StoreError::Schema`] when the schema is not this program's and may not be brought there, or the server is older than
/// PostgreSQL 15; [`StoreError::Unavailable`] when it cannot be reached.
pub async fn connect_as(url: &str, role: Role) -> Result<PostgresStore, StoreError> {
    let store = PostgresStore::open(url).await?;
    let standing = {
        let mut c = store.pool.acquire().await.map_err(refused)?;
        schema::standing(&mut c).await?
    };
    match standing {
        Standing::Current => {}
        Standing::Behind if role == Role::Tool => return Err(schema::outdated()),
        Standing::Empty | Standing::Behind => {
            store.migrate().await?;
        }
    }
    Ok(store)
}

impl PostgresStore {
    /// Opens a database without touching its tables.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when it was written by a newer program or the server is older than PostgreSQL 15;
    /// [`StoreError::Unavailable`] when it cannot be reached; [`StoreError::Rejected`] when the address cannot be read.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| refused(sqlx::Error::Configuration("unreadable".into())))?
            .application_name("dopo")
            .statement_cache_capacity(STATEMENTS_CACHED)
            .options([
                ("synchronous_commit", "on".to_owned()),
                ("statement_timeout", STATEMENT_TIMEOUT_MS.to_string()),
                (
                    "idle_in_transaction_session_timeout",
                    IDLE_IN_TRANSACTION_TIMEOUT_MS.to_string(),
                ),
                ("default_transaction_isolation", "read committed".to_owned()),
                // Its plans cost more than these statements take.
                ("jit", "off".to_owned()),
                // Every statement here is served by an index. A table that grew since it was last analysed must not be
                // read from end to end because it was small then.
                ("enable_seqscan", "off".to_owned()),
                ("enable_hashjoin", "off".to_owned()),
                ("enable_mergejoin", "off".to_owned()),
                ("enable_material", "off".to_owned()),
                // For the same reason the values of one call are no reason to plan anew.
                ("plan_cache_mode", "force_generic_plan".to_owned()),
                ("TimeZone", "UTC".to_owned()),
            ])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(POOL_CONNECTIONS_MAX)
            .acquire_timeout(Duration::from_secs(ACQUIRE_TIMEOUT_SECONDS))
            .test_before_acquire(false)
            .after_connect(|c, _| {
                Box::pin(async move {
                    // Several times faster than the default; not every build of the server has it.
                    sqlx::query(
                        "-- open()
                         SELECT set_config(name, 'lz4', FALSE) FROM pg_settings
                         WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)",
                    )
                    .execute(c)
                    .await
                    .map(drop)
                })
            })
            .before_acquire(|c, meta| {
                Box::pin(async move {
                    if meta.idle_for.as_secs() >= RESTED_SECONDS_MAX {
                        c.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(refused)?;
        {
            let mut c = pool.acquire().await.map_err(refused)?;
            schema::check_server(&mut c).await?;
            schema::standing(&mut c).await?;
        }
        Ok(PostgresStore {
            pool,
            slots: Slots::new(),
            due: Mutex::default(),
            outbox: Channel::ALL.map(|_| Watermark::new()),
            growth: Growth::default(),
            heard: Mutex::default(),
            url: url.to_owned(),
        })
    }

    /// Applies the missing migrations, one program at a time; returns their names.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the database was written by a newer program.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let mut c = self.pool.acquire().await.map_err(refused)?;
        schema::migrate(&mut c).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Begins a transaction; a connection that turns out to be dead is passed over.
    pub(crate) async fn begin(&self) -> Result<PgTransaction<'static>, Fault> {
        let mut tries = 0;
        loop {
            match self.pool.begin().await {
                Err(error) if tries < POOL_CONNECTIONS_MAX && is_dead(&error) => tries += 1,
                result => return Ok(result?),
            }
        }
    }

    /// Where claims of a shop's due runs begin.
    pub(crate) fn due_mark(&self, shop: ShopId) -> Arc<Watermark> {
        let mut marks = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            marks
                .entry(shop)
                .or_insert_with(|| Arc::new(Watermark::new())),
        )
    }

    /// Where claims of a channel's messages begin.
    pub(crate) fn outbox_mark(&self, channel: Channel) -> &Watermark {
        &self.outbox[channel as usize]
    }

    /// Counts rows written, so that the planner hears of tables that grow.
    pub(crate) fn wrote(&self, rows: usize) {
        self.growth.add(&self.pool, rows);
    }

    /// Writes down when sources last sent something, where that was some time ago; nobody waits for it.
    fn heard(&self, shop: ShopId, newest: HashMap<String, (Timestamp, String)>) {
        for (source, (at, topic)) in newest {
            {
                let mut known = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
                let last = known
                    .entry((shop, source.clone()))
                    .or_insert(Timestamp::MIN);
                if at.as_second() < last.as_second().saturating_add(SEEN_SECONDS) {
                    continue;
                }
                *last = at;
            }
            let pool = self.pool.clone();
            tokio::spawn(async move {
                if let Err(fault) = inbox::heard(&pool, shop, &source, at, &topic).await {
                    let error = StoreError::from(fault);
                    tracing::debug!(%error, "the last event of a source could not be written down");
                }
            });
        }
    }

    /// Lets claims see what was just written.
    pub(crate) fn wakes(&self, shop: ShopId, writes: &Writes) {
        self.wrote(writes.orders.len() + writes.runs.len() + writes.messages.len());
        let first = writes
            .runs
            .iter()
            .filter_map(|run| run.state.wake_at())
            .min();
        if let Some(first) = first {
            self.due_mark(shop).added(us_up(first));
        }
        for due in &writes.due {
            self.outbox_mark(due.channel).added(us_up(due.due_at));
        }
    }
}

/// The newest intake of each source: when it came, and its topic.
fn newest_of_sources(intakes: &[Intake]) -> HashMap<String, (Timestamp, String)> {
    let mut newest: HashMap<String, (Timestamp, String)> = HashMap::new();
    for intake in intakes {
        match newest.get_mut(&intake.source) {
            Some(known) if known.0 >= intake.received_at => {}
            Some(known) => *known = (intake.received_at, intake.topic.clone()),
            None => {
                let told = (intake.received_at, intake.topic.clone());
                newest.insert(intake.source.clone(), told);
            }
        }
    }
    newest
}

/// Whether this says that the connection was ended, by the network or by the server (57P01 to 57P03).
fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit_arrivals(
        &self,
        shop: ShopId,
        intakes: Vec<Intake>,
        decide: DecideArrivals,
    ) -> Result<Vec<IntakeOutcome>, StoreError> {
        let newest = newest_of_sources(&intakes);
        let outcomes = arrivals::commit(self, shop, intakes, &decide).await?;
        self.heard(shop, newest);
        Ok(outcomes)
    }

    async fn commit_due(
        &self,
        shop: ShopId,
        now: Timestamp,
        limit: usize,
        decide: DecideDue,
    ) -> Result<usize, StoreError> {
        due::commit(self, shop, now, limit, &decide).await
    }

    async fn claim_effects(
        &self,
        node: u8,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        queue::claim(self, node, channel, now, limit).await
    }

    async fn finish_effects(
        &self,
        finished: Vec<Finished>,
        counters: Counters,
        told: Vec<DeliveryRow>,
    ) -> Result<(), StoreError> {
        queue::finish(self, finished, &counters, &told).await
    }

    async fn add_counters(&self, counters: Counters) -> Result<(), StoreError> {
        again!("add_counters", async {
            let mut c = self.pool.acquire().await?;
            let slot = self.slots.take();
            counters::add(&mut c, &counters, slot.number).await
        })
    }

    async fn acquire_node(&self, now: Timestamp) -> Result<u8, StoreError> {
        queue::acquire_node(self, now).await
    }

    async fn heartbeat(&self, node: u8, now: Timestamp) -> Result<(), StoreError> {
        Ok(queue::heartbeat(&self.pool, node, now).await?)
    }

    async fn release_node(&self, node: u8) -> Result<(), StoreError> {
        Ok(queue::release_node(&self.pool, node).await?)
    }

    async fn recover(&self, now: Timestamp, own: Option<u8>) -> Result<Recovered, StoreError> {
        queue::recover(self, now, own).await
    }

    async fn settings_version(&self) -> Result<i64, StoreError> {
        Ok(settings::version(&self.pool).await?)
    }

    async fn shops(&self) -> Result<Vec<ShopRow>, StoreError> {
        Ok(settings::shops(&self.pool).await?)
    }

    async fn add_shop(&self, slug: &str, settings: &ShopSettings) -> Result<ShopId, StoreError> {
        Ok(settings::add_shop(self, slug, settings).await?)
    }

    async fn save_shop(
        &self,
        shop: ShopId,
        settings: &ShopSettings,
        disconnected: bool,
    ) -> Result<(), StoreError> {
        Ok(settings::save_shop(self, shop, settings, disconnected).await?)
    }

    async fn publish_journey(
        &self,
        shop: ShopId,
        journey: &Journey,
        document: &str,
        current: bool,
    ) -> Result<u32, StoreError> {
        Ok(settings::publish_journey(self, shop, journey.clone(), document, current).await?)
    }

    async fn set_current_journey(
        &self,
        shop: ShopId,
        id: &str,
        version: Option<u32>,
    ) -> Result<(), StoreError> {
        Ok(settings::set_current_journey(self, shop, id, version).await?)
    }

    async fn journeys(&self, shop: ShopId) -> Result<Vec<JourneyRow>, StoreError> {
        Ok(settings::journeys(&self.pool, shop).await?)
    }

    async fn publish_template(
        &self,
        shop: ShopId,
        template: &TemplateRow,
    ) -> Result<u32, StoreError> {
        Ok(settings::publish_template(self, shop, template).await?)
    }

    async fn templates(&self, shop: ShopId) -> Result<Vec<TemplateRow>, StoreError> {
        Ok(settings::templates(&self.pool, shop).await?)
    }

    async fn template(
        &self,
        shop: ShopId,
        name: &str,
        locale: &str,
        version: u32,
    ) -> Result<Option<TemplateRow>, StoreError> {
        Ok(settings::template(&self.pool, shop, name, locale, version).await?)
    }

    async fn save_connection(
        &self,
        shop: ShopId,
        source: &str,
        secret: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(settings::save_connection(self, shop, source, secret, now).await?)
    }

    async fn remove_connection(&self, shop: ShopId, source: &str) -> Result<bool, StoreError> {
        Ok(settings::remove_connection(self, shop, source).await?)
    }

    async fn connections(&self, shop: ShopId) -> Result<Vec<ConnectionRow>, StoreError> {
        Ok(settings::connections(&self.pool, shop).await?)
    }

    async fn save_user(
        &self,
        email: &str,
        role: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        Ok(settings::save_user(&self.pool, email, role, password_hash, now).await?)
    }

    async fn user(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        Ok(settings::user(&self.pool, email).await?)
    }

    async fn add_session(
        &self,
        token_hash: &[u8],
        user: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(settings::add_session(&self.pool, token_hash, user, now, expires_at).await?)
    }

    async fn session(
        &self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<UserRow>, StoreError> {
        Ok(settings::session(&self.pool, token_hash, now).await?)
    }

    async fn end_session(&self, token_hash: &[u8]) -> Result<(), StoreError> {
        Ok(settings::end_session(&self.pool, token_hash).await?)
    }

    async fn set_profile(
        &self,
        user: i64,
        name: Option<&str>,
        locale: Option<Locale>,
    ) -> Result<(), StoreError> {
        Ok(settings::set_profile(&self.pool, user, name, locale).await?)
    }

    async fn add_api_key(
        &self,
        shop: ShopId,
        name: Option<&str>,
        prefix: &str,
        hash: &[u8],
        scopes: &[String],
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        Ok(settings::add_api_key(self, shop, name, prefix, hash, scopes, now).await?)
    }

    async fn api_key(&self, hash: &[u8]) -> Result<Option<ApiKeyRow>, StoreError> {
        Ok(settings::api_key(&self.pool, hash).await?)
    }

    async fn api_keys(&self, shop: ShopId) -> Result<Vec<ApiKeyRow>, StoreError> {
        Ok(settings::api_keys(&self.pool, shop).await?)
    }

    async fn revoke_api_key(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(settings::revoke_api_key(&self.pool, shop, id, now).await?)
    }

    async fn order(
        &self,
        shop: ShopId,
        id: OrderId,
    ) -> Result<Option<(Order, Customer)>, StoreError> {
        Ok(read::order(&self.pool, shop, id).await?)
    }

    async fn order_by_external_id(
        &self,
        shop: ShopId,
        external_id: &str,
    ) -> Result<Option<Order>, StoreError> {
        Ok(read::order_by_external_id(&self.pool, shop, external_id).await?)
    }

    async fn customer(&self, shop: ShopId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        Ok(read::customer(&self.pool, shop, id).await?)
    }

    async fn customer_by_key(
        &self,
        shop: ShopId,
        key: &IdentityKey,
    ) -> Result<Option<Customer>, StoreError> {
        Ok(read::customer_by_key(&self.pool, shop, key).await?)
    }

    async fn person_file(&self, shop: ShopId, id: CustomerId) -> Result<PersonFile, StoreError> {
        Ok(read::person_file(self, shop, id).await?)
    }

    async fn messages(
        &self,
        shop: ShopId,
        filter: &MessageFilter,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        Ok(read::messages(&self.pool, shop, filter, limit).await?)
    }

    async fn message(
        &self,
        shop: ShopId,
        id: EffectId,
    ) -> Result<Option<(Message, Option<Rendering>)>, StoreError> {
        Ok(read::message(&self.pool, shop, id).await?)
    }

    async fn inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError> {
        Ok(read::inbox(&self.pool, shop, status, before, limit).await?)
    }

    async fn inbox_row(&self, shop: ShopId, id: InboxId) -> Result<Option<InboxRow>, StoreError> {
        Ok(read::inbox_row(&self.pool, shop, id).await?)
    }

    async fn coupon(&self, shop: ShopId, code: &str) -> Result<Option<Coupon>, StoreError> {
        Ok(read::coupon(&self.pool, shop, code).await?)
    }

    async fn redeem_coupon(
        &self,
        shop: ShopId,
        code: &str,
        now: Timestamp,
        what: Option<&str>,
    ) -> Result<bool, StoreError> {
        Ok(coupons::redeem(&self.pool, shop, code, now, what).await?)
    }

    async fn tasks(
        &self,
        shop: ShopId,
        open_only: bool,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        Ok(read::tasks(&self.pool, shop, open_only, limit).await?)
    }

    async fn products_like(
        &self,
        shop: ShopId,
        categories: &[String],
        except: &[String],
        limit: usize,
    ) -> Result<Vec<Product>, StoreError> {
        Ok(read::products_like(&self.pool, shop, categories, except, limit).await?)
    }

    async fn products(&self, shop: ShopId, ids: &[String]) -> Result<Vec<Product>, StoreError> {
        Ok(read::products(&self.pool, shop, ids).await?)
    }

    async fn counters(
        &self,
        shop: ShopId,
        prefix: &str,
        from: Date,
        to: Date,
    ) -> Result<Vec<(CounterKey, i64)>, StoreError> {
        Ok(read::counters(&self.pool, shop, prefix, from, to).await?)
    }

    async fn queue_depth(&self, now: Timestamp) -> Result<Vec<(Channel, u64, u64)>, StoreError> {
        Ok(queue::depth(&self.pool, now).await?)
    }

    async fn requeue(
        &self,
        shop: ShopId,
        message: EffectId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(queue::requeue(self, shop, message, now).await?)
    }

    async fn prune(&self, now: Timestamp) -> Result<Pruned, StoreError> {
        Ok(read::prune(&self.pool, now).await?)
    }

    async fn check(&self) -> Result<(), StoreError> {
        let mut c = self.pool.acquire().await.map_err(refused)?;
        match schema::standing(&mut c).await? {
            Standing::Current => Ok(()),
            Standing::Empty | Standing::Behind => Err(schema::outdated()),
        }
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        backup::backup(&self.url, to).await
    }
}
