//! What people do: notes, tasks, saved views, the audit log; and the list of backups.

use super::lists::page;
use crate::counters;
use crate::fault::Fault;
use crate::load::standing_id;
use crate::rows::{at, from_json, json, limit as as_limit, read_all, text, us};
use crate::store::PostgresStore;
use dopo_core::advance::Task;
use dopo_core::counter::{Counters, NOW};
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use dopo_core::risk::tells_of_failure;
use dopo_engine::ports::console::{
    AuditRow, BackupRow, NOTE_CHARS_MAX, NoteRow, VIEWS_MAX, ViewRow,
};
use dopo_engine::ports::store::StoreError;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

/// Lets one transaction at a time add rows of which a shop has so many at most.
pub(crate) async fn lock_shop(c: &mut PgConnection, shop: ShopId) -> Result<(), Fault> {
    sqlx::query!(
        "-- lock_shop()\nSELECT shop_id FROM shops WHERE shop_id = $1 FOR UPDATE",
        shop.0
    )
    .fetch_optional(c)
    .await?;
    Ok(())
}

// ---- notes ---------------------------------------------------------------------------------------------------------

/// Adds a note. The person is locked, so that a merge or a forgetting is wholly before or after it.
pub(crate) async fn add_note(
    store: &PostgresStore,
    shop: ShopId,
    note: &NoteRow,
) -> Result<i64, Fault> {
    if note.text.chars().count() > NOTE_CHARS_MAX {
        return Err(Fault::Store(StoreError::Rejected(format!(
            "a note has at most {NOTE_CHARS_MAX} characters"
        ))));
    }
    let mut tx = store.begin().await?;
    let customer = lock_person(&mut tx, shop, note.customer_id).await?;
    let id = sqlx::query_scalar!(
        "-- add_note()
         INSERT INTO notes (shop_id, customer_id, order_id, at, author, text)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING note_id",
        shop.0,
        customer.0,
        note.order_id.map(|o| o.0),
        us(note.at),
        text(&note.author),
        text(&note.text)
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Locks the person that stands now for this id, if there is one; whose id it is.
async fn lock_person(
    c: &mut PgConnection,
    shop: ShopId,
    id: CustomerId,
) -> Result<CustomerId, Fault> {
    let mut id = id;
    loop {
        let there = sqlx::query_scalar!(
            "-- lock_person()
             SELECT customer_id FROM customers WHERE shop_id = $1 AND customer_id = $2 FOR UPDATE",
            shop.0,
            id.0
        )
        .fetch_optional(&mut *c)
        .await?;
        let stands = standing_id(c, shop, id).await?;
        if there.is_some() || stands == id {
            return Ok(id);
        }
        id = stands;
    }
}

/// Notes about a person, newest first.
pub(crate) async fn notes_of(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
    limit: usize,
) -> Result<Vec<NoteRow>, Fault> {
    let mut c = pool.acquire().await?;
    let customer = standing_id(&mut c, shop, customer).await?;
    let rows = sqlx::query!(
        "-- notes_of()
         SELECT note_id, customer_id, order_id, at, author, text FROM notes
         WHERE shop_id = $1 AND customer_id = $2 ORDER BY note_id DESC LIMIT $3",
        shop.0,
        customer.0,
        page(limit)
    )
    .fetch_all(&mut *c)
    .await?;
    read_all(rows, |row| {
        Ok(NoteRow {
            id: row.note_id,
            customer_id: CustomerId(row.customer_id),
            order_id: row.order_id.map(OrderId),
            at: at(row.at)?,
            author: row.author,
            text: row.text,
        })
    })
}

/// Deletes a note.
pub(crate) async fn delete_note(pool: &PgPool, shop: ShopId, id: i64) -> Result<bool, Fault> {
    let done = sqlx::query!(
        "-- delete_note()\nDELETE FROM notes WHERE shop_id = $1 AND note_id = $2",
        shop.0,
        id
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() > 0)
}

// ---- tasks ---------------------------------------------------------------------------------------------------------

async fn move_open_tasks(
    store: &PostgresStore,
    c: &mut PgConnection,
    shop: ShopId,
    n: i64,
) -> Result<(), Fault> {
    let mut moved = Counters::default();
    moved.add(shop, NOW, "now.tasks", "", n);
    let slot = store.slots.take();
    counters::add(c, &moved, slot.number).await
}

/// Opens a task by hand.
pub(crate) async fn add_task(
    store: &PostgresStore,
    shop: ShopId,
    task: &Task,
) -> Result<(), Fault> {
    let mut tx = store.begin().await?;
    let customer = lock_person(&mut tx, shop, task.customer_id).await?;
    sqlx::query!(
        "-- add_task()
         INSERT INTO tasks (shop_id, effect_id, customer_id, order_id, opened_at, body, failure)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        shop.0,
        &task.effect.to_bytes() as &[u8; 16],
        customer.0,
        task.order_id.map(|o| o.0),
        us(task.opened_at),
        json(&task.task)?,
        tells_of_failure(&task.task)
    )
    .execute(&mut *tx)
    .await?;
    move_open_tasks(store, &mut tx, shop, 1).await?;
    tx.commit().await?;
    Ok(())
}

/// Marks a task done or open again.
pub(crate) async fn set_task_done(
    store: &PostgresStore,
    shop: ShopId,
    task: EffectId,
    done_at: Option<Timestamp>,
) -> Result<Option<bool>, Fault> {
    let mut tx = store.begin().await?;
    let was = sqlx::query_scalar!(
        "-- set_task_done()
         SELECT done_at FROM tasks WHERE shop_id = $1 AND effect_id = $2 FOR UPDATE",
        shop.0,
        &task.to_bytes() as &[u8; 16]
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(was) = was else { return Ok(None) };
    if was.is_some() == done_at.is_some() {
        return Ok(Some(false));
    }
    sqlx::query!(
        "-- set_task_done()
         UPDATE tasks SET done_at = $3 WHERE shop_id = $1 AND effect_id = $2",
        shop.0,
        &task.to_bytes() as &[u8; 16],
        done_at.map(us)
    )
    .execute(&mut *tx)
    .await?;
    let n = if done_at.is_some() { -1 } else { 1 };
    move_open_tasks(store, &mut tx, shop, n).await?;
    tx.commit().await?;
    Ok(Some(true))
}

// ---- views ---------------------------------------------------------------------------------------------------------

/// Saved views of everybody and of this user.
pub(crate) async fn views(
    pool: &PgPool,
    shop: ShopId,
    user: Option<i64>,
) -> Result<Vec<ViewRow>, Fault> {
    let rows = sqlx::query!(
        "-- views()
         SELECT view_id, page, name, query, user_id FROM views
         WHERE shop_id = $1 AND (user_id IS NULL OR user_id = $2) ORDER BY view_id",
        shop.0,
        user
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ViewRow {
            id: row.view_id,
            page: row.page,
            name: row.name,
            query: row.query,
            user: row.user_id,
        })
        .collect())
}

/// Saves a view.
pub(crate) async fn add_view(
    store: &PostgresStore,
    shop: ShopId,
    view: &ViewRow,
) -> Result<i64, Fault> {
    let mut tx = store.begin().await?;
    lock_shop(&mut tx, shop).await?;
    let there = sqlx::query_scalar!(
        r#"-- add_view()
        SELECT count(*) AS "n!" FROM views WHERE shop_id = $1"#,
        shop.0
    )
    .fetch_one(&mut *tx)
    .await?;
    if there >= as_limit(VIEWS_MAX) {
        return Err(Fault::Store(StoreError::Conflict(format!(
            "there are {VIEWS_MAX} saved views already: delete one first"
        ))));
    }
    let id = sqlx::query_scalar!(
        "-- add_view()
         INSERT INTO views (shop_id, page, name, query, user_id) VALUES ($1, $2, $3, $4, $5) RETURNING view_id",
        shop.0,
        text(&view.page),
        text(&view.name),
        text(&view.query),
        view.user
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Deletes a view.
pub(crate) async fn delete_view(
    pool: &PgPool,
    shop: ShopId,
    id: i64,
    user: Option<i64>,
) -> Result<bool, Fault> {
    let done = sqlx::query!(
        "-- delete_view()
         DELETE FROM views WHERE shop_id = $1 AND view_id = $2 AND (user_id IS NULL OR user_id = $3)",
        shop.0,
        id,
        user
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() > 0)
}

// ---- the audit log -------------------------------------------------------------------------------------------------

/// Writes down what somebody did.
pub(crate) async fn add_audit(pool: &PgPool, shop: ShopId, row: &AuditRow) -> Result<(), Fault> {
    sqlx::query!(
        "-- add_audit()
         INSERT INTO audit (shop_id, at, actor, actor_name, action, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        shop.0,
        us(row.at),
        text(&row.actor),
        text(&row.actor_name),
        text(&row.action),
        text(&row.subject),
        json(&row.detail)?
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What was done, newest first.
pub(crate) async fn audit(
    pool: &PgPool,
    shop: ShopId,
    action: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<AuditRow>, Fault> {
    let rows = sqlx::query!(
        "-- audit()
         SELECT audit_id, at, actor, actor_name, action, subject, detail FROM audit
         WHERE shop_id = $1 AND audit_id < $2 AND starts_with(action, $3)
         ORDER BY audit_id DESC LIMIT $4",
        shop.0,
        before.unwrap_or(i64::MAX),
        text(action.unwrap_or_default()),
        page(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(AuditRow {
            id: row.audit_id,
            at: at(row.at)?,
            actor: row.actor,
            actor_name: row.actor_name,
            action: row.action,
            subject: row.subject,
            detail: from_json(&row.detail)?,
        })
    })
}

// ---- backups -------------------------------------------------------------------------------------------------------

/// Records a backup that begins.
pub(crate) async fn begin_backup(pool: &PgPool, file: &str, now: Timestamp) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar!(
        "-- begin_backup()
         INSERT INTO backups (began_at, file) VALUES ($1, $2) RETURNING backup_id",
        us(now),
        text(file)
    )
    .fetch_one(pool)
    .await?)
}

/// Records how it ended.
pub(crate) async fn end_backup(
    pool: &PgPool,
    id: i64,
    now: Timestamp,
    result: Result<u64, String>,
) -> Result<(), Fault> {
    let (bytes, error) = match result {
        Ok(bytes) => (Some(i64::try_from(bytes).unwrap_or(i64::MAX)), None),
        Err(why) => (None, Some(text(&why))),
    };
    sqlx::query!(
        "-- end_backup()
         UPDATE backups SET ended_at = $2, bytes = $3, error = $4 WHERE backup_id = $1",
        id,
        us(now),
        bytes,
        error
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// The latest backups, newest first.
pub(crate) async fn backups(pool: &PgPool, limit: usize) -> Result<Vec<BackupRow>, Fault> {
    let rows = sqlx::query!(
        "-- backups()
         SELECT backup_id, began_at, ended_at, file, bytes, error FROM backups ORDER BY backup_id DESC LIMIT $1",
        page(limit)
    )
    .fetch_all(pool)
    .await?;
    read_all(rows, |row| {
        Ok(BackupRow {
            id: row.backup_id,
            began_at: at(row.began_at)?,
            ended_at: row.ended_at.map(at).transpose()?,
            file: row.file,
            bytes: row.bytes.and_then(|n| u64::try_from(n).ok()),
            error: row.error,
        })
    })
}
