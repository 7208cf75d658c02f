//! Both stores have the same migrations, and every key begins with the shop.

use std::collections::BTreeSet;
use std::fs;

use crate::{none, root};

const STORES: [&str; 2] = ["dopo-sqlite", "dopo-postgres"];

/// Tables that belong to no shop: the schema's own books, the nodes of the program, its backups, and
/// people who may look after several shops.
const NO_SHOP: [&str; 7] = [
    "backups",
    "meta",
    "nodes",
    "passkeys",
    "sessions",
    "user_identities",
    "users",
];

/// File names of a store's migrations, in order, with their text.
fn migrations(store: &str) -> Vec<(String, String)> {
    let dir = root().join("crates").join(store).join("migrations");
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).expect("the store has migrations") {
        let entry = entry.expect("the folder is read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path()).expect("a migration is text");
        found.push((name, text));
    }
    found.sort();
    found
}

#[test]
fn both_stores_have_the_same_migrations() {
    let [sqlite, postgres] = STORES.map(|store| {
        migrations(store)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<BTreeSet<_>>()
    });
    let breaches: Vec<String> = sqlite
        .symmetric_difference(&postgres)
        .map(|name| format!("{name} is in one store only"))
        .collect();
    none("the stores' migrations differ", &breaches);
}

#[test]
fn migrations_are_numbered_without_a_gap() {
    let mut breaches = Vec::new();
    for store in STORES {
        for (index, (name, _)) in migrations(store).iter().enumerate() {
            let wanted = format!("{:04}_", index + 1);
            if !name.starts_with(&wanted) || !name.ends_with(".sql") {
                breaches.push(format!("{store}: {name} should be {wanted}….sql"));
            }
        }
    }
    none("a migration has the wrong number", &breaches);
}

#[test]
fn both_stores_have_the_same_tables() {
    let [sqlite, postgres] = STORES.map(|store| {
        all_tables(store)
            .into_iter()
            .map(|table| table.name)
            .collect::<BTreeSet<_>>()
    });
    let breaches: Vec<String> = sqlite
        .symmetric_difference(&postgres)
        .map(|name| format!("{name} is in one store only"))
        .collect();
    none("the stores' tables differ", &breaches);
}

#[test]
fn every_primary_key_begins_with_the_shop() {
    let mut breaches = Vec::new();
    for store in STORES {
        for table in all_tables(store) {
            if NO_SHOP.contains(&table.name.as_str()) {
                continue;
            }
            match table.key.first() {
                Some(first) if first == "shop_id" => {}
                _ => breaches.push(format!("{store}: {} has key {:?}", table.name, table.key)),
            }
        }
    }
    none("a table is not keyed by shop first", &breaches);
}

#[derive(Debug, PartialEq)]
struct Table {
    name: String,
    key: Vec<String>,
}

fn all_tables(store: &str) -> Vec<Table> {
    migrations(store)
        .iter()
        .flat_map(|(_, text)| tables(text))
        .collect()
}

/// The tables that a text of SQL creates, with their primary keys.
fn tables(sql: &str) -> Vec<Table> {
    let sql: String = sql
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    let mut found = Vec::new();
    for statement in sql.split(';') {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let Some(at) = words.iter().position(|word| *word == "table") else {
            continue;
        };
        let creates = words.first() == Some(&"create") && !words[..at].contains(&"temporary");
        let partition = statement.contains(" partition of ");
        if !creates || partition {
            continue;
        }
        let Some((head, rest)) = statement.split_once('(') else {
            continue;
        };
        let name = head
            .split_whitespace()
            .last()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned();
        found.push(Table {
            name,
            key: key(rest),
        });
    }
    found
}

/// The primary key in the body of a `create table`, whose opening bracket is already read.
fn key(body: &str) -> Vec<String> {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for c in body.chars() {
        match c {
            ')' if depth == 0 => break,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    for part in parts {
        let Some((before, after)) = part.split_once("primary key") else {
            continue;
        };
        let before = before.trim();
        if before.is_empty() || before.starts_with("constraint ") {
            return after
                .trim()
                .trim_start_matches('(')
                .trim_end_matches(')')
                .split(',')
                .map(|column| column.trim().trim_matches('"').to_owned())
                .collect();
        }
        return before
            .split_whitespace()
            .next()
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    Vec::new()
}

#[test]
fn a_key_is_found_beside_a_column_and_below_all() {
    let found = tables(
        "-- create table no (id)\n\
         CREATE TABLE IF NOT EXISTS a (id integer PRIMARY KEY, b text CHECK (b IN ('x','y')));\n\
         create index i on a (b);\n\
         create table b (shop_id bigint, id bigint default (1 + 2), primary key (shop_id, id)) strict;",
    );
    let table = |name: &str, key: &[&str]| Table {
        name: name.to_owned(),
        key: key.iter().map(|&column| column.to_owned()).collect(),
    };
    assert_eq!(found, [table("a", &["id"]), table("b", &["shop_id", "id"])]);
}
