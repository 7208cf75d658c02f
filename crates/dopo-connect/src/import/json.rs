//! Files of JSON: an array, or one object a line.

use std::io::{BufRead, BufReader, Read as _};

use jiff::Timestamp;

use super::{ImportItem, Options, RECORD_BYTES_MAX, RefusedLine, Source, excerpt, with_ids};
use crate::translation::Setting;
use crate::{events, woocommerce};

/// What one object of a file means.
pub(super) trait Meaning: Send {
    /// The object as an item, or why not.
    fn item(&self, json: &[u8], line: u64) -> Result<ImportItem, String>;
}

/// Our own JSON lines.
pub(super) struct Events;

impl Meaning for Events {
    fn item(&self, json: &[u8], line: u64) -> Result<ImportItem, String> {
        let accepted = events::read_line(json, 0).map_err(|refused| {
            if refused.path.is_empty() {
                refused.why
            } else {
                format!("{}: {}", refused.path, refused.why)
            }
        })?;
        let told = accepted.line;
        Ok(ImportItem {
            line,
            events: vec![(told.at, told.id, told.event)],
            note: accepted.note,
        })
    }
}

/// Orders of WooCommerce's REST API.
pub(super) struct WooOrders {
    pub(super) options: Options,
}

impl Meaning for WooOrders {
    fn item(&self, json: &[u8], line: u64) -> Result<ImportItem, String> {
        let setting = Setting {
            received_at: Timestamp::UNIX_EPOCH,
            currency: Some(self.options.currency),
            domain: None,
        };
        let told = woocommerce::translate("order.updated", json, &setting);
        if told.failed {
            return Err(told.note.unwrap_or_default());
        }
        if told
            .events
            .iter()
            .any(|(at, _)| *at == Timestamp::UNIX_EPOCH)
        {
            return Err("the order has no date".to_owned());
        }
        Ok(ImportItem {
            line,
            events: with_ids(told.events),
            note: told.note,
        })
    }
}

/// Reads an array when the file begins with `[` (or with an object over several lines), else one object a line.
pub(super) fn read<M: Meaning>(head: &[u8], reader: Source, meaning: M) -> Objects<M> {
    let start = head.trim_ascii_start();
    let first_line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    let spread = start.first() == Some(&b'{')
        && serde_json::from_slice::<serde::de::IgnoredAny>(first_line).is_err_and(|e| e.is_eof());
    Objects {
        reader: BufReader::new(reader),
        spread: spread || start.first() == Some(&b'['),
        line: 1,
        done: false,
        meaning,
    }
}

/// The objects of a file.
pub(super) struct Objects<M> {
    reader: BufReader<Source>,
    /// Objects may reach over lines.
    spread: bool,
    line: u64,
    done: bool,
    meaning: M,
}

enum Piece {
    Object {
        json: Vec<u8>,
        line: u64,
    },
    Bad {
        line: u64,
        why: String,
        raw: Vec<u8>,
    },
}

impl<M: Meaning> Iterator for Objects<M> {
    type Item = Result<ImportItem, RefusedLine>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let piece = if self.spread {
            self.next_spread()
        } else {
            self.next_line()
        };
        let piece = match piece {
            Ok(Some(piece)) => piece,
            Ok(None) => {
                self.done = true;
                return None;
            }
            Err(e) => {
                self.done = true;
                return Some(Err(RefusedLine {
                    line: self.line,
                    why: format!("the file cannot be read on: {e}"),
                    excerpt: String::new(),
                }));
            }
        };
        Some(match piece {
            Piece::Object { json, line } => {
                self.meaning.item(&json, line).map_err(|why| RefusedLine {
                    line,
                    why,
                    excerpt: excerpt(&json),
                })
            }
            Piece::Bad { line, why, raw } => Err(RefusedLine {
                line,
                why,
                excerpt: excerpt(&raw),
            }),
        })
    }
}

impl<M> Objects<M> {
    fn next_line(&mut self) -> std::io::Result<Option<Piece>> {
        loop {
            let mut raw = Vec::new();
            let read = self
                .reader
                .by_ref()
                .take(RECORD_BYTES_MAX as u64 + 1)
                .read_until(b'\n', &mut raw)?;
            if read == 0 {
                return Ok(None);
            }
            let line = self.line;
            if raw.len() > RECORD_BYTES_MAX {
                self.skip_line(&raw)?;
                return Ok(Some(too_long(line, raw)));
            }
            self.line += 1;
            if !raw.trim_ascii().is_empty() {
                return Ok(Some(Piece::Object { json: raw, line }));
            }
        }
    }

    /// Goes on to the next line, unless the bytes read already end one.
    fn skip_line(&mut self, read: &[u8]) -> std::io::Result<()> {
        if read.last() != Some(&b'\n') {
            loop {
                let buffer = self.reader.fill_buf()?;
                if buffer.is_empty() {
                    break;
                }
                let end = memchr::memchr(b'\n', buffer);
                let used = end.map_or(buffer.len(), |end| end + 1);
                self.reader.consume(used);
                if end.is_some() {
                    break;
                }
            }
        }
        self.line += 1;
        Ok(())
    }

    /// Cuts the next object out of an array by counting braces outside of texts.
    fn next_spread(&mut self) -> std::io::Result<Option<Piece>> {
        let mut json = Vec::new();
        let mut raw = Vec::new();
        let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
        let mut line = self.line;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                let piece = if depth > 0 {
                    let why = "the file ends in the middle of an object; it was probably cut";
                    Some(Piece::Bad {
                        line,
                        why: why.to_owned(),
                        raw: json,
                    })
                } else if raw.is_empty() {
                    None
                } else {
                    Some(outside(line, raw))
                };
                return Ok(piece);
            }
            let mut used = 0;
            let mut found = None;
            for &byte in buffer {
                used += 1;
                if byte == b'\n' {
                    self.line += 1;
                }
                if depth == 0 {
                    match byte {
                        b'{' if raw.is_empty() => {
                            depth = 1;
                            line = self.line;
                            json.push(byte);
                        }
                        b'[' | b']' | b',' | b' ' | b'\t' | b'\r' if raw.is_empty() => {}
                        b'\n' if raw.is_empty() => {}
                        // What is neither an object nor punctuation is refused up to the next line or comma.
                        b'\n' | b',' => {
                            found = Some(outside(line, std::mem::take(&mut raw)));
                            break;
                        }
                        byte => {
                            if raw.is_empty() {
                                line = self.line;
                            }
                            if raw.len() < 1_000 {
                                raw.push(byte);
                            }
                        }
                    }
                    continue;
                }
                json.push(byte);
                if json.len() > RECORD_BYTES_MAX {
                    found = Some(too_long(line, std::mem::take(&mut json)));
                    break;
                }
                if quoted {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => quoted = false,
                        _ => {}
                    }
                    continue;
                }
                match byte {
                    b'"' => quoted = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            let json = std::mem::take(&mut json);
                            found = Some(Piece::Object { json, line });
                            break;
                        }
                    }
                    _ => {}
                }
            }
            self.reader.consume(used);
            if let Some(piece) = found {
                return Ok(Some(piece));
            }
        }
    }
}

fn outside(line: u64, raw: Vec<u8>) -> Piece {
    Piece::Bad {
        line,
        why: "this is not an object; expected an array of objects".to_owned(),
        raw,
    }
}

fn too_long(line: u64, raw: Vec<u8>) -> Piece {
    Piece::Bad {
        line,
        why: format!(
            "the record is longer than {} MiB",
            RECORD_BYTES_MAX / 1024 / 1024
        ),
        raw,
    }
}
