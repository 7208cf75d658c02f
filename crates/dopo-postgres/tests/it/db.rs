//! A database of its own for each test, copied from a migrated template.

use dopo_postgres::{PostgresStore, connect};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};

/// Key of the lock under which the template is made once.
const TEMPLATE_LOCK: i64 = 0x646f_706f_7465_6d70;

/// A database that is dropped with its owner.
pub struct Database {
    server: String,
    name: String,
}

/// The address of another database on the same server.
fn on(server: &str, name: &str) -> String {
    let (address, query) = match server.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (server, String::new()),
    };
    let (scheme, rest) = address.split_once("://").expect("a URL");
    let host = rest.split_once('/').map_or(rest, |(host, _)| host);
    format!("{scheme}://{host}/{name}{query}")
}

async fn run(c: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(c).await.unwrap();
}

/// A name that changes with the migrations.
fn template_name() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(&std::fs::read(file).unwrap());
    }
    format!("dopo_template_{:016x}", hasher.finish())
}

/// The server's address, or `None` after saying that it is missing.
fn server() -> Option<String> {
    let server = std::env::var("DOPO_POSTGRES_URL").ok();
    if server.is_none() {
        println!("skipped: DOPO_POSTGRES_URL is not set (cargo xtask test sets it)");
    }
    server
}

fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!(
        "dopo_test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    )
}

impl Database {
    /// A database without tables.
    pub async fn empty() -> Option<Self> {
        let server = server()?;
        let name = new_name();
        let mut c = PgConnection::connect(&server).await.unwrap();
        run(
            &mut c,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        run(&mut c, format!("CREATE DATABASE {name}")).await;
        Some(Database { server, name })
    }

    /// A database with the tables of the newest migration, and nothing in them.
    pub async fn fresh() -> Option<Self> {
        let server = server()?;
        let template = template_name();
        let name = new_name();
        let mut c = PgConnection::connect(&server).await.unwrap();
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut c)
            .await
            .unwrap();
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)")
                .bind(&template)
                .fetch_one(&mut c)
                .await
                .unwrap();
        if !there {
            let raw = format!("{template}_raw");
            run(
                &mut c,
                format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)"),
            )
            .await;
            run(&mut c, format!("CREATE DATABASE {raw}")).await;
            connect(&on(&server, &raw)).await.unwrap().close().await;
            run(&mut c, format!("ALTER DATABASE {raw} RENAME TO {template}")).await;
        }
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(TEMPLATE_LOCK)
            .execute(&mut c)
            .await
            .unwrap();
        run(
            &mut c,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        run(
            &mut c,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        Some(Database { server, name })
    }

    /// Its address.
    pub fn url(&self) -> String {
        on(&self.server, &self.name)
    }

    /// A store on it, as one more node.
    pub async fn connect(&self) -> PostgresStore {
        connect(&self.url()).await.unwrap()
    }

    /// A plain connection to it.
    pub async fn raw(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut c = PgConnection::connect(&server).await.unwrap();
                run(
                    &mut c,
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )
                .await;
            });
        });
        let _ = dropped.join();
    }
}
