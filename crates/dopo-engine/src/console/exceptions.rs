//! The board of parcels in trouble, those first that cost most. What is wrong, what is at risk and how urgent it is:
//! [`dopo_core::parcel::trouble`].

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::customer::Customer;
use dopo_core::id::ShopId;
use dopo_core::order::Order;
use dopo_core::parcel::Parcel;
use dopo_core::parcel::trouble::{Troubled, troubled};
use jiff::Timestamp;

/// Orders that are looked at, those with most at risk first.
pub const BOARD_ORDERS_MAX: usize = 1_000;
/// Orders in trouble that are counted; more are said as this many.
pub const BOARD_COUNTED_MAX: u64 = 10_000;

/// A parcel in trouble.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Of this order.
    pub order: Order,
    /// Whose.
    pub customer: Customer,
    /// Which of its parcels, and what is wrong with it.
    pub told: Troubled,
}

impl Exception {
    /// The parcel.
    pub fn parcel(&self) -> Option<&Parcel> {
        self.order.tracked.get(usize::from(self.told.seq))
    }
}

/// The parcels in trouble of an order.
fn of_order(order: &Order, customer: &Customer, now: Timestamp) -> Vec<Exception> {
    let all = troubled(order, now).into_iter().map(|told| Exception {
        told,
        order: order.clone(),
        customer: customer.clone(),
    });
    all.collect()
}

/// The board.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Parcels in trouble, those first that cost most.
    pub exceptions: Vec<Exception>,
    /// Orders that were looked at.
    pub orders: usize,
    /// Orders with a parcel in trouble, up to [`BOARD_COUNTED_MAX`].
    pub orders_all: u64,
}

impl Engine {
    /// Parcels in trouble, those first that cost most; of the [`BOARD_ORDERS_MAX`] orders with most at risk.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exceptions(&self, shop: ShopId) -> Result<Board, StoreError> {
        let (found, orders_all) = self.store.orders_at_risk(shop, BOARD_ORDERS_MAX).await?;
        let now = self.now();
        let mut exceptions: Vec<Exception> = found
            .iter()
            .flat_map(|(order, customer)| of_order(order, customer, now))
            .collect();
        exceptions.sort_by_key(|one| {
            let deadline = one.told.deadline.unwrap_or(Timestamp::MAX);
            (
                std::cmp::Reverse(one.told.weight()),
                deadline,
                one.order.id,
                one.told.seq,
            )
        });
        Ok(Board {
            exceptions,
            orders: found.len(),
            orders_all,
        })
    }
}
