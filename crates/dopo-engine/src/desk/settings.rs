//! Settings: changed by merge patch, checked by the rules, live or in trial; shops added; a test order.

use super::checklist::Checklist;
use super::{Actor, Desk};
use crate::Engine;
use crate::intake::{IngestError, NewIntake};
use crate::library;
use crate::ports::StoreError;
use crate::render::colour::{CONTRAST_MIN, PAPER_LIGHT, accessible_accent, contrast};
use crate::tokens::Token;
use dopo_core::advance::Shop;
use dopo_core::customer::{PersonDetails, PersonRef};
use dopo_core::event::{Event, Origin};
use dopo_core::id::{OrderId, ShopId};
use dopo_core::italy::email::EmailAddress;
use dopo_core::money::{Currency, Money};
use dopo_core::order::{OrderLine, OrderSnapshot, PaymentState};
use dopo_core::shop::check::{self, FieldProblem};
use dopo_core::shop::{Seller, ShopSettings};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Longest secret of a connection, in bytes.
pub const SECRET_BYTES_MAX: usize = 16 * 1_024;
/// What a test order costs, in cents.
const TEST_ORDER_CENTS: i64 = 4_990;

/// Why a change of settings was refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was told could not be taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// Fields that cannot be used.
    #[error("some fields cannot be used")]
    Fields(Vec<FieldProblem>),
    /// Something is missing before going live.
    #[error("something is missing before the shop can go live")]
    NotReady(Box<Checklist>),
    /// The name in addresses is taken.
    #[error("there is a shop with this name already")]
    Taken,
    /// The first journeys and templates could not be published.
    #[error(transparent)]
    Library(#[from] library::LibraryError),
    /// The shop is gone.
    #[error("the shop is gone")]
    Gone,
    /// A key could not be made.
    #[error("no key could be made: {0}")]
    NoKey(String),
}

impl Engine {
    /// Seals and stores the secret of a connection, and takes it over at once.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn save_secret(
        &self,
        shop: ShopId,
        source: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let mut nonce = [0; 24];
        self.entropy.fill(&mut nonce);
        let sealed = self.key.seal(shop, nonce, secret.as_bytes());
        self.store
            .save_connection(shop, source, &sealed, self.now())
            .await?;
        self.refresh_shops().await
    }

    /// What cannot be used of changed settings although each is well formed: a host name that serves something else already,
    /// a colour on which nothing can be read. A colour that stood there before stays: pages bring it to where it can be read.
    pub fn unusable(
        &self,
        shop: ShopId,
        before: &ShopSettings,
        after: &ShopSettings,
    ) -> Vec<FieldProblem> {
        let host = after
            .pages_domain
            .as_deref()
            .filter(|host| !self.is_host_free(shop, host))
            .map(|_| check::pages_domain_taken());
        let accent = after
            .accent
            .as_deref()
            .filter(|_| after.accent != before.accent)
            .and_then(unreadable);
        host.into_iter().chain(accent).collect()
    }
}

/// The problem with a colour that white text cannot be read on, with the nearest one on which it can (A11Y-03).
fn unreadable(accent: &str) -> Option<FieldProblem> {
    let reached = contrast(accent, PAPER_LIGHT)?;
    if reached >= CONTRAST_MIN {
        return None;
    }
    let near = accessible_accent(Some(accent)).light;
    let digits = format!("{reached:.1}");
    Some(FieldProblem {
        field: "accent".to_owned(),
        code: "contrast",
        it: format!(
            "Su questo colore non si legge: il contrasto è {} a 1 e ne servono 4,5. Il più vicino che va bene è {near}.",
            digits.replace('.', ",")
        ),
        en: format!(
            "Text cannot be read on this colour: its contrast is {digits} to 1, and 4.5 is needed. The nearest that will do is {near}."
        ),
    })
}

impl Desk {
    /// Changes settings by a JSON merge patch (RFC 7396).
    ///
    /// # Errors
    /// [`SettingsError::Fields`] names every field that cannot be used, in both languages.
    pub async fn change_settings(
        &self,
        shop: &Shop,
        patch: &Map<String, Value>,
        actor: &Actor,
    ) -> Result<Arc<Shop>, SettingsError> {
        let _one_at_a_time = self.settings_lock.lock().await;
        let stored = self.stored(shop.id).await?;
        let (settings, changed) = patched(&stored.0, patch).map_err(SettingsError::Fields)?;
        // What other nodes and commands have changed counts, too.
        self.engine.refresh_shops().await?;
        let problems = self.engine.unusable(shop.id, &stored.0, &settings);
        if !problems.is_empty() {
            return Err(SettingsError::Fields(problems));
        }
        if changed.is_empty() {
            return self.engine.shop(shop.id).ok_or(SettingsError::Gone);
        }
        self.engine
            .store
            .save_shop(shop.id, &settings, stored.1)
            .await?;
        self.engine.refresh_shops().await?;
        self.audit(
            shop.id,
            actor,
            "settings.changed",
            "shop",
            json!({"fields": changed}),
        )
        .await?;
        self.engine.shop(shop.id).ok_or(SettingsError::Gone)
    }

    async fn stored(&self, shop: ShopId) -> Result<(ShopSettings, bool), SettingsError> {
        let rows = self.engine.store.shops().await?;
        let row = rows.into_iter().find(|row| row.id == shop);
        row.map(|row| (row.settings, row.disconnected))
            .ok_or(SettingsError::Gone)
    }

    /// Adds a shop in trial with the first journeys and templates.
    ///
    /// # Errors
    /// [`SettingsError::Fields`], [`SettingsError::Taken`].
    pub async fn add_shop(
        &self,
        slug: &str,
        name: &str,
        from_email: &str,
        actor: &Actor,
    ) -> Result<Arc<Shop>, SettingsError> {
        let settings = ShopSettings::new(name.trim(), from_email.trim(), Seller::default());
        let mut problems: Vec<FieldProblem> = check::slug(slug).into_iter().collect();
        problems.extend(check::check(&settings));
        if !problems.is_empty() {
            return Err(SettingsError::Fields(problems));
        }
        let id = match self.engine.store.add_shop(slug, &settings).await {
            Ok(id) => id,
            Err(StoreError::Conflict(_)) => return Err(SettingsError::Taken),
            Err(error) => return Err(error.into()),
        };
        library::publish_defaults(&*self.engine.store, id).await?;
        self.engine.refresh_shops().await?;
        self.audit(id, actor, "shop.added", "shop", json!({"slug": slug}))
            .await?;
        self.engine.shop(id).ok_or(SettingsError::Gone)
    }

    /// Lets messages leave from now on.
    ///
    /// # Errors
    /// [`SettingsError::NotReady`] with the checklist.
    pub async fn go_live(&self, shop: &Shop, actor: &Actor) -> Result<Checklist, SettingsError> {
        let checklist = self.checklist(shop).await?;
        if !checklist.ready {
            return Err(SettingsError::NotReady(Box::new(checklist)));
        }
        let now = self.engine.now();
        let _one_at_a_time = self.settings_lock.lock().await;
        let (mut settings, _) = self.stored(shop.id).await?;
        if settings.live_since.is_none() {
            settings.live_since = Some(now);
            self.engine
                .store
                .save_shop(shop.id, &settings, false)
                .await?;
            self.engine.refresh_shops().await?;
            self.audit(shop.id, actor, "shop.live", "shop", json!({}))
                .await?;
        }
        Ok(Checklist {
            live: true,
            ..checklist
        })
    }

    /// Captures messages again instead of sending them.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn back_to_trial(&self, shop: &Shop, actor: &Actor) -> Result<(), SettingsError> {
        let _one_at_a_time = self.settings_lock.lock().await;
        let (mut settings, disconnected) = self.stored(shop.id).await?;
        if settings.live_since.take().is_some() {
            self.engine
                .store
                .save_shop(shop.id, &settings, disconnected)
                .await?;
            self.engine.refresh_shops().await?;
            self.audit(shop.id, actor, "shop.trial", "shop", json!({}))
                .await?;
        }
        Ok(())
    }

    /// Takes in a marked order of one article, as the platform would tell it: it gets its messages and counts as no sale.
    /// Gives its id and the address of its page.
    ///
    /// # Errors
    /// [`SettingsError::Fields`] when that is no e-mail address.
    pub async fn test_order(
        &self,
        shop: &Shop,
        email: &str,
        actor: &Actor,
    ) -> Result<(OrderId, String), SettingsError> {
        let email = EmailAddress::parse(email.trim()).map_err(|_| {
            SettingsError::Fields(vec![FieldProblem {
                field: "email".to_owned(),
                code: "not_an_address",
                it: "Non è un indirizzo e-mail.".to_owned(),
                en: "This is not an e-mail address.".to_owned(),
            }])
        })?;
        let now = self.engine.now();
        let n = self.engine.entropy.u128() as u32;
        let external_id = format!("test-{n:08x}");
        let euro = Currency::parse(&shop.settings.currency).unwrap_or(Currency::EUR);
        let price = Money::new(TEST_ORDER_CENTS, euro);
        let snapshot = OrderSnapshot {
            external_id: external_id.clone(),
            number: format!("#PROVA-{:04}", n % 10_000),
            placed_at: now,
            updated_at: now,
            person: PersonDetails {
                who: PersonRef {
                    email: Some(email.as_str().to_owned()),
                    ..PersonRef::default()
                },
                first_name: Some("Prova".to_owned()),
                locale: Some(shop.settings.locale),
                ..PersonDetails::default()
            },
            lines: vec![OrderLine {
                id: "1".to_owned(),
                product_id: None,
                sku: Some("PROVA".to_owned()),
                title: "Articolo di prova".to_owned(),
                variant: None,
                quantity: 1,
                unit_price: price,
                category: None,
                url: None,
                image_url: None,
            }],
            subtotal: Some(price),
            discount: None,
            shipping: None,
            tax: None,
            total: price,
            refunded: None,
            payment: PaymentState::Paid,
            payment_method: None,
            cash_on_delivery: false,
            cancelled_at: None,
            fulfilled: false,
            ship_to: None,
            shipping_method: None,
            promised_on: None,
            discount_codes: Vec::new(),
            soft_spam_notice: None,
            cart_id: None,
            test: true,
            parcels: Vec::new(),
        };
        let event = Event::OrderUpdated {
            order: Box::new(snapshot),
        };
        let intake = NewIntake {
            source: "operator".to_owned(),
            external_id: external_id.clone(),
            topic: event.kind().to_owned(),
            body: None,
            events: vec![(now, event)],
            note: None,
            failed: false,
            origin: Origin::Live,
        };
        self.engine.ingest(shop.id, vec![intake]).await?;
        let order = self
            .engine
            .store
            .order_by_external_id(shop.id, &external_id)
            .await?
            .ok_or(SettingsError::Gone)?
            .id;
        self.audit(
            shop.id,
            actor,
            "shop.test_order",
            &format!("order/{order}"),
            json!({}),
        )
        .await?;
        let token = self.engine.tokens.seal(&Token::Order {
            shop: shop.id,
            order,
        });
        Ok((order, format!("{}/o/{token}", self.engine.pages_url(shop))))
    }

    /// Sets the secret of a connection.
    ///
    /// # Errors
    /// [`SettingsError::Fields`] when it is empty or too long.
    pub async fn connect(
        &self,
        shop: ShopId,
        source: &str,
        secret: &str,
        actor: &Actor,
    ) -> Result<(), SettingsError> {
        let secret = secret.trim();
        if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
            return Err(SettingsError::Fields(vec![FieldProblem {
                field: "secret".to_owned(),
                code: "empty",
                it: "Incolla il segreto così come la piattaforma lo mostra.".to_owned(),
                en: "Paste the secret as the platform shows it.".to_owned(),
            }]));
        }
        self.engine.save_secret(shop, source, secret).await?;
        self.audit(
            shop,
            actor,
            "connection.changed",
            &format!("connection/{source}"),
            json!({}),
        )
        .await?;
        Ok(())
    }

    /// Removes the secret of a connection: from now on what comes from there is refused. False when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn disconnect(
        &self,
        shop: ShopId,
        source: &str,
        actor: &Actor,
    ) -> Result<bool, SettingsError> {
        if !self.engine.store.remove_connection(shop, source).await? {
            return Ok(false);
        }
        self.engine.refresh_shops().await?;
        self.audit(
            shop,
            actor,
            "connection.removed",
            &format!("connection/{source}"),
            json!({}),
        )
        .await?;
        Ok(true)
    }
}

/// The settings after a merge patch, and which top-level fields changed.
fn patched(
    before: &ShopSettings,
    patch: &Map<String, Value>,
) -> Result<(ShopSettings, Vec<String>), Vec<FieldProblem>> {
    let mut whole = serde_json::to_value(before).unwrap_or_default();
    let mut problems = Vec::new();
    for (field, value) in patch {
        if field == "live_since" {
            problems.push(FieldProblem {
                field: field.clone(),
                code: "read_only",
                it: "Il negozio va in linea con il suo comando, non da qui.".to_owned(),
                en: "A shop goes live by its own command, not from here.".to_owned(),
            });
            continue;
        }
        let mut with = whole.clone();
        if let Some(target) = with.as_object_mut() {
            merge_field(target, field, value);
        }
        match serde_json::from_value::<ShopSettings>(with.clone()) {
            Ok(_) => whole = with,
            Err(error) => {
                let unknown = error.to_string().contains("unknown field");
                problems.push(FieldProblem {
                    field: field.clone(),
                    code: if unknown { "unknown" } else { "unreadable" },
                    it: if unknown {
                        "Questo campo non esiste.".to_owned()
                    } else {
                        "Il valore non si può leggere.".to_owned()
                    },
                    en: format!("This value cannot be read: {error}."),
                });
            }
        }
    }
    let after: ShopSettings = match serde_json::from_value(whole) {
        Ok(after) => after,
        Err(_) => before.clone(),
    };
    problems.extend(check::check(&after));
    if !problems.is_empty() {
        return Err(problems);
    }
    let object = |settings: &ShopSettings| match serde_json::to_value(settings) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    let (old, new) = (object(before), object(&after));
    let mut changed: Vec<String> = old
        .keys()
        .chain(new.keys())
        .filter(|key| old.get(*key) != new.get(*key))
        .cloned()
        .collect();
    changed.sort();
    changed.dedup();
    Ok((after, changed))
}

/// RFC 7396 for one member.
fn merge_field(target: &mut Map<String, Value>, field: &str, patch: &Value) {
    match patch {
        Value::Null => {
            target.remove(field);
        }
        Value::Object(patch) => {
            let entry = target.entry(field.to_owned()).or_insert_with(|| json!({}));
            if !entry.is_object() {
                *entry = json!({});
            }
            if let Value::Object(inner) = entry {
                for (name, value) in patch {
                    merge_field(inner, name, value);
                }
            }
        }
        other => {
            target.insert(field.to_owned(), other.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> ShopSettings {
        ShopSettings::new("Casa", "ordini@casa.example", Seller::default())
    }

    fn patch(value: Value) -> Result<(ShopSettings, Vec<String>), Vec<String>> {
        let Value::Object(patch) = value else {
            unreachable!("a patch is an object")
        };
        patched(&shop(), &patch).map_err(|problems| {
            problems
                .into_iter()
                .map(|p| format!("{} {}", p.field, p.code))
                .collect()
        })
    }

    #[test]
    fn a_patch_changes_what_it_names_and_nothing_else() {
        let (after, changed) =
            patch(json!({"register": "lei", "seller": {"rea": "MI-1"}})).expect("good");
        assert_eq!(after.seller.rea, "MI-1");
        assert_eq!(changed, ["register", "seller"]);
        let (after, changed) = patch(json!({"reply_to": null})).expect("good");
        assert_eq!((after, changed.len()), (shop(), 0));
    }

    #[test]
    fn a_colour_on_which_nothing_can_be_read_names_the_nearest_that_will_do() {
        let problem = unreadable("#ffcc00").expect("white on yellow");
        assert_eq!(
            (problem.field.as_str(), problem.code),
            ("accent", "contrast")
        );
        let near = problem
            .en
            .rsplit(' ')
            .next()
            .and_then(|last| last.strip_suffix('.'))
            .expect("a colour at the end");
        assert!(
            problem.it.contains(near) && problem.it.contains("1,4 a 1"),
            "{}",
            problem.it
        );
        assert_eq!(unreadable(near), None);
        assert_eq!(unreadable("#a8481f"), None);
    }

    #[test]
    fn a_typing_mistake_and_the_laws_bounds_are_named_together() {
        let refused = patch(json!({
            "nmae": "x",
            "register": "voi",
            "live_since": "2026-01-01T00:00:00Z",
            "tracking_open_default": "identified",
        }));
        assert_eq!(
            refused.unwrap_err(),
            [
                "live_since read_only",
                "nmae unknown",
                "register unreadable",
                "tracking_open_default law"
            ]
        );
    }
}
