//! Mail that comes back: delivery reports (RFC 3464), complaints (ARF,
//! RFC 5965) and automatic answers (RFC 3834), rule MAIL-04.
//!
//! A standard report is read from its `message/delivery-status` part. Servers
//! that write prose are read by their words, up to where the returned mail
//! begins. Who may believe a bounce is the caller's business: only one that
//! came to a return path with a valid token counts.

use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::failure::{
    BounceClass, EnhancedCode, Failure, classify, parse_enhanced, redact_addresses,
    without_addresses,
};

/// Prose looked at, in bytes; a report says what it has to say early.
const PROSE_MAX_BYTES: usize = 16 * 1024;
/// Recipients read from one report.
const RECIPIENTS_MAX: usize = 100;

/// What a mail that came to the return path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Returned {
    /// A mail was not delivered, or is late.
    Bounce {
        /// One entry a recipient; at least one.
        recipients: Vec<Bounced>,
        /// Message-ID of the mail that came back, without brackets.
        message_id: Option<String>,
    },
    /// The person pressed "spam" (feedback loop): suppress marketing at once.
    Complaint {
        /// `abuse`, `opt-out`, `auth-failure`, …
        feedback_type: String,
        /// Message-ID of the mail complained about, without brackets.
        message_id: Option<String>,
    },
    /// A holiday note or a receipt: no bounce, no reply of a person.
    AutoReply,
    /// A report that the mail did arrive.
    Delivered,
    /// None of these.
    Other,
}

/// What happened for one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Bounced {
    /// The address, as the report has it.
    pub recipient: Option<String>,
    /// Whether the report speaks of a final failure.
    pub permanent: bool,
    /// Why, without addresses.
    pub failure: Failure,
}

/// Keeps the address out of logs.
impl std::fmt::Debug for Bounced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bounced")
            .field("permanent", &self.permanent)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Bounced {
    /// Whether the address itself is dead and must be suppressed.
    pub fn is_hard(&self) -> bool {
        self.failure.class == BounceClass::HardAddress
    }
}

/// One group of fields of a delivery report.
#[derive(Default)]
struct Fields {
    recipient: Option<String>,
    action: String,
    status: Option<EnhancedCode>,
    diagnostic: String,
}

/// Reads a mail that came to the return path. Never fails: what is not
/// understood is [`Returned::Other`].
pub fn read(raw: &[u8]) -> Returned {
    let Some(mail) = MessageParser::default().parse(raw) else {
        return Returned::Other;
    };
    let mut prose = String::new();
    let mut reports: Vec<Fields> = Vec::new();
    let mut feedback = None;
    let mut original = String::new();
    for part in &mail.parts {
        let kind = part
            .content_type()
            .map(|kind| {
                let subtype = kind.subtype().unwrap_or_default();
                format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
            })
            .unwrap_or_default();
        let contents = || String::from_utf8_lossy(part.contents()).into_owned();
        match kind.as_str() {
            "message/delivery-status" | "message/global-delivery-status" => {
                reports.extend(read_fields(&contents()));
            }
            "message/feedback-report" => {
                let kind = field(&contents(), "feedback-type").unwrap_or_default();
                feedback = Some(kind.to_ascii_lowercase());
            }
            "text/rfc822-headers" | "message/rfc822" | "message/rfc822-headers" => {
                if original.is_empty() {
                    original = contents();
                }
            }
            _ => match &part.body {
                PartType::Text(text) => {
                    prose.push_str(text);
                    prose.push('\n');
                }
                PartType::Html(html) if prose.trim().is_empty() => {
                    prose.push_str(&mail_parser::decoders::html::html_to_text(html));
                    prose.push('\n');
                }
                _ => {}
            },
        }
    }
    let (prose, tail) = split_prose(&prose);
    if original.is_empty() {
        original = tail.to_owned();
    }
    let message_id = field(&original, "message-id")
        .map(|id| id.trim_matches(['<', '>', ' ']).to_owned())
        .filter(|id| !id.is_empty());

    if let Some(feedback_type) = feedback {
        return Returned::Complaint {
            feedback_type,
            message_id,
        };
    }
    if let Some(returned) = read_notification(prose) {
        return returned;
    }
    let subject = mail.subject().unwrap_or_default().to_lowercase();
    let header = |name: &'static str| {
        mail.header_raw(name)
            .map(|value| value.trim().to_lowercase())
            .unwrap_or_default()
    };
    let automatic = header("Auto-Submitted");
    let no_report = reports.is_empty();
    if no_report
        && (automatic.starts_with("auto-replied") || !header("X-Autoreply").is_empty())
        && !looks_like_bounce(&subject, prose)
    {
        return Returned::AutoReply;
    }
    if no_report && has(&subject, AUTO_REPLY_SUBJECTS) {
        return Returned::AutoReply;
    }
    let arrived = |action: &str| matches!(action, "delivered" | "relayed" | "expanded");
    if !no_report && reports.iter().all(|report| arrived(&report.action)) {
        return Returned::Delivered;
    }
    reports.retain(|report| !arrived(&report.action));
    if no_report {
        if !looks_like_bounce(&subject, prose) && !is_from_mailer(&mail) {
            return Returned::Other;
        }
        reports = sections(prose);
    }
    if reports.is_empty() {
        reports.push(Fields {
            recipient: header("X-Failed-Recipients")
                .split(',')
                .next()
                .map(|first| first.trim().to_owned())
                .filter(|first| first.contains('@')),
            ..Fields::default()
        });
    }
    let told = if known_words(prose) {
        prose.to_owned()
    } else {
        // Some say it in the subject only.
        format!("{prose}\n{subject}")
    };
    // Where the fields are bare, the prose may speak of each recipient.
    if !no_report {
        for section in sections(prose) {
            if let Some(report) = reports.iter_mut().find(|report| {
                report.diagnostic.is_empty() && report.recipient == section.recipient
            }) {
                report.diagnostic = section.diagnostic;
            }
        }
    }
    let recipients = reports
        .into_iter()
        .take(RECIPIENTS_MAX)
        .map(|report| judge(report, &told))
        .collect();
    Returned::Bounce {
        recipients,
        message_id,
    }
}

/// The JSON that Amazon SES puts into its notification mails. A bounce among
/// them is left to the words it holds.
fn read_notification(prose: &str) -> Option<Returned> {
    let start = prose.find("{\"notificationType\":")?;
    // Relays break its one long line with `!`.
    let json = prose[start..].replace("\r\n", "\n").replace("!\n ", "");
    let line = json.lines().next()?;
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    match value["notificationType"].as_str()? {
        "Complaint" => Some(Returned::Complaint {
            feedback_type: value["complaint"]["complaintFeedbackType"]
                .as_str()
                .unwrap_or("abuse")
                .to_owned(),
            message_id: value["mail"]["commonHeaders"]["messageId"]
                .as_str()
                .map(|id| id.trim_matches(['<', '>']).to_owned()),
        }),
        "Delivery" => Some(Returned::Delivered),
        _ => None,
    }
}

const AUTO_REPLY_SUBJECTS: &[&str] = &[
    "out of office",
    "out of the office",
    "automatic reply",
    "autoreply",
    "auto-reply",
    "risposta automatica",
    "fuori ufficio",
    "assente dall'ufficio",
    "vacation",
];

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn is_from_mailer(mail: &mail_parser::Message<'_>) -> bool {
    let from = mail
        .from()
        .and_then(|from| from.first())
        .map(|from| {
            let name = from.name().unwrap_or_default();
            format!("{name} {}", from.address().unwrap_or_default()).to_lowercase()
        })
        .unwrap_or_default();
    has(
        &from,
        &[
            "mailer-daemon",
            "postmaster",
            "mail delivery",
            "mailer_daemon",
        ],
    )
}

fn looks_like_bounce(subject: &str, prose: &str) -> bool {
    let prose = prose.to_lowercase();
    has(
        subject,
        &[
            "undeliver",
            "failure notice",
            "delivery fail",
            "delivery status",
            "delivery notification",
            "delivery report",
            "returned mail",
            "mail delivery",
            "delivery problem",
            "mail system error",
            "could not be delivered",
            "non recapitabile",
            "mancato recapito",
        ],
    ) || has(
        &prose,
        &[
            "could not be delivered",
            "couldn't be delivered",
            "unable to deliver",
            "delivery failed",
            "permanent error",
            "returned to sender",
            "user unknown",
            "unknown user",
        ],
    )
}

/// A header-like field, unfolded, its first occurrence.
fn field(text: &str, name: &str) -> Option<String> {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        if !key.trim().eq_ignore_ascii_case(name) {
            continue;
        }
        let mut value = value.trim().to_owned();
        for next in lines.by_ref() {
            if !next.starts_with([' ', '\t']) {
                break;
            }
            value.push(' ');
            value.push_str(next.trim());
        }
        return Some(value);
    }
    None
}

/// The recipient groups of a `message/delivery-status` part.
fn read_fields(text: &str) -> Vec<Fields> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut groups = Vec::new();
    for group in text.split("\n\n") {
        let address = |name| {
            field(group, name).map(|value| {
                let (_, address) = value.split_once(';').unwrap_or(("", &value));
                address.trim().trim_matches(['<', '>']).to_owned()
            })
        };
        let recipient = address("Final-Recipient").or_else(|| address("Original-Recipient"));
        let status = field(group, "Status");
        if recipient.is_none() && status.is_none() {
            continue;
        }
        let diagnostic = field(group, "Diagnostic-Code").unwrap_or_default();
        let diagnostic = match diagnostic.split_once(';') {
            Some((kind, words)) if kind.len() < 24 && !kind.trim().contains(' ') => {
                words.trim().to_owned()
            }
            _ => diagnostic,
        };
        groups.push(Fields {
            recipient: recipient.filter(|recipient| recipient.contains('@')),
            action: field(group, "Action").unwrap_or_default().to_lowercase(),
            status: status
                .as_deref()
                .and_then(|status| status.split_ascii_whitespace().next())
                .and_then(parse_enhanced),
            diagnostic: match (diagnostic.is_empty(), status) {
                // Some put the words beside the number.
                (true, Some(status)) if status.contains('(') => status,
                _ => diagnostic,
            },
        });
    }
    groups
}

/// What the server says, and where the returned mail begins.
fn split_prose(text: &str) -> (&str, &str) {
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let lower = line.trim().to_lowercase();
        let header = [
            "received:",
            "return-path:",
            "message-id:",
            "dkim-signature:",
        ]
        .iter()
        .any(|name| lower.starts_with(name));
        let rule = lower.starts_with("--")
            && has(
                &lower,
                &[
                    "original message",
                    "copy of",
                    "headers",
                    "returned message",
                    "below this line",
                    "message follows",
                ],
            );
        if number > 1 && (header || rule) {
            break;
        }
        at += line.len();
    }
    let mut cut = at.min(PROSE_MAX_BYTES);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    (&text[..cut], &text[at..])
}

/// Whether the prose has any reason in it.
fn known_words(prose: &str) -> bool {
    let prose = prose.to_lowercase();
    let lists = [FULL, BROKEN, NO_HOST, RESTING, BLOCKED, NO_PERSON, LATE];
    lists.iter().any(|list| has(&prose, list)) || codes(&prose) != (0, None)
}

/// The lines of a prose report that give a reason. The rest may repeat the
/// mail's subject or names and is not kept.
fn reasons(prose: &str) -> String {
    let lines: Vec<&str> = prose
        .lines()
        .map(str::trim)
        .filter(|line| known_words(line))
        .filter(|line| {
            let name = line.split_once(':').map_or("", |(name, _)| name);
            !["to", "from", "subject", "cc"].contains(&name.to_lowercase().as_str())
        })
        .collect();
    redact_addresses(&lines.join(" / "))
}

/// Prose that speaks of several recipients, each on a line that begins with
/// the address: one entry each. Empty when there are not at least two.
fn sections(prose: &str) -> Vec<Fields> {
    let mut found: Vec<Fields> = Vec::new();
    for line in prose.lines() {
        let line = line.trim();
        let (first, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let address = first.trim_matches(['<', '>', ':', '"']);
        let named = first.ends_with([':', '>']) || rest.is_empty();
        let is_address = named
            && address
                .split_once('@')
                .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
            && !address.contains(['<', '>', '(', '=', '/']);
        if is_address
            && !found
                .iter()
                .any(|it| it.recipient.as_deref() == Some(address))
        {
            found.push(Fields {
                recipient: Some(address.to_owned()),
                diagnostic: rest.to_owned(),
                ..Fields::default()
            });
        } else if let Some(last) = found.last_mut() {
            last.diagnostic.push('\n');
            last.diagnostic.push_str(line);
        }
    }
    if found.len() < 2 || found.iter().any(|it| !known_words(&it.diagnostic)) {
        found.clear();
    }
    found
}

/// Reply code and enhanced code in a text: the last specific ones win, since
/// relays put what they were told after what they say themselves.
fn codes(text: &str) -> (u16, Option<EnhancedCode>) {
    let mut code = 0;
    let mut enhanced: Option<EnhancedCode> = None;
    for word in text.split(|c: char| c.is_whitespace() || "()[]<>:;,=\"'".contains(c)) {
        let word = word.trim_start_matches('#').trim_end_matches('.');
        let (number, rest) = word.split_once('-').unwrap_or((word, ""));
        if number.len() == 3
            && let Ok(found) = number.parse::<u16>()
            && (400..600).contains(&found)
            && code == 0
        {
            code = found;
        }
        for candidate in [number, rest] {
            if let Some(found @ (class, subject, _)) = parse_enhanced(candidate)
                && class != 2
                && (enhanced.is_none() || subject != 0)
            {
                enhanced = Some(found);
            }
        }
    }
    (code, enhanced)
}

const FULL: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "mail box full",
    "inbox is full",
    "over quota",
    "overquota",
    "over-quota",
    "out of quota",
    "quota exceed",
    "quota has been exceeded",
    "exceeded quota",
    "exceeded its quota",
    "exceeded storage",
    "storage quota",
    "storage exceeded",
    "disk quota",
    "disk full",
    "exceeds allowed quota",
    "would exceed quota",
    "would exceed mailbox",
    "exceeded mailbox",
    "mailbox exceeded",
    "mailbox size limit",
    "insufficient disk",
    "not enough storage",
    "no space left",
    "casella piena",
    "quota",
];

/// Something at the receiver does not work.
const BROKEN: &[&str] = &[
    "mailer error",
    "internal system error",
    "other mail system problem",
    "configuration error",
    "couldn't create",
];

/// Rests of the network and of time, never the person's fault.
const LATE: &[&str] = &[
    "timed out",
    "timeout",
    "time out",
    "queue too long",
    "message expired",
    "queue.expired",
    "retry time not reached",
    "retry timeout",
    "connection refused",
    "connection reset",
    "lost connection",
    "did not accept our requests to connect",
    "could not be delivered for",
    "for a long time",
    "giving up",
    "delivery attempts",
    "deferred",
    "mail loop",
    "too many hops",
    "hop count",
    "loops back",
    "temporarily",
    "please try later",
    "try again later",
    "not accepting connections",
    "network error",
    "no route to host",
    "network is unreachable",
];

/// The account exists but rests.
const RESTING: &[&str] = &[
    "disabled",
    "suspended",
    "deactivated",
    "inactive",
    "account is locked",
    "account locked",
    "frozen",
    "not active",
    "has been blocked",
];

const BLOCKED: &[&str] = &[
    "spam",
    "blocked",
    "blacklist",
    "block list",
    "blocklist",
    "black list",
    "dnsbl",
    "rbl",
    "reputation",
    "dmarc",
    "spf ",
    "dkim",
    "reverse dns",
    "ptr record",
    "reverse lookup",
    "rdns",
    "banned",
    "policy",
    "prohibited",
    "relaying denied",
    "relay access denied",
    "relaying not",
    "not permitted to relay",
    "unauthenticated",
    "authentication required",
    "virus",
    "infected",
    "sender rejected",
    "sender denied",
    "sender address rejected",
    "sender verify failed",
    "from address",
    "client host rejected",
    "too many connections",
    "rate limit",
    "too many recipients",
    "too fast",
    "not authorized",
    "not authorised",
    "unauthorized",
    "suspicious",
    "filtered",
    "security",
    "restricted",
    "malware",
    "phish",
    "access from ip",
    "access denied",
    "permission",
    "cannot resolve your domain",
    "helo",
];

const NO_HOST: &[&str] = &[
    "host unknown",
    "unknown host",
    "host not found",
    "unknown domain",
    "domain not found",
    "domain does not exist",
    "domain doesn't exist",
    "no such domain",
    "no such host",
    "invalid domain",
    "nxdomain",
    "name service error",
    "couldn't find any host",
    "couldn't find a mail exchanger",
    "host or domain name not found",
    "domain is not reachable",
    "illegal host/domain",
    "dns lookup failure",
    "bad destination system",
    "bad destination host",
    "unrouteable mail domain",
    "all relevant mx records point to non-existent",
    "does not accept mail",
    "doesn't accept mail",
    "no mx",
    "no smtp service",
    "null mx",
    "nullmx",
    "mx record",
    "account or domain may not exist",
    "unable to route",
];

const NO_PERSON: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "address unknown",
    "unknown local",
    "unknown or illegal",
    "unknown mailbox",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such person",
    "no such account",
    "no such address",
    "no mailbox here",
    "no account by that name",
    "not a valid",
    "invalid recipient",
    "invalid mailbox",
    "invalid address",
    "invalid user",
    "invalid final delivery",
    "no valid recipients",
    "destinataire invalide",
    "does not exist",
    "doesn't exist",
    "not exist",
    "user not found",
    "recipient not found",
    "recipnotfound",
    "mailbox not found",
    "address not found",
    "account not found",
    "could not be found",
    "wasn't found",
    "not found",
    "recipient name is not recognized",
    "not listed in",
    "doesn't have a",
    "does not have a",
    "doesn't have an",
    "mailbox unavailable",
    "address rejected",
    "bad destination mailbox",
    "recipient no longer",
    "no longer on server",
    "has moved",
    "moved to",
    "is no longer",
    "unrouteable address",
    "undeliverable address",
    "utente sconosciuto",
    "destinatario sconosciuto",
    "casella inesistente",
];

fn judge(report: Fields, prose: &str) -> Bounced {
    let own = if report.diagnostic.trim().is_empty() {
        prose
    } else {
        &report.diagnostic
    };
    let (mut code, mut said) = codes(own);
    if code == 0 && said.is_none() && !report.diagnostic.is_empty() {
        (code, said) = codes(prose);
    }
    // A specific number in the server's words beats the report's own.
    let enhanced = match (said, report.status) {
        (Some(said), _) if said.1 != 0 => Some(said),
        (_, Some(status)) => Some(status),
        (said, None) => said,
    };
    let delayed = report.action == "delayed";
    let class = if delayed {
        BounceClass::SoftMailbox
    } else {
        bounce_class(code, enhanced, own, prose)
    };
    let permanent =
        !delayed && enhanced.map_or(code == 0 || code >= 500, |(class, _, _)| class == 5);
    Bounced {
        recipient: report.recipient,
        permanent,
        failure: Failure {
            class,
            code,
            enhanced,
            text: if report.diagnostic.trim().is_empty() {
                reasons(own)
            } else {
                redact_addresses(&report.diagnostic)
            },
        },
    }
}

fn bounce_class(code: u16, enhanced: Option<EnhancedCode>, own: &str, prose: &str) -> BounceClass {
    let own = without_addresses(own);
    let words = own
        .split_ascii_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let prose = prose
        .split_ascii_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    // Refused after the whole message was read: a filter spoke, not the
    // address book.
    let after_data = has(
        &prose,
        &[
            "end of data command",
            "after i sent the message",
            "after end of data",
            "did not like our final data",
            "smtp command data ",
            ">>> data",
        ],
    ) && !prose.contains("5.1.1");
    // One big provider names no address when its filter speaks.
    let nameless = has(&words, &["550 : user unknown", "550: : user unknown"]);
    let sender_refused = has(
        &prose,
        &[
            "reply to mail from",
            "after mail from",
            "my name was rejected",
            "did not like our mail from",
        ],
    );
    let no_person = has(&words, NO_PERSON);
    if has(&words, BROKEN) || prose.contains("not enough disk space") {
        return BounceClass::SoftMailbox;
    }
    match enhanced {
        Some((_, 1, 8)) | Some((_, 7, 26 | 509 | 25 | 515 | 1 | 606)) => {
            return BounceClass::BlockPolicy;
        }
        Some((_, 2, 2 | 3)) => return BounceClass::SoftMailbox,
        Some((5, 1, 1 | 2 | 3 | 6 | 10) | (5, 4, 4)) if !has(&words, FULL) => {
            return BounceClass::HardAddress;
        }
        Some((_, 3, 4) | (_, 6, _)) => return BounceClass::Content,
        _ => {}
    }
    if has(&words, FULL) {
        return BounceClass::SoftMailbox;
    }
    if sender_refused {
        return BounceClass::BlockPolicy;
    }
    if matches!(enhanced, Some((4, _, _))) {
        // A temporary code never condemns an address.
        return if has(&words, BLOCKED) {
            BounceClass::BlockPolicy
        } else {
            BounceClass::SoftMailbox
        };
    }
    if matches!(enhanced, Some((5, 4, 1))) && words.contains("recipient address rejected") {
        return BounceClass::HardAddress;
    }
    if has(&words, NO_HOST) {
        return BounceClass::HardAddress;
    }
    if has(&words, RESTING) {
        return BounceClass::SoftMailbox;
    }
    if has(&words, BLOCKED) {
        return BounceClass::BlockPolicy;
    }
    if no_person {
        return if after_data || nameless {
            BounceClass::BlockPolicy
        } else {
            BounceClass::HardAddress
        };
    }
    if has(&words, LATE) {
        return BounceClass::SoftMailbox;
    }
    match enhanced {
        Some((_, 0, 0)) | None => BounceClass::BlockPolicy,
        Some(_) => classify(code, enhanced, &words),
    }
}
