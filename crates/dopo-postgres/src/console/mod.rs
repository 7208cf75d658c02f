//! The console's half of the store port.

pub(crate) mod acts;
pub(crate) mod at_risk;
pub(crate) mod inbox;
pub(crate) mod listed;
pub(crate) mod lists;
pub(crate) mod named;
pub(crate) mod places;
pub(crate) mod risks;
pub(crate) mod team;
pub(crate) mod webhooks;

use crate::fault::Fault;
use crate::queue;
use crate::store::PostgresStore;
use async_trait::async_trait;
use dopo_core::customer::Customer;
use dopo_core::id::{CustomerId, EffectId, InboxId, OrderId, RunId, ShopId};
use dopo_core::journey::Run;
use dopo_core::order::Order;
use dopo_engine::ports::console::{
    AtRisk, AuditRow, BackupRow, ConsoleStore, CustomerFilter, DeliveryOutcome, DeliveryRow,
    DeliveryStatus, Member, MessageLine, MessageQuery, Named, NoteRow, OrderFilter, PasskeyRow,
    Receivers, SourceHealth, ViewRow, WebhookRow,
};
use dopo_engine::ports::store::{ApiKeyRow, InboxRow, InboxStatus, StoreError, TaskRow, UserRow};
use jiff::Timestamp;

#[async_trait]
impl ConsoleStore for PostgresStore {
    async fn list_customers(
        &self,
        shop: ShopId,
        filter: &CustomerFilter,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        Ok(lists::customers(&self.pool, shop, filter, limit).await?)
    }

    async fn list_orders(
        &self,
        shop: ShopId,
        filter: &OrderFilter,
        limit: usize,
    ) -> Result<Vec<(Order, Customer)>, StoreError> {
        Ok(lists::orders(&self.pool, shop, filter, limit).await?)
    }

    async fn orders_at_risk(
        &self,
        shop: ShopId,
        after: Option<(i64, OrderId)>,
        limit: usize,
    ) -> Result<(Vec<AtRisk>, u64), StoreError> {
        Ok(risks::worst(&self.pool, shop, after, limit).await?)
    }

    async fn count_at_risk(&self, shop: ShopId, provinces: &[String]) -> Result<u64, StoreError> {
        Ok(at_risk::count(&self.pool, shop, provinces).await?)
    }

    async fn count_waiting(&self, shop: ShopId, now: Timestamp) -> Result<(u64, u64), StoreError> {
        Ok(queue::waiting(&self.pool, shop, now).await?)
    }

    async fn list_messages(
        &self,
        shop: ShopId,
        query: &MessageQuery,
        limit: usize,
    ) -> Result<Vec<MessageLine>, StoreError> {
        Ok(lists::messages(&self.pool, shop, query, limit).await?)
    }

    async fn list_runs(
        &self,
        shop: ShopId,
        journey: &str,
        step: Option<&str>,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<(Run, Customer)>, StoreError> {
        Ok(lists::runs(&self.pool, shop, journey, step, before, limit).await?)
    }

    async fn named(
        &self,
        shop: ShopId,
        people: &[CustomerId],
        orders: &[OrderId],
    ) -> Result<Named, StoreError> {
        Ok(named::named(&self.pool, shop, people, orders).await?)
    }

    async fn list_inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        source: Option<&str>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError> {
        Ok(inbox::inbox(&self.pool, shop, status, source, before, limit).await?)
    }

    async fn source_health(&self, shop: ShopId) -> Result<Vec<SourceHealth>, StoreError> {
        Ok(inbox::source_health(&self.pool, shop).await?)
    }

    async fn orders_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        Ok(lists::orders_of(&self.pool, shop, customer, limit).await?)
    }

    async fn runs_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError> {
        Ok(lists::runs_of(&self.pool, shop, customer, limit).await?)
    }

    async fn resolve_customer(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<CustomerId, StoreError> {
        Ok(lists::resolve_customer(&self.pool, shop, customer).await?)
    }

    async fn merged_into(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<CustomerId>, StoreError> {
        Ok(lists::merged_into(&self.pool, shop, customer).await?)
    }

    async fn add_note(&self, shop: ShopId, note: &NoteRow) -> Result<i64, StoreError> {
        Ok(acts::add_note(self, shop, note).await?)
    }

    async fn notes_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<NoteRow>, StoreError> {
        Ok(acts::notes_of(&self.pool, shop, customer, limit).await?)
    }

    async fn delete_note(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        Ok(acts::delete_note(&self.pool, shop, id).await?)
    }

    async fn add_task(
        &self,
        shop: ShopId,
        task: &dopo_core::advance::Task,
    ) -> Result<(), StoreError> {
        Ok(acts::add_task(self, shop, task).await?)
    }

    async fn set_task_done(
        &self,
        shop: ShopId,
        task: EffectId,
        done_at: Option<Timestamp>,
    ) -> Result<Option<bool>, StoreError> {
        Ok(acts::set_task_done(self, shop, task, done_at).await?)
    }

    async fn tasks_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        Ok(lists::tasks_of(&self.pool, shop, customer, limit).await?)
    }

    async fn open_tasks_about(
        &self,
        shop: ShopId,
        order: OrderId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        Ok(lists::open_tasks_about(&self.pool, shop, order, limit).await?)
    }

    async fn views(&self, shop: ShopId, user: Option<i64>) -> Result<Vec<ViewRow>, StoreError> {
        Ok(acts::views(&self.pool, shop, user).await?)
    }

    async fn add_view(&self, shop: ShopId, view: &ViewRow) -> Result<i64, StoreError> {
        Ok(acts::add_view(self, shop, view).await?)
    }

    async fn delete_view(
        &self,
        shop: ShopId,
        id: i64,
        user: Option<i64>,
    ) -> Result<bool, StoreError> {
        Ok(acts::delete_view(&self.pool, shop, id, user).await?)
    }

    async fn add_audit(&self, shop: ShopId, row: &AuditRow) -> Result<(), StoreError> {
        Ok(acts::add_audit(&self.pool, shop, row).await?)
    }

    async fn audit(
        &self,
        shop: ShopId,
        action: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        Ok(acts::audit(&self.pool, shop, action, before, limit).await?)
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(team::count_users(&self.pool).await?)
    }

    async fn user_by_id(&self, user: i64) -> Result<Option<UserRow>, StoreError> {
        Ok(team::user_by_id(&self.pool, user).await?)
    }

    async fn members(&self, shop: ShopId) -> Result<Vec<Member>, StoreError> {
        Ok(team::members(&self.pool, shop).await?)
    }

    async fn role_in(&self, shop: ShopId, user: i64) -> Result<Option<String>, StoreError> {
        Ok(team::role_in(&self.pool, shop, user).await?)
    }

    async fn set_member(
        &self,
        shop: ShopId,
        user: i64,
        role: Option<&str>,
    ) -> Result<(), StoreError> {
        Ok(team::set_member(&self.pool, shop, user, role).await?)
    }

    async fn set_password(
        &self,
        user: i64,
        password_hash: &str,
        keep: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        Ok(team::set_password(self, user, password_hash, keep).await?)
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StoreError> {
        Ok(team::end_sessions(&self.pool, user).await?)
    }

    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<(), StoreError> {
        Ok(team::add_passkey(&self.pool, passkey).await?)
    }

    async fn passkeys(&self, user: i64) -> Result<Vec<PasskeyRow>, StoreError> {
        Ok(team::passkeys(&self.pool, user).await?)
    }

    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        Ok(team::passkey(&self.pool, credential_id).await?)
    }

    async fn use_passkey(
        &self,
        credential_id: &[u8],
        state: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(team::use_passkey(&self.pool, credential_id, state, now).await?)
    }

    async fn delete_passkey(&self, user: i64, credential_id: &[u8]) -> Result<bool, StoreError> {
        Ok(team::delete_passkey(&self.pool, user, credential_id).await?)
    }

    async fn user_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<UserRow>, StoreError> {
        Ok(team::user_of_identity(&self.pool, issuer, subject).await?)
    }

    async fn link_identity(
        &self,
        issuer: &str,
        subject: &str,
        user: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(team::link_identity(&self.pool, issuer, subject, user, now).await?)
    }

    async fn unlink_identities(&self, user: i64) -> Result<(), StoreError> {
        Ok(team::unlink_identities(&self.pool, user).await?)
    }

    async fn api_key_by_id(&self, shop: ShopId, id: i64) -> Result<Option<ApiKeyRow>, StoreError> {
        Ok(webhooks::api_key_by_id(&self.pool, shop, id).await?)
    }

    async fn webhooks(&self, shop: ShopId) -> Result<Vec<WebhookRow>, StoreError> {
        Ok(webhooks::webhooks(&self.pool, shop).await?)
    }

    async fn save_webhook(&self, shop: ShopId, webhook: &WebhookRow) -> Result<i64, StoreError> {
        Ok(webhooks::save_webhook(self, shop, webhook).await?)
    }

    async fn delete_webhook(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        Ok(webhooks::delete_webhook(self, shop, id).await?)
    }

    async fn add_deliveries(&self, deliveries: &[DeliveryRow]) -> Result<(), StoreError> {
        let mut c = self.pool.acquire().await.map_err(Fault::from)?;
        Ok(webhooks::add_deliveries(&mut c, deliveries).await?)
    }

    async fn claim_deliveries(
        &self,
        to: Receivers,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(webhooks::claim_deliveries(&self.pool, to, now, hidden_until, limit).await?)
    }

    async fn finish_deliveries(&self, outcomes: &[DeliveryOutcome]) -> Result<(), StoreError> {
        Ok(webhooks::finish_deliveries(&self.pool, outcomes).await?)
    }

    async fn deliveries(
        &self,
        shop: ShopId,
        webhook: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(webhooks::deliveries(&self.pool, shop, webhook, status, before, limit).await?)
    }

    async fn requeue_delivery(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(webhooks::requeue_delivery(&self.pool, shop, id, now).await?)
    }

    async fn prune_deliveries(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(webhooks::prune_deliveries(&self.pool, now).await?)
    }

    async fn begin_backup(&self, file: &str, now: Timestamp) -> Result<i64, StoreError> {
        Ok(acts::begin_backup(&self.pool, file, now).await?)
    }

    async fn end_backup(
        &self,
        id: i64,
        now: Timestamp,
        result: Result<u64, String>,
    ) -> Result<(), StoreError> {
        Ok(acts::end_backup(&self.pool, id, now, result).await?)
    }

    async fn backups(&self, limit: usize) -> Result<Vec<BackupRow>, StoreError> {
        Ok(acts::backups(&self.pool, limit).await?)
    }
}
