//! Short links of messages.

use crate::read::{DAY_US, PRUNE_ROWS_MAX};
use crate::refused;
use crate::rows::{all, at_column, effect_id, first, run, us};
use crate::store::SqliteStore;
use async_trait::async_trait;
use dopo_core::id::{CustomerId, ShopId};
use dopo_engine::ports::links::{
    LinkStore, SHORT_LINK_REMEMBERED_DAYS, SHORT_LINKS_MAX, ShortLinkRow,
};
use dopo_engine::ports::store::StoreError;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

fn link(row: &Row<'_>) -> Result<ShortLinkRow, StoreError> {
    Ok(ShortLinkRow {
        shop: ShopId(row.get("shop_id").map_err(refused)?),
        message: effect_id(row)?,
        target: row.get("target").map_err(refused)?,
        hash: row.get("hash").map_err(refused)?,
        sealed: row.get("sealed").map_err(refused)?,
        expires_at: at_column(row, "expires_at")?,
    })
}

fn keep(c: &Connection, links: &[ShortLinkRow]) -> Result<Vec<ShortLinkRow>, StoreError> {
    if links.len() > SHORT_LINKS_MAX {
        return Err(StoreError::Rejected(format!(
            "at most {SHORT_LINKS_MAX} short links are kept at once"
        )));
    }
    let mut standing = Vec::with_capacity(links.len());
    for one in links {
        run(
            c,
            "INSERT INTO short_links (shop_id, effect_id, target, hash, sealed, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (shop_id, effect_id, target) DO NOTHING",
            params![
                one.shop.0,
                one.message.to_bytes(),
                one.target,
                one.hash,
                one.sealed,
                us(one.expires_at)
            ],
        )?;
        let there = first(
            c,
            "SELECT shop_id, effect_id, target, hash, sealed, expires_at FROM short_links
             WHERE shop_id = ?1 AND effect_id = ?2 AND target = ?3",
            params![one.shop.0, one.message.to_bytes(), one.target],
            link,
        )?;
        standing.extend(there);
    }
    Ok(standing)
}

/// Deletes up to [`PRUNE_ROWS_MAX`] short links past their time.
pub(crate) fn prune(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    run(
        c,
        "DELETE FROM short_links WHERE hash IN
             (SELECT hash FROM short_links WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
        params![
            us(now) - SHORT_LINK_REMEMBERED_DAYS * DAY_US,
            PRUNE_ROWS_MAX as i64
        ],
    )
}

#[async_trait]
impl LinkStore for SqliteStore {
    async fn keep_short_links(
        &self,
        links: Vec<ShortLinkRow>,
    ) -> Result<Vec<ShortLinkRow>, StoreError> {
        self.write(move |c| keep(c, &links)).await
    }

    async fn short_link(&self, hash: &[u8]) -> Result<Option<ShortLinkRow>, StoreError> {
        let hash = hash.to_vec();
        self.read(move |c| {
            first(
                c,
                "SELECT shop_id, effect_id, target, hash, sealed, expires_at FROM short_links WHERE hash = ?1",
                params![hash],
                link,
            )
        })
        .await
    }

    async fn short_links_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<ShortLinkRow>, StoreError> {
        self.read(move |c| {
            all(
                c,
                "SELECT shop_id, effect_id, target, hash, sealed, expires_at FROM short_links
                 WHERE shop_id = ?1 AND effect_id IN
                     (SELECT effect_id FROM messages WHERE shop_id = ?1 AND customer_id = ?2)
                 ORDER BY effect_id, target",
                params![shop.0, customer.0],
                link,
            )
        })
        .await
    }
}
