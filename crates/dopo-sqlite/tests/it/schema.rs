//! Which databases are taken, and which are refused in words that say what to do.

use crate::{put, serve, shop, url};
use dopo_core::advance::Writes;
use dopo_core::counter::NOW;
use dopo_core::customer::Customer;
use dopo_core::id::CustomerId;
use dopo_core::order::Standing;
use dopo_engine::ports::console::{ConsoleStore, CustomerFilter, OrderFilter};
use dopo_engine::ports::store::{Store, StoreError};
use dopo_sqlite::{Role, SqliteStore, connect};
use dopo_testkit::build::{at_risk, closed, customer, order, run, t, t0, task};
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

/// Takes a database back to what it was before the console.
const BEFORE_THE_CONSOLE: &str = "
    DROP INDEX customers_list;
    ALTER TABLE customers DROP COLUMN orders;
    ALTER TABLE customers DROP COLUMN total_cents;
    ALTER TABLE customers DROP COLUMN last_order_at;
    ALTER TABLE customers DROP COLUMN province;
    ALTER TABLE customers DROP COLUMN marketing_email;
    ALTER TABLE customers DROP COLUMN reach;
    DROP TABLE customer_words;
    DROP INDEX orders_by_standing;
    DROP INDEX orders_by_number;
    DROP INDEX orders_by_place;
    ALTER TABLE orders DROP COLUMN standing;
    ALTER TABLE orders DROP COLUMN province;
    DROP INDEX tasks_of_failures;
    ALTER TABLE tasks DROP COLUMN failure;
    ALTER TABLE users DROP COLUMN name;
    ALTER TABLE users DROP COLUMN locale;
    ALTER TABLE api_keys DROP COLUMN name;
    DROP INDEX runs_active;
    DROP INDEX messages_by_journey;
    DROP INDEX messages_held_back;
    DROP TABLE sources;
    DROP TABLE notes;
    DROP TABLE views;
    DROP TABLE audit;
    DROP TABLE members;
    DROP INDEX sessions_by_user;
    ALTER TABLE users DROP COLUMN seen_at;
    ALTER TABLE sessions DROP COLUMN seen_at;
    DROP TABLE passkeys;
    DROP TABLE webhooks;
    DROP TABLE deliveries;
    DROP TABLE backups;
    DROP TABLE looks;
    DROP TABLE feeds;
    DROP TABLE courier_calls;
    DROP TABLE courier_accounts;
    DROP TABLE photos;
    DROP INDEX tasks_by_order;
    DROP TABLE risks;
    DROP TABLE user_identities;
    DROP TABLE short_links;
    DELETE FROM schema_migrations WHERE number >= 5";

#[tokio::test]
async fn an_older_database_is_brought_up_by_the_server_and_left_by_a_tool() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    drop(serve(&path).await);
    Connection::open(&path)
        .unwrap()
        .execute_batch(BEFORE_THE_CONSOLE)
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
async fn what_lists_and_search_need_is_filled_in_when_an_older_database_is_brought_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let store = serve(&path).await;
    let shop_id = shop(&store, "bottega").await;
    let mut anna = customer(1, "anna@posta.example");
    anna.last_name = Some("D'Amìco".to_owned());
    anna.province = Some("MI".to_owned());
    anna.purchases.orders = 2;
    let mut gone = order(10, 1, "1001");
    gone.snapshot.cancelled_at = Some(t(1));
    put(
        &store,
        shop_id,
        1,
        Writes {
            customers: vec![anna.clone(), Customer::new(CustomerId(2), t0())],
            orders: vec![gone.clone(), order(11, 1, "1002")],
            runs: vec![
                run(1, 1, Some(11), t(60)),
                closed(run(2, 1, None, t(60)), t(1)),
            ],
            tasks: vec![task(1, 1, t(1))],
            ..Writes::default()
        },
    )
    .await
    .unwrap();
    drop(store);
    Connection::open(&path)
        .unwrap()
        .execute_batch(BEFORE_THE_CONSOLE)
        .unwrap();
    let store = serve(&path).await;
    let filter = CustomerFilter {
        terms: vec!["amico".to_owned()],
        provinces: vec!["MI".to_owned()],
        orders_min: Some(2),
        ..CustomerFilter::default()
    };
    let found = store.list_customers(shop_id, &filter, 9).await.unwrap();
    assert_eq!(found, [anna.clone()]);
    let all = CustomerFilter::default();
    let found = store.list_customers(shop_id, &all, 9).await.unwrap();
    assert_eq!(found, [anna], "nobody is listed who is nobody");
    let filter = OrderFilter {
        standing: Some(Standing::Cancelled),
        ..OrderFilter::default()
    };
    let found = store.list_orders(shop_id, &filter, 9).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, gone);
    let sources = store.source_health(shop_id).await.unwrap();
    assert_eq!(sources.len(), 1);
    let gauges = store.counters(shop_id, "now.", NOW, NOW).await.unwrap();
    let gauges: Vec<(&str, &str, i64)> = gauges
        .iter()
        .map(|(key, n)| (&*key.metric, &*key.dim, *n))
        .collect();
    assert_eq!(
        gauges,
        [
            ("now.customers", "", 1),
            ("now.orders", "cancelled", 1),
            ("now.orders", "open", 1),
            ("now.orders_in", "LE/cancelled", 1),
            ("now.orders_in", "LE/open", 1),
            ("now.runs", "welcome/1.0", 1),
            ("now.tasks", "", 1),
        ]
    );
}

#[tokio::test]
async fn who_is_at_risk_and_where_orders_go_is_known_of_an_older_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dopo.db");
    let store = serve(&path).await;
    let shop_id = shop(&store, "bottega").await;
    put(&store, shop_id, 1, at_risk()).await.unwrap();
    drop(store);
    Connection::open(&path)
        .unwrap()
        .execute_batch(BEFORE_THE_CONSOLE)
        .unwrap();
    let store = serve(&path).await;
    let filter = CustomerFilter {
        at_risk: Some(true),
        ..CustomerFilter::default()
    };
    let found = store.list_customers(shop_id, &filter, 9).await.unwrap();
    let ids: Vec<i64> = found.iter().map(|person| person.id.0).collect();
    assert_eq!(ids, [2, 1]);
    let filter = OrderFilter {
        provinces: vec!["LE".to_owned()],
        ..OrderFilter::default()
    };
    let found = store.list_orders(shop_id, &filter, 9).await.unwrap();
    assert_eq!(found.len(), 2);
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
        [
            "0001_shops",
            "0002_facts",
            "0003_messages",
            "0004_arrivals",
            "0005_console",
            "0006_couriers",
            "0007_risks",
            "0008_identities",
            "0009_photos",
            "0010_places",
            "0011_people",
            "0012_turns",
            "0013_short_links",
            "0014_raw_bodies"
        ]
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
