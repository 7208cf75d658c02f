//! The console's half of the store port.
#![expect(unused_variables, reason = "the queries follow")]

use crate::store::PostgresStore;
use async_trait::async_trait;
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId, InboxId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::order::Order;
use dopo_engine::ports::console::*;
use dopo_engine::ports::store::{ApiKeyRow, InboxRow, InboxStatus, StoreError, TaskRow, UserRow};
use jiff::Timestamp;

fn later<T>() -> Result<T, StoreError> {
    Err(StoreError::Rejected(
        "the console does not run on PostgreSQL yet".to_owned(),
    ))
}

#[async_trait]
impl ConsoleStore for PostgresStore {
    async fn list_customers(
        &self,
        shop: ShopId,
        filter: &CustomerFilter,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        later()
    }

    async fn list_orders(
        &self,
        shop: ShopId,
        filter: &OrderFilter,
        limit: usize,
    ) -> Result<Vec<(Order, Customer)>, StoreError> {
        later()
    }

    async fn list_messages(
        &self,
        shop: ShopId,
        query: &MessageQuery,
        limit: usize,
    ) -> Result<Vec<MessageLine>, StoreError> {
        later()
    }

    async fn list_runs(
        &self,
        shop: ShopId,
        journey: &str,
        step: Option<&str>,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<(Run, Customer)>, StoreError> {
        later()
    }

    async fn list_inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        source: Option<&str>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError> {
        later()
    }

    async fn source_health(&self, shop: ShopId) -> Result<Vec<SourceHealth>, StoreError> {
        later()
    }

    async fn orders_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        later()
    }

    async fn runs_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError> {
        later()
    }

    async fn resolve_customer(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<CustomerId, StoreError> {
        later()
    }

    async fn merged_into(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<CustomerId>, StoreError> {
        later()
    }

    async fn add_note(&self, shop: ShopId, note: &NoteRow) -> Result<i64, StoreError> {
        later()
    }

    async fn notes_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<NoteRow>, StoreError> {
        later()
    }

    async fn delete_note(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        later()
    }

    async fn add_task(
        &self,
        shop: ShopId,
        task: &dopo_core::advance::Task,
    ) -> Result<(), StoreError> {
        later()
    }

    async fn set_task_done(
        &self,
        shop: ShopId,
        task: EffectId,
        done_at: Option<Timestamp>,
    ) -> Result<Option<bool>, StoreError> {
        later()
    }

    async fn tasks_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        later()
    }

    async fn views(&self, shop: ShopId, user: Option<i64>) -> Result<Vec<ViewRow>, StoreError> {
        later()
    }

    async fn add_view(&self, shop: ShopId, view: &ViewRow) -> Result<i64, StoreError> {
        later()
    }

    async fn delete_view(
        &self,
        shop: ShopId,
        id: i64,
        user: Option<i64>,
    ) -> Result<bool, StoreError> {
        later()
    }

    async fn add_audit(&self, shop: ShopId, row: &AuditRow) -> Result<(), StoreError> {
        later()
    }

    async fn audit(
        &self,
        shop: ShopId,
        action: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        later()
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        later()
    }

    async fn user_by_id(&self, user: i64) -> Result<Option<UserRow>, StoreError> {
        later()
    }

    async fn members(&self, shop: ShopId) -> Result<Vec<Member>, StoreError> {
        later()
    }

    async fn role_in(&self, shop: ShopId, user: i64) -> Result<Option<String>, StoreError> {
        later()
    }

    async fn set_member(
        &self,
        shop: ShopId,
        user: i64,
        role: Option<&str>,
    ) -> Result<(), StoreError> {
        later()
    }

    async fn set_password(
        &self,
        user: i64,
        password_hash: &str,
        keep: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        later()
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StoreError> {
        later()
    }

    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<(), StoreError> {
        later()
    }

    async fn passkeys(&self, user: i64) -> Result<Vec<PasskeyRow>, StoreError> {
        later()
    }

    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        later()
    }

    async fn use_passkey(
        &self,
        credential_id: &[u8],
        state: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        later()
    }

    async fn delete_passkey(&self, user: i64, credential_id: &[u8]) -> Result<bool, StoreError> {
        later()
    }

    async fn api_key_by_id(&self, shop: ShopId, id: i64) -> Result<Option<ApiKeyRow>, StoreError> {
        later()
    }

    async fn webhooks(&self, shop: ShopId) -> Result<Vec<WebhookRow>, StoreError> {
        later()
    }

    async fn save_webhook(&self, shop: ShopId, webhook: &WebhookRow) -> Result<i64, StoreError> {
        later()
    }

    async fn delete_webhook(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        later()
    }

    async fn add_deliveries(&self, deliveries: &[DeliveryRow]) -> Result<(), StoreError> {
        later()
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        later()
    }

    async fn finish_deliveries(&self, outcomes: &[DeliveryOutcome]) -> Result<(), StoreError> {
        later()
    }

    async fn deliveries(
        &self,
        shop: ShopId,
        webhook: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        later()
    }

    async fn requeue_delivery(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        later()
    }

    async fn prune_deliveries(&self, now: Timestamp) -> Result<u64, StoreError> {
        later()
    }

    async fn begin_backup(&self, file: &str, now: Timestamp) -> Result<i64, StoreError> {
        later()
    }

    async fn end_backup(
        &self,
        id: i64,
        now: Timestamp,
        result: Result<u64, String>,
    ) -> Result<(), StoreError> {
        later()
    }

    async fn backups(&self, limit: usize) -> Result<Vec<BackupRow>, StoreError> {
        later()
    }
}
