//! Looks at parcels, answers on their way to couriers, accounts, photos.

use crate::read::{DAY_US, PRUNE_ROWS_MAX};
use crate::refused;
use crate::rows::{
    self, all, at, at_column, at_column_opt, first, from_json, json, number, run, us, us_up,
};
use crate::settings;
use crate::store::SqliteStore;
use async_trait::async_trait;
use dopo_core::advance::{CourierCall, Look};
use dopo_core::id::{CustomerId, OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::Courier;
use dopo_engine::ports::store::StoreError;
use dopo_engine::ports::tracking::{
    AccountState, CALLS_CLAIM_MAX, CallDone, CallTurn, CourierAccountRow, CourierStore, DueCall,
    DueLook, Feed, FeedMoved, LOOKS_CLAIM_MAX, LookDone, ORDERS_READ_MAX, PHOTO_DAYS,
    PHOTO_DAYS_MAX, PHOTOS_PER_ORDER_MAX, PhotoRow,
};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

fn courier(name: &str) -> Result<Courier, StoreError> {
    Courier::parse(name).ok_or_else(|| StoreError::Rejected(format!("`{name}` is no courier")))
}

/// Writes what a decision plans: a look is there once, or gone.
pub(crate) fn put_looks(c: &Connection, shop: ShopId, looks: &[Look]) -> Result<(), StoreError> {
    for look in looks {
        let Some(next_at) = look.next_at else {
            run(
                c,
                "DELETE FROM looks WHERE shop_id = ?1 AND order_id = ?2 AND seq = ?3",
                params![shop.0, look.order_id.0, look.seq],
            )?;
            continue;
        };
        run(
            c,
            "INSERT INTO looks (shop_id, order_id, seq, courier, number, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (shop_id, order_id, seq) DO UPDATE SET
                 failures = CASE WHEN number = excluded.number AND courier = excluded.courier THEN failures ELSE 0 END,
                 told = CASE WHEN number = excluded.number AND courier = excluded.courier THEN told END,
                 courier = excluded.courier, number = excluded.number, next_at = excluded.next_at",
            params![
                shop.0,
                look.order_id.0,
                look.seq,
                look.courier.as_str(),
                look.number,
                us_up(next_at)
            ],
        )?;
    }
    Ok(())
}

/// Puts answers on their way.
pub(crate) fn put_calls(
    c: &Connection,
    shop: ShopId,
    calls: &[CourierCall],
) -> Result<(), StoreError> {
    for call in calls {
        run(
            c,
            "INSERT INTO courier_calls (shop_id, call_id, order_id, due_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
            params![
                shop.0,
                call.id.to_bytes(),
                call.order_id.0,
                us(call.asked_at),
                json(call)?
            ],
        )?;
    }
    Ok(())
}

fn look_row(row: &Row<'_>) -> Result<DueLook, StoreError> {
    let told: Option<i64> = row.get("told").map_err(refused)?;
    Ok(DueLook {
        look: Look {
            order_id: OrderId(row.get("order_id").map_err(refused)?),
            seq: row.get("seq").map_err(refused)?,
            courier: courier(&row.get::<_, String>("courier").map_err(refused)?)?,
            number: row.get("number").map_err(refused)?,
            next_at: Some(at_column(row, "next_at")?),
        },
        failures: row.get("failures").map_err(refused)?,
        told: told.map(i64::cast_unsigned),
        looked_at: at_column_opt(row, "looked_at")?,
    })
}

fn claim_looks(
    c: &Connection,
    shop: ShopId,
    courier: Courier,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DueLook>, StoreError> {
    let mut claimed = all(
        c,
        "UPDATE looks SET next_at = ?4 WHERE shop_id = ?1 AND (order_id, seq) IN
             (SELECT order_id, seq FROM looks WHERE shop_id = ?1 AND courier = ?2 AND next_at <= ?3
              ORDER BY next_at LIMIT ?5)
         RETURNING order_id, seq, courier, number, next_at, failures, told, looked_at",
        params![
            shop.0,
            courier.as_str(),
            us(now),
            us(hidden_until),
            limit.min(LOOKS_CLAIM_MAX) as i64
        ],
        look_row,
    )?;
    claimed.sort_unstable_by_key(|one| (one.look.order_id, one.look.seq));
    Ok(claimed)
}

fn finish_looks(
    c: &Connection,
    shop: ShopId,
    done: &[LookDone],
    feeds: &[FeedMoved],
) -> Result<(), StoreError> {
    for one in done {
        let key = params![shop.0, one.order_id.0, one.seq, us(one.lease)];
        if one.next_at.is_none() {
            run(
                c,
                "DELETE FROM looks WHERE shop_id = ?1 AND order_id = ?2 AND seq = ?3 AND next_at = ?4",
                key,
            )?;
            continue;
        }
        run(
            c,
            "UPDATE looks SET next_at = CASE next_at WHEN ?4 THEN ?5 ELSE next_at END, failures = ?6, told = ?7,
                 looked_at = ?8
             WHERE shop_id = ?1 AND order_id = ?2 AND seq = ?3",
            params![
                shop.0,
                one.order_id.0,
                one.seq,
                us(one.lease),
                one.next_at.map(us_up),
                one.failures,
                one.told.map(u64::cast_signed),
                one.looked_at.map(us)
            ],
        )?;
    }
    for feed in feeds {
        run(
            c,
            "INSERT INTO feeds (shop_id, courier, heard_at, quiet_looks) VALUES (?1, ?2, ?3, ?5)
             ON CONFLICT (shop_id, courier) DO UPDATE SET
                 heard_at = CASE WHEN ?4 THEN excluded.heard_at ELSE heard_at END,
                 quiet_looks = CASE WHEN ?4 THEN 0 ELSE quiet_looks + excluded.quiet_looks END,
                 silent_since = CASE WHEN ?4 THEN NULL ELSE silent_since END",
            params![
                shop.0,
                feed.courier.as_str(),
                us(feed.at),
                feed.news,
                feed.quiet_looks
            ],
        )?;
    }
    Ok(())
}

fn looks_waiting(
    c: &Connection,
    of: &[(ShopId, Courier)],
    now: Timestamp,
) -> Result<Vec<(ShopId, Courier)>, StoreError> {
    let mut waiting = Vec::new();
    for (shop, courier) in of {
        let found = number(
            c,
            "SELECT 1 FROM looks WHERE shop_id = ?1 AND courier = ?2 AND next_at <= ?3 LIMIT 1",
            params![shop.0, courier.as_str(), us(now)],
        )?;
        if found.is_some() {
            waiting.push((*shop, *courier));
        }
    }
    Ok(waiting)
}

fn add_looks(c: &Connection, shop: ShopId, looks: &[Look]) -> Result<(), StoreError> {
    for look in looks {
        let Some(next_at) = look.next_at else {
            continue;
        };
        run(
            c,
            "INSERT INTO looks (shop_id, order_id, seq, courier, number, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
            params![
                shop.0,
                look.order_id.0,
                look.seq,
                look.courier.as_str(),
                look.number,
                us_up(next_at)
            ],
        )?;
    }
    Ok(())
}

fn looked_at(
    c: &Connection,
    shop: ShopId,
    order: OrderId,
    seq: u16,
) -> Result<Option<Timestamp>, StoreError> {
    let found = first(
        c,
        "SELECT looked_at FROM looks WHERE shop_id = ?1 AND order_id = ?2 AND seq = ?3",
        params![shop.0, order.0, seq],
        |row| at_column_opt(row, "looked_at"),
    )?;
    Ok(found.flatten())
}

fn looks_depth(
    c: &Connection,
    shop: ShopId,
    now: Timestamp,
) -> Result<Vec<(Courier, u64, u64)>, StoreError> {
    all(
        c,
        "SELECT courier, count(*), count(*) FILTER (WHERE next_at <= ?2) FROM looks WHERE shop_id = ?1
         GROUP BY courier ORDER BY courier",
        params![shop.0, us(now)],
        |row| {
            let name: String = row.get(0).map_err(refused)?;
            let count = |n| row.get::<_, i64>(n).map(i64::unsigned_abs).map_err(refused);
            Ok((courier(&name)?, count(1)?, count(2)?))
        },
    )
}

fn feeds(c: &Connection, shop: ShopId) -> Result<Vec<Feed>, StoreError> {
    all(
        c,
        "SELECT courier, heard_at, quiet_looks, silent_since FROM feeds WHERE shop_id = ?1 ORDER BY courier",
        params![shop.0],
        |row| {
            Ok(Feed {
                courier: courier(&row.get::<_, String>(0).map_err(refused)?)?,
                heard_at: at_column(row, "heard_at")?,
                quiet_looks: row.get("quiet_looks").map_err(refused)?,
                silent_since: at_column_opt(row, "silent_since")?,
            })
        },
    )
}

fn orders_by_id(c: &Connection, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids.iter().take(ORDERS_READ_MAX) {
        found.extend(first(
            c,
            "SELECT order_id, customer_id, body FROM orders WHERE shop_id = ?1 AND order_id = ?2",
            params![shop.0, id.0],
            rows::order,
        )?);
    }
    Ok(found)
}

fn orders_under_way(
    c: &Connection,
    shop: ShopId,
    after: Option<OrderId>,
    limit: usize,
) -> Result<Vec<Order>, StoreError> {
    // One walk for each standing, so that what is over is never read: it is most of what there is.
    all(
        c,
        "SELECT order_id, customer_id, body FROM (
             SELECT * FROM (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = ?1 AND standing = 'open' AND order_id > ?2 ORDER BY order_id LIMIT ?3)
             UNION ALL SELECT * FROM (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = ?1 AND standing = 'shipped' AND order_id > ?2 ORDER BY order_id LIMIT ?3)
             UNION ALL SELECT * FROM (SELECT order_id, customer_id, body FROM orders
                 WHERE shop_id = ?1 AND standing = 'trouble' AND order_id > ?2 ORDER BY order_id LIMIT ?3)
         ) ORDER BY order_id LIMIT ?3",
        params![
            shop.0,
            after.map_or(i64::MIN, |id| id.0),
            limit.min(ORDERS_READ_MAX) as i64
        ],
        rows::order,
    )
}

fn claim_calls(
    c: &Connection,
    now: Timestamp,
    hidden_until: Timestamp,
    limit: usize,
) -> Result<Vec<DueCall>, StoreError> {
    let mut claimed = all(
        c,
        "UPDATE courier_calls SET due_at = ?2 WHERE (shop_id, call_id) IN
             (SELECT shop_id, call_id FROM courier_calls WHERE due_at <= ?1 ORDER BY due_at LIMIT ?3)
         RETURNING shop_id, attempts, body",
        params![
            us(now),
            us(hidden_until),
            limit.min(CALLS_CLAIM_MAX) as i64
        ],
        |row| {
            Ok(DueCall {
                shop: ShopId(row.get(0).map_err(refused)?),
                attempts: row.get(1).map_err(refused)?,
                call: from_json(&row.get::<_, String>(2).map_err(refused)?)?,
            })
        },
    )?;
    claimed.sort_unstable_by_key(|one| (one.shop, one.call.id));
    Ok(claimed)
}

fn finish_calls(c: &Connection, done: &[CallDone]) -> Result<(), StoreError> {
    for one in done {
        match one.again_at {
            None => run(
                c,
                "DELETE FROM courier_calls WHERE shop_id = ?1 AND call_id = ?2",
                params![one.shop.0, one.call.to_bytes()],
            )?,
            Some(due_at) => run(
                c,
                "UPDATE courier_calls SET due_at = ?3, last_error = ?4, attempts = attempts + 1
                 WHERE shop_id = ?1 AND call_id = ?2",
                params![one.shop.0, one.call.to_bytes(), us_up(due_at), one.error],
            )?,
        };
    }
    Ok(())
}

fn save_account(
    c: &Connection,
    shop: ShopId,
    vendor: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    run(
        c,
        "INSERT INTO courier_accounts (shop_id, vendor, fields, added_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (shop_id, vendor) DO UPDATE SET
             fields = excluded.fields, added_at = excluded.added_at, refused_at = NULL, refused_why = NULL,
             turn_at = NULL, put_off = 0",
        params![shop.0, vendor, sealed, us(now)],
    )?;
    settings::changed(c)
}

fn remove_account(c: &Connection, shop: ShopId, vendor: &str) -> Result<bool, StoreError> {
    let gone = run(
        c,
        "DELETE FROM courier_accounts WHERE shop_id = ?1 AND vendor = ?2",
        params![shop.0, vendor],
    )?;
    settings::changed(c)?;
    Ok(gone > 0)
}

fn accounts(c: &Connection, shop: ShopId) -> Result<Vec<CourierAccountRow>, StoreError> {
    all(
        c,
        "SELECT vendor, fields, added_at, refused_at, refused_why, day, used, turn_at FROM courier_accounts
         WHERE shop_id = ?1 ORDER BY vendor",
        params![shop.0],
        |row| {
            let refused_at: Option<i64> = row.get("refused_at").map_err(refused)?;
            let why: Option<String> = row.get("refused_why").map_err(refused)?;
            let day: Option<String> = row.get("day").map_err(refused)?;
            Ok(CourierAccountRow {
                vendor: row.get("vendor").map_err(refused)?,
                sealed: row.get("fields").map_err(refused)?,
                added_at: at_column(row, "added_at")?,
                state: match refused_at {
                    None => AccountState::Ok,
                    Some(since) => AccountState::Refused {
                        since: at(since)?,
                        why: why.unwrap_or_default(),
                    },
                },
                day: day.and_then(|day| day.parse().ok()),
                used: row.get("used").map_err(refused)?,
                turn_at: at_column_opt(row, "turn_at")?,
            })
        },
    )
}

fn mark_account(
    c: &Connection,
    shop: ShopId,
    vendor: &str,
    state: &AccountState,
) -> Result<bool, StoreError> {
    let touched = match state {
        AccountState::Ok => run(
            c,
            "UPDATE courier_accounts SET refused_at = NULL, refused_why = NULL
             WHERE shop_id = ?1 AND vendor = ?2 AND refused_at IS NOT NULL",
            params![shop.0, vendor],
        )?,
        AccountState::Refused { since, why } => run(
            c,
            "UPDATE courier_accounts SET refused_at = ?3, refused_why = ?4
             WHERE shop_id = ?1 AND vendor = ?2 AND refused_at IS NULL",
            params![shop.0, vendor, us(*since), why],
        )?,
    };
    if touched > 0 {
        settings::changed(c)?;
    }
    Ok(touched > 0)
}

fn spend(
    c: &Connection,
    shop: ShopId,
    vendor: &str,
    day: Date,
    calls: u32,
    per_day: Option<u32>,
) -> Result<bool, StoreError> {
    let touched = run(
        c,
        "UPDATE courier_accounts SET used = CASE WHEN day IS ?3 THEN used ELSE 0 END + ?4, day = ?3
         WHERE shop_id = ?1 AND vendor = ?2 AND CASE WHEN day IS ?3 THEN used ELSE 0 END + ?4 <= ?5",
        params![
            shop.0,
            vendor,
            day.to_string(),
            calls,
            per_day.map_or(i64::from(u32::MAX), i64::from)
        ],
    )?;
    Ok(touched > 0)
}

fn take_turn(
    c: &Connection,
    shop: ShopId,
    vendor: &str,
    now: Timestamp,
    gap: SignedDuration,
    latest: Timestamp,
) -> Result<CallTurn, StoreError> {
    let turn = first(
        c,
        "SELECT turn_at, put_off FROM courier_accounts WHERE shop_id = ?1 AND vendor = ?2",
        params![shop.0, vendor],
        |row| {
            let put_off: u32 = row.get("put_off").map_err(refused)?;
            Ok((at_column_opt(row, "turn_at")?, put_off))
        },
    )?;
    let (turn_at, put_off) = turn.unwrap_or_default();
    let at = turn_at.map_or(now, |turn_at| turn_at.max(now));
    if at > latest {
        return Ok(CallTurn::NotBefore(at));
    }
    if !gap.is_zero() {
        let next = at.checked_add(gap).unwrap_or(Timestamp::MAX);
        run(
            c,
            "UPDATE courier_accounts SET turn_at = ?3 WHERE shop_id = ?1 AND vendor = ?2",
            params![shop.0, vendor, us_up(next)],
        )?;
    }
    Ok(CallTurn::At { at, put_off })
}

fn put_off_calls(
    c: &Connection,
    shop: ShopId,
    vendor: &str,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    match until {
        Some(until) => run(
            c,
            "UPDATE courier_accounts SET turn_at = max(coalesce(turn_at, ?3), ?3), put_off = put_off + 1
             WHERE shop_id = ?1 AND vendor = ?2",
            params![shop.0, vendor, us_up(until)],
        )?,
        None => run(
            c,
            "UPDATE courier_accounts SET put_off = 0 WHERE shop_id = ?1 AND vendor = ?2 AND put_off > 0",
            params![shop.0, vendor],
        )?,
    };
    Ok(())
}

fn put_photos(c: &Connection, shop: ShopId, photos: &[PhotoRow]) -> Result<(), StoreError> {
    for photo in photos {
        if let Some(why) = photo.problem() {
            return Err(StoreError::Rejected(why));
        }
        run(
            c,
            "INSERT INTO photos (shop_id, photo_id, order_id, at, media_type, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT DO NOTHING",
            params![
                shop.0,
                photo.id,
                photo.order_id.0,
                us(photo.at),
                photo.media_type,
                photo.bytes
            ],
        )?;
        let there = number(
            c,
            "SELECT count(*) FROM photos WHERE shop_id = ?1 AND order_id = ?2",
            params![shop.0, photo.order_id.0],
        )?;
        if there.unwrap_or_default() > PHOTOS_PER_ORDER_MAX as i64 {
            return Err(StoreError::Conflict(format!(
                "an order may have {PHOTOS_PER_ORDER_MAX} photos"
            )));
        }
    }
    Ok(())
}

fn photo(c: &Connection, shop: ShopId, id: &str) -> Result<Option<PhotoRow>, StoreError> {
    first(
        c,
        "SELECT photo_id, order_id, at, media_type, bytes FROM photos WHERE shop_id = ?1 AND photo_id = ?2",
        params![shop.0, id],
        |row| {
            Ok(PhotoRow {
                id: row.get("photo_id").map_err(refused)?,
                order_id: OrderId(row.get("order_id").map_err(refused)?),
                media_type: row.get("media_type").map_err(refused)?,
                bytes: row.get("bytes").map_err(refused)?,
                at: at_column(row, "at")?,
            })
        },
    )
}

fn photo_ids(
    c: &Connection,
    shop: ShopId,
    customer: CustomerId,
) -> Result<Vec<String>, StoreError> {
    all(
        c,
        "SELECT photo_id FROM photos WHERE shop_id = ?1 AND order_id IN
             (SELECT order_id FROM orders WHERE shop_id = ?1 AND customer_id = ?2)
         ORDER BY at, photo_id",
        params![shop.0, customer.0],
        |row| row.get(0).map_err(refused),
    )
}

/// Deletes up to [`PRUNE_ROWS_MAX`] photos past their time.
pub(crate) fn prune_photos(c: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    run(
        c,
        "DELETE FROM photos WHERE rowid IN (SELECT p.rowid FROM photos p WHERE p.at < ?1 AND (p.at < ?2 OR NOT EXISTS
             (SELECT 1 FROM tasks t WHERE t.shop_id = p.shop_id AND t.order_id = p.order_id
              AND (t.done_at IS NULL OR t.done_at >= ?1))) LIMIT ?3)",
        params![
            us(now) - PHOTO_DAYS * DAY_US,
            us(now) - PHOTO_DAYS_MAX * DAY_US,
            PRUNE_ROWS_MAX as i64
        ],
    )
}

#[async_trait]
impl CourierStore for SqliteStore {
    async fn looks_waiting(
        &self,
        of: &[(ShopId, Courier)],
        now: Timestamp,
    ) -> Result<Vec<(ShopId, Courier)>, StoreError> {
        let of = of.to_vec();
        self.read(move |c| looks_waiting(c, &of, now)).await
    }

    async fn claim_looks(
        &self,
        shop: ShopId,
        courier: Courier,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueLook>, StoreError> {
        self.write(move |c| claim_looks(c, shop, courier, now, hidden_until, limit))
            .await
    }

    async fn finish_looks(
        &self,
        shop: ShopId,
        done: &[LookDone],
        feeds: &[FeedMoved],
    ) -> Result<(), StoreError> {
        let (done, feeds) = (done.to_vec(), feeds.to_vec());
        self.write(move |c| finish_looks(c, shop, &done, &feeds))
            .await
    }

    async fn add_looks(&self, shop: ShopId, looks: &[Look]) -> Result<(), StoreError> {
        let looks = looks.to_vec();
        self.write(move |c| add_looks(c, shop, &looks)).await
    }

    async fn remove_looks(&self, shop: ShopId, couriers: &[Courier]) -> Result<u64, StoreError> {
        let couriers = couriers.to_vec();
        self.write(move |c| {
            let mut gone = 0;
            for courier in &couriers {
                gone += run(
                    c,
                    "DELETE FROM looks WHERE shop_id = ?1 AND courier = ?2",
                    params![shop.0, courier.as_str()],
                )?;
            }
            Ok(gone as u64)
        })
        .await
    }

    async fn looked_at(
        &self,
        shop: ShopId,
        order: OrderId,
        seq: u16,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |c| looked_at(c, shop, order, seq)).await
    }

    async fn looks_depth(
        &self,
        shop: ShopId,
        now: Timestamp,
    ) -> Result<Vec<(Courier, u64, u64)>, StoreError> {
        self.read(move |c| looks_depth(c, shop, now)).await
    }

    async fn feeds(&self, shop: ShopId) -> Result<Vec<Feed>, StoreError> {
        self.read(move |c| feeds(c, shop)).await
    }

    async fn mark_feed_silent(
        &self,
        shop: ShopId,
        courier: Courier,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |c| {
            let touched = run(
                c,
                "UPDATE feeds SET silent_since = ?3 WHERE shop_id = ?1 AND courier = ?2 AND silent_since IS NULL",
                params![shop.0, courier.as_str(), us(since)],
            )?;
            Ok(touched > 0)
        })
        .await
    }

    async fn orders_by_id(&self, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Order>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |c| orders_by_id(c, shop, &ids)).await
    }

    async fn orders_under_way(
        &self,
        shop: ShopId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        self.read(move |c| orders_under_way(c, shop, after, limit))
            .await
    }

    async fn claim_calls(
        &self,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueCall>, StoreError> {
        self.write(move |c| claim_calls(c, now, hidden_until, limit))
            .await
    }

    async fn finish_calls(&self, done: &[CallDone]) -> Result<(), StoreError> {
        let done = done.to_vec();
        self.write(move |c| finish_calls(c, &done)).await
    }

    async fn save_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (vendor, sealed) = (vendor.to_owned(), sealed.to_vec());
        self.write(move |c| save_account(c, shop, &vendor, &sealed, now))
            .await
    }

    async fn remove_courier_account(&self, shop: ShopId, vendor: &str) -> Result<bool, StoreError> {
        let vendor = vendor.to_owned();
        self.write(move |c| remove_account(c, shop, &vendor)).await
    }

    async fn courier_accounts(&self, shop: ShopId) -> Result<Vec<CourierAccountRow>, StoreError> {
        self.read(move |c| accounts(c, shop)).await
    }

    async fn mark_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        state: &AccountState,
    ) -> Result<bool, StoreError> {
        let (vendor, state) = (vendor.to_owned(), state.clone());
        self.write(move |c| mark_account(c, shop, &vendor, &state))
            .await
    }

    async fn spend_courier_budget(
        &self,
        shop: ShopId,
        vendor: &str,
        day: Date,
        calls: u32,
        per_day: Option<u32>,
    ) -> Result<bool, StoreError> {
        let vendor = vendor.to_owned();
        self.write(move |c| spend(c, shop, &vendor, day, calls, per_day))
            .await
    }

    async fn take_turn(
        &self,
        shop: ShopId,
        vendor: &str,
        now: Timestamp,
        gap: SignedDuration,
        latest: Timestamp,
    ) -> Result<CallTurn, StoreError> {
        let vendor = vendor.to_owned();
        let turn = move |c: &Connection| take_turn(c, shop, &vendor, now, gap, latest);
        if gap.is_zero() {
            self.read(turn).await
        } else {
            self.write(turn).await
        }
    }

    async fn put_off_calls(
        &self,
        shop: ShopId,
        vendor: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let vendor = vendor.to_owned();
        self.write(move |c| put_off_calls(c, shop, &vendor, until))
            .await
    }

    async fn put_photos(&self, shop: ShopId, photos: &[PhotoRow]) -> Result<(), StoreError> {
        let photos = photos.to_vec();
        self.write(move |c| put_photos(c, shop, &photos)).await
    }

    async fn photo(&self, shop: ShopId, id: &str) -> Result<Option<PhotoRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |c| photo(c, shop, &id)).await
    }

    async fn photo_ids(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<String>, StoreError> {
        self.read(move |c| photo_ids(c, shop, customer)).await
    }

    async fn delete_photos(&self, shop: ShopId, order: OrderId) -> Result<u64, StoreError> {
        self.write(move |c| {
            let gone = run(
                c,
                "DELETE FROM photos WHERE shop_id = ?1 AND order_id = ?2",
                params![shop.0, order.0],
            )?;
            Ok(gone as u64)
        })
        .await
    }
}
