//! The store contract on SQLite, and what only SQLite does.

use dopo_sqlite::{Role, SqliteStore, connect};
use dopo_testkit::contract::Subject;
use std::sync::Arc;
use tempfile::TempDir;

async fn fresh() -> (Subject, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("dopo.db").display());
    let store: SqliteStore = connect(&url, Role::Server).await.unwrap();
    (Arc::new(store), folder)
}

dopo_testkit::store_contract!(fresh());
