//! Files of rows: header, separator, encoding, and rows that belong to one order.

use std::collections::HashMap;

use dopo_core::event::Event;
use dopo_core::italy::names::PersonName;
use dopo_core::order::ORDER_LINES_MAX;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::records::Records;
use super::{
    EXCERPT_CHARS_MAX, ImportItem, Items, Options, RefusedLine, Source, excerpt, with_ids,
};
use crate::translation::Notes;

/// Said once, on the first row of a file that is not UTF-8.
const NOT_UTF8: &str = "the file is not UTF-8 and was read as Windows-1252; if accents look wrong, save it again as \"CSV UTF-8\"";

/// What a table's columns mean.
pub(super) trait Layout: Send + 'static {
    /// What to call such a file.
    const NAME: &'static str;
    /// Columns that must be there; of each group one name is enough.
    const REQUIRED: &'static [&'static [&'static str]];

    /// The order that a row belongs to; nothing when it continues the one before.
    fn key<'r>(&self, row: &Row<'r>) -> Option<&'r str>;

    /// The events of an order's rows, or why it cannot be taken.
    fn events(
        &self,
        order: &Order<'_>,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Vec<(Timestamp, Event)>, String>;
}

/// The names of the columns, lower-case.
struct Header {
    columns: HashMap<String, usize>,
    width: usize,
}

/// One row, by column name.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    header: &'r Header,
    fields: &'r [String],
}

impl<'r> Row<'r> {
    /// The first of these columns that has a value.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'r str> {
        let Row { header, fields } = *self;
        names.iter().find_map(|name| {
            let field = fields.get(*header.columns.get(*name)?)?.trim();
            (!field.is_empty()).then_some(field)
        })
    }

    /// The values of all columns whose name begins so, in the order of the columns.
    pub(super) fn numbered(&self, prefix: &str) -> Vec<&'r str> {
        let Row { header, fields } = *self;
        let mut found: Vec<(usize, &str)> = header
            .columns
            .iter()
            .filter(|(name, _)| {
                name.strip_prefix(prefix)
                    .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            })
            .filter_map(|(_, index)| Some((*index, fields.get(*index)?.trim())))
            .filter(|(_, field)| !field.is_empty())
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, field)| field).collect()
    }
}

/// The rows of one order.
pub(super) struct Order<'r> {
    header: &'r Header,
    rows: &'r [Vec<String>],
}

impl<'r> Order<'r> {
    /// The first value of one of these columns in any row.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'r str> {
        self.rows().find_map(|row| row.get(names))
    }

    /// Its rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'r>> + use<'r> {
        let header = self.header;
        self.rows.iter().map(move |fields| Row {
            header,
            fields: fields.as_slice(),
        })
    }
}

/// Opens a table. `head` is its beginning, from which the separator is told.
pub(super) fn open<L: Layout>(head: &[u8], reader: Source, layout: L, options: Options) -> Items {
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |separator: u8| first.iter().filter(|b| **b == separator).count();
    let separator = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|s| (count(*s), *s == b','))
        .unwrap_or(b',');
    Box::new(Table {
        records: Records::new(reader, separator),
        separator,
        header: None,
        pending: None,
        ready: None,
        said_not_utf8: false,
        done: false,
        layout,
        options,
    })
}

struct Table<L> {
    records: Records,
    separator: u8,
    header: Option<Header>,
    pending: Option<Pending>,
    /// A refusal that was found while an order was being finished.
    ready: Option<RefusedLine>,
    said_not_utf8: bool,
    done: bool,
    layout: L,
    options: Options,
}

/// The rows of an order that may go on.
struct Pending {
    line: u64,
    key: String,
    rows: Vec<Vec<String>>,
    /// Rows seen, also those over the limit, which are not kept.
    seen: usize,
    broken: Option<String>,
    excerpt: String,
    not_utf8: bool,
}

impl<L: Layout> Iterator for Table<L> {
    type Item = Result<ImportItem, RefusedLine>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(refused) = self.ready.take() {
            return Some(Err(refused));
        }
        if self.done {
            return None;
        }
        loop {
            let record = match self.records.next() {
                Ok(Some(record)) => record,
                Ok(None) => {
                    self.done = true;
                    if self.header.is_none() {
                        return Some(Err(refuse(1, "the file is empty".to_owned(), "")));
                    }
                    return self.pending.take().map(|pending| self.finish(pending));
                }
                Err(e) => {
                    self.done = true;
                    let line = self.records.line();
                    let refused = refuse(line, format!("the file cannot be read on: {e}"), "");
                    return Some(match self.pending.take() {
                        Some(pending) => {
                            self.ready = Some(refused);
                            self.finish(pending)
                        }
                        None => Err(refused),
                    });
                }
            };
            let line = record.line;
            let (fields, not_utf8) = decode(&split(&record.raw, self.separator));
            let Some(header) = &self.header else {
                match header_of::<L>(&fields) {
                    Ok(header) => self.header = Some(header),
                    Err(why) => {
                        self.done = true;
                        return Some(Err(refuse(line, why, &joined(&fields))));
                    }
                }
                continue;
            };
            if fields.iter().all(|f| f.trim().is_empty()) {
                continue;
            }
            let broken = record.fault.or_else(|| fault_of(&fields, header.width));
            let row = Row {
                header,
                fields: &fields,
            };
            let key = self.layout.key(&row).map(ToOwned::to_owned);
            let first_not_utf8 = not_utf8 && !std::mem::replace(&mut self.said_not_utf8, true);
            match (&mut self.pending, key) {
                (Some(pending), key) if key.as_ref().is_none_or(|k| *k == pending.key) => {
                    pending.seen += 1;
                    pending.broken = pending.broken.take().or(broken);
                    pending.not_utf8 |= first_not_utf8;
                    if pending.rows.len() <= ORDER_LINES_MAX {
                        pending.rows.push(fields);
                    }
                }
                (None, None) => {
                    let why = "the row names no order, and none stands before it".to_owned();
                    return Some(Err(refuse(line, why, &joined(&fields))));
                }
                (_, key) => {
                    let next = Pending {
                        line,
                        key: key.unwrap_or_default(),
                        excerpt: joined(&fields),
                        rows: vec![fields],
                        seen: 1,
                        broken,
                        not_utf8: first_not_utf8,
                    };
                    if let Some(pending) = self.pending.replace(next) {
                        return Some(self.finish(pending));
                    }
                }
            }
        }
    }
}

impl<L: Layout> Table<L> {
    fn finish(&self, pending: Pending) -> Result<ImportItem, RefusedLine> {
        let refused = |why| refuse(pending.line, why, &pending.excerpt);
        if let Some(why) = pending.broken {
            return Err(refused(why));
        }
        if pending.seen > ORDER_LINES_MAX {
            return Err(refused(format!(
                "the order has {} lines; at most {ORDER_LINES_MAX} are taken",
                pending.seen
            )));
        }
        let Some(header) = &self.header else {
            return Err(refused("the file has no header".to_owned()));
        };
        let mut notes = Notes::default();
        if pending.not_utf8 {
            notes.add(NOT_UTF8);
        }
        let order = Order {
            header,
            rows: &pending.rows,
        };
        let events = self
            .layout
            .events(&order, &self.options, &mut notes)
            .map_err(refused)?;
        Ok(ImportItem {
            line: pending.line,
            events: with_ids(events),
            note: notes.into_note(),
        })
    }
}

fn refuse(line: u64, why: String, raw: &str) -> RefusedLine {
    RefusedLine {
        line,
        why,
        excerpt: excerpt(raw.as_bytes()),
    }
}

fn joined(fields: &[String]) -> String {
    let mut out = String::new();
    for field in fields {
        if out.len() > EXCERPT_CHARS_MAX {
            break;
        }
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(field);
    }
    out
}

/// The fields of one record.
fn split(raw: &[u8], separator: u8) -> csv::ByteRecord {
    let mut record = csv::ByteRecord::new();
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .buffer_capacity(raw.len() + 1)
        .from_reader(raw);
    // Bytes in memory can always be read; were they not, the record would be empty and so passed over.
    let _ = csv.read_byte_record(&mut record);
    record
}

/// Why a row cannot be a row of this table.
fn fault_of(fields: &[String], width: usize) -> Option<String> {
    let extra = fields.get(width..).unwrap_or_default();
    if extra.iter().any(|f| !f.trim().is_empty()) {
        return Some(format!(
            "the row has {} fields and the header {width}; put fields that hold the separator between quotation marks",
            fields.len()
        ));
    }
    None
}

fn header_of<L: Layout>(fields: &[String]) -> Result<Header, String> {
    let columns: HashMap<String, usize> = fields
        .iter()
        .enumerate()
        .rev()
        .map(|(index, name)| (name.trim().to_lowercase(), index))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    let missing: Vec<&str> = L::REQUIRED
        .iter()
        .filter(|names| !names.iter().any(|n| columns.contains_key(*n)))
        .map(|names| names[0])
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "this is not {}: the first row has no column {}",
            L::NAME,
            missing.join(", ")
        ));
    }
    Ok(Header {
        columns,
        width: fields.len(),
    })
}

/// The fields as text, and whether they were not UTF-8.
fn decode(record: &csv::ByteRecord) -> (Vec<String>, bool) {
    let utf8 = record.iter().all(|f| str::from_utf8(f).is_ok());
    let fields = record.iter().map(|field| {
        let text = match str::from_utf8(field) {
            Ok(text) if utf8 => text.to_owned(),
            _ => field.iter().map(|b| windows_1252(*b)).collect(),
        };
        unprefixed(text)
    });
    (fields.collect(), !utf8)
}

/// Without the `'` that exporters put before what a spreadsheet would take for a formula (SEC-08).
fn unprefixed(text: String) -> String {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) => rest.to_owned(),
        _ => text,
    }
}

/// A byte of Windows-1252, which is Latin-1 with letters where Latin-1 has controls.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// A time in a table: RFC 3339, `2026-01-31 10:22:11 +0100`, or without a zone, which is then the shop's.
pub(super) fn when(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    for format in ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z"] {
        if let Ok(at) = strtime::parse(format, text).and_then(|t| t.to_timestamp()) {
            return Ok(at);
        }
    }
    let local = text
        .parse::<DateTime>()
        .or_else(|_| strtime::parse("%Y-%m-%d %H:%M", text).and_then(|t| t.to_datetime()))
        .map_err(|_| {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(30).collect();
            format!(
                "{shown:?} is not a time; write 2026-01-31 10:22:11 or 2026-01-31T10:22:11+01:00"
            )
        })?;
    local
        .to_zoned(zone.clone())
        .map(|z| z.timestamp())
        .map_err(|_| "a time lies outside the calendar".to_owned())
}

/// Whether a cell says yes.
pub(super) fn is_yes(text: &str) -> bool {
    matches!(
        text.trim().to_lowercase().as_str(),
        "yes" | "true" | "1" | "si" | "sì" | "y" | "x"
    )
}

/// Given and family name of a full name.
pub(super) fn names(full: Option<&str>) -> (Option<String>, Option<String>) {
    let name = full.map(PersonName::from_full).unwrap_or_default();
    (name.first, name.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_exports_are_read_and_the_missing_zone_is_the_shops() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        for (text, expected) in [
            ("2026-01-31 10:22:11 +0100", "2026-01-31T09:22:11Z"),
            ("2026-07-31 10:22:11 +0200", "2026-07-31T08:22:11Z"),
            ("2026-01-31T10:22:11+01:00", "2026-01-31T09:22:11Z"),
            ("2026-01-31 10:22:11", "2026-01-31T09:22:11Z"),
            ("2026-07-31 10:22", "2026-07-31T08:22:00Z"),
            ("2026-07-31", "2026-07-30T22:00:00Z"),
            // The night without the hour between two and three.
            ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(when(text, &rome).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "31/01/2026", "yesterday", "2026-13-01"] {
            assert!(when(text, &rome).is_err(), "{text}");
        }
    }

    #[test]
    fn the_apostrophe_before_a_formula_goes_and_others_stay() {
        for (told, kept) in [
            ("'+393471234567", "+393471234567"),
            ("'=1+1", "=1+1"),
            ("'00184", "'00184"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("=1+1", "=1+1"),
        ] {
            assert_eq!(unprefixed(told.to_owned()), kept);
        }
    }
}
