//! Signing in at a provider of identities (OpenID Connect): how it begins and ends, and who comes in.
//!
//! The provider says who somebody is; it makes no accounts. Whoever was added or invited comes in by a verified address
//! the first time and by the provider's own name for them ever after: an address that changes hands there moves nothing.
//! What ties the end to the beginning is kept by the browser, sealed, for ten minutes and one use.

use super::accounts::{ELSEWHERE, INVITED};
use super::{Actor, Desk};
use crate::ports::{Identity, IdentityFault, IdentityProvider, SignInSecrets, StoreError, UserRow};
use crate::tokens::Token;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Minutes within which somebody must be back from the provider.
pub const SIGN_IN_MINUTES: i64 = 10;
/// Longest path to go on with, in bytes.
const PATH_BYTES_MAX: usize = 500;
/// Longest code that is carried to the provider, in bytes.
const CODE_BYTES_MAX: usize = 4_096;
/// Ended sign-ins that are remembered, so that none ends twice; the oldest makes room.
const SPENT_MAX: usize = 2_000;
/// Where the provider sends the browser back to, under the installation's address.
const BACK: &str = "/console/sign-in/provider";

/// Why nobody came in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// None is set up, or this is a demo.
    #[error("this installation has no provider to sign in at")]
    Off,
    /// The provider cannot be used now.
    #[error("the provider does not answer as it should: try again later, or sign in by password")]
    Away,
    /// The sign-in was begun in another browser, too long ago, or has ended.
    #[error(
        "this sign-in was begun in another browser, more than ten minutes ago, or has ended: begin again"
    )]
    Stale,
    /// What came back does not hold.
    #[error("what the provider sent back does not hold: begin again")]
    Refused,
    /// The provider does not say that the address is theirs.
    #[error(
        "the provider does not say that this e-mail address is verified: have it verified there"
    )]
    Unverified,
    /// Nobody here has this address.
    #[error("nobody with this e-mail address works here: ask an owner for an invitation")]
    Unknown,
    /// The account belongs to somebody else at the provider.
    #[error(
        "this account is tied to another person at the provider: ask an owner to remove it and to invite you anew"
    )]
    OtherPerson,
}

/// A sign-in that has begun.
pub struct SignInBegun {
    /// Where the browser goes.
    pub url: String,
    /// What it keeps until it is back.
    pub kept: String,
}

/// States of sign-ins that have ended, the oldest first.
#[derive(Default)]
pub(super) struct Spent(Mutex<VecDeque<(Timestamp, [u8; 32])>>);

impl Spent {
    /// Whether this is the first end of it.
    fn first(&self, state: [u8; 32], until: Timestamp, now: Timestamp) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spent.retain(|(until, _)| *until >= now);
        if spent.iter().any(|(_, known)| *known == state) {
            return false;
        }
        if spent.len() >= SPENT_MAX {
            spent.pop_front();
        }
        spent.push_back((until, state));
        true
    }
}

/// How somebody comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    /// Remember who they are at the provider.
    link: bool,
    /// Their invitation is accepted by it.
    accept: bool,
}

/// Whether somebody comes in: `linked` is the account tied to them at the provider, `addressed` the one with their address,
/// `works_here` whether the account in question has a role anywhere.
fn entry(
    identity: &Identity,
    linked: Option<&UserRow>,
    addressed: Option<&UserRow>,
    works_here: bool,
) -> Result<Entry, ProviderError> {
    let (user, link) = match (linked, addressed) {
        (Some(user), _) => (user, false),
        (None, _) if identity.email.is_none() || !identity.email_verified => {
            return Err(ProviderError::Unverified);
        }
        (None, Some(user)) => (user, true),
        (None, None) => return Err(ProviderError::Unknown),
    };
    if !works_here {
        return Err(ProviderError::Unknown);
    }
    Ok(Entry {
        link,
        accept: user.password_hash.starts_with(INVITED),
    })
}

/// A path within the console to go on with, never another site (SEC-16).
fn inside(path: &str) -> &str {
    let second = path.as_bytes().get(1);
    let plain = !path.chars().any(|c| c.is_control() || c == '\\');
    match path.starts_with('/') && second != Some(&b'/') && plain && path.len() <= PATH_BYTES_MAX {
        true => path,
        false => "/",
    }
}

fn secrets(state: &[u8; 32], nonce: &[u8; 32], verifier: &[u8; 32]) -> SignInSecrets {
    SignInSecrets {
        state: URL_SAFE_NO_PAD.encode(state),
        nonce: URL_SAFE_NO_PAD.encode(nonce),
        verifier: URL_SAFE_NO_PAD.encode(verifier),
    }
}

fn told(fault: IdentityFault) -> ProviderError {
    match fault {
        IdentityFault::Away(why) => {
            tracing::warn!(why, "the identity provider cannot be used");
            ProviderError::Away
        }
        IdentityFault::Refused(why) => {
            tracing::info!(why, "a sign-in at the identity provider does not hold");
            ProviderError::Refused
        }
    }
}

impl Desk {
    fn provider(&self) -> Result<&dyn IdentityProvider, ProviderError> {
        match &self.outward.identities {
            Some(provider) if !self.outward.demo => Ok(provider.as_ref()),
            _ => Err(ProviderError::Off),
        }
    }

    /// How people call the provider they may sign in at; `None` where there is none.
    pub fn provider_name(&self) -> Option<&str> {
        self.provider().ok().map(IdentityProvider::name)
    }

    fn back(&self) -> String {
        format!("{}{BACK}", self.engine.public_url())
    }

    /// Begins a sign-in at the provider; afterwards one goes on with `to`, a path within the console.
    ///
    /// # Errors
    /// [`ProviderError::Off`], [`ProviderError::Away`].
    pub async fn begin_sign_in(&self, to: &str) -> Result<SignInBegun, ProviderError> {
        let provider = self.provider()?;
        let mut random = [[0; 32]; 3];
        for bytes in &mut random {
            self.engine.entropy.fill(bytes);
        }
        let [state, nonce, verifier] = random;
        let until = self.engine.now() + SignedDuration::from_mins(SIGN_IN_MINUTES);
        let url = provider
            .begin(&self.back(), &secrets(&state, &nonce, &verifier))
            .await
            .map_err(told)?;
        let kept = self.engine.tokens.seal(&Token::SignIn {
            state,
            nonce,
            verifier,
            until: until.as_second(),
            to: inside(to).to_owned(),
        });
        Ok(SignInBegun { url, kept })
    }

    /// Ends a sign-in: `kept` is what the browser kept, `state` and `code` what it came back with. Gives the account and
    /// the path to go on with.
    ///
    /// # Errors
    /// Every [`ProviderError`].
    pub async fn finish_sign_in(
        &self,
        kept: &str,
        state: &str,
        code: &str,
    ) -> Result<(UserRow, String), ProviderError> {
        let provider = self.provider()?;
        let now = self.engine.now();
        let Some(Token::SignIn {
            state: own,
            nonce,
            verifier,
            until,
            to,
        }) = self.engine.tokens.open(kept)
        else {
            return Err(ProviderError::Stale);
        };
        let secrets = secrets(&own, &nonce, &verifier);
        let until = Timestamp::from_second(until).map_err(|_| ProviderError::Stale)?;
        if state != secrets.state || now > until || !self.spent.first(own, until, now) {
            return Err(ProviderError::Stale);
        }
        if code.is_empty() || code.len() > CODE_BYTES_MAX {
            return Err(ProviderError::Refused);
        }
        let identity = provider
            .finish(&self.back(), code, &secrets, now)
            .await
            .map_err(told)?;
        let user = self.come_in(&identity).await?;
        Ok((user, to))
    }

    /// The account that an identity comes in with.
    async fn come_in(&self, identity: &Identity) -> Result<UserRow, ProviderError> {
        let _one_at_a_time = self.accounts_lock.lock().await;
        let store = &self.engine.store;
        let linked = store
            .user_of_identity(&identity.issuer, &identity.subject)
            .await?;
        let addressed = match &identity.email {
            Some(email) => store.user(&email.trim().to_lowercase()).await?,
            None => None,
        };
        let works_here = match linked.as_ref().or(addressed.as_ref()) {
            Some(user) => self.works_here(user).await?,
            None => false,
        };
        let entry = entry(identity, linked.as_ref(), addressed.as_ref(), works_here)?;
        let user = linked.or(addressed).ok_or(ProviderError::Unknown)?;
        if entry.link {
            let now = self.engine.now();
            match store
                .link_identity(&identity.issuer, &identity.subject, user.id, now)
                .await
            {
                Ok(()) => self.note(&user, "account.linked").await?,
                Err(StoreError::Conflict(_)) => return Err(ProviderError::OtherPerson),
                Err(error) => return Err(error.into()),
            }
        }
        if entry.accept {
            // The invitation's link is tied to the hash: it opens nothing any more.
            let hash = format!("{ELSEWHERE}{:032x}", self.engine.entropy.u128());
            store.set_password(user.id, &hash, None).await?;
            self.note(&user, "account.invitation_accepted").await?;
        }
        Ok(user)
    }

    /// Writes what somebody did to their account into the log of every shop they work in.
    async fn note(&self, user: &UserRow, action: &str) -> Result<(), StoreError> {
        let actor = Actor::user(user);
        let subject = format!("user/{}", user.id);
        for shop in self.engine.shops() {
            if self.engine.store.role_in(shop.id, user.id).await?.is_some() {
                self.audit(shop.id, &actor, action, &subject, json!({"by": "provider"}))
                    .await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(email: Option<&str>, email_verified: bool) -> Identity {
        Identity {
            issuer: "https://id.example".to_owned(),
            subject: "248289761001".to_owned(),
            email: email.map(str::to_owned),
            email_verified,
        }
    }

    fn user(id: i64, hash: &str) -> UserRow {
        UserRow {
            id,
            email: "mara@bottega.example".to_owned(),
            role: "owner".to_owned(),
            password_hash: hash.to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            name: None,
            locale: None,
        }
    }

    const MARA: Option<&str> = Some("mara@bottega.example");

    #[test]
    fn a_verified_address_of_somebody_here_comes_in_and_is_remembered() {
        let mara = user(1, "hash");
        let comes_in = entry(&identity(MARA, true), None, Some(&mara), true).expect("in");
        assert_eq!(
            comes_in,
            Entry {
                link: true,
                accept: false
            }
        );
    }

    #[test]
    fn who_was_remembered_comes_in_whatever_their_address_has_become() {
        let (mara, luca) = (user(1, "hash"), user(2, "hash"));
        let known = Entry {
            link: false,
            accept: false,
        };
        for (email, verified, addressed) in [
            (MARA, false, Some(&mara)),
            (Some("luca@bottega.example"), true, Some(&luca)),
            (Some("nobody@bottega.example"), true, None),
            (None, false, None),
        ] {
            let identity = identity(email, verified);
            let comes_in = entry(&identity, Some(&mara), addressed, true).expect("in");
            assert_eq!(comes_in, known, "{email:?}");
        }
    }

    #[test]
    fn an_open_invitation_is_accepted() {
        let invited = user(1, "invited:00ff");
        let comes_in = entry(&identity(MARA, true), None, Some(&invited), true).expect("in");
        assert_eq!(
            comes_in,
            Entry {
                link: true,
                accept: true
            }
        );
    }

    #[test]
    fn an_address_that_is_not_verified_is_nobodys() {
        let mara = user(1, "hash");
        for identity in [identity(MARA, false), identity(None, true)] {
            let refused = entry(&identity, None, Some(&mara), true);
            assert!(
                matches!(refused, Err(ProviderError::Unverified)),
                "{identity:?}"
            );
        }
    }

    #[test]
    fn nobody_is_made_and_nobody_who_left_comes_back() {
        let mara = user(1, "hash");
        let stranger = entry(&identity(MARA, true), None, None, false);
        assert!(matches!(stranger, Err(ProviderError::Unknown)));
        for (linked, addressed) in [(Some(&mara), None), (None, Some(&mara))] {
            let left = entry(&identity(MARA, true), linked, addressed, false);
            assert!(matches!(left, Err(ProviderError::Unknown)));
        }
    }

    #[test]
    fn after_signing_in_one_stays_in_the_console() {
        for good in ["/", "/orders/3?x=1", "/customers?q=a%20b"] {
            assert_eq!(inside(good), good);
        }
        let long = format!("/{}", "a".repeat(PATH_BYTES_MAX));
        for bad in [
            "",
            "orders",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            long.as_str(),
        ] {
            assert_eq!(inside(bad), "/", "{bad:?}");
        }
    }

    #[test]
    fn a_sign_in_ends_once_and_what_is_remembered_has_an_end() {
        let spent = Spent::default();
        let at = |s: i64| Timestamp::from_second(s).expect("a time");
        assert!(spent.first([1; 32], at(600), at(0)));
        assert!(!spent.first([1; 32], at(600), at(600)));
        assert!(spent.first([2; 32], at(1_300), at(700)));
        for n in 0..=SPENT_MAX {
            let mut state = [3; 32];
            state[..8].copy_from_slice(&n.to_be_bytes());
            assert!(spent.first(state, at(1_300), at(700)));
        }
        let known = spent.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(known.len(), SPENT_MAX);
    }
}
