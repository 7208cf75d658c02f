//! Raw events as operators list them, and the health of what sends them.

use super::lists::{page, scan};
use crate::fault::Fault;
use crate::rows::{at, count, read_all, text, us};
use dopo_core::id::{InboxId, ShopId};
use dopo_engine::ports::console::{SOURCE_COUNT_MAX, SourceHealth};
use dopo_engine::ports::store::{InboxRow, InboxStatus, StoreError};
use jiff::Timestamp;
use sqlx::PgPool;

/// Open raw events looked at for the health of the sources.
const OPEN_EVENTS_MAX: i64 = 10_000;
/// Newest raw events looked at for the last of each source.
const NEWEST_EVENTS: i64 = 2_000;

struct StoredEvent {
    inbox_id: i64,
    source: String,
    external_id: String,
    topic: String,
    received_at: i64,
    status: String,
    note: Option<String>,
}

impl StoredEvent {
    fn read(self) -> Result<InboxRow, StoreError> {
        Ok(InboxRow {
            id: InboxId(self.inbox_id),
            source: self.source,
            external_id: self.external_id,
            topic: self.topic,
            received_at: at(self.received_at)?,
            status: InboxStatus::parse(&self.status).ok_or_else(|| {
                StoreError::Rejected(format!("`{}` is no status of the inbox", self.status))
            })?,
            note: self.note,
            body: None,
        })
    }
}

/// Raw events, newest first, without their bodies.
pub(crate) async fn inbox(
    pool: &PgPool,
    shop: ShopId,
    status: Option<InboxStatus>,
    source: Option<&str>,
    before: Option<InboxId>,
    limit: usize,
) -> Result<Vec<InboxRow>, Fault> {
    let source = source.map(text);
    macro_rules! list {
        ($condition:literal) => {
            sqlx::query_as!(
                StoredEvent,
                "-- inbox()
                 SELECT inbox_id, source, external_id, topic, received_at, status, note FROM (
                     SELECT inbox_id, source, external_id, topic, received_at, status, note FROM inbox
                     WHERE shop_id = $1 AND inbox_id < $2 AND "
                    + $condition
                    + " ORDER BY inbox_id DESC LIMIT $3
                 ) i WHERE ($4::text IS NULL OR status = $4) AND ($5::text IS NULL OR source = $5)
                 ORDER BY inbox_id DESC LIMIT $6",
                shop.0,
                before.map_or(i64::MAX, |id| id.0),
                scan(),
                status.map(InboxStatus::as_str),
                source,
                page(limit)
            )
            .fetch_all(pool)
            .await?
        };
    }
    let rows = match status {
        Some(InboxStatus::Waiting | InboxStatus::Failed) => {
            list!("status IN ('waiting', 'failed') AND status = $4")
        }
        _ => list!("TRUE"),
    };
    read_all(rows, StoredEvent::read)
}

/// Writes down when a source last sent something.
pub(crate) async fn heard(
    pool: &PgPool,
    shop: ShopId,
    source: &str,
    last: Timestamp,
    topic: &str,
) -> Result<(), Fault> {
    sqlx::query!(
        "-- heard()
         INSERT INTO sources AS s (shop_id, source, last_at, last_topic) VALUES ($1, $2, $3, $4)
         ON CONFLICT (shop_id, source) DO UPDATE SET last_at = excluded.last_at, last_topic = excluded.last_topic
         WHERE excluded.last_at > s.last_at",
        shop.0,
        text(source),
        us(last),
        text(topic)
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// When each source last sent something, and what of it is in trouble.
pub(crate) async fn source_health(pool: &PgPool, shop: ShopId) -> Result<Vec<SourceHealth>, Fault> {
    // To the minute, however long ago; and the newest exactly.
    let heard = sqlx::query!(
        r#"-- source_health()
        SELECT DISTINCT ON (source) source AS "source!", last_at AS "last_at!", last_topic AS "last_topic!" FROM (
            SELECT source, last_at, last_topic FROM sources WHERE shop_id = $1
            UNION ALL
            SELECT * FROM (SELECT source COLLATE "C", received_at, topic FROM inbox WHERE shop_id = $1
                ORDER BY inbox_id DESC LIMIT $2) i
        ) s ORDER BY source, last_at DESC"#,
        shop.0,
        NEWEST_EVENTS
    )
    .fetch_all(pool)
    .await?;
    let open = sqlx::query!(
        r#"-- source_health()
        SELECT source AS "source!", status AS "status!", count(*) AS "n!" FROM (
            (SELECT source, status FROM inbox WHERE shop_id = $1 AND status IN ('waiting', 'failed')
                AND status = 'failed' LIMIT $2)
            UNION ALL
            (SELECT source, status FROM inbox WHERE shop_id = $1 AND status IN ('waiting', 'failed')
                AND status = 'waiting' LIMIT $2)
        ) i GROUP BY source, status"#,
        shop.0,
        OPEN_EVENTS_MAX
    )
    .fetch_all(pool)
    .await?;
    read_all(heard, |row| {
        let open = |status: &str| {
            open.iter()
                .find(|of| of.source == row.source && of.status == status)
                .map_or(0, |of| count(of.n).min(SOURCE_COUNT_MAX))
        };
        Ok(SourceHealth {
            failed: open("failed"),
            waiting: open("waiting"),
            last_at: at(row.last_at)?,
            last_topic: row.last_topic,
            source: row.source,
        })
    })
}
