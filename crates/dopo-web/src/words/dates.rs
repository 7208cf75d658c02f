//! Days, hours and spans as a voice says them: Italian and English by the core's rules, other languages by their file.

use super::{Voice, fill};
use dopo_core::italy::Locale;
use dopo_core::italy::format::{self, Preposition};
use jiff::civil::{Date, Time};

impl Voice {
    fn relative(&self, day: Date, today: Date) -> Option<String> {
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => {
                let days = today.until((jiff::Unit::Day, day)).ok()?.get_days();
                match days {
                    -1 => Some(dates.yesterday.clone()),
                    0 => Some(dates.today.clone()),
                    1 => Some(dates.tomorrow.clone()),
                    _ => None,
                }
            }
            None => format::relative_word(day, today, self.locale).map(str::to_owned),
        }
    }

    /// `venerdì 27 novembre`, with the year when it is another one than today's.
    pub fn day_named(&self, day: Date, today: Date) -> String {
        let same = day.year() == today.year();
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => dates.day(day, !same),
            None if same => format::date_with_weekday(day, self.locale),
            None => format::date_full(day, self.locale),
        }
    }

    /// `22 novembre 2026`.
    pub fn day_long(&self, day: Date) -> String {
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => dates.long(day),
            None => format::date_long(day, self.locale),
        }
    }

    /// `domani`, else `venerdì 27 novembre`.
    pub fn day_short(&self, day: Date, today: Date) -> String {
        self.relative(day, today)
            .unwrap_or_else(|| self.day_named(day, today))
    }

    /// The same where English says when: `tomorrow`, else `on Friday 27 November`.
    pub fn on_day_short(&self, day: Date, today: Date) -> String {
        self.relative(day, today)
            .unwrap_or_else(|| self.on_day(day, today))
    }

    /// `domani (lunedì 23 novembre)`, `venerdì 27 novembre`, `on Friday 27 November`.
    pub fn when(&self, day: Date, today: Date) -> String {
        match self.relative(day, today) {
            Some(word) => format!("{word} ({})", self.day_named(day, today)),
            None => self.on_day(day, today),
        }
    }

    fn on_day(&self, day: Date, today: Date) -> String {
        let named = self.day_named(day, today);
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => fill(&dates.on, &[("day", &named)]),
            None => match self.locale {
                Locale::It => named,
                Locale::En => format!("on {named}"),
            },
        }
    }

    /// A deadline: `martedì 1° dicembre alle 18:00`.
    pub fn day_and_time(&self, day: Date, time: Time, today: Date) -> String {
        let (day, clock) = (self.day_short(day, today), format::time(time));
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => fill(&dates.at, &[("day", &day), ("time", &clock)]),
            None => format!(
                "{day} {}",
                format::time_after(Preposition::At, time, self.locale)
            ),
        }
    }

    /// `tra le 10 e le 14`.
    pub fn hours(&self, from: Time, until: Time) -> String {
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => fill(
                &dates.between,
                &[
                    ("from", &format::time(from)),
                    ("until", &format::time(until)),
                ],
            ),
            None => format::window_friendly(from, until, self.locale),
        }
    }

    /// `tra giovedì 26 e sabato 28 novembre`, `tra domani e sabato 28 novembre`.
    pub fn days(&self, from: Date, until: Date, today: Date) -> String {
        let same_month = from.month() == until.month() && from.year() == until.year();
        let last = self.day_named(until, today);
        let first = match (
            self.relative(from, today),
            self.own.and_then(|own| own.dates.as_ref()),
        ) {
            (Some(word), _) => word,
            (None, None) if same_month => {
                let first = if self.locale == Locale::It && from.day() == 1 {
                    "°"
                } else {
                    ""
                };
                let name = format::weekday_name(from.weekday(), self.locale);
                format!("{name} {}{first}", from.day())
            }
            (None, _) => self.day_named(from, today),
        };
        match self.own.and_then(|own| own.dates.as_ref()) {
            Some(dates) => fill(&dates.between, &[("from", &first), ("until", &last)]),
            None => match self.locale {
                Locale::It => format!("tra {first} e {last}"),
                Locale::En => format!("between {first} and {last}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::shop::Register;
    use jiff::civil::{date, time};

    #[test]
    fn spans_of_days_and_hours_read_as_people_say_them() {
        let it = Voice::built_in(Locale::It, Register::Tu);
        let en = Voice::built_in(Locale::En, Register::Tu);
        let today = date(2026, 11, 22);
        for (from, until, italian, english) in [
            (
                date(2026, 11, 26),
                date(2026, 11, 28),
                "tra giovedì 26 e sabato 28 novembre",
                "between Thursday 26 and Saturday 28 November",
            ),
            (
                date(2026, 11, 23),
                date(2026, 11, 28),
                "tra domani e sabato 28 novembre",
                "between tomorrow and Saturday 28 November",
            ),
            (
                date(2026, 11, 30),
                date(2026, 12, 1),
                "tra lunedì 30 novembre e martedì 1° dicembre",
                "between Monday 30 November and Tuesday 1 December",
            ),
        ] {
            assert_eq!(it.days(from, until, today), italian);
            assert_eq!(en.days(from, until, today), english);
        }
        assert_eq!(
            it.hours(time(10, 0, 0, 0), time(14, 0, 0, 0)),
            "tra le 10 e le 14"
        );
        assert_eq!(
            it.day_and_time(date(2026, 12, 1), time(18, 0, 0, 0), today),
            "martedì 1° dicembre alle 18:00"
        );
        assert_eq!(
            en.day_and_time(today, time(18, 0, 0, 0), today),
            "today at 18:00"
        );
    }
}
