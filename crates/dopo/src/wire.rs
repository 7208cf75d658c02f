//! From configuration to a running engine: the only place that names concrete things.

use crate::commands::people::Argon;
use crate::config::Config;
use crate::hooks::Connectors;
use crate::mail::{DkimPem, SmtpChannel};
use anyhow::{Context, Result, bail};
use dopo_connect::couriers::VendorDesks;
use dopo_connect::dns::SystemDns;
use dopo_connect::identity::OpenId;
use dopo_connect::webhook::HttpPoster;
use dopo_engine::desk::{Desk, Outward};
use dopo_engine::ports::{Clock, Entropy, IdentityProvider, MailChannel, Store};
use dopo_engine::secrets::{MASTER_KEY_BYTES, MasterKey};
use dopo_engine::{Engine, Settings};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random bits.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Without entropy no id, nonce or token is safe: there is nothing to go on with.
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bits: {error}");
        }
    }
}

/// What a process wants of the database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It serves: on SQLite there is one such process.
    Server,
    /// A command beside a possibly running server.
    Tool,
}

/// Whether the database is PostgreSQL.
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Opens the database and brings its schema up to date.
pub async fn open_store(url: &str, role: Role) -> Result<Arc<dyn Store>> {
    if is_postgres(url) {
        let store = dopo_postgres::connect(url)
            .await
            .context("could not open the PostgreSQL database")?;
        Ok(Arc::new(store))
    } else if url.starts_with("sqlite:") {
        let role = match role {
            Role::Server => dopo_sqlite::Role::Server,
            Role::Tool => dopo_sqlite::Role::Tool,
        };
        let store = dopo_sqlite::connect(url, role)
            .await
            .context("could not open the SQLite database")?;
        Ok(Arc::new(store))
    } else {
        bail!("DOPO_DATABASE_URL must begin with sqlite:// or postgres://")
    }
}

/// Reads the master key, or makes it on first start with a warning.
pub fn master_key(path: &Path) -> Result<MasterKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => MasterKey::parse(&text).with_context(|| format!("in {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = make_master_key(path)?;
            tracing::warn!(
                file = %path.display(),
                "a new master key was made: back it up; without it stored secrets and links in sent mails are lost"
            );
            Ok(key)
        }
        Err(error) => Err(error)
            .with_context(|| format!("could not read the master key from {}", path.display())),
    }
}

/// Makes a new master key and writes it to a file that is not there yet.
pub fn make_master_key(path: &Path) -> Result<MasterKey> {
    let mut bytes = [0; MASTER_KEY_BYTES];
    SystemEntropy.fill(&mut bytes);
    let key = MasterKey::new(bytes);
    write_private(path, &key.to_text())
        .with_context(|| format!("could not write the new master key to {}", path.display()))?;
    Ok(key)
}

/// Writes a file that only its owner may read, and only if it is not there yet.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Batches of arrivals committed at the same time on PostgreSQL.
const POSTGRES_COMMITTERS: usize = 3;

/// The parts of a running installation.
pub struct House {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The mail channel, when there is a mail server.
    pub mail: Option<Arc<SmtpChannel>>,
}

/// Opens everything and starts the engine (not its workers).
pub async fn build(config: &Config, role: Role, clock: Arc<dyn Clock>) -> Result<House> {
    let store = open_store(&config.database_url, role).await?;
    let key = master_key(&config.master_key_file)?;
    let mail = match &config.smtp_url {
        Some(url) => Some(Arc::new(SmtpChannel::new(url)?)),
        None => None,
    };
    let channel = mail.clone().map(|mail| -> Arc<dyn MailChannel> { mail });
    let settings = Settings {
        public_url: config.public_url(),
        committers: if is_postgres(&config.database_url) {
            POSTGRES_COMMITTERS
        } else {
            1
        },
        dispatchers: config.dispatchers,
        tool: role == Role::Tool,
    };
    let engine = Engine::start(
        store,
        clock,
        Arc::new(SystemEntropy),
        channel,
        key,
        settings,
    )
    .await
    .context("the engine could not start")?;
    engine
        .use_couriers(Arc::new(VendorDesks::new(config.couriers_private)))
        .await
        .context("the accounts with couriers could not be read")?;
    if let Some(mail) = &mail {
        mail.learn_keys(&engine);
    }
    Ok(House { engine, mail })
}

/// The console's use cases on an engine, with the world outside.
///
/// # Errors
/// When what is configured of a provider of identities cannot be used.
pub fn desk(engine: Arc<Engine>, config: &Config, demo: bool) -> Result<Arc<Desk>> {
    let identities = match config.oidc()? {
        Some(account) => {
            let provider = OpenId::new(account)
                .map_err(|why| anyhow::anyhow!("DOPO_OIDC_ISSUER cannot be used: {why}"))?;
            Some(Arc::new(provider) as Arc<dyn IdentityProvider>)
        }
        None => None,
    };
    Ok(Desk::new(
        engine,
        Outward {
            dns: Arc::new(SystemDns::new()),
            poster: Arc::new(HttpPoster::new(config.webhooks_private)),
            dkim: Arc::new(DkimPem),
            passwords: Arc::new(Argon),
            identities,
            translator: Arc::new(Connectors),
            backup_folder: config.backup_dir.clone(),
            demo,
        },
    ))
}
