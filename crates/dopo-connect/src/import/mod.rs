//! Orders from files, read as a stream: a file of any length needs the memory of one order.
//!
//! A line that cannot be understood is refused with its number, the reason and an excerpt, and reading goes on. Every
//! order gets the same external id whenever the same content is read again, so an interrupted or repeated import takes
//! nothing in twice; a changed order gets another one.
//!
//! | format | file |
//! | --- | --- |
//! | [`Format::Shopify`] | Shopify's order export (`Orders > Export`, CSV) |
//! | [`Format::WooCommerce`] | orders of the REST API as JSON (an array, or one a line), or the CSV of the usual export plugins |
//! | [`Format::Events`] | our own JSON lines or an array of them ([`crate::events`]) |
//! | [`Format::Csv`] | our own simple table ([`CSV_COLUMNS`]) |
//!
//! Common to all: a byte-order mark is dropped, lines may end in CR LF, a ZIP archive with one such file is opened. In
//! tables the separator may be `,` `;` or a tab, bytes that are not UTF-8 are read as Windows-1252 with a note, a leading
//! `'` before `=` `+` `-` `@` (as careful exporters write, SEC-08) is removed, and formulas are data.

mod csv_orders;
mod json;
mod records;
mod shopify;
mod table;
mod woocommerce;

use std::io::{Cursor, Read};
use std::path::Path;

use dopo_core::event::Event;
use dopo_core::italy::DEFAULT_ZONE;
use dopo_core::money::Currency;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

pub use csv_orders::CSV_COLUMNS;

/// Longest line or record of a file, in bytes.
pub const RECORD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest excerpt of a refused line, in characters.
pub const EXCERPT_CHARS_MAX: usize = 160;
/// Largest ZIP archive that is opened, in bytes.
pub const ZIP_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Most bytes that are unpacked from a ZIP archive.
pub const UNPACKED_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// How much of a file is looked at to recognise what it is, in bytes.
const SNIFF_BYTES: usize = 16 * 1024;

/// The kinds of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Shopify's order export.
    Shopify,
    /// WooCommerce's orders, JSON or CSV.
    WooCommerce,
    /// Our own JSON lines.
    Events,
    /// Our own table.
    Csv,
}

impl Format {
    /// The names on the command line.
    pub const NAMES: [&'static str; 4] = ["shopify", "woocommerce", "events", "csv"];

    /// The format with this name (`jsonl` is `events`).
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "shopify" => Format::Shopify,
            "woocommerce" => Format::WooCommerce,
            "events" | "jsonl" => Format::Events,
            "csv" => Format::Csv,
            _ => return None,
        })
    }

    /// What a file probably is, from its beginning or else its name; nothing when neither says so.
    ///
    /// Reads the first 16 KiB of the file. An archive is judged by its name only.
    pub fn guess(file: &Path) -> Option<Self> {
        let head = std::fs::File::open(file)
            .ok()
            .and_then(|f| sniff(&mut (Box::new(f) as Source)).ok());
        let name = file.file_name()?.to_string_lossy().to_lowercase();
        head.and_then(|head| Self::guess_from(&head)).or_else(|| {
            if name.contains("shopify") {
                Some(Format::Shopify)
            } else if name.contains("woo") {
                Some(Format::WooCommerce)
            } else if name.ends_with(".jsonl") || name.ends_with(".ndjson") {
                Some(Format::Events)
            } else {
                None
            }
        })
    }

    /// What a file probably is, from its beginning.
    pub fn guess_from(head: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head));
        let text = text.trim_start();
        if text.starts_with(['{', '[']) {
            return if text.contains("\"line_items\"") || text.contains("\"order_key\"") {
                Some(Format::WooCommerce)
            } else if text.contains("\"type\"") && text.contains("\"at\"") {
                Some(Format::Events)
            } else {
                None
            };
        }
        let header = text.lines().next()?.to_lowercase();
        let names: Vec<&str> = header
            .split([',', ';', '\t'])
            .map(|n| n.trim().trim_matches('"'))
            .collect();
        if names.contains(&"lineitem name") {
            Some(Format::Shopify)
        } else if names.contains(&"order_id") && names.contains(&"placed_at") {
            Some(Format::Csv)
        } else if names
            .iter()
            .any(|n| matches!(*n, "order_total" | "order_status" | "order_currency"))
        {
            Some(Format::WooCommerce)
        } else {
            None
        }
    }

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Shopify => "shopify",
            Format::WooCommerce => "woocommerce",
            Format::Events => "events",
            Format::Csv => "csv",
        }
    }
}

/// What files do not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The currency of rows that name none.
    pub currency: Currency,
    /// The zone of times that name none (tables only; our JSON must name it).
    pub zone: TimeZone,
}

impl Default for Options {
    /// Euro and Italian time.
    fn default() -> Self {
        Options {
            currency: Currency::EUR,
            zone: TimeZone::get(DEFAULT_ZONE).unwrap_or(TimeZone::UTC),
        }
    }
}

/// What one order or line of a file becomes.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportItem {
    /// The line it starts on, from 1.
    pub line: u64,
    /// Its events: when, under which external id, what.
    pub events: Vec<(Timestamp, String, Event)>,
    /// What was left out, or why there is no event.
    pub note: Option<String>,
}

/// A line that cannot be taken in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct RefusedLine {
    /// The line it starts on, from 1.
    pub line: u64,
    /// What is wrong and what to do.
    pub why: String,
    /// The start of the line as it stands in the file, for the report of refused lines. May hold personal data: never log it.
    pub excerpt: String,
}

/// The orders of a file, one after the other.
pub type Items = Box<dyn Iterator<Item = Result<ImportItem, RefusedLine>> + Send>;

/// A file that cannot be read at all: no text, or an archive of several files.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// Opens a file of a format, with euro and Italian time where it names none.
///
/// # Errors
/// [`Unreadable`] when it is no text at all. A file that is not of the format gives one [`RefusedLine`] and ends.
pub fn open(format: Format, reader: impl Read + Send + 'static) -> Result<Items, Unreadable> {
    open_with(format, reader, Options::default())
}

/// Opens a file of a format. Reading happens while iterating; nothing stops at a bad line.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    format: Format,
    reader: impl Read + Send + 'static,
    options: Options,
) -> Result<Items, Unreadable> {
    let (head, reader) = start(Box::new(reader)).map_err(Unreadable)?;
    Ok(dispatch(format, &head, reader, options))
}

fn dispatch(format: Format, head: &[u8], reader: Source, options: Options) -> Items {
    let first = head.trim_ascii_start().first().copied();
    let is_json = matches!(first, Some(b'{' | b'['));
    match format {
        Format::Events => Box::new(json::read(head, reader, json::Events)),
        Format::WooCommerce if is_json => {
            Box::new(json::read(head, reader, json::WooOrders { options }))
        }
        Format::WooCommerce => table::open(head, reader, woocommerce::WooCommerceOrders, options),
        Format::Shopify => table::open(head, reader, shopify::ShopifyOrders, options),
        Format::Csv => table::open(head, reader, csv_orders::CsvOrders, options),
    }
}

pub(crate) type Source = Box<dyn Read + Send>;

/// Looks at the start of a file: opens archives, drops byte-order marks, refuses what is no text.
fn start(mut reader: Source) -> Result<(Vec<u8>, Source), String> {
    let mut head = sniff(&mut reader)?;
    if head.starts_with(b"PK\x03\x04") {
        let unpacked = unzip(head, reader)?;
        reader = Box::new(Cursor::new(unpacked));
        head = sniff(&mut reader)?;
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(
            "the file is UTF-16, as Excel saves \"Unicode text\"; save it again as \"CSV UTF-8\""
                .to_owned(),
        );
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err("the file is an old Excel workbook; save it as \"CSV UTF-8\"".to_owned());
    }
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    if head.iter().take(1_000).any(|b| *b == 0) {
        return Err("the file is not text; export it again as CSV or JSON".to_owned());
    }
    Ok((head.clone(), Box::new(Cursor::new(head).chain(reader))))
}

fn sniff(reader: &mut Source) -> Result<Vec<u8>, String> {
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    reader
        .by_ref()
        .take(SNIFF_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|e| format!("the file cannot be read: {e}"))?;
    Ok(head)
}

/// The one file in an archive.
fn unzip(head: Vec<u8>, rest: Source) -> Result<Vec<u8>, String> {
    let mut packed = Vec::new();
    Cursor::new(head)
        .chain(rest)
        .take(ZIP_BYTES_MAX + 1)
        .read_to_end(&mut packed)
        .map_err(|e| format!("the archive cannot be read: {e}"))?;
    if packed.len() as u64 > ZIP_BYTES_MAX {
        return Err(format!(
            "the archive is larger than {} MiB; unpack it and import the file in it",
            ZIP_BYTES_MAX / 1024 / 1024
        ));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(packed)).map_err(|e| {
        format!("the archive cannot be opened: {e}; unpack it and import the file in it")
    })?;
    if archive.index_for_name("xl/workbook.xml").is_some() {
        return Err("the file is an Excel workbook; save it as \"CSV UTF-8\"".to_owned());
    }
    let mut names: Vec<String> = archive
        .file_names()
        .filter(|n| !n.ends_with('/') && !n.starts_with("__MACOSX/"))
        .map(ToOwned::to_owned)
        .collect();
    let (Some(name), true) = (names.pop(), names.is_empty()) else {
        return Err(
            "the archive does not hold exactly one file; unpack it and import the files one by one"
                .to_owned(),
        );
    };
    let file = archive
        .by_name(&name)
        .map_err(|e| format!("the file in the archive cannot be opened: {e}"))?;
    let mut unpacked = Vec::new();
    file.take(UNPACKED_BYTES_MAX + 1)
        .read_to_end(&mut unpacked)
        .map_err(|e| format!("the file in the archive cannot be read: {e}"))?;
    if unpacked.len() as u64 > UNPACKED_BYTES_MAX {
        return Err(format!(
            "the file in the archive is larger than {} MiB; unpack it and import it directly",
            UNPACKED_BYTES_MAX / 1024 / 1024
        ));
    }
    Ok(unpacked)
}

/// The start of a line for the report, on one line.
pub(crate) fn excerpt(raw: &[u8]) -> String {
    let window = &raw[..raw.len().min(EXCERPT_CHARS_MAX * 4)];
    let text = String::from_utf8_lossy(window);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(EXCERPT_CHARS_MAX)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// An external id that is the same whenever the same facts are read again.
pub(crate) fn stable_id(at: Timestamp, event: &Event) -> String {
    let named = match event {
        Event::OrderUpdated { order } => order.external_id.as_str(),
        Event::ParcelScanned { parcel, .. } => parcel.order.as_deref().unwrap_or_default(),
        _ => "",
    };
    // An event always serialises; were it not to, its debug form is as stable.
    let facts = serde_json::to_vec(event).unwrap_or_else(|_| format!("{event:?}").into_bytes());
    let digest = Sha256::new()
        .chain_update(at.as_nanosecond().to_be_bytes())
        .chain_update(&facts)
        .finalize();
    let hex: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let name: String = named.chars().take(120).collect();
    format!("{}/{name}@{hex}", event.kind())
}

/// Events with their stable ids.
pub(crate) fn with_ids(events: Vec<(Timestamp, Event)>) -> Vec<(Timestamp, String, Event)> {
    events
        .into_iter()
        .map(|(at, event)| (at, stable_id(at, &event), event))
        .collect()
}
