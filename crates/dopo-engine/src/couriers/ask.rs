//! A question of a person, or of somebody in the shop, to the courier: whether it can be asked now, and the asking. The look itself is the poller's, within
//! what the account allows.

use super::{Way, after_s};
use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::ports::StoreError;
use dopo_core::advance::{Shop, courier_of};
use dopo_core::event::{Event, EventLine, OPERATOR, ParcelRef};
use dopo_core::id::ShopId;
use dopo_core::italy::hours::zone_named;
use dopo_core::order::Order;
use dopo_core::parcel::{InstructedBy, NotAsked, Parcel};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Seconds for which an account may be put off and still counts as one that answers soon: the gap between two calls.
const SOON_S: i64 = 60;

/// How a question to the courier stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AskStanding {
    /// It may be asked now.
    Free,
    /// It is not asked now.
    Not(NotAsked),
    /// It cannot be asked: it tells by itself.
    ByItself,
    /// Its account takes no more calls now: today's are used up, or it asked us to wait.
    Busy,
    /// Nobody looks at this courier's parcels from here.
    Nobody,
}

impl Engine {
    /// Whether a parcel's courier can be asked through an account of the shop: false where it tells by itself, `None`
    /// where nobody looks at it.
    pub fn can_be_asked(&self, shop: ShopId, parcel: &Parcel) -> Option<bool> {
        let live = self.live_shop(shop)?;
        match live.accounts.way(courier_of(parcel)?)? {
            Way::Ask(_) => Some(true),
            Way::Listen => Some(false),
        }
    }

    /// How a question about a parcel stands now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ask_standing(
        &self,
        shop: &Shop,
        order: &Order,
        parcel: &Parcel,
    ) -> Result<AskStanding, StoreError> {
        let now = self.now();
        let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let live = self.live_shop(shop.id);
        let way = live.and_then(|live| live.accounts.way(courier_of(parcel)?));
        let account = match way {
            None => return Ok(AskStanding::Nobody),
            Some(Way::Listen) => return Ok(AskStanding::ByItself),
            Some(Way::Ask(account)) => account,
        };
        // What the order itself rules out needs no further reading.
        if let Err(why) = order.may_ask(parcel, None, now, &zone) {
            return Ok(AskStanding::Not(why));
        }
        let looked_at = self.store.looked_at(shop.id, order.id, parcel.seq).await?;
        if let Err(why) = order.may_ask(parcel, looked_at, now, &zone) {
            return Ok(AskStanding::Not(why));
        }
        let rows = self.store.courier_accounts(shop.id).await?;
        let known = rows.iter().find(|row| row.vendor == account.vendor.name);
        let waits_until = after_s(now, SOON_S);
        if known
            .and_then(|row| row.turn_at)
            .is_some_and(|at| at > waits_until)
        {
            return Ok(AskStanding::Busy);
        }
        if let Some(per_day) = account.desk.allowance().per_day {
            let today = now.to_zoned(TimeZone::UTC).date();
            let used = known
                .filter(|row| row.day == Some(today))
                .map_or(0, |row| row.used);
            if used >= per_day {
                return Ok(AskStanding::Busy);
            }
        }
        Ok(AskStanding::Free)
    }

    /// Has the courier asked for a parcel now, where it may be: durable when it returns [`AskStanding::Free`], and asked
    /// by the poller's next round. The same question sent twice is asked once. The same limits hold for its person and for
    /// the shop: both cost the same call.
    ///
    /// # Errors
    /// When the store does not answer, or the program is stopping.
    pub async fn ask_courier(
        &self,
        shop: &Shop,
        order: &Order,
        parcel: &Parcel,
        by: InstructedBy,
    ) -> Result<AskStanding, IngestError> {
        let standing = self.ask_standing(shop, order, parcel).await;
        let standing = standing.map_err(Arc::new)?;
        if standing != AskStanding::Free {
            return Ok(standing);
        }
        let after = parcel.last_ask().map_or(0, |ask| ask.at.as_microsecond());
        let line = EventLine {
            id: format!("ask/{}/{}/{after}", order.id, parcel.seq),
            at: self.now(),
            event: Event::LookAsked {
                parcel: ParcelRef {
                    order: Some(order.snapshot.external_id.clone()),
                    seq: Some(parcel.seq),
                    ..ParcelRef::default()
                },
            },
        };
        let source = match by {
            InstructedBy::Buyer => "pages",
            InstructedBy::Shop => OPERATOR,
        };
        let intake = NewIntake::event(source, line, None);
        self.ingest(shop.id, vec![intake]).await?;
        Ok(AskStanding::Free)
    }
}
