//! What people do: notes, tasks, saved views, the audit log; and the list of backups.

use super::lists::page;
use crate::commit::count;
use crate::load::standing_id;
use crate::refused;
use crate::rows::{all, at, at_column, at_column_opt, first, from_json, json, number, run, us};
use dopo_core::advance::Task;
use dopo_core::counter::{Counters, NOW};
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use dopo_core::risk::tells_of_failure;
use dopo_engine::ports::console::{
    AuditRow, BackupRow, NOTE_CHARS_MAX, NoteRow, VIEWS_MAX, ViewRow,
};
use dopo_engine::ports::store::StoreError;
use jiff::Timestamp;
use rusqlite::{Connection, Params, params};

// ---- notes ---------------------------------------------------------------------------------------------------------

/// Adds a note.
pub(crate) fn add_note(c: &Connection, shop: ShopId, note: &NoteRow) -> Result<i64, StoreError> {
    if note.text.chars().count() > NOTE_CHARS_MAX {
        return Err(StoreError::Rejected(format!(
            "a note has at most {NOTE_CHARS_MAX} characters"
        )));
    }
    let customer = standing_id(c, shop, note.customer_id)?;
    added(
        c,
        "INSERT INTO notes (shop_id, note_id, customer_id, order_id, at, author, text)
         VALUES (?1, (SELECT coalesce(max(note_id), 0) + 1 FROM notes WHERE shop_id = ?1), ?2, ?3, ?4, ?5, ?6)
         RETURNING note_id",
        params![
            shop.0,
            customer.0,
            note.order_id.map(|o| o.0),
            us(note.at),
            note.author,
            note.text
        ],
    )
}

/// Adds a row; the number it was given.
pub(crate) fn added(c: &Connection, sql: &str, params: impl Params) -> Result<i64, StoreError> {
    number(c, sql, params)?.ok_or_else(|| StoreError::Rejected("the row was not stored".to_owned()))
}

/// Notes about a person, newest first.
pub(crate) fn notes_of(
    c: &Connection,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<NoteRow>, StoreError> {
    let customer = standing_id(c, shop, customer)?;
    all(
        c,
        "SELECT note_id, customer_id, order_id, at, author, text FROM notes
         WHERE shop_id = ?1 AND customer_id = ?2 ORDER BY note_id DESC LIMIT ?3",
        params![shop.0, customer.0, page(limit)],
        |row| {
            Ok(NoteRow {
                id: row.get("note_id").map_err(refused)?,
                customer_id: CustomerId(row.get("customer_id").map_err(refused)?),
                order_id: row
                    .get::<_, Option<i64>>("order_id")
                    .map_err(refused)?
                    .map(OrderId),
                at: at_column(row, "at")?,
                author: row.get("author").map_err(refused)?,
                text: row.get("text").map_err(refused)?,
            })
        },
    )
}

/// Deletes a note.
pub(crate) fn delete_note(c: &Connection, shop: ShopId, id: i64) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM notes WHERE shop_id = ?1 AND note_id = ?2",
        params![shop.0, id],
    )?;
    Ok(gone > 0)
}

// ---- tasks ---------------------------------------------------------------------------------------------------------

fn move_open_tasks(c: &Connection, shop: ShopId, n: i64) -> Result<(), StoreError> {
    let mut counters = Counters::default();
    counters.add(shop, NOW, "now.tasks", "", n);
    count(c, &counters)
}

/// Opens a task by hand.
pub(crate) fn add_task(c: &Connection, shop: ShopId, task: &Task) -> Result<(), StoreError> {
    let customer = standing_id(c, shop, task.customer_id)?;
    run(
        c,
        "INSERT INTO tasks (shop_id, effect_id, customer_id, order_id, opened_at, failure, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            shop.0,
            task.effect.to_bytes(),
            customer.0,
            task.order_id.map(|o| o.0),
            us(task.opened_at),
            tells_of_failure(&task.task),
            json(&task.task)?
        ],
    )?;
    move_open_tasks(c, shop, 1)
}

/// Marks a task done or open again.
pub(crate) fn set_task_done(
    c: &Connection,
    shop: ShopId,
    task: EffectId,
    done_at: Option<Timestamp>,
) -> Result<Option<bool>, StoreError> {
    let was = first(
        c,
        "SELECT done_at FROM tasks WHERE shop_id = ?1 AND effect_id = ?2",
        params![shop.0, task.to_bytes()],
        |row| row.get::<_, Option<i64>>(0).map_err(refused),
    )?;
    let Some(was) = was else { return Ok(None) };
    if was.is_some() == done_at.is_some() {
        return Ok(Some(false));
    }
    run(
        c,
        "UPDATE tasks SET done_at = ?3 WHERE shop_id = ?1 AND effect_id = ?2",
        params![shop.0, task.to_bytes(), done_at.map(us)],
    )?;
    move_open_tasks(c, shop, if done_at.is_some() { -1 } else { 1 })?;
    Ok(Some(true))
}

// ---- views ---------------------------------------------------------------------------------------------------------

/// Saved views of everybody and of this user.
pub(crate) fn views(
    c: &Connection,
    shop: ShopId,
    user: Option<i64>,
) -> Result<Vec<ViewRow>, StoreError> {
    all(
        c,
        "SELECT view_id, page, name, query, user_id FROM views
         WHERE shop_id = ?1 AND (user_id IS NULL OR user_id = ?2) ORDER BY view_id",
        params![shop.0, user],
        |row| {
            Ok(ViewRow {
                id: row.get("view_id").map_err(refused)?,
                page: row.get("page").map_err(refused)?,
                name: row.get("name").map_err(refused)?,
                query: row.get("query").map_err(refused)?,
                user: row.get("user_id").map_err(refused)?,
            })
        },
    )
}

/// Saves a view.
pub(crate) fn add_view(c: &Connection, shop: ShopId, view: &ViewRow) -> Result<i64, StoreError> {
    let there = number(
        c,
        "SELECT count(*) FROM views WHERE shop_id = ?1",
        params![shop.0],
    )?;
    if there.unwrap_or_default() >= VIEWS_MAX as i64 {
        return Err(StoreError::Conflict(format!(
            "there are {VIEWS_MAX} saved views already: delete one first"
        )));
    }
    added(
        c,
        "INSERT INTO views (shop_id, view_id, page, name, query, user_id)
         VALUES (?1, (SELECT coalesce(max(view_id), 0) + 1 FROM views WHERE shop_id = ?1), ?2, ?3, ?4, ?5)
         RETURNING view_id",
        params![shop.0, view.page, view.name, view.query, view.user],
    )
}

/// Deletes a view.
pub(crate) fn delete_view(
    c: &Connection,
    shop: ShopId,
    id: i64,
    user: Option<i64>,
) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM views WHERE shop_id = ?1 AND view_id = ?2 AND (user_id IS NULL OR user_id = ?3)",
        params![shop.0, id, user],
    )?;
    Ok(gone > 0)
}

// ---- the audit log -------------------------------------------------------------------------------------------------

/// Writes down what somebody did.
pub(crate) fn add_audit(c: &Connection, shop: ShopId, row: &AuditRow) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO audit (shop_id, audit_id, at, actor, actor_name, action, subject, detail)
         VALUES (?1, (SELECT coalesce(max(audit_id), 0) + 1 FROM audit WHERE shop_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            shop.0,
            us(row.at),
            row.actor,
            row.actor_name,
            row.action,
            row.subject,
            json(&row.detail)?
        ],
    )?;
    Ok(())
}

/// What was done, newest first.
pub(crate) fn audit(
    c: &Connection,
    shop: ShopId,
    action: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<AuditRow>, StoreError> {
    all(
        c,
        "SELECT audit_id, at, actor, actor_name, action, subject, detail FROM audit
         WHERE shop_id = ?1 AND audit_id < ?2 AND substr(action, 1, length(?3)) = ?3
         ORDER BY audit_id DESC LIMIT ?4",
        params![
            shop.0,
            before.unwrap_or(i64::MAX),
            action.unwrap_or_default(),
            page(limit)
        ],
        |row| {
            Ok(AuditRow {
                id: row.get("audit_id").map_err(refused)?,
                at: at_column(row, "at")?,
                actor: row.get("actor").map_err(refused)?,
                actor_name: row.get("actor_name").map_err(refused)?,
                action: row.get("action").map_err(refused)?,
                subject: row.get("subject").map_err(refused)?,
                detail: from_json(&row.get::<_, String>("detail").map_err(refused)?)?,
            })
        },
    )
}

// ---- backups -------------------------------------------------------------------------------------------------------

/// Records a backup that begins.
pub(crate) fn begin_backup(c: &Connection, file: &str, now: Timestamp) -> Result<i64, StoreError> {
    added(
        c,
        "INSERT INTO backups (began_at, file) VALUES (?1, ?2) RETURNING backup_id",
        params![us(now), file],
    )
}

/// Records how it ended.
pub(crate) fn end_backup(
    c: &Connection,
    id: i64,
    now: Timestamp,
    result: &Result<u64, String>,
) -> Result<(), StoreError> {
    let (bytes, error) = match result {
        Ok(bytes) => (Some(i64::try_from(*bytes).unwrap_or(i64::MAX)), None),
        Err(why) => (None, Some(why)),
    };
    run(
        c,
        "UPDATE backups SET ended_at = ?2, bytes = ?3, error = ?4 WHERE backup_id = ?1",
        params![id, us(now), bytes, error],
    )?;
    Ok(())
}

/// The latest backups, newest first.
pub(crate) fn backups(c: &Connection, limit: usize) -> Result<Vec<BackupRow>, StoreError> {
    all(
        c,
        "SELECT backup_id, began_at, ended_at, file, bytes, error FROM backups ORDER BY backup_id DESC LIMIT ?1",
        params![page(limit)],
        |row| {
            Ok(BackupRow {
                id: row.get("backup_id").map_err(refused)?,
                began_at: at(row.get("began_at").map_err(refused)?)?,
                ended_at: at_column_opt(row, "ended_at")?,
                file: row.get("file").map_err(refused)?,
                bytes: row
                    .get::<_, Option<i64>>("bytes")
                    .map_err(refused)?
                    .and_then(|n| u64::try_from(n).ok()),
                error: row.get("error").map_err(refused)?,
            })
        },
    )
}
