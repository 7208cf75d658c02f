//! When an Italian furniture shop sells: sales seasons, Black Friday, Christmas, the empty August, the hours of a day.

use super::dice::Dice;
use dopo_core::italy::calendar::nth_weekday;
use dopo_core::italy::hours::local_instant;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Days for which the shop can go on after its history began: twenty years.
const HORIZON_DAYS: usize = 7_305;

/// Orders by hour of the day, in parts: little at night, peaks before lunch and after dinner.
const HOURS: [u32; 24] = [
    3, 1, 1, 1, 1, 1, 2, 5, 9, 13, 16, 16, 13, 12, 14, 15, 15, 14, 14, 14, 15, 18, 16, 9,
];
/// Orders by month, in parts of a hundred.
const MONTHS: [f64; 12] = [
    1.1, 0.9, 0.95, 1.0, 1.05, 0.95, 1.0, 0.7, 1.1, 1.1, 1.2, 1.1,
];

/// How lively a day is; 1 is an ordinary day.
pub fn weight(date: Date) -> f64 {
    let (month, day) = (date.month(), date.day());
    let weekday = match date.weekday() {
        Weekday::Monday => 1.1,
        Weekday::Friday => 0.92,
        Weekday::Saturday => 0.85,
        Weekday::Sunday => 1.1,
        _ => 1.02,
    };
    let special = match (month, day) {
        (1, 5..=31) => 1.35,  // saldi invernali
        (7, 4..=25) => 1.3,   // saldi estivi
        (8, 8..=22) => 0.5,   // Ferragosto
        (12, 1..=18) => 1.4,  // Christmas presents
        (12, 24..=26) => 0.4, // Christmas
        (1, 1) => 0.4,
        _ => 1.0,
    };
    MONTHS[usize::from(month.unsigned_abs()) - 1] * weekday * special * black_friday(date)
}

fn black_friday(date: Date) -> f64 {
    let Some(friday) = nth_weekday(date.year(), 11, 4, Weekday::Thursday)
        .and_then(|thursday| thursday.tomorrow().ok())
    else {
        return 1.0;
    };
    match date.since(friday).map(|span| span.get_days()) {
        Ok(0) => 3.6,
        Ok(-4..=-1) => 1.9,
        Ok(1..=3) => 2.2,
        _ => 1.0,
    }
}

/// The discount code that the shop advertises on a day, with its percentage.
pub fn public_code(date: Date) -> Option<(&'static str, i64)> {
    if black_friday(date) > 1.0 {
        return Some(("BLACKWEEK", 20));
    }
    match (date.month(), date.day()) {
        (1, 5..=31) | (7, 4..=25) => Some(("SALDI", 15)),
        _ => None,
    }
}

/// Liveliness added up from the first day on: business time, in which people's purchases are evenly spread.
#[derive(Clone, Debug)]
pub struct Season {
    first: Date,
    /// Liveliness up to the end of each day.
    sums: Vec<f64>,
    /// The same for first visits, of which a young shop has more.
    visits: Vec<f64>,
}

impl Season {
    /// Business time from this day on.
    pub fn new(first: Date) -> Self {
        let (mut sum, mut visit) = (0.0, 0.0);
        let mut sums = Vec::with_capacity(HORIZON_DAYS);
        let mut visits = Vec::with_capacity(HORIZON_DAYS);
        let mut date = first;
        for day in 0..HORIZON_DAYS {
            let weight = weight(date);
            sum += weight;
            visit += weight * (1.0 + 2.0 * (-(day as f64) / 75.0).exp());
            sums.push(sum);
            visits.push(visit);
            date = date.tomorrow().unwrap_or(date);
        }
        Season {
            first,
            sums,
            visits,
        }
    }

    /// The day on which this business time falls; `None` beyond the horizon of twenty years.
    pub fn date(&self, business: f64) -> Option<Date> {
        self.find(&self.sums, business)
    }

    /// Business time in the middle of a day.
    pub fn business(&self, date: Date) -> f64 {
        let day = self.day(date);
        let before = if day == 0 { 0.0 } else { self.sums[day - 1] };
        (before + self.sums[day]) / 2.0
    }

    /// The day of the visit with this share of all first visits up to `until`; shares above 1 come after it.
    pub fn visit(&self, share: f64, until: Date) -> Option<Date> {
        self.find(&self.visits, share * self.visits[self.day(until)])
    }

    fn day(&self, date: Date) -> usize {
        let days = self
            .first
            .until(date)
            .map_or(0, |span| span.get_days().max(0));
        usize::try_from(days)
            .unwrap_or_default()
            .min(HORIZON_DAYS - 1)
    }

    fn find(&self, sums: &[f64], at: f64) -> Option<Date> {
        let day = sums.partition_point(|sum| *sum <= at);
        let day = i32::try_from(day).ok().filter(|_| day < sums.len())?;
        self.first.checked_add(Span::new().days(day)).ok()
    }
}

/// A likely moment for a customer to do something on this day.
pub fn moment(dice: &mut Dice, date: Date, zone: &TimeZone) -> Timestamp {
    let hours: [usize; 24] = std::array::from_fn(|hour| hour);
    let hour = *dice.weighted(&hours, |hour| HOURS[*hour]);
    at(date, hour as i64 * 3_600 + dice.between(0, 3_599), zone)
}

/// A moment between two hours of a day.
pub fn between(
    dice: &mut Dice,
    date: Date,
    from_hour: i64,
    to_hour: i64,
    zone: &TimeZone,
) -> Timestamp {
    let second = dice.between(from_hour * 3_600, to_hour * 3_600 - 1);
    at(date, second, zone)
}

fn at(date: Date, second: i64, zone: &TimeZone) -> Timestamp {
    let part = |n: i64| i8::try_from(n).unwrap_or_default();
    let local = date.at(
        part(second / 3_600),
        part(second / 60 % 60),
        part(second % 60),
        0,
    );
    local_instant(local, zone)
}
