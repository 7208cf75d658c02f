//! One outgoing mail as RFC 5322 bytes (rules MAIL-03, MAIL-08, SEC-07).
//!
//! The encoder is our own. `mail-builder` picks 7bit, quoted-printable or
//! base64 by size and takes boundaries from the clock; we need
//! quoted-printable always (MAIL-08), the same bytes for the same mail (a
//! repeated hand-over must be recognisable) and `List-Unsubscribe` on one
//! unfolded line (MAIL-03).
//!
//! What leaves here is 7-bit ASCII, CRLF, no line longer than
//! [`LINE_MAX_BYTES`], and no body line that begins with a dot. Only an
//! address with a non-ASCII local part brings UTF-8 into the headers; then
//! [`EncodedMail::needs_smtputf8`] is set.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longest line of a message without its CRLF, in bytes (RFC 5322 2.1.1).
pub const LINE_MAX_BYTES: usize = 998;
/// Longest address, in bytes (RFC 5321 4.5.3.1.3 without the brackets).
pub const ADDRESS_MAX_BYTES: usize = 254;
/// Longest local part of an address, in bytes (RFC 5321 4.5.3.1.1).
pub const LOCAL_PART_MAX_BYTES: usize = 64;
/// Longest quoted-printable or base64 line, in bytes (RFC 2045 6.7, 6.8).
const ENCODED_LINE_MAX_BYTES: usize = 76;
/// Longest encoded word, in bytes (RFC 2047 2).
const ENCODED_WORD_MAX_BYTES: usize = 75;
/// Where header text is folded, in bytes (RFC 5322 2.1.1).
const FOLD_AT_BYTES: usize = 78;

/// `=_` cannot occur in quoted-printable or base64 text, so a fixed boundary
/// never meets the content and the bytes stay the same on every encoding.
const ALTERNATIVE_BOUNDARY: &str = "=_dopo_alternative";
const MIXED_BOUNDARY: &str = "=_dopo_mixed";

/// Headers the encoder writes itself, or that a caller must never set.
const RESERVED_HEADERS: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "return-path",
    "received",
    "dkim-signature",
];

/// An address with an optional display name.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown by the mail client; any text without CR, LF, NUL.
    pub name: Option<String>,
    /// `local@domain`, without brackets. The domain is ASCII (punycode).
    pub address: String,
}

impl Mailbox {
    /// A mailbox without a display name. Checked when the mail is encoded.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            name: None,
            address: address.into(),
        }
    }

    /// A mailbox with a display name. Checked when the mail is encoded.
    pub fn named(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            address: address.into(),
        }
    }

    /// The part after the last `@`, empty when there is none.
    pub fn domain(&self) -> &str {
        self.address
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain)
    }
}

/// Keeps the person out of logs: only the domain is shown.
impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailbox(…@{})", self.domain())
    }
}

/// What an attachment may be: a document with a legal purpose (MAIL-08).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKind {
    /// A PDF: receipt, withdrawal form, credit note.
    Pdf,
    /// UTF-8 text: terms as plain text.
    Text,
}

impl AttachmentKind {
    fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Text => "text/plain; charset=utf-8",
        }
    }
}

/// A document that goes with a mail.
#[derive(Clone)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// ASCII file name, as the person will save it.
    pub file_name: String,
    /// The document.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Attachment({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// A mail that has been permitted and rendered, ready to be handed over.
#[derive(Clone)]
pub struct OutgoingMail {
    /// `local@own-domain`, with or without brackets; the same on a repeat.
    pub message_id: String,
    /// The one `From`.
    pub from: Mailbox,
    /// A monitored mailbox, when it is not `from` (MAIL-08).
    pub reply_to: Option<Mailbox>,
    /// `MAIL FROM`: where bounces go (VERP), MAIL-04.
    pub envelope_from: String,
    /// The one recipient.
    pub to: Mailbox,
    /// Subject as the person reads it.
    pub subject: String,
    /// Plain text part.
    pub text: String,
    /// HTML part.
    pub html: String,
    /// `List-Unsubscribe`, `List-Unsubscribe-Post`, `List-Id`,
    /// `Auto-Submitted`, `Feedback-ID` and the like, unencoded. Written in
    /// this order; not folded.
    pub headers: Vec<(String, String)>,
    /// The `Date` header.
    pub date: Timestamp,
    /// Documents with a legal purpose; usually none.
    pub attachments: Vec<Attachment>,
}

/// Keeps the person and the text out of logs.
impl std::fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutgoingMail")
            .field("message_id", &self.message_id)
            .field("to", &self.to)
            .field("text_bytes", &self.text.len())
            .field("html_bytes", &self.html.len())
            .field("attachments", &self.attachments)
            .finish_non_exhaustive()
    }
}

/// A mail as it goes over the wire, before dot-stuffing.
#[derive(Clone)]
pub struct EncodedMail {
    /// Without brackets.
    pub message_id: String,
    /// `MAIL FROM` address.
    pub envelope_from: String,
    /// `RCPT TO` address.
    pub recipient: String,
    /// The whole message, CRLF line ends, ends with CRLF.
    pub bytes: Vec<u8>,
    /// An address is not ASCII: the relay must offer SMTPUTF8 (RFC 6531).
    pub needs_smtputf8: bool,
}

/// Why a mail cannot be encoded. A caller's mistake, never the relay's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// CR, LF or NUL in a value that goes into a header or the envelope.
    #[error("{field} contains a line break or NUL, which could add a header: remove it")]
    Injection {
        /// Which header or field.
        field: String,
    },
    /// Not an address we send to.
    #[error("{field} is not a usable e-mail address: {why}")]
    Address {
        /// Which header or field.
        field: String,
        /// What is wrong, without the address.
        why: &'static str,
    },
    /// A header name or value that cannot be written.
    #[error("header {name} cannot be written: {why}")]
    Header {
        /// The header's name, cleaned.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl OutgoingMail {
    /// Writes the message. The same mail always gives the same bytes.
    ///
    /// # Errors
    /// [`MessageError`] when a value could inject a header (SEC-07), an
    /// address is not usable, or a header is reserved or too long.
    pub fn encode(&self) -> Result<EncodedMail, MessageError> {
        let message_id = self
            .message_id
            .trim_start_matches('<')
            .trim_end_matches('>');
        check_message_id(message_id)?;
        check_address("envelope sender", &self.envelope_from)?;

        let mut out = Vec::with_capacity(
            1024 + self.text.len() * 5 / 4 + self.html.len() * 5 / 4 + self.attachment_bytes(),
        );
        mailbox_header(&mut out, "From", &self.from)?;
        mailbox_header(&mut out, "To", &self.to)?;
        if let Some(reply_to) = &self.reply_to {
            mailbox_header(&mut out, "Reply-To", reply_to)?;
        }
        check_injection("Subject", &self.subject)?;
        out.extend_from_slice(b"Subject: ");
        write_unstructured(&mut out, "Subject: ".len(), &self.subject);
        out.extend_from_slice(b"\r\nDate: ");
        write_date(&mut out, self.date);
        out.extend_from_slice(b"\r\nMessage-ID: <");
        out.extend_from_slice(message_id.as_bytes());
        out.extend_from_slice(b">\r\n");
        for (name, value) in &self.headers {
            custom_header(&mut out, name, value)?;
        }
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");

        if self.attachments.is_empty() {
            self.write_alternative(&mut out);
        } else {
            write_multipart_type(&mut out, "mixed", MIXED_BOUNDARY);
            open_part(&mut out, MIXED_BOUNDARY);
            self.write_alternative(&mut out);
            for attachment in &self.attachments {
                open_part(&mut out, MIXED_BOUNDARY);
                write_attachment(&mut out, attachment)?;
            }
            close_multipart(&mut out, MIXED_BOUNDARY);
        }

        Ok(EncodedMail {
            message_id: message_id.to_owned(),
            envelope_from: self.envelope_from.clone(),
            recipient: self.to.address.clone(),
            bytes: out,
            needs_smtputf8: [
                Some(self.envelope_from.as_str()),
                Some(self.to.address.as_str()),
                Some(self.from.address.as_str()),
                self.reply_to.as_ref().map(|m| m.address.as_str()),
            ]
            .into_iter()
            .flatten()
            .any(|address| !address.is_ascii()),
        })
    }

    fn attachment_bytes(&self) -> usize {
        self.attachments
            .iter()
            .map(|a| a.bytes.len() * 14 / 10 + 256)
            .sum()
    }

    fn write_alternative(&self, out: &mut Vec<u8>) {
        write_multipart_type(out, "alternative", ALTERNATIVE_BOUNDARY);
        for (kind, body) in [("plain", &self.text), ("html", &self.html)] {
            open_part(out, ALTERNATIVE_BOUNDARY);
            out.extend_from_slice(b"Content-Type: text/");
            out.extend_from_slice(kind.as_bytes());
            out.extend_from_slice(
                b"; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
            );
            quoted_printable(out, body.as_bytes());
        }
        close_multipart(out, ALTERNATIVE_BOUNDARY);
    }
}

fn write_multipart_type(out: &mut Vec<u8>, subtype: &str, boundary: &str) {
    out.extend_from_slice(b"Content-Type: multipart/");
    out.extend_from_slice(subtype.as_bytes());
    out.extend_from_slice(b"; boundary=\"");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"\"\r\n");
}

fn open_part(out: &mut Vec<u8>, boundary: &str) {
    out.extend_from_slice(b"\r\n--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn close_multipart(out: &mut Vec<u8>, boundary: &str) {
    out.extend_from_slice(b"\r\n--");
    out.extend_from_slice(boundary.as_bytes());
    out.extend_from_slice(b"--\r\n");
}

fn write_attachment(out: &mut Vec<u8>, attachment: &Attachment) -> Result<(), MessageError> {
    let name = &attachment.file_name;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte);
    if name.is_empty() || name.len() > 120 || !name.bytes().all(plain) {
        return Err(MessageError::Header {
            name: "Content-Disposition".to_owned(),
            why: "a file name has 1 to 120 letters, digits, spaces, dots, - or _",
        });
    }
    out.extend_from_slice(b"Content-Type: ");
    out.extend_from_slice(attachment.kind.content_type().as_bytes());
    out.extend_from_slice(b"\r\nContent-Disposition: attachment; filename=\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    // 57 input bytes are one full line of 76.
    for chunk in attachment.bytes.chunks(57) {
        out.extend_from_slice(STANDARD.encode(chunk).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn check_injection(field: &str, value: &str) -> Result<(), MessageError> {
    if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(MessageError::Injection {
            field: field.to_owned(),
        });
    }
    Ok(())
}

fn check_message_id(id: &str) -> Result<(), MessageError> {
    check_injection("Message-ID", id)?;
    let printable = |byte: u8| byte.is_ascii_graphic() && byte != b'<' && byte != b'>';
    if !id.contains('@') || id.len() > 250 || !id.bytes().all(printable) {
        return Err(MessageError::Header {
            name: "Message-ID".to_owned(),
            why: "it must be local@domain in printable ASCII, at most 250 bytes",
        });
    }
    Ok(())
}

/// Refuses whatever could end the address early, in a header or in SMTP.
pub(crate) fn check_address(field: &str, address: &str) -> Result<(), MessageError> {
    check_injection(field, address)?;
    let bad = |why| {
        Err(MessageError::Address {
            field: field.to_owned(),
            why,
        })
    };
    let Some((local, domain)) = address.rsplit_once('@') else {
        return bad("it has no @");
    };
    if local.is_empty() || domain.is_empty() {
        return bad("the part before or after the @ is empty");
    }
    if local.len() > LOCAL_PART_MAX_BYTES || address.len() > ADDRESS_MAX_BYTES {
        return bad("it is longer than 254 bytes, or 64 before the @");
    }
    if address
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || r#"<>()[]\,;:""#.contains(c))
    {
        return bad("it contains a space, a control character or one of < > ( ) [ ] \\ , ; : \"");
    }
    if local.contains('@') {
        return bad("it has more than one @");
    }
    let host_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if !domain.bytes().all(host_byte) || domain.starts_with('.') || domain.contains("..") {
        return bad(
            "the domain must be letters, digits, - and dots (international names in punycode)",
        );
    }
    Ok(())
}

fn mailbox_header(out: &mut Vec<u8>, header: &str, mailbox: &Mailbox) -> Result<(), MessageError> {
    check_address(header, &mailbox.address)?;
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(b": ");
    if let Some(name) = mailbox.name.as_deref() {
        check_injection(header, name)?;
        let name = name.trim();
        if !name.is_empty() {
            let used = write_phrase(out, header.len() + 2, name);
            let fold = used + mailbox.address.len() + 3 > FOLD_AT_BYTES;
            out.extend_from_slice(if fold { b"\r\n " } else { b" " });
        }
    }
    out.push(b'<');
    out.extend_from_slice(mailbox.address.as_bytes());
    out.extend_from_slice(b">\r\n");
    Ok(())
}

/// A display name: as it is, quoted, or as encoded words. Returns the column.
fn write_phrase(out: &mut Vec<u8>, column: usize, name: &str) -> usize {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&b);
    let printable = |b: u8| b == b' ' || b.is_ascii_graphic();
    let short = name.len() < FOLD_AT_BYTES;
    if short && !name.contains("=?") && name.bytes().all(atom) {
        out.extend_from_slice(name.as_bytes());
        column + name.len()
    } else if short && !name.contains("=?") && name.bytes().all(printable) {
        out.push(b'"');
        let before = out.len();
        for byte in name.bytes() {
            if byte == b'"' || byte == b'\\' {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
        column + 2 + out.len() - before
    } else {
        encoded_words(out, column, name)
    }
}

/// Free text (Subject): ASCII folded at spaces, anything else encoded.
fn write_unstructured(out: &mut Vec<u8>, column: usize, text: &str) {
    let plain = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.split(' ').any(|word| word.len() > FOLD_AT_BYTES - 12);
    if !plain {
        encoded_words(out, column, text);
        return;
    }
    let mut column = column;
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            // Fold only before a real word: a folded line of blanks is obsolete syntax.
            if column + 1 + word.len() > FOLD_AT_BYTES && !word.is_empty() {
                out.extend_from_slice(b"\r\n");
                column = 0;
            }
            out.push(b' ');
            column += 1;
        }
        out.extend_from_slice(word.as_bytes());
        column += word.len();
    }
}

/// `=?utf-8?Q?…?=` words of at most 75 bytes, characters never split, one
/// word a line. Returns the column. The alphabet is the one of phrases
/// (RFC 2047 5(3)), so it also serves display names.
fn encoded_words(out: &mut Vec<u8>, column: usize, text: &str) -> usize {
    const OPEN: &[u8] = b"=?utf-8?Q?";
    const CLOSE: &[u8] = b"?=";
    let mut column = column + OPEN.len();
    let mut word = OPEN.len() + CLOSE.len();
    out.extend_from_slice(OPEN);
    for ch in text.chars() {
        let mut utf8 = [0; 4];
        let bytes = ch.encode_utf8(&mut utf8).as_bytes();
        let literal = ch == ' ' || ch.is_ascii_alphanumeric() || "!*+-/".contains(ch);
        let cost = if literal { 1 } else { bytes.len() * 3 };
        let full = word + cost > ENCODED_WORD_MAX_BYTES
            || (column + cost + CLOSE.len() > FOLD_AT_BYTES && word > OPEN.len() + CLOSE.len());
        if full {
            out.extend_from_slice(CLOSE);
            out.extend_from_slice(b"\r\n ");
            out.extend_from_slice(OPEN);
            column = 1 + OPEN.len();
            word = OPEN.len() + CLOSE.len();
        }
        if ch == ' ' {
            out.push(b'_');
        } else if literal {
            out.extend_from_slice(bytes);
        } else {
            for &byte in bytes {
                push_escaped(out, byte);
            }
        }
        column += cost;
        word += cost;
    }
    out.extend_from_slice(CLOSE);
    column + CLOSE.len()
}

fn custom_header(out: &mut Vec<u8>, name: &str, value: &str) -> Result<(), MessageError> {
    let clean = || -> String {
        name.chars()
            .filter(char::is_ascii_graphic)
            .take(40)
            .collect()
    };
    let bad = |why| Err(MessageError::Header { name: clean(), why });
    if name.is_empty()
        || name.len() > 76
        || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
    {
        return bad("a header name is 1 to 76 printable ASCII characters without a colon");
    }
    if RESERVED_HEADERS
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
    {
        return bad("this header is written from the mail's own fields");
    }
    if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(MessageError::Injection { field: clean() });
    }
    let value = value.trim();
    if value.is_empty() {
        return bad("its value is empty");
    }
    let start = out.len();
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    if value.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        // One line, as given: a folded List-Unsubscribe is misread by some
        // receivers, and re-folded by others, which breaks the signature.
        out.extend_from_slice(value.as_bytes());
    } else {
        // Only the words that need it, so that the <…> of a List-Id stays
        // readable. Neighbours go together: the blank between two encoded
        // words does not count (RFC 2047 6.2).
        let readable = |word: &&str| word.bytes().all(|b| b.is_ascii_graphic());
        let mut words = value.split(' ').peekable();
        while let Some(word) = words.next() {
            if readable(&word) {
                out.extend_from_slice(word.as_bytes());
            } else {
                let mut run = word.to_owned();
                while let Some(next) = words.next_if(|next| !readable(next)) {
                    run.push(' ');
                    run.push_str(next);
                }
                encoded_words(out, 0, &run);
            }
            if words.peek().is_some() {
                out.push(b' ');
            }
        }
    }
    let too_long = out[start..]
        .split(|&b| b == b'\n')
        .any(|line| line.len() > LINE_MAX_BYTES);
    out.extend_from_slice(b"\r\n");
    if too_long {
        return bad("the line would be longer than 998 bytes: shorten the value");
    }
    Ok(())
}

fn write_date(out: &mut Vec<u8>, date: Timestamp) {
    let mut text = String::with_capacity(40);
    // UTC in the years of jiff always prints; 1970 is the honest fallback.
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC);
    if rfc2822::DateTimePrinter::new()
        .print_zoned(&zoned, &mut text)
        .is_err()
    {
        text = "Thu, 1 Jan 1970 00:00:00 +0000".to_owned();
    }
    out.extend_from_slice(text.as_bytes());
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(&[
        b'=',
        HEX[usize::from(byte >> 4)],
        HEX[usize::from(byte & 15)],
    ]);
}

/// Bytes that quoted-printable writes as they are: printable without `=`,
/// space and tab (their place at a line's end is looked at separately).
const LITERAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 32;
    while byte < 127 {
        table[byte] = byte != b'=' as usize;
        byte += 1;
    }
    table[b'\t' as usize] = true;
    table
};

/// Quoted-printable (RFC 2045 6.7) with every line end written as CRLF, and a
/// dot at the start of a line escaped so that nothing ever has to be
/// dot-stuffed. Ends with CRLF.
pub(crate) fn quoted_printable(out: &mut Vec<u8>, body: &[u8]) {
    let mut rest = body;
    while !rest.is_empty() {
        let (line, next) = match memchr::memchr2(b'\n', b'\r', rest) {
            Some(end) => {
                let crlf = rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n');
                (&rest[..end], &rest[end + 1 + usize::from(crlf)..])
            }
            None => (rest, &rest[rest.len()..]),
        };
        quoted_printable_line(out, line);
        out.extend_from_slice(b"\r\n");
        rest = next;
    }
    if body.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
}

fn quoted_printable_line(out: &mut Vec<u8>, line: &[u8]) {
    // A soft break costs one column for its `=`.
    const ROOM: usize = ENCODED_LINE_MAX_BYTES - 1;
    let mut column = 0;
    let mut at = 0;
    while at < line.len() {
        let run_end = (at + ROOM - column).min(line.len());
        let literal = line[at..run_end]
            .iter()
            .position(|&byte| !LITERAL[usize::from(byte)])
            .unwrap_or(run_end - at);
        let mut end = at + literal;
        // A blank at the very end of the line must be escaped, a leading dot too.
        if end == line.len() && end > at && matches!(line[end - 1], b' ' | b'\t') {
            end -= 1;
        }
        if column == 0 && end > at && line[at] == b'.' {
            end = at;
        }
        if end > at {
            out.extend_from_slice(&line[at..end]);
            column += end - at;
            at = end;
            if at == line.len() {
                break;
            }
        }
        let byte = line[at];
        let literal_here = LITERAL[usize::from(byte)]
            && !(at + 1 == line.len() && matches!(byte, b' ' | b'\t'))
            && !(column == 0 && byte == b'.');
        let cost = if literal_here { 1 } else { 3 };
        if column + cost > ROOM {
            out.extend_from_slice(b"=\r\n");
            column = 0;
            continue;
        }
        if literal_here {
            out.push(byte);
        } else {
            push_escaped(out, byte);
        }
        column += cost;
        at += 1;
    }
}
