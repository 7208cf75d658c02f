//! Orders: what a telling changes, and the sums that hang on it.

use super::WaitsFor;
use super::facts::happening;
use super::figures::FIRST_CONTACT_HOURS;
use super::world::World;
use crate::counter::currency_dim;
use crate::customer::GROUPS_MAX;
use crate::event::{Arrival, Happening, Moment, Origin};
use crate::id::{CustomerId, OrderId};
use crate::money::Money;
use crate::order::{
    ORDER_LINES_MAX, Order, OrderSnapshot, PaymentState, RETURNS_MAX, ReturnFact, ReturnState,
    Traces,
};
use jiff::{SignedDuration, Timestamp};

/// What is asked of a telling after it became the order's.
struct Sum {
    placed_at: Timestamp,
    total: Money,
    cancelled_at: Option<Timestamp>,
    payment: PaymentState,
    refunded: Option<Money>,
    cart_id: Option<String>,
}

impl Sum {
    fn of(told: &OrderSnapshot) -> Self {
        Sum {
            placed_at: told.placed_at,
            total: told.total,
            cancelled_at: told.cancelled_at,
            payment: told.payment,
            refunded: told.refunded,
            cart_id: told.cart_id.clone(),
        }
    }
}

impl World<'_> {
    /// Runs `act` on the order with this platform id, or parks the arrival until the order is known.
    pub(super) fn on_order(
        &mut self,
        arrival: &Arrival,
        external_id: &str,
        out: &mut Vec<Happening>,
        act: impl FnOnce(&mut Self, OrderId, &mut Vec<Happening>),
    ) {
        match self.loaded.order_ids.get(external_id) {
            Some(&id) => act(self, id, out),
            None => {
                self.count("events.waiting", self.kind, 1);
                self.writes
                    .parked
                    .push((arrival.clone(), WaitsFor::Order(external_id.to_owned())));
            }
        }
    }

    pub(super) fn order_updated(
        &mut self,
        arrival: &Arrival,
        mut told: OrderSnapshot,
        out: &mut Vec<Happening>,
    ) {
        if told.lines.len() > ORDER_LINES_MAX {
            let why = format!(
                "the order has {} lines; at most {ORDER_LINES_MAX} can be taken in",
                told.lines.len()
            );
            return self.unusable(arrival, &why);
        }
        for line in &mut told.lines {
            if line.category.is_none()
                && let Some(product) = &line.product_id
            {
                line.category = self.loaded.categories.get(product).cloned();
            }
        }
        match self.loaded.order_ids.get(&told.external_id) {
            Some(&id) => self.retell(id, told, arrival, out),
            None => self.first_told(told, arrival, out),
        }
    }

    pub(super) fn first_told(
        &mut self,
        mut told: OrderSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        if told.person.who.is_empty() {
            // A guest order without any contact still is an order: it gets a person of its own.
            told.person.who.shop_customer_id = Some(format!("order:{}", told.external_id));
        }
        let Some(customer_id) = self.person(&told.person) else {
            return;
        };
        let Some(id) = self.next_id().map(OrderId) else {
            return;
        };
        let parcels = std::mem::take(&mut told.parcels);
        let sum = Sum::of(&told);
        self.loaded.order_ids.insert(told.external_id.clone(), id);
        let waited = arrival.known_at.duration_since(told.placed_at);
        let late = arrival.origin == Origin::Import
            || waited > SignedDuration::from_hours(FIRST_CONTACT_HOURS);
        let order = Order {
            id,
            customer_id,
            snapshot: told,
            tracked: Vec::new(),
            returns: Vec::new(),
            problems: Vec::new(),
            delivered_at: None,
            entered: Default::default(),
            counted: false,
            traces: Traces {
                late,
                ..Traces::default()
            },
        };
        self.loaded.orders.insert(id, order);
        self.orders.insert(id);
        self.count("orders.placed", "", 1);
        self.count_about(
            "orders.placed_cents",
            || currency_dim(sum.total.currency),
            sum.total.cents,
        );
        if let Some(person) = self.loaded.customers.get_mut(&customer_id) {
            person.active_at = person.active_at.max(Some(sum.placed_at));
            self.customers.insert(customer_id);
        }
        let base = happening(arrival, Moment::OrderPlaced, customer_id).about_order(id);
        if sum.cancelled_at.is_none() {
            // The order is as old as its placing, however late it is told.
            out.push(Happening {
                occurred_at: sum.placed_at.min(arrival.occurred_at),
                ..base.clone()
            });
            if sum.payment.is_sale() {
                out.push(Happening {
                    moment: Moment::OrderPaid,
                    ..base
                });
            }
        }
        self.sale(id);
        if let Some(cart) = &sum.cart_id {
            self.close_cart(cart, sum.placed_at, customer_id, arrival, out);
        }
        self.redeem(id);
        for parcel in &parcels {
            self.parcel_updated(id, parcel, arrival, out);
        }
    }

    /// A further telling of a known order: older ones change nothing.
    pub(super) fn retell(
        &mut self,
        id: OrderId,
        mut told: OrderSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        if told.updated_at < order.snapshot.updated_at {
            self.count("events.stale", self.kind, 1);
            return;
        }
        let parcels = std::mem::take(&mut told.parcels);
        let mut before = std::mem::replace(&mut order.snapshot, told);
        // What earlier tellings knew and this one leaves out stays known.
        let now = &mut order.snapshot;
        now.soft_spam_notice = now
            .soft_spam_notice
            .take()
            .or(before.soft_spam_notice.take());
        now.cart_id = now.cart_id.take().or(before.cart_id.take());
        now.cancelled_at = now.cancelled_at.or(before.cancelled_at);
        for line in &mut now.lines {
            if line.category.is_none() {
                line.category = before
                    .lines
                    .iter()
                    .find(|l| l.id == line.id)
                    .and_then(|l| l.category.clone());
            }
        }
        let was_delivered = order.delivered_at;
        order.settle();
        let (delivered, customer_id) = (order.delivered_at, order.customer_id);
        let snapshot = Sum::of(&order.snapshot);
        let person = (order.snapshot.person != before.person
            && !order.snapshot.person.who.is_empty())
        .then(|| order.snapshot.person.clone());
        self.orders.insert(id);
        let base = happening(arrival, Moment::OrderPaid, customer_id).about_order(id);
        if snapshot.payment.is_sale() && !before.payment.is_sale() {
            out.push(base.clone());
        }
        if snapshot.cancelled_at.is_some() && before.cancelled_at.is_none() {
            self.count("orders.cancelled", "", 1);
            out.push(Happening {
                moment: Moment::OrderCancelled,
                ..base.clone()
            });
        }
        let gone_back = matches!(
            snapshot.payment,
            PaymentState::Refunded | PaymentState::PartiallyRefunded
        );
        if gone_back && (before.payment != snapshot.payment || before.refunded != snapshot.refunded)
        {
            self.count("orders.refunded", "", 1);
            out.push(Happening {
                moment: Moment::OrderRefunded,
                ..base
            });
        }
        // The shop corrected who bought: what is told is learnt for the owner; a platform id of another person moves it.
        if let Some(person) = person {
            match self.person(&person) {
                Some(owner) if owner != customer_id => self.hand_over(id, owner),
                _ => {}
            }
        }
        self.sale(id);
        self.redeem(id);
        self.delivery_change(id, was_delivered, delivered, arrival, out);
        for parcel in &parcels {
            self.parcel_updated(id, parcel, arrival, out);
        }
    }

    /// Gives an order, with its runs, to another person.
    pub(super) fn hand_over(&mut self, id: OrderId, owner: CustomerId) {
        // The sums of the former owner no longer hold this order.
        if let Some(order) = self.loaded.orders.get(&id)
            && order.counted
        {
            self.uncount(id);
        }
        if let Some(order) = self.loaded.orders.get_mut(&id) {
            order.customer_id = owner;
            self.orders.insert(id);
        }
        for run in self.loaded.runs.values_mut() {
            if run.key.order == Some(id) {
                run.customer_id = owner;
                self.runs.insert(run.id);
            }
        }
    }

    pub(super) fn cancelled(&mut self, id: OrderId, arrival: &Arrival, out: &mut Vec<Happening>) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let mut told = order.snapshot.clone();
        if told.cancelled_at.is_none() {
            told.cancelled_at = Some(arrival.occurred_at);
            told.updated_at = told.updated_at.max(arrival.occurred_at);
            self.retell(id, told, arrival, out);
        }
    }

    /// Keeps the customer's sums in step with whether the order is a standing, paid sale.
    pub(super) fn sale(&mut self, id: OrderId) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        // A test order gets its messages, so that a merchant can try them, and counts as no sale.
        let is_sale = order.stands() && order.snapshot.payment.is_sale() && !order.snapshot.test;
        match (is_sale, order.counted) {
            (true, false) => self.count_sale(id),
            (false, true) => self.uncount(id),
            _ => {}
        }
    }

    pub(super) fn count_sale(&mut self, id: OrderId) {
        let groups = self.groups_of(id);
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        order.counted = true;
        self.orders.insert(id);
        let told = &order.snapshot;
        let Some(person) = self.loaded.customers.get_mut(&order.customer_id) else {
            return;
        };
        let bought = &mut person.purchases;
        bought.orders += 1;
        bought.total_cents += told.total.cents;
        bought.first_at = Some(
            bought
                .first_at
                .map_or(told.placed_at, |at| at.min(told.placed_at)),
        );
        bought.last_at = bought.last_at.max(Some(told.placed_at));
        if let Some(version) = &told.soft_spam_notice {
            bought.notice = Some((id, version.clone()));
        }
        for group in groups {
            let at = bought.groups.entry(group).or_insert(told.placed_at);
            *at = (*at).max(told.placed_at);
        }
        while bought.groups.len() > GROUPS_MAX {
            let oldest = bought
                .groups
                .iter()
                .min_by_key(|(_, at)| **at)
                .map(|(g, _)| g.clone());
            match oldest {
                Some(group) => bought.groups.remove(&group),
                None => break,
            };
        }
        let (customer, cents, currency) =
            (order.customer_id, told.total.cents, told.total.currency);
        self.customers.insert(customer);
        self.count("sales.orders", "", 1);
        self.count("sales.cents", currency_dim(currency), cents);
        self.credit(id);
    }

    pub(super) fn uncount(&mut self, id: OrderId) {
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        order.counted = false;
        self.orders.insert(id);
        let (customer, cents, currency) = (
            order.customer_id,
            order.snapshot.total.cents,
            order.snapshot.total.currency,
        );
        let Some(person) = self.loaded.customers.get_mut(&customer) else {
            return;
        };
        let bought = &mut person.purchases;
        bought.orders = bought.orders.saturating_sub(1);
        bought.total_cents -= cents;
        if bought
            .notice
            .as_ref()
            .is_some_and(|(order, _)| *order == id)
        {
            bought.notice = None;
        }
        self.customers.insert(customer);
        self.uncredit(id);
        self.count("sales.orders", "", -1);
        self.count("sales.cents", currency_dim(currency), -cents);
    }

    pub(super) fn groups_of(&self, id: OrderId) -> Vec<String> {
        let Some(order) = self.loaded.orders.get(&id) else {
            return Vec::new();
        };
        let settings = &self.shop.settings;
        order
            .snapshot
            .lines
            .iter()
            .filter_map(|l| settings.group(l.category.as_deref()))
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn redeem(&mut self, id: OrderId) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let told = &order.snapshot;
        for code in &told.discount_codes {
            self.writes
                .coupons_redeemed
                .push((code.to_uppercase(), told.placed_at));
        }
    }

    pub(super) fn close_cart(
        &mut self,
        id: &str,
        placed_at: Timestamp,
        customer: CustomerId,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(cart) = self.loaded.carts.get_mut(id) else {
            return;
        };
        if cart.snapshot.completed_at.is_none() {
            cart.snapshot.completed_at = Some(placed_at);
            let owner = cart.customer_id;
            self.carts.insert(id.to_owned());
            out.push(happening(arrival, Moment::CartCompleted, owner).about_cart(id));
            if owner != customer {
                out.push(happening(arrival, Moment::CartCompleted, customer).about_cart(id));
            }
        }
    }

    pub(super) fn returned(
        &mut self,
        id: OrderId,
        return_id: &str,
        state: ReturnState,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let at = arrival.occurred_at;
        let room = order.returns.len() < RETURNS_MAX;
        match order
            .returns
            .iter_mut()
            .find(|r| r.external_id == return_id)
        {
            Some(known) if known.at > at => return,
            Some(known) => {
                known.state = state;
                known.at = at;
            }
            None if room => {
                order.returns.push(ReturnFact {
                    external_id: return_id.to_owned(),
                    state,
                    at,
                });
            }
            None => return,
        }
        let customer = order.customer_id;
        self.orders.insert(id);
        if state == ReturnState::Requested {
            self.count("returns.requested", "", 1);
            out.push(happening(arrival, Moment::ReturnRequested, customer).about_order(id));
        }
    }
}
