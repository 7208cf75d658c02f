//! Identifiers. Each kind of thing has its own type, so that an order id cannot be passed for a run id.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
    )*};
}

ids! {
    /// A shop: the unit of isolation, export and erasure. Numbered from 1 by the store.
    ShopId,
    /// A customer of one shop.
    CustomerId,
    /// An order of one shop.
    OrderId,
    /// One run of a journey for one key (order, parcel, cart or customer).
    RunId,
    /// A stored arrival, understood or not.
    InboxId,
}

/// How many ids one [`Fresh`] base holds.
pub const FRESH_IDS_MAX: u16 = 256;

/// A base of 256 unused ids that comes in with every arrival, so that the pure core can name new things.
///
/// Layout of the 63 bits: 41 bits milliseconds since 2020-01-01, 4 bits node, 10 bits sequence, 8 bits free for
/// [`Fresh::nth`]. Ids therefore grow with time, which keeps rows that are written together together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fresh(pub i64);

impl Fresh {
    /// The `n`-th id of this base.
    pub fn nth(self, n: u8) -> i64 {
        self.0 | i64::from(n)
    }
}

/// The identity of one effect, derived from what decided it: performing it twice is recognised as once.
///
/// Layout: 64 bits run, 32 bits version of the run when it decided, 32 bits number within that decision.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u128);

impl EffectId {
    /// The id of the `n`-th effect that `run` decided on its way to `version`.
    pub fn derive(run: RunId, version: u32, n: u32) -> Self {
        EffectId((u128::from(run.0 as u64) << 64) | (u128::from(version) << 32) | u128::from(n))
    }

    /// The run that decided it.
    pub fn run(self) -> RunId {
        RunId((self.0 >> 64) as u64 as i64)
    }

    /// Big-endian bytes, which sort like the number.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id from [`EffectId::to_bytes`]; `None` unless there are 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(EffectId(u128::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// The id from its 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(EffectId)
    }
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EffectId({self})")
    }
}

impl Serialize for EffectId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EffectId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        EffectId::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("expected 32 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_id_survives_text_and_bytes_and_names_its_run() {
        let id = EffectId::derive(RunId(i64::MAX - 5), 7, 3);
        assert_eq!(EffectId::parse(&id.to_string()), Some(id));
        assert_eq!(EffectId::from_bytes(&id.to_bytes()), Some(id));
        assert_eq!(id.run(), RunId(i64::MAX - 5));
    }
}
