//! Couriers: what they send, read into tellings.

mod dhl;

use dopo_connect::couriers::{VENDORS, tables};
use dopo_core::parcel::Telling;
use std::collections::BTreeSet;
use std::path::PathBuf;

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
    use dopo_engine::ports::Couriers;
    let desks = dopo_connect::couriers::VendorDesks::new(false);
    let names: BTreeSet<_> = VENDORS.iter().map(|vendor| vendor.name).collect();
    assert_eq!(names.len(), VENDORS.len());
    for vendor in VENDORS {
        let needed = vendor.fields.iter().filter(|field| !field.optional);
        let fields = needed.map(|field| (field.name.to_owned(), "0123456789".to_owned()));
        let fields = fields.collect();
        match desks.open(vendor.name, &fields) {
            Ok(desk) => {
                assert_eq!(desk.covers(), vendor.covers, "{}", vendor.name);
                assert_eq!(desk.is_asked(), vendor.asked, "{}", vendor.name);
                assert_eq!(desk.releases(), vendor.releases, "{}", vendor.name);
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
