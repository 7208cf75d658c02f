//! What must happen: use cases over ports. Async, no drivers, no clock but the [`ports::Clock`].
//!
//! [`Engine`] is the one handle: it takes things in ([`Engine::ingest`]), moves journeys when time comes and hands
//! messages over ([`worker`]), renders them ([`render`]) and reads through its store. The rules are in `dopo-core`.

mod bells;
pub mod console;
pub mod coupons;
pub mod couriers;
pub mod demo_shop;
pub mod desk;
pub mod dispatch;
pub mod forget;
pub mod ids;
pub mod intake;
pub mod library;
pub mod ports;
pub mod promise;
pub mod render;
pub mod secrets;
pub mod shops;
pub mod short_links;
pub mod simulation;
pub mod tokens;
pub mod worker;

use crate::bells::Bells;
use crate::console::at_risk::Counts;
use crate::console::days::Days;
use crate::console::live::{Live, Topics};
use crate::ids::IdSource;
use crate::intake::Queue;
use crate::ports::{Clock, Entropy, MailChannel, Store, StoreError};
use crate::secrets::MasterKey;
use crate::shops::{LiveShop, Shops, host_of};
use crate::tokens::Tokens;
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use dopo_core::journey::graph::Text;
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// What the program decides about a running engine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address under which customers reach us, without a slash at the end.
    pub public_url: String,
    /// Batches of arrivals committed at the same time: 1 on SQLite, some on PostgreSQL.
    pub committers: usize,
    /// Hand-over workers per channel.
    pub dispatchers: usize,
    /// A command beside a possibly running server: it hands nothing over, takes no node number and recovers nothing.
    pub tool: bool,
}

/// The node number in the ids that commands make; servers take the lowest free one and practically never come so far.
const TOOL_NODE: u8 = 15;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            public_url: "http://127.0.0.1:8080".to_owned(),
            committers: 1,
            dispatchers: 4,
            tool: false,
        }
    }
}

/// The engine: every use case, behind one handle that is shared.
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    mail: Option<Arc<dyn MailChannel>>,
    key: MasterKey,
    tokens: Tokens,
    ids: IdSource,
    shops: Shops,
    queue: Queue,
    settings: Settings,
    node: u8,
    /// Rung when messages or runs are due at once.
    bells: Bells,
    /// Where changes are told to whoever looks.
    live: Live,
    /// How many people are at risk.
    at_risk: Counts,
    /// Counters of days that are over.
    days: Days,
    /// Our own webhooks, which hear of facts.
    outbox: desk::facts::Outbox,
    /// Couriers: who opens accounts, and how fast each may be asked.
    fleet: couriers::Fleet,
    /// When parcels arrive, as learnt.
    promises: promise::Promises,
}

impl Engine {
    /// Takes a node number and recovers what a dead node left in doubt (a tool does neither), reads the shops, and starts
    /// the committers.
    ///
    /// Must be called inside a tokio runtime. The workers are started by [`worker::run`].
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn start(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        mail: Option<Arc<dyn MailChannel>>,
        key: MasterKey,
        settings: Settings,
    ) -> Result<Arc<Engine>, StoreError> {
        let node = if settings.tool {
            TOOL_NODE
        } else {
            let pulse = clock.pulse();
            let node = store.acquire_node(pulse).await?;
            let recovered = store.recover(pulse, Some(node)).await?;
            if recovered.repeated + recovered.in_doubt > 0 {
                tracing::warn!(
                    repeated = recovered.repeated,
                    in_doubt = recovered.in_doubt,
                    "hand-overs were in doubt when the program last stopped"
                );
            }
            node
        };
        let queue = Queue::new();
        let engine = Arc::new(Engine {
            tokens: Tokens::new(&key),
            ids: IdSource::new(node, entropy.u128() as u16),
            shops: Shops::default(),
            store,
            clock,
            entropy,
            mail,
            key,
            queue,
            settings,
            node,
            bells: Bells::default(),
            live: Live::default(),
            at_risk: Counts::default(),
            days: Days::default(),
            outbox: desk::facts::Outbox::default(),
            fleet: couriers::Fleet::default(),
            promises: promise::Promises::default(),
        });
        engine.refresh_shops().await?;
        for _ in 0..engine.settings.committers.max(1) {
            tokio::spawn(intake::commit_loop(Arc::clone(&engine)));
        }
        Ok(engine)
    }

    /// The store, for reading.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The time, as this engine tells it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Secret random bits.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// Address under which customers reach us.
    pub fn public_url(&self) -> &str {
        &self.settings.public_url
    }

    /// Address under which customers reach the pages of this shop, without a slash at its end: its own host where it has
    /// one, else the installation's.
    pub fn pages_url(&self, shop: &Shop) -> Cow<'_, str> {
        let own = shop.settings.pages_domain.as_deref().filter(|host| {
            self.shops
                .by_host(host)
                .is_some_and(|live| live.shop.id == shop.id)
        });
        match own {
            Some(host) => Cow::Owned(format!("https://{host}")),
            None => Cow::Borrowed(self.settings.public_url.as_str()),
        }
    }

    /// The shop whose pages, and nothing else, are served under this host name: lower case, without a port.
    pub fn shop_by_host(&self, host: &str) -> Option<Arc<Shop>> {
        self.shops.by_host(host).map(|live| Arc::clone(&live.shop))
    }

    /// Whether any shop's pages stand under a host of their own.
    pub fn has_pages_hosts(&self) -> bool {
        self.shops.has_hosts()
    }

    /// Whether a host name is free for the pages of `shop`.
    pub fn is_host_free(&self, shop: ShopId, host: &str) -> bool {
        let own = host_of(&self.settings.public_url) == Some(host);
        let other = |shop: &Arc<Shop>| shop.settings.pages_domain.as_deref() == Some(host);
        !own && !self.shops().iter().any(|one| one.id != shop && other(one))
    }

    /// Whether there is a mail server; without one everything is captured.
    pub fn has_mail(&self) -> bool {
        self.mail.is_some()
    }

    /// Seals and opens the tokens of links.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Seals and opens secrets at rest.
    pub fn key(&self) -> &MasterKey {
        &self.key
    }

    /// The shop with this name in addresses.
    pub fn shop_by_slug(&self, slug: &str) -> Option<Arc<Shop>> {
        self.shops.by_slug(slug).map(|live| Arc::clone(&live.shop))
    }

    /// The shop with this id.
    pub fn shop(&self, id: ShopId) -> Option<Arc<Shop>> {
        self.shops.by_id(id).map(|live| Arc::clone(&live.shop))
    }

    /// All shops, by id.
    pub fn shops(&self) -> Vec<Arc<Shop>> {
        self.shops
            .all()
            .into_iter()
            .map(|live| Arc::clone(&live.shop))
            .collect()
    }

    /// What a shop calls a template, in both languages; its name where it has no title.
    pub fn template_title(&self, shop: ShopId, name: &str) -> Text {
        match self.live_shop(shop) {
            Some(live) => live.templates.title(name),
            None => Text {
                it: name.to_owned(),
                en: name.to_owned(),
            },
        }
    }

    pub(crate) fn live_shop(&self, id: ShopId) -> Option<Arc<LiveShop>> {
        self.shops.by_id(id)
    }

    /// The unsealed secrets of a connection, the current one first; empty when there is none.
    pub fn connection_secrets(&self, shop: ShopId, source: &str) -> Vec<Vec<u8>> {
        self.shops
            .by_id(shop)
            .and_then(|live| live.secrets.get(source).cloned())
            .unwrap_or_default()
    }

    /// Reads shops, journeys, templates and connections again if any of them changed.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn refresh_shops(&self) -> Result<(), StoreError> {
        let couriers = self.fleet.couriers().map(|couriers| &**couriers);
        if self
            .shops
            .refresh(&*self.store, &self.key, couriers)
            .await?
        {
            self.live.tell(None, Topics::SETTINGS.and(Topics::JOURNEYS));
        }
        Ok(())
    }
}
