//! BRT's JSON. Numbers come as text and as numbers, lists padded with rows whose fields are all empty.

use crate::translation::{Text, list, or_default};
use serde::Deserialize;

/// The envelope.
#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "ttParcelIdResponse", default)]
    pub(super) response: Option<Response>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Response {
    #[serde(deserialize_with = "or_default")]
    pub(super) esito: Text,
    #[serde(rename = "executionMessage", deserialize_with = "or_default")]
    pub(super) message: Message,
    #[serde(deserialize_with = "or_default")]
    pub(super) bolla: Bolla,
    #[serde(deserialize_with = "list")]
    pub(super) lista_eventi: Vec<Row>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Message {
    #[serde(deserialize_with = "or_default")]
    pub(super) code: Text,
    #[serde(rename = "codeDesc", deserialize_with = "or_default")]
    pub(super) code_desc: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) message: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Bolla {
    #[serde(deserialize_with = "or_default")]
    pub(super) dati_spedizione: Shipment,
    #[serde(deserialize_with = "or_default")]
    pub(super) dati_consegna: Delivery,
    #[serde(deserialize_with = "or_default")]
    pub(super) contrassegno: CashOnDelivery,
    #[serde(deserialize_with = "or_default")]
    pub(super) merce: Goods,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shipment {
    #[serde(deserialize_with = "or_default")]
    pub(super) spedizione_data: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Delivery {
    #[serde(deserialize_with = "or_default")]
    pub(super) data_consegna_merce: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) ora_consegna_merce: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) data_teorica_consegna: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) ora_teorica_consegna_da: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) ora_teorica_consegna_a: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CashOnDelivery {
    #[serde(deserialize_with = "or_default")]
    pub(super) contrassegno_importo: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) contrassegno_divisa: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Goods {
    #[serde(deserialize_with = "or_default")]
    pub(super) peso_kg: Text,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Row {
    #[serde(deserialize_with = "or_default")]
    pub(super) evento: Event,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Event {
    #[serde(deserialize_with = "or_default")]
    pub(super) data: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) ora: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) id: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) descrizione: Text,
    #[serde(deserialize_with = "or_default")]
    pub(super) filiale: Text,
}

impl Event {
    /// The rows that BRT pads its list with say nothing at all.
    pub(super) fn is_padding(&self) -> bool {
        [&self.data, &self.ora, &self.id, &self.descrizione]
            .iter()
            .all(|field| field.0.trim().is_empty())
    }
}
