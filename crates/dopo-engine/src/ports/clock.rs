//! Time and randomness, as ports.

use jiff::Timestamp;

/// Tells the time. Only the program's system clock and test clocks implement it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;

    /// The time by which nodes show each other that they live. It runs at its own pace where a demo's time runs fast.
    fn pulse(&self) -> Timestamp {
        self.now()
    }
}

/// Gives secret random bits from the operating system.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with fresh random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// 128 fresh random bits.
    fn u128(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }
}
