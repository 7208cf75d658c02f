//! Backups: by hand into a folder of the installation, and every night.

use super::{Actor, Desk};
use crate::ports::{BackupRow, StoreError};
use dopo_core::id::ShopId;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// Nightly backups that are kept; those made by hand stay until somebody deletes them.
pub const BACKUPS_KEPT: usize = 14;
/// The hour of the nightly backup, in the zone of the first shop.
const HOUR: i8 = 3;
/// How often it is looked whether that hour has come.
const LOOK: Duration = Duration::from_secs(30);
/// Another node's backup so recent, in hours, makes ours unnecessary.
const RECENT_HOURS: i64 = 12;
/// How nightly backups are called.
const NIGHTLY: &str = "dopo-nightly-";

/// Why no backup was begun.
#[derive(Debug, thiserror::Error)]
pub enum BackupRefused {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no folder for them.
    #[error("set DOPO_BACKUP_DIR to the folder for backups and start again")]
    NoFolder,
    /// One is being made.
    #[error("a backup is being made already")]
    Running,
}

/// Says that no backup runs any more, however it ended.
struct Running(Arc<Desk>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.backing_up.store(false, Ordering::Release);
    }
}

impl Desk {
    /// The latest backups, newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn backups(&self, limit: usize) -> Result<Vec<BackupRow>, StoreError> {
        self.engine.store.backups(limit).await
    }

    /// Begins a backup in the background.
    ///
    /// # Errors
    /// [`BackupRefused`].
    pub async fn begin_backup(
        self: &Arc<Self>,
        shop: ShopId,
        actor: &Actor,
    ) -> Result<BackupRow, BackupRefused> {
        let (row, path, running) = self.prepare("dopo-").await?;
        self.audit(
            shop,
            actor,
            "backup.made",
            &format!("backup/{}", row.id),
            json!({"file": row.file}),
        )
        .await?;
        let desk = Arc::clone(self);
        let id = row.id;
        tokio::spawn(async move {
            desk.make(id, &path).await;
            drop(running);
        });
        Ok(row)
    }

    async fn prepare(
        self: &Arc<Self>,
        prefix: &str,
    ) -> Result<(BackupRow, PathBuf, Running), BackupRefused> {
        let folder = self
            .outward
            .backup_folder
            .clone()
            .ok_or(BackupRefused::NoFolder)?;
        if self.backing_up.swap(true, Ordering::AcqRel) {
            return Err(BackupRefused::Running);
        }
        let running = Running(Arc::clone(self));
        let now = self.engine.now();
        let stamp = now.strftime("%Y%m%d-%H%M%S");
        let file = format!("{prefix}{stamp}.backup");
        let id = self.engine.store.begin_backup(&file, now).await?;
        let row = BackupRow {
            id,
            began_at: now,
            ended_at: None,
            file: file.clone(),
            bytes: None,
            error: None,
        };
        Ok((row, folder.join(file), running))
    }

    /// Writes the copy and its record; true when it is there.
    async fn make(&self, id: i64, path: &Path) -> bool {
        let made = async {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder)
                    .await
                    .map_err(|error| format!("the folder cannot be made: {error}"))?;
            }
            self.engine
                .store
                .backup(path)
                .await
                .map_err(|error| error.to_string())?;
            let about = tokio::fs::metadata(path)
                .await
                .map_err(|error| format!("the copy cannot be read: {error}"))?;
            Ok::<u64, String>(about.len())
        }
        .await;
        let good = made.is_ok();
        match &made {
            Ok(bytes) => tracing::info!(bytes, "a backup was made"),
            Err(error) => {
                tracing::error!(error, "a backup failed");
                // A part of a copy is none.
                let _ = tokio::fs::remove_file(path).await;
            }
        }
        let ended = self.engine.now();
        if let Err(error) = self.engine.store.end_backup(id, ended, made).await {
            tracing::error!(%error, "the end of a backup could not be recorded");
        }
        good
    }

    /// The first moment after `now` at which the nightly backup is due.
    fn next_night(&self, now: Timestamp) -> Timestamp {
        let zone = self
            .engine
            .shops()
            .first()
            .and_then(|shop| TimeZone::get(&shop.settings.time_zone).ok())
            .unwrap_or(TimeZone::UTC);
        next_night(now, &zone)
    }

    async fn nightly(self: &Arc<Self>) -> Result<(), BackupRefused> {
        let recent = self.engine.now() - SignedDuration::from_hours(RECENT_HOURS);
        let latest = self.engine.store.backups(BACKUPS_KEPT).await?;
        let done = |row: &BackupRow| {
            row.file.starts_with(NIGHTLY) && row.error.is_none() && row.began_at > recent
        };
        if latest.iter().any(done) {
            return Ok(());
        }
        let (row, path, running) = self.prepare(NIGHTLY).await?;
        if self.make(row.id, &path).await
            && let Some(folder) = path.parent()
        {
            forget_old(folder).await;
        }
        drop(running);
        Ok(())
    }
}

fn next_night(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let mut day = zone.to_datetime(now).date();
    for _ in 0..3 {
        let due = zone.to_timestamp(day.at(HOUR, 0, 0, 0));
        if let Ok(due) = due
            && due > now
        {
            return due;
        }
        day = day.tomorrow().unwrap_or(day);
    }
    now + SignedDuration::from_hours(24)
}

/// Deletes nightly backups beyond [`BACKUPS_KEPT`].
async fn forget_old(folder: &Path) {
    let mut names = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else {
        return;
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(NIGHTLY) && name.ends_with(".backup") {
            names.push(name);
        }
    }
    names.sort();
    let too_many = names.len().saturating_sub(BACKUPS_KEPT);
    for name in names.into_iter().take(too_many) {
        if let Err(error) = tokio::fs::remove_file(folder.join(&name)).await {
            tracing::warn!(%error, file = name, "an old backup could not be deleted");
        }
    }
}

/// Makes the nightly backups until `stop` turns true.
pub async fn run(desk: Arc<Desk>, mut stop: watch::Receiver<bool>) {
    if !desk.has_backup_folder() {
        return;
    }
    let mut due = desk.next_night(desk.engine.now());
    while !crate::worker::pause(&mut stop, LOOK).await {
        let now = desk.engine.now();
        if now < due {
            continue;
        }
        if let Err(error) = desk.nightly().await {
            tracing::error!(%error, "the nightly backup was not made");
        }
        due = desk.next_night(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_night_is_that_of_the_shop() {
        let rome = TimeZone::get("Europe/Rome").expect("a zone");
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        assert_eq!(
            next_night(at("2026-11-22T01:59:00Z"), &rome),
            at("2026-11-22T02:00:00Z")
        );
        assert_eq!(
            next_night(at("2026-11-22T02:00:00Z"), &rome),
            at("2026-11-23T02:00:00Z")
        );
        assert_eq!(
            next_night(at("2026-07-01T12:00:00Z"), &rome),
            at("2026-07-02T01:00:00Z")
        );
    }

    #[tokio::test]
    async fn only_nightly_backups_beyond_fourteen_are_deleted() {
        let folder = std::env::temp_dir().join(format!("dopo-backups-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for day in 1..=16 {
            let name = format!("{NIGHTLY}202611{day:02}-030000.backup");
            std::fs::write(folder.join(name), "x").expect("a file");
        }
        std::fs::write(folder.join("dopo-20260101-000000.backup"), "x").expect("a file");
        forget_old(&folder).await;
        let mut left: Vec<String> = std::fs::read_dir(&folder)
            .expect("the folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        left.sort();
        assert_eq!(left.len(), BACKUPS_KEPT + 1);
        assert_eq!(left[0], "dopo-20260101-000000.backup");
        assert_eq!(left[1], format!("{NIGHTLY}20261103-030000.backup"));
        std::fs::remove_dir_all(&folder).expect("gone");
    }
}
