//! GLS Italy: the sample of its manual, and the payloads of another client of it.

use super::calls::{ask, call, heard, open};
use super::fake::Fake;
use super::{all_known, lines, payload};
use crate::shared::contracts;
use dopo_connect::couriers::gls_italy::release::{Profile, outcome, request};
use dopo_connect::couriers::gls_italy::tables;
use dopo_connect::couriers::gls_italy::translate::translate;
use dopo_connect::couriers::http::Trouble;
use dopo_core::parcel::{ActBy, Courier, HoldAction, ParcelState, Relation, act_by};
use dopo_engine::ports::{Found, Looked, Released};

const FOLDER: &str = "gls_italy";

#[test]
fn the_sample_of_the_manual_is_delivered() {
    let Some(folder) = contracts("gls-italy") else {
        return;
    };
    let body = std::fs::read(folder.join("get_xml_track.delivered.xml")).unwrap();
    let told = translate(&body).unwrap();
    assert_eq!(
        lines(&told),
        [
            "2026-11-19T05:30:00Z at_depot @ MILANO",
            "2026-11-20T07:05:00Z out_for_delivery @ MILANO",
            "2026-11-20T09:42:00Z delivered @ MILANO",
        ]
    );
    assert_eq!(
        told.scans[0].checkpoint.text.as_deref(),
        Some("Arrivata in sede")
    );
    assert_eq!((told.weight_g, told.cash_on_delivery), (Some(1_200), None));
    assert_eq!(told.branch.as_deref(), Some("MILANO"));
}

#[test]
fn every_code_of_the_manual_has_its_meaning_and_says_whether_the_sender_must_act() {
    let Some(folder) = contracts("gls-italy") else {
        return;
    };
    let list = std::fs::read(folder.join("codes.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(list.as_slice());
    let mut seen = 0;
    for row in rows.records() {
        let row = row.unwrap();
        let (code, waits) = (&row[0], &row[3] == "yes");
        let meaning = tables()[0]
            .find(&[code], None)
            .unwrap_or_else(|| panic!("{code}"));
        let state = meaning.state.unwrap();
        let acts = meaning
            .act_by
            .unwrap_or_else(|| act_by(state, meaning.reason));
        // What GLS says the sender must decide is for the shop or, in a hold, for the person whom the shop lets choose;
        // nobody is to act on what is on its way back.
        let ours = matches!(acts, ActBy::Buyer | ActBy::Shop);
        if waits {
            assert!(ours || state == ParcelState::Returning, "{code} {acts:?}");
        }
        if state == ParcelState::HeldAtDepot {
            assert!(waits, "{code} is held and the sender need not act");
        }
        seen += 1;
    }
    assert_eq!(seen, 46);
}

#[test]
fn three_events_in_the_order_in_which_they_happened() {
    all_known(
        FOLDER,
        ".xml",
        &[
            "tracking_three_events.xml",
            "tracking_retour_note.xml",
            "tracking_garbage_datetime.xml",
            "tracking_error_not_found.xml",
            "tracking_empty.xml",
            "pickup_with_shipment.xml",
            "pickup_garbage_datetime.xml",
            "pickup_error_not_found.xml",
            "stock_release_ok.xml",
            "stock_release_outcomes.xml",
            // Validation of addresses is not ours: checkout does it.
            "check_address_ok.xml",
        ],
    );
    let Some(body) = payload(FOLDER, "tracking_three_events.xml") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it gives an empty hour 20:01; the wire says only the day, and so do we.
    assert_eq!(
        lines(&told),
        [
            "2026-09-01T08:30:00Z in_transit #901 @ BOLZANO",
            "2026-09-01T22:00:00Z (day) out_for_delivery #905 @ MILANO",
            "2026-09-03T12:30:00Z delivered #906 @ MILANO",
        ]
    );
    assert_eq!(told.branch.as_deref(), Some("MILANO"));
    assert!(told.related.is_empty() && told.complete);
}

#[test]
fn a_gls_return_number_in_the_note_links_the_two_parcels() {
    let Some(body) = payload(FOLDER, "tracking_retour_note.xml") else {
        return;
    };
    let told = translate(&body).unwrap();
    // The expectation beside it parts depot and number; GLS asks for them together.
    let related: Vec<_> = told
        .related
        .iter()
        .map(|r| (r.relation, r.number.as_str()))
        .collect();
    assert_eq!(related, [(Relation::Return, "VE123456789")]);
    assert_eq!(heard(&told).state, ParcelState::Delivered);
    // The nested return is the same parcel and is linked once.
    let nested = String::from_utf8(body).unwrap().replace(
        "</SPEDIZIONE>",
        "<SPEDIZIONEDIRIENTRO><NumSped>123456789</NumSped><SedePartenza>VE</SedePartenza></SPEDIZIONEDIRIENTRO></SPEDIZIONE>",
    );
    assert_eq!(translate(nested.as_bytes()).unwrap().related, told.related);
}

#[test]
fn a_scan_without_a_readable_time_is_said_and_not_guessed() {
    for file in [
        "tracking_garbage_datetime.xml",
        "pickup_garbage_datetime.xml",
    ] {
        let Some(body) = payload(FOLDER, file) else {
            return;
        };
        let told = translate(&body).unwrap();
        // The expectation beside it keeps an event without a time; a timeline has no place for one.
        assert!(told.scans.is_empty(), "{file}");
        assert_eq!(
            told.note.as_deref(),
            Some("1 scan could not be read"),
            "{file}"
        );
    }
}

#[test]
fn what_gls_does_not_know_is_unknown() {
    for file in [
        "tracking_error_not_found.xml",
        "tracking_empty.xml",
        "pickup_error_not_found.xml",
    ] {
        let Some(body) = payload(FOLDER, file) else {
            return;
        };
        assert_eq!(translate(&body), Err(Trouble::Unknown), "{file}");
    }
    let wrong = b"<ELENCO><TESTOERRORE>Codice cliente non valido</TESTOERRORE></ELENCO>";
    assert!(matches!(translate(wrong), Err(Trouble::Refused(_))));
    let new = b"<ELENCO><TESTOERRORE>Boh, Mario Rossi</TESTOERRORE></ELENCO>";
    assert!(matches!(translate(new), Err(Trouble::Unreadable(why)) if !why.contains("Rossi")));
}

#[test]
fn a_pick_up_order_has_codes_of_its_own() {
    let Some(body) = payload(FOLDER, "pickup_with_shipment.xml") else {
        return;
    };
    // 29 is a parcel on its way back, and of a pick-up order its registration.
    assert_eq!(
        lines(&translate(&body).unwrap()),
        [
            "2026-09-01T06:15:00Z announced #29 @ BOLZANO",
            "2026-09-02T07:00:00Z picked_up #30 @ TRENTO",
            "2026-09-02T09:00:00Z in_transit #901 @ BOLZANO",
        ]
    );
}

#[test]
fn gls_200_with_a_maintenance_page_is_transient() {
    for page in [
        "<!DOCTYPE html><html><body>Manutenzione</body></html>",
        "\n<html>",
        "Servizio non disponibile",
        "",
    ] {
        assert!(
            matches!(translate(page.as_bytes()), Err(Trouble::Later { .. })),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_maintenance_page_is_asked_again_and_a_parcel_is_asked_by_depot_and_digits() {
    let page = Fake::start(|_| (200, "<!DOCTYPE html><p>Manutenzione".to_owned())).await;
    let fields = |url| [("depot", "bo"), ("contract", "2557"), ("base_url", url)];
    let desk = open("gls_it", &fields(&page.url));
    let looked = desk.look(&[ask(Courier::GlsItaly, "610123456")]).await;
    assert!(matches!(looked, Looked::Later { .. }), "{looked:?}");
    let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ELENCO><SPEDIZIONE><TRACKING><Data>20/11/26</Data><Ora>10:00</Ora><Luogo>FORL&#204;</Luogo><Stato>Rifiutato</Stato><Codice>4</Codice></TRACKING></SPEDIZIONE></ELENCO>";
    let gls = Fake::start(move |_| (200, xml.to_owned())).await;
    let desk = open("gls_it", &fields(&gls.url));
    let asks = [
        ask(Courier::GlsItaly, "VE123456789"),
        ask(Courier::GlsItaly, "610123456"),
    ];
    let Looked::Answered(found) = desk.look(&asks).await else {
        panic!()
    };
    let Found::Told(told) = &found[0] else {
        panic!("{found:?}")
    };
    assert_eq!(
        lines(told),
        ["2026-11-20T09:00:00Z refused !consignee_refused #4 @ FORLÌ"]
    );
    assert_eq!(
        gls.lines(),
        [
            "GET /XML/get_xml_track.php?locpartenza=VE&NumSped=123456789&CodCli=2557",
            "GET /XML/get_xml_track.php?locpartenza=BO&NumSped=610123456&CodCli=2557",
        ]
    );
    assert!(desk.releases().is_empty());
}

#[test]
fn a_foreign_leg_without_codes_is_read_by_its_words_and_a_denied_word_is_no_delivery() {
    let scan = |day: &str, text: &str| {
        format!(
            "<Data>{day}/11/26</Data><Ora>10:00</Ora><Luogo>PARIS</Luogo><Stato>{text}</Stato><Note></Note>"
        )
    };
    let body = format!(
        "<ELENCO><SPEDIZIONE><TRACKING>{}</TRACKING><TRACKINGINT>{}{}{}</TRACKINGINT></SPEDIZIONE></ELENCO>",
        scan("16", "Partita"),
        scan("19", "Delivered"),
        scan("18", "Not delivered"),
        scan("17", "Out for delivery"),
    );
    let told = translate(body.as_bytes()).unwrap();
    let states: Vec<_> = told
        .scans
        .iter()
        .map(|s| s.checkpoint.state.as_str())
        .collect();
    assert_eq!(
        states,
        [
            "in_transit",
            "out_for_delivery",
            "attempt_failed",
            "delivered"
        ]
    );
}

#[test]
fn an_instruction_has_the_form_of_the_manual() {
    let profile = Profile {
        depot: "BB",
        code: "ProfileX",
        password: "segreta",
        phone: "0471662940",
    };
    let body = request(
        profile,
        &call(Courier::GlsItaly, "BZ620873098", HoldAction::SendBack),
    );
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Info><SedeProfiloGls>BB</SedeProfiloGls><CodiceProfiloGls>ProfileX</CodiceProfiloGls><PasswordClienteGls>segreta</PasswordClienteGls>\
        <Redelivery><NumeroSpedizione>BZ620873098</NumeroSpedizione><TipoSvincolo>3</TipoSvincolo><TelefonoCliente>0471662940</TelefonoCliente>\
        <ConPreavvisoTelefonico>S</ConPreavvisoTelefonico><TelefonoDestinatario>+393331234567</TelefonoDestinatario><AnnullandoCAssegno>N</AnnullandoCAssegno><VariandoCAssegno>N</VariandoCAssegno>\
        <NuovoImportoCAssegno/><VariandoInPortoFranco>N</VariandoInPortoFranco><VariandoInPortoAssegnato>N</VariandoInPortoAssegnato>\
        <SpeseAdMittente>S</SpeseAdMittente><SpeseAdDestinatario>N</SpeseAdDestinatario><DataRiconsegna>23/11/26</DataRiconsegna><Note>Suonare due volte; &quot;Verdi&quot; &amp; figli</Note>\
        <CognomeNome/><NuovoIndirizzo/><NuovaLocalita/><NuovoZipcode/><NuovaProvincia/></Redelivery></Info>"
    );
    let body = request(
        profile,
        &call(Courier::GlsItaly, "620873098", HoldAction::OtherAddress),
    );
    assert!(body.contains(
        "<NumeroSpedizione>BB620873098</NumeroSpedizione><TipoSvincolo>2</TipoSvincolo>"
    ));
    assert!(body.contains("<CognomeNome>Luigi Verdi</CognomeNome><NuovoIndirizzo>Via Milano 2</NuovoIndirizzo><NuovaLocalita>Bolzano</NuovaLocalita><NuovoZipcode>39100</NuovoZipcode><NuovaProvincia>BZ</NuovaProvincia>"));
    let body = request(profile, &call(Courier::GlsItaly, "1", HoldAction::Collect));
    assert!(body.contains("<TipoSvincolo>7</TipoSvincolo>"));
}

#[test]
fn an_answer_to_an_instruction_is_yes_or_no_in_the_couriers_words() {
    let accepted = Released::Accepted { reference: None };
    let refused = |why: &str| Ok(Released::Refused(why.to_owned()));
    let Some(body) = payload(FOLDER, "stock_release_ok.xml") else {
        return;
    };
    assert_eq!(outcome(&body, "BZ620873098"), Ok(accepted.clone()));
    let Some(body) = payload(FOLDER, "stock_release_outcomes.xml") else {
        return;
    };
    assert_eq!(outcome(&body, "SM111111111"), Ok(accepted));
    assert_eq!(
        outcome(&body, "SM111111112"),
        refused("Spedizione non trovata")
    );
    assert_eq!(outcome(&body, "SM111111113"), refused("Giacenza Scaduta"));
    assert!(outcome(&body, "SM999999999").is_err());
}

#[tokio::test]
async fn an_instruction_is_posted_and_answered_at_once() {
    let answer = "<?xml version=\"1.0\"?><Risultati><Spedizione Numero=\"BZ620873098\"><Svincolo>Ok</Svincolo></Spedizione></Risultati>";
    let gls = Fake::start(move |_| (200, answer.to_owned())).await;
    let desk = open(
        "gls_it",
        &[
            ("depot", "BZ"),
            ("contract", "2557"),
            ("profile", "P"),
            ("password", "s"),
            ("release_url", &gls.url),
        ],
    );
    assert_eq!(desk.releases(), HoldAction::ALL);
    let told = call(Courier::GlsItaly, "620873098", HoldAction::Redeliver);
    assert_eq!(
        desk.release(&told).await,
        Released::Accepted { reference: None }
    );
    assert_eq!(gls.lines(), ["POST /PHPApps/redelivery_parcel.php"]);
    let told = call(Courier::GlsItaly, "SM1", HoldAction::Redeliver);
    assert!(matches!(desk.release(&told).await, Released::Later { .. }));
}
