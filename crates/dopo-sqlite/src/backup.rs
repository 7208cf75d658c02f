//! Copies out and copies in.

use crate::pool::open_reader;
use crate::schema::{self, Standing};
use crate::{refused, store};
use dopo_engine::ports::store::StoreError;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Times to try again when another process is just writing the source's log.
const BUSY_TRIES_MAX: u32 = 100;
/// Milliseconds between these tries.
const BUSY_PAUSE_MS: u64 = 50;

fn away(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{what} {}: {error}", path.display()))
}

/// The path with an ending added, in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Copies one snapshot of a database into a new file beside `to`, checks it, makes it durable, then names it `to`.
fn copy(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let copied = copy_by_part(from, to);
    if copied.is_err() {
        // What is half done is of no use.
        let _ = std::fs::remove_file(beside(to, ".part"));
    }
    copied
}

fn copy_by_part(from: &Connection, to: &Path) -> Result<(), StoreError> {
    let part = beside(to, ".part");
    for ending in [".part", ".part-wal", ".part-shm", ".part-journal"] {
        match std::fs::remove_file(beside(to, ending)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(away("could not remove", &beside(to, ending), &e));
            }
            _ => {}
        }
    }
    let mut target = Connection::open(&part).map_err(refused)?;
    // One read transaction over all steps: what others write meanwhile neither shows nor restarts the copy.
    from.execute_batch("BEGIN").map_err(refused)?;
    let copied = copy_pages(from, &mut target);
    from.execute_batch("COMMIT").map_err(refused)?;
    copied?;
    // A single file: the log is folded in.
    target
        .pragma_update(None, "journal_mode", "delete")
        .map_err(refused)?;
    sound(&target)?;
    target.close().map_err(|(_, e)| refused(e))?;
    let durable = File::open(&part).and_then(|f| f.sync_all());
    durable.map_err(|e| away("could not write", &part, &e))?;
    std::fs::rename(&part, to).map_err(|e| away("could not name the copy", to, &e))?;
    if let Some(folder) = to.parent().filter(|p| !p.as_os_str().is_empty()) {
        // Makes the new name durable too, where the system can.
        let _ = File::open(folder).and_then(|f| f.sync_all());
    }
    Ok(())
}

fn copy_pages(from: &Connection, target: &mut Connection) -> Result<(), StoreError> {
    from.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
        .map_err(refused)?;
    let backup = Backup::new(from, target).map_err(refused)?;
    for _ in 0..BUSY_TRIES_MAX {
        match backup.step(-1).map_err(refused)? {
            StepResult::Done => return Ok(()),
            _ => std::thread::sleep(Duration::from_millis(BUSY_PAUSE_MS)),
        }
    }
    Err(StoreError::Unavailable(
        "the database stayed busy: try the backup again".to_owned(),
    ))
}

/// Asks SQLite whether the file is whole.
fn sound(connection: &Connection) -> Result<(), StoreError> {
    let word: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(refused)?;
    if word == "ok" {
        Ok(())
    } else {
        Err(StoreError::Rejected(
            "the file is damaged: use another backup".to_owned(),
        ))
    }
}

/// Copies the running database into a new file. Blocking.
pub(crate) fn backup(database: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Rejected(format!(
            "{} exists already: choose another name",
            to.display()
        )));
    }
    let from = open_reader(database)?;
    copy(&from, to)
}

/// Puts a backup in the place of a database. Blocking; no server may be running on it.
///
/// # Errors
/// [`StoreError::Rejected`] when the backup is damaged or `to` exists and `force` is not set; [`StoreError::Schema`] when
/// it was made by a newer program; [`StoreError::Unavailable`] when a server runs on `to`, or a file cannot be read or
/// written.
pub fn restore(from: &Path, to: &Path, force: bool) -> Result<(), StoreError> {
    let source = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|_| {
        StoreError::Rejected(format!(
            "{} cannot be opened: name a file made by `dopo backup`",
            from.display()
        ))
    })?;
    let unusable = |_| {
        StoreError::Rejected(format!(
            "{} is no backup of this program, or it is damaged",
            from.display()
        ))
    };
    sound(&source).map_err(unusable)?;
    if schema::standing(&source)? == Standing::Empty {
        return Err(unusable(StoreError::Rejected(String::new())));
    }
    let _lock = store::lock(to)?;
    if to.exists() {
        if !force {
            return Err(StoreError::Rejected(format!(
                "{} exists already: move it away, or force the restore to replace it",
                to.display()
            )));
        }
        // Fold the old log in, so that it cannot be taken for the new file's; a damaged one goes.
        let folded = Connection::open(to)
            .and_then(|old| old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        if folded.is_err() || beside(to, "-wal").exists() {
            for ending in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(beside(to, ending));
            }
        }
    }
    copy(&source, to)
}
