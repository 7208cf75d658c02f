//! What went wrong inside a transaction, and whether doing it again can help.

use dopo_core::id::CustomerId;
use dopo_engine::ports::store::StoreError;
use std::collections::BTreeSet;
use std::time::Duration;

/// Times a transaction is begun anew because another was in its way, before the caller hears of it.
pub(crate) const TRIES_MAX: u32 = 12;
/// Milliseconds waited before the second try; each further one waits as much longer.
const TRY_PAUSE_MS: u64 = 2;

/// Why a transaction did not come to its end.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The database's word.
    Sql(sqlx::Error),
    /// Facts moved between looking and locking, or another committer was first; these people must be locked too.
    Moved(BTreeSet<CustomerId>),
    /// An arrival must be parked: to be done again with the shop to itself.
    NeedsShop,
    /// Ours.
    Store(StoreError),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Fault::Store(error)
    }
}

impl Fault {
    /// Whether another transaction was in the way, so that the same one may succeed when begun anew: a unique value taken
    /// by a concurrent committer (23505), a serialization failure (40001), a deadlock (40P01).
    pub(crate) fn is_collision(&self) -> bool {
        match self {
            Fault::Moved(_) | Fault::NeedsShop => true,
            Fault::Sql(sqlx::Error::Database(e)) => {
                matches!(e.code().as_deref(), Some("23505" | "40001" | "40P01"))
            }
            Fault::Sql(_) | Fault::Store(_) => false,
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Sql(error) => refused(error),
            Fault::Moved(_) | Fault::NeedsShop => StoreError::Unavailable(
                "other transactions changed the same people again and again: try again".to_owned(),
            ),
            Fault::Store(error) => error,
        }
    }
}

/// Waits before the next try.
pub(crate) async fn pause(tries: u32) {
    tokio::time::sleep(Duration::from_millis(TRY_PAUSE_MS * u64::from(tries))).await;
}

/// Begins a transaction anew while others are in its way, at most [`TRIES_MAX`] times.
macro_rules! again {
    ($name:literal, $attempt:expr) => {{
        let mut tries = 0;
        loop {
            match $attempt.await {
                Err(fault) if tries < $crate::fault::TRIES_MAX && fault.is_collision() => {
                    tries += 1;
                    tracing::debug!(transaction = $name, tries, "begun anew");
                    $crate::fault::pause(tries).await;
                }
                result => break result.map_err(dopo_engine::ports::store::StoreError::from),
            }
        }
    }};
}
pub(crate) use again;

/// Sorts a driver's error by what the caller can do about it.
///
/// The database's primary message names constraints, tables and columns; values are in its detail, which is left out.
pub(crate) fn refused(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(e) => {
            let code = e.code().unwrap_or_default().into_owned();
            let text = match e.constraint() {
                Some(constraint) => format!("SQLSTATE {code}, constraint `{constraint}`"),
                // Data exceptions quote the value they refuse.
                None if code.starts_with("22") => format!("SQLSTATE {code}, a value it cannot hold"),
                None => format!("SQLSTATE {code}: {}", e.message()),
            };
            match code.as_str() {
                "23505" | "40001" | "40P01" | "55P03" => StoreError::Conflict(text),
                "42P01" | "42703" => crate::schema::outdated(),
                "57014" | "25P03" | "25P02" => StoreError::Unavailable(text),
                _ if code.starts_with("08")
                    || code.starts_with("53")
                    || code.starts_with("57P")
                    || code.starts_with("58")
                    || code.starts_with("28")
                    || code == "3D000" =>
                {
                    StoreError::Unavailable(text)
                }
                _ => StoreError::Rejected(text),
            }
        }
        sqlx::Error::Io(e) => StoreError::Unavailable(format!("the connection broke: {e}")),
        sqlx::Error::Tls(e) => StoreError::Unavailable(format!("no encrypted connection: {e}")),
        sqlx::Error::PoolTimedOut => StoreError::Unavailable(
            "no connection became free in time: is the database overloaded or away?".to_owned(),
        ),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            StoreError::Unavailable("the store is closed".to_owned())
        }
        sqlx::Error::Protocol(_) => {
            StoreError::Unavailable("the database answered out of turn".to_owned())
        }
        sqlx::Error::Configuration(_) => StoreError::Rejected(
            "the database's address cannot be read: expected postgres://user:password@host:port/database"
                .to_owned(),
        ),
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::Rejected(format!("column {index} cannot be read"))
        }
        _ => StoreError::Rejected(error.to_string()),
    }
}
