//! The port's methods, each handed to the writer or to a reader.

use crate::console::team;
use crate::pool::Pool;
use crate::schema::{self, Standing};
use crate::writer::{self, Writer};
use crate::{backup, commit, coupons, couriers, links, queue, read, refused, settings};
use async_trait::async_trait;
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
use rusqlite::Connection;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Who opens the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// `dopo serve`: one process at a time, held by a lock file beside the database.
    Server,
    /// A command, beside a running server or without one.
    Tool,
}

/// The store port on one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: Pool,
    path: PathBuf,
    /// Held as long as the store is open, in [`Role::Server`].
    _lock: Option<File>,
    /// Deleted when the store is closed.
    _temporary: Option<Temporary>,
}

/// A folder that goes with its owner. Declared last, so that it goes after the connections.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Takes the server's lock of a database.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|e| StoreError::Unavailable(format!("could not open {}: {e}", name.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Unavailable(format!(
            "another `dopo serve` is running on {}: stop it first, or give this one a database of its own",
            path.display()
        ))),
        Err(TryLockError::Error(e)) => Err(StoreError::Unavailable(format!(
            "could not lock {}: {e}",
            name.display()
        ))),
    }
}

/// The file that a database URL names; `None` for `sqlite::memory:`.
fn path_of(url: &str) -> Result<Option<PathBuf>, StoreError> {
    let rest = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .ok_or_else(|| {
            StoreError::Rejected(
                "the address of a SQLite database is `sqlite://` and the path of its file"
                    .to_owned(),
            )
        })?;
    match rest {
        ":memory:" => Ok(None),
        "" => Err(StoreError::Rejected(
            "the address of the SQLite database names no file: write `sqlite://dopo.db`".to_owned(),
        )),
        path => Ok(Some(PathBuf::from(path))),
    }
}

/// Opens the database at `sqlite://PATH` and brings it to this program's schema; `sqlite::memory:` is a private file that
/// is deleted when the store is closed. A [`Role::Tool`] sets up a new database but leaves an older one as it is, because
/// a server of the older program may be running on it.
///
/// # Errors
/// [`StoreError::Schema`] when the schema is not this program's and may not be brought there; [`StoreError::Unavailable`]
/// when the file cannot be opened or another server holds it.
pub async fn connect(url: &str, role: Role) -> Result<SqliteStore, StoreError> {
    let store = match path_of(url)? {
        Some(path) => SqliteStore::open(&path, role).await?,
        None => SqliteStore::open_temporary().await?,
    };
    match store.standing().await? {
        Standing::Current => {}
        Standing::Behind if role == Role::Tool => return Err(schema::outdated()),
        Standing::Empty | Standing::Behind => {
            store.migrate().await?;
        }
    }
    Ok(store)
}

/// Runs something blocking beside the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(StoreError::Rejected(
            "a fault of the program at the database".to_owned(),
        ))
    })
}

impl SqliteStore {
    /// Opens a database file, made when there is none, without touching its tables.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when it was written by a newer program; [`StoreError::Unavailable`] when it cannot be opened
    /// or, in [`Role::Server`], another server holds it.
    pub async fn open(path: &Path, role: Role) -> Result<Self, StoreError> {
        let path = path.to_owned();
        blocking(move || Self::open_blocking(path, role, None)).await
    }

    /// Opens a new database that is deleted when the store is closed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the folder for temporary files cannot be written.
    pub async fn open_temporary() -> Result<Self, StoreError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir().join(format!(
            "dopo-{}-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed),
            // Tells processes apart whose number comes round again.
            Timestamp::now().as_nanosecond()
        ));
        blocking(move || {
            std::fs::create_dir(&folder).map_err(|e| {
                StoreError::Unavailable(format!("could not make {}: {e}", folder.display()))
            })?;
            let path = folder.join("dopo.db");
            Self::open_blocking(path, Role::Server, Some(Temporary(folder)))
        })
        .await
    }

    fn open_blocking(
        path: PathBuf,
        role: Role,
        temporary: Option<Temporary>,
    ) -> Result<Self, StoreError> {
        let lock = match role {
            Role::Server => Some(lock(&path)?),
            Role::Tool => None,
        };
        let named = |error: StoreError| match error {
            StoreError::Unavailable(why) => {
                StoreError::Unavailable(format!("{} cannot be opened: {why}", path.display()))
            }
            StoreError::Rejected(why) => StoreError::Rejected(format!(
                "{} is no database of this program: {why}",
                path.display()
            )),
            other => other,
        };
        let connection = writer::open_connection(&path).map_err(named)?;
        schema::standing(&connection).map_err(named)?;
        let readers = Pool::open(&path).map_err(named)?;
        Ok(SqliteStore {
            writer: Writer::start(connection, path.clone())?,
            readers,
            path,
            _lock: lock,
            _temporary: temporary,
        })
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn standing(&self) -> Result<Standing, StoreError> {
        self.readers.read(schema::standing).await
    }

    /// Brings the schema to this program's version; all or nothing. Returns the names of the steps taken.
    ///
    /// # Errors
    /// [`StoreError::Schema`] when the database was written by a newer program.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        let path = self.path.clone();
        blocking(move || {
            let mut connection = writer::open_connection(&path)?;
            schema::migrate(&mut connection)
        })
        .await
    }

    pub(crate) async fn write<T, F>(&self, write: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.writer.write(write).await
    }

    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.read(read).await
    }

    /// Repeats a bounded deletion until it finds nothing more.
    pub(crate) async fn sweep(
        &self,
        now: Timestamp,
        part: fn(&Connection, Timestamp) -> Result<usize, StoreError>,
    ) -> Result<u64, StoreError> {
        let mut total = 0;
        loop {
            let gone = self.write(move |c| part(c, now)).await?;
            total += gone as u64;
            if gone < read::PRUNE_ROWS_MAX {
                return Ok(total);
            }
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit_arrivals(
        &self,
        shop: ShopId,
        intakes: Vec<Intake>,
        decide: DecideArrivals,
    ) -> Result<Vec<IntakeOutcome>, StoreError> {
        self.write(move |c| commit::arrivals(c, shop, intakes, &decide))
            .await
    }

    async fn commit_due(
        &self,
        shop: ShopId,
        now: Timestamp,
        limit: usize,
        decide: DecideDue,
    ) -> Result<usize, StoreError> {
        self.write(move |c| commit::due(c, shop, now, limit, &decide))
            .await
    }

    async fn claim_effects(
        &self,
        node: u8,
        channel: Channel,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.write(move |c| queue::claim(c, node, channel, now, limit))
            .await
    }

    async fn finish_effects(
        &self,
        finished: Vec<Finished>,
        counters: Counters,
        told: Vec<DeliveryRow>,
    ) -> Result<(), StoreError> {
        self.write(move |c| queue::finish(c, &finished, &counters, &told))
            .await
    }

    async fn add_counters(&self, counters: Counters) -> Result<(), StoreError> {
        self.write(move |c| commit::count(c, &counters)).await
    }

    async fn acquire_node(&self, now: Timestamp) -> Result<u8, StoreError> {
        self.write(move |c| queue::acquire_node(c, now)).await
    }

    async fn heartbeat(&self, node: u8, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |c| queue::heartbeat(c, node, now)).await
    }

    async fn release_node(&self, node: u8) -> Result<(), StoreError> {
        self.write(move |c| queue::release_node(c, node)).await
    }

    async fn recover(&self, now: Timestamp, own: Option<u8>) -> Result<Recovered, StoreError> {
        self.write(move |c| queue::recover(c, now, own)).await
    }

    async fn settings_version(&self) -> Result<i64, StoreError> {
        self.read(settings::version).await
    }

    async fn shops(&self) -> Result<Vec<ShopRow>, StoreError> {
        self.read(settings::shops).await
    }

    async fn add_shop(&self, slug: &str, settings: &ShopSettings) -> Result<ShopId, StoreError> {
        let (slug, settings) = (slug.to_owned(), settings.clone());
        self.write(move |c| settings::add_shop(c, &slug, &settings))
            .await
    }

    async fn save_shop(
        &self,
        shop: ShopId,
        settings: &ShopSettings,
        disconnected: bool,
    ) -> Result<(), StoreError> {
        let settings = settings.clone();
        self.write(move |c| settings::save_shop(c, shop, &settings, disconnected))
            .await
    }

    async fn publish_journey(
        &self,
        shop: ShopId,
        journey: &Journey,
        document: &str,
        current: bool,
    ) -> Result<u32, StoreError> {
        let (journey, document) = (journey.clone(), document.to_owned());
        self.write(move |c| settings::publish_journey(c, shop, journey, &document, current))
            .await
    }

    async fn set_current_journey(
        &self,
        shop: ShopId,
        id: &str,
        version: Option<u32>,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |c| settings::set_current_journey(c, shop, &id, version))
            .await
    }

    async fn journeys(&self, shop: ShopId) -> Result<Vec<JourneyRow>, StoreError> {
        self.read(move |c| settings::journeys(c, shop)).await
    }

    async fn publish_template(
        &self,
        shop: ShopId,
        template: &TemplateRow,
    ) -> Result<u32, StoreError> {
        let template = template.clone();
        self.write(move |c| settings::publish_template(c, shop, &template))
            .await
    }

    async fn templates(&self, shop: ShopId) -> Result<Vec<TemplateRow>, StoreError> {
        self.read(move |c| settings::templates(c, shop)).await
    }

    async fn template(
        &self,
        shop: ShopId,
        name: &str,
        locale: &str,
        version: u32,
    ) -> Result<Option<TemplateRow>, StoreError> {
        let (name, locale) = (name.to_owned(), locale.to_owned());
        self.read(move |c| settings::template(c, shop, &name, &locale, version))
            .await
    }

    async fn save_connection(
        &self,
        shop: ShopId,
        source: &str,
        secret: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (source, secret) = (source.to_owned(), secret.to_vec());
        self.write(move |c| settings::save_connection(c, shop, &source, &secret, now))
            .await
    }

    async fn remove_connection(&self, shop: ShopId, source: &str) -> Result<bool, StoreError> {
        let source = source.to_owned();
        self.write(move |c| settings::remove_connection(c, shop, &source))
            .await
    }

    async fn connections(&self, shop: ShopId) -> Result<Vec<ConnectionRow>, StoreError> {
        self.read(move |c| settings::connections(c, shop)).await
    }

    async fn save_user(
        &self,
        email: &str,
        role: &str,
        password_hash: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let (email, role, hash) = (email.to_owned(), role.to_owned(), password_hash.to_owned());
        self.write(move |c| settings::save_user(c, &email, &role, &hash, now))
            .await
    }

    async fn user(&self, email: &str) -> Result<Option<UserRow>, StoreError> {
        let email = email.to_owned();
        self.read(move |c| settings::user(c, &email)).await
    }

    async fn add_session(
        &self,
        token_hash: &[u8],
        user: i64,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let hash = token_hash.to_vec();
        self.write(move |c| settings::add_session(c, &hash, user, now, expires_at))
            .await
    }

    async fn session(
        &self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<UserRow>, StoreError> {
        let hash = token_hash.to_vec();
        let found = self
            .read(move |c| {
                let Some(user) = settings::session(c, &hash, now)? else {
                    return Ok(None);
                };
                Ok(Some((user, team::session_seen(c, &hash)?)))
            })
            .await?;
        let Some((user, seen)) = found else {
            return Ok(None);
        };
        if seen.is_none_or(|at| now.duration_since(at).as_secs() >= SEEN_SECONDS) {
            let (hash, id) = (token_hash.to_vec(), user.id);
            self.write(move |c| team::touch_session(c, &hash, id, now))
                .await?;
        }
        Ok(Some(user))
    }

    async fn end_session(&self, token_hash: &[u8]) -> Result<(), StoreError> {
        let hash = token_hash.to_vec();
        self.write(move |c| settings::end_session(c, &hash)).await
    }

    async fn set_profile(
        &self,
        user: i64,
        name: Option<&str>,
        locale: Option<Locale>,
    ) -> Result<(), StoreError> {
        let name = name.map(str::to_owned);
        self.write(move |c| settings::set_profile(c, user, name.as_deref(), locale))
            .await
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
        let (prefix, hash, scopes) = (prefix.to_owned(), hash.to_vec(), scopes.to_vec());
        let name = name.map(str::to_owned);
        self.write(move |c| {
            settings::add_api_key(c, shop, name.as_deref(), &prefix, &hash, &scopes, now)
        })
        .await
    }

    async fn api_key(&self, hash: &[u8]) -> Result<Option<ApiKeyRow>, StoreError> {
        let hash = hash.to_vec();
        self.read(move |c| settings::api_key(c, &hash)).await
    }

    async fn api_keys(&self, shop: ShopId) -> Result<Vec<ApiKeyRow>, StoreError> {
        self.read(move |c| settings::api_keys(c, shop)).await
    }

    async fn revoke_api_key(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |c| settings::revoke_api_key(c, shop, id, now))
            .await
    }

    async fn order(
        &self,
        shop: ShopId,
        id: OrderId,
    ) -> Result<Option<(Order, Customer)>, StoreError> {
        self.read(move |c| read::order(c, shop, id)).await
    }

    async fn order_by_external_id(
        &self,
        shop: ShopId,
        external_id: &str,
    ) -> Result<Option<Order>, StoreError> {
        let id = external_id.to_owned();
        self.read(move |c| read::order_by_external_id(c, shop, &id))
            .await
    }

    async fn customer(&self, shop: ShopId, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        self.read(move |c| read::customer(c, shop, id)).await
    }

    async fn customer_by_key(
        &self,
        shop: ShopId,
        key: &IdentityKey,
    ) -> Result<Option<Customer>, StoreError> {
        let key = key.clone();
        self.read(move |c| read::customer_by_key(c, shop, &key))
            .await
    }

    async fn person_file(&self, shop: ShopId, id: CustomerId) -> Result<PersonFile, StoreError> {
        self.read(move |c| read::person_file(c, shop, id)).await
    }

    async fn messages(
        &self,
        shop: ShopId,
        filter: &MessageFilter,
        limit: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let filter = filter.clone();
        self.read(move |c| read::messages(c, shop, &filter, limit))
            .await
    }

    async fn message(
        &self,
        shop: ShopId,
        id: EffectId,
    ) -> Result<Option<(Message, Option<Rendering>)>, StoreError> {
        self.read(move |c| read::message(c, shop, id)).await
    }

    async fn inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError> {
        self.read(move |c| read::inbox(c, shop, status, before, limit))
            .await
    }

    async fn inbox_row(&self, shop: ShopId, id: InboxId) -> Result<Option<InboxRow>, StoreError> {
        self.read(move |c| read::inbox_row(c, shop, id)).await
    }

    async fn coupon(&self, shop: ShopId, code: &str) -> Result<Option<Coupon>, StoreError> {
        let code = code.to_owned();
        self.read(move |c| read::coupon(c, shop, &code)).await
    }

    async fn redeem_coupon(
        &self,
        shop: ShopId,
        code: &str,
        now: Timestamp,
        what: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (code, what) = (code.to_owned(), what.map(str::to_owned));
        self.write(move |c| coupons::redeem(c, shop, &code, now, what.as_deref()))
            .await
    }

    async fn tasks(
        &self,
        shop: ShopId,
        open_only: bool,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read(move |c| read::tasks(c, shop, open_only, limit))
            .await
    }

    async fn products_like(
        &self,
        shop: ShopId,
        categories: &[String],
        except: &[String],
        limit: usize,
    ) -> Result<Vec<Product>, StoreError> {
        let (categories, except) = (categories.to_vec(), except.to_vec());
        self.read(move |c| read::products_like(c, shop, &categories, &except, limit))
            .await
    }

    async fn products(&self, shop: ShopId, ids: &[String]) -> Result<Vec<Product>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |c| read::products(c, shop, &ids)).await
    }

    async fn counters(
        &self,
        shop: ShopId,
        prefix: &str,
        from: Date,
        to: Date,
    ) -> Result<Vec<(CounterKey, i64)>, StoreError> {
        let prefix = prefix.to_owned();
        self.read(move |c| read::counters(c, shop, &prefix, from, to))
            .await
    }

    async fn queue_depth(&self, now: Timestamp) -> Result<Vec<(Channel, u64, u64)>, StoreError> {
        self.read(move |c| queue::depth(c, now)).await
    }

    async fn requeue(
        &self,
        shop: ShopId,
        message: EffectId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |c| queue::requeue(c, shop, message, now))
            .await
    }

    async fn prune(&self, now: Timestamp) -> Result<Pruned, StoreError> {
        Ok(Pruned {
            seen: self.sweep(now, read::prune_seen).await?,
            bodies: self.sweep(now, read::prune_bodies).await?,
            sessions: self.write(move |c| read::prune_sessions(c, now)).await? as u64,
            photos: self.sweep(now, couriers::prune_photos).await?,
            links: self.sweep(now, links::prune).await?,
        })
    }

    async fn check(&self) -> Result<(), StoreError> {
        match self.standing().await? {
            Standing::Current => {}
            Standing::Empty | Standing::Behind => return Err(schema::outdated()),
        }
        // The writer answers too.
        self.write(|c| c.query_row("SELECT 1", [], |_| Ok(())).map_err(refused))
            .await
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (self.path.clone(), to.to_owned());
        blocking(move || backup::backup(&from, &to)).await
    }
}
