//! Secrets at rest: authenticated encryption under keys derived from one master key (SEC-13).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use dopo_core::id::ShopId;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of the master key.
pub const MASTER_KEY_BYTES: usize = 32;
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Wrong key, wrong shop, or changed bytes.
    #[error(
        "a stored secret cannot be opened with this master key: was DOPO_MASTER_KEY_FILE changed?"
    )]
    Unreadable,
    /// The key file holds something else.
    #[error("the master key must be 64 hexadecimal digits on one line")]
    BadKey,
}

/// The key that all others derive from. Never printed.
#[derive(Clone)]
pub struct MasterKey([u8; MASTER_KEY_BYTES]);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// The key of these bytes.
    pub fn new(bytes: [u8; MASTER_KEY_BYTES]) -> Self {
        MasterKey(bytes)
    }

    /// The key from its file's text.
    ///
    /// # Errors
    /// [`SecretError::BadKey`] unless there are 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.len() != 2 * MASTER_KEY_BYTES || !text.is_ascii() {
            return Err(SecretError::BadKey);
        }
        let mut bytes = [0; MASTER_KEY_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| SecretError::BadKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| SecretError::BadKey)?;
        }
        Ok(MasterKey(bytes))
    }

    /// The text for its file.
    pub fn to_text(&self) -> String {
        self.0
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
            + "\n"
    }

    /// A key for one use, derived by HMAC-SHA256 over the use's name.
    pub fn derive(&self, usage: &str) -> [u8; 32] {
        let mut mac = match <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.0) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(usage.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self, shop: ShopId) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.derive(&format!("dopo secret of shop {shop}")).into())
    }

    /// Seals a secret of a shop. `nonce` must be fresh random bytes.
    pub fn seal(&self, shop: ShopId, nonce: [u8; NONCE_BYTES], plain: &[u8]) -> Vec<u8> {
        let payload = Payload {
            msg: plain,
            aad: &[VERSION],
        };
        let sealed = match self.cipher(shop).encrypt(&XNonce::from(nonce), payload) {
            Ok(sealed) => sealed,
            Err(_) => unreachable!("encryption fails only beyond 256 GiB"),
        };
        let mut out = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`MasterKey::seal`] made for the same shop.
    ///
    /// # Errors
    /// [`SecretError::Unreadable`] when key, shop or bytes are not the same.
    pub fn open(&self, shop: ShopId, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        let (version, rest) = sealed.split_first().ok_or(SecretError::Unreadable)?;
        if *version != VERSION || rest.len() < NONCE_BYTES {
            return Err(SecretError::Unreadable);
        }
        let (nonce, body) = rest.split_at(NONCE_BYTES);
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SecretError::Unreadable)?;
        let payload = Payload {
            msg: body,
            aad: &[VERSION],
        };
        self.cipher(shop)
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SecretError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_for_its_shop_and_only_unchanged() {
        let key = MasterKey::new([7; 32]);
        let mut sealed = key.seal(ShopId(1), [9; 24], b"shpss_secret");
        assert_eq!(
            key.open(ShopId(1), &sealed).ok().as_deref(),
            Some(&b"shpss_secret"[..])
        );
        assert!(key.open(ShopId(2), &sealed).is_err());
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(key.open(ShopId(1), &sealed).is_err());
    }

    #[test]
    fn the_master_key_survives_its_file_and_is_never_shown() {
        let key = MasterKey::new([0xab; 32]);
        let read = MasterKey::parse(&key.to_text()).expect("its own text");
        assert_eq!(read.derive("x"), key.derive("x"));
        assert!(!format!("{key:?}").contains("ab"));
        assert!(MasterKey::parse("short").is_err());
    }
}
