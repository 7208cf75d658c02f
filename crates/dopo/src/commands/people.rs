//! `dopo user` and `dopo api-key`.

use super::{engine, shop_named};
use crate::cli::{ApiKeyCommand, UserCommand};
use crate::config::Config;
use anyhow::{Context, Result, bail};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_core::access::{Role, Scope};
use dopo_core::italy::email::EmailAddress;
use dopo_core::password::{self, PASSWORD_BYTES_MAX};
use dopo_engine::ports::{Passwords, Store, stored_name};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

/// A hash of nothing anybody knows: checked when there is no account, so that both take as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$BqaG2QmFvO2zRmC0v1vZ0Y3vYx0mTnqg1Yk1bK4c3rE";

/// Checks a password against a stored argon2id hash; without one it does the same work and says no.
pub fn check_password(password: &str, hash: Option<&str>) -> bool {
    let parsed = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let known = parsed.is_some();
    // What is no hash at all takes as long as one, so that its absence cannot be timed.
    let Some(parsed) = parsed.or_else(|| PasswordHash::new(NOBODY).ok()) else {
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

/// Passwords by argon2id.
pub struct Argon;

impl Passwords for Argon {
    fn fits(&self, password: &str, hash: Option<&str>) -> bool {
        check_password(password, hash)
    }

    fn hash(&self, password: &str) -> Result<String, String> {
        hash_password(password).map_err(|error| format!("{error:#}"))
    }
}

/// The account role of somebody who has roles in single shops only.
const NO_ROLE: &str = "none";

/// `dopo user …`
pub async fn user(config: &Config, command: UserCommand) -> Result<()> {
    let UserCommand::Add {
        email,
        role,
        shop,
        name,
        password_stdin,
    } = command;
    let email = EmailAddress::parse(&email)
        .context("that is not an e-mail address")?
        .match_key();
    if Role::parse(&role).is_none() {
        bail!(
            "there is no role `{role}`; there are: {}",
            Role::ALL.map(Role::as_str).join(", ")
        );
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
    if let Err(why) = password::check(password, &email) {
        bail!("{why}");
    }
    let engine = engine(config).await?;
    let hash = hash_password(password)?;
    let store = engine.store();
    let Some(slug) = shop else {
        store.save_user(&email, &role, &hash, engine.now()).await?;
        call(store, &email, name.as_deref()).await?;
        println!("{email} may sign in as {role}, in every shop.");
        return Ok(());
    };
    let shop = shop_named(&engine, &slug)?;
    // A role that holds everywhere stays; here the one of this shop counts.
    let everywhere = match store.user(&email).await? {
        Some(user) => user.role,
        None => NO_ROLE.to_owned(),
    };
    let id = store
        .save_user(&email, &everywhere, &hash, engine.now())
        .await?;
    store.set_member(shop.id, id, Some(&role)).await?;
    call(store, &email, name.as_deref()).await?;
    println!("{email} may sign in as {role} in {slug}.");
    Ok(())
}

/// Gives somebody a name, if one was said.
async fn call(store: &dyn Store, email: &str, name: Option<&str>) -> Result<()> {
    if let (Some(name), Some(user)) = (name, store.user(email).await?) {
        let name = stored_name(name);
        store
            .set_profile(user.id, name.as_deref(), user.locale)
            .await?;
    }
    Ok(())
}

/// `dopo api-key …`
pub async fn api_key(config: &Config, command: ApiKeyCommand, json: bool) -> Result<()> {
    let engine = engine(config).await?;
    match command {
        ApiKeyCommand::Add { slug, scopes, name } => {
            let shop = shop_named(&engine, &slug)?;
            for scope in &scopes {
                if Scope::parse(scope).is_none() {
                    let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
                    bail!("there is no scope `{scope}`; there are: {}", all.join(", "));
                }
            }
            let mut random = [0; 32];
            engine.entropy().fill(&mut random);
            let key = format!("dopo_{}", URL_SAFE_NO_PAD.encode(random));
            let prefix: String = key.chars().take(12).collect();
            let hash = Sha256::digest(key.as_bytes());
            engine
                .store()
                .add_api_key(
                    shop.id,
                    name.as_deref().and_then(stored_name).as_deref(),
                    &prefix,
                    hash.as_slice(),
                    &scopes,
                    engine.now(),
                )
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
                        json!({"id": key.id, "prefix": key.prefix, "name": key.name, "scopes": key.scopes, "created_at": key.created_at, "revoked_at": key.revoked_at})
                    );
                } else {
                    println!(
                        "{:>4}  {}…  {state:8}  {}{}",
                        key.id,
                        key.prefix,
                        key.scopes.join(" "),
                        key.name
                            .map_or_else(String::new, |name| format!("  «{name}»"))
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
        assert!(!check_password("", Some("invited:0")));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
