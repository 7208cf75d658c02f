//! One plain line for every basis and reason, in Italian and English.

use super::{Basis, Reason};
use crate::italy::Locale;

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 30] = [
        Reason::NoAddress,
        Reason::HardBounce,
        Reason::Complained,
        Reason::NoConsent,
        Reason::ConsentUnconfirmed,
        Reason::Objected,
        Reason::NoPurchase,
        Reason::NoNotice,
        Reason::NotSimilar,
        Reason::PurchaseTooOld,
        Reason::ChannelNeedsConsent,
        Reason::CartLimit,
        Reason::PromoNotAllowed,
        Reason::NoProfilingConsent,
        Reason::Minor,
        Reason::ThirdParty,
        Reason::ChannelNotAllowed,
        Reason::QuietHours,
        Reason::FrequencyCap,
        Reason::ContentMix,
        Reason::Sunset,
        Reason::TooLate,
        Reason::NoLongerTrue,
        Reason::AlreadyTold,
        Reason::OrderGone,
        Reason::LeftToPlatform,
        Reason::History,
        Reason::OptOutRegister,
        Reason::ShopClosed,
        Reason::Forgotten,
    ];

    /// The stable name used in storage, counters and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoAddress => "no_address",
            Reason::HardBounce => "hard_bounce",
            Reason::Complained => "complained",
            Reason::NoConsent => "no_consent",
            Reason::ConsentUnconfirmed => "consent_unconfirmed",
            Reason::Objected => "objected",
            Reason::NoPurchase => "no_purchase",
            Reason::NoNotice => "no_notice",
            Reason::NotSimilar => "not_similar",
            Reason::PurchaseTooOld => "purchase_too_old",
            Reason::ChannelNeedsConsent => "channel_needs_consent",
            Reason::CartLimit => "cart_limit",
            Reason::PromoNotAllowed => "promo_not_allowed",
            Reason::NoProfilingConsent => "no_profiling_consent",
            Reason::Minor => "minor",
            Reason::ThirdParty => "third_party",
            Reason::ChannelNotAllowed => "channel_not_allowed",
            Reason::QuietHours => "quiet_hours",
            Reason::FrequencyCap => "frequency_cap",
            Reason::ContentMix => "content_mix",
            Reason::Sunset => "sunset",
            Reason::TooLate => "too_late",
            Reason::NoLongerTrue => "no_longer_true",
            Reason::AlreadyTold => "already_told",
            Reason::OrderGone => "order_gone",
            Reason::LeftToPlatform => "left_to_platform",
            Reason::History => "history",
            Reason::OptOutRegister => "opt_out_register",
            Reason::ShopClosed => "shop_closed",
            Reason::Forgotten => "forgotten",
        }
    }

    /// The reason with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == name)
    }

    /// One line that a marketer understands, with the rule behind it.
    pub fn words(self, locale: Locale) -> &'static str {
        let (it, en) = match self {
            Reason::NoAddress => (
                "Non abbiamo un recapito su questo canale.",
                "We have no address on this channel.",
            ),
            Reason::HardBounce => (
                "L'indirizzo non esiste più: i messaggi tornano indietro.",
                "The address no longer exists: messages bounce.",
            ),
            Reason::Complained => (
                "Ha segnalato un messaggio come spam: riceve solo ciò che riguarda i suoi ordini.",
                "They reported a message as spam: only messages about their orders go out.",
            ),
            Reason::NoConsent => (
                "Non ha dato il consenso per questo scopo su questo canale (Codice privacy, art. 130).",
                "No consent for this purpose on this channel (Privacy Code, art. 130).",
            ),
            Reason::ConsentUnconfirmed => (
                "Ha dato il consenso ma non lo ha ancora confermato dal link ricevuto.",
                "Consent was given but not yet confirmed through the link.",
            ),
            Reason::Objected => (
                "Ha detto di no: ha rifiutato, revocato o si è opposto (GDPR, art. 7 e 21).",
                "They said no: refused, withdrew or objected (GDPR art. 7 and 21).",
            ),
            Reason::NoPurchase => (
                "Senza consenso si può scrivere solo a chi ha un acquisto pagato e valido (art. 130, comma 4).",
                "Without consent only people with a paid, standing purchase may be written to (art. 130(4)).",
            ),
            Reason::NoNotice => (
                "Sull'ordine non risulta l'informativa sulle offerte di prodotti simili (art. 130, comma 4).",
                "The order carries no record of the similar-products notice (art. 130(4)).",
            ),
            Reason::NotSimilar => (
                "I prodotti proposti non sono simili a quelli acquistati (art. 130, comma 4).",
                "The goods are not similar to those bought (art. 130(4)).",
            ),
            Reason::PurchaseTooOld => (
                "L'ultimo acquisto è troppo lontano nel tempo per scrivere senza consenso.",
                "The last purchase is too long ago to write without consent.",
            ),
            Reason::ChannelNeedsConsent => (
                "Su SMS, push e telefono serve il consenso: l'eccezione per i clienti vale solo per l'e-mail.",
                "SMS, push and calls need consent: the exception for customers covers e-mail only.",
            ),
            Reason::CartLimit => (
                "Senza consenso un solo promemoria del carrello, informativo e entro 24 ore (Garante, 22 febbraio 2024).",
                "Without consent one informative cart reminder within 24 hours (Garante, 22 February 2024).",
            ),
            Reason::PromoNotAllowed => (
                "Un messaggio di questo tipo non può contenere promozioni.",
                "A message of this purpose must not promote anything.",
            ),
            Reason::NoProfilingConsent => (
                "La scelta si basa sulla profilazione e la persona non ha acconsentito (GDPR, art. 21 e 22).",
                "The choice rests on profiling and the person did not agree (GDPR art. 21 and 22).",
            ),
            Reason::Minor => (
                "Ha meno di 14 anni: niente promozioni né profilazione (Codice privacy, art. 2-quinquies).",
                "Under 14: no marketing, no profiling (Privacy Code art. 2-quinquies).",
            ),
            Reason::ThirdParty => (
                "Dopo non invia offerte di terzi.",
                "Dopo does not send offers of others.",
            ),
            Reason::ChannelNotAllowed => (
                "Questo canale non si usa per questo scopo.",
                "This channel does not serve this purpose.",
            ),
            Reason::QuietHours => (
                "È fuori orario: parte alla prima ora consentita.",
                "Outside the allowed hours: it leaves when they open.",
            ),
            Reason::FrequencyCap => (
                "Ha già ricevuto abbastanza promozioni in questi giorni.",
                "They have had enough promotion lately.",
            ),
            Reason::ContentMix => (
                "Ultimamente la quota di promozioni è già al massimo: prima qualcosa di utile.",
                "The share of promotion is already at its limit: something useful first.",
            ),
            Reason::Sunset => (
                "Non dà segni di vita da tanto: le promozioni si fermano.",
                "No sign of life for so long that marketing stops.",
            ),
            Reason::TooLate => (
                "Non è potuto partire in tempo e ora non avrebbe più senso.",
                "It could not leave in time and would make no sense now.",
            ),
            Reason::NoLongerTrue => (
                "Quello che dice non è più vero.",
                "What it says is no longer true.",
            ),
            Reason::AlreadyTold => (
                "Un altro messaggio l'ha già detto.",
                "Another message has already said it.",
            ),
            Reason::OrderGone => (
                "L'ordine è stato annullato o rimborsato.",
                "The order was cancelled or refunded.",
            ),
            Reason::LeftToPlatform => (
                "Lo invia già la piattaforma del negozio.",
                "The shop's own platform sends it.",
            ),
            Reason::History => (
                "È storia: un evento importato o troppo vecchio non fa partire messaggi.",
                "It is history: an imported or old event starts no message.",
            ),
            Reason::OptOutRegister => (
                "Il Registro delle opposizioni non è stato verificato da poco, o il numero vi è iscritto.",
                "The opt-out register was not checked lately, or the number stands in it.",
            ),
            Reason::ShopClosed => (
                "Il negozio è scollegato: non parte più nulla.",
                "The shop was disconnected: nothing is sent.",
            ),
            Reason::Forgotten => (
                "La persona ha chiesto di essere dimenticata.",
                "The person asked to be forgotten.",
            ),
        };
        match locale {
            Locale::It => it,
            Locale::En => en,
        }
    }
}

impl Basis {
    /// The stable name used in storage, counters and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::LegalDuty => "legal_duty",
            Basis::Contract => "contract",
            Basis::LegitimateInterest => "legitimate_interest",
            Basis::Consent => "consent",
            Basis::SoftSpam => "soft_spam",
            Basis::CartReminder => "cart_reminder",
        }
    }

    /// One line that a marketer understands.
    pub fn words(self, locale: Locale) -> &'static str {
        let (it, en) = match self {
            Basis::LegalDuty => (
                "Obbligo di legge del venditore.",
                "A legal duty of the seller.",
            ),
            Basis::Contract => (
                "Serve a eseguire il contratto di vendita (GDPR, art. 6.1.b).",
                "Needed for the contract of sale (GDPR art. 6(1)(b)).",
            ),
            Basis::LegitimateInterest => (
                "Legittimo interesse, con possibilità di dire di no.",
                "Legitimate interest, with a way to say no.",
            ),
            Basis::Consent => ("Ha dato il consenso.", "They gave consent."),
            Basis::SoftSpam => (
                "È già cliente e il prodotto è simile a quelli acquistati (Codice privacy, art. 130, comma 4).",
                "An existing customer, and goods similar to those bought (Privacy Code art. 130(4)).",
            ),
            Basis::CartReminder => (
                "Un solo promemoria informativo del carrello (Garante, 22 febbraio 2024).",
                "A single informative cart reminder (Garante, 22 February 2024).",
            ),
        };
        match locale {
            Locale::It => it,
            Locale::En => en,
        }
    }
}
