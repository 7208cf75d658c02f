//! The parcel in words: when it comes, why it does not, what its person can do and until when.

use super::order::LineContext;
use super::{ContextInput, moment, safe_url, title};
use dopo_core::advance::{expected_until, promised_on};
use dopo_core::italy::format;
use dopo_core::italy::hours::zone_named;
use dopo_core::italy::{Locale, clean_line};
use dopo_core::money::Money;
use dopo_core::order::{Order, OrderLine, ProblemKind};
use dopo_core::parcel::{
    DepotHold, HoldAction, HoldOutcome, InstructedBy, Parcel, Payer, PickupPoint, Window,
    reason_words,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Lines of opening hours shown in one message.
const HOURS_SHOWN_MAX: usize = 7;
/// The parcel.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ParcelContext {
    /// Carrier.
    pub carrier: Option<String>,
    /// Shipment number.
    pub number: Option<String>,
    /// The carrier's page.
    pub url: Option<String>,
    /// When it should come: "domani tra le 10 e le 14", "tra giovedì 26 e sabato 28 novembre", "domani (lunedì 23
    /// novembre)". Nothing once that has passed.
    pub expected: Option<String>,
    /// The hours of today in which it should come: "tra le 10 e le 14".
    #[serde(default)]
    pub hours_today: Option<String>,
    /// What is inside; all of the order when the shop does not say.
    pub lines: Vec<LineContext>,
    /// Its number, from 1, when the order travels in several parcels.
    pub position: Option<u16>,
    /// Of how many.
    pub of: usize,
    /// When it arrived: "venerdì 20 novembre alle 11:42".
    pub delivered: Option<String>,
    /// Why it is where it is, as a clause: "all'indirizzo non c'era nessuno".
    #[serde(default)]
    pub reason: Option<String>,
    /// Whether its person must do something before it can go on.
    #[serde(default)]
    pub needs_you: bool,
    /// What the driver collects.
    #[serde(default)]
    pub cash_on_delivery: Option<String>,
    /// Where its hold is answered; the order page when there is none.
    #[serde(default)]
    pub hold_url: String,
    /// Where a problem with it is reported.
    #[serde(default)]
    pub problem_url: String,
    /// The hold that goes on.
    #[serde(default)]
    pub hold: Option<HoldContext>,
    /// Where it can be fetched.
    #[serde(default)]
    pub pickup: Option<PickupContext>,
    /// How it is late.
    #[serde(default)]
    pub delay: Option<DelayContext>,
    /// Since which day its courier has told nothing: "lunedì 16 novembre".
    #[serde(default)]
    pub silent_since: Option<String>,
}

/// A hold at the depot (giacenza).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HoldContext {
    /// Whether its person can still choose.
    pub open: bool,
    /// Until when they can choose: "venerdì 27 novembre alle 18:30".
    pub until: String,
    /// The same, short, for SMS, after "entro" or "by": "il 27/11 ore 18:30".
    pub until_short: String,
    /// The day on which the parcel goes back, where the courier told it: "sabato 28 novembre".
    pub ends_on: Option<String>,
    /// Where.
    pub branch: Option<String>,
    /// Whether a new delivery costs its person nothing.
    pub free: bool,
    /// What its person pays for one, in words of the shop.
    pub price: Option<String>,
    /// What was chosen: "una nuova consegna allo stesso indirizzo".
    pub answer: Option<String>,
    /// Whether the shop chose, not the person.
    pub by_shop: bool,
    /// What became of it: `asked`, `accepted`, `deferred`, `refused`, `by_hand`.
    pub outcome: Option<String>,
}

/// A place where a parcel can be fetched.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PickupContext {
    /// Name.
    pub name: Option<String>,
    /// "Via Roma 1, 56122 Pisa".
    pub address: Option<String>,
    /// Opening hours, a line each.
    pub hours: Vec<String>,
    /// The last day: "venerdì 27 novembre".
    pub until: Option<String>,
    /// The last day as seen from today: "domani (venerdì 27 novembre)".
    pub until_relative: Option<String>,
}

/// How a parcel is late.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DelayContext {
    /// The day that was promised: "venerdì 20 novembre".
    pub promised: String,
    /// When it should come now, as [`ParcelContext::expected`].
    pub expected: Option<String>,
}

/// What a person reported last about the order.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProblemContext {
    /// `not_received`, `damaged`, `wrong_item`, `missing` or `other`.
    pub kind: String,
    /// In a clause: "il pacco non è arrivato".
    pub words: String,
    /// Photos that came with it.
    pub photos: usize,
}

pub(super) fn the_parcel<'a>(input: &ContextInput<'_>, order: &'a Order) -> Option<&'a Parcel> {
    let seq = input.message.parcel?;
    order.tracked.iter().find(|p| p.seq == seq)
}

pub(super) fn parcel_context(
    input: &ContextInput<'_>,
    order: &Order,
    zone: &TimeZone,
    money: &dyn Fn(Money) -> String,
    line: &dyn Fn(&OrderLine) -> LineContext,
) -> Option<ParcelContext> {
    let parcel = the_parcel(input, order)?;
    let (told, locale) = (&parcel.snapshot, input.locale);
    let today = input.now.to_zoned(zone.clone()).date();
    let counting: Vec<u16> = order
        .tracked
        .iter()
        .filter(|p| !p.snapshot.cancelled)
        .map(|p| p.seq)
        .collect();
    let position = counting
        .iter()
        .position(|seq| *seq == parcel.seq)
        .filter(|_| counting.len() > 1);
    let inside = |l: &&OrderLine| told.lines.is_empty() || told.lines.contains(&l.id);
    let shop_zone = shop_zone(input);
    let expected = expected_words(parcel, order, input.now, &shop_zone, locale);
    let cash = parcel.cash_on_delivery.or_else(|| {
        // What the driver collects for one of several parcels only the courier knows.
        let whole = order.snapshot.cash_on_delivery && counting.len() == 1;
        whole.then_some(order.snapshot.total)
    });
    // The pages that hang on the order page; without one, the page that every message has.
    let page = |path: &str| match &input.links.order {
        Some(order) => format!("{order}{path}"),
        None => input.links.preferences.clone(),
    };
    Some(ParcelContext {
        carrier: told.carrier.as_deref().map(title).filter(|c| !c.is_empty()),
        number: told.number.as_deref().map(title).filter(|n| !n.is_empty()),
        url: told.url.as_deref().and_then(safe_url),
        hours_today: parcel
            .window
            .filter(|w| !w.days && w.until > input.now)
            .and_then(|w| hours(&w, &shop_zone, locale))
            .filter(|(day, _)| *day == today)
            .map(|(_, words)| words),
        delay: promised_on(order)
            .filter(|promised| expected_until(parcel, &shop_zone) > Some(*promised))
            .map(|promised| DelayContext {
                promised: format::date_with_weekday(promised, locale),
                expected: expected.clone(),
            }),
        expected,
        lines: order
            .snapshot
            .lines
            .iter()
            .filter(inside)
            .map(line)
            .collect(),
        position: position.map(|p| p as u16 + 1),
        of: counting.len(),
        delivered: parcel
            .delivered_at
            .map(|at| moment(&at.to_zoned(zone.clone()), locale)),
        reason: parcel
            .reason
            .as_deref()
            .and_then(|reason| reason_words(reason, locale))
            .map(str::to_owned),
        needs_you: parcel.act_by == dopo_core::parcel::ActBy::Buyer,
        cash_on_delivery: cash.map(money),
        hold_url: match parcel.question() {
            Some(_) => page(&format!("/hold/{}", parcel.seq)),
            None => page(""),
        },
        problem_url: page("/problem"),
        hold: parcel.hold().map(|hold| hold_context(input, hold, zone)),
        pickup: parcel
            .pickup_point
            .as_ref()
            .map(|point| pickup_context(point, today, locale)),
        silent_since: parcel
            .silent_since
            .map(|at| format::date_with_weekday(at.to_zoned(zone.clone()).date(), locale)),
    })
}

fn shop_zone(input: &ContextInput<'_>) -> TimeZone {
    zone_named(&input.shop.settings.time_zone).unwrap_or(TimeZone::UTC)
}

fn hold_context(input: &ContextInput<'_>, hold: &DepotHold, zone: &TimeZone) -> HoldContext {
    let (locale, rules) = (input.locale, &input.shop.settings.hold);
    let closes_at = hold.closes_at(rules);
    let until = closes_at.to_zoned(zone.clone());
    let answer = hold.answer.as_ref().map(|answer| match answer.action {
        HoldAction::Redeliver => locale.pick(
            "una nuova consegna allo stesso indirizzo",
            "a new delivery to the same address",
        ),
        HoldAction::OtherAddress => locale.pick(
            "la consegna a un altro indirizzo",
            "delivery to another address",
        ),
        HoldAction::Collect => locale.pick("il ritiro di persona", "collection in person"),
        HoldAction::SendBack => {
            locale.pick("il rientro del pacco al negozio", "its return to the shop")
        }
    });
    HoldContext {
        open: hold.awaits_answer() && input.now < closes_at && !rules.actions.is_empty(),
        until: moment(&until, locale),
        until_short: format!(
            "{}{}/{:02} {} {}",
            match (locale, until.day()) {
                (Locale::En, _) => "",
                (Locale::It, 8 | 11) => "l'",
                (Locale::It, _) => "il ",
            },
            until.day(),
            until.month(),
            locale.pick("ore", "at"),
            format::time(until.time())
        ),
        ends_on: hold.expiry_told.then(|| {
            format::date_with_weekday(hold.expires_at.to_zoned(zone.clone()).date(), locale)
        }),
        branch: hold.branch.as_deref().map(title).filter(|b| !b.is_empty()),
        free: rules.payer == Payer::Shop,
        price: rules
            .price_words
            .as_deref()
            .filter(|_| rules.payer == Payer::Buyer)
            .map(title)
            .filter(|p| !p.is_empty()),
        answer: answer.map(str::to_owned),
        by_shop: hold.by == Some(InstructedBy::Shop),
        outcome: hold.outcome.as_ref().map(|outcome| {
            match outcome {
                HoldOutcome::Asked => "asked",
                HoldOutcome::Accepted { .. } => "accepted",
                HoldOutcome::Deferred => "deferred",
                HoldOutcome::Refused { .. } => "refused",
                HoldOutcome::ByHand => "by_hand",
            }
            .to_owned()
        }),
    }
}

fn pickup_context(point: &PickupPoint, today: Date, locale: Locale) -> PickupContext {
    let some = |text: &Option<String>| text.as_deref().map(clean_line).filter(|t| !t.is_empty());
    let town: Vec<String> = [some(&point.postal_code), some(&point.city)]
        .into_iter()
        .flatten()
        .collect();
    let address: Vec<String> = [some(&point.street), Some(town.join(" "))]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let until = point.until.filter(|day| *day >= today);
    PickupContext {
        name: point.name.as_deref().map(title).filter(|n| !n.is_empty()),
        address: Some(address.join(", ")).filter(|a| !a.is_empty()),
        hours: point
            .hours
            .iter()
            .map(|line| title(line))
            .filter(|line| !line.is_empty())
            .take(HOURS_SHOWN_MAX)
            .collect(),
        until: until.map(|day| format::date_with_weekday(day, locale)),
        until_relative: until.map(|day| format::relative_day(day, today, locale)),
    }
}

/// What a person reported last.
pub(super) fn problem_context(order: &Order, locale: Locale) -> Option<ProblemContext> {
    let problem = order.problems.last()?;
    let (it, en) = match problem.kind {
        ProblemKind::NotReceived => ("il pacco non è arrivato", "the parcel has not arrived"),
        ProblemKind::Damaged => (
            "è arrivato qualcosa di danneggiato",
            "something arrived damaged",
        ),
        ProblemKind::WrongItem => ("è arrivato l'articolo sbagliato", "the wrong item arrived"),
        ProblemKind::Missing => ("nel pacco manca qualcosa", "something is missing"),
        ProblemKind::Other => ("c'è un problema con l'ordine", "there is a problem"),
    };
    Some(ProblemContext {
        kind: problem.kind.as_str().to_owned(),
        words: locale.pick(it, en).to_owned(),
        photos: problem.photos.len(),
    })
}

/// The day by which it should be there: the courier's own word, our estimate, what the shop was told, the promise.
pub(super) fn expected_day(parcel: &Parcel, order: &Order, zone: &TimeZone) -> Option<Date> {
    expected_until(parcel, zone)
        .or(parcel.snapshot.expected_on)
        .or(order.snapshot.promised_on)
}

/// When it should come, in words; nothing once that has passed.
fn expected_words(
    parcel: &Parcel,
    order: &Order,
    now: Timestamp,
    zone: &TimeZone,
    locale: Locale,
) -> Option<String> {
    let today = zone.to_datetime(now).date();
    let (from, until) = match (&parcel.window, &parcel.estimate) {
        (Some(window), _) => {
            if window.until <= now {
                return None;
            }
            if let Some((day, hours)) = hours(window, zone, locale).filter(|_| !window.days) {
                let word = match (day == today, today.tomorrow().ok() == Some(day)) {
                    (true, _) => locale.pick("oggi", "today").to_owned(),
                    (_, true) => locale.pick("domani", "tomorrow").to_owned(),
                    _ => format::date_with_weekday(day, locale),
                };
                return Some(format!("{word} {hours}"));
            }
            let day = |at| zone.to_datetime(at).date();
            (day(window.from), day(window.until))
        }
        (None, Some(estimate)) => (estimate.from, estimate.until),
        (None, None) => {
            let day = expected_day(parcel, order, zone)?;
            (day, day)
        }
    };
    days_words(from, until, today, locale)
}

/// "tra giovedì 26 e sabato 28 novembre"; what lies before today is no longer said.
fn days_words(from: Date, until: Date, today: Date, locale: Locale) -> Option<String> {
    if until < today {
        return None;
    }
    if from >= until {
        return Some(format::relative_day(until, today, locale));
    }
    let last = format::date_with_weekday(until, locale);
    if from < today {
        return Some(match locale {
            Locale::It => format!("entro {last}"),
            Locale::En => format!("by {last}"),
        });
    }
    let first = if (from.year(), from.month()) == (until.year(), until.month()) {
        format!(
            "{} {}",
            format::weekday_name(from.weekday(), locale),
            from.day()
        )
    } else {
        format::date_with_weekday(from, locale)
    };
    Some(match locale {
        Locale::It => format!("tra {first} e {last}"),
        Locale::En => format!("between {first} and {last}"),
    })
}

/// The day and the hours of a window within one day: "tra le 10 e le 14".
fn hours(window: &Window, zone: &TimeZone, locale: Locale) -> Option<(Date, String)> {
    let (from, until) = (
        zone.to_datetime(window.from),
        zone.to_datetime(window.until),
    );
    (from.date() == until.date() && !window.days).then(|| {
        (
            from.date(),
            format::window_friendly(from.time(), until.time(), locale),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_estimate_is_told_as_the_days_it_spans() {
        let today = date(2026, 11, 24);
        let say = |from, until, locale| days_words(from, until, today, locale);
        let (d26, d28) = (date(2026, 11, 26), date(2026, 11, 28));
        assert_eq!(
            say(d26, d28, Locale::It).as_deref(),
            Some("tra giovedì 26 e sabato 28 novembre")
        );
        assert_eq!(
            say(d26, d28, Locale::En).as_deref(),
            Some("between Thursday 26 and Saturday 28 November")
        );
        assert_eq!(
            say(date(2026, 11, 30), date(2026, 12, 2), Locale::It).as_deref(),
            Some("tra lunedì 30 novembre e mercoledì 2 dicembre")
        );
        assert_eq!(
            say(date(2026, 11, 23), d28, Locale::It).as_deref(),
            Some("entro sabato 28 novembre")
        );
        assert_eq!(
            say(date(2026, 11, 25), date(2026, 11, 25), Locale::It).as_deref(),
            Some("domani (mercoledì 25 novembre)")
        );
        assert_eq!(
            say(date(2026, 11, 20), date(2026, 11, 23), Locale::It),
            None
        );
    }
}
