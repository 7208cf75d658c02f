//! Formats and check digits over the public samples.

use super::payloads;
use dopo_connect::couriers::numbers::{candidates, fits, is_typo};
use dopo_core::parcel::Courier;
use serde_json::Value;

/// Files whose couriers are ours.
const FILES: [(&str, Option<Courier>); 6] = [
    ("s10", None),
    ("ups", Some(Courier::Ups)),
    ("fedex", Some(Courier::Fedex)),
    ("dhl", None),
    ("dpd", Some(Courier::Dpd)),
    ("amazon", Some(Courier::Amazon)),
];

#[test]
fn every_valid_number_of_our_couriers_passes_and_every_invalid_one_fails() {
    let Some(folder) = payloads("tracking_numbers") else {
        return;
    };
    let (mut valid, mut invalid) = (0, 0);
    for (name, courier) in FILES {
        let text = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
        let file: Value = serde_json::from_slice(&text).unwrap();
        for format in file["tracking_numbers"].as_array().unwrap() {
            let id = match format["id"].as_str() {
                Some(id) => id,
                None => {
                    assert_eq!(format["name"], "UPS Waybill");
                    "ups_waybill"
                }
            };
            let numbers = |key: &str| {
                let list = format["test_numbers"][key].as_array().unwrap().clone();
                list.into_iter().map(|n| n.as_str().unwrap().to_owned())
            };
            for number in numbers("valid") {
                assert_eq!(fits(id, &number), Some(true), "{id}: {number}");
                if let Some(courier) = courier {
                    let known = candidates(&number).iter().any(|(c, _)| *c == courier);
                    assert!(known && !is_typo(courier, &number), "{id}: {number}");
                }
                valid += 1;
            }
            for number in numbers("invalid") {
                assert_eq!(fits(id, &number), Some(false), "{id}: {number}");
                invalid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (76, 43), "samples");
    assert_eq!(fits("no_such_format", "1"), None);
}
