//! Shops as the engine holds them: settings, journeys, templates and unsealed secrets, replaced whole when they change.

use crate::couriers::Accounts;
use crate::ports::{Couriers, Store, StoreError};
use crate::render::Templates;
use crate::secrets::MasterKey;
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use std::collections::hash_map::Entry;
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
    /// Hosts of their own pages; where two shops name the same, the older one has it.
    by_host: HashMap<String, ShopId>,
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

    pub(crate) fn by_host(&self, host: &str) -> Option<Arc<LiveShop>> {
        let now = self.now();
        now.by_id.get(now.by_host.get(host)?).cloned()
    }

    /// Whether any shop's pages stand under a host of their own.
    pub(crate) fn has_hosts(&self) -> bool {
        !self.now().by_host.is_empty()
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
            by_host: snapshot.by_host.clone(),
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
        for (id, live) in &fresh.by_id {
            let Some(host) = &live.shop.settings.pages_domain else {
                continue;
            };
            match fresh.by_host.entry(host.clone()) {
                Entry::Vacant(free) => {
                    free.insert(*id);
                }
                Entry::Occupied(_) => {
                    tracing::error!(shop = %live.shop.slug, "another shop's pages stand under the same host name: this shop's stay under the installation's");
                }
            }
        }
        *self
            .snapshot
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(fresh);
        Ok(true)
    }
}

/// The host name in a web address, without its port.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_stands_without_its_port() {
        for (url, host) in [
            ("https://dopo.example", Some("dopo.example")),
            ("http://127.0.0.1:8080", Some("127.0.0.1")),
            ("http://[::1]:8080/x", Some("::1")),
            ("https://dopo.example:8443/a", Some("dopo.example")),
            ("dopo.example", None),
            ("https://", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
