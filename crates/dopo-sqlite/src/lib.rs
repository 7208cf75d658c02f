//! The store port on SQLite: one file, one writer thread with group commit, a pool of readers.
//!
//! Writes are closures that the writer thread runs inside one transaction for all that wait, each in its own savepoint, so
//! that a durable commit is paid once for many. A write is answered after its commit, never before. Reads run beside it
//! on connections that cannot write. See `docs/` for the tables; `migrations/` is their one source.

mod backup;
mod commit;
mod forget;
mod load;
mod pool;
mod queue;
mod read;
mod rows;
mod schema;
mod settings;
mod store;
mod writer;

pub use backup::restore;
pub use store::{Role, SqliteStore, connect};

use dopo_engine::ports::store::StoreError;
use rusqlite::ErrorCode;

/// Milliseconds to wait for another process that is writing.
const BUSY_TIMEOUT_MS: u64 = 5_000;

/// Sorts a driver's error by what the caller can do about it. Names of tables and columns may appear, never values.
fn refused(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match &error {
        rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OperationInterrupted => StoreError::Unavailable(text),
            ErrorCode::ConstraintViolation
                if matches!(
                    failure.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                        | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                StoreError::Conflict(text)
            }
            _ if text.contains("no such table") || text.contains("no such column") => {
                schema::outdated()
            }
            _ => StoreError::Rejected(text),
        },
        // A decoding error of ours in disguise.
        rusqlite::Error::FromSqlConversionFailure(column, _, source) => {
            StoreError::Rejected(format!("column {column} cannot be read: {source}"))
        }
        _ if text.contains("no such table") || text.contains("no such column") => {
            schema::outdated()
        }
        _ => StoreError::Rejected(text),
    }
}
