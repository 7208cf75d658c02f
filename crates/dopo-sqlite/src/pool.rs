//! Readers: connections that cannot write, lent to blocking threads.

use crate::{BUSY_TIMEOUT_MS, refused};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Reads at once; more wait for their turn.
pub(crate) const READERS_MAX: usize = 4;
/// Prepared statements kept by each connection.
pub(crate) const STATEMENTS_CACHED: usize = 256;
/// Memory for pages of one reader, in KiB.
const READER_CACHE_KIB: i64 = 4 * 1024;

/// The readers that are free.
pub(crate) struct Pool {
    turns: Arc<Semaphore>,
    free: Arc<Mutex<Vec<Connection>>>,
}

/// Opens a connection that cannot write.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
    connection
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
        .map_err(refused)?;
    connection
        .pragma_update(None, "cache_size", -READER_CACHE_KIB)
        .map_err(refused)?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(refused)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(connection)
}

/// Brings a borrowed connection back, whatever happens.
struct Borrowed {
    connection: Option<Connection>,
    free: Arc<Mutex<Vec<Connection>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            self.free
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

impl Pool {
    /// Opens all readers.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let readers = (0..READERS_MAX)
            .map(|_| open_reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Pool {
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            free: Arc::new(Mutex::new(readers)),
        })
    }

    /// Runs a read on one snapshot of the database.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Unavailable("the store is closed".to_owned()))?;
        let free = Arc::clone(&self.free);
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let connection = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let borrowed = Borrowed {
                connection,
                free: Arc::clone(&free),
            };
            let connection = borrowed
                .connection
                .as_ref()
                .ok_or_else(|| StoreError::Unavailable("no reader is free".to_owned()))?;
            connection.execute_batch("BEGIN").map_err(refused)?;
            let result = read(connection);
            connection.execute_batch("COMMIT").map_err(refused)?;
            result
        });
        match done.await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Rejected(
                "a read ended in a fault of the program".to_owned(),
            )),
        }
    }
}
