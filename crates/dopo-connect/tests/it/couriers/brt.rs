//! BRT: its own description, and answers written by us in its shape.

use super::calls::{ask, call, heard, open};
use super::fake::Fake;
use super::lines;
use crate::shared::{at, contracts};
use dopo_connect::couriers::brt::translate::translate;
use dopo_connect::couriers::brt::{FILE_PREFIX, HEADER, tables};
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{ActBy, Courier, HoldAction, ParcelState, is_known_reason};
use dopo_engine::ports::{Found, Looked, Released};
use jiff::civil::date;
use serde_json::{Value, json};

fn event(data: &str, ora: &str, id: &str, text: &str) -> Value {
    json!({"evento": {"data": data, "ora": ora, "id": id, "descrizione": text, "filiale": "BOLOGNA (051)"}})
}

fn answer(bolla: &Value, events: &[Value]) -> Vec<u8> {
    json!({"ttParcelIdResponse": {"esito": 0, "executionMessage": {"code": 0}, "bolla": bolla, "lista_eventi": events}})
        .to_string()
        .into_bytes()
}

fn failed(esito: i64, words: &str) -> Trouble {
    let message = json!({"code": esito, "severity": "ERROR", "codeDesc": words, "message": ""});
    let body = json!({"ttParcelIdResponse": {"esito": esito, "executionMessage": message}});
    translate(body.to_string().as_bytes(), None).unwrap_err()
}

/// The example of the description, padded as BRT pads it.
#[test]
fn a_brt_list_padded_with_blanks() {
    let Some(folder) = contracts("brt") else {
        return;
    };
    let spec = std::fs::read(folder.join("brt-tracking.openapi.json")).unwrap();
    let spec: Value = serde_json::from_slice(&spec).unwrap();
    let example = "/paths/~1rest~1v1~1tracking~1parcelID~1{parcelID}/get/responses/200/content/application~1json/example";
    let example = spec.pointer(example).unwrap();
    let told = translate(example.to_string().as_bytes(), Some(date(2026, 11, 18))).unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-20T07:05:00Z out_for_delivery #MIC @ BOLOGNA (051)",
            "2026-11-20T09:42:00Z delivered #704 @ BOLOGNA (051)",
        ]
    );
    assert!(told.complete);
    // Blank rows are no scans that could not be read.
    assert_eq!((told.note, told.expected), (None, None));
    assert_eq!(
        told.scans[0].checkpoint.zone.as_deref(),
        Some("Europe/Rome")
    );
}

#[test]
fn every_event_of_brts_list_has_its_meaning() {
    let Some(folder) = contracts("brt") else {
        return;
    };
    let list = std::fs::read_to_string(folder.join("events.csv")).unwrap();
    let table = tables()[0];
    let mut held = Vec::new();
    for row in list.lines().skip(1) {
        let (id, words) = row.split_once(',').unwrap();
        let meaning = table
            .find(&[id], None)
            .unwrap_or_else(|| panic!("{id} {words}"));
        let state = meaning.state.unwrap();
        assert!(meaning.reason.is_none_or(is_known_reason), "{id}");
        if words.contains("RIFIUTA:") || words.contains("RIFIUTO") {
            assert_eq!(state, ParcelState::Refused, "{id} {words}");
        }
        if state == ParcelState::HeldAtDepot {
            held.push(id.to_owned());
        }
    }
    assert_eq!(list.lines().count() - 1, 90);
    assert_eq!(held, ["G", "GEN"]);
}

#[test]
fn brt_delivered_after_a_hold_closes_it_in_history() {
    let bolla = json!({"dati_spedizione": {"spedizione_data": "10/11/2026"},
        "dati_consegna": {"data_consegna_merce": "19/11/2026", "ora_consegna_merce": "10:42"}});
    let events = [
        event("18.11.2026", "09.00", "MIC", "IN CONSEGNA"),
        event("13.11.2026", "17.30", "GEN", "IN GIACENZA"),
        event(
            "12.11.2026",
            "11.10",
            "022",
            "INDIRIZ.INESISTENTE/INCOMPLETO",
        ),
        event("12.11.2026", "08.00", "MIC", "IN CONSEGNA"),
    ];
    // The list has no 704: the date of delivery says it.
    let told = translate(&answer(&bolla, &events), None).unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-12T07:00:00Z out_for_delivery #MIC @ BOLOGNA (051)",
            "2026-11-12T10:10:00Z attempt_failed !consignee_wrong_address #022 @ BOLOGNA (051)",
            // Why it is held is what the failed attempt said.
            "2026-11-13T16:30:00Z held_at_depot !consignee_wrong_address #GEN @ BOLOGNA (051)",
            "2026-11-18T08:00:00Z out_for_delivery #MIC @ BOLOGNA (051)",
            "2026-11-19T09:42:00Z delivered",
        ]
    );
    let parcel = heard(&told);
    assert_eq!(parcel.state, ParcelState::Delivered);
    assert_eq!(parcel.delivered_at, Some(at("2026-11-19T09:42:00Z")));
    assert!(parcel.hold().is_none());
    // Its person was asked from the failed attempt on, and anew when the depot held it.
    let holds = parcel.holds.iter().map(|hold| (hold.early, hold.closed_at));
    assert_eq!(
        holds.collect::<Vec<_>>(),
        [
            (true, Some(at("2026-11-13T16:30:00Z"))),
            (false, Some(at("2026-11-18T08:00:00Z"))),
        ]
    );
}

#[test]
fn paperwork_after_a_delivery_does_not_open_the_hold_again() {
    let bolla =
        json!({"dati_consegna": {"data_consegna_merce": "19.11.2026", "ora_consegna_merce": ""}});
    let events = [
        event("19.11.2026", "18.00", "G", "IN GIACENZA"),
        event("19.11.2026", "10.42", "704", "CONSEGNATA"),
    ];
    let told = translate(&answer(&bolla, &events), None).unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-19T09:42:00Z delivered #704 @ BOLOGNA (051)",
            "2026-11-19T17:00:00Z held_at_depot !consignee_instructions_needed #G @ BOLOGNA (051) (taken back)",
        ]
    );
    assert!(
        told.note
            .as_deref()
            .unwrap()
            .contains("the delivery stands")
    );
    assert_eq!(heard(&told).state, ParcelState::Delivered);
    // A return after the delivery is one.
    let events = [
        event("21.11.2026", "18.00", "708", "RESO AL MITTENTE"),
        event("19.11.2026", "10.42", "704", "CONSEGNATA"),
    ];
    let told = translate(&answer(&bolla, &events), None).unwrap();
    assert_eq!(heard(&told).state, ParcelState::Returned);
    // Without an hour, and without a scan, the delivery is told after the scans of its day.
    let events = [event("19.11.2026", "09.00", "MIC", "IN CONSEGNA")];
    let told = translate(&answer(&bolla, &events), None).unwrap();
    assert_eq!(lines(&told)[1], "2026-11-19T08:00:00Z (day) delivered");
    assert_eq!(heard(&told).state, ParcelState::Delivered);
}

#[test]
fn an_announced_hold_says_until_when_somebody_can_act() {
    let events = [
        event(
            "20.11.2026",
            "12.00",
            "G03",
            "IN ATTESA APERTURA GIACENZA 3G",
        ),
        event(
            "20.11.2026",
            "11.00",
            "AVV",
            "Destin.Assente:LASCIATO AVVISO",
        ),
    ];
    let told = translate(&answer(&json!({}), &events), None).unwrap();
    let scan = &told.scans[1].checkpoint;
    assert_eq!(scan.state, ParcelState::AtDepot);
    assert_eq!(scan.reason.as_deref(), Some("consignee_absent"));
    assert_eq!(scan.act_by, Some(ActBy::Buyer));
    assert_eq!(scan.act_deadline, Some(at("2026-11-23T11:00:00Z")));
}

#[test]
fn the_same_brt_number_in_two_years() {
    let of = |year: i16| {
        let bolla = json!({"dati_spedizione": {"spedizione_data": format!("18/11/{year}")}});
        answer(
            &bolla,
            &[event(
                &format!("19.11.{year}"),
                "08.00",
                "MIC",
                "IN CONSEGNA",
            )],
        )
    };
    let (before, now) = (of(2025), of(2026));
    let ours = Some(date(2026, 11, 18));
    assert_eq!(translate(&before, ours), Err(Trouble::Unknown));
    assert!(translate(&now, ours).is_ok());
    // Who asks without a day takes what there is.
    assert!(translate(&before, None).is_ok());
    // At the turn of the year it is the same parcel.
    let bolla = json!({"dati_spedizione": {"spedizione_data": "31/12/2025"}});
    let turn = answer(
        &bolla,
        &[event("02.01.2026", "08.00", "MIC", "IN CONSEGNA")],
    );
    assert!(translate(&turn, Some(date(2026, 1, 2))).is_ok());
    // Without the shipment's date its first scan says which year is meant.
    let bare = answer(
        &json!({}),
        &[event("19.11.2025", "08.00", "MIC", "IN CONSEGNA")],
    );
    assert_eq!(translate(&bare, ours), Err(Trouble::Unknown));
}

#[test]
fn cash_on_delivery_weight_and_the_expected_hours_are_told() {
    let bolla = json!({
        "contrassegno": {"contrassegno_importo": "25,50", "contrassegno_divisa": "EUR"},
        "merce": {"peso_kg": "1,2"},
        "dati_consegna": {"data_teorica_consegna": "23/11/2026", "ora_teorica_consegna_da": "10:00", "ora_teorica_consegna_a": "12.30"},
    });
    let events = [event("20.11.2026", "", "702", "PARTITA")];
    let told = translate(&answer(&bolla, &events), None).unwrap();
    assert_eq!(told.cash_on_delivery.unwrap().to_decimal(), "25.50");
    assert_eq!(told.weight_g, Some(1_200));
    let window = told.expected.unwrap();
    assert_eq!(window.from, at("2026-11-23T09:00:00Z"));
    assert_eq!(window.until, at("2026-11-23T11:30:00Z"));
    assert!(!window.days && told.scans[0].checkpoint.day_only);
}

#[test]
fn errors_inside_a_200_are_errors() {
    assert_eq!(failed(-11, "SHIPMENT NOT FOUND"), Trouble::Unknown);
    assert!(matches!(failed(-22, "AMBIGUOUS"), Trouble::Unreadable(_)));
    assert!(matches!(failed(-57, "LOGIN FAILED"), Trouble::Refused(_)));
    assert!(matches!(failed(-99, "BOH"), Trouble::Unreadable(_)));
    assert!(matches!(
        translate(b"{}", None),
        Err(Trouble::Unreadable(_))
    ));
}

#[tokio::test]
async fn brt_is_asked_with_its_own_headers() {
    let body = answer(
        &json!({}),
        &[event("20.11.2026", "08.00", "702", "PARTITA")],
    );
    let body = String::from_utf8(body).unwrap();
    let fake = Fake::start(move |_| (200, body.clone())).await;
    let desk = open(
        "brt",
        &[
            ("user_id", "1020"),
            ("password", "segreta"),
            ("base_url", &fake.url),
        ],
    );
    let looked = desk.look(&[ask(Courier::Brt, "067138050411341")]).await;
    let Looked::Answered(found) = looked else {
        panic!("{looked:?}")
    };
    assert!(matches!(found.as_slice(), [Found::Told(_)]));
    assert_eq!(
        fake.lines(),
        ["GET /rest/v1/tracking/parcelID/067138050411341"]
    );
    let asked = fake.asked().remove(0).to_lowercase();
    assert!(asked.contains("userid: 1020") && asked.contains("password: segreta"));
    assert!(!asked.contains("authorization"));
    assert!(desk.releases().is_empty());
}

#[tokio::test]
async fn an_instruction_becomes_one_file_however_often_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let desk = open(
        "brt",
        &[
            ("user_id", "1"),
            ("password", "p"),
            ("release_folder", path),
        ],
    );
    assert_eq!(desk.releases(), HoldAction::ALL);
    let told = call(Courier::Brt, "067138050411341", HoldAction::OtherAddress);
    assert_eq!(desk.release(&told).await, Released::Deferred);
    assert_eq!(desk.release(&told).await, Released::Deferred);
    let files = || -> Vec<String> {
        let found = std::fs::read_dir(folder.path()).unwrap();
        let names = found.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.ends_with(".csv")).collect()
    };
    let name = format!("{FILE_PREFIX}{:032x}.csv", 0x2a);
    assert_eq!(files(), [name.as_str()]);
    let written = std::fs::read_to_string(folder.path().join(&name)).unwrap();
    let mut rows = written.split("\r\n");
    assert_eq!(rows.next().unwrap(), HEADER.join(";"));
    assert_eq!(
        rows.next().unwrap(),
        "0000000000000000000000000000002a;20/11/2026;067138050411341;ALTRO_INDIRIZZO;Luigi Verdi;Via Milano 2;39100;Bolzano;BZ;;+393331234567;\"Suonare due volte; \"\"Verdi\"\" & figli\""
    );
    // The transfer took the file along: telling it again writes none.
    std::fs::remove_file(folder.path().join(&name)).unwrap();
    assert_eq!(desk.release(&told).await, Released::Deferred);
    assert!(files().is_empty());
    // A folder that is not there is a matter for later.
    let nowhere = format!("{path}/file");
    std::fs::write(&nowhere, b"").unwrap();
    let desk = open(
        "brt",
        &[
            ("user_id", "1"),
            ("password", "p"),
            ("release_folder", &nowhere),
        ],
    );
    assert!(matches!(desk.release(&told).await, Released::Later { .. }));
}
