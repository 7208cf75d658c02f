//! A mail relay that keeps what it is given: fast, in process, scriptable.
//!
//! It speaks just enough SMTP to be a relay with PIPELINING, SIZE, 8BITMIME
//! and SMTPUTF8. Replies to pipelined commands leave in one write. Faults are
//! set as [`Fault`]s; what arrived is read with [`SmtpSink::received`] after
//! [`SmtpSink::wait_for`].
//!
//! [`run`] is the same relay for a process of its own: it appends one line a
//! mail to a file before it says 250, so a test that kills the *sender* can
//! count what was really accepted.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Largest message taken, in bytes.
pub const MESSAGE_MAX_BYTES: usize = 50 * 1024 * 1024;
/// Longest command line taken, in bytes.
const COMMAND_MAX_BYTES: usize = 4096;
/// Read buffer of a connection, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// One mail the sink said 250 to (or, with [`Fault::DropAfterData`], read to
/// the end).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// `Message-ID` without brackets, empty when there was none.
    pub message_id: String,
    /// `MAIL FROM`.
    pub envelope_from: String,
    /// `RCPT TO`, in order.
    pub envelope_to: Vec<String>,
    /// Message size in bytes, as sent, without the final dot.
    pub size: usize,
    /// The message with dots undone, when the sink keeps bytes; else empty.
    pub bytes: Vec<u8>,
    /// Whether 250 was said.
    pub acknowledged: bool,
    /// When its last byte was read.
    pub at: Instant,
}

/// The command a fault answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// `EHLO` or `HELO`.
    Hello,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`.
    Data,
    /// The final dot.
    Dot,
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A reply other than the usual, such as `550 5.1.1 user unknown`.
    Reply {
        /// To which command.
        stage: Stage,
        /// Only for recipients containing this; for all when `None`. At
        /// [`Stage::Hello`], [`Stage::Auth`] and [`Stage::Mail`] there is no
        /// recipient yet and this is not looked at.
        recipient: Option<String>,
        /// The whole reply without CRLF. 421 also hangs up.
        reply: String,
        /// How often; always when `None`.
        times: Option<u32>,
    },
    /// Reads the whole message, keeps it, and hangs up without a word.
    DropAfterData {
        /// Only for recipients containing this; for all when `None`.
        recipient: Option<String>,
        /// How often; always when `None`.
        times: Option<u32>,
    },
    /// Hangs up instead of answering this command.
    DropAt {
        /// Which command.
        stage: Stage,
        /// How often; always when `None`.
        times: Option<u32>,
    },
    /// Waits before each write of replies: a relay far away.
    Delay(Duration),
}

/// How the sink behaves.
#[derive(Debug, Clone, Default)]
pub struct SinkOptions {
    /// Keep the messages' bytes.
    pub keep_bytes: bool,
    /// Do not offer PIPELINING.
    pub no_pipelining: bool,
    /// Do not offer SMTPUTF8.
    pub no_smtputf8: bool,
    /// Offer `AUTH PLAIN LOGIN` and want this user and password before MAIL.
    pub credentials: Option<(String, String)>,
    /// What `SIZE` says, 0 for no limit.
    pub size_max: usize,
}

#[derive(Default)]
struct State {
    options: SinkOptions,
    faults: Vec<Fault>,
    mails: Vec<ReceivedMail>,
    connections: usize,
    accepted: usize,
    log: Option<File>,
}

struct Shared {
    state: Mutex<State>,
    arrived: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running sink; dropping it stops listening and hangs up.
pub struct SmtpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

impl std::fmt::Debug for SmtpSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SmtpSink({})", self.address)
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl SmtpSink {
    /// A sink on a free loopback port that keeps bytes.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(SinkOptions {
            keep_bytes: true,
            ..SinkOptions::default()
        })
        .await
    }

    /// A sink on a free loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start_with(options: SinkOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                options,
                ..State::default()
            }),
            arrived: Notify::new(),
        });
        let listener = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            listener,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `smtp://host:port`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Adds a fault. The first that fits a command is taken.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Whether bytes of mails that come from now on are kept.
    pub fn keep_bytes(&self, keep: bool) {
        self.shared.lock().options.keep_bytes = keep;
    }

    /// Mails read to the end so far.
    pub fn count(&self) -> usize {
        self.shared.lock().mails.len()
    }

    /// Mails answered with 250 so far.
    pub fn accepted(&self) -> usize {
        self.shared.lock().accepted
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// All mails read to the end so far, in order of arrival.
    pub fn received(&self) -> Vec<ReceivedMail> {
        self.shared.lock().mails.clone()
    }

    /// Forgets what arrived.
    pub fn clear(&self) {
        let mut state = self.shared.lock();
        state.mails.clear();
        state.accepted = 0;
    }

    /// How often each Message-ID was accepted.
    pub fn accepted_by_message_id(&self) -> HashMap<String, usize> {
        let state = self.shared.lock();
        let mut counts = HashMap::new();
        for mail in state.mails.iter().filter(|mail| mail.acknowledged) {
            *counts.entry(mail.message_id.clone()).or_insert(0) += 1;
        }
        counts
    }

    /// Waits until `count` mails were read to the end.
    pub async fn wait_for(&self, count: usize) {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if self.count() >= count {
                return;
            }
            arrived.await;
        }
    }

    /// Speaks SMTP on a stream of the caller's, such as a TLS stream.
    pub async fn serve_stream<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        // A sender that hangs up is no error for a sink.
        drop(serve(stream, Arc::clone(&self.shared)).await);
    }
}

/// Runs a sink until its task is stopped. With `log`, appends
/// `message-id TAB recipient LF` for each mail before answering 250.
///
/// # Errors
/// When the log cannot be opened.
pub async fn run(listener: TcpListener, log: Option<PathBuf>) -> io::Result<()> {
    let log = log
        .map(|path| File::options().create(true).append(true).open(path))
        .transpose()?;
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            log,
            ..State::default()
        }),
        arrived: Notify::new(),
    });
    listen(listener, shared).await;
    Ok(())
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        shared.lock().connections += 1;
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            drop(serve(stream, shared).await);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// What one command leads to.
enum Next {
    Go,
    Data,
    HangUp,
}

#[derive(Default)]
struct Session {
    envelope_from: Option<String>,
    envelope_to: Vec<String>,
    authenticated: bool,
    login: Option<Vec<String>>,
    out: Vec<u8>,
}

async fn serve<S>(mut stream: S, shared: Arc<Shared>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let mut input: Vec<u8> = Vec::with_capacity(READ_BYTES);
    let mut start = 0;
    let mut session = Session::default();
    let mut in_data = false;
    let mut scanned = 0;
    session.out.extend_from_slice(b"220 sink ESMTP\r\n");
    loop {
        // Everything that is complete, then one write for all the replies.
        loop {
            if in_data {
                match end_of_data(&input[start..], scanned) {
                    Some((message_end, next)) => {
                        let message = &input[start..start + message_end];
                        let go_on = accept(message, &mut session, &shared);
                        start += next;
                        in_data = false;
                        scanned = 0;
                        if !go_on {
                            flush(&mut stream, &mut session.out, &shared).await?;
                            return Ok(());
                        }
                    }
                    None => {
                        // The end mark may be cut anywhere in its five bytes.
                        scanned = (input.len() - start).saturating_sub(5);
                        break;
                    }
                }
            } else {
                let Some(end) = memchr::memchr(b'\n', &input[start..]) else {
                    break;
                };
                let line = &input[start..start + end];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let next = command(line, &mut session, &shared);
                start += end + 1;
                match next {
                    Next::Go => {}
                    Next::Data => in_data = true,
                    Next::HangUp => {
                        flush(&mut stream, &mut session.out, &shared).await?;
                        return Ok(());
                    }
                }
            }
        }
        flush(&mut stream, &mut session.out, &shared).await?;
        let limit = if in_data {
            MESSAGE_MAX_BYTES
        } else {
            COMMAND_MAX_BYTES
        };
        if input.len() - start > limit {
            return Ok(());
        }
        if start > 0 {
            input.drain(..start);
            start = 0;
        }
        if input.capacity() - input.len() < READ_BYTES / 4 {
            input.reserve(READ_BYTES);
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
    }
}

async fn flush<S>(stream: &mut S, out: &mut Vec<u8>, shared: &Shared) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    if out.is_empty() {
        return Ok(());
    }
    let delay = shared.lock().faults.iter().find_map(|fault| match fault {
        Fault::Delay(delay) => Some(*delay),
        _ => None,
    });
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    stream.write_all(out).await?;
    out.clear();
    stream.flush().await
}

/// Where the message ends and where the next command begins.
fn end_of_data(input: &[u8], scanned: usize) -> Option<(usize, usize)> {
    if input.starts_with(b".\r\n") {
        return Some((0, 3));
    }
    memchr::memmem::find(&input[scanned..], b"\r\n.\r\n")
        .map(|at| (scanned + at + 2, scanned + at + 5))
}

/// Whether a fault of limited use may still be used; counts it down.
fn use_up(times: &mut Option<u32>) -> bool {
    match times {
        None => true,
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    }
}

enum Scripted {
    Reply(String),
    HangUp,
}

fn scripted(state: &mut State, at: Stage, recipients: &[String]) -> Option<Scripted> {
    let has_recipient = matches!(at, Stage::Rcpt | Stage::Data | Stage::Dot);
    let fits = |wanted: &Option<String>| match wanted {
        Some(part) if has_recipient => recipients.iter().any(|to| to.contains(part.as_str())),
        _ => true,
    };
    for fault in &mut state.faults {
        let (times, scripted) = match fault {
            Fault::Reply {
                stage,
                recipient,
                reply,
                times,
            } if *stage == at && fits(recipient) => (times, Scripted::Reply(reply.clone())),
            Fault::DropAt { stage, times } if *stage == at => (times, Scripted::HangUp),
            Fault::DropAfterData { recipient, times } if at == Stage::Dot && fits(recipient) => {
                (times, Scripted::HangUp)
            }
            _ => continue,
        };
        if use_up(times) {
            return Some(scripted);
        }
    }
    None
}

fn say(session: &mut Session, reply: &str) {
    session.out.extend_from_slice(reply.as_bytes());
    session.out.extend_from_slice(b"\r\n");
}

/// Takes the scripted reply, if there is one.
fn stumble(session: &mut Session, shared: &Shared, at: Stage, to: &[String]) -> Option<Next> {
    let scripted = {
        let mut state = shared.lock();
        if state.faults.is_empty() {
            return None;
        }
        scripted(&mut state, at, to)
    };
    match scripted? {
        Scripted::HangUp => Some(Next::HangUp),
        Scripted::Reply(reply) => {
            say(session, &reply);
            if reply.starts_with("421") {
                Some(Next::HangUp)
            } else {
                Some(Next::Go)
            }
        }
    }
}

fn command(line: &[u8], session: &mut Session, shared: &Shared) -> Next {
    if session.login.is_some() {
        return login_line(line, session, shared);
    }
    let has = |verb: &[u8]| {
        line.get(..verb.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(verb))
    };
    if has(b"MAIL FROM:") {
        if let Some(next) = stumble(session, shared, Stage::Mail, &[]) {
            return next;
        }
        if shared.lock().options.credentials.is_some() && !session.authenticated {
            say(session, "530 5.7.0 authentication required");
        } else if session.envelope_from.is_some() {
            say(session, "503 5.5.1 one MAIL at a time");
        } else {
            session.envelope_from = Some(path(&line[10..]));
            say(session, "250 2.1.0 ok");
        }
    } else if has(b"RCPT TO:") {
        if session.envelope_from.is_none() {
            say(session, "503 5.5.1 MAIL first");
            return Next::Go;
        }
        let to = path(&line[8..]);
        if let Some(next) = stumble(session, shared, Stage::Rcpt, std::slice::from_ref(&to)) {
            return next;
        }
        session.envelope_to.push(to);
        say(session, "250 2.1.5 ok");
    } else if has(b"DATA") {
        if session.envelope_to.is_empty() {
            say(session, "503 5.5.1 no valid recipients");
            return Next::Go;
        }
        let to = std::mem::take(&mut session.envelope_to);
        let stumbled = stumble(session, shared, Stage::Data, &to);
        session.envelope_to = to;
        if let Some(next) = stumbled {
            return next;
        }
        say(session, "354 go on");
        return Next::Data;
    } else if has(b"EHLO") || has(b"HELO") {
        if let Some(next) = stumble(session, shared, Stage::Hello, &[]) {
            return next;
        }
        session.envelope_from = None;
        session.envelope_to.clear();
        if has(b"HELO") {
            say(session, "250 sink");
            return Next::Go;
        }
        let options = shared.lock().options.clone();
        say(session, "250-sink");
        if !options.no_pipelining {
            say(session, "250-PIPELINING");
        }
        if !options.no_smtputf8 {
            say(session, "250-SMTPUTF8");
        }
        if options.credentials.is_some() {
            say(session, "250-AUTH PLAIN LOGIN");
        }
        say(session, "250-8BITMIME");
        say(session, "250-ENHANCEDSTATUSCODES");
        say(session, &format!("250 SIZE {}", options.size_max));
    } else if has(b"RSET") {
        session.envelope_from = None;
        session.envelope_to.clear();
        say(session, "250 2.0.0 ok");
    } else if has(b"AUTH PLAIN ") || has(b"AUTH LOGIN") {
        if let Some(next) = stumble(session, shared, Stage::Auth, &[]) {
            return next;
        }
        if has(b"AUTH LOGIN") {
            session.login = Some(Vec::new());
            say(session, "334 VXNlcm5hbWU6");
        } else {
            let token = String::from_utf8_lossy(&line[11..]).into_owned();
            let wanted = shared.lock().options.credentials.clone();
            let good = wanted.is_some_and(|(user, password)| {
                token == base64(format!("\0{user}\0{password}").as_bytes())
            });
            end_login(session, good);
        }
    } else if has(b"NOOP") {
        say(session, "250 2.0.0 ok");
    } else if has(b"QUIT") {
        say(session, "221 2.0.0 bye");
        return Next::HangUp;
    } else {
        say(session, "500 5.5.2 unknown command");
    }
    Next::Go
}

fn login_line(line: &[u8], session: &mut Session, shared: &Shared) -> Next {
    let mut given = session.login.take().unwrap_or_default();
    given.push(String::from_utf8_lossy(line).into_owned());
    if given.len() < 2 {
        session.login = Some(given);
        say(session, "334 UGFzc3dvcmQ6");
        return Next::Go;
    }
    let wanted = shared.lock().options.credentials.clone();
    let good = wanted.is_some_and(|(user, password)| {
        given == [base64(user.as_bytes()), base64(password.as_bytes())]
    });
    end_login(session, good);
    Next::Go
}

fn end_login(session: &mut Session, good: bool) {
    session.authenticated = good;
    if good {
        say(session, "235 2.7.0 welcome");
    } else {
        say(session, "535 5.7.8 wrong login");
    }
}

/// The address between the angle brackets.
fn path(rest: &[u8]) -> String {
    let text = String::from_utf8_lossy(rest);
    match (text.find('<'), text.find('>')) {
        (Some(open), Some(close)) if open < close => text[open + 1..close].to_owned(),
        _ => text.trim().to_owned(),
    }
}

/// Keeps a message and answers. False when the connection is to be dropped.
fn accept(message: &[u8], session: &mut Session, shared: &Shared) -> bool {
    let mut mail = ReceivedMail {
        message_id: message_id(message),
        envelope_from: session.envelope_from.take().unwrap_or_default(),
        envelope_to: std::mem::take(&mut session.envelope_to),
        size: message.len(),
        bytes: Vec::new(),
        acknowledged: true,
        at: Instant::now(),
    };
    let mut state = shared.lock();
    if state.options.keep_bytes {
        mail.bytes = undot(message);
    }
    let scripted = if state.faults.is_empty() {
        None
    } else {
        scripted(&mut state, Stage::Dot, &mail.envelope_to)
    };
    let go_on = match scripted {
        Some(Scripted::Reply(reply)) => {
            // Refused: not kept, not counted.
            say(session, &reply);
            return !reply.starts_with("421");
        }
        Some(Scripted::HangUp) => {
            mail.acknowledged = false;
            false
        }
        None => {
            if let Some(log) = &mut state.log {
                let to = mail.envelope_to.join(",");
                let line = format!("{}\t{to}\n", mail.message_id);
                if log.write_all(line.as_bytes()).is_err() {
                    say(session, "452 4.3.1 the sink cannot write its log");
                    return true;
                }
            }
            state.accepted += 1;
            say(session, "250 2.0.0 ok: queued");
            true
        }
    };
    // A process of its own only logs; it must not grow without end.
    if state.log.is_none() {
        state.mails.push(mail);
    }
    drop(state);
    shared.arrived.notify_waiters();
    go_on
}

fn message_id(message: &[u8]) -> String {
    let mut rest = message;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        if line.len() <= 1 {
            break;
        }
        const NAME: &[u8] = b"message-id:";
        if line
            .get(..NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
        {
            return String::from_utf8_lossy(&line[NAME.len()..])
                .trim()
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned();
        }
        rest = &rest[end + 1..];
    }
    String::new()
}

fn undot(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut from = usize::from(message.starts_with(b"."));
    for at in memchr::memmem::find_iter(message, b"\n.") {
        out.extend_from_slice(&message[from..=at]);
        from = at + 2;
    }
    out.extend_from_slice(&message[from..]);
    out
}

/// Standard base64; written out to keep the test kit's dependencies few.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().enumerate().fold(0_usize, |word, (at, &byte)| {
            word | usize::from(byte) << (16 - 8 * at)
        });
        for place in 0..4 {
            if place <= chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * place)) & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
