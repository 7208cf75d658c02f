//! Copies while running, and what may be put back.

use crate::{put, serve, shop};
use dopo_core::advance::Writes;
use dopo_core::counter::Counters;
use dopo_engine::ports::store::{Store, StoreError};
use dopo_sqlite::restore;
use dopo_testkit::build::customer;
use jiff::civil::date;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_writing_is_one_moment_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(serve(&folder.path().join("dopo.db")).await);
    let shop = shop(&store, "bottega").await;
    let day = date(2026, 3, 2);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        async move {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut counters = Counters::default();
                counters.add(shop, day, "left", "", 1);
                counters.add(shop, day, "right", "", 1);
                let writes = Writes {
                    customers: (0..20)
                        .map(|i| customer(n * 20 + i, "anna@posta.example"))
                        .collect(),
                    counters,
                    ..Writes::default()
                };
                put(&store, shop, n, writes).await.unwrap();
                n += 1;
            }
            n
        }
    });
    for n in 0..4 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let copy = folder.path().join(format!("copy-{n}.db"));
        store.backup(&copy).await.unwrap();
        let restored = folder.path().join(format!("restored-{n}.db"));
        restore(&copy, &restored, false).unwrap();
        let old = serve(&restored).await;
        let counted = old.counters(shop, "", day, day).await.unwrap();
        let rows = old.inbox(shop, None, None, 10_000).await.unwrap().len();
        assert!(rows > 0);
        assert!(
            counted.iter().all(|(_, value)| *value == rows as i64),
            "{counted:?} {rows}"
        );
    }
    stop.store(true, Ordering::Relaxed);
    let written = writing.await.unwrap();
    let rows = store.inbox(shop, None, None, 10_000).await.unwrap();
    assert_eq!(rows.len() as i64, written, "the original lost nothing");
}

#[tokio::test]
async fn a_backup_replaces_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = serve(&folder.path().join("dopo.db")).await;
    let to = folder.path().join("copy.db");
    std::fs::write(&to, "precious").unwrap();
    let result = store.backup(&to).await;
    assert!(matches!(result, Err(StoreError::Rejected(_))), "{result:?}");
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "precious");
}

#[tokio::test]
async fn a_restore_replaces_a_database_only_by_force_and_never_under_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let copy = folder.path().join("copy.db");
    let store = serve(&path).await;
    shop(&store, "before").await;
    store.backup(&copy).await.unwrap();
    shop(&store, "after").await;
    match restore(&copy, &path, true) {
        Err(StoreError::Unavailable(text)) => assert!(text.contains("dopo serve"), "{text}"),
        other => panic!("{other:?}"),
    }
    drop(store);
    match restore(&copy, &path, false) {
        Err(StoreError::Rejected(text)) => assert!(text.contains("exists already"), "{text}"),
        other => panic!("{other:?}"),
    }
    restore(&copy, &path, true).unwrap();
    let store = serve(&path).await;
    let shops = store.shops().await.unwrap();
    assert_eq!(shops.len(), 1);
    assert_eq!(shops[0].slug, "before");
}

#[tokio::test]
async fn a_damaged_or_foreign_backup_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = serve(&folder.path().join("dopo.db")).await;
    let shop = shop(&store, "bottega").await;
    for n in 0..200 {
        let writes = Writes {
            customers: vec![customer(n, &"anna@posta.example".repeat(50))],
            ..Writes::default()
        };
        put(&store, shop, n, writes).await.unwrap();
    }
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    let to = folder.path().join("to.db");

    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20_000].fill(0xff);
    let damaged = folder.path().join("damaged.db");
    std::fs::write(&damaged, bytes).unwrap();

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE poems (line TEXT)")
        .unwrap();
    let text = folder.path().join("letter.txt");
    std::fs::write(&text, "Gentile cliente").unwrap();
    let missing = folder.path().join("missing.db");
    for from in [damaged, foreign, text, missing] {
        let result = restore(&from, &to, false);
        assert!(matches!(result, Err(StoreError::Rejected(_))), "{result:?}");
        assert!(!to.exists());
    }
    Connection::open(&copy)
        .unwrap()
        .execute(
            "INSERT INTO schema_migrations VALUES (99, '0099_future', 'x', '2030-01-01')",
            [],
        )
        .unwrap();
    let result = restore(&copy, &to, false);
    assert!(matches!(result, Err(StoreError::Schema(_))), "{result:?}");
}
