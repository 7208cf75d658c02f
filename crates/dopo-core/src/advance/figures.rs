//! The figures of the first page (`kpi.*`) and the gauges (`now.*`), moved with the facts they count.
//!
//! Messages are counted on the day they leave, what people do with them on the day they do it, purchases on the day they
//! count as sales. A quotient of two of them is therefore one of periods, not of single messages.

use super::world::World;
use crate::consent::Purpose;
use crate::counter::{About, Counters, place_dim, province_of};
use crate::customer::{Contact, Customer};
use crate::gate::{Grant, Reason, is_promotional};
use crate::id::{EffectId, OrderId, ShopId};
use crate::italy::province::Province;
use crate::message::{Message, MessageStatus};
use crate::order::{Credit, Order, Standing};
use crate::parcel::ParcelState;
use crate::shop::TrackingMode;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// Days after an offer within which a purchase is counted to its account (`kpi.crosssell_*`), to the last one before it.
pub const ATTRIBUTION_DAYS: i64 = 14;
/// Days after any contact but receipts and notices within which a purchase is counted to its account (`kpi.contact_*`).
pub const ATTRIBUTION_DAYS_CONTACT: i64 = 7;
/// Hours from the order within which the first contact is in time (`kpi.first_contact_24h`).
pub const FIRST_CONTACT_HOURS: i64 = 24;

/// What a hand-over came to, as far as figures ask.
#[derive(Clone, Copy, Debug)]
pub enum HandOver<'a> {
    /// It left, or was captured.
    Left {
        /// When.
        at: Timestamp,
        /// The gate's word at that moment.
        grant: &'a Grant,
    },
    /// The gate said no.
    HeldBack {
        /// Why.
        why: Reason,
    },
}

/// Counts a hand-over. `day` is today in the shop's zone, `order` the one the message is about.
pub fn count_hand_over(
    counters: &mut Counters,
    shop: ShopId,
    day: Date,
    message: &Message,
    person: &Customer,
    order: Option<&Order>,
    hand_over: HandOver<'_>,
) {
    let about = about(message, Some(person), order);
    let (at, grant) = match hand_over {
        HandOver::Left { at, grant } => (at, grant),
        HandOver::HeldBack { why } => {
            return count_held_back(counters, shop, day, &about, Some(why));
        }
    };
    if grant.tracking_open == TrackingMode::Identified {
        counters.kpi(shop, day, "kpi.open_measurable", &about, 1);
        counters.add(shop, day, "journeys.open_measurable", step_dim(message), 1);
    }
    if grant.tracking_click == TrackingMode::Identified {
        counters.kpi(shop, day, "kpi.click_measurable", &about, 1);
        counters.add(shop, day, "journeys.click_measurable", step_dim(message), 1);
    }
    let mut count = |metric, n| counters.kpi(shop, day, metric, &about, n);
    count("kpi.sent", 1);
    if is_promotional(message.send.purpose) {
        count("kpi.crosssell_reached", 1);
    }
    if let Some(order) = order
        && order.traces.first_message == Some(message.id)
        && !order.traces.late
    {
        let seconds = at.duration_since(order.snapshot.placed_at).as_secs().max(0);
        count("kpi.first_contact", 1);
        count("kpi.first_contact_seconds", seconds);
        if seconds <= FIRST_CONTACT_HOURS * 3_600 {
            count("kpi.first_contact_24h", 1);
        }
    }
}

/// Moves the gauges of orders and parcels from what an order was to what it is; `None` where it was or is not there.
///
/// The core does so for every order it writes. Who changes or deletes an order elsewhere (forgetting a person) calls it.
pub fn count_order_change(
    counters: &mut Counters,
    shop: ShopId,
    before: Option<&Order>,
    after: Option<&Order>,
) {
    let (before, after) = (
        before.map(OrderGauge::of).unwrap_or_default(),
        after.map(OrderGauge::of).unwrap_or_default(),
    );
    before.move_to(&after, shop, counters);
}

/// Counts a message that was held back: the figure, and the reason where it would have gone.
fn count_held_back(
    counters: &mut Counters,
    shop: ShopId,
    day: Date,
    about: &About<'_>,
    why: Option<Reason>,
) {
    counters.kpi(shop, day, "kpi.held_back", about, 1);
    if let (Some(province), Some(why)) = (about.province, why) {
        let dim = place_dim(province, why.as_str());
        counters.add(shop, day, "messages.held_back_in", dim, 1);
    }
}

/// `journey/version/step` of a message.
fn step_dim(message: &Message) -> String {
    let version = message.journey_version;
    format!("{}/{version}/{}", message.journey, message.send.step)
}

fn about<'m>(message: &'m Message, person: Option<&Customer>, order: Option<&Order>) -> About<'m> {
    About {
        channel: Some(message.send.channel),
        journey: Some(&message.journey),
        province: province_of(order, person),
    }
}

/// Whether a purchase after a contact of this purpose may be counted to its account: it is more than a receipt or notice.
fn brings_sales(purpose: Purpose) -> bool {
    !matches!(purpose, Purpose::Legal | Purpose::Service)
}

/// What an order counts for in the gauges.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct OrderGauge {
    standing: Option<Standing>,
    /// Where it goes; its person's province does not count, who may move.
    province: Option<Province>,
    /// Live parcels by place in [`ParcelState::ALL`].
    parcels: [u8; ParcelState::ALL.len()],
}

impl OrderGauge {
    pub(super) fn of(order: &Order) -> Self {
        let standing = order.standing();
        let mut parcels = [0; ParcelState::ALL.len()];
        if standing != Standing::Cancelled {
            for parcel in order.tracked.iter().filter(|parcel| parcel.is_live()) {
                // Declared in the order of the list.
                parcels[parcel.state as usize] += 1;
            }
        }
        OrderGauge {
            standing: Some(standing),
            province: province_of(Some(order), None),
            parcels,
        }
    }

    pub(super) fn move_to(&self, after: &OrderGauge, shop: ShopId, counters: &mut Counters) {
        if self.standing != after.standing {
            for (standing, n) in [(self.standing, -1), (after.standing, 1)] {
                if let Some(standing) = standing {
                    counters.gauge(shop, "now.orders", standing.as_str(), n);
                }
            }
        }
        for (n, state) in ParcelState::ALL.iter().enumerate() {
            let change = i64::from(after.parcels[n]) - i64::from(self.parcels[n]);
            counters.gauge(shop, "now.parcels", state.as_str(), change);
        }
        self.move_place_to(after, shop, counters);
    }

    /// The same by province: `MI/trouble`, `MI/in_transit`.
    fn move_place_to(&self, after: &OrderGauge, shop: ShopId, counters: &mut Counters) {
        let mut count = |metric, province, what, n| {
            if let Some(province) = province
                && n != 0
            {
                counters.gauge(shop, metric, place_dim(province, what), n);
            }
        };
        let moved = self.province != after.province;
        if moved || self.standing != after.standing {
            for (gauge, n) in [(self, -1), (after, 1)] {
                if let Some(standing) = gauge.standing {
                    count("now.orders_in", gauge.province, standing.as_str(), n);
                }
            }
        }
        for (n, state) in ParcelState::ALL.iter().enumerate() {
            let (was, is) = (i64::from(self.parcels[n]), i64::from(after.parcels[n]));
            if moved {
                count("now.parcels_in", self.province, state.as_str(), -was);
                count("now.parcels_in", after.province, state.as_str(), is);
            } else {
                count("now.parcels_in", after.province, state.as_str(), is - was);
            }
        }
    }
}

impl World<'_> {
    /// Marks the first message about an order that was let through, and counts one that was held back.
    pub(super) fn trace_decision(&mut self, message: &Message, queued: bool) {
        if queued {
            if let Some(order) = message
                .order_id
                .and_then(|id| self.loaded.orders.get_mut(&id))
                && order.traces.first_message.is_none()
            {
                order.traces.first_message = Some(message.id);
                self.orders.insert(order.id);
            }
        } else if self.counting {
            let order = message.order_id.and_then(|id| self.loaded.orders.get(&id));
            let person = self.loaded.customers.get(&message.customer_id);
            count_held_back(
                &mut self.writes.counters,
                self.shop.id,
                self.day,
                &about(message, person, order),
                message.reason,
            );
        }
    }

    /// How a message is remembered: its journey only where a purchase may be counted to its account.
    pub(super) fn contact(message: &Message) -> Contact {
        let purpose = message.send.purpose;
        Contact {
            journey: brings_sales(purpose).then(|| message.journey.clone()),
            ..Contact::new(message.id, message.due_at, message.send.channel, purpose)
        }
    }

    /// Counts something a person did with a message for the first time: the figure, and the step of the journey.
    pub(super) fn count_act(
        &mut self,
        metric: &'static str,
        of_step: &'static str,
        message: EffectId,
    ) {
        if self.counting
            && let Some(message) = self.loaded.messages.get(&message)
            && !matches!(
                message.status,
                MessageStatus::Queued | MessageStatus::HeldBack | MessageStatus::LeftToPlatform
            )
        {
            let order = message.order_id.and_then(|id| self.loaded.orders.get(&id));
            let person = self.loaded.customers.get(&message.customer_id);
            let (shop, day, counters) = (self.shop.id, self.day, &mut self.writes.counters);
            counters.kpi(shop, day, metric, &about(message, person, order), 1);
            counters.add(shop, day, of_step, step_dim(message), 1);
        }
    }

    /// Counts an order of which everything reached its person.
    pub(super) fn count_delivered(&mut self, id: OrderId) {
        if !self.counting {
            return;
        }
        let order = self.loaded.orders.get(&id);
        let person = order.and_then(|order| self.loaded.customers.get(&order.customer_id));
        let about = About {
            province: province_of(order, person),
            ..About::default()
        };
        self.writes
            .counters
            .kpi(self.shop.id, self.day, "orders.delivered", &about, 1);
    }

    /// Notes that a person opened, clicked or answered a message, and counts it when it is the first act about its order.
    pub(super) fn engaged(&mut self, message: EffectId, at: Timestamp) {
        let Some(message) = self.loaded.messages.get(&message) else {
            return;
        };
        let Some(order) = message
            .order_id
            .and_then(|id| self.loaded.orders.get_mut(&id))
        else {
            return;
        };
        if order.traces.engaged || order.traces.late {
            return;
        }
        order.traces.engaged = true;
        self.orders.insert(order.id);
        if self.counting {
            let person = self.loaded.customers.get(&message.customer_id);
            let about = about(message, person, Some(order));
            let seconds = at.duration_since(order.snapshot.placed_at).as_secs().max(0);
            for (metric, n) in [("kpi.engaged", 1), ("kpi.engaged_seconds", seconds)] {
                self.writes
                    .counters
                    .kpi(self.shop.id, self.day, metric, &about, n);
            }
        }
    }

    /// Counts a sale to the account of the last offer and of the last contact before it, each message once (last touch).
    pub(super) fn credit(&mut self, id: OrderId) {
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let Some(person) = self.loaded.customers.get_mut(&order.customer_id) else {
            return;
        };
        let told = &order.snapshot;
        let cents = if told.total.currency.code() == self.shop.settings.currency {
            told.total.cents
        } else {
            0 // sums of the first page are in the shop's currency
        };
        for (offer, days) in [(true, ATTRIBUTION_DAYS), (false, ATTRIBUTION_DAYS_CONTACT)] {
            let counts = |purpose| {
                if offer {
                    is_promotional(purpose)
                } else {
                    brings_sales(purpose)
                }
            };
            let span = SignedDuration::from_hours(24 * days);
            let last = person
                .contacts
                .iter_mut()
                .filter(|c| counts(c.purpose) && c.at <= told.placed_at)
                .max_by_key(|c| c.at);
            let Some(contact) = last else { continue };
            let credited = if offer {
                &mut contact.offer_credited
            } else {
                &mut contact.contact_credited
            };
            if *credited || told.placed_at.duration_since(contact.at) > span {
                continue;
            }
            *credited = true;
            order.traces.credits.push(Credit {
                offer,
                channel: contact.channel,
                journey: contact.journey.clone().unwrap_or_default(),
                cents,
            });
        }
        self.customers.insert(order.customer_id);
        self.count_credits(id, 1);
    }

    /// Takes back what [`World::credit`] counted. The messages' accounts stay used up.
    pub(super) fn uncredit(&mut self, id: OrderId) {
        self.count_credits(id, -1);
        if let Some(order) = self.loaded.orders.get_mut(&id) {
            order.traces.credits.clear();
        }
    }

    fn count_credits(&mut self, id: OrderId, sign: i64) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        if !self.counting {
            return;
        }
        let person = self.loaded.customers.get(&order.customer_id);
        let province = province_of(Some(order), person);
        let mut count = |metric, about: &About<'_>, n| {
            self.writes
                .counters
                .kpi(self.shop.id, self.day, metric, about, sign * n);
        };
        let about = About {
            province,
            ..About::default()
        };
        count("kpi.orders", &about, 1);
        for credit in &order.traces.credits {
            let about = About {
                channel: Some(credit.channel),
                journey: Some(credit.journey.as_str()).filter(|name| !name.is_empty()),
                province,
            };
            let (orders, cents) = if credit.offer {
                ("kpi.crosssell_orders", "kpi.crosssell_cents")
            } else {
                ("kpi.contact_orders", "kpi.contact_cents")
            };
            count(orders, &about, 1);
            count(cents, &about, credit.cents);
        }
    }
}
