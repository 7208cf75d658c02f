//! Configuration: `dopo.toml`, then `DOPO_…` variables, then command-line options. Unknown keys are errors.

use anyhow::{Context, Result, bail};
use dopo_connect::identity::OpenIdAccount;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything that can be configured outside the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on (`DOPO_LISTEN`).
    pub listen: SocketAddr,
    /// `sqlite://file` or `postgres://…` (`DOPO_DATABASE_URL`).
    pub database_url: String,
    /// Address under which customers reach the program, without a slash at the end (`DOPO_PUBLIC_URL`).
    pub public_url: Option<String>,
    /// `smtp://host:port` or `smtps://user:password@host:port`; absent: mails are captured (`DOPO_SMTP_URL`).
    pub smtp_url: Option<String>,
    /// File with the key that protects secrets and links; made when absent (`DOPO_MASTER_KEY_FILE`).
    pub master_key_file: PathBuf,
    /// Requests per second that one API key may make (`DOPO_API_REQUESTS_PER_SECOND`).
    pub api_requests_per_second: u32,
    /// Hand-over workers for mail (`DOPO_DISPATCHERS`).
    pub dispatchers: usize,
    /// Header with the client's address, set by a reverse proxy of yours (`DOPO_CLIENT_ADDRESS_HEADER`).
    pub client_address_header: Option<String>,
    /// Folder for backups, by hand from the console and every night; absent: none are made (`DOPO_BACKUP_DIR`).
    pub backup_dir: Option<PathBuf>,
    /// Folder of languages and texts for the customer pages, beside Italian and English (`DOPO_LANGUAGES_DIR`).
    pub languages_dir: Option<PathBuf>,
    /// Whether outgoing webhooks may go into private networks and over plain HTTP (`DOPO_WEBHOOKS_PRIVATE=1`).
    pub webhooks_private: bool,
    /// Whether an account with a courier may name an address in a private network or over plain HTTP: a sandbox or a
    /// stand-in beside the program (`DOPO_COURIERS_PRIVATE=1`).
    pub couriers_private: bool,
    /// The issuer of a provider of identities (OpenID Connect) at which people may sign in to the console
    /// (`DOPO_OIDC_ISSUER`).
    pub oidc_issuer: Option<String>,
    /// Our name at that provider (`DOPO_OIDC_CLIENT_ID`).
    pub oidc_client_id: Option<String>,
    /// Our secret there; absent: a public client (`DOPO_OIDC_CLIENT_SECRET`).
    pub oidc_client_secret: Option<String>,
    /// File with that secret, instead of the secret itself (`DOPO_OIDC_CLIENT_SECRET_FILE`).
    pub oidc_client_secret_file: Option<PathBuf>,
    /// How people call the provider; stands on the button (`DOPO_OIDC_NAME`).
    pub oidc_name: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            database_url: "sqlite://dopo.db".to_owned(),
            public_url: None,
            smtp_url: None,
            master_key_file: PathBuf::from("dopo.key"),
            api_requests_per_second: 50_000,
            dispatchers: 4,
            client_address_header: None,
            backup_dir: None,
            languages_dir: None,
            webhooks_private: false,
            couriers_private: false,
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret: None,
            oidc_client_secret_file: None,
            oidc_name: None,
        }
    }
}

impl Config {
    /// Reads the file (the default `dopo.toml` may be absent, a named one may not) and the environment.
    pub fn read(file: Option<&Path>) -> Result<Config> {
        let mut config = match file {
            Some(path) => Self::from_file(path)?,
            None if Path::new("dopo.toml").exists() => Self::from_file(Path::new("dopo.toml"))?,
            None => Config::default(),
        };
        config.take_environment(|name| std::env::var(name).ok())?;
        if let Some(url) = &mut config.public_url {
            while url.ends_with('/') {
                url.pop();
            }
            if !url.starts_with("http://") && !url.starts_with("https://") {
                bail!(
                    "DOPO_PUBLIC_URL must begin with https:// (or http:// for trying out), found `{url}`"
                );
            }
        }
        Ok(config)
    }

    fn from_file(path: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("could not read the configuration file {}", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("the configuration file {} has a mistake", path.display()))
    }

    fn take_environment(&mut self, get: impl Fn(&str) -> Option<String>) -> Result<()> {
        let set = |name: &str| get(name).filter(|value| !value.trim().is_empty());
        if let Some(value) = set("DOPO_LISTEN") {
            self.listen = value.parse().with_context(|| {
                format!(
                    "DOPO_LISTEN must be an address and a port like 127.0.0.1:8080, found `{value}`"
                )
            })?;
        }
        if let Some(value) = set("DOPO_DATABASE_URL") {
            self.database_url = value;
        }
        self.public_url = set("DOPO_PUBLIC_URL").or(self.public_url.take());
        self.smtp_url = set("DOPO_SMTP_URL").or(self.smtp_url.take());
        if let Some(value) = set("DOPO_MASTER_KEY_FILE") {
            self.master_key_file = PathBuf::from(value);
        }
        if let Some(value) = set("DOPO_API_REQUESTS_PER_SECOND") {
            self.api_requests_per_second = value.parse().with_context(|| {
                format!("DOPO_API_REQUESTS_PER_SECOND must be a number, found `{value}`")
            })?;
        }
        if let Some(value) = set("DOPO_DISPATCHERS") {
            self.dispatchers = value
                .parse()
                .with_context(|| format!("DOPO_DISPATCHERS must be a number, found `{value}`"))?;
        }
        self.client_address_header =
            set("DOPO_CLIENT_ADDRESS_HEADER").or(self.client_address_header.take());
        self.backup_dir = set("DOPO_BACKUP_DIR")
            .map(PathBuf::from)
            .or(self.backup_dir.take());
        self.languages_dir = set("DOPO_LANGUAGES_DIR")
            .map(PathBuf::from)
            .or(self.languages_dir.take());
        for (name, text) in [
            ("DOPO_OIDC_ISSUER", &mut self.oidc_issuer),
            ("DOPO_OIDC_CLIENT_ID", &mut self.oidc_client_id),
            ("DOPO_OIDC_CLIENT_SECRET", &mut self.oidc_client_secret),
            ("DOPO_OIDC_NAME", &mut self.oidc_name),
        ] {
            if let Some(value) = set(name) {
                *text = Some(value);
            }
        }
        self.oidc_client_secret_file = set("DOPO_OIDC_CLIENT_SECRET_FILE")
            .map(PathBuf::from)
            .or(self.oidc_client_secret_file.take());
        for (name, switch) in [
            ("DOPO_WEBHOOKS_PRIVATE", &mut self.webhooks_private),
            ("DOPO_COURIERS_PRIVATE", &mut self.couriers_private),
        ] {
            if let Some(value) = set(name) {
                *switch = match value.as_str() {
                    "1" | "true" => true,
                    "0" | "false" => false,
                    _ => bail!("{name} must be 1 or 0, found `{value}`"),
                };
            }
        }
        Ok(())
    }

    /// What was agreed with a provider of identities; `None` where people sign in here only.
    pub fn oidc(&self) -> Result<Option<OpenIdAccount>> {
        let Some(issuer) = &self.oidc_issuer else {
            if self.oidc_client_id.is_some() {
                bail!("DOPO_OIDC_CLIENT_ID needs DOPO_OIDC_ISSUER: the issuer's address");
            }
            return Ok(None);
        };
        let client_id = self
            .oidc_client_id
            .clone()
            .context("DOPO_OIDC_ISSUER needs DOPO_OIDC_CLIENT_ID: our name at the provider")?;
        let client_secret = match (&self.oidc_client_secret, &self.oidc_client_secret_file) {
            (Some(_), Some(_)) => {
                bail!("give DOPO_OIDC_CLIENT_SECRET or DOPO_OIDC_CLIENT_SECRET_FILE, not both")
            }
            (Some(secret), None) => Some(secret.clone()),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).with_context(|| {
                    format!(
                        "DOPO_OIDC_CLIENT_SECRET_FILE: {} cannot be read",
                        file.display()
                    )
                })?;
                Some(text.trim().to_owned())
            }
            (None, None) => None,
        };
        Ok(Some(OpenIdAccount {
            issuer: issuer.clone(),
            client_id,
            client_secret,
            name: self.oidc_name.clone().unwrap_or_else(|| "SSO".to_owned()),
        }))
    }

    /// The address customers reach us by: the configured one, else the one we listen on.
    pub fn public_url(&self) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.listen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_a_typing_mistake_is_an_error() {
        let mut config: Config = toml::from_str("listen = \"0.0.0.0:9000\"").expect("a good file");
        config
            .take_environment(|name| (name == "DOPO_LISTEN").then(|| "127.0.0.1:7000".to_owned()))
            .expect("a good environment");
        assert_eq!(config.listen.port(), 7000);
        assert!(toml::from_str::<Config>("listn = \"0.0.0.0:9000\"").is_err());
        assert!(
            config
                .take_environment(|_| Some("nonsense".to_owned()))
                .is_err()
        );
    }

    #[test]
    fn every_setting_stands_in_the_documentation_and_no_other() {
        let page = include_str!("../../../docs/configuration.md");
        let table: Vec<Vec<&str>> = page
            .lines()
            .skip_while(|line| !line.starts_with("| key |"))
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let column = |n: usize| -> std::collections::BTreeSet<String> {
            let names = table.iter().map(|row| row[n].trim_matches('`').to_owned());
            names.filter(|name| !name.is_empty()).collect()
        };
        // What the file may say is what it lists when it is told something else.
        let refused = toml::from_str::<Config>("no_such_key = 1").expect_err("an unknown key");
        let keys = refused.message().split('`').skip(3).step_by(2);
        assert_eq!(column(1), keys.map(str::to_owned).collect());

        let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let note = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            None
        };
        Config::default()
            .take_environment(note)
            .expect("nothing is set");
        let mut variables = asked.into_inner();
        // Read before there is a configuration.
        variables.extend(["DOPO_LOG", "DOPO_LOG_FORMAT"].map(str::to_owned));
        assert_eq!(column(2), variables);
    }

    #[test]
    fn a_provider_needs_both_an_issuer_and_our_name_there_and_one_secret_at_most() {
        let with = |pairs: &[(&str, &str)]| {
            let mut config = Config::default();
            let get = |name: &str| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            config.take_environment(get).expect("a good environment");
            config.oidc()
        };
        let issuer = ("DOPO_OIDC_ISSUER", "https://id.example");
        let client = ("DOPO_OIDC_CLIENT_ID", "dopo");
        let secret = ("DOPO_OIDC_CLIENT_SECRET", "s3cret");
        let file = ("DOPO_OIDC_CLIENT_SECRET_FILE", "no-such-file");
        assert!(with(&[]).expect("none").is_none());
        assert!(with(&[issuer]).is_err());
        assert!(with(&[client]).is_err());
        assert!(with(&[issuer, client, secret, file]).is_err());
        assert!(with(&[issuer, client, file]).is_err());
        let account = with(&[issuer, client, secret]).expect("good").expect("one");
        assert_eq!(account.client_secret.as_deref(), Some("s3cret"));
        assert_eq!(account.name, "SSO");
    }
}
