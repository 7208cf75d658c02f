//! What the engine needs of the world. Adapters implement these; the engine names no driver.
//!
//! To add a store method: put it into [`store::Store`] in the words of the domain, take and give slices if it is on the hot
//! path, write its contract into `dopo-testkit`, then implement it in both stores. One method is one transaction; no open
//! transaction crosses this border.

pub mod channel;
pub mod clock;
pub mod console;
pub mod courier;
pub mod hooks;
pub mod links;
pub mod outward;
pub mod store;
pub mod tracking;

pub use channel::{Delivery, Envelope, MailChannel, Rendered};
pub use clock::{Clock, Entropy};
pub use console::*;
pub use courier::*;
pub use hooks::{
    CourierSource, HookDelivery, HookRefused, HookTranslation, HookTranslator, LineError,
};
pub use links::*;
pub use outward::*;
pub use store::*;
pub use tracking::*;
