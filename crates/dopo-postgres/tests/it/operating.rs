//! Copies, nodes, and what an operator meets.

use crate::db::Database;
use dopo_engine::ports::store::{Store, StoreError};
use dopo_postgres::restore;
use dopo_testkit::build::{settings, t};
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_brings_everything_back() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.dump");
    store.backup(&file).await.unwrap();
    store.add_shop("later", &settings("Later")).await.unwrap();
    store.close().await;

    restore(&database.url(), &file).await.unwrap();
    let store = database.connect().await;
    let shops = store.shops().await.unwrap();
    assert_eq!(shops.len(), 1);
    assert_eq!(shops[0].id, shop);
    // The numbering goes on where it was.
    let next = store.add_shop("later", &settings("Later")).await.unwrap();
    assert!(next > shop);
}

#[tokio::test]
async fn what_is_no_copy_is_refused_and_changes_nothing() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.dump");
    std::fs::write(&file, b"not a dump").unwrap();
    let refused = restore(&database.url(), &file).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert_eq!(store.shops().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_take_different_numbers() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = Arc::new(database.connect().await);
    let takers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.acquire_node(t(0)).await.unwrap() })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    for taker in takers {
        numbers.insert(taker.await.unwrap());
    }
    assert_eq!(numbers, (0..16).collect());
    assert!(matches!(
        store.acquire_node(t(1)).await,
        Err(StoreError::Unavailable(_))
    ));
    store.heartbeat(5, t(8)).await.unwrap();
    assert_eq!(store.acquire_node(t(8)).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ended_are_replaced() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut database.raw().await)
    .await
    .unwrap();
    // A transaction finds a living connection by itself.
    store
        .save_shop(shop, &settings("Bottega Nuova"), false)
        .await
        .unwrap();
}
