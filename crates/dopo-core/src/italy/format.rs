//! Amounts, percentages, plurals, dates, times and windows as people write them (rules IT-01,
//! IT-02), in Italian and in (British) English.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Locale;
use crate::money::Money;

/// The no-break space between a number and its currency.
pub const NO_BREAK_SPACE: char = '\u{00A0}';

/// An amount for pages and mails: `1.234,50 €` with a no-break space, `€1,234.50`.
/// Thousands are always grouped (decision in IT-01).
pub fn amount(money: Money, locale: Locale) -> String {
    amount_with(money, locale, NO_BREAK_SPACE)
}

/// An amount for SMS, where a no-break space would force the short encoding: `1.234,50 €` with a
/// plain space (rules IT-01, SMS-01).
pub fn amount_plain(money: Money, locale: Locale) -> String {
    amount_with(money, locale, ' ')
}

fn amount_with(money: Money, locale: Locale, space: char) -> String {
    let digits = money.currency.minor_digits() as usize;
    let (whole, minor) = money.split();
    let sign = if money.cents < 0 { "-" } else { "" };
    let mut number = grouped(whole, locale);
    if digits > 0 {
        number.push(locale.pick(',', '.'));
        number.push_str(&format!("{minor:0digits$}"));
    }
    let code = money.currency.code();
    match (locale, code) {
        (Locale::It, "EUR") => format!("{sign}{number}{space}€"),
        (Locale::It, "GBP") => format!("{sign}{number}{space}£"),
        (Locale::It, _) => format!("{sign}{number}{space}{code}"),
        (Locale::En, "EUR") => format!("{sign}€{number}"),
        (Locale::En, "GBP") => format!("{sign}£{number}"),
        (Locale::En, "USD") => format!("{sign}US${number}"),
        (Locale::En, _) => format!("{sign}{code}{space}{number}"),
    }
}

/// A whole number with its thousands grouped: `12.345`, `12,345`.
pub fn number(n: i64, locale: Locale) -> String {
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(n.unsigned_abs(), locale))
}

fn grouped(n: u64, locale: Locale) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(locale.pick('.', ','));
        }
        out.push(c);
    }
    out
}

/// A percentage from hundredths of a percent, without a space: 1500 is `15%`, 1550 is `15,5%`.
pub fn percent(basis_points: i64, locale: Locale) -> String {
    let sign = if basis_points < 0 { "-" } else { "" };
    let abs = basis_points.unsigned_abs();
    let mut out = format!("{sign}{}", grouped(abs / 100, locale));
    let decimals = format!("{:02}", abs % 100);
    let decimals = decimals.trim_end_matches('0');
    if !decimals.is_empty() {
        out.push(locale.pick(',', '.'));
        out.push_str(decimals);
    }
    out.push('%');
    out
}

/// Plural categories of CLDR for whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluralCategory {
    /// 1 articolo.
    One,
    /// 1.000.000 di articoli: whole millions, Italian only.
    Many,
    /// 0, 2, 3… articoli.
    Other,
}

/// The plural category of a whole number.
pub fn plural_category(n: i64, locale: Locale) -> PluralCategory {
    if n == 1 {
        PluralCategory::One
    } else if locale == Locale::It && n != 0 && n % 1_000_000 == 0 {
        PluralCategory::Many
    } else {
        PluralCategory::Other
    }
}

/// The word for a number: `one` for 1, otherwise `other` (Italian and English alike).
pub fn plural<'a>(n: i64, one: &'a str, other: &'a str) -> &'a str {
    if n == 1 { one } else { other }
}

/// A number with its word: `1 articolo`, `0 articoli`, `1.000.000 di articoli`.
pub fn count(n: i64, one: &str, other: &str, locale: Locale) -> String {
    let figure = number(n, locale);
    match plural_category(n, locale) {
        PluralCategory::One => format!("{figure} {one}"),
        PluralCategory::Many => format!("{figure} di {other}"),
        PluralCategory::Other => format!("{figure} {other}"),
    }
}

/// The month, lower-case in Italian: `dicembre`, `December`. Months run from 1 to 12.
pub fn month_name(month: i8, locale: Locale) -> &'static str {
    const IT: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let i = usize::try_from(month.clamp(1, 12) - 1).unwrap_or_default();
    locale.pick(IT[i], EN[i])
}

/// The day of the week, lower-case in Italian: `venerdì`, `Friday`.
pub fn weekday_name(weekday: Weekday, locale: Locale) -> &'static str {
    match weekday {
        Weekday::Monday => locale.pick("lunedì", "Monday"),
        Weekday::Tuesday => locale.pick("martedì", "Tuesday"),
        Weekday::Wednesday => locale.pick("mercoledì", "Wednesday"),
        Weekday::Thursday => locale.pick("giovedì", "Thursday"),
        Weekday::Friday => locale.pick("venerdì", "Friday"),
        Weekday::Saturday => locale.pick("sabato", "Saturday"),
        Weekday::Sunday => locale.pick("domenica", "Sunday"),
    }
}

/// `22/11/2026` in both languages.
pub fn date_short(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// `22 novembre`, `1° dicembre`, `22 November`.
pub fn date_day_month(date: Date, locale: Locale) -> String {
    let first = if locale == Locale::It && date.day() == 1 {
        "°"
    } else {
        ""
    };
    format!("{}{first} {}", date.day(), month_name(date.month(), locale))
}

/// `22 novembre 2026`, `1° dicembre 2026`, `22 November 2026`.
pub fn date_long(date: Date, locale: Locale) -> String {
    format!("{} {}", date_day_month(date, locale), date.year())
}

/// `domenica 22 novembre`, `Sunday 22 November`.
pub fn date_with_weekday(date: Date, locale: Locale) -> String {
    format!(
        "{} {}",
        weekday_name(date.weekday(), locale),
        date_day_month(date, locale)
    )
}

/// `domenica 22 novembre 2026`, `Sunday 22 November 2026`.
pub fn date_full(date: Date, locale: Locale) -> String {
    format!("{} {}", date_with_weekday(date, locale), date.year())
}

/// What stands before a date or an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preposition {
    /// il, l' · le, l' · on · at. For hours this is the bare article in Italian.
    The,
    /// dal, dall' · dalle, dall' · from.
    From,
    /// al, all' · alle, all' · to · at.
    At,
    /// del, dell' · delle, dell' · of.
    Of,
    /// entro il, entro l' · entro le, entro l' · by.
    By,
}

impl Preposition {
    /// (before a vowel, before a masculine singular, before a feminine plural)
    const fn italian(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::The => ("l'", "il ", "le "),
            Self::From => ("dall'", "dal ", "dalle "),
            Self::At => ("all'", "al ", "alle "),
            Self::Of => ("dell'", "del ", "delle "),
            Self::By => ("entro l'", "entro il ", "entro le "),
        }
    }
}

/// A day and month with its article or preposition: `l'8 dicembre`, `il 12 dicembre`,
/// `dall'11 novembre`; `on 8 December`, `from 11 November`.
pub fn date_after(preposition: Preposition, date: Date, locale: Locale) -> String {
    let bare = date_day_month(date, locale);
    match locale {
        Locale::It => {
            let (vowel, singular, _) = preposition.italian();
            let before = if matches!(date.day(), 8 | 11) {
                vowel
            } else {
                singular
            };
            format!("{before}{bare}")
        }
        Locale::En => {
            let before = match preposition {
                Preposition::The => "on",
                Preposition::From => "from",
                Preposition::At => "to",
                Preposition::Of => "of",
                Preposition::By => "by",
            };
            format!("{before} {bare}")
        }
    }
}

/// `15:05`, `9:00`: the 24-hour clock in both languages.
pub fn time(t: Time) -> String {
    format!("{}:{:02}", t.hour(), t.minute())
}

/// A time with its preposition: `alle 15:05`, `all'1:00`, `dalle 9:00`; `at 15:05`, `from 9:00`.
pub fn time_after(preposition: Preposition, t: Time, locale: Locale) -> String {
    hour_after(preposition, t, &time(t), locale)
}

fn hour_after(preposition: Preposition, t: Time, text: &str, locale: Locale) -> String {
    match locale {
        Locale::It => {
            let (vowel, _, plural) = preposition.italian();
            let before = if t.hour() == 1 { vowel } else { plural };
            format!("{before}{text}")
        }
        Locale::En => {
            let before = match preposition {
                Preposition::The | Preposition::At => "at",
                Preposition::From => "from",
                Preposition::Of => "of",
                Preposition::By => "by",
            };
            format!("{before} {text}")
        }
    }
}

/// A time in the formal style: `alle ore 15:05`, `at 15:05`.
pub fn time_formal(t: Time, locale: Locale) -> String {
    match locale {
        Locale::It => format!("alle ore {}", time(t)),
        Locale::En => format!("at {}", time(t)),
    }
}

/// A window with minutes: `tra le 9:00 e le 13:00`, `between 9:00 and 13:00`.
pub fn window(from: Time, to: Time, locale: Locale) -> String {
    window_of(from, &time(from), to, &time(to), locale)
}

/// A window in the friendly style: `tra le 10 e le 14` when both are whole hours, otherwise as
/// [`window`]. English always keeps the minutes.
pub fn window_friendly(from: Time, to: Time, locale: Locale) -> String {
    if locale == Locale::It && from.minute() == 0 && to.minute() == 0 {
        window_of(
            from,
            &from.hour().to_string(),
            to,
            &to.hour().to_string(),
            locale,
        )
    } else {
        window(from, to, locale)
    }
}

fn window_of(from: Time, from_text: &str, to: Time, to_text: &str, locale: Locale) -> String {
    match locale {
        Locale::It => {
            let the = |t, text| hour_after(Preposition::The, t, text, locale);
            format!("tra {} e {}", the(from, from_text), the(to, to_text))
        }
        Locale::En => format!("between {from_text} and {to_text}"),
    }
}

/// `ieri`, `oggi`, `domani`, `dopodomani` and their English twins; none for other days.
pub fn relative_word(day: Date, today: Date, locale: Locale) -> Option<&'static str> {
    let days = today.until((jiff::Unit::Day, day)).ok()?.get_days();
    Some(match days {
        -1 => locale.pick("ieri", "yesterday"),
        0 => locale.pick("oggi", "today"),
        1 => locale.pick("domani", "tomorrow"),
        2 => locale.pick("dopodomani", "the day after tomorrow"),
        _ => return None,
    })
}

/// A day as seen from today: `domani (lunedì 23 novembre)`; other days `venerdì 27 novembre`,
/// with the year when it is another one.
pub fn relative_day(day: Date, today: Date, locale: Locale) -> String {
    match relative_word(day, today, locale) {
        Some(word) => format!("{word} ({})", date_with_weekday(day, locale)),
        None if day.year() == today.year() => date_with_weekday(day, locale),
        None => date_full(day, locale),
    }
}

/// As [`relative_day`] for two instants, on the calendar of a zone. Call it when the message is
/// sent, not when it is planned (rule IT-02).
pub fn relative_day_at(at: Timestamp, now: Timestamp, tz: &TimeZone, locale: Locale) -> String {
    relative_day(
        tz.to_datetime(at).date(),
        tz.to_datetime(now).date(),
        locale,
    )
}

/// Time left, in its one or two largest units, rounded down: `2 giorni e 3 ore`, `5 minuti`,
/// `less than a minute`. Nothing left gives none.
pub fn time_left(until: Timestamp, now: Timestamp, locale: Locale) -> Option<String> {
    const MINUTES_PER_HOUR: i64 = 60;
    const MINUTES_PER_DAY: i64 = 24 * 60;
    let seconds = until.as_second() - now.as_second();
    if seconds <= 0 {
        return None;
    }
    let minutes = seconds / 60;
    let (days, hours, rest) = (
        minutes / MINUTES_PER_DAY,
        minutes % MINUTES_PER_DAY / MINUTES_PER_HOUR,
        minutes % MINUTES_PER_HOUR,
    );
    let days_text = count(
        days,
        locale.pick("giorno", "day"),
        locale.pick("giorni", "days"),
        locale,
    );
    let hours_text = count(
        hours,
        locale.pick("ora", "hour"),
        locale.pick("ore", "hours"),
        locale,
    );
    let minutes_text = count(
        rest,
        locale.pick("minuto", "minute"),
        locale.pick("minuti", "minutes"),
        locale,
    );
    let and = locale.pick("e", "and");
    Some(match (days, hours, rest) {
        (0, 0, 0) => locale
            .pick("meno di un minuto", "less than a minute")
            .to_owned(),
        (0, 0, _) => minutes_text,
        (0, _, 0) => hours_text,
        (0, _, _) => format!("{hours_text} {and} {minutes_text}"),
        (_, 0, _) => days_text,
        (_, _, _) => format!("{days_text} {and} {hours_text}"),
    })
}

/// The date `n` days after a date; the last date of the calendar when it would pass it.
pub fn days_after(date: Date, n: i32) -> Date {
    Span::new()
        .try_days(n)
        .map_or(Date::MAX, |span| date.saturating_add(span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    const IT: Locale = Locale::It;
    const EN: Locale = Locale::En;

    const fn d(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }

    const fn t(hour: i8, minute: i8) -> Time {
        Time::constant(hour, minute, 0, 0)
    }

    #[test]
    fn amounts_are_those_of_the_table() {
        for (text, it, en) in [
            ("0", "0,00\u{a0}€", "€0.00"),
            ("52", "52,00\u{a0}€", "€52.00"),
            ("999.99", "999,99\u{a0}€", "€999.99"),
            ("1234.5", "1.234,50\u{a0}€", "€1,234.50"),
            ("12345.678", "12.345,68\u{a0}€", "€12,345.68"),
            ("-15.5", "-15,50\u{a0}€", "-€15.50"),
            ("1000000", "1.000.000,00\u{a0}€", "€1,000,000.00"),
        ] {
            let money = Money::parse(text, Currency::EUR).unwrap();
            assert_eq!(amount(money, IT), it);
            assert_eq!(amount(money, EN), en);
            assert_eq!(amount_plain(money, IT), it.replace('\u{a0}', " "));
        }
        assert_eq!(
            amount(Money::eur(5_200), IT).as_bytes(),
            b"52,00\xC2\xA0\xE2\x82\xAC"
        );
        assert_eq!(
            amount(Money::eur(i64::MIN), IT),
            "-92.233.720.368.547.758,08\u{a0}€"
        );
    }

    #[test]
    fn other_currencies_keep_their_own_decimals() {
        for (cents, code, it, en) in [
            (1_500, "JPY", "1.500\u{a0}JPY", "JPY\u{a0}1,500"),
            (1_234_567, "KWD", "1.234,567\u{a0}KWD", "KWD\u{a0}1,234.567"),
            (1_050, "GBP", "10,50\u{a0}£", "£10.50"),
            (1_050, "USD", "10,50\u{a0}USD", "US$10.50"),
        ] {
            let money = Money::new(cents, Currency::parse(code).unwrap());
            assert_eq!(amount(money, IT), it);
            assert_eq!(amount(money, EN), en);
        }
    }

    #[test]
    fn percentages_have_no_space() {
        for (bp, it, en) in [
            (1_500, "15%", "15%"),
            (1_550, "15,5%", "15.5%"),
            (1_505, "15,05%", "15.05%"),
            (0, "0%", "0%"),
            (-50, "-0,5%", "-0.5%"),
            (12_345_600, "123.456%", "123,456%"),
        ] {
            assert_eq!(percent(bp, IT), it);
            assert_eq!(percent(bp, EN), en);
        }
    }

    #[test]
    fn plurals_follow_the_categories() {
        for (n, expected) in [
            (0, "0 articoli"),
            (1, "1 articolo"),
            (2, "2 articoli"),
            (1_234, "1.234 articoli"),
            (1_000_000, "1.000.000 di articoli"),
            (1_000_001, "1.000.001 articoli"),
        ] {
            assert_eq!(count(n, "articolo", "articoli", IT), expected);
        }
        assert_eq!(count(1_000_000, "item", "items", EN), "1,000,000 items");
        assert_eq!(plural(1, "giorno", "giorni"), "giorno");
        assert_eq!(plural(0, "giorno", "giorni"), "giorni");
    }

    #[test]
    fn dates_are_written_as_italians_write_them() {
        let sunday = d(2026, 11, 22);
        assert_eq!(date_short(sunday), "22/11/2026");
        assert_eq!(date_short(d(2026, 2, 3)), "03/02/2026");
        assert_eq!(date_long(sunday, IT), "22 novembre 2026");
        assert_eq!(date_with_weekday(sunday, IT), "domenica 22 novembre");
        assert_eq!(date_full(sunday, IT), "domenica 22 novembre 2026");
        assert_eq!(date_day_month(d(2026, 12, 1), IT), "1° dicembre");
        assert_eq!(date_with_weekday(d(2026, 12, 1), IT), "martedì 1° dicembre");
        assert_eq!(date_with_weekday(d(2026, 11, 27), EN), "Friday 27 November");
        assert_eq!(date_long(d(2026, 12, 1), EN), "1 December 2026");
    }

    #[test]
    fn articles_are_elided_before_eight_and_eleven() {
        use Preposition::{At, By, From, Of, The};
        for (preposition, date, it, en) in [
            (The, d(2026, 12, 8), "l'8 dicembre", "on 8 December"),
            (The, d(2026, 11, 11), "l'11 novembre", "on 11 November"),
            (The, d(2026, 12, 12), "il 12 dicembre", "on 12 December"),
            (The, d(2026, 12, 1), "il 1° dicembre", "on 1 December"),
            (The, d(2026, 12, 18), "il 18 dicembre", "on 18 December"),
            (From, d(2026, 12, 8), "dall'8 dicembre", "from 8 December"),
            (From, d(2026, 12, 9), "dal 9 dicembre", "from 9 December"),
            (At, d(2026, 12, 11), "all'11 dicembre", "to 11 December"),
            (Of, d(2026, 12, 8), "dell'8 dicembre", "of 8 December"),
            (By, d(2026, 12, 8), "entro l'8 dicembre", "by 8 December"),
            (By, d(2026, 12, 4), "entro il 4 dicembre", "by 4 December"),
        ] {
            assert_eq!(date_after(preposition, date, IT), it);
            assert_eq!(date_after(preposition, date, EN), en);
        }
    }

    #[test]
    fn hours_take_the_article_of_their_number() {
        use Preposition::{At, By, From};
        for (preposition, at, it, en) in [
            (At, t(15, 5), "alle 15:05", "at 15:05"),
            (At, t(1, 0), "all'1:00", "at 1:00"),
            (At, t(1, 30), "all'1:30", "at 1:30"),
            (At, t(11, 0), "alle 11:00", "at 11:00"),
            (At, t(8, 0), "alle 8:00", "at 8:00"),
            (At, t(0, 0), "alle 0:00", "at 0:00"),
            (From, t(9, 0), "dalle 9:00", "from 9:00"),
            (By, t(15, 0), "entro le 15:00", "by 15:00"),
        ] {
            assert_eq!(time_after(preposition, at, IT), it);
            assert_eq!(time_after(preposition, at, EN), en);
        }
        assert_eq!(time_formal(t(15, 5), IT), "alle ore 15:05");
    }

    #[test]
    fn windows_read_aloud() {
        assert_eq!(window(t(9, 0), t(13, 0), IT), "tra le 9:00 e le 13:00");
        assert_eq!(window_friendly(t(10, 0), t(14, 0), IT), "tra le 10 e le 14");
        assert_eq!(
            window_friendly(t(10, 30), t(14, 0), IT),
            "tra le 10:30 e le 14:00"
        );
        assert_eq!(window_friendly(t(1, 0), t(3, 0), IT), "tra l'1 e le 3");
        assert_eq!(
            window_friendly(t(10, 0), t(14, 0), EN),
            "between 10:00 and 14:00"
        );
    }

    #[test]
    fn near_days_have_a_word_and_the_date_in_brackets() {
        let today = d(2026, 11, 22);
        for (day, it, en) in [
            (
                d(2026, 11, 21),
                "ieri (sabato 21 novembre)",
                "yesterday (Saturday 21 November)",
            ),
            (
                d(2026, 11, 22),
                "oggi (domenica 22 novembre)",
                "today (Sunday 22 November)",
            ),
            (
                d(2026, 11, 23),
                "domani (lunedì 23 novembre)",
                "tomorrow (Monday 23 November)",
            ),
            (
                d(2026, 11, 24),
                "dopodomani (martedì 24 novembre)",
                "the day after tomorrow (Tuesday 24 November)",
            ),
            (
                d(2026, 11, 25),
                "mercoledì 25 novembre",
                "Wednesday 25 November",
            ),
            (d(2026, 11, 20), "venerdì 20 novembre", "Friday 20 November"),
            (
                d(2027, 1, 1),
                "venerdì 1° gennaio 2027",
                "Friday 1 January 2027",
            ),
        ] {
            assert_eq!(relative_day(day, today, IT), it);
            assert_eq!(relative_day(day, today, EN), en);
        }
        assert_eq!(
            relative_word(d(2027, 1, 1), d(2026, 12, 31), IT),
            Some("domani")
        );
    }

    #[test]
    fn near_days_are_those_of_the_zone() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let now: Timestamp = "2026-11-22T22:30:00Z".parse().unwrap();
        let at: Timestamp = "2026-11-22T23:30:00Z".parse().unwrap();
        assert_eq!(
            relative_day_at(at, now, &rome, IT),
            "domani (lunedì 23 novembre)"
        );
        assert_eq!(
            relative_day_at(at, now, &TimeZone::UTC, IT),
            "oggi (domenica 22 novembre)"
        );
    }

    #[test]
    fn time_left_never_promises_more_than_there_is() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        for (until, it, en) in [
            (
                "2026-11-24T13:20:00Z",
                Some("2 giorni e 3 ore"),
                Some("2 days and 3 hours"),
            ),
            ("2026-11-23T10:59:59Z", Some("1 giorno"), Some("1 day")),
            (
                "2026-11-22T11:01:59Z",
                Some("1 ora e 1 minuto"),
                Some("1 hour and 1 minute"),
            ),
            ("2026-11-22T10:05:00Z", Some("5 minuti"), Some("5 minutes")),
            (
                "2026-11-22T10:00:59Z",
                Some("meno di un minuto"),
                Some("less than a minute"),
            ),
            ("2026-11-22T10:00:00Z", None, None),
            ("2026-11-22T09:00:00Z", None, None),
        ] {
            let until = until.parse().unwrap();
            assert_eq!(time_left(until, now, IT).as_deref(), it);
            assert_eq!(time_left(until, now, EN).as_deref(), en);
        }
    }
}
