//! What the core promises, tried from outside: values in, values out.

mod check;
mod figures;
mod journeys;
mod orders;
mod parcel_journeys;
mod parcels;
mod promises;
mod stage;
mod storm;
