//! Copies out and copies in, by PostgreSQL's own programs.

use dopo_engine::ports::store::StoreError;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Where Debian and its children keep the programs of each version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";
/// Characters of a program's complaint that are passed on.
const COMPLAINT_CHARS_MAX: usize = 500;

/// A database's address with the password taken out: what others on the machine may see in a list of processes.
struct Address {
    url: String,
    password: Option<String>,
}

impl Address {
    fn of(url: &str) -> Self {
        let whole = || Address {
            url: url.to_owned(),
            password: None,
        };
        let Some((scheme, rest)) = url.split_once("://") else {
            return whole();
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let Some((login, host)) = authority.rsplit_once('@') else {
            return whole();
        };
        let Some((user, password)) = login.split_once(':') else {
            return whole();
        };
        Address {
            url: format!("{scheme}://{user}@{host}{tail}"),
            password: Some(percent_decoded(password)),
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| {
            std::str::from_utf8(h)
                .ok()
                .and_then(|h| u8::from_str_radix(h, 16).ok())
        });
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The program's path: of the newest version where Debian keeps them (the commands in `PATH` there choose by cluster), else
/// by its name in `PATH`.
fn program(name: &str) -> PathBuf {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(DEBIAN_FOLDER)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let path = entry.path().join("bin").join(name);
            path.is_file().then_some((version, path))
        })
        .collect();
    versions.sort();
    versions
        .pop()
        .map_or_else(|| PathBuf::from(name), |(_, path)| path)
}

async fn run(name: &str, url: &str, arguments: &[&std::ffi::OsStr]) -> Result<(), StoreError> {
    let address = Address::of(url);
    let mut command = Command::new(program(name));
    command
        .arg("--no-password")
        .arg("--dbname")
        .arg(&address.url)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(password) = &address.password {
        command.env("PGPASSWORD", password);
    }
    let done = command.output().await.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => StoreError::Rejected(format!(
            "`{name}` is neither in PATH nor below {DEBIAN_FOLDER}: install PostgreSQL's client programs \
             (Debian, Ubuntu: postgresql-client)"
        )),
        _ => StoreError::Unavailable(format!("`{name}` could not be started: {e}")),
    })?;
    if done.status.success() {
        return Ok(());
    }
    let complaint: String = String::from_utf8_lossy(&done.stderr)
        .trim()
        .chars()
        .take(COMPLAINT_CHARS_MAX)
        .collect();
    Err(StoreError::Unavailable(format!(
        "`{name}` ended with {}: {complaint}",
        done.status
    )))
}

/// Copies one snapshot of the database into a file in `pg_dump`'s custom format, while it is in use.
pub(crate) async fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    run(
        "pg_dump",
        url,
        &[
            "--format=custom".as_ref(),
            "--no-owner".as_ref(),
            "--no-privileges".as_ref(),
            "--file".as_ref(),
            part.as_os_str(),
        ],
    )
    .await?;
    let named = async {
        tokio::fs::File::open(&part).await?.sync_all().await?;
        tokio::fs::rename(&part, to).await
    };
    named
        .await
        .map_err(|e| StoreError::Unavailable(format!("could not write {}: {e}", to.display())))
}

/// Replaces the database at `url` by the copy in `from`, whole or not at all. No server may be running on it.
///
/// # Errors
/// [`StoreError::Rejected`] when `pg_restore` is not installed; [`StoreError::Unavailable`] when it refuses, with its
/// words; [`StoreError::Schema`] when the copy was made by a newer program.
pub async fn restore(url: &str, from: &Path) -> Result<(), StoreError> {
    if !from.is_file() {
        return Err(StoreError::Rejected(format!(
            "there is no file {}",
            from.display()
        )));
    }
    run(
        "pg_restore",
        url,
        &[
            "--clean".as_ref(),
            "--if-exists".as_ref(),
            "--no-owner".as_ref(),
            "--no-privileges".as_ref(),
            "--single-transaction".as_ref(),
            "--exit-on-error".as_ref(),
            from.as_os_str(),
        ],
    )
    .await?;
    crate::store::PostgresStore::open(url).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_the_list_of_processes() {
        let address = Address::of("postgres://dopo:a%40b:c@db.example:5433/shop?sslmode=require");
        assert_eq!(
            address.url,
            "postgres://dopo@db.example:5433/shop?sslmode=require"
        );
        assert_eq!(address.password.as_deref(), Some("a@b:c"));
        let address = Address::of("postgres://dopo@localhost/shop");
        assert_eq!(address.url, "postgres://dopo@localhost/shop");
        assert_eq!(address.password, None);
    }
}
