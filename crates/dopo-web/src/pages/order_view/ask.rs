//! A question to the courier: where it helps, how it stands, and what came of it.

use super::{Page, order_view};
use crate::words::{Voice, fill};
use dopo_core::order::Order;
use dopo_core::parcel::{LookAnswer, LookAsked, NotAsked, Parcel};
use dopo_core::shop::ShopSettings;
use dopo_engine::couriers::AskStanding;
use jiff::Timestamp;

/// The form with its one button.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskForm {
    /// Where it is sent.
    pub action: String,
    /// What shows that it is ours.
    pub proof: String,
}

/// What the order page says about asking the courier for one parcel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskBox {
    /// How the last question stands, or why there is none.
    pub said: Option<String>,
    /// The button, where it may be asked.
    pub form: Option<AskForm>,
}

/// What stands beside a parcel; `form` where its courier can be asked, none where it tells by itself. `None` where asking
/// does not help.
pub fn ask_box(
    shop: &ShopSettings,
    order: &Order,
    parcel: &Parcel,
    voice: Voice,
    now: Timestamp,
    form: Option<AskForm>,
) -> Option<AskBox> {
    let page = Page::new(shop, order, voice, now, "");
    let last = parcel.last_ask().map(|ask| page.ask_told(ask));
    match (order.may_ask(parcel, None, now, &page.zone), form) {
        // What an answer made needless to ask is told as long as nobody could ask again.
        (Err(NotAsked::NoUse), _) => {
            let recent = parcel.last_ask().filter(|ask| now < ask.again_at());
            recent.and(last).map(|said| AskBox {
                said: Some(said),
                form: None,
            })
        }
        (Ok(_), Some(form)) => Some(AskBox {
            said: last,
            form: Some(form),
        }),
        (Ok(_), None) => Some(AskBox {
            said: Some(voice.ask_by_itself().to_owned()),
            form: None,
        }),
        (Err(NotAsked::Asked(_) | NotAsked::Looked(_)), _) => Some(AskBox {
            said: last,
            form: None,
        }),
        (Err(NotAsked::DayOver), _) => Some(AskBox {
            said: Some(voice.ask_day_over().to_owned()),
            form: None,
        }),
    }
}

/// Why a question was not asked: a heading and what else there is to say.
pub fn ask_words(
    shop: &ShopSettings,
    order: &Order,
    voice: Voice,
    now: Timestamp,
    standing: AskStanding,
) -> (String, Vec<String>) {
    let page = Page::new(shop, order, voice, now, "");
    let stands = || order_view(shop, order, voice, now, "").sentence;
    match standing {
        AskStanding::Free => (voice.ask_button().to_owned(), Vec::new()),
        AskStanding::Not(NotAsked::Asked(ask)) => {
            let again = fill(
                voice.ask_again(),
                &[("when", &page.deadline_words(ask.again_at()))],
            );
            let mut more = vec![again];
            if ask.answer.is_some() {
                more.insert(0, stands());
            }
            (page.ask_told(&ask), more)
        }
        AskStanding::Not(NotAsked::Looked(at)) => {
            let said = fill(voice.ask_looked(), &[("when", &page.deadline_words(at))]);
            (said, vec![stands()])
        }
        AskStanding::Not(NotAsked::DayOver) => (voice.ask_day_over().to_owned(), Vec::new()),
        AskStanding::Not(NotAsked::NoUse) | AskStanding::Nobody => {
            (voice.ask_no_use().to_owned(), Vec::new())
        }
        AskStanding::ByItself => (voice.ask_by_itself().to_owned(), Vec::new()),
        AskStanding::Busy => (voice.ask_busy().to_owned(), Vec::new()),
    }
}

impl Page<'_> {
    /// How a question stands.
    fn ask_told(&self, ask: &LookAsked) -> String {
        let v = self.voice;
        let text = match ask.answer {
            None if ask.is_open(self.now) => v.ask_open(),
            None => v.ask_unanswered(),
            Some(LookAnswer::News) => v.ask_news(),
            Some(LookAnswer::Same) => v.ask_same(),
            Some(LookAnswer::Unknown) => v.ask_unknown(),
        };
        let when = self.deadline_words(ask.answered_at.unwrap_or(ask.at));
        fill(text, &[("when", &when)])
    }
}
