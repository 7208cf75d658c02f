//! Whether the order page may show more of the shop's goods to its person.
//!
//! The page is no message, and such goods promote all the same (PRIV-08): they are shown only where a mail about similar
//! goods could rest on something, and never beside a parcel that worries somebody.

use super::decide::ground_of_similar;
use super::{Ask, Basis, Content, Reason};
use crate::consent::{Channel, Purpose};
use crate::customer::Customer;
use crate::effect::OpenTask;
use crate::italy::Locale;
use crate::italy::hours::zone_named;
use crate::order::{Order, ProblemKind, ReturnState, Standing};
use crate::parcel::{Direction, Parcel};
use crate::product::similar_groups;
use crate::shop::{ShopSettings, TrackingMode};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Goods shown on one page at most.
pub const PAGE_GOODS_MAX: usize = 3;

/// The page's yes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageGrant {
    /// What it rests on.
    pub basis: Basis,
    /// The proof: `consent:ROW`, `order:ID notice:VERSION`.
    pub evidence: String,
    /// How clicks may be measured: off, or counted without a person. A page belongs to no message that a click could be
    /// counted to, and says of itself that it follows nobody.
    pub tracking_click: TrackingMode,
}

/// Why the page shows no goods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageWhy {
    /// The shop has switched them off.
    SwitchedOff,
    /// The law or the person's word is against it.
    Denied(Reason),
    /// A parcel is late, held, lost, silent, taken back or on its way back.
    ParcelTrouble,
    /// The person reported a problem with this order, and its case is still open.
    ProblemReported,
}

impl PageWhy {
    /// The stable name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            PageWhy::SwitchedOff => "switched_off",
            PageWhy::Denied(why) => why.as_str(),
            PageWhy::ParcelTrouble => "parcel_trouble",
            PageWhy::ProblemReported => "problem_reported",
        }
    }

    /// One line that a marketer understands.
    pub fn words(self, locale: Locale) -> &'static str {
        let (it, en) = match self {
            PageWhy::SwitchedOff => (
                "Il negozio le ha spente nelle impostazioni.",
                "The shop has switched them off in its settings.",
            ),
            PageWhy::Denied(why) => return why.words(locale),
            PageWhy::ParcelTrouble => (
                "Un pacco è in ritardo, fermo, perso o sta tornando indietro: prima si risolve quello.",
                "A parcel is late, held, lost or coming back: that comes first.",
            ),
            PageWhy::ProblemReported => (
                "Ha segnalato un problema con l'ordine: prima si risolve quello.",
                "They reported a problem with the order: that comes first.",
            ),
        };
        locale.pick(it, en)
    }
}

/// The page's word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PageDecision {
    /// Yes, on this basis.
    Show(PageGrant),
    /// No.
    Leave {
        /// Why not.
        why: PageWhy,
    },
}

/// May the page of this order show its person goods similar to those bought?
///
/// Consent to marketing or soft spam carries it (PRIV-06, PRIV-08), about goods of the groups of this very order: the choice
/// is made by the order that is looked at and by nothing that the person did elsewhere, so that it is no profiling.
/// `open_tasks` are the tasks about this order that nobody has done yet: a reported problem stands in the way until its
/// case is closed ([`has_open_case`]).
pub fn decide_page(
    shop: &ShopSettings,
    person: &Customer,
    order: &Order,
    open_tasks: &[OpenTask],
    now: Timestamp,
) -> PageDecision {
    let leave = |why| PageDecision::Leave { why };
    if !shop.products_on_page {
        return leave(PageWhy::SwitchedOff);
    }
    let groups: Vec<String> = similar_groups(shop, Some(order))
        .into_iter()
        .map(str::to_owned)
        .collect();
    let ask = Ask {
        shop,
        person,
        purpose: Purpose::MarketingSimilar,
        channel: Channel::Email,
        content: Content {
            promo: true,
            groups: &groups,
            ..Content::default()
        },
        order: Some(order),
        cart: None,
        now,
    };
    let (basis, evidence) = match ground_of_similar(&ask) {
        Ok(found) => found,
        Err(why) => return leave(PageWhy::Denied(why)),
    };
    if groups.is_empty() {
        return leave(PageWhy::Denied(Reason::NotSimilar));
    }
    if in_trouble(shop, order, now) {
        return leave(PageWhy::ParcelTrouble);
    }
    if has_open_case(order, open_tasks) {
        return leave(PageWhy::ProblemReported);
    }
    PageDecision::Show(PageGrant {
        basis,
        evidence,
        tracking_click: match shop.tracking_click_default {
            TrackingMode::Off => TrackingMode::Off,
            TrackingMode::Aggregate | TrackingMode::Identified => TrackingMode::Aggregate,
        },
    })
}

/// Whether a problem that was reported about this order is still somebody's task. Another problem that is reported later
/// opens a case of its own.
pub fn has_open_case(order: &Order, open_tasks: &[OpenTask]) -> bool {
    let is_case = |task: &OpenTask| ProblemKind::ALL.iter().any(|kind| kind.task() == task.kind);
    !order.problems.is_empty() && open_tasks.iter().any(is_case)
}

/// Whether something about the way of the goods worries somebody.
fn in_trouble(shop: &ShopSettings, order: &Order, now: Timestamp) -> bool {
    let going_back = |state| matches!(state, ReturnState::Requested | ReturnState::Open);
    order.standing() == Standing::Trouble
        || order.returns.iter().any(|told| going_back(told.state))
        || order
            .tracked
            .iter()
            .any(|parcel| parcel.is_live() && is_troubled(parcel))
        || is_late(shop, order, now)
}

fn is_troubled(parcel: &Parcel) -> bool {
    if parcel.direction == Direction::Return {
        return true;
    }
    let taken_back = || {
        let mut scans = parcel.checkpoints.iter();
        scans.any(|known| known.revoked_at.is_some() && known.checkpoint.state.is_possession())
    };
    let under_way = !parcel.state.is_possession();
    parcel.reason.is_some()
        || (under_way
            && (parcel.question().is_some() || parcel.silent_since.is_some() || taken_back()))
}

/// Whether the promised day has passed, or somebody's word goes beyond it, while goods are still awaited.
fn is_late(shop: &ShopSettings, order: &Order, now: Timestamp) -> bool {
    let awaited = matches!(order.standing(), Standing::Open | Standing::Shipped);
    let Some(promised) = order.snapshot.promised_on.filter(|_| awaited) else {
        return false;
    };
    let zone = zone_named(&shop.time_zone).unwrap_or(TimeZone::UTC);
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let beyond = |told: Option<Date>| told.is_some_and(|told| told > promised);
    day(now) > promised
        || order
            .tracked
            .iter()
            .filter(|parcel| parcel.is_live() && !parcel.state.is_possession())
            .any(|parcel| {
                beyond(parcel.window.map(|window| day(window.until)))
                    || beyond(parcel.snapshot.expected_on)
                    || beyond(parcel.estimate.map(|estimate| estimate.until))
            })
}
