//! The made furniture shop: who sells, and what.
//!
//! Shop, brand names and products are inventions. All its addresses are under `example.com` (RFC 2606), which nobody can
//! own; the VAT number names a tax office that does not exist.

use dopo_core::event::{Event, EventLine};
use dopo_core::money::Money;
use dopo_core::product::Product;
use dopo_core::shop::{Seller, ShopSettings, TrackingMode};
use jiff::Timestamp;

/// Name of the shop in addresses.
pub const SLUG: &str = "casa-esempio";
/// Shop front.
pub const STOREFRONT: &str = "https://casaesempio.example.com";
/// Version of the soft-spam notice at the checkout (PRIV-06).
pub const SOFT_SPAM_NOTICE: &str = "checkout-2025-01";
/// Version of the newsletter form's text.
pub const NEWSLETTER_TEXT: &str = "newsletter-2025-01";
/// Version of the text on measuring opens and clicks.
pub const MEASURING_TEXT: &str = "misurazione-2025-01";
/// Version of the text on text messages.
pub const SMS_TEXT: &str = "sms-2025-01";

/// A thing on sale.
#[derive(Debug)]
pub struct Item {
    /// Category on the platform.
    pub category: &'static str,
    /// Name.
    pub title: &'static str,
    /// Price in cents, VAT included.
    pub cents: i64,
    /// How often it is bought, in parts.
    pub parts: u32,
    /// Comes with a van, two to a parcel at most, and later than the rest.
    pub bulky: bool,
}

const fn small(category: &'static str, title: &'static str, euros: i64, parts: u32) -> Item {
    Item {
        category,
        title,
        cents: euros * 100 - 10,
        parts,
        bulky: false,
    }
}

const fn large(category: &'static str, title: &'static str, euros: i64, parts: u32) -> Item {
    Item {
        category,
        title,
        cents: euros * 100,
        parts,
        bulky: true,
    }
}

/// Category on the platform and the similarity group it belongs to (PRIV-06).
pub static CATEGORIES: [(&str, &str); 25] = [
    ("Letti", "camera"),
    ("Materassi", "camera"),
    ("Armadi e comodini", "camera"),
    ("Divani", "soggiorno"),
    ("Poltrone", "soggiorno"),
    ("Librerie", "soggiorno"),
    ("Tavolini", "soggiorno"),
    ("Mobili TV", "soggiorno"),
    ("Tavoli", "cucina"),
    ("Sedie", "cucina"),
    ("Sgabelli", "cucina"),
    ("Accessori cucina", "cucina"),
    ("Scrivanie", "studio"),
    ("Sedute da ufficio", "studio"),
    ("Accessori studio", "studio"),
    ("Lampade da terra", "illuminazione"),
    ("Lampade da tavolo", "illuminazione"),
    ("Sospensioni", "illuminazione"),
    ("Tappeti", "tessili"),
    ("Tende", "tessili"),
    ("Cuscini e plaid", "tessili"),
    ("Biancheria letto", "tessili"),
    ("Arredo giardino", "esterno"),
    ("Specchi e decorazioni", "decorazione"),
    ("Bagno", "bagno"),
];

/// Everything on sale.
pub static ITEMS: [Item; 122] = [
    large("Letti", "Letto matrimoniale Alba in rovere", 649, 10),
    large("Letti", "Letto contenitore Brera imbottito", 899, 12),
    large("Letti", "Letto singolo Nido in pino", 249, 8),
    large("Letti", "Letto a castello Pioppo", 459, 4),
    large("Letti", "Letto a baldacchino Ginestra", 1190, 2),
    large("Materassi", "Materasso Onda memory 160×190", 499, 12),
    large(
        "Materassi",
        "Materasso Prato a molle insacchettate 160×200",
        599,
        9,
    ),
    large("Materassi", "Materasso Nuvola singolo 80×190", 229, 9),
    small("Materassi", "Topper Piuma 160×190", 120, 14),
    small("Materassi", "Cuscino in memory Cirro", 35, 22),
    large(
        "Armadi e comodini",
        "Armadio a due ante scorrevoli Adige",
        980,
        6,
    ),
    large("Armadi e comodini", "Armadio a quattro ante Tanaro", 740, 5),
    large(
        "Armadi e comodini",
        "Cassettiera Ticino a sei cassetti",
        389,
        9,
    ),
    small("Armadi e comodini", "Comodino Arno in noce", 129, 16),
    small("Armadi e comodini", "Comodino sospeso Brenta", 89, 10),
    small("Armadi e comodini", "Appendiabiti da terra Salice", 79, 9),
    large("Divani", "Divano a tre posti Lario in tessuto", 1290, 10),
    large("Divani", "Divano letto Sirmione", 1090, 9),
    large("Divani", "Divano angolare Garda", 1890, 6),
    large("Divani", "Divano a due posti Orta in velluto", 790, 7),
    small("Divani", "Pouf Sasso contenitore", 99, 14),
    large("Poltrone", "Poltrona Vela girevole", 429, 9),
    large("Poltrone", "Poltrona relax Marea elettrica", 690, 6),
    large("Poltrone", "Poltroncina Petalo in velluto", 249, 11),
    small("Poltrone", "Poggiapiedi Vela", 139, 6),
    large("Librerie", "Libreria a giorno Carso", 329, 11),
    large("Librerie", "Libreria modulare Dolomia", 549, 7),
    small("Librerie", "Mensola Betulla 90 cm", 29, 24),
    small("Librerie", "Scaffale a scala Faggio", 95, 12),
    small("Librerie", "Fermalibri Marmo, coppia", 39, 8),
    small("Tavolini", "Tavolino da salotto Isola", 159, 14),
    small("Tavolini", "Tavolini a incastro Trio", 189, 11),
    small("Tavolini", "Tavolino da lato Fungo", 69, 15),
    large("Tavolini", "Tavolino in marmo Carrara", 459, 4),
    large("Mobili TV", "Mobile TV Orizzonte 180 cm", 379, 10),
    large("Mobili TV", "Mobile TV sospeso Lago", 299, 8),
    large("Mobili TV", "Credenza Murgia in rovere", 690, 6),
    large("Tavoli", "Tavolo allungabile Langa 160–220 cm", 790, 10),
    large("Tavoli", "Tavolo rotondo Trullo Ø 120 cm", 540, 7),
    large("Tavoli", "Tavolo in vetro Laguna", 620, 5),
    large("Tavoli", "Tavolo da cucina Orto 120×75", 279, 10),
    small("Sedie", "Sedia Margherita in faggio", 79, 30),
    small("Sedie", "Sedia Lisca impilabile", 55, 22),
    small("Sedie", "Sedia Tulipano imbottita", 119, 20),
    small("Sedie", "Sedia Paglia di Vienna", 149, 13),
    small("Sedie", "Set di quattro sedie Corte", 299, 10),
    small("Sgabelli", "Sgabello alto Molo", 95, 13),
    small("Sgabelli", "Sgabello regolabile Pistone", 115, 8),
    small("Sgabelli", "Panca Sagrato 120 cm", 179, 6),
    small("Accessori cucina", "Carrello da cucina Mercato", 129, 13),
    small("Accessori cucina", "Tagliere grande in ulivo", 39, 18),
    small("Accessori cucina", "Set di sei bicchieri Fonte", 25, 20),
    small(
        "Accessori cucina",
        "Servizio di piatti Terra, 18 pezzi",
        89,
        14,
    ),
    small("Accessori cucina", "Portaspezie da parete Timo", 35, 10),
    small("Accessori cucina", "Tovaglia in lino Sale 150×250", 59, 14),
    small(
        "Accessori cucina",
        "Set di quattro tovagliette Riva",
        22,
        13,
    ),
    large("Scrivanie", "Scrivania Penna 120×60", 219, 13),
    large("Scrivanie", "Scrivania regolabile in altezza Alta", 489, 9),
    large("Scrivanie", "Scrittoio ribaltabile Segreto", 269, 5),
    large("Sedute da ufficio", "Sedia ergonomica Dorsale", 299, 14),
    small("Sedute da ufficio", "Sedia girevole Compasso", 149, 12),
    small("Sedute da ufficio", "Tappetino salvapavimento", 39, 9),
    small("Accessori studio", "Cassettiera su ruote Archivio", 139, 9),
    small("Accessori studio", "Organizer da scrivania Ordine", 29, 14),
    small("Accessori studio", "Lavagna magnetica Gesso 60×90", 49, 8),
    small("Accessori studio", "Poggiapiedi regolabile Passo", 45, 7),
    small(
        "Lampade da terra",
        "Lampada da terra Airone ad arco",
        189,
        12,
    ),
    small("Lampade da terra", "Lampada da terra Stelo LED", 99, 14),
    small("Lampade da terra", "Lampada da terra Treppiede", 129, 9),
    small(
        "Lampade da tavolo",
        "Lampada da tavolo Lucciola senza fili",
        49,
        24,
    ),
    small("Lampade da tavolo", "Lampada da scrivania Flessa", 59, 16),
    small("Lampade da tavolo", "Abat-jour Luna in ceramica", 65, 15),
    small("Lampade da tavolo", "Lampada da comodino Ambra", 39, 16),
    small("Sospensioni", "Sospensione Campana in vetro", 119, 13),
    small("Sospensioni", "Sospensione Rattan Nassa", 85, 14),
    small("Sospensioni", "Lampadario Costellazione a sei luci", 249, 6),
    small("Sospensioni", "Plafoniera Disco LED", 69, 12),
    small("Sospensioni", "Applique Mezzaluna, coppia", 79, 9),
    small("Tappeti", "Tappeto Duna in lana 160×230", 239, 10),
    small("Tappeti", "Tappeto Juta 120×180", 99, 13),
    small("Tappeti", "Passatoia Corridoio 70×200", 59, 14),
    small("Tappeti", "Tappeto bambini Bosco", 79, 8),
    small("Tappeti", "Antiscivolo per tappeti", 19, 15),
    small("Tende", "Tenda in lino Brezza, coppia", 89, 15),
    small("Tende", "Tenda oscurante Notte, coppia", 79, 14),
    small("Tende", "Bastone per tende estensibile", 35, 13),
    small("Tende", "Tenda a rullo filtrante", 45, 10),
    small("Cuscini e plaid", "Cuscino Riccio 45×45", 25, 26),
    small("Cuscini e plaid", "Cuscino in velluto Prugna 40×60", 29, 22),
    small("Cuscini e plaid", "Plaid in lana Pascolo", 69, 20),
    small("Cuscini e plaid", "Coperta a maglia Grossa", 89, 14),
    small(
        "Cuscini e plaid",
        "Cuscino da sedia, set di quattro",
        49,
        14,
    ),
    small(
        "Biancheria letto",
        "Completo lenzuola in percalle Mattino",
        89,
        22,
    ),
    small(
        "Biancheria letto",
        "Parure copripiumino in lino Salina",
        149,
        16,
    ),
    small("Biancheria letto", "Piumino quattro stagioni", 129, 14),
    small("Biancheria letto", "Coprimaterasso impermeabile", 35, 18),
    small("Biancheria letto", "Federe in raso, coppia", 29, 17),
    small("Biancheria letto", "Trapunta leggera Maggio", 79, 11),
    large(
        "Arredo giardino",
        "Set da giardino Pergola, quattro pezzi",
        690,
        7,
    ),
    large(
        "Arredo giardino",
        "Ombrellone a braccio Meriggio Ø 3 m",
        249,
        9,
    ),
    small("Arredo giardino", "Sedia pieghevole Riviera", 59, 16),
    large(
        "Arredo giardino",
        "Tavolo da esterno Terrazza 180 cm",
        429,
        6,
    ),
    small("Arredo giardino", "Lettino prendisole Spiaggia", 159, 9),
    small("Arredo giardino", "Lanterna solare Grillo, coppia", 35, 17),
    small("Arredo giardino", "Vaso grande da esterno Coccio", 49, 12),
    small("Arredo giardino", "Amaca in cotone Siesta", 89, 7),
    small(
        "Specchi e decorazioni",
        "Specchio tondo Stagno Ø 80 cm",
        119,
        15,
    ),
    small(
        "Specchi e decorazioni",
        "Specchio da terra Figura 50×160",
        149,
        13,
    ),
    small(
        "Specchi e decorazioni",
        "Orologio da parete Meridiana",
        49,
        13,
    ),
    small("Specchi e decorazioni", "Vaso in ceramica Anfora", 39, 20),
    small(
        "Specchi e decorazioni",
        "Set di tre cornici Ricordo",
        29,
        17,
    ),
    small("Specchi e decorazioni", "Candela profumata Fico", 19, 28),
    small(
        "Specchi e decorazioni",
        "Diffusore di fragranza Agrumi",
        25,
        20,
    ),
    small("Specchi e decorazioni", "Portaombrelli Pioggia", 45, 7),
    small(
        "Specchi e decorazioni",
        "Consolle d’ingresso Soglia",
        199,
        9,
    ),
    small("Specchi e decorazioni", "Scarpiera sottile Passi", 129, 12),
    large("Bagno", "Mobile bagno sospeso Sorgente 80 cm", 459, 6),
    small("Bagno", "Colonna bagno Canna", 149, 7),
    small("Bagno", "Set di asciugamani Spugna, sei pezzi", 49, 20),
    small("Bagno", "Tappeto bagno Ciottolo", 25, 18),
    small("Bagno", "Portabiancheria in bambù", 55, 13),
    small("Bagno", "Accappatoio Nido d’ape", 59, 12),
];

const FABRICS: [&str; 5] = [
    "Sabbia",
    "Grigio perla",
    "Blu notte",
    "Verde salvia",
    "Terracotta",
];
const WOODS: [&str; 4] = ["Rovere naturale", "Noce", "Bianco", "Nero"];

impl Item {
    /// The platform's product id of the `n`-th item.
    pub fn id(n: usize) -> String {
        (2_001 + n).to_string()
    }

    /// The colours or woods it comes in; none for most small things.
    pub fn variants(&self) -> &'static [&'static str] {
        match self.category {
            "Divani" | "Poltrone" | "Tende" | "Cuscini e plaid" | "Sedute da ufficio"
            | "Biancheria letto" => &FABRICS,
            "Letti" | "Armadi e comodini" | "Librerie" | "Tavoli" | "Sedie" | "Scrivanie"
            | "Mobili TV" => &WOODS,
            _ => &[],
        }
    }

    /// Similarity group.
    pub fn group(&self) -> &'static str {
        CATEGORIES
            .iter()
            .find(|(category, _)| *category == self.category)
            .map_or("altro", |(_, group)| group)
    }

    /// Stock-keeping unit of the `n`-th item.
    pub fn sku(&self, n: usize) -> String {
        let group: String = self.group().chars().take(3).collect();
        format!("CE-{}-{:03}", group.to_uppercase(), n + 1)
    }

    /// Its name as it stands in addresses.
    pub fn path(&self) -> String {
        let mut path = String::with_capacity(self.title.len());
        for c in self.title.chars().flat_map(char::to_lowercase) {
            match c {
                'à' => path.push('a'),
                'è' | 'é' => path.push('e'),
                'ì' => path.push('i'),
                'ò' => path.push('o'),
                'ù' => path.push('u'),
                '×' => path.push('x'),
                c if c.is_ascii_alphanumeric() => path.push(c),
                _ if path.ends_with('-') => {}
                _ => path.push('-'),
            }
        }
        path.trim_matches('-').to_owned()
    }

    /// Whether the shop has a guide for it: things to assemble, mount or care for.
    fn has_guide(&self) -> bool {
        self.bulky
            || matches!(
                self.category,
                "Sospensioni"
                    | "Tende"
                    | "Librerie"
                    | "Sedie"
                    | "Tappeti"
                    | "Biancheria letto"
                    | "Materassi"
            )
    }
}

/// The whole catalogue as it was told on the first day.
pub fn product_lines(at: Timestamp) -> Vec<EventLine> {
    ITEMS
        .iter()
        .enumerate()
        .map(|(n, item)| EventLine {
            id: format!("product-{}", Item::id(n)),
            at,
            event: Event::ProductUpdated {
                product: Product {
                    external_id: Item::id(n),
                    title: item.title.to_owned(),
                    updated_at: at,
                    category: Some(item.category.to_owned()),
                    price: Some(Money::eur(item.cents)),
                    url: Some(format!("{STOREFRONT}/prodotti/{}", item.path())),
                    image_url: None,
                    guide_url: item
                        .has_guide()
                        .then(|| format!("{STOREFRONT}/guide/{}", item.path())),
                    available: true,
                },
            },
        })
        .collect()
}

/// The shop's settings: in trial, so that nothing leaves.
pub fn settings() -> ShopSettings {
    let seller = Seller {
        legal_name: "Casa Esempio S.r.l. (negozio dimostrativo)".to_owned(),
        address: "Via dell’Esempio 1, 20100 Milano (MI)".to_owned(),
        email: "assistenza@casaesempio.example.com".to_owned(),
        phone: "+39 02 0000 0000".to_owned(),
        vat_number: "09999990006".to_owned(),
        rea: "MI-0000000".to_owned(),
        share_capital: Some("10.000,00 € i.v.".to_owned()),
        adr: Some(
            "Il venditore non aderisce a un organismo di risoluzione delle controversie."
                .to_owned(),
        ),
    };
    let mut settings = ShopSettings::new("Casa Esempio", "ordini@casaesempio.example.com", seller);
    settings.reply_to = Some("assistenza@casaesempio.example.com".to_owned());
    settings.storefront_url = Some(STOREFRONT.to_owned());
    settings.terms_url = Some(format!("{STOREFRONT}/condizioni"));
    settings.privacy_url = Some(format!("{STOREFRONT}/privacy"));
    settings.accent = Some("#7a4b2a".to_owned());
    settings.platform_notices_declared = true;
    settings.tracking_open_default = TrackingMode::Aggregate;
    settings.similarity_groups = CATEGORIES
        .iter()
        .map(|(category, group)| ((*category).to_owned(), (*group).to_owned()))
        .collect();
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::italy::tax::vat_number;
    use std::collections::BTreeSet;

    #[test]
    fn every_item_has_a_group_and_an_address_of_its_own() {
        let mut paths = BTreeSet::new();
        for item in &ITEMS {
            assert_ne!(item.group(), "altro", "{}", item.title);
            assert!(item.cents > 0 && item.parts > 0);
            assert!(paths.insert(item.path()), "{}", item.title);
        }
        for (category, _) in CATEGORIES {
            assert!(
                ITEMS.iter().any(|item| item.category == category),
                "{category}"
            );
        }
    }

    #[test]
    fn the_seller_is_complete_and_nobodys() {
        let settings = settings();
        assert!(vat_number(&settings.seller.vat_number).is_some());
        // Digits 8 to 10 name the tax office; there is none with 000.
        assert_eq!(&settings.seller.vat_number[7..10], "000");
        assert!(settings.from_email.ends_with(".example.com"));
        assert!(settings.seller.email.ends_with(".example.com"));
        assert!(!settings.is_live());
        assert!(settings.seller.adr.is_some());
    }
}
