//! Poste's held parcels (depositi): when a hold ends, why it began, and what Poste is told to do with it.

use super::wire::{DepositList, ReleaseAnswer, is_yes};
use crate::couriers::http::{Trouble, read_json};
use crate::couriers::italian::{name_of, street_of};
use crate::couriers::time::{Clock, date};
use dopo_core::advance::CourierCall;
use dopo_core::order::PostalAddress;
use dopo_core::parcel::{HoldAction, ParcelState, REFUSAL_CHARS_MAX, Telling};
use dopo_engine::ports::Released;
use jiff::civil::Date;
use serde_json::{Value, json};

/// A held parcel in Poste's list. Names of people are left out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deposit {
    /// Number of the parcel.
    pub number: String,
    /// Poste's number of the hold; nothing where it is only zeros.
    pub dossier: Option<String>,
    /// Why it is held.
    pub reason: Option<&'static str>,
    /// Whether Poste still takes an instruction.
    pub releasable: bool,
    /// First day.
    pub start: Option<Date>,
    /// Last day.
    pub end: Option<Date>,
}

/// Reads the answer of `depositsList`.
///
/// # Errors
/// Where it is no such answer.
pub fn list(body: &[u8]) -> Result<Vec<Deposit>, Trouble> {
    let list: DepositList = read_json(body).map_err(Trouble::Unreadable)?;
    if list.result.0.trim().eq_ignore_ascii_case("KO") {
        return Err(Trouble::later(
            "Poste does not give its list of held parcels",
        ));
    }
    let deposits = list.deposits.item.into_iter().filter_map(|deposit| {
        let dossier = deposit.dossier.0.trim();
        Some(Deposit {
            number: crate::tidy::id(&deposit.shipment.0)?,
            dossier: (!dossier.trim_matches('0').is_empty()).then(|| dossier.to_owned()),
            reason: reason(deposit.motivation.0.trim()),
            releasable: is_yes(&deposit.releasable),
            start: date(&deposit.start.0),
            end: date(&deposit.end.0),
        })
    });
    Ok(deposits.collect())
}

fn reason(motivation: &str) -> Option<&'static str> {
    Some(match motivation {
        "INDERR" | "ADDRINC" => "consignee_wrong_address",
        "RECIPREF" => "consignee_refused",
        _ => return None,
    })
}

/// Adds to a telling of a held parcel what the list says of it.
pub fn enrich(told: &mut Telling, deposits: &[Deposit], number: &str) {
    let newest = told.scans.iter_mut().rev().find(|scan| !scan.taken_back);
    let Some(scan) = newest.filter(|s| s.checkpoint.state == ParcelState::HeldAtDepot) else {
        return;
    };
    // A parcel can be held twice: the newest of its holds is meant.
    let deposit = deposits
        .iter()
        .filter(|deposit| deposit.number.eq_ignore_ascii_case(number.trim()))
        .max_by_key(|deposit| deposit.start);
    let Some(deposit) = deposit else { return };
    told.hold_reference = deposit.dossier.clone();
    told.hold_expires_at = deposit.end.and_then(|end| Some(Clock::rome().day(end)?.1));
    if let Some(reason) = deposit.reason {
        scan.checkpoint.reason = Some(reason.to_owned());
    }
}

/// The body of `depositsList` for holds that began between two days.
pub fn list_request(from: Date, to: Date) -> Value {
    let day = |day: Date| day.strftime("%Y%m%d").to_string();
    json!({"dateFrom": day(from), "dateTo": day(to), "status": "", "depositReason": ""})
}

/// What Poste can be told. Keeping a parcel for somebody to fetch needs the number of a post office, which we do not have.
pub const ACTIONS: &[HoldAction] = &[
    HoldAction::Redeliver,
    HoldAction::OtherAddress,
    HoldAction::SendBack,
];

fn action(action: HoldAction) -> Option<&'static str> {
    Some(match action {
        HoldAction::Redeliver => "AZ0001",
        HoldAction::OtherAddress => "AZ0002",
        HoldAction::SendBack => "AZ0005",
        HoldAction::Collect => return None,
    })
}

/// The body of `depositsRelease`; nothing for an action that Poste cannot be told.
pub fn release_request(call: &CourierCall) -> Option<Value> {
    let mut body = json!({
        "releaseAct": {"shipmentId": call.number, "releaseAction": action(call.answer.action)?},
        "shipmentId": {"item": [{"barcode": call.number}]},
    });
    if call.answer.action == HoldAction::OtherAddress {
        let to = call.answer.address.as_ref()?;
        let phone = call.answer.phone.as_deref().unwrap_or_default();
        body["address"] = json!({"item": [address(to, phone)]});
    }
    Some(body)
}

/// Every documented field, empty where there is nothing.
fn address(to: &PostalAddress, phone: &str) -> Value {
    const EMPTY: [&str; 14] = [
        "surname",
        "streetType",
        "floor",
        "km",
        "building",
        "stairs",
        "room",
        "internal",
        "reception",
        "email",
        "nameIntercom",
        "closingTimeFrom",
        "closingTimeTo",
        "streetNumber",
    ];
    let street = street_of(to);
    let text = |text: Option<&str>| text.and_then(crate::tidy::text).unwrap_or_default();
    let mut fields = serde_json::Map::new();
    for name in EMPTY {
        fields.insert(name.to_owned(), json!(""));
    }
    for (name, value) in [
        ("givenName", text(Some(name_of(to)))),
        ("streetName", text(Some(&street))),
        ("town", text(to.city.as_deref())),
        ("region", text(to.province.as_deref())),
        ("postCode", text(to.postal_code.as_deref())),
        ("country", text(to.country.as_deref().or(Some("IT")))),
        ("phone", text(Some(phone))),
    ] {
        fields.insert(name.to_owned(), json!(value));
    }
    Value::Object(fields)
}

/// What the answer of `depositsRelease` says of one parcel. An answer about a single parcel is about ours.
///
/// # Errors
/// Where it is no such answer, or says nothing of this parcel.
pub fn outcome(body: &[u8], number: &str) -> Result<Released, Trouble> {
    let answer: ReleaseAnswer = read_json(body).map_err(Trouble::Unreadable)?;
    let items = answer.result.item;
    let ours = items
        .iter()
        .find(|item| item.barcode.0.trim().eq_ignore_ascii_case(number.trim()))
        .or(match items.as_slice() {
            [only] => Some(only),
            _ => None,
        });
    let Some(item) = ours else {
        return Err(Trouble::Unreadable(
            "Poste says nothing of this parcel in its answer".to_owned(),
        ));
    };
    if item.result.0.trim().eq_ignore_ascii_case("OK") {
        return Ok(Released::Accepted { reference: None });
    }
    let words = crate::tidy::text(&item.words.0)
        .or_else(|| crate::tidy::text(&item.code.0))
        .unwrap_or_else(|| "Poste does not say why".to_owned());
    Ok(Released::Refused(
        words.chars().take(REFUSAL_CHARS_MAX).collect(),
    ))
}
