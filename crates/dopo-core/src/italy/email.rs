//! E-mail addresses: checked once, stored as written, compared in one way (rule SEC-07).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_invisible;

/// Longest address, in bytes (RFC 5321 with its erratum 1690).
pub const EMAIL_MAX_BYTES: usize = 254;

/// Longest part before the @, in bytes (RFC 5321).
pub const EMAIL_LOCAL_MAX_BYTES: usize = 64;

/// Longest part between two dots of a domain, in bytes (RFC 1035).
const LABEL_MAX_BYTES: usize = 63;

/// An address that mail can be sent to: the part before the @ as written, the domain in lower
/// case and in ASCII.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is not an e-mail address. The address itself is personal and stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing was given.
    #[error("the e-mail address is empty; leave the field out when there is none")]
    Empty,
    /// More than [`EMAIL_MAX_BYTES`], or [`EMAIL_LOCAL_MAX_BYTES`] before the @.
    #[error(
        "the e-mail address is too long; the whole may have 254 characters, the part before the @ 64"
    )]
    TooLong,
    /// A line break, a NUL, another control or an invisible character.
    #[error(
        "the e-mail address holds an invisible character or a line break; write it again by hand"
    )]
    Invisible,
    /// No @, or nothing before or after it.
    #[error(
        "the e-mail address needs one @ with something before and after it, like nome@esempio.it"
    )]
    NoAt,
    /// A character that the part before the @ cannot have.
    #[error(
        "the part before the @ of the e-mail address holds a character that mail does not accept; use unaccented letters, digits, dots, - _ +"
    )]
    BadLocal,
    /// The domain cannot exist.
    #[error(
        "the domain of the e-mail address cannot exist; check the part after the @, like esempio.it"
    )]
    BadDomain,
}

impl EmailAddress {
    /// Reads an address: spaces around it are dropped, the domain becomes lower-case, an
    /// international domain becomes its ASCII form (IDNA, UTS 46). The part before the @ is kept
    /// as written; accented letters there are refused, since few servers accept them.
    ///
    /// # Errors
    /// [`EmailError`] saying which part is wrong.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let t = text.trim_matches(|c: char| c == ' ' || c == '\t' || c == '\u{A0}');
        if t.is_empty() {
            return Err(EmailError::Empty);
        }
        // Bounds the work below; the ASCII form of a domain can be shorter than its bytes.
        if t.len() > 4 * EMAIL_MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        if t.chars().any(is_invisible) {
            return Err(EmailError::Invisible);
        }
        let (local, domain) = t.rsplit_once('@').ok_or(EmailError::NoAt)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailError::NoAt);
        }
        if local.len() > EMAIL_LOCAL_MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        if !dots_fit || !local.bytes().all(|b| is_atom(b) || b == b'.') {
            return Err(EmailError::BadLocal);
        }
        let domain = ascii_domain(domain)?;
        let address = format!("{local}@{domain}");
        if address.len() > EMAIL_MAX_BYTES {
            Err(EmailError::TooLong)
        } else {
            Ok(Self(address))
        }
    }

    /// The address as mail is sent to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the @, as written.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part after the @, lower-case ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// What two addresses are compared by: the whole in lower case. Dots and `+tags` are kept,
    /// since only some providers ignore them.
    pub fn match_key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Characters of an unquoted local part (RFC 5322 `atext`).
fn is_atom(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

fn ascii_domain(domain: &str) -> Result<String, EmailError> {
    let ascii = if domain.is_ascii() {
        domain.to_ascii_lowercase()
    } else {
        idna::domain_to_ascii(domain).map_err(|_| EmailError::BadDomain)?
    };
    let labels: Vec<&str> = ascii.split('.').collect();
    let label_fits = |l: &&str| {
        (1..=LABEL_MAX_BYTES).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let top_is_a_name = labels
        .last()
        .is_some_and(|l| l.len() >= 2 && !l.bytes().all(|b| b.is_ascii_digit()));
    if labels.len() >= 2 && labels.iter().all(label_fits) && top_is_a_name {
        Ok(ascii)
    } else {
        Err(EmailError::BadDomain)
    }
}

impl fmt::Debug for EmailAddress {
    /// Only the domain: addresses are personal data and stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain())
    }
}

impl std::str::FromStr for EmailAddress {
    type Err = EmailError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<EmailAddress> for String {
    fn from(e: EmailAddress) -> Self {
        e.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_part_is_kept_and_the_domain_is_lowered() {
        for (text, stored, key) in [
            (
                "giulia@esempio.it",
                "giulia@esempio.it",
                "giulia@esempio.it",
            ),
            (
                " Giulia.Rossi@Esempio.IT\t",
                "Giulia.Rossi@esempio.it",
                "giulia.rossi@esempio.it",
            ),
            (
                "a+ordini@mail.esempio.co",
                "a+ordini@mail.esempio.co",
                "a+ordini@mail.esempio.co",
            ),
            (
                "info@CAFFÈ.it",
                "info@xn--caff-8oa.it",
                "info@xn--caff-8oa.it",
            ),
            (
                "info@xn--caff-8oa.it",
                "info@xn--caff-8oa.it",
                "info@xn--caff-8oa.it",
            ),
            (
                "o'neil_1@a-b.example",
                "o'neil_1@a-b.example",
                "o'neil_1@a-b.example",
            ),
        ] {
            let e = EmailAddress::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(e.as_str(), stored);
            assert_eq!(e.match_key(), key);
            assert_eq!(EmailAddress::parse(e.as_str()), Ok(e.clone()));
        }
    }

    #[test]
    fn hostile_and_broken_addresses_are_refused() {
        for (text, error) in [
            ("", EmailError::Empty),
            ("   ", EmailError::Empty),
            ("a@b.it\r\nBcc: x@y.it", EmailError::Invisible),
            ("a@b.it\n", EmailError::Invisible),
            ("a\u{0}@b.it", EmailError::Invisible),
            ("a\u{200B}@b.it", EmailError::Invisible),
            ("a@b\u{202E}.it", EmailError::Invisible),
            ("giulia", EmailError::NoAt),
            ("@b.it", EmailError::NoAt),
            ("a@", EmailError::NoAt),
            ("a@b@c.it", EmailError::BadLocal),
            ("Giulia <a@b.it>", EmailError::BadLocal),
            ("a b@c.it", EmailError::BadLocal),
            (".a@b.it", EmailError::BadLocal),
            ("a..b@c.it", EmailError::BadLocal),
            ("nicolò@b.it", EmailError::BadLocal),
            ("\"a b\"@c.it", EmailError::BadLocal),
            ("a,b@c.it", EmailError::BadLocal),
            ("a@localhost", EmailError::BadDomain),
            ("a@b..it", EmailError::BadDomain),
            ("a@.it", EmailError::BadDomain),
            ("a@b.it.", EmailError::BadDomain),
            ("a@-b.it", EmailError::BadDomain),
            ("a@b_c.it", EmailError::BadDomain),
            ("a@1.2.3.4", EmailError::BadDomain),
            ("a@[1.2.3.4]", EmailError::BadDomain),
            ("a@b.i", EmailError::BadDomain),
            ("a@b.it>", EmailError::BadDomain),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn length_is_limited() {
        let domain = format!(
            "{}.{}.{}.it",
            "d".repeat(63),
            "d".repeat(63),
            "d".repeat(60)
        );
        let longest = format!(
            "{}@{domain}",
            "a".repeat(EMAIL_MAX_BYTES - 1 - domain.len())
        );
        assert_eq!(longest.len(), EMAIL_MAX_BYTES);
        assert!(EmailAddress::parse(&longest).is_ok());
        assert_eq!(
            EmailAddress::parse(&format!("a{longest}")),
            Err(EmailError::TooLong)
        );
        assert_eq!(
            EmailAddress::parse(&format!("{}@b.it", "a".repeat(65))),
            Err(EmailError::TooLong)
        );
        assert_eq!(
            EmailAddress::parse(&format!("a@{}", "b.".repeat(5_000))),
            Err(EmailError::TooLong)
        );
    }

    #[test]
    fn errors_and_debug_do_not_show_the_address() {
        let e = EmailAddress::parse("giulia@esempio.it").unwrap();
        assert_eq!(format!("{e:?}"), "EmailAddress(…@esempio.it)");
        let error =
            serde_json::from_str::<EmailAddress>(r#""segreta persona@esempio.it""#).unwrap_err();
        assert!(!error.to_string().contains("segreta"), "{error}");
    }
}
