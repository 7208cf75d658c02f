//! The delivery as a calendar entry (RFC 5545).

use super::Page;
use super::expected::Expected;
use crate::words::{Voice, fill};
use dopo_core::italy::clean_line;
use dopo_core::italy::format::days_after;
use dopo_core::order::Order;
use dopo_core::shop::ShopSettings;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Longest line of a calendar file, in bytes, without its end.
const LINE_BYTES_MAX: usize = 75;

/// The calendar entry of the expected delivery of one parcel; `None` when nobody knows a day. `url` is the address of the
/// order page. The same delivery keeps its identity, so that a newer entry replaces an older one.
pub fn calendar(
    shop: &ShopSettings,
    order: &Order,
    seq: u16,
    voice: Voice,
    now: Timestamp,
    url: &str,
) -> Option<String> {
    let page = Page::new(shop, order, voice, now, "");
    let parcel = order.tracked.iter().find(|parcel| parcel.seq == seq)?;
    if !page.is_awaited(parcel) {
        return None;
    }
    let expected = page.expected(parcel)?;
    let utc = |at: Timestamp| {
        at.to_zoned(TimeZone::UTC)
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string()
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Dopo//Dopo//IT".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!(
            "UID:{}-{}-{seq}@dopo",
            order.id.0,
            order.snapshot.placed_at.as_second()
        ),
        format!("DTSTAMP:{}", utc(now)),
        format!("SEQUENCE:{}", parcel.checkpoints.len()),
    ];
    match expected {
        Expected::Hours { .. } => {
            let window = parcel.window?;
            lines.push(format!("DTSTART:{}", utc(window.from)));
            lines.push(format!("DTEND:{}", utc(window.until)));
        }
        Expected::Days { from, until, .. } => {
            let from = from.max(page.today().min(until));
            let end = days_after(until, 1);
            lines.push(format!("DTSTART;VALUE=DATE:{}", from.strftime("%Y%m%d")));
            lines.push(format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")));
        }
    }
    let number = clean_line(&order.snapshot.number);
    let title = fill(
        voice.calendar_title(),
        &[("number", &number), ("shop", &shop.name)],
    );
    lines.push(format!("SUMMARY:{}", escape(&title)));
    lines.push(format!("URL:{url}"));
    lines.push(format!("DESCRIPTION:{}", escape(url)));
    // A day on which something comes does not make its person busy.
    lines.push("TRANSP:TRANSPARENT".to_owned());
    lines.push("END:VEVENT".to_owned());
    lines.push("END:VCALENDAR".to_owned());
    Some(lines.iter().map(|line| fold(line)).collect())
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A line with its end, folded between characters.
fn fold(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut width = 0;
    for c in line.chars() {
        if width + c.len_utf8() > LINE_BYTES_MAX {
            out.push_str("\r\n ");
            width = 1;
        }
        out.push(c);
        width += c.len_utf8();
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_and_hostile_text_stays_text() {
        let line = fold(&"à".repeat(60));
        assert!(line.split("\r\n").all(|part| part.len() <= LINE_BYTES_MAX));
        assert_eq!(line.replace("\r\n ", "").trim_end(), "à".repeat(60));
        assert_eq!(
            escape("a,b;c\\d\nEND:VEVENT"),
            "a\\,b\\;c\\\\d\\nEND:VEVENT"
        );
    }
}
