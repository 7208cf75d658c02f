//! What must be on the machine, and installing what is not.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell::{command, run, run_quiet, target_dir, which};

/// The oldest Node that the web projects build with.
const NODE_MIN_MAJOR: u32 = 20;
/// The oldest PostgreSQL that Dopo supports.
const POSTGRES_MIN_MAJOR: u32 = 15;
/// How long to wait for another package manager to finish, in seconds.
const APT_LOCK_WAIT_S: u32 = 900;
/// How often the package lists are asked for before giving up.
const APT_UPDATE_TRIES: u32 = 50;
/// The pause between two such tries.
const APT_UPDATE_PAUSE: Duration = Duration::from_secs(6);

/// Fails with what to do when Node or npm is missing or too old.
pub(crate) fn need_node() -> Result<()> {
    let said = run_quiet(command("node").arg("--version"))
        .with_context(|| format!("Node {NODE_MIN_MAJOR} or newer is needed: install it first"))?;
    let major: u32 = said
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok())
        .with_context(|| format!("`node --version` said {said:?}, which is not a version"))?;
    if major < NODE_MIN_MAJOR {
        bail!("Node {NODE_MIN_MAJOR} or newer is needed and this is {major}: install a newer one");
    }
    if which("npm").is_none() {
        bail!("npm is needed beside Node and is not on the path: install it first");
    }
    Ok(())
}

/// The folder of PostgreSQL's server programs, installed if need be.
pub(crate) fn need_postgres() -> Result<PathBuf> {
    if let Some(dir) = postgres_bin() {
        return Ok(dir);
    }
    apt_install(
        &["postgresql"],
        "the tests of the PostgreSQL store need its server",
    )?;
    postgres_bin().with_context(|| {
        format!("PostgreSQL {POSTGRES_MIN_MAJOR} or newer is still not found after the install")
    })
}

/// The path of Chromium, installed if need be.
pub(crate) fn need_chromium() -> Result<PathBuf> {
    if let Some(path) = chromium() {
        return Ok(path);
    }
    apt_install(
        &["chromium", "fonts-liberation"],
        "the browser tests drive a real Chromium",
    )?;
    chromium().context("Chromium is still not found after the install")
}

/// The version of the tool that asks the API everything its document allows, and much that it does not.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// The path of schemathesis, installed into a place of its own under the target folder if need be.
pub(crate) fn need_schemathesis() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("DOPO_SCHEMATHESIS") {
        return Ok(path.into());
    }
    let venv = target_dir()?.join("schemathesis");
    let (program, stamp) = (venv.join("bin/schemathesis"), venv.join("installed"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == SCHEMATHESIS) {
        return Ok(program);
    }
    if which("python3").is_none()
        || run_quiet(command("python3").args(["-c", "import ensurepip, venv"])).is_err()
    {
        apt_install(
            &["python3", "python3-venv"],
            "the API is tested against its document by schemathesis",
        )?;
    }
    eprintln!("Installing {SCHEMATHESIS}: it tests the API against its document.");
    run_quiet(
        command("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&venv),
    )?;
    run_quiet(command(venv.join("bin/python")).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        SCHEMATHESIS,
    ]))
    .with_context(|| format!("cannot install {SCHEMATHESIS}"))?;
    std::fs::write(&stamp, SCHEMATHESIS)?;
    Ok(program)
}

fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("DOPO_CHROMIUM") {
        return Some(path.into());
    }
    which("chromium").or_else(|| which("chromium-browser"))
}

/// The newest server on the machine that is new enough, in Debian's place or on the path.
fn postgres_bin() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
    {
        let major: Option<u32> = entry.file_name().to_str().and_then(|n| n.parse().ok());
        let bin = entry.path().join("bin");
        if let Some(major) = major
            && major >= POSTGRES_MIN_MAJOR
            && has_server(&bin)
        {
            found.push((major, bin));
        }
    }
    if let Some((_, bin)) = found.into_iter().max() {
        return Some(bin);
    }
    let initdb = which("initdb")?.canonicalize().ok()?;
    let bin = initdb.parent()?.to_path_buf();
    let said = run_quiet(command(&initdb).arg("--version")).ok()?;
    let major: u32 = said
        .split_whitespace()
        .find_map(|word| word.split('.').next()?.parse().ok())?;
    (major >= POSTGRES_MIN_MAJOR && has_server(&bin)).then_some(bin)
}

fn has_server(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres", "psql"]
        .iter()
        .all(|program| bin.join(program).exists())
}

/// Whether we run as root. Linux says so without a system call of our own.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

fn apt_install(packages: &[&str], why: &str) -> Result<()> {
    let list = packages.join(" ");
    if which("apt-get").is_none() {
        bail!("{list} is missing ({why}) and there is no apt-get here: install it by hand");
    }
    if !is_root() && which("sudo").is_none() {
        bail!(
            "{list} is missing ({why}) and installing it needs root: run this as root, or install it by hand"
        );
    }
    eprintln!("Installing {list} with apt-get: {why}.");
    let apt = || {
        let mut apt = if is_root() {
            command("apt-get")
        } else {
            let mut sudo = command("sudo");
            sudo.arg("apt-get");
            sudo
        };
        apt.env("DEBIAN_FRONTEND", "noninteractive").args([
            "-o",
            &format!("DPkg::Lock::Timeout={APT_LOCK_WAIT_S}"),
            "-q",
        ]);
        apt
    };
    // The lists have a lock of their own that apt does not wait for.
    let mut tried = 1;
    while let Err(error) = run_quiet(apt().arg("update")) {
        let busy = format!("{error:#}").contains("Could not get lock");
        if !busy || tried == APT_UPDATE_TRIES {
            return Err(error.context(format!(
                "cannot read the package lists; install {list} by hand and run this again"
            )));
        }
        tried += 1;
        sleep(APT_UPDATE_PAUSE);
    }
    run(apt()
        .args(["install", "-y", "--no-install-recommends"])
        .args(packages))
    .with_context(|| format!("cannot install {list}; install it by hand and run this again"))
}
