//! Accounts: the first owner, passwords and their links, invitations, roles.
//!
//! Links carry a sealed token that is bound to the password hash of the moment: once a password is set it opens nothing
//! any more. An invited account has a hash that no password fits.

use super::letters::{self, Letter};
use super::{Actor, Desk};
use crate::ports::{Member, StoreError, UserRow};
use crate::tokens::Token;
use dopo_core::access::Role;
use dopo_core::advance::Shop;
use dopo_core::id::ShopId;
use dopo_core::italy::Locale;
use dopo_core::italy::email::EmailAddress;
use dopo_core::password::{self, WeakPassword};
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Minutes for which a link to a new password holds.
pub const RESET_MINUTES: i64 = 30;
/// Days for which an invitation holds.
pub const INVITE_DAYS: i64 = 7;
/// How the hash of an account begins that was invited and has no password yet.
pub(super) const INVITED: &str = "invited:";
/// How the hash of an account begins that signs in elsewhere and never chose a password.
pub(super) const ELSEWHERE: &str = "elsewhere:";
/// The account role of somebody who has roles in single shops only.
const NO_ROLE: &str = "none";

/// Why an act on accounts was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The link is too old, was used, or is not ours.
    #[error("the link was used, is too old, or is not one of ours: ask for a new one")]
    TokenUnusable,
    /// The new password will not do.
    #[error("{0}")]
    Weak(WeakPassword),
    /// The present password is another.
    #[error("the present password is another one")]
    WrongPassword,
    /// Nobody could open the shop any more.
    #[error("this is the last owner: give somebody else that role first")]
    LastOwner,
    /// No such person in this shop's team.
    #[error("nobody with this id works in this shop")]
    NotFound,
    /// They have a role here already.
    #[error("this address is in the team already")]
    AlreadyMember,
    /// Not an e-mail address.
    #[error("this is not an e-mail address")]
    BadAddress,
    /// Accounts of a demo cannot be changed.
    #[error("this is a demo: its account belongs to everybody")]
    Demo,
    /// The installation has its first owner.
    #[error("this installation is set up: sign in, or ask its owner for an invitation")]
    SetUp,
    /// The hash could not be made.
    #[error("the password could not be stored: {0}")]
    Hash(String),
}

/// Somebody invited.
pub struct Invited {
    /// Their account with the role they will have.
    pub member: Member,
    /// Where they choose their password; `None` when they have one already.
    pub url: Option<String>,
    /// Whether the link was mailed.
    pub mailed: bool,
}

impl Desk {
    fn not_in_demo(&self) -> Result<(), AccountError> {
        if self.outward.demo {
            return Err(AccountError::Demo);
        }
        Ok(())
    }

    async fn hash(&self, password: &str) -> Result<String, AccountError> {
        let (passwords, password) = (Arc::clone(&self.outward.passwords), password.to_owned());
        tokio::task::spawn_blocking(move || passwords.hash(&password))
            .await
            .map_err(|error| AccountError::Hash(error.to_string()))?
            .map_err(AccountError::Hash)
    }

    /// Whether a password fits; takes as long for an account that is not there.
    pub async fn fits(&self, password: &str, user: Option<&UserRow>) -> bool {
        let passwords = Arc::clone(&self.outward.passwords);
        let password = password.to_owned();
        let hash = user
            .map(|user| user.password_hash.clone())
            .filter(|hash| !hash.starts_with(INVITED) && !hash.starts_with(ELSEWHERE));
        tokio::task::spawn_blocking(move || passwords.fits(&password, hash.as_deref()))
            .await
            .unwrap_or(false)
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn needs_set_up(&self) -> Result<bool, StoreError> {
        Ok(!self.outward.demo && self.engine.store.count_users().await? == 0)
    }

    /// Where the first owner is made: opens nothing once there is an account.
    pub fn set_up_url(&self) -> String {
        format!(
            "{}/console/setup#{}",
            self.engine.public_url(),
            self.engine.tokens.seal(&Token::SetUp)
        )
    }

    /// Makes the first owner, of every shop.
    ///
    /// # Errors
    /// [`AccountError::SetUp`] once there is an account; a wrong token; a bad address; a weak password.
    pub async fn set_up(
        &self,
        token: &str,
        email: &str,
        password: &str,
    ) -> Result<UserRow, AccountError> {
        let _one_at_a_time = self.accounts_lock.lock().await;
        if !self.needs_set_up().await? {
            return Err(AccountError::SetUp);
        }
        if self.engine.tokens.open(token) != Some(Token::SetUp) {
            return Err(AccountError::TokenUnusable);
        }
        let email = address(email)?;
        password::check(password, &email).map_err(AccountError::Weak)?;
        let hash = self.hash(password).await?;
        let store = &self.engine.store;
        store
            .save_user(&email, Role::Owner.as_str(), &hash, self.engine.now())
            .await?;
        store.user(&email).await?.ok_or(AccountError::NotFound)
    }

    fn password_url(&self, user: &UserRow, holds: SignedDuration) -> String {
        let until = self.engine.now() + holds;
        let token = Token::Password {
            user: user.id,
            until: until.as_second(),
            bound: bound(&user.password_hash),
        };
        format!(
            "{}/console/reset#{}",
            self.engine.public_url(),
            self.engine.tokens.seal(&token)
        )
    }

    /// The shop in whose name somebody is written to.
    async fn home_of(&self, user: &UserRow) -> Result<Option<Arc<Shop>>, StoreError> {
        let shops = self.engine.shops();
        for shop in &shops {
            if self.engine.store.role_in(shop.id, user.id).await?.is_some() {
                return Ok(Some(Arc::clone(shop)));
            }
        }
        Ok(shops.into_iter().next())
    }

    /// Whether they have a role anywhere.
    pub(super) async fn works_here(&self, user: &UserRow) -> Result<bool, StoreError> {
        if Role::parse(&user.role).is_some() {
            return Ok(true);
        }
        for shop in self.engine.shops() {
            if self.engine.store.role_in(shop.id, user.id).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Mails a link to a new password, if there is such an account.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn forgot(&self, email: &str) -> Result<(), AccountError> {
        if self.outward.demo {
            return Ok(());
        }
        let email = email.trim().to_lowercase();
        let Some(user) = self.engine.store.user(&email).await? else {
            return Ok(());
        };
        if !self.engine.has_mail() {
            tracing::warn!(
                "no mail server: the link to a new password could not be sent; `dopo user add` sets one"
            );
            return Ok(());
        }
        let Some(shop) = self.home_of(&user).await? else {
            return Ok(());
        };
        let url = self.password_url(&user, SignedDuration::from_mins(RESET_MINUTES));
        let (subject, text) = match user.locale.unwrap_or(shop.settings.locale) {
            Locale::It => (
                "Una nuova password per Dopo".to_owned(),
                format!(
                    "Qualcuno ha chiesto una nuova password per questo indirizzo.\n\nScegliela qui, entro {RESET_MINUTES} minuti:\n{url}\n\nSe non sei stato tu, non serve fare niente: la password di prima continua a valere."
                ),
            ),
            Locale::En => (
                "A new password for Dopo".to_owned(),
                format!(
                    "Somebody asked for a new password for this address.\n\nChoose it here, within {RESET_MINUTES} minutes:\n{url}\n\nIf it was not you, nothing is to be done: the password from before still works."
                ),
            ),
        };
        letters::send(
            &self.engine,
            &shop,
            Letter {
                to: user.email,
                subject,
                text,
            },
        )
        .await;
        Ok(())
    }

    /// Sets a password by a link, ends all sessions and gives the account.
    ///
    /// # Errors
    /// [`AccountError::TokenUnusable`], or a weak password.
    pub async fn reset(&self, token: &str, password: &str) -> Result<UserRow, AccountError> {
        self.not_in_demo()?;
        let Some(Token::Password {
            user,
            until,
            bound: proof,
        }) = self.engine.tokens.open(token)
        else {
            return Err(AccountError::TokenUnusable);
        };
        let store = &self.engine.store;
        let user = store
            .user_by_id(user)
            .await?
            .filter(|user| bound(&user.password_hash) == proof)
            .filter(|_| self.engine.now().as_second() <= until)
            .ok_or(AccountError::TokenUnusable)?;
        password::check(password, &user.email).map_err(AccountError::Weak)?;
        let hash = self.hash(password).await?;
        store.set_password(user.id, &hash, None).await?;
        for shop in self.engine.shops() {
            if store.role_in(shop.id, user.id).await?.is_some() {
                let actor = Actor::user(&user);
                self.audit(
                    shop.id,
                    &actor,
                    "account.password_changed",
                    &format!("user/{}", user.id),
                    json!({"by": "link"}),
                )
                .await?;
            }
        }
        store
            .user_by_id(user.id)
            .await?
            .ok_or(AccountError::NotFound)
    }

    /// Changes one's own password and ends all other sessions; `keep` is the hash of the session's token.
    ///
    /// # Errors
    /// [`AccountError::WrongPassword`], or a weak password.
    pub async fn change_password(
        &self,
        user: &UserRow,
        old: &str,
        new: &str,
        keep: Option<&[u8]>,
    ) -> Result<(), AccountError> {
        self.not_in_demo()?;
        if !self.fits(old, Some(user)).await {
            return Err(AccountError::WrongPassword);
        }
        password::check(new, &user.email).map_err(AccountError::Weak)?;
        let hash = self.hash(new).await?;
        self.engine.store.set_password(user.id, &hash, keep).await?;
        Ok(())
    }

    /// The team of a shop, by e-mail address.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn team(&self, shop: ShopId) -> Result<Vec<Member>, StoreError> {
        self.engine.store.members(shop).await
    }

    /// Gives an address a role in a shop, with a link to choose a password where there is none yet.
    ///
    /// # Errors
    /// [`AccountError::AlreadyMember`], [`AccountError::BadAddress`].
    pub async fn invite(
        &self,
        shop: &Shop,
        email: &str,
        role: Role,
        actor: &Actor,
    ) -> Result<Invited, AccountError> {
        self.not_in_demo()?;
        let email = address(email)?;
        let store = &self.engine.store;
        let known = store.user(&email).await?;
        let pending = |user: &UserRow| user.password_hash.starts_with(INVITED);
        if let Some(user) = &known
            && !pending(user)
            && store.role_in(shop.id, user.id).await?.is_some()
        {
            return Err(AccountError::AlreadyMember);
        }
        let user = match known {
            Some(user) => user,
            None => {
                let hash = format!("{INVITED}{:032x}", self.engine.entropy.u128());
                store
                    .save_user(&email, NO_ROLE, &hash, self.engine.now())
                    .await?;
                store.user(&email).await?.ok_or(AccountError::NotFound)?
            }
        };
        store
            .set_member(shop.id, user.id, Some(role.as_str()))
            .await?;
        let subject = format!("user/{}", user.id);
        self.audit(
            shop.id,
            actor,
            "team.invited",
            &subject,
            json!({"role": role.as_str()}),
        )
        .await?;
        let url = pending(&user)
            .then(|| self.password_url(&user, SignedDuration::from_hours(24 * INVITE_DAYS)));
        let mailed = match &url {
            Some(url) => letters::send(&self.engine, shop, invitation(shop, &email, url)).await,
            None => false,
        };
        let member = self.member(shop.id, user.id).await?;
        Ok(Invited {
            member,
            url,
            mailed,
        })
    }

    async fn member(&self, shop: ShopId, user: i64) -> Result<Member, AccountError> {
        let members = self.engine.store.members(shop).await?;
        members
            .into_iter()
            .find(|member| member.user.id == user)
            .ok_or(AccountError::NotFound)
    }

    /// Refuses to leave a shop without an owner who can sign in.
    async fn not_the_last_owner(&self, shop: ShopId, user: i64) -> Result<Member, AccountError> {
        let members = self.engine.store.members(shop).await?;
        let owner = |m: &&Member| m.role == Role::Owner.as_str();
        let others = members
            .iter()
            .filter(owner)
            .filter(|m| m.user.id != user && !m.user.password_hash.starts_with(INVITED))
            .count();
        let member = members
            .into_iter()
            .find(|member| member.user.id == user)
            .ok_or(AccountError::NotFound)?;
        if owner(&&member) && others == 0 {
            return Err(AccountError::LastOwner);
        }
        Ok(member)
    }

    /// Changes somebody's role in a shop.
    ///
    /// # Errors
    /// [`AccountError::LastOwner`], [`AccountError::NotFound`].
    pub async fn change_role(
        &self,
        shop: ShopId,
        user: i64,
        role: Role,
        actor: &Actor,
    ) -> Result<Member, AccountError> {
        self.not_in_demo()?;
        let _one_at_a_time = self.accounts_lock.lock().await;
        let before = match role {
            Role::Owner => self.member(shop, user).await?,
            _ => self.not_the_last_owner(shop, user).await?,
        };
        self.engine
            .store
            .set_member(shop, user, Some(role.as_str()))
            .await?;
        self.audit(
            shop,
            actor,
            "team.role_changed",
            &format!("user/{user}"),
            json!({"before": before.role, "after": role.as_str()}),
        )
        .await?;
        self.member(shop, user).await
    }

    /// Takes somebody out of a shop's team and ends their sessions.
    ///
    /// # Errors
    /// [`AccountError::LastOwner`], [`AccountError::NotFound`].
    pub async fn remove_member(
        &self,
        shop: ShopId,
        user: i64,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        self.not_in_demo()?;
        let _one_at_a_time = self.accounts_lock.lock().await;
        let member = self.not_the_last_owner(shop, user).await?;
        let store = &self.engine.store;
        if Role::parse(&member.user.role).is_some() {
            // The role stands on the account: it becomes one in each of the other shops.
            for other in self.engine.shops().iter().filter(|other| other.id != shop) {
                if let Some(role) = store.role_in(other.id, user).await? {
                    store.set_member(other.id, user, Some(&role)).await?;
                }
            }
            store
                .save_user(
                    &member.user.email,
                    NO_ROLE,
                    &member.user.password_hash,
                    member.user.created_at,
                )
                .await?;
        }
        store.set_member(shop, user, None).await?;
        store.end_sessions(user).await?;
        let left = store.user_by_id(user).await?;
        if let Some(left) = left
            && !self.works_here(&left).await?
        {
            // Whoever is invited under this address next may be somebody else.
            store.unlink_identities(user).await?;
        }
        self.audit(
            shop,
            actor,
            "team.removed",
            &format!("user/{user}"),
            json!({"role": member.role}),
        )
        .await?;
        Ok(())
    }
}

/// What ties a link to the password it replaces.
fn bound(password_hash: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"dopo password link");
    hash.update(password_hash.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut out = [0; 16];
    out.copy_from_slice(&digest[..16]);
    out
}

fn address(email: &str) -> Result<String, AccountError> {
    Ok(EmailAddress::parse(email.trim())
        .map_err(|_| AccountError::BadAddress)?
        .match_key()
        .to_lowercase())
}

fn invitation(shop: &Shop, email: &str, url: &str) -> Letter {
    let name = &shop.settings.name;
    let (subject, text) = match shop.settings.locale {
        Locale::It => (
            format!("{name} ti invita in Dopo"),
            format!(
                "{name} ti ha dato accesso a Dopo, dove si segue quello che succede dopo l'ordine.\n\nScegli la tua password, entro {INVITE_DAYS} giorni:\n{url}\n\nIl tuo nome utente è {email}."
            ),
        ),
        Locale::En => (
            format!("{name} invites you to Dopo"),
            format!(
                "{name} gave you access to Dopo, where one follows what happens after the order.\n\nChoose your password, within {INVITE_DAYS} days:\n{url}\n\nYou sign in as {email}."
            ),
        ),
    };
    Letter {
        to: email.to_owned(),
        subject,
        text,
    }
}
