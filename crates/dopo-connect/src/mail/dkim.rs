//! DKIM signatures (RFC 6376, RFC 8463), `relaxed/relaxed`, with `mail-auth`.
//!
//! Both kinds of key are made here or brought as PEM. Big receivers still look
//! at RSA only, so a domain that is to pass there needs an RSA key. A domain
//! may have both; each signs.
//!
//! *ring* signs; `graviola` only makes RSA keys, which *ring* does not. A
//! signature with RSA-2048 costs about half a millisecond of CPU, more than
//! all else about a mail; one with Ed25519 costs a tenth of that.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use mail_auth::common::crypto::{
    Algorithm, Ed25519Key, HashContext, HashImpl, HashOutput, RsaKey, Sha256, SigningKey,
};
use mail_auth::common::headers::{HeaderStream, Writable, Writer};
use mail_auth::dkim::canonicalize::CanonicalHeaders;
use mail_auth::dkim::{Canonicalization, Signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Headers covered when present (MAIL-03 wants both List-Unsubscribe ones).
/// Absent ones are not signed as absent: a relay may add its own Feedback-ID.
const SIGNED_HEADERS: &[&str] = &[
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Auto-Submitted",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
];

/// Why a key cannot be used or a mail not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DkimError {
    /// The text is not a private key we can read.
    #[error("this is not an RSA or Ed25519 private key in PEM (PKCS#8, or PKCS#1 for RSA): {0}")]
    Key(String),
    /// An RSA key below 2048 bits (MAIL-01).
    #[error("the RSA key is shorter than the 2048 bits receivers want: make a new one")]
    Weak,
    /// This processor cannot make RSA keys.
    #[error(
        "this processor cannot make an RSA key here: make one elsewhere (openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048) and import its PEM"
    )]
    NoRsa,
    /// Domain or selector could not be a DNS name.
    #[error("{0} is not a DNS name: use letters, digits, - and dots")]
    Name(&'static str),
    /// The signature could not be made.
    #[error("the mail could not be signed: {0}")]
    Sign(String),
}

enum Key {
    Rsa(Box<RsaKey<Sha256>>),
    Ed25519(Ed25519Key),
}

/// A private key with the domain and selector it signs for.
pub struct DkimKey {
    key: Key,
    domain: String,
    selector: String,
}

/// Shows whose key, never the key.
impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({} of {})", self.selector, self.domain)
    }
}

impl DkimKey {
    /// Reads a private key from PEM: RSA (PKCS#1 or PKCS#8) or Ed25519
    /// (PKCS#8, version 1 or 2).
    ///
    /// # Errors
    /// [`DkimError`] when it is no such key, is too short, or a name is not one.
    pub fn from_pem(domain: &str, selector: &str, pem: &str) -> Result<Self, DkimError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| DkimError::Key(error.to_string()))?;
        Self::from_der(domain, selector, der)
    }

    /// Reads an Ed25519 or RSA key from PKCS#8 DER, as [`generate_ed25519`] gives.
    ///
    /// # Errors
    /// As [`DkimKey::from_pem`].
    pub fn from_pkcs8(domain: &str, selector: &str, pkcs8: &[u8]) -> Result<Self, DkimError> {
        Self::from_der(
            domain,
            selector,
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8)),
        )
    }

    fn from_der(domain: &str, selector: &str, der: PrivateKeyDer<'_>) -> Result<Self, DkimError> {
        let dns = |name: &str| {
            !name.is_empty()
                && name.len() < 250
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        if !dns(domain) {
            return Err(DkimError::Name("the signing domain"));
        }
        if !dns(selector) {
            return Err(DkimError::Name("the selector"));
        }
        let ed25519 = match &der {
            PrivateKeyDer::Pkcs8(pkcs8) => {
                Ed25519Key::from_pkcs8_maybe_unchecked_der(pkcs8.secret_pkcs8_der()).ok()
            }
            _ => None,
        };
        let key = match ed25519 {
            Some(key) => Key::Ed25519(key),
            None => {
                // *ring* itself takes no RSA key below 2047 bits.
                let ring = RsaKey::<Sha256>::from_key_der(der).map_err(|error| {
                    let text = error.to_string();
                    if text.contains("TooSmall") {
                        DkimError::Weak
                    } else {
                        DkimError::Key(text)
                    }
                })?;
                Key::Rsa(Box::new(ring))
            }
        };
        Ok(Self {
            key,
            domain: domain.to_ascii_lowercase(),
            selector: selector.to_owned(),
        })
    }

    /// The domain this key signs for (`d=`).
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Where the public key is published: `selector._domainkey.domain`.
    pub fn dns_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The TXT record to publish at [`DkimKey::dns_name`].
    pub fn dns_record(&self) -> String {
        match &self.key {
            Key::Rsa(ring) => format!(
                "v=DKIM1; k=rsa; p={}",
                STANDARD.encode(rsa_public_info(&ring.public_key()))
            ),
            Key::Ed25519(key) => {
                format!(
                    "v=DKIM1; k=ed25519; p={}",
                    STANDARD.encode(key.public_key())
                )
            }
        }
    }

    /// The `DKIM-Signature` header with its CRLF, to be put before `message`.
    ///
    /// # Errors
    /// [`DkimError::Sign`] when `message` has no header to sign.
    pub fn sign(&self, message: &[u8], now: Timestamp) -> Result<Vec<u8>, DkimError> {
        let mut present = Vec::with_capacity(SIGNED_HEADERS.len());
        let mut headers = Headers { rest: message };
        while let Some((name, _)) = headers.next_header() {
            if let Some(known) = SIGNED_HEADERS
                .iter()
                .find(|known| name.eq_ignore_ascii_case(known.as_bytes()))
            {
                present.push((*known).to_owned());
            }
        }
        let mut signature = Signature {
            v: 1,
            a: if self.is_rsa() {
                Algorithm::RsaSha256
            } else {
                Algorithm::Ed25519Sha256
            },
            d: self.domain.clone(),
            s: self.selector.clone(),
            h: present,
            t: u64::try_from(now.as_second()).unwrap_or(0),
            ch: Canonicalization::Relaxed,
            cb: Canonicalization::Relaxed,
            ..Signature::default()
        };
        let (_, headers, signed, body) = signature.canonicalize(Headers { rest: message });
        signature.h = signed;
        // mail-auth feeds its hash byte by byte; gathered first it is several
        // times faster.
        let mut canonical = Vec::with_capacity(message.len());
        body.write(&mut canonical);
        signature.bh = STANDARD.encode(sha256(&canonical)).into_bytes();
        canonical.clear();
        Signable {
            headers,
            signature: &signature,
        }
        .write(&mut canonical);
        let bytes = match &self.key {
            Key::Rsa(key) => key
                .sign(canonical.as_slice())
                .map_err(|error| error.to_string()),
            Key::Ed25519(key) => key
                .sign(canonical.as_slice())
                .map_err(|error| error.to_string()),
        }
        .map_err(DkimError::Sign)?;
        signature.b = STANDARD.encode(bytes).into_bytes();
        let mut header = Vec::with_capacity(768);
        signature.write(&mut header, true);
        Ok(header)
    }

    /// Whether this is an RSA key.
    pub fn is_rsa(&self) -> bool {
        matches!(&self.key, Key::Rsa(_))
    }
}

/// A new Ed25519 key as PKCS#8 DER, to be stored sealed and read with
/// [`DkimKey::from_pkcs8`].
///
/// # Errors
/// [`DkimError::Key`] when the system gives no randomness.
pub fn generate_ed25519() -> Result<Vec<u8>, DkimError> {
    Ed25519Key::generate_pkcs8().map_err(|error| DkimError::Key(error.to_string()))
}

/// A new RSA-2048 key as PKCS#8 DER, to be stored sealed and read with
/// [`DkimKey::from_pkcs8`]. Takes some 30 ms and up; call it off the async
/// threads.
///
/// # Errors
/// [`DkimError::NoRsa`] on a processor that cannot make one here,
/// [`DkimError::Key`] when the system gives no randomness.
pub fn generate_rsa() -> Result<Vec<u8>, DkimError> {
    make_rsa()
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
fn make_rsa() -> Result<Vec<u8>, DkimError> {
    use graviola::signing::rsa::{KeySize, SigningKey};

    /// Room for an RSA-2048 key in PKCS#8, in bytes; it takes about 1,220.
    const PKCS8_ROOM_BYTES: usize = 4096;

    if !graviola::util::is_cpu_supported() {
        return Err(DkimError::NoRsa);
    }
    let mut room = [0; PKCS8_ROOM_BYTES];
    SigningKey::generate(KeySize::Rsa2048)
        .and_then(|key| key.to_pkcs8_der(&mut room).map(<[u8]>::to_vec))
        .map_err(|error| DkimError::Key(format!("{error:?}")))
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn make_rsa() -> Result<Vec<u8>, DkimError> {
    Err(DkimError::NoRsa)
}

fn sha256(data: &[u8]) -> HashOutput {
    let mut hasher = <Sha256 as HashImpl>::hasher();
    hasher.write(data);
    hasher.complete()
}

struct Signable<'a> {
    headers: CanonicalHeaders<'a>,
    signature: &'a Signature,
}

impl Writable for Signable<'_> {
    fn write(self, writer: &mut impl Writer) {
        self.headers.write(writer);
        self.signature.write(writer, false);
    }
}

/// The headers of a message with CRLF line ends, then its body.
struct Headers<'x> {
    rest: &'x [u8],
}

impl<'x> HeaderStream<'x> for Headers<'x> {
    fn next_header(&mut self) -> Option<(&'x [u8], &'x [u8])> {
        if self.rest.starts_with(b"\r\n") || self.rest.is_empty() {
            self.rest = self.rest.strip_prefix(b"\r\n").unwrap_or(self.rest);
            return None;
        }
        let mut end = 0;
        loop {
            end +=
                memchr::memchr(b'\n', &self.rest[end..]).map_or(self.rest.len() - end, |n| n + 1);
            if !matches!(self.rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (header, rest) = self.rest.split_at(end);
        self.rest = rest;
        let colon = memchr::memchr(b':', header).unwrap_or(header.len().saturating_sub(1));
        Some((&header[..colon], &header[colon + 1..]))
    }

    fn body(&mut self) -> &'x [u8] {
        self.rest
    }
}

/// Wraps a PKCS#1 `RSAPublicKey` as the SubjectPublicKeyInfo that DNS holds.
fn rsa_public_info(pkcs1: &[u8]) -> Vec<u8> {
    const RSA_ENCRYPTION: &[u8] = &[
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let mut bits = vec![0];
    bits.extend_from_slice(pkcs1);
    let mut inner = RSA_ENCRYPTION.to_vec();
    der_value(&mut inner, 0x03, &bits);
    let mut out = Vec::with_capacity(inner.len() + 8);
    der_value(&mut out, 0x30, &inner);
    out
}

fn der_value(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = content.len().to_be_bytes();
    let used: Vec<u8> = length.iter().copied().skip_while(|&b| b == 0).collect();
    match used.as_slice() {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            // At most eight length bytes.
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
}

/// The keys of all sending domains; shared by every connection.
#[derive(Clone, Default)]
pub struct DkimKeys {
    by_domain: Arc<RwLock<HashMap<String, Vec<Arc<DkimKey>>>>>,
}

impl fmt::Debug for DkimKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKeys(…)")
    }
}

impl DkimKeys {
    /// No keys: mails leave unsigned (the relay may sign).
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces the keys of a domain; an empty list stops signing for it.
    pub fn set(&self, domain: &str, keys: Vec<DkimKey>) {
        let mut map = self
            .by_domain
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let domain = domain.to_ascii_lowercase();
        if keys.is_empty() {
            map.remove(&domain);
        } else {
            map.insert(domain, keys.into_iter().map(Arc::new).collect());
        }
    }

    /// The keys that sign mail from `domain`.
    pub fn of(&self, domain: &str) -> Vec<Arc<DkimKey>> {
        let map = self
            .by_domain
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if map.is_empty() {
            return Vec::new();
        }
        map.get(&domain.to_ascii_lowercase())
            .cloned()
            .unwrap_or_default()
    }

    /// Puts the signatures of `domain`'s keys before `message`.
    ///
    /// # Errors
    /// [`DkimError::Sign`] when a signature cannot be made.
    pub fn sign(
        &self,
        domain: &str,
        message: Vec<u8>,
        now: Timestamp,
    ) -> Result<Vec<u8>, DkimError> {
        let mut signed = Vec::new();
        for key in self.of(domain) {
            signed.extend_from_slice(&key.sign(&message, now)?);
        }
        if signed.is_empty() {
            return Ok(message);
        }
        signed.extend_from_slice(&message);
        Ok(signed)
    }
}
