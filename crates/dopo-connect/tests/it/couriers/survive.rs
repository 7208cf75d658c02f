//! Bodies that break off or are spoiled: every translator survives them, and tells nothing of what stood in them.

use super::{ask, desk, payloads};
use dopo_connect::couriers::http::Trouble;
use dopo_connect::couriers::{VendorDesks, dhl, dhl_express, fedex, gls_group, tnt, ups};
use dopo_core::parcel::{CHECKPOINTS_MAX, Courier, Telling};
use dopo_engine::ports::{Couriers, Looked};

/// What each translator makes of a body; the telling that it made last.
fn all(body: &[u8]) -> Vec<Result<Telling, Trouble>> {
    let number = "1234567890";
    let of_last = |told: Vec<(String, Telling)>| told.into_iter().last().map(|(_, t)| t);
    vec![
        dhl::translate::telling(body, &dhl::CODES),
        dhl_express::translate::telling(body, number, None, &dhl_express::CODES),
        dhl_express::translate::tellings_of_xml(body, &dhl_express::CODES)
            .map(|told| of_last(told).unwrap_or_default()),
        ups::translate::telling(body, number, &ups::CODES),
        ups::translate::telling_of_xml(body, &ups::CODES),
        ups::translate::alert(body, &ups::CODES)
            .map(|(_, told)| told)
            .map_err(Trouble::Unreadable),
        fedex::translate::read(body).and_then(|a| a.telling("776094337676", None, &fedex::CODES)),
        fedex::translate::telling_of_xml(body, None, &fedex::CODES),
        tnt::translate::read(body).and_then(|a| a.telling("123456782", None, &tnt::CODES)),
        gls_group::translate::read(body).and_then(|a| a.telling(number, &gls_group::CODES)),
    ]
}

#[test]
fn a_body_that_breaks_off_or_is_spoiled_is_survived_without_repeating_it() {
    let folders = [
        "dhl_universal",
        "dhl_express",
        "mydhl",
        "ups",
        "fedex",
        "tnt",
    ]
    .map(|folder| format!("karrio/{folder}"));
    let more = ["active_shipping/ups", "active_shipping/fedex"].map(str::to_owned);
    for folder in folders.iter().chain(&more) {
        let Some(path) = payloads(folder) else { return };
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let body = std::fs::read(&path).unwrap();
            let step = body.len() / 24 + 1;
            for cut in (0..body.len()).step_by(step) {
                let mut spoiled = body.clone();
                // A sign in the middle that is none of the format's: a null byte, and half a character.
                spoiled[cut] = if cut % 2 == 0 { 0 } else { 0xc3 };
                for bytes in [&body[..cut], &spoiled[..]] {
                    for told in all(bytes) {
                        match told {
                            Ok(told) => assert!(told.scans.len() <= CHECKPOINTS_MAX),
                            Err(
                                Trouble::Unreadable(why)
                                | Trouble::Refused(why)
                                | Trouble::Later { why, .. },
                            ) => {
                                for word in ["ROSSETTI", "rossetti", "Prova", "MILAN", "1Z"] {
                                    assert!(!why.contains(word), "{}: {why}", path.display());
                                }
                            }
                            Err(Trouble::Unknown) => {}
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn no_name_of_a_person_reaches_a_telling() {
    for (folder, file) in [
        ("karrio/dhl_universal", "TrackingResponseJSON.json"),
        ("karrio/dhl_express", "TrackingResponseXML.xml"),
        ("karrio/ups", "TrackingResponseJSON.json"),
        ("karrio/fedex", "DuplicateTrackingResponse.json"),
        ("karrio/tnt", "TRACKING_RESPONSE.xml"),
        ("active_shipping/ups", "shipment_from_tiger_direct.xml"),
        (
            "active_shipping/fedex",
            "tracking_response_delivered_with_signature.xml",
        ),
    ] {
        let Some(body) = super::payload(folder, file) else {
            return;
        };
        for told in all(&body).into_iter().flatten() {
            let json = serde_json::to_string(&told).unwrap().to_lowercase();
            for name in [
                "rossett", "bianchi", "jessica", "tizio", "\"uno\"", "163000",
            ] {
                assert!(!json.contains(name), "{folder}/{file}: {name}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_without_encryption_is_only_for_private_networks() {
    let fields = |url: &str| {
        [("api_key", "k"), ("base_url", url)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    };
    for url in [
        "http://127.0.0.1:9",
        "https://127.0.0.1:9",
        "https://user:pass@dhl.example",
    ] {
        let opened = VendorDesks::new(false).open("dhl", &fields(url));
        assert!(opened.is_err(), "{url}");
    }
    assert!(
        VendorDesks::new(false)
            .open("dhl", &fields("https://dhl.example"))
            .is_ok()
    );
    // Refused before anything is sent.
    let desk = desk("dhl", "http://1.1.1.1", &["api_key"]);
    let looked = desk.look(&[ask(Courier::Dhl, "1")]).await;
    assert!(
        matches!(&looked, Looked::Refused(why) if why.contains("https")),
        "{looked:?}"
    );
}
