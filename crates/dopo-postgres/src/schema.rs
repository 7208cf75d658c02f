//! The schema: embedded migrations, applied in order, never edited once released.

use crate::console::{listed, risks};
use crate::fault::refused;
use dopo_engine::ports::store::StoreError;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

/// One step of the schema.
struct Migration {
    number: i32,
    name: &'static str,
    sql: &'static str,
    /// What SQL cannot work out is worked out right after it.
    fill: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal $($fill:ident)?),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
            fill: stringify!($($fill)?),
        }),*]
    };
}

/// All steps, in order; the same numbers and names as on SQLite.
const MIGRATIONS: &[Migration] = migrations![
    1 "0001_shops",
    2 "0002_facts",
    3 "0003_messages",
    4 "0004_arrivals",
    5 "0005_console" listed,
    6 "0006_couriers",
    7 "0007_risks" risks,
    8 "0008_identities",
    9 "0009_photos",
    10 "0010_places" places,
    11 "0011_people" people,
    12 "0012_turns",
    13 "0013_short_links",
    14 "0014_raw_bodies",
];

/// Key of the lock that lets one program migrate at a time.
const MIGRATION_LOCK: i64 = 0x646f_706f_6d69_6772;
/// Oldest PostgreSQL this program runs on, as `server_version_num` counts.
const SERVER_VERSION_MIN: i32 = 150_000;

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

/// Refuses a server that is too old.
pub(crate) async fn check_server(c: &mut PgConnection) -> Result<(), StoreError> {
    let version: i32 =
        sqlx::query_scalar("-- check_server()\nSELECT current_setting('server_version_num')::int")
            .fetch_one(&mut *c)
            .await
            .map_err(refused)?;
    if version < SERVER_VERSION_MIN {
        return Err(StoreError::Schema(format!(
            "PostgreSQL {} is too old: Dopo needs {} or newer",
            version / 10_000,
            SERVER_VERSION_MIN / 10_000
        )));
    }
    Ok(())
}

/// Compares what was applied with what this program knows.
///
/// # Errors
/// [`StoreError::Schema`] when a step is unknown or was applied in another wording.
pub(crate) async fn standing(c: &mut PgConnection) -> Result<Standing, StoreError> {
    let known: bool =
        sqlx::query_scalar("-- standing()\nSELECT to_regclass('schema_migrations') IS NOT NULL")
            .fetch_one(&mut *c)
            .await
            .map_err(refused)?;
    if !known {
        return Ok(Standing::Empty);
    }
    let applied: Vec<(i32, String, String)> = sqlx::query_as(
        "-- standing()\nSELECT number, name, sha256 FROM schema_migrations ORDER BY number",
    )
    .fetch_all(&mut *c)
    .await
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

/// Applies the missing steps, all in one transaction, one program at a time. Returns their names.
pub(crate) async fn migrate(c: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let mut tx = sqlx::Connection::begin(c).await.map_err(refused)?;
    sqlx::query("-- migrate()\nSELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    standing(&mut tx).await?;
    sqlx::raw_sql(
        "-- migrate()
         SET LOCAL statement_timeout = 0;
         CREATE TABLE IF NOT EXISTS schema_migrations (
             number     INTEGER PRIMARY KEY,
             name       TEXT NOT NULL,
             sha256     TEXT NOT NULL,
             applied_at TEXT NOT NULL
         )",
    )
    .execute(&mut *tx)
    .await
    .map_err(refused)?;
    let newest: i32 =
        sqlx::query_scalar("-- migrate()\nSELECT coalesce(max(number), 0) FROM schema_migrations")
            .fetch_one(&mut *tx)
            .await
            .map_err(refused)?;
    let mut names = Vec::new();
    for migration in MIGRATIONS.iter().filter(|m| m.number > newest) {
        sqlx::raw_sql(migration.sql)
            .execute(&mut *tx)
            .await
            .map_err(refused)?;
        match migration.fill {
            "listed" => listed::fill(&mut tx).await?,
            "risks" => risks::fill(&mut tx).await?,
            "places" => listed::fill_places(&mut tx).await?,
            "people" => listed::fill_order_places(&mut tx).await?,
            _ => {}
        }
        sqlx::query(
            "-- migrate()
             INSERT INTO schema_migrations (number, name, sha256, applied_at)
             VALUES ($1, $2, $3, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'))",
        )
        .bind(migration.number)
        .bind(migration.name)
        .bind(hash(migration.sql))
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
        names.push(migration.name.to_owned());
    }
    tx.commit().await.map_err(refused)?;
    Ok(names)
}
