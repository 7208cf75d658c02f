//! The contract of every store.

use dopo_testkit::contract::Subject;
use std::sync::Arc;
use tempfile::TempDir;

async fn fresh() -> (Subject, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::serve(&folder.path().join("dopo.db")).await;
    (Arc::new(store), folder)
}

dopo_testkit::store_contract!(fresh());
