//! `dopo user` and `dopo api-key`.

use super::{engine, shop_named};
use crate::cli::{ApiKeyCommand, UserCommand};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_core::italy::email::EmailAddress;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

/// Roles that a user can have.
pub const ROLES: [&str; 5] = ["owner", "marketer", "care", "developer", "viewer"];
/// Scopes that a key can have.
pub const SCOPES: [&str; 6] = [
    "events:write",
    "messages:read",
    "orders:read",
    "counters:read",
    "consents:write",
    "coupons:write",
];
/// Shortest password, in characters (ASVS 6.2.1).
const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in bytes.
const PASSWORD_BYTES_MAX: usize = 1_024;
/// A hash of nothing anybody knows: checked when there is no account, so that both take as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$BqaG2QmFvO2zRmC0v1vZ0Y3vYx0mTnqg1Yk1bK4c3rE";

/// Checks a password against a stored argon2id hash; without one it does the same work and says no.
pub fn check_password(password: &str, hash: Option<&str>) -> bool {
    let known = hash.is_some();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let fits = password.len() <= PASSWORD_BYTES_MAX
        && Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
    fits && known
}

/// Hashes a password with argon2id and a fresh salt.
pub fn hash_password(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    Ok(hash
        .map_err(|error| anyhow::anyhow!("the password could not be hashed: {error}"))?
        .to_string())
}

/// `dopo user …`
pub async fn user(config: &Config, command: UserCommand) -> Result<()> {
    let UserCommand::Add {
        email,
        role,
        password_stdin,
    } = command;
    let email = EmailAddress::parse(&email)
        .context("that is not an e-mail address")?
        .match_key();
    if !ROLES.contains(&role.as_str()) {
        bail!("there is no role `{role}`; there are: {}", ROLES.join(", "));
    }
    if !password_stdin {
        bail!(
            "give the password on standard input and say --password-stdin, so that it stands in no history"
        );
    }
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("could not read the password")?;
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        bail!(
            "a password has at least {PASSWORD_CHARS_MIN} characters; fifteen or more are better"
        );
    }
    let engine = engine(config).await?;
    engine
        .store()
        .save_user(&email, &role, &hash_password(password)?, engine.now())
        .await?;
    println!("{email} may sign in as {role}.");
    Ok(())
}

/// `dopo api-key …`
pub async fn api_key(config: &Config, command: ApiKeyCommand, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    match command {
        ApiKeyCommand::Add { slug, scopes } => {
            let shop = shop_named(&engine, &slug)?;
            for scope in &scopes {
                if !SCOPES.contains(&scope.as_str()) {
                    bail!(
                        "there is no scope `{scope}`; there are: {}",
                        SCOPES.join(", ")
                    );
                }
            }
            let mut random = [0; 32];
            engine.entropy().fill(&mut random);
            let key = format!("dopo_{}", URL_SAFE_NO_PAD.encode(random));
            let prefix: String = key.chars().take(12).collect();
            let hash = Sha256::digest(key.as_bytes());
            engine
                .store()
                .add_api_key(shop.id, &prefix, hash.as_slice(), &scopes, engine.now())
                .await?;
            println!("{key}");
            eprintln!("This key is shown once: keep it now.");
        }
        ApiKeyCommand::List { slug } => {
            let shop = shop_named(&engine, &slug)?;
            for key in engine.store().api_keys(shop.id).await? {
                let state = if key.revoked_at.is_some() {
                    "revoked"
                } else {
                    "active"
                };
                if json {
                    println!(
                        "{}",
                        json!({"id": key.id, "prefix": key.prefix, "scopes": key.scopes, "created_at": key.created_at, "revoked_at": key.revoked_at})
                    );
                } else {
                    println!(
                        "{:>4}  {}…  {state:8}  {}",
                        key.id,
                        key.prefix,
                        key.scopes.join(" ")
                    );
                }
            }
        }
        ApiKeyCommand::Revoke { slug, id } => {
            let shop = shop_named(&engine, &slug)?;
            engine
                .store()
                .revoke_api_key(shop.id, id, engine.now())
                .await?;
            println!("The key no longer works.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_only_its_own_hash_and_nobody_fits_none() {
        let hash = hash_password("cavallo batteria graffetta").expect("a hash");
        assert!(check_password("cavallo batteria graffetta", Some(&hash)));
        assert!(!check_password("cavallo batteria", Some(&hash)));
        assert!(!check_password("", None));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
