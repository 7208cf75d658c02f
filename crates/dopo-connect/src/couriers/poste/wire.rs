//! Poste's JSON: truth values as `S`/`N` and `OK`/`KO`, numbers as text, lists wrapped in `item`.

use crate::translation::{Text, list, or_default};
use serde::Deserialize;

/// The answer of the business API's tracking.
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "return", default)]
    pub(super) answer: Option<Answer>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Answer {
    #[serde(deserialize_with = "or_default")]
    pub(super) outcome: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) code: Text,
    #[serde(deserialize_with = "list")]
    pub(super) shipment: Vec<Shipment>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shipment {
    #[serde(rename = "waybillNumber", deserialize_with = "or_default")]
    pub(super) waybill: Text,
    #[serde(rename = "returnFlag", deserialize_with = "or_default")]
    pub(super) returns: Text,
    #[serde(deserialize_with = "list")]
    pub(super) tracking: Vec<Scan>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Scan {
    #[serde(deserialize_with = "or_default")]
    pub(super) data: Text,
    #[serde(rename = "officeDescription", deserialize_with = "or_default")]
    pub(super) office: Text,
    #[serde(rename = "StatusDescription", deserialize_with = "or_default")]
    pub(super) text: Text,
    #[serde(rename = "synthesisStatusDescription", deserialize_with = "or_default")]
    pub(super) synthesis: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) phase: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: Text,
}

/// One number of the public page.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Found {
    #[serde(rename = "idTracciatura", deserialize_with = "or_default")]
    pub(super) number: Text,
    #[serde(rename = "esitoRicerca", deserialize_with = "or_default")]
    pub(super) outcome: Text,
    #[serde(rename = "flagRitorno", deserialize_with = "or_default")]
    pub(super) returns: Text,
    #[serde(rename = "dataPrevistaConsegna", deserialize_with = "or_default")]
    pub(super) expected: Text,
    #[serde(rename = "listaMovimenti", deserialize_with = "list")]
    pub(super) movements: Vec<Movement>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Movement {
    #[serde(rename = "dataOra")]
    pub(super) at: Option<i64>,
    #[serde(rename = "statoLavorazione", deserialize_with = "or_default")]
    pub(super) text: Text,
    #[serde(rename = "luogo", deserialize_with = "or_default")]
    pub(super) place: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) r#box: Text,
    #[serde(rename = "flagRitorno", deserialize_with = "or_default")]
    pub(super) returns: Text,
    #[serde(rename = "denominazioneUfficio", deserialize_with = "or_default")]
    pub(super) office: Text,
    #[serde(rename = "indirizzoUfficio", deserialize_with = "or_default")]
    pub(super) street: Text,
    #[serde(rename = "capUfficio", deserialize_with = "or_default")]
    pub(super) postal_code: Text,
    #[serde(rename = "comuneUfficio", deserialize_with = "or_default")]
    pub(super) city: Text,
    #[serde(rename = "orarioLunedi", deserialize_with = "or_default")]
    pub(super) monday: Text,
    #[serde(rename = "orarioMartedi", deserialize_with = "or_default")]
    pub(super) tuesday: Text,
    #[serde(rename = "orarioMercoledi", deserialize_with = "or_default")]
    pub(super) wednesday: Text,
    #[serde(rename = "orarioGiovedi", deserialize_with = "or_default")]
    pub(super) thursday: Text,
    #[serde(rename = "orarioVenerdi", deserialize_with = "or_default")]
    pub(super) friday: Text,
    #[serde(rename = "orarioSabato", deserialize_with = "or_default")]
    pub(super) saturday: Text,
    #[serde(rename = "orarioDomenica", deserialize_with = "or_default")]
    pub(super) sunday: Text,
}

impl Movement {
    /// Opening hours, one line a day that has some.
    pub(super) fn hours(&self) -> Vec<String> {
        [
            ("lun", &self.monday),
            ("mar", &self.tuesday),
            ("mer", &self.wednesday),
            ("gio", &self.thursday),
            ("ven", &self.friday),
            ("sab", &self.saturday),
            ("dom", &self.sunday),
        ]
        .into_iter()
        .filter_map(|(day, hours)| Some(format!("{day} {}", crate::tidy::text(&hours.0)?)))
        .collect()
    }
}

/// A list wrapped in `item`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Items<T> {
    #[serde(default, deserialize_with = "list")]
    pub(super) item: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Items { item: Vec::new() }
    }
}

/// The answer of `depositsList`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct DepositList {
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) deposits: Items<WireDeposit>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireDeposit {
    #[serde(rename = "shipmentId", deserialize_with = "or_default")]
    pub(super) shipment: Text,
    #[serde(rename = "depositDossier", deserialize_with = "or_default")]
    pub(super) dossier: Text,
    #[serde(rename = "motivationId", deserialize_with = "or_default")]
    pub(super) motivation: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) releasable: Text,
    #[serde(rename = "startDate", deserialize_with = "or_default")]
    pub(super) start: Text,
    #[serde(rename = "endDate", deserialize_with = "or_default")]
    pub(super) end: Text,
}

/// The answer of `depositsRelease`.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ReleaseAnswer {
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Items<ReleaseItem>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ReleaseItem {
    #[serde(deserialize_with = "or_default")]
    pub(super) barcode: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) result: Text,
    #[serde(rename = "errorCode", deserialize_with = "or_default")]
    pub(super) code: Text,
    #[serde(rename = "errorDescription", deserialize_with = "or_default")]
    pub(super) words: Text,
}

/// `S` and `true` are yes.
pub(super) fn is_yes(text: &Text) -> bool {
    matches!(
        text.0.trim().to_ascii_uppercase().as_str(),
        "S" | "SI" | "Y" | "TRUE"
    )
}
