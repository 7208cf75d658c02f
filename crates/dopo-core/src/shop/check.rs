//! Whether a shop's settings can be used: what is malformed, and what the law does not leave to the shop.

use super::{ShopSettings, TrackingMode};
use crate::italy::email::EmailAddress;
use crate::italy::hours::{PROMO_CALL_HOURS, PROMO_MESSAGE_WIDEST, WeekHours};
use crate::italy::province::Province;
use crate::money::Currency;
use crate::parcel::NOTICE_DELIVERED;

/// Longest name of a shop, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest line of the seller's identity, in characters.
pub const SELLER_CHARS_MAX: usize = 500;
/// Longest address of a page, in bytes.
pub const URL_BYTES_MAX: usize = 500;
/// Platform categories with a similarity group.
pub const GROUPS_MAX: usize = 2_000;
/// Longest category or group, in characters.
pub const GROUP_CHARS_MAX: usize = 200;
/// Longest prefix of discount codes, in characters.
pub const COUPON_PREFIX_CHARS_MAX: usize = 12;
/// Longest name in addresses, in characters.
pub const SLUG_CHARS_MAX: usize = 40;
/// Longest host name, in bytes (RFC 1035 2.3.4).
pub const HOST_BYTES_MAX: usize = 253;
/// Longest part of a host name between dots, in bytes (RFC 1035 2.3.4).
pub const HOST_LABEL_BYTES_MAX: usize = 63;
/// Months for which soft spam may hold at most: how long marketing data were held legitimate (PRIV-06).
pub const SOFT_SPAM_MONTHS_MAX: u16 = 24;
/// Months without a sign of life after which marketing stops at the latest (MAIL-05).
pub const SUNSET_MONTHS_MAX: u16 = 24;
/// Highest share of promotion that can be set, in percent (IT-07: at least 70 % informative).
pub const PROMO_PERCENT_MAX: u8 = 30;
/// Longest span over which the share of promotion is taken, in days.
pub const MIX_DAYS_MAX: u16 = 365;
/// Highest cap that can be set, in messages.
pub const CAP_MAX: u16 = 30;

/// Notices that the platform can send itself.
pub const NOTICES: [&str; 5] = [
    "order_receipt",
    "shipped",
    "out_for_delivery",
    NOTICE_DELIVERED,
    "abandoned_cart",
];

/// Something wrong with one field of the settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldProblem {
    /// Which field, with dots (`quiet_hours.promo_call.sunday`).
    pub field: String,
    /// Stable name (`empty`, `too_long`, `not_an_address`, `law`…).
    pub code: &'static str,
    /// What is wrong, in Italian.
    pub it: String,
    /// The same in English.
    pub en: String,
}

/// What the law fixes and no setting loosens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Locked {
    /// Which field.
    pub field: &'static str,
    /// The rule's name.
    pub rule: &'static str,
    /// What it says, in Italian.
    pub it: &'static str,
    /// The same in English.
    pub en: &'static str,
}

/// Everything the law fixes.
pub const LOCKED: [Locked; 6] = [
    Locked {
        field: "quiet_hours.promo_call",
        rule: "PRIV-17",
        it: "Le telefonate promozionali si fanno solo dalle 9 alle 20, il sabato e i prefestivi dalle 10 alle 19, mai la domenica e nei festivi (codice di condotta sul telemarketing). Puoi solo restringere.",
        en: "Promotional calls are made only from 9 to 20, on Saturdays and days before holidays from 10 to 19, never on Sundays and holidays (telemarketing code of conduct). You can only narrow this.",
    },
    Locked {
        field: "quiet_hours.promo_message",
        rule: "SMS-05",
        it: "Gli SMS promozionali partono solo tra le 8 e le 22, mai la domenica e nei festivi: fuori da quell'orario gli operatori li rifiutano. Puoi solo restringere.",
        en: "Promotional SMS leave only between 8 and 22, never on Sundays and holidays: outside these hours operators refuse them. You can only narrow this.",
    },
    Locked {
        field: "tracking_open_default",
        rule: "PRIV-10",
        it: "Misurare le aperture di una singola persona richiede il suo consenso: non può essere l'impostazione di partenza (Garante, provvedimento 284 del 17 aprile 2026).",
        en: "Measuring one person's opens needs their consent: it cannot be the default (Garante, decision 284 of 17 April 2026).",
    },
    Locked {
        field: "tracking_click_default",
        rule: "PRIV-11",
        it: "Misurare i clic di una singola persona richiede il suo consenso: non può essere l'impostazione di partenza.",
        en: "Measuring one person's clicks needs their consent: it cannot be the default.",
    },
    Locked {
        field: "purposes.legal",
        rule: "CONS-01",
        it: "I messaggi dovuti per legge (conferma d'ordine, recesso, sicurezza) non vengono mai trattenuti.",
        en: "Messages that the law demands (order confirmation, withdrawal, safety) are never held back.",
    },
    Locked {
        field: "seller",
        rule: "CONS-18",
        it: "Nome, indirizzo, e-mail, telefono, partita IVA e REA di chi vende stanno in ogni e-mail (D.Lgs. 70/2003 art. 7).",
        en: "The seller's name, address, e-mail, phone, VAT and register number stand in every mail (D.Lgs. 70/2003 art. 7).",
    },
];

/// What is wrong with a name in addresses; `None` when it will do.
pub fn slug(slug: &str) -> Option<FieldProblem> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let will_do = !slug.is_empty()
        && slug.len() <= SLUG_CHARS_MAX
        && slug.chars().all(good)
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    (!will_do).then(|| FieldProblem {
        field: "slug".to_owned(),
        code: "not_a_slug",
        it: format!(
            "Usa lettere minuscole, cifre e trattini, al massimo {SLUG_CHARS_MAX}: il nome sta negli indirizzi."
        ),
        en: format!(
            "Use lower-case letters, digits and hyphens, at most {SLUG_CHARS_MAX}: the name stands in addresses."
        ),
    })
}

/// Whether this is a whole host name as a browser sends it: lower case, at least two parts, no port, no bare number. Names
/// with other letters are written in their ASCII form (`xn--…`).
pub fn is_host(host: &str) -> bool {
    let good = |label: &str| {
        !label.is_empty()
            && label.len() <= HOST_LABEL_BYTES_MAX
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= HOST_BYTES_MAX
        && host.contains('.')
        && host.split('.').all(good)
        && last.bytes().any(|b| b.is_ascii_lowercase())
}

/// The problem with a host name for pages that serves something else already.
pub fn pages_domain_taken() -> FieldProblem {
    FieldProblem {
        field: "pages_domain".to_owned(),
        code: "taken",
        it: "Questo nome serve già un altro negozio o la console: scegline uno solo per le pagine di questo negozio."
            .to_owned(),
        en: "This name serves another shop or the console already: choose one for the pages of this shop alone."
            .to_owned(),
    }
}

struct Found(Vec<FieldProblem>);

impl Found {
    fn add(
        &mut self,
        field: &str,
        code: &'static str,
        it: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.0.push(FieldProblem {
            field: field.to_owned(),
            code,
            it: it.into(),
            en: en.into(),
        });
    }

    fn text(&mut self, field: &str, text: &str, chars_max: usize) {
        if text.chars().count() > chars_max {
            self.add(
                field,
                "too_long",
                format!("Al massimo {chars_max} caratteri."),
                format!("At most {chars_max} characters."),
            );
        }
        if text.chars().any(char::is_control) {
            self.add(
                field,
                "control_character",
                "Niente a capo o caratteri di controllo.",
                "No line breaks or control characters.",
            );
        }
    }

    fn address(&mut self, field: &str, text: &str) {
        if EmailAddress::parse(text).is_err() {
            self.add(
                field,
                "not_an_address",
                "Non è un indirizzo e-mail.",
                "This is not an e-mail address.",
            );
        }
    }

    fn url(&mut self, field: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let host = rest
            .and_then(|rest| rest.split(['/', '?', '#']).next())
            .unwrap_or_default();
        let plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        let quoted = text.contains(['"', '\'', '<', '>', '\\', '`']);
        if host.is_empty() || host.contains('@') || !plain || quoted || text.len() > URL_BYTES_MAX {
            self.add(
                field,
                "not_a_page",
                "Scrivi l'indirizzo intero della pagina, che comincia con https://.",
                "Write the whole address of the page, beginning with https://.",
            );
        }
    }

    fn range(&mut self, field: &str, value: u16, min: u16, max: u16) {
        if !(min..=max).contains(&value) {
            self.add(
                field,
                "out_of_range",
                format!("Un numero da {min} a {max}."),
                format!("A number from {min} to {max}."),
            );
        }
    }

    /// Hours may only be narrower than `widest`, and must leave some.
    fn hours(&mut self, field: &str, set: &WeekHours, widest: Option<&WeekHours>) {
        let days = |hours: &WeekHours| {
            [
                ("weekdays", hours.weekdays),
                ("saturday", hours.saturday),
                ("sunday", hours.sunday),
                ("holidays", hours.holidays),
                ("eves", hours.eves.or(hours.weekdays)),
            ]
        };
        if days(set).iter().take(3).all(|(_, window)| window.is_none()) {
            self.add(
                field,
                "never_open",
                "Così non partirebbe mai niente: lascia aperto almeno un giorno della settimana.",
                "Nothing would ever leave like this: leave at least one day of the week open.",
            );
        }
        let Some(widest) = widest else { return };
        for ((day, own), (_, law)) in days(set).into_iter().zip(days(widest)) {
            let Some(own) = own else { continue };
            // Eves follow the weekdays where they are not set: said once, at the weekdays.
            if day == "eves" && set.eves.is_none() {
                continue;
            }
            if law.is_none_or(|law| !own.is_within(law)) {
                let (it, en) = match law {
                    Some(law) => (
                        format!("Al massimo {law}: di più non è ammesso."),
                        format!("At most {law}: no more is allowed."),
                    ),
                    None => (
                        "In questi giorni non è ammesso: lascia chiuso.".to_owned(),
                        "It is not allowed on these days: leave it closed.".to_owned(),
                    ),
                };
                self.add(&format!("{field}.{day}"), "law", it, en);
            }
        }
    }
}

/// Everything that is wrong with these settings; empty when they can be used.
pub fn check(settings: &ShopSettings) -> Vec<FieldProblem> {
    let mut found = Found(Vec::new());
    let given = |text: &str| !text.trim().is_empty();
    if !given(&settings.name) {
        found.add(
            "name",
            "empty",
            "Il negozio ha bisogno di un nome.",
            "The shop needs a name.",
        );
    }
    found.text("name", &settings.name, NAME_CHARS_MAX);
    found.address("from_email", &settings.from_email);
    if let Some(reply_to) = &settings.reply_to {
        found.address("reply_to", reply_to);
    }
    let seller = &settings.seller;
    for (field, text) in [
        ("seller.legal_name", &seller.legal_name),
        ("seller.address", &seller.address),
        ("seller.phone", &seller.phone),
        ("seller.vat_number", &seller.vat_number),
        ("seller.rea", &seller.rea),
    ] {
        found.text(field, text, SELLER_CHARS_MAX);
    }
    if given(&seller.email) {
        found.address("seller.email", &seller.email);
    }
    for (field, text) in [
        ("seller.share_capital", &seller.share_capital),
        ("seller.adr", &seller.adr),
    ] {
        found.text(field, text.as_deref().unwrap_or_default(), SELLER_CHARS_MAX);
    }
    if jiff::tz::TimeZone::get(&settings.time_zone).is_err() {
        found.add(
            "time_zone",
            "no_such_zone",
            "Non è un fuso orario: scrivilo come Europe/Rome.",
            "There is no such time zone: write one like Europe/Rome.",
        );
    }
    if Currency::parse(&settings.currency).is_err() {
        found.add(
            "currency",
            "no_such_currency",
            "Non è una valuta: scrivila come EUR.",
            "There is no such currency: write it like EUR.",
        );
    }
    found.url("storefront_url", settings.storefront_url.as_deref());
    found.url("logo_url", settings.logo_url.as_deref());
    found.url("terms_url", settings.terms_url.as_deref());
    found.url("privacy_url", settings.privacy_url.as_deref());
    if let Some(accent) = &settings.accent {
        let digits = accent.strip_prefix('#').unwrap_or_default();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            found.add(
                "accent",
                "not_a_colour",
                "Scrivi il colore come #c2410c.",
                "Write the colour like #c2410c.",
            );
        }
    }
    if let Some(host) = &settings.pages_domain
        && !is_host(host)
    {
        found.add(
            "pages_domain",
            "not_a_host",
            "Scrivi solo il nome, in minuscolo: per esempio ordini.bottega.it.",
            "Write the name only, in lower case: for instance ordini.bottega.it.",
        );
    }
    let province = settings.dispatch.province.as_deref();
    if province.is_some_and(|code| !Province::parse(code).is_ok_and(|known| known.code() == code)) {
        found.add(
            "dispatch.province",
            "no_such_province",
            "Non è la sigla di una provincia: scrivila come BO.",
            "There is no such province: write its code, like BO.",
        );
    }
    for notice in &settings.left_to_platform {
        if !NOTICES.contains(&notice.as_str()) {
            let all = NOTICES.join(", ");
            found.add(
                "left_to_platform",
                "no_such_notice",
                format!("Gli avvisi possibili sono: {all}."),
                format!("The notices there are: {all}."),
            );
        }
    }
    if settings.similarity_groups.len() > GROUPS_MAX {
        found.add(
            "similarity_groups",
            "too_many",
            format!("Al massimo {GROUPS_MAX} categorie."),
            format!("At most {GROUPS_MAX} categories."),
        );
    }
    for (category, group) in &settings.similarity_groups {
        if !given(category) || !given(group) {
            found.add(
                "similarity_groups",
                "empty",
                "Categoria e gruppo hanno bisogno di un nome.",
                "Category and group need a name.",
            );
        }
        found.text("similarity_groups", category, GROUP_CHARS_MAX);
        found.text("similarity_groups", group, GROUP_CHARS_MAX);
    }
    found.range(
        "soft_spam_months",
        settings.soft_spam_months,
        0,
        SOFT_SPAM_MONTHS_MAX,
    );
    found.range(
        "sunset_months",
        settings.sunset_months,
        1,
        SUNSET_MONTHS_MAX,
    );
    for (field, mode) in [
        ("tracking_open_default", settings.tracking_open_default),
        ("tracking_click_default", settings.tracking_click_default),
    ] {
        if mode == TrackingMode::Identified {
            found.add(
                field,
                "law",
                "Misurare una singola persona richiede il suo consenso: scegli «off» o «aggregate».",
                "Measuring one person needs their consent: choose `off` or `aggregate`.",
            );
        }
    }
    let hours = &settings.quiet_hours;
    found.hours(
        "quiet_hours.promo_message",
        &hours.promo_message,
        Some(&PROMO_MESSAGE_WIDEST),
    );
    found.hours(
        "quiet_hours.promo_call",
        &hours.promo_call,
        Some(&PROMO_CALL_HOURS),
    );
    found.hours("quiet_hours.service_message", &hours.service_message, None);
    found.hours("quiet_hours.marketing_email", &hours.marketing_email, None);
    let caps = &settings.caps;
    for (field, cap) in [
        ("caps.email_per_7_days", caps.email_per_7_days),
        ("caps.sms_per_30_days", caps.sms_per_30_days),
        ("caps.push_per_7_days", caps.push_per_7_days),
        ("caps.all_per_7_days", caps.all_per_7_days),
    ] {
        found.range(field, cap, 1, CAP_MAX);
    }
    found.range(
        "mix.promo_percent_max",
        u16::from(settings.mix.promo_percent_max),
        0,
        u16::from(PROMO_PERCENT_MAX),
    );
    found.range("mix.window_days", settings.mix.window_days, 1, MIX_DAYS_MAX);
    let prefix = &settings.coupon_prefix;
    if prefix.is_empty()
        || prefix.len() > COUPON_PREFIX_CHARS_MAX
        || !prefix
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    {
        found.add(
            "coupon_prefix",
            "not_a_prefix",
            format!("Da 1 a {COUPON_PREFIX_CHARS_MAX} lettere maiuscole o cifre."),
            format!("From 1 to {COUPON_PREFIX_CHARS_MAX} capital letters or digits."),
        );
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::italy::hours::Window;
    use crate::shop::Seller;

    fn good() -> ShopSettings {
        ShopSettings::new("Casa di Prova", "ordini@casa.example", Seller::default())
    }

    fn wrong(change: impl FnOnce(&mut ShopSettings)) -> Vec<(String, &'static str)> {
        let mut settings = good();
        change(&mut settings);
        check(&settings)
            .into_iter()
            .map(|problem| (problem.field, problem.code))
            .collect()
    }

    #[test]
    fn a_new_shops_settings_can_be_used() {
        assert_eq!(check(&good()), []);
    }

    #[test]
    fn the_laws_hours_can_be_narrowed_and_never_widened() {
        let narrow = |s: &mut ShopSettings| {
            s.quiet_hours.promo_call.weekdays = Some(Window::hours(10, 18));
            s.quiet_hours.promo_message.saturday = None;
        };
        assert_eq!(wrong(narrow), []);
        let late = wrong(|s| s.quiet_hours.promo_call.weekdays = Some(Window::hours(9, 21)));
        assert_eq!(
            late,
            [("quiet_hours.promo_call.weekdays".to_owned(), "law")]
        );
        let sunday = wrong(|s| s.quiet_hours.promo_message.sunday = Some(Window::hours(10, 12)));
        assert_eq!(
            sunday,
            [("quiet_hours.promo_message.sunday".to_owned(), "law")]
        );
        let never = wrong(|s| {
            let hours = &mut s.quiet_hours.service_message;
            (hours.weekdays, hours.saturday, hours.sunday) = (None, None, None);
        });
        assert_eq!(
            never,
            [("quiet_hours.service_message".to_owned(), "never_open")]
        );
    }

    #[test]
    fn nobody_is_measured_by_default() {
        let set = wrong(|s| s.tracking_open_default = TrackingMode::Identified);
        assert_eq!(set, [("tracking_open_default".to_owned(), "law")]);
    }

    #[test]
    fn what_is_malformed_is_named() {
        type Spoil = fn(&mut ShopSettings);
        let cases: [(&str, Spoil); 12] = [
            ("name", |s| s.name = " ".into()),
            ("from_email", |s| s.from_email = "nobody".into()),
            ("reply_to", |s| s.reply_to = Some("x@".into())),
            ("time_zone", |s| s.time_zone = "Europe/Atlantis".into()),
            ("currency", |s| s.currency = "euro".into()),
            ("logo_url", |s| s.logo_url = Some("javascript:x".into())),
            ("terms_url", |s| {
                s.terms_url = Some("https://a.example/\"x".into())
            }),
            ("accent", |s| s.accent = Some("red".into())),
            ("left_to_platform", |s| {
                s.left_to_platform.insert("all".into());
            }),
            ("caps.sms_per_30_days", |s| s.caps.sms_per_30_days = 0),
            ("mix.promo_percent_max", |s| s.mix.promo_percent_max = 31),
            ("coupon_prefix", |s| s.coupon_prefix = "grazie".into()),
        ];
        for (field, change) in cases {
            let found = wrong(change);
            assert_eq!(found.len(), 1, "{field}: {found:?}");
            assert_eq!(found[0].0, field);
        }
    }

    #[test]
    fn a_host_for_pages_is_a_whole_name_and_nothing_else() {
        let word = |host: &str| wrong(|s| s.pages_domain = Some(host.into()));
        for good in [
            "ordini.bottega.it",
            "a.b",
            "xn--caff-8oa.example",
            "1.bottega.it",
        ] {
            assert_eq!(word(good), [], "{good}");
        }
        let long = format!("{}.it", "a".repeat(64));
        for bad in [
            "",
            "bottega",
            "Ordini.bottega.it",
            "https://ordini.bottega.it",
            "ordini.bottega.it:8443",
            "ordini.bottega.it/",
            "ordini..it",
            ".it",
            "ordini.it.",
            "-a.it",
            "10.0.0.1",
            "caffè.it",
            "a b.it",
            &long,
        ] {
            assert_eq!(
                word(bad),
                [("pages_domain".to_owned(), "not_a_host")],
                "{bad}"
            );
        }
    }

    #[test]
    fn names_in_addresses_are_plain() {
        for good in ["casa", "casa-2", "a"] {
            assert_eq!(slug(good), None, "{good}");
        }
        for bad in ["", "Casa", "ca sa", "-casa", "casa/", "càsa"] {
            assert!(slug(bad).is_some(), "{bad}");
        }
    }
}
