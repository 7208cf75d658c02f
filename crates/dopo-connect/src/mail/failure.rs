//! What a refused mail means (rules MAIL-04), read from the relay's reply or
//! from a bounce, with every address taken out of the text.

use std::fmt;
use std::time::Duration;

/// Longest diagnostic text kept, in bytes.
pub const DIAGNOSTIC_MAX_BYTES: usize = 300;

/// Wait after a full or resting mailbox (4.2.x, 5.2.2), in seconds.
pub const MAILBOX_RETRY_S: u64 = 3600;
/// Wait after a policy deferral or greylisting (4.7.x, 450, 451), in seconds.
pub const DEFERRED_RETRY_S: u64 = 300;
/// Wait after a lost or refused connection, in seconds.
pub const CONNECTION_RETRY_S: u64 = 30;
/// Wait after a refused login: someone has to mend the settings, in seconds.
pub const AUTH_RETRY_S: u64 = 300;

/// Whose fault a failure is, hence what follows from it (MAIL-04).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BounceClass {
    /// The address does not exist: suppress it for all purposes.
    HardAddress,
    /// The mailbox is full or resting: retry up to 72 hours.
    SoftMailbox,
    /// Reputation or policy; not the person's fault: pause the stream.
    BlockPolicy,
    /// The message itself: mend the template.
    Content,
    /// The relay could not be reached or broke off.
    Connection,
    /// The relay refused our login or wants one.
    Auth,
}

impl BounceClass {
    /// A stable name for storage and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HardAddress => "hard_address",
            Self::SoftMailbox => "soft_mailbox",
            Self::BlockPolicy => "block_policy",
            Self::Content => "content",
            Self::Connection => "connection",
            Self::Auth => "auth",
        }
    }
}

/// An enhanced status code: class, subject, detail (RFC 3463).
pub type EnhancedCode = (u8, u16, u16);

/// A refusal or an accident, without personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub class: BounceClass,
    /// SMTP reply code, 0 when there was none.
    pub code: u16,
    /// Enhanced status code, when the server gave one.
    pub enhanced: Option<EnhancedCode>,
    /// The server's words, addresses replaced, at most
    /// [`DIAGNOSTIC_MAX_BYTES`].
    pub text: String,
}

impl Failure {
    /// A failure of the connection, before or without a reply.
    pub fn connection(text: impl AsRef<str>) -> Self {
        Self {
            class: BounceClass::Connection,
            code: 0,
            enhanced: None,
            text: redact_addresses(text.as_ref()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.class.as_str())?;
        if self.code != 0 {
            write!(f, " {}", self.code)?;
        }
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// The status code at the start of `text`, such as `5.1.1` (RFC 2034 4).
pub fn enhanced_code(text: &str) -> Option<EnhancedCode> {
    let word = text.split_ascii_whitespace().next()?;
    parse_enhanced(
        word.trim_start_matches('#')
            .trim_end_matches([':', ')', ';', ',']),
    )
}

pub(crate) fn parse_enhanced(word: &str) -> Option<EnhancedCode> {
    let mut parts = word.split('.');
    let class: u8 = parts.next()?.parse().ok()?;
    let subject: u16 = parts.next()?.parse().ok()?;
    let detail: u16 = parts.next()?.parse().ok()?;
    (matches!(class, 2 | 4 | 5) && subject < 1000 && detail < 1000 && parts.next().is_none())
        .then_some((class, subject, detail))
}

/// Words that make a refusal one of reputation or policy whatever its code.
const BLOCK_WORDS: &[&str] = &[
    "spam",
    "blocked",
    "blacklist",
    "blocklist",
    "black list",
    "block list",
    "reputation",
    "dnsbl",
    "rbl",
    "spamhaus",
    "policy",
    "dmarc",
    "spf",
    "dkim",
    "banned",
    "unsolicited",
    "rate limit",
    "too many",
    "greylist",
    "graylist",
    "not authorized",
    "relay access denied",
    "relaying denied",
];

/// Words that make a permanent refusal one of a missing person.
const ADDRESS_WORDS: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "does not exist",
    "doesn't exist",
    "not exist",
    "mailbox not found",
    "user not found",
    "recipient not found",
    "address not found",
    "invalid recipient",
    "invalid mailbox",
    "unrouteable",
    "mailbox unavailable",
    "no mailbox here",
    "not a valid",
    "account disabled",
    "domain not found",
    "host unknown",
    "host or domain name not found",
];

const FULL_WORDS: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded storage",
    "out of storage",
    "insufficient storage",
    "insufficient system storage",
];

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// The class of a refusal; unknown codes fall back on the first digit and the
/// words (MAIL-04).
pub fn classify(code: u16, enhanced: Option<EnhancedCode>, text: &str) -> BounceClass {
    if matches!(code, 530 | 534 | 535 | 538) {
        return BounceClass::Auth;
    }
    // An address may hold any of the words: `spamella@…` is no spam.
    let lower = without_addresses(text).to_lowercase();
    match enhanced {
        Some((5, 1, 1 | 2 | 3 | 6 | 10) | (5, 4, 4)) => return BounceClass::HardAddress,
        Some((5, 2, 1)) if has_any(&lower, ADDRESS_WORDS) => return BounceClass::HardAddress,
        Some((_, 2, _) | (4, 4, _)) => return BounceClass::SoftMailbox,
        Some((_, 7, 8)) => return BounceClass::Auth,
        Some((_, 7, _)) => {
            // Some providers say "user unknown" under a policy code.
            let person = has_any(&lower, ADDRESS_WORDS) && !has_any(&lower, BLOCK_WORDS);
            return if person && code >= 500 {
                BounceClass::HardAddress
            } else {
                BounceClass::BlockPolicy
            };
        }
        Some((_, 6, _) | (_, 3, 4) | (_, 5, _)) => return BounceClass::Content,
        Some((_, 1, 7 | 8)) => return BounceClass::BlockPolicy,
        _ => {}
    }
    if has_any(&lower, FULL_WORDS) {
        return BounceClass::SoftMailbox;
    }
    if has_any(&lower, BLOCK_WORDS) {
        return BounceClass::BlockPolicy;
    }
    match code {
        421 => BounceClass::Connection,
        400..=499 => BounceClass::SoftMailbox,
        552 => BounceClass::Content,
        500..=509 | 555 => BounceClass::Content,
        _ if has_any(&lower, ADDRESS_WORDS) => BounceClass::HardAddress,
        _ => BounceClass::BlockPolicy,
    }
}

/// How long to wait before trying again after such a failure.
pub fn retry_after(class: BounceClass, code: u16) -> Duration {
    Duration::from_secs(match class {
        BounceClass::SoftMailbox if matches!(code, 450 | 451) => DEFERRED_RETRY_S,
        BounceClass::SoftMailbox | BounceClass::HardAddress => MAILBOX_RETRY_S,
        BounceClass::BlockPolicy | BounceClass::Content => DEFERRED_RETRY_S,
        BounceClass::Connection => CONNECTION_RETRY_S,
        BounceClass::Auth => AUTH_RETRY_S,
    })
}

/// Replaces everything that looks like an address with `<address>`.
pub(crate) fn without_addresses(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let head = rest[..at].trim_end_matches(part);
        out.push_str(head);
        out.push_str("<address>");
        rest = rest[at + 1..].trim_start_matches(|c: char| part(c) || c == '@');
    }
    out.push_str(rest);
    out
}

/// Replaces everything that looks like an address with `<address>`, makes
/// control characters blanks, and cuts at [`DIAGNOSTIC_MAX_BYTES`].
pub fn redact_addresses(text: &str) -> String {
    let mut clean: String = without_addresses(text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if clean.len() > DIAGNOSTIC_MAX_BYTES {
        let mut end = DIAGNOSTIC_MAX_BYTES;
        while !clean.is_char_boundary(end) {
            end -= 1;
        }
        clean.truncate(end);
    }
    clean
}
