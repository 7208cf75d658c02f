//! What Qapla' is told about a held parcel (v2), and what it answers for the courier.

use crate::couriers::http::{Answer, Due, Trouble, read_json};
use crate::couriers::italian::{name_of, street_of};
use crate::translation::{Text, or_default};
use dopo_core::advance::CourierCall;
use dopo_core::parcel::{HoldAction, REFUSAL_CHARS_MAX};
use dopo_engine::ports::Released;
use serde::Deserialize;
use serde_json::{Value, json};

/// What Qapla' can be told.
pub const ACTIONS: &[HoldAction] = &[
    HoldAction::Redeliver,
    HoldAction::OtherAddress,
    HoldAction::SendBack,
];

/// The body of a call; nothing for an action that Qapla' cannot be told.
pub fn request(call: &CourierCall) -> Option<Value> {
    let action = match call.answer.action {
        HoldAction::Redeliver => "redeliver",
        HoldAction::OtherAddress => "redeliver_new_address",
        HoldAction::SendBack => "return_to_sender",
        HoldAction::Collect => return None,
    };
    let text = |text: Option<&str>| text.and_then(crate::tidy::text).unwrap_or_default();
    let mut body = json!({"action": action});
    let note = text(call.answer.note.as_deref());
    if !note.is_empty() {
        body["notes"] = json!(note);
    }
    // An address where none is due is refused.
    if call.answer.action == HoldAction::OtherAddress {
        let to = call.answer.address.as_ref()?;
        body["address"] = json!({
            "name": text(Some(name_of(to))),
            "street": text(Some(&street_of(to))),
            "city": text(to.city.as_deref()),
            "zip": text(to.postal_code.as_deref()),
            "province": text(to.province.as_deref()),
        });
        let phone = text(call.answer.phone.as_deref());
        if !phone.is_empty() {
            body["address"]["phone"] = json!(phone);
        }
    }
    Some(body)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Sent {
    #[serde(rename = "courierOutcome", deserialize_with = "or_default")]
    outcome: Text,
    #[serde(deserialize_with = "or_default")]
    message: Text,
    #[serde(rename = "releaseId", deserialize_with = "or_default")]
    id: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    #[serde(deserialize_with = "or_default")]
    detail: Text,
}

/// What an answer says: GLS and TNT at once, BRT later by its scans.
///
/// # Errors
/// Where it is neither yes nor no.
pub fn outcome(answer: &Answer) -> Result<Released, Trouble> {
    let cut = |words: &str| words.chars().take(REFUSAL_CHARS_MAX).collect::<String>();
    match answer.status {
        404 => {
            return Ok(Released::Refused(
                "Qapla' does not know this shipment".to_owned(),
            ));
        }
        409 => {
            return Ok(Released::Refused(
                "Qapla' says that the parcel is not held now".to_owned(),
            ));
        }
        403 => {
            return Ok(Released::Refused(
                "the channel's key may not release held parcels (scope shipments:write)".to_owned(),
            ));
        }
        400 | 422 => {
            let problem: Problem = read_json(&answer.body).unwrap_or_default();
            let words = crate::tidy::text(&problem.detail.0);
            let words = words.unwrap_or_else(|| "Qapla' refuses the instruction".to_owned());
            return Ok(Released::Refused(cut(&words)));
        }
        _ => {}
    }
    let sent: Sent = read_json(answer.data(Due::Json)?).map_err(Trouble::Unreadable)?;
    let words = crate::tidy::text(&sent.message.0);
    Ok(match sent.outcome.0.as_str() {
        "ok" => Released::Accepted {
            reference: crate::tidy::id(&sent.id.0),
        },
        "pending" => Released::Deferred,
        "error" => Released::Refused(cut(
            &words.unwrap_or_else(|| "the courier refuses and does not say why".to_owned())
        )),
        _ => {
            return Err(Trouble::Unreadable(
                "Qapla' does not say what the courier answered".to_owned(),
            ));
        }
    })
}
