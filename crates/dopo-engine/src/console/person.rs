//! What the gate would say about a person at this moment, purpose by purpose and channel by channel.

use crate::Engine;
use dopo_core::advance::Shop;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::customer::Customer;
use dopo_core::gate::{Ask, Content, Decision, decide};
use dopo_core::order::Order;

/// One cell of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GateCell {
    /// Why one would write.
    pub purpose: Purpose,
    /// On which channel.
    pub channel: Channel,
    /// What the gate says.
    pub decision: Decision,
}

impl Engine {
    /// The gate's word on every purpose and channel for a person now, about their newest standing order if they have one.
    /// Offers of others are not supported and left out.
    pub fn gate_table(&self, shop: &Shop, person: &Customer, orders: &[Order]) -> Vec<GateCell> {
        let order = orders
            .iter()
            .filter(|order| order.stands())
            .max_by_key(|order| order.snapshot.placed_at);
        let now = self.now();
        let purposes = Purpose::ALL
            .into_iter()
            .filter(|purpose| *purpose != Purpose::ThirdParty);
        purposes
            .flat_map(|purpose| {
                Channel::ALL
                    .into_iter()
                    .map(move |channel| (purpose, channel))
            })
            .map(|(purpose, channel)| GateCell {
                purpose,
                channel,
                decision: decide(&Ask {
                    shop: &shop.settings,
                    person,
                    purpose,
                    channel,
                    content: Content::default(),
                    order,
                    cart: None,
                    now,
                }),
            })
            .collect()
    }
}
