//! The one writer: a thread that owns a connection and commits in groups.

use crate::{BUSY_TIMEOUT_MS, refused};
use dopo_engine::ports::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Writes that wait at most; a caller beyond that waits before it may hand over its own.
const WAITING_MAX: usize = 1_024;
/// Writes in one commit at most.
const GROUP_WRITES_MAX: usize = 64;
/// Pages of 8 KiB in the write-ahead log after which they are moved into the database.
const WAL_PAGES_MAX: i32 = 20_000;
/// Size of a page of a new database, in bytes.
const PAGE_BYTES: i64 = 8_192;
/// Memory for pages of the writer, in KiB.
const WRITER_CACHE_KIB: i64 = 8 * 1024;

/// How a write ended, to be told after the group's commit.
struct Ended {
    failed: bool,
    tell: Box<dyn FnOnce(Result<(), String>) + Send>,
}

/// A write; given a reason instead of a connection, it is not run and its caller hears the reason.
type Write = Box<dyn FnOnce(Result<&Connection, &str>) -> Ended + Send>;

/// The way to the writer thread.
pub(crate) struct Writer {
    writes: Option<mpsc::Sender<Write>>,
    threads: Vec<JoinHandle<()>>,
}

/// Opens a connection that writes; makes the file when there is none.
pub(crate) fn open_connection(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(refused)?;
    connection
        .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
        .map_err(refused)?;
    let set = |name: &str, value: &dyn rusqlite::ToSql| {
        connection.pragma_update(None, name, value).map_err(refused)
    };
    set("page_size", &PAGE_BYTES)?;
    set("journal_mode", &"wal")?;
    set("synchronous", &"full")?;
    set("wal_autocheckpoint", &0)?;
    set("cache_size", &-WRITER_CACHE_KIB)?;
    set("temp_store", &"memory")?;
    // Deleted rows are overwritten where that costs no extra page.
    set("secure_delete", &"fast")?;
    connection.set_prepared_statement_cache_capacity(crate::pool::STATEMENTS_CACHED);
    Ok(connection)
}

impl Writer {
    /// Starts the writer thread on this connection, and the thread that moves the write-ahead log into the database.
    pub(crate) fn start(connection: Connection, path: PathBuf) -> Result<Self, StoreError> {
        let (writes, waiting) = mpsc::channel::<Write>(WAITING_MAX);
        let (full, wanted) = sync_channel::<()>(1);
        let moved = Arc::new(AtomicBool::new(false));
        let start = |name: &str, body: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(body)
                .map_err(|e| StoreError::Unavailable(format!("no thread for the database: {e}")))
        };
        let told = Arc::clone(&moved);
        let mover = start(
            "dopo-wal",
            Box::new(move || move_log(&path, &wanted, &told)),
        )?;
        let writer = start(
            "dopo-writer",
            Box::new(move || write_in_groups(&connection, waiting, &full, &moved)),
        )?;
        Ok(Writer {
            writes: Some(writes),
            threads: vec![writer, mover],
        })
    }

    /// Runs a write inside a transaction and returns what it returned, once that is committed.
    pub(crate) async fn write<T, F>(&self, write: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let closed = || StoreError::Unavailable("the store is closed".to_owned());
        let (answer, answered) = oneshot::channel::<Result<T, StoreError>>();
        let job: Write = Box::new(move |connection| {
            let result = match connection {
                Ok(connection) => catch_unwind(AssertUnwindSafe(|| write(connection)))
                    .unwrap_or_else(|fault| {
                        Err(StoreError::Rejected(format!(
                            "a fault of the program while writing: {}",
                            fault_text(fault.as_ref())
                        )))
                    }),
                Err(why) => Err(StoreError::Unavailable(why.to_owned())),
            };
            Ended {
                failed: result.is_err(),
                tell: Box::new(move |committed| {
                    let result = match committed {
                        Ok(()) => result,
                        Err(why) => Err(StoreError::Unavailable(why)),
                    };
                    // The caller may have gone: the write stands all the same.
                    let _ = answer.send(result);
                }),
            }
        });
        let writes = self.writes.as_ref().ok_or_else(closed)?;
        writes.send(job).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.writes = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The message of a panic, without what it was about.
fn fault_text(fault: &(dyn Any + Send)) -> &str {
    fault
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("see the program's error output")
}

thread_local! {
    /// Pages in the write-ahead log after the last commit of this thread.
    static WAL_PAGES: Cell<i32> = const { Cell::new(0) };
}

fn write_in_groups(
    connection: &Connection,
    mut waiting: mpsc::Receiver<Write>,
    full: &SyncSender<()>,
    moved: &AtomicBool,
) {
    connection.wal_hook(Some(|_, pages| {
        WAL_PAGES.set(pages);
        Ok(())
    }));
    let mut group = Vec::with_capacity(GROUP_WRITES_MAX);
    while let Some(first) = waiting.blocking_recv() {
        group.push(first);
        while group.len() < GROUP_WRITES_MAX {
            match waiting.try_recv() {
                Ok(next) => group.push(next),
                Err(_) => break,
            }
        }
        commit_group(connection, &mut group);
        if WAL_PAGES.get() >= WAL_PAGES_MAX {
            // Full already means that the mover is at it.
            let _ = full.try_send(());
        }
        if moved.swap(false, Ordering::AcqRel) {
            // The mover has moved all but the newest pages; with those moved too, the log begins anew.
            let _ = checkpoint(connection);
        }
    }
}

/// Runs all writes of a group in one transaction and tells each how it ended.
fn commit_group(connection: &Connection, group: &mut Vec<Write>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        let why = refused(error).to_string();
        for write in group.drain(..) {
            drop_unrun(write, &why);
        }
        return;
    }
    let alone = group.len() == 1;
    let mut ended = Vec::with_capacity(group.len());
    let mut broken: Option<String> = None;
    for write in group.drain(..) {
        if let Some(why) = &broken {
            drop_unrun(write, why);
            continue;
        }
        if !alone && let Err(error) = savepoint(connection, "SAVEPOINT one") {
            let why = error.to_string();
            drop_unrun(write, &why);
            broken = Some(why);
            continue;
        }
        let end = write(Ok(connection));
        // An error such as a full disk may have ended the whole transaction.
        if connection.is_autocommit() {
            broken = Some("the transaction was ended by the database: try again".to_owned());
        } else if !alone {
            let done = if end.failed {
                savepoint(connection, "ROLLBACK TO one")
                    .and_then(|()| savepoint(connection, "RELEASE one"))
            } else {
                savepoint(connection, "RELEASE one")
            };
            if let Err(error) = done {
                broken = Some(error.to_string());
            }
        }
        ended.push(end);
    }
    let result = match broken {
        Some(why) => {
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            Err(why)
        }
        None if alone && ended.iter().all(|e| e.failed) => {
            let _ = connection.execute_batch("ROLLBACK");
            Ok(())
        }
        None => connection.execute_batch("COMMIT").map_err(|error| {
            let why = refused(error).to_string();
            let _ = connection.execute_batch("ROLLBACK");
            why
        }),
    };
    for end in ended {
        // Who failed by itself hears its own reason.
        let told = if end.failed { Ok(()) } else { result.clone() };
        (end.tell)(told);
    }
}

/// Ends a write that could not be run: its caller hears that the store is not available.
fn drop_unrun(write: Write, why: &str) {
    (write(Err(why)).tell)(Ok(()));
}

fn savepoint(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(|_| ())
        .map_err(refused)
}

fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Moves the write-ahead log into the database whenever the writer asks for it, without stopping it.
fn move_log(path: &Path, wanted: &Receiver<()>, moved: &AtomicBool) {
    let mut connection = None;
    while wanted.recv().is_ok() {
        if connection.is_none() {
            connection = Connection::open(path).ok();
        }
        let Some(open) = &connection else { continue };
        match checkpoint(open) {
            Ok(()) => moved.store(true, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be moved into the database");
                connection = None;
            }
        }
    }
}
