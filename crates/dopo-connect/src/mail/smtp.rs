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

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dkim::DkimKeys;
use super::failure::{
    BounceClass, EnhancedCode, Failure, classify, enhanced_code, redact_addresses, retry_after,
};
use super::message::{EncodedMail, OutgoingMail};
use super::url::{Credentials, SmtpConfig, TlsMode};

/// Longest reply line accepted, in bytes (RFC 5321 says 512; some send more).
const REPLY_LINE_MAX_BYTES: usize = 2048;
/// Most lines of one reply.
const REPLY_LINES_MAX: usize = 128;
/// Mails per connection below which a batch opens no further connection.
const MAILS_PER_CONNECTION: usize = 8;
/// Connections a worker opens anew without having handed over a mail.
const REOPEN_MAX: u32 = 2;
/// Tries of one mail within a batch when connections break before its dot.
const TRIES_MAX: u32 = 2;

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

fn system_trust() -> Result<Arc<rustls::ClientConfig>, PoolError> {
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

struct Job {
    index: usize,
    mail: EncodedMail,
    tries: u32,
}

enum Waiting {
    Raw(usize, Box<OutgoingMail>),
    Encoded(Job),
}

struct Batch {
    waiting: Mutex<VecDeque<Waiting>>,
    outcomes: Mutex<Vec<Option<Outcome>>>,
    trouble: Mutex<Option<Failure>>,
}

impl Batch {
    fn new(mails: Vec<OutgoingMail>) -> Self {
        Self {
            outcomes: Mutex::new(mails.iter().map(|_| None).collect()),
            waiting: Mutex::new(
                mails
                    .into_iter()
                    .enumerate()
                    .map(|(index, mail)| Waiting::Raw(index, Box::new(mail)))
                    .collect(),
            ),
            trouble: Mutex::new(None),
        }
    }

    fn is_empty(&self) -> bool {
        lock(&self.waiting).is_empty()
    }

    fn settle(&self, index: usize, outcome: Outcome) {
        if let Some(slot) = lock(&self.outcomes).get_mut(index) {
            *slot = Some(outcome);
        }
    }

    /// The next mail, encoded and signed; mails that cannot be are failed.
    fn next(&self, dkim: &DkimKeys) -> Option<Job> {
        loop {
            let waiting = lock(&self.waiting).pop_front()?;
            match waiting {
                Waiting::Encoded(job) => return Some(job),
                Waiting::Raw(index, mail) => match encode(&mail, dkim) {
                    Ok(mail) => {
                        return Some(Job {
                            index,
                            mail,
                            tries: 0,
                        });
                    }
                    Err(text) => self.settle(index, Outcome::Fail { why: content(text) }),
                },
            }
        }
    }

    fn put_back(&self, job: Job) {
        lock(&self.waiting).push_front(Waiting::Encoded(job));
    }

    /// A mail whose connection broke before its dot: nothing was handed over.
    fn broken_off(&self, mut job: Job, why: &Failure) {
        job.tries += 1;
        if job.tries < TRIES_MAX {
            self.put_back(job);
        } else {
            let after = retry_after(why.class, why.code);
            let why = why.clone();
            self.settle(job.index, Outcome::Retry { after, why });
        }
    }

    fn note(&self, why: Failure) {
        *lock(&self.trouble) = Some(why);
    }

    fn finish(&self) -> Vec<Outcome> {
        let trouble = lock(&self.trouble)
            .take()
            .unwrap_or_else(|| Failure::connection("no connection to the relay could be used"));
        let left = |index| {
            lock(&self.waiting).iter().any(|waiting| match waiting {
                Waiting::Raw(at, _) => *at == index,
                Waiting::Encoded(job) => job.index == index,
            })
        };
        let after = retry_after(trouble.class, trouble.code);
        std::mem::take(&mut *lock(&self.outcomes))
            .into_iter()
            .enumerate()
            .map(|(index, outcome)| match outcome {
                Some(outcome) => outcome,
                None if left(index) => Outcome::Retry {
                    after,
                    why: trouble.clone(),
                },
                // Its worker stopped in the middle, which only a bug can do.
                None => Outcome::InDoubt {
                    why: Failure::connection("the sending task stopped unexpectedly"),
                },
            })
            .collect()
    }
}

fn encode(mail: &OutgoingMail, dkim: &DkimKeys) -> Result<EncodedMail, String> {
    let mut encoded = mail.encode().map_err(|error| error.to_string())?;
    encoded.bytes = dkim
        .sign(mail.from.domain(), encoded.bytes, mail.date)
        .map_err(|error| error.to_string())?;
    Ok(encoded)
}

fn content(text: impl AsRef<str>) -> Failure {
    Failure {
        class: BounceClass::Content,
        code: 0,
        enhanced: None,
        text: redact_addresses(text.as_ref()),
    }
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

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Offers {
    pipelining: bool,
    starttls: bool,
    smtputf8: bool,
    auth_plain: bool,
    auth_login: bool,
    size_max: Option<usize>,
}

struct Reply {
    code: u16,
    enhanced: Option<EnhancedCode>,
    text: String,
    /// It answers `MAIL`: whatever it says, the recipient is not meant.
    about_sender: bool,
}

impl Reply {
    fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The relay is about to hang up (RFC 5321 3.8).
    fn hangs_up(&self) -> bool {
        self.code == 421
    }

    fn failure(&self) -> Failure {
        let mut class = classify(self.code, self.enhanced, &self.text);
        if self.about_sender && class == BounceClass::HardAddress {
            class = BounceClass::BlockPolicy;
        }
        Failure {
            class,
            code: self.code,
            enhanced: self.enhanced,
            text: redact_addresses(&self.text),
        }
    }

    /// What a refusal means for the mail. A full mailbox is tried again even
    /// when the relay calls it permanent (MAIL-04), and so is a refused login.
    fn refusal(&self) -> Outcome {
        let why = self.failure();
        let lasting =
            self.code >= 500 && !matches!(why.class, BounceClass::SoftMailbox | BounceClass::Auth);
        if lasting {
            Outcome::Fail { why }
        } else {
            let after = retry_after(why.class, why.code);
            Outcome::Retry { after, why }
        }
    }
}

/// What the relay said to `MAIL`, `RCPT` and `DATA`.
struct Envelope {
    /// The first refusal.
    refused: Option<Reply>,
    /// Whether it waits for the message.
    wants_data: bool,
}

struct Connection {
    stream: Stream,
    input: Vec<u8>,
    consumed: usize,
    out: Vec<u8>,
    offers: Offers,
    timeouts: Timeouts,
    needs_reset: bool,
    handed_over: u64,
    idle_since: Instant,
}

impl Connection {
    fn new(stream: Stream, timeouts: Timeouts) -> Self {
        Self {
            stream,
            input: Vec::with_capacity(4096),
            consumed: 0,
            out: Vec::with_capacity(16 * 1024),
            offers: Offers::default(),
            timeouts,
            needs_reset: false,
            handed_over: 0,
            idle_since: Instant::now(),
        }
    }

    /// Sends waiting mails until there are none. On an error the connection
    /// is of no more use; every mail it had is settled or back in the batch.
    async fn drain(&mut self, batch: &Batch, dkim: &DkimKeys) -> Result<(), Failure> {
        let mut announced: Option<Job> = None;
        let mut ahead: Option<Job> = None;
        let result = loop {
            let job = match announced.take() {
                Some(job) => job,
                None => {
                    let Some(job) = ahead.take().or_else(|| self.next(batch, dkim)) else {
                        break Ok(());
                    };
                    self.out.clear();
                    self.put_envelope(&job.mail);
                    if let Err((_, why)) = self.write_out().await {
                        batch.broken_off(job, &why);
                        break Err(why);
                    }
                    job
                }
            };
            // The next mail is encoded while the relay thinks about this one.
            if ahead.is_none() {
                ahead = self.next(batch, dkim);
            }
            let envelope = match self.envelope_replies(&job.mail).await {
                Ok(envelope) => envelope,
                Err(why) => {
                    batch.broken_off(job, &why);
                    break Err(why);
                }
            };
            if let Some(refused) = envelope.refused {
                if refused.hangs_up() {
                    let why = refused.failure();
                    batch.broken_off(job, &why);
                    break Err(why);
                }
                batch.settle(job.index, refused.refusal());
                self.needs_reset = true;
                if envelope.wants_data
                    && let Err(why) = self.command(b".\r\n").await
                {
                    break Err(why);
                }
                continue;
            }

            self.out.clear();
            self.put_message(&job.mail.bytes);
            let dot_end = self.out.len();
            if self.offers.pipelining
                && let Some(next) = ahead.take()
            {
                self.put_envelope(&next.mail);
                announced = Some(next);
            }
            if let Err((written, why)) = self.write_out().await {
                if written >= dot_end {
                    batch.settle(job.index, Outcome::InDoubt { why: why.clone() });
                } else {
                    batch.broken_off(job, &why);
                }
                break Err(why);
            }
            let reply = match self.reply(self.timeouts.accept).await {
                Ok(reply) => reply,
                Err(why) => {
                    batch.settle(job.index, Outcome::InDoubt { why: why.clone() });
                    break Err(why);
                }
            };
            if reply.is_good() {
                self.handed_over += 1;
                let response = redact_addresses(&reply.text);
                batch.settle(job.index, Outcome::Done { response });
            } else {
                batch.settle(job.index, reply.refusal());
                if reply.hangs_up() {
                    break Err(reply.failure());
                }
            }
        };
        // Announced, not sent: nothing of it was handed over.
        for job in [announced, ahead].into_iter().flatten() {
            batch.put_back(job);
        }
        result
    }

    /// The next mail this relay can take at all.
    fn next(&self, batch: &Batch, dkim: &DkimKeys) -> Option<Job> {
        loop {
            let job = batch.next(dkim)?;
            if job.mail.needs_smtputf8 && !self.offers.smtputf8 {
                let why = content("the address is not ASCII and the relay has no SMTPUTF8");
                batch.settle(job.index, Outcome::Fail { why });
                continue;
            }
            if self
                .offers
                .size_max
                .is_some_and(|max| job.mail.bytes.len() > max)
            {
                let mut why = content("the message is larger than the relay takes");
                why.code = 552;
                why.enhanced = Some((5, 3, 4));
                batch.settle(job.index, Outcome::Fail { why });
                continue;
            }
            return Some(job);
        }
    }

    fn put_mail_from(&mut self, mail: &EncodedMail) {
        self.out.extend_from_slice(b"MAIL FROM:<");
        self.out.extend_from_slice(mail.envelope_from.as_bytes());
        self.out.push(b'>');
        if self.offers.size_max.is_some() {
            self.out
                .extend_from_slice(format!(" SIZE={}", mail.bytes.len()).as_bytes());
        }
        if mail.needs_smtputf8 {
            // Its headers hold UTF-8, so the body is declared 8-bit too.
            self.out.extend_from_slice(b" BODY=8BITMIME SMTPUTF8");
        }
        self.out.extend_from_slice(b"\r\n");
    }

    fn put_rcpt_to(&mut self, mail: &EncodedMail) {
        self.out.extend_from_slice(b"RCPT TO:<");
        self.out.extend_from_slice(mail.recipient.as_bytes());
        self.out.extend_from_slice(b">\r\n");
    }

    /// With PIPELINING the whole group; without, nothing yet.
    fn put_envelope(&mut self, mail: &EncodedMail) {
        if !self.offers.pipelining {
            return;
        }
        if self.needs_reset {
            self.out.extend_from_slice(b"RSET\r\n");
        }
        self.put_mail_from(mail);
        self.put_rcpt_to(mail);
        self.out.extend_from_slice(b"DATA\r\n");
    }

    async fn envelope_replies(&mut self, mail: &EncodedMail) -> Result<Envelope, Failure> {
        let limit = self.timeouts.command;
        let mut envelope = Envelope {
            refused: None,
            wants_data: false,
        };
        if self.offers.pipelining {
            if std::mem::take(&mut self.needs_reset) {
                self.reply(limit).await?;
            }
            for step in ["MAIL", "RCPT", "DATA"] {
                let mut reply = self.reply(limit).await?;
                reply.about_sender = step == "MAIL";
                if reply.hangs_up() {
                    envelope.refused = Some(reply);
                    return Ok(envelope);
                }
                envelope.wants_data = step == "DATA" && reply.code == 354;
                if !(envelope.wants_data || reply.is_good()) && envelope.refused.is_none() {
                    envelope.refused = Some(reply);
                } else if step == "DATA" && !envelope.wants_data && envelope.refused.is_none() {
                    return Err(Failure::connection(
                        "the relay answered DATA with something other than 354",
                    ));
                }
            }
            return Ok(envelope);
        }
        if std::mem::take(&mut self.needs_reset) {
            self.command(b"RSET\r\n").await?;
        }
        for step in ["MAIL", "RCPT", "DATA"] {
            self.out.clear();
            match step {
                "MAIL" => self.put_mail_from(mail),
                "RCPT" => self.put_rcpt_to(mail),
                _ => self.out.extend_from_slice(b"DATA\r\n"),
            }
            self.write_out().await.map_err(|(_, why)| why)?;
            let mut reply = self.reply(limit).await?;
            reply.about_sender = step == "MAIL";
            envelope.wants_data = step == "DATA" && reply.code == 354;
            if !(envelope.wants_data || (reply.is_good() && step != "DATA")) {
                envelope.refused = Some(reply);
                break;
            }
        }
        Ok(envelope)
    }

    /// The message with dots doubled at line starts, and the final dot.
    fn put_message(&mut self, message: &[u8]) {
        let mut from = 0;
        if message.first() == Some(&b'.') {
            self.out.push(b'.');
        }
        for at in memchr::memmem::find_iter(message, b"\n.") {
            self.out.extend_from_slice(&message[from..=at]);
            self.out.push(b'.');
            from = at + 1;
        }
        self.out.extend_from_slice(&message[from..]);
        if !message.ends_with(b"\r\n") {
            self.out.extend_from_slice(b"\r\n");
        }
        self.out.extend_from_slice(b".\r\n");
    }

    /// Writes all of `out`. The error says how much was given away.
    async fn write_out(&mut self) -> Result<(), (usize, Failure)> {
        if self.out.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        let limit = self.timeouts.write;
        let stream = &mut self.stream;
        let out = &self.out;
        let result = timeout(limit, async {
            while written < out.len() {
                let rest = &out[written..];
                let count = match stream {
                    Stream::Plain(tcp) => tcp.write(rest).await?,
                    Stream::Tls(tls) => tls.write(rest).await?,
                };
                if count == 0 {
                    return Err(io::Error::from(io::ErrorKind::WriteZero));
                }
                written += count;
            }
            match stream {
                Stream::Plain(_) => Ok(()),
                Stream::Tls(tls) => tls.flush().await,
            }
        })
        .await;
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err((written, Failure::connection(error.to_string()))),
            Err(_) => Err((
                written,
                Failure::connection("writing to the relay timed out"),
            )),
        }
    }

    async fn command(&mut self, line: &[u8]) -> Result<Reply, Failure> {
        self.out.clear();
        self.out.extend_from_slice(line);
        self.write_out().await.map_err(|(_, why)| why)?;
        self.reply(self.timeouts.command).await
    }

    fn unread(&self) -> usize {
        self.input.len() - self.consumed
    }

    async fn fill(&mut self) -> io::Result<usize> {
        if self.consumed == self.input.len() {
            self.input.clear();
            self.consumed = 0;
        }
        self.input.reserve(2048);
        match &mut self.stream {
            Stream::Plain(tcp) => tcp.read_buf(&mut self.input).await,
            Stream::Tls(tls) => tls.read_buf(&mut self.input).await,
        }
    }

    /// One reply, all its lines, lines joined by LF.
    async fn reply(&mut self, limit: Duration) -> Result<Reply, Failure> {
        let mut text = String::new();
        let mut enhanced = None;
        for _ in 0..REPLY_LINES_MAX {
            let (code, last) = loop {
                if let Some(end) = memchr::memchr(b'\n', &self.input[self.consumed..]) {
                    let line = &self.input[self.consumed..self.consumed + end];
                    self.consumed += end + 1;
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    let Some((code, last, words)) = reply_line(line) else {
                        return Err(Failure::connection("the relay's reply is not SMTP"));
                    };
                    let words = String::from_utf8_lossy(words);
                    if text.is_empty() {
                        enhanced = enhanced_code(&words);
                    } else {
                        text.push('\n');
                    }
                    text.push_str(&words);
                    break (code, last);
                }
                if self.unread() > REPLY_LINE_MAX_BYTES {
                    return Err(Failure::connection("the relay's reply line is too long"));
                }
                match timeout(limit, self.fill()).await {
                    Ok(Ok(0)) => {
                        return Err(Failure::connection("the relay closed the connection"));
                    }
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return Err(Failure::connection(error.to_string())),
                    Err(_) => return Err(Failure::connection("the relay's reply timed out")),
                }
            };
            if last {
                return Ok(Reply {
                    code,
                    enhanced,
                    text,
                    about_sender: false,
                });
            }
        }
        Err(Failure::connection("the relay's reply has too many lines"))
    }

    /// Nothing has come in unasked: not closed, no farewell.
    async fn is_quiet(&mut self) -> bool {
        self.unread() == 0 && timeout(Duration::ZERO, self.fill()).await.is_err()
    }

    async fn hello(&mut self, name: &str) -> Result<(), Failure> {
        let reply = self.command(format!("EHLO {name}\r\n").as_bytes()).await?;
        if reply.is_good() {
            self.offers = read_offers(&reply.text);
            return Ok(());
        }
        if reply.code < 500 {
            return Err(reply.failure());
        }
        let reply = self.command(format!("HELO {name}\r\n").as_bytes()).await?;
        if reply.is_good() {
            self.offers = Offers::default();
            Ok(())
        } else {
            Err(reply.failure())
        }
    }

    async fn login(&mut self, credentials: &Credentials) -> Result<(), Failure> {
        let Credentials { user, password } = credentials;
        let reply = if self.offers.auth_plain {
            let token = STANDARD.encode(format!("\0{user}\0{password}"));
            self.command(format!("AUTH PLAIN {token}\r\n").as_bytes())
                .await?
        } else if self.offers.auth_login {
            let mut reply = self.command(b"AUTH LOGIN\r\n").await?;
            for secret in [user, password] {
                if reply.code == 334 {
                    let token = STANDARD.encode(secret);
                    reply = self.command(format!("{token}\r\n").as_bytes()).await?;
                }
            }
            reply
        } else {
            let mut why = Failure::connection(
                "the relay offers neither AUTH PLAIN nor AUTH LOGIN: is this its submission port?",
            );
            why.class = BounceClass::Auth;
            return Err(why);
        };
        if reply.is_good() {
            return Ok(());
        }
        let mut why = reply.failure();
        if !reply.hangs_up() {
            why.class = BounceClass::Auth;
        }
        Err(why)
    }

    async fn quit(&mut self) {
        self.out.clear();
        self.out.extend_from_slice(b"QUIT\r\n");
        let goodbye = async {
            if self.write_out().await.is_ok() {
                // A courtesy: whatever comes back, we are done.
                drop(self.reply(Duration::from_secs(1)).await);
            }
        };
        drop(timeout(Duration::from_secs(2), goodbye).await);
    }
}

/// Code, whether it is the last line, and the words.
fn reply_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let code = line.get(..3)?;
    if !code.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = code
        .iter()
        .fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match line.get(3) {
        None => Some((code, true, &[])),
        Some(b' ') => Some((code, true, &line[4..])),
        Some(b'-') => Some((code, false, &line[4..])),
        Some(_) => None,
    }
}

fn read_offers(text: &str) -> Offers {
    let mut offers = Offers::default();
    for line in text.lines().skip(1) {
        let line = line.to_ascii_uppercase().replace("AUTH=", "AUTH ");
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("PIPELINING") => offers.pipelining = true,
            Some("STARTTLS") => offers.starttls = true,
            Some("SMTPUTF8") => offers.smtputf8 = true,
            Some("SIZE") => {
                // 0 or nothing: no fixed limit (RFC 1870 4).
                let max = words.next().and_then(|max| max.parse().ok()).unwrap_or(0);
                offers.size_max = Some(if max == 0 { usize::MAX } else { max });
            }
            Some("AUTH") => {
                for method in words {
                    offers.auth_plain |= method == "PLAIN";
                    offers.auth_login |= method == "LOGIN";
                }
            }
            _ => {}
        }
    }
    offers
}
