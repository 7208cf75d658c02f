//! Rights of a person: their copy, and being forgotten (GDPR art. 15, 17, 20; rule PRIV-18).

use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::ports::{PersonFile, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dopo_core::customer::{IdentityKey, IdentityKind, PersonRef};
use dopo_core::event::{Event, Origin};
use dopo_core::id::{CustomerId, ShopId};
use serde_json::{Value, json};

/// Bytes of all photos in one person's copy.
pub const EXPORT_PHOTO_BYTES_MAX: usize = 64 * 1024 * 1024;

impl Engine {
    /// Finds a person by what an operator types: an e-mail address, a phone number in E.164, or the shop's customer id.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn find_person(
        &self,
        shop: ShopId,
        typed: &str,
    ) -> Result<Option<dopo_core::customer::Customer>, StoreError> {
        for key in identity_keys(typed) {
            if let Some(found) = self.store.customer_by_key(shop, &key).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Everything stored about a person, as one JSON document; photos in base64. Of more than [`EXPORT_PHOTO_BYTES_MAX`] the
    /// later photos are only named (`base64` is null): each can be fetched by itself from its order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn export_person(
        &self,
        shop: ShopId,
        id: dopo_core::id::CustomerId,
    ) -> Result<Value, StoreError> {
        let file: PersonFile = self.store.person_file(shop, id).await?;
        let ledger: Vec<Value> = file
            .ledger
            .iter()
            .map(|row| json!({"at": row.at, "known_at": row.known_at, "evidence": row.id, "act": row.act}))
            .collect();
        let tasks: Vec<Value> = file
            .tasks
            .iter()
            .map(|row| json!({"opened_at": row.task.opened_at, "done_at": row.done_at, "task": row.task.task}))
            .collect();
        let (photos, links) = match &file.customer {
            Some(customer) => (
                self.exported_photos(shop, customer.id).await?,
                self.exported_links(shop, customer.id).await?,
            ),
            None => (Vec::new(), Vec::new()),
        };
        Ok(json!({
            "exported_at": self.now(),
            "customer": file.customer,
            "consents": ledger,
            "orders": file.orders,
            "carts": file.carts,
            "journeys": file.runs,
            "messages": file.messages,
            "coupons": file.coupons,
            "tasks": tasks,
            "photos": photos,
            "short_links": links,
        }))
    }

    /// The short links in a person's messages. Where they lead stands in the messages; their characters are not given out.
    async fn exported_links(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<Value>, StoreError> {
        let links = self.store.short_links_of(shop, customer).await?;
        Ok(links
            .iter()
            .map(|link| json!({"message": link.message, "expires_at": link.expires_at}))
            .collect())
    }

    /// The photos that a person sent, as they go into their copy.
    async fn exported_photos(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<Value>, StoreError> {
        let (mut out, mut left) = (Vec::new(), EXPORT_PHOTO_BYTES_MAX);
        for id in self.store.photo_ids(shop, customer).await? {
            let Some(photo) = self.store.photo(shop, &id).await? else {
                continue;
            };
            let bytes = match left.checked_sub(photo.bytes.len()) {
                Some(rest) => {
                    left = rest;
                    Some(STANDARD.encode(&photo.bytes))
                }
                None => None,
            };
            out.push(json!({
                "id": photo.id,
                "order": photo.order_id,
                "at": photo.at,
                "media_type": photo.media_type,
                "base64": bytes,
            }));
        }
        Ok(out)
    }

    /// Forgets a person. What the law requires to be kept stays without their name.
    ///
    /// # Errors
    /// [`IngestError`] when it could not be recorded.
    pub async fn forget_person(&self, shop: ShopId, person: PersonRef) -> Result<(), IngestError> {
        let now = self.now();
        let intake = NewIntake {
            source: "operator".to_owned(),
            external_id: format!("forget:{:032x}", self.entropy.u128()),
            topic: "customer_forgotten".to_owned(),
            body: None,
            events: vec![(now, Event::CustomerForgotten { person })],
            note: None,
            failed: false,
            origin: Origin::Live,
        };
        self.ingest(shop, vec![intake]).await?;
        Ok(())
    }
}

/// The keys under which what an operator typed may be found.
pub fn identity_keys(typed: &str) -> Vec<IdentityKey> {
    let typed = typed.trim();
    let key = |kind, value: String| IdentityKey { kind, value };
    if typed.contains('@') {
        vec![key(IdentityKind::Email, typed.to_lowercase())]
    } else {
        vec![
            key(IdentityKind::ShopCustomer, typed.to_owned()),
            key(IdentityKind::Phone, typed.to_owned()),
        ]
    }
}
