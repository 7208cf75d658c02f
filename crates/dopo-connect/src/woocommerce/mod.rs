//! WooCommerce: bodies of its webhooks (which equal its REST resources) become events.

mod translate;
mod wire;

pub(crate) use translate::OrderFacts;
pub use translate::{
    MARKETING_CONSENT_KEY, SOFT_SPAM_NOTICE_KEY, TRACKING_ITEMS_KEY, is_ping, translate,
};
