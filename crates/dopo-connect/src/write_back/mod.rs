//! Our truth back to the shop's platform: a parcel's new state as an event of Shopify's fulfilment, or as a note on
//! WooCommerce's order.
//!
//! What is written is made by pure functions; the desks only carry it. Neither platform takes a key under which it would
//! know a repeat, so each is asked first whether it holds the word already.

pub mod shopify;
pub mod woocommerce;

use crate::couriers::http::Trouble;
use dopo_core::parcel::{Courier, ParcelState, culprit};
use dopo_engine::ports::{ShopWord, Written};

/// At the end of what we write, so that it is recognised when the platform sends it back to us.
pub const OUR_MARK: &str = " · Dopo";

/// Whether a platform's message was ours.
pub fn is_ours(message: &str) -> bool {
    message.trim_end().ends_with(OUR_MARK.trim_start())
}

/// A state in words for the people in the shop; nothing for states that are no news to them.
pub fn words(word: &ShopWord) -> Option<String> {
    let (it, en) = match word.state {
        ParcelState::Unknown | ParcelState::Cancelled => return None,
        ParcelState::Announced => (
            "Spedizione annunciata al corriere",
            "Announced to the courier",
        ),
        ParcelState::PickedUp => ("Ritirato dal corriere", "Picked up by the courier"),
        ParcelState::InTransit => ("In viaggio", "In transit"),
        ParcelState::Customs => ("In dogana", "At customs"),
        ParcelState::AtDepot => ("Nella filiale di consegna", "At the depot that delivers"),
        ParcelState::OutForDelivery => ("In consegna", "Out for delivery"),
        ParcelState::AttemptFailed => (
            "Tentativo di consegna non riuscito",
            "Delivery attempt failed",
        ),
        ParcelState::HeldAtDepot => (
            "In giacenza: attende istruzioni",
            "Held at the depot: awaits instructions",
        ),
        ParcelState::ReadyForPickup => ("Pronto al punto di ritiro", "Ready at the pick-up point"),
        ParcelState::Delivered => ("Consegnato", "Delivered"),
        ParcelState::Collected => ("Ritirato dal cliente", "Collected by the customer"),
        ParcelState::Refused => ("Rifiutato dal destinatario", "Refused by the recipient"),
        ParcelState::Returning => ("In rientro al mittente", "Going back to the sender"),
        ParcelState::Returned => ("Rientrato al mittente", "Back at the sender"),
        ParcelState::Lost => ("Smarrito", "Lost"),
        ParcelState::Expired => (
            "Il corriere non dà più notizie",
            "The courier tells nothing any more",
        ),
    };
    let carrier = word.carrier.as_deref().map(|name| {
        Courier::named(name).map_or_else(|| name.to_owned(), |courier| courier.title().to_owned())
    });
    let mut text = word.locale.pick(it, en).to_owned();
    if is_late(word) {
        text.push_str(word.locale.pick(" (in ritardo)", " (delayed)"));
    }
    if let Some(carrier) = carrier {
        text = format!("{carrier}: {text}");
    }
    Some(text)
}

/// Whether the reason is a delay that nobody has to act on.
pub(crate) fn is_late(word: &ShopWord) -> bool {
    word.reason
        .as_deref()
        .is_some_and(|reason| culprit(reason).is_some() && reason.ends_with("_delayed"))
}

/// What a call that failed means for the word.
fn troubled(trouble: Trouble) -> Written {
    match trouble {
        Trouble::Unknown => {
            Written::Refused("the platform does not know this order or fulfilment".to_owned())
        }
        Trouble::Later { after, why } => Written::Later { after, why },
        Trouble::Refused(why) | Trouble::Unreadable(why) => Written::Refused(why),
    }
}
