//! Shops as the engine holds them: settings, journeys, templates and unsealed secrets, replaced whole when they change.

use crate::couriers::Accounts;
use crate::ports::{Couriers, Store, StoreError};
use crate::render::Templates;
use crate::secrets::MasterKey;
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

/// One shop with everything that hot paths need of it.
pub struct LiveShop {
    /// What decisions need.
    pub shop: Arc<Shop>,
    /// Templates, ready to fill.
    pub templates: Templates,
    /// Unsealed secrets by source, the current one first.
    pub secrets: HashMap<String, Vec<Vec<u8>>>,
    /// Accounts with couriers, open.
    pub accounts: Accounts,
}

#[derive(Default)]
struct Snapshot {
    version: Option<i64>,
    by_id: BTreeMap<ShopId, Arc<LiveShop>>,
    by_slug: HashMap<String, ShopId>,
}

/// All shops, as of the last look.
#[derive(Default)]
pub(crate) struct Shops {
    snapshot: RwLock<Arc<Snapshot>>,
}

impl Shops {
    fn now(&self) -> Arc<Snapshot> {
        Arc::clone(
            &self
                .snapshot
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    pub(crate) fn by_id(&self, id: ShopId) -> Option<Arc<LiveShop>> {
        self.now().by_id.get(&id).cloned()
    }

    pub(crate) fn by_slug(&self, slug: &str) -> Option<Arc<LiveShop>> {
        let now = self.now();
        now.by_id.get(now.by_slug.get(slug)?).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<LiveShop>> {
        self.now().by_id.values().cloned().collect()
    }

    /// Makes the next [`Shops::refresh`] read everything, whatever the version.
    pub(crate) fn forget_version(&self) {
        let mut snapshot = self
            .snapshot
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *snapshot = Arc::new(Snapshot {
            version: None,
            by_id: snapshot.by_id.clone(),
            by_slug: snapshot.by_slug.clone(),
        });
    }

    /// Reads everything again if the store's settings version has moved; whether it had.
    pub(crate) async fn refresh(
        &self,
        store: &dyn Store,
        key: &MasterKey,
        couriers: Option<&dyn Couriers>,
    ) -> Result<bool, StoreError> {
        let version = store.settings_version().await?;
        let before = self.now();
        if before.version == Some(version) {
            return Ok(false);
        }
        let mut fresh = Snapshot {
            version: Some(version),
            ..Snapshot::default()
        };
        for row in store.shops().await? {
            let mut journeys = BTreeMap::new();
            let mut current = BTreeMap::new();
            for published in store.journeys(row.id).await? {
                let journey = published.journey;
                if published.current {
                    current.insert(journey.id.clone(), journey.version);
                }
                journeys.insert((journey.id.clone(), journey.version), journey);
            }
            let mut secrets = HashMap::new();
            for connection in store.connections(row.id).await? {
                let sealed = std::iter::once(&connection.secret).chain(&connection.previous);
                let mut open = Vec::with_capacity(2);
                for sealed in sealed {
                    match key.open(row.id, sealed) {
                        Ok(plain) => open.push(plain),
                        Err(error) => {
                            tracing::error!(shop = %row.id, source = %connection.source, %error, "secret unreadable")
                        }
                    }
                }
                secrets.insert(connection.source, open);
            }
            let templates = Templates::prepare(store.templates(row.id).await?);
            let accounts = match couriers {
                Some(couriers) => {
                    let known = before.by_id.get(&row.id).map(|live| &live.accounts);
                    let rows = store.courier_accounts(row.id).await?;
                    Accounts::open(rows, row.id, key, couriers, known)
                }
                None => Accounts::default(),
            };
            let shop = Shop {
                id: row.id,
                slug: row.slug.clone(),
                settings: row.settings,
                disconnected: row.disconnected,
                tracked: accounts.tracked(),
                released: accounts.released(),
                journeys,
                current,
            };
            fresh.by_slug.insert(row.slug, row.id);
            fresh.by_id.insert(
                row.id,
                Arc::new(LiveShop {
                    shop: Arc::new(shop),
                    templates,
                    secrets,
                    accounts,
                }),
            );
        }
        *self
            .snapshot
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(fresh);
        Ok(true)
    }
}
