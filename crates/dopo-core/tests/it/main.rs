//! What the core promises, tried from outside: values in, values out.

mod check;
mod figures;
mod journeys;
mod orders;
mod parcels;
mod stage;
mod storm;
