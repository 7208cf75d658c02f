//! Rules over the files themselves.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::{none, root};

/// A file that is longer says more than one thing.
const SOURCE_MAX_LINES: usize = 900;
/// Files shorter than this are alike by chance, in bytes.
const COPY_MIN_BYTES: u64 = 64;

const SOURCES: [&str; 9] = [
    "rs", "ts", "tsx", "css", "html", "sql", "mjml", "yaml", "toml",
];
/// Written by programs, not by us.
const GENERATED: [&str; 4] = [
    "package-lock.json",
    "Cargo.lock",
    "docs/openapi.json",
    "web/src/console/api/schema.d.ts",
];

const CLOSED_PLATFORM: &str = concat!("ec.europa.eu/", "consumers/odr");

/// What no file may contain, and where it may after all (a part of the path).
/// The words are split so that this file does not contain them.
const FORBIDDEN: [(&str, &[&str]); 7] = [
    // The European dispute platform was closed on 2025-07-20; a link to it misleads.
    (CLOSED_PLATFORM, &["tests/"]),
    (concat!("todo", "!("), &[]),
    (concat!("unimplemented", "!("), &[]),
    (concat!("#[", "ignore"), &[]),
    (concat!("#[", "allow("), &[]),
    (concat!("FIX", "ME"), &[]),
    (concat!("registry.", "npmjs.org"), &[]),
];

/// What the pure crates may not call, outside their tests.
const NOT_PURE: [&str; 9] = [
    "async fn",
    "eprintln!",
    "println!",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
];

/// Every file that is or could be committed, relative to the root.
fn files() -> Vec<PathBuf> {
    let out = Command::new("git")
        .args(["ls-files", "-z", "-c", "-o", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files");
    assert!(out.status.success(), "git cannot list the files");
    String::from_utf8(out.stdout)
        .expect("file names are UTF-8")
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|file| root().join(file).is_file())
        .collect()
}

fn text(file: &Path) -> Option<String> {
    String::from_utf8(fs::read(root().join(file)).ok()?).ok()
}

fn is_source(file: &Path) -> bool {
    let generated = GENERATED
        .iter()
        .any(|part| file.to_string_lossy().contains(part));
    let known = file
        .extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| SOURCES.contains(&e));
    known && !generated
}

#[test]
fn no_file_contains_what_is_forbidden() {
    let mut breaches = Vec::new();
    for file in files() {
        let Some(text) = text(&file) else { continue };
        let shown = file.to_string_lossy();
        let mut in_tests = false;
        for (number, line) in text.lines().enumerate() {
            in_tests |= line.trim() == "#[cfg(test)]";
            for (word, except) in FORBIDDEN {
                // A test may say what must not be there, and a checker what it looks for.
                let looked_for = in_tests || line.contains(".find(") || line.contains(".contains(");
                let excepted = except.iter().any(|part| shown.contains(part))
                    || (looked_for && word == CLOSED_PLATFORM);
                if line.contains(word) && !excepted {
                    breaches.push(format!("{shown}:{}: {word}", number + 1));
                }
            }
        }
    }
    none("a file contains what none may", &breaches);
}

#[test]
fn sources_are_tidy() {
    let mut breaches = Vec::new();
    for file in files().into_iter().filter(|file| is_source(file)) {
        let Some(text) = text(&file) else { continue };
        let shown = file.to_string_lossy();
        let is_rust = file.extension().is_some_and(|e| e == "rs");
        for (number, line) in text.lines().enumerate() {
            if line.ends_with([' ', '\t']) {
                breaches.push(format!("{shown}:{}: trailing space", number + 1));
            }
            if is_rust && line.contains('\t') {
                breaches.push(format!("{shown}:{}: tab", number + 1));
            }
        }
        let lines = text.lines().count();
        if lines > SOURCE_MAX_LINES {
            breaches.push(format!(
                "{shown}: {lines} lines, at most {SOURCE_MAX_LINES}"
            ));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            breaches.push(format!("{shown}: no line end at the end"));
        }
    }
    none("a source file is untidy", &breaches);
}

#[test]
fn pure_crates_touch_nothing_outside() {
    let mut breaches = Vec::new();
    for file in files() {
        let shown = file.to_string_lossy().into_owned();
        let pure = ["dopo-core", "dopo-predict", "dopo-assist"]
            .iter()
            .any(|name| shown.starts_with(&format!("crates/{name}/src/")));
        if !pure || shown.ends_with("tests.rs") || shown.contains("/tests/") {
            continue;
        }
        let Some(text) = text(&file) else { continue };
        for (number, line) in text.lines().enumerate() {
            // Unit tests stand at the end of their file.
            if line.trim() == "#[cfg(test)]" {
                break;
            }
            if line.trim_start().starts_with("//") {
                continue;
            }
            for word in NOT_PURE {
                if line.contains(word) {
                    breaches.push(format!("{shown}:{}: {word}", number + 1));
                }
            }
        }
    }
    none("a pure crate touches the outside", &breaches);
}

#[test]
fn other_people_s_data_is_not_copied() {
    let shared = match std::env::var_os("DOPO_SHARED_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => root().join("../shared"),
    };
    if !shared.is_dir() {
        println!("skipped: there is no folder of other people's data");
        return;
    }
    let mut sizes: HashMap<u64, Vec<PathBuf>> = HashMap::new();
    for file in files() {
        if let Ok(data) = fs::metadata(root().join(&file))
            && data.len() >= COPY_MIN_BYTES
            && file != Path::new("LICENSE")
        {
            sizes.entry(data.len()).or_default().push(file);
        }
    }
    let mut breaches = Vec::new();
    let mut open = vec![shared];
    let mut hashes: HashMap<PathBuf, Vec<u8>> = HashMap::new();
    let mut seen = HashSet::new();
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                open.push(path);
                continue;
            }
            let Ok(data) = entry.metadata() else { continue };
            let Some(alike) = sizes.get(&data.len()) else {
                continue;
            };
            let theirs = hash(&path);
            for file in alike {
                let ours = hashes
                    .entry(file.clone())
                    .or_insert_with(|| hash(&root().join(file)));
                if *ours == theirs && seen.insert(file.clone()) {
                    breaches.push(file.display().to_string());
                }
            }
        }
    }
    none("a file is a copy of other people's data", &breaches);
}

fn hash(file: &Path) -> Vec<u8> {
    Sha256::digest(fs::read(file).expect("the file is read")).to_vec()
}
