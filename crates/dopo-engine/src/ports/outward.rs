//! What the console's use cases need of the world outside: DNS, HTTP to others, keys, passwords and who people are
//! elsewhere.

use async_trait::async_trait;
use jiff::Timestamp;
use std::net::IpAddr;
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
    /// The addresses that a host name leads to, over as many aliases as there are; empty when it leads nowhere.
    ///
    /// # Errors
    /// [`DnsAway`] when the answer is not known.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsAway>;
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

/// What ties the end of a sign-in elsewhere to its beginning: three times 32 random bytes in base64url.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignInSecrets {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back within what the provider signs.
    pub nonce: String,
    /// Proves that whoever ends it began it (PKCE, RFC 7636).
    pub verifier: String,
}

/// Who somebody is, as a provider of identities says under its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Its name for the person; never changes.
    pub subject: String,
    /// Their e-mail address, as it stands there now.
    pub email: Option<String>,
    /// Whether the provider says that the address is theirs.
    pub email_verified: bool,
}

/// Why a provider of identities did not say who somebody is; in words for the log, without people and secrets.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdentityFault {
    /// It cannot be used now: not there, or set up otherwise than here.
    #[error("the identity provider cannot be used: {0}")]
    Away(String),
    /// What came back does not hold: a wrong code, signature, nonce, audience or time.
    #[error("what came back from the identity provider does not hold: {0}")]
    Refused(String),
}

/// A provider of identities (OpenID Connect). It says who somebody is; whether they may come in is decided by us.
#[async_trait]
pub trait IdentityProvider: Send + Sync + 'static {
    /// How people call it (`Google`, `Azienda`).
    fn name(&self) -> &str;
    /// Where the browser goes to sign in; it comes back to `back`.
    ///
    /// # Errors
    /// [`IdentityFault::Away`].
    async fn begin(&self, back: &str, secrets: &SignInSecrets) -> Result<String, IdentityFault>;
    /// Who came back with a code; `back` and the secrets are those of the beginning.
    ///
    /// # Errors
    /// Both kinds of [`IdentityFault`].
    async fn finish(
        &self,
        back: &str,
        code: &str,
        secrets: &SignInSecrets,
        now: Timestamp,
    ) -> Result<Identity, IdentityFault>;
}
