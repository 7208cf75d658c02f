//! The store port on PostgreSQL 15 and newer: several nodes, one primary.
//!
//! One port method is one transaction. Whole batches travel as arrays (`unnest`), never row by row. The lock is the
//! customer: inputs are sorted, people locked in the order of their ids, counters moved last, so committers do not wait for
//! each other in a circle; where two of them still collide, the later is decided anew (see `fault`). Claims skip what
//! is locked and begin where the last ones were (see `watermark`). Every statement begins with a comment that names its
//! function, so that the database's log reads like this source.
//!
//! Queries are checked at compile time against `.sqlx/`, which is made anew by `cargo xtask sqlx`; no database is needed
//! to build. `migrations/` is the one source of the tables: the same numbers and names as on SQLite, the same columns,
//! and a `slot` where concurrent committers would queue for one row.

mod arrivals;
mod backup;
mod console;
mod counters;
mod coupons;
mod courier_accounts;
mod couriers;
mod due;
mod fault;
mod forget;
mod links;
mod load;
mod queue;
mod read;
mod rows;
mod schema;
mod settings;
mod statistics;
mod store;
mod watermark;
mod write;

pub use backup::restore;
pub use store::{PostgresStore, Role, connect, connect_as};
