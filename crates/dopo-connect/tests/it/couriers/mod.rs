//! Couriers: what they send, read into tellings.

mod aftership;
mod amazon;
mod bpost;
mod brt;
mod calls;
mod chronopost;
mod dhl;
mod dhl_express;
mod dpd;
mod fake;
mod fedex;
mod geodis;
mod gls_group;
mod gls_italy;
mod hooks;
mod inpost;
mod laposte;
mod numbers;
mod poste;
mod qapla;
mod sendcloud;
mod survive;
mod times;
mod tnt;
mod track17;
mod ups;
mod write_back;

use dopo_connect::couriers::{VENDORS, VendorDesks, tables};
use dopo_core::parcel::{Courier, Telling};
use dopo_engine::ports::{Ask, CourierDesk, Couriers};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// A folder of the couriers' payloads beside the repository.
pub fn payloads(folder: &str) -> Option<PathBuf> {
    crate::shared::contracts(&format!("couriers/{folder}"))
}

/// A payload.
pub fn payload(folder: &str, file: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(payloads(folder)?.join(file)).unwrap())
}

/// A timeline in lines: when, where it is, why, code, place.
pub fn lines(told: &Telling) -> Vec<String> {
    let scans = told.scans.iter();
    scans
        .map(|scan| {
            let c = &scan.checkpoint;
            let at = if c.day_only {
                format!("{} (day)", c.at)
            } else {
                c.at.to_string()
            };
            let mut line = format!("{at} {}", c.state.as_str());
            for (mark, part) in [("!", &c.reason), ("#", &c.code), ("@ ", &c.place)] {
                if let Some(part) = part {
                    line.push_str(&format!(" {mark}{part}"));
                }
            }
            if scan.taken_back {
                line.push_str(" (taken back)");
            }
            line
        })
        .collect()
}

/// An account at a server of ours; its fields all hold `0123456789`.
pub fn desk(vendor: &str, url: &str, fields: &[&str]) -> Arc<dyn CourierDesk> {
    let mut values: BTreeMap<String, String> = fields
        .iter()
        .map(|field| ((*field).to_owned(), "0123456789".to_owned()))
        .collect();
    values.insert("base_url".to_owned(), url.to_owned());
    VendorDesks::new(true).open(vendor, &values).unwrap()
}

/// A parcel to ask for.
pub fn ask(courier: Courier, number: &str) -> Ask {
    Ask {
        courier,
        number: number.to_owned(),
        shipped_on: None,
        postal_code: None,
        country: None,
    }
}

/// Every file of a folder is known to its test by name: a new one fails it.
pub fn all_known(folder: &str, ending: &str, known: &[&str]) {
    let Some(path) = payloads(folder) else { return };
    let found: BTreeSet<String> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(ending) && !name.contains("expected"))
        .collect();
    let known: BTreeSet<String> = known.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, known, "{folder}");
}

#[test]
fn every_row_of_every_code_table_is_right_and_stands_once() {
    for table in tables() {
        assert_eq!(table.faults(), &[] as &[String], "{}", table.vendor());
        assert!(!table.is_empty(), "{}", table.vendor());
    }
}

#[test]
fn an_unknown_code_means_nothing_to_any_table() {
    for table in tables() {
        let found = table.find(&["NO-SUCH-CODE"], Some("xyzzy"));
        assert_eq!(found, None, "{}", table.vendor());
    }
}

#[test]
fn every_vendor_is_called_differently_and_opens_with_its_fields() {
    let desks = VendorDesks::new(false);
    let names: BTreeSet<_> = VENDORS.iter().map(|vendor| vendor.name).collect();
    assert_eq!(names.len(), VENDORS.len());
    for vendor in VENDORS {
        let needed = vendor.fields.iter().filter(|field| !field.optional);
        let fields = needed.map(|field| {
            let value = match field.name {
                "shop_url" => "https://negozio.example",
                _ => "0123456789",
            };
            (field.name.to_owned(), value.to_owned())
        });
        let fields = fields.collect();
        match desks.open(vendor.name, &fields) {
            Ok(desk) => {
                assert_eq!(desk.covers(), vendor.covers, "{}", vendor.name);
                assert_eq!(desk.is_asked(), vendor.asked, "{}", vendor.name);
                // Some instruct only with fields that others do without.
                let told = desk.releases();
                assert!(
                    told.is_empty() || told == vendor.releases,
                    "{}",
                    vendor.name
                );
            }
            Err(why) => panic!("{}: {why}", vendor.name),
        }
        if vendor.fields.iter().any(|field| !field.optional) {
            let nothing = std::collections::BTreeMap::new();
            assert!(
                desks.open(vendor.name, &nothing).is_err(),
                "{}",
                vendor.name
            );
        }
    }
    assert!(desks.open("il cugino", &Default::default()).is_err());
}
