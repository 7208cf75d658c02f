//! GEODIS: answers of its `recherche-envoi` service, read.

use dopo_core::money::Currency;
use dopo_core::parcel::{ScanSource, Telling, Window};
use serde::Deserialize;
use std::sync::LazyLock;

use super::codes::{CodeTable, RawScan, Timeline};
use super::http::{Trouble, read_json};
use super::time::{self, Clock};
use crate::tidy;

static CODES: LazyLock<CodeTable> =
    LazyLock::new(|| CodeTable::embedded("geodis", include_str!("codes.csv")));

/// Its code tables.
pub fn tables() -> [&'static CodeTable; 1] {
    [&CODES]
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    contenu: Option<Content>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    date_livraison_prevue: Option<String>,
    /// Kilograms.
    poids: Option<f64>,
    contre_remboursement: Option<serde_json::Number>,
    devise_contre_remboursement: Option<String>,
    #[serde(default)]
    list_suivis: Vec<Suivi>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suivi {
    date_suivi: Option<String>,
    heure_suivi: Option<String>,
    libelle_centre: Option<String>,
    libelle_suivi: Option<String>,
    code_situation_justification: Option<String>,
}

/// Reads an answer about one parcel.
///
/// # Errors
/// [`Trouble::Unreadable`] where GEODIS answers with an error, [`Trouble::Unknown`] without a shipment.
pub fn translate(body: &[u8]) -> Result<Telling, Trouble> {
    let answer: Answer = read_json(body).map_err(Trouble::Unreadable)?;
    if !answer.ok {
        return Err(Trouble::Unreadable(
            "GEODIS answers with an error".to_owned(),
        ));
    }
    let content = answer.contenu.ok_or(Trouble::Unknown)?;
    let mut clock = Clock::named("Europe/Paris");
    let mut timeline = Timeline::new(&CODES, ScanSource::Carrier);
    // The newest comes first.
    for scan in content.list_suivis.iter().rev() {
        let date = scan.date_suivi.as_deref().and_then(time::date);
        let hour = scan.heure_suivi.as_deref().and_then(time::time);
        let Some(heard) = date.and_then(|date| clock.local(date, hour)) else {
            timeline.skip();
            continue;
        };
        let codes = [scan
            .code_situation_justification
            .as_deref()
            .unwrap_or_default()];
        timeline.push(
            RawScan {
                codes: &codes,
                text: scan.libelle_suivi.as_deref(),
                place: scan.libelle_centre.clone(),
                ..RawScan::default()
            },
            heard,
        );
    }
    let expected = content
        .date_livraison_prevue
        .as_deref()
        .and_then(time::date);
    let currency = content.devise_contre_remboursement.as_deref();
    let currency = currency.and_then(|code| Currency::parse(code).ok());
    let amount = content.contre_remboursement.as_ref().zip(currency);
    Ok(Telling {
        complete: true,
        expected: expected.and_then(|date| {
            let (from, until) = clock.day(date)?;
            Some(Window {
                from,
                until,
                days: true,
            })
        }),
        weight_g: content
            .poids
            .filter(|kg| *kg > 0.0 && *kg < 100_000.0)
            .map(|kg| (kg * 1_000.0).round() as u32),
        cash_on_delivery: amount.and_then(|(amount, currency)| {
            tidy::money(Some(&amount.to_string()), currency)
                .ok()
                .flatten()
        }),
        ..timeline.finish()
    })
}
