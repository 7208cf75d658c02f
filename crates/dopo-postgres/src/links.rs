//! Short links of messages.

use crate::fault::{Fault, again};
use crate::read::{DAY_US, PRUNE_ROWS_MAX};
use crate::rows::{at, effect_id, us};
use crate::store::PostgresStore;
use async_trait::async_trait;
use dopo_core::id::{CustomerId, ShopId};
use dopo_engine::ports::links::{
    LinkStore, SHORT_LINK_REMEMBERED_DAYS, SHORT_LINKS_MAX, ShortLinkRow,
};
use dopo_engine::ports::store::StoreError;
use jiff::Timestamp;
use sqlx::PgPool;

/// A short link as stored.
struct LinkRow {
    shop_id: i64,
    effect_id: Vec<u8>,
    target: Vec<u8>,
    hash: Vec<u8>,
    sealed: Vec<u8>,
    expires_at: i64,
}

impl LinkRow {
    fn read(self) -> Result<ShortLinkRow, StoreError> {
        Ok(ShortLinkRow {
            shop: ShopId(self.shop_id),
            message: effect_id(&self.effect_id)?,
            target: self.target,
            hash: self.hash,
            sealed: self.sealed,
            expires_at: at(self.expires_at)?,
        })
    }
}

fn read_all(rows: Vec<LinkRow>) -> Result<Vec<ShortLinkRow>, Fault> {
    let rows: Result<Vec<_>, StoreError> = rows.into_iter().map(LinkRow::read).collect();
    Ok(rows?)
}

async fn keep(store: &PostgresStore, links: &[ShortLinkRow]) -> Result<Vec<ShortLinkRow>, Fault> {
    if links.len() > SHORT_LINKS_MAX {
        return Err(StoreError::Rejected(format!(
            "at most {SHORT_LINKS_MAX} short links are kept at once"
        ))
        .into());
    }
    let shops: Vec<i64> = links.iter().map(|link| link.shop.0).collect();
    let messages: Vec<Vec<u8>> = links
        .iter()
        .map(|l| l.message.to_bytes().to_vec())
        .collect();
    let targets: Vec<Vec<u8>> = links.iter().map(|link| link.target.clone()).collect();
    let hashes: Vec<Vec<u8>> = links.iter().map(|link| link.hash.clone()).collect();
    let sealed: Vec<Vec<u8>> = links.iter().map(|link| link.sealed.clone()).collect();
    let ends: Vec<i64> = links.iter().map(|link| us(link.expires_at)).collect();
    let mut tx = store.begin().await?;
    sqlx::query!(
        "-- keep()
         INSERT INTO short_links (shop_id, effect_id, target, hash, sealed, expires_at)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bigint[])
         ON CONFLICT (shop_id, effect_id, target) DO NOTHING",
        &shops,
        &messages,
        &targets,
        &hashes,
        &sealed,
        &ends
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query_as!(
        LinkRow,
        r#"-- keep()
        SELECT l.shop_id, l.effect_id, l.target, l.hash, l.sealed, l.expires_at
        FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS k (shop_id, effect_id, target, n)
        JOIN short_links l ON l.shop_id = k.shop_id AND l.effect_id = k.effect_id AND l.target = k.target
        ORDER BY k.n"#,
        &shops,
        &messages,
        &targets
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    read_all(rows)
}

async fn short_link(pool: &PgPool, hash: &[u8]) -> Result<Option<ShortLinkRow>, Fault> {
    let row = sqlx::query_as!(
        LinkRow,
        "-- short_link()
         SELECT shop_id, effect_id, target, hash, sealed, expires_at FROM short_links WHERE hash = $1",
        hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(LinkRow::read).transpose()?)
}

async fn short_links_of(
    pool: &PgPool,
    shop: ShopId,
    customer: CustomerId,
) -> Result<Vec<ShortLinkRow>, Fault> {
    let rows = sqlx::query_as!(
        LinkRow,
        "-- short_links_of()
         SELECT l.shop_id, l.effect_id, l.target, l.hash, l.sealed, l.expires_at
         FROM messages m JOIN short_links l ON l.shop_id = m.shop_id AND l.effect_id = m.effect_id
         WHERE m.shop_id = $1 AND m.customer_id = $2 ORDER BY l.effect_id, l.target",
        shop.0,
        customer.0
    )
    .fetch_all(pool)
    .await?;
    read_all(rows)
}

/// Deletes short links past their time.
pub(crate) async fn prune(pool: &PgPool, now: Timestamp) -> Result<u64, Fault> {
    let mut total = 0;
    loop {
        let gone = sqlx::query!(
            "-- prune()
             DELETE FROM short_links WHERE hash = ANY(ARRAY(
                 SELECT hash FROM short_links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))",
            us(now) - SHORT_LINK_REMEMBERED_DAYS * DAY_US,
            PRUNE_ROWS_MAX
        )
        .execute(pool)
        .await?
        .rows_affected();
        total += gone;
        if gone < PRUNE_ROWS_MAX as u64 {
            return Ok(total);
        }
    }
}

#[async_trait]
impl LinkStore for PostgresStore {
    async fn keep_short_links(
        &self,
        links: Vec<ShortLinkRow>,
    ) -> Result<Vec<ShortLinkRow>, StoreError> {
        again!("keep_short_links", keep(self, &links))
    }

    async fn short_link(&self, hash: &[u8]) -> Result<Option<ShortLinkRow>, StoreError> {
        Ok(short_link(&self.pool, hash).await?)
    }

    async fn short_links_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<ShortLinkRow>, StoreError> {
        Ok(short_links_of(&self.pool, shop, customer).await?)
    }
}
