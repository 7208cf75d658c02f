//! Migrations: one program at a time, none unknown, the same tables as on SQLite.

use crate::db::Database;
use dopo_core::advance::Writes;
use dopo_core::counter::NOW;
use dopo_core::customer::Customer;
use dopo_core::id::CustomerId;
use dopo_core::order::Standing;
use dopo_engine::ports::console::{ConsoleStore, CustomerFilter, OrderFilter};
use dopo_engine::ports::store::{Store, StoreError};
use dopo_postgres::{Role, connect, connect_as};
use dopo_testkit::build::{
    arrival, at_risk, closed, customer, intake, nothing, order, run, settings, t, t0, task,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_that_start_at_once_migrate_once() {
    let Some(database) = Database::empty().await else {
        return;
    };
    let url = database.url();
    let stores = tokio::join!(connect(&url), connect(&url), connect(&url), connect(&url));
    for store in [stores.0, stores.1, stores.2, stores.3] {
        store.unwrap().check().await.unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    sqlx::query("INSERT INTO schema_migrations VALUES (9999, '9999_later', 'x', 'y')")
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    let refused = connect(&database.url()).await.err().unwrap();
    assert!(
        matches!(&refused, StoreError::Schema(why) if why.contains("newer version")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_reworded_migration_is_refused() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    sqlx::query("UPDATE schema_migrations SET sha256 = 'other' WHERE number = 1")
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    let refused = connect(&database.url()).await.err().unwrap();
    assert!(
        matches!(&refused, StoreError::Schema(why) if why.contains("wording")),
        "{refused}"
    );
}

#[tokio::test]
async fn a_tool_leaves_an_older_schema_alone() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    sqlx::query("DELETE FROM schema_migrations WHERE number > 1")
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    let refused = connect_as(&database.url(), Role::Tool).await.err().unwrap();
    assert!(
        matches!(&refused, StoreError::Schema(why) if why.contains("dopo migrate")),
        "{refused}"
    );
}

/// Takes a database back to what it was before the console.
const BEFORE_THE_CONSOLE: &str = "
    DROP INDEX customers_list, orders_by_standing, orders_by_number, runs_active, messages_by_journey, tasks_by_order,
        messages_held_back, sessions_by_user, orders_by_place, tasks_of_failures;
    ALTER TABLE customers DROP COLUMN orders, DROP COLUMN total_cents, DROP COLUMN last_order_at,
        DROP COLUMN province, DROP COLUMN marketing_email, DROP COLUMN reach;
    ALTER TABLE orders DROP COLUMN standing, DROP COLUMN province;
    ALTER TABLE tasks DROP COLUMN failure;
    ALTER TABLE users DROP COLUMN seen_at, DROP COLUMN name, DROP COLUMN locale;
    ALTER TABLE api_keys DROP COLUMN name;
    ALTER TABLE sessions DROP COLUMN seen_at;
    DROP TABLE customer_words, sources, notes, views, audit, members, passkeys, webhooks, deliveries, backups;
    DROP TABLE looks, feeds, courier_calls, courier_accounts, photos, risks, user_identities, short_links;
    DELETE FROM schema_migrations WHERE number >= 5";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lists_and_search_need_is_filled_in_when_an_older_database_is_brought_up() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    let mut anna = customer(1, "anna@posta.example");
    anna.last_name = Some("D'Amìco".to_owned());
    anna.province = Some("MI".to_owned());
    anna.purchases.orders = 2;
    let mut gone = order(10, 1, "1001");
    gone.snapshot.cancelled_at = Some(t(1));
    let mut shops = Vec::new();
    for (n, slug) in [(1, "bottega"), (2, "altra")] {
        let shop = store.add_shop(slug, &settings("Bottega")).await.unwrap();
        let writes = Writes {
            customers: vec![anna.clone(), Customer::new(CustomerId(2), t0())],
            orders: vec![gone.clone(), order(11, 1, "1002")],
            runs: vec![
                run(1, 1, Some(11), t(60)),
                closed(run(2, 1, None, t(60)), t(1)),
            ],
            tasks: vec![task(1, 1, t(1))],
            ..Writes::default()
        };
        let carrier = intake(n, "one", vec![arrival(shop, "one", n << 8, nothing())]);
        let decide = Arc::new(move |_, _| writes.clone());
        store
            .commit_arrivals(shop, vec![carrier], decide)
            .await
            .unwrap();
        shops.push(shop);
    }
    store.close().await;
    sqlx::raw_sql(BEFORE_THE_CONSOLE)
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    let store = database.connect().await;
    for shop in shops {
        let filter = CustomerFilter {
            terms: vec!["amico".to_owned()],
            provinces: vec!["MI".to_owned()],
            orders_min: Some(2),
            ..CustomerFilter::default()
        };
        let found = store.list_customers(shop, &filter, 9).await.unwrap();
        assert_eq!(found, [anna.clone()]);
        let all = CustomerFilter::default();
        let found = store.list_customers(shop, &all, 9).await.unwrap();
        assert_eq!(found, [anna.clone()], "nobody is listed who is nobody");
        let filter = OrderFilter {
            standing: Some(Standing::Cancelled),
            ..OrderFilter::default()
        };
        let found = store.list_orders(shop, &filter, 9).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, gone);
        let sources = store.source_health(shop).await.unwrap();
        assert_eq!(sources.len(), 1);
        let gauges = store.counters(shop, "now.", NOW, NOW).await.unwrap();
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_at_risk_and_where_orders_go_is_known_of_an_older_database() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    let carrier = intake(1, "one", vec![arrival(shop, "one", 1 << 8, nothing())]);
    let decide = Arc::new(move |_, _| at_risk());
    store
        .commit_arrivals(shop, vec![carrier], decide)
        .await
        .unwrap();
    store.close().await;
    sqlx::raw_sql(BEFORE_THE_CONSOLE)
        .execute(&mut database.raw().await)
        .await
        .unwrap();
    let store = database.connect().await;
    let filter = CustomerFilter {
        at_risk: Some(true),
        ..CustomerFilter::default()
    };
    let found = store.list_customers(shop, &filter, 9).await.unwrap();
    let ids: Vec<i64> = found.iter().map(|person| person.id.0).collect();
    assert_eq!(ids, [2, 1]);
    let filter = OrderFilter {
        provinces: vec!["LE".to_owned()],
        ..OrderFilter::default()
    };
    let found = store.list_orders(shop, &filter, 9).await.unwrap();
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_said_without_its_password() {
    let refused = connect("postgres://dopo:geheim@[::1/shop")
        .await
        .err()
        .unwrap();
    assert!(!refused.to_string().contains("geheim"), "{refused}");
}

/// Tables and their columns, as the migrations of a folder make them.
fn tables(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut tables = BTreeMap::new();
    for file in files {
        let sql = std::fs::read_to_string(file).unwrap();
        let mut table: Option<(String, Vec<String>)> = None;
        for line in sql.lines() {
            if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                let name = rest.split_whitespace().next().unwrap().to_owned();
                table = Some((name, Vec::new()));
            } else if line.starts_with(')') {
                tables.extend(table.take());
            } else if let Some((_, columns)) = &mut table {
                let word = line.split_whitespace().next().unwrap_or_default();
                let is_column = line.starts_with("    ") && !line.starts_with("     ");
                if is_column && word.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    columns.push(word.to_owned());
                }
            }
        }
    }
    tables
}

#[test]
fn both_databases_have_the_same_tables_and_columns_but_for_the_slots() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let names = |store: &str| {
        let mut names: Vec<_> = std::fs::read_dir(crates.join(store).join("migrations"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("dopo-sqlite"), names("dopo-postgres"));
    let sqlite = tables(&crates.join("dopo-sqlite/migrations"));
    let mut postgres = tables(&crates.join("dopo-postgres/migrations"));
    for columns in postgres.values_mut() {
        columns.retain(|column| column != "slot");
    }
    assert!(sqlite.len() > 20);
    assert_eq!(sqlite, postgres);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_bodies_past_their_time_are_found_without_reading_all_that_ever_came_in() {
    let Some(database) = Database::fresh().await else {
        return;
    };
    let store = database.connect().await;
    let shop = store
        .add_shop("bottega", &settings("Bottega"))
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO inbox (shop_id, inbox_id, source, external_id, topic, received_at, status, body)
         SELECT $1, n, 'api', n::text, 'order', n, 'done', CASE WHEN n % 1000 = 0 THEN ''::bytea END
         FROM generate_series(1, 20000) n",
    )
    .bind(shop.0)
    .execute(&mut database.raw().await)
    .await
    .unwrap();
    let plan: Vec<String> = {
        let mut raw = database.raw().await;
        sqlx::raw_sql("ANALYZE inbox")
            .execute(&mut raw)
            .await
            .unwrap();
        sqlx::query_scalar(
            "EXPLAIN SELECT ctid FROM inbox WHERE body IS NOT NULL AND received_at >= 0 AND received_at < 30000
             ORDER BY received_at LIMIT 10",
        )
        .fetch_all(&mut raw)
        .await
        .unwrap()
    };
    assert!(plan.join("\n").contains("inbox_bodies"), "{plan:#?}");
    let pruned = store.prune(t(40 * 24 * 3_600)).await.unwrap();
    assert_eq!(pruned.bodies, 20);
}
