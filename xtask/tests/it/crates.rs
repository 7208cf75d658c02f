//! Who may depend on whom, and on what. The table is that of ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::{none, root};

/// What each crate may use of ours when it is shipped. `*` is everything but the program and the
/// test kit.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("dopo-core", &[]),
    ("dopo-predict", &["dopo-core"]),
    ("dopo-assist", &["dopo-core"]),
    ("dopo-engine", &["dopo-core", "dopo-predict", "dopo-assist"]),
    ("dopo-sqlite", &["dopo-core", "dopo-engine"]),
    ("dopo-postgres", &["dopo-core", "dopo-engine"]),
    ("dopo-connect", &["dopo-core", "dopo-engine"]),
    ("dopo-web", &["dopo-core", "dopo-engine"]),
    ("dopo-testkit", &["dopo-core", "dopo-engine"]),
    ("dopo", &["*"]),
    ("dopo-bench", &["*", "dopo-testkit"]),
    ("xtask", &[]),
];

/// Outside the rules: nobody may use these of ours.
const PROGRAMS: [&str; 3] = ["dopo", "dopo-bench", "xtask"];

/// What tests may use beyond the test kit: routes are tried on the embedded store.
const IN_TESTS: [(&str, &str); 2] = [("dopo-web", "dopo-sqlite"), ("dopo-web", "dopo-connect")];

/// The crates that compute and do nothing else.
const PURE: [&str; 3] = ["dopo-core", "dopo-predict", "dopo-assist"];
/// What a pure crate may not reach by any path: runtimes, sockets, stores, terminals.
const NOT_IN_PURE: [&str; 14] = [
    "axum",
    "hyper",
    "lettre",
    "mio",
    "reqwest",
    "rusqlite",
    "rustls",
    "socket2",
    "sqlx",
    "tempfile",
    "tokio",
    "tokio-rustls",
    "tower",
    "tower-http",
];
/// What a pure crate may not name itself: chance, logs, async.
const NOT_NAMED_IN_PURE: [&str; 9] = [
    "async-trait",
    "fastrand",
    "futures",
    "getrandom",
    "log",
    "metrics",
    "rand",
    "tracing",
    "uuid",
];
/// The engine speaks through ports: no driver by any path.
const NOT_IN_ENGINE: [&str; 9] = [
    "axum",
    "hyper",
    "lettre",
    "reqwest",
    "rusqlite",
    "rustls",
    "sqlx",
    "tokio-rustls",
    "tower-http",
];

fn metadata() -> Metadata {
    // Only what this machine builds: the packages of others were never downloaded.
    let rustc = Command::new("rustc")
        .arg("-vV")
        .output()
        .expect("rustc runs");
    let said = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host");
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", host].map(str::to_owned))
        .exec()
        .expect("cargo metadata reads the workspace")
}

fn ours(metadata: &Metadata) -> BTreeMap<&str, &Package> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| (package.name.as_str(), package))
        .collect()
}

#[test]
fn crates_depend_only_on_those_below_them() {
    let metadata = metadata();
    let ours = ours(&metadata);
    let mut breaches = Vec::new();
    for (name, package) in &ours {
        let Some((_, may_use)) = MAY_USE.iter().find(|(known, _)| known == name) else {
            breaches.push(format!("{name} has no line in the table of this test"));
            continue;
        };
        for dependency in &package.dependencies {
            let used = dependency.name.as_str();
            if !ours.contains_key(used) {
                continue;
            }
            let listed = may_use.contains(&used)
                || (may_use.contains(&"*") && used != "dopo-testkit" && !PROGRAMS.contains(&used));
            let in_tests = dependency.kind == DependencyKind::Development
                && (used == "dopo-testkit"
                    || may_use.contains(&"*")
                    || IN_TESTS.contains(&(*name, used)));
            if !listed && !in_tests {
                breaches.push(format!("{name} uses {used} ({:?})", dependency.kind));
            }
        }
    }
    none("a crate uses one that it may not", &breaches);
}

#[test]
fn pure_crates_and_the_engine_reach_no_driver() {
    let metadata = metadata();
    let ours = ours(&metadata);
    let mut breaches = Vec::new();
    for name in PURE {
        breaches.extend(reached(&metadata, &ours, name, &NOT_IN_PURE));
        for dependency in &ours[name].dependencies {
            if dependency.kind == DependencyKind::Normal
                && NOT_NAMED_IN_PURE.contains(&dependency.name.as_str())
            {
                breaches.push(format!("{name} names {}", dependency.name));
            }
        }
    }
    breaches.extend(reached(&metadata, &ours, "dopo-engine", &NOT_IN_ENGINE));
    none("a crate reaches what it may not", &breaches);
}

/// Which of `forbidden` a crate reaches by normal dependencies, and through whom.
fn reached(
    metadata: &Metadata,
    ours: &BTreeMap<&str, &Package>,
    name: &str,
    forbidden: &[&str],
) -> Vec<String> {
    let resolve = metadata.resolve.as_ref().expect("the graph is resolved");
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|n| (&n.id, n)).collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![(&ours[name].id, name.to_owned())];
    while let Some((id, path)) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in &nodes[id].deps {
            let normal = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind == DependencyKind::Normal);
            if !normal {
                continue;
            }
            let used = metadata[&dependency.pkg].name.as_str();
            let path = format!("{path} > {used}");
            if forbidden.contains(&used) {
                found.push(path.clone());
            }
            open.push((&dependency.pkg, path));
        }
    }
    found
}

#[test]
fn nothing_comes_from_a_git_repository() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock is committed");
    let breaches: Vec<String> = lock
        .lines()
        .filter(|line| line.contains("git+"))
        .map(str::to_owned)
        .collect();
    none("Cargo.lock names a git repository", &breaches);
}

#[test]
fn every_crate_inherits_the_workspace_s_settings() {
    let metadata = metadata();
    let mut breaches = Vec::new();
    for (name, package) in ours(&metadata) {
        let manifest = fs::read_to_string(&package.manifest_path).expect("the manifest is read");
        for line in [
            "edition.workspace = true",
            "license.workspace = true",
            "publish.workspace = true",
            "[lints]\nworkspace = true",
        ] {
            if !manifest.contains(line) {
                breaches.push(format!("{name} lacks `{}`", line.replace('\n', " ")));
            }
        }
    }
    none("a manifest goes its own way", &breaches);
}

#[test]
fn the_code_map_names_every_crate_and_nothing_else() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let mut breaches = Vec::new();
    let names: BTreeSet<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
        .map(|word| word.trim_end_matches(['.', '/']))
        .collect();
    for entry in fs::read_dir(root().join("crates")).expect("crates/ is read") {
        let entry = entry.expect("crates/ is read");
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().join("Cargo.toml").exists()
            && !names.contains(name.as_str())
            && !names.contains(format!("crates/{name}").as_str())
        {
            breaches.push(format!("crates/{name} is not in the code map"));
        }
    }
    for name in names {
        let in_tree = ["crates/", "web/", "e2e/", "xtask/", "docs/"]
            .iter()
            .any(|folder| name.starts_with(folder));
        let built = name.starts_with("web/dist") || name.contains("node_modules");
        if in_tree && !built && !root().join(name).exists() {
            breaches.push(format!("{name} does not exist"));
        }
        if name.starts_with("dopo-")
            && !root().join("crates").join(name).exists()
            && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        {
            breaches.push(format!("there is no crate {name}"));
        }
    }
    none("ARCHITECTURE.md and the tree differ", &breaches);
}
