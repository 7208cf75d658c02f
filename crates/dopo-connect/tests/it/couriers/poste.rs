//! Poste Italiane: the business API, its held parcels, and what its public page tells.

use super::calls::{ask, call, heard, open};
use super::fake::Fake;
use super::{all_known, lines, payload};
use crate::shared::{at, contracts};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::poste::deposits::{self, Deposit, enrich, list, outcome};
use dopo_connect::couriers::poste::tables;
use dopo_connect::couriers::poste::translate::translate;
use dopo_core::parcel::{Courier, HoldAction, ParcelState, Telling};
use dopo_engine::ports::{Found, Looked, Released};
use jiff::civil::date;
use serde_json::{Value, json};

const BUSINESS: &str = "post_it_sdk";
const PUBLIC: &str = "poste_track";

fn scan(data: &str, status: &str, text: &str, phase: &str) -> Value {
    json!({"data": data, "officeDescription": "Modena (MO)", "StatusDescription": text, "phase": phase, "status": status})
}

fn shipment(returns: &str, scans: &[Value]) -> String {
    let shipment = json!({"waybillNumber": "ZA1", "returnFlag": returns, "tracking": scans});
    json!({"return": {"outcome": "OK", "code": 0, "result": "OK", "messages": [], "shipment": [shipment]}}).to_string()
}

fn told(returns: &str, scans: &[Value]) -> Telling {
    translate(shipment(returns, scans).as_bytes(), "ZA1").unwrap()
}

#[test]
fn non_consegnata_destinatario_assente_is_a_failed_attempt() {
    for (text, state, reason) in [
        (
            "NON CONSEGNATA DESTINATARIO ASSENTE",
            ParcelState::AttemptFailed,
            Some("consignee_absent"),
        ),
        (
            "Non consegnata: destinatario assente",
            ParcelState::AttemptFailed,
            Some("consignee_absent"),
        ),
        (
            "NON CONSEGNATA INDIRIZZO ERRATO/INCOMPLETO",
            ParcelState::AttemptFailed,
            Some("consignee_wrong_address"),
        ),
        (
            "NON CONSEGNATA CHIUSURA SETTIMANALE",
            ParcelState::AttemptFailed,
            Some("consignee_closed"),
        ),
        ("NON CONSEGNATA", ParcelState::AttemptFailed, None),
        (
            "La spedizione non è stata consegnata",
            ParcelState::AttemptFailed,
            None,
        ),
        (
            "La spedizione è stata consegnata",
            ParcelState::Delivered,
            None,
        ),
        (
            "AFFIDATA AL CORRIERE LA MATTINA",
            ParcelState::OutForDelivery,
            None,
        ),
        (
            "AFFIDATA AL CORRIERE NEL POMERIGGIO",
            ParcelState::OutForDelivery,
            None,
        ),
        (
            "RIFIUTATA DAL DESTINATARIO",
            ParcelState::Refused,
            Some("consignee_refused"),
        ),
        (
            "INIZIO GIACENZA",
            ParcelState::HeldAtDepot,
            Some("consignee_instructions_needed"),
        ),
        (
            "ATTESA AZIONE DI SVINCOLO",
            ParcelState::HeldAtDepot,
            Some("consignee_instructions_needed"),
        ),
        (
            "SPEDIZIONE ABBANDONATA",
            ParcelState::HeldAtDepot,
            Some("carrier_storage_expired"),
        ),
        (
            "GIACENZA SEZIONE ABBANDONATI",
            ParcelState::HeldAtDepot,
            Some("carrier_storage_expired"),
        ),
        ("SVINCOLATA", ParcelState::AtDepot, None),
        ("RESA AL MITTENTE", ParcelState::Returning, None),
        (
            "DISPONIBILE AL RITIRO PRESSO FERMO DEPOSITO",
            ParcelState::ReadyForPickup,
            Some("consignee_collects"),
        ),
        (
            "NON USCITA",
            ParcelState::AtDepot,
            Some("carrier_not_enough_time"),
        ),
        ("all'estero", ParcelState::InTransit, None),
    ] {
        let found = tables()[0]
            .find(&[], Some(text))
            .unwrap_or_else(|| panic!("{text}"));
        assert_eq!((found.state, found.reason), (Some(state), reason), "{text}");
    }
}

#[test]
fn poste_status_003_with_phase_in_consegna_is_held_at_the_depot() {
    let told = told(
        "N",
        &[
            scan(
                "2026-11-18 09:00:00",
                "",
                "NON CONSEGNATA DESTINATARIO ASSENTE",
                "IN CONSEGNA",
            ),
            scan("2026-11-18 18:00:00", "003", "", "IN CONSEGNA"),
        ],
    );
    assert_eq!(
        lines(&told),
        [
            "2026-11-18T08:00:00Z attempt_failed !consignee_absent @ Modena (MO)",
            // Held because nobody was there.
            "2026-11-18T17:00:00Z held_at_depot !consignee_absent #003 @ Modena (MO)",
        ]
    );
    assert_eq!(told.branch.as_deref(), Some("Modena (MO)"));
    let parcel = heard(&told);
    assert!(parcel.hold().is_some());
    // A status that is not in the table is read by its words, and by its phase when it has none.
    let by = |status, text, phase| {
        let told = self::told("N", &[scan("2026-11-18 09:00:00", status, text, phase)]);
        told.scans[0].checkpoint.state
    };
    assert_eq!(
        by("009", "Consegnata", "IN CONSEGNA"),
        ParcelState::Delivered
    );
    assert_eq!(by("RRR", "", "IN TRANSITO"), ParcelState::InTransit);
    assert_eq!(by("000", "", ""), ParcelState::Delivered);
    assert_eq!(by("007", "", "IN TRANSITO"), ParcelState::Refused);
    assert_eq!(by("???", "", ""), ParcelState::Unknown);
}

#[test]
fn annulla_status_precedente_revokes() {
    let before = [
        scan(
            "2026-11-18 09:00:00",
            "",
            "AFFIDATA AL CORRIERE LA MATTINA",
            "",
        ),
        scan("2026-11-18 11:00:00", "000", "CONSEGNATA", ""),
    ];
    let first = told("N", &before);
    let mut parcel = heard(&first);
    assert_eq!(parcel.state, ParcelState::Delivered);
    let mut after = before.to_vec();
    after.push(scan(
        "2026-11-18 11:20:00",
        "",
        "ANNULLA STATUS PRECEDENTE",
        "",
    ));
    let second = told("N", &after);
    assert_eq!(
        lines(&second),
        [
            "2026-11-18T08:00:00Z out_for_delivery @ Modena (MO)",
            "2026-11-18T10:00:00Z delivered #000 @ Modena (MO) (taken back)",
            "2026-11-18T10:20:00Z out_for_delivery @ Modena (MO)",
        ]
    );
    assert!(parcel.hear(&second, at("2026-11-18T12:00:00Z")));
    assert_eq!(parcel.state, ParcelState::OutForDelivery);
    assert_eq!(parcel.delivered_at, None);
    // And when it is delivered after all, that stands.
    after.push(scan("2026-11-18 12:05:00", "000", "CONSEGNATA", ""));
    parcel.hear(&told("N", &after), at("2026-11-18T13:00:00Z"));
    assert_eq!(parcel.delivered_at, Some(at("2026-11-18T11:05:00Z")));
}

#[test]
fn a_parcel_flagged_as_going_back_is_not_delivered_to_the_customer() {
    let scans = [scan("2026-11-18 09:00:00", "000", "CONSEGNATA", "")];
    assert_eq!(heard(&told("S", &scans)).state, ParcelState::Returned);
    let scans = [scan("2026-11-18 09:00:00", "PCP", "In transito", "")];
    assert_eq!(heard(&told("S", &scans)).state, ParcelState::Returning);
}

#[test]
fn the_payloads_of_the_business_api_are_read() {
    all_known(
        BUSINESS,
        ".json",
        &[
            "tracking_three_events.json",
            "tracking_no_events.json",
            "tracking_error_ko.json",
            "deposits_list.json",
            "deposits_list_empty.json",
            "deposits_release_ok.json",
            "deposits_release_minimal.json",
        ],
    );
    let Some(body) = payload(BUSINESS, "tracking_three_events.json") else {
        return;
    };
    // The expectation beside it keeps the local time without a zone; it is Italian.
    assert_eq!(
        lines(&translate(&body, "WB-XYZ-1").unwrap()),
        [
            "2026-05-01T06:00:00Z in_transit #IN_TRANSIT @ Roma",
            "2026-05-02T07:00:00Z out_for_delivery #OUT_FOR_DELIVERY @ Milano",
            "2026-05-02T13:30:00Z delivered #DELIVERED @ Milano",
        ]
    );
    let Some(body) = payload(BUSINESS, "tracking_no_events.json") else {
        return;
    };
    assert!(translate(&body, "WB1").unwrap().scans.is_empty());
    let Some(body) = payload(BUSINESS, "tracking_error_ko.json") else {
        return;
    };
    assert!(matches!(
        translate(&body, "WB1"),
        Err(Trouble::Later { .. })
    ));
}

#[test]
fn the_example_of_the_description_is_in_transit() {
    let Some(folder) = contracts("poste-italiane") else {
        return;
    };
    let file = folder.join("poste-delivery-business-tracking.openapi.json");
    let spec: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let example = spec
        .pointer("/paths/~1gp~1internet~1postalandlogistics~1parcel~1tracking/get/responses/200/content/application~1json/example")
        .unwrap();
    let told = translate(example.to_string().as_bytes(), "ZA1234567890X").unwrap();
    assert_eq!(
        lines(&told),
        ["2026-11-20T08:12:00Z in_transit #PCP @ Genova (GE)"]
    );
}

#[test]
fn the_classes_of_return_code_say_whose_fault_it_is() {
    let code = |code: i64| {
        let body = json!({"return": {"outcome": "KO", "code": code, "shipment": []}}).to_string();
        translate(body.as_bytes(), "1").unwrap_err()
    };
    assert!(matches!(code(101), Trouble::Unreadable(_)));
    assert_eq!(code(205), Trouble::Unknown);
    assert!(matches!(code(999), Trouble::Later { .. }));
    assert!(matches!(translate(b"[]", "1"), Err(Trouble::Unknown)));
    assert!(matches!(
        translate(b"{\"a\":1}", "1"),
        Err(Trouble::Unreadable(_))
    ));
}

#[test]
fn the_public_page_tells_the_whole_way() {
    all_known(
        PUBLIC,
        ".json",
        &[
            "single_delivered.json",
            "multiple.json",
            "not_found_datamatrix.json",
        ],
    );
    let Some(body) = payload(PUBLIC, "single_delivered.json") else {
        return;
    };
    let told = translate(&body, "XA733804716IT").unwrap();
    let states: Vec<_> = lines(&told)
        .into_iter()
        .map(|line| line.split(" @ ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        states,
        [
            "2021-01-22T11:12:11Z picked_up",
            "2021-01-22T12:33:00Z in_transit",
            "2021-01-22T14:07:00Z in_transit",
            "2021-01-22T14:07:00Z in_transit",
            "2021-01-23T00:46:00Z in_transit",
            "2021-01-23T00:46:00Z in_transit",
            "2021-01-25T08:24:00Z out_for_delivery",
            "2021-01-25T10:42:00Z delivered",
        ]
    );
    assert_eq!(
        (told.pickup_point.as_ref(), told.note.as_deref()),
        (None, None)
    );
    let Some(body) = payload(PUBLIC, "multiple.json") else {
        return;
    };
    assert_eq!(translate(&body, "XA733804716IT").unwrap(), told);
    let other = translate(&body, "2IUP0305509221").unwrap();
    assert_eq!(
        lines(&other),
        ["2020-11-14T10:18:10Z in_transit @ BOLOGNA BO"]
    );
    let Some(body) = payload(PUBLIC, "not_found_datamatrix.json") else {
        return;
    };
    assert_eq!(translate(&body, "2IUP0305509189"), Err(Trouble::Unknown));
}

#[test]
fn the_public_page_names_the_office_where_it_waits_and_the_day_it_is_expected() {
    let movement = json!({"dataOra": 1_767_200_000_000_i64, "statoLavorazione": "Disponibile per il ritiro",
        "luogo": "Bologna 14", "denominazioneUfficio": "Bologna 14", "indirizzoUfficio": "Piazza Della Prova 24",
        "capUfficio": "40126", "comuneUfficio": "Bologna", "orarioLunedi": "08:20-13:35", "orarioDomenica": "Chiuso"});
    let body = json!({"esitoRicerca": "3", "idTracciatura": "LX1", "stato": "4",
        "dataPrevistaConsegna": "Consegna prevista entro Giovedì 1 Gennaio 2026", "listaMovimenti": [movement]});
    let told = translate(body.to_string().as_bytes(), "LX1").unwrap();
    let point = told.pickup_point.unwrap();
    assert_eq!(point.name.as_deref(), Some("Bologna 14"));
    assert_eq!(point.hours, ["lun 08:20-13:35", "dom Chiuso"]);
    assert_eq!(told.expected.unwrap().until, at("2026-01-01T22:59:59Z"));
}

#[test]
fn the_list_of_held_parcels_says_until_when_and_why() {
    let Some(body) = payload(BUSINESS, "deposits_list.json") else {
        return;
    };
    let found = list(&body).unwrap();
    assert_eq!(
        found,
        [Deposit {
            number: "1UW0CN3000088".to_owned(),
            // Only zeros are no number.
            dossier: None,
            reason: Some("consignee_wrong_address"),
            releasable: false,
            start: Some(date(2021, 5, 20)),
            end: Some(date(2021, 5, 22)),
        }]
    );
    let Some(body) = payload(BUSINESS, "deposits_list_empty.json") else {
        return;
    };
    assert_eq!(list(&body), Ok(Vec::new()));
    let mut held = told(
        "N",
        &[scan("2021-05-20 18:00:00", "003", "INIZIO GIACENZA", "")],
    );
    enrich(&mut held, &found, "1uw0cn3000088");
    assert_eq!(held.hold_expires_at, Some(at("2021-05-22T21:59:59Z")));
    assert_eq!(
        held.scans[0].checkpoint.reason.as_deref(),
        Some("consignee_wrong_address")
    );
    // A parcel that is not held now is left alone.
    let mut gone = told("N", &[scan("2021-05-21 18:00:00", "000", "CONSEGNATA", "")]);
    let before = gone.clone();
    enrich(&mut gone, &found, "1UW0CN3000088");
    assert_eq!(gone, before);
}

#[test]
fn a_release_says_what_where_and_its_answer_is_read_by_parcel() {
    let body = deposits::release_request(&call(
        Courier::Poste,
        "3UW0CK1000838",
        HoldAction::OtherAddress,
    ))
    .unwrap();
    assert_eq!(
        body["releaseAct"],
        json!({"shipmentId": "3UW0CK1000838", "releaseAction": "AZ0002"})
    );
    assert_eq!(
        body["shipmentId"],
        json!({"item": [{"barcode": "3UW0CK1000838"}]})
    );
    let address = &body["address"]["item"][0];
    assert_eq!(
        (&address["givenName"], &address["town"], &address["floor"]),
        (&json!("Luigi Verdi"), &json!("Bolzano"), &json!(""))
    );
    assert_eq!(address.as_object().unwrap().len(), 21);
    let body = deposits::release_request(&call(Courier::Poste, "1", HoldAction::SendBack)).unwrap();
    assert_eq!(
        (&body["releaseAct"]["releaseAction"], body.get("address")),
        (&json!("AZ0005"), None)
    );
    assert_eq!(
        deposits::release_request(&call(Courier::Poste, "1", HoldAction::Collect)),
        None
    );

    let accepted = Ok(Released::Accepted { reference: None });
    let Some(answer) = payload(BUSINESS, "deposits_release_ok.json") else {
        return;
    };
    assert_eq!(outcome(&answer, "1UW0CN3000075"), accepted);
    let Some(answer) = payload(BUSINESS, "deposits_release_minimal.json") else {
        return;
    };
    assert_eq!(outcome(&answer, "X"), accepted);
    let no = json!({"result": {"item": [{"barcode": "X", "result": "KO", "errorCode": "12", "errorDescription": "Giacenza chiusa"}]}});
    assert_eq!(
        outcome(no.to_string().as_bytes(), "X"),
        Ok(Released::Refused("Giacenza chiusa".to_owned()))
    );
    assert!(outcome(b"{}", "X").is_err());
}

#[tokio::test]
async fn poste_is_asked_in_a_session_with_the_bare_token_and_once_more_when_it_ended() {
    let held = shipment(
        "N",
        &[scan(
            "2026-11-18 18:00:00",
            "003",
            "INIZIO GIACENZA",
            "IN CONSEGNA",
        )],
    );
    let sessions = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::start(move |request| {
        if request.starts_with("POST /gp/internet/user/sessions") {
            let n = sessions.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            return (200, json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("tok{n}")}).to_string());
        }
        if request.contains("tok0") {
            return (401, "{}".to_owned());
        }
        if request.contains("/depositsList") {
            let deposit = json!({"shipmentId": "ZA1", "depositDossier": "77", "startDate": "2026-11-18", "endDate": "2026-11-28", "releasable": "S"});
            return (200, json!({"result": "OK", "deposits": {"item": [deposit]}}).to_string());
        }
        if request.contains("/depositsRelease") {
            return (200, json!({"result": {"item": [{"barcode": "ZA1", "result": "OK"}]}}).to_string());
        }
        (200, held.clone())
    })
    .await;
    let desk = open(
        "poste",
        &[
            ("client_id", "cli-1"),
            ("client_secret", "sec"),
            ("scope", "shipping"),
            ("base_url", &fake.url),
        ],
    );
    let Looked::Answered(found) = desk.look(&[ask(Courier::Poste, "ZA1")]).await else {
        panic!()
    };
    let Found::Told(told) = &found[0] else {
        panic!("{found:?}")
    };
    assert_eq!(told.hold_expires_at, Some(at("2026-11-28T22:59:59Z")));
    assert_eq!(told.hold_reference.as_deref(), Some("77"));
    let told = call(Courier::Poste, "ZA1", HoldAction::Redeliver);
    assert_eq!(
        desk.release(&told).await,
        Released::Accepted { reference: None }
    );
    assert_eq!(
        fake.lines(),
        [
            "POST /gp/internet/user/sessions",
            "GET /gp/internet/postalandlogistics/parcel/tracking?waybillNumber=ZA1&lastTracingState=N&statusDescription=E&customerType=DQ",
            "POST /gp/internet/user/sessions",
            "GET /gp/internet/postalandlogistics/parcel/tracking?waybillNumber=ZA1&lastTracingState=N&statusDescription=E&customerType=DQ",
            "POST /gp/internet/postalandlogistics/parcel/depositsList",
            "POST /gp/internet/postalandlogistics/parcel/depositsRelease",
        ]
    );
    let asked = fake.asked();
    assert!(
        asked[0].contains("poste_clientid: cli-1") && asked[0].contains("\"secretId\":\"sec\"")
    );
    assert!(asked[3].contains("authorization: tok1\r\n"), "no Bearer");
}
