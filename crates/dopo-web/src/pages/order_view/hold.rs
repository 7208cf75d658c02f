//! A parcel held at the depot: what can be chosen, until when, and what became of the choice.

use super::{Page, Tone};
use crate::words::{Voice, fill};
use dopo_core::italy::{clean_line, format};
use dopo_core::order::Order;
use dopo_core::parcel::{
    DepotHold, HOLD_DAYS_USUAL, HoldAction, HoldOutcome, Parcel, ParcelState, Payer,
};
use dopo_core::shop::ShopSettings;
use jiff::Timestamp;

/// A hold as the order page tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HoldBox {
    /// What it is about.
    pub heading: &'static str,
    /// How it stands.
    pub sentence: String,
    /// What comes next.
    pub next: String,
    /// The link to the choice: its words and its address.
    pub action: Option<(&'static str, String)>,
    /// Whether something can still be chosen.
    pub open: bool,
    /// For colour.
    pub tone: Tone,
}

/// One thing that can be chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The stable name, as the form sends it.
    pub value: &'static str,
    /// In words.
    pub label: &'static str,
    /// What to know before choosing it.
    pub hints: Vec<String>,
}

/// The page of one hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HoldView {
    /// The page's title.
    pub title: &'static str,
    /// How it stands.
    pub told: HoldBox,
    /// Why it is held.
    pub why: Option<&'static str>,
    /// Where it is held.
    pub place: Option<String>,
    /// What can be chosen; empty = nothing.
    pub choices: Vec<Choice>,
    /// Until when it can be chosen, for machines.
    pub deadline: String,
    /// What is left until then, in words.
    pub left: Option<String>,
    /// What the driver collects.
    pub cod: Option<String>,
    /// What the form is about: the hold and the answer it goes beyond.
    pub stamp: String,
    /// The contact by mail.
    pub mailto: String,
}

/// What names a hold and the answer that stands: a form that was made for another standing of things does nothing.
pub fn hold_stamp(hold: &DepotHold) -> String {
    let call = hold.call.map_or_else(|| "0".to_owned(), |c| c.to_string());
    format!("{:x}-{call}", hold.opened_at.as_millisecond())
}

/// What the page of a hold says; `None` when there is no such parcel, or it is not held.
pub fn hold_view(
    shop: &ShopSettings,
    order: &Order,
    seq: u16,
    voice: Voice,
    now: Timestamp,
    base: &str,
) -> Option<HoldView> {
    let page = Page::new(shop, order, voice, now, base);
    let parcel = order.tracked.iter().find(|parcel| parcel.seq == seq)?;
    let hold = parcel.question()?;
    let told = page.hold_box(parcel)?;
    let deadline = hold.closes_at(&shop.hold);
    Some(HoldView {
        title: match hold.early {
            true => voice.early_title(),
            false => voice.hold_title(),
        },
        choices: if told.open {
            page.choices(hold)
        } else {
            Vec::new()
        },
        why: hold
            .reason
            .as_deref()
            .and_then(|reason| voice.reason(reason)),
        place: hold
            .branch
            .as_deref()
            .map(clean_line)
            .filter(|branch| !branch.is_empty() && !hold.early)
            .map(|branch| fill(voice.hold_where(), &[("branch", &branch)])),
        deadline: deadline.to_string(),
        left: format::time_left(deadline, now, voice.locale).filter(|_| told.open),
        cod: page
            .cod(parcel)
            .map(|amount| fill(voice.cod_text(), &[("amount", &amount)])),
        stamp: hold_stamp(hold),
        mailto: page.write_action("").href,
        told,
    })
}

impl Page<'_> {
    /// What the driver collects, while it is to be collected.
    pub(super) fn cod(&self, parcel: &Parcel) -> Option<String> {
        let s = &self.order.snapshot;
        let whole = || (s.cash_on_delivery && self.parcels().len() == 1).then_some(s.total);
        let amount = parcel.cash_on_delivery.or_else(whole)?;
        let due = amount.cents > 0
            && !s.payment.is_sale()
            && !parcel.state.is_possession()
            && parcel.state != ParcelState::Returned;
        due.then(|| self.amount(amount))
    }

    fn choices(&self, hold: &DepotHold) -> Vec<Choice> {
        let v = self.voice;
        let rules = &self.shop.hold;
        let mut actions: Vec<HoldAction> = hold.choices(rules).collect();
        actions.sort_unstable();
        actions.dedup();
        let price = || match (rules.payer, rules.price_words.as_deref()) {
            (Payer::Shop, _) => v.h_free().to_owned(),
            (Payer::Buyer, Some(price)) => {
                fill(v.h_price(), &[("price", clean_line(price).as_str())])
            }
            (Payer::Buyer, None) => v.h_price_unknown().to_owned(),
        };
        let hints = |action| match action {
            HoldAction::Redeliver | HoldAction::OtherAddress => vec![price()],
            HoldAction::Collect => vec![v.h_collect_hint().to_owned()],
            HoldAction::SendBack => vec![v.h_send_back_hint().to_owned()],
        };
        actions
            .into_iter()
            .map(|action| Choice {
                value: action.as_str(),
                label: v.hold_choice(action),
                hints: hints(action),
            })
            .collect()
    }

    /// The hold of a parcel that goes on, or what is asked before it while that helps.
    pub(super) fn hold_box(&self, parcel: &Parcel) -> Option<HoldBox> {
        let v = self.voice;
        let hold = parcel.question()?;
        let rules = &self.shop.hold;
        let closes = hold.closes_at(rules);
        let deadline = self.deadline_words(closes);
        let open = hold.buyer_may_answer(rules, self.now);
        if hold.early && !open && hold.answer.is_none() {
            return None;
        }
        let what = hold
            .answer
            .as_ref()
            .map(|answer| v.hold_what(answer.action))
            .unwrap_or_default();
        let about = |text: &str| fill(text, &[("what", what), ("deadline", &deadline)]);
        let (sentence, next, label, tone) = match &hold.outcome {
            None if hold.early => (
                about(v.s_early_choose()),
                v.n_early_choose().to_owned(),
                Some(v.hold_action()),
                Tone::Attention,
            ),
            None if open => {
                let next = if hold.expiry_told {
                    v.n_held_choose().to_owned()
                } else {
                    let days = HOLD_DAYS_USUAL.to_string();
                    fill(v.n_held_usual(), &[("days", &days)])
                };
                (
                    about(v.s_held_choose()),
                    next,
                    Some(v.hold_action()),
                    Tone::Bad,
                )
            }
            None => (
                v.s_held_closed().to_owned(),
                v.n_held_closed().to_owned(),
                None,
                Tone::Bad,
            ),
            Some(HoldOutcome::Asked) => (
                about(v.s_held_asked()),
                v.n_held_asked().to_owned(),
                Some(v.hold_see()),
                Tone::Calm,
            ),
            Some(HoldOutcome::Accepted { .. }) => (
                about(v.s_held_accepted()),
                v.n_held_accepted().to_owned(),
                None,
                Tone::Good,
            ),
            Some(HoldOutcome::Deferred) => (
                about(v.s_held_deferred()),
                v.n_held_deferred().to_owned(),
                None,
                Tone::Calm,
            ),
            Some(HoldOutcome::Refused { .. }) => (
                about(v.s_held_refused()),
                if open {
                    about(v.n_held_refused())
                } else {
                    v.n_held_closed().to_owned()
                },
                open.then(|| v.hold_action()),
                Tone::Bad,
            ),
            Some(HoldOutcome::ByHand) => (
                about(v.s_held_by_hand()),
                v.n_held_by_hand().to_owned(),
                open.then(|| v.hold_again()),
                Tone::Attention,
            ),
        };
        let href = self.link(&format!("hold/{}", parcel.seq));
        Some(HoldBox {
            heading: match hold.early {
                true => v.early_heading(),
                false => v.hold_heading(),
            },
            sentence,
            next,
            action: label.map(|label| (label, href)),
            open,
            tone,
        })
    }
}
