//! The console's half of the store port: each method handed to the writer or to a reader.

pub(crate) mod acts;
pub(crate) mod at_risk;
pub(crate) mod listed;
pub(crate) mod lists;
pub(crate) mod named;
pub(crate) mod places;
pub(crate) mod risks;
pub(crate) mod team;
pub(crate) mod webhooks;

use crate::load::standing_id;
use crate::queue;
use crate::store::SqliteStore;
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
impl ConsoleStore for SqliteStore {
    async fn list_customers(
        &self,
        shop: ShopId,
        filter: &CustomerFilter,
        limit: usize,
    ) -> Result<Vec<Customer>, StoreError> {
        let filter = filter.clone();
        self.read(move |c| lists::customers(c, shop, &filter, limit))
            .await
    }

    async fn list_orders(
        &self,
        shop: ShopId,
        filter: &OrderFilter,
        limit: usize,
    ) -> Result<Vec<(Order, Customer)>, StoreError> {
        let filter = filter.clone();
        self.read(move |c| lists::orders(c, shop, &filter, limit))
            .await
    }

    async fn orders_at_risk(
        &self,
        shop: ShopId,
        after: Option<(i64, OrderId)>,
        limit: usize,
    ) -> Result<(Vec<AtRisk>, u64), StoreError> {
        self.read(move |c| risks::worst(c, shop, after, limit))
            .await
    }

    async fn count_at_risk(&self, shop: ShopId, provinces: &[String]) -> Result<u64, StoreError> {
        let provinces = provinces.to_vec();
        self.read(move |c| at_risk::count(c, shop, &provinces))
            .await
    }

    async fn count_waiting(&self, shop: ShopId, now: Timestamp) -> Result<(u64, u64), StoreError> {
        self.read(move |c| queue::waiting(c, shop, now)).await
    }

    async fn list_messages(
        &self,
        shop: ShopId,
        query: &MessageQuery,
        limit: usize,
    ) -> Result<Vec<MessageLine>, StoreError> {
        let query = query.clone();
        self.read(move |c| lists::messages(c, shop, &query, limit))
            .await
    }

    async fn list_runs(
        &self,
        shop: ShopId,
        journey: &str,
        step: Option<&str>,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<(Run, Customer)>, StoreError> {
        let (journey, step) = (journey.to_owned(), step.map(str::to_owned));
        self.read(move |c| lists::runs(c, shop, &journey, step.as_deref(), before, limit))
            .await
    }

    async fn named(
        &self,
        shop: ShopId,
        people: &[CustomerId],
        orders: &[OrderId],
    ) -> Result<Named, StoreError> {
        let (people, orders) = (people.to_vec(), orders.to_vec());
        self.read(move |c| named::named(c, shop, &people, &orders))
            .await
    }

    async fn list_inbox(
        &self,
        shop: ShopId,
        status: Option<InboxStatus>,
        source: Option<&str>,
        before: Option<InboxId>,
        limit: usize,
    ) -> Result<Vec<InboxRow>, StoreError> {
        let source = source.map(str::to_owned);
        self.read(move |c| lists::inbox(c, shop, status, source.as_deref(), before, limit))
            .await
    }

    async fn source_health(&self, shop: ShopId) -> Result<Vec<SourceHealth>, StoreError> {
        self.read(move |c| lists::source_health(c, shop)).await
    }

    async fn orders_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Order>, StoreError> {
        self.read(move |c| lists::orders_of(c, shop, customer, limit))
            .await
    }

    async fn runs_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError> {
        self.read(move |c| lists::runs_of(c, shop, customer, limit))
            .await
    }

    async fn resolve_customer(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<CustomerId, StoreError> {
        self.read(move |c| standing_id(c, shop, customer)).await
    }

    async fn merged_into(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<CustomerId>, StoreError> {
        self.read(move |c| lists::merged_into(c, shop, customer))
            .await
    }

    async fn add_note(&self, shop: ShopId, note: &NoteRow) -> Result<i64, StoreError> {
        let note = note.clone();
        self.write(move |c| acts::add_note(c, shop, &note)).await
    }

    async fn notes_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<NoteRow>, StoreError> {
        self.read(move |c| acts::notes_of(c, shop, customer, limit))
            .await
    }

    async fn delete_note(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        self.write(move |c| acts::delete_note(c, shop, id)).await
    }

    async fn add_task(
        &self,
        shop: ShopId,
        task: &dopo_core::advance::Task,
    ) -> Result<(), StoreError> {
        let task = task.clone();
        self.write(move |c| acts::add_task(c, shop, &task)).await
    }

    async fn set_task_done(
        &self,
        shop: ShopId,
        task: EffectId,
        done_at: Option<Timestamp>,
    ) -> Result<Option<bool>, StoreError> {
        self.write(move |c| acts::set_task_done(c, shop, task, done_at))
            .await
    }

    async fn tasks_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read(move |c| lists::tasks_of(c, shop, customer, limit))
            .await
    }

    async fn open_tasks_about(
        &self,
        shop: ShopId,
        order: OrderId,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.read(move |c| lists::open_tasks_about(c, shop, order, limit))
            .await
    }

    async fn views(&self, shop: ShopId, user: Option<i64>) -> Result<Vec<ViewRow>, StoreError> {
        self.read(move |c| acts::views(c, shop, user)).await
    }

    async fn add_view(&self, shop: ShopId, view: &ViewRow) -> Result<i64, StoreError> {
        let view = view.clone();
        self.write(move |c| acts::add_view(c, shop, &view)).await
    }

    async fn delete_view(
        &self,
        shop: ShopId,
        id: i64,
        user: Option<i64>,
    ) -> Result<bool, StoreError> {
        self.write(move |c| acts::delete_view(c, shop, id, user))
            .await
    }

    async fn add_audit(&self, shop: ShopId, row: &AuditRow) -> Result<(), StoreError> {
        let row = row.clone();
        self.write(move |c| acts::add_audit(c, shop, &row)).await
    }

    async fn audit(
        &self,
        shop: ShopId,
        action: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let action = action.map(str::to_owned);
        self.read(move |c| acts::audit(c, shop, action.as_deref(), before, limit))
            .await
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        self.read(team::count_users).await
    }

    async fn user_by_id(&self, user: i64) -> Result<Option<UserRow>, StoreError> {
        self.read(move |c| team::user_by_id(c, user)).await
    }

    async fn members(&self, shop: ShopId) -> Result<Vec<Member>, StoreError> {
        self.read(move |c| team::members(c, shop)).await
    }

    async fn role_in(&self, shop: ShopId, user: i64) -> Result<Option<String>, StoreError> {
        self.read(move |c| team::role_in(c, shop, user)).await
    }

    async fn set_member(
        &self,
        shop: ShopId,
        user: i64,
        role: Option<&str>,
    ) -> Result<(), StoreError> {
        let role = role.map(str::to_owned);
        self.write(move |c| team::set_member(c, shop, user, role.as_deref()))
            .await
    }

    async fn set_password(
        &self,
        user: i64,
        password_hash: &str,
        keep: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let (password_hash, keep) = (password_hash.to_owned(), keep.map(<[u8]>::to_vec));
        self.write(move |c| team::set_password(c, user, &password_hash, keep.as_deref()))
            .await
    }

    async fn end_sessions(&self, user: i64) -> Result<(), StoreError> {
        self.write(move |c| team::end_sessions(c, user)).await
    }

    async fn add_passkey(&self, passkey: &PasskeyRow) -> Result<(), StoreError> {
        let passkey = passkey.clone();
        self.write(move |c| team::add_passkey(c, &passkey)).await
    }

    async fn passkeys(&self, user: i64) -> Result<Vec<PasskeyRow>, StoreError> {
        self.read(move |c| team::passkeys(c, user)).await
    }

    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<PasskeyRow>, StoreError> {
        let credential_id = credential_id.to_vec();
        self.read(move |c| team::passkey(c, &credential_id)).await
    }

    async fn use_passkey(
        &self,
        credential_id: &[u8],
        state: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (credential_id, state) = (credential_id.to_vec(), state.to_vec());
        self.write(move |c| team::use_passkey(c, &credential_id, &state, now))
            .await
    }

    async fn delete_passkey(&self, user: i64, credential_id: &[u8]) -> Result<bool, StoreError> {
        let credential_id = credential_id.to_vec();
        self.write(move |c| team::delete_passkey(c, user, &credential_id))
            .await
    }

    async fn user_of_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<UserRow>, StoreError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.read(move |c| team::user_of_identity(c, &issuer, &subject))
            .await
    }

    async fn link_identity(
        &self,
        issuer: &str,
        subject: &str,
        user: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.write(move |c| team::link_identity(c, &issuer, &subject, user, now))
            .await
    }

    async fn unlink_identities(&self, user: i64) -> Result<(), StoreError> {
        self.write(move |c| team::unlink_identities(c, user)).await
    }

    async fn api_key_by_id(&self, shop: ShopId, id: i64) -> Result<Option<ApiKeyRow>, StoreError> {
        self.read(move |c| webhooks::api_key_by_id(c, shop, id))
            .await
    }

    async fn webhooks(&self, shop: ShopId) -> Result<Vec<WebhookRow>, StoreError> {
        self.read(move |c| webhooks::webhooks(c, shop)).await
    }

    async fn save_webhook(&self, shop: ShopId, webhook: &WebhookRow) -> Result<i64, StoreError> {
        let webhook = webhook.clone();
        self.write(move |c| webhooks::save_webhook(c, shop, &webhook))
            .await
    }

    async fn delete_webhook(&self, shop: ShopId, id: i64) -> Result<bool, StoreError> {
        self.write(move |c| webhooks::delete_webhook(c, shop, id))
            .await
    }

    async fn add_deliveries(&self, deliveries: &[DeliveryRow]) -> Result<(), StoreError> {
        let deliveries = deliveries.to_vec();
        self.write(move |c| webhooks::add_deliveries(c, &deliveries))
            .await
    }

    async fn claim_deliveries(
        &self,
        to: Receivers,
        now: Timestamp,
        hidden_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        self.write(move |c| webhooks::claim_deliveries(c, to, now, hidden_until, limit))
            .await
    }

    async fn finish_deliveries(&self, outcomes: &[DeliveryOutcome]) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(move |c| webhooks::finish_deliveries(c, &outcomes))
            .await
    }

    async fn deliveries(
        &self,
        shop: ShopId,
        webhook: i64,
        status: Option<DeliveryStatus>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        self.read(move |c| webhooks::deliveries(c, shop, webhook, status, before, limit))
            .await
    }

    async fn requeue_delivery(
        &self,
        shop: ShopId,
        id: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |c| webhooks::requeue_delivery(c, shop, id, now))
            .await
    }

    async fn prune_deliveries(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(now, webhooks::prune_deliveries).await
    }

    async fn begin_backup(&self, file: &str, now: Timestamp) -> Result<i64, StoreError> {
        let file = file.to_owned();
        self.write(move |c| acts::begin_backup(c, &file, now)).await
    }

    async fn end_backup(
        &self,
        id: i64,
        now: Timestamp,
        result: Result<u64, String>,
    ) -> Result<(), StoreError> {
        self.write(move |c| acts::end_backup(c, id, now, &result))
            .await
    }

    async fn backups(&self, limit: usize) -> Result<Vec<BackupRow>, StoreError> {
        self.read(move |c| acts::backups(c, limit)).await
    }
}
