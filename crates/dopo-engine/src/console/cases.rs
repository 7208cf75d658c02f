//! The case that a reported problem opened: open until somebody marks its task as done.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::effect::OpenTask;
use dopo_core::id::ShopId;
use dopo_core::order::Order;

/// Open tasks about one order that are looked at, the newest.
const OPEN_TASKS_MAX: usize = 200;

impl Engine {
    /// What is still to be done about an order of which a problem was reported, for the gate's word about its page; of
    /// another order nothing is read.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_cases(
        &self,
        shop: ShopId,
        order: &Order,
    ) -> Result<Vec<OpenTask>, StoreError> {
        if order.problems.is_empty() {
            return Ok(Vec::new());
        }
        let store = &self.store;
        let rows = store
            .open_tasks_about(shop, order.id, OPEN_TASKS_MAX)
            .await?;
        Ok(rows.into_iter().map(|row| row.task.task).collect())
    }
}
