//! One server, tools beside it, and what a fault or a crash leaves.

use crate::{put, serve, shop, url};
use dopo_core::advance::Writes;
use dopo_core::id::CustomerId;
use dopo_engine::ports::store::{Store, StoreError};
use dopo_sqlite::{Role, connect};
use dopo_testkit::build::{
    arrival, customer, email_key, intake, ledger_row, nothing, order_updated, settings,
};
use rusqlite::Connection;
use std::sync::Arc;

#[tokio::test]
async fn a_second_server_is_refused_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let first = serve(&path).await;
    let second = connect(&url(&path), Role::Server).await;
    match second.err() {
        Some(StoreError::Unavailable(text)) => {
            assert!(text.contains("another `dopo serve` is running"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    drop(first);
    serve(&path).await.check().await.unwrap();
}

#[tokio::test]
async fn a_tool_works_beside_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let server = Arc::new(serve(&path).await);
    let tool = connect(&url(&path), Role::Tool).await.unwrap();
    let ours = shop(&server, "bottega").await;
    let writing = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            for n in 0..50 {
                put(&server, ours, n, Writes::default()).await.unwrap();
            }
        }
    });
    for n in 0..20 {
        tool.add_shop(&format!("altra-{n}"), &settings("Altra"))
            .await
            .unwrap();
    }
    writing.await.unwrap();
    assert_eq!(server.shops().await.unwrap().len(), 21);
    assert_eq!(tool.inbox(ours, None, None, 99).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_private_database_is_deleted_when_it_is_closed() {
    let store = connect("sqlite::memory:", Role::Server).await.unwrap();
    let other = connect("sqlite::memory:", Role::Server).await.unwrap();
    shop(&store, "bottega").await;
    assert!(other.shops().await.unwrap().is_empty());
    let path = store.path().to_owned();
    assert!(path.exists());
    drop(store);
    assert!(!path.exists());
    assert!(!path.parent().unwrap().exists());
}

#[tokio::test]
async fn a_fault_in_a_decision_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = serve(&folder.path().join("dopo.db")).await;
    let shop = shop(&store, "bottega").await;
    let faulty = store
        .commit_arrivals(
            shop,
            vec![intake(1, "a", vec![arrival(shop, "a", 256, nothing())])],
            Arc::new(|_, _| panic!("a fault on purpose")),
        )
        .await;
    match faulty {
        Err(StoreError::Rejected(text)) => assert!(text.contains("a fault on purpose")),
        other => panic!("{other:?}"),
    }
    put(&store, shop, 2, Writes::default()).await.unwrap();
    let rows = store.inbox(shop, None, None, 10).await.unwrap();
    assert_eq!(rows.len(), 1, "the faulty one left no trace");
}

#[tokio::test]
async fn what_was_answered_is_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let store = serve(&path).await;
    let shop = shop(&store, "bottega").await;
    for n in 0..20 {
        let writes = Writes {
            customers: vec![customer(n, "anna@posta.example")],
            ..Writes::default()
        };
        put(&store, shop, n, writes).await.unwrap();
    }
    // As after a crash: the files as they lie, without closing anything.
    let crashed = folder.path().join("crashed.db");
    for ending in ["", "-wal"] {
        let name = |p: &std::path::Path| format!("{}{ending}", p.display());
        std::fs::copy(name(&path), name(&crashed)).unwrap();
    }
    let again = serve(&crashed).await;
    for n in 0..20 {
        let found = again.customer(shop, CustomerId(n)).await.unwrap();
        assert!(found.is_some(), "{n}");
    }
}

#[tokio::test]
async fn no_table_keeps_a_word_of_a_forgotten_person() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let store = serve(&path).await;
    let shop = shop(&store, "bottega").await;
    let email = "annamaria@posta.example";
    let writes = Writes {
        customers: vec![customer(1, email)],
        identities: vec![(email_key(email), CustomerId(1))],
        ledger: vec![ledger_row(1, 1)],
        orders: vec![{
            let mut order = dopo_testkit::build::order(1, 1, "1001");
            order.snapshot.person = dopo_testkit::build::person(email);
            order
        }],
        ..Writes::default()
    };
    let mut told = intake(
        1,
        "a",
        vec![arrival(shop, "a", 256, order_updated("1001", email))],
    );
    told.body = Some(email.as_bytes().to_vec());
    store
        .commit_arrivals(shop, vec![told], Arc::new(move |_, _| writes.clone()))
        .await
        .unwrap();
    assert!(words(&path).contains("annamaria"));
    let writes = Writes {
        forgotten: vec![CustomerId(1)],
        ..Writes::default()
    };
    put(&store, shop, 2, writes).await.unwrap();
    assert!(!words(&path).contains("annamaria"));
    let hashes: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM suppressed", [], |row| row.get(0))
        .unwrap();
    assert_eq!(hashes, 1, "only that the address is not to be used");
}

/// Everything in all tables, as text.
fn words(path: &std::path::Path) -> String {
    let connection = Connection::open(path).unwrap();
    let mut names = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut all = String::new();
    for name in names {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {name}"))
            .unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                use rusqlite::types::ValueRef::{Blob, Text};
                if let Text(bytes) | Blob(bytes) = row.get_ref(column).unwrap() {
                    all.push_str(&String::from_utf8_lossy(bytes));
                    all.push('\n');
                }
            }
        }
    }
    all
}
