//! The contract that every store keeps.

use crate::db::Database;
use dopo_testkit::contract::Subject;
use std::sync::Arc;

async fn fresh() -> Option<(Subject, Database)> {
    let database = Database::fresh().await?;
    let store = database.connect().await;
    Some((Arc::new(store), database))
}

dopo_testkit::store_contract!(match fresh().await {
    Some(fresh) => std::future::ready(fresh),
    None => return,
});
