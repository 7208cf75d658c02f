//! Cuts a table into records: lines, or several lines where a field in quotation marks holds line breaks.
//!
//! A quotation mark that is never closed costs its own line and not the rest of the file: when a record does not end
//! within [`RECORD_LINES_MAX`] lines, its first line is handed out as unclosed and reading goes on with the second.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read as _};

use super::{RECORD_BYTES_MAX, Source};

/// Most lines of one record.
pub(super) const RECORD_LINES_MAX: usize = 200;

/// One record as it stands in the file.
pub(super) struct Record {
    /// The line it starts on, from 1.
    pub(super) line: u64,
    /// Its bytes, with the line end.
    pub(super) raw: Vec<u8>,
    /// Why it cannot be whole.
    pub(super) fault: Option<String>,
}

/// The records of a file.
pub(super) struct Records {
    reader: BufReader<Source>,
    separator: u8,
    /// Lines that were looked at in vain for the end of a record.
    ahead: VecDeque<Vec<u8>>,
    /// Number of the next line.
    line: u64,
}

impl Records {
    pub(super) fn new(reader: Source, separator: u8) -> Self {
        Records {
            reader: BufReader::with_capacity(64 * 1024, reader),
            separator,
            ahead: VecDeque::new(),
            line: 1,
        }
    }

    /// Number of the next line.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next record; nothing at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Record>> {
        let Some(raw) = self.next_line()? else {
            return Ok(None);
        };
        let line = self.line;
        self.line += 1;
        if raw.len() >= RECORD_BYTES_MAX {
            let fault = Some(format!(
                "the line is longer than {} MiB",
                RECORD_BYTES_MAX / 1024 / 1024
            ));
            return Ok(Some(Record { line, raw, fault }));
        }
        let mut quotes = Quotes::default();
        quotes.read(&raw, self.separator);
        let mut more: Vec<Vec<u8>> = Vec::new();
        let mut bytes = raw.len();
        while quotes.open {
            let next = if more.len() + 1 < RECORD_LINES_MAX && bytes < RECORD_BYTES_MAX {
                self.next_line()?
            } else {
                None
            };
            let Some(next) = next else {
                for line in more.into_iter().rev() {
                    self.ahead.push_front(line);
                }
                let fault = Some("a quotation mark on this line is not closed".to_owned());
                return Ok(Some(Record { line, raw, fault }));
            };
            quotes.read(&next, self.separator);
            bytes += next.len();
            more.push(next);
        }
        self.line += more.len() as u64;
        let mut raw = raw;
        for next in more {
            raw.extend_from_slice(&next);
        }
        Ok(Some(Record {
            line,
            raw,
            fault: None,
        }))
    }

    fn next_line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(RECORD_BYTES_MAX as u64)
            .read_until(b'\n', &mut line)?;
        if read == RECORD_BYTES_MAX && line.last() != Some(&b'\n') {
            self.reader.skip_until(b'\n')?;
        }
        Ok((read > 0).then_some(line))
    }
}

/// Where a scan stands with respect to quotation marks.
#[derive(Default)]
struct Quotes {
    /// Inside a field in quotation marks.
    open: bool,
    /// Just after a quotation mark inside such a field: its end, or the first half of a doubled one.
    half: bool,
}

impl Quotes {
    fn read(&mut self, line: &[u8], separator: u8) {
        // Only a quotation mark at the start of a field opens one: 32" is an ordinary text.
        let mut starts = !self.open;
        for &byte in line {
            if self.open {
                if self.half {
                    self.half = false;
                    if byte == b'"' {
                        continue;
                    }
                    self.open = false;
                    starts = byte == separator || byte == b'\n';
                } else if byte == b'"' {
                    self.half = true;
                }
            } else if byte == b'"' && starts {
                self.open = true;
                starts = false;
            } else {
                starts = byte == separator || byte == b'\n';
            }
        }
        if self.half {
            (self.open, self.half) = (false, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn cut(text: &str) -> Vec<(u64, String, bool)> {
        let mut records = Records::new(Box::new(Cursor::new(text.as_bytes().to_vec())), b',');
        std::iter::from_fn(|| records.next().unwrap())
            .map(|r| (r.line, String::from_utf8(r.raw).unwrap(), r.fault.is_some()))
            .collect()
    }

    #[test]
    fn fields_in_quotation_marks_may_hold_line_breaks() {
        let told = cut("a,\"b\nc \"\"d\"\"\n\",e\r\n32\",x\nf");
        let expected = [
            (1, "a,\"b\nc \"\"d\"\"\n\",e\r\n", false),
            (4, "32\",x\n", false),
            (5, "f", false),
        ];
        let expected = expected.map(|(line, raw, fault)| (line, raw.to_owned(), fault));
        assert_eq!(told, expected);
    }

    #[test]
    fn an_unclosed_quotation_mark_costs_its_own_line() {
        for tail in [3, 2 * RECORD_LINES_MAX] {
            let mut text = "a,\"b\n".to_owned();
            text.push_str(&"c,d\n".repeat(tail));
            let told = cut(&text);
            assert_eq!(told.len(), tail + 1);
            assert!(told[0].2 && told[1..].iter().all(|(_, _, fault)| !fault));
            let lines: Vec<u64> = told.iter().map(|(line, ..)| *line).collect();
            assert_eq!(lines, (1..=tail as u64 + 1).collect::<Vec<_>>());
        }
    }
}
