//! What the store keeps for couriers: which parcels are looked at and when, answers on their way to couriers, accounts, and
//! photos that people send with a problem.

use crate::ports::store::StoreError;
use async_trait::async_trait;
use dopo_core::advance::{CourierCall, Look};
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use dopo_core::order::Order;
use dopo_core::parcel::Courier;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Looks claimed at once at most.
pub const LOOKS_CLAIM_MAX: usize = 500;
/// Calls claimed at once at most.
pub const CALLS_CLAIM_MAX: usize = 32;
/// Orders read at once at most.
pub const ORDERS_READ_MAX: usize = 500;
/// Largest photo, in bytes.
pub const PHOTO_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Photos kept for one order.
pub const PHOTOS_PER_ORDER_MAX: usize = 20;
/// Media types of photos that are taken.
pub const PHOTO_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// A look whose time has come, claimed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueLook {
    /// Whom to ask for what; `next_at` is when it comes again if nobody finishes it.
    pub look: Look,
    /// Looks in a row that found nothing.
    pub failures: u16,
    /// Hash of what was told last.
    pub told: Option<u64>,
    /// When it was last looked at.
    pub looked_at: Option<Timestamp>,
}

/// What became of a claimed look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LookDone {
    /// Of which order.
    pub order_id: OrderId,
    /// Which of its parcels.
    pub seq: u16,
    /// The `next_at` it was claimed with: if it has moved since, that stands and `next_at` here is not written.
    pub lease: Timestamp,
    /// When to look again; never when absent.
    pub next_at: Option<Timestamp>,
    /// Looks in a row that found nothing.
    pub failures: u16,
    /// Hash of what was told last.
    pub told: Option<u64>,
    /// When it was looked at.
    pub looked_at: Option<Timestamp>,
}

/// What looks at one courier's parcels bring, all together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Feed {
    /// Which courier's.
    pub courier: Courier,
    /// When a look last found something new; when the first look was, before that.
    pub heard_at: Timestamp,
    /// Looks since then that found nothing new.
    pub quiet_looks: u32,
    /// Since when it counts as silent, once that was said.
    pub silent_since: Option<Timestamp>,
}

/// What a round of looks moves of a [`Feed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeedMoved {
    /// Which courier's.
    pub courier: Courier,
    /// When.
    pub at: Timestamp,
    /// Whether something new was found.
    pub news: bool,
    /// Looks that found nothing new, where there was no news.
    pub quiet_looks: u32,
}

/// An answer on its way to a courier, claimed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueCall {
    /// Whose shop.
    pub shop: ShopId,
    /// The call.
    pub call: CourierCall,
    /// Tries before this one.
    pub attempts: u16,
}

/// What became of a claimed call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallDone {
    /// Whose shop.
    pub shop: ShopId,
    /// Which call.
    pub call: EffectId,
    /// When to try again; absent when it is done with, then nothing of it is kept.
    pub again_at: Option<Timestamp>,
    /// Why it is tried again, without personal data.
    pub error: Option<String>,
}

/// Whether an account is accepted by its vendor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AccountState {
    /// As far as is known.
    Ok,
    /// It was refused: nothing is asked until it is given anew.
    Refused {
        /// Since when.
        since: Timestamp,
        /// In the vendor's words.
        why: String,
    },
}

/// A shop's account with a courier or collector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CourierAccountRow {
    /// Stable name of the vendor.
    pub vendor: String,
    /// Its fields as JSON, sealed.
    pub sealed: Vec<u8>,
    /// When it was given.
    pub added_at: Timestamp,
    /// Whether it is accepted.
    pub state: AccountState,
    /// Day of `used`, in UTC.
    pub day: Option<Date>,
    /// Calls made on `day`.
    pub used: u32,
    /// No call before then; none when there was never a reason to wait.
    pub turn_at: Option<Timestamp>,
}

/// When an account's next call may begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallTurn {
    /// Then, and it is taken.
    At {
        /// When.
        at: Timestamp,
        /// How many calls in a row were put off before it.
        put_off: u32,
    },
    /// Not before then, which is too late for whoever asked: nothing is taken.
    NotBefore(Timestamp),
}

/// Days for which a photo of a problem is kept after the last case of its order was closed; after it came, where there was
/// no case (GDPR art. 5(1)(e): no longer than it is needed).
pub const PHOTO_DAYS: i64 = 90;
/// Days for which a photo is kept at most, also while a case is open: 26 months, for which the buyer can claim a defect
/// (Codice del consumo, art. 133).
pub const PHOTO_DAYS_MAX: i64 = 792;

/// A photo that somebody sent with a problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PhotoRow {
    /// Its id: at most 64 letters, digits, `-` or `_`.
    pub id: String,
    /// Of which order.
    pub order_id: OrderId,
    /// One of [`PHOTO_TYPES`].
    pub media_type: String,
    /// The picture, at most [`PHOTO_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
}

impl PhotoRow {
    /// Why it may not be kept, in words; `None` when it may.
    pub fn problem(&self) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.id.is_empty() || self.id.len() > 64 || !self.id.chars().all(plain) {
            Some("a photo's id has 1 to 64 letters, digits, hyphens or underscores".to_owned())
        } else if !PHOTO_TYPES.contains(&self.media_type.as_str()) {
            Some(format!("a photo is one of {}", PHOTO_TYPES.join(", ")))
        } else if self.bytes.is_empty() || self.bytes.len() > PHOTO_BYTES_MAX {
            Some(format!("a photo has at most {PHOTO_BYTES_MAX} bytes"))
        } else {
            None
        }
    }
}

/// The part of the store port that is about couriers. Every method is one transaction.
#[async_trait]
pub trait CourierStore: Send + Sync + 'static {
    // ---- looks -----------------------------------------------------------------------------------------------------

    /// Which of these couriers of these shops have a look whose time has come.
    async fn looks_waiting(
        &self,
        of: &[(ShopId, Courier)],
        now: Timestamp,
    ) -> Result<Vec<(ShopId, Courier)>, StoreError>;
    /// Claims up to `limit` looks (at most [`LOOKS_CLAIM_MAX`]) of one courier whose time has come, the longest waiting
    /// first; each is hidden from others until `hidden_until` and comes again then unless it is finished.
    async fn claim_looks(
        &self,
        shop: ShopId,
        courier: Courier,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueLook>, StoreError>;
    /// Records what became of claimed looks, and moves the feeds. What is no longer looked at is ignored.
    async fn finish_looks(
        &self,
        shop: ShopId,
        done: &[LookDone],
        feeds: &[FeedMoved],
    ) -> Result<(), StoreError>;
    /// Adds looks that are not there yet; those that are stay as they are. One without a time is not added.
    async fn add_looks(&self, shop: ShopId, looks: &[Look]) -> Result<(), StoreError>;
    /// Removes all looks at these couriers; how many.
    async fn remove_looks(&self, shop: ShopId, couriers: &[Courier]) -> Result<u64, StoreError>;
    /// When a parcel was last looked at; `None` where it never was, or is looked at no longer.
    async fn looked_at(
        &self,
        shop: ShopId,
        order: OrderId,
        seq: u16,
    ) -> Result<Option<Timestamp>, StoreError>;
    /// How many looks there are by courier: (all, due now).
    async fn looks_depth(
        &self,
        shop: ShopId,
        now: Timestamp,
    ) -> Result<Vec<(Courier, u64, u64)>, StoreError>;
    /// What looks at each courier's parcels bring.
    async fn feeds(&self, shop: ShopId) -> Result<Vec<Feed>, StoreError>;
    /// Notes that a feed counts as silent since then; false when that had been noted before.
    async fn mark_feed_silent(
        &self,
        shop: ShopId,
        courier: Courier,
        since: Timestamp,
    ) -> Result<bool, StoreError>;

    // ---- orders ----------------------------------------------------------------------------------------------------

    /// These orders, in no order; at most [`ORDERS_READ_MAX`]. Those that are not there are left out.
    async fn orders_by_id(&self, shop: ShopId, ids: &[OrderId]) -> Result<Vec<Order>, StoreError>;
    /// Orders with something under way or in trouble, by id, after this one; at most [`ORDERS_READ_MAX`].
    async fn orders_under_way(
        &self,
        shop: ShopId,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError>;

    // ---- calls -----------------------------------------------------------------------------------------------------

    /// Claims up to `limit` calls (at most [`CALLS_CLAIM_MAX`]) whose time has come; each is hidden from others until
    /// `hidden_until` and comes again then unless it is finished.
    async fn claim_calls(
        &self,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueCall>, StoreError>;
    /// Records what became of claimed calls.
    async fn finish_calls(&self, done: &[CallDone]) -> Result<(), StoreError>;

    // ---- accounts --------------------------------------------------------------------------------------------------

    /// Adds or replaces a shop's account with a vendor; it counts as accepted, and its calls of today still count.
    async fn save_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        sealed: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Removes an account; false when there is none.
    async fn remove_courier_account(&self, shop: ShopId, vendor: &str) -> Result<bool, StoreError>;
    /// A shop's accounts, by vendor.
    async fn courier_accounts(&self, shop: ShopId) -> Result<Vec<CourierAccountRow>, StoreError>;
    /// Says whether an account is accepted; false when that was known already, or there is none.
    async fn mark_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
        state: &AccountState,
    ) -> Result<bool, StoreError>;
    /// Takes calls out of the day's budget before they are made; false, and nothing is taken, when they would go beyond it.
    async fn spend_courier_budget(
        &self,
        shop: ShopId,
        vendor: &str,
        day: Date,
        calls: u32,
        per_day: Option<u32>,
    ) -> Result<bool, StoreError>;

    /// Takes an account's next turn to call, so that calls begin at least `gap` after each other whichever node makes them
    /// (`gap` may be zero: then a turn is only read). `latest` is the latest beginning that is of use. An account that is
    /// not there has its turn at `now`.
    async fn take_turn(
        &self,
        shop: ShopId,
        vendor: &str,
        now: Timestamp,
        gap: SignedDuration,
        latest: Timestamp,
    ) -> Result<CallTurn, StoreError>;
    /// The courier asked to wait until then: no node calls before, and one more call in a row was put off. `None`: a call
    /// went well, none in a row was.
    async fn put_off_calls(
        &self,
        shop: ShopId,
        vendor: &str,
        until: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    // ---- photos ----------------------------------------------------------------------------------------------------

    /// Keeps photos; one that is there already is left as it is.
    ///
    /// # Errors
    /// [`StoreError::Rejected`] when one may not be kept ([`PhotoRow::problem`]); [`StoreError::Conflict`] when an order
    /// would have more than [`PHOTOS_PER_ORDER_MAX`]. Nothing is kept then.
    async fn put_photos(&self, shop: ShopId, photos: &[PhotoRow]) -> Result<(), StoreError>;
    /// One photo.
    async fn photo(&self, shop: ShopId, id: &str) -> Result<Option<PhotoRow>, StoreError>;
    /// Ids of all photos of a person's orders, in the order in which they came.
    async fn photo_ids(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<String>, StoreError>;
    /// Deletes all photos of an order; how many.
    async fn delete_photos(&self, shop: ShopId, order: OrderId) -> Result<u64, StoreError>;
}
