//! Couriers at work: a shop's accounts, looking at parcels (`poll`), telling couriers what to do with held ones
//! (`release`), and telling the shop's platform what became of them (`write_back`).

pub mod accounts;
mod ask;
pub(crate) mod poll;
pub(crate) mod release;
pub(crate) mod write_back;

pub use accounts::{CourierAccount, CourierAccountError};
pub use ask::AskStanding;

use crate::Engine;
use crate::ports::{AccountState, CourierDesk, Couriers, StoreError, Vendor};
use crate::secrets::MasterKey;
use dopo_core::advance::Task;
use dopo_core::effect::OpenTask;
use dopo_core::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use dopo_core::parcel::{Courier, HoldAction};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// Calls to all couriers under way at once.
const LOOKS_AT_ONCE_MAX: usize = 32;
/// Seconds after which a call to a courier is given up.
const CALL_SECONDS_MAX: u64 = 60;
/// Minutes for which what is claimed is hidden from others: longer than any call with its record takes.
const LEASE_MINUTES: i64 = 10;

/// A shop's account, open.
pub struct LiveAccount {
    /// With whom.
    pub vendor: &'static Vendor,
    /// The desk.
    pub desk: Arc<dyn CourierDesk>,
    /// Whether it is accepted.
    pub state: AccountState,
    /// What it was opened with, to know whether it has changed.
    sealed: Vec<u8>,
}

impl LiveAccount {
    fn is_accepted(&self) -> bool {
        self.state == AccountState::Ok
    }
}

/// A shop's accounts, those that know the fewest couriers first: a courier knows its own parcels best.
#[derive(Default)]
pub struct Accounts(Vec<Arc<LiveAccount>>);

/// What a look at a courier's parcel needs.
pub(crate) enum Way {
    /// This account is asked.
    Ask(Arc<LiveAccount>),
    /// Somebody tells by itself: nobody is asked, only silence is noticed.
    Listen,
}

impl Accounts {
    /// Opens what is stored; an account that has not changed since `before` stays open as it is.
    pub(crate) fn open(
        rows: Vec<crate::ports::CourierAccountRow>,
        shop: ShopId,
        key: &MasterKey,
        couriers: &dyn Couriers,
        before: Option<&Accounts>,
    ) -> Self {
        let mut open = Vec::with_capacity(rows.len());
        for row in rows {
            let known = before.and_then(|all| all.of_vendor(&row.vendor));
            if let Some(known) = known.filter(|known| known.sealed == row.sealed) {
                open.push(Arc::new(LiveAccount {
                    vendor: known.vendor,
                    desk: Arc::clone(&known.desk),
                    state: row.state,
                    sealed: row.sealed,
                }));
                continue;
            }
            let vendors = couriers.vendors().iter();
            let Some(vendor) = vendors.into_iter().find(|v| v.name == row.vendor) else {
                tracing::error!(%shop, vendor = %row.vendor, "an account is with a vendor that this program does not know");
                continue;
            };
            let fields = key
                .open(shop, &row.sealed)
                .map_err(|error| error.to_string())
                .and_then(|plain| serde_json::from_slice(&plain).map_err(|e| e.to_string()));
            match fields.and_then(|fields| couriers.open(vendor.name, &fields)) {
                Ok(desk) => open.push(Arc::new(LiveAccount {
                    vendor,
                    desk,
                    state: row.state,
                    sealed: row.sealed,
                })),
                Err(error) => {
                    tracing::error!(%shop, vendor = vendor.name, %error, "an account cannot be opened: give it anew");
                }
            }
        }
        open.sort_by_key(|account| account.desk.covers().len());
        Accounts(open)
    }

    /// The account with this vendor.
    pub fn of_vendor(&self, vendor: &str) -> Option<&Arc<LiveAccount>> {
        self.0.iter().find(|account| account.vendor.name == vendor)
    }

    /// Couriers whose parcels are looked at.
    pub(crate) fn tracked(&self) -> BTreeSet<Courier> {
        let all = self.0.iter().flat_map(|account| account.desk.covers());
        all.copied().collect()
    }

    /// Couriers that can be told what to do with a held parcel.
    pub(crate) fn released(&self) -> BTreeSet<Courier> {
        let able = |account: &&Arc<LiveAccount>| !account.desk.releases().is_empty();
        let all = self.0.iter().filter(able);
        all.flat_map(|account| account.desk.covers())
            .copied()
            .collect()
    }

    /// How parcels of this courier are looked at; `None` while its accounts are refused.
    pub(crate) fn way(&self, courier: Courier) -> Option<Way> {
        let covers = |account: &&Arc<LiveAccount>| {
            account.is_accepted() && account.desk.covers().contains(&courier)
        };
        let asked = |account: &&Arc<LiveAccount>| covers(account) && account.desk.is_asked();
        if let Some(account) = self.0.iter().find(asked) {
            return Some(Way::Ask(Arc::clone(account)));
        }
        self.0.iter().find(covers).map(|_| Way::Listen)
    }

    /// Accounts other than this vendor's that can be asked for parcels of this courier, those that know the fewest couriers
    /// first.
    fn others(&self, courier: Courier, vendor: &str) -> Vec<&Arc<LiveAccount>> {
        let all = self.0.iter().filter(|account| {
            account.vendor.name != vendor
                && account.is_accepted()
                && account.desk.covers().contains(&courier)
                && account.desk.is_asked()
        });
        all.collect()
    }

    /// Who tells this courier to do this.
    pub(crate) fn releaser(
        &self,
        courier: Courier,
        action: HoldAction,
    ) -> Option<&Arc<LiveAccount>> {
        self.0.iter().find(|account| {
            account.is_accepted()
                && account.desk.covers().contains(&courier)
                && account.desk.releases().contains(&action)
        })
    }

    /// Who tells the shop's platform.
    pub(crate) fn writers(&self) -> impl Iterator<Item = &Arc<LiveAccount>> {
        let all = self.0.iter();
        all.filter(|account| account.is_accepted() && account.desk.write_back().is_some())
    }
}

/// One account of one shop.
pub(crate) type AccountKey = (ShopId, &'static str);

/// What this node remembers of an account between two calls; what binds all nodes is in the store.
#[derive(Clone, Copy, Default)]
struct Pace {
    /// Not before then: the courier asked to wait.
    resume_at: Option<tokio::time::Instant>,
    /// No round begins before then: the next turn comes no sooner.
    turn_at: Option<tokio::time::Instant>,
    /// Calls in a row that were put off.
    later: u32,
}

/// What the engine keeps for couriers.
pub(crate) struct Fleet {
    /// Opens accounts.
    couriers: OnceLock<Arc<dyn Couriers>>,
    /// Slow couriers hold up one another at most.
    looks: Arc<Semaphore>,
    paces: Mutex<HashMap<AccountKey, Pace>>,
    /// Rung when there is something to tell platforms.
    pub(crate) words: Notify,
}

impl Default for Fleet {
    fn default() -> Self {
        Fleet {
            couriers: OnceLock::new(),
            looks: Arc::new(Semaphore::new(LOOKS_AT_ONCE_MAX)),
            paces: Mutex::default(),
            words: Notify::new(),
        }
    }
}

impl Fleet {
    pub(crate) fn couriers(&self) -> Option<&Arc<dyn Couriers>> {
        self.couriers.get()
    }

    fn pace<T>(&self, key: AccountKey, change: impl FnOnce(&mut Pace) -> T) -> T {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        change(paces.entry(key).or_default())
    }
}

impl Engine {
    /// Names who opens accounts with couriers, and opens those that are stored. Once for an engine; without it nothing is
    /// asked.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn use_couriers(&self, couriers: Arc<dyn Couriers>) -> Result<(), StoreError> {
        if self.fleet.couriers.set(couriers).is_ok() {
            self.shops.forget_version();
            self.refresh_shops().await?;
        }
        Ok(())
    }

    /// All vendors with whom a shop can have an account.
    pub fn vendors(&self) -> &'static [Vendor] {
        self.fleet.couriers().map_or(&[], |all| all.vendors())
    }

    /// Opens a task for the people of the shop that is about no single parcel; it hangs on one of the orders concerned.
    async fn courier_task(
        &self,
        shop: ShopId,
        about: (CustomerId, OrderId),
        kind: &'static str,
        title: String,
    ) {
        let now = self.now();
        let task = Task {
            effect: EffectId::derive(RunId(self.ids.fresh(now).0), 0, 0),
            customer_id: about.0,
            order_id: Some(about.1),
            opened_at: now,
            task: OpenTask {
                kind: kind.to_owned(),
                title,
                due_at: None,
                promo: false,
            },
        };
        match self.store.add_task(shop, &task).await {
            Ok(()) => self.changed(shop, crate::console::live::Topics::TASKS),
            Err(error) => {
                tracing::error!(%error, "a task about a courier could not be opened");
            }
        }
    }
}

/// The values of an account's fields, by name.
pub type Fields = BTreeMap<String, String>;

/// A wait that doubles with every try, from `first` up to `most`, in seconds.
fn doubled_s(first: i64, most: i64, tries: u32) -> i64 {
    first
        .checked_shl(tries.min(20))
        .map_or(most, |wait| wait.min(most))
}

/// So many seconds later.
fn after_s(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
