//! Who sells, and why a person hears from them.

use super::ContextInput;
use dopo_core::consent::Purpose;
use dopo_core::gate::Basis;
use dopo_core::italy::phone::Phone;
use dopo_core::italy::{Locale, clean_line};
use dopo_core::shop::Register;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Phones of shops whose form for people is remembered.
const PHONES_KNOWN_MAX: usize = 4_096;

/// The shop as customers know it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShopContext {
    /// Name.
    pub name: String,
    /// Shop front.
    pub url: Option<String>,
    /// Logo.
    pub logo_url: Option<String>,
    /// Terms of sale.
    pub terms_url: Option<String>,
    /// Privacy notice.
    pub privacy_url: Option<String>,
    /// Accent on light surfaces.
    pub accent: String,
    /// Accent on dark surfaces.
    pub accent_dark: String,
}

/// Who sells (CONS-18).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SellerContext {
    /// Registered name.
    pub legal_name: String,
    /// Postal address.
    pub address: String,
    /// E-mail.
    pub email: String,
    /// Phone, for people; empty when there is none.
    pub phone: String,
    /// Phone, for a link; empty when there is none.
    pub phone_uri: String,
    /// VAT number.
    pub vat_number: String,
    /// Business register.
    pub rea: String,
    /// Paid-in capital, for companies.
    pub share_capital: Option<String>,
    /// The dispute body, or that there is none (CONS-17).
    pub adr: Option<String>,
}

pub(super) fn seller_context(input: &ContextInput<'_>) -> SellerContext {
    let settings = &input.shop.settings;
    let seller = &settings.seller;
    // A shop in trial may not have said yet; going live is refused without (CONS-18).
    let or = |text: &str, instead: &str| match clean_line(text) {
        text if text.is_empty() => clean_line(instead),
        text => text,
    };
    let (phone, phone_uri) = phone_words(&seller.phone);
    let some = |text: &Option<String>| text.as_deref().map(clean_line).filter(|t| !t.is_empty());
    SellerContext {
        legal_name: or(&seller.legal_name, &settings.name),
        address: clean_line(&seller.address),
        email: or(
            &seller.email,
            settings.reply_to.as_ref().unwrap_or(&settings.from_email),
        ),
        phone,
        phone_uri,
        vat_number: clean_line(&seller.vat_number),
        rea: clean_line(&seller.rea),
        share_capital: some(&seller.share_capital),
        adr: some(&seller.adr),
    }
}

/// A shop's phone for people and for a link; the same few numbers are asked for with every mail.
fn phone_words(text: &str) -> (String, String) {
    static KNOWN: OnceLock<Mutex<HashMap<String, (String, String)>>> = OnceLock::new();
    let mut known = KNOWN
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(words) = known.get(text) {
        return words.clone();
    }
    let words = match Phone::parse(text) {
        Ok(phone) => (phone.display(), phone.tel_uri()),
        Err(_) => (clean_line(text), String::new()),
    };
    if known.len() >= PHONES_KNOWN_MAX {
        known.clear();
    }
    known.insert(text.to_owned(), words.clone());
    words
}

/// Why somebody gets a message, in a sentence for its foot (PRIV-24).
pub fn why_words(
    basis: Basis,
    purpose: Purpose,
    register: Register,
    locale: Locale,
    shop: &str,
) -> String {
    let lei = register == Register::Lei;
    let it = |tu: &str, formal: &str| {
        if lei {
            formal.to_owned()
        } else {
            tu.to_owned()
        }
    };
    match locale {
        Locale::It => match (purpose, basis) {
            (Purpose::Legal | Purpose::Service, _) => it(
                &format!("Ricevi questa e-mail perché riguarda un tuo ordine da {shop}."),
                &format!("Riceve questa e-mail perché riguarda un Suo ordine da {shop}."),
            ),
            (Purpose::Cart, Basis::Consent) | (_, Basis::Consent) => it(
                &format!(
                    "Ricevi questa e-mail perché hai accettato di ricevere le comunicazioni di {shop}."
                ),
                &format!(
                    "Riceve questa e-mail perché ha accettato di ricevere le comunicazioni di {shop}."
                ),
            ),
            (Purpose::Cart, _) => it(
                &format!(
                    "Ricevi questo unico promemoria perché non hai concluso un acquisto da {shop}."
                ),
                &format!(
                    "Riceve questo unico promemoria perché non ha concluso un acquisto da {shop}."
                ),
            ),
            (_, Basis::SoftSpam) => it(
                &format!(
                    "Ricevi questa e-mail perché hai acquistato da {shop} e ti segnaliamo articoli simili. Puoi opporti quando vuoi, senza spese."
                ),
                &format!(
                    "Riceve questa e-mail perché ha acquistato da {shop} e Le segnaliamo articoli simili. Può opporsi quando vuole, senza spese."
                ),
            ),
            _ => it(
                &format!("Ricevi questa e-mail perché hai acquistato da {shop}."),
                &format!("Riceve questa e-mail perché ha acquistato da {shop}."),
            ),
        },
        Locale::En => match (purpose, basis) {
            (Purpose::Legal | Purpose::Service, _) => {
                format!("You get this e-mail because it is about your order from {shop}.")
            }
            (_, Basis::Consent) => {
                format!("You get this e-mail because you agreed to hear from {shop}.")
            }
            (Purpose::Cart, _) => format!(
                "You get this one reminder because you left a purchase at {shop} unfinished."
            ),
            (_, Basis::SoftSpam) => format!(
                "You get this e-mail because you bought from {shop} and we point out similar items. You can object at any time, free of charge."
            ),
            _ => format!("You get this e-mail because you bought from {shop}."),
        },
    }
}
