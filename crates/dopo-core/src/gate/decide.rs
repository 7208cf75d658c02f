//! The decision itself. Read top-down: who can be reached, what the law lets it rest on, then the clock and the caps.

use super::{Ask, Basis, Content, Decision, Grant, Reason};
use crate::consent::{Channel, ConsentState, Purpose, Topic};
use crate::customer::Customer;
use crate::id::OrderId;
use crate::italy::hours::{Traffic, zone_named};
use crate::italy::province::Province;
use crate::shop::{ShopSettings, TrackingMode};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// A message over the cap is put off at most so long; beyond that it is denied, because it would come out of the blue.
pub const DEFER_HOURS_MAX: i64 = 72;
/// The share of promotion is looked at once a person has got this many messages within the window.
pub const MIX_CONTACTS_MIN: usize = 3;
/// A cart reminder without consent must leave within this time of the last change (PRIV-09).
pub const CART_REMINDER_HOURS_MAX: i64 = 24;
/// An opt-out register check is good for this long (PRIV-17).
pub const RPO_DAYS_MAX: i64 = 30;
/// Hours of an average month, for spans given in months.
const MONTH_HOURS: i64 = 730;

/// May this person be sent this, on this channel, for this purpose, now?
///
/// Rules section 0: basis first (a *no* there is final), then quiet hours, caps and mix (a *not now*).
pub fn decide(ask: &Ask<'_>) -> Decision {
    let (basis, evidence) = match ground(ask) {
        Ok(found) => found,
        Err(why) => return Decision::Deny { why },
    };
    if ask.content.not_after.is_some_and(|limit| ask.now > limit) {
        return Decision::Deny {
            why: Reason::TooLate,
        };
    }
    match timing(ask, basis) {
        Err(why) => Decision::Deny { why },
        Ok(Some((until, why))) => {
            if ask.content.not_after.is_some_and(|limit| until > limit) {
                Decision::Deny {
                    why: Reason::TooLate,
                }
            } else {
                Decision::Defer { until, why }
            }
        }
        Ok(None) => Decision::Allow(Grant {
            basis,
            evidence: evidence.to_string(),
            tracking_open: tracking(ask, Topic::TrackingOpen, ask.shop.tracking_open_default),
            tracking_click: tracking(ask, Topic::TrackingClick, ask.shop.tracking_click_default),
            promo_blocks: promo_blocks(ask),
        }),
    }
}

/// What the message may rest on, with its evidence; or why nothing carries it (table 0.2).
pub fn basis_for(ask: &Ask<'_>) -> Result<(Basis, String), Reason> {
    ground(ask).map(|(basis, evidence)| (basis, evidence.to_string()))
}

/// The proof of a basis, put into words only where it is kept.
#[derive(Clone, Copy, Debug)]
enum Evidence<'a> {
    Law,
    Request,
    BrowserPermission,
    Order(OrderId),
    Consent(i64),
    Cart(&'a str),
    Register(Timestamp),
    Notice(OrderId, &'a str),
}

impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Evidence::Law => f.write_str("law"),
            Evidence::Request => f.write_str("request"),
            Evidence::BrowserPermission => f.write_str("browser-permission"),
            Evidence::Order(order) => write!(f, "order:{order}"),
            Evidence::Consent(row) => write!(f, "consent:{row}"),
            Evidence::Cart(cart) => write!(f, "cart:{cart}"),
            Evidence::Register(checked_at) => write!(f, "rpo:{checked_at}"),
            Evidence::Notice(order, version) => write!(f, "order:{order} notice:{version}"),
        }
    }
}

type Ground<'a> = Result<(Basis, Evidence<'a>), Reason>;

fn ground<'a>(ask: &Ask<'a>) -> Ground<'a> {
    let person = ask.person;
    if ask.purpose == Purpose::ThirdParty {
        return Err(Reason::ThirdParty);
    }
    reachable(person, ask.channel)?;
    if ask.purpose == Purpose::Legal {
        return if ask.content.promo {
            Err(Reason::PromoNotAllowed)
        } else {
            Ok((Basis::LegalDuty, Evidence::Law))
        };
    }
    let promotional = is_promotional(ask.purpose);
    if person.minor && (promotional || matches!(ask.purpose, Purpose::Feedback | Purpose::Cart)) {
        return Err(Reason::Minor);
    }
    if ask.content.profiled && !person.consents.agreed(Topic::Profiling, None) {
        return Err(Reason::NoProfilingConsent);
    }
    if person.suppression.complained_at.is_some() && !matches!(ask.purpose, Purpose::Service) {
        return Err(Reason::Complained);
    }
    if ask.content.promo
        && matches!(
            ask.purpose,
            Purpose::Service | Purpose::Care | Purpose::Feedback
        )
    {
        return Err(Reason::PromoNotAllowed);
    }
    if let Some(order) = ask.order
        && !order.stands()
        && matches!(
            ask.purpose,
            Purpose::Care | Purpose::Feedback | Purpose::MarketingSimilar
        )
    {
        return Err(Reason::OrderGone);
    }
    if matches!(ask.purpose, Purpose::Marketing | Purpose::MarketingSimilar) && asleep(ask) {
        return Err(Reason::Sunset);
    }
    match ask.purpose {
        Purpose::Service => service(ask),
        Purpose::Care => care(ask),
        Purpose::Feedback => consent_or_soft_spam(ask, &[Topic::Feedback, Topic::Marketing]),
        Purpose::Cart => cart(ask),
        Purpose::MarketingSimilar => {
            consent_or_soft_spam(ask, &[Topic::MarketingSimilar, Topic::Marketing])
        }
        Purpose::Marketing => consent_or_register(ask, &[Topic::Marketing]),
        Purpose::Legal | Purpose::ThirdParty => Err(Reason::ThirdParty),
    }
}

/// What promoting goods similar to an order's may rest on where nothing is sent: as for a message of
/// [`Purpose::MarketingSimilar`], but no address is needed, and whoever looks at a page is awake.
pub(super) fn ground_of_similar(ask: &Ask<'_>) -> Result<(Basis, String), Reason> {
    if ask.person.minor {
        return Err(Reason::Minor);
    }
    if ask.person.suppression.complained_at.is_some() {
        return Err(Reason::Complained);
    }
    if ask.order.is_some_and(|order| !order.stands()) {
        return Err(Reason::OrderGone);
    }
    consent_or_soft_spam(ask, &[Topic::MarketingSimilar, Topic::Marketing])
        .map(|(basis, evidence)| (basis, evidence.to_string()))
}

/// Whether the purpose is promotion in the sense of caps and mix.
pub fn is_promotional(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::MarketingSimilar | Purpose::Marketing)
}

fn reachable(person: &Customer, channel: Channel) -> Result<(), Reason> {
    match channel {
        Channel::Email if person.email().is_none() => Err(Reason::NoAddress),
        Channel::Email if person.suppression.hard_bounced_at.is_some() => Err(Reason::HardBounce),
        Channel::Sms | Channel::Call if person.phone().is_none() => Err(Reason::NoAddress),
        Channel::Sms | Channel::Call if person.suppression.phone_dead_at.is_some() => {
            Err(Reason::HardBounce)
        }
        Channel::Push if !person.attributes.contains_key("push") => Err(Reason::NoAddress),
        _ => Ok(()),
    }
}

fn order_evidence<'a>(ask: &Ask<'a>) -> Option<Evidence<'a>> {
    ask.order.map(|order| Evidence::Order(order.id))
}

fn negative(ask: &Ask<'_>, topic: Topic) -> bool {
    ask.person
        .consents
        .state(topic, Some(ask.channel))
        .is_negative()
}

fn agreed<'a>(ask: &Ask<'a>, topics: &[Topic]) -> Option<Evidence<'a>> {
    topics.iter().find_map(|topic| {
        let cell = ask.person.consents.cell(*topic, Some(ask.channel))?;
        (cell.state == ConsentState::Confirmed).then_some(Evidence::Consent(cell.evidence))
    })
}

/// Why there is no consent: asked and open, or never given.
fn without_consent(ask: &Ask<'_>, topics: &[Topic]) -> Reason {
    if topics.iter().any(|t| negative(ask, *t)) {
        Reason::Objected
    } else if topics
        .iter()
        .any(|t| ask.person.consents.state(*t, Some(ask.channel)) == ConsentState::Granted)
    {
        Reason::ConsentUnconfirmed
    } else {
        Reason::NoConsent
    }
}

fn service<'a>(ask: &Ask<'a>) -> Ground<'a> {
    if negative(ask, Topic::Service) {
        return Err(Reason::Objected);
    }
    // E-mail, calls and the number given for the delivery rest on the contract; push on the browser's permission.
    match order_evidence(ask) {
        Some(evidence) => Ok((Basis::Contract, evidence)),
        None if ask.channel == Channel::Email => Ok((Basis::Contract, Evidence::Request)),
        None => Err(Reason::ChannelNeedsConsent),
    }
}

fn care<'a>(ask: &Ask<'a>) -> Ground<'a> {
    if negative(ask, Topic::Care) {
        return Err(Reason::Objected);
    }
    let evidence = order_evidence(ask).ok_or(Reason::NoPurchase)?;
    match ask.channel {
        Channel::Email => Ok((Basis::LegitimateInterest, evidence)),
        Channel::Sms => agreed(ask, &[Topic::Care, Topic::Service])
            .map(|evidence| (Basis::Consent, evidence))
            .ok_or_else(|| without_consent(ask, &[Topic::Care, Topic::Service])),
        Channel::Push => Ok((Basis::Consent, Evidence::BrowserPermission)),
        Channel::Call => Err(Reason::ChannelNotAllowed),
    }
}

/// PRIV-09: without consent one informative reminder within 24 hours, and none after a refusal of marketing.
fn cart<'a>(ask: &Ask<'a>) -> Ground<'a> {
    let topics = [Topic::Cart, Topic::Marketing];
    if topics.iter().any(|t| negative(ask, *t)) {
        return Err(Reason::Objected);
    }
    if let Some(evidence) = agreed(ask, &topics) {
        return match ask.channel {
            Channel::Call => Err(Reason::ChannelNotAllowed),
            _ => Ok((Basis::Consent, evidence)),
        };
    }
    if ask.channel != Channel::Email {
        return Err(without_consent(ask, &topics));
    }
    if ask.content.promo {
        return Err(Reason::PromoNotAllowed);
    }
    let cart = ask.cart.ok_or(Reason::CartLimit)?;
    if !cart.is_open() {
        return Err(Reason::NoLongerTrue);
    }
    let already = cart.reminders - u16::from(ask.content.this.is_some() && cart.reminders > 0);
    let late = ask.now.duration_since(cart.snapshot.updated_at)
        > SignedDuration::from_hours(CART_REMINDER_HOURS_MAX);
    if already > 0 || late {
        return Err(Reason::CartLimit);
    }
    Ok((
        Basis::CartReminder,
        Evidence::Cart(&cart.snapshot.external_id),
    ))
}

fn consent_or_soft_spam<'a>(ask: &Ask<'a>, topics: &[Topic]) -> Ground<'a> {
    if topics.iter().any(|t| negative(ask, *t)) {
        return Err(Reason::Objected);
    }
    match consent_or_register(ask, topics) {
        Ok(found) => Ok(found),
        Err(why) if ask.channel != Channel::Email => Err(match why {
            Reason::NoConsent => Reason::ChannelNeedsConsent,
            why => why,
        }),
        Err(_) => soft_spam(ask),
    }
}

fn consent_or_register<'a>(ask: &Ask<'a>, topics: &[Topic]) -> Ground<'a> {
    if topics.iter().any(|t| negative(ask, *t)) {
        return Err(Reason::Objected);
    }
    if ask.channel == Channel::Call {
        return call(ask, topics);
    }
    agreed(ask, topics)
        .map(|evidence| (Basis::Consent, evidence))
        .ok_or_else(|| without_consent(ask, topics))
}

/// PRIV-17: consent or a register check not older than 30 days; a hit newer than the consent cancels it.
fn call<'a>(ask: &Ask<'a>, topics: &[Topic]) -> Ground<'a> {
    let (checked_at, listed) = ask.person.rpo_check.ok_or(Reason::OptOutRegister)?;
    if ask.now.duration_since(checked_at) > SignedDuration::from_hours(24 * RPO_DAYS_MAX) {
        return Err(Reason::OptOutRegister);
    }
    let consent = topics
        .iter()
        .filter_map(|t| ask.person.consents.cell(*t, Some(Channel::Call)))
        .find(|cell| cell.state == ConsentState::Confirmed && !(listed && checked_at > cell.at));
    match consent {
        Some(cell) => Ok((Basis::Consent, Evidence::Consent(cell.evidence))),
        None if listed => Err(Reason::OptOutRegister),
        None => Ok((Basis::LegitimateInterest, Evidence::Register(checked_at))),
    }
}

/// PRIV-06: Privacy Code art. 130(4); every condition must hold, for e-mail only.
fn soft_spam<'a>(ask: &Ask<'a>) -> Ground<'a> {
    let bought = &ask.person.purchases;
    if bought.orders == 0 {
        return Err(Reason::NoPurchase);
    }
    let Some((order, version)) = &bought.notice else {
        return Err(Reason::NoNotice);
    };
    let lapse = SignedDuration::from_hours(i64::from(ask.shop.soft_spam_months) * MONTH_HOURS);
    if bought
        .last_at
        .is_none_or(|last| ask.now.duration_since(last) > lapse)
    {
        return Err(Reason::PurchaseTooOld);
    }
    if ask.purpose != Purpose::Feedback {
        let similar = if ask.content.groups.is_empty() {
            !bought.groups.is_empty()
        } else {
            ask.content
                .groups
                .iter()
                .all(|g| bought.groups.contains_key(g))
        };
        if !similar {
            return Err(Reason::NotSimilar);
        }
    }
    Ok((Basis::SoftSpam, Evidence::Notice(*order, version)))
}

fn asleep(ask: &Ask<'_>) -> bool {
    let limit = SignedDuration::from_hours(i64::from(ask.shop.sunset_months) * MONTH_HOURS);
    let since = ask.person.active_at.unwrap_or(ask.person.created_at);
    ask.now.duration_since(since) > limit
}

fn tracking(ask: &Ask<'_>, topic: Topic, default: TrackingMode) -> TrackingMode {
    if ask.purpose == Purpose::Legal || ask.channel != Channel::Email {
        return TrackingMode::Off;
    }
    if ask.person.consents.agreed(topic, None) && !ask.person.minor {
        return TrackingMode::Identified;
    }
    match default {
        TrackingMode::Off => TrackingMode::Off,
        // The shop's default never identifies anybody (PRIV-10).
        TrackingMode::Aggregate | TrackingMode::Identified => TrackingMode::Aggregate,
    }
}

/// PRIV-08: promotional blocks only where marketing of similar goods would itself be allowed, and never in `legal`.
fn promo_blocks(ask: &Ask<'_>) -> bool {
    if ask.purpose == Purpose::Legal || ask.channel != Channel::Email {
        return false;
    }
    let as_marketing = Ask {
        purpose: Purpose::MarketingSimilar,
        content: Content {
            promo: true,
            ..ask.content.clone()
        },
        ..ask.clone()
    };
    ground(&as_marketing).is_ok()
}

/// The zone the person lives in, as far as known; else the shop's.
pub fn person_zone(shop: &ShopSettings, person: &Customer) -> TimeZone {
    let own = person.time_zone.as_deref().and_then(zone_named);
    own.or_else(|| zone_named(&shop.time_zone))
        .unwrap_or(TimeZone::UTC)
}

/// Which hours hold for a purpose on a channel (SMS-05); `None` = any time.
pub fn traffic(purpose: Purpose, channel: Channel, urgent: bool, promo: bool) -> Option<Traffic> {
    match (channel, purpose) {
        (_, Purpose::Legal) => None,
        _ if urgent => Some(Traffic::Urgent),
        (Channel::Email, Purpose::Service) => None,
        (Channel::Email, _) => Some(Traffic::MarketingEmail),
        (Channel::Call, Purpose::Service | Purpose::Care) if !promo => {
            Some(Traffic::ServiceMessage)
        }
        (Channel::Call, _) => Some(Traffic::PromoCall),
        (Channel::Sms | Channel::Push, Purpose::Service | Purpose::Care) => {
            Some(Traffic::ServiceMessage)
        }
        (Channel::Sms | Channel::Push, _) => Some(Traffic::PromoMessage),
    }
}

/// Until when it must wait, and why; or why waiting does not help.
fn timing(ask: &Ask<'_>, basis: Basis) -> Result<Option<(Timestamp, Reason)>, Reason> {
    if ask.purpose == Purpose::Legal {
        return Ok(None);
    }
    let counts =
        is_promotional(ask.purpose) || (ask.purpose == Purpose::Cart && basis == Basis::Consent);
    if counts && !ask.content.requested {
        if let Some(until) = over_cap(ask) {
            if until.duration_since(ask.now) > SignedDuration::from_hours(DEFER_HOURS_MAX) {
                return Err(Reason::FrequencyCap);
            }
            return Ok(Some((until, Reason::FrequencyCap)));
        }
        if is_promotional(ask.purpose) && over_mix(ask) {
            return Err(Reason::ContentMix);
        }
    }
    let Some(kind) = traffic(
        ask.purpose,
        ask.channel,
        ask.content.urgent,
        ask.content.promo,
    ) else {
        return Ok(None);
    };
    let zone = person_zone(ask.shop, ask.person);
    let patron = ask
        .person
        .province
        .as_deref()
        .and_then(|p| Province::parse(p).ok());
    let seed = ask.person.id.0 as u64;
    let open = ask
        .shop
        .quiet_hours
        .next_allowed(ask.now, &zone, kind, patron.as_ref(), seed);
    Ok(open.map(|until| (until, Reason::QuietHours)))
}

/// When the oldest message falls out of the window that is full; `None` when no cap is reached (SMS-06).
fn over_cap(ask: &Ask<'_>) -> Option<Timestamp> {
    let caps = &ask.shop.caps;
    let own = match ask.channel {
        Channel::Email => Some((caps.email_per_7_days, 7)),
        Channel::Sms => Some((caps.sms_per_30_days, 30)),
        Channel::Push => Some((caps.push_per_7_days, 7)),
        Channel::Call => None,
    };
    let full = |limit: u16, days: i64, channel: Option<Channel>| -> Option<Timestamp> {
        let span = SignedDuration::from_hours(24 * days);
        let hits = ask
            .person
            .contacts
            .iter()
            .filter(|c| Some(c.effect) != ask.content.this)
            .filter(|c| is_promotional(c.purpose) || c.purpose == Purpose::Cart)
            .filter(|c| channel.is_none_or(|channel| channel == c.channel))
            .map(|c| c.at)
            .filter(|at| ask.now.duration_since(*at) < span);
        if hits.clone().count() < usize::from(limit) {
            return None;
        }
        let mut times: Vec<Timestamp> = hits.collect();
        times.sort_unstable();
        // With `limit` allowed, the window has room again when all but `limit - 1` of these have left it.
        let leaves = times[times.len() - usize::from(limit).max(1)];
        Some(leaves.checked_add(span).unwrap_or(Timestamp::MAX))
    };
    let own = own.and_then(|(limit, days)| full(limit, days, Some(ask.channel)));
    own.max(full(caps.all_per_7_days, 7, None))
}

/// Whether one more promotional message would raise their share above the shop's budget (IT-07).
fn over_mix(ask: &Ask<'_>) -> bool {
    let span = SignedDuration::from_hours(24 * i64::from(ask.shop.mix.window_days));
    let recent: Vec<_> = ask
        .person
        .contacts
        .iter()
        .filter(|c| Some(c.effect) != ask.content.this && ask.now.duration_since(c.at) < span)
        .collect();
    if recent.len() < MIX_CONTACTS_MIN {
        return false;
    }
    let promo = recent.iter().filter(|c| is_promotional(c.purpose)).count() + 1;
    promo * 100 > usize::from(ask.shop.mix.promo_percent_max) * (recent.len() + 1)
}
