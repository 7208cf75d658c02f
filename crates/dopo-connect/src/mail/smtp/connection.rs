//! One connection to the relay: its commands, its replies, and what it offers.

use std::io;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::batch::{Batch, Job, content};
use super::{Outcome, Timeouts};
use crate::mail::dkim::DkimKeys;
use crate::mail::failure::{
    BounceClass, EnhancedCode, Failure, classify, enhanced_code, redact_addresses, retry_after,
};
use crate::mail::message::EncodedMail;
use crate::mail::url::Credentials;

/// Longest reply line accepted, in bytes (RFC 5321 says 512; some send more).
const REPLY_LINE_MAX_BYTES: usize = 2048;
/// Most lines of one reply.
const REPLY_LINES_MAX: usize = 128;

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Offers {
    pipelining: bool,
    pub(super) starttls: bool,
    smtputf8: bool,
    auth_plain: bool,
    auth_login: bool,
    size_max: Option<usize>,
}

pub(super) struct Reply {
    pub(super) code: u16,
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

    pub(super) fn failure(&self) -> Failure {
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

pub(super) struct Connection {
    pub(super) stream: Stream,
    input: Vec<u8>,
    consumed: usize,
    out: Vec<u8>,
    pub(super) offers: Offers,
    timeouts: Timeouts,
    needs_reset: bool,
    pub(super) handed_over: u64,
    pub(super) idle_since: Instant,
}

impl Connection {
    pub(super) fn new(stream: Stream, timeouts: Timeouts) -> Self {
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
    pub(super) async fn drain(&mut self, batch: &Batch, dkim: &DkimKeys) -> Result<(), Failure> {
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

    pub(super) async fn command(&mut self, line: &[u8]) -> Result<Reply, Failure> {
        self.out.clear();
        self.out.extend_from_slice(line);
        self.write_out().await.map_err(|(_, why)| why)?;
        self.reply(self.timeouts.command).await
    }

    pub(super) fn unread(&self) -> usize {
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
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, Failure> {
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
    pub(super) async fn is_quiet(&mut self) -> bool {
        self.unread() == 0 && timeout(Duration::ZERO, self.fill()).await.is_err()
    }

    pub(super) async fn hello(&mut self, name: &str) -> Result<(), Failure> {
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

    pub(super) async fn login(&mut self, credentials: &Credentials) -> Result<(), Failure> {
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

    pub(super) async fn quit(&mut self) {
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
