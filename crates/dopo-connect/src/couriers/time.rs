//! Couriers' clocks: local times without a zone, days without an hour, and the hour that comes twice in October.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The zone of couriers in Italy.
pub const ROME: &str = "Europe/Rome";

/// A moment as a courier told it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// Whether only the day was told.
    pub day_only: bool,
    /// The zone it was read in: an offset (`+01:00`) or an IANA name.
    pub zone: Option<String>,
}

/// Reads the times of one parcel, oldest first: an hour that comes twice is the one that keeps the carrier's order.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    name: String,
    before: Option<Timestamp>,
}

impl Clock {
    /// A clock in Italy.
    pub fn rome() -> Self {
        Clock::named(ROME)
    }

    /// A clock in an IANA zone; UTC where there is none of that name.
    pub fn named(zone: &str) -> Self {
        let found = TimeZone::get(zone);
        Clock {
            name: if found.is_ok() { zone } else { "UTC" }.to_owned(),
            zone: found.unwrap_or(TimeZone::UTC),
            before: None,
        }
    }

    /// Reads a day and, where it was told, an hour.
    ///
    /// Without an hour: the start of the day, or the time of the scan before it on that day. In the doubled hour: the
    /// first one, unless the scan before it was at that moment or later. In the hour that is left out in March: an hour
    /// later.
    pub fn local(&mut self, date: Date, time: Option<Time>) -> Option<Heard> {
        let Some(time) = time else {
            let start = self.zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0));
            let start = start.compatible().ok()?;
            let before = self
                .before
                .filter(|before| *before >= start && self.zone.to_datetime(*before).date() == date);
            return Some(self.keep(before.unwrap_or(start), true));
        };
        let read = self.zone.to_ambiguous_timestamp(date.to_datetime(time));
        let folded = matches!(read.offset(), AmbiguousOffset::Fold { .. });
        let at = match self.before {
            Some(before) if folded => {
                let (first, second) = (read.earlier().ok()?, read.later().ok()?);
                if before < first { first } else { second }
            }
            _ => read.compatible().ok()?,
        };
        Some(self.keep(at, false))
    }

    /// Reads a written moment: with an offset or `Z` as it stands, without one in this clock's zone; a day alone is a day.
    pub fn written(&mut self, text: &str) -> Option<Heard> {
        let text = text.trim();
        if let Ok(pieces) = jiff::fmt::temporal::Pieces::parse(text) {
            let Some(time) = pieces.time() else {
                return self.local(pieces.date(), None);
            };
            let civil = pieces.date().to_datetime(time);
            return match pieces.to_numeric_offset() {
                Some(offset) => self.offset(civil, offset),
                None => self.local(pieces.date(), Some(time)),
            };
        }
        let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
        self.local(self::date(date)?, self::time(time))
    }

    /// Turns to another zone for the times that follow.
    pub fn turn(&mut self, zone: &str) {
        if self.name != zone
            && let Ok(found) = TimeZone::get(zone)
        {
            self.zone = found;
            self.name = zone.to_owned();
        }
    }

    /// Reads a time with its own offset.
    pub fn offset(&mut self, civil: DateTime, offset: Offset) -> Option<Heard> {
        let at = offset.to_timestamp(civil).ok()?;
        self.before = Some(at);
        Some(Heard {
            at,
            day_only: false,
            zone: Some(written_offset(offset)),
        })
    }

    /// The zone that times without one are read in.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// First and last moment of a day.
    pub fn day(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let start = date.to_zoned(self.zone.clone()).ok()?.timestamp();
        let next = date.tomorrow().ok()?.to_zoned(self.zone.clone()).ok()?;
        let end = next.timestamp().checked_sub(SignedDuration::from_secs(1));
        Some((start, end.ok()?))
    }

    fn keep(&mut self, at: Timestamp, day_only: bool) -> Heard {
        self.before = Some(at);
        Heard {
            at,
            day_only,
            zone: Some(self.name.clone()),
        }
    }
}

/// The zone of a country that has one zone, or one that nearly all its people live in: what a courier's local time there
/// means. Nothing for others.
pub fn zone_of_country(country: &str) -> Option<&'static str> {
    Some(match country.trim().to_ascii_uppercase().as_str() {
        "IT" | "SM" | "VA" => ROME,
        "AT" => "Europe/Vienna",
        "BE" => "Europe/Brussels",
        "BG" => "Europe/Sofia",
        "CH" | "LI" => "Europe/Zurich",
        "CZ" => "Europe/Prague",
        "DE" => "Europe/Berlin",
        "DK" => "Europe/Copenhagen",
        "EE" => "Europe/Tallinn",
        "ES" => "Europe/Madrid",
        "FI" => "Europe/Helsinki",
        "FR" | "MC" => "Europe/Paris",
        "GB" => "Europe/London",
        "GR" => "Europe/Athens",
        "HK" => "Asia/Hong_Kong",
        "HR" => "Europe/Zagreb",
        "HU" => "Europe/Budapest",
        "IE" => "Europe/Dublin",
        "JP" => "Asia/Tokyo",
        "LT" => "Europe/Vilnius",
        "LU" => "Europe/Luxembourg",
        "LV" => "Europe/Riga",
        "MT" => "Europe/Malta",
        "NL" => "Europe/Amsterdam",
        "PL" => "Europe/Warsaw",
        "PT" => "Europe/Lisbon",
        "RO" => "Europe/Bucharest",
        "SE" => "Europe/Stockholm",
        "SG" => "Asia/Singapore",
        "SI" => "Europe/Ljubljana",
        "SK" => "Europe/Bratislava",
        _ => return None,
    })
}

fn written_offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A written moment in its parts: day, hour and offset, as far as they were told.
pub fn parts(text: &str) -> Option<(Date, Option<Time>, Option<Offset>)> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text.trim()).ok()?;
    Some((pieces.date(), pieces.time(), pieces.to_numeric_offset()))
}

/// A day as couriers write it: `2026-11-22`, `20261122`, `22/11/2026`, `22.11.2026`, `22-11-26`.
pub fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Date::new(
            text[..4].parse().ok()?,
            text[4..6].parse().ok()?,
            text[6..].parse().ok()?,
        )
        .ok();
    }
    let mut parts = text.split(['-', '/', '.']);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
    let full: i16 = year.parse().ok()?;
    let full = match year.len() {
        2 => 2000 + full,
        4 => full,
        _ => return None,
    };
    Date::new(full, month.parse().ok()?, day.parse().ok()?).ok()
}

/// An hour as couriers write it: `10:20`, `10.20`, `10:20:30`, `1020`, `102030`. Nothing where there is none.
pub fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    let digits = |from: usize| text.get(from..from + 2)?.parse::<i8>().ok();
    let (hour, minute, second) = if text.bytes().all(|b| b.is_ascii_digit()) {
        match text.len() {
            4 => (digits(0)?, digits(2)?, 0),
            6 => (digits(0)?, digits(2)?, digits(4)?),
            _ => return None,
        }
    } else {
        let mut parts = text.split([':', '.']);
        let hour = parts.next()?.parse().ok()?;
        let minute = parts.next()?.parse().ok()?;
        let second = match parts.next() {
            Some(second) => second.parse().ok()?,
            None => 0,
        };
        (hour, minute, second)
    };
    Time::new(hour, minute, second, 0).ok()
}

/// An offset as couriers write it: `+09:00`, `-0400`, `Z`.
pub fn offset(text: &str) -> Option<Offset> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let rest = rest.replace(':', "");
    let hours: i32 = rest.get(..2)?.parse().ok()?;
    let minutes: i32 = rest.get(2..4).unwrap_or("00").parse().ok()?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn days_and_hours_are_read_as_couriers_write_them() {
        let day = jiff::civil::date(2026, 11, 2);
        for text in [
            "2026-11-02",
            "20261102",
            "02/11/2026",
            "2.11.2026",
            "02-11-26",
        ] {
            assert_eq!(date(text), Some(day), "{text}");
        }
        for text in ["", "32/13/2026", "string", "2026", "00/00/00", "1.2.3.4"] {
            assert_eq!(date(text), None, "{text}");
        }
        let hour = jiff::civil::time(10, 20, 0, 0);
        for text in ["10:20", "10.20", "10:20:00", "1020", "102000"] {
            assert_eq!(time(text), Some(hour), "{text}");
        }
        for text in ["", "25:00", "string", "1", "99:99:99"] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(offset("-04:00").map(|o| o.seconds()), Some(-14_400));
        assert_eq!(offset("+0530").map(|o| o.seconds()), Some(19_800));
    }

    #[test]
    fn a_written_moment_keeps_its_zone() {
        let mut clock = Clock::rome();
        for (text, instant, zone) in [
            ("2018-03-02T07:53:47Z", "2018-03-02T07:53:47Z", "+00:00"),
            (
                "2018-03-02T07:53:47+09:00",
                "2018-03-01T22:53:47Z",
                "+09:00",
            ),
            ("2018-03-02T07:53:47", "2018-03-02T06:53:47Z", ROME),
            ("02/07/2018 07:53", "2018-07-02T05:53:00Z", ROME),
        ] {
            let heard = clock.written(text).expect(text);
            assert_eq!((heard.at, heard.zone.as_deref()), (at(instant), Some(zone)));
            assert!(!heard.day_only);
        }
        assert_eq!(clock.written("string"), None);
    }

    #[test]
    fn an_empty_hour_is_that_day_in_the_carriers_order() {
        let mut clock = Clock::rome();
        let day = jiff::civil::date(2026, 7, 2);
        let alone = clock.local(day, None).expect("a day");
        assert_eq!(
            (alone.at, alone.day_only),
            (at("2026-07-01T22:00:00Z"), true)
        );
        clock.local(day, time("10:20")).expect("an hour");
        let after = clock.local(day, None).expect("a day");
        assert_eq!(
            (after.at, after.day_only),
            (at("2026-07-02T08:20:00Z"), true)
        );
    }

    #[test]
    fn half_past_two_comes_twice_in_october_and_never_in_march() {
        let mut clock = Clock::rome();
        let october = jiff::civil::date(2026, 10, 25);
        let mut read = |hour| clock.local(october, time(hour)).expect("an hour").at;
        assert_eq!(read("02:30"), at("2026-10-25T00:30:00Z"));
        assert_eq!(read("02:30"), at("2026-10-25T01:30:00Z"));
        assert_eq!(read("02:40"), at("2026-10-25T01:40:00Z"));
        assert_eq!(read("03:00"), at("2026-10-25T02:00:00Z"));
        let mut clock = Clock::rome();
        let mut read = |hour| clock.local(october, time(hour)).expect("an hour").at;
        assert_eq!(read("02:50"), at("2026-10-25T00:50:00Z"));
        assert_eq!(read("02:10"), at("2026-10-25T01:10:00Z"));
        let mut clock = Clock::rome();
        let march = clock.local(jiff::civil::date(2026, 3, 29), time("02:30"));
        assert_eq!(march.expect("an hour").at, at("2026-03-29T01:30:00Z"));
    }
}
