//! From events to facts: what changes, and what thereby happens.

use super::world::World;
use super::{MessageMark, Task, WaitsFor};
use crate::cart::{CART_LINES_MAX, Cart, CartSnapshot};
use crate::consent::{ConsentAct, ConsentSource, ConsentState, Purpose, Topic};
use crate::customer::{GROUPS_MAX, PersonRef};
use crate::effect::OpenTask;
use crate::event::{Actor, Arrival, BounceKind, Event, Happening, Moment, Origin, ParcelRef};
use crate::id::{CustomerId, EffectId, OrderId, RunId};
use crate::order::{
    ORDER_LINES_MAX, Order, OrderSnapshot, PaymentState, RETURNS_MAX, ReturnFact, ReturnState,
};
use crate::parcel::{Checkpoint, Parcel, ParcelSnapshot, ParcelState};
use crate::shop::TrackingMode;
use jiff::{SignedDuration, Timestamp};

/// Days within which a request for data must be answered (GDPR art. 12(3): one month).
const DATA_REQUEST_DAYS: i64 = 30;

/// What a parcel looked like before an event.
struct ParcelBefore {
    state: ParcelState,
    shipped: bool,
}

impl ParcelBefore {
    fn of(parcel: &Parcel) -> Self {
        ParcelBefore {
            state: parcel.state,
            shipped: is_shipped(parcel),
        }
    }
}

fn is_shipped(parcel: &Parcel) -> bool {
    !parcel.snapshot.cancelled
        && (parcel.snapshot.shipped_at.is_some()
            || parcel.state.is_under_way()
            || parcel.state.is_possession())
}

impl World<'_> {
    /// Applies one arrival to the facts and says what happened by it.
    pub(super) fn apply(&mut self, arrival: Arrival) -> Vec<Happening> {
        self.begin(arrival.fresh);
        self.count("events.received", arrival.event.kind(), 1);
        let mut out = Vec::new();
        match &arrival.event {
            Event::OrderUpdated { order } => self.order_updated(&arrival, order, &mut out),
            Event::OrderCancelled { order } => {
                self.on_order(&arrival, order, &mut out, |world, order, out| {
                    world.cancelled(order, &arrival, out);
                })
            }
            Event::OrderRefunded { order, refunded } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    let Some(order) = world.loaded.orders.get_mut(&id) else {
                        return;
                    };
                    let mut told = order.snapshot.clone();
                    // Shops tell a refund alone or the whole order, in any order: what went back never becomes less.
                    let more = told
                        .refunded
                        .is_none_or(|known| known.cents < refunded.cents);
                    if !more {
                        return;
                    }
                    told.refunded = Some(*refunded);
                    told.updated_at = told.updated_at.max(arrival.occurred_at);
                    told.payment = if refunded.cents >= told.total.cents {
                        PaymentState::Refunded
                    } else {
                        PaymentState::PartiallyRefunded
                    };
                    world.retell(id, told, &arrival, out);
                })
            }
            Event::ParcelUpdated { order, parcel } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    world.parcel_updated(id, parcel, &arrival, out);
                })
            }
            Event::ParcelScanned { parcel, checkpoint } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.scanned(id, told, checkpoint.clone(), &arrival, out);
                });
            }
            Event::ParcelScanRevoked {
                parcel,
                state,
                scanned_at,
            } => {
                self.on_parcel(&arrival, parcel, &mut out, |world, id, told, out| {
                    world.change_parcel(id, told, &arrival, out, |parcel, known_at| {
                        parcel.revoke(*state, *scanned_at, known_at)
                    });
                });
            }
            Event::ReturnUpdated {
                order,
                return_id,
                state,
            } => {
                self.on_order(&arrival, order, &mut out, |world, id, out| {
                    world.returned(id, return_id, *state, &arrival, out);
                });
            }
            Event::CartUpdated { cart } => self.cart_updated(&arrival, cart, &mut out),
            Event::CartRemoved { cart } => {
                if let Some(known) = self.loaded.carts.get_mut(cart) {
                    known.removed = true;
                    let customer = known.customer_id;
                    self.carts.insert(cart.clone());
                    out.push(happening(&arrival, Moment::CartRemoved, customer).about_cart(cart));
                }
            }
            Event::CustomerUpdated { person, consents } => match self.person(person) {
                Some(id) => self.acts(id, consents, &arrival, &mut out),
                None => self.unusable(&arrival, "the person has no e-mail, phone or customer id"),
            },
            Event::CustomerMerged { into, from } => {
                if let (Some(into), Some(from)) = (self.find(into), self.find(from))
                    && into != from
                {
                    self.merge(from, into);
                }
            }
            Event::ConsentChanged { person, acts } => {
                let told = crate::customer::PersonDetails {
                    who: person.clone(),
                    ..Default::default()
                };
                match self.person(&told) {
                    Some(id) => self.acts(id, acts, &arrival, &mut out),
                    None => {
                        self.unusable(&arrival, "the person has no e-mail, phone or customer id")
                    }
                }
            }
            Event::PreferencesChanged { customer, acts } => {
                if self.loaded.customers.contains_key(customer) {
                    self.acts(*customer, acts, &arrival, &mut out);
                } else {
                    self.unusable(&arrival, "the person of this link is not known any more");
                }
            }
            Event::DataRequested { person } => self.data_requested(person, &arrival),
            Event::CustomerForgotten { person } => self.forgotten(person),
            Event::ShopForgotten {} => self.writes.shop_forgotten = true,
            Event::ShopDisconnected {} => self.writes.disconnected = true,
            Event::ProductUpdated { product } => self.writes.products.push(product.clone()),
            Event::ProductRemoved { product } => self.writes.products_removed.push(product.clone()),
            Event::MessageOpened { message, by } => self.opened(*message, *by, &arrival, &mut out),
            Event::MessageClicked { message, by, .. } => {
                self.clicked(*message, *by, &arrival, &mut out)
            }
            Event::MessageReplied { message } => self.replied(*message, &arrival, &mut out),
            Event::MessageBounced { message, kind } => self.bounced(*message, *kind, &arrival),
            Event::MessageComplained { message } => self.complained(*message, &arrival, &mut out),
            Event::MessageHeldBack { message } => {
                if let Some(customer) = self.owner(*message)
                    && let Some(person) = self.loaded.customers.get_mut(&customer)
                {
                    person.unremember(*message);
                    self.customers.insert(customer);
                }
            }
            Event::ReminderRequested { message } => {
                if let Some(customer) = self.owner(*message) {
                    out.push(
                        happening(&arrival, Moment::ReminderRequested, customer)
                            .about_message(*message),
                    );
                }
            }
        }
        out
    }

    // ---- orders ------------------------------------------------------------------------------------------------------

    /// Runs `act` on the order with this platform id, or parks the arrival until the order is known.
    fn on_order(
        &mut self,
        arrival: &Arrival,
        external_id: &str,
        out: &mut Vec<Happening>,
        act: impl FnOnce(&mut Self, OrderId, &mut Vec<Happening>),
    ) {
        match self.loaded.order_ids.get(external_id) {
            Some(&id) => act(self, id, out),
            None => {
                self.count("events.waiting", arrival.event.kind(), 1);
                self.writes
                    .parked
                    .push((arrival.clone(), WaitsFor::Order(external_id.to_owned())));
            }
        }
    }

    fn order_updated(&mut self, arrival: &Arrival, told: &OrderSnapshot, out: &mut Vec<Happening>) {
        if told.lines.len() > ORDER_LINES_MAX {
            let why = format!(
                "the order has {} lines; at most {ORDER_LINES_MAX} can be taken in",
                told.lines.len()
            );
            return self.unusable(arrival, &why);
        }
        let mut told = told.clone();
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

    fn first_told(&mut self, mut told: OrderSnapshot, arrival: &Arrival, out: &mut Vec<Happening>) {
        if told.person.who.keys().is_empty() {
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
        let order = Order {
            id,
            customer_id,
            snapshot: told,
            tracked: Vec::new(),
            returns: Vec::new(),
            delivered_at: None,
            entered: Default::default(),
            counted: false,
        };
        let snapshot = order.snapshot.clone();
        self.loaded
            .order_ids
            .insert(snapshot.external_id.clone(), id);
        self.loaded.orders.insert(id, order);
        self.orders.insert(id);
        self.count("orders.placed", "", 1);
        self.count(
            "orders.placed_cents",
            snapshot.total.currency.code(),
            snapshot.total.cents,
        );
        if let Some(person) = self.loaded.customers.get_mut(&customer_id) {
            person.active_at = person.active_at.max(Some(snapshot.placed_at));
            self.customers.insert(customer_id);
        }
        let arrival = &quiet_if_test(arrival, &snapshot);
        let base = happening(arrival, Moment::OrderPlaced, customer_id).about_order(id);
        if snapshot.cancelled_at.is_none() && snapshot.payment != PaymentState::Voided {
            // The order is as old as its placing, however late it is told.
            out.push(Happening {
                occurred_at: snapshot.placed_at.min(arrival.occurred_at),
                ..base.clone()
            });
            if snapshot.payment.is_sale() {
                out.push(Happening {
                    moment: Moment::OrderPaid,
                    ..base
                });
            }
        }
        self.sale(id);
        self.close_cart(&snapshot, customer_id, arrival, out);
        self.redeem(&snapshot);
        for parcel in &parcels {
            self.parcel_updated(id, parcel, arrival, out);
        }
    }

    /// A further telling of a known order: older ones change nothing.
    fn retell(
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
            self.count("events.stale", arrival.event.kind(), 1);
            return;
        }
        let parcels = std::mem::take(&mut told.parcels);
        let before = std::mem::replace(&mut order.snapshot, told.clone());
        // What earlier tellings knew and this one leaves out stays known.
        let now = &mut order.snapshot;
        now.soft_spam_notice = now
            .soft_spam_notice
            .take()
            .or(before.soft_spam_notice.clone());
        now.cart_id = now.cart_id.take().or(before.cart_id.clone());
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
        let (delivered, customer_id, snapshot) = (
            order.delivered_at,
            order.customer_id,
            order.snapshot.clone(),
        );
        self.orders.insert(id);
        let arrival = &quiet_if_test(arrival, &snapshot);
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
        if snapshot.person != before.person && !snapshot.person.who.keys().is_empty() {
            match self.person(&snapshot.person) {
                Some(owner) if owner != customer_id => self.hand_over(id, owner),
                _ => {}
            }
        }
        self.sale(id);
        self.redeem(&snapshot);
        self.delivery_change(id, was_delivered, delivered, arrival, out);
        for parcel in &parcels {
            self.parcel_updated(id, parcel, arrival, out);
        }
    }

    /// Gives an order, with its runs, to another person.
    fn hand_over(&mut self, id: OrderId, owner: CustomerId) {
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

    fn cancelled(&mut self, id: OrderId, arrival: &Arrival, out: &mut Vec<Happening>) {
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
    fn sale(&mut self, id: OrderId) {
        let Some(order) = self.loaded.orders.get(&id) else {
            return;
        };
        let is_sale = order.stands() && order.snapshot.payment.is_sale();
        match (is_sale, order.counted) {
            (true, false) => self.count_sale(id),
            (false, true) => self.uncount(id),
            _ => {}
        }
    }

    fn count_sale(&mut self, id: OrderId) {
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
        self.count("sales.cents", currency.code(), cents);
    }

    fn uncount(&mut self, id: OrderId) {
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
        self.count("sales.orders", "", -1);
        self.count("sales.cents", currency.code(), -cents);
    }

    fn groups_of(&self, id: OrderId) -> Vec<String> {
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

    fn redeem(&mut self, told: &OrderSnapshot) {
        for code in &told.discount_codes {
            self.writes
                .coupons_redeemed
                .push((code.to_uppercase(), told.placed_at));
        }
    }

    fn close_cart(
        &mut self,
        told: &OrderSnapshot,
        customer: CustomerId,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(id) = &told.cart_id else { return };
        let Some(cart) = self.loaded.carts.get_mut(id) else {
            return;
        };
        if cart.snapshot.completed_at.is_none() {
            cart.snapshot.completed_at = Some(told.placed_at);
            let owner = cart.customer_id;
            self.carts.insert(id.clone());
            out.push(happening(arrival, Moment::CartCompleted, owner).about_cart(id));
            if owner != customer {
                out.push(happening(arrival, Moment::CartCompleted, customer).about_cart(id));
            }
        }
    }

    fn returned(
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

    // ---- parcels -----------------------------------------------------------------------------------------------------

    /// Runs `act` on the parcel's order, or parks the arrival until the order or the number is known.
    fn on_parcel(
        &mut self,
        arrival: &Arrival,
        parcel: &ParcelRef,
        out: &mut Vec<Happening>,
        act: impl FnOnce(&mut Self, OrderId, &ParcelSnapshot, &mut Vec<Happening>),
    ) {
        let by_order = parcel
            .order
            .as_ref()
            .and_then(|o| self.loaded.order_ids.get(o));
        let by_number = parcel
            .number
            .as_ref()
            .and_then(|n| self.loaded.parcel_numbers.get(n));
        let told = ParcelSnapshot {
            external_id: parcel.external_id.clone(),
            number: parcel.number.clone(),
            carrier: parcel.carrier.clone(),
            ..ParcelSnapshot::default()
        };
        match by_order.or(by_number).copied() {
            Some(id) => act(self, id, &told, out),
            None => {
                let waits = match (&parcel.order, &parcel.number) {
                    (Some(order), _) => WaitsFor::Order(order.clone()),
                    (None, Some(number)) => WaitsFor::ParcelNumber(number.clone()),
                    (None, None) => {
                        return self.unusable(
                            arrival,
                            "the parcel has neither an order nor a tracking number",
                        );
                    }
                };
                self.count("events.waiting", arrival.event.kind(), 1);
                self.writes.parked.push((arrival.clone(), waits));
            }
        }
    }

    fn parcel_updated(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        self.change_parcel(id, told, arrival, out, |parcel, _| {
            let before = parcel.snapshot.clone();
            let known = &mut parcel.snapshot;
            macro_rules! take {
                ($($field:ident),*) => {$( if told.$field.is_some() { known.$field = told.$field.clone(); } )*};
            }
            take!(external_id, carrier, number, url, shipped_at, expected_on);
            if !told.lines.is_empty() {
                known.lines = told.lines.clone();
            }
            known.cancelled |= told.cancelled;
            *known != before
        });
    }

    fn scanned(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        scan: Checkpoint,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        self.count("parcels.scans", scan.state.as_str(), 1);
        self.change_parcel(id, told, arrival, out, |parcel, known_at| {
            parcel.learn(scan, known_at)
        });
    }

    /// Changes one parcel and says what happened to it and its order thereby.
    fn change_parcel(
        &mut self,
        id: OrderId,
        told: &ParcelSnapshot,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
        change: impl FnOnce(&mut Parcel, Timestamp) -> bool,
    ) {
        let known_at = arrival.known_at;
        let Some(order) = self.loaded.orders.get_mut(&id) else {
            return;
        };
        let count = order.tracked.len();
        let was_delivered = order.delivered_at;
        let Some(parcel) = order.parcel_mut(told) else {
            return self.unusable(
                arrival,
                "the order has more parcels than can be kept for one order",
            );
        };
        let is_new = usize::from(parcel.seq) == count;
        let before = if is_new {
            ParcelBefore {
                state: ParcelState::Unknown,
                shipped: false,
            }
        } else {
            ParcelBefore::of(parcel)
        };
        let number_before = if is_new {
            None
        } else {
            parcel.snapshot.number.clone()
        };
        let changed = change(parcel, known_at);
        if !changed && !is_new {
            return;
        }
        let (seq, state, shipped) = (parcel.seq, parcel.state, is_shipped(parcel));
        let number = parcel.snapshot.number.clone();
        order.settle();
        let (delivered, customer) = (order.delivered_at, order.customer_id);
        let quiet = quiet_if_test(arrival, &order.snapshot);
        self.orders.insert(id);
        if let Some(number) = number
            && number_before.as_ref() != Some(&number)
        {
            self.loaded.parcel_numbers.insert(number.clone(), id);
            self.writes.parcel_numbers.push((number, id));
        }
        let base = happening(&quiet, Moment::ParcelShipped, customer)
            .about_order(id)
            .about_parcel(seq);
        if shipped && !before.shipped && !state.is_possession() {
            self.count("parcels.shipped", "", 1);
            out.push(base.clone());
        }
        if state != before.state {
            if before.state.is_possession() && !state.is_possession() {
                self.count("parcels.delivery_revoked", "", 1);
                out.push(Happening {
                    moment: Moment::ParcelDeliveryRevoked,
                    ..base.clone()
                });
            }
            if let Some(moment) = moment_of(state)
                && !(before.state.is_possession() && state.is_possession())
            {
                self.count("parcels.moments", state.as_str(), 1);
                out.push(Happening { moment, ..base });
            }
        }
        self.delivery_change(id, was_delivered, delivered, &quiet, out);
    }

    fn delivery_change(
        &mut self,
        id: OrderId,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.loaded.orders.get(&id).map(|o| o.customer_id) else {
            return;
        };
        let base = happening(arrival, Moment::OrderDelivered, customer).about_order(id);
        match (before, after) {
            (None, Some(at)) => {
                self.count("orders.delivered", "", 1);
                out.push(Happening {
                    occurred_at: at,
                    ..base
                });
            }
            (Some(_), None) => out.push(Happening {
                moment: Moment::OrderDeliveryRevoked,
                ..base
            }),
            _ => {}
        }
    }

    // ---- carts and people ----------------------------------------------------------------------------------------------

    fn cart_updated(&mut self, arrival: &Arrival, told: &CartSnapshot, out: &mut Vec<Happening>) {
        let Some(customer_id) = self.person(&told.person) else {
            return self.unusable(arrival, "the cart has no e-mail, phone or customer id yet");
        };
        let mut told = told.clone();
        told.lines.truncate(CART_LINES_MAX);
        let id = told.external_id.clone();
        let was_open = match self.loaded.carts.get_mut(&id) {
            Some(known)
                if told.updated_at <= known.snapshot.updated_at && told.completed_at.is_none() =>
            {
                self.count("events.stale", arrival.event.kind(), 1);
                return;
            }
            Some(known) => {
                let was_open = known.is_open();
                told.completed_at = told.completed_at.or(known.snapshot.completed_at);
                known.snapshot = told;
                known.customer_id = customer_id;
                was_open
            }
            None => {
                let cart = Cart {
                    customer_id,
                    snapshot: told,
                    removed: false,
                    reminders: 0,
                    entered: Default::default(),
                };
                self.loaded.carts.insert(id.clone(), cart);
                self.count("carts.begun", "", 1);
                true
            }
        };
        self.carts.insert(id.clone());
        let open = self.loaded.carts.get(&id).is_some_and(Cart::is_open);
        let base = happening(arrival, Moment::CartUpdated, customer_id).about_cart(&id);
        if open {
            out.push(base);
        } else if was_open {
            out.push(Happening {
                moment: Moment::CartCompleted,
                ..base
            });
        }
    }

    fn acts(
        &mut self,
        id: CustomerId,
        acts: &[ConsentAct],
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let (given, withdrawn) = self.consent(id, acts, arrival.occurred_at, arrival);
        let base = happening(arrival, Moment::ConsentGiven, id);
        if given {
            out.push(base.clone());
        }
        if withdrawn {
            out.push(Happening {
                moment: Moment::ConsentWithdrawn,
                ..base
            });
        }
    }

    fn data_requested(&mut self, person: &PersonRef, arrival: &Arrival) {
        let Some(customer) = self.find(person) else {
            return self.unusable(arrival, "nobody with this e-mail, phone or customer id is known: answer that nothing is stored");
        };
        let due_at = arrival
            .occurred_at
            .checked_add(SignedDuration::from_hours(24 * DATA_REQUEST_DAYS))
            .ok();
        self.task(
            customer,
            None,
            "data_request",
            "Richiesta di accesso ai dati: esporta e rispondi",
            due_at,
        );
    }

    fn task(
        &mut self,
        customer_id: CustomerId,
        order_id: Option<OrderId>,
        kind: &str,
        title: &str,
        due_at: Option<Timestamp>,
    ) {
        let Some(effect) = self.next_id().map(|id| EffectId::derive(RunId(id), 0, 0)) else {
            return;
        };
        let task = OpenTask {
            kind: kind.to_owned(),
            title: title.to_owned(),
            due_at,
            promo: false,
        };
        self.count("tasks.opened", kind, 1);
        self.writes.tasks.push(Task {
            effect,
            customer_id,
            order_id,
            opened_at: self.now,
            task,
        });
    }

    fn forgotten(&mut self, person: &PersonRef) {
        let Some(id) = self.find(person) else { return };
        self.writes.forgotten.push(id);
        self.count("customers.forgotten", "", 1);
        let runs: Vec<RunId> = self
            .loaded
            .runs
            .values()
            .filter(|r| r.customer_id == id)
            .map(|r| r.id)
            .collect();
        for run in runs {
            self.close(run, crate::journey::CloseReason::Gone);
        }
    }

    // ---- messages ------------------------------------------------------------------------------------------------------

    fn owner(&self, message: EffectId) -> Option<CustomerId> {
        self.loaded.messages.get(&message).map(|m| m.customer_id)
    }

    /// Whether a hit on this message may be recorded for its person: identified when it left, and still agreed now
    /// (PRIV-10: the mode is rechecked on each hit).
    fn measured(&self, message: EffectId, topic: Topic) -> Option<CustomerId> {
        let message = self.loaded.messages.get(&message)?;
        let grant = message.grant.as_ref()?;
        let mode = if topic == Topic::TrackingOpen {
            grant.tracking_open
        } else {
            grant.tracking_click
        };
        let person = self.loaded.customers.get(&message.customer_id)?;
        (mode == TrackingMode::Identified && person.consents.agreed(topic, None))
            .then_some(message.customer_id)
    }

    fn opened(
        &mut self,
        message: EffectId,
        by: Actor,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.measured(message, Topic::TrackingOpen) else {
            return;
        };
        self.count("messages.opens", actor(by), 1);
        if by == Actor::Human {
            self.writes
                .marks
                .push((message, MessageMark::Opened(arrival.occurred_at)));
            self.alive(customer, arrival.occurred_at);
            out.push(happening(arrival, Moment::MessageOpened, customer).about_message(message));
        }
    }

    fn clicked(
        &mut self,
        message: EffectId,
        by: Actor,
        arrival: &Arrival,
        out: &mut Vec<Happening>,
    ) {
        let Some(customer) = self.measured(message, Topic::TrackingClick) else {
            return;
        };
        self.count("messages.clicks", actor(by), 1);
        if by == Actor::Human {
            self.writes
                .marks
                .push((message, MessageMark::Clicked(arrival.occurred_at)));
            self.alive(customer, arrival.occurred_at);
            out.push(happening(arrival, Moment::MessageClicked, customer).about_message(message));
        }
    }

    fn replied(&mut self, message: EffectId, arrival: &Arrival, out: &mut Vec<Happening>) {
        let Some(customer) = self.owner(message) else {
            return;
        };
        self.count("messages.replies", "", 1);
        self.alive(customer, arrival.occurred_at);
        out.push(happening(arrival, Moment::MessageReplied, customer).about_message(message));
    }

    fn alive(&mut self, customer: CustomerId, at: Timestamp) {
        if let Some(person) = self.loaded.customers.get_mut(&customer)
            && person.active_at < Some(at)
        {
            person.active_at = Some(at);
            self.customers.insert(customer);
        }
    }

    fn bounced(&mut self, message: EffectId, kind: BounceKind, arrival: &Arrival) {
        let Some(known) = self.loaded.messages.get(&message) else {
            return;
        };
        let (customer, order, purpose) = (known.customer_id, known.order_id, known.send.purpose);
        let (name, suppress) = match kind {
            BounceKind::HardAddress => ("hard_address", true),
            BounceKind::DeadNumber => ("dead_number", true),
            BounceKind::SoftMailbox => ("soft_mailbox", false),
            BounceKind::BlockPolicy => ("block_policy", false),
            BounceKind::Content => ("content", false),
        };
        self.count("messages.bounced", name, 1);
        self.writes.marks.push((
            message,
            MessageMark::Bounced(arrival.occurred_at, name.to_owned()),
        ));
        if suppress && let Some(person) = self.loaded.customers.get_mut(&customer) {
            if kind == BounceKind::DeadNumber {
                person.suppression.phone_dead_at = Some(arrival.occurred_at);
            } else {
                person.suppression.hard_bounced_at = Some(arrival.occurred_at);
            }
            self.customers.insert(customer);
        }
        if purpose == Purpose::Legal && suppress {
            self.task(
                customer,
                order,
                "bounced_legal",
                "Una comunicazione dovuta per legge è tornata indietro: trova un altro recapito",
                None,
            );
        }
    }

    fn complained(&mut self, message: EffectId, arrival: &Arrival, out: &mut Vec<Happening>) {
        let Some(customer) = self.owner(message) else {
            return;
        };
        self.count("messages.complaints", "", 1);
        if let Some(person) = self.loaded.customers.get_mut(&customer) {
            person.suppression.complained_at = Some(arrival.occurred_at);
            self.customers.insert(customer);
        }
        let act = |topic| ConsentAct {
            topic,
            channel: None,
            state: ConsentState::Objected,
            source: ConsentSource::Complaint,
            text_version: None,
            form: None,
            language: None,
            proof: None,
        };
        self.acts(
            customer,
            &[act(Topic::Marketing), act(Topic::MarketingSimilar)],
            arrival,
            out,
        );
    }
}

/// The moment that a parcel's state is for journeys.
fn moment_of(state: ParcelState) -> Option<Moment> {
    match state {
        ParcelState::OutForDelivery => Some(Moment::ParcelOutForDelivery),
        ParcelState::AttemptFailed => Some(Moment::ParcelAttemptFailed),
        ParcelState::HeldAtDepot => Some(Moment::ParcelHeld),
        ParcelState::ReadyForPickup => Some(Moment::ParcelReadyForPickup),
        ParcelState::Delivered | ParcelState::Collected => Some(Moment::ParcelDelivered),
        ParcelState::Refused | ParcelState::Returning | ParcelState::Returned => {
            Some(Moment::ParcelReturned)
        }
        ParcelState::Lost => Some(Moment::ParcelLost),
        ParcelState::Unknown
        | ParcelState::Announced
        | ParcelState::PickedUp
        | ParcelState::InTransit
        | ParcelState::Customs
        | ParcelState::AtDepot
        | ParcelState::Cancelled
        | ParcelState::Expired => None,
    }
}

fn actor(by: Actor) -> &'static str {
    match by {
        Actor::Human => "human",
        Actor::Proxy => "proxy",
        Actor::Machine => "machine",
        Actor::Unknown => "unknown",
    }
}

/// A test order of the platform moves facts and starts no message, like an import.
fn quiet_if_test(arrival: &Arrival, told: &OrderSnapshot) -> Arrival {
    let mut arrival = arrival.clone();
    if told.test {
        arrival.origin = Origin::Import;
    }
    arrival
}

fn happening(arrival: &Arrival, moment: Moment, customer: CustomerId) -> Happening {
    Happening {
        moment,
        occurred_at: arrival.occurred_at,
        origin: arrival.origin,
        customer,
        order: None,
        parcel: None,
        cart: None,
        message: None,
    }
}

impl Happening {
    fn about_order(self, order: OrderId) -> Self {
        Happening {
            order: Some(order),
            ..self
        }
    }

    fn about_parcel(self, parcel: u16) -> Self {
        Happening {
            parcel: Some(parcel),
            ..self
        }
    }

    fn about_cart(self, cart: &str) -> Self {
        Happening {
            cart: Some(cart.to_owned()),
            ..self
        }
    }

    fn about_message(self, message: EffectId) -> Self {
        Happening {
            message: Some(message),
            ..self
        }
    }
}
