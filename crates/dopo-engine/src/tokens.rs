//! Tokens of links: sealed, so that they name nothing to whoever reads them and cannot be made up (SEC-01).
//!
//! A token is the AES-SIV encryption (RFC 5297) of a short payload under a key of the installation, in base64url.
//! SIV is deterministic: the same payload gives the same token, which is what makes aggregate pixels byte-identical for
//! all recipients (PRIV-10), and it needs no stored state. A token of one kind never opens as another.

use crate::secrets::MasterKey;
use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dopo_core::id::{CustomerId, EffectId, OrderId, ShopId};
use std::sync::Mutex;

/// Longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4_096;

/// What a link means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// The order page.
    Order {
        /// Whose shop.
        shop: ShopId,
        /// Which order.
        order: OrderId,
    },
    /// The preference centre.
    Preferences {
        /// Whose shop.
        shop: ShopId,
        /// Whose preferences.
        customer: CustomerId,
    },
    /// Unsubscribe from the kind of message that carried the link.
    Unsubscribe {
        /// Whose shop.
        shop: ShopId,
        /// Who.
        customer: CustomerId,
        /// The message.
        message: EffectId,
    },
    /// "Stop measuring, keep the e-mails".
    StopMeasuring {
        /// Whose shop.
        shop: ShopId,
        /// Who.
        customer: CustomerId,
    },
    /// "Remind me tomorrow".
    Reminder {
        /// Whose shop.
        shop: ShopId,
        /// The message that carried the button.
        message: EffectId,
    },
    /// The image of one identified message.
    OpenIdentified {
        /// Whose shop.
        shop: ShopId,
        /// The message.
        message: EffectId,
    },
    /// The image that all recipients of one step share.
    OpenAggregate {
        /// Whose shop.
        shop: ShopId,
        /// `journey/step`.
        campaign: String,
    },
    /// A measured link of one identified message.
    ClickIdentified {
        /// Whose shop.
        shop: ShopId,
        /// The message.
        message: EffectId,
        /// Number of the link.
        link: u16,
        /// Where it leads.
        url: String,
    },
    /// A link that all recipients of one step share.
    ClickAggregate {
        /// Whose shop.
        shop: ShopId,
        /// `journey/step`.
        campaign: String,
        /// Where it leads.
        url: String,
    },
    /// The countdown image of a coupon.
    Countdown {
        /// Whose shop.
        shop: ShopId,
        /// The code; its stored expiry is shown.
        code: String,
    },
    /// Choosing a password: a reset or an invitation. Of no shop.
    Password {
        /// Whose account.
        user: i64,
        /// Until when, in seconds since 1970.
        until: i64,
        /// What ties it to the password hash it replaces.
        bound: [u8; 16],
    },
    /// Making the first owner of an installation. Of no shop.
    SetUp,
    /// A sign-in at a provider of identities that is under way; kept by the browser. Of no shop.
    SignIn {
        /// Comes back with the browser.
        state: [u8; 32],
        /// Comes back within what the provider signs.
        nonce: [u8; 32],
        /// Proves to the provider that whoever ends it began it.
        verifier: [u8; 32],
        /// Until when, in seconds since 1970.
        until: i64,
        /// The path within the console to go on with.
        to: String,
    },
}

impl Token {
    /// Whose shop it is about.
    pub fn shop(&self) -> ShopId {
        match self {
            Token::Order { shop, .. }
            | Token::Preferences { shop, .. }
            | Token::Unsubscribe { shop, .. }
            | Token::StopMeasuring { shop, .. }
            | Token::Reminder { shop, .. }
            | Token::OpenIdentified { shop, .. }
            | Token::OpenAggregate { shop, .. }
            | Token::ClickIdentified { shop, .. }
            | Token::ClickAggregate { shop, .. }
            | Token::Countdown { shop, .. } => *shop,
            Token::Password { .. } | Token::SetUp | Token::SignIn { .. } => ShopId(0),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Token::Order { .. } => 1,
            Token::Preferences { .. } => 2,
            Token::Unsubscribe { .. } => 3,
            Token::StopMeasuring { .. } => 4,
            Token::Reminder { .. } => 5,
            Token::OpenIdentified { .. } => 6,
            Token::OpenAggregate { .. } => 7,
            Token::ClickIdentified { .. } => 8,
            Token::ClickAggregate { .. } => 9,
            Token::Countdown { .. } => 10,
            Token::Password { .. } => 11,
            Token::SetUp => 12,
            Token::SignIn { .. } => 13,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        out.push(self.kind());
        out.extend_from_slice(&self.shop().0.to_be_bytes());
        let text = |out: &mut Vec<u8>, text: &str| {
            out.extend_from_slice(&(text.len() as u16).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        };
        match self {
            Token::Order { order, .. } => out.extend_from_slice(&order.0.to_be_bytes()),
            Token::Preferences { customer, .. } | Token::StopMeasuring { customer, .. } => {
                out.extend_from_slice(&customer.0.to_be_bytes());
            }
            Token::Unsubscribe {
                customer, message, ..
            } => {
                out.extend_from_slice(&customer.0.to_be_bytes());
                out.extend_from_slice(&message.to_bytes());
            }
            Token::Reminder { message, .. } | Token::OpenIdentified { message, .. } => {
                out.extend_from_slice(&message.to_bytes());
            }
            Token::OpenAggregate { campaign, .. } => text(&mut out, campaign),
            Token::ClickIdentified {
                message, link, url, ..
            } => {
                out.extend_from_slice(&message.to_bytes());
                out.extend_from_slice(&link.to_be_bytes());
                text(&mut out, url);
            }
            Token::ClickAggregate { campaign, url, .. } => {
                text(&mut out, campaign);
                text(&mut out, url);
            }
            Token::Countdown { code, .. } => text(&mut out, code),
            Token::Password { user, until, bound } => {
                out.extend_from_slice(&user.to_be_bytes());
                out.extend_from_slice(&until.to_be_bytes());
                out.extend_from_slice(bound);
            }
            Token::SetUp => {}
            Token::SignIn {
                state,
                nonce,
                verifier,
                until,
                to,
            } => {
                for secret in [state, nonce, verifier] {
                    out.extend_from_slice(secret);
                }
                out.extend_from_slice(&until.to_be_bytes());
                text(&mut out, to);
            }
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Token> {
        let mut at = Reader(bytes);
        let kind = at.take::<1>()?[0];
        let shop = ShopId(i64::from_be_bytes(at.take()?));
        let token = match kind {
            1 => Token::Order {
                shop,
                order: OrderId(i64::from_be_bytes(at.take()?)),
            },
            2 => Token::Preferences {
                shop,
                customer: CustomerId(i64::from_be_bytes(at.take()?)),
            },
            3 => Token::Unsubscribe {
                shop,
                customer: CustomerId(i64::from_be_bytes(at.take()?)),
                message: EffectId(u128::from_be_bytes(at.take()?)),
            },
            4 => Token::StopMeasuring {
                shop,
                customer: CustomerId(i64::from_be_bytes(at.take()?)),
            },
            5 => Token::Reminder {
                shop,
                message: EffectId(u128::from_be_bytes(at.take()?)),
            },
            6 => Token::OpenIdentified {
                shop,
                message: EffectId(u128::from_be_bytes(at.take()?)),
            },
            7 => Token::OpenAggregate {
                shop,
                campaign: at.text()?,
            },
            8 => Token::ClickIdentified {
                shop,
                message: EffectId(u128::from_be_bytes(at.take()?)),
                link: u16::from_be_bytes(at.take()?),
                url: at.text()?,
            },
            9 => Token::ClickAggregate {
                shop,
                campaign: at.text()?,
                url: at.text()?,
            },
            10 => Token::Countdown {
                shop,
                code: at.text()?,
            },
            11 => Token::Password {
                user: i64::from_be_bytes(at.take()?),
                until: i64::from_be_bytes(at.take()?),
                bound: at.take()?,
            },
            12 => Token::SetUp,
            13 => Token::SignIn {
                state: at.take()?,
                nonce: at.take()?,
                verifier: at.take()?,
                until: i64::from_be_bytes(at.take()?),
                to: at.text()?,
            },
            _ => return None,
        };
        at.0.is_empty().then_some(token)
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(head.to_vec()).ok()
    }
}

/// Seals and opens tokens under the installation's key.
pub struct Tokens {
    cipher: Mutex<Aes256Siv>,
    form_key: [u8; 32],
}

impl Tokens {
    /// Under keys derived from the master key.
    pub fn new(key: &MasterKey) -> Self {
        let mut wide = [0; 64];
        wide[..32].copy_from_slice(&key.derive("dopo link tokens, MAC half"));
        wide[32..].copy_from_slice(&key.derive("dopo link tokens, cipher half"));
        Tokens {
            cipher: Mutex::new(Aes256Siv::new(&wide.into())),
            form_key: key.derive("dopo page forms"),
        }
    }

    /// The token's text for an address.
    pub fn seal(&self, token: &Token) -> String {
        let no_headers: [&[u8]; 0] = [];
        let mut cipher = self
            .cipher
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let sealed = match cipher.encrypt(no_headers, &token.encode()) {
            Ok(sealed) => sealed,
            Err(_) => unreachable!("AES-SIV encryption without headers does not fail"),
        };
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What a token's text means; `None` for anything we did not seal.
    pub fn open(&self, text: &str) -> Option<Token> {
        if text.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let no_headers: [&[u8]; 0] = [];
        let mut cipher = self
            .cipher
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let plain = cipher.decrypt(no_headers, &sealed).ok()?;
        drop(cipher);
        Token::decode(&plain)
    }

    /// A key for the MACs of page forms.
    pub fn form_key(&self) -> &[u8; 32] {
        &self.form_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_as_what_it_was_and_a_flipped_bit_opens_nothing() {
        let tokens = Tokens::new(&MasterKey::new([3; 32]));
        let all = [
            Token::Order {
                shop: ShopId(1),
                order: OrderId(42),
            },
            Token::Unsubscribe {
                shop: ShopId(1),
                customer: CustomerId(7),
                message: EffectId(9),
            },
            Token::ClickAggregate {
                shop: ShopId(2),
                campaign: "a/b".into(),
                url: "https://example.it/è".into(),
            },
            Token::Countdown {
                shop: ShopId(2),
                code: "GRAZIE-1".into(),
            },
            Token::Password {
                user: 3,
                until: 1_800_000_000,
                bound: [9; 16],
            },
            Token::SetUp,
            Token::SignIn {
                state: [1; 32],
                nonce: [2; 32],
                verifier: [3; 32],
                until: 1_800_000_000,
                to: "/orders/3?x=è".into(),
            },
        ];
        for token in all {
            let text = tokens.seal(&token);
            assert_eq!(tokens.open(&text), Some(token));
            let mut flipped = text.into_bytes();
            flipped[3] = if flipped[3] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                tokens.open(std::str::from_utf8(&flipped).expect("ASCII")),
                None
            );
        }
        let other = Tokens::new(&MasterKey::new([4; 32]));
        assert_eq!(
            other.open(&tokens.seal(&Token::Order {
                shop: ShopId(1),
                order: OrderId(1)
            })),
            None
        );
    }

    #[test]
    fn two_recipients_of_a_campaign_get_the_same_aggregate_pixel() {
        let tokens = Tokens::new(&MasterKey::new([3; 32]));
        let pixel = || {
            tokens.seal(&Token::OpenAggregate {
                shop: ShopId(1),
                campaign: "after_delivery/guide_24h".into(),
            })
        };
        assert_eq!(pixel(), pixel());
    }
}
