//! Who an event is about: finding, making and merging people.

use super::LedgerRow;
use super::world::World;
use crate::consent::ConsentAct;
use crate::customer::{Customer, IdentityKey, IdentityKind, PersonDetails, PersonRef};
use crate::event::Arrival;
use crate::id::CustomerId;
use jiff::Timestamp;

impl World<'_> {
    /// The person these keys name, if known.
    ///
    /// The platform's id and the e-mail name a person; the phone only where neither is told or known, because families
    /// share phones. Two records named by one telling are one person and are merged.
    pub(super) fn find(&mut self, who: &PersonRef) -> Option<CustomerId> {
        self.find_by(who, &who.keys())
    }

    /// The same with the keys of `who` at hand.
    fn find_by(&mut self, who: &PersonRef, keys: &[IdentityKey]) -> Option<CustomerId> {
        let (mut strong, mut weak) = ([None; 2], None);
        for key in keys {
            let Some(&id) = self.loaded.identities.get(key) else {
                continue;
            };
            match key.kind {
                IdentityKind::ShopCustomer => strong[0] = Some(id),
                IdentityKind::Email => strong[1] = Some(id),
                IdentityKind::Phone => weak = Some(id),
            }
        }
        match strong {
            [None, None] if who.email.is_none() && who.shop_customer_id.is_none() => weak,
            [None, None] => None,
            [Some(a), Some(b)] if a != b => {
                // The older record stays.
                let (into, from) = if a < b { (a, b) } else { (b, a) };
                self.merge(from, into);
                Some(into)
            }
            [a, b] => a.or(b),
        }
    }

    /// The person these details name, made if need be, with the details taken over. `None` when nothing names anybody.
    pub(super) fn person(&mut self, told: &PersonDetails) -> Option<CustomerId> {
        if told.who.is_empty() {
            return None;
        }
        let keys = told.who.keys();
        let id = match self.find_by(&told.who, &keys) {
            Some(id) => id,
            None => {
                let id = CustomerId(self.next_id()?);
                self.loaded
                    .customers
                    .insert(id, Customer::new(id, self.now));
                self.customers.insert(id);
                self.count("customers.new", "", 1);
                self.count_person(1);
                id
            }
        };
        let customer = self.loaded.customers.get_mut(&id)?;
        if customer.learn(told) {
            self.customers.insert(id);
        }
        for key in keys {
            match self.loaded.identities.get(&key) {
                Some(owner) if *owner == id => {}
                // A shared phone stays with whoever had it first.
                Some(_) if key.kind == IdentityKind::Phone => {}
                _ => {
                    self.loaded.identities.insert(key.clone(), id);
                    self.writes.identities.push((key, id));
                }
            }
        }
        Some(id)
    }

    /// Makes two records one.
    pub(super) fn merge(&mut self, from: CustomerId, into: CustomerId) {
        let Some(gone) = self.loaded.customers.remove(&from) else {
            return;
        };
        let Some(stays) = self.loaded.customers.get_mut(&into) else {
            self.loaded.customers.insert(from, gone);
            return;
        };
        stays.absorb(gone);
        self.customers.insert(into);
        self.customers.remove(&from);
        for owner in self.loaded.identities.values_mut() {
            if *owner == from {
                *owner = into;
            }
        }
        for (_, owner) in &mut self.writes.identities {
            if *owner == from {
                *owner = into;
            }
        }
        for order in self.loaded.orders.values_mut() {
            if order.customer_id == from {
                order.customer_id = into;
            }
        }
        for cart in self.loaded.carts.values_mut() {
            if cart.customer_id == from {
                cart.customer_id = into;
            }
        }
        for run in self.loaded.runs.values_mut() {
            if run.customer_id == from {
                run.customer_id = into;
            }
        }
        for message in self.loaded.messages.values_mut() {
            if message.customer_id == from {
                message.customer_id = into;
            }
        }
        for message in &mut self.writes.messages {
            if message.customer_id == from {
                message.customer_id = into;
            }
        }
        for row in &mut self.writes.ledger {
            if row.customer_id == from {
                row.customer_id = into;
            }
        }
        for coupon in &mut self.writes.coupons {
            if coupon.customer_id == from {
                coupon.customer_id = into;
            }
        }
        for task in &mut self.writes.tasks {
            if task.customer_id == from {
                task.customer_id = into;
            }
        }
        self.writes.merges.push((from, into));
        self.count("customers.merged", "", 1);
        self.count_person(-1);
    }

    /// Writes acts into the ledger and folds them into the person's state. Returns (something given, something withdrawn).
    pub(super) fn consent(
        &mut self,
        id: CustomerId,
        acts: &[ConsentAct],
        at: Timestamp,
        arrival: &Arrival,
    ) -> (bool, bool) {
        let (mut given, mut withdrawn) = (false, false);
        for act in acts {
            let Some(row) = self.next_id() else {
                self.unusable(
                    arrival,
                    "more consents in one event than one event can carry: split it",
                );
                break;
            };
            let Some(customer) = self.loaded.customers.get_mut(&id) else {
                break;
            };
            if !customer.consents.apply(act, at, row) {
                continue;
            }
            self.customers.insert(id);
            let negative = act.state.is_negative();
            withdrawn |= negative;
            given |= !negative;
            self.writes.ledger.push(LedgerRow {
                id: row,
                customer_id: id,
                at,
                known_at: self.now,
                act: act.clone(),
            });
            let what = if negative {
                "consents.withdrawn"
            } else {
                "consents.given"
            };
            self.count(what, act.topic.as_str(), 1);
        }
        (given, withdrawn)
    }
}
