//! Kill -9 at any moment loses nothing and decides nothing twice: the real program against a real SMTP sink, on both stores.
//!
//! Orders are posted without pause while the program is killed and started again. In the end every acknowledged order
//! has its receipt under one Message-ID (`legal`, repeated when a hand-over was in doubt), and every care mail was handed
//! over at most once, the missing ones being marked in doubt.
//! `DOPO_CRASH_KILLS` sets how often it is killed on each store (6 by default, so that every run of the tests does it).

use dopo_testkit::smtp_sink::{SinkOptions, SmtpSink};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KILLS_DEFAULT: u32 = 6;
const CLIENTS: u64 = 8;
const READY_WITHIN: Duration = Duration::from_secs(60);
const DRAINED_WITHIN: Duration = Duration::from_secs(180);

const SELLER: &str = r#"
legal_name = "Prova di Tenuta S.r.l."
address = "Via delle Prove 1, 20121 Milano (MI)"
email = "info@example.com"
phone = "+39 02 0000000"
vat_number = "12345678903"
rea = "MI-1234567"
adr = "Non aderiamo a organismi di risoluzione delle controversie."
"#;

/// A care mail on every paid order: a purpose that is not repeated when in doubt.
const CARE_JOURNEY: &str = "
journey: cura_subito
name: { it: Cura subito, en: Care at once }
key: order
on: order_paid
freshness: 3d
reentry: once
steps:
  - send: { template: guide_24h, channel: email, purpose: care }
";

/// The program with its database, and how to start and kill it.
struct Program {
    folder: PathBuf,
    database: String,
    smtp: String,
    port: u16,
    child: Option<Child>,
}

impl Program {
    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dopo"));
        command
            .current_dir(&self.folder)
            .env("DOPO_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("DOPO_DATABASE_URL", &self.database)
            .env("DOPO_SMTP_URL", &self.smtp)
            .env("DOPO_MASTER_KEY_FILE", self.folder.join("dopo.key"))
            .env("DOPO_LOG", "warn");
        command
    }

    /// Runs a command of the program to its end and gives what it prints.
    fn run(&self, args: &[&str]) -> String {
        let out = self
            .command()
            .args(args)
            .output()
            .expect("the program starts");
        let (stdout, stderr) = (
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr),
        );
        assert!(
            out.status.success(),
            "dopo {args:?} failed:\n{stdout}\n{stderr}"
        );
        stdout.into_owned()
    }

    async fn start(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("serve.log"))
            .expect("a log");
        let child = self
            .command()
            .arg("serve")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        self.child = Some(child);
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            if let Ok((200, _)) = request(self.port, "GET", "/readyz", "", "").await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        panic!(
            "not ready in time:\n{}",
            std::fs::read_to_string(self.folder.join("serve.log")).unwrap_or_default()
        );
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // SIGKILL: no handler runs, nothing is flushed.
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One HTTP request on a connection of its own: status and body.
async fn request(
    port: u16,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> std::io::Result<(u16, String)> {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        Ok((
            status,
            answer
                .split_once("\r\n\r\n")
                .map(|(_, body)| body.to_owned())
                .unwrap_or_default(),
        ))
    };
    match tokio::time::timeout(Duration::from_secs(20), exchange).await {
        Ok(done) => done,
        Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
    }
}

fn order(n: u64) -> String {
    let now = jiff::Timestamp::now();
    serde_json::json!({
        "id": format!("e{n}"),
        "type": "order_updated",
        "at": now,
        "order": {
            "external_id": format!("o{n}"),
            "number": format!("#{n}"),
            "placed_at": now,
            "updated_at": now,
            "person": {"email": format!("c{n}@example.com"), "first_name": "Chiara"},
            "lines": [{"id": "1", "title": "Sedia", "quantity": 1, "unit_price": {"cents": 5200, "currency": "EUR"}}],
            "total": {"cents": 5200, "currency": "EUR"},
            "payment": "paid",
        }
    })
    .to_string()
}

/// A small generator of numbers (splitmix64): the kills come at random moments that a seed repeats.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

async fn survives(database: String, folder: &Path) {
    let kills = std::env::var("DOPO_CRASH_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(KILLS_DEFAULT);
    let sink = SmtpSink::start_with(SinkOptions::default())
        .await
        .expect("a sink");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let mut program = Program {
        folder: folder.to_owned(),
        database,
        smtp: sink.url(),
        port,
        child: None,
    };
    std::fs::write(folder.join("seller.toml"), SELLER).expect("a file");
    std::fs::write(folder.join("care.yaml"), CARE_JOURNEY).expect("a file");
    program.run(&[
        "shop",
        "add",
        "prova",
        "--name",
        "Prova",
        "--from",
        "ordini@example.com",
        "--seller-file",
        "seller.toml",
    ]);
    // Care mails may leave at any hour here: the test runs at night too.
    let open = "[quiet_hours.marketing_email]\n";
    let mut settings = program.run(&["shop", "settings", "prova"]);
    if let Some(at) = settings.find(open) {
        let rest = settings.split_off(at + open.len());
        let (hours, tail) = rest
            .split_once("\n[")
            .map_or((rest.as_str(), None), |(hours, tail)| (hours, Some(tail)));
        for line in hours.lines().filter(|line| line.contains('=')) {
            let (name, _) = line.split_once('=').expect("a setting");
            settings.push_str(&format!("{name}= \"0:00-24:00\"\n"));
        }
        if let Some(tail) = tail {
            settings.push_str(&format!("\n[{tail}"));
        }
    }
    std::fs::write(folder.join("settings.toml"), &settings).expect("a file");
    program.run(&["shop", "settings", "prova", "--file", "settings.toml"]);
    program.run(&["journey", "publish", "care.yaml", "--shop", "prova"]);
    program.run(&["shop", "live", "prova"]);
    let key = program
        .run(&["api-key", "add", "prova", "--scope", "events:write"])
        .trim()
        .to_owned();
    program.start().await;

    let (stop, counter) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (stop, counter, key) = (Arc::clone(&stop), Arc::clone(&counter), key.clone());
        clients.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let n = counter.fetch_add(1, Ordering::Relaxed);
                let body = order(n);
                // An order is sent until it is acknowledged, as a shop's platform would: repeats carry the same id.
                loop {
                    match request(port, "POST", "/api/v1/events", &key, &body).await {
                        Ok((200..=299, _)) => {
                            acknowledged.push(n);
                            break;
                        }
                        Ok((status @ 400..=499, answer)) if status != 429 => {
                            panic!("refused: {status} {answer}")
                        }
                        _ => tokio::time::sleep(Duration::from_millis(40)).await,
                    }
                }
            }
            acknowledged
        }));
    }

    let mut dice = 0x00d0_9000_u64;
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(150 + next(&mut dice) % 900)).await;
        program.kill();
        program.start().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let mut orders = 0;
    for client in clients {
        orders += client.await.expect("a client").len();
    }
    assert!(orders > 50, "too few orders for a test: {orders}");

    // Wait until nothing is queued or being handed over any more.
    let begun = Instant::now();
    let list = |program: &Program, status: &str| {
        let out = program.run(&[
            "messages", "--shop", "prova", "--status", status, "--limit", "1000000", "--json",
        ]);
        out.lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
            .collect::<Vec<_>>()
    };
    loop {
        let waiting = list(&program, "queued").len() + list(&program, "sending").len();
        if waiting == 0 {
            break;
        }
        assert!(
            begun.elapsed() < DRAINED_WITHIN,
            "{waiting} messages are still waiting"
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    let sent = list(&program, "sent");
    let in_doubt = list(&program, "in_doubt");
    let mut of_template: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for message in sent.iter().chain(&in_doubt) {
        let name = message["template"].as_str().expect("a template").to_owned();
        of_template
            .entry(name)
            .or_default()
            .insert(message["id"].as_str().expect("an id").to_owned());
    }
    let receipts = &of_template["order_receipt"];
    let care = &of_template["guide_24h"];
    assert_eq!(
        receipts.len(),
        orders,
        "one receipt for each acknowledged order"
    );
    assert_eq!(
        care.len(),
        orders,
        "one care mail for each acknowledged order, sent or in doubt"
    );
    assert!(
        in_doubt.iter().all(|m| m["purpose"] == "care"),
        "what the law or the order needs is never left in doubt"
    );

    let at_sink = sink.accepted_by_message_id();
    let handed_over = |id: &String| {
        at_sink
            .get(&format!("{id}@example.com"))
            .copied()
            .unwrap_or(0)
    };
    let lost: Vec<_> = receipts.iter().filter(|id| handed_over(id) == 0).collect();
    assert!(
        lost.is_empty(),
        "{} receipts never reached the sink",
        lost.len()
    );
    let twice = care.iter().filter(|id| handed_over(id) > 1).count();
    assert_eq!(twice, 0, "a care mail was handed over twice");
    let doubted: BTreeSet<&str> = in_doubt.iter().filter_map(|m| m["id"].as_str()).collect();
    let vanished = care
        .iter()
        .filter(|id| handed_over(id) == 0 && !doubted.contains(id.as_str()))
        .count();
    assert_eq!(
        vanished, 0,
        "a care mail is marked sent and never reached the sink"
    );
    let unknown = at_sink.keys().filter(|id| {
        let id = id.split('@').next().unwrap_or_default();
        !receipts.contains(id) && !care.contains(id)
    });
    assert_eq!(unknown.count(), 0, "the sink got something nobody decided");
    let repeated = receipts.iter().filter(|id| handed_over(id) > 1).count();
    println!(
        "{kills} kills: {orders} orders, 0 lost, 0 decided twice; in doubt: {repeated} receipts repeated under their \
         Message-ID, {} care mails not repeated",
        in_doubt.len()
    );
    program.kill();
}

fn folder(name: &str) -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix(name)
        .tempdir()
        .expect("a folder")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_on_sqlite_nothing_is_lost_and_nothing_is_sent_twice() {
    let folder = folder("dopo-crash-sqlite");
    survives(
        format!("sqlite://{}", folder.path().join("dopo.db").display()),
        folder.path(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_on_postgresql_nothing_is_lost_and_nothing_is_sent_twice() {
    let Ok(server) = std::env::var("DOPO_POSTGRES_URL") else {
        println!("skipped: DOPO_POSTGRES_URL is not set (cargo xtask test sets it)");
        return;
    };
    let name = format!("dopo_crash_{}", std::process::id());
    let created = Command::new("psql")
        .args([&server, "-qc", &format!("CREATE DATABASE {name}")])
        .status();
    assert!(
        created.is_ok_and(|status| status.success()),
        "the database for the test could not be made"
    );
    let (base, query) = server
        .split_once('?')
        .map_or((server.as_str(), None), |(base, query)| (base, Some(query)));
    let (host, _) = base
        .rsplit_once('/')
        .expect("a database in DOPO_POSTGRES_URL");
    let database = match query {
        Some(query) => format!("{host}/{name}?{query}"),
        None => format!("{host}/{name}"),
    };
    let folder = folder("dopo-crash-postgres");
    survives(database, folder.path()).await;
    let _ = Command::new("psql")
        .args([
            &server,
            "-qc",
            &format!("DROP DATABASE {name} WITH (FORCE)"),
        ])
        .status();
}
