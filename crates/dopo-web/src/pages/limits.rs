//! How often the customer pages that take something in may be used.

use crate::rate::Limiter;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The window of the limits below.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Look-ups from one address within [`WINDOW`].
pub(crate) const LOOKUPS_MAX: u32 = 10;
/// Look-ups of one e-mail address within [`WINDOW`] that are looked after.
pub(crate) const LOOKED_UP_MAX: u32 = 3;
/// Look-ups of one shop within [`WINDOW`] that are looked after.
const LOOKUPS_OF_SHOP_MAX: u32 = 5_000;
/// Reports about one order within [`WINDOW`].
pub(crate) const REPORTS_MAX: u32 = 6;
/// Reports from one address within [`WINDOW`].
const REPORTERS_MAX: u32 = 30;
/// Questions to couriers from one address within [`WINDOW`].
const ASKERS_MAX: u32 = 60;
/// Reports with photos that are read at once: each stands whole in memory.
const UPLOADS_MAX: usize = 8;

/// The limits of the customer pages.
pub(crate) struct PageLimits {
    /// Look-ups, by the address they come from.
    pub lookups: Limiter,
    /// Look-ups, by shop and e-mail address.
    pub looked_up: Limiter,
    /// Look-ups, by shop.
    pub lookups_of_shop: Limiter,
    /// Reports, by order.
    pub reports: Limiter,
    /// Reports, by the address they come from.
    pub reporters: Limiter,
    /// Questions to couriers, by the address they come from.
    pub askers: Limiter,
    /// Reports that are being read.
    pub uploads: Semaphore,
}

impl Default for PageLimits {
    fn default() -> Self {
        PageLimits {
            lookups: Limiter::new(LOOKUPS_MAX, WINDOW),
            looked_up: Limiter::new(LOOKED_UP_MAX, WINDOW),
            lookups_of_shop: Limiter::new(LOOKUPS_OF_SHOP_MAX, WINDOW),
            reports: Limiter::new(REPORTS_MAX, WINDOW),
            reporters: Limiter::new(REPORTERS_MAX, WINDOW),
            askers: Limiter::new(ASKERS_MAX, WINDOW),
            uploads: Semaphore::new(UPLOADS_MAX),
        }
    }
}
