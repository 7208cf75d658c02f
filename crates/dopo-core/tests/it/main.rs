//! What the core promises, tried from outside: values in, values out.

mod check;
mod journeys;
mod stage;
mod storm;
