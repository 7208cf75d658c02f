//! When a message or a call may go out: quiet hours in the recipient's zone (rule SMS-05,
//! PRIV-17), with deferral instead of loss.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::{is_holiday, start_of_day};
use super::province::Province;

/// Longest random-looking delay after a window opens, in seconds (rule SMS-05: up to 30 minutes).
pub const SPREAD_MAX_S: u64 = 30 * 60;

/// Days searched for an open window before the default hours are used instead.
pub const SEARCH_MAX_DAYS: i32 = 31;

const MINUTES_PER_DAY: u16 = 24 * 60;

/// What is about to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    /// Promotional SMS, push, WhatsApp, and requests for feedback by SMS.
    PromoMessage,
    /// Promotional calls.
    PromoCall,
    /// Service messages on SMS or push that can wait.
    ServiceMessage,
    /// Out for delivery today, pick-up expiring within 24 hours, one-time codes, security, recalls.
    Urgent,
    /// Marketing by e-mail.
    MarketingEmail,
}

/// A part of a day in local time, from a minute up to but not including another.
/// Written `"9:00-20:00"`; the end may be `24:00`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    from_minute: u16,
    to_minute: u16,
}

/// A text is not a window of a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a window of a day; write it like 9:00-20:00, the end after the beginning and at most 24:00"
)]
pub struct BadWindow(String);

impl Window {
    /// The whole day.
    pub const ALL_DAY: Self = Self {
        from_minute: 0,
        to_minute: MINUTES_PER_DAY,
    };

    /// A window between two whole hours, `from < to <= 24`. For constants; other values are
    /// brought into the day.
    pub const fn hours(from: u8, to: u8) -> Self {
        let to = if to > 24 { 24 } else { to };
        let from = if from > to { to } else { from };
        Self {
            from_minute: from as u16 * 60,
            to_minute: to as u16 * 60,
        }
    }

    /// Reads `9:00-20:00`.
    ///
    /// # Errors
    /// [`BadWindow`] naming the text.
    pub fn parse(text: &str) -> Result<Self, BadWindow> {
        let bad = || BadWindow(text.chars().filter(|c| !c.is_control()).take(20).collect());
        let minute = |s: &str| {
            let (h, m) = s.trim().split_once(':')?;
            let digits = |s: &str| {
                (matches!(s.len(), 1 | 2) && s.bytes().all(|b| b.is_ascii_digit()))
                    .then(|| s.parse::<u16>().ok())?
            };
            let (h, m) = (digits(h)?, digits(m).filter(|_| m.len() == 2)?);
            (m < 60 && h * 60 + m <= MINUTES_PER_DAY).then_some(h * 60 + m)
        };
        let (from, to) = text.split_once('-').ok_or_else(bad)?;
        match (minute(from), minute(to)) {
            (Some(from_minute), Some(to_minute)) if from_minute < to_minute => Ok(Self {
                from_minute,
                to_minute,
            }),
            _ => Err(bad()),
        }
    }

    /// Whether a local time lies in the window.
    pub fn contains(self, t: Time) -> bool {
        let minute = t.hour().unsigned_abs() as u16 * 60 + t.minute().unsigned_abs() as u16;
        (self.from_minute..self.to_minute).contains(&minute)
    }

    /// Whether every minute of the window lies in the other.
    pub fn is_within(self, other: Self) -> bool {
        self.from_minute >= other.from_minute && self.to_minute <= other.to_minute
    }

    fn intersect(self, other: Self) -> Option<Self> {
        let from_minute = self.from_minute.max(other.from_minute);
        let to_minute = self.to_minute.min(other.to_minute);
        (from_minute < to_minute).then_some(Self {
            from_minute,
            to_minute,
        })
    }

    /// The instants between which the window is open on a day of a zone.
    fn on(self, date: Date, tz: &TimeZone) -> (Timestamp, Timestamp) {
        (
            minute_of_day(date, self.from_minute, tz),
            minute_of_day(date, self.to_minute, tz),
        )
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (self.from_minute, self.to_minute);
        write!(f, "{}:{:02}-{}:{:02}", a / 60, a % 60, b / 60, b % 60)
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Window {
    type Error = BadWindow;
    fn try_from(s: String) -> Result<Self, Self::Error> {
        Self::parse(&s)
    }
}

impl From<Window> for String {
    fn from(w: Window) -> Self {
        w.to_string()
    }
}

/// The open window of each kind of day; none means closed all day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeekHours {
    /// Monday to Friday.
    pub weekdays: Option<Window>,
    /// Saturday.
    pub saturday: Option<Window>,
    /// Sunday.
    pub sunday: Option<Window>,
    /// Public holidays, and the patron saint's day where the province is known.
    pub holidays: Option<Window>,
    /// Weekdays before a public holiday; as weekdays when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eves: Option<Window>,
}

impl WeekHours {
    /// Every hour of every day.
    pub const ALWAYS: Self = Self::every_day(Window::ALL_DAY);

    /// The same window every day.
    pub const fn every_day(window: Window) -> Self {
        Self {
            weekdays: Some(window),
            saturday: Some(window),
            sunday: Some(window),
            holidays: Some(window),
            eves: None,
        }
    }

    fn window(&self, date: Date, patron: Option<&Province>) -> Option<Window> {
        if is_holiday(date, patron) {
            return self.holidays;
        }
        match date.weekday() {
            Weekday::Sunday => self.sunday,
            Weekday::Saturday => self.saturday,
            _ => {
                let eve = || is_holiday(date.saturating_add(Span::new().days(1)), patron);
                self.eves.filter(|_| eve()).or(self.weekdays)
            }
        }
    }
}

/// Promotional messages: Monday to Friday 9–20, Saturday 10–19, never on Sundays and holidays.
pub const PROMO_MESSAGE_HOURS: WeekHours = WeekHours {
    weekdays: Some(Window::hours(9, 20)),
    saturday: Some(Window::hours(10, 19)),
    sunday: None,
    holidays: None,
    eves: None,
};

/// Promotional calls: as [`PROMO_MESSAGE_HOURS`], and 10–19 on days before holidays
/// (telemarketing code of conduct).
pub const PROMO_CALL_HOURS: WeekHours = WeekHours {
    eves: Some(Window::hours(10, 19)),
    ..PROMO_MESSAGE_HOURS
};

/// The widest hours a shop can set for promotional messages: 8–22, never on Sundays and holidays
/// (large SMS providers refuse promotional traffic to Italy 22–8 and all Sunday).
pub const PROMO_MESSAGE_WIDEST: WeekHours = WeekHours {
    weekdays: Some(Window::hours(8, 22)),
    saturday: Some(Window::hours(8, 22)),
    sunday: None,
    holidays: None,
    eves: None,
};

/// Service messages that can wait, and marketing mail: 8–21 every day.
pub const DAYTIME_HOURS: WeekHours = WeekHours::every_day(Window::hours(8, 21));

/// A shop's quiet hours. Missing fields take the defaults of rule SMS-05.
///
/// What no setting can loosen: promotional calls keep to [`PROMO_CALL_HOURS`] (code of conduct),
/// promotional messages to [`PROMO_MESSAGE_WIDEST`] (providers' rules, never Sundays or
/// holidays); a wider setting is cut back to these. Urgent messages are never held back.
/// Hours for service messages and marketing mail are the shop's own choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuietHours {
    /// Hours for promotional SMS, push, WhatsApp.
    pub promo_message: WeekHours,
    /// Hours for promotional calls.
    pub promo_call: WeekHours,
    /// Hours for service messages that can wait.
    pub service_message: WeekHours,
    /// Hours for marketing mail.
    pub marketing_email: WeekHours,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            promo_message: PROMO_MESSAGE_HOURS,
            promo_call: PROMO_CALL_HOURS,
            service_message: DAYTIME_HOURS,
            marketing_email: DAYTIME_HOURS,
        }
    }
}

impl QuietHours {
    /// When `traffic` may go out. None: now. Otherwise the opening of the next window plus a
    /// delay of up to [`SPREAD_MAX_S`] seconds taken from `spread_seed` (0 gives none), inside
    /// that window. Windows are local times of `tz`; `patron` closes the local feast day too.
    ///
    /// Settings that leave no open window within [`SEARCH_MAX_DAYS`] days are replaced by the
    /// defaults, so a message is deferred and never lost.
    pub fn next_allowed(
        &self,
        now: Timestamp,
        tz: &TimeZone,
        traffic: Traffic,
        patron: Option<&Province>,
        spread_seed: u64,
    ) -> Option<Timestamp> {
        let (set, default, widest) = match traffic {
            Traffic::Urgent => return None,
            Traffic::PromoMessage => (
                &self.promo_message,
                &PROMO_MESSAGE_HOURS,
                &PROMO_MESSAGE_WIDEST,
            ),
            Traffic::PromoCall => (&self.promo_call, &PROMO_CALL_HOURS, &PROMO_CALL_HOURS),
            Traffic::ServiceMessage => (&self.service_message, &DAYTIME_HOURS, &WeekHours::ALWAYS),
            Traffic::MarketingEmail => (&self.marketing_email, &DAYTIME_HOURS, &WeekHours::ALWAYS),
        };
        let today = tz.to_datetime(now).date();
        for hours in [set, default] {
            for n in 0..=SEARCH_MAX_DAYS {
                let date = super::format::days_after(today, n);
                let window = hours.window(date, patron).zip(widest.window(date, patron));
                let Some(window) = window.and_then(|(a, b)| a.intersect(b)) else {
                    continue;
                };
                let (opens, closes) = window.on(date, tz);
                if opens >= closes {
                    continue; // the clock skipped the whole window
                }
                if now < opens {
                    return Some(spread(opens, closes, spread_seed));
                }
                if now < closes {
                    return None;
                }
            }
        }
        None
    }
}

/// As [`QuietHours::next_allowed`] with the default hours.
pub fn next_allowed(
    now: Timestamp,
    tz: &TimeZone,
    traffic: Traffic,
    patron: Option<&Province>,
    spread_seed: u64,
) -> Option<Timestamp> {
    QuietHours::default().next_allowed(now, tz, traffic, patron, spread_seed)
}

/// The zone with this IANA name. Italy's, which nearly everybody is in, costs no look-up.
pub fn zone_named(name: &str) -> Option<TimeZone> {
    static ROME: LazyLock<Option<TimeZone>> = LazyLock::new(|| TimeZone::get("Europe/Rome").ok());
    if name == "Europe/Rome" {
        return ROME.clone();
    }
    TimeZone::get(name).ok()
}

/// The one instant of a local time on a day. A time skipped in spring is moved later by the
/// skipped hour; of a time that comes twice in autumn the first is taken (rule SMS-05: one send).
pub fn local_instant(at: DateTime, tz: &TimeZone) -> Timestamp {
    tz.to_ambiguous_timestamp(at)
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

fn minute_of_day(date: Date, minute: u16, tz: &TimeZone) -> Timestamp {
    if minute >= MINUTES_PER_DAY {
        return start_of_day(date.saturating_add(Span::new().days(1)), tz);
    }
    let hour = i8::try_from(minute / 60).unwrap_or_default();
    let minute = i8::try_from(minute % 60).unwrap_or_default();
    local_instant(date.at(hour, minute, 0, 0), tz)
}

/// `opens` plus a share of the spread, always before `closes`.
fn spread(opens: Timestamp, closes: Timestamp, seed: u64) -> Timestamp {
    let length_s = closes.as_second().abs_diff(opens.as_second());
    let choices = (SPREAD_MAX_S + 1).min(length_s.max(1));
    let delay_s = mixed(seed) % choices;
    let at = opens.as_second().saturating_add_unsigned(delay_s);
    Timestamp::from_second(at).unwrap_or(opens)
}

/// Scatters neighbouring seeds (the 64-bit finalizer of MurmurHash3); 0 stays 0.
fn mixed(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rome() -> TimeZone {
        TimeZone::get("Europe/Rome").unwrap()
    }

    fn at(local: &str) -> Timestamp {
        local_instant(local.parse().unwrap(), &rome())
    }

    #[track_caller]
    fn check(traffic: Traffic, now: &str, expected: Option<&str>) {
        let next = next_allowed(at(now), &rome(), traffic, None, 0);
        assert_eq!(next, expected.map(at), "{traffic:?} at {now}");
    }

    #[test]
    fn promotions_keep_to_the_table() {
        use Traffic::PromoMessage as P;
        check(P, "2026-11-21T19:01", Some("2026-11-23T09:00"));
        check(P, "2026-12-07T20:30", Some("2026-12-09T09:00"));
        check(P, "2026-11-23T08:59", Some("2026-11-23T09:00"));
        check(P, "2026-11-23T09:00", None);
        check(P, "2026-11-23T19:59", None);
        check(P, "2026-11-23T20:00", Some("2026-11-24T09:00"));
        check(P, "2026-11-20T20:00", Some("2026-11-21T10:00"));
        check(P, "2026-11-21T18:59", None);
        check(P, "2026-11-21T19:00", Some("2026-11-23T09:00"));
        check(P, "2026-11-22T12:00", Some("2026-11-23T09:00"));
        check(P, "2026-12-24T20:00", Some("2026-12-28T09:00"));
        check(P, "2026-04-04T19:00", Some("2026-04-07T09:00"));
        check(P, "2026-10-03T19:30", Some("2026-10-05T09:00"));
    }

    #[test]
    fn calls_end_earlier_on_the_eve_of_a_holiday() {
        check(
            Traffic::PromoCall,
            "2026-12-07T09:30",
            Some("2026-12-07T10:00"),
        );
        check(
            Traffic::PromoCall,
            "2026-12-07T19:00",
            Some("2026-12-09T09:00"),
        );
        check(Traffic::PromoMessage, "2026-12-07T19:00", None);
    }

    #[test]
    fn service_waits_for_the_day_and_urgent_never_waits() {
        check(
            Traffic::ServiceMessage,
            "2026-11-22T07:59",
            Some("2026-11-22T08:00"),
        );
        check(Traffic::ServiceMessage, "2026-11-22T20:59", None);
        check(
            Traffic::ServiceMessage,
            "2026-12-25T21:00",
            Some("2026-12-26T08:00"),
        );
        check(
            Traffic::MarketingEmail,
            "2026-11-22T21:00",
            Some("2026-11-23T08:00"),
        );
        check(Traffic::Urgent, "2026-12-25T03:00", None);
    }

    #[test]
    fn the_patron_closes_its_province_only() {
        let milan = Province::parse("MI").unwrap();
        let now = at("2026-12-05T19:30");
        let next = |patron| next_allowed(now, &rome(), Traffic::PromoMessage, patron, 0);
        assert_eq!(next(None), Some(at("2026-12-07T09:00")));
        assert_eq!(next(Some(&milan)), Some(at("2026-12-09T09:00")));
    }

    #[test]
    fn a_skipped_hour_gives_one_later_instant() {
        let t: Timestamp = "2026-03-29T01:30:00Z".parse().unwrap();
        assert_eq!(at("2026-03-29T02:30"), t, "03:30 summer time");
        assert_eq!(at("2026-03-29T03:30"), t);
    }

    #[test]
    fn a_repeated_hour_gives_its_first_instant_and_one_send() {
        let first: Timestamp = "2026-10-25T00:30:00Z".parse().unwrap();
        assert_eq!(at("2026-10-25T02:30"), first);
        let night = QuietHours {
            service_message: WeekHours::every_day(Window::parse("2:30-3:00").unwrap()),
            ..QuietHours::default()
        };
        let next = |now| night.next_allowed(now, &rome(), Traffic::ServiceMessage, None, 0);
        assert_eq!(next("2026-10-24T22:30:00Z".parse().unwrap()), Some(first));
        assert_eq!(next(first), None);
        let between: Timestamp = "2026-10-25T01:15:00Z".parse().unwrap();
        assert_eq!(
            next(between),
            None,
            "2:15 the second time: the window opened at the first 2:30"
        );
        let after: Timestamp = "2026-10-25T02:00:00Z".parse().unwrap();
        assert_eq!(next(after), Some(at("2026-10-26T02:30")));
    }

    #[test]
    fn a_window_inside_a_skipped_hour_never_sends_early() {
        let night = QuietHours {
            service_message: WeekHours::every_day(Window::parse("2:00-3:00").unwrap()),
            ..QuietHours::default()
        };
        let next = night
            .next_allowed(
                at("2026-03-29T00:00"),
                &rome(),
                Traffic::ServiceMessage,
                None,
                0,
            )
            .unwrap();
        assert!(next >= at("2026-03-29T02:00"), "{next}");
    }

    #[test]
    fn windows_follow_the_clock_through_the_change() {
        check(
            Traffic::ServiceMessage,
            "2026-03-28T22:00",
            Some("2026-03-29T08:00"),
        );
        assert_eq!(at("2026-03-29T08:00").to_string(), "2026-03-29T06:00:00Z");
        check(
            Traffic::ServiceMessage,
            "2026-10-24T22:00",
            Some("2026-10-25T08:00"),
        );
        assert_eq!(at("2026-10-25T08:00").to_string(), "2026-10-25T07:00:00Z");
    }

    #[test]
    fn hours_are_those_of_the_recipient() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let next = next_allowed(now, &new_york, Traffic::PromoMessage, None, 0).unwrap();
        assert_eq!(next.to_string(), "2026-11-23T14:00:00Z");
    }

    #[test]
    fn the_spread_is_deterministic_wide_and_inside_the_window() {
        let now = at("2026-11-21T19:01");
        let opens = at("2026-11-23T09:00");
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..2_000 {
            let next = next_allowed(now, &rome(), Traffic::PromoMessage, None, seed).unwrap();
            assert_eq!(
                Some(next),
                next_allowed(now, &rome(), Traffic::PromoMessage, None, seed)
            );
            let delay = next.as_second() - opens.as_second();
            assert!((0..=30 * 60).contains(&delay), "{delay}");
            assert_eq!(
                next_allowed(next, &rome(), Traffic::PromoMessage, None, seed),
                None
            );
            seen.insert(delay);
        }
        assert!(seen.len() > 900, "{}", seen.len());
        let short = QuietHours {
            service_message: WeekHours::every_day(Window::parse("9:00-9:05").unwrap()),
            ..QuietHours::default()
        };
        for seed in 0..500 {
            let next = short
                .next_allowed(now, &rome(), Traffic::ServiceMessage, None, seed)
                .unwrap();
            assert_eq!(
                short.next_allowed(next, &rome(), Traffic::ServiceMessage, None, seed),
                None
            );
        }
    }

    #[test]
    fn the_law_cannot_be_loosened() {
        let always = QuietHours {
            promo_message: WeekHours::ALWAYS,
            promo_call: WeekHours::ALWAYS,
            service_message: WeekHours::ALWAYS,
            marketing_email: WeekHours::ALWAYS,
        };
        let next = |traffic, now: &str| always.next_allowed(at(now), &rome(), traffic, None, 0);
        assert_eq!(
            next(Traffic::PromoCall, "2026-11-21T19:01"),
            Some(at("2026-11-23T09:00"))
        );
        assert_eq!(
            next(Traffic::PromoMessage, "2026-11-21T22:00"),
            Some(at("2026-11-23T08:00"))
        );
        assert_eq!(
            next(Traffic::PromoMessage, "2026-12-08T12:00"),
            Some(at("2026-12-09T08:00"))
        );
        assert_eq!(next(Traffic::ServiceMessage, "2026-11-22T03:00"), None);
        assert_eq!(next(Traffic::MarketingEmail, "2026-11-22T03:00"), None);
    }

    #[test]
    fn hours_that_never_open_fall_back_to_the_defaults() {
        let closed = WeekHours {
            weekdays: None,
            saturday: None,
            sunday: None,
            holidays: None,
            eves: None,
        };
        let never = QuietHours {
            promo_message: closed,
            service_message: closed,
            ..QuietHours::default()
        };
        let next = |traffic| never.next_allowed(at("2026-11-21T22:00"), &rome(), traffic, None, 0);
        assert_eq!(next(Traffic::PromoMessage), Some(at("2026-11-23T09:00")));
        assert_eq!(next(Traffic::ServiceMessage), Some(at("2026-11-22T08:00")));
    }

    #[test]
    fn every_minute_of_a_year_is_allowed_or_deferred_to_an_allowed_one() {
        let zone = rome();
        let mut now = at("2026-01-01T00:00");
        let end = at("2027-01-01T00:00");
        while now < end {
            for traffic in [
                Traffic::PromoMessage,
                Traffic::PromoCall,
                Traffic::ServiceMessage,
            ] {
                match next_allowed(now, &zone, traffic, None, now.as_second().unsigned_abs()) {
                    None => {
                        let local = zone.to_datetime(now);
                        assert!((8..21).contains(&local.hour()), "{traffic:?} {local}");
                        if traffic != Traffic::ServiceMessage {
                            assert!(
                                !super::super::calendar::is_rest_day(local.date(), None),
                                "{local}"
                            );
                        }
                    }
                    Some(next) => {
                        assert!(next > now);
                        assert_eq!(
                            next_allowed(next, &zone, traffic, None, 7),
                            None,
                            "{traffic:?} {now}"
                        );
                    }
                }
            }
            now = Timestamp::from_second(now.as_second() + 17 * 60).unwrap();
        }
    }

    #[test]
    fn settings_read_as_text_and_missing_ones_are_default() {
        let q: QuietHours = serde_json::from_str(
            r#"{"service_message":{"weekdays":"7:30-22:00","saturday":"9:00-24:00","sunday":null,"holidays":null}}"#,
        )
        .unwrap();
        assert_eq!(q.promo_message, PROMO_MESSAGE_HOURS);
        assert_eq!(
            q.service_message.weekdays.unwrap().to_string(),
            "7:30-22:00"
        );
        assert_eq!(
            serde_json::from_str::<QuietHours>(&serde_json::to_string(&q).unwrap()).unwrap(),
            q
        );
        for text in [
            "",
            "9-20",
            "20:00-9:00",
            "9:00-9:00",
            "9:00-24:01",
            "9:60-10:00",
            "09:5-10:00",
            "+9:00-10:00",
        ] {
            assert!(Window::parse(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<QuietHours>(r#"{"promo":{}}"#).is_err());
    }
}
