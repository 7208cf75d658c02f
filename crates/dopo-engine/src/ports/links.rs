//! Short links as stored: what an SMS carries in place of a sealed token (SMS-04).

use super::StoreError;
use async_trait::async_trait;
use dopo_core::id::{CustomerId, EffectId, ShopId};
use jiff::Timestamp;

/// Random characters of a short link's path, which has no others: 65 bits from 62 letters and digits. SMS-04 allows 12.
pub const SHORT_LINK_CHARS: usize = 11;
/// Days for which a short link leads somewhere (SMS-04: it expires).
pub const SHORT_LINK_DAYS: i64 = 180;
/// Days after its expiry for which a short link is remembered, so that it can say that it is over.
pub const SHORT_LINK_REMEMBERED_DAYS: i64 = 180;
/// Short links kept at once at most.
pub const SHORT_LINKS_MAX: usize = 1_024;

/// A short link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShortLinkRow {
    /// Whose shop.
    pub shop: ShopId,
    /// The message that carries it.
    pub message: EffectId,
    /// SHA-256 of where it leads: a message has one short link to one place, however often it is made.
    pub target: Vec<u8>,
    /// SHA-256 of its characters.
    pub hash: Vec<u8>,
    /// Its characters and where it leads, sealed.
    pub sealed: Vec<u8>,
    /// When it leads nowhere any more.
    pub expires_at: Timestamp,
}

/// The store's part for short links. They go with their message when its person is forgotten.
#[async_trait]
pub trait LinkStore: Send + Sync {
    /// Keeps short links; where a message has one to the same place already, that one stays. Returns those that stand, in
    /// the order given. At most [`SHORT_LINKS_MAX`].
    async fn keep_short_links(
        &self,
        links: Vec<ShortLinkRow>,
    ) -> Result<Vec<ShortLinkRow>, StoreError>;
    /// The short link whose characters have this hash; whose shop, it says itself.
    async fn short_link(&self, hash: &[u8]) -> Result<Option<ShortLinkRow>, StoreError>;
    /// The short links in a person's messages, by message and place, for their copy.
    async fn short_links_of(
        &self,
        shop: ShopId,
        customer: CustomerId,
    ) -> Result<Vec<ShortLinkRow>, StoreError>;
}
