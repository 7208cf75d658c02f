//! A throw-away PostgreSQL: a cluster of its own in a temporary folder on a free port.
//!
//! A small shell script owns the server. It lives until its standard input closes, which happens
//! when [`Cluster`] is dropped and also when xtask is killed, so nothing is ever left running.
//! The server refuses to run as root; then the script runs as the user `postgres`.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::shell::{command, root, run_quiet};
use crate::system::{is_root, need_postgres};

/// A port that was free may be taken before the server binds it; then another one is tried.
const START_TRIES: u32 = 3;
/// The role and the database that the URL names. The role may create databases and schemas.
const NAME: &str = "dopo";
/// The user that owns the server when we are root. Debian's package creates it.
const SERVER_USER: &str = "postgres";

/// `$1` programs, `$2` port, `$3` role. Says `ready` and then waits for its input to close.
const KEEPER: &str = r#"
set -eu
umask 077
bin=$1 port=$2 role=$3
dir=$(mktemp -d)
cleanup() {
    "$bin/pg_ctl" stop -D "$dir/data" -m immediate -w >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap 'cleanup' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"
"$bin/initdb" -D "$dir/data" -U "$role" -A trust -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 1; }
cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
fsync = on
synchronous_commit = on
max_connections = 300
shared_buffers = 256MB
max_wal_size = 2GB
timezone = 'UTC'
log_min_messages = warning
CONF
"$bin/pg_ctl" start -D "$dir/data" -l "$dir/server.log" -w -t 60 >/dev/null ||
    { cat "$dir/server.log" >&2; exit 1; }
"$bin/createdb" -h 127.0.0.1 -p "$port" -U "$role" "$role"
echo ready
cat >/dev/null
"#;

/// A running server. Dropping it stops the server and removes its folder.
pub(crate) struct Cluster {
    keeper: Child,
    bin: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts a server, installing PostgreSQL if the machine has none.
    pub(crate) fn start() -> Result<Self> {
        let bin = need_postgres()?;
        let mut tried = 1;
        loop {
            match Self::try_start(&bin) {
                Ok(cluster) => return Ok(cluster),
                Err(_) if tried < START_TRIES => tried += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn try_start(bin: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut keeper = as_server_user();
        keeper
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(bin)
            .args([port.to_string().as_str(), NAME])
            .current_dir("/")
            // Its own group, so that Ctrl-C reaches us and not the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut keeper = keeper.spawn().context("cannot start PostgreSQL")?;
        let mut said = String::new();
        if let Some(stdout) = keeper.stdout.take() {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        if said.trim() != "ready" {
            let mut error = String::new();
            if let Some(mut stderr) = keeper.stderr.take() {
                stderr.read_to_string(&mut error)?;
            }
            keeper.wait()?;
            bail!("PostgreSQL did not start:\n{}", error.trim());
        }
        Ok(Self {
            keeper,
            bin: bin.to_path_buf(),
            port,
        })
    }

    /// The address of the server's empty database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{NAME}@127.0.0.1:{}/{NAME}", self.port)
    }

    /// Applies the migrations of the PostgreSQL store in the order of their numbers.
    pub(crate) fn migrate(&self) -> Result<()> {
        let dir = root().join("crates/dopo-postgres/migrations");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
            .with_context(|| format!("cannot read {}", dir.display()))?
            .map(|entry| entry.map(|e| e.path()))
            .collect::<std::io::Result<_>>()?;
        files.retain(|file| file.extension().is_some_and(|e| e == "sql"));
        files.sort();
        if files.is_empty() {
            bail!("{} has no migrations", dir.display());
        }
        for file in files {
            let mut psql = command(self.bin.join("psql"));
            psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-d"])
                .arg(self.url())
                .arg("-f")
                .arg(&file);
            run_quiet(&mut psql)?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("cannot wait for PostgreSQL to stop: {error}");
        }
    }
}

fn as_server_user() -> Command {
    if is_root() {
        let mut setpriv = command("setpriv");
        setpriv
            .args(["--reuid", SERVER_USER, "--regid", SERVER_USER])
            .args(["--init-groups", "--"]);
        setpriv
    } else {
        command("env")
    }
}

/// `cargo xtask pg`: runs a server until Ctrl-C.
pub(crate) fn serve(migrate: bool) -> Result<()> {
    let cluster = Cluster::start()?;
    if migrate {
        cluster.migrate()?;
    }
    println!("DOPO_POSTGRES_URL={}", cluster.url());
    eprintln!("Ctrl-C stops it and removes its data.");
    // A signal ends us; the keeper sees its input close and stops the server.
    loop {
        std::thread::park();
    }
}
