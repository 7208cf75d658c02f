//! Handing mails to the relay: held connections, pipelining, and an exact
//! account of what became of each mail.
//!
//! With PIPELINING (RFC 2920) `MAIL`, `RCPT` and `DATA` go out in one write,
//! and the next mail's three commands follow the final dot of the one before
//! in the same write, so a mail costs one round trip. `DATA` stays the last
//! command of its group, as the RFC wants.
//!
//! A mail is [`Outcome::InDoubt`] only when its final dot was given to the
//! system and no reply came. A connection lost earlier than that has handed
//! nothing over: the mail is tried once more on a fresh connection.

mod batch;
mod connection;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use self::batch::Batch;
use self::connection::{Connection, Stream};
use super::dkim::DkimKeys;
use super::failure::Failure;
use super::message::OutgoingMail;
use super::url::{SmtpConfig, TlsMode};

/// Mails per connection below which a batch opens no further connection.
const MAILS_PER_CONNECTION: usize = 8;
/// Connections a worker opens anew without having handed over a mail.
const REOPEN_MAX: u32 = 2;

/// How long each phase may take. Waiting longer than the relay's own limits
/// is useless, waiting shorter makes doubles (RFC 5321 4.5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// TCP and TLS handshake.
    pub connect: Duration,
    /// The relay's greeting, and each reply to a command.
    pub command: Duration,
    /// Writing one message.
    pub write: Duration,
    /// The reply to the final dot.
    pub accept: Duration,
    /// A connection nobody used for this long is closed.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            command: Duration::from_secs(120),
            write: Duration::from_secs(180),
            accept: Duration::from_secs(600),
            idle: Duration::from_secs(60),
        }
    }
}

/// What became of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took it.
    Done {
        /// Its words, usually with a queue number; addresses replaced.
        response: String,
    },
    /// Not taken, may be tried again.
    Retry {
        /// How long to wait.
        after: Duration,
        /// Why not.
        why: Failure,
    },
    /// Not taken, and never will be.
    Fail {
        /// Why not.
        why: Failure,
    },
    /// Written to the end, but the reply never came: it may have been taken.
    InDoubt {
        /// What broke.
        why: Failure,
    },
}

/// Why a pool could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// No certificate authorities to check the relay against.
    #[error(
        "no trusted certificates found on this system ({0}): install ca-certificates, or use a relay on this machine without TLS"
    )]
    Roots(String),
    /// rustls refused its settings.
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Held connections to one relay. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct SmtpPool {
    inner: Arc<Inner>,
}

impl fmt::Debug for SmtpPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpPool({})", self.inner.config)
    }
}

struct Inner {
    config: SmtpConfig,
    timeouts: Timeouts,
    dkim: DkimKeys,
    tls: Option<TlsConnector>,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    reaping: AtomicBool,
}

impl SmtpPool {
    /// A pool that opens connections when there is mail. Domains without a
    /// key in `dkim` are sent unsigned.
    ///
    /// # Errors
    /// [`PoolError`] when the URL asks for TLS and it cannot be set up.
    pub fn new(config: SmtpConfig, dkim: DkimKeys) -> Result<Self, PoolError> {
        Self::with(config, dkim, Timeouts::default(), None)
    }

    /// As [`SmtpPool::new`], with other timeouts and, when given, other trust
    /// than the system's certificates.
    ///
    /// # Errors
    /// [`PoolError`] when the URL asks for TLS and it cannot be set up.
    pub fn with(
        config: SmtpConfig,
        dkim: DkimKeys,
        timeouts: Timeouts,
        tls: Option<Arc<rustls::ClientConfig>>,
    ) -> Result<Self, PoolError> {
        let tls = match (config.tls, tls) {
            (TlsMode::Never, _) => None,
            (_, Some(given)) => Some(given),
            (_, None) => Some(system_trust()?),
        };
        Ok(Self {
            inner: Arc::new(Inner {
                permits: Arc::new(Semaphore::new(config.connections.max(1))),
                config,
                timeouts,
                dkim,
                tls: tls.map(TlsConnector::from),
                idle: Mutex::new(Vec::new()),
                reaping: AtomicBool::new(false),
            }),
        })
    }

    /// The keys this pool signs with.
    pub fn dkim_keys(&self) -> &DkimKeys {
        &self.inner.dkim
    }

    /// Where mail goes, without the login.
    pub fn relay(&self) -> String {
        self.inner.config.to_string()
    }

    /// Connects, encrypts and logs in as for a mail, and hangs up.
    ///
    /// # Errors
    /// The [`Failure`] a mail would have met.
    pub async fn check(&self) -> Result<(), Failure> {
        let mut connection = self.inner.open().await?;
        connection.quit().await;
        Ok(())
    }

    /// Hands over a batch. The outcomes are in the order of the mails.
    ///
    /// Dropping the future stops the work; mails then under way are in doubt.
    pub async fn send_batch(&self, mails: Vec<OutgoingMail>) -> Vec<Outcome> {
        let count = mails.len();
        let batch = Arc::new(Batch::new(mails));
        let wanted = count
            .div_ceil(MAILS_PER_CONNECTION)
            .min(self.inner.config.connections.max(1));
        let mut others = JoinSet::new();
        for _ in 1..wanted {
            // Only what is free now: waiting would tie this batch to another.
            let Ok(permit) = Arc::clone(&self.inner.permits).try_acquire_owned() else {
                break;
            };
            others.spawn(work(Arc::clone(&self.inner), Arc::clone(&batch), permit));
        }
        if count > 0
            && let Ok(permit) = Arc::clone(&self.inner.permits).acquire_owned().await
        {
            work(Arc::clone(&self.inner), Arc::clone(&batch), permit).await;
        }
        while others.join_next().await.is_some() {}
        batch.finish()
    }

    /// Says goodbye on all held connections that are not in use.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *lock(&self.inner.idle));
        for mut connection in idle {
            connection.quit().await;
        }
    }
}

/// TLS settings that trust the system's roots.
///
/// # Errors
/// [`PoolError::Roots`] when the system has none.
pub fn system_trust() -> Result<Arc<rustls::ClientConfig>, PoolError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map(ToString::to_string);
        return Err(PoolError::Roots(why.unwrap_or_else(|| "none".to_owned())));
    }
    tls_trusting(roots)
}

/// TLS settings that trust exactly `roots`.
///
/// # Errors
/// [`PoolError::Tls`] when rustls refuses them.
pub fn tls_trusting(roots: rustls::RootCertStore) -> Result<Arc<rustls::ClientConfig>, PoolError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A panic elsewhere does not make the queues wrong: each critical section
/// leaves them whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn work(inner: Arc<Inner>, batch: Arc<Batch>, permit: OwnedSemaphorePermit) {
    let mut reopened = 0;
    let mut held = inner.take_idle().await;
    while !batch.is_empty() {
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => match inner.open().await {
                Ok(connection) => connection,
                Err(why) => {
                    tracing::warn!(relay = %inner.config, %why, "mail relay not usable");
                    batch.note(why);
                    break;
                }
            },
        };
        let before = connection.handed_over;
        match connection.drain(&batch, &inner.dkim).await {
            Ok(()) => held = Some(connection),
            Err(why) => {
                tracing::debug!(relay = %inner.config, %why, "mail connection lost");
                if connection.handed_over > before {
                    reopened = 0;
                }
                batch.note(why);
                reopened += 1;
                if reopened > REOPEN_MAX {
                    break;
                }
            }
        }
    }
    if let Some(connection) = held {
        inner.give_back(connection);
    }
    drop(permit);
}

impl Inner {
    async fn take_idle(&self) -> Option<Connection> {
        loop {
            let mut connection = lock(&self.idle).pop()?;
            if connection.idle_since.elapsed() < self.timeouts.idle && connection.is_quiet().await {
                return Some(connection);
            }
        }
    }

    fn give_back(self: &Arc<Self>, mut connection: Connection) {
        connection.idle_since = Instant::now();
        lock(&self.idle).push(connection);
        if !self.reaping.swap(true, Ordering::AcqRel) {
            tokio::spawn(reap(Arc::downgrade(self), self.timeouts.idle));
        }
    }

    async fn open(&self) -> Result<Connection, Failure> {
        let limit = self.timeouts.connect;
        let address = (self.config.host.as_str(), self.config.port);
        let tcp = timeout(limit, TcpStream::connect(address))
            .await
            .map_err(|_| Failure::connection(format!("{}: connecting timed out", self.config)))?
            .map_err(|error| Failure::connection(format!("{}: {error}", self.config)))?;
        tcp.set_nodelay(true)
            .map_err(|error| Failure::connection(error.to_string()))?;
        let mut connection = Connection::new(Stream::Plain(tcp), self.timeouts);
        if self.config.tls == TlsMode::Implicit {
            connection = self.encrypt(connection).await?;
        }
        let greeting = connection.reply(self.timeouts.command).await?;
        if greeting.code != 220 {
            return Err(greeting.failure());
        }
        connection.hello(&self.config.ehlo_name).await?;
        match self.config.tls {
            TlsMode::Opportunistic | TlsMode::Required if connection.offers.starttls => {
                let reply = connection.command(b"STARTTLS\r\n").await?;
                if reply.code == 220 {
                    connection = self.encrypt(connection).await?;
                    connection.hello(&self.config.ehlo_name).await?;
                } else if self.config.tls == TlsMode::Required {
                    return Err(reply.failure());
                }
            }
            TlsMode::Required => {
                return Err(Failure::connection(
                    "the relay offers no STARTTLS but the SMTP URL requires it: use smtps:// or another port",
                ));
            }
            _ => {}
        }
        if let Some(credentials) = &self.config.credentials {
            connection.login(credentials).await?;
        }
        Ok(connection)
    }

    async fn encrypt(&self, connection: Connection) -> Result<Connection, Failure> {
        // Anything the relay said before the handshake is not authentic.
        if connection.unread() > 0 {
            return Err(Failure::connection(
                "the relay sent data before the TLS handshake; someone may be tampering",
            ));
        }
        let tls = self
            .tls
            .as_ref()
            .ok_or_else(|| Failure::connection("TLS is not set up for this relay"))?;
        let name = rustls::pki_types::ServerName::try_from(self.config.host.clone())
            .map_err(|_| Failure::connection("the relay's host is not a name TLS can check"))?;
        let Stream::Plain(tcp) = connection.stream else {
            return Err(Failure::connection("the connection is encrypted already"));
        };
        let stream = timeout(self.timeouts.connect, tls.connect(name, tcp))
            .await
            .map_err(|_| Failure::connection("the TLS handshake timed out"))?
            .map_err(|error| Failure::connection(format!("TLS with the relay failed: {error}")))?;
        Ok(Connection::new(
            Stream::Tls(Box::new(stream)),
            self.timeouts,
        ))
    }
}

/// Closes connections nobody used for a while; ends when none is left.
async fn reap(pool: Weak<Inner>, idle: Duration) {
    loop {
        tokio::time::sleep(idle.max(Duration::from_millis(50)) / 2).await;
        let Some(inner) = pool.upgrade() else { return };
        let old: Vec<Connection> = {
            let mut held = lock(&inner.idle);
            let (old, young) = std::mem::take(&mut *held)
                .into_iter()
                .partition(|connection| connection.idle_since.elapsed() >= idle);
            *held = young;
            if held.is_empty() {
                inner.reaping.store(false, Ordering::Release);
            }
            old
        };
        for mut connection in old {
            connection.quit().await;
        }
        if !inner.reaping.load(Ordering::Acquire) {
            return;
        }
    }
}
