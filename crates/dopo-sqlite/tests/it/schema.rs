//! Which databases are taken, and which are refused in words that say what to do.

use crate::{serve, url};
use dopo_engine::ports::store::{Store, StoreError};
use dopo_sqlite::{Role, SqliteStore, connect};
use rusqlite::Connection;

fn said<T>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Schema(text)) => text,
        Err(other) => panic!("another error: {other:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    drop(serve(&path).await);
    Connection::open(&path)
        .unwrap()
        .execute(
            "INSERT INTO schema_migrations VALUES (99, '0099_future', 'x', '2030-01-01')",
            [],
        )
        .unwrap();
    for role in [Role::Server, Role::Tool] {
        let text = said(connect(&url(&path), role).await);
        assert!(text.contains("0099_future"), "{text}");
        assert!(text.contains("newer version"), "{text}");
        assert!(text.contains("install"), "{text}");
    }
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    drop(serve(&path).await);
    Connection::open(&path)
        .unwrap()
        .execute(
            "UPDATE schema_migrations SET sha256 = 'other' WHERE number = 2",
            [],
        )
        .unwrap();
    let text = said(connect(&url(&path), Role::Server).await);
    assert!(text.contains("0002_facts"), "{text}");
}

#[tokio::test]
async fn an_older_database_is_brought_up_by_the_server_and_left_by_a_tool() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    drop(serve(&path).await);
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "DROP TABLE seen; DROP TABLE inbox; DROP TABLE parked; DELETE FROM schema_migrations WHERE number = 4",
        )
        .unwrap();
    let text = said(connect(&url(&path), Role::Tool).await);
    assert!(text.contains("dopo migrate"), "{text}");
    let old = SqliteStore::open(&path, Role::Tool).await.unwrap();
    let text = said(old.check().await);
    assert!(text.contains("dopo migrate"), "{text}");
    drop(old);
    let store = serve(&path).await;
    store.check().await.unwrap();
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let store = SqliteStore::open(&path, Role::Tool).await.unwrap();
    let text = said(store.check().await);
    assert!(text.contains("dopo migrate"), "{text}");
    let steps = store.migrate().await.unwrap();
    assert_eq!(
        steps,
        ["0001_shops", "0002_facts", "0003_messages", "0004_arrivals"]
    );
    assert!(store.migrate().await.unwrap().is_empty());
    store.check().await.unwrap();
}

#[tokio::test]
async fn an_address_that_names_no_sqlite_file_is_refused() {
    for address in [
        "postgres://localhost/dopo",
        "dopo.db",
        "sqlite://",
        "sqlite:",
    ] {
        let result = connect(address, Role::Tool).await;
        assert!(
            matches!(result, Err(StoreError::Rejected(_))),
            "{address} was taken"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Gentile cliente, ".repeat(1_000)).unwrap();
    let result = connect(&url(&path), Role::Server).await;
    assert!(matches!(result, Err(StoreError::Rejected(_))));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("Gentile"), "it is left as it was");
}
