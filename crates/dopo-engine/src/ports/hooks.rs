//! The way in: what the web edge needs to know of vendors, without knowing any vendor.
//!
//! The program implements [`HookTranslator`] with the connectors. All methods are pure and quick: no I/O, no clock.

use dopo_core::event::{Event, EventLine};
use dopo_core::shop::ShopSettings;
use jiff::Timestamp;

/// Looks up a header of a delivery by its lower-case name.
pub type Headers<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A delivery whose sender is proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookDelivery {
    /// The sender's id of this delivery or of what it tells: unique with shop and source.
    pub external_id: String,
    /// The sender's topic (`orders/create`, `order.updated`, `events`).
    pub topic: String,
    /// A greeting that tells nothing (WooCommerce pings a new webhook, unsigned): answered, not stored.
    pub ping: bool,
}

/// Why a delivery is refused before anything is read or stored (SEC-04).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HookRefused {
    /// No connector of that name.
    #[error("there is no such source")]
    UnknownSource,
    /// No secret is set, or the signature is missing or wrong.
    #[error("the signature is missing or does not match the body")]
    BadSignature,
    /// Signed too long ago, or in the future.
    #[error("the delivery was signed more than five minutes ago or in the future")]
    Stale,
    /// A header that names the delivery is missing.
    #[error("a header that names the delivery is missing")]
    Unnamed,
}

/// What a delivery means.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HookTranslation {
    /// What happened and when; empty when nothing in it concerns us or it could not be understood.
    pub events: Vec<(Timestamp, Event)>,
    /// Why there is nothing, or what was left out, in words for the operator.
    pub note: Option<String>,
    /// It could not be understood: kept raw, shown, can be replayed.
    pub failed: bool,
}

/// Why one event of ours is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct LineError {
    /// Stable name for machines (`id_missing`, `unreadable`, `too_many_lines`…).
    pub code: &'static str,
    /// What is wrong and what to do, in English.
    pub detail: String,
}

/// A courier or collector that tells by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CourierSource {
    /// Its name in the hook's address and in storage.
    pub name: &'static str,
    /// The name people know it by.
    pub title: &'static str,
}

/// Verifies and translates what vendors send.
pub trait HookTranslator: Send + Sync + 'static {
    /// Whether there is a connector of that name.
    fn knows(&self, source: &str) -> bool;

    /// Couriers and collectors that tell by themselves, in the order in which they are shown.
    fn courier_sources(&self) -> Vec<CourierSource> {
        Vec::new()
    }

    /// Proves the sender over the raw body with one of `secrets` (current first; empty refuses).
    ///
    /// # Errors
    /// [`HookRefused`] with the reason.
    fn verify(
        &self,
        source: &str,
        headers: Headers<'_>,
        body: &[u8],
        secrets: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<HookDelivery, HookRefused>;

    /// Translates a proven delivery. Total: what cannot be read comes back as `failed` with a note.
    /// `shop` says what bodies leave out: the currency of product prices, the host of product pages.
    fn translate(
        &self,
        source: &str,
        topic: &str,
        body: &[u8],
        shop: &ShopSettings,
        now: Timestamp,
    ) -> HookTranslation;

    /// What the sender must be answered to the letter once its delivery is durable; our own JSON where it is the same to
    /// it.
    fn answer(&self, source: &str) -> Option<&'static str> {
        let _ = source;
        None
    }

    /// The body as it is kept: without a key that stands in it.
    fn kept(&self, source: &str, body: &[u8]) -> Vec<u8> {
        let _ = source;
        body.to_vec()
    }

    /// Reads one event in our own JSON. `default_id` names it when it carries no `id`.
    ///
    /// # Errors
    /// [`LineError`] with a stable code and plain words.
    fn parse_event(&self, body: &[u8], default_id: Option<&str>) -> Result<EventLine, LineError>;
}
