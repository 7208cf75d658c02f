//! Values from outside, made fit to be stored: one line, no invisible characters, bounded, or left out.
//!
//! The rule for text from outside: line breaks and tabs become spaces, NUL and other control characters, zero-width and
//! direction characters are removed, runs of white space become one, the ends are trimmed, and what is longer than its
//! limit is cut. Everything else is data and stays as it is: `{{7*7}}`, `<script>` and `=HYPERLINK(…)` are legal names.

use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::italy::email::EmailAddress;
use dopo_core::italy::phone::Phone;
use dopo_core::italy::{Locale, Province, clean_line, is_invisible};
use dopo_core::money::{Currency, Money};
use dopo_core::order::PostalAddress;

use crate::translation::Notes;

/// Longest name, title or place kept, in characters.
pub const TEXT_CHARS_MAX: usize = 300;
/// Longest address of a page or picture kept, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// Longest identifier of a platform, in bytes.
pub const ID_BYTES_MAX: usize = 200;

/// One line of text, or nothing when nothing is left.
pub(crate) fn text(value: &str) -> Option<String> {
    let mut line = clean_line(value);
    if let Some((end, _)) = line.char_indices().nth(TEXT_CHARS_MAX) {
        line.truncate(end);
    }
    (!line.is_empty()).then_some(line)
}

/// [`text`] of a value that may be missing.
pub(crate) fn opt(value: Option<&str>) -> Option<String> {
    text(value?)
}

/// An identifier: not empty, at most [`ID_BYTES_MAX`], without control or invisible characters.
pub(crate) fn id(value: &str) -> Option<String> {
    let value = value.trim();
    let fits = !value.is_empty() && value.len() <= ID_BYTES_MAX && !value.chars().any(is_invisible);
    fits.then(|| value.to_owned())
}

/// An address of a page: `https` or `http`, no white space or control characters, at most [`URL_BYTES_MAX`].
///
/// Anything else (`javascript:`, `data:`) is left out.
pub(crate) fn url(value: &str) -> Option<String> {
    let value = value.trim();
    let (scheme, rest) = value.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let clean = value.len() <= URL_BYTES_MAX
        && !rest.is_empty()
        && !value
            .chars()
            .any(|c| is_invisible(c) || c.is_whitespace() || "\"<>\\^`{|}".contains(c));
    (web && clean).then(|| value.to_owned())
}

/// A two-letter country code in capitals.
pub(crate) fn country(value: Option<&str>) -> Option<String> {
    let value = value?.trim();
    (value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()))
        .then(|| value.to_ascii_uppercase())
}

/// The Italian province from its code or, failing that, from the CAP; nothing outside Italy.
pub(crate) fn province(
    country: Option<&str>,
    code: Option<&str>,
    postal_code: Option<&str>,
) -> Option<String> {
    if country.is_some_and(|c| c != "IT") {
        return None;
    }
    let told = code.map(|c| c.trim().strip_prefix("IT-").unwrap_or(c.trim()));
    told.and_then(|c| Province::parse(c).ok())
        .or_else(|| Province::from_cap(postal_code?))
        .map(|p| p.code().to_owned())
}

/// A language we speak; others are left out, so that the shop's own language applies.
pub(crate) fn locale(tag: Option<&str>) -> Option<Locale> {
    Locale::from_tag(tag?)
}

/// An e-mail address in its sendable form. One that cannot be an address is left out with a note.
pub(crate) fn email(value: Option<&str>, notes: &mut Notes) -> Option<String> {
    let value = value.map(str::trim).filter(|v| !v.is_empty())?;
    match EmailAddress::parse(value) {
        Ok(address) => Some(address.as_str().to_owned()),
        Err(e) => {
            notes.add(format!("an e-mail address was left out: {e}"));
            None
        }
    }
}

/// A telephone number in E.164, read as one of `country` (Italy when unknown). One that cannot exist is left out with
/// a note.
pub(crate) fn phone(
    value: Option<&str>,
    country: Option<&str>,
    notes: &mut Notes,
) -> Option<String> {
    let value = value.map(str::trim).filter(|v| !v.is_empty())?;
    // Excel and careful exporters write '+39… to keep the sign (SEC-08).
    let value = value.strip_prefix('\'').unwrap_or(value);
    match Phone::parse_in(value, country.unwrap_or("IT")) {
        Ok(phone) => Some(phone.as_e164().to_owned()),
        Err(e) => {
            notes.add(format!("a telephone number was left out: {e}"));
            None
        }
    }
}

/// Whether there is any way to recognise the person.
pub(crate) fn is_named(who: &PersonRef) -> bool {
    who.email.is_some() || who.phone.is_some() || who.shop_customer_id.is_some()
}

/// Puts a person from our own JSON into stored form; numbers and addresses that cannot be are left out with a note.
pub(crate) fn person_ref(who: &mut PersonRef, country: Option<&str>, notes: &mut Notes) {
    who.email = email(who.email.as_deref(), notes);
    who.phone = phone(who.phone.as_deref(), country, notes);
    who.shop_customer_id = who.shop_customer_id.as_deref().and_then(id);
}

/// [`person_ref`] with the rest of what is told about the person.
pub(crate) fn person(person: &mut PersonDetails, notes: &mut Notes) {
    person.country = country(person.country.as_deref());
    let of = person.country.clone();
    person_ref(&mut person.who, of.as_deref(), notes);
    person.first_name = opt(person.first_name.as_deref());
    person.last_name = opt(person.last_name.as_deref());
    person.province = province(of.as_deref(), person.province.as_deref(), None);
    if let Some(zone) = &person.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        notes.add("an unknown time zone was left out; use an IANA name such as Europe/Rome");
        person.time_zone = None;
    }
}

/// Puts a postal address into stored form.
pub(crate) fn address(address: &mut PostalAddress) {
    for field in [
        &mut address.name,
        &mut address.company,
        &mut address.street,
        &mut address.extra,
        &mut address.postal_code,
        &mut address.city,
    ] {
        *field = opt(field.as_deref());
    }
    address.country = country(address.country.as_deref());
    address.province = province(
        address.country.as_deref(),
        address.province.as_deref(),
        address.postal_code.as_deref(),
    );
}

/// An amount in a shop's decimal notation; an empty text is no amount.
pub(crate) fn money(value: Option<&str>, currency: Currency) -> Result<Option<Money>, String> {
    match value.map(str::trim).filter(|v| !v.is_empty()) {
        Some(value) => Money::parse(value, currency)
            .map(Some)
            .map_err(|e| e.to_string()),
        None => Ok(None),
    }
}

/// A currency code, in words when it is not one.
pub(crate) fn currency(value: &str) -> Result<Currency, String> {
    Currency::parse(value).map_err(|e| e.to_string())
}

/// The sum of the amounts that are there; nothing when none is, or when the sum does not fit.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Money>) -> Option<Money> {
    let mut total: Option<Money> = None;
    for amount in amounts {
        total = Some(match total {
            Some(sum) => sum.checked_add(amount).ok()?,
            None => amount,
        });
    }
    total
}

/// `cents` divided by a number of pieces, rounded half away from zero.
pub(crate) fn per_piece(amount: Money, pieces: u32) -> Money {
    let pieces = i128::from(pieces.max(1));
    let cents = i128::from(amount.cents);
    let half = if cents < 0 { -pieces / 2 } else { pieces / 2 };
    let each = i64::try_from((cents + half) / pieces).unwrap_or(amount.cents);
    Money::new(each, amount.currency)
}

/// Whether a payment method's name says that the driver takes the money (contrassegno).
pub(crate) fn is_cash_on_delivery(name: &str) -> bool {
    let name = name.to_lowercase().replace(['_', '-'], " ");
    name.split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "cod")
        || [
            "cash on delivery",
            "contrassegno",
            "alla consegna",
            "pay on delivery",
        ]
        .iter()
        .any(|said| name.contains(said))
}

/// Characters that HTML writes by name or number, as WordPress does in titles, put back.
pub(crate) fn unescape_html(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.bytes().take(10).position(|b| b == b';');
        let found = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
        match found {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "laquo" => '«',
        "raquo" => '»',
        "euro" => '€',
        "egrave" => 'è',
        "agrave" => 'à',
        "eacute" => 'é',
        "ograve" => 'ò',
        "ugrave" => 'ù',
        "igrave" => 'ì',
        "times" => '×',
        "deg" => '°',
        "reg" => '®',
        "trade" => '™',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_data_and_loses_only_what_cannot_be_seen() {
        for (told, kept) in [
            ("{{7*7}}", Some("{{7*7}}")),
            (
                "<script>alert(1)</script>",
                Some("<script>alert(1)</script>"),
            ),
            ("Mario\r\nBcc: x@y.it", Some("Mario Bcc: x@y.it")),
            ("Ma\u{0}rio\u{202E}\u{200B}", Some("Mario")),
            ("=HYPERLINK(\"x\")", Some("=HYPERLINK(\"x\")")),
            (" \u{200B}\r\n", None),
        ] {
            assert_eq!(text(told).as_deref(), kept);
        }
        assert_eq!(
            text(&"è".repeat(1_000)).unwrap().chars().count(),
            TEXT_CHARS_MAX
        );
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a.it/\r\nx",
            "https://a.it/\"onclick=",
            "//a.it",
            "https://",
        ] {
            assert_eq!(url(bad), None, "{bad}");
        }
        assert_eq!(url(" https://a.it/x?y=1 ").unwrap(), "https://a.it/x?y=1");
    }

    #[test]
    fn the_province_comes_from_its_code_or_the_cap_and_only_in_italy() {
        assert_eq!(
            province(Some("IT"), Some("mb"), None).as_deref(),
            Some("MB")
        );
        assert_eq!(
            province(Some("IT"), Some("Monza e Brianza"), Some("20900")).as_deref(),
            Some("MB")
        );
        assert_eq!(province(Some("US"), Some("CA"), Some("94103")), None);
    }

    #[test]
    fn html_entities_of_titles_are_put_back_and_strangers_stay() {
        for (html, plain) in [
            ("Ship &ndash; Color", "Ship – Color"),
            ("L&#8217;isola &amp; co", "L’isola & co"),
            ("a & b &unknown; &#xZZ;", "a & b &unknown; &#xZZ;"),
            ("&&amp;&#x41;", "&&A"),
        ] {
            assert_eq!(unescape_html(html), plain);
        }
    }

    #[test]
    fn cash_on_delivery_is_known_by_its_names() {
        for name in [
            "Cash on Delivery (COD)",
            "cod",
            "Contrassegno",
            "Pagamento alla consegna",
        ] {
            assert!(is_cash_on_delivery(name), "{name}");
        }
        for name in ["shopify_payments", "PayPal", "Codice sconto", "bonifico"] {
            assert!(!is_cash_on_delivery(name), "{name}");
        }
    }
}
