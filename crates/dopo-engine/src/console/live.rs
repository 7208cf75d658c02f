//! What changed, as it changes: topics per shop, told by every commit of this process. The API makes of it at most one
//! word a second and shop.
//!
//! Other nodes on the same PostgreSQL tell nothing here: a console that is connected to another node than the one that
//! works sees what changed when it next asks. Settings are the exception: every node looks at them twice a second.

use crate::Engine;
use dopo_core::advance::Writes;
use dopo_core::id::ShopId;
use tokio::sync::broadcast;

/// Changes that wait to be heard by a slow listener; older ones are summed up as "everything may have changed".
const CHANGES_WAITING_MAX: usize = 1_024;

/// What can change, as a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Topics(u8);

impl Topics {
    /// Orders and parcels.
    pub const ORDERS: Topics = Topics(1);
    /// Messages.
    pub const MESSAGES: Topics = Topics(1 << 1);
    /// People and what they agreed to.
    pub const CUSTOMERS: Topics = Topics(1 << 2);
    /// Figures.
    pub const COUNTERS: Topics = Topics(1 << 3);
    /// What came in.
    pub const INBOX: Topics = Topics(1 << 4);
    /// Tasks.
    pub const TASKS: Topics = Topics(1 << 5);
    /// Runs and journeys.
    pub const JOURNEYS: Topics = Topics(1 << 6);
    /// Settings, keys, team, connections.
    pub const SETTINGS: Topics = Topics(1 << 7);
    /// Anything.
    pub const ALL: Topics = Topics(u8::MAX);

    const NAMES: [&'static str; 8] = [
        "orders",
        "messages",
        "customers",
        "counters",
        "inbox",
        "tasks",
        "journeys",
        "settings",
    ];

    /// Both.
    pub const fn and(self, other: Topics) -> Topics {
        Topics(self.0 | other.0)
    }

    /// Whether nothing changed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The stable names, in order.
    pub fn names(self) -> Vec<&'static str> {
        (0..8)
            .filter(|bit| self.0 & (1 << bit) != 0)
            .map(|bit| Self::NAMES[bit])
            .collect()
    }

    /// The bits, to be kept in an atomic.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// The set of these bits.
    pub(crate) const fn of(bits: u8) -> Topics {
        Topics(bits)
    }

    /// What a decided batch changes.
    pub(crate) fn of_writes(writes: &Writes) -> Topics {
        let mut topics = Topics::default();
        let mut say = |changed: bool, topic: Topics| {
            if changed {
                topics = topics.and(topic);
            }
        };
        say(!writes.orders.is_empty(), Topics::ORDERS);
        say(
            !writes.messages.is_empty() || !writes.marks.is_empty(),
            Topics::MESSAGES,
        );
        say(
            !writes.customers.is_empty()
                || !writes.ledger.is_empty()
                || !writes.merges.is_empty()
                || !writes.forgotten.is_empty(),
            Topics::CUSTOMERS,
        );
        say(!writes.tasks.is_empty(), Topics::TASKS);
        say(!writes.runs.is_empty(), Topics::JOURNEYS);
        say(!writes.counters.0.is_empty(), Topics::COUNTERS);
        say(writes.disconnected, Topics::SETTINGS);
        topics
    }
}

/// A change in one shop; in all shops without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Where.
    pub shop: Option<ShopId>,
    /// What.
    pub topics: Topics,
}

/// Where changes are told.
pub(crate) struct Live(broadcast::Sender<Change>);

impl Default for Live {
    fn default() -> Self {
        Live(broadcast::Sender::new(CHANGES_WAITING_MAX))
    }
}

impl Live {
    pub(crate) fn tell(&self, shop: Option<ShopId>, topics: Topics) {
        // Nobody listening is fine, and costs one look.
        if !topics.is_empty() && self.0.receiver_count() > 0 {
            let _ = self.0.send(Change { shop, topics });
        }
    }
}

impl Engine {
    /// Changes from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.live.0.subscribe()
    }

    /// Tells whoever looks at a shop that something changed outside a batch (a note, a setting, a key).
    pub fn changed(&self, shop: ShopId, topics: Topics) {
        self.live.tell(Some(shop), topics);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_its_name() {
        assert_eq!(Topics::ALL.names().len(), 8);
        assert_eq!(
            Topics::ORDERS.and(Topics::SETTINGS).names(),
            ["orders", "settings"]
        );
        assert_eq!(Topics::of_writes(&Writes::default()), Topics::default());
    }
}
