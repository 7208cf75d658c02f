//! Readers: threads, each with a connection that cannot write.
//!
//! They are as many as there are connections and stay: what a connection keeps in memory is then taken and given back by
//! one thread. Lent to the runtime's blocking threads, the same four connections took memory through sixteen of them by
//! turns, and an allocator keeps some for each thread that ever took any.

use crate::{BUSY_TIMEOUT_MS, refused};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Reads at once; more wait for their turn.
pub(crate) const READERS_MAX: usize = 4;
/// Reads that wait at most; a caller beyond that waits before it may hand over its own.
const WAITING_MAX: usize = 1_024;
/// Prepared statements kept by each connection.
pub(crate) const STATEMENTS_CACHED: usize = 256;
/// Memory for pages of one reader, in KiB.
const READER_CACHE_KIB: i64 = 2 * 1024;

/// A read, with the way to who waits for it.
type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the reader threads.
pub(crate) struct Pool {
    reads: Option<mpsc::Sender<Read>>,
    threads: Vec<JoinHandle<()>>,
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

impl Pool {
    /// Opens all readers.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let (reads, waiting) = mpsc::channel::<Read>(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut pool = Pool {
            reads: Some(reads),
            threads: Vec::with_capacity(READERS_MAX),
        };
        for n in 1..=READERS_MAX {
            let connection = open_reader(path)?;
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new()
                .name(format!("dopo-reader-{n}"))
                .spawn(move || read_on(&connection, &waiting))
                .map_err(|e| StoreError::Unavailable(format!("no thread to read with: {e}")))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Runs a read on one snapshot of the database; not at all when the caller has gone before its turn.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        let (answer, answered) = oneshot::channel();
        let job: Read = Box::new(move |connection| {
            if answer.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(|| {
                connection.execute_batch("BEGIN").map_err(refused)?;
                let result = read(connection);
                connection.execute_batch("COMMIT").map_err(refused)?;
                result
            }));
            // After a fault the answer falls, and the caller hears of it.
            if let Ok(result) = result {
                let _ = answer.send(result);
            }
        });
        let reads = self.reads.as_ref().ok_or_else(closed)?;
        reads.send(job).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| {
            Err(StoreError::Rejected(
                "a read ended in a fault of the program".to_owned(),
            ))
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.reads = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Reads for whoever is next, until the pool is closed.
fn read_on(connection: &Connection, waiting: &Mutex<mpsc::Receiver<Read>>) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(read) = next else { return };
        read(connection);
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn pool() -> (Pool, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pool.db");
        crate::writer::open_connection(&path).expect("a database");
        (Pool::open(&path).expect("readers"), folder)
    }

    fn one(connection: &Connection) -> Result<i64, StoreError> {
        let one = connection.query_row("SELECT 1", [], |row| row.get(0));
        one.map_err(refused)
    }

    #[tokio::test]
    async fn a_read_that_ends_in_a_fault_says_so_and_its_reader_reads_on() {
        let (pool, _folder) = pool();
        for _ in 0..2 * READERS_MAX {
            let fault = pool.read(|_| -> Result<(), StoreError> { panic!("a fault on purpose") });
            let told = fault.await.expect_err("a fault").to_string();
            assert!(told.contains("a fault of the program"), "{told}");
        }
        assert_eq!(pool.read(one).await.expect("an answer"), 1);
    }

    #[tokio::test]
    async fn a_read_whose_caller_has_gone_before_its_turn_is_not_run() {
        let (pool, _folder) = pool();
        let pool = Arc::new(pool);
        let (begun, begins) = channel();
        let mut gates = Vec::new();
        for _ in 0..READERS_MAX {
            let (gate, opened) = channel::<()>();
            gates.push(gate);
            let (pool, begun) = (Arc::clone(&pool), begun.clone());
            tokio::spawn(async move {
                pool.read(move |_| {
                    begun.send(()).expect("somebody listens");
                    let _ = opened.recv();
                    Ok(())
                })
                .await
            });
        }
        tokio::task::yield_now().await;
        for _ in 0..READERS_MAX {
            begins.recv().expect("all readers are busy");
        }
        let (ran, runs) = channel();
        let late = pool.read(move |_| {
            ran.send(()).expect("somebody listens");
            Ok(())
        });
        let waited = tokio::time::timeout(Duration::from_millis(1), late).await;
        assert!(waited.is_err(), "all readers are busy");
        drop(gates);
        assert_eq!(pool.read(one).await.expect("an answer"), 1);
        assert!(runs.recv().is_err(), "it ran for nobody");
    }
}
