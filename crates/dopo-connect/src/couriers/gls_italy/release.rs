//! What GLS is told about a held parcel (svincolo, MU276), and what it answers.

use crate::couriers::codes::fold;
use crate::couriers::http::Trouble;
use crate::couriers::italian::{name_of, street_of};
use crate::couriers::xml::tree;
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{HoldAction, REFUSAL_CHARS_MAX};
use dopo_engine::ports::Released;
use jiff::civil::{Date, Weekday};

/// Longest note that is sent, in characters.
pub const NOTE_CHARS_MAX: usize = 40;

/// The account's profile, which alone may instruct.
#[derive(Clone, Copy)]
pub struct Profile<'a> {
    /// Two letters of the depot.
    pub depot: &'a str,
    /// Code of the web profile.
    pub code: &'a str,
    /// Its password.
    pub password: &'a str,
    /// The shop's telephone number, for the depot.
    pub phone: &'a str,
}

/// `TipoSvincolo` of an action. 4 (destroy) is never sent.
pub fn kind(action: HoldAction) -> &'static str {
    match action {
        HoldAction::Redeliver => "1",
        HoldAction::OtherAddress => "2",
        HoldAction::SendBack => "3",
        HoldAction::Collect => "7",
    }
}

/// The whole number of a shipment: with the letters of the account's depot where it has none of its own.
pub fn whole_number(depot: &str, number: &str) -> String {
    let number = number.trim();
    match number.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{depot}{number}"),
        false => number.to_owned(),
    }
}

/// The body of a call.
pub fn request(profile: Profile<'_>, call: &CourierCall) -> String {
    let answer = &call.answer;
    let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Info>");
    let mut tag = |name: &str, value: &str| add(&mut body, name, value);
    tag("SedeProfiloGls", profile.depot);
    tag("CodiceProfiloGls", profile.code);
    tag("PasswordClienteGls", profile.password);
    body.push_str("<Redelivery>");
    let mut tag = |name: &str, value: &str| add(&mut body, name, value);
    let phone = answer.phone.as_deref().unwrap_or_default();
    let note: String = answer
        .note
        .as_deref()
        .unwrap_or_default()
        .chars()
        .take(NOTE_CHARS_MAX)
        .collect();
    let zone = jiff::tz::TimeZone::get(crate::couriers::time::ROME);
    let asked = zone
        .unwrap_or(jiff::tz::TimeZone::UTC)
        .to_datetime(call.asked_at)
        .date();
    let day = next_working_day(asked).map(|day| day.strftime("%d/%m/%y").to_string());
    tag(
        "NumeroSpedizione",
        &whole_number(profile.depot, &call.number),
    );
    tag("TipoSvincolo", kind(answer.action));
    tag("TelefonoCliente", profile.phone);
    tag(
        "ConPreavvisoTelefonico",
        if phone.is_empty() { "N" } else { "S" },
    );
    tag("TelefonoDestinatario", phone);
    // The amount on delivery stays as it was agreed.
    tag("AnnullandoCAssegno", "N");
    tag("VariandoCAssegno", "N");
    tag("NuovoImportoCAssegno", "");
    tag("VariandoInPortoFranco", "N");
    tag("VariandoInPortoAssegnato", "N");
    tag("SpeseAdMittente", "S");
    tag("SpeseAdDestinatario", "N");
    tag("DataRiconsegna", day.as_deref().unwrap_or_default());
    tag("Note", &note);
    let nowhere = dopo_core::order::PostalAddress::default();
    let to = match answer.action {
        HoldAction::OtherAddress => answer.address.as_ref().unwrap_or(&nowhere),
        _ => &nowhere,
    };
    tag("CognomeNome", name_of(to));
    tag("NuovoIndirizzo", &street_of(to));
    tag("NuovaLocalita", to.city.as_deref().unwrap_or_default());
    tag(
        "NuovoZipcode",
        to.postal_code.as_deref().unwrap_or_default(),
    );
    tag("NuovaProvincia", to.province.as_deref().unwrap_or_default());
    body.push_str("</Redelivery></Info>");
    body
}

fn add(body: &mut String, name: &str, value: &str) {
    let value = crate::tidy::text(value).unwrap_or_default();
    if value.is_empty() {
        body.push_str(&format!("<{name}/>"));
    } else {
        let value = quick_xml::escape::escape(&value);
        body.push_str(&format!("<{name}>{value}</{name}>"));
    }
}

/// The first day after one on which GLS delivers everywhere.
fn next_working_day(day: Date) -> Option<Date> {
    let mut next = day.tomorrow().ok()?;
    while matches!(next.weekday(), Weekday::Saturday | Weekday::Sunday) {
        next = next.tomorrow().ok()?;
    }
    Some(next)
}

/// What the answer says of one parcel.
///
/// # Errors
/// Where it is no answer, or says nothing of this parcel.
pub fn outcome(body: &[u8], number: &str) -> Result<Released, Trouble> {
    let root = tree(body).map_err(Trouble::Unreadable)?;
    let shipment = root
        .all("Spedizione")
        .find(|node| node.attribute("Numero").is_some_and(|n| n.trim() == number));
    let words = shipment.and_then(|node| node.at("Svincolo"));
    let Some(words) = words else {
        return Err(Trouble::Unreadable(
            "GLS says nothing of this parcel in its answer".to_owned(),
        ));
    };
    let said = fold(words);
    // A repeat after a lost answer finds it done.
    Ok(if said == "ok" || said.contains("gia svincolat") {
        Released::Accepted { reference: None }
    } else {
        Released::Refused(words.chars().take(REFUSAL_CHARS_MAX).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_delivery_is_asked_for_the_next_working_day() {
        let friday = jiff::civil::date(2026, 11, 20);
        assert_eq!(
            next_working_day(friday),
            Some(jiff::civil::date(2026, 11, 23))
        );
        assert_eq!(whole_number("BZ", "620873098"), "BZ620873098");
        assert_eq!(whole_number("BZ", "SM111111111"), "SM111111111");
    }
}
