//! The names of closed lists as the people of a shop read them, in Italian and English. What customers read is said
//! elsewhere, in the shop's voice.

use crate::consent::{Channel, ConsentState, Purpose, Topic};
use crate::event::Moment;
use crate::italy::Locale;
use crate::journey::CloseReason;
use crate::message::MessageStatus;
use crate::order::{PaymentState, ReturnState, Standing};
use crate::parcel::ParcelState;
use serde::Serialize;

/// One text in both languages.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Words {
    /// Italian.
    pub it: &'static str,
    /// English.
    pub en: &'static str,
}

impl Words {
    /// The text in one language.
    pub const fn pick(self, locale: Locale) -> &'static str {
        match locale {
            Locale::It => self.it,
            Locale::En => self.en,
        }
    }
}

const fn say(it: &'static str, en: &'static str) -> Words {
    Words { it, en }
}

/// A channel.
pub const fn channel(channel: Channel) -> Words {
    match channel {
        Channel::Email => say("e-mail", "e-mail"),
        Channel::Sms => say("SMS", "SMS"),
        Channel::Push => say("notifica push", "push notification"),
        Channel::Call => say("telefonata", "phone call"),
    }
}

/// A purpose.
pub const fn purpose(purpose: Purpose) -> Words {
    match purpose {
        Purpose::Legal => say("comunicazioni dovute per legge", "required by law"),
        Purpose::Service => say("aggiornamenti sull'ordine", "order updates"),
        Purpose::Care => say("consigli sul prodotto acquistato", "help with the purchase"),
        Purpose::Feedback => say("richieste di parere", "requests for feedback"),
        Purpose::Cart => say("promemoria del carrello", "cart reminders"),
        Purpose::MarketingSimilar => {
            say("offerte di prodotti simili", "offers of similar products")
        }
        Purpose::Marketing => say("offerte e novità", "offers and news"),
        Purpose::ThirdParty => say("offerte di terzi", "offers of others"),
    }
}

/// A consent topic.
pub const fn topic(topic: Topic) -> Words {
    match topic {
        Topic::Marketing => say("offerte e novità", "offers and news"),
        Topic::MarketingSimilar => say("offerte di prodotti simili", "offers of similar products"),
        Topic::Feedback => say("richieste di parere", "requests for feedback"),
        Topic::Cart => say("promemoria del carrello", "cart reminders"),
        Topic::Care => say("consigli sul prodotto acquistato", "help with the purchase"),
        Topic::Service => say("aggiornamenti sull'ordine", "order updates"),
        Topic::TrackingOpen => say("misura delle aperture", "measuring opens"),
        Topic::TrackingClick => say("misura dei clic", "measuring clicks"),
        Topic::Profiling => say("profilazione", "profiling"),
    }
}

/// What somebody said about a topic.
pub const fn consent(state: ConsentState) -> Words {
    match state {
        ConsentState::Granted => say(
            "Ha detto di sì, da confermare",
            "Said yes, not yet confirmed",
        ),
        ConsentState::Confirmed => say("Ha detto di sì", "Said yes"),
        ConsentState::Refused => say("Ha detto di no", "Said no"),
        ConsentState::Withdrawn => say("Ha revocato", "Withdrew"),
        ConsentState::Objected => say("Si è opposto", "Objected"),
        ConsentState::Unknown => say("Non si è espresso", "Has not said"),
    }
}

/// Where a parcel is.
pub const fn parcel(state: ParcelState) -> Words {
    match state {
        ParcelState::Unknown => say("Nessuna notizia", "No news"),
        ParcelState::Announced => say("Annunciato al corriere", "Announced to the carrier"),
        ParcelState::PickedUp => say("Ritirato dal corriere", "Picked up by the carrier"),
        ParcelState::InTransit => say("In viaggio", "On its way"),
        ParcelState::Customs => say("In dogana", "At customs"),
        ParcelState::AtDepot => say("Nel deposito di zona", "At the local depot"),
        ParcelState::OutForDelivery => say("In consegna", "Out for delivery"),
        ParcelState::AttemptFailed => say("Consegna non riuscita", "Delivery attempt failed"),
        ParcelState::HeldAtDepot => say("In giacenza", "Held at the depot"),
        ParcelState::ReadyForPickup => say("Pronto per il ritiro", "Ready for pick-up"),
        ParcelState::Delivered => say("Consegnato", "Delivered"),
        ParcelState::Collected => say("Ritirato dal cliente", "Collected by the customer"),
        ParcelState::Refused => say("Rifiutato", "Refused"),
        ParcelState::Returning => say("Torna indietro", "Coming back"),
        ParcelState::Returned => say("Rientrato in negozio", "Back at the shop"),
        ParcelState::Lost => say("Smarrito", "Lost"),
        ParcelState::Cancelled => say("Annullato", "Cancelled"),
        ParcelState::Expired => say(
            "Il corriere non dà più notizie",
            "The carrier has fallen silent",
        ),
    }
}

/// Where an order stands.
pub const fn standing(standing: Standing) -> Words {
    match standing {
        Standing::Open => say("Da spedire", "To be shipped"),
        Standing::Shipped => say("In viaggio", "On its way"),
        Standing::Trouble => say("Serve qualcuno", "Needs somebody"),
        Standing::Delivered => say("Consegnato", "Delivered"),
        Standing::Cancelled => say("Annullato", "Cancelled"),
    }
}

/// Where the money stands.
pub const fn payment(state: PaymentState) -> Words {
    match state {
        PaymentState::Pending => say("Da pagare", "To be paid"),
        PaymentState::Authorized => say("Autorizzato", "Authorised"),
        PaymentState::Paid => say("Pagato", "Paid"),
        PaymentState::PartiallyRefunded => say("Rimborsato in parte", "Partly refunded"),
        PaymentState::Refunded => say("Rimborsato", "Refunded"),
        PaymentState::Voided => say("Pagamento annullato", "Payment voided"),
    }
}

/// Where a return stands.
pub const fn returning(state: ReturnState) -> Words {
    match state {
        ReturnState::Requested => say("Reso richiesto", "Return requested"),
        ReturnState::Open => say("Reso accettato", "Return accepted"),
        ReturnState::Declined => say("Reso non accettato", "Return declined"),
        ReturnState::Closed => say("Reso concluso", "Return finished"),
        ReturnState::Cancelled => say("Reso annullato", "Return cancelled"),
    }
}

/// Where a message is in its life.
pub const fn message(status: MessageStatus) -> Words {
    match status {
        MessageStatus::Queued => say("In attesa di partire", "Waiting to leave"),
        MessageStatus::HeldBack => say("Trattenuto", "Held back"),
        MessageStatus::Sending => say("In partenza", "Leaving"),
        MessageStatus::Sent => say("Spedito", "Sent"),
        MessageStatus::Captured => say(
            "Catturato, non spedito davvero",
            "Captured, not really sent",
        ),
        MessageStatus::Failed => say("Non riuscito", "Failed"),
        MessageStatus::Bounced => say("Tornato indietro", "Bounced"),
        MessageStatus::InDoubt => say("Forse spedito", "Perhaps sent"),
        MessageStatus::LeftToPlatform => say("Lo manda la piattaforma", "Left to the platform"),
    }
}

/// Why a run ended.
pub const fn closed(why: CloseReason) -> Words {
    match why {
        CloseReason::Finished => say("Arrivato in fondo", "Came to its end"),
        CloseReason::Exited => say("Uscito: è successo altro", "Left: something else happened"),
        CloseReason::Goal => say("Obiettivo raggiunto", "Goal reached"),
        CloseReason::Endless => say(
            "Fermato: girava in tondo",
            "Stopped: it went round in circles",
        ),
        CloseReason::Stopped => say("Fermato a mano", "Stopped by hand"),
        CloseReason::Gone => say(
            "La persona o il negozio non c'è più",
            "The person or the shop is gone",
        ),
    }
}

/// Something that happened.
pub const fn moment(moment: Moment) -> Words {
    match moment {
        Moment::OrderPlaced => say("ordine ricevuto", "order placed"),
        Moment::OrderPaid => say("ordine pagato", "order paid"),
        Moment::OrderCancelled => say("ordine annullato", "order cancelled"),
        Moment::OrderRefunded => say("ordine rimborsato", "order refunded"),
        Moment::OrderDelivered => say("ordine consegnato", "order delivered"),
        Moment::OrderDeliveryRevoked => say("consegna smentita", "delivery taken back"),
        Moment::ParcelShipped => say("pacco spedito", "parcel shipped"),
        Moment::ParcelOutForDelivery => say("pacco in consegna", "parcel out for delivery"),
        Moment::ParcelAttemptFailed => say("consegna non riuscita", "delivery attempt failed"),
        Moment::ParcelHeld => say("pacco in giacenza", "parcel held at the depot"),
        Moment::ParcelReadyForPickup => {
            say("pacco pronto per il ritiro", "parcel ready for pick-up")
        }
        Moment::ParcelDelivered => say("pacco consegnato", "parcel delivered"),
        Moment::ParcelDeliveryRevoked => {
            say("consegna del pacco smentita", "parcel delivery taken back")
        }
        Moment::ParcelReturned => say("pacco che torna indietro", "parcel coming back"),
        Moment::ParcelLost => say("pacco smarrito", "parcel lost"),
        Moment::ParcelDelayed => say("pacco in ritardo", "parcel delayed"),
        Moment::ParcelSilent => say("corriere senza notizie", "courier silent"),
        Moment::ParcelHoldAnswered => say("giacenza: risposta data", "depot hold answered"),
        Moment::ParcelHoldRefused => {
            say("giacenza: risposta rifiutata", "depot hold answer refused")
        }
        Moment::ProblemReported => say("problema segnalato", "problem reported"),
        Moment::CartUpdated => say("carrello lasciato", "cart left"),
        Moment::CartCompleted => say("carrello diventato ordine", "cart became an order"),
        Moment::CartRemoved => say("carrello cancellato", "cart removed"),
        Moment::ReturnRequested => say("reso richiesto", "return requested"),
        Moment::MessageOpened => say("messaggio aperto", "message opened"),
        Moment::MessageClicked => say("clic in un messaggio", "click in a message"),
        Moment::MessageReplied => say("risposta a un messaggio", "reply to a message"),
        Moment::ReminderRequested => say("promemoria richiesto", "reminder requested"),
        Moment::ConsentWithdrawn => say("consenso revocato", "consent withdrawn"),
        Moment::ConsentGiven => say("consenso dato", "consent given"),
    }
}
