//! What a shop needs before it goes live: what is missing refuses, what cannot be known from here warns.

use super::Desk;
use super::domain::{DomainCheck, RecordState};
use crate::ports::StoreError;
use dopo_core::advance::Shop;
use dopo_core::italy::email::EmailAddress;
use dopo_core::shop::ShopSettings;

/// Where one point stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckState {
    /// In order.
    Done,
    /// The shop cannot go live without it.
    Missing,
    /// It can, and should see to it.
    Warning,
}

impl CheckState {
    /// The stable name used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckState::Done => "done",
            CheckState::Missing => "missing",
            CheckState::Warning => "warning",
        }
    }
}

/// One point of the checklist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckItem {
    /// Stable name.
    pub id: &'static str,
    /// Where it stands.
    pub state: CheckState,
    /// What is looked at, in Italian.
    pub it: &'static str,
    /// The same in English.
    pub en: &'static str,
    /// What to do about it, in Italian.
    pub it_do: &'static str,
    /// The same in English.
    pub en_do: &'static str,
}

/// All points.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checklist {
    /// In the order in which one sees to them.
    pub items: Vec<CheckItem>,
    /// Nothing is missing.
    pub ready: bool,
    /// The shop is live already.
    pub live: bool,
}

impl Desk {
    /// The checklist of a shop, with a look into DNS (at most some seconds).
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn checklist(&self, shop: &Shop) -> Result<Checklist, StoreError> {
        let connections = self.engine.store.connections(shop.id).await?;
        let connected = connections.iter().any(|c| c.source != "dkim");
        let domain = self.check_domain(shop).await;
        Ok(checklist_of(
            &shop.settings,
            self.engine.has_mail(),
            connected,
            Some(&domain),
        ))
    }
}

/// The checklist of these settings; without a look into DNS where `domain` is `None`.
pub fn checklist_of(
    settings: &ShopSettings,
    has_mail: bool,
    connected: bool,
    domain: Option<&DomainCheck>,
) -> Checklist {
    let seller = &settings.seller;
    let given = |text: &str| !text.trim().is_empty();
    let must = |ok: bool| match ok {
        true => CheckState::Done,
        false => CheckState::Missing,
    };
    let should = |ok: bool| match ok {
        true => CheckState::Done,
        false => CheckState::Warning,
    };
    let identity = [
        &seller.legal_name,
        &seller.address,
        &seller.email,
        &seller.phone,
        &seller.rea,
    ];
    let vat = seller.vat_number.trim();
    let vat = vat.strip_prefix("IT").unwrap_or(vat);
    let dns = |name: &str| {
        should(domain.is_some_and(|domain| {
            domain
                .records
                .iter()
                .any(|record| record.id == name && record.state == RecordState::Found)
        }))
    };
    let mut items = vec![
        CheckItem {
            id: "seller",
            state: must(identity.into_iter().all(|text| given(text))),
            it: "Chi vende: nome, indirizzo, e-mail, telefono, registro imprese e REA (D.Lgs. 70/2003 art. 7)",
            en: "Who sells: name, address, e-mail, phone, register and REA number (D.Lgs. 70/2003 art. 7)",
            it_do: "Completa i dati in Impostazioni, Chi vende.",
            en_do: "Complete them in Settings, Who sells.",
        },
        CheckItem {
            id: "vat",
            state: must(given(vat)),
            it: "Partita IVA (DPR 633/1972 art. 35)",
            en: "VAT number (DPR 633/1972 art. 35)",
            it_do: "Scrivi la partita IVA in Impostazioni, Chi vende.",
            en_do: "Write the VAT number in Settings, Who sells.",
        },
        CheckItem {
            id: "adr",
            state: must(seller.adr.as_deref().is_some_and(given)),
            it: "Organismo ADR: quello a cui il negozio aderisce, o che non aderisce a nessuno",
            en: "Dispute body: the one the shop adheres to, or that it adheres to none",
            it_do: "Scrivilo in Impostazioni, Chi vende.",
            en_do: "Write it in Settings, Who sells.",
        },
        CheckItem {
            id: "sender",
            state: must(EmailAddress::parse(&settings.from_email).is_ok()),
            it: "Indirizzo da cui partono le e-mail",
            en: "Address that mails are sent from",
            it_do: "Scrivi l'indirizzo del mittente in Impostazioni.",
            en_do: "Write the sender address in Settings.",
        },
        CheckItem {
            id: "vat_digits",
            state: should(dopo_core::italy::tax::vat_number(vat).is_some()),
            it: "La partita IVA ha undici cifre e il controllo torna",
            en: "The VAT number has eleven digits and a right check digit",
            it_do: "Ricontrolla le cifre della partita IVA.",
            en_do: "Look at the digits of the VAT number again.",
        },
        CheckItem {
            id: "mail_server",
            state: should(has_mail),
            it: "Un server di posta: senza, i messaggi restano trattenuti e si possono solo guardare",
            en: "A mail server: without one messages are captured and can only be looked at",
            it_do: "Chi gestisce l'installazione imposta DOPO_SMTP_URL.",
            en_do: "Whoever runs the installation sets DOPO_SMTP_URL.",
        },
        CheckItem {
            id: "notices",
            state: should(settings.platform_notices_declared),
            it: "Quali avvisi manda già la piattaforma, così nessuno ne riceve due",
            en: "Which notices the platform sends itself, so that nobody gets two",
            it_do: "Indicalo in Impostazioni, Avvisi della piattaforma.",
            en_do: "Say it in Settings, Notices of the platform.",
        },
        CheckItem {
            id: "connection",
            state: should(connected),
            it: "Un collegamento con la piattaforma del negozio",
            en: "A connection to the shop's platform",
            it_do: "Aprila in Collegamenti e incolla il segreto dei webhook.",
            en_do: "Open Connections and paste the secret of the webhooks.",
        },
        CheckItem {
            id: "spf",
            state: dns("spf"),
            it: "SPF nel DNS del dominio del mittente",
            en: "SPF in the DNS of the sender's domain",
            it_do: "Pubblica il record indicato in Impostazioni, Dominio.",
            en_do: "Publish the record shown in Settings, Domain.",
        },
        CheckItem {
            id: "dkim",
            state: dns("dkim"),
            it: "DKIM: le e-mail sono firmate e la chiave è nel DNS",
            en: "DKIM: mails are signed and the key stands in DNS",
            it_do: "Crea la chiave in Impostazioni, Dominio e pubblica il record.",
            en_do: "Make the key in Settings, Domain and publish the record.",
        },
        CheckItem {
            id: "dmarc",
            state: dns("dmarc"),
            it: "DMARC nel DNS del dominio del mittente",
            en: "DMARC in the DNS of the sender's domain",
            it_do: "Pubblica il record indicato in Impostazioni, Dominio.",
            en_do: "Publish the record shown in Settings, Domain.",
        },
    ];
    if settings.pages_domain.is_some() {
        items.push(CheckItem {
            id: "pages",
            state: dns("pages"),
            it: "Il nome delle pagine dei clienti porta qui",
            en: "The host name of the customer pages leads here",
            it_do: "Pubblica il record indicato in Impostazioni, Dominio.",
            en_do: "Publish the record shown in Settings, Domain.",
        });
    }
    Checklist {
        ready: items.iter().all(|item| item.state != CheckState::Missing),
        live: settings.is_live(),
        items,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::shop::Seller;

    #[test]
    fn a_shop_without_dispute_body_or_identity_cannot_go_live() {
        let seller = Seller {
            legal_name: "Casa di Prova S.r.l.".into(),
            address: "Via Roma 1, 20121 Milano (MI)".into(),
            email: "info@example.com".into(),
            phone: "+39 02 0000000".into(),
            vat_number: "12345678903".into(),
            rea: "MI-1234567".into(),
            share_capital: None,
            adr: Some("Non aderiamo a organismi ADR".into()),
        };
        let ready = |seller: &Seller| {
            let settings = ShopSettings::new("Casa", "ordini@example.com", seller.clone());
            checklist_of(&settings, true, true, None).ready
        };
        assert!(ready(&seller));
        let changes: [fn(&mut Seller); 3] = [
            |s| s.adr = None,
            |s| s.vat_number.clear(),
            |s| s.phone = " ".into(),
        ];
        for change in changes {
            let mut less = seller.clone();
            change(&mut less);
            assert!(!ready(&less));
        }
    }
}
