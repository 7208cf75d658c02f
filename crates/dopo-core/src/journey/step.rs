//! The state machine of a run. Total: every input is legal in every state.

use super::{Journey, RunKey, RunState};
use crate::cart::Cart;
use crate::customer::Customer;
use crate::effect::Effect;
use crate::event::Happening;
use crate::id::RunId;
use crate::order::Order;
use crate::shop::ShopSettings;
use jiff::Timestamp;

/// The facts a step may look at, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The shop.
    pub shop: &'a ShopSettings,
    /// The journey in the version the run began with.
    pub journey: &'a Journey,
    /// The run.
    pub run: RunId,
    /// The version that the run will have when this step is saved; effect and coupon ids derive from it.
    pub version: u32,
    /// What the run is about.
    pub key: &'a RunKey,
    /// The person.
    pub customer: &'a Customer,
    /// The order, where the key names one.
    pub order: Option<&'a Order>,
    /// The cart, where the key names one.
    pub cart: Option<&'a Cart>,
    /// Secret entropy of this batch, for codes worth money.
    pub entropy: u128,
}

/// What comes to a run.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// It begins.
    Started,
    /// Time has passed.
    Woke,
    /// Something happened to its customer.
    Happened(&'a Happening),
}

/// What a step gives: the new state and what to do, in order. The `n`-th effect's id is
/// `EffectId::derive(run, version, n)`.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The new state.
    pub state: RunState,
    /// What to do.
    pub effects: Vec<Effect>,
    /// Whether anything changed; if not, nothing is saved.
    pub changed: bool,
}

/// Begins a run.
pub fn start(ctx: &Context<'_>, now: Timestamp) -> Step {
    let _ = (ctx, now);
    unreachable!("replaced by the journey module")
}

/// Advances a run.
pub fn step(ctx: &Context<'_>, state: &RunState, input: Input<'_>, now: Timestamp) -> Step {
    let _ = (ctx, input, now);
    Step {
        state: state.clone(),
        effects: Vec::new(),
        changed: false,
    }
}
