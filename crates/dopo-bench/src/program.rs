//! The program under test: a process of its own, set up through its own commands.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Connection;

/// Name of the shop in addresses.
pub const SHOP: &str = "bench";
/// How long the program may take to answer after its start.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to come to rest after its start.
const SETTLED_WITHIN: Duration = Duration::from_secs(180);
/// How long it must rest.
const SETTLED_SPAN: Duration = Duration::from_secs(3);
/// The share of one processor below which it rests.
const SETTLED_SHARE: f64 = 0.05;
/// Clock ticks of `/proc/PID/stat` in a second (Linux, all architectures we build for).
pub const TICKS_PER_SECOND: f64 = 100.0;

const SELLER: &str = r#"
legal_name = "Casa Misurata S.r.l."
address = "Via delle Prove 1, 20121 Milano (MI)"
email = "info@example.com"
phone = "+39 02 0000000"
vat_number = "12345678903"
rea = "MI-1234567"
adr = "Non aderiamo a organismi di risoluzione delle controversie."
"#;

/// An installation in a folder of its own.
pub struct Program {
    binary: PathBuf,
    /// Its working folder.
    pub folder: PathBuf,
    /// Its database.
    pub database: String,
    smtp: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// A key for `events:write`.
    pub key: String,
    child: Option<Child>,
    /// The PostgreSQL server's first process, on PostgreSQL.
    postmaster: Option<u32>,
}

impl Program {
    /// Makes a folder, a shop that is live, and a key.
    ///
    /// # Errors
    /// When a command of the program fails.
    pub fn install(binary: &Path, folder: &Path, database: String, smtp: String) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("seller.toml"), SELLER)?;
        let program = Self::at(binary, folder, database, smtp)?;
        program.run(&[
            "shop",
            "add",
            SHOP,
            "--name",
            "Casa Misurata",
            "--from",
            "ordini@example.com",
            "--seller-file",
            "seller.toml",
        ])?;
        program.run(&["shop", "live", SHOP])?;
        program.with_key()
    }

    /// An installation that an earlier run left, with a new key.
    ///
    /// # Errors
    /// When a command of the program fails.
    pub fn again(binary: &Path, folder: &Path, database: String, smtp: String) -> Result<Self> {
        let program = Self::at(binary, folder, database, smtp)?;
        program.run(&["migrate"])?;
        program.with_key()
    }

    fn at(binary: &Path, folder: &Path, database: String, smtp: String) -> Result<Self> {
        let postmaster = match database.starts_with("postgres") {
            true => Some(postmaster(&database)?),
            false => None,
        };
        Ok(Program {
            binary: binary.to_owned(),
            folder: folder.to_owned(),
            database,
            smtp,
            address: std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?,
            key: String::new(),
            child: None,
            postmaster,
        })
    }

    fn with_key(mut self) -> Result<Self> {
        self.key = self
            .run(&["api-key", "add", SHOP, "--scope", "events:write"])?
            .trim()
            .to_owned();
        Ok(self)
    }

    /// A key that may read figures and people.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn reading_key(&self) -> Result<String> {
        let scopes = ["--scope", "counters:read", "--scope", "customers:read"];
        let said = self.run(&[["api-key", "add", SHOP].as_slice(), &scopes].concat())?;
        Ok(said.trim().to_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(&self.folder)
            .env("DOPO_LISTEN", self.address.to_string())
            .env("DOPO_DATABASE_URL", &self.database)
            .env("DOPO_SMTP_URL", &self.smtp)
            .env("DOPO_MASTER_KEY_FILE", self.key_file())
            .env("DOPO_API_REQUESTS_PER_SECOND", "1000000")
            .env("DOPO_LOG", "warn");
        command
    }

    /// The file of its master key.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("dopo.key")
    }

    /// Runs a command of the program and gives what it prints.
    ///
    /// # Errors
    /// When it fails.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        let out = self
            .command()
            .args(args)
            .output()
            .with_context(|| format!("{} does not start", self.binary.display()))?;
        ensure!(
            out.status.success(),
            "dopo {args:?} failed:\n{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// Says whether the shop's platform sends the receipts; then nothing leaves for an order.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn leave_receipts_to_platform(&self, leave: bool) -> Result<()> {
        self.run(&[
            "shop",
            "leave-to-platform",
            SHOP,
            if leave { "order_receipt" } else { "none" },
        ])?;
        // The server takes settings over within half a second.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        Ok(())
    }

    /// Starts `dopo serve` and waits until it answers.
    ///
    /// # Errors
    /// When it does not within a minute.
    pub async fn start(&mut self) -> Result<()> {
        let log_file = self.folder.join("serve.log");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log_file)?;
        self.child = Some(
            self.command()
                .arg("serve")
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()?,
        );
        let begun = Instant::now();
        while begun.elapsed() < READY_WITHIN {
            if let Ok(mut connection) = Connection::open(self.address).await
                && let Ok(answer) = connection.ask(get("/readyz").as_bytes()).await
                && answer.status == 200
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!(
            "dopo serve is not ready:\n{}",
            std::fs::read_to_string(log_file).unwrap_or_default()
        )
    }

    /// Waits until the program and the database rest: what a start brings with it (the day's estimates over all parcels
    /// under way, pruning) is not what is measured. Gives the seconds it took.
    pub async fn settle(&self) -> f64 {
        let begun = Instant::now();
        while begun.elapsed() < SETTLED_WITHIN {
            let before = self.cpu_seconds();
            tokio::time::sleep(SETTLED_SPAN).await;
            if self.cpu_seconds() - before < SETTLED_SHARE * SETTLED_SPAN.as_secs_f64() {
                break;
            }
        }
        begun.elapsed().as_secs_f64()
    }

    /// Stops it politely, and waits.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let asked = Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .status();
            if !asked.is_ok_and(|status| status.success()) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }

    /// Seconds of processor time used so far by the program and, on PostgreSQL, by the database server.
    pub fn cpu_seconds(&self) -> f64 {
        let program = self
            .child
            .as_ref()
            .map_or(0.0, |child| ticks(child.id(), false));
        let server = self.postmaster.map_or(0.0, |postmaster| {
            ticks(postmaster, true)
                + children(postmaster)
                    .into_iter()
                    .map(|pid| ticks(pid, false))
                    .sum::<f64>()
        });
        (program + server) / TICKS_PER_SECOND
    }

    /// Resident memory of the program now and at its highest, in MB (10^6 bytes).
    pub fn memory_mb(&self) -> (f64, f64) {
        let Some(child) = &self.child else {
            return (0.0, 0.0);
        };
        let text =
            std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default();
            let kib: f64 = line
                .split_whitespace()
                .next()
                .and_then(|n| n.parse().ok())
                .unwrap_or(0.0);
            kib * 1_024.0 / 1e6
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    /// Size of the database in MB (10^6 bytes).
    pub fn database_mb(&self) -> f64 {
        if self.postmaster.is_some() {
            let size = psql(
                &self.database,
                "SELECT pg_database_size(current_database())",
            );
            return size
                .ok()
                .and_then(|size| size.parse::<f64>().ok())
                .unwrap_or(0.0)
                / 1e6;
        }
        let path = self.database.trim_start_matches("sqlite://");
        let bytes: u64 = ["", "-wal"]
            .iter()
            .filter_map(|end| std::fs::metadata(format!("{path}{end}")).ok())
            .map(|m| m.len())
            .sum();
        bytes as f64 / 1e6
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A GET request without a body.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: gzip\r\n\r\n")
}

/// Runs one SQL statement with `psql` and gives the bare result.
///
/// # Errors
/// When `psql` is not there or the statement fails.
pub fn psql(url: &str, sql: &str) -> Result<String> {
    let out = Command::new("psql")
        .args([url, "-XqtAc", sql])
        .output()
        .context("psql does not start")?;
    ensure!(
        out.status.success(),
        "{sql}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

fn postmaster(url: &str) -> Result<u32> {
    let backend = psql(url, "SELECT pg_backend_pid()")?;
    // The backend has ended with its connection, so its parent is asked of the server's own file.
    let file = psql(
        url,
        "SELECT setting || '/postmaster.pid' FROM pg_settings WHERE name = 'data_directory'",
    )?;
    let text = std::fs::read_to_string(&file);
    if let Ok(text) = text
        && let Some(pid) = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok())
    {
        return Ok(pid);
    }
    bail!(
        "the PostgreSQL server (backend {backend}) is not on this machine or its {file} cannot be read"
    )
}

/// User and system time of a process in clock ticks; with that of its ended children if wished.
pub fn ticks(pid: u32, with_ended: bool) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = text.rsplit_once(')') else {
        return 0.0;
    };
    // After the name: state is field 3, utime field 14.
    rest.split_whitespace()
        .skip(11)
        .take(if with_ended { 4 } else { 2 })
        .filter_map(|n| n.parse::<f64>().ok())
        .sum()
}

fn children(parent: u32) -> BTreeSet<u32> {
    let mut out = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return out;
    };
    for pid in entries.flatten().filter_map(|entry| {
        entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
    }) {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of = text
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.split_whitespace().nth(1).and_then(|n| n.parse().ok()));
        if of == Some(parent) {
            out.insert(pid);
        }
    }
    out
}
