//! Public holidays, working days, and the end of the withdrawal period (rules 8.2 and CONS-04).

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Locale;
pub use super::province::{Feast, Province, Region, UnknownProvince};

/// Days of the withdrawal period (Consumer Code art. 52; rule CONS-04).
pub const WITHDRAWAL_PERIOD_DAYS: i8 = 14;

/// First year in which 4 October is a public holiday (L. 151/2025).
pub const SAN_FRANCESCO_FROM_YEAR: i16 = 2026;

/// A national public holiday of Italy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// 6 January.
    Epiphany,
    /// Easter, always a Sunday.
    EasterSunday,
    /// The day after Easter.
    EasterMonday,
    /// 25 April.
    Liberation,
    /// 1 May.
    Labour,
    /// 2 June.
    Republic,
    /// 15 August.
    Assumption,
    /// 4 October, from 2026.
    SanFrancesco,
    /// 1 November.
    AllSaints,
    /// 8 December.
    Immaculate,
    /// 25 December.
    Christmas,
    /// 26 December.
    SantoStefano,
}

impl Holiday {
    /// All thirteen, in calendar order apart from the movable ones.
    pub const ALL: [Self; 13] = [
        Self::NewYear,
        Self::Epiphany,
        Self::EasterSunday,
        Self::EasterMonday,
        Self::Liberation,
        Self::Labour,
        Self::Republic,
        Self::Assumption,
        Self::SanFrancesco,
        Self::AllSaints,
        Self::Immaculate,
        Self::Christmas,
        Self::SantoStefano,
    ];

    /// The day it falls on in a year; none where it is not yet a holiday.
    pub fn date_in(self, year: i16) -> Option<Date> {
        let (month, day) = match self {
            Self::NewYear => (1, 1),
            Self::Epiphany => (1, 6),
            Self::EasterSunday => return easter_sunday(year),
            Self::EasterMonday => return easter_sunday(year)?.tomorrow().ok(),
            Self::Liberation => (4, 25),
            Self::Labour => (5, 1),
            Self::Republic => (6, 2),
            Self::Assumption => (8, 15),
            Self::SanFrancesco if year < SAN_FRANCESCO_FROM_YEAR => return None,
            Self::SanFrancesco => (10, 4),
            Self::AllSaints => (11, 1),
            Self::Immaculate => (12, 8),
            Self::Christmas => (12, 25),
            Self::SantoStefano => (12, 26),
        };
        Date::new(year, month, day).ok()
    }

    /// The name people use.
    pub const fn name(self, locale: Locale) -> &'static str {
        let (it, en) = match self {
            Self::NewYear => ("Capodanno", "New Year's Day"),
            Self::Epiphany => ("Epifania", "Epiphany"),
            Self::EasterSunday => ("Pasqua", "Easter Sunday"),
            Self::EasterMonday => ("Lunedì dell'Angelo", "Easter Monday"),
            Self::Liberation => ("Festa della Liberazione", "Liberation Day"),
            Self::Labour => ("Festa del Lavoro", "Labour Day"),
            Self::Republic => ("Festa della Repubblica", "Republic Day"),
            Self::Assumption => ("Ferragosto", "Assumption Day"),
            Self::SanFrancesco => ("San Francesco d'Assisi", "Saint Francis's Day"),
            Self::AllSaints => ("Ognissanti", "All Saints' Day"),
            Self::Immaculate => ("Immacolata Concezione", "Immaculate Conception"),
            Self::Christmas => ("Natale", "Christmas Day"),
            Self::SantoStefano => ("Santo Stefano", "Saint Stephen's Day"),
        };
        match locale {
            Locale::It => it,
            Locale::En => en,
        }
    }
}

/// Easter Sunday of a year of the Gregorian calendar (the anonymous computus of 1876).
/// None only outside the years a date can hold.
pub fn easter_sunday(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (golden, century, of_century) = (y % 19, y / 100, y % 100);
    let skipped_leaps = century - century / 4;
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + skipped_leaps - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let n = epact + to_sunday - 7 * late + 114;
    let (month, day) = (i8::try_from(n / 31).ok()?, i8::try_from(n % 31 + 1).ok()?);
    Date::new(year, month, day).ok()
}

/// The `nth` (1 to 5) given weekday of a month; none when the month has fewer.
pub fn nth_weekday(year: i16, month: i8, nth: i8, weekday: Weekday) -> Option<Date> {
    Date::new(year, month, 1)
        .ok()?
        .nth_weekday_of_month(nth, weekday)
        .ok()
}

/// The national holidays of a year, in order of date.
pub fn national_holidays(year: i16) -> Vec<(Date, Holiday)> {
    let mut days: Vec<_> = Holiday::ALL
        .into_iter()
        .filter_map(|h| Some((h.date_in(year)?, h)))
        .collect();
    days.sort_unstable();
    days
}

/// The national holiday on a day. Where Easter falls on another holiday, the fixed one is named.
pub fn national_holiday(date: Date) -> Option<Holiday> {
    let fixed = match (date.month(), date.day()) {
        (1, 1) => Holiday::NewYear,
        (1, 6) => Holiday::Epiphany,
        (4, 25) => Holiday::Liberation,
        (5, 1) => Holiday::Labour,
        (6, 2) => Holiday::Republic,
        (8, 15) => Holiday::Assumption,
        (10, 4) if date.year() >= SAN_FRANCESCO_FROM_YEAR => Holiday::SanFrancesco,
        (11, 1) => Holiday::AllSaints,
        (12, 8) => Holiday::Immaculate,
        (12, 25) => Holiday::Christmas,
        (12, 26) => Holiday::SantoStefano,
        (3 | 4, _) => {
            let after_easter = (date - easter_sunday(date.year())?).get_days();
            return match after_easter {
                0 => Some(Holiday::EasterSunday),
                1 => Some(Holiday::EasterMonday),
                _ => None,
            };
        }
        _ => return None,
    };
    Some(fixed)
}

/// Whether a day is a national holiday or, with a province, the patron saint's day of one of its
/// capitals. Ordinary Sundays are not counted here; see [`is_rest_day`].
pub fn is_holiday(date: Date, province: Option<&Province>) -> bool {
    holiday_name(date, province, Locale::It).is_some()
}

/// The name of the holiday on a day; patron saints keep their Italian name.
pub fn holiday_name(
    date: Date,
    province: Option<&Province>,
    locale: Locale,
) -> Option<&'static str> {
    if let Some(h) = national_holiday(date) {
        return Some(h.name(locale));
    }
    let feasts = province.map_or(&[][..], |p| p.patron_feasts());
    feasts
        .iter()
        .find(|f| f.date_in(date.year()) == Some(date))
        .map(Feast::name)
}

/// Whether a day is a Sunday or a holiday.
pub fn is_rest_day(date: Date, province: Option<&Province>) -> bool {
    date.weekday() == Weekday::Sunday || is_holiday(date, province)
}

/// Whether a day is Monday to Friday and no holiday (Regulation 1182/71: Saturdays do not count).
pub fn is_working_day(date: Date, province: Option<&Province>) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(date, province)
}

/// The day itself if it is a working day, otherwise the next one.
pub fn working_day_from(date: Date, province: Option<&Province>) -> Date {
    let mut day = date;
    while !is_working_day(day, province) && day < Date::MAX {
        day = day.saturating_add(Span::new().days(1));
    }
    day
}

/// The first working day after a day.
pub fn next_working_day(date: Date, province: Option<&Province>) -> Date {
    working_day_from(date.saturating_add(Span::new().days(1)), province)
}

/// The day `n` working days after a day (the day itself is not counted; 0 gives
/// [`working_day_from`]).
pub fn add_working_days(date: Date, n: u16, province: Option<&Province>) -> Date {
    (0..n).fold(
        if n == 0 {
            working_day_from(date, province)
        } else {
            date
        },
        |day, _| next_working_day(day, province),
    )
}

/// Working days after `from` up to and including `to`; 0 when `to` is not after `from`.
pub fn working_days_between(from: Date, to: Date, province: Option<&Province>) -> u32 {
    let mut count = 0;
    let mut day = from;
    while day < to {
        day = day.saturating_add(Span::new().days(1));
        count += u32::from(is_working_day(day, province));
    }
    count
}

/// The last day of the withdrawal period that began with physical possession on a day.
///
/// That day is not counted; a period ending on a Saturday, Sunday or national holiday ends with
/// the next working day (Directive 2011/83 art. 9, Regulation 1182/71 art. 3(4); rule CONS-04).
/// The period ends at 24:00 of the day returned; see [`end_of_day`].
pub fn withdrawal_deadline(possession: Date) -> Date {
    working_day_from(
        possession.saturating_add(Span::new().days(WITHDRAWAL_PERIOD_DAYS)),
        None,
    )
}

/// The last day of the withdrawal period of an order in several parcels: it counts from the last
/// possession. None while a day of possession is unknown or there is no parcel: the period is
/// then open.
pub fn withdrawal_deadline_of_parcels(possessions: &[Option<Date>]) -> Option<Date> {
    let known: Option<Vec<Date>> = possessions.iter().copied().collect();
    known?.into_iter().max().map(withdrawal_deadline)
}

/// The instant at which a day ends in a zone (24:00, the first instant of the next day).
pub fn end_of_day(date: Date, tz: &TimeZone) -> Timestamp {
    start_of_day(date.saturating_add(Span::new().days(1)), tz)
}

/// The first instant of a day in a zone, also where midnight does not exist.
pub fn start_of_day(date: Date, tz: &TimeZone) -> Timestamp {
    date.to_zoned(tz.clone())
        .map_or(Timestamp::MAX, |z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn d(year: i16, month: i8, day: i8) -> Date {
        Date::constant(year, month, day)
    }

    #[test]
    fn easter_is_where_the_church_puts_it() {
        for (year, month, day) in [
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2028, 4, 16),
            (2038, 4, 25),
            (1818, 3, 22),
            (1961, 4, 2),
            (2000, 4, 23),
            (2008, 3, 23),
            (2011, 4, 24),
        ] {
            assert_eq!(easter_sunday(year), Some(d(year, month, day)));
        }
        for year in 1600..2600 {
            let e = easter_sunday(year).unwrap();
            assert_eq!(e.weekday(), Weekday::Sunday);
            assert!(e >= d(year, 3, 22) && e <= d(year, 4, 25), "{e}");
        }
    }

    #[test]
    fn easter_monday_is_as_computed_in_the_rules() {
        for date in [d(2026, 4, 6), d(2027, 3, 29), d(2028, 4, 17)] {
            assert_eq!(national_holiday(date), Some(Holiday::EasterMonday));
        }
    }

    #[test]
    fn san_francesco_is_a_holiday_from_2026() {
        assert!(!is_holiday(d(2025, 10, 4), None));
        assert!(is_holiday(d(2026, 10, 4), None));
        assert_eq!(national_holidays(2025).len(), 12);
        let days: Vec<_> = national_holidays(2026)
            .into_iter()
            .map(|(date, _)| (date.month(), date.day()))
            .collect();
        assert_eq!(
            days,
            [
                (1, 1),
                (1, 6),
                (4, 5),
                (4, 6),
                (4, 25),
                (5, 1),
                (6, 2),
                (8, 15),
                (10, 4),
                (11, 1),
                (12, 8),
                (12, 25),
                (12, 26)
            ]
        );
        assert_eq!(
            holiday_name(d(2026, 6, 2), None, Locale::En),
            Some("Republic Day")
        );
    }

    #[test]
    fn the_list_of_a_year_and_the_test_of_a_day_agree() {
        let mut day = d(2020, 1, 1);
        while day < d(2040, 1, 1) {
            let listed = national_holidays(day.year())
                .into_iter()
                .any(|(date, _)| date == day);
            assert_eq!(national_holiday(day).is_some(), listed, "{day}");
            day = day.tomorrow().unwrap();
        }
        assert_eq!(
            national_holiday(d(2038, 4, 25)),
            Some(Holiday::Liberation),
            "Easter too"
        );
    }

    #[test]
    fn abolished_feasts_are_working_days() {
        for date in [
            d(2026, 3, 19),
            d(2026, 6, 29),
            d(2026, 11, 4),
            d(2026, 5, 14),
            d(2026, 6, 4),
        ] {
            assert!(is_working_day(date, None), "{date}");
        }
    }

    #[test]
    fn the_patron_counts_only_in_its_province() {
        let milan = Province::parse("MI").unwrap();
        let rome = Province::parse("RM").unwrap();
        assert!(is_holiday(d(2026, 12, 7), Some(&milan)));
        assert!(!is_holiday(d(2026, 12, 7), Some(&rome)));
        assert!(!is_holiday(d(2026, 12, 7), None));
        assert_eq!(
            holiday_name(d(2026, 12, 7), Some(&milan), Locale::En),
            Some("Sant'Ambrogio")
        );
    }

    #[test]
    fn withdrawal_ends_as_computed_in_the_rules() {
        for (possession, ends) in [
            (d(2026, 11, 20), d(2026, 12, 4)),
            (d(2026, 12, 11), d(2026, 12, 28)),
            (d(2026, 12, 9), d(2026, 12, 23)),
            (d(2026, 12, 4), d(2026, 12, 18)),
            (d(2026, 9, 20), d(2026, 10, 5)),
            (d(2026, 3, 23), d(2026, 4, 7)),
        ] {
            assert_eq!(withdrawal_deadline(possession), ends, "{possession}");
        }
    }

    #[test]
    fn withdrawal_counts_from_the_last_parcel_and_is_open_while_one_is_unknown() {
        let parcels = [Some(d(2026, 12, 1)), Some(d(2026, 12, 9))];
        assert_eq!(
            withdrawal_deadline_of_parcels(&parcels),
            Some(withdrawal_deadline(d(2026, 12, 9)))
        );
        assert_eq!(
            withdrawal_deadline_of_parcels(&[Some(d(2026, 12, 1)), None]),
            None
        );
        assert_eq!(withdrawal_deadline_of_parcels(&[]), None);
    }

    #[test]
    fn the_deadline_never_falls_on_a_day_of_rest() {
        let mut day = d(2025, 1, 1);
        while day < d(2035, 1, 1) {
            let end = withdrawal_deadline(day);
            assert!(is_working_day(end, None), "{day} -> {end}");
            let length = (end - day).get_days();
            assert!((14..=18).contains(&length), "{day} -> {end}");
            day = day.tomorrow().unwrap();
        }
    }

    #[test]
    fn working_days_skip_weekends_and_holidays() {
        assert_eq!(next_working_day(d(2026, 12, 4), None), d(2026, 12, 7));
        assert_eq!(next_working_day(d(2026, 12, 7), None), d(2026, 12, 9));
        assert_eq!(next_working_day(d(2026, 12, 24), None), d(2026, 12, 28));
        assert_eq!(working_day_from(d(2026, 12, 8), None), d(2026, 12, 9));
        assert_eq!(add_working_days(d(2026, 12, 4), 3, None), d(2026, 12, 10));
        assert_eq!(add_working_days(d(2026, 12, 5), 0, None), d(2026, 12, 7));
        assert_eq!(
            working_days_between(d(2026, 12, 4), d(2026, 12, 10), None),
            3
        );
        assert_eq!(
            working_days_between(d(2026, 12, 10), d(2026, 12, 4), None),
            0
        );
        let milan = Province::parse("MI").unwrap();
        assert_eq!(
            working_days_between(d(2026, 12, 4), d(2026, 12, 10), Some(&milan)),
            2
        );
    }

    #[test]
    fn a_day_ends_at_midnight_of_its_zone() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        assert_eq!(
            end_of_day(d(2026, 12, 28), &rome).to_string(),
            "2026-12-28T23:00:00Z"
        );
        assert_eq!(
            end_of_day(d(2026, 6, 30), &rome).to_string(),
            "2026-06-30T22:00:00Z"
        );
        assert_eq!(
            start_of_day(d(2026, 3, 29), &rome).to_string(),
            "2026-03-28T23:00:00Z"
        );
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        assert_eq!(withdrawal_deadline(Date::MAX), Date::MAX);
        assert!(is_holiday(Date::MIN, None), "1 January");
        let _ = end_of_day(Date::MAX, &TimeZone::UTC);
    }
}
