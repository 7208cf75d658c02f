//! The store contract on SQLite, and what only SQLite does.

mod backup;
mod contract;
mod couriers;
mod files;
mod schema;

use dopo_core::advance::Writes;
use dopo_core::id::ShopId;
use dopo_engine::ports::store::{Store, StoreError};
use dopo_sqlite::{Role, SqliteStore, connect};
use dopo_testkit::build::{arrival, intake, nothing, settings};
use std::path::Path;
use std::sync::Arc;

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

async fn serve(path: &Path) -> SqliteStore {
    connect(&url(path), Role::Server).await.unwrap()
}

async fn shop(store: &SqliteStore, slug: &str) -> ShopId {
    store.add_shop(slug, &settings("Bottega")).await.unwrap()
}

/// Writes this by an intake of that number.
async fn put(store: &SqliteStore, shop: ShopId, n: i64, writes: Writes) -> Result<(), StoreError> {
    let name = format!("{n}");
    let mut carrier = intake(n, &name, vec![arrival(shop, &name, n << 8, nothing())]);
    carrier.body = None;
    let decide = Arc::new(move |_, _| writes.clone());
    store
        .commit_arrivals(shop, vec![carrier], decide)
        .await
        .map(|_| ())
}
