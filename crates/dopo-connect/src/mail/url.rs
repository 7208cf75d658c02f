//! `DOPO_SMTP_URL`: where and how mail leaves.
//!
//! `smtp://[user:password@]host[:port]` speaks plaintext first,
//! `smtps://user:password@host[:port]` TLS from the first byte. Options follow
//! a `?`: `starttls=never|opportunistic|required`, `connections=N`,
//! `name=EHLO-NAME`. With credentials, `smtp://` insists on STARTTLS unless
//! the host is this machine.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Default port of `smtp://`.
pub const SMTP_PORT: u16 = 25;
/// Default port of `smtps://` (RFC 8314 7.3).
pub const SMTPS_PORT: u16 = 465;
/// Connections held when the URL does not say.
pub const CONNECTIONS_DEFAULT: usize = 4;
/// Most connections one pool may hold.
pub const CONNECTIONS_MAX: usize = 20;

/// When the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never: a relay on this machine or a private network.
    Never,
    /// STARTTLS when the relay offers it, plaintext otherwise.
    Opportunistic,
    /// STARTTLS or nothing.
    Required,
    /// TLS from the first byte (`smtps://`).
    Implicit,
}

/// Login at the relay. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// Everything needed to reach the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmtpConfig {
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// When the connection is encrypted.
    pub tls: TlsMode,
    /// Login, if any.
    pub credentials: Option<Credentials>,
    /// Most connections held at once, 1 to [`CONNECTIONS_MAX`].
    pub connections: usize,
    /// The name we give in EHLO; public host name where there is one.
    pub ehlo_name: String,
}

/// Shows where, never the login.
impl fmt::Display for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.tls {
            TlsMode::Implicit => "smtps",
            _ => "smtp",
        };
        let login = if self.credentials.is_some() {
            "…@"
        } else {
            ""
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://{login}[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{login}{}:{}", self.host, self.port)
        }
    }
}

/// What is wrong with an SMTP URL; never repeats any part of it that could
/// hold the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpUrlError {
    /// Neither `smtp://` nor `smtps://`.
    #[error("the SMTP URL must begin with smtp:// or smtps://")]
    Scheme,
    /// No host.
    #[error("the SMTP URL has no usable host: write smtp://host:port")]
    Host,
    /// A path or fragment.
    #[error(
        "the SMTP URL has a path; write smtp://host:port?option=value, and %2F for / and %23 for # in a password"
    )]
    Path,
    /// Not a port.
    #[error("the port in the SMTP URL must be a number from 1 to 65535")]
    Port,
    /// User without password or the reverse, or bad percent-encoding.
    #[error(
        "the login in the SMTP URL must be user:password, percent-encoded (@ as %40, : as %3A, / as %2F)"
    )]
    Login,
    /// Unknown option or value.
    #[error(
        "unknown option {0:?} in the SMTP URL: known are starttls=never|opportunistic|required, connections=1..20, name=HOST"
    )]
    Option(String),
    /// `starttls=never` with a login over the network.
    #[error("a login would cross the network in the clear: use smtps://, or starttls=required")]
    ClearLogin,
}

impl SmtpConfig {
    /// A relay without login or TLS, as on this machine.
    pub fn plain(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            tls: TlsMode::Never,
            credentials: None,
            connections: CONNECTIONS_DEFAULT,
            ehlo_name: "localhost".to_owned(),
        }
    }

    /// Whether the relay is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self
                .host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for SmtpConfig {
    type Err = SmtpUrlError;

    fn from_str(url: &str) -> Result<Self, SmtpUrlError> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").ok_or(SmtpUrlError::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(SmtpUrlError::Scheme),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '#']) || query.contains('#') {
            return Err(SmtpUrlError::Path);
        }
        let (login, authority) = match rest.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, rest),
        };
        let credentials = login.map(parse_login).transpose()?;
        let (host, port) = parse_authority(authority)?;

        let mut config = Self {
            port: port.unwrap_or(if implicit { SMTPS_PORT } else { SMTP_PORT }),
            tls: if implicit {
                TlsMode::Implicit
            } else {
                TlsMode::Never
            },
            credentials,
            ..Self::plain(host, 0)
        };
        let clear_login_ok = config.credentials.is_none() || config.is_loopback();
        if !implicit && !clear_login_ok {
            config.tls = TlsMode::Required;
        }
        for option in query.split('&').filter(|option| !option.is_empty()) {
            let unknown = || SmtpUrlError::Option(option.chars().take(40).collect());
            match option.split_once('=').ok_or_else(unknown)? {
                ("starttls", mode) if !implicit => {
                    config.tls = match mode {
                        "never" => TlsMode::Never,
                        "opportunistic" => TlsMode::Opportunistic,
                        "required" => TlsMode::Required,
                        _ => return Err(unknown()),
                    };
                    if config.tls != TlsMode::Required && !clear_login_ok {
                        return Err(SmtpUrlError::ClearLogin);
                    }
                }
                ("connections", count) => {
                    config.connections = count
                        .parse()
                        .ok()
                        .filter(|count| (1..=CONNECTIONS_MAX).contains(count))
                        .ok_or_else(unknown)?;
                }
                ("name", name) if !name.is_empty() && name.bytes().all(host_byte) => {
                    config.ehlo_name = name.to_owned();
                }
                _ => return Err(unknown()),
            }
        }
        Ok(config)
    }
}

fn host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.".contains(&byte)
}

fn parse_login(login: &str) -> Result<Credentials, SmtpUrlError> {
    let (user, password) = login.split_once(':').ok_or(SmtpUrlError::Login)?;
    let user = percent_decode(user)?;
    let password = percent_decode(password)?;
    if user.is_empty() || password.is_empty() {
        return Err(SmtpUrlError::Login);
    }
    Ok(Credentials { user, password })
}

fn percent_decode(text: &str) -> Result<String, SmtpUrlError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || {
            bytes
                .next()
                .and_then(|b| char::from(b).to_digit(16))
                .and_then(|d| u8::try_from(d).ok())
                .ok_or(SmtpUrlError::Login)
        };
        let (high, low) = (digit()?, digit()?);
        out.push(high * 16 + low);
    }
    // NUL would end a PLAIN field early (RFC 4616 2).
    match String::from_utf8(out) {
        Ok(text) if !text.contains(['\0', '\r', '\n']) => Ok(text),
        _ => Err(SmtpUrlError::Login),
    }
}

fn parse_authority(authority: &str) -> Result<(String, Option<u16>), SmtpUrlError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SmtpUrlError::Host)?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(SmtpUrlError::Host);
            }
            let port = match port {
                "" => None,
                port => Some(port.strip_prefix(':').ok_or(SmtpUrlError::Port)?),
            };
            (host, port)
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            if host.is_empty() || !host.bytes().all(host_byte) {
                return Err(SmtpUrlError::Host);
            }
            (host, port)
        }
    };
    let port = port
        .map(|port| port.parse().ok().filter(|&port| port != 0))
        .map(|port: Option<u16>| port.ok_or(SmtpUrlError::Port))
        .transpose()?;
    Ok((host.to_owned(), port))
}
