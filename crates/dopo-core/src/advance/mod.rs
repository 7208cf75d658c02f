//! How one batch moves the world: arrivals or due runs in, writes out. Pure; the store wraps one transaction around it.

use crate::cart::Cart;
use crate::consent::{Channel, ConsentAct};
use crate::counter::Counters;
use crate::coupon::Coupon;
use crate::customer::{Customer, IdentityKey};
use crate::effect::OpenTask;
use crate::event::Arrival;
use crate::id::{CustomerId, EffectId, OrderId, RunId, ShopId};
use crate::journey::{Journey, Run};
use crate::message::Message;
use crate::order::Order;
use crate::parcel::Courier;
use crate::product::Product;
use crate::shop::ShopSettings;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

mod couriers;
mod facts;
mod figures;
mod held;
mod leave;
mod messages;
mod operator;
mod orders;
mod parcels;
mod people;
mod performance;
mod runs;
mod transit;
mod world;

pub use couriers::{CourierCall, Look, courier_of, expected_until, promised_on};
pub use figures::{
    ATTRIBUTION_DAYS, ATTRIBUTION_DAYS_CONTACT, FIRST_CONTACT_HOURS, HandOver, count_hand_over,
    count_order_change,
};
pub use held::Held;
pub use leave::permit_leaving;
pub use operator::{ByHand, Correction, WrongField, correct_customer, send_by_hand, stop_runs};
pub use performance::{TRANSIT_DAYS_MAX, weight_band};
pub use transit::{
    LEARNT_DAYS_MAX, ORIGIN_UNKNOWN, SATURDAYS, TRANSIT, Transit, handed_over, place_of,
};
pub use world::keys;
pub(crate) use world::{Named, named};

/// A shop with what decisions need of it, as one unchanging value that batches share.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Id.
    pub id: ShopId,
    /// Name in addresses.
    pub slug: String,
    /// Settings.
    pub settings: ShopSettings,
    /// Whether the platform connection was removed: nothing is sent any more.
    pub disconnected: bool,
    /// Journeys by id and version: all versions that runs may still be in.
    pub journeys: BTreeMap<(String, u32), Journey>,
    /// The version of each journey that new runs begin with; absent = switched off.
    pub current: BTreeMap<String, u32>,
    /// Couriers whose parcels are looked at for this shop, because it has access to them and they do not tell by
    /// themselves.
    pub tracked: BTreeSet<Courier>,
    /// Couriers that can be told what to do with a held parcel.
    pub released: BTreeSet<Courier>,
}

impl Shop {
    /// A shop without journeys and without couriers.
    pub fn new(id: ShopId, slug: impl Into<String>, settings: ShopSettings) -> Self {
        Shop {
            id,
            slug: slug.into(),
            settings,
            disconnected: false,
            journeys: BTreeMap::new(),
            current: BTreeMap::new(),
            tracked: BTreeSet::new(),
            released: BTreeSet::new(),
        }
    }

    /// Puts a journey in, as the version that new runs begin with.
    pub fn publish(&mut self, journey: Journey) {
        self.current.insert(journey.id.clone(), journey.version);
        self.journeys
            .insert((journey.id.clone(), journey.version), journey);
    }

    /// A journey in one version.
    pub fn journey(&self, id: &str, version: u32) -> Option<&Journey> {
        // Few enough to look through: quicker than to make a key.
        let mut journeys = self.journeys.iter();
        journeys
            .find(|((name, v), _)| *v == version && name == id)
            .map(|(_, journey)| journey)
    }
}

/// What must be loaded and locked before a batch of arrivals can be decided.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys {
    /// People named by their keys.
    pub identities: BTreeSet<IdentityKey>,
    /// People named by our id.
    pub customers: BTreeSet<CustomerId>,
    /// Orders named by the platform's id.
    pub orders: BTreeSet<String>,
    /// Orders named by a parcel's tracking number.
    pub parcel_numbers: BTreeSet<String>,
    /// Carts named by the platform's id.
    pub carts: BTreeSet<String>,
    /// Messages.
    pub messages: BTreeSet<EffectId>,
    /// Products whose category is needed, by the platform's id.
    pub products: BTreeSet<String>,
}

/// The facts a batch may look at, all locked. For every customer here, all active runs are here, and for every run its
/// order and cart; likewise the runs of every message here, active or not.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// People, by id. Includes the owners of all orders, carts, runs and messages here.
    pub customers: Held<CustomerId, Customer>,
    /// Which person a key names.
    pub identities: BTreeMap<IdentityKey, CustomerId>,
    /// Orders, by id.
    pub orders: Held<OrderId, Order>,
    /// Which order a platform id names.
    pub order_ids: BTreeMap<String, OrderId>,
    /// Which order a tracking number names.
    pub parcel_numbers: BTreeMap<String, OrderId>,
    /// Carts, by the platform's id.
    pub carts: Held<String, Cart>,
    /// Runs, by id.
    pub runs: Held<RunId, Run>,
    /// Messages, by id.
    pub messages: Held<EffectId, Message>,
    /// Platform category of products, by the platform's product id.
    pub categories: BTreeMap<String, String>,
    /// Earlier arrivals that waited for one of [`Keys::orders`] or [`Keys::parcel_numbers`] to become known, in order of
    /// arrival. They are handed over for good: what still has to wait is parked again.
    pub parked: Vec<Arrival>,
}

/// What an arrival waits for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WaitsFor {
    /// An order with this platform id.
    Order(String),
    /// A parcel with this tracking number.
    ParcelNumber(String),
}

/// A row of the consent ledger.
#[derive(Clone, PartialEq, Debug)]
pub struct LedgerRow {
    /// Its number: the evidence. Unique in the shop.
    pub id: i64,
    /// Whose.
    pub customer_id: CustomerId,
    /// When the person acted.
    pub at: Timestamp,
    /// When we learnt of it.
    pub known_at: Timestamp,
    /// What they said.
    pub act: ConsentAct,
}

/// A task for a person in the shop.
#[derive(Clone, PartialEq, Debug)]
pub struct Task {
    /// What opened it; unique in the shop.
    pub effect: EffectId,
    /// About whom.
    pub customer_id: CustomerId,
    /// About which order.
    pub order_id: Option<OrderId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// What to do.
    pub task: OpenTask,
}

/// A message that may leave from a moment on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// The message.
    pub message: EffectId,
    /// Its channel: each has its own queue.
    pub channel: Channel,
    /// From when.
    pub due_at: Timestamp,
}

/// What happened to a message after it left. Only these columns of its row are touched.
#[derive(Clone, PartialEq, Debug)]
pub enum MessageMark {
    /// First human open.
    Opened(Timestamp),
    /// First human click.
    Clicked(Timestamp),
    /// It came back; text for the operator.
    Bounced(Timestamp, String),
}

/// A word for a system outside, to be carried there once the batch stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutwardWord {
    /// For whom: the number of the receiver in the shop.
    pub to: i64,
    /// What makes it one with its repeats: a receiver is told once what bears the same name.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// What is told.
    pub body: String,
    /// From when it may be carried.
    pub at: Timestamp,
}

/// Everything one batch changes, written in one transaction.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Writes {
    /// People that are new or changed, whole.
    pub customers: Vec<Customer>,
    /// Keys that now name a person; an existing key is pointed anew.
    pub identities: Vec<(IdentityKey, CustomerId)>,
    /// Records that turned out to be one person: everything of the first goes to the second, the first is deleted.
    pub merges: Vec<(CustomerId, CustomerId)>,
    /// Orders that are new or changed, whole.
    pub orders: Vec<Order>,
    /// Tracking numbers that now name an order.
    pub parcel_numbers: Vec<(String, OrderId)>,
    /// Carts that are new or changed, whole.
    pub carts: Vec<Cart>,
    /// Products that are new or changed; an older `updated_at` than the stored one changes nothing.
    pub products: Vec<Product>,
    /// Products that are gone.
    pub products_removed: Vec<String>,
    /// Runs that are new or changed, whole.
    pub runs: Vec<Run>,
    /// New messages, let through or held back.
    pub messages: Vec<Message>,
    /// Those that may leave, and from when.
    pub due: Vec<Due>,
    /// What happened to messages that had left.
    pub marks: Vec<(EffectId, MessageMark)>,
    /// Coupons issued.
    pub coupons: Vec<Coupon>,
    /// Codes used by an order.
    pub coupons_redeemed: Vec<(String, Timestamp)>,
    /// Tasks opened.
    pub tasks: Vec<Task>,
    /// Parcels that are to be looked at, or no longer; whole.
    pub looks: Vec<Look>,
    /// Answers to holds that are to be carried to couriers.
    pub calls: Vec<CourierCall>,
    /// Acts for the consent ledger.
    pub ledger: Vec<LedgerRow>,
    /// Counters moved.
    pub counters: Counters,
    /// Arrivals (by place in the batch's list, parked ones first) that wait for a fact.
    pub parked: Vec<(Arrival, WaitsFor)>,
    /// Arrivals that cannot be used, by (source, external id), with the reason in words.
    pub unusable: Vec<(String, String, String)>,
    /// People to forget.
    pub forgotten: Vec<CustomerId>,
    /// The platform connection was removed.
    pub disconnected: bool,
    /// The whole shop is to be forgotten.
    pub shop_forgotten: bool,
    /// Words for the outside that are stored with all this. Decisions leave it empty: whoever asks for one and knows who
    /// listens puts them in.
    pub outward: Vec<OutwardWord>,
}

/// Decides a batch of arrivals of one shop: facts, journeys, permissions, counters.
///
/// `now` is the time of the decision, `entropy` secret random bits of this batch.
pub fn advance_arrivals(
    shop: &Shop,
    loaded: Loaded,
    arrivals: Vec<Arrival>,
    now: Timestamp,
    entropy: u128,
) -> Writes {
    let mut world = world::World::new(shop, loaded, now, entropy, true);
    world.hear(arrivals);
    world.finish()
}

/// Decides the due runs of one shop.
pub fn advance_due(
    shop: &Shop,
    loaded: Loaded,
    due: &[RunId],
    now: Timestamp,
    entropy: u128,
) -> Writes {
    let mut world = world::World::new(shop, loaded, now, entropy, true);
    for run in due {
        world.wake(*run);
    }
    world.finish()
}

/// What a rehearsal gets back.
pub(crate) struct Decided {
    /// What changes, but for people, orders, carts and runs.
    pub(crate) writes: Writes,
    /// The loaded facts and the new ones, as they are now.
    pub(crate) facts: Loaded,
    /// Orders that are new or changed.
    pub(crate) orders: BTreeSet<OrderId>,
    /// Runs that are new or changed.
    pub(crate) runs: BTreeSet<RunId>,
    /// How often the state machine of a run was asked.
    pub(crate) steps: u64,
}

/// As [`advance_arrivals`] and [`advance_due`] one after the other, for a shop in memory: facts are changed in place, and
/// figures counted only where somebody reads them.
pub(crate) fn rehearse(
    shop: &Shop,
    loaded: Loaded,
    arrivals: Vec<Arrival>,
    due: Option<RunId>,
    now: Timestamp,
    entropy: u128,
    counting: bool,
) -> Decided {
    let mut world = world::World::new(shop, loaded, now, entropy, counting);
    world.hear(arrivals);
    if let Some(run) = due {
        world.wake(run);
    }
    world.finish_in_place()
}
