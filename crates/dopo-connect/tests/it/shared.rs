//! The vendors' real payloads, which live beside the repository and not in it.

use std::path::PathBuf;

use dopo_connect::Setting;
use dopo_core::money::Currency;
use jiff::Timestamp;
use serde_json::Value;

/// The folder of reference data, or nothing with a line that says so.
pub fn contracts(vendor: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("DOPO_SHARED_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("contracts").join(vendor);
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("skipped: no reference data at {}", folder.display());
        None
    }
}

/// Every JSON file of a folder, by name.
pub fn files(folder: &PathBuf) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (name, json)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the messages of these tests arrive.
pub const RECEIVED: &str = "2026-11-22T10:00:00Z";

pub fn setting() -> Setting<'static> {
    Setting {
        received_at: at(RECEIVED),
        currency: Some(Currency::EUR),
        domain: Some("negozio.example"),
    }
}
