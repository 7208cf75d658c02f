//! The schema: embedded migrations, applied in order, never edited once released.

use crate::{console, refused};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

/// Works out what SQL cannot.
type Fill = fn(&Connection) -> Result<(), StoreError>;

/// One step of the schema.
struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
    /// Run right after it.
    fill: Option<Fill>,
}

macro_rules! migrations {
    ($($number:literal $name:literal $(then $fill:path)?),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
            fill: [$(Some($fill as Fill),)? None][0],
        }),*]
    };
}

/// All steps, in order.
const MIGRATIONS: &[Migration] = migrations![
    1 "0001_shops",
    2 "0002_facts",
    3 "0003_messages",
    4 "0004_arrivals",
    5 "0005_console" then console::listed::fill,
    6 "0006_couriers",
    7 "0007_risks" then console::risks::fill,
    8 "0008_identities",
    9 "0009_photos",
    10 "0010_places" then console::listed::fill_places,
    11 "0011_people" then console::listed::fill_order_places,
    12 "0012_turns",
    13 "0013_short_links",
    14 "0014_raw_bodies",
];

/// What to say when the database is older than the program.
pub(crate) fn outdated() -> StoreError {
    StoreError::Schema(
        "the database is of an older version than this program: stop the server, then run `dopo migrate`".to_owned(),
    )
}

fn hash(sql: &str) -> String {
    Sha256::digest(sql.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// How far a database is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// No table yet.
    Empty,
    /// Some steps are missing.
    Behind,
    /// All steps are there, and no other.
    Current,
}

/// Compares what was applied with what this program knows.
///
/// # Errors
/// [`StoreError::Schema`] when a step is unknown or was applied in another wording.
pub(crate) fn standing(connection: &Connection) -> Result<Standing, StoreError> {
    let known: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(refused)?;
    if known.is_none() {
        return Ok(Standing::Empty);
    }
    let mut statement = connection
        .prepare("SELECT number, name, sha256 FROM schema_migrations ORDER BY number")
        .map_err(refused)?;
    let applied = statement
        .query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
            ))
        })
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(refused)?;
    for (number, name, sha256) in &applied {
        let Some(ours) = MIGRATIONS.iter().find(|m| m.number == *number) else {
            return Err(StoreError::Schema(format!(
                "the database was written by a newer version of this program (migration {number} `{name}` is not known \
                 here): install that version or a later one, or restore a backup made with this one"
            )));
        };
        if *sha256 != hash(ours.sql) {
            return Err(StoreError::Schema(format!(
                "migration {number} `{name}` was applied in another wording than this program has: use the program that \
                 made this database, or restore a backup"
            )));
        }
    }
    Ok(match applied.len() {
        0 => Standing::Empty,
        n if n < MIGRATIONS.len() => Standing::Behind,
        _ => Standing::Current,
    })
}

/// Applies the missing steps, all in one transaction. Returns their names.
pub(crate) fn migrate(connection: &mut Connection) -> Result<Vec<String>, StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(refused)?;
    standing(&transaction)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_migrations (
                number     INTEGER PRIMARY KEY NOT NULL,
                name       TEXT NOT NULL,
                sha256     TEXT NOT NULL,
                applied_at TEXT NOT NULL
            ) STRICT",
        )
        .map_err(refused)?;
    let newest: i64 = transaction
        .query_row(
            "SELECT coalesce(max(number), 0) FROM schema_migrations",
            [],
            |row| row.get(0),
        )
        .map_err(refused)?;
    let mut names = Vec::new();
    for migration in MIGRATIONS.iter().filter(|m| m.number > newest) {
        transaction.execute_batch(migration.sql).map_err(refused)?;
        if let Some(fill) = migration.fill {
            fill(&transaction)?;
        }
        transaction
            .execute(
                "INSERT INTO schema_migrations (number, name, sha256, applied_at)
                 VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                params![migration.number, migration.name, hash(migration.sql)],
            )
            .map_err(refused)?;
        names.push(migration.name.to_owned());
    }
    transaction.commit().map_err(refused)?;
    Ok(names)
}
