//! What the tests of Italian couriers have in common: asking, and telling what to do with a held parcel.

use crate::shared::at;
use dopo_connect::couriers::VendorDesks;
use dopo_core::advance::CourierCall;
use dopo_core::id::{EffectId, OrderId};
use dopo_core::order::PostalAddress;
use dopo_core::parcel::{Courier, HoldAction, HoldAnswer, Parcel, Telling};
use dopo_engine::ports::{Ask, CourierDesk, Couriers};
use std::sync::Arc;

/// Opens an account that may call this machine.
pub fn open(vendor: &str, fields: &[(&str, &str)]) -> Arc<dyn CourierDesk> {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    VendorDesks::new(true).open(vendor, &fields).unwrap()
}

pub fn ask(courier: Courier, number: &str) -> Ask {
    Ask {
        courier,
        number: number.to_owned(),
        shipped_on: None,
        postal_code: None,
        country: None,
    }
}

/// An instruction; another address where the action needs one.
pub fn call(courier: Courier, number: &str, action: HoldAction) -> CourierCall {
    let address = PostalAddress {
        name: Some("Luigi Verdi".to_owned()),
        street: Some("Via Milano 2".to_owned()),
        postal_code: Some("39100".to_owned()),
        city: Some("Bolzano".to_owned()),
        province: Some("BZ".to_owned()),
        ..PostalAddress::default()
    };
    CourierCall {
        id: EffectId(0x2a),
        order_id: OrderId(1),
        seq: 0,
        courier,
        number: number.to_owned(),
        reference: None,
        answer: HoldAnswer {
            action,
            address: (action == HoldAction::OtherAddress).then_some(address),
            phone: Some("+393331234567".to_owned()),
            note: Some("Suonare due volte; \"Verdi\" & figli".to_owned()),
        },
        asked_at: at("2026-11-20T10:00:00Z"),
        expires_at: at("2026-11-27T10:00:00Z"),
    }
}

/// What a parcel is after a telling.
pub fn heard(told: &Telling) -> Parcel {
    let mut parcel = Parcel::default();
    parcel.hear(told, at("2026-11-22T10:00:00Z"));
    parcel
}

/// Every payload cut off at every place, and with every byte replaced in turn: an answer of some kind, never a panic.
#[test]
fn broken_answers_are_refused_and_never_panic() {
    use dopo_connect::couriers::{brt, gls_italy, inpost, poste, qapla};
    let readers: [fn(&[u8]); 6] = [
        |body| drop(brt::translate::translate(body, None)),
        |body| drop(gls_italy::translate::translate(body)),
        |body| drop(poste::translate::translate(body, "X")),
        |body| drop(poste::deposits::list(body)),
        |body| drop(inpost::translate::translate(body, "X")),
        |body| drop(qapla::translate(body, &crate::shared::setting())),
    ];
    for folder in ["gls_italy", "post_it_sdk", "poste_track", "inpost_sdk"] {
        let Some(path) = super::payloads(folder) else {
            return;
        };
        for entry in std::fs::read_dir(path).unwrap() {
            let body = std::fs::read(entry.unwrap().path()).unwrap();
            for at in (0..body.len()).step_by(13) {
                let mut changed = body.clone();
                changed[at] = [b'"', b'<', b'9', 0xc3, b' '][at % 5];
                for read in readers {
                    read(&body[..at]);
                    read(&changed);
                }
            }
        }
    }
}
