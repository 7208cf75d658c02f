//! What the console's use cases need of the world outside: DNS, HTTP to others, keys and passwords.

use async_trait::async_trait;
use std::time::Duration;

/// DNS could not be asked: no network, no answer in time, or the server failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("DNS could not be asked: {0}")]
pub struct DnsAway(pub String);

/// Looks up names.
#[async_trait]
pub trait Dns: Send + Sync + 'static {
    /// The TXT records of a name, each with its parts joined; empty when the name has none.
    ///
    /// # Errors
    /// [`DnsAway`] when the answer is not known.
    async fn txt(&self, name: &str) -> Result<Vec<String>, DnsAway>;
}

/// A request to somebody else's server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// Where to: `https://…` or `http://…`.
    pub url: String,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

/// What became of a [`Post`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Posted {
    /// There was an answer.
    Answered {
        /// Its status code.
        code: u16,
        /// How long to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// The address may not be asked: malformed, or inside a private network. In words.
    Refused(String),
    /// No answer: no connection, broken TLS, or too slow. In words, without the address.
    Unreached(String),
}

/// Posts to addresses that a shop gave (SEC-05): with a time limit, never following redirects, and not into private
/// networks unless the installation allows it.
#[async_trait]
pub trait Poster: Send + Sync + 'static {
    /// Posts once.
    async fn post(&self, post: Post) -> Posted;
    /// Whether the address is one that may be given, as far as its text says.
    ///
    /// # Errors
    /// In words, why not.
    fn check(&self, url: &str) -> Result<(), String>;
}

/// A key's public half, as it stands in DNS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DkimRecord {
    /// Name of the TXT record.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// Makes and reads DKIM keys.
pub trait DkimMaker: Send + Sync + 'static {
    /// A new private key in PEM. Takes about a second of processor time: run it on a blocking thread.
    ///
    /// # Errors
    /// In words.
    fn make(&self) -> Result<String, String>;
    /// The record that goes with a private key.
    ///
    /// # Errors
    /// In words, when the key or a name cannot be used.
    fn record(&self, domain: &str, selector: &str, pem: &str) -> Result<DkimRecord, String>;
}

/// Hashes and checks passwords. Both take processor time: run them on a blocking thread.
pub trait Passwords: Send + Sync + 'static {
    /// Whether a password fits a stored hash; with no hash the same work is done and the answer is no.
    fn fits(&self, password: &str, hash: Option<&str>) -> bool;
    /// The hash to store.
    ///
    /// # Errors
    /// In words.
    fn hash(&self, password: &str) -> Result<String, String>;
}
