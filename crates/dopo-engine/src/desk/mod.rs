//! What the people of a shop do beside the road: accounts, settings, connections, keys, webhooks, backups.
//!
//! [`Desk`] is the handle: an engine with what its use cases need of the world outside. Everything that changes something
//! writes a row of the audit log ([`Desk::audit`]).

mod accounts;
mod audit;
mod backups;
mod checklist;
mod domain;
pub mod facts;
mod inbox;
mod letters;
mod provider;
mod settings;
mod webhooks;

pub use accounts::{AccountError, INVITE_DAYS, Invited, RESET_MINUTES};
pub use audit::{Actor, words as audit_words};
pub use backups::{BACKUPS_KEPT, BackupRefused, run as run_backups};
pub use checklist::{CheckItem, CheckState, Checklist, checklist_of};
pub use domain::{DomainCheck, DomainRecord, RecordState};
pub use inbox::{REPLAY_MAX, ReplayError, Replayed};
pub use provider::{ProviderError, SIGN_IN_MINUTES, SignInBegun};
pub use settings::SettingsError;
pub use webhooks::{KINDS, WebhookError, WebhookHealth, body_json, run as run_webhooks};

use crate::Engine;
use crate::ports::{DkimMaker, Dns, HookTranslator, IdentityProvider, Passwords, Poster};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Mutex;

/// What the desk needs of the world outside.
pub struct Outward {
    /// DNS.
    pub dns: Arc<dyn Dns>,
    /// HTTP to addresses that shops give.
    pub poster: Arc<dyn Poster>,
    /// DKIM keys.
    pub dkim: Arc<dyn DkimMaker>,
    /// Passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Where people may sign in beside their password; without it only here.
    pub identities: Option<Arc<dyn IdentityProvider>>,
    /// The connectors, to replay what came in.
    pub translator: Arc<dyn HookTranslator>,
    /// Where backups go; without it none are made.
    pub backup_folder: Option<PathBuf>,
    /// A demo: accounts and backups cannot be changed, so that nobody can shut the others out.
    pub demo: bool,
}

/// The use cases of the console.
pub struct Desk {
    engine: Arc<Engine>,
    outward: Outward,
    /// A backup is being made.
    backing_up: AtomicBool,
    /// Settings are read, changed and written by one at a time.
    settings_lock: Mutex<()>,
    /// Owners are counted and changed by one at a time.
    accounts_lock: Mutex<()>,
    /// Sign-ins elsewhere that have ended.
    spent: provider::Spent,
}

impl Desk {
    /// A desk at an engine.
    pub fn new(engine: Arc<Engine>, outward: Outward) -> Arc<Desk> {
        Arc::new(Desk {
            engine,
            outward,
            backing_up: AtomicBool::new(false),
            settings_lock: Mutex::new(()),
            accounts_lock: Mutex::new(()),
            spent: provider::Spent::default(),
        })
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Whether backups can be made.
    pub fn has_backup_folder(&self) -> bool {
        self.outward.backup_folder.is_some()
    }
}
