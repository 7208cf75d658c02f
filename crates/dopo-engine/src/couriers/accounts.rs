//! A shop's accounts with couriers: given, listed without their secrets, removed; and one look by hand.

use super::{Fields, LiveAccount, after_s};
use crate::Engine;
use crate::ports::{AccountState, Ask, Looked, ORDERS_READ_MAX, Released, StoreError, Vendor};
use dopo_core::advance::{Look, courier_of};
use dopo_core::id::ShopId;
use dopo_core::italy::hours::zone_named;
use dopo_core::parcel::Courier;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest value of a field, in bytes; a key file is longer than a password.
pub const FIELD_BYTES_MAX: usize = 20_000;
/// Minutes over which the first looks at a shop's parcels are spread when an account is given.
const FIRST_LOOKS_MINUTES: i64 = 60;

/// Why an account was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CourierAccountError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such vendor.
    #[error("there is no courier or collector `{0}`: `dopo courier vendors` lists them")]
    UnknownVendor(String),
    /// No such field.
    #[error("an account with {0} has no field `{1}`: it has {2}")]
    UnknownField(&'static str, String, String),
    /// A field is missing or cannot be right; in words.
    #[error("{0}")]
    Fields(String),
    /// No such account.
    #[error("there is no such account")]
    NotFound,
}

/// An account as it may be shown.
#[derive(Clone, PartialEq, Debug)]
pub struct CourierAccount {
    /// With whom.
    pub vendor: &'static Vendor,
    /// Its fields that are no secrets.
    pub fields: Fields,
    /// Names of the secrets that are set.
    pub secrets: Vec<&'static str>,
    /// When it was given.
    pub added_at: Timestamp,
    /// Whether it is accepted.
    pub state: AccountState,
    /// Calls made today, in UTC.
    pub used_today: u32,
    /// Calls that may be made in a day.
    pub per_day: Option<u32>,
    /// Couriers whose parcels are looked at through it.
    pub covers: Vec<Courier>,
}

impl Engine {
    /// A shop's accounts, without their secrets.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn courier_accounts(&self, shop: ShopId) -> Result<Vec<CourierAccount>, StoreError> {
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let live = self.live_shop(shop);
        let mut out = Vec::new();
        for row in self.store.courier_accounts(shop).await? {
            let Some(vendor) = self.vendors().iter().find(|v| v.name == row.vendor) else {
                continue;
            };
            let fields = self.fields_of(shop, &row.sealed).unwrap_or_default();
            let secret = |name: &str| vendor.fields.iter().any(|f| f.name == name && f.secret);
            let set = |f: &&crate::ports::AccountField| f.secret && fields.contains_key(f.name);
            let secrets = vendor.fields.iter().filter(set).map(|f| f.name).collect();
            let open = live
                .as_ref()
                .and_then(|live| live.accounts.of_vendor(vendor.name));
            out.push(CourierAccount {
                vendor,
                secrets,
                fields: fields.into_iter().filter(|(n, _)| !secret(n)).collect(),
                added_at: row.added_at,
                state: row.state,
                used_today: if row.day == Some(today) { row.used } else { 0 },
                per_day: open.and_then(|open| open.desk.allowance().per_day),
                covers: open.map_or_else(
                    || vendor.covers.to_vec(),
                    |open| open.desk.covers().to_vec(),
                ),
            });
        }
        Ok(out)
    }

    fn fields_of(&self, shop: ShopId, sealed: &[u8]) -> Option<Fields> {
        let plain = self.key.open(shop, sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Gives a shop's account with a vendor, or changes it; a secret that is left out stays as it was. Parcels under way
    /// are looked at from now on. Returns how many looks were planned.
    ///
    /// # Errors
    /// [`CourierAccountError`]; nothing is changed then, but for looks that could not be planned.
    pub async fn add_courier_account(
        self: &Arc<Self>,
        shop: ShopId,
        vendor: &str,
        mut fields: Fields,
    ) -> Result<usize, CourierAccountError> {
        let couriers = self.fleet.couriers();
        let found = self.vendors().iter().find(|v| v.name == vendor);
        let (Some(couriers), Some(vendor)) = (couriers, found) else {
            return Err(CourierAccountError::UnknownVendor(vendor.to_owned()));
        };
        fields.retain(|_, value| !value.trim().is_empty());
        for (name, value) in &fields {
            if !vendor.fields.iter().any(|field| field.name == name) {
                let known: Vec<&str> = vendor.fields.iter().map(|f| f.name).collect();
                return Err(CourierAccountError::UnknownField(
                    vendor.title,
                    name.chars().take(60).collect(),
                    known.join(", "),
                ));
            }
            if value.len() > FIELD_BYTES_MAX {
                return Err(CourierAccountError::Fields(format!(
                    "{name} has at most {FIELD_BYTES_MAX} bytes"
                )));
            }
        }
        let rows = self.store.courier_accounts(shop).await?;
        let known = rows.iter().find(|row| row.vendor == vendor.name);
        if let Some(known) = known.and_then(|row| self.fields_of(shop, &row.sealed)) {
            let kept = |name: &String| vendor.fields.iter().any(|f| f.secret && f.name == name);
            for (name, value) in known.into_iter().filter(|(name, _)| kept(name)) {
                fields.entry(name).or_insert(value);
            }
        }
        couriers
            .open(vendor.name, &fields)
            .map_err(CourierAccountError::Fields)?;
        let plain = serde_json::to_vec(&fields)
            .map_err(|error| CourierAccountError::Fields(error.to_string()))?;
        let mut nonce = [0; 24];
        self.entropy.fill(&mut nonce);
        let sealed = self.key.seal(shop, nonce, &plain);
        let now = self.now();
        self.store
            .save_courier_account(shop, vendor.name, &sealed, now)
            .await?;
        self.fleet
            .pace((shop, vendor.name), |pace| *pace = Default::default());
        self.refresh_shops().await?;
        // It goes on when nobody waits for it any more.
        let engine = Arc::clone(self);
        let planned = tokio::spawn(async move { engine.plan_first_looks(shop).await }).await;
        planned.map_err(|error| {
            CourierAccountError::Store(StoreError::Unavailable(error.to_string()))
        })?
    }

    /// Plans looks at all parcels under way that are looked at and not yet planned.
    async fn plan_first_looks(&self, shop_id: ShopId) -> Result<usize, CourierAccountError> {
        let Some(shop) = self.shop(shop_id) else {
            return Ok(0);
        };
        let zone = zone_named(&shop.settings.time_zone).unwrap_or(TimeZone::UTC);
        let now = self.now();
        let (mut after, mut planned) = (None, 0);
        loop {
            let page = self
                .store
                .orders_under_way(shop_id, after, ORDERS_READ_MAX)
                .await?;
            let Some(last) = page.last().map(|order| order.id) else {
                return Ok(planned);
            };
            after = Some(last);
            let mut looks = Vec::new();
            for order in &page {
                for parcel in &order.tracked {
                    let courier = courier_of(parcel).filter(|c| shop.tracked.contains(c));
                    let next = parcel.next_look(now, &zone);
                    let number = parcel.snapshot.number.clone();
                    let (Some(courier), Some(next), Some(number)) = (courier, next, number) else {
                        continue;
                    };
                    let spread = (order.id.0 >> 8).rem_euclid(FIRST_LOOKS_MINUTES * 60);
                    looks.push(Look {
                        order_id: order.id,
                        seq: parcel.seq,
                        courier,
                        number,
                        next_at: Some(next.min(after_s(now, spread))),
                    });
                }
            }
            planned += looks.len();
            self.store.add_looks(shop_id, &looks).await?;
        }
    }

    /// Removes an account. Couriers that no other account covers are no longer looked at.
    ///
    /// # Errors
    /// [`CourierAccountError::NotFound`].
    pub async fn remove_courier_account(
        &self,
        shop: ShopId,
        vendor: &str,
    ) -> Result<(), CourierAccountError> {
        let before = self.tracked(shop);
        if !self.store.remove_courier_account(shop, vendor).await? {
            return Err(CourierAccountError::NotFound);
        }
        self.refresh_shops().await?;
        let gone: Vec<Courier> = before.difference(&self.tracked(shop)).copied().collect();
        self.store.remove_looks(shop, &gone).await?;
        Ok(())
    }

    fn tracked(&self, shop: ShopId) -> BTreeSet<Courier> {
        self.shop(shop)
            .map(|shop| shop.tracked.clone())
            .unwrap_or_default()
    }

    /// Asks a courier once, by hand; nothing is stored, and it counts against the day's budget.
    ///
    /// # Errors
    /// [`CourierAccountError::NotFound`] when no account of the shop can be asked for that courier.
    pub async fn look_once(
        &self,
        shop: ShopId,
        ask: Ask,
    ) -> Result<(&'static Vendor, Looked), CourierAccountError> {
        let live = self.live_shop(shop).ok_or(CourierAccountError::NotFound)?;
        let Some(super::Way::Ask(account)) = live.accounts.way(ask.courier) else {
            return Err(CourierAccountError::NotFound);
        };
        if !self.spend(shop, &account, 1).await? {
            let why = "today's calls of this account are used up".to_owned();
            return Ok((account.vendor, Looked::Later { after: None, why }));
        }
        Ok((account.vendor, account.desk.look(&[ask]).await))
    }

    pub(super) async fn spend(
        &self,
        shop: ShopId,
        account: &LiveAccount,
        calls: u32,
    ) -> Result<bool, StoreError> {
        let day = self.now().to_zoned(TimeZone::UTC).date();
        let per_day = account.desk.allowance().per_day;
        self.store
            .spend_courier_budget(shop, account.vendor.name, day, calls, per_day)
            .await
    }
}

/// What a courier said about a release, in one word, for metrics.
pub(super) fn word_of(released: &Released) -> &'static str {
    match released {
        Released::Accepted { .. } => "accepted",
        Released::Deferred => "deferred",
        Released::Refused(_) => "refused",
        Released::Later { .. } => "later",
    }
}
