//! The store contract on PostgreSQL, and what only PostgreSQL does.
//!
//! `DOPO_POSTGRES_URL` names a server and a login that may create databases; without it nothing is tested and that is said.

mod contract;
mod db;
mod operating;
mod races;
mod schema;
